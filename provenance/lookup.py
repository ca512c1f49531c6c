"""From a soft binding, or from a piece of audio, to the outputs that it may come from."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID, uuid5

import numpy as np
from pgvector.django import HammingDistance

from fingerprint import extract, index, matching
from fingerprint.extract import Items
from fingerprint.postings import Family, runs
from provenance import bindings
from provenance.bindings import CHROMAPRINT, CODE_BITS, ISCC, SoftBindingFact, UnknownAlgorithm
from provenance.models import OutputFingerprint, SoftBinding

# References and outputs are different things: what is registered is never answered to the public.
OUTPUTS = Family(f"outputs/{extract.FAMILY}", lambda data: runs(index.items_of(data)), has_items=True)

MOST_RESULTS = 50
MOST_ITEMS = 3_000  # that are looked up: six minutes, which bounds how long a search takes
LEAST_COVERED_PERCENT = 50  # of what was asked about: what is half something else comes from elsewhere
LEAST_MATCHED_MS = 5_000
# Bits of 256 in which two Audio-Codes may differ and still be of one recording. On the half of the songs where this was
# chosen, copies of one lie at most 6 apart and different songs at least 50 (`benchmarks.stripped` prints both halves).
MOST_CODE_BITS = 16


@dataclass(frozen=True, slots=True)
class Candidate:
    """An output that something may come from."""

    decision_id: UUID
    score: int  # 0 to 100
    matched_ms: int | None = None  # of the audio that was asked about; None where a value was
    tempo_millionths: int | None = None  # of it, against the output


def keep_index() -> None:
    """Say what the index of outputs is made of."""
    index.keep(OUTPUTS, index.Source(OutputFingerprint.objects.all, "decision_id", "bound_at", "items"))


def bind(facts: Sequence[SoftBindingFact], *, decision_id: UUID, is_stated: bool, at: datetime) -> list[SoftBinding]:
    """
    Insert the soft bindings of an output, and what they are found by; the caller holds the transaction.

    :param is_stated: its manifest states them
    """
    rows = [
        SoftBinding.objects.create(
            id=uuid5(decision_id, fact.algorithm),
            decision_id=decision_id,
            algorithm=fact.algorithm,
            value=fact.value,
            is_stated=is_stated,
            bound_at=at,
        )
        for fact in facts
    ]
    values = {fact.algorithm: fact.value for fact in facts}
    if {ISCC, CHROMAPRINT} <= values.keys():
        units = bindings.iscc_units(values[ISCC])
        OutputFingerprint.objects.create(
            decision_id=decision_id,
            items=extract.decoded(values[CHROMAPRINT]).astype("<u4").tobytes(),
            audio_code=_bits(units.audio_codes[0]),
            instance_code=units.instance_codes[0],
            bound_at=at,
        )
    return rows


def by_value(algorithm: str, value: bytes, *, most: int = 10) -> tuple[Candidate, ...]:
    """
    Return the outputs whose soft binding is this one or near it, the nearest first.

    :raises UnknownAlgorithm: there are none of this algorithm
    :raises BadValue: it is no value of this algorithm
    """
    if algorithm == ISCC:
        return _by_iscc(bindings.iscc_units(value), most)
    if algorithm == CHROMAPRINT:
        items = bindings.chromaprint_items(value)
        # A stranger's fingerprint is not taken at every quarter of an item: each stands for its four.
        return by_sound((items[:MOST_ITEMS],) * extract.SHIFTS, most=most)
    raise UnknownAlgorithm


def by_sound(shifted: Sequence[Items], *, most: int = 10) -> tuple[Candidate, ...]:
    """
    Return the outputs that most of this audio follows, given its fingerprints from ``extract.query``.

    At another tempo (up to twelve per cent) as well, and cut to a piece; not transposed.
    """
    shifted = [items[:MOST_ITEMS] for items in shifted]
    asked_ms = _duration_ms(min((items.size for items in shifted), default=0))
    if not asked_ms:
        return ()
    covered: dict[UUID, int] = {}
    ratio: dict[UUID, int] = {}
    longest: dict[UUID, int] = {}
    for match in matching.search(index.current(OUTPUTS), shifted, algorithm=extract.algorithm()):
        length = match.output.end_ms - match.output.start_ms
        covered[match.reference_id] = covered.get(match.reference_id, 0) + length
        if length > longest.get(match.reference_id, 0):
            longest[match.reference_id], ratio[match.reference_id] = length, match.time_ratio_millionths
    found = [
        Candidate(decision_id, min(100, 100 * matched // asked_ms), matched, ratio[decision_id])
        for decision_id, matched in covered.items()
        if matched >= LEAST_MATCHED_MS and 100 * matched >= LEAST_COVERED_PERCENT * asked_ms
    ]
    return tuple(sorted(found, key=lambda one: (-one.score, str(one.decision_id)))[: min(most, MOST_RESULTS)])


def _duration_ms(items: int) -> int:
    return (extract.ITEM_SAMPLES + (items - 1) * extract.HOP_SAMPLES) * 1000 // extract.SAMPLE_RATE_HZ if items else 0


def _by_iscc(units: bindings.IsccUnits, most: int) -> tuple[Candidate, ...]:
    found: dict[UUID, int] = {}
    most = min(most, MOST_RESULTS)
    exact = OutputFingerprint.objects.filter(instance_code__in=units.instance_codes).order_by("-id")
    for decision_id in exact.values_list("decision_id", flat=True)[:most]:
        found[decision_id] = 100
    for code in units.audio_codes[:4]:
        near = (
            OutputFingerprint.objects.annotate(away=HammingDistance("audio_code", _bits(code)))
            .filter(away__lte=MOST_CODE_BITS)
            .order_by("away", "-id")
            .values_list("decision_id", "away")
        )
        for decision_id, away in near[:most]:
            score = round(100 * (CODE_BITS - away) / CODE_BITS)
            found[decision_id] = max(found.get(decision_id, 0), score)
    best = sorted(found.items(), key=lambda one: (-one[1], str(one[0])))
    return tuple(Candidate(decision_id, score) for decision_id, score in best[:most])


def _bits(body: bytes) -> str:
    return "".join(np.unpackbits(np.frombuffer(body, np.uint8)).astype(str).tolist())
