"""
Campaigns: one question to many artists, each with a consent of their own and a personal link (CON-8). Inserts only.

The secret in a link is not stored: it follows from a key of this installation and the invitation's id, so a reminder
can carry it again, and whoever reads the database has digests only. What was answered are the events of the consent.
Nothing is ever answered for an artist: who says nothing has said no.
"""

from __future__ import annotations

import hmac
import json
from base64 import urlsafe_b64encode
from collections.abc import Collection, Iterable
from dataclasses import dataclass, replace
from datetime import date, datetime
from enum import StrEnum
from hashlib import sha256
from typing import Any
from uuid import UUID, uuid5

import rfc8785
from django.db import connection
from django.db.models import Exists, OuterRef, Q, QuerySet

from rights import consents, keys, mandates, parties
from rights.consents import (
    AssetQuery,
    ConsentTerms,
    FrozenList,
    NoSuchPurpose,
    NoSuchRole,
    NothingListed,
    OneLicenseeOrARole,
    TooManyAssets,
)
from rights.mandates import NotTheirVoice
from rights.merges import survivor
from rights.models import (
    Campaign,
    CampaignInvitation,
    Consent,
    ConsentAsset,
    ConsentEvent,
    Party,
    PartyContact,
    PartyInRole,
    PartyMerge,
    Representation,
    Share,
    Submission,
    TermsVersion,
    Voice,
)
from rights.registry import LINKS, AssetRef, NoSuchUse, NothingAllowed
from rights.term_limits import DescriptionMissing, TermTooLong
from rights.territories import check
from rights.visibility import ASSETS, EVERYTHING, Sight, seen, sight_of
from rights.vocabulary import ApprovalMode, AssetKind, ConsentAct, Outcome, PartyRole, Purpose, Use

MOST_ARTISTS = 10_000
SECRET_LENGTH = 43  # of 32 bytes in base64url, without padding

# Why one artist cannot be asked what the others are: they are left out, and the campaign goes on.
LEAVES_OUT = (NothingListed, TooManyAssets, NotTheirVoice, TermTooLong, DescriptionMissing)


class NobodyAsked(Exception):
    """A campaign asks at least one artist: choose a roster."""


class TooManyArtists(Exception):
    """A campaign asks at most 10,000 artists: split the roster."""


class ClosesInThePast(Exception):
    """A campaign closes today or later: the day is the last on which artists can answer."""


class NoSuchTerms(Exception):
    """There is no version of terms with this id: publish the terms first."""


class LinkLost(Exception):
    """The key of this link is not the installation's any more, so the link cannot be shown again; it still opens."""


@dataclass(frozen=True, kw_only=True)
class Question:
    """What every artist of a campaign is asked to agree to; about which assets, is found for each when they are."""

    uses: tuple[str, ...]
    territories: tuple[str, ...]
    active_from: date
    active_to: date | None = None
    kinds: tuple[str, ...] = (AssetKind.RECORDING.value,)  # of the assets that the artist holds
    covers_future: bool = False
    licensee_id: UUID | None = None
    licensee_role: str = ""
    model_id: UUID | None = None
    model_version_id: UUID | None = None
    barred: tuple[str, ...] = ()
    approval_mode: str = ApprovalMode.BLANKET.value
    notice_days: int = 0
    description: str = ""
    compensation: str = ""


def check_question(question: Question) -> None:
    """
    Check what would otherwise be refused artist by artist.

    :raises NothingAllowed: no use is named
    :raises NoSuchUse: a use is not in the vocabulary
    :raises NoSuchPurpose: a barred purpose is not in the vocabulary
    :raises NoSuchRole: a role is not in the vocabulary
    :raises OneLicenseeOrARole: both are named
    :raises NothingListed: no kind of asset is named, and future ones are not covered
    :raises NoSuchTerritory: a code is not in the tables
    """
    if not question.uses:
        raise NothingAllowed
    for codes, known, refusal in (
        (question.uses, {use.value for use in Use}, NoSuchUse),
        (question.barred, {purpose.value for purpose in Purpose}, NoSuchPurpose),
        (filter(None, [question.licensee_role]), {role.value for role in PartyRole}, NoSuchRole),
    ):
        for code in codes:
            if code not in known:
                raise refusal(f"{code!r} is none of {', '.join(sorted(known))}")
    if question.licensee_id is not None and question.licensee_role:
        raise OneLicenseeOrARole
    if not question.kinds and not question.covers_future:
        raise NothingListed
    check(question.territories)


