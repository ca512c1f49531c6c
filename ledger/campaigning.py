"""Campaigns: opened, carried to each artist, answered by a personal link, chased and closed; each act with its entry.

Whoever holds a link acts for its artist, and nobody else does. What they did is evidence: the log says by which
channel, from what kind of network and in which language, and the digest of the text that was shown; no address.
"""

from __future__ import annotations

import contextlib
import logging
from collections.abc import Iterable, Mapping, Sequence
from datetime import date, datetime, timedelta
from hashlib import sha256
from typing import Any
from uuid import UUID, uuid4, uuid5

from django.conf import settings
from django.contrib.auth.models import AnonymousUser
from django.core.mail import EmailMessage, get_connection
from django.db import IntegrityError, transaction
from django.db.models import F, QuerySet

from ledger import consenting, jobs, log
from ledger.constraints import violated
from ledger.models import CampaignMailing, CampaignNotice, CampaignPlan, Entry, Job
from rights import campaigns, parties, phrases
from rights.campaigns import Plan, Question
from rights.consents import Evidence, EvidenceKind
from rights.merges import survivors
from rights.models import Campaign, CampaignInvitation, Consent, ConsentEvent
from rights.registry import LINKS
from rights.vocabulary import ConsentAct

CHUNK = 25  # artists in one transaction: short, so that a withdrawal elsewhere does not wait
MOST_CLOSED = 2_000  # in one sweep
MOST_LETTERS = 500  # in one connection to the mail server

logger = logging.getLogger(__name__)


class NoSuchCampaign(Exception):
    """There is no campaign with this id."""


class NoSuchInvitation(Exception):
    """There is no page at this address: open the link as it was sent to you."""


class NotTheirs(Exception):
    """This consent is not on the page that the link opens."""


class CampaignClosed(Exception):
    """The campaign is closed, and silence was a no: ask for a new link to agree after all."""


class AnsweredAlready(Exception):
    """This was answered before, and cannot be answered like this any more."""


class NothingToWithdraw(Exception):
    """This consent does not stand: it was never granted, or it has ended."""


class StillAsking(Exception):
    """Not everybody on the roster has been asked yet: close the campaign once they have."""


class MailNotConfigured(Exception):
    """No mail server is configured (EMAIL_HOST, LEDGER_MAIL_FROM): copy the links instead."""


# --- Opening, and asking everybody on the roster.


def open_campaign(
    *,
    id: UUID,
    organization_id: UUID,
    name: str,
    terms_id: UUID,
    question: Question,
    roster: Iterable[UUID],
    closes_on: date,
    registrar_id: UUID | None = None,
    at: datetime,
) -> Campaign:
    """
    Open a campaign; the artists are asked one after the other by a job.

    :raises NobodyAsked: the roster is empty
    :raises TooManyArtists: it is too long
    :raises ClosesInThePast: the last day to answer is over
    :raises NoSuchTerms: the terms were not published
    :raises NothingAllowed: no use is named
    :raises NoSuchUse: a use is not in the vocabulary
    :raises NoSuchPurpose: a barred purpose is not in the vocabulary
    :raises NoSuchRole: a role is not in the vocabulary
    :raises OneLicenseeOrARole: both are named
    :raises NothingListed: no kind of asset is named, and future ones are not covered
    :raises NoSuchTerritory: a code is not in the tables
    """
    artists = sorted(set(survivors(roster).values()), key=str)
    if not artists:
        raise campaigns.NobodyAsked
    if len(artists) > campaigns.MOST_ARTISTS:
        raise campaigns.TooManyArtists
    campaigns.check_question(question)
    plan = Plan(question, tuple(artists), registrar_id)
    document = plan.document
    with transaction.atomic(durable=True):
        campaign = campaigns.open_campaign(
            id=id, organization_id=organization_id, name=name, terms_id=terms_id, closes_on=closes_on, at=at
        )
        CampaignPlan.objects.create(campaign=campaign, document=document, asked=len(artists), changed_at=at)
        jobs.enqueue(Job.Kind.CAMPAIGN, campaign.id, at=at)
        log.append(
            Entry.Kind.CAMPAIGN_OPENED,
            campaign,
            {
                "terms": f"sha256:{campaign.terms.text_digest}",
                "plan": f"sha256:{sha256(document.encode()).hexdigest()}",
                "artists": len(artists),
                "uses": sorted(question.uses),
            },
            at=at,
        )
    return campaign


