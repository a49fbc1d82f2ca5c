//! A quality gate of SonarQube Server or SonarQube Cloud, once the analysis it judges is there.

#[cfg(test)]
mod tests;

use jiff::Timestamp;
use serde::Deserialize;

use crate::check::{Check, Measurement};
use crate::question::SHORTEST_REVISION;
use crate::text::{count, list, shown};
use crate::url::Url;
use crate::value::{Template, check_secret_name};
use crate::{
    Facts, GateCondition, GateStatus, Place, QualityGate, Question, SonarBranch, SonarQuery, SonarReply, SonarSubject,
    Unanswered,
};

/// Where tokens for SonarQube are in the settings.
pub(super) const FOLDER: &str = "sonarqube";
const CLOUD: &str = "https://sonarcloud.io";

/// Passes when the quality gate is OK. An analysis that waits or runs is waited for: what SonarQube shows until then is
/// the judgement of the release before.
#[derive(Debug, Deserialize)]
#[serde(try_from = "Written")]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema), schemars(with = "Written"))]
pub(crate) struct SonarQube {
    url: Url,
    project: Template,
    subject: Subject,
    token: Option<String>,
    on_none: OnNone,
    on_warn: OnWarn,
    private: bool,
    plain: bool,
}

/// What stands below `sonarqube` in a policy.
#[derive(Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
struct Written {
    /// The server, with its context path if it has one; SonarQube Cloud.
    url: Option<String>,
    /// The project's key.
    project: Template,
    /// The branch; the main one.
    branch: Option<Template>,
    /// The pull request's number, instead of a branch.
    pull_request: Option<Template>,
    /// The commit whose analysis counts, such as `{commit}`. Without it, the last analysis counts.
    revision: Option<Template>,
    /// The analysis' id, instead of a commit: one of the last hundred of the branch.
    analysis: Option<Template>,
    /// `ceTaskId` of the scanner's `report-task.txt`, instead of branch and commit.
    task: Option<Template>,
    /// The name of a user token's parameter in the settings: `sonarqube/token`.
    token: Option<String>,
    /// What NONE means: there is no quality gate, or no analysis.
    #[serde(default)]
    none: OnNone,
    /// What WARN means, which servers before 7.6 say.
    #[serde(default)]
    warn: OnWarn,
    /// Whether the server may have a private address.
    #[serde(default)]
    private: bool,
    /// Whether the server may be asked without encryption.
    #[serde(default)]
    plain: bool,
}

#[derive(Debug, Clone, Copy, Default, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(rename_all = "kebab-case")]
enum OnNone {
    #[default]
    Fail,
    Pass,
    Wait,
}

#[derive(Debug, Clone, Copy, Default, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(rename_all = "kebab-case")]
enum OnWarn {
    #[default]
    Fail,
    Pass,
}

#[derive(Debug)]
enum Subject {
    Latest(Branch),
    Revision(Template, Branch),
    Analysis(Template, Branch),
    Task(Template),
}

#[derive(Debug)]
enum Branch {
    Main,
    Named(Template),
    PullRequest(Template),
}

impl TryFrom<Written> for SonarQube {
    type Error = String;

    fn try_from(written: Written) -> Result<Self, String> {
        let Written { none: on_none, warn: on_warn, private, plain, .. } = written;
        let (project, token) = (written.project.clone(), written.token.clone());
        let url = written.url.as_deref().unwrap_or(CLOUD).parse::<Url>().and_then(|url| {
            url.check(plain, private)?;
            if url.has_query() { Err("`url` is the server's address, without a query".to_owned()) } else { Ok(url) }
        });
        let name = token.as_deref().map_or(Ok(()), |name| check_secret_name(name, FOLDER));
        match (url, written.subject(), name) {
            (Ok(url), Ok(subject), Ok(())) => {
                Ok(Self { url, project, subject, token, on_none, on_warn, private, plain })
            }
            (url, subject, name) => {
                let problems = [url.err(), subject.err(), name.err()];
                Err(problems.into_iter().flatten().collect::<Vec<_>>().join("; "))
            }
        }
    }
}

