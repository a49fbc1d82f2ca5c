//! A body that breaks off goes on at the byte that comes next, of the same version.

use proptest::prelude::*;

use super::*;

const TEXT: &str = "0123456789abcdefghijklmnopqrstuvwxyz";

/// `TEXT` up to `end`, announced as all that was asked for, and then nothing.
fn torn(first: usize, end: usize) -> Answer {
    Answer::torn(206, &part_headers(first, TEXT.len(), TEXT.len()), &TEXT[first..end])
}

fn rest(first: usize) -> Answer {
    part(&TEXT[first..], first, TEXT.len())
}

async fn read(answers: Vec<Answer>) -> (Result<String, Trouble>, Vec<Request>) {
    let server = Server::giving([vec![rest(0)], answers].concat_all()).await;
    let source = store(&server).open(&artifact(), &session(), None).await.unwrap();
    let text = match source.range(0..TEXT.len() as u64).await {
        Ok(body) => all(body).await,
        Err(trouble) => Err(trouble),
    };
    (text, server.requests().split_off(1))
}

/// Answers cannot be cloned, so `concat` does not know them.
trait ConcatAll {
    fn concat_all(self) -> Vec<Answer>;
}

impl ConcatAll for [Vec<Answer>; 2] {
    fn concat_all(self) -> Vec<Answer> {
        self.into_iter().flatten().collect()
    }
}

#[tokio::test]
async fn a_range_is_asked_for_and_pinned() {
    let (text, requests) = read(vec![rest(0)]).await;
    assert_eq!(text.unwrap(), TEXT);
    assert_eq!((requests[0].header("range"), requests[0].header("if-match")), (Some("bytes=0-35"), Some(ETAG)));
    assert_eq!(requests[0].header("x-amz-checksum-mode"), None);
}

#[tokio::test]
async fn a_connection_that_breaks_is_made_again_at_the_byte_that_comes_next() {
    let (text, requests) = read(vec![torn(0, 10), torn(10, 11), rest(11)]).await;
    assert_eq!(text.unwrap(), TEXT);
    let ranges: Vec<_> = requests.iter().map(|request| request.header("range").unwrap()).collect();
    assert_eq!(ranges, ["bytes=0-35", "bytes=10-35", "bytes=11-35"]);
    assert!(requests.iter().all(|request| request.header("if-match") == Some(ETAG)));
}

#[tokio::test]
async fn a_connection_that_says_no_more_is_given_up() {
    let stalled = Answer::stalled(206, &part_headers(0, TEXT.len(), TEXT.len()), &TEXT[..9]);
    let (text, requests) = read(vec![stalled, rest(9)]).await;
    assert_eq!(text.unwrap(), TEXT);
    assert_eq!(requests[1].header("range"), Some("bytes=9-35"));
}

#[tokio::test]
async fn an_end_that_comes_early_without_a_word_is_no_end() {
    // Neither a length nor chunks: the body is all that comes before the connection is closed.
    let head = format!("HTTP/1.1 206 Prepared\r\n{}\r\n{}", part_headers(0, 36, 36), &TEXT[..20]);
    let (text, requests) = read(vec![Answer::Bytes(head.into_bytes()), rest(20)]).await;
    assert_eq!(text.unwrap(), TEXT);
    assert_eq!(requests[1].header("range"), Some("bytes=20-35"));
}

#[tokio::test]
async fn between_two_pieces_everything_may_happen_that_passes() {
    let slow_down = refusal(503, "SlowDown", "Please reduce your request rate.");
    let (text, _) = read(vec![torn(0, 10), slow_down, rest(10)]).await;
    assert_eq!(text.unwrap(), TEXT);
}

#[tokio::test]
async fn an_object_that_was_replaced_meanwhile_does_not_go_on() {
    let replaced = refusal(412, "PreconditionFailed", "At least one of the pre-conditions you specified did not hold");
    let (text, _) = read(vec![torn(0, 10), replaced]).await;
    let trouble = text.unwrap_err();
    assert_eq!(trouble.kind, TroubleKind::Changed);
    assert!(trouble.words.contains("run the action again"), "{trouble}");
    let other = part_headers(10, 36, 36).replace(ETAG, "\"another\"");
    let (text, _) = read(vec![torn(0, 10), Answer::new(206, &other, &TEXT[10..])]).await;
    assert_eq!(text.unwrap_err().kind, TroubleKind::Changed);
    let shorter = refusal(416, "InvalidRange", "The requested range is not satisfiable");
    let (text, _) = read(vec![torn(0, 10), shorter]).await;
    assert_eq!(text.unwrap_err().kind, TroubleKind::Changed);
}

#[tokio::test]
async fn a_permission_that_ends_meanwhile_is_told() {
    let (text, _) = read(vec![torn(0, 10), refusal(400, "ExpiredToken", "The provided token has expired.")]).await;
    let trouble = text.unwrap_err();
    assert_eq!(trouble.kind, TroubleKind::Denied);
    assert!(trouble.words.ends_with("the job's session is over: run the action again"), "{trouble}");
}

