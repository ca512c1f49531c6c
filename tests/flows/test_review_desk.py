"""The review desk: what waits, one case with both sides of it, and what people decide there."""

from __future__ import annotations

import json
import re
from pathlib import Path
from typing import Any
from uuid import UUID, uuid4

import pytest
from django.contrib.auth.models import User
from django.template.loader import render_to_string
from django.test import Client
from django.utils import timezone

from fingerprint.evidence import Segment
from ledger import banding, rechecking, sequencer
from ledger.admin.bands import said
from ledger.models import BandsVersion, Membership, ReviewClaim
from ledger.reports import wrong
from rights.bands import NEVER, SHIPPED
from rights.models import Appeal, Decision, Review
from rights.vocabulary import Outcome
from tests.fingerprint.test_error_rates import DOCUMENT
from tests.flows.conftest import World, admitted, key, today
from tests.flows.test_listening import a_match, country, examined
from tests.flows.test_reviews import assert_whole, unheard

pytestmark = pytest.mark.django_db(transaction=True, databases="__all__")

Role = Membership.Role
QUEUE = "/admin/rights/review/"


def at_desk(user: User) -> Client:
    client = Client()
    client.force_login(user)
    return client


@pytest.fixture
def reviewer() -> Client:
    return at_desk(User.objects.create_superuser("first"))


@pytest.fixture
def other() -> Client:
    return at_desk(User.objects.create_superuser("other"))


def case(decision: Any) -> str:
    return f"{QUEUE}case/{decision}/"


def given(outcome: str, reason: str, **more: Any) -> dict[str, Any]:
    return {"id": str(uuid4()), "outcome": outcome, "reason": reason, "note": ""} | more


def text(answer: Any) -> str:
    return re.sub(r"\s+", " ", re.sub(r"<[^>]+>", " ", answer.content.decode()))


# --- the queue


def test_lists_what_waits_and_who_has_it(world: World, reviewer: Client, other: Client) -> None:
    first = unheard(world)["decision"]["id"]
    second = unheard(world, "later", title="Later")["decision"]["id"]
    page = reviewer.get(QUEUE)
    assert [str(row.decision.pk) for row in page.context["rows"]] == [first, second]
    assert "was declared as an ingredient" in text(page)
    assert page.context["rows"][0].due.look == "none"

    assert reviewer.post(f"{case(first)}claim/").status_code == 302
    counts = {name: count for name, _, count in other.get(QUEUE).context["chips"]}
    assert counts == {"all": 2, "mine": 0, "free": 1, "second": 0, "overdue": 0}
    assert [str(row.decision.pk) for row in reviewer.get(f"{QUEUE}?who=mine").context["rows"]] == [first]
    assert [str(row.decision.pk) for row in other.get(f"{QUEUE}?who=free").context["rows"]] == [second]
    assert other.get(QUEUE).context["rows"][0].at_it == "first"

    assert other.post(f"{case(first)}claim/").status_code == 302
    assert ReviewClaim.objects.get().reviewer.username == "first"
    assert "first has this case until" in text(other.get(case(first)))
    assert reviewer.post(f"{case(first)}release/").status_code == 302
    assert not ReviewClaim.objects.exists()


def test_shows_what_is_overdue_first(world: World, reviewer: Client, settings: Any) -> None:
    unheard(world)
    settings.LEDGER_REVIEW_DAYS = 0
    row = reviewer.get(f"{QUEUE}?who=overdue").context["rows"][0]
    assert row.due.look == "refused"
    assert "over" in row.due.said
    today = text(reviewer.get("/admin/"))
    assert "Waiting for a review 1 , 1 overdue" in today
    assert "overdue was due" in today


