"""A NewReleaseMessage yields parties, works, recordings and releases, and hostile XML is refused where it stands."""

from __future__ import annotations

import io
import tracemalloc
from collections.abc import Iterable
from itertools import chain
from typing import BinaryIO, cast

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from rights.exchange.ern import VERSIONS, read
from rights.exchange.limits import Limits
from rights.exchange.lines import (
    Contributor,
    Heading,
    Line,
    PartyLine,
    Problem,
    RecordingLine,
    ReleaseLine,
    WorkLine,
    WrittenCode,
)

HEADER = """<MessageHeader>
<MessageId>M-1</MessageId>
<MessageSender><PartyId>PADPIDA2008120501W</PartyId><PartyName><FullName>Label A</FullName></PartyName></MessageSender>
<MessageRecipient><PartyId>PADPIDA2013020802I</PartyId></MessageRecipient>
<MessageCreatedDateTime>2026-11-01T10:00:00Z</MessageCreatedDateTime>
</MessageHeader>"""

PARTIES = """<PartyList>
<Party><PartyReference>PSinger</PartyReference><PartyName><FullName>Singer A</FullName></PartyName>
<PartyId><ISNI>0000000081266409</ISNI><IpiNameNumber>00132688075</IpiNameNumber></PartyId></Party>
<Party><PartyReference>PWriter</PartyReference><PartyName><KeyName>Writer A</KeyName></PartyName></Party>
</PartyList>"""


def recording(reference: str = "A1", *, isrc: str = "GBUV71200495", more: str = "", contains: str = "") -> str:
    ai = f"<ContainsAI>{contains}</ContainsAI>" if contains else ""
    return f"""<SoundRecording><ResourceReference>{reference}</ResourceReference>
<SoundRecordingEdition><ResourceId><ISRC>{isrc}</ISRC></ResourceId></SoundRecordingEdition>
<DisplayTitleText>Song {reference}</DisplayTitleText>
{more}<Duration>PT2M28.5S</Duration>{ai}</SoundRecording>"""


def release(items: str, more: str = "", code: str = "<ICPN>4006381333931</ICPN>") -> str:
    return f"""<Release><ReleaseReference>R0</ReleaseReference><ReleaseType>Album</ReleaseType>
<ReleaseId>{code}</ReleaseId><DisplayTitleText>Album</DisplayTitleText>{more}
<ResourceGroup>{items}</ResourceGroup></Release>"""


def item(reference: str, sequence: str = "") -> str:
    number = f"<SequenceNumber>{sequence}</SequenceNumber>" if sequence else ""
    return (
        f"<ResourceGroupContentItem>{number}<ReleaseResourceReference>{reference}</ReleaseResourceReference>"
        "</ResourceGroupContentItem>"
    )


def message(resources: str, releases: str = "", *, version: str = "432", parties: str = PARTIES) -> bytes:
    return f"""<?xml version="1.0" encoding="UTF-8"?>
<ern:NewReleaseMessage xmlns:ern="http://ddex.net/xml/ern/{version}" AvsVersionId="9">
{HEADER}
{parties}
<ResourceList>{resources}</ResourceList>
<ReleaseList>{releases or release("")}</ReleaseList>
</ern:NewReleaseMessage>""".encode()


def lines_of(data: bytes, limits: Limits | None = None) -> list[Heading | Line]:
    return list(read(io.BytesIO(data), limits=limits))


def problems_of(found: Iterable[object]) -> list[tuple[str, str]]:
    return [(line.field, line.code) for line in found if isinstance(line, Problem)]


def fatal(found: list[Heading | Line]) -> Problem:
    last = found[-1]
    assert isinstance(last, Problem)
    assert last.is_fatal
    return last


