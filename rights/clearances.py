"""
"May I?" asked of many assets at once: the same answers as ``rights.permission``, computed over sets in the database.

One statement goes to PostgreSQL a chunk: who holds each side, what their permissions say, and which licenses cover it.
What its lines come to is worked out in ``rights.outlines``. Where a set of territories cuts through the question, a
share has no whole units, or a consent names a reservation, the pure policy is asked about that asset instead; so the
SQL stays one that can be read.
"""

from __future__ import annotations

import itertools
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from functools import lru_cache
from typing import Any
from uuid import UUID
from weakref import WeakKeyDictionary

from django.db import connection
from psycopg import Connection, RawCursor

from rights import outlines, permission, terms
from rights.case import Asset, ConsentTerm, LicenseTerm, ReservationTerm, ShareTerm, Side, Terms
from rights.outlines import Answered, Says
from rights.permission import Code, Question, Reason, Ruling
from rights.territories import numbers
from rights.vocabulary import RIGHT_OF, Answer, AssetKind, RightType, purpose_mask, use_mask

CHUNK = 2_000  # assets a round trip: enough to be set-based, few enough that indexes are read and not tables


@dataclass(frozen=True)
class Asked:
    """An asset that a question is about."""

    kind: AssetKind
    id: UUID


def answer(asked: Iterable[Asked], question: Question, *, known_at: datetime) -> Iterator[Ruling]:
    """Yield a ruling per asset, in the order asked, as at the question's day and as known at a moment."""
    return (one.ruling for one in answers(asked, question, known_at=known_at))


def answers(asked: Iterable[Asked], question: Question, *, known_at: datetime) -> Iterator[Answered]:
    """
    Yield what ``answer`` yields, with the ids as text: half of the time would go into making them objects.

    It reads in chunks: memory does not grow with the number of assets.
    """
    given = _given(question, known_at)
    iterator = iter(asked)
    while chunk := list(itertools.islice(iterator, CHUNK)):
        kinds = {one.kind for one in chunk}
        if len(kinds) == 1:
            yield from _of_kind(chunk[0].kind, [one.id for one in chunk], question, given, known_at)
            continue
        found: dict[int, Answered] = {}
        for kind in kinds:
            places = [place for place, one in enumerate(chunk) if one.kind is kind]
            of_kind = _of_kind(kind, [chunk[place].id for place in places], question, given, known_at)
            found.update(zip(places, of_kind, strict=True))
        yield from (found[place] for place in range(len(chunk)))


def _given(question: Question, known_at: datetime) -> dict[str, Any]:
    """Return the values of ``_TYPES`` but the ids."""
    rights, uses = _masks(question.uses)
    return {
        "rights": rights,
        "uses": uses,
        "licensee": question.licensee_id,
        "where": _where(question.territories),
        "day": question.on,
        "known": known_at,
        "purposes": purpose_mask(question.purposes),
        "model": question.model_id,
        "version": question.model_version_id,
        "right": rights[0],
        "use": uses[0],
    }


@lru_cache(maxsize=256)
def _masks(uses: frozenset[str]) -> tuple[list[str], list[int]]:
    """Return the rights that uses need, and the uses of each as bits."""
    rights = permission.rights_of(uses)
    return [right.value for right in rights], [
        use_mask(use for use in uses if RIGHT_OF[use] is right) for right in rights
    ]


@lru_cache(maxsize=256)
def _where(countries: frozenset[str]) -> str:
    return "{" + ",".join(f"[{first},{end})" for first, end in numbers(countries)) + "}"


def _of_kind(
    kind: AssetKind, ids: Sequence[UUID], question: Question, given: dict[str, Any], known_at: datetime
) -> list[Answered]:
    needed = permission.sides_needed(kind, question)
    is_plain = question.rights != (RightType.VOICE,) and len(question.rights) == 1
    if is_plain and len(ids) == 1:
        found = _read(_ONE[kind], ids, given, needed)
        only = found[0] if found else _unknown(ids[0])
        if only is not None:
            return [only]
    # Asked in the order in which indexes hold them, neighbors lie on pages that were just read.
    order = sorted(range(len(ids)), key=lambda place: ids[place].int)
    found = _read(_MANY[kind, is_plain], [ids[place] for place in order], given, needed)
    found = {order[place]: one for place, one in found.items()}
    uneven = [place for place, one in found.items() if one is None]
    found |= _asked_of_the_policy(kind, ids, uneven, question, known_at)
    return [found.get(place) or _unknown(id_) for place, id_ in enumerate(ids)]


