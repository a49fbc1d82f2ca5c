//! By what a scan goes: policy, rules, baseline, key and limits, and a name for all of it.

use std::cell::RefCell;
use std::rc::Rc;
use std::sync::Arc;

use artifact_scan::policy::{Problem, S3Address};
use artifact_scan::secrets::{self, DEFAULT_FINGERPRINT_KEY, Rule, built_in, read_foreign};
use artifact_scan::{Baseline, Limits, Policy, RuleBook};
use jiff::Timestamp;
use pipeline_model::Secret;
use sha2::{Digest, Sha256};

use crate::policies::Written;
use crate::ports::{Store, TroubleKind};
use crate::room::Room;
use crate::stop::Stop;

/// Most problems of a policy that are told at once; a failure's message has 5,000 characters.
const MOST_TOLD: usize = 20;
/// The most bytes of rules and of a baseline.
const LONGEST: u64 = 4 << 20;

/// By what a scan goes.
#[derive(Debug)]
pub(crate) struct Terms {
    pub(crate) policy: Policy,
    /// The policy's name; an inline one has none.
    pub(crate) name: Option<String>,
    /// Tells one version of the policy from another.
    pub(crate) version: String,
    pub(crate) rules: Arc<Rules>,
    pub(crate) baseline: Option<Baseline>,
    pub(crate) key: Secret<Vec<u8>>,
    /// The policy's limits, where the function has memory for them.
    pub(crate) limits: Limits,
    /// What is done otherwise than the policy's rules say.
    pub(crate) notes: Vec<String>,
    /// What was found by other terms cannot be gone on with.
    pub(crate) digest: String,
}

/// The rules that look.
#[derive(Debug)]
pub(crate) struct Rules {
    pub(crate) scanner: secrets::Scanner,
    /// All rules there are, by which names are judged.
    all: Arc<Vec<Rule>>,
    version: String,
}

/// Keeps the rules that looked last: most scans of a function look by the same. Clones share them.
#[derive(Debug, Clone, Default)]
pub struct RuleCache(Rc<RefCell<Option<Selected>>>);

/// Rules with a name for their selection.
type Selected = (String, Arc<Rules>);

impl Rules {
    /// The rules that look, for reports.
    pub(crate) fn book(&self) -> RuleBook<'_> {
        RuleBook::new(&*self.version, self.scanner.rules().iter().map(Rule::text))
    }

    /// The same without what looks like a secret: it may quote what stands in an artifact.
    pub(crate) fn masked(&self, stop: Stop) -> Stop {
        Stop { words: self.scanner.masked(vec![stop.words]).concat(), ..stop }
    }

    /// All rules, for policies.
    pub(crate) fn all(&self) -> RuleBook<'_> {
        book(&self.version, &self.all)
    }
}

impl RuleCache {
    fn rules(&self, policy: &Policy, (version, all): (String, Arc<Vec<Rule>>)) -> Result<Arc<Rules>, Stop> {
        let looking: Vec<Rule> = all.iter().filter(|rule| policy.runs(&rule.id)).cloned().collect();
        let ids = looking.iter().map(|rule| &*rule.id).collect::<Vec<_>>().join(" ");
        let selection = digest([version.as_bytes(), ids.as_bytes()]);
        if let Some((_, rules)) = self.0.borrow().as_ref().filter(|(kept, _)| *kept == selection) {
            return Ok(Arc::clone(rules));
        }
        let scanner = secrets::Scanner::new(looking);
        let scanner = scanner.map_err(|told| Stop::configuration(format!("The rules cannot be used: {told}.")))?;
        let rules = Arc::new(Rules { scanner, all, version });
        *self.0.borrow_mut() = Some((selection, Arc::clone(&rules)));
        Ok(rules)
    }
}

/// What reads what a policy names.
pub(crate) struct Reader<'r, S> {
    pub(crate) store: &'r S,
    /// The one bucket, besides those of artifacts, that the function reaches.
    pub(crate) bucket: Option<&'r str>,
    pub(crate) room: &'r Room,
    pub(crate) cache: &'r RuleCache,
}

