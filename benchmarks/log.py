"""
The log: ``python -m benchmarks log``; ``--sizes 1000000,10000000`` are the full ones.

Writing. Eight writers insert one fact a transaction: a work, through psycopg alone, so that it is the database that is
measured and not Django. Four ways, in turns: the fact with its entry, while a sequencer places and signs; the bare
fact, its triggers off, with no log; the fact and a row as large as its entry, which nobody asks about and nobody
places, as a bound: no log that is written with the facts does less; and the fact in a chain of hashes, each over the
one before it, under a lock. Then a hundred facts a transaction, four writers.

Latency, under the same eight writers in a round of its own. From the writer's answer of the database to the moment at
which somebody who asks every two milliseconds, which takes a tenth of a core, finds a checkpoint over the entry.

Size. Entries are put in as pending a million at a time, and the sequencer is the one that runs anywhere: leaves a
second, bytes an entry by relation, inclusion and consistency proofs as the service gives them, and how fast the tree is
computed again by the audit, and by a monitor from the published files.
"""

from __future__ import annotations

import argparse
import hashlib
import multiprocessing
import os
import random
import shutil
import statistics
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any
from uuid import UUID, uuid4

import psycopg
from psycopg.conninfo import make_conninfo

FOLDER = Path("var/bench-log")
WRITERS = 8
BATCHED = 100
BODY = 480  # bytes, as entries are on average
FILLED = b"x" * (BODY - 76)
PENDING_AT_ONCE = 1_000_000
PROOFS = 2_000
KIND = "work_registered"

FACT = "INSERT INTO rights_work (id, title, registered_at) VALUES (%b, 'Song', now())"
ENTRY = f"INSERT INTO ledger_entry (id, kind, body, at, subject, fact) VALUES (%b, '{KIND}', %b, now(), 'work', %b)"
FACTS = "INSERT INTO rights_work (id, title, registered_at) SELECT unnest(%b::uuid[]), 'Song', now()"
ENTRIES = (
    "INSERT INTO ledger_entry (id, kind, body, at, subject, fact)"
    f" SELECT unnest(%b::uuid[]), '{KIND}', unnest(%b::bytea[]), now(), 'work', unnest(%b::uuid[])"
)
CHAIN = """
INSERT INTO bench_chain (index, entry, hash)
SELECT coalesce(max(index), -1) + 1, %s,
       sha256(coalesce((SELECT hash FROM bench_chain ORDER BY index DESC LIMIT 1), ''::bytea) || %s::bytea)
  FROM (SELECT index FROM bench_chain ORDER BY index DESC LIMIT 1) newest
"""
LOCK = 6962


def body_of(id_: UUID) -> bytes:
    """Return what stands for an entry's bytes."""
    return b'{"id":"%s","kind":"%s","data":"%s"}' % (id_.hex.encode(), KIND.encode(), FILLED)


# --- Writers: each a process of its own, which knows psycopg and nothing else -----------------------------------------


def _logged(cursor: psycopg.Cursor[Any], ids: list[UUID]) -> None:
    _bare(cursor, ids)
    if len(ids) == 1:
        entry = uuid4()
        cursor.execute(ENTRY, (entry, body_of(entry), ids[0]))
    else:
        entries = [uuid4() for _ in ids]
        cursor.execute(ENTRIES, (entries, [body_of(id_) for id_ in entries], ids))


def _bare(cursor: psycopg.Cursor[Any], ids: list[UUID]) -> None:
    if len(ids) == 1:
        cursor.execute(FACT, (ids[0],))
    else:
        cursor.execute(FACTS, (ids,))


def _chained(cursor: psycopg.Cursor[Any], ids: list[UUID]) -> None:
    _bare(cursor, ids)
    cursor.execute("SELECT pg_advisory_xact_lock(%s)", (LOCK,))
    for id_ in ids:
        cursor.execute(CHAIN, (id_, body_of(id_)))


WAYS: dict[str, Callable[[psycopg.Cursor[Any], list[UUID]], None]] = {
    "with its entry": _logged,
    "with no log": _bare,
    "with an entry that nobody asks about": _logged,
    "in a chain of hashes": _chained,
}


def _write(where: str, way: str, at_once: int, seconds: float, together: Any, answers: Any) -> None:
    work, count, told = WAYS[way], 0, list[tuple[str, float]]()
    with psycopg.connect(where, prepare_threshold=1) as connection:
        together.wait()
        until = time.time() + seconds
        while time.time() < until:
            ids = [uuid4() for _ in range(at_once)]
            with connection.cursor() as cursor:
                work(cursor, ids)
            connection.commit()
            told.append((str(ids[0]), time.time()))
            count += at_once
    answers.put((count, told))


