"""What is on record for the public answer about assets: found by their codes, read in a fixed number of queries."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from enum import StrEnum
from typing import Any
from uuid import UUID

from django.db.models import Q

from rights import identifiers, stances
from rights.identifiers import Scheme
from rights.models import Identifier, PermissionStanding, Recording, RecordingWork, ShareStanding, Work
from rights.models.fields import Ranges
from rights.preferences import Preference
from rights.stances import Countries, Held, Public, Said, public
from rights.standing import Stance
from rights.territories import countries, number
from rights.vocabulary import Basis

LONGEST_ISCC = 120


class BadIscc(Exception):
    """An ISCC is ISCC: and letters A to Z and digits 2 to 7."""


class CodeKind(StrEnum):
    """By which code an asset is asked for."""

    ISRC = "isrc"
    ISWC = "iswc"
    ISCC = "iscc"


@dataclass(frozen=True)
class Code:
    """A public code in its canonical form."""

    kind: CodeKind
    value: str


@dataclass(frozen=True)
class Published:
    """What is published about an asset, and its public codes."""

    codes: dict[str, str]
    public: Public


def read_code(kind: CodeKind, raw: str) -> Code:
    """
    Return a code in its canonical form.

    :raises BadIsrc: it is no ISRC
    :raises BadIswc: it is no ISWC
    :raises BadIscc: it is no ISCC
    """
    match kind:
        case CodeKind.ISRC:
            return Code(kind, identifiers.isrc(raw))
        case CodeKind.ISWC:
            return Code(kind, identifiers.iswc(raw))
        case CodeKind.ISCC:
            bare = raw.strip().upper().removeprefix("ISCC:")
            if not bare or len(bare) > LONGEST_ISCC or not set(bare) <= set("ABCDEFGHIJKLMNOPQRSTUVWXYZ234567"):
                raise BadIscc
            return Code(kind, bare)


def of_codes(codes: Iterable[Code], *, on: date, known_at: datetime) -> dict[Code, Published]:
    """Return what is published about the assets of these codes; a code that names nothing here is not in it."""
    found = _named(set(codes))
    assets = {asset for some in found.values() for asset in some}
    answers = _of_assets(assets, on=on, known_at=known_at)
    result: dict[Code, Published] = {}
    for code, some in found.items():
        parts = [answers[asset] for asset in sorted(some, key=str)]
        together = tuple(preference for part in parts for preference in part.preferences)
        ends = [part.ends_on for part in parts if part.ends_on is not None]
        # Two assets of one code: the stricter word counts, and saying both says that.
        result[code] = Published({code.kind.value: code.value}, Public(together, min(ends, default=None)))
    return result


def of_recording(recording: Recording, *, on: date, known_at: datetime) -> Published:
    """Return what is published about a recording."""
    codes = {"isrc": recording.isrc} if recording.isrc else {}
    return Published(codes, _of_assets({recording.id}, on=on, known_at=known_at)[recording.id])


def of_output(recordings: Iterable[UUID], *, has_own: bool, on: date, known_at: datetime) -> tuple[Preference, ...]:
    """Return what may be said in public about an output with these recordings in it; nothing where it has none."""
    found = _of_assets(set(recordings), on=on, known_at=known_at)
    return stances.of_output([found[one] for one in sorted(found, key=str)], has_own=has_own)


def _named(codes: set[Code]) -> dict[Code, set[UUID]]:
    wanted = {kind: {code.value for code in codes if code.kind is kind} for kind in CodeKind}
    found: dict[Code, set[UUID]] = {}

    def name(kind: CodeKind, rows: Iterable[tuple[str | None, UUID | None]]) -> None:
        for value, asset in rows:
            if value is not None and asset is not None:
                found.setdefault(Code(kind, value), set()).add(asset)

    if isrcs := wanted[CodeKind.ISRC]:
        name(CodeKind.ISRC, Recording.objects.filter(isrc__in=isrcs).values_list("isrc", "pk"))
        others = Identifier.objects.filter(scheme=Scheme.ISRC, value__in=isrcs, recording__isnull=False)
        name(CodeKind.ISRC, others.values_list("value", "recording"))
    if iswcs := wanted[CodeKind.ISWC]:
        name(CodeKind.ISWC, Work.objects.filter(iswc__in=iswcs).values_list("iswc", "pk"))
        others = Identifier.objects.filter(scheme=Scheme.ISWC, value__in=iswcs, work__isnull=False)
        name(CodeKind.ISWC, others.values_list("value", "work"))
    if isccs := wanted[CodeKind.ISCC]:
        # ISCC has no scheme of its own here: it is recorded as somebody's own code, in the namespace "iscc".
        spelled = {spelling: bare for bare in isccs for spelling in (bare, f"ISCC:{bare}")}
        rows = Identifier.objects.filter(
            Q(recording__isnull=False) | Q(work__isnull=False),
            scheme=Scheme.PROPRIETARY,
            namespace__iexact="iscc",
            value__in=spelled,
        )
        for value, recording, work in rows.values_list("value", "recording", "work"):
            name(CodeKind.ISCC, [(spelled[value], recording), (spelled[value], work)])
    return found


def _of_assets(asset_ids: set[UUID], *, on: date, known_at: datetime) -> dict[UUID, Public]:
    works: dict[UUID, list[UUID]] = {}
    for recording, work in RecordingWork.objects.filter(recording__in=asset_ids).values_list("recording", "work"):
        works.setdefault(recording, []).append(work)
    recordings = dict(Recording.objects.filter(pk__in=asset_ids).values_list("pk", "registered_at"))
    sides = {asset: [asset, *works.get(asset, [])] for asset in asset_ids}
    every = {side for some in sides.values() for side in some}
    registered = recordings | dict(Work.objects.filter(pk__in=every).values_list("pk", "registered_at"))
    now = {"valid__contains": on, "known__contains": known_at}
    world = frozenset(number(country) for country in countries(on))
    held = [
        Held(row["asset_id"], row["holder"], row["right_type"], row["units"], _members(row["countries"], world))
        for row in ShareStanding.objects.filter(asset_id__in=every, basis=Basis.OWNERSHIP, **now).values(
            "asset_id", "holder", "right_type", "units", "countries"
        )
    ]
    said = list(_sayings(every, held, registered, now, world))
    return {
        # A recording without a work on record has a side of which nothing is known, so nothing is free by it.
        asset: public(
            sides[asset] if asset not in recordings or works.get(asset) else [],
            held,
            [one for one in said if one.asset_id in sides[asset]],
            world,
        )
        for asset in asset_ids
    }


def _sayings(
    assets: set[UUID], held: Sequence[Held], registered: dict[UUID, datetime], now: dict[str, Any], world: Countries
) -> Iterable[Said]:
    holders: dict[UUID, set[UUID]] = {}
    for one in held:
        holders.setdefault(one.holder_id, set()).add(one.asset_id)
    rows = PermissionStanding.objects.filter(
        Q(asset_id__in=assets) | Q(asset_id=None, holder__in=holders), **now
    ).exclude(stance=Stance.LAPSED)
    for row in rows:
        # What is said of all that a holder has, or comes to have, is said of each of it.
        about = [row.asset_id] if row.asset_id else sorted(holders[row.holder_id], key=str)
        for asset in about:
            if row.assets_from is not None and registered.get(asset, row.assets_from) < row.assets_from:
                continue
            yield Said(
                asset_id=asset,
                holder_id=row.holder_id,
                stance=Stance(row.stance),
                uses=row.uses,
                countries=_members(row.countries, world),
                is_unconditional=not (
                    row.licensee_id
                    or row.licensee_role
                    or row.model_id
                    or row.model_version_id
                    or row.approval
                    or row.barred
                ),
                ends_on=row.valid.upper,
            )


def _members(ranges: Ranges, world: Countries) -> Countries:
    """Return the countries that there are today among ranges of their numbers, which have gaps."""
    return frozenset(one for one in world if any(low <= one < high for low, high in ranges))
