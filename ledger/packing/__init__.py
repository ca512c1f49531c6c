"""
Evidence packs of records: about a party, a royalty run or a period, ordered by people and clients, made by a worker.

A pack shows what whoever ordered it sees, and nothing else: entries by the rule of the facts that they are about, and
of an entry's rows those tables of which every row is seen. All of it rests on one checkpoint. The same order under the
same checkpoint gives the same bytes. What is too large for one archive comes in parts; each can be checked by itself.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, time, timedelta
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any, BinaryIO, Final
from uuid import UUID, uuid5

from django.conf import settings
from django.db import transaction
from django.db.models import Q, QuerySet

from fingerprint import audio, store
from ledger import (
    __version__,
    canonical,
    checkpoints,
    jobs,
    merkle,
    notes,
    packs,
    proving,
    report,
    rows,
    sequencer,
)
from ledger.models import Checkpoint, Entry, Job, Leaf, PackOrder, PackPart, PackProgress
from ledger.packing import paper
from ledger.rows import Group
from ledger.visibility import EVERYTHING, Sight, finds, seen
from provenance.models import Manifest
from rights import permission, policy
from rights.models import Decision, Party, Submission
from rights.visibility import NotCovered, sight_of
from royalties import results
from royalties.models import RoyaltyRun, Statement, UsageKey, UsageMatch

About = PackOrder.About
Kind = Entry.Kind
ALIAS: Final = "packs"  # of where they lie for some days
CHUNK: Final = 200  # entries whose rows are read together
MOST_EXCERPTS: Final = 50
EXCERPT_MS: Final = 10_000
VERIFIER: Final = Path(__file__).parent.parent / "verifying" / "standalone.py"

READ_ME: Final = """\
Evidence pack
=============

These are entries of an append-only log, the records that they vouch for, and the proofs that they are in the log.

To check it on any machine, with Python 3.11 or newer and the package `cryptography`:

    python verify.py THIS_FILE.zip --key log.vkey

where log.vkey is the log's public key as you received it from the log's operator over another channel, on paper or
from a page you trust. Do not run the verify.py of this archive unread: its first lines say what it checks, and how; the
open-source ledger that it comes from installs `ledger-verify`, which checks the same and more.

If you hold an older checkpoint of the same log, order the pack against it, and add --against CHECKPOINT.
If you trust certain witnesses, add --policy FILE (c2sp.org/tlog-policy).

What is here
------------

pack.json       what the archive holds, and the SHA-256 of each file
log/            entries of the log, byte for byte, each with its receipt (c2sp.org/tlog-proof); the checkpoint of all
records/        the database rows that each entry vouches for: the entry has the SHA-256 of each of these files
statements/     what payees check their royalty statements with: lines, and what leads from them into the log
certificates/   certificates of outputs
manifests/      C2PA manifests that are kept beside their audio
excerpts/       the first seconds of outputs, where whoever ordered this pack may hear them
records.pdf     the same records, to read
versions.json   the release and the policies
keys/log.vkey   the log's public key

