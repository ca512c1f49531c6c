"""Bringing what stands in line with the facts: what is no longer so ends in knowledge, what is so now is added.

Every writer of a fact that bears on a permission calls this in the transaction of the fact. Nothing is rewritten: the
database lets a row's ``known`` end and nothing else (``end_knowledge_only``). Calling it again changes nothing.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from datetime import date, datetime
from typing import Any
from uuid import UUID

from django.db import connection
from django.db.backends.postgresql.psycopg_any import DateRange, DateTimeTZRange
from django.db.models import Model, Q, QuerySet

from rights import standing
from rights.merges import survivor, survivors
from rights.models import (
    Consent,
    License,
    LicenseStanding,
    PermissionStanding,
    Reservation,
    Share,
    ShareStanding,
)
from rights.standing import Happening, Span, Stance
from rights.territories import numbers
from rights.vocabulary import ApprovalMode, purpose_mask, use_mask

Row = dict[str, Any]


def share(share: Share, *, at: datetime) -> None:
    """State who holds what of a share."""
    spans = standing.of_share(
        share.territories,
        share.active_from,
        share.active_to,
        share.events.order_by("recorded_at").values_list("act", "effective_on"),
    )
    holder = survivor(share.party_id)
    _state(
        ShareStanding,
        Q(share=share),
        (
            {
                "share_id": share.id,
                "asset_id": _asset_id(share),
                "holder_id": holder,
                "right_type": str(share.right_type),
                "basis": str(share.basis),
                "units": standing.units(share.numerator, share.denominator),
                **_when(span),
            }
            for span in spans
        ),
        at,
    )


def consent(consent: Consent, *, at: datetime) -> None:
    """State what a consent allows, of each of its assets."""
    course = [
        Happening(act, effective_on)
        for act, effective_on in consent.events.order_by("position").values_list("act", "effective_on")
    ]
    spans = standing.of_consent(consent.territories, consent.active_from, consent.active_to, course)
    _state(PermissionStanding, Q(consent=consent), _consent_rows(consent, spans), at)


def _consent_rows(consent: Consent, spans: tuple[tuple[Stance, Span], ...]) -> Iterator[Row]:
    if not spans:
        return
    assets: list[tuple[UUID | None, datetime | None]] = (
        [(asset, None) for asset in consent.assets.order_by("id").values_list("asset_id", flat=True)]
        if consent.is_list
        else [(_asset_id(consent), None)]
    )
    if consent.covers_future:
        assets.append((None, consent.recorded_at))
    parties = survivors({consent.grantor_id, *([consent.licensee_id] if consent.licensee_id else [])})
    overrides = sorted(consent.overrides.values_list("reservation_id", flat=True), key=str)
    for stance, span in spans:
        when = _when(span)
        for asset_id, assets_from in assets:
            yield {
                "consent_id": consent.id,
                "reservation_id": None,
                "stance": int(stance),
                "holder_id": parties[consent.grantor_id],
                "asset_id": asset_id,
                "assets_from": assets_from,
                "licensee_id": parties[consent.licensee_id] if consent.licensee_id else None,
                "licensee_role": consent.licensee_role,
                "model_id": consent.model_id,
                "model_version_id": consent.model_version_id,
                "uses": use_mask(consent.uses),
                "barred": purpose_mask(consent.barred),
                "approval": consent.approval_mode != ApprovalMode.BLANKET,
                "overrides": overrides,
                **when,
            }


def reservation(reservation: Reservation, *, at: datetime) -> None:
    """State what a reservation forbids."""
    end = getattr(reservation, "end", None)
    spans = standing.of_reservation(
        reservation.territories, reservation.active_from, reservation.active_to, end.effective_on if end else None
    )
    holder = survivor(reservation.holder_id)
    _state(
        PermissionStanding,
        Q(reservation=reservation),
        (
            {
                "consent_id": None,
                "reservation_id": reservation.id,
                "stance": int(Stance.DENY),
                "holder_id": holder,
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
            for span in spans
        ),
        at,
    )


def license(license_: License, *, at: datetime) -> None:
    """State what a license allows; its schedule stands in its lines."""
    course = [
        Happening(act, effective_on)
        for act, effective_on in license_.events.order_by("position").values_list("act", "effective_on")
    ]
    spans = standing.of_license(license_.territories, license_.active_from, license_.active_to, course)
    licensee = survivor(license_.licensee_id)
    versions = sorted(license_.model_versions.values_list("model_version_id", flat=True), key=str)
    _state(
        LicenseStanding,
        Q(license=license_),
        (
            {
                "license_id": license_.id,
                "stance": int(stance),
                "licensee_id": licensee,
                "uses": use_mask(license_.uses),
                "barred": purpose_mask(license_.barred),
                "model_versions": versions,
                **_when(span),
            }
            for stance, span in spans
        ),
        at,
    )


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


def everything(*, at: datetime) -> int:
    """State all facts that do not stand as they should, as after an upgrade; return how many facts were looked at."""
    count = 0
    for rows, state in (
        (Share.objects.order_by("id"), share),
        (Consent.objects.order_by("id"), consent),
        (Reservation.objects.order_by("id"), reservation),
        (License.objects.order_by("id"), license),
    ):
        for row in rows.iterator(chunk_size=1000):
            state(row, at=at)  # type: ignore[operator]
            count += 1
    return count


def _asset_id(row: Any) -> UUID | None:
    # Not the generated column: a row that was just inserted does not carry it yet.
    found: UUID | None = row.recording_id or row.work_id or row.voice_id or row.stem_id or row.lyrics_id
    return found


def _when(span: Span) -> Row:
    return {"countries": numbers(span.countries), "valid": (span.begin, span.end)}


def _state(model: type[Model], of: Q, wanted: Iterable[Row], at: datetime) -> None:
    new = {_key(row): row for row in wanted}
    rows: QuerySet[Any] = QuerySet(model).filter(of, known__upper_inf=True)
    names = [field.attname for field in model._meta.concrete_fields if field.attname not in {"id", "known"}]
    gone = []
    for id_, *values in rows.values_list("id", *names):
        row = dict(zip(names, values, strict=True))
        row["valid"] = (row["valid"].lower, row["valid"].upper)
        if new.pop(_key(row), None) is None:
            gone.append(id_)
    if gone:
        with connection.cursor() as cursor:
            cursor.execute(
                f"UPDATE {model._meta.db_table}"  # noqa: S608 - a table of ours
                " SET known = tstzrange(lower(known), greatest(lower(known), %s)) WHERE id = ANY(%s)",
                [at, gone],
            )
    QuerySet(model).bulk_create(
        [
            model(**{**row, "valid": DateRange(*row["valid"]), "known": DateTimeTZRange(at, None)})
            for row in new.values()
        ],
        batch_size=1000,
    )


def _key(row: Row) -> tuple[tuple[str, Any], ...]:
    return tuple(sorted((name, _hashable(value)) for name, value in row.items()))


def _hashable(value: Any) -> Any:
    if isinstance(value, date | datetime | UUID | str | int | None):
        return value
    return tuple(value)
