//! Names are resolved here and nowhere else, and an address that must not be called is never connected to.
//!
//! The check stands between resolving and connecting, so a name that resolves to something else the second time gains
//! nothing. A host that is written as an address is not resolved at all, and is checked by itself.

use std::fmt;
use std::net::{IpAddr, SocketAddr};
use std::sync::Arc;

use reqwest::Url;
use reqwest::dns::{Addrs, Name, Resolve, Resolving};
use thiserror::Error;

/// Says whether an address may be called; the text says why not.
pub(super) type Rule = fn(IpAddr, bool) -> Result<(), String>;

/// Finds the addresses of names.
pub(super) trait Lookup: Send + Sync + fmt::Debug {
    /// The addresses of a name now.
    fn lookup(&self, name: String) -> std::pin::Pin<Box<dyn Future<Output = std::io::Result<Vec<IpAddr>>> + Send>>;
}

/// The machine's own resolver.
#[derive(Debug)]
pub(super) struct System;

impl Lookup for System {
    fn lookup(&self, name: String) -> std::pin::Pin<Box<dyn Future<Output = std::io::Result<Vec<IpAddr>>> + Send>> {
        Box::pin(async move { Ok(tokio::net::lookup_host((name, 0)).await?.map(|found| found.ip()).collect()) })
    }
}

/// An address that must not be called, or none at all.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
#[error("{0}")]
pub(super) struct Forbidden(pub(super) String);

/// Resolves names for one client.
#[derive(Debug, Clone)]
pub(super) struct Guard {
    lookup: Arc<dyn Lookup>,
    rule: Rule,
    private: bool,
}

impl Guard {
    pub(super) fn new(lookup: Arc<dyn Lookup>, rule: Rule, private: bool) -> Self {
        Self { lookup, rule, private }
    }

    /// Whether the host of a URL may be called, as far as it is written as an address.
    pub(super) fn check(&self, url: &Url) -> Result<(), Forbidden> {
        let host = url.host_str().ok_or_else(|| Forbidden(String::from("the URL has no host")))?;
        // However an address was written, it stands in its usual form here.
        match host.trim_start_matches('[').trim_end_matches(']').parse() {
            Ok(address) => (self.rule)(address, self.private).map_err(Forbidden),
            Err(_) => Ok(()),
        }
    }

    /// One forbidden address among several is enough to refuse the name: which one is taken is not ours to say.
    fn admit(&self, name: &str, found: &[IpAddr]) -> Result<(), Forbidden> {
        if found.is_empty() {
            return Err(Forbidden(format!("{name} has no address")));
        }
        found.iter().try_for_each(|address| {
            (self.rule)(*address, self.private).map_err(|why| Forbidden(format!("{name} leads to {why}")))
        })
    }
}

impl Resolve for Guard {
    fn resolve(&self, name: Name) -> Resolving {
        let guard = self.clone();
        Box::pin(async move {
            let name = name.as_str().to_owned();
            let found = guard.lookup.lookup(name.clone()).await?;
            guard.admit(&name, &found)?;
            let addresses: Addrs = Box::new(found.into_iter().map(|address| SocketAddr::new(address, 0)));
            Ok(addresses)
        })
    }
}
