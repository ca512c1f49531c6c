"""Terms as text and as data …"""

from __future__ import annotations

import copy
import hashlib
import json
from collections.abc import Iterator
from dataclasses import replace
from datetime import date, timedelta
from fractions import Fraction
from itertools import combinations
from pathlib import Path
from typing import Any
from uuid import UUID

import pytest
import rfc8785
from hypothesis import given
from hypothesis import strategies as st

from rights import wording
from rights.territories import NoSuchTerritory, NoTerritory
from rights.vocabulary import ApprovalMode, Purpose, Use
from rights.wording import BadTerms, ClauseNotTranslated, NoSuchLanguage

VECTORS = json.loads((Path(__file__).parent.parent / "vectors" / "wording.json").read_text(encoding="utf-8"))

PARTY = "5d0b7a0e-7f0d-5a3c-9f56-0b9a4e7c2d11"
VERSION = "0f3f6f0c-6a60-4d0e-8f6a-1f6b1b8b7f55"

FULL: dict[str, Any] = {
    "title": "Outputs, standard",
    "uses": ["distribute.outside", "infer.input"],
    "territories": ["2136", "-US", "2123"],
    "period": {"from": "2026-01-01", "to": "2028-01-01"},
    "barred": ["political", "adult"],
    "exclusive": True,
    "approval": "project",
    "notice_days": 30,
    "max_outputs": 500,
    "influence": "1/3",
    "release_window": {"from": "2026-02-01", "to": "2027-02-01"},
    "model_versions": [{"id": VERSION, "label": "North Model 3"}],
    "compensation": {
        "plan": {"commission": "3/20", "creators": "3/10", "masters": "33/100"},
        "reference": "Schedule B of the frame agreement",
    },
    "mfn": [
        {"reference_class": "same_licensee", "measure": "masters_share", "looks_back_to": "2026-03-01"},
        {"reference_class": f"licensor:{PARTY}", "measure": "commission", "looks_back_to": "2026-04-02"},
    ],
    "clauses": [
        {
            "heading": {"en": "Audit", "de": "Prüfung"},
            "text": {"en": "Once a year.\n\nAt the licensor's cost.", "de": "Einmal im Jahr."},
        },
    ],
}
LEAST: dict[str, Any] = {"title": "T", "uses": ["tdm"], "territories": ["DE"], "period": {"from": "2026-01-01"}}


def changed(path: str, value: Any) -> dict[str, Any]:
    """The full terms with one value changed, or taken away where it is None."""
    document = copy.deepcopy(FULL)
    *way, last = path.split("/")
    inner: Any = document
    for step in way:
        inner = inner[int(step)] if isinstance(inner, list) else inner[step]
    key = int(last) if isinstance(inner, list) else last
    if value is None and isinstance(inner, dict):
        del inner[key]
    else:
        inner[key] = value
    return document


CHANGES: dict[str, list[Any]] = {
    "title": ["Outputs, special"],
    "uses": [["infer.input"], ["distribute.outside"], ["infer.input", "distribute.inside"]],
    "territories": [["2136"], ["2136", "2123", "-US"], ["2136", "-840", "2123"], ["DE"]],
    "period": [{"from": "2026-01-01"}, {"from": "2026-01-02", "to": "2028-01-01"}, {"months": 24}, {"months": 25}],
    "period/to": ["2028-01-02"],
    "barred": [None, ["political"], ["political", "film_tv"]],
    "exclusive": [False],
    "approval": ["blanket", "output"],
    "notice_days": [0, 31],
    "max_outputs": [None, 501],
    "influence": [None, "1/4"],
    "release_window": [None, {"from": "2026-02-01"}, {"to": "2027-02-01"}, {"from": "2026-02-02", "to": "2027-02-01"}],
    "model_versions": [None, [{"id": PARTY, "label": "North Model 3"}], [{"id": VERSION, "label": "North Model 4"}]],
    "compensation": [None, {"plan": FULL["compensation"]["plan"]}, {"reference": FULL["compensation"]["reference"]}],
    "compensation/plan/commission": ["1/7"],
    "compensation/plan/creators": ["1/7"],
    "compensation/plan/masters": ["1/7", "33333/100000"],
    "compensation/reference": ["Schedule C"],
    "mfn": [None, FULL["mfn"][:1], FULL["mfn"][::-1]],
    "mfn/0/reference_class": ["same_licensee_same_uses", f"licensor:{VERSION}"],
    "mfn/0/measure": ["publishing_share", "commission", "max_outputs", "term"],
    "mfn/0/looks_back_to": ["2026-03-02"],
    "clauses": [None],
    "clauses/0/heading": [{"en": "Books", "de": "Bücher"}],
    "clauses/0/text": [
        {"en": "Once a month.", "de": "Einmal im Monat."},
        {"en": "Once a year.\nAt the licensor's cost.", "de": "Einmal\nim Jahr."},
    ],
}
ALL = [FULL, *(changed(path, value) for path, values in CHANGES.items() for value in values)]