def _unknown(id_: UUID) -> Answered:
    return Answered.of(Ruling(id_, Answer.UNKNOWN, (Reason(Code.NO_SUCH_ASSET, None, id_),), None))


def _read(
    statement: _Statement, ids: Sequence[UUID], given: dict[str, Any], needed: tuple[Side, ...]
) -> dict[int, Answered | None]:
    """Return the answers by place; none where nothing is registered, None where more must be asked."""
    given = {**given, "ids": ids, "id": ids[0]}
    # Django's own cursor writes values into the text, so that PostgreSQL would plan each question anew. One asset is
    # asked with a plan that is kept; many are worth a plan of their own.
    connection.ensure_connection()
    raw: Connection[Any] = connection.connection
    # Left to itself, PostgreSQL keeps planning: it takes two milliseconds each time, the answer less than one.
    wanted = "force_generic_plan" if statement.is_kept else "force_custom_plan"
    with connection.wrap_database_errors, RawCursor(raw) as cursor:
        if _plans.get(raw) != wanted:
            cursor.execute(f"SET plan_cache_mode = {wanted}".encode())
            _plans[raw] = wanted
        values = [given[name] for name in statement.values]
        cursor.execute(statement.text, values, prepare=statement.is_kept, binary=True)
        rows = cursor.fetchall()
    return {place - 1: outlines.read(ids[place - 1], lines, needed) for place, lines in rows}


# Connection → how it plans. Where a transaction that set it is undone, this is wrong, and costs time and nothing else.
_plans: WeakKeyDictionary[Connection[Any], str] = WeakKeyDictionary()


