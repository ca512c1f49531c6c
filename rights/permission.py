"""
May this licensee make this use of this asset, there, on that day? The rules of the answer, in one place. Pure.

An asset has sides that are cleared separately: the recording, the works in it, the voices on it (AST-2). A side is
allowed where all of its right is held by known parties, each of them consents, and a license of the licensee covers
it. Any applicable no wins; a yes must cover every dimension; what nobody said is unknown, which is no yes (CON-4).

``rights.clearances`` answers the same question for many assets in SQL; a property test holds the two together.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import date
from enum import StrEnum
from fractions import Fraction
from functools import lru_cache
from uuid import UUID

from rights.case import Asset, ConsentTerm, LicenseTerm, ReservationTerm, ShareTerm, Side, Terms
from rights.vocabulary import RIGHT_OF, Answer, ApprovalMode, AssetKind, RightType

VERSION = "permission/1"  # changes whenever the same question could be answered otherwise


@dataclass(frozen=True)
class Question:
    """Who wants to do what, where and when, with which model and for which purposes."""

    licensee_id: UUID  # after merges
    uses: frozenset[str]
    territories: frozenset[str]  # countries
    on: date
    purposes: frozenset[str] = frozenset()
    model_id: UUID | None = None
    model_version_id: UUID | None = None

    @property
    def rights(self) -> tuple[RightType, ...]:
        """The rights that the uses need, in the order of the vocabulary."""
        return rights_of(self.uses)

    def uses_of(self, right: RightType) -> frozenset[str]:
        """The uses that need this right."""
        return frozenset(use for use in self.uses if RIGHT_OF[use] == right)


@lru_cache(maxsize=1024)
def rights_of(uses: frozenset[str]) -> tuple[RightType, ...]:
    """Return the rights that uses need, in the order of the vocabulary."""
    needed = {RIGHT_OF[use] for use in uses}
    return tuple(right for right in RightType if right in needed)


class Code(StrEnum):
    """Why: a promise to programs. The order is the order in which reasons of one side are given."""

    NO_SUCH_ASSET = "no_such_asset"
    SIDE_UNKNOWN = "side_unknown"
    NOBODY_REGISTERED = "nobody_registered"
    UNDER_CLAIMED = "under_claimed"
    OVER_CLAIMED = "over_claimed"
    RESERVED = "reserved"
    WITHDRAWN = "withdrawn"
    NOT_COVERED_BY_CONSENT = "not_covered_by_consent"
    NOT_CONSENTED = "not_consented"
    APPROVAL_NEEDED = "approval_needed"
    CONSENTED = "consented"
    NOT_LICENSED = "not_licensed"
    LICENSE_LAPSED = "license_lapsed"
    LICENSE_NOT_IN_FORCE = "license_not_in_force"
    NOT_COVERED_BY_LICENSE = "not_covered_by_license"
    LICENSE_EXHAUSTED = "license_exhausted"
    LICENSED = "licensed"


ANSWERS: dict[Code, Answer] = {
    Code.NO_SUCH_ASSET: Answer.UNKNOWN,
    Code.SIDE_UNKNOWN: Answer.UNKNOWN,
    Code.NOBODY_REGISTERED: Answer.UNKNOWN,
    Code.UNDER_CLAIMED: Answer.UNKNOWN,
    Code.OVER_CLAIMED: Answer.NEEDS_APPROVAL,
    Code.RESERVED: Answer.DENY,
    Code.WITHDRAWN: Answer.DENY,
    Code.NOT_COVERED_BY_CONSENT: Answer.UNKNOWN,
    Code.NOT_CONSENTED: Answer.UNKNOWN,
    Code.APPROVAL_NEEDED: Answer.NEEDS_APPROVAL,
    Code.CONSENTED: Answer.ALLOW,
    Code.NOT_LICENSED: Answer.UNKNOWN,
    Code.LICENSE_LAPSED: Answer.DENY,
    Code.LICENSE_NOT_IN_FORCE: Answer.UNKNOWN,
    Code.NOT_COVERED_BY_LICENSE: Answer.UNKNOWN,
    Code.LICENSE_EXHAUSTED: Answer.DENY,
    Code.LICENSED: Answer.ALLOW,
}


@dataclass(frozen=True)
class Reason:
    """One thing that the answer rests on: which side, which asset, and the ids of the records."""

    code: Code
    side: Side | None
    asset_id: UUID
    rests_on: tuple[UUID, ...] = ()

    @property
    def answer(self) -> Answer:
        """What this alone would answer."""
        return ANSWERS[self.code]


@dataclass(frozen=True)
class Ruling:
    """The answer about one asset, its reasons, and the first day on which a yes may turn into another answer."""

    asset_id: UUID
    answer: Answer
    reasons: tuple[Reason, ...]
    valid_until: date | None

    @property
    def missing(self) -> tuple[Side, ...]:
        """The sides that stand against a yes, in their order."""
        against = {reason.side for reason in self.reasons if reason.answer is not Answer.ALLOW and reason.side}
        return tuple(side for side in Side if side in against)


def combine(answers: Iterable[Answer]) -> Answer:
    """
    Return what several answers come to: any no wins, then what is not known, then what must be asked.

    Nothing at all is not known.
    """
    found = set(answers)
    for answer in (Answer.DENY, Answer.UNKNOWN, Answer.NEEDS_APPROVAL, Answer.ALLOW):
        if answer in found:
            return answer
    return Answer.UNKNOWN


_SIDES = {
    AssetKind.RECORDING: (Side.MASTER, Side.PUBLISHING),
    AssetKind.STEM: (Side.MASTER, Side.PUBLISHING),
    AssetKind.WORK: (Side.PUBLISHING,),
    AssetKind.LYRICS: (Side.PUBLISHING,),
    AssetKind.VOICE: (Side.MASTER,),  # of which a voice has none: whoever asks for more than the voice is told so
}


def sides_needed(kind: AssetKind, question: Question) -> tuple[Side, ...]:
    """Return which sides of an asset a question is about: voices for uses of the voice, the rest for the rest."""
    return _sides_needed(kind, question.rights)


@lru_cache(maxsize=1024)
def _sides_needed(kind: AssetKind, needed: tuple[RightType, ...]) -> tuple[Side, ...]:
    rights = set(needed)
    others = _SIDES[kind] if rights - {RightType.VOICE} else ()
    return (*others, Side.VOICE) if RightType.VOICE in rights else others


def rights_on(side: Side, question: Question) -> tuple[RightType, ...]:
    """Return the rights that a question needs on a side: the right in a voice is on the voice, others are not."""
    return tuple(right for right in question.rights if (right is RightType.VOICE) == (side is Side.VOICE))


def rule(asset_id: UUID, kind: AssetKind, sides: Iterable[Asset], question: Question, terms: Terms) -> Ruling:
    """
    Answer a question about one asset with its sides: itself and what is in it; none where it is not registered.

    A side that is needed and not among ``sides`` is not known: nobody can be asked.
    """
    assets = tuple(sides)
    reasons = [] if assets else [Reason(Code.NO_SUCH_ASSET, None, asset_id)]
    until: list[date] = []
    if assets:
        there = {asset.side for asset in assets}
        reasons += [
            Reason(Code.SIDE_UNKNOWN, side, asset_id) for side in sides_needed(kind, question) if side not in there
        ]
    for asset in assets:
        for right in rights_on(asset.side, question):
            for reason, ends in of_right(asset, right, question, terms):
                reasons.append(reason)
                if ends is not None:
                    until.append(ends)
    answer = combine(reason.answer for reason in reasons)
    return Ruling(asset_id, answer, tuple(reasons), min(until, default=None) if answer is Answer.ALLOW else None)


def of_right(asset: Asset, right: RightType, question: Question, terms: Terms) -> Iterator[tuple[Reason, date | None]]:
    """Yield what speaks for and against one right in one asset, each with the day on which it may be otherwise."""
    held = shares_of(asset, right, question, terms)
    yield from claimed(asset, held, question)
    seen: set[tuple[UUID, frozenset[str]]] = set()
    for share in held:
        where = share.territories & question.territories
        if (share.party_id, where) not in seen:
            seen.add((share.party_id, where))
            yield consented(asset, share, question.uses_of(right), question, terms)
    yield licensed(asset, question.uses_of(right), question, terms)


def shares_of(asset: Asset, right: RightType, question: Question, terms: Terms) -> tuple[ShareTerm, ...]:
    """Return the shares of a right in an asset that reach into the question's territories, in the order of ids."""
    return tuple(
        sorted(
            (
                share
                for share in terms.shares
                if share.asset_id == asset.id and share.right_type == right and share.territories & question.territories
            ),
            key=lambda share: str(share.id),
        )
    )