def ask_everybody(*, campaign_id: UUID, at: datetime) -> int:
    """
    Offer each artist on the roster their consent, some in each transaction, from where the last attempt came to.

    Whoever cannot be asked, because they hold nothing of the kind or a law forbids the term, is left out and counted.

    :raises NoSuchCampaign: nothing was opened under this id
    :raises LostLease: another worker has taken over
    """
    row = CampaignPlan.objects.select_related("campaign__terms").filter(campaign=campaign_id).first()
    if row is None:
        raise NoSuchCampaign
    job = jobs.claim(Job.Kind.CAMPAIGN, campaign_id, at=at)
    if job is None:
        return 0
    row.refresh_from_db(fields=["offered", "left_out"])  # who held the job before may have moved it since it was read
    plan = campaigns.read_plan(row.document)
    offered = 0
    with jobs.held(job):
        position = row.offered + row.left_out
        while position < len(plan.roster):
            part = plan.roster[position : position + CHUNK]
            offered += _ask(row.campaign, plan, part, position, at)
            position += len(part)
        with transaction.atomic(durable=True):
            jobs.finish(job, at=at)
    return offered


def has_stopped(campaign_id: UUID) -> bool:
    """Whether asking was given up, after as many attempts as a job has."""
    return Job.objects.filter(
        kind=Job.Kind.CAMPAIGN, subject_id=campaign_id, given_up_at__isnull=False, done_at=None
    ).exists()


def ask_again(*, campaign_id: UUID, at: datetime) -> bool:
    """Go on asking where it was given up; False where it was not."""
    with transaction.atomic(durable=True):
        return jobs.retry(Job.Kind.CAMPAIGN, campaign_id, at=at)


def _ask(campaign: Campaign, plan: Plan, part: Sequence[UUID], position: int, at: datetime) -> int:
    offered, problem = 0, ""
    with transaction.atomic(durable=True):
        for party_id in part:
            try:
                invitation = campaigns.invite(
                    campaign=campaign,
                    party_id=party_id,
                    question=plan.question,
                    registrar_id=plan.registrar_id,
                    at=at,
                )
            except campaigns.LEAVES_OUT as error:
                problem = problem or _sentence(error)
                continue
            offered += 1
            log.append(
                Entry.Kind.CONSENT_OFFERED,
                invitation.consent,
                {"campaign": str(campaign.id), "document": f"sha256:{invitation.consent.document_digest}"},
                at=at,
            )
        # The position is the fence: of two workers one moves it, and the other's offers are rolled back.
        moved = CampaignPlan.objects.filter(campaign=campaign, offered__gte=0).annotate(
            position=F("offered") + F("left_out")
        )
        fields: dict[str, Any] = {"offered": F("offered") + offered, "left_out": F("left_out") + len(part) - offered}
        if problem:
            fields["problem"] = problem[:600]
        if not moved.filter(position=position).update(changed_at=at, **fields):
            raise jobs.LostLease
    return offered


def _sentence(error: Exception) -> str:
    return str(error) or " ".join((type(error).__doc__ or "").split())


# --- What an artist does behind a link.


def invited(secret: str) -> CampaignInvitation:
    """
    Return the invitation that a link opens.

    :raises NoSuchInvitation: no link has this secret
    """
    found = campaigns.by_secret(secret)
    if found is None:
        raise NoSuchInvitation
    return found


def note_viewed(*, secret: str, circumstances: Mapping[str, str], at: datetime) -> None:
    """
    Record that an artist's page was opened for the first time, while it waits for an answer.

    :raises NoSuchInvitation: no link has this secret
    """
    invitation = invited(secret)
    if _acts(invitation.consent) != [ConsentAct.OFFERED] or not is_open(invitation.campaign, on=at.date()):
        return
    with contextlib.suppress(consenting.OutOfCourse):  # they answered in the same moment, which says more
        _act(invitation, ConsentAct.VIEWED, circumstances, at=at)


