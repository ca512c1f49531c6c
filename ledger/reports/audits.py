"""What an audit leaves on record, as pages: samples and exceptions, notes, and questions that are asked again."""

from __future__ import annotations

import json
from collections.abc import Mapping
from datetime import date
from fractions import Fraction
from typing import Any
from uuid import UUID, uuid4

from django.contrib import messages
from django.contrib.auth import get_user_model
from django.core.exceptions import PermissionDenied
from django.core.paginator import Paginator
from django.db.models import Q
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseBase
from django.shortcuts import redirect
from django.utils import timezone
from django.views.decorators.http import require_POST, require_safe

from ledger import tasks
from ledger.access import memberships
from ledger.api.access import caller_of, seen_by
from ledger.api.audits import kept_file
from ledger.auditing import acting, drawing, money, noting, registry, sampling, saving
from ledger.auditing.asking import settled
from ledger.auditing.drawing import Cause, Method, Status, Terms
from ledger.auditing.parameters import BadParameter
from ledger.models import AuditException, AuditSample, AuditSampleItem, Entry, Job, KeptAnswer, SavedQuestion
from ledger.reports.access import staff_only
from ledger.reports.beside import may_audit
from ledger.reports.views import page
from ledger.statements.document import decimals, grouped
from ledger.visibility import finds
from rights.models import Submission
from royalties import money as amounts
from royalties import results
from royalties.models import Statement

PER_PAGE = 50


def _auditing(request: HttpRequest) -> acting.Acting:
    try:
        return acting.auditor(request.user, caller_of(request), at=timezone.now())
    except acting.NotAnAuditor as error:
        raise PermissionDenied(error.__doc__) from error


def _sentence(error: Exception) -> str:
    return str(error) or " ".join((type(error).__doc__ or "").split())


# --- Samples


@require_safe
@staff_only
def samples(request: HttpRequest) -> HttpResponse:
    """List samples, the newest first, with the register of exceptions; and the form that draws one."""
    rows = seen_by(request, AuditSample.objects.all()).order_by("-recorded_at", "pk")
    pages: Any = Paginator(rows, PER_PAGE).get_page(request.GET.get("page"))
    pages.object_list = [{"sample": row, "outcome": _outcome(row)} for row in pages.object_list]
    return page(request, "ledger/reports/samples.html", {"page": pages, "may": may_audit(request), **_choices()})


def _choices() -> dict[str, Any]:
    return {"methods": Method.choices, "confidences": sampling.CONFIDENCES}


def _outcome(sample: AuditSample) -> dict[str, Any]:
    found = drawing.evaluate(sample)
    it = found.estimate

    def said(value: Fraction | int) -> str:
        return f"{grouped(amounts.half_up(Fraction(value)), sample.currency)} {sample.currency}"

    look = {True: "cleared", False: "refused", None: "review"}[found.is_borne]
    if found.is_borne is None:
        sentence = f"Projected misstatement is {said(it.projected)}, at most {said(it.upper)}."
    else:
        within = "within" if found.is_borne else "beyond"
        borne = said(found.tolerable)
        sentence = f"Misstatement is at most {said(it.upper)}: {within} the {borne} that would be borne."
    return {
        "look": look,
        "sentence": sentence,
        "items": found.items,
        "exceptions": found.exceptions,
        "facts": [
            ("Found in the lines themselves", said(it.found)),
            ("Projected", said(it.projected)),
            ("Basic precision", said(it.precision)),
            ("Incremental allowance", said(it.allowance)),
            ("Upper limit", said(it.upper)),
            ("Booked too little, projected and not set off", said(it.understated)),
        ],
    }


