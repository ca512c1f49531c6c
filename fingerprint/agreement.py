"""
One story for what two listeners hear.

Chromaprint and landmarks listen for the same thing in two ways. Chromaprint hears harmony: music on the same chords
agrees, whoever plays it, and so does one instrument alone, which has few pitches. The peaks of such a line are not the
same, while of a copy many are, also in noise, at another tempo or coded badly. So what Chromaprint finds is held
against the peaks of both sides, and what they deny is left out (`confirmed`).

What fits many recordings that have nothing else in common, such as four bars of a drum machine, is no sign of any of
them (`uncommon`). Where fewer have it in common, a match says with how many, and one that rests on a drum machine alone
says that (`marked`): a person listens before anybody is refused.

In short audio the waveform itself is compared (`coherence`) at the places that landmarks point at, and says it for
certain, or nothing. And every vector of how the spectrum moves is (`spectra_matching`), which is what a neural codec
and loud noise leave.

Of most copies all tell. A reader wants it once (`told_once`).
A match by landmarks is *told* by one of Chromaprint's if that is of the same reference, at least two thirds of the
first one's output lie in the other's, and both put the middle of what they share at the same place of the reference, at
the same pitch. Then Chromaprint's is kept: its times are finer, and what it reports alone was settled first. It stays
what it was, so its detector finds it again; that landmarks hear it too, and how well, stands among its measures. In the
same way Chromaprint's tell those by coherence, these tell those by landmarks, and all of them those by spectra. Where
spectra are surer than whoever tells them, their probability stands: what one is unsure of, another heard there too.

What landmarks hear beyond that, longer or elsewhere, is kept as it is. No match of Chromaprint is ever left out.
"""

from collections.abc import Callable, Iterable, Sequence
from dataclasses import replace
from uuid import UUID

import numpy as np

from fingerprint import coherence, drums, landmark_matching, landmarks, matching, spectra, spectra_matching
from fingerprint.coherence import Samples, Waves
from fingerprint.evidence import DRUM_MACHINE, EXACT_MATCH, SHARED_WITH, Detection, Detector, Match
from fingerprint.extract import FAMILY, Items
from fingerprint.landmarks import ALGORITHM, Hashes, Peaks
from fingerprint.postings import Known

SAME_PLACE_MS = 1_500
SAME_PITCH_CENTS = 50
HEARD_TOO = "landmarks_score_millionths"
COHERENT_TOO = "coherence_score_millionths"
ALIKE_TOO = "spectra_score_millionths"

CONFIRMED_FROM = 400  # hundredths of a nat by which peaks fit a line better than the same line moved aside
UNDENIED_FROM = 500  # that they have to say for it against chance
CERTAIN_FROM = 900_000  # millionths of the score from which a line needs no more than that
COMMON_FROM = 3  # unrelated recordings beside the own one
SHARED_MOST_MS = 15_000  # of bars that some have in common; what goes on for longer is a version of one recording
COMMON_SHARE = 500  # thousandths of the peaks around a stretch that related recordings share
_AROUND = 430  # frames
_LEAST_AROUND = 30  # peaks
_TURNS = np.arange(-6, 7) / 400

_OF_COMMON = (
    ("common_from", str(COMMON_FROM)),
    ("common_share", str(COMMON_SHARE)),
    ("shared_most_ms", str(SHARED_MOST_MS)),
)
_OF_CONFIRMED = (
    ("certain_from", str(CERTAIN_FROM)),
    ("confirmed_by", ALGORITHM),
    ("confirmed_from", str(CONFIRMED_FROM)),
    ("undenied_from", str(UNDENIED_FROM)),
)
PARAMETERS_OF_HARMONY = tuple(sorted((*matching.PARAMETERS, *_OF_CONFIRMED, *_OF_COMMON, *drums.PARAMETERS)))
PARAMETERS_OF_LANDMARKS = tuple(sorted((*landmark_matching.PARAMETERS, *_OF_COMMON, *drums.PARAMETERS)))
PARAMETERS_OF_COHERENCE = tuple(
    sorted(
        (
            *coherence.PARAMETERS,
            ("pointed_at_by", f"{ALGORITHM} matching {landmark_matching.MATCHING}"),
            ("told_if_common", "no"),
            *_OF_COMMON,
            *drums.PARAMETERS,
        )
    )
)
PARAMETERS_OF_SPECTRA = tuple(
    sorted((*spectra_matching.PARAMETERS, ("told_if_common", "no"), *_OF_COMMON, *drums.PARAMETERS))
)
ItemsOf = Callable[[UUID], Hashes | None]


