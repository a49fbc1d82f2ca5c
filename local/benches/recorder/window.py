"""The window of the recorder in Python: facts are joined, and what each adds is measured."""

from datetime import datetime, timezone

MOST_RATED = 30
MOST_REVISIONS = 50


def new_window():
    return {"version": None, "stages": [], "executions": {}, "revisions": [], "low": 0, "red": None, "green": 0}


def new_execution():
    return {
        "started": None,
        "succeeded": None,
        "failed": [],
        "rolled_back": None,
        "is_rollback": None,
        "commit": None,
        "deployed": None,
        "stages": {},
        "timed": [],
        "keys": [],
        "seen": [],
        "done": [],
    }


def first_end(it):
    return min([at for at in [it["succeeded"], *it["failed"]] if at is not None], default=None)


def is_rated(it):
    return it["is_rollback"] is False and first_end(it) is not None


def reds(it):
    return it["failed"] + ([it["rolled_back"]] if it["rolled_back"] is not None else [])


def last_activity(it):
    return max([at for at in [it["started"], it["succeeded"], *reds(it)] if at is not None], default=0)


def has_unseen_end(it):
    if it["succeeded"] is not None:
        return "green" not in it["seen"]
    return bool(it["failed"]) and "red" not in it["seen"]


def order(fact):
    part = {"kind": 0, "commit": 0, "looked-at": 2}.get(fact["what"], 1)
    rank = {"ended": 2, "rolled-back": 3}.get(fact["what"], 1)
    return part, fact["at"], rank, fact["execution"]


def once(it, mark):
    if mark in it["done"]:
        return False
    it["done"].append(mark)
    return True


def join(it, fact):
    what = fact["what"]
    if what == "ended":
        began = fact["began"]
        it["started"] = began if it["started"] is None else min(it["started"], began)
        if fact["state"] == "SUCCEEDED":
            it["succeeded"] = fact["at"] if it["succeeded"] is None else min(it["succeeded"], fact["at"])
        elif fact["at"] not in it["failed"]:
            if all(fact["at"] > at for at in it["failed"]) and "red" in it["seen"]:
                it["seen"].remove("red")
            it["failed"].append(fact["at"])
    elif what == "stage":
        ends = it["stages"].setdefault(fact["stage"], {})
        ends[fact["state"]] = min(fact["at"], ends.get(fact["state"], fact["at"]))
    elif what == "rolled-back":
        it["rolled_back"] = fact["at"] if it["rolled_back"] is None else min(it["rolled_back"], fact["at"])
    elif what == "kind":
        it["is_rollback"] = fact["is_rollback"]
    elif what == "commit":
        it["commit"] = [fact["made"], fact["revision"]]
    elif what == "looked-at":
        it["seen"] = (["green"] if it["succeeded"] is not None else []) + (["red"] if it["failed"] else [])


def forget_the_oldest(window):
    rated = {id: it for id, it in window["executions"].items() if is_rated(it)}
    if len(rated) <= MOST_RATED:
        return
    oldest = min(rated, key=lambda id: (first_end(rated[id]), id))
    green = max([it["succeeded"] or 0 for it in window["executions"].values()] + [window["green"]])
    it = window["executions"].pop(oldest)
    window["low"] = max(window["low"], last_activity(it))
    window["green"] = max(window["green"], it["succeeded"] or 0)
    left = [red for red in reds(it) + [window["red"]] if red is not None and red >= green]
    window["red"] = min(left, default=None)


# ---- From the window to samples ----


