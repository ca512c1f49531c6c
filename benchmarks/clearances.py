"""
"May I?" over a large catalogue: recordings with a work each, three shares and two consents a recording, and licenses.

The world is made in the database by ``INSERT … SELECT generate_series``, with triggers off and indexes built
afterwards; loading a fact through its use case would measure the log. It stays in its data folder, so a second run of
the same size measures at once. The peer of each figure is the bare statement over the same rows, as one would write
it by hand: shares with their holders' consents, most specific first, added up a side; without licenses, reservations,
roles, models, purposes or reasons. One asset is asked with a prepared statement, many are one statement, as joins of
sets. Both answers come out of the service's own connection, without parallel workers, so that the two cores' other
work troubles both alike. Ours are complete: with every reason, and the ids it rests on, written as what is sent.

Beside each ratio of time stands that of processor time, of this process and of its PostgreSQL backend together:
on a machine that others use too it is the one that stays the same.
"""

from __future__ import annotations

import gc
import json
import os
import socket
import statistics
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from datetime import UTC, date, datetime
from pathlib import Path
from random import Random
from typing import Any
from uuid import UUID, uuid4, uuid5

SEED = UUID("7b0f5c1e-2d57-4c8e-9a55-3c1f7f5d1a10")  # no two versions of this file make the same world
PARTIES_PER = 10  # recordings to a writer; twenty times as many to a label
SCHEDULES = 10  # licenses; the first five, of one licensee, schedule half of the catalogue
KNOWN_THEN = datetime(2024, 1, 1, tzinfo=UTC)  # before the withdrawals and corrections were recorded
DAY = date(2026, 3, 1)
USES = frozenset({"infer.input", "distribute.outside"})
SINGLE = 500
BULK = (1_000, 10_000, 100_000)
ROUNDS = 3
OVER_HTTP = 300
START_WITHIN_S = 60


@dataclass(frozen=True)
class Measured:
    """A figure beside its peer of the same run."""

    what: str
    figure: str
    peer: str
    ratio: float
    processor: float | None = None  # the same ratio in processor time


def measure(recordings: int) -> Iterator[Measured]:
    """Load the world if it is not there, and yield what was measured."""
    from django.core.management import call_command

    call_command("migrate", verbosity=0)
    load(recordings)
    ids = _sample(recordings)
    yield from _single(ids)
    yield from _bulk(ids)
    yield from _http(ids)


# --- The world -------------------------------------------------------------------------------------------------------


def load(recordings: int) -> None:
    """Make the world, unless one of the same size and make is there."""
    names = ", ".join(_TABLES)
    with _superuser() as run:  # one transaction: a world that was cut short is not there
        run("CREATE TABLE IF NOT EXISTS bench_world (recordings int, version uuid)")
        if run("SELECT 1 FROM bench_world WHERE recordings = %s AND version = %s", recordings, _version()).fetchone():
            return
        print(f"Loading {recordings:,} recordings, {3 * recordings:,} shares, about {2 * recordings:,} consents …")
        since = time.perf_counter()
        run("SET session_replication_role = replica")  # no trigger, no foreign key: the rows are right by construction
        run("SET maintenance_work_mem = '256MB'")
        run("SET synchronous_commit = off")
        run(f"TRUNCATE {names}, bench_world CASCADE")
        indexes = _indexes(run)
        for name, _ in indexes:
            run(f"DROP INDEX {name}")
        for statement in _WORLD:
            run(_filled(statement, recordings))
        for _, definition in indexes:
            run(definition)
        run("INSERT INTO bench_world VALUES (%s, %s)", recordings, _version())
        counts = run(
            "SELECT (SELECT count(*) FROM rights_recording), (SELECT count(*) FROM rights_share),"
            " (SELECT count(*) FROM rights_consent), (SELECT count(*) FROM rights_licenseasset),"
            " (SELECT count(*) FROM rights_sharestanding) + (SELECT count(*) FROM rights_permissionstanding),"
            " pg_size_pretty(pg_database_size(current_database()))"
        ).fetchone()
        print(
            "{:,} recordings, {:,} shares, {:,} consents, {:,} scheduled assets, {:,} rows that stand, {}".format(
                *counts
            )
            + f", in {time.perf_counter() - since:,.0f} s\n"
        )
    with _superuser(autocommit=True) as run:
        run(f"VACUUM ANALYZE {names}")  # as autovacuum would have done by the next morning


