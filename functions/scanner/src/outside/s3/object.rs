//! One object with whoever reaches it, and the two calls made for it.

use aws_sdk_s3::Client;
use aws_sdk_s3::operation::get_object::GetObjectOutput;
use aws_sdk_s3::primitives::ByteStream;
use aws_sdk_s3::types::ServerSideEncryption;
use aws_smithy_runtime_api::client::orchestrator::HttpResponse;
use aws_smithy_runtime_api::client::result::SdkError;
use aws_smithy_types::error::metadata::ProvideErrorMetadata;
use bytes::{Bytes, BytesMut};
use pipeline_model::{ArtifactCredentials, Secret};

use super::patience::{Patience, Tries};
use super::sorting;
use crate::ports::{Trouble, TroubleKind};

/// An object in S3. Its client is a secret because what an SDK client prints begins with the id of its access key.
#[derive(Debug, Clone)]
pub(super) struct Object {
    pub(super) client: Secret<Client>,
    pub(super) bucket: String,
    pub(super) key: String,
    pub(super) party: Party,
    /// Where this function runs.
    pub(super) region: String,
    pub(super) patience: Patience,
}

/// In whose name S3 is called.
#[derive(Debug, Clone)]
pub(super) enum Party {
    /// With the session CodePipeline made for a job.
    Job(Secret<ArtifactCredentials>),
    /// With the function's own role, in a bucket of that account's.
    Function {
        /// The account.
        owner: String,
    },
}

/// What is called of an object, as far as words are concerned.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Call<'a> {
    Get,
    /// With the KMS key it is to be encrypted with.
    Put(Option<&'a str>),
}

/// What is put.
#[derive(Debug)]
pub(super) struct Upload<'a> {
    pub(super) content_type: &'a str,
    pub(super) bytes: Bytes,
    /// The ARN, id or alias of a KMS key; without one the bucket decides.
    pub(super) key: Option<String>,
}

impl Object {
    /// `GetObject` in one attempt, as far as its body: of a range in the words of HTTP, of the version with this entity tag.
    /// `None` if it has no such bytes.
    pub(super) async fn get(
        &self,
        range: Option<String>,
        etag: Option<&str>,
    ) -> Result<Option<GetObjectOutput>, Trouble> {
        let request = self.client.reveal().get_object().bucket(&self.bucket).key(&self.key);
        let request = request.set_range(range).set_if_match(etag.map(str::to_owned));
        let request = request.set_expected_bucket_owner(self.party.owner());
        match tokio::time::timeout(self.patience.answer, Box::pin(request.send())).await {
            Ok(Ok(answer)) => Ok(Some(answer)),
            Ok(Err(error)) if error.code() == Some("InvalidRange") => Ok(None),
            Ok(Err(error)) => Err(self.failed(Call::Get, error)),
            Err(_) => Err(self.broken(&format!("S3 did not answer within {} s", self.patience.answer.as_secs()))),
        }
    }

    /// `PutObject`. It may be repeated: the same bytes are the same object.
    pub(super) async fn put(&self, upload: &Upload<'_>) -> Result<(), Trouble> {
        let mut tries = Tries::new(self.patience);
        while let Err(trouble) = self.put_once(upload).await {
            tries.again(trouble).await?;
        }
        Ok(())
    }

    async fn put_once(&self, upload: &Upload<'_>) -> Result<(), Trouble> {
        let request = self.client.reveal().put_object().bucket(&self.bucket).key(&self.key);
        let request = request.set_expected_bucket_owner(self.party.owner());
        let request = request.content_type(upload.content_type).body(ByteStream::from(upload.bytes.clone()));
        let request = match &upload.key {
            Some(key) => request.server_side_encryption(ServerSideEncryption::AwsKms).ssekms_key_id(key),
            None => request,
        };
        let call = Call::Put(upload.key.as_deref());
        match tokio::time::timeout(self.patience.upload, Box::pin(request.send())).await {
            Ok(Ok(_)) => Ok(()),
            Ok(Err(error)) => Err(self.failed(call, error)),
            Err(_) => {
                let words = format!("it was not taken within {} s", self.patience.upload.as_secs());
                Err(self.trouble(TroubleKind::Passing, call, &words))
            }
        }
    }

