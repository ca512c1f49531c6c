"""What was measured, as tables for people and as the files that the service ships."""

from __future__ import annotations

import json
from collections import defaultdict
from collections.abc import Iterable, Sequence
from datetime import date
from math import sqrt
from pathlib import Path
from typing import Any

from benchmarks.detection.exact import TARGETS, WHOLE, Answer, Found
from fingerprint import agreement, calibration, coherence, extract, landmarks, spectra
from fingerprint.calibration import Calibration
from fingerprint.evidence import COMMON, DRUM_MACHINE, SHARED_WITH

DATA = Path(calibration.__file__).parent / "data"
_Z = 1.959964  # of 95 per cent


def interval(hits: int, n: int) -> tuple[float, float]:
    """Return Wilson's interval of 95 per cent around a share."""
    share, z2 = hits / n, _Z * _Z
    middle = (share + z2 / (2 * n)) / (1 + z2 / n)
    half = _Z * sqrt(share * (1 - share) / n + z2 / (4 * n * n)) / (1 + z2 / n)
    return (0.0 if hits == 0 else max(0.0, middle - half)), (1.0 if hits == n else min(1.0, middle + half))


def is_hit(answer: Answer) -> bool:
    """Whether what is named first is right."""
    return bool(answer.found) and answer.found[0].is_right


def is_wrong(answer: Answer) -> bool:
    """Whether what is named first is not."""
    return bool(answer.found) and not answer.found[0].is_right


def accuses(answer: Answer) -> bool:
    """Whether anything at all is reported that is not there."""
    return any(not found.is_right for found in answer.found)


def grouped(answers: Iterable[Answer]) -> dict[tuple[str, float], list[Answer]]:
    """Sort answers by distortion and length, in the order in which they came."""
    cells: dict[tuple[str, float], list[Answer]] = defaultdict(list)
    for answer in answers:
        cells[answer.distortion, answer.length_s].append(answer)
    return cells


def table(answers: Sequence[Answer]) -> str:
    """Say what is found, beside each detector alone and every peer, with intervals of 95 per cent."""
    peers = list(dict.fromkeys(name for answer in answers for name in answer.by_peer))
    detectors = list(dict.fromkeys(name for answer in answers for name in answer.by_detector))
    head = f"{'':<20} {'s':>3} {'n':>4} {'found':>6} {'95 %':>11} {'target':>7} {'wrong':>6}"
    lines = [head + "".join(f" {name[:16]:>16}" for name in (*detectors, *peers))]
    for (distortion, length), cell in grouped(answers).items():
        hits, n = sum(map(is_hit, cell)), len(cell)
        low, high = interval(hits, n)
        target = TARGETS.get((distortion, int(length)))
        met = "" if target is None else f"{target}{' met' if 100 * hits >= target * n else ' no'}"
        line = (
            f"{distortion:<20} {length:>3.0f} {n:>4} {100 * hits / n:>5.0f}% {100 * low:>4.0f}-{100 * high:<3.0f} %  "
        )
        line += f"{met:>7} {sum(map(is_wrong, cell)):>6}"
        for name in detectors:
            line += f" {100 * sum(one.by_detector.get(name, False) for one in cell) / n:>15.0f}%"
        for name in peers:
            asked = [one.by_peer[name] for one in cell if name in one.by_peer]
            line += f" {100 * sum(asked) / len(asked):>15.0f}%" if asked else f" {'-':>16}"
        lines.append(line)
    return "\n".join(lines)


def innocents(answers: Sequence[Answer]) -> str:
    """Say how many songs, and stretches of them, were accused that are in no catalogue."""
    lines = [f"{'innocent':<34} {'n':>5} {'accused':>8} {'of 10,000':>10} {'95 %':>14}"]
    for distortion, length in grouped(answers):
        here = [answer for answer in answers if (answer.distortion, answer.length_s) == (distortion, length)]
        real, rendered = ([answer for answer in here if answer.is_real is kind] for kind in (True, False))
        name = "whole" if distortion == WHOLE else f"stretches of {length:.0f} s"
        parts = (("real", real), ("rendered", rendered), ("all", here))
        lines += [_accused(f"{name}, {kind}", part) for kind, part in parts if part]
        if distortion == WHOLE:
            lines += [_accused(f"  {genre}", mine) for genre, mine in sorted(by_genre(here).items())]
    return "\n".join(lines)


def _accused(name: str, answers: Sequence[Answer]) -> str:
    stopped, n = sum(map(accuses, answers)), len(answers)
    low, high = interval(stopped, n)
    share = f"{10_000 * stopped / n:>10,.0f} {10_000 * low:>6,.0f}-{10_000 * high:<7,.0f}"
    return f"{name:<34} {n:>5} {stopped:>8} {share}"


def by_genre(answers: Iterable[Answer]) -> dict[str, list[Answer]]:
    """Sort answers by genre."""
    sorted_: dict[str, list[Answer]] = defaultdict(list)
    for answer in answers:
        sorted_[answer.genre].append(answer)
    return sorted_


def negatives(answers: Iterable[Answer]) -> list[dict[str, Any]]:
    """Count by genre in how many whole songs, that are in no catalogue, anything was reported."""
    rows = []
    whole = [answer for answer in answers if answer.distortion == WHOLE]
    for genre, mine in sorted(by_genre(whole).items()):
        stopped = sum(map(accuses, mine))
        strongest = [_strongest(answer) for answer in mine if accuses(answer)]
        rows.append(innocent("exact_match", genre, n=len(mine), stopped=stopped) | {"strongest": strongest})
    return rows


