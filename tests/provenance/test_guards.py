"""Before a file is signed …"""

from __future__ import annotations

import copy
from collections.abc import Callable
from typing import Any

import pytest

from provenance import guards
from provenance.guards import SignRefused, check_definition
from provenance.signing import Define
from tests.provenance.conftest import SOURCE_TYPE

Definition = dict[str, Any]
Change = Callable[[Definition], object]


def actions(given: Definition) -> list[Any]:
    found: list[Any] = given["assertions"][0]["data"]["actions"]
    return found


def add(label: str, data: Any = None, **rest: Any) -> Change:
    assertion = {"label": label, "created": True, "data": {"a": "1"} if data is None else data, **rest}
    return lambda given: given["assertions"].append(assertion)


def put(key: str, value: Any) -> Change:
    return lambda given: given.__setitem__(key, value)


def act(**action: Any) -> Change:
    return lambda given: actions(given).append(action)


REFUSALS: list[tuple[str, type[SignRefused], Change]] = [
    ("no label", guards.MalformedLabel, lambda given: given.pop("label")),
    (
        "a label that is no URN",
        guards.MalformedLabel,
        put("label", "urn:uuid:6f1f0c6a-5a5b-4c52-9a3e-0d8f5f4f2a11"),
    ),
    ("a label in capitals", guards.MalformedLabel, lambda given: put("label", given["label"].upper())(given)),
    ("no generator", guards.MalformedGenerator, put("claim_generator_info", [])),
    (
        "two generators",
        guards.MalformedGenerator,
        lambda given: given["claim_generator_info"].append({"name": "A", "version": "1", "specVersion": "2.4.0"}),
    ),
    (
        "a generator without specVersion",
        guards.MalformedGenerator,
        lambda given: given["claim_generator_info"][0].pop("specVersion"),
    ),
    ("an old kind of claim", guards.MalformedGenerator, put("claim_version", 1)),
    ("a redaction", guards.RedactionNotAllowed, put("redactions", ["self#jumbf=x"])),
    ("a mebibyte", guards.DefinitionTooLarge, put("title", "a" * (1 << 20))),
    ("a label that ends in a version", guards.LabelWouldChange, add("org.example.terms.v2")),
    ("a label that ends in an instance", guards.LabelWouldChange, add("org.example.terms__2")),
    ("a label with a slash", guards.LabelWouldChange, add("org.example/terms")),
    ("a made-up C2PA label", guards.LabelNotAllowed, add("c2pa.splits")),
    ("an external reference", guards.LabelNotAllowed, add("c2pa.external-reference")),
    ("a label without a domain", guards.LabelNotAllowed, add("splits")),
    ("two assertions of one label", guards.RepeatedAssertion, add("org.ai-music-ledger.splits")),
    ("an assertion that is only gathered", guards.NotAttributed, add("org.example.terms", created=False)),
    ("an assertion that is no object", guards.NotAttributed, add("org.example.terms", data=["a"])),
    ("a list of numbers", guards.NumbersInList, add("org.example.terms", {"list": [5000, 5000]})),
    ("a deep list of numbers", guards.NumbersInList, add("org.example.terms", {"a": [{"b": ["c", 1]}]})),
    ("a float", guards.NumberNotExact, add("org.example.terms", {"share": 0.5})),
    ("a list of floats", guards.NumbersInList, add("org.example.terms", {"shares": [0.5, 0.5]})),
    ("an integer beyond 64 bits", guards.NumberNotExact, add("org.example.terms", {"n": 2**63})),
    (
        "a float about an ingredient",
        guards.NumberNotExact,
        lambda g: g["ingredients"][0]["metadata"].update(a=0.1),
    ),
    ("no actions", guards.MalformedActions, lambda given: given["assertions"].pop(0)),
    ("an empty list of actions", guards.MalformedActions, lambda given: actions(given).clear()),
    ("no creation", guards.MalformedActions, lambda given: actions(given).pop(0)),
    ("a creation that is not first", guards.MalformedActions, lambda given: actions(given).reverse()),
    ("two creations", guards.MalformedActions, lambda given: actions(given).append(actions(given)[0])),
    ("a creation and an opening", guards.MalformedActions, act(action="c2pa.opened")),
    ("an action C2PA does not have", guards.UnknownAction, act(action="c2pa.autotuned")),
    ("an action without a domain", guards.UnknownAction, act(action="autotuned")),
    (
        "a creation without a source type",
        guards.UnknownSourceType,
        lambda given: actions(given)[0].pop("digitalSourceType"),
    ),
    (
        "a source type that does not exist",
        guards.UnknownSourceType,
        lambda given: actions(given)[0].update(digitalSourceType=SOURCE_TYPE + "madeByMagic"),
    ),
    (
        "a source type that does not exist, further on",
        guards.UnknownSourceType,
        act(action="c2pa.mixed", digitalSourceType="mixed"),
    ),
    ("a component that is not placed", guards.IngredientNotPlaced, lambda given: actions(given).pop(1)),
    (
        "a placed ingredient that is not there",
        guards.IngredientNotPlaced,
        put("ingredients", []),
    ),
    (
        "an action on an ingredient that is not there",
        guards.IngredientNotPlaced,
        act(action="c2pa.mixed", parameters={"ingredientIds": ["nobody"]}),
    ),
    ("an ingredient without a label", guards.MalformedIngredient, lambda g: g["ingredients"][0].pop("label")),
    (
        "two ingredients of one label",
        guards.MalformedIngredient,
        lambda given: given["ingredients"].append(given["ingredients"][0]),
    ),
    (
        "a parent that is not the source",
        guards.MalformedIngredient,
        lambda given: given["ingredients"][0].update(relationship="parentOf"),
    ),
    (
        "a component called parent",
        guards.MalformedIngredient,
        lambda given: given["ingredients"][0].update(label="parent"),
    ),
]


