"""The review desk: what waits for people, one case with both sides of every match, and what was decided about it."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID, uuid4

from django import forms
from django.contrib import admin, messages
from django.contrib.auth import get_user_model
from django.core.exceptions import PermissionDenied
from django.core.paginator import Paginator
from django.db import IntegrityError
from django.db.models import Count, Exists, OuterRef, Q, QuerySet
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseRedirect
from django.urls import URLPattern, path, reverse
from django.utils import timezone
from django.views.decorators.http import require_POST

from ledger import access, appealing, report, reviewing
from ledger.access import Verb
from ledger.admin import sheets
from ledger.admin.facts import FactAdmin
from ledger.admin.fields import INPUT, digest_of
from ledger.admin.forms import FactForm, sentence_of
from ledger.admin.sheets import Sheet, Shown, Step
from ledger.api.access import caller_of
from ledger.clearance import NoSuchSubmission
from ledger.constraints import violated
from ledger.models import Membership, ReviewClaim
from ledger.reports import presentation, situations
from ledger.reviewing import CLEARING, REFUSING, SAID, Part
from rights import decisions
from rights.case import Effect
from rights.models import Appeal, Decision, Finding, Recheck, Review, Submission
from rights.policy import Waiver
from rights.vocabulary import Outcome, ReviewReason

PER_PAGE = 40
RULES = {  # what somebody has to listen or look for
    "matches_are_declared": "Recording",
    "versions_are_declared": "Version",
    "voices_are_consented": "Voice",
    "ingredients_are_heard": "Not heard",
    "audio_can_be_compared": "Audio",
    "making_is_declared": "Making",
    "ingredients_are_licensed": "License",
    "holders_consent": "Consent",
    "output_can_be_split": "Splits",
    "output_can_be_signed": "Signing",
}
KINDS = {
    "matches_are_declared": "exact_match",
    "versions_are_declared": "version_match",
    "voices_are_consented": "voice_match",
}
NEEDS = {
    Waiver.JUDGMENT: "your own ears and judgment",
    Waiver.EVIDENCE: "a document, by its digest",
    Waiver.VOUCHING: "a document that shows the singer’s consent, from somebody who may vouch for it",
    Waiver.NEVER: "nothing: something stands against it that no reviewer may let pass",
}
WHO = {"all": "All", "mine": "Mine", "free": "Nobody’s", "second": "Needs a second", "overdue": "Overdue"}


@dataclass(frozen=True)
class Due:
    """By when, in words and as a chip."""

    at: datetime
    said: str
    look: str


def due(at: datetime, *, now: datetime) -> Due:
    """Return how much of the time to look at something is left."""
    left = at - now
    if left < timedelta(0):
        return Due(at, f"{_span(-left)} over", "refused")
    return Due(at, f"in {_span(left)}", "review" if left < timedelta(hours=12) else "none")


def _span(length: timedelta) -> str:
    hours = int(length.total_seconds() // 3600)
    if hours >= 48:
        return f"{hours // 24} days"
    if hours >= 1:
        return f"{hours} h"
    return f"{max(1, int(length.total_seconds() // 60))} min"


@dataclass(frozen=True)
class Waiting:
    """One row of the queue."""

    decision: Decision
    due: Due
    findings: tuple[tuple[str, str], ...]  # chip and word
    sentence: str
    at_it: str
    is_mine: bool
    reviews: int
    url: str


# --- The form.


def _reasons(among: Iterable[ReviewReason]) -> list[tuple[str, str]]:
    return [(reason.value, SAID[reason][:1].upper() + SAID[reason][1:]) for reason in ReviewReason if reason in among]


class ReviewForm(FactForm):
    """What one person found."""

    outcome = forms.ChoiceField(
        choices=[(Outcome.CLEARED.value, "Clear it"), (Outcome.REFUSED.value, "Refuse it")], widget=forms.RadioSelect
    )
    reason = forms.ChoiceField(
        choices=[("", "Choose why"), ("To clear", _reasons(CLEARING)), ("To refuse", _reasons(REFUSING))],
        widget=forms.Select(INPUT),
    )
    note = forms.CharField(
        required=False, max_length=600, widget=forms.Textarea({"class": "l-input", "rows": 4, "maxlength": 600})
    )
    document = forms.FileField(required=False, widget=forms.FileInput(INPUT))
    digest = forms.CharField(required=False, max_length=71, widget=forms.TextInput({"class": "l-input l-mono"}))

    done = "Recorded."
    refusals = {
        reviewing.ReasonSpeaksOtherwise: "reason",
        reviewing.EvidenceMissing: "document",
        reviewing.NobodyVouches: "outcome",
        reviewing.StillStands: "outcome",
        reviewing.ClaimedByAnother: "outcome",
        reviewing.NeedsAnotherReviewer: "outcome",
        reviewing.ReviewedMeanwhile: "outcome",
        reviewing.AlreadySettled: "outcome",
        reviewing.NotForReview: "outcome",
    }

    def clean(self) -> dict[str, Any]:
        """Find the digest of the document, where one is given."""
        given = super().clean() or self.cleaned_data
        given["evidence_digest"] = ""
        if given.get("document") or given.get("digest"):
            try:
                given["evidence_digest"] = digest_of(given.get("document"), given.get("digest", ""))
            except forms.ValidationError as error:
                self.add_error("document", error)
        return given


# --- The pages.


@admin.register(Review)
class ReviewAdmin(FactAdmin):
    """What people decided, and what waits for them."""

    def get_urls(self) -> list[URLPattern]:
        """Add the case and what one does about it."""
        view = self.admin_site.admin_view
        own = [
            path("case/<uuid:id>/", view(self.case_view), name="rights_review_case"),
            path("case/<uuid:id>/<str:act>/", view(require_POST(self.act_view)), name="rights_review_act"),
        ]
        return [*own, *super().get_urls()]

    # --- The queue.

    def changelist_view(self, request: HttpRequest, extra_context: dict[str, Any] | None = None) -> HttpResponse:  # noqa: ARG002
        """Show what waits, the longest first."""
        if not self.has_view_permission(request):
            raise PermissionDenied
        caller, now = caller_of(request), timezone.now()
        who, rule = request.GET.get("who", "all"), request.GET.get("about", "")
        every = reviewing.waiting(caller.sight)
        piles = {name: _of(every, name, request, now) for name in WHO}
        rows = piles.get(who, every)
        found = seen_rules(self.seen(request, Finding.objects.all()), every)
        if rule in found:
            rows = rows.filter(_has_finding(rule))
        pages = Paginator(rows.select_related("submission__submitter__identity"), PER_PAGE)
        page = pages.get_page(request.GET.get("page"))
        gate = voice_gate(self.seen(request, decisions.standing()))
        context = {
            "title": "Reviews",
            "rows": self._rows(request, page.object_list, now),
            "pages": page,
            "who": who,
            "about": rule,
            "chips": [(name, said, piles[name].count()) for name, said in WHO.items()],
            "kinds": [(name, RULES.get(name, name.replace("_", " "))) for name in found],
            "stopped": self._rows(request, gate[:PER_PAGE], now) if who == "all" and not rule else [],
            "moved": self.seen(request, Recheck.objects.exclude(outcome=Outcome.CLEARED))
            .filter(decision__successor__isnull=True)
            .select_related("decision__submission__submitter__identity")
            .order_by("-rechecked_at", "id")[:PER_PAGE]
            if who == "all" and not rule
            else [],
            "appeals": appealing.waiting(caller.sight).count(),
            "may": caller.may(Verb.REVIEW) or caller.may(Verb.VOUCH),
        }
        return self.page(request, "ledger/admin/reviews.html", None, context)

    def _rows(self, request: HttpRequest, rows: Iterable[Decision], now: datetime) -> list[Waiting]:
        held = list(rows)
        ids = [row.pk for row in held]
        claims = {
            one.decision_id: one
            for one in ReviewClaim.objects.select_related("reviewer").filter(decision__in=ids, until__gt=now)
        }
        counts = dict(Review.objects.filter(decision__in=ids).values_list("decision").annotate(Count("pk")))
        findings: dict[UUID, list[Finding]] = {}
        against = Finding.objects.filter(decision__in=ids).exclude(effect=Effect.PASS.value)
        for finding in self.seen(request, against).order_by("position"):
            findings.setdefault(finding.decision_id, []).append(finding)
        return [
            Waiting(
                decision=row,
                due=due(reviewing.due_at(row), now=now),
                findings=tuple(
                    dict.fromkeys(
                        (f"kind-{KINDS[one.rule]}" if one.rule in KINDS else "none", RULES.get(one.rule, one.rule))
                        for one in findings.get(row.pk, [])
                    )
                ),
                sentence=next((one.sentence for one in findings.get(row.pk, [])), ""),
                at_it=_whose(request, claims.get(row.pk)),
                is_mine=row.pk in claims and claims[row.pk].reviewer_id == request.user.pk,
                reviews=counts.get(row.pk, 0),
                url=case_url(row.pk),
            )
            for row in held
        ]

    # --- One case.

    def case_view(self, request: HttpRequest, id: UUID) -> HttpResponse:
        """Show one case: what was found, both sides of it, both rights situations, and the decision to be made."""
        if request.method not in {"GET", "HEAD"} or not self.has_view_permission(request):
            raise PermissionDenied
        return self._case(request, id, None)

    def _decision(self, request: HttpRequest, id: UUID) -> Decision:
        rows = self.seen(request, Decision.objects.select_related("submission"))
        found: Decision | None = rows.filter(pk=id).first()
        if found is None:
            raise Http404
        return found

    def _case(self, request: HttpRequest, id: UUID, form: ReviewForm | None) -> HttpResponse:
        decision, caller, now = self._decision(request, id), caller_of(request), timezone.now()
        try:
            found = report.dossier(decision.submission_id, caller.sight)
        except NoSuchSubmission as error:
            raise Http404 from error
        desk = reviewing.desk(id, at=now)
        part = reviewing.part_of(caller, desk.decision)
        following = Decision.objects.filter(supersedes=id).first()
        is_open = following is None and reviewing.is_open(desk.decision)
        reviewed = any(one.reviewer_id == request.user.pk for one in desk.reviews)
        may = is_open and part.may_review and not reviewed
        others = desk.claim is not None and desk.claim.reviewer_id != request.user.pk
        page = presentation.page(found, at=now)
        about = situations.of(found, at=now)
        context = {
            "title": f"Review: {decision.submission.title}",
            "page": page,
            "compared": [(one, about.get(one.reference_id)) for one in page.comparisons],
            "players": True,
            "review": True,
            "copyable": True,
            "desk": desk,
            "due": due(desk.due_at, now=now),
            "following": following,
            "is_open": is_open,
            "form": form or (ReviewForm(initial={"id": uuid4()}) if may else None),
            "needs": [NEEDS[waiver] for waiver in Waiver if waiver in desk.needs],
            "wants_document": bool(desk.needs & {Waiver.EVIDENCE, Waiver.VOUCHING}),
            "may_clear": Waiver.NEVER not in desk.needs and (Waiver.VOUCHING not in desk.needs or part.may_vouch),
            "reviewed": reviewed,
            "part": part,
            "at_it": _whose(request, desk.claim),
            "is_mine": desk.claim is not None and not others,
            "is_others": others,
            "said": [self._said(request, one) for one in self._reviews(request, decision)],
            "earlier": self._earlier(request, desk.earlier),
            "appeal": self.seen(request, Appeal.objects.filter(decision=decision)).first(),
            "assignable": _reviewers(now) if caller.is_operator and is_open else [],
            "next_url": self._next(request, decision),
        }
        response = self.page(request, "ledger/admin/review.html", None, context)
        response.status_code = 422 if form is not None and form.errors else 200
        return response

    def _reviews(self, request: HttpRequest, decision: Decision) -> QuerySet[Review]:
        rows: QuerySet[Review] = self.seen(request, Review.objects.filter(decision=decision))
        return rows.select_related("reviewer").order_by("position")

    def _said(self, request: HttpRequest, row: Review) -> dict[str, Any]:
        return {
            "who": _person(request, row.reviewer),
            "outcome": row.outcome,
            "reason": SAID[ReviewReason(row.reason)],
            "note": row.note,
            "digest": row.evidence_digest,
            "at": row.reviewed_at,
            "url": sheets.address(row),
        }

    def _earlier(self, request: HttpRequest, rows: Iterable[reviewing.Earlier]) -> list[dict[str, Any]]:
        given = list(rows)
        ids = [one.decision.submission_id for one in given]
        visible = set(self.seen(request, Submission.objects.filter(pk__in=ids)).values_list("pk", flat=True))
        reasons = {
            one.decision_id: SAID[ReviewReason(one.reason)]
            for one in self.seen(
                request, Review.objects.filter(decision__successor__in=[one.decision.pk for one in given])
            ).order_by("position")
        }
        return [
            {
                "title": one.decision.submission.title,
                "url": sheets.address(one.decision.submission),
                "outcome": one.decision.outcome,
                "at": one.decision.decided_at,
                "pair": "this very audio" if one.pair == "same audio" else "the same recording and submitter",
                "reason": reasons.get(one.decision.supersedes_id, ""),
            }
            for one in given
            if one.decision.submission_id in visible
        ]

    def _next(self, request: HttpRequest, decision: Decision) -> str:
        """Return the case that waits longest, other than this one and those that others are at."""
        taken = ReviewClaim.objects.filter(decision=OuterRef("pk"), until__gt=timezone.now()).exclude(
            reviewer=request.user.pk
        )
        mine = Review.objects.filter(decision=OuterRef("pk"), reviewer=request.user.pk)
        rows = reviewing.waiting(caller_of(request).sight).exclude(pk=decision.pk).exclude(Exists(taken) | Exists(mine))
        first = rows.first()
        return case_url(first.pk) if first else ""

    # --- What one does about it.

    def act_view(self, request: HttpRequest, id: UUID, act: str) -> HttpResponse:
        """Take a case, give it back or to somebody, or decide it."""
        if act not in {"claim", "release", "assign", "decide"} or not self.has_view_permission(request):
            raise Http404
        decision = self._decision(request, id)
        caller, now, me = caller_of(request), timezone.now(), request.user.pk or 0
        if act == "release":
            reviewing.release(decision_id=id, reviewer_id=me)
            return HttpResponseRedirect(case_url(id))
        try:
            part = reviewing.check_part(caller, id)
        except reviewing.NotYourReview as error:
            raise PermissionDenied from error
        if act == "decide":
            return self._decide(request, decision, part, now)
        try:
            if act == "claim":
                reviewing.claim(decision_id=id, reviewer_id=me, at=now)
            else:
                self._assign(request, decision, now)
        except (
            reviewing.ClaimedByAnother,
            reviewing.NotForReview,
            reviewing.AlreadySettled,
            reviewing.NotYourReview,
        ) as error:
            messages.error(request, sentence_of(error))
        return HttpResponseRedirect(case_url(id))

    def _assign(self, request: HttpRequest, decision: Decision, now: datetime) -> None:
        if not caller_of(request).is_operator:
            raise PermissionDenied
        given = request.POST.get("to", "")
        users = get_user_model().objects.filter(is_active=True, is_staff=True)
        to = users.filter(pk=int(given)).first() if given.isascii() and given.isdigit() and len(given) < 10 else None
        if to is None:
            messages.error(request, "Choose to whom it goes.")
            return
        reviewing.check_part(access.caller_of_user(to, at=now), decision.pk)
        reviewing.assign(decision_id=decision.pk, to_id=to.pk, by_id=request.user.pk or 0, at=now)
        messages.success(request, f"{to.get_username()} has it now.")

    def _decide(self, request: HttpRequest, decision: Decision, part: Part, now: datetime) -> HttpResponse:
        form = ReviewForm(request.POST, request.FILES)
        if not form.is_valid():
            return self._case(request, decision.pk, form)
        given = form.cleaned_data
        try:
            done = reviewing.review(
                id=given["id"],
                decision_id=decision.pk,
                reviewer_id=request.user.pk or 0,
                outcome=Outcome(given["outcome"]),
                reason=ReviewReason(given["reason"]),
                note=given["note"],
                evidence_digest=given["evidence_digest"],
                may_vouch=part.may_vouch,
                at=now,
            )
        except tuple(form.refusals) as error:
            if isinstance(error, reviewing.NeedsAnotherReviewer) and _is_sent_again(given["id"], request):
                messages.info(request, "This was recorded already.")
                return HttpResponseRedirect(case_url(decision.pk))
            form.add_error(form.field_of(error), sentence_of(error))
            return self._case(request, decision.pk, form)
        except IntegrityError as error:
            if violated(error) != "rights_review_pkey":
                raise
            messages.info(request, "This was recorded already.")
            return HttpResponseRedirect(case_url(decision.pk))
        if done.decision is None:
            messages.success(request, "Recorded. It takes a second person, who now finds it in the queue.")
        else:
            messages.success(request, f"Recorded; “{decision.submission.title}” is {done.decision.outcome}.")
        return HttpResponseRedirect(self._next(request, decision) or reverse("admin:rights_review_changelist"))

    # --- One review, as a fact.

    def sheet(self, request: HttpRequest, fact: Review) -> Sheet:
        """Show what one person found."""
        return Sheet(
            title=f"Review of “{fact.decision.submission.title}”",
            lead=f"One person’s finding, number {fact.position + 1} about this decision.",
            chip=sheets.chip(fact.outcome),
            steps=(Step("Open the case", case_url(fact.decision_id)),),
            facts=(
                ("Output", sheets.link(fact.decision.submission)),
                ("Reason", SAID[ReviewReason(fact.reason)].capitalize()),
                ("Note", fact.note or sheets.NOTHING),
                ("Document", sheets.long_id(f"sha256:{fact.evidence_digest}") if fact.evidence_digest else "None"),
                ("By", _person(request, fact.reviewer)),
                ("When", sheets.moment(fact.reviewed_at)),
                ("Id", sheets.long_id(fact.pk)),
                sheets.entry_of(review=fact),
            ),
        )


def case_url(decision_id: UUID) -> str:
    """Return the page of a case."""
    return reverse("admin:rights_review_case", args=[decision_id])


def voice_gate(rows: QuerySet[Decision]) -> QuerySet[Decision]:
    """Return the refusals that somebody with evidence of a singer's consent may still turn."""
    refused = Finding.objects.filter(decision=OuterRef("pk"), effect=Effect.REFUSE.value)
    return (
        rows.select_related("submission__submitter__identity")
        .filter(Exists(refused.filter(rule="voices_are_consented")), outcome=Outcome.REFUSED)
        .exclude(Exists(refused.exclude(rule="voices_are_consented")))
        .order_by("decided_at", "id")
    )


