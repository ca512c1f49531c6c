"""
A partition of a run, divided: lines into pools, pools among leaves. A pure function of the frozen files.

Each line is converted once, half to even (ROY-5); what an output earned in a country is one pool (ROY-2), divided once
by the kernel (ROY-3). What comes out, beside what was frozen and in the same order wherever it is worked out:

    pooled-NNNN.parquet        units: a row for each row of pools-NNNN
    allocations-NNNN.parquet   units, has_leftover: for each pool in turn a row for each leaf of its split

Whose an allocation is and for what is in the frozen files already, by the place of its row; ``open_allocations`` puts
them together again. An allocation's exact part is the pool's units times numerator by denominator.
"""

from __future__ import annotations

import shutil
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from fractions import Fraction
from functools import lru_cache
from pathlib import Path
from typing import Any, Self
from uuid import UUID

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq
from numpy.typing import NDArray

from royalties import allocation
from royalties.kernel import Flags, NoSuchSplit, Spread, Table
from royalties.money import LARGEST, BeyondMoney, Rate
from royalties.runs import files, frozen
from royalties.runs.exchange import Exchange, Integers

PAYABLE, COMMISSION, HOLD = "payable", "commission", "hold"
COMMISSION_LEAF, _HOLD_PAYEE = "COMM", "HOLD"

POOLED = pa.schema([("units", pa.int64())])
ALLOCATIONS = pa.schema([("units", pa.int64()), ("has_leftover", pa.bool_())])
_WORDS = pa.dictionary(pa.int32(), pa.string())
#: What ``open_allocations`` gives. ``line`` and ``pool`` count from 0 in the partition.
JOINED = pa.schema(
    [
        ("line", pa.int64()),
        ("pool", pa.int32()),
        ("output", _WORDS),
        ("country", _WORDS),
        ("zone", pa.int16()),
        ("pool_units", pa.int64()),
        ("leaf", _WORDS),
        ("party", _WORDS),  # null where nobody is paid yet: what is on hold
        ("recording", _WORDS),
        ("work", _WORDS),
        ("numerator", pa.int64()),  # in lowest terms
        ("denominator", pa.int64()),
        ("units", pa.int64()),
        ("has_leftover", pa.bool_()),
    ]
)
_CHUNK = 1 << 20


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
    pools = _Pools.read(files.checked(folder, pools_name, manifest.files), divisions, has_outputs=False)
    rates = frozen.read_rates(folder, manifest)
    units = _earned(files.checked(folder, lines_name, manifest.files), pools, rates, manifest.currency)
    spread = divisions.table.spread(pools.split, units)
    pooled_name, allocations_name = result_names(number)
    _write(into / pooled_name, POOLED, [units])
    _write(into / allocations_name, ALLOCATIONS, [spread.units, spread.has_leftover])
    if into != folder:
        for name in (pools_name, divisions_name):
            shutil.copyfile(folder / name, into / name)
    total, size = _total(units), _size(spread.units)
    result = PartitionResult(
        number=number,
        lines=int(pools.lines.sum()),
        pools=len(units),
        allocations=len(spread.units),
        units=total,
        credit=(size + total) // 2,
        debit=(size - total) // 2,
        accounts=divisions.accounts(spread, np.bincount(pools.split, minlength=len(divisions.counts))),
        countries=_by(pools.countries, pools.country, units),
        files={
            **{name: files.sha256_of(into / name) for name in (pooled_name, allocations_name)},
            **{name: manifest.files[name] for name in (pools_name, divisions_name)},
        },
    )
    _reconcile(result, units, spread)
    return result


