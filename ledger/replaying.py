"""
Deciding again: what an entry says was decided or calculated, worked out once more from the records as known then.

What comes out is written as the entry was, and compared with the bytes that were logged. Only what a machine decides
can be decided again: what somebody stated is stated, and what was signed is checked and not signed again. ``NOTHING``
says so for each kind of entry, so that a kind which is new cannot be forgotten.
"""

from __future__ import annotations

import logging
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime
from enum import StrEnum
from fractions import Fraction
from hashlib import sha256
from typing import Any, Final
from uuid import UUID, uuid5

from django.conf import settings
from django.db import connection, transaction
from django.db.models import Model, QuerySet

from fingerprint import examine, index, references, songs, store
from fingerprint.audio import CorruptAudio
from fingerprint.evidence import NotEvidence
from ledger import (
    as_known,
    asking,
    canonical,
    certifying,
    checkpoints,
    deciding,
    disclosing,
    dividing,
    paying,
    rechecking,
    remitting,
    rereading,
    reversing,
    reviewing,
    rows,
    running,
)
from ledger.auditing import drawing, sampling
from ledger.differing import MOST_KEPT, Differing
from ledger.models import (
    AuditSample,
    AuditSampleItem,
    Checkpoint,
    Entry,
    ImportBatch,
    ImportOutcome,
    ImportReversal,
    Leaf,
    ReplayedEntry,
    ReplayRound,
)
from ledger.statements import remittances
from ledger.usages import ReadOtherwise, finished_again, received_again
from provenance import bindings
from provenance.certified import NotCertified
from provenance.disclosures import NoSuchProfile
from provenance.models import Certificate, Disclosure, SoftBinding
from rights import decisions, policy, terms
from rights.case import AllowanceTerm, Verdict
from rights.models import AppealAnswer, Clearance, Decision, Finding, Recheck
from rights.vocabulary import Outcome
from royalties import apportion, books, results, splits, usages
from royalties.models import (
    Division,
    Payment,
    PaymentFile,
    Posting,
    RunEvent,
    RunPart,
    Split,
    SplitSource,
    Statement,
    Transaction,
    UsageFile,
    UsageMatch,
    UsageMatching,
    UsageOutcome,
    UsageReport,
    UsageSupersession,
)
from royalties.runs import files
from royalties.usage import dsr

_log = logging.getLogger(__name__)

Kind = Entry.Kind
Act = RunEvent.Act
_NAMESPACE: Final = UUID("5e6bd0a4-64f7-5f0e-8a9f-0f2d3b7c1c55")
_TRIES: Final = 20  # drawn places for each that is wanted


class NoSuchEntry(Exception):
    """There is no entry with this id or index in the log."""


class Lost(Exception):
    """What it takes to decide this again is not there any more, or this release decides by another policy."""


class Nothing(Exception):
    """Nothing in this entry was decided or calculated."""


class Result(StrEnum):
    """What came of deciding again."""

    SAME = "same"
    DIFFERENT = "different"
    LOST = "lost"
    NOTHING = "nothing"


@dataclass(frozen=True)
class Difference:
    """A field that came out differently."""

    where: str
    then: Any
    now: Any

    @property
    def document(self) -> dict[str, Any]:
        """Return it as it is kept."""
        return {"where": self.where, "then": self.then, "now": self.now}


@dataclass(frozen=True)
class Again:
    """What was worked out once more: members of the entry's data, rows by table, and what was taken from the record."""

    data: Mapping[str, Any]
    rows: Mapping[type[Model], Sequence[Model]] = field(default_factory=dict)
    kept: tuple[str, ...] = ()
    further: tuple[Difference, ...] = ()  # in what lies behind a digest


@dataclass(frozen=True)
class Replay:
    """What came of one entry."""

    entry: Entry
    index: int | None
    result: Result
    sentence: str
    differences: tuple[Difference, ...] = ()
    decided: tuple[str, ...] = ()  # which members and rows were worked out again
    kept: tuple[str, ...] = ()  # which were taken from the record


# --- Which kinds

_STATED: Final = "Somebody stated it: there is nothing to decide again."
_SIGNED: Final = "It was signed, and signing again makes another signature: ledger-verify checks the one there is."

