"""
A partition of a run, divided: lines into pools, pools among leaves. A pure function of the frozen files.

Each line is converted once, half to even (ROY-5); what an output earned in a country is one pool (ROY-2), divided once
by the kernel (ROY-3). What comes out, beside what was frozen and in the same order wherever it is worked out:

    pooled-NNNN.parquet        pool, output, country, zone, lines, units
    allocations-NNNN.parquet   line, pool, output, country, leaf, party, numerator, denominator, units, has_leftover

An allocation's exact part is the pool's units times numerator by denominator. ``line`` counts from 0 in the partition.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from fractions import Fraction
from math import gcd
from pathlib import Path
from typing import Any, Self
from uuid import UUID

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
from numpy.typing import NDArray

from royalties.kernel import Shares, Spread, Table
from royalties.money import LARGEST, BeyondMoney, Rate
from royalties.runs import files, frozen
from royalties.runs.exchange import Exchange, Integers
from royalties.runs.frozen import Manifest

PAYABLE, COMMISSION, HOLD = "payable", "commission", "hold"
_COMMISSION_LEAF, _HOLD_PAYEE = "COMM", "HOLD"

_WORDS = pa.dictionary(pa.int32(), pa.string())
POOLED = pa.schema(
    [
        ("pool", pa.int32()),
        ("output", _WORDS),
        ("country", _WORDS),
        ("zone", pa.int16()),
        ("lines", pa.int64()),
        ("units", pa.int64()),
    ]
)
ALLOCATIONS = pa.schema(
    [
        ("line", pa.int64()),
        ("pool", pa.int32()),
        ("output", _WORDS),
        ("country", _WORDS),
        ("leaf", _WORDS),
        ("party", _WORDS),  # null where nobody is paid yet: what is on hold
        ("numerator", pa.int64()),
        ("denominator", pa.int64()),
        ("units", pa.int64()),
        ("has_leftover", pa.bool_()),
    ]
)


class DoesNotReconcile(Exception):
    """What came out does not add up to what went in; nothing of it may be booked."""


class NotAPartition(Exception):
    """A run has no partition of this number."""


class NotAResult(Exception):
    """This is not what a partition came to."""


@dataclass(frozen=True, slots=True)
class Account:
    """What a partition adds to an account: whose, and for what is on hold, of which asset."""

    kind: str  # payable, commission, hold
    party_id: UUID | None
    asset: str  # of what is on hold; empty otherwise
    units: int


@dataclass(frozen=True, slots=True)
class PartitionResult:
    """What a partition came to."""

    number: int
    lines: int
    pools: int
    allocations: int
    units: int  # of all pools, and of all allocations
    credit: int  # of allocations that add
    debit: int  # and of those that take
    accounts: tuple[Account, ...]
    countries: Mapping[str, int]
    files: Mapping[str, str]  # names to SHA-256

    @property
    def document(self) -> dict[str, Any]:
        """Return it as a document of strings and small numbers, as a job keeps it."""
        return {
            "number": self.number,
            "lines": self.lines,
            "pools": self.pools,
            "allocations": self.allocations,
            "units": str(self.units),
            "credit": str(self.credit),
            "debit": str(self.debit),
            "accounts": [
                [one.kind, None if one.party_id is None else str(one.party_id), one.asset, str(one.units)]
                for one in self.accounts
            ],
            "countries": {country: str(units) for country, units in self.countries.items()},
            "files": dict(self.files),
        }

    @classmethod
    def read(cls, document: Mapping[str, Any]) -> Self:
        """
        Read it back.

        :raises NotAResult: it is something else
        """
        try:
            return cls(
                number=int(document["number"]),
                lines=int(document["lines"]),
                pools=int(document["pools"]),
                allocations=int(document["allocations"]),
                units=int(document["units"]),
                credit=int(document["credit"]),
                debit=int(document["debit"]),
                accounts=tuple(
                    Account(str(kind), None if party is None else UUID(party), str(asset), int(units))
                    for kind, party, asset, units in document["accounts"]
                ),
                countries={str(country): int(units) for country, units in document["countries"].items()},
                files={str(name): str(digest) for name, digest in document["files"].items()},
            )
        except (KeyError, ValueError, TypeError, AttributeError) as error:
            raise NotAResult(NotAResult.__doc__) from error


def result_names(partition: int) -> tuple[str, str]:
    """Return what a partition's pools and allocations are called."""
    return f"pooled-{partition:04}.parquet", f"allocations-{partition:04}.parquet"


