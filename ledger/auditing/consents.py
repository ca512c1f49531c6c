"""Questions 3 and 4: who allowed what on a day, and what a withdrawal made happen."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import replace
from datetime import date
from typing import Any

from django.db.models import Q

from ledger.auditing.asking import Column, Conclusion, Is, Part, Plot, Question, Row, Rows, Tally, each
from ledger.auditing.outputs import entries_of
from ledger.auditing.parameters import AS_AT, KNOWN_AT, PARTY, TERRITORY, Asked, BadParameter, Kind, Parameter
from ledger.visibility import Sight, seen
from rights import parties
from rights.models import (
    Consent,
    ConsentEvent,
    OutputFlag,
    PermissionStanding,
    Recheck,
    WithdrawalTask,
)
from rights.standing import Stance
from rights.territories import expand
from rights.vocabulary import ConsentAct

# --- 3


def _in_force(asked: Asked, sight: Sight) -> Sequence[Part]:
    standing = PermissionStanding.objects.filter(
        consent__isnull=False, stance=Stance.ALLOW, valid__contains=asked.as_at, known__contains=asked.known_at
    )
    if asked.party is not None:
        same = parties.same_as(asked.party, asked.known_at)
        standing = standing.filter(Q(holder__in=same) | Q(consent__grantor__in=same))
    rows = seen(Consent.objects.filter(pk__in=standing.values("consent")), sight)

    def of(some: list[Any]) -> Iterable[Sequence[Row]]:
        places = entries_of("consent", [one.pk for one in some])
        for one in some:
            countries = expand(one.territories, asked.as_at)
            if asked.territory and asked.territory not in countries:
                yield []
                continue
            listed = one.assets.count() if one.is_list else 0
            kinds = [name for name in ("recording", "work", "voice", "stem", "lyrics") if getattr(one, f"{name}_id")]
            reach = f"list of {listed}" if one.is_list else kinds[0]
            yield [
                {
                    "consent": one.pk,
                    "grantor": one.grantor_id,
                    "reach": f"{reach} and what comes later" if one.covers_future else reach,
                    "asset": one.asset_id,
                    "uses": " ".join(sorted(one.uses)),
                    "licensee": one.licensee_id,
                    "licensee_role": one.licensee_role,
                    "approval": one.approval_mode,
                    "countries": len(countries),
                    "active_from": one.active_from,
                    "active_to": one.active_to,
                    "document": one.document_digest,
                    "recorded_at": one.recorded_at,
                    "entry": places.get(one.pk),
                }
            ]

    return [Rows(rows, ("recorded_at", "pk"), of)]


CONSENTS = Question(
    3,
    "consents",
    "Consents in force on a day, as known then",
    "What an artist or another holder allowed on a day, as far as it was on record at a moment. A withdrawal that was"
    " recorded later does not show; ask again as known at a later moment, and it does.",
    (replace(PARTY, label="Artist or holder", help="Id of the party", is_required=True), AS_AT, TERRITORY, KNOWN_AT),
    (
        Column("consent", "Consent", Is.ID, "consent"),
        Column("grantor", "Granted by", Is.ID, "party"),
        Column("reach", "Of"),
        Column("asset", "Asset", Is.ID),
        Column("uses", "Uses"),
        Column("licensee", "To", Is.ID, "party"),
        Column("licensee_role", "To anybody who is"),
        Column("approval", "Approval"),
        Column("countries", "Countries", Is.COUNT),
        Column("active_from", "From", Is.DAY),
        Column("active_to", "To before", Is.DAY),
        Column("document", "Text, SHA-256"),
        Column("recorded_at", "Recorded", Is.MOMENT),
        Column("entry", "Log entry", Is.COUNT, "entry"),
    ),
    _in_force,
    lambda tally: Conclusion(None, f"{tally.rows} consents in force." if tally.rows else "No consent was in force."),
    plots=(Plot("By use", lambda row: str(row["uses"])), Plot("By what they are of", lambda row: str(row["reach"]))),
)


# --- 4


def _event(asked: Asked, sight: Sight) -> ConsentEvent:
    acts = [ConsentAct.WITHDRAWN, ConsentAct.ANNULLED]
    found = ConsentEvent.objects.filter(
        Q(pk=asked.subject) | Q(consent=asked.subject, act__in=acts), act__in=acts, recorded_at__lte=asked.known_at
    )
    event: ConsentEvent | None = seen(found, sight).order_by("-recorded_at").first()
    if event is None:
        raise BadParameter(
            "withdrawal", "No withdrawal of this id was on record by then: give its id, or its consent’s."
        )
    return event


def _state(due_on: date, done: Any, asked: Asked) -> tuple[str, int]:
    on = done.recorded_at.date() if done is not None else asked.as_at
    late = max(0, (on - due_on).days)
    if done is not None:
        return ("done late" if late else "done in time"), late
    return ("overdue" if late else "open"), late


def _affected(asked: Asked, sight: Sight) -> Sequence[Part]:
    event = _event(asked, sight)
    tasks = WithdrawalTask.objects.filter(event=event, recorded_at__lte=asked.known_at).select_related("done")
    flags = OutputFlag.objects.filter(
        Q(event=event) | Q(recheck__event=event), recorded_at__lte=asked.known_at
    ).select_related("submission")
    rechecks = Recheck.objects.filter(event=event, rechecked_at__lte=asked.known_at).select_related("decision")

    def task(one: Any) -> Iterable[Row]:
        done = getattr(one, "done", None)
        if done is not None and done.recorded_at > asked.known_at:
            done = None
        state, late = _state(one.due_on, done, asked)
        about = next(
            (name for name in ("submission", "license", "dataset", "model_version") if getattr(one, f"{name}_id")), ""
        )
        yield {
            "kind": "task",
            "what": one.kind,
            "of": about,
            "about": getattr(one, f"{about}_id") if about else None,
            "output": one.submission_id,
            "party": one.party_id,
            "due_on": one.due_on,
            "done_at": done.recorded_at if done else None,
            "state": state,
            "days_late": late,
            "evidence": done.evidence_digest if done else "",
            "withdrawal": event.pk,
        }

    def flag(one: Any) -> Iterable[Row]:
        yield {
            "kind": "flag",
            "what": one.kind,
            "of": "submission",
            "about": one.submission_id,
            "output": one.submission_id,
            "party": one.submission.submitter_id,
            "done_at": one.recorded_at,
            "state": "recorded",
            "withdrawal": event.pk,
        }

    def recheck(one: Any) -> Iterable[Row]:
        yield {
            "kind": "recheck",
            "what": one.outcome,
            "of": "submission",
            "about": one.decision.submission_id,
            "output": one.decision.submission_id,
            "done_at": one.rechecked_at,
            "state": "recorded",
            "withdrawal": event.pk,
        }

    return [
        Rows(seen(tasks, sight), ("due_on", "pk"), each(task)),
        Rows(seen(flags, sight), ("recorded_at", "pk"), each(flag)),
        Rows(seen(rechecks, sight), ("rechecked_at", "pk"), each(recheck)),
    ]


def _concluded(tally: Tally) -> Conclusion:
    overdue, late, open_ = tally.marks["overdue"], tally.marks["done late"], tally.marks["open"]
    tasks = tally.marks["tasks"]
    if not tally.rows:
        return Conclusion(True, "It affected nothing that is on record.")
    if overdue or late:
        return Conclusion(False, f"{tasks} tasks: {overdue} overdue, {late} done late, {open_} open and in time.")
    return Conclusion(True, f"{tasks} tasks, {open_} of them open; none was late.")


WITHDRAWAL = Question(
    4,
    "withdrawal",
    "What a withdrawal affected, and what was done by when",
    "Every task, flag and second look that the withdrawal or annulment of a consent led to, with the day by which it"
    " was due and the moment at which it was done.",
    (
        Parameter("withdrawal", "Withdrawal", Kind.ID, "Id of the withdrawal, or of the consent", is_required=True),
        AS_AT,
        KNOWN_AT,
    ),
    (
        Column("kind", "Kind"),
        Column("what", "What"),
        Column("of", "About"),
        Column("about", "Id", Is.ID),
        Column("output", "Output", Is.ID, "output"),
        Column("party", "For", Is.ID, "party"),
        Column("due_on", "Due", Is.DAY),
        Column("done_at", "Done", Is.MOMENT),
        Column("state", "State"),
        Column("days_late", "Days late", Is.COUNT),
        Column("evidence", "Evidence, SHA-256"),
        Column("withdrawal", "Withdrawal", Is.ID),
    ),
    _affected,
    _concluded,
    marks=lambda row: (str(row["state"]), *(["tasks"] if row["kind"] == "task" else [])),
    plots=(Plot("How it stands", lambda row: f"{row['kind']}: {row['state']}"),),
)
