"""Log: entries in their order, and the signed tree heads."""

from __future__ import annotations

import json
from operator import attrgetter
from typing import Any

from django.contrib import admin
from django.db.models import Count, QuerySet
from django.http import HttpRequest, HttpResponse
from django.urls import reverse

from ledger import checkpoints, policies, witnessing
from ledger.admin import sheets
from ledger.admin.facts import FactAdmin
from ledger.admin.sheets import Sheet, Shown, Step, Table
from ledger.api.access import caller_of
from ledger.models import SUBJECTS, Checkpoint, Entry, LogKeyChange
from ledger.visibility import finds

SHOWN = (
    *SUBJECTS,
    "party__identity",
    *(f"{fact}__{side}" for fact in ("share", "consent", "consent_event__consent") for side in ("recording", "work")),
    "license__licensee__identity",
)


@admin.register(Entry)
class EntryAdmin(FactAdmin):
    """What happened, in the order of the tree."""

    search_fields = ("=leaf__index", "id")
    search_help_text = "Index or id"
    list_display = ("shown_index", "shown_kind", "shown_subject", sheets.column("at", "When"), "shown_id")
    list_filter = ("kind",)
    list_select_related = ("leaf",)
    show_full_result_count = False
    ordering = ("-leaf__index",)
    blank = "The log is empty. Its first entry comes with the first party that is registered."
    about = (
        "Every fact has one entry, with ids, digests and outcomes, and no names. It is listed once it has its place."
    )

    def get_queryset(self, request: HttpRequest) -> QuerySet[Entry]:
        """Return entries; the list has those with a place in the tree, newest first, along the index of the leaves."""
        is_list = request.resolver_match is not None and request.resolver_match.url_name == "ledger_entry_changelist"
        if not is_list:
            return Entry.objects.all()  # of which ``get_object`` asks for one
        rows: QuerySet[Entry] = super().get_queryset(request)
        # One query for each kind of fact: as joins they would be twenty tables, which takes longer to plan than to run.
        return rows.filter(leaf__isnull=False).prefetch_related(*SHOWN)

    def get_object(self, request: HttpRequest, object_id: str, from_field: str | None = None) -> Entry | None:
        """Return one entry: whether it is seen is asked of the one fact that it is about."""
        found: Entry | None = super().get_object(request, object_id, from_field)
        return found if found is not None and finds(Entry, found.pk, caller_of(request).sight) else None

    @admin.display(description="Index", ordering="leaf__index")
    def shown_index(self, row: Entry) -> str:
        """Show the place in the tree."""
        return str(row.leaf.index) if hasattr(row, "leaf") else "pending"

    @admin.display(description="What happened", ordering="kind")
    def shown_kind(self, row: Entry) -> str:
        """Say what happened."""
        return row.get_kind_display().capitalize()

    @admin.display(description="About")
    def shown_subject(self, row: Entry) -> Shown:
        """Link to the fact."""
        return subject_of(row)

    @admin.display(description="Id")
    def shown_id(self, row: Entry) -> Shown:
        """Show the beginning of the id."""
        return sheets.short_id(row.pk)

    def sheet(self, request: HttpRequest, fact: Entry) -> Sheet:  # noqa: ARG002
        """Show the exact bytes, their hash, and the proof that they are in the log."""
        leaf = getattr(fact, "leaf", None)
        receipt = sheets.receipt_of(fact)
        steps = [Step("Download entry", reverse("reports:entry", args=[fact.pk]))]
        if receipt:
            steps.append(Step("Download inclusion proof", reverse("reports:receipt", args=[fact.pk])))
        body = bytes(fact.body)
        return Sheet(
            title=f"Entry {leaf.index}" if leaf else "Pending entry",
            lead=f"{fact.get_kind_display().capitalize()}, {sheets.moment(fact.at)}.",
            steps=tuple(steps),
            facts=(
                ("About", subject_of(fact)),
                ("Leaf hash", sheets.long_id(bytes(leaf.hash).hex()) if leaf else sheets.NOTHING),
                ("Size", f"{len(body)} bytes"),
                ("Id", sheets.long_id(fact.pk)),
            ),
            texts=(
                (
                    "What was hashed, with line breaks for reading",
                    json.dumps(json.loads(body), indent=2, ensure_ascii=False),
                ),
                *((("Receipt (c2sp.org/tlog-proof@v1)", receipt),) if receipt else ()),
            ),
        )


