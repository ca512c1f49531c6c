"""
One story for what two listeners hear.

Chromaprint and landmarks listen for the same thing in two ways, and of most copies both tell. A reader wants it once.
A match by landmarks is *told* by one of Chromaprint's if that is of the same reference, at least two thirds of the
first one's output lie in the other's, and both put the middle of what they share at the same place of the reference, at
the same pitch. Then Chromaprint's is kept: its times are finer, and what it reports alone was settled first. It stays
what it was, so its detector finds it again; that landmarks hear it too, and how well, stands among its measures.

What landmarks hear beyond that, longer or elsewhere, is kept as it is. No match of Chromaprint is ever left out.
"""

from collections.abc import Iterable
from dataclasses import replace

from fingerprint.evidence import EXACT_MATCH, Match
from fingerprint.extract import FAMILY
from fingerprint.landmarks import ALGORITHM

SAME_PLACE_MS = 1_500
SAME_PITCH_CENTS = 50
HEARD_TOO = "landmarks_score_millionths"


def told_once(matches: Iterable[Match]) -> tuple[Match, ...]:
    """Leave out every match by landmarks that a match by Chromaprint tells; in no order."""
    told: dict[Match, int] = {}
    given = list(matches)
    harmony = [match for match in given if match.algorithm.startswith(FAMILY)]
    kept = [match for match in given if match not in harmony]
    for match in [one for one in kept if one.algorithm == ALGORITHM]:
        teller = next((other for other in harmony if _tells(other, match)), None)
        if teller is not None:
            kept.remove(match)
            told[teller] = max(told.get(teller, 0), match.score_millionths)
    return (*kept, *(_heard_too(match, told.get(match)) for match in harmony))


def _tells(teller: Match, match: Match) -> bool:
    if (teller.kind, match.kind) != (EXACT_MATCH, EXACT_MATCH) or teller.reference_id != match.reference_id:
        return False
    begin = max(teller.output.start_ms, match.output.start_ms)
    end = min(teller.output.end_ms, match.output.end_ms)
    if 3 * (end - begin) < 2 * (match.output.end_ms - match.output.start_ms):
        return False
    apart = _place(teller, (begin + end) // 2) - _place(match, (begin + end) // 2)
    return abs(apart) <= SAME_PLACE_MS and abs(teller.pitch_shift_cents - match.pitch_shift_cents) <= SAME_PITCH_CENTS


def _place(match: Match, output_ms: int) -> int:
    """Where in the reference a match puts a moment of the output."""
    return match.reference.start_ms + (output_ms - match.output.start_ms) * match.time_ratio_millionths // 1_000_000


def _heard_too(match: Match, score_millionths: int | None) -> Match:
    if score_millionths is None:
        return match
    return replace(match, measures=tuple(sorted((*match.measures, (HEARD_TOO, score_millionths)))))
