"""
Certificates of cleared outputs (PRV-5): issued once the decision has its place in the log, renewed before they run out.

What is due is found in the tables, so there is no queue to lose: a sweep issues what is missing, and whoever needs a
certificate at once may call the same function. Two who do so at once get one certificate.
"""

from __future__ import annotations

import base64
import hashlib
import logging
from dataclasses import replace
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID, uuid5

from django.conf import settings
from django.db import IntegrityError, transaction
from django.db.models import Count, Exists, F, OuterRef, Q, QuerySet, Subquery
from django.db.models.functions import Coalesce

from ledger import canonical, identity, log, receipts, sequencer
from ledger.constraints import violated
from ledger.models import Entry, Leaf
from provenance import certified, deliveries
from provenance.bindings import ISCC
from provenance.certified import Binding, Decided, File, Proof, Statement
from provenance.contributions import (
    DIGITAL_SOURCE_TYPE,
    UnknownContribution,
    digital_source_type,
    fact_of,
)
from provenance.models import Certificate, Manifest, SignedCopy, SoftBinding, Timestamp
from rights import terms
from rights.models import ContributionRecord

_log = logging.getLogger(__name__)

RENEW_BEFORE = timedelta(days=30)
AT_ONCE = 100


class NoSuchCertificate(Exception):
    """There is no certificate with this id."""


class NotLogged(Exception):
    """The decision has no place in the log yet, so nothing can be certified; it gets one within a second."""


def newest(manifest: Manifest) -> Certificate | None:
    """Return the certificate that holds; None where none was issued yet."""
    return manifest.certificates.order_by("-number").first()


def sweep(*, at: datetime, most: int = AT_ONCE) -> int:
    """Issue every certificate that is due; return how many were issued."""
    issued = 0
    for manifest in _due(at)[:most]:
        try:
            issue(manifest_id=manifest, at=at)
            issued += 1
        except (NotLogged, certified.NotCertified, UnknownContribution) as error:
            # One output that cannot be certified must not keep the others waiting.
            _log.warning("manifest %s is not certified: %s: %s", manifest, type(error).__name__, error)
    return issued


def _due(at: datetime) -> list[UUID]:
    placed = Leaf.objects.filter(entry__decision=OuterRef("decision"))
    newest = Certificate.objects.filter(manifest=OuterRef("pk")).order_by("-number")
    rows = _with_facts(at).annotate(
        until=Subquery(newest.values("expires_at")[:1]), known=Subquery(newest.values("rests_on")[:1])
    )
    # A renewal must hold for longer than what it renews: not while the signer's own certificate runs out first.
    longest = certified.lasts_until(identity.signer(at=at).identity, issued_at=at)
    due = Q(until__isnull=True) | Q(until__lt=min(at + RENEW_BEFORE, longest)) | ~Q(known=F("facts"))
    found = rows.filter(due).filter(Exists(placed)).order_by("signed_at", "id")
    return list(found.values_list("pk", flat=True))


def _with_facts(at: datetime) -> QuerySet[Any]:
    """
    Return manifests, each with how many facts that may change what is certified were there at a moment.

    They are only added, so one more means another statement. Their moments would not tell: what took a while was
    begun before the certificate and committed after it.
    """
    decision = OuterRef("decision")
    facts = (
        # A copy in another container is delivered too, and a time stamp gives a file other bytes.
        SignedCopy.objects.filter(decision=decision, signed_at__lte=at).values("decision"),
        Timestamp.objects.filter(manifest=OuterRef("pk"), recorded_at__lte=at).values("manifest"),
        Timestamp.objects.filter(copy__decision=decision, recorded_at__lte=at).values("copy__decision"),
        # An output of an older release is bound later.
        SoftBinding.objects.filter(decision=decision, bound_at__lte=at).values("decision"),
        # What it says of how the output was made is corrected.
        ContributionRecord.objects.filter(submission=OuterRef("decision__submission"), recorded_at__lte=at).values(
            "submission"
        ),
    )
    counts = [Coalesce(Subquery(rows.annotate(n=Count("pk")).values("n")), 0) for rows in facts]
    return Manifest.objects.annotate(facts=sum(counts[1:], start=counts[0]))


