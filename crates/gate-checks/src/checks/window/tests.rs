//! Hours, holidays and freezes, over the days on which clocks change.

use proptest::prelude::*;

use super::*;
use crate::check::Measured;
use crate::testing::policy;
use crate::{Answer, CalendarSeen};

const OFFICE: &str = "{ zone: Europe/Paris, open: [{ days: [mon..fri], from: '09:00', to: '17:00' }] }";
const NEW_YORK: &str = "{ zone: America/New_York, open: [{ from: '01:30', to: '03:30' }] }";

fn time(text: &str) -> Timestamp {
    text.parse().unwrap()
}

fn measure(window: &str, now: &str) -> Measurement {
    let policy = policy("1h", &[&format!("window: {window}")]);
    policy.rules[0].check.measure(&Place::default(), &Facts::default(), time(now)).unwrap()
}

/// `open`, or when it opens.
fn state(window: &str, now: &str) -> String {
    let measurement = measure(window, now);
    match (measurement.measured, measurement.until) {
        (Measured::Pass, None) => String::from("open"),
        (Measured::Wait, Some(until)) => until.to_string(),
        (Measured::Wait, None) => String::from("never"),
        other => panic!("{other:?}"),
    }
}

#[test]
fn a_window_opens_by_the_clock_of_its_zone_in_winter_and_in_summer() {
    for (now, told) in [
        ("2026-01-05T07:59:59Z", "2026-01-05T08:00:00Z"),
        ("2026-01-05T08:00:00Z", "open"),
        ("2026-01-05T15:59:59Z", "open"),
        ("2026-01-05T16:00:00Z", "2026-01-06T08:00:00Z"),
        ("2026-07-06T07:00:00Z", "open"),
        ("2026-07-03T15:00:00Z", "2026-07-06T07:00:00Z"),
        // Friday evening before the clocks go forward, and on Monday the window opens an hour earlier in UTC.
        ("2026-03-27T16:00:00Z", "2026-03-30T07:00:00Z"),
        // And back.
        ("2026-10-23T15:00:00Z", "2026-10-26T08:00:00Z"),
    ] {
        assert_eq!(state(OFFICE, now), told, "{now}");
    }
}

#[test]
fn an_hour_that_is_left_out_or_comes_twice_is_read_off_the_clock() {
    for (now, told) in [
        // Clocks go forward at 02:00 to 03:00.
        ("2026-03-08T06:29:59Z", "2026-03-08T06:30:00Z"),
        ("2026-03-08T07:00:00Z", "open"),
        ("2026-03-08T07:29:59Z", "open"),
        ("2026-03-08T07:30:00Z", "2026-03-09T05:30:00Z"),
        // Clocks go back at 02:00 to 01:00: 01:30 comes twice, and between it is 01:00 once more.
        ("2026-11-01T05:29:00Z", "2026-11-01T05:30:00Z"),
        ("2026-11-01T05:59:00Z", "open"),
        ("2026-11-01T06:00:00Z", "2026-11-01T06:30:00Z"),
        ("2026-11-01T08:29:00Z", "open"),
        ("2026-11-01T08:30:00Z", "2026-11-02T06:30:00Z"),
    ] {
        assert_eq!(state(NEW_YORK, now), told, "{now}");
    }
    // Hours that begin within the hour that is left out begin when the clocks have changed.
    let within = "{ zone: America/New_York, open: [{ from: '02:30', to: '05:00' }] }";
    assert_eq!(state(within, "2026-03-08T06:00:00Z"), "2026-03-08T07:00:00Z");
    // Hours that are left out as a whole do not come that day.
    let left_out = "{ zone: America/New_York, open: [{ from: '02:15', to: '02:45' }] }";
    assert_eq!(state(left_out, "2026-03-08T06:00:00Z"), "2026-03-09T06:15:00Z");
}

#[test]
fn hours_over_midnight_belong_to_the_day_they_begin_on() {
    let night = "{ open: [{ days: [fri], from: '22:00', to: '04:00' }] }";
    for (now, told) in [
        ("2026-03-06T21:59:00Z", "2026-03-06T22:00:00Z"),
        ("2026-03-07T03:59:00Z", "open"),
        ("2026-03-07T04:00:00Z", "2026-03-13T22:00:00Z"),
        ("2026-03-06T03:00:00Z", "2026-03-06T22:00:00Z"),
    ] {
        assert_eq!(state(night, now), told, "{now}");
    }
}

#[test]
fn a_leap_day_is_a_day() {
    let leap = "{ holidays: [2028-02-29], open: [{ from: '00:00', to: '24:00' }] }";
    assert_eq!(state(leap, "2028-02-28T23:59:59Z"), "open");
    assert_eq!(state(leap, "2028-02-29T00:00:00Z"), "2028-03-01T00:00:00Z");
    let fourth_of_a_leap = "{ open: [{ days: [tue], from: '10:00', to: '11:00' }] }";
    assert_eq!(state(fourth_of_a_leap, "2028-02-28T00:00:00Z"), "2028-02-29T10:00:00Z");
}