def grant(*, secret: str, circumstances: Mapping[str, str], at: datetime) -> ConsentEvent:
    """
    Record that an artist agreed to what they were asked; the same again is the first answer.

    :raises NoSuchInvitation: no link has this secret
    :raises CampaignClosed: the last day to answer is over
    :raises AnsweredAlready: the offer expired, or the consent has ended since
    :raises UnauthorizedAct: the artist may not act alone
    :raises EvidenceMissing: the law asks for a document first
    """
    return _answer(secret, ConsentAct.GRANTED, circumstances, at)


def decline(*, secret: str, circumstances: Mapping[str, str], at: datetime) -> ConsentEvent:
    """
    Record that an artist said no; until the campaign closes they may still agree.

    :raises NoSuchInvitation: no link has this secret
    :raises CampaignClosed: the last day to answer is over
    :raises AnsweredAlready: they agreed before: a consent that stands is withdrawn
    """
    return _answer(secret, ConsentAct.DECLINED, circumstances, at)


def _answer(secret: str, act: ConsentAct, circumstances: Mapping[str, str], at: datetime) -> ConsentEvent:
    invitation = invited(secret)
    consent = invitation.consent
    acts = _acts(consent)
    if acts and acts[-1] == act:
        return consent.events.get(act=act)
    if ConsentAct.EXPIRED in acts or (
        ConsentAct.GRANTED not in acts and not is_open(invitation.campaign, on=at.date())
    ):
        raise CampaignClosed
    try:
        return _act(invitation, act, circumstances, at=at)
    except consenting.OutOfCourse as error:
        raise AnsweredAlready from error


def withdraw(*, secret: str, consent_id: UUID, circumstances: Mapping[str, str], at: datetime) -> ConsentEvent:
    """
    Record that an artist withdrew a consent of their page, however long ago its campaign closed; again is once.

    :raises NoSuchInvitation: no link has this secret
    :raises NotTheirs: the page is not about this consent
    :raises NothingToWithdraw: it does not stand
    """
    invitation = invited(secret)
    consent = campaigns.consents_shown(invitation).filter(pk=consent_id).first()
    if consent is None:
        raise NotTheirs
    withdrawn = consent.events.filter(act=ConsentAct.WITHDRAWN)
    if found := withdrawn.first():
        return found
    try:
        return consenting.withdraw(
            id=uuid5(LINKS, f"{consent.id}/link/{ConsentAct.WITHDRAWN}"),
            consent_id=consent.id,
            actor_id=invitation.party_id,
            effective_on=at.date() + timedelta(days=consent.notice_days),
            channel=circumstances.get("channel", ""),
            circumstances=circumstances,
            at=at,
        )
    except (consenting.AlreadyWithdrawn, consenting.OutOfCourse, IntegrityError) as error:
        if isinstance(error, IntegrityError) and violated(error) != SENT_TWICE:
            raise
        if found := withdrawn.first():  # sent twice, or withdrawn in the same moment by another way
            return found
        raise NothingToWithdraw from error


SENT_TWICE = "rights_consentevent_pkey"


def _acts(consent: Consent) -> list[str]:
    return list(consent.events.order_by("position").values_list("act", flat=True))


def _act(
    invitation: CampaignInvitation, act: ConsentAct, circumstances: Mapping[str, str], *, at: datetime
) -> ConsentEvent:
    """Record what became of an offer; what is sent twice is once, since the id of the event follows from it."""
    consent = invitation.consent
    id = uuid5(LINKS, f"{consent.id}/link/{act}")
    shown = (Evidence(EvidenceKind.SIGNED_TEXT, consent.document_digest),)
    try:
        return consenting.answer(
            id=id,
            consent_id=consent.id,
            act=act,
            actor_id=invitation.party_id,
            channel=circumstances.get("channel", ""),
            evidence=shown if act in {ConsentAct.GRANTED, ConsentAct.DECLINED} else (),
            circumstances={"document": f"sha256:{consent.document_digest}", **circumstances},
            at=at,
        )
    except IntegrityError as error:
        if violated(error) != SENT_TWICE and not ConsentEvent.objects.filter(pk=id).exists():
            raise
        last = consent.events.order_by("position").last()
        if last is not None and last.pk == id:
            return last
        raise consenting.OutOfCourse from error


