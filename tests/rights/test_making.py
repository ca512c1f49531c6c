"""A record of who or what made an output …"""

from __future__ import annotations

from typing import Any
from uuid import UUID

import pytest

from rights import making
from rights.case import DeclaredAct, DeclaredContribution, DeclaredEvidence

ANNA, BELA = UUID(int=1), UUID(int=2)
DID = "perceptible_input"


def line(component: str = "lyrics", level: str = "none", **said: Any) -> DeclaredContribution:
    tool = "" if level == "none" else "Model"
    acts = tuple(sorted(DeclaredAct(*act) for act in said.pop("acts", ())))
    return DeclaredContribution(component, level, said.pop("tool", tool), said.pop("actor", None), acts=acts, **said)


@pytest.mark.parametrize(
    "given",
    [
        [line()],
        [line(actor=ANNA), line("melody", "all")],
        [line(acts=[(ANNA, DID), (BELA, "modification")])],
        [line(level="partly")],
        [line(level="partly", acts=[(ANNA, DID), (BELA, "prompt_only")])],
        [line(level="all", acts=[(ANNA, "prompt_only"), (BELA, "selection_and_arrangement")])],
        [line("mastering", "all", is_generative=False, tool_version="3")],
        [line(tool="Tuner", tool_version="2")],
        [line("artwork", "all"), line("video", "none")],
    ],
)
def test_holds_together(given: list[DeclaredContribution]) -> None:
    making.check(given)


@pytest.mark.parametrize(
    ("given", "field", "said"),
    [
        (line("drums"), "component", "no component 'drums'"),
        (line(level="40 %"), "ai_level", "never a percentage"),
        (line(level="partly", tool=" "), "tool", "Name the tool"),
        (line(level="all", tool=""), "tool", "Name the tool"),
        (line(tool_version="2"), "tool_version", "name the tool"),
        (line(is_generative=False), "is_generative", "leave it out"),
        (line(actor=ANNA, acts=[(BELA, DID)]), "actor", "not both"),
        (line(acts=[(ANNA, "hummed")]), "actors", "'hummed'"),
        (line(acts=[(ANNA, DID), (ANNA, DID)]), "actors", "once"),
        (line(level="partly", acts=[(ANNA, DID), (ANNA, "prompt_only")]), "actors", "did not prompt only"),
        (line(acts=[(ANNA, "prompt_only")]), "actors", "nobody prompted"),
        (line(level="all", acts=[(ANNA, DID)]), "actors", "the level is partly"),
        (line(level="all", acts=[(ANNA, "modification")]), "actors", "the level is partly"),
        (line(level="partly", acts=[(ANNA, "prompt_only")]), "actors", "people made the rest"),
        (line(acts=[(UUID(int=n), DID) for n in range(making.MOST_ACTS + 1)]), "actors", "At most 200"),
        (line(evidence=(DeclaredEvidence("stem", "ab"),) * 2), "evidence", "once"),
        (line(evidence=(DeclaredEvidence("rumor", "ab"),)), "evidence", "one of session"),
        (
            line(evidence=tuple(DeclaredEvidence("stem", str(n)) for n in range(making.MOST_EVIDENCE + 1))),
            "evidence",
            "At most 100",
        ),
    ],
)
def test_is_refused_by_the_field_that_contradicts(given: DeclaredContribution, field: str, said: str) -> None:
    with pytest.raises(making.ContradictoryRecord, match=said) as refused:
        making.check([line("melody"), given])
    assert {(one.position, one.field) for one in refused.value.found} == {(1, field)}


@pytest.mark.parametrize(("given", "field"), [([], "contributions"), ([line(), line()], "component")])
def test_is_refused_as_a_whole(given: list[DeclaredContribution], field: str) -> None:
    with pytest.raises(making.ContradictoryRecord) as refused:
        making.check(given)
    assert [one.field for one in refused.value.found] == [field]


@pytest.mark.parametrize(
    ("given", "people", "authors"),
    [
        (line(), set(), set()),
        (line(actor=ANNA), {ANNA}, {ANNA}),
        (line(level="partly", acts=[(ANNA, DID), (BELA, "prompt_only")]), {ANNA, BELA}, {ANNA}),
        (line(level="all", acts=[(ANNA, "prompt_only")]), {ANNA}, set()),
        (line(level="all", acts=[(ANNA, "selection_and_arrangement")]), {ANNA}, {ANNA}),
    ],
)
def test_knows_who_did_more_than_prompt(given: DeclaredContribution, people: set[UUID], authors: set[UUID]) -> None:
    assert (set(given.people), set(given.authors)) == (people, authors)
