"""
Reports of usage, read from text to exact lines: ``python -m benchmarks usage``.

The peer is what reads the same file and understands nothing: Python's csv module, row by row, and Arrow's reader into
columns of text. Ours screens the bytes, reads amounts to exact integers, days, countries and currencies, makes and
counts keys with their sums, looks for transactions that are there twice, and writes the usage file. Processor seconds,
since the machine is not ours alone; each in a process of its own, with its peak of memory.
"""

from __future__ import annotations

import argparse
import csv
import multiprocessing
import os
import random
import resource
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path

import pyarrow.csv

from royalties.usage import dsr
from royalties.usage.mapping import UsageMapping
from royalties.usage.opening import Bounds
from royalties.usage.reading import Found, Source, read_sheets

OUTPUTS = 100_000
COUNTRIES = ("DE", "FR", "US", "GB", "JP", "BR", "IN", "SE", "NL", "PL")
CURRENCIES = ("EUR", "USD", "GBP", "JPY")
MAPPING = UsageMapping(
    columns={
        "transaction": "Transaction",
        "isrc": "ISRC",
        "title": "Title",
        "artist": "Artist",
        "country": "Territory",
        "currency": "Currency",
        "amount": "Net",
        "usages": "Plays",
        "day": "Day",
    }
)


def write_sheet(path: Path, lines: int) -> None:
    """Write a sheet of so many lines, the same every time."""
    chance = random.Random(5)
    with path.open("w") as out:
        out.write("Transaction,ISRC,Title,Artist,Territory,Currency,Net,Plays,Day\n")
        for number in range(lines):
            output = int(OUTPUTS * chance.random() ** 3)
            out.write(
                f"T{number},DEA{output:09},Song {output},Artist {output % 977},{chance.choice(COUNTRIES)},"
                f"{chance.choice(CURRENCIES)},0.{chance.randrange(10**6):06},{chance.randrange(900)},"
                f"2026-03-{chance.randrange(1, 32):02}\n"
            )


def write_dsr(path: Path, lines: int) -> None:
    """Write a Basic Audio report with so many lines of usage, three of them in a block."""
    chance = random.Random(6)
    blocks = lines // 3
    rows = 2 + len(COUNTRIES) + blocks * 5
    with path.open("w") as out:
        out.write(
            "HEAD\tdsrf/3.0/x\tBasicAudioProfile\t1.4\tM-1\t2026-04-01T00:00:00Z\t1\t1\t2026-03\t2026-03\tPADPIDA1\tS\n"
        )
        for country in COUNTRIES:
            out.write(f"SY01.03\t{country}\t\t\tSubscriptionModel\t\t{country}\t\t{10**10}\t\tEUR\t1000000.01\n")
        for number in range(blocks):
            output = int(OUTPUTS * chance.random() ** 3)
            out.write(f"RE01.03\tB{number}\t1\tR{output}\n")
            out.write(
                f"AS01.03\tB{number}\t1\tA{output}\tDEA{output:09}\tSong {output}\t\tArtist\t\t\tSoundRecording\n"
            )
            for part in range(3):
                country = COUNTRIES[(number + part) % len(COUNTRIES)]
                plays = chance.randrange(900)
                out.write(f"SU02.03\tB{number}\t{country}\tT{number}-{part}\t\t1\ttrue\t{plays}\n")
        out.write(f"FOOT\t{rows}\t\t{len(COUNTRIES)}\t{blocks}\t\n")


def _bare_csv(path: Path, _target: Path) -> int:
    with path.open(newline="") as source:
        return sum(1 for _ in csv.reader(source, delimiter="\t" if path.suffix == ".tsv" else ",")) - 1


def _bare_arrow(path: Path, _target: Path) -> int:
    read = pyarrow.csv.ReadOptions(use_threads=False, block_size=4 << 20)
    return sum(batch.num_rows for batch in pyarrow.csv.open_csv(path, read_options=read))


def _sheet(path: Path, target: Path) -> int:
    return _checked(read_sheets([Source(path)], MAPPING, sender="shop", target=target, bounds=Bounds()))


def _dsr(path: Path, target: Path) -> int:
    return _checked(dsr.read([Source(path)], target=target, bounds=Bounds()))


def _checked(found: Found) -> int:
    if found.problems.count:
        raise SystemExit(f"The report that was made for this has problems: {found.problems.kept[:3]}")
    counted = sum(one.lines for one in found.keys)
    if counted != found.lines:
        raise SystemExit(f"Keys count {counted} lines of {found.lines}.")
    return found.lines


def _measured(work: Callable[[Path, Path], int], path: Path, target: Path) -> tuple[int, float, float, int]:
    before = resource.getrusage(resource.RUSAGE_SELF)
    began = time.perf_counter()
    lines = work(path, target)
    took = time.perf_counter() - began
    after = resource.getrusage(resource.RUSAGE_SELF)
    spent = after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime
    return lines, spent, took, after.ru_maxrss // 1024


def _apart(work: Callable[[Path, Path], int], path: Path, target: Path) -> tuple[int, float, float, int]:
    with multiprocessing.get_context("spawn").Pool(1) as alone:
        return alone.apply(_measured, (work, path, target))


def main(arguments: list[str]) -> None:
    """Write the reports, read them in every way, and print each figure beside its peers."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks usage")
    parser.add_argument("--lines", type=int, default=1_000_000)
    given = parser.parse_args(arguments)
    with tempfile.TemporaryDirectory(prefix="usage-") as folder:
        for name, write, ours, suffix in (("sheet", write_sheet, _sheet, "csv"), ("DSR", write_dsr, _dsr, "tsv")):
            path, target = Path(folder) / f"usage.{suffix}", Path(folder) / "usage.parquet"
            write(path, given.lines)
            sys.stdout.write(f"{name}: {given.lines:,} lines, {path.stat().st_size // 10**6} MB\n")
            peers = [("Python's csv", _bare_csv)] + ([("Arrow", _bare_arrow)] if name == "sheet" else [])
            bare = [(peer, _apart(work, path, target)) for peer, work in peers]
            lines, spent, took, memory = _apart(ours, path, target)
            size = target.stat().st_size // 10**6
            sys.stdout.write(
                f"  ours: {lines / spent:,.0f} lines a processor second, {spent:.1f} s ({took:.1f} s by the clock),"
                f" peak {memory} MiB, usage file {size} MB\n"
            )
            for peer, (_, bare_spent, bare_took, bare_memory) in bare:
                sys.stdout.write(
                    f"  {peer}: {bare_spent:.1f} s ({bare_took:.1f} s), peak {bare_memory} MiB:"
                    f" ours ×{spent / bare_spent:.1f}\n"
                )
            path.unlink()
    sys.stdout.write(f"Load average at the end: {os.getloadavg()[0]:.1f}.\n")
