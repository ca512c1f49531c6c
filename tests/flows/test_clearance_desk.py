"""The desk asks "may I?" …"""

from __future__ import annotations

from uuid import uuid4

import pytest
from django.contrib.auth.models import User
from django.test import Client

from ledger.models import Membership
from rights.models import Clearance
from tests.flows.conftest import USES, World, admitted, key

pytestmark = pytest.mark.django_db(transaction=True, databases="__all__")


def form(**changes: object) -> dict[str, object]:
    return {
        "id": str(uuid4()),
        "licensee": key("distributor"),
        "recordings": [key("country")],
        "uses": USES,
        "territories": "2136",
        "valid_at": "2027-03-01",
    } | changes


def test_and_reads_the_reasons(trade: World) -> None:
    trade.register("country", audio=False, consenting=["label", "publisher"])
    desk = Client()
    desk.force_login(User.objects.create_superuser("operator"))
    answer = desk.post("/admin/rights/clearance/add/", form(), follow=True)
    page = answer.content.decode()
    assert "Nobody said yes, which is no" in page
    assert "a holder has not agreed" in page
    assert f"share {key('share country writer')[:8]}" in page
    assert desk.get("/admin/rights/clearance/").status_code == 200
    assert Clearance.objects.get().unknown == 1


def test_a_member_reads_no_records_of_others(trade: World) -> None:
    trade.register("country", audio=False)
    desk = Client()
    desk.force_login(admitted("dora", "distributor", Membership.Role.DISTRIBUTOR))
    page = desk.post("/admin/rights/clearance/add/", form(), follow=True).content.decode()
    assert "All of it is allowed" in page
    assert f"/admin/rights/share/{key('share country writer')}" not in page


def test_and_is_told_what_is_missing(trade: World) -> None:
    desk = Client()
    desk.force_login(User.objects.create_superuser("operator"))
    page = desk.post("/admin/rights/clearance/add/", form(recordings=[], known_on="2999-01-01"))
    assert page.status_code == 422
    assert not Clearance.objects.exists()
