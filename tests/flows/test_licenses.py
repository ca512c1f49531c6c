"""Terms and licenses …"""

from __future__ import annotations

import hashlib
import json
import threading
from datetime import date, datetime, timedelta
from fractions import Fraction
from typing import Any
from uuid import UUID, uuid4

import pytest
from django.db import IntegrityError, OperationalError, connection, connections, transaction
from django.utils import timezone

from ledger import canonical, clients, licensing, log, planning
from ledger.constraints import violated
from ledger.models import Entry
from rights import contracts, terms
from rights.models import ExclusiveRight, License, LicenseEvent, LicenseStanding, PartyMerge, TermsVersion
from rights.registry import AssetRef
from rights.standing import Stance
from tests.flows.conftest import DOCUMENT, SINCE, USES, WORLD, Api, World, key, row_counts

pytestmark = pytest.mark.django_db(transaction=True, databases="__all__")

TERMS = {
    "title": "Outputs, standard",
    "uses": USES,
    "territories": [WORLD],
    "period": {"from": "2026-01-01"},
    "max_outputs": 100,
}
FULL_TERMS: dict[str, Any] = TERMS | {
    "barred": ["political", "adult"],
    "exclusive": True,
    "compensation": {"plan": {"commission": "3/20", "creators": "3/10", "masters": "1/2"}},
    "clauses": [{"heading": {"en": "Audit", "de": "Prüfung"}, "text": {"en": "Once a year.", "de": "Einmal im Jahr."}}],
}
PLAN = {"commission": "3/20", "creators": "3/10", "masters": "1/2"}


def document(name: str, *works: str, **changes: Any) -> dict[str, Any]:
    return {
        "id": key(name),
        "licensor": key("label"),
        "licensee": key("distributor"),
        "schedule": [{"work": key(work)} for work in works or ("first",)],
        "uses": USES,
        "territories": [WORLD],
        "active_from": SINCE,
        "document": DOCUMENT,
        "plan": PLAN,
    } | changes


def sign(world: World, name: str, *works: str, **changes: Any) -> Any:
    return world.label.post("/v1/licenses", document(name, *works, **changes))


def signed(world: World, name: str, *works: str, **changes: Any) -> dict[str, Any]:
    answer = sign(world, name, *works, **changes)
    assert answer.status_code == 201, answer.content
    found: dict[str, Any] = answer.json()
    return found


def act(world: World, license_name: str, what: str, day: str, **changes: Any) -> Any:
    given = {"id": str(uuid4()), "act": what, "actor": key("label"), "effective_on": day} | changes
    return world.label.post(f"/v1/licenses/{key(license_name)}/events", given)


def code(answer: Any) -> tuple[int, str]:
    return answer.status_code, answer.json()["code"]


def data_of(**subject: Any) -> dict[str, Any]:
    return dict(canonical.read(bytes(Entry.objects.get(**subject).body)).data)


# --- terms


def publish(world: World, name: str, *, language: str = "en", **changes: Any) -> Any:
    given = {"id": key(name), "name": "Standard", "language": language, "terms": TERMS | changes}
    return world.label.post("/v1/terms", given)


def test_terms_are_published_as_text_and_data_from_one_source(trade: World) -> None:
    answer = publish(trade, "terms")
    assert answer.status_code == 201, answer.content
    found = answer.json()
    assert found["number"] == 1
    assert "This text prevails." in found["text"]
    assert found["text_digest"] == "sha256:" + hashlib.sha256(found["text"].encode()).hexdigest()
    row = TermsVersion.objects.get(pk=key("terms"))
    assert found["terms"] == json.loads(row.data)
    assert found["data_digest"] == "sha256:" + hashlib.sha256(row.data.encode()).hexdigest()
    assert found["data_digest"] in found["text"]
    assert row.registrar_id == UUID(key("label"))
    assert trade.label.get(f"/v1/terms/{key('terms')}").json() == found
    assert trade.label.get("/v1/terms").json()["results"] == [found]
    assert data_of(terms=row) == {
        "number": 1,
        "language": "en",
        "data": found["data_digest"],
        "text": found["text_digest"],
    }


def test_terms_sent_again_are_answered_again(trade: World) -> None:
    first = publish(trade, "terms")
    again = publish(trade, "terms")
    assert (again.status_code, again.json()) == (200, first.json())
    assert code(publish(trade, "terms", max_outputs=101)) == (409, "id_taken")
    assert TermsVersion.objects.count() == 1


