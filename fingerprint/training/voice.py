"""
Making the weights of the smaller voice encoder anew, on one CPU core in an hour or two, and calibrating either encoder.

A student that begins as the GE2E speaker encoder (Apache-2.0, the weights in the wheel `resemblyzer` 0.1.4) learns to
say of a voice under music what its teacher says of the voice alone; the weights are the mean of both. What it is taught
with, and what is kept from it, stands in `voice_split.tsv`: nobody who is tested, chosen or calibrated with, or by whom
means are taken, is heard in training.

    python -m fingerprint.training.voice split  MATERIAL > NEW.tsv
    python -m fingerprint.training.voice train  MATERIAL TEACHER.pt OUT.npz
    python -m fingerprint.training.voice cohort MATERIAL WEIGHTS.npz OUT.npz
    python -m fingerprint.training.voice calibrate MATERIAL ENCODER

MATERIAL is a folder with `librispeech/`, the files of `audio_data/librispeech_train-clean-100` of
resemble-ai/Resemblyzer, `music/`, the files that the list names, `vctk/`, the files that it names of the repositories
in its paths, and `rendered/`, songs on other instruments and melodies on single ones out of POP909 as
`benchmarks.detection.corpus` renders them (sources and licenses: `data/VOICE_CARD.md`). TEACHER.pt is
`resemblyzer/pretrained.pt` of the wheel. The list made anew keeps the rows of clones, so write it beside the old one.
"""

from __future__ import annotations

import hashlib
import json
import sys
import time
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, Final
from uuid import uuid4

import av
import numpy as np
import torch
from av.audio.resampler import AudioResampler
from numpy.typing import NDArray
from torch import nn

from fingerprint import calibration, voice_encoder, voices
from fingerprint.calibration import Calibration
from fingerprint.voice_encoder import FRAMES, HOP, N_FFT, RATE_HZ, Encoder
from fingerprint.voice_network import Network
from fingerprint.voices import Comparison, VoiceTemplate

TEACHER_DIGEST: Final = "39373b86598fa3da9fcddee6142382efe09777e8d37dc9c0561f41f0070f134e"
SPLIT: Final = Path(__file__).parent / "voice_split.tsv"
SEED: Final = 20_261_129
BATCH: Final = 24
STEPS: Final = 400
SAMPLES: Final = (FRAMES - 1) * HOP + N_FFT  # of one window
STRIDE: Final = RATE_HZ * 4 // 5  # between the places where a window of speech may begin
SPEEDS: Final = (0.87, 1.0, 1.15)  # a voice played faster or slower is, to the teacher, another voice

DIRECTIONS: Final = 100  # in which people are compared
EVENED: Final = 0.3  # of the spread of one person is taken to be the same in all directions: 164 people say little
RUNS: Final = (3, 6, 12)  # windows in a row that are one trial
SNRS_TO_COMPARE: Final = ((2.0, 12.0), (-6.0, 2.0))

# Whom the benchmark tests: LibriTTS readers behind its clones, readers that other tests mix in.
TESTED: Final = frozenset(
    "19 26 27 32 39 40 198 207 480 968 2299 2388 3436 3615 4744 5126 5703 6098 6544".split()  # noqa: SIM905 - a list to read
)
# Readers whose vectors ship as the cohort.
COHORT: Final = frozenset(
    [
        "1081",
        "1088",
        "1355",
        "1553",
        "1926",
        "200",
        "2007",
        "2092",
        "233",
        "2391",
        "248",
        "2691",
        "2843",
        "2989",
        "311",
        "3168",
        "3242",
        "3486",
        "3526",
        "4137",
        "4267",
        "445",
        "4640",
        "5049",
        "5463",
        "5789",
        "5867",
        "6078",
        "6181",
        "6209",
        "6272",
        "6437",
        "6818",
        "6836",
    ]
)
CALIBRATION_READERS: Final = 44
CALIBRATION_MUSIC: Final = ("002-winter", "phonograph_album_holiznacc0_002", "peasant_kingdom", "lunar_joyride")


