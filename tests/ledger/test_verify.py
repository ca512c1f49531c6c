"""The stand-alone verifier: an honest pack holds, and whatever is changed in one is named."""

import io
import json
import struct
import subprocess
import sys
import wave
import zipfile
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime
from hashlib import sha256
from pathlib import Path
from typing import Any
from uuid import UUID

import pytest

from ledger import canonical, merkle, notes, packs, receipts, verify
from tests.ledger.test_merkle import Store
from tests.ledger.test_notes import signer

ORIGIN = "example.com/log"
AT = datetime(2026, 3, 1, 12, tzinfo=UTC)
SUBMISSION = "0190b7a0-0000-7000-8000-000000000001"
DECISION = "0190b7a0-0000-7000-8000-000000000002"
LICENSE = "0190b7a0-0000-7000-8000-000000000003"
LABEL = "urn:c2pa:6f1f0c6a-5a5b-4c52-9a3e-0d8f5f4f2a11"
SUBMITTED_AUDIO, SIGNED_AUDIO, STORE = (
    b"RIFF audio as it came in",
    b"RIFF audio as it was signed",
    b"manifest",
)
SPLITS = [("COMM", 1, 10), ("HC", 3, 10), ("R1/P1", 3, 10), ("R1/P2", 3, 10)]


def digest(data: bytes) -> str:
    return sha256(data).hexdigest()


@dataclass(frozen=True)
class FakeManifest:
    """What the C2PA library would say; the real one is in the last tests."""

    state: str = "trusted"
    sentence: str = "This file is as it was signed, by someone on the list."
    label: str | None = LABEL
    manifest_digest: str | None = digest(STORE)
    assertions: Mapping[str, Any] | None = None


@dataclass
class World:
    """A log with one submission and its decision, and what a pack of them holds."""

    outcome: str = "cleared"
    is_embedded: bool = True
    signer: notes.Signer = field(default_factory=signer)
    splits: list[tuple[str, int, int]] = field(default_factory=lambda: list(SPLITS))
    licenses: list[str] = field(default_factory=lambda: [LICENSE])
    audio: bytes | None = None
    rows: dict[str, dict[str, list[dict]]] = field(default_factory=dict)
    manifest: FakeManifest | None = None

    def __post_init__(self) -> None:
        is_cleared = self.outcome == "cleared"
        self.audio = self.audio or (SIGNED_AUDIO if is_cleared else SUBMITTED_AUDIO)
        self.output_digest = digest(self.audio)
        self.document = (
            canonical.encode_document(
                [
                    {
                        "territories": ["2136"],
                        "parts": [{"leaf": leaf, "part": f"{n}/{d}"} for leaf, n, d in self.splits],
                    }
                ]
            )
            if is_cleared and self.splits
            else None
        )
        submitted: dict[str, list[dict]] = {
            "rights_submission": [{"id": SUBMISSION, "title": "Åska", "audio_id": digest(SUBMITTED_AUDIO)}],
            "fingerprint_audio": [{"id": digest(SUBMITTED_AUDIO), "duration_ms": 30_000}],
        }
        decided: dict[str, list[dict]] = {
            "rights_decision": [
                {
                    "id": DECISION,
                    "submission_id": SUBMISSION,
                    "outcome": self.outcome,
                    "licenses": self.licenses,
                }
            ]
        }
        if is_cleared:
            decided["provenance_manifest"] = [
                {
                    "id": LABEL[9:],
                    "decision_id": DECISION,
                    "label": self.label,
                    "output_digest": self.output_digest,
                    "manifest_digest": self.manifest_digest,
                }
            ]
            decided["royalties_split"] = [
                {
                    "id": f"s{at}",
                    "decision_id": DECISION,
                    "zone": 0,
                    "leaf": leaf,
                    "numerator": n,
                    "denominator": d,
                }
                for at, (leaf, n, d) in enumerate(self.splits)
            ]
        self.rows = {
            "submitted": submitted,
            "decided": {table: rows for table, rows in decided.items() if rows},
        }
        self.manifest = self.manifest or FakeManifest(assertions=self.says())

    label = LABEL
    manifest_digest = digest(STORE)

    def says(self) -> dict[str, Any]:
        return {
            verify.RECORD: {"submission": SUBMISSION, "decision": DECISION, "log": ORIGIN},
            verify.LICENSES: {"version": "1", "licenses": self.licenses},
            verify.SPLITS: {
                "version": "1",
                "digest": digest(self.document) if self.document else "",
                "splits": [{"leaf": leaf, "share": f"{n}/{d}"} for leaf, n, d in self.splits],
            },
        }

    def entries(self) -> list[bytes]:
        """Return the whole log: the two entries stand at 3 and 5, others around them."""
        log = [b"noise %d" % number for number in range(7)]
        for index, kind, table, subject in (
            (3, "submitted", "rights_submission", SUBMISSION),
            (5, "decided", "rights_decision", DECISION),
        ):
            data: dict[str, object] = {}
            if kind == "decided":
                data = {
                    "outcome": self.outcome,
                    "splits": f"sha256:{digest(self.document)}" if self.document else None,
                }
            log[index] = canonical.encode(
                canonical.entry(
                    id=UUID(int=index),
                    kind=kind,
                    at=AT,
                    subject=canonical.Subject(table, subject),
                    data=data,
                    rows=[canonical.rows_of(name, rows) for name, rows in self.rows[kind].items()],
                )
            )
        return log

    def checkpoint(self, size: int = 7) -> str:
        store = Store()
        store.append([merkle.leaf_hash(entry) for entry in self.entries()[:size]])
        return str(notes.sign_checkpoint(notes.Checkpoint(ORIGIN, size, store.edge.root()), self.signer))

    def receipt(self, index: int, size: int = 7) -> str:
        store = Store()
        store.append([merkle.leaf_hash(entry) for entry in self.entries()[:size]])
        proof = merkle.inclusion_proof(index, size, store.tiles())
        return str(receipts.Receipt(index, proof, self.checkpoint(size)))

    def pack(self, folder: Path) -> packs.Pack:
        source = folder / "source"
        source.write_bytes(self.audio or b"")
        log = self.entries()
        return packs.Pack(
            subject=canonical.Subject("rights_submission", SUBMISSION),
            output=packs.Output(
                "track.wav", "audio/wav", self.output_digest, source, None if self.is_embedded else STORE
            ),
            entries=tuple(
                packs.Logged(index, log[index], self.receipt(index), self.rows[kind])
                for index, kind in ((3, "submitted"), (5, "decided"))
            ),
            splits=self.document,
            log_key=self.signer.verifier.text,
            c2pa_roots=b"roots",
        )

    def write(self, folder: Path) -> Path:
        path = folder / "pack.zip"
        packs.write(path, self.pack(folder))
        return path

    def read_manifest(
        self, path: Path, media_type: str, *, roots_pem: str, authorities_pem: str, manifest: bytes | None
    ) -> FakeManifest:
        assert roots_pem
        assert media_type == "audio/wav"
        assert (manifest is None) == self.is_embedded
        assert self.manifest is not None
        return self.manifest

    def report(self, path: Path, **given: Any) -> verify.Report:
        with packs.open_pack(path) as pack:
            return verify.verify(pack, manifest_reader=self.read_manifest, **given)


