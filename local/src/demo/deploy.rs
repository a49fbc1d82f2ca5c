//! Puts Pipewarden into the local AWS the way a team would: parameters first, then `sam deploy`.

use std::collections::BTreeMap;

use anyhow::Result;

use super::build::Built;
use super::cloud::Cloud;
use super::environment;
use super::layout::Layout;
use super::process;
use super::python::Tools;
use super::steps::Step;
use super::trouble::trouble;
use crate::slack::SlackDouble;

/// Name of the stack, and the path of its parameters.
pub(crate) const STACK: &str = "pipewarden";

/// What a team of its own writes into the parameter `settings`.
const SETTINGS: &str = include_str!("../../demo/settings.yaml");

/// Stores what `docs` asks a team to store: the bot token and the settings.
pub(crate) async fn settle(cloud: &Cloud, slack: &SlackDouble) -> Result<()> {
    cloud.put_parameter(&format!("/{STACK}/slack/bot-token"), "SecureString", &slack.token()).await?;
    add_to_settings(cloud, "").await
}

/// Stores the settings with some lines more.
pub(crate) async fn add_to_settings(cloud: &Cloud, lines: &str) -> Result<()> {
    cloud.put_parameter(&format!("/{STACK}/settings"), "String", &format!("{SETTINGS}{lines}")).await
}

/// Deploys the built template; returns the outputs of the stack.
pub(crate) async fn deploy(
    layout: &Layout,
    tools: &Tools,
    built: &Built,
    endpoint: &str,
    parameters: &[(&str, String)],
    step: &Step,
) -> Result<BTreeMap<String, String>> {
    let mut sam = environment::command(tools.bin.join("sam"), &tools.bin);
    environment::use_local_aws(&mut sam, endpoint);
    // sam asks for stack events this often, in seconds; it is meant for an AWS that is far away.
    sam.env("SAM_CLI_POLL_DELAY", "0.3").current_dir(&layout.work);
    sam.arg("deploy").arg("--template-file").arg(&built.template).args(["--stack-name", STACK, "--resolve-s3"]);
    sam.args([
        "--capabilities",
        "CAPABILITY_IAM",
        "--no-confirm-changeset",
        "--no-progressbar",
        "--parameter-overrides",
    ]);
    sam.arg(format!("Architecture={}", built.architecture));
    sam.args(parameters.iter().map(|(name, value)| format!("{name}={value}")));
    let log = layout.log("deploy");
    let finished = process::run(&mut sam, &log, |line| {
        if line.contains("CREATE_") {
            step.at(&line.split_whitespace().skip(1).take(2).collect::<Vec<_>>().join(" "));
        }
    })
    .await?;
    if !finished.status.success() {
        return Err(trouble!("sam deploy failed:\n\n{}\n\nThe whole log is {}", finished.tail, layout.shown(&log)));
    }
    Cloud::at(endpoint).outputs(STACK).await
}
