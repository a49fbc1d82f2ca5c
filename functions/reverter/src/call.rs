//! A change of an alarm, as this function handles it and as it reminds itself of it.

use jiff::Timestamp;
use lambda_kit::Home;
use pipeline_model::{AlarmArn, AlarmChange, AlarmState};
use rollback_plans::{Alarm, AlarmNow, Before, Pledge, Suppression, Target};
use serde::{Deserialize, Serialize};

use crate::ports::AlarmSeen;

/// An alarm changed its state, and somebody should look.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct Call {
    pub(crate) alarm: AlarmArn,
    pub(crate) state: AlarmState,
    pub(crate) at: Timestamp,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) before: Option<AlarmState>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) before_since: Option<Timestamp>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) reason: Option<String>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) suppressed_by: Option<String>,
}

/// What this function reminds itself of, as the body of a message in its own queue.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub(crate) enum Errand {
    /// Look again whether the alarm asks for a rollback.
    Reconsider(Call),
    /// See whether a rollback has helped.
    CheckOn(CheckOn),
}

/// A rollback that was done.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct CheckOn {
    pub(crate) call: Call,
    pub(crate) target: Target,
    pub(crate) incident: String,
    /// How often it was looked at before.
    #[serde(default)]
    pub(crate) looks: u8,
    /// The alarm had no data when it was looked at last, so that nobody knows yet whether the rollback has helped.
    #[serde(default)]
    pub(crate) no_data: bool,
}

impl CheckOn {
    /// The same, to be looked at once more.
    pub(crate) fn next(&self) -> Self {
        Self { looks: self.looks.saturating_add(1), no_data: false, ..self.clone() }
    }
}

impl Errand {
    pub(crate) fn to_body(&self) -> String {
        serde_json::json!(self).to_string()
    }
}

impl From<AlarmChange> for Call {
    fn from(change: AlarmChange) -> Self {
        let (before, before_since) = change.previous.map_or((None, None), |before| (Some(before.state), before.since));
        Self {
            alarm: change.alarm,
            state: change.state,
            at: change.at,
            before,
            before_since,
            // CloudWatch's limit is 1,023 characters; one of SetAlarmState may be as long.
            reason: change.reason,
            suppressed_by: change.suppressed_by,
        }
    }
}

impl Call {
    /// What the event said, and what CloudWatch says now.
    ///
    /// If the alarm has turned red once more since the event, the event's past is not the past of this red. If CloudWatch
    /// answers with a state that is older than the event, it is behind, or the event is a forgery: neither a topic's message
    /// nor an invocation says who sent it. Then CloudWatch's history must say how the alarm was before.
    pub(crate) fn alarm(&self, seen: AlarmSeen) -> Alarm {
        let later = |since: Timestamp| since.duration_since(self.at).as_secs();
        let turned = seen.since.filter(|since| later(*since) > SAME_MOMENT_SECONDS);
        let is_behind = seen.since.is_some_and(|since| later(since) < -SAME_MOMENT_SECONDS);
        let before = match (turned, &self.before) {
            (None, Some(state)) if !is_behind => Some(Before { state: state.clone(), since: self.before_since }),
            _ => None,
        };
        let suppressed_by = self.suppression(&seen, is_behind);
        Alarm {
            name: self.alarm.name.clone(),
            reason: self.reason.clone(),
            red_since: turned.unwrap_or(self.at),
            before,
            suppressed_by,
            now: match seen.now {
                AlarmNow::Is(state) if is_behind && state != AlarmState::Alarm => AlarmNow::Behind,
                now => now,
            },
            turns: None,
        }
    }

    /// The change of the alarm that asked for a rollback. Whoever adopts one was perhaps called by another alarm.
    pub(crate) fn for_pledge(&self, pledge: &Pledge, home: &Home) -> Self {
        if self.alarm.name == pledge.alarm {
            return self.clone();
        }
        Self {
            alarm: AlarmArn::new(&home.region, &home.account, &pledge.alarm),
            state: AlarmState::Alarm,
            at: pledge.red_since,
            before: None,
            before_since: None,
            reason: pledge.alarm_reason.clone(),
            suppressed_by: None,
        }
    }

    /// Only the event tells of mute rules. What the event left open, whether the alarm may act, CloudWatch knows by now.
    fn suppression(&self, seen: &AlarmSeen, is_behind: bool) -> Option<Suppression> {
        let told = self.suppressed_by.clone().map(Suppression::of);
        let is_known_better = seen.since.is_some() && !is_behind;
        match told {
            Some(Suppression::By(_)) => told,
            _ => seen.suppressed_by.clone().map(Suppression::of).or(told.filter(|_| !is_known_better)),
        }
    }
}

