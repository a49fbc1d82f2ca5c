//! What must be true of the rollback: made once, to the right release, told, and not repeated for another alarm.

use super::{Check, Evidence, missing, once, shows};
use crate::demo::shop;
use crate::demo::story::Played;
use crate::slack::Message;

/// Looks at the pipeline first, then at what was told.
pub(super) fn checks(evidence: &Evidence<'_>) -> Vec<Check> {
    let Evidence { played: Played { fixed, bad, .. }, messages, .. } = *evidence;
    let message = bad.message(messages);
    vec![
        back_once(evidence),
        shows("The third release's message says that it was rolled back", message, &["rolled back in *Production*"]),
        shows(
            "It names the alarm, CloudWatch's reason, and the releases from which and to which",
            message,
            &[shop::ERRORS, "Threshold Crossed", bad.short_commit(), fixed.short_commit()],
        ),
        once("The rollback was announced in its thread once", message, "is being rolled back in"),
        once("That the alarm is OK again was told there once", message, "is OK again"),
        refused(messages),
    ]
}

fn back_once(evidence: &Evidence<'_>) -> Check {
    let problem = match evidence.rollbacks {
        [rollback] if rollback.target != evidence.played.fixed.execution => {
            Some(format!("it went back to the execution {}", rollback.target))
        }
        [rollback] if rollback.status != "Succeeded" || rollback.trigger != "ManualRollback" => {
            Some(format!("the rollback is {} and was started as {}", rollback.status, rollback.trigger))
        }
        [_] => None,
        rollbacks => Some(format!("the history has {} rollbacks", rollbacks.len())),
    };
    Check { what: "CodePipeline rolled production back once, to the second release".to_owned(), problem }
}

/// Where it is told is the notifier's matter: it belongs to what stands in the stage now.
fn refused(messages: &[Message]) -> Check {
    let said = messages.iter().flat_map(|message| message.thread.iter().chain([message]));
    let said: Vec<&Message> = said.filter(|message| message.text.contains("was not rolled back")).collect();
    let problem = match said.as_slice() {
        [] => Some("it was not told".to_owned()),
        [only] => missing(&only.visible_text(), &[shop::LATENCY, "is itself a rollback"]),
        more => Some(format!("it was told {} times", more.len())),
    };
    Check { what: "A second alarm was refused once, with the reason".to_owned(), problem }
}
