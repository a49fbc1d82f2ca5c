//! When a deployment may have turned an alarm red.

use jiff::Timestamp;
use pipeline_model::ExecutionId;

use crate::{Book, Limits, Refusal, Release, Target};

/// What a way back may take into account besides what was seen.
pub(crate) struct Outlook<'a> {
    pub(crate) target: &'a Target,
    pub(crate) limits: &'a Limits,
    /// Absent on the first look.
    pub(crate) book: Option<&'a Book>,
    /// What is to go.
    pub(crate) release: &'a Release,
    pub(crate) incident: &'a str,
}

impl Outlook<'_> {
    /// A client request token of the incident: the same for each attempt, so that a second one has no effect.
    /// CodePipeline and CloudFormation accept up to 128 of `[a-zA-Z0-9-]` (botocore's models), so it is a digest.
    pub(crate) fn token(&self) -> String {
        let digest = self
            .incident
            .bytes()
            .fold(0xcbf2_9ce4_8422_2325_u64, |digest, byte| (digest ^ u64::from(byte)).wrapping_mul(0x0100_0000_01b3));
        let release: String =
            self.release.id.chars().filter(|it| it.is_ascii_alphanumeric() || *it == '-').take(64).collect();
        format!("pipewarden-{digest:016x}-{release}")
    }

    /// Whether `execution` was rolled back before, so that it is not to stand again.
    pub(crate) fn was_thrown_out(&self, execution: &ExecutionId) -> bool {
        self.book.is_some_and(|book| book.threw_out(execution.as_str()))
    }
}

/// Refuses unless the deployment can have turned the alarm red.
///
/// One that is under way counts from its beginning, one that is over from its end: the watch begins when it succeeded.
pub(crate) fn is_suspect(
    release: &Release,
    is_over: bool,
    red_since: Timestamp,
    limits: &Limits,
) -> Result<(), Refusal> {
    let (began, ended) = (release.began, release.ended);
    let during = |began: Timestamp| began <= red_since;
    match (is_over, began, ended) {
        (false, Some(began), _) if during(began) => Ok(()),
        (false, Some(_), _) => Err(Refusal::AlarmRedBeforeDeployment),
        (false, None, _) | (true, _, None) => Err(Refusal::DeploymentTimeUnknown),
        (true, began, Some(ended)) if red_since < ended => {
            let during = began.is_some_and(during);
            Err(if during { Refusal::AlarmRedDuringDeployment } else { Refusal::AlarmRedBeforeDeployment })
        }
        (true, _, Some(ended)) if red_since.duration_since(ended) > limits.watch => Err(Refusal::DeployedTooLongAgo),
        (true, _, Some(_)) => Ok(()),
    }
}

/// The moments at which the alarm must not have been red, the earlier one first: when the deployment began and when it
/// stood. A release may have waited for days before that, so that its beginning counts for no longer than the watch; one
/// whose beginning nobody knows began then.
///
/// What is under way is judged by its beginning alone.
pub(crate) fn judged(release: &Release, limits: &Limits) -> Option<[Timestamp; 2]> {
    let last = release.ended.or(release.began)?;
    let earliest = last.saturating_sub(limits.watch).unwrap_or(Timestamp::MIN);
    let first = release.began.map_or(earliest, |began| began.clamp(earliest, last));
    Some([first, last])
}
