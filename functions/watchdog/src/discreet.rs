//! Words of others, made fit to be shown: short, on one line, and without anything that may be a credential.

/// Longest text shown, in characters.
const MOST: usize = 300;
/// No credential of AWS is shorter, nor a token of anybody's that deserves the name.
const SHORTEST_SECRET: usize = 16;
const HIDDEN: &str = "…";

/// Hides what is quoted, what follows `=`, and every long word that is not plainly a word, a name or a path.
pub(crate) fn shown(text: &str) -> String {
    let text = without_request_id(text);
    let mut shown = String::new();
    let (mut is_quoted, mut last) = (false, ' ');
    for part in text.split_inclusive(is_border) {
        let word = part.trim_end_matches(is_border);
        let border = part[word.len()..].chars().next();
        match word {
            "" => {}
            _ if is_quoted || last == '=' || !is_plain(word) => shown.push_str(HIDDEN),
            word => shown.push_str(word),
        }
        let Some(border) = border else { break };
        is_quoted ^= border == '"';
        last = border;
        shown.push(border);
    }
    cut(&shown)
}

/// Lambda begins its own messages with the id of the invocation, which stands elsewhere.
fn without_request_id(text: &str) -> &str {
    let rest = text.strip_prefix("RequestId: ").and_then(|rest| rest.split_once(" Error: "));
    rest.map_or(text, |(_, rest)| rest)
}

fn cut(text: &str) -> String {
    let words: Vec<&str> = text.split(|letter: char| letter.is_whitespace() || letter.is_control()).collect();
    let line = words.into_iter().filter(|word| !word.is_empty()).collect::<Vec<_>>().join(" ");
    match line.char_indices().nth(MOST) {
        None if line.is_empty() => "no words were given".to_owned(),
        None => line,
        Some((end, _)) => format!("{}…", line[..end].trim_end()),
    }
}

fn is_border(letter: char) -> bool {
    letter.is_whitespace() || letter.is_control() || "\"'`(),;:=<>[]{}|&?".contains(letter)
}

fn is_plain(word: &str) -> bool {
    if word.len() < SHORTEST_SECRET {
        return true;
    }
    let mut mixtures = 0;
    let mut pieces = word.split(|letter: char| letter.is_ascii_punctuation() && letter != '+');
    pieces.all(|piece| {
        let is_mixture = !is_plain_piece(piece);
        mixtures += usize::from(is_mixture);
        !is_mixture || (piece.len() <= 4 && mixtures <= 2)
    })
}

/// A number, or letters as in `bootstrap`, `TIMEOUT` or `ResourceNotFoundException`. A mixture is `v1` or `5xx`.
fn is_plain_piece(piece: &str) -> bool {
    let all = |is: fn(&char) -> bool| piece.chars().all(|letter| is(&letter));
    if all(char::is_ascii_digit) || all(char::is_ascii_uppercase) {
        return piece.len() <= 12;
    }
    if all(char::is_ascii_lowercase) {
        return piece.len() <= 20;
    }
    all(char::is_ascii_alphabetic) && is_camel_case(piece)
}

/// Each hump has three letters or more, which chance does not bring about.
fn is_camel_case(piece: &str) -> bool {
    let mut humps = piece.split(|letter: char| letter.is_ascii_uppercase());
    let first = humps.next().unwrap_or_default();
    (first.is_empty() || first.len() >= 2) && humps.all(|hump| hump.len() >= 2)
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn what_people_need_is_shown() {
        for text in [
            "Runtime exited with error: signal: segmentation fault (core dumped)",
            "Couldn't find valid bootstrap(s): [/var/task/bootstrap /opt/bootstrap]",
            "PutJobSuccessResult: ThrottlingException: Rate exceeded; AWS limits the rate of such calls, so try again later",
            "the function is not configured: METRIC_NAMESPACE is missing or empty",
            "arn:aws:lambda:us-east-1:111122223333:function:pipewarden-gatekeeper",
            "ResourceConflictException",
            "exit status 2",
        ] {
            assert_eq!(shown(text), text);
        }
    }

    #[test]
    fn what_may_be_a_credential_is_hidden() {
        let key = ["wJalrXUtnFEMI", "K7MDENG", "bPxRfiCYnotARealKey"].join("/");
        let id = ["ASIA", "NOTAREALKEYID", "123"].concat();
        let slack = ["xoxb", "1111", "notARealToken1234"].join("-");
        for (text, expected) in [
            (format!("the key {key} is refused"), "the key … is refused"),
            (format!("key={key}"), "key=…"),
            (format!("({id})"), "(…)"),
            (format!("token {slack}."), "token …"),
            (
                r#"invalid type: string "hunter2", expected a map"#.to_owned(),
                r#"invalid type: string "…", expected a map"#,
            ),
            ("password=hunter2 user=me".to_owned(), "password=… user=…"),
            (r#"unfinished "business of hunter2"#.to_owned(), r#"unfinished "… … …"#),
        ] {
            assert_eq!(shown(&text), expected);
        }
    }

    #[test]
    fn the_id_of_the_invocation_is_left_to_the_log() {
        let text = "RequestId: f4fcae0f-0000-4000-8000-0eaa0cef8af5 Error: Runtime exited with error: exit status 1";
        assert_eq!(shown(text), "Runtime exited with error: exit status 1");
    }

    #[test]
    fn a_long_text_is_one_short_line() {
        let text = shown(&"ä line\n".repeat(500));
        assert_eq!(text.chars().count(), MOST + 1);
        assert!(text.starts_with("ä line ä line") && text.ends_with('…'));
        assert_eq!(shown(" \n\u{7}"), "no words were given");
    }

    proptest! {
        #[test]
        fn a_secret_of_aws_is_never_shown(
            secret in "[A-Za-z0-9/+]{40}|ASIA[A-Z2-7]{16}|[A-Za-z0-9/+]{300}={0,2}", around in ".{0,30}",
        ) {
            for text in [format!("{around} {secret} {around}"), format!("{around}'{secret}'"), format!("a: {secret}")] {
                let words = shown(&text);
                for length in [12, secret.len()] {
                    prop_assert!(!words.contains(&secret[..length]), "{words}");
                }
            }
        }

        #[test]
        fn any_text_is_shown_on_one_line_within_the_limit(text in ".{0,400}") {
            let words = shown(&text);
            prop_assert!(words.chars().count() <= MOST + 1);
            prop_assert!(!words.is_empty() && !words.contains(char::is_control));
        }
    }
}
