"""A trace …"""

from __future__ import annotations

import zlib

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra import numpy as arrays

from fingerprint import traces
from fingerprint.traces import NotATrace

ROWS = st.lists(arrays.arrays(np.uint32, st.integers(0, 50)), max_size=9)


@given(ROWS)
def test_is_read_as_it_was_written(rows: list[np.ndarray]) -> None:
    found = traces.read(traces.written(rows))
    assert [row.tolist() for row in found] == [row.tolist() for row in rows]


@given(ROWS, st.data())
def test_is_read_whole_or_not_at_all(rows: list[np.ndarray], data: st.DataObject) -> None:
    whole = traces.written(rows)
    with pytest.raises(NotATrace):
        traces.read(whole[: data.draw(st.integers(0, len(whole) - 1))])
    with pytest.raises(NotATrace):
        traces.read(whole + b"\0")


@given(st.binary(max_size=200))
def test_is_nothing_else(noise: bytes) -> None:
    for given_ in (noise, b"trace/1\n" + noise, b"trace/1\n" + zlib.compress(noise)):
        try:
            rows = traces.read(given_)
        except NotATrace:
            continue
        assert traces.read(traces.written(rows)) is not None
        assert sum(row.size for row in rows) <= len(noise)


def test_is_not_unpacked_beyond_its_bound(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(traces, "_MOST_BYTES", 1000)
    with pytest.raises(NotATrace):
        traces.read(traces.written([np.zeros(5000, np.uint32)]))


def test_of_rising_times_takes_little() -> None:
    times = np.cumsum(np.random.default_rng(1).integers(0, 4, 10_000)).astype(np.uint32)
    assert len(traces.written([times])) < 4_000
