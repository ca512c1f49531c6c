"""
Consents: offered, granted, and what becomes of them (CON-1, CON-5). Inserts only.

A consent is what a holder was asked, whole and frozen; whether it holds is what its events come to. Whether somebody
may act for the holder is asked before, in ``rights.authority``; here the facts are written as they are given.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import date, datetime
from enum import StrEnum
from fractions import Fraction
from uuid import UUID, uuid5

from django.db import connection
from django.db.models import Max, Q, QuerySet

from rights import restate
from rights.models import (
    Consent,
    ConsentAsset,
    ConsentEvent,
    ConsentEvidence,
    ConsentOverride,
    Lyrics,
    Recording,
    Share,
    Stem,
    Voice,
    Work,
)
from rights.parties import same_as
from rights.registry import LINKS, AssetRef, NoSuchUse, NothingAllowed
from rights.territories import check
from rights.vocabulary import ApprovalMode, AssetKind, ConsentAct, PartyRole, Purpose, Use

MOST_ASSETS = 20_000  # on one list; a campaign over more makes several consents


class NothingListed(Exception):
    """The list of assets is empty: name assets, or say that it covers what the holder comes to hold."""


class TooManyAssets(Exception):
    """A consent lists at most 20,000 assets: split it into several."""


class NoSuchPurpose(Exception):
    """This is not a purpose that can be barred; the API's docs list them."""


class NoSuchRole(Exception):
    """This is not a role of the trade; the API's docs list them."""


class OneLicenseeOrARole(Exception):
    """A consent is to one licensee, or to all of a role, or to anybody: name a licensee or a role, not both."""


class NotAnInfluence(Exception):
    """The influence cap is a fraction greater than 0 and at most 1."""


class EvidenceKind(StrEnum):
    """What a document behind an act of consent is."""

    SIGNED_TEXT = "signed_text"
    SIGNATURE = "signature"  # the record of a signing service
    GUARDIAN = "guardian"  # that somebody has custody
    COURT_APPROVAL = "court_approval"
    ESTATE_PAPERS = "estate_papers"
    COUNSEL = "counsel"  # that a lawyer of their own advised the holder
    UNION = "union"  # that a union represented the holder
    NOTICE = "notice"  # a withdrawal as it came in
    OTHER = "other"


@dataclass(frozen=True)
class FrozenList:
    """Assets that a consent lists, as they were when it was made; and whether it is of future ones too (CON-2)."""

    assets: tuple[AssetRef, ...]
    query: str = ""  # what they were found by, in words
    covers_future: bool = False  # and of whatever the grantor comes to hold after


@dataclass(frozen=True)
class AssetQuery:
    """
    Assets that a holder has a share of, by kind, day of registration and words of the title.

    A voice is found by its label, lyrics by the title of their work.
    """

    holder_id: UUID
    kinds: frozenset[AssetKind] = frozenset(AssetKind)
    registered_before: datetime | None = None
    title_contains: str = ""
    covers_future: bool = False  # and of whatever the grantor comes to hold after

    def in_words(self) -> str:
        """Return what is kept of the query: ids and codes; words of a title are no personal data."""
        kinds = ", ".join(sorted(kind.value for kind in self.kinds))
        found = f"{kinds} held by {self.holder_id}"
        if self.registered_before:
            found += f", registered before {self.registered_before.isoformat()}"
        return f"{found}, title with “{self.title_contains}”" if self.title_contains else found


@dataclass(frozen=True)
class Evidence:
    """A document behind an act, by the SHA-256 of its bytes."""

    kind: EvidenceKind
    digest: str


@dataclass(frozen=True, kw_only=True)
class ConsentTerms:
    """Everything that a holder is asked to agree to, and who answers for them."""

    grantor_id: UUID
    actor_id: UUID
    scope: AssetRef | FrozenList | AssetQuery  # a query is frozen to a list before anything is written
    uses: tuple[str, ...]
    territories: tuple[str, ...]
    active_from: date
    document_digest: str
    active_to: date | None = None
    licensee_id: UUID | None = None
    licensee_role: str = ""
    model_id: UUID | None = None
    model_version_id: UUID | None = None
    barred: tuple[str, ...] = ()
    approval_mode: ApprovalMode = ApprovalMode.BLANKET
    influence_cap: Fraction | None = None
    notice_days: int = 0
    description: str = ""
    compensation: str = ""
    language: str = ""
    terms_id: UUID | None = None
    overrides: tuple[UUID, ...] = ()
    evidence: tuple[Evidence, ...] = field(default=())

    @property
    def assets(self) -> tuple[AssetRef, ...]:
        """Which assets it names; of a query none, until it is frozen."""
        if isinstance(self.scope, AssetRef):
            return (self.scope,)
        return self.scope.assets if isinstance(self.scope, FrozenList) else ()


