"""Receiving an output: the submission with everything that is declared about it. Inserts only."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date, datetime
from uuid import UUID, uuid5

from django.db.models import Max

from rights import identifiers
from rights.case import DeclaredContribution
from rights.models import (
    Contribution,
    ContributionAct,
    ContributionEvidence,
    ContributionRecord,
    Ingredient,
    ModelVersion,
    Submission,
)
from rights.registry import LINKS
from rights.territories import expand


class NoSuchModelVersion(Exception):
    """The version of a model that is named is not registered; register it, or leave it out."""


class ReleaseInThePast(Exception):
    """An output is cleared before it is released: the release date may not lie before the day of submission."""


def receive(
    *,
    id: UUID,
    submitter_id: UUID,
    title: str,
    audio_digest: str,
    uses: Sequence[str],
    territories: Sequence[str],
    release_on: date,
    ingredient_ids: Sequence[UUID],
    contributions: Sequence[DeclaredContribution],
    purposes: Sequence[str] = (),
    model_version_id: UUID | None = None,
    expected: tuple[int, str] | None = None,
    isrc: str = "",
    cover_digest: str = "",
    prompt_commitment: str = "",
    at: datetime,
) -> Submission:
    """
    Insert a submission. It checks nothing about rights: that is the policy's business, on the day of the decision.

    :param expected: what the submitter expects it to earn: an amount in the smallest unit, and the currency
    :raises ReleaseInThePast: a consent that was withdrawn since would be read as still in force
    :raises NoSuchModelVersion: what is bound to a model would be read as not about this output
    :raises NoSuchTerritory: a code is not in the tables, or not in force on the day of release
    :raises BadIsrc: the output's own ISRC is none
    """
    if release_on < at.date():
        raise ReleaseInThePast(f"{release_on} lies before the day of submission, {at.date()}")
    expand(territories, release_on)
    if model_version_id is not None and not ModelVersion.objects.filter(pk=model_version_id).exists():
        raise NoSuchModelVersion
    submission = Submission.objects.create(
        id=id,
        submitter_id=submitter_id,
        title=title,
        audio_id=audio_digest,
        uses=sorted(set(uses)),
        purposes=sorted(set(purposes)),
        model_version_id=model_version_id,
        territories=list(territories),
        release_on=release_on,
        submitted_at=at,
        expected_minor=expected[0] if expected else None,
        expected_currency=expected[1] if expected else "",
        isrc=identifiers.isrc(isrc) if isrc else "",
        cover_digest=cover_digest,
        prompt_commitment=prompt_commitment,
    )
    for recording_id in sorted(set(ingredient_ids), key=str):
        Ingredient.objects.create(
            id=uuid5(LINKS, f"{id}/{recording_id}"), submission=submission, recording_id=recording_id
        )
    _state(submission, None, contributions)
    return submission


def correct(
    *,
    id: UUID,
    submission: Submission,
    author_id: UUID,
    contributions: Sequence[DeclaredContribution],
    reason: str,
    at: datetime,
) -> ContributionRecord:
    """
    State anew who or what made an output; it checks nothing, see ``rights.making``.

    Of two at once the second violates ``contribution_record_has_its_own_place``.
    """
    before = ContributionRecord.objects.filter(submission=submission).aggregate(last=Max("position"))["last"] or 0
    record = ContributionRecord.objects.create(
        id=id, submission=submission, position=before + 1, author_id=author_id, reason=reason, recorded_at=at
    )
    _state(submission, record, contributions)
    return record


def _state(
    submission: Submission, record: ContributionRecord | None, contributions: Sequence[DeclaredContribution]
) -> None:
    stated_in = record.id if record else submission.id
    for position, given in enumerate(contributions):
        Contribution.objects.create(
            id=uuid5(LINKS, f"{stated_in}/contribution/{position}"),
            submission=submission,
            record=record,
            position=position,
            component=given.component,
            ai_level=given.ai_level,
            tool=given.tool,
            tool_version=given.tool_version,
            is_generative=given.is_generative,
            actor_id=given.actor_id,
        )
        for act in given.acts:
            ContributionAct.objects.create(
                id=uuid5(LINKS, f"{stated_in}/{given.component}/{act.party_id}/{act.act}"),
                submission=submission,
                record=record,
                component=given.component,
                party_id=act.party_id,
                act=act.act,
            )
        for shown in given.evidence:
            ContributionEvidence.objects.create(
                id=uuid5(LINKS, f"{stated_in}/{given.component}/evidence/{shown.digest}"),
                submission=submission,
                record=record,
                component=given.component,
                kind=shown.kind,
                digest=shown.digest,
            )
