//! `Fn::Sub` in both forms: with the template's own names, and with a map of extra ones.

use serde_json::{Map, Value};

use super::intrinsics::Resolver;

impl Resolver<'_> {
    pub(super) fn substitute(&self, argument: &Value, path: &str) -> Option<Value> {
        let (text, extra) = match argument {
            Value::String(text) => (text, None),
            Value::Array(parts) => match parts.as_slice() {
                [Value::String(text), Value::Object(extra)] => (text, Some(extra)),
                _ => return self.refuse(path, "Fn::Sub needs a text and a map"),
            },
            _ => return self.refuse(path, "Fn::Sub needs a text"),
        };
        let mut output = String::new();
        let mut rest = text.as_str();
        while let Some((before, after)) = rest.split_once("${") {
            output.push_str(before);
            let Some((name, after)) = after.split_once('}') else {
                return self.refuse(path, "Fn::Sub has a ${ without its }");
            };
            output.push_str(&self.substituted(name, extra, path)?);
            rest = after;
        }
        output.push_str(rest);
        Some(output.into())
    }

    fn substituted(&self, name: &str, extra: Option<&Map<String, Value>>, path: &str) -> Option<String> {
        if let Some(literal) = name.strip_prefix('!') {
            return Some(format!("${{{literal}}}"));
        }
        let value = match extra.and_then(|extra| extra.get(name)) {
            Some(value) => value.clone(),
            None => match name.split_once('.') {
                Some((logical_id, attribute)) => self.attribute(logical_id, attribute, path)?,
                None => serde_json::json!({ "Ref": name }),
            },
        };
        // A problem is already noted where the value is missing; the text goes on so that later ones are found too.
        Some(self.text(&value, path).unwrap_or_default())
    }
}
