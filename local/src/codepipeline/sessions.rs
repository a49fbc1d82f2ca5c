//! Credentials of a job: a session of its own for its artifacts, which may read what goes in, write what comes out, and
//! nothing else.

use bytes::Bytes;
use http::Method;
use serde_json::{Value, json};

use super::aws::{AwsEndpoint, SignedClient, form_encoded};
use super::config::Credentials;
use super::ports::{ArtifactScope, JobSessions, Pending, Problem, S3Location};

/// Seconds. How long CodePipeline's own last is not documented; STS has none that end sooner.
const LIFETIME: u32 = 900;

/// Sessions of STS, narrowed by a policy as the artifacts ask for it.
///
/// Which actions CodePipeline's own allow is not documented beyond reading and writing artifacts. Here they are the fewest
/// with which that works: no version of an object may be named, and nothing may be listed, so what is not there is denied.
pub struct StsSessions(SignedClient);

impl StsSessions {
    /// Sessions given out by an endpoint.
    pub fn new(endpoint: AwsEndpoint) -> Self {
        Self(SignedClient::new(endpoint, "sts"))
    }
}

impl JobSessions for StsSessions {
    fn open<'a>(&'a self, scope: &'a ArtifactScope) -> Pending<'a, Credentials> {
        Box::pin(async move {
            let policy = policy(scope).to_string();
            let lifetime = LIFETIME.to_string();
            let form = [("Action", "GetFederationToken"), ("Version", "2011-06-15"), ("Name", "codepipeline-job")];
            let form = form.into_iter().chain([("Policy", policy.as_str()), ("DurationSeconds", lifetime.as_str())]);
            let pairs: Vec<String> = form.map(|(name, value)| format!("{name}={}", form_encoded(value))).collect();
            let headers = [("content-type", "application/x-www-form-urlencoded")];
            let answer = self.0.send(Method::POST, "/", &headers, pairs.join("&").into()).await?;
            credentials(&answer).ok_or_else(|| Problem::new("SystemUnavailable", "STS gave out no credentials."))
        })
    }
}

fn policy(scope: &ArtifactScope) -> Value {
    let mut statements = Vec::new();
    for (action, objects) in [("s3:GetObject", &scope.inputs), ("s3:PutObject", &scope.outputs)] {
        if !objects.is_empty() {
            let arns: Vec<String> = objects.iter().map(arn).collect();
            statements.push(json!({ "Effect": "Allow", "Action": action, "Resource": arns }));
        }
    }
    if let Some(key) = scope.encryption_key.as_deref().filter(|key| key.starts_with("arn:")) {
        let actions = ["kms:Decrypt", "kms:GenerateDataKey"];
        statements.push(json!({ "Effect": "Allow", "Action": actions, "Resource": key }));
    }
    if statements.is_empty() {
        // A session without a policy could do everything.
        statements.push(json!({ "Effect": "Deny", "Action": "*", "Resource": "*" }));
    }
    json!({ "Version": "2012-10-17", "Statement": statements })
}

fn arn(object: &S3Location) -> String {
    format!("arn:aws:s3:::{}/{}", object.bucket, object.key)
}

fn credentials(answer: &Bytes) -> Option<Credentials> {
    let xml = String::from_utf8_lossy(answer);
    let text = |name: &str| {
        let (_, rest) = xml.split_once(&format!("<{name}>"))?;
        Some(rest.split_once("</")?.0.to_owned())
    };
    Some(Credentials {
        access_key_id: text("AccessKeyId")?,
        secret_access_key: text("SecretAccessKey")?,
        session_token: Some(text("SessionToken")?),
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn object(key: &str) -> S3Location {
        S3Location { bucket: "artifacts".to_owned(), key: key.to_owned() }
    }

    #[test]
    fn a_session_may_read_what_goes_in_write_what_comes_out_and_nothing_else() {
        let scope = ArtifactScope {
            inputs: vec![object("p/Built/1"), object("p/Source/2")],
            outputs: vec![object("p/Report/3")],
            encryption_key: Some("arn:aws:kms:us-east-1:111122223333:key/k".to_owned()),
        };
        let allowed = policy(&scope)["Statement"].take();
        assert_eq!(allowed[0]["Action"], "s3:GetObject");
        assert_eq!(
            allowed[0]["Resource"],
            json!(["arn:aws:s3:::artifacts/p/Built/1", "arn:aws:s3:::artifacts/p/Source/2"])
        );
        assert_eq!(allowed[1]["Action"], "s3:PutObject");
        assert_eq!(allowed[1]["Resource"], json!(["arn:aws:s3:::artifacts/p/Report/3"]));
        assert_eq!(allowed[2]["Resource"], "arn:aws:kms:us-east-1:111122223333:key/k");
        assert_eq!(allowed.as_array().unwrap().len(), 3);
    }

    #[test]
    fn a_job_without_artifacts_may_do_nothing() {
        let none = ArtifactScope { inputs: Vec::new(), outputs: Vec::new(), encryption_key: None };
        assert_eq!(policy(&none)["Statement"][0]["Effect"], "Deny");
    }

    #[test]
    fn the_longest_policy_is_taken_by_sts() {
        let longest = || S3Location { bucket: "b".repeat(63), key: "k".repeat(100) };
        let scope = ArtifactScope {
            inputs: (0..5).map(|_| longest()).collect(),
            outputs: (0..5).map(|_| longest()).collect(),
            encryption_key: None,
        };
        assert!(policy(&scope).to_string().len() <= 2048);
    }

    #[test]
    fn credentials_are_read_from_the_answer_and_half_of_them_are_none() {
        let xml = "<R><AccessKeyId>id</AccessKeyId><SecretAccessKey>a/b+c</SecretAccessKey>\
                   <SessionToken>t==</SessionToken></R>";
        let read = credentials(&Bytes::from_static(xml.as_bytes())).unwrap();
        assert_eq!((read.secret_access_key.as_str(), read.session_token.as_deref()), ("a/b+c", Some("t==")));
        assert!(credentials(&Bytes::from_static(b"<AccessKeyId>id</AccessKeyId>")).is_none());
    }
}
