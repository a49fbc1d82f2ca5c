"""The recorder in Python and boto3, written as one would write it: the same events, calls and samples."""

import http.client
import json
import os
import time
import uuid
from datetime import datetime

import boto3

from window import Fold, has_unseen_end, join, new_execution, new_window, order

TABLE = os.environ["TABLE_NAME"]
NAMESPACE = os.environ["METRIC_NAMESPACE"]
PREFIX = os.environ["SETTINGS_PREFIX"]
REMEMBERED_SECONDS = 400 * 24 * 3600
OLDEST_SECONDS = (14 * 24 - 1) * 3600
MOST_SAMPLES = 1000

dynamodb = boto3.client("dynamodb")
cloudwatch = boto3.client("cloudwatch")
codepipeline = boto3.client("codepipeline")
ssm = boto3.client("ssm")

settings_read_at = None


def log(message, **fields):
    print(json.dumps({"level": "INFO", "message": message, **fields}))


def read_settings():
    """Read again when they are ten minutes old."""
    global settings_read_at
    if settings_read_at is not None and time.monotonic() - settings_read_at < 600:
        return
    for page in ssm.get_paginator("get_parameters_by_path").paginate(Path=PREFIX, Recursive=True, WithDecryption=True):
        if page["Parameters"]:
            raise NotImplementedError("the benchmark has no settings")
    settings_read_at = time.monotonic()


# ---- From events to facts ----


def seconds(text):
    return datetime.fromisoformat(text).timestamp()


def facts_of(event):
    detail = event["detail"]
    pipeline = event["resources"][0]
    fact = {"execution": detail["execution-id"], "at": seconds(event["time"])}
    if event["source"] == "pipewarden":
        if event["detail-type"] == "Rollback Decided" and detail["outcome"] == "done":
            return pipeline, [{**fact, "what": "rolled-back", "key": detail["key"]}]
        return pipeline, []
    fact["version"] = int(detail["version"])
    state = detail["state"]
    if event["detail-type"] == "CodePipeline Pipeline Execution State Change" and state in ("SUCCEEDED", "FAILED"):
        return pipeline, [{**fact, "what": "ended", "state": state, "began": seconds(detail["start-time"])}]
    if event["detail-type"] == "CodePipeline Stage Execution State Change" and state in ("SUCCEEDED", "FAILED"):
        began = detail.get("stage-last-retry-attempt-time") or detail["start-time"]
        return pipeline, [{**fact, "what": "stage", "stage": detail["stage"], "state": state, "began": seconds(began)}]
    return pipeline, []


def is_urgent(fact):
    return fact["what"] in ("ended", "rolled-back")


# ---- What events do not say ----


def actions_of(pipeline, execution):
    paginator = codepipeline.get_paginator("list_action_executions")
    pages = paginator.paginate(pipelineName=pipeline, filter={"pipelineExecutionId": execution})
    return [action for page in pages for action in page["actionExecutionDetails"]]


def look_at(pipeline, execution):
    """Facts of an execution that has ended: its kind, its commit, its stages and approvals."""
    actions = actions_of(pipeline, execution)
    ended = [
        {
            "id": action["actionExecutionId"],
            "stage": action["stageName"],
            "name": action["actionName"],
            "status": action["status"],
            "seconds": (action["lastUpdateTime"] - action["startTime"]).total_seconds(),
        }
        for action in actions
    ]
    log("actions ended", pipeline=pipeline, execution=execution, actions=json.dumps(ended))
    now = time.time()
    revisions = []
    for action in actions:
        variables = action["output"].get("outputVariables") or {}
        if action["input"]["actionTypeId"]["category"] == "Source" and variables:
            made = variables.get("CommitterDate") or variables.get("AuthorDate")
            if made:
                revisions.append((seconds(made), variables.get("CommitId") or variables.get("VersionId")))
    is_rollback = False
    if not revisions:
        answer = codepipeline.get_pipeline_execution(pipelineName=pipeline, pipelineExecutionId=execution)
        told = answer["pipelineExecution"]
        is_rollback = told["executionType"] == "ROLLBACK"
        for revision in told.get("artifactRevisions", []):
            revisions.append((revision["created"].timestamp(), revision["revisionId"]))
    facts = facts_of_actions(execution, actions)
    facts.append({"execution": execution, "at": now, "what": "kind", "is_rollback": is_rollback})
    if revisions:
        made, revision = max(revisions)
        facts.append({"execution": execution, "at": now, "what": "commit", "made": made, "revision": revision})
    facts.append({"execution": execution, "at": now, "what": "looked-at"})
    return facts


