"""
What voices are recognized by: enrollments, the consent that each rests on, and templates under the person's key.

A template that tells one person from all others is biometric data (GDPR art. 9). So an enrollment needs the yes of the
person whose voice it is, to exactly this: ``identify``, of this voice, in force on the day, to anybody or to whoever
enrolls. To have a model trained (``voice.train``) or the voice generated is another matter, and no yes to being
recognized. What nobody said is no. An enrollment lasts as long as the consent that it was made under: one that took its
place is another, and the voice is enrolled anew.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from uuid import UUID

import numpy as np
from numpy.typing import NDArray

from fingerprint.voices import COMPARISONS, UnknownEncoder
from rights import parties, sealing, terms
from rights.case import ConsentTerm
from rights.merges import survivor
from rights.models import Consent, Voice, VoiceEnrollment, VoiceEnrollmentEnd, VoiceTemplate
from rights.parties import Erased
from rights.vocabulary import ApprovalMode, EnrollmentEndKind, Use

AUTHORIZES = Use.IDENTIFY
_BYTES = 2  # half precision
_MOST_VECTORS = 64


class NoSuchVoice(Exception):
    """There is no voice with this id."""


class NotConsentedToBeRecognized(Exception):
    """The person has not consented to be recognized by this voice: ask for the use `identify` of it first."""


@dataclass(frozen=True)
class Enrolled:
    """What an examination needs of an enrollment: its vectors; and whose voice it is."""

    id: UUID
    voice_id: UUID
    algorithm: str
    vectors: NDArray[np.float32]


@dataclass(frozen=True)
class StagedTemplate:
    """A template about to be kept, sealed already."""

    enrollment_id: UUID
    sealed: bytes

    @property
    def digest(self) -> str:
        """The SHA-256 of what is stored: it says nothing about the voice."""
        return hashlib.sha256(self.sealed).hexdigest()


# --- May a voice be recognized? ------------------------------------------------------------------------------------


def consent_to(voice: Voice, *, by_id: UUID | None, on: date, known_at: datetime) -> Consent:
    """
    Return the consent under which a voice may be recognized on a day; ``by_id`` is who enrolls it, None the operator.

    :raises NotConsentedToBeRecognized: there is none; the message names what is missing
    """
    person = survivor(voice.person_id, known_at=known_at)
    reserved = terms.reservations_of(voice.pk, person, on=on, known_at=known_at)
    standing = {one.id for one in reserved if AUTHORIZES in one.uses and one.asset_id in {None, voice.pk}}
    found = [term for term in _consents(voice, on=on, known_at=known_at) if AUTHORIZES in term.uses]
    asker = survivor(by_id, known_at=known_at) if by_id is not None else None
    reasons: list[str] = []
    for term in found:
        reason = _against(term, asker=asker, on=on, known_at=known_at)
        if reason is None and standing - term.overrides:
            reason = f"does not name the reservation {min(map(str, standing - term.overrides))}, which says no"
        if reason is None:
            return Consent.objects.get(pk=term.id)
        reasons.append(f"consent {term.id} {reason}")
    if reasons:
        raise NotConsentedToBeRecognized("; ".join(reasons) + ": ask the person again for the use `identify`")
    raise NotConsentedToBeRecognized


def _consents(voice: Voice, *, on: date, known_at: datetime) -> Iterable[ConsentTerm]:
    """Yield what the person of a voice said about it, whatever has become of that."""
    person = survivor(voice.person_id, known_at=known_at)
    for term in terms.consents_of(voice.pk, person, on=on, known_at=known_at):
        of_future = term.assets_from is not None and voice.registered_at >= term.assets_from
        if term.asset_id == voice.pk or (term.asset_id is None and of_future):
            yield term


def _against(term: ConsentTerm, *, asker: UUID | None, on: date, known_at: datetime) -> str | None:
    """Return what speaks against a consent on a day, or None."""
    if term.withdrawn_on is not None and term.withdrawn_on <= on:
        return f"was withdrawn for {term.withdrawn_on} on"
    if on < term.active_from:
        return f"begins on {term.active_from}"
    if term.active_to is not None and term.active_to <= on:
        return f"ended before {term.active_to}"
    if term.approval_mode != ApprovalMode.BLANKET:
        return "asks to be approved each time, which recognition cannot be"
    if term.model_id is not None or term.model_version_id is not None:
        return "is for one model"
    if term.licensee_id is not None and term.licensee_id != asker:
        return "is for somebody else"
    roles = terms.roles_of(asker, on=on, known_at=known_at) if asker is not None else frozenset()
    if term.licensee_role and term.licensee_role not in roles:
        return f"is for whoever is in the role {term.licensee_role!r}"
    return None


# --- Enrolling and ending ------------------------------------------------------------------------------------------


def stage(*, enrollment_id: UUID, voice: Voice, vectors: NDArray[np.float32]) -> StagedTemplate:
    """
    Seal vectors under the key of the voice's person. A key service outside may be slow: not in a transaction.

    :raises Erased: the person's key is gone
    :raises NotSealedYet: the person has no key so far
    """
    place = sealing.place(table=VoiceTemplate._meta.db_table, column="sealed", id=enrollment_id)
    plaintext = np.ascontiguousarray(vectors, dtype="<f2").tobytes()
    return StagedTemplate(enrollment_id, parties.seal_bytes_for(voice.person_id, plaintext, context=place))


def enroll(
    *,
    id: UUID,
    voice: Voice,
    consent: Consent,
    algorithm: str,
    clip_digests: Sequence[str],
    voiced_ms: int,
    template: StagedTemplate,
    registrar_id: UUID | None,
    at: datetime,
) -> VoiceEnrollment:
    """
    Insert that a voice can be recognized, with its template.

    Whether the consent allows it was asked before, with `consent_to`; the caller holds its course still.

    :raises Erased: the person was erased while the template was sealed
    """
    parties.alone_with(voice.person_id)
    if not parties.has_key(voice.person_id):
        raise Erased
    enrollment = VoiceEnrollment.objects.create(
        id=id,
        voice=voice,
        consent=consent,
        algorithm=algorithm,
        clip_digests=list(clip_digests),
        voiced_ms=voiced_ms,
        sealed_digest=template.digest,
        registrar_id=registrar_id,
        enrolled_at=at,
    )
    VoiceTemplate.objects.create(enrollment=enrollment, sealed=template.sealed)
    return enrollment


def end(
    *,
    id: UUID,
    enrollment: VoiceEnrollment,
    kind: EnrollmentEndKind,
    successor: VoiceEnrollment | None = None,
    at: datetime,
) -> VoiceEnrollmentEnd:
    """Insert that an enrollment ended, and destroy its template. A second end is refused by the database."""
    ended = VoiceEnrollmentEnd.objects.create(
        id=id, enrollment=enrollment, kind=kind, successor=successor, recorded_at=at
    )
    VoiceTemplate.objects.filter(enrollment=enrollment).delete()
    return ended


def destroy_leftovers() -> int:
    """Destroy templates of enrollments that ended, where a backup brought them back; return how many."""
    return VoiceTemplate.objects.filter(enrollment__end__isnull=False).delete()[0]


def of_people(party_ids: Sequence[UUID]) -> list[VoiceEnrollment]:
    """Return the enrollments of these people's voices that have not ended, in the order of their ids."""
    rows = VoiceEnrollment.objects.filter(voice__person__in=party_ids, end__isnull=True)
    return list(rows.select_related("voice").order_by("id"))


