//! Looks for secrets in what the policy does not skip.

use artifact_scan::secrets::{Found, Scan};
use artifact_scan::{Coverage, Nature, Piece, Scanned, Visitor};

use crate::terms::Terms;

/// What one thread sees. It is begun anew for each batch.
pub(super) struct Eyes<'t> {
    terms: &'t Terms,
    scan: Scan<'t>,
    prefix: &'t [String],
    part: Scanned,
}

impl<'t> Eyes<'t> {
    /// Its paths begin with the prefix.
    pub(super) fn new(terms: &'t Terms, prefix: &'t [String]) -> Self {
        let scan = Scan::new(&terms.rules.scanner, Found::new(terms.key.reveal()));
        Self { terms, scan, prefix, part: Scanned::default() }
    }

    /// Begins anew, whatever was seen before.
    pub(super) fn forget(&mut self) {
        let _ = self.scan.take();
        self.part = Scanned::default();
    }

    /// All that was seen, with the account of what was read.
    pub(super) fn take(&mut self, mut coverage: Coverage) -> Scanned {
        let scanner = &self.terms.rules.scanner;
        coverage.gaps.iter_mut().for_each(|gap| gap.path = scanner.masked(self.whole(&gap.path)));
        let mut part = std::mem::take(&mut self.part);
        part.note(self.scan.take());
        part.cover(coverage);
        part.trimmed()
    }

    fn whole(&self, path: &[String]) -> Vec<String> {
        [self.prefix, path].concat()
    }
}

impl Visitor for Eyes<'_> {
    fn wants(&mut self, path: &[String]) -> bool {
        !self.terms.policy.skips(&self.whole(path))
    }

    /// What is found is taken after each piece: however much there is in an entry, little is in memory.
    fn piece(&mut self, path: &[String], piece: &Piece<'_>) -> Nature {
        let nature = if self.prefix.is_empty() {
            Visitor::piece(&mut self.scan, path, piece)
        } else {
            let whole = self.whole(path);
            Visitor::piece(&mut self.scan, &whole, piece)
        };
        self.part.note(self.scan.take());
        nature
    }
}