class Fold:
    """Takes facts one by one and measures what each adds."""

    def __init__(self, window, pipeline):
        self.window = window
        self.pipeline = pipeline
        self.samples = []

    def emit(self, name, at, value, unit, stage=None, over_all=False):
        dimensions = [{"Name": "PipelineName", "Value": self.pipeline}]
        if stage:
            dimensions.append({"Name": "StageName", "Value": stage})
        self.put(name, at, value, unit, dimensions)
        if over_all:
            self.put(name, at, value, unit, [])

    def put(self, name, at, value, unit, dimensions):
        self.samples.append(
            {
                "MetricName": name,
                "Dimensions": dimensions,
                "Timestamp": datetime.fromtimestamp(at, timezone.utc),
                "Value": float(value),
                "Unit": unit,
            }
        )

    def take(self, fact):
        known = self.window["executions"]
        id = fact["execution"]
        if id not in known and fact["at"] <= self.window["low"]:
            return
        it = known.setdefault(id, new_execution())
        before = (is_rated(it), it["succeeded"] is not None)
        join(it, fact)
        self.rates(it, before)
        self.durations(it, fact)
        self.deployments(it)
        self.lead_time(it)
        self.restored(id, it)
        self.counted(it, fact)
        forget_the_oldest(self.window)

    def rates(self, it, before):
        if not is_rated(it):
            return
        if once(it, "counted"):
            value = 0 if it["failed"] else 100
            self.put("ExecutionSuccessRate", first_end(it), value, "Percent", [])
        if before == (True, it["succeeded"] is not None):
            return
        rated = [it for it in self.window["executions"].values() if is_rated(it)]
        own = it["succeeded"] if it["succeeded"] is not None else min(it["failed"])
        newest = max(at for it in rated for at in [it["succeeded"], *it["failed"]] if at is not None)
        for at in sorted({own, newest}):
            last = sorted((first_end(it), id(it), it) for it in rated if first_end(it) <= at)[-MOST_RATED:]
            green = [it for _, _, it in last if it["succeeded"] is not None and it["succeeded"] <= at]
            rate = 100.0 * len(green) / len(last)
            self.emit("ExecutionSuccessRate", at, rate, "Percent")
            self.emit("FailureRate", at, 100.0 - rate, "Percent")
            if green:
                took = sum(it["succeeded"] - it["started"] for it in green) / len(green)
                self.emit("AverageExecutionDuration", at, took, "Seconds")

    def durations(self, it, fact):
        if it["succeeded"] is not None and it["is_rollback"] is False and once(it, "timed"):
            took = it["succeeded"] - it["started"]
            self.emit("ExecutionDuration", it["succeeded"], took, "Seconds", over_all=True)
        if fact["what"] == "stage" and fact["state"] == "SUCCEEDED" and fact["stage"] not in it["timed"]:
            it["timed"].append(fact["stage"])
            self.emit("StageDuration", fact["at"], fact["at"] - fact["began"], "Seconds", stage=fact["stage"])

    def deployments(self, it):
        if it["is_rollback"] is not False or not self.window["stages"]:
            return
        ends = it["stages"].get(self.window["stages"][-1], {})
        if "SUCCEEDED" in ends and once(it, "deployed"):
            it["deployed"] = ends["SUCCEEDED"]
            self.emit("Deployments", ends["SUCCEEDED"], 1, "Count", over_all=True)
        failures = [at for at in (ends.get("FAILED"), it["rolled_back"]) if at is not None]
        if failures and once(it, "deployment-failed"):
            self.emit("DeploymentFailures", min(failures), 1, "Count", over_all=True)

    def lead_time(self, it):
        if it["commit"] is None or it["deployed"] is None or not once(it, "lead-timed"):
            return
        made, revision = it["commit"]
        if revision in self.window["revisions"]:
            return
        self.window["revisions"] = [*self.window["revisions"], revision][-MOST_REVISIONS:]
        self.emit("LeadTime", it["deployed"], it["deployed"] - made, "Seconds", over_all=True)

    def restored(self, id, it):
        greens = [(it["succeeded"], id) for id, it in self.window["executions"].items() if it["succeeded"] is not None]
        affected = [(it["succeeded"], id)] if it["succeeded"] is not None else []
        for red in reds(it):
            affected.extend(sorted(green for green in greens if green[0] > red)[:1])
        for at, id in affected:
            if self.window["green"] >= at:
                continue
            previous = max([green[0] for green in greens if green < (at, id)] + [self.window["green"]])
            all_reds = [red for it in self.window["executions"].values() for red in reds(it)]
            if self.window["red"] is not None:
                all_reds.append(self.window["red"])
            first = min([red for red in all_reds if previous <= red < at], default=None)
            if first is not None and once(self.window["executions"][id], "restored"):
                self.emit("TimeToRestore", at, at - first, "Seconds", over_all=True)

    def counted(self, it, fact):
        if "key" not in fact or fact["key"] in it["keys"]:
            return
        it["keys"].append(fact["key"])
        if fact["what"] == "rolled-back":
            self.emit("Rollbacks", fact["at"], 1, "Count", over_all=True)
        else:
            self.put("ApprovalWait", fact["at"], fact["at"] - fact["since"], "Seconds", [])