def test_versions_are_numbered_and_say_the_same_in_each_language(trade: World) -> None:
    numbers = [publish(trade, f"v{number}", max_outputs=number).json()["number"] for number in (1, 2, 3)]
    assert numbers == [1, 2, 3]
    first = publish(trade, "de1", language="de", max_outputs=1)
    assert (first.json()["number"], first.status_code) == (1, 201)
    assert "Dieser Text geht vor." in first.json()["text"]
    assert code(publish(trade, "de2", language="de", max_outputs=3)) == (409, "other_data_in_this_version")
    assert publish(trade, "de2", language="de", max_outputs=2).json()["number"] == 2


def test_versions_published_at_once_have_numbers_of_their_own(trade: World) -> None:
    answers = at_once(
        trade,
        *(
            lambda api, number=number: api.post(
                "/v1/terms",
                {"id": key(f"t{number}"), "name": "Standard", "language": "en", "terms": TERMS},
            )
            for number in range(4)
        ),
    )
    assert sorted(answer.json()["number"] for answer in answers) == [1, 2, 3, 4]


def test_the_constraint_holds_against_who_takes_no_turn(trade: World) -> None:
    publish(trade, "terms")
    row = TermsVersion.objects.get()
    row.pk = uuid4()
    with pytest.raises(IntegrityError) as raised, transaction.atomic():
        row.save(force_insert=True)
    assert violated(raised.value) == "one_text_per_version_and_language"


@pytest.mark.parametrize(
    ("changes", "expected"),
    [
        ({"max_outputs": 0}, "bad_terms"),
        ({"price": "1"}, "bad_terms"),
        ({"title": "re\u202eversed"}, "bad_terms"),
        ({"territories": ["QQ"]}, "no_such_territory"),
        ({"clauses": [{"heading": {"de": "A"}, "text": {"de": "B"}}]}, "clause_not_translated"),
    ],
)
def test_terms_that_are_none_are_refused(trade: World, changes: dict[str, Any], expected: str) -> None:
    before = row_counts()
    assert code(publish(trade, "terms", **changes)) == (422, expected)
    assert row_counts() == before


def test_a_license_names_its_terms_and_stays_within_them(songs: World) -> None:
    text = publish(songs, "terms").json()["text_digest"]
    given = {"terms": key("terms"), "document": None}
    assert code(sign(songs, "wide", **given, max_outputs=101)) == (422, "wider_than_its_terms")
    assert "max_outputs" in sign(songs, "wide", **given).json()["detail"]
    found = signed(songs, "within", **given, max_outputs=100)
    assert (found["terms"], found["document"], found["max_outputs"]) == (key("terms"), text, 100)
    assert sign(songs, "within", **given, max_outputs=100).status_code == 200
    assert code(sign(songs, "none", terms=str(uuid4()))) == (422, "no_such_terms")
    assert code(sign(songs, "none", document=None)) == (422, "nothing_signed")


# --- licenses


def test_a_license_is_read_back_as_it_was_signed(songs: World) -> None:
    given = {
        "barred": ["political"],
        "active_to": "2030-01-01",
        "exclusive": True,
        "max_outputs": 7,
        "influence": "2/8",
        "release_from": "2026-02-01",
        "release_to": "2027-02-01",
        "mfn": [{"reference_class": "same_licensee", "measure": "commission", "looks_back_to": "2026-01-01"}],
    }
    found = signed(songs, "whole", "first", "second", **given)
    assert {name: found[name] for name in given if name not in {"mfn", "influence"}} == {
        name: value for name, value in given.items() if name not in {"mfn", "influence"}
    }
    assert found["influence"] == "1/4"
    assert [{**clause, "id": None} for clause in found["mfn"]] == [{**given["mfn"][0], "id": None}]  # type: ignore[index]
    assert sorted(line["work"] for line in found["schedule"]) == sorted([key("first"), key("second")])
    again = sign(songs, "whole", "second", "first", **given)
    assert (again.status_code, again.json()) == (200, found)
    for name, other in {
        "barred": [],
        "exclusive": False,
        "max_outputs": 8,
        "influence": "1/5",
        "release_to": None,
        "mfn": [],
        "beside": [str(uuid4())],
    }.items():
        assert code(sign(songs, "whole", "second", "first", **given | {name: other})) == (409, "id_taken"), name
    detail = songs.label.get(f"/v1/licenses/{key('whole')}").json()
    plan: Any = PLAN | {"masters_by": None, "publishing_by": None, "quantities": [], "terms": []}
    assert detail == found | {"plan": plan, "amends": None, "beside": [], "events": []}
    ids = "".join(f"{id}\n" for id in sorted([key("first"), key("second")]))
    assert data_of(license=key("whole"))["schedule"] == f"sha256:{hashlib.sha256(ids.encode()).hexdigest()}"


