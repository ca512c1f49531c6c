"""Who holds what: shares registered, ended, retracted and replaced, and the conflicts that they open and settle."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import date, datetime
from uuid import UUID

from django.conf import settings
from django.db import IntegrityError, transaction

from ledger import log
from ledger.constraints import violated
from ledger.models import Entry
from rights import conflicts, shares
from rights.claims import Hold
from rights.models import Conflict, ConflictEvent, Share, ShareEvent
from rights.shares import Field, GivenShare
from rights.vocabulary import AssetKind, ConflictAct


class NoSuchShare(Exception):
    """There is no share with this id."""


class AlreadyEnded(Exception):
    """This share has ended, or was retracted, before; each happens once."""


@dataclass(frozen=True)
class Ending:
    """That a share ends on a day, the first one without it; ``successor`` holds from then on."""

    id: UUID
    share_id: UUID
    effective_on: date
    reason: str = ""
    successor: GivenShare | None = None


@dataclass(frozen=True)
class Retraction:
    """That a share never was; ``successor`` is what was so instead."""

    id: UUID
    share_id: UUID
    reason: str = ""
    successor: GivenShare | None = None


Change = Ending | Retraction


@dataclass
class Written:
    """What came of writing shares."""

    shares: list[Share] = field(default_factory=list)
    events: list[ShareEvent] = field(default_factory=list)
    opened: list[Conflict] = field(default_factory=list)
    settled: list[ConflictEvent] = field(default_factory=list)


def register_share(given: GivenShare, *, at: datetime) -> Share:
    """
    Register who holds which part of a right; more than the whole opens a conflict (SHR-3).

    :raises NotAPart: the fraction is not in (0, 1]
    :raises NotARole: the role is not one of CWR's
    :raises WrittenOtherwise: the decimal is not the part
    :raises NoSuchTerritory: a code is not in the tables
    :raises NoTerritory: the codes mean no country in the period
    """
    return save_shares([given], (), at=at).shares[0]


def change_share(change: Change, *, at: datetime) -> ShareEvent:
    """
    Record that a share ended or never was, and what stands in its place.

    :raises NoSuchShare: nothing is registered under its id
    :raises EndsOutsideItsPeriod: the day is not within the period of the share
    :raises AlreadyEnded: it ended or was retracted before
    :raises AlreadyRetracted: it is to end, and never was
    :raises SucceedsAnother: the successor is of something else
    """
    return save_shares((), [change], at=at).events[0]


def save_shares(added: Sequence[GivenShare], changed: Sequence[Change], *, at: datetime) -> Written:
    """Record several shares and changes of shares, all of them or none; see the two above for what they raise."""
    try:
        with transaction.atomic(durable=True):
            return write(added, changed, at=at)
    except IntegrityError as error:
        if violated(error) == "share_ends_and_is_retracted_once":
            raise AlreadyEnded from error
        raise


def write(added: Sequence[GivenShare], changed: Sequence[Change], *, at: datetime) -> Written:
    """
    Record shares, changes and their conflicts with their entries, in the transaction of the caller.

    Conflicts are opened and settled by what all of it comes to, so moving a part from one share to another opens none.
    """
    found = {share.id: share for share in Share.objects.filter(pk__in=[change.share_id for change in changed])}
    for change in changed:
        if change.share_id not in found:
            raise NoSuchShare(f"there is no share {change.share_id}")
    shares.keep_others_out(
        [*(given.asset.id for given in added), *(shares.asset_of(share).id for share in found.values())]
    )
    written = Written()
    new: dict[Field, list[UUID]] = {}
    authors: dict[Field, UUID] = {}

    def register(given: Sequence[GivenShare]) -> list[Share]:
        registered = shares.register(given, at=at)
        with log.together():
            for share in registered:
                part = f"{share.numerator}/{share.denominator}"
                log.append(
                    Entry.Kind.SHARE_REGISTERED,
                    share,
                    {"part": part, "right_type": share.right_type, "basis": share.basis},
                    at=at,
                )
                new.setdefault(shares.field_of(share), []).append(share.id)
        written.shares += registered
        return registered

    register(added)
    for change in changed:
        share = found[change.share_id]
        successor = register([change.successor])[0] if change.successor else None
        written.events.append(_happen(change, share, successor, at=at))
        authors.setdefault(shares.field_of(share), share.party_id)
    for where in conflicts.crowded(new):
        written.opened += conflicts.open_over_claims(where, new[where], at=at)
    for where, author_id in authors.items():
        written.settled += conflicts.settle(where, author_id=author_id, at=at)
    for conflict in written.opened:
        log.append(
            Entry.Kind.CONFLICT_OPENED,
            conflict,
            {
                "asset": str(shares.asset_of(conflict).id),
                "right_type": conflict.right_type,
                "basis": conflict.basis,
                "claims": conflict.claims.count(),
                "close_by": conflict.close_by.isoformat(),
            },
            at=at,
        )
    for event in written.settled:
        _log_act(event, at=at)
    return written


def _happen(change: Change, share: Share, successor: Share | None, *, at: datetime) -> ShareEvent:
    if isinstance(change, Ending):
        event = shares.end(
            id=change.id,
            share=share,
            effective_on=change.effective_on,
            reason=change.reason,
            successor=successor,
            at=at,
        )
    else:
        event = shares.retract(id=change.id, share=share, reason=change.reason, successor=successor, at=at)
    log.append(
        Entry.Kind.SHARE_CHANGED,
        event,
        {
            "share": str(share.id),
            "act": event.act,
            "effective_on": event.effective_on.isoformat() if event.effective_on else None,
            "successor": str(successor.id) if successor else None,
        },
        at=at,
    )
    return event


def act_on_conflict(
    *,
    id: UUID,
    conflict_id: UUID,
    act: ConflictAct,
    author_id: UUID,
    text: str = "",
    evidence_digest: str = "",
    at: datetime,
) -> ConflictEvent:
    """
    Record what a claimant says or does about a conflict. The words are sealed; the log gets a commitment to them.

    :raises NoSuchConflict: nothing was opened under this id
    :raises AlreadySettled: it is settled
    :raises SettledByShares: the act is a settlement
    :raises NotAClaimant: the author claims nothing in it
    :raises NothingSaid: words or a digest are missing
    :raises NothingToAccept: nobody else proposed anything
    """
    conflict = Conflict.objects.filter(pk=conflict_id).first()
    if conflict is None:
        raise conflicts.NoSuchConflict
    words = conflicts.stage_words(event_id=id, author_id=author_id, text=text) if text else None  # may be slow
    with transaction.atomic(durable=True):
        shares.keep_others_out([shares.asset_of(conflict).id])
        event = conflicts.act(
            id=id,
            conflict=conflict,
            act=act,
            author_id=author_id,
            words=words,
            evidence_digest=evidence_digest,
            at=at,
        )
        _log_act(event, at=at)
    return event


def _log_act(event: ConflictEvent, *, at: datetime) -> None:
    log.append(
        Entry.Kind.CONFLICT_ACTED,
        event,
        {
            "conflict": str(event.conflict_id),
            "act": event.act,
            "author": str(event.author_id),
            "words": bytes(event.commitment).hex() if event.commitment else None,
            "evidence": f"sha256:{event.evidence_digest}" if event.evidence_digest else None,
        },
        at=at,
    )


def hold_of(kind: AssetKind) -> Hold:
    """Return what is kept back under an over-claim of this kind of asset: the excess, unless the settings say all."""
    return Hold.EVERYTHING if kind.value in settings.LEDGER_HOLD_EVERYTHING else Hold.EXCESS
