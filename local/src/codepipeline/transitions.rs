//! Disabling and enabling the way into and out of a stage.

use serde_json::{Map, Value, json};

use super::declaration::Declaration;
use super::engine::Engine;
use super::error::Answer;
use super::events::epoch;
use super::records::{PipelineIndex, TransitionChange};

impl Engine {
    /// `DisableStageTransition`.
    pub(crate) fn disable_stage_transition(&mut self, input: &Value) -> Answer {
        self.change_transition(input, input["reason"].as_str().map(str::to_owned))
    }

    /// `EnableStageTransition`.
    pub(crate) fn enable_stage_transition(&mut self, input: &Value) -> Answer {
        self.change_transition(input, None)
    }

    fn change_transition(&mut self, input: &Value, disabled_reason: Option<String>) -> Answer {
        let pipeline = self.pipeline(input["pipelineName"].as_str().unwrap_or_default())?;
        let name = input["stageName"].as_str().unwrap_or_default();
        let stage = self.stage(pipeline, name)?;
        let change = TransitionChange { disabled_reason, at: self.now, by: self.settings.caller.clone() };
        let transitions = self[pipeline].transitions.entry(name.to_owned()).or_default();
        let outbound = input["transitionType"] == "Outbound";
        *(if outbound { &mut transitions.outbound } else { &mut transitions.inbound }) = Some(change);
        let behind = if outbound { stage + 1 } else { stage };
        let behind = self[pipeline].declaration.stages.get(behind).map(|stage| stage.name.clone());
        if let Some(behind) = behind {
            self.admit(pipeline, &behind);
        }
        Ok(Value::Null)
    }

    /// Whether an execution with this declaration may pass from the stage before into `stage`.
    pub(crate) fn transition_is_open(&self, pipeline: PipelineIndex, declaration: &Declaration, stage: usize) -> bool {
        let of = |stage: usize| self[pipeline].transitions.get(&declaration.stages[stage].name);
        let open = |change: Option<&TransitionChange>| change.is_none_or(|change| change.disabled_reason.is_none());
        let inbound = open(of(stage).and_then(|it| it.inbound.as_ref()));
        let outbound = stage.checked_sub(1).is_none_or(|before| open(of(before).and_then(|it| it.outbound.as_ref())));
        inbound && outbound
    }

    /// `inboundTransitionState` of `GetPipelineState`.
    pub(crate) fn inbound_transition_state(&self, pipeline: PipelineIndex, stage: &str) -> Value {
        let mut state = Map::new();
        let change = self[pipeline].transitions.get(stage).and_then(|it| it.inbound.as_ref());
        state.insert("enabled".to_owned(), json!(change.is_none_or(|change| change.disabled_reason.is_none())));
        if let Some(change) = change {
            state.insert("lastChangedBy".to_owned(), json!(change.by));
            state.insert("lastChangedAt".to_owned(), epoch(change.at));
            if let Some(reason) = &change.disabled_reason {
                state.insert("disabledReason".to_owned(), json!(reason));
            }
        }
        Value::Object(state)
    }
}

#[cfg(test)]
mod tests {
    use serde_json::{Value, json};

    use super::super::bench::{Bench, plain};

    fn transition(stage: &str, kind: &str) -> Value {
        json!({"pipelineName": "p", "stageName": stage, "transitionType": kind, "reason": "Freeze (until Monday)"})
    }

    #[test]
    fn a_disabled_transition_holds_executions_in_front_of_the_stage() {
        for (stage, kind) in [("Build", "Inbound"), ("Source", "Outbound")] {
            let mut bench = Bench::with(&plain());
            bench.call("DisableStageTransition", transition(stage, kind)).unwrap();
            let id = bench.start();
            bench.wait(60);
            assert_eq!(bench.state(1)["inboundExecution"]["pipelineExecutionId"], json!(id));
            bench.call("EnableStageTransition", transition(stage, kind)).unwrap();
            bench.wait(5);
            assert_eq!(bench.status(&id), "Succeeded");
        }
    }

    #[test]
    fn executions_in_front_of_a_disabled_transition_are_still_superseded() {
        let mut bench = Bench::with(&plain());
        bench.call("DisableStageTransition", transition("Build", "Inbound")).unwrap();
        let (first, second) = (bench.start(), bench.start());
        bench.wait(10);
        assert_eq!([first, second].map(|id| bench.status(&id)), ["Superseded", "InProgress"]);
    }

    #[test]
    fn the_state_shows_who_disabled_it_and_why() {
        let mut bench = Bench::with(&plain());
        assert_eq!(bench.state(1)["inboundTransitionState"], json!({"enabled": true}));
        bench.call("DisableStageTransition", transition("Build", "Inbound")).unwrap();
        let state = bench.state(1)["inboundTransitionState"].take();
        assert_eq!((&state["enabled"], &state["disabledReason"]), (&json!(false), &json!("Freeze (until Monday)")));
        assert_eq!(state["lastChangedBy"], "arn:aws:sts::111122223333:assumed-role/Developer/local");
    }

    #[test]
    fn unknown_stages_and_unfit_reasons_are_refused() {
        let mut bench = Bench::with(&plain());
        assert_eq!(bench.refusal("DisableStageTransition", transition("Nowhere", "Inbound")), "StageNotFoundException");
        let mut unfit = transition("Build", "Inbound");
        unfit["reason"] = json!("alarm: errors > 5");
        assert_eq!(bench.refusal("DisableStageTransition", unfit), "ValidationException");
    }
}
