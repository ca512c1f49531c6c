"""Who or what made an output, stated anew at the desk; that a recipient was told, and what it answered."""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime, time
from typing import Any
from uuid import UUID, uuid4

from django import forms
from django.contrib import messages
from django.core.exceptions import PermissionDenied
from django.db import IntegrityError
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseRedirect
from django.urls import URLPattern, path
from django.utils import timezone
from django.views.decorators.http import require_safe

from ledger import contributing, disclosing, report
from ledger.access import Verb
from ledger.admin import sheets
from ledger.admin.facts import FactAdmin
from ledger.admin.fields import INPUT, DateField, pick
from ledger.admin.forms import FactForm, sentence_of
from ledger.api.access import caller_of
from ledger.clearance import NoSuchSubmission
from ledger.constraints import violated
from ledger.disclosing import Told
from ledger.reports.presentation import ACTS, COMPONENTS
from provenance import disclosures, ern
from provenance.disclosures import Profile, Statement
from provenance.models import Disclosure, DisclosureAnswer
from rights import making, terms
from rights.case import DeclaredAct, DeclaredContribution, DeclaredEvidence
from rights.models import ContributionRecord, Party, Submission
from rights.vocabulary import AiLevel, Component, MakingEvidenceKind

LEAST_SLOTS = 1  # for people, of each component; one more than there are, where there are more
LEVELS = (
    ("", "Not in this output"),
    (AiLevel.NONE.value, "Made by people"),
    (AiLevel.PARTLY.value, "Partly made by a machine"),
    (AiLevel.ALL.value, "All made by a machine"),
)
_EVIDENCE = re.compile(r"([a-z]+)[\s:]+(?:sha256:)?([0-9a-f]{64})")
# Fields of the record → those of the form.
_FIELDS = {"component": "level", "ai_level": "level", "actor": "party_1", "actors": "party_1"}


