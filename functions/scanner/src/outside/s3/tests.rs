//! What goes to S3, and what becomes of its answers.

mod delivering;
mod opening;
mod own_bucket;
mod refusals;
mod resuming;

use std::time::Duration;

use lambda_kit::doubles::rehearsal::{Answer, Request, Server};

use super::*;
use crate::ports::{Body, Source};

const ETAG: &str = "\"0123456789abcdef\"";

/// Of a session no part may be seen anywhere.
pub(super) fn session() -> Secret<ArtifactCredentials> {
    let part = |name: &str| ["not", "a", "real", name].join("-");
    Secret::new(ArtifactCredentials {
        access_key_id: part("id"),
        secret_access_key: part("key"),
        session_token: part("token"),
    })
}

pub(super) fn artifact() -> S3Location {
    S3Location { bucket: String::from("artifacts"), key: String::from("orders/Build Out/AbC+1") }
}

pub(super) fn pin() -> Pin {
    Pin { etag: ETAG.to_owned() }
}

/// Quick to try again and quick to give up.
pub(super) fn store(server: &Server) -> S3Store {
    let patience = Patience {
        attempts: 3,
        first_pause: Duration::from_millis(1),
        longest_pause: Duration::from_millis(2),
        answer: Duration::from_millis(300),
        stall: Duration::from_millis(300),
        upload: Duration::from_millis(300),
    };
    S3Store::with(
        &server.aws(),
        Some(OwnBucket { name: String::from("team-files"), account: String::from("111122223333") }),
        patience,
    )
}

/// `text` from the byte `first` of an object of `length` bytes.
pub(super) fn part(text: &str, first: usize, length: usize) -> Answer {
    Answer::new(206, &part_headers(first, first + text.len(), length), text)
}

pub(super) fn part_headers(first: usize, end: usize, length: usize) -> String {
    format!("etag: {ETAG}\r\ncontent-range: bytes {first}-{}/{length}\r\n", end - 1)
}

/// A refusal in S3's words. The last element is as S3 has it where a session has ended.
pub(super) fn refusal(status: u16, code: &str, message: &str) -> Answer {
    let token = session().reveal().session_token.clone();
    let body = format!(
        "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n<Error><Code>{code}</Code><Message>{message}</Message>\
         <Token-0>{token}</Token-0><RequestId>4442587FB7D0A2F9</RequestId></Error>"
    );
    Answer::new(status, "content-type: application/xml\r\n", &body)
}

pub(super) async fn open(answers: Vec<Answer>, pin: Option<&Pin>) -> (Result<S3Source, Trouble>, Vec<Request>) {
    let server = Server::giving(answers).await;
    let opened = store(&server).open(&artifact(), &session(), pin).await;
    (opened, server.requests())
}

pub(super) async fn trouble(answers: Vec<Answer>) -> Trouble {
    open(answers, None).await.0.unwrap_err()
}

pub(super) async fn all(mut body: S3Body) -> Result<String, Trouble> {
    let mut text = Vec::new();
    while let Some(piece) = body.next().await? {
        assert!(!piece.is_empty());
        text.extend_from_slice(&piece);
    }
    Ok(String::from_utf8(text).unwrap())
}