def offer(
    *,
    id: UUID,
    terms: ConsentTerms,
    offered_on: date,
    channel: str = "",
    registrar_id: UUID | None = None,
    at: datetime,
) -> Consent:
    """
    Insert a consent that was offered: it allows nothing until it is granted.

    :raises NothingAllowed: no use is named
    :raises NoSuchUse: a use is not in the vocabulary
    :raises NoSuchPurpose: a barred purpose is not in the vocabulary
    :raises NoSuchRole: a role is not in the vocabulary
    :raises OneLicenseeOrARole: both are named
    :raises NotAnInfluence: the cap is not in (0, 1]
    :raises NothingListed: the list is empty and does not cover the future
    :raises TooManyAssets: the list is too long
    :raises NoSuchTerritory: a code is not in the tables
    """
    return _begin(id, terms, ConsentAct.OFFERED, offered_on, None, channel, registrar_id, at)


def grant(
    *,
    id: UUID,
    terms: ConsentTerms,
    authority_id: UUID | None = None,
    channel: str = "",
    registrar_id: UUID | None = None,
    at: datetime,
) -> Consent:
    """
    Insert a consent that was granted, from its first day on; raises what ``offer`` raises.

    ``authority_id`` is the representation by which the actor acts; empty where the grantor acts in person.
    """
    return _begin(id, terms, ConsentAct.GRANTED, terms.active_from, authority_id, channel, registrar_id, at)


def act(
    *,
    id: UUID,
    consent: Consent,
    act: ConsentAct,
    actor_id: UUID,
    effective_on: date,
    authority_id: UUID | None = None,
    successor_id: UUID | None = None,
    reason: str = "",
    channel: str = "",
    evidence: Sequence[Evidence] = (),
    at: datetime,
) -> ConsentEvent:
    """
    Insert what became of a consent, at the next position of its course.

    Which act may follow which, and who was first of two at once, the database decides: ``consent_follows_its_course``
    and ``consent_event_has_its_own_position``.
    """
    last = consent.events.aggregate(last=Max("position"))["last"]
    event = ConsentEvent.objects.create(
        id=id,
        consent=consent,
        position=0 if last is None else last + 1,
        act=act,
        actor_id=actor_id,
        authority_id=authority_id,
        effective_on=effective_on,
        successor_id=successor_id,
        reason=reason,
        channel=channel,
        recorded_at=at,
    )
    _evidence(event, evidence)
    restate.consent(consent, at=at)
    return event


def terms_of(consent: Consent) -> ConsentTerms:
    """Return the terms that a consent was made with, and the evidence of its first event."""
    lines = consent.assets.order_by("id")
    numerator, denominator = consent.influence_numerator, consent.influence_denominator
    return ConsentTerms(
        grantor_id=consent.grantor_id,
        actor_id=consent.actor_id,
        scope=FrozenList(tuple(_asset(line) for line in lines), consent.query, covers_future=consent.covers_future)
        if consent.is_list
        else _asset(consent),
        uses=tuple(consent.uses),
        territories=tuple(consent.territories),
        active_from=consent.active_from,
        document_digest=consent.document_digest,
        active_to=consent.active_to,
        licensee_id=consent.licensee_id,
        licensee_role=consent.licensee_role,
        model_id=consent.model_id,
        model_version_id=consent.model_version_id,
        barred=tuple(consent.barred),
        approval_mode=ApprovalMode(consent.approval_mode),
        influence_cap=Fraction(numerator, denominator) if numerator and denominator else None,
        notice_days=consent.notice_days,
        description=consent.description,
        compensation=consent.compensation,
        language=consent.language,
        terms_id=consent.terms_id,
        overrides=tuple(consent.overrides.order_by("reservation_id").values_list("reservation_id", flat=True)),
        evidence=tuple(
            Evidence(EvidenceKind(kind), digest)
            for kind, digest in consent.evidence.filter(event__position=0)
            .order_by("kind", "digest")
            .values_list("kind", "digest")
        ),
    )


def _asset(row: Consent | ConsentAsset) -> AssetRef:
    return AssetRef(**{f"{kind.value}_id": getattr(row, f"{kind.value}_id") for kind in AssetKind})


