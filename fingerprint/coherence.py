"""
Is this the very same recording? Its waveform says so, where fingerprints only point.

Peaks and harmonies of a copy are few where music is sparse, short or masked. Its waveform keeps its phase through MP3,
under noise and under a voice, and two recordings of one song do not share it. So the places in references that the
heaviest votes of landmarks point at (`landmark_matching.places`) are looked at once more, in the audio itself, where
the store has it.

Two steps. The lag: the cross-correlation of both sides with all magnitudes made equal, GCC-PHAT (Knapp and Carter,
1976), has one peak if they are coherent and none otherwise. A sound that repeats itself has several, and says nothing
if a second one is nearly as high. Then the moments: along that lag, each tenth of a second and each of eight bands is
projected onto the reference. In a copy the gain of that is the same in every moment, as far as what lies over it lets
it be measured; where the reference sounds and nothing of it is there, it is none. What each moment and band says is
the logarithm of how much likelier its gain is in a copy than in its absence, in nats, at most five.

Unrelated recordings share sounds to the last sample: a drum out of the same box, a note of the same piano. These agree
while they last and are denied in between. So a match needs sixteen moments that agree below 2.6 kHz, where notes are,
with few that deny it, and a weight that no pair of unrelated songs had. What is on the same drums all the time has the
drums in every bin, and not the notes: the bins must agree as the moments do. And what repeats itself agrees with itself
moved aside: half as much there is too much.

How the limits were chosen. On the tuning half of `benchmarks.detection`: of some 10,000 places in recordings that are
not the right one, asked for by 500 pieces (2 seconds clean, MP3 and AAC; 5 seconds under noise and a voice as loud),
the heaviest that meets the other limits had 120 nats: the beginning of a song with nothing but drums of the same sound
font. Another, the same held note of a piano, had 262 nats on 12 moments, of which one in eight was denied. Of the 485
places that were right 479 are over the limits of moments and weight; their bins agreed by 94 in 100 at least, and none
agreed half as much moved aside.

Of 96 places a piece under noise is found in 88 of 100 by its waveform instead of 83 on that half, but in 91 instead of
90 by all detectors on the other, where songs on the catalogue's own instruments were taken for others in 5 of the first
130 innocent stretches instead of in none: a note of one piano is found somewhere if one looks long enough. So there are
24.

Not found: what was played at another tempo or transposed, or lasts less than 1.7 seconds; most of what passed through a
neural codec. Outputs of more than 15 seconds are not looked at, nor references whose audio is not in the store.
"""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from itertools import pairwise
from typing import Final
from uuid import UUID

import numpy as np
from numpy.typing import NDArray

from fingerprint.evidence import EXACT_MATCH, Match, Segment
from fingerprint.landmarks import FINE_S, HOP_SAMPLES, SAMPLE_RATE_HZ
from fingerprint.postings import Place

ALGORITHM: Final = "coherence/1"
EVIDENCE: Final = "coherent_centinats"  # a measure

MOST_PLACES = 24
MARGIN_SAMPLES = 4_961  # 0.45 s, by which a place may be off
MIN_NATS, MIN_NATS_PER_MOMENT = 160.0, 3.0  # whichever is more
MIN_MOMENTS = 16  # that agree
MIN_AGREEING = 0.88  # of what all moments and bands weigh
MOST_DENIED = 0.05  # of the moments
MIN_PHASE = 0.05  # the mean cosine of the angle between both
MIN_PEAK = 12.0  # of the correlation, in standard deviations of what lies around it,
MIN_PEAK_TO_SECOND = 1.5
MIN_AGREEING_BINS = 0.9  # of what all bins weigh
MIN_AGAINST_ITSELF = 2.0  # times what the same weighs moved aside

