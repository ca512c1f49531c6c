"""Campaigns at the desk: choose a roster, see what it comes to, ask, follow the answers, remind, close."""

from __future__ import annotations

import csv
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, ClassVar
from uuid import UUID, uuid4

from django import forms
from django.contrib import admin, messages
from django.core.exceptions import PermissionDenied
from django.core.paginator import Paginator
from django.db.models import Model, Q, QuerySet
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseRedirect
from django.urls import URLPattern, path
from django.utils import timezone
from django.utils.html import format_html
from django.views.decorators.http import require_POST

from ledger import campaigning, tasks
from ledger.access import Verb
from ledger.admin import sheets
from ledger.admin.facts import FactAdmin
from ledger.admin.fields import INPUT, DateField, TerritoriesField, pick, pick_several
from ledger.admin.forms import FactForm, sentence_of
from ledger.admin.sheets import Shown
from ledger.api.access import caller_of
from ledger.models import CampaignMailing, CampaignPlan, Entry, Job
from ledger.visibility import EVERYTHING, Sight, seen
from rights import campaigns
from rights.campaigns import Funnel, Progress, Question
from rights.consents import NoSuchPurpose, NoSuchRole, NothingListed, OneLicenseeOrARole
from rights.models import Campaign, CampaignInvitation, Party, TermsVersion
from rights.phrases import Words
from rights.registry import NoSuchUse, NothingAllowed
from rights.sealing import NothingToSearch
from rights.territories import NoSuchTerritory, NoTerritory
from rights.vocabulary import ApprovalMode, AssetKind, PartyRole, Purpose, Use

PER_PAGE = 50
SHOWN_NAMES = 12

_ENGLISH = Words("en")
_STATES: dict[Progress, tuple[str, str]] = {  # progress → what it is called, and the color of its chip
    Progress.GRANTED: ("Agreed", "cleared"),
    Progress.WITHDRAWN: ("Withdrew", "refused"),
    Progress.DECLINED: ("Said no", "refused"),
    Progress.SILENT: ("Silent: no", "review"),
    Progress.OPENED: ("Opened, no answer", "waiting"),
    Progress.WAITING: ("Not opened", "waiting"),
}
REFUSED = (
    campaigning.CampaignClosed,
    campaigning.MailNotConfigured,
    campaigning.StillAsking,
    campaigns.LinkLost,
)


def _choices(codes: Any, say: Callable[[str], str]) -> list[tuple[str, str]]:
    return [(code.value, say(code.value)) for code in codes]