Rows that are not for whoever ordered this pack are withheld; the entries keep their SHA-256. A pack that is too large
comes in parts; check each.
"""


class NoSuchPack(Exception):
    """There is no pack with this id."""


class PackNotMade(Exception):
    """This pack is not made yet, or has no such part: ask for its state."""


class PackExpired(Exception):
    """This pack was made too long ago and is not kept any more: order it again."""


class NotYours(Exception):
    """What this pack would be about is not yours, or does not exist."""


class NotAnAbout(Exception):
    """A pack is about one output, one party, one royalty run, or a period from a day to a later one."""


class NotACheckpointOfOurs(Exception):
    """The older checkpoint is none that this log signed, or the log is rewritten since: show it to somebody."""


@dataclass(frozen=True)
class Wanted:
    """What a pack is asked for about."""

    about: str
    submission_id: UUID | None = None
    party_id: UUID | None = None
    run_id: UUID | None = None
    active_from: date | None = None
    active_to: date | None = None


# --- Ordering


def order(
    *, id: UUID, wanted: Wanted, sight: Sight, against: str = "", ordered_by_id: int | None = None, at: datetime
) -> PackOrder:
    """
    Ask for a pack; a worker makes it.

    :param sight: of whoever asks: the pack shows no more
    :param against: an older checkpoint that the pack is to be shown to extend, as a signed note
    :raises NotAnAbout: it is about nothing, or about two things
    :raises NotYours: what it is about is not seen
    :raises NotACheckpointOfOurs: the older checkpoint is another log's, or contradicts this one
    """
    eyes = _eyes(wanted, sight, on=at.date())
    if against:
        _check_older(against)
    with transaction.atomic(durable=True):
        row = PackOrder.objects.create(
            id=id,
            about=wanted.about,
            submission_id=wanted.submission_id,
            party_id=wanted.party_id,
            run_id=wanted.run_id,
            active_from=wanted.active_from,
            active_to=wanted.active_to,
            is_whole=eyes.is_whole,
            sees=eyes.ids,
            against=against,
            ordered_by_id=ordered_by_id,
            ordered_at=at,
        )
        PackProgress.objects.create(order=row, changed_at=at)
        jobs.enqueue(Job.Kind.PACK, row.pk, at=at)
    return row


def wanted_of(row: PackOrder) -> Wanted:
    """Return what an order was about."""
    return Wanted(row.about, row.submission_id, row.party_id, row.run_id, row.active_from, row.active_to)


def _eyes(wanted: Wanted, sight: Sight, *, on: date) -> Sight:
    """Return with whose eyes a pack is made: of a party with its own, else with those of whoever asks."""
    match wanted:
        case Wanted(About.OUTPUT, UUID(), None, None, None, None):
            if not finds(Submission, wanted.submission_id, sight):
                raise NotYours
            report.own(wanted.submission_id, sight)  # type: ignore[arg-type]
            return sight
        case Wanted(About.PARTY, None, UUID() as party_id, None, None, None):
            if not Party.objects.filter(pk=party_id).exists() or not (sight.is_whole or party_id in sight.ids):
                raise NotYours
            return sight_of([party_id], on=on)
        case Wanted(About.RUN, None, None, UUID() as run_id, None, None):
            paid = seen(Statement.objects.filter(run=run_id), sight)
            if not finds(RoyaltyRun, run_id, sight) and not paid.exists():
                raise NotYours
            return sight
        case Wanted(About.PERIOD, None, None, None, date() as first, date() as last) if first < last:
            return sight
    raise NotAnAbout


def _check_older(note: str) -> notes.Checkpoint:
    try:
        older = notes.open_checkpoint(note, *checkpoints.public_keys())
    except (notes.NotANote, notes.SignatureFails, notes.NotSigned, notes.NotACheckpoint, notes.WrongOrigin) as error:
        raise NotACheckpointOfOurs(f"{NotACheckpointOfOurs.__doc__} {error}") from error
    newest, tiles = sequencer.tree()
    # The tiles of a larger tree begin with those of a smaller one.
    if not 0 < older.size <= newest.size or merkle.root(older.size, tiles) != older.root:
        raise NotACheckpointOfOurs
    return older


# --- How it stands


@dataclass(frozen=True)
class Standing:
    """How far a pack has come."""

    order: PackOrder
    state: str  # waiting, made, failed, expired
    entries: int
    done: int
    size_bytes: int
    error: str
    parts: tuple[PackPart, ...]


def standing(row: PackOrder) -> Standing:
    """Return how far a pack has come."""
    job = Job.objects.filter(kind=Job.Kind.PACK, subject_id=row.pk).first()
    progress = PackProgress.objects.filter(order=row).first()
    parts = tuple(row.parts.order_by("number"))
    state = "waiting"
    if parts:
        state = "made" if all(store.holds(part.digest, alias=ALIAS) for part in parts) else "expired"
    elif job is not None and job.given_up_at is not None:
        state = "failed"
    return Standing(
        row,
        state,
        progress.entries if progress else 0,
        progress.done if progress else 0,
        progress.size_bytes if progress else 0,
        job.error if job else "",
        parts,
    )


def part_of(row: PackOrder, part_id: UUID) -> PackPart:
    """
    Return a part that can be downloaded.

    :raises PackNotMade: there is none yet
    :raises PackExpired: it is not kept any more
    """
    part = row.parts.filter(pk=part_id).first()
    if part is None:
        raise PackNotMade
    if not store.holds(part.digest, alias=ALIAS):
        raise PackExpired
    return part


def name_of(row: PackOrder, number: int) -> str:
    """Return what the file of a part is called."""
    return f"{row.about}-{str(row.pk)[:8]}.part{number}.pack.zip"


def collect(*, at: datetime) -> int:
    """Remove packs that were made too long ago, and bytes that no row speaks of; return how many."""
    oldest = at - timedelta(days=settings.LEDGER_PACK_DAYS)
    kept = set(PackPart.objects.filter(made_at__gte=oldest).values_list("digest", flat=True))
    found = store.digests(stored_before=at - timedelta(days=1), alias=ALIAS)
    return store.discard_unfinished(stored_before=at - timedelta(days=1), alias=ALIAS) + sum(
        store.discard(digest, alias=ALIAS) for digest in list(found) if digest not in kept
    )


# --- Making


def make(*, order_id: UUID, at: datetime) -> tuple[PackPart, ...]:
    """
    Make a pack that was ordered, and keep its parts; nothing where somebody else is at it.

    :raises LostLease: another worker took the job over
    """
    job = jobs.claim(Job.Kind.PACK, order_id, at=at)
    if job is None:
        return ()
    row = PackOrder.objects.get(pk=order_id)
    try:
        with jobs.held(job), TemporaryDirectory(prefix="pack-") as name:
            files = list(write(row, Path(name), told=lambda entries, done, size: _tell(row, entries, done, size, at)))
            digests = [store.put(one.path, alias=ALIAS) for one in files]
            parts = tuple(
                PackPart(
                    id=uuid5(row.pk, f"part/{number}"),
                    order=row,
                    number=number,
                    digest=digest,
                    size_bytes=one.path.stat().st_size,
                    entries=one.entries,
                    made_at=at,
                )
                for number, (one, digest) in enumerate(zip(files, digests, strict=True), 1)
            )
            with transaction.atomic(durable=True):
                jobs.finish(job, at=at)
                PackPart.objects.bulk_create(parts)
            return parts
    except jobs.LostLease:
        raise
    except Exception as error:
        jobs.fail(job, error=f"{type(error).__name__}: {error}", at=at)
        raise


def _tell(row: PackOrder, entries: int, done: int, size: int, at: datetime) -> None:
    PackProgress.objects.filter(order=row).update(entries=entries, done=done, size_bytes=size, changed_at=at)


@dataclass(frozen=True)
class Made:
    """A part on disk."""

    path: Path
    entries: int


Told = Callable[[int, int, int], None]


def write(row: PackOrder, folder: Path, *, told: Told | None = None) -> Iterator[Made]:
    """
    Write the parts of a pack into a folder, under the newest checkpoint.

    :raises NoCheckpoint: nothing is in the log yet
    """
    if row.about == About.OUTPUT:
        target = folder / "1.zip"
        yield Made(target, output(_id(row.submission_id), target))
        return
    yield from _Packer(row, folder, told or (lambda *_: None)).parts()


def output(submission_id: UUID, target: Path | BinaryIO) -> int:
    """
    Write the pack of an output with the records on paper and the verifier; return how many entries it has.

    :raises NoSuchSubmission, NotDecided, NotSequenced: see ``report.pack``
    """
    counted: list[int] = []

    def further(head: Checkpoint, logged: Sequence[packs.Logged]) -> dict[str, bytes]:
        counted.append(len(logged))
        said = [canonical.read(one.entry) for one in logged]
        shown = [listed(one, body) for one, body in zip(logged, said, strict=True)][: paper.MOST_ENTRIES]
        document = paper.Document(
            title=f"Output {submission_id}",
            scope="What its decision rests on, and what followed.",
            checkpoint=head.size,
            root=bytes(head.root).hex(),
            signed_at=head.at,
            entries=len(logged),
            listed=tuple(shown),
            facts=(),
        )
        policies = {str(body.data.get("policy")) for body in said if body.kind == Kind.DECIDED}
        return {
            packs.CHECKPOINT: checkpoints.note_of(head).encode(),
            packs.PAPER: paper.pdf(document),
            packs.VERSIONS: canonical.encode_document(versions(sorted(policies))),
            packs.VERIFIER: VERIFIER.read_bytes(),
        }

    report.pack(submission_id, target, further=further)
    return sum(counted)


def listed(logged: packs.Logged, body: canonical.Body, withheld: Sequence[str] = ()) -> paper.Listed:
    """Return an entry as it is shown on paper."""
    tables = sorted(logged.records.items())
    return paper.Listed(
        logged.index,
        str(Kind(body.kind).label),
        body.at,
        f"{body.subject.table} {body.subject.id}",
        body.data,
        tuple((table, len(some), tuple(some[: paper.MOST_ROWS])) for table, some in tables),
        tuple(withheld),
    )


@dataclass
class _Packer:
    row: PackOrder
    folder: Path
    told: Told
    listed: list[paper.Listed] = field(default_factory=list)
    policies: set[str] = field(default_factory=set)
    excerpts: int = 0
    number: int = 0
    first: int | None = None  # of a period: where this part begins

    def parts(self) -> Iterator[Made]:
        sight = EVERYTHING if self.row.is_whole else Sight(frozenset(self.row.sees))
        head, tiles = report.head_over(None)
        entries, whole = _selected(self.row, sight, head)
        indexes = list(entries.order_by("leaf__index").values_list("leaf__index", flat=True))

        receipt = report.receipts_under(head, tiles)
        writer = self._begin(head, tiles)
        self.first = whole[0] if whole else None
        for begin in range(0, len(indexes), CHUNK):
            some = indexes[begin : begin + CHUNK]
            chunk = Entry.objects.select_related("leaf").filter(leaf__index__in=some).order_by("leaf__index")
            for logged, withheld, entry in _with_rows(list(chunk), sight, receipt):
                beside = list(self._beside(entry, logged, sight, receipt))
                size = len(logged.entry) + len(logged.receipt) + sum(map(len, (data for _, data in beside)))
                size += sum(len(canonical.encode_rows(documents)) for documents in logged.records.values())
                members = 2 + len(logged.records) + len(beside)
                if not writer.fits(size, members, most_bytes=settings.LEDGER_PACK_PART_BYTES) and writer.entries:
                    yield self._end(writer, entry.leaf.index if whole else None, is_last=False)
                    writer = self._begin(head, tiles)
                    self.first = entry.leaf.index if whole else None
                writer.add_entry(logged, withheld=withheld)
                self._list(logged, withheld)
                for name, data in beside:
                    self._add(writer, name, data)
            self.told(len(indexes), begin + len(some), writer.size)
        writer.add(packs.PAPER, paper.pdf(self._document(head, len(indexes), sight)))
        yield self._end(writer, whole[1] if whole else None, is_last=True)

    def _begin(self, head: Checkpoint, tiles: merkle.Tiles) -> packs.RecordsWriter:
        self.number += 1
        writer = packs.RecordsWriter(self.folder / f"{self.number}.zip")
        writer.add(packs.README, READ_ME.encode())
        writer.add(packs.CHECKPOINT, checkpoints.note_of(head).encode())
        if self.row.against:
            older = _check_older(self.row.against)
            proof = merkle.consistency_proof(older.size, head.size, tiles)
            writer.add(packs.OLDER, self.row.against.encode())
            writer.add(packs.CONSISTENCY, canonical.encode_document([one.hex() for one in proof]))
        writer.add(packs.LOG_KEY, checkpoints.public_keys().text.encode())
        writer.add(packs.VERIFIER, VERIFIER.read_bytes())
        return writer

    def _end(self, writer: packs.RecordsWriter, until: int | None, *, is_last: bool) -> Made:
        writer.add(packs.VERSIONS, canonical.encode_document(versions(sorted(self.policies))))
        made = Made(self.folder / f"{self.number}.zip", writer.entries)
        writer.close(
            subject=_subject(self.row),
            part=self.number,
            is_last=is_last,
            seen="all" if self.row.is_whole else "own",
            whole=(self.first, until) if self.first is not None and until is not None else None,
        )
        return made

    def _add(self, writer: packs.RecordsWriter, name: str, data: bytes) -> None:
        folder, _, rest = name.partition("/")
        id = rest.rpartition(".")[0]
        if folder == "statements":
            writer.add_statement(id, data)
        elif folder == "certificates":
            writer.add_certificate(id, data.decode())
        else:
            writer.add(name, data)

    def _beside(
        self, entry: Entry, logged: packs.Logged, sight: Sight, receipt: Callable[[Entry], str]
    ) -> Iterator[tuple[str, bytes]]:
        """Yield what belongs beside an entry: a statement's proof, a certificate, a manifest, some seconds of audio."""
        shown = logged.records
        if entry.kind == Kind.STATEMENT_ISSUED and "royalties_statement" in shown:
            first = Statement.objects.filter(pk=_fact(entry, "statement"), version=1).exists()
            # A later version rests on an entry of its own, which is here with its figures.
            with suppress(Entry.DoesNotExist, Leaf.DoesNotExist, merkle.NoSuchLeaf):
                if first:
                    yield (
                        f"statements/{entry.fact}.json",
                        proving.bundle(_fact(entry, "statement"), receipt=receipt),
                    )
        for certificate in shown.get("provenance_certificate", ()):
            yield f"certificates/{certificate['id']}.jwt", str(certificate["token"]).encode()
        if entry.kind == Kind.DECIDED:
            self.policies.add(str(canonical.read(logged.entry).data.get("policy")))
            if "rights_decision" in shown and _is_own(_fact(entry, "decision"), sight):
                yield from self._of_output(_fact(entry, "decision"))

    def _of_output(self, decision_id: UUID) -> Iterator[tuple[str, bytes]]:
        decision = Decision.objects.select_related("submission__audio").get(pk=decision_id)
        manifest = Manifest.objects.filter(decision=decision).first()
        if manifest is not None and (beside := report.manifest_bytes(manifest)) is not None:
            yield f"manifests/{manifest.pk}.c2pa", beside
        if self.excerpts < MOST_EXCERPTS:
            heard = decision.submission.audio
            with suppress(store.NoSuchAudio, audio.AudioRefused), store.local(heard.digest) as path:
                sound = audio.excerpt(path, heard.media_type, 0, min(EXCERPT_MS, heard.duration_ms))
                self.excerpts += 1
                yield f"excerpts/{decision_id}.wav", sound

    def _list(self, logged: packs.Logged, withheld: Sequence[str]) -> None:
        if len(self.listed) < paper.MOST_ENTRIES:
            self.listed.append(listed(logged, canonical.read(logged.entry), withheld))

    def _document(self, head: Checkpoint, entries: int, sight: Sight) -> paper.Document:
        row = self.row
        return paper.Document(
            title=title_of(row),
            scope="Everything that is on record." if sight.is_whole else "What whoever ordered it sees; nothing else.",
            checkpoint=head.size,
            root=bytes(head.root).hex(),
            signed_at=head.at,
            entries=entries,
            listed=tuple(self.listed),
            facts=_facts(row),
        )


