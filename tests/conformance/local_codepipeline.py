"""Starts `pipewarden codepipeline` and hands out a boto3 client for it."""

import json
import os
import pathlib
import shutil
import subprocess
import tempfile
import time
import unittest

import boto3
from botocore.config import Config

ROOT = pathlib.Path(__file__).resolve().parents[2]
BINARY = ROOT / os.environ.get("CARGO_TARGET_DIR", "target") / "debug" / "pipewarden"
ACCOUNT = "111122223333"
REGION = "us-east-1"
PATIENCE = 20  # Seconds. Scripted actions take milliseconds at SPEED, so this is reached only when something hangs.
SPEED = "50"


class LocalCodePipeline(unittest.TestCase):
    """One server per test, so that no test sees another one's pipelines."""

    #: What the actions do; see local/src/script.rs. Everything not named succeeds after a second.
    script = {}
    #: Further arguments of `pipewarden codepipeline`.
    arguments = ()

    def setUp(self):
        if not BINARY.exists():
            self.fail(f"{BINARY} is missing; run: cargo build --package local --bin pipewarden")
        folder = pathlib.Path(tempfile.mkdtemp())
        self.addCleanup(shutil.rmtree, folder)
        self.journal = folder / "events.jsonl"
        script = folder / "script.yaml"
        script.write_text(json.dumps({"pipelines": self.script}))  # JSON is YAML.
        command = [BINARY, "codepipeline", "--script", script, "--speed", SPEED, *self.outside(), *self.arguments]
        server = subprocess.Popen(command, stdout=subprocess.PIPE, text=True)
        self.addCleanup(server.stdout.close)
        self.addCleanup(server.wait)
        self.addCleanup(server.kill)
        name, _, url = server.stdout.readline().strip().partition("=")
        self.assertEqual(name, "export AWS_ENDPOINT_URL_CODEPIPELINE", "the server says where it listens")
        self.client = boto3.client(
            "codepipeline",
            endpoint_url=url,
            region_name=REGION,
            aws_access_key_id="test",
            aws_secret_access_key="test",
            config=Config(retries={"total_max_attempts": 1}),
        )
        self.errors = self.client.exceptions

    def outside(self):
        """Arguments that say where events, artifacts and jobs go: here events into a file, and nobody runs a job."""
        return "--events", self.journal

    def eventually(self, what, condition):
        """The first true answer of `condition`."""
        end = time.monotonic() + PATIENCE
        while time.monotonic() < end:
            answer = condition()
            if answer:
                return answer
            time.sleep(0.02)
        self.fail(f"not within {PATIENCE} s: {what}")

    def status(self, pipeline, execution):
        found = self.client.get_pipeline_execution(pipelineName=pipeline, pipelineExecutionId=execution)
        return found["pipelineExecution"]["status"]

    def ends(self, pipeline, execution):
        """How the execution ends."""
        running = {"InProgress", "Stopping"}
        ended = lambda: (now := self.status(pipeline, execution)) not in running and now
        return self.eventually(f"{execution} ends", ended)

    def start(self, pipeline, **more):
        return self.client.start_pipeline_execution(name=pipeline, **more)["pipelineExecutionId"]

    def executions(self, pipeline, **more):
        return self.client.list_pipeline_executions(pipelineName=pipeline, **more)["pipelineExecutionSummaries"]

    def create(self, name="orders", **changes):
        """Makes a pipeline and waits for the execution that AWS starts for a new one. Returns that one's id."""
        self.client.create_pipeline(pipeline=declaration(name, **changes))
        first = self.executions(name)[0]["pipelineExecutionId"]
        self.ends(name, first)
        return first

    def stage(self, pipeline, name):
        states = self.client.get_pipeline_state(name=pipeline)["stageStates"]
        return next(state for state in states if state["stageName"] == name)

    def refused(self, error, call, **parameters):
        """The call is answered with exactly this error, and with a sentence."""
        with self.assertRaises(error) as caught:
            call(**parameters)
        self.assertTrue(caught.exception.response["Error"]["Message"])
        self.assertEqual(caught.exception.response["ResponseMetadata"]["HTTPStatusCode"], 400)


def declaration(name, mode="SUPERSEDED", on_failure=None, **changes):
    """Source, Build, Deploy: the smallest pipeline with something to roll back."""
    deploy = {
        "name": "Deploy",
        "actions": [action("Deploy", "Deploy", "CloudFormation", inputs=["Built"], ActionMode="CREATE_UPDATE",
                           StackName="orders", TemplatePath="Built::template.yaml", RoleArn=role("deploy"))],
    }
    if on_failure:
        deploy["onFailure"] = on_failure
    return {
        "name": name,
        "roleArn": role("pipeline"),
        "pipelineType": "V2",
        "executionMode": mode,
        "artifactStore": {"type": "S3", "location": "artifacts-example"},
        "stages": [
            {"name": "Source", "actions": [action("Source", "Source", "S3", outputs=["Sources"], S3Bucket="uploads",
                                                  S3ObjectKey="release.zip", PollForSourceChanges="false")]},
            {"name": "Build", "actions": [action("Build", "Build", "CodeBuild", inputs=["Sources"], outputs=["Built"],
                                                 ProjectName="orders-build")]},
            deploy,
        ],
        "version": 1,
        **changes,
    }


def action(name, category, provider, inputs=(), outputs=(), **configuration):
    return {
        "name": name,
        "actionTypeId": {"category": category, "owner": "AWS", "provider": provider, "version": "1"},
        "configuration": configuration,
        "inputArtifacts": [{"name": artifact} for artifact in inputs],
        "outputArtifacts": [{"name": artifact} for artifact in outputs],
    }


def role(name):
    return f"arn:aws:iam::{ACCOUNT}:role/{name}"


def plays(*outcomes, duration="1s"):
    """One play per run of an action; the last one repeats."""
    return [{"duration": duration, "outcome": outcome} for outcome in outcomes]
