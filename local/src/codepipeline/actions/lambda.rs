//! Lambda Invoke actions: the job a function gets, and how long it may take to answer.

use jiff::{SignedDuration, Timestamp};
use serde_json::{Map, Value, json};

use crate::codepipeline::config::Credentials;
use crate::codepipeline::declaration::EncryptionKey;
use crate::codepipeline::effects::Effect;
use crate::codepipeline::engine::Engine;
use crate::codepipeline::events::after;
use crate::codepipeline::ports::{ArtifactScope, Problem};
use crate::codepipeline::records::{Job, PlacedArtifact, RunIndex, Work};

impl Engine {
    /// Makes a job and invokes the function with it; `token` comes from a continuation.
    pub(super) fn begin_job(&mut self, run: RunIndex, token: Option<String>) {
        let job = self.ids.uuid();
        let data = self.job_data(run, token);
        let event = json!({
            "CodePipeline.job": { "id": job, "accountId": self.settings.account, "data": data },
        });
        self.jobs.insert(job.clone(), Job { run, open: true, event: data });
        let function = self[run].configuration.get("FunctionName").cloned().unwrap_or_default();
        let silent_at = after(self.now, signed(self.settings.timing.silence));
        self[run].work = Work::Answer { job: job.clone(), silent_at };
        let scope = self.artifact_scope(run);
        self.effects.push(Effect::Invoke { job, function, event, scope });
    }

    fn artifact_scope(&self, run: RunIndex) -> ArtifactScope {
        let places = |placed: &[PlacedArtifact]| placed.iter().map(|artifact| artifact.at.clone()).collect();
        ArtifactScope {
            inputs: places(&self[run].inputs),
            outputs: places(&self[run].outputs),
            encryption_key: self.encryption_key(run).map(|key| key.id.clone()),
        }
    }

    fn job_data(&self, run: RunIndex, token: Option<String>) -> Value {
        let it = &self[run];
        let mut data = Map::new();
        data.insert("actionConfiguration".to_owned(), json!({ "configuration": it.configuration }));
        data.insert("inputArtifacts".to_owned(), artifacts(&it.inputs));
        data.insert("outputArtifacts".to_owned(), artifacts(&it.outputs));
        data.insert("artifactCredentials".to_owned(), self.settings.artifact_credentials.of_a_job());
        if let Some(token) = token {
            data.insert("continuationToken".to_owned(), json!(token));
        }
        if let Some(key) = self.encryption_key(run) {
            data.insert("encryptionKey".to_owned(), json!(key));
        }
        Value::Object(data)
    }

    /// The customer key of the artifact store that a run's outputs go to.
    pub(super) fn encryption_key(&self, run: RunIndex) -> Option<&EncryptionKey> {
        let declaration = &self[self[run].execution].declaration;
        let region = self.declared(run).region.as_deref().unwrap_or(&self.settings.region);
        declaration.store(region)?.encryption_key.as_ref()
    }

    /// When a Lambda action fails whatever its function says.
    pub(super) fn lambda_deadline(&self, run: RunIndex) -> Timestamp {
        let total = after(self[run].started, signed(self.settings.timing.lambda_total));
        let own = self.declared(run).timeout_in_minutes.filter(|_| self.declared(run).is_rule());
        own.map_or(total, |minutes| total.min(after(self[run].started, SignedDuration::from_mins(minutes.into()))))
    }

    /// The next invocation is due, or one of the deadlines has passed.
    pub(super) fn job_is_due(&mut self, run: RunIndex) {
        let total_passed = self.now >= self.lambda_deadline(run);
        let token = match &self[run].work {
            Work::Reinvoke { token, .. } if !total_passed => token.clone(),
            _ => {
                let timing = self.settings.timing;
                let allowed = if total_passed { timing.lambda_total } else { timing.silence };
                let message = format!("The function did not return a result within {:#}.", signed(allowed));
                return self.fail_run(run, Some("JobFailed"), &message);
            }
        };
        self.begin_job(run, Some(token));
    }

    /// Plans the next invocation after a continuation.
    pub(crate) fn continue_later(&mut self, run: RunIndex, token: String) {
        let at = after(self.now, self.settings.played(signed(self.settings.timing.reinvoke_after)));
        self.close_jobs(run);
        self[run].work = Work::Reinvoke { at, token };
        self[run].updated = self.now;
    }

    /// A function could not be invoked at all.
    pub(crate) fn job_not_invoked(&mut self, job: &str, problem: Problem) {
        if let Some(run) = self.jobs.get(job).filter(|job| job.open).map(|job| job.run) {
            self.fail_run(run, Some(&problem.code), &problem.message);
        }
    }

    /// A job was handed over with credentials of its own.
    pub(crate) fn session_opened(&mut self, job: &str, credentials: &Credentials) {
        if let Some(job) = self.jobs.get_mut(job) {
            job.event["artifactCredentials"] = credentials.of_a_job();
        }
    }

