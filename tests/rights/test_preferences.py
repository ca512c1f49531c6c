"""Preferences in the vocabularies of others: never more is permitted outside than was said here."""

from __future__ import annotations

import json
from datetime import UTC, date, datetime
from pathlib import Path
from typing import Any
from xml.etree import ElementTree

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from rights import preferences as published
from rights.preferences import (
    ConstraintMisplaced,
    EmptyPeriod,
    Location,
    NoSuchPreferenceUse,
    NoSuchStance,
    NotAPath,
    NotAPolicyAddress,
    NotATrainingAssertion,
    Preference,
    Stance,
    cawg,
    content_usage,
    ddex_deal_terms,
    ddex_deals_xml,
    document,
    read_cawg,
    read_content_usage,
    robots_lines,
    tdm_headers,
    tdmrep,
)
from rights.territories import NoSuchTerritory, countries
from rights.vocabulary import Use

DAY = date(2027, 3, 1)
TRAINING = ("train.gen", "finetune.artist")
MINING = ("tdm", "train.nongen", *TRAINING)
TABLES = json.loads((Path(published.__file__).parent / "data" / "preferences.json").read_text())


def said(**stances: Stance) -> list[Preference]:
    """Return preferences by use, a dot written as two underscores."""
    return [Preference(use.replace("__", "."), stance) for use, stance in stances.items()]


def all_of(covered: tuple[str, ...], stance: Stance) -> list[Preference]:
    return [Preference(use, stance) for use in covered]


def by_use(found: tuple[Preference, ...]) -> dict[str, str]:
    return {preference.use: preference.stance for preference in found}


# --- The tables ---


def test_know_the_uses_of_the_vocabulary() -> None:
    assert {use.value for use in Use} <= set(published.uses())
    assert published.version() == TABLES["version"]


def test_cover_known_uses_only() -> None:
    covers = [
        *TABLES["aipref"]["covers"].values(),
        *TABLES["aipref"]["earlier_covers"].values(),
        TABLES["tdmrep"]["covers"],
        *TABLES["cawg"]["covers"].values(),
        *TABLES["ddex"]["covers"].values(),
        TABLES["ddex"]["as_per_contract"]["uses"],
    ]
    assert {use for covered in covers for use in covered} <= set(TABLES["uses"])
    assert all(len(covered) == len(set(covered)) > 0 for covered in covers)


@pytest.mark.parametrize(
    ("use", "stance", "constraint", "refused"),
    [
        ("train", "allowed", "", NoSuchPreferenceUse),
        ("", "allowed", "", NoSuchPreferenceUse),
        ("tdm", "notAllowed", "", NoSuchStance),
        ("tdm", "unknown", "", NoSuchStance),
        ("tdm", "allowed", "ask first", ConstraintMisplaced),
        ("tdm", "not_allowed", "ask first", ConstraintMisplaced),
        ("tdm", "constrained", "two\nlines", ConstraintMisplaced),
        ("tdm", "constrained", "x" * 1001, ConstraintMisplaced),
    ],
)
def test_refuse_what_cannot_be_published(use: str, stance: Any, constraint: str, refused: type[Exception]) -> None:
    with pytest.raises(refused):
        Preference(use, stance, constraint)


def test_take_the_longest_constraint() -> None:
    assert Preference("tdm", "constrained", "x" * 1000).constraint == "x" * 1000


# --- aipref ---


@pytest.mark.parametrize(
    ("preferences", "default", "expected"),
    [
        ([], None, ""),
        ([], "not_allowed", "train-ai=n"),
        ([], "allowed", "train-ai=y"),
        (said(train__gen="not_allowed"), None, "train-ai=n"),
        (said(finetune__artist="not_allowed", train__gen="allowed"), None, "train-ai=n"),
        (
            said(train__gen="allowed"),
            None,
            "",
        ),  # the outside word covers fitting to an artist, of which nothing is known
        (said(train__gen="allowed"), "not_allowed", "train-ai=n"),
        (said(train__gen="allowed", finetune__artist="allowed"), None, "train-ai=y"),
        (said(train__gen="constrained"), None, "train-ai=n"),
        (said(tdm="not_allowed", train__nongen="not_allowed", identify="allowed"), None, ""),
        (
            [*said(train__gen="allowed", finetune__artist="allowed"), *said(train__gen="not_allowed")],
            None,
            "train-ai=n",
        ),
    ],
)
def test_say_content_usage(preferences: list[Preference], default: Stance | None, expected: str) -> None:
    assert content_usage(preferences, default_stance=default) == expected


