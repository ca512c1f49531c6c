"""
Measure what detection finds and whom it accuses: `python -m benchmarks detection`.

Songs are split by song; limits and probabilities are taken from the tuning half (`--tune`), and only the other half
is printed and written to `fingerprint/data/error_rates.json` (`--write`). Answers are kept under `var/detection`, so
a run that was ended goes on where it was. Real music lies beside the repository or in DETECTION_MUSIC; rendered songs,
made by `benchmarks.detection.corpus`, in `var/detection/corpus` or DETECTION_CORPUS. Further music that is in no
catalogue is read from DETECTION_INNOCENT, a folder for each genre. The neural codec's weights are those of Lyra in
DETECTION_LYRA. Peers: plain Chromaprint, and audfprint if `audfprint2==0.1.2` is installed.
"""

from __future__ import annotations

import argparse
import shutil
from collections.abc import Sequence
from datetime import UTC, datetime
from pathlib import Path

from benchmarks.detection import distortions, exact, lyra, report
from benchmarks.detection.songs import Half

FOLDER = Path("var/detection")


def main(arguments: Sequence[str] | None = None) -> None:
    """Run the halves that are asked for, and print what was measured."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks detection", description=__doc__)
    parser.add_argument("--count", type=int, default=100, help="queries of each kind and length")
    parser.add_argument("--whole", type=int, default=60, help="rendered songs that are examined whole, of each kind")
    parser.add_argument("--tune", action="store_true", help="run the tuning half, and write the probabilities from it")
    parser.add_argument("--write", action="store_true", help="write error_rates.json")
    parser.add_argument("--fresh", action="store_true", help="forget the answers that are there")
    parser.add_argument("--only", nargs="*", help="kinds of distortion")
    given = parser.parse_args(arguments)
    half: Half = "tuning" if given.tune else "held-out"
    answers_file, whole_file = FOLDER / f"{half}.jsonl", FOLDER / f"{half}-whole.jsonl"
    if given.fresh and FOLDER.exists():
        for path in (answers_file, whole_file):
            path.unlink(missing_ok=True)
        shutil.rmtree(FOLDER / "fingerprints", ignore_errors=True)
    catalogue = exact.Catalogue(FOLDER, with_peers=not given.tune)
    if not exact.has_audfprint():
        print("audfprint2 is not installed; its column is left out.")
    cells = [cell for cell in exact.CELLS if not given.only or cell[0] in given.only]
    lacking = lyra.missing()
    if lacking is not None:
        print(f"{distortions.NEURAL!r} is left out: {lacking}.")
        cells = [cell for cell in cells if cell[0] != distortions.NEURAL]
    answers = exact.run(catalogue, answers_file, half=half, count=given.count, cells=cells)
    whole = exact.innocent(catalogue, whole_file, half=half, count=given.whole)
    real = sum(song.is_real for song in catalogue.songs)
    corpus = (
        f"{real} real recordings under free licenses and {len(catalogue.songs) - real} songs of POP909 rendered with a "
        f"free sound font, split by song; the held-out half. Innocent: up to {exact.WHOLE_S:.0f} seconds of what is "
        "not in it, or was left out of it."
    )
    answers, whole = exact.by_todays_tables(answers), exact.by_todays_tables(whole)
    print(f"{len(catalogue.songs)} songs in the catalogue; half: {half}")
    print(report.table(answers))
    print(report.innocents(whole))
    on = datetime.now(UTC).date()
    if given.tune:
        written = report.calibrate([*answers, *whole], on=on, source=corpus.replace("held-out", "tuning"))
        print(f"wrote {', '.join(map(str, written))}")
    elif given.write:
        report.write_error_rates(answers, whole, on=on, corpus=corpus)


if __name__ == "__main__":
    main()
