"""The usage screens: a report goes in by hand, its columns chosen, looked at, booked; what it names is matched."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from django.test import Client
from django.utils import timezone
from playwright.sync_api import expect

from ledger import usages
from ledger.models import Membership
from royalties.models import UsageKey, UsageMapping, UsageMatch, UsageReport
from tests.flows.conftest import World, admitted, key
from tests.flows.looking import fits
from tests.flows.test_browser import page as page  # noqa: PLC0414 - a fixture
from tests.flows.test_usage import OUTPUT_ISRC, ROWS, finance, hand_in, sheet, taken

pytestmark = [pytest.mark.slow, pytest.mark.browser, pytest.mark.django_db(transaction=True, databases="__all__")]


def _sign_in(page: Any, where: str) -> None:
    person = admitted("clerk", "distributor", Membership.Role.FINANCE)
    person.set_password("a clerk of two")
    person.save()
    page.goto(f"/admin/login/?next={where}")
    page.fill("[name=username]", "clerk")
    page.fill("[name=password]", "a clerk of two")
    page.click("button[type=submit]")
    page.wait_for_url(f"**{where}")


def test_a_report_goes_in_by_hand(world: World, page: Any, tmp_path: Path) -> None:
    submitted = world.submit("output", world.sounds.sung("flac"), key("country"), isrc=OUTPUT_ISRC)
    assert world.settle(submitted["id"])["state"] == "cleared"
    file = tmp_path / "march.csv"
    file.write_bytes(
        sheet(*ROWS, *(f",,Y-{n},A long title of track number {n},{n}.5,EUR,DE,3,,2026-03-02" for n in range(9)))
    )
    _sign_in(page, "/admin/royalties/usagereport/add/")
    fits(page, "usage-add")
    page.set_input_files("[name=parts]", str(file))
    page.fill("[name=sender]", "shop")
    page.fill("[name=message]", "2026-03")
    page.get_by_role("button", name="Look what it comes to").click()
    page.get_by_role("heading", name="What the columns hold").wait_for()
    assert page.get_by_label("Column of ISRC").input_value() == "ISRC"
    page.get_by_label("Column of Our id of the output").select_option("Output")
    page.get_by_label("Column of Amount, net").select_option("Net")
    page.get_by_label("Column of Their own id").select_option("Track")
    page.get_by_label("Column of Title").select_option("Title")
    page.get_by_label("Save as").fill("Shop")
    fits(page, "usage-map")
    page.get_by_role("button", name="Look what it would do").click()
    page.locator("[data-import]").wait_for()
    fits(page, "usage-waiting")
    report = UsageReport.objects.get()
    usages.read(report_id=report.pk, at=timezone.now())
    page.get_by_role("button", name="Book it").wait_for()  # the page noticed
    assert not UsageKey.objects.exists()
    fits(page, "usage-tried")
    page.get_by_role("button", name="Book it").click()
    page.locator("[data-import]").wait_for()
    usages.read(report_id=report.pk, at=timezone.now())
    page.get_by_role("link", name="Open the queue").wait_for()
    fits(page, "usage-booked")
    assert UsageMapping.objects.get().name == "Shop"

    page.get_by_role("link", name="Open the queue").click()
    page.get_by_role("heading", name="Unmatched usage").wait_for()
    fits(page, "usage-queue")
    first = page.locator("tbody tr").first
    assert "100.50 EUR" in first.inner_text()  # the most money first
    first.get_by_role("link").first.click()
    page.wait_for_url("**/usagekey/*/change/")
    fits(page, "usage-key")
    page.get_by_role("button", name="It is this one").first.click()
    page.get_by_role("heading", name="Unmatched usage").wait_for()
    assert UsageMatch.objects.get(key="proprietary:shop:X-1").submission_id == report.payer.submissions.get().pk
    page.locator("tbody tr").filter(has_text="Contry Sung").get_by_role("link").first.click()
    page.get_by_role("button", name="Record").click()
    page.get_by_role("link", name="In suspense").click()
    expect(page.locator("tbody tr")).to_have_count(1)
    fits(page, "usage-suspense")
    page.goto("/admin/royalties/usagereport/")
    fits(page, "usage-list")
    page.goto(f"/admin/royalties/usagereport/{report.pk}/withdraw/")
    fits(page, "usage-withdraw")

    file.write_bytes(sheet(*ROWS, ",,,=1+1,-3,EUX,XX,1,,2026-03-01", "a,b"))
    page.goto("/admin/royalties/usagereport/add/")
    page.set_input_files("[name=parts]", str(file))
    page.fill("[name=sender]", "shop")
    page.get_by_label("Saved mapping").select_option("Shop")
    page.get_by_role("button", name="Look what it comes to").click()
    page.locator("[data-import]").wait_for()
    usages.read(report_id=UsageReport.objects.latest("received_at").pk, at=timezone.now())
    page.get_by_role("heading", name="Problems").wait_for()
    assert page.get_by_role("button", name="Book it").count() == 0
    fits(page, "usage-problems")


def test_the_desk_shows_a_payers_reports_to_its_own_people(world: World) -> None:
    payer = finance("distributor")
    report = taken(payer, sheet(*ROWS))
    waiting = hand_in(payer, sheet(ROWS[0]), message="2", dry_run=True).json()
    key_id = UsageKey.objects.earliest("first_line").pk
    addresses = [
        f"/admin/royalties/usagereport/{report['id']}/change/",
        f"/admin/royalties/usagereport/{report['id']}/problems.csv",
        f"/admin/royalties/usagekey/{key_id}/change/",
    ]
    posts = [
        f"/admin/royalties/usagereport/{waiting['id']}/book/",
        f"/admin/royalties/usagereport/{report['id']}/withdraw/",
        f"/admin/royalties/usagekey/{key_id}/change/",
    ]
    own, other, reader = Client(), Client(), Client()
    own.force_login(admitted("clerk", "distributor", Membership.Role.FINANCE))
    other.force_login(admitted("stranger", "rival", Membership.Role.FINANCE))
    reader.force_login(admitted("auditor", "distributor", Membership.Role.AUDITOR))
    for address in addresses:
        assert own.get(address).status_code == reader.get(address).status_code == 200, address
        assert other.get(address).status_code in {302, 404}, address
    for address in posts:
        assert reader.post(address, {"reason": "x"}).status_code == 403, address
        assert other.post(address, {"reason": "x"}).status_code in {302, 403, 404}, address
    assert "100.5" not in other.get("/admin/royalties/usagekey/").content.decode()
    assert "100.5" in own.get("/admin/royalties/usagekey/").content.decode()
    assert reader.get("/admin/royalties/usagereport/add/").status_code == 403
    assert not UsageMatch.objects.filter(matching__method="person").exists()
    assert own.get(f"/admin/royalties/usagereport/map/{report['id']}/").status_code == 404
