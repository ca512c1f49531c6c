"""Two labels and a distributor in one house: each sees what is theirs, and nothing tells what else there is."""

from __future__ import annotations

import inspect
import json
import re
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date, timedelta
from typing import Any
from uuid import UUID, uuid4

import pytest
from django.apps import apps
from django.contrib import admin
from django.contrib.admin.sites import site
from django.contrib.auth.models import User
from django.core.exceptions import EmptyResultSet
from django.db import connection
from django.test import Client, RequestFactory
from django.test.utils import CaptureQueriesContext
from django.urls import URLPattern
from django.utils import timezone
from rest_framework.permissions import AllowAny

from ledger import clients, people, visibility
from ledger.access import caller_of_user, may_approve, may_record_representation, memberships
from ledger.admin.facts import FactAdmin
from ledger.admin.people import UserAdmin
from ledger.api import urls
from ledger.models import ApiClient, Entry, Membership, Proposal
from ledger.today import counts
from rights.models import Consent, License, Recording, Representation, Share, Work
from rights.vocabulary import PartyKind
from tests.flows.conftest import (
    CATALOGUE,
    DOCUMENT,
    SINCE,
    SUBMISSIONS,
    USES,
    WORLD,
    Api,
    World,
    admitted,
    body,
    key,
    today,
)
from tests.remembering import remembered

pytestmark = pytest.mark.django_db(transaction=True, databases="__all__")

OWN = ["catalogue:read", "catalogue:write"]
LISTS = ("parties", "works", "recordings", "shares", "consents", "licenses", "submissions")
ADMIN = ("party", "work", "recording", "share", "consent", "license", "submission", "decision")
Role = Membership.Role


@dataclass(frozen=True)
class House:
    """The labels North and South with a catalogue each, and a distributor who has a license of North."""

    world: World
    north: Api
    south: Api
    distributor: Api
    output: dict[str, Any]

    def ids(self, label: str) -> dict[str, str]:
        """What a label registered: table → id."""
        return {
            "party": key(label),
            "work": key(f"work of {label}"),
            "recording": key(f"song of {label}"),
            "share": key(f"share of {label}"),
            "consent": key(f"consent of {label}"),
            "license": key(f"license of {label}"),
        }


def stated(api: Api, path: str, **document: Any) -> None:
    answer = api.post(path, document)
    assert answer.status_code == 201, answer.content


def when() -> dict[str, Any]:
    return {"territories": [WORLD], "active_from": SINCE}


def catalogue(api: Api, label: str, audio: Any) -> None:
    """Register a work and its recording, and who holds and allows it, all by the label itself."""
    work, song = key(f"work of {label}"), key(f"song of {label}")
    stated(api, "/v1/works", id=work, title=f"Work of {label}")
    fields = {"id": song, "title": f"Song of {label}", "works": [work]}
    assert api.upload("/v1/recordings", fields, file=audio).status_code == 201
    for number, (side, asset) in enumerate((("recording", song), ("work", work))):
        suffix = " too" * number
        stated(
            api,
            "/v1/shares",
            id=key(f"share of {label}{suffix}"),
            party=key(label),
            part="1",
            **{side: asset},
            **when(),
        )
        stated(
            api,
            "/v1/consents",
            id=key(f"consent of {label}{suffix}"),
            grantor=key(label),
            actor=key(label),
            uses=USES,
            document=DOCUMENT,
            **{side: asset},
            **when(),
        )


def licensed(api: Api, label: str, licensee: str) -> None:
    stated(
        api,
        "/v1/licenses",
        id=key(f"license of {label}"),
        licensor=key(label),
        licensee=key(licensee),
        schedule=[{"recording": key(f"song of {label}")}, {"work": key(f"work of {label}")}],
        uses=USES,
        document=DOCUMENT,
        plan={"commission": "0", "creators": "1/2", "masters": "1/2"},
        **when(),
    )