# --- Chasing.


def link_of(invitation: CampaignInvitation) -> str:
    """
    Return the personal link, to be sent to its artist.

    :raises LinkLost: the key that it was made with is gone
    """
    return f"{settings.LEDGER_PUBLIC_URL.rstrip('/')}/artist/{campaigns.secret_of(invitation)}"


def show_link(*, id: UUID, invitation_id: UUID, to: AnonymousUser | Any, at: datetime) -> str:
    """
    Return a personal link to somebody at the desk who will send it, and record that they have seen it.

    :raises NoSuchInvitation: there is no such invitation
    :raises LinkLost: the key that it was made with is gone
    """
    invitation = CampaignInvitation.objects.filter(pk=invitation_id).first()
    if invitation is None:
        raise NoSuchInvitation
    link = link_of(invitation)
    with transaction.atomic(durable=True):
        CampaignNotice.objects.create(
            id=id,
            invitation=invitation,
            channel=CampaignNotice.Channel.DESK,
            shown_to_id=to.pk,
            recorded_at=at,
        )
    return link


def show_links(*, campaign_id: UUID, to: AnonymousUser | Any, at: datetime) -> list[tuple[str, str]]:
    """
    Return the names and links of all who have not answered and whom no letter reached, and record who saw them.

    :raises NoSuchCampaign: nothing was opened under this id
    :raises LinkLost: the key that they were made with is gone
    """
    if not Campaign.objects.filter(pk=campaign_id).exists():
        raise NoSuchCampaign
    waiting = list(
        campaigns.unanswered(campaign_id)
        .exclude(notices__channel=CampaignNotice.Channel.EMAIL)
        .select_related("party__identity")
        .order_by("pk")
    )
    found = [(str(invitation.party), link_of(invitation)) for invitation in waiting]
    with transaction.atomic(durable=True):
        CampaignNotice.objects.bulk_create(
            [
                CampaignNotice(
                    id=uuid4(),
                    invitation=invitation,
                    channel=CampaignNotice.Channel.DESK,
                    shown_to_id=to.pk,
                    recorded_at=at,
                )
                for invitation in waiting
            ],
            batch_size=1000,
        )
    return found


def sends_mail() -> bool:
    """Whether a mail server is configured."""
    return bool(settings.LEDGER_MAIL_FROM)


def request_mailing(
    *, id: UUID, campaign_id: UUID, kind: CampaignMailing.Kind, by: Any = None, at: datetime
) -> CampaignMailing:
    """
    Have everybody written to who has not answered; a job does it.

    :raises NoSuchCampaign: nothing was opened under this id
    :raises CampaignClosed: there is nothing to answer any more
    :raises MailNotConfigured: no mail server is configured
    """
    campaign = Campaign.objects.filter(pk=campaign_id).first()
    if campaign is None:
        raise NoSuchCampaign
    if not is_open(campaign, on=at.date()):
        raise CampaignClosed
    if not sends_mail():
        raise MailNotConfigured
    with transaction.atomic(durable=True):
        mailing = CampaignMailing.objects.create(
            id=id, campaign=campaign, kind=kind, requested_by_id=by.pk if by else None, requested_at=at
        )
        jobs.enqueue(Job.Kind.MAILING, mailing.id, at=at)
    return mailing


def send_mailing(*, mailing_id: UUID, at: datetime) -> int:
    """
    Write to those of a mailing who were not written to yet; return how many letters went out.

    A letter is noted after the mail server took it: a worker that dies in between sends one letter twice.

    :raises NoSuchCampaign: there is no such mailing
    :raises LostLease: another worker has taken over
    """
    mailing = CampaignMailing.objects.select_related("campaign__organization__identity", "campaign__terms")
    found = mailing.filter(pk=mailing_id).first()
    if found is None:
        raise NoSuchCampaign
    job = jobs.claim(Job.Kind.MAILING, mailing_id, at=at)
    if job is None:
        return 0
    sent = 0
    with jobs.held(job):
        try:
            while part := list(_unwritten(found)[:MOST_LETTERS]):
                with get_connection() as mail:
                    for invitation in part:
                        sent += _write(found, invitation, mail, at)
        except OSError as error:  # smtplib's errors are among them; addresses stay out of the job's row
            jobs.fail(job, error=f"the mail server refused: {type(error).__name__}", at=at)
            logger.warning("the mail server refused a letter of mailing %s: %s", mailing_id, type(error).__name__)
            return sent
        with transaction.atomic(durable=True):
            jobs.finish(job, at=at)
    return sent


