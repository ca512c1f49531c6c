"""Questions 13 to 16: who read what, what was erased, who may do what nobody may do alone, and the log itself."""

from __future__ import annotations

import json
from collections import defaultdict
from collections.abc import Iterable, Iterator, Sequence
from itertools import combinations
from typing import Any
from uuid import UUID

from django.db.models import F, Q

from ledger import checkpoints, merkle, notes, sequencer
from ledger.access import VERBS, Verb
from ledger.auditing.asking import Column, Conclusion, Is, Part, Plot, Question, Row, Rows, Tally, each
from ledger.auditing.outputs import entries_of
from ledger.auditing.parameters import KNOWN_AT, PERIOD, Asked, Kind, Parameter
from ledger.models import Approval, Checkpoint, Cosignature, DossierRead, Erasure, Membership
from ledger.visibility import Sight, seen
from rights.models import AppealAnswer, NameToken, PartyContact, PartyIdentity, Review
from royalties.models import ObjectionAnswer, RunEvent

# --- 13


def _reads(asked: Asked, sight: Sight) -> Sequence[Part]:
    rows = DossierRead.objects.filter(
        read_at__date__gte=asked.period_from, read_at__date__lt=asked.period_to, read_at__lte=asked.known_at
    )
    if asked.subject is not None:
        rows = rows.filter(fact_id=asked.subject)

    def of(one: Any) -> Iterable[Row]:
        yield {
            "read_at": one.read_at,
            "table": one.table,
            "dossier": one.fact_id,
            "output": one.fact_id if one.table == "rights_submission" else None,
            "person": one.user_id,
            "client": one.client_id,
            "why": one.why,
            "door": one.door,
            "engagement": one.engagement_id,
        }

    return [Rows(seen(rows, sight), ("read_at", "pk"), each(of))]


READS = Question(
    13,
    "reads",
    "Who read a dossier, and why",
    "Reads of outputs’ dossiers, parties’ records and statements, by people and programs, with the reason that is on"
    " record. Kept for two years.",
    (
        Parameter("dossier", "Dossier", Kind.ID, "Id of an output, a party or a statement; empty: all"),
        *PERIOD,
        KNOWN_AT,
    ),
    (
        Column("read_at", "Read", Is.MOMENT),
        Column("table", "What"),
        Column("dossier", "Id", Is.ID),
        Column("output", "Output", Is.ID, "output"),
        Column("person", "Person", Is.COUNT, "person"),
        Column("client", "Program", Is.COUNT),
        Column("why", "Why"),
        Column("door", "Through"),
        Column("engagement", "Audit", Is.ID),
    ),
    _reads,
    lambda tally: Conclusion(None, f"{tally.rows} reads on record." if tally.rows else "No read is on record."),
    plots=(
        Plot("Reads by what was read", lambda row: str(row["table"])),
        Plot("Reads by day", lambda row: str(row["read_at"])[:10], is_over_time=True),
    ),
    note="People are named by the number of their login, which an erasure cuts off from a name.",
)


# --- 14


def _left(party_ids: Sequence[UUID]) -> int:
    """Return how many rows that an erasure deletes are there all the same."""
    return sum(model.objects.filter(party__in=party_ids).count() for model in (PartyIdentity, NameToken, PartyContact))


def _erased(asked: Asked, sight: Sight) -> Sequence[Part]:
    rows = Erasure.objects.filter(
        erased_at__date__gte=asked.period_from, erased_at__date__lt=asked.period_to, erased_at__lte=asked.known_at
    ).select_related("request")

    def of(some: list[Any]) -> Iterable[Sequence[Row]]:
        places = entries_of("erasure", [one.pk for one in some])
        for one in some:
            said = json.loads(one.document)  # exact: of an erasure, which holds no amounts
            party_ids = [UUID(party) for party in said["parties"]]
            about = {
                "erasure": one.pk,
                "party": one.request.party_id,
                "asked_at": one.request.requested_at,
                "answer_by": one.request.answer_by,
                "erased_at": one.erased_at,
                "is_late": one.erased_at.date() > one.request.answer_by,
                "entry": places.get(one.pk),
            }
            left = _left(party_ids)
            found = [
                {**about, "fate": "erased", "what": line["erased"], "count": line["count"], "ground": ""}
                for line in said["erased"]
            ]
            found += [
                {**about, "fate": "stays", "what": line["what"], "count": line["count"], "ground": line["ground"]}
                for line in said["stays"]
            ]
            if left:
                found.append(
                    {
                        **about,
                        "fate": "still there",
                        "what": "rows that were to be deleted",
                        "count": left,
                        "ground": "",
                    }
                )
            yield found

    return [Rows(seen(rows, sight), ("erased_at", "pk"), of)]


