"""Common Works Registration: what is taken from a file, and what no file gets past."""

from __future__ import annotations

import io
from fractions import Fraction

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from rights.exchange import cwr
from rights.exchange.cwr import exact_parts
from rights.exchange.cwr_frames import MAX_TRANSACTION_RECORDS
from rights.exchange.cwr_layouts import VERSIONS, NoSuchVersion, layout
from rights.exchange.limits import Limits
from rights.exchange.lines import PartyLine, Problem, WorkLine, WrittenCode
from tests.rights.exchange.cwr_files import (
    LIMITS,
    Said,
    codes,
    lines_of,
    nwr,
    opu,
    owr,
    packed,
    parties,
    problems,
    pwr,
    read,
    rec,
    recordings,
    shares,
    sound,
    sound_31,
    spt,
    spu,
    swr,
    swt,
    works,
    wrk,
)

THIRD = Fraction(1, 3)


# --- layouts ---


@pytest.mark.parametrize(
    ("version", "type", "field", "start", "size"),
    [  # first columns as the specifications count them, from one
        ("2.1", "HDR", "character_set", 87, 15),
        ("2.2", "HDR", "version", 102, 3),
        ("3.0", "HDR", "version", 103, 3),
        ("3.1", "HDR", "file_name", 169, 27),
        ("2.1", "GRH", "version", 12, 5),
        ("3.0", "GRH", "version", 12, 5),
        ("3.1", "GRH", "batch", 12, 10),
        ("2.2", "NWR", "version_type", 143, 3),
        ("2.2", "NWR", "priority", 260, 1),
        ("3.1", "WRK", "priority", 218, 1),
        ("2.2", "SPU", "pr_share", 116, 5),
        ("2.2", "SPU", "ipi_base", 140, 13),
        ("3.0", "SPU", "name", 31, 45),
        ("3.1", "SPU", "name", 33, 45),
        ("3.1", "SPU", "usa", 105, 1),
        ("2.2", "SPT", "pr_share", 35, 5),
        ("2.2", "SPT", "sequence", 56, 3),
        ("3.0", "SPT", "pr_share", 32, 5),
        ("3.1", "SPT", "pr_share", 34, 5),
        ("3.1", "SPT", "recipient", 98, 4),
        ("2.2", "SWR", "sr_share", 146, 5),
        ("3.0", "SWR", "role", 105, 2),
        ("3.1", "SWR", "role", 107, 2),
        ("2.2", "SWT", "pr_share", 29, 5),
        ("3.0", "SWT", "recipient", 64, 4),
        ("3.1", "SWT", "recipient", 66, 4),
        ("2.1", "PWR", "writer", 102, 9),
        ("2.2", "PWR", "chain", 111, 2),
        ("3.0", "PWR", "writer", 31, 9),
        ("3.1", "PWR", "writer", 33, 9),
        ("2.2", "REC", "isrc", 250, 12),
        ("2.2", "REC", "number", 527, 14),
        ("3.0", "REC", "number", 333, 14),
        ("3.1", "REC", "number", 314, 14),
        ("3.1", "MAN", "sr_share", 41, 5),
        ("2.2", "ACK", "status", 158, 2),
        ("3.1", "ACK", "status", 178, 2),
        ("2.2", "MSG", "text", 36, 150),
        ("2.2", "TRL", "records", 17, 8),
    ],
)
def test_has_its_fields_where_the_specification_has_them(
    version: str, type: str, field: str, start: int, size: int
) -> None:
    found = layout(version).records[type].fields[field]
    assert (found.start + 1, found.size) == (start, size)


@pytest.mark.parametrize("version", VERSIONS)
def test_has_no_two_fields_in_one_column(version: str) -> None:
    for record in layout(version).records.values():
        ends = 0
        for field in record.fields.values():
            assert field.start >= ends, (version, record.type, field)
            ends = field.end
        assert record.least <= record.length


def test_knows_its_versions() -> None:
    with pytest.raises(NoSuchVersion):
        layout("2.0")


# --- what is taken ---


def test_reads_a_registration_of_version_2() -> None:
    said = (nwr(iswc="T0345246801"), *sound()[1:], rec())
    heading, lines = read(packed(lines_of("2.2", said)))
    assert problems(lines) == []
    assert (heading.format, heading.version, heading.sender) == ("CWR", "2.2", "000000199")
    assert heading.created == "20260301101500"
    assert heading.counts == {"groups": 1, "transactions": 1, "records": 11}
    [work] = works(lines)
    assert (work.key, work.title, work.line) == ("1.0", "WORK ONE", 3)
    assert work.codes == (WrittenCode("iswc", "T0345246801"), WrittenCode("proprietary", "W1", "000000199"))
    publisher, writer = parties(lines)
    assert (publisher.key, publisher.name, publisher.kind) == ("ip:P1", "NORTH PUBLISHING", "company")
    assert (writer.key, writer.name, writer.kind) == ("ip:A1", "ANNA A WRITER", "person")
    assert WrittenCode("ipi_name", "00000000297") in writer.codes
    owned = {(each.party_key, each.role): each.part for each in shares(lines)}
    assert owned == {("ip:P1", "E"): Fraction(1, 2), ("ip:A1", "CA"): Fraction(1, 2)}
    assert [(each.party_key, each.part) for each in shares(lines, right="mechanical")] == [("ip:P1", Fraction(1))]
    [collected, _] = shares(lines, basis="collection")
    assert (collected.part, collected.written, collected.territories) == (Fraction(1, 2), "50.00", ("2136",))
    [recording] = recordings(lines)
    assert (recording.title, recording.codes, recording.work_keys) == (
        "TAKE ONE",
        (WrittenCode("isrc", "GBAYE0500001"),),
        ("1.0",),
    )


