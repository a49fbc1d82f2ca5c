//! Every way work and answer can go wrong, and that the job knows in the end.

use anyhow::anyhow;
use proptest::prelude::*;
use tokio::time::Instant;

use super::*;
use crate::Clock;
use crate::doubles::{Calls, Mishap, Moment, RecordingJobs};
use crate::jobs::{ContinuationToken, Gone, Variables};

/// What `start` keeps back: an answer that comes later is cut off.
const CUT_OFF: Duration = Duration::from_millis(200);
const MINUTE: Duration = Duration::from_secs(60);

fn job() -> JobId {
    "11111111-abcd-1111-abcd-111111abcdef".parse().unwrap()
}

fn minute() -> Deadline {
    Deadline::after(&Clock::system(), MINUTE)
}

fn passed() -> Answer {
    Answer::Success {
        summary: "All checks pass.".into(),
        external_id: None,
        percent: None,
        variables: Variables::default().with("verdict", "pass"),
    }
}

/// What the job was told in the end.
async fn outcome(work: impl Future<Output = Result<Answer, Failure>>) -> Answer {
    let jobs = RecordingJobs::default();
    let answered = answer_always(&jobs, &job(), &minute(), work).await.unwrap();
    assert_eq!(jobs.answers(), [(job(), answered.answer.clone())]);
    assert_eq!(answered.put, Put::Accepted);
    answered.answer
}

fn failure(kind: FailureKind, message: &str) -> Answer {
    Answer::failure(kind, message)
}

#[tokio::test(start_paused = true)]
async fn what_the_work_says_is_what_the_job_is_told() {
    let later = Answer::Continue {
        token: ContinuationToken::new("v1.key.sum").unwrap(),
        summary: "Waiting for errors-stay-low.".into(),
        percent: Some(crate::jobs::Percent::new(40)),
    };
    for answer in [passed(), later, failure(FailureKind::ConfigurationError, "the policy has no checks")] {
        assert_eq!(outcome(async { Ok(answer.clone()) }).await, answer);
    }
}

#[tokio::test(start_paused = true)]
async fn a_panic_mid_job_fails_the_job_with_a_safe_message() {
    let answer = outcome(async { panic!("key {}", ["ASIA", "secret"].concat()) }).await;
    let told = "the function stopped at a fault of its own; its log says where";
    assert_eq!(answer, failure(FailureKind::JobFailed, told));
}

#[tokio::test(start_paused = true)]
async fn work_that_takes_too_long_is_given_up_in_time_for_an_answer() {
    let started = Instant::now();
    let Answer::Failure { kind, message } = outcome(std::future::pending()).await else { panic!("no failure") };
    assert_eq!(kind, FailureKind::SystemUnavailable);
    assert!(message.as_str().starts_with("the time left for this invocation is used up. This may pass"), "{message}");
    assert!(started.elapsed() <= MINUTE - FOR_THE_ANSWER);
}

#[tokio::test(start_paused = true)]
async fn a_short_time_is_shared_between_work_and_answer() {
    let (jobs, started) = (RecordingJobs::default(), Instant::now());
    let deadline = Deadline::after(&Clock::system(), Duration::from_secs(3));
    jobs.fail_next(2);
    answer_always(&jobs, &job(), &deadline, std::future::pending()).await.unwrap();
    assert!(started.elapsed() < Duration::from_secs(3) - CUT_OFF);
}

#[tokio::test(start_paused = true)]
async fn a_failure_is_told_with_its_kind_and_its_cause() {
    let answer = outcome(async { Err(Failure::permanent(anyhow!("no such policy")).context("reading `prod`")) }).await;
    assert_eq!(answer, failure(FailureKind::JobFailed, "reading `prod`: no such policy"));
    let answer = outcome(async { Err(Failure::retry(anyhow!("Rate exceeded"))) }).await;
    let told = "Rate exceeded. This may pass: nothing was decided, so retry the stage.";
    assert_eq!(answer, failure(FailureKind::SystemUnavailable, told));
}

#[tokio::test(start_paused = true)]
async fn a_throttled_or_lost_answer_is_given_again_and_never_twice() {
    for mishap in [Mishap::Throttled, Mishap::Hangs, Mishap::Lost] {
        let jobs = RecordingJobs::default();
        jobs.meet([mishap; 3]);
        let answered = answer_always(&jobs, &job(), &minute(), async { Ok(passed()) }).await.unwrap();
        let put = if mishap == Mishap::Lost { Put::AlreadyAnswered(Gone::InvalidJobState) } else { Put::Accepted };
        assert_eq!(answered, Answered { answer: passed(), put });
        assert_eq!(jobs.answers(), [(job(), passed())], "{mishap:?}");
    }
}

#[tokio::test(start_paused = true)]
async fn an_answer_that_cannot_be_given_leaves_the_function_as_an_error_before_it_is_cut_off() {
    for mishap in [Mishap::Throttled, Mishap::Hangs] {
        let (jobs, started) = (RecordingJobs::default(), Instant::now());
        jobs.meet([mishap; 1000]);
        let failure = answer_always(&jobs, &job(), &minute(), async { Ok(passed()) }).await.unwrap_err();
        assert!(!failure.is_permanent());
        let told = failure.to_string();
        assert!(told.starts_with(&format!("job {} could not be answered with `success`: ", job())), "{told}");
        assert!(started.elapsed() < MINUTE - CUT_OFF, "{mishap:?}: {:?}", started.elapsed());
        assert_eq!(jobs.answers(), []);
    }
}

