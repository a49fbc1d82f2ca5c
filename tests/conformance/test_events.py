"""Every event that leaves the local CodePipeline has the documented shape, and the right ones leave it."""

import json

from event_shapes import ACTION, PIPELINE, STAGE, problems
from local_codepipeline import LocalCodePipeline, plays


class Events(LocalCodePipeline):
    #: The second build fails; from the third deployment on, deployments take longer than the test.
    script = {"orders": {
        "Build": {"Build": plays("succeeded", "failed", "succeeded")},
        "Deploy": {"Deploy": plays("succeeded", "succeeded") + plays("succeeded", duration="1h")},
    }}

    def events(self):
        return [json.loads(line) for line in self.journal.read_text().splitlines()]

    def told(self, execution):
        """(kind, name, state) of everything that was told about one execution, in order."""
        details = [(event["detail-type"], event["detail"]) for event in self.events()]
        return [(kind, detail.get("action", detail.get("stage")), detail["state"])
                for kind, detail in details if detail["execution-id"] == execution]

    def eventually_told(self, execution, kind, name, state):
        self.eventually(f"{name} {state}", lambda: (kind, name, state) in self.told(execution))

    def test_a_good_execution_tells_its_whole_story(self):
        execution = self.create()
        self.eventually_told(execution, PIPELINE, None, "SUCCEEDED")
        story = self.told(execution)
        expected = [(PIPELINE, None, "STARTED")]
        for name in ("Source", "Build", "Deploy"):
            expected += [(STAGE, name, "STARTED"), (ACTION, name, "STARTED"), (ACTION, name, "SUCCEEDED"),
                         (STAGE, name, "SUCCEEDED")]
        self.assertEqual(story, [*expected, (PIPELINE, None, "SUCCEEDED")])

    def test_every_event_has_the_documented_shape(self):
        """Success, failure, retry, superseding, both ways of stopping and a rollback, all in one run."""
        good = self.create()
        failed = self.start("orders")
        self.ends("orders", failed)
        self.client.retry_stage_execution(pipelineName="orders", stageName="Build", pipelineExecutionId=failed,
                                          retryMode="FAILED_ACTIONS")
        self.ends("orders", failed)
        stopped = self.start("orders")
        self.eventually_told(stopped, ACTION, "Deploy", "STARTED")
        overtaken = self.start("orders")
        waiting = lambda: self.stage("orders", "Deploy").get("inboundExecution", {}).get("pipelineExecutionId")
        self.eventually("it waits before Deploy", lambda: waiting() == overtaken)
        newest = self.start("orders")
        self.eventually_told(overtaken, PIPELINE, None, "SUPERSEDED")
        self.client.stop_pipeline_execution(pipelineName="orders", pipelineExecutionId=stopped, reason="enough")
        self.client.stop_pipeline_execution(pipelineName="orders", pipelineExecutionId=stopped, abandon=True)
        self.eventually_told(stopped, PIPELINE, None, "STOPPED")
        self.eventually_told(newest, ACTION, "Deploy", "STARTED")
        self.client.stop_pipeline_execution(pipelineName="orders", pipelineExecutionId=newest, abandon=True)
        self.eventually_told(newest, PIPELINE, None, "STOPPED")
        back = self.client.rollback_stage(pipelineName="orders", stageName="Deploy", targetPipelineExecutionId=good)
        self.eventually_told(back["pipelineExecutionId"], ACTION, "Deploy", "STARTED")
        self.client.update_pipeline(pipeline=self.client.get_pipeline(name="orders")["pipeline"])
        self.eventually_told(back["pipelineExecutionId"], PIPELINE, None, "CANCELED")

        lines = self.journal.read_text().splitlines()
        wrong = {line: found for line in lines if (found := problems(line))}
        self.assertEqual(wrong, {})
        seen = {(event["detail-type"], event["detail"]["state"]) for event in self.events()}
        for kind, state in [
            (PIPELINE, "STARTED"), (PIPELINE, "SUCCEEDED"), (PIPELINE, "FAILED"), (PIPELINE, "RESUMED"),
            (PIPELINE, "STOPPING"), (PIPELINE, "STOPPED"), (PIPELINE, "SUPERSEDED"), (PIPELINE, "CANCELED"),
            (STAGE, "FAILED"), (STAGE, "RESUMED"), (STAGE, "STOPPED"), (STAGE, "CANCELED"),
            (ACTION, "FAILED"), (ACTION, "ABANDONED"),
        ]:
            self.assertIn((kind, state), seen)

    def test_a_retry_is_another_attempt_of_the_same_execution(self):
        self.create()
        failed = self.start("orders")
        self.ends("orders", failed)
        self.client.retry_stage_execution(pipelineName="orders", stageName="Build", pipelineExecutionId=failed,
                                          retryMode="FAILED_ACTIONS")
        self.eventually_told(failed, PIPELINE, None, "SUCCEEDED")
        details = [event["detail"] for event in self.events() if event["detail"]["execution-id"] == failed]
        self.assertEqual({detail["pipeline-execution-attempt"] for detail in details}, {1.0, 2.0})
        attempts = [detail["pipeline-execution-attempt"] for detail in details]
        self.assertEqual(attempts, sorted(attempts))

    def test_the_checker_finds_what_is_wrong(self):
        """A checker that finds nothing would prove nothing."""
        self.eventually_told(self.create(), PIPELINE, None, "SUCCEEDED")
        line = self.journal.read_text().splitlines()[0]
        self.assertEqual(problems(line), [])
        for before, after in [('"version":1.0', '"version":1'), ('"STARTED"', '"PAUSED"'), ("aws.codepipeline", "mine"),
                              ('"pipeline":"orders"', '"pipeline":"other"'), ('"execution-id"', '"executionId"')]:
            self.assertIn(before, line)
            self.assertNotEqual(problems(line.replace(before, after)), [], after)
