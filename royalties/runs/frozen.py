"""
What a run is a function of, written down once: usage lines by pool, divisions, rates. Pure but for the files.

    manifest.json            which files with which SHA-256, from which reports, how many lines, what was left out
    rates.json               units of the settlement currency for one of each other, as fractions, and who said so
    terms.json               terms of money, if any count: see ``termed``
    left-out.json            lines that are in no pool: why, under which key, how many, how much
    days.json                outputs that were divided otherwise on other days of use: see ``Dated``
    territories.json         countries whose ownership is the same, by number
    divisions-NNNN.parquet   split, output, zone, territories, leaf, party, recording, work, numerator, denominator
    pools-NNNN.parquet       output, country, zone, split, lines: a pool is what one output earned in one country
    lines-NNNN.parquet       pool, report, line, currency, mantissa, scale, usages, used_from, used_to, kind

A split is a zone of an output, in the order of both; its leaves lie in the order of their keys, and their numerators
add up to its denominator, or are in lowest terms where no word holds that. ``pool`` counts from 0 in the partition.

Outputs are dealt to partitions by their id, so that each partition can be divided by itself. Reports are taken in the
order of their ids and pools in the order of output and country, so it does not matter in which order anything came.
Where rights changed while an output was used, its lines are divided as on their days: one that lasts over the change is
divided by both, each for its part of the days. Its pools are then one for each zone of each such division.
Usage is read in pieces and lines wait on disk for their partition: memory is bounded by the largest of those.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping, Sequence
from contextlib import ExitStack
from dataclasses import dataclass, field, replace
from datetime import date
from fractions import Fraction
from hashlib import sha256
from math import lcm
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any, BinaryIO, Self
from uuid import UUID

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
from numpy.typing import NDArray

from royalties import money
from royalties.apportion import Part, Splits, Zone
from royalties.earnings import RateOfOthers
from royalties.money import Rate
from royalties.runs import files
from royalties.runs.exchange import MOST_DIGITS

VERSION = 1
LINES_A_PARTITION = 1_000_000
OUTPUTS_AT_ONCE = 20_000
MOST_PARTITIONS = 512  # each has a file open while usage is dealt

UNMATCHED, NOT_DIVIDED, NOT_CLEARED_THERE, RATE_MISSING = (
    "unmatched",
    "not_divided",
    "country_not_cleared",
    "rate_missing",
)

_COUNTRIES = 26 * 26
_EPOCH = date(1970, 1, 1).toordinal()
_DEALT = np.dtype(
    [
        ("output", "<i4"),
        ("country", "<i2"),
        ("currency", "<i2"),
        ("report", "<i4"),
        ("key", "<i4"),
        ("line", "<i8"),
        ("mantissa", "<i8"),
        ("scale", "i1"),
        ("usages", "<i8"),
        ("used_from", "<i4"),
        ("used_to", "<i4"),
        ("kind", "i1"),
    ]
)
_USAGE = ("line", "key", "country", "currency", "mantissa", "scale", "usages", "used_from", "used_to", "kind")
_WORDS = ("key", "country", "currency")

LINES = pa.schema(
    [
        ("pool", pa.int32()),
        ("report", pa.int32()),
        ("line", pa.int64()),
        ("currency", pa.dictionary(pa.int32(), pa.string())),
        ("mantissa", pa.int64()),
        ("scale", pa.int8()),
        ("usages", pa.int64()),
        ("used_from", pa.date32()),
        ("used_to", pa.date32()),
        ("kind", pa.int8()),
    ]
)
POOLS = pa.schema(
    [
        ("output", pa.dictionary(pa.int32(), pa.string())),
        ("country", pa.dictionary(pa.int32(), pa.string())),
        ("zone", pa.int16()),
        ("split", pa.int32()),
        ("lines", pa.int64()),
    ]
)
DIVISIONS = pa.schema(
    [
        ("split", pa.int32()),
        ("output", pa.dictionary(pa.int32(), pa.string())),
        ("zone", pa.int16()),
        ("territories", pa.int32()),
        ("leaf", pa.string()),
        ("party", pa.string()),  # null where nobody is paid yet: what is on hold
        ("recording", pa.string()),
        ("work", pa.string()),
        ("numerator", pa.int64()),
        ("denominator", pa.int64()),
    ]
)


class NotAUsageFile(Exception):
    """A usage file has the columns of one, and in each of them what belongs there."""


class TwiceInARun(Exception):
    """A report is in a run once."""


class NotAPartitioning(Exception):
    """A run has from 1 to 512 partitions."""


class NotAManifest(Exception):
    """This is not the manifest of a run's frozen inputs."""


