"""Forms about parties: names, roles, codes, representation, protection, merges, erasure, and agreeing to them."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime
from typing import Any, ClassVar
from uuid import UUID

from django import forms
from django.db.models import Model
from django.urls import reverse
from django.utils import timezone

from ledger import approvals, erasure, people, tasks
from ledger.access import Caller, Verb, may_approve, may_keep, may_record_representation
from ledger.admin import sheets
from ledger.admin.fields import INPUT, DateField, TerritoriesField, digest_of, pick
from ledger.admin.forms import FactForm
from ledger.models import Approval, ErasureRequest, Proposal
from rights import codes, merges, parties
from rights.identifiers import BadCode, Scheme
from rights.models import (
    Identifier,
    IdentifierFinding,
    Party,
    PartyInRole,
    PartyMerge,
    PartyMergeUndo,
    PartyName,
    Protection,
    Recording,
    Representation,
    RepresentationEnd,
    Work,
)
from rights.territories import NoSuchTerritory, NoTerritory
from rights.vocabulary import Authority, CodeFinding, NameKind, PartyKind, PartyRole, ProtectionKind, Use

_OPEN = "The first day on which it does not hold any more; empty while open"
_NO_NAMES = "Without names: it cannot be erased"

SCHEMES = {
    Scheme.IPI_NAME: "IPI name number",
    Scheme.IPI_BASE: "IPI base number",
    Scheme.ISNI: "ISNI",
    Scheme.DPID: "DPID (DDEX party)",
    Scheme.ISWC: "ISWC",
    Scheme.ISRC: "ISRC",
    Scheme.GTIN: "GTIN (ICPN, UPC, EAN)",
    Scheme.GRID: "GRid",
    Scheme.PROPRIETARY: "Somebody’s own",
}


def _words(vocabulary: Any) -> list[tuple[str, str]]:
    return [(member.value, member.name.replace("_", " ").capitalize()) for member in vocabulary]


def _select(choices: Any, **options: Any) -> forms.ChoiceField:
    return forms.ChoiceField(choices=choices, widget=forms.Select(INPUT), **options)


def _reason(**options: Any) -> forms.CharField:
    given = {"max_length": 300, "widget": forms.TextInput(INPUT), "help_text": _NO_NAMES}
    return forms.CharField(**{**given, **options})


class DocumentFields(forms.Form):
    """A document that a fact rests on: the file, of which the digest is kept, or the digest."""

    document = forms.FileField(
        label="Document",
        required=False,
        widget=forms.FileInput(INPUT),
        help_text="Only its SHA-256 is kept; keep the document itself where you keep such papers",
    )
    digest = forms.CharField(
        label="or its SHA-256", required=False, max_length=71, widget=forms.TextInput({"class": "l-input l-mono"})
    )

    def clean(self) -> dict[str, Any]:
        """Find the digest of the document."""
        given = super().clean() or self.cleaned_data
        try:
            given["document_digest"] = digest_of(given.get("document"), given.get("digest", ""))
        except forms.ValidationError as error:
            self.add_error("document", error)
        return given


class PartyForm(FactForm):
    """A party to register."""

    kind = _select(_words(PartyKind))
    name = forms.CharField(max_length=300, widget=forms.TextInput({**INPUT, "autocomplete": "off"}))

    lead = (
        "The name is sealed under a key of its own, so that it can be erased. The log gets a commitment to it, which"
        " says nothing once the key is gone."
    )
    groups = (("Who", ("kind", "name")),)

    def write(self, *, id: UUID, at: datetime) -> Party:
        """Register the party."""
        given = self.cleaned_data
        return people.register_party(
            id=id, kind=PartyKind(given["kind"]), name=given["name"], registrar_id=self.registrar_id, at=at
        )


class PartyNameForm(FactForm):
    """One more name."""

    party = pick(Party)
    kind = _select(_words(NameKind), help_text="A pseudonym is a name, not a party")
    name = forms.CharField(max_length=300, widget=forms.TextInput({**INPUT, "autocomplete": "off"}))

    lead = "One more name of somebody, sealed as the first one is. Searches find the party by it."
    groups = (("Whose", ("party",)), ("The name", ("kind", "name")))
    refusals = {parties.Erased: "party", parties.NotSealedYet: "party"}

    def write(self, *, id: UUID, at: datetime) -> PartyName:
        """Add the name."""
        given = self.cleaned_data
        return people.add_name(
            id=id, party_id=given["party"].pk, kind=NameKind(given["kind"]), name=given["name"], at=at
        )


class PartyRoleForm(FactForm):
    """A role in the trade."""

    party = pick(Party)
    role = _select(_words(PartyRole))
    active_from = DateField()
    active_to = DateField(required=False, help_text=_OPEN)

    lead = "What somebody is in the trade, for a time. A consent may be to everybody of a role, such as distributors."
    groups = (("Who", ("party", "role")), ("When", ("active_from", "active_to")))

    def write(self, *, id: UUID, at: datetime) -> PartyInRole:
        """Record the role."""
        given = self.cleaned_data
        return people.take_role(
            id=id,
            party_id=given["party"].pk,
            role=PartyRole(given["role"]),
            active_from=given["active_from"],
            active_to=given["active_to"],
            at=at,
        )


class IdentifierForm(FactForm):
    """A code of a party, a work or a recording."""

    party = pick(Party, required=False, help_text="One of the three")
    work = pick(Work, required=False)
    recording = pick(Recording, required=False)
    scheme = _select([(scheme.value, said) for scheme, said in SCHEMES.items()])
    raw = forms.CharField(
        label="Code",
        max_length=codes.LONGEST_VALUE,
        widget=forms.TextInput({"class": "l-input l-mono", "autocomplete": "off", "spellcheck": "false"}),
        help_text="With or without its separators; its check digit is proven while you type",
    )
    namespace = forms.CharField(
        label="Whose own code",
        required=False,
        max_length=codes.LONGEST_NAMESPACE,
        widget=forms.TextInput(INPUT),
        help_text="For somebody’s own codes only: a DPID, or the name of their system",
    )

    one_of = frozenset({"party", "work", "recording"})
    lead = "A check digit proves typing, not whose code it is: that is what findings are for."
    groups = (("Of what", ("party", "work", "recording")), ("The code", ("scheme", "raw", "namespace")))
    refusals = {codes.NotOneThing: "party", codes.WrongThing: "scheme", BadCode: "raw"}

    def __init__(self, *args: Any, **options: Any) -> None:
        """Have the code checked while it is typed."""
        super().__init__(*args, **options)
        self.fields["raw"].widget.attrs["data-check"] = reverse("admin:rights_identifier_check")

    def write(self, *, id: UUID, at: datetime) -> Identifier:
        """Record the code."""
        given = self.cleaned_data
        things = {f"{name}_id": given[name].pk for name in ("party", "work", "recording") if given[name]}
        return people.record_code(
            id=id,
            of=codes.Named(**things),
            scheme=Scheme(given["scheme"]),
            raw=given["raw"],
            namespace=given["namespace"],
            at=at,
        )


class RepresentationForm(DocumentFields, FactForm):
    """Who acts for whom."""

    principal = pick(Party, label="For whom")
    agent = pick(Party, label="Who acts")
    authority = _select(_words(Authority), label="By what right")
    uses = forms.MultipleChoiceField(
        choices=[(use.value, sheets.uses([use.value])) for use in Use],
        required=False,
        widget=forms.CheckboxSelectMultiple,
        help_text="Nothing ticked means every use",
    )
    territories = TerritoriesField()
    active_from = DateField()
    active_to = DateField(required=False, help_text=_OPEN)

    one_of = frozenset({"document", "digest"})
    lead = "What somebody signs for another counts only within a representation. A break in the chain makes it void."
    groups = (
        ("Between whom", ("principal", "agent", "authority")),
        ("For what", ("uses", "territories")),
        ("When", ("active_from", "active_to")),
        ("What it rests on", ("document", "digest")),
    )
    refusals = {NoSuchTerritory: "territories", NoTerritory: "territories", parties.NoSuchUse: "uses"}

    def write(self, *, id: UUID, at: datetime) -> Representation:
        """Record the representation."""
        given = self.cleaned_data
        return people.represent(
            id=id,
            principal_id=given["principal"].pk,
            agent_id=given["agent"].pk,
            authority=Authority(given["authority"]),
            uses=given["uses"],
            territories=given["territories"],
            active_from=given["active_from"],
            active_to=given["active_to"],
            document_digest=given["document_digest"],
            registrar_id=self.registrar_id,
            at=at,
        )


class ProtectionForm(DocumentFields, FactForm):
    """A minor, a ward, the dead."""

    party = pick(Party, label="Person")
    kind = _select(_words(ProtectionKind))
    jurisdiction = forms.CharField(
        min_length=2,
        max_length=2,
        widget=forms.TextInput({"class": "l-input is-short"}),
        help_text="The country whose law limits the term, such as DE",
    )
    active_from = DateField(help_text="The day of birth, of the court’s order, or of death")
    active_to = DateField(required=False, help_text="A minor: the day they come of age. Empty while open")

    one_of = frozenset({"document", "digest"})
    lead = "While it holds, what the person agrees to alone does not count: a guardian, a court or the estate acts."
    groups = (
        ("Who", ("party", "kind")),
        ("Where and when", ("jurisdiction", "active_from", "active_to")),
        ("What it rests on", ("document", "digest")),
    )
    refusals = {parties.NotAPerson: "party", parties.NotACountry: "jurisdiction"}

    def write(self, *, id: UUID, at: datetime) -> Protection:
        """Record the protection."""
        given = self.cleaned_data
        return people.protect(
            id=id,
            party_id=given["party"].pk,
            kind=ProtectionKind(given["kind"]),
            jurisdiction=given["jurisdiction"].upper(),
            active_from=given["active_from"],
            active_to=given["active_to"],
            evidence_digest=given["document_digest"],
            at=at,
        )


class ErasureRequestForm(FactForm):
    """A person asks to be forgotten."""

    party = pick(Party, label="Who asks")
    channel = _select(_words(erasure.Channel), label="How they asked")

    lead = "Record it on the day it arrives: the answer is due within a month. Carrying it out takes two people."
    groups = (("The request", ("party", "channel")),)
    done = "Recorded. Look at what would be erased, and propose it to a colleague."
    refusals = {erasure.AlreadyAsked: "party", parties.Erased: "party"}

    def write(self, *, id: UUID, at: datetime) -> ErasureRequest:
        """Record the request."""
        given = self.cleaned_data
        return erasure.request(id=id, party_id=given["party"].pk, channel=erasure.Channel(given["channel"]), at=at)


# --- Done from the page of a fact -------------------------------------------------------------------------


class ActForm(FactForm):
    """Something done about one fact, after saying what it does."""

    title: ClassVar[str] = ""
    action: ClassVar[str] = ""
    keep: ClassVar[str] = "Back"
    is_grave: bool = False

    @classmethod
    def may(cls, caller: Caller, fact: Any, user: Any) -> bool:  # noqa: ARG003
        """Whether this person may do it about this fact, beyond the permission for the act."""
        return may_keep(caller, fact)

    def __init__(self, *args: Any, fact: Any, caller: Caller, user_id: int, **options: Any) -> None:
        """Do it about this fact, as this person."""
        super().__init__(*args, **options)
        self.fact = fact
        self.caller = caller
        self.user_id = user_id
        self.look_through(caller.sight)

    def heading(self) -> str:
        """Return the question above the form."""
        return self.title

    def about(self) -> str:
        """Return what the fact is called."""
        return str(self.fact)

    def points(self) -> list[str]:
        """Say what it does."""
        return []


class EndForm(ActForm):
    """The end of a representation."""

    effective_on = DateField(label="From which day on", help_text="May lie in the past: a mandate may end unnoticed")
    reason = _reason(required=False)

    title = "End this representation?"
    action = "End it"
    is_grave = True
    groups = (("The end", ("effective_on", "reason")),)
    refusals = {people.EndsBeforeItBegan: "effective_on", people.AlreadyEnded: "effective_on"}

    @classmethod
    def may(cls, caller: Caller, fact: Any, user: Any) -> bool:  # noqa: ARG003
        """Whoever is represented, or acts."""
        return may_record_representation(caller, principal_id=fact.principal_id) or caller.acts_for(
            fact.agent_id, Verb.REGISTER
        )

    def points(self) -> list[str]:
        """Say what it does."""
        return [
            "What the agent signs for the other from that day on does not count.",
            "Nothing reaches back: what was signed before stays as it is.",
        ]

    def write(self, *, id: UUID, at: datetime) -> RepresentationEnd:
        """End it."""
        given = self.cleaned_data
        return people.end_representation(
            id=id,
            representation_id=self.fact.pk,
            effective_on=given["effective_on"],
            reason=given["reason"],
            at=at,
        )


class FindingForm(ActForm):
    """What a register said about a code."""

    result = _select(
        [
            (CodeFinding.RESOLVED.value, "It is theirs"),
            (CodeFinding.CONTRADICTED.value, "It is somebody else’s, or was never given"),
        ],
        label="What it says",
    )
    source = forms.CharField(max_length=200, widget=forms.TextInput(INPUT), help_text="Which register or society")

    title = "What does a register say?"
    action = "Record finding"
    groups = (("The finding", ("result", "source")),)

    @classmethod
    def may(cls, caller: Caller, fact: Any, user: Any) -> bool:  # noqa: ARG003
        """Whoever may record the code."""
        return may_keep(caller, fact.party or fact.work or fact.recording or fact.release)

    def write(self, *, id: UUID, at: datetime) -> IdentifierFinding:
        """Record the finding."""
        given = self.cleaned_data
        return people.check_code(
            id=id,
            identifier_id=self.fact.pk,
            result=CodeFinding(given["result"]),
            source=given["source"],
            evidence_digest="",
            at=at,
        )


class MergeForm(ActForm):
    """That a party is a duplicate."""

    survivor = pick(Party, label="Is the same as", help_text="The one that stays")
    reason = _reason(help_text="How you know that they are one; without names, since it cannot be erased")

    title = "Is this a duplicate?"
    action = "Propose merge"
    done = "Proposed. It takes effect once a colleague agrees."
    groups = (("The merge", ("survivor", "reason")),)

    def points(self) -> list[str]:
        """Say what would move."""
        moved = _counted(people.moved_by(self.fact.pk))
        return [
            f"What counts as the other’s from then on: {moved}."
            if moved
            else "Nothing is recorded under it so far, so nothing moves.",
            "Nothing is rewritten, and the merge can be undone: each fact then counts as before.",
            "A second person has to agree.",
        ]

    def clean(self) -> dict[str, Any]:
        """Check that they are two: the use case only hears of it once a colleague agreed."""
        given = super().clean() or self.cleaned_data
        if given.get("survivor") and not may_keep(self.caller, given["survivor"]):
            self.add_error("survivor", "That party is neither yours nor registered by you.")
        elif given.get("survivor") == self.fact:
            self.add_error("survivor", "A party is not a duplicate of itself: choose another.")
        elif survivor := given.get("survivor"):
            if merges.survivor(self.fact.pk) != self.fact.pk:
                self.add_error("survivor", "This party is merged already: undo that merge first.")
            elif len(parties.same_as(self.fact.pk)) > 1:
                self.add_error("survivor", "Others are merged into this party: merge this way round instead.")
            elif merges.survivor(survivor.pk) != survivor.pk:
                self.add_error("survivor", "That party is itself merged: choose the one that stays.")
        return given

    def write(self, *, id: UUID, at: datetime) -> Proposal:
        """Propose it."""
        given = self.cleaned_data
        return people.propose_merge(
            id=id,
            duplicate_id=self.fact.pk,
            survivor_id=given["survivor"].pk,
            reason=given["reason"],
            proposed_by_id=self.user_id,
            at=at,
        )


class UndoForm(ActForm):
    """That a merge was a mistake."""

    reason = _reason()

    title = "Undo this merge?"
    action = "Undo merge"
    is_grave = True
    keep = "Keep it"
    groups = (("Why", ("reason",)),)
    refusals = {people.AlreadyUndone: "reason"}

    @classmethod
    def may(cls, caller: Caller, fact: Any, user: Any) -> bool:  # noqa: ARG003
        """Whoever keeps both parties."""
        return may_keep(caller, fact.duplicate) and may_keep(caller, fact.survivor)

    def points(self) -> list[str]:
        """Say what it does."""
        merge: PartyMerge = self.fact
        return [
            f"Each fact of {merge.duplicate} counts as its own again.",
            "What was decided while they were one stays decided, and the history keeps both.",
        ]

    def write(self, *, id: UUID, at: datetime) -> PartyMergeUndo:
        """Undo it."""
        return people.undo_merge(id=id, merge_id=self.fact.pk, reason=self.cleaned_data["reason"], at=at)


class ProposeErasureForm(ActForm):
    """That an erasure be carried out."""

    reason = _reason(help_text="How you know it is them who asked; without names, since it cannot be erased")

    title = "Propose this erasure?"
    action = "Propose erasure"
    done = "Proposed. It is carried out once a colleague agrees."
    groups = (("Why", ("reason",)),)
    refusals = {erasure.NotAskedFor: "reason"}

    @classmethod
    def may(cls, caller: Caller, fact: Any, user: Any) -> bool:  # noqa: ARG003
        """The party's own people, and the operator."""
        return caller.acts_for(fact.party_id, Verb.REGISTER)

    def about(self) -> str:
        """Return who asked."""
        return str(self.fact.party)

    def points(self) -> list[str]:
        """Say what would go and what would stay."""
        return erasure_points(self.fact.party_id)

    def write(self, *, id: UUID, at: datetime) -> Proposal:
        """Propose it."""
        return erasure.propose(
            id=id,
            party_id=self.fact.party_id,
            reason=self.cleaned_data["reason"],
            proposed_by_id=self.user_id,
            at=at,
        )


