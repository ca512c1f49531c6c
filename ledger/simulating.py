"""
What other bands would have changed: past outputs judged twice on what was known then, by those in force and by these.

It reads and writes nothing. Reviews and appeals are left out: it compares what the machine alone would have done.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, replace
from datetime import datetime
from uuid import UUID

from fingerprint import error_rates, examine
from fingerprint.error_rates import ErrorRates, Strongest
from fingerprint.evidence import NotEvidence
from ledger import banding, deciding
from rights import policy, terms
from rights.bands import Bands, Effect, ReferenceClass
from rights.case import Verdict
from rights.models import Decision
from rights.vocabulary import MatchKind, Outcome

MOST = 2_000
MOST_LISTED = 200


@dataclass(frozen=True)
class Change:
    """One output that would come out otherwise, with the sentences that differ."""

    submission_id: UUID
    title: str
    before: Outcome
    after: Outcome
    sentences: tuple[str, ...]


@dataclass(frozen=True)
class Innocent:
    """How many tracks that are in no catalogue were stopped when the detectors were measured: by which bands, how."""

    kind: str
    tracks: int
    refused_before: int
    refused_after: int
    review_before: int
    review_after: int


@dataclass(frozen=True)
class Simulation:
    """What bands would have done to past outputs."""

    bands_id: UUID
    against_id: UUID  # the bands in force
    outputs: int  # how many were judged
    unreadable: int  # of which no evidence can be read
    before: dict[Outcome, int]
    after: dict[Outcome, int]
    changes: tuple[Change, ...]  # the newest first, and no more than a page shows
    changed: int
    innocent: tuple[Innocent, ...]  # by kind, of the published error rates; empty where none tells

    @property
    def newly(self) -> dict[Outcome, int]:
        """How many come to each outcome that had another before, of those that are listed."""
        return dict(Counter(change.after for change in self.changes))


def simulate(bands: Bands, *, most: int = 500, rates: ErrorRates | None = None, at: datetime) -> Simulation:
    """
    Judge the newest outputs by these bands and by those in force at a moment.

    :param rates: what was measured on innocent tracks; as the release publishes it, where it is not given
    """
    current = banding.in_force(at=at)
    before: Counter[Outcome] = Counter()
    after: Counter[Outcome] = Counter()
    changes: list[Change] = []
    changed = unreadable = total = 0
    for decision in _newest(min(most, MOST)):
        try:
            old, new = _twice(decision, current, bands)
        except NotEvidence:
            unreadable += 1
            continue
        total += 1
        before[old.outcome] += 1
        after[new.outcome] += 1
        if old.outcome is not new.outcome:
            changed += 1
            if len(changes) < MOST_LISTED:
                said = {finding.sentence for finding in old.findings}
                changes.append(
                    Change(
                        decision.submission_id,
                        decision.submission.title,
                        old.outcome,
                        new.outcome,
                        tuple(finding.sentence for finding in new.findings if finding.sentence not in said),
                    )
                )
    return Simulation(
        bands.id,
        current.id,
        total,
        unreadable,
        dict(before),
        dict(after),
        tuple(changes),
        changed,
        tuple(_innocent(current, bands, rates or _published())),
    )


def _published() -> ErrorRates | None:
    try:
        return error_rates.read()
    except error_rates.NotErrorRates:
        return None  # the page about error rates says what is wrong with them


def _innocent(current: Bands, bands: Bands, rates: ErrorRates | None) -> Iterator[Innocent]:
    for kind in MatchKind:
        whole = error_rates.together(rates.innocent_of(kind)) if rates else None
        if whole is None or whole.strongest is None:
            continue
        old, new = (Counter(_effects(one, kind, whole.strongest)) for one in (current, bands))
        yield Innocent(
            kind.value, whole.n, old[Effect.BLOCK], new[Effect.BLOCK], old[Effect.REVIEW], new[Effect.REVIEW]
        )


def _effects(bands: Bands, kind: MatchKind, strongest: Iterable[Strongest]) -> Iterator[Effect]:
    for one in strongest:
        yield bands.measure(kind, ReferenceClass.THIRD_PARTY, **one._asdict()).effect


def _newest(most: int) -> Iterator[Decision]:
    rows = Decision.objects.filter(supersedes__isnull=True, examination__isnull=False)
    yield from rows.select_related("submission", "examination").order_by("-decided_at", "-id")[:most]


def _twice(decision: Decision, current: Bands, bands: Bands) -> tuple[Verdict, Verdict]:
    if decision.examination is None:
        raise NotEvidence("Nothing was measured.")
    evidence = examine.read(decision.examination)
    claim = terms.claim_of(decision.submission, known_at=decision.known_at)
    in_force = deciding.in_force_on(claim, evidence, known_at=decision.known_at)
    return (
        policy.decide(claim, evidence, replace(in_force, bands=current)),
        policy.decide(claim, evidence, replace(in_force, bands=bands)),
    )