def _version() -> UUID:
    return uuid5(SEED, "".join(_WORLD))


@contextmanager
def _superuser(*, autocommit: bool = False) -> Iterator[Callable[..., Any]]:
    """Yield a way to run statements as the superuser of the embedded server: nobody else may switch triggers off."""
    import psycopg
    from django.conf import settings
    from psycopg.conninfo import make_conninfo

    from ledger import embedded

    server = embedded.ensure(settings.EMBEDDED_POSTGRES)
    where = make_conninfo(**server.parameters(user="postgres", dbname="ledger"))
    with psycopg.connect(where, autocommit=autocommit) as raw:

        def run(statement: str, *given: Any) -> Any:
            return raw.execute(statement.encode(), given or None)

        yield run


def _indexes(run: Callable[..., Any]) -> list[tuple[str, str]]:
    """Return the indexes that no constraint needs: built at the end, they cost a tenth."""
    found: list[tuple[str, str]] = run(
        "SELECT i.indexrelid::regclass::text, pg_get_indexdef(i.indexrelid) FROM pg_index i"
        " LEFT JOIN pg_constraint c ON c.conindid = i.indexrelid"
        " WHERE i.indrelid = ANY (%s::regclass[]) AND c.oid IS NULL",
        list(_TABLES),
    ).fetchall()
    return found


def _countries(codes: list[str]) -> Any:
    from rights.models.fields import multirange
    from rights.territories import expand, numbers

    return multirange(numbers(expand(codes, DAY)))


def _written(codes: list[str]) -> str:
    return "{" + ",".join(f"[{one.lower},{one.upper})" for one in _countries(codes)) + "}"


