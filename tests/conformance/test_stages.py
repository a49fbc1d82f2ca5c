"""Within an execution: approvals, retries, rollbacks, transitions."""

import datetime

from local_codepipeline import LocalCodePipeline, action, declaration, plays


def with_approval(name="orders"):
    pipeline = declaration(name)
    approve = action("Approve", "Approval", "Manual", CustomData="Looks good?")
    pipeline["stages"].insert(2, {"name": "Approval", "actions": [approve]})
    return pipeline


class Approvals(LocalCodePipeline):
    def setUp(self):
        super().setUp()
        self.client.create_pipeline(pipeline=with_approval())
        self.execution = self.executions("orders")[0]["pipelineExecutionId"]
        self.token = self.eventually("an approval waits", self.waiting)

    def waiting(self):
        return self.stage("orders", "Approval")["actionStates"][0].get("latestExecution", {}).get("token")

    def answer(self, status, **changes):
        request = {"pipelineName": "orders", "stageName": "Approval", "actionName": "Approve", "token": self.token,
                   "result": {"summary": "by the conformance test", "status": status}}
        return self.client.put_approval_result(**{**request, **changes})

    def test_approving_lets_it_pass(self):
        self.assertIsInstance(self.answer("Approved")["approvedAt"], datetime.datetime)
        self.assertEqual(self.ends("orders", self.execution), "Succeeded")
        details = self.client.list_action_executions(
            pipelineName="orders", filter={"pipelineExecutionId": self.execution})["actionExecutionDetails"]
        approval = next(it for it in details if it["actionName"] == "Approve")
        self.assertIn("by the conformance test", approval["output"]["executionResult"]["externalExecutionSummary"])

    def test_rejecting_fails_it(self):
        self.answer("Rejected")
        self.assertEqual(self.ends("orders", self.execution), "Failed")
        self.assertEqual(self.stage("orders", "Approval")["latestExecution"]["status"], "Failed")

    def test_the_second_answer_comes_too_late(self):
        self.answer("Approved")
        with self.assertRaises((self.errors.ApprovalAlreadyCompletedException,
                                self.errors.InvalidApprovalTokenException)):
            self.answer("Rejected")
        self.assertEqual(self.ends("orders", self.execution), "Succeeded")

    def test_what_does_not_fit_is_refused_by_name(self):
        for error, changes in [
            (self.errors.InvalidApprovalTokenException, {"token": "00000000-0000-4000-8000-000000000000"}),
            (self.errors.PipelineNotFoundException, {"pipelineName": "nobody"}),
            (self.errors.StageNotFoundException, {"stageName": "Nowhere"}),
            (self.errors.ActionNotFoundException, {"actionName": "Nothing"}),
            (self.errors.ValidationException, {"result": {"summary": "x" * 513, "status": "Approved"}}),
            (self.errors.ValidationException, {"token": "NOT-A-TOKEN"}),
        ]:
            with self.subTest(changes):
                self.refused(error, self.answer, status="Approved", **changes)
        self.assertEqual(self.waiting(), self.token, "it still waits")


class Retries(LocalCodePipeline):
    script = {"orders": {"Build": {"Build": plays("failed", "succeeded")}}}

    def test_a_failed_stage_goes_on_under_the_same_id(self):
        execution = self.create()
        self.assertEqual(self.status("orders", execution), "Failed")
        again = self.client.retry_stage_execution(pipelineName="orders", stageName="Build",
                                                  pipelineExecutionId=execution, retryMode="FAILED_ACTIONS")
        self.assertEqual(again["pipelineExecutionId"], execution)
        self.assertEqual(self.ends("orders", execution), "Succeeded")

    def test_all_actions_can_be_run_again(self):
        execution = self.create()
        self.client.retry_stage_execution(pipelineName="orders", stageName="Build", pipelineExecutionId=execution,
                                          retryMode="ALL_ACTIONS")
        self.assertEqual(self.ends("orders", execution), "Succeeded")

    def test_what_did_not_fail_is_not_retried(self):
        execution = self.create()
        retry = {"pipelineName": "orders", "stageName": "Source", "pipelineExecutionId": execution,
                 "retryMode": "FAILED_ACTIONS"}
        self.refused(self.errors.StageNotRetryableException, self.client.retry_stage_execution, **retry)
        self.refused(self.errors.StageNotFoundException, self.client.retry_stage_execution,
                     **{**retry, "stageName": "Nowhere"})

    def test_only_the_latest_execution_is_retried(self):
        first = self.create()
        self.ends("orders", self.start("orders"))
        self.refused(self.errors.NotLatestPipelineExecutionException, self.client.retry_stage_execution,
                     pipelineName="orders", stageName="Build", pipelineExecutionId=first, retryMode="FAILED_ACTIONS")


