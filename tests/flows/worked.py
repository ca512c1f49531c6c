"""
The world of the worked example, built through the API: five owners, a creator, two songs, one license, one output.

``build`` leaves output O1 cleared, with the provider's report and E's further claim to W2 in the US on record, and its
splits derived after each: version 1 by the fallback of the plan, 2 by influence, 3 with the over-claim.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from fractions import Fraction
from typing import Any
from uuid import UUID

from django.utils import timezone

from ledger import clients, dividing, people, sequencer
from rights.vocabulary import PartyKind
from tests.flows.conftest import CATALOGUE, SINCE, SUBMISSIONS, USES, Api, Sounds, World, key

PARTIES = {
    "A": PartyKind.COMPANY,
    "B": PartyKind.COMPANY,
    "C": PartyKind.COMPANY,
    "D": PartyKind.PERSON,
    "E": PartyKind.COMPANY,
    "HC": PartyKind.PERSON,
    "distributor": PartyKind.COMPANY,
    "provider": PartyKind.COMPANY,
    "label": PartyKind.COMPANY,  # whose catalogue client registers everything
}
COUNTRIES = ["DE", "US", "JP"]
# Asset → whoever holds which part of it, and where.
OWNED: dict[str, list[tuple[str, str, list[str]]]] = {
    "R1": [("A", "1", ["DE"]), ("B", "1", ["US", "JP"])],
    "R2": [("B", "2/3", COUNTRIES), ("D", "1/3", COUNTRIES)],
    "W1": [("C", "3/4", ["DE", "JP"]), ("D", "1/4", ["DE", "JP"]), ("C", "1/2", ["US"]), ("D", "1/2", ["US"])],
    "W2": [("C", "3/5", ["DE", "US"]), ("E", "2/5", ["DE", "US"]), ("E", "1", ["JP"])],
    "W3": [("C", "1/3", COUNTRIES), ("D", "1/3", COUNTRIES), ("E", "1/3", COUNTRIES)],
}
WORKS = {"R1": ["W1"], "R2": ["W2", "W3"]}
PLAN = {"commission": "3/20", "creators": "3/10", "masters": "1/2"}
INFLUENCE = {"R1": "309/500", "R2": "191/500", "W1": "1/2", "W2": "1/3", "W3": "1/6"}
# Whatever part of net receipts another licensor gets for masters or for publishing, this one gets too.
FAVORED = [
    {"reference_class": "same_licensee", "measure": measure, "looks_back_to": SINCE}
    for measure in ("masters_share", "publishing_share")
]
SCOPES = ["influences:read", "influences:write", "catalogue:read"]
O1 = key("O1")


def asset(name: str) -> dict[str, str]:
    """The field that names an asset of the example."""
    return {"recording" if name.startswith("R") else "work": key(name)}


def by_influence(fallback: list[dict[str, str]]) -> dict[str, Any]:
    """Weighed by the provider's reports of at least four fifths' confidence; else otherwise."""
    model = {"model": "output_influence", "provider": key("provider"), "confidence": "4/5"}
    return {"models": [model], "fallback": fallback}


def plan(**changes: Any) -> dict[str, Any]:
    """The plan of the license: influence; where that is unreliable, masters pro rata and works alike."""
    return {
        **PLAN,
        "masters_by": by_influence([{"model": "train_prorata", "basis": "seconds"}]),
        "publishing_by": by_influence([{"model": "train_equal"}]),
        "quantities": [
            {"basis": "seconds", "recording": key("R1"), "amount": 120},
            {"basis": "seconds", "recording": key("R2"), "amount": 180},
        ],
        **changes,
    }


@dataclass(frozen=True)
class Worked:
    """The example, with the clients of the catalogue, of whoever submitted O1 (and pays), and of its parties."""

    world: World

    @property
    def payer(self) -> Api:
        """Whoever submitted O1 and is its licensee: its commission is COMM."""
        return self.world.distributor

    @property
    def versions(self) -> list[dict[str, Any]]:
        """The versions of O1's splits, the first one first."""
        found: list[dict[str, Any]] = self.payer.get(f"/v1/submissions/{O1}/splits").json()
        return found

    def report(self, name: str = "report", **changes: Any) -> None:
        """State what the provider says of O1."""
        document = {
            "id": key(name),
            "provider": key("provider"),
            "method": "output-boundary attribution",
            "version": "3.1",
            "confidence": "9/10",
            "report": f"sha256:{UUID(key(name)).hex * 2}",
            "weights": [{**asset(one), "part": part} for one, part in INFLUENCE.items()],
        }
        answer = self.payer.post(f"/v1/submissions/{O1}/influences", document | changes)
        assert answer.status_code == 201, answer.content

    def overclaim(self) -> None:
        """State E's claim to half of W2 in the US, where C has 60 % and E had 40."""
        self.world.share("W2 E more", party="E", part="1/10", work=key("W2"), territories=["US"])

    def divide(self) -> int:
        """Derive splits again where what they rest on changed, as the sweep does; return how many differ."""
        made = dividing.sweep(at=timezone.now())
        sequencer.drain(at=timezone.now())
        return made

    def weights(self, country: str, *, version: int = -1) -> dict[str, Fraction]:
        """The weights of O1 in a country, by the example's names of leaves."""
        return weights_of(self.versions[version], country)


