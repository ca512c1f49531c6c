"""Appeals at the desk: what a submitter says against a refusal, with what shows it, and what somebody else answers."""

from __future__ import annotations

from datetime import datetime
from typing import Any
from uuid import UUID, uuid4

from django import forms
from django.contrib import admin, messages
from django.core.exceptions import PermissionDenied
from django.db import IntegrityError
from django.db.models import QuerySet
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseRedirect
from django.urls import URLPattern, path, reverse
from django.utils import timezone

from ledger import appealing, reviewing
from ledger.access import Caller, Verb
from ledger.admin import sheets
from ledger.admin.facts import FactAdmin
from ledger.admin.fields import INPUT, DateField
from ledger.admin.forms import FactForm, sentence_of
from ledger.admin.reviews import case_url, due
from ledger.admin.sheets import Sheet, Shown, Step, Table
from ledger.api.access import caller_of
from ledger.appealing import UPHOLDING, Piece
from ledger.constraints import violated
from ledger.reviewing import SAID
from rights.identifiers import BadIsrc
from rights.models import Allowance, Appeal, AppealAnswer, Decision, Recording
from rights.models.assets import heard_as
from rights.vocabulary import AppealEvidenceKind, AppealGround, Outcome, ReviewReason

PIECES = 4  # that the form has room for; the API takes more
GROUNDS = {
    AppealGround.NOT_THE_SAME: "What was matched is something else",
    AppealGround.COMMON_MATERIAL: "The material is anybody’s to use",
    AppealGround.OWN_MATERIAL: "It is our own material",
    AppealGround.LICENSED: "We have a license for it",
    AppealGround.CONSENTED: "The holder or the singer agreed",
}
EVIDENCE = {
    AppealEvidenceKind.STEMS: "Stems",
    AppealEvidenceKind.SESSION_FILE: "Session file",
    AppealEvidenceKind.PRIOR_ISRC: "ISRC of a prior release",
    AppealEvidenceKind.DOCUMENT: "Document",
}


class AppealForm(FactForm):
    """What a submitter says against a refusal."""

    ground = forms.ChoiceField(choices=[(ground.value, said) for ground, said in GROUNDS.items()],
                               widget=forms.Select(INPUT))  # fmt: skip
    statement = forms.CharField(
        max_length=1000,
        widget=forms.Textarea({"class": "l-input", "rows": 6}),
        help_text="What is wrong with the refusal, without names",
    )

    lead = (
        "Somebody else than who reviewed it answers. If it is upheld, the output is judged again, and the pair of"
        " recording and submitter is remembered. Each refusal can be appealed against once."
    )
    done = "Recorded; somebody else than who reviewed it will answer."
    groups = (
        ("Why", ("ground", "statement")),
        ("Evidence", tuple(f"{part}_{number}" for number in range(1, PIECES + 1) for part in ("kind", "value"))),
    )
    refusals = {
        appealing.NothingToAppeal: "ground",
        appealing.NothingMeasured: "ground",
        appealing.AlreadyAppealed: "ground",
        appealing.TooMuchEvidence: "statement",
        appealing.EvidenceUnclear: "statement",
        BadIsrc: "statement",
    }

    def __init__(self, *args: Any, **options: Any) -> None:
        """Make room for some pieces of evidence."""
        super().__init__(*args, **options)
        kinds = [("", "Nothing"), *((kind.value, said) for kind, said in EVIDENCE.items())]
        for number in range(1, PIECES + 1):
            names = (f"kind_{number}", f"value_{number}")
            self.fields[names[0]] = forms.ChoiceField(
                choices=kinds, required=False, widget=forms.Select({"class": "l-input is-short"}), label="Kind"
            )
            self.fields[names[1]] = forms.CharField(
                required=False,
                max_length=71,
                label="ISRC, or SHA-256 of the file",
                widget=forms.TextInput({"class": "l-input l-mono is-beside"}),
                help_text="Keep the file: whoever answers may ask for it" if number == PIECES else "",
            )

    def clean(self) -> dict[str, Any]:
        """Read the pieces of evidence."""
        given = super().clean() or self.cleaned_data
        pieces = []
        for number in range(1, PIECES + 1):
            kind, value = given.get(f"kind_{number}", ""), (given.get(f"value_{number}") or "").strip()
            if not kind and not value:
                continue
            if not kind:
                self.add_error(f"kind_{number}", "Say what it is.")
            elif not value:
                self.add_error(f"value_{number}", "Give the ISRC, or the SHA-256 of the file.")
            elif kind == AppealEvidenceKind.PRIOR_ISRC:
                pieces.append(Piece(AppealEvidenceKind(kind), isrc=value))
            else:
                digest = value.lower().removeprefix("sha256:")
                if len(digest) == 64 and set(digest) <= set("0123456789abcdef"):
                    pieces.append(Piece(AppealEvidenceKind(kind), digest=digest))
                else:
                    self.add_error(f"value_{number}", "A SHA-256 has 64 hexadecimal digits.")
        given["pieces"] = pieces
        return given


