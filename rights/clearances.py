"""
"May I?" asked of many assets at once: the same answers as ``rights.permission``, computed over sets in the database.

One statement goes to PostgreSQL a chunk: who holds each side, what their permissions say, and which licenses cover it.
What its rows come to is put together here. Where a set of territories cuts through the question, a share has no whole
units, or a consent names a reservation, the pure policy is asked about that asset instead; so the SQL stays one that
can be read.
"""

from __future__ import annotations

import itertools
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from datetime import date, datetime
from enum import IntEnum
from functools import lru_cache
from operator import itemgetter
from typing import Any
from uuid import UUID
from weakref import WeakKeyDictionary

from django.db import connection
from psycopg import Connection, RawCursor

from rights import permission, terms
from rights.case import Asset, ConsentTerm, LicenseTerm, ReservationTerm, ShareTerm, Side, Terms
from rights.permission import Code, Question, Reason, Ruling
from rights.standing import UNITS
from rights.territories import numbers
from rights.vocabulary import Answer, AssetKind, purpose_mask, use_mask

CHUNK = 1_000  # assets a round trip: enough to be set-based, few enough that indexes are read and not tables


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
    parameters = _parameters(question, known_at)
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


def _parameters(question: Question, known_at: datetime) -> tuple[Any, ...]:
    """Return the values of ``_GIVEN`` but the ids, in its order."""
    rights = question.rights
    return (
        [right.value for right in rights],
        [use_mask(question.uses_of(right)) for right in rights],
        question.licensee_id,
        _where(question.territories),
        question.on,
        known_at,
        purpose_mask(question.purposes),
        question.model_id,
        question.model_version_id,
    )


@lru_cache(maxsize=256)
def _where(countries: frozenset[str]) -> str:
    return "{" + ",".join(f"[{first},{end})" for first, end in numbers(countries)) + "}"


def _of_kind(
    kind: AssetKind, ids: Sequence[UUID], question: Question, parameters: Sequence[Any], known_at: datetime
) -> list[Ruling]:
    rulings: list[Ruling | None] = [
        Ruling(id_, Answer.UNKNOWN, (Reason(Code.NO_SUCH_ASSET, None, id_),), None) for id_ in ids
    ]
    needed = permission.sides_needed(kind, question)
    for place, rows in itertools.groupby(_read(kind, ids, parameters), _PLACE):
        rulings[place - 1] = _ruling(ids[place - 1], list(rows), needed)
    uneven = [place for place, ruling in enumerate(rulings) if ruling is None]
    decided = _asked_of_the_policy(kind, ids, uneven, question, known_at)
    return [ruling or decided[place] for place, ruling in enumerate(rulings)]


def _read(kind: AssetKind, ids: Sequence[UUID], parameters: Sequence[Any]) -> list[_Row]:
    values = [list(ids), *parameters]
    # Django's own cursor writes values into the text, so that PostgreSQL would plan each question anew. One asset is
    # asked with a plan that is kept; many are worth a plan of their own.
    is_one = len(ids) == 1
    with connection.cursor() as given, connection.wrap_database_errors, RawCursor(given.connection) as cursor:
        # Left to itself, PostgreSQL keeps planning: it takes two milliseconds each time, the answer less than one.
        wanted = "force_generic_plan" if is_one else "force_custom_plan"
        if _plans.get(cursor.connection) != wanted:
            cursor.execute(f"SET plan_cache_mode = {wanted}".encode())
            _plans[cursor.connection] = wanted
        cursor.execute(_STATEMENT[kind], values, prepare=is_one, binary=True)
        return cursor.fetchall()


# Connection → how it plans. Where a transaction that set it is undone, this is wrong, and costs time and nothing else.
_plans: WeakKeyDictionary[Connection[Any], str] = WeakKeyDictionary()


