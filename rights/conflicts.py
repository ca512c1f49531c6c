"""
More than the whole of a right is claimed: a conflict is opened, talked about, and over once the claims fit (SHR-3).

A conflict is about one set of shares, where and while they hold together; that is frozen when it is opened. A share
that joins them later opens another conflict about all of them, which goes on in place of the first: it is *superseded*
for as long as the other is open. What a conflict became is derived: it is settled by the event that is written when
its shares, as they stand, no longer claim more than the whole.

A late claim does not stop the clocks. Whoever joins gets time to answer, but the days on which the first conflict is
escalated and closed stay, unless they come before that.
"""

from __future__ import annotations

import hmac
import json
import secrets
from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from enum import StrEnum
from uuid import UUID, uuid5

import rfc8785
from django.db.models import Count, Prefetch
from django.db.models import Sum as Added

from rights import claims, parties, sealing, shares
from rights.claims import OverClaim, Sum, Zone
from rights.merges import survivors
from rights.models import Conflict, ConflictClaim, ConflictEvent, ShareStanding
from rights.registry import LINKS
from rights.shares import Field
from rights.standing import UNITS
from rights.territories import covered
from rights.vocabulary import Basis, ConflictAct, RightType

ANSWER, ESCALATE, CLOSE = timedelta(days=30), timedelta(days=60), timedelta(days=90)
LONGEST_MESSAGE = 10_000  # characters


class State(StrEnum):
    """What a conflict has become."""

    OPEN = "open"
    ESCALATED = "escalated"
    SUPERSEDED = "superseded"
    SETTLED = "settled"


class NoSuchConflict(Exception):
    """There is no conflict with this id."""


class NotAClaimant(Exception):
    """Only a party whose claim is in the conflict has a say in it."""


class AlreadySettled(Exception):
    """This conflict is settled; a new over-claim opens a new one."""


class NothingSaid(Exception):
    """A message and a proposal need words; evidence needs the digest of a document."""


class NothingToAccept(Exception):
    """There is no proposal by another claimant that could be accepted."""


class SettledByShares(Exception):
    """A conflict is settled by ending, retracting or replacing shares, never by saying so."""


@dataclass(frozen=True)
class Words:
    """What somebody said, sealed under their key, and the commitment to it that stays when the key is gone."""

    sealed: bytes
    commitment: bytes


@dataclass(frozen=True)
class Standing:
    """How a conflict stands on a day."""

    state: State
    zones: tuple[Zone, ...]  # where more than the whole is claimed in it, with what is payable and held
    claimants: tuple[UUID, ...]
    unanswered: tuple[UUID, ...]  # claimants who have said nothing yet, and have not given in either
    superseded_by: UUID | None


def crowded(fields: Collection[Field]) -> list[Field]:
    """
    Return those of several rights in which more than the whole may be claimed, in their order.

    All that is claimed of one is added up, whenever and wherever it holds: where that is no more than the whole, no
    country has more on any day.
    """
    standing = ShareStanding.objects.filter(asset_id__in={field.asset.id for field in fields}, known__upper_inf=True)
    sums = standing.values("asset_id", "right_type", "basis").annotate(
        total=Added("units"), exact=Count("units"), rows=Count("pk")
    )
    fitting = {
        (row["asset_id"], row["right_type"], row["basis"])
        for row in sums
        if row["rows"] == row["exact"] and row["total"] <= UNITS
    }
    return [field for field in fields if (field.asset.id, field.right_type, field.basis) not in fitting]


def open_over_claims(field: Field, new: Iterable[UUID], *, at: datetime) -> list[Conflict]:
    """Insert a conflict for each over-claim that new shares have part in; the shares of the field are locked."""
    added = set(new)
    found = [
        over
        for over in claims.over_claims(shares.holdings(field))
        if any(holding.share_id in added for holding in over.holdings)
    ]
    before = [(conflict, region_of(conflict)) for conflict in _unsettled(field)] if found else []
    return [_open(field, over, [one for one, region in before if claims.meets(over, region)], at) for over in found]


