"""The log: everything stated is in it with a proof, and it names what was changed behind its back."""

from __future__ import annotations

import io
import json
import re
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, date, datetime
from pathlib import Path, PurePath
from typing import Any
from uuid import UUID
from zipfile import ZipFile

import pytest
from django.apps import apps
from django.core.management import CommandError, call_command
from django.db import DataError, IntegrityError, ProgrammingError, transaction
from django.db.backends.utils import CursorWrapper
from django.db.models import ForeignKey, Model, UUIDField
from django.utils import timezone

from ledger import canonical, checkpoints, merkle, notes, receipts, report, rows, sequencer, verify
from ledger.models import Checkpoint, Entry, Leaf
from rights.models.conditions import ASSETS
from tests import guards
from tests.flows.conftest import World, body, changed, key, row_counts, superuser, tampering, today
from tests.flows.facts import one_of_each

MODELS: dict[str, type[Model]] = {model._meta.db_table: model for model in apps.get_models()}
FACTS = [table for table in guards.VOUCHED if table != "ledger_entry"]
AUDITED_WHOLE = FACTS[::10]  # for the others, what the audit asks is asked of the table alone


@dataclass(frozen=True)
class Story:
    """A world with everything on record: an output that was cleared, one that was refused, one that waits."""

    world: World
    cleared: UUID
    refused: UUID


@pytest.fixture(scope="module")
def story(standing: World) -> Iterator[Story]:
    world = standing
    cleared = world.cleared()["id"]
    withdrawal = {"id": key("withdrawal"), "actor": key("label"), "effective_on": today().isoformat()}
    world.state(f"/v1/consents/{key('consent country label')}/withdrawals", withdrawal)
    refused = world.settle(world.submit("refused", world.sounds.sung("mp3"), key("country"))["id"])
    assert refused["state"] == "refused"
    one_of_each(world)
    sequencer.drain(at=timezone.now())
    world.submit("waiting", world.sounds.own(), expected={"minor": 125_000, "currency": "EUR"})
    sequencer.drain(at=timezone.now())
    before = row_counts()
    yield Story(world, UUID(cleared), UUID(refused["id"]))
    assert row_counts() == before
    assert audited() == ""


def audited() -> str:
    """What the audit has to say; empty where all holds."""
    out = io.StringIO()
    try:
        call_command("verify_ledger", stdout=out)
    except CommandError as error:
        return f"{out.getvalue()}exit {error.returncode}"
    assert "✓" in out.getvalue()
    return ""


