"""Checking the whole log against the whole database: what was changed, removed or put in behind its back."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import islice
from uuid import UUID

from django.db import connection, transaction
from django.db.models import Model

from ledger import canonical, checkpoints, merkle, notes, rows
from ledger.log import SUBJECT_OF
from ledger.models import Checkpoint, Edge, Entry, Leaf, PendingEntry, Tile
from rights import contracts, parties, restate
from rights.models import PartyIdentity, PartyName
from rights.sealing import UnknownKek

CHUNK = 2_000
UNREADABLE = (
    canonical.NotCanonical,
    canonical.NotAnEntry,
    canonical.Unrepresentable,
    canonical.TooDeep,
    canonical.DocumentTooLarge,
)
NOT_OURS = (
    notes.NotANote,
    notes.SignatureFails,
    notes.NotSigned,
    notes.NotACheckpoint,
    notes.WrongOrigin,
)


@dataclass(frozen=True)
class Fault:
    """Something that does not hold; ``index`` is the entry's, None where it is about no one entry."""

    index: int | None
    sentence: str


@dataclass(frozen=True)
class Audit:
    """What an audit went through, and what it found."""

    entries: int
    pending: int
    checkpoints: int
    faults: tuple[Fault, ...]


def audit() -> Audit:
    """
    Recompute the log from its entries and compare every row that an entry vouches for.

    1. Leaves are gap-free from 0, and each hash is that of its entry's bytes.
    2. Tiles, edge and every checkpoint's root follow from the leaves; every checkpoint is signed by this log.
    3. The rows behind each entry are those that were logged.
    4. No row with legal weight is without an entry, and no entry is without a place.
    5. Names that were not erased are those that were committed to.
    6. The newest checkpoint outside the database is one of the database's.
    7. What stands, and what exclusive licenses have to themselves, is what the facts come to when folded again.

    It cannot see a history that was rewritten and signed again with the log's own key: only somebody who kept an
    older checkpoint can.
    """
    with transaction.atomic():
        with connection.cursor() as cursor:
            # Everything of one moment: the log goes on growing meanwhile.
            cursor.execute("SET TRANSACTION ISOLATION LEVEL REPEATABLE READ")
        faults = [*_outside(), *leaves_and_roots(), *_rows(), *_orphans(), *_names(), *_standing()]
        return Audit(
            entries=Leaf.objects.count(),
            pending=PendingEntry.objects.count(),
            checkpoints=Checkpoint.objects.count(),
            faults=tuple(faults),
        )


def _outside() -> Iterator[Fault]:
    # The file is read before the first query: it follows the database, so whatever it says is there by then.
    try:
        kept = checkpoints.outside()
    except NOT_OURS as error:
        yield Fault(None, f"The checkpoint outside the database is not signed by this log: {error}")
        return
    if kept is None or kept.size == 0:
        return
    known = Checkpoint.objects.filter(size=kept.size).first()
    if known is None or bytes(known.root) != kept.root:
        yield Fault(
            None,
            f"The checkpoint of size {kept.size} that was kept outside the database is not one of it: the log was"
            " cut off, restored from an old backup, or rewritten.",
        )


def leaves_and_roots() -> Iterator[Fault]:
    """Compute tiles, edge and roots from the entries again, and yield what does not follow from them."""
    signed = {row.size: row for row in Checkpoint.objects.order_by("size")}
    edge = merkle.Edge()
    tiles: dict[tuple[int, int], bytes] = {}
    expected = 0
    # Of an entry, which has a column for each kind of subject, only what is hashed.
    leaves = Leaf.objects.order_by("index").values_list("index", "hash", "entry__kind", "entry__body")
    for index, hash_, kind, body in leaves.iterator(chunk_size=CHUNK):
        while expected < index:
            yield Fault(expected, f"Entry {expected} is missing: the log has a gap there.")
            expected += 1
        digest = merkle.leaf_hash(bytes(body))
        if digest != bytes(hash_):
            yield Fault(index, f"Entry {index} ({kind}) was changed: its bytes have another hash.")
        tiles |= {(tile.level, tile.n): tile.data for tile in edge.append(digest)}
        expected += 1
        if head := signed.pop(edge.size, None):
            yield from _head(head, edge.root())
    newest = Checkpoint.objects.order_by("-size").first()
    if expected > (newest.size if newest else 0):
        yield Fault(None, f"No checkpoint was signed for the last of the {expected} entries.")
    for size in signed:
        yield Fault(None, f"The checkpoint of size {size} speaks of entries that are not there.")
    stored = {(tile.level, tile.number): bytes(tile.data) for tile in Tile.objects.all()}
    for key in sorted(stored.keys() | tiles.keys()):
        if stored.get(key) != tiles.get(key):
            yield Fault(None, f"Tile {key[0]}/{key[1]} does not follow from the entries.")
    levels = [bytes(row.data) for row in Edge.objects.order_by("level")]
    if levels != list(edge.levels):
        yield Fault(None, "The unfinished edge of the tree does not follow from the entries.")