def _id(value: UUID | None) -> UUID:
    if value is None:
        raise NoSuchPack("the order of a pack does not say what it is about")
    return value


def _fact(entry: Entry, subject: str) -> UUID:
    if entry.subject != subject:
        raise NoSuchPack("an entry's row names another fact than its kind has")
    return entry.fact


def _is_own(decision_id: UUID, sight: Sight) -> bool:
    """Whether the audio of an output is for this reader: whoever submitted it, and the operator."""
    return sight.is_whole or Decision.objects.filter(pk=decision_id, submission__submitter__in=sight.ids).exists()


def versions(policies: Sequence[str]) -> dict[str, Any]:
    """Return of which release a pack is, by which policies it judges, and by which the pack's decisions were judged."""
    return {
        "release": __version__,
        "policies": {"outputs": policy.VERSION, "clearances": permission.VERSION},
        "decided_by": list(policies),
        "rows": {model._meta.db_table: len(columns) for model, columns in rows.COLUMNS.items()},
    }


def title_of(row: PackOrder) -> str:
    """Return what a pack is about, without names."""
    match row.about:
        case About.PARTY:
            return f"Records of party {row.party_id}"
        case About.RUN:
            return f"Royalty run {row.run_id}"
        case About.PERIOD:
            return f"Records from {row.active_from} until before {row.active_to}"
    return f"Output {row.submission_id}"


