"""Deciding again: what was logged comes out to the byte, and whatever was changed since is named field by field."""

from __future__ import annotations

import io
import json
from collections import Counter
from hashlib import sha256
from pathlib import Path
from typing import Any
from uuid import UUID

import pytest
from django.core.management import CommandError, call_command
from django.test import override_settings
from django.utils import timezone

from ledger import certifying, checkpoints, rechecking, replaying, sequencer, tasks
from ledger.models import Entry, Leaf, ReplayedEntry, ReplayRound
from ledger.replaying import Result
from royalties.models import UsageMatching
from tests.flows import runs, worked
from tests.flows.conftest import Sounds, World, changed, key, superuser, tampering
from tests.flows.runs import Payer
from tests.flows.test_reviews import operator, unheard
from tests.flows.test_runs import RECEIPTS, agree, certify, quote

pytestmark = pytest.mark.django_db(transaction=True, databases="__all__")

Found = dict[str, Counter[str]]


def replayed() -> Found:
    """Decide every entry of the log again, and count what came of it by kind."""
    sequencer.drain(at=timezone.now())
    found: Found = {}
    for entry in Entry.objects.select_related("leaf").order_by("leaf__index"):
        one = replaying.replay(entry)
        found.setdefault(entry.kind, Counter())[one.result.value] += 1
        assert one.result in {Result.SAME, Result.NOTHING}, (entry.kind, one.sentence, one.differences[:5])
    return found


def said(*arguments: str) -> tuple[int, str]:
    out = io.StringIO()
    try:
        call_command("replay", *arguments, stdout=out)
    except CommandError as error:
        return error.returncode, out.getvalue()
    return 0, out.getvalue()


def decision_of(name: str) -> Entry:
    return Entry.objects.select_related("leaf").get(decision__submission=UUID(key(name)))


def test_of_every_kind_it_is_known_whether_it_can_be_decided_again() -> None:
    kinds = set(Entry.Kind.values)
    assert set(replaying.NOTHING) | set(replaying.AGAIN) | set(replaying.READ_AGAIN) == kinds
    assert len(replaying.NOTHING) + len(replaying.AGAIN) + len(replaying.READ_AGAIN) == len(kinds)
    assert all(reason.endswith(".") for reason in replaying.NOTHING.values())


def test_what_rules_and_people_decided_comes_to_the_same_bytes(world: World) -> None:
    """Cleared, refused, let pass on review, refused on review, found later; and clearances that were answered."""
    world.cleared()
    world.settle(world.submit("patched", world.sounds.patched(), key("country"))["id"])
    one, other = operator("one"), operator("other")
    for name, outcome, reason in (("let", "cleared", "heard_after_all"), ("kept", "refused", "not_heard")):
        case = unheard(world, name)["decision"]["id"]
        review = {"id": key(f"review of {name}"), "outcome": outcome, "reason": reason}
        for person in (one, other):
            answer = person.post(f"/v1/review-cases/{case}/reviews", review)
            assert answer.status_code in {201, 409}, answer.content
            review = {**review, "id": key(f"second review of {name}")}
    world.register("piano", licensed=False)
    assert rechecking.sweep(at=timezone.now()) >= 1
    asked = {"licensee": key("distributor"), "uses": ["stream"], "territories": ["DE"], "valid_at": "2026-12-01"}
    assets = [{"recording": key("country")}, {"recording": key("nothing")}, {"isrc": "DEA120000099"}]
    answer = world.distributor.post("/v1/clearances", {"id": key("asked"), **asked, "assets": assets})
    sequencer.drain(at=timezone.now())
    certifying.sweep(at=timezone.now())
    with override_settings(LEDGER_PUBLIC_URL="https://elsewhere.example"):  # the service may move
        found = replayed()
    assert found["certified"][Result.SAME] >= 2
    assert found["decided"][Result.SAME] == Entry.objects.filter(kind="decided").count() >= 6
    assert found["rechecked"][Result.SAME] >= 1
    if answer.status_code == 201:
        assert found["clearance_answered"] == {Result.SAME: 1}
    assert found["submitted"] == {Result.NOTHING: Entry.objects.filter(kind="submitted").count()}


