"""What breaks on our side is nobody's refusal: the submission waits, somebody is told, and it is tried again."""

from __future__ import annotations

from pathlib import Path
from uuid import UUID

import pytest
from django.conf import settings
from django.core.files.base import ContentFile
from django.core.files.storage import storages
from django.utils import timezone

from fingerprint.store import BytesChanged
from ledger import clearance, sequencer
from ledger.models import Checkpoint
from rights.models import Decision, Finding, Submission
from royalties import apportion
from tests.faults import world

pytestmark = pytest.mark.django_db(transaction=True, databases="__all__")


def test_bytes_that_changed_in_our_store_refuse_nobody(store: Path, submitted: UUID) -> None:
    digest = Submission.objects.get(pk=submitted).audio_id
    storage = storages["audio"]
    name = f"{digest[:2]}/{digest[2:4]}/{digest}"
    with storage.open(name) as stored:
        whole = stored.read()
    storage.delete(name)
    storage.save(name, ContentFile(whole[: len(whole) // 2]))
    with pytest.raises(BytesChanged):
        clearance.clear(submission_id=submitted, at=timezone.now())
    world.assert_undecided(submitted)
    assert "BytesChanged" in world.job_of(submitted).error
    # Once it is restored, the next attempt decides.
    storage.delete(name)
    storage.save(name, ContentFile(whole))
    clearance.clear(submission_id=submitted, at=world.job_of(submitted).run_at)
    world.assert_cleared_once(submitted)


def test_splits_that_cannot_be_stored_go_to_a_person(submitted: UUID, monkeypatch: pytest.MonkeyPatch) -> None:
    # So fine a fraction needs dozens of agreements; a smaller column shows the same.
    monkeypatch.setattr(apportion, "LARGEST", 100)
    clearance.clear(submission_id=submitted, at=timezone.now())
    assert Decision.objects.get(submission=submitted).outcome == "review"
    (finding,) = Finding.objects.filter(decision__submission=submitted)
    assert finding.rule == "output_can_be_split"


def test_a_step_that_died_before_publishing_is_caught_up(submitted: UUID) -> None:
    sequencer.drain(at=timezone.now())
    newest = Checkpoint.objects.latest("size")
    kept = settings.LEDGER_CHECKPOINT_FILE
    kept.unlink()
    sequencer.resume()
    assert kept.read_text() == newest.note