def _concluded_erasures(tally: Tally) -> Conclusion:
    if not tally.rows:
        return Conclusion(None, "Nothing was erased in this period.")
    wrong = tally.marks["still there"] + tally.marks["bare"]
    late = tally.marks["late:"]
    if wrong:
        return Conclusion(False, f"{wrong} kinds of data are still there, or stay without a ground.")
    erasures = tally.marks["erasure:"]
    if late:
        return Conclusion(False, f"{erasures} erasures; {late} of them after the day by which they were due.")
    return Conclusion(True, f"{erasures} erasures, each in time; whatever stays has its ground.")


ERASURES = Question(
    14,
    "erasures",
    "What was erased, and what stays on which ground",
    "Erasures that were carried out: per store what is gone, per kind of fact what names the person by an id and stays,"
    " with the legal ground, and whether anything that was to be deleted is still there now.",
    (*PERIOD, KNOWN_AT),
    (
        Column("erasure", "Erasure", Is.ID),
        Column("party", "Party", Is.ID, "party"),
        Column("asked_at", "Asked for", Is.MOMENT),
        Column("answer_by", "Due", Is.DAY),
        Column("erased_at", "Erased", Is.MOMENT),
        Column("is_late", "Late", Is.YES),
        Column("fate", "Fate"),
        Column("what", "What"),
        Column("count", "Records", Is.COUNT),
        Column("ground", "Ground"),
        Column("entry", "Log entry", Is.COUNT, "entry"),
    ),
    _erased,
    _concluded_erasures,
    marks=lambda row: (
        f"erasure:{row['erasure']}",
        str(row["fate"]),
        *([f"late:{row['erasure']}"] if row["is_late"] else []),
        *(["bare"] if row["fate"] == "stays" and not row["ground"] else []),
    ),
    plots=(Plot("Records by fate", lambda row: str(row["fate"])),),
    note="Whether something is still there is looked up now, and not as known then: it is the one thing here that may"
    " turn out otherwise when asked again.",
)


# --- 15

# What nobody does alone: whoever enters contracts settles no money, whoever hands outputs in does not review them.
_APART = (
    (Verb.LICENSE, Verb.SETTLE, "contracts and money in one hand"),
    (Verb.SUBMIT, Verb.REVIEW, "hands in and reviews"),
    (Verb.REVIEW, Verb.LICENSE, "reviews and enters contracts"),
)


def _roles_apart() -> dict[frozenset[str], str]:
    found: dict[frozenset[str], str] = {}
    for one, other in combinations(Membership.Role.values, 2):
        for first, second, why in _APART:
            if (first in VERBS[one] and second in VERBS[other]) or (first in VERBS[other] and second in VERBS[one]):
                found[frozenset({one, other})] = why
    return found


def _overlap(one: Membership, other: Membership, asked: Asked) -> bool:
    def ends(row: Membership) -> Any:
        end = getattr(row, "end", None)
        days = [row.active_to, end.effective_on if end and end.recorded_at <= asked.known_at else None]
        return min((day for day in days if day), default=asked.period_to)

    begin = max(one.active_from, other.active_from, asked.period_from)
    return bool(begin < min(ends(one), ends(other), asked.period_to))


def _in_one_hand(asked: Asked, sight: Sight) -> Sequence[Part]:
    known = Q(recorded_at__lte=asked.known_at, active_from__lt=asked.period_to)
    members = Membership.objects.filter(known)
    if not sight.is_whole:
        # Memberships are the operator's to read; of its own house everybody may know who does two things.
        own = {*sight.ids, *(party for one in sight.within for party in one.organization)}
        members = members.filter(organization__in=own)
    apart = _roles_apart()

    def of(some: list[Any]) -> Iterable[Sequence[Row]]:
        others = members.filter(user__in={one.user_id for one in some}).select_related("end").order_by("pk")
        places = entries_of("membership", [one.pk for one in some])
        for one in some:
            yield [
                {
                    "rule": why,
                    "person": one.user_id,
                    "organization": one.organization_id,
                    "what": "membership",
                    "fact": one.pk,
                    "other": other.pk,
                    "at": max(one.recorded_at, other.recorded_at),
                    "detail": f"{one.role} and {other.role}",
                    "entry": places.get(one.pk),
                }
                for other in others
                if other.user_id == one.user_id
                and other.organization_id == one.organization_id
                and str(one.pk) < str(other.pk)
                and (why := apart.get(frozenset({one.role, other.role})))
                and _overlap(one, other, asked)
            ]

    return [Rows(members.select_related("end"), ("recorded_at", "pk"), of)]


