"""The obligations of a release, numbered, in the order of ``RULES``. Each yields a finding where it does not hold.

Deny by default: what is not registered, not licensed or not consented to is refused, and the finding says which side
is missing and on which records that rests. Pure; the clock is the claim's date.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from fractions import Fraction

from fingerprint.evidence import Evidence
from rights import territories
from rights.case import Asset, Claim, ConsentTerm, Effect, Finding, Material, ShareTerm, Terms
from rights.vocabulary import AiLevel

Rule = Callable[[Claim, Evidence, Terms], Iterator[Finding]]

SILENT_BELOW_MILLIONTHS = 1_000  # a peak of -60 dBFS
SHORTEST_COMPARABLE_MS = 5_000  # below it no segment is long enough to be told apart from chance


def _seconds(milliseconds: int) -> str:
    minutes, rest = divmod(round(milliseconds / 1000), 60)
    return f"{minutes}:{rest:02d}"


def audio_can_be_compared(claim: Claim, evidence: Evidence, terms: Terms) -> Iterator[Finding]:  # noqa: ARG001
    """1. The output is long and loud enough that a copied segment would be found."""
    if evidence.duration_ms < SHORTEST_COMPARABLE_MS:
        yield Finding(
            "audio_can_be_compared",
            Effect.REVIEW,
            f"The output lasts {evidence.duration_ms / 1000:.1f} s; under {SHORTEST_COMPARABLE_MS // 1000} s"
            " a copied segment cannot be told from chance. Somebody must listen.",
        )
    elif evidence.peak_millionths < SILENT_BELOW_MILLIONTHS:
        yield Finding("audio_can_be_compared", Effect.REVIEW, "The output is silent; there is nothing to compare.")


def matches_are_declared(claim: Claim, evidence: Evidence, terms: Terms) -> Iterator[Finding]:
    """2. Whatever registered recording is heard in the output is declared as an ingredient (CHK-3)."""
    declared = {ingredient.recording_id for ingredient in claim.ingredients}
    heard: dict[Material, list[int]] = {}
    for position, match in enumerate(evidence.matches):
        material = terms.of_reference(match.reference_id)
        if material is None:
            yield Finding(
                "matches_are_declared",
                Effect.REVIEW,
                "A registered reference is heard that belongs to no recording.",
                (match.reference_id,),
                (position,),
            )
        elif material.recording.id not in declared:
            heard.setdefault(material, []).append(position)
    for material, positions in heard.items():
        first = evidence.matches[positions[0]]
        more = f", and {len(positions) - 1} more" if len(positions) > 1 else ""
        yield Finding(
            "matches_are_declared",
            Effect.REFUSE,
            f"“{material.recording.title}” is in the output from {_seconds(first.output.start_ms)} to"
            f" {_seconds(first.output.end_ms)} (in the recording {_seconds(first.reference.start_ms)} to"
            f" {_seconds(first.reference.end_ms)}{more}) and was not declared.",
            (material.recording.id,),
            tuple(positions),
        )


def ingredients_are_heard(claim: Claim, evidence: Evidence, terms: Terms) -> Iterator[Finding]:
    """3. Whatever is declared as an ingredient is heard in the output (CHK-3)."""
    heard = {
        material.recording.id for match in evidence.matches if (material := terms.of_reference(match.reference_id))
    }
    for ingredient in claim.ingredients:
        material = terms.material(ingredient.recording_id)
        if material is None or ingredient.recording_id in heard:
            continue
        why = (
            "no audio of it is registered to compare with"
            if material.reference_id is None
            else "it was not found in the audio; it may be too short, too quiet or too changed to be recognized"
        )
        yield Finding(
            "ingredients_are_heard",
            Effect.REVIEW,
            f"“{material.recording.title}” was declared as an ingredient, but {why}.",
            (material.recording.id,),
        )


def ingredients_are_licensed(claim: Claim, evidence: Evidence, terms: Terms) -> Iterator[Finding]:  # noqa: ARG001
    """4. A license of this licensee covers every side of every ingredient, every use and every territory (LIC-1)."""
    for ingredient in claim.ingredients:
        if terms.material(ingredient.recording_id) is None:
            yield Finding(
                "ingredients_are_licensed",
                Effect.REFUSE,
                "A declared ingredient is not registered, so nobody is known to have licensed it.",
                (ingredient.recording_id,),
            )
    for material in _declared(claim, terms):
        if not material.works:
            yield Finding(
                "ingredients_are_licensed",
                Effect.REFUSE,
                f"The publishing side of “{material.recording.title}” is unknown: no work is registered for it.",
                (material.recording.id,),
            )
        for asset in material.assets:
            yield from _licensed(asset, claim, terms)


def _licensed(asset: Asset, claim: Claim, terms: Terms) -> Iterator[Finding]:
    rule = "ingredients_are_licensed"
    ours = [license_ for license_ in terms.licenses if license_.licensee_id == claim.licensee_id]
    about = [license_ for license_ in ours if asset.id in license_.asset_ids]
    active = [license_ for license_ in about if license_.is_active(terms.on)]
    side = f"The {asset.side.value} side, “{asset.title}”,"
    if not about:
        yield Finding(rule, Effect.REFUSE, f"{side} is on no license of the submitter.", (asset.id,))
    elif not active:
        yield Finding(
            rule,
            Effect.REFUSE,
            f"{side} has no license in force on {terms.on}.",
            (asset.id, *(license_.id for license_ in about)),
        )
    elif not any(license_.covers(claim, terms.on) for license_ in active):
        # Several licenses do not add up: each is a bargain of its own, so the nearest one says what is missing.
        nearest = min(
            active,
            key=lambda one: (
                len(claim.uses - one.uses) + len(claim.territories - one.territories),
                str(one.id),
            ),
        )
        lacks = [f"the use {use}" for use in sorted(claim.uses - nearest.uses)]
        if outside := claim.territories - nearest.territories:
            lacks.append(territories.phrase(outside))
        yield Finding(
            rule,
            Effect.REFUSE,
            f"{side} is licensed, but not for {' and '.join(lacks)}.",
            (asset.id, nearest.id),
        )


def holders_consent(claim: Claim, evidence: Evidence, terms: Terms) -> Iterator[Finding]:  # noqa: ARG001
    """5. Whoever holds a share of an ingredient agreed to these uses, and nobody withdrew (CON-1, CON-4)."""
    for material in _declared(claim, terms):
        for asset in material.assets:
            yield from _shares_are_whole(asset, claim, terms)
            held: dict[tuple[str, ...], ShareTerm] = {}
            for share in terms.shares:
                if share.asset_id == asset.id and share.territories & claim.territories:
                    held.setdefault((str(share.party_id), *sorted(share.territories)), share)
            for share in held.values():
                yield from _consented(asset, share, claim, terms)


def _shares_are_whole(asset: Asset, claim: Claim, terms: Terms) -> Iterator[Finding]:
    off: dict[Fraction, set[str]] = {}
    shares = [share for share in terms.shares if share.asset_id == asset.id]
    for country in sorted(claim.territories):
        total = sum((share.part for share in shares if country in share.territories), Fraction(0))
        if total != 1:
            off.setdefault(total, set()).add(country)
    for total, where in sorted(off.items()):
        said = "nobody is registered as holding it" if total == 0 else f"the registered shares add up to {total}"
        yield Finding(
            "holders_consent",
            Effect.REFUSE,
            f"The {asset.side.value} side, “{asset.title}”: {said} in {territories.phrase(frozenset(where))}.",
            (asset.id, *(share.id for share in shares)),
        )


def _consented(asset: Asset, share: ShareTerm, claim: Claim, terms: Terms) -> Iterator[Finding]:
    rule = "holders_consent"
    where = share.territories & claim.territories
    given = [
        consent
        for consent in terms.consents
        if consent.asset_id == asset.id
        and consent.party_id == share.party_id
        and consent.licensee_id in {None, claim.licensee_id}
    ]
    fitting = [consent for consent in given if _covers(consent, claim, where, terms)]
    if any(consent.withdrawn_on is None or consent.withdrawn_on > terms.on for consent in fitting):
        return
    side = f"the {asset.side.value} side, “{asset.title}”"
    if fitting:
        withdrawn = max(consent.withdrawn_on for consent in fitting if consent.withdrawn_on)
        yield Finding(
            rule,
            Effect.REFUSE,
            f"A holder of {side}, withdrew consent with effect from {withdrawn}; the release would be on {terms.on}.",
            (asset.id, share.id, *(id_ for consent in fitting for id_ in (consent.id, *consent.event_ids))),
        )
    elif given:
        yield Finding(
            rule,
            Effect.REFUSE,
            f"A holder of {side}, consented, but not to these uses in these territories on {terms.on}.",
            (asset.id, share.id, *(consent.id for consent in given)),
        )
    else:
        yield Finding(rule, Effect.REFUSE, f"A holder of {side}, has not consented.", (asset.id, share.id))


def _covers(consent: ConsentTerm, claim: Claim, where: frozenset[str], terms: Terms) -> bool:
    return (
        claim.uses <= consent.uses
        and where <= consent.territories
        and consent.active_from <= terms.on
        and (consent.active_to is None or terms.on < consent.active_to)
    )


def making_is_declared(claim: Claim, evidence: Evidence, terms: Terms) -> Iterator[Finding]:  # noqa: ARG001
    """6. It is declared who or what made the output: at least one component, and the tool of each machine (PRV-2)."""
    if not claim.contributions:
        yield Finding("making_is_declared", Effect.REVIEW, "Nothing is declared about who or what made the output.")
    for contribution in claim.contributions:
        if contribution.ai_level != AiLevel.NONE and not contribution.tool:
            yield Finding(
                "making_is_declared",
                Effect.REVIEW,
                f"{contribution.component.replace('_', ' ').capitalize()} was made with a machine that is not named.",
            )


def _declared(claim: Claim, terms: Terms) -> Iterator[Material]:
    for ingredient in claim.ingredients:
        if material := terms.material(ingredient.recording_id):
            yield material


RULES: tuple[Rule, ...] = (
    audio_can_be_compared,
    matches_are_declared,
    ingredients_are_heard,
    ingredients_are_licensed,
    holders_consent,
    making_is_declared,
)