def read_audio(path: Path) -> NDArray[np.int16]:
    """Decode a file of ours to mono at 16 kHz."""
    resampler = AudioResampler(format="s16", layout="mono", rate=RATE_HZ)
    with av.open(str(path)) as container:
        blocks = [block.to_ndarray()[0] for frame in container.decode(audio=0) for block in resampler.resample(frame)]
    blocks += [block.to_ndarray()[0] for block in resampler.resample(None)]
    return np.concatenate(blocks)


def split(material: Path) -> Iterator[tuple[str, str, str]]:
    """Yield what each file is for: its use, who reads in it, its name. The readers fall by a digest of their number."""
    readers = sorted((material / "librispeech").glob("*.flac"))
    rest = sorted(
        (path for path in readers if _reader(path) not in TESTED | COHORT),
        key=lambda path: hashlib.sha256(f"voice split {_reader(path)}".encode()).digest(),
    )
    calibrating = {_reader(path) for path in rest[:CALIBRATION_READERS]}
    for path in readers:
        reader = _reader(path)
        use = "train"
        for name, of in (("tested", TESTED), ("cohort", COHORT), ("calibrate", calibrating)):
            use = name if reader in of else use
        yield use, reader, f"librispeech/{path.name}"
    for path in sorted((material / "music").iterdir()):
        yield "calibrate" if path.name.startswith(CALIBRATION_MUSIC) else "train", "music", f"music/{path.name}"
    for path in sorted((material / "rendered").glob("*.wav")):
        yield "tell", "music", f"rendered/{path.name}"
    for use in ("choose", "choose-clone"):  # whose voice a clone is of stands on its page only: these rows are kept
        yield from ((use, reader, name) for reader, name in readers_of(use))


def _reader(path: Path) -> str:
    return path.name.split("-")[0]


def listed(use: str, *, music: bool) -> list[str]:
    """Return the names of the files that are for a use, in the order of the list."""
    rows = [line.split("\t") for line in SPLIT.read_text().splitlines() if line and not line.startswith("#")]
    return [name for found, reader, name in rows if found == use and (reader == "music") is music]


def readers_of(use: str) -> list[tuple[str, str]]:
    """Return who is to be heard in the files that are for a use, and their names, in the order of the list."""
    rows = [line.split("\t") for line in SPLIT.read_text().splitlines() if line and not line.startswith("#")]
    return [(reader, name) for found, reader, name in rows if found == use]


def at_speed(samples: NDArray[np.int16], speed: float) -> NDArray[np.int16]:
    """Play faster or slower, so that the pitch and the resonances move along."""
    if speed == 1.0:
        return samples
    places = np.arange(0, samples.size - 1, speed)
    return np.asarray(np.interp(places, np.arange(samples.size), samples), dtype=np.int16)


def teacher_arrays(path: Path) -> dict[str, NDArray[np.float32]]:
    """Read the teacher's layers out of the wheel's file, if it is the one that is meant."""
    if hashlib.sha256(path.read_bytes()).hexdigest() != TEACHER_DIGEST:
        raise SystemExit(f"{path} is not pretrained.pt of resemblyzer 0.1.4")
    state = torch.load(path, map_location="cpu", weights_only=True)["model_state"]
    return {name: value.numpy() for name, value in state.items() if name.startswith(("lstm.", "linear."))}


@dataclass(frozen=True)
class Taught:
    """Windows of one reader at one speed, and what the teacher says of them alone: each with a share of their mean."""

    samples: NDArray[np.int16]
    starts: NDArray[np.intp]
    vectors: NDArray[np.float32]


def teach(teacher: Encoder, samples: NDArray[np.int16]) -> Taught | None:
    """Ask the teacher about every loud enough window of clean speech; None where there is none."""
    starts = np.arange(0, samples.size - SAMPLES, STRIDE)
    loud = float(np.square(samples.astype(np.float64)).mean())
    kept = [
        start for start in starts if np.square(samples[start : start + SAMPLES].astype(np.float64)).mean() > 0.1 * loud
    ]
    if not kept:
        return None
    given = np.concatenate([features(samples[start : start + SAMPLES]) for start in kept])
    vectors, _ = teacher.listen(given)
    mean = vectors.mean(axis=0)
    vectors = vectors + mean / np.linalg.norm(mean)
    return Taught(samples, np.array(kept), vectors / np.linalg.norm(vectors, axis=1, keepdims=True))


