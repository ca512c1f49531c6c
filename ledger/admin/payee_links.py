"""Links by which payees open their statements: handed out at the desk, shown once, and taken back."""

from __future__ import annotations

from datetime import datetime
from typing import Any
from uuid import UUID

from django import forms
from django.contrib import admin, messages
from django.core.exceptions import PermissionDenied
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.urls import URLPattern, path, reverse
from django.utils import timezone
from django.views.decorators.http import require_POST

from ledger import opening
from ledger.access import Verb
from ledger.admin import sheets
from ledger.admin.fields import pick
from ledger.admin.forms import FactForm, sentence_of
from ledger.admin.payees import PAYER, BetweenTwoAdmin
from ledger.admin.sheets import Sheet, Shown, Table
from ledger.api.access import caller_of
from rights.models import Party
from royalties.models import PayeeLink


class PayeeLinkForm(FactForm):
    """A link to hand out."""

    payer = pick(Party, help_text=PAYER)
    payee = pick(Party, help_text="Whose statements it opens")
    days = forms.IntegerField(
        min_value=1,
        max_value=opening.MOST_DAYS,
        initial=90,
        label="Opens for, days",
        widget=forms.NumberInput({"class": "l-input is-short"}),
        help_text=f"At most {opening.MOST_DAYS}; you can take it back earlier",
    )

    lead = (
        "The payee reads its statements of yours without a login, keeps and checks them, and can object. The link is"
        " shown to you once, to be sent to the payee and to nobody else."
    )
    hint = "You can take it back at any time."
    groups = (("Between", ("payer", "payee")), ("How long", ("days",)))
    refusals = {opening.NothingBetween: "payee", opening.NotThatLong: "days"}
    user_id: int | None = None

    def write(self, *, id: UUID, at: datetime) -> PayeeLink:
        """Make the link."""
        given = self.cleaned_data
        return opening.hand_out(
            id=id,
            payer_id=given["payer"].pk,
            payee_id=given["payee"].pk,
            days=given["days"],
            by_id=self.user_id,
            at=at,
        )


@admin.register(PayeeLink)
class PayeeLinkAdmin(BetweenTwoAdmin):
    """Links to statements."""

    counted = ("link", "links")
    fact_form = PayeeLinkForm
    list_display = (
        "shown_payee", "shown_payer", "shown_state",
        sheets.column("recorded_at", "Made"), sheets.column("opens_until", "Until"),
    )  # fmt: skip
    list_select_related = ("payer__identity", "payee__identity", "end")
    called = "link to statements"
    asked = ("Hand out a link to statements", "Make the link")
    about = "By which payees read their statements without a login. Nobody here can see a link again."
    blank = "No payee has a link. Hand one out, and send it to the payee."

    def get_urls(self) -> list[URLPattern]:
        """Add taking back."""
        view = self.admin_site.admin_view(require_POST(self.end_view))
        return [path("<uuid:id>/end/", view, name="royalties_payeelink_end"), *super().get_urls()]

    @admin.display(description="State")
    def shown_state(self, row: PayeeLink) -> Shown:
        """Say whether it opens."""
        return sheets.chip(*_state(row))

    def _prepared(self, request: HttpRequest, form: Any) -> Any:
        form.user_id = request.user.pk
        return super()._prepared(request, form)

    def added(self, request: HttpRequest, form: FactForm, fact: Any) -> HttpResponse:  # noqa: ARG002 - as elsewhere
        """Show the link, this once: the answer to the form, so that it stands in no address of the desk."""
        context = {"title": "Link to statements", "link": opening.address_of(fact), "row": fact}
        return self.page(request, "ledger/admin/payee_link.html", fact, context)

    def sheet(self, request: HttpRequest, fact: Any) -> Sheet:
        """Lay a link out, without what opens it."""
        objections = tuple(
            (
                sheets.moment(one.recorded_at),
                sheets.to(reverse("reports:statement", args=[one.statement_id]), one.reason),
            )
            for one in fact.objections.order_by("recorded_at")
        )
        is_open = _state(fact)[1] == "Opens"
        may_end = is_open and caller_of(request).acts_for(fact.payer_id, Verb.SETTLE)
        end = getattr(fact, "end", None)
        return self._sheet(
            fact,
            "Link to statements",
            "What opens by it is not kept. If the payee lost it, take it back and hand out another.",
            ("Opens until", sheets.moment(fact.opens_until)),
            *((("Taken back", sheets.moment(end.recorded_at)),) if end else ()),
            payee_link=fact,
            chip=sheets.chip(*_state(fact)),
            tables=(Table("Objections that came by it", ("When", "What is wrong"), objections, "None came by it."),),
            steps=(
                (
                    sheets.Step(
                        "Take it back",
                        reverse("admin:royalties_payeelink_end", args=[fact.pk]),
                        is_post=True,
                        is_grave=True,
                    ),
                )
                if may_end
                else ()
            ),
        )

    def end_view(self, request: HttpRequest, id: UUID) -> HttpResponse:
        """Take a link back."""
        row: PayeeLink = self.fact(request, id)
        if not caller_of(request).acts_for(row.payer_id, Verb.SETTLE):
            raise PermissionDenied
        try:
            opening.take_back(link_id=row.pk, by_id=request.user.pk, at=timezone.now())
            messages.success(request, "It does not open any more.")
        except opening.EndedBefore as error:
            messages.info(request, sentence_of(error))
        return HttpResponseRedirect(sheets.address(row))


def _state(row: PayeeLink) -> tuple[str, str]:
    if hasattr(row, "end"):
        return "refused", "Taken back"
    return ("cleared", "Opens") if row.opens_until > timezone.now() else ("none", "Over")