def changed(path: Path, changes: Mapping[str, Callable[[bytes], bytes | None]], *, is_careful: bool) -> Path:
    """Write the pack again with changed members; a careful forger also changes what the contents list."""
    with zipfile.ZipFile(path) as archive:
        members = {name: archive.read(name) for name in archive.namelist()}
    for name, change in changes.items():
        after = change(members.get(name, b""))
        assert after != members.get(name)
        if after is None:
            del members[name]
        else:
            members[name] = after
    if is_careful:
        contents = json.loads(members["pack.json"])
        contents["files"] = {name: digest(data) for name, data in members.items() if name != "pack.json"}
        contents["audio"]["digest"] = digest(members[contents["audio"]["path"]])
        members["pack.json"] = canonical.encode_document(contents)
    target = path.with_name("changed.zip")
    with zipfile.ZipFile(target, "w") as archive:
        for name, data in members.items():
            archive.writestr(name, data)
    return target


def failures(report: verify.Report) -> list[tuple[int, str]]:
    return [(check.number, check.sentence) for check in report.checks if check.state is verify.State.FAILS]


def states(report: verify.Report) -> dict[int, set[str]]:
    return {
        number: {check.state.value for check in report.checks if check.number == number}
        for number in {check.number for check in report.checks}
    }


# --- What holds ---


@pytest.mark.parametrize("is_embedded", [True, False])
def test_an_honest_pack_holds(tmp_path: Path, is_embedded: bool) -> None:  # noqa: FBT001
    world = World(is_embedded=is_embedded)
    report = world.report(
        world.write(tmp_path), key=world.signer.verifier, roots_pem="roots", against=world.checkpoint()
    )
    assert failures(report) == []
    assert states(report) == {number: {"note" if number == 2 else "holds"} for number in range(1, 13)}


@pytest.mark.parametrize(("outcome", "reason"), [("refused", "was refused"), ("review", "was held for review")])
def test_a_pack_without_a_signature_holds_and_says_why(tmp_path: Path, outcome: str, reason: str) -> None:
    world = World(outcome=outcome)
    report = world.report(world.write(tmp_path))
    assert failures(report) == []
    assert any(
        check.number == 9 and check.sentence.endswith(f"not signed: the output {reason}.") for check in report.checks
    )
    assert states(report)[11] == {"note"}


def test_says_that_its_own_key_and_roots_prove_little(tmp_path: Path) -> None:
    world = World()
    report = world.report(world.write(tmp_path))
    [key] = [check for check in report.checks if check.number == 2]
    assert key.state is verify.State.NOTE
    assert "taken from the pack itself" in key.sentence
    assert world.signer.verifier.fingerprint in key.sentence
    assert any(check.number == 9 and "--roots" in check.sentence for check in report.checks)
    assert report.is_clean


def test_holds_for_an_output_that_was_cleared_without_splits(tmp_path: Path) -> None:
    world = World(splits=[], licenses=[])
    report = world.report(world.write(tmp_path))
    assert failures(report) == []
    assert states(report)[11] == {"note"}


def test_reads_shares_beyond_the_exact_integers_of_json(tmp_path: Path) -> None:
    large = 10**18 - 1
    world = World(splits=[("A", 1, large), ("B", large - 1, large)])
    for row in world.rows["decided"]["royalties_split"]:
        row["numerator"], row["denominator"] = str(row["numerator"]), str(row["denominator"])
    assert failures(world.report(world.write(tmp_path))) == []


def test_writes_the_same_pack_twice(tmp_path: Path) -> None:
    world = World(is_embedded=False)
    first = world.write(tmp_path).read_bytes()
    buffer = io.BytesIO()
    packs.write(buffer, world.pack(tmp_path))
    assert buffer.getvalue() == first
    with zipfile.ZipFile(buffer) as archive:
        assert archive.namelist() == [
            "pack.json",
            "README.txt",
            "log/3.json",
            "log/3.tlog-proof",
            "log/5.json",
            "log/5.tlog-proof",
            "records/3/fingerprint_audio.json",
            "records/3/rights_submission.json",
            "records/5/provenance_manifest.json",
            "records/5/rights_decision.json",
            "records/5/royalties_split.json",
            "splits.json",
            "output/track.wav",
            "output/manifest.c2pa",
            "keys/log.vkey",
            "keys/c2pa-roots.pem",
        ]


# --- What was changed in the database before the pack was made ---


@dataclass(frozen=True)
class Edit:
    """A row changed behind the log's back, and how the sentence that names it begins."""

    kind: str
    table: str
    position: int
    column: str
    value: object
    words: str


EDITS = [
    Edit(
        "submitted",
        "rights_submission",
        0,
        "title",
        "Other",
        f"Entry 3 (submitted): the row rights_submission {SUBMISSION}",
    ),
    Edit(
        "submitted",
        "fingerprint_audio",
        0,
        "duration_ms",
        1,
        f"Entry 3 (submitted): the row fingerprint_audio {digest(SUBMITTED_AUDIO)}",
    ),
    Edit(
        "decided",
        "rights_decision",
        0,
        "licenses",
        [],
        f"Entry 5 (decided): the row rights_decision {DECISION}",
    ),
    Edit(
        "decided",
        "provenance_manifest",
        0,
        "label",
        "urn:c2pa:other",
        f"Entry 5 (decided): the row provenance_manifest {LABEL[9:]}",
    ),
    Edit("decided", "royalties_split", 2, "numerator", 4, "Entry 5 (decided): a row of royalties_split"),
]


