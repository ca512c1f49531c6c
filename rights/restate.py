"""Bringing what stands in line with the facts: what is no longer so ends in knowledge, what is so now is added.

Every writer of a fact that bears on a permission calls this in the transaction of the fact. Nothing is rewritten: the
database lets a row's ``known`` end and nothing else (``end_knowledge_only``). Calling it again changes nothing. The
audit asks for the differences between the two.
"""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from functools import partial
from itertools import chain, groupby, islice
from typing import Any
from uuid import UUID

from django.db import connection
from django.db.backends.postgresql.psycopg_any import DateRange, DateTimeTZRange
from django.db.models import Model, Q, QuerySet

from rights import standing
from rights.merges import survivors
from rights.models import (
    Consent,
    ConsentEvent,
    ConsentOverride,
    License,
    LicenseEvent,
    LicenseModelVersion,
    LicenseStanding,
    PermissionStanding,
    Reservation,
    ReservationEnd,
    Share,
    ShareEvent,
    ShareStanding,
)
from rights.standing import Happening, Span, Stance
from rights.territories import NoSuchTerritory, numbers
from rights.vocabulary import ApprovalMode, purpose_mask, use_mask

CHUNK = 1000
UNREADABLE = (NoSuchTerritory, KeyError)  # what a territory or a use of a fact is that somebody rewrote

Row = dict[str, Any]
Survivors = Mapping[UUID, UUID]


@dataclass(frozen=True)
class Difference:
    """What stands in ``table`` for a fact is not what the fact comes to."""

    table: str
    fact: str  # the fact's table
    id: UUID


@dataclass(frozen=True)
class _Along:
    """What is read with facts: rows of a table that name them in a column, in order, and what is taken of each."""

    table: type[Model]
    column: str
    order: str
    taken: tuple[str, ...]

    def of(self, facts: Sequence[Any]) -> dict[UUID, list[tuple[Any, ...]]]:
        """Read them for many facts at once; never from what an object has read before."""
        found = defaultdict[UUID, list[tuple[Any, ...]]](list)
        rows: QuerySet[Any] = QuerySet(self.table).filter(**{f"{self.column}__in": [fact.pk for fact in facts]})
        for fact_id, *taken in rows.order_by(self.order).values_list(self.column, *self.taken):
            found[fact_id].append(tuple(taken))
        return found


@dataclass(frozen=True)
class _Fold:
    """How the facts of one table come to stand: in which rows, naming which parties, read along with what."""

    table: type[Model]
    column: str  # of the table: the fact
    rows: Callable[..., Iterable[Row]]  # of a fact, the survivors of its parties, and what was read along
    parties: Callable[[Any], Iterable[UUID]]
    along: tuple[_Along, ...]

    def each(self, facts: Sequence[Any]) -> Iterator[tuple[Any, Callable[[], Iterable[Row]]]]:
        """Return each of the facts with what tells its rows."""
        same = survivors(chain.from_iterable(map(self.parties, facts)))
        along = [one.of(facts) for one in self.along]
        for fact in facts:
            yield fact, partial(self.rows, fact, same, *(found.get(fact.pk, []) for found in along))


def share(share: Share, *, at: datetime) -> None:
    """State who holds what of a share."""
    _state([share], at)


def shares(shares: Sequence[Share], *, at: datetime) -> None:
    """State who holds what of several shares."""
    _state(shares, at)


def consent(consent: Consent, *, at: datetime) -> None:
    """State what a consent allows, of each of its assets."""
    _state([consent], at)


def reservation(reservation: Reservation, *, at: datetime) -> None:
    """State what a reservation forbids."""
    _state([reservation], at)


def license(license_: License, *, at: datetime) -> None:
    """State what a license allows; its schedule stands in its lines."""
    _state([license_], at)


def party(party_id: UUID, *, at: datetime) -> None:
    """State anew whatever a party has a hand in: it was merged, or a merge was undone."""
    for held in Share.objects.filter(party=party_id).order_by("id"):
        share(held, at=at)
    for given in Consent.objects.filter(Q(grantor=party_id) | Q(licensee=party_id)).order_by("id"):
        consent(given, at=at)
    for reserved in Reservation.objects.filter(holder=party_id).order_by("id"):
        reservation(reserved, at=at)
    for licensed in License.objects.filter(licensee=party_id).order_by("id"):
        license(licensed, at=at)


def some(model: type[Model], *, after: UUID, at: datetime) -> tuple[int, UUID | None]:
    """State up to ``CHUNK`` facts of a table, in the order of their ids; return how many, and the last if there was."""
    facts: list[Any] = list(QuerySet(model).filter(pk__gt=after).order_by("pk")[:CHUNK])
    _state(facts, at)
    return len(facts), facts[-1].pk if facts else None