@pytest.mark.parametrize(
    ("changes", "expected"),
    [
        ({"barred": ["war"]}, (400, "malformed")),
        ({"max_outputs": 0}, (400, "malformed")),
        ({"influence": "0"}, (422, "not_a_part")),
        ({"influence": "3/2"}, (422, "not_a_part")),
        ({"release_from": "2026-02-01", "release_to": "2026-02-01"}, (422, "ends_before_it_begins")),
        ({"model_versions": [key("nothing")]}, (422, "unknown_reference")),
        ({"mfn": [{"reference_class": "*", "measure": "term", "looks_back_to": SINCE}]},
         (422, "no_such_reference_class")),
        ({"amends": key("nothing")}, (404, "no_such_license")),
        ({"schedule": [{"work": key("first"), "voice": key("first")}]}, (422, "not_one_asset")),
        ({"schedule": [{"work": key("first")}, {"work": key("first")}]}, (422, "listed_twice")),
    ],
)  # fmt: skip
def test_a_license_that_is_none_is_refused(songs: World, changes: dict[str, Any], expected: tuple[int, str]) -> None:
    before = row_counts()
    assert code(sign(songs, "none", **changes)) == expected
    assert row_counts() == before


def test_a_license_takes_its_course(songs: World) -> None:
    signed(songs, "license")
    assert code(act(songs, "license", "resumed", "2026-02-01")) == (409, "license_went_another_way")
    assert act(songs, "license", "suspended", "2026-02-01", reason="Unpaid").status_code == 201
    assert code(act(songs, "license", "suspended", "2026-02-02")) == (409, "license_went_another_way")
    assert code(act(songs, "license", "resumed", "2026-01-31")) == (422, "before_the_last_event")
    assert act(songs, "license", "resumed", "2026-03-01").status_code == 201
    assert code(act(songs, "license", "amended", "2026-04-01")) == (422, "amended_by_signing")
    assert act(songs, "license", "terminated", "2026-05-01").status_code == 201
    for what in ("suspended", "resumed", "terminated"):
        assert code(act(songs, "license", what, "2026-06-01")) == (409, "license_went_another_way")
    found = songs.label.get(f"/v1/licenses/{key('license')}").json()
    assert [(event["act"], event["effective_on"]) for event in found["events"]] == [
        ("suspended", "2026-02-01"),
        ("resumed", "2026-03-01"),
        ("terminated", "2026-05-01"),
    ]
    stands = LicenseStanding.objects.filter(license=UUID(key("license")), known__upper_inf=True).order_by("valid")
    assert [(row.stance, row.valid.lower, row.valid.upper) for row in stands] == [
        (Stance.ALLOW, date(2026, 1, 1), date(2026, 2, 1)),
        (Stance.LAPSED, date(2026, 2, 1), date(2026, 3, 1)),
        (Stance.ALLOW, date(2026, 3, 1), date(2026, 5, 1)),
        (Stance.LAPSED, date(2026, 5, 1), None),
    ]
    event = LicenseEvent.objects.get(act="suspended")
    assert data_of(license_event=event) == {
        "license": key("license"),
        "act": "suspended",
        "effective_on": "2026-02-01",
    }


def test_an_event_is_of_the_licenses_period_and_is_recorded_once(songs: World) -> None:
    signed(songs, "license", active_to="2027-01-01")
    for day in ("2025-12-31", "2027-01-01"):
        assert code(act(songs, "license", "terminated", day)) == (422, "outside_the_period")
    assert code(act(songs, "nothing", "terminated", "2026-02-01")) == (404, "no_such_license")
    first = act(songs, "license", "terminated", "2026-12-31", id=key("end"))
    again = act(songs, "license", "terminated", "2026-12-31", id=key("end"))
    assert (first.status_code, again.status_code, again.json()) == (201, 200, first.json())
    assert code(act(songs, "license", "terminated", "2026-12-30", id=key("end"))) == (409, "id_taken")


