"""The withdrawal cockpit: when each takes effect, what is left to be done, and the proof of what was."""

from __future__ import annotations

from datetime import date
from typing import Any
from uuid import UUID, uuid4

from django import forms
from django.contrib import admin, messages
from django.core.exceptions import PermissionDenied
from django.db.models import Count, F, Model, Q, QuerySet, Value
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.urls import URLPattern, path, reverse
from django.utils import timezone

from ledger import consenting
from ledger.access import Verb
from ledger.admin import sheets
from ledger.admin.facts import FactAdmin
from ledger.admin.fields import INPUT, digest_of, pick
from ledger.admin.forms import FactForm, sentence_of
from ledger.admin.sheets import Sheet, Shown, Step, Table
from ledger.api.access import caller_of
from ledger.visibility import seen
from rights import effects
from rights.effects import TaskKind
from rights.models import Consent, ConsentEvent, Dataset, License, ModelVersion, Party, Submission, WithdrawalTask
from rights.vocabulary import ConsentAct

MOST_RELATED = 200
ENDS = (ConsentAct.WITHDRAWN, ConsentAct.ANNULLED)


def may_withdraw(request: HttpRequest, consent: Consent) -> bool:
    """Whether somebody at the desk may withdraw a consent: who sees it does not speak for its holder."""
    speaks = caller_of(request).acts_for(consent.grantor_id, Verb.CONSENT)
    return speaks and request.user.has_perm("rights.add_consentevent")


def _may_close(request: HttpRequest, task: WithdrawalTask) -> bool:
    caller = caller_of(request)
    return request.user.has_perm("rights.add_withdrawaltaskdone") and (
        caller.is_operator or consenting.closes(caller, task) is not None
    )


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


NEAREST = (F("done__recorded_at").asc(nulls_first=True), "due_on", "kind")  # what is open first
_ABOUT: tuple[tuple[str, str, type[Model]], ...] = (
    ("consent", "event__consent", Consent),
    ("license", "license", License),
    ("submission", "submission", Submission),
    ("dataset", "dataset", Dataset),
    ("model_version", "model_version", ModelVersion),
)
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


def tasks(request: HttpRequest) -> QuerySet[Any]:
    """Return the tasks that the caller sees, each with which of the things that it is about are theirs to see."""
    sight = caller_of(request).sight

    def shows(column: str, model: type[Any]) -> Q | Value:
        return Value(True) if sight.is_whole else Q(**{f"{column}__in": seen(QuerySet(model), sight).values("pk")})

    rows: QuerySet[Any] = WithdrawalTask.objects.select_related(
        "done__by__identity",
        "party__identity",
        "license__licensee__identity",
        "submission",
        "dataset",
        "model_version__model",
        "event__consent__recording",
        "event__consent__work",
    )
    shown: QuerySet[Any] = seen(rows, sight).annotate(
        **{f"shows_{name}": shows(column, model) for name, column, model in _ABOUT}
    )
    return shown


def task_name(kind: str) -> str:
    """Return what a task is called."""
    return _TASKS[TaskKind(kind)]


def table_of(tasks: QuerySet[Any], today: date) -> Table:
    """Return tasks as a table that says how far they have come, what is open first."""
    done = tasks.filter(done__isnull=False).count()
    rows = tuple(_row(task, today) for task in tasks.order_by(*NEAREST)[:MOST_RELATED])
    columns = ("Task", "About", "Who", "Due", "State", "Proof")
    return Table(
        f"What has to be done: {done} of {tasks.count()} done", columns, rows, "Nothing relied on the consent."
    )


def _about(task: Any) -> Shown:
    for name, *_ in _ABOUT[1:]:
        about = getattr(task, name)
        if about is None:
            continue
        if not getattr(task, f"shows_{name}"):
            return f"A {name.replace('_', ' ').replace('submission', 'output')} that is not yours to see"
        return sheets.link(about) if name in {"license", "submission"} else str(about)
    return sheets.NOTHING


def _consent(task: Any) -> Shown:
    return sheets.link(task.event.consent) if task.shows_consent else "A consent that is not yours to see"