def _filled(statement: str, recordings: int) -> str:
    from rights.standing import UNITS
    from rights.vocabulary import use_mask

    return statement.format(
        n=recordings,
        world=_written(["2136"]),
        elsewhere=_written(["2136", "-US"]),
        labels=max(20, recordings // PARTIES_PER // 20),
        writers=max(200, recordings // PARTIES_PER),
        units=UNITS,
        uses=use_mask(USES),
        every_use=use_mask(_EVERY_USE),
    )


_EVERY_USE = ("infer.input", "distribute.outside", "distribute.inside", "tdm")

_TABLES = (
    "rights_party", "rights_recording", "rights_work", "rights_recordingwork", "rights_share", "rights_consent",
    "rights_consentevent", "rights_license", "rights_licenseasset", "rights_sharestanding",
    "rights_permissionstanding", "rights_licensestanding",
)  # fmt: skip


def _id(kind: str, number: int | str = "n") -> str:
    return f"md5('{kind} ' || {number})::uuid"


_LABEL = "md5('label ' || n % {labels})::uuid"
_WRITERS = ("md5('writer ' || n * 7 % {writers})::uuid", "md5('writer ' || (n * 7 + 1 + n % 13) % {writers})::uuid")
_BEGAN, _KNEW, _LEARNT = "date '2021-01-01'", "timestamptz '2021-02-01'", "timestamptz '2025-02-01'"
_WITHDRAWN_ON = "date '2025-06-01'"

# A row per consent to one asset: who, to which, where. Labels and writers that agreed for all they hold have none.
_CONSENTS = f"""
    SELECT 'r ' || n AS key, n, {_LABEL} AS holder, {_id("recording")} AS recording_id, NULL::uuid AS work_id,
           n % 25 = 3 AS is_withdrawn, n % 8 = 1 AS is_elsewhere, n % 40 = 7 AS is_asked
      FROM generate_series(1, {{n}}) AS n WHERE n % {{labels}} % 10 > 0
    UNION ALL
    SELECT 'a ' || n, n, {_WRITERS[0]}, NULL, {_id("work")}, n % 25 = 5, n % 8 = 2, false
      FROM generate_series(1, {{n}}) AS n WHERE n * 7 % {{writers}} % 20 > 8
    UNION ALL
    SELECT 'b ' || n, n, {_WRITERS[1]}, NULL, {_id("work")}, n % 25 = 6, n % 8 = 3, false
      FROM generate_series(1, {{n}}) AS n WHERE (n * 7 + 1 + n % 13) % {{writers}} % 20 > 8"""
_WIDE = """
    SELECT 'label ' || n AS key FROM generate_series(0, {labels} - 1) AS n WHERE n % 10 = 0
    UNION ALL SELECT 'writer ' || n FROM generate_series(0, {writers} - 1) AS n WHERE n % 20 < 9"""
_SHARES = f"""
    SELECT 'm ' || n AS key, n, {_LABEL} AS holder, {_id("recording")} AS recording_id, NULL::uuid AS work_id,
           1 AS denominator, n % 8 = 1 AS is_elsewhere FROM generate_series(1, {{n}}) AS n
    UNION ALL
    SELECT 'p ' || n, n, {_WRITERS[0]}, NULL, {_id("work")}, 2, false FROM generate_series(1, {{n}}) AS n
    UNION ALL
    SELECT 'q ' || n, n, {_WRITERS[1]}, NULL, {_id("work")}, CASE WHEN n % 50 = 9 THEN 4 ELSE 2 END, false
      FROM generate_series(1, {{n}}) AS n"""
_AREA = "CASE WHEN is_elsewhere THEN '{{2136,-US}}' ELSE '{{2136}}' END::text[]"
_WHERE = "CASE WHEN is_elsewhere THEN '{elsewhere}' ELSE '{world}' END::int4multirange"
_DIGEST = "repeat('0', 64)"
_USE_NAMES = "ARRAY['infer.input', 'distribute.outside', 'distribute.inside', 'tdm']"

_WORLD = (
    f"""INSERT INTO rights_party (id, kind, commitment, registered_at)
    SELECT md5(key)::uuid, kind, decode(repeat('00', 32), 'hex'), {_KNEW} FROM (
        SELECT 'label ' || n AS key, 'organization' AS kind FROM generate_series(0, {{labels}} - 1) AS n
        UNION ALL SELECT 'writer ' || n, 'person' FROM generate_series(0, {{writers}} - 1) AS n
        UNION ALL SELECT 'service ' || n, 'organization' FROM generate_series(0, 9) AS n) AS t""",
    f"""INSERT INTO rights_recording (id, title, registered_at)
    SELECT {_id("recording")}, 'Recording ' || n, {_KNEW} FROM generate_series(1, {{n}}) AS n""",
    f"""INSERT INTO rights_work (id, title, registered_at)
    SELECT {_id("work")}, 'Work ' || n, {_KNEW} FROM generate_series(1, {{n}}) AS n""",
    f"""INSERT INTO rights_recordingwork (id, recording_id, work_id, recorded_at)
    SELECT {_id("link")}, {_id("recording")}, {_id("work")}, {_KNEW} FROM generate_series(1, {{n}}) AS n""",
    f"""INSERT INTO rights_share (id, recording_id, work_id, party_id, right_type, numerator, denominator, territories,
                                  active_from, recorded_at)
    SELECT md5('share ' || key)::uuid, recording_id, work_id, holder, 'ai_output', 1, denominator, {_AREA}, {_BEGAN},
           {_KNEW} FROM ({_SHARES}) AS s""",
    f"""INSERT INTO rights_consent (id, grantor_id, actor_id, recording_id, work_id, uses, territories, active_from,
                                    approval_mode, document_digest, recorded_at)
    SELECT md5('consent ' || key)::uuid, holder, holder, recording_id, work_id, {_USE_NAMES}, {_AREA}, {_BEGAN},
           CASE WHEN is_asked THEN 'output' ELSE 'blanket' END, {_DIGEST}, {_KNEW} FROM ({_CONSENTS}) AS c""",
    f"""INSERT INTO rights_consent (id, grantor_id, actor_id, is_list, covers_future, uses, territories, active_from,
                                    document_digest, recorded_at)
    SELECT md5('consent ' || key)::uuid, md5(key)::uuid, md5(key)::uuid, true, true, {_USE_NAMES}, '{{{{2136}}}}',
           {_BEGAN}, {_DIGEST}, {_KNEW} - interval '1 day' FROM ({_WIDE}) AS c""",
    f"""INSERT INTO rights_consentevent (id, consent_id, position, act, actor_id, effective_on, recorded_at)
    SELECT md5('granted ' || id)::uuid, id, 0, 'granted', grantor_id, {_BEGAN}, recorded_at FROM rights_consent""",
    f"""INSERT INTO rights_consentevent (id, consent_id, position, act, actor_id, effective_on, recorded_at)
    SELECT md5('withdrawn ' || key)::uuid, md5('consent ' || key)::uuid, 1, 'withdrawn', holder, {_WITHDRAWN_ON},
           {_LEARNT} FROM ({_CONSENTS}) AS c WHERE is_withdrawn""",
    f"""INSERT INTO rights_license (id, licensor_id, licensee_id, uses, territories, active_from, max_outputs,
                                    document_digest, recorded_at)
    SELECT {_id("license")}, md5('label 0')::uuid, md5('service ' || CASE WHEN n < 5 THEN 0 ELSE n END)::uuid,
           {_USE_NAMES}, '{{{{2136}}}}', {_BEGAN}, CASE WHEN n = 4 THEN 1000000 END, {_DIGEST}, {_KNEW}
      FROM generate_series(0, {SCHEDULES} - 1) AS n""",
    f"""INSERT INTO rights_licenseasset (id, license_id, recording_id, work_id)
    SELECT md5(kind || ' line ' || n)::uuid, {_id("license", f"n % {SCHEDULES}")},
           CASE kind WHEN 'recording' THEN md5('recording ' || n)::uuid END,
           CASE kind WHEN 'work' THEN md5('work ' || n)::uuid END
      FROM generate_series(1, {{n}}) AS n CROSS JOIN (VALUES ('recording'), ('work')) AS k (kind)""",
    # A share in 40 was corrected: what was believed until then ends in knowledge, and stands anew.
    f"""INSERT INTO rights_sharestanding (share_id, asset_id, holder_id, right_type, basis, units, countries, valid,
                                          known)
    SELECT md5('share ' || key)::uuid, coalesce(recording_id, work_id), holder, 'ai_output', 'ownership',
           {{units}} / denominator, {_WHERE}, daterange({_BEGAN}, NULL), k.known
      FROM ({_SHARES}) AS s
     CROSS JOIN LATERAL (SELECT tstzrange({_KNEW}, NULL) AS known WHERE n % 40 <> 11
                         UNION ALL SELECT tstzrange({_KNEW}, {_LEARNT}) WHERE n % 40 = 11
                         UNION ALL SELECT tstzrange({_LEARNT}, NULL) WHERE n % 40 = 11) AS k""",
    f"""INSERT INTO rights_permissionstanding (consent_id, stance, holder_id, asset_id, uses, approval, countries,
                                               valid, known)
    SELECT md5('consent ' || key)::uuid, k.stance, holder, coalesce(recording_id, work_id), {{every_use}}, is_asked,
           {_WHERE}, k.valid, k.known
      FROM ({_CONSENTS}) AS c
     CROSS JOIN LATERAL (
        SELECT 2 AS stance, daterange({_BEGAN}, NULL) AS valid, tstzrange({_KNEW}, NULL) AS known WHERE NOT is_withdrawn
        UNION ALL SELECT 2, daterange({_BEGAN}, NULL), tstzrange({_KNEW}, {_LEARNT}) WHERE is_withdrawn
        UNION ALL SELECT 2, daterange({_BEGAN}, {_WITHDRAWN_ON}), tstzrange({_LEARNT}, NULL) WHERE is_withdrawn
        UNION ALL SELECT 1, daterange({_WITHDRAWN_ON}, NULL), tstzrange({_LEARNT}, NULL) WHERE is_withdrawn) AS k""",
    f"""INSERT INTO rights_permissionstanding (consent_id, stance, holder_id, assets_from, uses, countries, valid,
                                               known)
    SELECT md5('consent ' || key)::uuid, 2, md5(key)::uuid, {_KNEW} - interval '1 day', {{every_use}},
           '{{world}}'::int4multirange, daterange({_BEGAN}, NULL), tstzrange({_KNEW} - interval '1 day', NULL)
      FROM ({_WIDE}) AS c""",
    f"""INSERT INTO rights_licensestanding (license_id, stance, licensee_id, uses, countries, valid, known)
    SELECT id, 2, licensee_id, {{every_use}}, '{{world}}'::int4multirange, daterange({_BEGAN}, NULL),
           tstzrange({_KNEW}, NULL) FROM rights_license""",
)


# --- The figures -----------------------------------------------------------------------------------------------------


def _sample(recordings: int) -> list[UUID]:
    """Return recordings in an order of chance: nine in ten are on the licensee's schedules."""
    import hashlib

    random = Random(recordings)
    licensed = [n for n in range(1, recordings + 1) if n % SCHEDULES < 5]
    others = [n for n in range(1, recordings + 1) if n % SCHEDULES >= 5]
    most = max(BULK) if recordings >= 2 * max(BULK) else recordings // 2
    chosen = random.sample(licensed, most * 9 // 10) + random.sample(others, most // 10)
    random.shuffle(chosen)
    return [UUID(hashlib.md5(f"recording {n}".encode(), usedforsecurity=False).hexdigest()) for n in chosen]


def _question(codes: list[str]) -> Any:
    from rights.permission import Question
    from rights.territories import expand

    return Question(licensee_id=_service(), uses=USES, territories=expand(codes, DAY), on=DAY)


# The statement that one would write by hand, over the same rows and both sides of each recording.
_RAW_ONE = """
SELECT h.asset_id, h.right_type, sum(h.units) AS total,
       coalesce(sum(h.units) FILTER (WHERE d.stance = 2), 0) AS cleared, array_agg(d.id) AS evidence
  FROM (SELECT %(id)s::uuid AS id UNION ALL SELECT work_id FROM rights_recordingwork WHERE recording_id = %(id)s) AS s
  JOIN rights_sharestanding AS h ON h.asset_id = s.id AND h.right_type = 'ai_output'
   AND h.countries @> %(where)s AND h.valid @> %(day)s::date AND h.known @> %(known)s::timestamptz
  LEFT JOIN LATERAL (
    SELECT c.id, c.stance FROM rights_permissionstanding AS c
     WHERE c.holder_id = h.holder_id AND (c.asset_id = h.asset_id OR c.asset_id IS NULL)
       AND c.uses & %(uses)s::int <> 0 AND c.countries @> %(where)s AND c.valid @> %(day)s::date
       AND c.known @> %(known)s::timestamptz
     ORDER BY c.asset_id IS NULL, c.stance LIMIT 1) AS d ON true
 GROUP BY h.asset_id, h.right_type
"""
_RAW_MANY = """
WITH asked AS MATERIALIZED (
    SELECT id AS asked, id FROM unnest(%(ids)s::uuid[]) AS t (id)
    UNION ALL SELECT l.recording_id, l.work_id FROM rights_recordingwork AS l WHERE l.recording_id = ANY (%(ids)s)),
held AS MATERIALIZED (
    SELECT a.asked, h.id, h.asset_id, h.holder_id, h.units FROM asked AS a
      JOIN rights_sharestanding AS h ON h.asset_id = a.id AND h.right_type = 'ai_output'
       AND h.countries @> %(where)s AND h.valid @> %(day)s::date AND h.known @> %(known)s::timestamptz),
given AS (
    SELECT h.id, c.id AS consent, c.stance, false AS wide FROM held AS h
      JOIN rights_permissionstanding AS c ON c.holder_id = h.holder_id AND c.asset_id = h.asset_id
       AND c.uses & %(uses)s::int <> 0 AND c.countries @> %(where)s AND c.valid @> %(day)s::date
       AND c.known @> %(known)s::timestamptz
    UNION ALL
    SELECT h.id, c.id, c.stance, true FROM held AS h
      JOIN rights_permissionstanding AS c ON c.holder_id = h.holder_id AND c.asset_id IS NULL
       AND c.uses & %(uses)s::int <> 0 AND c.countries @> %(where)s AND c.valid @> %(day)s::date
       AND c.known @> %(known)s::timestamptz),
best AS (
    SELECT id, (array_agg(stance ORDER BY wide, stance))[1] AS stance,
           (array_agg(consent ORDER BY wide, stance))[1] AS consent FROM given GROUP BY id)
SELECT h.asked, h.asset_id, sum(h.units), coalesce(sum(h.units) FILTER (WHERE b.stance = 2), 0), array_agg(b.consent)
  FROM held AS h LEFT JOIN best AS b ON b.id = h.id GROUP BY h.asked, h.asset_id
"""


@contextmanager
def _bare(*, prepare: bool) -> Iterator[Callable[..., list[Any]]]:
    """Yield a way to run a statement on the service's own connection, past Django."""
    from django.db import connection
    from psycopg import Cursor

    connection.ensure_connection()
    with Cursor(connection.connection) as cursor:
        cursor.execute("SET max_parallel_workers_per_gather = 0")
        yield lambda statement, given: cursor.execute(statement, given, prepare=prepare).fetchall()


def _given(codes: list[str], known: datetime) -> dict[str, Any]:
    from rights.vocabulary import use_mask

    return {"where": _countries(codes), "day": DAY, "known": known, "uses": use_mask(USES)}


def _now() -> datetime:
    return datetime.now(UTC)


@dataclass
class _Taken:
    """Seconds that some work took, by the clock and of processors, each time it was done."""

    clock: list[float]
    processor: list[float]

    @property
    def p50(self) -> float:
        return statistics.median(self.clock)

    @property
    def p99(self) -> float:
        return statistics.quantiles(self.clock, n=100)[98]

    def over(self, peer: _Taken) -> tuple[float, float | None]:
        """Return how many times the time of the peer, by the clock and of processors."""
        if not sum(peer.processor):
            return self.p50 / peer.p50, None
        return self.p50 / peer.p50, statistics.median(self.processor) / statistics.median(peer.processor)


def _processor() -> float:
    """Return the processor seconds that this process and its backend have used; Linux alone tells them of both."""
    from django.db import connection

    schedule = Path(f"/proc/{connection.connection.info.backend_pid}/schedstat")
    if not schedule.exists():
        return 0.0
    return time.process_time() + int(schedule.read_text().split()[0]) / 1e9


def _taken(works: dict[str, Callable[[Any], Any]], times: list[Any]) -> dict[str, _Taken]:
    """Do works with one thing after the other; they take turns, so that what else the machine does troubles each."""
    taken = {name: _Taken([], []) for name in works}
    gc.disable()
    for one in times:
        for name, work in works.items():
            used, since = _processor(), time.perf_counter()
            work(one)
            taken[name].clock.append(time.perf_counter() - since)
            taken[name].processor.append(_processor() - used)
    gc.enable()
    return taken


def _ours(question: Any, known: datetime) -> Callable[[list[UUID]], None]:
    """Return what answers completely: with all reasons as they are sent."""
    from ledger import asking
    from rights import clearances
    from rights.clearances import Asked
    from rights.vocabulary import AssetKind

    def ask(ids: list[UUID]) -> None:
        asked = (Asked(AssetKind.RECORDING, id_) for id_ in ids)
        count = 0
        for id_, one in zip(ids, clearances.answers(asked, question, known_at=known), strict=True):
            asking.written(asking.Named(AssetKind.RECORDING, id_), one)
            count += one.asset_id is not None
        if count != len(ids):
            raise SystemExit("not every asset was answered: the figures would mean nothing")

    return ask


def _single(ids: list[UUID]) -> Iterator[Measured]:
    with _bare(prepare=True) as bare:
        for name, codes in (("the world", ["2136"]), ("one country", ["DE"])):
            question, now = _question(codes), _given(codes, _now())

            def raw(asked: list[UUID], given: dict[str, Any] = now) -> Any:
                return bare(_RAW_ONE, {**given, "id": asked[0]})

            works = {"raw": raw, "ours": _ours(question, now["known"]), "past": _ours(question, KNOWN_THEN)}
            _taken(works, [[id_] for id_ in ids[:200]])  # plans are made, pages are read
            taken = _taken(works, [[id_] for id_ in ids[200 : 200 + SINGLE]])
            p50 = {work: one.p50 * 1000 for work, one in taken.items()}
            p99 = {work: one.p99 * 1000 for work, one in taken.items()}
            what = f"one asset in {name}"
            yield Measured(
                f"{what}, p50 ms", f"{p50['ours']:.2f}", f"bare {p50['raw']:.2f}", *taken["ours"].over(taken["raw"])
            )
            yield Measured(f"{what}, p99 ms", f"{p99['ours']:.2f}", f"bare {p99['raw']:.2f}", p99["ours"] / p99["raw"])
            yield Measured(
                f"{what}, as known in the past, p50 ms",
                f"{p50['past']:.2f}",
                f"as known now {p50['ours']:.2f}",
                *taken["past"].over(taken["ours"]),
            )


def _bulk(ids: list[UUID]) -> Iterator[Measured]:
    with _bare(prepare=False) as bare:
        for name, codes in (("one country", ["DE"]), ("the world", ["2136"])):
            question, now = _question(codes), _given(codes, _now())

            def raw(asked: list[UUID], given: dict[str, Any] = now) -> Any:
                return bare(_RAW_MANY, {**given, "ids": asked})

            works = {"raw": raw, "ours": _ours(question, now["known"]), "past": _ours(question, KNOWN_THEN)}
            for size in (size for size in BULK if size <= len(ids)):
                taken = _taken(works, [ids[-size:]] * ROUNDS)
                yield Measured(
                    f"{size:,} assets in {name}, answers a second",
                    f"{size / taken['ours'].p50:,.0f}",
                    f"bare {size / taken['raw'].p50:,.0f}",
                    *taken["raw"].over(taken["ours"]),
                )
                yield Measured(
                    f"{size:,} assets in {name}, as known in the past",
                    f"{size / taken['past'].p50:,.0f}",
                    f"as known now {size / taken['ours'].p50:,.0f}",
                    *taken["past"].over(taken["ours"]),
                )


# --- Through HTTP ----------------------------------------------------------------------------------------------------


def _http(ids: list[UUID]) -> Iterator[Measured]:
    """Ask a server of one process on the loopback: signed in, answered, recorded with its entry, sent."""
    from ledger import clients
    from ledger.demo.doors import Api, Network

    credentials = clients.create(name="benchmark", party_id=_service(), scopes=["clearances:write"])
    with _server() as (root, process):
        token = Api(Network(root), credentials).token
        asked = {"uses": sorted(USES), "territories": ["DE"], "at": DAY.isoformat()}
        taken: dict[str, _Taken] = {"one": _Taken([], []), "nothing": _Taken([], [])}
        with _connected(root) as send:
            for id_ in ids[: OVER_HTTP + 50]:
                good = {"id": str(uuid4()), **asked, "assets": [{"recording": str(id_)}]}
                for which, document in (("one", good), ("nothing", {**good, "uses": []})):
                    since = time.perf_counter()
                    status, _ = send(json.dumps(document).encode(), "application/json", token)
                    taken[which].clock.append(time.perf_counter() - since)
                    if status != {"one": 201, "nothing": 400}[which]:
                        raise SystemExit(f"the server answered {status}: the figures would mean nothing")
            for one in taken.values():
                del one.clock[:50]
            one, nothing = taken["one"], taken["nothing"]
            for what, figure, peer in (("p50", one.p50, nothing.p50), ("p99", one.p99, nothing.p99)):
                yield Measured(
                    f"one asset through HTTP, recorded, {what} ms",
                    f"{figure * 1000:.1f}",
                    f"refused {peer * 1000:.1f}",
                    figure / peer,
                )
            for size in (size for size in BULK if size <= len(ids)):
                lines = [json.dumps({"id": str(uuid4()), **asked})]
                lines += [json.dumps({"recording": str(id_)}) for id_ in ids[-size:]]
                since = time.perf_counter()
                status, answered = send("\n".join(lines).encode(), "application/x-ndjson", token)
                seconds = time.perf_counter() - since
                if status != 201 or answered != size + 1:
                    raise SystemExit(f"the server answered {status} with {answered} lines")
                yield Measured(
                    f"{size:,} assets through HTTP, recorded, answers a second",
                    f"{size / seconds:,.0f}",
                    f"{seconds:.1f} s; its process then {_peak_mib(process):,.0f} MiB",
                    1.0,
                )


def _service() -> UUID:
    import hashlib

    return UUID(hashlib.md5(b"service 0", usedforsecurity=False).hexdigest())


@contextmanager
def _server() -> Iterator[tuple[str, subprocess.Popen[bytes]]]:
    """Yield the address of a server that runs while it is needed."""
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    command = [sys.executable, "-m", "granian", "--interface", "wsgi", "--host", "127.0.0.1", "--port", str(port)]
    command += ["--blocking-threads", "2", "--no-access-log", "--log-level", "error", "ledger.wsgi:application"]
    # Of this data folder: the environment says which.
    process = subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    try:
        until = time.monotonic() + START_WITHIN_S
        while process.poll() is None and time.monotonic() < until:
            with suppress(OSError), socket.create_connection(("127.0.0.1", port), timeout=1):
                break
            time.sleep(0.1)
        else:
            raise SystemExit("the server did not start")
        yield f"http://127.0.0.1:{port}", process
    finally:
        process.terminate()
        with suppress(subprocess.TimeoutExpired):
            process.wait(timeout=20)
        process.kill()


@contextmanager
def _connected(root: str) -> Iterator[Callable[[bytes, str, str], tuple[int, int]]]:
    """Yield a way to ask over one connection that is kept; it returns the status and how many lines came back."""
    from http.client import HTTPConnection

    connection = HTTPConnection(root.removeprefix("http://"), timeout=600)

    def send(body: bytes, media_type: str, token: str) -> tuple[int, int]:
        headers = {"Authorization": f"Bearer {token}", "Content-Type": media_type, "Accept": media_type}
        connection.request("POST", "/v1/clearances", body=body, headers=headers)
        answer = connection.getresponse()
        return answer.status, answer.read().count(b"\n")

    try:
        yield send
    finally:
        connection.close()


def _peak_mib(process: subprocess.Popen[bytes]) -> float:
    """Return the most memory that any process of the server has had."""
    import psutil

    whole = psutil.Process(process.pid)
    most = 0.0
    for one in (whole, *whole.children(recursive=True)):
        status = Path(f"/proc/{one.pid}/status")
        if status.exists():
            line = next(line for line in status.read_text().splitlines() if line.startswith("VmHWM"))
            most = max(most, int(line.split()[1]) / 1024)
        else:
            most = max(most, one.memory_info().rss / 2**20)
    return most


def load_average() -> str:
    """Return how busy the machine is: figures of a shared one mean little without it."""
    return " ".join(f"{figure:.1f}" for figure in os.getloadavg())