@pytest.mark.parametrize("edit", EDITS, ids=lambda edit: edit.table)
def test_names_the_entry_whose_row_was_changed(tmp_path: Path, edit: Edit) -> None:
    world = World()
    logged, receipt = world.entries(), {index: world.receipt(index) for index in (3, 5)}
    world.rows[edit.kind][edit.table][edit.position][edit.column] = edit.value
    pack = world.pack(tmp_path)
    entries = tuple(replace(entry, entry=logged[entry.index], receipt=receipt[entry.index]) for entry in pack.entries)
    packs.write(tmp_path / "pack.zip", replace(pack, entries=entries))
    found = failures(world.report(tmp_path / "pack.zip"))
    assert any(number == 4 and sentence.startswith(f"{edit.words} in this pack is not") for number, sentence in found)
    assert not {number for number, _ in found} & {1, 3, 5, 6}  # the pack and the log themselves are in order


@pytest.mark.parametrize(("table", "count"), [("royalties_split", 3), ("royalties_split", 5), ("royalties_split", 0)])
def test_counts_rows_that_are_gone_or_new(tmp_path: Path, table: str, count: int) -> None:
    world = World()
    rows = [*world.rows["decided"][table], world.rows["decided"][table][0] | {"id": "s9"}][:count]
    path = changed(
        world.write(tmp_path),
        {f"records/5/{table}.json": lambda _: canonical.encode_rows(rows)},
        is_careful=True,
    )
    found = failures(world.report(path))
    assert (4, f"Entry 5 (decided): 4 rows of {table} were logged, and this pack has {count}.") in found


def test_names_rows_that_are_missing_or_added(tmp_path: Path) -> None:
    def without(contents: bytes) -> bytes:
        document = json.loads(contents)
        rows = document["entries"][1]["rows"]
        rows["rights_share"] = rows.pop("royalties_split")
        return canonical.encode_document(document)

    world = World()
    path = changed(world.write(tmp_path), {"pack.json": without}, is_careful=True)
    found = failures(world.report(path))
    assert (
        4,
        "Entry 5 (decided): the rows of royalties_split that were logged are not in this pack.",
    ) in found
    assert (
        4,
        "Entry 5 (decided): this pack adds rows of rights_share, of which the entry says nothing.",
    ) in found
    assert (11, "Entry 5 (decided): the splits that it names are not in this pack.") in found


# --- What was changed in the pack ---


@dataclass(frozen=True)
class Tamper:
    """A change to a pack by a careful forger, and the checks that fail, with words from their sentences."""

    why: str
    changes: dict[str, Callable[[bytes], bytes | None]]
    numbers: set[int]
    words: str


def swap(before: bytes, after: bytes) -> Callable[[bytes], bytes]:
    def change(data: bytes) -> bytes:
        assert before in data
        return data.replace(before, after)

    return change


def submission_rows(_: bytes) -> bytes:
    return canonical.encode_rows(World().rows["submitted"]["rights_submission"])


def another_hash(receipt: bytes) -> bytes:
    return receipt.replace(receipt.split(b"\n")[2], b"A" * 43 + b"=")


def flip(data: bytes) -> bytes:
    return data[:-1] + bytes([data[-1] ^ 1])


TAMPERS = [
    Tamper("an audio byte", {"output/track.wav": flip}, {8}, "is not the file that was signed and delivered"),
    Tamper(
        "a byte of an entry",
        {"log/5.json": swap(b'"cleared"', b'"refused"')},
        {5},
        "Entry 5 (decided): its receipt does not show it to be in the log",
    ),
    Tamper(
        "a digest in an entry",
        {"log/3.json": swap(b'"count":1', b'"count":2')},
        {5},
        "Entry 3 (submitted): its receipt does not show",
    ),
    Tamper(
        "an entry that is not canonical",
        {"log/5.json": lambda data: data + b"\n"},
        {3, 7},
        "Entry 5 is not an entry of the log",
    ),
    Tamper(
        "an entry that is no entry",
        {"log/5.json": lambda _: b"{}"},
        {3, 7},
        "Entry 5 is not an entry of the log",
    ),
    Tamper(
        "a receipt's index",
        {"log/5.tlog-proof": swap(b"index 5", b"index 4")},
        {5},
        "does not show it to be in the log",
    ),
    Tamper("a receipt's hash", {"log/5.tlog-proof": another_hash}, {5}, "does not show it to be in the log"),
    Tamper("a receipt's header", {"log/5.tlog-proof": swap(b"@v1", b"@v2")}, {5}, "its receipt cannot be read"),
    Tamper(
        "a receipt that is not text",
        {"log/5.tlog-proof": lambda _: b"\xff"},
        {5},
        "its receipt cannot be read",
    ),
    Tamper(
        "a checkpoint's size",
        {"log/5.tlog-proof": swap(b"\n7\n", b"\n8\n")},
        {5},
        "log: The signature of example.com/log",
    ),
    Tamper(
        "a checkpoint's origin",
        {"log/5.tlog-proof": swap(b"\n\nexample.com/log\n", b"\n\nexample.org/log\n")},
        {5},
        "is not one of example.com/log",
    ),
    Tamper(
        "a checkpoint's signature",
        {"log/5.tlog-proof": lambda data: data[:-8] + b"AAAA" + data[-4:]},
        {5},
        "is not one of example.com/log",
    ),
    Tamper(
        "swapped receipts",
        {"log/5.tlog-proof": lambda _: World().receipt(3).encode()},
        {5},
        "does not show it to be in the log",
    ),
    Tamper(
        "swapped entries",
        {"log/5.json": lambda _: World().entries()[3], "log/3.json": lambda _: World().entries()[5]},
        {4, 5, 7},
        "Entry 3 (decided): its receipt does not show",
    ),
    Tamper("swapped rows", {"records/5/rights_decision.json": submission_rows}, {4, 7}, "the row rights_decision"),
    Tamper(
        "rows in another form",
        {"records/5/rights_decision.json": lambda data: data + b"\n"},
        {4, 7},
        "are not what was logged",
    ),
    Tamper(
        "rows that are no rows",
        {"records/5/rights_decision.json": lambda _: b"[1]"},
        {4, 7},
        "are not what was logged",
    ),
    Tamper("a file that is missing", {"records/5/rights_decision.json": lambda _: None}, {4, 7}, "cannot be read"),
    Tamper(
        "a receipt that is missing",
        {"log/5.tlog-proof": lambda _: None},
        {3, 7},
        "Entry 5 or its receipt cannot be read",
    ),
    Tamper(
        "another key",
        {"keys/log.vkey": lambda _: signer(2).verifier.text.encode()},
        {5},
        "The note is not signed by example.com/log",
    ),
    Tamper("a key that is none", {"keys/log.vkey": flip}, {2, 5, 10}, "the log's key cannot be read"),
    Tamper(
        "the splits document",
        {"splits.json": swap(b'"1/10"', b'"2/10"')},
        {10},
        "splits.json is not the document whose digest was logged and signed",
    ),
    Tamper("the splits' spelling", {"splits.json": swap(b'"1/10"', b'"1e9/10"')}, {10}, "is not a share"),
    Tamper("a division by zero", {"splits.json": swap(b'"1/10"', b'"1/0"')}, {10}, "is not a part of the whole"),
    Tamper("the roots", {"keys/c2pa-roots.pem": lambda _: b"\xff"}, {9}, "cannot be checked"),
]


