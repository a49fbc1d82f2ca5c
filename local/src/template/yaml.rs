//! YAML with CloudFormation's tags to plain data: `!Ref x` becomes `{"Ref": "x"}`.

use std::fmt;

use serde::de::{Deserialize, Deserializer, Error, MapAccess, SeqAccess, Visitor};
use serde_json::{Map, Number, Value, json};
use serde_saphyr::Tagged;

/// Parses one document. JSON is YAML too.
pub(crate) fn parse(text: &str) -> Result<Value, String> {
    serde_saphyr::from_str::<LongForm>(text).map(|document| document.0).map_err(|error| error.to_string())
}

/// A node whose tag, and those of all nodes below it, has been written out.
struct LongForm(Value);

impl<'de> Deserialize<'de> for LongForm {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let Tagged(Untagged(value), tag) = Tagged::<Untagged>::deserialize(deserializer)?;
        match tag.as_deref().and_then(|tag| tag.strip_prefix('!')) {
            Some(name) => Ok(Self(written_out(name, value))),
            None => Ok(Self(value)),
        }
    }
}

/// `Ref` and `Condition` keep their name, everything else is an `Fn::`; `!GetAtt` alone has a form of its own.
fn written_out(tag: &str, value: Value) -> Value {
    match (tag, value) {
        ("Ref" | "Condition", value) => json!({ tag: value }),
        ("GetAtt", Value::String(dotted)) => match dotted.split_once('.') {
            Some((logical_id, attribute)) => json!({ "Fn::GetAtt": [logical_id, attribute] }),
            None => json!({ "Fn::GetAtt": dotted }),
        },
        (_, value) => json!({ format!("Fn::{tag}"): value }),
    }
}

struct Untagged(Value);

impl<'de> Deserialize<'de> for Untagged {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_any(AnyNode).map(Self)
    }
}

struct AnyNode;

impl<'de> Visitor<'de> for AnyNode {
    type Value = Value;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a template")
    }

    fn visit_unit<E: Error>(self) -> Result<Value, E> {
        Ok(Value::Null)
    }

    fn visit_bool<E: Error>(self, value: bool) -> Result<Value, E> {
        Ok(value.into())
    }

    fn visit_i64<E: Error>(self, value: i64) -> Result<Value, E> {
        Ok(value.into())
    }

    fn visit_u64<E: Error>(self, value: u64) -> Result<Value, E> {
        Ok(value.into())
    }

    fn visit_f64<E: Error>(self, value: f64) -> Result<Value, E> {
        Number::from_f64(value).map(Value::Number).ok_or_else(|| E::custom("a number must be finite"))
    }

    fn visit_str<E: Error>(self, value: &str) -> Result<Value, E> {
        Ok(value.into())
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut items: A) -> Result<Value, A::Error> {
        let mut list = Vec::new();
        while let Some(LongForm(item)) = items.next_element()? {
            list.push(item);
        }
        Ok(Value::Array(list))
    }

    fn visit_map<A: MapAccess<'de>>(self, mut entries: A) -> Result<Value, A::Error> {
        let mut map = Map::new();
        while let Some((key, LongForm(value))) = entries.next_entry::<String, LongForm>()? {
            map.insert(key, value);
        }
        Ok(Value::Object(map))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn short_forms_become_long_forms_at_every_depth() {
        let text = r#"
A: !Sub "${AWS::StackName}-a"
B: [!Ref X, !GetAtt Role.Arn, !GetAtt [Nested, Outputs.Arn]]
C: !If [Main, !Join ["-", [a, !Ref B]], !Ref "AWS::NoValue"]
D: !Not [!Condition Other]
"#;
        let long = json!({
            "A": {"Fn::Sub": "${AWS::StackName}-a"},
            "B": [{"Ref": "X"}, {"Fn::GetAtt": ["Role", "Arn"]}, {"Fn::GetAtt": ["Nested", "Outputs.Arn"]}],
            "C": {"Fn::If": ["Main", {"Fn::Join": ["-", ["a", {"Ref": "B"}]]}, {"Ref": "AWS::NoValue"}]},
            "D": {"Fn::Not": [{"Condition": "Other"}]},
        });
        assert_eq!(parse(text).unwrap(), long);
    }

    #[test]
    fn scalars_keep_their_kind() {
        let text = "{a: 1, b: '1', c: true, d: 1.5, e: 2012-10-17, f: null, g: !Ref '1'}";
        let expected = json!({"a": 1, "b": "1", "c": true, "d": 1.5, "e": "2012-10-17", "f": null, "g": {"Ref": "1"}});
        assert_eq!(parse(text).unwrap(), expected);
    }

    #[test]
    fn a_key_given_twice_is_refused() {
        assert!(parse("a: 1\na: 2\n").unwrap_err().contains("duplicate"));
    }
}
