"""
What rights are in (AST-1): works, recordings, releases, voices, stems, lyrics, models and datasets. Inserts only.

Which works are in a recording, and which part of it each is, decides what an output that uses it must clear on the
publishing side (AST-2). Which licenses a training run rested on is checked when its version is registered (LIC-2).
"""

from __future__ import annotations

import hashlib
import re
import unicodedata
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from fractions import Fraction
from uuid import UUID, uuid5

from django.db import connection

from rights import standing
from rights.identifiers import Scheme, read
from rights.identifiers import isrc as canonical_isrc
from rights.identifiers import iswc as canonical_iswc
from rights.models import (
    Dataset,
    DatasetExclusion,
    DatasetMember,
    License,
    Lyrics,
    Model,
    ModelVersion,
    ModelVersionRetirement,
    Party,
    Recording,
    RecordingAudio,
    RecordingVoice,
    RecordingWork,
    Release,
    ReleaseRecording,
    Stem,
    TrainingLicense,
    Voice,
    Work,
)
from rights.registry import LINKS, AssetRef
from rights.standing import Happening, Stance
from rights.vocabulary import Component, ExclusionReason, PartyKind

MOST_MEMBERS = 20_000  # of a dataset: its entry in the log reads them all


class PortionsBeyondTheWhole(Exception):
    """The portions of the works in one recording add up to more than the recording."""


class TimesHalfKnown(Exception):
    """A work is heard from a time to a time: name both, or neither."""


class VoiceOfAPersonOnly(Exception):
    """A voice belongs to one natural person: name a party that is a person."""


class NotALanguage(Exception):
    """A language is a tag of BCP 47, such as en, pt-BR or zh-Hant."""


class NothingInTheDataset(Exception):
    """A dataset has at least one member."""


class TooManyMembers(Exception):
    """A dataset has at most 20,000 members: split it, or train on several."""


class ExclusionUnclear(Exception):
    """What is left out is one asset, or a number of others in words; and it is no member of the same dataset."""


class TrainingUndated(Exception):
    """Training on a dataset or under licenses has a first and a last day: name both, the first one first."""


class NotLicensedThroughout(Exception):
    """A license that training rests on must be in force on its first day and on its last."""


@dataclass(frozen=True)
class GivenWork:
    """A work in a recording: which portion it is, and from when to when it is heard, as far as that is known."""

    work_id: UUID
    portion: Fraction | None = None
    start_ms: int | None = None
    end_ms: int | None = None


@dataclass(frozen=True)
class GivenMember:
    """A member of a dataset, and the license under which it came in."""

    asset: AssetRef
    license_id: UUID | None = None


@dataclass(frozen=True)
class GivenExclusion:
    """What is left out of a dataset, and why: an asset, or a number of what is registered nowhere, in words."""

    reason: ExclusionReason
    asset: AssetRef | None = None
    quantity: int = 1
    note: str = ""
    reservation_id: UUID | None = None
    event_id: UUID | None = None  # the withdrawal


def register_work(*, id: UUID, title: str, iswc: str | None, registrar_id: UUID | None = None, at: datetime) -> Work:
    """
    Insert a work.

    :raises BadIswc: the code is not one
    """
    return Work.objects.create(
        id=id,
        title=title,
        iswc=canonical_iswc(iswc) if iswc else None,
        registered_at=at,
        registrar_id=registrar_id,
    )


def register_recording(
    *,
    id: UUID,
    title: str,
    isrc: str | None,
    works: Sequence[GivenWork],
    reference_id: UUID | None,
    registrar_id: UUID | None = None,
    at: datetime,
) -> Recording:
    """
    Insert a recording with the works that are in it; its reference audio is enrolled before.

    :raises BadIsrc: the code is not one
    :raises PortionsBeyondTheWhole: its works are more than all of it
    :raises TimesHalfKnown: a work has a beginning without an end, or an end without a beginning
    """
    _keep_within_whole(portion for portion in (given.portion for given in works) if portion is not None)
    recording = Recording.objects.create(
        id=id,
        title=title,
        isrc=canonical_isrc(isrc) if isrc else None,
        reference_id=reference_id,
        registered_at=at,
        registrar_id=registrar_id,
    )
    for given in works:
        _link(link_id(id, given.work_id), id, given, at)
    return recording


def link_id(recording_id: UUID, work_id: UUID) -> UUID:
    """Return the id of the fact that a work is in a recording, where it was registered with the recording."""
    return uuid5(LINKS, f"{recording_id}/{work_id}")


def deliver_audio(*, id: UUID, recording_id: UUID, reference_id: UUID, at: datetime) -> RecordingAudio:
    """Insert that audio of a recording was delivered. That it has some already is for the database to say."""
    return RecordingAudio.objects.create(id=id, recording_id=recording_id, reference_id=reference_id, recorded_at=at)