@pytest.fixture
@remembered
def house(trade: World) -> House:
    """As above; the operator brought the parties together, the rest is the labels' own doing."""
    for label in ("north", "south"):
        people.register_party(id=UUID(key(label)), kind=PartyKind.COMPANY, name=label, at=timezone.now())
    north, south = (
        Api(clients.create(name="own", party_id=UUID(key(label)), scopes=OWN + SUBMISSIONS))
        for label in ("north", "south")
    )
    distributor = Api(
        clients.create(name="own", party_id=UUID(key("distributor")), scopes=["catalogue:read", *SUBMISSIONS])
    )
    catalogue(north, "north", trade.sounds.song("country"))
    catalogue(south, "south", trade.sounds.song("piano"))
    licensed(trade.label, "north", "distributor")  # the operator's client
    licensed(trade.label, "south", "rival")
    found = trade.settle(trade.submit("output", trade.sounds.sung("flac"), key("song of north"))["id"])
    assert found["state"] == "cleared", found
    return House(trade, north, south, distributor, found)


def entry_of(**subject: Any) -> Entry:
    return Entry.objects.get(**subject)


def desk(house: House, username: str, party: str, role: Membership.Role) -> Client:
    client = Client()
    client.force_login(admitted(username, party, role))
    return client


def listed(api: Api, name: str) -> set[str]:
    answer = api.get(f"/v1/{name}")
    assert answer.status_code == 200, answer.content
    return {row["id"] for row in answer.json()["results"]}


# --- nothing is left out


def test_a_rule_says_who_sees_each_table() -> None:
    for app in ("rights", "ledger", "royalties", "provenance"):
        for model in apps.get_app_config(app).get_models():
            assert visibility.is_covered(model), f"{model.__name__} needs a rule in rights or ledger.visibility"


PUBLIC_TABLES = {"checkpoint", "cosignature", "tile", "bandsversion", "signerchange", "logkeychange"}


def test_every_page_of_the_desk_begins_with_what_is_seen(house: House) -> None:
    stranger = admitted("stranger", "publisher", Role.RIGHTS_MANAGER)
    request = RequestFactory().get("/admin/")
    request.user = stranger
    for model, page in site._registry.items():
        if isinstance(page, UserAdmin):
            assert not page.has_view_permission(request)
            continue
        assert isinstance(page, FactAdmin), f"{model.__name__} is shown by a page that knows no sight"
        if not page.has_view_permission(request) or model._meta.model_name in PUBLIC_TABLES:
            continue
        request.resolver_match = None
        if model is Entry:
            assert page.get_object(request, str(entry_of(recording=key("song of north")).pk)) is None
            continue
        try:
            asked = str(page.get_queryset(request).query)
        except EmptyResultSet:
            continue
        assert UUID(key("publisher")).hex in asked.replace("-", ""), f"{model.__name__} is listed whoever looks"
        for name in page.list_filter:
            field = name if isinstance(name, str) else ""
            assert not field or not model._meta.get_field(field).is_relation, f"{name} would offer other people's rows"


# Views without an address of their own thing that are for everybody.
PUBLIC_VIEWS = {
    *("log/key", "log/checkpoint", "log/proofs/inclusion", "log/proofs/consistency"),  # hashes, and who signs them
    *("preferences", "statuses/<uuid:id>"),
    *(
        "matches/byBinding",
        "matches/byContent",
        "manifests/<str:label>",
        "manifests/<str:label>/receipts",
    ),  # C2PA: of what was delivered
    *("services/supportedAlgorithms", "services/capabilities", "services/status"),
}
# Views that answer with something computed: a register, files made of works that are named; and by what all are judged.
COMPUTED_VIEWS = {
    "mfn-triggers",
    "exports/cwr",
    "exports/cwr/report",
    "bands",
    "usage-keys/unmatched.csv",
    "index",
    "audit-questions",
    "log/streams",
}
# Views for whoever sees everything: of less, what they count would not be all there is.
WHOLE_VIEWS = {"log/coverage", "log/coverage.csv"}
# Views for people alone: what waits for whoever signed in.
PERSONAL_VIEWS = {"audit-exceptions/waiting"}


def api_views() -> Iterator[tuple[str, Any]]:
    for pattern in urls.urlpatterns:
        assert isinstance(pattern, URLPattern)
        yield str(pattern.pattern), pattern.callback.view_class  # type: ignore[attr-defined]


