//! The state table, as far as the ledger uses it: facts are appended, a window replaces them.

use std::collections::HashMap;

use serde_json::{Value, json};

/// The items by their key.
#[derive(Default)]
pub(crate) struct Table(HashMap<String, Item>);

#[derive(Default)]
struct Item {
    window: Option<String>,
    inbox: Vec<Value>,
}

impl Table {
    /// `UpdateItem`. What a call does is told by the values it brings; its conditions hold, as nobody else is here.
    pub(crate) fn update(&mut self, input: &Value) -> Value {
        let key = input["Key"]["pk"]["S"].as_str().unwrap_or_default();
        let values = &input["ExpressionAttributeValues"];
        let item = self.0.entry(key.to_owned()).or_default();
        item.inbox.extend(values[":facts"]["L"].as_array().into_iter().flatten().cloned());
        if let Some(window) = values[":window"]["S"].as_str() {
            item.window = Some(window.to_owned());
            let folded = input["UpdateExpression"].as_str().unwrap_or_default().matches("inbox[").count();
            item.inbox.drain(..folded.min(item.inbox.len()));
        }
        if input["ReturnValues"] != "ALL_NEW" {
            return json!({});
        }
        let mut attributes = json!({ "pk": { "S": key }, "inbox": { "L": item.inbox } });
        if let Some(window) = &item.window {
            attributes["window"] = json!({ "S": window });
        }
        json!({ "Attributes": attributes })
    }

    /// The bytes of each item, as DynamoDB counts them: names and values, and the expiry.
    pub(crate) fn bytes(&self) -> Vec<usize> {
        let texts =
            |values: &[Value]| values.iter().map(|value| 1 + value["S"].as_str().map_or(0, str::len)).sum::<usize>();
        let size = |(key, item): (&String, &Item)| {
            "pk".len()
                + key.len()
                + "window".len()
                + item.window.as_ref().map_or(0, String::len)
                + "inbox".len()
                + 3
                + texts(&item.inbox)
                + "expires_at".len()
                + 6
        };
        self.0.iter().map(size).collect()
    }
}