def _asked_of_the_policy(
    kind: AssetKind, ids: Sequence[UUID], places: Sequence[int], question: Question, known_at: datetime
) -> dict[int, Ruling]:
    if not places:
        return {}
    sides = terms.sides_of(kind, [ids[place] for place in places], known_at=known_at)
    assets = {asset.id for one in sides.values() for asset in one}
    known = terms.about(assets, on=question.on, licensee_id=question.licensee_id, known_at=known_at)
    near = _Near(known)
    return {
        place: permission.rule(ids[place], kind, assets_of, question, near.to(assets_of))
        for place, assets_of in ((place, sides.get(ids[place], ())) for place in places)
    }


class _Near:
    """Terms of many assets by what they are about: the policy reads all that it is given, for each asset."""

    def __init__(self, known: Terms) -> None:
        self.known = known
        self.shares: dict[UUID, list[ShareTerm]] = {}
        self.consents: dict[UUID, list[ConsentTerm]] = {}  # by asset, or by the party that agreed for all it holds
        self.reservations: dict[UUID, list[ReservationTerm]] = {}
        self.licenses: dict[UUID, list[LicenseTerm]] = {}
        for share in known.shares:
            self.shares.setdefault(share.asset_id, []).append(share)
        for consent in known.consents:
            self.consents.setdefault(consent.asset_id or consent.party_id, []).append(consent)
        for reservation in known.reservations:
            self.reservations.setdefault(reservation.asset_id or reservation.party_id, []).append(reservation)
        for license_ in known.licenses:
            for asset_id in license_.asset_ids:
                self.licenses.setdefault(asset_id, []).append(license_)

    def to(self, assets: Iterable[Asset]) -> Terms:
        """Return the terms that can bear on these assets."""
        ids = dict.fromkeys(asset.id for asset in assets)
        shares = [share for id_ in ids for share in self.shares.get(id_, ())]
        reached = dict.fromkeys([*ids, *(share.party_id for share in shares)])
        licenses = {license_.id: license_ for id_ in ids for license_ in self.licenses.get(id_, ())}
        return replace(
            self.known,
            shares=tuple(shares),
            consents=tuple(one for id_ in reached for one in self.consents.get(id_, ())),
            reservations=tuple(one for id_ in reached for one in self.reservations.get(id_, ())),
            licenses=tuple(licenses.values()),
        )


class _Says(IntEnum):
    """What a row of a permission or a license comes to, for the question."""

    DENIES = 0
    LAPSED = 1
    GIVEN = 2  # agrees to something else
    ALLOWS = 3
    ALLOWS_IF_ASKED = 4
    NAMES_RESERVATIONS = 5  # allows, and may win over a reservation
    LICENSES = 6
    EXHAUSTED = 7
    LICENSES_OTHERS = 8
    ENDED = 9
    NOT_IN_FORCE = 10


# Place, side, asset, right (by its position), then of a share: id, holder, units, last day; then of what a permission
# says of it, or a license of the asset: id, what it says, last day; then which part of the question's territories the
# share covers, None for all of them.
_Row = tuple[
    int, int, UUID, int | None, UUID | None, UUID | None, int | None, date | None, UUID | None, int | None, date | None,
    str | None,
]  # fmt: skip
_PLACE = itemgetter(0)
_PART = itemgetter(1, 2, 3)
_SHARE = itemgetter(4)


