//! A book as an item of the table.

use std::collections::HashMap;

use anyhow::{Context, Result, anyhow};
use aws_sdk_dynamodb::types::AttributeValue;
use jiff::Timestamp;
use rollback_plans::{Book, Hold, Past, Pledge};
use serde::{Deserialize, Serialize};

use crate::ports::Lease;

/// What stands in an item.
#[derive(Debug, Default)]
pub(super) struct Item {
    past: Vec<Past>,
    pledges: Vec<Signed>,
    pub(super) leased_until: Option<Timestamp>,
    pub(super) revision: u64,
    pub(super) writer: Option<String>,
}

/// A pledge, and whose it is.
#[derive(Debug, Serialize, Deserialize)]
struct Signed {
    by: String,
    pledge: Pledge,
}

impl Item {
    pub(super) fn read(attributes: &HashMap<String, AttributeValue>) -> Result<Self> {
        let unreadable = |name: &str| {
            anyhow!(
                "`{name}` cannot be read: something else writes to this table, or another version did; delete the item"
            )
        };
        let string = |name: &str| {
            let found = attributes.get(name).map(|value| value.as_s().map(String::as_str));
            found.transpose().map_err(|_| unreadable(name))
        };
        let integer = |name: &str| -> Result<Option<i64>> {
            let found = attributes.get(name).map(|value| value.as_n().ok().and_then(|text| text.parse().ok()));
            found.map(|number| number.ok_or_else(|| unreadable(name))).transpose()
        };
        let past = string("past")?.map(serde_json::from_str).transpose().with_context(|| unreadable("past"))?;
        let pledges = attributes.get("pledges").map(AttributeValue::as_l).transpose();
        let pledges = pledges.map_err(|_| unreadable("pledges"))?.map(Vec::as_slice).unwrap_or_default();
        let pledges = pledges.iter().map(|value| value.as_s().ok().and_then(|text| serde_json::from_str(text).ok()));
        let until = integer("leased_until")?.map(Timestamp::from_millisecond).transpose();
        Ok(Self {
            past: past.unwrap_or_default(),
            pledges: pledges.collect::<Option<_>>().ok_or_else(|| unreadable("pledges"))?,
            leased_until: until.with_context(|| unreadable("leased_until"))?,
            revision: integer("revision")?.unwrap_or_default().unsigned_abs(),
            writer: string("writer")?.map(str::to_owned),
        })
    }

    /// The book for somebody who has not claimed it.
    pub(super) fn book(self, now: Timestamp) -> Book {
        let hold = self.leased_until.filter(|until| *until > now).map_or(Hold::Free, Hold::Others);
        Book { past: self.past, pledges: self.pledges.into_iter().map(|it| it.pledge).collect(), hold }
    }

    /// The book for whoever has just claimed it with this token: the own pledges, which are the last ones, left out.
    pub(super) fn claimed_by(self, token: String) -> (Book, Lease) {
        let all = self.pledges.len();
        let others: Vec<_> = self.pledges.into_iter().filter(|it| it.by != token).map(|it| it.pledge).collect();
        let lease = Lease { token, earlier: others.len(), all, fence: self.revision };
        (Book { past: self.past, pledges: others, hold: Hold::Mine }, lease)
    }
}

pub(super) fn pledge(token: &str, pledge: &Pledge) -> Result<String> {
    Ok(serde_json::to_string(&Signed { by: token.to_owned(), pledge: pledge.clone() })?)
}

pub(super) fn past(book: &Book) -> Result<String> {
    Ok(serde_json::to_string(&book.past)?)
}

pub(super) fn text(value: &str) -> AttributeValue {
    AttributeValue::S(value.to_owned())
}

pub(super) fn number(value: i64) -> AttributeValue {
    AttributeValue::N(value.to_string())
}

#[cfg(test)]
mod tests {
    use super::*;

    /// As the first version wrote them.
    #[test]
    fn an_item_of_an_earlier_version_is_read() {
        let pledge = r#"{"incident":"orders/Production@e2","release":"e2","alarm":"orders-errors","red_since":"2026-03-02T10:00:00.125Z","at":"2026-03-02T10:00:01Z","to":{"id":"1c2d3e4"},"target_execution":"e1"}"#;
        let known = r#""started":"e3","steps":["Back."],"closed_transition":true"#;
        let past = format!("[{},{known}}}]", pledge.strip_suffix('}').unwrap());
        let pledges = AttributeValue::L(vec![text(&format!(r#"{{"by":"a","pledge":{pledge}}}"#))]);
        let attributes = HashMap::from([(String::from("past"), text(&past)), (String::from("pledges"), pledges)]);
        let book = Item::read(&attributes).unwrap().book(Timestamp::UNIX_EPOCH);
        assert!(book.past[0].closed_transition);
        for pledge in [&book.past[0].pledge, &book.pledges[0]] {
            assert_eq!((pledge.release.as_str(), pledge.closes, &pledge.redeployment), ("e2", false, &None));
        }
    }
}
