"""A sheet yields what its rows say, row by row, and gives back the rows it cannot take."""

from __future__ import annotations

import csv
import io
import tracemalloc
from collections.abc import Iterator
from datetime import date
from fractions import Fraction
from typing import BinaryIO, cast

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from rights.exchange.limits import Limits
from rights.exchange.lines import (
    ConsentLine,
    Contributor,
    Line,
    PartyLine,
    Problem,
    RecordingLine,
    ReleaseLine,
    ShareLine,
    WorkLine,
    WrittenCode,
)
from rights.exchange.mapping import Mapping, suggest
from rights.exchange.seen import Seen
from rights.exchange.sheet import errors_csv, read

DIGEST = "ab" * 32
SHARES = Mapping(
    "shares",
    {"isrc": "ISRC", "party": "Party", "share": "Share %", "territories": "Territory", "from": "From"},
    defaults={"right": "ai_output"},
)


def lines_of(text: str | bytes, mapping: Mapping, limits: Limits | None = None) -> list[Line]:
    data = text if isinstance(text, bytes) else text.encode()
    return list(read(io.BytesIO(data), mapping, limits=limits))


def codes_of(found: list[Line]) -> list[tuple[int, str, str]]:
    return [(line.line, line.field, line.code) for line in found if isinstance(line, Problem)]


def fatal(found: list[Line]) -> Problem:
    last = found[-1]
    assert isinstance(last, Problem)
    assert last.is_fatal
    assert not any(isinstance(line, Problem) and line.is_fatal for line in found[:-1])
    return last


CATALOGUE = """ISRC,Title,Artist,ISWC,Work title,UPC/EAN,Release,Disc,Track no
GB-AYE-05-00001,Song one,Singer A,T-034.524.680-1,Song one,4006381333931,Album,1,2
GBAYE0500002,Song two,Singer A,,Song two,4006381333931,Album,1,1
,,,T0030749586,A work alone,,,,
"""


def test_a_catalogue_names_each_thing_once() -> None:
    assert lines_of(CATALOGUE, suggest_for(CATALOGUE.partition("\n")[0])) == [
        PartyLine(2, "name:Singer A", "Singer A"),
        WorkLine(2, "iswc:T0345246801", "Song one", (WrittenCode("iswc", "T-034.524.680-1"),)),
        RecordingLine(
            2,
            "isrc:GBAYE0500001",
            "Song one",
            (WrittenCode("isrc", "GB-AYE-05-00001"),),
            ("iswc:T0345246801",),
            (Contributor("name:Singer A", ("MainArtist",)),),
        ),
        WorkLine(3, "title:Song two", "Song two"),
        RecordingLine(
            3,
            "isrc:GBAYE0500002",
            "Song two",
            (WrittenCode("isrc", "GBAYE0500002"),),
            ("title:Song two",),
            (Contributor("name:Singer A", ("MainArtist",)),),
        ),
        ReleaseLine(
            2,
            "gtin:04006381333931",
            "Album",
            (WrittenCode("gtin", "4006381333931"),),
            ("isrc:GBAYE0500002", "isrc:GBAYE0500001"),  # by track, not by line
        ),
        WorkLine(4, "iswc:T0030749586", "A work alone", (WrittenCode("iswc", "T0030749586"),)),
    ]


def test_the_twelve_and_the_thirteen_digits_of_a_product_are_one_release() -> None:
    found = lines_of("Title,UPC,Release\nA,036000291452,R\nB,0036000291452,R\n", suggest_for("Title,UPC,Release"))
    assert [line.key for line in found if isinstance(line, ReleaseLine)] == ["gtin:00036000291452"]


def suggest_for(header: str, kind: str = "catalogue") -> Mapping:
    return suggest(header.split(","), kind)


def test_a_release_that_comes_back_is_continued() -> None:
    found = lines_of("Title,Release\nA,R\nB,S\nC,R\n", suggest_for("Title,Release"))
    releases = [line for line in found if isinstance(line, ReleaseLine)]
    assert [(r.key, r.recording_keys, r.is_continued) for r in releases] == [
        ("title:R", ("title:A",), False),
        ("title:S", ("title:B",), False),
        ("title:R", ("title:C",), True),
    ]


