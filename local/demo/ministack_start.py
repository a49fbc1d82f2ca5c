"""Starts MiniStack for the demo: pinned version, events of AWS services allowed, gone when the demo is gone.

Ten things differ from `ministack` on the command line:

* PutEvents accepts sources that begin with `aws.` and keeps the `Time` of an entry. On AWS only AWS services may
  publish such events; here the local CodePipeline plays one, and the demo for the alarms of CloudWatch. This leans on
  private names of the pinned version, so they are checked first.
* Events of Pipewarden's own get the time of the local CodePipeline, whose story begins in the past: on AWS all clocks
  show the same.
* GetParametersByPath is authorised for the parameters below its path, GetParameters for the one it names and
  ListTagsForResource for its alarm, as on AWS. The pinned version asks for `*`.
* Policies may name the source of the events that PutEvents brings and the key of an item, as on AWS. The pinned version
  knows neither condition.
* A rule invokes a function asynchronously, with the retries and the destination of its EventInvokeConfig, as on AWS.
  The pinned version calls it once.
* A question for a metric without dimensions means that metric, as on AWS. The pinned version sums all of its name.
* GetResources of the tagging API finds alarms, as on AWS. The pinned version leaves their tags out.
* Saved queries of CloudWatch Logs are taken for made: the pinned version has no such resource, and refuses the stack.
* Requests count as TLS: policies that insist on aws:SecureTransport hold for real AWS, and this is loopback.
* When standard input closes, the demo has ended, however it ended, and the whole process group goes with it.
"""

import contextvars
import inspect
import json
import os
import signal
import sys
import threading
import time
import urllib.request

import cbor2

EVENT_TIME = contextvars.ContextVar("event_time", default=None)


def follow_the_parent():
    """Ends this process group as soon as the other end of standard input is closed."""

    def wait():
        while sys.stdin.buffer.read(1024):
            pass
        os.killpg(0, signal.SIGKILL)

    threading.Thread(target=wait, daemon=True).start()


def require(condition, name):
    if not condition:
        sys.exit(f"MiniStack has changed: {name} is not what the demo expects. "
                 "Adapt local/demo/ministack_start.py or restore the pinned version.")


def codepipeline_time():
    """What the clock of the local CodePipeline shows."""
    with urllib.request.urlopen(os.environ["AWS_ENDPOINT_URL_CODEPIPELINE"] + "/clock", timeout=5) as answer:
        return int(answer.read()) / 1000


def accept_service_events(eventbridge):
    """Lets the local CodePipeline publish events with the source and the time the real one would give them."""
    original, now = getattr(eventbridge, "_put_events", None), getattr(eventbridge, "_now_ts", None)
    require(callable(original), "ministack.services.eventbridge._put_events")
    require("allow_aws_source" in inspect.signature(original).parameters, "_put_events(allow_aws_source=)")
    require(callable(now), "ministack.services.eventbridge._now_ts")

    def put_events(data, **_):
        entries = data.get("Entries", [])
        times = {entry.get("Time") for entry in entries}
        if times - {None} and {entry.get("Source") for entry in entries} == {"pipewarden"}:
            behind = time.time() - codepipeline_time()
            times = {told - behind for told in times}
        token = EVENT_TIME.set(times.pop() if len(times) == 1 else None)
        try:
            return original(data, allow_aws_source=True)
        finally:
            EVENT_TIME.reset(token)

    eventbridge._put_events = put_events
    eventbridge._now_ts = lambda: EVENT_TIME.get() or now()


def authorise_as_aws_does(iam_actions):
    """Gives three calls the resource IAM knows them by, and others the condition keys of what they bring."""
    original = getattr(iam_actions, "extract_resource_arn", None)
    require(callable(original), "ministack.core.iam_actions.extract_resource_arn")
    known = list(inspect.signature(original).parameters)
    require(known == ["service", "method", "path", "headers", "body", "query_params", "region", "account_id"],
            "the signature of extract_resource_arn")

    def extract_resource_arn(service, method, path, headers, body, query_params, region, account_id):
        if service == "ssm" and headers.get("x-amz-target", "").endswith(".GetParametersByPath"):
            below = json.loads(body).get("Path", "").strip("/")
            return f"arn:aws:ssm:{region}:{account_id}:parameter/{below}"
        if service == "ssm" and headers.get("x-amz-target", "").endswith(".GetParameters"):
            names = json.loads(body).get("Names", [])
            # Of several names AWS judges each; our functions ask for one.
            name = names[0].strip("/") if len(names) == 1 else "*"
            return f"arn:aws:ssm:{region}:{account_id}:parameter/{name}"
        if service == "monitoring" and "ListTagsForResource" in (path + headers.get("x-amz-target", "")):
            # boto3 sends JSON, the Rust SDK CBOR.
            request = json.loads(body) if body.startswith(b"{") else cbor2.loads(body)
            return request.get("ResourceARN", "*")
        return original(service, method, path, headers, body, query_params, region, account_id)

    iam_actions.extract_resource_arn = extract_resource_arn
    context = getattr(iam_actions, "request_tag_context", None)
    require(callable(context), "ministack.core.iam_actions.request_tag_context")
    require(list(inspect.signature(context).parameters) == ["service", "iam_action", "body", "params"],
            "the signature of request_tag_context")

    def request_context(service, iam_action, body, params):
        known = context(service, iam_action, body, params)
        if iam_action == "events:PutEvents":
            sources = {entry.get("Source", "") for entry in json.loads(body).get("Entries", [])}
            # Of several sources AWS judges each entry; none of our functions sends such a batch.
            known["events:source"] = sources.pop() if len(sources) == 1 else ""
        if iam_action in ("dynamodb:GetItem", "dynamodb:PutItem", "dynamodb:UpdateItem"):
            request = json.loads(body)
            known["dynamodb:LeadingKeys"] = [request.get("Key", request.get("Item", {}))["pk"]["S"]]
        return known

    iam_actions.request_tag_context = request_context


