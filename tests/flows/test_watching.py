"""Health, readiness, metrics and alarms: what each says, to whom, and what makes it say otherwise."""

from __future__ import annotations

import io
import json
import re
import subprocess
import sys
from collections import defaultdict
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any
from uuid import UUID, uuid4

import pytest
from django.conf import settings as configured
from django.contrib.auth.models import User
from django.core.management import CommandError, call_command
from django.test import Client
from django.utils import timezone
from prometheus_client.parser import text_string_to_metric_families

from ledger import erasure, jobs, measuring, sequencer, watching
from ledger.erasure import Channel
from ledger.models import Job, Operation, PendingEntry, ReplayRound
from ledger.watching import State
from tests.flows.conftest import World, key
from tests.flows.failing import urlpatterns

pytestmark = pytest.mark.django_db(transaction=True, databases="__all__")

TOKEN = "a token for whatever watches"
BEARER = {"Authorization": f"Bearer {TOKEN}"}


@pytest.fixture
def watched(settings: Any, tmp_path: Path) -> Client:
    settings.LEDGER_METRICS_TOKEN = TOKEN
    settings.LEDGER_CHECKPOINT_FILE = tmp_path / "newest"
    return Client()


def states(at: datetime | None = None) -> dict[str, State]:
    return {one.part: one.state for one in watching.watch(at=at or timezone.now()).parts}


def checked() -> tuple[int, str]:
    out = io.StringIO()
    try:
        call_command("check_operations", "--json", stdout=out)
    except CommandError as error:
        return error.returncode, out.getvalue()
    return 0, out.getvalue()


def done(kind: Operation.Kind, *, days_ago: float = 0, passed: bool = True) -> None:
    at = timezone.now() - timedelta(days=days_ago)
    Operation.objects.create(id=uuid4(), kind=kind, has_passed=passed, document="{}", began_at=at, ended_at=at)


def measured(client: Client) -> dict[str, dict[tuple[tuple[str, str], ...], float]]:
    answer = client.get("/metrics", headers=BEARER)
    assert answer.status_code == 200
    found: dict[str, dict[tuple[tuple[str, str], ...], float]] = defaultdict(dict)
    for family in text_string_to_metric_families(answer.content.decode()):
        for sample in family.samples:
            found[sample.name][tuple(sorted(sample.labels.items()))] = sample.value
    return found


def test_strangers_learn_that_it_lives_and_nothing_else(trade: World, watched: Client, settings: Any) -> None:
    sequencer.drain(at=timezone.now())
    assert watched.get("/healthz").json() == {"status": "alive"}
    assert watched.get("/readyz").json() == {"status": "ready"}
    for headers in ({}, {"Authorization": "Bearer "}, {"Authorization": "Bearer other"}, {"Authorization": TOKEN}):
        assert watched.get("/metrics", headers=headers).status_code == 404
        assert "parts" not in watched.get("/readyz", headers=headers).json()
    settings.LEDGER_METRICS_TOKEN = ""
    for headers in ({"Authorization": "Bearer "}, {"Authorization": "Bearer"}, BEARER):
        assert watched.get("/metrics", headers=headers).status_code == 404
    assert watched.post("/readyz").status_code == 405


def test_readiness_says_which_part_fails(trade: World, watched: Client, settings: Any, tmp_path: Path) -> None:
    sequencer.drain(at=timezone.now())
    parts = watched.get("/readyz", headers=BEARER).json()["parts"]
    assert {one["state"] for one in parts} <= {"well", "soon"}
    assert {one["part"] for one in parts} >= {"database", "migrations", "queue", "store of audio", "disk", "sequencer"}

    def failing(**changes: Any) -> list[str]:
        for name, value in changes.items():
            setattr(settings, name, value)
        answer = watched.get("/readyz", headers=BEARER)
        assert answer.status_code == 503
        assert watched.get("/readyz").json() == {"status": "not ready"}
        return [one["part"] for one in answer.json()["parts"] if one["state"] == "urgent"]

    assert failing(LEDGER_DISK_FREE_BYTES=10**18) == ["disk"]
    settings.LEDGER_DISK_FREE_BYTES = 1
    broken = {"BACKEND": "django.core.files.storage.FileSystemStorage", "OPTIONS": {"location": "/proc/no/such"}}
    assert failing(STORAGES={**configured.STORAGES, "usage": broken}) == ["store of usage"]
    settings.STORAGES = configured.STORAGES | {"usage": {**broken, "OPTIONS": {"location": str(tmp_path / "usage")}}}
    trade.state("/v1/works", {"id": key("late"), "title": "Late"})
    assert watched.get("/readyz").status_code == 200  # it waits for a moment
    assert failing(LEDGER_SEQUENCER_LAG_SECONDS=(0.0, 0.0)) == ["sequencer"]
    sequencer.drain(at=timezone.now())
    settings.LEDGER_SEQUENCER_LAG_SECONDS = (30.0, 300.0)
    assert watched.get("/readyz").status_code == 200


