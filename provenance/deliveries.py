"""The files of an output that went out: as it was signed first, with its time stamp, as copies in other containers."""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import datetime

from django.db.models import Q

from provenance.models import Manifest, SignedCopy, Timestamp


@dataclass(frozen=True)
class Delivered:
    """One file that went out, and since when it could."""

    label: str
    media_type: str
    is_embedded: bool
    output_digest: str
    manifest_digest: str
    since: datetime


def of(manifest: Manifest, *, at: datetime) -> tuple[Delivered, ...]:
    """Return what was delivered of an output up to a moment, the newest first; what was signed first stands last."""
    first = _signed(manifest)
    copies = [_signed(row) for row in SignedCopy.objects.filter(decision=manifest.decision_id, signed_at__lte=at)]
    # A time stamp changes no statement, but the bytes.
    of_these = Q(manifest=manifest) | Q(copy__decision=manifest.decision_id)
    stamped = [
        replace(
            _signed(row.signed),
            output_digest=row.output_digest,
            manifest_digest=row.manifest_digest,
            since=row.recorded_at,
        )
        for row in Timestamp.objects.filter(of_these, recorded_at__lte=at).select_related("manifest", "copy")
    ]
    return (*sorted((*copies, *stamped), key=lambda one: (one.since, one.label), reverse=True), first)


def _signed(row: Manifest | SignedCopy) -> Delivered:
    return Delivered(row.label, row.media_type, row.is_embedded, row.output_digest, row.manifest_digest, row.signed_at)
