"""
Millions of usage lines divided among their leaves: ``python -m benchmarks royalties``.

The peer is the bare kernel: the same lines by the same splits in millionths, in arrays of one width, with nothing
checked, no weights but millionths and ties by the place of a leaf. Both give back every allocation in chunks, which are
summed and dropped, as a run that keeps its lines in files does. Ours must be exact: whatever does not add up to the
amounts ends the benchmark. Processor seconds, since the machine is not ours alone; peak memory is of the process.
"""

from __future__ import annotations

import argparse
import resource
import sys
import time
from collections.abc import Callable, Iterator, Sequence
from fractions import Fraction

import numpy as np

from royalties.kernel import Integers, Table

LEAVES = 3
SPLITS = 100_000
AT_ONCE = 1_000_000
_MILLION = 1_000_000


def lines(count: int, seed: int = 7) -> Iterator[tuple[Integers, Integers]]:
    """Yield lines in chunks: the number of a split and an amount in minor units, one in fifty a refund."""
    random = np.random.default_rng(seed)
    for begin in range(0, count, AT_ONCE):
        some = min(AT_ONCE, count - begin)
        amount = random.integers(1, 1_800, some)
        amount[random.random(some) < 0.02] *= -1
        yield random.integers(0, SPLITS, some), amount


def parts(seed: int = 8) -> Integers:
    """Return millionths: a row of ``LEAVES`` for each split, which add up to a million."""
    random = np.random.default_rng(seed)
    cuts = np.sort(random.integers(0, _MILLION + 1, (SPLITS, LEAVES - 1)), axis=1)
    ends = np.full((SPLITS, 1), _MILLION)
    return np.diff(np.concatenate([np.zeros((SPLITS, 1), np.int64), cuts, ends], axis=1), axis=1)


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


def taken(work: Callable[[Integers, Integers], Integers], count: int) -> float:
    """Divide all lines in chunks; return the processor seconds."""
    spent = 0.0
    for split, amount in lines(count):
        since = time.process_time()
        units = work(split, amount)
        spent += time.process_time() - since
        if int(units.sum()) != int(amount.sum()):
            raise SystemExit("the allocations do not add up to the amounts")
    return spent


def main(arguments: Sequence[str] | None = None) -> None:
    """Divide, and print both figures with their ratio."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks royalties", description=__doc__)
    parser.add_argument("--lines", type=int, default=10_000_000)
    given = parser.parse_args(arguments)
    millionths = parts()
    theirs = taken(lambda split, amount: bare(millionths, split, amount), given.lines)
    names = [chr(ord("a") + place) for place in range(LEAVES)]
    rows = [dict(zip(names, row, strict=True)) for row in millionths.tolist()]
    table = Table([{name: Fraction(part, _MILLION) for name, part in row.items()} for row in rows])
    ours = taken(lambda split, amount: table.divide(split, amount).units, given.lines)
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / (2**20 if sys.platform == "darwin" else 2**10)
    print(f"{given.lines:,} lines by {SPLITS:,} splits of {LEAVES} leaves, in processor seconds; exact and whole.")
    print(
        f"ours {ours:.1f}, bare {theirs:.1f}: ×{ours / theirs:.2f}; at most {peak:,.0f} MiB, with what makes the lines"
    )


if __name__ == "__main__":
    main()
