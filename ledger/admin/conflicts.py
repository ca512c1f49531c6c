"""Conflicts at the desk: their clocks, what is payable and held, what was said, and what a claimant does next."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date, datetime
from fractions import Fraction
from typing import Any, ClassVar
from uuid import UUID, uuid4

from django import forms
from django.contrib import admin, messages
from django.core.exceptions import PermissionDenied
from django.db import IntegrityError
from django.db.models import Prefetch, QuerySet
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseRedirect
from django.urls import URLPattern, path, reverse
from django.utils import timezone

from ledger import holding
from ledger.access import Verb
from ledger.admin import sheets
from ledger.admin.facts import FactAdmin
from ledger.admin.fields import INPUT, digest_of
from ledger.admin.forms import FactForm, sentence_of
from ledger.admin.share_rows import BASES, RIGHTS
from ledger.admin.shares import SIDES, asset_of, editor_of, kind_of, percent, share_lines, territories, where
from ledger.admin.sheets import Shown, Table
from ledger.api.access import caller_of
from ledger.constraints import violated
from rights import conflicts
from rights.conflicts import Standing, State
from rights.merges import survivors
from rights.models import Conflict, ConflictClaim, ConflictEvent, Party, Share
from rights.vocabulary import AssetKind, ConflictAct

_STATES = {
    State.OPEN: ("review", "Open"),
    State.ESCALATED: ("refused", "Escalated"),
    State.SUPERSEDED: ("none", "Goes on elsewhere"),
    State.SETTLED: ("cleared", "Settled"),
}
_SAID = {
    ConflictAct.MESSAGE: "Message",
    ConflictAct.EVIDENCE: "Evidence",
    ConflictAct.PROPOSAL: "Proposal",
    ConflictAct.ACCEPTANCE: "Acceptance",
    ConflictAct.ESCALATION: "Escalation",
    ConflictAct.SETTLED: "Settled",
}
_LEADS = {
    State.OPEN: "More than the whole is claimed. What no other claim touches is payable; the rest is held.",
    State.ESCALATED: "The claimants did not agree in time. What no other claim touches is payable; the rest is held.",
    State.SUPERSEDED: "A later claim joined these: the conflict goes on with it, on another page.",
    State.SETTLED: "The shares, as they stand, claim no more than the whole any longer.",
}


@dataclass(frozen=True)
class Clock:
    """A day by which something has to happen."""

    title: str
    day: date
    said: str
    look: str


@dataclass(frozen=True)
class Said:
    """One line of the thread."""

    event: ConflictEvent
    title: str
    words: str | None
    is_sealed: bool  # something was said, whether or not it can still be read


def _days(count: int) -> str:
    return "1 day" if count == 1 else f"{count} days"


def clocks(conflict: Conflict, *, is_over: bool, is_answered: bool, on: date) -> list[Clock]:
    """Return the clocks of a conflict, in their order."""
    found = []
    for title, day, is_done in (
        ("Answer by", conflict.answer_by, is_answered),
        ("Escalates on", conflict.escalate_on, False),
        ("Close by", conflict.close_by, False),
    ):
        left = (day - on).days
        if is_over or is_done:
            found.append(Clock(title, day, "Settled" if is_over else "Everybody answered", "cleared"))
        elif left < 0:
            said = "Escalated" if title == "Escalates on" else f"{_days(-left)} over"
            found.append(Clock(title, day, said, "refused"))
        else:
            found.append(Clock(title, day, f"in {_days(left)}" if left else "today", "review" if left <= 7 else "none"))
    return found


def is_answered(conflict: Conflict) -> bool:
    """Whether every claimant said something; of rows whose claims and events were fetched."""
    authors = {event.author_id for event in conflict.events.all() if event.act != ConflictAct.SETTLED}
    asked = {claim.share.party_id for claim in conflict.claims.all()}
    merged = survivors(authors | asked)
    return {merged[id] for id in asked} <= {merged[id] for id in authors}


# --- Forms.


class ActForm(FactForm):
    """What a claimant says or does."""

    act: ClassVar[ConflictAct]
    title: ClassVar[str]
    author = forms.ChoiceField(label="In the name of", widget=forms.Select(INPUT))

    refusals = {
        conflicts.AlreadySettled: "author",
        conflicts.NotAClaimant: "author",
        conflicts.NothingToAccept: "author",
        conflicts.NothingSaid: "author",
    }

    def __init__(self, *args: Any, conflict: Conflict, authors: list[tuple[str, str]], **options: Any) -> None:
        """Act in this conflict, as one of these."""
        super().__init__(*args, **options)
        self.conflict = conflict
        author: Any = self.fields["author"]
        author.choices = authors

    def write(self, *, id: UUID, at: datetime) -> ConflictEvent:
        """Record it."""
        given = self.cleaned_data
        return holding.act_on_conflict(
            id=id,
            conflict_id=self.conflict.pk,
            act=self.act,
            author_id=UUID(given["author"]),
            text=given.get("text", ""),
            evidence_digest=given.get("document_digest", ""),
            at=at,
        )


def _words(**options: Any) -> forms.CharField:
    return forms.CharField(
        max_length=conflicts.LONGEST_MESSAGE, widget=forms.Textarea({"class": "l-input", "rows": 6}), **options
    )


class MessageForm(ActForm):
    """Words to the other claimants."""

    act, title = ConflictAct.MESSAGE, "Write to the other claimants"
    text = _words(label="Message", help_text="Sealed under the author’s key; the other claimants read it here")
    lead = "It counts as an answer. The log gets a commitment to the words, never the words."
    done = "Sent."
    groups = (("Message", ("author", "text")),)


class ProposalForm(ActForm):
    """How the claimants could agree."""

    act, title = ConflictAct.PROPOSAL, "Propose who holds how much"
    text = _words(
        label="Proposal",
        help_text="Who would hold how much, where and from when; another claimant can accept it",
    )
    lead = "Once it is accepted, each claimant replaces or retracts its own share; that settles the conflict."
    done = "Proposed."
    groups = (("Proposal", ("author", "text")),)


class EvidenceForm(ActForm):
    """A document that shows who is right."""

    act, title = ConflictAct.EVIDENCE, "Add evidence"
    document = forms.FileField(
        required=False, widget=forms.FileInput(INPUT), help_text="Only its SHA-256 is kept; send it to the others"
    )
    digest = forms.CharField(
        label="or its SHA-256", required=False, max_length=71, widget=forms.TextInput({"class": "l-input l-mono"})
    )
    text = _words(label="What it shows", required=False, help_text="Sealed under the author’s key")
    one_of = frozenset({"document", "digest"})
    done = "Recorded."
    groups = (("Evidence", ("author", "document", "digest", "text")),)

    def clean(self) -> dict[str, Any]:
        """Find the digest of the document."""
        given = super().clean() or self.cleaned_data
        try:
            given["document_digest"] = digest_of(given.get("document"), given.get("digest", ""))
        except forms.ValidationError as error:
            self.add_error("document", error)
        return given


class AcceptanceForm(ActForm):
    """That a proposal is accepted."""

    act, title = ConflictAct.ACCEPTANCE, "Accept what was proposed"
    text = _words(label="Words", required=False, help_text="Sealed under the author’s key")
    lead = "It is about the newest proposal of another claimant. The shares change only when their holders change them."
    done = "Accepted. Each claimant now replaces or retracts its own share."
    groups = (("Acceptance", ("author", "text")),)


class EscalationForm(ActForm):
    """That the conflict is taken further before its day."""

    act, title = ConflictAct.ESCALATION, "Escalate now"
    text = _words(label="Why", required=False, help_text="Sealed under the author’s key")
    lead = "It goes to whoever decides between the claimants, before the day on which it would by itself."
    done = "Escalated."
    groups = (("Escalation", ("author", "text")),)


FORMS: dict[str, type[ActForm]] = {
    form.act.value: form for form in (MessageForm, EvidenceForm, ProposalForm, AcceptanceForm, EscalationForm)
}


# --- Pages.


class StandingFilter(admin.SimpleListFilter):
    """How conflicts stand."""

    title = "state"
    parameter_name = "state"

    def lookups(self, request: HttpRequest, model_admin: Any) -> list[tuple[str, str]]:  # noqa: ARG002
        """Offer what people look for."""
        return [("open", "Not settled"), ("late", "Past their last day"), ("settled", "Settled")]

    def queryset(self, request: HttpRequest, queryset: QuerySet[Any]) -> QuerySet[Any]:  # noqa: ARG002
        """Keep one of them."""
        settled = ConflictEvent.objects.filter(act=ConflictAct.SETTLED).values("conflict")
        match self.value():
            case "open":
                return queryset.exclude(pk__in=settled)
            case "late":
                return queryset.exclude(pk__in=settled).filter(close_by__lt=timezone.now().date())
            case "settled":
                return queryset.filter(pk__in=settled)
        return queryset


@admin.register(Conflict)
class ConflictAdmin(FactAdmin):
    """Where more than the whole of a right is claimed."""

    search_fields = ("recording__title", "work__title", "stem__title", "voice__label")
    search_help_text = "Title of the asset"
    list_display = (
        "shown_asset",
        "shown_right",
        "shown_where",
        "shown_claims",
        "shown_answer",
        "shown_escalate",
        "shown_close",
        "shown_state",
    )
    list_filter = (StandingFilter,)
    list_select_related = ("recording", "work", "voice__person__identity", "stem", "lyrics__work")
    ordering = ("close_by", "id")
    about = "More than the whole of a right is claimed. What no other claim touches is payable; the rest is held."
    blank = "Nothing is claimed more than once. A conflict opens by itself when shares come to more than the whole."
    has_filter_button = True

    def get_queryset(self, request: HttpRequest) -> QuerySet[Conflict]:
        """Return conflicts with their claims and what was said."""
        rows: QuerySet[Conflict] = super().get_queryset(request)
        return rows.prefetch_related(
            "events", Prefetch("claims", ConflictClaim.objects.select_related("share__party__identity"))
        )

    def get_urls(self) -> list[URLPattern]:
        """Add what a claimant may do."""
        own = path("<uuid:id>/act/<str:act>/", self.admin_site.admin_view(self.act_view), name="rights_conflict_act")
        return [own, *super().get_urls()]

    def has_add_permission(self, request: HttpRequest) -> bool:  # noqa: ARG002
        """Refuse: a conflict opens by itself."""
        return False

    @admin.display(description="About")
    def shown_asset(self, row: Conflict) -> str:
        """Name the asset."""
        return str(asset_of(row))

    @admin.display(description="Right")
    def shown_right(self, row: Conflict) -> str:
        """Say which right, on which basis."""
        return f"{RIGHTS[row.right_type]}, {BASES[row.basis].lower()}"

    @admin.display(description="Where")
    def shown_where(self, row: Conflict) -> Shown:
        """Say where."""
        return territories(row.territories, row.active_from)

    @admin.display(description="Claims")
    def shown_claims(self, row: Conflict) -> str:
        """Say what the claims come to."""
        total = sum(
            (Fraction(claim.share.numerator, claim.share.denominator) for claim in row.claims.all()), Fraction(0)
        )
        return f"{len(row.claims.all())}, together {percent(total)}"

    def _clock(self, row: Any, place: int) -> Shown:
        if not hasattr(row, "clocks"):  # three columns of one row
            over = any(event.act == ConflictAct.SETTLED for event in row.events.all())
            row.clocks = clocks(row, is_over=over, is_answered=is_answered(row), on=timezone.now().date())
        clock = row.clocks[place]
        if clock.look in {"none", "cleared"}:
            return str(clock.day)
        return sheets.chip(clock.look, f"{clock.day}, {clock.said}")

    @admin.display(description="Answer by", ordering="answer_by")
    def shown_answer(self, row: Conflict) -> Shown:
        """Show the first clock."""
        return self._clock(row, 0)

    @admin.display(description="Escalates on", ordering="escalate_on")
    def shown_escalate(self, row: Conflict) -> Shown:
        """Show the second clock."""
        return self._clock(row, 1)

    @admin.display(description="Close by", ordering="close_by")
    def shown_close(self, row: Conflict) -> Shown:
        """Show the last clock."""
        return self._clock(row, 2)

    @admin.display(description="State")
    def shown_state(self, row: Conflict) -> Shown:
        """Say what it has become."""
        return sheets.chip(*_STATES[conflicts.state_of(row, on=timezone.now().date())])

    # --- One conflict.

    def change_view(self, request: HttpRequest, object_id: str, *_unused: Any, **_also: Any) -> HttpResponse:
        """Show claims, clocks, money, and what was said."""
        if request.method not in {"GET", "HEAD"} or not self.has_view_permission(request):
            raise PermissionDenied
        fact: Conflict = self.fact(request, object_id)
        today = timezone.now().date()
        standing = conflicts.standing_of(fact, on=today)
        kind, asset = kind_of(fact), asset_of(fact)
        names = self._names(request, standing, fact)
        is_over = standing.state is State.SETTLED
        may_act = not is_over and bool(self._authors(request, standing, names))
        shares = self.seen(request, Share.objects.filter(conflict_claims__conflict=fact))
        context = {
            "title": str(fact),
            "asset_link": sheets.link(asset),
            "side": SIDES[kind],
            "right": self.shown_right(fact),
            "where": self.shown_where(fact),
            "period": sheets.period(fact),
            "chip": sheets.chip(*_STATES[standing.state]),
            "lead": _LEADS[standing.state],
            "clocks": clocks(fact, is_over=is_over, is_answered=not standing.unanswered, on=today),
            "unanswered": [names[id] for id in standing.unanswered] if not is_over else [],
            "superseded_by": standing.superseded_by,
            "zones": list(self._zones(standing, kind, names, max(today, fact.active_from))),
            "thread": list(self._thread(request, fact)),
            "acts": [(form.title, reverse("admin:rights_conflict_act", args=[fact.pk, act]), act)
                     for act, form in FORMS.items()] if may_act else [],
            "editor": editor_of(kind, asset.pk),
            "is_over": is_over,
            "table": Table("The shares in it", ("Part", "Holder", "Right", "Where", "When", "State"),
                           share_lines(shares, today), "None of them is yours to see."),
            "facts": (("Id", sheets.long_id(fact.pk)), ("Opened", sheets.moment(fact.opened_at)),
                      sheets.entry_of(conflict=fact)),
        }  # fmt: skip
        return self.page(request, "ledger/admin/conflict.html", fact, context)

    def _names(self, request: HttpRequest, standing: Standing, conflict: Conflict) -> dict[UUID, Shown]:
        ids = {*standing.claimants, *(one.party_id for zone in standing.zones for one in zone.holdings)}
        ids |= {event.author_id for event in conflict.events.all()}
        rows = Party.objects.select_related("identity").filter(pk__in=ids)
        found: dict[UUID, Shown] = dict.fromkeys(ids, "Somebody you do not see")
        return found | {party.pk: sheets.link(party) for party in self.seen(request, rows)}

    def _zones(self, standing: Standing, kind: str, names: dict[UUID, Shown], on: date) -> Iterable[dict[str, Any]]:
        hold = holding.hold_of(AssetKind(kind))
        for zone in standing.zones:
            yield {
                "where": where(zone.countries, on),
                "total": percent(zone.total),
                "excess": percent(zone.excess),
                "held": percent(zone.held(hold)),
                "claimants": [
                    (
                        names[one.party_id],
                        percent(one.claimed),
                        percent(one.payable),
                        percent(one.claimed - one.payable),
                    )
                    for one in zone.claimants(hold)
                ],
            }

    def _thread(self, request: HttpRequest, conflict: Conflict) -> Iterable[Said]:
        events = ConflictEvent.objects.filter(conflict=conflict).select_related("author__identity")
        for event in self.seen(request, events).order_by("position"):
            yield Said(event, _SAID[ConflictAct(event.act)], conflicts.words_of(event), event.sealed is not None)

    def _authors(self, request: HttpRequest, standing: Standing, names: dict[UUID, Shown]) -> list[UUID]:
        if not request.user.has_perm("rights.add_conflictevent"):
            return []
        caller = caller_of(request)
        return [id for id in standing.claimants if id in names and caller.acts_for(id, Verb.REGISTER)]

    def act_view(self, request: HttpRequest, id: UUID, act: str) -> HttpResponse:
        """Say or do something as one of the claimants."""
        form_class = FORMS.get(act)
        if form_class is None:
            raise Http404
        fact: Conflict = self.fact(request, id)
        standing = conflicts.standing_of(fact, on=timezone.now().date())
        ids = self._authors(request, standing, self._names(request, standing, fact))
        if not ids:
            raise PermissionDenied
        rows = Party.objects.select_related("identity").in_bulk(ids)
        authors = [(str(one), str(rows[one])) for one in ids]
        title = f"{form_class.title}: {asset_of(fact)}"
        if request.method != "POST":
            return self.ask(
                request, fact, form_class(initial={"id": uuid4()}, conflict=fact, authors=authors), title=title
            )
        form = form_class(request.POST, request.FILES, conflict=fact, authors=authors)
        if not form.is_valid():
            return self.ask(request, fact, form, title=title)
        try:
            form.write(id=form.cleaned_data["id"], at=timezone.now())
        except tuple(form.refusals) as error:
            form.add_error(form.field_of(error), sentence_of(error))
            return self.ask(request, fact, form, title=title)
        except IntegrityError as error:
            if violated(error) != "rights_conflictevent_pkey":
                raise
            messages.info(request, "This was recorded already.")
        else:
            messages.success(request, form.done)
        return HttpResponseRedirect(sheets.address(fact))