def weights_of(version: dict[str, Any], country: str) -> dict[str, Fraction]:
    """The weights of a version of the splits in a country, by the example's names of leaves."""
    (zone,) = (zone for zone in version["zones"] if country in zone["territories"])
    return {leaf_of(part["leaf"]): Fraction(part["part"]) for part in zone["parts"]}


def leaf_of(leaf: str) -> str:
    """The example's name of a leaf."""
    if leaf.startswith("HC/"):
        return "HC"
    names = {key(name): name for name in (*PARTIES, *OWNED)}
    return "/".join(names.get(one, one) for one in leaf.split("/"))


def register(world: World, names: Iterable[str] = OWNED) -> None:
    """Register works and recordings with their shares, and everybody's consent."""
    for name in sorted(names, reverse=True):  # works before the recordings that they are in
        if name.startswith("W"):
            world.state("/v1/works", {"id": key(name), "title": name})
    for name in names:
        if name.startswith("R"):
            fields = {"id": key(name), "title": name, "works": [key(work) for work in WORKS[name]]}
            song = {"R1": "country", "R2": "piano"}[name]
            answer = world.label.upload("/v1/recordings", fields, file=world.sounds.song(song))
            assert answer.status_code == 201, answer.content
        for position, (party, part, countries) in enumerate(OWNED[name]):
            world.share(f"{name} {party} {position}", party=party, part=part, territories=countries, **asset(name))
        for party in dict.fromkeys(party for party, _, _ in OWNED[name]):
            world.consent(f"{name} {party}", grantor=party, **asset(name))


def trade(sounds: Sounds) -> World:
    """Parties and the two clients; nothing is registered."""
    for name, kind in PARTIES.items():
        registrar = UUID(key("distributor")) if name == "provider" else None
        people.register_party(id=UUID(key(name)), kind=kind, name=name, registrar_id=registrar, at=timezone.now())
    catalogue = clients.create(name="catalogue", party_id=UUID(key("label")), scopes=CATALOGUE)
    outputs = clients.create(name="outputs", party_id=UUID(key("distributor")), scopes=[*SUBMISSIONS, *SCOPES])
    return World(Api(catalogue), Api(outputs), sounds)


def cleared(sounds: Sounds) -> Worked:
    """Build the world up to the decision about O1: version 1 of its splits."""
    world = trade(sounds)
    register(world)
    world.license("license", licensor=key("A"), schedule=[asset(name) for name in OWNED], plan=plan(), mfn=FAVORED)
    sent = world.submit(
        "O1",
        sounds.patched(),
        key("R1"),
        key("R2"),
        title="O1",
        territories=COUNTRIES,
        uses=USES,
        contributions=[
            {"component": "lyrics", "ai_level": "none", "actor": key("HC")},
            {"component": "lead_vocal", "ai_level": "none", "actor": key("HC")},
            {"component": "melody", "ai_level": "partly", "tool": "Composer 1", "actor": key("HC")},
        ],
    )
    found = world.settle(sent["id"])
    assert found["state"] == "cleared", found["decision"]
    return Worked(world)


def build(sounds: Sounds) -> Worked:
    """Build the whole example."""
    worked = cleared(sounds)
    worked.report()
    assert worked.divide() == 1
    worked.overclaim()
    assert worked.divide() == 1
    return worked
