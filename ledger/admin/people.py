"""Who may sign in, and to which organizations they belong. Tokens of API clients are nobody's to read."""

from __future__ import annotations

from datetime import datetime
from typing import Any
from uuid import UUID, uuid4

from django import forms
from django.contrib import admin, messages
from django.contrib.auth import get_user_model
from django.contrib.auth.admin import UserAdmin as DjangoUserAdmin
from django.contrib.auth.models import Group, User
from django.contrib.auth.validators import UnicodeUsernameValidator
from django.core.exceptions import PermissionDenied
from django.db.models import QuerySet
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.urls import URLPattern, path, reverse
from django.utils import timezone
from oauth2_provider import admin as _of_clients  # noqa: F401 - it registers its pages now, and not after they are removed
from oauth2_provider.models import (
    get_access_token_model,
    get_application_model,
    get_device_grant_model,
    get_grant_model,
    get_id_token_model,
    get_refresh_token_model,
)
from unfold.admin import ModelAdmin
from unfold.forms import AdminPasswordChangeForm, UserChangeForm, UserCreationForm

from ledger import access, membership
from ledger.access import memberships
from ledger.admin import sheets
from ledger.admin.facts import FactAdmin
from ledger.admin.fields import INPUT, DateField, pick, pick_several
from ledger.admin.forms import FactForm, sentence_of
from ledger.admin.sheets import Sheet, Shown, Step
from ledger.api.access import caller_of
from ledger.models import Membership, MembershipEnd
from rights.models import Party

for _model in (
    get_access_token_model(),
    get_application_model(),
    get_device_grant_model(),
    get_grant_model(),
    get_id_token_model(),
    get_refresh_token_model(),
):
    if admin.site.is_registered(_model):
        admin.site.unregister(_model)

admin.site.unregister(User)
admin.site.unregister(Group)  # what a person may do follows from the roles of their memberships


@admin.register(User)
class UserAdmin(DjangoUserAdmin, ModelAdmin):  # type: ignore[misc, type-arg]
    """People with a login; the operator's to keep."""

    form = UserChangeForm
    add_form = UserCreationForm
    change_password_form = AdminPasswordChangeForm
    search_fields = ()  # a name typed here would stand in an address
    list_display = ("username", "shown_memberships", "is_active", "is_staff", "is_superuser", "last_login")
    list_filter = ("is_staff", "is_superuser", "is_active")
    fieldsets = (
        (None, {"fields": ("username", "password")}),
        (
            "Access",
            {
                "fields": ("is_active", "is_staff", "is_superuser"),
                "description": "A superuser is the operator and sees everything. Others see what concerns the"
                " organizations of their memberships, and may do what their roles there give.",
            },
        ),
    )
    filter_horizontal = ()

    def has_module_permission(self, request: HttpRequest) -> bool:
        """Let the operator in, and nobody else."""
        return caller_of(request).is_operator

    def has_view_permission(self, request: HttpRequest, obj: User | None = None) -> bool:  # noqa: ARG002
        """Let the operator read."""
        return caller_of(request).is_operator

    def has_add_permission(self, request: HttpRequest) -> bool:
        """Let the operator add."""
        return caller_of(request).is_operator

    def has_change_permission(self, request: HttpRequest, obj: User | None = None) -> bool:  # noqa: ARG002
        """Let the operator change."""
        return caller_of(request).is_operator

    def has_delete_permission(self, request: HttpRequest, obj: User | None = None) -> bool:  # noqa: ARG002
        """Refuse: what somebody did stays theirs; a login is made inactive."""
        return False

    @admin.display(description="Belongs to")
    def shown_memberships(self, row: User) -> Shown:
        """Say in which roles of which organizations."""
        if row.is_superuser:
            return "Operator"
        found = memberships(on=timezone.now().date()).filter(user=row).select_related("organization__identity")
        return "; ".join(str(one) for one in found) or sheets.NOTHING


