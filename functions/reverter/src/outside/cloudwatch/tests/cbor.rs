//! JSON values as CBOR and back: what CloudWatch and its SDK speak. A time is written as `{"at": "…"}`.

use aws_sdk_cloudwatch::primitives::DateTime;
use aws_smithy_cbor::data::Type;
use aws_smithy_cbor::{Decoder, Encoder};
use jiff::Timestamp;
use serde_json::{Map, Value, json};

/// A time.
pub(super) fn at(time: &str) -> Value {
    json!({ "at": time })
}

pub(super) fn encoded(value: &Value) -> Vec<u8> {
    let mut encoder = Encoder::new(Vec::new());
    write(&mut encoder, value);
    encoder.into_writer()
}

fn write(encoder: &mut Encoder, value: &Value) {
    match value {
        Value::Null => drop(encoder.null()),
        Value::Bool(value) => drop(encoder.boolean(*value)),
        Value::Number(number) => drop(encoder.long(number.as_i64().expect("a whole number"))),
        Value::String(text) => drop(encoder.str(text)),
        Value::Array(values) => {
            encoder.array(values.len());
            values.iter().for_each(|value| write(encoder, value));
        }
        Value::Object(members) => match members.get("at").and_then(Value::as_str) {
            Some(time) => {
                let time: Timestamp = time.parse().unwrap();
                encoder.timestamp(&DateTime::from_millis(time.as_millisecond()));
            }
            None => {
                encoder.map(members.len());
                for (name, value) in members {
                    encoder.str(name);
                    write(encoder, value);
                }
            }
        },
    }
}

pub(super) fn decoded(bytes: &[u8]) -> Value {
    read(&mut Decoder::new(bytes))
}

fn read(decoder: &mut Decoder<'_>) -> Value {
    match decoder.datatype().unwrap() {
        Type::String | Type::StringIndef => json!(decoder.string().unwrap()),
        Type::Tag => {
            let time = decoder.timestamp().unwrap().to_millis().unwrap();
            at(&Timestamp::from_millisecond(time).unwrap().to_string())
        }
        Type::Array => {
            let length = decoder.list().unwrap().unwrap();
            (0..length).map(|_| read(decoder)).collect()
        }
        Type::MapIndef => {
            decoder.map().unwrap();
            let mut members = Map::new();
            while decoder.datatype().unwrap() != Type::Break {
                let name = decoder.string().unwrap();
                members.insert(name, read(decoder));
            }
            decoder.skip().unwrap();
            Value::Object(members)
        }
        _ => json!(decoder.long().unwrap()),
    }
}
