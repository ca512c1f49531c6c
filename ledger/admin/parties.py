"""Parties: who is in the trade, as known at any day; names, codes, mandates, protections, duplicates, erasure."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import UTC, date, datetime, time, timedelta
from typing import Any
from uuid import UUID, uuid4

from django.contrib import admin, messages
from django.core.exceptions import PermissionDenied
from django.db import IntegrityError
from django.db.models import Model, QuerySet
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect, JsonResponse
from django.urls import URLPattern, path, reverse
from django.utils import timezone
from django.views.decorators.http import require_POST

from ledger import erasure, subjects
from ledger.access import NotYourParty, Verb, may_keep, may_record_representation
from ledger.admin import sheets
from ledger.admin.catalogue import LICENSES, OUTPUTS, consent_rows, license_rows, share_rows, submission_rows
from ledger.admin.facts import FactAdmin, add_address
from ledger.admin.forms import FactForm, sentence_of
from ledger.admin.party_forms import (
    CARRIED_OUT,
    SCHEMES,
    ActForm,
    AnswerForm,
    EndForm,
    ErasureRequestForm,
    FindingForm,
    IdentifierForm,
    MergeForm,
    PartyForm,
    PartyNameForm,
    PartyRoleForm,
    ProposeErasureForm,
    ProtectionForm,
    RepresentationForm,
    UndoForm,
    is_about,
    named,
)
from ledger.admin.sheets import Sheet, Shown, Step, Table
from ledger.api.access import caller_of, seen_by
from ledger.constraints import REFUSALS, violated
from ledger.models import ErasureRequest, Proposal
from rights import codes, identifiers, parties, profiles
from rights.identifiers import BadCode, CodeStatus, Scheme
from rights.models import (
    Consent,
    Identifier,
    License,
    Party,
    PartyInRole,
    PartyMerge,
    PartyName,
    Protection,
    Representation,
    Share,
)
from rights.profiles import Profile
from rights.sealing import NothingToSearch
from rights.vocabulary import PartyKind

STATUSES = {
    CodeStatus.WELL_FORMED: ("none", "Well formed"),
    CodeStatus.CHECK_OK: ("none", "Check digit fits"),
    CodeStatus.RESOLVED: ("cleared", "Confirmed"),
    CodeStatus.CONTRADICTED: ("refused", "Contradicted"),
}


class ActingAdmin(FactAdmin):
    """Facts about which something can be done, each on a page that says what it does."""

    acts: dict[str, tuple[type[ActForm], str]] = {}  # part of the address → form and permission

    def get_urls(self) -> list[URLPattern]:
        """Add a page for each act."""
        name = f"{self.opts.app_label}_{self.opts.model_name}"
        own = [
            path(f"<uuid:id>/{act}/", self.admin_site.admin_view(self.act_view), {"act": act}, name=f"{name}_{act}")
            for act in self.acts
        ]
        return own + super().get_urls()

    def step(self, request: HttpRequest, fact: Model, act: str, label: str) -> tuple[Step, ...]:
        """Return the way to an act, or nothing where this person may not."""
        form, permission = self.acts[act]
        if not (request.user.has_perm(permission) and form.may(caller_of(request), fact, request.user)):
            return ()
        url = reverse(f"admin:{self.opts.app_label}_{self.opts.model_name}_{act}", args=[fact.pk])
        return (Step(label, url, is_grave=form.is_grave),)

    def address_after(self, made: Model) -> str:
        """Go back to the party that a new fact is about."""
        about = is_about(made)
        return sheets.address(about) if about else super().address_after(made)

    def _answers(self, request: HttpRequest, form: FactForm) -> bool:
        """Check that they may say this of whom or what it is about, and keep in whose name it is registered."""
        if not super()._answers(request, form):
            return False
        caller = caller_of(request)
        given = form.cleaned_data
        for name in ("principal", "party", "work", "recording"):
            about = given.get(name)
            if about is None:
                continue
            if name == "principal":
                may = may_record_representation(caller, principal_id=about.pk)
            elif self.model is ErasureRequest:
                may = caller.acts_for(about.pk, Verb.REGISTER)
            else:
                may = may_keep(caller, about)
            if not may:
                form.add_error(name, sentence_of(NotYourParty()))
                return False
        return True

    def act_view(self, request: HttpRequest, id: UUID, act: str) -> HttpResponse:
        """Say what an act does, and do it through its use case."""
        form_class, permission = self.acts[act]
        fact = self.fact(request, id)
        caller = caller_of(request)
        if not (request.user.has_perm(permission) and form_class.may(caller, fact, request.user)):
            raise PermissionDenied
        given: dict[str, Any] = {"fact": fact, "caller": caller, "user_id": request.user.pk or 0}
        if request.method != "POST":
            return self._asked(request, form_class(initial={"id": uuid4(), "effective_on": _today()}, **given))
        form = form_class(request.POST, **given)
        if not form.is_valid():
            return self._asked(request, form)
        try:
            made = form.write(id=form.cleaned_data["id"], at=timezone.now())
        except IntegrityError as error:
            name = violated(error) or ""
            if name.endswith("_pkey"):
                messages.info(request, "This was recorded already.")  # the same form sent twice
                return HttpResponseRedirect(sheets.address(fact))
            if name not in REFUSALS:
                raise
            form.add_error(next(iter(form.visible_fields())).name, REFUSALS[name].sentence)
            return self._asked(request, form)
        except tuple(form.refusals) as error:
            form.add_error(form.field_of(error), sentence_of(error))
            return self._asked(request, form)
        self._note(request, made)
        messages.success(request, form.done)
        return HttpResponseRedirect(self.address_of_act(fact, made))

    def address_of_act(self, fact: Model, made: Model) -> str:
        """Go to the proposal that was made, else back to the fact."""
        return sheets.address(made) if isinstance(made, Proposal) else sheets.address(fact)

    def _asked(self, request: HttpRequest, form: ActForm) -> HttpResponse:
        context = {"form": form, "title": form.heading(), "back": sheets.address(form.fact)}
        response = self.page(request, "ledger/admin/act.html", form.fact, context)
        response.status_code = 422 if form.errors else 200
        return response


def _today() -> date:
    return timezone.now().date()


# --- Parties ---


@admin.register(Party)
class PartyAdmin(ActingAdmin):
    """Who is in the trade."""

    fact_form = PartyForm
    pick_fields = ("registered_at",)  # what choosers show is ordered by it; names are found by their tokens
    list_display = ("shown_name", "shown_kind", sheets.column("registered_at", "Registered"), "shown_id")
    list_filter = ("kind",)
    ordering = ("-registered_at",)
    list_select_related = ("identity",)
    blank = "Nobody is registered yet. Begin with the label, publishers, writers, performers, and a distributor."
    about = (
        "People, companies, societies and estates. Search by the beginnings of any of their names; what you type stays"
        " out of addresses and logs."
    )
    list_before_template = "ledger/admin/list_before_parties.html"
    most_found = 200
    acts = {"merge": (MergeForm, "ledger.add_proposal")}

    def get_urls(self) -> list[URLPattern]:
        """Add the export."""
        view = self.admin_site.admin_view(self.export_view)
        return [path("<uuid:id>/export/", view, name="rights_party_export"), *super().get_urls()]

    def changelist_view(self, request: HttpRequest, extra_context: dict[str, Any] | None = None) -> HttpResponse:
        """Show the list, or what fits a name: it comes in the body, since addresses land in server logs."""
        sought = ""
        if request.method == "POST":
            if not self.has_view_permission(request):
                raise PermissionDenied
            sought = request.POST.get("name", "").strip()[:100]
            request.method = "GET"  # the rest of the view is about reading
        request.sought = sought  # type: ignore[attr-defined]
        return super().changelist_view(
            request, {"sought": sought, "most_found": self.most_found, **(extra_context or {})}
        )

    def get_queryset(self, request: HttpRequest) -> QuerySet[Party]:
        """Return the parties, or those whose name was sought."""
        rows: QuerySet[Party] = super().get_queryset(request)
        sought = getattr(request, "sought", "")
        if not sought:
            return rows
        # The pages of a list are addresses; a search has one page, and asks for more of the name if that is too few.
        found = self.searched(rows, sought).values_list("pk", flat=True)[: self.most_found]
        return rows.filter(pk__in=list(found))

    def searched(self, rows: QuerySet[Any], words: str) -> QuerySet[Any]:
        """Return the parties that have a name with words that begin so; the newest first where none is typed."""
        newest = rows.select_related("identity").order_by("-registered_at")
        if not words:
            return newest
        try:
            return newest.filter(pk__in=parties.named(words).values("pk"))
        except NothingToSearch:
            return newest.none()

    def get_list_per_page(self, request: HttpRequest) -> int:
        """Return how many lines a page has."""
        return self.most_found if getattr(request, "sought", "") else self.list_per_page

    def more(self, row: Any) -> str:
        """Tell two of the same name apart by kind and id."""
        return f"{row.kind} {str(row.pk)[:8]}"

    @admin.display(description="Name")
    def shown_name(self, row: Party) -> str:
        """Show the name, or that it was erased."""
        return str(row)

    @admin.display(description="Kind", ordering="kind")
    def shown_kind(self, row: Party) -> str:
        """Show the kind."""
        return row.get_kind_display()

    @admin.display(description="Id")
    def shown_id(self, row: Party) -> Shown:
        """Show the beginning of the id."""
        return sheets.short_id(row.pk)

    def change_view(self, request: HttpRequest, object_id: str, *_unused: Any, **_also: Any) -> HttpResponse:
        """Show a party as it is known today, or as it was known at the end of a day."""
        if request.method not in {"GET", "HEAD"} or not self.has_view_permission(request):
            raise PermissionDenied
        fact: Party = self.fact(request, object_id)
        known_on = _day(request.GET.get("known_on", ""))
        try:
            profile = self._profile(request, fact, _end_of(known_on))
        except parties.NoSuchParty:
            known_on, profile = None, self._profile(request, fact)
            messages.info(request, "It was not registered on that day yet; this is what is known today.")
        context = {"sheet": self._laid_out(request, profile), "known_on": known_on, "today": _today()}
        return self.page(request, "ledger/admin/party.html", fact, context)

    def sheet(self, request: HttpRequest, fact: Party) -> Sheet:
        """Show what is known today."""
        return self._laid_out(request, self._profile(request, fact))

    def _profile(self, request: HttpRequest, fact: Party, known_at: datetime | None = None) -> Profile:
        return profiles.profile(fact.pk, known_at, seen=lambda rows: self.seen(request, rows))

    def _laid_out(self, request: HttpRequest, found: Profile) -> Sheet:
        party = found.party
        is_now = found.known_at is None
        return Sheet(
            title=found.name or str(party),
            lead=f"{party.get_kind_display()}, registered {party.registered_at:%Y-%m-%d}.",
            chip=_state_of(found),
            steps=(*self._steps(request, found),) if is_now else (),
            facts=(
                ("Is the same as", sheets.links(_others(found)) if len(found.same_as) > 1 else "Nobody else here"),
                ("Id", sheets.long_id(party.pk)),
                ("Commitment in the log", sheets.long_id(bytes(party.commitment).hex())),
                ("Registered", sheets.moment(party.registered_at)),
                sheets.entry_of(party=party),
            ),
            tables=(*_about(request, found), *(_rest(request, party) if is_now else ())),
        )

    def _steps(self, request: HttpRequest, found: Profile) -> Iterable[Step]:
        party = found.party
        if found.counts_as == party.pk:
            yield from self.step(request, party, "merge", "Is a duplicate…")
        own = caller_of(request).acts_for(party.pk, Verb.REGISTER)
        if own and found.name is not None and (url := add_address(request, ErasureRequest, party=party.pk)):
            yield Step("Asks for erasure…", url, is_grave=True)
        if caller_of(request).sight.is_whole or party.pk in caller_of(request).sight.ids:
            yield Step("Evidence pack", f"{reverse('reports:packs')}?about=party&id={party.pk}")
        if request.user.is_superuser:
            yield Step("Export everything", reverse("admin:rights_party_export", args=[party.pk]))

    def export_view(self, request: HttpRequest, id: UUID) -> HttpResponse:
        """Download everything about a subject; only whoever may do everything."""
        if not request.user.is_superuser:
            raise PermissionDenied
        party: Party = self.fact(request, id)
        answer = JsonResponse(subjects.export(party_id=party.pk, at=timezone.now()), json_dumps_params={"indent": 2})
        answer["Content-Disposition"] = f'attachment; filename="subject-{party.pk}.json"'
        return answer


def _day(text: str) -> date | None:
    try:
        return date.fromisoformat(text)
    except ValueError:
        return None


def _end_of(day: date | None) -> datetime | None:
    if day is None or day >= _today():
        return None
    return datetime.combine(day + timedelta(days=1), time(), tzinfo=UTC) - timedelta(microseconds=1)


def _others(found: Profile) -> list[Party]:
    return list(
        Party.objects.select_related("identity").filter(pk__in=[id for id in found.same_as if id != found.party.pk])
    )


def _state_of(found: Profile) -> Shown:
    if found.name is None:
        return sheets.chip("failed", "Erased")
    if found.counts_as != found.party.pk:
        return sheets.chip("review", "Merged")
    day = found.known_at.date() if found.known_at else _today()
    holding = [
        row.get_kind_display()
        for row in found.protections
        if row.active_from <= day and (row.active_to is None or day < row.active_to)
    ]
    return sheets.chip("review", ", ".join(dict.fromkeys(holding))) if holding else ""


def _about(request: HttpRequest, found: Profile) -> tuple[Table, ...]:
    party = found.party
    is_now = found.known_at is None

    def add(model: type[Model], name: str = "party") -> str:
        return add_address(request, model, **{name: party.pk}) if is_now else ""

    return (
        Table("Further names", ("Name", "Kind", "Recorded"),
              tuple((sheets.link(row, row.name or "erased"), row.get_kind_display(), sheets.moment(row.recorded_at))
                    for row in found.names),
              "No pseudonym, credit or former name is recorded.",
              add(PartyName) if found.name is not None else "", "Add name"),
        Table("Codes", ("Code", "Scheme", "What is known", "Recorded"),
              tuple((sheets.link(row, identifiers.display(Scheme(row.scheme), row.value)),
                     SCHEMES[Scheme(row.scheme)], _status(found.statuses[row.pk]), sheets.moment(row.recorded_at))
                    for row in found.identifiers),
              "No code of a directory is recorded.", add(Identifier), "Add code"),
        Table("Roles", ("Role", "When", "Recorded"),
              tuple((sheets.link(row, row.get_role_display()), sheets.period(row), sheets.moment(row.recorded_at))
                    for row in found.roles),
              "No role in the trade is recorded.", add(PartyInRole), "Add role"),
        Table("Who acts for it", ("Agent", "By what right", "For what", "When", "Recorded"),
              tuple(_mandate(row, row.agent, found) for row in found.represented_by),
              "Nobody: it signs for itself.", add(Representation, "principal"), "Add representation"),
        *((Table("For whom it acts", ("Principal", "By what right", "For what", "When", "Recorded"),
                 tuple(_mandate(row, row.principal, found) for row in found.represents), ""),)
          if found.represents else ()),
        *((Table("Protection", ("Kind", "Law of", "When", "Recorded"),
                 tuple((sheets.link(row, row.get_kind_display()), row.jurisdiction, sheets.period(row),
                        sheets.moment(row.recorded_at)) for row in found.protections),
                 "Is recorded as neither minor, under guardianship nor dead.",
                 add(Protection), "Add protection"),)
          if party.kind == PartyKind.PERSON else ()),
        *((Table("Merges", ("Merge", "Recorded", "Undone"),
                 tuple((sheets.link(row), sheets.moment(row.recorded_at), _undone(row, found)) for row in found.merges),
                 ""),)
          if found.merges else ()),
    )  # fmt: skip


def _mandate(row: Representation, other: Party, found: Profile) -> tuple[Shown, ...]:
    end = found.ends.get(row.pk)
    when = f"{sheets.period(row)}; ended from {end.effective_on}" if end else sheets.period(row)
    uses = sheets.uses(row.uses) if row.uses else "Every use"
    authority = sheets.link(row, row.get_authority_display())
    return sheets.link(other), authority, uses, when, sheets.moment(row.recorded_at)


def _undone(row: PartyMerge, found: Profile) -> Shown:
    undo = getattr(row, "undo", None)
    if undo is None or (found.known_at is not None and undo.recorded_at > found.known_at):
        return sheets.NOTHING
    return sheets.moment(undo.recorded_at)


def _rest(request: HttpRequest, party: Party) -> tuple[Table, ...]:
    from ledger.today import outputs

    def seen(rows: QuerySet[Any]) -> QuerySet[Any]:
        return seen_by(request, rows)

    return (
        Table("Shares", ("Part", "Asset", "Where", "When"), share_rows(seen(party.shares.all()), of_party=True),
              "Holds no share yet.", add_address(request, Share, party=party.pk), "Add share"),
        Table("Consents given", ("Consent", "Asset", "Uses", "When", "State"),
              consent_rows(seen(party.consents.all()), of_party=True),
              "Has agreed to nothing: outputs with what it holds are refused.",
              add_address(request, Consent, grantor=party.pk), "Add consent"),
        Table("Licenses given", LICENSES, license_rows(seen(party.licenses_given.all())), "Has licensed nothing.",
              add_address(request, License, licensor=party.pk), "Add license"),
        Table("Licenses held", LICENSES, license_rows(seen(party.licenses_held.all())),
              "Holds no license: what it submits may contain nobody else’s material.",
              add_address(request, License, licensee=party.pk), "Add license"),
        Table("Outputs submitted", OUTPUTS, submission_rows(seen(outputs().filter(submitter=party))),
              "Has submitted nothing."),
    )  # fmt: skip


def _status(status: CodeStatus) -> Shown:
    return sheets.chip(*STATUSES[status])


# --- Names, roles, codes ---


@admin.register(PartyName)
class PartyNameAdmin(ActingAdmin):
    """Further names; they are read on their party's page."""

    counted = ("name", "names")
    fact_form = PartyNameForm
    list_display = ("shown_name", "shown_party", "shown_kind", sheets.column("recorded_at", "Recorded"))
    list_filter = ("kind",)
    list_select_related = ("party__identity",)
    ordering = ("-recorded_at",)
    blank = "No further name is recorded."
    called = "name"
    about = "Pseudonyms, names for credits, legal and former names. A pseudonym is a name, not a party."

    @admin.display(description="Name")
    def shown_name(self, row: PartyName) -> str:
        """Show the name, or that it was erased."""
        return row.name or "erased"

    @admin.display(description="Party")
    def shown_party(self, row: PartyName) -> Shown:
        """Link to whose name it is."""
        return sheets.link(row.party)

    @admin.display(description="Kind", ordering="kind")
    def shown_kind(self, row: PartyName) -> str:
        """Show the kind."""
        return row.get_kind_display()

    def sheet(self, request: HttpRequest, fact: PartyName) -> Sheet:  # noqa: ARG002
        """Show the name."""
        return Sheet(
            title=fact.name or "An erased name",
            lead=f"{fact.get_kind_display()} name of a party.",
            facts=(
                ("Of", sheets.link(fact.party)),
                ("Commitment in the log", sheets.long_id(bytes(fact.commitment).hex())),
                ("Id", sheets.long_id(fact.pk)),
                ("Recorded", sheets.moment(fact.recorded_at)),
                sheets.entry_of(party_name=fact),
            ),
        )


