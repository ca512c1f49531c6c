"""What two labels agreed to and licensed: neither sees, uses or hears of the other's; who benefits only reads."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any
from uuid import UUID, uuid4

import pytest
from django.test import Client
from django.utils import timezone

from ledger import clients, people
from ledger.models import Membership
from rights.models import Consent, ConsentEvent, License, Reservation, TermsVersion, WithdrawalTask
from rights.vocabulary import PartyKind
from tests.flows.conftest import DOCUMENT, SINCE, USES, WORLD, Api, World, admitted, key, today
from tests.remembering import remembered

pytestmark = pytest.mark.django_db(transaction=True, databases="__all__")

OWN = ["catalogue:read", "catalogue:write"]
LABELS = ("north", "south")
WHERE = {"territories": [WORLD], "active_from": SINCE}
PLAN = {"commission": "0", "creators": "1/2", "masters": "1/2"}
TERMS = {"title": "As agreed here", "uses": USES, "territories": [WORLD], "period": {"from": SINCE}}
Role = Membership.Role


def client_of(party: str) -> Api:
    return Api(clients.create(name="own", party_id=UUID(key(party)), scopes=OWN))


def stated(api: Api, path: str, **document: Any) -> dict[str, Any]:
    answer = api.post(path, document)
    assert answer.status_code == 201, answer.content
    found: dict[str, Any] = answer.json()
    return found


def consent(label: str, name: str = "", **changes: Any) -> dict[str, Any]:
    return {
        "id": key(f"consent of {label} {name}".strip()),
        "grantor": key(label),
        "actor": key(label),
        "work": key(f"work of {label}"),
        "uses": USES,
        "document": DOCUMENT,
        **WHERE,
    } | changes


def license_(label: str, name: str = "", **changes: Any) -> dict[str, Any]:
    return {
        "id": key(f"license of {label} {name}".strip()),
        "licensor": key(label),
        "licensee": key("distributor"),
        "schedule": [{"work": key(f"work of {label}")}],
        "uses": USES,
        "document": DOCUMENT,
        "plan": PLAN,
        **WHERE,
    } | changes


def reservation(label: str, **changes: Any) -> dict[str, Any]:
    given = {"id": key(f"reservation of {label}"), "holder": key(label), "work": key(f"work of {label}")}
    return given | {"uses": ["train.gen"], "channel": "terms", **WHERE} | changes


@pytest.fixture
@remembered
def labels(trade: World) -> dict[str, Api]:
    """Two labels, each with a work, a consent for the distributor, a reservation, terms and a license."""
    found = {"distributor": client_of("distributor")}
    for label in LABELS:
        people.register_party(id=UUID(key(label)), kind=PartyKind.COMPANY, name=label, at=timezone.now())
        trade.state("/v1/works", {"id": key(f"work of {label}"), "title": f"Work of {label}"})
        trade.share(f"of {label}", party=label, part="1", work=key(f"work of {label}"))
        found[label] = client_of(label)
        licensee = "distributor" if label == "north" else "rival"
        trade.consent(f"first of {label}", grantor=label, licensee=key(licensee), work=key(f"work of {label}"))
        api = found[label]
        stated(api, "/v1/consents", **consent(label, licensee=key(licensee)))
        stated(api, "/v1/reservations", **reservation(label))
        stated(api, "/v1/terms", id=key(f"terms of {label}"), name="Standard", language="en", terms=TERMS)
        trade.state("/v1/licenses", license_(label, licensee=key(licensee)))
    return found


def listed(api: Api, path: str) -> set[str]:
    answer = api.get(f"/v1/{path}")
    assert answer.status_code == 200, answer.content
    return {row["id"] for row in answer.json()["results"]}


def same_answer(api: Api, path: str, theirs: str, document: dict[str, Any] | None = None) -> tuple[int, str]:
    """Ask about somebody else's row and about one that does not exist: the answers must not differ."""
    answers = [
        api.get(path.format(id=id)) if document is None else api.post(path.format(id=id), document)
        for id in (theirs, str(uuid4()))
    ]
    assert answers[0].status_code == answers[1].status_code, path
    assert answers[0].json() == answers[1].json(), path
    return answers[0].status_code, answers[0].json()["code"]