def features(samples: NDArray[np.int16]) -> NDArray[np.float32]:
    """Return one window as the encoder takes it."""
    return voice_encoder.windows(voice_encoder.mel(voice_encoder.power(samples)), np.array([0]))


def mixed(voice: NDArray[np.int16], music: NDArray[np.int16], snr_db: float) -> NDArray[np.int16]:
    """Lay music under a voice, at a distance in loudness, as loud as it goes."""
    one, other = voice.astype(np.float64), music.astype(np.float64)
    gain = np.sqrt(np.square(one).mean() + 1.0) / np.sqrt(np.square(other).mean() + 1.0) * 10 ** (-snr_db / 20)
    both = one + gain * other
    return np.asarray(both / max(1.0, float(np.abs(both).max())) * 24_000.0, dtype=np.int16)


def excerpt(rng: np.random.Generator, music: Sequence[NDArray[np.int16]]) -> NDArray[np.int16]:
    """Take a window of music from anywhere, by the length of the pieces."""
    sizes = np.array([piece.size for piece in music], dtype=np.float64)
    piece = music[int(rng.choice(len(music), p=sizes / sizes.sum()))]
    start = int(rng.integers(0, max(1, piece.size - SAMPLES)))
    return np.resize(piece[start : start + SAMPLES], SAMPLES)


def train(material: Path, teacher_file: Path, out: Path, say: Callable[[str], None] = print) -> None:
    """Teach a student and write its weights in half precision. One thread, so that the same bytes come out again."""
    torch.set_num_threads(1)
    torch.set_flush_denormal(True)
    torch.manual_seed(SEED)
    rng = np.random.default_rng(SEED)
    teacher = Encoder(teacher_arrays(teacher_file))
    music = [read_audio(material / name) for name in listed("train", music=True)]
    music = [piece for piece in music if piece.size > SAMPLES]
    readers = []
    for name in listed("train", music=False):
        samples = read_audio(material / name)
        told = [teach(teacher, at_speed(samples, speed)) for speed in SPEEDS]
        if found := [one for one in told if one is not None]:
            readers.append(found)
    say(f"{len(readers)} readers, {sum(piece.size for piece in music) / RATE_HZ / 3600:.1f} hours of music")
    student = Network()
    student.load_state_dict({name: torch.from_numpy(array) for name, array in teacher_arrays(teacher_file).items()})
    student.train()
    optimizer = torch.optim.AdamW(student.parameters(), 5e-4, weight_decay=1e-4)
    schedule = torch.optim.lr_scheduler.OneCycleLR(optimizer, 5e-4, STEPS, pct_start=0.1)
    began = time.monotonic()
    for step in range(1, STEPS + 1):
        given, wanted = zip(
            *(_pair(rng, readers[at], music) for at in rng.choice(len(readers), BATCH, False)), strict=True
        )
        with torch.autocast("cpu", dtype=torch.bfloat16):  # half the time
            heard = student.hear(torch.from_numpy(np.concatenate(given)))
        said = student.point(heard.float())
        meant = torch.from_numpy(np.stack(wanted))
        alike = (said * meant).sum(1)
        apart = nn.functional.cross_entropy(said @ meant.T / 0.07, torch.arange(BATCH))
        loss = (1 - alike).mean() + 0.25 * apart
        optimizer.zero_grad()
        loss.backward()  # type: ignore[no-untyped-call]
        nn.utils.clip_grad_norm_(student.parameters(), 1.0)
        optimizer.step()
        schedule.step()
        if step % 25 == 0:
            pace = (time.monotonic() - began) / step
            say(f"{step} loss {loss.item():.3f} cos {alike.mean().item():.3f} {pace:.2f} s a step")
    taught = {name: value.detach().numpy().astype(np.float16) for name, value in student.state_dict().items()}
    # Half of each: the student has heard few people, and what the teacher learned of many more is worth keeping.
    began_as = teacher_arrays(teacher_file)
    say(write(out, {name: (began_as[name] + array.astype(np.float32)) / 2 for name, array in taught.items()}))


