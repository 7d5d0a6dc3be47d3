"""Dagster's web server and daemon as one process tree, and what its GraphQL tells."""

import json
import signal
import subprocess
import time
import urllib.error
import urllib.request
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, TypeVar

import psutil
import pytest

from tests.e2e.deployment import PROGRAMS, Deployment

REPOSITORY = {"repositoryName": "__repository__", "repositoryLocationName": "mlworks"}
FAILED = {"FAILURE", "CANCELED"}
Found = TypeVar("Found")

RUNS = "query ($filter: RunsFilter) { runsOrError(filter: $filter) { ... on Runs { results { runId jobName status tags { key value } } } } }"
SENSOR = """query ($selector: SensorSelector!) { sensorOrError(sensorSelector: $selector) { __typename
  ... on Sensor { sensorState { status ticks(limit: 100) { status skipReason runIds runKeys timestamp error { message } } } } } }"""
SCHEDULE = """query ($selector: ScheduleSelector!) { scheduleOrError(scheduleSelector: $selector) { __typename
  ... on Schedule { cronSchedule scheduleState { status ticks(limit: 100) { status skipReason runIds runKeys timestamp error { message } } } } } }"""
VALUE = """metadataEntries { label ... on TextMetadataEntry { text } ... on IntMetadataEntry { intValue } ... on FloatMetadataEntry { floatValue }
  ... on BoolMetadataEntry { boolValue } ... on JsonMetadataEntry { jsonString } ... on TableMetadataEntry { table { records } } }"""
MATERIALIZATIONS = f"""query ($key: AssetKeyInput!, $partitions: [String!]) {{ assetNodeOrError(assetKey: $key) {{
  ... on AssetNode {{ assetMaterializations(partitions: $partitions, limit: 1000) {{ runId partition timestamp {VALUE} }} }} }} }}"""
CHECKS = f"""query ($key: AssetKeyInput!, $name: String!) {{ assetCheckExecutions(assetKey: $key, checkName: $name, limit: 1000) {{
  runId partition status evaluation {{ success severity description {VALUE} }} }} }}"""
BACKFILL = """mutation ($params: LaunchBackfillParams!) { launchPartitionBackfill(backfillParams: $params) { __typename
  ... on LaunchBackfillSuccess { backfillId } ... on PythonError { message } } }"""


