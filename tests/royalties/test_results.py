"""A payee's lines are read a piece at a time, whatever partitions they are in, and add up as one by one."""

from __future__ import annotations

import json
from collections import Counter
from pathlib import Path
from uuid import UUID

import pytest

from royalties import results
from royalties.models import RunPartition
from royalties.runs import engine, files, keeping
from tests.royalties.test_run_proofs import many
from tests.royalties.test_runs import joined

ROWS = 7  # of a piece of a file


@pytest.fixture
def run(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> tuple[list[RunPartition], list[dict[str, object]]]:
    """Divide a run in seven partitions, and keep it; return its rows, and all lines."""
    monkeypatch.setattr(files, "ROWS", ROWS)
    folder = tmp_path / "run"
    found = many(12).freeze(folder, partitions=7)
    rows, lines = [], []
    for number in range(found.partitions):
        result = engine.divide_partition(folder, number, digest=found.digest)
        keeping.keep(folder, result.files)
        rows.append(RunPartition(number=number, document=json.dumps({"result": result.document})))
        lines += [{**row, "partition": number} for row in joined(folder, number)]
    return rows, lines


def test_every_page_has_its_lines(run: tuple[list[RunPartition], list[dict[str, object]]]) -> None:
    rows, lines = run
    parties = {str(line["party"]) for line in lines if line["party"] and line["leaf"] != "COMM"}
    spread = []
    for party in parties:
        own = [line for line in lines if line["party"] == party and line["leaf"] != "COMM"]
        tally = results.tally(rows, party_id=UUID(party), most=3)
        assert tally.lines == len(own)
        spread.append(tally.counts)
        expected = [(line["partition"], line["line"], line["units"]) for line in own]
        for begin in (0, ROWS - 2, len(own) - 1):
            for end in (begin, begin + ROWS, len(own) + 5):
                some = results.lines_of(rows, party_id=UUID(party), counts=tally.counts, begin=begin, end=end)
                assert [(one.partition, one.line, one.units) for one in some] == expected[begin:end]
    assert any(0 in counts and sum(counts) for counts in spread)  # some have nothing in a partition
    assert any(max(counts) > ROWS for counts in spread)  # and some more than a piece
    nobody = UUID(int=1)
    assert results.tally(rows, party_id=nobody, most=3).lines == 0
    assert not list(results.lines_of(rows, party_id=nobody, counts=[0] * len(rows), begin=0, end=9))


def test_sums_are_those_of_the_lines(run: tuple[list[RunPartition], list[dict[str, object]]]) -> None:
    rows, lines = run
    party = next(str(line["party"]) for line in lines if line["party"] and "/" in str(line["leaf"]))
    own = [line for line in lines if line["party"] == party and line["leaf"] != "COMM"]
    tally = results.tally(rows, party_id=UUID(party), most=3)
    for ranked, name in ((tally.countries, "country"), (tally.outputs, "output")):
        sums: Counter[str] = Counter()
        for line in own:
            sums[str(line[name])] += int(str(line["units"]))
        assert list(ranked.largest) == sorted(sums.items(), key=lambda one: (-one[1], one[0]))[:3]
        assert ranked.others == len(sums) - len(ranked.largest)
        assert sum(units for _, units in ranked.largest) + ranked.others_units == sums.total()
    assert tally.outputs.others > 0
    assert sum(units for _, units in tally.assets.largest) + tally.assets.others_units == sum(
        int(str(line["units"])) for line in own
    )
