"""Judging: claim, evidence and terms in, verdict out. Touches nothing, so a past decision can be decided again."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from enum import StrEnum
from uuid import UUID

from fingerprint.evidence import Evidence
from rights.bands import BEFORE
from rights.case import Claim, Effect, Finding, Terms, Verdict
from rights.rules import RULES, RULES_OF_POLICY_2, RULES_OF_POLICY_3, Rule, voice_licenses

VERSION = "policy/4"  # changes whenever the same case could be judged otherwise
BEFORE_CLAIMS_BY_OTHERS = "policy/3"
BEFORE_BANDS = "policy/2"
LONGEST_SENTENCE = 600  # what the column takes


class NoSuchPolicy(Exception):
    """This release cannot judge by that policy any more, so what was decided by it cannot be decided again."""


class NoRules(Exception):
    """A policy without rules would clear everything; name at least one rule."""


def decide(claim: Claim, evidence: Evidence, terms: Terms, rules: Sequence[Rule] = RULES) -> Verdict:
    """
    Judge a claim.

    It trusts its arguments: whether they are complete is the business of whoever read them.

    :raises NoRules: the sequence of rules is empty
    """
    if not rules:
        raise NoRules
    findings = tuple(finding for rule in rules for finding in rule(claim, evidence, terms))
    cleared = not any(finding.effect in (Effect.REFUSE, Effect.REVIEW) for finding in findings)
    return Verdict(
        findings=findings,
        licenses=licenses_of(claim, evidence, terms) if cleared else (),
        policy_version=VERSION,
        bands_id=terms.bands.id,
    )


def decide_as(version: str, claim: Claim, evidence: Evidence, terms: Terms) -> Verdict:
    """
    Judge a claim as a release of before did, to compare with what was decided then.

    :raises NoSuchPolicy: no rules of that version are kept
    """
    if version == VERSION:
        return decide(claim, evidence, terms)
    if version == BEFORE_CLAIMS_BY_OTHERS:
        verdict = decide(claim, evidence, terms, RULES_OF_POLICY_3)
        return replace(verdict, policy_version=version)
    if version == BEFORE_BANDS:
        verdict = decide(claim, evidence, replace(terms, bands=BEFORE), RULES_OF_POLICY_2)
        return replace(verdict, policy_version=version, bands_id=None)
    raise NoSuchPolicy(f"{version} is not among {BEFORE_BANDS}, {BEFORE_CLAIMS_BY_OTHERS} and {VERSION}")


def licenses_of(claim: Claim, evidence: Evidence, terms: Terms) -> tuple[UUID, ...]:
    """Return what a clearance of this claim rests on: licenses of its ingredients, and of voices heard in it."""
    declared = {ingredient.recording_id for ingredient in claim.ingredients}
    assets = {
        asset.id for material in terms.materials if material.recording.id in declared for asset in material.assets
    }
    found = {license_.id for license_ in terms.covering(claim, assets)} | voice_licenses(claim, evidence, terms)
    return tuple(sorted(found, key=str))


def unreadable(why: str) -> Verdict:
    """Return the verdict on audio that broke off while it was decoded: what cannot be examined does not go out."""
    finding = Finding("audio_can_be_decoded", Effect.REFUSE, f"The audio cannot be examined: {why}")
    return Verdict(findings=(finding,), licenses=(), policy_version=VERSION)


def indivisible(verdict: Verdict, why: str) -> Verdict:
    """Return the verdict on an output that may go out, but whose splits are fractions beyond what can be stored."""
    finding = Finding("output_can_be_split", Effect.REVIEW, f"The splits cannot be stored: {why}")
    return replace(verdict, findings=(*verdict.findings, finding), licenses=())


def unsignable(verdict: Verdict, why: str) -> Verdict:
    """Return the verdict on an output that may go out, but whose file cannot be signed as it is."""
    finding = Finding("output_can_be_signed", Effect.REVIEW, f"The file cannot be signed as it is: {why}")
    return replace(verdict, findings=(*verdict.findings, finding), licenses=())


# --- what a person may let pass ---


class Waiver(StrEnum):
    """What it takes to let a finding pass that a person looked at."""

    JUDGMENT = "judgment"  # the reviewer's own ears and head
    EVIDENCE = "evidence"  # a document, by its digest
    VOUCHING = "vouching"  # that, and the role of whoever holds evidence of a singer's consent
    NEVER = "never"


_LISTENING = frozenset(
    {
        "audio_can_be_compared",
        "matches_are_declared",
        "versions_are_declared",
        "ingredients_are_heard",
        "making_is_declared",
        "claims_by_others_agree",
    }
)


def waiver_of(finding: Finding) -> Waiver:
    """
    Return what it takes to let a finding pass. A refusal is nobody's to wave through, but for the voice gate (CHK-4).

    A voice that may be heard, below the band that refuses, is for the reviewer's ears like any other match.
    """
    if finding.effect is Effect.REFUSE:
        return Waiver.VOUCHING if finding.rule == "voices_are_consented" else Waiver.NEVER
    if finding.rule in _LISTENING:
        return Waiver.JUDGMENT
    if finding.rule == "voices_are_consented":
        return Waiver.JUDGMENT
    return Waiver.EVIDENCE if finding.rule == "holders_consent" else Waiver.NEVER


def is_same(one: Finding, other: Finding) -> bool:
    """Whether two findings are about the same: what was looked at before is there again, and not something new."""
    return (one.rule, set(one.rests_on), one.matches) == (other.rule, set(other.rests_on), other.matches)


def was_let_pass(finding: Finding, before: Sequence[Finding]) -> bool:
    """Whether people let this very finding pass before: of the same rule, about the same, and resting on no more."""
    return any(
        one.effect is Effect.PASS
        and one.rule == finding.rule
        and one.matches == finding.matches
        and set(finding.rests_on) <= set(one.rests_on)
        for one in before
    )


@dataclass(frozen=True)
class Reviewed:
    """A verdict after people looked: what it comes to, and what nobody could let pass."""

    verdict: Verdict
    standing: tuple[Finding, ...]


def let_pass(
    verdict: Verdict,
    seen: Sequence[Finding],
    review_ids: Sequence[UUID],
    *,
    has_evidence: bool,
    vouches: bool,
) -> Reviewed:
    """
    Return a verdict with the findings passed that reviewers saw and may let pass; others stand.

    What they did not see, since it came up later, stands too.
    """
    findings, standing = [], []
    for finding in verdict.findings:
        allowed = {
            Waiver.JUDGMENT: True,
            Waiver.EVIDENCE: has_evidence,
            Waiver.VOUCHING: has_evidence and vouches,
            Waiver.NEVER: False,
        }[waiver_of(finding)]
        if finding.effect is Effect.PASS:
            findings.append(finding)
        elif allowed and any(is_same(finding, one) for one in seen):
            findings.append(
                replace(
                    finding,
                    effect=Effect.PASS,
                    sentence=_cut(f"Let pass on review: {finding.sentence}"),
                    rests_on=(*finding.rests_on, *review_ids),
                )
            )
        else:
            findings.append(finding)
            standing.append(finding)
    return Reviewed(replace(verdict, findings=tuple(findings), licenses=()), tuple(standing))


def refused_on_review(verdict: Verdict, review_ids: Sequence[UUID], reason: str) -> Verdict:
    """Return the verdict on an output that people looked at and refused."""
    finding = Finding("reviewers_agree", Effect.REFUSE, f"Refused on review: {reason}.", tuple(review_ids))
    return replace(verdict, findings=(*verdict.findings, finding), licenses=())


def _cut(sentence: str) -> str:
    return sentence if len(sentence) <= LONGEST_SENTENCE else sentence[: LONGEST_SENTENCE - 1] + "…"