def test_reads_a_registration_of_version_3() -> None:
    heading, lines = read(packed(lines_of("3.1", sound_31(), file_name="CW260001NPX_0000_V3-1-0.SUB")))
    assert problems(lines) == []
    assert (heading.version, heading.sender, heading.message_id) == ("3.1", "NPX", "CW260001NPX_0000_V3-1-0.SUB")
    assert list(shares(lines)) == []  # nobody has ownership shares there, and none are invented
    [written] = shares(lines, basis="manuscript", right="synchronization")
    assert (written.party_key, written.part) == ("ip:A1", Fraction(1))
    assert [each.part for each in shares(lines, basis="collection")] == [Fraction(1, 2), Fraction(1, 2)]


def test_reads_version_3_0_with_its_own_columns() -> None:
    said = tuple(each for each in sound_31() if each[0] != "MAN")
    heading, lines = read(packed(lines_of("3.0", said)))
    assert (codes(lines), heading.version, len(works(lines))) == ([], "3.0", 1)


def test_reads_version_2_1_by_its_group() -> None:
    said = tuple((type, {k: v for k, v in f.items() if (type, k) != ("PWR", "chain")}) for type, f in sound())
    heading, lines = read(packed(lines_of("2.1", said)))
    assert (codes(lines), heading.version, len(works(lines))) == ([], "2.1", 1)


@pytest.mark.parametrize("end", [b"\r\n", b"\n"])
@pytest.mark.parametrize("behind", [b"", b"\r\n", b"\x1a", b"\r\n\r\n\x1a"])
def test_takes_the_ends_of_lines_and_files_that_systems_make(end: bytes, behind: bytes) -> None:
    raw = packed(lines_of("2.2", sound())).replace(b"\r\n", end) + behind
    assert codes(read(raw)[1]) == []
    assert codes(read(raw.removesuffix(behind).removesuffix(end))[1]) == []


def test_counts_what_it_passes_over() -> None:
    lines = lines_of("2.2", (*sound(), ("ALT", {"title": "OTHER NAME", "title_type": "AT"})))
    lines[-3] = f"ZZZ{lines[-3][3:]}"
    heading, found = read(packed(lines))
    assert (codes(found), heading.counts["unread_ZZZ"]) == ([], 1)
    heading, found = read(packed(lines_of("2.2", (*sound(), ("ALT", {"title": "OTHER NAME", "title_type": "AT"})))))
    assert (codes(found), heading.counts["unread_ALT"]) == ([], 1)


def test_leaves_unknown_parties_to_nobody() -> None:
    said = (
        nwr(),
        spu((2500, 5000, 5000)),
        spt((2500, 5000, 5000)),
        opu((2500, 5000, 5000), number="", name="", unknown="Y"),
        swr((2500, 0, 0)),
        swt((2500, 0, 0)),
        pwr(),
        owr((2500, 0, 0), number="", last_name="", first_name="", unknown="Y"),
    )
    _, lines = read(packed(lines_of("2.2", said)))
    assert codes(lines) == []
    assert [each.party_key for each in shares(lines)] == ["ip:P1", "ip:A1"]
    assert len(parties(lines)) == 2


def test_keys_a_party_without_a_number_by_its_line() -> None:
    said = (
        nwr(),
        spu((2500, 10000, 10000)),
        spt((2500, 10000, 10000)),
        swr(),
        swt(),
        pwr(),
        owr((2500, 0, 0), number=""),
    )
    _, lines = read(packed(lines_of("2.2", said)))
    assert codes(lines) == []
    assert [party.key for party in parties(lines)] == ["ip:P1", "ip:A1", "1.0:9"]


def test_reads_territories_by_their_inclusions() -> None:
    said = (
        nwr(),
        spu(),
        spt(),
        ("SPT", spt((0, 0, 0), indicator="E", territory="0840", sequence="002")[1]),
        ("SPT", spt((5000, 9000, 10000), territory="0840", sequence="003")[1]),
        swr(),
        swt(),
        pwr(),
    )
    _, lines = read(packed(lines_of("2.2", said)))
    assert codes(lines) == []
    found = [
        (each.territories, each.part)
        for each in shares(lines, basis="collection", right="mechanical")
        if each.party_key == "ip:P1"
    ]
    assert found == [(("2136", "-840"), Fraction(1)), (("840",), Fraction(9, 10))]


@pytest.mark.parametrize(
    ("validity", "isrcs", "linked"), [("Y", 1, True), ("", 1, True), ("U", 1, False), ("N", 0, True)]
)
def test_believes_what_a_recording_says_of_its_isrc(validity: str, isrcs: int, *, linked: bool) -> None:
    _, lines = read(packed(lines_of("2.2", (*sound(), rec(validity=validity)))))
    [recording] = recordings(lines)
    assert (len(recording.codes), bool(recording.work_keys)) == (isrcs, linked)