def by_harmony(
    known: Known, items: Sequence[Items], peaks: Sequence[Peaks], items_of: ItemsOf, *, algorithm: str
) -> Detection:
    """Say which recordings Chromaprint finds in what was heard, and peaks confirm."""
    found = confirmed(matching.search(known, items, algorithm=algorithm), peaks, items_of)
    detector = Detector(EXACT_MATCH, algorithm, PARAMETERS_OF_HARMONY, known.snapshot, len(known))
    return Detection(detector, marked(uncommon(found, items_of), items_of))


def by_landmarks(known: Known, peaks: Sequence[Peaks], items_of: ItemsOf) -> Detection:
    """Say which recordings landmarks find in what was heard."""
    detector = Detector(EXACT_MATCH, ALGORITHM, PARAMETERS_OF_LANDMARKS, known.snapshot, len(known))
    return Detection(detector, marked(uncommon(landmark_matching.search(known, peaks), items_of), items_of))


def by_coherence(known: Known, peaks: Sequence[Peaks], samples: Samples, waves: Waves, items_of: ItemsOf) -> Detection:
    """
    Say in which recordings the waveform of what was heard lies, of those that landmarks point at.

    `samples` are mono at 11,025 Hz, and `waves` gives the same of a reference. Drums out of the same box are the same
    waveform in whatever was made with it. So what rests on a drum machine alone, or is in unrelated recordings too, is
    left out: it is told where landmarks hear it. Of 767 right matches of the tuning half none was of that kind; of the
    eight wrong ones in 861 innocent outputs, of which 288 were rendered on the catalogue's own sounds, seven were.
    """
    pointed = landmark_matching.places(known, peaks) if coherence.is_heard(samples) else ()
    found = coherence.search(samples, pointed, waves)
    detector = Detector(EXACT_MATCH, coherence.ALGORITHM, PARAMETERS_OF_COHERENCE, known.snapshot, len(known))
    told = marked(uncommon(found, items_of), items_of)
    return Detection(detector, tuple(match for match in told if not match.is_common))


def by_spectra(known: Known, asked: spectra.Vectors, items_of: ItemsOf) -> Detection:
    """
    Say in which recordings the spectrum moves as in what was heard, of which `asked` are the vectors.

    Drums out of the same box move alike in whatever was made with it. What rests on a drum machine alone, or is in
    unrelated recordings too, is left out, and so is what is hardly ahead of others.
    """
    found = outstanding(spectra_matching.search(known, asked), spectra_matching.least(len(known)), items_of)
    detector = Detector(EXACT_MATCH, spectra.ALGORITHM, PARAMETERS_OF_SPECTRA, known.snapshot, len(known))
    told = marked(uncommon(found, items_of), items_of)
    return Detection(detector, tuple(match for match in told if not match.is_common))


def confirmed(matches: Iterable[Match], heard: Sequence[Peaks], items_of: ItemsOf) -> tuple[Match, ...]:
    """
    Return the matches of Chromaprint that the peaks of both sides confirm, with what they say; in their order.

    `heard` are the peaks of the examined audio at each shift. `items_of` gives those of a reference, or None where
    it was enrolled before there were landmarks: then only what is far heavier than any wrong line is kept.
    """
    opinions = landmark_matching.Opinions(heard)
    kept: list[Match] = []
    for match in matches:
        items = items_of(match.reference_id)
        is_certain = match.score_millionths >= CERTAIN_FROM
        if items is None:
            kept += [match] * is_certain
            continue
        opinion = opinions.on(match, items)
        if opinion.evidence >= UNDENIED_FROM and (is_certain or opinion.mass >= CONFIRMED_FROM):
            said = ("evidence_centinats", opinion.evidence), ("mass_centinats", opinion.mass)
            peaks = ("peaks_found", opinion.found), ("peaks_sought", opinion.sought)
            kept.append(replace(match, measures=tuple(sorted((*match.measures, *said, *peaks)))))
    return tuple(kept)


