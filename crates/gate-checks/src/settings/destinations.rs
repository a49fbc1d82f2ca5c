//! Where secrets may be sent.

use std::collections::BTreeMap;

use crate::checks::SECRET_FOLDERS;
use crate::url::Url;
use crate::value::check_secret_name;

/// The one origin each secret may be sent to, as far as the settings name it.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(super) struct Destinations(BTreeMap<String, Url>);

impl Destinations {
    /// Reads names and origins; what cannot be meant comes with the name it is about.
    pub(super) fn check(written: BTreeMap<String, String>) -> Result<Self, Vec<String>> {
        let (mut origins, mut problems) = (BTreeMap::new(), Vec::new());
        for (name, origin) in written {
            match (check_name(&name), check_origin(&origin)) {
                (Ok(()), Ok(url)) => drop(origins.insert(name, url)),
                (named, origin) => {
                    let told = [named.err(), origin.err()].into_iter().flatten().collect::<Vec<_>>().join("; ");
                    problems.push(format!("{}: {told}", strict_yaml::shown(&name)));
                }
            }
        }
        if problems.is_empty() { Ok(Self(origins)) } else { Err(problems) }
    }

    /// Whether a secret may be sent to the address. One without an origin goes where a policy in the parameter store says,
    /// but not where the `UserParameters` of a pipeline say, and not in plain sight.
    pub(super) fn allow(&self, secret: &str, url: &str, is_inline: bool) -> Result<(), String> {
        let url: Url = url.parse()?;
        let listed = "to an origin that the settings name below `gates.secrets`";
        match self.0.get(secret) {
            Some(only) if only.origin() == url.origin() => Ok(()),
            Some(only) => Err(format!("the settings send `{secret}` to {} only", only.origin())),
            None if is_inline => Err(format!("a policy in UserParameters sends `{secret}` only {listed}")),
            None if url.is_plain() => Err(format!("`{secret}` is sent without encryption only {listed}")),
            None => Ok(()),
        }
    }
}

fn check_name(name: &str) -> Result<(), String> {
    let is_known = SECRET_FOLDERS.iter().any(|folder| check_secret_name(name, folder).is_ok());
    let [http, sonarqube] = SECRET_FOLDERS;
    is_known.then_some(()).ok_or_else(|| format!("no check sends it; names begin with {http}/ or {sonarqube}/"))
}

fn check_origin(origin: &str) -> Result<Url, String> {
    let url: Url = origin.parse()?;
    let whole = || {
        let shown = strict_yaml::shown(origin);
        format!("`{shown}` is more than scheme, host and port; write {}", url.origin())
    };
    if url.is_origin() { Ok(url) } else { Err(whole()) }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(pairs: &[(&str, &str)]) -> Result<Destinations, Vec<String>> {
        Destinations::check(pairs.iter().map(|(name, origin)| ((*name).to_owned(), (*origin).to_owned())).collect())
    }

    #[test]
    fn a_secret_that_is_listed_goes_to_its_origin_and_nowhere_else() {
        let listed = read(&[("http/shop", "https://shop.example.com"), ("http/old", "http://old.example.com:8080/")]);
        let listed = listed.unwrap();
        for is_inline in [false, true] {
            assert_eq!(listed.allow("http/shop", "https://SHOP.example.com:443/health?x", is_inline), Ok(()));
            assert_eq!(listed.allow("http/old", "http://old.example.com:8080/", is_inline), Ok(()));
            for url in
                ["http://shop.example.com/", "https://shop.example.com:8443/", "https://shop.example.com.example.org/"]
            {
                let told = "the settings send `http/shop` to https://shop.example.com:443 only";
                assert_eq!(listed.allow("http/shop", url, is_inline), Err(told.to_owned()), "{url}");
            }
        }
    }

    #[test]
    fn a_secret_that_is_not_listed_goes_encrypted_and_where_a_policy_of_its_own_says() {
        let none = Destinations::default();
        assert_eq!(none.allow("http/shop", "https://any.example.com/", false), Ok(()));
        assert!(none.allow("http/shop", "https://any.example.com/", true).unwrap_err().contains("UserParameters"));
        assert!(none.allow("http/shop", "http://any.example.com/", false).unwrap_err().contains("without encryption"));
    }

    #[test]
    fn what_names_no_secret_or_more_than_an_origin_is_refused() {
        for (name, origin, told) in [
            ("slack/bot-token", "https://example.com", "slack/bot-token: no check sends it"),
            ("http/A", "https://example.com", "http/A: no check sends it"),
            ("http/a", "example.com", "no address"),
            ("http/a", "https://example.com/path", "scheme, host and port; write https://example.com:443"),
            ("http/a", "https://example.com/?a", "scheme, host and port"),
        ] {
            let problems = read(&[(name, origin)]).unwrap_err();
            assert!(problems.len() == 1 && problems[0].contains(told), "{problems:?}");
        }
    }
}
