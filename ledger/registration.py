"""Registering works, recordings and shares: each with its entry, or not at all."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime
from fractions import Fraction
from pathlib import Path
from uuid import UUID, uuid5

from django.db import transaction

from fingerprint import audio, examine, references, store
from fingerprint.audio import AudioFacts
from ledger import intake, keeping, log
from ledger.models import Entry
from rights import registry
from rights.models import Recording, Share, Work
from rights.vocabulary import RightType


def register_work(*, id: UUID, title: str, iswc: str | None, at: datetime) -> Work:
    """
    Register a composition.

    :raises BadIswc: the code is not one
    """
    with transaction.atomic(durable=True):
        work = registry.register_work(id=id, title=title, iswc=iswc, at=at)
        log.append(Entry.Kind.WORK_REGISTERED, work, {"iswc": work.iswc}, at=at)
    return work


def register_recording(
    *,
    id: UUID,
    title: str,
    isrc: str | None,
    work_ids: Sequence[UUID],
    audio_path: Path | None,
    media_type: str | None,
    at: datetime,
) -> Recording:
    """
    Register a recording; with its audio it becomes part of what outputs are compared with.

    :raises AudioRefused: the audio is not what it should be
    :raises BadIsrc: the code is not one
    """
    if audio_path is None:
        return _register(id, title, isrc, work_ids, at=at)
    facts = audio.probe(audio_path, declared_media_type=media_type, limits=intake.limits())
    store.put(audio_path)
    try:
        enrolled = Enrolled(audio_path, facts, examine.fingerprint(facts))  # slow; before the transaction
        return _register(id, title, isrc, work_ids, enrolled, at=at)
    except BaseException:
        keeping.discard_unless_kept(facts.digest)  # a refused recording leaves nothing behind
        raise


@dataclass(frozen=True)
class Enrolled:
    """Audio that is about to become a reference."""

    path: Path
    facts: AudioFacts
    fingerprint: bytes


def _register(
    id: UUID,
    title: str,
    isrc: str | None,
    work_ids: Sequence[UUID],
    enrolled: Enrolled | None = None,
    *,
    at: datetime,
) -> Recording:
    with transaction.atomic(durable=True):
        reference_id = None
        if enrolled is not None:
            reference_id = uuid5(id, "reference")
            keeping.hold(enrolled.path, enrolled.facts.digest)
            references.enroll(reference_id=reference_id, facts=enrolled.facts, fingerprint=enrolled.fingerprint, at=at)
        recording = registry.register_recording(
            id=id, title=title, isrc=isrc, work_ids=work_ids, reference_id=reference_id, at=at
        )
        log.append(
            Entry.Kind.RECORDING_REGISTERED,
            recording,
            {"isrc": recording.isrc, "audio": f"sha256:{enrolled.facts.digest}" if enrolled else None},
            at=at,
        )
    return recording


def register_share(
    *,
    id: UUID,
    asset: registry.AssetRef,
    party_id: UUID,
    right_type: RightType,
    part: Fraction,
    territories: Sequence[str],
    active_from: date,
    active_to: date | None,
    at: datetime,
) -> Share:
    """
    Register who holds which part of a right.

    :raises NotAPart: the fraction is not in (0, 1]
    :raises NoSuchTerritory: a code is not in the tables
    """
    with transaction.atomic(durable=True):
        share = registry.register_share(
            id=id,
            asset=asset,
            party_id=party_id,
            right_type=right_type,
            part=part,
            territories=territories,
            active_from=active_from,
            active_to=active_to,
            at=at,
        )
        log.append(
            Entry.Kind.SHARE_REGISTERED,
            share,
            {"part": f"{share.numerator}/{share.denominator}", "right_type": share.right_type},
            at=at,
        )
    return share