@admin.register(PartyInRole)
class PartyInRoleAdmin(ActingAdmin):
    """What parties are in the trade."""

    counted = ("role", "roles")
    fact_form = PartyRoleForm
    list_display = (
        "shown_party",
        "shown_role",
        sheets.column("active_from", "From"),
        sheets.column("active_to", "To before"),
    )
    list_filter = ("role",)
    list_select_related = ("party__identity",)
    ordering = ("-recorded_at",)
    blank = "No role is recorded."
    called = "role"
    about = "What somebody is in the trade, and when: labels, publishers, distributors, writers, artists, managers."

    @admin.display(description="Party")
    def shown_party(self, row: PartyInRole) -> str:
        """Show who."""
        return str(row.party)

    @admin.display(description="Role", ordering="role")
    def shown_role(self, row: PartyInRole) -> str:
        """Show what."""
        return row.get_role_display()

    def sheet(self, request: HttpRequest, fact: PartyInRole) -> Sheet:  # noqa: ARG002
        """Show the role."""
        return Sheet(
            title=f"{fact.get_role_display()}: {fact.party}",
            lead="A role in the trade, for a time.",
            facts=(
                ("Party", sheets.link(fact.party)),
                ("When", sheets.period(fact)),
                ("Id", sheets.long_id(fact.pk)),
                ("Recorded", sheets.moment(fact.recorded_at)),
                sheets.entry_of(party_in_role=fact),
            ),
        )


