"""
How often the detectors are right and wrong, as the benchmarks measured it: read from the file that they write.

Intervals are of 95 per cent (Wilson's). What the file does not say was not measured, and nobody may read it as zero.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import date
from math import sqrt
from pathlib import Path
from typing import Any, Final, NamedTuple

from fingerprint.evidence import COMMON, EXACT_MATCH, KINDS

FILE: Final = Path(__file__).resolve().parent / "data" / "error_rates.json"
_Z = 1.959964  # of 95 per cent
_ROUNDED = 1e-5  # the file has some digits of each end


class NotErrorRates(Exception):
    """The file does not say what was measured; the sentence says which part of it."""


@dataclass(frozen=True)
class Hits:
    """
    How often material of the catalogue is found, after one distortion and at one length.

    ``wrong`` is how often another recording than the right one was named first.
    """

    kind: str
    distortion: str
    length_s: float
    n: int
    hits: int
    wrong: int
    low: float
    high: float

    @property
    def rate(self) -> float:
        """The share that was found."""
        return self.hits / self.n


class Strongest(NamedTuple):
    """The match by which an innocent track would be stopped, as bands look at it."""

    probability: int | None
    score: int
    is_common: bool = False


@dataclass(frozen=True)
class Innocent:
    """
    In how many tracks that are in no catalogue anything was reported, of one genre.

    ``strongest`` are the probability, where there is one, and the score of the strongest match in each of these
    tracks, in millionths, and whether it rests on common material alone, as then all of them do; None where the file
    does not say.
    """

    kind: str
    genre: str
    n: int
    stopped: int
    low: float
    high: float
    strongest: tuple[Strongest, ...] | None = None

    @property
    def rate(self) -> float:
        """The share that was stopped."""
        return self.stopped / self.n


@dataclass(frozen=True)
class ErrorRates:
    """Everything that one run of the benchmarks measured."""

    algorithm: str
    measured_on: date
    corpus: str
    hits: tuple[Hits, ...]
    innocent: tuple[Innocent, ...]

    def of_kind(self, kind: str) -> tuple[Hits, ...]:
        """Return what was measured about finding one kind of match."""
        return tuple(row for row in self.hits if row.kind == kind)

    def innocent_of(self, kind: str) -> tuple[Innocent, ...]:
        """Return what was measured about innocent tracks, of one kind of match."""
        return tuple(row for row in self.innocent if row.kind == kind)


def interval(hits: int, n: int) -> tuple[float, float]:
    """
    Return Wilson's interval of 95 per cent around a share.

    :raises ValueError: of nothing there is no share
    """
    if not 0 <= hits <= n or n == 0:
        raise ValueError("of nothing there is no share")
    share, z2 = hits / n, _Z * _Z
    middle = (share + z2 / (2 * n)) / (1 + z2 / n)
    half = _Z * sqrt(share * (1 - share) / n + z2 / (4 * n * n)) / (1 + z2 / n)
    # The ends are exact: rounding must not say that something was seen that was not.
    return (0.0 if hits == 0 else max(0.0, middle - half)), (1.0 if hits == n else min(1.0, middle + half))


def together(rows: Iterable[Innocent]) -> Innocent | None:
    """Return several genres as one; None of none."""
    given = list(rows)
    if not given:
        return None
    n, stopped = sum(row.n for row in given), sum(row.stopped for row in given)
    low, high = interval(stopped, n)
    told = [row.strongest for row in given]
    strongest = None if None in told else tuple(one for row in told for one in row or ())
    return Innocent(given[0].kind, "all", n, stopped, low, high, strongest)


def read(path: Path = FILE) -> ErrorRates | None:
    """
    Return what was measured; None where the release ships no measurement.

    :raises NotErrorRates: the file says something else
    """
    if not path.exists():
        return None
    try:
        given = json.loads(path.read_bytes())
    except ValueError as error:
        raise NotErrorRates("The error rates are not JSON.") from error
    return of_document(given)


def of_document(given: object) -> ErrorRates:
    """
    Read a document of error rates.

    :raises NotErrorRates: it is none
    """
    if not isinstance(given, Mapping):
        raise NotErrorRates("Error rates are an object.")
    try:
        measured_on = date.fromisoformat(_text(given, "date", "error rates"))
    except ValueError as error:
        raise NotErrorRates("The date of the error rates is not a day such as 2026-11-29.") from error
    return ErrorRates(
        algorithm=_text(given, "algorithm", "error rates"),
        measured_on=measured_on,
        corpus=_text(given, "corpus", "error rates"),
        hits=tuple(_hits(number, row) for number, row in enumerate(_list(given, "rows"), 1)),
        innocent=tuple(_innocent(number, row) for number, row in enumerate(_list(given, "negatives"), 1)),
    )


def _hits(number: int, row: Any) -> Hits:
    what = f"row {number}"
    n, hits, wrong = (_count(row, name, what) for name in ("n", "hits", "wrong"))
    if not n > 0 or hits + wrong > n:
        raise NotErrorRates(f"In {what}, hits and wrong ones are more than n.")
    low, high = _ends(row, what, hits, n)
    length = row.get("length_s")
    if isinstance(length, bool) or not isinstance(length, int | float) or not 0 <= length <= 36_000:
        raise NotErrorRates(f"In {what}, length_s is not a number of seconds.")
    return Hits(_kind(row, what), _text(row, "distortion", what), float(length), n, hits, wrong, low, high)


def _innocent(number: int, row: Any) -> Innocent:
    what = f"negative {number}"
    n, stopped = (_count(row, name, what) for name in ("n", "stopped"))
    if not n > 0 or stopped > n:
        raise NotErrorRates(f"In {what}, more were stopped than there are.")
    low, high = _ends(row, what, stopped, n)
    return Innocent(_kind(row, what), _text(row, "genre", what), n, stopped, low, high, _strongest(row, what, stopped))


def _strongest(row: Mapping[str, Any], what: str, stopped: int) -> tuple[Strongest, ...] | None:
    given = row.get("strongest")
    if given is None:
        return None
    if not isinstance(given, list) or len(given) != stopped:
        raise NotErrorRates(f"In {what}, the strongest matches are not as many as tracks were stopped.")
    found = []
    for one in given:
        is_common = isinstance(one, list) and one[2:] == [COMMON]
        pair = one[:2] if is_common else one
        if not isinstance(pair, list) or len(pair) != 2 or pair[1] is None or not all(map(_is_millionths, pair)):
            raise NotErrorRates(
                f"In {what}, a match is not a probability, or null, and a score in millionths; and {COMMON}, if"
                " it is one."
            )
        found.append(Strongest(pair[0], pair[1], is_common))
    return tuple(found)


def _is_millionths(value: object) -> bool:
    return value is None or (isinstance(value, int) and not isinstance(value, bool) and 0 <= value <= 1_000_000)


def _kind(row: Mapping[str, Any], what: str) -> str:
    kind = row.get("kind", EXACT_MATCH)
    if kind not in KINDS:
        raise NotErrorRates(f"In {what}, the kind is none of {', '.join(KINDS)}.")
    return str(kind)


def _ends(row: Mapping[str, Any], what: str, hits: int, n: int) -> tuple[float, float]:
    low, high = row.get("low"), row.get("high")
    if any(isinstance(end, bool) or not isinstance(end, int | float) for end in (low, high)):
        raise NotErrorRates(f"In {what}, low and high are not numbers.")
    first, last = float(low or 0), float(high or 0)
    if not 0 <= first <= hits / n + _ROUNDED or not hits / n - _ROUNDED <= last <= 1:
        raise NotErrorRates(f"In {what}, the share does not lie between low and high.")
    return first, last


def _list(given: Mapping[str, Any], name: str) -> list[Any]:
    rows = given.get(name)
    if not isinstance(rows, list) or not all(isinstance(row, Mapping) for row in rows):
        raise NotErrorRates(f"The error rates have no list of {name}.")
    return rows


def _text(given: Mapping[str, Any], name: str, what: str) -> str:
    text = given.get(name)
    if not isinstance(text, str) or not text:
        raise NotErrorRates(f"In {what}, {name} is missing.")
    return text


def _count(given: Mapping[str, Any], name: str, what: str) -> int:
    count = given.get(name)
    if isinstance(count, bool) or not isinstance(count, int) or count < 0:
        raise NotErrorRates(f"In {what}, {name} is not a count.")
    return count
