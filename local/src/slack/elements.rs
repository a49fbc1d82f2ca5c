//! Interactive and inner elements: buttons, menus, images, and the limits on each.

use serde_json::{Map, Value};

use super::text::{Kind, Problems, items, object, shape, string, text, text_object};

/// What an actions block may hold, or a section carry at its side.
pub(super) fn check_interactive(value: &Value, at: &str, problems: &mut Problems) {
    let Some(members) = object(value, at, problems) else { return };
    match members.get("type").and_then(Value::as_str) {
        Some("button") => button(members, at, problems),
        Some("overflow") => menu(members, 5, at, problems),
        Some("static_select") => menu(members, 100, at, problems),
        other => problems.add(at, format!("unsupported element: {other:?}")),
    }
}

/// What a section may carry at its side.
pub(super) fn check_accessory(value: &Value, at: &str, problems: &mut Problems) {
    if value.get("type").and_then(Value::as_str) == Some("image") {
        image(value, at, problems);
    } else {
        check_interactive(value, at, problems);
    }
}

/// What a context block may hold.
pub(super) fn check_context(value: &Value, at: &str, problems: &mut Problems) {
    if value.get("type").and_then(Value::as_str) == Some("image") {
        image(value, at, problems);
    } else {
        text_object(value, Kind::Any, 3000, at, problems);
    }
}

/// The action ids inside a list of elements; Slack wants them unique within a message.
pub(super) fn action_ids(block: &Map<String, Value>) -> impl Iterator<Item = &str> {
    let listed = block.get("elements").and_then(Value::as_array).into_iter().flatten();
    listed.chain(block.get("accessory")).filter_map(|element| element.get("action_id")?.as_str())
}

fn button(members: &Map<String, Value>, at: &str, problems: &mut Problems) {
    let optional = ["action_id", "url", "value", "style", "confirm", "accessibility_label"];
    shape(members, &["type", "text"], &optional, at, problems);
    text(members, "text", Kind::Plain, 75, at, problems);
    string(members, "action_id", 255, at, problems);
    string(members, "url", 3000, at, problems);
    string(members, "value", 2000, at, problems);
    string(members, "accessibility_label", 75, at, problems);
    if let Some(style) = members.get("style").filter(|style| !matches!(style.as_str(), Some("primary" | "danger"))) {
        problems.add(&format!("{at}/style"), format!("unsupported style: {style}"));
    }
    confirm(members, at, problems);
}

fn menu(members: &Map<String, Value>, most: usize, at: &str, problems: &mut Problems) {
    let optional = ["action_id", "placeholder", "initial_option", "confirm"];
    shape(members, &["type", "options"], &optional, at, problems);
    string(members, "action_id", 255, at, problems);
    text(members, "placeholder", Kind::Plain, 150, at, problems);
    for (index, option) in items(members, "options", most, at, problems).iter().enumerate() {
        let at = format!("{at}/options/{index}");
        let Some(option) = object(option, &at, problems) else { continue };
        shape(option, &["text", "value"], &["description", "url"], &at, problems);
        text(option, "text", Kind::Any, 75, &at, problems);
        string(option, "value", 150, &at, problems);
    }
    confirm(members, at, problems);
}

fn confirm(members: &Map<String, Value>, at: &str, problems: &mut Problems) {
    let Some(value) = members.get("confirm") else { return };
    let at = format!("{at}/confirm");
    let Some(members) = object(value, &at, problems) else { return };
    shape(members, &["title", "text", "confirm", "deny"], &["style"], &at, problems);
    text(members, "title", Kind::Plain, 100, &at, problems);
    text(members, "text", Kind::Any, 300, &at, problems);
    text(members, "confirm", Kind::Plain, 30, &at, problems);
    text(members, "deny", Kind::Plain, 30, &at, problems);
}

fn image(value: &Value, at: &str, problems: &mut Problems) {
    let Some(members) = object(value, at, problems) else { return };
    shape(members, &["type", "image_url", "alt_text"], &[], at, problems);
    string(members, "image_url", 3000, at, problems);
    string(members, "alt_text", 2000, at, problems);
}