@dataclass
class Server:
    """What `dagster dev` serves.

    Parameters:
        url: where its web server listens.
        process: `dagster dev` itself.
        log: what it prints.
    """

    url: str
    process: subprocess.Popen[bytes]
    log: Path

    @classmethod
    def start(cls, deployment: Deployment, port: int) -> "Server":
        """Start it over a deployment and wait for its first answer."""
        log = deployment.root / f"dagster-{port}.log"
        command = [str(PROGRAMS / "dagster"), "dev", "-w", "workspace.yaml", "-h", "127.0.0.1", "-p", str(port)]
        # A shell starts what runs in the background with Ctrl-C ignored, and children inherit that; a handler is not inherited.
        signal.signal(signal.SIGINT, signal.default_int_handler)
        with log.open("wb") as output:
            process = subprocess.Popen(command, cwd=deployment.root, env=deployment.environment, stdout=output, stderr=subprocess.STDOUT)
        server = cls(f"http://127.0.0.1:{port}", process, log)
        server.until(server.answers, "the web server's first answer", 120)
        return server

    def stop(self) -> list[psutil.Process]:
        """Stop it as Ctrl-C does; return which of its processes had to be killed."""
        tree = psutil.Process(self.process.pid).children(recursive=True)
        self.process.send_signal(signal.SIGINT)
        try:
            self.process.wait(60)
        except subprocess.TimeoutExpired:
            self.process.kill()
            self.process.wait()
        _, alive = psutil.wait_procs(tree, timeout=30)
        for process in alive:
            process.kill()
        return alive

    def answers(self) -> bool:
        try:
            self.graphql("{ version }")
        except (urllib.error.URLError, ConnectionError, TimeoutError):
            return False
        return True

    def graphql(self, query: str, **variables: Any) -> dict[str, Any]:
        body = json.dumps({"query": query, "variables": variables}).encode()
        request = urllib.request.Request(f"{self.url}/graphql", body, {"Content-Type": "application/json"})
        with urllib.request.urlopen(request, timeout=60) as response:
            answer = json.load(response)
        assert "errors" not in answer, answer["errors"]
        data: dict[str, Any] = answer["data"]
        return data

    def until(self, look: Callable[[], Found], what: str, seconds: float = 240) -> Found:
        """Look once a second until something true is found."""
        deadline = time.monotonic() + seconds
        while time.monotonic() < deadline:
            if found := look():
                return found
            assert self.process.poll() is None, f"Dagster stopped:\n{self.log.read_text()[-4000:]}"
            time.sleep(1)
        pytest.fail(f"{what} did not happen within {seconds:.0f} s:\n{self.log.read_text()[-4000:]}")

    def runs(self, job: str | None = None, **tags: str) -> list[dict[str, Any]]:
        """Return runs, newest first, with their tags as a dictionary; in a tag's name `__` stands for `/`."""
        wanted = [{"key": name.replace("__", "/"), "value": value} for name, value in tags.items()]
        found = self.graphql(RUNS, filter={"tags": wanted, **({"pipelineName": job} if job else {})})["runsOrError"]["results"]
        return [{**run, "tags": {tag["key"]: tag["value"] for tag in run["tags"]}} for run in found]

    def success(self, run_id: str) -> dict[str, Any]:
        """Wait until a run has succeeded."""

        def ended() -> dict[str, Any] | None:
            run = self.graphql(RUNS, filter={"runIds": [run_id]})["runsOrError"]["results"][0]
            assert run["status"] not in FAILED, f"run {run_id} of {run['jobName']} failed:\n{self.log.read_text()[-4000:]}"
            return run if run["status"] == "SUCCESS" else None

        return self.until(ended, f"the success of run {run_id}") or {}

    def sensor_ticks(self, name: str) -> list[dict[str, Any]]:
        """Return the ended ticks of a sensor, newest first."""
        return self._ticks(SENSOR, "sensor", name)

    def schedule_ticks(self, name: str) -> list[dict[str, Any]]:
        """Return the ended ticks of a schedule, newest first."""
        return self._ticks(SCHEDULE, "schedule", name)

    def _ticks(self, query: str, kind: str, name: str) -> list[dict[str, Any]]:
        found = self.graphql(query, selector={**REPOSITORY, f"{kind}Name": name})[f"{kind}OrError"]
        state = found[f"{kind}State"]
        assert state["status"] == "RUNNING"
        assert not [tick["error"] for tick in state["ticks"] if tick["status"] == "FAILURE"]
        return [tick for tick in state["ticks"] if tick["status"] != "STARTED"]

    def materializations(self, key: str, partitions: Sequence[str] | None = None) -> list[dict[str, Any]]:
        """Return the materialisations of an asset, newest first, with their metadata as a dictionary."""
        answer = self.graphql(MATERIALIZATIONS, key={"path": key.split("/")}, partitions=partitions)
        return [{**event, "metadata": _values(event)} for event in answer["assetNodeOrError"]["assetMaterializations"]]

    def checks(self, key: str, name: str) -> list[dict[str, Any]]:
        """Return the evaluations of an asset check, newest first, each with its run and partition."""
        executions = self.graphql(CHECKS, key={"path": key.split("/")}, name=name)["assetCheckExecutions"]
        return [{**each, **each["evaluation"], "metadata": _values(each["evaluation"])} for each in executions if each["evaluation"]]

    def backfill(self, keys: Sequence[str], partitions: Sequence[str]) -> list[dict[str, Any]]:
        """Launch a backfill, wait until it has succeeded, and return its runs."""
        params = {"assetSelection": [{"path": key.split("/")} for key in keys], "partitionNames": list(partitions)}
        launched = self.graphql(BACKFILL, params=params)["launchPartitionBackfill"]
        assert launched["__typename"] == "LaunchBackfillSuccess", launched
        state = "query ($id: String!) { partitionBackfillOrError(backfillId: $id) { ... on PartitionBackfill { status error { message } } } }"

        def completed() -> bool:
            found = self.graphql(state, id=launched["backfillId"])["partitionBackfillOrError"]
            assert found["status"] not in {"FAILED", "COMPLETED_FAILED", "CANCELED"}, found
            return str(found["status"]) == "COMPLETED_SUCCESS"

        self.until(completed, f"the backfill of {', '.join(keys)}")
        return self.runs(dagster__backfill=launched["backfillId"])


def _values(event: dict[str, Any]) -> dict[str, Any]:
    return {entry.pop("label"): next(iter(entry.values()), None) for entry in event["metadataEntries"]}
