"""The splits of the worked example through the API: every weight of it, in every version and variant."""

from __future__ import annotations

from fractions import Fraction
from hashlib import sha256
from typing import Any
from uuid import UUID

import pytest
from django.test import Client
from django.utils import timezone
from lxml import html

from ledger import clients, sequencer
from ledger.models import Entry
from royalties import splits
from royalties.allocation import allocate
from royalties.models import Division
from tests.flows import worked
from tests.flows.conftest import Api, Sounds, key
from tests.flows.test_reviews import assert_whole, code
from tests.flows.worked import O1, Worked
from tests.remembering import remembered
from tests.royalties import worked_example as example

pytestmark = pytest.mark.django_db(transaction=True, databases="__all__")


@pytest.fixture
@remembered
def o1(transactional_db: None, sounds: Sounds) -> Worked:
    return worked.cleared(sounds)


def cents(weights: dict[str, Fraction], country: str = "DE") -> dict[str, int]:
    return {line.leaf: line.units for line in allocate(example.POOLS[country], weights)}


def before_overclaim(country: str) -> dict[str, Fraction]:
    found = example.weights(country)
    if country == "US":
        w2 = sum((found.pop(f"W2/{who}") for who in ("C", "E", "HOLD")), Fraction(0))
        found |= {"W2/C": w2 * Fraction(3, 5), "W2/E": w2 * Fraction(2, 5)}
    return found


def test_every_weight_of_the_example_in_every_version(o1: Worked) -> None:
    # No report yet: the fallback of the plan, which the source of each part says.
    assert cents(o1.weights("DE")) == example.FALLBACK_DE
    (first,) = o1.versions
    assert (first["number"], first["reason"], first["changes"]) == (1, None, [])
    assert models(first) == {"": False, "train_prorata": True, "train_equal": True}
    # Below the confidence that the plan takes, nothing changes.
    o1.report("doubtful", confidence="79/100")
    assert (o1.divide(), len(o1.versions)) == (0, 1)
    o1.report()
    assert o1.divide() == 1
    for country in worked.COUNTRIES:
        assert o1.weights(country) == before_overclaim(country)
    assert models(o1.versions[-1]) == {"": False, "output_influence": False}
    o1.overclaim()
    assert o1.divide() == 1
    for country in worked.COUNTRIES:
        assert o1.weights(country) == example.weights(country), country
        assert cents(o1.weights(country), country) == example.EXPECTED[country]
    assert cents(o1.weights("DE", version=0)) == example.FALLBACK_DE  # what was is still there
    third = o1.versions[-1]
    assert (third["number"], third["reason"]) == (3, "rights")
    assert [
        (one["territories"], worked.leaf_of(one["leaf"]), one["old"], one["new"]) for one in third["changes"]
    ] == sorted(
        [
            (["US"], "W2/C", "119/2000", "119/2400"),
            (["US"], "W2/HOLD", None, "119/12000"),
        ],
        key=lambda change: key("W2") + "/" + (key("C") if change[1] == "W2/C" else "HOLD"),
    )
    assert o1.divide() == 0
    # A run asks for the newest, or for what was known at a moment.
    decision = Division.objects.earliest("number").decision
    newest, known = splits.of(decision.id), splits.of(decision.id, decision.decided_at)
    assert newest is not None
    assert known is not None
    assert f"sha256:{newest.digest}" == third["digest"]
    assert f"sha256:{known.digest}" == first["digest"]
    assert known == splits.decided(decision.id)
    assert list(Entry.objects.filter(kind="splits_redivided").values_list("division__number", flat=True)) == [2, 3]
    shown = o1.payer.get(f"/v1/submissions/{O1}").json()
    assert shown["splits"][0]["parts"][0]["part"] == first["zones"][0]["parts"][0]["part"]
    sequencer.drain(at=timezone.now())
    assert_whole()


def models(version: dict[str, Any]) -> dict[str, bool]:
    parts = [part for zone in version["zones"] for part in zone["parts"]]
    for part in parts:
        assert sum(Fraction(source["part"]) for source in part["sources"]) == Fraction(part["part"])
        held = part["leaf"].endswith("/HOLD")
        assert (part["party"] is None) == held
        for source in part["sources"]:
            assert (source["share"] is None) == (held or not source["model"])
            assert (source["influence"] is not None) == (source["model"] == "output_influence")
    return {source["model"]: source["is_fallback"] for part in parts for source in part["sources"]}


