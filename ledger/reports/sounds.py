"""The audio behind a report, and pictures of it: each of one match of one output, for whoever sees the match."""

from __future__ import annotations

from base64 import b64encode
from collections.abc import Callable
from typing import TypeVar
from uuid import UUID

from django.http import Http404, HttpRequest, HttpResponse, JsonResponse
from django.template.loader import render_to_string
from django.views.decorators.http import require_safe

from fingerprint.audio import AudioRefused
from fingerprint.pictures import NothingToDraw
from fingerprint.store import NoSuchAudio
from ledger import report
from ledger.api.access import caller_of
from ledger.clearance import NoSuchSubmission
from ledger.reports import listening, presentation, ranges
from ledger.reports.access import staff_only
from ledger.reports.listening import NoSuchMatch, Pair, Side

Made = TypeVar("Made")

# The same address always gives the same: evidence and audio are never changed.
_KEPT = "private, max-age=86400"


def _dossier(request: HttpRequest, id: UUID) -> report.Dossier:
    try:
        return report.dossier(id, caller_of(request).sight)
    except NoSuchSubmission as error:
        raise Http404 from error


def _pair(request: HttpRequest, id: UUID, position: int) -> Pair:
    try:
        return listening.pair(_dossier(request, id), position)
    except NoSuchMatch as error:
        raise Http404 from error


def _part(request: HttpRequest) -> int:
    """Return which minute of a long match is asked for, from 0."""
    asked = request.GET.get("part", "0")
    if not asked.isascii() or not asked.isdigit() or len(asked) > 4:
        raise Http404
    return int(asked)


def _side(side: str) -> Side:
    found = next((one for one in listening.SIDES if one == side), None)
    if found is None:
        raise Http404
    return found


def _made(make: Callable[[], Made]) -> Made:
    try:
        return make()
    except (NoSuchMatch, AudioRefused, NoSuchAudio, NothingToDraw) as error:
        raise Http404 from error


def _kept(response: HttpResponse) -> HttpResponse:
    response["Cache-Control"] = _KEPT
    return response


def _png(content: bytes) -> HttpResponse:
    return _kept(HttpResponse(content, content_type="image/png"))


@require_safe
@staff_only
def excerpt(request: HttpRequest, id: UUID, position: int, side: str) -> HttpResponse:
    """
    Play one part of one side of a match, ``output`` or ``reference``.

    With ``tuned=1`` the reference sounds as high as the output does.
    """
    pair, part, which = _pair(request, id, position), _part(request), _side(side)
    is_tuned = request.GET.get("tuned") == "1" and which == "reference"
    cents = pair.match.pitch_shift_cents if is_tuned else 0
    content = _made(lambda: listening.excerpt(pair, which, part, cents=cents))
    return _kept(ranges.answer(request, content, content_type="audio/wav"))


@require_safe
@staff_only
def whole(request: HttpRequest, id: UUID) -> HttpResponse:
    """Play one minute of the whole output, to whoever sees all of it."""
    found = _dossier(request, id)
    if not found.is_own:
        raise Http404
    part = _part(request)
    content = _made(lambda: listening.minute(found.submission.audio, part))
    return _kept(ranges.answer(request, content, content_type="audio/wav"))


@require_safe
@staff_only
def ingredient(request: HttpRequest, id: UUID, recording: UUID) -> HttpResponse:
    """Play one minute of a recording that was declared as an ingredient, so that somebody may listen for it."""
    found, part = _dossier(request, id), _part(request)
    content = _made(lambda: listening.minute(listening.ingredient(found, recording), part))
    return _kept(ranges.answer(request, content, content_type="audio/wav"))


@require_safe
@staff_only
def likeness(request: HttpRequest, id: UUID, recording: UUID) -> HttpResponse:
    """Draw where an output and a declared ingredient are alike."""
    found = _dossier(request, id)
    if not found.is_own:
        raise Http404
    return _png(_made(lambda: listening.likeness(found.submission.audio, listening.ingredient(found, recording))))


