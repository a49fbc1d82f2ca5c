//! What passes, what fails, and in which words.

use std::io::Write;

use lambda_kit::jobs::Answer;
use pipeline_model::{FindingSeverity, ScanOutcome, Verdict};

use super::*;
use crate::memory::{BUCKET, secret};

#[tokio::test]
async fn a_clean_artifact_passes_with_counts_for_later_actions() {
    let (memory, pipeline) = with_artifact("scan: {}", CLEAN);
    let Answer::Success { summary, variables, .. } = pipeline.run(1).await else { panic!("{:?}", pipeline.answer(0)) };
    assert_eq!(summary.as_str(), "The scan found nothing that counts.");
    let said: Vec<_> = ["verdict", "outcome", "findings", "critical", "gaps"].map(|name| variables.get(name)).into();
    assert_eq!(said, [Some("pass"), Some("whole"), Some("0"), Some("0"), Some("0")]);
    let scan = scans(&memory).remove(0);
    assert_eq!((scan.verdict, scan.outcome), (Verdict::Pass, Some(ScanOutcome::Whole)));
    assert_eq!(scan.coverage.unwrap().entries, 2);
    assert_eq!(memory.metrics.sum("ScanBytes"), scan.coverage.unwrap().bytes as f64);
}

#[tokio::test]
async fn a_leaked_key_fails_with_the_worst_finding_its_place_and_what_to_do() {
    let leak = format!("first line\n{}", leak(1));
    let (memory, pipeline) = with_artifact("scan: {}", &[CLEAN[0], ("config/prod.ini", leak.as_bytes())]);
    let (kind, message) = failure(pipeline.run(1).await);
    assert_eq!(kind, FailureKind::JobFailed);
    assert_eq!(
        message,
        "Stripe live secret key in config/prod.ini, line 2, column 19 (critical, rule stripe-live-secret-key). Roll the \
         key in the Dashboard under Developers, API keys."
    );
    let decision = memory.bus.published().remove(0);
    assert_eq!(decision.key.as_deref(), Some(Pipeline::job(0).as_str()));
    assert_eq!(decision.pipeline.as_ref().unwrap().to_string(), "arn:aws:codepipeline:us-east-1:111122223333:orders");
    assert_eq!(decision.action.as_ref().unwrap().as_str(), "SecurityScan");
    assert_eq!(decision.reason.as_deref(), Some(&*message));
    let scan = scans(&memory).remove(0);
    assert_eq!((scan.verdict, scan.findings.critical), (Verdict::Fail, 1));
    assert_eq!((scan.policy.as_deref(), &*scan.artifacts), (Some("orders/scan"), &[String::from("Build")][..]));
    let [top] = scan.top.try_into().unwrap();
    assert_eq!((top.path.as_str(), top.line, &top.severity), ("config/prod.ini", Some(2), &FindingSeverity::Critical));
}

#[tokio::test]
async fn a_key_in_an_archive_in_the_archive_is_found() {
    let inner = zipped(&[("deep/key.txt", leak(1).as_bytes())]);
    let (_, pipeline) = with_artifact("scan: {}", &[CLEAN[0], ("lib/app.jar", &inner)]);
    let (_, message) = failure(pipeline.run(1).await);
    assert!(message.contains("lib/app.jar!/deep/key.txt, line 1"), "{message}");
}

#[tokio::test]
async fn what_cannot_be_read_fails_and_a_policy_may_allow_it() {
    let inner = zipped(&[("deep/key.txt", b"something")]);
    let cut = &inner[..inner.len() - 30];
    let entries = [CLEAN[0], ("lib/app.jar", cut)];
    let (memory, pipeline) = with_artifact("scan: {}", &entries);
    let (kind, message) = failure(pipeline.run(1).await);
    assert_eq!(kind, FailureKind::JobFailed);
    assert!(message.starts_with("Not scanned: lib/app.jar is "), "{message}");
    let scan = scans(&memory).remove(0);
    assert_eq!((scan.verdict, scan.outcome), (Verdict::Fail, Some(ScanOutcome::Partial)));
    assert_eq!(scan.gaps.first().unwrap().path, "lib/app.jar");
    let (_, pipeline) = with_artifact("scan: { gaps: { allow: [ { paths: ['lib/**'] } ] } }", &entries);
    assert!(matches!(pipeline.run(1).await, Answer::Success { .. }), "{:?}", pipeline.answer(0));
}