def _unwritten(mailing: CampaignMailing) -> QuerySet[CampaignInvitation]:
    return (
        campaigns.unanswered(mailing.campaign_id)
        .exclude(notices__mailing=mailing)
        .select_related("party__identity")
        .order_by("pk")
    )


def _write(mailing: CampaignMailing, invitation: CampaignInvitation, mail: Any, at: datetime) -> int:
    address = parties.contact_of(invitation.party_id, "email")
    if address:
        campaign = mailing.campaign
        subject, body = phrases.letter(
            language=campaign.terms.language,
            name=str(invitation.party),
            organization=str(campaign.organization),
            campaign=campaign.name,
            closes_on=campaign.closes_on,
            link=link_of(invitation),
            is_reminder=mailing.kind == CampaignMailing.Kind.REMINDER,
        )
        EmailMessage(subject, body, settings.LEDGER_MAIL_FROM, [address], connection=mail).send()
    with transaction.atomic(durable=True):
        CampaignNotice.objects.create(
            id=uuid5(LINKS, f"{mailing.id}/{invitation.id}"),
            invitation=invitation,
            mailing=mailing,
            channel=CampaignNotice.Channel.EMAIL if address else CampaignNotice.Channel.NO_ADDRESS,
            recorded_at=at,
        )
    return 1 if address else 0


# --- Closing.


def close(*, campaign_id: UUID, at: datetime) -> None:
    """
    Close a campaign at once: nothing can be answered from now on, and a job lets expire what was not granted.

    :raises NoSuchCampaign: nothing was opened under this id
    :raises StillAsking: some of the roster were not asked yet
    """
    plan = CampaignPlan.objects.filter(campaign=campaign_id).first()
    if plan is None:
        raise NoSuchCampaign
    if plan.offered + plan.left_out < plan.asked:
        raise StillAsking
    try:
        with transaction.atomic(durable=True):
            jobs.enqueue(Job.Kind.CLOSING, campaign_id, at=at)
    except IntegrityError as error:
        if violated(error) != "one_job_per_kind_and_subject":
            raise  # else it is closed already, which is what was wanted


def expire_closed(*, campaign_id: UUID, at: datetime) -> int:
    """
    Let everything expire that was not granted in a campaign that was closed; return how much.

    :raises LostLease: another worker has taken over
    """
    job = jobs.claim(Job.Kind.CLOSING, campaign_id, at=at)
    if job is None:
        return 0
    waiting = campaigns.not_granted(campaign_id=campaign_id).select_related("consent").order_by("pk")
    with jobs.held(job):
        expired = sum(_expire(invitation, at) for invitation in waiting)
        with transaction.atomic(durable=True):
            jobs.finish(job, at=at)
    return expired


def is_open(campaign: Campaign, *, on: date) -> bool:
    """Whether artists can still answer: the last day is not over, and the desk did not close it."""
    return on <= campaign.closes_on and not Job.objects.filter(kind=Job.Kind.CLOSING, subject_id=campaign.pk).exists()


def close_due(*, at: datetime) -> int:
    """Close what is past its last day, some at a time; return how many offers expired."""
    due = campaigns.not_granted(before=at.date()).select_related("consent").order_by("pk")[:MOST_CLOSED]
    return sum(_expire(invitation, at) for invitation in due)


def _expire(invitation: CampaignInvitation, at: datetime) -> bool:
    try:
        _act(invitation, ConsentAct.EXPIRED, {"channel": "campaign"}, at=at)
    except consenting.OutOfCourse:
        return False  # the artist answered in the same moment, or another worker closed it
    return True