def link_work(*, id: UUID, recording_id: UUID, given: GivenWork, at: datetime) -> RecordingWork:
    """
    Insert that one more work is in a recording. That it was there already is for the database to say.

    :raises PortionsBeyondTheWhole: with it, the works are more than all of the recording
    :raises TimesHalfKnown: it has a beginning without an end, or an end without a beginning
    """
    with connection.cursor() as cursor:  # two who link at once would each see room for their own
        cursor.execute("SELECT pg_advisory_xact_lock(hashtextextended(%s, 0))", [f"works of recording {recording_id}"])
    # Of this very work there may be a link already: that is refused by its own name.
    others = RecordingWork.objects.filter(recording=recording_id).exclude(work=given.work_id)
    links = others.filter(portion_numerator__isnull=False)
    portions = [
        Fraction(over, under)
        for over, under in links.values_list("portion_numerator", "portion_denominator")
        if over and under
    ]
    _keep_within_whole([*portions, *([given.portion] if given.portion is not None else [])])
    return _link(id, recording_id, given, at)


def _keep_within_whole(portions: Iterable[Fraction]) -> None:
    total = sum(portions, Fraction(0))
    if total > 1:
        raise PortionsBeyondTheWhole(
            f"the portions of the works add up to {total} of the recording: together they are at most 1"
        )


