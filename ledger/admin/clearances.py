""" "May I?" at the desk: ask about some assets, and read why the answer is what it is."""

from __future__ import annotations

import itertools
import json
from collections.abc import Iterable
from datetime import UTC, datetime, time
from typing import Any
from uuid import UUID

from django import forms
from django.contrib import admin
from django.db.models import Model, QuerySet
from django.http import HttpRequest
from django.utils.html import format_html

from ledger import asking
from ledger.admin import sheets
from ledger.admin.facts import FactAdmin
from ledger.admin.fields import DateField, TerritoriesField, pick, pick_several
from ledger.admin.forms import FactForm
from ledger.admin.sheets import Sheet, Shown, Table
from ledger.asking import Asking, Named
from ledger.reports.presentation import PURPOSES
from rights.models import (
    Clearance,
    Consent,
    License,
    Lyrics,
    Party,
    Recording,
    Reservation,
    Share,
    Stem,
    Voice,
    Work,
)
from rights.territories import NoSuchTerritory, NoTerritory
from rights.vocabulary import AssetKind, Use

MOST_SHOWN = 100
ASSETS: dict[str, type[Model]] = {
    AssetKind.RECORDING: Recording,
    AssetKind.WORK: Work,
    AssetKind.VOICE: Voice,
    AssetKind.STEM: Stem,
    AssetKind.LYRICS: Lyrics,
}
RECORDS: tuple[tuple[type[Model], str], ...] = (
    (Share, "share"), (Consent, "consent"), (License, "license"), (Reservation, "reservation"),
)  # fmt: skip
CHIPS = {"allow": "cleared", "deny": "refused", "needs_approval": "review", "unknown": "none"}
ANSWERS = {
    "allow": "Yes",
    "deny": "No",
    "needs_approval": "Somebody must be asked",
    "unknown": "Nobody said yes, which is no",
}
SENTENCES = {
    "no_such_asset": "is not registered",
    "side_unknown": "nothing is registered on this side",
    "nobody_registered": "nobody is registered as holding the right",
    "under_claimed": "the registered shares are less than the whole",
    "over_claimed": "more than the whole is claimed: who may agree is contested",
    "reserved": "a holder reserved these uses in public",
    "withdrawn": "a holder withdrew",
    "not_covered_by_consent": "a holder agreed, but not to this",
    "not_consented": "a holder has not agreed",
    "approval_needed": "a holder agreed, and wants to be asked each time",
    "consented": "agreed",
    "not_licensed": "is on no license of the licensee",
    "license_lapsed": "the license was suspended or terminated",
    "license_not_in_force": "no license is in force on the day",
    "not_covered_by_license": "is licensed, but not for this",
    "license_exhausted": "the license allows no more outputs",
    "licensed": "licensed",
}


class AskForm(FactForm):
    """A question to ask."""

    licensee = pick(Party, help_text="Who wants to")
    recordings = pick_several(Recording, required=False, help_text="Each is asked with its works")
    works = pick_several(Work, required=False)
    voices = pick_several(Voice, required=False)
    uses = forms.MultipleChoiceField(
        choices=[(use.value, sheets.uses([use.value])) for use in Use], widget=forms.CheckboxSelectMultiple
    )
    purposes = forms.MultipleChoiceField(
        choices=list(PURPOSES.items()),
        required=False,
        widget=forms.CheckboxSelectMultiple,
        help_text="What the output is for, where a holder may say no to it",
    )
    territories = TerritoriesField()
    valid_at = DateField(label="As at", help_text="The day on which it would be done")
    known_on = DateField(
        label="As known on", required=False, help_text="Answer as of the end of an earlier day; empty for now"
    )

    one_of = frozenset({"recordings", "works", "voices"})
    lead = "May this licensee do this with these, there, on that day? Only a yes is a yes; the answer is recorded."
    done = "Answered; the entry goes into the log within a second."
    groups = (
        ("Who, with what", ("licensee", "recordings", "works", "voices")),
        ("To do what", ("uses", "purposes")),
        ("Where and when", ("territories", "valid_at", "known_on")),
    )
    refusals = {
        asking.NothingAsked: "recordings",
        asking.KnownInTheFuture: "known_on",
        NoSuchTerritory: "territories",
        NoTerritory: "territories",
    }

    def write(self, *, id: UUID, at: datetime) -> Clearance:
        """Ask."""
        given = self.cleaned_data
        known_at = datetime.combine(given["known_on"], time.max, UTC) if given["known_on"] else at
        return asking.ask(
            id=id,
            asking=Asking(
                licensee_id=given["licensee"].pk,
                uses=given["uses"],
                territories=given["territories"],
                valid_at=given["valid_at"],
                known_at=min(known_at, at) if given["known_on"] == at.date() else known_at,
                purposes=given["purposes"],
            ),
            assets=[
                *(Named(AssetKind.RECORDING, row.pk) for row in given["recordings"]),
                *(Named(AssetKind.WORK, row.pk) for row in given["works"]),
                *(Named(AssetKind.VOICE, row.pk) for row in given["voices"]),
            ],
            asker_id=self.registrar_id,
            at=at,
        )


