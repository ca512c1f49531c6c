"""Licenses at the desk …"""

from __future__ import annotations

import re
from datetime import date, timedelta
from typing import Any
from uuid import UUID, uuid4

import pytest
from django.contrib.auth.models import User
from django.test import Client
from django.utils import timezone

from ledger.models import Membership
from rights import obstacles
from rights.clearances import Asked
from rights.contracts import Reach
from rights.models import License, LicenseEvent, TermsVersion
from rights.obstacles import Kind
from rights.vocabulary import AssetKind
from tests.flows.conftest import DOCUMENT, SINCE, USES, WORLD, World, admitted, key, row_counts, today
from tests.flows.test_admin import text
from tests.flows.test_licenses import FULL_TERMS, act, publish, signed

pytestmark = pytest.mark.django_db(transaction=True, databases="__all__")

ADD = "/admin/rights/license/add/"


def form(*works: str, **changes: Any) -> dict[str, Any]:
    """What the builder sends."""
    return {
        "id": str(uuid4()),
        "schedule": " ".join(f"work:{key(work)}" for work in works),
        "licensor": key("label"),
        "licensee": key("distributor"),
        "uses": USES,
        "territories": WORLD,
        "active_from": SINCE,
        "digest": DOCUMENT,
        "commission": "3/20",
        "creators": "3/10",
        "masters": "1/2",
    } | changes


def kept(answer: Any) -> str:
    """The schedule that the page carries."""
    found = re.search(r'name="schedule" value="([^"]*)"', answer.content.decode())
    return found[1] if found else ""


@pytest.fixture
def staff(transactional_db: None) -> Client:
    """Somebody who may do everything at the desk."""
    client = Client()
    client.force_login(User.objects.create_superuser("rights", password="team"))
    return client


@pytest.fixture
def reader(trade: World) -> Client:
    """An auditor of the label."""
    client = Client()
    client.force_login(admitted("reader", "label", Membership.Role.AUDITOR))
    return client


# --- building one


def test_finds_assets_and_puts_them_on_the_schedule(songs: World, staff: Client) -> None:
    songs.state("/v1/works", {"id": key("third"), "title": "Other", "iswc": "T-034.524.680-1"})
    answer = staff.post(ADD, form(do="find", sought="work FIRST"))
    assert f"work:{key('first')}" in text(answer)
    assert f"work:{key('second')}" not in text(answer)
    assert f"work:{key('third')}" in text(staff.post(ADD, form(do="find", sought="T-034.524.680-1")))
    assert "Nothing fits" in text(staff.post(ADD, form(do="find", sought="Silence")))
    taken = staff.post(ADD, form("first", do="take", found=[f"work:{key('second')}", f"work:{key('first')}"]))
    assert kept(taken) == f"work:{key('first')} work:{key('second')}"
    assert "Schedule: 2 assets" in text(taken)
    dropped = staff.post(ADD, form("first", "second", do="drop", drop=[f"work:{key('first')}"]))
    assert kept(dropped) == f"work:{key('second')}"
    assert License.objects.count() == 0


def test_finds_what_a_holder_holds_today(songs: World, staff: Client) -> None:
    songs.share("of writer", party="writer", part="1", work=key("first"))
    songs.share("of publisher", party="publisher", part="1", work=key("second"))
    songs.share("over", party="writer", part="1/2", work=key("second"), active_to="2026-02-01")
    answer = text(staff.post(ADD, form(do="find", holder=key("writer"))))
    assert f"work:{key('first')}" in answer
    assert f"work:{key('second')}" not in answer


def test_explains_what_is_blocked_before_anything_is_signed(songs: World, staff: Client) -> None:
    songs.share("first", party="writer", part="1", work=key("first"))
    songs.consent("first", grantor="writer", work=key("first"))
    before = row_counts()
    answer = text(staff.post(ADD, form("first", "second", do="check")))
    assert "1 of 2 assets cannot be used under this license yet." in answer
    assert "Nobody is registered as holding the right." in answer
    assert 'value="sign"' in answer
    assert "Nothing stands in the way of 1 asset." in text(staff.post(ADD, form("first", do="check")))
    assert row_counts() == before


def test_a_check_says_what_is_missing_and_does_not_offer_to_sign(songs: World, staff: Client) -> None:
    answer = staff.post(ADD, form("first", do="check", licensee=""))
    assert answer.status_code == 422
    assert "This field is required" in text(answer)
    assert 'value="sign"' not in text(answer)
    assert "is not a territory" in text(staff.post(ADD, form("first", do="check", territories="QQ")))


