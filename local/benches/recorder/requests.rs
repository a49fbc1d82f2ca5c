//! HTTP as far as the programs speak it to the double: one request after the other on a connection that stays open.

use std::io::{BufRead, BufReader, Read, Write};
use std::net::TcpStream;

/// One request.
#[derive(Debug)]
pub(crate) struct Request {
    pub(crate) path: String,
    /// `X-Amz-Target`, for the services that name their operation there.
    pub(crate) target: String,
    /// `Content-Type`.
    pub(crate) kind: String,
    pub(crate) body: Vec<u8>,
}

/// One answer.
pub(crate) struct Answer {
    pub(crate) status: &'static str,
    /// `Content-Type` and further headers, each with its end of line.
    pub(crate) headers: String,
    pub(crate) body: Vec<u8>,
}

impl Answer {
    pub(crate) fn json(body: impl Into<Vec<u8>>) -> Self {
        let headers = "content-type: application/x-amz-json-1.0\r\n".to_owned();
        Self { status: "200 OK", headers, body: body.into() }
    }

    pub(crate) fn accepted() -> Self {
        Self { status: "202 Accepted", headers: String::new(), body: Vec::new() }
    }
}

impl Request {
    /// `None` when the other side has ended.
    pub(crate) fn read(reader: &mut BufReader<TcpStream>) -> Option<Self> {
        let mut line = String::new();
        reader.read_line(&mut line).ok().filter(|length| *length > 0)?;
        let path = line.split_whitespace().nth(1)?.to_owned();
        let (mut target, mut kind, mut length) = (String::new(), String::new(), 0);
        loop {
            let mut line = String::new();
            reader.read_line(&mut line).ok()?;
            let Some((name, value)) = line.trim().split_once(':') else { break };
            let value = value.trim();
            match name.to_ascii_lowercase().as_str() {
                "x-amz-target" => value.clone_into(&mut target),
                "content-type" => value.clone_into(&mut kind),
                "content-length" => length = value.parse().ok()?,
                _ => {}
            }
        }
        let mut body = vec![0; length];
        reader.read_exact(&mut body).ok()?;
        Some(Self { path, target, kind, body })
    }
}

/// Writes head and body at once: two small writes would wait for each other.
pub(crate) fn write(writer: &mut TcpStream, answer: &Answer) -> Option<()> {
    let mut bytes =
        format!("HTTP/1.1 {}\r\n{}content-length: {}\r\n\r\n", answer.status, answer.headers, answer.body.len())
            .into_bytes();
    bytes.extend_from_slice(&answer.body);
    writer.write_all(&bytes).ok()
}