def test_filters_by_what_it_is_about(world: World, reviewer: Client) -> None:
    unheard(world)
    examined(world, a_match(country(), "version_match", probability_millionths=700_000), title="Played again")
    page = reviewer.get(QUEUE)
    assert dict(page.context["kinds"]) == {"ingredients_are_heard": "Not heard"}
    titles = [
        row.decision.submission.title for row in reviewer.get(f"{QUEUE}?about=ingredients_are_heard").context["rows"]
    ]
    assert titles == ["Country, sung"]
    # What nobody can be asked for changes nothing.
    assert len(reviewer.get(f"{QUEUE}?about=nonsense&who=nobody").context["rows"]) == 1


# --- one case


def test_shows_everything_that_a_reviewer_needs(world: World, reviewer: Client) -> None:
    world.register("piano", licensed=False, consenting=("label",))
    submission = examined(
        world,
        a_match(country(), probability_millionths=700_000),
        a_match(reference("piano"), "version_match", probability_millionths=650_000, output=Segment(3_000, 9_000)),
        title="Both",
    )
    decision = Decision.objects.get(submission=submission)
    assert decision.outcome == Outcome.REVIEW
    page = reviewer.get(case(decision.pk))
    said_ = text(page)
    assert "may be played again in the output" in said_
    assert "65 %, by the calibration of tunes/1" in said_
    # Both rights situations: the label agreed to piano, the publisher's side did not, and nothing licenses it.
    assert re.search(r"Master\s+On no license of the submitter", said_)
    assert re.search(r"Label all of it Agreed consent", said_)
    assert re.search(r"Publisher 2/3 \(66.67 %\) Has not agreed", said_)
    assert re.search(r"Master Licensed license", said_)
    assert "To clear it takes your own ears and judgment." in said_
    assert "Arranger 1" in said_
    assert "neither this audio nor what is heard in it" in said_
    first, second = page.context["page"].comparisons
    assert (first.kind, second.kind) == ("version_match", "exact_match")


def reference(name: str) -> UUID:
    from rights.models import Recording

    found = Recording.objects.get(pk=key(name)).reference_id
    assert found is not None
    return found


def test_clears_and_goes_on_to_the_next(world: World, reviewer: Client) -> None:
    first = unheard(world)["decision"]["id"]
    second = unheard(world, "later", title="Later")["decision"]["id"]
    answer = reviewer.post(f"{case(first)}decide/", given("cleared", "heard_after_all", note="Under the verse."))
    assert (answer.status_code, answer["Location"]) == (302, case(second))
    following = Decision.objects.get(supersedes=first)
    assert following.outcome == Outcome.CLEARED
    assert Review.objects.get().note == "Under the verse."
    after = text(reviewer.get(case(first)))
    assert "Settled: cleared." in after
    assert "the declared ingredient is there. Under the verse." in after.lower().replace(
        "under the verse", "Under the verse"
    )
    assert "data-decide" not in reviewer.get(case(first)).content.decode()
    row = Review.objects.get()
    assert "The declared ingredient is there" in text(reviewer.get(f"{QUEUE}{row.pk}/change/"))
    assert_whole()


@pytest.mark.parametrize(
    ("form", "says"),
    [
        (given("cleared", "not_heard"), "The reason speaks for the other outcome"),
        (given("", "not_heard"), "This field is required"),
        (given("refused", ""), "This field is required"),
        (given("refused", "hunch"), "Select a valid choice"),
        (given("review", "not_heard"), "Select a valid choice"),
        (given("refused", "not_heard", digest="abc"), "A SHA-256 has 64 hexadecimal digits"),
        (given("refused", "not_heard", note="x" * 601), "at most 600 characters"),
    ],
)
def test_says_what_is_wrong_with_a_review(form: dict[str, Any], says: str, world: World, reviewer: Client) -> None:
    first = unheard(world)["decision"]["id"]
    answer = reviewer.post(f"{case(first)}decide/", form)
    assert answer.status_code == 422
    assert says in text(answer)
    assert "Nothing was recorded" in text(answer)
    assert not Review.objects.exists()