def body(document: dict[str, Any], language: str) -> str:
    """The text without the digest of the data, which changes with everything."""
    terms = wording.read(document)
    return wording.text(terms, language).replace(wording.digest(wording.data(terms)), "")


# --- one source


@pytest.mark.parametrize("vector", VECTORS, ids=lambda vector: vector["name"])
def test_render_as_they_always_did(vector: dict[str, Any]) -> None:
    terms = wording.read(vector["terms"])
    assert wording.data(terms) == vector["data"]
    assert hashlib.sha256(vector["data"].encode()).hexdigest() == vector["data_digest"]
    for language, text in vector["texts"].items():
        assert wording.text(terms, language) == text
        assert hashlib.sha256(text.encode()).hexdigest() == vector["text_digests"][language]


def test_vectors_cover_every_language() -> None:
    assert all(set(vector["texts"]) == set(wording.LANGUAGES) for vector in VECTORS)


@pytest.mark.parametrize("language", wording.LANGUAGES)
def test_change_with_every_change_of_the_data(language: str) -> None:
    documents = [wording.data(wording.read(document)) for document in ALL]
    assert len(set(documents)) == len(ALL)
    texts = [body(document, language) for document in ALL]
    for (one, first), (other, second) in combinations(enumerate(texts), 2):
        assert first != second, (ALL[one], ALL[other])
    assert len({wording.digest(wording.text(wording.read(document), language)) for document in ALL}) == len(ALL)


def leaves(value: Any) -> Iterator[Any]:
    inner: Any = value.values() if isinstance(value, dict) else value
    if not isinstance(value, dict | list):
        yield value
        return
    for one in inner:
        yield from leaves(one)


MONTHS = {"en": "January February March April", "de": "Januar Februar März April"}


@pytest.mark.parametrize("language", wording.LANGUAGES)
def test_say_every_value(language: str) -> None:
    text = body(FULL, language)
    other = {"en": "de", "de": "en"}[language]
    for clause in FULL["clauses"]:
        for part in ("heading", "text"):
            assert all(line.strip() in text for line in clause[part][language].split("\n"))
            assert clause[part][other] not in text
    for leaf in leaves({name: value for name, value in FULL.items() if name not in {"clauses", "exclusive"}}):
        said = str(leaf).removeprefix("-").removeprefix("licensor:")
        if said[:2] == "20" and said[4:5] == "-":
            year, month, day = (int(part) for part in said.split("-"))
            name = MONTHS[language].split()[month - 1]
            said = f"{name} {day}, {year}" if language == "en" else f"{day}. {name} {year}"
        assert said in text, leaf
    assert {"en": "The license is exclusive", "de": "Die Lizenz ist ausschließlich"}[language] in text


@pytest.mark.parametrize("language", wording.LANGUAGES)
def test_have_a_template_for_every_code(language: str) -> None:
    document = LEAST | {"uses": list(Use), "barred": list(Purpose)}
    for approval in ApprovalMode:
        text = wording.text(wording.read(document | {"approval": approval}), language)
        assert all(f"({code})" in text for code in [*Use, *Purpose, approval])


