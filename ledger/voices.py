"""What voices are recognized by: enrolled under a consent to exactly that, and ended with it. Templates never leave."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from uuid import UUID, uuid5

from django.db import IntegrityError, transaction

from fingerprint import audio
from fingerprint import voices as heard
from fingerprint.voices import CURRENT, VoiceTemplate
from ledger import intake, log
from ledger.constraints import violated
from ledger.models import Entry
from rights import consents, voices
from rights.models import Voice, VoiceEnrollment, VoiceEnrollmentEnd
from rights.vocabulary import EnrollmentEndKind

ENDED_TWICE = "rights_voiceenrollmentend_enrollment_id_key"


class NoSuchEnrollment(Exception):
    """There is no enrollment with this id."""


class EnrollmentEnded(Exception):
    """This enrollment has ended; each ends once."""


class OfAnotherVoice(Exception):
    """An enrollment is replaced by one of the same voice."""


class SameClipTwice(Exception):
    """Two of the clips are the same file: send each once."""


class ConsentMovedOn(Exception):
    """The consent to be recognized changed while the voice was being enrolled: send the clips again."""


@dataclass(frozen=True)
class Clip:
    """A file with a voice in it, as it came in; it is listened to and not kept."""

    path: Path
    media_type: str | None


def enroll(
    *,
    id: UUID,
    voice_id: UUID,
    clips: Sequence[Clip],
    replaces_id: UUID | None = None,
    registrar_id: UUID | None = None,
    at: datetime,
) -> VoiceEnrollment:
    """
    Enroll a voice from clips of it, so that it is recognized in what is examined from now on.

    The clips are not kept: only vectors, sealed under the person's key. Whether the voice in the clips is the person's
    is for whoever sends them to know; nothing here can tell.

    :raises NoSuchVoice: there is none with this id
    :raises NotConsentedToBeRecognized: the person did not say yes to this; the message names what is missing
    :raises NoSuchEnrollment: there is none to replace
    :raises OfAnotherVoice: the one to replace is another voice's
    :raises EnrollmentEnded: the one to replace has ended
    :raises AudioRefused: a clip is not what it should be
    :raises TooManyClips: none, or more than ten
    :raises SameClipTwice: one of them comes twice
    :raises TooLittleVoice: there is not enough voice in them
    :raises Erased: the person's key is gone
    :raises ConsentMovedOn: the consent changed meanwhile
    """
    voice = Voice.objects.filter(pk=voice_id).first()
    if voice is None:
        raise voices.NoSuchVoice
    replaced = _to_replace(replaces_id, voice)
    consent = voices.consent_to(voice, by_id=registrar_id, on=at.date(), known_at=at)
    seen = consents.positions([consent.pk])
    if not 1 <= len(clips) <= heard.MOST_CLIPS:
        raise heard.TooManyClips
    facts = [audio.probe(clip.path, declared_media_type=clip.media_type, limits=intake.limits()) for clip in clips]
    digests = [one.digest for one in facts]
    if len(set(digests)) < len(digests):
        raise SameClipTwice
    found = heard.enroll([(clip.path, one.media_type) for clip, one in zip(clips, facts, strict=True)])  # slow
    template = voices.stage(enrollment_id=id, voice=voice, vectors=found.vectors)
    try:
        with transaction.atomic(durable=True):
            consents.lock_shared([consent.pk])
            if consents.changed_since(seen):
                raise ConsentMovedOn
            enrollment = voices.enroll(
                id=id,
                voice=voice,
                consent=consent,
                algorithm=CURRENT.encoder,
                clip_digests=digests,
                voiced_ms=found.voiced_ms,
                template=template,
                registrar_id=registrar_id,
                at=at,
            )
            log.append(
                Entry.Kind.VOICE_ENROLLED,
                enrollment,
                {
                    "voice": str(voice.pk),
                    "consent": str(consent.pk),
                    "algorithm": enrollment.algorithm,
                    "clips": len(digests),
                },
                at=at,
            )
            if replaced is not None:
                _end(replaced, EnrollmentEndKind.REPLACED, id=uuid5(id, "replaces"), successor=enrollment, at=at)
    except IntegrityError as error:
        if violated(error) == ENDED_TWICE:
            raise EnrollmentEnded from error
        raise
    return enrollment


def end(*, id: UUID, enrollment_id: UUID, at: datetime) -> VoiceEnrollmentEnd:
    """
    End an enrollment because the person wants it so: its template is destroyed at once.

    :raises NoSuchEnrollment: there is none with this id
    :raises EnrollmentEnded: it ended before
    """
    enrollment = VoiceEnrollment.objects.filter(pk=enrollment_id).first()
    if enrollment is None:
        raise NoSuchEnrollment
    try:
        with transaction.atomic(durable=True):
            return _end(enrollment, EnrollmentEndKind.WITHDRAWAL, id=id, at=at)
    except IntegrityError as error:
        if violated(error) == ENDED_TWICE and not VoiceEnrollmentEnd.objects.filter(pk=id).exists():
            raise EnrollmentEnded from error
        raise


def end_lapsed(*, at: datetime) -> int:
    """
    End every enrollment whose consent holds no longer, and destroy its template; return how many.

    Nothing is compared with them from the day on anyhow (`templates`); this makes them go for good.
    """
    ended = 0
    for enrollment in voices.lapsed(on=at.date(), known_at=at):
        try:
            with transaction.atomic(durable=True):
                _end(enrollment, EnrollmentEndKind.WITHDRAWAL, id=uuid5(enrollment.pk, "lapsed"), at=at)
        except IntegrityError as error:
            if violated(error) in {ENDED_TWICE, "rights_voiceenrollmentend_pkey"}:
                continue  # another sweep, or the person, was faster
            raise
        ended += 1
    return ended


def end_erased(party_ids: Sequence[UUID], *, at: datetime) -> int:
    """End the enrollments of people who are being erased, in the transaction of that; return how many."""
    going = voices.of_people(party_ids)
    for enrollment in going:
        _end(enrollment, EnrollmentEndKind.ERASURE, id=uuid5(enrollment.pk, "erased"), at=at)
    return len(going)


def templates(*, at: datetime) -> tuple[VoiceTemplate, ...]:
    """
    Return what a piece of audio may be compared with today: enrollments whose consent holds, opened.

    :raises UnknownEncoder: one is of an encoder that is not in this release, and whoever it is would not be recognized
    """
    found = voices.enrolled(on=at.date(), known_at=at)
    return tuple(VoiceTemplate(one.id, one.algorithm, one.vectors) for one in found)


def _to_replace(id: UUID | None, voice: Voice) -> VoiceEnrollment | None:
    if id is None:
        return None
    found = VoiceEnrollment.objects.filter(pk=id).select_related("end").first()
    if found is None:
        raise NoSuchEnrollment
    if found.voice_id != voice.pk:
        raise OfAnotherVoice
    if hasattr(found, "end"):
        raise EnrollmentEnded
    return found


def _end(
    enrollment: VoiceEnrollment,
    kind: EnrollmentEndKind,
    *,
    id: UUID,
    successor: VoiceEnrollment | None = None,
    at: datetime,
) -> VoiceEnrollmentEnd:
    ended = voices.end(id=id, enrollment=enrollment, kind=kind, successor=successor, at=at)
    log.append(
        Entry.Kind.VOICE_ENROLLMENT_ENDED,
        ended,
        {
            "enrollment": str(enrollment.pk),
            "kind": kind.value,
            "successor": str(successor.pk) if successor is not None else None,
        },
        at=at,
    )
    return ended