def _during(column: str, asked: Asked) -> Q:
    return Q(
        **{
            f"{column}__lte": asked.known_at,
            f"{column}__date__gte": asked.period_from,
            f"{column}__date__lt": asked.period_to,
        }
    )


def _alone(asked: Asked, sight: Sight) -> Sequence[Part]:
    """Return what one person did on both sides; the database refuses some of it, which is looked at all the same."""
    approvals = Approval.objects.filter(_during("approved_at", asked), approved_by=F("proposal__proposed_by"))
    runs = RunEvent.objects.filter(_during("recorded_at", asked), act=RunEvent.Act.APPROVED, by=F("run__started_by"))
    answers = AppealAnswer.objects.filter(
        _during("answered_at", asked), reviewer__in=Review.objects.values("reviewer")
    ).filter(appeal__decision__reviews__reviewer=F("reviewer"))
    objections = ObjectionAnswer.objects.filter(
        _during("recorded_at", asked),
        objection__statement__run__events__act=RunEvent.Act.APPROVED,
        objection__statement__run__events__by=F("answered_by"),
    )
    own = Review.objects.filter(
        _during("reviewed_at", asked),
        reviewer__memberships__organization=F("decision__submission__submitter"),
        reviewer__memberships__active_from__lte=F("reviewed_at__date"),
    ).distinct()

    def row(rule: str, what: str, column: str, person: str, at: str) -> Any:
        def of(some: list[Any]) -> Iterator[Sequence[Row]]:
            places = entries_of(column, [one.pk for one in some])
            for one in some:
                yield [
                    {
                        "rule": rule,
                        "person": getattr(one, person),
                        "what": what,
                        "fact": one.pk,
                        "at": getattr(one, at),
                        "entry": places.get(one.pk),
                    }
                ]

        return of

    return [
        Rows(
            seen(approvals, sight),
            ("approved_at", "pk"),
            row("approved what they proposed", "approval", "approval", "approved_by_id", "approved_at"),
        ),
        Rows(
            seen(runs, sight),
            ("recorded_at", "pk"),
            row("approved the run they started", "run", "run_event", "by_id", "recorded_at"),
        ),
        Rows(
            seen(answers.distinct(), sight),
            ("answered_at", "pk"),
            row("answered an appeal against their own review", "appeal", "appeal_answer", "reviewer_id", "answered_at"),
        ),
        Rows(
            seen(objections.distinct(), sight),
            ("recorded_at", "pk"),
            row(
                "answered an objection to a run they approved",
                "objection",
                "objection_answer",
                "answered_by_id",
                "recorded_at",
            ),
        ),
        Rows(
            seen(own, sight),
            ("reviewed_at", "pk"),
            row("reviewed an output of their own house", "review", "review", "reviewer_id", "reviewed_at"),
        ),
    ]


def _breaks(asked: Asked, sight: Sight) -> Sequence[Part]:
    return [*_in_one_hand(asked, sight), *_alone(asked, sight)]


DUTIES = Question(
    15,
    "duties",
    "Where duties were not kept apart",
    "People who could or did act on both sides: contracts and money in one hand, a review of one’s own output, a run"
    " approved or an objection answered by whoever made it. Some of this the database refuses; it is looked for all the"
    " same.",
    (*PERIOD, KNOWN_AT),
    (
        Column("rule", "What is not apart"),
        Column("person", "Person", Is.COUNT, "person"),
        Column("organization", "Organization", Is.ID, "party"),
        Column("what", "Seen in"),
        Column("fact", "Id", Is.ID),
        Column("other", "And", Is.ID),
        Column("detail", "Detail"),
        Column("at", "When", Is.MOMENT),
        Column("entry", "Log entry", Is.COUNT, "entry"),
    ),
    _breaks,
    lambda tally: (
        Conclusion(False, f"{tally.rows} breaks.") if tally.rows else Conclusion(True, "No duty was in one hand.")
    ),
    plots=(Plot("Breaks by rule", lambda row: str(row["rule"])),),
    note="The operator, who may do everything, is in no organization: what they did is in the other rules.",
)


# --- 16


