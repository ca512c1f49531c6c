"""Each rule of a release, by tables: the boundary, one side of it, and the other."""

from __future__ import annotations

from datetime import date
from typing import Any
from uuid import UUID

import pytest

from rights import rules
from rights.case import DeclaredIngredient, Effect, LicenseTerm, SaidByOthers
from tests.rights.cases import (
    AFTER,
    BEFORE,
    DAY,
    GOOD,
    HERE,
    LONG_AGO,
    MASTER,
    OTHER,
    SONG,
    USES,
    WORK,
    Case,
    consent,
    contribution,
    key,
    license_of,
    match,
    material,
    share,
)

SIDES = "master", "publishing"


def said(case: Case, rule: rules.Rule) -> str:
    """Return what the rule finds, as one text; empty where the obligation holds."""
    return " ".join(finding.sentence for finding in case.judged_by(rule))


def effects(case: Case, rule: rules.Rule) -> set[Effect]:
    return {finding.effect for finding in case.judged_by(rule)}


@pytest.mark.parametrize("rule", rules.RULES, ids=lambda rule: rule.__name__)
def test_finds_nothing_in_a_case_that_clears(rule: rules.Rule) -> None:
    assert GOOD.judged_by(rule) == []


def test_are_numbered_in_the_order_in_which_they_judge() -> None:
    numbers = [(rule.__doc__ or "").strip().split(".")[0] for rule in rules.RULES]
    assert numbers == [str(number) for number in range(1, len(rules.RULES) + 1)]


# --- 1. audio_can_be_compared


@pytest.mark.parametrize(
    ("duration_ms", "peak_millionths", "expected"),
    [
        (5_000, 1_000, ""),
        (5_001, 1_001, ""),
        (4_999, 1_000, "lasts 5.0 s; under 5 s"),
        (1_240, 900_000, "lasts 1.2 s"),
        (0, 0, "lasts 0.0 s"),  # short comes first: how loud five milliseconds are says nothing
        (5_000, 999, "is silent"),
        (3_600_000, 0, "is silent"),
    ],
)
def test_want_audio_that_can_be_compared(duration_ms: int, peak_millionths: int, expected: str) -> None:
    case = GOOD.measuring(match(SONG), duration_ms=duration_ms, peak_millionths=peak_millionths)
    found = case.judged_by(rules.audio_can_be_compared)
    assert [finding.effect for finding in found] == ([Effect.REVIEW] if expected else [])
    assert expected in said(case, rules.audio_can_be_compared)


# --- 2. matches_are_declared


def test_refuse_a_recording_that_is_heard_and_not_declared() -> None:
    case = GOOD.claiming(ingredients=())
    (finding,) = case.judged_by(rules.matches_are_declared)
    assert finding.effect is Effect.REFUSE
    assert finding.sentence == (
        "“Song” is in the output from 0:00 to 0:10 (in the recording 1:00 to 1:10) and was not declared."
    )
    assert finding.rests_on == (SONG.recording.id,)
    assert finding.matches == (0,)


def test_name_the_first_place_of_an_undeclared_recording_and_count_the_rest() -> None:
    heard = (match(OTHER, start_s=3), match(SONG, start_s=20), match(OTHER, start_s=65))
    case = GOOD.measuring(*heard).knowing(materials=(SONG, OTHER))
    (finding,) = case.judged_by(rules.matches_are_declared)
    assert "from 0:03 to 0:13 (in the recording 1:03 to 1:13, and 1 more)" in finding.sentence
    assert finding.matches == (0, 2)


def test_find_each_undeclared_recording_apart() -> None:
    case = GOOD.claiming(ingredients=()).measuring(match(SONG), match(OTHER)).knowing(materials=(SONG, OTHER))
    found = case.judged_by(rules.matches_are_declared)
    assert [finding.rests_on for finding in found] == [(SONG.recording.id,), (OTHER.recording.id,)]


def test_ask_somebody_to_look_at_a_reference_that_belongs_to_no_recording() -> None:
    case = GOOD.measuring(match(SONG), match(None))
    (finding,) = case.judged_by(rules.matches_are_declared)
    assert (finding.effect, finding.matches) == (Effect.REVIEW, (1,))
    assert finding.rests_on == (key("nobody's reference"),)