# Kind → why it cannot be decided again.
NOTHING: Final[dict[str, str]] = {
    **dict.fromkeys(
        (
            Kind.PARTY_REGISTERED,
            Kind.WORK_REGISTERED,
            Kind.RECORDING_REGISTERED,
            Kind.SHARE_REGISTERED,
            Kind.CONSENT_GRANTED,
            Kind.LICENSE_SIGNED,
            Kind.SUBMITTED,
            Kind.PARTY_NAMED,
            Kind.ROLE_TAKEN,
            Kind.REPRESENTATION_RECORDED,
            Kind.REPRESENTATION_ENDED,
            Kind.PARTIES_MERGED,
            Kind.MERGE_UNDONE,
            Kind.PROTECTION_RECORDED,
            Kind.IDENTIFIER_RECORDED,
            Kind.IDENTIFIER_CHECKED,
            Kind.WORK_LINKED,
            Kind.RELEASE_REGISTERED,
            Kind.VOICE_REGISTERED,
            Kind.VOICE_LINKED,
            Kind.AUDIO_DELIVERED,
            Kind.STEM_REGISTERED,
            Kind.LYRICS_REGISTERED,
            Kind.MODEL_REGISTERED,
            Kind.DATASET_FROZEN,
            Kind.MODEL_VERSION_REGISTERED,
            Kind.MODEL_VERSION_RETIRED,
            Kind.SHARE_CHANGED,
            Kind.CONFLICT_ACTED,
            Kind.TERMS_PUBLISHED,
            Kind.CONSENT_OFFERED,
            Kind.CONSENT_CHANGED,
            Kind.RIGHTS_RESERVED,
            Kind.RESERVATION_LIFTED,
            Kind.WITHDRAWAL_TASK_DONE,
            Kind.CAMPAIGN_OPENED,
            Kind.LICENSE_CHANGED,
            Kind.MEMBER_ADMITTED,
            Kind.MEMBER_LEFT,
            Kind.ERASURE_REQUESTED,
            Kind.PROPOSED,
            Kind.APPROVED,
            Kind.BANDS_DRAFTED,
            Kind.BANDS_ACTIVATED,
            Kind.REVIEWED,
            Kind.APPEALED,
            Kind.APPEAL_ANSWERED,
            Kind.INFLUENCE_STATED,
            Kind.INFLUENCE_OBJECTED,
            Kind.STATUS_STATED,
            Kind.CONTRIBUTIONS_CORRECTED,
            Kind.DISCLOSURE_ANSWERED,
            Kind.RUN_STARTED,
            Kind.RATE_RECORDED,
            Kind.PAYEE_TERMS_AGREED,
            Kind.TAX_CERTIFIED,
            Kind.DECLARED,
            Kind.ADVANCE_RECORDED,
            Kind.STATEMENT_OBJECTED,
            Kind.OBJECTION_ANSWERED,
            Kind.PLAN_STATED,
            Kind.TRAINING_STATED,
            Kind.RECORDING_DESCRIBED,
            Kind.PAYEE_LINK_MADE,
            Kind.PAYEE_LINK_ENDED,
            Kind.AUDIT_NOTED,
            Kind.EXCEPTION_RECORDED,
            Kind.USAGE_SUPERSEDED,
        ),
        _STATED,
    ),
    Kind.CONSENT_WITHDRAWN: "Somebody stated it; what follows from it stands in tasks and marks of its own.",
    Kind.CONFLICT_OPENED: "The share that was stated last opened it; what stands now, verify_ledger works out.",
    Kind.VOICE_ENROLLED: "It was made from takes that are not kept, so that nobody can do it again.",
    Kind.VOICE_ENROLLMENT_ENDED: "What it destroyed is gone.",
    Kind.ERASED: "What it destroyed is gone.",
    **dict.fromkeys((Kind.COPY_SIGNED, Kind.TIMESTAMPED, Kind.SIGNER_CHANGED), _SIGNED),
    Kind.LOG_KEY_CHANGED: "It says with which key the log is signed; no rule decides that.",
}


# --- One entry


def find(name: str) -> Entry:
    """
    Return an entry by its id or its index.

    :raises NoSuchEntry: there is none
    """
    rows_ = Entry.objects.select_related("leaf")
    found = None
    if name.isascii() and name.isdigit() and len(name) < 19:
        found = rows_.filter(leaf__index=int(name)).first()
    else:
        try:
            found = rows_.filter(pk=UUID(name)).first()
        except ValueError:
            found = None
    if found is None:
        raise NoSuchEntry
    return found


def replay(entry: Entry, *, measures: bool = False, file: bytes | None = None) -> Replay:
    """
    Decide again what an entry says was decided, and compare it with the bytes that were logged. Nothing is written.

    :param measures: whether audio is measured again as well, which is slow
    :param file: the bank's file that a payment was confirmed by, which is not kept
    """
    index_ = entry.leaf.index if hasattr(entry, "leaf") else None
    if (reason := NOTHING.get(entry.kind)) is not None:
        return Replay(entry, index_, Result.NOTHING, reason)
    try:
        body = canonical.read(bytes(entry.body))
        if (reads := READ_AGAIN.get(Kind(entry.kind))) is not None:
            return _compared(entry, index_, body, reads(entry, body, file))
        is_outermost = not connection.in_atomic_block
        with transaction.atomic():
            if is_outermost:  # everything of one moment, however long it takes
                with connection.cursor() as cursor:
                    cursor.execute("SET TRANSACTION ISOLATION LEVEL REPEATABLE READ")
            again = AGAIN[Kind(entry.kind)](entry)
            if measures and entry.kind == Kind.DECIDED:
                again = replace(again, further=(*again.further, *_measured(entry)))
        if entry.kind == Kind.RUN_WENT_ON:  # from files alone, and long
            again = replace(again, further=(*again.further, *_partitions(entry)))
        return _compared(entry, index_, body, again)
    except Nothing as error:
        return Replay(entry, index_, Result.NOTHING, str(error))
    except Lost as error:
        return Replay(entry, index_, Result.LOST, f"{Lost.__doc__} {error}".strip())
    except (
        canonical.NotCanonical,
        canonical.NotAnEntry,
        canonical.Unrepresentable,
        canonical.TooDeep,
        canonical.DocumentTooLarge,
    ) as error:
        return Replay(entry, index_, Result.DIFFERENT, f"What is logged is not an entry any more: {error}")