def _ruling(asset_id: UUID, rows: list[_Row], needed: Sequence[Side]) -> Ruling | None:
    """Return the ruling that the rows of an asset come to; None where the policy must be asked."""
    there = {_SIDE[row[1]] for row in rows}
    reasons = [Reason(Code.SIDE_UNKNOWN, side, asset_id) for side in needed if side not in there]
    until: list[date] = []
    for (number, side_id, right), part in itertools.groupby(rows, _PART):
        if right is None:
            continue  # the question needs no right on this side
        side = _SIDE[number]
        held: list[tuple[Reason, date | None]] = []
        shares: list[UUID] = []
        seen: set[UUID | None] = set()
        total = 0
        cuts: set[str | None] = set()
        license_: tuple[Reason, date | None] = (Reason(Code.NOT_LICENSED, side, side_id), None)
        for share_id, group in itertools.groupby(part, _SHARE):
            of_share = list(group)
            if share_id is None:
                license_ = _licensed(side, side_id, of_share)
                continue
            _, _, _, _, _, holder_id, units, ends, _, _, _, cut = of_share[0]
            cuts.add(cut)
            if units is None or len(cuts) > 1:
                return None  # no sum that is the same in every country
            total += units
            shares.append(share_id)
            consented = _consented(side, side_id, share_id, ends, of_share)
            if consented is None:
                return None
            if holder_id not in seen:
                seen.add(holder_id)
                held.append(consented)
        if cuts != {None}:  # nobody at all, or nobody in the countries that the shares leave out
            reasons.append(Reason(Code.NOBODY_REGISTERED, side, side_id, tuple(shares)))
        if total and total != UNITS:
            code = Code.UNDER_CLAIMED if total < UNITS else Code.OVER_CLAIMED
            reasons.append(Reason(code, side, side_id, tuple(shares)))
        for reason, ends in (*held, license_):
            reasons.append(reason)
            if ends is not None:
                until.append(ends)
    given = permission.combine(reason.answer for reason in reasons)
    return Ruling(asset_id, given, tuple(reasons), min(until, default=None) if given is Answer.ALLOW else None)


def _consented(
    side: Side, side_id: UUID, share_id: UUID, until: date | None, rows: list[_Row]
) -> tuple[Reason, date | None] | None:
    said: dict[int | None, list[tuple[UUID, date | None]]] = {}
    for row in rows:
        if row[8] is not None:
            said.setdefault(row[9], []).append((row[8], row[10]))

    def because(code: Code, *kinds: _Says) -> Reason:
        ids = sorted({id_ for kind in kinds for id_, _ in said.get(kind, ())})
        return Reason(code, side, side_id, (share_id, *ids))

    if _Says.NAMES_RESERVATIONS in said:
        return None
    if _Says.DENIES in said:
        return because(Code.RESERVED, _Says.DENIES), None
    if _Says.ALLOWS in said:
        consent_id, ends = said[_Says.ALLOWS][0]
        if ends is None or (until is not None and until < ends):
            ends = until
        return Reason(Code.CONSENTED, side, side_id, (share_id, consent_id)), ends
    if _Says.ALLOWS_IF_ASKED in said:
        return Reason(Code.APPROVAL_NEEDED, side, side_id, (share_id, said[_Says.ALLOWS_IF_ASKED][0][0])), None
    if _Says.LAPSED in said:
        return because(Code.WITHDRAWN, _Says.LAPSED), None
    if _Says.GIVEN in said:
        return because(Code.NOT_COVERED_BY_CONSENT, _Says.GIVEN), None
    return Reason(Code.NOT_CONSENTED, side, side_id, (share_id,)), None


def _licensed(side: Side, side_id: UUID, rows: list[_Row]) -> tuple[Reason, date | None]:
    said: dict[int | None, list[UUID]] = {}
    about: dict[UUID, None] = {}
    for row in rows:
        if row[8] is not None:
            if row[9] == _Says.LICENSES:
                return Reason(Code.LICENSED, side, side_id, (row[8],)), row[10]
            said.setdefault(row[9], []).append(row[8])
            about[row[8]] = None
    for code, found in (
        (Code.LICENSE_EXHAUSTED, said.get(_Says.EXHAUSTED)),
        (Code.NOT_COVERED_BY_LICENSE, said.get(_Says.LICENSES_OTHERS)),
        (Code.LICENSE_LAPSED, about if _Says.ENDED in said else None),
        (Code.LICENSE_NOT_IN_FORCE, about),
    ):
        if found:
            return Reason(code, side, side_id, tuple(dict.fromkeys(found))), None
    return Reason(Code.NOT_LICENSED, side, side_id), None


_SIDE = {1: Side.MASTER, 2: Side.PUBLISHING, 3: Side.VOICE}

