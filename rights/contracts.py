"""
Contracts: versions of terms, licenses with what becomes of them, and what one licensee has to itself.

Whatever one exclusive license has to itself stands in ``ExclusiveRight``, a row for each asset, use and stretch of
days, and a constraint of the database refuses two rows that overlap (LIC-3). Between an exclusive license and others
there is no such constraint, so signings take turns: an exclusive one alone, others beside each other. Whoever waited
sees what was signed meanwhile.

A suspended license keeps what it has to itself, since it may be resumed on any day; a terminated one, or one that was
amended, gives it back from its day on.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from enum import StrEnum
from fractions import Fraction
from functools import reduce
from operator import or_
from typing import Any
from uuid import UUID, uuid5

from django.db import connection
from django.db.backends.postgresql.psycopg_any import DateRange
from django.db.models import Max, Model, Q, QuerySet
from django.db.models.expressions import RawSQL

from rights import restate, terms, wording
from rights.merges import survivors
from rights.mfn import LICENSOR, Clause, Deal, Favor, Measure, check_class, check_measure
from rights.models import (
    Decision,
    ExclusiveRight,
    License,
    LicenseAsset,
    LicenseEvent,
    LicenseModelVersion,
    Lyrics,
    MfnClause,
    Recording,
    ShareStanding,
    Stem,
    TermsVersion,
    Voice,
    Work,
)
from rights.registry import LINKS, AssetRef, EmptySchedule, NoSuchUse, NotAPart, NothingAllowed
from rights.territories import NoTerritory, Stretch, check, numbers, stretches
from rights.visibility import EVERYTHING, Sight, seen
from rights.vocabulary import AssetKind, LicenseAct, Outcome, Purpose, Use

POSITIONS = {use.value: position for position, use in enumerate(Use)}
MOST_NAMED = 5  # licenses that a refusal names


class OtherDataInThisVersion(Exception):
    """This version says something else in another language: publish each language of a version from the same data."""


class NoSuchPurpose(Exception):
    """This is not a purpose code; the API's docs list them."""


class BadQuota(Exception):
    """A license allows at least one output, or any number if it names none."""


class WiderThanItsTerms(Exception):
    """A license may be narrower than its terms and not wider."""


class NotTheSameParties(Exception):
    """An amendment is between the parties of the license that it amends."""


class OutsideThePeriod(Exception):
    """What becomes of a license begins on a day of its period."""


class BeforeTheLastEvent(Exception):
    """What becomes of a license takes effect no earlier than what became of it before."""


class ExclusivityClash(Exception):
    """A license that one licensee has to itself meets another one: the same asset, use, country and day."""

    def __init__(self, license_ids: Iterable[UUID], *, named: Collection[UUID] = ()) -> None:
        """Say which licenses it meets, as far as they may be named to whoever asks."""
        self.license_ids = tuple(license_ids)
        shown = [str(id) for id in self.license_ids if id in named][:MOST_NAMED]
        others = len(self.license_ids) - len(shown)
        said = [f"license {id}" for id in shown]
        if others or not said:
            said.append("a license that is not yours to see" if others == 1 or not said else f"{others} other licenses")
        super().__init__(
            f"The same asset, use, country and day is in {' and '.join(said)}, and one of the two is exclusive: leave"
            " out what both have, end or amend the other, or let an exclusive license name it as known."
        )


# --- terms


def publish_terms(
    *, id: UUID, name: str, agreed: wording.Wording, language: str, registrar_id: UUID | None, at: datetime
) -> TermsVersion:
    """
    Insert the next version of terms in a language, rendered from the data; the first is number 1.

    :raises NoSuchLanguage: there are no templates for it
    :raises ClauseNotTranslated: a further clause has no wording in it
    :raises OtherDataInThisVersion: the version of this number in another language was published from other data
    """
    data, text = wording.data(agreed), wording.text(agreed, language)
    # Versions of one name are numbered one after the other; the constraint holds also against who takes no turn.
    _take_turn(f"terms {registrar_id} {name}", alone=True)
    versions = TermsVersion.objects.filter(registrar=registrar_id, name=name)
    number = (versions.filter(language=language).aggregate(last=Max("number"))["last"] or 0) + 1
    if versions.filter(number=number).exclude(data_digest=wording.digest(data)).exists():
        raise OtherDataInThisVersion
    return TermsVersion.objects.create(
        id=id,
        name=name,
        number=number,
        language=language,
        data=data,
        text=text,
        data_digest=wording.digest(data),
        text_digest=wording.digest(text),
        registrar_id=registrar_id,
        recorded_at=at,
    )