def test_a_lift_of_the_favored_license_gives_the_lifted_splits(o1: Worked) -> None:
    o1.report()
    o1.divide()
    # Another license gives masters and publishing 32 % of net receipts each.
    world = o1.world
    world.state("/v1/works", {"id": key("W9"), "title": "W9"})
    generous = {"commission": "21/200", "creators": "51/179", "masters": "1/2"}
    world.license("better", licensor=key("B"), schedule=[{"work": key("W9")}], plan=generous)
    for number, measure in enumerate(("masters_share", "publishing_share"), start=2):
        register = world.label.get("/v1/mfn-triggers").json()
        (trigger,) = (one for one in register if one["measure"] == measure)
        lift = {"id": key(f"lift {number}"), "clause": trigger["clause"], "better": key("better")}
        answer = world.label.post("/v1/mfn-lifts", lift)
        assert answer.status_code == 201, answer.content
        assert world.label.post("/v1/mfn-lifts", lift).status_code == 200
        assert (answer.json()["plan"]["number"], answer.json()["outputs"]) == (number, [O1])
    assert world.label.get("/v1/mfn-triggers").json() == []
    assert code(world.label.post("/v1/mfn-lifts", lift | {"id": key("again")})) == (404, "no_such_trigger")
    assert o1.divide() == 1
    assert o1.versions[-1]["reason"] == "plan"
    assert cents(o1.weights("DE")) == example.LIFTED_DE
    assert o1.weights("DE")["COMM"] == Fraction(21, 200)
    (first, *lifted) = world.label.get(f"/v1/licenses/{key('license')}/plans").json()
    assert [plan["valid_from"] for plan in lifted] == ["2026-01-01"] * 2
    assert lifted[-1]["masters_by"] == first["masters_by"]
    assert lifted[-1]["quantities"] == first["quantities"]
    sequencer.drain(at=timezone.now())
    assert_whole()


PLANS = f"/v1/licenses/{key('license')}/plans"
PREVIEWS = f"/v1/licenses/{key('license')}/plan-previews"


def test_a_preview_says_what_another_plan_would_have_paid(o1: Worked) -> None:
    o1.report()
    o1.divide()
    before = Entry.objects.count()
    lifted = worked.plan(commission="21/200", creators="51/179")
    pools = [{"submission": O1, "country": country, "minor": cents} for country, cents in example.POOLS.items()]
    answer = o1.payer.post(PREVIEWS, lifted | {"currency": "EUR", "pools": pools})
    assert answer.status_code == 200, answer.content
    told = answer.json()
    assert (told["run"], told["pools"], told["minor"]) == (None, 3, sum(example.POOLS.values()))
    names = {key("distributor"): "COMM"} | {key(name): name for name in worked.PARTIES if name != "distributor"}
    germany = o1.payer.post(PREVIEWS, lifted | {"currency": "EUR", "pools": pools[:1]}).json()
    for side, expected in (("old", example.EXPECTED["DE"]), ("new", example.LIFTED_DE)):
        by_party: dict[str, int] = {}
        for leaf, units in expected.items():
            payee = leaf.partition("/")[2] or leaf
            by_party[payee] = by_party.get(payee, 0) + units
        assert {names[one["party"]]: one[side] for one in germany["payees"]} == by_party
    assert sum(one["difference"] for one in told["payees"]) == 0
    sizes = [abs(one["difference"]) for one in told["payees"]]
    assert sizes == sorted(sizes, reverse=True)
    assert Entry.objects.count() == before
    # Without pools those of the last run count, and there is none.
    assert code(o1.payer.post(PREVIEWS, lifted | {"currency": "EUR"})) == (409, "nothing_run_yet")
    foreign = [{"submission": key("other"), "country": "DE", "minor": 1}]
    assert code(o1.payer.post(PREVIEWS, lifted | {"currency": "EUR", "pools": foreign})) == (422, "not_of_this_license")
    nowhere = [pools[0] | {"country": "FR"}]
    assert code(o1.payer.post(PREVIEWS, lifted | {"currency": "EUR", "pools": nowhere})) == (422, "not_of_this_license")


def amendment(name: str = "amendment", **changes: Any) -> dict[str, Any]:
    said = {"id": key(name), "valid_from": "2026-01-01", "reason": "Agreed in July"}
    return worked.plan(**{**said, **changes})


