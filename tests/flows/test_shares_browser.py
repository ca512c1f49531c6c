"""The shares editor in a browser: sums while somebody types, pasted rows, and a row more."""

from __future__ import annotations

from typing import Any

import pytest
from django.contrib.auth.models import User

from rights.models import Share
from tests.flows.conftest import World, key
from tests.flows.test_browser import page

__all__ = ["page"]  # the fixture

pytestmark = [
    pytest.mark.django_db(transaction=True, databases="__all__"),
    pytest.mark.browser,
    pytest.mark.slow,
]


def test_adds_up_while_somebody_types(songs: World, page: Any) -> None:
    User.objects.create_superuser("rights", password="a team of two")
    page.goto(f"/admin/login/?next=/admin/rights/share/of/work/{key('first')}/")
    page.fill("[name=username]", "rights")
    page.fill("[name=password]", "a team of two")
    page.click("button[type=submit]")
    sums = page.locator("[data-sums]")
    sums.wait_for()
    page.wait_for_load_state()  # with the script that adds up
    assert "Nothing is claimed yet" in sums.inner_text()

    page.locator("#id_row-0-party").fill("Publisher")
    page.get_by_role("option", name="Publisher").click()
    page.fill("[name=row-0-part]", "2/3")
    assert "2/3 claimed, 1/3 missing" in sums.inner_text()
    page.get_by_role("button", name="Add a row").click()
    page.locator("#id_row-1-party").fill("Writer")
    page.locator("#id_row-1-party_list").get_by_role("option", name="Writer").click()
    page.fill("[name=row-1-part]", "33.33 %")
    page.fill("[name=row-1-territories]", "2136 -US")
    said = sums.inner_text()
    assert "The world without United States" in said
    assert "rounding explains it" in said
    page.fill("[name=row-1-part]", "1/2")
    assert "7/6 (116.67 %) claimed, 1/6 (16.67 %) too much" in sums.inner_text()
    page.fill("[name=row-1-part]", "1/3")
    page.fill("[name=row-1-territories]", "2136")
    assert "All of it is claimed" in sums.inner_text()

    # What the page says is what the server says.
    page.get_by_role("button", name="Check").click()
    page.get_by_text("Every row can be saved").wait_for()
    assert "All of it is claimed" in sums.inner_text()
    page.get_by_role("button", name="Save all rows").click()
    page.get_by_text("2 shares are registered.").wait_for()
    assert Share.objects.count() == 2