CONTRIBUTORS = """<WorkId><ISWC>T-034.524.680-1</ISWC></WorkId>
<DisplayArtist SequenceNumber="1"><ArtistPartyReference>PSinger</ArtistPartyReference>
<DisplayArtistRole>MainArtist</DisplayArtistRole></DisplayArtist>
<Contributor><ContributorPartyReference>PWriter</ContributorPartyReference><Role><Value>Lyricist</Value></Role>
<AiContribution>None</AiContribution></Contributor>
<Contributor><ContributorPartyReference>PWriter</ContributorPartyReference><Role>Composer</Role>
<Role UserDefinedValue="Whistler">UserDefined</Role><AiContribution>Partly</AiContribution></Contributor>
<Contributor><SpecialContributor>GenerativeAI</SpecialContributor><Role>Performer</Role>
<AiContribution>All</AiContribution></Contributor>"""


def test_a_message_is_read_in_its_order() -> None:
    data = message(
        recording("A1", more=CONTRIBUTORS, contains="Partly")
        + recording("A2", isrc="GB-UV7-12-00496")
        + "<Image><ResourceReference>A3</ResourceReference></Image>",
        release(
            item("A1", "2")
            + item("A2", "1")
            + "<LinkedReleaseResourceReference>A3</LinkedReleaseResourceReference>",
            "<ContainsAI>Partly</ContainsAI>",
            "<GRid>A1-2425G-ABC1234002-M</GRid><ICPN>4006381333931</ICPN>"
            "<CatalogNumber Namespace='N'>X</CatalogNumber>",
        ),
    )  # fmt: skip
    assert lines_of(data) == [
        Heading("ern", "4.3.2", "PADPIDA2008120501W", "PADPIDA2013020802I", "M-1", "2026-11-01T10:00:00Z"),
        PartyLine(
            10,
            "party:PSinger",
            "Singer A",
            codes=(WrittenCode("isni", "0000000081266409"), WrittenCode("ipi_name", "00132688075")),
        ),
        PartyLine(12, "party:PWriter", "Writer A"),
        WorkLine(14, "iswc:T0345246801", "Song A1", (WrittenCode("iswc", "T-034.524.680-1"),)),
        RecordingLine(
            14,
            "resource:A1",
            "Song A1",
            (WrittenCode("isrc", "GBUV71200495"),),
            ("iswc:T0345246801",),
            (
                Contributor("party:PSinger", ("MainArtist",)),
                Contributor("party:PWriter", ("Lyricist",), "None"),
                Contributor("party:PWriter", ("Composer", "Whistler"), "Partly"),
                Contributor("", ("Performer",), "All", "GenerativeAI"),
            ),
            148_500,
            "Partly",
        ),
        RecordingLine(
            25, "resource:A2", "Song A2", (WrittenCode("isrc", "GB-UV7-12-00496"),), duration_ms=148_500
        ),
        ReleaseLine(
            29,
            "release:R0",
            "Album",
            (
                WrittenCode("gtin", "4006381333931"),
                WrittenCode("grid", "A1-2425G-ABC1234002-M"),
                WrittenCode("proprietary", "X", "N"),
            ),
            ("resource:A2", "resource:A1"),
        ),
    ]  # fmt: skip


