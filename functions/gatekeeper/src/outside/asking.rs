//! Everything a visit asks, at once: one call per service where the service allows it, each with its own time limit.

#[cfg(test)]
mod tests;

use gate_checks::{Answer, Facts, HttpQuery, Question, SonarQuery, Unanswered};
use lambda_kit::aws::SdkConfig;
use lambda_kit::{Deadline, OnDemand};

use super::cloudwatch::CloudWatch;
use super::http::{Errand, Web};
use super::{Fact, calendar, codepipeline, sonarqube, together};
use crate::Secrets;
use crate::ports::Inquiry;

/// AWS and the web.
#[derive(Debug, Clone)]
pub struct World {
    cloudwatch: CloudWatch,
    codepipeline: OnDemand<aws_sdk_codepipeline::Client>,
    ssm: OnDemand<aws_sdk_ssm::Client>,
    web: Web,
}

impl World {
    /// Clients of one region and account.
    pub fn new(aws: &SdkConfig, web: Web) -> Self {
        Self {
            cloudwatch: CloudWatch::new(aws),
            codepipeline: OnDemand::new(aws, aws_sdk_codepipeline::Client::new),
            ssm: OnDemand::new(aws, aws_sdk_ssm::Client::new),
            web,
        }
    }

    async fn http(&self, queries: Vec<HttpQuery>, secrets: &Secrets) -> Vec<Fact> {
        together(queries.into_iter().map(|query| {
            let (web, token) = (self.web.clone(), secrets.to(&query.url, query.token.as_deref()));
            async move {
                let answer = match token {
                    Ok(token) => {
                        let errand = Errand { query: query.clone(), token, longest_body: HttpQuery::LONGEST_BODY };
                        Ok(Answer::Http(web.send(errand).await))
                    }
                    Err(missing) => Err(missing),
                };
                (Question::Http(query), answer)
            }
        }))
        .await
    }

    async fn sonarqube(&self, queries: Vec<SonarQuery>, secrets: &Secrets) -> Vec<Fact> {
        together(queries.into_iter().map(|query| {
            let (web, token) = (self.web.clone(), secrets.to(&query.url, query.token.as_deref()));
            async move {
                let answer = match token {
                    Ok(token) => sonarqube::ask(web, query.clone(), token).await.map(Answer::SonarQube),
                    Err(missing) => Err(missing),
                };
                (Question::SonarQube(query), answer)
            }
        }))
        .await
    }
}

impl Inquiry for World {
    async fn ask(&self, questions: Vec<Question>, secrets: &Secrets, deadline: &Deadline) -> Facts {
        let late = || Err(Unanswered::outage("no answer came in the time of this visit"));
        let mut facts: Facts = questions.iter().map(|question| (question.clone(), late())).collect();
        let mut sorted = Sorted::default();
        questions.into_iter().for_each(|question| sorted.add(question));
        let Sorted { alarms, metrics, http, sonarqube, calendars, executions } = sorted;
        let (a, b, c, d, e, f) = tokio::join!(
            deadline.limit(self.cloudwatch.alarms(alarms)),
            deadline.limit(self.cloudwatch.metrics(metrics)),
            deadline.limit(self.http(http, secrets)),
            deadline.limit(self.sonarqube(sonarqube, secrets)),
            deadline.limit(calendar::ask(&self.ssm, calendars)),
            deadline.limit(codepipeline::ask(&self.codepipeline, executions)),
        );
        let answers = [a, b, c, d, e, f].into_iter().flatten().flatten();
        answers.for_each(|(question, answer)| facts.insert(question, answer));
        facts
    }
}

#[derive(Default)]
struct Sorted {
    alarms: Vec<gate_checks::AlarmQuery>,
    metrics: Vec<gate_checks::MetricQuery>,
    http: Vec<HttpQuery>,
    sonarqube: Vec<SonarQuery>,
    calendars: Vec<gate_checks::CalendarQuery>,
    executions: Vec<gate_checks::ExecutionsQuery>,
}

impl Sorted {
    fn add(&mut self, question: Question) {
        match question {
            Question::Alarms(query) => self.alarms.push(query),
            Question::Metric(query) => self.metrics.push(query),
            Question::Http(query) => self.http.push(query),
            Question::SonarQube(query) => self.sonarqube.push(query),
            Question::Calendar(query) => self.calendars.push(query),
            Question::Executions(query) => self.executions.push(query),
        }
    }
}
