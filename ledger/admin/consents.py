"""Consents at the desk: their course and evidence, withdrawals with what they touch, and what is left to be done."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import date, datetime, timedelta
from typing import Any
from uuid import UUID, uuid4

from django import forms
from django.contrib import admin, messages
from django.core.exceptions import PermissionDenied
from django.db import IntegrityError
from django.db.models import Count, F, Model, Q, QuerySet
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseRedirect
from django.urls import URLPattern, path, reverse
from django.utils import timezone

from ledger import approvals, consenting
from ledger.admin import sheets
from ledger.admin.facts import FactAdmin
from ledger.admin.fields import INPUT, DateField, TerritoriesField, digest_of, pick
from ledger.admin.forms import AgreementFields, AssetForm, FactForm, sentence_of
from ledger.admin.sheets import Sheet, Shown, Step, Table
from ledger.models import Approval, Proposal
from rights import consents, effects
from rights.authority import LIKENESS_USES, UnauthorizedAct
from rights.consents import ConsentTerms, Evidence, EvidenceKind, State
from rights.effects import TaskKind
from rights.mandates import NotTheirVoice
from rights.models import (
    Consent,
    ConsentEvent,
    Party,
    Reservation,
    WithdrawalTask,
)
from rights.registry import AssetRef, NoSuchUse, NothingAllowed, NotOneAsset
from rights.reservations import Channel
from rights.term_limits import DescriptionMissing, EvidenceMissing, TermTooLong
from rights.territories import NoSuchTerritory, NoTerritory
from rights.vocabulary import AssetKind, ConsentAct, Purpose, Use

MOST_RELATED = 200
_TEXT = {"class": "l-input", "rows": 3}
_ENDS = (ConsentAct.WITHDRAWN, ConsentAct.ANNULLED)
_STATES: dict[State, tuple[str, str]] = {
    State.OFFERED: ("waiting", "Offered"),
    State.VIEWED: ("waiting", "Viewed"),
    State.DECLINED: ("refused", "Declined"),
    State.EXPIRED: ("refused", "Expired"),
    State.GRANTED: ("cleared", "Granted"),
    State.AMENDING: ("review", "Being replaced"),
    State.SUPERSEDED: ("refused", "Replaced"),
    State.WITHDRAWAL_NOTICED: ("review", "Withdrawn"),
    State.WITHDRAWN: ("refused", "Withdrawn"),
    State.ANNULLED: ("refused", "Annulled"),
}
_PURPOSES: dict[str, str] = {
    Purpose.ADVERTISING.value: "Advertising",
    Purpose.FILM_TV.value: "Film and television",
    Purpose.POLITICAL.value: "Politics",
    Purpose.ADULT.value: "Adult material",
    Purpose.OUTSIDE_SERVICE.value: "Outside the licensee’s own service",
    Purpose.NAMED_IN_PROMPT.value: "A prompt that names the artist",
}
_LEADS: dict[State, str] = {
    State.OFFERED: "Offered and not answered yet: it allows nothing.",
    State.VIEWED: "Seen and not answered yet: it allows nothing.",
    State.DECLINED: "Declined: it allows nothing.",
    State.EXPIRED: "The offer closed in silence, which is a no.",
    State.GRANTED: "In force within its period; releases may rely on it.",
    State.SUPERSEDED: "Other terms stand in its place.",
    State.ANNULLED: "Void from the start; what relied on it is in quarantine.",
}


def _course(consent: Consent) -> list[ConsentEvent]:
    return sorted(consent.events.all(), key=lambda event: event.position or 0)


def state_of(consent: Consent, *, on: date) -> State | None:
    """Return what a consent has come to."""
    return consents.state_of([(event.act, event.effective_on) for event in _course(consent)], on=on)


def shown_asset(row: Consent | Reservation) -> Shown:
    """Say what a consent or a reservation is of."""
    for kind in AssetKind:
        asset = getattr(row, kind.value)
        if asset is not None:
            return sheets.link(asset) if kind in {AssetKind.RECORDING, AssetKind.WORK} else str(asset)
    if isinstance(row, Consent):
        return "A list" + (", and what comes later" if row.covers_future else "")
    return "Everything of the holder"


# --- Forms.


class ConsentForm(AgreementFields, AssetForm):
    """A consent to record."""

    grantor = pick(Party, label="Holder", help_text="Who agrees")
    actor = pick(
        Party, label="Signed by", required=False, help_text="Who signed for the holder; empty if the holder did"
    )
    licensee = pick(Party, required=False, help_text="Who may rely on it; empty for any licensee")
    uses = forms.MultipleChoiceField(
        choices=[(use.value, sheets.uses([use.value])) for use in Use if use.value not in LIKENESS_USES],
        widget=forms.CheckboxSelectMultiple,
        help_text="What is not ticked is not allowed; consents to uses of a voice come through the API, with evidence",
    )
    barred = forms.MultipleChoiceField(
        label="Not for",
        choices=list(_PURPOSES.items()),
        required=False,
        widget=forms.CheckboxSelectMultiple,
        help_text="What it may not be used for, whatever else is allowed",
    )
    notice_days = forms.IntegerField(
        label="Notice, in days",
        required=False,
        min_value=0,
        max_value=3650,
        widget=forms.NumberInput({"class": "l-input is-short"}),
        help_text="How long before a withdrawal takes effect; empty for none",
    )
    description = forms.CharField(
        label="Uses in words",
        required=False,
        max_length=2000,
        widget=forms.Textarea(_TEXT),
        help_text="Reasonably specific; asked for where a voice is used",
    )

    lead = "A holder agrees to uses of one asset. Nothing is allowed that is not named here."
    done = "Recorded; the consent holds from its first day on, and its entry goes into the log within a second."
    groups = (
        ("Who agrees, for whom", ("grantor", "actor", "licensee")),
        ("To what", ("recording", "work", "uses", "barred", "description")),
        ("Where and when", ("territories", "active_from", "active_to", "notice_days")),
        ("What was signed", ("document", "digest")),
    )
    refusals = {
        NotOneAsset: "recording",
        NothingAllowed: "uses",
        NoSuchUse: "uses",
        NoSuchTerritory: "territories",
        NoTerritory: "territories",
        UnauthorizedAct: "actor",
        NotTheirVoice: "grantor",
        DescriptionMissing: "description",
        TermTooLong: "active_to",
        EvidenceMissing: "document",
    }

    def write(self, *, id: UUID, at: datetime) -> Consent:
        """Record the consent."""
        given = self.cleaned_data
        terms = ConsentTerms(
            grantor_id=given["grantor"].pk,
            actor_id=(given["actor"] or given["grantor"]).pk,
            scope=self.asset(),
            licensee_id=given["licensee"].pk if given["licensee"] else None,
            uses=tuple(given["uses"]),
            barred=tuple(given["barred"]),
            territories=tuple(given["territories"]),
            active_from=given["active_from"],
            active_to=given["active_to"],
            notice_days=given["notice_days"] or 0,
            description=given["description"],
            document_digest=given["document_digest"],
        )
        return consenting.grant(id=id, terms=terms, channel="desk", at=at)


class WithdrawalForm(FactForm):
    """The withdrawal of one consent."""

    effective_on = DateField(label="From which day on", help_text="Today or later; the day itself is without consent")
    actor = pick(
        Party, label="Withdrawn by", required=False, help_text="Who withdrew for the holder; empty if the holder did"
    )
    reason = forms.CharField(
        required=False, max_length=300, widget=forms.TextInput(INPUT), help_text="No names and nothing private"
    )
    notice = forms.FileField(
        label="The notice as it came in",
        required=False,
        widget=forms.FileInput(INPUT),
        help_text="Only its SHA-256 is kept",
    )

    groups = (("The withdrawal", ("effective_on", "actor", "reason", "notice")),)
    done = "Withdrawn; what has to be done about it is listed below."
    refusals = {
        consenting.WithdrawalReachesBack: "effective_on",
        consenting.NoticeTooShort: "effective_on",
        consenting.AlreadyWithdrawn: "effective_on",
        consenting.OutOfCourse: "effective_on",
        UnauthorizedAct: "actor",
    }

    def __init__(self, *args: Any, consent: Consent, **options: Any) -> None:
        """Withdraw this consent."""
        super().__init__(*args, **options)
        self.consent = consent
        earliest = timezone.now().date() + timedelta(days=consent.notice_days)
        self.fields["effective_on"].widget.attrs["min"] = earliest.isoformat()
        if consent.notice_days:
            self.fields[
                "effective_on"
            ].help_text = f"A notice of {consent.notice_days} days was agreed: {earliest} or later"

    def write(self, *, id: UUID, at: datetime) -> ConsentEvent:
        """Record the withdrawal."""
        given = self.cleaned_data
        notice = given["notice"]
        return consenting.withdraw(
            id=id,
            consent_id=self.consent.pk,
            actor_id=given["actor"].pk if given["actor"] else self.consent.grantor_id,
            effective_on=given["effective_on"],
            reason=given["reason"],
            channel="desk",
            evidence=[Evidence(EvidenceKind.NOTICE, digest_of(notice, ""))] if notice else (),
            at=at,
        )


class AnnulmentForm(FactForm):
    """The proposal that a consent be void from the start."""

    reason = forms.CharField(
        max_length=300,
        widget=forms.TextInput(INPUT),
        help_text="No authority, fraud, a minor, an error; no names and nothing private",
    )

    groups = (("Why", ("reason",)),)
    done = "Proposed; a second person has to agree."


class CompletionForm(FactForm):
    """The proof that a task was carried out."""

    by = pick(Party, label="Carried out by", required=False, help_text="Empty: this desk")
    note = forms.CharField(required=False, max_length=300, widget=forms.TextInput(INPUT), help_text="No names")
    document = forms.FileField(
        label="Proof",
        required=False,
        widget=forms.FileInput(INPUT),
        help_text="A deletion log, a notice, an acknowledgement; only its SHA-256 is kept",
    )
    digest = forms.CharField(
        label="or its SHA-256", required=False, max_length=71, widget=forms.TextInput({"class": "l-input l-mono"})
    )

    one_of = frozenset({"document", "digest"})
    groups = (("How it was done", ("by", "note", "document", "digest")),)
    done = "Recorded; its entry goes into the log within a second."
    refusals = {consenting.AlreadyDone: "document", consenting.ProofMissing: "document"}

    def clean(self) -> dict[str, Any]:
        """Find the digest of the proof."""
        given = super().clean() or self.cleaned_data
        try:
            given["evidence_digest"] = digest_of(given.get("document"), given.get("digest", ""))
        except forms.ValidationError:
            self.add_error("document", "Give the proof as a file, or its SHA-256; one of the two.")
        return given


class ReservationForm(AssetForm):
    """A reservation to record."""

    holder = pick(Party, help_text="Whose rights are reserved")
    uses = forms.MultipleChoiceField(
        choices=[(use.value, sheets.uses([use.value])) for use in Use], widget=forms.CheckboxSelectMultiple
    )
    territories = TerritoriesField()
    active_from = DateField(label="First published on")
    active_to = DateField(required=False, help_text="The first day without it; empty while open")
    channel = forms.ChoiceField(
        choices=[(channel.value, channel.value) for channel in Channel], widget=forms.Select(INPUT)
    )
    wording = forms.CharField(required=False, max_length=500, widget=forms.Textarea(_TEXT))
    document = forms.FileField(
        label="Snapshot",
        required=False,
        widget=forms.FileInput(INPUT),
        help_text="The page or file as it was seen; only its SHA-256 is kept",
    )

    one_of = frozenset[str]()
    lead = "A right reserved in public: a standing no, until it is lifted or a consent that names it says yes."
    groups = (
        ("Whose, of what", ("holder", "recording", "work")),
        ("What is reserved", ("uses", "territories", "active_from", "active_to")),
        ("Where it was seen", ("channel", "wording", "document")),
    )
    refusals = {
        NotOneAsset: "recording",
        NothingAllowed: "uses",
        NoSuchUse: "uses",
        NoSuchTerritory: "territories",
        NoTerritory: "territories",
    }

    def write(self, *, id: UUID, at: datetime) -> Reservation:
        """Record the reservation."""
        given = self.cleaned_data
        asset: AssetRef | None = self.asset() if given["recording"] or given["work"] else None
        return consenting.reserve(
            id=id,
            holder_id=given["holder"].pk,
            asset=asset,
            uses=given["uses"],
            territories=given["territories"],
            active_from=given["active_from"],
            active_to=given["active_to"],
            channel=Channel(given["channel"]),
            wording=given["wording"],
            snapshot_digest=digest_of(given["document"], "") if given["document"] else "",
            at=at,
        )


class LiftForm(FactForm):
    """The lifting of a reservation."""

    effective_on = DateField(label="From which day on", help_text="Today or later; the first day without it")

    groups = (("Lifting", ("effective_on",)),)
    done = "Lifted; the entry goes into the log within a second."
    refusals = {consenting.LiftReachesBack: "effective_on", consenting.AlreadyLifted: "effective_on"}


# --- Pages.


class StateFilter(admin.SimpleListFilter):
    """What a consent has come to."""

    title = "state"
    parameter_name = "state"

    def lookups(self, request: HttpRequest, model_admin: Any) -> list[tuple[str, str]]:  # noqa: ARG002
        """Offer the states that people look for."""
        return [
            ("granted", "Granted"),
            ("offered", "Offered, no answer"),
            ("noticed", "Withdrawal noticed"),
            ("withdrawn", "Withdrawn"),
            ("annulled", "Annulled"),
        ]

    def queryset(self, request: HttpRequest, queryset: QuerySet[Any]) -> QuerySet[Any]:  # noqa: ARG002
        """Keep one of them."""
        today = timezone.now().date()
        acts = ConsentEvent.objects.values("consent")
        over = acts.filter(act__in=[*_ENDS, ConsentAct.AMENDED])
        match self.value():
            case "granted":
                return queryset.filter(pk__in=acts.filter(act=ConsentAct.GRANTED)).exclude(pk__in=over)
            case "offered":
                answered = acts.filter(act__in=[ConsentAct.GRANTED, ConsentAct.DECLINED, ConsentAct.EXPIRED])
                return queryset.exclude(pk__in=answered)
            case "noticed":
                return queryset.filter(pk__in=acts.filter(act=ConsentAct.WITHDRAWN, effective_on__gt=today))
            case "withdrawn":
                return queryset.filter(pk__in=acts.filter(act=ConsentAct.WITHDRAWN, effective_on__lte=today))
            case "annulled":
                return queryset.filter(pk__in=acts.filter(act=ConsentAct.ANNULLED))
        return queryset


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
    list_filter = (StateFilter,)
    list_select_related = (
        "recording",
        "work",
        "voice",
        "stem",
        "lyrics__work",
        "grantor__identity",
        "licensee__identity",
    )
    ordering = ("-recorded_at",)
    blank = "No holder has agreed to anything, so outputs with registered material are refused. Add a consent."
    about = "What holders agreed to. What is not named is not allowed. A withdrawal acts from its day on."

    def get_urls(self) -> list[URLPattern]:
        """Add the withdrawal and the annulment."""
        wrap = self.admin_site.admin_view
        return [
            path("<uuid:id>/withdraw/", wrap(self.withdraw_view), name="rights_consent_withdraw"),
            path("<uuid:id>/annul/", wrap(self.annul_view), name="rights_consent_annul"),
            path("<uuid:id>/annul/<uuid:proposal>/", wrap(self.agree_view), name="rights_consent_agree"),
            *super().get_urls(),
        ]

    def get_queryset(self, request: HttpRequest) -> QuerySet[Consent]:
        """Return consents with their events."""
        rows: QuerySet[Consent] = super().get_queryset(request)
        return rows.prefetch_related("events")

    @admin.display(description="Asset")
    def shown_asset(self, row: Consent) -> str:
        """Show what it is about."""
        if row.is_list:
            return str(shown_asset(row))
        side = {"recording": "master", "work": "publishing"}
        kind = next(kind.value for kind in AssetKind if getattr(row, f"{kind.value}_id"))
        return f"{getattr(row, kind)} ({side.get(kind, kind)})"

    @admin.display(description="Holder")
    def shown_grantor(self, row: Consent) -> Shown:
        """Link to who agreed."""
        return sheets.link(row.grantor)

    @admin.display(description="Licensee")
    def shown_licensee(self, row: Consent) -> Shown:
        """Link to who may rely on it."""
        return _licensee(row)

    @admin.display(description="Uses")
    def shown_uses(self, row: Consent) -> str:
        """Say what is allowed."""
        return ", ".join(row.uses)

    @admin.display(description="State")
    def shown_state(self, row: Consent) -> Shown:
        """Say what became of it."""
        state = state_of(row, on=timezone.now().date())
        if state is None:
            return sheets.chip("waiting", "Unknown")
        look, said = _STATES[state]
        ahead = {State.WITHDRAWAL_NOTICED, State.WITHDRAWN, State.AMENDING, State.SUPERSEDED}
        if state in ahead:
            said = f"{said} from {_course(row)[-1].effective_on}"
        return sheets.chip(look, said)

    def sheet(self, request: HttpRequest, fact: Consent) -> Sheet:
        """Show the consent, its course with the evidence, and what a withdrawal left to do."""
        today = timezone.now().date()
        state = state_of(fact, on=today)
        events = list(
            fact.events.select_related("actor__identity", "authority", "successor")
            .prefetch_related("evidence")
            .order_by("position")
        )
        tasks = list(_tasks().filter(event__consent=fact).order_by(*TaskAdmin.ordering)[:MOST_RELATED])
        proposal = _open_proposal(fact)
        return Sheet(
            title=str(fact),
            lead=_lead(state, events),
            chip=self.shown_state(fact),
            steps=tuple(self._steps(request, fact, state, proposal)),
            facts=(
                ("Holder", sheets.link(fact.grantor)),
                ("Signed by", sheets.link(fact.actor)),
                ("By what right", _right(fact)),
                ("Asset", shown_asset(fact)),
                *((("Frozen from", fact.query),) if fact.query else ()),
                ("Licensee", _licensee(fact)),
                ("Uses", sheets.uses(fact.uses)),
                *((("Not for", "; ".join(_PURPOSES.get(one, one) for one in fact.barred)),) if fact.barred else ()),
                *((("In words", fact.description),) if fact.description else ()),
                ("Where", sheets.territories(fact.territories, fact.active_from)),
                ("When", sheets.period(fact)),
                ("Notice", f"{fact.notice_days} days" if fact.notice_days else "None: it ends on the day named"),
                ("Signed text", sheets.long_id(f"sha256:{fact.document_digest}")),
                ("Id", sheets.long_id(fact.pk)),
                ("Recorded", sheets.moment(fact.recorded_at)),
                sheets.entry_of(consent=fact),
            ),
            tables=(
                Table(
                    "What became of it",
                    ("Act", "Effective", "By", "Why", "Evidence", "Recorded", "Log entry"),
                    tuple(_event_row(event) for event in events),
                    "",
                ),
                *(
                    (
                        Table(
                            f"On its list: {fact.assets.count()} assets",
                            ("Kind", "Asset"),
                            tuple(_line(line) for line in fact.assets.all()[:MOST_RELATED]),
                            "Nothing; it is of what the holder comes to hold.",
                        ),
                    )
                    if fact.is_list
                    else ()
                ),
                *(
                    (Table(_tasks_title(tasks), _TASK_COLUMNS, tuple(_task_row(task, today) for task in tasks), ""),)
                    if tasks
                    else ()
                ),
            ),
        )

    def _steps(
        self, request: HttpRequest, fact: Consent, state: State | None, proposal: Proposal | None
    ) -> Iterable[Step]:
        if not _may_withdraw(request):
            return
        if state in {State.GRANTED, State.AMENDING, State.SUPERSEDED}:
            yield Step("Withdraw…", reverse("admin:rights_consent_withdraw", args=[fact.pk]), is_grave=True)
        if proposal is not None:
            if proposal.proposed_by_id != request.user.pk:
                address = reverse("admin:rights_consent_agree", args=[fact.pk, proposal.pk])
                yield Step("Answer the proposed annulment…", address, is_grave=True)
        elif state in {State.GRANTED, State.AMENDING, State.SUPERSEDED, State.WITHDRAWAL_NOTICED, State.WITHDRAWN}:
            yield Step("Propose an annulment…", reverse("admin:rights_consent_annul", args=[fact.pk]))

    # --- Withdrawing.

    def withdraw_view(self, request: HttpRequest, id: UUID) -> HttpResponse:
        """Show what a withdrawal touches, ask once more, and withdraw."""
        consent: Consent = self.fact(request, id)
        if not _may_withdraw(request):
            raise PermissionDenied
        if request.method != "POST":
            day = _asked_day(request) or timezone.now().date() + timedelta(days=consent.notice_days)
            form = WithdrawalForm(initial={"id": uuid4(), "effective_on": day}, consent=consent)
            return self._ask(request, consent, form, ConsentAct.WITHDRAWN, day)
        form = WithdrawalForm(request.POST, request.FILES, consent=consent)
        if form.is_valid():
            try:
                event = form.write(id=form.cleaned_data["id"], at=timezone.now())
            except tuple(form.refusals) as error:
                form.add_error(form.field_of(error), sentence_of(error))
            else:
                self._note(request, event)
                messages.success(request, form.done)
                return HttpResponseRedirect(sheets.address(consent))
        return self._ask(request, consent, form, ConsentAct.WITHDRAWN, form.cleaned_data.get("effective_on"))

    def annul_view(self, request: HttpRequest, id: UUID) -> HttpResponse:
        """Show what an annulment touches, and propose it to a second person."""
        consent: Consent = self.fact(request, id)
        if not _may_withdraw(request):
            raise PermissionDenied
        form = AnnulmentForm(request.POST if request.method == "POST" else None, initial={"id": uuid4()})
        if request.method == "POST" and form.is_valid():
            proposal = consenting.propose_annulment(
                id=form.cleaned_data["id"],
                consent_id=consent.pk,
                reason=form.cleaned_data["reason"],
                proposed_by_id=request.user.pk or 0,
                at=timezone.now(),
            )
            self._note(request, proposal)
            messages.success(request, form.done)
            return HttpResponseRedirect(sheets.address(consent))
        return self._ask(request, consent, form, ConsentAct.ANNULLED, None)

    def agree_view(self, request: HttpRequest, id: UUID, proposal: UUID) -> HttpResponse:
        """Show what a proposed annulment touches, and agree to it or refuse."""
        consent: Consent = self.fact(request, id)
        if not _may_withdraw(request):
            raise PermissionDenied
        asked = Proposal.objects.filter(pk=proposal, consent=consent, act=Proposal.Act.ANNUL).first()
        if asked is None:
            raise Http404
        form = AnnulmentForm(request.POST if request.method == "POST" else None, initial={"id": uuid4()})
        form.fields["reason"].label = "What you looked at"
        if request.method == "POST" and form.is_valid():
            agreed = request.POST.get("answer") == "agree"
            try:
                approval = consenting.answer_annulment(
                    id=form.cleaned_data["id"],
                    proposal_id=asked.pk,
                    answered_by_id=request.user.pk or 0,
                    is_agreed=agreed,
                    reason=form.cleaned_data["reason"],
                    at=timezone.now(),
                )
            except (approvals.AlreadyAnswered, approvals.NeedsASecondPerson, consenting.OutOfCourse) as error:
                form.add_error("reason", sentence_of(error))
            else:
                self._note(request, approval)
                messages.success(request, "Annulled; what has to be done is listed below." if agreed else "Refused.")
                return HttpResponseRedirect(sheets.address(consent))
        return self._ask(request, consent, form, ConsentAct.ANNULLED, None, asked=asked)

    def _ask(
        self,
        request: HttpRequest,
        consent: Consent,
        form: FactForm,
        act: ConsentAct,
        day: date | None,
        *,
        asked: Proposal | None = None,
    ) -> HttpResponse:
        preview = consenting.preview(consent_id=consent.pk, act=act, effective_on=day, today=timezone.now().date())
        rows = [
            (row.what, effects.count(row.thing, preview.impact), row.effect(act), row.reason) for row in effects.MATRIX
        ]
        context = {
            "form": form,
            "consent": consent,
            "preview": preview,
            "day": preview.impact.effective_on,
            "is_annulment": act is ConsentAct.ANNULLED,
            "proposal": asked,
            "outputs": len(preview.impact.outputs),
            "counts": _counts(preview),
            "rows": [row for row in rows if row[1] != 0],
            "untouched": [what for what, number, *_ in rows if number == 0],
            "by_people": sum(1 for task in preview.tasks if not task.is_automatic),
            "title": "Annul consent" if act is ConsentAct.ANNULLED else "Withdraw consent",
        }
        response = self.page(request, "ledger/admin/withdraw.html", consent, context)
        response.status_code = 422 if form.errors else 200
        return response


def _counts(preview: consenting.Preview) -> list[tuple[int, str]]:
    impact = preview.impact
    return [
        (len(impact.outputs), "outputs"),
        (len(impact.versions), "model versions"),
        (len(impact.datasets), "datasets"),
        (len(impact.licenses), "licenses"),
        (len(impact.territories), "territories"),
        (len(impact.payees), "payees"),
    ]


def _asked_day(request: HttpRequest) -> date | None:
    try:
        return date.fromisoformat(request.GET.get("effective_on", ""))
    except ValueError:
        return None


def _may_withdraw(request: HttpRequest) -> bool:
    return request.user.has_perm("rights.add_consentevent")


def _open_proposal(consent: Consent) -> Proposal | None:
    answered = Approval.objects.values("proposal")
    return (
        Proposal.objects.filter(consent=consent, act=Proposal.Act.ANNUL)
        .exclude(pk__in=answered)
        .order_by("proposed_at")
        .first()
    )


def _lead(state: State | None, events: list[ConsentEvent]) -> str:
    if state in {State.WITHDRAWN, State.WITHDRAWAL_NOTICED}:
        return f"Withdrawn with effect from {events[-1].effective_on}: later releases cannot rely on it."
    if state is State.AMENDING:
        return f"In force; other terms take its place on {events[-1].effective_on}."
    return _LEADS.get(state, "") if state else ""


def _right(fact: Consent) -> Shown:
    if fact.authority is None:
        return "In person" if fact.actor_id == fact.grantor_id else "Recorded before representations were"
    return f"{fact.authority.get_authority_display()}, {sheets.period(fact.authority).lower()}"


def _licensee(row: Consent) -> Shown:
    if row.licensee:
        return sheets.link(row.licensee)
    return f"Any {row.licensee_role.replace('_', ' ')}" if row.licensee_role else "Any"


def _event_row(event: ConsentEvent) -> tuple[Shown, ...]:
    is_first = event.position == 0
    papers = ", ".join(sorted({one.kind.replace("_", " ") for one in event.evidence.all()}))
    act = event.get_act_display()
    return (
        sheets.link(event, act) if event.act in _ENDS else act,
        str(event.effective_on),
        sheets.link(event.actor),
        sheets.link(event.successor, "replaced by these terms") if event.successor else event.reason or sheets.NOTHING,
        papers or sheets.NOTHING,
        sheets.moment(event.recorded_at),
        "with the consent" if is_first else sheets.entry_of(consent_event=event)[1],
    )


def _line(line: Any) -> tuple[Shown, ...]:
    for kind in AssetKind:
        asset = getattr(line, kind.value)
        if asset is not None:
            linked = kind in {AssetKind.RECORDING, AssetKind.WORK}
            return kind.value.capitalize(), sheets.link(asset) if linked else str(asset)
    return sheets.NOTHING, sheets.NOTHING


# --- The cockpit.

_TASK_COLUMNS = ("Task", "About", "Who", "Due", "State", "Proof")
_TASKS: dict[TaskKind, str] = {
    TaskKind.REFUSE_CLEARANCE: "Refuse new clearances",
    TaskKind.STOP_INGESTION: "Stop ingestion",
    TaskKind.NO_NEW_VERSION: "Train no new version",
    TaskKind.IDENTITY_FEATURES_STOP: "Stop identity features",
    TaskKind.STOP_MODEL: "Stop the model",
    TaskKind.ERASE_VOICE_TEMPLATES: "Erase voice templates",
    TaskKind.SEPARATE_PROTECTION: "Keep protective templates apart",
    TaskKind.FLAG_OUTPUTS: "Mark the outputs",
    TaskKind.CLEAR_AGAIN: "Clear again before release",
    TaskKind.TERRITORIAL_STOP: "Stop in the territory",
    TaskKind.TAKEDOWN_NOTICE: "Send takedown notices",
    TaskKind.HOLD_MONEY: "Hold the money",
    TaskKind.NOTIFY_LICENSEE: "Notify the licensee",
    TaskKind.UPDATE_DELIVERIES: "Update what was delivered",
}


def _tasks() -> QuerySet[WithdrawalTask]:
    return WithdrawalTask.objects.select_related(
        "done__by__identity",
        "party__identity",
        "license__licensee__identity",
        "submission",
        "dataset",
        "model_version__model",
        "event__consent__recording",
        "event__consent__work",
    )


def task_name(kind: str) -> str:
    """Return what a task is called."""
    return _TASKS[TaskKind(kind)]


def _tasks_title(tasks: list[WithdrawalTask]) -> str:
    done = sum(1 for task in tasks if hasattr(task, "done"))
    return f"What has to be done: {done} of {len(tasks)} done"


def _about(task: WithdrawalTask) -> Shown:
    if task.license:
        return sheets.link(task.license)
    if task.submission:
        return sheets.link(task.submission)
    return str(task.dataset or task.model_version or sheets.NOTHING)


def _due(task: WithdrawalTask, today: date) -> Shown:
    if hasattr(task, "done"):
        return sheets.chip("cleared", "Done")
    days = (task.due_on - today).days
    if days < 0:
        return sheets.chip("refused", f"{-days} day{'s' * (days != -1)} late")
    if days == 0:
        return sheets.chip("review", "Due today")
    return sheets.chip("waiting", f"In {days} day{'s' * (days != 1)}")


def _task_row(task: WithdrawalTask, today: date) -> tuple[Shown, ...]:
    done = getattr(task, "done", None)
    proof: Shown = sheets.NOTHING
    if done:
        proof = sheets.short_id(done.evidence_digest) if done.evidence_digest else "by the service"
    return (
        sheets.link(task, task_name(task.kind)),
        _about(task),
        sheets.link(task.party) if task.party else "The service" if task.kind in effects.AUTOMATIC else "This desk",
        str(task.due_on),
        _due(task, today),
        proof,
    )


@admin.register(ConsentEvent)
class WithdrawalAdmin(FactAdmin):
    """Withdrawals and annulments: what they make others do, how far that has come, and the proof."""

    search_fields = ("consent__recording__title", "consent__work__title")
    search_help_text = "Title of the asset"
    list_display = ("shown_consent", "shown_act", "shown_when", "shown_holder", "shown_progress", "shown_open")
    list_select_related = ("consent__recording", "consent__work", "consent__voice", "consent__grantor__identity")
    ordering = ("-recorded_at",)
    has_filter_button = False
    blank = "Nobody has withdrawn anything. A consent is withdrawn from its own page, and its tasks appear here."
    about = "Each withdrawal and annulment, when it takes effect, and how much of what it asks for is proven done."

    def get_queryset(self, request: HttpRequest) -> QuerySet[ConsentEvent]:
        """Return withdrawals and annulments with their tasks counted."""
        rows: QuerySet[ConsentEvent] = super().get_queryset(request)
        today = timezone.now().date()
        is_open = Q(tasks__isnull=False, tasks__done__isnull=True)
        return rows.filter(act__in=_ENDS).annotate(
            task_count=Count("tasks", distinct=True),
            open_count=Count("tasks", filter=is_open, distinct=True),
            late_count=Count("tasks", filter=is_open & Q(tasks__due_on__lt=today), distinct=True),
        )

    def changelist_view(self, request: HttpRequest, extra_context: dict[str, Any] | None = None) -> HttpResponse:
        """Show the list under its own name."""
        return super().changelist_view(request, {"title": "Withdrawals", **(extra_context or {})})

    @admin.display(description="Consent")
    def shown_consent(self, row: ConsentEvent) -> str:
        """Show what it was about."""
        return str(row.consent)

    @admin.display(description="Act")
    def shown_act(self, row: ConsentEvent) -> Shown:
        """Say which."""
        return sheets.chip("refused" if row.act == ConsentAct.ANNULLED else "review", row.get_act_display())

    @admin.display(description="Takes effect", ordering="effective_on")
    def shown_when(self, row: ConsentEvent) -> Shown:
        """Count down to it."""
        return _countdown(row)

    @admin.display(description="Holder")
    def shown_holder(self, row: ConsentEvent) -> Shown:
        """Link to who withdrew."""
        return sheets.link(row.consent.grantor)

    @admin.display(description="Done")
    def shown_progress(self, row: Any) -> str:
        """Say how far it has come."""
        return f"{row.task_count - row.open_count} of {row.task_count}"

    @admin.display(description="Left")
    def shown_open(self, row: Any) -> Shown:
        """Say what is left, and what is late."""
        if row.late_count:
            return sheets.chip("refused", f"{row.late_count} late")
        if row.open_count:
            return sheets.chip("waiting", f"{row.open_count} open")
        return sheets.chip("cleared", "All done")

    def sheet(self, request: HttpRequest, fact: Any) -> Sheet:  # noqa: ARG002
        """Show when it takes effect, what has to be done, and which outputs are marked."""
        today = timezone.now().date()
        tasks = list(_tasks().filter(event=fact).order_by(*TaskAdmin.ordering)[:MOST_RELATED])
        flags = list(fact.flags.select_related("submission").order_by("submission__title")[:MOST_RELATED])
        return Sheet(
            title=f"{fact.get_act_display()}: {fact.consent}",
            lead=_effect_lead(fact),
            chip=_countdown(fact),
            facts=(
                ("Consent", sheets.link(fact.consent)),
                ("Holder", sheets.link(fact.consent.grantor)),
                ("By", sheets.link(fact.actor)),
                ("Noticed", sheets.moment(fact.recorded_at)),
                ("Takes effect", str(fact.effective_on)),
                ("Why", fact.reason or sheets.NOTHING),
                ("Evidence", _papers(fact)),
                ("Id", sheets.long_id(fact.pk)),
                sheets.entry_of(consent_event=fact),
            ),
            tables=(
                Table(_tasks_title(tasks), _TASK_COLUMNS, tuple(_task_row(task, today) for task in tasks),
                      "Nothing relied on the consent."),
                Table(f"Outputs marked: {fact.flags.count()}", ("Output", "Release", "Mark"),
                      tuple((sheets.link(flag.submission), str(flag.submission.release_on),
                             flag.kind.replace("_", " ")) for flag in flags), "None rested on the consent."),
            ),
        )  # fmt: skip


def _countdown(event: ConsentEvent) -> Shown:
    if event.act == ConsentAct.ANNULLED:
        return sheets.chip("refused", "From the start")
    days = (event.effective_on - timezone.now().date()).days
    if days <= 0:
        return sheets.chip("refused", f"Since {event.effective_on}")
    return sheets.chip("review", f"In {days} day{'s' * (days != 1)}, {event.effective_on}")


def _effect_lead(event: ConsentEvent) -> str:
    if event.act == ConsentAct.ANNULLED:
        return "The consent never was: what relied on it is in quarantine."
    if event.effective_on > timezone.now().date():
        return f"In its notice period: the consent holds until before {event.effective_on}."
    return "In effect: nothing new is cleared, and what was licensed before stays."


def _papers(event: ConsentEvent) -> Shown:
    kinds = [f"{one.kind.replace('_', ' ')} sha256:{one.digest[:12]}…" for one in event.evidence.all()]
    return ", ".join(kinds) or sheets.NOTHING


class OpenFilter(admin.SimpleListFilter):
    """Whether a task is done."""

    title = "state"
    parameter_name = "state"

    def lookups(self, request: HttpRequest, model_admin: Any) -> list[tuple[str, str]]:  # noqa: ARG002
        """Offer what somebody has to act on."""
        return [("open", "Open"), ("late", "Late"), ("done", "Done")]

    def queryset(self, request: HttpRequest, queryset: QuerySet[Any]) -> QuerySet[Any]:  # noqa: ARG002
        """Keep one of them."""
        match self.value():
            case "open":
                return queryset.filter(done__isnull=True)
            case "late":
                return queryset.filter(done__isnull=True, due_on__lt=timezone.now().date())
            case "done":
                return queryset.filter(done__isnull=False)
        return queryset


@admin.register(WithdrawalTask)
class TaskAdmin(FactAdmin):
    """What withdrawals make others do."""

    search_fields = ("event__consent__recording__title", "event__consent__work__title", "submission__title")
    search_help_text = "Title of the asset or the output"
    list_display = (
        "shown_kind",
        "shown_about",
        "shown_consent",
        "shown_party",
        sheets.column("due_on", "Due"),
        "shown_due",
    )
    list_filter = (OpenFilter,)
    ordering = (F("done__recorded_at").asc(nulls_first=True), "due_on", "kind")
    blank = "Nothing is to be done: no consent was withdrawn."
    about = "What withdrawals ask of people, the nearest first. Each is closed with the digest of a proof."

    def get_urls(self) -> list[URLPattern]:
        """Add the completion."""
        view = self.admin_site.admin_view(self.complete_view)
        return [path("<uuid:id>/complete/", view, name="rights_withdrawaltask_complete"), *super().get_urls()]

    def get_queryset(self, request: HttpRequest) -> QuerySet[WithdrawalTask]:  # noqa: ARG002 - Django's signature
        """Return tasks with what they are about."""
        return _tasks()

    @admin.display(description="Task", ordering="kind")
    def shown_kind(self, row: WithdrawalTask) -> str:
        """Say what is to be done."""
        return task_name(row.kind)

    @admin.display(description="About")
    def shown_about(self, row: WithdrawalTask) -> Shown:
        """Link to the thing."""
        return _about(row)

    @admin.display(description="Withdrawn")
    def shown_consent(self, row: WithdrawalTask) -> Shown:
        """Link to the consent."""
        return sheets.link(row.event.consent)

    @admin.display(description="Who")
    def shown_party(self, row: WithdrawalTask) -> Shown:
        """Link to who does it."""
        return sheets.link(row.party) if row.party else "The service" if row.kind in effects.AUTOMATIC else "This desk"

    @admin.display(description="State")
    def shown_due(self, row: WithdrawalTask) -> Shown:
        """Say how long there is, or that it is done."""
        return _due(row, timezone.now().date())

    def sheet(self, request: HttpRequest, fact: WithdrawalTask) -> Sheet:
        """Show the task and its proof."""
        done = getattr(fact, "done", None)
        steps: tuple[Step, ...] = ()
        if done is None and _may_withdraw(request):
            steps = (Step("Record the proof…", reverse("admin:rights_withdrawaltask_complete", args=[fact.pk])),)
        proof: tuple[tuple[str, Shown], ...] = ()
        if done is not None:
            proof = (
                ("Done by", sheets.link(done.by) if done.by else "The service"),
                ("Note", done.note or sheets.NOTHING),
                (
                    "Proof",
                    sheets.long_id(f"sha256:{done.evidence_digest}") if done.evidence_digest else "The log entry",
                ),
                ("Done at", sheets.moment(done.recorded_at)),
                sheets.entry_of(withdrawal_task_done=done),
            )
        return Sheet(
            title=task_name(fact.kind),
            lead=f"Because a consent was {fact.event.get_act_display().lower()}; due on {fact.due_on}.",
            chip=_due(fact, timezone.now().date()),
            steps=steps,
            facts=(
                ("About", _about(fact)),
                ("Who", sheets.link(fact.party) if fact.party else "This desk"),
                ("Consent", sheets.link(fact.event.consent)),
                ("Withdrawal", sheets.link(fact.event, fact.event.get_act_display())),
                ("Id", sheets.long_id(fact.pk)),
                ("Recorded", sheets.moment(fact.recorded_at)),
                *proof,
            ),
        )

    def complete_view(self, request: HttpRequest, id: UUID) -> HttpResponse:
        """Ask for the proof, and record it."""
        task: WithdrawalTask = self.fact(request, id)
        if not _may_withdraw(request):
            raise PermissionDenied
        is_sent = request.method == "POST"
        form = CompletionForm(
            request.POST if is_sent else None, request.FILES if is_sent else None, initial={"id": uuid4()}
        )
        if request.method == "POST" and form.is_valid():
            given = form.cleaned_data
            try:
                done = consenting.complete_task(
                    id=given["id"],
                    task_id=task.pk,
                    by_id=given["by"].pk if given["by"] else None,
                    note=given["note"],
                    evidence_digest=given["evidence_digest"],
                    at=timezone.now(),
                )
            except tuple(form.refusals) as error:
                form.add_error(form.field_of(error), sentence_of(error))
            else:
                return self._done(request, done, form.done, task)
        return _asked(self, request, task, form, title=f"Record the proof: {task_name(task.kind).lower()}")

    def _done(self, request: HttpRequest, written: Model, said: str, back: Model) -> HttpResponse:
        self._note(request, written)
        messages.success(request, said)
        return HttpResponseRedirect(sheets.address(back))


def _asked(page: FactAdmin, request: HttpRequest, fact: Model, form: FactForm, *, title: str) -> HttpResponse:
    context = {"form": form, "title": title, "action": "Record", "lead": form.lead}
    response = page.page(request, "ledger/admin/form.html", fact, context)
    response.status_code = 422 if form.errors else 200
    return response


@admin.register(Reservation)
class ReservationAdmin(FactAdmin):
    """Rights reserved in public."""

    fact_form = ReservationForm
    search_fields = ("recording__title", "work__title", "wording")
    search_help_text = "Title of the asset, or words of the reservation"
    list_display = (
        "shown_asset",
        "shown_holder",
        "shown_uses",
        "shown_channel",
        sheets.column("active_from", "Since"),
        "shown_state",
    )
    list_select_related = ("recording", "work", "voice", "stem", "lyrics__work", "holder__identity", "end")
    ordering = ("-recorded_at",)
    has_filter_button = False
    blank = "No reservation is recorded. Where a holder reserved rights in public, add it with a snapshot."
    about = "Rights reserved in public: a standing no, until it is lifted or a consent that names it says yes."

    def get_urls(self) -> list[URLPattern]:
        """Add the lifting."""
        view = self.admin_site.admin_view(self.lift_view)
        return [path("<uuid:id>/lift/", view, name="rights_reservation_lift"), *super().get_urls()]

    @admin.display(description="Asset")
    def shown_asset(self, row: Reservation) -> str:
        """Show what it is of."""
        asset = next((getattr(row, kind.value) for kind in AssetKind if getattr(row, f"{kind.value}_id")), None)
        return str(asset or "Everything of the holder")

    @admin.display(description="Holder")
    def shown_holder(self, row: Reservation) -> Shown:
        """Link to whose rights they are."""
        return sheets.link(row.holder)

    @admin.display(description="Reserved")
    def shown_uses(self, row: Reservation) -> str:
        """Say what is reserved."""
        return ", ".join(row.uses)

    @admin.display(description="Seen in")
    def shown_channel(self, row: Reservation) -> str:
        """Say where it was seen."""
        return row.channel

    @admin.display(description="State")
    def shown_state(self, row: Reservation) -> Shown:
        """Say whether it stands."""
        end = getattr(row, "end", None)
        if end is not None:
            return sheets.chip("cleared", f"Lifted from {end.effective_on}")
        return sheets.chip("refused", "Reserved")

    def sheet(self, request: HttpRequest, fact: Reservation) -> Sheet:
        """Show what is reserved and which consents name it."""
        end = getattr(fact, "end", None)
        can_lift = end is None and request.user.has_perm("rights.add_reservation")
        named = fact.overrides.select_related("consent__recording", "consent__work")[:MOST_RELATED]
        return Sheet(
            title=f"Reserved: {shown_name(fact)}",
            lead="A standing no in its period, for what it names." if end is None else "It was lifted.",
            chip=self.shown_state(fact),
            steps=(Step("Lift…", reverse("admin:rights_reservation_lift", args=[fact.pk])),) if can_lift else (),
            facts=(
                ("Holder", sheets.link(fact.holder)),
                ("Of", shown_asset(fact)),
                ("Reserved", sheets.uses(fact.uses)),
                ("Where", sheets.territories(fact.territories, fact.active_from)),
                ("When", sheets.period(fact)),
                ("Wording", fact.wording or sheets.NOTHING),
                (
                    "Snapshot",
                    sheets.long_id(f"sha256:{fact.snapshot_digest}") if fact.snapshot_digest else sheets.NOTHING,
                ),
                ("Id", sheets.long_id(fact.pk)),
                ("Recorded", sheets.moment(fact.recorded_at)),
                sheets.entry_of(reservation=fact),
            ),
            tables=(
                Table(
                    "Consents that say yes all the same",
                    ("Consent", "From"),
                    tuple((sheets.link(one.consent), str(one.consent.active_from)) for one in named),
                    "None names it.",
                ),
            ),
        )

    def lift_view(self, request: HttpRequest, id: UUID) -> HttpResponse:
        """Ask from when on, and lift."""
        reservation: Reservation = self.fact(request, id)
        if not request.user.has_perm("rights.add_reservation"):
            raise PermissionDenied
        initial = {"id": uuid4(), "effective_on": timezone.now().date()}
        form = LiftForm(request.POST if request.method == "POST" else None, initial=initial)
        if request.method == "POST" and form.is_valid():
            try:
                end = consenting.lift(
                    id=form.cleaned_data["id"],
                    reservation_id=reservation.pk,
                    effective_on=form.cleaned_data["effective_on"],
                    at=timezone.now(),
                )
            except tuple(form.refusals) as error:
                form.add_error(form.field_of(error), sentence_of(error))
            except IntegrityError:
                messages.info(request, "This was lifted already.")  # the same form sent twice
                return HttpResponseRedirect(sheets.address(reservation))
            else:
                self._note(request, end)
                messages.success(request, form.done)
                return HttpResponseRedirect(sheets.address(reservation))
        return _asked(self, request, reservation, form, title="Lift this reservation")


def shown_name(row: Reservation) -> str:
    """Return what a reservation is of, as text."""
    asset = next((getattr(row, kind.value) for kind in AssetKind if getattr(row, f"{kind.value}_id")), None)
    return str(asset or "everything of the holder")