ERN_3 = f"""<?xml version="1.0"?>
<ern:NewReleaseMessage xmlns:ern="http://ddex.net/xml/ern/382" MessageSchemaVersionId="ern/382">
{HEADER}
<WorkList><MusicalWork><MusicalWorkId><ISWC>T0345246801</ISWC></MusicalWorkId>
<MusicalWorkReference>W1</MusicalWorkReference><ReferenceTitle><TitleText>Work</TitleText></ReferenceTitle>
</MusicalWork></WorkList>
<ResourceList><SoundRecording><SoundRecordingId IsReplaced="true"><ISRC>GBUV71200001</ISRC></SoundRecordingId>
<SoundRecordingId><ISRC>GBUV71200495</ISRC></SoundRecordingId>
<IndirectSoundRecordingId><ISWC>T0030749586</ISWC></IndirectSoundRecordingId>
<ResourceReference>A1</ResourceReference>
<ReferenceTitle><TitleText>Song</TitleText><SubTitle>Live</SubTitle></ReferenceTitle><Duration>PT3M</Duration>
<ResourceMusicalWorkReferenceList><ResourceMusicalWorkReference>
<ResourceMusicalWorkReference>W1</ResourceMusicalWorkReference></ResourceMusicalWorkReference>
</ResourceMusicalWorkReferenceList>
<SoundRecordingDetailsByTerritory><TerritoryCode>DE</TerritoryCode>
<DisplayArtist><PartyName><FullName>Singer A</FullName></PartyName>
<PartyId IsISNI="true">0000000081266409</PartyId><ArtistRole>MainArtist</ArtistRole></DisplayArtist>
</SoundRecordingDetailsByTerritory>
<SoundRecordingDetailsByTerritory><TerritoryCode>FR</TerritoryCode>
<DisplayArtist><PartyName><FullName>Singer A</FullName></PartyName>
<PartyId IsISNI="true">0000000081266409</PartyId><ArtistRole>MainArtist</ArtistRole></DisplayArtist>
<ResourceContributor><PartyName><FullName>Producer A</FullName></PartyName>
<ResourceContributorRole>Producer</ResourceContributorRole></ResourceContributor>
<IndirectResourceContributor><PartyId>PADPIDA2008120501W</PartyId>
<IndirectResourceContributorRole>Composer</IndirectResourceContributorRole></IndirectResourceContributor>
</SoundRecordingDetailsByTerritory></SoundRecording></ResourceList>
<ReleaseList>
<Release><ReleaseId><ICPN IsEan="true">4006381333931</ICPN></ReleaseId><ReleaseReference>R0</ReleaseReference>
<ReferenceTitle><TitleText>Album</TitleText></ReferenceTitle>
<ReleaseResourceReferenceList>
<ReleaseResourceReference ReleaseResourceType="PrimaryResource">A1</ReleaseResourceReference>
</ReleaseResourceReferenceList><ReleaseType>Album</ReleaseType></Release>
<Release><ReleaseId><ISRC>GBUV71200495</ISRC></ReleaseId><ReleaseReference>R1</ReleaseReference>
<ReleaseType>TrackRelease</ReleaseType></Release>
</ReleaseList></ern:NewReleaseMessage>""".encode()


def test_a_message_of_version_3_describes_its_parties_where_it_names_them() -> None:
    found = lines_of(ERN_3)
    assert [type(line) for line in found] == [
        *(Heading, WorkLine, PartyLine, PartyLine, PartyLine, WorkLine, RecordingLine, ReleaseLine),
    ]
    assert [(line.key, line.name) for line in found if isinstance(line, PartyLine)] == [
        ("isni::0000000081266409", "Singer A"),
        ("name:Producer A", "Producer A"),
        ("dpid::PADPIDA2008120501W", "PADPIDA2008120501W"),
    ]
    (song,) = [line for line in found if isinstance(line, RecordingLine)]
    assert song.title == "Song (Live)"
    assert song.codes == (WrittenCode("isrc", "GBUV71200495"),)  # not the one that was replaced
    assert song.work_keys == ("iswc:T0030749586", "work:W1")
    assert [(by.party_key, by.roles) for by in song.contributors] == [
        ("isni::0000000081266409", ("MainArtist",)),
        ("name:Producer A", ("Producer",)),
        ("dpid::PADPIDA2008120501W", ("Composer",)),
    ]
    (album,) = [line for line in found if isinstance(line, ReleaseLine)]
    assert album.recording_keys == ("resource:A1",)


@pytest.mark.parametrize("namespace", VERSIONS)
def test_reads_each_version(namespace: str) -> None:
    found = lines_of(message(recording(), release(item("A1")), version=namespace.rpartition("/")[2]))
    assert isinstance(found[0], Heading)
    assert found[0].version == VERSIONS[namespace]
    assert [type(line) for line in found[1:]] == [PartyLine, PartyLine, RecordingLine, ReleaseLine]