@require_POST
@staff_only
def draw_sample(request: HttpRequest) -> HttpResponse:
    """Draw a sample, or say why not."""
    by, at = _auditing(request), timezone.now()
    try:
        terms = _terms(request.POST, at=at)
        sample = drawing.draw(
            terms,
            id=uuid4(),
            sight=caller_of(request).sight,
            organization_id=by.organization_id,
            engagement_id=by.engagement_id,
            by_id=by.by_id,
            at=at,
        )
    except (BadParameter, sampling.NotASample, amounts.UnknownCurrency, amounts.NotAnAmount) as error:
        messages.error(request, _sentence(error))
        return redirect("reports:samples")
    return redirect("reports:sample", id=sample.pk)


def _terms(posted: Mapping[str, str], *, at: Any) -> Terms:
    """Read the form: amounts in the major unit, days, and words as the sixteen questions read them."""
    asked = registry.question("lines").read(
        {
            name: posted.get(name, "")
            for name in ("period", "period_from", "period_to", "seed", "party", "known_at")
            if posted.get(name)
        },
        now=at,
    )
    currency = posted.get("currency", "").strip()
    amounts.exponent(currency)

    def units(text: str) -> int:
        return amounts.minor(amounts.read(text.strip()), currency) if text.strip() else 0

    return Terms(
        method=Method(_one_of(posted, "method", Method.values)),
        seed=asked.seed,
        currency=currency,
        period_from=asked.period_from,
        period_to=asked.period_to,
        payee_id=asked.party,
        known_at=asked.known_at if posted.get("known_at") else settled(at),
        confidence=int(_one_of(posted, "confidence", [str(one) for one in sampling.CONFIDENCES])),
        tolerable=units(posted.get("tolerable", "")),
        expected=units(posted.get("expected", "")),
        size=_count(posted.get("size", "") or "0"),
        boundaries=tuple(units(one) for one in posted.get("boundaries", "").split()[:10]),
    )


def _one_of(posted: Mapping[str, str], field: str, among: Any) -> str:
    found = posted.get(field, "")
    if found not in among:
        raise BadParameter(field, f"{field.capitalize()}: choose one of {', '.join(among)}.")
    return found


def _count(text: str) -> int:
    if not text.isdecimal() or len(text) > 5:
        raise BadParameter("size", f"Lines: a whole number up to {sampling.MOST_ITEMS}.")
    return int(text)


def _sample(request: HttpRequest, id: UUID) -> AuditSample:
    row: AuditSample | None = seen_by(request, AuditSample.objects.filter(pk=id)).first()
    if row is None:
        raise Http404
    return row


@require_safe
@staff_only
def sample(request: HttpRequest, id: UUID) -> HttpResponse:
    """Show a sample: by what it was drawn, its lines with what is wrong, and what that says about everything."""
    row = _sample(request, id)
    said = json.loads(row.document)  # exact: canonical, so without a float
    words = drawing.last_words(row)
    items = row.items.select_related("statement__payee__identity").order_by("position")
    pages: Any = Paginator(items, PER_PAGE).get_page(request.GET.get("page"))
    pages.object_list = [
        {
            "item": item,
            "payee": str(item.statement.payee),
            "amount": grouped(item.units, row.currency),
            "word": words.get(item.pk),
            "look": _LOOKS[Status(words[item.pk].status)] if item.pk in words else "",
            "audited": grouped(words[item.pk].audited_units, row.currency) if item.pk in words else "",
        }
        for item in pages.object_list
    ]
    context = {
        "sample": row,
        "outcome": _outcome(row),
        "page": pages,
        "facts": _facts(row, said),
        "again": drawing.drawn_again(row, sight=caller_of(request).sight) if "again" in request.GET else None,
    }
    return page(request, "ledger/reports/sample.html", context)


_LOOKS = {
    Status.OPEN: "refused",
    Status.DISPUTED: "refused",
    Status.ACCEPTED: "review",
    Status.CORRECTED: "cleared",
    Status.CLOSED: "cleared",
}


