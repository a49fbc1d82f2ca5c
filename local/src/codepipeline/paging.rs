//! Pages of a list: opaque tokens that survive new entries at the front.

use std::fmt::Write;

use serde_json::{Map, Value, json};

use super::error::{Answer, ApiError};

/// One page of `items` under `member`, with a nextToken if there is more. Only what is shown is rendered.
///
/// Every item has an anchor; the token names the anchor of the last item shown, so a page goes on
/// where the one before ended, whatever was added meanwhile.
pub(crate) fn page<T>(
    member: &str,
    input: &Value,
    most: usize,
    items: &[T],
    anchor: impl Fn(&T) -> String,
    render: impl Fn(&T) -> Value,
) -> Answer {
    let start = match input["nextToken"].as_str() {
        None => 0,
        Some(given) => {
            let last_shown = items.iter().position(|item| token(&anchor(item)) == given);
            last_shown.ok_or_else(unknown_token)? + 1
        }
    };
    let most = input["maxResults"].as_u64().and_then(|asked| usize::try_from(asked).ok()).unwrap_or(most);
    let end = items.len().min(start + most);
    let mut answer = Map::new();
    if end < items.len() {
        answer.insert("nextToken".to_owned(), json!(token(&anchor(&items[end - 1]))));
    }
    answer.insert(member.to_owned(), items[start..end].iter().map(render).collect());
    Ok(Value::Object(answer))
}

fn unknown_token() -> ApiError {
    ApiError::new("InvalidNextTokenException", "The nextToken is not one that a previous call of this list returned.")
}

/// Hexadecimal, so that nobody is tempted to read or make one.
fn token(anchor: &str) -> String {
    anchor.bytes().fold(String::new(), |mut token, byte| {
        // Writing to a text cannot fail.
        let _ = write!(token, "{byte:02x}");
        token
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn listed(names: &[&str], input: &Value) -> Answer {
        page("it", input, 100, names, |name| (*name).to_owned(), |name| json!(name))
    }

    #[test]
    fn pages_go_on_where_the_last_one_ended_even_if_something_new_came() {
        let first = listed(&["c", "b", "a"], &json!({"maxResults": 2})).unwrap();
        assert_eq!(first["it"], json!(["c", "b"]));
        let next = json!({"maxResults": 2, "nextToken": first["nextToken"]});
        let second = listed(&["d", "c", "b", "a"], &next).unwrap();
        assert_eq!(second, json!({"it": ["a"]}));
    }

    #[test]
    fn a_made_up_token_is_refused() {
        assert_eq!(listed(&["a"], &json!({"nextToken": "2"})).unwrap_err().code, "InvalidNextTokenException");
    }
}