def uncommon(matches: Sequence[Match], items_of: ItemsOf) -> tuple[Match, ...]:
    """
    Leave out what is heard in many unrelated recordings: it belongs to none of them. The rest keeps its order.

    What some unrelated ones share says with how many, where it is short: an instrumental and the song with its voice
    differ beside any stretch too, and share all of it. Counted are recordings that the same stretch of the output fits
    at least half as well. One that goes on like the matched one where the stretch has ended is related: the same
    recording registered again, or a longer cut of it. Such are told, however many there are; so is what has no more
    beside the stretch, such as a registered loop.
    """
    others = [(match, _others(match, matches, items_of, _fits_as_well)) for match in matches]
    return tuple(
        _measured(match, SHARED_WITH, count)
        if count and match.output.end_ms - match.output.start_ms <= SHARED_MOST_MS
        else match
        for match, count in others
        if count < COMMON_FROM
    )


def outstanding(matches: Sequence[Match], least: float, items_of: ItemsOf) -> tuple[Match, ...]:
    """
    Return the matches of spectra that have so many deviations, and are ahead of all unrelated recordings but one.

    One may be the same recording that was cut otherwise, or another of the same song.
    """
    return tuple(
        match
        for match in matches
        if spectra_matching.deviations(match) >= least and _others(match, matches, items_of, _is_close_behind) < 2
    )


def _is_close_behind(other: Match, match: Match) -> bool:
    ahead = spectra_matching.deviations(match) - spectra_matching.deviations(other)
    return _is_there_too(other, match) and ahead < spectra_matching.AHEAD_DEVIATIONS


def _measured(match: Match, name: str, value: int) -> Match:
    return replace(match, measures=tuple(sorted((*match.measures, (name, value)))))


def _others(match: Match, matches: Sequence[Match], items_of: ItemsOf, fits: Callable[[Match, Match], bool]) -> int:
    """How many unrelated references fit too."""
    alike = {
        other.reference_id: other
        for other in matches
        if other.reference_id != match.reference_id and fits(other, match)
    }
    mine = items_of(match.reference_id) if alike else None
    unrelated = 0
    for other in alike.values():
        items = items_of(other.reference_id)
        if mine is not None and items is not None and not _goes_on(match, mine, other, items):
            unrelated += 1
    return unrelated


def _fits_as_well(other: Match, match: Match) -> bool:
    return _is_there_too(other, match) and 2 * _evidence(other) >= _evidence(match)


def _is_there_too(other: Match, match: Match) -> bool:
    begin = max(other.output.start_ms, match.output.start_ms)
    end = min(other.output.end_ms, match.output.end_ms)
    return 2 * (end - begin) >= match.output.end_ms - match.output.start_ms


def _evidence(match: Match) -> int:
    named = {coherence.ALGORITHM: coherence.EVIDENCE, spectra.ALGORITHM: spectra_matching.EVIDENCE}
    return match.measure(named.get(match.algorithm, "evidence_centinats")) or 0


def marked(matches: Iterable[Match], items_of: ItemsOf) -> tuple[Match, ...]:
    """Say of each match whether all that it rests on is a drum machine; nothing where that cannot be told."""
    return tuple(
        _measured(match, DRUM_MACHINE, 1) if _is_of_a_drum_machine(match, items_of(match.reference_id)) else match
        for match in matches
    )


def _is_of_a_drum_machine(match: Match, items: Hashes | None) -> bool:
    if items is None:
        return False
    first, last = _frames(match)
    frames, bins = _peaks(items[max(0, first) : last + 1])
    return drums.is_machine(frames, bins)


def _frames(match: Match) -> tuple[int, int]:
    """The first and the last frame of a match in its reference."""
    ends = match.reference.start_ms, match.reference.end_ms
    first, last = (round(ms * landmarks.SAMPLE_RATE_HZ / 1000 / landmarks.HOP_SAMPLES) for ms in ends)
    return first, last


def _peaks(items: Hashes) -> tuple[landmarks.Positions, landmarks.Positions]:
    bins = landmarks.peaks_of(items)
    frames, slots = np.nonzero(bins)
    return frames, bins[frames, slots]


