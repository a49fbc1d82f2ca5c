//! An HTTP address that must answer as it should: status, body, time.

mod body;
#[cfg(test)]
mod tests;

use std::collections::BTreeMap;

use jiff::{SignedDuration, Timestamp};
use percent_encoding::{AsciiSet, NON_ALPHANUMERIC, utf8_percent_encode};
use serde::Deserialize;

use crate::check::{Check, Measurement};
use crate::text::shown;
use crate::url::Url;
use crate::value::{Duration, Pattern, Template, check_secret_name};
use crate::{Facts, HttpAnswer, HttpMethod, HttpQuery, HttpReply, Place, Question, Unanswered};

use body::{Json, check_pattern};

/// Where tokens of this check are in the settings.
pub(super) const FOLDER: &str = "http";
/// Nothing that ends well needs more.
const MOST_REDIRECTS: u8 = 5;
const MOST_HEADERS: usize = 20;

/// What may stand in an address as it is: a variable fills a part of it, and cannot become another part.
const PART: &AsciiSet = &NON_ALPHANUMERIC.remove(b'-').remove(b'.').remove(b'_').remove(b'~');

/// Headers that carry a secret, or that belong to the connection.
const NO_HEADERS: &[&str] = &[
    "authorization",
    "connection",
    "content-length",
    "cookie",
    "host",
    "proxy-authorization",
    "te",
    "trailer",
    "transfer-encoding",
    "upgrade",
    "x-api-key",
    "x-auth-token",
    "x-amz-security-token",
];

/// Passes when the reply is all that is asked of it. A target that does not answer fails: that is what is asked.
#[derive(Debug, Deserialize)]
#[serde(try_from = "Written")]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema), schemars(with = "Written"))]
pub(crate) struct Http {
    url: Template,
    method: HttpMethod,
    headers: BTreeMap<String, String>,
    token: Option<String>,
    status: Vec<u16>,
    json: Option<Json>,
    body: Option<Pattern>,
    latency: Option<SignedDuration>,
    redirects: u8,
    private: bool,
    plain: bool,
}

/// What stands below `http` in a policy.
#[derive(Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(deny_unknown_fields)]
struct Written {
    /// The whole address, such as `https://shop.example.com/health`.
    url: Template,
    /// How it is asked; GET.
    #[serde(default)]
    method: Method,
    /// Headers to send. A secret is named by `token`.
    #[serde(default)]
    headers: BTreeMap<String, String>,
    /// The name of a parameter in the settings, such as `http/shop`, sent as a bearer token.
    token: Option<String>,
    /// The statuses that are right; 200.
    status: Option<Vec<u16>>,
    /// What the JSON of the body must hold.
    json: Option<Json>,
    /// A regular expression that must match in the body.
    body: Option<Pattern>,
    /// The longest it may take, redirects included.
    latency: Option<Duration>,
    /// How many redirects are followed; none.
    #[serde(default)]
    redirects: u8,
    /// Whether private addresses may be called.
    #[serde(default)]
    private: bool,
    /// Whether it may be asked without encryption.
    #[serde(default)]
    plain: bool,
}

#[derive(Debug, Clone, Copy, Default, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(rename_all = "UPPERCASE")]
enum Method {
    #[default]
    Get,
    Head,
}

impl TryFrom<Written> for Http {
    type Error = String;

    fn try_from(written: Written) -> Result<Self, String> {
        let problems: Vec<String> = written.problems().into_iter().filter_map(Result::err).collect();
        if !problems.is_empty() {
            return Err(problems.join("; "));
        }
        let Written { url, method, headers, token, status, json, body, latency, redirects, private, plain } = written;
        Ok(Self {
            url,
            method: if matches!(method, Method::Head) { HttpMethod::Head } else { HttpMethod::Get },
            headers: headers.into_iter().map(|(name, value)| (name.to_ascii_lowercase(), value)).collect(),
            token,
            status: status.unwrap_or_else(|| vec![200]),
            json,
            body,
            latency: latency.map(|latency| latency.0),
            redirects,
            private,
            plain,
        })
    }
}

impl Written {
    fn problems(&self) -> [Result<(), String>; 8] {
        [
            // With something for its variables: what they will hold is checked when it is known.
            self.url.sample("x").parse::<Url>().and_then(|url| url.check(self.plain, self.private)),
            self.check_headers(),
            self.token.as_deref().map_or(Ok(()), |name| check_secret_name(name, FOLDER)),
            refuse(self.token.is_some() && self.host_varies(), || {
                String::from("a variable may choose the host of `url`, and the token with it; write the host as it is")
            }),
            self.check_status(),
            self.check_latency(),
            refuse(self.redirects > MOST_REDIRECTS, || {
                format!("`redirects` is {}; {MOST_REDIRECTS} at most", self.redirects)
            }),
            refuse(matches!(self.method, Method::Head) && (self.json.is_some() || self.body.is_some()), || {
                String::from("the reply to HEAD has no body; ask with GET, or leave `json` and `body` out")
            }),
        ]
    }

    fn host_varies(&self) -> bool {
        let origin = |value| self.url.sample(value).parse::<Url>().map(|url| url.origin());
        origin("x") != origin("y")
    }

