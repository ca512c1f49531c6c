"""
"May I?" asked of many assets at once: the same answers as ``rights.permission``, computed over sets in the database.

Two questions go to PostgreSQL a chunk and a right: who holds each side and what their permissions say, and which
licenses cover it. Where a set of territories cuts through the question, a share has no whole units, or a consent
names a reservation, the pure policy is asked about that asset instead; so the SQL stays one that can be read.
"""

from __future__ import annotations

import itertools
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any
from uuid import UUID

from django.db import connection

from rights import permission, terms
from rights.case import Side
from rights.models import License
from rights.models.fields import multirange
from rights.permission import Code, Question, Reason, Ruling
from rights.standing import UNITS
from rights.territories import numbers
from rights.vocabulary import Answer, AssetKind, RightType, purpose_mask, use_mask

CHUNK = 5_000  # assets a round trip: enough to be set-based, few enough to be held in memory


@dataclass(frozen=True)
class Asked:
    """An asset that a question is about."""

    kind: AssetKind
    id: UUID


def answer(asked: Iterable[Asked], question: Question, *, known_at: datetime) -> Iterator[Ruling]:
    """
    Yield a ruling per asset, in the order asked, as at the question's day and as known at a moment.

    It reads in chunks: memory does not grow with the number of assets.
    """
    roles = terms.roles_of(question.licensee_id, on=question.on, known_at=known_at)
    used_up = _exhausted(question.licensee_id, known_at)
    parameters = _parameters(question, roles, used_up, known_at)
    for chunk in _chunks(asked, CHUNK):
        found: dict[int, Ruling] = {}
        for kind in dict.fromkeys(one.kind for one in chunk):
            places = [place for place, one in enumerate(chunk) if one.kind is kind]
            ids = [chunk[place].id for place in places]
            rulings = _of_kind(kind, ids, question, parameters, known_at)
            found.update(zip(places, rulings, strict=True))
        yield from (found[place] for place in range(len(chunk)))


def _chunks(asked: Iterable[Asked], size: int) -> Iterator[list[Asked]]:
    iterator = iter(asked)
    while chunk := list(itertools.islice(iterator, size)):
        yield chunk


def _exhausted(licensee_id: UUID, known_at: datetime) -> list[UUID]:
    limited = License.objects.filter(
        licensee__in=terms.duplicates_of(licensee_id, known_at), max_outputs__isnull=False, recorded_at__lte=known_at
    )
    return sorted(terms.exhausted(limited, known_at=known_at), key=str)


def _parameters(
    question: Question, roles: frozenset[str], used_up: Sequence[UUID], known_at: datetime
) -> dict[str, Any]:
    return {
        "licensee": question.licensee_id,
        "roles": sorted(roles),
        "where": multirange(numbers(question.territories)),
        "day": question.on,
        "known": known_at,
        "purposes": purpose_mask(question.purposes),
        "model": question.model_id,
        "version": question.model_version_id,
        "used_up": list(used_up),
    }


def _of_kind(
    kind: AssetKind, ids: Sequence[UUID], question: Question, parameters: Mapping[str, Any], known_at: datetime
) -> Iterator[Ruling]:
    needed = permission.sides_needed(kind, question)
    sides = _SIDES[kind]
    held: dict[int, list[_Held]] = {}
    licensed: dict[tuple[int, UUID, RightType], _Licensed] = {}
    registered: dict[int, list[tuple[Side, UUID]]] = {}
    with connection.cursor() as cursor:
        cursor.execute(_ASKED.format(sides=sides), {**parameters, "ids": list(ids)})
        for place, side, asset_id in cursor:
            registered.setdefault(place - 1, []).append((_SIDE[side], asset_id))
        for right in question.rights:
            given = {
                **parameters,
                "ids": list(ids),
                "right": right.value,
                "uses": use_mask(question.uses_of(right)),
                "voice": right is RightType.VOICE,
            }
            cursor.execute(_HELD.format(sides=sides), given)
            for place, asset_id, *row in cursor:
                held.setdefault(place - 1, []).append(_Held(asset_id, right, *row))
            cursor.execute(_LICENSED.format(sides=sides), given)
            for place, asset_id, *row in cursor:
                licensed[place - 1, asset_id, right] = _Licensed(*row)
    rulings: dict[int, Ruling] = {}
    uneven: list[int] = []
    for place, asset_id in enumerate(ids):
        rows = held.get(place, [])
        if any(row.is_uneven for row in rows):
            uneven.append(place)
            continue
        rulings[place] = _ruling(asset_id, registered.get(place, []), rows, licensed, place, question, needed)
    rulings.update(_asked_of_the_policy(kind, ids, uneven, question, known_at))
    return (rulings[place] for place in range(len(ids)))


