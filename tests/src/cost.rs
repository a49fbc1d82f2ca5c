//! What Pipewarden costs: the tables of docs/cost.md are computed here, and the page must say the same.

mod scans;

use delivery_metrics::Measure;
use serde_json::Value;

use crate::{read, root};

/// A price in dollars, and where it was read.
struct Price {
    what: &'static str,
    dollars: f64,
    per: f64,
    of: &'static str,
    source: &'static str,
}

const SQS: Price = Price {
    what: "SQS",
    dollars: 0.50,
    per: 1e6,
    of: "requests",
    source: "not confirmed; the price of FIFO queues, and the standard ones used here cost less",
};
const INVOCATION: Price = Price {
    what: "Lambda",
    dollars: 0.20,
    per: 1e6,
    of: "invocations",
    source: "AWS Lambda's price page, September 2026",
};
const COMPUTE: Price = Price {
    what: "Lambda, arm64",
    dollars: 0.000_013_333_4,
    per: 1.0,
    of: "GB-second",
    source: "not confirmed; x86_64 is $0.0000166667 by a third-party calculator",
};
const WRITE: Price =
    Price { what: "DynamoDB on demand", dollars: 0.625, per: 1e6, of: "write units of 1 KB", source: "not confirmed" };
const READ: Price =
    Price { what: "DynamoDB on demand", dollars: 0.125, per: 1e6, of: "read units of 4 KB", source: "not confirmed" };
const CALL: Price =
    Price { what: "CloudWatch", dollars: 0.01, per: 1e3, of: "PutMetricData calls", source: "CloudWatch's price page" };
const ALARM: Price =
    Price { what: "CloudWatch", dollars: 0.10, per: 1.0, of: "alarm", source: "issue 37 of nishinoshake/aws-rough" };
const ASKED_METRIC: Price =
    Price { what: "CloudWatch", dollars: 0.01, per: 1e3, of: "metrics in GetMetricData", source: "not confirmed" };
const DASHBOARD: Price =
    Price { what: "CloudWatch", dollars: 3.0, per: 1.0, of: "dashboard", source: "issue 37 of nishinoshake/aws-rough" };
const LOGS: Price = Price {
    what: "CloudWatch Logs",
    dollars: 0.50,
    per: 1.0,
    of: "GB written",
    source: "a third-party guide of June 2026",
};
const PRICES: [&Price; 10] =
    [&SQS, &INVOCATION, &COMPUTE, &WRITE, &READ, &CALL, &ASKED_METRIC, &ALARM, &DASHBOARD, &LOGS];

/// Custom metrics: so many series at so many dollars each, then the next step.
const SERIES_STEPS: [(f64, f64); 4] = [(10_000.0, 0.30), (240_000.0, 0.10), (750_000.0, 0.05), (f64::INFINITY, 0.02)];
const SERIES_SOURCE: &str = "issue 37 of nishinoshake/aws-rough, copied there from CloudWatch's price page";

/// Something that happens so often, and why it is taken to be so much.
struct Count {
    what: &'static str,
    amount: f64,
    why: &'static str,
}

const EXECUTIONS: Count =
    Count { what: "executions of a pipeline in a month", amount: 100.0, why: "assumed, with 4 stages and 8 actions" };
const HOURS: Count = Count { what: "hours of a month", amount: 730.0, why: "a twelfth of a year" };
const TOLD: Count = Count {
    what: "events of an execution for the notifier",
    amount: 26.0,
    why: "start and end of the execution, each stage and each action",
};
const RECORDED: Count = Count {
    what: "events of an execution for the recorder",
    amount: 5.0,
    why: "end of the execution and ends of its stages",
};
const REQUESTS: Count = Count {
    what: "SQS requests for an event",
    amount: 3.0,
    why: "sent, received, deleted; in batches the last two are fewer",
};
const IDLE: Count = Count {
    what: "SQS requests of an idle queue in a month",
    amount: 657_000.0,
    why: "five long polls of 20 s by Lambda, not confirmed",
};
const NOTIFIER_RUNS: Count =
    Count { what: "notifier invocations for an execution", amount: 13.0, why: "two events at a time" };
const NOTIFIER_SECONDS: Count =
    Count { what: "seconds of one", amount: 0.3, why: "mostly waiting for Slack; not measured on AWS" };
const RECORDER_RUNS: Count =
    Count { what: "recorder invocations for an execution", amount: 4.0, why: "20 minutes in batches of 5 minutes" };