# --- The plan: the question and the roster, whole, as it was opened.


@dataclass(frozen=True)
class Plan:
    """What is asked of whom."""

    question: Question
    roster: tuple[UUID, ...]
    registrar_id: UUID | None = None

    @property
    def document(self) -> str:
        """The canonical JSON of it, whose digest stands in the log."""
        given = {name: _plain(value) for name, value in vars(self.question).items() if value is not None}
        document = {
            "question": given,
            "roster": [str(id) for id in self.roster],
            "registrar": str(self.registrar_id) if self.registrar_id else None,
        }
        return rfc8785.dumps(document).decode()


def _plain(value: Any) -> Any:
    if isinstance(value, tuple):
        return list(value)
    return value if isinstance(value, bool | int | str) else str(value)


def read_plan(document: str) -> Plan:
    """Return the plan that was written down; these are our own bytes."""
    found = json.loads(document)
    given: dict[str, Any] = found["question"]
    for name in ("licensee_id", "model_id", "model_version_id"):
        given[name] = UUID(given[name]) if name in given else None
    for name in ("active_from", "active_to"):
        given[name] = date.fromisoformat(given[name]) if name in given else None
    for name in ("uses", "territories", "kinds", "barred"):
        given[name] = tuple(given[name])
    registrar = UUID(found["registrar"]) if found["registrar"] else None
    return Plan(Question(**given), tuple(UUID(id) for id in found["roster"]), registrar)


# --- Writing.


def open_campaign(
    *, id: UUID, organization_id: UUID, name: str, terms_id: UUID, closes_on: date, at: datetime
) -> Campaign:
    """
    Insert a campaign. Artists can answer until the end of ``closes_on``, in UTC.

    :raises ClosesInThePast: the day is over
    :raises NoSuchTerms: the terms were not published
    """
    if closes_on < at.date():
        raise ClosesInThePast(f"{closes_on} lies before {at.date()}")
    if not TermsVersion.objects.filter(pk=terms_id).exists():
        raise NoSuchTerms
    return Campaign.objects.create(
        id=id, organization_id=organization_id, name=name, terms_id=terms_id, closes_on=closes_on, recorded_at=at
    )


def invite(
    *, campaign: Campaign, party_id: UUID, question: Question, registrar_id: UUID | None, at: datetime
) -> CampaignInvitation:
    """
    Offer one artist a consent over what they hold now, and insert the invitation with the digest of its secret.

    :raises NothingListed: the artist holds nothing of these kinds
    :raises TooManyAssets: the artist holds too many
    :raises NotTheirVoice: a voice on the list is somebody else's
    :raises TermTooLong: it would run longer than the law of a jurisdiction allows
    :raises DescriptionMissing: a consent to a voice says which uses are meant
    """
    # What the organization does not see is not on the list that it is to read afterwards.
    sight = EVERYTHING if registrar_id is None else sight_of([registrar_id], on=at.date())
    terms = terms_for(campaign=campaign, party_id=party_id, question=question, on=at.date(), before=at, sight=sight)
    mandates.check_offer(terms, on=at.date())
    consent = consents.offer(
        id=uuid5(LINKS, f"{campaign.id}/{party_id}/consent"),
        terms=terms,
        offered_on=at.date(),
        channel="campaign",
        registrar_id=registrar_id,
        at=at,
    )
    id = uuid5(LINKS, f"{campaign.id}/{party_id}/invitation")
    return CampaignInvitation.objects.create(
        id=id, campaign=campaign, party_id=party_id, consent=consent, token_digest=digest_of(_secret(id))
    )


