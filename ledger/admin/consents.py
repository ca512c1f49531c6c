"""Consents at the desk: their course and evidence, and a withdrawal or an annulment with what it touches."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import date, datetime, timedelta
from typing import Any
from uuid import UUID, uuid4

from django import forms
from django.contrib import admin, messages
from django.core.exceptions import PermissionDenied
from django.db.models import QuerySet
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseRedirect
from django.urls import URLPattern, path, reverse
from django.utils import timezone

from ledger import approvals, consenting, stating
from ledger.access import Verb, may_approve
from ledger.admin import sheets, withdrawals
from ledger.admin.facts import FactAdmin, link_if_seen
from ledger.admin.fields import INPUT, DateField, digest_of, pick, pick_several
from ledger.admin.forms import AgreementFields, FactForm, sentence_of
from ledger.admin.sheets import Sheet, Shown, Step, Table
from ledger.api.access import caller_of
from ledger.models import Approval, Proposal
from ledger.reports.presentation import PURPOSES, STATUSES
from rights import consents, effects
from rights.authority import UnauthorizedAct
from rights.consents import ConsentTerms, Evidence, EvidenceKind, FrozenList, State
from rights.mandates import NotTheirVoice
from rights.models import (
    Consent,
    ConsentAsset,
    ConsentEvent,
    ModelVersion,
    Party,
    Recording,
    Voice,
    Work,
)
from rights.registry import AssetRef, NoSuchUse, NothingAllowed, NotOneAsset
from rights.term_limits import DescriptionMissing, EvidenceMissing, TermTooLong
from rights.territories import NoSuchTerritory, NoTerritory
from rights.vocabulary import ApprovalMode, AssetKind, ConsentAct, PartyRole, Use

MOST_RELATED = 200
MOST_STATUSES = 50
_TEXT = {"class": "l-input", "rows": 3}
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


def shown_asset(row: Consent) -> Shown:
    """Say what a consent is of."""
    if row.is_list:
        return "A list" + (", and what comes later" if row.covers_future else "")
    return _shown(row)


def _shown(row: Consent | ConsentAsset) -> Shown:
    for kind in AssetKind:
        asset = getattr(row, kind.value)
        if asset is not None:
            return sheets.link(asset) if kind in {AssetKind.RECORDING, AssetKind.WORK} else str(asset)
    return sheets.NOTHING


# --- Forms.


_OFFERED, _AGREED = "offered", "agreed"
_BACKINGS: dict[str, str] = {
    EvidenceKind.SIGNATURE.value: "The record of a signing service",
    EvidenceKind.COUNSEL.value: "That a lawyer of their own advised the holder",
    EvidenceKind.UNION.value: "That a union represented the holder",
    EvidenceKind.GUARDIAN.value: "That somebody has custody",
    EvidenceKind.COURT_APPROVAL.value: "A court’s approval",
    EvidenceKind.ESTATE_PAPERS.value: "The papers of an estate",
    EvidenceKind.OTHER.value: "Something else",
}


class ConsentForm(AgreementFields, FactForm):
    """A consent to record, or to offer."""

    stage = forms.ChoiceField(
        label="What happened",
        choices=[(_AGREED, "The holder agreed"), (_OFFERED, "The holder is asked, and has not answered")],
        initial=_AGREED,
        required=False,
        widget=forms.Select(INPUT),
        help_text="What is only offered allows nothing; silence is a no",
    )
    recording = pick_several(Recording, label="Recordings", required=False, help_text="The master side")
    work = pick_several(Work, label="Works", required=False, help_text="The publishing side")
    voice = pick_several(Voice, label="Voices", required=False, help_text="The holder’s own voice")
    grantor = pick(Party, label="Holder", help_text="Who agrees")
    actor = pick(
        Party, label="Signed by", required=False, help_text="Who signed for the holder; empty if the holder did"
    )
    licensee = pick(Party, required=False, help_text="Who may rely on it; empty for any licensee")
    uses = forms.MultipleChoiceField(
        choices=[(use.value, sheets.uses([use.value])) for use in Use],
        widget=forms.CheckboxSelectMultiple,
        help_text="What is not ticked is not allowed",
    )
    barred = forms.MultipleChoiceField(
        label="Not for",
        choices=list(PURPOSES.items()),
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

    licensee_role = forms.ChoiceField(
        label="or anybody in a role",
        required=False,
        choices=[("", "–"), *((role.value, role.name.replace("_", " ").capitalize()) for role in PartyRole)],
        widget=forms.Select(INPUT),
    )
    approval_mode = forms.ChoiceField(
        label="Asked again",
        required=False,
        choices=[
            (ApprovalMode.BLANKET.value, "No, this covers every use like this"),
            (ApprovalMode.PROJECT.value, "For each project"),
            (ApprovalMode.OUTPUT.value, "For each output"),
        ],
        initial=ApprovalMode.BLANKET.value,
        widget=forms.Select(INPUT),
    )
    model_version = pick(
        ModelVersion, required=False, help_text="Only what this version of a model makes; empty for any"
    )
    backing_kind = forms.ChoiceField(
        label="Further evidence of",
        required=False,
        choices=[("", "–"), *_BACKINGS.items()],
        widget=forms.Select(INPUT),
        help_text="Some laws ask for it where a voice is used",
    )
    backing = forms.FileField(
        label="The evidence",
        required=False,
        widget=forms.FileInput(INPUT),
        help_text="Only its SHA-256 is kept",
    )

    one_of = frozenset({"recording", "work", "voice", "document", "digest"})
    lead = "A holder agrees to uses of recordings, works or a voice. Nothing is allowed that is not named here."
    done = "Recorded; its entry goes into the log within a second."
    groups = (
        ("Who agrees, for whom", ("stage", "grantor", "actor", "licensee", "licensee_role")),
        ("To what", ("recording", "work", "voice", "uses", "barred", "description", "approval_mode", "model_version")),
        ("Where and when", ("territories", "active_from", "active_to", "notice_days")),
        ("What was signed", ("document", "digest", "backing_kind", "backing")),
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

    def clean(self) -> dict[str, Any]:
        """Check what one field alone does not show."""
        given = super().clean()
        if given.get("licensee") and given.get("licensee_role"):
            self.add_error("licensee_role", "Name a licensee or a role, not both.")
        if bool(given.get("backing")) != bool(given.get("backing_kind")):
            self.add_error("backing", "Say what the evidence is of, and give the file; or leave both empty.")
        return given

    def scope(self) -> AssetRef | FrozenList:
        """
        Return what it is of: one asset, or a list.

        :raises NotOneAsset: nothing is named
        """
        given = self.cleaned_data
        named = tuple(
            AssetRef(**{f"{kind}_id": row.pk}) for kind in ("recording", "work", "voice") for row in given[kind]
        )
        if not named:
            raise NotOneAsset
        return named[0] if len(named) == 1 else FrozenList(named)

    def write(self, *, id: UUID, at: datetime) -> Consent:
        """Record the consent, or that it was offered."""
        given = self.cleaned_data
        backing = given["backing"]
        terms = ConsentTerms(
            grantor_id=given["grantor"].pk,
            actor_id=(given["actor"] or given["grantor"]).pk,
            scope=self.scope(),
            licensee_id=given["licensee"].pk if given["licensee"] else None,
            licensee_role=given["licensee_role"],
            model_version_id=given["model_version"].pk if given["model_version"] else None,
            uses=tuple(given["uses"]),
            barred=tuple(given["barred"]),
            approval_mode=ApprovalMode(given["approval_mode"] or ApprovalMode.BLANKET),
            territories=tuple(given["territories"]),
            active_from=given["active_from"],
            active_to=given["active_to"],
            notice_days=given["notice_days"] or 0,
            description=given["description"],
            document_digest=given["document_digest"],
            evidence=(
                (Evidence(EvidenceKind(given["backing_kind"]), digest_of(backing, "")),) if backing is not None else ()
            ),
        )
        act = consenting.offer if given["stage"] == _OFFERED else consenting.grant
        return act(id=id, terms=terms, channel="desk", registrar_id=self.registrar_id, at=at)


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
        over = acts.filter(act__in=[*withdrawals.ENDS, ConsentAct.AMENDED])
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
        tasks = withdrawals.tasks(request).filter(event__consent=fact)
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
                *((("Not for", sheets.purposes(fact.barred)),) if fact.barred else ()),
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
                    tuple(_event_row(request, event) for event in events),
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
                *((withdrawals.table_of(tasks, today),) if tasks else ()),
            ),
        )

    def _steps(
        self, request: HttpRequest, fact: Consent, state: State | None, proposal: Proposal | None
    ) -> Iterable[Step]:
        if state in {State.GRANTED, State.AMENDING, State.SUPERSEDED} and withdrawals.may_withdraw(request, fact):
            yield Step("Withdraw…", reverse("admin:rights_consent_withdraw", args=[fact.pk]), is_grave=True)
        if proposal is not None:
            if _may_answer(request, proposal):
                address = reverse("admin:rights_consent_agree", args=[fact.pk, proposal.pk])
                yield Step("Answer the proposed annulment…", address, is_grave=True)
        elif state in _ANNULLABLE and _may_propose(request, fact):
            yield Step("Propose an annulment…", reverse("admin:rights_consent_annul", args=[fact.pk]))

    # --- Withdrawing.

    def withdraw_view(self, request: HttpRequest, id: UUID) -> HttpResponse:
        """Show what a withdrawal touches, ask once more, and withdraw."""
        consent: Consent = self.fact(request, id)
        if not withdrawals.may_withdraw(request, consent):
            raise PermissionDenied
        if request.method != "POST":
            day = _asked_day(request) or timezone.now().date() + timedelta(days=consent.notice_days)
            form = WithdrawalForm(initial={"id": uuid4(), "effective_on": day}, consent=consent)
            self._prepared(request, form)
            return self._ask(request, consent, form, ConsentAct.WITHDRAWN, day)
        form = WithdrawalForm(request.POST, request.FILES, consent=consent)
        self._prepared(request, form)
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
        if not _may_propose(request, consent):
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
        asked = Proposal.objects.filter(pk=proposal, consent=consent, act=Proposal.Act.ANNUL).first()
        if asked is None:
            raise Http404
        is_own = asked.proposed_by_id == request.user.pk  # who is told by the use case to ask a second person
        if not _may_answer(request, asked) and not (is_own and _may_propose(request, consent)):
            raise PermissionDenied
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
        preview = consenting.preview(
            consent_id=consent.pk,
            act=act,
            effective_on=day,
            today=timezone.now().date(),
            sight=caller_of(request).sight,
        )
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
            "statuses": _statuses(preview),
            "by_people": sum(1 for task in preview.tasks if not task.is_automatic),
            "title": "Annul consent" if act is ConsentAct.ANNULLED else "Withdraw consent",
        }
        response = self.page(request, "ledger/admin/withdraw.html", consent, context)
        response.status_code = 422 if form.errors else 200
        return response


_ANNULLABLE = frozenset({State.GRANTED, State.AMENDING, State.SUPERSEDED, State.WITHDRAWAL_NOTICED, State.WITHDRAWN})


def _may_propose(request: HttpRequest, consent: Consent) -> bool:
    speaks = caller_of(request).acts_for(consent.grantor_id, Verb.PROPOSE)
    return speaks and request.user.has_perm("ledger.add_proposal")


def _may_answer(request: HttpRequest, proposal: Proposal) -> bool:
    user: Any = request.user
    return user.has_perm("ledger.add_approval") and may_approve(user, proposal, at=timezone.now())


def _statuses(preview: consenting.Preview) -> list[tuple[str, tuple[str, str], tuple[str, str], datetime]]:
    """Return of which signed files the public status changes: title, status now, then, and from when."""
    changes = stating.would_change(preview.named, at=timezone.now())
    return [
        (one.manifest.decision.submission.title, STATUSES[one.now], STATUSES[one.then], one.since)
        for one in changes[:MOST_STATUSES]
    ]


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


def _event_row(request: HttpRequest, event: ConsentEvent) -> tuple[Shown, ...]:
    is_first = event.position == 0
    papers = ", ".join(sorted({one.kind.replace("_", " ") for one in event.evidence.all()}))
    act = event.get_act_display()
    return (
        sheets.link(event, act) if event.act in withdrawals.ENDS else act,
        str(event.effective_on),
        sheets.link(event.actor),
        link_if_seen(request, event.successor, "replaced by these terms", unseen="replaced by other terms")
        if event.successor
        else event.reason or sheets.NOTHING,
        papers or sheets.NOTHING,
        sheets.moment(event.recorded_at),
        "with the consent" if is_first else sheets.entry_of(consent_event=event)[1],
    )


def _line(line: ConsentAsset) -> tuple[Shown, ...]:
    kind = next(kind.value for kind in AssetKind if getattr(line, f"{kind.value}_id"))
    return kind.capitalize(), _shown(line)
