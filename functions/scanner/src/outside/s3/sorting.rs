//! What S3's refusals mean, and what a person can do about them.

use anyhow::Error;
use aws_smithy_runtime_api::client::orchestrator::HttpResponse;
use aws_smithy_runtime_api::client::result::SdkError;
use aws_smithy_types::error::metadata::ProvideErrorMetadata;

use super::object::{Call, Object, Party};
use crate::ports::{Trouble, TroubleKind};

/// In which header S3 says where a bucket is.
const REGION: &str = "x-amz-bucket-region";

/// The session is over, or was none.
const SESSION: [&str; 5] =
    ["ExpiredToken", "InvalidAccessKeyId", "InvalidToken", "SignatureDoesNotMatch", "TokenRefreshRequired"];
/// The bucket is not where it was asked for.
const ELSEWHERE: [&str; 3] =
    ["AuthorizationHeaderMalformed", "IllegalLocationConstraintException", "PermanentRedirect"];
/// The same call may succeed a little later.
const PASSING: [&str; 7] = [
    "InternalError",
    "OperationAborted",
    "RequestTimeTooSkewed",
    "RequestTimeout",
    "ServiceUnavailable",
    "SlowDown",
    "TemporaryRedirect",
];

/// What an answer of S3's amounts to.
enum Reason {
    Passing,
    Denied,
    DeniedByKey,
    SessionEnded,
    Missing,
    Changed,
    Elsewhere,
    Archived,
    Refused,
}

/// What became of a call that failed, without what was called.
///
/// Only S3's code and message are told: the rest of its answer may repeat the token of the session.
pub(super) fn sort<E>(object: &Object, call: Call<'_>, error: SdkError<E, HttpResponse>) -> Trouble
where
    E: ProvideErrorMetadata + std::error::Error + Send + Sync + 'static,
{
    let SdkError::ServiceError(refusal) = &error else {
        let is_ours = matches!(&error, SdkError::ConstructionFailure(_));
        let kind = if is_ours { TroubleKind::Refused } else { TroubleKind::Passing };
        return Trouble::new(kind, causes(error));
    };
    let status = refusal.raw().status().as_u16();
    let code = refusal.err().code().map_or_else(|| format!("status {status}"), str::to_owned);
    let message = refusal.err().message().unwrap_or_default();
    let reason = reason(&code, message, status);
    let advice = advice(object, call, &reason, refusal.raw().headers().get(REGION));
    let said = if message.is_empty() { code } else { format!("{code}: {message}") };
    let words = match advice {
        Some(advice) => format!("{said}; {advice}"),
        None => said,
    };
    Trouble::new(reason.kind(), words)
}

/// An error with its causes, and without what the SDK knows besides.
pub(super) fn causes(error: impl std::error::Error + Send + Sync + 'static) -> String {
    format!("{:#}", Error::new(error))
}

fn reason(code: &str, message: &str, status: u16) -> Reason {
    let passes = PASSING.contains(&code) || code.contains("Throttl") || matches!(status, 408 | 429 | 500..);
    match code {
        _ if passes => Reason::Passing,
        _ if SESSION.contains(&code) => Reason::SessionEnded,
        _ if ELSEWHERE.contains(&code) || status == 301 => Reason::Elsewhere,
        _ if code.starts_with("KMS.") => Reason::DeniedByKey,
        "InvalidObjectState" => Reason::Archived,
        _ => match status {
            // Where a key is at fault, S3 says AccessDenied and names the action in its message.
            403 | 401 if message.contains("kms:") => Reason::DeniedByKey,
            403 | 401 => Reason::Denied,
            404 => Reason::Missing,
            412 => Reason::Changed,
            _ => Reason::Refused,
        },
    }
}

impl Reason {
    fn kind(&self) -> TroubleKind {
        match self {
            Self::Passing => TroubleKind::Passing,
            Self::Denied | Self::DeniedByKey | Self::SessionEnded => TroubleKind::Denied,
            Self::Missing => TroubleKind::Missing,
            Self::Changed => TroubleKind::Changed,
            Self::Elsewhere | Self::Archived | Self::Refused => TroubleKind::Refused,
        }
    }
}

fn advice(object: &Object, call: Call<'_>, reason: &Reason, region: Option<&str>) -> Option<String> {
    let is_of_job = matches!(object.party, Party::Job(_));
    let advice = match reason {
        Reason::Passing | Reason::Refused => return None,
        Reason::Denied if is_of_job => denied_to_job(object, call),
        Reason::Denied => denied_to_function(call).to_owned(),
        Reason::DeniedByKey => denied_by_key(call, is_of_job),
        Reason::SessionEnded if is_of_job => "the job's session is over: run the action again".to_owned(),
        Reason::SessionEnded => "the function's own session is over: run the action again".to_owned(),
        Reason::Missing if is_of_job => missing_to_job(call).to_owned(),
        Reason::Missing => "put the file there, or correct the address in the policy".to_owned(),
        Reason::Changed => "it was replaced since the scan began: run the action again".to_owned(),
        Reason::Elsewhere => elsewhere(object, region),
        Reason::Archived => "it lies in an archive of S3's: restore it, or release the change again".to_owned(),
    };
    Some(advice)
}

fn denied_to_job(object: &Object, call: Call<'_>) -> String {
    let bucket = &object.bucket;
    match call {
        Call::Get => format!(
            "the pipeline's role and the policy of the bucket {bucket} must allow s3:GetObject; of an artifact that is \
             gone S3 says the same, then release the change again"
        ),
        Call::Put(_) => format!("the pipeline's role and the policy of the bucket {bucket} must allow s3:PutObject"),
    }
}

/// The stack lets its role read and write in that bucket, and not list it, so S3 does not say that a file is missing.
fn denied_to_function(call: Call<'_>) -> &'static str {
    match call {
        Call::Get => {
            "S3 says so of a file that does not exist, too: put it there or correct the address in the policy; else the \
             bucket must be of the stack's own account and its policy must not deny s3:GetObject to the scanner's role"
        }
        Call::Put(_) => {
            "the bucket must be of the stack's own account and its policy must not deny s3:PutObject to the scanner's role"
        }
    }
}

fn denied_by_key(call: Call<'_>, is_of_job: bool) -> String {
    let role = if is_of_job { "the pipeline's role" } else { "the scanner's role" };
    match call {
        Call::Get => format!("{role} and the policy of the key it is encrypted with must allow kms:Decrypt"),
        Call::Put(Some(key)) => format!("{role} and the policy of the key {key} must allow kms:GenerateDataKey"),
        Call::Put(None) => format!("{role} and the policy of the bucket's key must allow kms:GenerateDataKey"),
    }
}

fn missing_to_job(call: Call<'_>) -> &'static str {
    match call {
        Call::Get => "perhaps a lifecycle rule of the bucket has removed it: release the change again",
        Call::Put(_) => "the artifact store of the pipeline names a bucket that does not exist",
    }
}

fn elsewhere(object: &Object, region: Option<&str>) -> String {
    let (bucket, here) = (&object.bucket, &object.region);
    let there = region.map_or_else(|| "another region".to_owned(), str::to_owned);
    match object.party {
        Party::Job(_) => format!(
            "the bucket {bucket} is in {there} and this function in {here}: an action must invoke a scanner in its own \
             region, where CodePipeline puts its artifacts"
        ),
        Party::Function { .. } => {
            format!("the bucket {bucket} is in {there}: the parameter ScanBucket must name one in {here}")
        }
    }
}