@admin.register(Identifier)
class IdentifierAdmin(ActingAdmin):
    """Codes of parties, works, recordings and releases."""

    counted = ("code", "codes")
    fact_form = IdentifierForm
    search_fields = ("value", "raw")
    search_help_text = "The code, without separators"
    list_display = ("shown_code", "shown_scheme", "shown_thing", sheets.column("recorded_at", "Recorded"))
    list_filter = ("scheme",)
    list_select_related = ("party__identity", "work", "recording", "release")
    ordering = ("-recorded_at",)
    blank = "No code is recorded besides those that works and recordings were registered with."
    called = "code"
    about = "Codes of directories, kept as written and in one form. A code that two things carry is contradicted."
    acts = {"finding": (FindingForm, "rights.add_identifierfinding")}

    def get_urls(self) -> list[URLPattern]:
        """Add the check of a code that is being typed."""
        view = self.admin_site.admin_view(require_POST(self.check_view))
        return [path("check/", view, name="rights_identifier_check"), *super().get_urls()]

    def check_view(self, request: HttpRequest) -> JsonResponse:
        """Say whether what is typed so far is a code, and how it is stored."""
        if not self.has_add_permission(request):
            raise PermissionDenied
        try:
            scheme = Scheme(request.POST.get("scheme", ""))
            code = identifiers.read(scheme, request.POST.get("raw", ""), request.POST.get("namespace", "").strip())
        except BadCode as error:
            return JsonResponse({"fits": False, "said": sentence_of(error)})
        except ValueError:
            return JsonResponse({"fits": False, "said": "Choose which kind of code it is."})
        checked = "The check digit fits" if code.status == CodeStatus.CHECK_OK else "It is well formed"
        return JsonResponse({"fits": True, "said": f"{checked}; stored as {identifiers.display(scheme, code.value)}."})

    @admin.display(description="Code", ordering="value")
    def shown_code(self, row: Identifier) -> str:
        """Show the code as people write it."""
        return identifiers.display(Scheme(row.scheme), row.value)

    @admin.display(description="Scheme", ordering="scheme")
    def shown_scheme(self, row: Identifier) -> str:
        """Show whose kind of code it is."""
        return f"{SCHEMES[Scheme(row.scheme)]} {row.namespace}".strip()

    @admin.display(description="Of")
    def shown_thing(self, row: Identifier) -> Shown:
        """Link to what it is a code of."""
        return _thing(row)

    def sheet(self, request: HttpRequest, fact: Identifier) -> Sheet:
        """Show the code, what is known about it, and who else carries it."""
        status = codes.statuses([fact])[fact.pk]
        others = Identifier.objects.select_related("party__identity", "work", "recording", "release").filter(
            scheme=fact.scheme, namespace=fact.namespace, value=fact.value
        )
        return Sheet(
            title=identifiers.display(Scheme(fact.scheme), fact.value),
            lead=f"{SCHEMES[Scheme(fact.scheme)]}; a check digit proves typing, not whose code it is.",
            chip=_status(status),
            steps=self.step(request, fact, "finding", "A register says…"),
            facts=(
                ("Of", _thing(fact)),
                ("As written", sheets.long_id(fact.raw)),
                *((("Whose own code", fact.namespace),) if fact.namespace else ()),
                ("Id", sheets.long_id(fact.pk)),
                ("Recorded", sheets.moment(fact.recorded_at)),
                sheets.entry_of(identifier=fact),
            ),
            tables=(
                Table("What registers said", ("Finding", "Source", "Recorded"),
                      tuple((_status(CodeStatus(row.result)), row.source, sheets.moment(row.recorded_at))
                            for row in fact.findings.order_by("recorded_at")), "Nobody was asked so far."),
                Table("The same code elsewhere", ("Of", "As written", "Recorded"),
                      tuple((_thing(row), row.raw, sheets.moment(row.recorded_at))
                            for row in self.seen(request, others.exclude(pk=fact.pk))),
                      "Nothing else carries it."),
            ),
        )  # fmt: skip


