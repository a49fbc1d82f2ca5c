//! Pledges and rollbacks for the contract, from bare ones to one with everything.

use pipeline_model::Revision;
use rollback_plans::{Past, Pledge, Redeployment};

/// The least a pledge holds.
pub(super) fn pledge(release: &str) -> Pledge {
    Pledge {
        incident: format!("orders/Production@{release}"),
        release: release.to_owned(),
        alarm: String::from("orders-errors"),
        alarm_reason: None,
        red_since: "2026-03-02T10:00:00.125Z".parse().unwrap(),
        at: "2026-03-02T10:00:01Z".parse().unwrap(),
        from: None,
        to: None,
        target_execution: None,
        candidates: Vec::new(),
        closes: false,
        redeployment: None,
        version: None,
    }
}

/// The least that is remembered of a rollback.
pub(super) fn past(release: &str) -> Past {
    let pledge = pledge(release);
    serde_json::from_value(serde_json::to_value(pledge).unwrap()).unwrap()
}

/// A rollback of which everything is known.
pub(super) fn whole() -> Past {
    let revision = |id: &str| Revision {
        id: id.to_owned(),
        summary: Some(String::from("Größer, \"quoted\"\nand on two lines.")),
        url: Some(format!("https://example.com/commit/{id}")),
    };
    let pledge = Pledge {
        alarm_reason: Some(String::from("Threshold Crossed")),
        from: Some(revision("7e0f9b1")),
        to: Some(revision("1c2d3e4")),
        target_execution: Some("e1".into()),
        candidates: vec!["e1".into(), "e0".into()],
        closes: true,
        redeployment: Some(Redeployment { of: "e1".into(), revisions: vec![("Source".into(), "1c2d3e4".into())] }),
        version: Some(String::from("6")),
        ..pledge("e2")
    };
    Past {
        pledge,
        started: Some(String::from("e3")),
        steps: vec![String::from("Rolled stage Production of orders back.")],
        broke: Some(String::from("Failed")),
        closed_transition: true,
        needed_by: [(String::from("orders-latency"), "2026-03-02T10:07:00.5Z".parse().unwrap())].into(),
        cleared: Some("2026-03-02T10:20:00Z".parse().unwrap()),
        ..past("e2")
    }
}