# --- licenses


def sign_license(
    *,
    id: UUID,
    licensor_id: UUID,
    licensee_id: UUID,
    schedule: Sequence[AssetRef],
    uses: Sequence[str],
    territories: Sequence[str],
    active_from: date,
    active_to: date | None,
    document_digest: str,
    at: datetime,
    barred: Sequence[str] = (),
    is_exclusive: bool = False,
    max_outputs: int | None = None,
    influence: Fraction | None = None,
    release_from: date | None = None,
    release_to: date | None = None,
    terms_version: TermsVersion | None = None,
    model_version_ids: Sequence[UUID] = (),
    favors: Sequence[Favor] = (),
    beside: Collection[UUID] = (),
    amends: License | None = None,
    registrar_id: UUID | None = None,
) -> License:
    """
    Insert a license with its schedule; in place of another one, which then ends where this one begins.

    ``beside`` names licenses that an exclusive one knows of and lets stand. Two exclusive ones that overlap are
    refused by the constraint ``no_two_exclusives``, which may come as an ``IntegrityError``: see ``clashing``.

    :raises EmptySchedule: no asset is on it
    :raises NothingAllowed: no use is named
    :raises NoSuchUse: a use is not in the vocabulary
    :raises NoSuchPurpose: a barred purpose is not in the vocabulary
    :raises NoSuchTerritory: a code is not in the tables
    :raises BadQuota: not even one output is allowed
    :raises NotAPart: the influence is not in (0, 1]
    :raises NoSuchMeasure: an MFN clause compares something else
    :raises NoSuchReferenceClass: an MFN clause compares with somebody else
    :raises WiderThanItsTerms: it allows more than the terms that it names
    :raises NotTheSameParties: it amends a license of others
    :raises OutsideThePeriod: it amends a license outside its period
    :raises BeforeTheLastEvent: it amends a license before what became of it last
    :raises ExclusivityClash: it meets a license that one of the two excludes
    """
    if not schedule:
        raise EmptySchedule
    if max_outputs is not None and max_outputs < 1:
        raise BadQuota
    if influence is not None and not 0 < influence <= 1:
        raise NotAPart(f"{influence} is not a part of an output")
    check(territories)
    license_ = License(
        id=id,
        licensor_id=licensor_id,
        licensee_id=licensee_id,
        uses=_uses(uses),
        barred=_purposes(barred),
        territories=list(territories),
        active_from=active_from,
        active_to=active_to,
        is_exclusive=is_exclusive,
        max_outputs=max_outputs,
        influence_numerator=influence.numerator if influence else None,
        influence_denominator=influence.denominator if influence else None,
        release_from=release_from,
        release_to=release_to,
        terms=terms_version,
        document_digest=document_digest,
        registrar_id=registrar_id,
        recorded_at=at,
    )
    if terms_version is not None and (
        field := wording.exceeded(wording.parse(terms_version.data), _scope(license_, model_version_ids))
    ):
        raise WiderThanItsTerms(f"in {field}, the license allows more than version {terms_version.number} of its terms")
    _take_turn("licenses", alone=is_exclusive)
    license_.save(force_insert=True)
    LicenseAsset.objects.bulk_create(
        (LicenseAsset(id=uuid5(LINKS, f"{id}/{asset.id}"), license=license_, **asset.columns) for asset in schedule),
        batch_size=2000,
    )
    for version_id in model_version_ids:
        LicenseModelVersion.objects.create(
            id=uuid5(LINKS, f"{id}/model/{version_id}"), license=license_, model_version_id=version_id
        )
    for position, favor in enumerate(favors):
        MfnClause.objects.create(
            id=uuid5(LINKS, f"{id}/mfn/{position}"),
            license=license_,
            reference_class=check_class(favor.reference_class),
            measure=check_measure(favor.measure),
            looks_back_to=favor.looks_back_to,
        )
    if amends is not None:
        _amend(amends, successor=license_, at=at)
    if found := _met(license_, beside=beside):
        raise ExclusivityClash(found)
    if is_exclusive:
        _claim(license_)
    restate.license(license_, at=at)
    return license_