def test_a_release_of_very_many_tracks_is_passed_on_in_pieces() -> None:
    text = "Title,Release\n" + "".join(f"T{number},R\n" for number in range(2_000))
    releases = [line for line in lines_of(text, suggest_for("Title,Release")) if isinstance(line, ReleaseLine)]
    assert [(len(r.recording_keys), r.is_continued) for r in releases] == [(1_000, False), (1_000, True)]


@pytest.mark.parametrize(
    ("row", "problem"),
    [
        ("GBAYE0500001,Song one,Singer A,,,,", ("", "duplicate")),
        ("GBAYE0500001,SONG  one,Singer A,,,,", ("", "duplicate")),  # the same words
        ("GBAYE0500001,Another,Singer A,,,,", ("isrc", "contradicts")),
        ("GBAYE0500001,Song one,Singer B,,,,", ("isrc", "contradicts")),
        ("GBAYE050001,Song,,,,,", ("isrc", "bad_isrc")),
        ("GBAYE0500003,,,,,,", ("title", "missing")),
        (",,Singer A,,,,", ("title", "missing")),
        (",,,T0345246802,W,,", ("iswc", "bad_iswc")),
        (",,,T0345246801,,,", ("work_title", "missing")),
        (",Song,,,,4006381333931,", ("release_title", "missing")),
        (",Song,,,,4006381333913,R", ("release_code", "bad_gtin")),
        (',Song,,,,"4,00638E+12",R', ("release_code", "damaged_number")),
        (",Song,,,,36000291452,R", ("release_code", "bad_gtin")),  # a spreadsheet took away the zero
        (f",{'x' * 301},,,,,", ("title", "too_long")),
        (",Song\0,,,,,", ("", "nul")),
        (",Song,,,,", ("", "ragged_row")),
        (",Song,,,,,,one more", ("", "ragged_row")),
        (',"So"ng",,,,,"', ("", "malformed_row")),
    ],
)
def test_refuses_a_row_of_a_catalogue(row: str, problem: tuple[str, str]) -> None:
    header = "ISRC,Title,Artist,ISWC,Work title,UPC,Release"
    text = f"{header}\nGBAYE0500001,Song one,Singer A,,,,\n{row}\n,After,,,,,\n"
    found = lines_of(text, suggest_for(header))
    assert codes_of(found) == [(3, *problem)]
    assert isinstance(found[-1], RecordingLine)  # the next row is read as if nothing had been
    assert found[-1].title == "After"


def test_a_refused_row_is_not_a_reason_to_refuse_another() -> None:
    text = "ISRC,Title,UPC,Release\nGBAYE0500001,A,1,R\nGBAYE0500001,A,4006381333931,R\n"
    found = lines_of(text, suggest_for("ISRC,Title,UPC,Release"))
    assert codes_of(found) == [(2, "release_code", "bad_gtin")]
    assert [type(line) for line in found[1:]] == [RecordingLine, ReleaseLine]


def test_empty_rows_and_trailing_empty_cells_say_nothing() -> None:
    found = lines_of("\n\nTitle,Artist\n\n,\n  ,  \nA,B,,\n\n", suggest_for("Title,Artist"))
    assert [(line.line, type(line)) for line in found] == [(7, PartyLine), (7, RecordingLine)]


# Shares


def test_a_share_is_exact_and_keeps_what_was_written() -> None:
    text = 'ISRC,Party,Share %,Territory,From\nGBUV71200495,ipi:132688075,"12,5 %",2136 -US,2026-01-01\n'
    assert lines_of(text, SHARES) == [
        ShareLine(
            line=2,
            asset_kind="recording",
            asset_key="isrc:GBUV71200495",
            party_key="ipi:00132688075",
            right_type="ai_output",
            part=Fraction(1, 8),
            written="12,5 %",
            territories=("2136", "-US"),
            active_from=date(2026, 1, 1),
        )
    ]


