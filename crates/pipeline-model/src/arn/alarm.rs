//! Alarm ARNs, and the alarm's page in the console.

use std::fmt;

use percent_encoding::{AsciiSet, NON_ALPHANUMERIC, utf8_percent_encode};
use serde::{Deserialize, Serialize};

use super::{ArnError, Partition};

/// What may stand in a link's fragment as it is; an alarm's name may hold anything.
const PLAIN: AsciiSet = NON_ALPHANUMERIC.remove(b'-').remove(b'.').remove(b'_');

/// `arn:<partition>:cloudwatch:<region>:<account>:alarm:<name>`; the name may itself hold colons, slashes and spaces.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct AlarmArn {
    /// The partition the alarm lives in.
    pub partition: Partition,
    /// The region, such as `us-east-1`.
    pub region: String,
    /// The twelve-digit account id, as text.
    pub account: String,
    /// The alarm's name, 1 to 255 characters of any kind, unique in its account and region.
    pub name: String,
}

impl AlarmArn {
    /// Builds the ARN of an alarm from what every event envelope carries.
    pub fn new(region: impl Into<String>, account: impl Into<String>, name: impl Into<String>) -> Self {
        let region = region.into();
        Self { partition: Partition::of_region(&region), region, account: account.into(), name: name.into() }
    }

    /// The console page of the alarm, where the partition has a public console.
    pub fn url(&self) -> Option<String> {
        let (host, region) = (self.partition.console_host()?, &self.region);
        let name = utf8_percent_encode(&self.name, &PLAIN);
        Some(format!("https://{host}/cloudwatch/home?region={region}#alarmsV2:alarm/{name}"))
    }
}

impl TryFrom<String> for AlarmArn {
    type Error = ArnError;

    fn try_from(text: String) -> Result<Self, ArnError> {
        let parts: Vec<&str> = text.splitn(7, ':').collect();
        match parts.as_slice() {
            ["arn", partition, "cloudwatch", region, account, "alarm", name]
                if ![partition, region, account, name].iter().any(|part| part.is_empty()) =>
            {
                Ok(Self {
                    partition: Partition((*partition).to_owned()),
                    region: (*region).to_owned(),
                    account: (*account).to_owned(),
                    name: (*name).to_owned(),
                })
            }
            _ => Err(ArnError { text, what: "an alarm", form: "cloudwatch:<region>:<account>:alarm:<name>" }),
        }
    }
}

impl From<AlarmArn> for String {
    fn from(arn: AlarmArn) -> Self {
        arn.to_string()
    }
}

impl fmt::Display for AlarmArn {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { partition, region, account, name } = self;
        write!(formatter, "arn:{}:cloudwatch:{region}:{account}:alarm:{name}", partition.as_str())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn the_console_link_holds_any_name_and_follows_the_partition() {
        let url = |region, name| AlarmArn::new(region, "111122223333", name).url();
        assert_eq!(
            url("us-east-1", "orders-errors").as_deref(),
            Some("https://console.aws.amazon.com/cloudwatch/home?region=us-east-1#alarmsV2:alarm/orders-errors")
        );
        let hostile = url("us-east-1", "a/b: 50% <é>|&").unwrap();
        assert!(hostile.ends_with("alarm/a%2Fb%3A%2050%25%20%3C%C3%A9%3E%7C%26"), "{hostile}");
        assert!(url("cn-north-1", "a").unwrap().starts_with("https://console.amazonaws.cn/"));
        assert!(url("us-gov-west-1", "a").unwrap().starts_with("https://console.amazonaws-us-gov.com/"));
        assert_eq!(url("us-iso-east-1", "a"), None);
    }

    #[test]
    fn arns_of_other_things_are_refused_with_the_form_that_was_expected() {
        for text in [
            "",
            "orders-errors",
            "arn:aws:cloudwatch:us-east-1:111122223333:alarm:",
            "arn:aws:cloudwatch:us-east-1:111122223333:alarm",
            "arn:aws:cloudwatch:us-east-1:111122223333:alarm-mute-rule:night",
            "arn:aws:cloudwatch:us-east-1::alarm:a",
            "arn:aws:cloudwatch::111122223333:alarm:a",
            "arn:aws:codepipeline:us-east-1:111122223333:orders",
        ] {
            let error = AlarmArn::try_from(text.to_owned()).unwrap_err().to_string();
            assert!(error.contains("expected arn:<partition>:cloudwatch:<region>:<account>:alarm:<name>"), "{error}");
        }
    }

    proptest! {
        #[test]
        fn an_arn_is_read_as_it_is_written_whatever_the_name(name in "\\PC{1,40}|[a-z:/ ]{1,20}") {
            for region in ["us-east-1", "cn-north-1", "us-gov-west-1"] {
                let arn = AlarmArn::new(region, "111122223333", &name);
                prop_assert_eq!(AlarmArn::try_from(arn.to_string()), Ok(arn));
            }
        }
    }
}
