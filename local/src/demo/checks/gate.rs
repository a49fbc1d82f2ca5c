//! What must be true of the gate: opened by name, holding with reasons, stopping for an alarm, answered even when killed.

use std::time::Duration;

use super::{Check, Evidence, missing, once, shows};
use crate::demo::shop;
use crate::demo::story::{BAKE_TIME, Death, OPENED_BECAUSE, Played};
use crate::slack::Message;
use crate::slack::message::Author;

/// From the death of a function to the failure of its action. CodePipeline by itself would take 20 minutes.
const SECONDS: Duration = Duration::from_secs(10);
/// The check of the policy in `pipelines/release.yaml`.
const CHECK: &str = "production is quiet";

/// In the order of the story.
pub(super) fn checks(evidence: &Evidence<'_>) -> Vec<Check> {
    let Evidence { played: Played { fixed, bad, stopped, deaths: [killed, hung], .. }, messages, .. } = *evidence;
    let message = stopped.message(messages);
    vec![
        shows(
            "The second release says who opened the gate for it, and why",
            fixed.message(messages),
            &["was opened by *Lee*", OPENED_BECAUSE],
        ),
        held(bad.message(messages)),
        once("That it passed the gate was told in its thread once", bad.message(messages), "Passed the gate in *Gate*"),
        answered(
            "A gate whose process was killed failed within seconds, with the cause",
            killed,
            "ended before it could answer",
        ),
        answered("A gate that hung failed soon after its time limit, with the cause", hung, "ran into its time limit"),
        both(message),
        shows(
            "The fourth release ends as stopped at the gate, with the check, the alarm and its state",
            message,
            &["was stopped at the gate in *Gate*", CHECK, shop::LATENCY, "is in ALARM"],
        ),
    ]
}

/// Only while it lasted, so in what the message said before.
fn held(message: Option<&Message>) -> Check {
    let bake_time = BAKE_TIME.replace('s', " s");
    let wanted = ["is held at the gate in *Gate*", CHECK, "2 alarms are OK", &format!("for {bake_time}")];
    let before = message.into_iter().flat_map(|message| &message.history);
    let said = before.map(|said| Message::new(String::new(), said.clone(), Author::Bot).visible_text());
    let nearest = said.map(|text| missing(&text, &wanted)).min_by_key(|missing| missing.as_ref().map(String::len));
    let problem = nearest.unwrap_or_else(|| Some("it never said so".to_owned()));
    Check { what: "The third release showed that the gate held it, and what for".to_owned(), problem }
}

fn answered(what: &str, death: &Death, cause: &str) -> Check {
    let late = (death.answered_after > SECONDS).then(|| format!("it took {} s", death.answered_after.as_secs()));
    let problem = late.or_else(|| missing(&death.said, &["pipewarden-gatekeeper", cause, "etry the stage"]));
    Check { what: what.to_owned(), problem }
}

fn both(message: Option<&Message>) -> Check {
    let replies = message.into_iter().flat_map(|message| &message.thread);
    let told = replies.filter(|reply| reply.visible_text().contains("failed in *Gate*")).count();
    let problem = (told != 2).then(|| format!("its thread tells {told} failures"));
    Check { what: "Both were told in the thread of the fourth release, each once".to_owned(), problem }
}
