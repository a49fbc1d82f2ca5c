//! Change calendars of Systems Manager.

use aws_sdk_ssm::Client;
use aws_sdk_ssm::types::CalendarState;
use gate_checks::{Answer, CalendarQuery, CalendarSeen, Question, Unanswered};

use super::{Fact, together, unanswered};

/// All queries at once; each is one `GetCalendarState`, which is open only if all its calendars are.
pub(super) async fn ask(client: &Client, queries: Vec<CalendarQuery>) -> Vec<Fact> {
    together(queries.into_iter().map(|query| {
        let state = state(client.clone(), query.clone());
        async move { (Question::Calendar(query), state.await.map(Answer::Calendar)) }
    }))
    .await
}

async fn state(client: Client, query: CalendarQuery) -> Result<CalendarSeen, Unanswered> {
    let names: Vec<String> = query.names.into_iter().collect();
    let call = format!("GetCalendarState of {}", names.join(", "));
    let answer = client.get_calendar_state().set_calendar_names(Some(names)).send().await;
    let answer = answer.map_err(|error| unanswered(&call, error))?;
    let open = match answer.state {
        Some(CalendarState::Open) => true,
        Some(CalendarState::Closed) => false,
        other => return Err(Unanswered::refused(format!("{call}: nobody knows what the state {other:?} means"))),
    };
    Ok(CalendarSeen { open, changes_at: answer.next_transition_time.and_then(|time| time.parse().ok()) })
}

#[cfg(test)]
mod tests {
    use lambda_kit::doubles::rehearsal::{Answer as Reply, Server};
    use serde_json::{Value, json};

    use super::*;

    async fn asked(reply: Value, status: u16) -> (Result<Answer, Unanswered>, Value) {
        let server = Server::giving([Reply::json(status, &reply)]).await;
        let query = CalendarQuery { names: ["freeze".into(), "weekends".into()].into() };
        let [(question, answer)] = ask(&Client::new(&server.aws()), vec![query.clone()]).await.try_into().unwrap();
        assert_eq!(question, Question::Calendar(query));
        (answer, server.requests().remove(0).body)
    }

    #[tokio::test]
    async fn all_calendars_of_a_check_are_one_question() {
        let reply = json!({ "State": "CLOSED", "AtTime": "2026-03-02T10:00:00Z", "NextTransitionTime": "2026-03-02T17:00:00Z" });
        let (answer, body) = asked(reply, 200).await;
        let changes_at = Some("2026-03-02T17:00:00Z".parse().unwrap());
        assert_eq!(answer, Ok(Answer::Calendar(CalendarSeen { open: false, changes_at })));
        assert_eq!(body, json!({ "CalendarNames": ["freeze", "weekends"] }));
    }

    #[tokio::test]
    async fn a_calendar_that_never_changes_again_is_open_without_end() {
        let (answer, _) = asked(json!({ "State": "OPEN" }), 200).await;
        assert_eq!(answer, Ok(Answer::Calendar(CalendarSeen { open: true, changes_at: None })));
    }

    #[tokio::test]
    async fn neither_an_unknown_state_nor_a_refusal_is_open() {
        let (answer, _) = asked(json!({ "State": "AJAR" }), 200).await;
        assert!(answer.unwrap_err().why.contains("AJAR"));
        let (answer, _) = asked(json!({ "__type": "InvalidDocument", "message": "no such document" }), 400).await;
        assert_eq!(
            answer,
            Err(Unanswered::refused("GetCalendarState of freeze, weekends: InvalidDocument: no such document"))
        );
    }
}