@pytest.mark.parametrize(
    ("written", "parts"),
    [
        (["33.33"] * 3, [Fraction(1, 3)] * 3),
        (["33,33 %"] * 3, [Fraction(1, 3)] * 3),
        (["16.67"] * 6, [Fraction(1, 6)] * 6),  # 100.02
        (["33.34", "33.33", "33.33"], [Fraction(3334, 10_000), Fraction(3333, 10_000), Fraction(3333, 10_000)]),
        (["1/3", "33.33", "33.33"], [Fraction(1, 3)] * 3),  # the exact one stays
        (["1/3", "1/3", "1/3"], [Fraction(1, 3)] * 3),
        (["49.97", "49.97"], [Fraction(1, 2)] * 2),  # 0.06 % off: the last that is
        (["49.97", "49.96"], [Fraction(4997, 10_000), Fraction(4996, 10_000)]),
        (["50.03", "50.03"], [Fraction(1, 2)] * 2),
        (["50.03", "50.04"], [Fraction(5003, 10_000), Fraction(5004, 10_000)]),
        (["60", "50"], [Fraction(3, 5), Fraction(1, 2)]),  # an over-claim is a conflict, not a rounding
        (["50"], [Fraction(1, 2)]),
        (["100", "0.05"], [Fraction(100_00, 100_05), Fraction(5, 100_05)]),
        (["1/1", "0.05"], [Fraction(1), Fraction(5, 10_000)]),  # what is exact leaves nothing to fill
    ],
)
def test_rounded_sets_are_made_whole(written: list[str], parts: list[Fraction]) -> None:
    rows = "".join(f'GBUV71200495,Party {number},"{text}",,\n' for number, text in enumerate(written))
    found = lines_of(f"ISRC,Party,Share %,Territory,From\n{rows}", SHARES)
    shares = [line for line in found if isinstance(line, ShareLine)]
    assert len(shares) == len(found)
    assert [share.part for share in shares] == parts
    assert [share.written for share in shares] == written
    for share in shares:
        as_written = share.written.replace(",", ".").removesuffix("%").strip()
        exact = Fraction(as_written) / (1 if "/" in as_written else 100)
        assert share.is_normalized == (share.part != exact)


def test_a_set_is_of_one_asset_right_territory_and_period() -> None:
    text = (
        "ISRC,Party,Share %,Territory,From\n"
        "GBUV71200495,A,33.33,DE,\nGBUV71200495,B,33.33,DE,\nGBUV71200495,C,33.33,FR,\n"
        "GBUV71200495,D,33.33,DE,2026-01-01\nGBUV71200496,E,33.33,DE,\n"
    )
    assert not any(line.is_normalized for line in lines_of(text, SHARES) if isinstance(line, ShareLine))


def test_a_set_with_a_refused_row_stays_as_written() -> None:
    rows = "".join(f"GBUV71200495,{party},33.33,,\n" for party in "ABC")
    found = lines_of(f"ISRC,Party,Share %,Territory,From\n{rows}GBUV71200495,D,half,,\n", SHARES)
    assert codes_of(found) == [(5, "share", "not_a_share")]
    assert [line.part for line in found if isinstance(line, ShareLine)] == [Fraction(3333, 10_000)] * 3


@pytest.mark.parametrize(
    ("cells", "asset", "party"),
    [
        ({"ISRC": "gb-uv7-12-00495", "Party": "Label A"}, ("recording", "isrc:GBUV71200495"), "name:Label A"),
        ({"ISWC": "T-034.524.680-1", "Party": "Label A"}, ("work", "iswc:T0345246801"), "name:Label A"),
        ({"Recording": "A title", "Party": "Label A"}, ("recording", "title:A title"), "name:Label A"),
        ({"Work": "A title", "IPI": "132688075"}, ("work", "title:A title"), "ipi:00132688075"),
        ({"Asset": "GBUV71200495", "ISNI": "0000 0000 8126 6409"}, ("recording", "isrc:GBUV71200495"),
         "isni:0000000081266409"),
        ({"Asset": "T0345246801", "DPID": "PADPIDA2008120501W"}, ("work", "iswc:T0345246801"),
         "dpid:PADPIDA2008120501W"),
        ({"Asset": "0F3F6F0C-6A60-5D0E-8F6A-1F6B1B8B7F55", "Asset kind": "Track", "Party": "Label A"},
         ("recording", "id:0f3f6f0c-6a60-5d0e-8f6a-1f6b1b8b7f55"), "name:Label A"),
        ({"Asset": "A title", "Asset kind": "work", "Party": "isni:0000000081266409"}, ("work", "title:A title"),
         "isni:0000000081266409"),
        ({"ISRC": "GBUV71200495", "Party": "0f3f6f0c-6a60-5d0e-8f6a-1f6b1b8b7f55"},
         ("recording", "isrc:GBUV71200495"), "id:0f3f6f0c-6a60-5d0e-8f6a-1f6b1b8b7f55"),
        ({"ISRC": "GBUV71200495", "Party": "Label A", "IPI": "132688075"}, ("recording", "isrc:GBUV71200495"),
         "ipi:00132688075"),  # a number says more than a name
        ({"ISRC": "GBUV71200495", "Party": "=Label"}, ("recording", "isrc:GBUV71200495"), "name:=Label"),
    ],
)  # fmt: skip
def test_an_asset_and_a_party_are_named_in_several_ways(
    cells: dict[str, str], asset: tuple[str, str], party: str
) -> None:
    header = ["ISRC", "ISWC", "Recording", "Work", "Asset", "Asset kind", "Party", "IPI", "ISNI", "DPID", "Share"]
    mapping = suggest([*header, "Right"], "shares")
    row = ",".join(f'"{cells.get(name, "")}"' for name in header)
    (found,) = lines_of(f"{','.join(header)},Right\n{row[:-2]}50,AI output\n", mapping)
    assert isinstance(found, ShareLine)
    assert ((found.asset_kind, found.asset_key), found.party_key) == (asset, party)
    assert found.right_type == "ai_output"