@pytest.mark.parametrize(
    ("path", "line"),
    [
        ("/", "Content-Usage: / train-ai=n"),
        ("/audio/*.flac$", "Content-Usage: /audio/*.flac$ train-ai=n"),
        ("/a b", "Content-Usage: /a%20b train-ai=n"),
        ("/a%20b", "Content-Usage: /a%20b train-ai=n"),
        ("/a\tb#c", "Content-Usage: /a%09b%23c train-ai=n"),
        ("/x\r\nAllow: /", "Content-Usage: /x%0D%0AAllow:%20/ train-ai=n"),  # no second line
        ("/é", "Content-Usage: /%C3%A9 train-ai=n"),
    ],
)
def test_say_a_line_of_robots(path: str, line: str) -> None:
    assert robots_lines(path, said(train__gen="not_allowed")) == (line,)
    assert robots_lines(path, []) == ()


@pytest.mark.parametrize("path", ["", "audio/", "*", " /"])
def test_refuse_what_is_no_path(path: str) -> None:
    with pytest.raises(NotAPath):
        robots_lines(path, [])
    with pytest.raises(NotAPath):
        tdmrep([Location(path, ())])


NO, YES = dict.fromkeys(TRAINING, "not_allowed"), dict.fromkeys(TRAINING, "allowed")
NOT_AT_ALL = dict.fromkeys(MINING, "not_allowed")


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("train-ai=n", NO),
        ("train-ai=y", YES),
        ("  train-ai=n  ", NO),
        ("search=y, train-ai=n", NO),
        ("search=y,train-ai=n,new-key", NO),
        ("train-ai=n; exceptions=?1;until=@1767225600", NO),
        ("train-ai=y, train-ai=n", NO),  # the last of a key counts
        ("train-ai=n, train-ai=y", YES),
        ("train-ai;allow=n, train-ai=y", YES),
        ('x="a, train-ai=n; \\" b", train-ai=y', YES),
        ('x=("a" b;c 1.5);d=:aGk=:, y=%"f%c3%bc", train-ai=n', NO),
        ("x=-12, z=?0, train-ai=n", NO),
        ("x=() , train-ai=n", NO),
        ("x=( a  b )\t,\ttrain-ai=n", NO),
        # Not tokens, other tokens: unknown, not wrong.
        ("train-ai", {}),
        ("train-ai=?0", {}),
        ('train-ai="n"', {}),
        ("train-ai=no", {}),
        ("train-ai=N", {}),
        ("train-ai=(n)", {}),
        ("train-ai=n, train-ai", {}),
        ("search=n", {}),
        ("", {}),
        # Not a dictionary: all of it is unknown.
        ("Train-AI=n, train-ai=n", {}),
        ("train-ai=n,", {}),
        (",train-ai=n", {}),
        ("train-ai=n search=y", {}),
        ("train-ai = n", {}),
        ("train-ai=n ;a", {}),
        ("train-ai=", {}),
        ("\ttrain-ai=n", {}),
        ("train-ai=n, x=1.", {}),
        ("train-ai=n, x=1234567890123456", {}),
        ("train-ai=n, x=1234567890123.0", {}),
        ('train-ai=n, x="a', {}),
        ('train-ai=n, x="\\a"', {}),
        ('train-ai=n, x=%"%ff"', {}),
        ('train-ai=n, x=%"%C3%BC"', {}),
        ("train-ai=n, x=?2", {}),
        ("train-ai=n, x=:a", {}),
        ("train-ai=n, x=@1.5", {}),
        ("train-ai=n, x=(a", {}),
        ("train-ai=n, x=(a\tb)", {}),
        ("train-ai=n, x=((a))", {}),
        ("train-ai=n, é=1", {}),
        ("train-ai=n\r\nx", {}),
        # Earlier drafts.
        ("train-genai=n", NO),
        ("genai=n", NO),
        ("ai=n", dict.fromkeys(("train.nongen", *TRAINING), "not_allowed")),
        ("tdm=n", NOT_AT_ALL),
        ("bots=n", NOT_AT_ALL),
        ("all=n, train-ai=y", NOT_AT_ALL),
        ("genai=y, tdm=y, bots=y", {}),  # heeded only where they deny
    ],
)
def test_read_content_usage(text: str, expected: dict[str, str]) -> None:
    assert by_use(read_content_usage(text)) == expected


