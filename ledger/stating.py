"""
What a manifest that went out stands for (PRV-7): read from what was recorded about its output, and stated by people.

Nobody changes a status: it follows. An output that is flagged because a consent ended is ``source_withdrawn`` from the
day on which the end takes effect; one whose consent never was is ``quarantined``. What a rule only found later is for
people, who state what follows, with a reason and an entry. The file that was delivered stays as it is.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, time
from typing import Any
from uuid import UUID

from django.db import IntegrityError, transaction
from django.db.models import QuerySet

from ledger import log, turns
from ledger.constraints import violated
from ledger.models import Entry
from provenance import statuses
from provenance.models import Manifest, ManifestStatus
from provenance.statuses import Change, Reason, Standing, Status
from rights.effects import Flag, Impact
from rights.models import OutputFlag


class NoSuchManifest(Exception):
    """Nothing that went out has this id."""


class StatusChangedMeanwhile(Exception):
    """Somebody stated another status at the same time: look at it first."""


class ReasonSpeaksOtherwise(Exception):
    """The reason speaks for another status: choose one that speaks for yours."""


class SuccessorMissing(Exception):
    """What is superseded names the manifest that takes its place: another one of the same submitter, that is active."""


class SuccessorOutOfPlace(Exception):
    """Only what is superseded has a successor."""


class EvidenceMissing(Exception):
    """To make a status less grave takes the digest of a document that shows why."""


class NeedsAnotherPerson(Exception):
    """Whoever stated the status that holds does not lift it: it takes somebody else of the operator's."""


class OnlyTheOperator(Exception):
    """A submitter may make the status of its own output graver, never lighter."""


class NothingStated(Exception):
    """It has this status already, for this reason."""


# Flag → status and reason. What a recheck found is not here: the decision stands until somebody says otherwise.
_FOLLOWS: Mapping[str, tuple[Status, Reason]] = {
    Flag.SOURCE_WITHDRAWN: (Status.SOURCE_WITHDRAWN, Reason.CONSENT_WITHDRAWN),
    Flag.QUARANTINED: (Status.QUARANTINED, Reason.CONSENT_ANNULLED),
}


@dataclass(frozen=True)
class StatusChange:
    """What an end of a consent would do to one manifest that went out."""

    manifest: Manifest
    now: Status
    then: Status
    since: datetime


# --- Reading


def manifest_of(id: UUID) -> Manifest:
    """
    Return the manifest that an id is of: its own, a certificate's, or that of a copy in another container.

    :raises NoSuchManifest: there is none
    """
    rows = Manifest.objects.select_related("decision")
    found = (
        rows.filter(pk=id).first()
        or rows.filter(certificates=id).first()
        or rows.filter(decision__copies__label=f"urn:c2pa:{id}").first()
    )
    if found is None:
        raise NoSuchManifest
    return found


def standing_of(manifest: Manifest, *, at: datetime) -> Standing:
    """Return what a manifest stands for at a moment, by what was recorded up to then."""
    return standings([manifest], at=at)[manifest.pk]


def standings(manifests: Iterable[Manifest], *, at: datetime) -> dict[UUID, Standing]:
    """Return the same of several, in two queries."""
    return {id: statuses.standing(some, at=at) for id, some in _changes(manifests).items()}


def _changes(manifests: Iterable[Manifest]) -> dict[UUID, list[Change]]:
    of_output = {one.decision.submission_id: one.pk for one in manifests}
    changes: dict[UUID, list[Change]] = {id: [] for id in of_output.values()}
    flags = OutputFlag.objects.select_related("event").filter(submission__in=of_output, kind__in=list(_FOLLOWS))
    for flag in flags:
        changes[of_output[flag.submission_id]].append(_following(flag))
    for row in ManifestStatus.objects.filter(manifest__in=changes):
        changes[row.manifest_id].append(_stated(row))
    return changes


def _following(flag: OutputFlag) -> Change:
    status, reason = _FOLLOWS[flag.kind]
    since = flag.recorded_at
    if flag.event is not None and status is Status.SOURCE_WITHDRAWN:
        # With notice, the end lies ahead when it is recorded.
        since = max(since, datetime.combine(flag.event.effective_on, time(), tzinfo=UTC))
    return Change(status, reason, since, flag.recorded_at)


def _stated(row: ManifestStatus) -> Change:
    lifts = bool(row.evidence_digest)
    return Change(Status(row.status), Reason(row.reason), row.recorded_at, row.recorded_at, is_stated=True, lifts=lifts)


def successor_of(manifest: Manifest, *, at: datetime) -> Manifest | None:
    """Return what takes a manifest's place, by the last statement up to a moment."""
    row = _last(manifest, at=at)
    return row.successor if row is not None else None


def _last(manifest: Manifest, *, at: datetime) -> ManifestStatus | None:
    rows: QuerySet[ManifestStatus] = manifest.statuses.select_related("successor").filter(recorded_at__lte=at)
    return rows.order_by("-number").first()


