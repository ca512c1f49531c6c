"""
What may be said in public about an asset: allowed, by agreement, or not allowed, use by use (CON-4, CON-9). Pure.

The public is nobody's licensee. So a use is allowed only where everybody who holds the right, on each side, everywhere
in the world, allows it to anybody without asking; a reservation anywhere forbids it; and where somebody agreed to less,
to one licensee, in some countries, for some purposes or with approval, the answer is to ask. Whatever is left is not
allowed. Nothing here says who agreed to what.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date
from uuid import UUID

from rights.preferences import Preference
from rights.preferences import uses as preferred_uses
from rights.standing import UNITS, Stance
from rights.vocabulary import RIGHT_OF, RightType, use_mask

ASK = "By license: ask the holders of the rights"
VOICES = frozenset({"voice.train", "voice.generate", "voice.convert", "style.prompt"})

Countries = frozenset[int]


@dataclass(frozen=True)
class Held:
    """Who holds how much of a right in an asset, where; no units where it is no whole number of them."""

    asset_id: UUID
    holder_id: UUID
    right: str
    units: int | None
    countries: Countries


@dataclass(frozen=True)
class Said:
    """What a holder says about uses of an asset: to anybody without a condition, or not."""

    asset_id: UUID
    holder_id: UUID
    stance: Stance
    uses: int
    countries: Countries
    is_unconditional: bool
    ends_on: date | None = None


@dataclass(frozen=True)
class Public:
    """What is published: a stance on each use, and the first day on which it may no longer be so."""

    preferences: tuple[Preference, ...]
    ends_on: date | None


def public(sides: Sequence[UUID], held: Iterable[Held], said: Iterable[Said], world: Countries) -> Public:
    """Return what may be said about an asset that has these sides: a recording and its works, or a work alone."""
    holdings, sayings = list(held), list(said)
    preferences: list[Preference] = []
    ends: list[date] = []
    for use in preferred_uses():
        bit = use_mask([use])
        about = [one for one in sayings if one.uses & bit]
        right = RIGHT_OF[use]
        if any(one.stance is Stance.DENY for one in about):
            preferences.append(Preference(use, "not_allowed"))
            continue
        yes = [one for one in about if one.stance is Stance.ALLOW]
        free = [one for one in yes if one.is_unconditional]
        # A code names a recording or a work and no voice, so nothing that is done with a person is free by it.
        if use not in VOICES and sides and all(_is_free(side, right, holdings, free, world) for side in sides):
            preferences.append(Preference(use, "allowed"))
            ends += [one.ends_on for one in free if one.ends_on is not None]
        elif yes:
            preferences.append(Preference(use, "constrained", ASK))
        else:
            preferences.append(Preference(use, "not_allowed"))
    return Public(tuple(preferences), min(ends, default=None))


def of_output(parts: Sequence[Public], *, has_own: bool) -> tuple[Preference, ...]:
    """
    Return what may be said about an output with these assets in it: of each use the strictest that is said of any.

    :param has_own: people added something of their own; of that nobody said yes, so what remains is to ask
    """
    said = tuple(preference for part in parts for preference in part.preferences)
    if not said or not has_own:
        return said
    return (*said, *(Preference(use, "constrained", ASK) for use in preferred_uses()))


def _is_free(side: UUID, right: RightType, held: Sequence[Held], free: Sequence[Said], world: Countries) -> bool:
    """Whether the whole of a right in one side is held, everywhere, by holders who allow it there to anybody."""
    mine = [one for one in held if one.asset_id == side and one.right == right]
    if any(one.units is None for one in mine):
        return False
    for one in mine:
        allowed: set[int] = set()
        for saying in free:
            if saying.holder_id == one.holder_id and saying.asset_id == side:
                allowed |= saying.countries
        if not one.countries <= allowed:
            return False
    return all(sum(one.units or 0 for one in mine if country in one.countries) == UNITS for country in world)