def test_every_address_with_an_id_says_whose_it_is() -> None:
    for path, view in api_views():
        if path in PUBLIC_VIEWS:
            assert view.permission_classes == [AllowAny]
            continue
        for name in re.findall(r"<\w+:(\w+)>", path):
            if name in getattr(view, "words", ()):
                continue
            assert name in getattr(view, "sees", {}), f"{path}: say in `sees` of which table {name} is"
            assert visibility.is_covered(view.sees[name])


def test_every_list_of_the_api_asks_for_what_is_seen(house: House) -> None:
    stranger = Api(
        clients.create(
            name="s",
            party_id=UUID(key("publisher")),
            scopes=[*OWN, *SUBMISSIONS, "parties:erase", "influences:read", "runs:read", "usage:read"],
        )
    )
    for path in WHOLE_VIEWS | PERSONAL_VIEWS:
        assert stranger.get(f"/v1/{path}").status_code == 403, path
    aside = PUBLIC_VIEWS | COMPUTED_VIEWS | WHOLE_VIEWS | PERSONAL_VIEWS
    lists = [path for path, view in api_views() if "<" not in path and path not in aside and hasattr(view, "get")]
    assert set(lists) >= set(LISTS)
    for path in lists:
        with CaptureQueriesContext(connection) as asked:
            answer = stranger.get(f"/v1/{path}")
        assert answer.status_code == 200, path
        pages = [query["sql"] for query in asked if query["sql"].endswith("LIMIT 51")]
        assert pages, f"{path} does not list by page_of"
        for sql in pages:
            assert UUID(key("publisher")).hex in sql.replace("-", ""), f"{path} lists whoever asks"
        assert {row["id"] for row in answer.json()["results"]} <= {key("publisher")}, path


# --- the API


def test_each_lists_exactly_what_is_theirs(house: House) -> None:
    mine = {name: {house.ids("north")[name[:-1]]} for name in ("works", "recordings", "licenses")}
    mine |= {
        "parties": {key("north"), key("distributor")},
        "shares": {key("share of north"), key("share of north too")},
        "consents": {key("consent of north"), key("consent of north too")},
        "submissions": {house.output["id"]},  # its recording is in it
    }
    for name in LISTS:
        found = listed(house.north, name)
        if name == "parties":
            found -= {key("singer")}
        assert found == mine[name], name
    assert listed(house.south, "parties") == {key("south"), key("rival")}
    assert listed(house.south, "submissions") == set()
    assert listed(house.south, "recordings") == {key("song of south")}
    assert listed(house.distributor, "recordings") == {key("song of north")}
    assert listed(house.distributor, "licenses") == {key("license of north")}
    assert listed(house.distributor, "consents") == set()
    assert listed(house.distributor, "shares") == set()
    assert {key("north"), key("distributor")} <= listed(house.distributor, "parties")
    assert key("south") not in listed(house.distributor, "parties")
    everything = listed(house.world.label, "recordings")
    assert everything == {key("song of north"), key("song of south")}


def test_what_is_not_theirs_answers_like_what_does_not_exist(house: House) -> None:
    theirs, nothing = house.ids("south"), str(uuid4())
    leaf = entry_of(recording=theirs["recording"]).leaf.index
    for path, id in (("recordings/{}", theirs["recording"]), ("submissions/{}", house.output["id"])):
        asking = house.south if path.startswith("sub") else house.north
        given, missing = asking.get("/v1/" + path.format(id)), asking.get("/v1/" + path.format(nothing))
        assert given.status_code == missing.status_code == 404
        assert given.json() == missing.json()
    given, missing = house.north.get(f"/v1/log/entries/{leaf}"), house.north.get("/v1/log/entries/99999999")
    assert (given.status_code, given.json()) == (404, missing.json())
    assert house.south.get(f"/v1/log/entries/{leaf}").status_code == 200
    body = {"id": key("w"), "actor": key("north"), "effective_on": today().isoformat()}
    given = house.north.post(f"/v1/consents/{theirs['consent']}/withdrawals", body)
    missing = house.north.post(f"/v1/consents/{nothing}/withdrawals", body)
    assert (given.status_code, given.json()) == (404, missing.json())