@pytest.mark.parametrize("schedule", ["work:nonsense", "house:" + key("first"), "work"])
def test_a_damaged_schedule_is_not_signed(songs: World, staff: Client, schedule: str) -> None:
    answer = staff.post(ADD, form(schedule=schedule, works=[key("first")]))
    assert answer.status_code == 422
    assert "damaged" in text(answer)
    assert License.objects.count() == 0


def test_signs_with_everything_that_the_form_has(songs: World, staff: Client) -> None:
    given = form("first", works=[key("second"), key("first")], barred=["political"], is_exclusive="on", max_outputs="7",
                 influence="1/4", release_from="2026-02-01", release_to="2027-02-01", mfn_measure="commission",
                 mfn_class="same_licensee", mfn_looks_back_to=SINCE, do="sign")  # fmt: skip
    assert staff.post(ADD, given).status_code == 302
    license_ = License.objects.get()
    assert {line.asset_id for line in license_.schedule.all()} == {UUID(key("first")), UUID(key("second"))}
    assert (license_.barred, license_.is_exclusive, license_.max_outputs) == (["political"], True, 7)
    assert (license_.influence_numerator, license_.influence_denominator) == (1, 4)
    assert (license_.release_from, license_.release_to) == (date(2026, 2, 1), date(2027, 2, 1))
    assert license_.mfn_clauses.get().measure == "commission"
    assert license_.exclusive_rights.count() == 4
    page = text(staff.get(f"/admin/rights/license/{license_.pk}/change/"))
    for said in ("0 of at most 7", "Political messages", "1/4", "From 2026-02-01 before 2027-02-01"):
        assert said in page


def test_shows_a_clash_and_lets_stand_what_is_known(songs: World, staff: Client) -> None:
    other = signed(songs, "other", licensee=key("rival"))
    answer = text(staff.post(ADD, form("first", do="check", is_exclusive="on")))
    assert f'name="beside" value="{other["id"]}"' in answer
    assert 'value="sign"' not in answer
    refused = staff.post(ADD, form("first", is_exclusive="on"))
    assert refused.status_code == 422
    assert other["id"] in text(refused)
    let = text(staff.post(ADD, form("first", do="check", is_exclusive="on", beside=[other["id"]])))
    assert 'value="sign"' in let
    assert staff.post(ADD, form("first", is_exclusive="on", beside=[other["id"]])).status_code == 302
    assert staff.post(ADD, form("first", is_exclusive="on", licensee=key("rival"))).status_code == 422


def test_fills_in_from_terms_and_signs_their_text(songs: World, staff: Client) -> None:
    text_digest = publish(songs, "terms", **FULL_TERMS).json()["text_digest"].removeprefix("sha256:")
    empty = form("first", do="fill", uses=[], digest="", terms=key("terms"), commission="0")
    answer = text(staff.post(ADD, empty))
    assert 'value="100"' in answer
    assert answer.count("checked") == 5  # two uses, two purposes, exclusive
    signed_ = form("first", digest="", terms=key("terms"), barred=["political", "adult"], is_exclusive="on",
                   max_outputs="100")  # fmt: skip
    assert staff.post(ADD, signed_ | {"max_outputs": "101"}).status_code == 422
    assert staff.post(ADD, signed_).status_code == 302
    assert License.objects.get().document_digest == text_digest


def test_amends_side_by_side(songs: World, staff: Client) -> None:
    old = signed(songs, "old", "first", exclusive=True, max_outputs=5)
    began = text(staff.get(f"{ADD}?amends={old['id']}"))
    assert "Amend license" in began
    assert f"work:{key('first')}" in began
    given = form("first", "second", amends=old["id"], is_exclusive="on", max_outputs="9",
                 active_from=today().isoformat())  # fmt: skip
    answer = text(staff.post(ADD, given | {"do": "check"}))
    assert re.search(r'is-changed"><td[^>]*>Outputs at most</td><td[^>]*>5</td><td[^>]*>9</td>', answer)
    assert re.search(r"<tr><td[^>]*>Exclusive</td><td[^>]*>Yes</td><td[^>]*>Yes</td>", answer)
    assert "Sign amendment" in answer
    assert staff.post(ADD, given).status_code == 302
    event = LicenseEvent.objects.get()
    assert (event.act, str(event.license_id), event.effective_on) == ("amended", old["id"], today())
    page = text(staff.get(f"/admin/rights/license/{old['id']}/change/"))
    assert "Amended" in page
    assert "Terminate…" not in page
    again = staff.post(ADD, given | {"id": str(uuid4())})
    assert again.status_code == 422
    assert "Something else became of the license" in text(again)


# --- what becomes of one