def _is_common(found: Found) -> bool:
    return bool(found.measures.get(DRUM_MACHINE) or found.measures.get(SHARED_WITH))


def _strongest(answer: Answer) -> list[int | str | None]:
    """Return what bands look at of the strongest wrong match, so that any can be put to it later."""
    wrong = [found for found in answer.found if not found.is_right]
    worst = max(
        wrong,
        key=lambda found: (
            not _is_common(found),  # which no bands refuse
            found.probability is None,
            found.probability or 0,
            found.score,
        ),
    )
    return [worst.probability, worst.score, *([COMMON] if _is_common(worst) else [])]


def write_error_rates(
    answers: Sequence[Answer], whole: Sequence[Answer], *, on: date, corpus: str, path: Path = DATA / "error_rates.json"
) -> None:
    """Put what was measured into the file that the report page reads; what others measured in it stays."""
    rows = [
        rate(
            "exact_match",
            distortion,
            int(length),
            n=len(cell),
            hits=sum(map(is_hit, cell)),
            wrong=sum(map(is_wrong, cell)),
        )
        for (distortion, length), cell in grouped(answers).items()
    ]
    head = {
        "algorithm": f"{extract.algorithm()}, {landmarks.ALGORITHM}, {coherence.ALGORITHM} and {spectra.ALGORITHM}",
        "date": on.isoformat(),
        "corpus": corpus,
    }
    replace("exact_match", rows, negatives(whole), head=head, path=path)


def rate(kind: str, distortion: str, length_s: int, *, n: int, hits: int, wrong: int) -> dict[str, Any]:
    """Say how often one kind of match is found after a distortion; a length of 0 is the whole."""
    low, high = interval(hits, n)
    return {
        "kind": kind,
        "distortion": distortion,
        "length_s": length_s,
        "n": n,
        "hits": hits,
        "wrong": wrong,
        "low": round(low, 6),
        "high": round(high, 6),
    }


def innocent(kind: str, genre: str, *, n: int, stopped: int) -> dict[str, Any]:
    """Say in how many tracks of a genre, that are in no catalogue, anything was reported."""
    low, high = interval(stopped, n)
    row = {"kind": kind, "genre": genre, "n": n, "stopped": stopped, "low": round(low, 6), "high": round(high, 6)}
    return row if stopped else row | {"strongest": []}


def replace(
    kind: str,
    rows: Sequence[dict[str, Any]],
    negatives: Sequence[dict[str, Any]],
    *,
    head: dict[str, str] | None = None,
    path: Path = DATA / "error_rates.json",
) -> None:
    """Put what was measured of one kind of match into the file; what it says of the others stays, and its head."""
    before: dict[str, Any] = json.loads(path.read_text()) if path.exists() else {"rows": [], "negatives": []}
    others = {name: [row for row in before[name] if row["kind"] != kind] for name in ("rows", "negatives")}
    document = before | (head or {})
    document |= {"rows": [*rows, *others["rows"]], "negatives": [*negatives, *others["negatives"]]}
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(json.dumps(document, indent=1, ensure_ascii=False) + "\n")


def calibrate(answers: Sequence[Answer], *, on: date, source: str, folder: Path = calibration.FOLDER) -> list[Path]:
    """
    Take the tables of probabilities of landmarks, coherence and spectra from the answers of the tuning half; none,
    where nothing was found. What a table was taken from with the same parameters before is kept: evidence names it.

    Every match counts once, right or wrong, whatever it was found in. Chromaprint gets no table: what it reports is
    refused as it always was (`rights.bands`), and a table of a few dozen matches could not say one in a thousand.
    """
    by_landmarks = [found for answer in answers for found in answer.by_landmarks]
    by_coherence = [found for answer in answers for found in answer.found if found.algorithm == coherence.ALGORITHM]
    by_spectra = [found for answer in answers for found in answer.by_spectra]
    written = []
    for algorithm, parameters, matches in (
        (landmarks.ALGORITHM, agreement.PARAMETERS_OF_LANDMARKS, by_landmarks),
        (coherence.ALGORITHM, agreement.PARAMETERS_OF_COHERENCE, by_coherence),
        (spectra.ALGORITHM, agreement.PARAMETERS_OF_SPECTRA, by_spectra),
    ):
        scored = [(found.score, found.is_right) for found in matches]
        path = folder / f"{algorithm.replace('/', '-')}.json"
        if not scored or (path.exists() and _parameters(path) == parameters):
            continue
        right = sum(is_right for _, is_right in scored)
        table_of = Calibration(
            algorithm=algorithm,
            parameters=parameters,
            points=calibration.fitted(scored),
            source=source,
            measured_on=on.isoformat(),
            right=right,
            wrong=len(scored) - right,
        )
        folder.mkdir(parents=True, exist_ok=True)
        path.write_text(json.dumps(table_of.to_document(), indent=1, ensure_ascii=False) + "\n")
        written.append(path)
    return written


def _parameters(path: Path) -> tuple[tuple[str, str], ...]:
    return Calibration.from_document(json.loads(path.read_bytes())).parameters
