"""
Both rights situations of what an output has in common with something registered: who holds it, and who agreed.

It asks what a decision asks, of the same rules and on the terms that hold now; it decides nothing.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from datetime import datetime
from fractions import Fraction
from typing import Any
from uuid import UUID

from ledger import deciding
from ledger.report import Dossier
from ledger.reports.presentation import Link, passable, voice
from ledger.visibility import EVERYTHING, seen
from rights import permission, rules, terms
from rights.case import Asset, Claim, Side, Terms
from rights.models import Consent, License, Party, Recording, Reservation, Share, Voice, Work
from rights.permission import ANSWERS, Code, Question, Reason
from rights.territories import phrase
from rights.vocabulary import Answer, Use

SIDES = {Side.MASTER: "Master", Side.PUBLISHING: "Publishing", Side.VOICE: "Voice"}
MODELS: dict[Side, type[Any]] = {Side.MASTER: Recording, Side.PUBLISHING: Work, Side.VOICE: Voice}
LOOKS = {
    Answer.ALLOW: "cleared",
    Answer.DENY: "refused",
    Answer.NEEDS_APPROVAL: "review",
    Answer.UNKNOWN: "undeclared",
}
SAID = {
    Code.NOBODY_REGISTERED: "Nobody is registered as holding it",
    Code.UNDER_CLAIMED: "The shares are less than the whole",
    Code.OVER_CLAIMED: "More than the whole is claimed",
    Code.RESERVED: "Reserved in public",
    Code.WITHDRAWN: "Withdrawn",
    Code.NOT_COVERED_BY_CONSENT: "Agreed, but not to this",
    Code.NOT_CONSENTED: "Has not agreed",
    Code.APPROVAL_NEEDED: "Wants to be asked",
    Code.CONSENTED: "Agreed",
    Code.NOT_LICENSED: "On no license of the submitter",
    Code.LICENSE_LAPSED: "License suspended or terminated",
    Code.LICENSE_NOT_IN_FORCE: "No license in force on the day",
    Code.NOT_COVERED_BY_LICENSE: "Licensed, but not for this",
    Code.LICENSE_EXHAUSTED: "License allows no more outputs",
    Code.LICENSED: "Licensed",
}
VOICE_USES = {Use.VOICE_GENERATE.value: "to be generated", Use.VOICE_CONVERT.value: "to be converted into"}


@dataclass(frozen=True)
class Said:
    """One answer, as a chip, and the record that it rests on."""

    text: str
    look: str
    record: Link | None = None
    more: str = ""


@dataclass(frozen=True)
class Holder:
    """Who holds a part of one side, and what they say to this use."""

    who: Link
    part: str
    where: str
    answer: Said


@dataclass(frozen=True)
class OneSide:
    """Master, publishing or a voice: each is cleared apart (AST-2)."""

    name: str
    asset: Link
    use: str  # which use it is about, where it is not the output's own
    holders: tuple[Holder, ...]
    gaps: tuple[Said, ...]  # where less or more than the whole is claimed
    license: Said


@dataclass(frozen=True)
class Situation:
    """Who holds what of the thing that is heard, and what they and the submitter agreed on."""

    sides: tuple[OneSide, ...]
    allowed_until: str  # of a pair that an appeal taught to let pass


def of(found: Dossier, *, at: datetime) -> Mapping[UUID, Situation]:
    """Return the situation of each reference and voice that is heard in an output, on what is known at a moment."""
    if found.evidence is None:
        return {}
    claim = terms.claim_of(found.submission, known_at=at)
    in_force = deciding.in_force_on(claim, found.evidence, known_at=at)
    question = rules.question_of(claim, in_force)
    situations = {}
    for reference_id in dict.fromkeys(heard.match.reference_id for heard in found.heard):
        asked = list(_asked(reference_id, question, in_force))
        if asked:
            situations[reference_id] = _Reader(found, claim, in_force).situation(reference_id, asked)
    return situations


def _asked(reference_id: UUID, question: Question, in_force: Terms) -> Iterable[tuple[Asset, Question]]:
    material = in_force.of_reference(reference_id)
    enrolled = in_force.of_enrollment(reference_id)
    if material is not None:
        for asset in material.sides:
            if asset.side is not Side.VOICE or question.uses & VOICE_USES.keys():
                yield asset, question
    elif enrolled is not None:
        # A voice is imitated in one of two ways, and a consent to either is one to that way.
        for use in VOICE_USES:
            yield enrolled.voice, replace(question, uses=frozenset({use}))


class _Reader:
    """Puts rulings into words, with the names that whoever reads may see."""

    def __init__(self, found: Dossier, claim: Claim, in_force: Terms) -> None:
        self.sight = EVERYTHING if found.is_own else found.sight
        self.found, self.claim, self.in_force = found, claim, in_force

    def situation(self, reference_id: UUID, asked: Iterable[tuple[Asset, Question]]) -> Situation:
        sides = tuple(self._side(asset, question) for asset, question in asked)
        allowance = self.in_force.allowance(reference_id, self.claim.licensee_id)
        shown = Situation(sides, allowance.expires_on.isoformat() if allowance else "")
        passed: Situation = shown if self.found.sight.is_whole else passable(shown, self.found.sight)
        return passed

    def _side(self, asset: Asset, question: Question) -> OneSide:
        right = next(iter(permission.rights_on(asset.side, question)), None)
        held = permission.shares_of(asset, right, question, self.in_force) if right else ()
        uses = question.uses_of(right) if right else question.uses
        gaps = [reason for reason, _ in permission.claimed(asset, held, question)] if right else []
        licensed, until = permission.licensed(asset, uses, question, self.in_force)
        shares = seen(Share.objects.filter(pk__in=[share.id for share in held]), self.sight).in_bulk()
        names = Party.objects.select_related("identity").in_bulk({share.party_id for share in held})
        return OneSide(
            name=SIDES[asset.side],
            asset=self._asset(asset),
            use=VOICE_USES[next(iter(question.uses))] if question.uses <= VOICE_USES.keys() else "",
            holders=tuple(
                Holder(
                    who=(
                        Link(str(names[share.party_id]), Party, share.party_id)
                        if share.id in shares and share.party_id in names
                        else Link("Another holder")
                    ),
                    part=_part(share.part),
                    where="" if share.territories >= question.territories else phrase(share.territories),
                    answer=self._consent(asset, share, uses, question),
                )
                for share in held
            ),
            gaps=tuple(Said(SAID[gap.code], LOOKS[gap.answer]) for gap in gaps),
            license=self._said(licensed, License, until.isoformat() if until else ""),
        )

    def _asset(self, asset: Asset) -> Link:
        if asset.side is not Side.VOICE:
            return Link(asset.title, MODELS[asset.side], asset.id)
        return voice(asset.id, self.found.sight)

    def _consent(self, asset: Asset, share: Any, uses: frozenset[str], question: Question) -> Said:
        reason, until = permission.consented(asset, share, uses, question, self.in_force)
        model = Reservation if reason.code is Code.RESERVED else Consent
        return self._said(reason, model, until.isoformat() if until else "")

    def _said(self, reason: Reason, model: type[Any], until: str) -> Said:
        rows = seen(model.objects.filter(pk__in=reason.rests_on), self.sight)
        first = rows.order_by("pk").first()
        record = Link(f"{model._meta.verbose_name} {str(first.pk)[:8]}", model, first.pk) if first else None
        return Said(SAID.get(reason.code, reason.code.value), LOOKS[ANSWERS[reason.code]], record,
                    f"until before {until}" if until else "")  # fmt: skip


def _part(part: Fraction) -> str:
    whole = f"{part.numerator}/{part.denominator}" if part.denominator > 1 else str(part.numerator)
    return f"{whole} ({float(part * 100):.2f} %)" if part.denominator > 1 else "all of it"
