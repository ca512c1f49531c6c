"""The bell between a submission and a worker: it may be lost, ring twice, or hang dead; the job row knows."""

from __future__ import annotations

import json
import time
from collections.abc import Iterator
from datetime import timedelta
from typing import Any
from urllib.parse import urlencode
from uuid import UUID, uuid4

import pytest
from celery import current_app
from django.conf import settings as django_settings
from django.core.files.uploadedfile import SimpleUploadedFile
from django.test import Client
from django.utils import timezone
from kombu import pools
from kombu.exceptions import OperationalError

from ledger import clients, jobs, tasks
from ledger.models import Job
from rights.models import Submission
from tests.faults import edges, world
from tests.faults.edges import Fault
from tests.faults.world import Sounds

pytestmark = pytest.mark.django_db(transaction=True, databases=["default", "owner", "sequencer"])


def _reconnect() -> None:
    app: Any = current_app
    pools.reset()
    app._pool = app.amqp._producer_pool = None


@pytest.fixture(autouse=True)
def _empty_queue() -> Iterator[None]:
    heard()
    yield
    heard()


@pytest.fixture
def dead_broker() -> Iterator[None]:
    """The queue as it is configured for an installation without a broker of its own, and nobody listening there."""
    from ledger import settings as ours

    conf: Any = current_app.conf
    before = conf.broker_url, conf.broker_transport_options
    conf.broker_url = "pgmq://localhost"
    conf.broker_transport_options = {
        **ours.CELERY_BROKER_TRANSPORT_OPTIONS,
        "conn_string": "host=/nonexistent dbname=none",
    }
    _reconnect()
    yield
    conf.broker_url, conf.broker_transport_options = before
    _reconnect()


def heard() -> list[UUID]:
    """Take every message off the queue, and return which submissions they ring for."""
    found = []
    with current_app.connection_for_read() as connection:
        queue = connection.SimpleQueue(current_app.conf.task_default_queue)
        while len(queue):
            message = queue.get_nowait()
            message.ack()
            _, arguments, _ = json.loads(message.body or b"")
            if message.headers["task"] == tasks.clear_submission.name:  # other bells ring in the same queue
                found.append(UUID(arguments["submission_id"]))
        queue.close()
    return found


def work(submission_ids: list[UUID]) -> None:
    """Do what a worker does when it hears the bell."""
    for submission_id in submission_ids:
        tasks.clear_submission(submission_id=str(submission_id), of_tomorrow="an argument of the next release")


def test_rings_once_for_a_submission(submitted: UUID) -> None:
    tasks.ring(submitted)
    assert heard() == [submitted]


def test_is_rung_again_when_it_was_lost(trade: Sounds) -> None:
    submission = world.submit(trade.output, at=timezone.now() - jobs.RING_AGAIN_AFTER - timedelta(seconds=1))
    assert heard() == []  # committed, and then the process died before it rang
    tasks.sweep()
    work(heard())
    world.assert_cleared_once(submission)
    tasks.sweep()
    assert heard() == []


def test_does_not_decide_twice_when_it_rings_twice(trade: Sounds) -> None:
    submission = world.submit(trade.output, at=timezone.now() - timedelta(minutes=1))
    tasks.ring(submission)  # in truth it was heard
    tasks.sweep()
    rung = heard()
    assert rung == [submission, submission]
    work(rung)
    world.assert_cleared_once(submission)
    assert world.job_of(submission).attempts == 1


def test_is_not_rung_again_before_somebody_could_have_heard_it(submitted: UUID) -> None:
    tasks.sweep()
    assert heard() == []


def test_does_not_flood_the_queue_while_no_worker_listens(trade: Sounds) -> None:
    long_ago = timezone.now() - timedelta(hours=1)
    submissions = {world.submit(trade.output, at=long_ago) for _ in range(3)}
    for _ in range(5):
        tasks.sweep()
    rung = heard()
    assert len(rung) == len(submissions)
    assert set(rung) == submissions


def test_is_rung_for_a_job_whose_worker_died(submitted: UUID, monkeypatch: pytest.MonkeyPatch) -> None:
    at = timezone.now()
    with monkeypatch.context() as broken:
        edges.decoder(broken, Fault(happened=False, error=edges.Killed()))
        with pytest.raises(edges.Killed):
            work([submitted])
    assert jobs.unheard(at=at + timedelta(seconds=10)) == []  # its lease still runs
    due = jobs.unheard(at=timezone.now() + jobs.LEASE + timedelta(seconds=1))
    assert [job.subject_id for job in due] == [submitted]


