//! Lambda with a function and the watchdog behind it: asynchronous invocations, and a record of each that failed.

use std::path::PathBuf;
use std::time::Duration;

use lambda_kit::doubles::Moment;
use nix::sys::signal::Signal;
use serde_json::{Value, json};
use tempfile::TempDir;

use super::cloud::{Call, Cloud};
use super::process::{End, Process, REQUEST};

/// How and when a function dies.
#[derive(Debug, Clone, Copy)]
pub(super) struct Death {
    /// On which visit of the release.
    pub(super) visit: usize,
    /// Whether its process starts with the invocation.
    pub(super) cold: bool,
    pub(super) when: When,
    /// `SIGKILL`: it is killed; `SIGSTOP`: it hangs until Lambda's time limit.
    pub(super) signal: Signal,
}

#[derive(Debug, Clone, Copy)]
pub(super) enum When {
    /// At this call to AWS, before or after it takes effect.
    AtCall(Call, Moment),
    /// After this time.
    After(Duration),
}

/// What became of one invocation.
#[derive(Debug, PartialEq)]
pub(super) enum Became {
    Done,
    /// The watchdog was called, and said this.
    Rescued(String),
    /// There is no watchdog behind a queue; the message comes again.
    Lost,
}

pub(super) struct Lambda {
    pub(super) cloud: Cloud,
    program: &'static str,
    name: &'static str,
    idle: Option<Process>,
    watchdog: Process,
    logs: TempDir,
}

impl Lambda {
    /// With the program as the function `name`.
    pub(super) async fn start(cloud: &Cloud, program: &'static str, name: &'static str) -> Self {
        let logs = TempDir::new().unwrap();
        let watchdog = Process::start("watchdog", "pipewarden-watchdog", cloud, &logs.path().join("log")).await;
        watchdog.ready().await;
        Self { cloud: cloud.clone(), program, name, idle: None, watchdog, logs }
    }

    /// A call nobody waits for: what fails is handed to the watchdog.
    pub(super) async fn invoke(&mut self, event: &Value, death: Option<&Death>) -> Became {
        let cause = match self.run(event, death).await {
            End::Replied(_) => return Became::Done,
            End::Failed(said) => said,
            End::Died => said_of(death.expect("nobody dies by himself")),
        };
        let record = record(self.name, event, &cause).to_string();
        match self.watchdog.invoke(&record, None).await {
            End::Replied(said) => Became::Rescued(said.as_str().unwrap_or_default().to_owned()),
            end => panic!("the watchdog: {end:?}"),
        }
    }

    /// A batch of a queue: Lambda itself waits for the reply.
    pub(super) async fn deliver(&mut self, body: &str, death: Option<&Death>) -> Became {
        let record = json!({ "messageId": "m-1", "receiptHandle": "h-1", "body": body, "eventSource": "aws:sqs",
                             "attributes": { "ApproximateReceiveCount": "1" } });
        match self.run(&json!({ "Records": [record] }), death).await {
            End::Replied(said) if said["batchItemFailures"] == json!([]) => Became::Done,
            _ => Became::Lost,
        }
    }

    /// All that the functions printed.
    pub(super) fn printed(&self) -> String {
        std::fs::read_to_string(self.log()).unwrap()
    }

    fn log(&self) -> PathBuf {
        self.logs.path().join("log")
    }

    async fn run(&mut self, event: &Value, death: Option<&Death>) -> End {
        let mut process = self.process(death.is_some_and(|death| death.cold)).await;
        let blow = death.map(|death| process.blow(death.signal));
        let mut falling = None;
        if let (Some(Death { when, .. }), Some(blow)) = (death, &blow) {
            match *when {
                When::AtCall(call, moment) => self.cloud.strike_at(call, moment, blow.clone()),
                When::After(time) => {
                    let blow = blow.clone();
                    falling = Some(tokio::spawn(async move {
                        tokio::time::sleep(time).await;
                        blow.fall();
                    }));
                }
            }
        }
        let end = process.invoke(&event.to_string(), blow.as_ref()).await;
        self.cloud.spare();
        falling.inspect(|falling| falling.abort());
        // One that was to die may do so at any moment.
        self.idle = death.is_none().then_some(process);
        end
    }

    async fn process(&mut self, cold: bool) -> Process {
        match self.idle.take() {
            Some(process) if !cold => process,
            _ => {
                let process = Process::start(self.program, self.name, &self.cloud, &self.log()).await;
                if !cold {
                    process.ready().await;
                }
                process
            }
        }
    }
}

/// Lambda's words for it.
fn said_of(death: &Death) -> Value {
    let (kind, words) = match death.signal {
        Signal::SIGSTOP => ("Sandbox.Timedout", "Task timed out after 60.00 seconds"),
        _ => ("Runtime.ExitError", "Runtime exited with error: signal: killed"),
    };
    json!({ "errorType": kind, "errorMessage": format!("RequestId: {REQUEST} Error: {words}") })
}

/// What the destination for failures is called with: the event is in it, whole.
fn record(function: &str, event: &Value, cause: &Value) -> Value {
    json!({
        "version": "1.0",
        "timestamp": "2026-03-02T10:01:00.512Z",
        "requestContext": {
            "requestId": REQUEST,
            "functionArn": format!("arn:aws:lambda:us-east-1:111122223333:function:{function}:$LATEST"),
            "condition": "RetriesExhausted",
            "approximateInvokeCount": 1,
        },
        "requestPayload": event,
        "responseContext": { "statusCode": 200, "executedVersion": "$LATEST", "functionError": "Unhandled" },
        "responsePayload": cause,
    })
}