#[tokio::test]
async fn an_artifact_that_is_no_zip_is_scanned_as_it_is() {
    let memory = world("scan: {}");
    memory.store.set("artifacts/Build", leak(1).into_bytes());
    let pipeline = Pipeline::with(&memory, PARAMETERS).inputs(&["Build"]);
    assert!(failure(pipeline.run(1).await).1.contains("in Build, line 1"));
    let memory = world("scan: {}");
    let mut gzip = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::default());
    gzip.write_all(leak(1).as_bytes()).unwrap();
    memory.store.set("artifacts/Build", gzip.finish().unwrap());
    let pipeline = Pipeline::with(&memory, PARAMETERS).inputs(&["Build"]);
    assert!(failure(pipeline.run(1).await).1.starts_with("Stripe live secret key in Build"));
    let memory = world("scan: {}");
    memory.store.set("artifacts/Build", "hello\n".repeat(100_000));
    assert!(matches!(Pipeline::with(&memory, PARAMETERS).inputs(&["Build"]).run(1).await, Answer::Success { .. }));
}

#[tokio::test]
async fn an_artifact_with_nothing_in_it_fails() {
    let memory = world("scan: {}");
    memory.store.set("artifacts/Build", "");
    let (_, message) = failure(Pipeline::with(&memory, PARAMETERS).inputs(&["Build"]).run(1).await);
    assert!(message.starts_with("Not scanned: the artifact is no zip archive"), "{message}");
    let (_, pipeline) = with_artifact("scan: {}", &[]);
    let (_, message) = failure(pipeline.run(1).await);
    assert!(message.starts_with("Nothing was scanned: the artifact is empty"), "{message}");
}

#[tokio::test]
async fn a_zip_that_cannot_be_opened_fails_as_a_whole() {
    let memory = world("scan: {}");
    let mut wrong = zipped(CLEAN).to_vec();
    let end = wrong.len() - 6;
    wrong[end] ^= 0xFF;
    memory.store.set("artifacts/Build", wrong);
    let (_, message) = failure(Pipeline::with(&memory, PARAMETERS).inputs(&["Build"]).run(1).await);
    assert!(message.starts_with("Not scanned: the artifact has "), "{message}");
}

#[tokio::test]
async fn all_input_artifacts_are_scanned_and_paths_say_in_which_one() {
    let memory = world("scan: { skip: ['Web!/docs/**'] }");
    memory.store.set("artifacts/Web", zipped(&[("docs/a.txt", leak(1).as_bytes()), CLEAN[0]]));
    memory.store.set("artifacts/Api", zipped(&[("docs/a.txt", leak(2).as_bytes())]));
    memory.store.set("artifacts/Notes", leak(3).into_bytes());
    let inputs = ["Web", "Api", "Notes"];
    let pipeline = Pipeline::with(&memory, PARAMETERS).inputs(&inputs);
    failure(pipeline.run(1).await);
    let scan = scans(&memory).remove(0);
    let mut paths: Vec<_> = scan.top.iter().map(|finding| finding.path.as_str()).collect();
    paths.sort_unstable();
    assert_eq!(paths, ["Api!/docs/a.txt", "Notes!/<content>"]);
    assert_eq!((scan.coverage.unwrap().skipped_entries, scan.artifacts.len()), (1, 3));
    let memory = world("scan: {}");
    memory.store.set("artifacts/Web", zipped(CLEAN));
    memory.store.set("artifacts/Api", "");
    let (_, message) = failure(Pipeline::with(&memory, PARAMETERS).inputs(&["Web", "Api"]).run(1).await);
    assert!(message.starts_with("Not scanned: Api is no zip archive"), "{message}");
}

#[tokio::test]
async fn a_directory_that_is_longer_than_the_tail_is_fetched() {
    let mut entries: Vec<(String, Vec<u8>)> = (0..2_500).map(|n| (format!("{n:0100}.txt"), Vec::new())).collect();
    entries.push((String::from("key.txt"), leak(1).into_bytes()));
    let (memory, pipeline) = with_artifact("scan: {}", &borrowed(&entries));
    let (_, message) = failure(pipeline.run(1).await);
    assert!(message.contains("in key.txt, line 1"), "{message}");
    assert_eq!(scans(&memory).remove(0).coverage.unwrap().entries, 2_501);
}