def lapsed(*, on: date, known_at: datetime) -> list[VoiceEnrollment]:
    """Return the enrollments that have not ended though their consent holds no longer on a day."""
    rows = list(VoiceEnrollment.objects.filter(end__isnull=True).order_by("id"))
    holding = _holding(rows, on=on, known_at=known_at)
    return [row for row in rows if row.consent_id not in holding]


def _holding(rows: Sequence[VoiceEnrollment], *, on: date, known_at: datetime) -> set[UUID]:
    """Return which of the consents that enrollments rest on still allow it on a day."""
    # What a consent is of cannot change, and was asked when the voice was enrolled; whether it lasts can.
    found = terms.consents_by_id((row.consent_id for row in rows), on=on, known_at=known_at)
    return {id for id, given in found.items() if any(_lasts(term, on) for term in given)}


def _lasts(term: ConsentTerm, on: date) -> bool:
    return (
        AUTHORIZES in term.uses
        and term.active_from <= on
        and (term.active_to is None or on < term.active_to)
        and (term.withdrawn_on is None or on < term.withdrawn_on)
    )


# --- What an examination compares with -----------------------------------------------------------------------------


def enrolled(*, on: date, known_at: datetime) -> list[Enrolled]:
    """
    Return the templates that may be compared with on a day, in the order of their ids.

    One whose consent holds no longer is left out at once, also before the sweep has ended it; so is one that does not
    open any more.

    :raises Unreadable: a template was changed, or lies in another's place
    :raises UnknownEncoder: one is of an encoder that is not in this release, and whoever it is would not be recognized
    """
    rows = list(
        VoiceEnrollment.objects.filter(end__isnull=True, enrolled_at__lte=known_at, template__isnull=False)
        .select_related("voice__person__identity", "template")
        .order_by("id")
    )
    holding = _holding(rows, on=on, known_at=known_at)
    opened = ((row, _opened(row)) for row in rows if row.consent_id in holding)
    return [Enrolled(row.pk, row.voice_id, row.algorithm, vectors) for row, vectors in opened if vectors is not None]


def _opened(enrollment: VoiceEnrollment) -> NDArray[np.float32] | None:
    identity = getattr(enrollment.voice.person, "identity", None)
    if identity is None or identity.wrapped is None:
        return None
    if enrollment.algorithm not in COMPARISONS:
        raise UnknownEncoder(f"{UnknownEncoder.__doc__} (Enrollment {enrollment.pk}: {enrollment.algorithm})")
    numbers = COMPARISONS[enrollment.algorithm].dimensions
    place = sealing.place(table=VoiceTemplate._meta.db_table, column="sealed", id=enrollment.pk)
    plaintext = sealing.open_sealed(identity.key, bytes(enrollment.template.sealed), context=place)
    if not plaintext or len(plaintext) % (numbers * _BYTES) or len(plaintext) > _MOST_VECTORS * numbers * _BYTES:
        raise sealing.Unreadable
    vectors = np.frombuffer(plaintext, dtype="<f2").reshape(-1, numbers).astype(np.float32)
    if not np.isfinite(vectors).all():
        raise sealing.Unreadable
    return vectors
