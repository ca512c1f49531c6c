"""However quickly windows are compared, what is found is what a plain comparison of each finds."""

from __future__ import annotations

from collections.abc import Callable
from uuid import UUID

import numpy as np
import pytest

from fingerprint import spectra, spectra_matching
from fingerprint.postings import Index
from fingerprint.spectra import SAMPLE_RATE_HZ
from fingerprint.spectra_matching import _Query
from tests.fingerprint.sounds import Sound

KNOWN = ("creepy-piano.ogg", "hungarian-dance-5.ogg", "spring-on-the-horizon.ogg", "vibe-ace.ogg")
Likeness = tuple[float, int, int, int]


def plainly(query: _Query, rows: spectra.Floats) -> list[Likeness]:
    """Compare one window after the other in double precision."""
    wide, asked = rows.astype(np.float64), query._asked
    found: list[Likeness] = []
    for frames in query.phases:
        width = query._width(frames)
        for at in range(len(frames) - width + 1):
            window = frames[at : at + width]
            limit = query._limit(window)
            for row in range(len(rows) - width + 1):
                some = wide[row : row + width]
                needed = np.sqrt(max((some**2).sum(), query._least * width)) * limit
                likeness = (some * asked[window]).sum()
                if likeness >= needed:
                    found.append((float(likeness) / float(needed), row, window[0], width))
    return found


@pytest.mark.parametrize(
    ("name", "begin_s", "length_s", "noise"),
    [
        ("creepy-piano.ogg", 20, 15, 1.0),
        ("vibe-ace.ogg", 7.3, 15, 0.0),
        ("country.mp3", 30, 15, 0.0),
        ("country.mp3", 12.3, 5, 0.0),
        ("hungarian-dance-5.ogg", 11.1, 5, 0.5),
        ("spring-on-the-horizon.ogg", 3.7, 3.9, 0.5),
        ("spring-on-the-horizon.ogg", 9, 3.7, 0.0),
    ],
)
def test_every_window_that_is_like_a_stretch_is_found_and_no_other(
    music: Callable[..., Sound],
    monkeypatch: pytest.MonkeyPatch,
    name: str,
    begin_s: float,
    length_s: float,
    noise: float,
) -> None:
    known = Index.of(
        [
            (UUID(int=number), spectra.reference([music(song, rate=SAMPLE_RATE_HZ)]).tobytes())
            for number, song in enumerate(KNOWN)
        ],
        spectra.FAMILY,
    )
    begin = int(begin_s * SAMPLE_RATE_HZ)
    heard = music(name, rate=SAMPLE_RATE_HZ)[begin : begin + int(length_s * SAMPLE_RATE_HZ)].astype(np.float64)
    heard += noise * heard.std() * np.random.default_rng(3).standard_normal(heard.size)
    quick, compared = _Query.like, []

    def checked(query: _Query, rows: spectra.Floats) -> list[Likeness]:
        found = quick(query, rows)
        assert sorted(found) == sorted(plainly(query, rows))
        compared.append(len(found))
        return found

    monkeypatch.setattr(_Query, "like", checked)
    # So low that much is like by chance, and just so.
    monkeypatch.setattr(spectra_matching, "MIN_DEVIATIONS", 2.0)
    monkeypatch.setattr(spectra_matching, "MIN_CORRELATION", 0.1)
    asked = spectra.query(np.clip(np.rint(heard), -32_768, 32_767).astype(np.int16))

    found = spectra_matching.search(known, asked)

    assert sum(compared) > 10
    assert name not in KNOWN or any(match.reference_id == UUID(int=KNOWN.index(name)) for match in found)


def test_it_does_not_matter_how_many_are_compared_at_once(
    music: Callable[..., Sound], monkeypatch: pytest.MonkeyPatch
) -> None:
    known = Index.of(
        [
            (UUID(int=number), spectra.reference([music(song, rate=SAMPLE_RATE_HZ)]).tobytes())
            for number, song in enumerate(KNOWN)
        ],
        spectra.FAMILY,
    )
    asked = spectra.query(music("creepy-piano.ogg", rate=SAMPLE_RATE_HZ)[100_000:200_000])
    found = []
    for at_once in (1, 100, 10_000):
        monkeypatch.setattr(spectra_matching, "_ROWS_AT_ONCE", at_once)
        found.append(spectra_matching.search(known, asked))

    assert found[0]
    assert found == [found[0]] * 3