#[tokio::test]
async fn the_report_is_the_output_artifact_and_goes_where_the_policy_says() {
    let policy = "scan: { reports: { to: 's3://scans/reports/', formats: [sarif, markdown] } }";
    let (memory, pipeline) = with_artifact(policy, &[("a.ini", leak(1).as_bytes())]);
    let pipeline = pipeline.output("Report").key("arn:aws:kms:us-east-1:111122223333:key/k");
    let (_, message) = failure(pipeline.run(1).await);
    let folder = format!("s3://{BUCKET}/reports/orders/11111111-2222-4333-8444-555555555555");
    assert!(message.ends_with(&format!(" Report: {folder}/SecurityScan-00000000.md")), "{message}");
    let puts = memory.store.puts();
    let places: Vec<_> = puts.iter().map(|put| (put.address.clone(), put.content_type.clone())).collect();
    assert_eq!(
        places,
        [
            (format!("{folder}/SecurityScan-00000000.sarif"), Some(String::from("application/sarif+json"))),
            (format!("{folder}/SecurityScan-00000000.md"), Some(String::from("text/markdown; charset=utf-8"))),
            (String::from("s3://artifacts/Report"), None),
        ]
    );
    assert_eq!(puts[2].key.as_deref(), Some("arn:aws:kms:us-east-1:111122223333:key/k"));
    let mut zip = zip::ZipArchive::new(std::io::Cursor::new(puts[2].bytes.clone())).unwrap();
    assert_eq!(
        (0..zip.len()).map(|at| zip.by_index(at).unwrap().name().unwrap().into_owned()).collect::<Vec<_>>(),
        ["scan.sarif", "scan.md"]
    );
    let sarif = std::io::read_to_string(zip.by_name("scan.sarif").unwrap()).unwrap();
    assert_eq!(sarif.as_bytes(), &*puts[0].bytes);
    assert!(sarif.contains("stripe-live-secret-key") && !sarif.contains(&secret(1)));
    let scan = scans(&memory).remove(0);
    assert_eq!(scan.report_url, Some(format!("{folder}/SecurityScan-00000000.md")));
    let reason = memory.bus.published().remove(0).reason.unwrap();
    assert!(
        !reason.contains("Report: ") && message.starts_with(&reason),
        "Slack shows the address by itself: {reason}"
    );
}

#[tokio::test]
async fn a_stage_that_is_retried_leaves_the_report_of_the_first_try_where_it_is() {
    let policy = "scan: { reports: { to: 's3://scans/reports', formats: [json] } }";
    let (memory, pipeline) = with_artifact(policy, &[("a.ini", leak(1).as_bytes())]);
    for job in [0, 1] {
        pipeline.visit(job, None).await;
    }
    let [first, second] = &*memory.store.puts() else { panic!("two reports") };
    assert_ne!(first.address, second.address);
}

#[tokio::test]
async fn a_report_that_is_not_taken_in_time_hides_no_finding() {
    use crate::memory::Fault;

    let (memory, pipeline) = with_artifact("scan: {}", &[("a.ini", leak(1).as_bytes())]);
    memory.store.break_object("artifacts/Report", Fault::Hangs);
    let (kind, message) = failure(pipeline.output("Report").within(Duration::from_secs(3)).run(1).await);
    assert_eq!(kind, FailureKind::JobFailed);
    assert!(message.starts_with("Stripe live secret key in a.ini"), "{message}");
    assert!(message.contains("was used up before the scan could be reported."), "{message}");
    assert!(!message.contains("nothing was decided"), "{message}");
    assert_eq!(scans(&memory).remove(0).verdict, Verdict::Fail);
}

#[tokio::test]
async fn an_artifact_with_nothing_in_it_is_no_pass_beside_a_good_one_either() {
    let skipped = ("scan: { skip: ['Source!/**/*.txt'] }", zipped(&[("a.txt", b"hello")]));
    let folders = ("scan: {}", zipped(&[("empty.txt", b"")]));
    for (policy, other) in [skipped, folders, ("scan: {}", zipped(&[]))] {
        let memory = world(policy);
        memory.store.set("artifacts/Build", zipped(CLEAN));
        memory.store.set("artifacts/Source", other);
        let pipeline = Pipeline::with(&memory, PARAMETERS).inputs(&["Build", "Source"]);
        let (kind, message) = failure(pipeline.run(1).await);
        assert_eq!(kind, FailureKind::JobFailed);
        assert!(message.contains("Source holds nothing that was scanned"), "{message}");
    }
}

#[tokio::test]
async fn without_an_output_artifact_or_a_folder_nothing_is_written() {
    let (memory, pipeline) = with_artifact("scan: {}", CLEAN);
    pipeline.run(1).await;
    assert_eq!(memory.store.puts(), []);
    assert_eq!(scans(&memory).remove(0).report_url, None);
}

#[tokio::test]
async fn a_report_that_cannot_be_written_is_no_pass_and_hides_no_finding() {
    use crate::memory::Fault;
    use crate::ports::TroubleKind;

    let (memory, pipeline) = with_artifact("scan: {}", CLEAN);
    memory.store.break_object("artifacts/Report", Fault::Trouble(TroubleKind::Denied));
    let (kind, message) = failure(pipeline.output("Report").run(1).await);
    assert_eq!(kind, FailureKind::PermissionError);
    assert!(message.starts_with("The scan's report cannot be written to the output artifact s3://artifacts/Report"));
    assert_eq!(scans(&memory).remove(0).verdict, Verdict::Error);
    let (memory, pipeline) = with_artifact("scan: {}", &[("a.ini", leak(1).as_bytes())]);
    memory.store.break_object("artifacts/Report", Fault::Trouble(TroubleKind::Denied));
    let (kind, message) = failure(pipeline.output("Report").run(1).await);
    assert_eq!(kind, FailureKind::JobFailed);
    assert!(message.starts_with("Stripe live secret key in a.ini") && message.contains("cannot be written"));
    assert_eq!(scans(&memory).remove(0).verdict, Verdict::Fail);
}
