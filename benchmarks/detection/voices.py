"""
How well voices are told apart, alone and over a band, real ones and clones: ``python -m benchmarks.detection.voices``.

Beside the detector runs each of the two it is made of, by which those are still found who were enrolled with one: CAM++
by cosine, and a GE2E student, compared by a cohort; and a peer: the bare GE2E encoder, cosine similarity and nothing
else, with the weights of the wheel `resemblyzer` 0.1.4 (``--peer pretrained.pt``). Nobody here was heard in
calibration, in the cohort or in the training of ours, and no piece of music was; whom the authors of CAM++ taught it
with is not published. The audio lies beside the repository; its licenses are in `LICENSES.md` there.

A trial is one utterance against one enrolled person. EER is where as many of the enrolled are missed as others are
taken for them; TPR is how many are found where 1 of 100 others is taken for them. Intervals (95 %) are by bootstrap
over speakers, since trials of one speaker are not independent. Then the whole path, as an examination runs it: how
often the right voice is reported, a wrong one, and any in music without a voice. Of half the people there is less than
the five seconds that the service takes to enroll anybody: tables stand without them and with them.

``--choose MATERIAL`` prints the same of other people, other clones and other music, by which the comparison was chosen
(`choose` in `fingerprint/training/voice_split.tsv`): what is tested is looked at once, when everything is settled.
"""

from __future__ import annotations

import argparse
import sys
import time
from collections import defaultdict
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from uuid import NAMESPACE_URL, UUID, uuid5

import numpy as np
from numpy.typing import NDArray

from benchmarks.detection import report
from fingerprint import voice_encoder, voices
from fingerprint.evidence import VOICE_MATCH
from fingerprint.training.voice import (
    SAMPLES,
    features,
    hear,
    listed,
    mixed,
    read_audio,
    readers_of,
    teacher_arrays,
    windows_of,
)
from fingerprint.voice_encoder import RATE_HZ, Encoder
from fingerprint.voices import ALONE, BAND, BY_CAMPPLUS, CURRENT, VoiceTemplate

AUDIO = Path(__file__).resolve().parents[3] / "shared" / "audio"
SEED = 4_2026
NAMES = {"real": "real voice", "clone": "clone", "singing": "singer"}
SNRS: tuple[int | None, ...] = (None, 10, 5, 0, -5)  # None: alone
BOOTSTRAPS = 400
# By composers of whom nothing was in training or calibration; no voice is in them.
MUSIC = (
    "Gold_Rush", "Kevin_MacLeod", "country", "game_30s", "phonograph_album_mcl", "Hungarian", "bassguitar", "clav",
    "drums", "horns", "leadguitar", "sorohanro",
)  # fmt: skip

_LEAST = -10.0  # less like anybody than anybody is

Samples = NDArray[np.int16]


@dataclass(frozen=True)
class Utterance:
    """Something that somebody says or sings, or that a machine says like them."""

    speaker: str
    kind: str  # real, clone or singing
    samples: Samples


@dataclass(frozen=True)
class Corpus:
    """Whom to enroll with what, and what to test with."""

    enrolled: Mapping[str, Sequence[Samples]]
    tests: Sequence[Utterance]