const RECORDER_SECONDS: Count = Count { what: "seconds of one", amount: 0.1, why: "not measured on AWS" };
const NOTIFIER_WRITES: Count = Count {
    what: "write units of the notifier for an event",
    amount: 4.0,
    why: "half a batch's two writes of an item of 4 KB",
};
const RECORDER_WRITES: Count = Count {
    what: "write units of the recorder for an execution",
    amount: 12.0,
    why: "a claim and its end, each of an item of 6 KB",
};
const PUTS: Count =
    Count { what: "PutMetricData calls for an execution", amount: 1.0, why: "when it ends; fewer when ends coincide" };
const SWEEPS: Count = Count {
    what: "looks for lost events in a month",
    amount: 730.0,
    why: "one every hour, for 110 s at most, 10 pipelines a second",
};
const LOGGED: Count = Count {
    what: "KB of logs for an execution",
    amount: 20.0,
    why: "1 KB for an invocation, 3 KB at most for the actions",
};
const HEALTHY: Count = Count {
    what: "series of a healthy pipeline",
    amount: 10.0,
    why: "6, and one for each stage unless StageDurations is false",
};
const ANY: Count = Count {
    what: "series of a pipeline that also fails",
    amount: 13.0,
    why: "failures, time to restore and rollbacks; gates and scans add up to 6",
};
const CONSTANT: Count = Count {
    what: "series of the installation",
    amount: 35.0,
    why: "8 over all pipelines, 3 of thresholds, 24 of the functions' own",
};
const VISITS: Count = Count {
    what: "visits of a waiting gate in an hour",
    amount: 120.0,
    why: "one in 30 s, assumed: CodePipeline does not say how soon it asks again",
};
const VISIT_SECONDS: Count =
    Count { what: "seconds of a visit", amount: 0.3, why: "mostly waiting for what is asked; not measured on AWS" };
const VISIT_WRITES: Count = Count {
    what: "write units of a visit",
    amount: 4.0,
    why: "the job's claim and its answer, what the checks remember, all below 1 KB",
};
const COUNTS: [&Count; 21] = [
    &EXECUTIONS,
    &HOURS,
    &TOLD,
    &RECORDED,
    &REQUESTS,
    &IDLE,
    &NOTIFIER_RUNS,
    &NOTIFIER_SECONDS,
    &RECORDER_RUNS,
    &RECORDER_SECONDS,
    &NOTIFIER_WRITES,
    &RECORDER_WRITES,
    &PUTS,
    &SWEEPS,
    &LOGGED,
    &HEALTHY,
    &ANY,
    &CONSTANT,
    &VISITS,
    &VISIT_SECONDS,
    &VISIT_WRITES,
];

const MEMORY_GB: f64 = 0.25;
const STAGES: f64 = 4.0;
const SWEEP_SECONDS: f64 = 110.0;
const SWEPT_A_SECOND: f64 = 10.0;

/// pipeline-dashboard's series for 4 stages and 8 actions, 8 + 2S + 2A, and its calls for one execution.
const OTHER_SERIES: f64 = 32.0;
const OTHER_PUTS: f64 = 13.0;

const _: () = assert!(HEALTHY.amount <= OTHER_SERIES / 3.0, "a healthy pipeline has at most a third of them");

/// From least, if CloudWatch bills only the hours a series has data in, to most.
type Range = (f64, f64);

impl Price {
    fn times(&self, amount: f64) -> f64 {
        self.dollars * amount / self.per
    }
}

fn series(mut count: f64) -> f64 {
    let mut dollars = 0.0;
    for (step, price) in SERIES_STEPS {
        dollars += count.min(step) * price;
        count = (count - step).max(0.0);
    }
    dollars
}

/// `healthy` and `any` series of each of so many pipelines, and the installation's own.
fn metrics(pipelines: f64, healthy: f64, any: f64) -> Range {
    let hours = |executions: f64| (executions / HOURS.amount).min(1.0);
    let least = pipelines * healthy * hours(EXECUTIONS.amount) + 8.0 * hours(pipelines * EXECUTIONS.amount) + 2.0;
    (series(least), series(pipelines * any + CONSTANT.amount))
}

fn other(pipelines: f64) -> Range {
    let calls = CALL.times(pipelines * EXECUTIONS.amount * OTHER_PUTS);
    let hours = (EXECUTIONS.amount / HOURS.amount).min(1.0);
    (series(pipelines * OTHER_SERIES * hours) + calls, series(pipelines * OTHER_SERIES) + calls)
}