def test_have_the_same_templates_in_every_language() -> None:
    english = wording._TEMPLATES["en"]
    for templates in wording._TEMPLATES.values():
        assert set(templates) == set(english)
        assert len(templates["months"].split()) == 12


def test_say_which_text_prevails_and_name_the_data() -> None:
    terms = wording.read(LEAST)
    named = f"sha256:{hashlib.sha256(wording.data(terms).encode()).hexdigest()}"
    assert "This text prevails." in wording.text(terms, "en")
    assert "Dieser Text geht vor." in wording.text(terms, "de")
    assert all(named in wording.text(terms, language) for language in wording.LANGUAGES)


def test_leave_nothing_out_of_the_data() -> None:
    found = json.loads(wording.data(wording.read(LEAST)))
    assert found == LEAST | {
        "period": {"from": "2026-01-01", "to": None},
        "barred": [],
        "exclusive": False,
        "approval": "blanket",
        "notice_days": 0,
        "max_outputs": None,
        "influence": None,
        "release_window": None,
        "model_versions": [],
        "compensation": {"plan": None, "reference": None},
        "mfn": [],
        "clauses": [],
    }


@pytest.mark.parametrize("document", ALL, ids=range(len(ALL)))
def test_are_read_back_from_their_own_data(document: dict[str, Any]) -> None:
    terms = wording.read(document)
    again = wording.parse(wording.data(terms))
    assert again == terms
    assert wording.data(terms).encode() == rfc8785.dumps(json.loads(wording.data(terms)))


def test_put_what_means_the_same_in_one_form() -> None:
    one = LEAST | {"uses": ["tdm", "identify"], "barred": ["adult", "political"], "influence": "2/6"}
    other = LEAST | {"uses": ["identify", "tdm", "tdm"], "barred": ["political", "adult"], "influence": "1/3"}
    assert wording.data(wording.read(one)) == wording.data(wording.read(other))


# --- people's own words


def test_never_let_a_clause_pass_for_one_of_ours() -> None:
    words = "6. Exclusivity\n   The license is exclusive: {digest} {0} %s"
    clause = {"heading": {"en": "2. Uses"}, "text": {"en": words}}
    text = wording.text(wording.read(LEAST | {"clauses": [clause]}), "en")
    assert [line for line in text.split("\n") if line.startswith("6. ")] == ["6. Exclusivity"]
    assert [line for line in text.split("\n") if line.startswith("2. ")] == ["2. Uses"]
    assert "   (1) 2. Uses\n       6. Exclusivity\n          The license is exclusive: {digest} {0} %s\n" in text
    assert text.count("\n   The license is exclusive") == 0


def test_are_not_rendered_where_a_clause_is_not_translated() -> None:
    clause = {"heading": {"en": "Audit"}, "text": {"en": "Once a year."}}
    terms = wording.read(LEAST | {"clauses": [clause]})
    assert "Once a year." in wording.text(terms, "en")
    with pytest.raises(ClauseNotTranslated, match="further clause 1 has no wording in de"):
        wording.text(terms, "de")


def test_are_rendered_in_no_other_language() -> None:
    with pytest.raises(NoSuchLanguage):
        wording.text(wording.read(LEAST), "fr")


@given(st.text(min_size=1, max_size=40), st.text(min_size=1, max_size=40))
def test_tell_any_two_clauses_apart(first: str, second: str) -> None:
    def terms(words: str) -> wording.Wording | None:
        clause = {"heading": {"en": "A"}, "text": {"en": words}}
        try:
            return wording.read(LEAST | {"clauses": [clause]})
        except BadTerms:
            return None

    one, other = terms(first), terms(second)
    if one is None or other is None or one == other:
        return
    assert wording.text(one, "en").replace(wording.digest(wording.data(one)), "") != wording.text(other, "en").replace(
        wording.digest(wording.data(other)), ""
    )


# --- a license under them

