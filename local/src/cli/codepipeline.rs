//! `pipewarden codepipeline`: the local CodePipeline alone.

use std::fs::File;
use std::io::Write;
use std::net::{Ipv4Addr, SocketAddr};
use std::path::{Path, PathBuf};
use std::process::ExitCode;
use std::sync::{Arc, Mutex};

use anyhow::{Context, Result};
use clap::Args;
use local::codepipeline::{AwsEndpoint, Config, EventSink, Pending, Problem, Server};
use local::script::Script;
use local::template::{self, Inputs};
use serde_json::{Value, json};

/// Run the local CodePipeline alone, for boto3, the aws CLI or an SDK.
#[derive(Debug, Args)]
pub(super) struct Options {
    /// CloudFormation template whose pipelines are created at the start
    #[arg(long, value_name = "FILE")]
    template: Option<PathBuf>,
    /// Stack name the template is read with
    #[arg(long, value_name = "NAME", default_value = "shop-release")]
    stack: String,
    /// Parameter of the template; may be given more than once
    #[arg(long = "parameter", value_name = "NAME=VALUE", value_parser = name_and_value)]
    parameters: Vec<(String, String)>,
    /// What source, build, test and deploy actions do (YAML); without it they succeed after a second
    #[arg(long, value_name = "FILE")]
    script: Option<PathBuf>,
    /// Durations in the script are divided by this
    #[arg(long, value_name = "FACTOR", default_value_t = 1.0)]
    speed: f64,
    /// File that events are appended to, one EventBridge envelope per line
    #[arg(long, value_name = "FILE", conflicts_with = "aws")]
    events: Option<PathBuf>,
    /// Local AWS for artifacts, Lambda actions, approval messages and events, such as `http://127.0.0.1:4566`
    #[arg(long, value_name = "URL")]
    aws: Option<String>,
    /// Port on 127.0.0.1 [default: any free one]
    #[arg(long, default_value_t = 0, hide_default_value = true)]
    port: u16,
    /// Account in ARNs and events
    #[arg(long, value_name = "12 DIGITS", default_value = "111122223333")]
    account: String,
    /// Region in ARNs and events
    #[arg(long, default_value = "us-east-1")]
    region: String,
}

/// Runs until it is dropped. The first line on stdout is the endpoint, ready to be exported.
pub(super) async fn run(options: &Options) -> Result<ExitCode> {
    let pipelines = pipelines(options)?;
    let server = Server::start(config(options)?).await.context("the local CodePipeline did not start")?;
    super::print(&format!("export AWS_ENDPOINT_URL_CODEPIPELINE={}\n", server.url()))?;
    for pipeline in pipelines {
        server.call("CreatePipeline", json!({ "pipeline": pipeline })).await.context("CreatePipeline was refused")?;
    }
    std::future::pending().await
}

fn pipelines(options: &Options) -> Result<Vec<Value>> {
    let Some(path) = &options.template else { return Ok(Vec::new()) };
    let inputs = Inputs {
        stack: options.stack.clone(),
        account: options.account.clone(),
        region: options.region.clone(),
        parameters: options.parameters.iter().cloned().collect(),
        physical: [].into(),
    };
    Ok(template::load(path, &inputs)?.pipelines)
}

fn config(options: &Options) -> Result<Config> {
    let mut config = Config {
        address: SocketAddr::from((Ipv4Addr::LOCALHOST, options.port)),
        region: options.region.clone(),
        speed: options.speed,
        ..Config::default().in_account(&options.account)
    };
    if let Some(path) = &options.script {
        config.script = Script::read(path)?;
    }
    if let Some(url) = &options.aws {
        config = config.with_aws(AwsEndpoint::local(url));
    }
    if let Some(path) = &options.events {
        config.events = Arc::new(Journal::open(path)?);
    }
    Ok(config)
}

pub(super) fn name_and_value(text: &str) -> Result<(String, String), String> {
    let (name, value) = text.split_once('=').ok_or("write it as NAME=VALUE")?;
    Ok((name.to_owned(), value.to_owned()))
}

/// An event sink that is a file, so that a program in any language can read along.
struct Journal(Mutex<File>);

impl Journal {
    fn open(path: &Path) -> Result<Self> {
        let file = File::options().create(true).append(true).open(path);
        Ok(Self(Mutex::new(file.with_context(|| format!("cannot write events to {}", super::shown(path)))?)))
    }
}

impl EventSink for Journal {
    fn publish<'a>(&'a self, envelope: &'a Value) -> Pending<'a, ()> {
        let written = match self.0.lock() {
            // One write per line: a reader never sees half an event.
            Ok(mut file) => file.write_all(format!("{envelope}\n").as_bytes()),
            Err(_) => Err(std::io::Error::other("an earlier write panicked")),
        };
        Box::pin(async move { written.map_err(|error| Problem::new("InternalError", format!("the journal: {error}"))) })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn the_journal_keeps_floats_as_floats() {
        let path = tempfile::NamedTempFile::new().unwrap().into_temp_path();
        let journal = Journal::open(&path).unwrap();
        journal.publish(&json!({ "version": 6.0 })).await.unwrap();
        journal.publish(&json!({ "version": 7.0 })).await.unwrap();
        assert_eq!(std::fs::read_to_string(&path).unwrap(), "{\"version\":6.0}\n{\"version\":7.0}\n");
    }

    #[test]
    fn a_parameter_without_a_value_is_refused() {
        assert_eq!(name_and_value("Branch=a=b"), Ok(("Branch".into(), "a=b".into())));
        assert!(name_and_value("Branch").is_err());
    }
}