# --- decimals ---


@pytest.mark.parametrize(
    ("written", "parts"),
    [
        ([3333, 3333, 3334], [THIRD] * 3),
        ([3333, 3333, 3333], [THIRD] * 3),  # 99.99
        ([3334, 3334, 3334], [THIRD] * 3),  # 100.02
        ([5000, 1667, 1667, 1666], [Fraction(1, 2)] + [Fraction(1, 6)] * 3),
        ([1429, 1429, 1429, 1429, 1428, 1428, 1428], [Fraction(1, 7)] * 7),
        ([6667, 3333], [Fraction(2, 3), THIRD]),
        ([4999, 5001], [Fraction(4999, 10000), Fraction(5001, 10000)]),  # a half would have been written as one
        ([5000, 5000], [Fraction(1, 2)] * 2),
        ([5000, 4994], [Fraction(5000, 9994), Fraction(4994, 9994)]),  # 99.94: the last that is within tolerance
        ([5000, 4993], [Fraction(1, 2), Fraction(4993, 10000)]),  # 99.93: as written
        ([5000, 5006], [Fraction(5000, 10006), Fraction(5006, 10006)]),
        ([5000, 5007], [Fraction(1, 2), Fraction(5007, 10000)]),
        ([3333], [Fraction(3333, 10000)]),  # alone, a third is a guess
        ([3333, 0, 6667], [THIRD, Fraction(0), Fraction(2, 3)]),
        ([], []),
    ],
)
def test_takes_decimals_for_the_parts_behind_them(written: list[int], parts: list[Fraction]) -> None:
    assert exact_parts(written) == parts


@given(st.lists(st.integers(0, 10000), max_size=12))
@settings(max_examples=300, deadline=None, derandomize=True)
def test_makes_one_of_whatever_is_whole_within_tolerance(written: list[int]) -> None:
    parts = exact_parts(written)
    assert len(parts) == len(written)
    if abs(sum(written) - 10000) <= 6:
        assert sum(parts) == 1
        assert all(
            abs(part - Fraction(each, 10000)) <= Fraction(7, 10000) for part, each in zip(parts, written, strict=True)
        )
    else:
        assert parts == [Fraction(each, 10000) for each in written]


def _co_written(*decimals: int) -> tuple[Said, ...]:
    """Writers who keep everything: ownership and collection of the performing right."""
    said: list[Said] = [nwr()]
    for index, share in enumerate(decimals):
        number, name = f"A{index}", f"WRITER {'ABCDEFGH'[index]}"
        said.append(swr((share, share, share), number=number, last_name=name))
        said.append(swt((share, share, share), number=number))
    return tuple(said)


@pytest.mark.parametrize("decimals", [(3333, 3333, 3334), (3333, 3333, 3333), (3334, 3334, 3334)])
def test_says_a_third_and_keeps_what_was_written(decimals: tuple[int, ...]) -> None:
    _, lines = read(packed(lines_of("2.2", _co_written(*decimals))))
    assert codes(lines) == []
    for basis in ("ownership", "collection"):
        found = list(shares(lines, basis=basis, right="mechanical"))
        assert [each.part for each in found] == [THIRD] * 3
        assert [each.written for each in found] == [f"{each / 100:.2f}" for each in decimals]
        assert all(each.is_normalized for each in found)


def test_leaves_collection_as_written_where_it_would_differ_from_place_to_place() -> None:
    said = list(_co_written(3333, 3333, 3333))
    # In France, the third writer collects 33.34 %, so that the first two would be other parts there.
    said[6:7] = [
        swt((3333, 3333, 3333), number="A2"),
        swt((0, 0, 0), number="A2", indicator="E", territory="0250", sequence="002"),
        swt((3330, 3330, 3330), number="A2", territory="0250", sequence="003"),
    ]
    _, lines = read(packed(lines_of("2.2", tuple(said))))
    assert codes(lines) == []
    found = list(shares(lines, basis="collection"))
    assert [each.part for each in found[:2]] == [Fraction(3333, 10000)] * 2
    assert not found[0].is_normalized


# --- the rules of a work ---


def _owned(publishers: tuple[int, int, int], writers: tuple[int, int, int]) -> tuple[Said, ...]:
    return (
        nwr(),
        spu(publishers),
        spt(publishers if any(publishers) else (100, 0, 0), shares_change="Y"),
        swr(writers),
        swt((5000, 0, 0)),
        pwr(),
    )


