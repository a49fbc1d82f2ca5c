//! Where a gate may be sent: absolute HTTP addresses without credentials, and where a redirect of one leads.

use std::fmt;
use std::net::IpAddr;
use std::str::FromStr;

use http::Uri;

use crate::address_is_allowed;

/// Enough for any health check, and short enough to be shown in a message.
const LONGEST: usize = 1_000;

/// An absolute address of scheme `https` or `http`, with a host, without user name and password.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Url(Uri);

impl Url {
    /// Whether anyone on the way can read and change what is sent.
    pub(crate) fn is_plain(&self) -> bool {
        self.0.scheme_str() == Some("http")
    }

    /// Refuses what no permission of the policy would allow, and a host written as an address that is not allowed. What a
    /// name resolves to is for [`address_is_allowed`] to judge, at each connection.
    pub(crate) fn check(&self, plain: bool, private: bool) -> Result<(), String> {
        if self.is_plain() && !plain {
            return Err(format!(
                "{self} is not encrypted, so anyone on the way could answer; use https, or write `plain: true`"
            ));
        }
        self.address().map_or(Ok(()), |address| address_is_allowed(address, private))
    }

    /// Where a reply's `Location` leads: an absolute address, or a path on the same host. Other forms are not followed.
    pub(crate) fn redirected(&self, location: &str) -> Result<Self, String> {
        let is_path = location.starts_with('/') && !location.starts_with("//");
        let absolute = if is_path { format!("{}{location}", self.origin()) } else { location.to_owned() };
        absolute
            .parse()
            .map_err(|why| format!("the redirect to `{}` is not followed: {why}", strict_yaml::shown(location)))
    }

    /// Scheme, host and port: a secret meant for one is not sent to another.
    pub(crate) fn origin(&self) -> String {
        let port = self.0.port_u16().unwrap_or(if self.is_plain() { 80 } else { 443 });
        let (scheme, host) = (self.0.scheme_str().unwrap_or_default(), self.0.host().unwrap_or_default());
        format!("{scheme}://{}:{port}", host.to_ascii_lowercase())
    }

    /// With a path below this address, which may itself have one.
    pub(crate) fn below(&self, path: &str) -> String {
        format!("{}/{path}", self.0.to_string().trim_end_matches('/'))
    }

    /// Whether there is nothing but scheme, host and port.
    pub(crate) fn is_origin(&self) -> bool {
        self.0.path() == "/" && !self.has_query()
    }

    pub(crate) fn has_query(&self) -> bool {
        self.0.query().is_some()
    }

    fn address(&self) -> Option<IpAddr> {
        self.0.host()?.trim_start_matches('[').trim_end_matches(']').parse().ok()
    }
}

impl FromStr for Url {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        let shown = strict_yaml::shown(text);
        if text.len() > LONGEST {
            return Err(format!("`{shown}` has {} bytes; {LONGEST} at most", text.len()));
        }
        let uri: Uri = text.parse().map_err(|error| format!("`{shown}` is no address: {error}"))?;
        if !matches!(uri.scheme_str(), Some("http" | "https")) || uri.host().is_none_or(str::is_empty) {
            return Err(format!("`{shown}` is no address; write it whole, as https://host/path"));
        }
        if uri.authority().is_some_and(|authority| authority.as_str().contains('@')) {
            return Err(
                "the address holds a user name or a password; keep the secret in the settings and name it with `token`"
                    .into(),
            );
        }
        Ok(Self(uri))
    }
}

impl fmt::Display for Url {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(formatter)
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn url(text: &str) -> Url {
        text.parse().unwrap()
    }

    #[test]
    fn what_is_no_whole_address_is_refused() {
        for text in [
            "",
            "example.com",
            "/health",
            "ftp://example.com",
            "https://",
            "https:///x",
            "https://a b/",
            "https://é.com/",
        ] {
            assert!(text.parse::<Url>().unwrap_err().contains("no address"), "{text}");
        }
        assert!("https://user:pw@example.com/".parse::<Url>().unwrap_err().contains("`token`"));
        assert!(format!("https://example.com/{}", "x".repeat(LONGEST)).parse::<Url>().is_err());
    }

    #[test]
    fn plain_http_and_addresses_that_are_not_allowed_are_refused_early() {
        let cases = [
            ("https://example.com/", false, false, true),
            ("http://example.com/", false, false, false),
            ("http://example.com/", true, false, true),
            ("https://10.0.0.1/", false, false, false),
            ("https://10.0.0.1/", false, true, true),
            ("https://[fd00::1]:8443/", false, true, true),
            ("https://127.0.0.1/", true, true, false),
            ("http://169.254.169.254/latest/meta-data", true, true, false),
            ("https://[::1]/", true, true, false),
            ("https://[::ffff:10.0.0.1]/", true, true, false),
        ];
        for (text, plain, private, is_allowed) in cases {
            assert_eq!(url(text).check(plain, private).is_ok(), is_allowed, "{text}");
        }
    }

    #[test]
    fn a_redirect_leads_to_a_whole_address_or_a_path_on_the_same_host() {
        let from = url("https://example.com/a/b?c");
        for (location, to) in [
            ("/d", "https://example.com:443/d"),
            ("https://example.org/d?e", "https://example.org/d?e"),
            ("http://example.com/", "http://example.com/"),
        ] {
            assert_eq!(from.redirected(location).unwrap().to_string(), to, "{location}");
        }
        for location in ["d", "//example.org/d", "", "javascript:x", "https://user@example.org/"] {
            assert!(from.redirected(location).unwrap_err().contains("not followed"), "{location}");
        }
    }

    #[test]
    fn an_origin_is_the_same_however_it_is_written() {
        assert_eq!(url("https://EXAMPLE.com/x").origin(), url("https://example.com:443/").origin());
        assert_ne!(url("https://example.com/").origin(), url("http://example.com/").origin());
        assert_ne!(url("https://example.com/").origin(), url("https://example.com:8443/").origin());
    }

    #[test]
    fn a_path_goes_below_the_address() {
        assert_eq!(url("https://example.com").below("api/x"), "https://example.com/api/x");
        assert_eq!(url("https://example.com/sonar/").below("api/x"), "https://example.com/sonar/api/x");
    }

    proptest! {
        #[test]
        fn no_text_makes_the_reader_panic(text in "\\PC{0,60}", location in "\\PC{0,60}") {
            let _ = text.parse::<Url>().map(|url| url.redirected(&location));
        }
    }
}