def test_a_review_that_is_sent_twice_is_recorded_once(world: World, reviewer: Client, settings: Any) -> None:
    settings.LEDGER_TWO_REVIEWERS = frozenset({"refused"})
    first = unheard(world)["decision"]["id"]
    form = given("refused", "not_heard")
    assert reviewer.post(f"{case(first)}decide/", form).status_code == 302
    assert reviewer.post(f"{case(first)}decide/", form)["Location"] == case(first)
    assert Review.objects.count() == 1


def test_takes_two_where_it_takes_two(world: World, reviewer: Client, other: Client, settings: Any) -> None:
    settings.LEDGER_TWO_REVIEWERS = frozenset({"refused"})
    first = unheard(world)["decision"]["id"]
    assert "takes two people" in text(reviewer.get(case(first)))
    assert reviewer.post(f"{case(first)}decide/", given("refused", "not_heard")).status_code == 302
    assert not Decision.objects.filter(supersedes=first).exists()
    assert "You reviewed it. It takes somebody else now." in text(reviewer.get(case(first)))
    assert "Refused first" in re.sub(r"\s+", " ", text(other.get(case(first))))
    assert [str(row.decision.pk) for row in other.get(f"{QUEUE}?who=second").context["rows"]] == [first]
    assert list(reviewer.get(f"{QUEUE}?who=second").context["rows"]) == []
    assert other.post(f"{case(first)}decide/", given("refused", "not_heard")).status_code == 302
    assert Decision.objects.get(supersedes=first).outcome == Outcome.REFUSED


def test_is_given_to_somebody_by_the_operator(world: World, reviewer: Client) -> None:
    first = unheard(world)["decision"]["id"]
    label = admitted("listener", "label", Role.REVIEWER)
    assert reviewer.post(f"{case(first)}assign/", {"to": label.pk}).status_code == 302
    assert ReviewClaim.objects.get().reviewer == label
    own = admitted("of the house", "distributor", Role.REVIEWER)
    answer = reviewer.post(f"{case(first)}assign/", {"to": own.pk}, follow=True)
    assert "Reviews are for the operator" in text(answer)
    assert ReviewClaim.objects.get().reviewer == label
    for nonsense in ("", "x", "999999", "9" * 30):
        assert "Choose to whom it goes" in text(reviewer.post(f"{case(first)}assign/", {"to": nonsense}, follow=True))
    assert at_desk(label).post(f"{case(first)}assign/", {"to": own.pk}).status_code == 403


# --- who may


def test_is_for_those_who_hold_what_it_is_about(world: World) -> None:
    first = unheard(world)["decision"]["id"]
    people = {
        name: at_desk(admitted(f"of {name}", name, Role.REVIEWER))
        for name in ("label", "distributor", "rival", "writer")
    }
    shown = {name: client.get(case(first)) for name, client in people.items()}
    statuses = {name: page.status_code for name, page in shown.items()}
    assert statuses == {"label": 200, "distributor": 200, "rival": 404, "writer": 200}
    assert "data-decide" not in shown["writer"].content.decode()  # it holds a part of the work, and not the recording
    assert "data-decide" in shown["label"].content.decode()
    assert "Nobody reviews what their own house submitted" in text(shown["distributor"])
    form = given("cleared", "heard_after_all")
    for name, act in (("distributor", "decide"), ("distributor", "claim"), ("rival", "decide"), ("rival", "claim")):
        assert people[name].post(f"{case(first)}{act}/", form).status_code in {403, 404}
    assert not Review.objects.exists()
    assert people["label"].post(f"{case(first)}decide/", form).status_code == 302
    # The submitter reads what was found, and not by whom.
    said_ = text(people["distributor"].get(case(first)))
    assert "a reviewer" in said_
    assert "of label" not in said_