@pytest.mark.parametrize(
    ("publishers", "writers", "expected"),
    [
        ((5000, 10000, 10000), (5000, 0, 0), []),
        ((5000, 10000, 10000), (4994, 0, 0), []),  # 99.94 %
        ((5000, 10000, 10000), (5006, 0, 0), []),
        ((5000, 10000, 10000), (4993, 0, 0), ["writers_own_too_little", "ownership_not_whole"]),
        ((5000, 10000, 10000), (5007, 0, 0), ["ownership_not_whole"]),
        ((5000, 9994, 10000), (5000, 0, 0), []),
        ((5000, 9993, 10000), (5000, 0, 0), ["ownership_not_whole"]),
        ((5000, 10000, 0), (5000, 0, 0), []),  # nothing of a right is allowed
        ((5000, 10000, 5), (5000, 0, 0), ["ownership_not_whole"]),
        ((5000, 10000, 0), (5000, 0, 6), ["ownership_not_whole"]),
        ((5000, 5000, 5000), (5000, 5000, 5006), []),
        ((5000, 5000, 5000), (5000, 5000, 5007), ["ownership_not_whole"]),
        ((0, 10000, 10000), (10000, 0, 0), []),
        ((4000, 10000, 10000), (6000, 0, 0), []),
    ],
)
def test_asks_for_the_whole_of_each_right(
    publishers: tuple[int, int, int], writers: tuple[int, int, int], expected: list[str]
) -> None:
    _, lines = read(packed(lines_of("2.2", _owned(publishers, writers))))
    assert codes(lines) == expected
    assert len(works(lines)) == (0 if expected else 1)


@pytest.mark.parametrize(
    ("second", "expected"), [(2506, []), (2507, ["publishers_own_too_much", "ownership_not_whole"])]
)
def test_asks_publishers_for_half_of_the_performing_right(second: int, expected: list[str]) -> None:
    said = (
        nwr(),
        spu((2500, 5000, 5000)),
        spt((2500, 5000, 5000)),
        opu((second, 5000, 5000)),
        swr(),
        swt(),
        pwr(),
    )
    assert codes(read(packed(lines_of("2.2", said)))[1]) == expected


@pytest.mark.parametrize(("second", "expected"), [(5006, []), (5007, ["writers_own_too_much", "ownership_not_whole"])])
def test_asks_writers_for_the_whole_at_most(second: int, expected: list[str]) -> None:
    said = (nwr(), swr((5000, 5000, 5000)), swt((5000, 5000, 5000)), owr((5000, second, 5000)))
    assert codes(read(packed(lines_of("2.2", said)))[1]) == expected


@pytest.mark.parametrize(
    ("changed", "expected"),
    [
        ({3: swr(role="A")}, []),
        ({3: swr(role="C")}, []),
        ({3: swr(role="AR")}, ["no_creator", "original_but_modified"]),
        ({3: swr(role="")}, ["no_creator", "bad_role"]),
        ({3: swr(role="XX")}, ["no_creator", "bad_role"]),
        ({0: nwr(text_music="MUS")}, ["text_in_music_only"]),
        ({0: nwr(text_music="MUS"), 3: swr(role="C")}, []),
        ({0: nwr(version_type="MOD", arrangement="NEW", adaptation="NEW")}, ["modified_by_nobody"]),
        ({0: nwr(version_type="MOD")}, ["missing_field", "missing_field", "modified_by_nobody"]),
        ({0: nwr(version_type="XXX")}, ["bad_version_type"]),
        ({0: nwr(title="")}, ["missing_field"]),
        ({0: nwr(work_number="")}, ["missing_field"]),
        ({1: spu(name="")}, ["missing_field"]),
        ({1: spu(role="")}, ["bad_role", "chain_without_start", "ownership_by_role", "chain_collects_otherwise"]),
        ({3: swr(last_name="")}, ["missing_field"]),
        ({1: spu(chain="02"), 5: pwr(chain="02")}, ["chain_number"]),
        ({1: spu(role="SE")}, ["chain_without_start", "ownership_by_role", "chain_collects_otherwise"]),
        ({5: pwr(publisher="P2")}, ["unknown_publisher", "unknown_publisher"]),
        ({5: pwr(chain="02")}, ["unknown_chain"]),
        ({5: pwr(writer="A2")}, ["other_party"]),
        ({2: spt(number="P2")}, ["other_party"]),
        ({4: swt(number="A2")}, ["other_party"]),
        ({2: spt(sequence="002")}, ["bad_sequence"]),
        ({2: spt(territory="DE")}, ["bad_territory"]),
        ({2: spt(territory="9999")}, ["bad_territory"]),
        ({2: spt(territory="")}, ["bad_territory"]),
        ({2: spt(indicator="X")}, ["bad_indicator", "publisher_without_territory"]),
        ({2: spt(indicator="E")}, ["exclude_without_include", "publisher_without_territory"]),
        ({2: spt((0, 0, 0))}, ["include_without_share", "chain_collects_otherwise"]),
        ({2: spt((5001, 10000, 10000))}, ["share_out_of_bounds"]),
        ({2: spt((5000, 10001, 10000))}, ["share_out_of_bounds"]),
        ({4: swt((10001, 0, 0))}, ["share_out_of_bounds", "collection_too_much"]),
        ({2: spt((5000, 10000, 10000), pr_share="0500X")}, ["bad_share"]),
        ({2: spt((4994, 10000, 10000))}, []),
        ({2: spt((4993, 10000, 10000))}, ["chain_collects_otherwise"]),
        ({2: spt((4993, 10000, 10000), shares_change="Y")}, []),
        ({4: swt((5006, 0, 0))}, []),
        ({4: swt((5007, 0, 0))}, ["collection_too_much"]),
        ({4: swt((5000, 6, 0))}, []),
        ({4: swt((5000, 7, 0))}, ["collection_too_much"]),
    ],
)
def test_judges_one_change_to_a_sound_work(changed: dict[int, Said], expected: list[str]) -> None:
    said = [changed.get(index, each) for index, each in enumerate(sound())]
    _, lines = read(packed(lines_of("2.2", tuple(said))))
    assert sorted(codes(lines)) == sorted(expected)
    assert len(works(lines)) == (0 if expected else 1)
    assert all(problem.sentence and problem.field and not problem.is_fatal for problem in problems(lines))


