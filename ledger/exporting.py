"""
Works sent out for registration with societies, as a file of CWR; those that it cannot say are named with the reason.

What is said of a work is what stands on the day: shares that ended or were retracted are left out. A party without a
role is a writer if it is a person, else an original publisher. The submitter controls itself and the writers it
represents; where none of a work's writers is on record as represented, it speaks for all of them, since it registered
the work. Who has no collection of their own collects what they own. Who wrote how much, which CWR 3.1 asks for, is not
on record: it is what the writers own of the performing right, in relation to each other.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field, replace
from datetime import date, datetime
from fractions import Fraction
from uuid import UUID

from rights import matching
from rights.exchange import cwr_out
from rights.exchange.cwr_out import (
    OutgoingCollection,
    OutgoingHeading,
    OutgoingPublisher,
    OutgoingRecording,
    OutgoingShares,
    OutgoingWork,
    OutgoingWriter,
)
from rights.identifiers import Scheme
from rights.merges import survivors
from rights.models import Identifier, Party, RecordingWork, Representation, Share, Work
from rights.vocabulary import Basis, PartyKind, RightType, ShareAct

MOST_WORKS = 20_000
_RIGHTS = (RightType.PERFORMING, RightType.MECHANICAL, RightType.SYNCHRONIZATION)
_PUBLISHERS = frozenset({"E", "AQ", "AM", "SE", "ES"})
_IN_CHAIN = {"E": 0, "AQ": 1, "AM": 2, "SE": 2, "ES": 2}


class TooManyWorks(Exception):
    """A file holds at most 20,000 works: name a later day."""


class NoSenderNumber(Exception):
    """A sender of CWR has an IPI name number: record it as a code of the organization, or name it."""


@dataclass(frozen=True)
class Refused:
    """A work that a file cannot say, and why."""

    work_id: UUID
    sentence: str


@dataclass(frozen=True)
class Export:
    """A file, and what is not in it."""

    name: str
    lines: Iterator[bytes]
    works: int
    refused: tuple[Refused, ...]


@dataclass(frozen=True)
class Letterhead:
    """Who sends what to whom, as far as it is not on record."""

    sender_code: str
    file_number: int
    recipient: str = ""
    sender: str = ""  # an IPI name number; empty: the organization's
    character_set: str = ""


def cwr(
    *, organization_id: UUID, letterhead: Letterhead, version: str, registered_since: date | None, at: datetime
) -> Export:
    """
    Return the works that an organization registered as a file, checked to the last line.

    :raises NoSuchVersion: we do not write that version
    :raises BadHeading: the file cannot be named
    :raises DoesNotFit: the sender cannot be written
    :raises NoSenderNumber: nothing says the sender's number
    :raises TooManyWorks: there are too many
    :raises NothingToWrite: there are no works, or none of them can be said
    """
    heading = _heading(organization_id, letterhead, at)
    name = cwr_out.file_name(heading, version=version)
    rows = Work.objects.filter(registrar=organization_id).order_by("registered_at", "pk")
    if registered_since is not None:
        rows = rows.filter(registered_at__date__gte=registered_since)
    works = list(rows[: MOST_WORKS + 1])
    if len(works) > MOST_WORKS:
        raise TooManyWorks
    said: list[OutgoingWork] = []
    refused: list[Refused] = []
    numbers: set[str] = set()
    for begin in range(0, len(works), 500):
        for work, outgoing in _outgoing(works[begin : begin + 500], organization_id, heading, on=at.date()):
            reason = outgoing if isinstance(outgoing, str) else _reason(outgoing, numbers, heading, version)
            if reason or isinstance(outgoing, str):
                refused.append(Refused(work.pk, reason))
            else:
                numbers.add(outgoing.number)
                said.append(outgoing)
    if not said:
        raise cwr_out.NothingToWrite(
            f"none of {len(works)} works can be written: {refused[0].sentence}" if refused else "there are no works"
        )
    return Export(name, cwr_out.write(said, heading=heading, version=version), len(said), tuple(refused))


def _heading(organization_id: UUID, given: Letterhead, at: datetime) -> OutgoingHeading:
    party = Party.objects.select_related("identity").get(pk=organization_id)
    sender = given.sender
    if not sender:
        codes = Identifier.objects.filter(party=organization_id, scheme=Scheme.IPI_NAME).order_by("recorded_at")
        sender = codes.values_list("value", flat=True).first() or ""
    if not sender:
        raise NoSenderNumber
    return OutgoingHeading(
        sender=sender,
        sender_name=str(party)[:45],
        sender_code=given.sender_code,
        created_at=at,
        file_number=given.file_number,
        recipient=given.recipient,
        character_set=given.character_set,
        software="AI Music Ledger",
    )


def _reason(work: OutgoingWork, numbers: set[str], heading: OutgoingHeading, version: str) -> str:
    if work.number in numbers:
        return "Another work of the file has the same number."
    try:
        for _ in cwr_out.write([work], heading=heading, version=version):
            pass
    except (cwr_out.RefusedWork, cwr_out.DoesNotFit) as error:
        return str(error)
    return ""


# --- From what stands here to what the format says


@dataclass
class _Held:
    """What one party has of a work."""

    party: Party
    role: str = ""
    ownership: OutgoingShares = field(default_factory=OutgoingShares)
    collections: dict[tuple[str, ...], OutgoingShares] | None = None


def _outgoing(
    works: Sequence[Work], organization_id: UUID, heading: OutgoingHeading, *, on: date
) -> Iterator[tuple[Work, OutgoingWork | str]]:
    held = _held(works, on)
    parties = {one.party.pk for some in held.values() for one in some.values()}
    codes = _codes(parties, heading)
    numbers = _numbers(works, heading)
    represented = set(
        Representation.objects.filter(agent=organization_id, principal__in=parties, active_from__lte=on)
        .exclude(active_to__lte=on)
        .exclude(end__effective_on__lte=on)
        .values_list("principal", flat=True)
    )
    recordings: dict[UUID, list[OutgoingRecording]] = defaultdict(list)
    links = RecordingWork.objects.filter(work__in=works).select_related("recording").order_by("recorded_at", "pk")
    for link in links:
        recordings[link.work_id].append(
            OutgoingRecording(isrc=link.recording.isrc or "", title=link.recording.title[:60])
        )
    for work in works:
        some = list(held[work.pk].values())
        if not some:
            yield work, "Nobody holds a share of it: register shares first."
            continue
        mixed = next((one for one in some for places in one.collections or () if _is_mixed(places)), None)
        if mixed is not None:
            yield work, "A collection in several territories that leaves others out cannot be written: split the share."
            continue
        yield work, _work(work, some, numbers, codes, represented, organization_id, tuple(recordings[work.pk]))


def _held(works: Sequence[Work], on: date) -> dict[UUID, dict[UUID, _Held]]:
    rows = (
        Share.objects.filter(work__in=works, right_type__in=_RIGHTS, active_from__lte=on)
        .exclude(active_to__lte=on)
        .exclude(events__act=ShareAct.RETRACTED)
        .exclude(events__act=ShareAct.ENDED, events__effective_on__lte=on)
        .select_related("party__identity")
        .order_by("recorded_at", "pk")
    )
    shares = list(rows)
    counts_as = survivors(share.party_id for share in shares)
    parties = {party.pk: party for party in Party.objects.filter(pk__in=counts_as.values()).select_related("identity")}
    found: dict[UUID, dict[UUID, _Held]] = defaultdict(dict)
    for share in shares:
        party = parties[counts_as[share.party_id]]
        work_id = share.work_id
        assert work_id is not None  # noqa: S101 - asked for by work
        one = found[work_id].setdefault(party.pk, _Held(party))
        one.role = one.role or share.role
        part = Fraction(share.numerator, share.denominator)
        if share.basis == Basis.OWNERSHIP:
            one.ownership = _plus(one.ownership, share.right_type, part)
        else:
            one.collections = one.collections or {}
            places = tuple(share.territories)
            one.collections[places] = _plus(one.collections.get(places, OutgoingShares()), share.right_type, part)
    return found


def _plus(shares: OutgoingShares, right: str, part: Fraction) -> OutgoingShares:
    return replace(shares, **{str(right): getattr(shares, str(right)) + part})


def _is_mixed(places: tuple[str, ...]) -> bool:
    return any(code.startswith("-") for code in places) and sum(not code.startswith("-") for code in places) > 1


def _codes(parties: set[UUID], heading: OutgoingHeading) -> dict[UUID, dict[str, str]]:
    found: dict[UUID, dict[str, str]] = defaultdict(dict)
    rows = Identifier.objects.filter(party__in=parties).order_by("-recorded_at")
    for code in rows:
        if code.party_id is not None and (code.scheme != Scheme.PROPRIETARY or _is_of(code.namespace, heading)):
            found[code.party_id][code.scheme] = code.value
    return found


def _numbers(works: Sequence[Work], heading: OutgoingHeading) -> dict[UUID, str]:
    """Return the number of each work: the sender's own where it gave one, else one that follows from our id."""
    found = {work.pk: matching.work_number(work.pk) for work in works}
    rows = Identifier.objects.filter(work__in=works, scheme=Scheme.PROPRIETARY).order_by("-recorded_at")
    own = {code.work_id: code.value for code in rows if code.work_id is not None and _is_of(code.namespace, heading)}
    return found | own