class Rollbacks(LocalCodePipeline):
    script = {"orders": {"Deploy": {"Deploy": plays("succeeded", "failed", "succeeded")}}}

    def rollback(self, target, stage="Deploy"):
        return self.client.rollback_stage(
            pipelineName="orders", stageName=stage, targetPipelineExecutionId=target)["pipelineExecutionId"]

    def failed_after(self, good):
        bad = self.start("orders")
        self.assertEqual(self.ends("orders", bad), "Failed")
        self.assertNotEqual(bad, good)
        return bad

    def test_a_stage_goes_back_in_an_execution_of_its_own(self):
        good = self.create()
        bad = self.failed_after(good)
        back = self.rollback(good)
        self.assertNotIn(back, {good, bad})
        self.assertEqual(self.ends("orders", back), "Succeeded")
        summary = self.executions("orders")[0]
        self.assertEqual((summary["executionType"], summary["trigger"]["triggerType"]), ("ROLLBACK", "ManualRollback"))
        self.assertEqual(summary["rollbackMetadata"]["rollbackTargetPipelineExecutionId"], good)
        ran = self.client.list_action_executions(
            pipelineName="orders", filter={"pipelineExecutionId": back})["actionExecutionDetails"]
        self.assertEqual([it["stageName"] for it in ran], ["Deploy"], "only the stage itself runs")

    def test_what_cannot_be_a_target_is_refused(self):
        good = self.create()
        bad = self.failed_after(good)
        back = self.rollback(good)
        self.ends("orders", back)
        unable = self.errors.UnableToRollbackStageException
        roll = self.client.rollback_stage
        self.refused(unable, roll, pipelineName="orders", stageName="Deploy", targetPipelineExecutionId=bad)
        self.refused(unable, roll, pipelineName="orders", stageName="Deploy", targetPipelineExecutionId=back)
        self.refused(self.errors.StageNotFoundException, roll, pipelineName="orders", stageName="Nowhere",
                     targetPipelineExecutionId=good)
        self.refused(self.errors.PipelineExecutionNotFoundException, roll, pipelineName="orders", stageName="Deploy",
                     targetPipelineExecutionId="00000000-0000-4000-8000-000000000000")
        with self.assertRaises((unable, self.errors.ValidationException)):
            self.rollback(good, stage="Source")

    def test_a_changed_pipeline_has_nothing_to_go_back_to(self):
        good = self.create()
        self.client.update_pipeline(pipeline=self.client.get_pipeline(name="orders")["pipeline"])
        with self.assertRaises((self.errors.PipelineExecutionOutdatedException,
                                self.errors.UnableToRollbackStageException)):
            self.rollback(good)

    def test_a_failing_stage_goes_back_by_itself_where_it_says_so(self):
        good = self.create(on_failure={"result": "ROLLBACK"})
        self.failed_after(good)
        back = lambda: self.executions("orders")[0]["executionType"] == "ROLLBACK"
        self.eventually("a rollback starts by itself", back)
        newest = self.executions("orders")[0]
        self.assertEqual(newest["trigger"]["triggerType"], "AutomatedRollback")
        self.assertEqual(self.ends("orders", newest["pipelineExecutionId"]), "Succeeded")