#[tokio::test]
async fn other_bytes_than_those_that_come_next_are_refused() {
    for answer in [rest(0), rest(9), part(&TEXT[10..20], 10, 36), part(&TEXT[10..], 10, 37)] {
        let shown = format!("{answer:?}");
        let (text, _) = read(vec![torn(0, 10), answer]).await;
        assert!(matches!(&text, Err(Trouble { kind: TroubleKind::Refused | TroubleKind::Changed, .. })), "{shown}");
    }
    let whole = Answer::new(200, &format!("etag: {ETAG}\r\n"), TEXT);
    let (text, _) = read(vec![whole]).await;
    assert!(text.unwrap_err().words.ends_with("S3 did not say which bytes it sends (Content-Range)"));
    let (text, _) = read(vec![Answer::new(206, &part_headers(0, 36, 36), &format!("{TEXT}!"))]).await;
    assert!(text.unwrap_err().words.ends_with("S3 sent more bytes than it was asked for"));
}

#[tokio::test]
async fn what_breaks_again_and_again_is_given_up_and_told() {
    let (text, requests) = read((0..9).map(|at| torn(at, at + 1)).collect()).await;
    let trouble = text.unwrap_err();
    assert_eq!((trouble.kind, requests.len()), (TroubleKind::Passing, 3));
    assert!(trouble.words.starts_with("GetObject of s3://artifacts/orders/Build Out/AbC+1: "), "{trouble}");
    assert!(trouble.words.ends_with("that was the last of 3 attempts"), "{trouble}");
}

#[tokio::test]
async fn a_megabyte_without_trouble_is_a_new_beginning() {
    let text = "x".repeat(4 << 20);
    let whole = text.len();
    let torn = |at: usize| {
        let (first, end) = (at * 1_100_000, (at + 1) * 1_100_000);
        let (headers, text) = (part_headers(first, whole, whole), &text[first..end]);
        Answer::Bytes(format!("HTTP/1.1 206 P\r\ncontent-length: {whole}\r\n{headers}\r\n{text}").into_bytes())
    };
    let end = part(&text[whole - 262_144..], whole - 262_144, whole);
    let broken = (0..3).flat_map(|at| [torn(at), Answer::Slam]).collect();
    let last = vec![part(&text[3_300_000..], 3_300_000, whole)];
    let server = Server::giving([vec![end], broken].concat_all().into_iter().chain(last)).await;
    let source = store(&server).open(&artifact(), &session(), None).await.unwrap();
    let body = source.range(0..whole as u64).await.unwrap();
    assert_eq!(all(body).await.unwrap().len(), whole);
}

#[tokio::test]
async fn the_end_of_an_object_goes_on_as_any_other_bytes() {
    let (source, requests) = open(vec![torn(0, 10), rest(10)], None).await;
    assert_eq!(&source.unwrap().tail()[..], TEXT.as_bytes());
    assert_eq!((requests[1].header("range"), requests[1].header("if-match")), (Some("bytes=10-35"), Some(ETAG)));
}

#[tokio::test]
async fn bytes_an_object_does_not_have_are_not_asked_for() {
    let server = Server::giving([rest(0)]).await;
    let source = store(&server).open(&artifact(), &session(), None).await.unwrap();
    for bytes in [30..37, 5..5, 40..41] {
        let trouble = source.range(bytes).await.unwrap_err();
        assert_eq!(trouble.kind, TroubleKind::Refused);
        assert!(trouble.words.ends_with("cannot be asked for"), "{trouble}");
    }
    assert_eq!(server.requests().len(), 1);
}

#[tokio::test]
async fn whoever_stops_waiting_may_go_on_later() {
    let stalled = Answer::stalled(206, &part_headers(0, TEXT.len(), TEXT.len()), &TEXT[..9]);
    let server = Server::giving([rest(0), stalled, rest(9)]).await;
    let source = store(&server).open(&artifact(), &session(), None).await.unwrap();
    let mut body = source.range(0..36).await.unwrap();
    assert_eq!(body.next().await.unwrap().unwrap(), "012345678");
    assert!(tokio::time::timeout(Duration::from_millis(50), body.next()).await.is_err());
    assert_eq!(all(body).await.unwrap(), &TEXT[9..]);
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(48))]

    #[test]
    fn wherever_it_breaks_the_bytes_are_the_same(
        first in 0_usize..35, cuts in proptest::collection::btree_set(0_usize..36, 0..2),
    ) {
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
        let text = runtime.block_on(async {
            let cuts: Vec<usize> = cuts.into_iter().filter(|cut| *cut >= first).collect();
            let begins = std::iter::once(first).chain(cuts.iter().copied());
            let torn = begins.zip(&cuts).map(|(begin, end)| torn(begin, *end));
            let last = rest(cuts.last().copied().unwrap_or(first));
            let server = Server::giving(std::iter::once(rest(0)).chain(torn).chain([last])).await;
            let source = store(&server).open(&artifact(), &session(), None).await.unwrap();
            all(source.range(first as u64..36).await.unwrap()).await
        });
        prop_assert_eq!(text.unwrap(), &TEXT[first..]);
    }
}