def _is_of(namespace: str, heading: OutgoingHeading) -> bool:
    return namespace.lstrip("0") in {heading.sender.lstrip("0"), heading.sender_code}


def _work(
    work: Work,
    held: Sequence[_Held],
    numbers: dict[UUID, str],
    codes: dict[UUID, dict[str, str]],
    represented: set[UUID],
    organization_id: UUID,
    recordings: tuple[OutgoingRecording, ...],
) -> OutgoingWork:
    publishers = [one for one in held if _is_publisher(one)]
    writers = [one for one in held if not _is_publisher(one)]
    is_named = bool(represented & {one.party.pk for one in writers})
    controlled = {one.party.pk for one in writers if not is_named or one.party.pk in represented}
    own = {one.party.pk for one in publishers if one.party.pk == organization_id}
    controlled |= own or {one.party.pk for one in publishers}
    outgoing: list[OutgoingPublisher] = []
    chain = 0
    for one in sorted(publishers, key=lambda one: (one.party.pk not in controlled, _IN_CHAIN.get(one.role or "E", 2))):
        role = one.role or "E"
        chain += role == "E" or not chain
        outgoing.append(
            OutgoingPublisher(
                number=_number(one, codes),
                ipi_name=codes[one.party.pk].get(Scheme.IPI_NAME, ""),
                ipi_base=codes[one.party.pk].get(Scheme.IPI_BASE, ""),
                ownership=one.ownership,
                collections=_collections(one),
                name=str(one.party),
                chain=chain,
                role=role,
                is_controlled=one.party.pk in controlled,
            )
        )
    led = any(publisher.is_controlled for publisher in outgoing)
    return OutgoingWork(
        number=numbers[work.pk],
        title=work.title,
        iswc=work.iswc or "",
        publishers=tuple(outgoing),
        writers=tuple(
            replace(_writer(one, codes, controlled, (1,) if led else ()), manuscript=manuscript)
            for one, manuscript in zip(writers, _manuscript(writers), strict=True)
        ),
        recordings=recordings,
    )