def test_suspends_resumes_and_terminates_after_asking(songs: World, staff: Client) -> None:
    license_ = signed(songs, "license")["id"]
    url = f"/admin/rights/license/{license_}/event/"
    assert "Change this license?" in text(staff.get(f"{url}?act=suspended"))
    given = {"id": str(uuid4()), "act": "suspended", "effective_on": "2026-02-01", "reason": "Unpaid"}
    assert staff.post(url, given).status_code == 302
    assert staff.post(url, given).status_code == 302
    assert LicenseEvent.objects.count() == 1
    assert "Suspended" in text(staff.get(f"/admin/rights/license/{license_}/change/"))
    wrong = staff.post(url, given | {"id": str(uuid4())})
    assert wrong.status_code == 422
    assert "A license is suspended, terminated or amended while it is in force" in text(wrong)
    early = staff.post(url, given | {"id": str(uuid4()), "act": "resumed", "effective_on": "2026-01-31"})
    assert "takes effect" in text(early)
    end = {"id": str(uuid4()), "act": "terminated", "effective_on": "2026-03-01"}
    assert staff.post(url, end).status_code == 302
    event = LicenseEvent.objects.get(act="terminated")
    assert str(event.actor_id) == key("label")
    before = f"{event.recorded_at - timedelta(microseconds=1):%Y-%m-%dT%H:%M:%S.%fZ}"
    then = text(staff.get(f"/admin/rights/license/{license_}/change/", {"known_at": before}))
    assert "as it was known on" in then
    assert "Terminated" not in then


def test_who_may_not_add_a_license_changes_none(songs: World, reader: Client) -> None:
    license_ = signed(songs, "license")["id"]
    url = f"/admin/rights/license/{license_}/event/"
    given = {"id": str(uuid4()), "act": "terminated", "effective_on": "2026-02-01"}
    for path in (url, ADD, "/admin/rights/termsversion/add/"):
        assert (reader.get(path).status_code, reader.post(path, given).status_code) == (403, 403)
    assert "Terminate…" not in text(reader.get(f"/admin/rights/license/{license_}/change/"))
    for party, expected in (("distributor", 403), ("label", 302)):  # its licensee sees it, and decides nothing
        manager = Client()
        manager.force_login(admitted(f"of {party}", party, Membership.Role.RIGHTS_MANAGER))
        assert manager.post(url, given).status_code == expected, party


# --- terms


def terms_form(**changes: Any) -> dict[str, Any]:
    return {
        "id": str(uuid4()),
        "name": "Standard",
        "language": "en",
        "title": "Outputs",
        "uses": USES,
        "territories": "2136 -US",
        "months": "24",
        "approval": "output",
        "notice_days": "30",
        "clauses_en": "# Audit\r\nOnce a year.\r\n\r\n# Books\r\nKept.",
        "clauses_de": "# Prüfung\nEinmal im Jahr.\n# Bücher\nGeführt.",
    } | changes


PUBLISH = "/admin/rights/termsversion/add/"


def test_publishes_terms_and_shows_text_and_data_side_by_side(trade: World, staff: Client) -> None:
    assert staff.post(PUBLISH, terms_form(masters="1/2", creators="0", commission="1/10")).status_code == 302
    first = TermsVersion.objects.get()
    assert "(2) Books\n       Kept." in first.text
    page = text(staff.get(f"/admin/rights/termsversion/{first.pk}/change/"))
    assert first.text in page
    assert '"months": 24' in page
    like = text(staff.get(f"{PUBLISH}?like={first.pk}&language=de"))
    assert "# Prüfung\nEinmal im Jahr." in like
    german = terms_form(masters="1/2", creators="0", commission="1/10", language="de", like=str(first.pk))
    assert staff.post(PUBLISH, german).status_code == 302
    assert TermsVersion.objects.get(language="de").data == first.data


def test_compares_versions(trade: World, staff: Client) -> None:
    for days in ("30", "60"):
        assert staff.post(PUBLISH, terms_form(notice_days=days)).status_code == 302
    second = TermsVersion.objects.get(number=2)
    page = text(staff.get(f"/admin/rights/termsversion/{second.pk}/change/"))
    assert re.search(r"12\. Notice</td><td[^>]*>[^<]*: 30\.</td><td[^>]*>[^<]*: 60\.</td>", page)
    assert page.count('<td data-label="Part">') == 1


def test_keeps_of_a_version_what_the_form_has_no_field_for(trade: World, staff: Client) -> None:
    favor = {"reference_class": "same_licensee", "measure": "term", "looks_back_to": SINCE}
    publish(trade, "terms", mfn=[favor])
    given = terms_form(like=key("terms"), months="", active_from=SINCE)
    assert staff.post(PUBLISH, given).status_code == 302
    second = TermsVersion.objects.get(number=2)
    assert str(second.registrar_id) == key("label")
    assert '"measure":"term"' in second.data