def _thing(row: Identifier) -> Shown:
    found: Any = row.party or row.work or row.recording
    return sheets.link(found) if found else str(row.release)


# --- Who acts for whom, who is protected ---


@admin.register(Representation)
class RepresentationAdmin(ActingAdmin):
    """Who acts for whom."""

    fact_form = RepresentationForm
    list_display = (
        "shown_agent",
        "shown_principal",
        "shown_authority",
        sheets.column("active_from", "From"),
        sheets.column("active_to", "To before"),
        "shown_end",
    )
    list_filter = ("authority",)
    list_select_related = ("principal__identity", "agent__identity", "end")
    ordering = ("-recorded_at",)
    blank = "Nobody acts for anybody: every holder signs for themselves."
    about = "Mandates, agencies, exclusive contracts, guardians, courts and estates: whose signature counts for whom."
    acts = {"end": (EndForm, "rights.add_representationend")}

    @admin.display(description="Agent")
    def shown_agent(self, row: Representation) -> str:
        """Show who acts."""
        return str(row.agent)

    @admin.display(description="For")
    def shown_principal(self, row: Representation) -> Shown:
        """Link to whom it is for."""
        return sheets.link(row.principal)

    @admin.display(description="By what right", ordering="authority")
    def shown_authority(self, row: Representation) -> str:
        """Show by what right."""
        return row.get_authority_display()

    @admin.display(description="State")
    def shown_end(self, row: Representation) -> Shown:
        """Say whether it ended."""
        end = getattr(row, "end", None)
        return sheets.chip("refused", f"Ended from {end.effective_on}") if end else sheets.chip("cleared", "Recorded")

    def sheet(self, request: HttpRequest, fact: Representation) -> Sheet:
        """Show the representation and its end."""
        end = getattr(fact, "end", None)
        return Sheet(
            title=f"{fact.agent} for {fact.principal}",
            lead="What the agent signs within it counts as signed by the other.",
            chip=self.shown_end(fact),
            steps=() if end else self.step(request, fact, "end", "End…"),
            facts=(
                ("Agent", sheets.link(fact.agent)),
                ("For", sheets.link(fact.principal)),
                ("By what right", fact.get_authority_display()),
                ("Uses", sheets.uses(fact.uses) if fact.uses else "Every use"),
                ("Where", sheets.territories(fact.territories, fact.active_from)),
                ("When", sheets.period(fact)),
                *((("Ended", f"From {end.effective_on}. {end.reason}".strip()),) if end else ()),
                ("Document", sheets.long_id(f"sha256:{fact.document_digest}")),
                ("Id", sheets.long_id(fact.pk)),
                ("Recorded", sheets.moment(fact.recorded_at)),
                sheets.entry_of(representation=fact),
            ),
        )


