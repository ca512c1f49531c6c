"""Registering what rights are in, and what is made of it: each with its entry, or not at all."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from pathlib import Path
from uuid import UUID, uuid5

from django.db import IntegrityError, transaction

from fingerprint import audio, examine, references, songs, store
from fingerprint.audio import AudioFacts, AudioRefused
from fingerprint.songs import Song
from ledger import canonical, intake, keeping, log
from ledger.constraints import violated
from ledger.models import Entry
from rights import assets, datasets, descriptions, training
from rights.assets import GivenExclusion, GivenMember, GivenWork
from rights.describing import Description
from rights.models import (
    Dataset,
    Lyrics,
    Model,
    ModelVersion,
    ModelVersionRetirement,
    Recording,
    RecordingAudio,
    RecordingDescription,
    RecordingVoice,
    RecordingWork,
    Release,
    Stem,
    TrainingStatement,
    Voice,
    Work,
)
from rights.vocabulary import Component


class HasAudio(Exception):
    """The recording has audio already, and it has one: register the other version as a recording of its own."""


def register_work(*, id: UUID, title: str, iswc: str | None, registrar_id: UUID | None = None, at: datetime) -> Work:
    """
    Register a composition.

    :raises BadIswc: the code is not one
    """
    with transaction.atomic(durable=True):
        work = assets.register_work(id=id, title=title, iswc=iswc, registrar_id=registrar_id, at=at)
        log.append(Entry.Kind.WORK_REGISTERED, work, {"iswc": work.iswc}, at=at)
    return work


def register_recording(
    *,
    id: UUID,
    title: str,
    isrc: str | None,
    works: Sequence[GivenWork],
    audio_path: Path | None,
    media_type: str | None,
    registrar_id: UUID | None = None,
    at: datetime,
) -> Recording:
    """
    Register a recording; with its audio it becomes part of what outputs are compared with.

    :raises AudioRefused: the audio is not what it should be
    :raises BadIsrc: the code is not one
    :raises PortionsBeyondTheWhole: its works are more than all of it
    :raises TimesHalfKnown: a work has a beginning without an end, or an end without a beginning
    """
    if audio_path is None:
        return _register(id, title, isrc, works, registrar_id, at=at)
    enrolled = stage_audio(audio_path, media_type)
    try:
        return _register(id, title, isrc, works, registrar_id, enrolled, at=at)
    except BaseException:
        keeping.discard_unless_kept(enrolled.facts.digest)  # a refused recording leaves nothing behind
        raise


@dataclass(frozen=True)
class Enrolled:
    """Audio that is about to become a reference."""

    path: Path
    facts: AudioFacts
    fingerprint: Mapping[str, bytes]
    song: Song


def stage_audio(path: Path, media_type: str | None) -> Enrolled:
    """
    Store audio, take its fingerprint, and hear what it plays: slow, repeatable, and before the transaction that
    speaks of it.

    Whoever goes no further calls `keeping.discard_unless_kept`.

    :raises AudioRefused: the audio is not what it should be
    """
    facts = audio.probe(path, declared_media_type=media_type, limits=intake.limits())
    store.put(path)
    try:
        return Enrolled(path, facts, examine.fingerprint(facts), songs.hear(facts))
    except BaseException:
        keeping.discard_unless_kept(facts.digest)
        raise


def _register(
    id: UUID,
    title: str,
    isrc: str | None,
    works: Sequence[GivenWork],
    registrar_id: UUID | None,
    enrolled: Enrolled | None = None,
    *,
    at: datetime,
) -> Recording:
    with transaction.atomic(durable=True):
        return register_within(
            id=id, title=title, isrc=isrc, works=works, registrar_id=registrar_id, enrolled=enrolled, at=at
        )


def register_within(
    *,
    id: UUID,
    title: str,
    isrc: str | None,
    works: Sequence[GivenWork],
    registrar_id: UUID | None,
    enrolled: Enrolled | None,
    at: datetime,
) -> Recording:
    """
    Register a recording in a transaction that the caller has opened.

    :raises BadIsrc: the code is not one
    :raises PortionsBeyondTheWhole: its works are more than all of it
    :raises TimesHalfKnown: a work has a beginning without an end, or an end without a beginning
    """
    recording = assets.register_recording(
        id=id,
        title=title,
        isrc=isrc,
        works=works,
        reference_id=_enroll(id, enrolled, at=at) if enrolled else None,
        registrar_id=registrar_id,
        at=at,
    )
    log.append(
        Entry.Kind.RECORDING_REGISTERED,
        recording,
        {"isrc": recording.isrc, "audio": f"sha256:{enrolled.facts.digest}" if enrolled else None},
        at=at,
    )
    return recording


def _enroll(of: UUID, enrolled: Enrolled, *, at: datetime) -> UUID:
    reference_id = uuid5(of, "reference")
    keeping.hold(enrolled.path, enrolled.facts.digest)
    references.enroll(
        reference_id=reference_id,
        facts=enrolled.facts,
        fingerprint=enrolled.fingerprint,
        song=enrolled.song,
        at=at,
    )
    return reference_id


def deliver_audio(
    *, id: UUID, recording_id: UUID, audio_path: Path, media_type: str | None, at: datetime
) -> RecordingAudio:
    """
    Enroll audio of a recording that was registered without any: from now on outputs are compared with it.

    :raises AudioRefused: the audio is not what it should be
    :raises HasAudio: the recording has audio already
    """
    enrolled = stage_audio(audio_path, media_type)
    try:
        with transaction.atomic(durable=True):
            return deliver_within(id=id, recording_id=recording_id, enrolled=enrolled, at=at)
    except IntegrityError as error:
        keeping.discard_unless_kept(enrolled.facts.digest)
        if violated(error) in {"audio_is_delivered_once", "recording_has_one_audio"}:
            raise HasAudio from error
        raise
    except BaseException:
        keeping.discard_unless_kept(enrolled.facts.digest)
        raise


def deliver_within(*, id: UUID, recording_id: UUID, enrolled: Enrolled, at: datetime) -> RecordingAudio:
    """Enroll audio of a recording in a transaction that the caller has opened; the database refuses a second one."""
    delivery = assets.deliver_audio(id=id, recording_id=recording_id, reference_id=_enroll(id, enrolled, at=at), at=at)
    log.append(
        Entry.Kind.AUDIO_DELIVERED,
        delivery,
        {"recording": str(recording_id), "audio": f"sha256:{enrolled.facts.digest}"},
        at=at,
    )
    return delivery


def hear_references(*, report: Callable[[UUID, str | None], None]) -> None:
    """
    Add what references play where it is missing: they were enrolled before a release that listens for it.

    Each is a transaction of its own, so it can be stopped and begun again. `report` is told of each, with the reason
    where it could not be heard.
    """
    for reference in songs.unheard().select_related("audio").iterator():
        try:
            song = songs.hear(references.facts_of(reference.audio))
        except (store.NoSuchAudio, store.BytesChanged, AudioRefused) as error:
            report(reference.id, str(error) or error.__doc__)
            continue
        try:
            with transaction.atomic(durable=True):
                songs.keep(reference.id, song)
        except IntegrityError as error:
            # Another process heard it meanwhile.
            if violated(error) != "one_melody_per_reference_and_algorithm":
                raise
        report(reference.id, None)


def link_work(*, id: UUID, recording_id: UUID, given: GivenWork, at: datetime) -> RecordingWork:
    """
    Register that one more work is in a recording.

    :raises PortionsBeyondTheWhole: with it, the works are more than all of the recording
    :raises TimesHalfKnown: it has a beginning without an end, or an end without a beginning
    """
    with transaction.atomic(durable=True):
        link = assets.link_work(id=id, recording_id=recording_id, given=given, at=at)
        log.append(
            Entry.Kind.WORK_LINKED, link, {"recording": str(link.recording_id), "work": str(link.work_id)}, at=at
        )
    return link


def register_release(
    *,
    id: UUID,
    title: str,
    icpn: str | None,
    grid: str | None,
    recording_ids: Sequence[UUID],
    registrar_id: UUID | None = None,
    at: datetime,
) -> Release:
    """
    Register what is sold, with its tracks in their order.

    :raises BadCode: a code is not what it should be
    """
    with transaction.atomic(durable=True):
        release = assets.register_release(
            id=id,
            title=title,
            icpn=icpn,
            grid=grid,
            recording_ids=recording_ids,
            registrar_id=registrar_id,
            at=at,
        )
        log.append(Entry.Kind.RELEASE_REGISTERED, release, {"icpn": release.icpn, "grid": release.grid}, at=at)
    return release


def register_voice(*, id: UUID, person_id: UUID, label: str, registrar_id: UUID | None = None, at: datetime) -> Voice:
    """
    Register a voice of a person.

    :raises VoiceOfAPersonOnly: the party is no person
    """
    with transaction.atomic(durable=True):
        voice = assets.register_voice(id=id, person_id=person_id, label=label, registrar_id=registrar_id, at=at)
        log.append(Entry.Kind.VOICE_REGISTERED, voice, {"person": str(voice.person_id)}, at=at)
    return voice


def link_voice(*, id: UUID, recording_id: UUID, voice_id: UUID, component: Component, at: datetime) -> RecordingVoice:
    """Register that a voice is heard in a recording."""
    with transaction.atomic(durable=True):
        link = assets.link_voice(id=id, recording_id=recording_id, voice_id=voice_id, component=component, at=at)
        log.append(
            Entry.Kind.VOICE_LINKED, link, {"recording": str(link.recording_id), "voice": str(link.voice_id)}, at=at
        )
    return link


def register_stem(
    *,
    id: UUID,
    recording_id: UUID,
    title: str,
    component: Component,
    audio_digest: str,
    registrar_id: UUID | None = None,
    at: datetime,
) -> Stem:
    """Register a part of a recording that exists by itself."""
    with transaction.atomic(durable=True):
        stem = assets.register_stem(
            id=id,
            recording_id=recording_id,
            title=title,
            component=component,
            audio_digest=audio_digest,
            registrar_id=registrar_id,
            at=at,
        )
        audio = f"sha256:{stem.audio_digest}" if stem.audio_digest else None
        log.append(Entry.Kind.STEM_REGISTERED, stem, {"recording": str(stem.recording_id), "audio": audio}, at=at)
    return stem


def register_lyrics(
    *, id: UUID, work_id: UUID, language: str, text_digest: str, registrar_id: UUID | None = None, at: datetime
) -> Lyrics:
    """
    Register the text of a work in one language, by its digest.

    :raises NotALanguage: the tag is not well formed
    """
    with transaction.atomic(durable=True):
        lyrics = assets.register_lyrics(
            id=id,
            work_id=work_id,
            language=language,
            text_digest=text_digest,
            registrar_id=registrar_id,
            at=at,
        )
        log.append(
            Entry.Kind.LYRICS_REGISTERED,
            lyrics,
            {"work": str(lyrics.work_id), "text": f"sha256:{lyrics.text_digest}"},
            at=at,
        )
    return lyrics


def register_model(*, id: UUID, provider_id: UUID, name: str, registrar_id: UUID | None = None, at: datetime) -> Model:
    """Register a family of generative models."""
    with transaction.atomic(durable=True):
        model = assets.register_model(id=id, provider_id=provider_id, name=name, registrar_id=registrar_id, at=at)
        log.append(Entry.Kind.MODEL_REGISTERED, model, {"provider": str(model.provider_id)}, at=at)
    return model


def describe_recording(
    *,
    id: UUID,
    recording_id: UUID,
    describer_id: UUID,
    said: Description,
    registrar_id: UUID | None = None,
    at: datetime,
) -> RecordingDescription:
    """
    Register how a holder describes a recording; its earlier description stands no longer.

    :raises NotAHolder: the party neither registered the recording nor holds a share in it
    """
    with transaction.atomic(durable=True):
        return describe_within(
            id=id, recording_id=recording_id, describer_id=describer_id, said=said, registrar_id=registrar_id, at=at
        )


def describe_within(
    *,
    id: UUID,
    recording_id: UUID,
    describer_id: UUID,
    said: Description,
    registrar_id: UUID | None,
    at: datetime,
) -> RecordingDescription:
    """
    Register a description in a transaction that the caller has opened.

    :raises NotAHolder: the party neither registered the recording nor holds a share in it
    """
    row = descriptions.describe(
        id=id, recording_id=recording_id, describer_id=describer_id, said=said, registrar_id=registrar_id, at=at
    )
    log.append(
        Entry.Kind.RECORDING_DESCRIBED,
        row,
        {"recording": str(recording_id), "describer": str(describer_id)},
        at=at,
    )
    return row


def freeze_dataset(
    *,
    id: UUID,
    keeper_id: UUID,
    name: str,
    members: Sequence[GivenMember],
    exclusions: Sequence[GivenExclusion] = (),
    despite: str = "",
    at: datetime,
) -> Dataset:
    """
    Register what a model is trained on, with its members frozen, and what was left out of it.

    ``despite`` says on which ground members are in it against which something stands: the keeper's assertion, that is
    shown as such, and no permission.

    :raises NothingInTheDataset: no member is named
    :raises TooManyMembers: more than an entry of the log vouches for
    :raises ExclusionUnclear: an exclusion is of nothing, has no number, or is a member too
    :raises MembersNotPermitted: something stands against a member, and nothing is said in ``despite``
    """
    if not despite:
        datasets.check(members, keeper_id=keeper_id, at=at)
    with transaction.atomic(durable=True):
        dataset = assets.freeze_dataset(
            id=id, keeper_id=keeper_id, name=name, members=members, exclusions=exclusions, despite=despite, at=at
        )
        log.append(
            Entry.Kind.DATASET_FROZEN,
            dataset,
            {
                "members": dataset.member_count,
                "digest": f"sha256:{dataset.members_digest}",
                "exclusions": len(exclusions),
            },
            at=at,
        )
    return dataset


class StatedMeanwhile(Exception):
    """Somebody stated something about this version at the same moment: read it, and state yours again."""


def state_training(
    *, id: UUID, model_version_id: UUID, stated_by_id: UUID, document: training.Document, at: datetime
) -> TrainingStatement:
    """
    Register what a provider declares about the training of a version; it takes the place of what it declared before.

    :raises StatedMeanwhile: another declaration of the same version was registered at the same moment
    """
    body = canonical.encode(document).decode()
    digest = training.digest_of(body)
    try:
        with transaction.atomic(durable=True):
            number = TrainingStatement.objects.filter(model_version=model_version_id).count() + 1
            statement = TrainingStatement.objects.create(
                id=id,
                model_version_id=model_version_id,
                stated_by_id=stated_by_id,
                number=number,
                document=body,
                digest=digest,
                recorded_at=at,
            )
            log.append(
                Entry.Kind.TRAINING_STATED,
                statement,
                {"model_version": str(model_version_id), "number": number, "statement": f"sha256:{digest}"},
                at=at,
            )
    except IntegrityError as error:
        if violated(error) == "training_statement_has_its_own_number":
            raise StatedMeanwhile from error
        raise
    return statement


def register_model_version(
    *,
    id: UUID,
    model_id: UUID,
    label: str,
    dataset_id: UUID | None,
    license_ids: Iterable[UUID],
    code_digest: str,
    weights_digest: str,
    trained_from: date | None,
    trained_to: date | None,
    has_identity_features: bool,
    at: datetime,
) -> ModelVersion:
    """
    Register a trained version of a model with the licenses that its training rested on.

    :raises TrainingUndated: there is something that it was trained on, and no days on which it was
    :raises NotLicensedThroughout: a license was not in force on the first or the last day; the message names it
    """
    with transaction.atomic(durable=True):
        version = assets.register_model_version(
            id=id,
            model_id=model_id,
            label=label,
            dataset_id=dataset_id,
            license_ids=license_ids,
            code_digest=code_digest,
            weights_digest=weights_digest,
            trained_from=trained_from,
            trained_to=trained_to,
            has_identity_features=has_identity_features,
            at=at,
        )
        log.append(
            Entry.Kind.MODEL_VERSION_REGISTERED,
            version,
            {"model": str(version.model_id), "dataset": str(version.dataset_id) if version.dataset_id else None},
            at=at,
        )
    return version


def retire_model_version(
    *, id: UUID, model_version_id: UUID, effective_on: date, reason: str, at: datetime
) -> ModelVersionRetirement:
    """Register that a version of a model no longer runs."""
    with transaction.atomic(durable=True):
        retirement = assets.retire_model_version(
            id=id, model_version_id=model_version_id, effective_on=effective_on, reason=reason, at=at
        )
        log.append(
            Entry.Kind.MODEL_VERSION_RETIRED,
            retirement,
            {"model_version": str(model_version_id), "effective_on": effective_on.isoformat()},
            at=at,
        )
    return retirement
