//! The list of channels. One that is not listed is dead code, and the compiler says so.

mod slack;
mod sns;
mod webhook;

use std::fmt;

use serde::{Deserialize, Serialize};

use crate::channel::Channel;

pub(crate) use slack::BOT_TOKEN;
pub(crate) use webhook::WEBHOOK_URL;

/// Every channel, by scheme.
const CHANNELS: &[&dyn Channel] = &[&slack::Slack, &sns::Sns, &webhook::Webhook];

/// A channel and a target there: `slack:C0123456`, `webhook`, `sns`.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct Address {
    scheme: String,
    target: String,
}

impl Address {
    pub(crate) fn target(&self) -> &str {
        &self.target
    }

    pub(crate) fn channel(&self) -> &'static dyn Channel {
        *CHANNELS
            .iter()
            .find(|channel| channel.scheme() == self.scheme)
            .expect("an address is made from a listed channel")
    }
}

/// Reads an address and checks its target.
pub(crate) fn address(written: &str) -> Result<Address, String> {
    let (scheme, target) = written.split_once(':').unwrap_or((written, ""));
    let Some(channel) = CHANNELS.iter().find(|channel| channel.scheme() == scheme) else {
        let known: Vec<_> = CHANNELS.iter().map(|channel| channel.scheme()).collect();
        return Err(format!("no such channel; known are {}", known.join(", ")));
    };
    channel.check_target(target)?;
    Ok(Address { scheme: scheme.to_owned(), target: target.to_owned() })
}

impl TryFrom<String> for Address {
    type Error = String;

    fn try_from(written: String) -> Result<Self, String> {
        address(&written)
    }
}

impl From<Address> for String {
    fn from(address: Address) -> Self {
        address.to_string()
    }
}

impl fmt::Display for Address {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.target.as_str() {
            "" => formatter.write_str(&self.scheme),
            target => write!(formatter, "{}:{target}", self.scheme),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn schemes_are_unique_sorted_and_plain() {
        let schemes: Vec<_> = CHANNELS.iter().map(|channel| channel.scheme()).collect();
        assert!(schemes.is_sorted() && schemes.windows(2).all(|pair| pair[0] != pair[1]), "{schemes:?}");
        assert!(schemes.iter().all(|scheme| scheme.chars().all(|c| c.is_ascii_lowercase() || c == '-')));
    }

    #[test]
    fn an_address_is_written_as_it_is_read() {
        for written in ["slack:C0123456", "slack:#releases", "sns", "webhook"] {
            assert_eq!(address(written).map(|address| address.to_string()), Ok(written.to_owned()));
        }
    }
}