def test_do_not_read_a_statement_without_end() -> None:
    assert by_use(read_content_usage("train-ai=n" + ", a" * 20_000)) == NO
    assert read_content_usage("train-ai=n" + ", a" * 30_000) == ()
    assert read_content_usage("a=" + "(" * 60_000) == ()
    assert read_content_usage('a="' + "\\" * 60_000) == ()


@given(st.text(alphabet='train-aiyn=,;()?:@%"\\ 01.*\t', max_size=40))
@settings(max_examples=300, deadline=None, derandomize=True)
def test_read_any_text_as_a_statement_or_none(text: str) -> None:
    assert set(by_use(read_content_usage(text))) <= set(MINING)


# --- TDMRep ---

POLICY = "https://label.example/tdm.json"


@pytest.mark.parametrize(
    ("preferences", "default", "expected"),
    [
        ([], None, {}),
        ([], "not_allowed", {"tdm-reservation": "1", "tdm-policy": POLICY}),
        (said(tdm="not_allowed"), None, {"tdm-reservation": "1", "tdm-policy": POLICY}),
        (said(train__gen="constrained"), None, {"tdm-reservation": "1", "tdm-policy": POLICY}),
        (said(tdm="allowed"), None, {}),
        (all_of(MINING, "allowed"), None, {"tdm-reservation": "0"}),
        (all_of(MINING[:-1], "allowed"), None, {}),
        (
            [*all_of(MINING, "allowed"), *said(finetune__artist="not_allowed")],
            None,
            {"tdm-reservation": "1", "tdm-policy": POLICY},
        ),
        (said(identify="not_allowed"), None, {}),
    ],
)
def test_say_the_headers_of_a_reservation(
    preferences: list[Preference], default: Stance | None, expected: dict[str, str]
) -> None:
    assert tdm_headers(preferences, policy=POLICY, default_stance=default) == expected


@pytest.mark.parametrize(
    "policy",
    ["label.example", "ftp://label.example/", "https://", "https://a b", "https://a\r\nSet-Cookie: x", "https://é"],
)
def test_refuse_what_is_no_address(policy: str) -> None:
    for attempt in (
        lambda: tdm_headers(said(tdm="not_allowed"), policy=policy),
        lambda: tdmrep([Location("/", tuple(said(tdm="not_allowed")), policy)]),
        lambda: document(codes={}, preferences=[], at=datetime(2027, 3, 1, tzinfo=UTC), policy=policy),
    ):
        with pytest.raises(NotAPolicyAddress):
            attempt()


FREE, CLOSED = tuple(all_of(MINING, "allowed")), tuple(said(tdm="not_allowed"))


@pytest.mark.parametrize(
    ("locations", "expected"),
    [
        ([], []),
        ([Location("/", ())], []),
        ([Location("/", CLOSED)], [("/", 1, None)]),
        ([Location("/", CLOSED, POLICY)], [("/", 1, POLICY)]),
        ([Location("/", FREE, POLICY)], [("/", 0, None)]),
        # Agents take the first that matches, so the most specific stands first.
        ([Location("/", CLOSED), Location("/free/", FREE)], [("/free/", 0, None), ("/", 1, None)]),
        # Of /new/ nothing is known: the rule for / must not free it.
        ([Location("/", FREE), Location("/new/", ())], [("/new/", 1, None), ("/", 0, None)]),
        ([Location("/", CLOSED), Location("/new/", ())], [("/", 1, None)]),
        ([Location("/a", FREE), Location("/a", CLOSED, POLICY)], [("/a", 1, POLICY)]),
        ([Location("/a b", CLOSED)], [("/a%20b", 1, None)]),
    ],
)
def test_say_the_rules_of_a_server(locations: list[Location], expected: list[tuple[str, int, str | None]]) -> None:
    rules = tdmrep(locations)
    assert [(rule["location"], rule["tdm-reservation"], rule.get("tdm-policy")) for rule in rules] == expected
    assert json.loads(json.dumps(rules)) == rules


