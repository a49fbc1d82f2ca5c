//! What the story learns from the API and from the pipeline's history: order, commit, reasons, what was fixed.

use jiff::Timestamp;
use pipeline_model::{ActionState, ExecutionState};

use super::parts::{kept, kept_lines};
use super::{ActionPath, ActionStory, Origin, Role, Story, Wants, bounds};
use crate::facts::{ActionFacts, Commit, ExecutionFacts, Structure};
use crate::history::{History, ROLLED_BACK};
use crate::text;

impl Story {
    /// What is worth asking for now. Answers are given to the `learn_…` methods; what could not be fetched is asked
    /// for again with the next event.
    pub fn wants(&self) -> Wants {
        let execution = !self.learned.execution && self.source_was_read();
        Wants { structure: !self.learned.structure, execution, actions: execution || self.lacks_a_reason() }
    }

    /// Learns the stages' order and what approvals ask.
    pub fn learn_structure(&mut self, structure: &Structure) {
        self.learned.structure = true;
        self.order.clone_from(&structure.stages);
        let asks = |settings: &&crate::facts::ApprovalSettings| {
            settings.custom_text.is_some() || settings.external_link.is_some() || settings.timeout_minutes.is_some()
        };
        let approvals: Vec<_> = structure.approvals.iter().filter(asks).take(bounds::APPROVALS).collect();
        let room = bounds::TEXT.min(bounds::APPROVAL_TEXTS / approvals.len().max(1));
        for settings in approvals {
            let path = ActionPath { stage: settings.stage.clone(), action: settings.action.clone() };
            let note = self.approvals.entry(path).or_default();
            note.custom_text = kept_lines(settings.custom_text.as_deref(), room);
            note.external_link = settings.external_link.clone().filter(|url| text::is_web_address(url));
            note.timeout_minutes = settings.timeout_minutes;
        }
    }

    /// Learns the commit, the trigger and whether this is a rollback.
    pub fn learn_execution(&mut self, facts: &ExecutionFacts) {
        self.rollback_target = facts.rollback_target.clone().or(self.rollback_target.take());
        let commit = self.commit_among(&facts.commits);
        // Once a second stage has begun, or a release was judged by an alarm, a source that names no revision will not name
        // one later. A rollback reads none.
        let is_late = self.stages.len() > 1
            || !self.rollbacks.is_empty()
            || self.rollback_target.is_some() && !self.stages.is_empty();
        self.learned.execution |= commit.is_some() || is_late || self.is_over();
        if let Some(commit) = commit {
            self.learn_commit(commit.clone());
        }
        if let (None, Some(kind)) = (&self.origin, &facts.trigger_type) {
            let detail = kept(facts.trigger_detail.as_deref(), bounds::LINE);
            self.origin = Some(Origin::Typed { kind: text::keep_line(kind, bounds::WORD), detail });
        }
    }

    /// Learns what the success of its latest attempt has put right.
    pub fn learn_history(&mut self, history: &History) {
        let attempt = self.attempt();
        if self.succeeded() {
            let broken = history.broken_before(&self.execution, attempt);
            self.fixed.extend(broken.map(|broken| (attempt, broken)));
        }
    }

    /// How its attempts ended, for [`History::remember`]: attempt, success, time. An attempt that was followed by another
    /// one has failed, also when the events of both came together.
    ///
    /// A release that was rolled back has left the pipeline broken, which counts as a failed attempt 0. A rollback that
    /// succeeds has put nothing right: the next release does.
    pub fn endings(&self) -> Vec<(u32, bool, Timestamp)> {
        let latest = self.attempt();
        let earlier = self.failures.iter().filter(|(attempt, _)| **attempt < latest);
        let earlier = earlier.map(|(attempt, failure)| (*attempt, false, failure.at));
        let last = self.run.as_ref().and_then(|run| match run.state {
            ExecutionState::Succeeded if !self.is_rollback() => Some((run.attempt, true, run.at)),
            ExecutionState::Failed if run.attempt == latest => Some((run.attempt, false, run.at)),
            _ => None,
        });
        let rolled_back = self.rollbacks.done_at().map(|at| (ROLLED_BACK, false, at));
        earlier.chain(last).chain(rolled_back).collect()
    }

    /// Learns the commit whose push began the execution: of several sources this is the one that matters.
    pub(super) fn learn_trigger(&mut self, commit: Commit) {
        if self.commit.as_ref().is_some_and(|known| !is_named(known, &commit.id)) {
            self.commit = None;
            self.learned.execution = false;
        }
        self.learn_commit(commit);
    }

    /// The revision of the commit that is known already, else the first one.
    fn commit_among<'a>(&self, commits: &'a [Commit]) -> Option<&'a Commit> {
        commits.iter().find(|commit| self.commit.as_ref().is_none_or(|known| is_named(known, &commit.id)))
    }

    /// Learns who wrote the commit, from the source that read it.
    pub(super) fn learn_author(&mut self, actions: &[ActionFacts]) {
        let Some(commit) = self.commit.as_mut().filter(|commit| commit.author.is_none()) else { return };
        let mut authors = actions.iter().filter_map(|facts| facts.commit_author.as_ref());
        let author = authors.find(|author| is_named(commit, &author.commit));
        commit.author = author.and_then(|author| kept(Some(&author.name), bounds::WORD));
    }

    /// Keeps what is shown: the id, the message's first line, the author, the page.
    fn learn_commit(&mut self, commit: Commit) {
        let subject =
            commit.message.as_deref().and_then(|message| message.lines().find(|line| !line.trim().is_empty()));
        let (message, author) = (kept(subject, bounds::TEXT), kept(commit.author.as_deref(), bounds::WORD));
        let url = commit.url.filter(|url| text::is_web_address(url));
        let known = self
            .commit
            .get_or_insert_with(|| Commit { id: text::keep_line(&commit.id, bounds::WORD), ..Commit::default() });
        known.message = known.message.take().or(message);
        known.author = known.author.take().or(author);
        known.url = known.url.take().or(url);
    }

    /// The API may know the commit. A rollback reads no source: what it goes back to is known at once.
    fn source_was_read(&self) -> bool {
        let actions = || self.stages.values().flat_map(|stage| stage.actions.values());
        let read = |action: &ActionStory| action.role == Role::Source && action.course.state == ActionState::Succeeded;
        let begins_elsewhere = self.order.first().is_some_and(|first| self.stages.keys().any(|stage| stage != first));
        let stood = !self.rollbacks.is_empty();
        actions().any(read)
            || stood
            || self.is_rollback()
            || begins_elsewhere
            || self.stages.len() > 1
            || self.is_over()
    }

    /// Something failed in the latest attempt, and no word of why has arrived.
    fn lacks_a_reason(&self) -> bool {
        let attempt = self.attempt();
        let silent = |failed: &super::FailedAction| failed.said.summary.is_none() && failed.said.error_code.is_none();
        let unexplained = self.failures.get(&attempt).is_some_and(|failure| failure.actions.values().all(silent));
        unexplained && !self.learned.failures.contains(&attempt)
    }
}

/// Ids are kept up to a bound.
fn is_named(known: &Commit, id: &str) -> bool {
    known.id == text::keep_line(id, bounds::WORD)
}