def test_what_is_behind_is_an_alarm_by_its_limits(trade: World, watched: Client, settings: Any) -> None:
    for kind in Operation.Kind:
        done(kind)
    waits = PendingEntry.objects.order_by("id").values_list("entry__at", flat=True)[0]
    assert states(waits + timedelta(seconds=29))["sequencer"] is State.WELL
    assert states(waits + timedelta(seconds=31))["sequencer"] is State.SOON
    assert states(waits + timedelta(seconds=301))["sequencer"] is State.URGENT
    at = timezone.now()
    sequencer.drain(at=at)
    assert states(at)["sequencer"] is states(at)["checkpoint"] is State.WELL
    assert states(at + timedelta(days=8))["checkpoint"] is State.SOON
    assert states(at + timedelta(days=31))["checkpoint"] is State.URGENT

    jobs.enqueue(Job.Kind.CLEAR, uuid4(), at=at)
    assert states(at)["jobs"] is State.WELL
    assert states(at + timedelta(minutes=6))["jobs"] is State.SOON
    assert states(at + timedelta(hours=2))["jobs"] is State.URGENT
    Job.objects.update(given_up_at=at)
    assert states(at)["jobs"] is State.SOON
    Job.objects.all().delete()

    erasure.request(id=uuid4(), party_id=UUID(key("writer")), channel=Channel.LETTER, at=at)
    assert states(at)["erasures"] is State.WELL
    assert states(at + timedelta(days=27))["erasures"] is State.SOON
    assert states(at + timedelta(days=40))["erasures"] is State.URGENT
    sequencer.drain(at=at)

    counts = {"drawn": 3, "same": 3, "different": 0, "lost": 0}
    times = {"started_at": at, "finished_at": at}
    ReplayRound.objects.create(id=uuid4(), size=1, root="0" * 64, **counts, **times)
    assert states(at)["replays"] is State.WELL
    counts |= {"same": 2, "different": 1}
    later = {"started_at": at, "finished_at": at + timedelta(seconds=1)}
    ReplayRound.objects.create(id=uuid4(), size=2, root="0" * 64, **counts, **later)
    assert states(at)["replays"] is State.SOON

    assert states(at)["backup"] is State.WELL
    assert states(at + timedelta(days=3))["backup"] is State.SOON
    assert states(at + timedelta(days=8))["backup"] is State.URGENT
    assert states(at + timedelta(days=101))["restore drill"] is State.SOON
    done(Operation.Kind.DRILL, passed=False)
    assert states()["restore drill"] is State.URGENT

    configured.LEDGER_CHECKPOINT_FILE.unlink()
    assert states(at)["copy outside"] is State.SOON
    configured.LEDGER_CHECKPOINT_FILE.write_text("not a checkpoint")
    assert states(at)["copy outside"] is State.URGENT


def test_the_command_exits_with_how_urgent_it_is(trade: World, watched: Client) -> None:
    sequencer.drain(at=timezone.now())
    for kind in Operation.Kind:
        done(kind)
    code, text = checked()
    concerns = [one for one in json.loads(text)["parts"] if one["state"] != "well"]
    assert (code, concerns) == (0, [])
    done(Operation.Kind.BACKUP, days_ago=-0.001, passed=False)
    assert checked()[0] == 2
    done(Operation.Kind.BACKUP, days_ago=-0.002)
    jobs.enqueue(Job.Kind.CLEAR, uuid4(), at=timezone.now())
    Job.objects.update(given_up_at=timezone.now())
    assert checked()[0] == 1


