"""What an outside AI detector says about an output, where somebody installed one; never part of a verdict."""

from __future__ import annotations

from uuid import UUID

from django.conf import settings
from django.utils.module_loading import import_string

from fingerprint import store
from fingerprint.advice import Advice
from rights.models import Submission

NONE_SHIPPED = (
    "No AI detector is shipped: none that can be had publishes how often it takes people for machines. How an output"
    " was made is declared by its submitter, component by component."
)


def of(submission_id: UUID) -> Advice | None:
    """
    Return what the installed detector says, or None where none is installed. It listens each time, and keeps nothing.

    :raises ErrorRateMissing: the detector does not say how often it is wrong
    """
    if not settings.LEDGER_AI_DETECTOR:
        return None
    submission = Submission.objects.select_related("audio").get(pk=submission_id)
    with store.local(submission.audio_id) as path:
        advice: Advice = import_string(settings.LEDGER_AI_DETECTOR)().advise(path, submission.audio.media_type)
    return advice