def record_event(
    *,
    id: UUID,
    license_: License,
    act: LicenseAct,
    actor_id: UUID,
    effective_on: date,
    reason: str,
    at: datetime,
    successor: License | None = None,
) -> LicenseEvent:
    """
    Insert what became of a license. What may follow what is kept by the trigger ``license_follows_its_course``.

    :raises OutsideThePeriod: the day is not one of the license's period
    :raises BeforeTheLastEvent: it was suspended, resumed, terminated or amended from a later day on
    """
    if effective_on < license_.active_from or (license_.active_to is not None and effective_on >= license_.active_to):
        raise OutsideThePeriod
    course = list(license_.events.order_by("position").values_list("effective_on", flat=True))
    if course and effective_on < course[-1]:
        raise BeforeTheLastEvent(f"{effective_on} lies before {course[-1]}, when the event before takes effect")
    event = LicenseEvent.objects.create(
        id=id,
        license=license_,
        position=len(course),
        act=act,
        actor_id=actor_id,
        effective_on=effective_on,
        successor=successor,
        reason=reason,
        recorded_at=at,
    )
    if act in {LicenseAct.TERMINATED, LicenseAct.AMENDED}:
        _give_back(license_, from_day=effective_on)
    restate.license(license_, at=at)
    return event


def amendment_of(license_: License) -> LicenseEvent | None:
    """Return the event by which a license stands in another's place, or None where it stands in nobody's."""
    return LicenseEvent.objects.filter(successor=license_).select_related("license").first()


class State(StrEnum):
    """What a license is on a day."""

    NOT_YET = "not yet in force"
    IN_FORCE = "in force"
    SUSPENDED = "suspended"
    TERMINATED = "terminated"
    AMENDED = "amended"
    ENDED = "ended"


def state_of(license_: License, *, on: date, known_at: datetime | None = None) -> State:
    """Return what a license is on a day, as known at a moment."""
    acts = [
        event.act
        for event in sorted(license_.events.all(), key=lambda event: event.position)
        if event.effective_on <= on and (known_at is None or event.recorded_at <= known_at)
    ]
    if acts and acts[-1] != LicenseAct.RESUMED:
        return State(acts[-1])
    if on < license_.active_from:
        return State.NOT_YET
    return State.ENDED if license_.active_to is not None and license_.active_to <= on else State.IN_FORCE


def find_assets(
    *, words: str, holder_id: UUID | None, on: date, most: int, sight: Sight = EVERYTHING
) -> tuple[AssetRef, ...]:
    """
    Return up to ``most`` assets that have all the words in their title or code, of a holder if one is named.

    Holding is what stands on the day, as known now. Voices and lyrics have no title: only their holder finds them.
    """
    held = None
    if holder_id is not None:
        same = survivors({holder_id})[holder_id]
        held = ShareStanding.objects.filter(holder=same, known__upper_inf=True, valid__contains=on).values("asset_id")
    found: list[AssetRef] = []
    for kind, (model, fields) in _SOUGHT.items():
        if (held is None and not words.strip()) or (words.strip() and not fields):
            continue
        rows: QuerySet[Any] = seen(QuerySet(model), sight)
        if held is not None:
            rows = rows.filter(pk__in=held)
        for word in words.split():
            bare = re.sub(r"[-.]", "", word)
            fits = [Q(**{f"{name}__icontains": bare if name in {"isrc", "iswc"} else word}) for name in fields]
            rows = rows.filter(reduce(or_, fits))
        ids = rows.order_by("pk").values_list("pk", flat=True)[: most - len(found)]
        found += [AssetRef(**{f"{kind.value}_id": id}) for id in ids]
    return tuple(found)


_SOUGHT: dict[AssetKind, tuple[type[Model], tuple[str, ...]]] = {
    AssetKind.RECORDING: (Recording, ("title", "isrc")),
    AssetKind.WORK: (Work, ("title", "iswc")),
    AssetKind.STEM: (Stem, ("title",)),
    AssetKind.VOICE: (Voice, ()),
    AssetKind.LYRICS: (Lyrics, ()),
}