def terms_for(
    *,
    campaign: Campaign,
    party_id: UUID,
    question: Question,
    on: date,
    before: datetime,
    sight: Sight = EVERYTHING,
) -> ConsentTerms:
    """
    Return what one artist is asked, with the list of what they hold on the day, as far as it is seen.

    :raises TooManyAssets: they hold too many
    """
    listed = FrozenList((), covers_future=question.covers_future)
    if question.kinds:
        listed = consents.freeze(
            AssetQuery(
                party_id,
                frozenset(AssetKind(kind) for kind in question.kinds),
                registered_before=before,
                covers_future=question.covers_future,
            ),
            on=on,
        )
        listed = replace(listed, assets=visible(listed.assets, sight))
    if not listed.assets and not question.covers_future:
        raise NothingListed("The artist holds nothing of these kinds here")
    return ConsentTerms(
        grantor_id=party_id,
        actor_id=party_id,
        scope=listed,
        uses=question.uses,
        territories=question.territories,
        active_from=question.active_from,
        active_to=question.active_to,
        licensee_id=question.licensee_id,
        licensee_role=question.licensee_role,
        model_id=question.model_id,
        model_version_id=question.model_version_id,
        barred=question.barred,
        approval_mode=ApprovalMode(question.approval_mode),
        notice_days=question.notice_days,
        description=question.description,
        compensation=question.compensation,
        language=campaign.terms.language,
        terms_id=campaign.terms_id,
        document_digest=campaign.terms.text_digest,
    )


def visible(assets: Collection[AssetRef], sight: Sight) -> tuple[AssetRef, ...]:
    """Return those assets that are seen, in their order."""
    if sight.is_whole:
        return tuple(assets)
    found: set[UUID] = set()
    for kind, model in ASSETS.items():
        rows: QuerySet[Any] = QuerySet(model)
        ids = [id for asset in assets if (id := getattr(asset, f"{kind}_id")) is not None]
        if ids:
            found |= set(seen(rows.filter(pk__in=ids), sight).values_list("pk", flat=True))
    return tuple(asset for asset in assets if asset.id in found)


# --- Links.


def _secret(invitation_id: UUID) -> str:
    raw = hmac.digest(keys.link_key(), b"campaign link\x00" + invitation_id.bytes, "sha256")
    return urlsafe_b64encode(raw).decode().rstrip("=")


def secret_of(invitation: CampaignInvitation) -> str:
    """
    Return the secret of a link, to be sent to its artist and to be kept nowhere.

    :raises LinkLost: the key that it was made with is gone
    """
    secret = _secret(invitation.id)
    if not hmac.compare_digest(digest_of(secret), invitation.token_digest):
        raise LinkLost
    return secret


def digest_of(secret: str) -> str:
    """Return what is stored of a secret."""
    return sha256(secret.encode()).hexdigest()


def by_secret(secret: str) -> CampaignInvitation | None:
    """
    Return the invitation of a link, or None.

    It always takes one digest and one look into the index. What the index takes longer for tells of digests, from which
    nobody gets to a secret.
    """
    return (
        CampaignInvitation.objects.filter(token_digest=digest_of(secret))
        .select_related("campaign__organization__identity", "campaign__terms", "party__identity", "consent__terms")
        .first()
    )


# --- What came of it.


@dataclass(frozen=True)
class Funnel:
    """How many artists were asked, opened their page, answered, and what; each of the last four counts once."""

    asked: int = 0
    opened: int = 0
    answered: int = 0
    granted: int = 0  # and stand by it
    withdrawn: int = 0  # granted, and withdrew or were annulled
    declined: int = 0
    silent: int = 0  # the campaign closed: a no
    waiting: int = 0
    seen: int = 0  # of those who are waited for: opened their page


_OPENED = ("viewed", "granted", "declined")


