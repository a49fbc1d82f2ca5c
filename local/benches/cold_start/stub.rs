//! The Lambda Runtime API and every AWS endpoint on one loopback port: an invocation never comes, any other call succeeds.

use std::io::{BufRead, BufReader, Read, Write};
use std::net::{SocketAddr, TcpListener, TcpStream};
use std::process::Child;
use std::sync::mpsc::{Receiver, Sender, channel};
use std::time::{Duration, Instant};

use anyhow::{Context, Result, bail};

/// Longest wait for a program's first request for work; Python under valgrind takes the longest.
const PATIENCE: Duration = Duration::from_secs(300);

/// A server that notes when a program first asks for work.
pub(crate) struct Stub {
    pub(crate) address: SocketAddr,
    arrivals: Receiver<Instant>,
}

impl Stub {
    pub(crate) fn start() -> Result<Self> {
        let listener = TcpListener::bind("127.0.0.1:0").context("binding a loopback port")?;
        let address = listener.local_addr()?;
        let (sender, arrivals) = channel();
        std::thread::spawn(move || {
            for stream in listener.incoming().flatten() {
                let sender = sender.clone();
                std::thread::spawn(move || serve(stream, &sender));
            }
        });
        Ok(Self { address, arrivals })
    }

    /// Forgets the requests of programs that have ended.
    pub(crate) fn reset(&self) {
        while self.arrivals.try_recv().is_ok() {}
    }

    /// When the program's first request for work arrived.
    pub(crate) fn first_request(&self, program: &mut Child) -> Result<Instant> {
        let started = now();
        while started.elapsed() < PATIENCE {
            if let Ok(arrived) = self.arrivals.recv_timeout(Duration::from_millis(100)) {
                return Ok(arrived);
            }
            if let Some(status) = program.try_wait()? {
                bail!("it ended ({status}) before it asked for work");
            }
        }
        bail!("it did not ask for work within {} s", PATIENCE.as_secs())
    }
}

/// A connection that breaks off ends quietly: its program was stopped.
fn serve(stream: TcpStream, arrivals: &Sender<Instant>) -> Option<()> {
    let mut reader = BufReader::new(stream.try_clone().ok()?);
    let mut writer = stream;
    loop {
        let path = read_request(&mut reader)?;
        if path.ends_with("/invocation/next") {
            arrivals.send(now()).ok()?;
            reader.read_to_end(&mut Vec::new()).ok()?;
            return None;
        }
        // In one piece: a second small write would wait for an acknowledgement that the other side delays by 40 ms.
        let body = r#"{"ok":true}"#;
        let answer = format!("HTTP/1.1 200 OK\r\ncontent-length: {}\r\n\r\n{body}", body.len());
        writer.write_all(answer.as_bytes()).ok()?;
    }
}

/// Reads one request to its end and returns its path.
fn read_request(reader: &mut impl BufRead) -> Option<String> {
    let mut start = String::new();
    reader.read_line(&mut start).ok().filter(|length| *length > 0)?;
    let mut length = 0;
    loop {
        let mut line = String::new();
        reader.read_line(&mut line).ok()?;
        let line = line.trim().to_ascii_lowercase();
        if let Some(value) = line.strip_prefix("content-length:") {
            length = value.trim().parse().ok()?;
        }
        if line.is_empty() {
            break;
        }
    }
    reader.take(length).read_to_end(&mut Vec::new()).ok()?;
    start.split_whitespace().nth(1).map(str::to_owned)
}

#[expect(clippy::disallowed_methods, reason = "a benchmark reads the clock")]
pub(crate) fn now() -> Instant {
    Instant::now()
}