@admin.register(Protection)
class ProtectionAdmin(ActingAdmin):
    """Who cannot consent alone, or at all."""

    fact_form = ProtectionForm
    list_display = (
        "shown_party",
        "shown_kind",
        "jurisdiction",
        sheets.column("active_from", "From"),
        sheets.column("active_to", "To before"),
    )
    list_filter = ("kind",)
    list_select_related = ("party__identity",)
    ordering = ("-recorded_at",)
    blank = "Nobody is recorded as a minor, under guardianship or dead."
    about = "Minors, wards and the dead: what they agree to alone does not count while it holds."

    @admin.display(description="Person")
    def shown_party(self, row: Protection) -> str:
        """Show who."""
        return str(row.party)

    @admin.display(description="Kind", ordering="kind")
    def shown_kind(self, row: Protection) -> str:
        """Show why."""
        return row.get_kind_display()

    def sheet(self, request: HttpRequest, fact: Protection) -> Sheet:  # noqa: ARG002
        """Show the protection."""
        return Sheet(
            title=f"{fact.get_kind_display()}: {fact.party}",
            lead="While it holds, a guardian, a court or the estate has to act.",
            facts=(
                ("Person", sheets.link(fact.party)),
                ("Law of", fact.jurisdiction),
                ("When", sheets.period(fact)),
                ("Evidence", sheets.long_id(f"sha256:{fact.evidence_digest}")),
                ("Id", sheets.long_id(fact.pk)),
                ("Recorded", sheets.moment(fact.recorded_at)),
                sheets.entry_of(protection=fact),
            ),
        )


