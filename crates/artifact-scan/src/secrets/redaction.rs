//! How a secret is shown.

use super::rule::{Rule, Shape};

/// Characters of a documented prefix.
const SHOWN: usize = 4;
/// Shorter secrets without a documented prefix are not shown at all.
const SHORT: usize = 24;

/// The documented prefix or, of a long one without, its first two characters; and how long it is.
pub(crate) fn shown(rule: &Rule, secret: &[u8]) -> String {
    let prefix = match rule.shape {
        Shape::Anchored => documented(rule, secret),
        Shape::Judged(_) => 0,
        _ if secret.len() < SHORT => 0,
        _ => 2,
    };
    let prefix: String =
        secret[..prefix].iter().map(|byte| if byte.is_ascii_graphic() { char::from(*byte) } else { '?' }).collect();
    format!("{prefix}… ({} bytes)", secret.len())
}

fn documented(rule: &Rule, secret: &[u8]) -> usize {
    let begins =
        |keyword: &str| secret.get(..keyword.len()).is_some_and(|begin| begin.eq_ignore_ascii_case(keyword.as_bytes()));
    let longest =
        rule.keywords.iter().filter(|keyword| begins(keyword)).map(|keyword| keyword.len()).max().unwrap_or(0);
    if secret.starts_with(b"-----BEGIN ") { longest } else { longest.min(SHOWN) }
}

#[cfg(test)]
mod tests {
    use super::super::built_in;
    use super::*;

    #[test]
    fn of_no_secret_is_more_shown_than_its_documented_prefix_or_a_tenth() {
        let secret = [b"zq".as_slice(), &[b'8'; 38]].concat();
        for rule in built_in() {
            let shown = shown(rule, &secret);
            assert!(!shown.contains("zq8"), "{}: {shown}", rule.id);
            let password = super::shown(rule, b"zq8888");
            assert!(!password.contains('z'), "{}: {password}", rule.id);
        }
    }

    #[test]
    fn a_documented_prefix_is_shown() {
        let rule = built_in().iter().find(|rule| rule.id == "github-personal-access-token").expect("rule");
        assert_eq!(shown(rule, format!("ghp_{}", "a".repeat(36)).as_bytes()), "ghp_… (40 bytes)");
    }
}