def test_tracks_are_in_the_order_of_groups_within_groups() -> None:
    resources = "".join(recording(f"A{number}", isrc=f"GBUV7120000{number}") for number in range(1, 7))
    groups = (
        f"<ResourceGroup><SequenceNumber>2</SequenceNumber>{item('A4', '10')}{item('A3', '9')}</ResourceGroup>"
        f"<ResourceGroup><SequenceNumber>1</SequenceNumber>{item('A2', '2')}{item('A1', '1')}</ResourceGroup>"
        f"{item('A6')}{item('A5', 'soon')}"  # without a number: behind, as in the message
    )
    (found,) = [line for line in lines_of(message(resources, release(groups))) if isinstance(line, ReleaseLine)]
    assert found.recording_keys == tuple(f"resource:A{number}" for number in (1, 2, 3, 4, 6, 5))


def _contributor(who: str, level: str) -> str:
    party = {
        "party": "<ContributorPartyReference>PWriter</ContributorPartyReference>",
        "ai": "<SpecialContributor>GenerativeAI</SpecialContributor>",
        "folk": "<SpecialContributor>Traditional</SpecialContributor>",
    }[who]
    ai = f"<AiContribution>{level}</AiContribution>" if level else ""
    return f"<Contributor>{party}<Role>Composer</Role>{ai}</Contributor>"


@pytest.mark.parametrize(
    ("contains", "contributors", "codes"),
    [
        ("All", [("party", "")], ["ai_v1"]),
        ("All", [("ai", "All")], []),
        ("All", [("ai", "")], []),
        ("All", [("folk", "")], []),
        ("None", [("party", "None")], []),
        ("None", [("party", "")], []),
        ("None", [("party", "Partly")], ["ai_v2"]),
        ("None", [("ai", "")], ["ai_v2"]),
        ("None", [("party", "All")], ["ai_v2", "ai_v3"]),
        ("Partly", [("party", "All")], ["ai_v3"]),
        ("Partly", [("folk", "All")], ["ai_v3"]),
        ("Partly", [("party", "Partly"), ("ai", "All")], []),
        ("Partly", [("ai", "Partly")], ["ai_v4"]),
        ("Partly", [("ai", "None")], ["ai_v4"]),
        ("", [("party", "Partly")], []),  # nothing is said of the whole, which is not None
        ("", [("ai", "None"), ("party", "All")], ["ai_v4", "ai_v3"]),
        ("Some", [("party", "")], ["unknown_value"]),
        ("all", [("party", "")], ["unknown_value"]),
        ("Partly", [("party", "50%")], ["unknown_value"]),
    ],
)
def test_what_is_said_about_ai_must_hold_together(
    contains: str, contributors: list[tuple[str, str]], codes: list[str]
) -> None:
    more = "".join(_contributor(*one) for one in contributors)
    found = lines_of(message(recording(more=more, contains=contains)))
    assert [code for _, code in problems_of(found)] == codes
    songs = [line for line in found if isinstance(line, RecordingLine)]
    assert [song.contains_ai for song in songs] == ([] if codes else [contains])


def test_contributors_of_an_edition_count() -> None:
    edition = (
        "<SoundRecordingEdition><EditionContributor><ContributorPartyReference>PWriter</ContributorPartyReference>"
        "<Role>Mixer</Role></EditionContributor></SoundRecordingEdition>"
    )
    assert problems_of(lines_of(message(recording(more=edition, contains="All")))) == [("EditionContributor", "ai_v1")]


