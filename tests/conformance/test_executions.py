"""Executions: started, listed in pages, stopped, overtaken."""

import datetime

from local_codepipeline import LocalCodePipeline, action, declaration, plays


class Starting(LocalCodePipeline):
    def test_an_execution_runs_through(self):
        self.create()
        execution = self.start("orders")
        self.assertEqual(self.ends("orders", execution), "Succeeded")
        got = self.client.get_pipeline_execution(pipelineName="orders", pipelineExecutionId=execution)
        got = got["pipelineExecution"]
        self.assertEqual(got["trigger"]["triggerType"], "StartPipelineExecution")
        self.assertEqual((got["pipelineVersion"], got["executionMode"], got["executionType"]),
                         (1, "SUPERSEDED", "STANDARD"))
        self.assertEqual(got["artifactRevisions"][0]["name"], "Sources")

    def test_one_request_token_starts_one_execution(self):
        self.create()
        first = self.start("orders", clientRequestToken="release-1842")
        self.assertEqual(self.start("orders", clientRequestToken="release-1842"), first)
        self.ends("orders", first)
        self.assertNotEqual(self.start("orders", clientRequestToken="release-1843"), first)

    def test_variables_reach_the_execution(self):
        self.create(variables=[{"name": "Ticket", "defaultValue": "none"}])
        execution = self.start("orders", variables=[{"name": "Ticket", "value": "OPS-7"}])
        got = self.client.get_pipeline_execution(pipelineName="orders", pipelineExecutionId=execution)
        self.assertEqual(got["pipelineExecution"]["variables"], [{"name": "Ticket", "resolvedValue": "OPS-7"}])
        self.refused(self.errors.ValidationException, self.client.start_pipeline_execution, name="orders",
                     variables=[{"name": "Undeclared", "value": "x"}])

    def test_what_cannot_be_started_is_refused_by_name(self):
        self.refused(self.errors.PipelineNotFoundException, self.client.start_pipeline_execution, name="nobody")
        self.create()
        self.refused(self.errors.ValidationException, self.client.start_pipeline_execution, name="orders",
                     clientRequestToken="no spaces allowed")


class Listing(LocalCodePipeline):
    script = {"orders": {"Deploy": {"Deploy": plays("succeeded", "failed", "succeeded")}}}

    def setUp(self):
        super().setUp()
        self.ids = [self.create()]
        for _ in range(2):
            self.ids.append(self.start("orders"))
            self.ends("orders", self.ids[-1])

    def test_executions_come_newest_first_and_in_pages(self):
        pages = list(self.client.get_paginator("list_pipeline_executions").paginate(
            pipelineName="orders", PaginationConfig={"PageSize": 2}))
        self.assertEqual([len(page["pipelineExecutionSummaries"]) for page in pages], [2, 1])
        summaries = [summary for page in pages for summary in page["pipelineExecutionSummaries"]]
        self.assertEqual([it["pipelineExecutionId"] for it in summaries], self.ids[::-1])
        self.assertEqual([it["status"] for it in summaries], ["Succeeded", "Failed", "Succeeded"])
        for summary in summaries:
            self.assertIsInstance(summary["startTime"], datetime.datetime)
            self.assertLessEqual(summary["startTime"], summary["lastUpdateTime"])
            self.assertEqual(summary["sourceRevisions"][0]["actionName"], "Source")
        self.refused(self.errors.InvalidNextTokenException, self.client.list_pipeline_executions,
                     pipelineName="orders", nextToken="made-up")

    def test_executions_that_got_through_a_stage_can_be_asked_for(self):
        found = self.executions("orders", filter={"succeededInStage": {"stageName": "Deploy"}})
        self.assertEqual([it["pipelineExecutionId"] for it in found], [self.ids[2], self.ids[0]])

    def test_one_execution_tells_no_times(self):
        """They are in the list only; a client must not expect them here."""
        got = self.client.get_pipeline_execution(pipelineName="orders", pipelineExecutionId=self.ids[0])
        self.assertNotIn("startTime", got["pipelineExecution"])
        self.assertNotIn("lastUpdateTime", got["pipelineExecution"])

    def test_actions_carry_their_times_artifacts_and_results(self):
        details = self.client.list_action_executions(
            pipelineName="orders", filter={"pipelineExecutionId": self.ids[1]})["actionExecutionDetails"]
        self.assertEqual([it["actionName"] for it in details], ["Deploy", "Build", "Source"], "newest first")
        self.assertEqual([it["status"] for it in details], ["Failed", "Succeeded", "Succeeded"])
        failed, build, _ = details
        self.assertEqual(failed["output"]["executionResult"]["errorDetails"]["code"], "JobFailed")
        self.assertLess(build["startTime"], build["lastUpdateTime"])
        self.assertEqual(build["input"]["actionTypeId"]["provider"], "CodeBuild")
        self.assertEqual(build["input"]["configuration"]["ProjectName"], "orders-build")
        location = build["output"]["outputArtifacts"][0]["s3location"]
        self.assertEqual(location["bucket"], "artifacts-example")

    def test_all_actions_of_a_pipeline_are_listed_in_pages(self):
        pages = self.client.get_paginator("list_action_executions").paginate(
            pipelineName="orders", PaginationConfig={"PageSize": 4})
        self.assertEqual([len(page["actionExecutionDetails"]) for page in pages], [4, 4, 1])

    def test_an_execution_that_is_not_there_is_not_found(self):
        self.refused(self.errors.PipelineExecutionNotFoundException, self.client.get_pipeline_execution,
                     pipelineName="orders", pipelineExecutionId="00000000-0000-4000-8000-000000000000")
        self.refused(self.errors.PipelineExecutionNotFoundException, self.client.list_action_executions,
                     pipelineName="orders", filter={"pipelineExecutionId": "00000000-0000-4000-8000-000000000000"})


