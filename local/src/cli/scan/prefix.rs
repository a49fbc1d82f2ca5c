//! What paths begin with.

use artifact_scan::Coverage;

/// What stands in front of all paths.
#[derive(Debug, Clone, Default)]
pub(super) struct Prefix(Vec<String>);

impl Prefix {
    pub(super) fn of(name: Option<&str>) -> Self {
        Self(name.map(str::to_owned).into_iter().collect())
    }

    pub(super) fn with(&self, name: &str) -> Self {
        Self(self.before(&[name.to_owned()]))
    }

    pub(super) fn before(&self, path: &[String]) -> Vec<String> {
        [self.0.as_slice(), path].concat()
    }

    pub(super) fn mark(&self, coverage: &mut Coverage) {
        coverage.gaps.iter_mut().for_each(|gap| gap.path = self.before(&gap.path));
    }

    pub(super) fn path(self) -> Vec<String> {
        self.0
    }

    pub(super) fn is_empty(&self) -> bool {
        self.0.is_empty()
    }
}
