"""Each job is handed a session of its own, which reads what goes into the job, writes what comes out, and nothing else.

AWS does not document how long CodePipeline's sessions last, nor whether the end of a job ends its session: of the
first the local one is held to its own choice, the shortest that STS has, and nothing is asked of the second.
"""

import json

import boto3
from botocore.config import Config
from botocore.exceptions import ClientError

from local_aws import LocalAws
from local_codepipeline import ACCOUNT, REGION, LocalCodePipeline, action, declaration

BUCKET = "artifacts-example"
KEY = f"arn:aws:kms:{REGION}:{ACCOUNT}:key/00000000-0000-4000-8000-000000000000"
PARTS = ("accessKeyId", "secretAccessKey", "sessionToken")


def with_functions(name="orders", **changes):
    """Two functions stand before the deployment: one that reads and writes artifacts, and one without any."""
    pipeline = declaration(name, **changes)
    scan = action("Scan", "Invoke", "Lambda", inputs=["Sources", "Built"], outputs=["Report"], FunctionName="scan")
    gate = action("Gate", "Invoke", "Lambda", FunctionName="gate")
    pipeline["stages"].insert(2, {"name": "Check", "actions": [scan, gate]})
    return pipeline


class JobSessions(LocalCodePipeline):
    def setUp(self):
        self.aws = LocalAws()
        self.addCleanup(self.aws.close)
        super().setUp()

    def outside(self):
        return "--aws", self.aws.url

    def begin(self, pipeline=None):
        """Makes a pipeline, which starts. Returns the execution."""
        self.client.create_pipeline(pipeline=pipeline or with_functions())
        return self.executions("orders")[0]["pipelineExecutionId"]

    def job(self, function, number=0):
        """A function's job, the first one unless told otherwise."""
        jobs = lambda: [event["CodePipeline.job"] for name, event in list(self.aws.invocations) if name == function]
        return self.eventually(f"job {number} of {function}", lambda: len(jobs()) > number and jobs())[number]

    def bearer(self, service, job):
        """A client that has nothing but what the job was handed."""
        key, secret, token = credentials(job)
        return boto3.client(service, endpoint_url=self.aws.url, region_name=REGION, aws_access_key_id=key,
                            aws_secret_access_key=secret, aws_session_token=token,
                            config=Config(retries={"total_max_attempts": 1}, s3={"addressing_style": "path"}))

    def denied(self, code, call, **parameters):
        with self.assertRaises(ClientError) as caught:
            call(**parameters)
        response = caught.exception.response
        self.assertEqual((response["Error"]["Code"], response["ResponseMetadata"]["HTTPStatusCode"]), (code, 403))

    def succeed(self, job, **more):
        self.client.put_job_success_result(jobId=job["id"], **more)

    def scanned(self, job):
        """Does what the function is asked for: puts its output artifact there, and says so."""
        self.bearer("s3", job).put_object(**place(job, "outputArtifacts", "Report"), Body=b"report")
        self.succeed(job)

    def finish(self, execution):
        self.scanned(self.job("scan"))
        self.succeed(self.job("gate"))
        self.assertEqual(self.ends("orders", execution), "Succeeded")

    def actions(self, **more):
        return self.client.list_action_executions(pipelineName="orders", **more)["actionExecutionDetails"]


