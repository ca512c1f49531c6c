"""What contributions amount to …"""

from __future__ import annotations

from typing import Any

import pytest

from provenance.contributions import ContributionFact, UnknownContribution, digital_source_type

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