def divide_partition(folder: Path, number: int, *, digest: str, into: Path | None = None) -> PartitionResult:
    """
    Divide a partition.

    :param folder: what was frozen; of the partitions only this one's files are read
    :param digest: of the manifest
    :param into: the folder for what comes out; by default the same
    :raises NotAPartition: there is none of this number
    :raises FileChanged: a file is not as it was frozen
    :raises BeyondMoney: a line or a pool has more minor units than can be booked
    :raises DoesNotReconcile: a defect of ours, found before anything is booked
    """
    manifest = frozen.read_manifest(folder, digest=digest)
    if not 0 <= number < manifest.partitions:
        raise NotAPartition(f"{NotAPartition.__doc__} It is {number} of {manifest.partitions}.")
    into = into or folder
    lines_name, pools_name, divisions_name = frozen.names(number)
    divisions = _Divisions.read(files.checked(folder, divisions_name, manifest.files))
    pools = _Pools.read(files.checked(folder, pools_name, manifest.files), divisions)
    units = _earned(
        files.checked(folder, lines_name, manifest.files), pools, frozen.read_rates(folder, manifest), manifest
    )
    spread = divisions.table.spread(pools.split, units)
    pooled_name, allocations_name = result_names(number)
    _write_pooled(into / pooled_name, pools, units)
    _write_allocations(into / allocations_name, pools, divisions, spread)
    total = _total(units)
    result = PartitionResult(
        number=number,
        lines=int(pools.lines.sum()),
        pools=len(units),
        allocations=len(spread.units),
        units=total,
        credit=_total(np.maximum(spread.units, 0)),
        debit=-_total(np.minimum(spread.units, 0)),
        accounts=divisions.accounts(spread),
        countries=_by(pools.countries, pools.country, units),
        files={name: files.sha256_of(into / name) for name in (pooled_name, allocations_name)},
    )
    _reconcile(result, units, spread)
    return result


def open_allocations(path: Path) -> Iterator[pa.RecordBatch]:
    """Go through allocations in pieces, words by their number."""
    words = ["output", "country", "leaf", "party"]
    yield from pq.ParquetFile(path, read_dictionary=words).iter_batches(files.ROWS)


