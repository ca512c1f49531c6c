"""Fields that several resources share: exact fractions, and assets."""

from __future__ import annotations

from fractions import Fraction
from typing import Any
from uuid import UUID

from drf_spectacular.utils import extend_schema_field
from rest_framework import serializers

from rights.registry import AssetRef


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


class AssetInput(serializers.Serializer[Any]):
    """Either a recording or a work."""

    recording = serializers.UUIDField(required=False, help_text="Id of a recording: the master side")
    work = serializers.UUIDField(required=False, help_text="Id of a work: the publishing side")


def asset_of(given: dict[str, UUID]) -> AssetRef:
    """
    Return which asset was named.

    :raises NotOneAsset: both or neither
    """
    return AssetRef(recording_id=given.get("recording"), work_id=given.get("work"))


def digest(value: str | None) -> str | None:
    """Write a SHA-256 as the API writes digests."""
    return f"sha256:{value}" if value else None