def attempts(label: str, asset: str, party: str, work: str) -> list[tuple[str, dict[str, Any]]]:
    """Facts that name somebody else's rows, each in one field."""
    share = {"id": str(uuid4()), "party": key(label), "part": "1/2", **when()}
    consent = {
        "id": str(uuid4()),
        "grantor": key(label),
        "actor": key(label),
        "uses": USES,
        "document": DOCUMENT,
        **when(),
    }
    own = key(f"song of {label}")
    terms = {"id": str(uuid4()), "licensor": key(label), "licensee": key("distributor"), "uses": USES} | when()
    terms |= {"document": DOCUMENT, "plan": {"commission": "0", "creators": "0", "masters": "1/2"}}
    return [
        ("/v1/shares", share | {"recording": asset}),
        ("/v1/shares", share | {"work": work}),
        ("/v1/consents", consent | {"recording": asset}),
        ("/v1/consents", consent | {"recording": own, "licensee": party}),
        ("/v1/consents", consent | {"recording": own, "actor": party}),
        ("/v1/licenses", terms | {"schedule": [{"recording": own}, {"recording": asset}]}),
        ("/v1/licenses", terms | {"schedule": [{"work": work}]}),
        ("/v1/licenses", terms | {"schedule": [{"recording": own}], "licensee": party}),
    ]


def test_naming_what_is_not_theirs_is_refused_like_naming_nothing(house: House) -> None:
    theirs = house.ids("south")
    named = attempts("north", theirs["recording"], theirs["party"], theirs["work"])
    unnamed = attempts("north", str(uuid4()), str(uuid4()), str(uuid4()))
    for (path, document), (_, nothing) in zip(named, unnamed, strict=True):
        given, missing = house.north.post(path, document), house.north.post(path, nothing)
        assert given.status_code == 422, (path, document)
        assert given.json()["code"] == "unknown_reference"
        assert given.json() == missing.json()
    fields = {"id": str(uuid4()), "title": "X", "works": [theirs["work"]]}
    given = house.north.upload("/v1/recordings", fields, file=None)
    missing = house.north.upload("/v1/recordings", fields | {"works": [str(uuid4())]}, file=None)
    assert (given.status_code, given.json()) == (422, missing.json())


def test_nobody_speaks_for_another_label(house: House) -> None:
    own, other = key("song of north"), (key("south"), str(uuid4()))
    for party in other:  # whether there is such a party is not told either
        share = {"id": str(uuid4()), "party": party, "part": "1/2", "recording": own, **when()}
        consent = {"id": str(uuid4()), "grantor": party, "actor": party, "recording": own, "uses": USES} | when()
        terms = {"id": str(uuid4()), "licensor": party, "licensee": key("distributor"), "uses": USES} | when()
        terms |= {"schedule": [{"recording": own}], "document": DOCUMENT}
        for path, document in (
            ("/v1/shares", share),
            ("/v1/consents", consent | {"document": DOCUMENT}),
            ("/v1/licenses", terms | {"plan": {"commission": "0", "creators": "0", "masters": "1/2"}}),
        ):
            answer = house.north.post(path, document)
            assert (answer.status_code, answer.json()["code"]) == (403, "not_your_party"), path


def test_a_licensee_sees_a_consent_and_does_not_withdraw_it(house: House) -> None:
    stated(
        house.north,
        "/v1/consents",
        id=key("for the distributor"),
        grantor=key("north"),
        actor=key("north"),
        licensee=key("distributor"),
        recording=key("song of north"),
        uses=USES,
        document=DOCUMENT,
        **when(),
    )
    reader = Api(clients.create(name="w", party_id=UUID(key("distributor")), scopes=OWN))
    assert listed(reader, "consents") == {key("for the distributor")}
    body = {"id": key("w"), "actor": key("distributor"), "effective_on": today().isoformat()}
    answer = reader.post(f"/v1/consents/{key('for the distributor')}/withdrawals", body)
    assert (answer.status_code, answer.json()["code"]) == (403, "not_your_party")