@pytest.mark.parametrize(
    ("table", "change", "where"),
    [
        ("rights_share", "party_id = (SELECT id FROM rights_party WHERE id <> party_id LIMIT 1)", "royalties_split"),
        ("rights_consent", "licensee_id = grantor_id", "data.outcome"),
        ("rights_license", "active_to = active_from + 1", "data.outcome"),
        ("royalties_plan", "commission_numerator = 0", "data.splits"),
    ],
)
def test_what_was_changed_behind_its_back_makes_a_difference(table: str, change: str, where: str, world: World) -> None:
    world.cleared()
    sequencer.drain(at=timezone.now())
    index = decision_of("output").leaf.index
    assert said(str(index))[0] == 0
    with changed(f"UPDATE {table} SET {change}", table):
        found = replaying.replay(decision_of("output"))
        code, text = said(str(index))
    assert found.result is Result.DIFFERENT
    assert code == 1
    assert [one for one in found.differences if one.where.startswith(where)], found.differences
    assert f"✗ {where}" in text


def test_an_entry_that_was_rewritten_differs(world: World) -> None:
    world.cleared()
    sequencer.drain(at=timezone.now())
    entry = decision_of("output")
    forged = bytes(entry.body).replace(b'"outcome":"cleared"', b'"outcome":"refused"')
    with changed("UPDATE ledger_entry SET body = %s WHERE id = %s", "ledger_entry", values=(forged, entry.id)):
        found = replaying.replay(decision_of("output"))
        code, text = said(str(entry.id), "--json")
    assert [(one.where, one.then, one.now) for one in found.differences] == [("data.outcome", "refused", "cleared")]
    assert code == 1
    assert json.loads(text)["differences"] == [{"where": "data.outcome", "then": "refused", "now": "cleared"}]
    with changed("UPDATE ledger_entry SET body = %s WHERE id = %s", "ledger_entry", values=(b"\xff", entry.id)):
        assert replaying.replay(decision_of("output")).result is Result.DIFFERENT


def test_the_command_names_what_it_cannot_do(world: World) -> None:
    world.cleared()
    sequencer.drain(at=timezone.now())
    submitted = Entry.objects.get(submission=UUID(key("output")))
    code, text = said(str(submitted.leaf.index))
    assert (code, "Somebody stated it" in text) == (3, True)
    for name in ("999999", key("nothing"), "not an id", "９"):
        assert said(name)[0] == 2
    assert said()[0] == said("3", "--sample")[0] == 2
    code, text = said(str(decision_of("output").leaf.index), "--measure")
    assert (code, "the same" in text) == (0, True)
    with tampering("fingerprint_examination") as cursor:
        cursor.execute("UPDATE fingerprint_examination SET document = '{}'")
        code, text = said(str(decision_of("output").leaf.index))
    assert (code, "cannot be read" in text) == (3, True)


def test_a_night_decides_again_what_the_newest_checkpoint_draws(
    world: World, settings: Any, caplog: pytest.LogCaptureFixture
) -> None:
    settings.LEDGER_REPLAYS_A_NIGHT = 50
    world.cleared()
    sequencer.drain(at=timezone.now())
    tasks.replay_sample()
    tasks.replay_sample()  # a checkpoint draws once
    row = ReplayRound.objects.get()
    assert (row.drawn, row.same, row.different, row.lost) == (1, 1, 0, 0)
    desk = operator("desk")
    assert "byte for byte" in desk.get("/admin/").content.decode()

    world.submit("another", world.sounds.own("wav"))
    sequencer.drain(at=timezone.now())
    guarded = "ALTER TABLE rights_license {} TRIGGER rights_license_is_append_only"
    with superuser() as admin:
        admin.execute(guarded.format("DISABLE"))
        admin.execute("UPDATE rights_license SET active_to = active_from + 1")
        admin.execute(guarded.format("ENABLE ALWAYS"))
    tasks.replay_sample()
    row = ReplayRound.objects.order_by("-size")[0]
    assert (row.drawn, row.same, row.different, row.lost) == (1, 0, 1, 0)
    (kept,) = ReplayedEntry.objects.filter(round=row)
    assert "data.outcome" in {one["where"] for one in kept.differences}
    assert "replay of entry" in caplog.text
    shown = desk.get("/admin/").content.decode()
    assert "Somebody has to look" in shown
    assert f"Entry {kept.entry.leaf.index}" in shown


