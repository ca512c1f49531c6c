"""Codes of parties and assets: recorded as written and as stored, and what is known about each of them."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from django.db.models import Q

from rights import identifiers
from rights.identifiers import BadCode, CodeStatus, Scheme
from rights.merges import survivors
from rights.models import Identifier, IdentifierFinding, Recording, Work
from rights.vocabulary import CodeFinding

LONGEST_NAMESPACE = 80
LONGEST_VALUE = 120

# What each public scheme is given to; somebody's own code may be of anything.
THINGS: dict[Scheme, str] = {
    Scheme.IPI_NAME: "party",
    Scheme.IPI_BASE: "party",
    Scheme.ISNI: "party",
    Scheme.DPID: "party",
    Scheme.ISWC: "work",
    Scheme.ISRC: "recording",
    Scheme.GTIN: "release",
    Scheme.GRID: "release",
}


class NotOneThing(Exception):
    """A code is of one party, work, recording or release: name one of them."""


class WrongThing(Exception):
    """A code of this scheme is given to something else."""


@dataclass(frozen=True)
class Named:
    """What a code is of, by id."""

    party_id: UUID | None = None
    work_id: UUID | None = None
    recording_id: UUID | None = None
    release_id: UUID | None = None

    def __post_init__(self) -> None:
        """Check that exactly one is named."""
        if sum(id is not None for id in vars(self).values()) != 1:
            raise NotOneThing

    @property
    def what(self) -> str:
        """Which kind of thing it is."""
        return next(name for name, id in vars(self).items() if id is not None).removesuffix("_id")


def read(*, thing: str, scheme: Scheme, raw: str, namespace: str) -> identifiers.Code:
    """
    Return a code as it would be stored for such a thing.

    :raises BadCode: it is not a code of the scheme, or longer than what is kept
    :raises WrongThing: codes of the scheme are not given to such things
    """
    if THINGS.get(scheme, thing) != thing:
        raise WrongThing(f"{scheme.name.replace('_', ' ')} is a code of a {THINGS[scheme]}, not of a {thing}")
    code = identifiers.read(scheme, raw, namespace)
    if len(code.namespace) > LONGEST_NAMESPACE or len(code.value) > LONGEST_VALUE:
        raise BadCode(
            scheme, f"a namespace has at most {LONGEST_NAMESPACE} characters and a code in it {LONGEST_VALUE}"
        )
    return code


def record(*, id: UUID, of: Named, scheme: Scheme, raw: str, namespace: str, at: datetime) -> Identifier:
    """
    Insert a code of something. It does not find out whether the code was given to it, or to something else too.

    :raises BadCode: it is not a code of the scheme
    :raises WrongThing: codes of the scheme are not given to such things
    """
    code = read(thing=of.what, scheme=scheme, raw=raw, namespace=namespace)
    return Identifier.objects.create(
        id=id,
        scheme=code.scheme,
        namespace=code.namespace,
        value=code.value,
        raw=code.raw,
        checked=code.status,
        recorded_at=at,
        **vars(of),
    )


def find(
    *, id: UUID, identifier_id: UUID, result: CodeFinding, source: str, evidence_digest: str, at: datetime
) -> IdentifierFinding:
    """Insert what a source outside said about a code: that it is theirs, or somebody else's."""
    return IdentifierFinding.objects.create(
        id=id,
        identifier_id=identifier_id,
        result=result,
        source=source,
        evidence_digest=evidence_digest,
        recorded_at=at,
    )


def statuses(rows: Iterable[Identifier], known_at: datetime | None = None) -> dict[UUID, CodeStatus]:
    """
    Return what is known about each code, now or as known at a moment.

    A code is contradicted where the newest finding says so, or where something else that is not merged with its thing
    carries the same and no finding took it from there. Else it is resolved by a finding, or as it was checked.
    """
    wanted = list(rows)
    if not wanted:
        return {}
    alike = Q()
    for row in wanted:
        alike |= Q(scheme=row.scheme, namespace=row.namespace, value=row.value)
    carriers = Identifier.objects.filter(alike)
    if known_at is not None:
        carriers = carriers.filter(recorded_at__lte=known_at)
    everybody = {row.pk: row for row in (*carriers, *wanted)}
    found = _findings(everybody, known_at)
    merged = survivors((row.party_id for row in everybody.values() if row.party_id), known_at=known_at)
    things: dict[tuple[str, str, str], set[tuple[str, UUID]]] = defaultdict(set)
    for row in everybody.values():
        if found.get(row.pk) != CodeFinding.CONTRADICTED:
            things[row.scheme, row.namespace, row.value].add(_thing(row, merged))
    for scheme, value, thing in _columns(wanted, known_at):
        things[scheme, "", value].add(thing)
    return {row.pk: _status(row, found.get(row.pk), things, merged) for row in wanted}


def _status(
    row: Identifier,
    found: str | None,
    things: dict[tuple[str, str, str], set[tuple[str, UUID]]],
    merged: dict[UUID, UUID],
) -> CodeStatus:
    rivals = things[row.scheme, row.namespace, row.value] - {_thing(row, merged)}
    if rivals or found == CodeFinding.CONTRADICTED:
        return CodeStatus.CONTRADICTED
    return CodeStatus.RESOLVED if found == CodeFinding.RESOLVED else CodeStatus(row.checked)


def _thing(row: Identifier, merged: dict[UUID, UUID]) -> tuple[str, UUID]:
    if row.party_id:
        return "party", merged[row.party_id]
    for name in ("work", "recording", "release"):
        if id := getattr(row, f"{name}_id"):
            return name, id
    raise NotOneThing


def _findings(rows: Iterable[UUID], known_at: datetime | None) -> dict[UUID, str]:
    findings = IdentifierFinding.objects.filter(identifier__in=list(rows)).order_by("recorded_at", "pk")
    if known_at is not None:
        findings = findings.filter(recorded_at__lte=known_at)
    return dict(findings.values_list("identifier_id", "result"))  # the newest is the last


def _columns(rows: Iterable[Identifier], known_at: datetime | None) -> Iterable[tuple[str, str, tuple[str, UUID]]]:
    """Yield the codes that works and recordings were registered with, which stand in a column of their own."""
    wanted = list(rows)
    works = Work.objects.filter(iswc__in=[row.value for row in wanted if row.scheme == Scheme.ISWC])
    recordings = Recording.objects.filter(isrc__in=[row.value for row in wanted if row.scheme == Scheme.ISRC])
    if known_at is not None:
        works, recordings = works.filter(registered_at__lte=known_at), recordings.filter(registered_at__lte=known_at)
    for work_id, iswc in works.values_list("pk", "iswc"):
        yield Scheme.ISWC, str(iswc), ("work", work_id)
    for recording_id, isrc in recordings.values_list("pk", "isrc"):
        yield Scheme.ISRC, str(isrc), ("recording", recording_id)
