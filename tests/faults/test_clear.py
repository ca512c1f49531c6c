"""Deciding, with a fault at each named step: what failed is tried again, what had happened does not happen twice."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta
from pathlib import Path
from typing import Any
from uuid import UUID

import pytest
from django.db import OperationalError
from django.utils import timezone

from fingerprint.models import Examination
from ledger import clearance, jobs
from ledger.demo import material
from ledger.models import Entry, Job
from tests.faults import edges, world
from tests.faults.edges import Fault, Killed
from tests.faults.world import Sounds

pytestmark = pytest.mark.django_db(transaction=True, databases=["default", "owner", "sequencer"])

# Named step → the edge that it leans on, and at which call of it: an output is decoded once to be examined, and twice
# more to compare the signed file with it; the signed file is stored first, then its manifest; claiming the job is no
# transaction of its own, so that the first commits are those of the three indexes, which note what they hold, then what
# was heard is kept, and the fifth is the decision's.
STEPS: dict[str, tuple[Callable[..., None], int]] = {
    "examine": (edges.decoder, 1),
    "sign": (edges.signer, 1),
    "read back": (edges.decoder, 2),
    "store the signed file": (edges.store, 1),
    "store the manifest": (edges.store, 2),
    "note the index": (edges.commit, 1),
    "note the other index": (edges.commit, 2),
    "note the third index": (edges.commit, 3),
    "keep what was heard": (edges.commit, 4),
    "commit": (edges.commit, 5),
}
OUTCOMES = pytest.mark.parametrize("outcome", ["failed", "failed, but had in truth happened"])
DIES_AT = ["examine", "read back", "store the signed file", "store the manifest"]


@pytest.fixture
def submission(trade: Sounds, settings: Any, tmp_path: Path) -> UUID:
    """The id of an output that would be cleared, kept in an object store."""
    edges.object_store(settings, tmp_path / "objects")
    return world.submit(trade.output)


@OUTCOMES
@pytest.mark.parametrize("step", STEPS)
def test_decides_once_although_a_step_fails(
    submission: UUID, monkeypatch: pytest.MonkeyPatch, step: str, outcome: str
) -> None:
    edge, at_call = STEPS[step]
    fault = Fault(happened=outcome != "failed", at_call=at_call)
    edge(monkeypatch, fault)
    at = timezone.now()
    with pytest.raises((OSError, OperationalError)):
        clearance.clear(submission_id=submission, at=at)
    assert fault.calls >= at_call

    if fault.happened and step == "commit":
        world.assert_cleared_once(submission)
        with pytest.raises(clearance.AlreadyDecided):
            clearance.clear(submission_id=submission, at=at + timedelta(minutes=1))
    else:
        world.assert_undecided(submission)
        job = world.job_of(submission)
        assert (job.attempts, job.lease_until, job.given_up_at) == (1, None, None)
        assert job.error.startswith(("OSError: ", "OperationalError: "))
        assert job.run_at == at + timedelta(seconds=2)
        # Not at once again: whatever is away gets a moment to come back.
        assert clearance.clear(submission_id=submission, at=at + timedelta(seconds=1)) is None
        assert clearance.clear(submission_id=submission, at=at + timedelta(seconds=2)) is not None
        world.assert_cleared_once(submission)
        assert world.job_of(submission).attempts == 2
    world.assert_log_is_whole()


@pytest.mark.parametrize("step", DIES_AT)
def test_decides_once_although_a_worker_dies_at_a_step(
    submission: UUID, monkeypatch: pytest.MonkeyPatch, step: str
) -> None:
    edge, at_call = STEPS[step]
    edge(monkeypatch, Fault(happened=True, at_call=at_call, error=Killed()))
    at = timezone.now()
    with pytest.raises(Killed):
        clearance.clear(submission_id=submission, at=at)
    world.assert_undecided(submission)
    job = world.job_of(submission)
    assert job.attempts == 1
    assert job.lease_until is not None

    # While its lease lasts nobody else takes it; the moment it has run out, the next does.
    assert clearance.clear(submission_id=submission, at=job.lease_until) is None
    just_after = job.lease_until + timedelta(microseconds=1)
    assert clearance.clear(submission_id=submission, at=just_after) is not None
    world.assert_cleared_once(submission)
    world.assert_log_is_whole()


def test_is_given_up_after_five_failures_and_retried_when_somebody_says_so(
    submission: UUID, monkeypatch: pytest.MonkeyPatch
) -> None:
    with monkeypatch.context() as broken:
        for attempt in range(1, jobs.MOST_ATTEMPTS + 1):
            edges.decoder(broken, Fault(happened=False))
            at = world.job_of(submission).run_at
            with pytest.raises(OSError, match="the edge is away"):
                clearance.clear(submission_id=submission, at=at)
            assert world.job_of(submission).attempts == attempt
            broken.undo()
    job = world.job_of(submission)
    assert job.given_up_at is not None
    assert job.error == "OSError: [Errno 5] the edge is away"
    later = job.given_up_at + timedelta(hours=1)
    assert clearance.clear(submission_id=submission, at=later) is None
    assert jobs.unheard(at=later) == []

    assert jobs.retry(Job.Kind.CLEAR, submission, at=later)
    assert clearance.clear(submission_id=submission, at=later) is not None
    world.assert_cleared_once(submission)
    world.assert_log_is_whole()


def test_is_given_up_after_five_crashes_and_retried_when_somebody_says_so(
    submission: UUID, monkeypatch: pytest.MonkeyPatch
) -> None:
    at = timezone.now()
    for _ in range(jobs.MOST_ATTEMPTS):
        with monkeypatch.context() as broken:
            edges.decoder(broken, Fault(happened=False, error=Killed()))
            with pytest.raises(Killed):
                clearance.clear(submission_id=submission, at=at)
        at += jobs.LEASE + timedelta(seconds=1)
    # A bell that rings late, before the sweep has given it up, does not begin a sixth attempt.
    assert clearance.clear(submission_id=submission, at=at) is None
    assert jobs.unheard(at=at) == []
    job = world.job_of(submission)
    assert (job.attempts, job.given_up_at, job.error) == (5, at, "the worker died each time it tried")

    assert jobs.retry(Job.Kind.CLEAR, submission, at=at)
    assert clearance.clear(submission_id=submission, at=at) is not None
    world.assert_cleared_once(submission)
    assert world.job_of(submission).attempts == 6
    world.assert_log_is_whole()


def test_refuses_what_breaks_off_while_it_is_decoded(trade: Sounds, tmp_path: Path, store: Path) -> None:
    # The door counts packets and decodes none: damage inside them is found here.
    whole = material.write(material.load(trade.output), tmp_path / "whole.m4a").read_bytes()
    middle = len(whole) // 2
    damaged = tmp_path / "damaged.m4a"
    damaged.write_bytes(whole[:middle] + b"\xff" * 8192 + whole[middle + 8192 :])
    submission = world.submit(damaged, media_type="audio/mp4")
    entry = clearance.clear(submission_id=submission, at=timezone.now())
    assert entry is not None
    assert entry.decision is not None
    assert entry.decision.outcome == "refused"
    assert entry.decision.examination is None
    assert "cannot be examined" in entry.decision.findings.get().sentence
    assert Examination.objects.count() == 0
    world.assert_log_is_whole()


def test_waits_for_audio_that_the_store_has_lost(submission: UUID, settings: Any, tmp_path: Path) -> None:
    at = timezone.now()
    edges.object_store(settings, tmp_path / "an empty store")
    with pytest.raises(Exception, match=r"^[0-9a-f]{64}$"):
        clearance.clear(submission_id=submission, at=at)
    assert world.job_of(submission).error.startswith("NoSuchAudio: ")
    world.assert_undecided(submission)
    edges.object_store(settings, tmp_path / "objects")
    clearance.clear(submission_id=submission, at=at + timedelta(seconds=2))
    world.assert_cleared_once(submission)


def test_knows_nothing_of_a_submission_that_was_never_made() -> None:
    with pytest.raises(clearance.NoSuchSubmission):
        clearance.clear(submission_id=world.key("never"), at=timezone.now())
    assert Entry.objects.count() == 0