def _head(head: Checkpoint, root: bytes) -> Iterator[Fault]:
    if bytes(head.root) != root:
        yield Fault(None, f"The checkpoint of size {head.size} names a root that does not follow from the entries.")
    try:
        said = notes.open_checkpoint(head.note, *checkpoints.public_keys())
    except NOT_OURS as error:
        yield Fault(None, f"The checkpoint of size {head.size} is not signed by this log: {error}")
        return
    if (said.size, said.root) != (head.size, root):
        yield Fault(None, f"The signed note of size {head.size} says something else than its row.")


def _rows() -> Iterator[Fault]:
    entries = Entry.objects.select_related("leaf").order_by("at").iterator(chunk_size=CHUNK)
    while some := list(islice(entries, CHUNK)):
        yield from _rows_of(some)


def _rows_of(entries: Sequence[Entry]) -> Iterator[Fault]:
    faults: list[list[Fault]] = [[] for _ in entries]
    readable = defaultdict[str, list[tuple[int, Entry, canonical.Body]]](list)
    for place, entry in enumerate(entries):
        index, name = _placed(entry)
        try:
            body = canonical.read(bytes(entry.body))
        except UNREADABLE as error:
            faults[place].append(Fault(index, f"{name} cannot be read: {error}"))
            continue
        if not _says_so(entry, body):
            faults[place].append(
                Fault(index, f"{name}: its row names another id, kind, time or subject than its bytes.")
            )
            continue
        readable[entry.kind].append((place, entry, body))
    for kind, some in readable.items():  # a statement for each table of a kind, and not for each entry
        versions = {UUID(body.subject.id): {group.table: group.version for group in body.rows} for _, _, body in some}
        found = rows.collect_each(kind, list(versions), versions=versions)
        for place, entry, body in some:
            index, name = _placed(entry)
            said = {group.table: group for group in body.rows}
            now = {group.table: group.vouched for group in found[UUID(body.subject.id)]}
            faults[place] += [
                Fault(index, f"{name}: the rows of {table} are not those that were logged.")
                for table in sorted(said.keys() | now.keys())
                if said.get(table) != now.get(table)
            ]
    for of_entry in faults:
        yield from of_entry


def _placed(entry: Entry) -> tuple[int | None, str]:
    if hasattr(entry, "leaf"):
        return entry.leaf.index, f"Entry {entry.leaf.index} ({entry.kind})"
    return None, f"The pending entry {entry.id} ({entry.kind})"


def _says_so(entry: Entry, body: canonical.Body) -> bool:
    """Whether the columns of an entry say what its bytes say, in terms that this release knows."""
    subject = SUBJECT_OF.get(body.subject.table)
    if subject is None or body.kind not in rows.COVERED or not rows.knows(body.rows):
        return False
    columns = (entry.id, entry.kind, entry.at, entry.subject, str(entry.fact))
    return columns == (body.id, body.kind, body.at, subject, body.subject.id)


def _orphans() -> Iterator[Fault]:
    for table, count in sorted(rows.uncovered().items()):
        yield Fault(None, f"{count} row(s) of {table} have no entry: they were put in behind the log's back.")
    placed = Leaf.objects.values("entry")
    waiting = PendingEntry.objects.values("entry")
    lost = Entry.objects.exclude(pk__in=placed).exclude(pk__in=waiting).count()
    if lost:
        yield Fault(None, f"{lost} entries are neither in the tree nor on their way to it.")


def _names() -> Iterator[Fault]:
    try:
        yield from _rewritten()
    except UnknownKek as error:
        yield Fault(None, f"The names could not be checked: {error}")


def _rewritten() -> Iterator[Fault]:
    for identity in PartyIdentity.objects.select_related("party").iterator(chunk_size=CHUNK):
        if not parties.holds_to(identity):
            yield _another_name({"party": identity.party}, f"The party {identity.party_id}")
    for name in PartyName.objects.select_related("party__identity").iterator(chunk_size=CHUNK):
        if not parties.holds_to(name):
            yield _another_name({"party_name": name}, f"The name {name.pk}")


def _standing() -> Iterator[Fault]:
    for one in restate.differences():
        yield Fault(None, f"What stands in {one.table} for {one.id} of {one.fact} is not what that fact comes to.")
    for id_ in contracts.misheld():
        yield Fault(None, f"What stands in rights_exclusiveright for {id_} of rights_license is not what is due to it.")


def _another_name(subject: dict[str, Model], unplaced: str) -> Fault:
    leaf = Leaf.objects.select_related("entry").filter(**{f"entry__{key}": row for key, row in subject.items()}).first()
    said = f"Entry {leaf.index} ({leaf.entry.kind})" if leaf else unplaced
    return Fault(leaf.index if leaf else None, f"{said}: the party's name is not the one that was committed to.")