/// What is paid in a month, item by item.
fn items(pipelines: f64, fixed: &Fixed) -> Vec<(&'static str, Range)> {
    let executions = pipelines * EXECUTIONS.amount;
    let swept = (SWEEP_SECONDS * SWEPT_A_SECOND).min(pipelines);
    let requests = executions * (TOLD.amount + RECORDED.amount) * REQUESTS.amount + fixed.queues * IDLE.amount;
    let runs = executions * (NOTIFIER_RUNS.amount + RECORDER_RUNS.amount) + SWEEPS.amount;
    let of_execution = NOTIFIER_RUNS.amount * NOTIFIER_SECONDS.amount + RECORDER_RUNS.amount * RECORDER_SECONDS.amount;
    let seconds = executions * of_execution + SWEEPS.amount * swept / SWEPT_A_SECOND;
    let writes = executions * (TOLD.amount * NOTIFIER_WRITES.amount + RECORDER_WRITES.amount);
    // An item of 6 KB is two read units; the notifier reads one of 4 KB for each batch.
    let reads = executions * NOTIFIER_RUNS.amount + SWEEPS.amount * swept * 2.0;
    let exact = |dollars: f64| (dollars, dollars);
    vec![
        ("EventBridge: events of AWS services and rules", exact(0.0)),
        ("SQS", exact(SQS.times(requests))),
        ("Lambda", exact(INVOCATION.times(runs) + COMPUTE.times(seconds * MEMORY_GB))),
        ("DynamoDB", exact(WRITE.times(writes) + READ.times(reads))),
        ("PutMetricData", exact(CALL.times(executions * PUTS.amount + SWEEPS.amount))),
        ("Custom metrics", metrics(pipelines, HEALTHY.amount, ANY.amount)),
        ("Alarms", exact(ALARM.times(fixed.alarms))),
        ("Dashboard", exact(DASHBOARD.times(1.0))),
        ("Logs", exact(LOGS.times(executions * LOGGED.amount / 1e6))),
    ]
}

fn added(items: &[(&str, Range)]) -> Range {
    items.iter().fold((0.0, 0.0), |(least, most), (_, range)| (least + range.0, most + range.1))
}

const SCALES: [f64; 4] = [1.0, 100.0, 1_000.0, 10_000.0];

fn totals(fixed: &Fixed) -> String {
    let columns: Vec<Vec<(&str, Range)>> = SCALES.iter().map(|pipelines| items(*pipelines, fixed)).collect();
    let mut rows: Vec<(String, Vec<Range>)> = (0..columns[0].len())
        .map(|row| (columns[0][row].0.to_owned(), columns.iter().map(|column| column[row].1).collect()))
        .collect();
    let sums: Vec<Range> = columns.iter().map(|column| added(column)).collect();
    let each = sums.iter().zip(SCALES).map(|((least, most), pipelines)| (least / pipelines, most / pipelines));
    let each: Vec<Range> = each.collect();
    rows.push(("**All**".to_owned(), sums));
    rows.push(("All, for each pipeline".to_owned(), each));
    let lean = |pipelines: &f64| metrics(*pipelines, HEALTHY.amount - STAGES, ANY.amount - STAGES);
    rows.push(("Custom metrics if StageDurations is false".to_owned(), SCALES.iter().map(lean).collect()));
    let others = SCALES.iter().map(|pipelines| other(*pipelines)).collect();
    rows.push(("Series and calls of pipeline-dashboard's layout".to_owned(), others));
    let lines = rows.iter().map(|(name, ranges)| {
        let cells: Vec<String> = ranges.iter().map(|range| shown(*range)).collect();
        format!("| {name} | {} |\n", cells.join(" | "))
    });
    let head = "| $ in a month | 1 pipeline | 100 | 1,000 | 10,000 |\n|---|--:|--:|--:|--:|\n";
    head.to_owned() + &lines.collect::<String>()
}

fn prices() -> String {
    let line = |price: &&Price| {
        let amount = if price.per > 1.0 { format!("{} ", grouped(price.per, 0)) } else { String::new() };
        let cents = price.dollars >= 0.01 && (price.dollars * 1_000.0).round() % 10.0 == 0.0;
        let dollars = if cents { format!("{:.2}", price.dollars) } else { price.dollars.to_string() };
        format!("| {} | ${dollars} per {amount}{} | {} |\n", price.what, price.of, price.source)
    };
    let steps = "$0.30 for each of the first 10,000 series, $0.10 for the next 240,000, $0.05 for the next 750,000, \
                 $0.02 beyond";
    let head = "| service | price | read where |\n|---|---|---|\n";
    let lines: String = PRICES.iter().chain(&scans::PRICES).map(line).collect();
    format!("{head}{lines}| CloudWatch | {steps} | {SERIES_SOURCE} |\n")
}