def _subject(row: PackOrder) -> canonical.Subject:
    match row.about:
        case About.PARTY:
            return canonical.Subject("rights_party", str(row.party_id))
        case About.RUN:
            return canonical.Subject("royalties_royaltyrun", str(row.run_id))
    return canonical.Subject("period", f"{row.active_from}/{row.active_to}")


def _facts(row: PackOrder) -> tuple[tuple[str, str], ...]:
    if row.run is None:
        return ()
    run = row.run
    said: list[tuple[str, str]] = [
        ("Period", f"{run.period_from} until before {run.period_to}, {run.timezone}"),
        ("Currency", run.currency),
        ("To be paid on", str(run.pay_on)),
    ]
    for part in run.parts.order_by("pk"):
        counts = results.read(part.document)["counts"]
        said.append(("Inputs, frozen", f"sha256:{part.manifest_digest}, {counts['lines']} lines of usage"))
        digests = part.results.order_by("number").values_list("number", "result_digest")
        said += [(f"Result of partition {number}", f"sha256:{digest}") for number, digest in digests]
    return tuple(said)


# --- Which entries


def _selected(row: PackOrder, sight: Sight, head: Checkpoint) -> tuple[QuerySet[Entry], tuple[int, int] | None]:
    """Return the entries of a pack, and where they are all there are, from which place to which."""
    placed = Entry.objects.filter(leaf__index__lt=head.size)
    if row.about == About.PERIOD:
        begin, end = (min(head.size, _size_by(day)) for day in (row.active_from, row.active_to))
        found = placed.filter(leaf__index__gte=begin, leaf__index__lt=end)
        return _seen(found, sight), (begin, end) if sight.is_whole else None
    if row.about == About.PARTY:
        return _seen(placed, sight), None
    ids = _of_run(RoyaltyRun.objects.get(pk=_id(row.run_id)))
    return _seen(placed.filter(ids), sight), None


