"""A plan of a license at the desk: all that it says, what another one would pay, and stating it as the next version."""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime
from fractions import Fraction
from typing import Any
from uuid import UUID

from django import forms

from ledger import planning, previewing
from ledger.admin.fields import INPUT, DateField, FractionField, pick
from ledger.admin.forms import sentence_of
from ledger.api.submissions import CURRENCIES
from ledger.planning import GivenPlan
from ledger.previewing import GivenPool, Preview
from ledger.visibility import Sight, seen
from rights.case import Side
from rights.models import License, Party, Recording, Release
from royalties import money, plans, splits, weighing
from royalties.models import Plan
from royalties.plans import Term
from royalties.splits import EVERYTHING, Aimed
from royalties.vocabulary import Basis, MoneyTerm, Scope, WeighingModel
from royalties.weighing import Blend, Model

MOST_MODELS, MOST_FALLBACKS = 4, 2
MORE_TERMS = 2  # empty ones, to be filled in
SIDES = (("masters", "Masters", Side.MASTER), ("publishing", "Publishing", Side.PUBLISHING))
SCOPES = [
    (Scope.ACCOUNT.value, "Every output of the license"),
    (Scope.PARTY.value, "Outputs whose masters are all one party’s"),
    (Scope.RELEASE.value, "Outputs whose recordings are all on one release"),
    (Scope.TRACK.value, "Outputs that rest on one recording alone"),
]
MODELS = [
    ("", "–"),
    (WeighingModel.TRAIN_EQUAL.value, "All alike"),
    (WeighingModel.TRAIN_PRORATA.value, "Pro rata of what was trained on"),
    (WeighingModel.OUTPUT_INFLUENCE.value, "Influence, as a provider says"),
    (WeighingModel.OWN_SIMILARITY.value, "Similarity that we heard (no influence)"),
]
FALLBACKS = MODELS[:3]
BASES = [("", "–"), *((one.value, one.value.capitalize()) for one in Basis)]
KINDS = [
    ("", "–"),
    (MoneyTerm.MINIMUM.value, "Minimum guarantee"),
    (MoneyTerm.ADVANCE.value, "Advance"),
    (MoneyTerm.BUYOUT.value, "Buyout"),
    (MoneyTerm.TRAINING_FEE.value, "Training fee"),
    (MoneyTerm.PER_GENERATION.value, "Fee per generation"),
    (MoneyTerm.SUB_SHARE.value, "Share of subscriptions"),
    (MoneyTerm.DOWNSTREAM.value, "Share of what outputs earn downstream"),
    (MoneyTerm.STATUTORY.value, "Statutory rate"),
]
# What each kind is asked for, as the use case checks it; said beside the row.
ASKED = (
    "Guarantee: amount, period, recoupable or not. Advance: amount, rate of recoupment. Buyout, training fee: amount."
    " Per generation: amount of each and from which count on. Shares: rate. Statutory: rate, and who set it."
)
_WORDS = {
    "amount_minor": "an amount",
    "is_recoupable": "whether it is recoupable",
    "from_count": "from which count",
    "period_from": "the period’s first day",
    "period_to": "the day after the period",
    "source": "who set it",
}
_SHORT = {"class": "l-input is-short"}


Rows = list[list[forms.BoundField]]


def _select(choices: list[tuple[str, str]], label: str) -> forms.ChoiceField:
    return forms.ChoiceField(choices=choices, required=False, label=label, widget=forms.Select(INPUT))