def claimed(asset: Asset, held: tuple[ShareTerm, ...], question: Question) -> Iterator[tuple[Reason, date | None]]:
    """Yield where less or more than the whole is claimed; once a kind, whatever the number of countries."""
    ids = tuple(share.id for share in held)
    totals = set(totals_of(held, question.territories).values())
    for code, found in (
        (Code.NOBODY_REGISTERED, 0 in totals),
        (Code.UNDER_CLAIMED, any(0 < total < 1 for total in totals)),
        (Code.OVER_CLAIMED, any(total > 1 for total in totals)),
    ):
        if found:
            yield Reason(code, asset.side, asset.id, ids), None


def totals_of(held: Iterable[ShareTerm], countries: Iterable[str]) -> dict[str, Fraction]:
    """Return what is claimed in each country."""
    totals = dict.fromkeys(countries, Fraction(0))
    for share in held:
        for country in share.territories & totals.keys():
            totals[country] += share.part
    return totals


def consented(
    asset: Asset, share: ShareTerm, uses: frozenset[str], question: Question, terms: Terms
) -> tuple[Reason, date | None]:
    """
    Return whether the holder of a share agrees to these uses wherever the share and the question meet.

    One consent must cover all of it: two halves are two bargains, and no yes. A reservation wins over a consent that
    does not name it (CON-4).
    """
    where = share.territories & question.territories
    given = [
        consent
        for consent in terms.consents
        if consent.party_id == share.party_id
        and _is_about(consent, asset)
        and consent.licensee_id in {None, question.licensee_id}
        and (not consent.licensee_role or consent.licensee_role in terms.licensee_roles)
    ]
    covering = [consent for consent in given if _covers(consent, uses, where, question)]
    allowing = [consent for consent in covering if not _is_withdrawn(consent, question.on)]
    reserved = [
        reservation
        for reservation in terms.reservations
        if reservation.party_id == share.party_id
        and reservation.asset_id in {None, asset.id}
        and reservation.uses & uses
        and reservation.territories & where
    ]
    names = {reservation.id for reservation in reserved}
    fitting = sorted((consent for consent in allowing if names <= consent.overrides), key=_by_id)
    blanket = [consent for consent in fitting if consent.approval_mode == ApprovalMode.BLANKET]

    def because(code: Code, *ids: UUID) -> Reason:
        return Reason(code, asset.side, asset.id, (share.id, *ids))

    if blanket:
        chosen = blanket[0]
        return because(Code.CONSENTED, chosen.id), _earliest(share.until, chosen.until)
    if fitting:
        return because(Code.APPROVAL_NEEDED, fitting[0].id), None
    if reserved:
        return because(Code.RESERVED, *sorted(names, key=str)), None
    if covering:
        return because(Code.WITHDRAWN, *(consent.id for consent in sorted(covering, key=_by_id))), None
    if given:
        return because(Code.NOT_COVERED_BY_CONSENT, *(consent.id for consent in sorted(given, key=_by_id))), None
    return because(Code.NOT_CONSENTED), None