# --- CAWG ---


def test_say_an_assertion_as_the_schema_spells_it() -> None:
    assert cawg(
        [
            Preference("tdm", "allowed"),
            Preference("train.gen", "not_allowed"),
            Preference("train.nongen", "constrained", "license required"),
            Preference("voice.generate", "not_allowed"),
            Preference("identify", "allowed"),  # has no entry there
        ]
    ) == {
        "entries": {
            "cawg.data_mining": {"use": "allowed"},
            "cawg.ai_training": {"use": "constrained", "constraint_info": "license required"},
            "cawg.ai_generative_training": {"use": "notAllowed"},
            "org.ai-music-ledger.voice.generate": {"use": "notAllowed"},
        }
    }


@pytest.mark.parametrize(
    ("constraints", "entry"),
    [
        (["ask"], {"use": "constrained", "constraint_info": "ask"}),
        (["ask", "ask"], {"use": "constrained", "constraint_info": "ask"}),
        (["ask", "not in ads"], {"use": "constrained", "constraint_info": "ask; not in ads"}),
        (["ask", ""], {"use": "constrained"}),  # meeting the one condition that is said would not be enough
        (["a" * 499, "b" * 499], {"use": "constrained", "constraint_info": "a" * 499 + "; " + "b" * 499}),
        (["a" * 500, "b" * 499], {"use": "notAllowed"}),  # half a condition is none
    ],
)
@pytest.mark.parametrize("uses", [("tdm", "tdm"), TRAINING])
def test_say_several_conditions_together(uses: tuple[str, ...], constraints: list[str], entry: dict[str, str]) -> None:
    """Of two holders on one use, and of two uses under one word."""
    preferences = [
        Preference(use, "constrained", constraint)
        for use, constraint in zip(uses, [*constraints, *constraints], strict=False)
    ]
    key = "cawg.data_mining" if "tdm" in uses else "cawg.ai_generative_training"
    assert cawg(preferences)["entries"][key] == entry


def test_make_no_assertion_of_nothing() -> None:
    assert cawg([]) == {}
    assert cawg(said(identify="allowed", distribute__outside="allowed")) == {}


def test_refuse_everything_by_default_where_the_caller_says_so() -> None:
    entries = cawg([], default_stance="not_allowed")["entries"]
    assert set(entries) == set(TABLES["cawg"]["covers"])
    assert {entry["use"] for entry in entries.values()} == {"notAllowed"}