def would_change(impact: Impact, *, at: datetime) -> tuple[StatusChange, ...]:
    """Return of which manifests the end of a consent would change the status, and how."""
    status, reason = _FOLLOWS[impact.flag]
    since = at if impact.is_annulment else max(at, datetime.combine(impact.effective_on, time(), tzinfo=UTC))
    rows = list(
        Manifest.objects.select_related("decision__submission")
        .filter(decision__submission__in=[one.submission_id for one in impact.outputs])
        .order_by("signed_at", "id")
    )
    found = []
    for manifest, now in zip(rows, standings(rows, at=at).values(), strict=True):
        change = Change(status, reason, since, at)
        held = [step.change for step in now.steps]
        then = statuses.standing([*held, *now.coming, change], at=since)
        if then.status is not now.status:
            found.append(StatusChange(manifest, now.status, then.status, since))
    return tuple(found)


# --- Stating


def state(
    *,
    id: UUID,
    manifest_id: UUID,
    status: Status,
    reason: Reason,
    successor_id: UUID | None = None,
    evidence_digest: str = "",
    note: str = "",
    stated_by_id: int | None = None,
    party_id: UUID | None = None,
    is_operator: bool,
    known_at: datetime | None = None,
    at: datetime,
) -> ManifestStatus:
    """
    State what a manifest stands for from now on, and why.

    :param party_id: as whom, where a submitter states it of its own output
    :param known_at: when whoever states it looked at the status that holds
    :raises NoSuchManifest: there is none
    :raises ReasonSpeaksOtherwise: the reason is one for another status
    :raises SuccessorMissing: it is superseded, and by what is not said, or is not active, or another submitter's
    :raises SuccessorOutOfPlace: a successor is named, and it is not superseded
    :raises NothingStated: it has this status already, by a statement, for this reason
    :raises OnlyTheOperator: a submitter would lift a status
    :raises EvidenceMissing: it becomes less grave, and nothing shows why
    :raises NeedsAnotherPerson: it becomes less grave, by whoever stated the status that holds
    :raises StatusChangedMeanwhile: somebody else was first, or something was recorded since ``known_at``
    """
    manifest = Manifest.objects.select_related("decision__submission").filter(pk=manifest_id).first()
    if manifest is None:
        raise NoSuchManifest
    if reason not in statuses.SPEAK_FOR[status]:
        raise ReasonSpeaksOtherwise
    try:
        with transaction.atomic(durable=True):
            turns.take_for_statement()
            changes = _changes([manifest])[manifest.pk]
            # Also what leaves the status as it is: it would be lifted with the rest.
            if known_at is not None and any(change.recorded_at > known_at for change in changes):
                raise StatusChangedMeanwhile
            now = statuses.standing(changes, at=at)
            successor = _successor(manifest, status, successor_id, at=at)
            last = _last(manifest, at=at)
            if (
                last is not None
                and last.pk != id
                and now.status is status
                and _says(last, status, reason, successor_id)
            ):
                raise NothingStated
            if status.gravity < now.status.gravity:
                _check_lifting(last, stated_by_id, evidence_digest=evidence_digest, is_operator=is_operator)
            row = ManifestStatus.objects.create(
                id=id,
                manifest=manifest,
                number=manifest.statuses.count() + 1,
                status=status,
                reason=reason,
                successor=successor,
                evidence_digest=evidence_digest,
                note=note,
                stated_by_id=stated_by_id,
                party_id=party_id,
                recorded_at=at,
            )
            log.append(Entry.Kind.STATUS_STATED, row, _described(row, manifest, now.status), at=at)
    except IntegrityError as error:
        if violated(error) == "status_has_its_own_number":
            raise StatusChangedMeanwhile from error
        raise
    return row


def _says(row: ManifestStatus, status: Status, reason: Reason, successor_id: UUID | None) -> bool:
    return (row.status, row.reason, row.successor_id) == (status, reason, successor_id)


def _successor(manifest: Manifest, status: Status, successor_id: UUID | None, *, at: datetime) -> Manifest | None:
    if status is not Status.SUPERSEDED:
        if successor_id is not None:
            raise SuccessorOutOfPlace
        return None
    rows = Manifest.objects.select_related("decision__submission")
    found = rows.filter(pk=successor_id).first() if successor_id else None
    if (
        found is None
        or found.pk == manifest.pk
        or found.decision.submission.submitter_id != manifest.decision.submission.submitter_id
        or standing_of(found, at=at).status in {Status.SUPERSEDED, Status.QUARANTINED}
    ):
        raise SuccessorMissing
    return found


def _check_lifting(
    last: ManifestStatus | None, stated_by_id: int | None, *, evidence_digest: str, is_operator: bool
) -> None:
    if not is_operator:
        raise OnlyTheOperator
    if not evidence_digest:
        raise EvidenceMissing
    if last is not None and stated_by_id is not None and last.stated_by_id == stated_by_id:
        raise NeedsAnotherPerson


def _described(row: ManifestStatus, manifest: Manifest, before: Status) -> dict[str, Any]:
    return {
        "manifest": manifest.label,
        "status": row.status,
        "before": before.value,
        "reason": row.reason,
        "successor": row.successor.label if row.successor else None,
        "evidence": f"sha256:{row.evidence_digest}" if row.evidence_digest else None,
    }
