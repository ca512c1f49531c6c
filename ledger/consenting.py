"""Consents and reservations: offered, granted, withdrawn, carried out; each fact with its entry, or not at all."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date, datetime, timedelta
from typing import Any
from uuid import UUID, uuid5

from django.db import IntegrityError, transaction
from django.db.models import Model, QuerySet

from ledger import approvals, log, turns
from ledger.access import Caller, Verb
from ledger.constraints import violated
from ledger.models import Approval, Entry, Proposal
from ledger.visibility import EVERYTHING, Sight, seen
from rights import consents, effects, impacts, mandates, reservations
from rights.consents import ConsentTerms, Evidence
from rights.effects import Impact
from rights.mandates import Standing
from rights.models import (
    Consent,
    ConsentEvent,
    Dataset,
    License,
    ModelVersion,
    OutputFlag,
    Party,
    Reservation,
    ReservationEnd,
    Submission,
    WithdrawalTask,
    WithdrawalTaskDone,
)
from rights.registry import AssetRef
from rights.vocabulary import ConsentAct, Outcome
from royalties.models import Split

COURSE = frozenset(
    {
        "consent_follows_its_course",
        "consent_event_has_its_own_position",
        "consent_is_granted_and_withdrawn_once",
    }
)
DONE_TWICE = "rights_withdrawaltaskdone_task_id_key"
LIFTED_TWICE = "rights_reservationend_reservation_id_key"


class NoSuchConsent(Exception):
    """There is no consent with this id."""


class NoSuchReservation(Exception):
    """There is no reservation with this id."""


class NoSuchTask(Exception):
    """There is no task with this id."""


class AlreadyWithdrawn(Exception):
    """This consent has been withdrawn; a withdrawal is final, a new consent may be granted."""


class OutOfCourse(Exception):
    """The course of this consent went on meanwhile: read it again, and act on what it is now."""


class WithdrawalReachesBack(Exception):
    """A withdrawal is prospective: its effect begins on the day it is made or later."""


class NoticeTooShort(Exception):
    """The consent agrees on a notice: its effect begins that many days after today or later."""


class AmendmentReachesBack(Exception):
    """What stands in the place of a consent begins today or later, after the notice that was agreed."""


class OtherHolder(Exception):
    """A consent is amended by the holder who gave it: name the same grantor, or grant a new consent."""


class AlreadyLifted(Exception):
    """This reservation has been lifted; reserve the right anew."""


class LiftReachesBack(Exception):
    """A reservation is lifted from today on or later: what was reserved before stays reserved then."""


class AlreadyDone(Exception):
    """This task has been carried out, and its proof is recorded."""


class ProofMissing(Exception):
    """Say how the task was carried out: give the digest of a proof."""


class OverridesOthers(Exception):
    """A consent overrides reservations of its own holder only."""


# --- Offering and granting.


def offer(
    *, id: UUID, terms: ConsentTerms, channel: str = "", registrar_id: UUID | None = None, at: datetime
) -> Consent:
    """
    Record that a holder was asked to agree. Silence is no: it allows nothing until it is granted.

    Whether the actor may act for the grantor is asked when somebody agrees; what the law asks of voices, here too.
    Raises what ``rights.consents.offer`` and ``rights.mandates.check_offer`` raise.

    :raises OverridesOthers: a reservation that it names is not the grantor's
    """
    terms = consents.frozen(terms, on=at.date())
    mandates.check_offer(terms, on=at.date())
    _check_overrides(terms)
    with transaction.atomic(durable=True):
        return offer_within(id=id, terms=terms, channel=channel, registrar_id=registrar_id, at=at)


def offer_within(
    *, id: UUID, terms: ConsentTerms, channel: str = "", registrar_id: UUID | None = None, at: datetime
) -> Consent:
    """Do the writing of ``offer`` in the transaction of a larger use case, which did the checks."""
    consent = consents.offer(
        id=id, terms=terms, offered_on=at.date(), channel=channel, registrar_id=registrar_id, at=at
    )
    log.append(Entry.Kind.CONSENT_OFFERED, consent, _described(consent), at=at)
    return consent


def grant(
    *, id: UUID, terms: ConsentTerms, channel: str = "", registrar_id: UUID | None = None, at: datetime
) -> Consent:
    """
    Record that a holder agreed, or somebody for them; what is not named is not allowed.

    Raises what ``rights.consents.grant`` and ``rights.mandates.authorize_terms`` raise.

    :raises OverridesOthers: a reservation that it names is not the grantor's
    """
    terms = consents.frozen(terms, on=at.date())
    standing = mandates.authorize_terms(terms, on=at.date())
    _check_overrides(terms)
    with transaction.atomic(durable=True):
        return grant_within(id=id, terms=terms, standing=standing, channel=channel, registrar_id=registrar_id, at=at)


def grant_within(
    *,
    id: UUID,
    terms: ConsentTerms,
    standing: Standing,
    channel: str = "",
    registrar_id: UUID | None = None,
    at: datetime,
) -> Consent:
    """Do the writing of ``grant`` in the transaction of a larger use case, which found by what right it is granted."""
    consent = consents.grant(
        id=id, terms=terms, authority_id=standing.authority_id, channel=channel, registrar_id=registrar_id, at=at
    )
    log.append(Entry.Kind.CONSENT_GRANTED, consent, {**_described(consent), **_by_right(standing)}, at=at)
    return consent


def answer(
    *,
    id: UUID,
    consent_id: UUID,
    act: ConsentAct,
    actor_id: UUID,
    reason: str = "",
    channel: str = "",
    evidence: Sequence[Evidence] = (),
    circumstances: Mapping[str, str] | None = None,
    at: datetime,
) -> ConsentEvent:
    """
    Record what became of an offer: viewed, granted, declined or expired.

    The circumstances, such as the channel and the language, are evidence of how it was done, and go into the entry.
    Viewing and expiring bind nobody, so nobody's authority is asked. Granting asks everything that ``grant`` asks.

    :raises NoSuchConsent: nothing was offered under this id
    :raises OutOfCourse: it is not an offer any more, or somebody was first
    :raises UnauthorizedAct: the actor may not act for the grantor
    """
    consent = _consent(consent_id)
    on = at.date()
    standing = Standing(())
    effective_on = on
    if act is ConsentAct.GRANTED:
        terms = consents.terms_of(consent)
        terms = replace(terms, actor_id=actor_id, evidence=(*terms.evidence, *evidence))
        standing = mandates.authorize_terms(terms, on=on)
        effective_on = max(on, consent.active_from)
    elif act is ConsentAct.DECLINED:
        standing = authorize(consent, actor_id, on)
    elif act not in {ConsentAct.VIEWED, ConsentAct.EXPIRED}:
        raise OutOfCourse(f"an offer cannot be {act.value}")
    try:
        with transaction.atomic(durable=True):
            event = consents.act(
                id=id,
                consent=consent,
                act=act,
                actor_id=actor_id,
                effective_on=effective_on,
                authority_id=standing.authority_id,
                reason=reason,
                channel=channel,
                evidence=evidence,
                at=at,
            )
            log.append(
                Entry.Kind.CONSENT_CHANGED, event, {**_of_event(event, standing), **(circumstances or {})}, at=at
            )
    except IntegrityError as error:
        if refusal := _out_of_course(error, id):
            raise refusal from error
        raise
    return event


# --- What becomes of a granted consent.


def amend(
    *,
    id: UUID,
    consent_id: UUID,
    successor_id: UUID,
    terms: ConsentTerms,
    reason: str = "",
    channel: str = "",
    registrar_id: UUID | None = None,
    at: datetime,
) -> ConsentEvent:
    """
    Record that other terms stand in the place of a consent from their first day on; whoever agrees, agrees to all.

    :raises NoSuchConsent: nothing was granted under this id
    :raises OtherHolder: the terms name another grantor
    :raises AmendmentReachesBack: they begin before today, or within the notice that was agreed
    :raises OutOfCourse: it is not granted, or somebody was first
    """
    consent = _consent(consent_id)
    if terms.grantor_id != consent.grantor_id:
        raise OtherHolder
    earliest = at.date() + timedelta(days=consent.notice_days)
    if terms.active_from < earliest:
        raise AmendmentReachesBack(f"{terms.active_from} lies before {earliest}: begin then or later")
    terms = consents.frozen(terms, on=at.date())
    standing = mandates.authorize_terms(terms, on=at.date())
    _check_overrides(terms)
    try:
        with transaction.atomic(durable=True):
            # The old one first: of two who amend at once the second is told before it writes a successor.
            consents.lock([consent_id])
            successor = grant_within(
                id=successor_id, terms=terms, standing=standing, channel=channel, registrar_id=registrar_id, at=at
            )
            event = consents.act(
                id=id,
                consent=consent,
                act=ConsentAct.AMENDED,
                actor_id=terms.actor_id,
                effective_on=terms.active_from,
                authority_id=standing.authority_id,
                successor_id=successor.id,
                reason=reason,
                channel=channel,
                at=at,
            )
            log.append(
                Entry.Kind.CONSENT_CHANGED,
                event,
                {**_of_event(event, standing), "successor": str(successor.id)},
                at=at,
            )
    except IntegrityError as error:
        if refusal := _out_of_course(error, id):
            raise refusal from error
        raise
    return event


def withdraw(
    *,
    id: UUID,
    consent_id: UUID,
    actor_id: UUID,
    effective_on: date,
    reason: str = "",
    channel: str = "",
    evidence: Sequence[Evidence] = (),
    circumstances: Mapping[str, str] | None = None,
    at: datetime,
) -> ConsentEvent:
    """
    Record that a holder withdrew a consent from a day on, and write down what has to be done about it.

    :raises NoSuchConsent: nothing was granted under this id
    :raises WithdrawalReachesBack: the day lies before today
    :raises NoticeTooShort: it lies within the notice that was agreed
    :raises UnauthorizedAct: the actor may not act for the grantor
    :raises AlreadyWithdrawn: it was withdrawn before
    :raises OutOfCourse: it is not granted, or no more
    """
    consent = _consent(consent_id)
    today = at.date()
    if effective_on < today:
        raise WithdrawalReachesBack(f"{effective_on} lies before {today}")
    earliest = today + timedelta(days=consent.notice_days)
    if effective_on < earliest:
        raise NoticeTooShort(
            f"A notice of {consent.notice_days} days was agreed: the withdrawal takes effect on {earliest} or later"
        )
    standing = authorize(consent, actor_id, today)
    try:
        with transaction.atomic(durable=True):
            # Decisions that rest on it and are being committed are waited for, so that they are counted.
            consents.lock([consent_id])
            event = consents.act(
                id=id,
                consent=consent,
                act=ConsentAct.WITHDRAWN,
                actor_id=actor_id,
                effective_on=effective_on,
                authority_id=standing.authority_id,
                reason=reason,
                channel=channel,
                evidence=evidence,
                at=at,
            )
            impact = impacts.of(consent, act=ConsentAct.WITHDRAWN, effective_on=effective_on)
            tasks = _carry_out(event, impact, at=at)
            log.append(
                Entry.Kind.CONSENT_WITHDRAWN,
                event,
                {**_of_event(event, standing), **_counted(impact, tasks), **(circumstances or {})},
                at=at,
            )
            _done_at_once(tasks, at=at)
    except IntegrityError as error:
        refusal = _out_of_course(error, id)
        if refusal is None:
            raise
        if consent.events.filter(act=ConsentAct.WITHDRAWN).exists():
            raise AlreadyWithdrawn from error
        raise refusal from error
    return event


def propose_annulment(*, id: UUID, consent_id: UUID, reason: str, proposed_by_id: int, at: datetime) -> Proposal:
    """
    Propose that a consent be void from the start: there was no authority, or fraud, or an error.

    :raises NoSuchConsent: there is none
    """
    _consent(consent_id)
    with transaction.atomic(durable=True):
        return approvals.propose(
            id=id,
            act=Proposal.Act.ANNUL,
            consent_id=consent_id,
            reason=reason,
            proposed_by_id=proposed_by_id,
            at=at,
        )


def answer_annulment(
    *, id: UUID, proposal_id: UUID, answered_by_id: int, is_agreed: bool, reason: str, at: datetime
) -> Approval:
    """
    Agree to a proposed annulment, which carries it out, or refuse it.

    :raises NoSuchProposal: nobody proposed an annulment under this id
    :raises AlreadyAnswered: it was agreed to or refused
    :raises NeedsASecondPerson: it is this person's own
    :raises OutOfCourse: the consent was not granted, or is annulled
    """
    proposal = approvals.open_one(proposal_id, Proposal.Act.ANNUL, answered_by_id=answered_by_id)
    consent = proposal.consent
    if consent is None:
        raise approvals.NoSuchProposal
    event_id = uuid5(proposal_id, "annulment")
    try:
        with transaction.atomic(durable=True):
            approval = approvals.answer(
                id=id,
                proposal=proposal,
                approved_by_id=answered_by_id,
                is_agreed=is_agreed,
                reason=reason,
                at=at,
            )
            if is_agreed:
                annul_within(id=event_id, consent=consent, reason=proposal.reason, channel="desk", at=at)
    except IntegrityError as error:
        if violated(error) == approvals.ANSWERED_TWICE:
            raise approvals.AlreadyAnswered from error
        if refusal := _out_of_course(error, event_id):
            raise refusal from error
        raise
    return approval


def annul_within(
    *, id: UUID, consent: Consent, reason: str, channel: str, actor_id: UUID | None = None, at: datetime
) -> ConsentEvent:
    """
    Annul a consent in the transaction of a larger use case, to which two people agreed.

    Nobody acts for the holder here: the record says that the holder never did. So the actor named is the one who had
    acted, unless another is given.
    """
    consents.lock([consent.id])
    event = consents.act(
        id=id,
        consent=consent,
        act=ConsentAct.ANNULLED,
        actor_id=actor_id or consent.actor_id,
        effective_on=consent.active_from,  # void from the start
        reason=reason,
        channel=channel,
        at=at,
    )
    impact = impacts.of(consent, act=ConsentAct.ANNULLED, effective_on=at.date())
    tasks = _carry_out(event, impact, at=at)
    log.append(Entry.Kind.CONSENT_CHANGED, event, {**_of_event(event, Standing(())), **_counted(impact, tasks)}, at=at)
    _done_at_once(tasks, at=at)
    return event


# --- What a withdrawal does.


@dataclass(frozen=True)
class Preview:
    """What an act would do: everything that it touches, and what has to be done by when."""

    consent: Consent
    impact: Impact  # what may be counted: all of it for the holder, for others what they see
    named: Impact  # what may be named: what is seen
    tasks: tuple[effects.Task, ...]  # without the ids of what is not seen
    earliest_on: date  # a withdrawal made today takes effect on this day or later


def preview(
    *, consent_id: UUID, act: ConsentAct, effective_on: date | None, today: date, sight: Sight = EVERYTHING
) -> Preview:
    """
    Return what a withdrawal or an annulment would do, before anyone confirms it.

    Without a day it takes effect as early as it may; an annulment, which reaches back, is carried out today.

    :raises NoSuchConsent: there is none
    """
    consent = _consent(consent_id)
    earliest = today if act is ConsentAct.ANNULLED else today + timedelta(days=consent.notice_days)
    whole = impact_of(consent, act=act, effective_on=effective_on or earliest)
    if sight.is_whole:
        return Preview(consent, whole, whole, effects.tasks(whole), earliest)
    named = _as_seen(whole, sight)
    counted = whole if consent.grantor_id in sight.ids else named
    return Preview(consent, counted, named, _as_named(effects.tasks(counted), sight), earliest)


def _as_seen(impact: Impact, sight: Sight) -> Impact:
    """Return of what an act touches that which is seen."""
    outputs = _among(Submission, (one.submission_id for one in impact.outputs), sight)
    versions = _among(ModelVersion, (one.model_version_id for one in impact.versions), sight)
    datasets = _among(Dataset, (one.dataset_id for one in impact.datasets), sight)
    licenses = _among(License, (one.license_id for one in impact.licenses), sight)
    return replace(
        impact,
        outputs=tuple(one for one in impact.outputs if one.submission_id in outputs),
        versions=tuple(one for one in impact.versions if one.model_version_id in versions),
        datasets=tuple(one for one in impact.datasets if one.dataset_id in datasets),
        licenses=tuple(one for one in impact.licenses if one.license_id in licenses),
        payees=_among(Party, impact.payees, sight),
    )


_NAMED: dict[str, type[Model]] = {
    "party_id": Party,
    "license_id": License,
    "submission_id": Submission,
    "dataset_id": Dataset,
    "model_version_id": ModelVersion,
}


def _as_named(tasks: Sequence[effects.Task], sight: Sight) -> tuple[effects.Task, ...]:
    """Return tasks without the ids of what is not seen."""
    shown = {name: _among(model, (getattr(task, name) for task in tasks), sight) for name, model in _NAMED.items()}
    return tuple(
        effects.Task(
            task.kind,
            task.due_on,
            **{name: getattr(task, name) if getattr(task, name) in ids else None for name, ids in shown.items()},
        )
        for task in tasks
    )


def _among(model: type[Model], ids: Iterable[UUID | None], sight: Sight) -> frozenset[UUID]:
    rows: QuerySet[Any] = QuerySet(model).filter(pk__in={id for id in ids if id is not None})
    return frozenset(seen(rows, sight).values_list("pk", flat=True))


def impact_of(consent: Consent, *, act: ConsentAct, effective_on: date) -> Impact:
    """Return what rests on a consent, with those who are paid for it."""
    impact = impacts.of(consent, act=act, effective_on=effective_on)
    payees = Split.objects.filter(
        decision__submission__in=[one.submission_id for one in impact.outputs],
        decision__outcome=Outcome.CLEARED,
        party__isnull=False,
    ).values_list("party_id", flat=True)
    return replace(impact, payees=frozenset(payees))


def closes(caller: Caller, task: WithdrawalTask) -> UUID | None:
    """Return as whom somebody may say that a task was carried out: as whoever has to, or as the holder; else None."""
    sides = (task.party_id, task.event.consent.grantor_id)
    return next((id for id in sides if id is not None and caller.acts_for(id, Verb.CONSENT)), None)


def complete_task(
    *, id: UUID, task_id: UUID, by_id: UUID | None, note: str, evidence_digest: str, at: datetime
) -> WithdrawalTaskDone:
    """
    Record that a task of a withdrawal was carried out, with the digest of the proof.

    :raises NoSuchTask: there is none with this id
    :raises ProofMissing: there is no digest of a proof
    :raises AlreadyDone: it was carried out before
    """
    task = WithdrawalTask.objects.filter(pk=task_id).first()
    if task is None:
        raise NoSuchTask
    if not evidence_digest:
        raise ProofMissing
    try:
        with transaction.atomic(durable=True):
            return _done(task, id=id, by_id=by_id, note=note, evidence_digest=evidence_digest, at=at)
    except IntegrityError as error:
        if violated(error) == DONE_TWICE and not WithdrawalTaskDone.objects.filter(pk=id).exists():
            raise AlreadyDone from error
        raise


def _carry_out(event: ConsentEvent, impact: Impact, *, at: datetime) -> list[WithdrawalTask]:
    moments = turns.take_for_end([output.submission_id for output in impact.outputs], at=at)
    OutputFlag.objects.bulk_create(
        [
            OutputFlag(
                id=uuid5(event.id, f"flag {output.submission_id}"),
                submission_id=output.submission_id,
                event=event,
                kind=impact.flag,
                recorded_at=moments[output.submission_id],
            )
            for output in impact.outputs
        ],
        batch_size=1000,
    )
    return WithdrawalTask.objects.bulk_create(
        [
            WithdrawalTask(
                id=uuid5(event.id, f"task {position}"),
                event=event,
                kind=task.kind,
                due_on=task.due_on,
                party_id=task.party_id,
                license_id=task.license_id,
                submission_id=task.submission_id,
                dataset_id=task.dataset_id,
                model_version_id=task.model_version_id,
                recorded_at=at,
            )
            for position, task in enumerate(effects.tasks(impact))
        ],
        batch_size=1000,
    )


def _done_at_once(tasks: Sequence[WithdrawalTask], *, at: datetime) -> None:
    for task in tasks:
        if task.kind in effects.AUTOMATIC:
            _done(task, id=uuid5(task.id, "done"), by_id=None, note="done by the service", evidence_digest="", at=at)


def _done(
    task: WithdrawalTask, *, id: UUID, by_id: UUID | None, note: str, evidence_digest: str, at: datetime
) -> WithdrawalTaskDone:
    done = WithdrawalTaskDone.objects.create(
        id=id, task=task, by_id=by_id, note=note, evidence_digest=evidence_digest, recorded_at=at
    )
    proof = f"sha256:{evidence_digest}" if evidence_digest else None
    log.append(Entry.Kind.WITHDRAWAL_TASK_DONE, done, {"task": str(task.id), "kind": task.kind, "proof": proof}, at=at)
    return done


# --- Reservations.


def reserve(
    *,
    id: UUID,
    holder_id: UUID,
    asset: AssetRef | None,
    uses: Sequence[str],
    territories: Sequence[str],
    active_from: date,
    active_to: date | None,
    channel: reservations.Channel,
    wording: str,
    snapshot_digest: str,
    registrar_id: UUID | None = None,
    at: datetime,
) -> Reservation:
    """
    Record that a holder reserved rights in public, and where that was seen.

    :raises NothingAllowed: no use is named
    :raises NoSuchUse: a use is not in the vocabulary
    :raises NoSuchTerritory: a code is not in the tables
    """
    with transaction.atomic(durable=True):
        reservation = reservations.reserve(
            id=id,
            holder_id=holder_id,
            asset=asset,
            uses=uses,
            territories=territories,
            active_from=active_from,
            active_to=active_to,
            channel=channel,
            wording=wording,
            snapshot_digest=snapshot_digest,
            registrar_id=registrar_id,
            at=at,
        )
        log.append(
            Entry.Kind.RIGHTS_RESERVED,
            reservation,
            {
                "uses": reservation.uses,
                "channel": reservation.channel,
                "snapshot": f"sha256:{snapshot_digest}" if snapshot_digest else None,
            },
            at=at,
        )
    return reservation


def lift(*, id: UUID, reservation_id: UUID, effective_on: date, at: datetime) -> ReservationEnd:
    """
    Record that a reservation was lifted, from a day on.

    :raises NoSuchReservation: there is none with this id
    :raises LiftReachesBack: the day lies before today
    :raises AlreadyLifted: it was lifted before
    """
    reservation = Reservation.objects.filter(pk=reservation_id).first()
    if reservation is None:
        raise NoSuchReservation
    if effective_on < at.date():
        raise LiftReachesBack(f"{effective_on} lies before {at.date()}")
    try:
        with transaction.atomic(durable=True):
            end = reservations.lift(id=id, reservation=reservation, effective_on=effective_on, at=at)
            log.append(
                Entry.Kind.RESERVATION_LIFTED,
                end,
                {"reservation": str(reservation_id), "effective_on": effective_on.isoformat()},
                at=at,
            )
    except IntegrityError as error:
        if violated(error) == LIFTED_TWICE and not ReservationEnd.objects.filter(pk=id).exists():
            raise AlreadyLifted from error
        raise
    return end


# --- Steps.


def _consent(id: UUID) -> Consent:
    consent = Consent.objects.filter(pk=id).first()
    if consent is None:
        raise NoSuchConsent
    return consent


def authorize(consent: Consent, actor_id: UUID, on: date) -> Standing:
    """
    Return by what right somebody acts for the grantor of a consent on a day.

    :raises UnauthorizedAct: they may not
    """
    return mandates.authorize(
        grantor_id=consent.grantor_id,
        actor_id=actor_id,
        uses=consent.uses,
        territories=consent.territories,
        on=on,
    )


def _check_overrides(terms: ConsentTerms) -> None:
    holders = Reservation.objects.filter(pk__in=terms.overrides).values_list("holder_id", flat=True)
    if terms.overrides and set(mandates.counting_as(holders)) - set(mandates.counting_as([terms.grantor_id])):
        raise OverridesOthers


def _out_of_course(error: IntegrityError, event_id: UUID) -> OutOfCourse | None:
    """Return what the database said about the course, unless it was the same event sent twice at once."""
    if violated(error) not in COURSE or ConsentEvent.objects.filter(pk=event_id).exists():
        return None
    said = getattr(getattr(error.__cause__, "diag", None), "message_primary", None) or ""
    return OutOfCourse(said) if violated(error) == "consent_follows_its_course" else OutOfCourse()


def _described(consent: Consent) -> dict[str, Any]:
    """Return what the entry says beside its rows."""
    return {"uses": consent.uses, "document": f"sha256:{consent.document_digest}"}


def _by_right(standing: Standing) -> dict[str, Any]:
    return {"authority": [str(link.id) for link in standing.links]} if standing.links else {}


def _of_event(event: ConsentEvent, standing: Standing) -> dict[str, Any]:
    return {
        "consent": str(event.consent_id),
        "act": str(event.act),
        "effective_on": event.effective_on.isoformat(),
        **_by_right(standing),
    }


def _counted(impact: Impact, tasks: Sequence[WithdrawalTask]) -> dict[str, Any]:
    return {
        "outputs": len(impact.outputs),
        "model_versions": len(impact.versions),
        "datasets": len(impact.datasets),
        "licenses": len(impact.licenses),
        "tasks": len(tasks),
    }