def test_do_not_take_a_declared_recording_for_another_that_is_heard() -> None:
    case = GOOD.measuring(match(OTHER)).knowing(materials=(SONG, OTHER))
    assert effects(case, rules.matches_are_declared) == {Effect.REFUSE}


# --- 3. ingredients_are_heard


@pytest.mark.parametrize(
    ("case", "expected"),
    [
        (GOOD, ""),
        (GOOD.measuring(), "it was not found in the audio"),
        (GOOD.measuring(match(OTHER)).knowing(materials=(SONG, OTHER)), "it was not found in the audio"),
        (GOOD.measuring().knowing(materials=(material("song", has_audio=False),)), "no audio of it is registered"),
        (GOOD.claiming(ingredients=()), ""),  # what is heard is the business of the rule before
    ],
)
def test_want_declared_ingredients_to_be_heard(case: Case, expected: str) -> None:
    assert effects(case, rules.ingredients_are_heard) == ({Effect.REVIEW} if expected else set())
    assert expected in said(case, rules.ingredients_are_heard)


# --- 4. ingredients_are_licensed


def on(name: str = "license", **changed: object) -> LicenseTerm:
    return license_of(SONG, name=name, **changed)


ONLY_MASTER = frozenset({MASTER.id})
ONLY_WORK = frozenset({WORK.id})
ONE_USE = frozenset({"infer.input"})


@pytest.mark.parametrize(
    ("licenses", "sides", "expected"),
    [
        # The period is [from, to).
        ([on(active_from=DAY)], (), ""),
        ([on(active_from=BEFORE)], (), ""),
        ([on(active_from=AFTER)], SIDES, "has no license in force on 2027-03-01"),
        ([on(active_to=AFTER)], (), ""),
        ([on(active_to=DAY)], SIDES, "has no license in force on 2027-03-01"),
        ([on(active_to=BEFORE)], SIDES, "has no license in force on 2027-03-01"),
        ([on(active_to=None)], (), ""),
        # Every use and every territory.
        ([on(uses=USES | {"distribute.inside"})], (), ""),
        ([on(uses=ONE_USE)], SIDES, "is licensed, but not for the use distribute.outside."),
        ([on(uses=frozenset())], SIDES, "not for the use distribute.outside and the use infer.input."),
        ([on(territories=HERE | {"US"})], (), ""),
        ([on(territories=HERE - {"FR"})], SIDES, "is licensed, but not for France."),
        ([on(territories=frozenset({"US"}))], SIDES, "not for Germany, France."),
        ([on(uses=ONE_USE, territories=frozenset({"DE"}))], SIDES, "the use distribute.outside and France."),
        # Every side.
        ([], SIDES, "is on no license of the submitter"),
        ([on(asset_ids=frozenset())], SIDES, "is on no license of the submitter"),
        ([on(asset_ids=ONLY_MASTER)], ("publishing",), "The publishing side, “Song, composed”, is on no license"),
        ([on(asset_ids=ONLY_WORK)], ("master",), "The master side, “Song”, is on no license"),
        ([on(asset_ids=ONLY_MASTER), on("second", asset_ids=ONLY_WORK)], (), ""),
        # Of this licensee.
        ([on(licensee_id=key("rival"))], SIDES, "is on no license of the submitter"),
        ([on(licensee_id=key("rival")), on("ours")], (), ""),
        # Several licenses do not add up, but one that covers is enough.
        (
            [on(uses=ONE_USE), on("second", uses=USES - ONE_USE)],
            SIDES,
            "is licensed, but not for the use",
        ),
        (
            [on(territories=frozenset({"DE"})), on("second", territories=frozenset({"FR"}))],
            SIDES,
            "is licensed, but not for",
        ),
        ([on(uses=ONE_USE), on("second")], (), ""),
        ([on(active_to=DAY), on("renewed", active_from=DAY)], (), ""),  # without a gap
        # The nearest license says what is missing.
        (
            [on(uses=ONE_USE, territories=frozenset({"DE"})), on("second", territories=frozenset({"DE"}))],
            SIDES,
            "is licensed, but not for France.",
        ),
    ],
)
def test_want_a_license_for_each_side(licenses: list[LicenseTerm], sides: tuple[str, ...], expected: str) -> None:
    case = GOOD.licensed(*licenses)
    found = case.judged_by(rules.ingredients_are_licensed)
    assert [finding.effect for finding in found] == [Effect.REFUSE] * len(sides)
    missing = {MASTER.id: "master", WORK.id: "publishing"}
    assert tuple(missing[finding.rests_on[0]] for finding in found) == sides
    assert expected in said(case, rules.ingredients_are_licensed)


