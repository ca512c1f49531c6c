"""The desk's pages of the log …"""

from __future__ import annotations

from typing import Any
from uuid import uuid4

import pytest
from django.apps import apps
from django.contrib import admin
from django.urls import reverse

from ledger.admin.log import REPORTED, SHOWN_ON
from ledger.models import SUBJECTS


@pytest.mark.parametrize("name", SUBJECTS)
def test_lead_from_every_entry_to_a_page(name: str) -> None:
    model: Any = apps.get_model(SUBJECTS[name])
    if name in REPORTED:
        address, field = REPORTED[name]
        assert model._meta.get_field("id" if field == "pk" else field or "id")
        assert reverse(address, args=[uuid4()] if field else []).startswith("/reports/")
        return
    for step in SHOWN_ON[name].split(".") if name in SHOWN_ON else ():
        model = model._meta.get_field(step).related_model
    assert model in admin.site._registry, f"say in `SHOWN_ON` on whose page {name} is shown"
