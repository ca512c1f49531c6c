"""Outputs: what was submitted, what was decided, and listening to why."""

from __future__ import annotations

from collections.abc import Sequence
from fractions import Fraction
from typing import Any
from uuid import UUID, uuid4

from django import forms
from django.contrib import admin, messages
from django.core.exceptions import PermissionDenied
from django.db import IntegrityError
from django.db.models import Prefetch, QuerySet
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseRedirect
from django.urls import URLPattern, path, reverse
from django.utils import timezone
from django.views.decorators.http import require_POST

from fingerprint.copies import NoLosslessCopy
from ledger import copying, influencing, jobs, report, stating, tasks, today
from ledger.access import Caller, Verb
from ledger.admin import making, sheets
from ledger.admin.appeals import may_appeal
from ledger.admin.facts import FactAdmin
from ledger.admin.fields import INPUT, digest_of, pick
from ledger.admin.forms import FactForm, sentence_of
from ledger.admin.reviews import case_url
from ledger.admin.sheets import Sheet, Shown, Step, Table
from ledger.api.access import caller_of
from ledger.api.submissions import CURRENCIES
from ledger.clearance import NoSuchSubmission
from ledger.constraints import violated
from ledger.models import Job
from ledger.reports import presentation
from provenance import statuses
from provenance.guards import MediaTypeNotSignable
from provenance.models import Manifest
from provenance.statuses import Reason, Status
from rights import territories
from rights.case import Side
from rights.models import Decision, Finding, License, Recheck, Recording, Submission, Work
from royalties import earnings, money
from royalties.earnings import Receipt

MOST_WEIGHED = 50
MOST_RECHECKS = 20
SHORT = {"class": "l-input is-short"}
NAMES_OF_CONTAINERS = {"audio/wav": "WAV", "audio/aiff": "AIFF", "audio/flac": "FLAC", "audio/mp4": "M4A"}
NAMES = {"waiting": "Waiting", "failed": "Given up", "review": "For review", "refused": "Refused", "cleared": "Cleared"}


class StatusForm(FactForm):
    """What the signed file of an output stands for from now on."""

    known_at = forms.DateTimeField(widget=forms.HiddenInput, required=False)  # when this page was shown
    status = forms.ChoiceField(
        choices=[(status.value, presentation.STATUSES[status][1]) for status in Status],
        widget=forms.Select(INPUT),
    )
    reason = forms.ChoiceField(
        choices=[
            (presentation.STATUSES[status][1], [(one.value, statuses.WORDS[one]) for one in statuses.STATED
                                                if one in statuses.SPEAK_FOR[status]])
            for status in Status
        ],
        widget=forms.Select(INPUT),
        help_text="Shown in public, as these words",
    )  # fmt: skip
    successor = pick(
        Submission,
        label="Superseded by",
        required=False,
        help_text="The output that takes its place: of the same submitter, cleared and active",
    )
    document = forms.FileField(
        label="What shows it",
        required=False,
        widget=forms.FileInput(INPUT),
        help_text="Needed to make a status less grave; only its SHA-256 is kept",
    )
    digest = forms.CharField(
        label="or its SHA-256", required=False, max_length=71, widget=forms.TextInput({"class": "l-input l-mono"})
    )
    note = forms.CharField(
        required=False,
        max_length=600,
        widget=forms.Textarea({"class": "l-input", "rows": 4}),
        help_text="Without names; not shown in public",
    )

    lead = (
        "Everybody who has the file may ask for its status, at the address in its certificate. The file itself is not"
        " changed. What was stated before stays on record."
    )
    done = "Recorded; the public status says so from now on."
    groups = (
        ("What it stands for", ("status", "reason", "successor")),
        ("Why", ("document", "digest", "note")),
    )
    refusals = {
        stating.ReasonSpeaksOtherwise: "reason",
        stating.SuccessorMissing: "successor",
        stating.SuccessorOutOfPlace: "successor",
        stating.EvidenceMissing: "document",
        stating.NothingStated: "status",
        stating.NeedsAnotherPerson: "status",
        stating.OnlyTheOperator: "status",
        stating.StatusChangedMeanwhile: "status",
    }

    def clean(self) -> dict[str, Any]:
        """Find the digest of what shows it."""
        given = super().clean() or self.cleaned_data
        given["evidence_digest"] = ""
        if given.get("document") or given.get("digest"):
            try:
                given["evidence_digest"] = digest_of(given.get("document"), given.get("digest", ""))
            except forms.ValidationError:
                self.add_error("document", "Give it as a file, or its SHA-256; one of the two.")
        return given


