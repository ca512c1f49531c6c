"""The obligations of a release, numbered, in the order of ``RULES``. Each yields a finding where it does not hold.

Deny by default: what is not registered, not licensed or not consented to is refused, and the finding says which side
is missing and on which records that rests. Pure; the clock is the claim's date.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from datetime import date
from fractions import Fraction
from uuid import UUID

from fingerprint.evidence import Evidence
from rights import territories
from rights.case import Asset, Claim, Effect, Finding, Material, ShareTerm, Side, Terms
from rights.permission import (
    Code,
    Question,
    consented,
    licensed,
    rights_on,
    shares_of,
    sides_needed,
    totals_of,
)
from rights.vocabulary import AiLevel, AssetKind

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


def question_of(claim: Claim, terms: Terms) -> Question:
    """Return what a claim asks of each of its ingredients, on the day of the terms."""
    return Question(
        licensee_id=claim.licensee_id,
        uses=claim.uses,
        territories=claim.territories,
        on=terms.on,
        purposes=claim.purposes,
        model_id=claim.model_id,
        model_version_id=claim.model_version_id,
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
    question = question_of(claim, terms)
    for material in _declared(claim, terms):
        there = {asset.side for asset in material.sides}
        for side in sides_needed(AssetKind.RECORDING, question):
            if side not in there:
                what = "work" if side is Side.PUBLISHING else "voice"
                yield Finding(
                    "ingredients_are_licensed",
                    Effect.REFUSE,
                    f"The {side.value} side of “{material.recording.title}” is unknown:"
                    f" no {what} is registered for it.",
                    (material.recording.id,),
                )
        for asset in material.sides:
            for right in rights_on(asset.side, question):
                yield from _licensed(asset, question.uses_of(right), question, terms)


def _licensed(asset: Asset, uses: frozenset[str], question: Question, terms: Terms) -> Iterator[Finding]:
    reason, _ = licensed(asset, uses, question, terms)
    if reason.code is Code.LICENSED:
        return
    side = f"The {asset.side.value} side, “{asset.title}”,"
    match reason.code:
        case Code.NOT_LICENSED:
            sentence = f"{side} is on no license of the submitter."
        case Code.LICENSE_NOT_IN_FORCE:
            sentence = f"{side} has no license in force on {question.on}."
        case Code.LICENSE_LAPSED:
            sentence = f"{side} has no license in force on {question.on}: it was suspended or terminated."
        case Code.LICENSE_EXHAUSTED:
            sentence = f"{side} is licensed, but as many outputs were cleared under the license as it allows."
        case _:
            # Several licenses do not add up: each is a bargain of its own, so the nearest one says what is missing.
            nearest = min(
                (one for one in terms.licenses if one.id in reason.rests_on),
                key=lambda one: (len(uses - one.uses) + len(question.territories - one.territories), str(one.id)),
            )
            lacks = [f"the use {use}" for use in sorted(uses - nearest.uses)]
            if outside := question.territories - nearest.territories:
                lacks.append(territories.phrase(outside))
            lacks += [f"the purpose {one}" for one in sorted(nearest.barred & question.purposes)]
            if nearest.model_versions and question.model_version_id not in nearest.model_versions:
                lacks.append("an output that names none of the model versions that it is bound to")
            if not (nearest.release_from or date.min) <= question.on < (nearest.release_to or date.max):
                lacks.append(f"a release on {question.on}")
            yield Finding(
                "ingredients_are_licensed",
                Effect.REFUSE,
                f"{side} is licensed, but not for {' and '.join(lacks)}.",
                (asset.id, nearest.id),
            )
            return
    yield Finding("ingredients_are_licensed", Effect.REFUSE, sentence, (asset.id, *reason.rests_on))


def holders_consent(claim: Claim, evidence: Evidence, terms: Terms) -> Iterator[Finding]:  # noqa: ARG001
    """5. Whoever holds a share of an ingredient agreed to these uses, and nobody withdrew (CON-1, CON-4)."""
    question = question_of(claim, terms)
    for material in _declared(claim, terms):
        for asset in material.sides:
            for right in rights_on(asset.side, question):
                held = shares_of(asset, right, question, terms)
                yield from _shares_are_whole(asset, held, question)
                seen: set[tuple[UUID, frozenset[str]]] = set()
                for share in held:
                    where = share.territories & question.territories
                    if (share.party_id, where) not in seen:
                        seen.add((share.party_id, where))
                        yield from _consented(asset, share, question.uses_of(right), question, terms)


def _shares_are_whole(asset: Asset, held: tuple[ShareTerm, ...], question: Question) -> Iterator[Finding]:
    off: dict[Fraction, set[str]] = {}
    for country, total in totals_of(held, sorted(question.territories)).items():
        if total != 1:
            off.setdefault(total, set()).add(country)
    for total, where in sorted(off.items()):
        said = "nobody is registered as holding it" if total == 0 else f"the registered shares add up to {total}"
        if total > 1:
            said += ", so who may agree to what is contested,"
        yield Finding(
            "holders_consent",
            # Who claims too little cannot be asked for the rest; who claims too much must first agree among themselves.
            Effect.REVIEW if total > 1 else Effect.REFUSE,
            f"The {asset.side.value} side, “{asset.title}”: {said} in {territories.phrase(frozenset(where))}.",
            (asset.id, *(share.id for share in held)),
        )


def _consented(
    asset: Asset, share: ShareTerm, uses: frozenset[str], question: Question, terms: Terms
) -> Iterator[Finding]:
    reason, _ = consented(asset, share, uses, question, terms)
    side = f"the {asset.side.value} side, “{asset.title}”"
    rests_on = (asset.id, *reason.rests_on)
    effect = Effect.REFUSE
    match reason.code:
        case Code.CONSENTED:
            return
        case Code.APPROVAL_NEEDED:
            effect = Effect.REVIEW
            sentence = f"A holder of {side}, consented, but wants to be asked about each project or output."
        case Code.RESERVED:
            sentence = f"A holder of {side}, reserved these uses in public, and no consent names the reservation."
        case Code.WITHDRAWN:
            withdrawn = [one for one in terms.consents if one.id in reason.rests_on and one.withdrawn_on]
            since = max(one.withdrawn_on for one in withdrawn if one.withdrawn_on)
            sentence = (
                f"A holder of {side}, withdrew consent with effect from {since}; the release would be on {question.on}."
            )
            rests_on = (
                asset.id,
                share.id,
                *dict.fromkeys(id_ for one in withdrawn for id_ in (one.id, *one.event_ids)),
            )
        case Code.NOT_COVERED_BY_CONSENT:
            what = "these uses" + (" for these purposes" if question.purposes else "")
            what += " by this model" if question.model_version_id else ""
            sentence = f"A holder of {side}, consented, but not to {what} in these territories on {question.on}."
        case _:
            sentence = f"A holder of {side}, has not consented."
    yield Finding("holders_consent", effect, sentence, rests_on)


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