def test_is_closed_to_strangers_and_to_other_roles(world: World) -> None:
    first = unheard(world)["decision"]["id"]
    assert Client().get(case(first)).status_code == 302
    finance = at_desk(admitted("counter", "label", Role.FINANCE))
    assert "data-decide" not in finance.get(case(first)).content.decode()
    assert finance.post(f"{case(first)}decide/", given("refused", "not_heard")).status_code == 403
    reviewer = at_desk(User.objects.create_superuser("first"))
    assert reviewer.post(f"{case(uuid4())}claim/").status_code == 404
    assert reviewer.get(f"{case(first)}claim/").status_code == 405
    assert reviewer.post(f"{case(first)}nonsense/").status_code == 404


# --- appeals


def test_an_appeal_goes_from_the_output_to_another_person(world: World, reviewer: Client, other: Client) -> None:
    world.register("piano", licensed=False, consenting=())
    found = world.settle(world.submit("patched", world.sounds.patched(), key("country"), title="Patched")["id"])
    decision = found["decision"]["id"]
    house = at_desk(admitted("of the house", "distributor", Role.DISTRIBUTOR))
    output = f"/admin/rights/submission/{found['id']}/change/"
    against = f"/admin/rights/appeal/against/{decision}/"
    assert against in house.get(output).content.decode()
    rival = at_desk(admitted("of the rival", "rival", Role.DISTRIBUTOR))
    assert rival.get(against).status_code == 404

    form = {"id": str(uuid4()), "ground": "not_the_same", "statement": "We programmed it.", "kind_1": "session_file"}
    answer = house.post(against, form)
    assert answer.status_code == 422
    assert "Give the ISRC, or the SHA-256 of the file" in text(answer)
    answer = house.post(against, form | {"value_1": "ab" * 31})
    assert "A SHA-256 has 64 hexadecimal digits" in text(answer)
    answer = house.post(against, form | {"kind_1": "prior_isrc", "value_1": "nonsense"})
    assert answer.status_code == 422
    assert house.post(against, form | {"value_1": "AB" * 32}).status_code == 302
    appeal = Appeal.objects.get()
    assert appeal.evidence.get().digest == "ab" * 32
    assert house.get(against).status_code == 403  # once

    page = f"/admin/rights/appeal/{appeal.pk}/change/"
    assert "Waits for an answer" in text(other.get("/admin/rights/appeal/"))
    assert "We programmed it." in text(other.get(page))
    assert "Answer…" not in text(house.get(page))
    assert house.get(f"/admin/rights/appeal/{appeal.pk}/answer/").status_code == 403
    reply = {"id": str(uuid4()), "answer": "upheld", "reason": "same_material", "note": ""}
    assert "speaks for the other answer" in text(other.post(f"/admin/rights/appeal/{appeal.pk}/answer/", reply))
    reply |= {"reason": "not_the_same"}
    late = reply | {"expires_on": "2020-01-01"}
    assert "expires" in text(other.post(f"/admin/rights/appeal/{appeal.pk}/answer/", late))
    answer = other.post(f"/admin/rights/appeal/{appeal.pk}/answer/", reply, follow=True)
    assert "The output was judged again: cleared." in text(answer)
    assert "Upheld" in text(answer)
    assert "What it taught Recording Does not stop this submitter until Piano" in text(answer)
    assert_whole()
    assert "Appeal answered" in text(other.get("/admin/ledger/entry/"))


# --- bands


def drafted(client: Client, **changes: str) -> Any:
    page = client.get("/admin/ledger/bandsversion/add/")
    form = {field.html_name: field.value() or "" for field in page.context["form"]} | changes
    return client.post("/admin/ledger/bandsversion/add/", form)