def _pair(
    rng: np.random.Generator, speeds: Sequence[Taught], music: Sequence[NDArray[np.int16]]
) -> tuple[NDArray[np.float32], NDArray[np.float32]]:
    one = speeds[int(rng.integers(len(speeds)))]
    at = int(rng.integers(one.starts.size))
    start = int(one.starts[at])
    voice = one.samples[start : start + SAMPLES]
    if rng.random() >= 0.12:
        voice = mixed(voice, excerpt(rng, music), float(rng.uniform(-8.0, 15.0)))
    return features(voice), one.vectors[at]


# --- The cohort ----------------------------------------------------------------------------------------------------


def cohort(material: Path, weights: Path, out: Path, say: Callable[[str], None] = print) -> None:
    """Listen to the cohort with the student's weights, learn to tell voice and music, and write what comes of it."""
    torch.set_num_threads(1)
    rng = np.random.default_rng(SEED + 1)
    encoder = Encoder(voice_encoder.read(weights, digest=hashlib.sha256(weights.read_bytes()).hexdigest()))
    music = [piece for name in listed("train", music=True) if (piece := read_audio(material / name)).size > SAMPLES]
    alone, band = [], []
    for name in listed("cohort", music=False):
        said = list(windows_of(read_audio(material / name)))
        over = [mixed(voice, excerpt(rng, music), float(rng.uniform(-5.0, 10.0))) for voice in said]
        alone.append(_heard(encoder, said))
        band.append(_heard(encoder, over))
    means = np.stack([np.mean([one.mean(axis=0) for one in condition], axis=0) for condition in (alone, band)])
    presence = tell(rng, material, music, encoder, say)
    readers = [reread(rng, encoder, read_audio(material / name), music) for name in listed("train", music=False)]
    alone += [reader.alone for reader in readers]
    band += [np.concatenate(reader.band) for reader in readers]
    people = np.stack([centroids(condition, mean) for condition, mean in zip((alone, band), means, strict=True)])
    apart = told_apart(readers, means)
    digest = write(out, {"means": means, "people": people, "presence": presence, "apart": apart})
    say(f"{people.shape[1]} people, {digest}")


def _heard(encoder: Encoder, sounds: Sequence[NDArray[np.int16]]) -> NDArray[np.float32]:
    return encoder.listen(np.concatenate([features(one) for one in sounds]))[0]


def centroids(people: Sequence[NDArray[np.float32]], mean: NDArray[np.float32]) -> NDArray[np.float32]:
    """Return one vector of length 1 for each of several people, the mean of all taken off."""
    return np.stack([voices.unit(voices.unit(one.mean(axis=0)) - mean) for one in people])


# --- What tells people apart ---------------------------------------------------------------------------------------


@dataclass(frozen=True)
class Reread:
    """Vectors of one reader, window by window: alone, twice over a band (softer and louder) and through a vocoder."""

    alone: NDArray[np.float32]
    band: tuple[NDArray[np.float32], NDArray[np.float32]]
    vocoded: NDArray[np.float32]


def reread(
    rng: np.random.Generator, encoder: Encoder, samples: NDArray[np.int16], music: Sequence[NDArray[np.int16]]
) -> Reread:
    """Listen to a reader in every way in which the same person is to be the same."""
    said = list(windows_of(samples))
    soft, loud = (
        _heard(encoder, [mixed(voice, excerpt(rng, music), float(rng.uniform(*range_db))) for voice in said])
        for range_db in SNRS_TO_COMPARE
    )
    return Reread(
        _heard(encoder, said), (soft, loud), _heard(encoder, list(windows_of(vocoded(samples, rng))) or said[:1])
    )