def test_nobody_chooses_what_a_checkpoint_draws(world: World) -> None:
    world.cleared()
    world.settle(world.submit("patched", world.sounds.patched(), key("country"))["id"])
    sequencer.drain(at=timezone.now())
    head = checkpoints.newest()
    decided = list(Leaf.objects.filter(entry__kind="decided").order_by("index"))
    assert len(decided) == 2
    expected = int.from_bytes(sha256(bytes(head.root) + b"decided" + bytes(8)).digest()[:8], "big") % 2
    assert [one.leaf.index for one in replaying.drawn(head, most=1)] == [decided[expected].index]
    assert [one.leaf.index for one in replaying.drawn(head, most=100)] == [one.index for one in decided]


@pytest.fixture
def payer(transactional_db: None, sounds: Sounds, tmp_path: Path) -> Payer:
    worked.build(sounds)
    found = runs.payer()
    agree(found)
    quote(found)
    found.report(tmp_path, "january", RECEIPTS)
    found.published("run 1", "2026-01-01", "2026-02-01", pay_on="2026-02-20")
    return found


OTHERS = """
    UPDATE rights_submission SET submitter_id = (SELECT id FROM rights_party WHERE id <> submitter_id LIMIT 1)
"""


def test_a_run_is_calculated_again_by_the_books_as_they_stood_then(payer: Payer, tmp_path: Path) -> None:
    # What is known later: a better report of January, another certificate and a second run that divides January anew.
    certify(payer, "D", "0")
    statement = next(row for row in payer.statements("run 1").values() if row["payee"] == key("D"))
    refund = payer.one.post(f"/v1/statements/{statement['id']}/refunds", {"reason": "The certificate came late."})
    assert refund.status_code == 201, refund.content
    more = [(output, country, str(float(amount) * 2), currency) for output, country, amount, currency in RECEIPTS]
    payer.report(tmp_path, "january again", more, replaces="january")
    payer.published("run 2", "2026-02-01", "2026-03-01", pay_on="2026-03-20")
    found = replayed()
    assert found["statement_issued"] == {Result.SAME: Entry.objects.filter(kind="statement_issued").count()}
    assert found["statement_issued"][Result.SAME] >= 12
    assert found["run_went_on"] == {Result.SAME: 6, Result.NOTHING: 2}  # two people approved
    assert found["booked"][Result.SAME] >= 4
    assert found["splits_redivided"][Result.SAME] >= 2
    by_ids = UsageMatching.objects.filter(method="ids").count()
    assert found["usage_matched"][Result.SAME] == by_ids >= 1
    assert found["usage_received"] == found["usage_finished"] == {Result.SAME: 2}
    matched = Entry.objects.filter(usage_matching__method="ids").select_related("leaf")[0]
    with changed(OTHERS, "rights_submission"):
        assert replaying.replay(matched).result is Result.DIFFERENT

    statement_entry = Entry.objects.filter(statement__run=UUID(key("run 1")), statement__payee=UUID(key("A"))).get()
    with changed("UPDATE royalties_payeeterms SET reserve_numerator = 0", "royalties_payeeterms"):
        other = replaying.replay(statement_entry)
    assert other.result is Result.DIFFERENT
    assert [one.then for one in other.differences if one.where.endswith(" reserved")] == [1839]
    with changed(
        "UPDATE royalties_exchangerate SET numerator = numerator + 1 WHERE base = 'USD'", "royalties_exchangerate"
    ):
        frozen = replaying.replay(Entry.objects.get(run_event__run=UUID(key("run 1")), run_event__act="frozen"))
    assert frozen.result is Result.DIFFERENT
    assert "data.document" in {one.where for one in frozen.differences}
    with changed(
        'UPDATE royalties_runpartition SET document = replace(document, \'"units":"\', \'"units":"1\')',
        "royalties_runpartition",
    ):
        divided = replaying.replay(Entry.objects.get(run_event__run=UUID(key("run 1")), run_event__act="reconciled"))
    assert divided.result in {Result.DIFFERENT, Result.LOST}
