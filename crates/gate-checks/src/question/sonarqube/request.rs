//! Which request comes next. Each reply is read by the request it answers, which then names the next one or ends it.

use percent_encoding::{AsciiSet, NON_ALPHANUMERIC, utf8_percent_encode};

use super::reply::{self, Task};
use super::{SonarBranch, SonarQuery, SonarReply, SonarSubject};
use crate::Unanswered;
use crate::url::Url;

/// Pages of analyses are newest first; who looks for a commit further back than this looks in vain.
const ANALYSES: usize = 100;

const UNRESERVED: &AsciiSet = &NON_ALPHANUMERIC.remove(b'-').remove(b'.').remove(b'_').remove(b'~');

/// What is to be done next.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum SonarStep {
    /// Send this `GET`, and give its reply to [`SonarRequest::read`].
    Ask(SonarRequest),
    /// That is all.
    Known(SonarReply),
}

/// A `GET` of the Web API. Redirects are not followed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SonarRequest {
    query: SonarQuery,
    call: Call,
}

#[derive(Debug, Clone, PartialEq, Eq)]
enum Call {
    /// `api/ce/component`: is an analysis waiting or running?
    Queue,
    /// `api/ce/task`
    Task(String),
    /// `api/project_analyses/search`
    Analyses,
    /// `api/qualitygates/project_status` of an analysis.
    StatusOf(String),
    /// `api/qualitygates/project_status` of what was analysed last.
    LatestStatus,
}

impl SonarQuery {
    /// The first request. At most three follow one another.
    pub fn begin(&self) -> SonarStep {
        self.ask(match &self.subject {
            SonarSubject::Latest(_) => Call::Queue,
            // The judgement of an analysis does not say of which project it is.
            SonarSubject::Revision(..) | SonarSubject::Analysis(..) => Call::Analyses,
            SonarSubject::Task(id) => Call::Task(id.clone()),
        })
    }

    fn ask(&self, call: Call) -> SonarStep {
        SonarStep::Ask(SonarRequest { query: self.clone(), call })
    }

    fn branch(&self) -> &SonarBranch {
        match &self.subject {
            SonarSubject::Latest(branch) | SonarSubject::Revision(_, branch) | SonarSubject::Analysis(_, branch) => {
                branch
            }
            SonarSubject::Task(_) => &SonarBranch::Main,
        }
    }
}

impl SonarRequest {
    /// Bytes of a body that are read: a page of analyses with their events is the longest.
    pub const LONGEST_BODY: usize = 512 * 1024;

    /// The whole address.
    ///
    /// # Errors
    /// The server's address is none, which a policy that was read cannot have.
    pub fn url(&self) -> Result<String, Unanswered> {
        let server: Url = self.query.url.parse().map_err(Unanswered::refused)?;
        let project = self.query.project.as_str();
        let branch = match self.query.branch() {
            SonarBranch::Main => None,
            SonarBranch::Named(name) => Some(("branch", name.as_str())),
            SonarBranch::PullRequest(id) => Some(("pullRequest", id.as_str())),
        };
        let page = ANALYSES.to_string();
        let (path, parameters) = match &self.call {
            Call::Queue => ("api/ce/component", vec![("component", project)]),
            Call::Task(id) => ("api/ce/task", vec![("id", id.as_str())]),
            Call::Analyses => ("api/project_analyses/search", vec![("project", project), ("ps", &page)]),
            Call::StatusOf(analysis) => ("api/qualitygates/project_status", vec![("analysisId", analysis.as_str())]),
            Call::LatestStatus => ("api/qualitygates/project_status", vec![("projectKey", project)]),
        };
        let of_branch = matches!(self.call, Call::Analyses | Call::LatestStatus).then_some(branch).flatten();
        let parameters = parameters.into_iter().chain(of_branch);
        let written = parameters.map(|(name, value)| format!("{name}={}", utf8_percent_encode(value, UNRESERVED)));
        Ok(format!("{}?{}", server.below(path), written.collect::<Vec<_>>().join("&")))
    }

    /// Reads the reply; `is_cut` says that there was more of the body than was read.
    ///
    /// # Errors
    /// The server could not answer, did not accept the token, or wrote what cannot be understood.
    pub fn read(self, status: u16, body: &[u8], is_cut: bool) -> Result<SonarStep, Unanswered> {
        let Self { query, call } = self;
        reply::check(status, query.token.as_deref(), body, is_cut)?;
        match call {
            Call::StatusOf(_) | Call::LatestStatus => Ok(SonarStep::Known(SonarReply::Judged(reply::status(body)?))),
            Call::Task(_) => Ok(match reply::task(body, &query.project)? {
                Task::Done(analysis) => query.ask(Call::StatusOf(analysis)),
                Task::Pending(says) => SonarStep::Known(SonarReply::Pending(says)),
                Task::Broken(says) => SonarStep::Known(SonarReply::Broken(says)),
            }),
            Call::Analyses => match reply::analysis_of(body, &query.subject)? {
                Some(analysis) => Ok(query.ask(Call::StatusOf(analysis))),
                None => query.without_analysis(),
            },
            Call::Queue => Ok(match reply::queue(body, query.branch())? {
                Task::Pending(says) => SonarStep::Known(SonarReply::Pending(says)),
                Task::Broken(says) if query.awaits_revision().is_none() => SonarStep::Known(SonarReply::Broken(says)),
                Task::Broken(_) | Task::Done(_) => match query.awaits_revision() {
                    None => query.ask(Call::LatestStatus),
                    Some(revision) => SonarStep::Known(SonarReply::Pending(format!(
                        "there is no analysis of {} among the last {ANALYSES}, and none is waiting or running",
                        strict_yaml::shown(revision)
                    ))),
                },
            }),
        }
    }
}

impl SonarQuery {
    /// It is not there. The one of a commit may still come.
    fn without_analysis(&self) -> Result<SonarStep, Unanswered> {
        match &self.subject {
            SonarSubject::Analysis(id, _) => Err(Unanswered::refused(format!(
                "there is no analysis {} among the last {ANALYSES} of project {} on this branch",
                strict_yaml::shown(id),
                strict_yaml::shown(&self.project)
            ))),
            _ => Ok(self.ask(Call::Queue)),
        }
    }

    fn awaits_revision(&self) -> Option<&str> {
        match &self.subject {
            SonarSubject::Revision(revision, _) => Some(revision),
            _ => None,
        }
    }
}
