//! Pages of a list: opaque tokens that survive new entries at the front.

use serde_json::{Map, Value, json};

use super::error::{Answer, ApiError};

/// One page of `items` under `member`, with a nextToken if there is more.
///
/// Every item has an anchor; the token names the anchor of the last item shown, so a page goes on
/// where the one before ended, whatever was added meanwhile.
pub(crate) fn page(member: &str, input: &Value, most: usize, items: Vec<(String, Value)>) -> Answer {
    let start = match input["nextToken"].as_str() {
        None => 0,
        Some(token) => position_after(token, &items)?,
    };
    let most = input["maxResults"].as_u64().and_then(|asked| usize::try_from(asked).ok()).unwrap_or(most);
    let end = items.len().min(start + most);
    let mut answer = Map::new();
    if end < items.len() {
        answer.insert("nextToken".to_owned(), json!(token(&items[end - 1].0)));
    }
    let shown: Vec<Value> = items.into_iter().take(end).skip(start).map(|(_, item)| item).collect();
    answer.insert(member.to_owned(), json!(shown));
    Ok(Value::Object(answer))
}

fn position_after(given: &str, items: &[(String, Value)]) -> Result<usize, ApiError> {
    let found = items.iter().position(|(anchor, _)| token(anchor) == given);
    found.map(|position| position + 1).ok_or_else(|| {
        ApiError::new(
            "InvalidNextTokenException",
            "The nextToken is not one that a previous call of this list returned.",
        )
    })
}

/// Hexadecimal, so that nobody is tempted to read or make one.
fn token(anchor: &str) -> String {
    anchor.bytes().map(|byte| format!("{byte:02x}")).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn items(names: &[&str]) -> Vec<(String, Value)> {
        names.iter().map(|name| ((*name).to_owned(), json!(name))).collect()
    }

    #[test]
    fn pages_go_on_where_the_last_one_ended_even_if_something_new_came() {
        let first = page("it", &json!({"maxResults": 2}), 100, items(&["c", "b", "a"])).unwrap();
        assert_eq!(first["it"], json!(["c", "b"]));
        let next = json!({"maxResults": 2, "nextToken": first["nextToken"]});
        let second = page("it", &next, 100, items(&["d", "c", "b", "a"])).unwrap();
        assert_eq!(second, json!({"it": ["a"]}));
    }

    #[test]
    fn a_made_up_token_is_refused() {
        let error = page("it", &json!({"nextToken": "2"}), 100, items(&["a"])).unwrap_err();
        assert_eq!(error.code, "InvalidNextTokenException");
    }
}
