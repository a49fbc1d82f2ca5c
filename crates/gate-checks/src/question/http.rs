//! An HTTP request: what is asked, and what came of it.

use std::collections::BTreeMap;

use jiff::SignedDuration;

use crate::url::Url;

/// One request, without a body. The shell connects only to addresses that [`address_is_allowed`](crate::address_is_allowed)
/// accepts with this `private`, verifies certificates, and reads [`LONGEST_BODY`](Self::LONGEST_BODY) bytes at most.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct HttpQuery {
    /// The whole address.
    pub url: String,
    /// How it is asked.
    pub method: HttpMethod,
    /// Headers by their name in lower case.
    pub headers: BTreeMap<String, String>,
    /// The settings' name of a secret to be sent as `Authorization: Bearer`.
    pub token: Option<String>,
    /// How many redirects may be followed, each by way of [`hop`](Self::hop).
    pub redirects: u8,
    /// Whether private ranges may be called.
    pub private: bool,
    /// Whether it may be asked without encryption.
    pub plain: bool,
    /// Whether the body is of interest.
    pub wants_body: bool,
}

/// How it is asked.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum HttpMethod {
    /// `GET`
    Get,
    /// `HEAD`
    Head,
}

impl HttpQuery {
    /// Bytes of a body that are read; a reply that is longer is cut there.
    pub const LONGEST_BODY: usize = 64 * 1024;

    /// Until the last byte, redirects included. Connecting, TLS and a cold start of the target fit in.
    pub const TIMEOUT: SignedDuration = SignedDuration::from_secs(10);

    /// Whether it sends a secret that was not accepted.
    pub(crate) fn was_sent_a_wrong_secret(&self, reply: &HttpReply) -> bool {
        self.token.is_some() && matches!(reply, HttpReply::Answered(answer) if answer.status == 401)
    }

    /// Where a redirect leads.
    ///
    /// # Errors
    /// A sentence, if it is not to be followed: it leaves encryption, or is no address a gate may be sent to.
    pub fn hop(&self, from: &str, location: &str) -> Result<HttpHop, String> {
        let from: Url = from.parse()?;
        let to = from.redirected(location)?;
        if to.is_plain() && !from.is_plain() {
            return Err(format!("the redirect from {from} to {to} is not followed: it leaves encryption"));
        }
        to.check(self.plain, self.private)?;
        Ok(HttpHop { takes_secrets: to.origin() == self.url.parse::<Url>()?.origin(), url: to.to_string() })
    }
}

/// The next request after a redirect.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct HttpHop {
    /// The whole address.
    pub url: String,
    /// Whether headers and token of the query go along: only to the same scheme, host and port.
    pub takes_secrets: bool,
}

/// What came of a request.
#[derive(Debug, Clone, PartialEq)]
pub enum HttpReply {
    /// The target answered, whatever it said.
    Answered(HttpAnswer),
    /// The target did not answer: no such name, connection refused, certificate not valid, too slow. That is what a health
    /// check is to find out, so it is a failure and not an error.
    Unreachable(String),
    /// It was not asked, because the name resolved to an address that is not allowed, or a redirect was not to be followed.
    Refused(String),
}

/// What a target said.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct HttpAnswer {
    /// Of the last reply.
    pub status: u16,
    /// From the start of the first request to the last byte that was read.
    pub latency: SignedDuration,
    /// Empty if it was not of interest.
    pub body: Vec<u8>,
    /// Whether there was more of the body than was read.
    pub is_cut: bool,
    /// Where a redirect that was not followed would have led.
    pub location: Option<String>,
}

#[cfg(test)]
mod tests {
    use super::*;

    fn query(url: &str, plain: bool) -> HttpQuery {
        HttpQuery {
            url: url.into(),
            method: HttpMethod::Get,
            headers: BTreeMap::new(),
            token: Some("health/token".into()),
            redirects: 3,
            private: false,
            plain,
            wants_body: true,
        }
    }

    #[test]
    fn secrets_go_along_to_the_same_origin_only() {
        let query = query("https://example.com/a", true);
        let takes = |location| query.hop("https://example.com/a", location).unwrap().takes_secrets;
        assert!(takes("/b") && takes("https://EXAMPLE.com:443/b"));
        assert!(!takes("https://example.org/a") && !takes("https://example.com:8443/a"));
        assert!(!query.hop("https://example.org/a", "/b").unwrap().takes_secrets);
    }

    #[test]
    fn a_redirect_to_where_the_gate_may_not_go_is_refused() {
        let query = query("https://example.com/", true);
        for location in ["http://example.com/", "https://169.254.169.254/", "https://10.0.0.1/", "https://[::1]/", "b"]
        {
            assert!(query.hop("https://example.com/", location).is_err(), "{location}");
        }
        let never_plain = super::HttpQuery { plain: false, ..query };
        assert!(never_plain.hop("http://example.com/", "http://example.com/b").is_err());
    }
}
