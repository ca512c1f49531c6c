"""A case that clears, and small changes to it: one song, one work, three holders, one license, one match."""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import date, timedelta
from fractions import Fraction
from typing import Any
from uuid import NAMESPACE_URL, UUID, uuid5

from fingerprint.evidence import EXACT_MATCH, Detector, Evidence, Match, Segment
from rights.case import (
    Asset,
    Claim,
    ConsentTerm,
    DeclaredContribution,
    DeclaredIngredient,
    Finding,
    LicenseTerm,
    Material,
    ShareTerm,
    Side,
    Terms,
)

DAY = date(2027, 3, 1)
BEFORE, AFTER = DAY - timedelta(days=1), DAY + timedelta(days=1)
LONG_AGO = date(2026, 1, 1)
USES = frozenset({"infer.input", "distribute.outside"})
HERE = frozenset({"DE", "FR"})


def key(name: str) -> UUID:
    """Return the id that the tests give to something."""
    return uuid5(NAMESPACE_URL, f"https://tests.example/{name}")


def material(name: str, *, works: int = 1, has_audio: bool = True) -> Material:
    """Return a recording with its works."""
    return Material(
        recording=Asset(key(name), Side.MASTER, name.capitalize()),
        works=tuple(
            Asset(key(f"{name} work {number}"), Side.PUBLISHING, f"{name.capitalize()}, composed")
            for number in range(works)
        ),
        reference_id=key(f"{name} reference") if has_audio else None,
        isrc=None,
        audio_digest="ab" * 32 if has_audio else None,
    )


def share(asset: Asset, holder: str, part: str, *, where: frozenset[str] = HERE) -> ShareTerm:
    """Return what a holder has of an asset."""
    name = f"share {asset.id} {holder} {sorted(where)}"
    return ShareTerm(key(name), asset.id, key(holder), Fraction(part), where)


def consent(asset: Asset, holder: str, *, name: str = "", **changed: Any) -> ConsentTerm:
    """Return what a holder agreed to: everything that the case asks for, unless said otherwise."""
    id_ = key(f"consent {asset.id} {holder} {name}")
    given = ConsentTerm(
        id=id_,
        asset_id=asset.id,
        party_id=key(holder),
        uses=USES,
        territories=HERE,
        licensee_id=None,
        active_from=LONG_AGO,
        active_to=None,
        withdrawn_on=None,
        event_ids=(uuid5(id_, "granted"),),
    )
    return replace(given, **changed)


def license_of(*materials: Material, name: str = "license", **changed: Any) -> LicenseTerm:
    """Return a license of the distributor with both sides of these recordings on its schedule."""
    given = LicenseTerm(
        id=key(name),
        licensee_id=key("distributor"),
        asset_ids=frozenset(asset.id for one in materials for asset in one.assets),
        uses=USES,
        territories=HERE,
        active_from=LONG_AGO,
        active_to=None,
    )
    return replace(given, **changed)


def match(one: Material | None, *, start_s: int = 0, seconds: int = 10) -> Match:
    """Return that a recording is heard; None is a reference that belongs to no recording."""
    reference_id = one.reference_id if one else key("nobody's reference")
    assert reference_id is not None
    return Match(
        kind=EXACT_MATCH,
        algorithm="test/1",
        reference_id=reference_id,
        output=Segment(start_s * 1000, (start_s + seconds) * 1000),
        reference=Segment((start_s + 60) * 1000, (start_s + 60 + seconds) * 1000),
        time_ratio_millionths=1_000_000,
        pitch_shift_cents=0,
        score_millionths=900_000,
    )


def evidence(*matches: Match, **changed: Any) -> Evidence:
    """Return what was measured in half a minute of loud audio."""
    measured = Evidence(
        audio_digest="cd" * 32,
        duration_ms=30_000,
        detectors=(Detector(EXACT_MATCH, "test/1", (), "ef" * 32, 3),),
        matches=matches,
        peak_millionths=900_000,
        rms_millionths=200_000,
    )
    return replace(measured, **changed)


def contribution(**changed: Any) -> DeclaredContribution:
    """Return that a person sang."""
    return replace(DeclaredContribution("lead_vocal", "none", "", key("singer")), **changed)


@dataclass(frozen=True)
class Case:
    """Claim, evidence and terms; each method returns a changed copy."""

    claim: Claim
    evidence: Evidence
    terms: Terms

    def judged_by(self, rule: Any) -> list[Finding]:
        """Return what one rule finds."""
        return list(rule(self.claim, self.evidence, self.terms))

    def claiming(self, **changed: Any) -> Case:
        """Change the claim."""
        return replace(self, claim=replace(self.claim, **changed))

    def measuring(self, *matches: Match, **changed: Any) -> Case:
        """Change the evidence."""
        return replace(self, evidence=evidence(*matches, **changed))

    def knowing(self, **changed: Any) -> Case:
        """Change the terms."""
        return replace(self, terms=replace(self.terms, **changed))

    def licensed(self, *licenses: LicenseTerm) -> Case:
        """Put these in place of the licenses."""
        return self.knowing(licenses=licenses)

    def consented(self, holder: str, *consents: ConsentTerm) -> Case:
        """Put these in place of what a holder agreed to."""
        others = tuple(one for one in self.terms.consents if one.party_id != key(holder))
        return self.knowing(consents=others + consents)

    def owned(self, *shares: ShareTerm) -> Case:
        """Put these in place of the shares of their assets."""
        changed = {one.asset_id for one in shares}
        others = tuple(one for one in self.terms.shares if one.asset_id not in changed)
        return self.knowing(shares=others + shares)


SONG = material("song")
OTHER = material("other")
MASTER, WORK = SONG.recording, SONG.works[0]

GOOD = Case(
    claim=Claim(
        submission_id=key("submission"),
        licensee_id=key("distributor"),
        title="Night train",
        uses=USES,
        territories=HERE,
        release_on=DAY,
        ingredients=(DeclaredIngredient(SONG.recording.id),),
        contributions=(contribution(),),
    ),
    evidence=evidence(match(SONG)),
    terms=Terms(
        on=DAY,
        materials=(SONG,),
        shares=(share(MASTER, "label", "1"), share(WORK, "publisher", "2/3"), share(WORK, "writer", "1/3")),
        consents=(consent(MASTER, "label"), consent(WORK, "publisher"), consent(WORK, "writer")),
        licenses=(license_of(SONG),),
    ),
)
