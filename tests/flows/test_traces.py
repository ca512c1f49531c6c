"""What was planted of a person is found where expected, and after an erasure nowhere but where the answer says."""

from __future__ import annotations

import json
import subprocess
import zipfile
from collections.abc import Iterable, Iterator
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any
from uuid import UUID, uuid4

import numpy as np
import pytest
from django.conf import settings as configured
from django.core.cache import caches
from django.db import transaction
from django.utils import timezone

from fingerprint import store
from ledger import audit, backups, clients, erasure, importing, jobs, log, registration, replaying, retention, sequencer
from ledger.models import Entry, Erasure, ImportBatch, ImportProblem, Job, Operation, SavedMapping
from ledger.replaying import Result
from rights import parties, voices
from rights.models import Consent, PartyIdentity, VoiceEnrollment, VoiceTemplate
from tests.flows.conftest import CATALOGUE, Api, World, body, key, superuser
from tests.flows.test_backups import kept  # noqa: F401 - a fixture
from tests.flows.test_erasure import answer, ask, team  # noqa: F401 - a fixture
from tests.flows.test_imports import CATALOGUE as MAPPING
from tests.flows.test_imports import hand_in
from tests.flows.test_parties import SCOPES

pytestmark = [pytest.mark.django_db(transaction=True, databases="__all__"), pytest.mark.slow]

NAME = "Plantedfirst Plantedlast"
WORD = "plantedlast"
STAGE = "Plantedstage"
MAIL = "plantedtraces@example.org"  # of this test alone: files keep what tests before it have left
IBAN = "DE89370400440532013000"
IPI = "00132688075"
LOOKED_FOR = ("plantedfirst", WORD, STAGE.lower(), MAIL, IBAN.lower())
ROWS = f"""Title,ISRC,Artist,IPI,Work,ISWC,Album,UPC,No
Good,GBUV71200495,Somebody else,,,,,,
Bad,not a code,"Plantedlast, Plantedfirst",{IPI},,,,,
"""


def hits(content: bytes) -> set[str]:
    """What of the planted is in some bytes, however it is written."""
    plain = content.lower()
    found = set()
    for one in LOOKED_FOR:
        forms = (one.encode(), one.encode().hex().encode(), one.encode("utf-16-le"))
        if any(form in plain for form in forms):
            found.add(one)
    return found


def dumped() -> dict[str, bytes]:
    """Every table as text."""
    found = {}
    with superuser() as login:
        for (table,) in login.execute("SELECT tablename FROM pg_tables WHERE schemaname = 'public'").fetchall():
            with login.cursor().copy(f'COPY "{table}" TO STDOUT') as copied:
                found[table] = b"".join(bytes(block) for block in copied)
    return found


def heap() -> bytes:
    """The files of the database's tables and indexes, as they lie on the disk."""
    with superuser() as login:
        login.execute("CHECKPOINT")
        row = login.execute("SELECT oid FROM pg_database WHERE datname = current_database()").fetchone()
    assert row is not None
    folder = Path(configured.EMBEDDED_POSTGRES) / "base" / str(row[0])
    return b"".join(file.read_bytes() for file in folder.iterdir() if file.is_file())


def journal() -> bytes:
    """The files of the database's journal."""
    folder = Path(configured.EMBEDDED_POSTGRES) / "pg_wal"
    return b"".join(file.read_bytes() for file in folder.iterdir() if file.is_file())


def written_again(id: UUID) -> None:
    """
    Write what was planted once more: any checkpoint, and one comes by itself now and then, may let go of the journal
    before it. Several times, since what crosses a page of the journal is torn by the next one's header.
    """
    with superuser() as login:
        login.execute("SET session_replication_role = replica")  # past the triggers that refuse change
        login.execute("SET synchronous_commit = on")
        for _ in range(3):  # as new rows: of a changed row the journal keeps what has changed alone
            for rows in (
                f"ledger_savedmapping WHERE name LIKE '%{NAME}'",
                f"rights_partyidentity WHERE party_id = '{id}'",
            ):
                (table, *_) = rows.split()
                login.execute(f"WITH gone AS (DELETE FROM {rows} RETURNING *) INSERT INTO {table} SELECT * FROM gone")


