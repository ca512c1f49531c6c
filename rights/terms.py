"""What held on a date: reads of shares, consents and licenses, as values for the policy."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import date, datetime
from fractions import Fraction
from uuid import UUID

from django.db.models import Q

from rights.case import (
    Asset,
    Claim,
    ConsentTerm,
    DeclaredContribution,
    DeclaredIngredient,
    LicenseTerm,
    Material,
    ShareTerm,
    Side,
    Terms,
)
from rights.models import Consent, License, Recording, Share, Submission
from rights.territories import covered, expand
from rights.vocabulary import ConsentAct


def claim_of(submission: Submission) -> Claim:
    """Return what a submission claims."""
    return Claim(
        submission_id=submission.id,
        licensee_id=submission.submitter_id,
        title=submission.title,
        uses=frozenset(submission.uses),
        territories=expand(submission.territories, submission.release_on),
        release_on=submission.release_on,
        ingredients=tuple(
            DeclaredIngredient(recording_id)
            for recording_id in submission.ingredients.order_by("recording_id").values_list("recording_id", flat=True)
        ),
        contributions=tuple(
            DeclaredContribution(row.component, row.ai_level, row.tool, row.actor_id)
            for row in submission.contributions.order_by("position")
        ),
    )


def material_of(recordings: Iterable[Recording]) -> tuple[Material, ...]:
    """Return recordings with their works, in the order of their ids."""
    return tuple(
        Material(
            recording=Asset(recording.id, Side.MASTER, recording.title),
            works=tuple(
                Asset(link.work.id, Side.PUBLISHING, link.work.title)
                for link in sorted(recording.work_links.all(), key=lambda link: str(link.work_id))
            ),
            reference_id=recording.reference_id,
            isrc=recording.isrc,
            audio_digest=recording.reference.audio_id if recording.reference else None,
        )
        for recording in sorted(recordings, key=lambda recording: str(recording.id))
    )


def on(day: date, *, claim: Claim, references: Iterable[UUID], known_at: datetime) -> Terms:
    """
    Return what held on a day about the claimed and the found material, as far as it was recorded by ``known_at``.

    A withdrawal recorded later is not seen, so the same question asked again gives the same answer (LED-3).
    """
    wanted = {ingredient.recording_id for ingredient in claim.ingredients}
    recordings = (
        Recording.objects.filter(Q(pk__in=wanted) | Q(reference__in=set(references)), registered_at__lte=known_at)
        .select_related("reference")
        .prefetch_related("work_links__work")
    )
    materials = material_of(recordings)
    tracks = {material.recording.id for material in materials}
    works = {work.id for material in materials for work in material.works}
    about = Q(recording__in=tracks) | Q(work__in=works)
    in_force = Q(active_from__lte=day) & (Q(active_to__isnull=True) | Q(active_to__gt=day))
    shares = Share.objects.filter(about, in_force, recorded_at__lte=known_at).order_by("id")
    consents = Consent.objects.filter(about, recorded_at__lte=known_at).prefetch_related("events").order_by("id")
    licenses = (
        License.objects.filter(
            Q(schedule__recording__in=tracks) | Q(schedule__work__in=works),
            licensee=claim.licensee_id,
            recorded_at__lte=known_at,
        )
        .prefetch_related("schedule")
        .distinct()
        .order_by("id")
    )
    return Terms(
        on=day,
        materials=materials,
        shares=tuple(
            ShareTerm(
                id=share.id,
                asset_id=_asset(share.recording_id, share.work_id),
                party_id=share.party_id,
                part=Fraction(share.numerator, share.denominator),
                territories=covered(share.territories, day),
            )
            for share in shares
        ),
        consents=tuple(_consent_term(consent, day, known_at) for consent in consents),
        licenses=tuple(
            LicenseTerm(
                id=license_.id,
                licensee_id=license_.licensee_id,
                asset_ids=frozenset(_asset(line.recording_id, line.work_id) for line in license_.schedule.all()),
                uses=frozenset(license_.uses),
                territories=covered(license_.territories, day),
                active_from=license_.active_from,
                active_to=license_.active_to,
            )
            for license_ in licenses
        ),
    )


def _asset(recording_id: UUID | None, work_id: UUID | None) -> UUID:
    found = recording_id or work_id
    if found is None:  # a check constraint of each table says so
        raise AssertionError("a row is of a recording or of a work")
    return found


def _consent_term(consent: Consent, day: date, known_at: datetime) -> ConsentTerm:
    events = sorted(
        (event for event in consent.events.all() if event.recorded_at <= known_at),
        key=lambda event: event.recorded_at,
    )
    withdrawn = [event.effective_on for event in events if event.act == ConsentAct.WITHDRAWN]
    return ConsentTerm(
        id=consent.id,
        asset_id=_asset(consent.recording_id, consent.work_id),
        party_id=consent.grantor_id,
        uses=frozenset(consent.uses),
        territories=covered(consent.territories, day),
        licensee_id=consent.licensee_id,
        active_from=consent.active_from,
        active_to=consent.active_to,
        withdrawn_on=min(withdrawn) if withdrawn else None,
        event_ids=tuple(event.id for event in events),
    )