/// The event and `DescribeAlarms` tell the same moment; direct actions and SNS tell it within the second.
const SAME_MOMENT_SECONDS: i64 = 2;

#[cfg(test)]
mod tests {
    use super::*;

    fn call() -> Call {
        Call {
            alarm: AlarmArn::new("us-east-1", "111122223333", "orders errors"),
            state: AlarmState::Alarm,
            at: "2026-03-02T17:04:40.989Z".parse().unwrap(),
            before: Some(AlarmState::Ok),
            before_since: Some("2026-03-02T16:56:40.987Z".parse().unwrap()),
            reason: Some(String::from("Threshold Crossed")),
            suppressed_by: None,
        }
    }

    fn seen(since: &str) -> AlarmSeen {
        AlarmSeen { now: AlarmNow::Is(AlarmState::Alarm), since: Some(since.parse().unwrap()), suppressed_by: None }
    }

    #[test]
    fn an_errand_comes_back_as_it_was_sent() {
        let check = CheckOn {
            call: call(),
            target: "orders/Production".parse().unwrap(),
            incident: String::from("orders/Production@e2"),
            looks: 1,
            no_data: true,
        };
        for errand in [Errand::Reconsider(call()), Errand::CheckOn(check)] {
            assert_eq!(serde_json::from_str::<Errand>(&errand.to_body()).unwrap(), errand);
        }
    }

    #[test]
    fn an_errand_of_an_earlier_version_is_read() {
        let check = CheckOn {
            call: call(),
            target: "a/b".parse().unwrap(),
            incident: String::from("a/b@1"),
            looks: 0,
            no_data: false,
        };
        let body = Errand::CheckOn(check.clone()).to_body().replace(r#","looks":0"#, "");
        assert!(!body.contains("looks"), "{body}");
        assert_eq!(serde_json::from_str::<Errand>(&body).unwrap(), Errand::CheckOn(check));
    }

    #[test]
    fn whether_an_alarm_may_act_is_up_to_what_cloudwatch_says_now_unless_a_rule_mutes_it() {
        let (now, before) = ("2026-03-02T17:04:40Z", "2026-03-02T16:56:40Z");
        let by = |word: &str| Some(Suppression::of(word.to_owned()));
        for (told, said, since, suppression) in [
            (Some("WaitPeriod"), None, now, None),
            (Some("WaitPeriod"), Some("Alarm"), now, by("Alarm")),
            (Some("WaitPeriod"), None, before, Some(Suppression::Perhaps)),
            (None, Some("ExtensionPeriod"), now, Some(Suppression::Perhaps)),
            (Some("Alarm"), None, now, by("Alarm")),
            (Some("a mute rule"), Some("WaitPeriod"), now, by("a mute rule")),
        ] {
            let call = Call { suppressed_by: told.map(str::to_owned), ..call() };
            let seen = AlarmSeen { suppressed_by: said.map(str::to_owned), ..seen(since) };
            assert_eq!(call.alarm(seen).suppressed_by, suppression, "{told:?}, {said:?}, {since}");
        }
    }

    #[test]
    fn an_alarm_that_turned_red_once_more_has_another_past() {
        let same = call().alarm(seen("2026-03-02T17:04:40Z"));
        assert_eq!(same.red_since, call().at);
        assert!(same.before.is_some());
        let again = call().alarm(seen("2026-03-02T17:10:00Z"));
        assert_eq!(again.red_since, "2026-03-02T17:10:00Z".parse().unwrap());
        assert_eq!(again.before, None);
    }

    #[test]
    fn an_answer_that_is_older_than_the_event_is_no_reason_to_believe_either() {
        let ok = |since| AlarmSeen { now: AlarmNow::Is(AlarmState::Ok), ..seen(since) };
        let behind = call().alarm(ok("2026-03-02T16:56:40Z"));
        assert_eq!((behind.now, behind.red_since, behind.before), (AlarmNow::Behind, call().at, None));
        let red = call().alarm(seen("2026-03-02T16:56:40Z"));
        assert_eq!((red.now, red.before), (AlarmNow::Is(AlarmState::Alarm), None), "since when, its history tells");
        let over = call().alarm(ok("2026-03-02T17:06:00Z"));
        assert_eq!(over.now, AlarmNow::Is(AlarmState::Ok));
    }
}
