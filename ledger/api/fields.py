"""Fields that several resources share: exact fractions, and assets."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from enum import StrEnum
from fractions import Fraction
from typing import Any
from uuid import UUID

from drf_spectacular.utils import extend_schema_field
from rest_framework import serializers

from rights.registry import AssetRef
from rights.vocabulary import AssetKind


@extend_schema_field({"type": "string", "pattern": "^[0-9]{1,18}(/[0-9]{1,18})?$", "example": "1/3"})
class FractionField(serializers.Field):  # type: ignore[type-arg]
    """An exact fraction as text, ``1/3``; never a decimal, which could not say it."""

    default_error_messages = {"invalid": "Write an exact fraction such as 1/3, or 1 for the whole."}

    def to_internal_value(self, data: Any) -> Fraction:
        """Read numerator and denominator."""
        numerator, _, denominator = str(data).partition("/")
        parts = (numerator, denominator or "1")
        if not all(part.isascii() and part.isdigit() and len(part) <= 18 for part in parts) or int(parts[1]) == 0:
            self.fail("invalid")
        return Fraction(int(parts[0]), int(parts[1]))

    def to_representation(self, value: Fraction) -> str:
        """Write it in lowest terms."""
        return f"{value.numerator}/{value.denominator}"


class DigestField(serializers.RegexField):
    """The SHA-256 of a document, with or without its prefix."""

    def __init__(self, **kwargs: Any) -> None:
        """Accept 64 hexadecimal digits."""
        super().__init__(r"^(sha256:)?[0-9a-f]{64}$", **kwargs)

    def to_internal_value(self, data: Any) -> str:
        """Keep the bare digest."""
        return str(super().to_internal_value(data)).removeprefix("sha256:")


class BoundedJSONField(serializers.JSONField):
    """JSON in a form, which refuses a thousand brackets as it refuses any other nonsense."""

    def to_internal_value(self, data: Any) -> Any:
        """Read it."""
        try:
            return super().to_internal_value(data)
        except RecursionError:
            self.fail("invalid")


class AssetInput(serializers.Serializer[Any]):
    """Either a recording or a work."""

    recording = serializers.UUIDField(required=False, help_text="Id of a recording: the master side")
    work = serializers.UUIDField(required=False, help_text="Id of a work: the publishing side")


class AnyAssetInput(AssetInput):
    """One asset of whatever kind."""

    voice = serializers.UUIDField(required=False, help_text="Id of a voice of a person")
    stem = serializers.UUIDField(required=False, help_text="Id of a stem of a recording")
    lyrics = serializers.UUIDField(required=False, help_text="Id of the lyrics of a work")


def asset_of(given: Mapping[str, UUID]) -> AssetRef:
    """
    Return which asset was named.

    :raises NotOneAsset: several or none
    """
    return AssetRef(**{f"{kind.value}_id": given.get(kind.value) for kind in AssetKind})


def asset_named(row: Any) -> dict[str, str]:
    """Write which asset a row is of, as it is given: its kind and its id."""
    return {kind.value: str(id) for kind in AssetKind if (id := getattr(row, f"{kind.value}_id")) is not None}


def choices(vocabulary: Iterable[StrEnum]) -> list[tuple[str, str]]:
    """Return a vocabulary as the choices of a field: the codes are what is written."""
    return [(member.value, member.value) for member in vocabulary]


def digest(value: str | None) -> str | None:
    """Write a SHA-256 as the API writes digests."""
    return f"sha256:{value}" if value else None