class CampaignForm(FactForm):
    """A campaign to open; nothing about an artist's answer can be filled in here."""

    name = forms.CharField(
        max_length=200,
        widget=forms.TextInput(INPUT),
        help_text="Artists read it on their page and in the letter",
    )
    organization = pick(Party, label="Asked by", help_text="The organization that artists see as the one who asks")
    terms = forms.ModelChoiceField(
        TermsVersion.objects.none(),
        widget=forms.Select(INPUT),
        help_text="A version in one language; artists agree to exactly this text",
    )
    closes_on = DateField(label="Last day to answer", help_text="Whoever says nothing by its end (UTC) has said no")
    uses = forms.MultipleChoiceField(
        choices=_choices(Use, lambda code: _ENGLISH.use(code)[0]),
        widget=forms.CheckboxSelectMultiple,
        help_text="In the words that artists read. One answer covers all of them; to have them answered apart, open a"
        " campaign for each",
    )
    kinds = forms.MultipleChoiceField(
        label="About what they hold of",
        choices=_choices(AssetKind, lambda code: code.capitalize() + ("" if code == "lyrics" else "s")),
        widget=forms.CheckboxSelectMultiple,
        required=False,
        initial=[AssetKind.RECORDING.value],
    )
    covers_future = forms.BooleanField(label="And what they come to hold later", required=False)
    licensee = pick(Party, required=False, help_text="Who may rely on it; empty for any licensee")
    licensee_role = forms.ChoiceField(
        label="Or anybody in a role",
        required=False,
        choices=[("", "–"), *_choices(PartyRole, lambda code: code.replace("_", " ").capitalize())],
        widget=forms.Select(INPUT),
    )
    territories = TerritoriesField()
    active_from = DateField(label="From")
    active_to = DateField(label="To before", required=False, help_text="Empty: until it is withdrawn")
    barred = forms.MultipleChoiceField(
        label="Never for",
        required=False,
        choices=_choices(Purpose, lambda code: _ENGLISH(f"purpose.{code}").capitalize()),
        widget=forms.CheckboxSelectMultiple,
    )
    approval_mode = forms.ChoiceField(
        label="Are they asked again?",
        choices=_choices(ApprovalMode, lambda code: _ENGLISH(f"approval.{code}")),
        widget=forms.Select(INPUT),
    )
    notice_days = forms.IntegerField(
        label="Notice of a withdrawal, in days",
        min_value=0,
        max_value=366,
        initial=0,
        widget=forms.NumberInput({"class": "l-input is-short"}),
    )
    compensation = forms.CharField(
        label="Money",
        required=False,
        max_length=300,
        widget=forms.TextInput(INPUT),
        help_text="Where it is agreed, in words that an artist understands",
    )
    description = forms.CharField(
        label="What it is for",
        required=False,
        max_length=2000,
        widget=forms.Textarea({**INPUT, "rows": 3}),
        help_text="Reasonably specific; needed where a voice is used",
    )
    artists = pick_several(Party, required=False, label="These artists")
    role = forms.ChoiceField(
        label="Everybody in the role",
        required=False,
        choices=[("", "–"), *_choices(PartyRole, lambda code: code.replace("_", " ").capitalize())],
        widget=forms.Select(INPUT),
    )
    represented_by = pick(
        Party,
        required=False,
        label="Of those, represented by",
        help_text="A label, manager or agency that acts for them today",
    )
    words = forms.CharField(
        label="Of those, with a name like",
        required=False,
        max_length=100,
        widget=forms.TextInput(INPUT),
    )

    lead = (
        "One question to many artists, each with a page of their own. Nothing is ticked for them; silence is a no; they"
        " withdraw as easily as they agree."
    )
    done = "Opened. The artists are being asked one after the other; this page shows how far it has come."
    groups = (
        ("Who asks, until when", ("name", "organization", "terms", "closes_on")),
        ("What may be done", ("uses", "kinds", "covers_future")),
        ("By whom, where, how long", ("licensee", "licensee_role", "territories", "active_from", "active_to")),
        ("On which conditions", ("barred", "approval_mode", "notice_days", "compensation", "description")),
        ("Who is asked", ("artists", "role", "represented_by", "words")),
    )
    one_of = frozenset({"artists", "role", "represented_by", "words", "kinds"})
    refusals: ClassVar[dict[type[Exception], str]] = {
        campaigns.NobodyAsked: "artists",
        campaigns.TooManyArtists: "artists",
        campaigns.ClosesInThePast: "closes_on",
        campaigns.NoSuchTerms: "terms",
        NothingToSearch: "words",
        NothingAllowed: "uses",
        NoSuchUse: "uses",
        NoSuchPurpose: "barred",
        NoSuchRole: "licensee_role",
        OneLicenseeOrARole: "licensee_role",
        NothingListed: "kinds",
        NoSuchTerritory: "territories",
        NoTerritory: "territories",
    }

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        """Offer the terms that were published, the newest first."""
        super().__init__(*args, **kwargs)
        field = self.fields["terms"]
        field.queryset = TermsVersion.objects.order_by("name", "-number", "language")  # type: ignore[attr-defined]
        today = timezone.now().date()
        self.fields["active_from"].initial = today
        self.fields["closes_on"].initial = today + timedelta(days=28)

    sight: Sight = EVERYTHING

    def look_through(self, sight: Sight) -> None:
        """Offer and find only who is seen."""
        super().look_through(sight)
        self.sight = sight

    def ask_for(self, organizations: list[UUID]) -> None:
        """Offer these as those who ask, and no others."""
        own = Party.objects.select_related("identity").filter(pk__in=organizations)
        given = self.fields["organization"]
        self.fields["organization"] = forms.ModelChoiceField(
            own, label=given.label, initial=own.first(), empty_label=None, widget=forms.Select(INPUT),
            help_text=given.help_text,
        )  # fmt: skip

    def roster(self) -> QuerySet[Party]:
        """
        Return everybody who is seen and chosen by name or found by role, label or words.

        :raises NothingToSearch: the words hold neither letters nor digits
        """
        given = self.cleaned_data
        chosen = Q(pk__in=[party.pk for party in given["artists"]])
        if given["role"] or given["represented_by"] or given["words"]:
            acting = given["represented_by"]
            chosen |= Q(
                pk__in=campaigns.roster(
                    role=given["role"],
                    represented_by=acting.pk if acting else None,
                    words=given["words"],
                    on=timezone.now().date(),
                ).values("pk")
            )
        return seen(Party.objects.filter(chosen), self.sight)

    def write(self, *, id: UUID, at: datetime) -> Model:
        """Open the campaign."""
        given = self.cleaned_data
        licensee = given["licensee"]
        campaign = campaigning.open_campaign(
            id=id,
            organization_id=given["organization"].pk,
            name=given["name"],
            terms_id=given["terms"].pk,
            question=Question(
                uses=tuple(given["uses"]),
                territories=tuple(given["territories"]),
                active_from=given["active_from"],
                active_to=given["active_to"],
                kinds=tuple(given["kinds"]),
                covers_future=given["covers_future"],
                licensee_id=licensee.pk if licensee else None,
                licensee_role=given["licensee_role"],
                barred=tuple(given["barred"]),
                approval_mode=given["approval_mode"],
                notice_days=given["notice_days"],
                description=given["description"],
                compensation=given["compensation"],
            ),
            roster=self.roster().values_list("pk", flat=True),
            closes_on=given["closes_on"],
            registrar_id=self.registrar_id,
            at=at,
        )
        tasks.ring_for(Job.Kind.CAMPAIGN, campaign.id)
        return campaign

    def clean(self) -> dict[str, Any]:
        """Check the end against the beginning, which no constraint sees before the first artist is asked."""
        given: dict[str, Any] = super().clean() or {}
        begin, end = given.get("active_from"), given.get("active_to")
        if begin and end and end <= begin:
            self.add_error("active_to", "The end lies behind the beginning: it is the first day outside the period.")
        return given