def statistics() -> bytes:
    """What the planner keeps of values."""
    with superuser() as login:
        rows = login.execute("SELECT * FROM pg_stats WHERE schemaname = 'public'").fetchall()
    return "\n".join(map(str, rows)).encode()


def archived(folder: Path, settings: Any, id: UUID) -> dict[str, str]:
    """Packs and an answer in their stores: of the person, of somebody else, and one that cannot be read."""
    found = {}
    for name, alias, text in (
        ("by id", "packs", json.dumps({"party": str(id)})),
        ("by name", "packs", "x" * (1 << 20) + f" {NAME}"),
        ("other", "packs", json.dumps({"party": str(uuid4())})),
        ("answer", "answers", f"party,x\n{id},1\n"),
        ("other answer", "answers", f"party,x\n{uuid4()},1\n"),
    ):
        file = folder / name
        if alias == "packs":
            with zipfile.ZipFile(file, "w", zipfile.ZIP_DEFLATED) as archive:
                archive.writestr("records/1.json", text)
        else:
            file.write_text(text)
        found[name] = store.put(file, alias=alias)
    broken = folder / "broken"
    broken.write_bytes(b"PK\x03\x04 is no archive")
    return {**found, "broken": store.put(broken, alias="packs")}


def stored(settings: Any) -> bytes:
    folders = [
        Path(settings.STORAGES[alias]["OPTIONS"]["location"]) for alias in ("imports", "usage", "royalties", "audio")
    ]
    return content(folders)


def content(folders: Iterable[Path]) -> bytes:
    return b"".join(one.read_bytes() for folder in folders for one in folder.rglob("*") if one.is_file())


def logs() -> bytes:
    folders = (Path(configured.DATA_DIR), Path(configured.EMBEDDED_POSTGRES))
    return b"".join(file.read_bytes() for folder in folders for file in folder.glob("*.log"))


def of_backups(folder: Path) -> dict[str, bytes]:
    """What a reader of the backups can see in each part: dumps unpacked, files as they are."""
    found = {}
    for part in ("facts", "people"):
        pieces = [content([folder / part / "files"])]
        for dump in (folder / part).glob("*/database.dump"):
            text = subprocess.run(
                [backups._program("pg_restore"), "--file=-", str(dump)], capture_output=True, check=True
            )
            pieces += [text.stdout, dump.read_bytes(), dump.with_name("backup.json").read_bytes()]
        found[part] = b"".join(pieces)
    return found


@pytest.fixture
def old_log() -> Iterator[Path]:
    """A log file of an older release, which quoted what failed."""
    file = Path(configured.DATA_DIR) / "older.log"
    file.write_text(f"ERROR: duplicate key (name)=({NAME})\n")
    yield file
    file.unlink(missing_ok=True)