def test_the_operator_sees_it_on_today_and_nobody_else(trade: World, watched: Client) -> None:
    sequencer.drain(at=timezone.now())
    watched.force_login(User.objects.create_superuser("keeper"))
    said = 'There was never one: <span class="l-mono">manage.py backup DIR</span>.'
    assert said in watched.get("/admin/").content.decode()
    for kind in Operation.Kind:
        done(kind)
    page = watched.get("/admin/").content.decode()
    assert "Nothing to see to" in page
    watched.force_login(User.objects.create_user("somebody", is_staff=True))
    assert "The machine" not in watched.get("/admin/").content.decode()


def test_metrics_count_by_route_and_measure_the_log(trade: World, watched: Client) -> None:
    sequencer.drain(at=timezone.now())
    before = measured(watched)
    trade.state("/v1/works", {"id": key("counted"), "title": "Counted"})
    watched.get(f"/v1/parties/{uuid4()}")
    watched.get("/plantedname")
    watched.generic("PLANTED", "/v1/parties")
    watched.post("/admin/login/", {"username": "planted", "password": "wrong"})
    jobs.enqueue(Job.Kind.CLEAR, uuid4(), at=timezone.now() - timedelta(seconds=90))
    after = measured(watched)

    def more(name: str, **labels: str) -> float:
        series = tuple(sorted(labels.items()))
        return after[name].get(series, 0.0) - before.get(name, {}).get(series, 0.0)

    assert more("ledger_requests_total", method="POST", route="/v1/works", status="201") == 1
    assert more("ledger_requests_total", method="GET", route="/v1/parties/<uuid:id>", status="401") == 1
    assert more("ledger_requests_total", method="GET", route="(unmatched)", status="404") == 1
    assert more("ledger_request_seconds_count", method="POST", route="/v1/works") == 1
    assert more("ledger_logins_total", outcome="failed") == 1
    assert after["ledger_pending_entries"][()] == 1
    assert after["ledger_checkpoint_size"][()] == before["ledger_checkpoint_size"][()] > 0
    assert after["ledger_jobs"][(("kind", "clear"), ("state", "waiting"))] == 1
    assert 89 < after["ledger_jobs_oldest_seconds"][(("kind", "clear"), ("state", "waiting"))] < 600
    assert after["ledger_up"][()] == 1
    assert after["ledger_index_bytes"][(("index", "database"),)] > 0
    said = watched.get("/metrics", headers=BEARER).content.decode()
    assert "planted" not in said.lower()
    routes = {route for one in re.findall(r'route="([^"]*)"', said) for route in [one]}
    assert len(routes) <= len(urlpatterns) * 40


def test_what_ended_processes_counted_stays_and_takes_no_more_files(
    watched: Client, tmp_path: Path, settings: Any
) -> None:
    settings.METRICS_DIR = tmp_path
    program = "from ledger import gauges; gauges.LOGINS.labels('failed').inc(3)"
    environment = {"PROMETHEUS_MULTIPROC_DIR": str(tmp_path), "PYTHONPATH": str(configured.BASE_DIR)}
    logins = (("outcome", "failed"),)
    for times in (1, 2):
        for _ in range(2):
            subprocess.run([sys.executable, "-c", program], env=environment, check=True)
        assert measured(watched)["ledger_logins_total"][logins] == 6 * times
        assert measuring.tidy() == 2
        assert [file.name for file in tmp_path.glob("*.db")] == ["counter_0.db"]
        assert measured(watched)["ledger_logins_total"][logins] == 6 * times


def test_the_example_alerts_ask_for_what_is_measured(trade: World, watched: Client) -> None:
    sequencer.drain(at=timezone.now())
    watched.post("/admin/login/", {"username": "x", "password": "wrong"})
    rules = (Path(configured.BASE_DIR) / "ledger" / "data" / "alerts.yaml").read_text()
    asked = set(re.findall(r"\bledger_\w+", "\n".join(re.findall(r"expr: (.*)", rules))))
    said = watched.get("/metrics", headers=BEARER).content.decode()
    known = set(re.findall(r"^# HELP (\w+)", said, re.MULTILINE)) | {
        "ledger_sequenced_steps_total",  # by another process
        "ledger_replayed_entries",  # once a round was
    }
    assert asked <= known, asked - known
    assert len(asked) >= 10