MODEL, V1, V2 = key("model"), key("v1"), key("v2")
BY_V1 = {"model_id": MODEL, "model_version_id": V1}
FOR_ADS = {"purposes": frozenset({"advertising"})}


@pytest.mark.parametrize(
    ("claimed", "changed", "expected"),
    [
        # A license that is bound to versions of a model covers what one of them made, and says so of nothing else.
        (BY_V1, {"model_versions": frozenset({V1})}, ""),
        (BY_V1, {"model_versions": frozenset({V1, V2})}, ""),
        (BY_V1, {"model_versions": frozenset()}, ""),
        (BY_V1, {"model_versions": frozenset({V2})}, "names none of the model versions"),
        ({}, {"model_versions": frozenset({V1})}, "names none of the model versions"),
        # What it bars it does not cover.
        (FOR_ADS, {"barred": frozenset({"advertising"})}, "not for the purpose advertising."),
        (FOR_ADS, {"barred": frozenset({"political"})}, ""),
        ({}, {"barred": frozenset({"advertising"})}, ""),
    ],
)
def test_want_a_license_for_what_made_it_and_what_it_is_for(
    claimed: dict[str, Any], changed: dict[str, Any], expected: str
) -> None:
    license_ = on(**changed)
    case = GOOD.claiming(**claimed).licensed(license_)
    assert expected in said(case, rules.ingredients_are_licensed)
    assert effects(case, rules.ingredients_are_licensed) == ({Effect.REFUSE} if expected else set())
    # What a clearance rests on is chosen by the same measure.
    assert bool(case.terms.covering(case.claim, {MASTER.id})) is not bool(expected)


@pytest.mark.parametrize(
    ("claimed", "changed", "expected"),
    [
        (BY_V1, {"model_version_id": V1}, ""),
        (BY_V1, {"model_id": MODEL}, ""),
        (BY_V1, {"model_version_id": V2}, "consented, but not to these uses by this model"),
        ({}, {"model_version_id": V1}, "consented, but not to these uses in"),
        (FOR_ADS, {"barred": frozenset({"advertising"})}, "consented, but not to these uses for these purposes"),
        (FOR_ADS, {"barred": frozenset({"political"})}, ""),
    ],
)
def test_want_consent_to_what_made_it_and_what_it_is_for(
    claimed: dict[str, Any], changed: dict[str, Any], expected: str
) -> None:
    case = GOOD.claiming(**claimed).consented("label", consent(MASTER, "label", **changed))
    assert effects(case, rules.holders_consent) == ({Effect.REFUSE} if expected else set())
    assert expected in said(case, rules.holders_consent)


def test_refuse_a_recording_without_a_work() -> None:
    alone = material("song", works=0)
    case = GOOD.knowing(materials=(alone,)).licensed(license_of(alone))
    (finding,) = case.judged_by(rules.ingredients_are_licensed)
    assert finding.effect is Effect.REFUSE
    assert "no work is registered" in finding.sentence


def test_want_a_license_for_every_work_in_a_medley() -> None:
    medley = material("song", works=3)
    case = GOOD.knowing(materials=(medley,)).licensed(
        license_of(medley, asset_ids=frozenset({medley.recording.id, medley.works[1].id}))
    )
    found = case.judged_by(rules.ingredients_are_licensed)
    assert {finding.rests_on[0] for finding in found} == {medley.works[0].id, medley.works[2].id}


def test_want_a_license_for_every_ingredient() -> None:
    both = tuple(DeclaredIngredient(one.recording.id) for one in (SONG, OTHER))
    case = GOOD.claiming(ingredients=both).knowing(materials=(SONG, OTHER))
    found = case.judged_by(rules.ingredients_are_licensed)
    assert {finding.rests_on[0] for finding in found} == {asset.id for asset in OTHER.assets}