def _seen(found: QuerySet[Entry], sight: Sight) -> QuerySet[Entry]:
    if sight.is_whole:
        return found
    return found.filter(pk__in=list(seen(Entry.objects.all(), sight).values_list("pk", flat=True)))


def _size_by(day: date | None) -> int:
    """Return how many entries the log had when a day began, by its last checkpoint before."""
    moment = datetime.combine(day or date.min, time(), tzinfo=UTC)
    last = Checkpoint.objects.filter(at__lt=moment).order_by("-size").first()
    return last.size if last else 0


def _of_run(run: RoyaltyRun) -> Q:
    """Return the condition of the entries about a run: its steps, what it rests on, and what followed."""
    reports: set[UUID] = set()
    rates: set[UUID] = set()
    for part in run.parts.all():
        said = results.read(part.document)
        reports |= {UUID(id) for id in said["reports"]}
        rates |= {UUID(id) for id in said["rates"].values()}
    statements = Statement.objects.filter(run=run)
    rates |= set(statements.exclude(payout_rate=None).values_list("payout_rate_id", flat=True))
    payees = set(statements.values_list("payee", flat=True))
    keys = UsageKey.objects.filter(report__in=reports).values("key")
    meant = UsageMatch.objects.filter(payer=run.payer_id, key__in=keys)
    outputs = set(meant.exclude(submission=None).values_list("submission", flat=True))
    between = Q(payee_terms__payer=run.payer_id, payee_terms__payee__in=payees)
    between |= Q(tax_certificate__payer=run.payer_id, tax_certificate__payee__in=payees)
    between |= Q(advance__payer=run.payer_id, advance__payee__in=payees)
    return (
        Q(royalty_run=run)
        | Q(run_event__run=run)
        | Q(transaction__run=run)
        | Q(transaction__of_run=run)
        | Q(statement__run=run)
        | Q(statement_objection__statement__run=run)
        | Q(objection_answer__objection__statement__run=run)
        | Q(payment_file__run=run)
        | Q(payment__order__file__run=run)
        | Q(usage_report__in=reports)
        | Q(usage_outcome__report__in=reports)
        | Q(usage_supersession__report__in=reports)
        | Q(usage_matching__in=set(meant.values_list("matching", flat=True)))
        | Q(exchange_rate__in=rates)
        | Q(decision__submission__in=outputs)
        | Q(division__decision__submission__in=outputs)
        | between
    )


