//! Neither a secret that was found nor a job's credentials reach a log, a report, an event, a token or the table.

use lambda_kit::doubles::Logged;

use super::*;
use crate::memory::{Fault, secret};
use crate::ports::TroubleKind;

/// Everything that left the function.
fn said(memory: &Memory, logged: &Logged) -> Vec<(&'static str, Vec<u8>)> {
    let events = memory.bus.published().iter().map(|decision| decision.to_json().to_string()).collect::<String>();
    let answers = format!("{:?}", memory.jobs.answers());
    let mut all =
        vec![("log", logged.text().into_bytes()), ("events", events.into_bytes()), ("answers", answers.into())];
    for put in memory.store.puts() {
        match zip::ZipArchive::new(std::io::Cursor::new(put.bytes.clone())) {
            Err(_) => all.push(("report", put.bytes.to_vec())),
            Ok(mut zip) => {
                for at in 0..zip.len() {
                    let mut content = Vec::new();
                    std::io::copy(&mut zip.by_index(at).unwrap(), &mut content).unwrap();
                    all.push(("output", content));
                }
            }
        }
    }
    for kept in memory.shelf.all().into_values() {
        let mut content = Vec::new();
        std::io::copy(&mut flate2::read::ZlibDecoder::new(&*kept), &mut content).unwrap();
        all.push(("table", content));
    }
    all
}

fn assert_discreet(memory: &Memory, logged: &Logged) -> usize {
    let session = ["key-id-of-the-session", "secret-of-the-session", "token-of-the-session"].map(str::to_owned);
    // The front of one may be shown; what follows is what it is.
    let cores = (0..60).map(|number| secret(number)[9..].to_owned());
    let secrets: Vec<String> = cores.chain(session).chain([String::from("our-own-key")]).collect();
    let said = said(memory, logged);
    for (place, bytes) in &said {
        let text = String::from_utf8_lossy(bytes);
        for secret in &secrets {
            assert!(!text.contains(secret), "{place} has {secret}");
        }
    }
    said.len()
}

#[tokio::test]
async fn secrets_and_credentials_are_in_nothing_that_leaves_the_function() {
    let logged = Logged::start();
    let mut memory = world("scan: { reports: { to: 's3://scans/reports' } }");
    memory.settings.set("scan/fingerprint-key", "our-own-key");
    memory.room.downloads = 1;
    let mut entries = large(30);
    let inner = zipped(&[(&*format!("{}.txt", "a"), leak(50).as_bytes())]);
    entries.push((String::from("inner.zip"), inner.to_vec()));
    memory.store.set("artifacts/Build", zipped(&borrowed(&entries)));
    memory.store.take(SLOW);
    let (_, message) = failure(Pipeline::with(&memory, PARAMETERS).inputs(&["Build"]).output("Report").run(99).await);
    assert!(message.contains("Stripe live secret key"), "{message}");
    assert!(!memory.shelf.all().is_empty() && memory.jobs.answers().len() > 2, "it went on");
    assert!(assert_discreet(&memory, &logged) > 8);
}

#[tokio::test]
async fn nor_do_they_where_something_goes_wrong() {
    for fault in [Fault::Trouble(TroubleKind::Denied), Fault::Changes(2), Fault::BreaksOff, Fault::GoesOn] {
        let logged = Logged::start();
        let memory = world("scan: {}");
        memory.store.set("artifacts/Build", zipped(&borrowed(&large(20))));
        memory.store.break_object("artifacts/Build", fault);
        failure(Pipeline::with(&memory, PARAMETERS).inputs(&["Build"]).run(1).await);
        assert_discreet(&memory, &logged);
    }
}