@pytest.mark.parametrize(
    ("says", "has", "is_weaker"),
    [
        ("None", "Partly", True),
        ("Partly", "All", True),
        ("None", "None", False),
        ("Partly", "Partly", False),
        ("All", "Partly", False),
        ("None", "", False),
        ("", "All", False),
    ],
)
@pytest.mark.parametrize("where", ["recording", "image"])
def test_a_release_says_no_less_than_its_resources(says: str, has: str, is_weaker: bool, where: str) -> None:  # noqa: FBT001
    ai = f"<ContainsAI>{has}</ContainsAI>" if has else ""
    resource = {
        "recording": recording("A1", contains=has),
        "image": f"<Image><ResourceReference>A1</ResourceReference>{ai}</Image>",
    }[where]
    said = f"<ContainsAI>{says}</ContainsAI>" if says else ""
    found = lines_of(message(resource, release(item("A1"), said)))
    assert problems_of(found) == ([("ContainsAI", "ai_v6")] if is_weaker else [])
    assert isinstance(found[-1], ReleaseLine)  # it is taken all the same
    assert all(problem.is_taken for problem in found if isinstance(problem, Problem))


def test_words_that_a_version_does_not_have_are_kept_and_pointed_at() -> None:
    found = lines_of(message(recording(contains="All"), version="43"))
    assert problems_of(found) == [("ContainsAI", "ai_not_in_version")]
    assert [line.contains_ai for line in found if isinstance(line, RecordingLine)] == ["All"]


@pytest.mark.parametrize(
    ("resources", "codes"),
    [
        (recording(isrc="GBUV7120049"), ["bad_isrc", "refused_reference"]),
        (recording(more="<WorkId><ISWC>T0345246802</ISWC></WorkId>"), ["bad_iswc", "refused_reference"]),
        (
            recording(more="<DisplayArtist><ArtistPartyReference>PNo</ArtistPartyReference></DisplayArtist>"),
            ["unresolved_reference", "refused_reference"],
        ),
        (recording(more="<Contributor><Role>Mixer</Role></Contributor>"), ["missing", "refused_reference"]),
        (recording().replace("Song A1", "x" * 301), ["too_long", "refused_reference"]),
        (recording().replace("Song A1", " "), ["missing", "refused_reference"]),
        (recording().replace("PT2M28.5S", "P1Y"), ["bad_duration", "refused_reference"]),
        (recording().replace("PT2M28.5S", "PT"), ["bad_duration", "refused_reference"]),
        (recording().replace("A1</Res", "</Res"), ["missing", "unresolved_reference"]),
        (recording("A2"), ["unresolved_reference"]),
        (recording() + recording(), ["duplicate_reference"]),
        (recording() + "<Image><ResourceReference>A1</ResourceReference></Image>", ["duplicate_reference"]),
        (recording(), []),
    ],
)
def test_refuses_a_record_and_what_rests_on_it(resources: str, codes: list[str]) -> None:
    found = lines_of(message(resources, release(item("A1"))))
    assert [code for _, code in problems_of(found)] == codes
    assert not any(problem.is_fatal for problem in found if isinstance(problem, Problem))
    taken = sum(isinstance(line, ReleaseLine) for line in found)
    assert taken == (not any(code.endswith("d_reference") for code in codes))


def test_a_problem_says_on_which_line() -> None:
    found = lines_of(message(recording(isrc="GBUV7120049"), release(item("A1"))))
    assert [(p.line, p.raw) for p in found if isinstance(p, Problem)] == [(15, "GBUV7120049"), (20, "A1")]


def test_a_party_that_is_there_twice_or_has_no_name_is_refused() -> None:
    twice = PARTIES.replace("PWriter", "PSinger")
    assert problems_of(lines_of(message(recording(), parties=twice))) == [("PartyReference", "duplicate_reference")]
    nameless = "<PartyList><Party><PartyReference>P1</PartyReference></Party></PartyList>"
    assert problems_of(lines_of(message(recording(), parties=nameless))) == [("Party", "missing")]


# Hostile files

_GOOD = message(recording(more=CONTRIBUTORS), release(item("A1")))
_LAUGHS = b"".join(b'<!ENTITY l%d "%s">' % (n, b"&l%d;" % (n - 1) * 10) for n in range(1, 10))


