"""
Whether a record of who or what made an output holds together: each contradiction by its field. Pure.

A record has one line a component that the output has; what has no line is not in it. A line says how much of the
component a machine made, never as a percentage, and what people did.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from uuid import UUID

from rights.case import DeclaredContribution
from rights.vocabulary import AiLevel, Component, HumanAct, MakingEvidenceKind

MOST_ACTS = 200  # of one component
MOST_EVIDENCE = 100


@dataclass(frozen=True)
class Contradiction:
    """What is wrong with one line, and in which field; a position of -1 is of the whole record."""

    position: int
    field: str
    sentence: str


class ContradictoryRecord(Exception):
    """The record contradicts itself."""

    def __init__(self, found: Sequence[Contradiction]) -> None:
        """Say the first, and keep all."""
        super().__init__(found[0].sentence)
        self.found = tuple(found)


def check(contributions: Sequence[DeclaredContribution]) -> None:
    """
    Pass a record that holds together.

    :raises ContradictoryRecord: it does not; with everything that is wrong
    """
    if found := list(contradictions(contributions)):
        raise ContradictoryRecord(found)


def contradictions(contributions: Sequence[DeclaredContribution]) -> Iterator[Contradiction]:
    """Yield what is wrong with a record, in its order."""
    if not contributions:
        yield Contradiction(-1, "contributions", "Declare at least one component: who or what made it.")
    had: set[str] = set()
    for position, line in enumerate(contributions):
        if line.component in had:
            yield Contradiction(position, "component", "Declare each component once.")
        had.add(line.component)
        for field, sentence in wrong_with(line):
            yield Contradiction(position, field, sentence)


def wrong_with(line: DeclaredContribution) -> Iterator[tuple[str, str]]:
    """Yield the field and the sentence of everything that is wrong with one line."""
    if line.component not in set(Component):
        yield "component", f"There is no component {line.component!r}: choose one of {', '.join(Component)}."
    if line.ai_level not in set(AiLevel):
        yield "ai_level", f"A level is one of {', '.join(AiLevel)}, never a percentage."
        return
    yield from _wrong_with_tool(line)
    yield from _wrong_with_acts(line)
    digests = [one.digest for one in line.evidence]
    if len(digests) != len(set(digests)):
        yield "evidence", "Name each file once."
    if len(digests) > MOST_EVIDENCE:
        yield "evidence", f"At most {MOST_EVIDENCE} files are named for one component."
    if any(one.kind not in set(MakingEvidenceKind) for one in line.evidence):
        yield "evidence", f"Evidence is one of {', '.join(MakingEvidenceKind)}."


def _wrong_with_tool(line: DeclaredContribution) -> Iterator[tuple[str, str]]:
    if line.ai_level != AiLevel.NONE and not line.tool.strip():
        yield "tool", "Name the tool that made it, in whole or in part."
    if line.tool_version and not line.tool.strip():
        yield "tool_version", "A version is of a tool: name the tool as well."
    if line.ai_level == AiLevel.NONE and line.is_generative is not None:
        yield (
            "is_generative",
            "Where no machine made any of it there is nothing to say about the machine: leave it out.",
        )


def _wrong_with_acts(line: DeclaredContribution) -> Iterator[tuple[str, str]]:
    if line.actor_id and line.acts:
        yield "actor", "Name people with what they did in actors, or one without it in actor; not both."
    of_each: dict[UUID, list[str]] = defaultdict(list)
    for act in line.acts:
        of_each[act.party_id].append(act.act)
    said = {act.act for act in line.acts}
    if unknown := sorted(said - set(HumanAct)):
        yield "actors", f"Nobody can have done {unknown[0]!r}: an act is one of {', '.join(HumanAct)}."
    if len(line.acts) > MOST_ACTS:
        yield "actors", f"At most {MOST_ACTS} acts are recorded for one component."
    for acts in of_each.values():
        if len(acts) != len(set(acts)):
            yield "actors", "Name each act of a person once."
        if HumanAct.PROMPT in acts and len(set(acts)) > 1:
            yield "actors", "Who did more than prompting did not prompt only: leave prompt_only out."
    made = sorted(said & {HumanAct.PERCEPTIBLE_INPUT, HumanAct.MODIFICATION})
    if line.ai_level == AiLevel.NONE and HumanAct.PROMPT in said:
        yield "actors", "Where no machine made any of it nobody prompted: the level is partly or all."
    if line.ai_level == AiLevel.ALL and made:
        yield "actors", f"A machine cannot have made all of it if people did {made[0]}: the level is partly."
    if line.ai_level == AiLevel.PARTLY and said == {HumanAct.PROMPT}:
        yield "actors", "Partly means that people made the rest: say what they did, or the level is all."