class AnswerForm(ActForm):
    """A second person's answer to a proposal."""

    answer = forms.ChoiceField(
        choices=[("", "Choose"), ("agree", "Agree, and carry it out"), ("refuse", "Refuse")],
        widget=forms.Select(INPUT),
    )
    reason = _reason(required=False)

    action = "Answer"
    groups = (("Your answer", ("answer", "reason")),)
    refusals = {
        approvals.NeedsASecondPerson: "answer",
        approvals.AlreadyAnswered: "answer",
        erasure.NotAskedFor: "answer",
    }
    done = "Answered; the entries go into the log within a second."

    @classmethod
    def may(cls, caller: Caller, fact: Any, user: Any) -> bool:  # noqa: ARG003
        """A second person of the proposer's house, or the operator's."""
        return may_approve(user, fact, at=timezone.now())

    def __init__(self, *args: Any, fact: Any, caller: Caller, user_id: int, **options: Any) -> None:
        """An erasure cannot be taken back, so its button is red."""
        super().__init__(*args, fact=fact, caller=caller, user_id=user_id, **options)
        self.is_grave = fact.act == Proposal.Act.ERASE

    def heading(self) -> str:
        """Return what is proposed, as a question."""
        return f"{self.fact.get_act_display()} {named(self.fact)}?"

    def clean(self) -> dict[str, Any]:
        """Check that this desk carries such acts out."""
        given = super().clean() or self.cleaned_data
        if self.fact.act not in CARRIED_OUT:
            self.add_error("answer", "This act is answered on its own page.")
        return given

    def points(self) -> list[str]:
        """Say what agreeing does."""
        proposal: Proposal = self.fact
        if proposal.act == Proposal.Act.MERGE and proposal.party_id:
            moved = _counted(people.moved_by(proposal.party_id)) or "nothing so far"
            return [
                f"{proposal.party} would count as {proposal.other_party}, with {moved}.",
                "Nothing is rewritten, and it can be undone.",
            ]
        return erasure_points(proposal.party_id) if proposal.party_id else []

    def write(self, *, id: UUID, at: datetime) -> Approval:
        """Agree or refuse."""
        given = self.cleaned_data
        carry_out = CARRIED_OUT[Proposal.Act(self.fact.act)]
        approval: Approval = carry_out(
            id=id,
            proposal_id=self.fact.pk,
            answered_by_id=self.user_id,
            is_agreed=given["answer"] == "agree",
            reason=given["reason"],
            at=at,
        )
        if self.fact.act == Proposal.Act.ERASE and given["answer"] == "agree":
            tasks.rewrite_erased.delay()
        return approval


