"""Rows of the shares editor: typed in, pasted from a spreadsheet or copied; read here, judged and written elsewhere."""

from __future__ import annotations

import csv
import io
import re
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date
from fractions import Fraction
from typing import Any
from uuid import UUID, uuid4

from django import forms

from ledger.admin.fields import INPUT, DateField, TerritoriesField, pick
from ledger.admin.forms import sentence_of
from ledger.constraints import REFUSALS
from ledger.visibility import Sight, seen
from rights import claims, matching
from rights.claims import Holding, NotReadAsPart
from rights.identifiers import BadCode, Scheme, read
from rights.matching import CodeKey
from rights.models import Party
from rights.registry import AssetRef, NotAPart
from rights.shares import ROLES, GivenShare
from rights.territories import WORLD, NoSuchTerritory, NoTerritory, check, stretches
from rights.vocabulary import Basis, RightType

MOST_ROWS = 100
LONGEST_PASTE = 100_000  # characters
COLUMNS = ("party", "right_type", "part", "territories", "active_from", "active_to", "basis", "role")
RIGHTS = {right.value: right.value.replace("_", " ").capitalize().replace("Ai ", "AI ") for right in RightType}
BASES = {Basis.OWNERSHIP.value: "Owns", Basis.COLLECTION.value: "Collects"}
_SHORT = {"class": "l-input", "autocomplete": "off"}
_HEADINGS = frozenset({"party", "holder", "ipi", "party/ipi", "party or ipi", "name"})


class NotATable(Exception):
    """What was pasted is no table: copy the cells in the spreadsheet and paste them here, up to 100 rows."""


class PartField(forms.CharField):
    """An exact fraction or a percentage, with the decimal that it was written as."""

    def __init__(self, **options: Any) -> None:
        """Show it as a short input."""
        super().__init__(max_length=60, widget=forms.TextInput({**_SHORT, "placeholder": "1/2 or 50 %"}), **options)

    def clean(self, value: Any) -> Any:
        """Read it."""
        try:
            part, written = claims.read_part(str(super().clean(value)))
        except NotReadAsPart as error:
            raise forms.ValidationError(sentence_of(error)) from error
        if not 0 < part <= 1:
            raise forms.ValidationError(sentence_of(NotAPart()))
        return part, written


class ShareRow(forms.Form):
    """One share to register, as one row of the grid."""

    id = forms.UUIDField(widget=forms.HiddenInput)
    written = forms.CharField(required=False, max_length=40, widget=forms.HiddenInput)
    party = pick(Party, label="Holder")
    right_type = forms.ChoiceField(label="Right", choices=list(RIGHTS.items()), widget=forms.Select(INPUT))
    basis = forms.ChoiceField(choices=list(BASES.items()), widget=forms.Select(INPUT))
    part = PartField()
    territories = TerritoriesField(help_text="")
    active_from = DateField(label="From")
    active_to = DateField(label="To before", required=False)
    role = forms.ChoiceField(
        required=False,
        choices=[("", "–"), *((role, role) for role in sorted(ROLES))],
        widget=forms.Select(INPUT),
    )

    shown = ("party", "part", "right_type", "basis", "territories", "active_from", "active_to", "role")

    def look_through(self, sight: Sight) -> None:
        """Offer only the holders that are seen."""
        field: Any = self.fields["party"]
        field.queryset = seen(field.queryset, sight)
        field.widget.rows = field.queryset

    def columns(self) -> list[forms.BoundField]:
        """Return the visible fields in their order."""
        return [self[name] for name in self.shown]

    def clean(self) -> dict[str, Any]:
        """Check what the use case would refuse, so that each refusal stands at its row."""
        given = super().clean() or self.cleaned_data
        since, until = given.get("active_from"), given.get("active_to")
        if since and until and until <= since:
            self.add_error("active_to", REFUSALS["share_ends_after_it_begins"].sentence)
            until = None
        if codes := given.get("territories"):
            try:
                check(codes)
                if since:
                    stretches(tuple(codes), since, until)
            except (NoSuchTerritory, NoTerritory) as error:
                self.add_error("territories", sentence_of(error))
        if given.get("part"):
            part, written = given["part"]
            given["part"], given["written"] = part, written or _still_fits(part, given.get("written", ""))
        return given

    def given(self, asset: AssetRef, registrar_id: UUID | None) -> GivenShare:
        """Return the share that it states."""
        said = self.cleaned_data
        return GivenShare(
            id=said["id"],
            asset=asset,
            party_id=said["party"].pk,
            right_type=RightType(said["right_type"]),
            basis=Basis(said["basis"]),
            part=said["part"],
            territories=tuple(said["territories"]),
            active_from=said["active_from"],
            active_to=said["active_to"],
            role=said["role"],
            written=said["written"],
            registrar_id=registrar_id,
        )