def everything(*, at: datetime) -> int:
    """State all facts that do not stand as they should; return how many facts were looked at."""
    count = 0
    for model in FACTS:
        for facts in _chunks(model):
            _state(facts, at)
            count += len(facts)
    return count


def is_behind() -> bool:
    """Whether there are facts of a table of which none ever stood: they were stated by a release without standing."""
    return any(
        QuerySet(model).exists() and not QuerySet(fold.table).filter(**{f"{fold.column}__isnull": False}).exists()
        for model, fold in _FOLDS.items()
    )


def differences() -> Iterator[Difference]:
    """
    Fold every fact again and return those that do not stand as they should. Nothing is written.

    Call this in a transaction: facts and what stands are read side by side, in the order of the facts' ids, so that
    no more than a chunk of either is held at a time.
    """
    for model, fold in _FOLDS.items():
        for id_ in _differing(model, fold):
            yield Difference(fold.table._meta.db_table, model._meta.db_table, id_)


def _differing(model: type[Model], fold: _Fold) -> Iterator[UUID]:
    names = _names(fold.table)
    rows: QuerySet[Any] = QuerySet(fold.table).filter(known__upper_inf=True, **{f"{fold.column}__isnull": False})
    open_rows = rows.order_by(fold.column).values_list(fold.column, *names).iterator(chunk_size=CHUNK)
    standing_by_fact = groupby(open_rows, key=lambda values: values[0])
    next_one = next(standing_by_fact, None)
    for facts in _chunks(model):
        for fact, rows_of_it in fold.each(facts):
            while next_one is not None and next_one[0] < fact.pk:
                yield next_one[0]  # of a fact that is not there
                next_one = next(standing_by_fact, None)
            stands = Counter[Any]()
            if next_one is not None and next_one[0] == fact.pk:
                stands.update(_key(_row(names, values[1:])) for values in next_one[1])
                next_one = next(standing_by_fact, None)
            try:
                comes_to = Counter(map(_key, rows_of_it()))
            except UNREADABLE:
                yield fact.pk
                continue
            if stands != comes_to:
                yield fact.pk
    while next_one is not None:
        yield next_one[0]
        next_one = next(standing_by_fact, None)


def _chunks(model: type[Model]) -> Iterator[list[Any]]:
    rows: QuerySet[Any] = QuerySet(model).order_by("pk")
    facts = rows.iterator(chunk_size=CHUNK)
    while chunk := list(islice(facts, CHUNK)):
        yield chunk


# --- what a fact comes to


def _of_share(share: Share, same: Survivors, course: list[tuple[str, date | None]]) -> Iterator[Row]:
    for span in standing.of_share(share.territories, share.active_from, share.active_to, course):
        yield {
            "share_id": share.id,
            "asset_id": _asset_id(share),
            "holder_id": same[share.party_id],
            "right_type": str(share.right_type),
            "basis": str(share.basis),
            "units": standing.units(share.numerator, share.denominator),
            **_when(span),
        }


def _of_consent(
    consent: Consent, same: Survivors, course: list[tuple[str, date]], overridden: list[tuple[UUID]]
) -> Iterator[Row]:
    happenings = [Happening(*one) for one in course]
    spans = standing.of_consent(consent.territories, consent.active_from, consent.active_to, happenings)
    if not spans:
        return
    assets: list[tuple[UUID | None, datetime | None]] = (
        [(asset, None) for asset in consent.assets.order_by("id").values_list("asset_id", flat=True)]
        if consent.is_list
        else [(_asset_id(consent), None)]
    )
    if consent.covers_future:
        assets.append((None, consent.recorded_at))
    overrides = sorted((reservation_id for (reservation_id,) in overridden), key=str)
    for stance, span in spans:
        when = _when(span)
        for asset_id, assets_from in assets:
            yield {
                "consent_id": consent.id,
                "reservation_id": None,
                "stance": int(stance),
                "holder_id": same[consent.grantor_id],
                "asset_id": asset_id,
                "assets_from": assets_from,
                "licensee_id": same[consent.licensee_id] if consent.licensee_id else None,
                "licensee_role": consent.licensee_role,
                "model_id": consent.model_id,
                "model_version_id": consent.model_version_id,
                "uses": use_mask(consent.uses),
                "barred": purpose_mask(consent.barred),
                "approval": consent.approval_mode != ApprovalMode.BLANKET,
                "overrides": overrides,
                **when,
            }


def _of_reservation(reservation: Reservation, same: Survivors, end: list[tuple[date]]) -> Iterator[Row]:
    lifted_on = end[0][0] if end else None
    for span in standing.of_reservation(
        reservation.territories, reservation.active_from, reservation.active_to, lifted_on
    ):
        yield {
            "consent_id": None,
            "reservation_id": reservation.id,
            "stance": int(Stance.DENY),
            "holder_id": same[reservation.holder_id],
            "asset_id": _asset_id(reservation),
            "assets_from": None,
            "licensee_id": None,
            "licensee_role": "",
            "model_id": None,
            "model_version_id": None,
            "uses": use_mask(reservation.uses),
            "barred": 0,
            "approval": False,
            "overrides": [],
            **_when(span),
        }