def test_may_be_dead_when_a_submission_comes_in(trade: Sounds, dead_broker: None) -> None:
    id_ = uuid4()
    since = time.monotonic()
    answer = post(id_, trade)
    waited = time.monotonic() - since
    assert answer.status_code == 202, answer.content
    assert answer.json()["state"] == "waiting"
    assert waited < 10  # whoever uploads does not wait until the broker is back
    world.assert_undecided(id_)
    assert [job.subject_id for job in jobs.unheard(at=timezone.now() + timedelta(seconds=6))] == [id_]


def test_may_lose_its_connection_when_something_comes_in(trade: Sounds, monkeypatch: pytest.MonkeyPatch) -> None:
    """Kombu's transport over PostgreSQL says it like this: seen where the database was killed beside a clerk."""

    def lost(**_: object) -> None:
        raise AttributeError("'NoneType' object has no attribute '_get_pgmq_client'")

    monkeypatch.setattr(tasks.clear_submission, "delay", lost)
    monkeypatch.setattr(tasks.work_on_import, "delay", lost)
    assert post(uuid4(), trade).status_code == 202
    tasks.ring_for(Job.Kind.IMPORT, uuid4())


def test_may_be_dead_when_the_sweep_rings(trade: Sounds, dead_broker: None) -> None:
    submission = world.submit(trade.output, at=timezone.now() - timedelta(minutes=1))
    current_app.conf.broker_transport_options["pool_timeout"] = 0.2  # nobody waits for a sweep
    with pytest.raises(OperationalError):
        tasks.sweep()
    # The next sweep but one finds it again.
    assert [job.subject_id for job in jobs.unheard(at=timezone.now() + timedelta(seconds=6))] == [submission]


@pytest.mark.parametrize("outcome", ["failed", "failed, but had in truth happened"])
@pytest.mark.parametrize("step", ["store", "commit"])
def test_rings_for_what_was_accepted_and_for_nothing_else(
    trade: Sounds, settings: Any, tmp_path: Any, monkeypatch: pytest.MonkeyPatch, step: str, outcome: str
) -> None:
    edges.object_store(settings, tmp_path / "objects")
    id_ = uuid4()
    fault = Fault(happened=outcome != "failed")
    client = api_client()
    with monkeypatch.context() as broken:
        {"store": edges.store, "commit": edges.commit}[step](broken, fault)
        answer = post(id_, trade, client=client)
    assert answer.status_code == {"store": 500, "commit": 503}[step]  # the connection is gone: come again
    accepted = step == "commit" and fault.happened
    assert Submission.objects.filter(pk=id_).exists() == accepted
    assert heard() == []

    # Whoever got no answer sends the same again, and gets the answer.
    again = post(id_, trade, client=client)
    assert again.status_code == 202, again.content
    rung = heard()
    assert rung == ([] if accepted else [id_])
    work(rung or [job.subject_id for job in jobs.unheard(at=timezone.now() + timedelta(seconds=6))])
    world.assert_cleared_once(id_)
    world.assert_log_is_whole()


def api_client() -> tuple[Client, str]:
    """Return a client of the API, and its token."""
    client = Client(raise_request_exception=False)
    made = clients.create(
        name="tests", party_id=world.key("distributor"), scopes=["submissions:read", "submissions:write"]
    )
    form = {"grant_type": "client_credentials", "client_id": made.client_id, "client_secret": made.secret}
    answer = client.post("/oauth/token", urlencode(form), content_type="application/x-www-form-urlencoded")
    return client, answer.json()["access_token"]


def post(id_: UUID, trade: Sounds, *, client: tuple[Client, str] | None = None) -> Any:
    """Submit the output over HTTP."""
    door, token = client or api_client()
    declared = world.declaration(timezone.now().date() + timedelta(days=30))
    document = {
        "title": declared.title,
        "release_on": declared.release_on.isoformat(),
        "uses": list(declared.uses),
        "territories": list(declared.territories),
        "ingredients": [str(ingredient) for ingredient in declared.ingredient_ids],
        "contributions": [
            {"component": one.component, "ai_level": one.ai_level, "tool": one.tool, "actor": str(one.actor_id)}
            for one in declared.contributions
        ],
    }
    upload = SimpleUploadedFile("output.flac", trade.output.read_bytes(), content_type="audio/flac")
    return door.post(
        "/v1/submissions",
        {"id": str(id_), "declaration": json.dumps(document), "audio": upload},
        headers={"Authorization": f"Bearer {token}"},
    )


def test_is_configured_to_be_lost_rather_than_waited_for() -> None:
    assert django_settings.CELERY_TASK_ACKS_LATE
    assert django_settings.CELERY_TASK_REJECT_ON_WORKER_LOST
    assert tasks.clear_submission.acks_late
