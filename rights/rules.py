"""The obligations of a release, numbered, in the order of ``RULES``. Each yields a finding where it does not hold.

Deny by default: what is not registered, not licensed or not consented to is refused, and the finding says which side
is missing and on which records that rests. Pure; the clock is the claim's date.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, replace
from datetime import date
from fractions import Fraction
from uuid import UUID

from fingerprint.evidence import DRUM_MACHINE, VOICE_MATCH, Evidence, Match
from rights import bands, territories
from rights.bands import Measure, ReferenceClass
from rights.case import (
    AllowanceTerm,
    Asset,
    Claim,
    Effect,
    EnrolledVoice,
    Finding,
    Material,
    ShareTerm,
    Side,
    Terms,
)
from rights.permission import (
    Code,
    Question,
    Ruling,
    consented,
    licensed,
    rights_on,
    shares_of,
    sides_needed,
    totals_of,
)
from rights.permission import rule as rule_on
from rights.vocabulary import AiLevel, Answer, AssetKind, Component, MatchKind, Use

Rule = Callable[[Claim, Evidence, Terms], Iterator[Finding]]

SILENT_BELOW_MILLIONTHS = 1_000  # a peak of -60 dBFS
SHORTEST_COMPARABLE_MS = 5_000  # below it no segment is long enough to be told apart from chance
VOICE_COVERED, VOICE_COVERED_OUT_OF = 9, 10  # of the place of a voice; the edges of two detectors never agree


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
    for position, match in _of_kind(evidence, MatchKind.EXACT):
        material = terms.of_reference(match.reference_id)
        if material is None:
            yield _unknown("matches_are_declared", match, position)
        elif material.recording.id not in declared:
            heard.setdefault(material, []).append(position)
    for material, positions in heard.items():
        found = _strongest(material, positions, claim, evidence, terms)
        first = evidence.matches[found.positions[0]]
        more = f", and {len(positions) - 1} more" if len(positions) > 1 else ""
        where = (
            f"from {_seconds(first.output.start_ms)} to"
            f" {_seconds(first.output.end_ms)} (in the recording {_seconds(first.reference.start_ms)} to"
            f" {_seconds(first.reference.end_ms)}{more})"
        )
        title = f"“{material.recording.title}”"
        yield _undeclared(
            "matches_are_declared",
            found,
            refused=f"{title} is in the output {where} and was not declared.",
            doubtful=f"{title} may be in the output {where} and was not declared",
            passed=f"Something like {title} is in the output {where}",
            rests_on=(material.recording.id,),
            positions=positions,
        )


def versions_are_declared(claim: Claim, evidence: Evidence, terms: Terms) -> Iterator[Finding]:
    """
    3. Whatever registered work is played again in the output is in a declared ingredient (CHK-3).

    It is on the publishing side: a declared recording of the same work covers it, and is itself to be licensed.
    """
    covered = {work.id for material in _declared(claim, terms) for work in material.works}
    declared = {ingredient.recording_id for ingredient in claim.ingredients}
    heard: dict[Material, list[int]] = {}
    for position, match in _of_kind(evidence, MatchKind.VERSION):
        material = terms.of_reference(match.reference_id)
        if material is None:
            yield _unknown("versions_are_declared", match, position)
        elif material.recording.id not in declared and not covered & {work.id for work in material.works}:
            heard.setdefault(material, []).append(position)
    for material, positions in heard.items():
        found = _strongest(material, positions, claim, evidence, terms)
        first = evidence.matches[found.positions[0]]
        more = f", and {len(positions) - 1} more" if len(positions) > 1 else ""
        where = (
            f"from {_seconds(first.output.start_ms)} to {_seconds(first.output.end_ms)} (as in “"
            f"{material.recording.title}” from {_seconds(first.reference.start_ms)} to"
            f" {_seconds(first.reference.end_ms)}{more})"
        )
        what = f"The publishing side, “{material.works[0].title}”," if material.works else "An unregistered work"
        yield _undeclared(
            "versions_are_declared",
            found,
            refused=f"{what} is played again in the output {where}, and no declared ingredient has it.",
            doubtful=f"{what} may be played again in the output {where}, and no declared ingredient has it",
            passed=f"{what} is a little like the output {where}",
            rests_on=(*(work.id for work in material.works), material.recording.id),
            positions=positions,
        )


def voices_are_consented(claim: Claim, evidence: Evidence, terms: Terms) -> Iterator[Finding]:
    """
    4. Whoever's registered voice is heard consented to its being generated or converted, for this use (CHK-4).

    Not where it is the recorded voice of a declared ingredient that is heard in the same place. That a person sang is
    what the submitter says; it opens nothing here.
    """
    heard: dict[UUID, list[int]] = {}
    for position, match in _of_kind(evidence, MatchKind.VOICE):
        heard.setdefault(match.reference_id, []).append(position)
    for enrollment_id, positions in heard.items():
        enrolled = terms.of_enrollment(enrollment_id)
        if enrolled is None:
            yield Finding(
                "voices_are_consented",
                Effect.REVIEW,
                "A voice is heard whose enrollment belongs to no registered voice.",
                (enrollment_id,),
                tuple(positions),
            )
            continue
        sung = [position for position in positions if not _is_recorded(enrolled, position, claim, evidence, terms)]
        if not sung:
            continue
        is_own = any(
            share.party_id == claim.licensee_id for share in terms.shares if share.asset_id == enrolled.voice.id
        )
        found = _measured(sung, ReferenceClass.OWN if is_own else ReferenceClass.THIRD_PARTY, evidence, terms)
        missing = _missing_for_voice(enrolled, claim, terms)
        if missing is None:
            continue
        first = evidence.matches[found.positions[0]]
        more = f", and {len(sung) - 1} more" if len(sung) > 1 else ""
        where = f"from {_seconds(first.output.start_ms)} to {_seconds(first.output.end_ms)}{more}"
        because, asked_again, ids = missing
        effect = Effect.REVIEW if asked_again and found.effect is Effect.REFUSE else found.effect
        likely = f", {found.said}" if effect is not Effect.REFUSE else ""
        said = "is heard" if found.effect is Effect.REFUSE else "may be heard"
        yield Finding(
            "voices_are_consented",
            effect,
            f"A registered voice {said} {where}{likely}, and {because}."
            + (" It is let pass by the bands in force." if effect is Effect.PASS else ""),
            (enrolled.voice.id, enrollment_id, *ids),
            tuple(sung),
        )


def voices_made(claim: Claim, evidence: Evidence, terms: Terms) -> tuple[UUID, ...]:
    """Return the enrollments whose voices are heard in the output elsewhere than on a declared recording of them."""
    made = {
        match.reference_id
        for position, match in _of_kind(evidence, MatchKind.VOICE)
        if (enrolled := terms.of_enrollment(match.reference_id))
        and not _is_recorded(enrolled, position, claim, evidence, terms)
    }
    return tuple(sorted(made, key=str))


def ingredients_are_heard(claim: Claim, evidence: Evidence, terms: Terms) -> Iterator[Finding]:
    """5. Whatever is declared as an ingredient is heard in the output, copied or played again (CHK-3)."""
    heard = set()
    for position, match in enumerate(evidence.matches):
        if match.kind != VOICE_MATCH and (material := terms.of_reference(match.reference_id)):
            found = _measured([position], _class_of(material, claim, terms), evidence, terms)
            if found.effect is not Effect.PASS:
                heard.add(material.recording.id)
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


# --- what a match comes to ---


@dataclass(frozen=True)
class _Found:
    """The strongest of several matches, by the bands."""

    effect: Effect
    positions: tuple[int, ...]  # those that are as strong
    said: str  # how likely it is
    allowance: AllowanceTerm | None = None


_EFFECTS = {bands.Effect.BLOCK: Effect.REFUSE, bands.Effect.REVIEW: Effect.REVIEW, bands.Effect.PASS: Effect.PASS}
_WEAKEST_FIRST = (bands.Effect.PASS, bands.Effect.REVIEW, bands.Effect.BLOCK)


def _of_kind(evidence: Evidence, kind: MatchKind) -> Iterator[tuple[int, Match]]:
    return ((position, match) for position, match in enumerate(evidence.matches) if match.kind == kind)


def _class_of(material: Material, claim: Claim, terms: Terms) -> ReferenceClass:
    sides = {asset.id for asset in material.sides}
    is_own = any(share.asset_id in sides and share.party_id == claim.licensee_id for share in terms.shares)
    return ReferenceClass.OWN if is_own else ReferenceClass.THIRD_PARTY


def _measured(positions: Sequence[int], reference_class: ReferenceClass, evidence: Evidence, terms: Terms) -> _Found:
    measured = {}
    for position in positions:
        match = evidence.matches[position]
        measured[position] = terms.bands.measure(
            MatchKind(match.kind),
            reference_class,
            probability=match.probability_millionths,
            score=match.score_millionths,
            is_common=match.is_common,
        )
    strongest = max((one.effect for one in measured.values()), key=_WEAKEST_FIRST.index)
    as_strong = tuple(position for position in positions if measured[position].effect is strongest)
    best = max((measured[position] for position in as_strong), key=lambda one: (one.measure, one.value))
    said = (
        f"with a probability of {_percent(best.value)}"
        if best.measure is Measure.PROBABILITY
        else f"with a score of {_percent(best.value)}, of which nobody measured how often it is right"
    )
    if all(evidence.matches[position].is_common for position in as_strong):
        is_machine = all(evidence.matches[position].measure(DRUM_MACHINE) for position in as_strong)
        said += ", and all that they share is " + (
            "the pattern of a drum machine" if is_machine else "in unrelated recordings too"
        )
    return _Found(_EFFECTS[strongest], as_strong, said)


def _strongest(material: Material, positions: Sequence[int], claim: Claim, evidence: Evidence, terms: Terms) -> _Found:
    found = _measured(positions, _class_of(material, claim, terms), evidence, terms)
    allowance = terms.allowance(evidence.matches[positions[0]].reference_id, claim.licensee_id)
    return replace(found, allowance=allowance)


def _undeclared(
    rule: str,
    found: _Found,
    *,
    refused: str,
    doubtful: str,
    passed: str,
    rests_on: tuple[UUID, ...],
    positions: Sequence[int],
) -> Finding:
    matches = tuple(positions)
    if found.allowance is not None:
        sentence = (
            f"{passed}. An appeal found this pair to be no reason to stop it, until {found.allowance.expires_on}."
        )
        return Finding(rule, Effect.PASS, sentence, (*rests_on, found.allowance.id), matches)
    match found.effect:
        case Effect.REFUSE:
            return Finding(rule, Effect.REFUSE, refused, rests_on, matches)
        case Effect.REVIEW:
            return Finding(rule, Effect.REVIEW, f"{doubtful}, {found.said}. Somebody must listen.", rests_on, matches)
        case _:
            sentence = f"{passed}, {found.said}: let pass by the bands in force."
            return Finding(rule, Effect.PASS, sentence, rests_on, matches)


def _unknown(rule: str, match: Match, position: int) -> Finding:
    sentence = "A registered reference is heard that belongs to no recording."
    return Finding(rule, Effect.REVIEW, sentence, (match.reference_id,), (position,))


def _is_recorded(enrolled: EnrolledVoice, position: int, claim: Claim, evidence: Evidence, terms: Terms) -> bool:
    """Whether a declared recording with this voice on it is heard throughout the place where the voice is."""
    place = evidence.matches[position].output
    references = {
        material.reference_id
        for material in _declared(claim, terms)
        if enrolled.voice.id in {voice.id for voice in material.voices}
    }
    copied = sorted(
        (max(match.output.start_ms, place.start_ms), min(match.output.end_ms, place.end_ms))
        for _, match in _of_kind(evidence, MatchKind.EXACT)
        if match.reference_id in references
    )
    covered, reached = 0, place.start_ms
    for start, end in copied:
        covered += max(0, end - max(start, reached))
        reached = max(reached, end)
    return covered * VOICE_COVERED_OUT_OF >= (place.end_ms - place.start_ms) * VOICE_COVERED


def _missing_for_voice(
    enrolled: EnrolledVoice, claim: Claim, terms: Terms
) -> tuple[str, bool, tuple[UUID, ...]] | None:
    """Return what stands against the use of a voice, whether it only has to be asked for, and the ids; or None."""
    rulings = _voice_rulings(enrolled, claim, terms)
    if any(ruling.answer is Answer.ALLOW for ruling in rulings):
        return None
    # The one that is nearest to a yes says what is missing.
    nearest = min(rulings, key=lambda ruling: sum(reason.answer is not Answer.ALLOW for reason in ruling.reasons))
    against = [reason for reason in nearest.reasons if reason.answer is not Answer.ALLOW]
    said = list(dict.fromkeys(_VOICE_REASONS.get(reason.code, "it is not cleared") for reason in against))
    ids = tuple(dict.fromkeys(id_ for reason in against for id_ in reason.rests_on))
    return " and ".join(said), nearest.answer is Answer.NEEDS_APPROVAL, ids


def _voice_rulings(enrolled: EnrolledVoice, claim: Claim, terms: Terms) -> list[Ruling]:
    return [
        rule_on(
            enrolled.voice.id,
            AssetKind.VOICE,
            [enrolled.voice],
            replace(question_of(claim, terms), uses=frozenset({use.value})),
            terms,
        )
        for use in (Use.VOICE_GENERATE, Use.VOICE_CONVERT)
    ]


def voice_licenses(claim: Claim, evidence: Evidence, terms: Terms) -> set[UUID]:
    """Return the licenses under which the voices that are heard may be used."""
    return {
        id_
        for enrollment_id in {match.reference_id for _, match in _of_kind(evidence, MatchKind.VOICE)}
        if (enrolled := terms.of_enrollment(enrollment_id))
        for ruling in _voice_rulings(enrolled, claim, terms)
        if ruling.answer is Answer.ALLOW
        for reason in ruling.reasons
        if reason.code is Code.LICENSED
        for id_ in reason.rests_on
    }


_VOICE_REASONS: dict[Code, str] = {
    Code.NOBODY_REGISTERED: "nobody is registered as holding the right in it",
    Code.UNDER_CLAIMED: "the registered shares in it are less than the whole",
    Code.OVER_CLAIMED: "who may agree to its use is contested",
    Code.RESERVED: "the right in it is reserved in public",
    Code.WITHDRAWN: "the consent to its use was withdrawn",
    Code.NOT_COVERED_BY_CONSENT: "the consent to its use does not cover this use",
    Code.NOT_CONSENTED: "nobody consented to its being generated or converted",
    Code.APPROVAL_NEEDED: "whoever consented wants to be asked about each project or output",
    Code.NOT_LICENSED: "it is on no license of the submitter",
    Code.LICENSE_LAPSED: "its license was suspended or terminated",
    Code.LICENSE_NOT_IN_FORCE: "its license is not in force",
    Code.NOT_COVERED_BY_LICENSE: "its license does not cover this use",
    Code.LICENSE_EXHAUSTED: "as many outputs were cleared under its license as it allows",
}


def _percent(millionths: int) -> str:
    return f"{millionths // 10_000}.{millionths // 1_000 % 10} %"


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
    """6. A license of this licensee covers every side of every ingredient, every use and every territory (LIC-1)."""
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
    """7. Whoever holds a share of an ingredient agreed to these uses, and nobody withdrew (CON-1, CON-4)."""
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
    """8. It is declared who or what made the output: at least one component, and the tool of each machine (PRV-2)."""
    if not claim.contributions:
        yield Finding("making_is_declared", Effect.REVIEW, "Nothing is declared about who or what made the output.")
    for contribution in claim.contributions:
        if contribution.ai_level != AiLevel.NONE and not contribution.tool:
            yield Finding(
                "making_is_declared",
                Effect.REVIEW,
                f"{contribution.component.replace('_', ' ').capitalize()} was made with a machine that is not named.",
            )


_SOUNDS = frozenset(
    {
        Component.LYRICS,
        Component.MELODY,
        Component.ARRANGEMENT,
        Component.LEAD_VOCAL,
        Component.BACKING_VOCAL,
        Component.INSTRUMENTS,
    }
)
_MOST_NAMED = 3


def claims_by_others_agree(claim: Claim, evidence: Evidence, terms: Terms) -> Iterator[Finding]:  # noqa: ARG001
    """9. What others claim in the manifest that a file came with was not altered, and agrees with what is declared."""
    others = terms.others
    if others is None:
        return
    rule, ids = "claims_by_others_agree", (others.id,)
    if not others.is_readable:
        yield Finding(rule, Effect.REVIEW, "The file came with a manifest by others that cannot be read.", ids)
        return
    if others.is_broken:
        yield Finding(
            rule,
            Effect.REVIEW,
            "The file came with a manifest by others that does not hold: it, or the file, was changed after signing.",
            ids,
        )
    is_declared = any(one.component in _SOUNDS and one.ai_level != AiLevel.NONE for one in claim.contributions)
    if others.machines and not is_declared:
        yield Finding(
            rule,
            Effect.REVIEW,
            "Others claim, in the manifest that the file came with, that a machine made some of it"
            f" ({', '.join(others.machines)}); nothing of the kind is declared.",
            ids,
        )
    if others.broken_parts:
        named = ", ".join(f"“{title[:60]}”" for title in others.broken_parts[:_MOST_NAMED])
        more = len(others.broken_parts) - _MOST_NAMED
        yield Finding(
            rule,
            Effect.PASS,
            f"In the manifest that the file came with, what went into it does not hold: {named}"
            + (f" and {more} more." if more > 0 else "."),
            ids,
        )


def _declared(claim: Claim, terms: Terms) -> Iterator[Material]:
    for ingredient in claim.ingredients:
        if material := terms.material(ingredient.recording_id):
            yield material


RULES: tuple[Rule, ...] = (
    audio_can_be_compared,
    matches_are_declared,
    versions_are_declared,
    voices_are_consented,
    ingredients_are_heard,
    ingredients_are_licensed,
    holders_consent,
    making_is_declared,
    claims_by_others_agree,
)
RULES_OF_POLICY_3: tuple[Rule, ...] = tuple(rule for rule in RULES if rule is not claims_by_others_agree)
# As they were before matches were of several kinds: under ``bands.BEFORE`` they find what they found then.
RULES_OF_POLICY_2: tuple[Rule, ...] = tuple(
    rule for rule in RULES_OF_POLICY_3 if rule not in {versions_are_declared, voices_are_consented}
)
