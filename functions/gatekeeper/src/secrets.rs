//! The secrets a policy may name, and where each of them may be sent.

use std::collections::BTreeMap;

use gate_checks::{Settings, Unanswered};
use pipeline_model::Secret;

/// What one visit may send. Whoever writes a policy says where a secret goes, so the settings may say where else it must
/// not go.
#[derive(Debug, Clone, Default)]
pub struct Secrets {
    values: BTreeMap<String, Secret<String>>,
    destinations: Destinations,
    is_inline: bool,
}

#[derive(Debug, Clone)]
enum Destinations {
    Known(Settings),
    /// The settings cannot be meant, and this is why.
    Unknown(String),
    /// Nothing was ever read, and this is why.
    Unread(String),
}

impl Default for Destinations {
    fn default() -> Self {
        Self::Known(Settings::default())
    }
}

impl Secrets {
    /// Secrets by their name, with the settings that were read together with them. An inline policy stands in
    /// `UserParameters`.
    pub fn new(values: BTreeMap<String, Secret<String>>, settings: Result<Settings, String>, is_inline: bool) -> Self {
        let destinations = settings.map_or_else(Destinations::Unknown, Destinations::Known);
        Self { values, destinations, is_inline }
    }

    /// Nobody knows them yet, because the store cannot be read.
    pub(crate) fn unread(why: String) -> Self {
        Self { destinations: Destinations::Unread(why), ..Self::default() }
    }

    /// The secret a check names, to be sent to `url`. What it cannot be asked with is not asked.
    ///
    /// # Errors
    /// There is no such secret, or it may not be sent there.
    pub(crate) fn to(&self, url: &str, name: Option<&str>) -> Result<Option<Secret<String>>, Unanswered> {
        let Some(name) = name else { return Ok(None) };
        match &self.destinations {
            Destinations::Known(settings) => {
                settings.may_send(name, url, self.is_inline).map_err(Unanswered::refused)?
            }
            Destinations::Unknown(why) => {
                return Err(Unanswered::refused(format!("while the settings are wrong, no secret is sent: {why}")));
            }
            Destinations::Unread(why) => {
                return Err(Unanswered::outage(format!("the secret `{name}` cannot be read now: {why}")));
            }
        }
        let missing =
            || Unanswered::refused(format!("the settings have no parameter `{name}`, which this check sends"));
        self.values.get(name).cloned().map(Some).ok_or_else(missing)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const URL: &str = "https://shop.example.com/health";

    fn secrets(settings: Result<Settings, String>) -> Secrets {
        Secrets::new([(String::from("http/shop"), Secret::new(String::from("EXAMPLE")))].into(), settings, false)
    }

    fn listed(origin: &str) -> Settings {
        Settings::parse(&format!("gates: {{ secrets: {{ http/shop: '{origin}' }} }}")).unwrap()
    }

    #[test]
    fn a_secret_goes_where_the_settings_let_it() {
        let sent = |settings| secrets(settings).to(URL, Some("http/shop"));
        assert!(matches!(sent(Ok(Settings::default())), Ok(Some(_))));
        assert!(matches!(sent(Ok(listed("https://shop.example.com"))), Ok(Some(_))));
        let refused = sent(Ok(listed("https://example.com"))).unwrap_err();
        assert_eq!(refused.why, "the settings send `http/shop` to https://example.com:443 only");
    }

    #[test]
    fn while_the_settings_are_wrong_no_secret_is_sent_and_what_needs_none_is_asked() {
        let secrets = secrets(Err(String::from("line 2, column 3: unknown key")));
        assert!(secrets.to(URL, Some("http/shop")).unwrap_err().why.starts_with("while the settings are wrong"));
        assert!(matches!(secrets.to(URL, None), Ok(None)));
    }
}
