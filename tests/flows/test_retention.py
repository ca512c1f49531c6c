"""How long what is kept: classes that are whole, and a nightly sweep that removes what may go and nothing else."""

from __future__ import annotations

import json
import os
from datetime import timedelta
from pathlib import Path
from typing import Any
from uuid import UUID, uuid4

import pytest
from django.apps import apps
from django.contrib.admin.models import ADDITION, LogEntry
from django.contrib.auth.models import User
from django.contrib.contenttypes.models import ContentType
from django.contrib.sessions.models import Session
from django.test import Client
from django.utils import timezone

from fingerprint import store
from ledger import audit, importing, jobs, retention, sequencer
from ledger.models import ImportBatch, ImportProblem, Job, Operation
from tests.flows.conftest import World
from tests.flows.test_imports import CATALOGUE as MAPPING
from tests.flows.test_imports import hand_in

pytestmark = pytest.mark.django_db(transaction=True, databases="__all__")

ROWS = "Title,ISRC,Artist,IPI,Work,ISWC,Album,UPC,No\nBad,not a code,Somebody,,,,,,\n"


def test_every_class_names_tables_that_are_there_once() -> None:
    named = [label for one in retention.CLASSES for label in one.models]
    assert len(named) == len(set(named))
    assert all(apps.get_model(label) for label in named)
    assert all(one.ground and one.eraser for one in retention.CLASSES)


def test_the_sweep_removes_what_is_old_and_nothing_else(trade: World, settings: Any, tmp_path: Path) -> None:
    settings.FILE_UPLOAD_TEMP_DIR = str(tmp_path / "uploads")
    (tmp_path / "uploads").mkdir()
    old_upload, fresh_upload = tmp_path / "uploads" / "old", tmp_path / "uploads" / "fresh"
    now = timezone.now()
    for file, days in ((old_upload, 3), (fresh_upload, 0)):
        file.write_bytes(b"x")
        os.utime(file, ((now - timedelta(days=days)).timestamp(),) * 2)
    over = hand_in(trade.label, "over", "catalogue", ROWS, mapping=MAPPING).json()["id"]
    importing.take(batch_id=UUID(over), at=timezone.now())
    waits = hand_in(trade.label, "waits", "catalogue", ROWS.replace("Bad", "Worse"), mapping=MAPPING).json()["id"]
    digests = {id: ImportBatch.objects.get(pk=id).file_digest for id in (over, waits)}
    keeper = User.objects.create_user("keeper")
    for days in (731, 729):
        said = LogEntry.objects.create(
            user=keeper, content_type=ContentType.objects.first(), object_id="1", object_repr="1", action_flag=ADDITION
        )
        LogEntry.objects.filter(pk=said.pk).update(action_time=now - timedelta(days=days))
    for days in (-1, 1):
        Session.objects.create(session_key=f"s{days}", session_data="", expire_date=now + timedelta(days=days))
    done, recent, waiting = (jobs.enqueue(Job.Kind.CLEAR, uuid4(), at=now) for _ in range(3))
    Job.objects.filter(pk=done.pk).update(done_at=now - timedelta(days=91))
    Job.objects.filter(pk=recent.pk).update(done_at=now - timedelta(days=89))

    first = retention.sweep(at=now, ended=timezone.now)
    assert first.has_passed
    removed = json.loads(first.document)["removed"]
    assert removed["jobs that are done"] == 1
    assert removed["who added what at the desk"] == 1
    assert removed["sessions"] == 1
    assert removed["temporary files"] == 1
    assert (removed["lines of imports"], removed["files of imports"]) == (0, 0)
    assert not old_upload.exists()
    assert fresh_upload.exists()
    assert set(Job.objects.values_list("pk", flat=True)) >= {recent.pk, waiting.pk}
    assert Session.objects.get().session_key == "s1"
    assert all(store.holds(digest, alias="imports") for digest in digests.values())

    later = retention.sweep(at=now + timedelta(days=366), ended=timezone.now)
    removed = json.loads(later.document)["removed"]
    assert json.loads(later.document)["failed"] == {}
    assert removed["files of imports"] == 1
    assert removed["lines of imports"] >= 1
    assert not store.holds(digests[over], alias="imports")
    assert store.holds(digests[waits], alias="imports")  # nobody has taken it yet
    assert not ImportProblem.objects.filter(batch=over).exists()
    assert not ImportBatch.objects.get(pk=over).outcome.is_taken  # what came of it is a fact
    sequencer.drain(at=timezone.now())
    assert audit.audit().faults == ()


def test_one_store_that_fails_keeps_no_other(trade: World, settings: Any, tmp_path: Path) -> None:
    settings.FILE_UPLOAD_TEMP_DIR = str(tmp_path)
    (tmp_path / "gone").symlink_to(tmp_path / "nowhere")
    Session.objects.create(session_key="old", session_data="", expire_date=timezone.now() - timedelta(days=1))
    broken = {"BACKEND": "django.core.files.storage.FileSystemStorage", "OPTIONS": {"location": "/proc/1/nowhere"}}
    settings.STORAGES = {**settings.STORAGES, "usage": {**broken, "BACKEND": "tests.flows.test_retention.Away"}}
    done = retention.sweep(at=timezone.now(), ended=timezone.now)
    found = json.loads(done.document)
    assert not done.has_passed
    assert found["failed"] == {"uploads that nothing speaks of": "ConnectionError"}
    assert found["removed"]["sessions"] == 1


class Away:
    """A store that does not answer."""

    def __init__(self, **options: Any) -> None:
        pass

    def listdir(self, path: str) -> Any:
        raise ConnectionError


def test_the_operator_reads_the_classes_and_nobody_else(trade: World) -> None:
    Operation.objects.all()
    retention.sweep(at=timezone.now(), ended=timezone.now)
    client = Client()
    assert client.get("/reports/retention").status_code == 302
    client.force_login(User.objects.create_user("somebody", is_staff=True))
    assert client.get("/reports/retention").status_code == 403
    client.force_login(User.objects.create_superuser("keeper"))
    page = client.get("/reports/retention").content.decode()
    assert "10 years after what it permits or rests on has ended" in page
    assert "Who added what at the desk" in page
    assert "nobody was erased" in page