_FRAME, _HOP = 2_048, 1_024
_FIRST_HZ, _LAST_HZ = 60, 5_000
_EDGES_HZ = (_FIRST_HZ, 200, 400, 700, 1_100, 1_700, 2_600, 3_700, _LAST_HZ)
_TONAL_BANDS = 6  # below 2.6 kHz
_RAMP_SAMPLES = 512
_PEAK_SAMPLES = 8  # on both sides, that belong to a peak
_FRACTIONS = np.arange(-8, 9) / 8  # of a sample
_GAIN_VARIES = 0.35  # of itself: a coder or a limiter changes it
_MOST_NATS = 5.0  # of one band in one moment
_AGREES, _DENIES = 0.7, 1.0  # nats
_ROUNDING = 256.0  # the power of what 16 bits round off, in a bin, and some decibels above
_SILENT = 1e-3  # of a band's usual power, below which it says nothing
_LEAST_AROUND = 0.05  # of a gain's variance, in its weight
_OVERLAPS = 1.5  # bins that are one, through the window
_ROUNDS = 3
_ASIDES, _ASIDE_SAMPLES = 3, 40  # lags, apart by so much

PARAMETERS: tuple[tuple[str, str], ...] = (
    ("edges_hz", " ".join(map(str, _EDGES_HZ))),
    ("frame", str(_FRAME)),
    ("gain_varies", str(_GAIN_VARIES)),
    ("hop", str(_HOP)),
    ("margin_samples", str(MARGIN_SAMPLES)),
    ("min_against_itself", str(MIN_AGAINST_ITSELF)),
    ("min_agreeing", str(MIN_AGREEING)),
    ("min_agreeing_bins", str(MIN_AGREEING_BINS)),
    ("min_moments", str(MIN_MOMENTS)),
    ("min_nats", str(MIN_NATS)),
    ("min_nats_per_moment", str(MIN_NATS_PER_MOMENT)),
    ("min_peak", str(MIN_PEAK)),
    ("min_peak_to_second", str(MIN_PEAK_TO_SECOND)),
    ("min_phase", str(MIN_PHASE)),
    ("most_denied", str(MOST_DENIED)),
    ("most_nats", str(_MOST_NATS)),
    ("most_places", str(MOST_PLACES)),
    ("most_s", str(FINE_S)),
    ("sample_rate_hz", str(SAMPLE_RATE_HZ)),
    ("tonal_bands", str(_TONAL_BANDS)),
)

Samples = NDArray[np.int16]
Floats = NDArray[np.float64]
# The stretches of a reference from some samples on, each so many long; behind its end and before its beginning it is
# silent. None: its audio is not to be had.
Waves = Callable[[UUID, Sequence[int], int], Sequence[Samples] | None]

_WINDOW = np.hanning(_FRAME)
_HZ = np.fft.rfftfreq(_FRAME, 1 / SAMPLE_RATE_HZ)
_INSIDE = (_HZ >= _FIRST_HZ) & (_HZ < _LAST_HZ)
_BANDS = [(low <= _HZ) & (high > _HZ) for low, high in pairwise(_EDGES_HZ)]


@dataclass(frozen=True)
class Coherent:
    """A stretch of the output, in which the reference lies sample for sample."""

    lag: int  # the reference's sample against the first of the output; before it begins, less than nothing
    fraction: int  # eighths of a sample more
    is_inverted: bool
    first: int  # moments
    last: int  # the one behind
    nats: float
    agreeing: int  # moments
    phase: float
    is_enough: bool


def is_heard(samples: Samples) -> bool:
    """Whether audio is so short that its waveform is compared, and long enough to be."""
    return _FRAME + (MIN_MOMENTS - 1) * _HOP <= samples.size <= FINE_S * SAMPLE_RATE_HZ