    /// A function says that it has done its work: AWS does not document whether it looks for what was to be uploaded, so
    /// this looks. Without it the action fails.
    pub(crate) fn job_succeeded(&mut self, run: RunIndex) {
        let outputs = self[run].outputs.clone();
        if outputs.is_empty() {
            return self.succeed_run(run);
        }
        self.close_jobs(run);
        self[run].work = Work::Storing { left: outputs.len() };
        for output in outputs {
            self.effects.push(Effect::Find { run, artifact: output.name, at: output.at });
        }
    }

    /// From now on the run's jobs are answered with `InvalidJobStateException`.
    pub(super) fn close_jobs(&mut self, run: RunIndex) {
        if let Work::Answer { job, .. } = &self[run].work {
            let job = job.clone();
            if let Some(job) = self.jobs.get_mut(&job) {
                job.open = false;
            }
        }
    }
}

fn artifacts(placed: &[PlacedArtifact]) -> Value {
    let artifact = |artifact: &PlacedArtifact| {
        json!({
            "name": artifact.name,
            "revision": null,
            "location": {
                "type": "S3",
                "s3Location": { "bucketName": artifact.at.bucket, "objectKey": artifact.at.key },
            },
        })
    };
    placed.iter().map(artifact).collect()
}

fn signed(duration: std::time::Duration) -> SignedDuration {
    SignedDuration::try_from(duration).unwrap_or(SignedDuration::MAX)
}

#[cfg(test)]
mod tests {
    use serde_json::{Value, json};

    use crate::codepipeline::bench::{Bench, action, pipeline, stage};
    use crate::codepipeline::config::Credentials;
    use crate::codepipeline::effects::Signal;
    use crate::codepipeline::ports::Problem;

    const MINUTE: u64 = 60;

    fn gated(change: impl FnOnce(&mut Value)) -> Value {
        let mut gate = action("Invoke", "Lambda", "Gate");
        change(&mut gate);
        pipeline("p", vec![stage("Gate", vec![gate])])
    }

    /// A bench whose function has just been invoked.
    fn invoked(declaration: &Value) -> (Bench, String) {
        let mut bench = Bench::with(declaration);
        let id = bench.start();
        bench.wait(2);
        bench.told();
        (bench, id)
    }

    fn answer(bench: &mut Bench, job: &str, more: Value) -> Result<Value, crate::codepipeline::ApiError> {
        let mut input = json!({"jobId": job});
        input.as_object_mut().unwrap().extend(more.as_object().unwrap().clone());
        bench.call("PutJobSuccessResult", input)
    }

