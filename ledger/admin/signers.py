"""Who signs the files from when; for those who keep the house also whom we trust, and what must be seen to."""

from __future__ import annotations

from typing import Any

from django.contrib import admin
from django.http import HttpRequest, HttpResponse
from django.utils import timezone

from ledger import signers
from ledger.admin import sheets
from ledger.admin.facts import FactAdmin
from ledger.admin.sheets import Sheet, Shown
from ledger.api.access import caller_of
from provenance.models import Manifest, SignerChange


@admin.register(SignerChange)
class SignerChangeAdmin(FactAdmin):
    """Changes of who signs; made by commands on the machine that has the keys."""

    counted = ("change of signers", "changes of signers")
    list_display = (
        "shown_certificate",
        "shown_kind",
        sheets.column("active_from", "Signs from"),
        sheets.column("expires_at", "Ends"),
        "shown_replaces",
    )
    ordering = ("-active_from", "-recorded_at")
    list_before_template = "ledger/admin/list_before_signers.html"
    has_filter_button = False
    blank = "Nothing was signed yet. The first certificate is recorded with the first file that it signs."

    def changelist_view(self, request: HttpRequest, extra_context: dict[str, Any] | None = None) -> HttpResponse:
        """Show what there is to watch above the changes."""
        keys = signers.watch(at=timezone.now()) if caller_of(request).is_operator else None
        return super().changelist_view(request, {"keys": keys, **(extra_context or {})})

    @admin.display(description="Certificate", ordering="certificate_digest")
    def shown_certificate(self, row: SignerChange) -> str:
        """Show the beginning of its digest."""
        return f"sha256:{row.certificate_digest[:16]}…"

    @admin.display(description="Kind", ordering="is_development")
    def shown_kind(self, row: SignerChange) -> str:
        """Say whether anybody else knows it."""
        return "development" if row.is_development else "imported"

    @admin.display(description="Replaces")
    def shown_replaces(self, row: SignerChange) -> Shown:
        """Show whom it followed."""
        return sheets.short_id(row.replaces) if row.replaces else sheets.NOTHING

    def sheet(self, request: HttpRequest, fact: SignerChange) -> Sheet:
        """Show one change, and how much was signed with its certificate."""
        own = "A certificate of this installation’s own making: no reader elsewhere knows it."
        signed = self.seen(request, Manifest.objects.filter(certificate_digest=fact.certificate_digest)).count()
        return Sheet(
            title="Another signer" if fact.replaces else "The first signer",
            lead=own if fact.is_development else "A certificate that an authority outside this house issued.",
            facts=(
                ("Certificate", sheets.long_id(f"sha256:{fact.certificate_digest}")),
                ("Signs from", sheets.moment(fact.active_from)),
                ("Ends", sheets.moment(fact.expires_at)),
                ("Replaces", sheets.long_id(f"sha256:{fact.replaces}") if fact.replaces else sheets.NOTHING),
                ("Signed with it", f"{signed} of the files that you see"),
                sheets.entry_of(signer_change=fact),
            ),
        )
