"""
What a period of a run was earned with: output by output, and by the month in which it was used.

Read from what was frozen and what came out of it, a partition and a piece of a file at a time: memory is bounded by the
pools of one partition, whatever the run has of lines. Both views come to what the run divided, or nothing is shown.
"""

from __future__ import annotations

import heapq
from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass
from fractions import Fraction
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any
from uuid import UUID

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
from numpy.typing import NDArray

from royalties import results
from royalties.models import RunPart
from royalties.money import LARGEST, Rate
from royalties.runs import engine, files, frozen, keeping
from royalties.runs.exchange import Exchange

VERSION = 1  # of what is worked out here: what is kept of an older one is worked out anew


@dataclass(frozen=True, slots=True)
class Breakdown:
    """A period by output and by month of use, in minor units."""

    outputs: tuple[tuple[UUID, int], ...]  # decisions, the largest first
    others: int  # how many more outputs there are
    others_units: int  # and what they come to together
    months: tuple[tuple[str, int], ...]  # such as 2026-03, in their order: of each line the month it begins in
    units: int  # all of it


def of(part: RunPart, *, currency: str, most: int) -> Breakdown:
    """
    Work out by output and by month what a part of a run was earned with.

    :param most: how many outputs are told apart
    :raises DoesNotReconcile: it comes to something else than was divided, so a file is not what it was
    """
    divided = results.outcome(part, currency)
    largest: list[tuple[int, str]] = []
    count = rest = 0
    months: Counter[int] = Counter()
    for one in divided.results:
        with TemporaryDirectory(prefix="breakdown-") as name:
            folder = Path(name)
            outputs = _outputs(folder, one)
            months.update(_months(folder, part, one.number, currency))
        if sum(outputs.values()) != one.units:
            raise engine.DoesNotReconcile(f"{engine.DoesNotReconcile.__doc__} Outputs come to something else.")
        # Outputs are dealt to partitions whole, so the largest of all are among the largest of each.
        count += len(outputs)
        rest += one.units
        largest = heapq.nlargest(most, [*largest, *((units, output) for output, units in outputs.items())])
    if months.total() != divided.units:
        raise engine.DoesNotReconcile(f"{engine.DoesNotReconcile.__doc__} Months come to something else.")
    return Breakdown(
        outputs=tuple((UUID(output), units) for units, output in largest),
        others=count - len(largest),
        others_units=rest - sum(units for units, _ in largest),
        months=tuple((str(np.datetime64(month, "M")), units) for month, units in sorted(months.items())),
        units=divided.units,
    )


def _outputs(folder: Path, one: engine.PartitionResult) -> dict[str, int]:
    pooled_name, pools_name = engine.result_names(one.number)[0], frozen.names(one.number)[1]
    keeping.bring({name: one.files[name] for name in (pooled_name, pools_name)}, folder)
    pools = pq.read_table(folder / pools_name, columns=["output"], read_dictionary=["output"])
    words = pools.column("output").combine_chunks()
    if isinstance(words, pa.ChunkedArray):  # no pool at all
        return {}
    units = pq.read_table(folder / pooled_name).column("units").to_numpy()
    order = np.argsort(words.indices.to_numpy(), kind="stable")
    return {
        str(words.dictionary[int(place)]): total
        for place, total in _summed(words.indices.to_numpy()[order], units[order]).items()
    }


def _months(folder: Path, part: RunPart, number: int, currency: str) -> Counter[int]:
    """Convert every line as the run did, and add it to the month in which its use began."""
    keeping.bring({"manifest.json": part.manifest_digest}, folder)
    manifest = frozen.read_manifest(folder, digest=part.manifest_digest)
    lines_name = frozen.names(number)[0]
    keeping.bring({name: manifest.files[name] for name in ("rates.json", lines_name)}, folder)
    rates: Mapping[str, Rate] = frozen.read_rates(folder, manifest)
    currencies = sorted({*rates, currency})
    place = {name: at for at, name in enumerate(currencies)}
    exchange = Exchange([rates[name].value if name in rates else Fraction(1) for name in currencies], currency)
    found: Counter[int] = Counter()
    columns = ["currency", "mantissa", "scale", "used_from"]
    file = pq.ParquetFile(folder / lines_name, read_dictionary=["currency"])
    for batch in file.iter_batches(files.ROWS, columns=columns):
        words = batch.column("currency")
        which = np.array([place[word] for word in words.dictionary.to_pylist()], dtype=np.int64)
        units = exchange.units(
            batch.column("mantissa").to_numpy(), batch.column("scale").to_numpy(), which[words.indices.to_numpy()]
        )
        days = batch.column("used_from").cast(pa.int32()).to_numpy().astype("datetime64[D]")
        month = days.astype("datetime64[M]").astype(np.int64)
        order = np.argsort(month, kind="stable")
        found.update(_summed(month[order], units[order]))
    return found


def _summed(keys: NDArray[Any], units: NDArray[np.int64]) -> dict[int, int]:
    """Add units up by key, which are in order; in whole numbers of any size where a word could be too small."""
    if not keys.size:
        return {}
    first = np.flatnonzero(np.diff(keys, prepend=keys[0] - 1))
    if int(np.abs(units).max()) * len(units) <= LARGEST:
        sums = np.add.reduceat(units, first).tolist()
    else:
        sums = [sum(some.tolist()) for some in np.split(units, first[1:])]
    return dict(zip(keys[first].tolist(), sums, strict=True))