def open_allocations(path: Path, *, party_id: UUID | None = None) -> Iterator[pa.RecordBatch]:
    """
    Go through the allocations of a partition in pieces, or through those of one payee; see ``JOINED``.

    :param path: the allocations, beside which all files of the result lie
    """
    number = int(path.stem.rpartition("-")[2])
    _, pools_name, divisions_name = frozen.names(number)
    divisions = _Divisions.read(path.parent / divisions_name)
    pools = _Pools.read(path.parent / pools_name, divisions, has_outputs=True)
    units = pq.read_table(path.parent / result_names(number)[0]).column("units").to_numpy()
    counts = divisions.counts[pools.split]
    ends = np.cumsum(counts)
    is_own = None if party_id is None else _flags(pc.fill_null(pc.equal(divisions.party, str(party_id)), False))
    begin = 0
    for batch in pq.ParquetFile(path).iter_batches(files.ROWS):
        lines = np.arange(begin, begin + batch.num_rows, dtype=np.int64)
        begin += batch.num_rows
        pool = np.searchsorted(ends, lines, side="right")
        slot = divisions.starts[pools.split[pool]] + lines - (ends - counts)[pool]
        if is_own is not None:
            own = np.flatnonzero(is_own[slot])
            if not own.size:
                continue
            batch, lines, pool, slot = batch.take(pa.array(own)), lines[own], pool[own], slot[own]  # noqa: PLW2901 - fewer rows of it
        slots = pa.array(slot)
        numerator, denominator = divisions.lowest(slot)
        yield pa.record_batch(
            [
                pa.array(lines),
                pa.array(pool.astype(np.int32)),
                pa.DictionaryArray.from_arrays(pools.output[pool].astype(np.int32), pools.outputs),
                pa.DictionaryArray.from_arrays(pools.country[pool].astype(np.int32), pools.countries),
                pa.array(pools.zone[pool]),
                pa.array(units[pool]),
                *(column.take(slots).dictionary_encode() for column in divisions.words),
                pa.array(numerator),
                pa.array(denominator),
                batch.column("units"),
                batch.column("has_leftover"),
            ],
            schema=JOINED,
        )