def _begin(
    id: UUID,
    terms: ConsentTerms,
    act: ConsentAct,
    effective_on: date,
    authority_id: UUID | None,
    channel: str,
    registrar_id: UUID | None,
    at: datetime,
) -> Consent:
    _check(terms)
    listed = terms.scope if isinstance(terms.scope, FrozenList) else None
    cap = terms.influence_cap
    consent = Consent.objects.create(
        id=id,
        grantor_id=terms.grantor_id,
        actor_id=terms.actor_id,
        authority_id=authority_id,
        **(terms.scope.columns if isinstance(terms.scope, AssetRef) else {}),
        is_list=listed is not None,
        covers_future=listed is not None and listed.covers_future,
        query=listed.query if listed else "",
        licensee_id=terms.licensee_id,
        licensee_role=terms.licensee_role,
        model_id=terms.model_id,
        model_version_id=terms.model_version_id,
        uses=sorted(set(terms.uses)),
        barred=sorted(set(terms.barred)),
        territories=list(terms.territories),
        active_from=terms.active_from,
        active_to=terms.active_to,
        approval_mode=terms.approval_mode,
        influence_numerator=cap.numerator if cap else None,
        influence_denominator=cap.denominator if cap else None,
        notice_days=terms.notice_days,
        description=terms.description,
        compensation=terms.compensation,
        language=terms.language,
        terms_id=terms.terms_id,
        document_digest=terms.document_digest,
        registrar_id=registrar_id,
        recorded_at=at,
    )
    if listed is not None:
        ConsentAsset.objects.bulk_create(
            [ConsentAsset(id=uuid5(LINKS, f"{id}/{asset.id}"), consent=consent, **asset.columns)
             for asset in listed.assets],
            batch_size=1000,
        )  # fmt: skip
    ConsentOverride.objects.bulk_create(
        [ConsentOverride(id=uuid5(LINKS, f"{id}/{named}"), consent=consent, reservation_id=named)
         for named in terms.overrides]
    )  # fmt: skip
    event = ConsentEvent.objects.create(
        id=uuid5(LINKS, f"{id}/{act.value}"),
        consent=consent,
        position=0,
        act=act,
        actor_id=terms.actor_id,
        authority_id=authority_id,
        effective_on=effective_on,
        channel=channel,
        recorded_at=at,
    )
    _evidence(event, terms.evidence)
    restate.consent(consent, at=at)
    return consent


def _check(terms: ConsentTerms) -> None:
    if not terms.uses:
        raise NothingAllowed
    _known(terms.uses, Use, NoSuchUse, "a use")
    _known(terms.barred, Purpose, NoSuchPurpose, "a purpose")
    _known([terms.licensee_role] if terms.licensee_role else [], PartyRole, NoSuchRole, "a role")
    if terms.licensee_id is not None and terms.licensee_role:
        raise OneLicenseeOrARole
    if terms.influence_cap is not None and not 0 < terms.influence_cap <= 1:
        raise NotAnInfluence(f"{terms.influence_cap} is not a part of an output: greater than 0 and at most 1")
    if isinstance(terms.scope, FrozenList) and not terms.scope.assets and not terms.scope.covers_future:
        raise NothingListed
    if len(terms.assets) > MOST_ASSETS:
        raise TooManyAssets
    check(terms.territories)


def _known(codes: Iterable[str], vocabulary: type[StrEnum], refusal: type[Exception], what: str) -> None:
    known = {member.value for member in vocabulary}
    for code in codes:
        if code not in known:
            raise refusal(f"{code!r} is not {what}: {', '.join(sorted(known))}")


def _evidence(event: ConsentEvent, evidence: Sequence[Evidence]) -> None:
    ConsentEvidence.objects.bulk_create(
        [
            ConsentEvidence(
                id=uuid5(LINKS, f"{event.id}/{one.kind}/{one.digest}"),
                event=event,
                consent_id=event.consent_id,
                kind=one.kind,
                digest=one.digest,
            )
            for one in evidence
        ]
    )


# --- What a consent is at a moment.


class State(StrEnum):
    """What a consent has come to, on a day."""

    OFFERED = "offered"
    VIEWED = "viewed"
    DECLINED = "declined"
    EXPIRED = "expired"
    GRANTED = "granted"
    AMENDING = "amending"  # a successor takes its place on a day that lies ahead
    SUPERSEDED = "superseded"
    WITHDRAWAL_NOTICED = "withdrawal_noticed"
    WITHDRAWN = "withdrawn"
    ANNULLED = "annulled"


_AHEAD = {ConsentAct.AMENDED: State.AMENDING, ConsentAct.WITHDRAWN: State.WITHDRAWAL_NOTICED}
_REACHED = {ConsentAct.AMENDED: State.SUPERSEDED, ConsentAct.WITHDRAWN: State.WITHDRAWN}


def state_of(course: Sequence[tuple[str, date]], *, on: date) -> State | None:
    """
    Return what the acts of a consent, in their order, come to on a day; None before the first.

    It does not look at the period: a granted consent may not have begun, or be over.
    """
    if not course:
        return None
    name, effective_on = course[-1]
    last = ConsentAct(name)
    replaced = next((day for act, day in course if act == ConsentAct.AMENDED), None)
    if last is ConsentAct.WITHDRAWN and replaced is not None and replaced <= min(on, effective_on):
        return State.SUPERSEDED  # it had ended before it was withdrawn
    if last in _AHEAD:
        return (_REACHED if effective_on <= on else _AHEAD)[last]
    return State(last.value)