def _still_fits(part: Fraction, written: str) -> str:
    """Return the decimal that a row came with, or nothing where the part was changed since."""
    if not re.fullmatch(r"[0-9]{1,18}(\.[0-9]{1,18})?", written):
        return ""
    return written if abs(Fraction(written) / 100 - part) <= claims.TOLERANCE else ""


Values = dict[str, str]  # field → as it is written


def blank(on: date) -> Values:
    """Return an empty row: the world, from a day on."""
    return {
        "id": str(uuid4()),
        "territories": WORLD,
        "active_from": on.isoformat(),
        "right_type": RightType.AI_OUTPUT.value,
        "basis": Basis.OWNERSHIP.value,
    }


def sent(body: Mapping[str, str]) -> list[Values]:
    """Return the rows of a form as they were sent; those without holder and part were left empty."""
    places = sorted({int(found[1]) for name in body if (found := re.fullmatch(r"row-([0-9]{1,6})-id", name))})
    rows = [
        {name: body.get(f"row-{place}-{name}", "") for name in (*ShareRow.base_fields,)} for place in places[:MOST_ROWS]
    ]
    return [row for row in rows if row["party"] or row["part"].strip()]


def form_of(values: Values, place: int, sight: Sight, *, is_bound: bool = True) -> ShareRow:
    """Return the form of a row."""
    prefix = f"row-{place}"
    if is_bound:
        form = ShareRow({f"{prefix}-{name}": value for name, value in values.items()}, prefix=prefix)
    else:
        form = ShareRow(initial=values, prefix=prefix)
    form.look_through(sight)
    return form


def copied(shares: Iterable[GivenShare]) -> list[Values]:
    """Return rows that say the same as shares of another asset, under new ids."""
    return [
        {
            "id": str(uuid4()),
            "party": str(one.party_id),
            "right_type": one.right_type.value,
            "basis": one.basis.value,
            "part": str(one.part),
            "written": one.written,
            "territories": " ".join(one.territories),
            "active_from": one.active_from.isoformat(),
            "active_to": one.active_to.isoformat() if one.active_to else "",
            "role": one.role,
        }
        for one in shares
    ]


def normalized(rows: Sequence[GivenShare]) -> list[GivenShare]:
    """Return rows with rounding taken out: percentages that miss the whole by CWR's tolerance are exact parts of it."""
    alike: dict[tuple[Any, ...], list[int]] = {}
    for place, row in enumerate(rows):
        key = (row.right_type, row.basis, row.territories, row.active_from, row.active_to)
        alike.setdefault(key, []).append(place)
    found = list(rows)
    for places in alike.values():
        if not all(rows[place].written for place in places):
            continue
        parts = claims.normalize([Fraction(rows[place].written) for place in places]).parts
        for place, part in zip(places, parts, strict=True):
            if abs(part - rows[place].part) <= claims.TOLERANCE:
                found[place] = replace(rows[place], part=part)
    return found


def holding_of(row: GivenShare) -> Holding:
    """Return a row as what it would be once it is registered."""
    return Holding(row.id, row.party_id, row.part, row.territories, row.active_from, row.active_to)


# --- Pasting.


@dataclass(frozen=True)
class Pasted:
    """A line of a table as a row, and what could not be read in it: field → sentence."""

    line: int
    values: Values
    problems: dict[str, str]


Find = Callable[[str], "UUID | str"]  # what stands in the first cell → the party, or why there is none