def test_an_id_of_somebody_else_is_taken_and_no_more_is_said(house: House) -> None:
    same = {"id": key("south"), "kind": "company", "name": "south"}
    guessed, other = house.north.post("/v1/parties", same), house.north.post("/v1/parties", same | {"name": "x"})
    assert (guessed.status_code, guessed.json()) == (409, other.json())  # no way to try out names
    assert house.south.post("/v1/parties", same).status_code == 200


def test_facts_carry_who_registered_them(house: House) -> None:
    for model in (Work, Recording, Share, Consent):
        assert {str(id) for id in model.objects.values_list("registrar", flat=True)} == {key("north"), key("south")}
    assert {str(id) for id in License.objects.values_list("registrar", flat=True)} == {key("label")}


def test_a_holder_sees_of_an_output_what_is_about_its_own(house: House) -> None:
    found = house.north.get(f"/v1/submissions/{house.output['id']}").json()
    assert found["state"] == "cleared"
    assert found["splits"] is None
    for part in ("evidence", "file", "pack"):
        answer = house.north.get(f"/v1/submissions/{house.output['id']}/{part}")
        assert (answer.status_code, answer.json()["code"]) == (403, "not_your_output"), part
        assert body(house.distributor.get(f"/v1/submissions/{house.output['id']}/{part}"))


def test_a_narrower_token_of_the_operator_sees_less(house: House) -> None:
    made = clients.create(name="all", party_id=UUID(key("publisher")), scopes=CATALOGUE)
    narrow = Api(token=Api(made).ask(scope="catalogue:read").json()["access_token"])
    assert listed(narrow, "recordings") == set()
    assert listed(Api(made), "recordings") == {key("song of north"), key("song of south")}


# --- representation and merges


def representation(**changes: Any) -> None:
    """As the use case writes it, with its entry."""
    from django.db import transaction

    from ledger import log

    facts: dict[str, Any] = {
        "id": uuid4(),
        "principal_id": key("south"),
        "agent_id": key("north"),
        "authority": "mandate",
        "territories": [WORLD],
        "active_from": date.fromisoformat(SINCE),
        "document_digest": DOCUMENT,
        "recorded_at": timezone.now(),
    } | changes
    with transaction.atomic(durable=True):
        made = Representation.objects.create(**facts)
        log.append(Entry.Kind.REPRESENTATION_RECORDED, made, {}, at=timezone.now())


def test_an_agent_sees_and_speaks_while_the_mandate_lasts(house: House) -> None:
    representation(active_from=today() - timedelta(days=9), active_to=today())  # the day itself is without it
    assert listed(house.north, "recordings") == {key("song of north")}
    representation(active_from=today() + timedelta(days=1))
    assert listed(house.north, "recordings") == {key("song of north")}
    representation(active_from=today())
    assert listed(house.north, "recordings") == {key("song of north"), key("song of south")}
    assert listed(house.south, "recordings") == {key("song of south")}  # it is no two-way street
    share = {"id": str(uuid4()), "party": key("south"), "part": "1/2", "recording": key("song of south"), **when()}
    assert house.north.post("/v1/shares", share).status_code == 201
    assert str(Share.objects.get(pk=share["id"]).registrar_id) == key("north")


def test_who_may_say_that_somebody_is_represented(house: House) -> None:
    stated(house.north, "/v1/parties", id=key("writer a"), kind="person", name="Writer A")
    manager = caller_of_user(admitted("m", "north", Role.RIGHTS_MANAGER), at=timezone.now())
    reader = caller_of_user(admitted("a", "north", Role.AUDITOR), at=timezone.now())
    assert may_record_representation(manager, principal_id=UUID(key("north")))
    assert may_record_representation(manager, principal_id=UUID(key("writer a")))
    assert not may_record_representation(reader, principal_id=UUID(key("writer a")))
    assert not may_record_representation(manager, principal_id=UUID(key("south")))
    admitted("w", "writer a", Role.ARTIST)  # from now on the writer speaks in person
    assert not may_record_representation(manager, principal_id=UUID(key("writer a")))


# --- the desk


