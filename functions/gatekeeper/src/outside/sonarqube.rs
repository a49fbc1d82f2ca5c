//! SonarQube, a request after the other: which one comes next, the pure crate says.

use std::collections::BTreeMap;

use gate_checks::{HttpMethod, HttpQuery, HttpReply, SonarQuery, SonarReply, SonarRequest, SonarStep, Unanswered};
use pipeline_model::Secret;

use super::http::{Errand, Web};

/// More than any analysis takes; the crate that names the requests is to end before.
const MOST_REQUESTS: usize = 8;

pub(super) async fn ask(web: Web, query: SonarQuery, token: Option<Secret<String>>) -> Result<SonarReply, Unanswered> {
    let mut step = query.begin();
    for _ in 0..MOST_REQUESTS {
        let request = match step {
            SonarStep::Known(reply) => return Ok(reply),
            SonarStep::Ask(request) => request,
        };
        let errand = errand(&query, request.url()?, token.clone());
        step = match web.clone().send(errand).await {
            HttpReply::Answered(answer) => request.read(answer.status, &answer.body, answer.is_cut)?,
            HttpReply::Unreachable(why) => return Err(Unanswered::outage(format!("SonarQube does not answer: {why}"))),
            HttpReply::Refused(why) => return Err(Unanswered::refused(format!("SonarQube is not asked: {why}"))),
        };
    }
    Err(Unanswered::outage(format!("SonarQube has no answer after {MOST_REQUESTS} requests")))
}

fn errand(query: &SonarQuery, url: String, token: Option<Secret<String>>) -> Errand {
    let query = HttpQuery {
        url,
        method: HttpMethod::Get,
        headers: BTreeMap::new(),
        token: None,
        redirects: 0,
        private: query.private,
        plain: query.plain,
        wants_body: true,
    };
    Errand { query, token, longest_body: SonarRequest::LONGEST_BODY }
}
