"""Terms and licenses: published, signed, changed; each with its entry, or not at all."""

from __future__ import annotations

import hashlib
from collections.abc import Collection, Iterable, Sequence
from dataclasses import replace
from datetime import date, datetime
from fractions import Fraction
from uuid import UUID

from django.db import IntegrityError, transaction

from ledger import canonical, log, planning
from ledger.constraints import violated
from ledger.models import Entry
from ledger.planning import GivenPlan
from ledger.visibility import EVERYTHING, Sight, seen
from rights import contracts, mfn
from rights.contracts import ExclusivityClash
from rights.mfn import Favor, Trigger
from rights.models import License, LicenseEvent, TermsVersion
from rights.registry import AssetRef
from rights.vocabulary import LicenseAct
from rights.wording import Wording
from royalties import splits
from royalties.models import Plan


class NoSuchTerms(Exception):
    """There are no terms with this id."""


class NothingSigned(Exception):
    """Name the document that was signed by its digest, or the version of terms whose text was signed."""


class NoSuchLicense(Exception):
    """There is no license with this id."""


class NoSuchTrigger(Exception):
    """The register shows no such trigger: this clause is not triggered by that license, or not any more."""


class NotALiftOfPlan(Exception):
    """What is better is no part of receipts, or nothing that the licensee keeps pays for it: sign an amendment."""


class AmendedBySigning(Exception):
    """An amendment is another license: sign that one, and name in it the license that it amends."""


def publish_terms(
    *, id: UUID, name: str, terms: Wording, language: str, registrar_id: UUID | None, at: datetime
) -> TermsVersion:
    """
    Record the next version of terms in one language, as text and as data.

    :raises NoSuchLanguage: there are no templates for it
    :raises ClauseNotTranslated: a further clause has no wording in it
    :raises OtherDataInThisVersion: the version of this number in another language was published from other data
    """
    with transaction.atomic(durable=True):
        version = contracts.publish_terms(
            id=id, name=name, agreed=terms, language=language, registrar_id=registrar_id, at=at
        )
        log.append(
            Entry.Kind.TERMS_PUBLISHED,
            version,
            {
                "number": version.number,
                "language": version.language,
                "data": f"sha256:{version.data_digest}",
                "text": f"sha256:{version.text_digest}",
            },
            at=at,
        )
    return version


def sign_license(
    *,
    id: UUID,
    licensor_id: UUID,
    licensee_id: UUID,
    schedule: Sequence[AssetRef],
    uses: Sequence[str],
    territories: Sequence[str],
    active_from: date,
    active_to: date | None,
    document_digest: str | None,
    plan: GivenPlan,
    registrar_id: UUID | None = None,
    at: datetime,
    barred: Sequence[str] = (),
    is_exclusive: bool = False,
    max_outputs: int | None = None,
    influence: Fraction | None = None,
    release_from: date | None = None,
    release_to: date | None = None,
    terms_id: UUID | None = None,
    model_version_ids: Sequence[UUID] = (),
    favors: Sequence[Favor] = (),
    beside: Collection[UUID] = (),
    amends: UUID | None = None,
    sight: Sight = EVERYTHING,
) -> License:
    """
    Record a license with its schedule and its plan; with ``amends``, in place of another one from its first day on.

    Without a document of its own, what was signed is the text of the terms. A refusal names other licenses as far as
    ``sight`` reaches.

    :raises NoSuchTerms: no terms were published under this id
    :raises NothingSigned: neither a document nor terms are named
    :raises NoSuchLicense: nothing was signed under the id that it amends
    :raises NotAPart: a part of the plan is not in [0, 1]
    :raises ExclusivityClash: another license is in the way; it names those that are seen

    Besides, whatever ``contracts.sign_license`` raises.
    """
    terms = None
    if terms_id is not None and (terms := TermsVersion.objects.filter(pk=terms_id).first()) is None:
        raise NoSuchTerms
    if document_digest is None and terms is None:
        raise NothingSigned
    amended = _license(amends) if amends is not None else None
    reach = contracts.Reach(
        licensee_id=licensee_id,
        asset_ids=tuple(asset.id for asset in schedule),
        uses=tuple(uses),
        territories=tuple(territories),
        active_from=active_from,
        active_to=active_to,
        is_exclusive=is_exclusive,
    )
    try:
        with transaction.atomic(durable=True):
            license_ = contracts.sign_license(
                id=id,
                licensor_id=licensor_id,
                licensee_id=licensee_id,
                schedule=schedule,
                uses=uses,
                territories=territories,
                active_from=active_from,
                active_to=active_to,
                document_digest=document_digest or (terms.text_digest if terms else ""),
                barred=barred,
                is_exclusive=is_exclusive,
                max_outputs=max_outputs,
                influence=influence,
                release_from=release_from,
                release_to=release_to,
                terms_version=terms,
                model_version_ids=model_version_ids,
                favors=favors,
                beside=beside,
                amends=amended,
                registrar_id=registrar_id,
                at=at,
            )
            planned = planning.record_first(plan, license_id=license_.id, at=at)
            log.append(
                Entry.Kind.LICENSE_SIGNED,
                license_,
                {
                    "document": f"sha256:{license_.document_digest}",
                    "assets": len(schedule),
                    "schedule": f"sha256:{schedule_digest(asset.id for asset in schedule)}",
                    **({"beside": sorted(str(one) for one in beside)} if beside else {}),
                },
                at=at,
            )
            planning.enter_first(planned, plan, at=at)
            if (event := contracts.amendment_of(license_)) is not None:
                _log_event(event, at=at)
    except contracts.ExclusivityClash as error:
        raise ExclusivityClash(error.license_ids, named=_among(error.license_ids, sight)) from error
    except IntegrityError as error:
        # Both are exclusive: the constraint let the first one in. The same license sent twice meets itself.
        if violated(error) != "no_two_exclusives" or License.objects.filter(pk=id).exists():
            raise
        met = contracts.clashing(reach, except_for={amends} if amends else ())
        raise ExclusivityClash(met, named=_among(met, sight)) from error
    return license_