@pytest.mark.parametrize("tamper", TAMPERS, ids=lambda tamper: tamper.why)
def test_names_what_a_careful_forger_changed(tmp_path: Path, tamper: Tamper) -> None:
    world = World()
    found = failures(world.report(changed(world.write(tmp_path), tamper.changes, is_careful=True)))
    assert {number for number, _ in found} == tamper.numbers
    assert any(tamper.words in sentence for _, sentence in found), found


@pytest.mark.parametrize(
    "name",
    [
        "README.txt",
        "log/3.json",
        "log/5.tlog-proof",
        "records/3/rights_submission.json",
        "records/5/royalties_split.json",
        "splits.json",
        "output/track.wav",
        "output/manifest.c2pa",
        "keys/log.vkey",
        "keys/c2pa-roots.pem",
    ],
)
def test_names_every_file_that_was_changed(tmp_path: Path, name: str) -> None:
    world = World(is_embedded=False)
    path = world.write(tmp_path)
    assert (1, f"{name} is not the file that the pack's contents list.") in failures(
        world.report(changed(path, {name: flip}, is_careful=False))
    )
    assert (1, f"{name} is listed, and not in the pack.") in failures(
        world.report(changed(path, {name: lambda _: None}, is_careful=False))
    )


@pytest.mark.parametrize(
    ("before", "after", "number", "words"),
    [
        (
            f'"digest":"{digest(SIGNED_AUDIO)}"',
            f'"digest":"{"0" * 64}"',
            8,
            "has not the digest that the pack's",
        ),
        ('"index":5', '"index":6', 5, "Entry 6 (decided): its receipt is for entry 5."),
    ],
)
def test_names_contents_that_contradict_the_pack(
    tmp_path: Path, before: str, after: str, number: int, words: str
) -> None:
    world = World()
    path = changed(world.write(tmp_path), {"pack.json": swap(before.encode(), after.encode())}, is_careful=False)
    [(found, sentence)] = failures(world.report(path))
    assert found == number
    assert words in sentence


def test_names_a_file_that_was_added(tmp_path: Path) -> None:
    world = World()
    path = changed(world.write(tmp_path), {"log/9.json": lambda _: b"{}"}, is_careful=False)
    assert failures(world.report(path)) == [(1, "log/9.json is in the pack, and not listed.")]


def test_names_a_file_that_the_archive_itself_finds_damaged(tmp_path: Path) -> None:
    world = World()
    path = world.write(tmp_path)
    path.write_bytes(path.read_bytes().replace(SIGNED_AUDIO, flip(SIGNED_AUDIO)))
    found = failures(world.report(path))
    assert [number for number, _ in found] == [1, 8]
    assert found[0][1].startswith("output/track.wav cannot be read (output/track.wav is damaged: Bad CRC-32")


def test_refuses_a_manifest_beside_the_audio_that_is_another(tmp_path: Path) -> None:
    world = World(is_embedded=False)
    path = changed(world.write(tmp_path), {"output/manifest.c2pa": flip}, is_careful=True)
    assert failures(world.report(path)) == [
        (8, "Entry 5 (decided): output/manifest.c2pa is not the manifest that was signed.")
    ]


def test_refuses_a_pack_about_something_else(tmp_path: Path) -> None:
    other = replace(World().pack(tmp_path), subject=canonical.Subject("rights_submission", "other"))
    packs.write(tmp_path / "pack.zip", other)
    assert failures(World().report(tmp_path / "pack.zip")) == [
        (7, "No entry in this pack is a decision about rights_submission other.")
    ]


def test_refuses_a_pack_without_entries(tmp_path: Path) -> None:
    packs.write(tmp_path / "pack.zip", replace(World().pack(tmp_path), entries=()))
    assert [number for number, _ in failures(World().report(tmp_path / "pack.zip"))] == [3, 7]


def test_says_what_it_could_not_check(tmp_path: Path) -> None:
    world = World()
    path = changed(world.write(tmp_path), {"output/track.wav": flip}, is_careful=True)
    assert [check.sentence for check in world.report(path).checks if check.number in {9, 10}] == [
        "The manifest (9 and 10) is not checked: the audio is another file."
    ]
    path = changed(world.write(tmp_path), {"log/5.json": lambda _: b"{}"}, is_careful=True)
    assert [check.sentence for check in world.report(path).checks if check.number > 7] == [
        "The audio, its manifest and the splits (8 to 11) are not checked without a decision."
    ]


# --- The audio of what was not cleared ---