def test_a_history_is_told_as_known_at_a_moment(songs: World) -> None:
    signed(songs, "license")
    before = timezone.now()
    act(songs, "license", "terminated", "2026-05-01")
    url = f"/v1/licenses/{key('license')}"
    assert len(songs.label.get(url).json()["events"]) == 1
    assert songs.label.get(f"{url}?known_at={stamp(before)}").json()["events"] == []
    earlier = before - timedelta(days=1)
    assert songs.label.get(f"{url}?known_at={stamp(earlier)}").status_code == 404
    assert code(songs.label.get(f"{url}?known_at=yesterday")) == (400, "malformed")


def stamp(at: datetime) -> str:
    return at.isoformat().replace("+00:00", "Z")


def test_two_who_end_a_license_at_once_end_it_once(songs: World) -> None:
    signed(songs, "license")
    answers = at_once(
        songs,
        *(
            lambda api: api.post(
                f"/v1/licenses/{key('license')}/events",
                {"id": str(uuid4()), "act": "terminated", "actor": key("label"), "effective_on": "2026-05-01"},
            )
            for _ in range(3)
        ),
    )
    assert sorted(answer.status_code for answer in answers) == [201, 409, 409]
    assert {answer.json()["code"] for answer in answers if answer.status_code == 409} <= {
        "license_went_another_way",
        "license_went_on",
    }
    assert LicenseEvent.objects.count() == 1


# --- exclusivity


def exclusives(name: str) -> list[tuple[str, int, date, date | None]]:
    rows = ExclusiveRight.objects.filter(license=UUID(key(name))).order_by("asset", "use", "valid")
    return [(str(row.asset), row.use, row.valid.lower, row.valid.upper) for row in rows]


def test_an_exclusive_license_has_each_asset_and_use_to_itself(songs: World) -> None:
    signed(songs, "one", "first", "second", exclusive=True, active_to="2027-01-01")
    begin, end = date(2026, 1, 1), date(2027, 1, 1)
    ids = sorted([key("first"), key("second")])
    assert exclusives("one") == [(id, use, begin, end) for id in ids for use in (0, 1)]


EXCLUSIVE = {"licensee": key("rival"), "exclusive": True}


@pytest.mark.parametrize(
    "changes",
    [
        {"schedule": [{"work": key("second")}]},
        {"uses": ["tdm"]},
        {"territories": ["US"]},
        {"active_from": "2027-01-01"},
        {"active_from": "2025-01-01", "active_to": "2026-01-01"},
    ],
    ids=["asset", "use", "country", "later", "earlier"],
)
@pytest.mark.parametrize("exclusive", [True, False])
def test_exclusive_licenses_that_are_apart_are_let_in(
    songs: World, changes: dict[str, Any], *, exclusive: bool
) -> None:
    signed(songs, "one", exclusive=True, territories=[WORLD, "-US"], active_to="2027-01-01")
    signed(songs, "other", **{"licensee": key("rival"), "exclusive": exclusive} | changes)


@pytest.mark.parametrize(
    "changes",
    [
        {},
        {"schedule": [{"work": key("first")}, {"work": key("second")}]},
        {"uses": ["infer.input", "tdm"]},
        {"territories": ["DE"]},
        {"active_from": "2026-12-31"},
        {"active_from": "2025-01-01", "active_to": "2026-01-02"},
    ],
    ids=["same", "asset", "use", "country", "last day", "first day"],
)
@pytest.mark.parametrize("exclusive", [True, False])
def test_a_license_that_meets_an_exclusive_one_is_refused(
    songs: World, changes: dict[str, Any], *, exclusive: bool
) -> None:
    signed(songs, "one", exclusive=True, active_to="2027-01-01")
    before = row_counts()
    answer = sign(songs, "other", **{"licensee": key("rival"), "exclusive": exclusive} | changes)
    assert code(answer) == (409, "exclusivity_clash")
    assert key("one") in answer.json()["detail"]
    assert row_counts() == before


