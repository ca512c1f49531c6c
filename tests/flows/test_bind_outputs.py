"""`manage.py bind_outputs` …"""

from __future__ import annotations

import pytest
from django.core.management import call_command

from fingerprint import store
from ledger import replaying
from ledger.models import Entry
from ledger.replaying import Result
from provenance.models import Manifest, SoftBinding
from tests.flows.conftest import World, changed, superuser, today
from tests.flows.test_resolution import found, send

pytestmark = pytest.mark.django_db(transaction=True, databases="__all__")


def test_older_outputs_are_bound_by_a_command(world: World, capsys: pytest.CaptureFixture[str]) -> None:
    decision = world.cleared(release_on=today().isoformat())["decision"]["id"]
    with superuser() as admin:  # as it was before there were soft bindings
        for table in ("provenance_softbinding", "provenance_outputfingerprint"):
            admin.execute(f"ALTER TABLE {table} DISABLE TRIGGER ALL")
            admin.execute(f"DELETE FROM {table}")
            admin.execute(f"ALTER TABLE {table} ENABLE TRIGGER ALL")
            admin.execute(f"ALTER TABLE {table} ENABLE ALWAYS TRIGGER {table}_is_append_only")
    assert found(send(world.sounds.sung("flac"))) == []
    call_command("bind_outputs")
    assert capsys.readouterr().out == "1 outputs were bound.\n"
    rows = SoftBinding.objects.filter(decision=decision)
    assert {row.is_stated for row in rows} == {False}
    assert Entry.objects.filter(kind=Entry.Kind.SOFT_BOUND, soft_binding__in=rows).count() == 2
    assert found(send(world.sounds.sung("flac"))) == [Manifest.objects.get(decision=decision).label]
    for entry in Entry.objects.filter(kind=Entry.Kind.SOFT_BOUND):  # taken from the audio again, it is the same value
        assert replaying.replay(entry).result is Result.SAME
        with changed("UPDATE provenance_softbinding SET value = value || '\\x00'::bytea", "provenance_softbinding"):
            assert replaying.replay(entry).result is Result.SAME  # the audio says what was logged, not the row
    call_command("bind_outputs")
    assert capsys.readouterr().out == "0 outputs were bound.\n"
    store.discard(str(rows[0].decision.submission.audio_id))
    assert {replaying.replay(one).result for one in Entry.objects.filter(kind=Entry.Kind.SOFT_BOUND)} == {Result.LOST}
