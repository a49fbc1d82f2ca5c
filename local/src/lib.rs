//! Pipewarden on a laptop: a CodePipeline that runs, a Slack that answers, and the demo that plays a release.

pub mod codepipeline;
pub mod dashboard;
pub mod demo;
pub mod script;
pub mod slack;
pub mod template;