def search(samples: Samples, places: Sequence[Place], waves: Waves) -> tuple[Match, ...]:
    """
    Find where the waveform of an output is that of a reference, at places that were pointed at.

    Only the first of the places are looked at. What cannot be had of a reference's audio is left out.
    """
    if not is_heard(samples) or not samples.any():
        return ()
    chosen: dict[UUID, list[int]] = {}
    for place in places[:MOST_PLACES]:
        chosen.setdefault(place.reference_id, []).append(place.frame * HOP_SAMPLES - MARGIN_SAMPLES)
    query = _Query(samples)
    matches: list[Match] = []
    for reference, starts in chosen.items():
        stretches = waves(reference, starts, samples.size + 2 * MARGIN_SAMPLES)
        if stretches is None:
            continue
        found = [query.found_in(wave, start) for start, wave in zip(starts, stretches, strict=True)]
        matches += _matches(reference, [one for one in found if one is not None])
    return tuple(sorted(matches, key=_order))


def _order(match: Match) -> tuple[int, int, UUID, int]:
    return match.output.start_ms, match.output.end_ms, match.reference_id, match.reference.start_ms


def _matches(reference: UUID, found: Sequence[Coherent]) -> Iterator[Match]:
    """What of one reference shares no moment of the output, the heaviest first."""
    taken: set[int] = set()
    for one in sorted(found, key=lambda one: (-one.nats, one.lag)):
        moments = set(range(one.first, one.last))
        if moments & taken:
            continue
        taken |= moments
        begin, end = one.first * _HOP, (one.last - 1) * _HOP + _FRAME
        nats, least = round(100 * one.nats), round(100 * _least(one.first, one.last))
        yield Match(
            kind=EXACT_MATCH,
            algorithm=ALGORITHM,
            reference_id=reference,
            output=Segment(_ms(begin), _ms(end)),
            reference=Segment(_ms(max(0, begin + one.lag)), _ms(max(0, end + one.lag))),
            time_ratio_millionths=1_000_000,
            pitch_shift_cents=0,
            score_millionths=nats * 1_000_000 // (nats + least),
            measures=tuple(
                sorted(
                    (
                        (EVIDENCE, nats),
                        ("coherent_moments", one.agreeing),
                        ("lag_microseconds", round((one.lag + one.fraction / 8) * 1_000_000 / SAMPLE_RATE_HZ)),
                        ("phase_millionths", round(1_000 * one.phase) * 1_000),
                        *((("polarity_inverted", 1),) if one.is_inverted else ()),
                    )
                )
            ),
        )


def _least(first: int, last: int) -> float:
    """The weight that is enough for so many moments."""
    return max(MIN_NATS, MIN_NATS_PER_MOMENT * (last - first))


def _ms(samples: int) -> int:
    return samples * 1000 // SAMPLE_RATE_HZ


