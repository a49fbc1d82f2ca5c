//! How old a policy may become, and what opens a gate.

use jiff::Timestamp;
use lambda_kit::doubles::MemorySettings;

use super::*;

const POLICY: &str = "gate: { checks: [ { alarms: { names: [orders-5xx] } } ] }";

fn policies() -> (Policies<MemorySettings>, MemorySettings, Clock) {
    let (clock, store) = (Clock::stopped_at(Timestamp::UNIX_EPOCH), MemorySettings::default());
    store.set("policies/p", POLICY);
    let policies = Policies::new(store.clone(), "/pipewarden", clock.clone(), Metrics::adding_up());
    (policies, store, clock)
}

fn named() -> Asked {
    Asked::Named("p".into())
}

fn trouble(rules: Result<Rules, Trouble>) -> Trouble {
    rules.err().expect("no rules to go by")
}

#[tokio::test]
async fn a_policy_is_gone_by_for_ten_minutes_while_the_store_cannot_be_read() {
    let (policies, store, clock) = policies();
    policies.rules(&named()).await.unwrap();
    store.fail_next(usize::MAX);
    clock.advance(Duration::from_mins(10));
    assert!(policies.rules(&named()).await.is_ok());
    clock.advance(Duration::from_secs(6));
    let Trouble::Unreadable(why) = trouble(policies.rules(&named()).await) else { panic!("it may pass") };
    assert!(why.starts_with("the policies could not be read for 10 minutes: "), "{why}");
    store.fail_next(0);
    clock.advance(Duration::from_secs(6));
    assert!(policies.rules(&named()).await.is_ok());
}

#[tokio::test]
async fn a_policy_that_was_made_within_the_last_minute_is_found() {
    let (policies, store, clock) = policies();
    policies.rules(&named()).await.unwrap();
    store.set("policies/new", POLICY);
    clock.advance(Duration::from_secs(6));
    assert!(policies.rules(&Asked::Named("new".into())).await.is_ok());
}

#[tokio::test]
async fn a_policy_that_is_not_among_old_values_may_exist() {
    let (policies, store, clock) = policies();
    policies.rules(&named()).await.unwrap();
    store.fail_next(usize::MAX);
    clock.advance(Duration::from_mins(2));
    let told = trouble(policies.rules(&Asked::Named("new".into())).await);
    assert!(matches!(told, Trouble::Unreadable(why) if why.contains("/pipewarden/policies/new")));
}

#[tokio::test]
async fn where_a_secret_goes_is_known_as_long_as_the_secret_is_and_never_guessed() {
    let (policies, store, clock) = policies();
    store.set("http/shop", "EXAMPLE");
    store.set("settings", "gates: { secrets: { http/shop: https://shop.example.com } }");
    let sent = |rules: &Rules, host: &str| rules.secrets.to(&format!("https://{host}/"), Some("http/shop")).is_ok();
    let rules = policies.rules(&named()).await.unwrap();
    assert!(sent(&rules, "shop.example.com") && !sent(&rules, "example.com"));
    store.fail_next(usize::MAX);
    clock.advance(Duration::from_secs(61));
    let stale = policies.rules(&named()).await.unwrap();
    assert!(sent(&stale, "shop.example.com") && !sent(&stale, "example.com"));
    store.fail_next(0);
    store.set("settings", "gates: { secret: {} }");
    clock.advance(Duration::from_secs(61));
    assert!(!sent(&policies.rules(&named()).await.unwrap(), "shop.example.com"));
}

#[tokio::test]
async fn an_inline_policy_sends_only_what_the_settings_list() {
    let (policies, store, clock) = policies();
    store.set("http/shop", "EXAMPLE");
    let inline = Asked::Inline(POLICY.into());
    let sent = |rules: Rules| rules.secrets.to("https://shop.example.com/", Some("http/shop")).is_ok();
    assert!(sent(policies.rules(&named()).await.unwrap()) && !sent(policies.rules(&inline).await.unwrap()));
    store.set("settings", "gates: { secrets: { http/shop: https://shop.example.com } }");
    clock.advance(Duration::from_secs(61));
    assert!(sent(policies.rules(&inline).await.unwrap()));
}

#[tokio::test]
async fn an_opening_counts_only_as_long_as_it_can_be_read() {
    let place = gate_checks::Place {
        pipeline: Some("orders".into()),
        execution: Some("e1".into()),
        ..gate_checks::Place::default()
    };
    let (policies, store, clock) = policies();
    store.set("settings", "gates: { openings: [ { pipeline: orders, execution: e1, by: sam, reason: hotfix } ] }");
    let opened = |rules: Rules| rules.meaning.opening(&place, Timestamp::UNIX_EPOCH).is_some();
    assert!(opened(policies.rules(&named()).await.unwrap()));
    store.fail_next(usize::MAX);
    clock.advance(Duration::from_secs(61));
    assert!(!opened(policies.rules(&named()).await.unwrap()));
}

#[tokio::test]
async fn a_secret_that_was_rotated_is_sent_at_the_visit_after_the_one_that_was_refused() {
    let (policies, store, clock) = policies();
    store.set("http/shop", "EXAMPLE-1");
    let sent = async || {
        let rules = policies.rules(&named()).await.unwrap();
        rules.secrets.to("https://shop.example.com/", Some("http/shop")).unwrap().unwrap().reveal().clone()
    };
    assert_eq!(sent().await, "EXAMPLE-1");
    store.set("http/shop", "EXAMPLE-2");
    clock.advance(Duration::from_secs(30));
    assert_eq!(sent().await, "EXAMPLE-1", "what was read is good for a minute");
    policies.distrust();
    assert_eq!(sent().await, "EXAMPLE-2");
    store.set("http/shop", "EXAMPLE-3");
    clock.advance(Duration::from_secs(30));
    assert_eq!(sent().await, "EXAMPLE-2", "one refusal causes one call");
}

#[tokio::test]
async fn while_nothing_was_ever_read_a_secret_is_told_unreadable_and_not_missing() {
    let (policies, store, _) = policies();
    store.fail_next(usize::MAX);
    let rules = policies.rules(&Asked::Inline(POLICY.into())).await.unwrap();
    let unanswered = rules.secrets.to("https://shop.example.com/", Some("http/shop")).unwrap_err();
    assert_eq!(unanswered.kind, gate_checks::UnansweredKind::Outage);
    assert!(unanswered.why.starts_with("the secret `http/shop` cannot be read now: "), "{}", unanswered.why);
    assert!(matches!(rules.secrets.to("https://shop.example.com/", None), Ok(None)));
}
