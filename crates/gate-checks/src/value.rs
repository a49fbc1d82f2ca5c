//! Values a policy is written with.

mod duration;
mod pattern;
mod secret_name;
mod template;

pub(crate) use duration::Duration;
pub(crate) use pattern::Pattern;
pub(crate) use secret_name::check_secret_name;
pub(crate) use template::Template;