@pytest.mark.parametrize(
    ("said", "expected"),
    [
        ((nwr(),), ["no_writer"]),
        ((nwr(), spu(), spt(), swr(), swt()), ["writer_without_publisher"]),
        ((nwr(), spu(), spt(), swr(), pwr()), ["writer_without_territory"]),
        ((nwr(), spu(), swr(), swt(), pwr()), ["publisher_without_territory"]),
        (
            (nwr(), spu(), spt(), spu((0, 0, 0), number="P2", name="EAST"), swr(), swt(), pwr()),
            ["second_original_publisher"],
        ),
        ((nwr(), spu(), spt(), opu(chain="01", role="SE"), swr(), swt(), pwr()), ["other_in_controlled_chain"]),
        (
            (nwr(), spu((0, 0, 0)), spt(shares_change="Y"), swr((10000, 10000, 10000)), swt(), pwr()),
            ["chain_without_share"],
        ),
        ((nwr(), spu(), spt(), spu((0, 0, 0), name="OTHER NAME", role="AM"), swr(), swt(), pwr()), ["number_of_two"]),
        (
            (
                nwr(),
                spu(),
                spt(),
                spu((100, 0, 0), number="P2", name="EAST", role="SE"),
                swr((4900, 0, 0)),
                swt(),
                pwr(),
            ),
            ["ownership_by_role", "writers_own_too_little", "publishers_own_too_much"],
        ),
        ((nwr(), swt(), swr((10000, 10000, 10000)), swt()), ["misplaced_record"]),
        ((nwr(), spu(), swt(), spt(), swr(), swt(), pwr()), ["misplaced_record"]),
        ((nwr(), owr((10000, 10000, 10000)), swt()), ["misplaced_record"]),
        (
            (nwr(), spu(), spt(), spt((1, 0, 0), indicator="E", territory="0840", sequence="002"), swr(), swt(), pwr()),
            ["exclude_with_share"],
        ),
    ],
)
def test_judges_how_records_stand_together(said: tuple[Said, ...], expected: list[str]) -> None:
    _, lines = read(packed(lines_of("2.2", said)))
    assert sorted(codes(lines)) == sorted(expected)
    assert works(lines) == []


@pytest.mark.parametrize(
    ("first", "second", "expected"),
    [
        ((0, 0, 0), (5000, 10000, 10000), []),
        ((5000, 10000, 10000), (0, 0, 0), ["acquirer_without_share", "owned_beside_acquirer"]),
        ((1000, 0, 0), (4000, 10000, 10000), ["owned_beside_acquirer"]),
    ],
)
def test_has_the_acquirer_own_for_the_original_publisher(
    first: tuple[int, int, int], second: tuple[int, int, int], expected: list[str]
) -> None:
    acquirer = spu(second, number="P2", name="EAST PUBLISHING", role="AQ")
    said = (nwr(), spu(first), acquirer, spt(number="P2"), swr(), swt(), pwr())
    assert sorted(codes(read(packed(lines_of("2.2", said)))[1])) == expected


def test_wants_an_original_publisher_before_an_acquirer() -> None:
    said = (
        nwr(),
        spu((0, 0, 0), role="PA"),
        spu(number="P2", name="EAST", role="AQ"),
        spt(number="P2"),
        swr(),
        swt(),
        pwr(),
    )
    assert codes(read(packed(lines_of("2.2", said)))[1]) == ["acquirer_without_original"]


@pytest.mark.parametrize(
    ("name", "owned", "expected"),
    [
        ("DP", (0, 10000, 10000), []),
        ("DP", (10000, 10000, 10000), ["public_domain_owned"]),
        ("WRITER", (10000, 10000, 10000), []),
    ],
)
def test_owns_no_performing_right_in_the_public_domain(
    name: str, owned: tuple[int, int, int], expected: list[str]
) -> None:
    said = (nwr(), owr(owned, last_name=name, first_name=""))
    assert codes(read(packed(lines_of("2.2", said)))[1]) == expected


def test_lets_sub_publishers_collect_for_the_chain_territory_by_territory() -> None:
    sub = spu((0, 0, 0), number="P2", name="WEST PUBLISHING", role="SE")
    world = spt()
    without_us = spt((0, 0, 0), indicator="E", territory="0840", sequence="002")
    for share, expected in ((5000, []), (4000, ["chain_collects_otherwise"])):
        there = spt((share, 10000, 10000), number="P2", territory="0840")
        said = (nwr(), spu(), world, without_us, sub, there, swr(), swt(), pwr())
        assert codes(read(packed(lines_of("2.2", said)))[1]) == expected
        twice = (nwr(), spu(), world, sub, there, swr(), swt(), pwr())
        assert "collection_too_much" in codes(read(packed(lines_of("2.2", twice)))[1])


