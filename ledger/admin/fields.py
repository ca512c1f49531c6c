"""Form fields of the trade: choosing a party or an asset, exact fractions, territories, the text that was signed."""

from __future__ import annotations

import hashlib
import re
from fractions import Fraction
from typing import Any
from uuid import UUID

from django import forms
from django.core.files.uploadedfile import UploadedFile
from django.urls import reverse

INPUT = {"class": "l-input"}


class PickWidget(forms.Widget):
    """A search box that keeps ids: what is typed goes to the server in a body, never into an address."""

    template_name = "ledger/widgets/pick.html"

    def __init__(self, model: Any, *, is_multiple: bool) -> None:
        """Choose among the rows of a model."""
        super().__init__()
        self.model = model
        self.is_multiple = is_multiple

    def value_from_datadict(self, data: Any, files: Any, name: str) -> Any:  # noqa: ARG002 - Django's signature
        """Return the chosen id, or all of them."""
        return data.getlist(name) if self.is_multiple else data.get(name)

    def get_context(self, name: str, value: Any, attrs: dict[str, Any] | None) -> dict[str, Any]:
        """Give the template the chosen rows by name."""
        context = super().get_context(name, value, attrs)
        ids = []
        for one in value if isinstance(value, list | tuple) else [value]:
            try:
                ids.append(UUID(str(one)))
            except ValueError:
                continue
        meta = self.model._meta
        context["widget"]["chosen"] = [
            {"id": str(row.pk), "text": str(row)} for row in self.model.objects.filter(pk__in=ids)
        ]
        context["widget"]["is_multiple"] = self.is_multiple
        context["widget"]["url"] = reverse(f"admin:{meta.app_label}_{meta.model_name}_pick")
        context["widget"]["what"] = meta.verbose_name
        return context


def pick(model: Any, **options: Any) -> forms.ModelChoiceField[Any]:
    """Return a field that chooses one row."""
    rows = model.objects.all()
    return forms.ModelChoiceField(rows, widget=PickWidget(model, is_multiple=False), **options)


def pick_several(model: Any, **options: Any) -> forms.ModelMultipleChoiceField[Any]:
    """Return a field that chooses any number of rows."""
    rows = model.objects.all()
    return forms.ModelMultipleChoiceField(rows, widget=PickWidget(model, is_multiple=True), **options)


class FractionField(forms.CharField):
    """An exact fraction as text, ``1/3``; never a decimal, which could not say it."""

    def __init__(self, **options: Any) -> None:
        """Show it as a short input."""
        super().__init__(widget=forms.TextInput({"class": "l-input is-short", "inputmode": "text"}), **options)

    def clean(self, value: Any) -> Any:
        """Read numerator and denominator."""
        text = str(super().clean(value)).replace(" ", "")
        if not text:
            return None
        found = re.fullmatch(r"([0-9]{1,18})(?:/([0-9]{1,18}))?", text)
        if found is None or int(found[2] or 1) == 0:
            raise forms.ValidationError("Write an exact fraction such as 1/3, or 1 for the whole.")
        return Fraction(int(found[1]), int(found[2] or 1))


class TerritoriesField(forms.CharField):
    """Territory codes, with spaces or commas between them; which exist is for the use case to say."""

    def __init__(self, **options: Any) -> None:
        """Begin with the world."""
        given = {
            "initial": "2136",
            "widget": forms.TextInput(INPUT),
            "help_text": "2136 is the world, 2123 the EU; two letters are a country; a leading - excludes: 2136 -US",
        }
        super().__init__(**{**given, **options})

    def clean(self, value: Any) -> Any:
        """Split the codes."""
        codes = re.split(r"[\s,;]+", str(super().clean(value)).strip().upper())
        if any(len(code) > 6 for code in codes):
            raise forms.ValidationError(
                "A code is a country such as DE or a TIS territory such as 2136; put spaces between codes."
            )
        return codes


class DateField(forms.DateField):
    """A day."""

    def __init__(self, **options: Any) -> None:
        """Use the browser's own calendar."""
        super().__init__(
            widget=forms.DateInput({"class": "l-input is-short", "type": "date"}, format="%Y-%m-%d"), **options
        )


def digest_of(document: UploadedFile[Any] | None, digest: str) -> str:
    """
    Return the SHA-256 of a signed text, from the file or as it was given.

    :raises forms.ValidationError: neither or both were given, or it is no digest
    """
    if (document is None) == (not digest):
        raise forms.ValidationError("Give the text that was agreed to as a file, or its SHA-256; one of the two.")
    if document is not None:
        return hashlib.file_digest(document.file, "sha256").hexdigest()  # type: ignore[arg-type]
    bare = digest.strip().lower().removeprefix("sha256:")
    if not re.fullmatch(r"[0-9a-f]{64}", bare):
        raise forms.ValidationError("A SHA-256 has 64 hexadecimal digits.")
    return bare