def _with_rows(
    entries: Sequence[Entry], sight: Sight, receipt: Callable[[Entry], str]
) -> Iterator[tuple[packs.Logged, list[str], Entry]]:
    """Yield entries with those of their rows that are seen, and the tables of which some are not."""
    bodies = {entry.pk: bytes(entry.body) for entry in entries}
    subjects = {entry.pk: UUID(canonical.read(bodies[entry.pk]).subject.id) for entry in entries}
    found: dict[UUID, tuple[Group, ...]] = {}
    for kind in {entry.kind for entry in entries}:
        of_kind = [entry for entry in entries if entry.kind == kind]
        said = {
            subjects[entry.pk]: {group.table: group.version for group in canonical.read(bodies[entry.pk]).rows}
            for entry in of_kind
        }
        each = rows.collect_each(kind, [subjects[entry.pk] for entry in of_kind], versions=said)
        found |= {entry.pk: each[subjects[entry.pk]] for entry in of_kind}
    shown = _shown([group for groups in found.values() for group in groups], sight)
    for entry in entries:
        groups = found[entry.pk]
        visible = [group for group in groups if _all_shown(group, shown)]
        withheld = [group.table for group in groups if group not in visible]
        logged = packs.Logged(
            index=entry.leaf.index,
            entry=bodies[entry.pk],
            receipt=receipt(entry),
            records={group.table: group.documents for group in visible},
        )
        yield logged, withheld, entry


_MODELS: Final = {model._meta.db_table: model for model in rows.COLUMNS}


def _shown(groups: Sequence[Group], sight: Sight) -> dict[str, set[str]] | None:
    """Return by table the ids of rows that are seen; None where all are."""
    if sight.is_whole:
        return None
    wanted: dict[str, set[str]] = {}
    for group in groups:
        wanted.setdefault(group.table, set()).update(str(document["id"]) for document in group.documents)
    return {table: {str(id) for id in _visible(_MODELS[table], ids, sight)} for table, ids in sorted(wanted.items())}


def _visible(model: Any, ids: set[str], sight: Sight) -> list[Any]:
    try:
        visible: QuerySet[Any, Any] = seen(QuerySet(model).filter(pk__in=ids), sight)
    except NotCovered:
        return []  # what audio was measured to is for whoever sees everything
    return list(visible.values_list("pk", flat=True))


def _all_shown(group: Group, shown: dict[str, set[str]] | None) -> bool:
    return shown is None or {str(document["id"]) for document in group.documents} <= shown[group.table]