@pytest.mark.parametrize(("refusal", "change"), [r[1:] for r in REFUSALS], ids=[r[0] for r in REFUSALS])
def test_refuses(define: Define, refusal: type[SignRefused], change: Change) -> None:
    given = copy.deepcopy(dict(define(keeps_parent=False)))
    check_definition(given, carries_manifest=False)
    change(given)
    with pytest.raises(refusal) as caught:
        check_definition(given, carries_manifest=False)
    assert type(caught.value) is refusal


def test_refuses_an_opening_that_names_no_parent_or_states_a_source_type(define: Define) -> None:
    given = copy.deepcopy(dict(define(keeps_parent=True)))
    check_definition(given, carries_manifest=True)
    opening = actions(given)[0]
    opening["digitalSourceType"] = SOURCE_TYPE + "composite"
    with pytest.raises(guards.UnknownSourceType):
        check_definition(given, carries_manifest=True)
    del opening["digitalSourceType"], opening["parameters"]
    with pytest.raises(guards.MalformedActions):
        check_definition(given, carries_manifest=True)


@pytest.mark.parametrize(
    "change",
    [
        add("org.example.terms", {"flags": [True, False], "count": 2**63 - 1, "shares": ["1/2", "1/2"]}),
        act(action="c2pa.mastered", digitalSourceType=SOURCE_TYPE + "algorithmicallyEnhanced"),
        act(action="org.example.autotuned"),
        lambda given: given["ingredients"].append({"title": "A model", "relationship": "inputTo", "label": "m"}),
    ],
)
def test_lets_pass_what_is_right(define: Define, change: Change) -> None:
    given = copy.deepcopy(dict(define(keeps_parent=False)))
    change(given)
    check_definition(given, carries_manifest=False)


def test_refusals_have_codes_of_their_own() -> None:
    codes = [refusal.code for refusal in SignRefused.__subclasses__()]
    assert len(set(codes)) == len(codes)
    assert "sign_refused" not in codes
