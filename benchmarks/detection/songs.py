"""
The songs that detection is measured on, split by song into those that limits may be chosen on and those that count.

Real recordings come from the folder of freely licensed music beside the repository, or if that is not there from the
demo; rendered ones from the corpus that `benchmarks.detection.corpus` makes, as far as it was made. Innocents are in no
catalogue: songs of the catalogue that are left out of it, other renderings, speech and loops, and whatever lies in
DETECTION_INNOCENT, a folder for each genre.
"""

from __future__ import annotations

import hashlib
import math
import os
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path
from typing import Literal

import numpy as np
from numpy.typing import NDArray

from fingerprint import audio

RATE_HZ = 22_050
LEAST_S = 40.0  # of a song that is asked for
TUNING_SONGS = range(601, 701)  # of the rendered ones; see fingerprint.training.splits
Half = Literal["tuning", "held-out"]
Sound = NDArray[np.float32]  # between -1 and 1, mono, at 22,050 Hz

_REPOSITORY = Path(__file__).resolve().parents[2]
_MEDIA_TYPES = {".mp3": "audio/mpeg", ".ogg": "audio/ogg", ".flac": "audio/flac", ".wav": "audio/wav"}
# What is laid over music, or is no music; and recordings of one song, which count as one.
_LAYERS = ("198_209", "3436_172", "5703_472", "arovane", "loop_", "sorohanro", "drums_", "vocal")
_TOGETHER = ("bassguitar", "clav", "horns", "leadguitar"), ("JRPG_battle_", "JRPG_battleBoss")
_GENRES = {
    "198": "speech",
    "8bit": "chiptune",
    "Gold_Rush": "country",
    "Hungarian": "classical",
    "hungarian": "classical",
    "JRPG": "game",
    "Karissa": "singer-songwriter",
    "Kevin_MacLeod_P_I": "classical",
    "Kevin_MacLeod_Vibe": "electronic",
    "vibe-ace": "electronic",
    "bassguitar": "funk stems",
    "clav": "funk stems",
    "horns": "funk stems",
    "leadguitar": "funk stems",
    "country": "country",
    "game_30s": "game",
    "phonograph_album_holiznacc0_001": "piano and ambient",
    "phonograph_album_holiznacc0_002": "lo-fi",
    "phonograph_album_mcl": "generated electronic",
    "creepy": "piano and ambient",
    "spring": "piano and ambient",
    "two-hour": "lo-fi",
}
_OF_LAYERS = {"198_": "speech", "3436_": "speech", "5703_": "speech", "sorohanro": "solo", "vocal": "singing"}
# Other recordings of rendered songs, in no catalogue; see `benchmarks.detection.corpus`.
_RENDERED = {
    "inst": "rendered pop, other sounds",
    "ver": "rendered pop, other arrangement",
    "mel": "rendered pop, one instrument",
}


@dataclass(frozen=True)
class Song:
    """A recording, the song it belongs to, and which half that song is in."""

    name: str
    group: str
    genre: str
    is_real: bool
    half: Half
    path: Path


def music_folder() -> Path:
    """Say where freely licensed music lies."""
    given = os.environ.get("DETECTION_MUSIC")
    beside = _REPOSITORY.parent / "shared" / "audio" / "music"
    if given:
        return Path(given)
    return beside if beside.is_dir() else _REPOSITORY / "ledger" / "demo" / "audio"


def corpus_folder() -> Path:
    """Say where rendered songs lie."""
    return Path(os.environ.get("DETECTION_CORPUS", _REPOSITORY / "var" / "detection" / "corpus"))


def songs() -> list[Song]:
    """List every song, real ones first, in the order of their names."""
    found = []
    for path in sorted(music_folder().iterdir()):
        if path.suffix not in _MEDIA_TYPES or path.name.startswith(_LAYERS):
            continue
        group = next((names[0] for names in _TOGETHER if path.name.startswith(names)), path.stem)
        genre = next((genre for start, genre in _GENRES.items() if path.name.startswith(start)), "other")
        found.append(Song(path.stem, group, genre, True, _half(group), path))
    for path in sorted(corpus_folder().glob("ref_*.wav")) if corpus_folder().is_dir() else ():
        half: Half = "tuning" if int(path.stem[4:]) in TUNING_SONGS else "held-out"
        found.append(Song(path.stem, path.stem, "rendered pop", False, half, path))
    return found


