"""Reads for ``rights.authority``: who acts for whom, who is protected on a day; after merges of parties."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date
from uuid import UUID

from rights import term_limits
from rights.authority import LONGEST_CHAIN, ORDER, Act, Capacity, Mandate, Safeguard, chain, is_likeness
from rights.consents import ConsentTerms
from rights.merges import survivor, survivors
from rights.models import Party, PartyMerge, Protection, Representation, Voice
from rights.territories import covered
from rights.vocabulary import AssetKind, Authority, PartyKind, ProtectionKind


class NotTheirVoice(Exception):
    """A voice is one person's: name that person as the holder, and who acts for them as the actor."""


@dataclass(frozen=True)
class Standing:
    """By what right somebody acted: the links from the holder to the actor, empty in person."""

    links: tuple[Mandate, ...]

    @property
    def authority_id(self) -> UUID | None:
        """The representation of whoever acted; what it rests on precedes it in ``links``."""
        return self.links[-1].id if self.links else None


def authorize(
    *, grantor_id: UUID, actor_id: UUID, uses: Iterable[str], territories: Iterable[str], on: date
) -> Standing:
    """
    Return by what right the actor acts for the grantor on a day.

    Whoever is not registered is not judged here: the database refuses the reference.

    :raises UnauthorizedAct: by none; the message names what is missing
    """
    one = survivors({grantor_id, actor_id})
    grantor, actor = one[grantor_id], one[actor_id]
    if Party.objects.filter(pk__in={grantor, actor}).count() < len({grantor, actor}):
        return Standing(())
    mandates = _reaching(grantor, on)
    involved = {grantor, actor, *(link.principal_id for link in mandates), *(link.agent_id for link in mandates)}
    act = Act(grantor, actor, frozenset(uses), covered(territories, on), on)
    return Standing(chain(act, mandates, capacities(involved, on)))


def authorize_terms(terms: ConsentTerms, *, on: date) -> Standing:
    """
    Return by what right the terms of a consent are agreed to on a day, and check what the law asks of voices.

    :raises UnauthorizedAct: the actor may not act for the grantor
    :raises NotTheirVoice: the grantor is not the person of a voice that is named
    :raises DescriptionMissing: nothing says which uses of a voice are meant
    :raises TermTooLong: it runs longer than a jurisdiction allows
    :raises EvidenceMissing: a document that a jurisdiction asks for is not named
    """
    standing = authorize(
        grantor_id=terms.grantor_id, actor_id=terms.actor_id, uses=terms.uses, territories=terms.territories, on=on
    )
    if check_offer(terms, on=on):
        jurisdictions, protection = _laws(terms, on)
        term_limits.check_evidence(
            jurisdictions=jurisdictions, protection=protection, evidence=[one.kind for one in terms.evidence]
        )
    return standing


def check_offer(terms: ConsentTerms, *, on: date) -> bool:
    """
    Check what the law asks of terms that nobody has agreed to yet, and return whether they are about a voice.

    :raises NotTheirVoice: the grantor is not the person of a voice that is named
    :raises DescriptionMissing: nothing says which uses of a voice are meant
    :raises TermTooLong: it runs longer than a jurisdiction allows
    """
    kinds = {kind for asset in terms.assets for kind in AssetKind if asset.columns[f"{kind.value}_id"] is not None}
    if not is_likeness(terms.uses, kinds):
        return False
    grantor = survivor(terms.grantor_id)
    if any(person != grantor and not _is_estate_of(grantor, person, on) for person in _people_of(terms)):
        raise NotTheirVoice
    jurisdictions, protection = _laws(terms, on)
    term_limits.check_term(
        jurisdictions=jurisdictions,
        protection=protection,
        active_from=terms.active_from,
        active_to=terms.active_to,
        description=terms.description,
    )
    return True


def _laws(terms: ConsentTerms, on: date) -> tuple[frozenset[str], ProtectionKind | None]:
    """Return whose laws a consent to a voice meets: of where it is used, and of whoever is protected."""
    people = capacities({survivor(terms.grantor_id), *_people_of(terms)}, on)
    protections = [capacity.protection for capacity in people.values() if capacity.protection]
    jurisdictions = {one.jurisdiction for capacity in people.values() for one in capacity.safeguards}
    return covered(terms.territories, terms.active_from) | jurisdictions, min(
        protections, key=ORDER.index, default=None
    )


def counting_as(party_ids: Iterable[UUID]) -> frozenset[UUID]:
    """Return whom these parties count as after merges."""
    return frozenset(survivors(party_ids).values())


def capacities(party_ids: Iterable[UUID], on: date) -> dict[UUID, Capacity]:
    """Return what bears on whether these parties can act on a day; what was merged into them counts for them."""
    ids = set(party_ids)
    merged = dict(
        PartyMerge.objects.filter(survivor__in=ids, undo__isnull=True).values_list("duplicate_id", "survivor_id")
    )
    safeguards: dict[UUID, set[Safeguard]] = {}
    for protection in Protection.objects.filter(party__in=ids | set(merged)):
        if protection.active_from <= on and (protection.active_to is None or on < protection.active_to):
            owner = merged.get(protection.party_id, protection.party_id)
            safeguards.setdefault(owner, set()).add(Safeguard(ProtectionKind(protection.kind), protection.jurisdiction))
    return {
        id: Capacity(id, PartyKind(kind), frozenset(safeguards.get(id, ())))
        for id, kind in Party.objects.filter(pk__in=ids).values_list("pk", "kind")
    }


def _reaching(grantor_id: UUID, on: date) -> list[Mandate]:
    """Return the representations that lead away from a party, link by link, whenever they hold: who ended is named."""
    found: dict[UUID, Mandate] = {}
    frontier = {grantor_id}
    seen: set[UUID] = set()
    for _ in range(LONGEST_CHAIN):
        seen |= frontier
        merged = dict(
            PartyMerge.objects.filter(survivor__in=frontier, undo__isnull=True).values_list(
                "duplicate_id", "survivor_id"
            )
        )
        rows = list(Representation.objects.filter(principal__in=frontier | set(merged)).select_related("end"))
        agents = survivors({row.agent_id for row in rows})
        for row in rows:
            found[row.id] = _mandate(row, merged.get(row.principal_id, row.principal_id), agents[row.agent_id], on)
        frontier = set(agents.values()) - seen
    return list(found.values())


def _mandate(row: Representation, principal_id: UUID, agent_id: UUID, on: date) -> Mandate:
    end = getattr(row, "end", None)
    days = [day for day in (row.active_to, end.effective_on if end else None) if day is not None]
    return Mandate(
        id=row.id,
        principal_id=principal_id,
        agent_id=agent_id,
        authority=Authority(row.authority),
        uses=frozenset(row.uses),
        countries=covered(row.territories, on),
        active_from=row.active_from,
        active_to=min(days) if days else None,
    )


def _people_of(terms: ConsentTerms) -> set[UUID]:
    people = Voice.objects.filter(pk__in=[asset.voice_id for asset in terms.assets if asset.voice_id])
    return set(survivors(people.values_list("person_id", flat=True)).values())


def _is_estate_of(grantor_id: UUID, person_id: UUID, on: date) -> bool:
    return any(
        link.agent_id == grantor_id and link.authority is Authority.ESTATE and link.holds_on(on)
        for link in _reaching(person_id, on)
        if link.principal_id == person_id
    )
