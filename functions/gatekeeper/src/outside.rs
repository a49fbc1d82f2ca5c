//! The real outside: AWS and the web, behind the ports.

mod asking;
mod calendar;
mod cloudwatch;
mod codepipeline;
mod deployments;
mod http;
mod shelf;
mod sonarqube;

use std::fmt;

use aws_smithy_runtime_api::client::result::SdkError;
use aws_smithy_types::error::metadata::ProvideErrorMetadata;
use gate_checks::{Answer, Question, Unanswered};
use lambda_kit::aws::failed;
use tokio::task::JoinSet;

pub use asking::World;
pub use deployments::CodeDeploy;
pub use http::Web;
pub use shelf::DynamoShelf;

/// A question with what came back.
type Fact = (Question, Result<Answer, Unanswered>);

/// Words in the codes of refusals that stay until a person does something.
const STAYS: [&str; 6] = ["AccessDenied", "Unauthorized", "NotFound", "Invalid", "Validation", "Unsupported"];

/// Does everything at once, and what comes first is first. A task that panics has no result; one that is not waited for
/// any more ends.
async fn together<T, F>(works: impl IntoIterator<Item = F>) -> Vec<T>
where
    T: Send + 'static,
    F: Future<Output = T> + Send + 'static,
{
    let mut running: JoinSet<T> = works.into_iter().collect();
    let mut done = Vec::with_capacity(running.len());
    while let Some(ended) = running.join_next().await {
        done.extend(ended);
    }
    done
}

/// A call that failed, as a fact: `attempt` says which call.
fn unanswered<E, R>(attempt: impl fmt::Display, error: SdkError<E, R>) -> Unanswered
where
    E: ProvideErrorMetadata + std::error::Error + 'static,
    R: fmt::Debug + 'static,
{
    let stays = error.code().is_some_and(|code| STAYS.iter().any(|word| code.contains(word)));
    let why = format!("{:#}", failed(attempt, error));
    if stays { Unanswered::refused(why) } else { Unanswered::outage(why) }
}
