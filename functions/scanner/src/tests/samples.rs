//! Every event in `events/scanner` comes twice. The snapshot says what came of it.

use std::collections::BTreeMap;
use std::path::Path;

use super::*;

fn samples() -> BTreeMap<String, String> {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../events/scanner");
    let files = std::fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().path());
    let name = |path: &Path| path.file_stem().unwrap().to_string_lossy().into_owned();
    files.map(|path| (name(&path), std::fs::read_to_string(&path).unwrap())).collect()
}

/// The artifacts that the events name: a clean one, and one with a leaked key in an archive in it.
fn stocked() -> Memory {
    let memory = Memory::at("2026-03-02T10:00:30Z".parse().unwrap());
    memory.settings.set("policies/payments/scan", "scan: { reports: { to: 's3://scans/reports' } }");
    let bucket = "artifacts-111122223333-us-east-1";
    let inner = zipped(&[("config/prod.ini", leak(1).as_bytes())]);
    memory.store.set(&format!("{bucket}/orders-release/BuildOutpu/AbCdEf1"), zipped(CLEAN));
    memory.store.set(&format!("{bucket}/orders-release/WebOutput/GhIjKl2"), zipped(&[("lib/app.jar", &inner)]));
    memory
}

#[tokio::test]
async fn every_sample_is_answered_in_the_words_of_the_snapshot_and_only_once() {
    let samples = samples();
    assert!(samples.len() > 12, "events/scanner is nearly empty");
    let mut lines = Vec::new();
    for (name, event) in samples {
        let memory = stocked();
        let pipeline = Pipeline::with(&memory, "");
        let reply = match pipeline.deliver(&event).await.expect("nobody crashes") {
            Ok(reply) => reply,
            Err(failure) => format!("no answer: {failure}"),
        };
        let told = memory.jobs.answers().into_iter().map(|(_, answer)| format!("\n  {answer:?}"));
        let put = memory.store.puts().into_iter().map(|put| format!("\n  put {} {:?}", put.address, put.key));
        lines.push(format!("{name}: {reply}{}", told.chain(put).collect::<String>()));
        let (answers, puts) = (memory.jobs.answers(), memory.store.puts());
        let _ = pipeline.deliver(&event).await;
        assert_eq!(memory.jobs.answers(), answers, "{name} had another answer the second time");
        assert!(
            memory.store.puts().iter().all(|put| puts.contains(put)),
            "{name} wrote something else the second time"
        );
    }
    insta::assert_snapshot!(lines.join("\n\n"));
}
