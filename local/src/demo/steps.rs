//! Says on standard error what is being done, how long it took and how it ended.
//!
//! A spinner on a terminal, plain lines elsewhere.

use std::io::IsTerminal;
use std::sync::Mutex;
use std::time::Duration;

use anstyle::{AnsiColor, Style};
use anyhow::Result;
use indicatif::{ProgressBar, ProgressDrawTarget, ProgressStyle};
use tokio::time::Instant;

const GOOD: Style = AnsiColor::Green.on_default();
const BAD: Style = AnsiColor::Red.on_default();
const DIM: Style = Style::new().dimmed();
/// Without a terminal, a long step says this often what it is at.
const QUIET: Duration = Duration::from_secs(15);
const TITLE_WIDTH: usize = 26;

/// Prints the steps of one run.
#[derive(Debug)]
pub(crate) struct Steps {
    live: bool,
}

/// One step while it is being done.
#[derive(Debug)]
pub(crate) struct Step {
    bar: Option<ProgressBar>,
    said: Mutex<Instant>,
    remark: Mutex<String>,
}

impl Steps {
    /// Live on a terminal, plain lines elsewhere.
    pub(crate) fn new() -> Self {
        Self { live: std::io::stderr().is_terminal() }
    }

    /// Does the work under a title, and prints how it ended.
    pub(crate) async fn run<T>(&self, title: &str, work: impl AsyncFnOnce(&Step) -> Result<T>) -> Result<T> {
        let step =
            Step { bar: self.live.then(|| spinner(title)), said: Mutex::new(Instant::now()), remark: Mutex::default() };
        let start = Instant::now();
        let result = work(&step).await;
        if let Some(bar) = &step.bar {
            bar.finish_and_clear();
        }
        let seconds = start.elapsed().as_secs_f64();
        let (style, mark) = if result.is_ok() { (GOOD, "✓") } else { (BAD, "✗") };
        let remark = step.remark.lock().map(|remark| remark.clone()).unwrap_or_default();
        let line = format!("{style}{mark}{style:#} {title:<TITLE_WIDTH$} {seconds:>6.1} s  {DIM}{remark}{DIM:#}");
        anstream::eprintln!("{}", line.trim_end());
        result
    }
}

impl Step {
    /// What the step is at; replaces what was said before.
    pub(crate) fn at(&self, what: &str) {
        if let Some(bar) = &self.bar {
            bar.set_message(what.to_owned());
        } else if self.may_speak() {
            anstream::eprintln!("    {DIM}{what}{DIM:#}");
        }
    }

    /// Something worth a line of its own at once, such as how long the step may take.
    pub(crate) fn tell(&self, what: &str) {
        let line = format!("  {DIM}{what}{DIM:#}");
        match &self.bar {
            Some(bar) => bar.suspend(|| anstream::eprintln!("{line}")),
            None => anstream::eprintln!("{line}"),
        }
    }

    /// A remark that stands behind the finished step.
    pub(crate) fn remark(&self, text: impl Into<String>) {
        if let Ok(mut remark) = self.remark.lock() {
            *remark = text.into();
        }
    }

    fn may_speak(&self) -> bool {
        let Ok(mut said) = self.said.lock() else { return false };
        let due = said.elapsed() >= QUIET;
        if due {
            *said = Instant::now();
        }
        due
    }
}

fn spinner(title: &str) -> ProgressBar {
    let bar = ProgressBar::with_draw_target(None, ProgressDrawTarget::stderr());
    let template = format!("{{spinner}} {title:<TITLE_WIDTH$} {{elapsed:>6}}    {{wide_msg:.dim}}");
    if let Ok(style) = ProgressStyle::with_template(&template) {
        bar.set_style(style);
    }
    bar.enable_steady_tick(Duration::from_millis(100));
    bar
}
