"""What an EventBridge event of CodePipeline looks like, written down apart from the code that emits them.

Source: CodePipeline user guide, detect-state-changes-cloudwatch-events. Numbers are looked at in the raw text,
because a JSON parser hides the difference between 6 and 6.0.
"""

import json
import re

SECONDS = re.compile(r"^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ$")
MILLISECONDS = re.compile(r"^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z$")
UUID = re.compile(r"^[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}$")

PIPELINE = "CodePipeline Pipeline Execution State Change"
STAGE = "CodePipeline Stage Execution State Change"
ACTION = "CodePipeline Action Execution State Change"

STATES = {
    PIPELINE: {"STARTED", "SUCCEEDED", "FAILED", "RESUMED", "CANCELED", "STOPPING", "STOPPED", "SUPERSEDED"},
    STAGE: {"STARTED", "SUCCEEDED", "FAILED", "RESUMED", "CANCELED", "STOPPING", "STOPPED"},
    ACTION: {"STARTED", "SUCCEEDED", "FAILED", "CANCELED", "ABANDONED"},
}
COMMON = {"pipeline", "execution-id", "state", "version", "pipeline-execution-attempt"}
REQUIRED = {
    PIPELINE: COMMON,
    STAGE: COMMON | {"stage"},
    ACTION: COMMON | {"stage", "action", "action-execution-id", "type"},
}
OPTIONAL = {
    PIPELINE: {"start-time", "execution-trigger", "stop-execution-comments"},
    STAGE: {"start-time", "stage-last-retry-attempt-time"},
    ACTION: {"start-time", "region", "input-artifacts", "output-artifacts", "execution-result"},
}
TRIGGERS = {"CreatePipeline", "StartPipelineExecution", "PollForSourceChanges", "Webhook", "CloudWatchEvent",
            "PutActionRevision", "WebhookV2", "ManualRollback", "AutomatedRollback"}
GIT_TRIGGER = {"author-display-name", "full-repository-name", "provider-type", "author-email", "commit-message",
               "author-date", "commit-id", "connection-arn", "author-id"}
RESULT = {"external-execution-url", "external-execution-summary", "external-execution-id", "error-code"}


def problems(line):
    """Everything that is wrong with one event, given as its line of JSON text."""
    return list(_problems(line))


def _problems(line):
    event = json.loads(line)
    wanted = {"version", "id", "detail-type", "source", "account", "time", "region", "resources", "detail"}
    if set(event) != wanted:
        yield f"the envelope has {sorted(event)}"
        return
    kind, detail = event["detail-type"], event["detail"]
    if kind not in STATES:
        yield f"unknown detail-type {kind}"
        return
    yield from _envelope(event)
    yield from _members(detail, REQUIRED[kind], OPTIONAL[kind], kind)
    if detail.get("state") not in STATES[kind]:
        yield f"{kind} has no state {detail.get('state')}"
    for number in ("version", "pipeline-execution-attempt"):
        if not re.search(rf'"{number}":\d+\.\d[,}}]', line):
            yield f"{number} is not written as a float"
    for name in ("start-time", "stage-last-retry-attempt-time"):
        if name in detail and not MILLISECONDS.match(detail[name]):
            yield f"{name} is {detail[name]}"
    if not UUID.match(detail.get("execution-id", "")):
        yield "execution-id is no uuid"
    if kind == PIPELINE:
        yield from _pipeline(detail)
    if kind == ACTION:
        yield from _action(detail)


def _envelope(event):
    if (event["version"], event["source"]) != ("0", "aws.codepipeline"):
        yield "version or source"
    if not UUID.match(event["id"]):
        yield f"id is {event['id']}"
    if not SECONDS.match(event["time"]):
        yield f"time is {event['time']}"
    if not (isinstance(event["account"], str) and re.match(r"^\d{12}$", event["account"])):
        yield f"account is {event['account']}"
    arn = f"arn:aws:codepipeline:{event['region']}:{event['account']}:{event['detail'].get('pipeline')}"
    if event["resources"] != [arn]:
        yield f"resources are {event['resources']}"


def _members(value, required, optional, what):
    for name in sorted(required - set(value)):
        yield f"{what} lacks {name}"
    for name in sorted(set(value) - required - optional):
        yield f"{what} has no {name}"


def _pipeline(detail):
    trigger = detail.get("execution-trigger")
    if detail["state"] == "STARTED" and trigger is None:
        yield "a started pipeline names its trigger"
    if trigger is not None and "trigger-type" in trigger:
        yield from _members(trigger, {"trigger-type", "trigger-detail"}, set(), "execution-trigger")
        if trigger["trigger-type"] not in TRIGGERS:
            yield f"unknown trigger {trigger['trigger-type']}"
    elif trigger is not None:
        yield from _members(trigger, GIT_TRIGGER, {"branch-name", "tag-name"}, "execution-trigger")
    if "stop-execution-comments" in detail and detail["state"] != "STOPPING":
        yield "stop-execution-comments belongs to STOPPING"


def _action(detail):
    yield from _members(detail["type"], {"owner", "provider", "category", "version"}, set(), "type")
    if not isinstance(detail["type"].get("version"), str):
        yield "type.version is a text"
    if not UUID.match(detail["action-execution-id"]):
        yield "action-execution-id is no uuid"
    for name in ("input-artifacts", "output-artifacts"):
        for artifact in detail.get(name, []):
            yield from _members(artifact, {"name", "s3location"}, set(), name)
            yield from _members(artifact.get("s3location", {}), {"bucket", "key"}, set(), "s3location")
    if "output-artifacts" in detail and detail["state"] != "SUCCEEDED":
        yield "output-artifacts belong to SUCCEEDED"
    result = detail.get("execution-result")
    if result is not None:
        yield from _members(result, set(), RESULT, "execution-result")
        if not all(isinstance(value, str) for value in result.values()):
            yield "execution-result holds texts"
        if "error-code" in result and detail["state"] != "FAILED":
            yield "error-code belongs to FAILED"