def test_what_was_planted_is_nowhere_but_where_the_answer_says(
    trade: World,
    kept: Path,  # noqa: F811
    team: list[Any],  # noqa: F811
    settings: Any,
    old_log: Path,
    tmp_path: Path,
) -> None:
    scopes = [*SCOPES, *CATALOGUE, "runs:write", "runs:read"]
    desk = Api(clients.create(name="people", party_id=UUID(key("label")), scopes=list(dict.fromkeys(scopes))))
    at = timezone.now()

    # Planted: names, an address, an account, a code, a voice, a file's cell, a mapping, a job's error, a picture.
    id = UUID(key("subject"))
    assert desk.post("/v1/parties", {"id": str(id), "kind": "person", "name": NAME}).status_code == 201
    alias = {"id": key("alias"), "kind": "pseudonym", "name": STAGE}
    assert desk.post(f"/v1/parties/{id}/names", alias).status_code == 201
    parties.put_contact(id=uuid4(), party_id=id, kind="email", address=MAIL, at=at)
    account = json.dumps({"name": NAME, "iban": IBAN, "bic": ""})
    parties.put_contact(id=uuid4(), party_id=id, kind="bank:0123456789a", address=account, at=at)
    trade.register("song", audio=False, has_work=False, consenting=("label",))
    enrollment, vectors = voice_of(id, Consent.objects.get(pk=UUID(key("consent song label"))), at)
    batch = hand_in(trade.label, "names a person", "catalogue", ROWS, mapping=MAPPING)
    assert batch.status_code == 202, batch.content
    importing.take(batch_id=UUID(batch.json()["id"]), at=at)
    ImportProblem.objects.create(
        batch_id=UUID(batch.json()["id"]), line=3, field="artist", code="x", sentence=f"{NAME} is unclear", raw=NAME
    )
    SavedMapping.objects.create(
        id=uuid4(),
        organization_id=UUID(key("label")),
        name=f"Sheet of {NAME}",
        format="catalogue",
        document={},
        changed_at=at,
    )
    job = jobs.enqueue(Job.Kind.CLEAR, uuid4(), at=at)
    Job.objects.filter(pk=job.pk).update(error=f"ValueError: {NAME}"[:300])
    caches["pictures"].clear()  # of what others drew
    caches["pictures"].set("spectrum", b"drawn")
    kept_away = archived(tmp_path, settings, id)
    with superuser() as login:
        login.execute("ANALYZE")  # as the server does by itself, some day
    sequencer.drain(at=timezone.now())
    backups.make(kept, at=at)

    # Found where it is expected, and sealed where it is sealed.
    before = dumped()
    wrapped = bytes(PartyIdentity.objects.get(party=id).wrapped or b"")
    template = bytes(VoiceTemplate.objects.get(enrollment=enrollment).sealed)
    assert {table for table, rows in before.items() if hits(rows)} == {
        "ledger_importproblem", "ledger_savedmapping", "ledger_job",
    }  # fmt: skip
    assert WORD in hits(stored(settings)) and WORD in hits(logs()) and WORD in hits(heap())  # noqa: PT018
    assert hits(of_backups(kept)["people"]) >= {"plantedfirst", WORD}
    assert hits(before["rights_partycontact"]) == set()
    raw = heap()
    assert wrapped in raw and template in raw  # noqa: PT018 - the scan would see them
    assert WORD in hits(statistics())
    written_again(id)
    raw_journal = journal()
    assert WORD in hits(raw_journal)
    assert wrapped in raw_journal
    assert np.ascontiguousarray(vectors, dtype="<f2").tobytes() not in raw  # sealed
    # What never repeats a person is in the part of the backups that is kept for long.
    in_facts = hits(of_backups(kept)["facts"])
    assert wrapped.hex().encode() in of_backups(kept)["people"]
    assert wrapped.hex().encode() not in of_backups(kept)["facts"]

    # Erased. Somebody has typed a name where none belongs: that is a fact, and stays, and is told.
    ask(desk, "subject")
    proposal = erasure.propose(
        id=uuid4(), party_id=id, reason=f"{STAGE} wrote a letter", proposed_by_id=team[0].pk, at=timezone.now()
    )
    answer(proposal, team[1])
    erased = Erasure.objects.get()
    document = json.loads(erased.document)
    counts = {line["store"]: line["count"] for line in document["erased"]}
    assert counts == {
        "voice_templates": 1, "names": 1, "name_index": counts["name_index"], "accounts": 1, "contacts": 1,
        "import_rows": counts["import_rows"], "mappings": 1, "job_errors": 1, "import_files": 1, "pictures": 1,
        "archives": 4,
        "log_files": 1,
    }  # fmt: skip
    assert counts["name_index"] > 5
    assert counts["import_rows"] >= 1
    stays = {line["what"]: line["count"] for line in document["stays"]}
    assert stays["texts that name you: reason of proposals"] == 1
    assert {"queue", "results", "mails", "exports", "indexes"} <= set(document["holds_nothing"])
    assert not hits(erased.document.encode())
    letter = desk.get(f"/v1/erasure-requests/{key('erase subject')}").json()["answer"]
    assert "1 record: files that were handed in and name you" in letter["erased"]
    assert any("texts that name you" in line for line in letter["stays"])

    ever = timezone.now() + timedelta(days=1)
    # Nowhere: rows, files, log files, the files of the database once they were written anew.
    done = retention.sweep(at=timezone.now(), ended=timezone.now)
    assert json.loads(done.document)["rewritten"] == "done"
    assert json.loads(done.document)["failed"] == {}
    after = dumped()
    assert {table: hits(rows) for table, rows in after.items() if hits(rows)} == {"ledger_proposal": {STAGE.lower()}}
    everything = b"\n".join(after.values())
    for secret in (wrapped, template):
        assert secret.hex().encode() not in everything
    assert hits(statistics()) == set()
    raw = journal()
    assert hits(raw) <= {STAGE.lower()}
    assert wrapped not in raw
    assert template not in raw
    left = {
        name for name, digest in kept_away.items() if digest in set(store.digests(stored_before=ever, alias="packs"))
    }
    left |= {name for name, one in kept_away.items() if one in set(store.digests(stored_before=ever, alias="answers"))}
    assert left == {"other", "other answer"}
    raw = heap()
    assert hits(raw) <= {STAGE.lower()}
    assert wrapped not in raw
    assert template not in raw
    assert hits(stored(settings)) == set()
    assert hits(logs()) == set()
    assert caches["pictures"].get("spectrum") is None

    # The sheet of problems goes on without the file, and so does the log.
    sheet = desk.get(f"/v1/imports/{batch.json()['id']}/problems.csv")
    assert sheet.status_code == 200
    assert hits(body(sheet)) == set()
    assert ImportBatch.objects.filter(pk=batch.json()["id"]).exists()
    while sequencer.step(at=timezone.now()):
        pass
    assert audit.audit().faults == ()
    for entry in Entry.objects.filter(kind__in=("import_received", "import_finished")).select_related("leaf"):
        again = replaying.replay(entry)
        assert (again.result, "somebody who was erased" in again.sentence) == (Result.NOTHING, True)

    # Backups: the long part never had it; of the short one it is gone by the day that the answer names.
    assert in_facts == set()
    assert WORD in hits(of_backups(kept)["people"])
    backups.make(kept, at=timezone.now() + timedelta(days=configured.LEDGER_BACKUP_DAYS, hours=1))
    last = of_backups(kept)
    assert hits(last["people"]) == set()
    assert hits(last["facts"]) <= {STAGE.lower()}
    for secret in (wrapped, template):
        assert secret.hex().encode() not in last["people"] + last["facts"]
    assert (
        document["backups_until"]
        == (erased.erased_at.date() + timedelta(days=configured.LEDGER_BACKUP_DAYS)).isoformat()
    )
    assert Operation.objects.filter(kind=Operation.Kind.SWEEP).count() == 1


def voice_of(party_id: UUID, consent: Consent, at: datetime) -> tuple[VoiceEnrollment, Any]:
    """Enroll a voice from vectors instead of clips."""
    id = uuid4()
    voice = registration.register_voice(id=uuid4(), person_id=party_id, label="singing", at=at)
    vectors = np.random.default_rng(1).normal(size=(4, 192)).astype(np.float32)
    template = voices.stage(enrollment_id=id, voice=voice, vectors=vectors)
    with transaction.atomic(durable=True):
        enrollment = voices.enroll(
            id=id,
            voice=voice,
            consent=consent,
            algorithm="x",
            clip_digests=["0" * 64],
            voiced_ms=1000,
            template=template,
            registrar_id=None,
            at=at,
        )
        log.append(Entry.Kind.VOICE_ENROLLED, enrollment, {}, at=at)
    return enrollment, vectors
