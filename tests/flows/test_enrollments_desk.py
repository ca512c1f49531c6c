"""The enrollment screen: a folder is named by hand, followed, and what failed taken away."""

from __future__ import annotations

from typing import Any

import pytest
from django.contrib.auth.models import User

from ledger.models import Enrollment, Membership
from tests.flows.conftest import Api, World, admitted, key
from tests.flows.looking import fits
from tests.flows.test_browser import page as page  # noqa: PLC0414 - a fixture
from tests.flows.test_enrollments import (  # noqa: F401 - fixtures
    Put,
    _no_leftovers,
    catalogue,
    enrolled,
    label,
    put,
    register,
    work,
)

pytestmark = [pytest.mark.slow, pytest.mark.browser, pytest.mark.django_db(transaction=True, databases="__all__")]


def test_a_folder_is_named_by_hand(label: Api, put: Put, page: Any, tmp_path: Any) -> None:  # noqa: F811
    recording = register(label, "known", "GBUV71200001")
    put("albums/GBUV71200001 Known.flac", 1)
    put("a rather long folder name/that goes on and on/a track without any code (remastered).flac", 2)
    put("new.flac", 3, title="A new one")
    sheet = tmp_path / "map.csv"
    sheet.write_text("file,register\nnew.flac,yes\n")
    User.objects.create_superuser("rights", password="a team of two")
    page.goto("/admin/login/?next=/admin/ledger/enrollment/add/")
    page.fill("[name=username]", "rights")
    page.fill("[name=password]", "a team of two")
    page.click("button[type=submit]")
    page.wait_for_url("**/enrollment/add/")
    fits(page, "enroll")
    page.fill("[name=folder]", key("label"))
    page.set_input_files("[name=mapping]", str(sheet))
    page.get_by_role("button", name="Enroll it").click()
    page.locator("[data-import]").wait_for()
    fits(page, "enrolling")
    enrollment = Enrollment.objects.get()
    work(enrollment.pk)
    page.get_by_text("1 of 3 were not enrolled").wait_for()  # the page asked by itself
    fits(page, "enrolled")
    assert page.get_by_role("link", name="Known", exact=True).get_attribute("href").endswith(f"{recording}/change/")
    assert page.get_by_role("link", name="A new one").count() == 1
    with page.expect_download() as download:
        page.get_by_role("link", name="Download what failed").click()
    assert "no_recording" in download.value.path().read_text()
    page.goto("/admin/ledger/enrollment/")
    fits(page, "enrollments")
    assert "2 of 3" in page.locator("body").inner_text()


def test_others_see_nothing_of_it(label: Api, put: Put, trade: World, client: Any) -> None:  # noqa: F811
    put("a.flac", 1)
    found = enrolled(label)
    client.force_login(admitted("stranger", "rival", Membership.Role.RIGHTS_MANAGER))
    for path in ("change/", "progress/", "problems.csv"):
        assert client.get(f"/admin/ledger/enrollment/{found['id']}/{path}").status_code in {302, 404}
    assert client.post(f"/admin/ledger/enrollment/{found['id']}/retry/").status_code in {302, 404}
    own = admitted("manager", "label", Membership.Role.RIGHTS_MANAGER)
    client.force_login(own)
    assert b"a.flac" in client.get(f"/admin/ledger/enrollment/{found['id']}/change/").content
    theirs = {"id": key("x"), "organization": key("rival"), "store": "catalogue"}
    answer = client.post("/admin/ledger/enrollment/add/", theirs)
    assert answer.status_code in {403, 422}
    assert Enrollment.objects.count() == 1