@pytest.mark.parametrize(
    ("data", "expected"),
    [
        ({"entries": {}}, {}),
        ({}, {}),
        ({"entries": {"cawg.data_mining": {"use": "allowed"}}}, {"tdm": "allowed"}),
        ({"entries": {"c2pa.data_mining": {"use": "notAllowed"}}}, {"tdm": "not_allowed"}),
        ({"cawg.data_mining": {"use": "notAllowed"}}, {"tdm": "not_allowed"}),  # an earlier schema
        ({"entries": {"c2pa.ai_generative_training": {"use": "notAllowed"}}}, NO),
        ({"entries": {"cawg.ai_inference": {"use": "allowed"}}}, {"infer.input": "allowed"}),
        (
            {"entries": {"cawg.data_mining": {"use": "allowed"}, "c2pa.data_mining": {"use": "notAllowed"}}},
            {"tdm": "not_allowed"},
        ),
        (
            {
                "entries": {
                    "cawg.ai_generative_training": {"use": "notAllowed"},
                    "org.ai-music-ledger.finetune.artist": {"use": "allowed"},
                }
            },
            {"train.gen": "not_allowed", "finetune.artist": "allowed"},  # the narrower word counts
        ),
        ({"entries": {"cawg.data_mining": {"use": "constrained"}}}, {"tdm": "not_allowed"}),
        ({"entries": {"cawg.data_mining": {"use": "constrained", "constraint_info": " \n"}}}, {"tdm": "not_allowed"}),
        ({"entries": {"cawg.data_mining": {"use": "constrained", "constraint_info": 7}}}, {"tdm": "not_allowed"}),
        (
            {"entries": {"cawg.data_mining": {"use": "constrained", "constraint_info": "x" * 1001}}},
            {"tdm": "not_allowed"},
        ),
        (
            {"entries": {"cawg.data_mining": {"use": "constrained", "constraint_info": "x" * 10**6}}},
            {"tdm": "not_allowed"},
        ),
        (
            {"entries": {"cawg.data_mining": {"use": "constrained", "constraint_info": "x" + " " * 4000}}},
            {"tdm": "not_allowed"},
        ),
        ({"entries": {"cawg.data_mining": {"use": "not_allowed"}}}, {}),
        ({"entries": {"cawg.data_mining": {"use": ["allowed"]}}}, {}),
        ({"entries": {"cawg.data_mining": {"use": None}}}, {}),
        ({"entries": {"cawg.data_mining": "allowed"}}, {}),
        ({"entries": {"org.example.other": {"use": "allowed"}, 7: None}}, {}),
        ({"entries": {"c2pa.ai-music-ledger.voice.train": {"use": "allowed"}}}, {}),
    ],
)
def test_read_an_assertion(data: object, expected: dict[str, str]) -> None:
    assert by_use(read_cawg(data)) == expected


@pytest.mark.parametrize("spelling", ["constraint_info", "constraints_info"])
def test_read_a_constraint_in_both_spellings(spelling: str) -> None:
    entry = {"use": "constrained", spelling: "  ask\nthe\x00label "}
    assert read_cawg({"entries": {"cawg.data_mining": entry}}) == (Preference("tdm", "constrained", "ask the label"),)


@pytest.mark.parametrize("data", [None, [], "entries", 7, {"entries": []}, {"entries": None}, {"entries": "x"}])
def test_refuse_what_is_no_assertion(data: object) -> None:
    with pytest.raises(NotATrainingAssertion):
        read_cawg(data)


# --- DDEX ---


def deals(preferences: list[Preference], *territories: str, active_to: date | None = None) -> list[dict[str, Any]]:
    return ddex_deal_terms(preferences, territories=territories or ("2136",), active_from=DAY, active_to=active_to)


def test_say_deal_terms() -> None:
    assert deals(said(tdm="allowed", identify="allowed"), "DE", "FR", active_to=date(2028, 3, 1)) == [
        {
            "TerritoryCode": ["DE", "FR"],
            "ValidityPeriod": {"StartDate": "2027-03-01", "EndDate": "2028-02-29"},  # the last day itself
            "CommercialModelType": "AsPerContract",
            "UseType": ["UseForDataMining", "UseForIdentification"],
        }
    ]


@pytest.mark.parametrize(
    ("preferences", "use_types"),
    [
        (said(train__gen="allowed"), []),
        (said(finetune__artist="allowed"), []),  # must not become a permit to train any generating model
        (said(train__gen="allowed", finetune__artist="allowed"), ["UseForTrainingGenerativeAI"]),
        (said(train__nongen="allowed"), ["UseForTrainingNonGenerativeAI"]),
        (said(tdm="constrained"), []),
        (said(tdm="not_allowed"), []),
        (said(infer__input="allowed"), ["AsPerContract"]),
        (said(voice__generate="allowed", voice__train="not_allowed"), ["AsPerContract"]),
        (said(voice__generate="not_allowed"), []),
        (said(distribute__outside="allowed", style__prompt="allowed"), []),
    ],
)
def test_make_a_deal_only_of_what_is_allowed(preferences: list[Preference], use_types: list[str]) -> None:
    assert [deal["UseType"] for deal in deals(preferences)] == ([use_types] if use_types else [])


