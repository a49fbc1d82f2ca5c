//! Source, Build, Test, Deploy and other actions that are played from the script.

use super::revision;
use crate::codepipeline::effects::Effect;
use crate::codepipeline::engine::Engine;
use crate::codepipeline::events::after;
use crate::codepipeline::ports::Problem;
use crate::codepipeline::push::GitPush;
use crate::codepipeline::records::{RunIndex, Work};
use crate::script::{Outcome, Play, Revision};

impl Engine {
    pub(super) fn begin_play(&mut self, run: RunIndex) {
        let play = self.next_play(run);
        let until = after(self.now, self.settings.played(play.duration));
        self[run].outcome.external_id.clone_from(&play.external_execution_id);
        self[run].outcome.url.clone_from(&play.url);
        if play.external_execution_id.is_none() && !self.declared(run).is_source() {
            let id = self.ids.uuid();
            self[run].outcome.external_id = Some(self.provider_id(run, &id));
        }
        self[run].work = Work::Playing { until, play: Box::new(play) };
    }

    fn next_play(&mut self, run: RunIndex) -> Play {
        let execution = self[run].execution;
        let stage = self[execution].declaration.stages[self[run].stage].name.clone();
        let action = self.declared(run).name.clone();
        let pipeline = self[execution].pipeline;
        let name = self[pipeline].name.clone();
        if let Some(play) = self.wanted_play(run, &name, &stage, &action) {
            return play;
        }
        let played = self[pipeline].plays.entry((stage.clone(), action.clone())).or_default();
        let turn = *played;
        *played += 1;
        self.settings.script.play(&name, &stage, &action, turn)
    }

    /// The play for a revision that `StartPipelineExecution` asked for: the scripted one with that id,
    /// or a plain one that finds it, with what the push told of it. It does not use up a turn.
    fn wanted_play(&self, run: RunIndex, pipeline: &str, stage: &str, action: &str) -> Option<Play> {
        let wanted = self[self[run].execution].wanted_revisions.get(action)?;
        let plays = self.settings.script.plays(pipeline, stage, action);
        let has_it = |play: &Play| play.revision.as_ref().is_some_and(|revision| revision.id == *wanted);
        let turn = plays.iter().position(has_it);
        let mut play = self.settings.script.play(pipeline, stage, action, turn.unwrap_or(0));
        let pushed = self[self[run].execution].trigger.pushed.as_ref().filter(|push| push.commit == *wanted);
        let told = pushed.map(GitPush::revision).unwrap_or_default();
        match play.revision.as_mut().filter(|_| turn.is_some()) {
            Some(scripted) => scripted.committed = scripted.committed.or(told.committed),
            None => play.revision = Some(Revision { id: wanted.clone(), ..told }),
        }
        Some(play)
    }

    /// CodeBuild names builds by project; others have plain ids.
    fn provider_id(&self, run: RunIndex, id: &str) -> String {
        let is_build = self.declared(run).action_type_id.provider == "CodeBuild";
        match self[run].configuration.get("ProjectName").filter(|_| is_build) {
            Some(project) => format!("{project}:{id}"),
            None => id.to_owned(),
        }
    }

    pub(super) fn play_is_over(&mut self, run: RunIndex) {
        let Work::Playing { play, .. } = std::mem::replace(&mut self[run].work, Work::Done) else { return };
        self[run].outcome.summary.clone_from(&play.summary);
        if play.outcome == Outcome::Failed {
            let (code, message) = match &play.error {
                Some(error) => (error.code.clone(), error.message.clone()),
                None => ("JobFailed".to_owned(), "The action failed.".to_owned()),
            };
            return self.fail_run(run, Some(&code), &message);
        }
        if self.declared(run).is_source() {
            revision::found(self, run, &play);
        }
        self[run].variables.extend(play.variables.clone());
        self.store_outputs(run, &play);
    }

    fn store_outputs(&mut self, run: RunIndex, play: &Play) {
        let outputs = self[run].outputs.clone();
        if outputs.is_empty() {
            return self.succeed_run(run);
        }
        let encryption_key = self.encryption_key(run).map(|key| key.id.clone());
        for output in &outputs {
            let folder = play.artifacts.get(&output.name).cloned();
            let files = play.files.get(&output.name).cloned().unwrap_or_default();
            let at = output.at.clone();
            self.effects.push(Effect::Store { run, folder, files, at, encryption_key: encryption_key.clone() });
        }
        self[run].work = Work::Storing { left: outputs.len() };
    }

    /// An artifact has been stored, or not.
    pub(crate) fn artifact_stored(&mut self, run: RunIndex, result: Result<(), Problem>) {
        let Work::Storing { left } = &mut self[run].work else { return };
        *left -= 1;
        let all = *left == 0;
        match result {
            Err(problem) => self.fail_run(run, Some(&problem.code), &problem.message),
            Ok(()) if all => self.succeed_run(run),
            Ok(()) => {}
        }
    }
}