@dataclass(frozen=True, slots=True)
class Dated:
    """How an output is divided on which days of use: each way from its day until the next; the first from ever."""

    spans: tuple[tuple[date, Splits], ...]

    @property
    def digest(self) -> str:
        """Return the digest of all of it."""
        return sha256(files.canonical([[day.isoformat(), one.digest] for day, one in self.spans])).hexdigest()

    def mixed(self, used_from: date, used_to: date) -> tuple[Fraction, ...]:
        """Return which part of the days [from, to) each way is for."""
        begins = [date.min, *(day for day, _ in self.spans[1:])]
        ends = [*begins[1:], date.max]
        days = (used_to - used_from).days
        return tuple(
            Fraction(max(0, (min(used_to, end) - max(used_from, begin)).days), days)
            for begin, end in zip(begins, ends, strict=True)
        )

    def blended(self, mixed: Sequence[Fraction]) -> tuple[Zone, ...]:
        """
        Return the zones of lines that lasted over several ways, where all of them have an answer.

        :raises TooFine: a part is beyond what can be stored
        """
        used = [(part, splits) for part, (_, splits) in zip(mixed, self.spans, strict=True) if part]
        if len(used) == 1:
            return used[0][1].zones
        zones = [{country: zone for zone in splits.zones for country in zone.territories} for _, splits in used]
        alike: dict[tuple[int, ...], list[str]] = {}
        for country in sorted(set.intersection(*(set(one) for one in zones))):
            alike.setdefault(tuple(id(one[country]) for one in zones), []).append(country)
        found = []
        for countries in alike.values():
            parts: dict[str, Part] = {}
            for (days, _), one in zip(used, zones, strict=True):
                for part in one[countries[0]].parts:
                    before = parts[part.leaf].part if part.leaf in parts else Fraction(0)
                    parts[part.leaf] = replace(part, part=before + days * part.part)
            found.append(Zone(tuple(countries), tuple(parts[leaf] for leaf in sorted(parts, key=str.encode))))
        return tuple(sorted(found, key=lambda zone: zone.territories[0]))


@dataclass(frozen=True, slots=True)
class UsageFile:
    """
    The lines of one accepted report, as a Parquet file: all of them, or those that count here.

    An adjustment or a reversal belongs to the period of its use, so that this is divided anew and posted leaf by leaf
    (ROY-8); divided by itself it would come to other units.
    """

    report_id: UUID
    path: Path
    corrects: tuple[date, date] | None = None  # only what corrects use in [from, to)
    without: tuple[tuple[date, date], ...] = ()  # all but what corrects use in these periods

    def taken(self, batch: pa.RecordBatch) -> pa.RecordBatch:
        """Return the lines of a piece that count here."""
        if self.corrects is None and not self.without:
            return batch
        last = batch.column("used_to").cast(pa.int32()).to_numpy(zero_copy_only=False) - 1 + _EPOCH
        is_correction = batch.column("kind").to_numpy(zero_copy_only=False) != 0
        periods = [self.corrects] if self.corrects is not None else self.without
        here = np.zeros(len(last), dtype=bool)
        for begins, ends in periods:
            here |= (last >= begins.toordinal()) & (last < ends.toordinal())
        here &= is_correction
        return batch.filter(pa.array(here if self.corrects is not None else ~here))


@dataclass(slots=True)
class LeftOut:
    """Lines of a report under one key, in a country and currency, that are in no pool."""

    reason: str
    report_id: UUID
    key: str
    country: str
    currency: str
    lines: int = 0
    usages: int = 0
    first_line: int = 0
    mantissas: dict[int, int] = field(default_factory=dict)  # by scale

    @property
    def amount(self) -> Fraction:
        """Return what they add up to in the major unit."""
        return sum((Fraction(mantissa, 10**scale) for scale, mantissa in self.mantissas.items()), Fraction(0))

    @property
    def document(self) -> dict[str, str | int]:
        """Return it as it is written down."""
        return {
            "reason": self.reason,
            "report": str(self.report_id),
            "key": self.key,
            "country": self.country,
            "currency": self.currency,
            "lines": self.lines,
            "usages": str(self.usages),
            "first_line": self.first_line,
            "amount": _fraction(self.amount),
        }


@dataclass(frozen=True, slots=True)
class Frozen:
    """What was frozen: the digest of the manifest, and what it counts."""

    digest: str
    currency: str
    partitions: int
    lines: int  # in pools
    pools: int
    outputs: int
    left_out: tuple[LeftOut, ...]
    files: Mapping[str, str]  # names to SHA-256, the manifest's among them

    @property
    def lines_left_out(self) -> int:
        """Return how many lines are in no pool."""
        return sum(one.lines for one in self.left_out)


