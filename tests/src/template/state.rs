//! What template.yaml promises of the state table: each function has items of its own.

use std::collections::BTreeMap;

use serde_json::Value;

use super::{code, folder_of, functions, referred, statements, template, texts};

/// The keys that functions of one program may touch, as their roles say.
fn keys(template: &Value) -> BTreeMap<String, Vec<&str>> {
    let mut found = BTreeMap::new();
    for (id, function) in functions(template) {
        let role = &template["Resources"][function["Role"]["Fn::GetAtt"][0].as_str().unwrap()];
        let of_table = statements(role).into_iter().filter(|it| referred(&it["Resource"]).contains("StateTable"));
        for statement in of_table {
            let keys = texts(&statement["Condition"]["ForAllValues:StringLike"]["dynamodb:LeadingKeys"]);
            assert!(!keys.is_empty(), "{id}: say which keys are its own");
            // A read without a key, a scan, would meet the condition with no key at all.
            let by_key = |action: &&str| ["GetItem", "PutItem", "UpdateItem"].iter().any(|it| action.ends_with(it));
            assert!(texts(&statement["Action"]).iter().all(by_key), "{id}: calls of one item only");
            let before = found.insert(folder_of(id), keys.clone());
            assert!(before.is_none_or(|before| before == keys), "{id}: one program, the same keys");
        }
    }
    found
}

#[test]
fn no_function_can_touch_an_item_of_another_one() {
    let template = template();
    let keys = keys(&template);
    let all: Vec<&str> = keys.values().flatten().map(|key| key.trim_end_matches('*')).collect();
    for (at, one) in all.iter().enumerate() {
        let other = all.iter().enumerate().find(|(there, other)| *there != at && other.starts_with(one));
        assert_eq!(other, None, "{one} is the beginning of a key of somebody else's");
    }
}

/// The other direction, a key that is missing, shows in the demo, where IAM is enforced.
#[test]
fn every_key_a_function_may_touch_is_one_its_code_writes() {
    let template = template();
    for (folder, keys) in keys(&template) {
        let code = code(&format!("functions/{folder}/src"));
        for key in keys {
            let written = format!("\"{}", key.trim_end_matches('*'));
            assert!(code.contains(&written), "{folder}: nothing in its code begins with {key}; take it away");
        }
    }
}