impl Written {
    fn subject(self) -> Result<Subject, String> {
        let Self { branch, pull_request, revision, analysis, task, .. } = self;
        match (branch, pull_request, revision, analysis, task) {
            (branch, None, None, Some(id), None) => {
                Ok(Subject::Analysis(id, branch.map_or(Branch::Main, Branch::Named)))
            }
            (None, None, None, None, Some(id)) => Ok(Subject::Task(id)),
            (branch, None, Some(revision), None, None) => {
                Ok(Subject::Revision(revision, branch.map_or(Branch::Main, Branch::Named)))
            }
            (None, Some(id), None, None, None) => Ok(Subject::Latest(Branch::PullRequest(id))),
            (branch, None, None, None, None) => Ok(Subject::Latest(branch.map_or(Branch::Main, Branch::Named))),
            (_, Some(_), Some(_), None, None) => {
                Err("SonarQube cannot look for the commit of a pull request; leave `revision` out, or name its `task`"
                    .into())
            }
            _ => {
                Err("`analysis`, `revision`, `task` and `pull-request` exclude each other, and `branch` goes with the \
                     first two only"
                    .into())
            }
        }
    }
}

impl SonarQube {
    fn query(&self, place: &Place) -> Result<SonarQuery, Unanswered> {
        Ok(SonarQuery {
            url: self.url.to_string(),
            project: self.project.fill(place)?,
            subject: self.subject.fill(place)?,
            token: self.token.clone(),
            private: self.private,
            plain: self.plain,
        })
    }

    fn judge(&self, gate: &QualityGate) -> Measurement {
        let parts = &gate.conditions;
        let ignored = if gate.ignored_conditions { ", some of them ignored because little code is new" } else { "" };
        let of = format!("{}{ignored}", count(parts.len(), "condition"));
        match &gate.status {
            GateStatus::Ok => Measurement::pass(format!("the quality gate is OK ({of})")),
            GateStatus::Error => Measurement::fail(format!("the quality gate is red: {}", reds(parts, "ERROR"))),
            GateStatus::Warn => {
                let says = format!("the quality gate warns: {}", reds(parts, "WARN"));
                Measurement::of(matches!(self.on_warn, OnWarn::Pass), says)
            }
            GateStatus::None => {
                let says = "there is no quality gate for it, or no analysis yet (NONE)";
                match self.on_none {
                    OnNone::Fail => Measurement::fail(says),
                    OnNone::Pass => Measurement::pass(says),
                    OnNone::Wait => Measurement::wait(says, None),
                }
            }
            GateStatus::Other(word) => {
                Measurement::inconclusive(format!("the quality gate's status is `{}`, which is not known", shown(word)))
            }
        }
    }
}

impl Check for SonarQube {
    fn questions(&self, place: &Place, _: Timestamp) -> Vec<Question> {
        self.query(place).map(Question::SonarQube).into_iter().collect()
    }

    fn measure(&self, place: &Place, facts: &Facts, _: Timestamp) -> Result<Measurement, Unanswered> {
        Ok(match facts.sonarqube(&self.query(place)?)? {
            SonarReply::Judged(gate) => self.judge(gate),
            SonarReply::Pending(says) => Measurement::wait(says, None),
            SonarReply::Broken(says) => Measurement::fail(says),
        })
    }
}

impl Subject {
    fn fill(&self, place: &Place) -> Result<SonarSubject, Unanswered> {
        Ok(match self {
            Self::Latest(branch) => SonarSubject::Latest(branch.fill(place)?),
            Self::Analysis(id, branch) => SonarSubject::Analysis(id.fill(place)?, branch.fill(place)?),
            Self::Task(id) => SonarSubject::Task(id.fill(place)?),
            Self::Revision(revision, branch) => {
                let revision = revision.fill(place)?;
                if revision.len() < SHORTEST_REVISION {
                    let shown = shown(&revision);
                    let told = format!("the revision `{shown}` is too short; {SHORTEST_REVISION} characters at least");
                    return Err(Unanswered::refused(told));
                }
                SonarSubject::Revision(revision, branch.fill(place)?)
            }
        })
    }
}

impl Branch {
    fn fill(&self, place: &Place) -> Result<SonarBranch, Unanswered> {
        Ok(match self {
            Self::Main => SonarBranch::Main,
            Self::Named(name) => SonarBranch::Named(name.fill(place)?),
            Self::PullRequest(id) => SonarBranch::PullRequest(id.fill(place)?),
        })
    }
}

/// `new_coverage is 82.5, below 85`.
fn reds(conditions: &[GateCondition], status: &str) -> String {
    let red = conditions.iter().filter(|condition| condition.status == status).map(|condition| {
        let actual = condition.actual.as_deref().unwrap_or("without a value");
        let side = match condition.comparator.as_str() {
            "LT" => "below",
            "GT" => "above",
            _ => "against",
        };
        let threshold =
            condition.threshold.as_ref().map(|threshold| format!(", {side} {threshold}")).unwrap_or_default();
        format!("{} is {actual}{threshold}", condition.metric)
    });
    let red: Vec<String> = red.collect();
    if red.is_empty() { String::from("it names no condition") } else { list(&red) }
}