class AnswerForm(FactForm):
    """What somebody answers."""

    answer = forms.ChoiceField(
        label="Who is right",
        choices=[("upheld", "The submitter is right"), ("dismissed", "The refusal stands")],
        widget=forms.RadioSelect,
    )
    reason = forms.ChoiceField(
        choices=[
            ("", "Choose why"),
            (
                "The submitter is right",
                [(one.value, SAID[one].capitalize()) for one in ReviewReason if one in UPHOLDING],
            ),
            (
                "The refusal stands",
                [(one.value, SAID[one].capitalize()) for one in ReviewReason if one not in UPHOLDING],
            ),
        ],
        widget=forms.Select(INPUT),
    )
    note = forms.CharField(
        required=False,
        max_length=600,
        widget=forms.Textarea({"class": "l-input", "rows": 4}),
        help_text="Without names: the log vouches for it",
    )
    expires_on = DateField(
        required=False,
        label="Remembered until",
        help_text="The first day on which this pair may stop an output again; a year from now unless you say",
    )

    lead = "Where the submitter is right, the output is judged again on what holds now, with what this teaches."
    done = "Answered."
    groups = (("What you found", ("answer", "reason", "note", "expires_on")),)
    refusals = {
        appealing.AlreadyAnswered: "answer",
        appealing.NothingToAppeal: "answer",
        appealing.NothingMeasured: "answer",
        appealing.NeedsAnotherPerson: "answer",
        appealing.AnsweredOtherwise: "reason",
        appealing.AllowedTooLong: "expires_on",
    }


