"""A mapping says which column of a sender's sheets holds what; what it cannot say is refused."""

from __future__ import annotations

import json

import pytest

from rights.exchange.mapping import FIELDS, BadMapping, Mapping, aliases, plain, suggest


def test_a_mapping_survives_json() -> None:
    mapping = Mapping(
        kind="shares",
        columns={"isrc": "ISRC", "party": "Rightsholder", "share": "Share %"},
        encoding="windows-1252",
        delimiter=";",
        decimal=",",
        date_format="DD.MM.YYYY",
        defaults={"right": "ai_output"},
    )
    assert Mapping.from_dict(json.loads(json.dumps(mapping.to_dict()))) == mapping


@pytest.mark.parametrize(
    ("given", "field"),
    [
        (None, "mapping"),
        ([], "mapping"),
        ({}, "kind"),
        ({"kind": "sales"}, "kind"),
        ({"kind": ["shares"]}, "kind"),
        ({"kind": "shares", "colums": {}}, "colums"),
        ({"kind": "shares", 5: {}}, "5"),
        ({"kind": "shares", "columns": []}, "columns"),
        ({"kind": "shares", "columns": {"share": 5}}, "columns"),
        ({"kind": "shares", "columns": {"album": "Album"}}, "columns.album"),
        ({"kind": "shares", "columns": {"share": " "}}, "columns.share"),
        ({"kind": "shares", "columns": {"share": "x" * 301}}, "columns.share"),
        ({"kind": "shares", "defaults": {"album": "x"}}, "defaults.album"),
        ({"kind": "shares", "defaults": None}, "defaults"),
        ({"kind": "shares", "encoding": "rot13"}, "encoding"),
        ({"kind": "shares", "encoding": "idna"}, "encoding"),
        ({"kind": "shares", "delimiter": "x"}, "delimiter"),
        ({"kind": "shares", "delimiter": '"'}, "delimiter"),
        ({"kind": "shares", "decimal": ";"}, "decimal"),
        ({"kind": "shares", "share_unit": "promille"}, "share_unit"),
        ({"kind": "shares", "date_format": "DD.MM.YY"}, "date_format"),
        ({"kind": "shares", "date_format": "DD.MM"}, "date_format"),
        ({"kind": "shares", "date_format": "DD.DD.YYYY"}, "date_format"),
        ({"kind": "shares", "date_format": "(.*)+YYYYMMDD"}, "date_format"),
        ({"kind": "shares", "date_format": 5}, "date_format"),
    ],
)
def test_refuses_a_mapping_that_cannot_be_meant(given: object, field: str) -> None:
    with pytest.raises(BadMapping) as refused:
        Mapping.from_dict(given)
    assert refused.value.field == field


@pytest.mark.parametrize(
    ("kind", "header", "columns"),
    [
        (
            "catalogue",
            ["ISRC", "Title", "Artist", "ISWC", "Work title", "UPC/EAN", "Release"],
            {
                "isrc": "ISRC",
                "title": "Title",
                "artist": "Artist",
                "iswc": "ISWC",
                "work_title": "Work title",
                "release_code": "UPC/EAN",
                "release_title": "Release",
            },
        ),
        (
            "shares",
            [" isrc_code ", "PARTY", "Share  %", "Territory", "Right", "From", "To", "Comment"],
            {
                "isrc": "isrc_code",
                "party": "PARTY",
                "share": "Share  %",
                "territories": "Territory",
                "right": "Right",
                "from": "From",
                "to": "To",
            },
        ),
        (
            "consents",
            ["Grantor", "ISWC", "Licensee", "Use", "Territory", "From", "To", "Document"],
            {
                "grantor": "Grantor",
                "iswc": "ISWC",
                "licensee": "Licensee",
                "uses": "Use",
                "territories": "Territory",
                "from": "From",
                "to": "To",
                "document_digest": "Document",
            },
        ),
        ("shares", ["Foo", "", "Bar"], {}),
        ("catalogue", ["x" * 400, "Titel"], {"title": "Titel"}),
    ],
)
def test_suggests_a_mapping_from_usual_names(kind: str, header: list[str], columns: dict[str, str]) -> None:
    assert suggest(header, kind).columns == columns


def test_a_column_is_suggested_once() -> None:
    for kind in FIELDS:
        every = [alias for named in aliases()["headers"][kind].values() for alias in named]
        columns = suggest(every, kind).columns
        assert len(set(columns.values())) == len(columns)


def test_the_aliases_are_of_fields_that_there_are_and_in_the_form_they_are_compared_in() -> None:
    assert aliases()["version"] == "sheet-headers/1"
    assert aliases()["headers"].keys() == FIELDS.keys()
    for kind, named in aliases()["headers"].items():
        assert named.keys() <= set(FIELDS[kind])
        assert all(plain(alias) == alias for several in named.values() for alias in several)
    for words in (aliases()["rights"], aliases()["uses"], aliases()["territories"]):
        assert all(plain(word) == word for word in words)


def test_says_what_is_missing() -> None:
    assert Mapping("catalogue").gaps() == (("title", "isrc", "work_title", "iswc", "release_title"),)
    shares = Mapping("shares", {"isrc": "ISRC", "party": "Party", "share": "Share"})
    assert shares.gaps() == (("right",),)
    assert Mapping("shares", shares.columns, defaults={"right": "ai_output"}).gaps() == ()
