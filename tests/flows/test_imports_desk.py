"""The import screen: a sheet goes in by hand, its columns chosen, looked at, taken and taken back."""

from __future__ import annotations

from pathlib import Path
from typing import Any
from uuid import UUID

import pytest
from django.contrib.auth.models import User
from django.utils import timezone

from ledger import importing, people, reversing
from ledger.models import ImportBatch, SavedMapping
from rights.models import Recording
from rights.vocabulary import PartyKind
from tests.flows.conftest import World, key
from tests.flows.looking import fits
from tests.flows.test_browser import page as page  # noqa: PLC0414 - a fixture
from tests.flows.test_imports import CATALOGUE, CATALOGUE_ROWS, SHARES, _own_folder, shares_of, taken

pytestmark = [pytest.mark.slow, pytest.mark.browser, pytest.mark.django_db(transaction=True, databases="__all__")]
__all__ = ["_own_folder"]


def test_a_sheet_goes_in_by_hand(trade: World, page: Any, tmp_path: Path) -> None:
    User.objects.create_superuser("rights", password="a team of two")
    for number in range(2):
        people.register_party(id=UUID(key(f"twin {number}")), kind=PartyKind.PERSON, name="Band B", at=timezone.now())
    file = tmp_path / "catalogue.csv"
    file.write_text(CATALOGUE_ROWS)
    page.goto("/admin/login/?next=/admin/ledger/importbatch/add/")
    page.fill("[name=username]", "rights")
    page.fill("[name=password]", "a team of two")
    page.click("button[type=submit]")
    page.wait_for_url("**/importbatch/add/")
    fits(page, "add")
    page.set_input_files("[name=file]", str(file))
    page.get_by_label("Take the rows without a problem").check()
    page.get_by_role("button", name="Look what it would do").click()
    page.get_by_role("heading", name="What the columns hold").wait_for()
    assert page.get_by_label("Column of ISRC").input_value() == "ISRC"
    page.get_by_label("Column of Artist IPI").select_option("IPI")
    page.get_by_label("Save as").fill("North")
    fits(page, "map")
    page.get_by_role("button", name="Look what it would do").click()
    page.locator("[data-import]").wait_for()
    fits(page, "waiting")
    batch = ImportBatch.objects.get()
    importing.rehearse(batch_id=batch.pk, at=timezone.now())
    page.get_by_role("button", name="Take it").wait_for()  # the page noticed
    assert "with a problem" not in page.content()
    assert not Recording.objects.exists()
    fits(page, "rehearsed")
    page.get_by_role("button", name="Take it").click()
    page.locator("[data-import]").wait_for()
    importing.take(batch_id=batch.pk, at=timezone.now())
    page.get_by_role("link", name="Take back…").wait_for()
    page.wait_for_load_state()
    assert Recording.objects.count() == 2
    assert "2 parties have this name" in page.content()
    with page.expect_download() as download:
        page.get_by_role("link", name="Download rows to correct").click()
    assert "GBUV71200497" in Path(download.value.path()).read_text()
    fits(page, "taken")
    assert SavedMapping.objects.get().name == "North"
    page.goto("/admin/ledger/importbatch/")
    fits(page, "list")


def test_what_a_sheet_brought_is_taken_back_by_hand(trade: World, page: Any) -> None:
    User.objects.create_superuser("rights", password="a team of two")
    taken(trade.label, "catalogue", "catalogue", CATALOGUE_ROWS, mapping=CATALOGUE)
    batch = taken(trade.label, "shares", "shares", shares_of("GBUV71200495,Label,60,,"), mapping=SHARES)
    page.goto(f"/admin/login/?next=/admin/ledger/importbatch/{batch['id']}/reverse/")
    page.fill("[name=username]", "rights")
    page.fill("[name=password]", "a team of two")
    page.click("button[type=submit]")
    page.wait_for_url("**/reverse/")
    fits(page, "reverse")
    page.get_by_label("Reason").fill("The wrong year")
    page.get_by_role("button", name="Take back").click()
    page.locator("[data-import]").wait_for()
    reversing.reverse(batch_id=UUID(batch["id"]), at=timezone.now())
    page.get_by_text("1 of 1").wait_for()
    fits(page, "reversed")