def test_name_the_license_that_comes_nearest() -> None:
    near, far = on("near", uses=ONE_USE), on("far", uses=frozenset())
    for licenses in ((near, far), (far, near)):
        found = GOOD.licensed(*licenses).judged_by(rules.ingredients_are_licensed)
        assert [finding.rests_on[1] for finding in found] == [near.id, near.id]


# --- 5. holders_consent


@pytest.mark.parametrize(
    ("changed", "expected"),
    [
        # The period is [from, to).
        ({"active_from": DAY}, ""),
        ({"active_from": BEFORE}, ""),
        ({"active_from": AFTER}, "consented, but not to these uses in these territories on 2027-03-01"),
        ({"active_to": AFTER}, ""),
        ({"active_to": DAY}, "consented, but not to these uses"),
        ({"active_to": BEFORE}, "consented, but not to these uses"),
        # A withdrawal acts on its day, and not a day earlier.
        ({"withdrawn_on": AFTER}, ""),
        ({"withdrawn_on": DAY}, "withdrew consent with effect from 2027-03-01; the release would be on 2027-03-01"),
        ({"withdrawn_on": BEFORE}, "withdrew consent with effect from 2027-02-28"),
        ({"withdrawn_on": LONG_AGO}, "withdrew consent with effect from 2026-01-01"),
        # Uses and territories.
        ({"uses": USES | {"distribute.inside"}}, ""),
        ({"uses": ONE_USE}, "consented, but not to these uses"),
        ({"territories": HERE | {"US"}}, ""),
        ({"territories": HERE - {"FR"}}, "consented, but not to these uses in these territories"),
        # For this licensee, or for any.
        ({"licensee_id": key("distributor")}, ""),
        ({"licensee_id": None}, ""),
        ({"licensee_id": key("rival")}, "has not consented"),
        # By this holder, for this asset.
        ({"party_id": key("somebody else")}, "has not consented"),
        ({"asset_id": WORK.id}, "has not consented"),
        # Outside its period a withdrawn consent is no consent at all.
        ({"active_from": AFTER, "withdrawn_on": DAY}, "consented, but not to these uses"),
    ],
)
def test_want_consent_of_a_holder(changed: dict[str, Any], expected: str) -> None:
    case = GOOD.consented("label", consent(MASTER, "label", **changed))
    assert effects(case, rules.holders_consent) == ({Effect.REFUSE} if expected else set())
    assert expected in said(case, rules.holders_consent)


@pytest.mark.parametrize("holder", ["label", "publisher", "writer"])
def test_want_consent_of_every_holder_of_both_sides(holder: str) -> None:
    (finding,) = GOOD.consented(holder).judged_by(rules.holders_consent)
    held = next(one for one in GOOD.terms.shares if one.party_id == key(holder))
    assert finding.effect is Effect.REFUSE
    assert finding.rests_on == (held.asset_id, held.id)


@pytest.mark.parametrize(
    ("consents", "expected"),
    [
        ([{}, {}], ""),
        ([{"withdrawn_on": LONG_AGO}, {}], ""),  # a new consent after a withdrawal
        ([{"withdrawn_on": DAY}, {"withdrawn_on": AFTER}], ""),
        ([{"withdrawn_on": BEFORE}, {"withdrawn_on": DAY}], "withdrew consent with effect from 2027-03-01"),
        ([{"active_to": DAY}, {"active_from": DAY}], ""),  # without a gap
        # Each is an agreement of its own: halves do not add up.
        ([{"uses": ONE_USE}, {"uses": USES - ONE_USE}], "consented, but not to these uses"),
        ([{"territories": frozenset({"DE"})}, {"territories": frozenset({"FR"})}], "consented, but not"),
        ([{"licensee_id": key("rival")}, {"licensee_id": key("distributor")}], ""),
        ([{"licensee_id": key("distributor"), "withdrawn_on": DAY}, {"licensee_id": None}], ""),
        ([{"licensee_id": key("rival")}, {"uses": ONE_USE}], "consented, but not to these uses"),
    ],
)
def test_need_one_consent_that_covers(consents: list[dict[str, Any]], expected: str) -> None:
    given = [consent(MASTER, "label", name=str(number), **changed) for number, changed in enumerate(consents)]
    for order in (given, given[::-1]):
        case = GOOD.consented("label", *order)
        assert effects(case, rules.holders_consent) == ({Effect.REFUSE} if expected else set())
        assert expected in said(case, rules.holders_consent)