@pytest.mark.parametrize(
    ("there", "excluded", "expected"),
    [
        ("0276", "", ["collection_too_much"]),  # Germany lies in Europe
        ("0840", "", []),
        ("0276", "0276", []),
        ("2123", "2123", []),
    ],
)
def test_adds_up_what_is_collected_country_by_country(there: str, excluded: str, expected: list[str]) -> None:
    said: list[Said] = [nwr(), swr((6000, 6000, 6000)), swt((6000, 6000, 6000), territory="2120")]
    if excluded:
        said.append(swt((0, 0, 0), indicator="E", territory=excluded, sequence="002"))
    said += [
        swr((4000, 4000, 4000), number="A2", last_name="SECOND"),
        swt((5000, 5000, 5000), number="A2", territory=there),
    ]
    _, lines = read(packed(lines_of("2.2", tuple(said))))
    assert sorted(set(codes(lines))) == expected


def test_bounds_what_it_compares() -> None:
    said = list(sound_31())
    recipients = [
        ("SWT", said[4][1] | {"recipient": f"{each:04d}", "sequence": f"{each + 1:03d}"}) for each in range(1, 200)
    ]
    _, lines = read(packed(lines_of("3.1", (*said[:5], *recipients, *said[5:]))))
    assert codes(lines) == ["collection_too_large"]


def test_does_not_hold_a_chain_with_an_income_participant_to_what_it_owns() -> None:
    said = (
        nwr(),
        spu(),
        spt((4000, 10000, 10000)),
        spu((0, 0, 0), number="P2", name="WEST", role="PA"),
        spt((500, 0, 0), number="P2"),
        swr(),
        swt(),
        pwr(),
    )
    assert codes(read(packed(lines_of("2.2", said)))[1]) == []


def _changed_31(type: str, **changed: str) -> tuple[Said, ...]:
    return tuple((each, fields | changed if each == type else fields) for each, fields in sound_31())


@pytest.mark.parametrize(
    ("said", "expected"),
    [
        (_changed_31("MAN", pr_share="09994"), []),
        (_changed_31("MAN", pr_share="09993"), ["manuscript_not_whole"]),
        (_changed_31("MAN", sr_share="00000"), ["manuscript_not_whole"]),
        (_changed_31("MAN", number="A2"), ["other_party"]),
        (tuple(each for each in sound_31() if each[0] != "MAN"), ["no_manuscript"] + ["manuscript_not_whole"] * 3),
        (_changed_31("SWT", pr_share="04994"), []),
        (_changed_31("SWT", pr_share="04993"), ["collection_not_whole"]),
        (_changed_31("SWT", pr_share="05006"), []),
        (_changed_31("SWT", pr_share="05007"), ["collection_too_much"]),
        (tuple(each for each in sound_31() if each[0] != "SWT"), ["collection_not_whole", "writer_without_territory"]),
        (tuple(each for each in sound_31() if each[0] != "SPT"), ["publisher_without_territory"]),
        (_changed_31("SWR", role="PA"), ["no_creator"]),
        (_changed_31("SWT", recipient="0010"), []),
    ],
)
def test_judges_version_3_by_its_own_rules(said: tuple[Said, ...], expected: list[str]) -> None:
    _, lines = read(packed(lines_of("3.1", said)))
    assert sorted(codes(lines)) == sorted(expected)


@pytest.mark.parametrize(
    ("more", "expected"),
    [
        (rec(isrc="GB-AYE"), "bad_isrc"),
        (rec(isrc="", title=""), "empty_recording"),
        (rec(released_on="20260230"), "bad_date"),
        (rec(duration="006161"), "bad_duration"),
        (("ALT", {"title": "", "title_type": "AT"}), "missing_field"),
        (("PER", {"last_name": ""}), "missing_field"),
        (("ORN", {"purpose": ""}), "missing_field"),
    ],
)
def test_leaves_out_what_is_wrong_beside_a_work(more: Said, expected: str) -> None:
    _, lines = read(packed(lines_of("2.2", (*sound(), more))))
    assert codes(lines) == [expected]
    assert len(works(lines)) == 1


def test_leaves_out_a_wrong_iswc() -> None:
    _, lines = read(packed(lines_of("2.2", (nwr(iswc="T0345246802"), *sound()[1:]))))
    assert codes(lines) == ["bad_iswc"]
    assert [code.scheme for code in works(lines)[0].codes] == ["proprietary"]


def test_takes_the_other_works_of_a_file() -> None:
    broken = (nwr(work_number="W2"), spu((6000, 10000, 10000)), *sound()[2:])
    _, lines = read(packed(lines_of("2.2", sound(), broken, (nwr(work_number="W3", title="WORK 3"), *sound()[1:]))))
    assert [work.title for work in works(lines)] == ["WORK ONE", "WORK 3"]
    assert {problem.line for problem in problems(lines)} == {9, 10}


def test_does_not_take_a_retraction_in_silence() -> None:
    lines = lines_of("3.1", sound_31())
    text = packed(lines).replace(b"GRHWRK", b"GRHDRW").replace(b"WRK0", b"DRW0")
    _, found = read(text)
    assert codes(found) == ["retraction"]


# --- the frame ---


