"""
Who may act for a holder: in person, or through a chain of representations that holds on the day (PAR-2, CON-10). Pure.

A chain leads from the holder to whoever acts, each link in force on the day and covering the uses and the countries.
The holder may be a child, a ward or dead: then nobody acts for them but a guardian, a court or the estate, and a
mandate that they gave when they could is worth nothing. Whoever is missing is named, so that it can be put right;
nothing is silently valid.

This is the shape that the laws have in common, as a default that refuses too much rather than too little. It is not
legal advice, and it does not read the papers whose digests it asks for.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from uuid import UUID

from rights.territories import phrase
from rights.vocabulary import AssetKind, Authority, PartyKind, ProtectionKind, Use

LONGEST_CHAIN = 4

# By whose authority others act for somebody who cannot.
ACTS_FOR: dict[ProtectionKind, frozenset[Authority]] = {
    ProtectionKind.MINOR: frozenset({Authority.GUARDIAN, Authority.COURT}),
    ProtectionKind.GUARDIANSHIP: frozenset({Authority.GUARDIAN, Authority.COURT}),
    ProtectionKind.DECEASED: frozenset({Authority.ESTATE, Authority.COURT}),
}
# Authorities that nobody can give: they follow from a protection, and end with it.
OF_LAW: dict[Authority, frozenset[ProtectionKind]] = {
    Authority.GUARDIAN: frozenset({ProtectionKind.MINOR, ProtectionKind.GUARDIANSHIP}),
    Authority.ESTATE: frozenset({ProtectionKind.DECEASED}),
}
ORDER = (ProtectionKind.DECEASED, ProtectionKind.MINOR, ProtectionKind.GUARDIANSHIP)  # which one decides
LIKENESS_USES = frozenset({Use.VOICE_TRAIN.value, Use.VOICE_GENERATE.value, Use.VOICE_CONVERT.value})

_SAID = {
    ProtectionKind.MINOR: ("a minor", "a guardian or a court"),
    ProtectionKind.GUARDIANSHIP: ("under guardianship", "a guardian or a court"),
    ProtectionKind.DECEASED: ("dead", "the estate or a court"),
}


class UnauthorizedAct(Exception):
    """Whoever acted may not act for the holder: record the representation that is missing, and act again."""


@dataclass(frozen=True)
class Mandate:
    """That one party acts for another, for [from, to); no uses named means every use."""

    id: UUID
    principal_id: UUID
    agent_id: UUID
    authority: Authority
    uses: frozenset[str]
    countries: frozenset[str]
    active_from: date
    active_to: date | None

    def holds_on(self, day: date) -> bool:
        """Whether the day lies in it."""
        return self.active_from <= day and (self.active_to is None or day < self.active_to)


@dataclass(frozen=True)
class Safeguard:
    """That a person cannot act alone, or at all, on the day, and whose law says so."""

    kind: ProtectionKind
    jurisdiction: str


@dataclass(frozen=True)
class Capacity:
    """What bears on whether a party can act: what it is in law, and how it is protected on the day."""

    party_id: UUID
    kind: PartyKind
    safeguards: frozenset[Safeguard] = frozenset()

    @property
    def protection(self) -> ProtectionKind | None:
        """The protection that decides: death ends the others."""
        kinds = {safeguard.kind for safeguard in self.safeguards}
        return next((kind for kind in ORDER if kind in kinds), None)


@dataclass(frozen=True)
class Act:
    """Who acts for whom, about what, where and when."""

    grantor_id: UUID
    actor_id: UUID
    uses: frozenset[str]
    countries: frozenset[str]
    on: date


def is_likeness(uses: Iterable[str], kinds: Iterable[AssetKind]) -> bool:
    """Whether a consent lets a machine use a person's voice: uses of voices, and whatever is done with one."""
    given = set(uses)
    return bool(given & LIKENESS_USES) or (AssetKind.VOICE in set(kinds) and given != {Use.IDENTIFY.value})


def chain(act: Act, mandates: Sequence[Mandate], parties: Mapping[UUID, Capacity]) -> tuple[Mandate, ...]:
    """
    Return the shortest chain by which the actor acts for the grantor; empty where they are one and act in person.

    :raises UnauthorizedAct: there is none; the message names what is missing
    """
    if act.actor_id == act.grantor_id:
        _may_act_alone(parties.get(act.actor_id), act.on)
        return ()
    holding = [mandate for mandate in mandates if mandate.holds_on(act.on)]
    lawful = [mandate for mandate in holding if _is_lawful(mandate, parties)]
    found = _path(act, [mandate for mandate in lawful if _covers(mandate, act)])
    if found is None:
        raise UnauthorizedAct(_missing(act, mandates, holding, lawful, parties))
    return found


