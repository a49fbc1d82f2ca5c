//! Reads the replies of SonarQube's Web API. Only what is needed is named; fields that are new change nothing.

use serde::Deserialize;
use serde::de::DeserializeOwned;

use super::{GateCondition, GateStatus, QualityGate, SonarBranch, SonarSubject};
use crate::Unanswered;
use crate::text::{sentence, shown};

/// How much of a commit's hash must be given.
pub(crate) const SHORTEST_REVISION: usize = 7;

/// What became of an analysis.
#[derive(Debug)]
pub(super) enum Task {
    /// Its id.
    Done(String),
    /// It waits or runs.
    Pending(String),
    /// It failed or was cancelled.
    Broken(String),
}

/// Whether there is a reply to read.
pub(super) fn check(status: u16, token: Option<&str>, body: &[u8], is_cut: bool) -> Result<(), Unanswered> {
    let told = errors(body).map(|told| format!(" ({told})")).unwrap_or_default();
    match status {
        200 if is_cut => Err(Unanswered::refused("SonarQube's reply is longer than is read")),
        200 => Ok(()),
        301 | 302 | 303 | 307 | 308 => Err(Unanswered::refused(format!(
            "SonarQube answers {status}, a redirect; write the address it leads to as `url`"
        ))),
        401 => Err(match token {
            Some(name) => {
                Unanswered::secret(format!("SonarQube answers 401: the secret `{name}` is wrong, or was rotated{told}"))
            }
            None => Unanswered::refused(format!("SonarQube answers 401: it wants a token{told}")),
        }),
        403 => Err(Unanswered::refused(format!(
            "SonarQube answers 403: the token's user needs the permission Browse on the project{told}"
        ))),
        404 => Err(Unanswered::refused(format!(
            "SonarQube answers 404: there is no such project, branch or analysis, or the token may not see it{told}"
        ))),
        429 | 500.. => Err(Unanswered::outage(format!("SonarQube answers {status}{told}"))),
        _ => Err(Unanswered::refused(format!("SonarQube answers {status}{told}"))),
    }
}