def speech(folder: Path) -> Corpus:
    """Read speakers with real clips to enroll and others to test, and clones of them."""
    enrolled: dict[str, list[Samples]] = {}
    tests: list[Utterance] = []
    clips = defaultdict(list)
    for path in sorted((folder / "librispeech").glob("*.flac")):
        clips[path.name.split("-")[0]].append(read_audio(path))
    for reader, found in clips.items():
        enrolled[reader] = found[:2]
        tests += [Utterance(reader, "real", one) for one in found[2:]]
    for path in sorted((folder / "fastspeech2").glob("*_ground-truth.flac")):
        reader = path.name.removesuffix("_ground-truth.flac")
        reader = reader[:7] if reader.startswith("SSB") else reader.split("_")[0]
        enrolled[reader] = [read_audio(path)]
        clone = path.with_name(path.name.replace("ground-truth", "synthesized"))
        tests.append(Utterance(reader, "clone", read_audio(clone)))
    for path in sorted((folder / "stylespeech").glob("*_real_*.flac")):
        reader = path.name.split("_")[2]
        enrolled[reader] = [read_audio(path)]
        tests.append(Utterance(reader, "clone", read_audio(path.with_name(f"{path.name[0]}_clone.flac"))))
    real = [read_audio(path) for path in sorted((folder / "lj").glob("real_*.flac"))]
    enrolled["lj"] = real[:2]
    tests += [Utterance("lj", "real", one) for one in real[2:]]
    tests += [Utterance("lj", "clone", read_audio(path)) for path in sorted((folder / "lj").glob("clone_*"))]
    for name in ("slt", "awb"):
        enrolled[name] = [read_audio(path) for path in sorted((folder / "arctic").glob(f"real_{name}_*.flac"))]
    for path in sorted((folder / "arctic").glob("clone_flite_*.flac")):
        # Of rms no real clip is there: the clone is somebody else to everybody.
        tests.append(Utterance(path.name.split("_")[2], "clone", read_audio(path)))
    return Corpus(enrolled, tests)