def _asked_of_the_policy(
    kind: AssetKind, ids: Sequence[UUID], places: Sequence[int], question: Question, known_at: datetime
) -> dict[int, Ruling]:
    if not places:
        return {}
    sides = terms.sides_of(kind, [ids[place] for place in places], known_at=known_at)
    assets = {asset.id for one in sides.values() for asset in one}
    known = terms.about(assets, on=question.on, licensee_id=question.licensee_id, known_at=known_at)
    return {place: permission.rule(ids[place], kind, sides.get(ids[place], ()), question, known) for place in places}


@dataclass(frozen=True, slots=True)
class _Held:
    asset_id: UUID
    right: RightType
    share_id: UUID
    holder_id: UUID
    units: int | None
    is_whole: bool  # the share covers all of the question's territories
    until: date | None
    blanket: UUID | None
    blanket_until: date | None
    by_approval: UUID | None
    reserved: list[UUID] | None
    lapsed: list[UUID] | None
    given: list[UUID] | None
    is_overriding: bool

    @property
    def is_uneven(self) -> bool:
        return not self.is_whole or self.units is None or self.is_overriding

    def reason(self, side: Side) -> tuple[Reason, date | None]:
        asset, share = self.asset_id, self.share_id
        if self.reserved:
            return Reason(Code.RESERVED, side, asset, (share, *self.reserved)), None
        if self.blanket:
            until = min((day for day in (self.until, self.blanket_until) if day), default=None)
            return Reason(Code.CONSENTED, side, asset, (share, self.blanket)), until
        if self.by_approval:
            return Reason(Code.APPROVAL_NEEDED, side, asset, (share, self.by_approval)), None
        if self.lapsed:
            return Reason(Code.WITHDRAWN, side, asset, (share, *self.lapsed)), None
        if self.given:
            return Reason(Code.NOT_COVERED_BY_CONSENT, side, asset, (share, *self.given)), None
        return Reason(Code.NOT_CONSENTED, side, asset, (share,)), None


@dataclass(frozen=True, slots=True)
class _Licensed:
    usable: UUID | None
    until: date | None
    exhausted: list[UUID] | None
    active: list[UUID] | None
    has_lapsed: bool
    about: list[UUID]

    def reason(self, side: Side, asset_id: UUID) -> tuple[Reason, date | None]:
        if self.usable:
            return Reason(Code.LICENSED, side, asset_id, (self.usable,)), self.until
        for code, ids in (
            (Code.LICENSE_EXHAUSTED, self.exhausted),
            (Code.NOT_COVERED_BY_LICENSE, self.active),
            (Code.LICENSE_LAPSED, self.about if self.has_lapsed else None),
        ):
            if ids:
                return Reason(code, side, asset_id, tuple(ids)), None
        return Reason(Code.LICENSE_NOT_IN_FORCE, side, asset_id, tuple(self.about)), None


def _ruling(
    asset_id: UUID,
    registered: Sequence[tuple[Side, UUID]],
    held: Sequence[_Held],
    licensed: Mapping[tuple[int, UUID, RightType], _Licensed],
    place: int,
    question: Question,
    needed: Sequence[Side],
) -> Ruling:
    if not registered:
        return Ruling(asset_id, Answer.UNKNOWN, (Reason(Code.NO_SUCH_ASSET, None, asset_id),), None)
    there = {side for side, _ in registered}
    reasons = [Reason(Code.SIDE_UNKNOWN, side, asset_id) for side in needed if side not in there]
    until: list[date] = []
    rows: dict[tuple[UUID, RightType], list[_Held]] = {}
    for row in held:
        rows.setdefault((row.asset_id, row.right), []).append(row)
    for side, side_id in registered:
        for right in permission.rights_on(side, question):
            shares = rows.get((side_id, right), [])
            ids = tuple(row.share_id for row in shares)
            total = sum(row.units or 0 for row in shares)
            if total == 0:
                reasons.append(Reason(Code.NOBODY_REGISTERED, side, side_id, ids))
            elif total < UNITS:
                reasons.append(Reason(Code.UNDER_CLAIMED, side, side_id, ids))
            elif total > UNITS:
                reasons.append(Reason(Code.OVER_CLAIMED, side, side_id, ids))
            seen: set[UUID] = set()
            for row in shares:
                if row.holder_id not in seen:
                    seen.add(row.holder_id)
                    reason, ends = row.reason(side)
                    reasons.append(reason)
                    if ends:
                        until.append(ends)
            found = licensed.get((place, side_id, right))
            reason, ends = found.reason(side, side_id) if found else (Reason(Code.NOT_LICENSED, side, side_id), None)
            reasons.append(reason)
            if ends:
                until.append(ends)
    given = permission.combine(reason.answer for reason in reasons)
    allowed = given is Answer.ALLOW
    return Ruling(asset_id, given, tuple(reasons), min(until, default=None) if allowed else None)