def test_an_exclusive_license_that_meets_others_knows_of_them_or_is_refused(songs: World) -> None:
    signed(songs, "known", licensee=key("rival"))
    answer = sign(songs, "one", exclusive=True)
    assert code(answer) == (409, "exclusivity_clash")
    assert key("known") in answer.json()["detail"]
    found = signed(songs, "one", exclusive=True, beside=[key("known")])
    assert songs.label.get(f"/v1/licenses/{found['id']}").json()["beside"] == [key("known")]
    assert data_of(license=found["id"])["beside"] == [key("known")]


def test_nobody_else_lets_themselves_stand_beside_an_exclusive_license(songs: World) -> None:
    signed(songs, "one", exclusive=True)
    for exclusive in (True, False):
        answer = sign(songs, "other", licensee=key("rival"), exclusive=exclusive, beside=[key("one")])
        assert code(answer) == (409, "exclusivity_clash")


def test_an_exclusive_license_may_follow_one_that_ended(songs: World) -> None:
    signed(songs, "old", licensee=key("rival"))
    act(songs, "old", "suspended", "2026-02-01")
    assert code(sign(songs, "one", exclusive=True, active_from="2026-06-01")) == (409, "exclusivity_clash")
    act(songs, "old", "terminated", "2026-06-02")
    assert code(sign(songs, "one", exclusive=True, active_from="2026-06-01")) == (409, "exclusivity_clash")
    signed(songs, "one", exclusive=True, active_from="2026-06-02")


def test_a_licensee_may_have_more_beside_what_it_has_to_itself(songs: World) -> None:
    signed(songs, "before")
    signed(songs, "one", exclusive=True)
    signed(songs, "beside")
    assert code(sign(songs, "twice", exclusive=True)) == (409, "exclusivity_clash")


def test_a_license_of_others_is_not_named_to_a_stranger(songs: World) -> None:
    signed(songs, "one", exclusive=True)
    songs.share("first", party="writer", part="1/2", work=key("first"))  # so the writer sees the work …
    songs.consent("first", grantor="writer", licensee=key("rival"), work=key("first"))  # … and the licensee
    stranger = Api(clients.create(name="catalogue", party_id=UUID(key("writer")), scopes=["catalogue:write"]))
    for exclusive in (True, False):
        asked = document("other", licensor=key("writer"), licensee=key("rival"), exclusive=exclusive)
        answer = stranger.post("/v1/licenses", asked)
        assert code(answer) == (409, "exclusivity_clash")
        assert key("one") not in answer.json()["detail"]
        assert "not yours to see" in answer.json()["detail"]


def test_what_a_license_had_to_itself_is_free_from_its_end_on(songs: World) -> None:
    signed(songs, "one", exclusive=True)
    act(songs, "one", "suspended", "2026-03-01")
    assert code(sign(songs, "other", **EXCLUSIVE, active_from="2026-04-01")) == (409, "exclusivity_clash")
    act(songs, "one", "terminated", "2026-05-01")
    assert {row[2:] for row in exclusives("one")} == {(date(2026, 1, 1), date(2026, 5, 1))}
    assert code(sign(songs, "other", **EXCLUSIVE, active_from="2026-04-30")) == (409, "exclusivity_clash")
    signed(songs, "other", **EXCLUSIVE, active_from="2026-05-01")


def test_nothing_is_left_of_what_ended_on_its_first_day(songs: World) -> None:
    signed(songs, "one", exclusive=True)
    act(songs, "one", "terminated", SINCE)
    assert exclusives("one") == []
    signed(songs, "other", **EXCLUSIVE)