def licensed(asset: Asset, uses: frozenset[str], question: Question, terms: Terms) -> tuple[Reason, date | None]:
    """Return whether a license of the licensee has the asset on its schedule and covers these uses."""
    about = sorted(
        (
            license_
            for license_ in terms.licenses
            if license_.licensee_id == question.licensee_id and asset.id in license_.asset_ids
        ),
        key=_by_id,
    )
    ids = tuple(license_.id for license_ in about)
    active = [license_ for license_ in about if license_.is_active(question.on)]
    covering = [license_ for license_ in active if _license_covers(license_, uses, question)]
    usable = [license_ for license_ in covering if not license_.is_exhausted]

    def because(code: Code, *ids: UUID) -> Reason:
        return Reason(code, asset.side, asset.id, ids)

    if usable:
        return because(Code.LICENSED, usable[0].id), usable[0].until
    if covering:
        return because(Code.LICENSE_EXHAUSTED, *(license_.id for license_ in covering)), None
    if active:
        return because(Code.NOT_COVERED_BY_LICENSE, *(license_.id for license_ in active)), None
    if any(license_.has_lapsed for license_ in about):
        return because(Code.LICENSE_LAPSED, *ids), None
    if about:
        return because(Code.LICENSE_NOT_IN_FORCE, *ids), None
    return because(Code.NOT_LICENSED), None


def _is_about(consent: ConsentTerm, asset: Asset) -> bool:
    if consent.asset_id is not None:
        return consent.asset_id == asset.id
    if consent.assets_from is None:
        return True
    return asset.registered_at is not None and asset.registered_at >= consent.assets_from


def _covers(consent: ConsentTerm, uses: frozenset[str], where: frozenset[str], question: Question) -> bool:
    return (
        uses <= consent.uses
        and where <= consent.territories
        and consent.active_from <= question.on
        and (consent.active_to is None or question.on < consent.active_to)
        and not consent.barred & question.purposes
        and consent.model_id in {None, question.model_id}
        and consent.model_version_id in {None, question.model_version_id}
    )


def _is_withdrawn(consent: ConsentTerm, on: date) -> bool:
    return consent.withdrawn_on is not None and consent.withdrawn_on <= on


def _license_covers(license_: LicenseTerm, uses: frozenset[str], question: Question) -> bool:
    return (
        uses <= license_.uses
        and question.territories <= license_.territories
        and not license_.barred & question.purposes
        and (not license_.model_versions or question.model_version_id in license_.model_versions)
        and (license_.release_from is None or license_.release_from <= question.on)
        and (license_.release_to is None or question.on < license_.release_to)
    )


def _by_id(one: ConsentTerm | LicenseTerm | ReservationTerm) -> str:
    return str(one.id)


def _earliest(*days: date | None) -> date | None:
    return min((day for day in days if day is not None), default=None)