def _facts(row: AuditSample, said: Mapping[str, Any]) -> list[tuple[str, str]]:
    terms, population, plan = said["terms"], said["population"], said["plan"]

    def units(text: str) -> str:
        return f"{grouped(int(text), row.currency)} {row.currency}"

    found = [
        ("Method", row.get_method_display()),
        ("Seed", row.seed),
        ("Confidence", f"{terms['confidence']} %"),
        ("Out of", f"{population['lines']} lines, {units(population['units'])}"),
        ("Digest of the population", population["digest"]),
    ]
    if row.method == Method.MONETARY_UNIT:
        factor = Fraction(plan["factor"])
        found += [
            ("Borne, expected", f"{units(terms['tolerable'])}, {units(terms['expected'])}"),
            ("Interval", units(plan["interval"])),
            ("First unit", plan["start"]),
            ("Factor without errors", decimals(factor, 2)),
        ]
    else:
        found += [
            (f"From {units(one['from'])}", f"{one['size']} of {one['lines']} lines, {units(one['units'])}")
            for one in plan["strata"]
        ]
    if population["negative_lines"]:
        found.append(("Below nothing, not drawn by money", f"{population['negative_lines']} lines"))
    return [*found, ("Digest of the sample", f"sha256:{row.digest}")]


@require_safe
@staff_only
def sampled(request: HttpRequest, id: UUID) -> HttpResponse:
    """Show a sampled line: what it follows from, what was said about it, and the form that says more."""
    item = _item(request, id)
    statement = item.statement
    line = next(
        (
            one
            for one in results.allocations(
                statement.run.parts.get(of_run=statement.run_id),
                party_id=statement.payee_id,
                after=(item.partition, item.line - 1),
            )
        ),
        None,
    )
    if line is None or (line.partition, line.line) != (item.partition, item.line):
        raise Http404
    grounds = list(money.traced(money.Line(statement, line), caller_of(request).sight))
    said = item.exceptions.select_related("owner", "recorded_by").order_by("position")
    currency = item.sample.currency
    context = {
        "item": item,
        "payee": str(statement.payee),
        "amount": f"{grouped(item.units, currency)} {currency}",
        "plain": amounts.written(item.units, currency),
        "grounds": grounds,
        "words": [{"word": one, "audited": grouped(one.audited_units, currency)} for one in said],
        "may": may_audit(request),
        "last": (last := drawing.last_word(item)),
        "answers": [(one.value, one.label) for one in drawing.ANSWERS] if _must_answer(request, last) else [],
        "owners": _owners(item, on=timezone.now().date()),
        "causes": Cause.choices,
        "statuses": Status.choices if said else [(Status.OPEN.value, Status.OPEN.label)],
    }
    return page(request, "ledger/reports/sampled.html", context)


def _item(request: HttpRequest, id: UUID) -> AuditSampleItem:
    try:
        return drawing.find(id, sight=caller_of(request).sight, by_id=request.user.pk)
    except drawing.NoSuchItem as error:
        raise Http404 from error


def _must_answer(request: HttpRequest, last: AuditException | None) -> bool:
    return last is not None and last.owner_id == request.user.pk and last.status != Status.CLOSED


def _owners(item: AuditSampleItem, *, on: date) -> list[tuple[int, str]]:
    houses = {item.sample.organization_id, item.statement.run.payer_id} - {None}
    members = memberships(on=on).filter(organization__in=houses).values("user")
    people = get_user_model().objects.filter(Q(pk__in=members) | Q(is_superuser=True), is_active=True)
    return [(one.pk, one.get_username()) for one in people.order_by("username")]


