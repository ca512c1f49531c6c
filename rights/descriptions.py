"""Descriptions of recordings: inserts, and what stands of them as known at a moment, read in pieces."""

from __future__ import annotations

import itertools
from collections import defaultdict
from collections.abc import Iterable, Iterator, Sequence
from datetime import datetime
from uuid import UUID

from django.db.models import Q

from rights.coverage import Unit
from rights.describing import Description
from rights.models import Lyrics, Recording, RecordingAudio, RecordingDescription, RecordingWork, Share
from rights.vocabulary import LeadVoice

CHUNK = 2_000  # recordings a round trip


class NotAHolder(Exception):
    """A recording is described by whoever registered it or holds a share in it: name such a party."""


def said_by(row: RecordingDescription) -> Description:
    """Return what a description says."""
    return Description(
        genres=tuple(row.genres),
        languages=tuple(row.languages),
        regions=tuple(row.regions),
        recorded_year=row.recorded_year,
        lead_voice=LeadVoice(row.lead_voice) if row.lead_voice else None,
    )


def describe(
    *,
    id: UUID,
    recording_id: UUID,
    describer_id: UUID,
    said: Description,
    registrar_id: UUID | None = None,
    at: datetime,
) -> RecordingDescription:
    """
    Insert how a party describes a recording; what it said before stands no longer.

    :raises NotAHolder: the party neither registered the recording nor holds a share in it
    """
    if not is_holder(recording_id, describer_id):
        raise NotAHolder
    return RecordingDescription.objects.create(
        id=id,
        recording_id=recording_id,
        describer_id=describer_id,
        genres=list(said.genres),
        languages=list(said.languages),
        regions=list(said.regions),
        recorded_year=said.recorded_year,
        lead_voice=said.lead_voice.value if said.lead_voice else "",
        registrar_id=registrar_id,
        recorded_at=at,
    )


def is_holder(recording_id: UUID, party_id: UUID) -> bool:
    """Whether a party registered a recording, or holds a share in it."""
    return (
        Recording.objects.filter(pk=recording_id, registrar=party_id).exists()
        or Share.objects.filter(recording=recording_id, party=party_id).exists()
    )


def said_in(row: RecordingDescription) -> Description:
    """Return what a row says."""
    return Description(
        genres=tuple(row.genres),
        languages=tuple(row.languages),
        regions=tuple(row.regions),
        recorded_year=row.recorded_year,
        lead_voice=LeadVoice(row.lead_voice) if row.lead_voice else None,
    )


def units(recording_ids: Iterable[UUID], *, known_at: datetime) -> Iterator[Unit]:
    """Yield recordings with what stands about them, in the order given; memory does not grow with their number."""
    iterator = iter(recording_ids)
    while chunk := list(itertools.islice(iterator, CHUNK)):
        yield from _units(chunk, known_at)


def _units(ids: Sequence[UUID], known_at: datetime) -> Iterator[Unit]:
    descriptions: dict[UUID, list[Description]] = defaultdict(list)
    newest = RecordingDescription.objects.filter(recording__in=ids, recorded_at__lte=known_at)
    newest = newest.order_by("recording", "describer", "-recorded_at", "id").distinct("recording", "describer")
    for row in newest:
        if not (said := said_in(row)).is_empty:  # taken back
            descriptions[row.recording_id].append(said)
    words: dict[UUID, list[str]] = defaultdict(list)
    sung = RecordingWork.objects.filter(recording__in=ids, recorded_at__lte=known_at)
    for recording_id, language in sung.filter(work__lyrics__registered_at__lte=known_at).values_list(
        "recording", "work__lyrics__language"
    ):
        words[recording_id].append(language)
    rows = Recording.objects.filter(pk__in=ids, reference__isnull=False)
    durations = dict(rows.values_list("pk", "reference__audio__duration_ms"))
    delivered = RecordingAudio.objects.filter(recording__in=ids, recorded_at__lte=known_at)
    delivered = delivered.order_by("recorded_at", "pk")  # the last one counts, whoever asks
    durations |= dict(delivered.values_list("recording", "reference__audio__duration_ms"))
    for id in ids:
        yield Unit(id, durations.get(id), tuple(descriptions.get(id, ())), tuple(words.get(id, ())))


def texts(work_ids: Iterable[UUID], lyrics_ids: Iterable[UUID], *, known_at: datetime) -> Iterator[Unit]:
    """Yield works and lyrics that are there without a recording: of them the language is known, or nothing."""
    languages: dict[UUID, list[str]] = {id: [] for id in work_ids}
    alone = set(lyrics_ids)
    wanted = Lyrics.objects.filter(Q(work__in=list(languages)) | Q(pk__in=alone), registered_at__lte=known_at)
    found: dict[UUID, list[str]] = {id: [] for id in alone}
    for id, work_id, language in wanted.values_list("pk", "work", "language"):
        if id in alone:
            found[id].append(language)
        if work_id in languages:
            languages[work_id].append(language)
    for id, some in itertools.chain(languages.items(), found.items()):
        yield Unit(id, lyrics=tuple(some), is_recording=False)