def _fatal(raw: bytes, *, limits: Limits = LIMITS) -> str:
    _, lines = read(raw, limits=limits)
    assert isinstance(lines[-1], Problem)
    assert lines[-1].is_fatal
    assert not any(problem.is_fatal for problem in problems(lines[:-1]))
    return lines[-1].code


def _file() -> list[str]:
    return lines_of("2.2", sound(), (nwr(work_number="W2"), *sound()[1:]))


@pytest.mark.parametrize(
    ("line", "start", "text", "code"),
    [
        (0, 0, "XXX", "not_cwr"),
        (0, 59, "01.20", "unknown_version"),
        (0, 101, "2.9", "unknown_version"),
        (0, 101, "3.1", "unknown_version"),
        (0, 64, "20261301", "bad_date"),
        (0, 78, "00000000", "bad_date"),
        (0, 72, "996161", "bad_field"),
        (0, 86, "BIG5", "unsupported_character_set"),
        (1, 11, "02.10", "wrong_group_version"),
        (1, 3, "XYZ", "unknown_transaction"),
        (1, 3, "REV", "wrong_transaction"),
        (1, 6, "00002", "sequence_broken"),
        (1, 6, "X0001", "bad_number"),
        (2, 3, "00000001", "sequence_broken"),
        (2, 11, "00000001", "sequence_broken"),
        (2, 0, "SPU", "no_transaction"),
        (3, 3, "00000001", "sequence_broken"),
        (3, 11, "00000002", "sequence_broken"),
        (3, 11, "0000000X", "sequence_broken"),
        (3, 11, "       1", "sequence_broken"),
        (3, 0, "spu", "bad_record"),
        (3, 0, "HDR", "bad_record"),
        (3, 0, "   ", "bad_record"),
        (8, 3, "00000002", "sequence_broken"),
        (-2, 3, "00002", "count_mismatch"),
        (-2, 8, "00000001", "count_mismatch"),
        (-2, 16, "00000015", "count_mismatch"),
        (-1, 3, "00002", "count_mismatch"),
        (-1, 8, "00000003", "count_mismatch"),
        (-1, 16, "00000017", "count_mismatch"),
        (-1, 16, "0000001 ", "bad_number"),
        (-1, 0, "XXX", "bad_record"),
    ],
)
def test_trusts_nothing_behind_a_broken_frame(line: int, start: int, text: str, code: str) -> None:
    lines = _file()
    lines[line] = lines[line][:start] + text + lines[line][start + len(text) :]
    assert _fatal(packed(lines)) == code


@pytest.mark.parametrize(
    ("gone", "code"),
    [
        (0, "not_cwr"),
        (1, "bad_record"),
        (2, "no_transaction"),
        (3, "sequence_broken"),
        (7, "count_mismatch"),
        (14, "bad_record"),
    ],
)
def test_notices_a_line_that_was_lost(gone: int, code: str) -> None:
    lines = _file()
    assert _fatal(packed(lines[:gone] + lines[gone + 1 :])) == code


def test_notices_lines_behind_the_trailer_and_empty_groups() -> None:
    lines = _file()
    assert _fatal(packed([*lines, lines[0]])) == "data_behind_trailer"
    assert _fatal(packed([lines[0], lines[1], lines[-2], lines[-1]])) == "empty_group"
    assert _fatal(packed([lines[0], lines[-1]])) == "bad_record"
    assert _fatal(b"") == "not_cwr"


def test_reads_groups_one_after_the_other() -> None:
    first, second = lines_of("2.2", sound()), lines_of("2.2", (("REV", nwr(work_number="W2")[1]), *sound()[1:]))
    second[1], second[-2] = second[1].replace("00001", "00002", 1), second[-2].replace("00001", "00002", 1)
    end = first[-1][:3] + "00002" + f"{2:08d}{18:08d}" + first[-1][24:]
    heading, lines = read(packed([*first[:-1], *second[1:-1], end]))
    assert codes(lines) == []
    assert [work.key for work in works(lines)] == ["1.0", "2.0"]
    assert heading.counts["groups"] == 2


def test_is_complete_or_says_that_it_is_not_wherever_it_is_cut() -> None:
    raw = packed(lines_of("2.2", sound()))
    whole = read(raw)[1]
    for end in range(len(raw)):
        _, lines = read(raw[:end])
        if end >= len(raw) - 2:  # only the last line's end is missing
            assert lines == whole
        else:
            assert isinstance(lines[-1], Problem), end
            assert lines[-1].is_fatal, end


@pytest.mark.parametrize(
    ("type", "columns", "code"), [("SPU", 135, "record_too_short"), ("SPU", 136, ""), ("SPT", 53, "record_too_short")]
)
def test_reads_a_line_cut_behind_what_it_must_say(type: str, columns: int, code: str) -> None:
    lines = lines_of("2.2", sound())
    lines = [line[:columns] if line.startswith(type) else line for line in lines]
    found = codes(read(packed(lines))[1])
    assert found == ([code] if code else [])


def test_refuses_columns_that_a_version_does_not_have() -> None:
    lines = lines_of("2.2", sound())
    lines[4] = f"{lines[4]}   "
    assert codes(read(packed(lines))[1]) == []
    lines[4] = f"{lines[4]}X"
    _, found = read(packed(lines))
    assert codes(found) == ["record_too_long"]
    assert works(found) == []