class _Query:
    """An output, transformed once for all places."""

    def __init__(self, samples: Samples) -> None:
        self._samples = samples.astype(np.float64)
        self._size = 1 << (samples.size + 2 * MARGIN_SAMPLES - 1).bit_length()
        self._whole = np.conj(np.fft.rfft(_ramped(self._samples), self._size))
        hz = np.fft.rfftfreq(self._size, 1 / SAMPLE_RATE_HZ)
        self._inside = (hz >= _FIRST_HZ) & (hz < _LAST_HZ)
        self._moments = _moments(self._samples)

    def found_in(self, wave: Samples, start: int) -> Coherent | None:
        """Say where in the output a stretch of a reference lies, that begins with its sample `start`; None: nowhere."""
        around = wave.astype(np.float64)
        crossed = self._whole * np.fft.rfft(_ramped(around), self._size)
        at = self._lag(crossed)
        if at is None:
            return None
        size = self._samples.size
        found = self._along(around[at : at + size], at + start)
        if found is None or not found.is_enough:
            return None
        for aside in self._asides(crossed, at):
            other = self._along(around[aside : aside + size], aside + start)
            if other is not None and found.nats < MIN_AGAINST_ITSELF * other.nats:
                return None
        return found

    def _asides(self, crossed: NDArray[np.complex128], at: int) -> list[int]:
        """The lags beside one at which both sound the most alike, as where a sound repeats itself."""
        loud = np.where(self._inside, crossed / np.maximum(np.sqrt(np.abs(crossed)), 1e-9), 0)
        heights = np.abs(np.fft.irfft(loud, self._size)[: 2 * MARGIN_SAMPLES + 1])
        asides = []
        for _ in range(_ASIDES):
            heights[max(0, at - _ASIDE_SAMPLES) : at + _ASIDE_SAMPLES + 1] = 0
            at = int(np.argmax(heights))
            asides.append(at)
        return asides

    def _lag(self, crossed: NDArray[np.complex128]) -> int | None:
        """The lag at which both are coherent; None if that is at none, or at several."""
        magnitudes = np.abs(crossed)
        crossed = np.where(self._inside & (magnitudes > 0), crossed / np.where(magnitudes > 0, magnitudes, 1), 0)
        heights = np.abs(np.fft.irfft(crossed, self._size)[: 2 * MARGIN_SAMPLES + 1])
        at = int(np.argmax(heights))
        away = np.abs(np.arange(heights.size) - at) > _PEAK_SAMPLES
        others = heights[away]
        around_it, second = float(np.sqrt(np.mean(others**2))), float(others.max())
        height = float(heights[at])
        return at if height > MIN_PEAK * around_it and height >= MIN_PEAK_TO_SECOND * second else None

    def _along(self, there: Floats, lag: int) -> Coherent | None:
        """What the moments say to a lag; None where too few say anything."""
        heard, kept = self._moments, _moments(there)
        crossed = np.conj(kept) * heard
        magnitudes = np.abs(crossed)
        angles = np.where(magnitudes > 0, crossed / np.where(magnitudes > 0, magnitudes, 1), 0)
        mean = angles[:, _INSIDE].mean(axis=0)
        turns = np.exp(-2j * np.pi * np.outer(_FRACTIONS, _HZ) / SAMPLE_RATE_HZ)
        sums = np.real(turns[:, _INSIDE] @ mean)
        best = int(np.argmax(np.abs(sums)))
        turn = turns[best] * (1 if sums[best] >= 0 else -1)
        parts = np.real(crossed * turn), np.abs(heard) ** 2, np.abs(kept) ** 2
        gains, errors = _gains(*parts)
        first, last, weights = _stretch(gains, errors)
        if last - first < MIN_MOMENTS:
            return None
        tonal = weights[:, :_TONAL_BANDS]
        by_moment, by_tones = weights.sum(axis=1), tonal.sum(axis=1)
        agreeing = int((by_tones > _AGREES).sum())
        phase = float(np.real(angles * turn)[first:last, _INSIDE].mean())
        nats = float(tonal.sum())
        stretch = slice(first, last)
        by_bin = _by_bin(*(part[stretch] for part in parts))
        is_enough = (
            agreeing >= MIN_MOMENTS
            and nats >= _least(first, last)
            and float(np.maximum(tonal, 0).sum()) >= MIN_AGREEING * float(np.abs(tonal).sum())
            and float((by_moment < -_DENIES).mean()) <= MOST_DENIED
            and float((by_tones < -_AGREES).mean()) <= MOST_DENIED
            and float(np.maximum(by_bin, 0).sum()) >= MIN_AGREEING_BINS * float(np.abs(by_bin).sum())
            and phase >= MIN_PHASE
        )
        fraction = best - len(_FRACTIONS) // 2
        is_inverted = bool(sums[best] < 0)
        return Coherent(lag, fraction, is_inverted, first, last, nats, agreeing, phase, is_enough)


