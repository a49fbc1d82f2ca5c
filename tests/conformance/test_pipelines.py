"""Pipelines as things: created, read, changed, listed, tagged, deleted."""

from local_codepipeline import ACCOUNT, REGION, ROOT, LocalCodePipeline, declaration

ARN = f"arn:aws:codepipeline:{REGION}:{ACCOUNT}:orders"


class FromATemplate(LocalCodePipeline):
    arguments = ("--template", ROOT / "pipelines/release.yaml", "--stack", "orders")

    def test_the_release_pipeline_is_there_as_declared(self):
        pipeline = self.eventually("the pipeline exists", lambda: self.client.list_pipelines()["pipelines"])[0]
        self.assertEqual((pipeline["name"], pipeline["pipelineType"], pipeline["version"]), ("orders", "V2", 1))
        got = self.client.get_pipeline(name="orders")
        self.assertEqual(got["metadata"]["pipelineArn"], ARN)
        stages = [stage["name"] for stage in got["pipeline"]["stages"]]
        self.assertEqual(stages, ["Source", "Build", "Test", "Approval", "Staging", "Production"])
        self.assertEqual(got["pipeline"]["stages"][5]["onFailure"]["result"], "ROLLBACK")

    def test_a_new_pipeline_runs_at_once_and_waits_for_its_approval(self):
        waiting = lambda: self.stage("orders", "Approval")["actionStates"][0].get("latestExecution", {}).get("token")
        self.eventually("the server has read the template", lambda: self.client.list_pipelines()["pipelines"])
        self.assertRegex(self.eventually("an approval waits", waiting), r"^[0-9a-f-]{36}$")
        self.assertEqual(self.executions("orders")[0]["trigger"]["triggerType"], "CreatePipeline")


class Pipelines(LocalCodePipeline):
    def test_what_was_created_is_what_is_read(self):
        wanted = declaration("orders")
        created = self.client.create_pipeline(pipeline=wanted, tags=[{"key": "team", "value": "orders"}])
        self.assertEqual(created["tags"], [{"key": "team", "value": "orders"}])
        got = self.client.get_pipeline(name="orders")["pipeline"]
        for part in ("name", "roleArn", "pipelineType", "executionMode", "artifactStore", "version"):
            self.assertEqual(got[part], wanted[part], part)
        for stage, declared in zip(got["stages"], wanted["stages"], strict=True):
            self.assertEqual(stage["name"], declared["name"])
            for action, wished in zip(stage["actions"], declared["actions"], strict=True):
                for part in ("name", "actionTypeId", "configuration", "inputArtifacts", "outputArtifacts"):
                    self.assertEqual(action[part], wished[part], part)
                self.assertEqual(action["runOrder"], 1, "the default")

    def test_a_name_is_taken_once(self):
        self.create()
        self.refused(self.errors.PipelineNameInUseException, self.client.create_pipeline,
                     pipeline=declaration("orders"))

    def test_an_update_counts_the_version_up(self):
        self.create()
        changed = declaration("orders", mode="QUEUED")
        self.assertEqual(self.client.update_pipeline(pipeline=changed)["pipeline"]["version"], 2)
        self.assertEqual(self.client.get_pipeline(name="orders")["pipeline"]["executionMode"], "QUEUED")
        earlier = self.client.get_pipeline(name="orders", version=1)["pipeline"]
        self.assertEqual(earlier["executionMode"], "SUPERSEDED")
        self.refused(self.errors.PipelineVersionNotFoundException, self.client.get_pipeline, name="orders", version=3)

    def test_what_does_not_exist_is_not_found(self):
        missing = self.errors.PipelineNotFoundException
        self.refused(missing, self.client.get_pipeline, name="nobody")
        self.refused(missing, self.client.get_pipeline_state, name="nobody")
        self.refused(missing, self.client.list_pipeline_executions, pipelineName="nobody")

    def test_deleting_is_done_even_if_nothing_is_there(self):
        self.create()
        self.client.delete_pipeline(name="orders")
        self.refused(self.errors.PipelineNotFoundException, self.client.get_pipeline, name="orders")
        self.client.delete_pipeline(name="orders")

    def test_a_broken_structure_is_refused(self):
        for what, change, error in [
            ("one stage is too few", lambda stages: stages.__delitem__(slice(1, None)),
             self.errors.InvalidStructureException),
            ("two stages of one name", lambda stages: stages[2].update(name="Build"),
             self.errors.InvalidStageDeclarationException),
            ("an artifact nobody makes", lambda stages: stages[1]["actions"][0].update(
                inputArtifacts=[{"name": "Nothing"}]), self.errors.InvalidActionDeclarationException),
        ]:
            with self.subTest(what):
                broken = declaration("orders")
                change(broken["stages"])
                # Which of the two AWS answers is not documented; that it refuses is.
                with self.assertRaises((error, self.errors.InvalidStructureException)):
                    self.client.create_pipeline(pipeline=broken)

    def test_pipelines_are_listed_in_pages(self):
        names = [f"orders-{number}" for number in range(5)]
        for name in names:
            self.client.create_pipeline(pipeline=declaration(name))
        pages = list(self.client.get_paginator("list_pipelines").paginate(PaginationConfig={"PageSize": 2}))
        self.assertEqual([len(page["pipelines"]) for page in pages], [2, 2, 1])
        self.assertEqual(sorted(it["name"] for page in pages for it in page["pipelines"]), names)
        self.refused(self.errors.InvalidNextTokenException, self.client.list_pipelines, nextToken="made-up")


class Tags(LocalCodePipeline):
    def tags(self):
        return {tag["key"]: tag["value"] for tag in self.client.list_tags_for_resource(resourceArn=ARN)["tags"]}

    def test_tags_come_change_and_go(self):
        self.create()
        self.assertEqual(self.tags(), {})
        self.client.tag_resource(resourceArn=ARN, tags=[{"key": "team", "value": "a"}, {"key": "tier", "value": "1"}])
        self.client.tag_resource(resourceArn=ARN, tags=[{"key": "team", "value": "b"}])
        self.assertEqual(self.tags(), {"team": "b", "tier": "1"})
        self.client.untag_resource(resourceArn=ARN, tagKeys=["tier", "never-there"])
        self.assertEqual(self.tags(), {"team": "b"})

    def test_a_resource_that_is_not_there_has_no_tags(self):
        missing = ARN.replace("orders", "nobody")
        self.refused(self.errors.ResourceNotFoundException, self.client.list_tags_for_resource, resourceArn=missing)