def _compared(entry: Entry, index_: int | None, body: canonical.Body, again: Again) -> Replay:
    data = {**body.data, **_plain(again.data)}
    stored = {
        group.table: group
        for group in rows.collect(
            entry.kind, UUID(body.subject.id), versions={group.table: group.version for group in body.rows}
        )
    }
    logged = {group.table: group for group in body.rows}
    made = {model._meta.db_table: (model, some) for model, some in again.rows.items()}
    groups, differences = [], list(again.further)
    differences += [
        Difference(f"data.{name}", body.data.get(name), data.get(name))
        for name in sorted({*data, *body.data})
        if data.get(name) != body.data.get(name)
    ]
    for table in sorted({*logged, *made}):
        said = logged.get(table)
        if table not in made:
            if said is not None:
                groups.append(said)
            continue
        model, some = made[table]
        version = said.version if said else len(rows.COLUMNS[model])
        documents = sorted((rows.document_of(row, version=version) for row in some), key=lambda one: str(one["id"]))
        now = canonical.rows_of(table, documents, version=version) if documents else None
        if now is not None:
            groups.append(now)
        if now == said:
            continue
        then = stored[table].documents if table in stored else ()
        found = list(_rows_differing(table, then, documents))
        if said is not None and (table not in stored or stored[table].vouched != said):
            differences.append(
                Difference(f"{table}: rows on record", f"sha256:{said.digest}", "not those that were logged")
            )
        differences += found
    written = canonical.encode(
        canonical.entry(id=body.id, kind=body.kind, at=body.at, subject=body.subject, data=data, rows=groups)
    )
    is_same = written == bytes(entry.body) and not again.further
    decided = (*(f"data.{name}" for name in sorted(again.data)), *sorted(made))
    kept = (*again.kept, *sorted(logged.keys() - made.keys()))
    if is_same:
        sentence = f"Decided again, it comes to the same {len(written):,} bytes."
        return Replay(entry, index_, Result.SAME, sentence, (), decided, kept)
    count = len(differences)
    sentence = f"Decided again, it differs in {count} field{'s' if count != 1 else ''}."
    return Replay(entry, index_, Result.DIFFERENT, sentence, tuple(differences), decided, kept)


def _plain(data: Mapping[str, Any]) -> dict[str, Any]:
    """Return data as it reads once it was written: values of enumerations are their text."""
    plain: dict[str, Any] = canonical.decode_document(canonical.encode_document(_spelled(data)))  # type: ignore[assignment]
    return plain


def _spelled(value: Any) -> Any:
    if isinstance(value, Mapping):
        return {str(name): _spelled(one) for name, one in value.items()}
    if isinstance(value, list | tuple):
        return [_spelled(one) for one in value]
    return str(value) if isinstance(value, str) else value


def _rows_differing(
    table: str, then: Iterable[Mapping[str, Any]], now: Iterable[Mapping[str, Any]]
) -> Iterable[Difference]:
    before, after = {str(one["id"]): one for one in then}, {str(one["id"]): one for one in now}
    for id in sorted(before.keys() | after.keys()):
        one, other = before.get(id), after.get(id)
        if one is None or other is None:
            yield Difference(
                f"{table} {id}", "on record" if one else "not on record", "there" if other else "not there"
            )
            continue
        for column in one:
            if one[column] != other.get(column):
                yield Difference(f"{table} {id} {column}", one[column], other.get(column))


def _fact(entry: Entry, subject: str) -> UUID:
    if entry.subject != subject:
        raise Lost("The entry's row names another fact than its kind has.")
    return entry.fact


# --- What a rule decided


def _decided(entry: Entry) -> Again:
    decision = (
        Decision.objects.select_related("submission__audio", "examination", "supersedes")
        .filter(pk=_fact(entry, "decision"))
        .first()
    )
    if decision is None:
        raise Lost("The decision is not on record.")
    kept = ["data.evidence", "data.manifest", "data.output"]
    data: dict[str, Any] = {}
    divided = None
    if decision.supersedes is not None and _was_refused_by_people(decision):
        verdict = reviewing.refused(decision.supersedes, decision.supersedes.reviews.order_by("position"))
    else:
        verdict, divided = _judged(decision)
    decision_row, findings = decisions.made(
        submission_id=decision.submission_id,
        verdict=verdict,
        examination_id=decision.examination_id,
        known_at=decision.known_at,
        supersedes_id=decision.supersedes_id,
        at=decision.decided_at,
    )
    parts, sources = splits.rows_of(divided, decision_id=decision.pk) if divided else ([], [])
    data |= {
        "outcome": decision_row.outcome,
        "submission": str(decision.submission_id),
        "policy": verdict.policy_version,
        "bands": str(verdict.bands_id) if verdict.bands_id else None,
        "splits": f"sha256:{divided.digest}" if divided else None,
        "supersedes": str(decision.supersedes_id) if decision.supersedes_id else None,
    }
    return Again(
        data,
        {Decision: [decision_row], Finding: findings, Split: parts, SplitSource: sources},
        tuple(kept),
    )


def _was_refused_by_people(decision: Decision) -> bool:
    first = decision.supersedes
    return first is not None and reviewing.settled(first, first.reviews.order_by("position")) is Outcome.REFUSED


