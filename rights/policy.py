"""Judging: claim, evidence and terms in, verdict out. Touches nothing, so a past decision can be decided again."""

from __future__ import annotations

from collections.abc import Sequence
from uuid import UUID

from fingerprint.evidence import Evidence
from rights.case import Claim, Effect, Finding, Terms, Verdict
from rights.rules import RULES, Rule

VERSION = "policy/2"  # changes whenever the same case could be judged otherwise


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
        licenses=tuple(sorted(_licenses(claim, terms), key=str)) if cleared else (),
        policy_version=VERSION,
    )


def _licenses(claim: Claim, terms: Terms) -> set[UUID]:
    declared = {ingredient.recording_id for ingredient in claim.ingredients}
    assets = {
        asset.id for material in terms.materials if material.recording.id in declared for asset in material.assets
    }
    return {license_.id for license_ in terms.covering(claim, assets)}


def unreadable(why: str) -> Verdict:
    """Return the verdict on audio that broke off while it was decoded: what cannot be examined does not go out."""
    finding = Finding("audio_can_be_decoded", Effect.REFUSE, f"The audio cannot be examined: {why}")
    return Verdict(findings=(finding,), licenses=(), policy_version=VERSION)


def indivisible(verdict: Verdict, why: str) -> Verdict:
    """Return the verdict on an output that may go out, but whose splits are fractions beyond what can be stored."""
    finding = Finding("output_can_be_split", Effect.REVIEW, f"The splits cannot be stored: {why}")
    return Verdict(findings=(*verdict.findings, finding), licenses=(), policy_version=verdict.policy_version)


def unsignable(verdict: Verdict, why: str) -> Verdict:
    """Return the verdict on an output that may go out, but whose file cannot be signed as it is."""
    finding = Finding("output_can_be_signed", Effect.REVIEW, f"The file cannot be signed as it is: {why}")
    return Verdict(findings=(*verdict.findings, finding), licenses=(), policy_version=verdict.policy_version)