fn counts() -> String {
    let line = |count: &&Count| {
        let decimals = usize::from(count.amount.fract() > 0.0);
        format!("| {} | {} | {} |\n", count.what, grouped(count.amount, decimals), count.why)
    };
    "| counted | amount | because |\n|---|--:|---|\n".to_owned()
        + &COUNTS.iter().chain(&scans::COUNTS).map(line).collect::<String>()
}

fn shown((least, most): Range) -> String {
    let (least, most) = (dollars(least), dollars(most));
    if least == most { most } else { format!("{least} – {most}") }
}

fn dollars(amount: f64) -> String {
    grouped(amount, if amount < 100.0 { 2 } else { 0 })
}

fn grouped(amount: f64, decimals: usize) -> String {
    let text = format!("{amount:.decimals$}");
    let (whole, fraction) = text
        .split_once('.')
        .map_or((text.as_str(), String::new()), |(whole, fraction)| (whole, format!(".{fraction}")));
    let digits: Vec<char> = whole.chars().collect();
    let groups: Vec<String> = digits.rchunks(3).rev().map(|group| group.iter().collect()).collect();
    groups.join(",") + &fraction
}

/// What a gate costs for each hour a release waits there, by how many metrics it asks for.
fn waiting() -> String {
    let visit = INVOCATION.times(1.0) + COMPUTE.times(VISIT_SECONDS.amount * MEMORY_GB);
    let table = WRITE.times(VISIT_WRITES.amount) + READ.times(1.0);
    let line = |metrics: f64| {
        let hour = VISITS.amount * (visit + table + ASKED_METRIC.times(metrics));
        format!("| {metrics} | {hour:.4} |\n")
    };
    let lines: String = [0.0, 1.0, 5.0, 20.0].map(line).concat();
    format!("| metrics | $ in an hour |\n|--:|--:|\n{lines}")
}

/// What a stack with default parameters has, however many pipelines there are.
struct Fixed {
    alarms: f64,
    /// Those that Lambda polls.
    queues: f64,
}

fn fixed() -> Fixed {
    let template = local::template::document(&root().join("template.yaml")).unwrap();
    let off = |resource: &Value| {
        let condition = &template["Conditions"][resource["Condition"].as_str().unwrap_or_default()];
        let parameter = condition["Fn::Not"][0]["Fn::Equals"][0]["Ref"].as_str().unwrap_or_default();
        template["Parameters"][parameter]["Default"] == 0
    };
    let resources = || template["Resources"].as_object().unwrap().values();
    let alarms = resources().filter(|it| it["Type"] == "AWS::CloudWatch::Alarm" && !off(it)).count();
    let events = resources().filter_map(|it| it["Properties"]["Events"].as_object()).flat_map(|events| events.values());
    let queues = events.filter(|event| event["Type"] == "SQS").count();
    let number = |count: usize| f64::from(u32::try_from(count).unwrap());
    Fixed { alarms: number(alarms), queues: number(queues) }
}

#[test]
fn the_page_on_cost_has_the_computed_tables() {
    let page = read(&root().join("docs/cost.md"));
    for table in [totals(&fixed()), prices(), counts(), waiting(), scans::table()] {
        assert!(page.contains(&table), "docs/cost.md must have this table instead of its own:\n\n{table}");
    }
}

#[test]
fn beside_the_metrics_a_pipeline_costs_less_than_eleven_cents_where_there_are_a_hundred() {
    for pipelines in SCALES.into_iter().filter(|pipelines| *pipelines >= 100.0) {
        let others: Vec<_> = items(pipelines, &fixed()).into_iter().filter(|(it, _)| *it != "Custom metrics").collect();
        assert!(added(&others).1 / pipelines < 0.11, "{pipelines}: {:?}", added(&others));
    }
}

#[test]
fn a_series_costs_less_the_more_there_are() {
    let cases = [(0.0, 0.0), (1.0, 0.30), (10_000.0, 3_000.0), (250_000.0, 27_000.0), (1_000_001.0, 64_500.02)];
    for (count, expected) in cases {
        assert!((series(count) - expected).abs() < 1e-6, "{count}: {}", series(count));
    }
}

#[test]
fn the_series_counted_are_those_of_the_measures() {
    const SEVERITIES: usize = 4;
    let with = |dimensions: usize| Measure::ALL.iter().filter(move |it| it.dimensions().len() == dimensions);
    assert_eq!(with(2).count(), 2, "durations of stages and findings of scans");
    assert_eq!(grouped(ANY.amount + 6.0 - STAGES, 0), (with(1).count() + SEVERITIES).to_string());
    assert_eq!(with(1).filter(|it| it.has_all_pipelines()).count(), 7);
    assert_eq!(with(0).count(), 4, "thresholds, and waits for approvals");
}