def invoke_asynchronously(eventbridge, lambda_svc):
    """A function that is the target of a rule gets the event as often as its EventInvokeConfig says."""
    require(callable(getattr(eventbridge, "_dispatch_to_lambda", None)), "eventbridge._dispatch_to_lambda")
    for name in ("_get_func_record_for_ref", "_execution_record_for_config", "invoke_async_with_retry"):
        require(callable(getattr(lambda_svc, name, None)), f"ministack.services.lambda_svc.{name}")

    def dispatch(arn, payload):
        function, config, _ = lambda_svc._get_func_record_for_ref(arn)
        if function:
            record = lambda_svc._execution_record_for_config(function, config)
            lambda_svc.invoke_async_with_retry(record, json.loads(payload))

    eventbridge._dispatch_to_lambda = dispatch


def tell_metrics_apart(cloudwatch):
    """A question for a metric without dimensions is about that metric, and not about all of its name."""
    original = getattr(cloudwatch, "_dims_from_list", None)
    require(callable(original), "ministack.services.cloudwatch._dims_from_list")
    require("if req_dims else None" in inspect.getsource(cloudwatch._get_metric_data), "_get_metric_data")

    class Dimensions(dict):
        """True even when empty: the callers take false for any."""

        def __bool__(self):
            return True

    cloudwatch._dims_from_list = lambda dimensions: Dimensions(original(dimensions))


def find_tagged_alarms(tagging, cloudwatch):
    """Lets GetResources find alarms by their tags."""
    collectors = getattr(tagging, "_COLLECTORS", None)
    require(isinstance(collectors, dict) and "cloudwatch" not in collectors, "ministack.services.tagging._COLLECTORS")
    require(hasattr(cloudwatch, "_resource_tags"), "ministack.services.cloudwatch._resource_tags")
    require(callable(getattr(tagging, "_normalise_flat", None)), "ministack.services.tagging._normalise_flat")

    def collect():
        for arn, tags in cloudwatch._resource_tags.items():
            yield arn, tagging._normalise_flat(tags)

    collectors["cloudwatch"] = collect


def take_saved_queries_for_made(provisioners):
    """Lets a stack with AWS::Logs::QueryDefinition deploy; nothing is saved."""
    handlers = getattr(provisioners, "_RESOURCE_HANDLERS", None)
    require(isinstance(handlers, dict), "ministack.services.cloudformation.provisioners._RESOURCE_HANDLERS")
    require("AWS::Logs::QueryDefinition" not in handlers, "the list of resource types")
    handlers["AWS::Logs::QueryDefinition"] = {
        "create": lambda logical_id, _properties, stack: (f"{stack}-{logical_id}", {}),
        "update": lambda physical_id, *_: (physical_id, {}),
        "delete": lambda *_: None,
    }


def as_if_over_tls(app):
    async def secure(scope, receive, send):
        if scope["type"] == "http":
            scope = {**scope, "headers": [*scope["headers"], (b"x-forwarded-proto", b"https")]}
        await app(scope, receive, send)

    return secure


def main():
    follow_the_parent()
    import ministack.app
    from ministack.core import iam_actions
    from ministack.services import cloudwatch, eventbridge, lambda_svc, tagging
    from ministack.services.cloudformation import provisioners

    accept_service_events(eventbridge)
    authorise_as_aws_does(iam_actions)
    invoke_asynchronously(eventbridge, lambda_svc)
    take_saved_queries_for_made(provisioners)
    tell_metrics_apart(cloudwatch)
    find_tagged_alarms(tagging, cloudwatch)
    require(callable(getattr(ministack.app, "app", None)), "ministack.app.app")
    ministack.app.app = as_if_over_tls(ministack.app.app)
    sys.argv = ["ministack"]
    ministack.app.main()


if __name__ == "__main__":
    main()
