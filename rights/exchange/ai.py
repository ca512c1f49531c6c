"""
The rules of DDEX ERN 4.3.2 about AI that its schema cannot check, in one place for messages in and out. Pure.

V1. ContainsAI All: nobody who is a party contributed.
V2. ContainsAI None: no contribution is Partly or All, and none is of GenerativeAI.
V3. AiContribution All: the contributor is GenerativeAI.
V4. The contributor is GenerativeAI: AiContribution is All, or is not stated.
V5. A resource of which it is on record who made it says something about AI.
V6. A release says no less than the strongest of its resources.
"""

from __future__ import annotations

from collections.abc import Iterator

LEVELS = ("None", "Partly", "All")  # by strength
GENERATIVE = "GenerativeAI"
SPECIAL = (GENERATIVE, "Traditional", "UserDefined", "VariousArtists")


def contradictions(contains: str, *, is_party: bool, special: str, level: str) -> Iterator[tuple[str, str]]:
    """Yield the code and the sentence of each rule of V1 to V4 that one contributor breaks; empty is not stated."""
    is_generative = special == GENERATIVE
    if contains == "All" and is_party:
        yield "ai_v1", "V1: ContainsAI is All, but a party contributed: it is Partly, or nobody did."
    if contains == "None" and (level in {"Partly", "All"} or is_generative):
        yield "ai_v2", "V2: ContainsAI is None, but a contribution is of AI: it is Partly or All."
    if level == "All" and not is_generative:
        yield "ai_v3", "V3: only a SpecialContributor GenerativeAI can have AiContribution All."
    if is_generative and level not in {"", "All"}:
        yield "ai_v4", "V4: the AiContribution of GenerativeAI is All: change it or leave it out."


def strongest(levels: Iterator[str] | list[str]) -> str:
    """Return the strongest of some statements; empty where none says anything."""
    return max((level for level in levels if level), key=LEVELS.index, default="")


def is_weaker(release: str, resource: str) -> bool:
    """Whether a release says less than a resource of it (V6)."""
    return bool(release) and bool(resource) and LEVELS.index(release) < LEVELS.index(resource)


def too_weak(release: str, resource: str) -> str:
    """Return the sentence of V6."""
    return f"V6: the release says {release}, but one of its resources contains AI: {resource}."