@require_POST
@staff_only
def record_exception(request: HttpRequest, id: UUID) -> HttpResponse:
    """Record what is wrong with a sampled line, or how that stands now."""
    item, by, at = _item(request, id), _auditing(request), timezone.now()
    posted = request.POST
    try:
        owner = _count(posted.get("owner", ""))
        drawing.check_owner(owner, item, on=at.date())
        drawing.record(
            id=uuid4(),
            item=item,
            owner_id=owner,
            root_cause=Cause(_one_of(posted, "root_cause", Cause.values)),
            audited_units=amounts.minor(amounts.read(posted.get("audited", "").strip()), item.sample.currency),
            status=Status(_one_of(posted, "status", Status.values)),
            note=posted.get("note", "")[:600],
            by_id=by.by_id,
            at=at,
        )
    except (
        BadParameter,
        amounts.NotAnAmount,
        amounts.BeyondMoney,
        drawing.NotOpen,
        drawing.NothingWrong,
        drawing.NotAnOwner,
        drawing.WentOn,
    ) as error:
        messages.error(request, _sentence(error))
    return redirect("reports:sampled", id=item.pk)


@require_POST
@staff_only
def answer_exception(request: HttpRequest, id: UUID) -> HttpResponse:
    """Record what the owner of an exception says to it."""
    item, posted = _item(request, id), request.POST
    try:
        drawing.answer(
            id=uuid4(),
            item=item,
            status=Status(_one_of(posted, "status", [one.value for one in drawing.ANSWERS])),
            note=posted.get("note", "")[:600],
            by_id=int(request.user.pk or 0),
            at=timezone.now(),
        )
    except drawing.NotTheOwner as error:
        raise PermissionDenied(error.__doc__) from error
    except (BadParameter, drawing.ClosedAlready, drawing.NoAnswer, drawing.WentOn) as error:
        messages.error(request, _sentence(error))
    else:
        messages.success(request, "Your answer is on record.")
    return redirect("reports:sampled", id=item.pk)


@require_safe
@staff_only
def exceptions(request: HttpRequest) -> HttpResponse:
    """Show the register: every exception with its last word."""
    rows = seen_by(request, AuditException.objects.all()).filter(position=0).select_related("item__sample")
    pages: Any = Paginator(rows.order_by("-recorded_at", "pk"), PER_PAGE).get_page(request.GET.get("page"))
    last = {
        one.item_id: one
        for one in AuditException.objects.filter(item__in=[row.item_id for row in pages.object_list])
        .select_related("owner")
        .order_by("position")
    }
    pages.object_list = [
        {
            "first": row,
            "last": (word := last[row.item_id]),
            "look": _LOOKS[Status(word.status)],
            "wrong": f"{grouped(row.item.units - word.audited_units, row.item.sample.currency)}"
            f" {row.item.sample.currency}",
        }
        for row in pages.object_list
    ]
    waiting = [{"word": one, "item": one.item} for one in drawing.waiting_for(int(request.user.pk or 0))[:PER_PAGE]]
    return page(request, "ledger/reports/exceptions.html", {"page": pages, "waiting": waiting})


# --- Notes

_BESIDE: dict[str, type[Any]] = {"entry": Entry, "submission": Submission, "statement": Statement}


@require_safe
@staff_only
def notes(request: HttpRequest) -> HttpResponse:
    """Show notes, the newest first, and the form that writes one."""
    rows = seen_by(request, noting.notes().select_related("entry__leaf", "submission"))
    pages: Any = Paginator(rows, PER_PAGE).get_page(request.GET.get("page"))
    beside = next((name for name in _BESIDE if name in request.GET), "submission")
    context = {"page": pages, "may": may_audit(request), "beside": beside, "of": request.GET.get(beside, "")[:40]}
    return page(request, "ledger/reports/notes.html", context)


@require_POST
@staff_only
def note(request: HttpRequest) -> HttpResponse:
    """Put a note on record beside what the form names."""
    by = _auditing(request)
    beside = request.POST.get("beside", "")
    try:
        id = UUID(request.POST.get("of", "").strip())
    except ValueError:
        id = None
    if beside not in _BESIDE or id is None or not finds(_BESIDE[beside], id, caller_of(request).sight):
        messages.error(request, "Nothing of this id is there, or it is not yours to see: copy it from its page.")
        return redirect("reports:notes")
    try:
        noting.note(
            id=uuid4(),
            text=request.POST.get("text", ""),
            entry_id=id if beside == "entry" else None,
            submission_id=id if beside == "submission" else None,
            statement_id=id if beside == "statement" else None,
            organization_id=by.organization_id,
            engagement_id=by.engagement_id,
            by_id=by.by_id,
            at=timezone.now(),
        )
    except noting.NoText as error:
        messages.error(request, _sentence(error))
    return redirect("reports:notes")