def issue(*, manifest_id: UUID, at: datetime) -> Certificate:
    """
    Certify an output: sign what is on record about it, with the proof that its decision is in the log, and record it.

    :raises NotLogged: the decision has no place in the log yet
    """
    # Counted before it is read: what comes in between makes the certificate due again, and is not missed.
    rows = _with_facts(at).select_related("decision__submission", "decision__examination")
    manifest = rows.get(pk=manifest_id)
    number = manifest.certificates.count() + 1
    signer = identity.signer(at=at).identity
    statement = _statement(manifest, number, until=certified.lasts_until(signer, issued_at=at), at=at)
    token = certified.sign(statement, signer)
    try:
        with transaction.atomic(durable=True):
            certificate = Certificate.objects.create(
                id=statement.id,
                manifest=manifest,
                number=number,
                token=token,
                digest=hashlib.sha256(token.encode()).hexdigest(),
                signer_digest=signer.certificate_digest,
                issued_at=at,
                expires_at=statement.expires_at,
                rests_on=manifest.facts,
            )
            log.append(
                Entry.Kind.CERTIFIED,
                certificate,
                {
                    "manifest": manifest.label,
                    "decision": str(manifest.decision_id),
                    "number": number,
                    "certificate": f"sha256:{certificate.digest}",
                },
                at=at,
            )
    except IntegrityError as error:
        if violated(error) in {"provenance_certificate_pkey", "certificate_has_its_own_number"}:
            return Certificate.objects.get(pk=statement.id)  # another worker certified the same
        raise
    return certificate


def stated_again(certificate: Certificate) -> tuple[dict[str, Any], dict[str, Any]]:
    """
    Return what a certificate says and what it would say of the same moment, but for the proof and the address of this
    service, which it keeps: both are those of that moment.

    :raises NotLogged: the decision has no place in the log
    :raises NotCertified: what is kept is no certificate
    """
    then = certified.unchecked(certificate.token)
    manifest = Manifest.objects.select_related("decision__submission", "decision__examination").get(
        pk=certificate.manifest_id
    )
    made = _statement(manifest, certificate.number, until=certificate.expires_at, at=certificate.issued_at)
    kept = replace(made.log, receipt=then.log.receipt)  # it leads to the checkpoint of that moment
    place = f"/status/{made.id}"
    url = then.status_url if then.status_url.endswith(place) else made.status_url
    return certified.claims(then), certified.claims(replace(made, log=kept, status_url=url))


def _bindings(manifest: Manifest, at: datetime) -> tuple[Binding, ...]:
    # The one of C2PA's list; our own is as long as the song, and in the manifest.
    rows = manifest.decision.soft_bindings.filter(algorithm=ISCC, bound_at__lte=at)
    return tuple(Binding(row.algorithm, base64.b64encode(row.value).decode()) for row in rows)


def status_url(id: UUID) -> str:
    """Return the public address that says what a manifest or a certificate stands for."""
    return f"{settings.LEDGER_PUBLIC_URL.rstrip('/')}/status/{id}"


def _statement(manifest: Manifest, number: int, *, until: datetime, at: datetime) -> Statement:
    decision = manifest.decision
    leaf = Leaf.objects.select_related("entry").filter(entry__decision=decision).first()
    if leaf is None:
        raise NotLogged
    proved = sequencer.prove(leaf)
    body = bytes(leaf.entry.body)
    contributions = [fact_of(line) for line in terms.contributions_of(decision.submission, known_at=at)]
    id = uuid5(manifest.pk, f"certificate/{number}")
    return Statement(
        id=id,
        label=manifest.label,
        issued_at=at.replace(microsecond=0),
        expires_at=until,
        submission_id=decision.submission_id,
        decision=Decided(
            id=decision.pk,
            outcome=decision.outcome,
            policy=decision.policy_version,
            evidence_digest=decision.examination.digest if decision.examination else "",
            decided_at=decision.decided_at.replace(microsecond=0),
        ),
        files=tuple(
            File(one.output_digest, one.media_type, one.manifest_digest, one.is_embedded)
            for one in deliveries.of(manifest, at=at)
        ),
        bindings=_bindings(manifest, at),
        licenses=tuple(sorted(decision.licenses, key=str)),
        source_type=DIGITAL_SOURCE_TYPE + digital_source_type(contributions),
        components=tuple(sorted((one.component, one.ai_level) for one in contributions)),
        splits_digest=str(canonical.read(body).data["splits"]).removeprefix("sha256:"),
        log=Proof(
            origin=settings.LEDGER_ORIGIN,
            index=leaf.index,
            entry=body.decode(),
            receipt=str(receipts.Receipt(index=leaf.index, proof=proved.proof, checkpoint=proved.note)),
        ),
        status_url=status_url(id),
    )
