//! A pipeline started again with the revisions of an earlier execution.

use super::*;
use crate::ports::Unclear;

fn redeploy(revisions: &[(&str, &str)]) -> Step {
    Step::Redeploy {
        pipeline: "orders".into(),
        of: "e1".into(),
        revisions: revisions.iter().map(|(action, id)| ((*action).to_owned(), (*id).to_owned())).collect(),
        token: String::from("pipewarden-1"),
    }
}

fn action(name: &str, category: &str, provider: &str) -> Value {
    let kind = json!({ "category": category, "owner": "AWS", "provider": provider, "version": "1" });
    json!({ "name": name, "actionTypeId": kind })
}

/// `GetPipeline` with these source actions and one more of another kind.
fn pipeline(sources: &[(&str, &str)]) -> Answer {
    let sources: Vec<_> = sources.iter().map(|(name, provider)| action(name, "Source", provider)).collect();
    said(json!({ "pipeline": {
        "name": "orders", "roleArn": "arn:aws:iam::111122223333:role/pipeline",
        "stages": [
            { "name": "Source", "actions": sources },
            { "name": "Production", "actions": [action("Deploy", "Deploy", "S3")] },
        ],
    }}))
}

async fn outcome(sources: &[(&str, &str)], revisions: &[(&str, &str)]) -> Result<Carried, Unclear> {
    act(&redeploy(revisions), [pipeline(sources)]).await.0
}

#[tokio::test]
async fn each_source_is_started_at_its_revision_with_a_token() {
    let sources = [
        ("Code", "CodeStarSourceConnection"),
        ("Repo", "CodeCommit"),
        ("Hub", "GitHub"),
        ("Image", "ECR"),
        ("Zip", "S3"),
    ];
    let revisions = [("Zip", "v5"), ("Image", "sha256:4"), ("Hub", "3"), ("Repo", "2"), ("Code", "1")];
    let answers = [pipeline(&sources), said(json!({ "pipelineExecutionId": "e3" }))];
    let (outcome, requests) = act(&redeploy(&revisions), answers).await;
    assert_eq!(outcome, Ok(Carried::Done(Some(String::from("e3")))));
    assert_eq!(operations(&requests), ["GetPipeline", "StartPipelineExecution"]);
    let revision = |action, kind, value| json!({ "actionName": action, "revisionType": kind, "revisionValue": value });
    let expected = json!({ "name": "orders", "clientRequestToken": "pipewarden-1", "sourceRevisions": [
        revision("Code", "COMMIT_ID", "1"),
        revision("Repo", "COMMIT_ID", "2"),
        revision("Hub", "COMMIT_ID", "3"),
        revision("Image", "IMAGE_DIGEST", "sha256:4"),
        revision("Zip", "S3_OBJECT_VERSION_ID", "v5"),
    ]});
    assert_eq!(requests[1].body, expected);
}

#[tokio::test]
async fn a_source_that_cannot_be_pinned_starts_nothing() {
    let unknown = outcome(&[("Code", "Bitbucket")], &[("Code", "1")]).await;
    let told = "source action Code is of provider Bitbucket, for which no revision can be chosen";
    assert_eq!(unknown, Ok(Carried::Impossible(told.to_owned())));
    let missing = outcome(&[("Code", "GitHub"), ("Image", "ECR")], &[("Code", "1")]).await;
    assert_eq!(missing, Ok(Carried::Impossible(String::from("no revision of source action Image is known"))));
}

#[tokio::test]
async fn a_pipeline_that_is_gone_or_refuses_the_start_is_told_in_codepipelines_words() {
    let (outcome, requests) = act(&redeploy(&[]), [refusal(400, "PipelineNotFoundException")]).await;
    assert_eq!((outcome, requests.len()), (impossible("PipelineNotFoundException"), 1));
    let at_its_limit = "ConcurrentPipelineExecutionsLimitExceededException";
    for (code, expected) in [
        ("ValidationException", impossible("ValidationException")),
        ("ConflictException", later("ConflictException")),
        (at_its_limit, later(at_its_limit)),
    ] {
        let (outcome, _) = act(&redeploy(&[]), [pipeline(&[]), refusal(400, code)]).await;
        assert_eq!(outcome, expected);
    }
}

#[tokio::test]
async fn a_start_whose_answer_gets_lost_is_sent_again_with_the_same_token() {
    let answers = [pipeline(&[]), Answer::Slam, said(json!({ "pipelineExecutionId": "e3" }))];
    let (outcome, requests) = act(&redeploy(&[]), answers).await;
    assert_eq!(outcome, Ok(Carried::Done(Some(String::from("e3")))));
    assert_eq!(requests[1].body["clientRequestToken"], requests[2].body["clientRequestToken"]);
}