def _written(where: str, way: str, *, writers: int, at_once: int, seconds: float) -> tuple[float, list[Any]]:
    context = multiprocessing.get_context("spawn")
    answers, together = context.Queue(), context.Barrier(writers)
    processes = [
        context.Process(target=_write, args=(where, way, at_once, seconds, together, answers)) for _ in range(writers)
    ]
    for process in processes:
        process.start()
    found = [answers.get() for _ in processes]
    for process in processes:
        process.join()
    return sum(count for count, _ in found) / seconds, [one for _, some in found for one in some]


# --- The house --------------------------------------------------------------------------------------------------------


@contextmanager
def _sequencing(where: str) -> Iterator[None]:
    """Have a sequencer run, which is there before anything is measured."""
    command = [sys.executable, "manage.py", "sequence"]
    process = subprocess.Popen(command, stdin=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    try:
        with psycopg.connect(where) as connection, connection.cursor() as cursor:
            _logged(cursor, [uuid4()])
        _placed(where)
        yield
    finally:
        process.terminate()
        process.wait(60)


def _guards(admin: psycopg.Connection[Any], *, on: bool, takes: bool = True) -> None:
    verb, takes_verb = ("ENABLE" if given else "DISABLE" for given in (on, takes))
    admin.execute(f"ALTER TABLE rights_work {verb} TRIGGER rights_work_has_its_entry".encode())
    admin.execute(f"ALTER TABLE ledger_entry {takes_verb} TRIGGER entries_are_taken".encode())


def _empty(admin: psycopg.Connection[Any]) -> None:
    tables = ("cosignature", "checkpoint", "leaf", "tile", "edge", "pendingentry", "entry")
    admin.execute(
        f"TRUNCATE {', '.join(f'ledger_{table}' for table in tables)}, rights_work, bench_chain CASCADE".encode()
    )
    for file in (FOLDER / "log").glob("newest-checkpoint*"):
        file.unlink()


def _line(what: str, figure: str, beside: str = "") -> None:
    print(f"{what:<58} {figure:>22}   {beside}", flush=True)


def _quantiles(times: Sequence[float]) -> tuple[float, float]:
    """Return the median and the 99th percentile, in milliseconds."""
    ordered = sorted(times)
    return statistics.median(ordered) * 1000, ordered[min(len(ordered) - 1, int(len(ordered) * 0.99))] * 1000


# --- 1: writing -------------------------------------------------------------------------------------------------------


def _measure_writing(admin: psycopg.Connection[Any], where: str, seconds: float, rounds: int) -> None:
    rates: dict[str, list[float]] = {way: [] for way in WAYS}
    order = list(WAYS)
    for number in range(rounds):
        for way in order[number % len(order) :] + order[: number % len(order)]:
            _empty(admin)
            _guards(admin, on=way == "with its entry", takes=way == "with its entry")
            if way == "with its entry":
                with _sequencing(where):
                    rate, _ = _written(where, way, writers=WRITERS, at_once=1, seconds=seconds)
                    _placed(where)
            else:
                rate, _ = _written(where, way, writers=WRITERS, at_once=1, seconds=seconds)
            rates[way].append(rate)
    _guards(admin, on=True)
    logged, bare, bound, chained = (statistics.median(rates[way]) for way in WAYS)
    _line(f"facts a second, {WRITERS} writers, with entry and sequencer", f"{logged:,.0f}", f"{logged / bare:.0%} of")
    _line("  the same facts with no log", f"{bare:,.0f}")
    beside = f"{bound / bare:.0%} of no log; {logged / bound:.0%} is reached"
    _line("  the same with an entry that nobody asks about or places", f"{bound:,.0f}", beside)
    _line("  the same facts in a chain of hashes under a lock", f"{chained:,.0f}", f"x{logged / chained:.1f} slower")
    _empty(admin)
    with _sequencing(where), _watching(where) as seen:
        _, told = _written(where, "with its entry", writers=WRITERS, at_once=1, seconds=seconds)
        _placed(where)
        time.sleep(0.1)
    p50, p99 = _quantiles(latencies := _latencies(where, told, seen))
    _line("commit to checkpoint, p50 / p99", f"{p50:,.0f} / {p99:,.0f} ms", f"of {len(latencies):,}")
    batched: dict[str, float] = {}
    lag = 0.0
    for way in ("with its entry", "with no log"):
        _empty(admin)
        _guards(admin, on=True)
        with _sequencing(where):
            _guards(admin, on=way == "with its entry")
            batched[way], _ = _written(where, way, writers=4, at_once=BATCHED, seconds=seconds)
            since = time.time()
            _placed(where)
            lag = max(lag, time.time() - since)
        _guards(admin, on=True)
    ours, peer = batched["with its entry"], batched["with no log"]
    _line(
        f"facts a second, {BATCHED} a transaction, 4 writers", f"{ours:,.0f}", f"{ours / peer:.0%} of {peer:,.0f} bare"
    )
    _line("  placed after the last answer within", f"{lag:.1f} s")


@contextmanager
def _watching(where: str) -> Iterator[list[tuple[float, int]]]:
    """Give what somebody sees who asks for the newest checkpoint every two milliseconds."""
    seen: list[tuple[float, int]] = []
    over = threading.Event()

    def watch() -> None:
        with psycopg.connect(where, autocommit=True, prepare_threshold=1) as connection:
            while not over.is_set():
                row = connection.execute("SELECT max(size) FROM ledger_checkpoint").fetchone()
                size = row[0] if row else None
                if size and (not seen or seen[-1][1] != size):
                    seen.append((time.time(), size))
                time.sleep(0.002)

    thread = threading.Thread(target=watch)
    thread.start()
    try:
        yield seen
    finally:
        over.set()
        thread.join()


def _latencies(where: str, told: Sequence[tuple[str, float]], seen: Sequence[tuple[float, int]]) -> list[float]:
    import bisect

    with psycopg.connect(where) as connection:
        sql = "SELECT fact::text, index FROM ledger_leaf JOIN ledger_entry ON ledger_entry.id = entry_id"
        index: dict[str, int] = dict(connection.execute(sql).fetchall())
    sizes = [size for _, size in seen]
    found = []
    for id_, at in told:
        place = bisect.bisect_right(sizes, index[id_])  # the first checkpoint with more entries than its index
        if place < len(seen):
            found.append(max(0.0, seen[place][0] - at))
    return found


def _placed(where: str) -> None:
    """Wait until nothing is pending."""
    with psycopg.connect(where, autocommit=True) as connection:
        while connection.execute("SELECT 1 FROM ledger_pendingentry LIMIT 1").fetchone():
            time.sleep(0.02)


# --- 2: size ----------------------------------------------------------------------------------------------------------


def _grow(admin: psycopg.Connection[Any], size: int) -> tuple[int, float]:
    """Put in pending entries without facts, as nobody could, and let the sequencer place them: how many, how long."""
    from django.utils import timezone

    from ledger import sequencer
    from ledger.models import Leaf

    now = Leaf.objects.count()
    added, taken = size - now, 0.0
    admin.execute("SET session_replication_role = replica")  # no fact, and no question for one
    while now < size:
        some = min(PENDING_AT_ONCE, size - now)
        admin.execute(
            f"""
            WITH put AS (
                INSERT INTO ledger_entry (id, kind, body, at, subject, fact)
                SELECT gen_random_uuid(), '{KIND}', convert_to(rpad(gen_random_uuid()::text, {BODY}, 'x'), 'UTF8'),
                       now(), 'work', gen_random_uuid()
                  FROM generate_series(1, {some})
                RETURNING id
            ) INSERT INTO ledger_pendingentry (entry_id) SELECT id FROM put
            """.encode()
        )
        since = time.perf_counter()
        sequencer.drain(at=timezone.now())
        taken += time.perf_counter() - since
        now += some
    admin.execute("SET session_replication_role = origin")
    return added, taken


def _measure_size(admin: psycopg.Connection[Any], size: int, *, audits: bool) -> None:
    from ledger import audit, checkpoints, merkle, monitor, publishing, sequencer
    from ledger.models import Leaf

    added, taken = _grow(admin, size)
    admin.execute("VACUUM ANALYZE ledger_pendingentry, ledger_leaf, ledger_entry, ledger_tile, ledger_checkpoint")
    print(f"\nat {size:,} entries")
    _line("leaves placed a second", f"{added / taken:,.0f}", "with SQL, tiles and signature")
    names = ("entry", "leaf", "tile", "edge", "checkpoint", "pendingentry")
    sql = "SELECT " + ", ".join(f"pg_total_relation_size('ledger_{name}')" for name in names)
    bytes_of = dict(zip(names, admin.execute(sql.encode()).fetchone() or (), strict=True))
    parts = ", ".join(f"{name} {bytes_of[name] / size:.0f}" for name in ("entry", "leaf", "tile"))
    _line(f"bytes an entry of {BODY}", f"{sum(bytes_of.values()) / size:,.0f}", parts)
    chance = random.Random(size)
    leaves = list(Leaf.objects.filter(index__in=[chance.randrange(size) for _ in range(PROOFS)]))
    chance.shuffle(leaves)
    sequencer.prove(leaves[0])
    times = []
    for leaf in leaves:
        since = time.perf_counter()
        proved = sequencer.prove(leaf)
        times.append(time.perf_counter() - since)
    root = bytes(proved.checkpoint.root)
    merkle.verify_inclusion(
        bytes(leaf.hash), index=leaf.index, size=proved.checkpoint.size, proof=proved.proof, root=root
    )
    p50, p99 = _quantiles(times)
    _line("inclusion proof, p50 / p99", f"{p50:.2f} / {p99:.2f} ms", f"of {len(times):,}")
    times = []
    for _ in range(PROOFS):
        since = time.perf_counter()
        head, tiles = sequencer.tree()
        merkle.consistency_proof(chance.randrange(1, size), head.size, tiles)
        times.append(time.perf_counter() - since)
    p50, p99 = _quantiles(times)
    _line("consistency proof, p50 / p99", f"{p50:.2f} / {p99:.2f} ms", f"of {len(times):,}")
    if not audits:
        return
    since, spent = time.perf_counter(), time.process_time()
    found = list(audit.leaves_and_roots())
    took, cpu = time.perf_counter() - since, time.process_time() - spent
    if found:
        raise SystemExit(f"The audit finds {found[0].sentence}")
    _line(
        "audit: leaves, tiles and roots computed again, a second",
        f"{size / took:,.0f}",
        f"{size / cpu:,.0f} a CPU second",
    )
    mirror = FOLDER / "mirror"
    shutil.rmtree(mirror, ignore_errors=True)
    since = time.perf_counter()
    publishing.publish(mirror, entries=True)
    _line("published as files, entries a second", f"{size / (time.perf_counter() - since):,.0f}")
    (FOLDER / "log.vkey").write_text(checkpoints.public_keys().text)
    state = FOLDER / "seen.json"
    state.unlink(missing_ok=True)
    since = time.perf_counter()
    if monitor.main([str(mirror), "--key", str(FOLDER / "log.vkey"), "--state", str(state), "--entries"]):
        raise SystemExit("The monitor does not agree.")
    _line("monitor: all of it from the files, entries a second", f"{size / (time.perf_counter() - since):,.0f}")
    shutil.rmtree(mirror)


def _hash_rate() -> float:
    data, count, since = bytes(BODY + 1), 100_000, time.perf_counter()
    for _ in range(count):
        hashlib.sha256(data).digest()
    return count / (time.perf_counter() - since)


def main(arguments: list[str]) -> None:
    """Measure in a data folder of its own, and print the figures."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks log")
    parser.add_argument("--sizes", default="100000", help="of the log, with commas between them")
    parser.add_argument("--seconds", type=float, default=8, help="of each round of writing")
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--audit-up-to", type=int, default=10_000_000, help="larger logs are not audited")
    given = parser.parse_args(arguments)
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "ledger.settings")
    os.environ["LEDGER_DATA"] = str(FOLDER.absolute())
    for name in ("DATABASE_URL", "DATABASE_OWNER_URL", "DATABASE_SEQUENCER_URL", "LEDGER_WITNESS_POLICY"):
        os.environ.pop(name, None)  # a server of yours is left alone
    import django

    django.setup()
    from django.conf import settings
    from django.core.management import call_command
    from django.db import connections

    from ledger import embedded

    server = embedded.ensure(settings.EMBEDDED_POSTGRES)
    try:
        call_command("migrate", verbosity=0)
        app = make_conninfo(**server.parameters(user="ledger_app", dbname="ledger"))
        owner = make_conninfo(**server.parameters(user="postgres", dbname="ledger"))
        with psycopg.connect(owner, autocommit=True) as admin:
            admin.execute("CREATE TABLE IF NOT EXISTS bench_chain (index bigint PRIMARY KEY, entry uuid, hash bytea)")
            admin.execute("GRANT SELECT, INSERT ON bench_chain TO ledger_app")
            _line("SHA-256 of an entry, bare, a second", f"{_hash_rate():,.0f}", "on one core")
            _measure_writing(admin, app, given.seconds, given.rounds)
            _empty(admin)
            for size in sorted(int(one) for one in given.sizes.split(",") if one):
                _measure_size(admin, size, audits=size <= given.audit_up_to)
            _empty(admin)
    finally:
        connections.close_all()
        embedded.stop_what_we_started()


if __name__ == "__main__":
    main(sys.argv[1:])
