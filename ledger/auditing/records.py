"""Questions 10 and 12: what changed about shares after a period was over, and who was told what is not so any more."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import replace
from datetime import UTC, datetime, time
from typing import Any

from django.db.models import Exists, OuterRef, Q

from ledger import disclosing
from ledger.auditing.asking import Column, Conclusion, Is, Part, Plot, Question, Row, Rows, Tally
from ledger.auditing.outputs import entries_of
from ledger.auditing.parameters import KNOWN_AT, PARTY, PERIOD, TERRITORY, Asked
from ledger.visibility import Sight, seen
from provenance import disclosures
from provenance.models import Disclosure, DisclosureAnswer
from rights import parties
from rights.models import Share, ShareEvent
from rights.territories import covered
from rights.vocabulary import ShareAct

# --- 10


def _changed(asked: Asked, sight: Sight) -> Sequence[Part]:
    closed = datetime.combine(asked.period_to, time(), UTC)
    after = Q(recorded_at__gte=closed, recorded_at__lte=asked.known_at)
    of_period = Q(active_from__lt=asked.period_to) & (Q(active_to=None) | Q(active_to__gt=asked.period_from))
    shares = Share.objects.filter(after, of_period)
    events = ShareEvent.objects.filter(
        after,
        Q(act=ShareAct.RETRACTED) | Q(effective_on__lt=asked.period_to),
        Q(share__active_from__lt=asked.period_to),
        Q(share__active_to=None) | Q(share__active_to__gt=asked.period_from),
    ).select_related("share")
    if asked.party is not None:
        same = parties.same_as(asked.party, asked.known_at)
        shares, events = shares.filter(party__in=same), events.filter(share__party__in=same)

    def row(share: Share, what: str, at: datetime, **more: Any) -> list[Row]:
        if asked.territory and asked.territory not in covered(share.territories, share.active_from):
            return []
        return [
            {
                "what": what,
                "recorded_at": at,
                "days_after": (at - closed).days,
                "share": share.pk,
                "asset": share.asset_id,
                "party": share.party_id,
                "right": share.right_type,
                "part": f"{share.numerator}/{share.denominator}",
                "active_from": share.active_from,
                "active_to": share.active_to,
                **more,
            }
        ]

    def added(some: list[Any]) -> Iterable[Sequence[Row]]:
        places = entries_of("share", [one.pk for one in some])
        for one in some:
            yield row(one, "registered", one.recorded_at, entry=places.get(one.pk))

    def ended(some: list[Any]) -> Iterable[Sequence[Row]]:
        places = entries_of("share_event", [one.pk for one in some])
        for one in some:
            more = {"effective_on": one.effective_on, "successor": one.successor_id, "entry": places.get(one.pk)}
            yield row(one.share, one.act, one.recorded_at, **more)

    return [
        Rows(seen(shares, sight), ("recorded_at", "pk"), added),
        Rows(seen(events, sight), ("recorded_at", "pk"), ended),
    ]


def _concluded_changes(tally: Tally) -> Conclusion:
    if not tally.rows:
        return Conclusion(True, "No share of this period was changed after it was over.")
    return Conclusion(
        None, f"{tally.rows} changes: {tally.marks['registered']} shares registered, the rest ended or retracted."
    )


SHARES = Question(
    10,
    "shares-changed",
    "Shares that were changed after the period",
    "Shares that apply to a period and were registered, ended or retracted after its last day: what a later run divides"
    " otherwise than the first one did.",
    (*PERIOD, PARTY, TERRITORY, KNOWN_AT),
    (
        Column("what", "What"),
        Column("recorded_at", "Recorded", Is.MOMENT),
        Column("days_after", "Days after", Is.COUNT),
        Column("share", "Share", Is.ID),
        Column("asset", "Asset", Is.ID),
        Column("party", "Party", Is.ID, "party"),
        Column("right", "Right"),
        Column("part", "Part"),
        Column("active_from", "From", Is.DAY),
        Column("active_to", "To before", Is.DAY),
        Column("effective_on", "Ends on", Is.DAY),
        Column("successor", "Followed by", Is.ID),
        Column("entry", "Log entry", Is.COUNT, "entry"),
    ),
    _changed,
    _concluded_changes,
    marks=lambda row: (str(row["what"]),),
    plots=(
        Plot("Changes by month", lambda row: str(row["recorded_at"])[:7], is_over_time=True),
        Plot("Changes by right", lambda row: str(row["right"]).replace("_", " ")),
    ),
    note="The days of a period are those of UTC here; a run’s own begin in its time zone.",
)


# --- 12


def _mismatched(asked: Asked, sight: Sight) -> Sequence[Part]:
    later = Disclosure.objects.filter(
        submission=OuterRef("submission"),
        recipient=OuterRef("recipient"),
        profile=OuterRef("profile"),
        recorded_at__lte=asked.known_at,
    ).filter(Q(sent_at__gt=OuterRef("sent_at")) | Q(sent_at=OuterRef("sent_at"), pk__gt=OuterRef("pk")))
    rows = Disclosure.objects.filter(
        ~Exists(later),
        recorded_at__lte=asked.known_at,
        sent_at__date__gte=asked.period_from,
        sent_at__date__lt=asked.period_to,
    ).select_related("submission")
    if asked.party is not None:
        rows = rows.filter(sender__in=parties.same_as(asked.party, asked.known_at))

    def of(some: list[Any]) -> Iterable[Sequence[Row]]:
        answers = DisclosureAnswer.objects.filter(
            disclosure__in=[one.pk for one in some], recorded_at__lte=asked.known_at
        ).order_by("answered_at", "recorded_at", "pk")
        last = {answer.disclosure_id: answer.answer for answer in answers}
        places = entries_of("disclosure", [one.pk for one in some])
        for one in some:
            now = disclosing.making_of(one.submission, known_at=asked.known_at)
            about = {
                "output": one.submission_id,
                "title": one.submission.title,
                "recipient": one.recipient,
                "profile": f"{one.profile} {one.profile_version}",
                "sent_at": one.sent_at,
                "answer": last.get(one.pk, ""),
                "disclosure": one.pk,
                "entry": places.get(one.pk),
            }
            if not now.lines:
                yield [{**about, "field": "everything", "told": "a statement", "now": "nothing on record"}]
                continue
            statement = disclosures.derive(disclosures.profile(one.profile, one.profile_version), now)
            yield [
                {
                    **about,
                    "field": difference.title,
                    "told": "; ".join(difference.sent_in_words),
                    "now": "; ".join(difference.now_in_words),
                }
                for difference in disclosures.compare(bytes(one.statement), statement)
            ]

    return [Rows(seen(rows, sight), ("sent_at", "pk"), of)]


def _concluded_mismatches(tally: Tally) -> Conclusion:
    if not tally.rows:
        return Conclusion(True, "What recipients were last told is what is on record.")
    told = tally.marks["told:"]
    return Conclusion(False, f"{told} recipients were last told what is not on record: {tally.rows} fields differ.")


DISCLOSURES = Question(
    12,
    "disclosures",
    "What recipients were told and what is on record",
    "The last statement to each recipient about how an output was made, field by field where it differs from the record"
    " as known then.",
    (*PERIOD, replace(PARTY, label="Sender"), KNOWN_AT),
    (
        Column("output", "Output", Is.ID, "output"),
        Column("title", "Title"),
        Column("recipient", "Recipient"),
        Column("profile", "Profile"),
        Column("sent_at", "Sent", Is.MOMENT),
        Column("field", "Field"),
        Column("told", "Was told"),
        Column("now", "On record"),
        Column("answer", "Recipient’s answer"),
        Column("disclosure", "Disclosure", Is.ID),
        Column("entry", "Log entry", Is.COUNT, "entry"),
    ),
    _mismatched,
    _concluded_mismatches,
    marks=lambda row: (f"told:{row['disclosure']}",),
    plots=(Plot("Differences by recipient", lambda row: str(row["recipient"])),),
    note="Statements that agree are not listed.",
)