def funnel(campaign_id: UUID) -> Funnel:
    """Count a campaign's answers, in one query."""
    with connection.cursor() as cursor:
        cursor.execute(
            """
            SELECT count(*), count(*) FILTER (WHERE opened), count(*) FILTER (WHERE granted OR declined),
                   count(*) FILTER (WHERE granted AND NOT ended), count(*) FILTER (WHERE granted AND ended),
                   count(*) FILTER (WHERE declined AND NOT granted),
                   count(*) FILTER (WHERE expired AND NOT declined AND NOT granted),
                   count(*) FILTER (WHERE NOT expired AND NOT declined AND NOT granted),
                   count(*) FILTER (WHERE opened AND NOT expired AND NOT declined AND NOT granted)
              FROM (SELECT bool_or(e.act = ANY(%s)) AS opened, bool_or(e.act = 'granted') AS granted,
                           bool_or(e.act = 'declined') AS declined, bool_or(e.act = 'expired') AS expired,
                           bool_or(e.act IN ('withdrawn', 'annulled')) AS ended
                      FROM rights_campaigninvitation AS i JOIN rights_consentevent AS e ON e.consent_id = i.consent_id
                     WHERE i.campaign_id = %s GROUP BY i.id) AS each
            """,
            [list(_OPENED), campaign_id],
        )
        return Funnel(*cursor.fetchone())


class Progress(StrEnum):
    """How far one artist has come."""

    WAITING = "waiting"
    OPENED = "opened"
    GRANTED = "granted"
    WITHDRAWN = "withdrawn"
    DECLINED = "declined"
    SILENT = "silent"


def progress_of(acts: Collection[str]) -> Progress:
    """Return how far an artist has come, by what happened to their consent."""
    if ConsentAct.GRANTED in acts:
        return Progress.WITHDRAWN if {ConsentAct.WITHDRAWN, ConsentAct.ANNULLED} & set(acts) else Progress.GRANTED
    if ConsentAct.DECLINED in acts:
        return Progress.DECLINED
    if ConsentAct.EXPIRED in acts:
        return Progress.SILENT
    return Progress.OPENED if ConsentAct.VIEWED in acts else Progress.WAITING


def in_progress(rows: QuerySet[CampaignInvitation], progress: Progress) -> QuerySet[CampaignInvitation]:
    """Return the invitations that have come so far; the same as ``progress_of``, as conditions."""

    def has(*acts: ConsentAct) -> Exists:
        return Exists(ConsentEvent.objects.filter(consent=OuterRef("consent"), act__in=acts))

    granted, declined = has(ConsentAct.GRANTED), has(ConsentAct.DECLINED)
    ended, expired = has(ConsentAct.WITHDRAWN, ConsentAct.ANNULLED), has(ConsentAct.EXPIRED)
    viewed = has(ConsentAct.VIEWED)
    match progress:
        case Progress.GRANTED:
            return rows.filter(granted, ~ended)
        case Progress.WITHDRAWN:
            return rows.filter(granted, ended)
        case Progress.DECLINED:
            return rows.filter(~granted, declined)
        case Progress.SILENT:
            return rows.filter(~granted, ~declined, expired)
        case Progress.OPENED:
            return rows.filter(~granted, ~declined, ~expired, viewed)
        case Progress.WAITING:
            return rows.filter(~granted, ~declined, ~expired, ~viewed)


def unanswered(campaign_id: UUID) -> QuerySet[CampaignInvitation]:
    """Return the invitations that nobody answered and that did not expire."""
    final = (ConsentAct.GRANTED, ConsentAct.DECLINED, ConsentAct.EXPIRED)
    return CampaignInvitation.objects.filter(campaign=campaign_id).exclude(consent__events__act__in=final)


def not_granted(before: date | None = None, campaign_id: UUID | None = None) -> QuerySet[CampaignInvitation]:
    """Return the invitations that can still be granted: of a campaign, or of all that closed before a day."""
    final = (ConsentAct.GRANTED, ConsentAct.EXPIRED)
    found = CampaignInvitation.objects.exclude(consent__events__act__in=final)
    if campaign_id is not None:
        found = found.filter(campaign=campaign_id)
    return found.filter(campaign__closes_on__lt=before) if before is not None else found


# --- What an artist sees.