_SIDE = {1: Side.MASTER, 2: Side.PUBLISHING, 3: Side.VOICE}

# What an asset consists of: itself, and of recordings and stems the works and voices in them.
_ITSELF = """
    SELECT a.place, {number} AS side, x.id, x.registered_at FROM asked AS a JOIN {table} AS x ON x.id = a.id
     WHERE x.registered_at <= %(known)s"""
_INSIDE = """
    UNION ALL
    SELECT a.place, 2, w.id, w.registered_at FROM asked AS a {stem} JOIN rights_recording AS r ON r.id = {recording}
      JOIN rights_recordingwork AS l ON l.recording_id = r.id AND l.recorded_at <= %(known)s
      JOIN rights_work AS w ON w.id = l.work_id WHERE {known}.registered_at <= %(known)s
    UNION ALL
    SELECT a.place, 3, v.id, v.registered_at FROM asked AS a {stem} JOIN rights_recording AS r ON r.id = {recording}
      JOIN rights_recordingvoice AS l ON l.recording_id = r.id AND l.recorded_at <= %(known)s
      JOIN rights_voice AS v ON v.id = l.voice_id WHERE {known}.registered_at <= %(known)s"""
_SIDES: dict[AssetKind, str] = {
    AssetKind.RECORDING: _ITSELF.format(number=1, table="rights_recording")
    + _INSIDE.format(stem="", recording="a.id", known="r"),
    AssetKind.STEM: _ITSELF.format(number=1, table="rights_stem")
    + _INSIDE.format(stem="JOIN rights_stem AS s ON s.id = a.id", recording="s.recording_id", known="s"),
    AssetKind.WORK: _ITSELF.format(number=2, table="rights_work"),
    AssetKind.LYRICS: _ITSELF.format(number=2, table="rights_lyrics"),
    AssetKind.VOICE: _ITSELF.format(number=3, table="rights_voice"),
}

_ASKED = """
WITH asked AS (SELECT place, id FROM unnest(%(ids)s::uuid[]) WITH ORDINALITY AS t (id, place))
SELECT place::int, side, id FROM ({sides}) AS s ORDER BY place, side, id
"""