class PlanForm(forms.Form):
    """All that a plan says; what was trained on is taken over from the version that it begins with."""

    id = forms.UUIDField(widget=forms.HiddenInput)
    commission = FractionField(help_text="Of net receipts, for the licensee")
    creators = FractionField(help_text="Of what the commission leaves")
    masters = FractionField(help_text="Of what the creators leave; publishing has the rest")
    scope = forms.ChoiceField(
        choices=SCOPES, widget=forms.Select(INPUT), help_text="Where several reach an output, the narrowest counts"
    )  # fmt: skip
    scope_party = pick(Party, required=False, label="Party")
    scope_release = pick(Release, required=False, label="Release")
    scope_track = pick(Recording, required=False, label="Recording")
    currency = forms.ChoiceField(
        choices=[(code, code) for code in CURRENCIES], initial="EUR", required=False, widget=forms.Select(_SHORT)
    )
    amount = forms.CharField(
        max_length=50,
        required=False,
        widget=forms.TextInput(_SHORT),
        help_text="Net receipt of every output; empty: what your last published run divided",
    )
    country = forms.CharField(
        max_length=2, required=False, initial="DE", widget=forms.TextInput(_SHORT),
        help_text="Where that receipt is from"
    )  # fmt: skip
    valid_from = DateField(required=False, label="Valid from", help_text="May lie back: what was paid is adjusted")
    reason = forms.CharField(
        max_length=300, required=False, widget=forms.TextInput(INPUT), help_text="Why, without names"
    )

    def __init__(
        self, data: Any = None, *, current: Plan, sight: Sight, is_stated: bool = False, **options: Any
    ) -> None:
        """Begin with a version, and ask for day and reason where it is to be stated."""
        said = planning.given(current)
        begin = _initial(current, said) | options.pop("initial", {})
        super().__init__(data, initial=begin, **options)
        self.current = current
        self.fields["valid_from"].required = self.fields["reason"].required = is_stated
        for name, _, _ in SIDES:
            for place in range(MOST_MODELS):
                self._add_model(f"{name}_{place}", MODELS)
            for place in range(MOST_FALLBACKS):
                self._add_model(f"{name}_fallback_{place}", FALLBACKS)
        sent = [name for name in (data or {}) if name.startswith("term_") and name.endswith("_kind")]
        filled = max((int(name.split("_")[1]) + 1 for name in sent if data[name]), default=0)
        self.terms = min(max(len(said.terms) + MORE_TERMS, filled + MORE_TERMS, len(sent)), plans.MOST_TERMS)
        for place in range(self.terms):
            self._add_term(f"term_{place}")
        for field in self.fields.values():
            if isinstance(field, forms.ModelChoiceField) and field.queryset is not None:
                field.queryset = seen(field.queryset, sight)
                field.widget.rows = field.queryset

    def _add_model(self, name: str, choices: list[tuple[str, str]]) -> None:
        self.fields[f"{name}_model"] = _select(choices, "By")
        self.fields[f"{name}_part"] = FractionField(label="Part", required=False)
        self.fields[f"{name}_basis"] = _select(BASES, "Counted in")
        if choices is MODELS:
            self.fields[f"{name}_provider"] = pick(Party, required=False, label="Provider")
            self.fields[f"{name}_confidence"] = FractionField(label="From confidence", required=False)

    def _add_term(self, name: str) -> None:
        def number(label: str) -> forms.IntegerField:
            return forms.IntegerField(label=label, required=False, min_value=1, widget=forms.NumberInput(_SHORT))

        def text(label: str, longest: int) -> forms.CharField:
            return forms.CharField(label=label, required=False, max_length=longest, widget=forms.TextInput(_SHORT))

        self.fields |= {
            f"{name}_kind": _select(KINDS, "Kind"),
            f"{name}_side": _select([("", "Both"), *((side, title) for side, title, _ in SIDES)], "Side"),
            f"{name}_party": pick(Party, required=False, label="Party"),
            f"{name}_amount": text("Amount", 30),
            f"{name}_currency": text("Currency", 3),
            f"{name}_rate": FractionField(label="Rate", required=False),
            f"{name}_from_count": number("From count"),
            f"{name}_recoupable": _select([("", "–"), ("yes", "Yes"), ("no", "No")], "Recoupable"),
            f"{name}_group": text("Group", 40),
            f"{name}_priority": number("Priority"),
            f"{name}_period_from": DateField(label="From", required=False),
            f"{name}_period_to": DateField(label="Until", required=False),
            f"{name}_set_by": text("Set by", 200),
        }

    def clean(self) -> dict[str, Any]:
        """Check each part, and read everything into a plan."""
        given: dict[str, Any] = super().clean() or {}
        for name in ("commission", "creators", "masters"):
            if given.get(name) is not None and given[name] > 1:
                self.add_error(name, "A part is from 0 to 1, such as 3/20.")
        if given.get("amount"):
            try:
                given["minor"] = money.minor(money.read(given["amount"].strip()), given["currency"] or "EUR")
            except (money.NotAnAmount, money.BeyondMoney) as error:
                self.add_error("amount", f"{error.__doc__}")
        scope = Scope(given.get("scope") or Scope.ACCOUNT)
        of = given.get(f"scope_{scope.value}") if scope is not Scope.ACCOUNT else None
        if scope is not Scope.ACCOUNT and of is None:
            self.add_error(f"scope_{scope.value}", "Say of which.")
        given["aimed"] = Aimed(scope, of.pk if of else None) if scope is not Scope.ACCOUNT else EVERYTHING
        given["blends"] = {side: blend for name, _, side in SIDES if (blend := self._blend(name, given)) is not None}
        given["terms"] = tuple(self._read_terms(given))
        return given

    def _blend(self, name: str, given: dict[str, Any]) -> Blend | None:
        rows = [f"{name}_{place}" for place in range(MOST_MODELS)]
        fallbacks = [f"{name}_fallback_{place}" for place in range(MOST_FALLBACKS)]
        found = Blend(
            tuple(self._model(row, given) for row in rows if given.get(f"{row}_model")),
            tuple(self._model(row, given) for row in fallbacks if given.get(f"{row}_model")),
        )
        if not found.models and not found.fallback:
            return None  # all assets of the side alike
        try:
            weighing.check(found)
        except (weighing.NotABlend, weighing.NoFallback) as error:
            first = rows[0] if isinstance(error, weighing.NotABlend) else fallbacks[0]
            self.add_error(f"{first}_model", sentence_of(error))
        return found

    def _model(self, row: str, given: dict[str, Any]) -> Model:
        provider = given.get(f"{row}_provider")
        part = given.get(f"{row}_part")
        return Model(
            WeighingModel(given[f"{row}_model"]),
            Fraction(1) if part is None else part,
            Basis(given[f"{row}_basis"]) if given.get(f"{row}_basis") else None,
            provider.pk if provider else None,
            given.get(f"{row}_confidence"),
        )

    def _read_terms(self, given: dict[str, Any]) -> list[Term]:
        found = []
        for place in range(self.terms):
            row = f"term_{place}"
            if not given.get(f"{row}_kind"):
                continue  # empty, or taken out
            term = self._term(row, given)
            if term is None:
                continue
            try:
                plans.check([replace(term, from_count=1) if term.from_count else term])
            except (plans.NotATerm, plans.NotTiers, money.UnknownCurrency) as error:
                self.add_error(f"{row}_kind", _in_words(error))
            found.append(term)
        if not self.errors:
            try:
                plans.check(found)
            except (plans.NotATerm, plans.NotTiers) as error:
                self.add_error(None, _in_words(error))
        return found

    def _term(self, row: str, given: dict[str, Any]) -> Term | None:
        currency, amount = given.get(f"{row}_currency", "").strip().upper(), given.get(f"{row}_amount", "").strip()
        minor = None
        if amount:
            try:
                minor = money.minor(money.read(amount.replace("\u202f", "").replace(" ", "")), currency)
            except (money.NotAnAmount, money.BeyondMoney, money.UnknownCurrency) as error:
                field = "currency" if isinstance(error, money.UnknownCurrency) else "amount"
                self.add_error(f"{row}_{field}", sentence_of(error))
                return None
        party, side = given.get(f"{row}_party"), given.get(f"{row}_side")
        return Term(
            kind=MoneyTerm(given[f"{row}_kind"]),
            side=next((found for name, _, found in SIDES if name == side), None),
            party_id=party.pk if party else None,
            amount_minor=minor,
            currency=currency,
            rate=given.get(f"{row}_rate"),
            from_count=given.get(f"{row}_from_count"),
            is_recoupable={"yes": True, "no": False}.get(given.get(f"{row}_recoupable") or ""),
            group=given.get(f"{row}_group", "").strip(),
            priority=given.get(f"{row}_priority"),
            period_from=given.get(f"{row}_period_from"),
            period_to=given.get(f"{row}_period_to"),
            source=given.get(f"{row}_set_by", "").strip(),
        )

    def plan(self) -> GivenPlan:
        """Return the plan that the form says."""
        given = self.cleaned_data
        return replace(
            planning.given(self.current),
            commission=given["commission"],
            creators=given["creators"],
            masters=given["masters"],
            blends=given["blends"],
            terms=given["terms"],
        )

    def preview(self, license_: License, *, at: datetime) -> Preview:
        """
        Return what it would have paid.

        :raises NothingRunYet, NotOfThisLicense, TooManyOutputs: see ``previewing.preview``
        """
        given = self.cleaned_data
        pools: tuple[GivenPool, ...] = ()
        if "minor" in given:
            country = given["country"].upper() or "DE"
            outputs = planning.outputs_of(license_.pk)[: previewing.MOST_OUTPUTS]
            pools = tuple(GivenPool(one, country, given["minor"]) for one in outputs)
            if not pools:
                raise previewing.NotOfThisLicense
        return previewing.preview(
            license_=license_,
            plan=self.plan(),
            aimed=given["aimed"],
            currency=given["currency"] or "EUR",
            pools=pools,
            at=at,
        )

    # --- As the page lays it out

    def parts(self) -> list[forms.BoundField]:
        """Return what is divided first."""
        return [self[name] for name in ("commission", "creators", "masters")]

    def aims(self) -> list[forms.BoundField]:
        """Return for which outputs it is."""
        return [self[name] for name in ("scope", "scope_party", "scope_release", "scope_track")]

    def sides(self) -> list[tuple[str, tuple[Rows, Rows], tuple[Rows, Rows]]]:
        """Return each side with the rows of its models and of its fallback: those to be seen, and more of them."""
        full, short = ("model", "part", "basis", "provider", "confidence"), ("model", "part", "basis")
        return [
            (
                title,
                _seen([[self[f"{name}_{place}_{field}"] for field in full] for place in range(MOST_MODELS)]),
                _seen(
                    [[self[f"{name}_fallback_{place}_{field}"] for field in short] for place in range(MOST_FALLBACKS)]
                ),
            )
            for name, title, _ in SIDES
        ]

    def money(self) -> tuple[Rows, Rows]:
        """Return the rows of terms of money: those to be seen, and more of them."""
        return _seen(
            [[self[name] for name in self.fields if name.startswith(f"term_{place}_")] for place in range(self.terms)]
        )

    def divided(self) -> list[forms.BoundField]:
        """Return what a preview divides."""
        return [self[name] for name in ("currency", "amount", "country")]

    def stated(self) -> list[forms.BoundField]:
        """Return what stating it takes beside the plan."""
        return [self["valid_from"], self["reason"]]