class CorrectionForm(FactForm):
    """The whole record anew, a group of fields for each component."""

    reason = forms.CharField(
        max_length=600,
        widget=forms.Textarea({"class": "l-input", "rows": 3}),
        help_text="Why it is corrected, without names: the log vouches for it",
    )

    lead = (
        "What is stated here takes the place of what was stated before, which stays on record. The decision, the signed"
        " file and the splits stay as they are; who was told something else is shown on the page of the output."
    )
    done = "Corrected; who was told something else is shown below."
    refusals = {
        contributing.NothingCorrected: "reason",
        contributing.NotDecidedYet: "reason",
        contributing.CorrectedMeanwhile: "reason",
    }

    def __init__(self, *args: Any, lines: Sequence[DeclaredContribution], **options: Any) -> None:
        """Begin with today's record."""
        super().__init__(*args, **options)
        self.slots: dict[str, int] = {}
        by_component = {line.component: line for line in lines}
        for component in Component:
            self._add(component, by_component.get(component))

    def _add(self, component: str, line: DeclaredContribution | None) -> None:
        people = _people(line) if line else []
        given = sum(1 for name in self.data if re.fullmatch(rf"{component}-party_[0-9]{{1,3}}", name))
        self.slots[component] = min(making.MOST_ACTS, max(LEAST_SLOTS, len(people) + 1, given))
        self._put(component, "level", forms.ChoiceField(
            label="How it was made", choices=LEVELS, required=False, widget=forms.Select(INPUT),
            initial=line.ai_level if line else ""))  # fmt: skip
        self._put(component, "tool", forms.CharField(
            label="Tool", max_length=120, required=False, widget=forms.TextInput(INPUT),
            initial=line.tool if line else ""))  # fmt: skip
        self._put(component, "tool_version", forms.CharField(
            label="Version", max_length=60, required=False, widget=forms.TextInput({"class": "l-input is-short"}),
            initial=line.tool_version if line else ""))  # fmt: skip
        self._put(component, "is_generative", forms.ChoiceField(
            label="What the machine did", required=False, widget=forms.Select(INPUT),
            choices=[("", "As usual: it generated, or in mixing and mastering only processed"),
                     ("yes", "It generated material"), ("no", "It only processed what people made")],
            initial={None: "", True: "yes", False: "no"}[line.is_generative if line else None]))  # fmt: skip
        for number in range(1, self.slots[component] + 1):
            party, acts = people[number - 1] if number <= len(people) else (None, [])
            self._put(component, f"party_{number}", pick(Party, required=False, label="Person", initial=party))
            self._put(component, f"acts_{number}", forms.MultipleChoiceField(
                label="What they did", required=False, initial=acts,
                choices=[(act, said.capitalize()) for act, said in ACTS.items()],
                widget=forms.CheckboxSelectMultiple))  # fmt: skip
        self._put(component, "evidence", forms.CharField(
            label="Files that show it", required=False, max_length=20_000,
            widget=forms.Textarea({"class": "l-input l-mono", "rows": 2}),
            initial="\n".join(f"{one.kind} sha256:{one.digest}" for one in line.evidence) if line else "",
            help_text=f"A line each: {', '.join(MakingEvidenceKind)}, then its SHA-256. Keep the files."))  # fmt: skip

    def _put(self, component: str, name: str, field: forms.Field) -> None:
        self.fields[f"{component}-{name}"] = field

    def components(self) -> Iterable[dict[str, Any]]:
        """Return each component with its fields, and whether it is to be open."""
        for component in Component:
            fields = [self[name] for name in self.fields if name.startswith(f"{component}-")]
            level = self[f"{component}-level"].value() or ""
            yield {
                "name": COMPONENTS[component],
                "said": dict(LEVELS).get(level, ""),
                "fields": fields,
                "is_open": any(field.errors for field in fields),
                "is_stated": bool(level),
            }

    def clean(self) -> dict[str, Any]:
        """Read the record, and say at each field what contradicts it."""
        given = super().clean() or self.cleaned_data
        lines = [line for component in Component if (line := self._line(component, given)) is not None]
        for wrong in making.contradictions(lines):
            if wrong.position < 0:
                self.add_error(None, wrong.sentence)
            else:
                field = _FIELDS.get(wrong.field, wrong.field)
                self.add_error(f"{lines[wrong.position].component}-{field}", wrong.sentence)
        given["lines"] = tuple(lines)
        return given

    def _line(self, component: str, given: dict[str, Any]) -> DeclaredContribution | None:
        def said(name: str) -> Any:
            return given.get(f"{component}-{name}") or ""

        people = [
            (said(f"party_{number}"), said(f"acts_{number}") or []) for number in range(1, self.slots[component] + 1)
        ]
        named = [(party.pk, acts) for party, acts in people if party]
        if not said("level"):
            if named or said("tool") or said("evidence"):
                self.add_error(f"{component}-level", "Say how it was made, or leave everything about it empty.")
            return None
        for number, (party, acts) in enumerate(people, start=1):
            if acts and not party:
                self.add_error(f"{component}-party_{number}", "Say who did this.")
        bare = [party for party, acts in named if not acts]
        if bare and len(named) > 1:
            self.add_error(f"{component}-party_1", "Say of each person what they did.")
        return DeclaredContribution(
            component,
            said("level"),
            said("tool"),
            bare[0] if bare and len(named) == 1 else None,
            tool_version=said("tool_version"),
            is_generative={"": None, "yes": True, "no": False}[said("is_generative")],
            acts=tuple(sorted({DeclaredAct(party, act) for party, acts in named for act in acts})),
            evidence=self._evidence(component, said("evidence")),
        )

    def _evidence(self, component: str, text: str) -> tuple[DeclaredEvidence, ...]:
        found = []
        for row in filter(None, map(str.strip, text.lower().splitlines())):
            match = _EVIDENCE.fullmatch(row)
            if match is None:
                self.add_error(f"{component}-evidence", f"Write a kind and a SHA-256: {row[:40]}")
            else:
                found.append(DeclaredEvidence(match[1], match[2]))
        return tuple(sorted(found))


def _people(line: DeclaredContribution) -> list[tuple[UUID, list[str]]]:
    if line.actor_id:
        return [(line.actor_id, [])]
    found: dict[UUID, list[str]] = {}
    for act in line.acts:
        found.setdefault(act.party_id, []).append(act.act)
    return list(found.items())


class SentForm(FactForm):
    """That a recipient was told."""

    statement = forms.CharField(widget=forms.HiddenInput, max_length=64)
    version = forms.CharField(widget=forms.HiddenInput, max_length=32)
    recipient = forms.RegexField(
        r"^[a-z0-9][a-z0-9.-]*$",
        max_length=60,
        widget=forms.TextInput(INPUT),
        help_text="Who was told: lower-case letters, digits, dots and dashes",
    )
    message = forms.CharField(
        label="Your number of the message", max_length=120, required=False, widget=forms.TextInput(INPUT)
    )

    lead = "Records that you sent this statement, word for word, so that it is found where it is not so any more."
    done = "Recorded; if the record is corrected, this page says who was told something else."
    groups = (("To whom", ("recipient", "message")),)
    refusals = {
        disclosing.NotOurStatement: "recipient",
        disclosures.NothingDeclared: "recipient",
        disclosures.NoSuchProfile: "recipient",
    }