@pytest.mark.parametrize(
    ("territories", "expected"),
    [
        (["2136"], {"TerritoryCode": ["Worldwide"]}),
        (["2136", "-US", "-CA"], {"ExcludedTerritoryCode": ["CA", "US"]}),
        (["DE"], {"TerritoryCode": ["DE"]}),
        (["DE", "-FR"], {"TerritoryCode": ["DE"]}),
        (sorted(countries()), {"TerritoryCode": ["Worldwide"]}),
    ],
)
def test_name_where_or_where_not(territories: list[str], expected: dict[str, list[str]]) -> None:
    (deal,) = deals(said(tdm="allowed"), *territories)
    assert {key: value for key, value in deal.items() if "Territory" in key} == expected


@pytest.mark.parametrize("end", [DAY, date(2027, 2, 28)])
def test_refuse_a_period_without_a_day(end: date) -> None:
    with pytest.raises(EmptyPeriod):
        deals(said(tdm="allowed"), active_to=end)


def test_refuse_a_territory_that_is_none() -> None:
    with pytest.raises(NoSuchTerritory):
        deals([], "UK")


def test_write_deals_as_elements_in_the_order_of_the_schema() -> None:
    text = ddex_deals_xml(deals(said(tdm="allowed", identify="allowed"), "DE", "FR", active_to=date(2027, 3, 2)))
    (deal,) = ElementTree.fromstring(f"<DealList>{text}</DealList>")
    (terms,) = deal
    assert [(element.tag, element.text) for element in terms if element.text] == [
        ("TerritoryCode", "DE"),
        ("TerritoryCode", "FR"),
        ("CommercialModelType", "AsPerContract"),
        ("UseType", "UseForDataMining"),
        ("UseType", "UseForIdentification"),
    ]
    assert [element.tag for element in terms][2] == "ValidityPeriod"
    assert [(element.tag, element.text) for element in terms[2]] == [
        ("StartDate", "2027-03-01"),
        ("EndDate", "2027-03-01"),
    ]
    assert ddex_deals_xml([]) == ""


def test_escape_what_stands_in_an_element() -> None:
    assert ddex_deals_xml([{"UseType": "<a>&</a>"}]) == (
        "<Deal><DealTerms><UseType>&lt;a&gt;&amp;&lt;/a&gt;</UseType></DealTerms></Deal>"
    )


# --- The public answer ---


def test_say_everything_about_an_asset_at_once() -> None:
    stated = [Preference("tdm", "constrained", "license required"), Preference("train.gen", "not_allowed")]
    answer = document(
        codes={"isrc": "DEAB12700001"},
        preferences=stated,
        at=datetime(2027, 3, 1, 12, tzinfo=UTC),
        policy=POLICY,
        deals=deals(said(identify="allowed")),
    )
    assert json.loads(json.dumps(answer)) == answer
    assert answer["version"] == published.version()
    assert answer["at"] == "2027-03-01T12:00:00+00:00"
    assert answer["asset"] == {"isrc": "DEAB12700001"}
    assert set(answer["uses"]) == set(published.uses())
    assert answer["uses"]["tdm"] == {"stance": "constrained", "constraint": "license required"}
    assert answer["uses"]["train.gen"] == {"stance": "not_allowed"}
    assert answer["uses"]["identify"] == {"stance": "unknown"}
    assert answer["aipref"]["content_usage"] == "train-ai=n"
    assert answer["tdmrep"] == {"tdm-reservation": "1", "tdm-policy": POLICY}
    assert answer["cawg"] == {"label": "cawg.training-mining", "data": cawg(stated)}
    assert answer["ddex"]["deal_terms"][0]["UseType"] == ["UseForIdentification"]
    assert all(source["address"].startswith("https://") for source in answer["sources"])


