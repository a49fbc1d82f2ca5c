//! The name of a secret in the settings. The secret itself never stands in a policy, and never comes into this crate.

use crate::text::shown;

/// Checks the name of a secret: a path below `folder`, as in `sonarqube/token`.
///
/// Whoever writes a policy chooses where a token is sent. So each kind of check has a folder of its own, and no policy
/// can name, and send away, what belongs to something else.
pub(crate) fn check_secret_name(name: &str, folder: &str) -> Result<(), String> {
    let is_of_name = |c: char| c.is_ascii_lowercase() || c.is_ascii_digit() || c == '-';
    let below = name.strip_prefix(folder).and_then(|rest| rest.strip_prefix('/'));
    match below {
        Some(rest) if !rest.is_empty() && rest.len() <= 60 && rest.chars().all(is_of_name) => Ok(()),
        Some(_) => {
            Err(format!("`token` names no secret: after `{folder}/` stand lower-case letters, digits and hyphens"))
        }
        // What was written may be the secret itself.
        None => Err(format!(
            "`token` is the name of a parameter below `{folder}/` in the settings, such as {}, not the secret itself",
            shown(&format!("`{folder}/token`"))
        )),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_secret_is_named_in_the_folder_of_its_check() {
        assert_eq!(check_secret_name("http/shop-health", "http"), Ok(()));
        for name in
            ["http", "http/", "http/A", "http/../slack/bot-token", "http/a/b", &format!("http/{}", "a".repeat(61))]
        {
            assert!(check_secret_name(name, "http").is_err(), "{name}");
        }
    }

    #[test]
    fn what_may_be_the_secret_itself_is_not_repeated() {
        for secret in ["slack/bot-token", "squ_fake", "/http/token", "eyJfake.fake"] {
            let told = check_secret_name(secret, "http").unwrap_err();
            assert!(!told.contains(secret) && told.contains("`http/token`"), "{told}");
        }
    }
}