# The assets that are asked about, and what each consists of: itself, and of recordings and stems the works and voices
# in them.
_OWN = """
    SELECT a.place, {number} AS side, x.id, x.registered_at, {recording} AS recording_id
      FROM unnest(%(ids)s) WITH ORDINALITY AS a (id, place) JOIN {table} AS x ON x.id = a.id
     WHERE x.registered_at <= %(known)s"""
_ITSELF = "SELECT place, side, id, registered_at FROM own"
_INSIDE = """
    UNION ALL
    SELECT own.place, 2, w.id, w.registered_at FROM own
      JOIN rights_recordingwork AS l ON l.recording_id = own.recording_id AND l.recorded_at <= %(known)s
      JOIN rights_work AS w ON w.id = l.work_id
    UNION ALL
    SELECT own.place, 3, v.id, v.registered_at FROM own
      JOIN rights_recordingvoice AS l ON l.recording_id = own.recording_id AND l.recorded_at <= %(known)s
      JOIN rights_voice AS v ON v.id = l.voice_id"""
_SIDES: dict[AssetKind, tuple[str, str]] = {
    AssetKind.RECORDING: (_OWN.format(number=1, table="rights_recording", recording="x.id"), _ITSELF + _INSIDE),
    AssetKind.STEM: (_OWN.format(number=1, table="rights_stem", recording="x.recording_id"), _ITSELF + _INSIDE),
    AssetKind.WORK: (_OWN.format(number=2, table="rights_work", recording="NULL"), _ITSELF),
    AssetKind.LYRICS: (_OWN.format(number=2, table="rights_lyrics", recording="NULL"), _ITSELF),
    AssetKind.VOICE: (_OWN.format(number=3, table="rights_voice", recording="NULL"), _ITSELF),
}

# A row per share that reaches into the question's territories and permission of its holder, then one per license of
# the licensee with the asset on its schedule; a side with neither has a row of its own. What is asked of roles and of
# exhausted licenses is read once, and only where a permission or a license depends on it.
_PERMITS = """
    SELECT coalesce(p.consent_id, p.reservation_id) AS said, upper(p.valid) AS ends,
           CASE WHEN p.stance = 0 THEN {says.DENIES}
                WHEN (p.valid @> %(day)s AND p.uses & n.uses = n.uses AND p.countries @> (h.countries * %(where)s)
                          AND p.barred & %(purposes)s = 0
                          AND (p.model_id IS NULL OR p.model_id = %(model)s)
                          AND (p.model_version_id IS NULL OR p.model_version_id = %(version)s)) IS NOT TRUE
                THEN {says.GIVEN}
                WHEN p.stance = 1 THEN {says.LAPSED}
                WHEN p.overrides <> '{{}}' THEN {says.NAMES_RESERVATIONS}
                WHEN p.approval THEN {says.ALLOWS_IF_ASKED} ELSE {says.ALLOWS} END AS says
      FROM rights_permissionstanding AS p
     WHERE p.holder_id = h.holder_id AND {reach} AND p.known @> %(known)s
       AND (p.licensee_id IS NULL OR p.licensee_id = %(licensee)s)
       AND (p.licensee_role = '' OR p.licensee_role = ANY (ARRAY(SELECT role FROM roles)))
       AND (p.stance > 0 OR p.valid @> %(day)s AND p.uses & n.uses <> 0 AND p.countries && (h.countries * %(where)s))"""