def pack_faults(submission: UUID, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> list[str]:
    """What ``ledger-verify`` finds wrong with a pack that is made now."""
    pack, log_key = tmp_path / "pack.zip", tmp_path / "log.vkey"
    log_key.write_text(checkpoints.verifier_key())
    report.pack(submission, pack)
    capsys.readouterr()
    status = verify.main([str(pack), "--key", str(log_key), "--json"])
    checks = json.loads(capsys.readouterr().out)["checks"]
    faults = [check["sentence"] for check in checks if check["state"] == "fails"]
    assert status == (1 if faults else 0)
    return faults


# --- what is in it


def test_every_statement_is_in_the_log_with_its_proof(story: Story) -> None:
    api = story.world.label
    log = notes.Verifier.from_text(body(api.get("/v1/log/key")).decode().strip())
    head = body(api.get("/v1/log/checkpoint")).decode()
    size = notes.open_checkpoint(head, log).size
    assert size == Entry.objects.count() == Leaf.objects.count()
    kinds = set()
    for index in range(size):
        entry = api.get(f"/v1/log/entries/{index}").json()
        receipt = receipts.Receipt.from_text(entry["receipt"])
        assert (entry["index"], receipt.index, receipt.checkpoint) == (index, index, head)
        receipts.verify(receipt, entry["body"].encode(), log)
        said = canonical.read(entry["body"].encode())
        assert (str(said.id), said.kind) == (entry["id"], entry["kind"])
        kinds.add(entry["kind"])
    assert kinds == set(Entry.Kind.values)
    assert api.get(f"/v1/log/entries/{size}").status_code == 404


def test_every_checkpoint_extends_the_one_before(story: Story) -> None:
    newest, tiles = sequencer.tree()
    signed = list(Checkpoint.objects.order_by("size"))
    assert len(signed) >= 3
    for head in signed:
        said = notes.open_checkpoint(head.note, checkpoints.signer().verifier)
        assert (said.size, said.root) == (head.size, bytes(head.root))
        merkle.verify_consistency(
            old_size=head.size,
            size=newest.size,
            proof=merkle.consistency_proof(head.size, newest.size, tiles),
            old_root=bytes(head.root),
            root=bytes(newest.root),
        )


def test_the_audit_counts_what_it_went_through(story: Story) -> None:
    out = io.StringIO()
    call_command("verify_ledger", "--json", stdout=out)
    assert json.loads(out.getvalue()) == {
        "entries": Entry.objects.count(),
        "pending": 0,
        "checkpoints": Checkpoint.objects.count(),
        "faults": [],
    }


def test_a_cause_stands_before_its_effect(story: Story) -> None:
    index = {entry.kind: entry.leaf.index for entry in Entry.objects.filter(submission=story.cleared)}
    index |= {entry.kind: entry.leaf.index for entry in Entry.objects.filter(decision__submission=story.cleared)}
    license_ = Entry.objects.get(license=UUID(key("license of country"))).leaf.index
    assert license_ < index["submitted"] < index["decided"]


# --- what is changed behind its back


def another(value: Any, column: str) -> list[Any]:
    """Other values of the same type, from the most to the least alike."""
    match value:
        case bool():
            return [not value]
        case int():
            return [value + 1, value - 1]
        case str():
            swapped = ("0" if value[:1] != "0" else "1") + value[1:]
            return [swapped, value + "x"]
        case UUID():
            return [UUID(int=value.int ^ 1)]
        case bytes():
            return [value[:-1] + bytes([value[-1] ^ 1])]
        case datetime() | date():
            return [value.replace(year=value.year - 1), value.replace(year=value.year + 1)]
        case list():
            return [[*value, *value[:1]], ["DE"], [UUID(int=1)], [1]]
        case None:
            return ["x", 1, UUID(int=1), date(2099, 1, 1), b"x"]
    raise TypeError(f"{column}: {value!r}")


def change_one(cursor: CursorWrapper, table: str, column: str, key_column: str) -> bool:
    """Change one column of the newest row that lets it; False where a constraint refuses any change of any."""
    cursor.execute(f'SELECT "{key_column}", "{column}" FROM {table} ORDER BY "{key_column}" DESC LIMIT 9')
    for row, value in cursor.fetchall():
        for other in another(value, column):
            if other == value:
                continue
            try:
                with transaction.atomic():
                    cursor.execute(f'UPDATE {table} SET "{column}" = %s WHERE "{key_column}" = %s', (other, row))
            except (DataError, IntegrityError, ProgrammingError):
                continue
            return True
    return False


def columns_of(table: str) -> list[str]:
    # What PostgreSQL computes from other columns is no column to change, nor one that is vouched for.
    return [field.attname for field in MODELS[table]._meta.concrete_fields if not field.generated]


# Every constraint but these lets a single column be changed by somebody who may do everything.
OF_ONE_ASSET = (
    "rights_share",
    "rights_consent",
    "rights_consentasset",
    "rights_licenseasset",
    "rights_datasetmember",
    "rights_reservation",
    "rights_conflict",
    "rights_influenceweight",
)
REFUSED_BY_CONSTRAINT = {
    *((table, f"{asset}_id") for table in OF_ONE_ASSET for asset in ASSETS),
    *(("rights_identifier", column) for column in ("party_id", "work_id", "recording_id", "release_id")),
    ("rights_consent", "is_list"),
    ("rights_consent", "influence_numerator"),
    ("rights_consent", "influence_denominator"),
    ("rights_shareevent", "act"),
    ("rights_submission", "expected_currency"),
    # Of one of two, or with a companion that would have to change too.
    *(("rights_datasetexclusion", column) for column in ("work_id", "voice_id", "stem_id", "lyrics_id", "quantity")),
    ("rights_outputflag", "event_id"),
    ("rights_outputflag", "recheck_id"),
    ("rights_voiceenrollmentend", "kind"),
    ("rights_voiceenrollmentend", "successor_id"),
    ("rights_appealevidence", "kind"),
    ("rights_appealevidence", "isrc"),
    ("rights_recheck", "cause"),
    ("rights_recheck", "event_id"),
    ("rights_influenceweight", "numerator"),
    ("provenance_manifeststatus", "successor_id"),
    ("provenance_timestamp", "copy_id"),
    ("provenance_disclosureanswer", "answer"),
    *(("royalties_plan", column) for column in ("scope", "party_id", "release_id", "recording_id")),
    *(
        ("royalties_planmodel", column)
        for column in ("model", "numerator", "basis", "provider_id", "threshold_numerator", "threshold_denominator")
    ),
    ("royalties_planquantity", "recording_id"),
    ("royalties_planterm", "kind"),
    ("royalties_planterm", "rate_numerator"),
    ("royalties_planterm", "is_recoupable"),
    ("royalties_transaction", "term_id"),  # of what no term of a plan is behind
    # Of a statement the steps add up.
    *(
        ("royalties_statement", column)
        for column in (
            "earned",
            "held",
            "reserved",
            "released",
            "carried_in",
            "recouped",
            "deducted",
            "withheld",
            "carried_out",
            "payable",
        )
    ),
    ("royalties_usageoutcome", "is_booked"),
    ("royalties_usageoutcome", "problems"),
    ("royalties_declaration", "kind"),
    ("royalties_declaration", "license_id"),
    *(("ledger_auditnote", column) for column in ("entry_id", "submission_id")),  # it is beside a statement
}


Logged = dict[str, list[tuple[Entry, UUID, Any]]]


@pytest.fixture(scope="module")
def logged(story: Story) -> Logged:
    """Table → the entries that vouch for rows of it, the subject of each, and what it says of them."""
    found: Logged = {}
    for entry in Entry.objects.select_related("leaf"):
        for group in canonical.read(bytes(entry.body)).rows:
            found.setdefault(group.table, []).append((entry, report.subject_id(entry), group))
    return found


def broken(table: str, logged: Logged) -> list[str]:
    """The entries whose rows of this table are not those that were logged, found without a whole audit."""
    found = []
    for entry, subject_id, said in logged[table]:
        groups = rows.collect(entry.kind, subject_id, versions={table: said.version})
        if said not in [group.vouched for group in groups]:
            found.append(f"✗ Entry {entry.leaf.index} ({entry.kind}): the rows of {table} are not those")
    return found


@contextmanager
def undone() -> Iterator[None]:
    """Take back what the body does in a transaction that goes on."""
    with transaction.atomic():
        yield
        transaction.set_rollback(True)


@pytest.mark.parametrize("table", FACTS)
def test_the_audit_names_the_entry_of_any_changed_column(table: str, story: Story, logged: Logged) -> None:
    pk = MODELS[table]._meta.pk
    assert pk is not None
    seen = 0
    with tampering(table) as cursor:
        for column in columns_of(table):
            with undone():
                if not change_one(cursor, table, column, pk.attname):
                    assert (table, column) in REFUSED_BY_CONSTRAINT
                    continue
                named = broken(table, logged)
                assert named, column
                if not seen:  # the whole audit takes its time
                    said = audited()
                    assert said.endswith("exit 1")
                    assert all(sentence in said for sentence in named)
                seen += 1
    assert seen


@pytest.mark.parametrize(
    ("column", "other"),
    [
        ("id", UUID(int=1)),
        ("kind", "decided"),
        ("kind", "nonsense"),
        ("body", b"{}"),
        ("at", datetime(2026, 1, 1, tzinfo=UTC)),
        ("subject", "decision"),
        ("subject", "nonsense"),
        ("fact", UUID(int=1)),
    ],
)
def test_the_audit_names_an_entry_whose_own_columns_were_changed(column: str, other: Any, story: Story) -> None:
    assert set(columns_of("ledger_entry")) == {"id", "kind", "body", "at", "subject", "fact"}
    entry = Entry.objects.get(submission=story.cleared)
    statement = f"UPDATE ledger_entry SET {column} = %s WHERE id = %s"
    with changed(statement, "ledger_entry", values=(other, entry.id)):
        assert f"Entry {entry.leaf.index} " in audited()


@pytest.mark.parametrize("junk", [b"", b"{}", b"\xff", b"[" * 60_000, b'"' + b"x" * 70_000 + b'"'], ids=len)
def test_the_audit_goes_on_over_an_entry_of_junk(junk: bytes, story: Story) -> None:
    entry = Entry.objects.get(decision__submission=story.cleared)
    with changed("UPDATE ledger_entry SET body = %s WHERE id = %s", "ledger_entry", values=(junk, entry.id)):
        said = audited()
    assert f"Entry {entry.leaf.index} (decided) was changed" in said
    assert f"Entry {entry.leaf.index} (decided) cannot be read" in said


@pytest.mark.parametrize(
    ("said", "instead"),
    [
        (b'"kind":"decided"', b'"kind":"dreamed"'),
        (b'"table":"rights_decision"', b'"table":"rights_nonsense"'),
        (b'"v":1}', b'"v":99}'),
        (b'"subject":{"id":"', b'"subject":{"id":"x'),
    ],
)
def test_the_audit_goes_on_over_an_entry_of_what_is_not_known(said: bytes, instead: bytes, story: Story) -> None:
    entry = Entry.objects.get(decision__submission=story.cleared)
    assert said in bytes(entry.body)
    other = bytes(entry.body).replace(said, instead)
    with changed("UPDATE ledger_entry SET body = %s WHERE id = %s", "ledger_entry", values=(other, entry.id)):
        found = audited()
    assert f"Entry {entry.leaf.index} (decided) was changed" in found
    assert found.endswith("exit 1")


def test_the_audit_names_entries_whose_subjects_were_swapped(story: Story) -> None:
    one, two = Entry.objects.filter(kind="share_registered").order_by("leaf__index")[:2]
    with tampering("ledger_entry") as cursor:
        for entry, share in ((one, UUID(int=1)), (two, one.fact), (one, two.fact)):
            cursor.execute("UPDATE ledger_entry SET fact = %s WHERE id = %s", (share, entry.id))
        said = audited()
    for entry in (one, two):
        assert f"Entry {entry.leaf.index} (share_registered)" in said


TREE: dict[str, tuple[str, str, str]] = {
    "leaf hash": ("UPDATE ledger_leaf SET hash = sha256('x') WHERE index = 3", "ledger_leaf", "Entry 3 "),
    "leaf moved": ("UPDATE ledger_leaf SET index = index + 1000 WHERE index = 3", "ledger_leaf", "Entry 3 is missing"),
    "leaf of nothing": (
        "UPDATE ledger_leaf SET entry_id = gen_random_uuid() WHERE index = 3", "ledger_leaf", "Entry 3 is missing",
    ),
    "leaf deleted": ("DELETE FROM ledger_leaf WHERE index = 3", "ledger_leaf", "Entry 3 is missing"),
    "last leaf deleted": (
        "DELETE FROM ledger_leaf WHERE index = (SELECT max(index) FROM ledger_leaf)",
        "ledger_leaf",
        "speaks of entries that are not there",
    ),
    "entry deleted": (
        "DELETE FROM ledger_entry WHERE id = (SELECT entry_id FROM ledger_leaf WHERE index = 3)",
        "ledger_entry",
        "Entry 3 is missing",
    ),
    "root": (
        "UPDATE ledger_checkpoint SET root = sha256('x') WHERE size = (SELECT max(size) FROM ledger_checkpoint)",
        "ledger_checkpoint",
        "names a root that does not follow",
    ),
    "size": (
        "UPDATE ledger_checkpoint SET size = size + 1 WHERE size = (SELECT max(size) FROM ledger_checkpoint)",
        "ledger_checkpoint",
        "checkpoint of size",
    ),
    "note of another": (
        "UPDATE ledger_checkpoint SET note = (SELECT note FROM ledger_checkpoint ORDER BY size LIMIT 1) WHERE size > 9",
        "ledger_checkpoint",
        "says something else than its row",
    ),
    "note unsigned": (
        "UPDATE ledger_checkpoint SET note = split_part(note, E'\\n\\n', 1) || E'\\n'",
        "ledger_checkpoint",
        "is not signed by this log",
    ),
    "newest checkpoint deleted": (
        "DELETE FROM ledger_checkpoint WHERE size = (SELECT max(size) FROM ledger_checkpoint)",
        "ledger_checkpoint",
        "heckpoint",
    ),
    "edge": ("UPDATE ledger_edge SET data = data || sha256('x') WHERE level = 0", "ledger_edge", "edge of the tree"),
    "edge emptied": ("UPDATE ledger_edge SET data = '' WHERE level = 0", "ledger_edge", "edge of the tree"),
    "edge deleted": ("DELETE FROM ledger_edge", "ledger_edge", "edge of the tree"),
    "tile put in": (
        "INSERT INTO ledger_tile (level, number, data) VALUES (0, 0, '\\x00')", "ledger_tile", "Tile 0/0",
    ),
}  # fmt: skip


@pytest.mark.parametrize("name", TREE)
def test_the_audit_names_what_is_wrong_with_the_tree(name: str, story: Story) -> None:
    statement, table, said = TREE[name]
    with changed(statement, table):
        assert said in audited()


@pytest.mark.parametrize("table", FACTS)
def test_the_audit_names_the_entry_of_a_deleted_row(table: str, story: Story, logged: Logged) -> None:
    with changed(f"DELETE FROM {table} WHERE ctid = (SELECT max(ctid) FROM {table})", table):
        named = broken(table, logged)
        assert named
        if table in AUDITED_WHOLE:
            said = audited()
            assert all(sentence in said for sentence in named)


@pytest.mark.parametrize("table", FACTS)
def test_the_audit_finds_a_row_that_was_put_in(table: str, story: Story) -> None:
    """Like another row of its table, under keys of its own, so that it belongs to nothing in the log."""
    changes = {"id": "gen_random_uuid()"}
    for field in MODELS[table]._meta.concrete_fields:
        name, kind = field.attname, field.get_internal_type()
        if isinstance(field, ForeignKey) and isinstance(field.target_field, UUIDField):
            changes[name] = f"CASE WHEN {name} IS NOT NULL THEN gen_random_uuid() END"
        elif field.unique:
            other = {"UUIDField": "gen_random_uuid()", "BigAutoField": "1000000"}
            changes[name] = other.get(kind, "gen_random_uuid()" if field.is_relation else "repeat('0', 64)")
    changes |= {
        name: value
        for name, value in {
            "isrc": "NULL",
            "iswc": "NULL",
            "label": "'x'",
            "number": "number + 1",
            "valid_from": "coalesce(valid_from, DATE '2099-01-01')",  # of a plan that is not the first
            "digest": "repeat('0', 64)",
            "file_digest": "repeat('0', 64)",
            "token_digest": "repeat('0', 64)",
            "verifier": "'another'",
            "certificate_digest": "repeat('0', 64)",
        }.items()
        if name in columns_of(table) and (value != "NULL" or MODELS[table]._meta.get_field(name).null)
    }
    names = columns_of(table)
    listed = ", ".join(f'"{name}"' for name in names)
    values = ", ".join(changes.get(name, f'"{name}"') for name in names)
    with changed(f"INSERT INTO {table} ({listed}) SELECT {values} FROM {table} LIMIT 1", table):
        assert rows.uncovered() == {table: 1}
        if table in AUDITED_WHOLE:
            assert f"1 row(s) of {table} have no entry" in audited()


def test_the_audit_finds_a_row_added_to_an_old_fact(story: Story) -> None:
    statement = (
        "INSERT INTO royalties_split (id, decision_id, zone, territories, leaf, party_id, numerator, denominator)"
        " SELECT gen_random_uuid(), decision_id, 5, territories, 'HC/more', party_id, 1, 1 FROM royalties_split LIMIT 1"
    )
    decided = Entry.objects.get(decision__submission=story.cleared).leaf.index
    with changed(statement, "royalties_split"):
        assert f"Entry {decided} (decided): the rows of royalties_split" in audited()


def test_the_audit_finds_an_entry_that_lost_its_way(story: Story) -> None:
    own = "(SELECT entry_id FROM ledger_leaf WHERE index = (SELECT max(index) FROM ledger_leaf))"
    with tampering("ledger_leaf", "ledger_checkpoint") as cursor:
        cursor.execute(f"DELETE FROM ledger_leaf WHERE entry_id = {own}")
        cursor.execute("DELETE FROM ledger_checkpoint WHERE size > (SELECT max(index) + 1 FROM ledger_leaf)")
        assert "neither in the tree nor on their way" in audited()


def test_the_audit_finds_a_log_that_was_cut_off(story: Story) -> None:
    """The last fact is gone with its entry, leaf and checkpoint, and the edge is made anew: the copy outside knows."""
    checkpoints.publish(checkpoints.newest())
    tables = [*FACTS, "ledger_entry", "ledger_leaf", "ledger_checkpoint", "ledger_edge", "ledger_job"]
    kept = Checkpoint.objects.order_by("-size")[1]
    cut = list(Leaf.objects.filter(index__gte=kept.size).values_list("entry_id", flat=True))
    hashes = [bytes(leaf.hash) for leaf in Leaf.objects.filter(index__lt=kept.size).order_by("index")]
    assert {entry.kind for entry in Entry.objects.filter(pk__in=cut)} == {"submitted"}
    edge = merkle.Edge()
    edge.append(b"".join(hashes))
    with tampering(*tables) as cursor:
        gone = "(SELECT fact FROM ledger_entry WHERE id = ANY(%s))"
        for table in ("rights_ingredient", "rights_contribution"):
            cursor.execute(f"DELETE FROM {table} WHERE submission_id IN {gone}", (cut,))
        audio = f"(SELECT audio_id FROM rights_submission WHERE id IN {gone})"
        cursor.execute(f"DELETE FROM fingerprint_audio WHERE digest IN {audio}", (cut,))
        cursor.execute(f"DELETE FROM rights_submission WHERE id IN {gone}", (cut,))
        cursor.execute("DELETE FROM ledger_leaf WHERE entry_id = ANY(%s)", (cut,))
        cursor.execute("DELETE FROM ledger_entry WHERE id = ANY(%s)", (cut,))
        cursor.execute("DELETE FROM ledger_checkpoint WHERE size > %s", (kept.size,))
        for level, data in enumerate(edge.levels):
            cursor.execute("UPDATE ledger_edge SET data = %s WHERE level = %s", (data, level))
        said = audited()
    assert "outside" in said
    assert "✗ Entry" not in said


@pytest.mark.parametrize(
    "change",
    [
        "sealed = NULL, name = 'Somebody else'",  # as names were kept before they were sealed
        "name = 'Somebody else'",  # beside the sealed one
        "sealed = (SELECT sealed FROM rights_partyidentity WHERE party_id <> %s LIMIT 1)",  # another party's
        "sealed = set_byte(sealed, 20, 255 - get_byte(sealed, 20))",
        "wrapped = set_byte(wrapped, 40, 255 - get_byte(wrapped, 40))",
    ],
)
def test_the_audit_finds_a_name_that_was_rewritten(story: Story, change: str) -> None:
    registered = Entry.objects.get(party=UUID(key("label"))).leaf.index
    values = (key("label"),) * (change.count("%s") + 1)
    with changed(
        f"UPDATE rights_partyidentity SET {change} WHERE party_id = %s", "rights_partyidentity", values=values
    ):
        assert f"Entry {registered} (party_registered)" in audited()


def test_the_audit_takes_an_erased_name_for_what_it_is(story: Story) -> None:
    with changed(
        "DELETE FROM rights_partyidentity WHERE party_id = %s", "rights_partyidentity", values=(key("label"),)
    ):
        assert audited() == ""


# --- what a pack shows of it

PACKED: list[tuple[str, str, str]] = [
    ("rights_work", "title", "cleared"),
    ("rights_recording", "title", "cleared"),
    ("rights_recordingwork", "work_id", "cleared"),
    ("rights_share", "numerator", "cleared"),
    ("rights_consent", "document_digest", "cleared"),
    ("rights_consentevent", "effective_on", "cleared"),
    ("rights_withdrawaltask", "due_on", "refused"),
    ("rights_outputflag", "kind", "refused"),
    ("rights_license", "document_digest", "cleared"),
    ("rights_licenseasset", "id", "cleared"),
    ("rights_submission", "title", "cleared"),
    ("rights_ingredient", "recording_id", "cleared"),
    ("rights_contribution", "component", "cleared"),
    ("rights_decision", "licenses", "cleared"),
    ("rights_finding", "sentence", "refused"),
    ("fingerprint_audio", "duration_ms", "cleared"),
    ("fingerprint_reference", "enrolled_at", "cleared"),
    ("fingerprint_fingerprint", "data", "cleared"),
    ("fingerprint_examination", "measured_at", "cleared"),
    ("provenance_manifest", "certificate_digest", "cleared"),
    ("provenance_softbinding", "algorithm", "cleared"),
    ("provenance_timestamp", "authority_digest", "cleared"),
    ("provenance_signerchange", "is_development", "cleared"),
    ("royalties_plan", "commission_numerator", "cleared"),
    ("royalties_planmodel", "side", "cleared"),
    ("royalties_planquantity", "amount", "cleared"),
    ("royalties_planterm", "currency", "cleared"),
    ("royalties_split", "numerator", "cleared"),
    ("royalties_splitsource", "leaf", "cleared"),
    ("rights_review", "reason", "cleared"),
    ("rights_appeal", "statement", "cleared"),
    ("rights_appealevidence", "digest", "cleared"),
    ("rights_appealanswer", "is_upheld", "cleared"),
    ("rights_allowance", "expires_on", "cleared"),
    ("rights_recheck", "policy_version", "cleared"),
    ("rights_recheckfinding", "sentence", "cleared"),
    ("rights_influence", "method", "cleared"),
    ("rights_influenceweight", "denominator", "cleared"),
    ("rights_influenceobjection", "reason", "cleared"),
    ("provenance_certificate", "token", "cleared"),
    ("provenance_manifeststatus", "reason", "cleared"),
    ("rights_contributionrecord", "reason", "cleared"),
    ("rights_contributionact", "act", "cleared"),
    ("rights_contributionevidence", "digest", "cleared"),
    ("provenance_disclosure", "recipient", "cleared"),
    ("provenance_disclosureanswer", "code", "cleared"),
]
TO: dict[str, str] = {
    "amount": "amount + 1",
    "numerator": "1",
    "denominator": "denominator + 1",
    "is_upheld": "NOT is_upheld",
    **{
        column: f"{column} || 'x'"
        for column in ("reason", "sentence", "statement", "method", "policy_version", "recipient")
    },
    "is_development": "NOT is_development",
    "expires_on": "expires_on + 1",
    "work_id": "gen_random_uuid()",
    "recording_id": "gen_random_uuid()",
    "effective_on": "effective_on - 400",
    "due_on": "due_on + 1",
    "id": "gen_random_uuid()",
    "licenses": "'{}'",
    "duration_ms": "duration_ms + 1",
    "enrolled_at": "enrolled_at - interval '1 day'",
    "measured_at": "measured_at - interval '1 day'",
    "data": "sha256(data)",
    "commission_numerator": "0",
}


def test_a_pack_of_what_was_not_touched_holds(story: Story, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    shown = set()
    for submission in (story.cleared, story.refused):
        assert pack_faults(submission, tmp_path, capsys) == []
        with ZipFile(tmp_path / "pack.zip") as archive:
            shown |= {PurePath(name).stem for name in archive.namelist() if name.startswith("records/")}
    assert {table for table, _, _ in PACKED} == shown - {"rights_party"}


@pytest.mark.parametrize(("table", "column", "of"), PACKED, ids=[row[0] for row in PACKED])
def test_a_pack_names_the_entry_of_a_changed_row(
    table: str, column: str, of: str, story: Story, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    submission = getattr(story, of)
    value = TO.get(column, f"reverse({column})")
    with changed(f"UPDATE {table} SET {column} = {value} WHERE {column} IS NOT NULL", table):
        faults = pack_faults(submission, tmp_path, capsys)
    assert [fault for fault in faults if re.match(rf"Entry \d+ \(\w+\): .*{table}", fault)], faults


def test_a_pack_names_an_entry_that_was_rewritten(
    story: Story, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    entry = Entry.objects.get(decision__submission=story.cleared)
    forged = bytes(entry.body).replace(b'"outcome":"cleared"', b'"outcome":"refused"')
    with changed("UPDATE ledger_entry SET body = %s WHERE id = %s", "ledger_entry", values=(forged, entry.id)):
        faults = pack_faults(story.cleared, tmp_path, capsys)
    named = f"Entry {entry.leaf.index} (decided): its receipt does not show it to be in the log"
    assert [fault for fault in faults if fault.startswith(named)], faults


@pytest.mark.parametrize(
    ("table", "statement"),
    [
        ("ledger_edge", "UPDATE ledger_edge SET data = sha256('x') || substr(data, 33) WHERE level = 0"),
        ("ledger_checkpoint", "UPDATE ledger_checkpoint SET note = replace(note, split_part(note, E'\\n', 2), '9')"),
    ],
)
def test_a_pack_of_a_broken_tree_fails(
    table: str, statement: str, story: Story, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    with changed(statement, table):
        faults = pack_faults(story.cleared, tmp_path, capsys)
    assert [fault for fault in faults if re.match(r"Entry \d+ ", fault)], faults


def test_a_pack_of_other_audio_fails(story: Story, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    statement = "UPDATE provenance_manifest SET output_digest = (SELECT audio_id FROM rights_submission WHERE id = %s)"
    with changed(statement, "provenance_manifest", values=(story.cleared,)):
        faults = pack_faults(story.cleared, tmp_path, capsys)
    assert [fault for fault in faults if "provenance_manifest" in fault], faults


@pytest.mark.parametrize("document", [b"", b"{}", b"\xff\xfe", b"[1]"])
def test_a_pack_is_made_even_of_evidence_that_is_none(
    document: bytes, story: Story, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    statement = "UPDATE fingerprint_examination SET document = %s"
    with changed(statement, "fingerprint_examination", values=(document,)):
        faults = pack_faults(story.cleared, tmp_path, capsys)
        answer = story.world.distributor.get(f"/v1/submissions/{story.cleared}")
    assert [fault for fault in faults if "fingerprint_examination" in fault], faults
    assert answer.status_code == 200


def test_an_audit_reads_as_the_auditor(story: Story) -> None:
    """Every table that an audit goes through is one that the auditor's role may read."""
    tables: Sequence[str] = [model._meta.db_table for model in rows.COLUMNS]
    with superuser(role="ledger_auditor") as auditor:
        for table in (*tables, "ledger_entry", "ledger_leaf", "ledger_tile", "ledger_checkpoint", "ledger_edge"):
            auditor.execute(f"SELECT count(*) FROM {table}")
