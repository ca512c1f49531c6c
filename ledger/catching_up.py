"""
References catch up with this release: fingerprints that it takes and that they lack, out of the audio that is kept.

What an older release enrolled lacks landmarks or spectra, or has those of an older version, and is heard by the others
alone until then. Each reference is decoded once more as when it was enrolled, and what it lacks is inserted, in a
transaction of its own: whoever stops loses one, and who begins again goes on with the rest. Several may be at it, also
on several machines; none takes what another has in hands. What a reference has already stays: of several fingerprints
of a family the last one counts. The log vouches for what a reference came with; what is added can be made again from
its audio, by its algorithm, and carries the moment.

Outputs were compared with what was known of the references then, so all that are out are looked at again afterwards.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from django.db import IntegrityError, connection, transaction

from fingerprint import examine, references, store
from fingerprint.audio import AudioRefused
from fingerprint.models import Reference
from ledger import rechecking
from ledger.constraints import violated

_LOCK = 5_601_963  # the first half of an advisory lock's key; the other is of the reference


@dataclass(frozen=True)
class Step:
    """What became of one reference, and how far it has come."""

    reference_id: UUID
    is_made: bool  # else another process made it, or has it in hands
    reason: str | None  # why it could not be made
    done: int
    total: int


@dataclass(frozen=True)
class Caught:
    """What came of it."""

    made: int
    failed: int
    outputs: int  # that are looked at again


def fingerprint_references(*, report: Callable[[Step], None], at: datetime) -> Caught:
    """Add what fingerprints lack, oldest reference first; `report` is told of each, failed or not."""
    # The ids alone: an hour's work is not to be read through one open query.
    waiting = list(references.lacking().values_list("id", flat=True))
    made = failed = 0
    for done, reference_id in enumerate(waiting, start=1):
        is_made, reason = _fingerprinted(reference_id, at=at)
        made, failed = made + is_made, failed + (reason is not None)
        report(Step(reference_id, is_made, reason, done, len(waiting)))
    return Caught(made, failed, rechecking.look_again() if made else 0)


def _fingerprinted(reference_id: UUID, *, at: datetime) -> tuple[bool, str | None]:
    with connection.cursor() as cursor:
        key = (_LOCK, str(reference_id))
        cursor.execute("SELECT pg_try_advisory_lock(%s, hashtext(%s))", key)
        if not cursor.fetchone()[0]:
            return False, None
        try:
            # It may have been made since it was listed.
            reference = references.lacking().select_related("audio").filter(pk=reference_id).first()
            return (False, None) if reference is None else _add(reference, at=at)
        finally:
            cursor.execute("SELECT pg_advisory_unlock(%s, hashtext(%s))", key)


def _add(reference: Reference, *, at: datetime) -> tuple[bool, str | None]:
    try:
        fingerprint = examine.fingerprint(references.facts_of(reference.audio))
    except (store.NoSuchAudio, store.BytesChanged, AudioRefused) as error:
        return False, str(error) or error.__doc__
    try:
        with transaction.atomic(durable=True):
            references.complete(reference_id=reference.pk, fingerprint=fingerprint, at=at)
    except IntegrityError as error:
        # Whoever lost the connection that held the lock may have been overtaken.
        if violated(error) != "one_fingerprint_per_reference_and_algorithm":
            raise
        return False, None
    return True, None