def facts_of_actions(execution, actions):
    facts = []
    for stage in sorted({action["stageName"] for action in actions}):
        runs = [action for action in actions if action["stageName"] == stage]
        failed = [run for run in runs if run["status"] == "Failed"]
        fact = {"execution": execution, "what": "stage", "stage": stage}
        if failed:
            first = min(failed, key=lambda run: run["lastUpdateTime"])
            began, at = first["startTime"].timestamp(), first["lastUpdateTime"].timestamp()
            facts.append({**fact, "at": at, "state": "FAILED", "began": began})
        last = {}
        for run in sorted(runs, key=lambda run: run["startTime"]):
            last[run["actionName"]] = run
        if all(run["status"] == "Succeeded" for run in last.values()):
            unsuccessful = [run["lastUpdateTime"] for run in runs if run["status"] != "Succeeded"]
            since = max(unsuccessful, default=None)
            began = min(run["startTime"] for run in runs if since is None or run["startTime"] >= since).timestamp()
            at = max(run["lastUpdateTime"] for run in last.values()).timestamp()
            facts.append({**fact, "at": at, "state": "SUCCEEDED", "began": began})
    for action in actions:
        if action["input"]["actionTypeId"]["category"] == "Approval" and action["status"] in ("Succeeded", "Failed"):
            facts.append(
                {
                    "execution": execution,
                    "what": "approval",
                    "at": action["lastUpdateTime"].timestamp(),
                    "since": action["startTime"].timestamp(),
                    "key": action["actionExecutionId"],
                }
            )
    return facts


# ---- The table ----


def update(key, expression, **more):
    return dynamodb.update_item(TableName=TABLE, Key={"pk": {"S": key}}, UpdateExpression=expression, **more)


def expires():
    return {"N": str(int(time.time()) + REMEMBERED_SECONDS)}


def written(facts):
    return {"L": [{"S": json.dumps(fact)} for fact in facts]}


def open_inbox(key, facts, deadline_ms):
    lease = uuid.uuid4().hex
    answer = update(
        key,
        "SET inbox = list_append(if_not_exists(inbox, :none), :facts), expires_at = :expires,"
        " lease = :lease, leased_until = :until",
        ConditionExpression="attribute_not_exists(leased_until) OR leased_until <= :now OR lease = :lease",
        ExpressionAttributeValues={
            ":none": {"L": []},
            ":facts": written(facts),
            ":expires": expires(),
            ":lease": {"S": lease},
            ":now": {"N": str(int(time.time() * 1000))},
            ":until": {"N": str(deadline_ms + 1000)},
        },
        ReturnValues="ALL_NEW",
    )["Attributes"]
    window = json.loads(answer["window"]["S"]) if "window" in answer else new_window()
    return lease, window, [json.loads(fact["S"]) for fact in answer["inbox"]["L"]]


def settle(key, lease, window, folded):
    removed = "".join(f"inbox[{number}], " for number in range(folded))
    update(
        key,
        f"SET #window = :window, expires_at = :expires REMOVE {removed}leased_until, lease",
        ConditionExpression="lease = :lease",
        ExpressionAttributeNames={"#window": "window"},
        ExpressionAttributeValues={
            ":window": {"S": json.dumps(window)},
            ":expires": expires(),
            ":lease": {"S": lease},
        },
    )


# ---- The function ----


def fold(arn, facts, deadline_ms):
    pipeline = arn.rsplit(":", 1)[1]
    key = f"delivery#{arn}"
    lease, window, inbox = open_inbox(key, facts, deadline_ms)
    versions = [fact["version"] for fact in inbox if fact["what"] == "ended"]
    if versions and (window["version"] is None or max(versions) > window["version"]):
        answer = codepipeline.get_pipeline(name=pipeline)["pipeline"]
        window["version"] = answer["version"]
        window["stages"] = [stage["name"] for stage in answer["stages"]]
    known = json.loads(json.dumps(window["executions"]))
    for fact in inbox:
        join(known.setdefault(fact["execution"], new_execution()), fact)
    learnt = [fact for id, it in known.items() if has_unseen_end(it) for fact in look_at(pipeline, id)]
    work = Fold(window, pipeline)
    for fact in sorted(inbox + learnt, key=order):
        work.take(fact)
    return key, lease, window, len(inbox), work.samples


def handle(event, deadline_ms):
    read_settings()
    parcels = {}
    for record in event["Records"]:
        pipeline, facts = facts_of(json.loads(record["body"]))
        parcels.setdefault(pipeline, []).extend(facts)
    due = []
    for pipeline, facts in sorted(parcels.items()):
        if any(is_urgent(fact) for fact in facts):
            due.append(fold(pipeline, facts, deadline_ms))
    oldest = time.time() - OLDEST_SECONDS
    samples = [it for *_, samples in due for it in samples if it["Timestamp"].timestamp() >= oldest]
    for first in range(0, len(samples), MOST_SAMPLES):
        cloudwatch.put_metric_data(Namespace=NAMESPACE, MetricData=samples[first : first + MOST_SAMPLES])
    for key, lease, window, folded, _ in due:
        settle(key, lease, window, folded)
    return {"batchItemFailures": []}


def main():
    read_settings()
    runtime = http.client.HTTPConnection(os.environ["AWS_LAMBDA_RUNTIME_API"])
    base = "/2018-06-01/runtime/invocation"
    while True:
        runtime.request("GET", f"{base}/next")
        answer = runtime.getresponse()
        event = json.loads(answer.read())
        id = answer.headers["Lambda-Runtime-Aws-Request-Id"]
        reply = handle(event, int(answer.headers["Lambda-Runtime-Deadline-Ms"]))
        runtime.request("POST", f"{base}/{id}/response", json.dumps(reply))
        runtime.getresponse().read()


main()