@pytest.mark.parametrize(
    ("row", "problems"),
    [
        ("GBUV71200495,Label,50,,", [("", "duplicate")]),
        (",Label,50,,", [("asset", "missing")]),
        ("GBUV71200495,,50,,", [("party", "missing")]),
        ("GBUV71200495,B,,,", [("share", "missing")]),
        ("GBUV71200495,B,0,,", [("share", "not_a_part")]),
        ("GBUV71200495,B,50,XX,", [("territories", "unknown_territory")]),
        ("GBUV71200495,B,50,-US,", [("territories", "unknown_territory")]),
        ("GBUV71200495,B,50,,46023", [("from", "day_number")]),
        ("GBUV71200495,ipi:132688076,50,,", [("party", "bad_ipi_name")]),
        ("GBUV71200495,ipi:0,50,,", [("party", "bad_ipi_name")]),
        ("GBUV71200495,isni:0000000081266490,50,,", [("party", "bad_isni")]),
        ("GBUV71200495,dpid:PADPIDA2008120510W,50,,", [("party", "bad_dpid")]),
        ("GBUV71200495,id:5,50,,", [("party", "bad_id")]),
        ("no,B,x,XX,soon", [
            ("isrc", "bad_isrc"), ("share", "not_a_share"),
            ("territories", "unknown_territory"), ("from", "not_a_date"),
        ]),  # all at once, so that a row is corrected once
    ],
)  # fmt: skip
def test_refuses_a_share(row: str, problems: list[tuple[str, str]]) -> None:
    text = f"ISRC,Party,Share %,Territory,From\nGBUV71200495,Label,50,,\n{row}\nGBUV71200495,After,50,,\n"
    found = lines_of(text, SHARES)
    assert codes_of(found) == [(3, *problem) for problem in problems]
    assert [line.line for line in found if isinstance(line, ShareLine)] == [2, 4]
    assert all(problem.sentence[-1] in ".:" for problem in found if isinstance(problem, Problem))


# Consents

CONSENT_HEADER = "Reference,ISWC,Grantor,Actor,Licensee,Use,Territory,From,To,Document"


def test_a_consent_is_read() -> None:
    row = (
        f"C-1,T0345246801,Writer A,Agency,Service,remix; distribute.inside,World,2026-01-01,2027-01-01,sha256:{DIGEST}"
    )
    assert lines_of(f"{CONSENT_HEADER}\n{row}\n", suggest_for(CONSENT_HEADER, "consents")) == [
        ConsentLine(
            line=2,
            key="reference:C-1",
            grantor_key="name:Writer A",
            actor_key="name:Agency",
            asset_kind="work",
            asset_key="iswc:T0345246801",
            licensee_key="name:Service",
            uses=("infer.input", "distribute.inside"),
            territories=("2136",),
            active_from=date(2026, 1, 1),
            active_to=date(2027, 1, 1),
            document_digest=DIGEST,
        )
    ]


def test_who_grants_acts_unless_another_is_named_and_any_licensee_is_meant() -> None:
    row = f",T0345246801,Writer A,,,infer.input,DE,2026-01-01,,{DIGEST}"
    (found,) = lines_of(f"{CONSENT_HEADER}\n{row}\n", suggest_for(CONSENT_HEADER, "consents"))
    assert isinstance(found, ConsentLine)
    assert (found.actor_key, found.licensee_key, found.active_to, found.key) == ("name:Writer A", "", None, "line:2")