class StateFilter(admin.SimpleListFilter):
    """What came of an output."""

    title = "outcome"
    parameter_name = "state"

    def lookups(self, request: HttpRequest, model_admin: Any) -> list[tuple[str, str]]:  # noqa: ARG002
        """Offer every state."""
        return list(NAMES.items())

    def queryset(self, request: HttpRequest, queryset: QuerySet[Any]) -> QuerySet[Any]:  # noqa: ARG002
        """Keep one."""
        return queryset.filter(state=self.value()) if self.value() in NAMES else queryset


@admin.register(Submission)
class SubmissionAdmin(making.MakingPages):
    """What distributors want to release."""

    search_fields = ("title", "id")
    search_help_text = "Title or id"
    list_display = (
        "title",
        "shown_state",
        "shown_submitter",
        sheets.column("release_on", "Release"),
        sheets.column("submitted_at", "Submitted"),
        "shown_id",
    )
    list_filter = (StateFilter,)
    ordering = ("-submitted_at",)
    about = "What distributors submitted through the API, and what was decided about it."
    blank = (
        "Nothing was submitted yet. A distributor submits outputs through the API, with a client that speaks for it."
    )
    has_filter_button = False  # the chips above the list are the filter
    list_before_template = "ledger/admin/list_before_outputs.html"

    def get_urls(self) -> list[URLPattern]:
        """Add trying again, stating a status, asking for a copy, and what receipts would pay."""
        retry = self.admin_site.admin_view(require_POST(self.retry_view))
        copy = self.admin_site.admin_view(require_POST(self.copy_view))
        state = self.admin_site.admin_view(self.status_view)
        earned = self.admin_site.admin_view(self.earnings_view)
        return [
            path("<uuid:id>/retry/", retry, name="rights_submission_retry"),
            path("<uuid:id>/copy/", copy, name="rights_submission_copy"),
            path("<uuid:id>/status/", state, name="rights_submission_status"),
            path("<uuid:id>/earnings/", earned, name="rights_submission_earnings"),
            *self.making_urls(),
            *super().get_urls(),
        ]

    def get_queryset(self, request: HttpRequest) -> QuerySet[Submission]:
        """Return submissions with their states."""
        return today.outputs(caller_of(request).sight).order_by("-submitted_at")

    def changelist_view(self, request: HttpRequest, extra_context: dict[str, Any] | None = None) -> HttpResponse:
        """Show the list under the number of outputs in each state."""
        counts = today.counts(caller_of(request).sight)
        chips = [(state, NAMES[state], counts[state]) for state in today.STATES]
        given = {"state_counts": chips, "state_total": sum(counts.values()), "state_now": request.GET.get("state", "")}
        return super().changelist_view(request, {**given, **(extra_context or {})})

    @admin.display(description="Outcome", ordering="state")
    def shown_state(self, row: Any) -> Shown:
        """Show the state."""
        return sheets.chip(row.state)

    @admin.display(description="Submitted by")
    def shown_submitter(self, row: Submission) -> Shown:
        """Link to who submitted it."""
        return sheets.link(row.submitter)

    @admin.display(description="Id")
    def shown_id(self, row: Submission) -> Shown:
        """Show the beginning of the id."""
        return sheets.short_id(row.pk)

    def change_view(self, request: HttpRequest, object_id: str, *_unused: Any, **_also: Any) -> HttpResponse:
        """Show one output: outcome, findings, both sides of every match to listen to, splits, manifest, entries."""
        if request.method not in {"GET", "HEAD"} or not self.has_view_permission(request):
            raise PermissionDenied
        try:
            found = report.dossier(UUID(object_id), caller_of(request).sight)
        except (ValueError, NoSuchSubmission) as error:
            raise Http404 from error
        context = {
            "page": presentation.page(found, at=timezone.now()),
            "players": True,
            "copyable": True,
            "rechecks": self.seen(
                request, Recheck.objects.filter(decision__submission=found.submission).prefetch_related("findings")
            ).order_by("-rechecked_at")[:MOST_RECHECKS],
            "review_url": case_url(found.decision.pk) if found.decision and found.decision.examination_id else "",
            "appeal_url": (
                reverse("admin:rights_appeal_against", args=[found.decision.pk])
                if found.decision and may_appeal(caller_of(request), found.decision)
                else ""
            ),
            "compared": _compared(found) if found.is_own and found.attributions else [],
            "told": making.told(found, on=timezone.now().date()),
            "may_correct": bool(found.decision) and making.may_submit(request, found.submission),
            "may_retry": found.state == today.FAILED and _may_retry(request, found.submission),
            "copies": [
                (NAMES_OF_CONTAINERS[one.order.media_type], one)
                for one in (copying.ordered(found.submission.pk) if found.is_own else ())
            ],
            "containers": [
                (media_type, NAMES_OF_CONTAINERS[media_type])
                for media_type in (copying.containers(found.submission.pk) if _may_copy(request, found) else ())
            ],
            "status_url": (
                reverse("admin:rights_submission_status", args=[found.submission.pk])
                if found.manifest and _may_state(caller_of(request), found.submission)
                else ""
            ),
        }
        return self.page(request, "ledger/admin/submission.html", found.submission, context)

    def status_view(self, request: HttpRequest, id: UUID) -> HttpResponse:
        """State what the signed file of an output stands for from now on."""
        submission = self.fact(request, id)
        caller = caller_of(request)
        manifest = self.seen(request, Manifest.objects.filter(decision__submission=id)).first()
        if manifest is None:
            raise Http404
        if not _may_state(caller, submission):
            raise PermissionDenied
        title = f"State the status of “{submission.title}”"
        if request.method != "POST":
            form = StatusForm(
                initial={
                    "id": uuid4(),
                    "known_at": timezone.now().isoformat(),
                    "status": Status.QUARANTINED.value,
                    "reason": Reason.RIGHTS_DISPUTED.value,
                }
            )
            form.look_through(caller.sight)
            return self.ask(request, submission, form, title=title)
        form = StatusForm(request.POST, request.FILES)
        form.look_through(caller.sight)
        if not form.is_valid():
            return self.ask(request, submission, form, title=title)
        given = form.cleaned_data
        successor = (
            self.seen(request, Manifest.objects.filter(decision__submission=given["successor"])).first()
            if given["successor"]
            else None
        )
        try:
            stating.state(
                id=given["id"],
                manifest_id=manifest.pk,
                status=Status(given["status"]),
                reason=Reason(given["reason"]),
                successor_id=successor.pk if successor else None,
                evidence_digest=given["evidence_digest"],
                note=given["note"],
                stated_by_id=request.user.pk,
                party_id=None if caller.is_operator else submission.submitter_id,
                is_operator=caller.is_operator,
                known_at=given["known_at"],
                at=timezone.now(),
            )
        except IntegrityError as error:
            if violated(error) != "provenance_manifeststatus_pkey":
                raise
            messages.info(request, "This was recorded already.")
        except tuple(form.refusals) as error:
            form.add_error(form.field_of(error), sentence_of(error))
            return self.ask(request, submission, form, title=title)
        else:
            messages.success(request, form.done)
        return HttpResponseRedirect(sheets.address(submission))

    def copy_view(self, request: HttpRequest, id: UUID) -> HttpResponse:
        """Ask for a copy in another container."""
        try:
            found = report.dossier(id, caller_of(request).sight)
        except NoSuchSubmission as error:
            raise Http404 from error
        if not _may_copy(request, found):
            raise PermissionDenied
        try:
            order = copying.order(
                id=uuid4(), submission_id=id, media_type=request.POST.get("media_type", ""), at=timezone.now()
            )
        except (copying.AlreadyOrdered, copying.NothingToCopy, copying.SameContainer) as error:
            messages.info(request, str(error) or str(type(error).__doc__))
        except (NoLosslessCopy, MediaTypeNotSignable) as error:
            messages.error(request, str(error))
        else:
            # Committed; the message is a hint, and a sweep finds what it misses.
            tasks.ring_for(Job.Kind.COPY, order.pk)
            messages.success(request, "The copy is being made and signed; it stands under “Signed file” once it is.")
        return HttpResponseRedirect(sheets.address(found.submission))

    def retry_view(self, request: HttpRequest, id: UUID) -> HttpResponse:
        """Put an examination that was given up back into the queue."""
        if not request.user.has_perm("ledger.change_job"):
            raise PermissionDenied
        submission = self.fact(request, id)
        if not _may_retry(request, submission):
            raise PermissionDenied
        if jobs.retry(Job.Kind.CLEAR, submission.pk, at=timezone.now()):
            # Committed; the message is a hint, and a sweep finds what it misses.
            tasks.ring(submission.pk)
            messages.success(request, "It is examined again; this page shows the decision once it is there.")
        else:
            messages.info(request, "Nothing to try again: this examination was not given up.")
        return HttpResponseRedirect(sheets.address(submission))

    def earnings_view(self, request: HttpRequest, id: UUID) -> HttpResponse:
        """Divide a receipt that somebody thinks of among everybody with a part in the output; nothing is booked."""
        if request.method not in {"GET", "HEAD"} or not self.has_view_permission(request):
            raise PermissionDenied
        try:
            found = report.own(id, caller_of(request).sight)
        except NoSuchSubmission as error:
            raise Http404 from error
        if found.current is None:
            raise Http404
        countries = sorted(country for zone in found.current.zones for country in zone.territories)
        form = EarningsForm(request.GET if "amount" in request.GET else None, countries=countries)
        context = {
            "title": "What would it pay?",
            "submission": found.submission,
            "form": form,
            "divided": _divided(found, form.receipt) if form.is_valid() else None,
        }
        response = self.page(request, "ledger/admin/earnings.html", found.submission, context)
        response.status_code = 422 if form.errors else 200
        return response


