"""Ids of a report are not there twice."""

from __future__ import annotations

from pathlib import Path

import pytest

from royalties.usage import met
from royalties.usage.met import Met


@pytest.mark.parametrize("at_once", [1, 7, 1000])  # spilled with each id, now and then, never
def test_finds_lines_whose_id_was_there_before(at_once: int, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(met, "AT_ONCE", at_once)
    ids = [f"T{number % 90}" if number % 3 else "" for number in range(200)]
    expected: list[tuple[int, int]] = []
    seen: dict[str, int] = {}
    for line, one in enumerate(ids, 5):
        if one:
            if one in seen:
                expected.append((line, seen[one]))
            seen[one] = line
    with Met(tmp_path) as found:
        for begin in range(0, len(ids), 10):
            found.add(ids[begin : begin + 10], range(begin + 5, begin + 15))
        assert list(found.twice()) == expected
        assert len(expected) > 50
    assert not list(tmp_path.iterdir())  # nothing stays


def test_nothing_is_there_twice_where_nothing_is(tmp_path: Path) -> None:
    with Met(tmp_path) as found:
        assert list(found.twice()) == []
        found.add(["", "a", ""], [1, 2, 3])
        assert list(found.twice()) == []