def test_the_narrowest_plan_counts_and_within_it_the_newest(o1: Worked) -> None:
    label, payer = o1.world.label, o1.payer
    assert label.post(PLANS, amendment(commission="1/10")).status_code == 201
    assert label.post(PLANS, amendment(commission="1/10")).status_code == 200
    assert code(label.post(PLANS, amendment(commission="1/5"))) == (409, "id_taken")
    assert o1.divide() == 1
    assert o1.weights("DE")["COMM"] == Fraction(1, 10)
    # A release on which both recordings are reaches O1; a track that is one of two does not.
    of_track = amendment("of a track", scope="track", scope_id=key("R1"), commission="1/2")
    assert label.post(PLANS, of_track).status_code == 201
    assert o1.divide() == 0
    release = {"id": key("release"), "title": "Both", "recordings": [key("R1"), key("R2")]}
    assert label.post("/v1/releases", release).status_code == 201
    of_release = amendment("of a release", scope="release", scope_id=key("release"), commission="1/4")
    assert label.post(PLANS, of_release).status_code == 201
    assert o1.divide() == 1
    assert o1.weights("DE")["COMM"] == Fraction(1, 4)
    # A newer plan for the whole license is wider, and one that begins later does not count yet.
    assert label.post(PLANS, amendment("wider", commission="1/20")).status_code == 201
    later = amendment("later", scope="release", scope_id=key("release"), commission="0", valid_from="2099-01-01")
    assert label.post(PLANS, later).status_code == 201
    assert o1.divide() == 0
    assert [one["number"] for one in payer.get(PLANS).json()] == [1, 2, 3, 4, 5, 6]
    assert payer.get(f"/v1/licenses/{key('license')}").json()["plan"]["commission"] == "1/20"
    sequencer.drain(at=timezone.now())
    assert_whole()


def test_a_plan_that_cannot_be_used_is_refused(o1: Worked) -> None:
    label = o1.world.label
    influence = {"model": "output_influence", "provider": key("provider"), "confidence": "4/5"}
    equal = [{"model": "train_equal"}]
    for changes, expected in (
        ({"reason": " "}, (400, "malformed")),
        ({"valid_from": "2025-12-31"}, (422, "before_its_license")),
        ({"commission": "11/10"}, (422, "not_a_part")),
        ({"masters_by": {"models": [influence]}}, (422, "no_fallback")),
        ({"masters_by": {"models": [influence | {"part": "1/2"}], "fallback": equal}}, (422, "not_a_blend")),
        ({"masters_by": {"models": [{"model": "output_influence"}], "fallback": equal}}, (422, "not_a_blend")),
        ({"masters_by": {"models": []}}, (400, "malformed")),
        ({"masters_by": {"models": [influence | {"provider": key("nobody")}], "fallback": equal}},
         (422, "unknown_reference")),
        ({"scope": "track"}, (400, "malformed")),
        ({"scope": "track", "scope_id": key("R9")}, (422, "not_scheduled")),
        ({"quantities": [{"basis": "tokens", "amount": 1}]}, (400, "malformed")),
        ({"quantities": [{"basis": "tokens", "work": key("W1"), "amount": 1}] * 2}, (422, "not_a_quantity")),
        ({"terms": [{"kind": "buyout"}]}, (422, "not_a_term")),
        ({"terms": [{"kind": "per_generation", "minor": 1, "currency": "EUR", "from_count": 2}]}, (422, "not_tiers")),
        ({"terms": [{"kind": "buyout", "minor": 1, "currency": "EUX"}]}, (422, "unknown_currency")),
    ):  # fmt: skip
        assert code(label.post(PLANS, amendment(**changes))) == expected, changes
    o1.world.state("/v1/works", {"id": key("W9"), "title": "W9"})
    foreign: dict[str, Any] = {"quantities": [{"basis": "tokens", "work": key("W9"), "amount": 1}]}
    assert code(label.post(PLANS, amendment(**foreign))) == (422, "not_scheduled")
    assert code(o1.payer.post(PLANS, amendment())) == (403, "permission_denied")
    assert len(o1.payer.get(PLANS).json()) == 1
    terms: list[dict[str, Any]] = [
        {"kind": "minimum", "side": "publishing", "minor": 70_000, "currency": "EUR", "recoupable": False,
         "period_from": "2026-07-01", "period_to": "2026-10-01"},
        {"kind": "advance", "party": key("B"), "minor": 20_000, "currency": "EUR", "rate": "1", "group": "all"},
        {"kind": "statutory", "rate": "1/50", "set_by": "Committee of 2026"},
    ]  # fmt: skip
    assert label.post(PLANS, amendment(terms=terms)).status_code == 201
    told = o1.payer.get(PLANS).json()[-1]["terms"]
    assert [{name: one[name] for name in given} for one, given in zip(told, terms, strict=True)] == terms


