"""Writing CWR: what is refused before the first byte, and that what is written reads back."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, date, datetime
from fractions import Fraction

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from rights.exchange.cwr_layouts import NoSuchVersion
from rights.exchange.cwr_out import (
    BadHeading,
    DoesNotFit,
    NothingToWrite,
    OutgoingCollection,
    OutgoingHeading,
    OutgoingPublisher,
    OutgoingRecording,
    OutgoingShares,
    OutgoingWork,
    OutgoingWriter,
    RefusedWork,
    SameNumberTwice,
    Societies,
    decimals,
    file_name,
    write,
)
from tests.rights.exchange.cwr_files import codes, parties, read, recordings, shares, works

HEADING = OutgoingHeading(
    sender="00000000199",
    sender_name="North Publishing",
    sender_code="NPX",
    created_at=datetime(2026, 3, 1, 10, 15, tzinfo=UTC),
    file_number=12,
    recipient="052",
)
VERSIONS = ("2.2", "3.1")
HALF, ONE = Fraction(1, 2), Fraction(1)


def _shares(*parts: int | Fraction) -> OutgoingShares:
    performing, mechanical, synchronization = map(Fraction, parts)
    return OutgoingShares(performing, mechanical, synchronization)


NORTH = OutgoingPublisher(
    number="P1",
    name="North Publishing",
    ownership=_shares(HALF, 1, 1),
    collections=(OutgoingCollection(_shares(HALF, 1, 1)),),
    societies=Societies("52", "44"),
    ipi_name="00000000199",
)
WRITER_A = OutgoingWriter(
    number="A1",
    last_name="Writer",
    first_name="Anna A",
    ownership=_shares(HALF, 0, 0),
    manuscript=_shares(1, 1, 1),
    collections=(OutgoingCollection(_shares(HALF, 0, 0)),),
    societies=Societies("52"),
    chains=(1,),
    ipi_name="00000000297",
    ipi_base="I-000000229-7",
)
WORK = OutgoingWork(
    number="W1",
    title="Work one",
    writers=(WRITER_A,),
    publishers=(NORTH,),
    recordings=(
        OutgoingRecording(isrc="GB-AYE-05-00001", title="Take one", released_on=date(2026, 1, 2), duration_s=185),
    ),
    iswc="T-034.524.680-1",
    alternate_titles=("Another name",),
    performers=(("Performer", "Paula"),),
)


def _written(*works: OutgoingWork, heading: OutgoingHeading = HEADING, version: str = "2.2") -> bytes:
    return b"".join(write(works, heading=heading, version=version))


@pytest.mark.parametrize("version", VERSIONS)
def test_reads_back(version: str) -> None:
    heading, lines = read(_written(WORK, replace(WORK, number="W2"), version=version))
    assert codes(lines) == []
    assert (heading.version, heading.counts["transactions"]) == (version, 2)
    first, second = works(lines)
    assert (first.title, [code.raw for code in first.codes]) == ("WORK ONE", ["T0345246801", "W1"])
    assert second.codes[1].raw == "W2"
    publisher, writer = parties(lines)[:2]
    assert (publisher.name, writer.name) == ("NORTH PUBLISHING", "ANNA A WRITER")
    assert [code.raw for code in writer.codes] == ["00000000297", "I-000000229-7", "A1"]
    assert [code.raw for code in recordings(lines)[0].codes] == ["GBAYE0500001"]
    assert [each.part for each in shares(lines, basis="collection")][:2] == [HALF, HALF]
    basis = "ownership" if version == "2.2" else "manuscript"
    assert [each.part for each in shares(lines, basis=basis)][:2] == ([HALF, HALF] if version == "2.2" else [ONE, ONE])


def test_writes_new_and_revised_works_in_groups_of_their_own() -> None:
    raw = _written(WORK, replace(WORK, number="W2", is_revision=True), replace(WORK, number="W3"))
    heading, lines = read(raw)
    assert codes(lines) == []
    assert [work.key for work in works(lines)] == ["1.0", "1.1", "2.0"]
    assert heading.counts["groups"] == 2
    assert raw.count(b"GRHREV0000202.20") == 1


@pytest.mark.parametrize(
    ("version", "changed", "name"),
    [
        ("2.2", {}, "CW260012NPX_052.V22"),
        ("2.2", {"recipient": ""}, "CW260012NPX_000.V22"),
        ("2.2", {"sender_code": "NP", "file_number": 9999}, "CW269999NP_052.V22"),
        ("3.1", {"recipient": ""}, "CW260012NPX_0000_V3-1-0.SUB"),
        ("3.1", {"sender_code": "NPXY"}, "CW260012NPXY_052_V3-1-0.SUB"),
    ],
)
def test_is_named_by_year_number_sender_and_receiver(version: str, changed: dict[str, object], name: str) -> None:
    assert file_name(replace(HEADING, **changed), version=version) == name  # type: ignore[arg-type]  # by table


@pytest.mark.parametrize(
    "changed",
    [{"sender_code": "N"}, {"sender_code": "NPXY"}, {"sender_code": "np"}, {"file_number": 0}, {"file_number": 10000}],
)
def test_is_not_written_without_a_name(changed: dict[str, object]) -> None:
    with pytest.raises(BadHeading):
        write([WORK], heading=replace(HEADING, **changed), version="2.2")  # type: ignore[arg-type]  # by table


@pytest.mark.parametrize("version", ["2.1", "3.0", ""])
def test_is_written_in_two_versions(version: str) -> None:
    with pytest.raises(NoSuchVersion):
        write([WORK], heading=HEADING, version=version)


def test_carries_its_name_inside_since_version_3() -> None:
    assert read(_written(WORK, version="3.1"))[0].message_id == "CW260012NPX_052_V3-1-0.SUB"


@pytest.mark.parametrize(
    ("parts", "written"),
    [
        ([Fraction(1, 3)] * 3, [3334, 3333, 3333]),
        ([Fraction(1, 6)] * 3 + [HALF], [1667, 1667, 1666, 5000]),
        ([Fraction(1, 7)] * 7, [1429] * 4 + [1428] * 3),
        ([Fraction(2, 3), Fraction(1, 3)], [6667, 3333]),  # the larger cut first
        ([Fraction(1, 3), Fraction(2, 3)], [3333, 6667]),
        ([Fraction(1, 3)], [3333]),
        ([Fraction(1, 30000)], [0]),
        ([Fraction(0), ONE], [0, 10000]),
        ([], []),
    ],
)
def test_writes_parts_as_decimals_that_keep_the_whole(parts: list[Fraction], written: list[int]) -> None:
    assert decimals(parts) == written


def _refused(work: OutgoingWork, *, version: str = "2.2") -> list[str]:
    with pytest.raises(RefusedWork, match=f"Work {work.number} cannot be registered") as refused:
        write([WORK, work], heading=HEADING, version=version)  # nothing is asked of the iterator: refused at once
    assert refused.value.work == work.number
    return [problem.code for problem in refused.value.problems]


BAD = replace(WORK, number="W9")


@pytest.mark.parametrize(
    ("work", "expected"),
    [
        (replace(BAD, writers=()), "no_writer"),
        (replace(BAD, writers=(replace(WRITER_A, role="AR"),)), "no_creator"),
        (replace(BAD, version_type="MOD"), "modified_by_nobody"),
        (replace(BAD, title=""), "missing_field"),
        (replace(BAD, writers=(replace(WRITER_A, chains=()),)), "writer_without_publisher"),
        (replace(BAD, writers=(replace(WRITER_A, chains=(2,)),)), "unknown_chain"),
        (replace(BAD, writers=(replace(WRITER_A, collections=()),)), "writer_without_territory"),
        (replace(BAD, writers=(replace(WRITER_A, ownership=_shares(Fraction(4, 10), 0, 0)),)), "ownership_not_whole"),
        (replace(BAD, publishers=(replace(NORTH, role="SE"),)), "chain_without_start"),
        (replace(BAD, publishers=(NORTH, replace(NORTH, number="P2", name="East"))), "second_original_publisher"),
        (replace(BAD, publishers=(replace(NORTH, collections=()),)), "publisher_without_territory"),
        (
            replace(BAD, publishers=(replace(NORTH, collections=(OutgoingCollection(_shares(0, 0, 0)),)),)),
            "include_without_share",
        ),
        (
            replace(
                BAD, publishers=(replace(NORTH, collections=(OutgoingCollection(_shares(Fraction(1, 4), 1, 1)),)),)
            ),
            "chain_collects_otherwise",
        ),
        (replace(BAD, recordings=(OutgoingRecording(),)), "empty_recording"),
    ],
)
def test_refuses_what_the_rules_refuse(work: OutgoingWork, expected: str) -> None:
    assert expected in _refused(work)


@pytest.mark.parametrize(
    ("work", "expected"),
    [
        (replace(BAD, writers=(replace(WRITER_A, manuscript=_shares(1, 1, HALF)),)), "manuscript_not_whole"),
        (replace(BAD, writers=(replace(WRITER_A, collections=()),)), "collection_not_whole"),
    ],
)
def test_refuses_what_version_3_refuses(work: OutgoingWork, expected: str) -> None:
    assert expected in _refused(work, version="3.1")


@pytest.mark.parametrize(
    ("work", "field"),
    [
        (replace(BAD, title="A" * 61), "NWR.title"),
        (replace(BAD, writers=(replace(WRITER_A, ownership=_shares(-1, 0, 0)),)), "shares"),
        (replace(BAD, writers=(replace(WRITER_A, manuscript=_shares(1, 1, 2)),)), "shares"),
        (replace(BAD, title="Étude"), "NWR.title"),  # plain ASCII, as no character set is named
        (replace(BAD, title="Two\nlines"), "NWR.title"),
        (replace(BAD, title=" blank"), "NWR.title"),
        (replace(BAD, publishers=(replace(NORTH, number="P123456789"),)), "SPU.number"),
        (replace(BAD, iswc="T-034.524.680-2"), "iswc"),
        (replace(BAD, recordings=(OutgoingRecording(isrc="X"),)), "isrc"),
    ],
)
def test_refuses_what_does_not_fit_and_cuts_nothing(work: OutgoingWork, field: str) -> None:
    with pytest.raises(DoesNotFit) as refused:
        write([WORK, work], heading=HEADING, version="2.2")
    assert (refused.value.work, refused.value.field) == ("W9", field)


def test_refuses_a_work_number_of_more_than_fourteen_characters() -> None:
    assert works(read(_written(replace(WORK, number="W" * 14)))[1])[0].codes[1].raw == "W" * 14
    with pytest.raises(DoesNotFit, match="work_number"):
        write([replace(WORK, number="W" * 15)], heading=HEADING)


@pytest.mark.parametrize(("named", "title"), [("ISO-8859-1", "Étude"), ("UTF-8", "Étude Ω 夜")])
def test_writes_letters_in_the_set_that_it_names(named: str, title: str) -> None:
    _, lines = read(_written(replace(WORK, title=title), heading=replace(HEADING, character_set=named)))
    assert [work.title for work in works(lines)] == [title.upper()]


def test_refuses_latin_letters_that_would_be_taken_for_utf_8() -> None:
    with pytest.raises(DoesNotFit, match="UTF-8"):
        write([replace(WORK, title="Ã\xb1")], heading=replace(HEADING, character_set="ISO-8859-1"))


def test_refuses_an_empty_file_a_number_twice_and_a_set_it_cannot_write() -> None:
    with pytest.raises(NothingToWrite):
        write([], heading=HEADING)
    with pytest.raises(SameNumberTwice, match="W1"):
        write([WORK, WORK], heading=HEADING)
    with pytest.raises(DoesNotFit, match="HDR"):
        write([WORK], heading=replace(HEADING, character_set="BIG5"))


def test_writes_countries_as_numbers_of_the_tis() -> None:
    there = (
        OutgoingCollection(_shares(HALF, 1, 1), excludes=("US",)),
        OutgoingCollection(_shares(HALF, 1, 1), include="US"),
    )
    raw = _written(replace(WORK, publishers=(replace(NORTH, collections=there),)))
    _, lines = read(raw)
    assert codes(lines) == []
    found = [each.territories for each in shares(lines, basis="collection", right="mechanical")]
    assert found == [("2136", "-840"), ("840",)]
    with pytest.raises(DoesNotFit, match="territory"):
        write(
            [replace(WORK, publishers=(replace(NORTH, collections=(replace(there[1], include="XX"),)),))],
            heading=HEADING,
        )


def test_keeps_the_two_digits_of_a_long_sender_number() -> None:
    heading, _ = read(_written(WORK, heading=replace(HEADING, sender="01234567890")))
    assert heading.sender == "01234567890"


# --- whatever is written reads back ---

_NAMES = st.text("ABCDEFGHIJKLMNOPQRSTUVWXYZ'-.0123456789", min_size=1, max_size=20)


@st.composite
def _works(draw: st.DrawFn) -> OutgoingWork:
    """Works of several writers and publishers whose parts are any fractions that make the whole."""
    weights = draw(st.lists(st.integers(1, 40), min_size=1, max_size=6))
    publisher_part = draw(st.sampled_from([Fraction(0), Fraction(1, 4), Fraction(1, 3), HALF]))
    is_split_at_sea = draw(st.booleans())
    writers, publishers = [], []
    for index, weight in enumerate(weights):
        part = Fraction(weight, sum(weights))
        by_writer = _shares(part * (1 - publisher_part), 0 if publisher_part else part, 0 if publisher_part else part)
        by_publisher = _shares(part * publisher_part, part, part)
        writers.append(
            OutgoingWriter(
                number=f"A{index}",
                last_name=draw(_NAMES),
                role=draw(st.sampled_from(["CA", "C", "A"])),
                ownership=by_writer,
                manuscript=_shares(part, part, part),
                collections=(OutgoingCollection(by_writer),),
                chains=(index + 1,) if publisher_part else (),
            )
        )
        if publisher_part:
            places: tuple[OutgoingCollection, ...] = (OutgoingCollection(by_publisher),)
            if is_split_at_sea:
                places = (
                    OutgoingCollection(by_publisher, excludes=("840", "124")),
                    OutgoingCollection(by_publisher, include="840"),
                    OutgoingCollection(by_publisher, include="124"),
                )
            publishers.append(
                OutgoingPublisher(
                    number=f"P{index}", name=draw(_NAMES), chain=index + 1, ownership=by_publisher, collections=places
                )
            )
    return OutgoingWork(
        number=draw(_NAMES)[:14], title=draw(_NAMES), writers=tuple(writers), publishers=tuple(publishers)
    )


@given(st.lists(_works(), min_size=1, max_size=3, unique_by=lambda work: work.number), st.sampled_from(VERSIONS))
@settings(max_examples=150, deadline=None, derandomize=True)
def test_reads_back_without_a_problem(outgoing: list[OutgoingWork], version: str) -> None:
    heading, lines = read(_written(*outgoing, version=version))
    assert codes(lines) == []
    assert heading.counts["transactions"] == len(outgoing)
    basis = "ownership" if version == "2.2" else "manuscript"
    for position, work in enumerate(outgoing):
        key = f"1.{position}"
        for right in ("performing", "mechanical", "synchronization"):
            if version == "2.2":
                sent = {f"ip:{party.number}": getattr(party.ownership, right) for party in work.parties}
            else:
                sent = {f"ip:{writer.number}": getattr(writer.manuscript, right) for writer in work.writers}
            got = {
                each.party_key: each.part for each in shares(lines, basis=basis, right=right) if each.asset_key == key
            }
            assert sum(got.values()) == 1
            for party, part in got.items():
                assert abs(part - sent[party]) < Fraction(1, 10000)


@given(st.integers(1, 12), st.sampled_from(VERSIONS))
@settings(max_examples=24, deadline=None, derandomize=True)
def test_reads_equal_parts_back_exactly(count: int, version: str) -> None:
    part = Fraction(1, count)
    writers = tuple(
        OutgoingWriter(
            number=f"A{index}",
            last_name=f"WRITER {index}",
            ownership=_shares(part, part, part),
            manuscript=_shares(part, part, part),
            collections=(OutgoingCollection(_shares(part, part, part)),),
        )
        for index in range(count)
    )
    _, lines = read(_written(OutgoingWork(number="W1", title="WORK", writers=writers), version=version))
    assert codes(lines) == []
    for basis in ("ownership" if version == "2.2" else "manuscript", "collection"):
        assert [each.part for each in shares(lines, basis=basis)] == [part] * count
