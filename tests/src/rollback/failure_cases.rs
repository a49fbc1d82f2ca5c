//! What goes wrong, and what must happen then: one test or more for each numbered case of the reverter.

mod after_all;
mod again;
mod before;
mod closing;
mod crashes;
mod driving;
mod elsewhere;
mod flapping;
mod history;
mod hostile;
mod kept_closed;
mod lateness;
mod observing;
mod others;
mod queue;
mod running;
mod settings;
mod siblings;
mod table;
mod targets;
mod throttled;
mod together;