@admin.register(Clearance)
class ClearanceAdmin(FactAdmin):
    """Questions that were answered."""

    counted = ("question", "questions")
    fact_form = AskForm
    asked = ("May I?", "Ask")
    list_display = ("shown_question", "shown_licensee", "shown_answers", sheets.column("valid_at", "As at"),
                    sheets.column("answered_at", "Answered"))  # fmt: skip
    list_select_related = ("licensee__identity",)
    ordering = ("-answered_at",)
    has_filter_button = False
    blank = "Nobody has asked yet. Ask whether a licensee may use an asset; the answer names its reasons."
    about = "May this licensee do this, there, on that day? Every answer names its reasons and stands in the log."

    @admin.display(description="Question")
    def shown_question(self, row: Clearance) -> str:
        """Say what was asked."""
        return f"{row.assets:,} asset{'' if row.assets == 1 else 's'}: {', '.join(row.uses)}"

    @admin.display(description="Licensee")
    def shown_licensee(self, row: Clearance) -> Shown:
        """Link to who wants to."""
        return sheets.link(row.licensee)

    @admin.display(description="Answer")
    def shown_answers(self, row: Clearance) -> Shown:
        """Say what was answered."""
        return _chip_of(row)

    def sheet(self, request: HttpRequest, fact: Clearance) -> Sheet:
        """Show the question, and each answer with its reasons."""
        answers = [json.loads(line) for line in itertools.islice(asking.lines_of(fact), MOST_SHOWN)]
        names = self._names(request, answers)
        return Sheet(
            title="May I?",
            lead="All of it is allowed." if fact.allowed == fact.assets else "Not all of it is allowed.",
            chip=_chip_of(fact),
            facts=(
                ("Licensee", sheets.link(fact.licensee)),
                ("To do what", sheets.uses(fact.uses)),
                ("For", sheets.purposes(fact.purposes) or sheets.NOTHING),
                ("Where", sheets.territories(fact.territories, fact.valid_at)),
                ("As at", str(fact.valid_at)),
                ("As known at", sheets.moment(fact.known_at)),
                ("A yes may end on", str(fact.valid_until) if fact.valid_until else sheets.NOTHING),
                ("Yes / no / to be asked / unknown",
                 f"{fact.allowed} / {fact.denied} / {fact.needing_approval} / {fact.unknown}"),
                ("Answers", sheets.long_id(f"sha256:{fact.answers_digest}")),
                ("Rules", fact.policy_version),
                ("Id", sheets.long_id(fact.pk)),
                ("Answered", sheets.moment(fact.answered_at)),
                sheets.entry_of(clearance=fact),
            ),
            tables=tuple(self._table(one, names) for one in answers),
        )  # fmt: skip

    def _table(self, one: dict[str, Any], names: dict[str, Shown]) -> Table:
        [(kind, value)] = one["asset"].items()
        title = names.get(value, value)
        rows = tuple(
            (
                (reason["side"] or "").capitalize() or sheets.NOTHING,
                names.get(reason["asset"] or "", sheets.NOTHING),
                sheets.chip(
                    "cleared" if reason["code"] in {"consented", "licensed"} else "refused", SENTENCES[reason["code"]]
                ),
                _joined(names.get(id, sheets.short_id(id)) for id in reason["rests_on"]),
            )
            for reason in one["reasons"]
        )
        return Table(
            f"{_plain(title)} ({kind}): {ANSWERS[one['answer']]}", ("Side", "Asset", "Reason", "Rests on"), rows, ""
        )

    def _names(self, request: HttpRequest, answers: list[dict[str, Any]]) -> dict[str, Shown]:
        """Return links to the assets and records that the answers name, as far as whoever looks may see them."""
        ids = {
            id
            for one in answers
            for id in (
                *one["asset"].values(),
                *(reason["asset"] for reason in one["reasons"] if reason["asset"]),
                *(id for reason in one["reasons"] for id in reason["rests_on"]),
            )
        }
        wanted = [id for id in ids if len(id) == 36]  # codes are shorter
        found: dict[str, Shown] = {}
        for model in ASSETS.values():
            rows: Any = QuerySet(model).filter(pk__in=wanted)
            found |= {str(row.pk): sheets.link(row) for row in self.seen(request, rows)}
        for model, name in RECORDS:
            rows = QuerySet(model).filter(pk__in=wanted)
            found |= {str(row.pk): sheets.link(row, f"{name} {str(row.pk)[:8]}") for row in self.seen(request, rows)}
        return found


def _plain(shown: Shown) -> str:
    text = str(shown)
    return text.partition(">")[2].rpartition("<")[0] or text


def _joined(parts: Iterable[Shown]) -> Shown:
    listed = list(parts)
    return format_html(", ".join(["{}"] * len(listed)), *listed) if listed else sheets.NOTHING


def _chip_of(row: Clearance) -> Shown:
    counts = {"deny": row.denied, "unknown": row.unknown, "needs_approval": row.needing_approval, "allow": row.allowed}
    worst = next(name for name, count in counts.items() if count)
    text = ANSWERS[worst] if row.assets in {1, row.allowed} else f"{row.allowed} of {row.assets} yes"
    return sheets.chip(CHIPS[worst], text)
