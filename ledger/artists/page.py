"""What an artist's page shows, in words: the question, what is allowed use by use, where it was used, what happened."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime, timedelta
from uuid import UUID

from django.urls import reverse

from ledger import campaigning
from ledger.models import Entry
from rights import campaigns, consents
from rights.consents import State
from rights.models import CampaignInvitation, Consent, ConsentAsset, ConsentEvent
from rights.phrases import Words
from rights.vocabulary import ConsentAct, Use

MOST_TITLES = 200
MOST_OUTPUTS = 100
STANDS = {State.GRANTED, State.AMENDING, State.WITHDRAWAL_NOTICED}


class Say:
    """The words of the page's language, as the template asks for them: ``{{ say.foot }}``, ``{{ say|… }}``."""

    def __init__(self, words: Words) -> None:
        """Speak one language."""
        self._words = words

    def __getitem__(self, key: str) -> str:
        """Return a phrase without gaps; a template writes its dots as underscores."""
        return self._words(key.replace("_", "."))


@dataclass(frozen=True)
class UseTile:
    """One use, in plain words."""

    name: str
    more: str


@dataclass(frozen=True)
class Offer:
    """What is asked, or was."""

    state: str
    said: tuple[str, ...]
    may_grant: bool
    may_decline: bool
    uses: tuple[UseTile, ...]
    facts: tuple[tuple[str, str], ...]
    titles: tuple[str, ...]
    more_titles: str
    terms_name: str
    terms_text: str
    terms_digest: str
    terms_language: str


@dataclass(frozen=True)
class Allowed:
    """One consent, in the tile of one of its uses."""

    consent_id: UUID
    who: str
    facts: tuple[tuple[str, str], ...]
    ahead: str
    withdraw: str  # the address of the page that asks once more; empty where it is withdrawn already


@dataclass(frozen=True)
class Tile:
    """One use, and everybody who may make it."""

    use: UseTile
    allowed: tuple[Allowed, ...]


@dataclass(frozen=True)
class Happened:
    """One line of the history."""

    at: datetime
    what: str
    about: str
    proof: str


@dataclass(frozen=True)
class Page:
    """Everything on the page."""

    name: str
    organization: str
    campaign: str
    intro: str
    lead: str
    offer: Offer
    tiles: tuple[Tile, ...]
    forbidden: tuple[str, ...]
    outputs: tuple[tuple[str, str, str], ...]
    history: tuple[Happened, ...]


@dataclass(frozen=True)
class Ask:
    """The page before an act: what it does and what it does not."""

    title: str
    first: tuple[str, tuple[str, ...], tuple[UseTile, ...]]
    second: tuple[str, tuple[str, ...]]
    confirm: str
    address: str
    is_grave: bool
    facts: tuple[tuple[str, str], ...] = field(default=())


def of(invitation: CampaignInvitation, secret: str, words: Words, *, at: datetime) -> Page:
    """Return what the page behind a link shows at a moment."""
    shown = list(campaigns.consents_shown(invitation))
    organization = str(invitation.campaign.organization)
    tiles = _tiles(invitation, shown, secret, words, at.date())
    allowed = {tile.use.name for tile in tiles}
    granted = [one.id for one in shown if any(event.act == ConsentAct.GRANTED for event in one.events.all())]
    return Page(
        name=str(invitation.party),
        organization=organization,
        campaign=invitation.campaign.name,
        intro=words("intro", organization=organization),
        lead=words("allow.lead", organization=organization),
        offer=_offer(invitation, words, at.date()),
        tiles=tiles,
        forbidden=tuple(name for name in (words.use(use)[0] for use in Use) if name not in allowed),
        outputs=tuple(
            (output.title, str(output.submitter), words.day(output.release_on))
            for output in campaigns.outputs_with(granted, most=MOST_OUTPUTS)
        ),
        history=_history(shown, words),
    )


# --- The question.


def _offer(invitation: CampaignInvitation, words: Words, today: date) -> Offer:
    consent, campaign = invitation.consent, invitation.campaign
    events = list(consent.events.order_by("position"))
    state = consents.state_of([(event.act, event.effective_on) for event in events], on=today) or State.OFFERED
    is_open = campaigning.is_open(campaign, on=today) and state != State.EXPIRED
    last = events[-1].effective_on if events else today
    titles = titles_of(consent, most=MOST_TITLES)
    count = consent.assets.count() if consent.is_list else 1
    terms = consent.terms or campaign.terms
    may_grant = is_open and state in {State.OFFERED, State.VIEWED, State.DECLINED}
    return Offer(
        state="open" if state in {State.OFFERED, State.VIEWED} and is_open else state.value,
        said=_said(
            events,
            state,
            campaign.closes_on,
            words,
            last=last,
            is_open=is_open,
        ),
        may_grant=may_grant,
        may_decline=is_open and state in {State.OFFERED, State.VIEWED},
        uses=uses_of(consent, words),
        facts=facts_of(consent, words, organization=str(campaign.organization)),
        titles=titles,
        more_titles=words("assets.more", count=count - len(titles)) if count > len(titles) else "",
        terms_name=words("terms.name", name=terms.name, number=terms.number),
        terms_text=terms.text,
        terms_digest=f"sha256:{terms.text_digest}",
        terms_language=terms.language,
    )


