"""What contributions amount to …"""

from __future__ import annotations

from typing import Any

import pytest

from provenance.contributions import (
    ContributionFact,
    UnknownContribution,
    ai_disclosure,
    digital_source_type,
    is_generative,
)

HUMAN: dict[str, Any] = dict.fromkeys(
    ("lyrics", "melody", "arrangement", "lead_vocal", "instruments", "production", "mastering"), "none"
)


def contributions(**levels: Any) -> tuple[ContributionFact, ...]:
    return tuple(ContributionFact(component, level, "") for component, level in levels.items())


@pytest.mark.parametrize(
    ("levels", "expected"),
    [
        (HUMAN, "digitalCreation"),
        ({"lead_vocal": "none"}, "digitalCreation"),
        (HUMAN | {"mastering": "all"}, "algorithmicallyEnhanced"),
        (HUMAN | {"production": "partly"}, "algorithmicallyEnhanced"),
        (HUMAN | {"lead_vocal": "partly"}, "compositeWithTrainedAlgorithmicMedia"),
        (HUMAN | {"lead_vocal": "partly", "instruments": "all"}, "compositeWithTrainedAlgorithmicMedia"),
        (HUMAN | {"instruments": "all"}, "compositeSynthetic"),
        (HUMAN | {"lead_vocal": "all"}, "compositeSynthetic"),
        (HUMAN | {"lyrics": "all"}, "compositeSynthetic"),
        (HUMAN | {"melody": "partly"}, "compositeSynthetic"),
        (dict.fromkeys(HUMAN, "all"), "trainedAlgorithmicMedia"),
        (HUMAN | {"lead_vocal": "all", "instruments": "all"}, "trainedAlgorithmicMedia"),
        (dict.fromkeys(HUMAN, "all") | {"mastering": "none"}, "trainedAlgorithmicMedia"),
        ({"lyrics": "all", "melody": "all"}, "trainedAlgorithmicMedia"),
        (HUMAN | {"artwork": "all", "video": "all"}, "digitalCreation"),
        ({"artwork": "all"}, "digitalCreation"),
    ],
)
def test_derives_the_source_type(levels: dict[str, Any], expected: str) -> None:
    assert digital_source_type(contributions(**levels)) == expected


@pytest.mark.parametrize(
    "given",
    [
        (),
        contributions(drums="none"),
        contributions(lyrics="some"),
        (*contributions(lyrics="none"), *contributions(lyrics="all")),
    ],
    ids=["nothing", "unknown component", "unknown level", "stated twice"],
)
def test_refuses_contributions_it_does_not_know(given: tuple[ContributionFact, ...]) -> None:
    with pytest.raises(UnknownContribution):
        digital_source_type(given)


def fact(component: str, level: Any, *acts: str, tool: str = "Model", **said: Any) -> ContributionFact:
    return ContributionFact(component, level, tool, acts=frozenset(acts), **said)


@pytest.mark.parametrize(
    ("given", "expected"),
    [
        (fact("lead_vocal", "partly"), "compositeWithTrainedAlgorithmicMedia"),
        (fact("lead_vocal", "partly", is_generative=False), "algorithmicallyEnhanced"),
        (fact("production", "partly"), "algorithmicallyEnhanced"),
        (fact("production", "partly", is_generative=True), "compositeWithTrainedAlgorithmicMedia"),
        (fact("mastering", "all", is_generative=True), "compositeWithTrainedAlgorithmicMedia"),
    ],
)
def test_asks_what_the_machine_did(given: ContributionFact, expected: str) -> None:
    others = tuple(one for one in contributions(**HUMAN) if one.component != given.component)
    assert digital_source_type((*others, given)) == expected
    assert is_generative((*others, given)) == ("Trained" in expected)


@pytest.mark.parametrize(
    ("given", "oversight"),
    [
        ([fact("melody", "all")], None),  # nobody said what people did, which is not that they did nothing
        ([fact("melody", "all", "prompt_only")], "prompt_guided"),
        ([fact("melody", "all", "prompt_only", "selection_and_arrangement")], "human_validated"),
        ([fact("melody", "partly", "modification"), fact("lyrics", "all", "prompt_only")], "prompt_guided"),
        ([fact("melody", "partly", "modification"), fact("lyrics", "all")], None),
        ([fact("melody", "partly", "modification"), fact("lyrics", "none")], "human_validated"),
        ([fact("melody", "partly", "modification"), fact("artwork", "all")], "human_validated"),
        ([fact("melody", "partly", "modification"), fact("mastering", "all")], "human_validated"),
    ],
)
def test_says_how_far_people_looked_over_it(given: list[ContributionFact], oversight: str | None) -> None:
    assert ai_disclosure(given).get("contentProfile") == ({"humanOversightLevel": oversight} if oversight else None)


def test_names_what_generated_and_its_version() -> None:
    made = [
        fact("lyrics", "partly", tool="Writer", tool_version="2.1"),
        fact("melody", "all", tool="Tones"),
        fact("mastering", "all", tool="Loud"),
        fact("artwork", "all", tool="Painter"),
    ]
    assert ai_disclosure(made) == {"modelType": "c2pa.types.model", "modelName": "Tones, Writer 2.1"}