def test_an_amendment_takes_the_place_of_a_license(songs: World) -> None:
    signed(songs, "one", exclusive=True, active_to="2028-01-01")
    terms = {"exclusive": True, "amends": key("one"), "active_from": "2026-07-01"}
    assert code(sign(songs, "of others", **terms | {"licensee": key("rival")})) == (422, "not_the_same_parties")
    assert code(sign(songs, "too late", **terms | {"active_from": "2028-01-01"})) == (422, "outside_the_period")
    found = signed(songs, "two", "first", "second", **terms)
    assert sign(songs, "two", "first", "second", **terms).status_code == 200
    assert {row[2:] for row in exclusives("one")} == {(date(2026, 1, 1), date(2026, 7, 1))}
    assert {row[2:] for row in exclusives("two")} == {(date(2026, 7, 1), None)}
    [event] = songs.label.get(f"/v1/licenses/{key('one')}").json()["events"]
    assert (event["act"], event["effective_on"], event["successor"]) == ("amended", "2026-07-01", found["id"])
    assert songs.label.get(f"/v1/licenses/{key('two')}").json()["amends"] == key("one")
    assert data_of(license_event=event["id"])["successor"] == found["id"]
    assert code(sign(songs, "three", **terms)) == (409, "license_went_another_way")
    stands = LicenseStanding.objects.get(license=UUID(key("one")), known__upper_inf=True)
    assert (stands.stance, stands.valid.upper) == (Stance.ALLOW, date(2026, 7, 1))


def at_once(world: World, *requests: Any) -> list[Any]:
    """Send requests from threads of their own, all at the same moment."""
    ready = threading.Barrier(len(requests))
    answers: list[Any] = []

    def send(request: Any) -> None:
        api = Api(token=world.label.token)
        ready.wait()
        try:
            answers.append(request(api))
        finally:
            connections.close_all()

    threads = [threading.Thread(target=send, args=(request,)) for request in requests]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(answers) == len(requests)
    return answers


@pytest.mark.parametrize("exclusive", [(True, True), (True, False)], ids=["both exclusive", "one of them"])
def test_of_two_licenses_at_once_that_meet_one_is_signed(songs: World, exclusive: tuple[bool, bool]) -> None:
    for turn in range(3):
        asset = {"schedule": [{"work": key("first")}], "active_from": f"20{30 + turn}-01-01"}
        asset["active_to"] = f"20{31 + turn}-01-01"
        documents = [
            document(f"{turn} {name}", licensee=key(name), exclusive=is_exclusive) | asset
            for name, is_exclusive in zip(("distributor", "rival"), exclusive, strict=True)
        ]
        answers = at_once(songs, *(lambda api, given=given: api.post("/v1/licenses", given) for given in documents))
        assert sorted(answer.status_code for answer in answers) == [201, 409]
        [lost] = [answer.json() for answer in answers if answer.status_code == 409]
        [won] = [answer.json()["id"] for answer in answers if answer.status_code == 201]
        assert lost["code"] == "exclusivity_clash"
        assert won in lost["detail"]
        assert License.objects.count() == turn + 1


def test_the_constraint_holds_against_who_takes_no_turn_to_be_exclusive(songs: World) -> None:
    signed(songs, "one", exclusive=True)
    signed(songs, "other", "second", **EXCLUSIVE)
    row = ExclusiveRight.objects.filter(license=UUID(key("one"))).first()
    assert row is not None
    for asset, refused in ((row.asset, True), (uuid4(), False)):
        clash = ExclusiveRight(
            license_id=key("other"), asset=asset, use=row.use, countries=((276, 277),), valid=row.valid
        )
        if not refused:
            clash.save(force_insert=True)
            continue
        with pytest.raises(IntegrityError) as raised, transaction.atomic():
            clash.save(force_insert=True)
        assert violated(raised.value) == "no_two_exclusives"


# --- quotas


def test_outputs_are_counted_under_the_license_that_they_were_cleared_under(world: World) -> None:
    other = UUID(world.license("limited", schedule=[{"recording": key("country")}], licensee=key("rival")))
    ours = UUID(key("license of country"))
    before = timezone.now()
    world.cleared()
    assert contracts.cleared_outputs([ours, other], known_at=timezone.now()) == {ours: 1, other: 0}
    assert contracts.cleared_outputs([ours], known_at=before) == {ours: 0}


def test_the_last_output_exhausts_a_quota(trade: World) -> None:
    trade.register("country", max_outputs=1)
    license_ = License.objects.get(pk=key("license of country"))
    before = timezone.now()
    assert terms.exhausted([license_], known_at=before) == frozenset()
    trade.cleared()
    assert terms.exhausted([license_], known_at=timezone.now()) == {license_.id}
    assert terms.exhausted([license_], known_at=before) == frozenset()