def test_rest_a_withdrawal_on_the_consent_and_all_its_events() -> None:
    granted, withdrawn = key("granted"), key("withdrawn")
    given = consent(MASTER, "label", withdrawn_on=DAY, event_ids=(granted, withdrawn))
    (finding,) = GOOD.consented("label", given).judged_by(rules.holders_consent)
    assert finding.rests_on[2:] == (given.id, granted, withdrawn)


@pytest.mark.parametrize(
    ("parts", "expected", "effect"),
    [
        ({"label": "1"}, "", set()),
        ({"label": "1/3", "publisher": "2/3"}, "", set()),
        ({"label": "999999/1000000", "publisher": "1/1000000"}, "", set()),
        ({"label": "999999/1000000"}, "the registered shares add up to 999999/1000000", {Effect.REFUSE}),
        ({"label": "1/2"}, "the registered shares add up to 1/2", {Effect.REFUSE}),
        # Contested: every claimant may agree, and still somebody must say whose word counts.
        ({"label": "1", "publisher": "1/1000000"}, "add up to 1000001/1000000, so who may agree", {Effect.REVIEW}),
        ({"label": "1", "publisher": "1"}, "the registered shares add up to 2", {Effect.REVIEW}),
    ],
)
def test_want_shares_that_are_the_whole(parts: dict[str, str], expected: str, effect: set[Effect]) -> None:
    case = GOOD.owned(*(share(MASTER, holder, part) for holder, part in parts.items()))
    case = case.consented("publisher", *(consent(asset, "publisher") for asset in (MASTER, WORK)))
    assert expected in said(case, rules.holders_consent)
    assert effects(case, rules.holders_consent) == effect


def test_refuse_an_asset_that_nobody_holds() -> None:
    case = GOOD.knowing(shares=tuple(one for one in GOOD.terms.shares if one.asset_id != MASTER.id))
    (finding,) = case.judged_by(rules.holders_consent)
    assert finding.sentence == ("The master side, “Song”: nobody is registered as holding it in Germany, France.")


def test_name_the_territories_where_shares_are_not_the_whole() -> None:
    case = GOOD.owned(
        share(MASTER, "label", "1", where=frozenset({"DE"})), share(MASTER, "label", "1/2", where=frozenset({"FR"}))
    )
    (finding,) = case.judged_by(rules.holders_consent)
    assert "the registered shares add up to 1/2 in France." in finding.sentence


def test_do_not_ask_a_holder_of_other_territories() -> None:
    case = GOOD.owned(share(MASTER, "label", "1"), share(MASTER, "abroad", "1", where=frozenset({"US"})))
    assert case.judged_by(rules.holders_consent) == []


def test_ask_a_holder_only_for_the_claimed_territories_of_the_share() -> None:
    case = GOOD.owned(
        share(MASTER, "label", "1", where=frozenset({"DE", "US"})),
        share(MASTER, "french label", "1", where=frozenset({"FR", "US"})),
    )
    german = consent(MASTER, "label", territories=frozenset({"DE"}))
    french = consent(MASTER, "french label", territories=frozenset({"FR"}))
    case = case.consented("label", german)
    assert "has not consented" in said(case, rules.holders_consent)
    assert case.consented("french label", french).judged_by(rules.holders_consent) == []
    swapped = case.consented("french label", consent(MASTER, "french label", territories=frozenset({"DE"})))
    assert "consented, but not to these uses in these territories" in said(swapped, rules.holders_consent)


def test_ask_a_holder_of_two_shares_once() -> None:
    half = share(MASTER, "label", "1/2")
    again = share(MASTER, "label", "1/2", where=HERE)
    case = GOOD.owned(half, again).consented("label")
    assert len(case.judged_by(rules.holders_consent)) == 1


def test_ask_nobody_where_nothing_is_declared() -> None:
    case = GOOD.claiming(ingredients=()).knowing(shares=(), consents=(), licenses=()).measuring()
    assert case.judged_by(rules.holders_consent) == []
    assert case.judged_by(rules.ingredients_are_licensed) == []


# --- 6. making_is_declared


