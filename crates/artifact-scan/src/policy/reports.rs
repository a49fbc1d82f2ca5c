//! Where reports go, besides the action's output artifact.

use std::fmt;

use serde::Deserialize;
use strict_yaml::shown;

/// Which reports are written, and where to.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Reports {
    /// Which; each once.
    pub formats: Vec<Format>,
    /// A folder for them in a bucket.
    pub to: Option<S3Address>,
}

/// A form of report.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema), schemars(inline))]
#[serde(rename_all = "lowercase")]
pub enum Format {
    /// SARIF 2.1.0, for code scanning.
    Sarif,
    /// Our own, for programs.
    Json,
    /// A summary for people.
    Markdown,
}

/// `s3://bucket/key`.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema), schemars(with = "String", inline))]
#[serde(try_from = "String")]
pub struct S3Address {
    /// The bucket.
    pub bucket: String,
    /// The key, or the beginning of several.
    pub key: String,
}

impl Default for Reports {
    fn default() -> Self {
        Self { formats: vec![Format::Sarif, Format::Json, Format::Markdown], to: None }
    }
}

impl fmt::Display for S3Address {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(formatter, "s3://{}/{}", self.bucket, self.key)
    }
}

impl TryFrom<String> for S3Address {
    type Error = String;

    fn try_from(text: String) -> Result<Self, String> {
        let parts = text.trim().strip_prefix("s3://").and_then(|rest| rest.split_once('/'));
        let address = parts.filter(|(bucket, key)| is_bucket(bucket) && is_key(key));
        let (bucket, key) = address
            .ok_or_else(|| format!("`{}` is no address in S3; write one such as s3://bucket/folder", shown(&text)))?;
        Ok(Self { bucket: bucket.to_owned(), key: key.to_owned() })
    }
}

/// Names as S3 gives them, and no ARNs of access points.
fn is_bucket(text: &str) -> bool {
    let is_inner = |byte: u8| byte.is_ascii_lowercase() || byte.is_ascii_digit() || [b'-', b'.'].contains(&byte);
    (3..=63).contains(&text.len())
        && text.bytes().all(is_inner)
        && !text.starts_with(['-', '.'])
        && !text.ends_with(['-', '.'])
}

fn is_key(text: &str) -> bool {
    (1..=512).contains(&text.len()) && !text.chars().any(char::is_control) && !text.split('/').any(|part| part == "..")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_address_is_a_bucket_and_a_key() {
        let address = S3Address::try_from(String::from("s3://my-bucket/scans/orders/")).unwrap();
        assert_eq!((address.bucket.as_str(), address.key.as_str()), ("my-bucket", "scans/orders/"));
        assert_eq!(address.to_string(), "s3://my-bucket/scans/orders/");
        for wrong in
            ["", "my-bucket/a", "s3://my-bucket", "s3://my-bucket/", "s3://My/a", "s3://a/b", "s3://my-bucket/../a"]
        {
            assert!(S3Address::try_from(wrong.to_owned()).is_err(), "{wrong}");
        }
    }
}