def test_who_decides_under_a_quota_waits_for_who_does_already(songs: World) -> None:
    limited, free = UUID(signed(songs, "limited", max_outputs=1)["id"]), UUID(signed(songs, "free")["id"])
    waited: dict[UUID, bool] = {}

    def decide(license_id: UUID) -> None:
        try:
            with transaction.atomic(), connection.cursor() as cursor:
                cursor.execute("SET LOCAL lock_timeout = '100ms'")
                contracts.take_turns_at([license_id])
                waited[license_id] = False
        except OperationalError:
            waited[license_id] = True
        finally:
            connections.close_all()

    with transaction.atomic():
        contracts.take_turns_at([limited, free])
        for license_id in (limited, free):
            thread = threading.Thread(target=decide, args=(license_id,))
            thread.start()
            thread.join()
    assert waited == {limited: True, free: False}


# --- most favored nation


def test_the_register_shows_a_better_license_and_what_would_be_as_good(songs: World) -> None:
    clauses = [
        {"reference_class": "same_licensee", "measure": measure, "looks_back_to": "2026-02-01"}
        for measure in ("masters_share", "max_outputs")
    ]
    signed(songs, "favored", mfn=clauses, max_outputs=50)
    before = timezone.now()
    assert songs.label.get("/v1/mfn-triggers").json() == []
    better = PLAN | {"commission": "0", "masters": "16/35"}  # 32 % of net receipts
    signed(songs, "better", "second", licensor=key("publisher"), plan=better, active_from="2026-03-01")
    counts = row_counts()
    [found] = songs.label.get("/v1/mfn-triggers").json()
    assert found.pop("clause")
    assert found == {
        "license": key("favored"),
        "better": key("better"),
        "reference_class": "same_licensee",
        "measure": "masters_share",
        "ours": "119/400",
        "theirs": "8/25",
        "reaches_back_to": "2026-03-01",
        "proposal": {
            "plan": {"commission": "51/400", "creators": "102/349", "masters": "128/247"},
            "max_outputs": None,
            "active_to": None,
        },
    }
    assert songs.label.get(f"/v1/mfn-triggers?known_at={stamp(before)}").json() == []
    assert row_counts() == counts
    act(songs, "better", "terminated", "2026-03-01")
    assert songs.label.get("/v1/mfn-triggers").json() == []


# --- use cases that no request reaches


def test_staff_are_told_every_license_that_is_in_the_way(songs: World) -> None:
    signed(songs, "one", exclusive=True)
    with pytest.raises(contracts.ExclusivityClash, match=key("one")):
        licensing.sign_license(
            id=uuid4(),
            licensor_id=UUID(key("publisher")),
            licensee_id=UUID(key("rival")),
            schedule=[AssetRef(work_id=UUID(key("first")))],
            uses=USES,
            territories=[WORLD],
            active_from=date(2026, 1, 1),
            active_to=None,
            document_digest=DOCUMENT,
            plan=planning.GivenPlan(Fraction(0), Fraction(0), Fraction(1)),
            at=timezone.now(),
        )


def test_the_register_counts_a_merged_licensor_as_one(songs: World) -> None:
    clause = {"reference_class": "same_licensee", "measure": "max_outputs", "looks_back_to": SINCE}
    signed(songs, "favored", mfn=[clause])
    signed(songs, "better", "second", licensor=key("publisher"), max_outputs=3)
    before = timezone.now()
    assert len(songs.label.get("/v1/mfn-triggers").json()) == 1
    merge(duplicate="publisher", survivor="label")
    assert songs.label.get("/v1/mfn-triggers").json() == []
    assert len(songs.label.get(f"/v1/mfn-triggers?known_at={stamp(before)}").json()) == 1


def test_the_same_licensee_by_another_name_is_no_other(songs: World) -> None:
    signed(songs, "one", exclusive=True)
    assert code(sign(songs, "other", licensee=key("rival"))) == (409, "exclusivity_clash")
    merge(duplicate="rival", survivor="distributor")
    signed(songs, "other", licensee=key("rival"))


def merge(*, duplicate: str, survivor: str) -> None:
    """Record that two parties are one."""
    with transaction.atomic():
        row = PartyMerge.objects.create(
            id=uuid4(),
            duplicate_id=UUID(key(duplicate)),
            survivor_id=UUID(key(survivor)),
            reason="the same",
            recorded_at=timezone.now(),
        )
        log.append(Entry.Kind.PARTIES_MERGED, row, {}, at=row.recorded_at)
