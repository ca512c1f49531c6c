"""
Who or what made an output, part by part, and what that amounts to in C2PA's words. Pure.

There is no share of "how much AI": levels stand beside parts, and every recipient's words follow from them.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Literal

from rights.case import DeclaredContribution
from rights.vocabulary import SOUNDING, AiLevel, Component, HumanAct

DIGITAL_SOURCE_TYPE = "http://cv.iptc.org/newscodes/digitalsourcetype/"

COMPOSITION = frozenset({Component.LYRICS, Component.MELODY, Component.ARRANGEMENT})
PERFORMANCE = frozenset({Component.LEAD_VOCAL, Component.BACKING_VOCAL, Component.INSTRUMENTS})
PRODUCTION = frozenset({Component.PRODUCTION, Component.MASTERING})

Level = Literal["none", "partly", "all"]


class UnknownContribution(Exception):
    """A manifest states how every part was made: a component or level is missing, unknown or stated twice."""


@dataclass(frozen=True, slots=True)
class ContributionFact:
    """How much of one component a machine made, with which tool, and what people did; who they were is not stated."""

    component: str  # rights.vocabulary.Component
    ai_level: Level
    tool: str  # empty when none
    tool_version: str = ""
    is_generative: bool | None = None  # None: not said
    acts: frozenset[str] = frozenset()  # rights.vocabulary.HumanAct; empty: not said

    @property
    def generated(self) -> Level:
        """
        How much of it was generated.

        What was not said is that a machine generated, except in mixing and mastering, where most machines only process.
        """
        generates = self.component not in PRODUCTION if self.is_generative is None else self.is_generative
        return self.ai_level if generates else "none"

    @property
    def made_with(self) -> str:
        """The tool and its version."""
        return f"{self.tool} {self.tool_version}".strip()


def fact_of(line: DeclaredContribution) -> ContributionFact:
    """Return a line of a record without its people."""
    return ContributionFact(
        line.component,
        AiLevel(line.ai_level).value,
        line.tool,
        tool_version=line.tool_version,
        is_generative=line.is_generative,
        acts=frozenset(act.act for act in line.acts),
    )


def digital_source_type(contributions: Sequence[ContributionFact]) -> str:
    """
    Return the IPTC digital source type that the contributions amount to, as a bare name.

    This function will look at the recording first, since that is the asset that carries the manifest:

    1. no component made by a machine: ``digitalCreation``;
    2. machines that generated nothing, such as in mixing or mastering: ``algorithmicallyEnhanced``;
    3. a performance extended by a machine, or one that people gave and a machine's generated production went over:
       ``compositeWithTrainedAlgorithmicMedia``;
    4. every performance generated: ``trainedAlgorithmicMedia``, also over words written by people, because no
       sound in it was performed;
    5. generated and human performances, or people performing what a machine wrote: ``compositeSynthetic``.

    Artwork and video are not asked about: their source type belongs in their own manifests.

    :raises UnknownContribution: nothing is stated, or something unknown, or one component twice
    """
    facts = _by_component(contributions)
    heard = [facts[one] for one in SOUNDING if one in facts]
    written, performed, produced = (
        {facts[one].generated for one in facts.keys() & parts} for parts in (COMPOSITION, PERFORMANCE, PRODUCTION)
    )
    if written | performed | produced <= {"none"}:
        return "digitalCreation" if {one.ai_level for one in heard} <= {"none"} else "algorithmicallyEnhanced"
    if "partly" in performed:
        return "compositeWithTrainedAlgorithmicMedia"
    if performed == {"all"} or (not performed and written == {"all"}):
        return "trainedAlgorithmicMedia"
    return "compositeSynthetic" if produced <= {"none"} else "compositeWithTrainedAlgorithmicMedia"


def is_generative(contributions: Sequence[ContributionFact]) -> bool:
    """
    Tell whether some of what is heard was generated.

    :raises UnknownContribution: nothing is stated, or something unknown, or one component twice
    """
    facts = _by_component(contributions)
    return any(facts[one].generated != "none" for one in SOUNDING if one in facts)


def ai_disclosure(contributions: Sequence[ContributionFact]) -> dict[str, Any]:
    """Return the data of ``c2pa.ai-disclosure``; whether a manifest carries it is what ``is_generative`` tells."""
    generated = [one for one in contributions if one.component in SOUNDING and one.generated != "none"]
    tools = sorted({one.made_with for one in generated if one.tool})
    oversight = _oversight(generated)
    return {
        "modelType": "c2pa.types.model",
        **({"modelName": ", ".join(tools)} if tools else {}),
        **({"contentProfile": {"humanOversightLevel": oversight}} if oversight else {}),
    }


def _oversight(generated: Sequence[ContributionFact]) -> str:
    """
    Return how far people looked over what was generated; empty where of some of it that is not said.

    The least counts. That nobody did anything is not said by saying nothing, so it is never claimed.
    """
    if not generated or not all(one.acts for one in generated):
        return ""
    return "prompt_guided" if any(one.acts <= {HumanAct.PROMPT} for one in generated) else "human_validated"


def _by_component(contributions: Sequence[ContributionFact]) -> dict[Component, ContributionFact]:
    facts: dict[Component, ContributionFact] = {}
    for contribution in contributions:
        try:
            component = Component(contribution.component)
        except ValueError as error:
            raise UnknownContribution(f"{UnknownContribution.__doc__} It is {contribution.component!r}.") from error
        if component in facts or contribution.ai_level not in {"none", "partly", "all"}:
            raise UnknownContribution(f"{UnknownContribution.__doc__} It is {component}.")
        facts[component] = contribution
    if not facts:
        raise UnknownContribution(UnknownContribution.__doc__)
    return facts