@pytest.mark.parametrize(
    ("row", "field", "code"),
    [
        (f"C-1,T0345246801,B,,,infer.input,DE,2026-01-01,,{DIGEST}", "reference", "duplicate"),
        (f",T0345246801,Writer A,,,infer.input,DE,2026-01-01,,{DIGEST}", "", "duplicate"),
        (f",T0345246801,,,,infer.input,DE,2026-01-01,,{DIGEST}", "grantor", "missing"),
        (f",T0345246801,B,,,,DE,2026-01-01,,{DIGEST}", "uses", "missing"),
        (f",T0345246801,B,,,everything,DE,2026-01-01,,{DIGEST}", "uses", "unknown_use"),
        (f",T0345246801,B,,,infer.input,,2026-01-01,,{DIGEST}", "territories", "missing"),
        (f",T0345246801,B,,,infer.input,DE,,,{DIGEST}", "from", "missing"),
        (f",T0345246801,B,,,infer.input,DE,2026-01-01,2026-01-01,{DIGEST}", "to", "empty_period"),
        (",T0345246801,B,,,infer.input,DE,2026-01-01,,", "document_digest", "missing"),
        (f",T0345246801,B,,,infer.input,DE,2026-01-01,,{DIGEST[1:]}", "document_digest", "bad_digest"),
    ],
)
def test_refuses_a_consent(row: str, field: str, code: str) -> None:
    first = f"C-1,T0345246801,Writer A,,,infer.input,DE,2026-01-01,,{DIGEST}"
    found = lines_of(f"{CONSENT_HEADER}\n{first}\n{row}\n", suggest_for(CONSENT_HEADER, "consents"))
    assert codes_of(found) == [(3, field, code)]


# Bytes

TITLES = Mapping("catalogue", {"title": "Title"})
_TEXT = "Title\r\nÜber dich\r\n€ und ’\r\n"


@pytest.mark.parametrize(
    ("data", "encoding"),
    [
        (_TEXT.encode(), "auto"),
        (_TEXT.encode("utf-8-sig"), "auto"),
        (_TEXT.encode("utf-8-sig"), "windows-1252"),  # a file that says what it is, is believed
        (_TEXT.encode("utf-16"), "auto"),
        (_TEXT.encode("utf-16-le"), "auto"),
        (_TEXT.encode("utf-16-be"), "auto"),
        (b"\xfe\xff" + _TEXT.encode("utf-16-be"), "auto"),
        (_TEXT.encode("utf-32"), "auto"),
        (_TEXT.encode("cp1252"), "auto"),
        (_TEXT.encode("cp1252"), "windows-1252"),
        (_TEXT.replace("\r\n", "\r").encode(), "auto"),
        (_TEXT.replace("\r\n", "\n").encode(), "auto"),
        (_TEXT.rstrip().encode(), "auto"),
    ],
)
def test_reads_what_programs_write(data: bytes, encoding: str) -> None:
    found = lines_of(data, Mapping("catalogue", {"title": "Title"}, encoding=encoding))
    assert [(line.line, line.title) for line in found if isinstance(line, RecordingLine)] == [
        (2, "Über dich"),
        (3, "€ und ’"),
    ]