@admin.register(Appeal)
class AppealAdmin(FactAdmin):
    """What submitters say against refusals."""

    list_display = (
        "shown_output",
        "shown_ground",
        "shown_appellant",
        sheets.column("appealed_at", "Appealed"),
        "shown_due",
        "shown_state",
    )
    list_filter = (("answer", admin.EmptyFieldListFilter),)
    list_select_related = ("decision__submission", "appellant__identity", "answer")
    ordering = ("-appealed_at",)
    about = (
        "A submitter may appeal against a refusal once, with evidence. Somebody else than the first reviewer answers."
    )
    blank = "Nobody appealed. A submitter appeals from the page of an output that was refused, or through the API."

    def get_urls(self) -> list[URLPattern]:
        """Add appealing and answering."""
        view = self.admin_site.admin_view
        own = [
            path("against/<uuid:id>/", view(self.against_view), name="rights_appeal_against"),
            path("<uuid:id>/answer/", view(self.answer_view), name="rights_appeal_answer"),
        ]
        return [*own, *super().get_urls()]

    def get_queryset(self, request: HttpRequest) -> QuerySet[Appeal]:
        """Return the appeals that are seen."""
        rows: QuerySet[Appeal] = super().get_queryset(request)
        return rows.select_related("decision__submission", "appellant__identity", "answer")

    @admin.display(description="Output")
    def shown_output(self, row: Appeal) -> str:
        """Show what it is about."""
        return row.decision.submission.title

    @admin.display(description="Ground")
    def shown_ground(self, row: Appeal) -> str:
        """Show the ground."""
        return GROUNDS[AppealGround(row.ground)]

    @admin.display(description="By")
    def shown_appellant(self, row: Appeal) -> Shown:
        """Link to who appealed."""
        return sheets.link(row.appellant)

    @admin.display(description="Answer by")
    def shown_due(self, row: Appeal) -> Shown:
        """Show by when it is to be answered."""
        if hasattr(row, "answer"):
            return sheets.NOTHING
        left = due(appealing.due_at(row), now=timezone.now())
        return sheets.chip(left.look, left.said.capitalize())

    @admin.display(description="State")
    def shown_state(self, row: Appeal) -> Shown:
        """Say what became of it."""
        answer = getattr(row, "answer", None)
        if answer is None:
            return sheets.chip("waiting", "Waits for an answer")
        return sheets.chip("cleared", "Upheld") if answer.is_upheld else sheets.chip("refused", "Dismissed")

    def sheet(self, request: HttpRequest, fact: Appeal) -> Sheet:
        """Show what was said, with what evidence, and the answer."""
        answer: AppealAnswer | None = getattr(fact, "answer", None)
        steps = [Step("Listen and compare", case_url(fact.decision_id))]
        if answer is None and may_answer(caller_of(request), fact.decision):
            steps.insert(0, Step("Answer…", reverse("admin:rights_appeal_answer", args=[fact.pk]), is_main=True))
        facts: list[tuple[str, Shown]] = [
            ("Output", sheets.link(fact.decision.submission)),
            ("By", sheets.link(fact.appellant)),
            ("Ground", GROUNDS[AppealGround(fact.ground)]),
            ("Statement", fact.statement),
            ("Appealed", sheets.moment(fact.appealed_at)),
        ]
        if answer is None:
            facts.append(("Answer by", sheets.moment(appealing.due_at(fact))))
        else:
            facts += [
                ("Answered", sheets.moment(answer.answered_at)),
                ("Because", SAID[ReviewReason(answer.reason)].capitalize()),
                ("Note", answer.note or sheets.NOTHING),
            ]
        allowed = self.seen(request, answer.allowances.order_by("id")) if answer else []
        tables = [
            Table("Evidence", ("Kind", "What"),
                  tuple((EVIDENCE[AppealEvidenceKind(one.kind)], one.isrc or sheets.long_id(f"sha256:{one.digest}"))
                        for one in self.seen(request, fact.evidence.order_by("id"))),
                  "None was handed in."),
        ]  # fmt: skip
        if answer is not None and answer.is_upheld:
            tables.append(
                Table("What it taught", ("Recording", "Does not stop this submitter until"),
                      tuple((self._recording(request, one), one.expires_on.isoformat()) for one in allowed),
                      "Nothing that is remembered: it was about a voice, or about rights.")
            )  # fmt: skip
        return Sheet(
            title=f"Appeal about “{fact.decision.submission.title}”",
            lead=_lead(answer),
            chip=self.shown_state(fact),
            steps=tuple(steps),
            facts=(*facts, ("Id", sheets.long_id(fact.pk)), sheets.entry_of(appeal=fact)),
            tables=tuple(tables),
        )

    def _recording(self, request: HttpRequest, allowance: Allowance) -> Shown:
        """The recording that a reference is of, where it is seen; else its id."""
        recording = self.seen(request, Recording.objects.filter(heard_as([allowance.reference_id]))).first()
        return sheets.link(recording) if recording else sheets.short_id(allowance.reference_id)

    # --- Appealing.

    def against_view(self, request: HttpRequest, id: UUID) -> HttpResponse:
        """Appeal against the refusal of one's own output."""
        decision = self.seen(request, Decision.objects.select_related("submission")).filter(pk=id).first()
        if decision is None:
            raise Http404
        if not may_appeal(caller_of(request), decision):
            raise PermissionDenied
        title = f"Appeal: {decision.submission.title}"
        if request.method != "POST":
            return self.ask(request, decision, AppealForm(initial={"id": uuid4()}), title=title)
        form = AppealForm(request.POST)
        if not form.is_valid():
            return self.ask(request, decision, form, title=title)
        given = form.cleaned_data
        try:
            row = appealing.appeal(
                id=given["id"],
                decision_id=decision.pk,
                appellant_id=decision.submission.submitter_id,
                ground=AppealGround(given["ground"]),
                statement=given["statement"],
                evidence=given["pieces"],
                at=timezone.now(),
            )
        except appealing.AlreadyAppealed:
            messages.info(request, "There is an appeal against this decision; each is heard once.")
            return HttpResponseRedirect(sheets.address(Appeal.objects.get(decision=decision)))
        except tuple(form.refusals) as error:
            form.add_error(form.field_of(error), sentence_of(error))
            return self.ask(request, decision, form, title=title)
        messages.success(request, form.done)
        return HttpResponseRedirect(sheets.address(row))

    # --- Answering.

    def answer_view(self, request: HttpRequest, id: UUID) -> HttpResponse:
        """Answer an appeal about an output that one did not review."""
        appeal: Appeal = self.fact(request, id)
        if not may_answer(caller_of(request), appeal.decision):
            raise PermissionDenied
        title = f"Answer the appeal about “{appeal.decision.submission.title}”"
        if request.method != "POST":
            return self.ask(request, appeal, AnswerForm(initial={"id": uuid4()}), title=title)
        form = AnswerForm(request.POST)
        if not form.is_valid():
            return self.ask(request, appeal, form, title=title)
        return self._answer(request, appeal, form, title, timezone.now())

    def _answer(
        self, request: HttpRequest, appeal: Appeal, form: AnswerForm, title: str, now: datetime
    ) -> HttpResponse:
        given = form.cleaned_data
        try:
            done = appealing.answer(
                id=given["id"],
                appeal_id=appeal.pk,
                reviewer_id=request.user.pk or 0,
                is_upheld=given["answer"] == "upheld",
                reason=ReviewReason(given["reason"]),
                note=given["note"],
                expires_on=given["expires_on"],
                at=now,
            )
        except IntegrityError as error:
            if violated(error) != "rights_appealanswer_pkey":
                raise
            messages.info(request, "This was recorded already.")
        except tuple(form.refusals) as error:
            form.add_error(form.field_of(error), sentence_of(error))
            return self.ask(request, appeal, form, title=title)
        else:
            outcome = f" The output was judged again: {done.decision.outcome}." if done.decision else ""
            messages.success(request, f"{form.done}{outcome}")
        return HttpResponseRedirect(sheets.address(appeal))


def _lead(answer: AppealAnswer | None) -> str:
    if answer is None:
        return "It waits for somebody else than who reviewed the output."
    if answer.is_upheld:
        return "The submitter was right; the output was judged again, and that decision counts."
    return "The refusal stands."


def may_appeal(caller: Caller, decision: Decision) -> bool:
    """Whether somebody may appeal against a decision: its submitter, against a refusal that counts."""
    return (
        decision.outcome == Outcome.REFUSED
        and decision.examination_id is not None
        and caller.acts_for(decision.submission.submitter_id, Verb.SUBMIT)
        and not Decision.objects.filter(supersedes=decision).exists()
        and not Appeal.objects.filter(decision=decision).exists()
    )


def may_answer(caller: Caller, decision: Decision) -> bool:
    """Whether somebody may answer an appeal against a decision."""
    return caller.may(Verb.REVIEW) and reviewing.part_of(caller, decision).may_review
