"""Rights reserved in public: a standing no until it is lifted, or until a consent that names it says yes (CON-4)."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date, datetime
from enum import StrEnum
from uuid import UUID

from rights import restate
from rights.models import Reservation, ReservationEnd
from rights.registry import AssetRef, NoSuchUse, NothingAllowed
from rights.territories import check
from rights.vocabulary import Use


class Channel(StrEnum):
    """By which means a reservation was made public."""

    AIPREF = "aipref"
    TDMREP = "tdmrep"
    METADATA = "metadata"
    TERMS = "terms"
    REGISTRY = "registry"
    LETTER = "letter"


def reserve(
    *,
    id: UUID,
    holder_id: UUID,
    asset: AssetRef | None,
    uses: Sequence[str],
    territories: Sequence[str],
    active_from: date,
    active_to: date | None,
    channel: Channel,
    wording: str,
    snapshot_digest: str,
    registrar_id: UUID | None = None,
    at: datetime,
) -> Reservation:
    """
    Insert a reservation; without an asset it is of all that the holder has.

    :raises NothingAllowed: no use is named
    :raises NoSuchUse: a use is not in the vocabulary
    :raises NoSuchTerritory: a code is not in the tables
    """
    if not uses:
        raise NothingAllowed("Name at least one use that is reserved")
    known = {use.value for use in Use}
    for code in uses:
        if code not in known:
            raise NoSuchUse(f"{code!r} is not a use: {', '.join(sorted(known))}")
    check(territories)
    reservation = Reservation.objects.create(
        id=id,
        holder_id=holder_id,
        **(asset.columns if asset else {}),
        uses=sorted(set(uses)),
        territories=list(territories),
        active_from=active_from,
        active_to=active_to,
        channel=channel,
        wording=wording,
        snapshot_digest=snapshot_digest,
        registrar_id=registrar_id,
        recorded_at=at,
    )
    restate.reservation(reservation, at=at)
    return reservation


def lift(*, id: UUID, reservation: Reservation, effective_on: date, at: datetime) -> ReservationEnd:
    """Insert that a reservation was lifted, from a day on. A second time is refused by the database."""
    end = ReservationEnd.objects.create(id=id, reservation=reservation, effective_on=effective_on, recorded_at=at)
    restate.reservation(reservation, at=at)
    return end