#[test]
fn a_holiday_and_a_freeze_say_why_and_until_when() {
    let window = "{ zone: Europe/Paris, holidays: [2026-12-25], freezes: [{ from: '2026-12-28T18:00', to: 2026-12-30, reason: year-end }], open: [{ days: [mon..fri], from: '09:00', to: '17:00' }] }";
    let says = |now| measure(window, now).says;
    insta::assert_snapshot!(
        [
            says("2026-12-24T10:00:00Z"),
            says("2026-12-24T20:00:00Z"),
            says("2026-12-25T10:00:00Z"),
            says("2026-12-28T17:00:00Z"),
            says("2026-12-30T22:59:59Z"),
        ]
        .join("\n")
    );
    assert_eq!(state(window, "2026-12-28T17:00:00Z"), "2026-12-31T08:00:00Z");
}

#[test]
fn a_window_without_hours_is_open_except_in_its_freezes() {
    let frozen = "{ freezes: [{ from: 2026-12-20, to: 2026-12-21, reason: audit }] }";
    assert_eq!(state(frozen, "2026-12-19T23:59:59Z"), "open");
    assert_eq!(state(frozen, "2026-12-20T00:00:00Z"), "2026-12-22T00:00:00Z");
    let forever = "{ freezes: [{ from: 2026-12-20, to: 2036-12-21, reason: retired }] }";
    assert_eq!(state(forever, "2026-12-20T00:00:00Z"), "never");
    assert_eq!(
        measure(forever, "2026-12-20T00:00:00Z").says,
        "releases are frozen (retired); the window does not open within 400 days"
    );
}

#[test]
fn a_change_calendar_is_asked_instead() {
    let policy = policy("1h", &["window: { calendar: [releases] }"]);
    let questions = policy.questions(&Place::default(), time("2026-03-02T12:00:00Z"));
    let says = |open, changes_at: Option<&str>| {
        let seen = CalendarSeen { open, changes_at: changes_at.map(time) };
        let facts = questions.iter().map(|question| (question.clone(), Ok(Answer::Calendar(seen.clone())))).collect();
        let measured = policy.rules[0].check.measure(&Place::default(), &facts, time("2026-03-02T12:00:00Z")).unwrap();
        (measured.measured, measured.says)
    };
    assert_eq!(says(true, None), (Measured::Pass, String::from("the calendar is open")));
    let closed = says(false, Some("2026-03-02T18:00:00Z"));
    assert_eq!(closed, (Measured::Wait, String::from("the calendar is closed until 18:00 UTC")));
    assert!(policy.rules[0].check.measure(&Place::default(), &Facts::default(), time("2026-03-02T12:00:00Z")).is_err());
}

#[test]
fn what_cannot_be_meant_is_refused_where_it_stands() {
    let mut told = Vec::new();
    for window in [
        "{}",
        "{ zone: Europe/Pairs, holidays: [2026-12-25] }",
        "{ open: [{ from: '9', to: '25:00' }] }",
        "{ open: [{ days: [mon..fry], from: '09:00', to: '17:00' }] }",
        "{ open: [{ from: '09:00', to: '09:00' }] }",
        "{ open: [{ days: [], from: '09:00', to: '17:00' }] }",
        "{ open: [{ from: '24:00', to: '09:00' }] }",
        "{ holidays: [2026-02-29, 12/25] }",
        "{ freezes: [{ from: 2026-12-20, to: 2026-12-10, reason: x }] }",
        "{ freezes: [{ from: 2026-12-20, to: 2026-12-21, reason: ' ' }] }",
        "{ freezes: [{ from: 2026-12-20T10:00Z, to: 2026-12-21, reason: x }] }",
        "{ calendar: [a], holidays: [2026-12-25] }",
    ] {
        let problems = crate::Policy::parse(&format!("gate: {{ checks: [{{ window: {window} }}] }}")).unwrap_err();
        told.extend(problems.iter().map(|problem| format!("{window}\n  {problem}")));
    }
    insta::assert_snapshot!(told.join("\n"));
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(64))]

    #[test]
    fn a_window_opens_when_it_says_and_not_before(
        hour in 0..24_i8, long in 1..23_i8, day in 0..366_i64, second in 0..86_400_i64,
        zone in prop::sample::select(vec!["Europe/Paris", "America/New_York", "Australia/Lord_Howe", "Asia/Kolkata", "UTC"]),
    ) {
        let to = (hour + long) % 24;
        let window = format!("{{ zone: {zone}, holidays: [2026-03-29], open: [{{ days: [sat..tue], from: '{hour:02}:30', to: '{to:02}:30' }}] }}");
        let now = time("2026-01-01T00:00:00Z") + SignedDuration::from_secs(day * 86_400 + second);
        let policy = policy("1h", &[&format!("window: {window}")]);
        let measure = |now| policy.rules[0].check.measure(&Place::default(), &Facts::default(), now).unwrap();
        if let Some(opens) = measure(now).until {
            prop_assert_eq!(measure(opens).measured, Measured::Pass, "it opens {}", opens);
            let minutes = opens.duration_since(now).as_mins();
            for minute in (0..minutes).step_by(7) {
                let moment = now + SignedDuration::from_mins(minute);
                prop_assert_eq!(measure(moment).measured, Measured::Wait, "{} is before {}", moment, opens);
            }
        }
    }
}

#[test]
fn a_freeze_is_written_in_the_windows_own_time() {
    for from in ["2026-12-20T18:00-05:00", "2026-12-20T18:00+02:00", "2026-12-20T18:00Z"] {
        let window = format!("{{ freezes: [{{ from: '{from}', to: 2026-12-30, reason: audit }}] }}");
        let text = format!("gate:\n  checks:\n    - window: {window}\n");
        assert!(crate::Policy::parse(&text).is_err(), "{from}");
    }
}