def seen_rules(findings: QuerySet[Finding], rows: QuerySet[Decision]) -> list[str]:
    """Return by what the waiting cases can be told apart."""
    there = set(
        findings.filter(decision__in=rows.values("pk")).exclude(effect=Effect.PASS.value).values_list("rule", flat=True)
    )
    return [rule for rule in RULES if rule in there] + sorted(there - RULES.keys())


def _has_finding(rule: str) -> Exists:
    return Exists(Finding.objects.filter(decision=OuterRef("pk"), rule=rule).exclude(effect=Effect.PASS.value))


def _of(rows: QuerySet[Decision], who: str, request: HttpRequest, now: datetime) -> QuerySet[Decision]:
    me = request.user.pk
    claimed = ReviewClaim.objects.filter(decision=OuterRef("pk"), until__gt=now)
    reviewed = Review.objects.filter(decision=OuterRef("pk"))
    match who:
        case "mine":
            return rows.filter(Exists(claimed.filter(reviewer=me)))
        case "free":
            return rows.exclude(Exists(claimed))
        case "second":
            return rows.filter(Exists(reviewed)).exclude(Exists(reviewed.filter(reviewer=me)))
        case "overdue":
            return reviewing.overdue(caller_of(request).sight, at=now)
    return rows


def _whose(request: HttpRequest, claim: ReviewClaim | None) -> str:
    return "" if claim is None else _person(request, claim.reviewer)


def _person(request: HttpRequest, user: Any) -> Shown:
    """Name colleagues to the operator's people and to themselves; to others, a person is a reviewer."""
    if user.pk == request.user.pk:
        return "you"
    return user.get_username() if caller_of(request).is_operator else "a reviewer"


def _reviewers(now: datetime) -> list[tuple[int, str]]:
    """Return to whom a case may be given; whether each may have this one is checked when it is given."""
    members = access.memberships(on=now.date()).filter(role=Membership.Role.REVIEWER).values("user")
    users = get_user_model().objects.filter(Q(is_superuser=True) | Q(pk__in=members), is_active=True, is_staff=True)
    return [(user.pk, user.get_username()) for user in users.order_by("username")[:200]]


def _is_sent_again(id: UUID, request: HttpRequest) -> bool:
    return Review.objects.filter(pk=id, reviewer=request.user.pk).exists()