@pytest.mark.parametrize("end", [*range(508, 516), *range(66_044, 66_052)])  # the reads are of 512, then 65,536
def test_a_line_end_across_two_reads_is_one(end: int) -> None:
    data = b"Title\r\n" + b"A\r\n" * ((end - 8) // 3 - 20)
    data += b"x" * (end - len(data)) + b"\r\nlast\r\n"
    assert data[end : end + 2] == b"\r\n"
    assert lines_of(data, TITLES)[-1].line == data.count(b"\n")


@pytest.mark.parametrize(
    ("data", "encoding", "code", "line"),
    [
        (b"Title\nA\n\xff\xfe\n", "utf-8", "undecodable", 3),
        ("Title\nÜ\n".encode() + b"\xff\n", "auto", "undecodable", 3),  # damaged UTF-8, not Windows
        (b"Title\nA\nB\x81\n", "auto", "undecodable", 3),  # neither
        (b"Title\nA\nB\xc3", "utf-8", "undecodable", 3),  # cut in the middle of a letter
        (b"\xff\xfeT\0i\0t\0l\0e\0\n\0A\0\n\0\x00\xd8\n\0", "auto", "undecodable", 3),
        (b"\xff\xfeT\0i\0t\0l\0e\0\n\0A", "auto", "undecodable", 2),
        (b"", "auto", "empty", 1),
        (b"\n \n", "auto", "empty", 1),
        (b"\xef\xbb\xbf", "auto", "empty", 1),
        (b"Name\nA\n", "auto", "missing_column", 1),
        (b"\nTitle,TITLE\nA,B\n", "auto", "ambiguous_column", 2),
        (b'Title\nA\n"B\nC\nD', "auto", "unclosed_quote", 3),
        (b'Title\n"A"b"\nC\n', "auto", "unclosed_quote", 2),
        (b'"Title\nA\n', "auto", "unclosed_quote", 1),
        (b'"Ti"tle"",\nA\n', "auto", "malformed_row", 1),
        (b"PK\x03\x04\x14\x00\x06\x00\x08\x00", "auto", "missing_column", 1),  # a workbook, not a sheet
    ],
)
def test_refuses_a_file_that_cannot_be_trusted(data: bytes, encoding: str, code: str, line: int) -> None:
    found = lines_of(data, Mapping("catalogue", {"title": "Title"}, encoding=encoding))
    problem = fatal(found)
    assert (problem.code, problem.line) == (code, line)


def test_a_missing_column_is_named_with_what_there_is() -> None:
    problem = fatal(lines_of("Nom,Titre\n", TITLES))
    assert "“Title”" in problem.sentence
    assert "“Nom”, “Titre”" in problem.sentence


def test_a_problem_can_be_stored_whatever_the_file_holds() -> None:
    for text in ("\0" * 300 + "," + "x," * 300, 'Title\n"\0"x",""\n', "Title\n" + "\0" * 20_000 + "\n", 'Title\n"\0'):
        found = lines_of(text, Mapping("catalogue", {"title": "Title"}, encoding="utf-8"))
        assert codes_of(found)
        _is_sound(found, TITLES)


def test_an_incomplete_mapping_reads_nothing() -> None:
    problem = fatal(lines_of("Title\nA\n", Mapping("shares", {"isrc": "ISRC"})))
    assert (problem.code, problem.line) == ("mapping_incomplete", 0)


@pytest.mark.parametrize(
    ("text", "delimiter"),
    [
        ("Title;Artist\nA, b;C\n", "auto"),
        ("Title\tArtist\nA, b\tC\n", "auto"),
        ("Title|Artist\nA, b|C\n", "auto"),
        ('"Title","Artist","x;y;z;a"\n"A, b","C",\n', "auto"),
        ("sep=;\nTitle;Artist\nA, b;C\n", "auto"),
        ("Title;Artist\nA, b;C\n", ";"),
    ],
)
def test_finds_what_splits_the_cells(text: str, delimiter: str) -> None:
    mapping = Mapping("catalogue", {"title": "Title", "artist": "Artist"}, delimiter=delimiter)
    assert [line.title for line in lines_of(text, mapping) if isinstance(line, RecordingLine)] == ["A, b"]


@pytest.mark.parametrize(
    ("text", "limits", "code"),
    [
        ("Title\nA\nB\n", Limits(max_bytes=9), "too_large"),
        ("Title\nA\nB\n", Limits(max_lines=2), "too_many_lines"),
        ('Title\n"A\n' + "b\n" * 60, Limits(max_line_characters=100), "unclosed_quote"),
        ('Title\n"' + "b" * 200 + '\n"', Limits(max_line_characters=100), "unclosed_quote"),
        ("x" * 200 + "\nTitle\nA", Limits(max_line_characters=100), "row_too_long"),
    ],
)
def test_stops_at_its_limits(text: str, limits: Limits, code: str) -> None:
    assert fatal(lines_of(text, TITLES, limits)).code == code


def test_a_row_that_is_too_long_is_passed_over() -> None:
    text = "Title\nA\n" + "x" * 300_000 + "\nB\n"
    found = lines_of(text, TITLES)
    assert codes_of(found) == [(3, "", "row_too_long")]
    assert [line.title for line in found if isinstance(line, RecordingLine)] == ["A", "B"]
    assert all(len(line.raw) <= 200 for line in found if isinstance(line, Problem))


def test_a_quoted_cell_may_run_over_lines() -> None:
    found = lines_of('Title\n"A\nb"\nC\n', TITLES)
    assert [(line.line, line.title) for line in found if isinstance(line, RecordingLine)] == [(2, "A b"), (4, "C")]


# What is refused goes back


def test_refused_rows_come_back_to_be_corrected() -> None:
    header = "Comment;Title;ISRC"
    mapping = Mapping("catalogue", {"title": "Title", "isrc": "ISRC"}, delimiter=";")
    text = (
        f"{header}\n=1+1;Good;GBAYE0500001\n"
        '=cmd|\' /C calc\'!A0;"-Title; ""quoted""";GBAYE05\n\'=kept;"two\nlines";no\nshort;row\n;;\na;b;;more\n'
    )
    found = lines_of(text, mapping)
    problems = [line for line in found if isinstance(line, Problem)]
    assert [problem.line for problem in problems] == [3, 4, 6, 8]
    written = "".join(errors_csv(problems, mapping=mapping))
    rows = list(csv.reader(io.StringIO(written, newline=""), delimiter=";", strict=True))
    assert rows[0] == ["Comment", "Title", "ISRC", "line", "field", "code", "sentence"]
    assert rows[1][:6] == ["'=cmd|' /C calc'!A0", '\'-Title; "quoted"', "GBAYE05", "3", "isrc", "bad_isrc"]
    assert rows[3][:6] == ["short", "row", "", "6", "", "ragged_row"]
    assert rows[4][:3] + rows[4][7:] == ["a", "b", "", "more"]
    assert not [cell for row in rows for cell in row if cell[:1] in set("=+-@\t\r")]

    again = [line for line in lines_of(written, mapping) if isinstance(line, Problem)]
    assert [(p.header, p.cells, p.code) for p in again if p.code == "bad_isrc"] == [
        (p.header, p.cells, p.code) for p in problems if p.code == "bad_isrc"
    ]
    corrected = written.replace("GBAYE05", "GBAYE0500002").replace('"no"', '"GBAYE0500003"')
    taken = [line for line in lines_of(corrected, mapping) if isinstance(line, RecordingLine)]
    assert [line.title for line in taken][:2] == ['-Title; "quoted"', "two lines"]


def test_several_problems_of_a_row_are_one_row() -> None:
    problems = lines_of("ISRC,Party,Share %,Territory,From\nno,B,x,,\n", SHARES)
    rows = list(csv.reader(errors_csv([line for line in problems if isinstance(line, Problem)])))
    assert rows[1][:8] == ["no", "B", "x", "", "", "2", "isrc | share", "bad_isrc | not_a_share"]


def test_no_problems_are_no_rows() -> None:
    assert list(errors_csv([])) == []


@given(st.lists(st.lists(st.text(alphabet="'=+-@ \t;,\"\n\rAé", max_size=6), min_size=2, max_size=2), max_size=4))
@settings(max_examples=200, deadline=None, derandomize=True)
def test_what_comes_back_reads_as_before(rows: list[list[str]]) -> None:
    mapping = Mapping("catalogue", {"isrc": "ISRC"}, encoding="utf-8", delimiter=",")  # no title: every row is refused
    written = io.StringIO()
    csv.writer(written, quoting=csv.QUOTE_ALL).writerows([["ISRC", "Note"], *rows])
    first = [line for line in lines_of(written.getvalue(), mapping) if isinstance(line, Problem)]
    given_back = "".join(errors_csv(first))
    again = [line for line in lines_of(given_back, mapping) if isinstance(line, Problem)] if given_back else []
    assert [(p.header, p.cells, p.field, p.code) for p in again] == [
        (p.header, p.cells, p.field, p.code) for p in first
    ]


# Hostile bytes


def _is_sound(found: list[Line], mapping: Mapping) -> None:
    fatals = [line for line in found if isinstance(line, Problem) and line.is_fatal]
    assert len(fatals) <= 1
    assert fatals == found[len(found) - len(fatals) :]
    for problem in (line for line in found if isinstance(line, Problem)):
        assert len(problem.field) <= 80
        assert 0 < len(problem.sentence) <= 600
        assert len(problem.raw) <= 200
        assert "\0" not in problem.sentence + problem.raw  # PostgreSQL could not store it
    assert all(0 < line.part <= 1 for line in found if isinstance(line, ShareLine))
    "".join(errors_csv([line for line in found if isinstance(line, Problem)], mapping=mapping))


@given(st.binary(max_size=400))
@settings(max_examples=400, deadline=None, derandomize=True)
def test_any_bytes_are_read_or_refused(data: bytes) -> None:
    for mapping in (TITLES, SHARES):
        _is_sound(lines_of(data, mapping), mapping)
        _is_sound(lines_of(b"ISRC,Party,Share %,Territory,From,Title\n" + data, mapping), mapping)


@given(st.text(alphabet='GBAYE05001,;"\n\r\t=/%.-xT', max_size=200))
@settings(max_examples=400, deadline=None, derandomize=True)
def test_any_cells_are_read_or_refused(text: str) -> None:
    _is_sound(lines_of("ISRC,Party,Share %,Territory,From\n" + text, SHARES), SHARES)


@pytest.mark.parametrize("encoding", ["utf-8", "utf-16", "cp1252"])
def test_cut_anywhere_it_is_read_or_refused(encoding: str) -> None:
    data = CATALOGUE.replace("Song two", '"Söng, ""two"""').encode(encoding)
    mapping = suggest_for(CATALOGUE.partition("\n")[0])
    whole = lines_of(data, mapping)
    assert not codes_of(whole)
    things = [line for line in whole if not isinstance(line, ReleaseLine)]
    for length in range(len(data)):
        found = lines_of(data[:length], mapping)
        _is_sound(found, mapping)
        taken = [line for line in found if not isinstance(line, Problem | ReleaseLine)]
        complete = data[:length].decode(encoding, "ignore").count("\n")  # what stands on whole lines is as it was
        assert [line for line in taken if line.line <= complete] == [line for line in things if line.line <= complete]


class _Generated:
    """A seekable stream that makes its bytes as they are read."""

    def __init__(self, size: int) -> None:
        self._size = size
        self._comment = "A comment that nobody maps. " * 60
        self.seek(0)

    def _rows(self) -> Iterator[bytes]:
        yield b"ISRC,Title,Artist,Work title,UPC,Release,Track no,Comment\n"
        for number in range(10**9):
            yield (
                f"GBAYE{number // 100_000:02d}{number % 100_000:05d},Title of number {number},Artist {number // 40},"
                f"Work of number {number},,Release {number // 12},{number % 12 + 1},{self._comment}\n"
            ).encode()

    def seek(self, place: int) -> int:
        assert place == 0
        self._source = self._rows()
        self._held = b""
        self._given = 0
        return place

    def tell(self) -> int:
        return self._given

    def read(self, size: int) -> bytes:
        while len(self._held) < size and self._given + len(self._held) < self._size:
            self._held += next(self._source)
        found, self._held = self._held[:size], self._held[size:]
        self._given += len(found)
        return found


@pytest.mark.slow
def test_tens_of_megabytes_are_read_in_bounded_memory() -> None:
    stream = _Generated(25_000_000)
    mapping = suggest_for("ISRC,Title,Artist,Work title,UPC,Release,Track no")
    tracemalloc.start()
    counts: dict[str, int] = {}
    for line in read(cast("BinaryIO", stream), Mapping(**{**mapping.to_dict(), "encoding": "utf-8"})):  # type: ignore[arg-type]
        counts[type(line).__name__] = counts.get(type(line).__name__, 0) + 1
    _, peak = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    assert counts.keys() == {"PartyLine", "WorkLine", "RecordingLine", "ReleaseLine"}
    assert counts["RecordingLine"] == counts["WorkLine"] > 12_500
    assert peak < 16_000_000


def test_millions_of_keys_stay_small() -> None:
    tracemalloc.start()
    seen = Seen()
    for number in range(100_000):
        seen.keep(f"recording isrc:GBAYE{number:07d}", number + 1, str(number))
    _, peak = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    assert peak < 100_000 * 48  # while it grows; 20 to 40 afterwards
    assert seen.had("recording isrc:GBAYE0000000", "0") == (1, True)
    assert seen.had("recording isrc:GBAYE0099999", "99999") == (100_000, True)
    assert seen.had("recording isrc:GBAYE0099999", "other") == (100_000, False)
    assert seen.had("recording isrc:GBAYE0100000") is None