def told_apart(readers: Sequence[Reread], means: NDArray[np.float32]) -> NDArray[np.float32]:
    """
    Return the directions in which readers differ from each other more than from themselves, as (256, `DIRECTIONS`).

    Linear discriminants, of runs of windows, each weighed by how much of what differs there is between people: what
    music, a vocoder and the words do to a voice counts less in all of them.
    """
    runs: list[NDArray[np.float32]] = []
    whose: list[int] = []
    for at, reader in enumerate(readers):
        for vectors, condition in (
            (reader.alone, voices.ALONE),
            (reader.band[0], voices.BAND),
            (reader.band[1], voices.BAND),
            (reader.vocoded, voices.ALONE),
        ):
            found = [
                vectors[start : start + length].mean(axis=0)
                for length in RUNS
                for start in range(0, max(1, len(vectors) - length + 1), length)
            ]
            runs.append(voices.unit(voices.unit(np.stack(found)) - means[condition]))
            whose += [at] * len(found)
    given, labels = np.concatenate(runs).astype(np.float64), np.array(whose)
    middles = np.stack([given[labels == at].mean(axis=0) for at in range(len(readers))])
    spread = given - middles[labels]
    within = spread.T @ spread / len(spread)
    within = (1 - EVENED) * within + EVENED * np.trace(within) / len(within) * np.eye(len(within))
    white = np.linalg.cholesky(np.linalg.inv(within))
    sizes, directions = np.linalg.eigh(white.T @ np.cov(middles.T) @ white)
    sizes, directions = sizes[-DIRECTIONS:], directions[:, -DIRECTIONS:]
    return np.asarray(white @ directions * np.sqrt(sizes / (sizes + 1)), dtype=np.float32)


_FRAME: Final = 1_024
_FRAME_HOP: Final = 256
_HANN: Final = np.hanning(_FRAME + 1)[:-1]


def vocoded(samples: NDArray[np.int16], rng: np.random.Generator) -> NDArray[np.int16]:
    """
    Return a voice as a vocoder gives it back: made anew from 80 mel bands, without the phases (Griffin and Lim, 1984).

    What speech synthesizers say goes through such bands. It is as long as what was given.
    """
    bands = _mel_bands()
    back = np.linalg.pinv(bands)
    padded = np.pad(samples.astype(np.float64) / 32_768, (_FRAME, 2 * _FRAME))
    magnitude = np.maximum(1e-7, np.abs(_spectrum(padded)) @ bands.T @ back.T)
    phase = np.exp(2j * np.pi * rng.random(magnitude.shape))
    for _ in range(16):
        phase = np.exp(1j * np.angle(_spectrum(_sound(magnitude * phase, padded.size))))
    sound = _sound(magnitude * phase, padded.size)[_FRAME : _FRAME + samples.size]
    return np.asarray(sound / max(1e-6, float(np.abs(sound).max())) * 20_000, dtype=np.int16)


