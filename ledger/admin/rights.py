"""Rights: consents with what became of them, licenses with schedule and plan."""

from __future__ import annotations

from typing import Any
from uuid import UUID, uuid4

from django.contrib import admin, messages
from django.core.exceptions import PermissionDenied
from django.db.models import QuerySet
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.urls import URLPattern, path, reverse
from django.utils import timezone

from ledger.admin import sheets
from ledger.admin.facts import FactAdmin
from ledger.admin.forms import ConsentForm, LicenseForm, WithdrawalForm, sentence_of
from ledger.admin.sheets import Sheet, Shown, Step, Table
from rights.models import Consent, ConsentEvent, Decision, License
from rights.vocabulary import ConsentAct, Outcome
from royalties.models import Plan

MOST_RELATED = 200


class WithdrawnFilter(admin.SimpleListFilter):
    """Whether a consent was withdrawn."""

    title = "state"
    parameter_name = "state"

    def lookups(self, request: HttpRequest, model_admin: Any) -> list[tuple[str, str]]:  # noqa: ARG002
        """Offer both."""
        return [("granted", "Granted"), ("withdrawn", "Withdrawn")]

    def queryset(self, request: HttpRequest, queryset: QuerySet[Any]) -> QuerySet[Any]:  # noqa: ARG002
        """Keep one of them."""
        withdrawn = ConsentEvent.objects.filter(act=ConsentAct.WITHDRAWN).values("consent")
        if self.value() == "withdrawn":
            return queryset.filter(pk__in=withdrawn)
        return queryset.exclude(pk__in=withdrawn) if self.value() == "granted" else queryset


