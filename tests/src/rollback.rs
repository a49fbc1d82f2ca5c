//! The reverter's promises: one rollback at most, to the right place, and always a reason.

mod alarms;
mod calls;
mod events;
mod failure_cases;
mod guard;
mod simulation;
