"""
One story for what two listeners hear.

Chromaprint and landmarks listen for the same thing in two ways, and of most copies both tell. A reader wants it once.
A match is *told* by another of the same reference if at least two thirds of its output lie in the other's, and both put
the middle of what they share at the same place of the reference, at the same pitch. Of two that tell the same, the
longer is kept, and of equal ones Chromaprint's, whose times are finer. It keeps its own algorithm and score, so it can
be found again by its detector alone; the other's score stands among its measures, and its probability is the higher of
the two. What no other match tells is kept as it is.
"""

from collections.abc import Iterable
from dataclasses import replace

from fingerprint.evidence import EXACT_MATCH, Match

SAME_PLACE_MS = 1_500
SAME_PITCH_CENTS = 50


def told_once(matches: Iterable[Match]) -> tuple[Match, ...]:
    """Leave out every exact match that another listener's match of the same reference tells; in no order."""
    kept: list[Match] = []
    ranked = sorted(
        matches,
        key=lambda match: (
            match.output.start_ms - match.output.end_ms,
            match.algorithm,
            -match.score_millionths,
            match.output.start_ms,
            match.reference.start_ms,
            str(match.reference_id),
        ),
    )
    for match in ranked:
        number = next((number for number, other in enumerate(kept) if _tells(other, match)), None)
        if number is None:
            kept.append(match)
            continue
        kept[number] = _agreed(kept[number], match)
    return tuple(kept)


def _tells(longer: Match, match: Match) -> bool:
    if (longer.kind, match.kind) != (EXACT_MATCH, EXACT_MATCH) or longer.reference_id != match.reference_id:
        return False
    if longer.algorithm == match.algorithm:
        return False
    begin = max(longer.output.start_ms, match.output.start_ms)
    end = min(longer.output.end_ms, match.output.end_ms)
    if 3 * (end - begin) < 2 * (match.output.end_ms - match.output.start_ms):
        return False
    apart = _place(longer, (begin + end) // 2) - _place(match, (begin + end) // 2)
    return abs(apart) <= SAME_PLACE_MS and abs(longer.pitch_shift_cents - match.pitch_shift_cents) <= SAME_PITCH_CENTS


def _place(match: Match, output_ms: int) -> int:
    """Where in the reference a match puts a moment of the output."""
    return match.reference.start_ms + (output_ms - match.output.start_ms) * match.time_ratio_millionths // 1_000_000


def _agreed(longer: Match, match: Match) -> Match:
    name = f"{match.algorithm.partition('/')[0].partition('-')[0]}_score_millionths"
    if longer.measure(name) is not None:
        return longer
    probabilities = [one.probability_millionths for one in (longer, match) if one.probability_millionths is not None]
    return replace(
        longer,
        probability_millionths=max(probabilities, default=None),
        measures=tuple(sorted((*longer.measures, (name, match.score_millionths)))),
    )