def _mel_bands() -> NDArray[np.float64]:
    edges = 700 * (10 ** (np.linspace(0, 2_595 * np.log10(1 + 7_600 / 700), 82) / 2_595) - 1)
    ramps, widths = edges[:, None] - np.linspace(0, RATE_HZ / 2, _FRAME // 2 + 1), np.diff(edges)
    return np.maximum(0.0, np.minimum(-ramps[:-2] / widths[:-1, None], ramps[2:] / widths[1:, None]))


def _spectrum(sound: NDArray[np.float64]) -> NDArray[np.complex128]:
    return np.fft.rfft(np.lib.stride_tricks.sliding_window_view(sound, _FRAME)[::_FRAME_HOP] * _HANN)


def _sound(spectrum: NDArray[np.complex128], size: int) -> NDArray[np.float64]:
    sound, weight = np.zeros(size), np.zeros(size)
    for at, frame in enumerate(np.fft.irfft(spectrum) * _HANN):
        sound[at * _FRAME_HOP : at * _FRAME_HOP + _FRAME] += frame
        weight[at * _FRAME_HOP : at * _FRAME_HOP + _FRAME] += _HANN**2
    return sound / np.maximum(weight, 1e-3)


# --- Telling voices from music -------------------------------------------------------------------------------------


def windows_of(samples: NDArray[np.int16]) -> Iterator[NDArray[np.int16]]:
    """Yield windows of clean speech that are loud enough to have some in them."""
    loud = float(np.square(samples.astype(np.float64)).mean())
    for start in range(0, samples.size - SAMPLES, STRIDE):
        window = samples[start : start + SAMPLES]
        if np.square(window.astype(np.float64)).mean() > 0.1 * loud:
            yield window


def tell(
    rng: np.random.Generator,
    material: Path,
    music: Sequence[NDArray[np.int16]],
    encoder: Encoder,
    say: Callable[[str], None],
) -> NDArray[np.float32]:
    """Learn from the encoder's states whether there is a voice in a window, and music: two logistic regressions."""
    given: list[NDArray[np.float32]] = []
    labels: list[tuple[float, float]] = []
    for name in listed("train", music=False):
        said = list(windows_of(read_audio(material / name)))
        for at in rng.choice(len(said), min(6, len(said)), replace=False):
            given.append(features(said[at]))
            labels.append((1.0, 0.0))
            given.append(features(mixed(said[at], excerpt(rng, music), float(rng.uniform(-6.0, 12.0)))))
            labels.append((1.0, 1.0))
    for _ in range(1_400):
        given.append(features(excerpt(rng, music)))
        labels.append((0.0, 1.0))
    for name in listed("tell", music=True):
        piece = read_audio(material / name)
        for _ in range(12):
            given.append(features(excerpt(rng, [piece])))
            labels.append((0.0, 1.0))
    for _ in range(250):
        given.append(features(artificial(rng)))
        labels.append((0.0, 1.0))
    _, states = encoder.listen(np.concatenate(given))
    inputs = torch.from_numpy(np.concatenate([states, np.ones((len(states), 1), dtype=np.float32)], axis=1))
    wanted = torch.tensor(labels)
    weights = torch.zeros(2, inputs.shape[1], requires_grad=True)
    optimizer = torch.optim.LBFGS([weights], max_iter=200)

    def closure() -> torch.Tensor:
        optimizer.zero_grad()
        wrong = nn.functional.binary_cross_entropy_with_logits(inputs @ weights.T, wanted)
        loss = wrong + 1e-3 * weights.square().sum() / 2
        loss.backward()  # type: ignore[no-untyped-call]
        return loss

    optimizer.step(closure)  # type: ignore[no-untyped-call]
    right = ((inputs @ weights.T > 0) == (wanted > 0.5)).float().mean(0)
    say(f"{len(given)} windows; voice told right {right[0]:.3f}, music {right[1]:.3f}")
    return np.asarray(weights.detach().numpy(), dtype=np.float32)


def artificial(rng: np.random.Generator) -> NDArray[np.int16]:
    """Make a sound that is neither voice nor music: noise of some color, a tone, a sweep, hum or clicks."""
    t = np.arange(SAMPLES) / RATE_HZ
    match int(rng.integers(5)):
        case 0:
            sound = rng.standard_normal(SAMPLES)
        case 1:
            sound = np.cumsum(rng.standard_normal(SAMPLES))
            sound -= np.convolve(sound, np.ones(400) / 400, mode="same")
        case 2:
            sound = sum((np.sin(2 * np.pi * rng.uniform(60, 4_000) * t) for _ in range(int(rng.integers(1, 4)))), 0 * t)
        case 3:
            sound = np.sin(2 * np.pi * (rng.uniform(80, 800) * t + rng.uniform(-300, 900) * t * t))
        case _:
            sound = (np.arange(SAMPLES) % int(rng.integers(20, 4_000)) == 0).astype(np.float64)
    peak = rng.uniform(0.02, 0.95) * 32_767
    return np.asarray(sound / (np.abs(sound).max() + 1e-9) * peak, dtype=np.int16)


# --- What a score is worth -----------------------------------------------------------------------------------------

_SNRS: Final = (10.0, 5.0, 0.0, -5.0)
_SURE: Final = 0.999  # so many wrong trials there are not that more could be told from them
_NEARLY: Final = 0.998  # as far up as a wrong trial was: what is refused without a person's look lies above
_LEAST: Final = (2 * voices.STEP_MS + voices.WINDOW_MS) * RATE_HZ // 1000  # what a stretch takes


@dataclass(frozen=True)
class Trial:
    """Something to listen for one of the enrolled in, real or a clone of them."""

    speaker: str
    is_clone: bool
    samples: NDArray[np.int16]


def calibrate(material: Path, by: Comparison, say: Callable[[str], None] = print) -> None:
    """
    Enroll people who were in nothing else, and listen for them in what else they say, and in clones of them.

    Readers are enrolled with one half of what they read and tried with the other, the speakers whom the comparison was
    chosen by with two clips, and tried with further ones and with clones. Writes, for voices alone and over a band,
    which score is worth which probability: a logistic curve through the best stretch of each trial, as if as many right
    ones as wrong ones had been asked for, and as many clones as real voices.
    """
    torch.set_num_threads(1)
    rng = np.random.default_rng(SEED + 2)
    music = [read_audio(material / name) for name in listed("calibrate", music=True)]
    enrolled, trials = _to_calibrate(material, by)
    names = list(enrolled)
    known = [VoiceTemplate(uuid4(), by.encoder, vectors.mean(axis=0)[None]) for vectors in enrolled.values()]
    templates = voices.middles(known, by)
    tried = {is_clone: sum(one.is_clone is is_clone for one in trials) for is_clone in (False, True)}
    seen: list[list[Scored]] = []
    for condition, snrs in ((voices.ALONE, (None,)), (voices.BAND, _SNRS)):
        scored = []
        for snr in snrs:
            for trial in trials:
                given = trial.samples if snr is None else _under(rng, trial.samples, music, snr)
                best: dict[int, float] = {}
                for found in voices.stretches(hear(given, by).of_voice(), templates, by):
                    if found.condition == condition:
                        best[found.template] = max(best.get(found.template, -9.0), found.score)
                for template, score in best.items():
                    is_right = names[template] == trial.speaker
                    asked = len(snrs) * (2 * tried[trial.is_clone] if is_right else len(trials) * (len(names) - 1))
                    scored.append(Scored(score, is_right, trial.is_clone, 1 / asked))
        seen.append(scored)
        say(f"condition {condition}: {len(snrs) * len(trials)} trials against {len(names)} people")
        for what, chosen in (
            ("real", [one.score for one in scored if one.is_right and not one.is_clone]),
            ("clone", [one.score for one in scored if one.is_right and one.is_clone]),
            ("wrong", [one.score for one in scored if not one.is_right]),
        ):
            say(f"    {what}: {len(chosen)} found, {np.percentile(chosen, [1, 25, 50, 75, 99]).round(2)}")
    for condition, scored in enumerate(seen):
        slope, offset = _logistic(scored)
        places = range(0, 601 if by is voices.BY_STUDENT else 1_001, 25)
        curve = (1 / (1 + float(np.exp(-(slope * score / 100 + offset)))) for score in places)
        highest = max(one.score for one in scored if not one.is_right)
        over = ("alone", "with seven pieces of music laid over, 10, 5, 0 and -5 dB below")[condition]
        table = Calibration(
            algorithm=f"{by.algorithm} {('alone', 'band')[condition]}",
            parameters=by.parameters,
            points=tuple(
                (score * 1_000, round(1e6 * min(_SURE if score > 100 * highest else _NEARLY, likely)))
                for score, likely in zip(places, curve, strict=True)
            ),
            source=(
                f"{tried[False]} utterances of real voices (LibriSpeech, VCTK) and {tried[True]} of clones, {over};"
                f" each against {len(names)} people."
            ),
            measured_on=datetime.now(UTC).date().isoformat(),
            right=sum(one.is_right for one in scored),
            wrong=sum(not one.is_right for one in scored),
        )
        path = calibration.FOLDER / by.calibrations[condition]
        path.write_text(json.dumps(table.to_document(), indent=1) + "\n")
        say(f"wrote {path}; the highest of the wrong is {highest:.2f}")
        times = (1, len(_SNRS))[condition]
        of = {
            "real": (tried[False] * times, [one for one in scored if one.is_right and not one.is_clone]),
            "clone": (tried[True] * times, [one for one in scored if one.is_right and one.is_clone]),
            "wrong": (len(trials) * (len(names) - 1) * times, [one for one in scored if not one.is_right]),
        }
        for what, (asked, those) in of.items():
            worth = [table.probability_millionths(voices.score_millionths(one.score)) for one in those]
            likely, sure = (sum(one >= limit for one in worth) for limit in (500_000, 999_000))
            say(f"    {what}: of {asked}, {likely} with 50 % or more, {sure} with 99.9 %")


def _to_calibrate(material: Path, by: Comparison) -> tuple[dict[str, NDArray[np.float32]], list[Trial]]:
    """Return the vectors that each person is enrolled with, and what to try them with: what is long enough to match."""
    enrolled: dict[str, NDArray[np.float32]] = {}
    trials: list[Trial] = []
    for reader, name in readers_of("calibrate"):
        if reader != "music" and (samples := read_audio(material / name)).size >= 10 * RATE_HZ:
            enrolled[reader] = hear(samples[: samples.size // 2], by).of_voice().vectors
            trials.append(Trial(reader, False, samples[samples.size // 2 :]))
    clips: dict[str, list[NDArray[np.int16]]] = {}
    for reader, name in readers_of("choose"):
        clips.setdefault(reader, []).append(read_audio(material / name))
    for reader, found in clips.items():
        heard = np.concatenate([hear(clip, by).of_voice().vectors for clip in found[:2]])
        if len(heard):
            enrolled[reader] = heard
        trials += [Trial(reader, False, clip) for clip in found[2:]]
    trials += [Trial(reader, True, read_audio(material / name)) for reader, name in readers_of("choose-clone")]
    return enrolled, [one for one in trials if one.samples.size >= _LEAST and one.speaker in enrolled]


@dataclass(frozen=True)
class Scored:
    """The best stretch of a trial for one person, and how much it weighs."""

    score: float
    is_right: bool
    is_clone: bool
    weight: float


def hear(samples: NDArray[np.int16], by: Comparison) -> voices.Heard:
    """Listen to a whole sound."""
    ear = voices.Ear(by)
    ear.feed(samples)
    return ear.finish()


def _under(
    rng: np.random.Generator, voice: NDArray[np.int16], music: Sequence[NDArray[np.int16]], snr: float
) -> NDArray[np.int16]:
    piece = music[int(rng.integers(len(music)))]
    start = int(rng.integers(0, max(1, piece.size - voice.size)))
    return mixed(voice, np.resize(piece[start : start + voice.size], voice.size), snr)


def _logistic(scored: Sequence[Scored]) -> tuple[float, float]:
    """Fit a logistic curve by the weights of what was scored; return its slope and where it begins."""
    rows = torch.tensor([(one.score, float(one.is_right), one.weight) for one in scored], dtype=torch.float64)
    curve = torch.tensor([1.0, 0.0], dtype=torch.float64, requires_grad=True)
    optimizer = torch.optim.LBFGS([curve], max_iter=200, line_search_fn="strong_wolfe")

    def closure() -> torch.Tensor:
        optimizer.zero_grad()
        sums = curve[0] * (rows[:, 0] - 2) + curve[1]
        loss = nn.functional.binary_cross_entropy_with_logits(sums, rows[:, 1], weight=rows[:, 2], reduction="sum")
        loss.backward()  # type: ignore[no-untyped-call]
        return loss

    optimizer.step(closure)  # type: ignore[no-untyped-call]
    slope, offset = curve.detach().tolist()
    return slope, offset - 2 * slope


def write(out: Path, arrays: dict[str, NDArray[np.float32]]) -> str:
    """Write arrays in half precision; return the digest of the file. The same arrays make the same bytes."""
    with out.open("wb") as file:
        halves: dict[str, Any] = {name: array.astype(np.float16) for name, array in arrays.items()}
        np.savez(file, **halves)
    return hashlib.sha256(out.read_bytes()).hexdigest()


def main(arguments: Sequence[str]) -> None:
    """Do what the first word says."""
    match arguments:
        case ["split", material]:
            for row in split(Path(material)):
                print("\t".join(row))  # noqa: T201 - the list is the output
        case ["train", material, teacher, out]:
            train(Path(material), Path(teacher), Path(out), say=lambda line: print(line, flush=True))  # noqa: T201
        case ["cohort", material, weights, out]:
            cohort(Path(material), Path(weights), Path(out), say=lambda line: print(line, flush=True))  # noqa: T201
        case ["calibrate", material, encoder] if encoder in voices.COMPARISONS:
            calibrate(Path(material), voices.COMPARISONS[encoder], say=lambda line: print(line, flush=True))  # noqa: T201
        case _:
            raise SystemExit(__doc__)


if __name__ == "__main__":
    main(sys.argv[1:])