@pytest.mark.parametrize(
    ("named", "encoding", "code"),
    [
        ("ISO-8859-1", "latin-1", ""),
        ("UTF-8", "utf-8", ""),
        ("ISO-8859-2", "iso8859-2", ""),
        ("", "latin-1", "wrong_encoding"),
        ("ASCII", "latin-1", "wrong_encoding"),
        ("UTF-8", "latin-1", "wrong_encoding"),
        ("ISO-8859-1", "utf-8", "wrong_encoding"),
    ],
)
def test_reads_letters_in_the_set_its_header_names(named: str, encoding: str, code: str) -> None:
    lines = lines_of("2.2", (nwr(title="ÉTUDE ÜBER"), *sound()[1:]), character_set=named)
    _, found = read(packed(lines, encoding=encoding))
    assert codes(found) == ([code] if code else [])
    assert [work.title for work in works(found)] == ([] if code else ["ÉTUDE ÜBER"])


def test_reads_version_3_as_latin_1_where_its_header_is_silent() -> None:
    _, found = read(packed(lines_of("3.1", (wrk(title="ÉTUDE"), *sound_31()[1:])), encoding="latin-1"))
    assert [work.title for work in works(found)] == ["ÉTUDE"]


def test_refuses_control_characters() -> None:
    raw = packed(lines_of("2.2", sound())).replace(b"WORK ONE", b"WORK\x00ONE")
    _, found = read(raw)
    assert codes(found) == ["wrong_encoding"]
    assert "\x00" not in problems(found)[0].raw


def test_takes_national_titles_in_a_plain_file() -> None:
    alt = ("ALT", {"title": "ÉTUDE", "title_type": "OL", "language": "FR"})
    _, found = read(packed(lines_of("2.2", (*sound(), alt)), encoding="latin-1"))
    assert codes(found) == []


def test_refuses_more_than_its_limits() -> None:
    raw = packed(_file())
    assert _fatal(raw, limits=Limits(max_bytes=1000)) == "file_too_large"
    assert _fatal(raw, limits=Limits(max_lines=5)) == "too_many_lines"
    assert _fatal(raw, limits=Limits(max_line_characters=200)) == "line_too_long"
    longest = max(len(line) for line in _file())
    assert codes(read(raw, limits=Limits(max_line_characters=longest))[1]) == []
    assert _fatal(raw, limits=Limits(max_line_characters=longest - 1)) == "line_too_long"
    many = tuple(("ALT", {"title": "NAME", "title_type": "AT"}) for _ in range(MAX_TRANSACTION_RECORDS))
    assert _fatal(packed(lines_of("2.2", (*sound(), *many)))) == "transaction_too_large"


class _Endless(io.RawIOBase):
    """A header and a group, then transactions without end; remembers how much was asked for."""

    def __init__(self, first: bytes, rest: bytes) -> None:
        super().__init__()
        self.first, self.rest, self.most, self.given = first, rest, 0, 0

    def readline(self, size: int | None = -1, /) -> bytes:
        assert size is not None
        assert 0 < size < 20_000
        if self.first:
            found, self.first = self.first[:size], b""
            return found
        self.given += min(size, len(self.rest))
        return self.rest[:size]


def test_asks_a_stream_for_one_line_at_a_time() -> None:
    lines = lines_of("2.2", sound())
    stream = _Endless(f"{lines[0]}\r\n".encode(), b"A" * 1_000_000)
    _, found = cwr.read(stream, limits=LIMITS)  # type: ignore[arg-type]  # an endless line
    assert [line.code for line in found if isinstance(line, Problem)] == ["line_too_long"]
    assert stream.given < 20_000


@given(st.binary(max_size=400))
@settings(max_examples=200, deadline=None, derandomize=True)
def test_never_raises_for_garbage(raw: bytes) -> None:
    for start in (b"", b"HDR", packed(lines_of("2.2", sound()))[:700]):
        _, lines = read(start + raw)
        assert isinstance(lines[-1], Problem)
        assert lines[-1].is_fatal


@given(st.data())
@settings(max_examples=300, deadline=None, derandomize=True)
def test_never_raises_for_a_file_with_bytes_changed(data: st.DataObject) -> None:
    version = data.draw(st.sampled_from(["2.2", "3.1"]))
    raw = bytearray(packed(lines_of(version, sound() if version == "2.2" else sound_31())))
    for _ in range(data.draw(st.integers(1, 4))):
        raw[data.draw(st.integers(0, len(raw) - 1))] = data.draw(st.integers(0, 255))
    _, lines = read(bytes(raw))
    fatal = [problem for problem in problems(lines) if problem.is_fatal]
    assert len(fatal) <= 1
    assert fatal == [] or lines[-1] == fatal[0]
    for problem in problems(lines):
        assert problem.code
        assert problem.sentence
        assert len(problem.raw) <= 200


def test_puts_works_before_what_speaks_of_them() -> None:
    _, lines = read(packed(lines_of("2.2", (*sound(), rec()))))
    assert isinstance(lines[0], WorkLine)
    assert isinstance(lines[1], PartyLine)
