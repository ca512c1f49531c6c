"""
Ten million usage lines through a whole run: ``python -m benchmarks royalties``.

The peer is the bare kernel: the same lines by the same splits in millionths, in arrays of one width that are in memory
already, with nothing checked, converted, read or written, and ties by the place of a leaf. Ours reads frozen files and
checks their digests, converts every line from its currency, adds lines up to pools, divides those, writes every
allocation with its weight, adds them up by account, and reconciles. Freezing before it and the tree of proofs after it
are measured beside it, and so is the whole run by two processes, whose files must be the same bytes.

Two months: one whose lines are spread over countries as listening is, and the worst one, with nearly every line a pool
of its own. Processor seconds, since the machine is not ours alone; each step in a process of its own, with its peak of
memory. What comes out must add up to what went in, worked out by other means, or the benchmark ends.
"""

from __future__ import annotations

import argparse
import multiprocessing
import sys
import tempfile
import time
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from datetime import date
from fractions import Fraction
from functools import partial
from pathlib import Path
from typing import Any
from uuid import UUID

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq

from royalties.apportion import Part, Splits, Zone
from royalties.kernel import Integers
from royalties.money import Rate
from royalties.runs import engine, files, frozen, proofs
from royalties.runs.engine import PartitionResult
from royalties.runs.frozen import UsageFile

LEAVES = 3
OUTPUTS = 100_000
PAYEES = 5_000
REPORTS = 4
AT_ONCE = 1_000_000
SECRET = bytes(range(32))
RATES = {"EUR": Fraction(1), "USD": Fraction(9_217, 10_000), "GBP": Fraction(100_000, 86_215), "JPY": Fraction(1, 163)}
COUNTRIES = [a + b for a in "ABCDEFGHIJ" for b in "ABCDEFGHIJKLMNOPQRSTUVWXY"]
_MILLION = 1_000_000
_MARCH = date(2026, 3, 1)


@dataclass(frozen=True)
class Month:
    """How lines are spread: the chance of each country."""

    name: str
    chances: tuple[int, ...]  # of their sum