def _judged(decision: Decision) -> tuple[Verdict, apportion.Splits | None]:
    """Judge again by the stored evidence and the terms as known then, and divide it where it clears."""
    if decision.examination is None:
        raise Nothing("The audio broke off while it was decoded: nothing was measured that rules could judge.")
    try:
        evidence = examine.read(decision.examination)
    except NotEvidence as error:
        raise Lost("What was measured cannot be read.") from error
    known_at = decision.known_at
    claim = terms.claim_of(decision.submission, known_at=known_at)
    in_force = deciding.in_force_on(claim, evidence, known_at=known_at)
    first = decision.supersedes
    taught = _taught(first, claim.licensee_id) if first is not None else ()
    if taught:
        ids = {one.id for one in taught}
        before = tuple(one for one in in_force.allowances if one.id not in ids)
        in_force = replace(in_force, allowances=(*before, *taught))
    try:
        verdict = policy.decide_as(decision.policy_version, claim, evidence, in_force)
    except policy.NoSuchPolicy as error:
        raise Lost(str(error)) from error
    reviews = tuple(first.reviews.order_by("position")) if first is not None and not taught else ()
    if first is not None and reviews:
        agreeing = [one for one in reviews if one.outcome == Outcome.CLEARED]
        weighed = policy.let_pass(
            verdict,
            decisions.findings_of(first),
            [one.id for one in agreeing],
            has_evidence=bool(reviews[-1].evidence_digest),
            vouches=True,
        )
        verdict = replace(weighed.verdict, licenses=policy.licenses_of(claim, evidence, in_force))
    # Whether a file could be signed is nothing that can be asked again.
    unsignable = next((one for one in decisions.findings_of(decision) if one.rule == "output_can_be_signed"), None)
    if not verdict.is_cleared:
        return verdict, None
    if unsignable is not None:
        return replace(verdict, findings=(*verdict.findings, unsignable), licenses=()), None
    try:
        return verdict, dividing.divide(claim, in_force, verdict.licenses, evidence, known_at=known_at)
    except apportion.TooFine as error:
        return policy.indivisible(verdict, str(error)), None


def _taught(first: Decision, licensee_id: UUID) -> tuple[AllowanceTerm, ...]:
    """Return what an appeal against a decision taught, if one was upheld."""
    answer = AppealAnswer.objects.filter(appeal__decision=first, is_upheld=True).first()
    if answer is None:
        return ()
    taught = sorted(answer.allowances.all(), key=lambda one: str(one.reference_id))
    return tuple(AllowanceTerm(one.id, one.reference_id, licensee_id, one.expires_on) for one in taught)


def _measured(entry: Entry) -> Iterable[Difference]:
    try:
        found = rechecking.repeat(decision_id=_fact(entry, "decision"))
    except (rechecking.NothingToRepeat, store.NoSuchAudio, index.SnapshotLost, songs.SnapshotLost) as error:
        raise Lost(f"The audio cannot be measured again: {type(error).__doc__} {error}") from error
    if not found.is_same_evidence:
        yield from (Difference("evidence", "as measured", sentence) for sentence in found.differences)


def _divided_again(entry: Entry) -> Again:
    division = Division.objects.select_related("decision__submission", "decision__examination").get(
        pk=_fact(entry, "division")
    )
    decision = division.decision
    try:
        divided = dividing.divide_again(decision, on=division.effective_on, known_at=division.known_at)
    except (apportion.NothingToApportion, apportion.TooFine, NotEvidence) as error:
        return Again({"splits": None}, {}, (), (Difference("splits", f"sha256:{division.digest}", str(error)),))
    before = Division.objects.filter(decision=decision, number__lt=division.number).order_by("-number").first()
    old = before.digest if before else None
    if before is None and (first := splits.decided(decision.pk)) is not None:
        old = first.digest
    row = Division(
        **{one.attname: getattr(division, one.attname) for one in Division._meta.concrete_fields}
        | {"digest": divided.digest}
    )
    parts, sources = splits.rows_of(divided, decision_id=decision.pk, division_id=division.pk)
    return Again(dividing.said_of(row, before=old), {Division: [row], Split: parts, SplitSource: sources})


def _rechecked(entry: Entry) -> Again:
    recheck = Recheck.objects.select_related("decision__submission__audio", "decision__examination", "examination").get(
        pk=_fact(entry, "recheck")
    )
    if recheck.policy_version != policy.VERSION:
        raise Lost(f"{recheck.policy_version} then, {policy.VERSION} now.")
    try:
        said, made = rechecking.again(recheck)
    except (rechecking.NothingToRepeat, NotEvidence) as error:
        raise Lost("What was measured cannot be read.") from error
    found: dict[type[Model], list[Model]] = {}
    for row in made:
        found.setdefault(type(row), []).append(row)
    return Again(said, found)


def _answered(entry: Entry) -> Again:
    clearance = Clearance.objects.select_related("answers").get(pk=_fact(entry, "clearance"))
    try:
        again = asking.again(clearance)
    except asking.OtherPolicy as error:
        raise Lost(str(error)) from error
    except (AssertionError, ValueError) as error:
        raise Lost("The answers that were given cannot be read.") from error
    kept = (f"{again.kept} answers about what was not registered or not shown",) if again.kept else ()
    further = tuple(
        Difference(f"answer about {asset}", then.decode().strip(), now.decode().strip())
        for asset, then, now in again.differing
    )
    return Again(asking.said_of(again.clearance), {Clearance: [again.clearance]}, kept, further)