def shape(address: str) -> str:
    """An address without its ids: two of a kind are the same page with other facts on it."""
    return re.sub(r"[0-9a-f]{8}-[0-9a-f-]{27}|(?<==)[^&]*|\b\d+\b", "*", address)


def crawl(client: Client, *, of_a_kind: int = 3) -> Iterator[tuple[str, str]]:
    """Follow the links of the desk and the reports, a few of each kind, and yield each page."""
    waiting, known = ["/admin/", "/reports/"], Counter({"/admin/": 1, "/reports/": 1})
    followed = set(waiting)
    while waiting:
        path = waiting.pop(0)
        answer = client.get(path, follow=True)
        kind = answer.get("Content-Type", "")
        if not kind.startswith("text/html"):
            body(answer)
            continue
        page = answer.content.decode()
        assert answer.status_code == 200, path
        yield path, page
        for found in re.findall(r'href="([^"#]*)"', page):
            address = found.replace("&amp;", "&")
            if address.startswith("?"):
                address = path.partition("?")[0] + address
            if not address.startswith(("/admin/", "/reports/")) or "logout" in address or "password" in address:
                continue
            if re.search(r"[?&]o=", address):  # the same rows in another order
                continue
            if address not in followed and known[shape(address)] < of_a_kind:
                known[shape(address)] += 1
                followed.add(address)
                waiting.append(address)


@pytest.mark.slow
@pytest.mark.parametrize(
    ("party", "role", "others"),
    [
        ("north", Role.RIGHTS_MANAGER, "south"),
        ("south", Role.AUDITOR, "north"),
        ("distributor", Role.DISTRIBUTOR, "south"),
    ],
)
def test_no_page_of_the_desk_shows_what_is_anothers(
    house: House, party: str, role: Membership.Role, others: str
) -> None:
    client = desk(house, "somebody", party, role)
    hidden = [*house.ids(others).values(), f"Song of {others}", f"Work of {others}"]
    if others == "north":
        hidden.append(house.output["id"])
    seen = 0
    for path, page in crawl(client):
        seen += 1
        for text in hidden:
            assert text not in page, f"{path} shows {text}"
    assert seen > 20


def test_addresses_of_anothers_facts_lead_nowhere(house: House) -> None:
    client, theirs = desk(house, "manager", "north", Role.RIGHTS_MANAGER), house.ids("south")
    for model, id in theirs.items():
        for page in ("change/", "history/", "withdraw/" if model == "consent" else "change/"):
            given = client.get(f"/admin/rights/{model}/{id}/{page}")
            missing = client.get(f"/admin/rights/{model}/{uuid4()}/{page}")
            assert (given.status_code, given.get("Location")) == (missing.status_code, missing.get("Location")), page
            assert given.status_code in {302, 404}
        rows = re.findall(
            r'href="(/admin/[^"?]*/change/)"', client.get(f"/admin/rights/{model}/?q={id}").content.decode()
        )
        assert not any(id in row for row in rows)
    entry = entry_of(recording=theirs["recording"]).pk
    for path in (f"/admin/ledger/entry/{entry}/change/", f"/reports/entries/{entry}/entry.json"):
        assert client.get(path).status_code == 404
    south = desk(house, "auditor", "south", Role.AUDITOR)
    assert south.get(f"/reports/entries/{entry}/entry.json").status_code == 200
    for part in ("", "/pack", "/matches/0/output.wav"):
        assert south.get(f"/reports/submissions/{house.output['id']}{part}").status_code == 404
    assert client.get(f"/reports/submissions/{house.output['id']}").status_code == 200
    assert client.get(f"/reports/submissions/{house.output['id']}/pack").status_code == 403