def test_what_one_label_agreed_to_is_nothing_to_the_other(labels: dict[str, Api]) -> None:
    north, south = labels["north"], labels["south"]
    withdrawn = {"id": key("w"), "actor": key("north"), "effective_on": today().isoformat()}
    stated(north, f"/v1/consents/{key('consent of north')}/withdrawals", **withdrawn)
    [task, *_] = WithdrawalTask.objects.filter(license=UUID(key("license of north")))
    for path in ("consents", "reservations", "terms", "licenses", "withdrawal-tasks"):
        ours, theirs = listed(north, path), listed(south, path)
        assert ours, path
        assert not ours & theirs, path
    for name in ("grantor", "licensee"):
        assert listed(south, f"consents?{name}={key('north' if name == 'grantor' else 'distributor')}") == set()
    assert listed(south, f"withdrawal-tasks?consent={key('consent of north')}") == set()

    mine = {"actor": key("south"), "effective_on": today().isoformat(), "id": str(uuid4())}
    given = key("consent of north")
    for path, body in (
        ("/v1/consents/{id}", None),
        ("/v1/consents/{id}/events", None),
        ("/v1/consents/{id}/withdrawal-preview", None),
        ("/v1/consents/{id}/withdrawals", mine),
        ("/v1/consents/{id}/events", {"id": str(uuid4()), "act": "declined", "actor": key("south")}),
        ("/v1/consents/{id}/amendments", {"id": str(uuid4()), "successor": consent("south", "new")}),
    ):
        assert same_answer(south, path, given, body) == (404, "no_such_consent"), path
    proof = {"id": str(uuid4()), "evidence": DOCUMENT}
    assert same_answer(south, "/v1/withdrawal-tasks/{id}/completions", str(task.pk), proof) == (404, "no_such_task")
    lift = {"id": str(uuid4()), "effective_on": today().isoformat()}
    path = "/v1/reservations/{id}/lifts"
    assert same_answer(south, path, key("reservation of north"), lift) == (404, "no_such_reservation")
    act = {"id": str(uuid4()), "act": "terminated", "actor": key("south"), "effective_on": today().isoformat()}
    assert same_answer(south, "/v1/licenses/{id}/events", key("license of north"), act) == (404, "no_such_license")
    assert same_answer(south, "/v1/licenses/{id}", key("license of north"))[0] == 404
    assert same_answer(south, "/v1/terms/{id}", key("terms of north"))[0] == 404
    assert ConsentEvent.objects.filter(consent=UUID(given)).count() == 2


def naming(name: Callable[[str], str]) -> list[tuple[str, dict[str, Any], str]]:
    """What the other label has, named in each field that names anything: address, changes, field."""
    clause = {"reference_class": f"licensor:{name('north')}", "measure": "term", "looks_back_to": SINCE}
    return [
        ("/v1/consents", {"work": name("work of north")}, "work"),
        ("/v1/consents", {"actor": name("north")}, "actor"),
        ("/v1/consents", {"licensee": name("distributor")}, "licensee"),
        ("/v1/consents", {"terms": name("terms of north")}, "terms"),
        ("/v1/consents", {"overrides": [name("reservation of north")]}, "overrides"),
        ("/v1/consents", {"work": None, "assets": [{"work": name("work of north")}]}, "assets"),
        ("/v1/consents/offers", {"grantor": name("north")}, "grantor"),
        ("/v1/reservations", {"work": name("work of north")}, "work"),
        ("/v1/licenses", {"schedule": [{"work": name("work of north")}]}, "schedule"),
        ("/v1/licenses", {"licensee": name("distributor")}, "licensee"),
        ("/v1/licenses", {"terms": name("terms of north")}, "terms"),
        ("/v1/licenses", {"beside": [name("license of north")]}, "beside"),
        ("/v1/licenses", {"amends": name("license of north")}, "amends"),
        ("/v1/licenses", {"mfn": [clause]}, "mfn"),
    ]


