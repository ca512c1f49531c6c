"""
What a manifest that went out stands for today (PRV-7). Pure.

A delivered file is never touched again, so what becomes of it is said beside it: a list of changes, each a fact with
its moment, from which the status at any moment follows. Some follow from what was recorded about an output's sources
(a consent ended, or never was), others are stated by people, with a reason.

The status is the gravest of what holds. What a person states with evidence replaces everything before it; without, it
holds beside that. Neither touches what comes after.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum


class Status(StrEnum):
    """What a manifest stands for, the least grave first."""

    ACTIVE = "active"
    SOURCE_WITHDRAWN = "source_withdrawn"
    SUPERSEDED = "superseded"
    QUARANTINED = "quarantined"

    @property
    def gravity(self) -> int:
        """How grave it is; of several that hold, the gravest is shown."""
        return list(Status).index(self)


class Reason(StrEnum):
    """Why a status changed: a code, since words in public could name somebody."""

    CONSENT_WITHDRAWN = "consent_withdrawn"
    CONSENT_ANNULLED = "consent_annulled"
    SOURCE_ENDED = "source_ended"
    REPLACED = "replaced"
    RIGHTS_DISPUTED = "rights_disputed"
    FOUND_LATER = "found_later"
    CLEARS_NO_MORE = "clears_no_more"
    WRONG_FILE = "wrong_file"
    SIGNER_COMPROMISED = "signer_compromised"
    ORDERED = "ordered"
    RESOLVED = "resolved"
    CLEARED_AGAIN = "cleared_again"
    STATED_IN_ERROR = "stated_in_error"


# Status → the reasons that a person may give for it.
SPEAK_FOR: dict[Status, frozenset[Reason]] = {
    Status.ACTIVE: frozenset({Reason.RESOLVED, Reason.CLEARED_AGAIN, Reason.STATED_IN_ERROR}),
    Status.SOURCE_WITHDRAWN: frozenset({Reason.SOURCE_ENDED}),
    Status.SUPERSEDED: frozenset({Reason.REPLACED}),
    Status.QUARANTINED: frozenset(
        {
            Reason.RIGHTS_DISPUTED,
            Reason.FOUND_LATER,
            Reason.CLEARS_NO_MORE,
            Reason.WRONG_FILE,
            Reason.SIGNER_COMPROMISED,
            Reason.ORDERED,
        }
    ),
}
STATED: tuple[Reason, ...] = tuple(reason for reason in Reason if any(reason in of for of in SPEAK_FOR.values()))

# For whoever looks it up, and knows nothing of us.
SENTENCES: dict[Status, str] = {
    Status.ACTIVE: "Nothing was recorded against this file since it was cleared and signed.",
    Status.SOURCE_WITHDRAWN: "A source of this file is not available for new uses any more. What was licensed and "
    "released before stays licensed.",
    Status.SUPERSEDED: "Another file takes the place of this one. Use that one from now on.",
    Status.QUARANTINED: "This file must not be released or offered further until this is settled.",
}
WORDS: dict[Reason, str] = {
    Reason.CONSENT_WITHDRAWN: "A consent that it rests on was withdrawn",
    Reason.CONSENT_ANNULLED: "A consent that it rests on was annulled: it never was",
    Reason.SOURCE_ENDED: "A license or another right to a source ended",
    Reason.REPLACED: "Another file replaces it",
    Reason.RIGHTS_DISPUTED: "Rights in it are disputed",
    Reason.FOUND_LATER: "Something that was registered later is in it",
    Reason.CLEARS_NO_MORE: "It would not be cleared any more",
    Reason.WRONG_FILE: "It is not the file that was meant",
    Reason.SIGNER_COMPROMISED: "The key that signed it is not safe any more",
    Reason.ORDERED: "A court or an authority ordered it",
    Reason.RESOLVED: "What stood against it is settled",
    Reason.CLEARED_AGAIN: "It was cleared anew",
    Reason.STATED_IN_ERROR: "What was stated before was an error",
}


@dataclass(frozen=True, slots=True)
class Change:
    """That something holds of a manifest from a moment on, and since when that is known."""

    status: Status
    reason: Reason
    since: datetime
    recorded_at: datetime
    is_stated: bool = False  # by a person; else it follows from what was recorded about its sources
    lifts: bool = False  # stated with evidence, so that what was before holds no more


@dataclass(frozen=True, slots=True)
class Step:
    """A status and the change that made it so; ``before`` is what it was until then."""

    status: Status
    change: Change
    before: Status


@dataclass(frozen=True, slots=True)
class Standing:
    """The status at a moment, how it came to be, and what is known to follow."""

    status: Status
    since: datetime | None  # None: from the beginning
    reason: Reason | None
    steps: tuple[Step, ...]
    coming: tuple[Change, ...]  # recorded, and not in effect yet


def standing(changes: Iterable[Change], *, at: datetime) -> Standing:
    """Return the status at a moment, by what was recorded up to then."""
    known = sorted((one for one in changes if one.recorded_at <= at), key=_order)
    status, holds = Status.ACTIVE, list[Change]()
    steps: list[Step] = []
    for change in known:
        if change.since > at:
            continue
        holds = [change] if change.lifts else [*holds, change]
        now = max((one.status for one in holds), key=lambda one: one.gravity)
        if now is not status or change.is_stated:
            steps.append(Step(now, change, status))
        status = now
    last = steps[-1] if steps else None
    return Standing(
        status=status,
        since=last.change.since if last else None,
        reason=last.change.reason if last else None,
        steps=tuple(steps),
        coming=tuple(one for one in known if one.since > at),
    )


def _order(change: Change) -> tuple[datetime, datetime, bool]:
    # What a person states at the very moment of a flag was stated in knowledge of it.
    return change.since, change.recorded_at, change.is_stated