@dataclass(slots=True)
class _Divisions:
    """The divisions of a partition's outputs, as arrays: a split is a zone of an output."""

    outputs: list[str]
    first_zone: Integers  # the number of each output's first split
    table: Table
    parties: list[str | None]  # distinct
    party: Integers  # of each slot, a place in the former
    leaves: list[str]  # distinct
    leaf: Integers
    numerator: Integers  # of each slot, in lowest terms
    denominator: Integers

    @classmethod
    def read(cls, path: Path) -> _Divisions:
        """Read the divisions of a partition."""
        outputs, first, splits = [], [0], []
        parties: dict[str | None, int] = {}
        party, numerators, denominators = [], [], []
        with path.open("rb") as file:
            next(file)  # the territories: a pool already says its zone
            for text in file:
                row = json.loads(text, parse_float=_no_fraction)
                outputs.append(row["output"])
                for zone in row["zones"]:
                    parts, denominator = zone["parts"], int(zone["denominator"])
                    numbers = [int(part["numerator"]) for part in parts]
                    splits.append(Shares(tuple([part["leaf"] for part in parts]), tuple(numbers), denominator))
                    for part, number in zip(parts, numbers, strict=True):
                        party.append(parties.setdefault(part["party"], len(parties)))
                        common = gcd(number, denominator)
                        numerators.append(number // common)
                        denominators.append(denominator // common)
                first.append(len(splits))
        table = Table(splits)
        return cls(
            outputs=outputs,
            first_zone=np.array(first, dtype=np.int64),
            table=table,
            parties=list(parties),
            party=np.array(party, dtype=np.int64),
            leaves=table.leaves,
            leaf=table.leaf_of_slot,
            numerator=np.array(numerators, dtype=np.int64),
            denominator=np.array(denominators, dtype=np.int64),
        )

    def accounts(self, spread: Spread) -> tuple[Account, ...]:
        """Add allocations up by the account that they go to."""
        kinds: dict[tuple[str, str, str], int] = {}
        of_leaf = [_account_of(leaf) for leaf in self.leaves]
        numbers = [
            kinds.setdefault((of_leaf[leaf][0], self.parties[party] or "", of_leaf[leaf][1]), len(kinds))
            for leaf, party in zip(self.leaf.tolist(), self.party.tolist(), strict=True)
        ]
        account = np.array(numbers, dtype=np.int64)[spread.slot]
        has_lines = np.bincount(account, minlength=len(kinds)) > 0
        sums = _sums(account, spread.units, len(kinds))
        return tuple(
            Account(kind, UUID(party) if party else None, asset, units)
            for (kind, party, asset), units, is_there in sorted(zip(kinds, sums, has_lines.tolist(), strict=True))
            if is_there
        )


@dataclass(slots=True)
class _Pools:
    """The pools of a partition, as arrays."""

    outputs: list[str]
    output: Integers
    countries: list[str]
    country: Integers
    zone: NDArray[np.int16]
    lines: Integers
    split: Integers

    @classmethod
    def read(cls, path: Path, divisions: _Divisions) -> _Pools:
        """Read the pools of a partition."""
        table = pq.read_table(path, read_dictionary=["output", "country"]).unify_dictionaries().combine_chunks()
        outputs, output = _words(table.column("output"))
        countries, country = _words(table.column("country"))
        zone = table.column("zone").to_numpy()
        places = {name: place for place, name in enumerate(divisions.outputs)}
        first = divisions.first_zone[np.array([places[name] for name in outputs], dtype=np.int64)]
        return cls(
            outputs=outputs,
            output=output,
            countries=countries,
            country=country,
            zone=zone,
            lines=table.column("lines").to_numpy(),
            split=first[output] + zone if len(output) else np.zeros(0, np.int64),
        )


def _words(column: pa.ChunkedArray) -> tuple[list[str], Integers]:
    if not column.num_chunks:
        return [], np.zeros(0, np.int64)
    chunk = column.combine_chunks()
    chunk = chunk.chunk(0) if isinstance(chunk, pa.ChunkedArray) else chunk
    return chunk.dictionary.to_pylist(), chunk.indices.to_numpy().astype(np.int64)


def _earned(path: Path, pools: _Pools, rates: Mapping[str, Rate], manifest: Manifest) -> Integers:
    """Convert every line and add it to its pool."""
    found = np.zeros(len(pools.lines), dtype=np.int64)
    seen = np.zeros(len(pools.lines), dtype=np.int64)
    columns = ["pool", "currency", "mantissa", "scale"]
    currencies = [*sorted({*rates, manifest.currency})]
    place = {currency: number for number, currency in enumerate(currencies)}
    exchange = Exchange([rates[one].value if one in rates else Fraction(1) for one in currencies], manifest.currency)
    for batch in pq.ParquetFile(path, read_dictionary=["currency"]).iter_batches(files.ROWS, columns=columns):
        if not batch.num_rows:
            continue
        currency = batch.column("currency")
        number = np.array([place[word] for word in currency.dictionary.to_pylist()], dtype=np.int64)
        units = exchange.units(
            batch.column("mantissa").to_numpy(), batch.column("scale").to_numpy(), number[currency.indices.to_numpy()]
        )
        pool = batch.column("pool").to_numpy()
        first = np.flatnonzero(np.diff(pool, prepend=-1))
        here = pool[first]
        seen[here] += np.diff(first, append=len(pool))
        largest = int(np.abs(units).max())
        if largest * len(units) + int(np.abs(found[here]).max()) <= LARGEST:
            found[here] += np.add.reduceat(units, first)
        else:
            for one, begin, end in zip(here.tolist(), first.tolist(), [*first[1:].tolist(), len(pool)], strict=True):
                found[one] = _booked(int(found[one]) + sum(units[begin:end].tolist()))
    if not np.array_equal(seen, pools.lines):
        raise DoesNotReconcile(f"{DoesNotReconcile.__doc__} A pool has other lines than were frozen for it.")
    return found


def _write_pooled(path: Path, pools: _Pools, units: Integers) -> None:
    outputs, countries = pa.array(pools.outputs, pa.string()), pa.array(pools.countries, pa.string())
    with files.writer(path, POOLED, plain=("pool", "units")) as file:
        for begin in range(0, len(units), files.ROWS * 8):
            here = slice(begin, begin + files.ROWS * 8)
            file.write_batch(
                pa.record_batch(
                    [
                        pa.array(np.arange(len(units), dtype=np.int32)[here]),
                        pa.DictionaryArray.from_arrays(pools.output[here].astype(np.int32), outputs),
                        pa.DictionaryArray.from_arrays(pools.country[here].astype(np.int32), countries),
                        pa.array(pools.zone[here]),
                        pa.array(pools.lines[here]),
                        pa.array(units[here]),
                    ],
                    schema=POOLED,
                )
            )


def _write_allocations(path: Path, pools: _Pools, divisions: _Divisions, spread: Spread) -> None:
    outputs, countries = pa.array(pools.outputs, pa.string()), pa.array(pools.countries, pa.string())
    leaves = pa.array(divisions.leaves, pa.string())
    parties = pa.array([party or "" for party in divisions.parties], pa.string())
    is_held = np.array([party is None for party in divisions.parties], dtype=bool)
    counts = np.diff(spread.starts)
    pool_of = np.repeat(np.arange(len(counts), dtype=np.int32), counts)
    plain = ("line", "pool", "numerator", "denominator", "units", "has_leftover")
    with files.writer(path, ALLOCATIONS, plain=plain) as file:
        for begin in range(0, len(spread.units), files.ROWS * 8):
            here = slice(begin, begin + files.ROWS * 8)
            pool, slot = pool_of[here], spread.slot[here]
            party = divisions.party[slot]
            file.write_batch(
                pa.record_batch(
                    [
                        pa.array(np.arange(begin, begin + len(slot), dtype=np.int64)),
                        pa.array(pool),
                        pa.DictionaryArray.from_arrays(pools.output[pool].astype(np.int32), outputs),
                        pa.DictionaryArray.from_arrays(pools.country[pool].astype(np.int32), countries),
                        pa.DictionaryArray.from_arrays(divisions.leaf[slot].astype(np.int32), leaves),
                        pa.DictionaryArray.from_arrays(pa.array(party.astype(np.int32), mask=is_held[party]), parties),
                        pa.array(divisions.numerator[slot]),
                        pa.array(divisions.denominator[slot]),
                        pa.array(spread.units[here]),
                        pa.array(spread.has_leftover[here]),
                    ],
                    schema=ALLOCATIONS,
                )
            )


def _account_of(leaf: str) -> tuple[str, str]:
    asset, _, payee = leaf.rpartition("/")
    if payee == _HOLD_PAYEE and asset:
        return HOLD, asset
    return (COMMISSION if leaf == _COMMISSION_LEAF else PAYABLE), ""


def _by(words: list[str], numbers: Integers, units: Integers) -> dict[str, int]:
    return dict(sorted(zip(words, _sums(numbers, units, len(words)), strict=True)))


def _sums(numbers: Integers, units: Integers, count: int) -> list[int]:
    """Add units up by number; in whole numbers of any size where a word could be too small."""
    if _is_small(units):
        found = np.zeros(count, dtype=np.int64)
        np.add.at(found, numbers, units)
        return found.tolist()
    sums = [0] * count
    for number, one in zip(numbers.tolist(), units.tolist(), strict=True):
        sums[number] += one
    return sums


def _total(units: Integers) -> int:
    return int(units.sum()) if _is_small(units) else sum(units.tolist())


def _is_small(units: Integers) -> bool:
    return not units.size or int(np.abs(units).max()) <= LARGEST // units.size


def _booked(units: int) -> int:
    if abs(units) > LARGEST:
        raise BeyondMoney(BeyondMoney.__doc__)
    return units


def _reconcile(result: PartitionResult, units: Integers, spread: Spread) -> None:
    """Check each pool against its own allocations, and all against what is booked of them."""
    here = np.add.reduceat(spread.units, spread.starts[:-1]) if len(units) else units
    # Sums of parts whose whole is within a word come out right even where one in between is not.
    if not np.array_equal(here, units):
        raise DoesNotReconcile(f"{DoesNotReconcile.__doc__} A pool of partition {result.number} is another.")
    booked = sum(one.units for one in result.accounts)
    if not result.units == booked == result.credit - result.debit == sum(result.countries.values()):
        raise DoesNotReconcile(f"{DoesNotReconcile.__doc__} Partition {result.number}: {result.units}, {booked}.")


def _no_fraction(text: str) -> None:
    raise ValueError(f"{text[:40]} is not a whole number")
