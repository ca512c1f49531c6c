"""Column types that PostgreSQL has and Django has not."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any
from uuid import UUID

from django.db import models
from psycopg.types.multirange import Int4Multirange
from psycopg.types.range import Int4Range

Ranges = tuple[tuple[int, int], ...]


class CountriesField(models.Field):  # type: ignore[type-arg]
    """A set of countries as an ``int4multirange`` of ISO 3166-1 numerics; in Python, sorted half-open pairs."""

    def db_type(self, connection: Any) -> str:  # noqa: ARG002 - Django's signature
        """Return PostgreSQL's type."""
        return "int4multirange"

    def get_prep_value(self, value: Any) -> Any:
        """Write pairs as ranges."""
        return multirange(value) if value is not None and not isinstance(value, Int4Multirange) else value

    def from_db_value(self, value: Any, expression: Any, connection: Any) -> Ranges | None:  # noqa: ARG002
        """Read ranges as pairs."""
        return None if value is None else tuple((one.lower, one.upper) for one in value)


def multirange(ranges: Iterable[tuple[int, int]]) -> Int4Multirange:
    """Return what the driver sends for sorted half-open pairs."""
    return Int4Multirange([Int4Range(low, high) for low, high in ranges])


class UuidRangeField(models.Field):  # type: ignore[type-arg]
    """One id as a range, so that core GiST can compare it in an exclusion constraint; read back as the id."""

    def db_type(self, connection: Any) -> str:  # noqa: ARG002 - Django's signature
        """Return the type that the migration creates."""
        return "uuidrange"

    def get_prep_value(self, value: Any) -> Any:
        """Write the id as the range that holds it alone, in PostgreSQL's own notation."""
        return f"[{value},{value}]" if isinstance(value, UUID) else value

    def from_db_value(self, value: Any, expression: Any, connection: Any) -> UUID | None:  # noqa: ARG002
        """Read the range as its id; the driver has no type for it and leaves it as text."""
        return None if value is None else UUID(str(value)[1:].partition(",")[0])