def innocents(half: Half, count: int) -> list[Song]:
    """
    List what is examined whole and was not copied: everything real, and so many rendered songs of each kind.

    Songs of the catalogue come first and have to be left out of it. Recordings of one group are left out together.
    """
    known = [song for song in songs() if song.half == half]
    found = [song for song in known if song.is_real] + [song for song in known if not song.is_real][:count]
    real: list[tuple[Path, str, str]] = []
    given = os.environ.get("DETECTION_INNOCENT")
    for folder in sorted(Path(given).iterdir()) if given else ():
        real += [(path, f"{folder.name}, further", path.stem) for path in sorted(folder.iterdir())]
    for path in sorted(music_folder().iterdir()):
        if path.name.startswith(_LAYERS):
            genre = next((genre for start, genre in _OF_LAYERS.items() if path.name.startswith(start)), "drum loops")
            real.append((path, genre, "bassguitar" if path.name.startswith("drums_") else path.stem))
    for folder in sorted((music_folder().parent / "voice").glob("*/")):
        genre = "singing" if folder.name == "singing" else "speech"
        for path in sorted(folder.iterdir()) if folder.name != "song" else ():  # which lies in DETECTION_INNOCENT whole
            real.append((path, genre, folder.name + path.stem.partition("-")[0].partition("_")[0]))
    for path, genre, group in real:
        if path.suffix in _MEDIA_TYPES and _half(group) == half:
            mine = group if group == "bassguitar" else f"{path.parent.name}/{path.stem}"
            found.append(Song(f"{path.parent.name}/{path.stem}", mine, genre, True, half, path))
    for kind, genre in _RENDERED.items():
        paths = sorted(corpus_folder().glob(f"{kind}_*.wav")) if corpus_folder().is_dir() else []
        mine_ = [path for path in paths if (int(path.stem[len(kind) + 1 :]) in TUNING_SONGS) == (half == "tuning")]
        found += [Song(path.stem, path.stem, genre, False, half, path) for path in mine_[:count]]
    return found


def _half(group: str) -> Half:
    return "tuning" if hashlib.sha256(group.encode()).digest()[0] % 2 == 0 else "held-out"


def media_type(path: Path) -> str:
    """Say what a file's name says it is."""
    return _MEDIA_TYPES[path.suffix]


@lru_cache(maxsize=16)
def load(path: Path, *, seconds: float = math.inf) -> Sound:
    """Decode a file, or its first seconds; many pieces of a few songs are asked for."""
    blocks: list[NDArray[np.int16]] = []
    size = 0
    for block in audio.decode(path, _MEDIA_TYPES[path.suffix], RATE_HZ):
        blocks.append(block)
        size += block.size
        if size >= seconds * RATE_HZ:
            break
    whole = (np.concatenate(blocks) / 32_768).astype(np.float32)
    return whole if math.isinf(seconds) else whole[: int(seconds * RATE_HZ)]


def layers(kind: str, half: Half) -> list[Path]:
    """List what is laid over music: voices or drums, others in either half."""
    music = music_folder()
    voice = music.parent / "voice" / "singing"
    if kind == "vocal":
        names = (
            [voice / "vocadito_10.flac", voice / "oatsu_antagata_dokosa.flac", *music.glob("198_209*")]
            if half == "tuning"
            else [
                voice / "vocadito_1.flac",
                voice / "vocadito_14.flac",
                *music.glob("3436_172*"),
                *music.glob("5703_472*"),
                _REPOSITORY / "ledger" / "demo" / "audio" / "vocal.flac",
            ]
        )
    else:
        starts = (
            ("arovane_beat_a", "loop_amen", "loop_compus")
            if half == "tuning"
            else ("arovane_beat_b", "loop_breakbeat", "loop_electric", "drums_")
        )
        names = [path for start in starts for path in sorted(music.glob(f"{start}*"))]
    return [path for path in names if path.exists()]