class EarningsForm(forms.Form):
    """A net receipt, settled in its own currency."""

    amount = forms.CharField(
        max_length=50, initial="1000.00", help_text="Net, such as 1000.01", widget=forms.TextInput(SHORT)
    )
    currency = forms.ChoiceField(
        choices=[(code, code) for code in CURRENCIES], initial="EUR", widget=forms.Select(SHORT)
    )
    country = forms.ChoiceField(help_text="Where it was used", widget=forms.Select(SHORT))

    def __init__(self, data: Any = None, *, countries: Sequence[str]) -> None:
        """Offer the countries that the output was cleared for."""
        super().__init__(data)
        named = [(code, territories.name(code)) for code in countries]
        self.fields["country"].choices = sorted(named, key=lambda one: one[1])  # type: ignore[attr-defined]
        self.fields["country"].initial = "DE" if "DE" in countries else countries[0]

    def clean_amount(self) -> Fraction:
        """Read the amount exactly."""
        try:
            return money.read(self.cleaned_data["amount"].strip())
        except money.NotAnAmount as error:
            raise forms.ValidationError(str(error.__doc__)) from error

    def clean(self) -> dict[str, Any]:
        """Check that it can be booked."""
        given: dict[str, Any] = super().clean() or {}
        if "amount" in given and "currency" in given:
            try:
                money.minor(given["amount"], given["currency"])
            except money.BeyondMoney as error:
                self.add_error("amount", str(error.__doc__))
        return given

    @property
    def receipt(self) -> Receipt:
        """What was asked about."""
        given = self.cleaned_data
        return Receipt(given["country"], given["amount"], given["currency"])


