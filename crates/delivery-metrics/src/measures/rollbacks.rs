//! Rollbacks that were done.

use super::Step;
use crate::fact::What;
use crate::measure::Measure;

pub(super) fn measure(step: &mut Step<'_>) {
    let Some(fact) = step.fact else { return };
    let What::RolledBack { key } = fact.what else { return };
    if step.execution().count(key) {
        step.emit(Measure::Rollbacks, fact.at, 1.0);
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::testing::measured;

    #[test]
    fn each_rollback_counts_once_however_often_it_is_published() {
        let lines = "90 a rolled-back i1\n92 a rolled-back i1\n95 a rolled-back i2";
        assert_eq!(measured(lines, Measure::Rollbacks), ["90 * 1", "90 orders 1", "95 * 1", "95 orders 1"]);
    }
}