@dataclass(slots=True)
class _Divisions:
    """The divisions of a partition's outputs: splits one after the other, and of each its leaves in slots."""

    table: Table
    starts: Integers  # of each split, its first slot
    counts: Integers
    words: tuple[pa.Array, pa.Array, pa.Array, pa.Array]  # leaf, party, recording, work of each slot
    numerator: Integers
    denominator: Integers

    @property
    def leaf(self) -> pa.Array:
        """Return the leaf of each slot."""
        return self.words[0]

    @property
    def party(self) -> pa.Array:
        """Return the party of each slot; null where nobody is paid yet."""
        return self.words[1]

    @classmethod
    def read(cls, path: Path) -> Self:
        """Read the divisions of a partition, and check that they divide."""
        rows = pq.read_table(path).combine_chunks()
        split, numerator, denominator = (rows.column(name).to_numpy() for name in ("split", "numerator", "denominator"))
        words = [_chunk(rows.column(name)) for name in ("leaf", "party", "recording", "work")]
        leaf = words[0]
        starts = np.flatnonzero(np.diff(split, prepend=-1)).astype(np.int64)
        counts = np.diff(starts, append=len(split))
        if len(split):
            is_first = np.zeros(len(split), dtype=bool)
            is_first[starts] = True
            in_order = _flags(pc.less(leaf[:-1], leaf[1:])) | is_first[1:]
            is_key = pc.and_(pc.string_is_ascii(leaf), pc.ascii_is_printable(leaf))
            if not (in_order.all() and pc.all(is_key).as_py() and pc.min(pc.binary_length(leaf)).as_py()):
                raise allocation.NotAKey(allocation.NotAKey.__doc__)
        # Numerators of a split have one denominator, or are each in lowest terms, where no word holds that.
        first = denominator[starts]
        is_wide = np.zeros(len(starts), dtype=bool)
        is_wide[np.repeat(np.arange(len(starts)), counts)[denominator != np.repeat(first, counts)]] = True
        wide = {
            number: [
                Fraction(above, below)
                for above, below in zip(
                    numerator[starts[number] : starts[number] + counts[number]].tolist(),
                    denominator[starts[number] : starts[number] + counts[number]].tolist(),
                    strict=True,
                )
            ]
            for number in np.flatnonzero(is_wide).tolist()
        }
        table = Table.laid(counts, numerator, first, wide)
        return cls(table, starts, counts, (leaf, words[1], words[2], words[3]), numerator, denominator)

    def lowest(self, slot: Integers) -> tuple[Integers, Integers]:
        """Return the weights of slots in lowest terms."""
        numerator, denominator = self.numerator[slot], self.denominator[slot]
        common = np.gcd(numerator, denominator)
        return numerator // common, denominator // common

    def accounts(self, spread: Spread, pools: Integers) -> tuple[Account, ...]:
        """Add allocations up by the account that they go to; ``pools`` has how many are divided by each split."""
        if not len(spread.units):
            return ()
        count = len(self.leaf)
        times = np.repeat(pools, self.counts)
        by_slot = self._by_slot(spread, count)
        is_hold = _flags(pc.ends_with(self.leaf, f"/{_HOLD_PAYEE}"))
        is_commission = _flags(pc.equal(self.leaf, COMMISSION_LEAF))
        encoded = pc.fill_null(self.party, "").dictionary_encode()
        parties = encoded.dictionary.to_pylist()
        party = encoded.indices.to_numpy().astype(np.int64)
        found: dict[tuple[str, str, str], int] = {}
        for slot in np.flatnonzero(is_hold & (times > 0)).tolist():
            group = HOLD, parties[party[slot]], self.leaf[slot].as_py().rpartition("/")[0]
            found[group] = found.get(group, 0) + int(by_slot[slot])
        for kind, is_of in ((COMMISSION, is_commission), (PAYABLE, ~is_hold & ~is_commission)):
            slots = np.flatnonzero(is_of & (times > 0))
            sums = _sums(party[slots], by_slot[slots], len(parties))
            for number in np.flatnonzero(np.bincount(party[slots], minlength=len(parties))).tolist():
                found[kind, parties[number], ""] = int(sums[number])
        return tuple(
            Account(kind, _party(name) if name else None, asset, units)
            for (kind, name, asset), units in sorted(found.items())
        )

    @staticmethod
    def _by_slot(spread: Spread, count: int) -> NDArray[Any]:
        """Add allocations up by slot; those of pools that follow each other with one split, first among themselves."""
        leaves = int(spread.starts[1])
        if not _is_small(spread.units) or not (np.diff(spread.starts) == leaves).all():
            return _sums(spread.slot, spread.units, count)
        runs = np.flatnonzero(np.diff(spread.first, prepend=-1))
        sums = np.add.reduceat(spread.units.reshape(-1, leaves), runs, axis=0)
        slots = spread.first[runs][:, None] + np.arange(leaves)
        return _sums(slots.reshape(-1), sums.reshape(-1), count)


@lru_cache(maxsize=1 << 16)
def _party(name: str) -> UUID:
    """Read a payee's id: a worker meets the same payees in each partition of a run."""
    return UUID(name)


@dataclass(slots=True)
class _Pools:
    """The pools of a partition, as arrays."""

    outputs: pa.Array
    output: Integers
    countries: pa.Array
    country: Integers
    zone: NDArray[np.int16]
    split: Integers
    lines: Integers

    @classmethod
    def read(cls, path: Path, divisions: _Divisions, *, has_outputs: bool) -> Self:
        """Read the pools of a partition, with whose they are or without."""
        names = ["country", "split", "lines", *(("output", "zone") if has_outputs else ())]
        table = pq.read_table(path, columns=names, read_dictionary=["output", "country"])
        rows = table.unify_dictionaries().combine_chunks()
        country = _chunk(rows.column("country"), _WORDS)
        output = _chunk(rows.column("output"), _WORDS) if has_outputs else pa.array([], pa.string()).dictionary_encode()
        split = rows.column("split").to_numpy().astype(np.int64)
        if split.size and not 0 <= int(split.min()) <= int(split.max()) < len(divisions.counts):
            raise NoSuchSplit(NoSuchSplit.__doc__)
        return cls(
            outputs=output.dictionary,
            output=output.indices.to_numpy(),
            countries=country.dictionary,
            country=country.indices.to_numpy().astype(np.int64),
            zone=rows.column("zone").to_numpy() if has_outputs else np.zeros(0, np.int16),
            split=split,
            lines=rows.column("lines").to_numpy(),
        )


