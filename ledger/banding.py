"""
The bands by which matches are judged: which are in force, and drafts of others.

In force are the ones that were activated last; until two people activate any (``ledger.activating``), those that the
release ships.
"""

from __future__ import annotations

from datetime import datetime
from uuid import UUID

from django.db import IntegrityError, transaction
from django.db.models import Max

from ledger import log
from ledger.constraints import violated
from ledger.models import BandsActivation, BandsVersion, Entry
from rights.bands import KNOWN, SHIPPED, Bands, read


class NoSuchBands(Exception):
    """There are no such bands."""


class AlreadyDrafted(Exception):
    """The same bands were drafted before; propose those."""


class ShippedAlready(Exception):
    """These are the bands that the release ships."""


def in_force(*, at: datetime) -> Bands:
    """Return the bands in force at a moment, as far as they were recorded by then."""
    newest = (
        BandsActivation.objects.select_related("bands")
        .filter(effective_from__lte=at, recorded_at__lte=at)
        .order_by("-effective_from", "-recorded_at", "-id")
        .first()
    )
    return read(newest.bands.document) if newest else SHIPPED


def of(bands_id: UUID) -> Bands:
    """
    Return bands by their id: drafted here, or shipped by a release.

    :raises NoSuchBands: neither
    """
    if bands_id in KNOWN:
        return KNOWN[bands_id]
    row = BandsVersion.objects.filter(pk=bands_id).first()
    if row is None:
        raise NoSuchBands
    return read(row.document)


def draft(*, bands: Bands, note: str = "", drafted_by_id: int, at: datetime) -> BandsVersion:
    """
    Record bands that may be proposed. They have the id that follows from what they say.

    :raises ShippedAlready: the release has them
    :raises AlreadyDrafted: somebody drafted the same before
    """
    if bands.id in KNOWN:
        raise ShippedAlready
    try:
        with transaction.atomic(durable=True):
            highest = BandsVersion.objects.aggregate(highest=Max("number"))["highest"] or 0
            row = BandsVersion.objects.create(
                id=bands.id,
                number=highest + 1,
                document=bands.document,
                digest=bands.digest,
                note=note,
                drafted_by_id=drafted_by_id,
                drafted_at=at,
            )
            log.append(Entry.Kind.BANDS_DRAFTED, row, {"number": row.number, "document": f"sha256:{row.digest}"}, at=at)
    except IntegrityError as error:
        if violated(error) in {"ledger_bandsversion_pkey", "bands_are_drafted_once"}:
            raise AlreadyDrafted from error
        raise
    return row
