"""The desk's pages of the log …"""

from __future__ import annotations

from typing import Any

import pytest
from django.apps import apps
from django.contrib import admin

from ledger.admin.log import SHOWN_ON
from ledger.models import SUBJECTS


@pytest.mark.parametrize("name", SUBJECTS)
def test_lead_from_every_entry_to_a_page(name: str) -> None:
    model: Any = apps.get_model(SUBJECTS[name])
    for step in SHOWN_ON[name].split(".") if name in SHOWN_ON else ():
        model = model._meta.get_field(step).related_model
    assert model in admin.site._registry, f"say in `SHOWN_ON` on whose page {name} is shown"
