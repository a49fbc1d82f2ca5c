//! What a function does with its environment, seen from outside its process.
//!
//! Variables cannot be set safely inside a test's process, so this program starts itself once per case.

use std::io::{BufRead, BufReader, Read, Write};
use std::net::{TcpListener, TcpStream};
use std::process::{Command, ExitCode, Output, Stdio};

use aws_smithy_runtime_api::client::http::{HttpConnector, HttpConnectorFuture, SharedHttpConnector, http_client_fn};
use aws_smithy_runtime_api::client::orchestrator::HttpRequest;
use aws_smithy_runtime_api::client::result::ConnectorError;
use lambda_kit::environment::Variables;
use lambda_kit::start::{Handler, Invocation};
use lambda_kit::{Failure, aws, http, start};
use serde_json::{Value, json};

const ENDPOINT: &str = "endpoint";
const BROKEN_FUNCTION: &str = "broken-function";

fn main() -> ExitCode {
    match std::env::args().nth(1).as_deref() {
        Some(ENDPOINT) => print_endpoint(),
        Some(BROKEN_FUNCTION) => {
            return start::run("test", async |_| Err::<Never, _>(anyhow::anyhow!("TABLE_NAME is missing")));
        }
        _ => {
            std::thread::spawn(give_up_after_a_minute);
            endpoints_come_from_the_environment();
            a_broken_function_starts_and_fails_each_event();
            outside_lambda_the_program_ends_with_a_sentence();
        }
    }
    ExitCode::SUCCESS
}

fn endpoints_come_from_the_environment() {
    let cases: [(&[(&str, &str)], &str); 6] = [
        (&[], "https://ssm.eu-west-1.amazonaws.com/"),
        (&[("AWS_REGION", "cn-north-1")], "https://ssm.cn-north-1.amazonaws.com.cn/"),
        (&[("AWS_ENDPOINT_URL", "http://127.0.0.1:4566")], "http://127.0.0.1:4566/"),
        (
            &[("AWS_ENDPOINT_URL", "http://127.0.0.1:4566"), ("AWS_ENDPOINT_URL_SSM", "http://127.0.0.1:4567")],
            "http://127.0.0.1:4567/",
        ),
        (
            &[("AWS_ENDPOINT_URL", "http://127.0.0.1:4566"), ("AWS_IGNORE_CONFIGURED_ENDPOINT_URLS", "true")],
            "https://ssm.eu-west-1.amazonaws.com/",
        ),
        (
            &[("AWS_USE_FIPS_ENDPOINT", "True"), ("AWS_REGION", "us-east-1")],
            "https://ssm-fips.us-east-1.amazonaws.com/",
        ),
    ];
    for (variables, expected) in cases {
        let output = this(ENDPOINT).env("AWS_REGION", "eu-west-1").envs(variables.iter().copied()).output();
        assert_eq!(text(&output.expect("an output")), expected, "{variables:?}");
    }
}

/// Start-up must succeed: Lambda would start the process over and over, and no event would reach the dead-letter queue.
fn a_broken_function_starts_and_fails_each_event() {
    let lambda = TcpListener::bind("127.0.0.1:0").expect("a free port");
    let mut function = this(BROKEN_FUNCTION)
        .env("AWS_LAMBDA_RUNTIME_API", lambda.local_addr().expect("an address").to_string())
        .envs([("AWS_LAMBDA_FUNCTION_NAME", "test"), ("AWS_LAMBDA_FUNCTION_VERSION", "1")])
        .envs([("AWS_LAMBDA_FUNCTION_MEMORY_SIZE", "128"), ("AWS_REGION", "eu-west-1")])
        .stdout(Stdio::null())
        .spawn()
        .expect("a process");
    let (mut stream, _) = lambda.accept().expect("a connection");
    let mut reader = BufReader::new(stream.try_clone().expect("a stream"));
    for _ in 0..2 {
        assert_eq!(read_request(&mut reader).0, "GET /2018-06-01/runtime/invocation/next HTTP/1.1");
        reply(&mut stream, "lambda-runtime-aws-request-id: r-1\r\nlambda-runtime-deadline-ms: 4102444800000\r\n");
        let (start, body) = read_request(&mut reader);
        assert_eq!(start, "POST /2018-06-01/runtime/invocation/r-1/error HTTP/1.1");
        assert_eq!(body, json!({ "errorType": "Configuration", "errorMessage": "TABLE_NAME is missing" }));
        reply(&mut stream, "");
    }
    function.kill().expect("it is still running");
    function.wait().expect("it has ended");
}

fn outside_lambda_the_program_ends_with_a_sentence() {
    let output = this(BROKEN_FUNCTION).output().expect("an output");
    assert!(!output.status.success());
    assert!(text(&output).contains("this program is started by AWS Lambda"), "{output:?}");
}

/// A case that waits for a process that never calls must fail and not hang.
fn give_up_after_a_minute() {
    std::thread::sleep(std::time::Duration::from_secs(60));
    std::process::exit(1);
}

/// This program in the given part, with nothing but credentials in its environment.
fn this(part: &str) -> Command {
    let mut command = Command::new(std::env::current_exe().expect("the path of this program"));
    command.arg(part).env_clear().envs([("AWS_ACCESS_KEY_ID", "test"), ("AWS_SECRET_ACCESS_KEY", "test")]);
    command
}

fn text(output: &Output) -> String {
    String::from_utf8_lossy(&output.stdout).trim().to_owned()
}

fn read_request(reader: &mut BufReader<TcpStream>) -> (String, Value) {
    let head: Vec<String> =
        reader.by_ref().lines().map(|line| line.expect("a line")).take_while(|line| !line.is_empty()).collect();
    let length = head.iter().find_map(|line| line.to_ascii_lowercase().strip_prefix("content-length: ")?.parse().ok());
    let mut body = vec![0; length.unwrap_or(0)];
    reader.read_exact(&mut body).expect("a whole body");
    (head[0].clone(), serde_json::from_slice(&body).unwrap_or_default())
}

fn reply(stream: &mut TcpStream, headers: &str) {
    write!(stream, "HTTP/1.1 200 OK\r\n{headers}content-length: 2\r\n\r\n{{}}").expect("the function listens");
}

/// Prints where a call would go.
fn print_endpoint() {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().expect("a runtime");
    runtime.block_on(async {
        let variables = Variables::from_process();
        let client = http::client(&variables).expect("a client");
        let printer = http_client_fn(|_, _| SharedHttpConnector::new(Printer));
        let config = aws::config(&variables, client, "test").expect("a configuration");
        let config = config.to_builder().http_client(printer).build();
        let call = aws_sdk_ssm::Client::new(&config).get_parameter().name("a").send().await;
        call.expect_err("the printer answers nothing");
    });
}

#[derive(Debug)]
struct Printer;

impl HttpConnector for Printer {
    #[expect(clippy::print_stdout, reason = "the case that started this process reads it")]
    fn call(&self, request: HttpRequest) -> HttpConnectorFuture {
        println!("{}", request.uri());
        HttpConnectorFuture::ready(Err(ConnectorError::user("printed".into())))
    }
}

/// A function that could not be prepared.
enum Never {}

impl Handler for Never {
    type Event = Value;
    type Reply = Value;

    async fn handle(&self, _: Value, _: Invocation) -> Result<Value, Failure> {
        match *self {}
    }
}
