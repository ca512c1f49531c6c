"""Sets of territories as contracts write them: codes to include, then codes to exclude, read from left to right.

``2136`` is the World of the CISAC TIS table; two letters are a country of ISO 3166-1; a leading ``-`` excludes. So
``["2136", "-US"]`` is the world except the United States. Pure.
"""

from __future__ import annotations

from collections.abc import Iterable
from functools import lru_cache

import pycountry

WORLD = "2136"


class NoSuchTerritory(Exception):
    """A territory is an ISO 3166-1 country code of two letters, or 2136 for the world."""


class NoTerritory(Exception):
    """A set of territories must include at least one country."""


@lru_cache(maxsize=1)
def countries() -> frozenset[str]:
    """Return every country code of ISO 3166-1 (alpha-2)."""
    return frozenset(country.alpha_2 for country in pycountry.countries)


@lru_cache(maxsize=4096)
def _expand(codes: tuple[str, ...]) -> frozenset[str]:
    found: frozenset[str] = frozenset()
    for code in codes:
        bare = code.removeprefix("-")
        if bare != WORLD and bare not in countries():
            raise NoSuchTerritory(
                f"{code!r} is not a territory: use an ISO 3166-1 code such as DE, or 2136 for the world"
            )
        meant = countries() if bare == WORLD else frozenset({bare})
        found = found - meant if code.startswith("-") else found | meant
    if not found:
        raise NoTerritory("the territories leave no country: include at least one")
    return found


def expand(codes: Iterable[str]) -> frozenset[str]:
    """
    Return the countries that are meant.

    :raises NoSuchTerritory: a code is not in the tables
    :raises NoTerritory: nothing is left
    """
    return _expand(tuple(codes))


def name(code: str) -> str:
    """Return what people call a country code."""
    if code == WORLD:
        return "the world"
    country = pycountry.countries.get(alpha_2=code)
    return str(country.name) if country else code


def phrase(codes: frozenset[str]) -> str:
    """Return a short phrase for a sentence: up to three names, then a count."""
    if codes == countries():
        return "the world"
    listed = sorted(codes)
    if len(listed) <= 3:
        return ", ".join(name(code) for code in listed)
    return f"{name(listed[0])} and {len(listed) - 1} more territories"