def chosen_by(material: Path) -> Corpus:
    """Read whom the comparison was chosen by: two clips of a person to enroll, the others and the clones to test."""
    clips = defaultdict(list)
    for reader, name in readers_of("choose"):
        clips[reader].append(read_audio(material / name))
    tests = [Utterance(reader, "real", one) for reader, found in clips.items() for one in found[2:]]
    for reader, name in readers_of("choose-clone"):
        tests.append(Utterance(reader, "clone", read_audio(material / name)))
    enrolled = {reader: found[:2] for reader, found in clips.items()}
    for reader, name in readers_of("calibrate"):
        if reader == "music":
            continue
        samples = read_audio(material / name)
        if samples.size >= 8 * RATE_HZ:
            enrolled[reader] = [samples[: samples.size // 2]]
            tests.append(Utterance(reader, "half", samples[samples.size // 2 :]))
    return Corpus(enrolled, tests)


def singing(folder: Path) -> Corpus:
    """Read singers: the first half of a song to enroll, pieces of the second to test."""
    enrolled: dict[str, list[Samples]] = {}
    tests: list[Utterance] = []
    for path in sorted((folder / "singing").glob("*.flac")):
        samples = read_audio(path)
        half = samples.size // 2
        enrolled[path.stem] = [samples[:half]]
        piece = 5 * RATE_HZ
        starts = range(half, samples.size - piece + 1, piece)
        tests += [Utterance(path.stem, "singing", samples[start : start + piece]) for start in starts]
    return Corpus(enrolled, tests)


def music(folder: Path) -> list[Samples]:
    """Read the pieces that are laid under voices."""
    found = [read_audio(path) for path in sorted((folder / "music").iterdir()) if path.name.startswith(MUSIC)]
    return [piece for piece in found if piece.size > SAMPLES]


def under(rng: np.random.Generator, voice: Samples, pieces: Sequence[Samples], snr: int | None) -> Samples:
    """Lay a part of a piece under a voice."""
    if snr is None:
        return voice
    piece = pieces[int(rng.integers(len(pieces)))]
    start = int(rng.integers(0, max(1, piece.size - voice.size)))
    return mixed(voice, np.resize(piece[start : start + voice.size], voice.size), float(snr))


# --- Figures -------------------------------------------------------------------------------------------------------


@dataclass(frozen=True)
class Trials:
    """Scores of utterances (rows) against people (columns), who says each, and of which kind it is."""

    scores: NDArray[np.float64]
    speakers: NDArray[np.int_]  # -1: nobody who is enrolled
    kinds: NDArray[np.str_]

    def among(self, people: NDArray[np.bool_]) -> Trials:
        """Return the trials against some of the people; whoever else speaks is somebody else."""
        place = np.where(people, np.cumsum(people) - 1, -1)
        known = self.speakers >= 0
        speakers = np.where(known, place[self.speakers], -1)
        return Trials(self.scores[:, people], speakers, self.kinds)

    def figures(self, kind: str, rng: np.random.Generator) -> str:
        """Return EER and TPR at 1 % FPR with their intervals, of utterances of one kind against whoever else speaks."""
        whole = _rates(*self._split(kind, None))
        drawn = []
        people = np.unique(self.speakers)
        for _ in range(BOOTSTRAPS):
            draw = rng.choice(people, people.size)
            drawn.append(_rates(*self._split(kind, draw)))
        low, high = np.nanpercentile(np.array(drawn), [2.5, 97.5], axis=0)
        return (
            f"EER {100 * whole[0]:5.1f} [{100 * low[0]:4.1f}, {100 * high[0]:4.1f}]"
            f"   TPR at 1 % FPR {100 * whole[1]:5.1f} [{100 * low[1]:5.1f}, {100 * high[1]:5.1f}]"
        )

    def _split(self, kind: str, draw: NDArray[np.int_] | None) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
        same = self.speakers[:, None] == np.arange(self.scores.shape[1])[None, :]
        rows = np.flatnonzero(self.kinds == kind)
        times = np.ones(len(self.speakers), dtype=int)
        if draw is not None:
            counts = {int(one): int((draw == one).sum()) for one in np.unique(draw)}
            times = np.array([counts.get(int(one), 0) for one in self.speakers])
        weight = np.repeat(rows, times[rows])
        enrolled = weight[self.speakers[weight] >= 0]
        others = np.repeat(np.arange(len(self.speakers)), times)
        return self.scores[enrolled, self.speakers[enrolled]], self.scores[others][~same[others]]


def _rates(hits: NDArray[np.float64], others: NDArray[np.float64]) -> tuple[float, float]:
    """Return the equal error rate and the share of hits above all but a hundredth of the others."""
    if not hits.size or not others.size:
        return float("nan"), float("nan")
    hits, others = np.sort(hits), np.sort(others)
    limits = np.unique(np.concatenate([hits, others]))
    taken = 1 - np.searchsorted(others, limits) / others.size
    missed = np.searchsorted(hits, limits) / hits.size
    at = int(np.argmin(np.abs(taken - missed)))
    limit = others[int(np.ceil(others.size * 0.99)) - 1]
    return float((taken[at] + missed[at]) / 2), float((hits > limit).mean())


@dataclass(frozen=True)
class People:
    """Who is enrolled, as the detector (a vector for each clip), the student by itself and the peer know them."""

    names: tuple[str, ...]
    is_enough: NDArray[np.bool_]  # what the service would enroll: five seconds or more
    clips: tuple[NDArray[np.float32], ...]
    student: NDArray[np.float32]
    theirs: NDArray[np.float32] | None

    @property
    def templates(self) -> list[VoiceTemplate]:
        """What the listener takes."""
        given = zip(self.names, self.clips, strict=True)
        return [VoiceTemplate(_id(name), CURRENT.encoder, clips) for name, clips in given]


def enroll(corpus: Corpus, peer: Encoder | None) -> People:
    """Listen to what everybody is enrolled with, once."""
    encoder = voice_encoder.released()
    given = {name: [_windows(clip) for clip in clips] for name, clips in corpus.enrolled.items()}
    heard = [[vector for clip in found if (vector := _heard(clip)) is not None] for found in corpus.enrolled.values()]
    nothing = np.zeros((1, CURRENT.dimensions), np.float32)  # of whom no voice was heard
    clips = tuple(np.stack(found) if found else nothing for found in heard)
    student = [_mean(np.stack([_mean(encoder.listen(one)[0]) for one in found])) for found in given.values()]
    theirs = [_mean(peer.listen(np.concatenate(found))[0]) for found in given.values()] if peer else None
    lengths = [sum(clip.size for clip in one) * 1000 // RATE_HZ for one in corpus.enrolled.values()]
    return People(
        tuple(given),
        np.array(lengths) >= voices.LEAST_VOICE_MS,
        clips,
        np.stack(student),
        np.stack(theirs) if theirs else None,
    )


def joined(groups: Sequence[People]) -> People:
    """Return everybody of several groups, as the detectors know them."""
    return People(
        tuple(name for group in groups for name in group.names),
        np.concatenate([group.is_enough for group in groups]),
        tuple(clips for group in groups for clips in group.clips),
        np.concatenate([group.student for group in groups]),
        None,
    )


def trials(
    corpus: Corpus, enrolled: People, pieces: Sequence[Samples], snr: int | None, peer: Encoder | None
) -> dict[str, Trials]:
    """Score every utterance against everybody with the detectors, and with the peer where one is given."""
    rng = np.random.default_rng(SEED + (snr or 99))
    encoder, people = voice_encoder.released(), voices.cohort()
    condition = ALONE if snr is None else BAND
    known, centered = voices.middles(enrolled.templates, CURRENT), people.centered(enrolled.student, ALONE)
    of_campplus = known[:, : BY_CAMPPLUS.dimensions]
    nobody = np.full(len(known), _LEAST, np.float32)  # where no voice is heard
    ours, larger, smaller, theirs, speakers, kinds = [], [], [], [], [], []
    for utterance in corpus.tests:
        sound = under(rng, utterance.samples, pieces, snr)
        vector = _heard(sound)
        if vector is None:
            ours.append(nobody)
            larger.append(nobody)
        else:
            ours.append(voices.compared(vector[None], known, condition, CURRENT)[0])
            of_it = vector[None, : BY_CAMPPLUS.dimensions]
            larger.append(voices.compared(of_it, of_campplus, condition, BY_CAMPPLUS)[0])
        heard = _windows(sound)
        smaller.append(voices.scores(_mean(encoder.listen(heard)[0])[None], centered, condition, people)[0])
        if peer is not None and enrolled.theirs is not None:
            theirs.append(enrolled.theirs @ _mean(peer.listen(heard)[0]))
        speakers.append(enrolled.names.index(utterance.speaker) if utterance.speaker in enrolled.names else -1)
        kinds.append(utterance.kind)
    about = np.array(speakers), np.array(kinds)
    is_unheard = np.array([not clips.any() for clips in enrolled.clips])
    for score in (*ours, *larger):
        score[is_unheard] = _LEAST
    found = {
        "detector": Trials(np.array(ours, dtype=np.float64), *about),
        "CAM++": Trials(np.array(larger, dtype=np.float64), *about),
        "student": Trials(np.array(smaller, dtype=np.float64), *about),
    }
    if theirs:
        found["peer"] = Trials(np.array(theirs, dtype=np.float64), *about)
    return found


def _id(name: str) -> UUID:
    return uuid5(NAMESPACE_URL, name)


def _windows(samples: Samples) -> NDArray[np.float32]:
    cut = list(windows_of(samples)) or [np.resize(samples, SAMPLES)]
    return np.concatenate([features(one) for one in cut])


def _heard(samples: Samples) -> NDArray[np.float32] | None:
    """Return the one vector of a sound that the detector hears a voice in; None where it hears none."""
    heard = hear(np.resize(samples, max(samples.size, SAMPLES)), CURRENT).of_voice()
    return voices.unit(heard.vectors.mean(axis=0)) if heard.windows.size else None


def _mean(vectors: NDArray[np.float32]) -> NDArray[np.float32]:
    mean = vectors.mean(axis=0)
    return np.asarray(mean / np.linalg.norm(mean), dtype=np.float32)


# --- The whole path ------------------------------------------------------------------------------------------------


def reported(samples: Samples, templates: Sequence[VoiceTemplate]) -> list[tuple[str, int]]:
    """Return which voices an examination would report in a sound, each with the best probability."""
    listener = voices.Listener(templates)
    for at in range(0, samples.size, RATE_HZ):
        listener.feed(samples[at : at + RATE_HZ])
    best: dict[str, int] = {}
    for match in listener.search().matches:
        name = str(match.reference_id)
        best[name] = max(best.get(name, 0), match.probability_millionths or 0)
    return sorted(best.items())


def whole_path(
    corpus: Corpus, enrolled: People, pieces: Sequence[Samples], limit: int, say: Callable[[str], None]
) -> list[dict[str, Any]]:
    """Say how often the listener reports the right voice, and a wrong one, above a probability; return it as rates."""
    templates, rates = enrolled.templates, []
    for snr in SNRS:
        rng = np.random.default_rng(SEED + 7 + (snr or 99))
        right: dict[str, list[bool]] = defaultdict(list)
        beside: dict[str, list[bool]] = defaultdict(list)  # of those who are enrolled, that another was reported
        wrong: list[bool] = []
        for utterance in corpus.tests:
            if utterance.samples.size < 4 * RATE_HZ:
                continue  # shorter than a stretch may be
            found = reported(under(rng, utterance.samples, pieces, snr), templates)
            above = {name for name, likely in found if likely >= limit}
            own = str(_id(utterance.speaker)) if utterance.speaker in enrolled.names else ""
            if own:
                right[utterance.kind].append(own in above)
                beside[utterance.kind].append(bool(above - {own}))
            wrong.append(bool(above - {own}))
        told = ", ".join(f"{kind} {100 * np.mean(hits):.0f} % of {len(hits)}" for kind, hits in sorted(right.items()))
        say(f"  {_named(snr):>7}: right voice: {told}; another voice in {sum(wrong)} of {len(wrong)} utterances")
        rates += [
            report.rate(
                VOICE_MATCH,
                f"{NAMES[kind]}, {_beside(snr)}",
                0,
                n=len(hits),
                hits=sum(hits),
                wrong=sum(beside[kind]),
            )
            for kind, hits in sorted(right.items(), reverse=True)
        ]
    return rates


def innocent(folder: Path, templates: Sequence[VoiceTemplate], limit: int) -> Iterator[tuple[str, int, int]]:
    """Yield how many pieces of 30 seconds without an enrolled voice there are of a kind, and how many are accused."""
    groups: dict[str, list[Samples]] = {
        "music without a voice": music(folder),
        "songs with a voice of nobody enrolled": [
            read_audio(folder / "music" / "Karissa_Hobbs_Lets_Go_Fishin_hq_2cee7e.ogg"),
            read_audio(folder / "voice" / "song" / "Fantasma_-_Los_Rombos_30-90s.mp3"),
        ],
    }
    length = 30 * RATE_HZ
    for name, pieces in groups.items():
        cuts = [
            piece[at : at + length] for piece in pieces for at in range(0, max(1, piece.size - length // 2), length)
        ]
        accused = sum(any(likely >= limit for _, likely in reported(cut, templates)) for cut in cuts)
        yield name, len(cuts), accused


def _beside(snr: int | None) -> str:
    if snr is None:
        return "alone"
    return "music as loud" if snr == 0 else f"music {abs(snr)} dB {'below' if snr > 0 else 'above'}"


def _named(snr: int | None) -> str:
    return "alone" if snr is None else f"{snr} dB"


def tables(
    title: str,
    corpus: Corpus,
    kinds: Sequence[str],
    enrolled: People,
    pieces: Sequence[Samples],
    peer: Encoder | None,
    say: Callable[[str], None],
) -> None:
    """Say how well utterances of each kind are told from whatever else is said."""
    found = {snr: trials(corpus, enrolled, pieces, snr, peer) for snr in SNRS}
    for kind in kinds:
        for who, people in (("who would be enrolled", enrolled.is_enough), ("with less than that, too", None)):
            if people is None and enrolled.is_enough.all():
                continue
            chosen = np.ones(len(enrolled.names), dtype=bool) if people is None else people
            names = {name for name, taken in zip(enrolled.names, chosen, strict=True) if taken}
            count = sum(one.kind == kind and one.speaker in names for one in corpus.tests)
            say(f"\n{title}: {kind} against other, {count} utterances, {len(names)} people {who}")
            for snr in SNRS:
                for name, one in found[snr].items():
                    rates = one.among(chosen).figures(kind, np.random.default_rng(SEED))
                    say(f"  {_named(snr):>7}  {name:<8}  {rates}")


def main(arguments: Sequence[str] | None = None) -> int:
    """Print every table."""
    parser = argparse.ArgumentParser(
        prog="python -m benchmarks.detection.voices", description=(__doc__ or "").split("\n")[1]
    )
    parser.add_argument("--audio", type=Path, default=AUDIO, help="the folder with `voice` and `music`")
    parser.add_argument("--peer", type=Path, help="pretrained.pt of resemblyzer 0.1.4")
    parser.add_argument("--choose", type=Path, help="MATERIAL of the training: measure by what was chosen by, and end")
    parser.add_argument("--limit", type=int, default=500_000, help="the probability above which a match accuses")
    parser.add_argument("--write", action="store_true", help="put the whole path into error_rates.json")
    given = parser.parse_args(arguments)
    if not given.choose and not (given.audio / "voice").is_dir():
        sys.stderr.write(f"There is no audio to measure with in {given.audio}; name it with --audio.\n")
        return 2

    def say(line: str) -> None:
        sys.stdout.write(line + "\n")
        sys.stdout.flush()

    began = time.monotonic()
    peer = Encoder(teacher_arrays(given.peer)) if given.peer else None
    if given.choose:
        pieces = [read_audio(given.choose / name) for name in listed("calibrate", music=True)]
        corpus = chosen_by(given.choose)
        tables("Chosen by", corpus, ("real", "half", "clone"), enroll(corpus, peer), pieces, peer, say)
        return 0
    pieces = music(given.audio)
    spoken, sung = speech(given.audio / "voice"), singing(given.audio / "voice")
    weights = ", ".join(f"{name} {digest[:12]}" for name, digest in CURRENT.digests)
    say(f"{CURRENT.algorithm}: {weights}")
    say(f"{len(spoken.enrolled)} people enrolled, {len(pieces)} pieces of music")
    both = []
    for title, corpus, kinds in (("Speech", spoken, ("real", "clone")), ("Singing", sung, ("singing",))):
        enrolled = enroll(corpus, peer)
        both.append(enrolled)
        tables(title, corpus, kinds, enrolled, pieces, peer, say)
    say(f"\nThe whole path, reported with a probability of {given.limit / 10_000:.0f} % or more")
    rates = whole_path(spoken, both[0], pieces, given.limit, say)
    say("  singers, among everybody who is enrolled:")
    everybody = joined(both)
    rates += whole_path(sung, everybody, pieces, given.limit, say)
    say("\nAccused although innocent, in pieces of 30 seconds, with everybody above enrolled")
    negatives = []
    for name, count, accused in innocent(given.audio, everybody.templates, given.limit):
        negatives.append(report.innocent(VOICE_MATCH, name, n=count, stopped=accused))
        say(
            f"  {name}: {accused} of {count}, {10_000 * accused // count} per 10,000;"
            f" at most {_at_most(accused, count)}"
        )
    if given.write:
        report.replace(VOICE_MATCH, rates, negatives)
    say(f"\n{time.monotonic() - began:.0f} s")
    return 0


def _at_most(accused: int, count: int) -> int:
    """Return the upper end of the 95 % interval per 10,000 (Wilson; with none, the rule of three)."""
    if not accused:
        return round(10_000 * min(1.0, 3 / count))
    share, z = accused / count, 1.96
    middle = share + z * z / (2 * count)
    spread = z * np.sqrt(share * (1 - share) / count + z * z / (4 * count * count))
    return round(10_000 * float((middle + spread) / (1 + z * z / count)))


if __name__ == "__main__":
    sys.exit(main())