    /// All of it, if that is no more than `most` bytes.
    pub(super) async fn whole(&self, most: u64) -> Result<Bytes, Trouble> {
        let mut tries = Tries::new(self.patience);
        loop {
            match self.whole_once(most).await {
                Ok(bytes) => return Ok(bytes),
                Err(trouble) => tries.again(trouble).await?,
            }
        }
    }

    async fn whole_once(&self, most: u64) -> Result<Bytes, Trouble> {
        let output = self.get(None, None).await?;
        let mut output = output.ok_or_else(|| self.refused("S3 has no bytes of it"))?;
        let length = output.content_length.and_then(|length| u64::try_from(length).ok());
        let length = length.ok_or_else(|| self.refused("S3 did not say how long it is"))?;
        if length > most {
            return Err(self.refused(&format!("it has {length} bytes, and may have {most} at most")));
        }
        let mut bytes = BytesMut::new();
        while let Some(piece) = self.piece(&mut output.body).await? {
            bytes.extend_from_slice(&piece);
        }
        if bytes.len() as u64 == length { Ok(bytes.freeze()) } else { Err(self.broken("the connection ended early")) }
    }

    /// The next piece of a body; `None` where it ends, be it early or not.
    pub(super) async fn piece(&self, body: &mut ByteStream) -> Result<Option<Bytes>, Trouble> {
        match tokio::time::timeout(self.patience.stall, body.next()).await {
            Ok(Some(Ok(piece))) => Ok(Some(piece)),
            Ok(Some(Err(error))) => Err(self.broken(&sorting::causes(error))),
            Ok(None) => Ok(None),
            Err(_) => Err(self.broken(&format!("no byte came for {} s", self.patience.stall.as_secs()))),
        }
    }

    /// Something happened on the way.
    pub(super) fn broken(&self, words: &str) -> Trouble {
        self.trouble(TroubleKind::Passing, Call::Get, words)
    }

    /// It is another object than the one that was opened.
    pub(super) fn changed(&self) -> Trouble {
        self.trouble(TroubleKind::Changed, Call::Get, "it was replaced since the scan began; run the action again")
    }

    /// What S3 answered is not what was asked for.
    pub(super) fn refused(&self, words: &str) -> Trouble {
        self.trouble(TroubleKind::Refused, Call::Get, words)
    }

    fn failed<E>(&self, call: Call<'_>, error: SdkError<E, HttpResponse>) -> Trouble
    where
        E: ProvideErrorMetadata + std::error::Error + Send + Sync + 'static,
    {
        let sorted = sorting::sort(self, call, error);
        self.trouble(sorted.kind, call, &sorted.words)
    }

    /// Trouble with this object. Of what others wrote, no part of the session is passed on.
    pub(super) fn trouble(&self, kind: TroubleKind, call: Call<'_>, words: &str) -> Trouble {
        let name = match call {
            Call::Get => "GetObject",
            Call::Put(_) => "PutObject",
        };
        let words = format!("{name} of s3://{}/{}: {words}", self.bucket, self.key);
        Trouble::new(kind, self.party.without_credentials(words))
    }
}

impl Party {
    fn owner(&self) -> Option<String> {
        match self {
            Self::Job(_) => None,
            Self::Function { owner } => Some(owner.clone()),
        }
    }

    fn without_credentials(&self, words: String) -> String {
        let Self::Job(session) = self else { return words };
        let ArtifactCredentials { access_key_id, secret_access_key, session_token } = session.reveal();
        let parts = [session_token, secret_access_key, access_key_id].into_iter().filter(|part| !part.is_empty());
        parts.fold(words, |words, part| words.replace(part.as_str(), "[redacted]"))
    }
}