def read_pasted(text: str, *, on: date, find: Find) -> list[Pasted]:
    """
    Return the lines of cells that were copied in a spreadsheet.

    The columns are party or IPI, right, part, territories, from, to; then basis and role, which may be left out.

    :raises NotATable: it is too long, or no table
    """
    if len(text) > LONGEST_PASTE or "\x00" in text:
        raise NotATable
    try:
        lines = list(csv.reader(io.StringIO(text.replace("\r\n", "\n").replace("\r", "\n")), dialect="excel-tab"))
    except csv.Error as error:
        raise NotATable from error
    found = []
    for number, cells in enumerate(lines, start=1):
        plain = [" ".join(cell.split()) for cell in cells]
        if not any(plain) or (number == 1 and plain[0].casefold() in _HEADINGS):
            continue
        found.append(_line(number, plain, on, find))
        if len(found) > MOST_ROWS:
            raise NotATable
    if not found:
        raise NotATable
    return found


def _line(number: int, cells: Sequence[str], on: date, find: Find) -> Pasted:
    said = dict(zip(COLUMNS, [*cells, *[""] * len(COLUMNS)], strict=False))
    problems: dict[str, str] = {}
    party = find(said["party"]) if said["party"] else "The first cell names the holder: a name, an IPI or an id."
    if isinstance(party, str):
        problems["party"] = party
    right = _coded(said["right_type"], RIGHTS, RightType.AI_OUTPUT.value)
    if right is None:
        problems["right_type"] = f"“{said['right_type'][:40]}” is no right: {', '.join(RIGHTS)}."
    basis = _coded(said["basis"], BASES, Basis.OWNERSHIP.value)
    if basis is None:
        problems["basis"] = f"“{said['basis'][:40]}” is no basis: {', '.join(BASES)}."
    if len(cells) > len(COLUMNS) and any(cells[len(COLUMNS) :]):
        problems["role"] = f"The line has {len(cells)} cells: {len(COLUMNS)} is the most."
    return Pasted(
        number,
        blank(on)
        | {
            "party": "" if isinstance(party, str) else str(party),
            "right_type": right or "",
            "basis": basis or "",
            "part": said["part"][:60],
            "territories": WORLD if said["territories"].casefold() in {"", "world"} else said["territories"][:2000],
            "active_from": said["active_from"][:40] or on.isoformat(),
            "active_to": said["active_to"][:40],
            "role": said["role"].upper()[:8],
        },
        problems,
    )


def _coded(said: str, labels: Mapping[str, str], default: str) -> str | None:
    wanted = re.sub(r"[\s_-]+", " ", said.casefold())
    if not wanted:
        return default
    return next((code for code, label in labels.items() if wanted in {code.replace("_", " "), label.casefold()}), None)


def finder(sight: Sight) -> Find:
    """Return how the first cell is read: an id, an IPI or ISNI, or the exact name of a party that is seen."""
    rows = seen(Party.objects.all(), sight)

    def find(text: str) -> UUID | str:
        known: set[UUID]
        if re.fullmatch(r"[0-9a-fA-F]{8}(-[0-9a-fA-F]{4}){3}-[0-9a-fA-F]{12}", text):
            known, what = {UUID(text)}, "with this id"
        elif re.fullmatch(r"[0-9 .IX-]{9,24}", text):
            try:
                code = _code(text)
            except BadCode as error:
                return sentence_of(error)
            known, what = matching.carriers("party", [code])[code], f"with the code {text}"
        else:
            known, what = matching.parties_named(text), f"called “{text[:60]}”"
        ids = list(rows.filter(pk__in=known).values_list("pk", flat=True))
        if len(ids) == 1:
            return UUID(str(ids[0]))
        return f"Several parties {what}: give an IPI or an id." if ids else f"Nobody here {what}: register them first."

    return find


def _code(text: str) -> CodeKey:
    if text.startswith("I"):
        return matching.key_of(read(Scheme.IPI_BASE, text))
    digits = re.sub(r"[^0-9X]", "", text)
    return matching.key_of(read(Scheme.ISNI if len(digits) == 16 else Scheme.IPI_NAME, text))