class AnswerForm(FactForm):
    """What a recipient answered."""

    answer = forms.ChoiceField(
        choices=[(one, one.capitalize()) for one in DisclosureAnswer.ANSWERS], widget=forms.Select(INPUT)
    )
    code = forms.CharField(
        label="Its own word for why",
        required=False,
        max_length=60,
        widget=forms.TextInput(INPUT),
        help_text="Such as a code; without names",
    )
    digest = forms.RegexField(
        r"^(sha256:)?[0-9a-f]{64}$",
        label="SHA-256 of its message",
        required=False,
        widget=forms.TextInput({"class": "l-input l-mono"}),
        help_text="Of the message that you keep",
    )
    on = DateField(label="Answered on", help_text="Not before it was told, and not ahead")

    lead = "A later answer supersedes an earlier one; both stay on record."
    done = "Recorded; it stands beside what was told."
    groups = (("The answer", ("answer", "code", "on")), ("Its message", ("digest",)))
    refusals = {disclosing.AnsweredInTheFuture: "on"}


def _moment_of(day: date, *, after: datetime, until: datetime) -> datetime:
    """Return a moment of a day: its end, or now where it is today's; and not before what is answered on that day."""
    end = until if day == until.date() else datetime.combine(day, time.max, tzinfo=UTC)
    return max(end, after) if day == after.date() else end


class MakingPages(FactAdmin):
    """Pages of an output about who or what made it, and who was told."""

    def making_urls(self) -> list[URLPattern]:
        """Return their addresses."""
        view = self.admin_site.admin_view
        return [
            path("<uuid:id>/making/", view(self.making_view), name="rights_submission_making"),
            path("<uuid:id>/told/<slug:profile>/", view(self.told_view), name="rights_submission_told"),
            path("<uuid:id>/answers/<uuid:told_id>/", view(self.answer_view), name="rights_submission_answer"),
            path(
                "<uuid:id>/statements/<slug:profile>/",
                view(require_safe(self.statement_view)),
                name="rights_submission_statement",
            ),
        ]

    def _own(self, request: HttpRequest, id: UUID) -> Submission:
        """Return an output that its submitter, or the operator, looks at."""
        try:
            return report.own(id, caller_of(request).sight).submission
        except NoSuchSubmission as error:
            raise Http404 from error
        except report.NotYourOutput as error:
            raise PermissionDenied from error

    def making_view(self, request: HttpRequest, id: UUID) -> HttpResponse:
        """State anew who or what made an output."""
        submission = self._own(request, id)
        if not may_submit(request, submission):
            raise PermissionDenied
        given = request.POST if request.method == "POST" else None
        lines = terms.contributions_of(submission)
        form = CorrectionForm(given, initial={"id": uuid4()}, lines=lines)
        form.look_through(caller_of(request).sight)
        if request.method == "POST" and form.is_valid():
            try:
                contributing.correct(
                    id=form.cleaned_data["id"],
                    submission_id=submission.pk,
                    author_id=submission.submitter_id,
                    contributions=form.cleaned_data["lines"],
                    reason=form.cleaned_data["reason"],
                    at=timezone.now(),
                )
            except tuple(form.refusals) as error:
                sent_twice = ContributionRecord.objects.filter(pk=form.cleaned_data["id"], submission=submission)
                if sent_twice.exists():
                    messages.info(request, "This was recorded already.")
                    return HttpResponseRedirect(sheets.address(submission))
                form.add_error(form.field_of(error), sentence_of(error))
            else:
                messages.success(request, form.done)
                return HttpResponseRedirect(f"{sheets.address(submission)}#told")
        title = f"Who or what made “{submission.title}”"
        context = {"form": form, "title": title, "lead": form.lead, "submission": submission}
        response = self.page(request, "ledger/admin/making.html", submission, context)
        response.status_code = 422 if form.errors else 200
        return response

    def told_view(self, request: HttpRequest, id: UUID, profile: str) -> HttpResponse:
        """Record that a recipient was told."""
        submission, now = self._own(request, id), timezone.now()
        if not may_submit(request, submission):
            raise PermissionDenied
        try:
            asked = disclosures.in_force_of(profile, now.date())
            statement = disclosures.derive(asked, disclosing.making_of(submission))
        except (disclosures.NoSuchProfile, disclosures.NothingDeclared) as error:
            raise Http404 from error
        title = f"{asked.recipient} was told about “{submission.title}”"
        if request.method != "POST":
            initial = {
                "id": uuid4(),
                "recipient": asked.name,
                "version": asked.version,
                "statement": statement.digest,
            }
            return self.ask(request, submission, SentForm(initial=initial), title=title)
        form = SentForm(request.POST)
        if not form.is_valid():
            return self.ask(request, submission, form, title=title)
        said = form.cleaned_data
        try:
            disclosing.send(
                id=said["id"],
                submission_id=submission.pk,
                sender_id=submission.submitter_id,
                profile=disclosures.profile(profile, said["version"]),
                recipient=said["recipient"],
                statement_digest=said["statement"],
                message=said["message"],
                sent_at=now,
                at=now,
            )
        except IntegrityError as error:
            if violated(error) != "provenance_disclosure_pkey":
                raise
            messages.info(request, "This was recorded already.")
        except tuple(form.refusals) as error:
            form.add_error(form.field_of(error), sentence_of(error))
            return self.ask(request, submission, form, title=title)
        else:
            messages.success(request, form.done)
        return HttpResponseRedirect(f"{sheets.address(submission)}#told")

    def answer_view(self, request: HttpRequest, id: UUID, told_id: UUID) -> HttpResponse:
        """Record what a recipient answered to what it was told."""
        submission, now = self._own(request, id), timezone.now()
        if not may_submit(request, submission):
            raise PermissionDenied
        told = Disclosure.objects.filter(pk=told_id, submission=submission).first()
        if told is None:
            raise Http404
        title = f"What {told.recipient} answered about “{submission.title}”"
        form = AnswerForm(request.POST) if request.method == "POST" else None
        if form is None or not form.is_valid():
            return self.ask(
                request, submission, form or AnswerForm(initial={"id": uuid4(), "on": now.date()}), title=title
            )
        said = form.cleaned_data
        try:
            disclosing.answer(
                id=said["id"],
                disclosure_id=told.pk,
                answer=said["answer"],
                code=said["code"],
                document_digest=said["digest"].removeprefix("sha256:"),
                answered_at=_moment_of(said["on"], after=told.sent_at, until=now),
                at=now,
            )
        except IntegrityError as error:
            if violated(error) != "provenance_disclosureanswer_pkey":
                raise
            messages.info(request, "This was recorded already.")
        except tuple(form.refusals) as error:
            form.add_error(form.field_of(error), sentence_of(error))
            return self.ask(request, submission, form, title=title)
        else:
            messages.success(request, form.done)
        return HttpResponseRedirect(f"{sheets.address(submission)}#told")

    def statement_view(self, request: HttpRequest, id: UUID, profile: str) -> HttpResponse:
        """Download what a recipient's machine reads."""
        submission = self._own(request, id)
        try:
            asked = disclosures.in_force_of(profile, timezone.now().date())
            statement = disclosures.derive(asked, disclosing.making_of(submission))
        except (disclosures.NoSuchProfile, disclosures.NothingDeclared) as error:
            raise Http404 from error
        response = HttpResponse(statement.for_machines, content_type=statement.media_type)
        kind = "xml" if statement.fragment else "json"
        name = f"{submission.pk}.{asked.name}.{kind}"
        response["Content-Disposition"] = f'attachment; filename="{name}"'
        return response