def _divided(found: report.Dossier, receipt: Receipt) -> dict[str, Any]:
    if found.current is None:
        raise report.NotDivided
    (pool,) = earnings.earned(found.current, [receipt], currency=receipt.currency).pools
    number = next(n for n, zone in enumerate(found.current.zones) if receipt.country in zone.territories)
    lines = {line.leaf: line for _, line in pool.lines}
    rows = [(part, lines[part.leaf]) for part in presentation.page(found, at=timezone.now()).zones[number].parts]
    return {
        "where": territories.name(receipt.country),
        "currency": receipt.currency,
        "amount": money.written(pool.units, receipt.currency),
        "leftover": sum(line.has_leftover for _, line in rows),
        "rows": [
            {
                "part": part,
                "exact": str(line.exact),
                "amount": money.written(line.units, receipt.currency),
                "has_leftover": line.has_leftover,
            }
            for part, line in rows
        ],
    }


_OF_SIDE = {Side.MASTER: "Recordings", Side.PUBLISHING: "Works"}


def _compared(found: report.Dossier) -> list[dict[str, Any]]:
    """Return what each source weighs of each asset, and how far they are apart; ours is called what it is."""
    shown = []
    for one in influencing.compare(found.submission.pk, at=timezone.now()):
        names = {
            source.name: str(source.influence.provider) if source.influence else "Our similarity, not influence"
            for source in one.sources
        }
        model: Any = Recording if one.side is Side.MASTER else Work
        titles = dict(
            model.objects.filter(pk__in={id for source in one.sources for id in source.weights[one.side]})
            .order_by("title")
            .values_list("pk", "title")
        )
        shown.append(
            {
                "title": _OF_SIDE[one.side],
                "names": list(names.values()),
                "rows": [
                    (
                        title,
                        [
                            (names[source.name], str(source.weights[one.side].get(asset_id, Fraction(0))))
                            for source in one.sources
                        ],
                    )
                    for asset_id, title in list(titles.items())[:MOST_WEIGHED]
                ],
                "distances": [
                    {
                        "one": names[pair.one],
                        "other": names[pair.other],
                        "percent": "{}.{} %".format(*divmod(round(pair.distance * 1000), 10)),
                        "exact": str(pair.distance),
                    }
                    for pair in one.disagreements[:MOST_WEIGHED]
                ],
            }
        )
    return shown


