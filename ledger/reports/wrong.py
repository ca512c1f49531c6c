"""How often it is wrong, in words and coordinates: what the page about error rates shows. Decides nothing."""

from __future__ import annotations

import csv
import io
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path

from fingerprint import error_rates
from fingerprint.error_rates import ErrorRates, Hits, Innocent
from fingerprint.evidence import EXACT_MATCH, VERSION_MATCH, VOICE_MATCH
from rights.bands import Bands, Effect, ReferenceClass
from rights.vocabulary import MatchKind

KINDS = {
    EXACT_MATCH: ("Recorded material", "a recording of the catalogue is said to be in it"),
    VERSION_MATCH: ("Versions and melodies", "a work of the catalogue is said to be played again in it"),
    VOICE_MATCH: ("Voices", "a registered voice is said to be heard in it"),
}
WIDTH = 1000  # of every drawing
OF = 10_000
_MARK = 10  # how wide the mark of what was seen is
_MIDDLE = 800  # where a plot of small shares has its largest


@dataclass(frozen=True)
class Bar:
    """A share with its interval, drawn on a line."""

    name: str
    n: int
    count: int
    said: str
    between: str
    x: int
    low_x: int
    high_x: int

    @property
    def width(self) -> int:
        """Return how long the interval is in the drawing."""
        return max(2, self.high_x - self.low_x)


@dataclass(frozen=True)
class Cell:
    """A share found, at one length."""

    said: str
    between: str
    n: int
    wrong: int
    x: int
    low_x: int
    high_x: int
    look: str

    @property
    def width(self) -> int:
        """Return how long the interval is in the drawing."""
        return max(2, self.high_x - self.low_x)


@dataclass(frozen=True)
class Line:
    """One distortion at every length that was measured; None where it was not."""

    name: str
    cells: tuple[Cell | None, ...]


@dataclass(frozen=True)
class Kind:
    """One kind of match: how often it accuses wrongly, and how often it finds what is there."""

    kind: str
    name: str
    means: str
    total: Bar | None  # anything at all was reported, whatever the bands
    judged: tuple[Bar, Bar] | None  # by the bands in force: refused, and held for a person; None where not told
    genres: tuple[Bar, ...]
    scale: str  # what the right end of the drawing of genres is
    lengths: tuple[str, ...]
    lines: tuple[Line, ...]


@dataclass(frozen=True)
class Page:
    """Everything that the page shows."""

    rates: ErrorRates | None
    kinds: tuple[Kind, ...]
    fault: str


def page(in_force: Bands, path: Path = error_rates.FILE) -> Page:
    """Return what was measured, beside what was not."""
    try:
        rates, fault = error_rates.read(path), ""
    except error_rates.NotErrorRates as error:
        rates, fault = None, str(error)
    return Page(rates, tuple(_kind(kind, rates, in_force) for kind in KINDS), fault)


def _kind(kind: str, rates: ErrorRates | None, in_force: Bands) -> Kind:
    name, means = KINDS[kind]
    innocent = rates.innocent_of(kind) if rates else ()
    hits = rates.of_kind(kind) if rates else ()
    whole = error_rates.together(innocent)
    top = max((row.high for row in (*innocent, *((whole,) if whole else ()))), default=1.0) or 1.0
    genres = sorted(innocent, key=lambda row: (-row.rate, -row.n, row.genre))
    lengths = sorted({row.length_s for row in hits})
    return Kind(
        kind=kind,
        name=name,
        means=means,
        total=_bar(whole, top) if whole else None,
        judged=_judged(whole, in_force) if whole else None,
        genres=tuple(_bar(row, top) for row in genres) if len(innocent) > 1 else (),
        scale=_per(top),
        lengths=tuple(f"{length:g} s" if length else "whole" for length in lengths),
        lines=tuple(
            Line(distortion.replace("_", " "), tuple(_cell(hits, distortion, length) for length in lengths))
            for distortion in dict.fromkeys(row.distortion for row in hits)
        ),
    )


def _judged(whole: Innocent, in_force: Bands) -> tuple[Bar, Bar] | None:
    """Return how many innocent tracks the bands in force would refuse, and how many they would hold for a person."""
    if whole.strongest is None:
        return None
    effects = [
        in_force.measure(MatchKind(whole.kind), ReferenceClass.THIRD_PARTY, **one._asdict()).effect
        for one in whole.strongest
    ]
    bars = []
    for effect in (Effect.BLOCK, Effect.REVIEW):
        count = effects.count(effect)
        low, high = error_rates.interval(count, whole.n)
        bars.append(_bar(Innocent(whole.kind, effect.value, whole.n, count, low, high), 1.0))
    return bars[0], bars[1]


def _bar(row: Innocent, top: float) -> Bar:
    return Bar(
        name=row.genre.replace("_", " ").capitalize(),
        n=row.n,
        count=row.stopped,
        said=_per(row.rate),
        between=f"{_per(row.low)} to {_per(row.high)}",
        x=round(row.rate / top * _MIDDLE),
        low_x=round(row.low / top * _MIDDLE),
        high_x=round(row.high / top * _MIDDLE),
    )


def _per(share: float) -> str:
    """Return a share as how many of ten thousand."""
    many = share * OF
    return f"{many:.0f}" if many >= 10 or many == 0 else f"{many:.1f}"


def _cell(rows: Iterable[Hits], distortion: str, length_s: float) -> Cell | None:
    row = next((row for row in rows if (row.distortion, row.length_s) == (distortion, length_s)), None)
    if row is None:
        return None
    return Cell(
        said=f"{row.rate * 100:.0f} %",
        between=f"{row.low * 100:.0f}–{row.high * 100:.0f}",
        n=row.n,
        wrong=row.wrong,
        x=min(WIDTH - _MARK, round(row.rate * WIDTH)),
        low_x=round(row.low * WIDTH),
        high_x=round(row.high * WIDTH),
        look="good" if row.rate >= 0.9 else "middling" if row.rate >= 0.6 else "poor",
    )


HEADER = ("what", "kind", "group", "length_s", "n", "count", "wrong", "share", "low_95", "high_95", "measured_on")


def table(rates: ErrorRates) -> str:
    """Return everything that was measured as CSV."""
    out = io.StringIO()
    writer = csv.writer(out, lineterminator="\r\n")
    writer.writerow(HEADER)
    writer.writerows(_lines(rates))
    return out.getvalue()


def _lines(rates: ErrorRates) -> Iterator[tuple[object, ...]]:
    day = rates.measured_on.isoformat()
    for innocent in rates.innocent:
        yield ("innocent stopped", innocent.kind, _plain(innocent.genre), "", innocent.n, innocent.stopped, "",
               f"{innocent.rate:.6f}", f"{innocent.low:.6f}", f"{innocent.high:.6f}", day)  # fmt: skip
    for row in rates.hits:
        yield ("found", row.kind, _plain(row.distortion), f"{row.length_s:g}", row.n, row.hits, row.wrong,
               f"{row.rate:.6f}", f"{row.low:.6f}", f"{row.high:.6f}", day)  # fmt: skip


def _plain(text: str) -> str:
    """Return text that no spreadsheet takes for a formula."""
    return f"'{text}" if text[:1] in {"=", "+", "-", "@", "\t", "\r"} else text
