"""Reports of providers as files: exact whatever they are written in, refused with the place of what is wrong."""

from __future__ import annotations

import contextlib
import json
from fractions import Fraction

import pytest
from hypothesis import given
from hypothesis import strategies as st

from royalties import attributions
from royalties.attributions import CSV, JSON, MOST_BYTES, MOST_LINES, Named, NotAReport, Weighing, Written

ID = "7b0c8f1e-3f43-4c4e-9d55-0f8a7f3c2a10"


def table(*lines: str, head: str = "asset,part") -> bytes:
    return "\r\n".join([head, *lines]).encode()


def test_reads_json_without_a_float() -> None:
    document = (
        '{"method": "m", "version": "3.1", "confidence": 0.9, "weights": ['
        f'{{"recording": "{ID}", "part": 0.1}}, {{"isrc": "DEA620500001", "part": "2/10"}},'
        '{"iswc": "T-034.524.680-1", "part": 0.70000000000000001}]}'
    )
    assert attributions.read(document.encode(), JSON) == Written(
        "m",
        "3.1",
        Fraction(9, 10),
        (
            Named("recording", ID, Fraction(1, 10)),
            Named("isrc", "DEA620500001", Fraction(1, 5)),
            Named("iswc", "T-034.524.680-1", Fraction(70_000_000_000_000_001, 10**17)),
        ),
    )


def test_reads_a_table_in_any_order_with_other_columns() -> None:
    data = b"\xef\xbb\xbf" + table(f"0.5,{ID},work:{ID}", "1/2,,Isrc: DEA620500001 ", head="part,title,Asset")
    assert attributions.read(data, CSV).weights == (
        Named("work", ID, Fraction(1, 2)),
        Named("isrc", "DEA620500001", Fraction(1, 2)),
    )


@pytest.mark.parametrize(
    ("data", "media_type", "said"),
    [
        (b"", JSON, "empty"),
        (b" \n", CSV, "empty"),
        (b"\xff\xfe", JSON, "byte 0"),
        (b"[" * 100_000, JSON, "not JSON"),
        (b'{"weights": [', JSON, "not JSON"),
        (b"[]", JSON, "object"),
        (b'{"weights": {}}', JSON, "weights"),
        (b'{"weights": []}', JSON, "weights"),
        (b'{"weights": [1]}', JSON, "weights[0]"),
        (b'{"weights": [{"recording": "a", "work": "b", "part": "1"}]}', JSON, "weights[0]"),
        (b'{"weights": [{"recording": 7, "part": "1"}]}', JSON, "weights[0]"),
        (b'{"weights": [{"recording": "a", "part": NaN}]}', JSON, "NaN"),
        (b'{"weights": [{"recording": "a", "part": 1e-3}]}', JSON, "1e-3"),
        (b'{"weights": [{"recording": "a", "part": "1/0"}]}', JSON, "1/0"),
        (b'{"weights": [{"recording": "a", "part": -1}]}', JSON, "-1"),
        (b'{"weights": [{"recording": "a", "part": true}]}', JSON, "True"),
        (b'{"weights": [{"recording": "a", "part": ' + b"9" * 5_000 + b"}]}", JSON, "999"),
        (b'{"method": 1, "weights": [{"recording": "a", "part": "1"}]}', JSON, "method"),
        (b'{"version": "' + b"v" * 61 + b'", "weights": [{"recording": "a", "part": "1"}]}', JSON, "version"),
        (json.dumps({"weights": [{"recording": "a", "part": "1"}] * (MOST_LINES + 1)}).encode(), JSON, "at most"),
        (b" " * (MOST_BYTES + 1), JSON, "at most"),
        (table("work:a,1", head="asset,weight"), CSV, "columns"),
        (table("work:a,1,2", head="asset,part,asset"), CSV, "columns"),
        (table("work:a"), CSV, "line 2"),
        (table("work:a,1/2", "work:b,1/2,7"), CSV, "line 3"),
        (table("work:a,1/2", "track:b,1/2"), CSV, "line 3"),
        (table("work:=1+1,1"), CSV, "formula"),
        (table('"work:a,1'), CSV, "breaks off"),
        (table("work:a,0,5", head="asset,part,x").replace(b"0,5", b'"0,5",y'), CSV, "0,5"),
        (table(*["work:a,1"] * (MOST_LINES + 1)), CSV, "at most"),
    ],
)  # fmt: skip
def test_says_where_something_is_wrong(data: bytes, media_type: str, said: str) -> None:
    with pytest.raises(NotAReport) as caught:
        attributions.read(data, media_type)
    assert said in str(caught.value)


GOOD = table(f"work:{ID},1/3", f"recording:{ID},0.25")


@given(st.integers(0, len(GOOD)), st.binary(max_size=12), st.sampled_from([CSV, JSON]))
def test_anything_else_is_refused_and_never_an_accident(cut: int, more: bytes, media_type: str) -> None:
    with contextlib.suppress(NotAReport):
        attributions.read(GOOD[:cut] + more + GOOD[cut:], media_type)


@given(st.lists(st.lists(st.integers(0, 9), min_size=4, max_size=4).filter(any), min_size=2, max_size=2))
def test_distance_is_half_of_what_two_differ_by(drawn: list[list[int]]) -> None:
    one, other = ({str(n): Fraction(size, sum(sizes)) for n, size in enumerate(sizes) if size} for sizes in drawn)
    found = attributions.distance(one, other)
    assert found == attributions.distance(other, one)
    assert (found == 0) == (one == other)
    assert 0 <= found <= 1
    # What is left when what both say is taken away.
    assert found == 1 - sum((min(one[asset], other[asset]) for asset in one.keys() & other.keys()), Fraction(0))


def test_lists_each_two_with_those_that_differ_most_first() -> None:
    half, all_a, all_b = ({"a": Fraction(1, 2), "b": Fraction(1, 2)}, {"a": Fraction(1)}, {"b": Fraction(1)})
    found = attributions.disagreements((Weighing("x", half), Weighing("y", all_a), Weighing("z", all_b)))
    assert [(one.one, one.other, one.distance) for one in found] == [
        ("y", "z", 1),
        ("x", "y", Fraction(1, 2)),
        ("x", "z", Fraction(1, 2)),
    ]