    #[test]
    fn the_function_gets_the_documented_event() {
        let (bench, _) = invoked(&gated(|gate| gate["outputArtifacts"] = json!([{"name": "GateReport"}])));
        insta::assert_json_snapshot!(bench.invocations[0].1, @r#"
        {
          "CodePipeline.job": {
            "accountId": "111122223333",
            "data": {
              "actionConfiguration": {
                "configuration": {
                  "FunctionName": "gate"
                }
              },
              "artifactCredentials": {
                "accessKeyId": "test",
                "secretAccessKey": "test",
                "sessionToken": ""
              },
              "inputArtifacts": [
                {
                  "location": {
                    "s3Location": {
                      "bucketName": "artifacts-111122223333",
                      "objectKey": "p/SourceArti/Obj0001"
                    },
                    "type": "S3"
                  },
                  "name": "SourceArtifact",
                  "revision": null
                }
              ],
              "outputArtifacts": [
                {
                  "location": {
                    "s3Location": {
                      "bucketName": "artifacts-111122223333",
                      "objectKey": "p/GateReport/Obj0002"
                    },
                    "type": "S3"
                  },
                  "name": "GateReport",
                  "revision": null
                }
              ]
            },
            "id": "00000000-0000-4000-8000-00000000000d"
          }
        }
        "#);
    }

    #[test]
    fn user_parameters_have_their_variables_put_in_and_a_customer_key_comes_along() {
        let mut declaration = gated(|gate| {
            gate["configuration"]["UserParameters"] = json!("{\"execution\":\"#{codepipeline.PipelineExecutionId}\"}");
        });
        declaration["artifactStore"]["encryptionKey"] = json!({"id": "arn:aws:kms:x", "type": "KMS"});
        let (bench, id) = invoked(&declaration);
        let data = &bench.invocations[0].1["CodePipeline.job"]["data"];
        let parameters = &data["actionConfiguration"]["configuration"]["UserParameters"];
        assert_eq!(parameters, &json!(format!("{{\"execution\":\"{id}\"}}")));
        assert_eq!(data["encryptionKey"], json!({"id": "arn:aws:kms:x", "type": "KMS"}));
    }

    #[test]
    fn a_continuation_is_a_new_job_with_the_token_after_the_interval() {
        let (mut bench, id) = invoked(&gated(|_| ()));
        let first = bench.last_job();
        answer(&mut bench, &first, json!({"continuationToken": "round-2"})).unwrap();
        bench.wait(29);
        assert_eq!(bench.invocations.len(), 1);
        bench.wait(1);
        let job = &bench.invocations[1].1["CodePipeline.job"];
        assert_eq!(job["data"]["continuationToken"], "round-2");
        assert_ne!(job["id"], json!(first));
        let late = answer(&mut bench, &first, json!({})).unwrap_err();
        assert_eq!(late.code, "InvalidJobStateException");
        let second = bench.last_job();
        answer(&mut bench, &second, json!({})).unwrap();
        assert_eq!(bench.status(&id), "Succeeded");
    }

    #[test]
    fn a_continuation_has_the_same_artifacts_in_the_same_places() {
        let (mut bench, _) = invoked(&gated(|gate| gate["outputArtifacts"] = json!([{"name": "GateReport"}])));
        let first = bench.last_job();
        answer(&mut bench, &first, json!({"continuationToken": "t"})).unwrap();
        bench.wait(30);
        let data = |number: usize| bench.invocations[number].1["CodePipeline.job"]["data"].clone();
        for artifacts in ["inputArtifacts", "outputArtifacts"] {
            assert_eq!(data(0)[artifacts], data(1)[artifacts]);
        }
    }

    #[test]
    fn an_output_artifact_that_nobody_uploaded_fails_the_action_that_was_to_make_it() {
        for uploaded in [true, false] {
            let (mut bench, id) = invoked(&gated(|gate| gate["outputArtifacts"] = json!([{"name": "GateReport"}])));
            bench.uploads = uploaded;
            let job = bench.last_job();
            answer(&mut bench, &job, json!({})).unwrap();
            assert_eq!(bench.status(&id), if uploaded { "Succeeded" } else { "Failed" });
            assert_eq!(answer(&mut bench, &job, json!({})).unwrap_err().code, "InvalidJobStateException");
        }
    }

    #[test]
    fn a_job_with_credentials_of_its_own_keeps_them() {
        let (mut bench, _) = invoked(&gated(|_| ()));
        let job = bench.last_job();
        let credentials = Credentials { access_key_id: "own".to_owned(), ..Credentials::local() };
        bench.engine.signal(bench.now, Signal::SessionOpened { job: job.clone(), credentials });
        let details = bench.call("GetJobDetails", json!({"jobId": job})).unwrap();
        assert_eq!(details["jobDetails"]["data"]["artifactCredentials"]["accessKeyId"], "own");
    }

    #[test]
    fn silence_for_twenty_minutes_fails_the_action_and_each_continuation_starts_them_anew() {
        let (mut bench, id) = invoked(&gated(|_| ()));
        bench.wait(19 * MINUTE);
        let job = bench.last_job();
        answer(&mut bench, &job, json!({"continuationToken": "t"})).unwrap();
        bench.wait(30 + 19 * MINUTE);
        assert_eq!(bench.status(&id), "InProgress");
        bench.wait(MINUTE);
        assert_eq!(bench.status(&id), "Failed");
        let job = bench.last_job();
        assert_eq!(answer(&mut bench, &job, json!({})).unwrap_err().code, "InvalidJobStateException");
    }

    #[test]
    fn continuations_end_after_a_day() {
        let (mut bench, id) = invoked(&gated(|_| ()));
        for _ in 0..200 {
            let job = bench.last_job();
            let _ = answer(&mut bench, &job, json!({"continuationToken": "t"}));
            bench.wait(10 * MINUTE);
        }
        assert_eq!(bench.status(&id), "Failed");
        // One at the start, and one after each answer: every ten minutes for 24 hours.
        assert_eq!(bench.invocations.len(), 145);
    }

    #[test]
    fn a_function_that_cannot_be_invoked_fails_its_action() {
        let (mut bench, id) = invoked(&gated(|_| ()));
        let signal = Signal::NotInvoked { job: bench.last_job(), problem: Problem::new("PermissionError", "no") };
        bench.engine.signal(bench.now, signal);
        assert_eq!(bench.status(&id), "Failed");
        assert_eq!(bench.events[0]["detail"]["execution-result"]["error-code"], "PermissionError");
    }

    #[test]
    fn a_job_of_an_abandoned_action_is_no_longer_open() {
        let (mut bench, id) = invoked(&gated(|_| ()));
        let stop = json!({"pipelineName": "p", "pipelineExecutionId": id, "abandon": true});
        bench.call("StopPipelineExecution", stop).unwrap();
        let job = bench.last_job();
        assert_eq!(answer(&mut bench, &job, json!({})).unwrap_err().code, "InvalidJobStateException");
    }
}
