//! An alias of a Lambda function: `GetAlias` and `ListVersionsByFunction`.

use jiff::Timestamp;

use super::Look;
use crate::windows::Outlook;
use crate::{Fate, Past, Pledge, Refusal, Release, Standing, Step, Target, Way};

/// What was seen of an alias.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct AliasSeen {
    /// `FunctionVersion`: the version that gets the traffic, or the larger part of it.
    pub version: String,
    /// The version that gets some of the traffic besides.
    pub canary: Option<String>,
    /// `RevisionId`.
    pub revision_id: Option<String>,
    /// Every published version, and when it was published (`LastModified` of a version never changes).
    pub versions: Vec<(u64, Option<Timestamp>)>,
}

impl AliasSeen {
    /// The newest version that gets traffic: the one that can be to blame.
    fn newest(&self) -> Option<u64> {
        [Some(&self.version), self.canary.as_ref()].into_iter().flatten().filter_map(|it| it.parse().ok()).max()
    }

    fn published(&self, version: u64) -> Option<Timestamp> {
        self.versions.iter().find(|(number, _)| *number == version).and_then(|(_, at)| *at)
    }

    /// With a canary: the other version. Without: the version before.
    /// What was thrown out never comes back.
    fn previous(&self, outlook: &Outlook<'_>) -> Option<u64> {
        let newest = self.newest()?;
        let weighted = [Some(&self.version), self.canary.as_ref()].into_iter().flatten();
        let others = weighted.filter_map(|it| it.parse().ok()).filter(|version| *version != newest);
        let mut lower: Vec<u64> = self.versions.iter().map(|(number, _)| *number).collect();
        lower.retain(|number| *number < newest);
        lower.sort_unstable_by(|one, other| other.cmp(one));
        let is_left = |version: &u64| !outlook.book.is_some_and(|book| book.threw_out(&version.to_string()));
        others.chain(lower).find(is_left)
    }
}

impl Look for AliasSeen {
    /// An alias does not say since when it points where. A version is published to be pointed at, so its publication
    /// stands for the deployment; an alias that points to anything but the newest version was pointed back.
    fn standing(&self) -> Standing {
        let Some(newest) = self.newest() else {
            return Standing::Broken(Release::default(), format!("an alias of version {}", self.version));
        };
        let at = self.published(newest);
        let release = Release { id: newest.to_string(), began: at, ended: at, ..Release::default() };
        match self.versions.iter().map(|(number, _)| *number).max() {
            Some(highest) if highest > newest => Standing::RolledBack(release),
            _ => Standing::Deployed(release),
        }
    }

    /// An alias points back at once.
    fn fate(&self, _: &Past) -> Fate {
        Fate::Over
    }

    /// Nobody knows since when an alias points where, but what was promised names a version. What stands instead is
    /// somebody else's doing.
    fn came_of(&self, pledge: &Pledge) -> Option<Release> {
        match self.standing() {
            Standing::RolledBack(it) if self.canary.is_none() && pledge.version.as_ref() == Some(&it.id) => Some(it),
            _ => None,
        }
    }

    fn ways(&self, outlook: &Outlook<'_>) -> Result<Vec<Way>, Refusal> {
        let Target::Alias { function, alias } = outlook.target else { return Err(Refusal::NoWayBack) };
        let version = self.previous(outlook).ok_or(Refusal::NoWayBack)?.to_string();
        let step = Step::PointAlias {
            function: function.clone(),
            alias: alias.clone(),
            version,
            revision_id: self.revision_id.clone(),
        };
        Ok(vec![Way { step, to: None, target_execution: None }])
    }
}