def _manuscript(writers: Sequence[_Held]) -> list[OutgoingShares]:
    owned = [one.ownership.performing for one in writers]
    total = sum(owned, Fraction(0))
    parts = [each / total for each in owned] if total else owned
    return [OutgoingShares(part, part, part) for part in parts]


def _is_publisher(one: _Held) -> bool:
    return one.role in _PUBLISHERS if one.role else one.party.kind != PartyKind.PERSON


def _collections(one: _Held) -> tuple[OutgoingCollection, ...]:
    collections = one.collections
    if collections is None:
        collections = {("2136",): one.ownership} if one.ownership != OutgoingShares() else {}
    return tuple(
        OutgoingCollection(
            shares=shares,
            include=include,
            excludes=tuple(code.removeprefix("-") for code in places if code.startswith("-")),
        )
        for places, shares in collections.items()
        for include in places
        if not include.startswith("-")
    )


def _number(one: _Held, codes: dict[UUID, dict[str, str]]) -> str:
    return codes[one.party.pk].get(Scheme.PROPRIETARY, one.party.pk.hex[:9].upper())


def _writer(
    one: _Held, codes: dict[UUID, dict[str, str]], controlled: set[UUID], chains: tuple[int, ...]
) -> OutgoingWriter:
    first, _, last = str(one.party).rpartition(" ")
    is_controlled = one.party.pk in controlled
    return OutgoingWriter(
        number=_number(one, codes),
        ipi_name=codes[one.party.pk].get(Scheme.IPI_NAME, ""),
        ipi_base=codes[one.party.pk].get(Scheme.IPI_BASE, ""),
        ownership=one.ownership,
        collections=_collections(one),
        last_name=last,
        first_name=first,
        role=one.role or "CA",
        is_controlled=is_controlled,
        chains=chains if is_controlled else (),
    )