class AutomaticRetries(LocalCodePipeline):
    script = {"orders": {"Deploy": {"Deploy": plays("failed", "succeeded")}}}

    def test_a_failing_stage_is_retried_once_where_it_says_so(self):
        retry = {"result": "RETRY", "retryConfiguration": {"retryMode": "ALL_ACTIONS"}}
        self.client.create_pipeline(pipeline=declaration("orders", on_failure=retry))
        succeeded = lambda: self.executions("orders")[0]["status"] == "Succeeded"
        self.eventually("the retry succeeds", succeeded)


class Transitions(LocalCodePipeline):
    def test_a_closed_transition_holds_and_an_open_one_lets_go(self):
        self.create()
        self.client.disable_stage_transition(pipelineName="orders", stageName="Deploy", transitionType="Inbound",
                                             reason="Frozen until Monday")
        state = self.stage("orders", "Deploy")["inboundTransitionState"]
        self.assertEqual((state["enabled"], state["disabledReason"]), (False, "Frozen until Monday"))
        execution = self.start("orders")
        held = lambda: self.stage("orders", "Deploy").get("inboundExecution", {}).get("pipelineExecutionId")
        self.eventually("it waits", lambda: held() == execution)
        self.assertEqual(self.status("orders", execution), "InProgress")
        self.client.enable_stage_transition(pipelineName="orders", stageName="Deploy", transitionType="Inbound")
        self.assertEqual(self.ends("orders", execution), "Succeeded")

    def test_a_reason_may_not_hold_what_aws_refuses(self):
        self.create()
        for reason in ("alarm: red", "see https://example.com", "a, b", "snake_case", "\u00e9", "two\nlines"):
            with self.subTest(reason):
                self.refused(self.errors.ValidationException, self.client.disable_stage_transition,
                             pipelineName="orders", stageName="Deploy", transitionType="Inbound", reason=reason)
        self.refused(self.errors.StageNotFoundException, self.client.disable_stage_transition, pipelineName="orders",
                     stageName="Nowhere", transitionType="Inbound", reason="because")


class EntryConditions(LocalCodePipeline):
    """Here no Lambda answers, so every LambdaInvoke rule fails."""

    def guarded(self, result):
        pipeline = declaration("orders")
        rule = {"name": "Gate", "ruleTypeId": {"category": "Rule", "owner": "AWS", "provider": "LambdaInvoke",
                                               "version": "1"}, "configuration": {"FunctionName": "gate"}}
        pipeline["stages"][2]["beforeEntry"] = {"conditions": [{"result": result, "rules": [rule]}]}
        self.client.create_pipeline(pipeline=pipeline)
        return self.executions("orders")[0]["pipelineExecutionId"]

    def test_a_rule_that_fails_keeps_a_release_out(self):
        execution = self.guarded("FAIL")
        self.assertEqual(self.ends("orders", execution), "Failed")
        state = self.stage("orders", "Deploy")["beforeEntryConditionState"]
        self.assertEqual(state["latestExecution"]["status"], "Failed")
        rule = state["conditionStates"][0]["ruleStates"][0]
        self.assertEqual((rule["ruleName"], rule["latestExecution"]["status"]), ("Gate", "Failed"))
        listed = self.client.list_rule_executions(
            pipelineName="orders", filter={"pipelineExecutionId": execution})["ruleExecutionDetails"]
        self.assertEqual([(it["stageName"], it["status"]) for it in listed], [("Deploy", "Failed")])
        self.assertIsInstance(listed[0]["startTime"], datetime.datetime)
        actions = self.client.list_action_executions(pipelineName="orders")["actionExecutionDetails"]
        self.assertEqual({it["actionName"] for it in actions}, {"Source", "Build"})

    def test_a_condition_may_pass_over_its_stage(self):
        self.assertEqual(self.ends("orders", self.guarded("SKIP")), "Succeeded")
        self.assertEqual(self.stage("orders", "Deploy")["latestExecution"]["status"], "Skipped")