def test_say_no_to_everything_where_silence_means_no() -> None:
    answer = document(codes={}, preferences=[], at=datetime(2027, 3, 1, tzinfo=UTC), default_stance="not_allowed")
    assert {found["stance"] for found in answer["uses"].values()} == {"not_allowed"}
    assert answer["aipref"]["content_usage"] == "train-ai=n"
    assert answer["tdmrep"] == {"tdm-reservation": "1"}
    assert answer["policy"] is None


def test_refuse_a_default_that_is_no_stance() -> None:
    with pytest.raises(NoSuchStance):
        content_usage([], default_stance="unknown")  # type: ignore[arg-type]


# --- Properties ---

DRAWN = st.builds(
    lambda use, stance, constraint: Preference(use, stance, constraint if stance == "constrained" else ""),
    st.sampled_from(published.uses()),
    st.sampled_from(["allowed", "not_allowed", "constrained"]),
    st.sampled_from(["", "license required", "not in ads"]),
)
ONE_EACH = st.lists(DRAWN, max_size=12, unique_by=lambda preference: preference.use)


@given(ONE_EACH)
@settings(max_examples=300, deadline=None, derandomize=True)
def test_permit_outside_only_what_was_permitted(stated: list[Preference]) -> None:
    known: dict[str, str | None] = dict.fromkeys(published.uses()) | {one.use: one.stance for one in stated}
    for found in (read_content_usage(content_usage(stated)), read_cawg(cawg(stated))):
        for preference in found:
            if preference.stance == "allowed":
                assert known[preference.use] == "allowed"
            if preference.stance == "constrained":
                assert known[preference.use] != "not_allowed"
    if tdm_headers(stated).get("tdm-reservation") == "0":
        assert {known[use] for use in MINING} == {"allowed"}
    for deal in deals(stated):
        for use_type in deal["UseType"]:
            covered = TABLES["ddex"]["covers"].get(use_type)
            assert covered is None or {known[use] for use in covered} == {"allowed"}


@given(ONE_EACH)
@settings(max_examples=300, deadline=None, derandomize=True)
def test_come_back_from_an_assertion_where_one_word_is_for_one_use(stated: list[Preference]) -> None:
    alone = {covered[0] for covered in TABLES["cawg"]["covers"].values() if len(covered) == 1}
    back = {preference.use: preference for preference in read_cawg(cawg(stated))}
    for preference in stated:
        if preference.use in alone:
            # A constraint that says nothing is a refusal to whoever reads it.
            unsaid = preference.stance == "constrained" and not preference.constraint
            assert back[preference.use] == (Preference(preference.use, "not_allowed") if unsaid else preference)


@given(st.lists(DRAWN, max_size=8), st.lists(DRAWN, max_size=8))
@settings(max_examples=300, deadline=None, derandomize=True)
def test_never_become_looser_by_another_word(stated: list[Preference], more: list[Preference]) -> None:
    """One holder more may turn unknown into allowed, and nothing else into something looser."""
    rank = {"train-ai=n": 2, "": 1, "train-ai=y": 0}
    before, after = content_usage(stated), content_usage([*stated, *more])
    assert rank[after] >= rank[before] or (before, after) == ("", "train-ai=y")
    assert content_usage([*more, *stated]) == after
    strict = cawg(stated).get("entries", {})
    both = cawg([*stated, *more]).get("entries", {})
    words = {"notAllowed": 3, "constrained": 2, "allowed": 0}
    for key, entry in strict.items():
        assert words[both[key]["use"]] >= words[entry["use"]]


@given(
    st.recursive(
        st.none() | st.booleans() | st.integers() | st.text(max_size=8),
        lambda inner: (
            st.lists(inner, max_size=3)
            | st.dictionaries(
                st.sampled_from(["entries", "cawg.data_mining", "c2pa.ai_training", "use", "constraint_info", "x"]),
                inner | st.sampled_from(["allowed", "notAllowed", "constrained"]),
                max_size=4,
            )
        ),
        max_leaves=12,
    )
)
@settings(max_examples=300, deadline=None, derandomize=True)
def test_read_any_document_as_an_assertion_or_refuse_it(data: Any) -> None:
    try:
        found = read_cawg(data)
    except NotATrainingAssertion:
        return
    assert set(by_use(found)) <= set(published.uses())