def test_choosers_and_filters_offer_what_is_seen(house: House) -> None:
    client, theirs = desk(house, "manager", "north", Role.RIGHTS_MANAGER), house.ids("south")
    for model in ("work", "recording"):
        found = client.post(f"/admin/rights/{model}/pick/", {"q": "of"}).json()["found"]
        assert [row["id"] for row in found] == [house.ids("north")[model]]
        page = client.get(f"/admin/rights/share/add/?{model}={theirs[model]}").content.decode()
        assert "of south" not in page
        given, missing = (
            client.get(f"/admin/rights/share/?{model}__id__exact={id}").content.decode().replace(id, "")
            for id in (theirs[model], str(uuid4()))
        )
        assert given.count("<tr") == missing.count("<tr")
    fields = {"id": str(uuid4()), "recording": theirs["recording"], "party": key("north"), "part": "1"}
    fields |= {"right_type": "ai_output", "territories": WORLD, "active_from": SINCE}
    named, unnamed = (
        client.post("/admin/rights/share/add/", fields | {"recording": id})
        for id in (theirs["recording"], str(uuid4()))
    )
    assert named.status_code == unnamed.status_code == 422
    assert named.context["form"].errors == unnamed.context["form"].errors


def test_a_form_speaks_for_ones_own_party_only(house: House) -> None:
    client = desk(house, "manager", "north", Role.RIGHTS_MANAGER)
    fields = {"id": str(uuid4()), "recording": key("song of north"), "party": key("distributor"), "part": "1/2"}
    fields |= {"right_type": "ai_output", "territories": WORLD, "active_from": SINCE}
    answer = client.post("/admin/rights/share/add/", fields)  # a party that is seen, and not one's own
    assert answer.status_code == 422
    assert "neither" in str(answer.context["form"].errors["party"])
    assert client.post("/admin/rights/share/add/", fields | {"party": key("north")}).status_code == 302
    assert str(Share.objects.get(pk=fields["id"]).registrar_id) == key("north")


def test_today_and_the_reports_count_what_is_seen(house: House) -> None:
    for party, expected in (("north", 1), ("south", 0), ("distributor", 1)):
        user = admitted(f"user of {party}", party, Role.AUDITOR)
        assert sum(counts(caller_of_user(user, at=timezone.now()).sight).values()) == expected
        client = Client()
        client.force_login(user)
        assert (house.output["title"] in client.get("/reports/").content.decode()) is bool(expected)
        assert (house.output["title"] in client.get("/admin/").content.decode()) is bool(expected)


def test_whoever_belongs_nowhere_is_told_so(house: House) -> None:
    client = Client()
    client.force_login(User.objects.create_user("lost", is_staff=True))
    page = client.get("/admin/").content.decode()
    assert "You belong to no organization here" in page
    assert house.output["title"] not in page
    for model in ADMIN:
        assert client.get(f"/admin/rights/{model}/").status_code == 403
    assert client.get("/v1/recordings").json()["results"] == []
    assert house.output["title"] not in client.get("/reports/").content.decode()


# --- people


def test_the_operator_admits_and_ends(house: House) -> None:
    operator = Client()
    operator.force_login(User.objects.create_superuser("operator"))
    fields = {"id": str(uuid4()), "username": "new", "organization": key("north"), "role": "reviewer"}
    fields |= {"active_from": today().isoformat(), "active_to": ""}
    answer = operator.post("/admin/ledger/membership/add/", fields)
    assert answer.status_code == 200
    assert "no-store" in answer["Cache-Control"]
    member = Client()
    assert member.login(username="new", password=answer.context["password"])
    assert member.get(f"/admin/rights/recording/{key('song of north')}/change/").status_code == 200
    assert "north, reviewer" in member.get("/admin/").content.decode()
    assert entry_of(membership=fields["id"]).kind == Entry.Kind.MEMBER_ADMITTED
    said = json.loads(bytes(entry_of(membership=fields["id"]).body))["data"]
    assert "new" not in said.values()

    end = {"id": str(uuid4()), "effective_on": today().isoformat()}
    assert operator.post(f"/admin/ledger/membership/{fields['id']}/end/", end).status_code == 302
    assert member.get(f"/admin/rights/recording/{key('song of north')}/change/").status_code == 403
    again = operator.post(f"/admin/ledger/membership/{fields['id']}/end/", end | {"id": str(uuid4())})
    assert again.status_code == 422
    assert entry_of(membership_end=end["id"]).kind == Entry.Kind.MEMBER_LEFT