def _open(field: Field, over: OverClaim, before: Sequence[Conflict], at: datetime) -> Conflict:
    today = at.date()
    answer_by = today + ANSWER
    escalate_on = max(answer_by, min([today + ESCALATE, *(one.escalate_on for one in before)]))
    close_by = max(escalate_on, min([today + CLOSE, *(one.close_by for one in before)]))
    ids = sorted(str(holding.share_id) for holding in over.holdings)
    # The same shares may claim too much in two periods apart, so the first day is part of what the id follows from.
    conflict = Conflict.objects.create(
        id=uuid5(LINKS, f"conflict {' '.join(ids)} {' '.join(over.territories)} {over.active_from}"),
        right_type=field.right_type,
        basis=field.basis,
        territories=list(over.territories),
        active_from=over.active_from,
        active_to=over.active_to,
        answer_by=answer_by,
        escalate_on=escalate_on,
        close_by=close_by,
        opened_at=at,
        **field.asset.columns,
    )
    for id in ids:
        ConflictClaim.objects.create(id=uuid5(LINKS, f"{conflict.id}/{id}"), conflict=conflict, share_id=UUID(id))
    return conflict


def settle(field: Field, *, author_id: UUID, at: datetime) -> list[ConflictEvent]:
    """Insert that conflicts are settled whose shares, as they stand, claim no more than the whole any longer."""
    open_ones = _unsettled(field)
    if not open_ones:
        return []
    standing = {holding.share_id: holding for holding in shares.holdings(field)}
    settled = []
    for conflict in open_ones:
        left = [standing[claim.share_id] for claim in conflict.claims.all() if claim.share_id in standing]
        region = region_of(conflict)
        if not any(claims.meets(over, region) for over in claims.over_claims(left)):
            settled.append(
                _happen(uuid5(LINKS, f"{conflict.id}/settled"), conflict, ConflictAct.SETTLED, author_id, at)
            )
    return settled


def stage_words(*, event_id: UUID, author_id: UUID, text: str) -> Words:
    """
    Return what somebody says, sealed under their key. A key service may be slow: call it before the transaction.

    :raises NoSuchParty: nobody is registered under this id
    :raises Erased: the author's key is gone
    """
    salt = secrets.token_bytes(32)
    document = rfc8785.dumps({"salt": salt.hex(), "text": text}).decode()
    return Words(
        sealed=parties.seal_for(author_id, document, context=_place(event_id)),
        commitment=hmac.digest(salt, text.encode(), "sha256"),
    )


def words_of(event: ConflictEvent) -> str | None:
    """Return what was said, or None where nothing was, or where its author's key is gone."""
    if event.sealed is None:
        return None
    document = parties.open_for(event.author_id, event.sealed, context=_place(event.id))
    return None if document is None else str(json.loads(document)["text"])


def _place(event_id: UUID) -> str:
    return sealing.place(table=ConflictEvent._meta.db_table, column="sealed", id=event_id)


def act(
    *,
    id: UUID,
    conflict: Conflict,
    act: ConflictAct,
    author_id: UUID,
    words: Words | None,
    evidence_digest: str,
    at: datetime,
) -> ConflictEvent:
    """
    Insert what a claimant says or does about a conflict; the shares of its field are locked.

    :raises SettledByShares: the act is a settlement
    :raises AlreadySettled: it is settled
    :raises NotAClaimant: the author claims nothing in it
    :raises NothingSaid: a message or a proposal without words, or evidence without a digest
    :raises NothingToAccept: nobody else proposed anything
    """
    if act is ConflictAct.SETTLED:
        raise SettledByShares
    events = list(conflict.events.all())
    if any(event.act == ConflictAct.SETTLED for event in events):
        raise AlreadySettled
    authors = survivors({author_id, *(event.author_id for event in events)})
    if authors[author_id] not in claimants(conflict):
        raise NotAClaimant
    needs_words = act in {ConflictAct.MESSAGE, ConflictAct.PROPOSAL}
    if (needs_words and words is None) or (act is ConflictAct.EVIDENCE and not evidence_digest):
        raise NothingSaid
    if act is ConflictAct.ACCEPTANCE and not any(
        event.act == ConflictAct.PROPOSAL and authors[event.author_id] != authors[author_id] for event in events
    ):
        raise NothingToAccept
    return _happen(id, conflict, act, author_id, at, words, evidence_digest)