def test_naming_what_the_other_has_is_naming_nothing(labels: dict[str, Api]) -> None:
    south = labels["south"]
    whole = {
        "/v1/consents": consent("south", "more"),
        "/v1/consents/offers": consent("south", "more"),
        "/v1/reservations": reservation("south", id=str(uuid4())),
        "/v1/licenses": license_("south", "more", licensee=key("rival")),
    }
    for named, nothing in zip(naming(key), naming(lambda _: str(uuid4())), strict=True):
        answers = []
        for path, changes, field in (named, nothing):
            document = {name: value for name, value in (whole[path] | changes).items() if value is not None}
            answer = south.post(path, document)
            assert answer.status_code == 422, (path, field, answer.content)
            assert (answer.json()["code"], list(answer.json()["fields"])) == ("unknown_reference", [field])
            answers.append(answer.json())
        assert answers[0] == answers[1]
    before = Consent.objects.count(), License.objects.count(), Reservation.objects.count()
    for party in (key("north"), str(uuid4())):
        query = consent("south", "found", find={"holder": party})
        del query["work"]
        for path, document in (
            ("/v1/consents", consent("south", "more", grantor=party)),
            ("/v1/consents", query),  # its list would tell what that party holds
            ("/v1/consents/offers", query),
            ("/v1/reservations", reservation("south", id=str(uuid4()), holder=party)),
            ("/v1/licenses", license_("south", "more", licensor=party, licensee=key("rival"))),
        ):
            answer = south.post(path, document)
            assert (answer.status_code, answer.json()["code"]) == (403, "not_your_party"), path
    assert (Consent.objects.count(), License.objects.count(), Reservation.objects.count()) == before


def test_who_benefits_reads_and_does_not_act(labels: dict[str, Api]) -> None:
    reader = labels["distributor"]
    given, held = key("consent of north"), key("license of north")
    assert given in listed(reader, "consents")
    assert listed(reader, "licenses") == {held}
    assert listed(reader, "reservations") == set()
    assert reader.get(f"/v1/consents/{given}").json()["state"] == "granted"
    assert reader.get(f"/v1/licenses/{held}").json()["licensor"] == key("north")
    day = today().isoformat()
    for path, document in (
        (f"/v1/consents/{given}/withdrawals", {"actor": key("distributor"), "effective_on": day}),
        (f"/v1/consents/{given}/withdrawals", {"actor": key("north"), "effective_on": day}),
        (f"/v1/consents/{given}/events", {"act": "expired", "actor": key("north")}),
        (f"/v1/consents/{given}/amendments", {"successor": consent("north", "new")}),
        (f"/v1/licenses/{held}/events", {"act": "terminated", "actor": key("distributor"), "effective_on": day}),
    ):
        answer = reader.post(path, {"id": str(uuid4()), **document})
        assert (answer.status_code, answer.json()["code"]) == (403, "not_your_party"), path
    assert ConsentEvent.objects.filter(consent=UUID(given)).count() == 1


def test_an_offer_is_answered_by_the_holder(labels: dict[str, Api]) -> None:
    asker, holder = labels["distributor"], labels["north"]
    offered = consent("north", "asked", licensee=key("distributor"))
    stated(asker, "/v1/consents/offers", **offered)
    path = f"/v1/consents/{offered['id']}/events"
    for act in ("granted", "declined", "viewed"):
        answer = asker.post(path, {"id": str(uuid4()), "act": act, "actor": key("north")})
        assert (answer.status_code, answer.json()["code"]) == (403, "not_your_party"), act
    assert str(Consent.objects.get(pk=offered["id"]).registrar_id) == key("distributor")
    stated(holder, path, id=str(uuid4()), act="granted", actor=key("north"))


def test_a_preview_counts_and_names_what_is_seen(labels: dict[str, Api], trade: World) -> None:
    work = key("work of north")
    given = trade.consent("for anybody", grantor="north", work=work)
    trade.state("/v1/licenses", license_("north", "hidden", licensor=key("label"), licensee=key("rival")))
    stated(labels["north"], "/v1/licenses", **license_("north", "own"))
    signed, hidden, own = (key(f"license of north{more}") for more in ("", " hidden", " own"))
    path = f"/v1/consents/{given}/withdrawal-preview"
    everything = trade.label.get(path).json()
    assert set(everything["licenses"]) == {signed, hidden, own}

    holder = labels["north"].get(path).json()
    assert holder["counts"] == everything["counts"]  # how much it is, the holder is told
    assert len(holder["tasks"]) == len(everything["tasks"])
    assert set(holder["licenses"]) == {signed, own}
    assert hidden not in str(holder)
    assert key("rival") not in str(holder)

    registrar = client_of("label").get(path).json()  # registered it, and is not who gave it
    assert set(registrar["licenses"]) == {signed, hidden}
    assert registrar["counts"]["licenses"] == 2
    assert own not in str(registrar)
    assert labels["south"].get(path).status_code == 404