def test_bands_are_tried_before_two_people_put_them_in_force(world: World, reviewer: Client, other: Client) -> None:
    world.register("piano", licensed=False, consenting=())
    world.settle(world.submit("patched", world.sounds.patched(), key("country"), title="Patched")["id"])
    name = "exact_match-any-{}-{}".format
    answer = drafted(
        reviewer,
        note="A person looks first.",
        **{name("score", "block_from"): "never", name("probability", "block_from"): "never"},
    )
    assert answer.status_code == 302
    row = BandsVersion.objects.get()
    page = reviewer.get(answer["Location"])
    assert "See first what they would have changed" in text(page)
    assert "Propose" not in text(page)
    page = reviewer.get(f"{answer['Location']}?tried=100")
    said_ = text(page)
    assert "1 output was judged; 1 would come out otherwise." in said_
    assert "Patched Refused For review" in said_
    propose = f"/admin/ledger/bandsversion/{row.pk}/propose/"
    assert reviewer.post(propose, {"id": str(uuid4()), "reason": ""}).status_code == 302
    assert "Say why" in text(reviewer.get(answer["Location"]))
    reviewer.post(propose, {"id": str(uuid4()), "reason": "False alarms in June."})
    assert "somebody else has to agree" in text(reviewer.get(answer["Location"]))
    agree = f"/admin/ledger/bandsversion/{row.pk}/answer/"
    reviewer.post(agree, {"answer": "agree"})
    assert banding.in_force(at=timezone.now()).id == SHIPPED.id
    assert "Agree: in force from now on" in text(other.get(f"{answer['Location']}?tried=100"))
    other.post(agree, {"answer": "agree"})
    assert banding.in_force(at=timezone.now()).id == row.pk
    assert "Version 1" in text(other.get("/admin/ledger/bandsversion/"))
    sequencer.drain(at=timezone.now())
    assert_whole()


@pytest.mark.parametrize(
    ("field", "value", "says"),
    [
        ("exact_match-any-score-review_from", "", "fill in all four, or none"),
        ("exact_match-own_catalogue-score-review_from", "5", "fill in all four, or none"),
        ("voice_match-any-score-block_from", "101", "From 0 to 100, or never"),
        ("voice_match-any-score-block_from", "-1", "From 0 to 100, or never"),
        ("voice_match-any-score-block_from", "1.00001", "Four places behind the point at most"),
        ("voice_match-any-score-block_from", "NaN", "Four places behind the point at most"),
        ("voice_match-any-score-block_from", "much", "Per cent such as 99.9, or never"),
        ("version_match-any-probability-block_from", "10", "review_from is at most block_from"),
    ],
)
def test_says_what_is_wrong_with_bands(field: str, value: str, says: str, trade: World, reviewer: Client) -> None:
    answer = drafted(reviewer, **{field: value})
    assert answer.status_code == 422
    assert says in text(answer)
    assert not BandsVersion.objects.exists()


def test_bands_are_the_operators(world: World, reviewer: Client) -> None:
    assert "These are the bands that the release ships" in text(drafted(reviewer))
    drafted(reviewer, **{"exact_match-any-score-block_from": "never"})
    row = BandsVersion.objects.get()
    label = at_desk(admitted("of label", "label", Role.RIGHTS_MANAGER))
    assert "99.9 %" in text(label.get("/admin/ledger/bandsversion/"))
    page = label.get(f"/admin/ledger/bandsversion/{row.pk}/change/?tried=100")
    assert page.status_code == 200
    assert page.context["simulation"] is None  # it names everybody's outputs
    assert label.get("/admin/ledger/bandsversion/add/").status_code == 403
    for act in ("propose", "answer"):
        assert label.post(f"/admin/ledger/bandsversion/{row.pk}/{act}/", {"answer": "agree"}).status_code == 403


@pytest.mark.parametrize(
    ("value", "words"), [(NEVER, "never"), (999_000, "99.9 %"), (0, "0 %"), (1, "0.0001 %"), (1_000_000, "100 %")]
)
def test_says_thresholds_exactly(value: int, words: str) -> None:
    assert said(value) == words


# --- how often it is wrong


def test_says_plainly_what_was_not_measured(tmp_path: Path, trade: World, reviewer: Client) -> None:
    page = reviewer.get("/reports/error-rates")
    assert page.status_code == 200
    assert "style-src 'sha256-" in page["Content-Security-Policy"]
    nothing = wrong.page(SHIPPED, tmp_path / "none.json")
    said_ = re.sub(
        r"<[^>]+>", " ", render_to_string("ledger/reports/wrong.html", {"page": nothing, "at": timezone.now()})
    )
    assert "Nothing was measured." in said_
    assert said_.count("Not measured") >= 6  # of each kind, both ways round
    assert Client().get("/reports/error-rates").status_code == 302