def _link(id: UUID, recording_id: UUID, given: GivenWork, at: datetime) -> RecordingWork:
    # To the database a comparison with nothing is no violation, so its constraint lets half a range pass.
    if (given.start_ms is None) != (given.end_ms is None):
        raise TimesHalfKnown
    return RecordingWork.objects.create(
        id=id,
        recording_id=recording_id,
        work_id=given.work_id,
        portion_numerator=given.portion.numerator if given.portion is not None else None,
        portion_denominator=given.portion.denominator if given.portion is not None else None,
        start_ms=given.start_ms,
        end_ms=given.end_ms,
        recorded_at=at,
    )


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
    Insert a release with its tracks, in their order.

    :raises BadCode: a code is not what it should be
    """
    release = Release.objects.create(
        id=id,
        title=title,
        icpn=read(Scheme.GTIN, icpn).value if icpn else None,
        grid=read(Scheme.GRID, grid).value if grid else None,
        registered_at=at,
        registrar_id=registrar_id,
    )
    for position, recording_id in enumerate(recording_ids, start=1):
        ReleaseRecording.objects.create(
            id=uuid5(LINKS, f"{id}/{position}"), release=release, recording_id=recording_id, position=position
        )
    return release


def register_voice(*, id: UUID, person_id: UUID, label: str, registrar_id: UUID | None = None, at: datetime) -> Voice:
    """
    Insert a voice of a person.

    :raises VoiceOfAPersonOnly: the party is a company, a society or an estate
    """
    kind = Party.objects.filter(pk=person_id).values_list("kind", flat=True).first()
    if kind not in {None, PartyKind.PERSON}:  # that there is no such party is for the foreign key to say
        raise VoiceOfAPersonOnly
    return Voice.objects.create(id=id, person_id=person_id, label=label, registered_at=at, registrar_id=registrar_id)


def link_voice(*, id: UUID, recording_id: UUID, voice_id: UUID, component: Component, at: datetime) -> RecordingVoice:
    """Insert that a voice is heard in a recording. That it was there already is for the database to say."""
    return RecordingVoice.objects.create(
        id=id, recording_id=recording_id, voice_id=voice_id, component=component, recorded_at=at
    )


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
    """Insert a stem of a recording; ``audio_digest`` is empty where its bytes are not known."""
    return Stem.objects.create(
        id=id,
        recording_id=recording_id,
        title=title,
        component=component,
        audio_digest=audio_digest,
        registered_at=at,
        registrar_id=registrar_id,
    )


def digest_of_text(text: str) -> str:
    """Return what is kept of lyrics: the SHA-256 of the text in UTF-8, NFC, with single line feeds."""
    plain = unicodedata.normalize("NFC", text.replace("\r\n", "\n").replace("\r", "\n"))
    return hashlib.sha256(plain.encode()).hexdigest()


def register_lyrics(
    *, id: UUID, work_id: UUID, language: str, text_digest: str, registrar_id: UUID | None = None, at: datetime
) -> Lyrics:
    """
    Insert the text of a work in one language, by its digest.

    :raises NotALanguage: the tag is not well formed
    """
    if not re.fullmatch(r"[A-Za-z]{2,8}(-[A-Za-z0-9]{1,8}){0,5}", language):
        raise NotALanguage(f"{language!r} is not a language: write a tag such as en or pt-BR")
    return Lyrics.objects.create(
        id=id,
        work_id=work_id,
        language=language,
        text_digest=text_digest,
        registered_at=at,
        registrar_id=registrar_id,
    )


def register_model(*, id: UUID, provider_id: UUID, name: str, registrar_id: UUID | None = None, at: datetime) -> Model:
    """Insert a family of models."""
    return Model.objects.create(id=id, provider_id=provider_id, name=name, registered_at=at, registrar_id=registrar_id)


def digest_of_members(asset_ids: Iterable[UUID]) -> str:
    """Return what names a dataset's content: the SHA-256 over the ids of its members, sorted, one per line."""
    return hashlib.sha256("".join(f"{id}\n" for id in sorted(str(id) for id in asset_ids)).encode()).hexdigest()


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
    Insert a dataset with its members and with what was left out; it has these and no others for ever.

    That nothing stands against a member is not checked here: see ``rights.datasets``.

    :raises NothingInTheDataset: no member is named
    :raises TooManyMembers: more than an entry of the log vouches for
    :raises ExclusionUnclear: an exclusion is of nothing, has no number, or is a member too
    """
    if not members:
        raise NothingInTheDataset
    if len(members) > MOST_MEMBERS or len(exclusions) > MOST_MEMBERS:
        raise TooManyMembers
    within = {member.asset.id for member in members}
    for one in exclusions:
        if one.asset is None and (not one.note or one.quantity < 1):
            raise ExclusionUnclear("say in words what was left out where it is no registered asset, and how many")
        if one.asset is not None and one.quantity != 1:
            raise ExclusionUnclear(f"asset {one.asset.id} is one: it has no other number")
        if one.asset is not None and one.asset.id in within:
            raise ExclusionUnclear(f"asset {one.asset.id} is a member of the dataset, and left out of it")
    dataset = Dataset.objects.create(
        id=id,
        keeper_id=keeper_id,
        name=name,
        members_digest=digest_of_members(member.asset.id for member in members),
        member_count=len(members),
        despite=despite,
        frozen_at=at,
    )
    DatasetMember.objects.bulk_create(
        [
            DatasetMember(
                id=uuid5(LINKS, f"{id}/{member.asset.id}"),
                dataset=dataset,
                license_id=member.license_id,
                **member.asset.columns,
            )
            for member in members
        ],
        batch_size=1000,
    )
    DatasetExclusion.objects.bulk_create(
        [
            DatasetExclusion(
                id=uuid5(LINKS, f"{id}/left out/{one.asset.id if one.asset else number}"),
                dataset=dataset,
                quantity=one.quantity,
                reason=one.reason.value,
                note=one.note,
                reservation_id=one.reservation_id,
                event_id=one.event_id,
                **(one.asset.columns if one.asset else {}),
            )
            for number, one in enumerate(exclusions)
        ],
        batch_size=1000,
    )
    return dataset


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
    Insert a trained version of a model; ``trained_to`` is the last day of training.

    It rests on the licenses that are named and on those under which the members of its dataset came in (LIC-2).

    :raises TrainingUndated: there is something that it was trained on, and no days on which it was
    :raises NotLicensedThroughout: a license was not in force on the first or the last day; the message names it
    """
    rests_on = set(license_ids) | licenses_of_dataset(dataset_id)
    licenses = list(License.objects.filter(pk__in=rests_on).prefetch_related("events").order_by("id"))
    if trained_from is None or trained_to is None:
        if rests_on or dataset_id or trained_from or trained_to:
            raise TrainingUndated
    elif trained_to < trained_from:
        raise TrainingUndated(f"training ends on {trained_to}, before it begins on {trained_from}")
    elif lapses := [said for license_ in licenses for said in _lapses(license_, trained_from, trained_to)]:
        raise NotLicensedThroughout("; ".join(lapses))
    version = ModelVersion.objects.create(
        id=id,
        model_id=model_id,
        label=label,
        dataset_id=dataset_id,
        code_digest=code_digest,
        weights_digest=weights_digest,
        trained_from=trained_from,
        trained_to=trained_to,
        has_identity_features=has_identity_features,
        registered_at=at,
    )
    for license_id in sorted(rests_on, key=str):
        TrainingLicense.objects.create(
            id=uuid5(LINKS, f"{id}/{license_id}"), model_version=version, license_id=license_id
        )
    return version


def licenses_of_dataset(dataset_id: UUID | None) -> set[UUID]:
    """Return the licenses under which the members of a dataset came in; none where there is no dataset."""
    if dataset_id is None:  # a join on no dataset would find every license without one
        return set()
    return set(License.objects.filter(dataset_members__dataset=dataset_id).distinct().values_list("id", flat=True))


def _lapses(license_: License, first: date, last: date) -> list[str]:
    course = sorted(license_.events.all(), key=lambda event: event.position)
    spans = standing.of_license(
        license_.territories,
        license_.active_from,
        license_.active_to,
        [Happening(event.act, event.effective_on) for event in course],
    )
    return [
        f"license {license_.id} is not in force on {day}, when training {what}"
        for day, what in ((first, "begins"), (last, "ends"))
        if not any(stance is Stance.ALLOW and span.holds_on(day) for stance, span in spans)
    ]


def retire_model_version(
    *, id: UUID, model_version_id: UUID, effective_on: date, reason: str, at: datetime
) -> ModelVersionRetirement:
    """Insert that a version no longer runs. That it was retired before is for the database to say."""
    return ModelVersionRetirement.objects.create(
        id=id, model_version_id=model_version_id, effective_on=effective_on, reason=reason, recorded_at=at
    )
