//! What later actions of the pipeline can read.

use std::collections::BTreeMap;

use super::{Judgement, Standing};
use crate::Severity;

impl Judgement<'_> {
    /// The action's output variables: names of letters, and a few short values. CodePipeline takes them on success only.
    pub fn variables(&self) -> BTreeMap<String, String> {
        let counts = self.counts();
        let severities = Severity::ALL.map(|severity| (severity.word(), counts.get(severity).to_string()));
        let standings = [Standing::Known, Standing::Suppressed];
        let standings = standings.map(|standing| (standing.word(), self.of(standing).count().to_string()));
        let own = [
            ("verdict", self.verdict.word().to_owned()),
            ("outcome", self.outcome.word().to_owned()),
            ("findings", counts.all().to_string()),
            ("gaps", self.gaps.len().to_string()),
        ];
        let all = own.into_iter().chain(severities).chain(standings);
        all.map(|(name, value)| (name.to_owned(), value)).collect()
    }
}