def _happen(
    id: UUID,
    conflict: Conflict,
    act: ConflictAct,
    author_id: UUID,
    at: datetime,
    words: Words | None = None,
    evidence_digest: str = "",
) -> ConflictEvent:
    return ConflictEvent.objects.create(
        id=id,
        conflict=conflict,
        position=conflict.events.count(),
        act=act,
        author_id=author_id,
        sealed=words.sealed if words else None,
        commitment=words.commitment if words else None,
        evidence_digest=evidence_digest,
        recorded_at=at,
    )


def claimants(conflict: Conflict) -> tuple[UUID, ...]:
    """Return whose claims are in a conflict, after merges of parties, in the order of their ids."""
    found = {claim.share.party_id for claim in conflict.claims.all()}
    return tuple(sorted(set(survivors(found).values()), key=str))


def standing_of(conflict: Conflict, *, on: date) -> Standing:
    """Return how a conflict stands on a day: its state, what is payable and held, and who must still answer."""
    field = field_of(conflict)
    day = max(on, conflict.active_from)
    if conflict.active_to is not None:
        day = min(day, conflict.active_to - timedelta(days=1))
    events = list(conflict.events.all())
    everybody = claimants(conflict)
    heard = set(survivors({event.author_id for event in events if event.act != ConflictAct.SETTLED}).values())
    own = {claim.share_id for claim in conflict.claims.all()}
    still_claiming = {holding.party_id for holding in shares.holdings(field) if holding.share_id in own}
    successor = _superseding(conflict, _unsettled(field))
    where = covered(conflict.territories, day)
    return Standing(
        state=_state(conflict, events, successor, on),
        zones=tuple(
            Zone(zone.countries & where, zone.holdings)
            for zone in shares.position(field, on=day)
            if zone.sum is Sum.OVER_CLAIM and zone.countries & where
        ),
        claimants=everybody,
        unanswered=tuple(party for party in everybody if party in still_claiming - heard),
        superseded_by=successor,
    )


def state_of(conflict: Conflict, *, on: date) -> State:
    """Return what a conflict has become by a day."""
    return _state(conflict, list(conflict.events.all()), _superseding(conflict, _unsettled(field_of(conflict))), on)


def _state(conflict: Conflict, events: Sequence[ConflictEvent], successor: UUID | None, on: date) -> State:
    acts = {event.act for event in events}
    if ConflictAct.SETTLED in acts:
        return State.SETTLED
    if successor is not None:
        return State.SUPERSEDED
    return State.ESCALATED if ConflictAct.ESCALATION in acts or on >= conflict.escalate_on else State.OPEN


def _superseding(conflict: Conflict, unsettled: Sequence[Conflict]) -> UUID | None:
    mine = region_of(conflict)
    for other in unsettled:
        if other.opened_at > conflict.opened_at and claims.contains(region_of(other), mine):
            return other.id
    return None


def region_of(conflict: Conflict) -> OverClaim:
    """Return what a conflict is about, as it was when it was opened."""
    rows = sorted((claim.share for claim in conflict.claims.all()), key=lambda share: str(share.id))
    return OverClaim(
        territories=tuple(conflict.territories),
        active_from=conflict.active_from,
        active_to=conflict.active_to,
        holdings=tuple(shares.as_stated(share) for share in rows),
    )


def field_of(conflict: Conflict) -> Field:
    """Return whose shares a conflict is about."""
    return Field(shares.asset_of(conflict), RightType(conflict.right_type), Basis(conflict.basis))


def _unsettled(field: Field) -> list[Conflict]:
    return list(
        Conflict.objects.filter(**field.columns)
        .exclude(events__act=ConflictAct.SETTLED)
        .prefetch_related(Prefetch("claims", queryset=ConflictClaim.objects.select_related("share")))
        .order_by("opened_at", "id")
    )
