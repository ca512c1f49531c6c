"""Which named constraint refused a write, and what that means to whoever wrote."""

from __future__ import annotations

from dataclasses import dataclass

from django.db import IntegrityError


def violated(error: IntegrityError) -> str | None:
    """Return the name of the constraint that the database named, or None where it named none."""
    diagnosis = getattr(error.__cause__, "diag", None)
    return getattr(diagnosis, "constraint_name", None)


@dataclass(frozen=True)
class Refusal:
    """What a refusal means to whoever wrote: a status and a code for programs, a field and a sentence for people."""

    status: int
    code: str
    field: str
    sentence: str


_BACKWARDS = Refusal(
    422,
    "ends_before_it_begins",
    "active_to",
    "The end lies behind the beginning: it is the first day outside the period, and empty while that is open.",
)


def _twice(field: str) -> Refusal:
    return Refusal(422, "listed_twice", field, "The list names the same thing twice: name it once.")


# Constraint → what it says: the database decides the race, and this tells who lost it.
REFUSALS = {
    "one_recording_per_isrc": Refusal(409, "isrc_taken", "isrc", "Another recording has this ISRC."),
    "one_work_per_iswc": Refusal(409, "iswc_taken", "iswc", "Another work has this ISWC."),
    "share_ends_after_it_begins": _BACKWARDS,
    "consent_ends_after_it_begins": _BACKWARDS,
    "license_ends_after_it_begins": _BACKWARDS,
    "one_mapping_of_a_name": Refusal(409, "name_taken", "name", "Another mapping has this name: choose another."),
    # Their ids follow from what they join, so the same line twice is the same key twice.
    "rights_licenseasset_pkey": _twice("schedule"),
    "rights_recordingwork_pkey": _twice("works"),
}
