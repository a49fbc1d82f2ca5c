//! A rule as it is written in `rules/<vendor>.toml`.
//!
//! Compiled into `build.rs`, and into the tests, which run the examples.

use serde::Deserialize;

use super::analysis::{Analysis, analyse};

/// Bytes of the longest match: it must be whole in one piece, with what stands around it.
const LONGEST: usize = 12 << 10;

/// A file: one vendor.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct File {
    /// Its name for people.
    pub(crate) vendor: String,
    /// Its rules.
    pub(crate) rule: Vec<Written>,
}

/// A rule, not yet believed.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Written {
    pub(crate) id: String,
    pub(crate) title: String,
    pub(crate) source: String,
    pub(crate) severity: String,
    pub(crate) advice: String,
    pub(crate) keywords: Vec<String>,
    pub(crate) secret: Option<String>,
    pub(crate) value: Option<String>,
    pub(crate) name: Option<String>,
    pub(crate) not_name: Option<String>,
    pub(crate) entropy: Option<f64>,
    pub(crate) checksum: Option<String>,
    #[serde(default)]
    pub(crate) never: Vec<String>,
    pub(crate) rank: Option<i16>,
    #[serde(rename = "match")]
    pub(crate) matching: Vec<String>,
    pub(crate) no_match: Vec<String>,
}

impl Written {
    /// Why it cannot be used; nothing when it can.
    pub(crate) fn problems(&self) -> Vec<String> {
        let mut problems = Vec::new();
        let mut unless = |is_good: bool, sentence: &str| {
            if !is_good {
                problems.push(sentence.to_owned());
            }
        };
        let is_kebab = |byte: u8| byte.is_ascii_lowercase() || byte.is_ascii_digit() || byte == b'-';
        unless(self.id.bytes().all(is_kebab) && self.id.contains('-'), "its id is not kebab-case");
        unless(
            SEVERITIES.iter().any(|(name, _)| *name == self.severity),
            "severity is none of critical, high, medium, low",
        );
        unless(self.secret.is_some() != self.value.is_some(), "it needs either secret or value");
        unless(self.value.is_none() || self.kind_name().is_some(), "value is none of password, token, authorization");
        unless(self.value.is_none() || self.name.is_some(), "a judged value needs a name");
        unless(self.not_name.is_none() || self.value.is_some(), "not_name is for judged values");
        let is_known = self.checksum.as_deref().is_none_or(|name| matches!(name, "github" | "npm"));
        unless(is_known, "checksum is none of github, npm");
        unless(!self.keywords.is_empty(), "it has no keywords");
        let is_keyword =
            |keyword: &String| keyword.len() >= 4 && !keyword.bytes().any(|byte| byte.is_ascii_uppercase());
        unless(self.keywords.iter().all(is_keyword), "a keyword is shorter than 4 bytes or has a capital");
        unless(
            self.matching.len() >= 2 && self.no_match.len() >= 2,
            "it needs two examples each of match and no_match",
        );
        problems.extend(self.regex_problems());
        problems
    }

    fn regex_problems(&self) -> Vec<String> {
        let mut problems = Vec::new();
        match self.secret.as_deref().map(|secret| analyse(secret, &self.keywords)) {
            Some(Err(error)) => problems.push(format!("secret {error}")),
            Some(Ok(facts)) if facts.looks_around => {
                problems.push("secret looks around itself (^, $ or \\b)".to_owned())
            }
            Some(Ok(facts)) if facts.longest.is_none_or(|longest| longest > LONGEST) => {
                problems.push(format!("secret is not bounded, or by more than {LONGEST} bytes"));
            }
            Some(Ok(_)) | None => {}
        }
        for other in self.name.iter().chain(&self.not_name).chain(&self.never) {
            if let Err(error) = analyse::<String>(other, &[]) {
                problems.push(format!("{other} {error}"));
            }
        }
        problems
    }

    /// What the regex of the secret says; that of a judged value is not asked.
    pub(crate) fn facts(&self) -> Analysis {
        let nothing = Analysis { longest: None, bytes: [0; 4], begins_with_keyword: false, looks_around: false };
        self.secret.as_deref().and_then(|secret| analyse(secret, &self.keywords).ok()).unwrap_or(nothing)
    }

    /// The regex as it is run: it ends where nothing continues the token, and repeats without a bound where the bound is
    /// high. High bounds are many states; the longest match bounds what is looked at.
    pub(crate) fn secret_to_run(&self) -> Option<String> {
        self.secret.as_deref().map(|secret| format!("(?:{})\\b{{end-half}}", without_high_bounds(secret)))
    }

    /// Formats that identify themselves have what they share with others, judged values have what is left.
    pub(crate) fn rank(&self) -> i16 {
        let usual = match (&self.value, &self.name) {
            (Some(_), _) => 0,
            (None, Some(_)) => 10,
            (None, None) => 20,
        };
        self.rank.unwrap_or(usual)
    }

    /// The variant of the severity.
    pub(crate) fn severity_name(&self) -> &'static str {
        SEVERITIES.iter().find(|(name, _)| *name == self.severity).map_or("High", |(_, variant)| variant)
    }

    /// The variant of the kind of judged value.
    pub(crate) fn kind_name(&self) -> Option<&'static str> {
        match self.value.as_deref()? {
            "password" => Some("Password"),
            "token" => Some("Token"),
            "authorization" => Some("Authorization"),
            _ => None,
        }
    }
}

/// A bound of repetitions from which on it is no bound.
const HIGH: u32 = 150;

fn without_high_bounds(regex: &str) -> String {
    let (mut text, mut rest) = (String::new(), regex);
    while let Some(at) = rest.find('{') {
        let bounds = rest[at + 1..].split_once('}').and_then(|(bounds, _)| bounds.split_once(','));
        let numbers = bounds.and_then(|(least, most)| Some((least.parse::<u32>().ok()?, most.parse::<u32>().ok()?)));
        let kept = match numbers {
            Some((least, most)) if most - least.min(most) >= HIGH && !rest[..at].ends_with('\\') => {
                format!("{{{least},}}")
            }
            _ => "{".to_owned(),
        };
        text.push_str(&rest[..at]);
        text.push_str(&kept);
        let length = if kept.len() > 1 { rest[at..].find('}').map_or(1, |end| end + 1) } else { 1 };
        rest = &rest[at + length..];
    }
    text + rest
}

const SEVERITIES: [(&str, &str); 4] =
    [("critical", "Critical"), ("high", "High"), ("medium", "Medium"), ("low", "Low")];