def test_refuses_another_audio_for_a_refused_output(tmp_path: Path) -> None:
    world = World(outcome="refused", audio=b"RIFF something else")
    assert failures(world.report(world.write(tmp_path))) == [
        (8, "No entry in this pack says that output/track.wav is the file that was submitted.")
    ]


def test_refuses_a_manifest_for_a_refused_output(tmp_path: Path) -> None:
    world = World(outcome="refused")
    world.rows["decided"]["provenance_manifest"] = [{"id": "m", "output_digest": world.output_digest}]
    assert failures(world.report(world.write(tmp_path))) == [
        (8, "Entry 5 (decided): a manifest is recorded, although the output was not cleared.")
    ]


def test_refuses_a_cleared_output_without_a_manifest(tmp_path: Path) -> None:
    world = World()
    del world.rows["decided"]["provenance_manifest"]
    assert (8, "Entry 5 (decided): the output was cleared, and 0 manifests are recorded.") in failures(
        world.report(world.write(tmp_path))
    )


def test_refuses_an_outcome_that_there_is_not(tmp_path: Path) -> None:
    world = World(outcome="perhaps")
    assert failures(world.report(world.write(tmp_path))) == [(7, "Entry 5 (decided): 'perhaps' is not an outcome.")]


# --- What was false when it was logged ---


@pytest.mark.parametrize("state", ["valid", "invalid", "absent", "unreadable"])
def test_refuses_a_manifest_that_is_not_trusted(tmp_path: Path, state: str) -> None:
    world = World(manifest=FakeManifest(state=state, sentence="Here is why."))
    assert failures(world.report(world.write(tmp_path))) == [(9, "output/track.wav: Here is why.")]


@pytest.mark.parametrize(
    ("label", "change", "sentence"),
    [
        (verify.RECORD, {"submission": "other"}, f"submission is other, the records have {SUBMISSION}"),
        (verify.RECORD, {"decision": None}, f"decision is missing, the records have {DECISION}"),
        (verify.RECORD, {"log": "other"}, f"log is other, the records have {ORIGIN}"),
        (verify.RECORD, {"submitted": {"entry": "nobody's", "leafHash": "0a"}}, "commitment to the log is 0a"),
        (verify.RECORD, {"decided": {"entry": "nobody's"}}, "entry of the decision is nobody's"),
        (verify.LICENSES, {"licenses": []}, "licenses is missing, the records have"),
        (verify.LICENSES, {"licenses": [LICENSE, "more"]}, "'more'], the records have"),
        (verify.SPLITS, {"digest": "0" * 64}, "digest of the splits is 000"),
        (verify.SPLITS, {"splits": [{"leaf": "COMM", "share": "1"}]}, "shares in the manifest and the rows"),
        (verify.SPLITS, {"splits": "none"}, "shares in the manifest and the rows"),
        (verify.SPLITS, {"splits": [{"leaf": "COMM", "share": "0.5"}]}, "is not a share"),
    ],
)
def test_refuses_a_manifest_that_says_something_else(tmp_path: Path, label: str, change: dict, sentence: str) -> None:
    says = World().says()
    world = World(manifest=FakeManifest(assertions=says | {label: says[label] | change}))
    [(number, found)] = failures(world.report(world.write(tmp_path)))
    assert number == 10
    assert sentence in found


def test_holds_a_manifest_that_commits_to_the_entries_of_the_log(tmp_path: Path) -> None:
    says, log = World().says(), World().entries()
    submitted, decided = (canonical.read(log[index]) for index in (3, 5))
    record = says[verify.RECORD] | {
        "submitted": {"entry": str(submitted.id), "leafHash": merkle.leaf_hash(log[3]).hex()},
        "decided": {"entry": str(decided.id)},
    }
    world = World(manifest=FakeManifest(assertions=says | {verify.RECORD: record}))
    assert failures(world.report(world.write(tmp_path))) == []
    record["submitted"]["leafHash"] = merkle.leaf_hash(log[5]).hex()
    assert [number for number, _ in failures(world.report(world.write(tmp_path)))] == [10]


def test_refuses_signed_splits_that_are_not_the_recorded_ones(tmp_path: Path) -> None:
    world = World()
    first, second, *_ = world.rows["decided"]["royalties_split"]
    first["numerator"], second["numerator"] = second["numerator"], first["numerator"]  # still the whole
    assert failures(world.report(world.write(tmp_path))) == [
        (10, "splits.json and the rows of royalties_split differ."),
        (10, "The shares in the manifest and the rows of royalties_split differ."),
    ]


@pytest.mark.parametrize("change", [{"label": "urn:c2pa:other"}, {"manifest_digest": "0" * 64}])
def test_refuses_another_manifest(tmp_path: Path, change: dict) -> None:
    world = World(manifest=replace(FakeManifest(assertions=World().says()), **change))
    assert [number for number, _ in failures(world.report(world.write(tmp_path)))] == [10]


@pytest.mark.parametrize(
    ("splits", "sentence"),
    [
        ([("A", 1, 3), ("B", 1, 3)], "add up to 2/3, not to one"),
        ([("A", 999_999_999_999, 1_000_000_000_000)], "add up to 999999999999/1000000000000"),
        ([("A", 1, 2), ("B", 1, 2), ("C", 1, 10**15)], "add up to 1000000000000001/1000000000000000"),
        ([("A", 1, 0)], "1/0 is not a part of the whole"),
        ([("A", -1, 2), ("B", 3, 2)], "-1/2 is not a part of the whole"),
    ],
)
def test_refuses_splits_that_are_not_the_whole(tmp_path: Path, splits: list, sentence: str) -> None:
    world = World(splits=splits)
    found = failures(world.report(world.write(tmp_path)))
    assert 11 in {number for number, _ in found}
    assert any(sentence in text for number, text in found if number == 11)


def test_adds_up_each_zone_by_itself(tmp_path: Path) -> None:
    world = World()
    world.rows["decided"]["royalties_split"][0]["zone"] = 1
    found = [text for number, text in failures(world.report(world.write(tmp_path))) if number == 11]
    assert found == [
        f"The splits of decision {DECISION} in zone 0 add up to 9/10, not to one.",
        f"The splits of decision {DECISION} in zone 1 add up to 1/10, not to one.",
    ]