def _amend(license_: License, *, successor: License, at: datetime) -> None:
    parties = survivors(
        {license_.licensor_id, license_.licensee_id, successor.licensor_id, successor.licensee_id},
    )
    if (parties[license_.licensor_id], parties[license_.licensee_id]) != (
        parties[successor.licensor_id],
        parties[successor.licensee_id],
    ):
        raise NotTheSameParties
    record_event(
        id=uuid5(LINKS, f"{successor.id}/amends"),
        license_=license_,
        act=LicenseAct.AMENDED,
        actor_id=successor.licensor_id,
        effective_on=successor.active_from,
        reason="",
        successor=successor,
        at=at,
    )


def _uses(codes: Sequence[str]) -> list[str]:
    if not codes:
        raise NothingAllowed
    for code in codes:
        if code not in POSITIONS:
            raise NoSuchUse(f"{code!r} is not a use: {', '.join(sorted(POSITIONS))}")
    return sorted(set(codes))


def _purposes(codes: Sequence[str]) -> list[str]:
    known = {purpose.value for purpose in Purpose}
    for code in codes:
        if code not in known:
            raise NoSuchPurpose(f"{code!r} is not a purpose: {', '.join(sorted(known))}")
    return sorted(set(codes))


def _scope(license_: License, model_version_ids: Sequence[UUID]) -> wording.Scope:
    return wording.Scope(
        uses=frozenset(license_.uses),
        barred=frozenset(license_.barred),
        territories=tuple(license_.territories),
        active_from=license_.active_from,
        active_to=license_.active_to,
        is_exclusive=license_.is_exclusive,
        max_outputs=license_.max_outputs,
        influence=_part(license_),
        release_from=license_.release_from,
        release_to=license_.release_to,
        model_version_ids=frozenset(model_version_ids),
    )


def _part(license_: License) -> Fraction | None:
    if license_.influence_numerator is None or license_.influence_denominator is None:
        return None
    return Fraction(license_.influence_numerator, license_.influence_denominator)


# --- exclusivity


@dataclass(frozen=True)
class Reach:
    """What a license would cover, of which assets and for whom."""

    licensee_id: UUID
    asset_ids: tuple[UUID, ...]
    uses: tuple[str, ...]
    territories: tuple[str, ...]
    active_from: date
    active_to: date | None
    is_exclusive: bool

    def stretches(self) -> tuple[Stretch, ...]:
        """Return its days and countries; none where its territories are empty throughout."""
        try:
            return stretches(self.territories, self.active_from, self.active_to)
        except NoTerritory:
            return ()


def clashing(reach: Reach, *, except_for: Collection[UUID] = ()) -> tuple[UUID, ...]:
    """
    Return the licenses that such a one would meet although one of the two is exclusive, by id.

    A licensee's own exclusive license does not stand against another license to it, unless both are exclusive.
    """
    overlapping = Q(active_to__isnull=True) | Q(active_to__gt=reach.active_from)
    if reach.active_to is not None:
        overlapping &= Q(active_from__lt=reach.active_to)
    if not reach.is_exclusive:
        overlapping &= Q(is_exclusive=True)
    # By the schedules, which have an index for it: a join over ranges would compare each asset with each row.
    lines = LicenseAsset.objects.filter(asset_id__in=RawSQL("SELECT unnest(%s::uuid[])", [list(reach.asset_ids)]))
    candidates = list(
        License.objects.filter(overlapping, uses__overlap=list(reach.uses), pk__in=lines.values("license"))
        .exclude(pk__in=except_for)
        .prefetch_related("events")
        .order_by("id")
    )
    parties = survivors({reach.licensee_id, *(license_.licensee_id for license_ in candidates)})
    ours = reach.stretches()
    return tuple(
        license_.id
        for license_ in candidates
        if (reach.is_exclusive and license_.is_exclusive) or parties[license_.licensee_id] != parties[reach.licensee_id]
        if any(_meet(one, other) for one in ours for other in _stretches_of(license_))
    )