impl<S: Store> Reader<'_, S> {
    /// Reads and checks all that a policy names.
    pub(crate) async fn terms(&self, written: Written, now: Timestamp) -> Result<Terms, Stop> {
        let mut notes = Vec::new();
        let (version, all) = match Policy::more_rules(&written.text) {
            None => (secrets::version().to_owned(), Arc::new(built_in().to_vec())),
            Some(at) => self.more_rules(&at, &mut notes).await?,
        };
        let policy = Policy::parse(&written.text, &book(&version, &all), now);
        let policy = policy.map_err(|problems| wrong(&written.place, &problems))?;
        if let Some(at) = &policy.reports.to {
            self.may_reach("reports.to", at)?;
        }
        let rules = self.cache.rules(&policy, (version, all))?;
        let key = written.key.map_or_else(|| DEFAULT_FINGERPRINT_KEY.to_vec(), |key| key.reveal().as_bytes().to_vec());
        let limits = self.room.within(&policy.limits);
        let by = format!("{} {limits:?} {}", env!("CARGO_PKG_VERSION"), self.room.batch);
        Ok(Terms {
            baseline: self.baseline(&policy, &mut notes).await?,
            version: digest([written.text.as_bytes()])[..12].to_owned(),
            digest: digest([by.as_bytes(), rules.version.as_bytes(), written.text.as_bytes(), key.as_slice()]),
            name: written.name,
            notes,
            key: Secret::new(key),
            policy,
            rules,
            limits,
        })
    }

    async fn more_rules(&self, at: &S3Address, notes: &mut Vec<String>) -> Result<(String, Arc<Vec<Rule>>), Stop> {
        self.may_reach("rules.from", at)?;
        let bytes = self.store.read(at, LONGEST).await;
        let bytes = bytes.map_err(|trouble| Stop::of(&format!("The policy's rules at {at}"), &trouble))?;
        let refused = |told: String| Stop::configuration(format!("The policy's rules at {at} cannot be used: {told}."));
        let text = str::from_utf8(&bytes).map_err(|_| refused(String::from("they are no text")))?;
        let foreign = read_foreign(text).map_err(|problems| refused(some(&problems)))?;
        for told in &foreign.told {
            tracing::warn!(rules.address = %at, rules.told = told, "something of these rules is not done");
            notes.push(format!("{at}: {told}"));
        }
        let version = format!("{}+{}", secrets::version(), &digest([&*bytes])[..16]);
        Ok((version, Arc::new(foreign.with_built_in())))
    }

    /// One that is not there is what the judgement tells, with all that was found. To who may not list a bucket S3 says of
    /// such an object that it is denied.
    async fn baseline(&self, policy: &Policy, notes: &mut Vec<String>) -> Result<Option<Baseline>, Stop> {
        let Some(at) = &policy.baseline else { return Ok(None) };
        self.may_reach("baseline", at)?;
        let bytes = match self.store.read(at, LONGEST).await {
            Ok(bytes) => bytes,
            Err(trouble) if matches!(trouble.kind, TroubleKind::Missing | TroubleKind::Denied) => {
                tracing::warn!(baseline = %at, error = %trouble, "the baseline cannot be read");
                notes.push(format!("The policy's baseline at {at} cannot be read: {trouble}."));
                return Ok(None);
            }
            Err(trouble) => return Err(Stop::of(&format!("The policy's baseline at {at}"), &trouble)),
        };
        let text = String::from_utf8_lossy(&bytes);
        let refused = |error| Stop::configuration(format!("{at}: {error}."));
        Baseline::parse(&text).map(Some).map_err(refused)
    }

    fn may_reach(&self, key: &str, at: &S3Address) -> Result<(), Stop> {
        match self.bucket {
            Some(bucket) if bucket == at.bucket => Ok(()),
            Some(bucket) => Err(Stop::configuration(format!(
                "The policy's `{key}` is {at}, and this scanner reaches no bucket but {bucket}; put it there, or name \
                 its bucket in the stack's parameter ScanBucket."
            ))),
            None => Err(Stop::configuration(format!(
                "The policy's `{key}` is {at}, and this scanner reaches no bucket of its own; name one in the stack's \
                 parameter ScanBucket."
            ))),
        }
    }
}

fn book<'r>(version: &str, rules: &'r [Rule]) -> RuleBook<'r> {
    RuleBook::new(version, rules.iter().map(Rule::text))
}

/// All problems of a document in one text.
pub(crate) fn wrong(place: &str, problems: &[Problem]) -> Stop {
    let told: Vec<String> = problems.iter().map(ToString::to_string).collect();
    let mut place = place.to_owned();
    if let Some(first) = place.get_mut(..1) {
        first.make_ascii_uppercase();
    }
    Stop::configuration(format!("{place} cannot be meant: {}.", some(&told)))
}

fn some(problems: &[String]) -> String {
    let more = problems.len().saturating_sub(MOST_TOLD);
    let more = (more > 0).then(|| format!("and {more} more"));
    problems.iter().take(MOST_TOLD).cloned().chain(more).collect::<Vec<_>>().join("; ")
}

/// A hash over all parts, in hexadecimal digits.
fn digest<const N: usize>(parts: [&[u8]; N]) -> String {
    let mut hash = Sha256::new();
    for part in parts {
        hash.update((part.len() as u64).to_le_bytes());
        hash.update(part);
    }
    hash.finalize().iter().map(|byte| format!("{byte:02x}")).collect()
}