def test_refuses_splits_of_another_decision(tmp_path: Path) -> None:
    world = World()
    world.rows["decided"]["royalties_split"].append(
        {"id": "x", "decision_id": "other", "zone": 0, "leaf": "A", "numerator": 1, "denominator": 1}
    )
    assert (11, "Entry 5 (decided): there are splits of another decision among its rows.") in failures(
        world.report(world.write(tmp_path))
    )


# --- Keys and older checkpoints ---


def test_refuses_a_pack_of_another_key(tmp_path: Path) -> None:
    world = World()
    found = failures(world.report(world.write(tmp_path), key=signer(2).verifier))
    assert [number for number, _ in found] == [5, 5]
    assert "is not signed by example.com/log" in found[0][1]


def test_refuses_a_pack_of_another_log(tmp_path: Path) -> None:
    world = World()
    other = notes.Signer("other.example/log", world.signer.private)
    assert {number for number, _ in failures(world.report(world.write(tmp_path), key=other.verifier))} == {
        5,
        10,
    }


def test_finds_two_histories_in_one_pack(tmp_path: Path) -> None:
    world, other = World(), World(outcome="refused")
    pack = world.pack(tmp_path)
    mixed = (replace(pack.entries[0], receipt=other.receipt(3)), pack.entries[1])
    packs.write(tmp_path / "pack.zip", replace(pack, entries=mixed))
    assert failures(world.report(tmp_path / "pack.zip")) == [
        (6, "The log signed two different trees of 7 entries: it has two histories.")
    ]


@pytest.mark.parametrize(
    ("older", "number", "words"),
    [
        (lambda world: world.checkpoint(), set(), "has the same root"),
        (lambda world: world.checkpoint(4), set(), "cannot be compared here"),
        (lambda world: World(outcome="refused").checkpoint(), {12}, "the log was rewritten"),
        (lambda world: World(signer=signer(2)).checkpoint(), {12}, "is not one of example.com/log"),
        (lambda world: "nothing", {12}, "is not one of example.com/log"),
    ],
)
def test_compares_an_older_checkpoint(tmp_path: Path, older: Callable, number: set, words: str) -> None:
    world = World()
    report = world.report(world.write(tmp_path), against=older(world))
    assert {found for found, _ in failures(report)} == number
    [check] = [check for check in report.checks if check.number == 12]
    assert words in check.sentence


# --- Packs that cannot be read ---


def raw_zip(members: Sequence[tuple[zipfile.ZipInfo | str, bytes]], **given: Any) -> bytes:
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w", **given) as archive:
        for info, data in members:
            archive.writestr(info, data)
    return buffer.getvalue()


def declared(data: bytes, size: int) -> bytes:
    """Change the size that a one-member archive announces in its directory."""
    at = data.index(b"PK\x01\x02") + 24
    return data[:at] + struct.pack("<L", size) + data[at + 4 :]


def linked() -> zipfile.ZipInfo:
    info = zipfile.ZipInfo("link")
    info.external_attr = 0o120777 << 16
    return info


def encrypted() -> bytes:
    data = bytearray(raw_zip([("pack.json", b"{}")]))
    data[data.index(b"PK\x01\x02") + 8] |= 1
    return bytes(data)


def overlapping() -> bytes:
    """Let ten members share the bytes of one."""
    data = raw_zip([("a", b"x" * 1000)])
    start = data.index(b"PK\x01\x02")
    entry, end = data[start:-22], data[-22:]
    many = b"".join(entry[:46] + bytes([97 + number]) for number in range(10))
    return data[:start] + many + end[:8] + struct.pack("<HHLL", 10, 10, len(many), start) + b"\0\0"