def reach_of(license_: License) -> Reach:
    """Return what a license covers."""
    return Reach(
        licensee_id=license_.licensee_id,
        asset_ids=tuple(license_.schedule.values_list("asset_id", flat=True)),
        uses=tuple(license_.uses),
        territories=tuple(license_.territories),
        active_from=license_.active_from,
        active_to=license_.active_to,
        is_exclusive=license_.is_exclusive,
    )


def _met(license_: License, *, beside: Collection[UUID]) -> tuple[UUID, ...]:
    """Return what a license meets that no constraint will find: an exclusive one and one that is not."""
    if not license_.is_exclusive:
        return clashing(reach_of(license_), except_for={license_.id})
    found = clashing(reach_of(license_), except_for={license_.id, *beside})
    exclusive = set(License.objects.filter(pk__in=found, is_exclusive=True).values_list("id", flat=True))
    return tuple(id for id in found if id not in exclusive)


def _stretches_of(license_: License) -> tuple[Stretch, ...]:
    end = ended_on(license_)
    if end is not None and end <= license_.active_from:
        return ()
    try:
        return stretches(license_.territories, license_.active_from, end)
    except NoTerritory:
        return ()


def ended_on(license_: License, *, known_at: datetime | None = None) -> date | None:
    """Return the first day without a license: its agreed end, or an earlier one by an act; None while it is open."""
    days = [
        event.effective_on
        for event in license_.events.all()
        if event.act in _ENDS and (known_at is None or event.recorded_at <= known_at)
    ]
    return min([*days, license_.active_to], default=None, key=lambda day: day or date.max)


_ENDS = {LicenseAct.TERMINATED, LicenseAct.AMENDED}


def _meet(one: Stretch, other: Stretch) -> bool:
    return (
        (one.active_to is None or other.active_from < one.active_to)
        and (other.active_to is None or one.active_from < other.active_to)
        and not one.countries.isdisjoint(other.countries)
    )


def _claim(license_: License) -> None:
    """Insert what an exclusive license has to itself; the constraint refuses what another has."""
    reach = reach_of(license_)
    ExclusiveRight.objects.bulk_create(
        (
            ExclusiveRight(
                license=license_,
                asset=asset_id,
                use=POSITIONS[use],
                countries=numbers(span.countries),
                valid=DateRange(span.active_from, span.active_to),
            )
            for asset_id in sorted(reach.asset_ids, key=str)  # two that wait for each other's rows would wait for ever
            for use in reach.uses
            for span in reach.stretches()
        ),
        batch_size=2000,
    )


def _give_back(license_: License, *, from_day: date) -> None:
    """Shorten what an exclusive license has to itself."""
    with connection.cursor() as cursor:
        cursor.execute(
            "WITH given AS (DELETE FROM rights_exclusiveright WHERE license_id = %s AND valid && daterange(%s, NULL)"
            " RETURNING license_id, asset, use, countries, valid * daterange(NULL, %s) AS valid)"
            " INSERT INTO rights_exclusiveright (license_id, asset, use, countries, valid)"
            " SELECT license_id, asset, use, countries, valid FROM given WHERE NOT isempty(valid)",
            [license_.id, from_day, from_day],
        )


def misheld() -> Iterator[UUID]:
    """
    Return the licenses, by id, that have something else to themselves than their facts say. Nothing is written.

    It does not look for two exclusive licenses that overlap: the constraint refuses the second.
    """
    licenses = License.objects.filter(Q(is_exclusive=True) | Q(pk__in=ExclusiveRight.objects.values("license")))
    for license_ in licenses.order_by("id").prefetch_related("events").iterator(chunk_size=100):
        held = Counter(
            (asset_id, use, countries, valid.lower, valid.upper)
            for asset_id, use, countries, valid in license_.exclusive_rights.values_list(
                "asset", "use", "countries", "valid"
            )
        )
        try:
            is_due = held == _due_to(license_)
        except restate.UNREADABLE:
            is_due = False
        if not is_due:
            yield license_.id


def _due_to(license_: License) -> Counter[tuple[Any, ...]]:
    if not license_.is_exclusive:
        return Counter()
    spans = [(numbers(span.countries), span.active_from, span.active_to) for span in _stretches_of(license_)]
    return Counter(
        (asset_id, POSITIONS[use], *span)
        for asset_id in license_.schedule.values_list("asset_id", flat=True)
        for use in license_.uses
        for span in spans
    )


