//! Which alarms have a tag.

use std::collections::BTreeSet;

use aws_sdk_resourcegroupstagging::Client;
use aws_sdk_resourcegroupstagging::types::TagFilter;
use gate_checks::Unanswered;
use pipeline_model::AlarmArn;

use crate::outside::unanswered;

/// Most pages read of one tag's alarms, with 100 each (botocore's model of the tagging API).
const MOST_PAGES: usize = 5;

/// The names of the alarms with this tag (`GetResources`).
pub(super) async fn names(client: Client, key: String, value: String) -> Result<BTreeSet<String>, Unanswered> {
    let filter = TagFilter::builder().key(&key).values(&value).build();
    let request = client.get_resources().resource_type_filters("cloudwatch:alarm").tag_filters(filter);
    let request = request.resources_per_page(100);
    let (mut found, mut next) = (BTreeSet::new(), None);
    for _ in 0..MOST_PAGES {
        let page = request.clone().set_pagination_token(next.take()).send().await;
        let page = page.map_err(|error| unanswered(format!("GetResources of alarms tagged {key}={value}"), error))?;
        let arns = page.resource_tag_mapping_list.unwrap_or_default().into_iter().filter_map(|it| it.resource_arn);
        found.extend(arns.filter_map(|arn| AlarmArn::try_from(arn).ok()).map(|arn| arn.name));
        next = page.pagination_token.filter(|token| !token.is_empty());
        if next.is_none() {
            return Ok(found);
        }
    }
    Err(Unanswered::refused(format!("more than {} alarms are tagged {key}={value}", found.len())))
}
