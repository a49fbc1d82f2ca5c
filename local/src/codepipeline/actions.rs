//! One run of an action, from its start to its end, whatever kind it is.

mod approval;
mod lambda;
mod revision;
mod scripted;

use std::collections::BTreeMap;

use jiff::Timestamp;

use super::declaration::Action;
use super::engine::Engine;
use super::ports::S3Location;
use super::records::{
    ErrorDetails, Execution, ExecutionIndex, Outcome, PlacedArtifact, Run, RunIndex, RunStatus, Work,
};
use super::variables;

/// The guide's limit for an action's configuration after variables are put in.
const CONFIGURATION_BYTES: usize = 100 * 1024;
/// The service model's limit for an S3 key.
const KEY_CHARACTERS: usize = 100;

impl Engine {
    /// Starts an action of a stage the execution is inside of.
    pub(crate) fn start_action(&mut self, execution: ExecutionIndex, stage: usize, action: usize) {
        let declared = self[execution].declaration.stages[stage].part(action).clone();
        let configuration = self.resolve(execution, &declared);
        let inputs = input_artifacts(&self[execution], &declared);
        let outputs = self.place_outputs(execution, &declared);
        let run = RunIndex(self.runs.len());
        let id = self.ids.uuid();
        self.runs.push(Run {
            execution,
            stage,
            action,
            id,
            status: RunStatus::InProgress,
            started: self.now,
            updated: self.now,
            updated_by: None,
            configuration: configuration.clone().unwrap_or_else(|_| declared.configuration.clone()),
            inputs: inputs.clone().unwrap_or_default(),
            outputs,
            variables: BTreeMap::new(),
            outcome: Outcome::default(),
            approval_token: None,
            work: Work::Done,
        });
        self.running.insert(run);
        self[execution].runs.push(run);
        self[execution].stages[stage].runs.insert(action, run);
        self[execution].updated = self.now;
        self.emit_action(run, "STARTED");
        if let Err(message) = configuration.map(|_| ()).and(inputs.map(|_| ())) {
            self.fail_run(run, Some("ConfigurationError"), &message);
        } else if declared.is_lambda() {
            self.begin_job(run, None);
        } else if declared.is_approval() {
            self.ask_for_approval(run);
        } else {
            self.begin_play(run);
        }
    }

    /// When a run has something due, if it waits for the time at all.
    pub(crate) fn due(&self, run: RunIndex) -> Option<Timestamp> {
        match &self[run].work {
            Work::Playing { until, .. } => Some(*until),
            Work::Answer { silent_at, .. } => Some((*silent_at).min(self.lambda_deadline(run))),
            Work::Reinvoke { at, .. } => Some((*at).min(self.lambda_deadline(run))),
            Work::Approval { expires } => Some(*expires),
            Work::Storing { .. } | Work::Done => None,
        }
    }

    /// What a run waited for has come.
    pub(crate) fn run_is_due(&mut self, run: RunIndex) {
        match &self[run].work {
            Work::Playing { .. } => self.play_is_over(run),
            Work::Answer { .. } | Work::Reinvoke { .. } => self.job_is_due(run),
            Work::Approval { .. } => self.approval_expired(run),
            Work::Storing { .. } | Work::Done => {}
        }
    }

    /// Ends a run well: its artifacts and variables become the execution's.
    pub(crate) fn succeed_run(&mut self, run: RunIndex) {
        let namespace = self.declared(run).namespace.clone();
        let (execution, outputs, variables) = {
            let it = &self[run];
            (it.execution, it.outputs.clone(), it.variables.clone())
        };
        let found = self[run].outcome.revision.clone().filter(|_| self.declared(run).is_source());
        let it = &mut self[execution];
        it.artifacts.extend(outputs.into_iter().map(|output| (output.name, output.at)));
        if let Some(namespace) = namespace {
            it.outputs.insert(namespace, variables);
        }
        if let Some(found) = found {
            it.revisions.retain(|known| known.action != found.action);
            it.revisions.push(found);
        }
        self.end_run(run, RunStatus::Succeeded, "SUCCEEDED");
    }

    /// Ends a run badly. A rejected or expired approval has no code.
    pub(crate) fn fail_run(&mut self, run: RunIndex, code: Option<&str>, message: &str) {
        self[run].outcome.error = Some(ErrorDetails { code: code.map(str::to_owned), message: message.to_owned() });
        self.end_run(run, RunStatus::Failed, "FAILED");
    }

    /// Ends a run that nobody waits for any more. The stage is told by whoever calls this.
    pub(crate) fn abandon_run(&mut self, run: RunIndex, state: &str) {
        self.close_run(run, RunStatus::Abandoned);
        self.emit_action(run, state);
    }

    fn end_run(&mut self, run: RunIndex, status: RunStatus, state: &str) {
        self.close_run(run, status);
        self.emit_action(run, state);
        let (execution, stage) = (self[run].execution, self[run].stage);
        self[execution].updated = self.now;
        self.action_ended(execution, stage, status == RunStatus::Succeeded);
    }

    /// Ends a run without a word.
    pub(crate) fn close_run(&mut self, run: RunIndex, status: RunStatus) {
        self.running.remove(&run);
        self.close_jobs(run);
        let now = self.now;
        let it = &mut self[run];
        it.status = status;
        it.updated = now;
        it.work = Work::Done;
    }

    fn resolve(&self, execution: ExecutionIndex, declared: &Action) -> Result<BTreeMap<String, String>, String> {
        let it = &self[execution];
        let mut known = it.outputs.clone();
        known.insert("variables".to_owned(), it.variables.clone());
        let own = [("PipelineExecutionId".to_owned(), it.id.clone())];
        known.insert("codepipeline".to_owned(), own.into());
        let resolve = |(key, value): (&String, &String)| match variables::resolve(value, &known) {
            Ok(value) => Ok((key.clone(), value)),
            Err(reference) => Err(format!("The variable {reference} in {key} has no value in this execution.")),
        };
        let resolved: BTreeMap<String, String> =
            declared.configuration.iter().map(resolve).collect::<Result<_, _>>()?;
        let bytes: usize = resolved.iter().map(|(key, value)| key.len() + value.len()).sum();
        if bytes > CONFIGURATION_BYTES {
            return Err(format!(
                "The configuration has {bytes} bytes after variables are put in; 100 KB is the limit."
            ));
        }
        Ok(resolved)
    }

    fn place_outputs(&mut self, execution: ExecutionIndex, declared: &Action) -> Vec<PlacedArtifact> {
        let region = declared.region.as_deref().unwrap_or(&self.settings.region);
        let declaration = self[execution].declaration.clone();
        let bucket = declaration.store(region).map_or_else(String::new, |store| store.location.clone());
        let place = |name: &String| {
            let pipeline: String = declaration.name.chars().take(20).collect();
            let artifact: String = name.chars().take(10).collect();
            let key: String =
                format!("{pipeline}/{artifact}/{}", self.ids.object()).chars().take(KEY_CHARACTERS).collect();
            PlacedArtifact { name: name.clone(), at: S3Location { bucket: bucket.clone(), key } }
        };
        declared.output_artifacts.iter().map(|artifact| &artifact.name).map(place).collect()
    }
}

fn input_artifacts(execution: &Execution, declared: &Action) -> Result<Vec<PlacedArtifact>, String> {
    let placed = |name: &String| match execution.artifacts.get(name) {
        Some(at) => Ok(PlacedArtifact { name: name.clone(), at: at.clone() }),
        None => Err(format!("The input artifact {name} was not produced in this execution.")),
    };
    declared.input_artifacts.iter().map(|artifact| &artifact.name).map(placed).collect()
}