def _take_turn(name: str, *, alone: bool) -> None:
    """Wait until nobody else is at it, and hold it to the end of the transaction; ``alone`` or beside others."""
    function = "pg_advisory_xact_lock" if alone else "pg_advisory_xact_lock_shared"
    with connection.cursor() as cursor:
        cursor.execute(f"SELECT {function}(hashtextextended(%s, 0))", [name])


# --- quotas


def cleared_outputs(license_ids: Iterable[UUID], *, known_at: datetime) -> dict[UUID, int]:
    """Return how many outputs were cleared under each of these licenses, as far as was recorded by then."""
    wanted = set(license_ids)
    counts = dict.fromkeys(wanted, 0)
    decisions = Decision.objects.filter(
        outcome=Outcome.CLEARED, decided_at__lte=known_at, licenses__overlap=list(wanted)
    ).values_list("licenses", flat=True)
    for licenses in decisions.iterator(chunk_size=2000):
        for id in wanted.intersection(licenses):
            counts[id] += 1
    return counts


def take_turns_at(license_ids: Iterable[UUID]) -> None:
    """
    Wait until nobody else decides under these licenses, and hold that to the end of the transaction.

    Whoever commits a clearance under licenses with a quota calls this first and asks ``terms.exhausted`` again, so that
    two outputs do not both take the last place (LIC-3).
    """
    limited = License.objects.filter(pk__in=set(license_ids), max_outputs__isnull=False).values_list("id", flat=True)
    for id in sorted(limited, key=str):
        _take_turn(f"outputs of license {id}", alone=True)


def last_output(license_ids: Iterable[UUID]) -> datetime | None:
    """Return when an output was last cleared under any of these licenses."""
    found: datetime | None = Decision.objects.filter(
        licenses__overlap=list(license_ids), outcome=Outcome.CLEARED
    ).aggregate(last=Max("decided_at"))["last"]
    return found


# --- most favored nation


def favored(*, known_at: datetime) -> tuple[tuple[Clause, ...], tuple[Deal, ...]]:
    """Return the clauses of licenses, and the licenses that they compare; plans are not known here. After merges."""
    rows = list(
        MfnClause.objects.filter(license__recorded_at__lte=known_at)
        .select_related("license")
        .order_by("license__recorded_at", "id")
    )
    named = {
        UUID(row.reference_class.removeprefix(LICENSOR)) for row in rows if row.reference_class.startswith(LICENSOR)
    }
    licensees = {row.license.licensee_id for row in rows}
    same = survivors(licensees | named, known_at=known_at)
    known_as = {party: terms.duplicates_of(same[party], known_at) for party in licensees | named}
    compared = list(
        License.objects.filter(
            Q(pk__in={row.license_id for row in rows})
            | Q(licensee__in=set().union(*(known_as[party] for party in licensees)))
            | Q(licensor__in=set().union(*(known_as[party] for party in named))),
            recorded_at__lte=known_at,
        )
        .prefetch_related("events")
        .order_by("recorded_at", "id")
    )
    same |= survivors(
        {party for license_ in compared for party in (license_.licensor_id, license_.licensee_id)}, known_at=known_at
    )
    return (
        tuple(
            Clause(row.id, row.license_id, _class_of(row, same), Measure(row.measure), row.looks_back_to)
            for row in rows
        ),
        tuple(
            Deal(
                license_id=license_.id,
                licensor_id=same[license_.licensor_id],
                licensee_id=same[license_.licensee_id],
                uses=frozenset(license_.uses),
                active_from=license_.active_from,
                active_to=ended_on(license_, known_at=known_at),
                max_outputs=license_.max_outputs,
                plan=None,
                recorded_at=license_.recorded_at,
            )
            for license_ in compared
        ),
    )


def _class_of(row: MfnClause, same: Mapping[UUID, UUID]) -> str:
    if not row.reference_class.startswith(LICENSOR):
        return row.reference_class
    return f"{LICENSOR}{same[UUID(row.reference_class.removeprefix(LICENSOR))]}"