# --- Duplicates ---


@admin.register(PartyMerge)
class PartyMergeAdmin(ActingAdmin):
    """Which parties are one."""

    counted = ("merge", "merges")
    list_display = ("shown_merge", "shown_survivor", sheets.column("recorded_at", "Recorded"), "shown_state")
    list_select_related = ("duplicate__identity", "survivor__identity", "undo")
    ordering = ("-recorded_at",)
    blank = "No duplicates were merged. Open a party and choose “Is a duplicate”."
    about = "Duplicates that were merged. Nothing is rewritten, and each merge can be undone."
    acts = {"undo": (UndoForm, "rights.add_partymergeundo")}

    @admin.display(description="Duplicate")
    def shown_merge(self, row: PartyMerge) -> str:
        """Show the duplicate."""
        return str(row.duplicate)

    @admin.display(description="Counts as")
    def shown_survivor(self, row: PartyMerge) -> Shown:
        """Link to the one that stays."""
        return sheets.link(row.survivor)

    @admin.display(description="State")
    def shown_state(self, row: PartyMerge) -> Shown:
        """Say whether it was undone."""
        undo = getattr(row, "undo", None)
        return sheets.chip("refused", "Undone") if undo else sheets.chip("cleared", "Stands")

    def sheet(self, request: HttpRequest, fact: PartyMerge) -> Sheet:
        """Show the merge and its undo."""
        undo = getattr(fact, "undo", None)
        return Sheet(
            title=f"{fact.duplicate} is {fact.survivor}",
            lead="What is the duplicate’s counts as the other’s, while the merge stands.",
            chip=self.shown_state(fact),
            steps=() if undo else self.step(request, fact, "undo", "Undo…"),
            facts=(
                ("Duplicate", sheets.link(fact.duplicate)),
                ("Counts as", sheets.link(fact.survivor)),
                ("Reason", fact.reason),
                *((("Undone", f"{sheets.moment(undo.recorded_at)}: {undo.reason}"),) if undo else ()),
                ("Id", sheets.long_id(fact.pk)),
                ("Recorded", sheets.moment(fact.recorded_at)),
                sheets.entry_of(party_merge=fact),
            ),
        )