def test_sources_are_compared_and_ours_is_called_similarity(o1: Worked) -> None:
    o1.report()
    data = f"asset,part\nrecording:{key('R1')},1\nwork:{key('W1')},0.75\nwork:{key('W2')},1/4\n".encode()
    path = f"/v1/submissions/{O1}/influence-files"
    asked = f"?id={key('file')}&provider={key('distributor')}"

    def upload(query: str, body: bytes) -> Any:
        headers = o1.payer.headers
        return o1.payer.client.post(path + query, body, content_type="text/csv", headers=headers)

    assert code(upload(asked, data)) == (422, "not_said")
    said = "&method=cosine&version=1&confidence=1/2"
    answer = upload(asked + said, data)
    assert answer.status_code == 201, answer.content
    assert answer.json()["report"] == f"sha256:{sha256(data).hexdigest()}"
    assert upload(asked + said, data).status_code == 200
    more = f"?id={key('more')}&provider={key('distributor')}{said}"
    assert code(upload(more, b"asset,part\nrecording:x,1")) == (422, "nothing_named")
    assert code(upload(more, b"asset,part\nrecording")) == (422, "not_a_report")
    assert code(upload(more, f"asset,part\nwork:{key('W1')},1/2".encode())) == (422, "side_not_whole")
    found = {one["side"]: one for one in o1.payer.get(f"/v1/submissions/{O1}/influence-comparison").json()}
    masters = {one["name"]: one for one in found["master"]["sources"]}
    assert list(masters) == [key("report"), key("file"), "own_similarity"]
    assert masters["own_similarity"]["provider"] is None
    for one in masters.values():
        assert sum(Fraction(weight["part"]) for weight in one["weights"]) == 1
    distances = {(one["one"], one["other"]): Fraction(one["distance"]) for one in found["master"]["disagreements"]}
    assert distances[key("report"), key("file")] == Fraction(191, 500)
    publishing = {(one["one"], one["other"]): one["distance"] for one in found["publishing"]["disagreements"]}
    assert publishing[key("report"), key("file")] == "1/4"
    assert o1.world.label.get(f"/v1/submissions/{O1}/influence-comparison").status_code == 403
    # A plan that names it goes by it, and says so.
    heard = {"models": [{"model": "own_similarity"}], "fallback": [{"model": "train_equal"}]}
    assert o1.world.label.post(PLANS, amendment(masters_by=heard)).status_code == 201
    assert o1.divide() == 1
    own = {weight["asset"]: Fraction(weight["part"]) for weight in masters["own_similarity"]["weights"]}
    assert o1.weights("DE")["R1/A"] == Fraction(119, 400) * own[key("R1")]
    assert models(o1.versions[-1]) == {"": False, "own_similarity": False, "output_influence": False}


def test_a_report_that_replaces_another_makes_a_version_and_can_be_contested(o1: Worked) -> None:
    o1.report()
    o1.divide()
    objection = {"id": key("objection"), "reason": "R2 is not in it."}
    assert o1.payer.post(f"/v1/influences/{key('report')}/objections", objection).status_code == 201
    assert o1.divide() == 0  # both are shown; what the provider said stands until it says something else
    o1.report("replacement", version="3.2", weights=[{**worked.asset("R1"), "part": "1"}])
    assert o1.divide() == 1
    newest = o1.versions[-1]
    assert (newest["number"], newest["reason"]) == (3, "influence")
    # It says nothing of publishing, which goes by the plan's fallback now.
    assert models(newest) == {"": False, "output_influence": False, "train_equal": True}
    assert o1.weights("DE")["R1/A"] == Fraction(119, 400)
    assert not any(leaf.startswith("R2/") for leaf in o1.weights("DE"))


def test_whoever_asks_gets_the_newest_and_whoever_does_not_pay_gets_nothing(o1: Worked) -> None:
    path = f"/v1/submissions/{O1}/splits"
    assert o1.payer.post(path, {}).status_code == 200
    o1.report()
    answer = o1.payer.post(path, {"note": "The report is here."})
    assert (answer.status_code, answer.json()["reason"], answer.json()["note"]) == (201, "asked", "The report is here.")
    assert code(o1.payer.post(path, {"on": "2020-01-01"})) == (422, "before_its_release")
    # A share that was retracted leaves a part that nobody claims: it is held.
    retraction = {"id": key("retraction"), "act": "retracted", "reason": "A mistake"}
    assert o1.world.label.post(f"/v1/shares/{key('share R2 D 1')}/events", retraction).status_code == 201
    assert o1.divide() == 1
    assert o1.weights("DE")["R2/HOLD"] == example.weights("DE")["R2/D"]
    other = Api(clients.create(name="other", party_id=UUID(key("C")), scopes=["submissions:read"]))
    assert code(other.get(path)) == (403, "not_your_output")
    nobody = Api(clients.create(name="nobody", party_id=UUID(key("provider")), scopes=["submissions:read"]))
    assert nobody.get(path).status_code == 404