@pytest.mark.parametrize(
    ("changes", "field", "said"),
    [
        ({"active_from": SINCE}, "active_from", "is not a field"),
        ({"months": ""}, "active_from", "write a day"),
        ({"territories": "QQ"}, "territories", "is not a territory"),
        ({"masters": "1/2"}, "commission", "commission is missing"),
        ({"clauses_de": "", "language": "de"}, "clauses_de", "no wording in de"),
        ({"title": "re\u202eversed"}, "title", "U+202E"),
        ({"clauses_en": "# Audit\nre\u202eversed"}, "clauses_en", "U+202E"),
    ],
)
def test_says_which_field_of_terms_is_wrong(
    trade: World, staff: Client, changes: dict[str, Any], field: str, said: str
) -> None:
    answer = staff.post(PUBLISH, terms_form(**changes))
    assert answer.status_code == 422
    assert said in " ".join(answer.context["form"].errors[field])
    assert TermsVersion.objects.count() == 0


def test_shows_the_register_of_most_favored_nations(songs: World, staff: Client) -> None:
    clause = {"reference_class": "same_licensee", "measure": "max_outputs", "looks_back_to": SINCE}
    signed(songs, "favored", mfn=[clause])
    assert "None better" in text(staff.get("/admin/rights/mfnclause/"))
    better = signed(songs, "better", "second", max_outputs=3, licensor=key("publisher"))
    assert "A better license" in text(staff.get("/admin/rights/mfnclause/"))
    page = text(staff.get(f"/admin/rights/license/{key('favored')}/change/"))
    assert f"/admin/rights/license/{better['id']}/change/" in page
    assert "At most 3 outputs" in page
    row = License.objects.get(pk=key("favored")).mfn_clauses.get()
    assert "At most 3 outputs" in text(staff.get(f"/admin/rights/mfnclause/{row.pk}/change/"))


# --- what stands in the way


def explained(**changes: Any) -> dict[str, set[Kind]]:
    given: dict[str, Any] = {
        "licensee_id": UUID(key("distributor")),
        "asset_ids": tuple(UUID(key(name)) for name in ("first", "second")),
        "uses": tuple(USES),
        "territories": (WORLD,),
        "active_from": today(),
        "active_to": None,
        "is_exclusive": False,
    } | changes
    reach = Reach(**given)
    found = obstacles.explain([Asked(AssetKind.WORK, id) for id in reach.asset_ids], reach, known_at=timezone.now())
    names = {UUID(key(name)): name for name in ("first", "second")}
    return {names[id]: {obstacle.kind for obstacle in found[id]} for id in found}


def test_explains_each_kind_of_obstacle(songs: World) -> None:
    assert explained() == {"first": {Kind.NO_SHARES}, "second": {Kind.NO_SHARES}}
    songs.share("a", party="writer", part="1/2", work=key("first"))
    songs.share("b", party="writer", part="1", work=key("second"))
    assert explained() == {"first": {Kind.TOO_FEW_SHARES, Kind.NO_CONSENT}, "second": {Kind.NO_CONSENT}}
    songs.share("c", party="publisher", part="2/3", work=key("first"))
    songs.consent("c", grantor="publisher", work=key("first"))
    songs.consent("a", grantor="writer", work=key("first"), uses=["infer.input"])
    end = today() + timedelta(days=9)
    songs.consent("b", grantor="writer", work=key("second"), active_to=end.isoformat())
    assert explained() == {"first": {Kind.CONTESTED, Kind.NARROWER_CONSENT}, "second": {Kind.CONSENT_ENDS}}
    assert "second" not in explained(active_to=end)
    assert explained(active_to=end + timedelta(days=1))["second"] == {Kind.CONSENT_ENDS}
    signed(songs, "one", "second", licensee=key("rival"))
    assert "second" not in explained(active_to=end)
    assert explained(active_to=end, is_exclusive=True)["second"] == {Kind.LICENSED_TO_OTHERS}
    act(songs, "one", "terminated", SINCE)
    signed(songs, "two", "second", licensee=key("rival"), exclusive=True)
    assert explained(active_to=end)["second"] == {Kind.EXCLUSIVELY_LICENSED}
    assert "second" not in explained(active_to=end, licensee_id=UUID(key("rival")))
    unknown = explained(asset_ids=(UUID(key("first")),))
    assert set(unknown) == {"first"}