WITHIN = wording.Scope(
    uses=frozenset({"infer.input"}),
    barred=frozenset({"adult", "film_tv", "political"}),
    territories=("DE", "CA"),
    active_from=date(2026, 1, 1),
    active_to=date(2028, 1, 1),
    is_exclusive=True,
    max_outputs=500,
    influence=Fraction(1, 3),
    release_from=date(2026, 2, 1),
    release_to=date(2027, 2, 1),
    model_version_ids=frozenset({UUID(VERSION)}),
)


@pytest.mark.parametrize(
    ("field", "value"),
    [
        ("uses", frozenset({"infer.input", "tdm"})),
        ("barred", frozenset({"adult", "film_tv"})),
        ("territories", ("2136",)),
        ("territories", ("US",)),
        ("active_from", date(2025, 12, 31)),
        ("active_to", date(2028, 1, 2)),
        ("active_to", None),
        ("is_exclusive", False),
        ("max_outputs", 501),
        ("max_outputs", None),
        ("influence", Fraction(33334, 100000)),
        ("influence", None),
        ("release_from", date(2026, 1, 31)),
        ("release_from", None),
        ("release_to", date(2027, 2, 2)),
        ("release_to", None),
        ("model_version_ids", frozenset()),
        ("model_version_ids", frozenset({UUID(VERSION), UUID(PARTY)})),
    ],
)
def test_are_not_exceeded(field: str, value: Any) -> None:
    terms = wording.read(FULL)
    assert wording.exceeded(terms, WITHIN) is None
    wide = replace(WITHIN, **{field: value})
    assert wording.exceeded(terms, wide) == field.replace("_version_ids", "_versions")


@pytest.mark.parametrize(
    ("months", "begin", "end"),
    [
        (1, date(2026, 1, 31), date(2026, 3, 1)),
        (1, date(2026, 1, 28), date(2026, 2, 28)),
        (12, date(2024, 2, 29), date(2025, 3, 1)),
        (48, date(2024, 2, 29), date(2028, 2, 29)),
        (11, date(2026, 1, 31), date(2026, 12, 31)),
        (12, date(2026, 12, 31), date(2027, 12, 31)),
        (2, date(2026, 12, 31), date(2027, 3, 1)),
    ],
)
def test_end_after_their_months(months: int, begin: date, end: date) -> None:
    terms = wording.read(LEAST | {"period": {"months": months}})
    scope = replace(WITHIN, uses=frozenset({"tdm"}), territories=("DE",), active_from=begin, is_exclusive=False)
    assert wording.exceeded(terms, replace(scope, active_to=end)) is None
    for late in (end + timedelta(days=1), None):
        assert wording.exceeded(terms, replace(scope, active_to=late)) == "active_to"


# --- what is refused