# A row per share that reaches into the question's territories, with what its holder's permissions come to.
_HELD = """
WITH asked AS (SELECT place, id FROM unnest(%(ids)s::uuid[]) WITH ORDINALITY AS t (id, place))
SELECT s.place::int, s.id, h.share_id, h.holder_id, h.units, h.countries @> %(where)s, upper(h.valid),
       p.blanket, p.blanket_until, p.by_approval, p.reserved, p.lapsed, p.given,
       coalesce(cardinality(p.reserved) > 0 AND p.names_reservations, false)
  FROM ({sides}) AS s
  JOIN rights_sharestanding AS h
    ON h.asset_id = s.id AND h.right_type = %(right)s AND h.basis = 'ownership'
   AND h.known @> %(known)s::timestamptz AND h.valid @> %(day)s::date AND h.countries && %(where)s
 CROSS JOIN LATERAL (
    SELECT (array_agg(c.consent_id ORDER BY c.consent_id) FILTER (WHERE allows AND NOT c.approval))[1] AS blanket,
           (array_agg(upper(c.valid) ORDER BY c.consent_id) FILTER (WHERE allows AND NOT c.approval))[1]
               AS blanket_until,
           (array_agg(c.consent_id ORDER BY c.consent_id) FILTER (WHERE allows AND c.approval))[1] AS by_approval,
           array_agg(DISTINCT c.reservation_id) FILTER (WHERE denies) AS reserved,
           array_agg(DISTINCT c.consent_id) FILTER (WHERE c.stance = 1 AND covers) AS lapsed,
           array_agg(DISTINCT c.consent_id) FILTER (WHERE c.stance > 0) AS given,
           coalesce(bool_or(allows AND cardinality(c.overrides) > 0), false) AS names_reservations
      FROM (SELECT p.*, p.valid @> %(day)s::date AND p.uses & %(uses)s = %(uses)s AND p.countries @> %(where)s
                        AND p.barred & %(purposes)s = 0
                        AND (p.model_id IS NULL OR p.model_id = %(model)s)
                        AND (p.model_version_id IS NULL OR p.model_version_id = %(version)s) AS covers
              FROM rights_permissionstanding AS p
             WHERE p.holder_id = h.holder_id AND p.asset_id = s.id AND p.known @> %(known)s::timestamptz
               AND (p.licensee_id IS NULL OR p.licensee_id = %(licensee)s)
               AND (p.licensee_role = '' OR p.licensee_role = ANY (%(roles)s))
            UNION ALL
            SELECT p.*, p.valid @> %(day)s::date AND p.uses & %(uses)s = %(uses)s AND p.countries @> %(where)s
                        AND p.barred & %(purposes)s = 0
                        AND (p.model_id IS NULL OR p.model_id = %(model)s)
                        AND (p.model_version_id IS NULL OR p.model_version_id = %(version)s)
              FROM rights_permissionstanding AS p
             WHERE p.holder_id = h.holder_id AND p.asset_id IS NULL AND p.known @> %(known)s::timestamptz
               AND (p.assets_from IS NULL OR p.assets_from <= s.registered_at)
               AND (p.licensee_id IS NULL OR p.licensee_id = %(licensee)s)
               AND (p.licensee_role = '' OR p.licensee_role = ANY (%(roles)s))
           ) AS c
      CROSS JOIN LATERAL (SELECT c.stance = 2 AND c.covers AS allows,
                                 c.stance = 0 AND c.valid @> %(day)s::date AND c.uses & %(uses)s <> 0
                                 AND c.countries && %(where)s AS denies) AS says
 ) AS p
 WHERE (s.side = 3) = %(voice)s
 ORDER BY s.place, s.side, s.id, h.share_id
"""

# A row per side that is on a schedule of the licensee's.
_LICENSED = """
WITH asked AS (SELECT place, id FROM unnest(%(ids)s::uuid[]) WITH ORDINALITY AS t (id, place)),
ours AS MATERIALIZED (
    SELECT l.license_id, l.stance, upper(l.valid) AS until, l.valid @> %(day)s::date AS is_now,
           l.valid @> %(day)s::date AND l.stance = 2 AS is_active,
           l.valid @> %(day)s::date AND l.stance = 2 AND l.uses & %(uses)s = %(uses)s AND l.countries @> %(where)s
           AND l.barred & %(purposes)s = 0
           AND (l.model_versions = '{{}}' OR %(version)s = ANY (l.model_versions))
           AND (t.release_from IS NULL OR t.release_from <= %(day)s)
           AND (t.release_to IS NULL OR t.release_to > %(day)s) AS covers,
           l.license_id = ANY (%(used_up)s::uuid[]) AS is_exhausted
      FROM rights_licensestanding AS l JOIN rights_license AS t ON t.id = l.license_id
     WHERE l.licensee_id = %(licensee)s AND l.known @> %(known)s::timestamptz
)
SELECT s.place::int, s.id,
       (array_agg(o.license_id ORDER BY o.license_id) FILTER (WHERE o.covers AND NOT o.is_exhausted))[1],
       (array_agg(o.until ORDER BY o.license_id) FILTER (WHERE o.covers AND NOT o.is_exhausted))[1],
       array_agg(DISTINCT o.license_id) FILTER (WHERE o.covers AND o.is_exhausted),
       array_agg(DISTINCT o.license_id) FILTER (WHERE o.is_active),
       coalesce(bool_or(o.is_now AND o.stance = 1), false),
       array_agg(DISTINCT o.license_id)
  FROM ({sides}) AS s
  JOIN rights_licenseasset AS x ON x.asset_id = s.id
  JOIN ours AS o ON o.license_id = x.license_id
 WHERE (s.side = 3) = %(voice)s
 GROUP BY s.place, s.id
"""