def _goes_on(match: Match, items: Hashes, other: Match, others: Hashes) -> bool:
    """Whether two recordings are alike beside the stretch that both match."""
    first, last = _frames(match)
    frames, bin_ = _peaks(items)
    beside = ((frames >= first - _AROUND) & (frames < first)) | ((frames > last) & (frames <= last + _AROUND))
    frames, bin_ = frames[beside], bin_[beside]
    moment_ms = frames * landmarks.HOP_SAMPLES * 1000 / landmarks.SAMPLE_RATE_HZ
    output_ms = match.output.start_ms + (moment_ms - match.reference.start_ms) * 1e6 / match.time_ratio_millionths
    there_ms = other.reference.start_ms + (output_ms - other.output.start_ms) * other.time_ratio_millionths / 1e6
    there = there_ms * landmarks.SAMPLE_RATE_HZ / 1000 / landmarks.HOP_SAMPLES
    theirs = landmarks.peaks_of(others)
    away = frames - (first + last) / 2
    # The slope of a short line is known to about a hundredth; ten seconds further that is four frames.
    for turned in _TURNS:
        at = np.rint(there + turned * away).astype(np.int64)
        exists = (at >= 0) & (at < others.size)
        if int(exists.sum()) < _LEAST_AROUND:
            return True
        near = np.clip(at[exists, None] + np.arange(-2, 3), 0, others.size - 1)
        same = np.abs(theirs[near] - bin_[exists, None, None]) <= 1
        if 1000 * int(same.any(axis=(1, 2)).sum()) >= COMMON_SHARE * int(exists.sum()):
            return True
    return False


def told_once(matches: Iterable[Match]) -> tuple[Match, ...]:
    """Leave out every match that a match by a listener before it tells, which says so then; in no order."""
    given = list(matches)
    listeners = ((coherence.ALGORITHM, COHERENT_TOO), (ALGORITHM, HEARD_TOO), (spectra.ALGORITHM, ALIKE_TOO))
    kept = [match for match in given if match.algorithm not in dict(listeners)]
    tellers = [match for match in kept if match.algorithm.startswith(FAMILY)]
    told: dict[Match, list[tuple[str, Match]]] = {}
    for algorithm, measure in listeners:
        untold: list[Match] = []
        for match in [one for one in given if one.algorithm == algorithm]:
            teller = next((other for other in tellers if _tells(other, match)), None)
            if teller is None:
                untold.append(match)
            else:
                told.setdefault(teller, []).append((measure, match))
        kept += untold
        tellers += untold
    return tuple(_heard_too(match, told.get(match, ())) for match in kept)


def _tells(teller: Match, match: Match) -> bool:
    if (teller.kind, match.kind) != (EXACT_MATCH, EXACT_MATCH) or teller.reference_id != match.reference_id:
        return False
    begin = max(teller.output.start_ms, match.output.start_ms)
    end = min(teller.output.end_ms, match.output.end_ms)
    if 3 * (end - begin) < 2 * (match.output.end_ms - match.output.start_ms):
        return False
    apart = _place(teller, (begin + end) // 2) - _place(match, (begin + end) // 2)
    is_at_pitch = abs(teller.pitch_shift_cents - match.pitch_shift_cents) <= SAME_PITCH_CENTS
    # Spectra hear what was transposed a little, and cannot tell that it was.
    return abs(apart) <= SAME_PLACE_MS and (is_at_pitch or match.algorithm == spectra.ALGORITHM)


def _place(match: Match, output_ms: int) -> int:
    """Where in the reference a match puts a moment of the output."""
    return match.reference.start_ms + (output_ms - match.output.start_ms) * match.time_ratio_millionths // 1_000_000


def _heard_too(match: Match, said: Sequence[tuple[str, Match]]) -> Match:
    """The match, with the highest score of what it tells, by measure, and as likely as spectra say if they do."""
    if not said:
        return match
    highest = dict(sorted((measure, one.score_millionths) for measure, one in said))
    likely = match.probability_millionths
    if likely is not None:
        # What others were told with, evidence of earlier releases was too.
        by_spectra = (one.probability_millionths or 0 for measure, one in said if measure == ALIKE_TOO)
        likely = max(likely, *by_spectra, 0)
    measures = tuple(sorted((*match.measures, *highest.items())))
    return replace(match, probability_millionths=likely, measures=measures)