@dataclass(frozen=True)
class Bar:
    """One bar of the funnel, in percent of everybody who was asked."""

    label: str
    count: int
    percent: int
    width: str
    color: str


@dataclass(frozen=True)
class Piece:
    """One piece of the bar of answers."""

    label: str
    count: int
    start: str
    width: str
    color: str
    address: str


def bars_of(funnel: Funnel) -> tuple[Bar, ...]:
    """Return the funnel from everybody who was asked to whoever agreed and stands by it."""
    steps = (
        ("Asked", funnel.asked, "l-step-asked"),
        ("Opened their page", funnel.opened, "l-step-opened"),
        ("Answered", funnel.answered, "l-step-answered"),
        ("Agree today", funnel.granted, "l-step-granted"),
    )
    return tuple(
        Bar(label, count, _percent(count, funnel.asked), _width(count, funnel.asked), color)
        for label, count, color in steps
    )


def pieces_of(funnel: Funnel, address: str) -> tuple[Piece, ...]:
    """Return everybody who was asked by what came of it, one after the other."""
    counts = (
        (Progress.GRANTED, funnel.granted),
        (Progress.WITHDRAWN, funnel.withdrawn),
        (Progress.DECLINED, funnel.declined),
        (Progress.SILENT, funnel.silent),
        (Progress.OPENED, funnel.seen),
        (Progress.WAITING, funnel.waiting - funnel.seen),
    )
    pieces, start = [], 0
    for progress, count in counts:
        pieces.append(
            Piece(
                _STATES[progress][0],
                count,
                _width(start, funnel.asked),
                _width(count, funnel.asked),
                f"l-part-{progress.value}",
                f"{address}?state={progress.value}",
            )
        )
        start += count
    return tuple(pieces)