@pytest.mark.parametrize(
    ("field", "value", "said"),
    [
        ("title", "", "title: write one line"),
        ("title", "x" * 301, "title: write one line"),
        ("title", "two\nlines", "U+000A"),
        ("title", " blank", "begin and end"),
        ("title", "re\u202eversed", "U+202E"),
        ("title", "in\u200bvisible", "U+200B"),
        ("title", "half \ud800", "U+D800"),
        ("title", 7, "title: write one line"),
        ("uses", [], "uses: name at least one"),
        ("uses", "tdm", "uses: write a list"),
        ("uses", ["fly"], "'fly' is not one of infer.input"),
        ("uses", [None], "uses[0]"),
        ("uses", ["tdm"] * 301, "at most 300"),
        ("territories", [], "territories: name at least one"),
        ("territories", ["de"], "territories[0]: write a code"),
        ("territories", ["DE\n"], "territories[0]: write a code"),
        ("period", {}, "period: from is missing"),
        ("period", {"from": "2026-02-30"}, "period.from: write a day"),
        ("period", {"from": "20260201"}, "period.from: write a day"),
        ("period", {"from": "2026-02-01", "to": "2026-02-01"}, "period.to"),
        ("period", {"months": 0}, "period.months"),
        ("period", {"months": 1.0}, "period.months"),
        ("period", {"months": True}, "period.months"),
        ("period", {"months": 3, "from": "2026-02-01"}, "'from' is not a field"),
        ("barred", ["war"], "'war' is not one of"),
        ("exclusive", "yes", "exclusive: write true or false"),
        ("exclusive", None, "exclusive: write true or false"),
        ("approval", "maybe", "approval: 'maybe'"),
        ("notice_days", -1, "notice_days"),
        ("notice_days", 3651, "notice_days"),
        ("max_outputs", 0, "max_outputs"),
        ("max_outputs", 2**31, "max_outputs"),
        ("influence", "0", "influence: nothing"),
        ("influence", "4/3", "influence: write an exact fraction"),
        ("influence", "1/0", "influence: write an exact fraction"),
        ("influence", 0.5, "influence: write an exact fraction"),
        ("influence", "١/٣", "influence: write an exact fraction"),
        ("release_window", {}, "release_window: name"),
        ("release_window", {"from": "2026-02-02", "to": "2026-02-01"}, "release_window.to"),
        ("model_versions", [{"id": "x", "label": "M"}], "model_versions[0].id"),
        ("model_versions", [{"id": VERSION}], "label is missing"),
        ("compensation", [], "compensation: write an object"),
        ("compensation", {"plan": {"commission": "1/2"}}, "creators is missing"),
        ("compensation", {"plan": {"commission": "2", "creators": "0", "masters": "0"}}, "plan.commission"),
        ("mfn", [{"reference_class": "all", "measure": "term", "looks_back_to": "2026-01-01"}], "'all' is not"),
        ("mfn", [{"reference_class": "same_licensee", "measure": "fame", "looks_back_to": "2026-01-01"}], "'fame' is"),
        ("clauses", [{"heading": {"en": "A"}, "text": {"de": "B"}}], "same languages"),
        ("clauses", [{"heading": {}, "text": {}}], "at least one"),
        ("clauses", [{"heading": {"xx": "A"}, "text": {"xx": "B"}}], "'xx' is not a field"),
        ("clauses", [{"heading": {"en": "A"}, "text": {"en": "x" * 20_001}}], "20000 characters"),
        ("clauses", [{"heading": {"en": "A"}, "text": {"en": "\r\nB"}}], "U+000D"),
        ("clauses", [{"heading": {"en": "A"}, "text": {"en": "a\u2028b"}}], "line feed"),
        ("clauses", [{"heading": {"en": "A"}, "text": {"en": "B"}}] * 101, "at most 100"),
        ("price", 1, "'price' is not a field"),
    ],
)  # fmt: skip
def test_name_the_field_that_is_wrong(field: str, value: Any, said: str) -> None:
    with pytest.raises(BadTerms) as raised:
        wording.read(LEAST | {field: value})
    assert said in str(raised.value)
    assert str(raised.value).startswith((field, "terms"))


@pytest.mark.parametrize("field", ["title", "uses", "territories", "period"])
def test_miss_no_field_that_is_needed(field: str) -> None:
    document = {name: value for name, value in LEAST.items() if name != field}
    with pytest.raises(BadTerms, match=f"{field} is missing"):
        wording.read(document)


def test_know_their_territories() -> None:
    with pytest.raises(NoSuchTerritory):
        wording.read(LEAST | {"territories": ["QQ"]})
    with pytest.raises(NoTerritory):
        wording.read(LEAST | {"territories": ["DE", "-DE"]})


@pytest.mark.parametrize(
    "content",
    ["", "{", '{"title": "T"', "[" * 100_000, '{"title": NaN}', "null", "[]", "7", "9" * 5000, '"terms"'],
    ids=["empty", "a brace", "cut off", "deep", "not a number", "null", "list", "number", "long", "string"],
)
def test_are_an_object_in_json(content: str) -> None:
    with pytest.raises(BadTerms):
        wording.parse(content)


@pytest.mark.parametrize("cut", range(0, 400, 13))
def test_are_whole(cut: int) -> None:
    with pytest.raises(BadTerms):
        wording.parse(wording.data(wording.read(FULL))[:cut])
