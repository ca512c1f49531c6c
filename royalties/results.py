"""What the partitions of a run came to, read back from their rows and the store and added up."""

from __future__ import annotations

import heapq
import json
from collections import Counter, defaultdict
from collections.abc import Iterable, Mapping
from contextlib import closing, contextmanager
from dataclasses import dataclass, field
from fractions import Fraction
from hashlib import sha256
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import TYPE_CHECKING, Any
from uuid import UUID

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from fingerprint import store
from royalties import money
from royalties.books import Key, Kind
from royalties.models import RunPart, RunPartition
from royalties.runs import engine, files, keeping, termed
from royalties.runs.engine import PartitionResult
from royalties.runs.exchange import Integers
from royalties.runs.frozen import LeftOut
from royalties.runs.proofs import Planted

if TYPE_CHECKING:
    from collections.abc import Generator, Iterator

HOLD = "/HOLD"
COMMISSION = "COMM"


def asset_of(leaf: str) -> UUID | None:
    """Return the asset that a leaf is of; commission and creators have none (ROY-4)."""
    try:
        return UUID(leaf.partition("/")[0])
    except ValueError:
        return None


@dataclass(frozen=True, slots=True)
class Sum:
    """What the allocations to one party through one leaf add up to, and how many they are."""

    party_id: UUID | None
    leaf: str
    units: int
    lines: int

    @property
    def asset_id(self) -> UUID | None:
        """Return the asset that the leaf is of."""
        return asset_of(self.leaf)


@dataclass(frozen=True)
class Outcome:
    """A period of a run, divided."""

    currency: str
    units: int
    accounts: Mapping[Key, int]
    sums: tuple[Sum, ...]
    countries: Mapping[str, int]
    left_out: Mapping[str, int]  # currency → its minor units, in no pool
    results: tuple[PartitionResult, ...]
    trees: tuple[Planted, ...]
    receipts: Mapping[str, int] = field(default_factory=dict)  # of the outputs of a lane of plans
    usages: Mapping[str, int] = field(default_factory=dict)
    all_usages: int = 0  # where a term asks for it: of all lines, matched or not

    @property
    def period(self) -> termed.Period:
        """Return what terms of money ask for."""
        sums = [(one.party_id, one.leaf, one.units) for one in self.sums]
        return termed.Period(sums, self.receipts, self.usages, self.all_usages)

    def allocated(self) -> dict[UUID, tuple[int, int]]:
        """Return what each payee is allocated, and in how many lines."""
        found: dict[UUID, tuple[int, int]] = {}
        for one in self.sums:
            if one.party_id is not None and one.leaf != COMMISSION:
                units, lines = found.get(one.party_id, (0, 0))
                found[one.party_id] = (units + one.units, lines + one.lines)
        return found


def read(document: str | bytes) -> Any:
    """Read a document of ids, digests and whole numbers; should there be a fraction, it is exact."""
    return json.loads(document, parse_float=Fraction)


def sums_name(number: int) -> str:
    """Return what the sums of a partition's allocations are called."""
    return f"sums-{number:04}.json"


