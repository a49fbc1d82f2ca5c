//! What a scan costs, by the size of what is scanned.

use super::{COMPUTE, Count, INVOCATION, Price, WRITE, grouped};

const GET: Price = Price { what: "S3", dollars: 0.0004, per: 1e3, of: "GET requests", source: "not confirmed" };
const PUT: Price = Price { what: "S3", dollars: 0.005, per: 1e3, of: "PUT requests", source: "not confirmed" };
pub(super) const PRICES: [&Price; 2] = [&GET, &PUT];

const MEMORY: Count =
    Count { what: "MB of memory of the scanner", amount: 1_769.0, why: "the default of ScannerMemory: one vCPU" };
const UNPACKED: Count =
    Count { what: "MB unpacked of a MB of an artifact", amount: 3.0, why: "assumed, for a zip that is mostly text" };
const SPEED: Count = Count {
    what: "MB unpacked and scanned in a second",
    amount: 100.0,
    why: "assumed, of one vCPU; less than half of what we measure here, and not measured on AWS",
};
const BESIDES: Count = Count {
    what: "seconds of a scan besides",
    amount: 1.0,
    why: "start, settings, first bytes, reports, answer; not measured on AWS",
};
const BATCH: Count = Count {
    what: "MB of an artifact in a request",
    amount: 8.0,
    why: "and one request more for the directory of the zip, one for a directory too long for the first",
};
const HANDED_OVER: Count = Count {
    what: "S3 writes of a scan",
    amount: 1.0,
    why: "the report artifact; three more where reports go to a bucket",
};
const VISIT: Count = Count {
    what: "seconds of a visit after which the next one goes on",
    amount: 780.0,
    why: "two minutes before Lambda's longest time limit",
};
const PUT_BY: Count = Count {
    what: "write units of a scan that goes on, for each visit",
    amount: 380.0,
    why: "at most for each part of what was found so far; nothing is written by a scan of one visit",
};
pub(super) const COUNTS: [&Count; 8] = [&MEMORY, &UNPACKED, &SPEED, &BESIDES, &BATCH, &HANDED_OVER, &VISIT, &PUT_BY];

/// MB; CodePipeline takes artifacts of 5 GB at most from most of its sources.
const SIZES: [f64; 6] = [1.0, 10.0, 50.0, 200.0, 1_000.0, 5_000.0];

struct Scan {
    seconds: f64,
    gigabyte_seconds: f64,
    reads: f64,
    dollars: f64,
}

fn scan(megabytes: f64) -> Scan {
    let seconds = BESIDES.amount + megabytes * UNPACKED.amount / SPEED.amount;
    let gigabyte_seconds = seconds * MEMORY.amount / 1_024.0;
    let visits = (seconds / VISIT.amount).ceil();
    let reads = 2.0 + (megabytes / BATCH.amount).ceil();
    let table = WRITE.times((visits - 1.0) * PUT_BY.amount);
    let s3 = GET.times(reads) + PUT.times(HANDED_OVER.amount);
    let dollars = INVOCATION.times(visits) + COMPUTE.times(gigabyte_seconds) + s3 + table;
    Scan { seconds, gigabyte_seconds, reads, dollars }
}

/// What a thousand scans cost, by the size of the artifact.
pub(super) fn table() -> String {
    let line = |megabytes: &f64| {
        let Scan { seconds, gigabyte_seconds, reads, dollars } = scan(*megabytes);
        format!(
            "| {} | {seconds:.1} | {gigabyte_seconds:.1} | {} | {:.2} |\n",
            grouped(*megabytes, 0),
            grouped(reads, 0),
            dollars * 1e3
        )
    };
    let head = "| MB of artifact | seconds | GB-seconds | S3 reads | $ for 1,000 scans |\n|--:|--:|--:|--:|--:|\n";
    head.to_owned() + &SIZES.iter().map(line).collect::<String>()
}

#[test]
fn the_memory_counted_is_the_templates_default() {
    let template = local::template::document(&crate::root().join("template.yaml")).unwrap();
    assert_eq!(template["Parameters"]["ScannerMemory"]["Default"].as_f64(), Some(MEMORY.amount));
}

#[test]
fn a_scan_of_what_codepipeline_takes_at_most_is_one_visit() {
    assert!(SIZES.iter().all(|megabytes| scan(*megabytes).seconds < VISIT.amount));
}
