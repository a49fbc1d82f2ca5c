//! A web in which names lead where a test wants them.

use std::collections::VecDeque;
use std::net::IpAddr;
use std::pin::Pin;
use std::sync::{Arc, Mutex};

use lambda_kit::Clock;
use lambda_kit::environment::Variables;

use super::Web;
use super::guard::{Lookup, Rule};

/// The addresses a name has, each time one is looked up; the last ones stay.
#[derive(Debug, Default)]
struct Names(Mutex<VecDeque<Vec<IpAddr>>>);

impl Lookup for Names {
    fn lookup(&self, _: String) -> Pin<Box<dyn Future<Output = std::io::Result<Vec<IpAddr>>> + Send>> {
        let mut names = self.0.lock().unwrap();
        let found = if names.len() > 1 { names.pop_front() } else { names.front().cloned() };
        Box::pin(async move { Ok(found.unwrap_or_default()) })
    }
}

pub(super) fn web(addresses: &[&[&str]], rule: Rule) -> Web {
    let read = |of: &&[&str]| of.iter().map(|address| address.parse().unwrap()).collect();
    let names = Arc::new(Names(Mutex::new(addresses.iter().map(read).collect())));
    Web::with(|| lambda_kit::http::builder(&Variables::default()), Clock::system(), names, rule)
}

/// The rule, but for loopback, where the tests' servers are.
pub(super) fn loopback_too(address: IpAddr, private: bool) -> Result<(), String> {
    if address.is_loopback() { Ok(()) } else { gate_checks::address_is_allowed(address, private) }
}

/// Every name leads to this address.
pub(in crate::outside) fn web_to(address: &str) -> Web {
    web(&[&[address]], loopback_too)
}