def sum_up(folder: Path, result: PartitionResult) -> str:
    """Add a partition's allocations up by party and leaf, write that down beside them, and return its SHA-256."""
    path = files.checked(folder, engine.result_names(result.number)[1], result.files)
    sums: defaultdict[tuple[str | None, str], list[int]] = defaultdict(lambda: [0, 0])
    for batch in engine.open_allocations(path):
        party, leaf = batch.column("party"), batch.column("leaf")
        parties, leaves = [*party.dictionary.to_pylist(), None], leaf.dictionary.to_pylist()
        owner = np.where(party.is_null(), len(parties) - 1, party.indices.fill_null(0)).astype(np.int64)
        pair = owner * len(leaves) + leaf.indices.to_numpy(zero_copy_only=False)
        order = np.argsort(pair, kind="stable")
        first = np.flatnonzero(np.diff(pair[order], prepend=-1))
        units = np.add.reduceat(batch.column("units").to_numpy()[order], first)
        for here, added, lines in zip(pair[order][first], units, np.diff(first, append=len(order)), strict=True):
            found = sums[parties[here // len(leaves)], leaves[here % len(leaves)]]
            found[0] += int(added)
            found[1] += int(lines)
    rows = sorted((party or "", leaf, str(units), lines) for (party, leaf), (units, lines) in sums.items())
    data = files.canonical([list(row) for row in rows])
    (folder / sums_name(result.number)).write_bytes(data)
    return sha256(data).hexdigest()


def outcome(part: RunPart, currency: str) -> Outcome:
    """
    Return what a part of a run came to.

    :raises DoesNotReconcile: a partition has no result yet
    """
    rows = list(part.results.order_by("number"))
    if [row.number for row in rows] != list(range(part.partitions)):
        raise engine.DoesNotReconcile(f"{engine.DoesNotReconcile.__doc__} A partition is missing.")
    documents = [read(row.document) for row in rows]
    results = tuple(PartitionResult.read(document["result"]) for document in documents)
    accounts: defaultdict[Key, int] = defaultdict(int)
    countries: defaultdict[str, int] = defaultdict(int)
    for result in results:
        for one in result.accounts:
            accounts[Key(Kind(one.kind), currency, one.party_id, one.asset)] += one.units
        for country, units in result.countries.items():
            countries[country] += units
    return Outcome(
        currency=currency,
        units=sum(result.units for result in results),
        accounts={key: units for key, units in accounts.items() if units},
        sums=_added(_read_sums(document["sums"]) for document in documents),
        countries=dict(sorted(countries.items())),
        left_out={name: int(units) for name, units in read(part.document)["left_out_units"].items()},
        results=results,
        trees=tuple(Planted.read(document["tree"]) for document in documents),
        **_lanes(part, [document["terms"] for document in documents if "terms" in document]),
    )


def _lanes(part: RunPart, digests: Iterable[str]) -> dict[str, Any]:
    """Return what the lanes of a part received, and how often they were used; nothing where no terms were frozen."""
    receipts: defaultdict[str, int] = defaultdict(int)
    usages: defaultdict[str, int] = defaultdict(int)
    every = 0
    for digest in digests:
        with store.open(digest, alias=keeping.ALIAS) as file:
            document = read(file.read())
        every += int(document["usages"])
        for name, (received, used) in document["lanes"].items():
            receipts[name] += int(received)
            usages[name] += int(used)
    if receipts:
        with store.open(read(part.document)["left_out"], alias=keeping.ALIAS) as file:
            every += sum(int(one["usages"]) for one in read(file.read()))
    return {"receipts": dict(receipts), "usages": dict(usages), "all_usages": every}


def terms(part: RunPart) -> termed.Terms:
    """Return what was frozen of a part's terms of money."""
    with TemporaryDirectory(prefix="terms-") as name:
        folder = Path(name)
        manifest = keeping.bring_partition(part.manifest_digest, [], folder)
        return termed.read(folder / termed.FILE) if termed.FILE in manifest.files else termed.Terms()


def _read_sums(digest: str) -> list[Sum]:
    with store.open(digest, alias=keeping.ALIAS) as file:
        rows = read(file.read())
    return [Sum(UUID(party) if party else None, leaf, int(units), int(lines)) for party, leaf, units, lines in rows]


def _added(partitions: Iterable[Iterable[Sum]]) -> tuple[Sum, ...]:
    found: dict[tuple[UUID | None, str], tuple[int, int]] = {}
    for sums in partitions:
        for one in sums:
            units, lines = found.get((one.party_id, one.leaf), (0, 0))
            found[one.party_id, one.leaf] = (units + one.units, lines + one.lines)
    return tuple(
        Sum(party, leaf, units, lines)
        for (party, leaf), (units, lines) in sorted(found.items(), key=lambda item: (str(item[0][0]), item[0][1]))
    )


def left_out_units(left: Iterable[LeftOut]) -> dict[str, int]:
    """Return what is in no pool in minor units of its own currency: exact sums, rounded once each."""
    sums: defaultdict[str, Fraction] = defaultdict(Fraction)
    for one in left:
        sums[one.currency] += one.amount
    return {currency: money.minor(amount, currency) for currency, amount in sorted(sums.items())}


@contextmanager
def brought(row: RunPartition) -> Iterator[Path]:
    """Lay what came out of a partition into a folder for as long as the body runs."""
    result = PartitionResult.read(read(row.document)["result"])
    with TemporaryDirectory(prefix="partition-") as name:
        keeping.bring(result.files, Path(name))
        yield Path(name)


@dataclass(frozen=True, slots=True)
class Allocation:
    """One leaf's line of one pool (ROY-15)."""

    partition: int
    line: int
    output: UUID  # its decision
    country: str
    zone: int  # of its output's splits
    pool_units: int
    leaf: str
    party_id: UUID | None
    weight: Fraction
    units: int
    has_leftover: bool

    @property
    def exact(self) -> Fraction:
        """Return what it came to before it was rounded."""
        return self.pool_units * self.weight


def allocations(
    part: RunPart, *, party_id: UUID | None = None, after: tuple[int, int] = (0, -1)
) -> Iterator[Allocation]:
    """
    Go through the allocations of a part, or those of one payee, a partition at a time.

    :param after: the partition and line after which to begin
    """
    for row in part.results.filter(number__gte=after[0]).order_by("number"):
        with brought(row) as folder:
            for batch in engine.open_allocations(folder / engine.result_names(row.number)[1], party_id=party_id):
                some = batch if row.number != after[0] else batch.filter(pc.greater(batch.column("line"), after[1]))
                for one in some.to_pylist():
                    yield _allocation(row.number, one)


@dataclass(frozen=True, slots=True)
class Ranked:
    """What is summed up by something, the largest told apart; the same for all that is not."""

    largest: tuple[tuple[str, int], ...]
    others: int  # how many more there are
    others_units: int


@dataclass(frozen=True, slots=True)
class Tally:
    """What the lines of one payee add up to, and how many it has in each partition."""

    counts: tuple[int, ...]  # in the order of the partitions
    countries: Ranked
    outputs: Ranked  # decisions
    assets: Ranked  # by id; what is of no asset, so of a human creator, under nothing

    @property
    def lines(self) -> int:
        """Return how many lines there are."""
        return sum(self.counts)


def tally(partitions: Iterable[RunPartition], *, party_id: UUID, most: int) -> Tally:
    """
    Add the lines of one payee up, a piece of a file at a time; commission is no line of a statement.

    :param most: how many countries, outputs and assets are told apart
    """
    counts = []
    countries: Counter[str] = Counter()
    outputs: Counter[str] = Counter()
    leaves: Counter[str] = Counter()
    for row in partitions:
        count = 0
        for batch in _own(row, party_id):
            units = batch.column("units").to_numpy()
            for sums, name in ((countries, "country"), (outputs, "output"), (leaves, "leaf")):
                _add(sums, batch.column(name), units)
            count += batch.num_rows
        counts.append(count)
    assets: Counter[str] = Counter()
    for leaf, added in leaves.items():
        assets[str(asset_of(leaf) or "")] += added
    return Tally(tuple(counts), *(_ranked(sums, most) for sums in (countries, outputs, assets)))


def _own(row: RunPartition, party_id: UUID) -> Generator[pa.RecordBatch, None, None]:
    """Go through what a partition allocates to a payee, without commission."""
    with brought(row) as folder:
        for batch in engine.open_allocations(folder / engine.result_names(row.number)[1], party_id=party_id):
            own = batch.filter(pc.not_equal(batch.column("leaf").cast(pa.string()), COMMISSION))
            if own.num_rows:
                yield own


def _add(sums: Counter[str], words: pa.DictionaryArray, units: Integers) -> None:
    found, place = np.unique(words.indices.to_numpy(), return_inverse=True)
    added = np.zeros(len(found), dtype=np.int64)  # a partition's sum fits (ROY-2), so a part of it does
    np.add.at(added, place, units)
    for word, more in zip(words.dictionary.take(pa.array(found)).to_pylist(), added.tolist(), strict=True):
        sums[word] += more


def _ranked(sums: Counter[str], most: int) -> Ranked:
    largest = heapq.nsmallest(most, sums.items(), key=lambda one: (-one[1], one[0]))
    rest = sums.total() - sum(units for _, units in largest)
    return Ranked(tuple(largest), len(sums) - len(largest), rest)


def lines_of(
    partitions: Iterable[RunPartition], *, party_id: UUID, counts: Iterable[int], begin: int, end: int
) -> Iterator[Allocation]:
    """
    Go through some of the lines of one payee, in the order of the run; partitions without any of them stay closed.

    :param counts: how many lines the payee has in each partition; see ``Tally``
    :param begin: the first, counted from nothing
    :param end: the one after the last
    """
    first = 0
    for row, count in zip(partitions, counts, strict=True):
        at, first = first, first + count
        if not count or first <= begin or end <= at:
            continue
        with closing(_own(row, party_id)) as batches:
            for batch in batches:
                skipped = max(0, begin - at)
                some = batch.slice(skipped, max(0, end - at - skipped))
                at += batch.num_rows
                for one in some.to_pylist():
                    yield _allocation(row.number, one)
                if end <= at:
                    break


def _allocation(partition: int, row: Mapping[str, Any]) -> Allocation:
    return Allocation(
        partition=partition,
        line=row["line"],
        output=UUID(row["output"]),
        country=row["country"],
        zone=row["zone"],
        pool_units=row["pool_units"],
        leaf=row["leaf"],
        party_id=UUID(row["party"]) if row["party"] else None,
        weight=Fraction(row["numerator"], row["denominator"]),
        units=row["units"],
        has_leftover=row["has_leftover"],
    )