/// `api/qualitygates/project_status`
pub(super) fn status(body: &[u8]) -> Result<QualityGate, Unanswered> {
    #[derive(Deserialize)]
    #[serde(rename_all = "camelCase")]
    struct Reply {
        project_status: Status,
    }
    #[derive(Deserialize)]
    #[serde(rename_all = "camelCase")]
    struct Status {
        status: String,
        #[serde(default)]
        conditions: Vec<Condition>,
        #[serde(default)]
        ignored_conditions: bool,
    }
    #[derive(Deserialize)]
    #[serde(rename_all = "camelCase")]
    struct Condition {
        status: String,
        metric_key: String,
        #[serde(default)]
        comparator: String,
        error_threshold: Option<String>,
        actual_value: Option<String>,
    }
    let Status { status, conditions, ignored_conditions } = read::<Reply>(body)?.project_status;
    let condition = |it: Condition| GateCondition {
        status: it.status,
        metric: it.metric_key,
        comparator: it.comparator,
        threshold: it.error_threshold,
        actual: it.actual_value,
    };
    Ok(QualityGate {
        status: match status.as_str() {
            "OK" => GateStatus::Ok,
            "WARN" => GateStatus::Warn,
            "ERROR" => GateStatus::Error,
            "NONE" => GateStatus::None,
            _ => GateStatus::Other(status),
        },
        conditions: conditions.into_iter().map(condition).collect(),
        ignored_conditions,
    })
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct CeTask {
    status: String,
    /// `REPORT` is an analysis; others tidy up.
    #[serde(rename = "type")]
    kind: Option<String>,
    /// The project, also for a branch.
    component_key: Option<String>,
    analysis_id: Option<String>,
    branch: Option<String>,
    pull_request: Option<String>,
    submitted_at: Option<String>,
    error_message: Option<String>,
}

/// `api/ce/task`, which knows tasks of all projects.
pub(super) fn task(body: &[u8], project: &str) -> Result<Task, Unanswered> {
    #[derive(Deserialize)]
    struct Reply {
        task: CeTask,
    }
    let task = read::<Reply>(body)?.task;
    match task.component_key.as_deref() {
        Some(of) if of == project => task.state(),
        Some(of) => {
            let (of, project) = (shown(of), shown(project));
            Err(Unanswered::refused(format!("the task is of project {of}, and this check is about {project}")))
        }
        None => Err(Unanswered::refused("SonarQube does not say of which project the task is")),
    }
}

/// `api/ce/component`: what waits or runs anywhere in the project, and the last task that ended.
pub(super) fn queue(body: &[u8], branch: &SonarBranch) -> Result<Task, Unanswered> {
    #[derive(Deserialize)]
    struct Reply {
        #[serde(default)]
        queue: Vec<CeTask>,
        current: Option<CeTask>,
    }
    let Reply { queue, current } = read::<Reply>(body)?;
    if let Some(task) = queue.iter().find(|task| task.is_analysis() && task.may_be_of(branch)) {
        return task.state();
    }
    match current.filter(|task| task.is_analysis() && task.is_of(branch)) {
        Some(task) if !task.is_done() => task.state(),
        _ => Ok(Task::Done(String::new())),
    }
}

impl CeTask {
    fn is_analysis(&self) -> bool {
        self.kind.as_deref().is_none_or(|kind| kind == "REPORT")
    }

    fn is_done(&self) -> bool {
        self.status == "SUCCESS"
    }

    fn state(&self) -> Result<Task, Unanswered> {
        let since = self.submitted_at.as_deref().map(|at| format!(" since {}", shown(at))).unwrap_or_default();
        let why = self.error_message.as_deref().map(|why| format!(": {}", sentence(why))).unwrap_or_default();
        match (self.status.as_str(), &self.analysis_id) {
            ("SUCCESS", Some(id)) => Ok(Task::Done(id.clone())),
            ("SUCCESS", None) => Err(Unanswered::refused("the task has ended and made no analysis")),
            ("PENDING", _) => Ok(Task::Pending(format!("the analysis is waiting{since}"))),
            ("IN_PROGRESS", _) => Ok(Task::Pending(format!("the analysis is running{since}"))),
            ("FAILED", _) => Ok(Task::Broken(format!("the analysis failed{why}"))),
            ("CANCELED", _) => Ok(Task::Broken(format!("the analysis was cancelled{why}"))),
            (other, _) => {
                Err(Unanswered::refused(format!("the task's status is `{}`, which is not known", shown(other))))
            }
        }
    }

    /// A task without a branch is of the main one, which may have any name. When in doubt, there is something to wait for.
    fn may_be_of(&self, branch: &SonarBranch) -> bool {
        match (branch, &self.branch, &self.pull_request) {
            (SonarBranch::PullRequest(id), _, of) => of.as_ref() == Some(id),
            (_, _, Some(_)) => false,
            (SonarBranch::Named(name), Some(of), None) => of == name,
            (SonarBranch::Named(_), None, None) | (SonarBranch::Main, ..) => true,
        }
    }

    /// Without a doubt.
    fn is_of(&self, branch: &SonarBranch) -> bool {
        match branch {
            SonarBranch::Main => self.branch.is_none() && self.pull_request.is_none(),
            SonarBranch::Named(name) => self.branch.as_ref() == Some(name),
            SonarBranch::PullRequest(id) => self.pull_request.as_ref() == Some(id),
        }
    }
}

/// `api/project_analyses/search`: the analysis with that id, or the newest one of that commit.
pub(super) fn analysis_of(body: &[u8], subject: &SonarSubject) -> Result<Option<String>, Unanswered> {
    #[derive(Deserialize)]
    struct Reply {
        analyses: Vec<Analysis>,
    }
    #[derive(Deserialize)]
    struct Analysis {
        key: String,
        revision: Option<String>,
    }
    let is_of = |analysis: &Analysis| match subject {
        SonarSubject::Revision(revision, _) => analysis.revision.as_deref().is_some_and(|it| is_same(it, revision)),
        SonarSubject::Analysis(id, _) => analysis.key == *id,
        SonarSubject::Latest(_) | SonarSubject::Task(_) => false,
    };
    Ok(read::<Reply>(body)?.analyses.into_iter().find(is_of).map(|analysis| analysis.key))
}

/// Whether `given` is the commit, or its beginning.
fn is_same(commit: &str, given: &str) -> bool {
    let beginning = commit.get(..given.len());
    given.len() >= SHORTEST_REVISION && beginning.is_some_and(|it| it.eq_ignore_ascii_case(given))
}

fn read<T: DeserializeOwned>(body: &[u8]) -> Result<T, Unanswered> {
    serde_json::from_slice(body).map_err(|error| {
        Unanswered::refused(format!("SonarQube's reply cannot be read: {}", shown(&error.to_string())))
    })
}

/// What SonarQube says of an error.
fn errors(body: &[u8]) -> Option<String> {
    #[derive(Deserialize)]
    struct Reply {
        errors: Vec<Message>,
    }
    #[derive(Deserialize)]
    struct Message {
        msg: String,
    }
    let reply: Reply = serde_json::from_slice(body).ok()?;
    reply.errors.first().map(|error| shown(&error.msg))
}