def _after_declaration(inserted: bytes) -> bytes:
    return _GOOD.replace(b"?>\n", b"?>\n" + inserted, 1)


@pytest.mark.parametrize(
    ("data", "code", "line"),
    [
        (b"", "not_well_formed", 1),
        (b"\0" * 100, "not_well_formed", 1),
        (b"ISRC,Title\n", "not_well_formed", 1),
        (_after_declaration(b'<!DOCTYPE x SYSTEM "http://example.invalid/x.dtd">'), "document_type", 2),
        (_after_declaration(b'<!DOCTYPE x [<!ENTITY e SYSTEM "file:///etc/passwd">]>'), "document_type", 2),
        (_after_declaration(b'<!DOCTYPE x [<!ENTITY l0 "ha">' + _LAUGHS + b"]>"), "document_type", 2),
        (_GOOD.replace(b"Song A1", b"&l9;"), "not_well_formed", 16),
        (_GOOD.replace(b"<ResourceList>", b"<ResourceList>" + b"<x>" * 100), "too_deep", 14),
        (_GOOD.replace(b"<MessageId>", b"<MessageId>" + b"<MessageId>" * 100), "too_deep", 4),
        (_GOOD[:-30], "not_well_formed", 28),
        (_GOOD.replace(b"ern/432", b"ern/999"), "another_version", 2),
        (_GOOD.replace(b"ddex.net", b"ddex.invalid"), "another_version", 2),
        (_GOOD.replace(b"ern:", b"").replace(b"xmlns:ern", b"n"), "another_version", 2),
        (_GOOD.replace(b"NewReleaseMessage", b"PurgeReleaseMessage"), "another_message", 2),
        (b"<html></html>", "another_message", 1),
        (_GOOD.replace(b"UTF-8", b"UTF-16"), "not_well_formed", 1),
        (_GOOD.replace(b"UTF-8", b"no-such"), "unknown_encoding", 1),
        (_GOOD.replace(b"UTF-8", b"utf-7"), "unknown_encoding", 1),
        (_GOOD.replace(b"Singer A", "Sänger".encode("latin-1")), "not_well_formed", 10),
        (_GOOD.replace(b"Singer A", b"\x01"), "not_well_formed", 10),
        (_GOOD.replace(b"Song A1", b"x" * 10_001), "text_too_long", 16),
        (_GOOD.replace(b"<ResourceGroup>", b"<ResourceGroup>" + b"<a/>" * 100_001), "record_too_large", 28),
        (
            _GOOD.replace(b"<ResourceGroup>", b"<ResourceGroup>" + (b"<a>" + b"x" * 9_000 + b"</a>") * 600),
            "record_too_large",
            28,
        ),
        (_GOOD.replace(b"<ResourceList>", b"<ResourceList><!--" + b"x" * 3_000_000), "markup_too_long", 14),
        (_GOOD.replace(b"<ResourceList>", b'<ResourceList x="' + b"x" * 3_000_000), "markup_too_long", 14),
        (_GOOD.replace(HEADER.encode(), b""), "no_header", 5),
        (b'<e:NewReleaseMessage xmlns:e="http://ddex.net/xml/ern/43"/>', "no_header", 1),
        (message("", " "), "no_release", 1),
        (_GOOD + b"<more/>", "not_well_formed", 29),
    ],
)
def test_refuses_a_file_that_cannot_be_trusted(data: bytes, code: str, line: int) -> None:
    problem = fatal(lines_of(data))
    assert (problem.code, problem.line) == (code, line)
    assert "passwd" not in problem.sentence


def test_a_declared_encoding_is_believed() -> None:
    text = _GOOD.decode().replace("Singer A", "Sängerin")
    for encoding in ("iso-8859-1", "windows-1252", "utf-16"):
        found = lines_of(text.replace("UTF-8", encoding).encode(encoding))
        assert "Sängerin" in [line.name for line in found if isinstance(line, PartyLine)]


