"""`manage.py bind_outputs` …"""

from __future__ import annotations

import pytest
from django.core.management import call_command

from ledger.models import Entry
from provenance.models import Manifest, SoftBinding
from tests.flows.conftest import World, superuser, today
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
    call_command("bind_outputs")
    assert capsys.readouterr().out == "0 outputs were bound.\n"
