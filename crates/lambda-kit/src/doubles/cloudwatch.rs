//! CloudWatch on loopback: JSON values as CBOR and back, which is what its SDK speaks. A time is `{"at": "…"}`, and a
//! number with a fraction is a double.

use aws_smithy_cbor::data::Type;
use aws_smithy_cbor::{Decoder, Encoder};
use aws_smithy_types::DateTime;
use jiff::Timestamp;
use serde_json::{Map, Value, json};

use super::rehearsal::{Answer, Request};

const CBOR: &str = "the SDK writes CBOR of this kind";

/// A time.
pub fn at(time: &str) -> Value {
    json!({ "at": time })
}

/// A whole answer.
pub fn said(status: u16, body: &Value) -> Answer {
    let bytes = encoded(body);
    let head = format!(
        "HTTP/1.1 {status} Prepared\r\nsmithy-protocol: rpc-v2-cbor\r\ncontent-type: application/cbor\r\n\
         connection: close\r\ncontent-length: {}\r\n\r\n",
        bytes.len()
    );
    Answer::Bytes([head.into_bytes(), bytes].concat())
}

/// A refusal.
pub fn refusal(code: &str) -> Answer {
    said(400, &json!({ "__type": format!("com.amazonaws.cloudwatch#{code}"), "message": "no" }))
}

/// What was asked for, and with which input.
pub fn asked(request: &Request) -> (String, Value) {
    let operation = request.head[0].split(' ').nth(1).and_then(|path| path.rsplit('/').next()).unwrap_or_default();
    (operation.to_owned(), read(&mut Decoder::new(&request.bytes)))
}

fn encoded(value: &Value) -> Vec<u8> {
    let mut encoder = Encoder::new(Vec::new());
    write(&mut encoder, value);
    encoder.into_writer()
}

fn write(encoder: &mut Encoder, value: &Value) {
    match value {
        Value::Null => drop(encoder.null()),
        Value::Bool(value) => drop(encoder.boolean(*value)),
        Value::Number(number) => match number.as_i64() {
            Some(whole) => drop(encoder.long(whole)),
            None => drop(encoder.double(number.as_f64().expect("a number"))),
        },
        Value::String(text) => drop(encoder.str(text)),
        Value::Array(values) => {
            encoder.array(values.len());
            values.iter().for_each(|value| write(encoder, value));
        }
        Value::Object(members) => match members.get("at").and_then(Value::as_str) {
            Some(time) => {
                let time: Timestamp = time.parse().expect("a time");
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

fn read(decoder: &mut Decoder<'_>) -> Value {
    match decoder.datatype().expect(CBOR) {
        Type::String | Type::StringIndef => json!(decoder.string().expect(CBOR)),
        Type::Bool => json!(decoder.boolean().expect(CBOR)),
        Type::Tag => {
            let time = decoder.timestamp().expect(CBOR).to_millis().expect(CBOR);
            at(&Timestamp::from_millisecond(time).expect(CBOR).to_string())
        }
        Type::Array => {
            let length = decoder.list().expect(CBOR).expect(CBOR);
            (0..length).map(|_| read(decoder)).collect()
        }
        Type::MapIndef => {
            decoder.map().expect(CBOR);
            let mut members = Map::new();
            while decoder.datatype().expect(CBOR) != Type::Break {
                let name = decoder.string().expect(CBOR);
                members.insert(name, read(decoder));
            }
            decoder.skip().expect(CBOR);
            Value::Object(members)
        }
        _ => json!(decoder.long().expect(CBOR)),
    }
}
