//! Text objects and shapes: the parts every block and element is made of, and the list of what is wrong.

use serde_json::{Map, Value};

/// What is wrong with a payload, worded the way Slack does: a sentence and a JSON pointer.
#[derive(Debug, Default, PartialEq, Eq)]
pub(super) struct Problems(Vec<String>);

impl Problems {
    pub(super) fn add(&mut self, at: &str, what: impl AsRef<str>) {
        self.0.push(format!("[ERROR] {} [json-pointer:{at}]", what.as_ref()));
    }

    pub(super) fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    pub(super) fn into_messages(self) -> Vec<String> {
        self.0
    }
}

/// Which text types a place accepts.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Kind {
    /// `plain_text` only.
    Plain,
    /// `plain_text` or `mrkdwn`.
    Any,
}

/// The members of an object, or a problem.
pub(super) fn object<'v>(value: &'v Value, at: &str, problems: &mut Problems) -> Option<&'v Map<String, Value>> {
    let members = value.as_object();
    if members.is_none() {
        problems.add(at, "must be an object");
    }
    members
}

/// Refuses members Slack does not know at this place, and misses those it insists on.
pub(super) fn shape(
    members: &Map<String, Value>,
    required: &[&str],
    optional: &[&str],
    at: &str,
    problems: &mut Problems,
) {
    for key in members.keys().filter(|key| !required.contains(&key.as_str()) && !optional.contains(&key.as_str())) {
        problems.add(at, format!("invalid additional property: {key}"));
    }
    for key in required.iter().filter(|key| !members.contains_key(**key)) {
        problems.add(at, format!("missing required field: {key}"));
    }
}

/// A plain string with a length in characters; absent is fine, empty is not.
pub(super) fn string(members: &Map<String, Value>, key: &str, limit: usize, at: &str, problems: &mut Problems) {
    let Some(value) = members.get(key) else { return };
    let at = format!("{at}/{key}");
    match value.as_str().map(|text| text.chars().count()) {
        None => problems.add(&at, "must be a string"),
        Some(0) => problems.add(&at, "must be more than 0 characters"),
        Some(length) if length > limit => problems.add(&at, format!("must be less than {} characters", limit + 1)),
        Some(_) => {}
    }
}

/// A text object under `key`; absent is fine.
pub(super) fn text(
    members: &Map<String, Value>,
    key: &str,
    kind: Kind,
    limit: usize,
    at: &str,
    problems: &mut Problems,
) {
    if let Some(value) = members.get(key) {
        text_object(value, kind, limit, &format!("{at}/{key}"), problems);
    }
}

/// A text object.
pub(super) fn text_object(value: &Value, kind: Kind, limit: usize, at: &str, problems: &mut Problems) {
    let Some(members) = object(value, at, problems) else { return };
    let only_here = match (members.get("type").and_then(Value::as_str), kind) {
        (Some("plain_text"), _) => "emoji",
        (Some("mrkdwn"), Kind::Any) => "verbatim",
        (other, _) => return problems.add(&format!("{at}/type"), format!("unsupported text type: {other:?}")),
    };
    shape(members, &["type", "text"], &[only_here], at, problems);
    string(members, "text", limit, at, problems);
}

/// An array under `key` with at least one and at most `limit` items.
pub(super) fn items<'v>(
    members: &'v Map<String, Value>,
    key: &str,
    limit: usize,
    at: &str,
    problems: &mut Problems,
) -> &'v [Value] {
    let Some(value) = members.get(key) else { return &[] };
    let at = format!("{at}/{key}");
    let Some(items) = value.as_array() else {
        problems.add(&at, "must be an array");
        return &[];
    };
    if items.is_empty() {
        problems.add(&at, "must have at least 1 item");
    } else if items.len() > limit {
        problems.add(&at, format!("no more than {limit} items allowed"));
    }
    items
}