def _of_license(
    license_: License, same: Survivors, course: list[tuple[str, date]], bound: list[tuple[UUID]]
) -> Iterator[Row]:
    versions = sorted((version_id for (version_id,) in bound), key=str)
    happenings = [Happening(*one) for one in course]
    for stance, span in standing.of_license(license_.territories, license_.active_from, license_.active_to, happenings):
        yield {
            "license_id": license_.id,
            "stance": int(stance),
            "licensee_id": same[license_.licensee_id],
            "uses": use_mask(license_.uses),
            "barred": purpose_mask(license_.barred),
            "model_versions": versions,
            **_when(span),
        }


ACT = ("act", "effective_on")
_FOLDS: dict[type[Model], _Fold] = {
    Share: _Fold(
        table=ShareStanding,
        column="share_id",
        rows=_of_share,
        parties=lambda share: (share.party_id,),
        along=(_Along(ShareEvent, "share_id", "recorded_at", ACT),),
    ),
    Consent: _Fold(
        table=PermissionStanding,
        column="consent_id",
        rows=_of_consent,
        parties=lambda consent: filter(None, (consent.grantor_id, consent.licensee_id)),
        along=(
            _Along(ConsentEvent, "consent_id", "position", ACT),
            _Along(ConsentOverride, "consent_id", "id", ("reservation_id",)),
        ),
    ),
    Reservation: _Fold(
        table=PermissionStanding,
        column="reservation_id",
        rows=_of_reservation,
        parties=lambda reservation: (reservation.holder_id,),
        along=(_Along(ReservationEnd, "reservation_id", "id", ("effective_on",)),),
    ),
    License: _Fold(
        table=LicenseStanding,
        column="license_id",
        rows=_of_license,
        parties=lambda license_: (license_.licensee_id,),
        along=(
            _Along(LicenseEvent, "license_id", "position", ACT),
            _Along(LicenseModelVersion, "license_id", "id", ("model_version_id",)),
        ),
    ),
}
FACTS = tuple(_FOLDS)  # the tables whose facts stand, in the order in which they are stated


def _asset_id(row: Any) -> UUID | None:
    # Not the generated column: a row that was just inserted does not carry it yet.
    found: UUID | None = row.recording_id or row.work_id or row.voice_id or row.stem_id or row.lyrics_id
    return found


def _when(span: Span) -> Row:
    return {"countries": numbers(span.countries), "valid": (span.begin, span.end)}


def _state(facts: Sequence[Any], at: datetime) -> None:
    if not facts:
        return
    fold = _FOLDS[type(facts[0])]
    names = _names(fold.table)
    rows: QuerySet[Any] = QuerySet(fold.table)
    gone: list[int] = []
    stands = defaultdict[UUID, dict[Any, int]](dict)
    standing = rows.filter(**{f"{fold.column}__in": [fact.pk for fact in facts]}, known__upper_inf=True)
    for id_, *values in standing.values_list("id", *names):
        row = _row(names, values)
        if stands[row[fold.column]].setdefault(_key(row), id_) != id_:
            gone.append(id_)  # stands twice
    new: list[Row] = []
    for fact, rows_of_it in fold.each(facts):
        before = stands[fact.pk]
        now = {_key(row): row for row in rows_of_it()}
        gone += [id_ for key, id_ in before.items() if key not in now]
        new += [row for key, row in now.items() if key not in before]
    if gone:
        with connection.cursor() as cursor:
            cursor.execute(
                f"UPDATE {fold.table._meta.db_table}"  # noqa: S608 - a table of ours
                " SET known = tstzrange(lower(known), greatest(lower(known), %s)) WHERE id = ANY(%s)",
                [at, gone],
            )
    rows.bulk_create(
        (fold.table(**{**row, "valid": DateRange(*row["valid"]), "known": DateTimeTZRange(at, None)}) for row in new),
        batch_size=CHUNK,
    )


def _names(table: type[Model]) -> tuple[str, ...]:
    return tuple(field.attname for field in table._meta.concrete_fields if field.attname not in {"id", "known"})


def _row(names: tuple[str, ...], values: Iterable[Any]) -> Row:
    row = dict(zip(names, values, strict=True))
    return row | {"valid": (row["valid"].lower, row["valid"].upper)}


def _key(row: Row) -> tuple[tuple[str, Any], ...]:
    return tuple(sorted((name, _hashable(value)) for name, value in row.items()))


def _hashable(value: Any) -> Any:
    if isinstance(value, date | datetime | UUID | str | int | None):
        return value
    return tuple(value)