#[tokio::test(start_paused = true)]
async fn a_job_that_was_abandoned_or_answered_meanwhile_is_left_alone() {
    for gone in [Gone::InvalidJobState, Gone::JobNotFound] {
        let jobs = RecordingJobs::default();
        jobs.close(&job(), gone);
        let answered = answer_always(&jobs, &job(), &minute(), async { Ok(passed()) }).await.unwrap();
        assert_eq!(answered.put, Put::AlreadyAnswered(gone));
        assert_eq!(jobs.answers(), []);
    }
}

#[tokio::test(start_paused = true)]
async fn variables_that_are_too_large_are_left_out_and_the_verdict_stays() {
    let jobs = RecordingJobs::default();
    jobs.meet([Mishap::TooLarge]);
    let answered = answer_always(&jobs, &job(), &minute(), async { Ok(passed()) }).await.unwrap();
    let told = "The output variables are left out, for they are too large. All checks pass.";
    assert_eq!(answered.answer, Answer::success(told));
}

#[tokio::test(start_paused = true)]
async fn an_answer_that_is_refused_becomes_a_failure_and_never_a_pass() {
    for mishap in [Mishap::Refused, Mishap::TooLarge] {
        let jobs = RecordingJobs::default();
        jobs.meet([mishap]);
        let answer = if mishap == Mishap::Refused { passed() } else { Answer::success("") };
        let answered = answer_always(&jobs, &job(), &minute(), async { Ok(answer) }).await.unwrap();
        let Answer::Failure { kind, message } = answered.answer else { panic!("no failure") };
        assert_eq!(kind, FailureKind::JobFailed);
        assert!(message.as_str().starts_with("CodePipeline did not take the answer `success`: "), "{message}");
    }
}

#[tokio::test(start_paused = true)]
async fn a_refused_failure_is_a_permanent_error() {
    let jobs = RecordingJobs::default();
    jobs.meet([Mishap::Refused; 2]);
    let failure = answer_always(&jobs, &job(), &minute(), async { Ok(passed()) }).await.unwrap_err();
    assert!(failure.is_permanent());
    assert!(failure.to_string().contains("could not be answered with `failure`: ValidationException"), "{failure}");
}

#[tokio::test(start_paused = true)]
async fn after_a_kill_around_the_answer_the_job_has_one_answer_and_the_first_one() {
    for (moment, first) in [(Moment::Before, None), (Moment::After, Some(passed()))] {
        let calls = Calls::default();
        let jobs = RecordingJobs::with(calls.clone());
        calls.crash_at(1, moment);
        let (id, deadline) = (job(), minute());
        let killed = calls.run(answer_always(&jobs, &id, &deadline, async { Ok(passed()) })).await;
        assert!(killed.is_none());
        let died = failure(FailureKind::JobFailed, "the function died");
        answer(&jobs, &job(), &minute(), died.clone()).await.unwrap();
        assert_eq!(jobs.answers(), [(job(), first.unwrap_or(died))]);
    }
}

#[tokio::test(start_paused = true)]
async fn of_two_invocations_for_one_job_only_one_answers_it() {
    let (jobs, id, deadline) = (RecordingJobs::default(), job(), minute());
    let red = || failure(FailureKind::JobFailed, "An alarm is red.");
    let (first, second) = tokio::join!(
        answer_always(&jobs, &id, &deadline, async { Ok(red()) }),
        answer_always(&jobs, &id, &deadline, async { Ok(passed()) }),
    );
    let (taken, left): (Vec<_>, Vec<_>) =
        [first.unwrap(), second.unwrap()].into_iter().partition(|answered| answered.put == Put::Accepted);
    let [taken] = taken.as_slice() else { panic!("{taken:?}") };
    assert_eq!(left[0].put, Put::AlreadyAnswered(Gone::InvalidJobState));
    assert_eq!(jobs.answers(), [(job(), taken.answer.clone())]);
}

fn mishap() -> impl Strategy<Value = Mishap> {
    use Mishap::{Hangs, Lost, Refused, Throttled, TooLarge};
    proptest::sample::select(vec![Throttled, Hangs, Lost, Refused, TooLarge])
}

proptest! {
    #[test]
    fn whatever_happens_a_job_has_at_most_one_answer_and_without_one_there_is_an_error(
        mishaps in proptest::collection::vec(mishap(), 0..8), passes: bool,
    ) {
        let runtime = tokio::runtime::Builder::new_current_thread().enable_time().start_paused(true).build().unwrap();
        runtime.block_on(async {
            let jobs = RecordingJobs::default();
            jobs.meet(mishaps);
            let work = async { if passes { Ok(passed()) } else { Err(Failure::permanent(anyhow!("red"))) } };
            let answered = answer_always(&jobs, &job(), &minute(), work).await;
            let answers = jobs.answers();
            prop_assert!(answers.len() <= 1);
            prop_assert!(answered.is_err() || answers.len() == 1);
            if !passes {
                prop_assert!(answers.iter().all(|(_, answer)| answer.outcome() == "failure"));
            }
            Ok(())
        })?;
    }
}