# What has no page of its own is shown on that of what it is about: the way from one to the other.
SHOWN_ON = {
    "representation_end": "representation",
    "party_merge_undo": "merge",
    "identifier_finding": "identifier",
    "recording_work": "recording",
    "recording_voice": "recording",
    "recording_audio": "recording",
    "model_version_retirement": "model_version",
    "share_event": "share",
    "conflict_event": "conflict",
    "reservation_end": "reservation",
    "withdrawal_task_done": "task",
    "license_event": "license",
    "voice_enrollment_end": "enrollment",
    "membership_end": "membership",
    "import_outcome": "batch",
    "import_reversal": "batch",
    "erasure": "request",
    "approval": "proposal",
    "bands_activation": "bands",
    "appeal_answer": "appeal",
    "recheck": "decision",
    "influence": "submission",
    "influence_objection": "influence.submission",
    "timestamp": "manifest.decision.submission",  # or of the copy that was stamped
    "certificate": "manifest.decision.submission",
    "manifest_status": "manifest.decision.submission",
    "soft_binding": "decision.submission",
    "signed_copy": "decision.submission",
    "contribution_record": "submission",
    "disclosure": "submission",
    "plan": "license",
    "division": "decision",
    "run_event": "run",
    "transaction": "run",
    "statement": "run",
    "statement_objection": "statement.run",
    "objection_answer": "objection.statement.run",
    "payee_link_end": "link",
    "payment_file": "run",
    "payment": "order.file.run",
    "usage_outcome": "report",
    "usage_supersession": "report",
    "disclosure_answer": "disclosure.submission",
}
# What audits leave stands among the reports: the address, and the field with what it names.
REPORTED = {
    "audit_note": ("reports:notes", ""),
    "audit_sample": ("reports:sample", "pk"),
    "audit_exception": ("reports:sampled", "item_id"),
}


def subject_of(entry: Entry) -> Shown:
    """Return a link to the fact that an entry is about."""
    name = entry.subject
    fact: Any = getattr(entry, name)
    if name == "consent_event":
        return sheets.link(fact.consent, f"Withdrawal of {str(fact.consent)[:1].lower()}{str(fact.consent)[1:]}")
    if name == "decision":
        return sheets.link(fact, f"Decision: {fact.outcome}")
    if name == "timestamp" and fact.manifest is None:
        return sheets.link(fact.copy.decision.submission)
    if name in REPORTED:
        address, field = REPORTED[name]
        return sheets.to(reverse(address, args=[getattr(fact, field)] if field else []), fact)
    if name in SHOWN_ON:
        fact = attrgetter(SHOWN_ON[name])(fact)
    return sheets.link(fact)