def _asked_of_the_policy(
    kind: AssetKind, ids: Sequence[UUID], places: Sequence[int], question: Question, known_at: datetime
) -> dict[int, Answered]:
    if not places:
        return {}
    sides = terms.sides_of(kind, [ids[place] for place in places], known_at=known_at)
    assets = {asset.id for one in sides.values() for asset in one}
    known = terms.about(assets, on=question.on, licensee_id=question.licensee_id, known_at=known_at)
    near = _Near(known)
    return {
        place: Answered.of(permission.rule(ids[place], kind, assets_of, question, near.to(assets_of)))
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


# The assets that are asked about, and what each consists of: itself, and of recordings and stems the works and voices
# in them.
_ASKED_MANY = "unnest(%(ids)s) WITH ORDINALITY AS a (id, place) JOIN {table} AS x ON x.id = a.id"
_ASKED_ONE = "{table} AS x CROSS JOIN (SELECT 1 AS place) AS a"
_OWN = """
    SELECT a.place, {number} AS side, x.id, x.registered_at, {recording} AS recording_id
      FROM {asked} WHERE x.registered_at <= %(known)s"""
_ITSELF = "SELECT place, side, id, registered_at FROM own"
_WORKS = """
    UNION ALL
    SELECT own.place, 2, w.id, w.registered_at FROM own
      JOIN rights_recordingwork AS l ON l.recording_id = own.recording_id AND l.recorded_at <= %(known)s
      JOIN rights_work AS w ON w.id = l.work_id"""
_VOICES = """
    UNION ALL
    SELECT own.place, 3, v.id, v.registered_at FROM own
      JOIN rights_recordingvoice AS l ON l.recording_id = own.recording_id AND l.recorded_at <= %(known)s
      JOIN rights_voice AS v ON v.id = l.voice_id"""
_TABLES = {
    AssetKind.RECORDING: {"number": "1", "table": "rights_recording", "recording": "x.id"},
    AssetKind.STEM: {"number": "1", "table": "rights_stem", "recording": "x.recording_id"},
    AssetKind.WORK: {"number": "2", "table": "rights_work", "recording": "NULL::uuid"},
    AssetKind.LYRICS: {"number": "2", "table": "rights_lyrics", "recording": "NULL::uuid"},
    AssetKind.VOICE: {"number": "3", "table": "rights_voice", "recording": "NULL::uuid"},
}

# What is asked of roles and of exhausted licenses is read once, and only where a permission or a license depends on it.
_RIGHTS = """
n AS MATERIALIZED (
    SELECT number, right_type, uses, right_type = 'voice' AS is_voice
      FROM unnest(%(rights)s, %(uses)s) WITH ORDINALITY AS t (right_type, uses, number)),"""
_ROLES = """
roles AS (
    SELECT r.role FROM rights_partyinrole AS r
     WHERE r.recorded_at <= %(known)s AND r.active_from <= %(day)s AND (r.active_to IS NULL OR r.active_to > %(day)s)
       AND (r.party_id = %(licensee)s OR r.party_id IN (
            SELECT m.duplicate_id FROM rights_partymerge AS m LEFT JOIN rights_partymergeundo AS u ON u.merge_id = m.id
             WHERE m.survivor_id = %(licensee)s AND m.recorded_at <= %(known)s
               AND (u.id IS NULL OR u.recorded_at > %(known)s)))),"""
_OUTPUTS = """(
    SELECT count(*) FROM rights_decision AS d
      WHERE d.licenses @> ARRAY[t.id] AND d.outcome = 'cleared' AND d.decided_at <= %(known)s)"""
_USED_UP = """
used_up AS (
    SELECT t.id FROM rights_license AS t
     WHERE t.max_outputs <= {outputs}
       AND t.id IN (SELECT l.license_id FROM rights_licensestanding AS l WHERE l.licensee_id = %(licensee)s)),"""
# A line per share that reaches into the question's territories and permission of its holder, then one per license of
# the licensee with the asset on its schedule; a side with neither has a line of its own (``outlines.read``).
_READ = """
WITH {rights} {roles} {used_up}
own AS MATERIALIZED ({own}),
s AS MATERIALIZED ({sides})
SELECT place::int, string_agg(line, E'\\n') FROM (
    SELECT s.place,
           concat(s.side, '|', s.id, '|', {number}, '|', h.share_id, '|', p.said, '|', p.says, ' ', h.units, ' ',
                  CASE WHEN NOT h.countries @> %(where)s THEN h.countries * %(where)s END, '|', h.holder_id, '|',
                  to_char(upper(h.valid), 'YYYY-MM-DD'), '|', to_char(p.ends, 'YYYY-MM-DD')) AS line
      FROM s {perhaps}
      LEFT JOIN rights_sharestanding AS h
        ON h.asset_id = s.id AND h.right_type = {right} AND h.basis = 'ownership'
       AND h.known @> %(known)s AND h.valid @> %(day)s AND h.countries && %(where)s
      LEFT JOIN LATERAL (
        SELECT coalesce(p.consent_id, p.reservation_id) AS said, upper(p.valid) AS ends,
               CASE {if_in_role}
                    WHEN p.stance = 0 THEN {says.DENIES}
                    WHEN (p.valid @> %(day)s AND p.uses & {uses} = {uses} AND p.countries @> (h.countries * %(where)s)
                              AND p.barred & %(purposes)s = 0
                              AND (p.model_id IS NULL OR p.model_id = %(model)s)
                              AND (p.model_version_id IS NULL OR p.model_version_id = %(version)s)) IS NOT TRUE
                    THEN {says.GIVEN}
                    WHEN p.stance = 1 THEN {says.LAPSED}
                    WHEN p.overrides <> '{{}}' THEN {says.NAMES_RESERVATIONS}
                    WHEN p.approval THEN {says.ALLOWS_IF_ASKED} ELSE {says.ALLOWS} END AS says
          FROM (SELECT p.* FROM rights_permissionstanding AS p WHERE p.holder_id = h.holder_id AND p.asset_id = s.id
                UNION ALL
                SELECT p.* FROM rights_permissionstanding AS p
                 WHERE p.holder_id = h.holder_id AND p.asset_id IS NULL
                   AND (p.assets_from IS NULL OR p.assets_from <= s.registered_at)) AS p
         WHERE p.known @> %(known)s AND (p.licensee_id IS NULL OR p.licensee_id = %(licensee)s) {in_role}
           AND (p.stance > 0
                OR p.valid @> %(day)s AND p.uses & {uses} <> 0 AND p.countries && (h.countries * %(where)s))
      ) AS p ON true
    UNION ALL
    SELECT s.place,
           concat(s.side, '|', s.id, '|', {number}, '||', l.license_id, '|',
                  CASE WHEN NOT l.valid @> %(day)s THEN {says.NOT_IN_FORCE}
                       WHEN l.stance = 1 THEN {says.ENDED}
                       WHEN l.stance <> 2 THEN {says.NOT_IN_FORCE}
                       WHEN (l.uses & {uses} = {uses} AND l.countries @> %(where)s AND l.barred & %(purposes)s = 0
                                 AND (l.model_versions = '{{}}' OR %(version)s = ANY (l.model_versions))
                                 AND (t.release_from IS NULL OR t.release_from <= %(day)s)
                                 AND (t.release_to IS NULL OR t.release_to > %(day)s)) IS NOT TRUE
                       THEN {says.LICENSES_OTHERS}
                       WHEN {exhausted} THEN {says.EXHAUSTED}
                       ELSE {says.LICENSES} END, '  |||', to_char(upper(l.valid), 'YYYY-MM-DD'))
      FROM s {indeed}
      JOIN rights_licenseasset AS x ON x.asset_id = s.id
      JOIN rights_licensestanding AS l
        ON l.license_id = x.license_id AND l.licensee_id = %(licensee)s AND l.known @> %(known)s
      JOIN rights_license AS t ON t.id = l.license_id) AS lines
 GROUP BY place
"""
_TYPES = {
    "id": "uuid",
    "ids": "uuid[]",
    "right": "text",
    "rights": "text[]",
    "use": "int",
    "uses": "int[]",
    "licensee": "uuid",
    "where": "int4multirange",
    "day": "date",
    "known": "timestamptz",
    "purposes": "int",
    "model": "uuid",
    "version": "uuid",
}


@dataclass(frozen=True)
class _Statement:
    """What is asked of PostgreSQL, and with which values of a question."""

    text: bytes
    values: tuple[str, ...]
    is_kept: bool  # its plan serves every question


def _statement(kind: AssetKind, *, is_plain: bool, is_one: bool = False) -> _Statement:
    """
    Return the statement for many assets or one; a plain one is about one right that is not in a voice.

    The one for one asset makes no use of sets, and leaves out what takes longer to set up than to look up: roles.
    """
    uses = "%(use)s" if is_plain else "n.uses"
    own = _OWN + " AND x.id = %(id)s" if is_one else _OWN
    asked = _ASKED_ONE if is_one else _ASKED_MANY
    inside = _ITSELF
    if kind in {AssetKind.RECORDING, AssetKind.STEM}:
        inside += _WORKS if is_plain else _WORKS + _VOICES
    is_of_side = "n.is_voice = (s.side = 3)"
    whole = _READ.format(
        says=Says,
        rights="" if is_plain else _RIGHTS,
        roles="" if is_one else _ROLES,
        used_up="" if is_one else _USED_UP.format(outputs=_OUTPUTS),
        exhausted=f"t.max_outputs <= {_OUTPUTS}" if is_one else "t.max_outputs IS NOT NULL AND t.id IN (TABLE used_up)",
        own=own.format(asked=asked.format(**_TABLES[kind]), **_TABLES[kind]),
        sides=inside,
        number=("CASE WHEN s.side < 3 THEN 1 END" if kind is AssetKind.VOICE else "1") if is_plain else "n.number",
        perhaps="" if is_plain else f"LEFT JOIN n ON {is_of_side}",
        indeed="" if is_plain else f"JOIN n ON {is_of_side}",
        right="%(right)s" if is_plain else "n.right_type",
        uses=uses,
        in_role="" if is_one else "AND (p.licensee_role = '' OR p.licensee_role = ANY (ARRAY(SELECT role FROM roles)))",
        if_in_role=f"WHEN p.licensee_role <> '' THEN {Says.NAMES_ROLE:d}" if is_one else "",
    )
    values = tuple(name for name in _TYPES if f"%({name})s" in whole)
    for number, name in enumerate(values, start=1):
        whole = whole.replace(f"%({name})s", f"${number}::{_TYPES[name]}")
    return _Statement(whole.encode(), values, is_one)


_MANY = {(kind, is_plain): _statement(kind, is_plain=is_plain) for kind in AssetKind for is_plain in (True, False)}
_ONE = {kind: _statement(kind, is_plain=True, is_one=True) for kind in AssetKind}