# Which use case a second person's answer goes to; an act that is added to Proposal.Act is carried out from here.
CARRIED_OUT: dict[str, Any] = {
    Proposal.Act.MERGE: people.answer_merge,
    Proposal.Act.ERASE: erasure.answer,
}


def _counted(found: Iterable[tuple[str, int]], *, between: str = ", ") -> str:
    return between.join(f"{what} ({count})" for what, count in found if count)


def erasure_points(party_id: UUID) -> list[str]:
    """Return what an erasure would destroy and what would stay."""
    same = parties.same_as(party_id)
    stays = _counted(erasure.staying(same), between="; ")
    return [
        "Destroyed for good: the name, the key of all that is personal, the search index, and addresses to write to.",
        *([f"Merged with {len(same) - 1} more, which are erased with it."] if len(same) > 1 else []),
        f"What stays, naming them by number only: {stays}." if stays else "Nothing else is recorded.",
        "The log keeps its proofs; what it committed to can be matched with nobody any more.",
    ]


def named(proposal: Proposal) -> str:
    """Return whom or what a proposal is about, in words."""
    if proposal.act == Proposal.Act.MERGE:
        return f"{proposal.party} into {proposal.other_party}"
    return str(proposal.party or proposal.consent or proposal.conflict or "")


def is_about(fact: Model) -> Party | None:
    """Return the party whose page comes next after adding a fact about it."""
    for name in ("party", "principal"):
        found = getattr(fact, name, None)
        if isinstance(found, Party):
            return found
    return None
