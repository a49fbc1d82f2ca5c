//! `pipewarden dashboard`: a dashboard as a picture.

use std::path::PathBuf;
use std::process::ExitCode;

use anyhow::{Context, Result};
use clap::Args;
use jiff::Timestamp;
use local::codepipeline::{Clock, SystemClock};
use local::dashboard::{self, Window};

/// Draw a CloudWatch dashboard as SVG, from the values a local AWS holds.
#[derive(Debug, Args)]
pub(super) struct Options {
    /// Local AWS to read from, such as `http://127.0.0.1:4566`
    #[arg(long, value_name = "URL")]
    endpoint: String,
    /// Stack whose dashboard is drawn, as it was deployed
    #[arg(long, value_name = "NAME", default_value = "pipewarden", conflicts_with = "body")]
    stack: String,
    /// File with the body of a dashboard (JSON) that is drawn instead
    #[arg(long, value_name = "FILE")]
    body: Option<PathBuf>,
    /// File the picture goes to
    #[arg(long, value_name = "FILE")]
    out: PathBuf,
    /// First moment shown [default: as far back as the dashboard says]
    #[arg(long, value_name = "TIME")]
    start: Option<Timestamp>,
    /// Last moment shown [default: now]
    #[arg(long, value_name = "TIME")]
    end: Option<Timestamp>,
    /// Seconds of one step, instead of the periods of the dashboard
    #[arg(long, value_name = "SECONDS", value_parser = clap::value_parser!(i64).range(60..))]
    period: Option<i64>,
}

/// Writes the picture.
pub(super) async fn run(options: &Options) -> Result<ExitCode> {
    let (name, body) = match &options.body {
        Some(path) => {
            let name = path.file_stem().unwrap_or_default().to_string_lossy().into_owned();
            (name, std::fs::read_to_string(path).with_context(|| format!("cannot read {}", super::shown(path)))?)
        }
        None => {
            let name = format!("{}-delivery", options.stack);
            let body = dashboard::read(&options.endpoint, &name).await?;
            (name, body)
        }
    };
    let mut window = Window::opened(&body, options.end.unwrap_or_else(|| SystemClock.now()))?;
    window.start = options.start.unwrap_or(window.start);
    window.period = options.period;
    let picture = dashboard::render(&options.endpoint, &name, &body, &window).await?;
    std::fs::write(&options.out, picture).with_context(|| format!("cannot write {}", super::shown(&options.out)))?;
    super::print(&format!("{}\n", options.out.display()))?;
    Ok(ExitCode::SUCCESS)
}