def _due(task: WithdrawalTask, today: date) -> Shown:
    if hasattr(task, "done"):
        return sheets.chip("cleared", "Done")
    days = (task.due_on - today).days
    if days < 0:
        return sheets.chip("refused", f"{-days} day{'s' * (days != -1)} late")
    if days == 0:
        return sheets.chip("review", "Due today")
    return sheets.chip("waiting", f"In {days} day{'s' * (days != 1)}")


def _row(task: Any, today: date) -> tuple[Shown, ...]:
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

    counted = ("withdrawal", "withdrawals")
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
        return rows.filter(act__in=ENDS).annotate(
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

    def sheet(self, request: HttpRequest, fact: Any) -> Sheet:
        """Show when it takes effect, what has to be done, and which outputs are marked."""
        marked = self.seen(request, fact.flags.select_related("submission"))
        flags = list(marked.order_by("submission__title")[:MOST_RELATED])
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
                table_of(tasks(request).filter(event=fact), timezone.now().date()),
                Table(f"Outputs marked: {marked.count()}", ("Output", "Release", "Mark"),
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

    counted = ("task", "tasks")
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
    ordering = NEAREST
    blank = "Nothing is to be done: no consent was withdrawn."
    about = "What withdrawals ask of people, the nearest first. Each is closed with the digest of a proof."

    def get_urls(self) -> list[URLPattern]:
        """Add the completion."""
        view = self.admin_site.admin_view(self.complete_view)
        return [path("<uuid:id>/complete/", view, name="rights_withdrawaltask_complete"), *super().get_urls()]

    def get_queryset(self, request: HttpRequest) -> QuerySet[Any]:
        """Return tasks with what they are about."""
        return tasks(request)

    @admin.display(description="Task", ordering="kind")
    def shown_kind(self, row: WithdrawalTask) -> str:
        """Say what is to be done."""
        return task_name(row.kind)

    @admin.display(description="About")
    def shown_about(self, row: Any) -> Shown:
        """Link to the thing."""
        return _about(row)

    @admin.display(description="Withdrawn")
    def shown_consent(self, row: Any) -> Shown:
        """Link to the consent."""
        return _consent(row)

    @admin.display(description="Who")
    def shown_party(self, row: WithdrawalTask) -> Shown:
        """Link to who does it."""
        return sheets.link(row.party) if row.party else "The service" if row.kind in effects.AUTOMATIC else "This desk"

    @admin.display(description="State")
    def shown_due(self, row: WithdrawalTask) -> Shown:
        """Say how long there is, or that it is done."""
        return _due(row, timezone.now().date())

    def sheet(self, request: HttpRequest, fact: Any) -> Sheet:
        """Show the task and its proof."""
        done = getattr(fact, "done", None)
        steps: tuple[Step, ...] = ()
        if done is None and _may_close(request, fact):
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
                ("Consent", _consent(fact)),
                *(
                    (("Withdrawal", sheets.link(fact.event, fact.event.get_act_display())),)
                    if fact.shows_consent
                    else ()
                ),
                ("Id", sheets.long_id(fact.pk)),
                ("Recorded", sheets.moment(fact.recorded_at)),
                *proof,
            ),
        )

    def complete_view(self, request: HttpRequest, id: UUID) -> HttpResponse:
        """Ask for the proof, and record it."""
        task: WithdrawalTask = self.fact(request, id)
        if not _may_close(request, task):
            raise PermissionDenied
        is_sent = request.method == "POST"
        form = CompletionForm(
            request.POST if is_sent else None, request.FILES if is_sent else None, initial={"id": uuid4()}
        )
        self._prepared(request, form)
        caller = caller_of(request)
        if request.method == "POST" and form.is_valid():
            given = form.cleaned_data
            try:
                done = consenting.complete_task(
                    id=given["id"],
                    task_id=task.pk,
                    by_id=given["by"].pk if given["by"] else caller.registrar(Verb.CONSENT, party_id=task.party_id),
                    note=given["note"],
                    evidence_digest=given["evidence_digest"],
                    at=timezone.now(),
                )
            except tuple(form.refusals) as error:
                form.add_error(form.field_of(error), sentence_of(error))
            else:
                return self._done(request, done, form.done, task)
        return self.ask(request, task, form, title=f"Record the proof: {task_name(task.kind).lower()}")

    def _done(self, request: HttpRequest, written: Model, said: str, back: Model) -> HttpResponse:
        self._note(request, written)
        messages.success(request, said)
        return HttpResponseRedirect(sheets.address(back))
