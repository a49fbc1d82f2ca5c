//! What CodePipeline tells of what happened: events while it happens, and lists of what has happened by some moment.

use delivery_metrics::{ActionRun, ExecutionSummary};
use pipeline_model::{ExecutionId, StageName};
use recorder::ports::{Actions, Origin, Revision};
use serde_json::{Value, json};

use super::history::{End, Execution, How, Pipeline, Source, StageRun};
use crate::delivery::office::at;
use crate::delivery::story::Story;
use crate::stage::Letters;

/// An event and what becomes of it.
pub(super) struct Told {
    pub(super) at: i64,
    pub(super) event: Value,
    /// Nothing could repair its loss.
    pub(super) must_arrive: bool,
}

impl Execution {
    fn story(&self, attempt: u32, pipeline: &Pipeline) -> Story {
        let mut letters = Letters::of("0").pipeline(&pipeline.name).attempt(attempt);
        letters.execution.clone_from(&self.id);
        letters.began = at(self.began);
        Story(letters)
    }

    /// Every event of it.
    pub(super) fn events(&self, pipeline: &Pipeline) -> Vec<Told> {
        let mut told = vec![self.start(pipeline)];
        for run in &self.stages {
            told.extend(self.stage_events(run, pipeline));
        }
        for (number, end) in (1..).zip(&self.ends) {
            told.extend(self.end_events(number, end, pipeline));
        }
        told.extend(self.decisions(pipeline));
        told
    }

    fn start(&self, pipeline: &Pipeline) -> Told {
        let mut event = self.story(1, pipeline).run("STARTED", 0);
        let trigger = match self.source {
            _ if self.is_rollback => json!({ "trigger-type": "AutomatedRollback", "trigger-detail": "alarm" }),
            Source::Push => json!({
                "provider-type": "GitHub", "branch-name": "main", "commit-id": self.revision,
                "author-date": at(self.committed).to_string(),
            }),
            _ => json!({ "trigger-type": "StartPipelineExecution", "trigger-detail": "somebody" }),
        };
        event["detail"]["execution-trigger"] = trigger;
        Told { at: self.began, event, must_arrive: false }
    }

    fn stage_events(&self, run: &StageRun, pipeline: &Pipeline) -> Vec<Told> {
        let story = self.story(run.attempt, pipeline);
        let state = if run.succeeded { "SUCCEEDED" } else { "FAILED" };
        let times = (run.from - self.began, run.to - self.began);
        let mut event = story.stage(run.stage, state, times);
        let first = self.stages.iter().find(|other| other.stage == run.stage).expect("it is among them").from;
        event["detail"]["start-time"] = json!(at(first).to_string());
        if first < run.from {
            event["detail"]["stage-last-retry-attempt-time"] = json!(at(run.from).to_string());
        }
        let mut events = vec![event];
        if run.stage == "Approve" {
            let mut answer = story.approval(&self.action_id(run), state, times);
            answer["detail"]["stage"] = json!("Approve");
            events.push(answer);
        }
        events.into_iter().map(|event| Told { at: run.to, event, must_arrive: false }).collect()
    }

    fn end_events(&self, attempt: u32, end: &End, pipeline: &Pipeline) -> Vec<Told> {
        let state = match end.how {
            How::Succeeded => "SUCCEEDED",
            How::Failed => "FAILED",
            How::Superseded => "SUPERSEDED",
        };
        let tell = |attempt, state, moment, must_arrive| {
            let event = self.story(attempt, pipeline).run(state, moment - self.began);
            Told { at: moment, event, must_arrive }
        };
        let resumed = end.resumed.map(|moment| tell(attempt + 1, "RESUMED", moment, false));
        [tell(attempt, state, end.at, end.resumed.is_some())].into_iter().chain(resumed).collect()
    }

    /// Our own events.
    fn decisions(&self, pipeline: &Pipeline) -> Vec<Told> {
        let tell = |kind, moment, detail| {
            let event = self.story(1, pipeline).decided(kind, moment - self.began, detail);
            Told { at: moment, event, must_arrive: true }
        };
        let gate = self.gate.as_ref().map(|gate| {
            let verdict = if gate.passed { "pass" } else { "fail" };
            tell("Gate Decided", gate.at, json!({ "key": "job", "verdict": verdict, "waited-seconds": gate.waited }))
        });
        let scan = self.scan.as_ref().map(|scan| {
            let findings = json!({ "critical": scan.critical, "low": scan.low });
            tell("Scan Completed", scan.at, json!({ "key": "scan", "verdict": "pass", "findings": findings }))
        });
        let rollback = self.rolled_back.map(|moment| {
            tell("Rollback Decided", moment, json!({ "key": "incident", "stage": "Production", "outcome": "done" }))
        });
        [gate, scan, rollback].into_iter().flatten().collect()
    }

    fn action_id(&self, run: &StageRun) -> String {
        format!("{}-{}-{}", self.id, run.stage, run.attempt)
    }

    /// `ListActionExecutions` at this moment.
    pub(super) fn actions(&self, now: i64) -> Actions {
        let run = |run: &StageRun| ActionRun {
            id: self.action_id(run),
            stage: StageName::from(run.stage),
            action: "Work".to_owned(),
            category: if run.stage == "Approve" { "Approval" } else { "Build" }.to_owned(),
            status: match run.succeeded {
                _ if run.to > now => "InProgress",
                true => "Succeeded",
                false => "Failed",
            }
            .to_owned(),
            started: Some(at(run.from)),
            updated: Some(at(run.to.min(now))),
        };
        let runs = self.stages.iter().filter(|run| run.from <= now).map(run).collect();
        let tells = matches!(self.source, Source::Push | Source::Action);
        Actions { runs, revisions: if tells { vec![self.revision()] } else { Vec::new() } }
    }

    /// `GetPipelineExecution`.
    pub(super) fn origin(&self) -> Origin {
        let revisions = if self.source == Source::Bucket { vec![self.revision()] } else { Vec::new() };
        Origin { is_rollback: Some(self.is_rollback), revisions }
    }

    fn revision(&self) -> Revision {
        Revision { id: Some(self.revision.clone()), made: Some(at(self.committed)) }
    }

    /// Its entry in `ListPipelineExecutions` at this moment.
    pub(super) fn summary(&self, now: i64) -> Option<ExecutionSummary> {
        let last = self.ends.iter().rfind(|end| end.at <= now);
        let ended = last.filter(|end| end.resumed.is_none_or(|resumed| resumed > now));
        let status = match ended.map(|end| end.how) {
            None => "InProgress",
            Some(How::Succeeded) => "Succeeded",
            Some(How::Failed) => "Failed",
            Some(How::Superseded) => "Superseded",
        };
        (self.began <= now).then(|| ExecutionSummary {
            id: ExecutionId::from(self.id.as_str()),
            status: status.to_owned(),
            started: Some(at(self.began)),
            updated: Some(at(ended.map_or(now, |end| end.at))),
            is_rollback: self.is_rollback,
            trigger: None,
        })
    }
}
