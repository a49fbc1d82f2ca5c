//! The sentences people read.

use crate::testing::{Gate, opening, policy};

const ERRORS: &str = "{ name: errors stay low, alarms: { names: [orders-5xx] }, for: 10m, failures: 2 }";
const SLOW: &str = "{ name: requests stay fast, alarms: { names: [orders-slow] }, advisory: true }";
const OTHER: &str = "{ name: stock is known, alarms: { names: [stock] }, errors: 1, inconclusive: 0 }";

/// The summary and the reason of each visit: `minute state state`.
fn told(checks: &[&str], visits: &[(i64, &str)]) -> String {
    let mut gate = Gate::new(policy("4h", checks));
    let mut lines = Vec::new();
    for (minute, alarms) in visits {
        let judged = gate.visit(*minute, alarms);
        lines.push(judged.summary);
        lines.push(format!("  because {}", judged.reason));
        lines.extend(
            judged.results.iter().map(|result| format!("  {}: {} {}", result.name, result.verdict, result.says)),
        );
    }
    lines.join("\n")
}

#[test]
fn a_release_that_bakes_and_passes() {
    let visits = [
        (0, "orders-5xx=OK orders-slow=OK"),
        (4, "orders-5xx=ALARM orders-slow=OK"),
        (5, "orders-5xx=OK orders-slow=ALARM"),
        (15, "orders-5xx=OK orders-slow=ALARM"),
    ];
    insta::assert_snapshot!(told(&[ERRORS, SLOW], &visits));
}

#[test]
fn a_release_that_is_stopped() {
    let visits = [(0, "orders-5xx=ALARM"), (1, "orders-5xx=ALARM"), (12, "orders-5xx=ALARM")];
    insta::assert_snapshot!(told(&[ERRORS], &visits));
}

#[test]
fn a_check_that_cannot_be_made_or_decided() {
    insta::assert_snapshot!(told(&[OTHER], &[(0, "stock=?"), (1, "stock=?")]));
    insta::assert_snapshot!(told(&[OTHER], &[(0, "stock=NEW")]));
}

#[test]
fn a_release_that_waited_too_long() {
    insta::assert_snapshot!(told(
        &[ERRORS, "alarms: { names: [a] }"],
        &[(0, "orders-5xx=OK a=OK"), (240, "orders-5xx=? a=OK")]
    ));
}

#[test]
fn a_group_and_more_checks_than_can_be_named() {
    let group = "any: [{ name: green, alarms: { names: [a] } }, { name: blue, alarms: { names: [b] } }]";
    let more: Vec<String> = (0..6).map(|at| format!("{{ name: c{at}, alarms: {{ names: [c{at}] }} }}")).collect();
    let checks: Vec<&str> = more.iter().map(String::as_str).chain([group]).collect();
    insta::assert_snapshot!(told(&checks, &[(0, "a=OK b=ALARM")]));
    insta::assert_snapshot!(told(&[group], &[(0, "a=ALARM b=ALARM")]));
}

#[test]
fn a_gate_that_a_person_opened() {
    let mut gate = Gate::new(policy("4h", &[OTHER]));
    gate.opening = Some(opening());
    let judged = gate.visit(0, "stock=ALARM");
    insta::assert_snapshot!(format!("{}\n{}", judged.summary, judged.reason));
}