def _disclosed(entry: Entry) -> Again:
    row = Disclosure.objects.select_related("submission", "record").get(pk=_fact(entry, "disclosure"))
    try:
        statement = disclosing.derived(row)
    except NoSuchProfile as error:
        raise Lost(str(error)) from error
    again = Disclosure(
        **{one.attname: getattr(row, one.attname) for one in Disclosure._meta.concrete_fields}
        | {"statement": statement.document, "statement_digest": statement.digest}
    )
    return Again({"statement": f"sha256:{statement.digest}"}, {Disclosure: [again]})


def _matched(entry: Entry) -> Again:
    matching = UsageMatching.objects.get(pk=_fact(entry, "usage_matching"))
    if matching.method != UsageMatching.Method.IDS:
        raise Nothing("Somebody said what this key means: there is nothing to decide again.")
    then = list(matching.matches.order_by("pk"))
    led = usages.led_by_ids(matching.payer_id, [one.key for one in then], known_at=matching.recorded_at)
    made = [
        UsageMatch(
            **{one.attname: getattr(row, one.attname) for one in UsageMatch._meta.concrete_fields}
            | {"submission_id": led.get(row.key)}
        )
        for row in then
    ]
    return Again({"method": matching.method, "keys": len(led)}, {UsageMatch: made})


# --- What was read from a file. No transaction is held meanwhile: facts do not change, and a file may be long.


def _usage_received(entry: Entry, _body: canonical.Body, _file: bytes | None) -> Again:
    """What was handed in is looked at again as it is kept: its bytes, and what they say of themselves."""
    report = UsageReport.objects.get(pk=_fact(entry, "usage_report"))
    try:
        again = received_again(report)
    except (store.NoSuchAudio, dsr.NotADsrFile) as error:
        raise Lost("A file of the report is not kept any more, or is another.") from error
    return Again(again.said, {UsageReport: [again.report], UsageFile: again.files})


def _usage_finished(entry: Entry, body: canonical.Body, _file: bytes | None) -> Again:
    """The files are read again: which lines were taken, what they come to, or how many problems refused them."""
    outcome = UsageOutcome.objects.select_related("report").get(pk=_fact(entry, "usage_outcome"))
    place = _place(entry)

    def was_there(rows_: QuerySet[Any]) -> bool:
        name = {UsageOutcome: "usage_outcome", UsageSupersession: "usage_supersession"}[rows_.model]
        logged = Leaf.objects.filter(**{f"entry__{name}__in": rows_.exclude(pk=outcome.pk)})
        return (logged if place is None else logged.filter(index__lt=place)).exists()

    reader = body.data.get("reader", "usage/1")  # the first was not named
    try:
        again = finished_again(outcome, reader=str(reader), was_there=was_there)
    except ReadOtherwise as error:
        raise Lost(f"{ReadOtherwise.__doc__} That was {reader}.") from error
    except store.NoSuchAudio as error:
        raise Lost("A file of the report is not kept any more.") from error
    kept = ("the bytes of the file of lines: they are the same lines, written otherwise",) if again.is_rewritten else ()
    return Again(again.said, {UsageOutcome: [again.outcome]}, kept)


def _import_received(entry: Entry, _body: canonical.Body, _file: bytes | None) -> Again:
    """The file is looked at again as it is kept."""
    batch = ImportBatch.objects.get(pk=_fact(entry, "import_batch"))
    try:
        said, again = rereading.received_again(batch)
    except store.NoSuchAudio as error:
        raise _gone(batch) from error
    return Again(said, {ImportBatch: [again]})


def _import_finished(entry: Entry, body: canonical.Body, _file: bytes | None) -> Again:
    """The file is read again: what would be refused of it, and what it would bring, fact by fact."""
    outcome = ImportOutcome.objects.select_related("batch").get(pk=_fact(entry, "import_outcome"))
    place = _place(entry)
    sealed = None if place is None else Checkpoint.objects.filter(size__gt=place).order_by("size").first()
    reader = str(body.data.get("reader", "import/1"))  # the first was not named
    try:
        again = rereading.finished_again(outcome, reader=reader, ended_at=sealed.at if sealed else None)
    except rereading.ReadOtherwise as error:
        raise Lost(f"{rereading.ReadOtherwise.__doc__} That was {reader}.") from error
    except store.NoSuchAudio as error:
        raise _gone(outcome.batch) from error
    except (
        rereading.AnotherFile,
        rereading.LimitIsOther,
        rereading.NamesErased,
        as_known.MayNotLookBack,
    ) as error:
        raise Lost(f"{type(error).__doc__} {error}") from error
    further = _some(again.differing)
    return Again(again.said, {ImportOutcome: [again.outcome]}, again.kept, further)


def _gone(batch: ImportBatch) -> Exception:
    by_rights = rereading.removed(batch)
    return Nothing(by_rights) if by_rights else Lost("The file is not kept any more.")


