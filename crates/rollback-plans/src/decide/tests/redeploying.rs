//! Where no stage can go back, the pipeline is started anew, and what comes of that is told from other releases.

use super::*;
use crate::Redeployment;
use crate::targets::SourceRevision;

#[test]
fn where_it_is_wanted_the_last_good_release_is_deployed_again() {
    let mut seen = stage("bad@40");
    let mut desk = Desk::new(seen.clone(), 45);
    desk.limits.redeploys = true;
    assert_eq!(desk.outcome(), "ask AllExecutions");
    seen.all = Some(stage("older@5 good@10 bad@40").succeeded);
    desk.seen = seen.into();
    let desk = desk.holding(Vec::new());
    assert_eq!(desk.outcome(), "start orders again with the revisions of execution good");
}

#[test]
fn what_a_person_threw_out_is_not_deployed_again() {
    let mut seen = stage("worse@40");
    seen.all = Some(stage("good@1 bad@10 back@20>good worse@40").succeeded);
    let mut desk = Desk::new(seen, 45).holding(Vec::new());
    desk.limits.redeploys = true;
    assert_eq!(desk.outcome(), "start orders again with the revisions of execution good");
}

fn sources(revisions: &[(&str, &str)]) -> Vec<SourceRevision> {
    let revision = |id: &str| pipeline_model::Revision { id: id.to_owned(), summary: None, url: None };
    revisions
        .iter()
        .map(|(action, id)| SourceRevision { action: (*action).to_owned(), revision: revision(id) })
        .collect()
}

/// What is made of an execution that began under a pledge to start `good` anew, by the revisions it is made of.
fn adopted(revisions: &[(&str, &str)]) -> String {
    let mut seen = stage("bad@40");
    let mut all = stage("good@10 bad@40 again@48").succeeded;
    all[0].sources = sources(revisions);
    seen.all = Some(all);
    let mut desk = Desk::new(seen, 45);
    desk.limits.redeploys = true;
    let pair = |action: &str, id: &str| (action.to_owned(), id.to_owned());
    let revisions = vec![pair("Code", "1"), pair("Template", "7")];
    let redeployment = Some(Redeployment { of: "good".into(), revisions });
    let pledge = Pledge { redeployment, ..pledge("bad", 42) };
    desk.book = Some(Book { pledges: vec![pledge], hold: Hold::Mine, ..Book::default() });
    desk.outcome()
}

#[test]
fn a_redeployment_is_told_by_all_it_is_made_of() {
    let ours = "adopt again for orders/Production@bad";
    assert_eq!(adopted(&[("Code", "1"), ("Template", "7")]), ours);
    assert_eq!(adopted(&[("Template", "7"), ("Code", "1")]), ours);
    for other in [&[("Code", "1"), ("Template", "8")][..], &[("Code", "1"), ("Image", "7")], &[("Code", "2")], &[]] {
        assert_ne!(adopted(other), ours, "{other:?}");
    }
}

#[test]
fn a_pledge_remembers_what_would_be_started_anew_even_if_that_is_the_last_way() {
    let mut seen = stage("good@10 bad@40");
    seen.all = Some(seen.succeeded.clone());
    let mut desk = Desk::new(seen, 45);
    desk.limits.redeploys = true;
    let Decision::Claim(pledge) = desk.decide() else { panic!("a claim: {}", desk.outcome()) };
    let revisions = vec![(String::from("Source"), String::from("commit-good"))];
    assert_eq!(pledge.redeployment, Some(Redeployment { of: "good".into(), revisions }));
}

#[test]
fn no_door_is_closed_that_a_new_execution_must_come_through() {
    let mut seen = stage("bad@40");
    seen.all = Some(stage("good@10 bad@40").succeeded);
    let mut desk = Desk::new(seen, 45).holding(Vec::new());
    (desk.limits.redeploys, desk.limits.closes_transition) = (true, true);
    let Decision::RollBack(plan) = desk.decide() else { panic!("a rollback: {}", desk.outcome()) };
    assert_eq!(plan.before, None);
}