def _percent(part: int, whole: int) -> int:
    return (200 * part + whole) // (2 * whole) if whole else 0


def _width(part: int, whole: int) -> str:
    """Return a part of a drawing that is 1,000 wide, exact to its thousandth."""
    return f"{1000 * part // whole if whole else 0}"


@admin.register(Campaign)
class CampaignAdmin(FactAdmin):
    """Questions to many artists."""

    fact_form = CampaignForm
    list_display = (
        "shown_name",
        "shown_organization",
        sheets.column("closes_on", "Last day"),
        "shown_asked",
        "shown_answered",
        "shown_granted",
        "shown_state",
    )
    list_select_related = ("organization__identity", "plan")
    ordering = ("-recorded_at",)
    search_fields = ("name",)
    search_help_text = "Name of the campaign"
    blank = "No campaign was opened. Publish terms first, then ask your artists."
    about = "One question to many artists: the same terms, a day on which it closes, and silence that means no."

    def get_urls(self) -> list[URLPattern]:
        """Add what is done with a campaign."""
        own = []
        for name, view in (
            ("mail", self.mail_view),
            ("close", self.close_view),
            ("links", self.links_view),
            ("again", self.again_view),
        ):
            guarded = self.admin_site.admin_view(require_POST(view))
            own.append(path(f"<uuid:id>/{name}/", guarded, name=f"rights_campaign_{name}"))
        link = self.admin_site.admin_view(require_POST(self.link_view))
        own.append(path("<uuid:id>/link/<uuid:invitation_id>/", link, name="rights_campaign_link"))
        return own + super().get_urls()

    # --- The list.

    @admin.display(description="Campaign", ordering="name")
    def shown_name(self, row: Campaign) -> str:
        """Show its name."""
        return row.name

    @admin.display(description="Asked by")
    def shown_organization(self, row: Campaign) -> str:
        """Show who asks."""
        return str(row.organization)

    @admin.display(description="Asked")
    def shown_asked(self, row: Campaign) -> str:
        """Count who was asked, and how many are left to ask."""
        plan = row.plan
        left = plan.asked - plan.offered - plan.left_out
        return f"{plan.offered} of {plan.asked}" if left else str(plan.offered)

    @admin.display(description="Answered")
    def shown_answered(self, row: Campaign) -> str:
        """Count the answers."""
        funnel = campaigns.funnel(row.pk)
        return f"{funnel.answered} ({_percent(funnel.answered, funnel.asked)} %)"

    @admin.display(description="Agree today")
    def shown_granted(self, row: Campaign) -> str:
        """Count who agreed and stands by it."""
        return str(campaigns.funnel(row.pk).granted)

    @admin.display(description="State")
    def shown_state(self, row: Campaign) -> Shown:
        """Say whether it can be answered."""
        return _state_of(row, row.plan)

    # --- Opening one: first what it comes to, then the act.

    def get_queryset(self, request: HttpRequest) -> QuerySet[Campaign]:
        """Return the campaigns of whoever asks: an artist, and who acts for one, has a page of their own."""
        rows: QuerySet[Campaign] = super().get_queryset(request)
        sight = caller_of(request).sight
        return rows if sight.is_whole else rows.filter(organization__in=sight.ids)

    def _prepared(self, request: HttpRequest, form: Any) -> Any:
        super()._prepared(request, form)
        caller = caller_of(request)
        if isinstance(form, CampaignForm) and not caller.is_operator:
            form.ask_for(caller.organizations(Verb.LICENSE))
        return form

    def _may_act(self, request: HttpRequest, campaign: Campaign) -> bool:
        """Whether this person may ask and close for who asks: whoever sees a campaign need not."""
        may = request.user.has_perm("rights.add_campaign")
        return bool(may and caller_of(request).acts_for(campaign.organization_id, Verb.LICENSE))

    def _form(self, request: HttpRequest, form: FactForm) -> HttpResponse:
        preview = self._preview(form) if request.method == "POST" and isinstance(form, CampaignForm) else None
        response = self.page(
            request,
            "ledger/admin/campaign_form.html",
            None,
            {"form": form, "title": "New campaign", "lead": form.lead, "preview": preview,
             "has_terms": self.seen(request, TermsVersion.objects.all()).exists()},
        )  # fmt: skip
        response.status_code = 422 if form.errors else 200
        return response

    def _add(self, request: HttpRequest) -> HttpResponse:
        if request.method == "POST" and "open" not in request.POST:
            form = self._prepared(request, CampaignForm(request.POST))
            if form.is_valid():
                self._answers(request, form)
            return self._form(request, form)
        return super()._add(request)

    def _preview(self, form: CampaignForm) -> dict[str, Any] | None:
        if form.errors:
            return None
        today = timezone.now().date()
        try:
            artists = form.roster()
            counts = campaigns.coverage(artists, form.cleaned_data["kinds"], on=today)
        except NothingToSearch as error:
            form.add_error("words", sentence_of(error))
            return None
        if not counts.artists:
            form.add_error("artists", sentence_of(campaigns.NobodyAsked()))
            return None
        names = [str(party) for party in artists.select_related("identity").order_by("pk")[:SHOWN_NAMES]]
        return {
            "counts": counts,
            "left_out": counts.artists - counts.holding,
            "names": names,
            "more": counts.artists - len(names),
            "sends_mail": campaigning.sends_mail(),
            "terms": form.cleaned_data["terms"],
        }

    # --- One campaign.

    def change_view(self, request: HttpRequest, object_id: str, *_unused: Any, **_also: Any) -> HttpResponse:
        """Show the funnel and everybody who was asked."""
        if request.method not in {"GET", "HEAD"} or not self.has_view_permission(request):
            raise PermissionDenied
        campaign: Campaign = self.fact(request, object_id)
        plan = CampaignPlan.objects.get(campaign=campaign)
        funnel = campaigns.funnel(campaign.id)
        address = sheets.address(campaign)
        rows = campaign.invitations.select_related("party__identity", "consent")
        state = request.GET.get("state", "")
        if state in set(Progress):
            rows = campaigns.in_progress(rows, Progress(state))
        pages = Paginator(rows.order_by("pk"), PER_PAGE)
        page = pages.get_page(request.GET.get("p"))
        question = campaigns.read_plan(plan.document).question
        is_open = campaigning.is_open(campaign, on=timezone.now().date()) and funnel.waiting + funnel.declined > 0
        asking = plan.asked - plan.offered - plan.left_out
        context = {
            "title": campaign.name,
            "campaign": campaign,
            "plan": plan,
            "asking": asking,
            "asked_percent": _percent(plan.offered + plan.left_out, plan.asked),
            "chip": _state_of(campaign, plan),
            "funnel": funnel,
            "bars": bars_of(funnel),
            "pieces": pieces_of(funnel, address),
            "facts": self._facts(campaign, question),
            "page": page,
            "rows": [_row_of(invitation) for invitation in self._with_events(page.object_list)],
            "state": state,
            "state_name": _STATES[Progress(state)][0] if state in set(Progress) else "",
            "may_act": self._may_act(request, campaign),
            "is_open": is_open,
            "is_asking": asking > 0,
            "has_stopped": asking > 0 and campaigning.has_stopped(campaign.pk),
            "sends_mail": campaigning.sends_mail(),
            "mailings": self._mailings(campaign),
        }
        return self.page(request, "ledger/admin/campaign.html", campaign, context)

    def _facts(self, campaign: Campaign, question: Question) -> tuple[tuple[str, Shown], ...]:
        licensee = Party.objects.filter(pk=question.licensee_id).first() if question.licensee_id else None
        who = sheets.link(licensee) if licensee else question.licensee_role.replace("_", " ") or "Any licensee"
        terms = campaign.terms
        return (
            ("Asked by", sheets.link(campaign.organization)),
            ("Uses", "; ".join(_ENGLISH.use(use)[0] for use in question.uses)),
            ("About", ", ".join(question.kinds) + (" and future ones" if question.covers_future else "")),
            ("Who may", who),
            ("Where", sheets.territories(list(question.territories), question.active_from)),
            ("When", _ENGLISH.period(question.active_from, question.active_to)),
            ("Money", question.compensation or "none named"),
            ("Terms", f"{terms}"),
            ("Text", sheets.long_id(f"sha256:{terms.text_digest}")),
            sheets.entry_of(campaign=campaign),
        )

    def _with_events(self, rows: Any) -> list[CampaignInvitation]:
        found = CampaignInvitation.objects.filter(pk__in=[row.pk for row in rows]).order_by("pk")
        return list(
            found.select_related("party__identity", "consent").prefetch_related("consent__events__entries", "notices")
        )

    def _mailings(self, campaign: Campaign) -> list[dict[str, Any]]:
        found = campaign.mailings.prefetch_related("notices").order_by("-requested_at")[:10]
        return [
            {
                "kind": mailing.get_kind_display(),
                "at": mailing.requested_at,
                "sent": sum(1 for notice in mailing.notices.all() if notice.channel == "email"),
                "without": sum(1 for notice in mailing.notices.all() if notice.channel == "no_address"),
            }
            for mailing in found
        ]

    # --- Acts.

    def _acting(self, request: HttpRequest, id: UUID) -> Campaign:
        if not request.user.has_perm("rights.add_campaign"):
            raise PermissionDenied
        found: Campaign = self.fact(request, id)
        if not self._may_act(request, found):
            raise PermissionDenied
        return found

    def mail_view(self, request: HttpRequest, id: UUID) -> HttpResponse:
        """Have everybody written to who has not answered."""
        campaign = self._acting(request, id)
        first = not campaign.mailings.exists()
        kind = CampaignMailing.Kind.INVITATION if first else CampaignMailing.Kind.REMINDER
        try:
            mailing = campaigning.request_mailing(
                id=uuid4(), campaign_id=campaign.id, kind=kind, by=request.user, at=timezone.now()
            )
        except REFUSED as error:
            messages.error(request, sentence_of(error))
        else:
            tasks.ring_for(Job.Kind.MAILING, mailing.id)
            messages.success(request, "The letters are on their way to everybody who has not answered.")
        return HttpResponseRedirect(sheets.address(campaign))

    def again_view(self, request: HttpRequest, id: UUID) -> HttpResponse:
        """Go on asking where it was given up."""
        campaign = self._acting(request, id)
        if campaigning.ask_again(campaign_id=campaign.id, at=timezone.now()):
            tasks.ring_for(Job.Kind.CAMPAIGN, campaign.id)
            messages.success(request, "The others are being asked now.")
        return HttpResponseRedirect(sheets.address(campaign))

    def close_view(self, request: HttpRequest, id: UUID) -> HttpResponse:
        """Ask once more, and close."""
        campaign = self._acting(request, id)
        if "sure" not in request.POST:
            funnel = campaigns.funnel(campaign.id)
            context = {"campaign": campaign, "funnel": funnel, "title": "Close campaign"}
            return self.page(request, "ledger/admin/campaign_close.html", campaign, context)
        try:
            campaigning.close(campaign_id=campaign.id, at=timezone.now())
        except REFUSED as error:
            messages.error(request, sentence_of(error))
        else:
            tasks.ring_for(Job.Kind.CLOSING, campaign.id)
            messages.success(request, "Closed: nobody can agree any more, and each silence is recorded as a no.")
        return HttpResponseRedirect(sheets.address(campaign))

    def link_view(self, request: HttpRequest, id: UUID, invitation_id: UUID) -> HttpResponse:
        """Show one link, to be copied; that it was shown is recorded."""
        campaign = self._acting(request, id)
        invitation = campaign.invitations.select_related("party__identity").filter(pk=invitation_id).first()
        if invitation is None:
            raise Http404
        try:
            link = campaigning.show_link(id=uuid4(), invitation_id=invitation.pk, to=request.user, at=timezone.now())
        except REFUSED as error:
            messages.error(request, sentence_of(error))
            return HttpResponseRedirect(sheets.address(campaign))
        context = {"campaign": campaign, "invitation": invitation, "link": link, "title": "Personal link"}
        response = self.page(request, "ledger/admin/campaign_link.html", campaign, context)
        response["Cache-Control"] = "private, no-store"
        return response

    def links_view(self, request: HttpRequest, id: UUID) -> HttpResponse:
        """Hand out the links of everybody whom no letter reached, as a sheet."""
        campaign = self._acting(request, id)
        try:
            links = campaigning.show_links(campaign_id=campaign.id, to=request.user, at=timezone.now())
        except REFUSED as error:
            messages.error(request, sentence_of(error))
            return HttpResponseRedirect(sheets.address(campaign))
        response = HttpResponse(content_type="text/csv; charset=utf-8")
        response["Content-Disposition"] = f'attachment; filename="links-{campaign.pk}.csv"'
        response["Cache-Control"] = "private, no-store"
        sheet = csv.writer(response)
        sheet.writerow(["artist", "link"])
        # A name that begins like a formula must not be one in the reader's spreadsheet.
        sheet.writerows([("'" + name if name[:1] in "=+-@\t\r" else name), link] for name, link in links)
        return response