class WhatAJobIsHanded(JobSessions):
    def test_a_job_is_handed_what_sts_gave_out_for_it_in_the_documented_shape(self):
        self.begin()
        shape = self.client.meta.service_model.shape_for("AWSSessionCredentials")
        jobs = [self.job("scan"), self.job("gate")]
        for job in jobs:
            self.assertEqual(set(job["data"]["artifactCredentials"]), set(shape.required_members))
        given = [session.keys for session in self.aws.sessions]
        self.assertCountEqual([credentials(job) for job in jobs], given)

    def test_the_details_of_a_job_hold_the_same_session(self):
        self.begin()
        for function in ("scan", "gate"):
            job = self.job(function)
            details = self.client.get_job_details(jobId=job["id"])["jobDetails"]
            self.assertEqual(credentials(details), credentials(job))

    def test_a_function_that_asks_for_details_at_once_is_not_told_another_session(self):
        told = []
        details = lambda job: self.client.get_job_details(jobId=job["id"])["jobDetails"]
        self.aws.while_invoking = lambda event: told.append(credentials(details(event["CodePipeline.job"])))
        self.begin()
        handed = {credentials(self.job(function)) for function in ("scan", "gate")}
        self.assertEqual(set(told), handed)

    def test_no_two_jobs_share_any_part_of_a_session(self):
        """Neither two actions, nor two visits of one action, nor two attempts, nor two executions."""
        self.begin()
        jobs = [self.job("scan"), self.job("gate")]
        self.succeed(jobs[1], continuationToken="again")
        jobs.append(self.job("gate", 1))
        self.succeed(jobs[2])
        self.client.put_job_failure_result(jobId=jobs[0]["id"], failureDetails={"type": "JobFailed", "message": "no"})
        execution = self.executions("orders")[0]["pipelineExecutionId"]
        self.assertEqual(self.ends("orders", execution), "Failed")
        self.client.retry_stage_execution(pipelineName="orders", stageName="Check", pipelineExecutionId=execution,
                                          retryMode="FAILED_ACTIONS")
        jobs.append(self.job("scan", 1))
        self.scanned(jobs[-1])
        self.assertEqual(self.ends("orders", execution), "Succeeded")
        self.start("orders")
        jobs += [self.job("scan", 2), self.job("gate", 2)]
        self.assertEqual(len({job["id"] for job in jobs}), 6)
        for number, part in enumerate(PARTS):
            self.assertEqual(len({credentials(job)[number] for job in jobs}), 6, part)

    def test_a_session_ends_as_soon_as_sts_has_sessions_end(self):
        self.begin()
        self.job("scan")
        self.assertEqual({session.asked["DurationSeconds"] for session in self.aws.sessions}, {"900"})

    def test_a_function_whose_job_gets_no_session_is_not_asked(self):
        key = b"<AccessKeyId>ASIAHALFASESSION</AccessKeyId>"
        for number, (answer, code) in enumerate([
            ((403, b"<Error><Code>AccessDenied</Code></Error>"), "PermissionError"),
            ((500, b""), "SystemUnavailable"),
            ((200, key), "SystemUnavailable"),
            ((200, key + b"<SecretAccessKey>s</SecretAccessKey>"), "SystemUnavailable"),
        ]):
            with self.subTest(answer=answer):
                self.aws.sts_answers = answer
                execution = self.start("orders") if number else self.begin()
                self.assertEqual(self.ends("orders", execution), "Failed")
                failed = self.eventually("both actions fail", lambda: self.failed_in_check(execution))
                codes = [it["output"]["executionResult"]["errorDetails"]["code"] for it in failed]
                self.assertEqual(codes, [code, code])
                self.assertNotIn("ASIAHALFASESSION", repr(failed))
                self.assertEqual(self.aws.invocations, [])

    def failed_in_check(self, execution):
        """Both actions of the stage, once both have failed: the first failure does not end the other action."""
        checks = [it for it in self.actions(filter={"pipelineExecutionId": execution}) if it["stageName"] == "Check"]
        return [it["status"] for it in checks] == ["Failed", "Failed"] and checks


