//! The list of checks. One that is not listed is dead code, and the compiler says so.

mod alarms;
mod compare;
mod history;
mod http;
mod metric;
mod sonarqube;
#[cfg(test)]
mod testing;
mod variable;
mod window;

use std::sync::Arc;

use serde::de::DeserializeOwned;
use strict_yaml::Node;

use crate::Problem;
use crate::check::Check;

/// Every check, by the key it stands below in a policy.
pub(crate) const KINDS: &[Kind] = &[
    Kind::of::<alarms::Alarms>("alarms"),
    Kind::of::<compare::Compare>("compare"),
    Kind::of::<history::History>("history"),
    Kind::of::<http::Http>("http"),
    Kind::of::<metric::Metric>("metric"),
    Kind::of::<sonarqube::SonarQube>("sonarqube"),
    Kind::of::<variable::Variable>("variable"),
    Kind::of::<window::Window>("window"),
];

/// Where the settings keep what checks send, by the kind of check.
pub(crate) const SECRET_FOLDERS: [&str; 2] = [http::FOLDER, sonarqube::FOLDER];

/// Reads what stands below a check's key, and tells every problem in it.
type Read = fn(&Node, &mut Vec<Problem>) -> Option<Arc<dyn Check>>;

/// A kind of check.
pub(crate) struct Kind {
    pub(crate) key: &'static str,
    pub(crate) read: Read,
    #[cfg(feature = "schema")]
    pub(crate) schema: fn(&mut schemars::SchemaGenerator) -> schemars::Schema,
}

impl Kind {
    #[cfg(not(feature = "schema"))]
    const fn of<T: Check + DeserializeOwned + 'static>(key: &'static str) -> Self {
        Self { key, read: read::<T> }
    }

    #[cfg(feature = "schema")]
    const fn of<T: Check + DeserializeOwned + schemars::JsonSchema + 'static>(key: &'static str) -> Self {
        Self { key, read: read::<T>, schema: schemars::SchemaGenerator::subschema_for::<T> }
    }
}

fn read<T: Check + DeserializeOwned + 'static>(node: &Node, problems: &mut Vec<Problem>) -> Option<Arc<dyn Check>> {
    strict_yaml::read_node::<T>(node, &[], problems).map(|check| Arc::new(check) as Arc<dyn Check>)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn keys_are_unique_sorted_and_plain() {
        let keys: Vec<_> = KINDS.iter().map(|kind| kind.key).collect();
        assert!(keys.is_sorted() && keys.windows(2).all(|pair| pair[0] != pair[1]), "{keys:?}");
        assert!(keys.iter().all(|key| key.chars().all(|c| c.is_ascii_lowercase() || c == '-')));
    }

    #[test]
    fn every_file_is_in_the_list() {
        let folder = std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join("src/checks");
        let names = std::fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().file_name().into_string().unwrap());
        let mut files: Vec<String> = names.filter_map(|name| name.strip_suffix(".rs").map(str::to_owned)).collect();
        files.retain(|name| name != "testing");
        files.sort();
        assert_eq!(files, KINDS.iter().map(|kind| kind.key).collect::<Vec<_>>());
    }
}
