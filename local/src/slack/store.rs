//! What the workspace remembers: channels with their messages, requests, faults to come.

use std::collections::{BTreeMap, VecDeque};
use std::sync::{Mutex, MutexGuard, PoisonError};

use serde_json::{Value, json};

use super::message::{Author, Content, Message};
use super::pace::Pace;
use super::{Call, Fault, Now, Workspace};

/// `chat.update` is a tier 3 method: 50 calls a minute for the whole workspace.
const UPDATES_PER_MINUTE: u32 = 50;

/// A channel the bot may post to.
#[derive(Debug)]
pub(super) struct Channel {
    pub(super) id: String,
    pub(super) name: String,
    pub(super) archived: bool,
    pub(super) messages: Vec<Message>,
    pub(super) posting: Pace,
}

/// Everything behind the lock.
#[derive(Debug)]
pub(super) struct Store {
    channels: Vec<Channel>,
    pub(super) users: BTreeMap<String, String>,
    pub(super) updating: Pace,
    pub(super) faults: VecDeque<Fault>,
    pub(super) calls: Vec<Call>,
    /// Microseconds since 1970.
    last_ts: i64,
    clock: Now,
}

/// A panic while the lock was held leaves a store that is still worth reading.
pub(super) fn lock(store: &Mutex<Store>) -> MutexGuard<'_, Store> {
    store.lock().unwrap_or_else(PoisonError::into_inner)
}

impl Store {
    pub(super) fn new(workspace: Workspace) -> Self {
        let Workspace { channels, users, burst, clock } = workspace;
        let channel =
            |(id, name)| Channel { id, name, archived: false, messages: vec![], posting: Pace::new(burst, 1.0) };
        Self {
            channels: channels.into_iter().map(channel).collect(),
            users: users.into_iter().collect(),
            updating: Pace::new(UPDATES_PER_MINUTE, f64::from(UPDATES_PER_MINUTE) / 60.0),
            faults: VecDeque::new(),
            calls: vec![],
            last_ts: 0,
            clock,
        }
    }

    pub(super) fn channel(&self, id: &str) -> Option<&Channel> {
        self.channels.iter().find(|channel| channel.id == id)
    }

    pub(super) fn channel_mut(&mut self, id: &str) -> Option<&mut Channel> {
        self.channels.iter_mut().find(|channel| channel.id == id)
    }

    /// The id behind an id, a name, or `#name`.
    pub(super) fn channel_id(&self, id_or_name: &str) -> Option<String> {
        let name = id_or_name.strip_prefix('#').unwrap_or(id_or_name);
        self.channels.iter().find(|channel| channel.id == id_or_name || channel.name == name).map(|c| c.id.clone())
    }

    pub(super) fn channel_ids(&self) -> impl Iterator<Item = &str> {
        self.channels.iter().map(|channel| channel.id.as_str())
    }

    pub(super) fn archive(&mut self, id: &str) {
        if let Some(channel) = self.channel_mut(id) {
            channel.archived = true;
        }
    }

    pub(super) fn someone_says(&mut self, channel: &str, text: &str) -> String {
        let ts = self.next_ts();
        let content = Content { text: text.to_owned(), ..Content::default() };
        if let Some(channel) = self.channel_mut(channel) {
            channel.messages.push(Message::new(ts.clone(), content, Author::Person));
        }
        ts
    }

    /// Later than every one before it, even when the clock stands still or steps back.
    pub(super) fn next_ts(&mut self) -> String {
        let now = (self.clock.0)().as_microsecond();
        self.last_ts = now.max(self.last_ts + 1);
        format!("{}.{:06}", self.last_ts / 1_000_000, self.last_ts % 1_000_000)
    }

    pub(super) fn transcript(&self) -> Value {
        let channels: Vec<Value> = self
            .channels
            .iter()
            .map(|channel| json!({"id": channel.id, "name": channel.name, "messages": channel.messages}))
            .collect();
        json!({"channels": channels, "calls": self.calls})
    }
}