def _may_act_alone(capacity: Capacity | None, on: date) -> None:
    if capacity is None or capacity.protection is None:
        return
    what, who = _SAID[capacity.protection]
    raise UnauthorizedAct(f"The holder is {what} on {on}: {who} acts, and is named as the actor")


def _is_lawful(mandate: Mandate, parties: Mapping[UUID, Capacity]) -> bool:
    principal = parties.get(mandate.principal_id)
    protection = principal.protection if principal else None
    if protection is not None and mandate.authority not in ACTS_FOR[protection]:
        return False
    of_law = OF_LAW.get(mandate.authority)
    if of_law is not None and protection not in of_law:
        # An estate that is a party of its own is represented like any other; nobody else is, unless protected.
        is_estate = principal is not None and principal.kind is PartyKind.ESTATE
        if not (is_estate and mandate.authority is Authority.ESTATE):
            return False
    agent = parties.get(mandate.agent_id)
    return agent is None or agent.protection is None


def _covers(mandate: Mandate, act: Act) -> bool:
    return (not mandate.uses or act.uses <= mandate.uses) and act.countries <= mandate.countries


def _path(act: Act, mandates: Sequence[Mandate]) -> tuple[Mandate, ...] | None:
    by_principal: dict[UUID, list[Mandate]] = {}
    for mandate in sorted(mandates, key=lambda one: str(one.id)):
        by_principal.setdefault(mandate.principal_id, []).append(mandate)
    paths: list[tuple[Mandate, ...]] = [()]
    seen = {act.grantor_id}
    for _ in range(LONGEST_CHAIN):
        longer: list[tuple[Mandate, ...]] = []
        for path in paths:
            end = path[-1].agent_id if path else act.grantor_id
            for mandate in by_principal.get(end, ()):
                if mandate.agent_id == act.actor_id:
                    return (*path, mandate)
                if mandate.agent_id not in seen:
                    seen.add(mandate.agent_id)
                    longer.append((*path, mandate))
        paths = longer
    return None


def _missing(
    act: Act,
    mandates: Sequence[Mandate],
    holding: Sequence[Mandate],
    lawful: Sequence[Mandate],
    parties: Mapping[UUID, Capacity],
) -> str:
    """Say what stands between the actor and the grantor, by asking less until there is a chain."""
    actor, grantor = f"party {act.actor_id}", f"party {act.grantor_id}"
    reaching = _path(act, lawful)
    if reaching is not None:
        uses = sorted(set().union(*(act.uses - link.uses for link in reaching if link.uses)))
        if uses:
            return f"The mandate of {actor} does not cover {', '.join(uses)}: record one that does"
        where = frozenset().union(*(act.countries - link.countries for link in reaching))
        if where:
            return f"The mandate of {actor} does not cover {phrase(where)}: record one that does"
        return f"The mandates between {grantor} and {actor} cover only parts of this: record one that covers the whole"
    broken = _first(holding, lambda link: not _is_lawful(link, parties), act)
    if broken is not None:
        return _unlawful(broken, act.on, parties)
    over = _path(act, mandates)
    if over is not None:
        link = next(link for link in over if not link.holds_on(act.on))
        if act.on < link.active_from:
            return f"The representation {link.id} begins on {link.active_from}, after {act.on}"
        return f"The representation {link.id} ended on {link.active_to}, before {act.on} or on it"
    return f"Nobody recorded that {actor} acts for {grantor}: record the representation with its document"


def _first(mandates: Sequence[Mandate], fails: Callable[[Mandate], bool], act: Act) -> Mandate | None:
    path = _path(act, mandates)
    return next((link for link in path if fails(link)), None) if path else None


def _unlawful(link: Mandate, on: date, parties: Mapping[UUID, Capacity]) -> str:
    agent = parties.get(link.agent_id)
    if agent is not None and agent.protection is not None:
        return f"Party {link.agent_id} of the chain is {_SAID[agent.protection][0]} on {on}, and acts for nobody"
    principal = parties.get(link.principal_id)
    if principal is not None and principal.protection is not None:
        what, who = _SAID[principal.protection]
        return f"Party {link.principal_id} is {what} on {on}: {who} acts for them, and no {_plain(link.authority)}"
    return (
        f"Party {link.principal_id} is not protected on {on}, so the authority of {_plain(link.authority)} is over:"
        " they act in person, or give a mandate"
    )


def _plain(authority: Authority) -> str:
    return authority.value.replace("_", " ")