USUAL = Month("a month as it is", tuple(2_000 // place for place in range(1, 61)))
WORST = Month("nearly every line a pool of its own", (1,) * 250)


@dataclass(frozen=True)
class Taken:
    """What a step took: processor seconds, seconds, and the peak of its memory."""

    processor: float
    wall: float
    mib: float
    came_out: Any


def lines(count: int, month: Month, seed: int = 7) -> Iterator[dict[str, Integers]]:
    """Yield lines in chunks: output, country, currency and an amount in ten thousandths; one in fifty a refund."""
    random = np.random.default_rng(seed)
    ends = np.cumsum(month.chances)
    for begin in range(0, count, AT_ONCE):
        some = min(AT_ONCE, count - begin)
        mantissa = random.integers(1, 180_000, some)
        mantissa[random.integers(0, 50, some) == 0] *= -1
        yield {
            "output": random.integers(0, OUTPUTS, some),
            "country": np.searchsorted(ends, random.integers(0, ends[-1], some), side="right"),
            "currency": random.integers(0, len(RATES), some),
            "mantissa": mantissa,
        }


def parts(seed: int = 8) -> Integers:
    """Return millionths: a row of ``LEAVES`` for each output, which add up to a million."""
    random = np.random.default_rng(seed)
    cuts = np.sort(random.integers(1, _MILLION, (OUTPUTS, LEAVES - 1)), axis=1)
    ends = np.full((OUTPUTS, 1), _MILLION)
    return np.diff(np.concatenate([np.zeros((OUTPUTS, 1), np.int64), cuts, ends], axis=1), axis=1)


def bare(millionths: Integers, split: Integers, amount: Integers) -> Integers:
    """Divide by largest remainder with nothing but arrays of one width."""
    size = np.abs(amount)
    floors, remainders = np.divmod(size[:, None] * millionths[split], _MILLION)
    left = size - floors.sum(axis=1)
    rank = np.empty_like(floors)
    order = np.argsort(-remainders, axis=1, kind="stable")
    np.put_along_axis(rank, order, np.broadcast_to(np.arange(LEAVES), order.shape), axis=1)
    units: Integers = np.sign(amount)[:, None] * (floors + (rank < left[:, None]))
    return units.reshape(-1)


def kernel_alone(count: int, month: Month) -> float:
    """Divide all lines, as they are in memory, by the bare kernel; return the processor seconds."""
    spent, millionths = 0.0, parts()
    for some in lines(count, month):
        since = time.process_time()
        units = bare(millionths, some["output"], some["mantissa"])
        spent += time.process_time() - since
        if int(units.sum()) != int(some["mantissa"].sum()):
            raise SystemExit("the peer's allocations do not add up to the amounts")
    return spent


def write_usage(folder: Path, count: int, month: Month) -> int:
    """Write usage as reports leave it; return what it comes to in cents, worked out line by line in whole numbers."""
    total = 0
    keys = pa.array([_key(number) for number in range(OUTPUTS)])
    countries, currencies = pa.array(COUNTRIES), pa.array(list(RATES))
    writers: list[pq.ParquetWriter] = []
    written = [0] * REPORTS
    for chunk, some in enumerate(lines(count, month)):
        place, size = chunk % REPORTS, len(some["output"])
        total += sum(_cents(some["mantissa"][some["currency"] == n], rate) for n, rate in enumerate(RATES.values()))
        table = pa.table(
            {
                "line": np.arange(written[place] + 1, written[place] + size + 1),
                "key": pa.DictionaryArray.from_arrays(some["output"].astype(np.int32), keys),
                "country": pa.DictionaryArray.from_arrays(some["country"].astype(np.int32), countries),
                "currency": pa.DictionaryArray.from_arrays(some["currency"].astype(np.int32), currencies),
                "mantissa": some["mantissa"],
                "scale": np.full(size, 4, np.int8),
                "usages": np.ones(size, np.int64),
                "used_from": pa.array(np.full(size, 20_513, np.int32)).cast(pa.date32()),
                "used_to": pa.array(np.full(size, 20_544, np.int32)).cast(pa.date32()),
                "kind": np.zeros(size, np.int8),
            }
        )
        if len(writers) <= place:
            writers.append(pq.ParquetWriter(folder / f"usage-{place}", table.schema, compression="zstd"))
        writers[place].write_table(table, row_group_size=files.ROWS)
        written[place] += size
    for writer in writers:
        writer.close()
    return total


def _cents(mantissa: Integers, rate: Fraction) -> int:
    numerator, denominator = (rate / 100).numerator, (rate / 100).denominator
    whole, over = np.divmod(mantissa * numerator, denominator)  # ten thousandths times a rate, in hundredths
    is_up = (2 * over > denominator) | ((2 * over == denominator) & (whole % 2 == 1))
    return int((whole + is_up).sum())


def _key(number: int) -> str:
    return f"isrc:QZTST26{number:05}"


def freeze(folder: Path, reports: int) -> frozen.Frozen:
    """Freeze what the benchmark wrote."""
    matches = {_key(number): UUID(int=(number + 1) << 64) for number in range(OUTPUTS)}
    millionths = parts()
    zones = tuple(COUNTRIES)
    divisions = {}
    for number, row in enumerate(millionths.tolist()):
        output = UUID(int=(number + 1) << 64)
        leaves = ("COMM", f"{output}/1", f"{output}/2")
        divisions[output] = Splits(
            (
                Zone(
                    zones,
                    tuple(
                        Part(
                            leaf, UUID(int=(number * LEAVES + place) % PAYEES + 1), None, None, Fraction(part, _MILLION)
                        )
                        for place, (leaf, part) in enumerate(zip(leaves, row, strict=True))
                    ),
                ),
            )
        )
    (folder / "run").mkdir()
    since = time.process_time(), time.perf_counter()
    usage = [UsageFile(UUID(int=number + 1), folder / f"usage-{number}") for number in range(reports)]
    rates = [Rate(base, "EUR", value, "benchmark", _MARCH) for base, value in RATES.items()]
    found = frozen.freeze(
        folder / "run", usage=usage, matches=matches, rates=rates, divisions=divisions, currency="EUR"
    )
    print(f"  (freezing itself {time.process_time() - since[0]:.1f} s; the rest is making its divisions)", flush=True)
    return found


def divide(folder: Path, into: Path, digest: str, numbers: Sequence[int]) -> list[PartitionResult]:
    """Divide partitions one after the other."""
    return [engine.divide_partition(folder, number, digest=digest, into=into) for number in numbers]


def plant(folder: Path, results: Sequence[PartitionResult]) -> list[proofs.Planted]:
    """Build the tree of each partition."""
    return [proofs.plant(folder, result, secret=SECRET) for result in results]


def apart(*work: Callable[[], Any]) -> list[Taken]:
    """Do each work in a process of its own, at the same time; say what it took."""
    context = multiprocessing.get_context("spawn")
    with context.Pool(len(work), maxtasksperchild=1) as pool:
        return pool.map(_measured, work, chunksize=1)


def _measured(work: Callable[[], Any]) -> Taken:
    processor, wall = time.process_time(), time.perf_counter()
    came_out = work()
    return Taken(time.process_time() - processor, time.perf_counter() - wall, _peak_mib(), came_out)


def _peak_mib() -> float:
    # Linux's ru_maxrss keeps the parent's peak across fork and exec; VmHWM begins anew with the program.
    status = Path("/proc/self/status")
    if status.exists():
        line = next(line for line in status.read_text().splitlines() if line.startswith("VmHWM"))
        return int(line.split()[1]) / 1024
    import resource

    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 2**20


def measure(month: Month, count: int, *, has_tree: bool) -> None:
    """Take a month through a run, and print what each step took."""
    with tempfile.TemporaryDirectory(prefix="royalties-", dir="/var/tmp") as name:
        folder = Path(name)
        print(f"\n{month.name}: {count:,} lines, {OUTPUTS:,} outputs, {LEAVES} leaves each", flush=True)
        (written,) = apart(partial(write_usage, folder, count, month))
        reports = min(REPORTS, -(-count // AT_ONCE))
        (kernel,) = apart(partial(kernel_alone, count, month))
        (cold,) = apart(partial(freeze, folder, reports))
        found: frozen.Frozen = cold.came_out
        everything = range(found.partitions)
        (folder / "two").mkdir()
        work = partial(divide, folder / "run", folder / "run", found.digest)
        (one,) = apart(partial(work, everything))
        peer = kernel.came_out
        results: list[PartitionResult] = one.came_out
        if sum(result.units for result in results) != written.came_out or found.lines != count:
            raise SystemExit("the run does not add up to the usage")
        allocations = sum(result.allocations for result in results)
        print(
            f"{found.pools:,} pools, {allocations:,} allocations, {found.partitions} partitions; in processor seconds:"
        )
        print(f"  bare kernel on the lines        {peer:6.1f}")
        _line("freeze", cold, peer)
        _line("divide", one, peer)
        halves = apart(
            *(partial(divide, folder / "run", folder / "two", found.digest, everything[half::2]) for half in range(2))
        )
        for half in halves:
            _line("divide, one of two processes", half, peer)
        again = sorted((result for half in halves for result in half.came_out), key=lambda result: result.number)
        if again != results:
            raise SystemExit("two processes came to other bytes than one")
        print("  the files of one process and of two have the same digests")
        if has_tree:
            (tree,) = apart(partial(plant, folder / "run", results))
            _line("tree of proofs", tree, peer)
            size = sum((folder / "run" / one.file).stat().st_size for one in tree.came_out)
            print(f"  its files have {size / 2**20:,.0f} MiB, {size / allocations:.0f} bytes an allocation")
            root = proofs.root_of(tree.came_out)
            if root.credit - root.debit != written.came_out:
                raise SystemExit("the tree does not add up to the usage")
            party = UUID(int=12)  # one of them, with about sixty outputs
            (shown,) = apart(
                partial(proofs.lines_of, folder / "run", results, tree.came_out, party_id=party, secret=SECRET)
            )
            count_of = sum(len(part["lines"]) for part in shown.came_out["partitions"])
            _line(f"a payee's {count_of:,} lines", shown, peer)


def _line(what: str, taken: Taken, peer: float) -> None:
    print(
        f"  {what:<30} {taken.processor:7.1f}  ×{taken.processor / peer:.2f}   {taken.wall:6.1f} s of the clock,"
        f" at most {taken.mib:,.0f} MiB",
        flush=True,
    )


def main(arguments: Sequence[str] | None = None) -> None:
    """Take both months through a run."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks royalties", description=__doc__)
    parser.add_argument("--lines", type=int, default=10_000_000)
    parser.add_argument("--month", choices=["usual", "worst", "both"], default="both")
    parser.add_argument("--no-tree", action="store_true", help="leave out the tree of proofs")
    given = parser.parse_args(arguments)
    for name, month in (("usual", USUAL), ("worst", WORST)):
        if given.month in {name, "both"}:
            measure(month, given.lines, has_tree=not given.no_tree)


if __name__ == "__main__":
    main(sys.argv[1:])