_READ = """
WITH own AS MATERIALIZED ({own}),
s AS MATERIALIZED ({sides}),
n AS MATERIALIZED (
    SELECT number, right_type, uses, right_type = 'voice' AS is_voice
      FROM unnest(%(rights)s, %(uses)s) WITH ORDINALITY AS t (right_type, uses, number)),
roles AS (
    SELECT r.role FROM rights_partyinrole AS r
     WHERE r.recorded_at <= %(known)s AND r.active_from <= %(day)s AND (r.active_to IS NULL OR r.active_to > %(day)s)
       AND (r.party_id = %(licensee)s OR r.party_id IN (
            SELECT m.duplicate_id FROM rights_partymerge AS m LEFT JOIN rights_partymergeundo AS u ON u.merge_id = m.id
             WHERE m.survivor_id = %(licensee)s AND m.recorded_at <= %(known)s
               AND (u.id IS NULL OR u.recorded_at > %(known)s)))),
used_up AS (
    SELECT t.id FROM rights_license AS t
     WHERE t.max_outputs <= (SELECT count(*) FROM rights_decision AS d WHERE d.licenses @> ARRAY[t.id]
                              AND d.outcome = 'cleared' AND d.decided_at <= %(known)s)
       AND t.id IN (SELECT l.license_id FROM rights_licensestanding AS l WHERE l.licensee_id = %(licensee)s))
SELECT s.place::int, s.side, s.id, n.number::int, h.share_id, h.holder_id,
       h.units, upper(h.valid), p.said, p.says, p.ends,
       CASE WHEN h.countries @> %(where)s THEN NULL ELSE (h.countries * %(where)s)::text END
  FROM s
  LEFT JOIN n ON n.is_voice = (s.side = 3)
  LEFT JOIN rights_sharestanding AS h
    ON h.asset_id = s.id AND h.right_type = n.right_type AND h.basis = 'ownership'
   AND h.known @> %(known)s AND h.valid @> %(day)s AND h.countries && %(where)s
  LEFT JOIN LATERAL ({of_the_asset} UNION ALL {of_all}) AS p ON true
UNION ALL
SELECT s.place::int, s.side, s.id, n.number::int, NULL, NULL, NULL, NULL, l.license_id,
       CASE WHEN NOT l.valid @> %(day)s THEN {says.NOT_IN_FORCE}
            WHEN l.stance = 1 THEN {says.ENDED}
            WHEN l.stance <> 2 THEN {says.NOT_IN_FORCE}
            WHEN (l.uses & n.uses = n.uses AND l.countries @> %(where)s AND l.barred & %(purposes)s = 0
                      AND (l.model_versions = '{{}}' OR %(version)s = ANY (l.model_versions))
                      AND (t.release_from IS NULL OR t.release_from <= %(day)s)
                      AND (t.release_to IS NULL OR t.release_to > %(day)s)) IS NOT TRUE THEN {says.LICENSES_OTHERS}
            WHEN t.max_outputs IS NOT NULL AND t.id IN (SELECT id FROM used_up) THEN {says.EXHAUSTED}
            ELSE {says.LICENSES} END, upper(l.valid), NULL
  FROM s
  JOIN n ON n.is_voice = (s.side = 3)
  JOIN rights_licenseasset AS x ON x.asset_id = s.id
  JOIN rights_licensestanding AS l
    ON l.license_id = x.license_id AND l.licensee_id = %(licensee)s AND l.known @> %(known)s
  JOIN rights_license AS t ON t.id = l.license_id
 ORDER BY 1, 2, 3, 4, 5, 9
"""
_GIVEN = {
    "ids": "uuid[]",
    "rights": "text[]",
    "uses": "int[]",
    "licensee": "uuid",
    "where": "int4multirange",
    "day": "date",
    "known": "timestamptz",
    "purposes": "int",
    "model": "uuid",
    "version": "uuid",
}


def _statement(kind: AssetKind) -> str:
    reach = {
        "of_the_asset": "p.asset_id = s.id",
        "of_all": "p.asset_id IS NULL AND (p.assets_from IS NULL OR p.assets_from <= s.registered_at)",
    }
    permits = {name: _PERMITS.format(says=_Says, reach=one) for name, one in reach.items()}
    own, sides = _SIDES[kind]
    whole = _READ.format(says=_Says, own=own, sides=sides, **permits)
    for number, (name, written) in enumerate(_GIVEN.items(), start=1):
        whole = whole.replace(f"%({name})s", f"${number}::{written}")
    return whole


_STATEMENT = {kind: _statement(kind).encode() for kind in AssetKind}
