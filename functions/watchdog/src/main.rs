//! Starts the watchdog: builds its outside.

use std::process::ExitCode;

use lambda_kit::jobs::CodePipelineJobs;
use lambda_kit::metrics::Metrics;
use lambda_kit::start;
use watchdog::{CodeDeployHooks, Watchdog};

fn main() -> ExitCode {
    start::run("watchdog", async |kit| {
        // No variable is required: whatever is wrong with the stack, jobs get their answers.
        let namespace = kit.variables.get("METRIC_NAMESPACE").unwrap_or("Pipewarden");
        Ok(Watchdog {
            jobs: CodePipelineJobs::new(&kit.aws),
            hooks: CodeDeployHooks::new(&kit.aws),
            metrics: Metrics::new(namespace, &kit.function_name),
            clock: kit.clock,
        })
    })
}