    fn check_headers(&self) -> Result<(), String> {
        refuse(self.headers.len() > MOST_HEADERS, || {
            format!("{} headers are too many; {MOST_HEADERS} at most", self.headers.len())
        })?;
        let mut seen = Vec::new();
        self.headers.iter().try_for_each(|(name, value)| {
            let (told, name) = (shown(name), name.to_ascii_lowercase());
            let is_name = http::HeaderName::from_bytes(name.as_bytes()).is_ok();
            let is_value = http::HeaderValue::from_str(value).is_ok() && value.is_ascii() && value.len() <= 1_000;
            refuse(!is_name || !is_value, || format!("the header `{told}` cannot be sent as it is written"))?;
            refuse(NO_HEADERS.contains(&name.as_str()), || {
                format!(
                    "the header `{told}` is not set here; a secret is named by `token`, and the connection has its own"
                )
            })?;
            refuse(seen.contains(&name), || format!("the header `{told}` is written twice; keep one"))?;
            seen.push(name);
            Ok(())
        })
    }

    fn check_status(&self) -> Result<(), String> {
        let Some(status) = &self.status else { return Ok(()) };
        refuse(status.is_empty(), || {
            String::from("`status` is empty, so no answer would be right; leave it out for 200")
        })?;
        let odd = status.iter().find(|status| !(200..600).contains(*status));
        odd.map_or(Ok(()), |odd| Err(format!("{odd} is no status of an answer; they are 200 to 599")))
    }

    fn check_latency(&self) -> Result<(), String> {
        let Some(Duration(latency)) = self.latency else { return Ok(()) };
        let longest = HttpQuery::TIMEOUT;
        refuse(latency.is_zero() || latency >= longest, || {
            format!(
                "`latency` is more than 0 and less than {} s, when an answer is no longer waited for",
                longest.as_secs()
            )
        })
    }
}

fn refuse(is_wrong: bool, told: impl FnOnce() -> String) -> Result<(), String> {
    if is_wrong { Err(told()) } else { Ok(()) }
}

impl Http {
    fn query(&self, place: &Place) -> Result<HttpQuery, Unanswered> {
        let filled = self.url.fill_with(place, |value| utf8_percent_encode(value, PART).to_string())?;
        let url: Url = filled.parse().map_err(Unanswered::refused)?;
        url.check(self.plain, self.private).map_err(Unanswered::refused)?;
        Ok(HttpQuery {
            url: url.to_string(),
            method: self.method,
            headers: self.headers.clone(),
            token: self.token.clone(),
            redirects: self.redirects,
            private: self.private,
            plain: self.plain,
            wants_body: self.json.is_some() || self.body.is_some(),
        })
    }

    fn judge(&self, target: &str, answer: &HttpAnswer) -> Measurement {
        let took = format!("{} ms", answer.latency.as_millis());
        let says = format!("{target} answered {} in {took}", answer.status);
        if !self.status.contains(&answer.status) {
            let wanted: Vec<String> = self.status.iter().map(u16::to_string).collect();
            let to = answer.location.as_deref().map(|to| format!(", a redirect to {}", without_query(to)));
            return Measurement::fail(format!("{says}{}, not {}", to.unwrap_or_default(), wanted.join(" or ")));
        }
        if let Some(longest) = self.latency.filter(|longest| answer.latency > *longest) {
            return Measurement::fail(format!("{says}, more than {} ms", longest.as_millis()));
        }
        // What was cut off may be what matters: a pattern tied to the end, a bracket, a second value.
        if answer.is_cut && (self.json.is_some() || self.body.is_some()) {
            let longest = HttpQuery::LONGEST_BODY;
            return Measurement::inconclusive(format!(
                "{says}, with a body of more than {longest} bytes, which is not judged"
            ));
        }
        let json = self.json.as_ref().map(|json| json.check(&answer.body));
        let body = self.body.as_ref().map(|pattern| check_pattern(pattern, &answer.body));
        match json.into_iter().chain(body).collect::<Result<Vec<_>, _>>() {
            Ok(held) => Measurement::pass([&[says], held.as_slice()].concat().join("; ")),
            Err(why) => Measurement::fail(format!("{says}; {why}")),
        }
    }
}

impl Check for Http {
    fn questions(&self, place: &Place, _: Timestamp) -> Vec<Question> {
        self.query(place).map(Question::Http).into_iter().collect()
    }

    fn measure(&self, place: &Place, facts: &Facts, _: Timestamp) -> Result<Measurement, Unanswered> {
        let query = self.query(place)?;
        let target = without_query(&query.url);
        let reply = facts.http(&query)?;
        if query.was_sent_a_wrong_secret(reply) && !self.status.contains(&401) {
            let name = query.token.as_deref().unwrap_or_default();
            return Err(Unanswered::secret(format!(
                "{target} answered 401: the secret `{name}` may have been rotated"
            )));
        }
        match reply {
            HttpReply::Answered(answer) => Ok(self.judge(&target, answer)),
            HttpReply::Unreachable(why) => Ok(Measurement::fail(format!("{target} does not answer: {}", shown(why)))),
            HttpReply::Refused(why) => Err(Unanswered::refused(format!("{target} is not asked: {}", shown(why)))),
        }
    }
}

/// As much of an address as can be shown: what is asked may hold a secret.
fn without_query(url: &str) -> String {
    shown(url.split(['?', '#']).next().unwrap_or_default())
}
