"""Choices of a column out of a vocabulary."""

from __future__ import annotations

from enum import StrEnum


def one_of(vocabulary: type[StrEnum]) -> list[tuple[str, str]]:
    """Return what Django takes as choices."""
    return [(member.value, member.name.replace("_", " ").capitalize()) for member in vocabulary]