# --- What two people must want ---


@admin.register(Proposal)
class ProposalAdmin(ActingAdmin):
    """What waits for a second person."""

    list_display = ("shown_act", "shown_subject", "shown_by", sheets.column("proposed_at", "Proposed"), "shown_state")
    list_filter = ("act", ("approval", admin.EmptyFieldListFilter))
    list_select_related = ("party__identity", "other_party__identity", "consent", "conflict", "proposed_by", "approval")
    ordering = ("-proposed_at",)
    blank = "Nothing waits for a second person."
    about = "Acts that two people must want: one proposes, another agrees, and with that it is carried out."
    acts = {"answer": (AnswerForm, "ledger.add_approval")}

    @admin.display(description="Act", ordering="act")
    def shown_act(self, row: Proposal) -> str:
        """Show what is proposed."""
        return row.get_act_display()

    @admin.display(description="About")
    def shown_subject(self, row: Proposal) -> Shown:
        """Say what it is about."""
        return _subject(row)

    @admin.display(description="By")
    def shown_by(self, row: Proposal) -> str:
        """Show who proposed it."""
        return row.proposed_by.get_username()

    @admin.display(description="State")
    def shown_state(self, row: Proposal) -> Shown:
        """Say what became of it."""
        approval = getattr(row, "approval", None)
        if approval is None:
            return sheets.chip("waiting", "Waits for a second person")
        return sheets.chip("cleared", "Carried out") if approval.is_agreed else sheets.chip("refused", "Refused")

    def sheet(self, request: HttpRequest, fact: Proposal) -> Sheet:
        """Show the proposal, and the way to answer it for whoever did not make it."""
        approval = getattr(fact, "approval", None)
        is_mine = fact.proposed_by_id == request.user.pk
        may = approval is None and fact.act in CARRIED_OUT
        lead = "You proposed it, so somebody else has to agree." if is_mine and approval is None else "It takes two."
        return Sheet(
            title=f"{fact.get_act_display()}: {named(fact)}",
            lead=lead,
            chip=self.shown_state(fact),
            steps=self.step(request, fact, "answer", "Answer…") if may else (),
            facts=(
                ("About", _subject(fact)),
                ("Reason", fact.reason),
                ("Proposed by", fact.proposed_by.get_username()),
                ("Proposed", sheets.moment(fact.proposed_at)),
                *(
                    (
                        ("Answered by", approval.approved_by.get_username()),
                        ("Answered", sheets.moment(approval.approved_at)),
                        ("Their reason", approval.reason or sheets.NOTHING),
                    )
                    if approval
                    else ()
                ),
                ("Id", sheets.long_id(fact.pk)),
                sheets.entry_of(proposal=fact),
            ),
        )


