//! A quality gate of SonarQube Server or SonarQube Cloud: what is asked, step by step, and what it says.
//!
//! The Web API as documented by the server itself (`/web_api`), since 7.7 where branches matter:
//! `api/qualitygates/project_status`, `api/project_analyses/search`, `api/ce/component`, `api/ce/task`. The first of them
//! alone would answer with the analysis before: a report is worked on after the scanner has ended.

mod reply;
mod request;
#[cfg(test)]
mod tests;

pub(crate) use reply::SHORTEST_REVISION;
pub use request::{SonarRequest, SonarStep};

/// Which quality gate.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct SonarQuery {
    /// The server's address, with its context path if it has one.
    pub url: String,
    /// The project's key.
    pub project: String,
    /// Which of its analyses.
    pub subject: SonarSubject,
    /// The settings' name of a user token, sent as `Authorization: Bearer` (10.0 and later, and SonarQube Cloud).
    pub token: Option<String>,
    /// Whether the server may have a private address.
    pub private: bool,
    /// Whether it may be asked without encryption.
    pub plain: bool,
}

/// Which analysis of a project.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum SonarSubject {
    /// The last one, once no other is waiting or running.
    Latest(SonarBranch),
    /// The newest one of a commit; the hash may be shortened to seven characters.
    Revision(String, SonarBranch),
    /// The one with this id.
    Analysis(String, SonarBranch),
    /// The one this task makes: `ceTaskId` in the scanner's `report-task.txt`.
    Task(String),
}

/// Where in a project.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum SonarBranch {
    /// The main branch, whatever its name.
    Main,
    /// A branch.
    Named(String),
    /// A pull request.
    PullRequest(String),
}

/// What it says.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum SonarReply {
    /// The analysis is done and was judged.
    Judged(QualityGate),
    /// The analysis is waiting, running, or not there yet; the text says which.
    Pending(String),
    /// The analysis failed or was cancelled; the text says why, as far as SonarQube does.
    Broken(String),
}

/// The judgement of an analysis.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct QualityGate {
    /// The whole.
    pub status: GateStatus,
    /// Its parts.
    pub conditions: Vec<GateCondition>,
    /// Some conditions were not applied, because little code is new.
    pub ignored_conditions: bool,
}

/// `projectStatus.status`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum GateStatus {
    /// `OK`
    Ok,
    /// `WARN`: servers before 7.6.
    Warn,
    /// `ERROR`
    Error,
    /// `NONE`: no analysis, or no quality gate for it.
    None,
    /// A word this program does not know.
    Other(String),
}

/// One condition of a quality gate.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct GateCondition {
    /// The same words as for the whole.
    pub status: String,
    /// As `new_coverage`.
    pub metric: String,
    /// `LT`: it is red below the threshold. `GT`: above.
    pub comparator: String,
    /// What makes it red.
    pub threshold: Option<String>,
    /// What was measured.
    pub actual: Option<String>,
}