def _seen(rows: Rows) -> tuple[Rows, Rows]:
    """Return the rows that say something with one that is empty, and the others."""
    used = max((place + 1 for place, row in enumerate(rows) if row[0].value()), default=0)
    return rows[: used + 1], rows[used + 1 :]


def _in_words(error: Exception) -> str:
    said = sentence_of(error)
    for code, word in _WORDS.items():
        said = said.replace(code, word)
    return said[:1].upper() + said[1:].replace("_", " ")


def _initial(plan: Plan, said: GivenPlan) -> dict[str, Any]:
    found: dict[str, Any] = {
        "commission": said.commission,
        "creators": said.creators,
        "masters": said.masters,
        "scope": plan.scope,
        "scope_party": plan.party_id,
        "scope_release": plan.release_id,
        "scope_track": plan.recording_id,
    }
    for name, _, side in SIDES:
        blend = said.blends.get(side, Blend())
        for prefix, models in ((name, blend.models), (f"{name}_fallback", blend.fallback)):
            for place, model in enumerate(models):
                row = f"{prefix}_{place}"
                found |= {
                    f"{row}_model": model.model.value,
                    f"{row}_part": model.part,
                    f"{row}_basis": model.basis.value if model.basis else "",
                    f"{row}_provider": model.provider_id,
                    f"{row}_confidence": model.threshold,
                }
    of_side = {side: name for name, _, side in SIDES}
    for place, term in enumerate(said.terms):
        row = f"term_{place}"
        found |= {
            f"{row}_kind": term.kind.value,
            f"{row}_side": of_side[term.side] if term.side else "",
            f"{row}_party": term.party_id,
            f"{row}_amount": money.written(term.amount_minor, term.currency) if term.amount_minor is not None else "",
            f"{row}_currency": term.currency,
            f"{row}_rate": term.rate,
            f"{row}_from_count": term.from_count,
            f"{row}_recoupable": {True: "yes", False: "no", None: ""}[term.is_recoupable],
            f"{row}_group": term.group,
            f"{row}_priority": term.priority,
            f"{row}_period_from": term.period_from,
            f"{row}_period_to": term.period_to,
            f"{row}_set_by": term.source,
        }
    return found


def version_of(license_id: UUID, id: str) -> Plan | None:
    """Return the version to begin with: one that is named, else the newest for all of the license."""
    try:
        wanted = splits.versions_of([license_id]).filter(pk=UUID(id)).first() if id else None
    except ValueError:
        wanted = None
    return wanted or planning.newest(license_id)
