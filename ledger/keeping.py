"""Keeping the audio store and the database in step: bytes that no row speaks of go, bytes of a row never do.

Bytes are stored before the transaction that speaks of them, so a refused transaction leaves some behind. One lock per
digest orders those who write a row and those who remove bytes: whoever comes second sees what the first one did.
"""

from __future__ import annotations

from datetime import datetime
from pathlib import Path

from django.db import connection, transaction
from django.db.models import Q

from fingerprint import store
from fingerprint.models import Audio
from provenance.models import Manifest, SignedCopy, Timestamp
from rights.models import Submission


def lock(digest: str) -> None:
    """Take the lock of a digest until the transaction ends."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_advisory_xact_lock(hashtextextended(%s, 0))", (digest,))


def hold(path: Path, digest: str) -> None:
    """Make sure, inside the transaction that will speak of them, that the bytes are stored and stay so."""
    lock(digest)
    if not store.holds(digest):  # somebody else's refused upload of the same bytes took them away
        store.put(path)


def discard_unless_kept(digest: str) -> bool:
    """Remove stored bytes that no row speaks of; return whether they were removed."""
    with transaction.atomic():
        lock(digest)
        if _is_kept(digest):
            return False
        return store.discard(digest)


def _is_kept(digest: str) -> bool:
    return (
        Audio.objects.filter(pk=digest).exists()
        or Submission.objects.filter(cover_digest=digest).exists()
        or any(
            model.objects.filter(Q(output_digest=digest) | Q(manifest_digest=digest)).exists()
            for model in (Manifest, SignedCopy, Timestamp)
        )
    )


def collect(*, stored_before: datetime) -> int:
    """
    Remove bytes that no row speaks of and that were stored before a moment; return how many.

    They come from attempts that died between storing and committing. Give running attempts time: a day is plenty.
    """
    unfinished = store.discard_unfinished(stored_before=stored_before)
    return unfinished + sum(discard_unless_kept(digest) for digest in store.digests(stored_before=stored_before))
