"""Rights: licenses with schedule and plan."""

from __future__ import annotations

from django.contrib import admin
from django.db.models import QuerySet
from django.http import HttpRequest

from ledger.admin import sheets
from ledger.admin.facts import FactAdmin
from ledger.admin.forms import LicenseForm
from ledger.admin.sheets import Sheet, Shown, Table
from rights.models import License
from royalties.models import Plan

MOST_RELATED = 200


@admin.register(License)
class LicenseAdmin(FactAdmin):
    """What licensees may do."""

    fact_form = LicenseForm
    search_fields = ("schedule__recording__title", "schedule__work__title")
    search_help_text = "Title on the schedule"
    list_display = (
        "shown_licensee",
        "shown_licensor",
        "shown_assets",
        "shown_uses",
        sheets.column("active_from", "From"),
        sheets.column("active_to", "To before"),
        "shown_id",
    )
    list_select_related = ("licensor__identity", "licensee__identity")
    ordering = ("-recorded_at",)
    blank = "No license is recorded, so every output with registered material is refused. Add a license."
    about = "What a licensee may do with the assets on a schedule, and how receipts are divided; both are frozen."

    def get_queryset(self, request: HttpRequest) -> QuerySet[License]:
        """Return licenses with their schedules."""
        rows: QuerySet[License] = super().get_queryset(request)
        return rows.prefetch_related("schedule__recording", "schedule__work")

    @admin.display(description="Licensee")
    def shown_licensee(self, row: License) -> str:
        """Show who may."""
        return str(row.licensee)

    @admin.display(description="Licensor")
    def shown_licensor(self, row: License) -> Shown:
        """Link to who allows."""
        return sheets.link(row.licensor)

    @admin.display(description="Schedule")
    def shown_assets(self, row: License) -> str:
        """Count what is on the schedule."""
        recordings = sum(1 for line in row.schedule.all() if line.recording_id)
        works = len(row.schedule.all()) - recordings
        return f"{recordings} recording{'s' * (recordings != 1)}, {works} work{'s' * (works != 1)}"

    @admin.display(description="Uses")
    def shown_uses(self, row: License) -> str:
        """Say what is allowed."""
        return ", ".join(row.uses)

    @admin.display(description="Id")
    def shown_id(self, row: License) -> Shown:
        """Show the beginning of the id."""
        return sheets.short_id(row.pk)

    def sheet(self, request: HttpRequest, fact: License) -> Sheet:  # noqa: ARG002
        """Show the terms, the schedule and the plan."""
        lines = list(fact.schedule.select_related("recording", "work"))
        lines.sort(key=lambda line: (line.recording_id is None, str(line)))
        return Sheet(
            title=f"License to {fact.licensee}",
            lead=f"From {fact.licensor}, {sheets.period(fact).lower()}.",
            facts=(
                ("Licensor", sheets.link(fact.licensor)),
                ("Licensee", sheets.link(fact.licensee)),
                ("Uses", sheets.uses(fact.uses)),
                ("Where", sheets.territories(fact.territories, fact.active_from)),
                ("When", sheets.period(fact)),
                ("Signed text", sheets.long_id(f"sha256:{fact.document_digest}")),
                ("Id", sheets.long_id(fact.pk)),
                ("Recorded", sheets.moment(fact.recorded_at)),
                sheets.entry_of(license=fact),
            ),
            tables=(
                Table("How net receipts are divided", ("Step", "Part", "Of"), _plan(fact), "No plan is recorded."),
                Table(f"Schedule: {len(lines)} assets", ("Side", "Asset"),
                      tuple(("Master" if line.recording_id else "Publishing", sheets.link(line.recording or line.work))
                            for line in lines[:MOST_RELATED]), "Nothing is on it."),
            ),
        )  # fmt: skip


def _plan(license_: License) -> tuple[tuple[Shown, ...], ...]:
    plan = Plan.objects.filter(license=license_).first()
    if plan is None:
        return ()
    steps = (
        ("Commission of the licensee", plan.commission_numerator, plan.commission_denominator, "all net receipts"),
        ("Human creators of the output", plan.creator_numerator, plan.creator_denominator, "what is left"),
        ("Masters; publishing has the rest", plan.masters_numerator, plan.masters_denominator, "what is left then"),
    )
    return tuple((name, f"{over}/{under}", of) for name, over, under, of in steps)
