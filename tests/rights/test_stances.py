"""What may be said in public …"""

from __future__ import annotations

from datetime import date
from typing import Any
from uuid import UUID

import pytest

from rights.stances import ASK, Held, Said, public
from rights.standing import UNITS, Stance
from rights.vocabulary import use_mask

TRACK, WORK = UUID(int=1), UUID(int=2)
LABEL, WRITER, OTHER = UUID(int=11), UUID(int=12), UUID(int=13)
DE, FR = 276, 250
WORLD = frozenset({DE, FR})
WHOLE = [
    Held(TRACK, LABEL, "ai_training", UNITS, WORLD),
    Held(WORK, WRITER, "ai_training", UNITS, WORLD),
]


def yes(asset: UUID, holder: UUID, **changes: Any) -> Said:
    given: dict[str, Any] = {"stance": Stance.ALLOW, "uses": use_mask(["tdm"]), "countries": WORLD} | changes
    return Said(asset, holder, is_unconditional=given.pop("is_unconditional", True), **given)


def no(asset: UUID, holder: UUID, **changes: Any) -> Said:
    return yes(asset, holder, stance=Stance.DENY, **changes)


BOTH = [yes(TRACK, LABEL), yes(WORK, WRITER)]
HALF = UNITS // 2


@pytest.mark.parametrize(
    ("held", "said", "stance"),
    [
        ([], [], "not_allowed"),
        (WHOLE, [], "not_allowed"),
        (WHOLE, BOTH, "allowed"),
        ([], BOTH, "constrained"),  # nobody is on record as holding it, so nobody can free it
        (WHOLE, BOTH[:1], "constrained"),  # one side is missing
        (WHOLE, BOTH[1:], "constrained"),
        (WHOLE, [BOTH[0], yes(WORK, WRITER, is_unconditional=False)], "constrained"),
        (WHOLE, [yes(TRACK, LABEL, is_unconditional=False)], "constrained"),  # to one licensee: never allowed
        (WHOLE, [BOTH[0], yes(WORK, WRITER, countries=frozenset({DE}))], "constrained"),
        (WHOLE, [*BOTH[:1], yes(WORK, WRITER, countries=frozenset({DE})),
                 yes(WORK, WRITER, countries=frozenset({FR}))], "allowed"),
        (WHOLE, [BOTH[0], yes(WORK, OTHER)], "constrained"),  # of somebody who holds nothing
        (WHOLE, [BOTH[0], yes(WORK, WRITER, uses=use_mask(["train.gen"]))], "constrained"),
        (WHOLE, [*BOTH, no(TRACK, LABEL)], "not_allowed"),  # any refusal wins
        (WHOLE, [*BOTH, no(WORK, WRITER, countries=frozenset({FR}))], "not_allowed"),
        (WHOLE, [*BOTH, no(TRACK, LABEL, uses=use_mask(["train.gen"]))], "allowed"),
        ([WHOLE[0], Held(WORK, WRITER, "ai_training", HALF, WORLD)], BOTH, "constrained"),  # half is unknown
        ([WHOLE[0], Held(WORK, WRITER, "ai_training", HALF, WORLD), Held(WORK, OTHER, "ai_training", HALF, WORLD)],
         BOTH, "constrained"),
        ([WHOLE[0], Held(WORK, WRITER, "ai_training", HALF, WORLD), Held(WORK, OTHER, "ai_training", HALF, WORLD)],
         [*BOTH, yes(WORK, OTHER)], "allowed"),
        ([WHOLE[0], Held(WORK, WRITER, "ai_training", None, WORLD)], BOTH, "constrained"),
        ([WHOLE[0], Held(WORK, WRITER, "performing", UNITS, WORLD)], BOTH, "constrained"),  # another right
        ([WHOLE[0], Held(WORK, WRITER, "ai_training", UNITS, frozenset({DE}))], BOTH, "constrained"),
        ([*WHOLE, Held(WORK, OTHER, "ai_training", HALF, WORLD)], [*BOTH, yes(WORK, OTHER)], "constrained"),  # too much
    ],
)  # fmt: skip
def test_tells_a_stance(held: list[Held], said: list[Said], stance: str) -> None:
    found = {one.use: one for one in public([TRACK, WORK], held, said, WORLD).preferences}
    assert found["tdm"].stance == stance
    assert found["tdm"].constraint == (ASK if stance == "constrained" else "")
    assert found["identify"].stance == "not_allowed"


def test_a_recording_with_no_side_is_not_free() -> None:
    assert public([], WHOLE, BOTH, WORLD).preferences[0].stance == "constrained"


@pytest.mark.parametrize("use", ["voice.train", "voice.generate", "voice.convert", "style.prompt"])
def test_no_code_frees_a_voice(use: str) -> None:
    right = "ai_output" if use == "style.prompt" else "voice"
    held = [Held(TRACK, LABEL, right, UNITS, WORLD)]
    found = public([TRACK], held, [yes(TRACK, LABEL, uses=use_mask([use]))], WORLD)
    assert {one.use: one.stance for one in found.preferences}[use] == "constrained"


@pytest.mark.parametrize(
    ("ends", "expected"),
    [
        ((None, None), None),
        ((date(2027, 1, 1), None), date(2027, 1, 1)),
        ((date(2028, 1, 1), date(2027, 6, 1)), date(2027, 6, 1)),
    ],
)
def test_holds_until_the_first_of_them_ends(ends: tuple[date | None, date | None], expected: date | None) -> None:
    said = [yes(TRACK, LABEL, ends_on=ends[0]), yes(WORK, WRITER, ends_on=ends[1])]
    assert public([TRACK, WORK], WHOLE, said, WORLD).ends_on == expected


def test_a_condition_that_ends_is_none() -> None:
    said = [yes(TRACK, LABEL, is_unconditional=False, ends_on=date(2027, 1, 1))]
    assert public([TRACK, WORK], WHOLE, said, WORLD).ends_on is None