def change_license(
    *,
    id: UUID,
    license_id: UUID,
    act: LicenseAct,
    actor_id: UUID,
    effective_on: date,
    reason: str,
    at: datetime,
) -> LicenseEvent:
    """
    Record that a license was suspended, resumed or terminated, from a day on.

    :raises NoSuchLicense: nothing was signed under this id
    :raises AmendedBySigning: an amendment is signed, see ``sign_license``
    :raises OutsideThePeriod: the day is not one of the license's period
    :raises BeforeTheLastEvent: something else became of it from a later day on
    """
    if act is LicenseAct.AMENDED:
        raise AmendedBySigning
    license_ = _license(license_id)
    with transaction.atomic(durable=True):
        event = contracts.record_event(
            id=id, license_=license_, act=act, actor_id=actor_id, effective_on=effective_on, reason=reason, at=at
        )
        _log_event(event, at=at)
    return event


def schedule_digest(asset_ids: Iterable[UUID]) -> str:
    """Return the SHA-256 over a schedule: the ids of its assets, sorted, a line each."""
    return hashlib.sha256("".join(f"{id}\n" for id in sorted(map(str, asset_ids))).encode()).hexdigest()


def known_beside(license_: License, *, sight: Sight = EVERYTHING) -> tuple[UUID, ...]:
    """Return the licenses that an exclusive one lets stand, as its entry says, and that are seen."""
    named = canonical.read(bytes(Entry.objects.get(license=license_).body)).data.get("beside")
    beside = tuple(UUID(str(one)) for one in named) if isinstance(named, list) else ()
    shown = _among(beside, sight)
    return tuple(one for one in beside if one in shown)


def mfn_register(*, known_at: datetime, sight: Sight = EVERYTHING) -> tuple[Trigger, ...]:
    """
    Return where a newer license is better than one whose licensor is favored; nothing follows by itself (LIC-5).

    Both are to be seen: that somebody else's license is better would tell its terms to whoever writes clauses to try.
    """
    clauses, deals = contracts.favored(known_at=known_at)
    plans = splits.plans_of(deal.license_id for deal in deals)
    found = mfn.triggers(
        clauses,
        [
            replace(deal, plan=mfn.Plan(plan.commission, plan.creators, plan.masters))
            if (plan := plans.get(deal.license_id))
            else deal
            for deal in deals
        ],
    )
    shown = _among((id for one in found for id in (one.favored.license_id, one.better.license_id)), sight)
    return tuple(one for one in found if {one.favored.license_id, one.better.license_id} <= shown)


def lift(
    *, id: UUID, clause_id: UUID, better_id: UUID, at: datetime, sight: Sight = EVERYTHING
) -> tuple[Plan, tuple[UUID, ...]]:
    """
    Give a favored licensor what another license gives, back to the day from which it holds (LIC-5).

    The next version of the favored license's plan says what the register proposes, and else what the newest one says.
    The outputs whose splits come out otherwise from then on are named; whoever calls has them derived again.

    :raises NoSuchTrigger: the register does not show that this clause is triggered by that license
    :raises NotALiftOfPlan: what is better is no part of receipts, or nothing that the licensee keeps could pay for it

    Besides, whatever ``planning.amend`` raises.
    """
    found = next(
        (
            one
            for one in mfn_register(known_at=at, sight=sight)
            if (one.clause.id, one.better.license_id) == (clause_id, better_id)
        ),
        None,
    )
    if found is None:
        raise NoSuchTrigger
    current = planning.newest(found.favored.license_id)
    if found.proposal is None or found.proposal.plan is None or current is None:
        raise NotALiftOfPlan
    better = found.proposal.plan
    plan = planning.amend(
        id=id,
        license_id=found.favored.license_id,
        plan=replace(
            planning.given(current),
            commission=better.commission,
            creators=better.creators,
            masters=better.masters,
        ),
        valid_from=found.reaches_back_to,
        reason=f"Most favored nation: {found.clause.measure} as license {better_id}",
        at=at,
    )
    return plan, planning.outputs_of(found.favored.license_id)


def _license(id: UUID) -> License:
    found = License.objects.filter(pk=id).first()
    if found is None:
        raise NoSuchLicense
    return found


def _log_event(event: LicenseEvent, *, at: datetime) -> None:
    log.append(
        Entry.Kind.LICENSE_CHANGED,
        event,
        {
            "license": str(event.license_id),
            "act": event.act,
            "effective_on": event.effective_on.isoformat(),
            **({"successor": str(event.successor_id)} if event.successor_id else {}),
        },
        at=at,
    )


def _among(license_ids: Iterable[UUID], sight: Sight) -> set[UUID]:
    """Return which of these licenses are seen."""
    return set(seen(License.objects.filter(pk__in=set(license_ids)), sight).values_list("pk", flat=True))