def _said(
    events: Sequence[ConsentEvent],
    state: State,
    closes_on: date,
    words: Words,
    *,
    last: date,
    is_open: bool,
) -> tuple[str, ...]:
    day = words.day(last)
    if state in {State.OFFERED, State.VIEWED}:
        return (words("asked.lead", day=words.day(closes_on)) if is_open else words("state.closed"),)
    if state is State.DECLINED:
        changed = (words("state.declined.open", day=words.day(closes_on)),) if is_open else ()
        return (words("state.declined", day=day), *changed)
    if state is State.EXPIRED:
        declined = next((event for event in events if event.act == ConsentAct.DECLINED), None)
        if declined is not None:
            return (words("state.declined", day=words.day(declined.effective_on)),)
        return (words("state.expired", day=words.day(closes_on)),)
    if state in {State.WITHDRAWN, State.WITHDRAWAL_NOTICED}:
        return (words("state.withdrawn", day=day),)
    if state is State.ANNULLED:
        return (words("state.annulled"),)
    if state is State.SUPERSEDED:
        return (words("state.superseded"),)
    granted = next(event for event in events if event.act == ConsentAct.GRANTED)
    return (words("state.granted", day=words.day(granted.effective_on)),)


# --- A consent in words.


def uses_of(consent: Consent, words: Words) -> tuple[UseTile, ...]:
    """Return the uses of a consent in the order of the vocabulary."""
    return tuple(UseTile(*words.use(use)) for use in Use if use.value in consent.uses)


def facts_of(consent: Consent, words: Words, *, organization: str) -> tuple[tuple[str, str], ...]:
    """Return what else is agreed, line by line."""
    barred = ", ".join(words(f"purpose.{purpose}") for purpose in consent.barred)
    days = consent.notice_days
    facts = (
        ("fact.assets", assets_of(consent, words)),
        ("fact.description", consent.description),
        ("fact.who", _who(consent, words)),
        ("fact.where", words.places(consent.territories)),
        ("fact.when", words.period(consent.active_from, consent.active_to)),
        ("fact.money", consent.compensation or words("money.none", organization=organization)),
        ("fact.limits", barred),
        ("fact.approval", words(f"approval.{consent.approval_mode}")),
        ("fact.notice", words("notice.days", days=days) if days else words("notice.none")),
        ("fact.asked_by", organization),
    )
    return tuple((words(key), value) for key, value in facts if value)


def assets_of(consent: Consent, words: Words) -> str:
    """Return in few words which assets a consent is about."""
    if not consent.is_list:
        return titles_of(consent, most=1)[0]
    count = consent.assets.count()
    if not count:
        return words("assets.only_future")
    if consent.covers_future:
        return words("assets.future", count=count)
    return words("assets.many", count=count) if count > 1 else titles_of(consent, most=1)[0]


def titles_of(consent: Consent, *, most: int) -> tuple[str, ...]:
    """Return the titles of a consent's assets, as many as asked for."""
    kinds = ("recording", "work", "voice", "stem", "lyrics")
    rows: Iterable[Consent | ConsentAsset] = [consent]
    if consent.is_list:
        rows = consent.assets.select_related("recording", "work", "voice", "stem", "lyrics__work").order_by("pk")[:most]
    return tuple(str(next(asset for kind in kinds if (asset := getattr(row, kind)) is not None)) for row in rows)


def _who(consent: Consent, words: Words) -> str:
    if consent.licensee:
        return str(consent.licensee)
    if consent.licensee_role:
        return words("who.role", role=words(f"role.{consent.licensee_role}"))
    return words("who.anyone")


# --- What is allowed.


def _tiles(
    invitation: CampaignInvitation, shown: Sequence[Consent], secret: str, words: Words, today: date
) -> tuple[Tile, ...]:
    by_use: dict[str, list[Allowed]] = {}
    asked_by = dict(
        CampaignInvitation.objects.filter(consent__in=[consent.id for consent in shown]).values_list(
            "consent_id", "campaign__name"
        )
    )
    for consent in shown:
        events = list(consent.events.all())
        course = [(event.act, event.effective_on) for event in sorted(events, key=lambda one: one.position or 0)]
        state = consents.state_of(course, on=today)
        if state not in STANDS or (consent.active_to is not None and consent.active_to <= today):
            continue
        allowed = _allowed(invitation, consent, course, state, asked_by.get(consent.id, ""), secret, words, today)
        for use in consent.uses:
            by_use.setdefault(use, []).append(allowed)
    return tuple(Tile(UseTile(*words.use(use)), tuple(by_use[use])) for use in Use if use.value in by_use)


