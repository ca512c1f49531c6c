"""What is on record about a cleared output, as the facts that its manifests are made from."""

from __future__ import annotations

from datetime import datetime
from uuid import UUID

from django.conf import settings

from fingerprint import store
from fingerprint.evidence import Evidence
from ledger import log, merkle
from ledger.models import Entry
from provenance.assertions import EntryFact, IngredientFact, InputFact, ManifestFacts, SplitFact
from provenance.contributions import fact_of
from provenance.tags import Tags
from rights import published
from rights.case import Claim, Terms
from rights.models import Submission
from rights.rules import voices_made
from rights.vocabulary import AiLevel
from royalties.apportion import Splits


def facts(
    submission: Submission,
    claim: Claim,
    evidence: Evidence,
    in_force: Terms,
    *,
    licenses: tuple[UUID, ...],
    divided: Splits,
    decision_id: UUID,
    known_at: datetime,
) -> ManifestFacts:
    """Return the facts; asked again with the same arguments they are the same, so another file can be signed later."""
    declared = {ingredient.recording_id for ingredient in claim.ingredients}
    # Everything known before the decision, whose own entry will name the manifest by its digest.
    submitted = Entry.objects.get(submission=submission, kind=Entry.Kind.SUBMITTED)
    return ManifestFacts(
        submission_id=submission.id,
        decision_id=decision_id,
        title=submission.title,
        log_origin=settings.LEDGER_ORIGIN,
        ingredients=tuple(
            IngredientFact(
                recording_id=material.recording.id,
                title=material.recording.title,
                isrc=material.isrc,
                audio_digest=material.audio_digest or "",
                license_id=next(
                    one.id for one in in_force.licenses if one.id in licenses and material.recording.id in one.asset_ids
                ),
            )
            for material in in_force.materials
            if material.recording.id in declared
        ),
        contributions=tuple(fact_of(given) for given in claim.contributions),
        licenses=licenses,
        splits=tuple(
            SplitFact(
                part.leaf,
                part.part.numerator,
                part.part.denominator,
                territories=zone.territories if len(divided.zones) > 1 else (),
            )
            for zone in divided.zones
            for part in zone.parts
        ),
        splits_digest=divided.digest,
        inputs=(*_inputs(submission), *_voices(claim, evidence, in_force)),
        training=published.of_output(
            declared,
            has_own=any(given.ai_level != AiLevel.ALL for given in claim.contributions),
            on=claim.release_on,
            known_at=known_at,
        ),
        isrc=submission.isrc,
        cover_digest=submission.cover_digest,
        submitted=EntryFact(submitted.id, merkle.leaf_hash(bytes(submitted.body)).hex()),
        decided_entry_id=log.entry_id(Entry.Kind.DECIDED, decision_id),
    )


def tags_of(submission: Submission) -> Tags | None:
    """Return what is written into the file before it is signed; None where nothing was given beside its title."""
    if not submission.isrc and not submission.cover_digest:
        return None
    cover = b""
    if submission.cover_digest:
        with store.open(submission.cover_digest) as opened:
            cover = opened.read()
    return Tags(submission.title, submission.isrc, cover)


def _inputs(submission: Submission) -> tuple[InputFact, ...]:
    prompt: tuple[InputFact, ...] = ()
    if submission.prompt_commitment:
        prompt = (InputFact("prompt", "prompt", "A prompt", (("commitment", submission.prompt_commitment),)),)
    version = submission.model_version
    if version is None:
        return prompt
    known = (("code", version.code_digest), ("weights", version.weights_digest))
    digests = tuple((of, digest) for of, digest in known if digest)
    model = InputFact("model", str(version.id), f"{version.model.name} {version.label}", digests)
    if (dataset := version.dataset) is None:
        return (*prompt, model)
    return (*prompt, model, InputFact("dataset", str(dataset.id), dataset.name, (("members", dataset.members_digest),)))


def _voices(claim: Claim, evidence: Evidence, in_force: Terms) -> tuple[InputFact, ...]:
    # By its enrollment alone: whose voice it is, is not told to whoever only hears it.
    return tuple(
        InputFact("voice", str(enrollment_id), "A registered voice")
        for enrollment_id in voices_made(claim, evidence, in_force)
    )
