//! HTTP on behalf of policies: guarded addresses, redirects one by one, bounded bodies, one time limit for all of it.

mod guard;
#[cfg(test)]
pub(super) mod testing;
#[cfg(test)]
mod tests;

use std::error::Error;
use std::sync::Arc;
use std::time::Duration;

use anyhow::Result;
use gate_checks::{HttpAnswer, HttpMethod, HttpQuery, HttpReply};
use lambda_kit::{Clock, OnDemand};
use pipeline_model::Secret;
use reqwest::header::{AUTHORIZATION, HeaderName, HeaderValue, LOCATION};
use reqwest::{Client, ClientBuilder, Method, Request, Response, Url};

use guard::{Forbidden, Guard, Lookup, Rule, System};

/// Sends requests that a policy names. Clones share the connections.
#[derive(Debug, Clone)]
pub struct Web {
    public: Door,
    private: Door,
    clock: Clock,
}

/// One client and the rule it goes by: a pooled connection leads to an address that was checked by the same rule.
#[derive(Debug, Clone)]
struct Door {
    client: OnDemand<Result<Client, String>>,
    guard: Guard,
}

/// What a request says besides its address.
#[derive(Debug, Clone)]
pub(super) struct Errand {
    pub(super) query: HttpQuery,
    pub(super) token: Option<Secret<String>>,
    pub(super) longest_body: usize,
}

/// Why there is no answer.
enum Missed {
    /// The target did not answer.
    Unreachable(String),
    /// It was not asked.
    Refused(String),
}

impl Web {
    /// Clients made by `builder`, which brings the roots; everything else is decided here. Each is made for the first
    /// request that needs it; where one cannot be made, nothing is asked.
    pub fn new(builder: impl Fn() -> Result<ClientBuilder> + Clone + Send + 'static, clock: Clock) -> Self {
        Self::with(builder, clock, Arc::new(System), gate_checks::address_is_allowed)
    }

    fn with(
        builder: impl Fn() -> Result<ClientBuilder> + Clone + Send + 'static,
        clock: Clock,
        lookup: Arc<dyn Lookup>,
        rule: Rule,
    ) -> Self {
        let door = |private| Door::new(builder.clone(), Guard::new(Arc::clone(&lookup), rule, private));
        Self { public: door(false), private: door(true), clock }
    }

    /// What comes of a request.
    pub(super) async fn send(self, errand: Errand) -> HttpReply {
        let limit = Duration::try_from(HttpQuery::TIMEOUT).unwrap_or_default();
        let sent = tokio::time::timeout(limit, self.follow(&errand)).await;
        match sent.unwrap_or_else(|_| Err(Missed::Unreachable(format!("no answer within {} s", limit.as_secs())))) {
            Ok(answer) => HttpReply::Answered(answer),
            Err(Missed::Unreachable(why)) => HttpReply::Unreachable(why),
            Err(Missed::Refused(why)) => HttpReply::Refused(why),
        }
    }

    async fn follow(&self, errand: &Errand) -> Result<HttpAnswer, Missed> {
        let query = &errand.query;
        let door = if query.private { &self.private } else { &self.public };
        // How long the client takes to be made says nothing of the target.
        door.client()?;
        let started = self.clock.monotonic();
        let (mut at, mut takes_secrets, mut left) = (query.url.clone(), true, query.redirects);
        loop {
            let response = door.ask(&at, errand, takes_secrets).await?;
            let location = response.headers().get(LOCATION).and_then(|location| location.to_str().ok());
            let location = location.filter(|_| response.status().is_redirection()).map(str::to_owned);
            match location {
                Some(location) if left > 0 => {
                    let hop = query.hop(&at, &location).map_err(Missed::Refused)?;
                    (at, takes_secrets, left) = (hop.url, takes_secrets && hop.takes_secrets, left - 1);
                }
                location => return self.read(response, errand, location, started).await,
            }
        }
    }

    async fn read(
        &self,
        mut response: Response,
        errand: &Errand,
        location: Option<String>,
        started: Duration,
    ) -> Result<HttpAnswer, Missed> {
        let (mut body, mut is_cut) = (Vec::new(), false);
        while errand.query.wants_body && !is_cut {
            let Some(chunk) = response.chunk().await.map_err(missed)? else { break };
            let room = errand.longest_body - body.len();
            is_cut = chunk.len() > room;
            body.extend_from_slice(&chunk[..chunk.len().min(room)]);
        }
        let took = self.clock.monotonic().saturating_sub(started);
        Ok(HttpAnswer {
            status: response.status().as_u16(),
            latency: took.try_into().unwrap_or_default(),
            body,
            is_cut,
            location,
        })
    }
}

impl Door {
    fn new(builder: impl Fn() -> Result<ClientBuilder> + Send + 'static, guard: Guard) -> Self {
        let resolver = guard.clone();
        // A proxy would resolve names where nobody checks them.
        let build = move || anyhow::Ok(builder()?.no_proxy().dns_resolver(resolver).build()?);
        let client = OnDemand::by(|| build().map_err(|error| format!("no HTTP client could be made: {error:#}")));
        Self { client, guard }
    }

    fn client(&self) -> Result<&Client, Missed> {
        self.client.as_ref().map_err(|why| Missed::Refused(why.clone()))
    }

    async fn ask(&self, at: &str, errand: &Errand, takes_secrets: bool) -> Result<Response, Missed> {
        let url = Url::parse(at).map_err(|error| Missed::Refused(format!("the address cannot be read: {error}")))?;
        self.guard.check(&url).map_err(|forbidden| Missed::Refused(forbidden.0))?;
        let request = request(url, errand, takes_secrets).map_err(Missed::Refused)?;
        self.client()?.execute(request).await.map_err(missed)
    }
}

/// Headers and the token are for the origin the policy names, and for no other a redirect leads to.
fn request(url: Url, errand: &Errand, takes_secrets: bool) -> Result<Request, String> {
    let method = match errand.query.method {
        HttpMethod::Get => Method::GET,
        HttpMethod::Head => Method::HEAD,
    };
    let mut request = Request::new(method, url);
    if !takes_secrets {
        return Ok(request);
    }
    for (name, value) in &errand.query.headers {
        let unfit = || format!("the header {name} cannot be sent");
        let name: HeaderName = name.parse().map_err(|_| unfit())?;
        request.headers_mut().insert(name, value.parse().map_err(|_| unfit())?);
    }
    if let Some(token) = &errand.token {
        let value = format!("Bearer {}", token.reveal().trim());
        let mut value: HeaderValue =
            value.parse().map_err(|_| String::from("the token holds what cannot stand in a header"))?;
        value.set_sensitive(true);
        request.headers_mut().insert(AUTHORIZATION, value);
    }
    Ok(request)
}

/// The chain of causes without the address, which the check knows already and which may hold what is nobody's business.
fn missed(error: reqwest::Error) -> Missed {
    let error = error.without_url();
    let (mut words, mut cause) = (Vec::new(), error.source());
    while let Some(next) = cause {
        if let Some(forbidden) = next.downcast_ref::<Forbidden>() {
            return Missed::Refused(forbidden.0.clone());
        }
        words.push(next.to_string());
        cause = next.source();
    }
    Missed::Unreachable(if words.is_empty() { error.to_string() } else { words.join(": ") })
}
