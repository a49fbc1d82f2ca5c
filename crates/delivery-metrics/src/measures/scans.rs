//! What scans found, by severity.

use super::Step;
use crate::fact::What;
use crate::measure::Measure;
use crate::sample::{Scope, Severity};

/// A severity without findings has no sample, so that a pipeline has only the series it needs.
pub(super) fn measure(step: &mut Step<'_>) {
    let Some(fact) = step.fact else { return };
    let What::ScanCompleted { key, findings } = &fact.what else { return };
    if !step.execution().count(*key) {
        return;
    }
    let counts = [
        (Severity::Critical, findings.critical),
        (Severity::High, findings.high),
        (Severity::Medium, findings.medium),
        (Severity::Low, findings.low),
    ];
    for (severity, count) in counts.into_iter().filter(|(_, count)| *count > 0) {
        let scope = Scope::Severity(step.rules.pipeline.clone(), severity);
        step.emit_for(scope, Measure::ScanFindings, fact.at, f64::from(count));
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::testing::measured;

    #[test]
    fn each_severity_with_findings_has_a_sample_once_per_scan() {
        let lines = "90 a scan s1 critical=1 low=12\n90 a scan s1 critical=1 low=12\n95 a scan s2";
        assert_eq!(measured(lines, Measure::ScanFindings), ["90 orders!critical 1", "90 orders!low 12"]);
    }
}