def _allowed(
    invitation: CampaignInvitation,
    consent: Consent,
    course: Sequence[tuple[str, date]],
    state: State,
    campaign: str,
    secret: str,
    words: Words,
    today: date,
) -> Allowed:
    granted = next(day for act, day in course if act == ConsentAct.GRANTED)
    begins = max(granted, consent.active_from)
    ahead = words("allow.ahead", day=words.day(course[-1][1])) if state is not State.GRANTED else ""
    facts = (
        ("fact.assets", assets_of(consent, words)),
        ("fact.where", words.places(consent.territories)),
        ("fact.when", words.period(begins, consent.active_to)),
        ("fact.money", consent.compensation or words("money.none.short")),
        ("fact.asked_by", f"{invitation.campaign.organization}: {campaign}" if campaign else ""),
    )
    may_withdraw = state is not State.WITHDRAWAL_NOTICED
    return Allowed(
        consent_id=consent.id,
        who=_who(consent, words),
        facts=tuple((words(key), value) for key, value in facts if value),
        ahead=ahead or (words("allow.later", day=words.day(begins)) if begins > today else ""),
        withdraw=f"{reverse('artists:withdraw', args=[secret, consent.id])}?lang={words.language}"
        if may_withdraw
        else "",
    )


# --- What happened.


def _history(shown: Sequence[Consent], words: Words) -> tuple[Happened, ...]:
    events = [(event, consent) for consent in shown for event in consent.events.all()]
    events.sort(key=lambda pair: (pair[0].recorded_at, pair[0].position or 0), reverse=True)
    own = dict(Entry.objects.filter(consent_event__in=[event.id for event, _ in events]).values_list("fact", "id"))
    first = dict(Entry.objects.filter(consent__in=[consent.id for consent in shown]).values_list("fact", "id"))
    return tuple(
        Happened(
            at=event.recorded_at,
            what=words(f"act.{event.act}"),
            about=", ".join(use.name for use in uses_of(consent, words)),
            proof=str(own.get(event.id) or first[consent.id]),
        )
        for event, consent in events
    )


# --- Before an act.


def granting(invitation: CampaignInvitation, secret: str, words: Words, *, at: datetime) -> Ask:
    """
    Return what is said before an artist agrees.

    :raises CampaignClosed: it is closed
    :raises AnsweredAlready: they agreed before
    """
    consent, today = invitation.consent, at.date()
    offer = _offer(invitation, words, today)
    if not offer.may_grant:
        if offer.state in {State.EXPIRED, State.OFFERED, State.VIEWED, State.DECLINED}:
            raise campaigning.CampaignClosed
        raise campaigning.AnsweredAlready
    key = "grant.begins.1" if consent.active_from <= today else "grant.begins.1.later"
    begins = words(key, assets=assets_of(consent, words), day=words.day(consent.active_from))
    return Ask(
        title=words("grant.title"),
        first=(words("grant.begins"), (begins,), offer.uses),
        second=(words("grant.stays"), tuple(words(f"grant.stays.{number}") for number in (1, 2, 3))),
        confirm=words("do.confirm.grant"),
        address=f"{reverse('artists:grant', args=[secret])}?lang={words.language}",
        is_grave=False,
        facts=offer.facts,
    )


def withdrawing(
    invitation: CampaignInvitation, consent_id: UUID, secret: str, words: Words, *, at: datetime
) -> Ask:  # fmt: skip
    """
    Return what is said before an artist withdraws.

    :raises NotTheirs: the page is not about this consent
    :raises NothingToWithdraw: it does not stand
    """
    consent = campaigns.consents_shown(invitation).filter(pk=consent_id).first()
    if consent is None:
        raise campaigning.NotTheirs
    course = list(consent.events.order_by("position").values_list("act", "effective_on"))
    if consents.state_of(course, on=at.date()) not in {State.GRANTED, State.AMENDING}:
        raise campaigning.NothingToWithdraw
    day = at.date() + timedelta(days=consent.notice_days)
    stops = [words("withdraw.stops.1", assets=assets_of(consent, words))]
    likeness = any(use.startswith("voice.") or use == Use.STYLE_PROMPT for use in consent.uses)
    more = (words("withdraw.stops.2"), *((words("withdraw.stops.3"),) if likeness else ()))
    outputs = len(campaigns.outputs_with([consent.id], most=1000))
    return Ask(
        title=words("withdraw.title"),
        first=(words("withdraw.stops", day=words.day(day)), (*stops, *more), uses_of(consent, words)),
        second=(
            words("withdraw.goes_on"),
            (words("withdraw.goes_on.1", count=outputs), words("withdraw.goes_on.2"), words("withdraw.goes_on.3")),
        ),
        confirm=words("do.confirm.withdraw"),
        address=f"{reverse('artists:withdraw', args=[secret, consent.id])}?lang={words.language}",
        is_grave=True,
        facts=facts_of(consent, words, organization=str(invitation.campaign.organization)),
    )