def _import_reversed(entry: Entry, _body: canonical.Body, _file: bytes | None) -> Again:
    """That it is to be taken back, somebody stated; what followed is looked at again, fact by fact."""
    reversal = ImportReversal.objects.select_related("batch").get(pk=_fact(entry, "import_reversal"))
    try:
        again = reversing.reversed_again(reversal)
    except reversing.NotDoneYet as error:
        raise Nothing(f"{_STATED} {reversing.NotDoneYet.__doc__}") from error
    except as_known.MayNotLookBack as error:
        raise Lost(f"{as_known.MayNotLookBack.__doc__}") from error
    kept = ("that it was reversed, and why", *((f"{again.left} consents that it did not end",) if again.left else ()))
    return Again(again.said, {}, kept, _some(again.differing))


def _some(differing: Differing) -> tuple[Difference, ...]:
    some = tuple(Difference(*one) for one in differing.some)
    left = differing.count - len(some)
    return (*some, Difference("and further", None, f"{left} more")) if left else some


def _confirmed(entry: Entry, body: canonical.Body, file: bytes | None) -> Again:
    """Which order a payment was of is looked up as known then; the bank's file is not kept, but can be given."""
    payment = Payment.objects.select_related("order__statement__run", "order__file__run").get(
        pk=_fact(entry, "payment")
    )
    reader = str(body.data.get("reader", "bank/1"))  # the first was not named
    try:
        again = remitting.confirmed_again(payment, reader=reader, raw=file)
    except remitting.ReadOtherwise as error:
        raise Lost(f"{remitting.ReadOtherwise.__doc__} That was {reader}.") from error
    except (remitting.AnotherFile, remittances.NotARemittance, remittances.TooLarge) as error:
        raise Lost(str(error) or str(type(error).__doc__)) from error
    kept = (
        () if file is not None else ("the day, and that the bank's file says so: it is not kept, give it with --file",)
    )
    further = tuple(Difference("payment", "booked", sentence) for sentence in again.against)
    return Again(again.said, {Payment: [again.payment]}, kept, further)


def _certified(entry: Entry) -> Again:
    """What a certificate states is stated again; its signature stays, since another one would be another."""
    row = Certificate.objects.select_related("manifest").get(pk=_fact(entry, "certificate"))
    try:
        then, now = certifying.stated_again(row)
    except (certifying.NotLogged, NotCertified) as error:
        raise Lost(" ".join((type(error).__doc__ or "").split())) from error
    further = tuple(
        Difference(f"certificate: {name}", then.get(name), now.get(name))
        for name in sorted({*then, *now})
        if then.get(name) != now.get(name)
    )
    said = {"manifest": row.manifest.label, "decision": str(row.manifest.decision_id), "number": row.number}
    return Again(said, {}, ("the signature, and the proof and the address of that moment",), further)


def _bound(entry: Entry) -> Again:
    """A soft binding is taken from the audio that is kept, as anybody can who has it."""
    row = SoftBinding.objects.select_related("decision__submission__audio").get(pk=_fact(entry, "soft_binding"))
    audio = row.decision.submission.audio
    try:
        harmony = examine.harmony(references.facts_of(audio))
        with store.local(audio.digest) as source:
            facts = {one.algorithm: one.value for one in bindings.of(harmony, source)}
    except (store.NoSuchAudio, CorruptAudio) as error:
        raise Lost("The audio is not there, or cannot be read.") from error
    again = SoftBinding(
        **{one.attname: getattr(row, one.attname) for one in SoftBinding._meta.concrete_fields}
        | {"value": facts.get(row.algorithm, b"")}
    )
    return Again({"algorithm": row.algorithm}, {SoftBinding: [again]})


def _sampled(entry: Entry) -> Again:
    sample = AuditSample.objects.select_related("engagement").get(pk=_fact(entry, "audit_sample"))
    try:
        said, row, items = drawing.made_again(sample)
    except sampling.NotASample as error:
        raise Lost("What it is drawn by leads to no sample any more.") from error
    return Again(said, {AuditSample: [row], AuditSampleItem: list(items)})


# --- What was calculated


def _before(run_id: UUID) -> int:
    """Return the place in the log of the first entry of a run's publication: what stood before it was known."""
    booked = Leaf.objects.filter(entry__transaction__run=run_id).order_by("index").first()
    published = Leaf.objects.filter(entry__run_event__run=run_id, entry__run_event__act=Act.PUBLISHED).first()
    issued = Leaf.objects.filter(entry__statement__run=run_id, entry__statement__version=1).order_by("index").first()
    places = [leaf.index for leaf in (booked, published, issued) if leaf is not None]
    if not places:
        raise Lost("The run's publication has no place in the log yet.")
    return min(places)


def _went_on(entry: Entry) -> Again:
    event = RunEvent.objects.select_related("run").get(pk=_fact(entry, "run_event"))
    run = event.run
    match event.act:
        case Act.FROZEN:
            known_at = datetime.fromisoformat(str(results.read(event.document)["known_at"]))
            parts = _frozen(event, known_at)
            return _step(event, running.frozen_document(parts, known_at=known_at), None)
        case Act.RECONCILED:
            return _step(event, *_of_run(lambda: running.reconciled_document(run, until=_place(entry))))
        case Act.PUBLISHED:
            found = _of_run(lambda: paying.dues(run, until=_before(run.pk)))
            issued = [_issued(run.pk, paying.statement(run, due)) for due in found.payees]
            return _step(event, *running.published_document(found, issued))
    raise Nothing("A person decided it, or the run was stopped by what its own document says.")