def _subject(row: Proposal) -> Shown:
    if row.act == Proposal.Act.MERGE:
        return sheets.links([party for party in (row.party, row.other_party) if party])
    about: Any = row.party or row.consent or row.bands
    return sheets.link(about) if about else sheets.NOTHING


@admin.register(ErasureRequest)
class ErasureRequestAdmin(ActingAdmin):
    """Who asked to be forgotten."""

    counted = ("request for erasure", "requests for erasure")
    fact_form = ErasureRequestForm
    list_display = ("shown_party", "shown_due", sheets.column("requested_at", "Asked"), "shown_state")
    list_filter = (("erasure", admin.EmptyFieldListFilter),)
    list_select_related = ("party__identity", "erasure")
    ordering = ("-requested_at",)
    blank = "Nobody asked to be forgotten."
    about = "Requests for erasure. The answer is due within a month; carrying one out takes two people."
    acts = {"propose": (ProposeErasureForm, "ledger.add_proposal")}

    def address_after(self, made: Model) -> str:
        """Go to the request, where what comes next stands."""
        return sheets.address(made)

    @admin.display(description="Party")
    def shown_party(self, row: ErasureRequest) -> str:
        """Show who asked."""
        return str(row.party)

    @admin.display(description="Answer by", ordering="answer_by")
    def shown_due(self, row: ErasureRequest) -> Shown:
        """Show when the answer is due, and whether that is past."""
        is_late = not hasattr(row, "erasure") and row.answer_by < _today()
        return sheets.chip("refused", f"{row.answer_by}, late") if is_late else str(row.answer_by)

    @admin.display(description="State")
    def shown_state(self, row: ErasureRequest) -> Shown:
        """Say what became of it."""
        if hasattr(row, "erasure"):
            return sheets.chip("cleared", "Erased")
        if _proposed(row) is not None:
            return sheets.chip("waiting", "Waits for a second person")
        return sheets.chip("review", "To be proposed")

    def sheet(self, request: HttpRequest, fact: ErasureRequest) -> Sheet:
        """Show the request, what comes next, and the answer to the person."""
        done = getattr(fact, "erasure", None)
        proposed = _proposed(fact)
        steps: tuple[Step, ...] = ()
        if done is None:
            steps = (
                (Step("See the proposal", sheets.address(proposed)),)
                if proposed
                else self.step(request, fact, "propose", "Propose erasure…")
            )
        channel = erasure.Channel(fact.channel).name.replace("_", " ").lower()
        return Sheet(
            title=f"{fact.party} asks for erasure" if done is None else "Erasure, carried out",
            lead=f"Asked {fact.requested_at:%Y-%m-%d}, {channel}; the answer is due by {fact.answer_by}.",
            chip=self.shown_state(fact),
            steps=steps,
            facts=(
                ("Party", sheets.link(fact.party)),
                ("Id", sheets.long_id(fact.pk)),
                sheets.entry_of(erasure_request=fact),
                *((("Erased", sheets.moment(done.erased_at)),) if done else ()),
            ),
        )

    def change_view(self, request: HttpRequest, object_id: str, *_unused: Any, **_also: Any) -> HttpResponse:
        """Show a request and, once it was carried out, the answer to the person."""
        if request.method not in {"GET", "HEAD"} or not self.has_view_permission(request):
            raise PermissionDenied
        fact: ErasureRequest = self.fact(request, object_id)
        done = getattr(fact, "erasure", None)
        context = {"sheet": self.sheet(request, fact), "letter": erasure.letter(done) if done else None}
        return self.page(request, "ledger/admin/erasure.html", fact, context)


def _proposed(row: ErasureRequest) -> Proposal | None:
    return (
        Proposal.objects.filter(act=Proposal.Act.ERASE, party=row.party_id, approval__isnull=True)
        .order_by("proposed_at")
        .first()
    )