@pytest.mark.parametrize(
    ("contributions", "expected"),
    [
        ((contribution(),), ""),
        ((), "Nothing is declared"),
        ((contribution(ai_level="partly", tool="Model 3"),), ""),
        ((contribution(ai_level="all", tool="Model 3", actor_id=None),), ""),
        ((contribution(ai_level="partly"),), "Lead vocal was made with a machine that is not named."),
        ((contribution(ai_level="all"),), "Lead vocal was made with a machine that is not named."),
        ((contribution(), contribution(component="melody", ai_level="all")), "Melody was made with a machine"),
        ((contribution(tool="Tuner 2"),), ""),  # a tool without AI may be named
    ],
)
def test_want_the_making_to_be_declared(contributions: tuple[object, ...], expected: str) -> None:
    case = GOOD.claiming(contributions=contributions)
    assert effects(case, rules.making_is_declared) == ({Effect.REVIEW} if expected else set())
    assert expected in said(case, rules.making_is_declared)


# --- 9. claims_by_others_agree

MACHINE = ("trainedAlgorithmicMedia",)


@pytest.mark.parametrize(
    ("others", "contributions", "expected", "words"),
    [
        (None, (contribution(),), set(), ""),
        ({}, (contribution(),), set(), ""),
        ({"machines": MACHINE}, (contribution(),), {Effect.REVIEW}, "a machine made some of it (trainedAlgorithmic"),
        ({"machines": MACHINE}, (), {Effect.REVIEW}, "nothing of the kind is declared"),
        ({"machines": MACHINE}, (contribution(ai_level="partly", tool="Model 3"),), set(), ""),
        # Mixing by a machine is not what a generator's manifest speaks of.
        (
            {"machines": MACHINE},
            (contribution(), contribution(component="mastering", ai_level="all", tool="Loud 2")),
            {Effect.REVIEW},
            "nothing of the kind is declared",
        ),
        ({"is_broken": True}, (contribution(),), {Effect.REVIEW}, "was changed after signing"),
        ({"is_readable": False}, (contribution(),), {Effect.REVIEW}, "cannot be read"),
        ({"broken_parts": ("Choir",)}, (contribution(),), {Effect.PASS}, "does not hold: “Choir”."),
        ({"broken_parts": tuple("abcde")}, (contribution(),), {Effect.PASS}, "“a”, “b”, “c” and 2 more."),
    ],
)
def test_compare_claims_by_others_with_what_is_declared(
    others: dict[str, object] | None, contributions: tuple[object, ...], expected: set[Effect], words: str
) -> None:
    known = {"id": key("claims"), "is_readable": True, "is_broken": False, "machines": ()}
    said_by_others = None if others is None else SaidByOthers(**{**known, **others})  # type: ignore[arg-type]
    case = GOOD.claiming(contributions=contributions).knowing(others=said_by_others)
    assert effects(case, rules.claims_by_others_agree) == expected
    assert words in said(case, rules.claims_by_others_agree)
    assert all(finding.rests_on == (key("claims"),) for finding in case.judged_by(rules.claims_by_others_agree))


# --- what every finding owes its reader


DEFECTIVE = [
    GOOD.licensed(),
    GOOD.licensed(on(active_to=DAY)),
    GOOD.licensed(on(uses=ONE_USE)),
    GOOD.consented("writer"),
    GOOD.consented("writer", consent(WORK, "writer", withdrawn_on=DAY)),
    GOOD.knowing(shares=()),
    GOOD.claiming(ingredients=()),
    GOOD.measuring(),
]


@pytest.mark.parametrize("case", DEFECTIVE)
def test_rest_findings_on_ids_and_name_no_holder(case: Case) -> None:
    found = [finding for rule in rules.RULES for finding in case.judged_by(rule)]
    assert found
    for finding in found:
        assert finding.rests_on
        assert all(isinstance(id_, UUID) for id_ in finding.rests_on)
        assert finding.sentence.endswith(".")
        assert str(key("writer")) not in finding.sentence


def test_take_the_day_from_the_terms_and_from_no_clock() -> None:
    later = date(2100, 1, 1)
    case = GOOD.licensed(on(active_from=later)).knowing(on=later)
    assert case.judged_by(rules.ingredients_are_licensed) == []