class MembershipForm(FactForm):
    """Somebody to admit to an organization; a login is made for whoever has none."""

    username = forms.CharField(
        label="Login",
        max_length=150,
        validators=[UnicodeUsernameValidator()],
        widget=forms.TextInput({**INPUT, "autocomplete": "off"}),
        help_text="Of somebody who signs in here already, or a new one: its password is shown once",
    )
    organization = pick(Party, help_text="A label, publisher, distributor or artist, registered as a party")
    role = forms.ChoiceField(choices=Membership.Role.choices, widget=forms.Select(INPUT))
    active_from = DateField(label="From")
    active_to = DateField(
        label="To before", required=False, help_text="The first day without access; auditors need one"
    )

    purpose = forms.CharField(
        label="For what",
        max_length=300,
        required=False,
        widget=forms.TextInput(INPUT),
        help_text="Stands beside each dossier that is read; without names",
    )
    ends_at = forms.DateTimeField(
        label="Until the moment",
        required=False,
        widget=forms.DateTimeInput({"class": "l-input is-short", "type": "datetime-local"}, format="%Y-%m-%dT%H:%M"),
        help_text="In UTC; empty: as the first day without access begins",
    )
    parties = pick_several(
        Party, label="Only about", required=False, help_text="What concerns one of these too; empty: everything"
    )
    audit_from = DateField(label="Period from", required=False)
    audit_to = DateField(label="Period to before", required=False)

    lead = (
        "A member sees what concerns the organization and whom it represents, and does what the role gives. Auditors"
        " only read."
    )
    done = "Admitted; the entry goes into the log within a second. It names the login by its number."
    groups = (
        ("Who", ("username",)),
        ("Where", ("organization", "role")),
        ("When", ("active_from", "active_to")),
        ("Of an auditor", ("purpose", "ends_at", "parties", "audit_from", "audit_to")),
    )
    refusals = {
        membership.AuditorWithoutEnd: "active_to",
        membership.NameTaken: "username",
        membership.NotAnAudit: "role",
        membership.AuditOutOfBounds: "ends_at",
    }
    password = ""

    def write(self, *, id: UUID, at: datetime) -> Membership:
        """Admit the person, with a new login where there is none."""
        given = self.cleaned_data
        terms = {
            "organization_id": given["organization"].pk,
            "role": Membership.Role(given["role"]),
            "active_from": given["active_from"],
            "active_to": given["active_to"],
            "audit": self._audit(),
        }
        user = get_user_model().objects.filter(username=given["username"]).first()
        if user is not None:
            return membership.admit(id=id, user_id=user.pk, at=at, **terms)
        invitation = membership.invite(id=id, username=given["username"], at=at, **terms)
        self.password = invitation.password
        return invitation.membership

    def _audit(self) -> membership.Audit | None:
        given = self.cleaned_data
        names = ("purpose", "ends_at", "parties", "audit_from", "audit_to")
        if not any(given[name] for name in names):
            return None
        return membership.Audit(
            purpose=given["purpose"],
            ends_at=given["ends_at"],
            parties=frozenset(party.pk for party in given["parties"]),
            period_from=given["audit_from"],
            period_to=given["audit_to"],
        )


def _audited(row: Membership) -> tuple[tuple[str, Shown], ...]:
    """Say what an auditor was let in for."""
    audit = access.engagement_of(row)
    if audit is None:
        return ()
    period = f"{audit.period_from or 'the beginning'} until before {audit.period_to or 'whenever'}"
    about = ", ".join(str(party) for party in Party.objects.filter(pk__in=audit.parties).select_related("identity"))
    return (
        ("For what", audit.purpose),
        ("Until the moment", sheets.moment(audit.ends_at)),
        ("Only about", about or "whoever it concerns"),
        ("Only of the period", period if audit.period_from or audit.period_to else "all time"),
    )


class LeavingForm(FactForm):
    """The end of one membership."""

    effective_on = DateField(label="From which day on", help_text="The first day without access")

    groups = (("The end", ("effective_on",)),)
    done = "Recorded; from that day on they see nothing of this organization."
    refusals = {membership.EndsBeforeItBegan: "effective_on", membership.AlreadyLeft: "effective_on"}

    def __init__(self, *args: Any, ending: Membership, **options: Any) -> None:
        """End this membership."""
        super().__init__(*args, **options)
        self.ending = ending

    def write(self, *, id: UUID, at: datetime) -> MembershipEnd:
        """Record the end."""
        return membership.leave(
            id=id, membership_id=self.ending.pk, effective_on=self.cleaned_data["effective_on"], at=at
        )


class StateFilter(admin.SimpleListFilter):
    """Whether a membership is in force."""

    title = "state"
    parameter_name = "state"

    def lookups(self, request: HttpRequest, model_admin: Any) -> list[tuple[str, str]]:  # noqa: ARG002
        """Offer both."""
        return [("now", "In force today"), ("other", "Not in force")]

    def queryset(self, request: HttpRequest, queryset: QuerySet[Any]) -> QuerySet[Any]:  # noqa: ARG002
        """Keep one of them."""
        now = memberships(on=timezone.now().date()).values("pk")
        if self.value() == "now":
            return queryset.filter(pk__in=now)
        return queryset.exclude(pk__in=now) if self.value() == "other" else queryset