def _of_run(work: Callable[[], Any]) -> Any:
    try:
        return work()
    except (*running.STOPS, paying.NotPublished, store.NoSuchAudio) as error:
        raise Lost(f"{type(error).__name__}: {error}") from error


def _frozen(event: RunEvent, known_at: datetime) -> list[RunPart]:
    found: list[RunPart] = _of_run(
        lambda: running.frozen_parts(
            event.run, at=known_at, until=_place(Entry.objects.get(run_event=event)), is_kept=False
        )
    )
    return found


def _place(entry: Entry) -> int | None:
    return entry.leaf.index if hasattr(entry, "leaf") else None


def _step(event: RunEvent, document: Mapping[str, Any], data: Mapping[str, Any] | None) -> Again:
    written = files.canonical(document)
    row = RunEvent(
        **{one.attname: getattr(event, one.attname) for one in RunEvent._meta.concrete_fields}
        | {"document": written.decode(), "digest": sha256(written).hexdigest()}
    )
    return Again(running.said_of(row, data), {RunEvent: [row]})


def _partitions(entry: Entry) -> Iterable[Difference]:
    """Of a run that was reconciled, divide every partition again from what was frozen, and say which differs."""
    event = RunEvent.objects.get(pk=_fact(entry, "run_event"))
    if event.act != Act.RECONCILED:
        return
    for part in RunPart.objects.filter(run=event.run_id).order_by("pk"):
        for row in part.results.order_by("number"):
            again = _of_run(lambda: running.divided(part, row.number, is_kept=False))  # noqa: B023 - called at once
            if files.canonical(again).decode() != row.document:
                where = f"partition {row.number} of the period of run {part.of_run_id}"
                digest = sha256(files.canonical(again["result"])).hexdigest()
                yield Difference(where, f"sha256:{row.result_digest}", f"sha256:{digest}")


def _issued(run_id: UUID, row: Statement) -> Statement:
    then = Statement.objects.filter(run=run_id, payee=row.payee_id, version=row.version).first()
    row.digest = sha256(paying.document_of(row)).hexdigest()
    if then is not None:
        row.issued_at = then.issued_at
    return row


def _statement(entry: Entry) -> Again:
    then = Statement.objects.select_related("run", "payout_rate").get(pk=_fact(entry, "statement"))
    run = then.run
    if then.version > 1:
        old = Statement.objects.select_related("run", "payout_rate").get(
            run=run, payee=then.payee_id, version=then.version - 1
        )
        try:
            row, _ = paying.refunded(old, reason=then.reason, until=_place(entry))
        except paying.NothingToRefund as error:
            raise Lost("The terms that tax was withheld by are not on record.") from error
    else:
        found = _of_run(lambda: paying.dues(run, until=_before(run.pk)))
        due = next((one for one in found.payees if one.payee_id == then.payee_id), None)
        if due is None:
            return Again({}, {Statement: []}, (), (Difference("statement", "issued", "nothing is owed to this payee"),))
        row = paying.statement(run, due)
    row = _issued(run.pk, row)
    row.issued_at = then.issued_at
    return Again(paying.said_of(row), {Statement: [row]})


def _booked(entry: Entry) -> Again:
    then = Transaction.objects.select_related("run").get(pk=_fact(entry, "transaction"))
    if then.kind in {Transaction.Kind.PAID, Transaction.Kind.RETURNED}:
        return _booked_of_a_payment(then)
    if then.run is None:
        raise Nothing("A person booked it; that it adds up to nothing, the database asks at the commit.")
    run = then.run
    found = _of_run(lambda: paying.dues(run, until=_before(run.pk)))
    planned = next((one for one in paying.planned(found) if one.id == then.pk), None)
    if planned is None:
        return Again({}, {}, (), (Difference("transaction", "booked", "the run would book nothing here"),))
    row = Transaction(
        **{one.attname: getattr(then, one.attname) for one in Transaction._meta.concrete_fields}
        | {
            "kind": planned.kind,
            "of_run_id": planned.of_run.pk,
            "term_id": planned.term_id,
            "value_on": planned.value_on,
        }
    )
    postings = books.postings_of(books.together(planned.lines), id=then.pk, payer_id=run.payer_id)
    return Again({}, {Transaction: [row], Posting: postings})


def _booked_of_a_payment(then: Transaction) -> Again:
    again = remitting.booked_again(then)
    if again is None:
        return Again({}, {}, (), (Difference("transaction", "booked", "no payment that was confirmed books it"),))
    row = Transaction(
        **{one.attname: getattr(then, one.attname) for one in Transaction._meta.concrete_fields}
        | {"kind": again.kind, "value_on": again.value_on}
    )
    said = {"kind": again.kind, "value_on": again.value_on.isoformat()}
    return Again(said, {Transaction: [row], Posting: again.postings})


def _ordered(entry: Entry) -> Again:
    file = PaymentFile.objects.select_related("run").get(pk=_fact(entry, "payment_file"))
    try:
        raw = remitting.again(file.pk)
    except remitting.AccountChanged as error:
        raise Lost(f"{type(error).__doc__}") from error
    units = sum(one.units for one in file.orders.all())
    return Again({"file": f"sha256:{sha256(raw).hexdigest()}", "minor": str(units), "orders": file.orders.count()})