def _may_state(caller: Caller, submission: Submission) -> bool:
    return any(caller.acts_for(submission.submitter_id, verb) for verb in (Verb.SUBMIT, Verb.REVIEW))


def _may_copy(request: HttpRequest, found: report.Dossier) -> bool:
    return found.is_own and caller_of(request).acts_for(found.submission.submitter_id, Verb.SUBMIT)


def _may_retry(request: HttpRequest, submission: Submission) -> bool:
    may = request.user.has_perm("ledger.change_job")
    return may and caller_of(request).acts_for(submission.submitter_id, Verb.REVIEW)


@admin.register(Decision)
class DecisionAdmin(FactAdmin):
    """What was decided; final."""

    search_fields = ("submission__title", "id")
    search_help_text = "Title or id"
    list_display = (
        "shown_submission",
        "shown_outcome",
        "shown_findings",
        "policy_version",
        sheets.column("decided_at", "Decided"),
        "shown_id",
    )
    list_filter = ("outcome",)
    list_select_related = ("submission",)
    ordering = ("-decided_at",)
    blank = "Nothing was decided yet. Every submission is examined and decided within seconds while a worker runs."
    about = "One for each output, final, with every obligation that did not hold."

    def get_queryset(self, request: HttpRequest) -> QuerySet[Decision]:
        """Return decisions with their findings."""
        rows: QuerySet[Decision] = super().get_queryset(request)
        return rows.prefetch_related(Prefetch("findings", self.seen(request, Finding.objects.all())))

    @admin.display(description="Output")
    def shown_submission(self, row: Decision) -> str:
        """Show what it is about."""
        return row.submission.title

    @admin.display(description="Outcome", ordering="outcome")
    def shown_outcome(self, row: Decision) -> Shown:
        """Show the outcome."""
        return sheets.chip(row.outcome)

    @admin.display(description="Findings")
    def shown_findings(self, row: Decision) -> int:
        """Count the findings."""
        return len(row.findings.all())

    @admin.display(description="Id")
    def shown_id(self, row: Decision) -> Shown:
        """Show the beginning of the id."""
        return sheets.short_id(row.pk)

    def sheet(self, request: HttpRequest, fact: Decision) -> Sheet:
        """Show what was decided, and on what."""
        examination = fact.examination
        return Sheet(
            title=f"Decision on “{fact.submission.title}”",
            lead="Final. A new submission gets a new decision.",
            chip=sheets.chip(fact.outcome),
            steps=(
                Step("Open the output", sheets.address(fact.submission)),
                Step("Report", reverse("reports:submission", args=[fact.submission_id])),
            ),
            facts=(
                ("Output", sheets.link(fact.submission)),
                ("Policy", fact.policy_version),
                ("Known up to", sheets.moment(fact.known_at)),
                ("Decided", sheets.moment(fact.decided_at)),
                ("Evidence", sheets.long_id(f"sha256:{examination.digest}") if examination else "None was measured"),
                ("Rests on licenses", sheets.links(self.seen(request, License.objects.filter(pk__in=fact.licenses)))),
                ("Id", sheets.long_id(fact.pk)),
                sheets.entry_of(decision=fact),
            ),
            tables=(
                Table("Findings", ("Rule", "Effect", "Sentence"),
                      tuple((finding.rule.replace("_", " "), finding.effect, finding.sentence)
                            for finding in self.seen(request, fact.findings.order_by("position"))),
                      "Every obligation holds."),
            ),
        )  # fmt: skip