def test_shows_how_many_innocent_tracks_are_stopped(tmp_path: Path) -> None:
    file = tmp_path / "rates.json"
    more = {"genre": "folk_and_country", "n": 500, "stopped": 0, "low": 0, "high": 0.0076}
    file.write_text(json.dumps(DOCUMENT | {"negatives": [*DOCUMENT["negatives"], more]}))
    page = wrong.page(SHIPPED, file)
    exact, version, voice = page.kinds
    assert exact.judged is None
    assert exact.total is not None
    assert (exact.total.said, exact.total.count, exact.total.n) == ("6.7", 1, 1_500)
    assert [bar.name for bar in exact.genres] == ["Rock", "Folk and country"]
    assert exact.genres[1].x == exact.genres[1].low_x == 0
    assert exact.genres[1].high_x == 800
    assert exact.lines[0].cells[0] is not None
    assert exact.lines[0].cells[0].said == "98 %"
    assert version.total is voice.total is None
    html = render_to_string("ledger/reports/wrong.html", {"page": page, "at": timezone.now()})
    assert "in 1 of 1500 tracks anything was reported at all" in html
    assert page.rates is not None
    lines = wrong.table(page.rates).split("\r\n")
    assert lines[1] == "innocent stopped,exact_match,rock,,1000,1,,0.001000,0.000200,0.006000,2026-11-29"
    assert lines[3] == "found,exact_match,clean,2,100,98,1,0.980000,0.930000,0.995000,2026-11-29"
    file.write_text("[]")
    assert wrong.page(SHIPPED, file).fault == "Error rates are an object."


@pytest.mark.parametrize(
    ("probability", "score", "refused", "held"),
    [
        (999_000, 1, 1, 0),  # from here on a machine refuses alone
        (998_999, 999_999, 0, 1),
        (500_000, 1, 0, 1),
        (499_999, 999_999, 0, 0),
        (None, 1, 1, 0),  # where nobody calibrated the detector, its word counts
    ],
)
def test_counts_by_the_bands_in_force(
    probability: int | None, score: int, refused: int, held: int, tmp_path: Path
) -> None:
    file = tmp_path / "rates.json"
    [innocent] = DOCUMENT["negatives"]
    file.write_text(json.dumps(DOCUMENT | {"negatives": [innocent | {"strongest": [[probability, score]]}]}))
    page = wrong.page(SHIPPED, file)
    judged = page.kinds[0].judged
    assert judged is not None
    assert [bar.count for bar in judged] == [refused, held]
    html = render_to_string("ledger/reports/wrong.html", {"page": page, "at": timezone.now()})
    assert f"{refused} of 1000 tracks." in html


# --- what is out


def test_shows_what_is_out_and_would_be_stopped_now(world: World, reviewer: Client) -> None:
    found = world.cleared()
    assert "Out, and would be stopped now" not in text(reviewer.get(QUEUE))
    withdrawal = {"id": key("withdrawal"), "actor": key("label"), "effective_on": today().isoformat()}
    world.state(f"/v1/consents/{key('consent country label')}/withdrawals", withdrawal)
    rechecking.sweep(at=timezone.now())
    assert "Country, sung Refused Consent ended" in text(reviewer.get(QUEUE))
    output = text(reviewer.get(f"/admin/rights/submission/{found['id']}/change/"))
    assert re.search(r"Looked at again .* Consent ended Refused A holder of the master side", output)
    sequencer.drain(at=timezone.now())
    assert "Rechecked" in text(reviewer.get("/admin/ledger/entry/"))
    rival = at_desk(admitted("of the rival", "rival", Role.REVIEWER))
    assert "Country, sung" not in text(rival.get(QUEUE))