def _ramped(samples: Floats) -> Floats:
    """Samples that begin and end softly, so that their edges are no sound."""
    size = min(_RAMP_SAMPLES, samples.size // 4)
    ramp = 0.5 - 0.5 * np.cos(np.pi * np.arange(size) / max(1, size))
    ramped = samples.copy()
    ramped[:size] *= ramp
    ramped[samples.size - size :] *= ramp[::-1]
    return ramped


def _moments(samples: Floats) -> NDArray[np.complex128]:
    windows = np.lib.stride_tricks.sliding_window_view(samples, _FRAME)[::_HOP]
    return np.fft.rfft(windows * _WINDOW, axis=1)


def _gains(crossed: Floats, heard: Floats, kept: Floats) -> tuple[Floats, Floats]:
    """How much of the reference is in the output, for each moment and band, and how exactly that can be told."""
    usual = kept.mean(axis=0)
    # Every bin of the reference counts as much as another, unless it is next to nothing.
    even = 1 / (np.maximum(usual, 1e-6 * float(usual.mean())) + _ROUNDING)
    gains, errors = [], []
    for band in _BANDS:
        weight = even[band]
        power = kept[:, band] * weight
        there = power.sum(axis=1)
        silent = _SILENT * int(band.sum())
        # So many bins are independent of each other.
        count = np.maximum(there**2 / np.maximum((power**2).sum(axis=1), 1e-12) / _OVERLAPS, 1)
        gain = (crossed[:, band] * weight).sum(axis=1) / (there + 1e-9)
        rest = np.maximum((heard[:, band] * weight).sum(axis=1) - gain**2 * there, 0)
        gains.append(gain)
        errors.append(np.sqrt((rest + silent) / (there + 1e-9) / (2 * count)))
    return np.stack(gains, axis=1), np.stack(errors, axis=1)


def _by_bin(crossed: Floats, heard: Floats, kept: Floats) -> Floats:
    """How much each tone says for a copy: what is on the same drums has all bins of them and none of its notes."""
    weights = []
    for band in _BANDS[:_TONAL_BANDS]:
        power = kept[:, band]
        there = power.sum(axis=0)
        silent = _SILENT * float(there.mean()) + _ROUNDING
        count = np.maximum(there**2 / np.maximum((power**2).sum(axis=0), 1e-12) / _OVERLAPS, 1)
        gain = crossed[:, band].sum(axis=0) / (there + 1e-9)
        rest = np.maximum(heard[:, band].sum(axis=0) - gain**2 * there, 0)
        error = np.sqrt((rest + silent) / (there + 1e-9) / (2 * count))
        weight = 1 / (error**2 + _LEAST_AROUND)
        usual = max(float((weight * gain).sum() / weight.sum()), 1e-6)
        weights.append(_likelier(gain, error, usual))
    return np.concatenate(weights)


def _likelier(gain: Floats, error: Floats, usual: Floats | float) -> Floats:
    """By how many nats gains are likelier in a copy, where they are as usual, than in its absence."""
    spread = error**2 + (_GAIN_VARIES * usual) ** 2
    weights: Floats = np.clip((gain**2 - (gain - usual) ** 2) / (2 * spread), -_MOST_NATS, _MOST_NATS)
    return weights


def _stretch(gains: Floats, errors: Floats) -> tuple[int, int, Floats]:
    """The moments from one to another that speak the most for a copy, and how much each does, by band."""
    first, last = 0, len(gains)
    weights = np.zeros_like(gains)
    for _ in range(_ROUNDS):
        weight = 1 / (errors[first:last] ** 2 + _LEAST_AROUND)
        usual = np.maximum((weight * gains[first:last]).sum(axis=0) / weight.sum(axis=0), 1e-6)
        weights = _likelier(gains, errors, usual)
        sums = np.concatenate([[0.0], np.cumsum(weights[:, :_TONAL_BANDS].sum(axis=1))])
        end = int(np.argmax(sums - np.minimum.accumulate(sums)))
        begin = int(np.argmin(sums[: end + 1]))
        if end <= begin:
            return 0, 0, weights[:0]
        if (begin, end) == (first, last):
            break
        first, last = begin, end
    return first, last, weights[first:last]