def _same(party_id: UUID) -> set[UUID]:
    one = survivor(party_id)
    return {one, *PartyMerge.objects.filter(survivor=one, undo__isnull=True).values_list("duplicate_id", flat=True)}


def consents_shown(invitation: CampaignInvitation) -> QuerySet[Consent]:
    """
    Return the artist's consents that the page behind a link is about, newest first.

    The organization that made the link may have seen it, so the page shows what this organization keeps or enjoys, and
    not what the artist agreed to with others. What the operator asked, it shows with what the operator keeps.
    """
    registrar, organization = invitation.consent.registrar_id, invitation.campaign.organization_id
    kept = Q(registrar=registrar) if registrar is not None else Q(registrar=None)
    theirs = kept | Q(registrar=organization) | Q(licensee=organization)
    return (
        Consent.objects.filter(theirs)
        .filter(grantor__in=_same(invitation.party_id))
        .select_related("terms", "licensee__identity", "recording", "work", "voice", "stem", "lyrics__work")
        .prefetch_related("events")
        .order_by("-recorded_at", "pk")
    )


def outputs_with(consent_ids: Iterable[UUID], *, most: int) -> list[Submission]:
    """Return cleared outputs that hold a recording of these consents, newest first: the whole, or through its work."""
    ids = set(consent_ids)
    named = Consent.objects.filter(pk__in=ids)
    listed = ConsentAsset.objects.filter(consent__in=ids)
    recordings = Q(ingredients__recording__in=named.filter(recording__isnull=False).values("recording"))
    recordings |= Q(ingredients__recording__in=listed.filter(recording__isnull=False).values("recording"))
    works = Q(ingredients__recording__work_links__work__in=named.filter(work__isnull=False).values("work"))
    works |= Q(ingredients__recording__work_links__work__in=listed.filter(work__isnull=False).values("work"))
    found = Submission.objects.filter(recordings | works, decisions__outcome=Outcome.CLEARED.value)
    return list(found.select_related("submitter__identity").distinct().order_by("-submitted_at", "pk")[:most])


# --- Choosing a roster.


@dataclass(frozen=True)
class Coverage:
    """What a roster comes to before anybody is asked."""

    artists: int
    holding: int  # a share of an asset of these kinds, or a voice; the others are left out
    reachable: int  # by letter


def coverage(artists: QuerySet[Party], kinds: Iterable[str], *, on: date) -> Coverage:
    """Count who could be asked about something, and who could be written to."""
    in_force = Q(active_from__lte=on) & (Q(active_to__isnull=True) | Q(active_to__gt=on))
    about = Q()
    for kind in kinds:
        about |= Q(**{f"{kind}__isnull": False})
    holding = Q(pk__in=Share.objects.filter(about, in_force).values("party")) if about else Q()
    if AssetKind.VOICE in set(kinds):
        holding |= Q(pk__in=Voice.objects.values("person"))
    return Coverage(
        artists=artists.count(),
        holding=artists.filter(holding).count(),
        reachable=artists.filter(pk__in=PartyContact.objects.filter(kind="email").values("party")).count(),
    )


def roster(
    *, role: str = "", represented_by: UUID | None = None, words: str = "", on: date
) -> QuerySet[Party]:  # fmt: skip
    """
    Return the parties that a campaign could ask: in a role on the day, under contract with somebody, of a name.

    :raises NothingToSearch: the words hold neither letters nor digits
    """
    found = Party.objects.all()
    in_force = Q(active_from__lte=on) & (Q(active_to__isnull=True) | Q(active_to__gt=on))
    if role:
        found = found.filter(pk__in=PartyInRole.objects.filter(in_force, role=role).values("party"))
    if represented_by is not None:
        acting = Representation.objects.filter(in_force, agent=represented_by)
        acting = acting.exclude(end__effective_on__lte=on)
        found = found.filter(pk__in=acting.values("principal"))
    if words:
        found = found.filter(pk__in=parties.named(words))
    return found.exclude(pk__in=PartyMerge.objects.filter(undo__isnull=True).values("duplicate"))
