//! Objects in S3: artifacts with the session of their job, and what teams keep in a bucket with the function's own role.

mod body;
mod content_range;
mod object;
mod patience;
mod sorting;
mod source;
#[cfg(test)]
mod tests;

use artifact_scan::policy::S3Address;
use aws_sdk_s3::Client;
use aws_sdk_s3::config::{Builder, Credentials, ResponseChecksumValidation};
use aws_smithy_types::retry::RetryConfig;
use aws_smithy_types::timeout::TimeoutConfig;
use bytes::Bytes;
use lambda_kit::aws::SdkConfig;
use lambda_kit::{OnDemand, http};
use pipeline_model::{ArtifactCredentials, EncryptionKey, S3Location, Secret};

use crate::ports::{Pin, Store, Trouble, TroubleKind};

use object::{Object, Party, Upload};
use patience::Patience;

pub use body::S3Body;
pub use source::S3Source;

/// The bucket that the function reaches with its own role. Of a name that somebody else has taken since, S3 refuses what
/// names the account.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct OwnBucket {
    /// What it is called.
    pub name: String,
    /// Whose it is.
    pub account: String,
}

/// S3, as this function reaches it.
#[derive(Debug, Clone)]
pub struct S3Store {
    aws: SdkConfig,
    own: OnDemand<Client>,
    bucket: Option<OwnBucket>,
    patience: Patience,
}

impl S3Store {
    /// `bucket` is the one whose baselines and rules are read, and whose reports are written, with the function's role.
    pub fn new(aws: &SdkConfig, bucket: Option<OwnBucket>) -> Self {
        Self::with(aws, bucket, Patience::default())
    }

    /// Tries and time limits are [`Patience`]'s: the SDK's own know nothing of a body that is being read, and would end
    /// the upload of a long report.
    ///
    /// No checksum of an answer is asked for: S3 knows them for whole objects only. What an artifact holds is checked by the
    /// sums of its archive, and that no byte is missing by its length.
    fn with(aws: &SdkConfig, bucket: Option<OwnBucket>, patience: Patience) -> Self {
        let limits = TimeoutConfig::disabled().into_builder().connect_timeout(http::CONNECT_TIMEOUT).build();
        let aws = aws
            .to_builder()
            .retry_config(RetryConfig::disabled())
            .timeout_config(limits)
            .response_checksum_validation(ResponseChecksumValidation::WhenRequired)
            .build();
        Self { own: OnDemand::new(&aws, Client::new), aws, bucket, patience }
    }

    /// An artifact, reached with the session CodePipeline made for its job and never with the function's own role.
    fn of_job(&self, at: &S3Location, session: &Secret<ArtifactCredentials>) -> Object {
        let ArtifactCredentials { access_key_id, secret_access_key, session_token } = session.reveal().clone();
        let credentials = Credentials::new(access_key_id, secret_access_key, Some(session_token), None, "job");
        let client = Client::from_conf(Builder::from(&self.aws).credentials_provider(credentials).build());
        self.object(client, (&at.bucket, &at.key), Party::Job(session.clone()))
    }

    /// An object of the one bucket that teams keep their files in.
    fn of_function(&self, at: &S3Address) -> Result<Object, Trouble> {
        let words = match &self.bucket {
            Some(bucket) if bucket.name == at.bucket => {
                let party = Party::Function { owner: bucket.account.clone() };
                return Ok(self.object((*self.own).clone(), (&at.bucket, &at.key), party));
            }
            Some(bucket) => format!("the scanner reads and writes in the bucket {} only", bucket.name),
            None => String::from("the scanner has no bucket to read and write in"),
        };
        let advice = "name the bucket by the parameter ScanBucket of Pipewarden's stack";
        Err(Trouble::new(TroubleKind::Refused, format!("{at}: {words}; {advice}")))
    }

    fn object(&self, client: Client, (bucket, key): (&str, &str), party: Party) -> Object {
        Object {
            client: Secret::new(client),
            bucket: bucket.to_owned(),
            key: key.to_owned(),
            party,
            region: self.aws.region().map(ToString::to_string).unwrap_or_default(),
            patience: self.patience,
        }
    }
}

impl Store for S3Store {
    type Source = S3Source;

    async fn open(
        &self,
        at: &S3Location,
        session: &Secret<ArtifactCredentials>,
        pin: Option<&Pin>,
    ) -> Result<S3Source, Trouble> {
        S3Source::open(self.of_job(at, session), pin).await
    }

    async fn deliver(
        &self,
        at: &S3Location,
        session: &Secret<ArtifactCredentials>,
        key: Option<&EncryptionKey>,
        zip: Bytes,
    ) -> Result<(), Trouble> {
        let upload = Upload { content_type: "application/zip", bytes: zip, key: key.map(|key| key.id.clone()) };
        self.of_job(at, session).put(&upload).await
    }

    async fn read(&self, at: &S3Address, most: u64) -> Result<Bytes, Trouble> {
        self.of_function(at)?.whole(most).await
    }

    async fn write(&self, at: &S3Address, content_type: &str, bytes: Bytes) -> Result<(), Trouble> {
        self.of_function(at)?.put(&Upload { content_type, bytes, key: None }).await
    }
}