def positions(consent_ids: Iterable[UUID]) -> dict[UUID, int]:
    """Return how far the course of each consent has come: what ``changed_since`` compares with."""
    found = ConsentEvent.objects.filter(consent__in=set(consent_ids)).values_list("consent")
    return dict(found.annotate(last=Max("position")).order_by())


def lock_shared(consent_ids: Iterable[UUID]) -> None:
    """
    Hold the courses of these consents still until the transaction ends; whoever withdraws waits, and others may hold.

    A withdrawal that holds the lock is waited for. Call this first in the transaction and ask ``changed_since`` next:
    what it returns was withdrawn while the decision was being made.
    """
    _lock("pg_advisory_xact_lock_shared", consent_ids)


def lock(consent_ids: Iterable[UUID]) -> None:
    """Hold the courses of these consents alone, as the database does where an act is inserted, but before it."""
    _lock("pg_advisory_xact_lock", consent_ids)


def _lock(function: str, consent_ids: Iterable[UUID]) -> None:
    # In one order, so that two who want several never wait for each other. The key of keep_consent_course().
    ids = [str(id) for id in sorted(set(consent_ids), key=str)]
    with connection.cursor() as cursor:
        cursor.execute(
            f"SELECT {function}(hashtextextended('consent ' || id, 0))"  # noqa: S608 - one of two names above
            " FROM unnest(%s::text[]) AS id",
            [ids],
        )


def changed_since(seen: Mapping[UUID, int]) -> list[UUID]:
    """
    Return those consents whose course went on after it was read at these positions, sorted.

    Positions and not moments: a fact's moment lies before its commit, so one that was not yet to be seen may be older
    than the reading.
    """
    now = positions(seen)
    return sorted((id for id, position in seen.items() if now.get(id, -1) != position), key=str)


def last_moment(consent_ids: Iterable[UUID], *, known_at: datetime) -> datetime:
    """Return when something was last recorded about any of these consents, and no earlier than ``known_at``."""
    found: datetime | None = ConsentEvent.objects.filter(consent__in=list(consent_ids)).aggregate(
        last=Max("recorded_at")
    )["last"]
    return max(found, known_at) if found else known_at


# --- A saved query, frozen.


_TITLES: dict[AssetKind, tuple[type[Recording | Work | Voice | Stem | Lyrics], str]] = {
    AssetKind.RECORDING: (Recording, "title"),
    AssetKind.WORK: (Work, "title"),
    AssetKind.VOICE: (Voice, "label"),
    AssetKind.STEM: (Stem, "title"),
    AssetKind.LYRICS: (Lyrics, "work__title"),
}


def frozen(terms: ConsentTerms, *, on: date) -> ConsentTerms:
    """
    Return the terms with a query replaced by the assets that it finds now.

    :raises TooManyAssets: it finds too many
    """
    return replace(terms, scope=freeze(terms.scope, on=on)) if isinstance(terms.scope, AssetQuery) else terms


def freeze(query: AssetQuery, *, on: date) -> FrozenList:
    """
    Return the assets that a query finds now, in the order of their ids; a holder's shares in force on the day count.

    :raises TooManyAssets: it finds too many
    """
    same = same_as(query.holder_id)
    held = (
        Share.objects.filter(party__in=same, active_from__lte=on)
        .filter(Q(active_to__isnull=True) | Q(active_to__gt=on))
        .exclude(events__act="retracted")
        .exclude(events__act="ended", events__effective_on__lte=on)
    )
    found: list[AssetRef] = []
    for kind in AssetKind:
        if kind not in query.kinds:
            continue
        model, title = _TITLES[kind]
        own = Q(pk__in=held.filter(**{f"{kind.value}__isnull": False}).values(kind.value))
        if kind is AssetKind.VOICE:
            own |= Q(person__in=same)  # a voice is its person's, whether or not a share says so
        rows: QuerySet[Recording | Work | Voice | Stem | Lyrics] = QuerySet(model).filter(own)
        if query.registered_before:
            rows = rows.filter(registered_at__lt=query.registered_before)
        if query.title_contains:
            rows = rows.filter(**{f"{title}__icontains": query.title_contains})
        ids = rows.order_by("pk").values_list("pk", flat=True)[: MOST_ASSETS + 1]
        found += [AssetRef(**{f"{kind.value}_id": id}) for id in ids]
    if len(found) > MOST_ASSETS:
        raise TooManyAssets
    return FrozenList(tuple(found), query.in_words(), covers_future=query.covers_future)
