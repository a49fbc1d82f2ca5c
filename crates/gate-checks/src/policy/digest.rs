//! A number for what a check measures, so that what is remembered of it ends where somebody changes it.

use crc32fast::Hasher;
use strict_yaml::{Node, Value};

use super::NoData;

/// Of what stands below a check's key, and of what no data means. By the other terms is judged what was measured, so a
/// change of theirs changes nothing that is remembered.
pub(super) fn digest(kind: &str, node: &Node, no_data: NoData) -> u32 {
    let mut hasher = Hasher::new();
    add(&mut hasher, "check", kind);
    add(&mut hasher, "no-data", &format!("{no_data:?}"));
    walk(&mut hasher, node);
    hasher.finalize()
}

fn walk(hasher: &mut Hasher, node: &Node) {
    match &node.value {
        Value::Scalar { text, plain } => add(hasher, if *plain { "plain" } else { "quoted" }, text),
        Value::List(items) => {
            add(hasher, "list", &items.len().to_string());
            items.iter().for_each(|item| walk(hasher, item));
        }
        Value::Map(entries) => {
            add(hasher, "map", &entries.len().to_string());
            for entry in entries {
                add(hasher, "key", &entry.key);
                walk(hasher, &entry.node);
            }
        }
    }
}

/// With its length, so that what one text ends with is not taken for what the next one begins with.
fn add(hasher: &mut Hasher, what: &str, text: &str) {
    hasher.update(format!("{what} {} {text}", text.len()).as_bytes());
}

#[cfg(test)]
mod tests {
    use crate::testing::policy;

    fn of(check: &str) -> u32 {
        policy("1h", &[check]).rules[0].digest
    }

    #[test]
    fn what_is_measured_has_a_number_of_its_own_and_how_it_is_judged_has_none() {
        let check = "{ alarms: { names: [a, b] } }";
        for other in [
            "{ alarms: { names: [a, c] } }",
            "{ alarms: { names: [ab] } }",
            "{ alarms: { prefix: a } }",
            "{ alarms: { names: [a, b], red: [ALARM] } }",
            "{ alarms: { names: [a, b] }, no-data: pass }",
        ] {
            assert_ne!(of(check), of(other), "{other}");
        }
        for same in ["{ alarms: { names: [a,   b] }, for: 10m, failures: 3 }", "{ name: x, alarms: { names: [a, b] } }"]
        {
            assert_eq!(of(check), of(same), "{same}");
        }
    }
}
