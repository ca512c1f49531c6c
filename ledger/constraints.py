"""Which named constraint refused a write."""

from __future__ import annotations

from django.db import IntegrityError


def violated(error: IntegrityError) -> str | None:
    """Return the name of the constraint that the database named, or None where it named none."""
    diagnosis = getattr(error.__cause__, "diag", None)
    return getattr(diagnosis, "constraint_name", None)