@admin.register(Membership)
class MembershipAdmin(FactAdmin):
    """Who belongs to which organization; the operator's to say."""

    fact_form = MembershipForm
    list_display = (
        "shown_user",
        "shown_organization",
        "role",
        sheets.column("active_from", "From"),
        sheets.column("active_to", "To before"),
        "shown_state",
    )
    list_filter = ("role", StateFilter)
    list_select_related = ("user", "organization__identity", "end", "engagement")
    ordering = ("-recorded_at",)
    about = "Who belongs to which organization, in which role. Each admission and each end is an entry of the log."
    blank = "Nobody was admitted yet, so only the operator sees anything. Add a membership: it makes the login too."

    def get_urls(self) -> list[URLPattern]:
        """Add the end."""
        view = self.admin_site.admin_view(self.leave_view)
        return [path("<uuid:id>/end/", view, name="ledger_membership_end"), *super().get_urls()]

    def has_view_permission(self, request: HttpRequest, obj: Any = None) -> bool:  # noqa: ARG002
        """Let the operator read."""
        return caller_of(request).is_operator

    def has_add_permission(self, request: HttpRequest) -> bool:
        """Let the operator admit."""
        return caller_of(request).is_operator

    @admin.display(description="Login")
    def shown_user(self, row: Membership) -> str:
        """Show the login."""
        return row.user.get_username()

    @admin.display(description="Organization")
    def shown_organization(self, row: Membership) -> Shown:
        """Link to the organization."""
        return sheets.link(row.organization)

    @admin.display(description="State")
    def shown_state(self, row: Membership) -> Shown:
        """Say whether it is in force."""
        return self._state(row)

    def _state(self, row: Membership) -> Shown:
        today = timezone.now().date()
        end = getattr(row, "end", None)
        last = min((day for day in (row.active_to, end.effective_on if end else None) if day), default=None)
        if last is not None and last <= today:
            return sheets.chip("refused", f"Ended on {last}")
        if row.active_from > today:
            return sheets.chip("waiting", f"Begins on {row.active_from}")
        return sheets.chip("cleared", f"Until before {last}" if last else "In force")

    def sheet(self, request: HttpRequest, fact: Membership) -> Sheet:  # noqa: ARG002
        """Show who, where and when."""
        end: MembershipEnd | None = getattr(fact, "end", None)
        return Sheet(
            title=f"{fact.user.get_username()}, {fact.get_role_display().lower()}",
            lead=f"Of {fact.organization}.",
            chip=self._state(fact),
            steps=()
            if end
            else (Step("End membership…", reverse("admin:ledger_membership_end", args=[fact.pk]), is_grave=True),),
            facts=(
                ("Login", sheets.link(fact.user, fact.user.get_username())),
                ("Organization", sheets.link(fact.organization)),
                ("Role", fact.get_role_display()),
                ("When", sheets.period(fact)),
                *_audited(fact),
                ("Ended", str(end.effective_on) if end else sheets.NOTHING),
                ("Id", sheets.long_id(fact.pk)),
                ("Recorded", sheets.moment(fact.recorded_at)),
                sheets.entry_of(membership=fact),
            ),
        )

    def added(self, request: HttpRequest, form: FactForm, fact: Any) -> HttpResponse:
        """Show the password of a new login, here and nowhere else: a message would lie in a cookie."""
        password = getattr(form, "password", "")
        if not password:
            return super().added(request, form, fact)
        context = {"membership": fact, "password": password, "title": "Login made"}
        response = self.page(request, "ledger/admin/invited.html", fact, context)
        response["Cache-Control"] = "private, no-store"
        return response

    def leave_view(self, request: HttpRequest, id: UUID) -> HttpResponse:
        """Ask from which day on, and end it."""
        if not self.has_add_permission(request):
            raise PermissionDenied
        ending: Membership = self.fact(request, id)
        begin = {"id": uuid4(), "effective_on": timezone.now().date()}
        form = LeavingForm(request.POST, ending=ending) if request.method == "POST" else None
        if form is not None and form.is_valid():
            try:
                end = form.write(id=form.cleaned_data["id"], at=timezone.now())
            except tuple(form.refusals) as error:
                form.add_error(form.field_of(error), sentence_of(error))
            else:
                self._note(request, end)
                messages.success(request, form.done)
                return HttpResponseRedirect(sheets.address(ending))
        shown = form or LeavingForm(initial=begin, ending=ending)
        context = {
            "form": shown,
            "title": "End membership",
            "action": "End membership",
            "lead": f"{ending.user.get_username()} no longer belongs to {ending.organization} from that day on. What"
            " they did before stays theirs, on the record.",
        }
        response = self.page(request, "ledger/admin/form.html", ending, context)
        response.status_code = 422 if shown.errors else 200
        return response