@dataclass(frozen=True)
class Table:
    """A statement for people: parties by their names, which the statement itself does not hold."""

    profile: Profile
    rows: tuple[tuple[str, tuple[str, ...]], ...]
    notes: tuple[str, ...]
    problems: tuple[str, ...]
    is_xml: bool


@dataclass(frozen=True)
class Telling:
    """What recipients are told about an output, and were told."""

    statements: tuple[Table, ...]
    sent: tuple[Told, ...]
    disagreeing: tuple[Told, ...]


def told(found: report.Dossier, *, on: date) -> Telling | None:
    """Return what is for the submitter's eyes, None where nothing is declared or somebody else looks."""
    if not found.is_own:
        return None
    try:
        statements = disclosing.statements(found.submission, on=on)
    except disclosures.NothingDeclared:
        return None
    sent = disclosing.told(found.submission, on=on)
    return Telling(tuple(_table(one, _names(found)) for one in statements), sent, disclosing.disagreeing(sent))


def _names(found: report.Dossier) -> dict[str, str]:
    """Return how a message refers to each party, and what they are called."""
    if found.making is None:
        return {}
    people = [row.actor for row in found.making.contributions if row.actor] + [act.party for act in found.making.acts]
    return {ern.reference(party.pk): str(party) for party in people}


def _table(statement: Statement, names: dict[str, str]) -> Table:
    def called(said: str) -> str:
        reference, comma, rest = said.partition(",")
        return f"{names.get(reference, reference)}{comma}{rest}"

    errors: Iterable[str]
    try:
        errors = disclosing.against_schema(statement) or ()
    except ern.NoSuchSchema as error:
        errors = (sentence_of(error),)
    return Table(
        statement.profile,
        tuple((answer.title, tuple(map(called, answer.in_words))) for answer in statement.answers),
        statement.notes,
        (*(problem.sentence for problem in statement.problems), *errors),
        is_xml=statement.fragment is not None,
    )


def may_submit(request: HttpRequest, submission: Submission) -> bool:
    return caller_of(request).acts_for(submission.submitter_id, Verb.SUBMIT)