def test_refusals_and_registers_name_what_is_seen(labels: dict[str, Api], trade: World) -> None:
    work = key("work of north")
    trade.share("too", party="south", part="1/2", work=work)  # both have a part of it from now on
    answer = labels["south"].post(
        "/v1/licenses", license_("south", "alone", schedule=[{"work": work}], licensee=key("rival"), exclusive=True)
    )
    assert (answer.status_code, answer.json()["code"]) == (409, "exclusivity_clash")
    assert "not yours to see" in answer.json()["detail"]
    assert key("license of north") not in answer.json()["detail"]
    clause = {"reference_class": "same_licensee", "measure": "max_outputs", "looks_back_to": SINCE}
    trade.state("/v1/licenses", license_("south", "favored", max_outputs=9, mfn=[clause]))
    trade.state("/v1/licenses", license_("north", "better", max_outputs=3))
    [found] = labels["distributor"].get("/v1/mfn-triggers").json()
    assert (found["license"], found["better"]) == (key("license of south favored"), key("license of north better"))
    assert labels["south"].get("/v1/mfn-triggers").json() == []
    assert labels["north"].get("/v1/mfn-triggers").json() == []


def test_the_desk_of_one_label_knows_nothing_of_the_others(labels: dict[str, Api]) -> None:
    client = Client()
    client.force_login(admitted("manager", "south", Role.RIGHTS_MANAGER))
    for path in (
        f"consent/{key('consent of north')}/withdraw",
        f"consent/{key('consent of north')}/annul",
        f"reservation/{key('reservation of north')}/lift",
        f"license/{key('license of north')}/event",
    ):
        assert client.get(f"/admin/rights/{path}/").status_code in {302, 404}, path
    schedule = f"work:{key('work of north')}"
    for act in ("check", "drop", "find", "take"):
        sent = {"id": str(uuid4()), "do": act, "schedule": schedule, "found": schedule, "sought": "Work"}
        page = client.post("/admin/rights/license/add/", sent | {"holder": key("north")}).content.decode()
        assert "Work of north" not in page, act
        assert "north" not in page.replace(key("north"), ""), act
    page = client.get(f"/admin/rights/license/add/?amends={key('license of north')}").content.decode()
    assert "Amend license" not in page
    for label in LABELS:
        page = client.get(f"/admin/rights/termsversion/add/?like={key(f'terms of {label}')}").content.decode()
        assert ("As agreed here" in page) is (label == "south")
    fields: dict[str, Any] = {"id": str(uuid4()), "name": "Standard", "language": "en", "title": "T", "uses": USES}
    fields |= {"territories": WORLD, "active_from": SINCE, "approval": "blanket", "notice_days": 0}
    fields |= {"like": key("terms of north")}
    assert client.post("/admin/rights/termsversion/add/", fields).status_code == 302
    assert str(TermsVersion.objects.get(pk=fields["id"]).registrar_id) == key("south")


def test_at_the_desk_who_benefits_reads_and_an_annulment_stays_in_the_house(labels: dict[str, Api]) -> None:
    page = f"/admin/rights/consent/{key('consent of north')}"
    reader = Client()
    reader.force_login(admitted("reader", "distributor", Role.RIGHTS_MANAGER))
    shown = reader.get(f"{page}/change/").content.decode()
    assert "Signed text" in shown
    assert "Withdraw…" not in shown
    assert "Propose an annulment…" not in shown
    event = f"/admin/rights/license/{key('license of north')}"
    assert "Terminate…" not in reader.get(f"{event}/change/").content.decode()
    for path in (f"{page}/withdraw/", f"{page}/annul/", f"{event}/event/"):
        assert reader.get(path).status_code == 403, path

    first, second = (Client(), Client())
    first.force_login(admitted("first", "north", Role.RIGHTS_MANAGER))
    second.force_login(admitted("second", "north", Role.RIGHTS_MANAGER))
    assert "Withdraw…" in first.get(f"{page}/change/").content.decode()
    proposed = {"id": str(uuid4()), "reason": "no authority"}
    assert first.post(f"{page}/annul/", proposed).status_code == 302
    answer = f"{page}/annul/{proposed['id']}/"
    given = {"id": str(uuid4()), "reason": "I looked", "answer": "agree"}
    assert reader.post(answer, given).status_code == 403
    assert answer not in first.get(f"{page}/change/").content.decode()
    assert first.post(answer, given).status_code == 422
    assert answer in second.get(f"{page}/change/").content.decode()
    assert second.post(answer, given).status_code == 302
    assert ConsentEvent.objects.filter(consent=UUID(key("consent of north")), act="annulled").count() == 1
