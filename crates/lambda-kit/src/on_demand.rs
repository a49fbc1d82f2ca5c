//! A client that is built when it is first used.

use std::ops::Deref;
use std::sync::{Arc, LazyLock};

use aws_types::SdkConfig;

type Build<C> = Box<dyn FnOnce() -> C + Send>;

/// A client that start-up does without. Each client costs a cold start half a million instructions and the memory
/// of what it learns about AWS's regions, so only those that start-up itself calls are built there.
#[derive(Debug, Clone)]
pub struct OnDemand<C>(Arc<LazyLock<C, Build<C>>>);

impl<C> OnDemand<C> {
    /// What `build` will make.
    pub fn by(build: impl FnOnce() -> C + Send + 'static) -> Self {
        Self(Arc::new(LazyLock::new(Box::new(build))))
    }
}

impl<C: 'static> OnDemand<C> {
    /// The client that `build` will make of `config`.
    pub fn new(config: &SdkConfig, build: fn(&SdkConfig) -> C) -> Self {
        let config = config.clone();
        Self::by(move || build(&config))
    }
}

/// One that is there already.
impl<C: Send + 'static> From<C> for OnDemand<C> {
    fn from(client: C) -> Self {
        Self::by(move || client)
    }
}

impl<C> Deref for OnDemand<C> {
    type Target = C;

    fn deref(&self) -> &C {
        &self.0
    }
}

#[cfg(test)]
mod tests {
    use std::sync::atomic::{AtomicU32, Ordering};

    use super::*;

    static BUILT: AtomicU32 = AtomicU32::new(0);

    #[test]
    fn it_is_built_at_its_first_use_and_once_for_all_clones() {
        let config = SdkConfig::builder().build();
        let client = OnDemand::new(&config, |_| BUILT.fetch_add(1, Ordering::Relaxed));
        let clone = client.clone();
        assert_eq!(BUILT.load(Ordering::Relaxed), 0);
        assert_eq!((*client, *clone), (0, 0));
        assert_eq!(BUILT.load(Ordering::Relaxed), 1);
    }
}