def test_people_are_the_operators_to_keep(house: House) -> None:
    client = desk(house, "manager", "north", Role.RIGHTS_MANAGER)
    for path in ("/admin/ledger/membership/", "/admin/ledger/membership/add/", "/admin/auth/user/"):
        assert client.get(path).status_code == 403, path
    page = client.get("/admin/").content.decode()
    assert "/admin/ledger/membership/" not in page


def test_an_auditor_needs_a_last_day_and_only_reads_until_then(house: House) -> None:
    operator = Client()
    operator.force_login(User.objects.create_superuser("operator"))
    fields = {"id": str(uuid4()), "username": "new", "organization": key("north"), "role": "auditor"}
    fields |= {"active_from": (today() - timedelta(days=5)).isoformat(), "active_to": ""}
    answer = operator.post("/admin/ledger/membership/add/", fields)
    assert (answer.status_code, list(answer.context["form"].errors)) == (422, ["active_to"])
    assert (
        operator.post("/admin/ledger/membership/add/", fields | {"active_to": today().isoformat()}).status_code == 200
    )  # yesterday was the last day
    user = User.objects.get(username="new")
    assert not caller_of_user(user, at=timezone.now()).is_somebody
    yesterday = timezone.now() - timedelta(days=1)
    assert caller_of_user(user, at=yesterday).is_somebody
    assert not caller_of_user(user, at=yesterday).duties[0].verbs
    assert not memberships(on=today()).filter(user=user).exists()


def proposed(by: User) -> Proposal:
    from django.db import transaction

    from ledger import log

    with transaction.atomic(durable=True):
        made = Proposal.objects.create(
            id=uuid4(),
            act=Proposal.Act.ANNUL,
            consent_id=key("consent of north"),
            reason="signed by mistake",
            proposed_by=by,
            proposed_at=timezone.now(),
        )
        log.append(Entry.Kind.PROPOSED, made, {}, at=timezone.now())
    return made


def test_the_second_person_is_another_of_the_house(house: House) -> None:
    first = admitted("first", "north", Role.RIGHTS_MANAGER)
    proposal, at = proposed(first), timezone.now()
    assert not may_approve(first, proposal, at=at)
    assert may_approve(admitted("second", "north", Role.RIGHTS_MANAGER), proposal, at=at)
    assert may_approve(User.objects.create_superuser("operator"), proposal, at=at)
    assert not may_approve(admitted("reader", "north", Role.AUDITOR), proposal, at=at)
    assert not may_approve(admitted("other", "south", Role.RIGHTS_MANAGER), proposal, at=at)
    assert not may_approve(User.objects.create_user("nobody", is_staff=True), proposal, at=at)


def source_of(view: Any) -> str:
    """The source of a view, of what it inherits in its module, and of the private functions there that it calls."""
    module = inspect.getmodule(view)
    found = "".join(inspect.getsource(base) for base in view.__mro__ if base.__module__ == view.__module__)
    called: set[str] = set()
    while new := {name for name in re.findall(r"(?<![.\w])(_\w+)\(", found) if hasattr(module, name)} - called:
        called |= new
        found += "".join(inspect.getsource(getattr(module, name)) for name in sorted(new))
    return found


def test_every_view_that_states_something_takes_part() -> None:
    # What may be stated, and as whom, is asked in the view: one that forgets it is found here. What anybody may ask
    # states nothing, and neither does what reads a message and keeps nothing of it.
    for path, view in api_views():
        if hasattr(view, "post") and path not in {*PUBLIC_VIEWS, "disclosure-checks"}:
            source = source_of(view)
            if "person_of(" in source and "POST" in getattr(view, "people", {}):
                continue  # for people who signed in, whose verbs are asked for at the door
            assert "caller_of(" in source or "party_of(" in source, f"{path} takes facts from whoever sends them"


def test_api_clients_are_nobodys_to_read(house: House) -> None:
    sight = caller_of_user(admitted("m", "north", Role.RIGHTS_MANAGER), at=timezone.now()).sight
    assert ApiClient.objects.exists()
    assert not visibility.seen(ApiClient.objects.all(), sight).exists()
    assert admin.site is site
