//! Tags of a pipeline.

use std::collections::BTreeMap;

use serde_json::{Value, json};

use super::engine::Engine;
use super::error::{Answer, ApiError};
use super::paging::page;
use super::records::PipelineIndex;

/// Quota per resource.
const TAGS: usize = 50;
const PAGE: usize = 100;

impl Engine {
    /// `TagResource`.
    pub(crate) fn tag_resource(&mut self, input: &Value) -> Answer {
        let pipeline = self.tagged(input)?;
        let mut tags = self[pipeline].tags.clone();
        add(&mut tags, &input["tags"])?;
        self[pipeline].tags = tags;
        Ok(json!({}))
    }

    /// `UntagResource`.
    pub(crate) fn untag_resource(&mut self, input: &Value) -> Answer {
        let pipeline = self.tagged(input)?;
        for key in input["tagKeys"].as_array().into_iter().flatten().filter_map(Value::as_str) {
            self[pipeline].tags.remove(key);
        }
        Ok(json!({}))
    }

    /// `ListTagsForResource`.
    pub(crate) fn list_tags_for_resource(&self, input: &Value) -> Answer {
        let tags = &self[self.tagged(input)?].tags;
        let items: Vec<_> = tags.keys().zip(list(tags)).collect();
        page("tags", input, PAGE, &items, |(key, _)| (*key).clone(), |(_, tag)| tag.clone())
    }

    fn tagged(&self, input: &Value) -> Result<PipelineIndex, ApiError> {
        let arn = input["resourceArn"].as_str().unwrap_or_default();
        let name = arn.rsplit(':').next().unwrap_or_default();
        if arn != self.settings.pipeline_arn(name) {
            let message = format!("'{arn}' is not a pipeline of this account and Region.");
            return Err(ApiError::new("InvalidArnException", message));
        }
        let found = self.names.get(name).copied();
        found.ok_or_else(|| ApiError::new("ResourceNotFoundException", format!("There is no pipeline '{name}'.")))
    }
}

/// Adds the given tags, or refuses them all.
pub(crate) fn add(tags: &mut BTreeMap<String, String>, given: &Value) -> Result<(), ApiError> {
    for tag in given.as_array().into_iter().flatten() {
        let key = tag["key"].as_str().unwrap_or_default();
        if key.to_ascii_lowercase().starts_with("aws:") {
            return Err(ApiError::new(
                "InvalidTagsException",
                format!("'{key}' begins with the reserved prefix aws:."),
            ));
        }
        tags.insert(key.to_owned(), tag["value"].as_str().unwrap_or_default().to_owned());
    }
    if tags.len() > TAGS {
        return Err(ApiError::new("TooManyTagsException", format!("A pipeline has at most {TAGS} tags.")));
    }
    Ok(())
}

/// Tags as the API lists them.
pub(crate) fn list(tags: &BTreeMap<String, String>) -> Vec<Value> {
    tags.iter().map(|(key, value)| json!({ "key": key, "value": value })).collect()
}

#[cfg(test)]
mod tests {
    use serde_json::{Value, json};

    use super::super::bench::{Bench, plain};

    const ARN: &str = "arn:aws:codepipeline:us-east-1:111122223333:p";

    fn tag(tags: &Value) -> Value {
        json!({"resourceArn": ARN, "tags": tags})
    }

    #[test]
    fn tags_are_added_listed_and_removed() {
        let mut bench = Bench::with(&plain());
        bench
            .call("TagResource", tag(&json!([{"key": "team", "value": "orders"}, {"key": "tier", "value": ""}])))
            .unwrap();
        bench.call("UntagResource", json!({"resourceArn": ARN, "tagKeys": ["tier", "nothing"]})).unwrap();
        let list = bench.call("ListTagsForResource", json!({"resourceArn": ARN})).unwrap();
        assert_eq!(list, json!({"tags": [{"key": "team", "value": "orders"}]}));
    }

    #[test]
    fn a_resource_has_at_most_fifty_tags_and_none_of_ours() {
        let mut bench = Bench::with(&plain());
        let many: Vec<Value> = (0..51).map(|n| json!({"key": format!("k{n}"), "value": "v"})).collect();
        assert_eq!(bench.refusal("TagResource", tag(&json!(many))), "TooManyTagsException");
        let reserved = tag(&json!([{"key": "aws:cloudformation:stack-name", "value": "x"}]));
        assert_eq!(bench.refusal("TagResource", reserved), "InvalidTagsException");
    }

    #[test]
    fn arns_of_other_places_are_invalid_and_of_unknown_pipelines_not_found() {
        let mut bench = Bench::with(&plain());
        let list = |arn: &str| json!({"resourceArn": arn});
        let elsewhere = list("arn:aws:codepipeline:eu-west-1:111122223333:p");
        assert_eq!(bench.refusal("ListTagsForResource", elsewhere), "InvalidArnException");
        let unknown = list("arn:aws:codepipeline:us-east-1:111122223333:q");
        assert_eq!(bench.refusal("ListTagsForResource", unknown), "ResourceNotFoundException");
    }
}