HONEST = raw_zip([("pack.json", b"{}")])
UNREADABLE = [
    ("nothing", b"", packs.NotAPack),
    ("not a zip", b"x" * 1000, packs.NotAPack),
    ("truncated", HONEST[:-1], packs.NotAPack),
    ("cut in half", HONEST[: len(HONEST) // 2], packs.NotAPack),
    ("something before it", b"MZ" + HONEST, packs.NotAPack),
    ("something after it", HONEST + b"x", packs.NotAPack),
    ("a comment", HONEST[:-2] + b"\x01\x00x", packs.NotAPack),
    ("an empty zip", raw_zip([]), packs.NotAPack),
    ("no contents", raw_zip([("README.txt", b"")]), packs.NotAPack),
    ("contents that are no document", raw_zip([("pack.json", b"{")]), packs.NotAPack),
    ("contents without members", HONEST, packs.NotAPack),
    ("contents of version 2", raw_zip([("pack.json", b'{"v":2}')]), packs.NotAPack),
    ("a broken directory", HONEST.replace(b"PK\x01\x02", b"PK\x01\x03"), packs.NotAPack),
    ("an absolute name", raw_zip([("/etc/passwd", b"")]), packs.UnsafeName),
    ("a name that leads out", raw_zip([("log/../../x", b"")]), packs.UnsafeName),
    ("a name with a backslash", raw_zip([("log\\..\\x", b"")]), packs.UnsafeName),
    ("a name with a drive", raw_zip([("C:x", b"")]), packs.UnsafeName),
    ("a name with a zero byte", raw_zip([("pack.jsonA", b"{}")]).replace(b"nA", b"n\0"), packs.UnsafeName),
    ("a name with an escape", raw_zip([("a\x1b[2J", b"")]), packs.UnsafeName),
    ("a folder", raw_zip([("log/", b"")]), packs.UnsafeName),
    ("a link", raw_zip([(linked(), b"/etc/passwd")]), packs.UnsafeName),
    ("names that differ in case", raw_zip([("a", b""), ("A", b"")]), packs.DuplicateName),
    ("an encrypted file", encrypted(), packs.EncryptedMember),
    (
        "another compression",
        raw_zip([("a", b"x" * 99)], compression=zipfile.ZIP_LZMA),
        packs.UnknownCompression,
    ),
    (
        "a compression bomb",
        raw_zip([("a", bytes(30_000_000))], compression=zipfile.ZIP_DEFLATED),
        packs.CompressionBomb,
    ),
    ("an announced size", declared(raw_zip([("a", b"x")]), 2_000_000_000), packs.CompressionBomb),
    ("overlapping files", overlapping(), packs.CompressionBomb),
    ("10,001 files", raw_zip([(f"f{number}", b"") for number in range(10_001)]), packs.PackTooLarge),
]


@pytest.mark.parametrize(
    ("data", "exception"),
    [(data, exception) for _, data, exception in UNREADABLE],
    ids=[why for why, _, _ in UNREADABLE],
)
def test_refuses_a_hostile_pack(
    tmp_path: Path, data: bytes, exception: type[Exception], capsys: pytest.CaptureFixture[str]
) -> None:
    path = tmp_path / "pack.zip"
    path.write_bytes(data)
    with pytest.raises(exception), packs.open_pack(path):
        pass
    assert verify.main([str(path)]) == 2
    assert capsys.readouterr().out.startswith("This file cannot be checked. ")


def test_refuses_two_files_of_one_name(tmp_path: Path) -> None:
    path = tmp_path / "pack.zip"
    with pytest.warns(UserWarning, match="Duplicate name"):
        path.write_bytes(raw_zip([("a", b"1"), ("a", b"2")]))
    with pytest.raises(packs.DuplicateName), packs.open_pack(path):
        pass


def test_refuses_a_pack_behind_a_program(tmp_path: Path) -> None:
    path = World().write(tmp_path)
    path.write_bytes(b"#!/bin/sh\n" + path.read_bytes())
    with pytest.raises(packs.NotAPack, match="something before"), packs.open_pack(path):
        pass


def test_refuses_zip64(tmp_path: Path) -> None:
    path = tmp_path / "pack.zip"
    locator = b"PK\x06\x07" + bytes(16)
    path.write_bytes(HONEST[:-22] + locator + HONEST[-22:])
    with pytest.raises(packs.NotAPack, match="zip64"), packs.open_pack(path):
        pass


def test_refuses_a_pack_that_is_too_large(tmp_path: Path) -> None:
    path = tmp_path / "pack.zip"
    with path.open("wb") as file:
        file.truncate(packs.MAX_PACK_BYTES + 1)  # takes no space on the disk
    with pytest.raises(packs.PackTooLarge), packs.open_pack(path):
        pass


def test_does_not_read_a_directory_of_any_size(tmp_path: Path) -> None:
    path = tmp_path / "pack.zip"
    with path.open("wb") as file:
        file.seek(1_000_000_000)
        file.write(struct.pack("<4s4H2LH", b"PK\x05\x06", 0, 0, 1, 1, 1_000_000_000, 0, 0))
    with pytest.raises(packs.PackTooLarge), packs.open_pack(path):
        pass


def test_reads_a_pack_that_was_compressed_by_others(tmp_path: Path) -> None:
    world = World()
    with zipfile.ZipFile(world.write(tmp_path)) as archive:
        members = [(name, archive.read(name)) for name in archive.namelist()]
    path = tmp_path / "again.zip"
    path.write_bytes(raw_zip(members, compression=zipfile.ZIP_DEFLATED))
    assert failures(world.report(path)) == []


def test_does_not_write_a_pack_of_another_audio(tmp_path: Path) -> None:
    pack = World().pack(tmp_path)
    with pytest.raises(packs.OutputChanged):
        packs.write(tmp_path / "pack.zip", replace(pack, output=replace(pack.output, digest="0" * 64)))


@pytest.mark.parametrize("name", ["../track.wav", "a b.wav", "", ".wav", "a/" * 4 + "x", "x" * 129])
def test_does_not_write_an_unsafe_name(tmp_path: Path, name: str) -> None:
    pack = World().pack(tmp_path)
    with pytest.raises(packs.UnsafeName):
        packs.write(tmp_path / "pack.zip", replace(pack, output=replace(pack.output, name=name)))


def test_does_not_write_the_audio_over_its_manifest(tmp_path: Path) -> None:
    pack = World(is_embedded=False).pack(tmp_path)
    with pytest.raises(packs.DuplicateName):
        packs.write(tmp_path / "pack.zip", replace(pack, output=replace(pack.output, name="manifest.c2pa")))


# --- The command ---


@pytest.fixture
def refused(tmp_path: Path) -> Path:
    return World(outcome="refused").write(tmp_path)


def test_prints_what_holds_and_exits_with_0(refused: Path, capsys: pytest.CaptureFixture[str]) -> None:
    key, older = refused.with_name("key"), refused.with_name("older")
    key.write_text(signer().verifier.text + "\n")
    older.write_text(World(outcome="refused").checkpoint())
    assert verify.main([str(refused), "--key", str(key), "--against", str(older)]) == 0
    lines = capsys.readouterr().out.splitlines()
    assert lines[0] == "✓  1  All 11 files are the ones that the pack's contents list."
    assert f"✓  7  Entry 5 (decided): rights_submission {SUBMISSION} was refused." in lines
    assert "·  9  The audio is not signed: the output was refused." in lines
    assert lines[-1] == "Everything that was checked holds."


def test_prints_what_fails_and_exits_with_1(refused: Path, capsys: pytest.CaptureFixture[str]) -> None:
    path = changed(refused, {"output/track.wav": flip}, is_careful=True)
    assert verify.main([str(path)]) == 1
    lines = capsys.readouterr().out.splitlines()
    assert "✗  8  No entry in this pack says that output/track.wav is the file that was submitted." in lines
    assert lines[-1] == "1 check failed."


def test_writes_json(refused: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert verify.main([str(refused), "--json"]) == 0
    document = json.loads(capsys.readouterr().out)
    assert document["holds"] is True
    assert {check["state"] for check in document["checks"]} == {"holds", "note"}
    refused.write_bytes(b"")
    assert verify.main([str(refused), "--json"]) == 2
    assert json.loads(capsys.readouterr().out)["is_readable"] is False


@pytest.mark.parametrize(
    ("option", "content", "words"),
    [
        ("--key", b"nothing", "is not a log's public key"),
        ("--key", b"\xff", "is not a text file"),
        ("--key", b"x" * 2_000_000, "is larger than any key"),
        ("--roots", b"\xff", "is not a text file"),
        ("--against", b"\xff", "is not a text file"),
        ("--against", None, "No such file"),
    ],
)
def test_exits_with_2_if_a_given_file_cannot_be_read(
    refused: Path, option: str, content: bytes | None, words: str, capsys: pytest.CaptureFixture[str]
) -> None:
    given = refused.with_name("given")
    if content is not None:
        given.write_bytes(content)
    assert verify.main([str(refused), option, str(given)]) == 2
    assert words in capsys.readouterr().out


def test_exits_with_2_without_a_pack(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert verify.main([str(tmp_path / "none.zip")]) == 2
    with pytest.raises(SystemExit) as stopped:
        verify.main([])
    assert stopped.value.code == 2
    assert "usage" in capsys.readouterr().err


def test_lets_no_pack_steer_the_terminal(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    world = World(outcome="refused")
    packs.write(
        tmp_path / "pack.zip",
        replace(world.pack(tmp_path), subject=canonical.Subject("t", "\x1b[2J\u202eevil")),
    )
    assert verify.main([str(tmp_path / "pack.zip")]) == 1
    out = capsys.readouterr().out
    assert "\x1b" not in out
    assert "\u202e" not in out
    assert "�[2J�evil" in out


# --- The real thing: another process, the C2PA library, and neither Django nor a database ---

PROBE = """
import sys
sys.path.insert(0, {root!r})
from ledger import verify
code = verify.main({arguments!r})
loaded = {{name.partition(".")[0] for name in sys.modules}}
banned = loaded & {{"django", "psycopg", "rest_framework", "celery", "kombu"}}
sys.exit(f"loaded {{banned}}" if banned else code)
"""


def run(*arguments: str, encoding: str = "utf-8") -> tuple[int, str]:
    """Run the command in a process of its own, isolated from the environment and the working directory."""
    probe = PROBE.format(root=str(Path(verify.__file__).parents[1]), arguments=list(arguments))
    found = subprocess.run(
        [
            sys.executable,
            "-I",
            "-W",
            "error",
            "-X",
            "utf8=0",
            "-c",
            f"import sys; sys.stdout.reconfigure(encoding={encoding!r})\n{probe}",
        ],
        capture_output=True,
        check=False,
    )
    assert not found.stderr, found.stderr.decode()
    return found.returncode, found.stdout.decode(encoding)


@pytest.fixture
def signed_world(tmp_path: Path) -> tuple[World, str]:
    """Sign a real file, and write a log about it."""
    from provenance.assertions import ManifestFacts, SplitFact, definition
    from provenance.certificates import load_or_create_development_identity
    from provenance.contributions import ContributionFact
    from provenance.signing import Signer, sign

    source, target = tmp_path / "in.wav", tmp_path / "out.wav"
    with wave.open(str(source), "wb") as file:
        file.setparams((1, 2, 8000, 0, "NONE", "NONE"))
        file.writeframes(b"".join(struct.pack("<h", number * 37 % 2000) for number in range(8000)))
    probe = World()
    facts = ManifestFacts(
        submission_id=UUID(SUBMISSION),
        decision_id=UUID(DECISION),
        title="Åska",
        log_origin=ORIGIN,
        ingredients=(),
        contributions=(ContributionFact("lyrics", "none", ""),),
        licenses=(UUID(LICENSE),),
        splits=tuple(SplitFact(leaf, n, d, territories=("2136",)) for leaf, n, d in SPLITS),
        splits_digest=digest(probe.document or b""),
    )
    identity = load_or_create_development_identity(tmp_path / "keys", at=datetime.now(UTC))
    signed = sign(
        source,
        target,
        "audio/wav",
        lambda *, keeps_parent: definition(
            facts, LABEL, media_type="audio/wav", version="0.1.0", keeps_parent=keeps_parent
        ),
        signer=Signer(identity, "0.1.0"),
    )

    class Signed(World):
        manifest_digest = digest(signed.manifest)

        def pack(self, folder: Path) -> packs.Pack:
            return replace(super().pack(folder), c2pa_roots=identity.roots_pem.encode())

    return Signed(audio=target.read_bytes()), identity.roots_pem


def test_needs_neither_django_nor_a_database(tmp_path: Path, signed_world: tuple[World, str]) -> None:
    world, roots = signed_world
    path = world.write(tmp_path)
    (tmp_path / "key").write_text(world.signer.verifier.text)
    (tmp_path / "roots").write_text(roots)
    code, out = run(str(path), "--key", str(tmp_path / "key"), "--roots", str(tmp_path / "roots"))
    assert "✗" not in out
    assert "✓ 10  The manifest names the submission, decision, log, licenses and splits" in out
    assert code == 0


def test_finds_a_changed_byte_in_a_signed_file(tmp_path: Path, signed_world: tuple[World, str]) -> None:
    world, _ = signed_world
    assert world.audio is not None
    middle = len(world.audio) // 2
    world.audio = world.audio[:middle] + bytes([world.audio[middle] ^ 1]) + world.audio[middle + 1 :]
    world.output_digest = digest(world.audio)
    world.rows["decided"]["provenance_manifest"][0]["output_digest"] = world.output_digest  # and they log it
    code, out = run(str(world.write(tmp_path)))
    assert code == 1
    assert [line[:5] for line in out.splitlines() if line.startswith("✗")] == ["✗  9 "]


def test_trusts_no_signer_that_the_reader_does_not(tmp_path: Path, signed_world: tuple[World, str]) -> None:
    from provenance.certificates import load_or_create_development_identity

    world, _ = signed_world
    other = load_or_create_development_identity(tmp_path / "other", at=datetime.now(UTC))
    (tmp_path / "roots").write_text(other.roots_pem)
    code, out = run(str(world.write(tmp_path)), "--roots", str(tmp_path / "roots"))
    assert code == 1
    assert [line[:5] for line in out.splitlines() if line.startswith("✗")] == ["✗  9 "]


@pytest.mark.parametrize("encoding", ["ascii", "latin-1", "cp437"])
def test_can_be_read_on_any_terminal(refused: Path, encoding: str) -> None:
    code, out = run(str(refused), encoding=encoding)
    assert code == 0
    assert "ok     1  All 11 files" in out
    assert "note   9  The audio is not signed" in out
