"""Usage files as accepted reports leave them, made from a few lines."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq

SCHEMA = pa.schema(
    [
        ("line", pa.int64()),
        ("key", pa.dictionary(pa.int32(), pa.string())),
        ("country", pa.dictionary(pa.int32(), pa.string())),
        ("currency", pa.dictionary(pa.int32(), pa.string())),
        ("mantissa", pa.int64()),
        ("scale", pa.int8()),
        ("usages", pa.int64()),
        ("used_from", pa.date32()),
        ("used_to", pa.date32()),
        ("kind", pa.int8()),
    ]
)


@dataclass(frozen=True, slots=True)
class UsageLine:
    """A line of a report: what was used where, and what came in for it."""

    key: str
    country: str
    mantissa: int
    scale: int = 2
    currency: str = "EUR"
    usages: int = 1
    used_from: date = date(2026, 3, 1)
    used_to: date = date(2026, 4, 1)  # exclusive


def write(path: Path, lines: Sequence[UsageLine], *, rows: int = 131_072) -> Path:
    """Write lines, numbered from 1."""
    columns = {
        "line": range(1, len(lines) + 1),
        "key": [line.key for line in lines],
        "country": [line.country for line in lines],
        "currency": [line.currency for line in lines],
        "mantissa": [line.mantissa for line in lines],
        "scale": [line.scale for line in lines],
        "usages": [line.usages for line in lines],
        "used_from": [line.used_from for line in lines],
        "used_to": [line.used_to for line in lines],
        "kind": [0 if line.mantissa >= 0 else 2 for line in lines],
    }
    arrays = [
        pa.array(list(columns[field.name]), field.type.value_type if pa.types.is_dictionary(field.type) else field.type)
        for field in SCHEMA
    ]
    arrays = [
        array.dictionary_encode() if pa.types.is_dictionary(field.type) else array
        for array, field in zip(arrays, SCHEMA, strict=True)
    ]
    pq.write_table(pa.table(arrays, schema=SCHEMA), path, compression="zstd", row_group_size=rows)
    return path
