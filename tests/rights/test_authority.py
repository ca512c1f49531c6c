"""Who may act for a holder: in person, through a chain, and never past a protection."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import date
from uuid import NAMESPACE_URL, UUID, uuid5

import pytest

from rights.authority import Act, Capacity, Mandate, Safeguard, UnauthorizedAct, chain, is_likeness
from rights.vocabulary import AssetKind, Authority, PartyKind, ProtectionKind

DAY = date(2026, 6, 1)
USES = frozenset({"infer.input"})
HERE = frozenset({"DE", "FR"})


def id_of(name: str) -> UUID:
    return uuid5(NAMESPACE_URL, f"https://tests.example/{name}")


def mandate(
    principal: str,
    agent: str,
    authority: Authority = Authority.MANDATE,
    *,
    uses: frozenset[str] = frozenset(),
    countries: frozenset[str] = HERE,
    active_from: date = date(2026, 1, 1),
    active_to: date | None = None,
) -> Mandate:
    return Mandate(
        id_of(f"{principal} {agent}"),
        id_of(principal),
        id_of(agent),
        authority,
        uses,
        countries,
        active_from,
        active_to,
    )


def parties(
    protected: Mapping[str, Sequence[ProtectionKind]] | None = None, **kinds: PartyKind
) -> dict[UUID, Capacity]:
    names = {"artist", "manager", "label", "agent", "d", "e", "guardian", "executor"} | set(kinds)
    return {
        id_of(name): Capacity(
            id_of(name),
            kinds.get(name, PartyKind.PERSON),
            frozenset(Safeguard(kind, "DE") for kind in (protected or {}).get(name, ())),
        )
        for name in names
    }


def act(actor: str = "manager", *, on: date = DAY) -> Act:
    return Act(id_of("artist"), id_of(actor), USES, HERE, on)


MINOR = {"artist": [ProtectionKind.MINOR]}
WARD = {"artist": [ProtectionKind.GUARDIANSHIP]}
DEAD = {"artist": [ProtectionKind.DECEASED]}

GOOD: dict[str, tuple[str, list[Mandate], dict[UUID, Capacity], list[str]]] = {
    "in person": ("artist", [], parties(), []),
    "in person, not known here as protected": ("artist", [], {}, []),
    "a manager": ("manager", [mandate("artist", "manager")], parties(), ["artist manager"]),
    "the first day": ("manager", [mandate("artist", "manager", active_from=DAY)], parties(), ["artist manager"]),
    "the last day": (
        "manager",
        [mandate("artist", "manager", active_to=date(2026, 6, 2))],
        parties(),
        ["artist manager"],
    ),
    "just the uses": ("manager", [mandate("artist", "manager", uses=USES)], parties(), ["artist manager"]),
    "more uses": ("manager", [mandate("artist", "manager", uses=USES | {"tdm"})], parties(), ["artist manager"]),
    "exclusive contract": (
        "label",
        [mandate("artist", "label", Authority.EXCLUSIVE_CONTRACT)],
        parties(label=PartyKind.COMPANY),
        ["artist label"],
    ),
    "two links": (
        "agent",
        [mandate("manager", "agent"), mandate("artist", "manager")],
        parties(),
        ["artist manager", "manager agent"],
    ),
    "four links": (
        "e",
        [mandate("artist", "manager"), mandate("manager", "label"), mandate("label", "d"), mandate("d", "e")],
        parties(),
        ["artist manager", "manager label", "label d", "d e"],
    ),
    "the shortest": (
        "agent",
        [mandate("artist", "manager"), mandate("manager", "agent"), mandate("artist", "agent")],
        parties(),
        ["artist agent"],
    ),
    "a circle on the way": (
        "agent",
        [mandate("artist", "manager"), mandate("manager", "artist"), mandate("manager", "agent")],
        parties(),
        ["artist manager", "manager agent"],
    ),
    "past a link that is over": (
        "agent",
        [
            mandate("artist", "manager", active_to=DAY),
            mandate("manager", "agent"),
            mandate("artist", "label"),
            mandate("label", "agent"),
        ],
        parties(),
        ["artist label", "label agent"],
    ),
    "a minor's guardian": (
        "guardian",
        [mandate("artist", "guardian", Authority.GUARDIAN)],
        parties(MINOR),
        ["artist guardian"],
    ),
    "a minor's court": (
        "guardian",
        [mandate("artist", "guardian", Authority.COURT)],
        parties(MINOR),
        ["artist guardian"],
    ),
    "whom a guardian asked": (
        "manager",
        [mandate("artist", "guardian", Authority.GUARDIAN), mandate("guardian", "manager")],
        parties(MINOR),
        ["artist guardian", "guardian manager"],
    ),
    "a ward's guardian": (
        "guardian",
        [mandate("artist", "guardian", Authority.GUARDIAN)],
        parties(WARD),
        ["artist guardian"],
    ),
    "the estate of the dead": (
        "executor",
        [mandate("artist", "executor", Authority.ESTATE)],
        parties(DEAD),
        ["artist executor"],
    ),
    "an estate that is the holder": (
        "executor",
        [mandate("artist", "executor", Authority.ESTATE)],
        parties(artist=PartyKind.ESTATE),
        ["artist executor"],
    ),
}


@pytest.mark.parametrize("name", GOOD)
def test_lets_act(name: str) -> None:
    actor, mandates, known, links = GOOD[name]
    assert [link.id for link in chain(act(actor), mandates, known)] == [id_of(link) for link in links]


BAD: dict[str, tuple[str, list[Mandate], dict[UUID, Capacity], str]] = {
    "a stranger": ("manager", [], parties(), "Nobody recorded that party"),
    "the other way round": ("manager", [mandate("manager", "artist")], parties(), "Nobody recorded"),
    "a mandate that ended that day": (
        "manager",
        [mandate("artist", "manager", active_to=DAY)],
        parties(),
        "ended on 2026-06-01",
    ),
    "a mandate that begins later": (
        "manager",
        [mandate("artist", "manager", active_from=date(2026, 6, 2))],
        parties(),
        "begins on 2026-06-02",
    ),
    "another use": ("manager", [mandate("artist", "manager", uses=frozenset({"tdm"}))], parties(), "infer.input"),
    "one country short": (
        "manager",
        [mandate("artist", "manager", countries=frozenset({"DE"}))],
        parties(),
        "does not cover France",
    ),
    "nowhere": ("manager", [mandate("artist", "manager", countries=frozenset())], parties(), "does not cover"),
    "a second link that covers less": (
        "agent",
        [mandate("artist", "manager"), mandate("manager", "agent", uses=frozenset({"tdm"}))],
        parties(),
        "infer.input",
    ),
    "a chain of five": (
        "executor",
        [
            mandate("artist", "manager"),
            mandate("manager", "label"),
            mandate("label", "d"),
            mandate("d", "e"),
            mandate("e", "executor"),
        ],
        parties(),
        "Nobody recorded",
    ),
    "a minor in person": ("artist", [], parties(MINOR), "a minor on 2026-06-01"),
    "a ward in person": ("artist", [], parties(WARD), "under guardianship"),
    "the dead in person": ("artist", [], parties(DEAD), "dead on 2026-06-01"),
    "a minor's manager": ("manager", [mandate("artist", "manager")], parties(MINOR), "a guardian or a court acts"),
    "a minor's estate": (
        "executor",
        [mandate("artist", "executor", Authority.ESTATE)],
        parties(MINOR),
        "a guardian or a court acts",
    ),
    "a mandate of the dead": ("manager", [mandate("artist", "manager")], parties(DEAD), "the estate or a court acts"),
    "a guardian of the dead": (
        "guardian",
        [mandate("artist", "guardian", Authority.GUARDIAN)],
        parties({"artist": [ProtectionKind.MINOR, ProtectionKind.DECEASED]}),
        "the estate or a court acts",
    ),
    "a guardian of the grown": (
        "guardian",
        [mandate("artist", "guardian", Authority.GUARDIAN)],
        parties(),
        "the authority of guardian is over",
    ),
    "an estate of the living": (
        "executor",
        [mandate("artist", "executor", Authority.ESTATE)],
        parties(),
        "the authority of estate is over",
    ),
    "a manager who died": (
        "manager",
        [mandate("artist", "manager")],
        parties({"manager": [ProtectionKind.DECEASED]}),
        "acts for nobody",
    ),
    "through a manager who died": (
        "agent",
        [mandate("artist", "manager"), mandate("manager", "agent")],
        parties({"manager": [ProtectionKind.DECEASED]}),
        "acts for nobody",
    ),
}


@pytest.mark.parametrize("name", BAD)
def test_names_what_is_missing(name: str) -> None:
    actor, mandates, known, sentence = BAD[name]
    with pytest.raises(UnauthorizedAct) as refused:
        chain(act(actor), mandates, known)
    assert sentence in str(refused.value)


def test_says_where_the_parts_of_a_mandate_do_not_make_a_whole() -> None:
    halves = [
        mandate("artist", "manager", countries=frozenset({"DE"})),
        Mandate(
            id_of("again"),
            id_of("artist"),
            id_of("manager"),
            Authority.AGENCY,
            frozenset(),
            frozenset({"FR"}),
            date(2026, 1, 1),
            None,
        ),
    ]
    with pytest.raises(UnauthorizedAct):
        chain(act(), halves, parties())


@pytest.mark.parametrize(
    ("uses", "kinds", "expected"),
    [
        ({"voice.generate"}, {AssetKind.RECORDING}, True),
        ({"voice.train"}, set(), True),
        ({"train.gen"}, {AssetKind.VOICE}, True),
        ({"identify"}, {AssetKind.VOICE}, False),
        ({"identify", "voice.convert"}, {AssetKind.VOICE}, True),
        ({"infer.input"}, {AssetKind.RECORDING, AssetKind.WORK}, False),
    ],
)
def test_knows_what_is_done_with_a_voice(uses: set[str], kinds: set[AssetKind], *, expected: bool) -> None:
    assert is_likeness(uses, kinds) is expected