class WhatASessionCanDo(JobSessions):
    def test_it_reads_what_goes_in_and_writes_what_comes_out(self):
        execution = self.begin()
        job = self.job("scan")
        s3 = self.bearer("s3", job)
        for artifact in ("Sources", "Built"):
            body = s3.get_object(**place(job, "inputArtifacts", artifact))["Body"].read()
            self.assertTrue(body.startswith(b"PK"), f"{artifact} is a zip")
        at = place(job, "outputArtifacts", "Report")
        s3.put_object(**at, Body=b"report")
        self.assertEqual(self.aws.objects[at["Bucket"], at["Key"]][0], b"report")
        self.succeed(job)
        self.succeed(self.job("gate"))
        self.assertEqual(self.ends("orders", execution), "Succeeded")

    def test_it_can_do_nothing_else(self):
        self.begin()
        job = self.job("scan")
        s3 = self.bearer("s3", job)
        source, report = place(job, "inputArtifacts", "Sources"), place(job, "outputArtifacts", "Report")
        beside = {**report, "Key": report["Key"] + "2"}
        folder = {**source, "Key": source["Key"].rsplit("/", 1)[0]}
        abroad = {**source, "Bucket": "artifacts-elsewhere"}
        for at in (beside, folder, abroad):
            self.aws.objects[at["Bucket"], at["Key"]] = (b"", {})
        for what, call, parameters in [
            ("overwrite an input", s3.put_object, {**source, "Body": b"other"}),
            ("delete an input", s3.delete_object, source),
            ("read a version of an input", s3.get_object, {**source, "VersionId": "1"}),
            ("read its output", s3.get_object, report),
            ("delete its output", s3.delete_object, report),
            ("read beside its artifacts", s3.get_object, beside),
            ("write beside its output", s3.put_object, {**beside, "Body": b""}),
            ("read above its artifacts", s3.get_object, folder),
            ("read the same key elsewhere", s3.get_object, abroad),
            ("write the same key elsewhere", s3.put_object, {**report, "Bucket": "artifacts-elsewhere", "Body": b""}),
            ("list the bucket", s3.list_objects_v2, {"Bucket": BUCKET}),
            ("invoke a function", self.bearer("lambda", job).invoke, {"FunctionName": "gate"}),
            ("tell events", self.bearer("events", job).put_events,
             {"Entries": [{"Source": "mine", "DetailType": "any", "Detail": "{}"}]}),
            ("use a key", self.bearer("kms", job).decrypt, {"KeyId": KEY, "CiphertextBlob": b"x"}),
            ("get itself another session", self.bearer("sts", job).get_federation_token, {"Name": "another"}),
        ]:
            with self.subTest(what):
                self.denied("AccessDenied", call, **parameters)

    def test_it_is_of_no_use_for_another_execution(self):
        self.finish(self.begin())
        self.start("orders")
        earlier, later = self.job("scan"), self.job("scan", 1)
        for mine, other in ((earlier, later), (later, earlier)):
            s3 = self.bearer("s3", mine)
            for artifact in ("Sources", "Built"):
                self.denied("AccessDenied", s3.get_object, **place(other, "inputArtifacts", artifact))
            self.denied("AccessDenied", s3.put_object, **place(other, "outputArtifacts", "Report"), Body=b"other")

    def test_that_of_a_job_without_artifacts_can_do_nothing(self):
        self.begin()
        scan, s3 = self.job("scan"), self.bearer("s3", self.job("gate"))
        self.denied("AccessDenied", s3.get_object, **place(scan, "inputArtifacts", "Sources"))
        self.denied("AccessDenied", s3.put_object, **place(scan, "outputArtifacts", "Report"), Body=b"other")
        self.denied("AccessDenied", s3.list_objects_v2, Bucket=BUCKET)

    def test_a_continuation_gets_the_same_artifacts_under_a_new_session(self):
        self.begin()
        first = self.job("scan")
        self.succeed(first, continuationToken="again")
        second = self.job("scan", 1)
        for artifact in ("Sources", "Built"):
            at = place(first, "inputArtifacts", artifact)
            self.assertEqual(place(second, "inputArtifacts", artifact), at)
            self.bearer("s3", second).get_object(**at)
        self.scanned(second)

    def test_that_of_a_rule_reads_what_the_rule_is_given(self):
        pipeline = declaration("orders")
        rule = {"name": "Gate", "ruleTypeId": {"category": "Rule", "owner": "AWS", "provider": "LambdaInvoke",
                                               "version": "1"},
                "configuration": {"FunctionName": "gate"}, "inputArtifacts": [{"name": "Built"}]}
        pipeline["stages"][2]["beforeEntry"] = {"conditions": [{"result": "FAIL", "rules": [rule]}]}
        execution = self.begin(pipeline)
        job = self.job("gate")
        s3, built = self.bearer("s3", job), place(job, "inputArtifacts", "Built")
        s3.get_object(**built)
        self.denied("AccessDenied", s3.put_object, **built, Body=b"other")
        self.denied("AccessDenied", s3.list_objects_v2, Bucket=BUCKET)
        self.succeed(job)
        self.assertEqual(self.ends("orders", execution), "Succeeded")

    def test_where_artifacts_have_a_key_of_the_customer_it_uses_this_key_and_no_other(self):
        store = {"type": "S3", "location": BUCKET, "encryptionKey": {"id": KEY, "type": "KMS"}}
        self.begin(with_functions(artifactStore=store))
        job = self.job("scan")
        self.assertEqual(job["data"]["encryptionKey"], {"id": KEY, "type": "KMS"})
        kms, other = self.bearer("kms", job), KEY[:-1] + "1"
        kms.decrypt(KeyId=KEY, CiphertextBlob=b"x")
        kms.generate_data_key(KeyId=KEY, KeySpec="AES_256")
        self.denied("AccessDenied", kms.encrypt, KeyId=KEY, Plaintext=b"x")
        self.denied("AccessDenied", kms.decrypt, KeyId=other, CiphertextBlob=b"x")

    def test_all_three_parts_are_needed(self):
        """A stand-in that let anybody in would prove nothing."""
        self.begin()
        job, other = self.job("scan"), self.job("gate")
        at = place(job, "inputArtifacts", "Sources")
        for part, code in [("accessKeyId", "InvalidClientTokenId"), ("secretAccessKey", "SignatureDoesNotMatch"),
                           ("sessionToken", "InvalidClientTokenId")]:
            mixed = {**job["data"]["artifactCredentials"], part: other["data"]["artifactCredentials"][part]}
            s3 = self.bearer("s3", {"data": {"artifactCredentials": mixed}})
            self.denied(code, s3.get_object, **at)


