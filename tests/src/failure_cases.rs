//! What goes wrong, and what must happen then: one test or more for each numbered case of the notifier.

mod content;
mod crashes;
mod outages;
mod over_http;
mod queue;
mod rollbacks;
mod secrets;
mod settings;
mod table;
mod transitions;