AGAIN: Final[dict[Kind, Callable[[Entry], Again]]] = {
    Kind.DECIDED: _decided,
    Kind.SPLITS_REDIVIDED: _divided_again,
    Kind.RECHECKED: _rechecked,
    Kind.CLEARANCE_ANSWERED: _answered,
    Kind.DISCLOSURE_SENT: _disclosed,
    Kind.RUN_WENT_ON: _went_on,
    Kind.STATEMENT_ISSUED: _statement,
    Kind.BOOKED: _booked,
    Kind.PAYMENTS_ORDERED: _ordered,
    Kind.USAGE_MATCHED: _matched,
    Kind.CERTIFIED: _certified,
    Kind.SOFT_BOUND: _bound,
    Kind.SAMPLE_DRAWN: _sampled,
}
# What was read from a file, or is about all that a file brought.
READ_AGAIN: Final[dict[Kind, Callable[[Entry, canonical.Body, bytes | None], Again]]] = {
    Kind.USAGE_RECEIVED: _usage_received,
    Kind.USAGE_FINISHED: _usage_finished,
    Kind.IMPORT_RECEIVED: _import_received,
    Kind.IMPORT_FINISHED: _import_finished,
    Kind.IMPORT_REVERSED: _import_reversed,
    Kind.PAYMENT_CONFIRMED: _confirmed,
}


# --- A sample that nobody chooses


def drawn(checkpoint: Checkpoint, *, most: int) -> list[Entry]:
    """
    Return entries that the root of a checkpoint draws: of each kind that can be decided again as many, no entry twice.

    The n-th draw of a kind is SHA-256 over root, kind and n in eight bytes; its first eight bytes, modulo the number of
    the kind's entries below the checkpoint, say which of them in the order of the log. Anybody can do it over.
    """
    found: dict[int, Entry] = {}
    kinds = (*AGAIN, *READ_AGAIN)
    share = max(1, most // len(kinds))
    for kind in kinds:
        places = Leaf.objects.filter(entry__kind=kind, index__lt=checkpoint.size).order_by("index")
        count = places.count()
        wanted: set[int] = set()
        for n in range(share * _TRIES if count > share else 0):
            seed = sha256(bytes(checkpoint.root) + kind.value.encode() + n.to_bytes(8, "big")).digest()
            wanted.add(int.from_bytes(seed[:8], "big") % count)
            if len(wanted) == share:
                break
        chosen = places if count <= share else [places[n] for n in sorted(wanted)]
        for leaf in chosen:
            found[leaf.index] = Entry.objects.select_related("leaf").get(pk=leaf.entry_id)
    return [found[index_] for index_ in sorted(found)]


def sample(*, at: datetime, clock: Callable[[], datetime], most: int | None = None) -> ReplayRound | None:
    """
    Decide again what the newest checkpoint draws, and record what came of it; None where that checkpoint drew before.

    :param clock: says when it is over
    :raises checkpoints.NoCheckpoint: nothing is in the log yet
    """
    newest = checkpoints.newest()
    if ReplayRound.objects.filter(size=newest.size).exists():
        return None
    entries = drawn(newest, most=most if most is not None else settings.LEDGER_REPLAYS_A_NIGHT)
    found = [_quietly(entry) for entry in entries]
    found = [one for one in found if one.result is not Result.NOTHING]
    with transaction.atomic(durable=True):
        row, is_new = ReplayRound.objects.get_or_create(
            size=newest.size,
            defaults={
                "id": uuid5(_NAMESPACE, f"{newest.size}/{bytes(newest.root).hex()}"),
                "root": bytes(newest.root).hex(),
                "drawn": len(found),
                "same": sum(one.result is Result.SAME for one in found),
                "different": sum(one.result is Result.DIFFERENT for one in found),
                "lost": sum(one.result is Result.LOST for one in found),
                "started_at": at,
                "finished_at": clock(),
            },
        )
        if not is_new:
            return None  # another worker was faster
        ReplayedEntry.objects.bulk_create(
            ReplayedEntry(round=row, entry=one.entry, result=one.result.value, differences=_kept(one)) for one in found
        )
    for one in found:
        if one.result is not Result.SAME:
            _log.error("replay of entry %s (%s): %s", one.index, one.entry.kind, one.result.value)
    return row


def _quietly(entry: Entry) -> Replay:
    try:
        return replay(entry)
    except Exception as error:  # noqa: BLE001 - logged with its traceback, and counted
        # One that cannot even be asked must not keep the others from being: it is reported, and counts as lost.
        _log.exception("entry %s could not be decided again", entry.pk)
        return Replay(entry, entry.leaf.index, Result.LOST, f"{type(error).__name__}: {error}"[:300])


def _kept(one: Replay) -> list[dict[str, Any]]:
    if one.result is Result.LOST:
        return [Difference("reason", "", one.sentence).document]
    return [difference.document for difference in one.differences[:MOST_KEPT]]


def newest_round() -> ReplayRound | None:
    """Return the last round, or None where none was yet."""
    return ReplayRound.objects.order_by("-size").first()


def written(value: Any) -> str:
    """Return a value of a difference as a line to read."""
    if isinstance(value, Fraction):
        return f"{value.numerator}/{value.denominator}"
    return "nothing" if value is None else str(value)
