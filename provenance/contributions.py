"""
Who or what made an output, part by part, and what that amounts to in C2PA's words. Pure.

There is no share of "how much AI": levels stand beside parts, and every recipient's words follow from them.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Literal

from rights.vocabulary import Component

DIGITAL_SOURCE_TYPE = "http://cv.iptc.org/newscodes/digitalsourcetype/"

_COMPOSITION = frozenset({Component.LYRICS, Component.MELODY, Component.ARRANGEMENT})
_PERFORMANCE = frozenset({Component.LEAD_VOCAL, Component.BACKING_VOCAL, Component.INSTRUMENTS})


class UnknownContribution(Exception):
    """A manifest states how every part was made: a component or level is missing, unknown or stated twice."""


@dataclass(frozen=True, slots=True)
class ContributionFact:
    """How much of one component a machine made, and with which tool; who the people were is not stated."""

    component: str  # rights.vocabulary.Component
    ai_level: Literal["none", "partly", "all"]
    tool: str  # empty when none


def digital_source_type(contributions: Sequence[ContributionFact]) -> str:
    """
    Return the IPTC digital source type that the contributions amount to, as a bare name.

    This function will look at the recording first, since that is the asset that carries the manifest:

    1. no component made by a machine: ``digitalCreation``;
    2. only production or mastering: ``algorithmicallyEnhanced``;
    3. a performance extended by a machine: ``compositeWithTrainedAlgorithmicMedia``;
    4. every performance generated: ``trainedAlgorithmicMedia``, also over words written by people, because no
       sound in it was performed;
    5. generated and human performances, or people performing what a machine wrote: ``compositeSynthetic``.

    Artwork is not asked about: its source type belongs in the image's own manifest.

    :raises UnknownContribution: nothing is stated, or something unknown, or one component twice
    """
    levels = _levels(contributions)
    written = {levels[c] for c in levels.keys() & _COMPOSITION}
    performed = {levels[c] for c in levels.keys() & _PERFORMANCE}
    if written | performed <= {"none"}:
        return "digitalCreation" if set(levels.values()) <= {"none"} else "algorithmicallyEnhanced"
    if "partly" in performed:
        return "compositeWithTrainedAlgorithmicMedia"
    if performed == {"all"} or (not performed and written == {"all"}):
        return "trainedAlgorithmicMedia"
    return "compositeSynthetic"


def is_generative(contributions: Sequence[ContributionFact]) -> bool:
    """
    Tell whether a machine wrote or performed some of it; mixing and mastering do not count.

    :raises UnknownContribution: nothing is stated, or something unknown, or one component twice
    """
    levels = _levels(contributions)
    return any(levels[c] != "none" for c in levels.keys() & (_COMPOSITION | _PERFORMANCE))


def ai_disclosure(contributions: Sequence[ContributionFact]) -> dict[str, Any]:
    """Return the data of ``c2pa.ai-disclosure``; whether a manifest carries it is what ``is_generative`` tells."""
    tools = sorted({c.tool for c in contributions if c.ai_level != "none" and c.tool})
    # The content profile is left out: how far a person looked over the result is not among the facts.
    return {"modelType": "c2pa.types.model", **({"modelName": ", ".join(tools)} if tools else {})}


def _levels(contributions: Sequence[ContributionFact]) -> dict[Component, str]:
    levels: dict[Component, str] = {}
    for contribution in contributions:
        try:
            component = Component(contribution.component)
        except ValueError as error:
            raise UnknownContribution(f"{UnknownContribution.__doc__} It is {contribution.component!r}.") from error
        if component in levels or contribution.ai_level not in {"none", "partly", "all"}:
            raise UnknownContribution(f"{UnknownContribution.__doc__} It is {component}.")
        levels[component] = contribution.ai_level
    if not levels:
        raise UnknownContribution(UnknownContribution.__doc__)
    return levels