class WhoIsToldOfASession(JobSessions):
    def test_nothing_that_is_listed_or_told_holds_any_part_of_one(self):
        """Neither while jobs are open, nor after success, nor after failure."""
        execution = self.begin()
        jobs = [self.job("scan"), self.job("gate")]
        self.eventually("the start is told", lambda: "STARTED" in json.dumps(self.aws.events))
        self.silent(jobs)
        self.finish(execution)
        self.eventually("the deployment is told", lambda: '\\"Deploy\\"' in json.dumps(self.aws.events))
        self.silent(jobs)
        failing = self.start("orders")
        jobs += [self.job("scan", 1), self.job("gate", 1)]
        for job in jobs[2:]:
            self.client.put_job_failure_result(jobId=job["id"],
                                               failureDetails={"type": "JobFailed", "message": "not this one"})
        self.assertEqual(self.ends("orders", failing), "Failed")
        self.eventually("the failure is told", lambda: "not this one" in json.dumps(self.aws.events))
        self.silent(jobs)

    def silent(self, jobs):
        parts = {part for job in jobs for part in credentials(job)}
        self.assertEqual(len(parts), 3 * len(jobs))
        for job in jobs:
            self.assertTrue(holds(self.client.get_job_details(jobId=job["id"]), parts), "only who has the job is told")
        for name, said in self.everything().items():
            self.assertIn("orders", repr(said), f"{name} says something")
            self.assertFalse(holds(said, parts), name)

    def everything(self):
        newest = self.executions("orders")[0]["pipelineExecutionId"]
        calls = {
            "get_pipeline": {"name": "orders"},
            "get_pipeline_state": {"name": "orders"},
            "get_pipeline_execution": {"pipelineName": "orders", "pipelineExecutionId": newest},
            "list_action_executions": {"pipelineName": "orders"},
        }
        said = {name: getattr(self.client, name)(**parameters) for name, parameters in calls.items()}
        said["list_pipeline_executions"] = {"orders": self.executions("orders")}
        return {**said, "events": list(self.aws.events)}


def credentials(job):
    return tuple(job["data"]["artifactCredentials"][part] for part in PARTS)


def place(job, side, artifact):
    """Where a job's artifact lies, as S3 is asked for it."""
    found = next(it for it in job["data"][side] if it["name"] == artifact)["location"]["s3Location"]
    return {"Bucket": found["bucketName"], "Key": found["objectKey"]}


def holds(said, parts):
    return any(part in repr(said) for part in parts)