def _checkpoints(asked: Asked, sight: Sight) -> Sequence[Part]:
    rows = Checkpoint.objects.filter(at__lte=asked.known_at, size__gte=asked.size_from)
    if asked.size_to:
        rows = rows.filter(size__lte=asked.size_to)
    try:
        newest, tiles = sequencer.tree()
    except checkpoints.NoCheckpoint:
        return []

    def before(size: int) -> Checkpoint | None:
        return rows.filter(size__lt=size).order_by("-size").first()

    def of(some: list[Any]) -> Iterable[Sequence[Row]]:
        last = before(some[0].size)
        cosigned = Cosignature.objects.filter(
            checkpoint__in=[one.size for one in some], received_at__lte=asked.known_at
        )
        by = defaultdict[int, set[str]](set)
        for size, witness in cosigned.values_list("checkpoint_id", "witness"):
            by[size].add(witness)
        for one in some:
            witnesses = sorted(by[one.size])
            yield [
                {
                    "size": one.size,
                    "signed_at": one.at,
                    "entries": one.size - (last.size if last else 0),
                    "root": bytes(one.root).hex(),
                    "extends": last.size if last else None,
                    "consistent": _consistent(last, one, tiles) if last else _leads_on(one, newest, tiles),
                    "signed": _is_signed(one),
                    "witnesses": len(witnesses),
                    "witnessed_by": " ".join(witnesses),
                }
            ]
            last = one

    return [Rows(seen(rows, sight), ("size",), of)]


def _is_signed(one: Checkpoint) -> bool:
    """Whether a key that this log has or had signed this head."""
    try:
        said = notes.open_checkpoint(one.note, *checkpoints.public_keys())
    except (notes.NotANote, notes.SignatureFails, notes.NotSigned, notes.NotACheckpoint, notes.WrongOrigin):
        return False
    return (said.size, said.root) == (one.size, bytes(one.root))


def _consistent(old: Checkpoint, new: Checkpoint, tiles: merkle.Tiles) -> bool:
    try:
        merkle.verify_consistency(
            old_size=old.size,
            size=new.size,
            proof=merkle.consistency_proof(old.size, new.size, tiles),
            old_root=bytes(old.root),
            root=bytes(new.root),
        )
    except (merkle.ProofFails, merkle.NoSuchSize, merkle.TileTooShort):
        return False
    return True


def _leads_on(one: Checkpoint, newest: Checkpoint, tiles: merkle.Tiles) -> bool:
    """Whether the first of them is one of the tree as it is now."""
    return _consistent(one, newest, tiles) if one.size < newest.size else bytes(one.root) == bytes(newest.root)


def _concluded_log(tally: Tally) -> Conclusion:
    if not tally.rows:
        return Conclusion(None, "There is no checkpoint in between.")
    if wrong := tally.marks["broken"]:
        return Conclusion(
            False, f"{wrong} of {tally.rows} checkpoints do not extend the one before, or are not signed."
        )
    said = f"{tally.rows} checkpoints, each extends the one before and is signed"
    alone = tally.marks["alone"]
    if alone:
        return Conclusion(True, f"{said}; {alone} were cosigned by no witness.")
    return Conclusion(True, f"{said}, each cosigned by a witness.")


LOG = Question(
    16,
    "checkpoints",
    "Whether the log is one, from one checkpoint to another, and who witnessed it",
    "Each signed tree head between two sizes: that it extends the one before it, proven from the tree as it is now,"
    " that our key signed it, and which witnesses had cosigned it by then.",
    (
        Parameter("size_from", "From size", Kind.COUNT, "Entries; empty: the first", most=10**15),
        Parameter("size_to", "To size", Kind.COUNT, "Entries; empty: the newest", most=10**15),
        KNOWN_AT,
    ),
    (
        Column("size", "Size", Is.COUNT),
        Column("signed_at", "Signed", Is.MOMENT),
        Column("entries", "New entries", Is.COUNT),
        Column("extends", "Extends", Is.COUNT),
        Column("consistent", "Consistent", Is.YES),
        Column("signed", "Signed by us", Is.YES),
        Column("witnesses", "Witnesses", Is.COUNT),
        Column("witnessed_by", "Witnessed by"),
        Column("root", "Root"),
    ),
    _checkpoints,
    _concluded_log,
    marks=lambda row: (
        *([] if row["consistent"] and row["signed"] else ["broken"]),
        *([] if row["witnesses"] else ["alone"]),
    ),
    plots=(Plot("Checkpoints by day", lambda row: str(row["signed_at"])[:10], is_over_time=True),),
    note="This is our own word about our own log. Whoever kept an older checkpoint, or a witness, can hold us to it.",
)