@require_safe
@staff_only
def outline(request: HttpRequest, id: UUID) -> HttpResponse:
    """Give the waveform of the whole output, to whoever sees all of it."""
    found = _dossier(request, id)
    if not found.is_own:
        raise Http404
    return _kept(JsonResponse(_made(lambda: listening.outline(found.submission.audio))))


@require_safe
@staff_only
def reference_outline(request: HttpRequest, id: UUID, position: int) -> HttpResponse:
    """Give the waveform of the whole recording that a match is of."""
    pair = _pair(request, id, position)
    return _kept(JsonResponse(_made(lambda: listening.outline(pair.source("reference")))))


@require_safe
@staff_only
def part_outline(request: HttpRequest, id: UUID, position: int, side: str) -> HttpResponse:
    """Give the waveform and the loudness of one part of one side of a match."""
    pair, part, which = _pair(request, id, position), _part(request), _side(side)
    return _kept(JsonResponse(_made(lambda: listening.part_outline(pair, which, part))))


@require_safe
@staff_only
def spectrogram(request: HttpRequest, id: UUID, position: int, side: str) -> HttpResponse:
    """Draw the spectrogram of one part of one side of a match."""
    pair, part, which = _pair(request, id, position), _part(request), _side(side)
    return _png(_made(lambda: listening.spectrogram(pair, which, part)))


@require_safe
@staff_only
def similarity(request: HttpRequest, id: UUID, position: int) -> HttpResponse:
    """Draw where both sides of a match are alike."""
    pair = _pair(request, id, position)
    return _png(_made(lambda: listening.similarity(pair)))


@require_safe
@staff_only
def notes(request: HttpRequest, id: UUID, position: int) -> HttpResponse:
    """Draw the notes of both sides of one part of a match over each other."""
    pair, part = _pair(request, id, position), _part(request)
    return _png(_made(lambda: listening.notes(pair, part)))


@require_safe
@staff_only
def melodies(request: HttpRequest, id: UUID, position: int) -> HttpResponse:
    """Give the melodies of both sides of one part of a match."""
    pair, part = _pair(request, id, position), _part(request)
    return _kept(JsonResponse(_made(lambda: listening.melodies(pair, part))))


@require_safe
@staff_only
def picture(request: HttpRequest, id: UUID, position: int) -> HttpResponse:
    """Hand out one drawing of a match to keep beside its evidence: where it is, both spectrograms, and the matrix."""
    found = _dossier(request, id)
    page_row = next((row for row in presentation.rows(found) if row.position == position), None)
    if page_row is None:
        raise Http404
    pair, part = _pair(request, id, position), _part(request)
    _made(lambda: pair.part("output", part))
    makers: dict[str, Callable[[], bytes]] = {
        "output": lambda: listening.spectrogram(pair, "output", part),
        "reference": lambda: listening.spectrogram(pair, "reference", part),
        "similarity": lambda: listening.similarity(pair),
        "notes": lambda: listening.notes(pair, part),
    }
    drawn: dict[str, str] = {}
    for name, make in makers.items():
        try:
            drawn[name] = b64encode(make()).decode()
        except (NoSuchMatch, NothingToDraw):
            continue  # a voice has no other side, and two seconds have no notes
        except (AudioRefused, NoSuchAudio) as error:
            raise Http404 from error
    digest = found.decision.examination.digest if found.decision and found.decision.examination else ""
    context = {"row": page_row, "submission": found.submission, "evidence": digest, "drawn": drawn, "part": part + 1}
    response = HttpResponse(
        render_to_string("ledger/reports/picture.svg", context), content_type="image/svg+xml; charset=utf-8"
    )
    response["Content-Disposition"] = f'attachment; filename="{id}-match-{position + 1}.svg"'
    response["Content-Security-Policy"] = "default-src 'none'; img-src data:; style-src 'unsafe-inline'"
    return _kept(response)