@admin.register(Consent)
class ConsentAdmin(FactAdmin):
    """What holders agreed to."""

    fact_form = ConsentForm
    search_fields = ("recording__title", "work__title")
    search_help_text = "Title of the asset"
    list_display = (
        "shown_asset",
        "shown_grantor",
        "shown_licensee",
        "shown_uses",
        sheets.column("active_from", "From"),
        sheets.column("active_to", "To before"),
        "shown_state",
    )
    list_filter = (WithdrawnFilter,)
    list_select_related = ("recording", "work", "grantor__identity", "licensee__identity")
    ordering = ("-recorded_at",)
    blank = "No holder has agreed to anything, so outputs with registered material are refused. Add a consent."
    about = "What holders agreed to. What is not named is not allowed. A withdrawal acts from its day on."

    def get_urls(self) -> list[URLPattern]:
        """Add the withdrawal."""
        view = self.admin_site.admin_view(self.withdraw_view)
        return [path("<uuid:id>/withdraw/", view, name="rights_consent_withdraw"), *super().get_urls()]

    def get_queryset(self, request: HttpRequest) -> QuerySet[Consent]:
        """Return consents with their events."""
        rows: QuerySet[Consent] = super().get_queryset(request)
        return rows.prefetch_related("events")

    @admin.display(description="Asset")
    def shown_asset(self, row: Consent) -> str:
        """Show what it is about."""
        return f"{row.recording or row.work} ({'master' if row.recording_id else 'publishing'})"

    @admin.display(description="Holder")
    def shown_grantor(self, row: Consent) -> Shown:
        """Link to who agreed."""
        return sheets.link(row.grantor)

    @admin.display(description="Licensee")
    def shown_licensee(self, row: Consent) -> Shown:
        """Link to who may rely on it."""
        return sheets.link(row.licensee) if row.licensee else "Any"

    @admin.display(description="Uses")
    def shown_uses(self, row: Consent) -> str:
        """Say what is allowed."""
        return ", ".join(row.uses)

    @admin.display(description="State")
    def shown_state(self, row: Consent) -> Shown:
        """Say what became of it."""
        for event in row.events.all():
            if event.act == ConsentAct.WITHDRAWN:
                return sheets.chip("refused", f"Withdrawn from {event.effective_on}")
        return sheets.chip("cleared", "Granted")

    def sheet(self, request: HttpRequest, fact: Consent) -> Sheet:
        """Show the consent and its events."""
        events = list(fact.events.select_related("actor__identity").order_by("recorded_at"))
        withdrawn = next((event for event in events if event.act == ConsentAct.WITHDRAWN), None)
        steps = (
            (Step("Withdraw…", reverse("admin:rights_consent_withdraw", args=[fact.pk]), is_grave=True),)
            if withdrawn is None and _may_withdraw(request)
            else ()
        )
        return Sheet(
            title=str(fact),
            lead=f"Withdrawn with effect from {withdrawn.effective_on}: later releases cannot rely on it."
            if withdrawn
            else "In force within its period; releases may rely on it.",
            chip=self.shown_state(fact),
            steps=steps,
            facts=(
                ("Holder", sheets.link(fact.grantor)),
                ("Signed by", sheets.link(fact.actor)),
                ("Asset", sheets.link(fact.recording or fact.work)),
                ("Licensee", sheets.link(fact.licensee) if fact.licensee else "Any licensee"),
                ("Uses", sheets.uses(fact.uses)),
                ("Where", sheets.territories(fact.territories, fact.active_from)),
                ("When", sheets.period(fact)),
                ("Signed text", sheets.long_id(f"sha256:{fact.document_digest}")),
                ("Id", sheets.long_id(fact.pk)),
                ("Recorded", sheets.moment(fact.recorded_at)),
                sheets.entry_of(consent=fact),
            ),
            tables=(
                Table("What became of it", ("Act", "Effective", "By", "Recorded", "Log entry"),
                      tuple((event.get_act_display(), str(event.effective_on), sheets.link(event.actor),
                             sheets.moment(event.recorded_at),
                             sheets.entry_of(consent_event=event)[1] if event.act == ConsentAct.WITHDRAWN
                             else "with the consent") for event in events), ""),
            ),
        )  # fmt: skip

    def withdraw_view(self, request: HttpRequest, id: UUID) -> HttpResponse:
        """Ask once more, saying what a withdrawal does, and withdraw."""
        consent: Consent = self.fact(request, id)
        if not _may_withdraw(request):
            raise PermissionDenied
        if request.method != "POST":
            form = WithdrawalForm(initial={"id": uuid4(), "effective_on": timezone.now().date()}, consent=consent)
            return self._ask(request, consent, form)
        form = WithdrawalForm(request.POST, consent=consent)
        if form.is_valid():
            try:
                event = form.write(id=form.cleaned_data["id"], at=timezone.now())
            except tuple(form.refusals) as error:
                form.add_error(form.field_of(error), sentence_of(error))
            else:
                self._note(request, event)
                messages.success(request, form.done)
                return HttpResponseRedirect(sheets.address(consent))
        return self._ask(request, consent, form)

    def _ask(self, request: HttpRequest, consent: Consent, form: WithdrawalForm) -> HttpResponse:
        side = {"recording": consent.recording_id} if consent.recording_id else {"work": consent.work_id}
        # What was cleared with this asset in it: through its ingredient, or the recordings of the work.
        through = (
            {"submission__ingredients__recording": consent.recording_id}
            if consent.recording_id
            else {"submission__ingredients__recording__work_links__work": consent.work_id}
        )
        cleared = Decision.objects.filter(outcome=Outcome.CLEARED, **through).distinct().count()
        response = self.page(
            request,
            "ledger/admin/withdraw.html",
            consent,
            {"form": form, "consent": consent, "cleared": cleared, "licenses": License.objects.filter(
                **{f"schedule__{name}": value for name, value in side.items()}).count(), "title": "Withdraw consent"},
        )  # fmt: skip
        response.status_code = 422 if form.errors else 200
        return response


def _may_withdraw(request: HttpRequest) -> bool:
    return request.user.has_perm("rights.add_consentevent")


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