def _chunk(column: pa.ChunkedArray, kind: pa.DataType | None = None) -> pa.Array:
    """Return a column in one piece."""
    if not column.num_chunks:
        return pa.array([], kind or pa.string())
    return column.chunk(0) if column.num_chunks == 1 else pa.concat_arrays(column.chunks)


def _flags(column: pa.Array) -> Flags:
    found: Flags = column.to_numpy(zero_copy_only=False)
    return found


def _earned(path: Path, pools: _Pools, rates: Mapping[str, Rate], currency: str) -> Integers:
    """Convert every line and add it to its pool."""
    found = np.zeros(len(pools.lines), dtype=np.int64)
    seen = np.zeros(len(pools.lines), dtype=np.int64)
    columns = ["pool", "currency", "mantissa", "scale"]
    currencies = sorted({*rates, currency})
    place = {name: number for number, name in enumerate(currencies)}
    exchange = Exchange([rates[one].value if one in rates else Fraction(1) for one in currencies], currency)
    for batch in pq.ParquetFile(path, read_dictionary=["currency"]).iter_batches(files.ROWS, columns=columns):
        if not batch.num_rows:
            continue
        words = batch.column("currency")
        number = np.array([place[word] for word in words.dictionary.to_pylist()], dtype=np.int64)
        units = exchange.units(
            batch.column("mantissa").to_numpy(), batch.column("scale").to_numpy(), number[words.indices.to_numpy()]
        )
        pool = batch.column("pool").to_numpy()
        steps = np.diff(pool, prepend=-1)
        first = np.flatnonzero(steps)
        here: Any = pool[first]
        if int(here[-1]) - int(here[0]) + 1 == len(here) and int(steps.min()) >= 0:  # one after the other, as frozen
            here = slice(int(here[0]), int(here[-1]) + 1)
        seen[here] += np.diff(first, append=len(pool))
        largest = max(int(units.max()), -int(units.min()))
        if largest * len(units) + int(np.abs(found[here]).max()) <= LARGEST:
            found[here] += np.add.reduceat(units, first)
        else:
            for one, begin, end in zip(
                pool[first].tolist(), first.tolist(), [*first[1:].tolist(), len(pool)], strict=True
            ):
                found[one] = _booked(int(found[one]) + sum(units[begin:end].tolist()))
    if not np.array_equal(seen, pools.lines):
        raise DoesNotReconcile(f"{DoesNotReconcile.__doc__} A pool has other lines than were frozen for it.")
    return found


def _write(path: Path, schema: pa.Schema, columns: Sequence[NDArray[Any]]) -> None:
    with files.writer(path, schema, plain=("has_leftover",), packed=("units",)) as file:
        for begin in range(0, len(columns[0]), _CHUNK):
            some = [pa.array(column[begin : begin + _CHUNK]) for column in columns]
            file.write_batch(pa.record_batch(some, schema=schema))


def _by(words: pa.Array, numbers: Integers, units: Integers) -> dict[str, int]:
    sums = _sums(numbers, units, len(words))
    return dict(sorted(zip(words.to_pylist(), [int(one) for one in sums], strict=True)))


def _sums(numbers: Integers, units: NDArray[Any], count: int) -> NDArray[Any]:
    """Add units up by number; in whole numbers of any size where a word could be too small."""
    is_small = units.dtype == np.int64 and _is_small(units)
    found = np.zeros(count, dtype=np.int64 if is_small else object)
    np.add.at(found, numbers, units if is_small else units.astype(object))
    return found


def _total(units: Integers) -> int:
    return int(units.sum()) if _is_small(units) else sum(units.tolist())


def _size(units: Integers) -> int:
    """Add up what units add and what they take, a piece at a time: no second array as long as theirs."""
    if not _is_small(units):
        return sum(map(abs, units.tolist()))
    return sum(int(np.abs(units[begin : begin + files.ROWS]).sum()) for begin in range(0, len(units), files.ROWS))


def _is_small(units: Integers) -> bool:
    return not units.size or max(int(units.max()), -int(units.min())) <= LARGEST // units.size


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