class Stopping(LocalCodePipeline):
    script = {"orders": {"Build": {"Build": plays("succeeded") + plays("succeeded", duration="1h")}}}

    def setUp(self):
        super().setUp()
        self.create()
        self.execution = self.start("orders")
        building = lambda: self.stage("orders", "Build").get("latestExecution", {}).get("status") == "InProgress"
        self.eventually("the build runs", building)

    def stop(self, **more):
        return self.client.stop_pipeline_execution(
            pipelineName="orders", pipelineExecutionId=self.execution, **more)["pipelineExecutionId"]

    def test_stopping_waits_for_actions_and_abandoning_does_not(self):
        self.assertEqual(self.stop(reason="wrong branch"), self.execution)
        self.assertEqual(self.status("orders", self.execution), "Stopping")
        self.refused(self.errors.DuplicatedStopRequestException, self.client.stop_pipeline_execution,
                     pipelineName="orders", pipelineExecutionId=self.execution)
        self.stop(abandon=True)
        self.assertEqual(self.ends("orders", self.execution), "Stopped")
        build = self.client.list_action_executions(
            pipelineName="orders", filter={"pipelineExecutionId": self.execution})["actionExecutionDetails"][0]
        self.assertEqual((build["actionName"], build["status"]), ("Build", "Abandoned"))

    def test_the_reason_is_in_the_list_only(self):
        self.stop(abandon=True, reason="wrong branch")
        self.ends("orders", self.execution)
        self.assertEqual(self.executions("orders")[0]["stopTrigger"]["reason"], "wrong branch")

    def test_what_has_ended_cannot_be_stopped(self):
        self.stop(abandon=True)
        self.ends("orders", self.execution)
        self.refused(self.errors.PipelineExecutionNotStoppableException, self.client.stop_pipeline_execution,
                     pipelineName="orders", pipelineExecutionId=self.execution)

    def test_a_newer_execution_overtakes_one_that_waits(self):
        waiting = self.start("orders")
        inbound = lambda: self.stage("orders", "Build").get("inboundExecution", {}).get("pipelineExecutionId")
        self.eventually("it waits before Build", lambda: inbound() == waiting)
        newer = self.start("orders")
        self.assertEqual(self.ends("orders", waiting), "Superseded")
        self.eventually("the newer one waits", lambda: inbound() == newer)

    def test_an_update_cancels_what_runs(self):
        pipeline = self.client.get_pipeline(name="orders")["pipeline"]
        self.client.update_pipeline(pipeline=pipeline)
        self.assertEqual(self.ends("orders", self.execution), "Cancelled")


class Concurrency(LocalCodePipeline):
    names = [f"Build{number}" for number in range(7)]
    script = {"orders": {"Build": {name: plays("succeeded", duration="10s") for name in names}}}

    def most_at_once(self, mode):
        pipeline = declaration("orders", mode)
        pipeline["stages"][1]["actions"] = [
            action(name, "Build", "CodeBuild", inputs=["Sources"], ProjectName="orders-build") for name in self.names]
        pipeline["stages"][2]["actions"][0]["inputArtifacts"] = [{"name": "Sources"}]
        pipeline["stages"][2]["actions"][0]["configuration"]["TemplatePath"] = "Sources::template.yaml"
        self.client.create_pipeline(pipeline=pipeline)
        execution = self.executions("orders")[0]["pipelineExecutionId"]
        self.assertEqual(self.ends("orders", execution), "Succeeded")
        details = self.client.list_action_executions(
            pipelineName="orders", filter={"pipelineExecutionId": execution})["actionExecutionDetails"]
        builds = [it for it in details if it["stageName"] == "Build"]
        self.assertEqual(len(builds), 7)
        return max(sum(other["startTime"] <= it["startTime"] < other["lastUpdateTime"] for other in builds)
                   for it in builds)

    def test_five_actions_of_a_parallel_execution_run_at_once(self):
        self.assertEqual(self.most_at_once("PARALLEL"), 5)

    def test_in_other_modes_all_actions_of_a_run_order_run_at_once(self):
        self.assertEqual(self.most_at_once("SUPERSEDED"), 7)
