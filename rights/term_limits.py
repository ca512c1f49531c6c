"""
How long a consent to a person's voice may run and what must back it, by jurisdiction. Pure.

The table is data with its sources, versioned: ``rights/data/term_limits.json``. It is a default in the shape of laws
and bills, and not advice; where several jurisdictions apply, the shorter term and everybody's evidence count.
"""

from __future__ import annotations

import json
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date
from pathlib import Path

from rights.territories import name
from rights.vocabulary import ProtectionKind

_TABLE = json.loads((Path(__file__).parent / "data" / "term_limits.json").read_text(encoding="utf-8"))
VERSION: str = _TABLE["version"]
ADULT = "adult"

_OF = {ADULT: "an adult", "minor": "a minor", "guardianship": "a ward", "deceased": "somebody who died"}


class TermTooLong(Exception):
    """The term is longer than the law of a jurisdiction allows: end it earlier, and renew it."""


class EvidenceMissing(Exception):
    """A jurisdiction asks for evidence that is not named: add its digest."""


class DescriptionMissing(Exception):
    """A consent to the use of a voice needs a reasonably specific description of the intended uses."""


@dataclass(frozen=True)
class Limit:
    """The longest term in years, where and of whom, and where that is written."""

    jurisdiction: str
    of: str
    years: int
    source: str


@dataclass(frozen=True)
class Backing:
    """Kinds of evidence of which one is needed, where and of whom, and where that is written."""

    jurisdiction: str
    of: str
    any_of: frozenset[str]
    source: str


LIMITS = tuple(Limit(row["jurisdiction"], row["of"], row["years"], row["source"]) for row in _TABLE["limits"])
BACKINGS = tuple(
    Backing(row["jurisdiction"], row["of"], frozenset(row["any_of"]), row["source"]) for row in _TABLE["evidence"]
)
# Where a person may take back consent to their voice at any time, whatever was agreed.
REVOCABLE: frozenset[str] = frozenset(row["jurisdiction"] for row in _TABLE["revocable"])


def sources() -> dict[str, dict[str, str]]:
    """Return where the rules are written, by the names that they use."""
    return {key: dict(row) for key, row in _TABLE["sources"].items()}


def check_term(
    *,
    jurisdictions: Iterable[str],
    protection: ProtectionKind | None,
    active_from: date,
    active_to: date | None,
    description: str,
) -> None:
    """
    Check the term and the description of a consent to the use of a voice against every jurisdiction that it reaches.

    :raises DescriptionMissing: nothing says which uses are meant
    :raises TermTooLong: it runs longer than the shortest term that applies
    """
    if not description.strip():
        raise DescriptionMissing
    of = protection.value if protection else ADULT
    limit = shortest(jurisdictions, of)
    if limit is not None:
        latest = years_after(active_from, limit.years)
        if active_to is None or active_to > latest:
            raise TermTooLong(
                f"A consent of {_OF[of]} to the use of a voice runs for at most {limit.years} years in"
                f" {name(limit.jurisdiction)} ({sources()[limit.source]['title']}): end it on {latest} or before"
            )


def check_evidence(*, jurisdictions: Iterable[str], protection: ProtectionKind | None, evidence: Iterable[str]) -> None:
    """
    Check that a consent to the use of a voice comes with what every jurisdiction that it reaches asks for.

    :raises EvidenceMissing: a document that a jurisdiction asks for is not named
    """
    where, given = set(jurisdictions), set(evidence)
    of = protection.value if protection else ADULT
    for backing in BACKINGS:
        if backing.jurisdiction in where and backing.of == of and not backing.any_of & given:
            wanted = " or ".join(sorted(kind.replace("_", " ") for kind in backing.any_of))
            raise EvidenceMissing(
                f"{name(backing.jurisdiction)} asks for evidence of {wanted}"
                f" ({sources()[backing.source]['title']}): add its digest"
            )


def shortest(jurisdictions: Iterable[str], of: str) -> Limit | None:
    """Return the shortest limit that applies, or None where none does."""
    where = set(jurisdictions)
    applying = [limit for limit in LIMITS if limit.jurisdiction in where and limit.of == of]
    return min(applying, key=lambda limit: (limit.years, limit.jurisdiction)) if applying else None


def years_after(day: date, years: int) -> date:
    """Return the same day years later; the 1st of March stands for a 29th of February that does not come."""
    try:
        return day.replace(year=day.year + years)
    except ValueError:
        return date(day.year + years, 3, 1)