@admin.register(Checkpoint)
class CheckpointAdmin(FactAdmin):
    """Signed tree heads."""

    list_display = ("shown_size", "shown_root", sheets.column("at", "Signed"), "shown_witnesses")
    ordering = ("-size",)
    list_before_template = "ledger/admin/list_before_checkpoints.html"
    blank = "There is none yet: a sequencer signs the first one within a second of the first entry."
    about = "Each says how many entries the log had, and the root over all of them, under the log’s signature."

    def changelist_view(self, request: HttpRequest, extra_context: dict[str, Any] | None = None) -> HttpResponse:
        """Show above the checkpoints how the witnesses stand, and which keys sign."""
        shown: dict[str, Any] = {"signing": checkpoints.signers()}
        try:
            shown["witnesses"] = witnessing.standings()
        except policies.NotAPolicy as error:
            shown["policy_problem"] = str(error)
        changes = LogKeyChange.objects.order_by("recorded_at")
        return super().changelist_view(request, {**shown, "changes": changes, **(extra_context or {})})

    def get_queryset(self, request: HttpRequest) -> QuerySet[Checkpoint]:
        """Return checkpoints with how many witnesses cosigned each."""
        rows: QuerySet[Checkpoint] = super().get_queryset(request)
        return rows.annotate(witnesses=Count("cosignatures__witness", distinct=True))

    @admin.display(description="Entries", ordering="size")
    def shown_size(self, row: Checkpoint) -> int:
        """Show the size of the tree."""
        return row.size

    @admin.display(description="Root")
    def shown_root(self, row: Checkpoint) -> Shown:
        """Show the beginning of the root hash."""
        return sheets.short_id(bytes(row.root).hex())

    @admin.display(description="Cosigned")
    def shown_witnesses(self, row: Any) -> Shown:
        """Say how many witnesses cosigned it."""
        if not row.witnesses:
            return sheets.NOTHING
        return "1 witness" if row.witnesses == 1 else f"{row.witnesses} witnesses"

    def sheet(self, request: HttpRequest, fact: Checkpoint) -> Sheet:  # noqa: ARG002
        """Show the signed note."""
        cosigned = [
            (line.witness, line.key_id, sheets.moment(line.cosigned_at), sheets.moment(line.received_at))
            for line in fact.cosignatures.order_by("id")
        ]
        return Sheet(
            title=f"Checkpoint of {fact.size} entries",
            lead="Keep one outside this house: only an older checkpoint shows that history was rewritten.",
            facts=(
                ("Root", sheets.long_id(bytes(fact.root).hex())),
                ("Signed", sheets.moment(fact.at)),
                ("Log’s public key", sheets.long_id(checkpoints.verifier_key())),
            ),
            tables=(
                Table(
                    "Cosigned by",
                    ("Witness", "Key", "Cosigned, by its clock", "Received"),
                    tuple(cosigned),
                    "No witness cosigned this one. They are asked for the newest every few seconds.",
                ),
            ),
            texts=(("Signed note (c2sp.org/tlog-checkpoint)", checkpoints.note_of(fact)),),
        )


@admin.register(LogKeyChange)
class LogKeyChangeAdmin(FactAdmin):
    """Changes of the log's own key; made by a command on the machine that has the keys."""

    list_display = ("shown_key", "shown_act", sheets.column("recorded_at", "Recorded"))
    ordering = ("-recorded_at",)
    has_filter_button = False
    blank = "The key that the log began with signs."

    @admin.display(description="Key", ordering="verifier")
    def shown_key(self, row: LogKeyChange) -> Shown:
        """Show the key's id."""
        return f"key {_key_id(row.verifier)}"

    @admin.display(description="What", ordering="act")
    def shown_act(self, row: LogKeyChange) -> str:
        """Say which step."""
        return "signs beside the one before" if row.act == LogKeyChange.Act.ANNOUNCED else "signs alone"

    def sheet(self, request: HttpRequest, fact: LogKeyChange) -> Sheet:  # noqa: ARG002
        """Show one step of a handover."""
        is_first = fact.act == LogKeyChange.Act.ANNOUNCED
        return Sheet(
            title="Another key of the log" if is_first else "The key before signs no more",
            lead=(
                "Both keys sign from here on, so that whoever holds the old one finds the new one in the log."
                if is_first
                else "What it signed holds for ever: its public half stays among the log’s keys."
            ),
            facts=(
                ("New key", sheets.long_id(fact.verifier)),
                ("Key before", sheets.long_id(fact.replaces)),
                ("Recorded", sheets.moment(fact.recorded_at)),
                sheets.entry_of(log_key_change=fact),
            ),
        )


def _key_id(verifier: str) -> str:
    return verifier.partition("+")[2].partition("+")[0]
