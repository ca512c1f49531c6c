"""Moving committed entries into the tree: gap-free, signed, a batch at a time.

Any number of sequencers may run. An advisory lock lets one work at a time, and if two worked, the primary key of the
leaves would refuse the second. Everything of one step is in one transaction: leaves, tiles, edge, checkpoint.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from django.db import connections, transaction

from ledger import checkpoints, merkle
from ledger.models import Checkpoint, Edge, Leaf, Tile

USING = "sequencer"
BATCH = 20_000
LOCK = 5_601_962  # an advisory lock's number: RFC 6962

# ctid and not `id IN (SELECT …)`, and each body by its id and not by a join: with stale statistics those plans scanned
# the whole table per row. A table that is vacuumed while a million rows wait for their commit counts as empty then.
PLACE = """
WITH batch AS (
    DELETE FROM ledger_pendingentry
     WHERE ctid = ANY(ARRAY(SELECT ctid FROM ledger_pendingentry ORDER BY id LIMIT %s))
    RETURNING id, entry_id
), numbered AS (  -- before their bodies are read, which would be sorted with them
    SELECT entry_id, row_number() OVER (ORDER BY id) AS number FROM batch
), placed AS (
    INSERT INTO ledger_leaf (index, entry_id, hash)
    SELECT %s + number - 1, entry_id, sha256('\\x00'::bytea || (SELECT body FROM ledger_entry WHERE id = entry_id))
      FROM numbered
    RETURNING index, hash
)
SELECT string_agg(hash, ''::bytea ORDER BY index) FROM placed
"""


def step(*, at: datetime, batch: int = BATCH) -> Checkpoint | None:
    """
    Sequence what is committed and pending, and sign the new tree head; None where there was nothing to do.

    :raises checkpoints.Forked: the database does not extend the newest checkpoint outside it
    """
    with transaction.atomic(using=USING, durable=True), connections[USING].cursor() as cursor:
        cursor.execute("SELECT pg_try_advisory_xact_lock(%s)", (LOCK,))
        if not cursor.fetchone()[0]:
            return None
        cursor.execute("SELECT EXISTS (SELECT 1 FROM ledger_pendingentry)")
        if not cursor.fetchone()[0]:
            return None
        checkpoints.guard_against_fork(using=USING)
        edge = _edge()
        cursor.execute(PLACE, (batch, edge.size))
        hashes = bytes(cursor.fetchone()[0])
        tiles = edge.append(hashes)
        if tiles:  # and with them the edges of the levels above
            Tile.objects.using(USING).bulk_create(
                Tile(level=tile.level, number=tile.n, data=tile.data) for tile in tiles
            )
        changed = edge.levels[: 1 + max((tile.level + 1 for tile in tiles), default=0)]
        Edge.objects.using(USING).bulk_create(
            [Edge(level=level, data=data) for level, data in enumerate(changed)],
            update_conflicts=True,
            unique_fields=["level"],
            update_fields=["data"],
        )
        root = edge.root()
        checkpoint = Checkpoint.objects.using(USING).create(
            size=edge.size, root=root, note=checkpoints.sign(size=edge.size, root=root), at=at
        )
    checkpoints.publish(checkpoint)
    return checkpoint


def _edge() -> merkle.Edge:
    newest = Checkpoint.objects.using(USING).order_by("-size").first()
    levels = [bytes(row.data) for row in Edge.objects.using(USING).order_by("level")]
    return merkle.Edge(newest.size if newest else 0, levels)


def resume() -> None:
    """
    Catch up, at start, with a step that died between its commit and publishing the checkpoint.

    :raises checkpoints.Forked: the database does not extend the newest checkpoint outside it
    """
    checkpoints.guard_against_fork(using=USING)
    newest = Checkpoint.objects.using(USING).order_by("-size").first()
    if newest is not None:
        checkpoints.publish(newest)


def drain(*, at: datetime) -> Checkpoint | None:
    """Step until nothing is pending; return the last checkpoint that this signed."""
    resume()
    last = None
    while signed := step(at=at):
        last = signed
    return last


def full_tile(level: int, number: int) -> bytes:
    """Read a full tile, for the proofs."""
    return bytes(Tile.objects.get(level=level, number=number).data)


def tree() -> tuple[Checkpoint, merkle.Tiles]:
    """
    Return the newest checkpoint and a reader of its whole tree, both of one moment.

    :raises checkpoints.NoCheckpoint: nothing was sequenced yet
    """
    with transaction.atomic(), connections["default"].cursor() as cursor:
        # One statement sees one state: an edge newer than the checkpoint would give proofs that fail.
        cursor.execute(
            "SELECT (SELECT max(size) FROM ledger_checkpoint), (SELECT array_agg(data ORDER BY level) FROM ledger_edge)"
        )
        size, levels = cursor.fetchone()
    if size is None:
        raise checkpoints.NoCheckpoint
    checkpoint = Checkpoint.objects.get(size=size)
    edge = merkle.Edge(size, [bytes(level) for level in levels])
    return checkpoint, edge.over(full_tile)


@dataclass(frozen=True)
class Proved:
    """That a leaf is in the tree of a checkpoint: the signed note, with the cosignatures that came for it, and why."""

    checkpoint: Checkpoint
    note: str
    proof: tuple[bytes, ...]


def prove(leaf: Leaf) -> Proved:
    """
    Return the inclusion proof of a leaf under the checkpoint that is shown to others; under the newest where that one
    is older than the leaf.

    :raises checkpoints.NoCheckpoint: nothing was sequenced yet
    """
    shown = checkpoints.shown()
    newest, tiles = tree()
    checkpoint = shown if leaf.index < shown.size else newest
    return Proved(
        checkpoint, checkpoints.note_of(checkpoint), merkle.inclusion_proof(leaf.index, checkpoint.size, tiles)
    )