def filled_in(page: Any) -> dict[str, str]:
    """Return what a page's form would send as it is."""
    form = html.fromstring(page.content.decode()).xpath("//form[@method='post'][.//*[@name='commission']]")[0]
    return {name: value for name, value in form.form_values() if name != "csrfmiddlewaretoken"}


def test_the_desk_compares_states_and_shows_versions(o1: Worked, admin_client: Client) -> None:
    o1.report()
    o1.overclaim()
    o1.divide()
    license_page = admin_client.get(f"/admin/rights/license/{key('license')}/change/").content.decode()
    assert "influence from confidence 4/5 on; else pro rata of seconds" in license_page
    plan_page = f"/admin/rights/license/{key('license')}/plan/"
    asked = filled_in(admin_client.get(plan_page)) | {"commission": "21/200", "creators": "51/179", "act": "compare"}
    assert (asked["masters_0_model"], asked["masters_0_confidence"]) == ("output_influence", "4/5")
    shown = admin_client.post(plan_page, asked | {"amount": "1000.01"})
    text = shown.content.decode()
    assert (shown.status_code, "105.00" in text, "-45.00" in text) == (200, True, True)
    nothing = admin_client.post(plan_page, asked)
    assert (nothing.status_code, "No run of the licensee" in nothing.content.decode()) == (422, True)
    for wrong in (
        {"commission": "3/2"},
        {"masters_0_part": "1/2"},  # the models of a side are less than 1
        {"masters_fallback_0_model": ""},  # influence without a fallback
        {"scope": "track"},  # of which?
        {"term_0_kind": "minimum", "term_0_amount": "700.00", "term_0_currency": "EUR"},  # in which period?
        {"term_0_kind": "per_generation", "term_0_amount": "0.50", "term_0_currency": "EUR", "term_0_from_count": "5"},
        {"term_0_kind": "buyout", "term_0_amount": "0.001", "term_0_currency": "XXQ"},
    ):
        refused = admin_client.post(plan_page, asked | {"amount": "1"} | wrong)
        assert (
            refused.status_code,
            "l-error" in refused.content.decode() or "l-problem" in refused.content.decode(),
        ) == (
            422,
            True,
        ), wrong
    # A plan for outputs that rest on another recording alone would change nothing of this one.
    elsewhere = admin_client.post(plan_page, asked | {"amount": "1000.01", "scope": "track", "scope_track": key("R1")})
    assert (elsewhere.status_code, "-45.00" in elsewhere.content.decode()) == (200, False)
    money_term = {
        "term_0_kind": "minimum", "term_0_side": "publishing", "term_0_amount": "700.00", "term_0_currency": "EUR",
        "term_0_recoupable": "no", "term_0_period_from": "2026-01-01", "term_0_period_to": "2026-04-01",
    }  # fmt: skip
    stated = asked | {"act": "state", "id": key("by hand"), "valid_from": "2026-01-01", "reason": "Agreed"} | money_term
    assert admin_client.post(plan_page, stated | {"reason": ""}).status_code == 422
    assert admin_client.post(plan_page, stated).status_code == 302
    assert admin_client.post(plan_page, stated).status_code == 302  # sent twice, stated once
    newest = o1.payer.get(PLANS).json()[-1]
    assert [(one["kind"], one["side"], one["minor"]) for one in newest["terms"]] == [("minimum", "publishing", 70000)]
    assert newest["masters_by"] == o1.payer.get(PLANS).json()[0]["masters_by"]
    assert filled_in(admin_client.get(plan_page))["term_0_amount"] == "700.00"
    assert [one["number"] for one in o1.payer.get(PLANS).json()] == [1, 2]
    assert o1.divide() == 1
    page = admin_client.get(f"/admin/rights/submission/{O1}/change/").content.decode()
    for said in ("Held, nobody’s yet", "The plan changed", "Our similarity, not influence", "(total variation "):
        assert said in page, said
    assert cents(o1.weights("DE")) == example.LIFTED_DE