def _state_of(campaign: Campaign, plan: CampaignPlan) -> Shown:
    if plan.offered + plan.left_out < plan.asked:
        return sheets.chip("waiting", "Asking")
    is_open = campaigning.is_open(campaign, on=timezone.now().date())
    if not is_open or not campaigns.not_granted(campaign_id=campaign.pk).exists():
        return sheets.chip("refused", "Closed")
    return sheets.chip("cleared", f"Open until {campaign.closes_on}")


def _row_of(invitation: CampaignInvitation) -> dict[str, Any]:
    """Return one artist's line: what happened, when, by which channel, and the entries that prove it."""
    events = sorted(invitation.consent.events.all(), key=lambda event: event.position or 0)
    progress = campaigns.progress_of([event.act for event in events])
    answer = next((event for event in reversed(events) if event.act in {"granted", "declined", "withdrawn"}), None)
    opened = next((event for event in events if event.act in {"viewed", "granted", "declined"}), None)
    entry: Entry | None = next(iter(answer.entries.all()), None) if answer else None
    notices = list(invitation.notices.all())
    mailed = sum(1 for notice in notices if notice.channel == "email")
    shown = sum(1 for notice in notices if notice.channel == "desk")
    contacts = [f"{mailed} by e-mail"] if mailed else []
    contacts += [f"{shown} at the desk"] if shown else []
    return {
        "id": invitation.pk,
        "artist": sheets.link(invitation.party),
        "chip": sheets.chip(_STATES[progress][1], _STATES[progress][0]),
        "opened": opened.recorded_at if opened else None,
        "answered": answer.recorded_at if answer else None,
        "channel": answer.channel if answer else "",
        "consent": sheets.link(invitation.consent, "Consent"),
        "proof": format_html(" · {}", sheets.link(entry, "entry")) if entry else "",
        "contacts": ", ".join(contacts) or sheets.NOTHING,
        "may_copy": True,
    }