@dataclass(frozen=True, slots=True)
class Manifest:
    """A manifest that was read back."""

    digest: str
    currency: str
    partitions: int
    reports: tuple[UUID, ...]  # by number
    taken: tuple[int, ...]  # lines of each
    lines: int
    files: Mapping[str, str]


def freeze(
    folder: Path,
    *,
    usage: Iterable[UsageFile],
    matches: Mapping[str, UUID],
    rates: Iterable[Rate],
    divisions: Mapping[UUID, Splits | Dated],
    currency: str,
    terms: Mapping[str, Any] | None = None,
    partitions: int | None = None,
    lines_a_partition: int = LINES_A_PARTITION,
) -> Frozen:
    """
    Write down everything that a run is a function of.

    :param folder: an empty one
    :param matches: the decision of the output that a key of the usage stands for
    :param rates: into the settlement currency, at most one from each
    :param divisions: how each output is divided, by its decision
    :param currency: what is settled in
    :param terms: the terms of money that count; see ``termed``
    :param partitions: how many; by default as many as have so many lines each
    :raises NotAUsageFile, TwiceInARun, NotAPartitioning: what was given is not what a run is made of
    :raises RateOfOthers: a rate into another currency, or two from the same
    :raises UnknownCurrency: see ``royalties.money``
    """
    money.exponent(currency)
    reports = sorted(usage, key=lambda one: str(one.report_id))
    if len({one.report_id for one in reports}) != len(reports):
        raise TwiceInARun(TwiceInARun.__doc__)
    opened = [(one, _open(one)) for one in reports]
    count = sum(file.metadata.num_rows for _, file in opened)
    number = max(1, min(MOST_PARTITIONS, -(-count // max(1, lines_a_partition)))) if partitions is None else partitions
    if not 1 <= number <= MOST_PARTITIONS:
        raise NotAPartitioning(NotAPartitioning.__doc__)
    known = _rates(rates, currency)
    run = _Freezing(folder, matches, divisions, currency, known, number)
    with TemporaryDirectory(dir=folder, prefix=".dealt-") as name:
        dealt = Path(name)
        run.deal(opened, dealt)
        for part in range(number):
            run.settle(part, dealt)
    return run.close(known, terms)


def read_manifest(folder: Path, *, digest: str) -> Manifest:
    """
    Read what was frozen.

    :param digest: the manifest's, as it was logged
    :raises FileChanged: it is not the manifest of this digest
    :raises NotAManifest: it is, but of another version
    """
    path = files.checked(folder, "manifest.json", {"manifest.json": digest})
    try:
        document = json.loads(path.read_bytes(), parse_float=_no_fraction)
        if document["v"] != VERSION:
            raise NotAManifest(f"{NotAManifest.__doc__} Its version is {document['v']!r}.")
        return Manifest(
            digest=digest,
            currency=document["currency"],
            partitions=document["partitions"],
            reports=tuple(UUID(one["id"]) for one in document["reports"]),
            taken=tuple(int(one.get("taken", one["lines"])) for one in document["reports"]),
            lines=document["lines"],
            files={name: one["sha256"] for name, one in document["files"].items()},
        )
    except (ValueError, KeyError, TypeError, AttributeError, RecursionError) as error:
        raise NotAManifest(NotAManifest.__doc__) from error


def names(partition: int) -> tuple[str, str, str]:
    """Return what a partition's lines, pools and divisions are called."""
    return f"lines-{partition:04}.parquet", f"pools-{partition:04}.parquet", f"divisions-{partition:04}.parquet"


def read_rates(folder: Path, manifest: Manifest) -> dict[str, Rate]:
    """
    Return the rates into the settlement currency, by what they are from.

    :raises FileChanged: the file is not as it was frozen
    """
    rows = json.loads(files.checked(folder, "rates.json", manifest.files).read_bytes(), parse_float=_no_fraction)
    return {row["base"]: _rate(row) for row in rows}


@dataclass(frozen=True, slots=True)
class Way:
    """From which day an output is divided in a way, and for which part of a line's days that is."""

    day: date
    digest: str  # of the splits
    part: Fraction


def read_ways(folder: Path, manifest: Manifest, *, output: UUID, zone: int) -> tuple[Way, ...]:
    """
    Return in which ways lines in a zone of an output were divided; none where all were, and always, in one.

    :raises FileChanged: the file is not as it was frozen
    """
    if "days.json" not in manifest.files:
        return ()
    path = files.checked(folder, "days.json", manifest.files)
    found = json.loads(path.read_bytes(), parse_float=_no_fraction).get(str(output))
    if found is None:
        return ()
    (parts,) = (mix["parts"] for mix in found["mixes"] if mix["zones"][0] <= zone < mix["zones"][1])
    ways = (
        Way(date.fromisoformat(day), digest, _read_fraction(part))
        for (day, digest), part in zip(found["spans"], parts, strict=True)
    )
    return tuple(way for way in ways if way.part)


def partition_of(output: UUID, partitions: int) -> int:
    """Return the partition that an output is in."""
    return int.from_bytes(sha256(output.bytes).digest()[:8], "big") % partitions


class _Freezing:
    """One run while it is being written down."""

    def __init__(
        self,
        folder: Path,
        matches: Mapping[str, UUID],
        divisions: Mapping[UUID, Splits | Dated],
        currency: str,
        rates: Mapping[str, Rate],
        partitions: int,
    ) -> None:
        self._folder, self._matches, self._divisions = folder, matches, divisions
        self._currency, self._partitions = currency, partitions
        self._outputs = sorted({output for output in matches.values() if output in divisions}, key=str)
        self._place = {output: place for place, output in enumerate(self._outputs)}
        self._part = np.array([partition_of(output, partitions) for output in self._outputs], dtype=np.int32)
        self._currencies = sorted({*rates, currency})
        plain = (one for output in self._outputs if isinstance(one := divisions[output], Splits))
        every = {zone.territories for one in plain for zone in one.zones}
        lists = sorted({tuple(sorted(one)) for one in every})
        numbers = {countries: number for number, countries in enumerate(lists)}
        self._lists, self._territories = lists, {one: numbers[tuple(sorted(one))] for one in every}
        self._days: dict[str, Any] = {}
        self._reports: list[dict[str, Any]] = []
        self._ids: list[UUID] = []
        self._keys: dict[str, int] = {}  # of lines that are in a pool, until it is known whether the country is cleared
        self._left: dict[tuple[str, UUID, str, str, str], LeftOut] = {}
        self._files: dict[str, str] = {}
        self._latest: tuple[pa.Array, NDArray[np.int32], NDArray[np.int32]] | None = None
        self._lines = self._pools = self._used = 0

    # --- Usage into partitions ---

    def deal(self, reports: Sequence[tuple[UsageFile, pq.ParquetFile]], folder: Path) -> None:
        """Give each line that has an output and a rate to its partition, in the order of reports and lines."""
        with ExitStack() as stack:
            parts = [
                stack.enter_context((folder / f"{part}").open("wb", buffering=1 << 16))
                for part in range(self._partitions)
            ]
            for place, (report, file) in enumerate(reports):
                self._ids.append(report.report_id)
                digest = files.sha256_of(report.path)
                said = {"id": str(report.report_id), "sha256": digest, "lines": file.metadata.num_rows}
                self._reports.append(said)
                taken = 0
                for batch in file.iter_batches(files.ROWS, columns=list(_USAGE)):
                    some = report.taken(batch)
                    taken += some.num_rows
                    self._deal(place, _Batch(some), parts)
                if taken != file.metadata.num_rows:
                    said["taken"] = taken

    def _deal(self, report: int, batch: _Batch, parts: Sequence[BinaryIO]) -> None:
        key_words, keys = batch.words("key")
        numbers, ours = self._numbers_of(key_words, batch.dictionary("key"))
        output = numbers[keys]
        currency_words, currencies = batch.words("currency")
        known = {word: place for place, word in enumerate(self._currencies)}
        currency = np.array([known.get(word, -1) for word in currency_words], dtype=np.int16)[currencies]
        country_words, countries = batch.words("country")
        country = np.array([_country(word) for word in country_words], dtype=np.int16)[countries]
        is_out = (output < 0) | (currency < 0) | (country < 0)
        if is_out.any():
            where = np.flatnonzero(is_out)
            columns = [batch.numbers(name)[where].tolist() for name in ("line", "mantissa", "scale", "usages")]
            for at, *row in zip(where.tolist(), *columns, strict=True):
                words = key_words[keys[at]], country_words[countries[at]], currency_words[currencies[at]]
                reason = _reason(int(output[at]), int(country[at]))
                self._leave_out(reason, self._ids[report], *words, row)
        rows = np.empty(len(output), dtype=_DEALT)
        rows["output"], rows["country"], rows["currency"], rows["report"] = output, country, currency, report
        rows["key"] = ours[keys]
        for name in ("line", "mantissa", "scale", "usages", "used_from", "used_to", "kind"):
            rows[name] = batch.numbers(name)
        rows = rows[~is_out]
        if not rows.size:
            return
        part = self._part[rows["output"]]
        order = np.argsort(part, kind="stable")
        rows, ends = rows[order], np.searchsorted(part[order], np.arange(self._partitions + 1))
        for number, file in enumerate(parts):
            if ends[number] < ends[number + 1]:
                file.write(rows[ends[number] : ends[number + 1]].tobytes())

    def _numbers_of(self, words: Sequence[str], dictionary: pa.Array) -> tuple[NDArray[np.int32], NDArray[np.int32]]:
        """Return each key's output and its own number; a file often has the same dictionary in all its pieces."""
        if self._latest is None or not self._latest[0].equals(dictionary):
            outputs = np.array([self._output(word) for word in words], dtype=np.int32)
            keys = self._keys
            ours = np.array([keys.setdefault(word, len(keys)) for word in words], dtype=np.int32)
            self._latest = dictionary, outputs, ours
        return self._latest[1:]

    def _output(self, key: str) -> int:
        output = self._matches.get(key)
        return -1 if output is None else self._place.get(output, -2)

    # --- A partition into pools ---

    def settle(self, part: int, folder: Path) -> None:
        """Sort the lines of a partition into pools, and write them with the divisions of their outputs."""
        lines_name, pools_name, divisions_name = names(part)
        rows = np.fromfile(folder / f"{part}", dtype=_DEALT)
        (folder / f"{part}").unlink()
        used, place = np.unique(rows["output"], return_inverse=True)
        outputs = [self._outputs[one] for one in used.tolist()]
        ways = _Ways.of(rows, place, [self._divisions[output] for output in outputs])
        for number in ways.dated:
            self._days[str(outputs[number])] = ways.document(number)
        self._write_divisions(divisions_name, outputs, ways.zones)
        zone = ways.zone_of(rows["country"])
        if (zone < 0).any():
            self._leave_out_rows(rows[zone < 0])
            place, rows, zone = place[zone >= 0], rows[zone >= 0], zone[zone >= 0]
        # Of an output that is always divided alike the country says the zone.
        pool_key = (place * _COUNTRIES + rows["country"]) * ways.most + zone
        order = np.argsort(pool_key, kind="stable")
        rows, pool_key = rows[order], pool_key[order]
        first = np.flatnonzero(np.diff(pool_key, prepend=-1))
        pool = np.repeat(np.arange(len(first)), np.diff(first, append=len(rows)))
        self._write_lines(lines_name, rows, pool)
        begins = np.cumsum(np.array([0, *map(len, ways.zones)], dtype=np.int64))
        which = order[first]
        self._write_pools(
            pools_name,
            outputs,
            place[which],
            rows["country"][first],
            zone[which],
            begins[place[which]] + zone[which],
            np.diff(first, append=len(rows)),
        )
        self._lines, self._pools = self._lines + len(rows), self._pools + len(first)
        self._used += len(np.unique(place))
        for name in (lines_name, pools_name, divisions_name):
            self._files[name] = files.sha256_of(self._folder / name)

    def _write_divisions(self, name: str, outputs: Sequence[UUID], zones: Sequence[Sequence[Zone]]) -> None:
        splits = 0
        with files.writer(self._folder / name, DIVISIONS, plain=("split", "leaf")) as file:
            for begin in range(0, len(outputs), OUTPUTS_AT_ONCE):
                some = outputs[begin : begin + OUTPUTS_AT_ONCE]
                rows: list[tuple[Any, ...]] = []
                for place in range(len(some)):
                    for number, zone in enumerate(zones[begin + place]):
                        territories = self._territory(zone.territories)
                        rows += [(splits, place, number, territories, *one) for one in _parts(zone)]
                        splits += 1
                columns = list(zip(*rows, strict=True)) or [()] * len(DIVISIONS)
                words = pa.array([str(output) for output in some], pa.string())
                file.write_batch(
                    pa.record_batch(
                        [
                            pa.DictionaryArray.from_arrays(pa.array(column, pa.int32()), words)
                            if field.name == "output"
                            else pa.array(column, field.type)
                            for field, column in zip(DIVISIONS, columns, strict=True)
                        ],
                        schema=DIVISIONS,
                    )
                )

    def _territory(self, countries: tuple[str, ...]) -> int:
        """Return the number of a list of countries; those of outputs that are divided by days come as they are met."""
        if countries not in self._territories:
            listed = tuple(sorted(countries))
            if listed not in self._lists:
                self._lists.append(listed)
            self._territories[countries] = self._lists.index(listed)
        return self._territories[countries]

    def _write_lines(self, name: str, rows: NDArray[Any], pool: NDArray[np.int64]) -> None:
        currencies = pa.array(self._currencies, pa.string())
        with files.writer(self._folder / name, LINES, packed=("pool", "line", "mantissa")) as file:
            for begin in range(0, len(rows), files.ROWS):
                some = rows[begin : begin + files.ROWS]
                file.write_batch(
                    pa.record_batch(
                        [
                            pa.array(pool[begin : begin + files.ROWS].astype(np.int32)),
                            pa.array(some["report"].astype(np.int32)),
                            pa.array(some["line"].astype(np.int64)),
                            pa.DictionaryArray.from_arrays(some["currency"].astype(np.int32), currencies),
                            pa.array(some["mantissa"].astype(np.int64)),
                            pa.array(some["scale"].astype(np.int8)),
                            pa.array(some["usages"].astype(np.int64)),
                            pa.array(some["used_from"].astype(np.int32)).cast(pa.date32()),
                            pa.array(some["used_to"].astype(np.int32)).cast(pa.date32()),
                            pa.array(some["kind"].astype(np.int8)),
                        ],
                        schema=LINES,
                    )
                )

    def _write_pools(
        self,
        name: str,
        outputs: Sequence[UUID],
        output: NDArray[np.int64],
        country: NDArray[np.int16],
        zone: NDArray[np.int16],
        split: NDArray[np.int64],
        lines: NDArray[np.int64],
    ) -> None:
        with files.writer(self._folder / name, POOLS) as file:
            for begin in range(0, len(output), files.ROWS):
                here = slice(begin, begin + files.ROWS)
                first, last = int(output[here][0]), int(output[here][-1])  # they lie in order
                countries, place = np.unique(country[here], return_inverse=True)
                file.write_batch(
                    pa.record_batch(
                        [
                            pa.DictionaryArray.from_arrays(
                                (output[here] - first).astype(np.int32),
                                pa.array([str(one) for one in outputs[first : last + 1]], pa.string()),
                            ),
                            pa.DictionaryArray.from_arrays(
                                place.astype(np.int32),
                                pa.array([_written(one) for one in countries.tolist()], pa.string()),
                            ),
                            pa.array(zone[here].astype(np.int16)),
                            pa.array(split[here].astype(np.int32)),
                            pa.array(lines[here].astype(np.int64)),
                        ],
                        schema=POOLS,
                    )
                )

    # --- What is in no pool ---

    def _leave_out_rows(self, rows: NDArray[Any]) -> None:
        words = list(self._keys)
        for row in rows.tolist():
            one = dict(zip(_DEALT.names or (), row, strict=True))
            self._leave_out(
                NOT_CLEARED_THERE,
                self._ids[one["report"]],
                words[one["key"]],
                _written(one["country"]),
                self._currencies[one["currency"]],
                (one["line"], one["mantissa"], one["scale"], one["usages"]),
            )

    def _leave_out(self, reason: str, report: UUID, key: str, country: str, currency: str, row: Sequence[int]) -> None:
        line, mantissa, scale, usages = row
        # A key that nobody knows is one case for a person, wherever it was used.
        where = "" if reason in {UNMATCHED, NOT_DIVIDED, RATE_MISSING} else country
        group = (reason, report, key, where, currency)
        found = self._left.get(group)
        if found is None:
            found = self._left[group] = LeftOut(*group, first_line=line)
        found.lines += 1
        found.usages += usages
        found.first_line = min(found.first_line, line)
        found.mantissas[scale] = found.mantissas.get(scale, 0) + mantissa

    # --- The whole ---

    def close(self, rates: Mapping[str, Rate], terms: Mapping[str, Any] | None = None) -> Frozen:
        """Write what belongs to all partitions, and the manifest."""
        left = tuple(self._left[group] for group in sorted(self._left, key=lambda group: tuple(map(str, group))))
        self._write("left-out.json", [one.document for one in left])
        if self._days:
            self._write("days.json", self._days)
        self._write("territories.json", [list(countries) for countries in self._lists])
        self._write("rates.json", [_rate_row(rates[base]) for base in sorted(rates)])
        if terms is not None:
            self._write("terms.json", terms)
        sums: dict[str, int] = {}
        for one in left:
            sums[one.reason] = sums.get(one.reason, 0) + one.lines
        document = {
            "v": VERSION,
            "currency": self._currency,
            "partitions": self._partitions,
            "reports": self._reports,
            "lines": self._lines,
            "pools": self._pools,
            "outputs": self._used,
            "left_out": sums,
            "files": {
                name: {"sha256": digest, "bytes": (self._folder / name).stat().st_size}
                for name, digest in self._files.items()
            },
        }
        self._write("manifest.json", document)
        return Frozen(
            digest=self._files["manifest.json"],
            currency=self._currency,
            partitions=self._partitions,
            lines=self._lines,
            pools=self._pools,
            outputs=self._used,
            left_out=left,
            files=dict(self._files),
        )

    def _write(self, name: str, document: object) -> None:
        data = files.canonical(document)
        (self._folder / name).write_bytes(data)
        self._files[name] = sha256(data).hexdigest()


@dataclass(slots=True)
class _Ways:
    """In which ways the outputs of a partition are divided, and which of them each line goes by."""

    zones: list[tuple[Zone, ...]]  # of each output, of one way after the other
    dated: dict[int, tuple[Dated, list[tuple[Fraction, ...]], list[int]]]  # with its mixes, and where each begins
    way: NDArray[np.int64]  # of each line
    layouts: list[tuple[tuple[Zone, ...], int]]  # of each way its zones, and the place of the first in its output's

    @classmethod
    def of(cls, rows: NDArray[Any], place: NDArray[np.int64], divisions: Sequence[Splits | Dated]) -> Self:
        """Find out by which days lines of outputs were used that are not divided alike on all of them."""
        zones = [one.zones if isinstance(one, Splits) else () for one in divisions]
        layouts = [(one, 0) for one in zones]
        way = place.astype(np.int64)
        dated: dict[int, tuple[Dated, list[tuple[Fraction, ...]], list[int]]] = {}
        for number, division in enumerate(divisions):
            if isinstance(division, Splits):
                continue
            here = np.flatnonzero(place == number)
            days = np.stack([rows["used_from"][here], rows["used_to"][here]], axis=1)
            spans, which = np.unique(days, axis=0, return_inverse=True)
            mixes = [division.mixed(_day(begins), _day(ends)) for begins, ends in spans.tolist()]
            known = sorted(set(mixes), reverse=True)  # those of the earlier days first
            begins_at, numbers = [], {}
            for mixed in known:
                found = division.blended(mixed)
                begins_at.append(len(zones[number]))
                numbers[mixed] = len(layouts)
                layouts.append((found, len(zones[number])))
                zones[number] = (*zones[number], *found)
            way[here] = np.array([numbers[mixed] for mixed in mixes], dtype=np.int64)[which.reshape(-1)]
            dated[number] = division, known, begins_at
        return cls(zones, dated, way, layouts)

    @property
    def most(self) -> int:
        """Return how many zones an output has at most."""
        return max([1, *map(len, self.zones)])

    def zone_of(self, country: NDArray[np.int16]) -> NDArray[np.int16]:
        """Return the zone of each line's country in its output's splits, or -1."""
        if not len(country):
            return np.zeros(0, np.int16)
        tables: dict[tuple[tuple[str, ...], ...], int] = {}
        table_of = [
            tables.setdefault(tuple([zone.territories for zone in zones]), len(tables)) for zones, _ in self.layouts
        ]
        table = np.full((max(1, len(tables)), _COUNTRIES), -1, dtype=np.int16)
        for layout, number in tables.items():
            for zone, countries in enumerate(layout):
                codes = [code for one in countries if (code := _country(one)) >= 0]
                table[number, codes] = zone
        first = np.array([begin for _, begin in self.layouts], dtype=np.int16)
        found: NDArray[np.int16] = table[np.array(table_of, dtype=np.int64)[self.way], country]
        return np.where(found < 0, found, found + first[self.way]).astype(np.int16)

    def document(self, number: int) -> dict[str, Any]:
        """Return from which day an output is divided how, and of how many days of each its zones are."""
        division, mixes, begins = self.dated[number]
        ends = [*begins[1:], len(self.zones[number])]
        return {
            "spans": [[day.isoformat(), one.digest] for day, one in division.spans],
            "mixes": [
                {"zones": [begin, end], "parts": [_fraction(part) for part in mixed]}
                for mixed, begin, end in zip(mixes, begins, ends, strict=True)
            ],
        }


class _Batch:
    """Some lines of a usage file, as arrays."""

    def __init__(self, batch: pa.RecordBatch) -> None:
        if any(column.null_count for column in batch.columns):
            raise NotAUsageFile(f"{NotAUsageFile.__doc__} There is an empty cell.")
        self._batch = batch
        scale = self.numbers("scale")
        if scale.size and not 0 <= int(scale.min()) <= int(scale.max()) <= MOST_DIGITS:
            raise NotAUsageFile(f"{NotAUsageFile.__doc__} A scale is from 0 to {MOST_DIGITS}.")

    def dictionary(self, name: str) -> pa.Array:
        """Return the distinct words of a column, as they are in the file."""
        column = self._batch.column(name)
        return column.dictionary if isinstance(column, pa.DictionaryArray) else column.dictionary_encode().dictionary

    def words(self, name: str) -> tuple[list[str], NDArray[np.int64]]:
        """Return the distinct words of a column, and the number of each line's."""
        column = self._batch.column(name)
        if not isinstance(column, pa.DictionaryArray):
            column = column.dictionary_encode()
        return column.dictionary.to_pylist(), column.indices.to_numpy(zero_copy_only=False).astype(np.int64)

    def numbers(self, name: str) -> NDArray[Any]:
        """Return a column of whole numbers, or of days since 1970."""
        column = self._batch.column(name)
        if pa.types.is_date32(column.type):
            column = column.cast(pa.int32())
        found: NDArray[Any] = column.to_numpy(zero_copy_only=False)
        return found


def _day(days: int) -> date:
    return date.fromordinal(_EPOCH + days)


def _reason(output: int, country: int) -> str:
    if output == -1:
        return UNMATCHED
    if output == -2:
        return NOT_DIVIDED
    return NOT_CLEARED_THERE if country < 0 else RATE_MISSING


def _open(report: UsageFile) -> pq.ParquetFile:
    try:
        file = pq.ParquetFile(report.path, read_dictionary=list(_WORDS))
    except (pa.ArrowException, OSError, ValueError) as error:
        raise NotAUsageFile(f"{NotAUsageFile.__doc__} {report.report_id}: {str(error)[:200]}") from error
    schema = file.schema_arrow
    for name in _USAGE:
        if name not in schema.names:
            raise NotAUsageFile(f"{NotAUsageFile.__doc__} {report.report_id} has no column {name}.")
        kind = schema.field(name).type
        kind = kind.value_type if pa.types.is_dictionary(kind) else kind
        wanted = {"scale": pa.int8(), "kind": pa.int8(), "used_from": pa.date32(), "used_to": pa.date32()}
        expected = pa.string() if name in _WORDS else wanted.get(name, pa.int64())
        if kind != expected:
            raise NotAUsageFile(f"{NotAUsageFile.__doc__} {report.report_id}: {name} is {kind}, not {expected}.")
    return file


def _parts(zone: Zone) -> list[tuple[str, str | None, str | None, str | None, int, int]]:
    """Return a split's leaves in the order of their keys, over one denominator if a word holds it."""
    parts = zone.parts
    whole = lcm(*[part.part.denominator for part in parts])
    rows = []
    for part in parts:
        numerator, denominator = part.part.as_integer_ratio()
        if whole <= money.LARGEST:
            numerator, denominator = numerator * (whole // denominator), whole
        owner = _id(part.party_id), _id(part.recording_id), _id(part.work_id)
        rows.append((part.leaf, *owner, numerator, denominator))
    rows.sort(key=lambda row: row[0].encode())
    return rows


def _id(value: UUID | None) -> str | None:
    return None if value is None else str(value)


def _rates(rates: Iterable[Rate], currency: str) -> dict[str, Rate]:
    found: dict[str, Rate] = {}
    for rate in rates:
        if rate.quote != currency:
            raise RateOfOthers(f"{RateOfOthers.__doc__} It is from {rate.base} to {rate.quote}.")
        if found.setdefault(rate.base, rate) != rate:
            raise RateOfOthers(f"{RateOfOthers.__doc__} There are two from {rate.base}.")
    return found


def _rate_row(rate: Rate) -> dict[str, str]:
    return {
        "base": rate.base,
        "quote": rate.quote,
        "value": _fraction(rate.value),
        "source": rate.source,
        "on": rate.on.isoformat(),
    }


def _rate(row: Mapping[str, str]) -> Rate:
    value = _read_fraction(row["value"])
    return Rate(row["base"], row["quote"], value, row["source"], date.fromisoformat(row["on"]))


def _fraction(value: Fraction) -> str:
    return f"{value.numerator}/{value.denominator}"


def _read_fraction(text: str) -> Fraction:
    numerator, _, denominator = text.partition("/")
    return Fraction(int(numerator), int(denominator))


def _country(word: str) -> int:
    if len(word) != 2 or not (word.isascii() and word.isalpha() and word.isupper()):
        return -1
    return (ord(word[0]) - 65) * 26 + ord(word[1]) - 65


def _written(country: int) -> str:
    return chr(65 + country // 26) + chr(65 + country % 26)


def _no_fraction(text: str) -> None:
    raise ValueError(f"{text[:40]} is not a whole number")