# --- Questions that are asked again


def saved(request: HttpRequest) -> list[dict[str, Any]]:
    """Return the questions that are kept, each with its newest answers, for the page that lists all questions."""
    rows = seen_by(request, SavedQuestion.objects.filter(ended_at=None)).select_related("organization__identity")
    titles = {one.slug: one.title for one in registry.QUESTIONS}
    return [
        {
            "saved": row,
            "title": titles.get(row.question, row.question),
            "answers": list(row.answers.order_by("-due_at")[:6]),
            "seen_by": _readers(row),
        }
        for row in rows.order_by("-saved_at", "pk")[:PER_PAGE]
    ]


def _readers(row: SavedQuestion) -> str:
    if row.organization is None:
        return "the operator"
    return "this audit" if row.engagement_id else f"everybody of {row.organization}"


@require_POST
@staff_only
def save_question(request: HttpRequest, slug: str) -> HttpResponse:
    """Keep a question as it is asked on its page."""
    posted = request.POST
    try:
        found = registry.question(slug)
        by = acting.asker(request.user, caller_of(request), at=timezone.now())
        names = {one.name for one in found.parameters} | {"period", "known_at"}
        given = {name: str(posted.get(name, ""))[:200] for name in names}
        if given["period"]:
            given["period_from"] = given["period_to"] = ""
        saving.save(
            id=uuid4(),
            slug=slug,
            name=posted.get("name", ""),
            parameters={name: text for name, text in given.items() if text},
            every=saving.Every(posted.get("every", "")),
            keep_days=_count(posted.get("keep_days", "") or "365"),
            acting=by,
            at=timezone.now(),
        )
    except (registry.NoSuchQuestion, ValueError) as error:
        raise Http404 from error
    except acting.NoHouse as error:
        raise PermissionDenied(error.__doc__) from error
    except (BadParameter, saving.NotAName) as error:
        messages.error(request, _sentence(error))
        return redirect("reports:question", slug=slug)
    messages.success(request, "Kept; it stands in the list of questions.")
    return redirect("reports:questions")


def _own_saved(request: HttpRequest, id: UUID) -> SavedQuestion:
    row: SavedQuestion | None = seen_by(request, SavedQuestion.objects.filter(pk=id)).first()
    if row is None:
        raise Http404
    return row


@require_POST
@staff_only
def end_question(request: HttpRequest, id: UUID) -> HttpResponse:
    """Ask a question no more."""
    try:
        saving.end(_own_saved(request, id), at=timezone.now())
    except saving.AlreadyEnded as error:
        messages.error(request, _sentence(error))
    return redirect("reports:questions")


@require_POST
@staff_only
def answer_question(request: HttpRequest, id: UUID) -> HttpResponse:
    """Put a saved question into the queue now, beside its own times."""
    at = timezone.now()
    kept = saving.order_now(_own_saved(request, id), at=at)
    # Committed; a bell that nobody hears is rung again by the sweep.
    tasks.ring_for(Job.Kind.ANSWER, kept.pk)
    messages.success(request, "It is being answered; the answer stands here in a moment.")
    return redirect("reports:questions")


@require_safe
@staff_only
def kept_answer(request: HttpRequest, id: UUID) -> HttpResponseBase:
    """Hand out an answer that was kept."""
    row: KeptAnswer | None = seen_by(request, KeptAnswer.objects.filter(pk=id)).first()
    if row is None:
        raise Http404
    return kept_file(row)
