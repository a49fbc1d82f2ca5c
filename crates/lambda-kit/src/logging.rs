//! One JSON object per log line on standard output, as Lambda and CloudWatch read it.

use tracing::level_filters::LevelFilter;
use tracing::{Level, Metadata, Subscriber};
use tracing_subscriber::filter::FilterFn;
use tracing_subscriber::fmt::MakeWriter;
use tracing_subscriber::layer::SubscriberExt;

use crate::environment::Variables;

/// Libraries whose details below `INFO` are never logged: requests and headers, and with them tokens.
const DISCREET: [&str; 6] = ["aws_", "h2", "hyper", "lambda_runtime", "reqwest", "rustls"];

/// Starts logging for the process. A second call changes nothing.
///
/// The format is JSON whatever `AWS_LAMBDA_LOG_FORMAT` says: with `JSON` Lambda expects `timestamp` and `level` in each
/// line to filter by, and with `Text` it passes the line on as it is.
pub(crate) fn start(variables: &Variables) {
    let level = level(variables.get("AWS_LAMBDA_LOG_LEVEL"));
    let _ = tracing::subscriber::set_global_default(subscriber(level, std::io::stdout));
}

/// Lambda's names for the levels; `INFO` when there is none or an unknown one.
fn level(name: Option<&str>) -> Level {
    match name.map(str::to_ascii_uppercase).as_deref() {
        Some("FATAL" | "ERROR") => Level::ERROR,
        Some("WARN") => Level::WARN,
        Some("DEBUG") => Level::DEBUG,
        Some("TRACE") => Level::TRACE,
        _ => Level::INFO,
    }
}

/// The span of an invocation carries the request id. It is of level `INFO` and must be there for a `WARN` too.
pub(crate) fn subscriber<W>(level: Level, writer: W) -> impl Subscriber + Send + Sync
where
    W: for<'a> MakeWriter<'a> + Send + Sync + 'static,
{
    let wanted = move |metadata: &Metadata<'_>| {
        if *metadata.level() > Level::INFO && DISCREET.iter().any(|library| metadata.target().starts_with(library)) {
            return false;
        }
        *metadata.level() <= level || (metadata.is_span() && *metadata.level() <= Level::INFO)
    };
    let filter = FilterFn::new(wanted).with_max_level_hint(LevelFilter::from_level(level.max(Level::INFO)));
    tracing_subscriber::fmt()
        .json()
        .flatten_event(true)
        .with_span_list(false)
        .with_max_level(Level::TRACE)
        .with_writer(writer)
        .finish()
        .with(filter)
}

#[cfg(test)]
mod tests {
    use std::io::Write;
    use std::sync::{Arc, Mutex};

    use serde_json::Value;

    use super::*;

    #[derive(Clone, Default)]
    struct Lines(Arc<Mutex<Vec<u8>>>);

    impl Write for Lines {
        fn write(&mut self, bytes: &[u8]) -> std::io::Result<usize> {
            self.0.lock().expect("no test panicked").write(bytes)
        }

        fn flush(&mut self) -> std::io::Result<()> {
            Ok(())
        }
    }

    fn logged(level: Level, log: impl FnOnce()) -> Vec<Value> {
        let lines = Lines::default();
        let writer = lines.clone();
        tracing::subscriber::with_default(subscriber(level, move || writer.clone()), log);
        let bytes = lines.0.lock().expect("no test panicked");
        bytes.split(|byte| *byte == b'\n').filter_map(|line| serde_json::from_slice(line).ok()).collect()
    }

    #[test]
    fn a_line_has_what_lambda_filters_by_and_the_request_id() {
        let lines = logged(Level::WARN, || {
            let _span = tracing::info_span!("Lambda runtime invoke", requestId = "r-1").entered();
            tracing::info!("not wanted");
            tracing::warn!(pipeline.name = "orders", "a warning");
        });
        let [line] = lines.as_slice() else { panic!("one line, not {lines:?}") };
        assert_eq!(line["level"], "WARN");
        assert_eq!(line["message"], "a warning");
        assert_eq!(line["pipeline.name"], "orders");
        assert_eq!(line["span"]["requestId"], "r-1");
        assert!(line["timestamp"].as_str().is_some_and(|time| time.parse::<jiff::Timestamp>().is_ok()));
    }

    #[test]
    fn libraries_never_log_requests() {
        let lines = logged(Level::TRACE, || {
            tracing::debug!(target: "aws_smithy_runtime::client", "authorization");
            tracing::trace!(target: "hyper::proto", "authorization");
            tracing::trace!(target: "notifier", "ours");
        });
        assert_eq!(lines.len(), 1);
        assert_eq!(lines[0]["message"], "ours");
    }

    #[test]
    fn lambdas_names_for_levels_are_understood() {
        let names = ["TRACE", "debug", "INFO", "WARN", "ERROR", "FATAL", "loud"];
        let levels = [Level::TRACE, Level::DEBUG, Level::INFO, Level::WARN, Level::ERROR, Level::ERROR, Level::INFO];
        assert_eq!(names.map(|name| level(Some(name))), levels);
        assert_eq!(level(None), Level::INFO);
    }
}