@pytest.mark.parametrize(
    ("limits", "code"),
    [(Limits(max_bytes=500), "too_large"), (Limits(max_lines=5), "too_many_lines")],
)
def test_stops_at_its_limits(limits: Limits, code: str) -> None:
    assert fatal(lines_of(_GOOD, limits)).code == code


def _is_sound(found: list[Heading | Line]) -> None:
    fatals = [line for line in found if isinstance(line, Problem) and line.is_fatal]
    assert fatals == found[len(found) - len(fatals) :]
    assert len(fatals) <= 1
    for problem in (line for line in found if isinstance(line, Problem)):
        assert len(problem.field) <= 80
        assert 0 < len(problem.sentence) <= 600
        assert len(problem.raw) <= 200


@pytest.mark.parametrize("data", [_GOOD, ERN_3])
def test_cut_anywhere_it_is_refused(data: bytes) -> None:
    for length in range(len(data.rstrip())):
        found = lines_of(data[:length])
        _is_sound(found)
        assert fatal(found).code == "not_well_formed"


@given(st.binary(max_size=300))
@settings(max_examples=300, deadline=None, derandomize=True)
def test_any_bytes_are_read_or_refused(data: bytes) -> None:
    _is_sound(lines_of(data))
    _is_sound(lines_of(_GOOD.replace(b"<ResourceList>", b"<ResourceList>" + data)))


@given(st.data())
@settings(max_examples=300, deadline=None, derandomize=True)
def test_any_change_is_read_or_refused(data: st.DataObject) -> None:
    place = data.draw(st.integers(0, len(_GOOD) - 1))
    length = data.draw(st.integers(0, 40))
    _is_sound(lines_of(_GOOD[:place] + data.draw(st.binary(max_size=8)) + _GOOD[place + length :]))
    other = data.draw(st.integers(0, len(_GOOD) - 1))
    _is_sound(lines_of(_GOOD[:place] + _GOOD[other : other + length] + _GOOD[place:]))


class _Pieces:
    """A stream of a beginning, a piece many times over, and an end."""

    def __init__(self, beginning: bytes, pieces: Iterable[bytes], end: bytes) -> None:
        self._source = chain((beginning,), pieces, (end,))
        self._held = b""

    def read(self, size: int) -> bytes:
        while len(self._held) < size:
            more = next(self._source, None)
            if more is None:
                break
            self._held += more
        found, self._held = self._held[:size], self._held[size:]
        return found


def _peak(stream: _Pieces) -> tuple[dict[str, int], Problem | None, int]:
    counts: dict[str, int] = {}
    last = None
    tracemalloc.start()
    for line in read(cast("BinaryIO", stream)):
        counts[type(line).__name__] = counts.get(type(line).__name__, 0) + 1
        last = line if isinstance(line, Problem) else None
    _, peak = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    return counts, last, peak


@pytest.mark.slow
def test_tens_of_megabytes_are_read_in_bounded_memory() -> None:
    beginning, end = message("@").split(b"@")
    padding = "<PLine><PLineText>Words that nobody reads, over and over.</PLineText></PLine>\n" * 40
    pieces = (recording(f"A{number}", more=padding).encode() for number in range(7_500))
    counts, last, peak = _peak(_Pieces(beginning, pieces, end))
    assert last is None
    assert counts["RecordingLine"] == 7_500
    assert peak < 16_000_000


@pytest.mark.slow
@pytest.mark.parametrize("white", [b" " * 65_536, b"\n" * 512 + b" " * 65_024])
def test_much_white_space_costs_nothing(white: bytes) -> None:
    beginning, end = message(recording() + "@").split(b"@")
    counts, last, peak = _peak(_Pieces(beginning, (white for _ in range(4_096)), end))
    assert last is None
    assert counts == {"Heading": 1, "PartyLine": 2, "RecordingLine": 1, "ReleaseLine": 1}
    assert peak < 4_000_000
