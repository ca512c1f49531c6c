"""Binding outputs that were signed before there were soft bindings, so that they are found without their manifests."""

from __future__ import annotations

from datetime import datetime

from django.db import IntegrityError, transaction

from fingerprint import examine, references, store
from ledger import log
from ledger.constraints import violated
from ledger.models import Entry
from provenance import bindings, lookup
from provenance.models import Manifest


def bind_older(*, at: datetime) -> int:
    """
    Take the soft bindings of outputs that have none, and record them; return of how many.

    Their manifests stay as they were delivered and do not state them: each binding has an entry of its own. Outputs
    that sound like nothing (silence, a tone) have none, and are looked at again each time.

    :raises CorruptAudio: an output's audio cannot be decoded, and was not examined by a release that kept it
    """
    unbound = Manifest.objects.filter(decision__soft_bindings=None).order_by("signed_at", "pk")
    return sum(_bind(manifest, at=at) for manifest in unbound.select_related("decision__submission__audio").iterator())


def _bind(manifest: Manifest, *, at: datetime) -> bool:
    audio = manifest.decision.submission.audio
    harmony = examine.harmony(references.facts_of(audio))
    with store.local(audio.digest) as source:
        facts = bindings.of(harmony, source)
    try:
        with transaction.atomic(durable=True):
            for row in lookup.bind(facts, decision_id=manifest.decision_id, is_stated=False, at=at):
                log.append(Entry.Kind.SOFT_BOUND, row, {"algorithm": row.algorithm}, at=at)
    except IntegrityError as error:
        # Two at once: the constraint let one in, and all of it is there.
        if violated(error) in {"one_soft_binding_per_output_and_algorithm", "provenance_softbinding_pkey"}:
            return False
        raise
    return bool(facts)
