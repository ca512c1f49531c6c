"""Judging: how findings become a verdict, and that taking rights away never clears anything."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Iterator
from dataclasses import replace
from datetime import date, timedelta
from fractions import Fraction

import pytest
from hypothesis import event, given, settings
from hypothesis import strategies as st

from fingerprint.evidence import Evidence
from rights import policy, rules
from rights.case import Claim, DeclaredIngredient, Effect, Finding, Terms
from rights.vocabulary import Outcome
from tests.rights.cases import (
    DAY,
    GOOD,
    OTHER,
    SONG,
    USES,
    Case,
    consent,
    evidence,
    key,
    license_of,
    match,
    material,
    share,
)

PURE = [
    "rights.policy",
    "rights.rules",
    "rights.bands",
    "rights.case",
    "rights.territories",
    "rights.identifiers",
    "rights.vocabulary",
    "royalties.apportion",
    "provenance.assertions",
    "fingerprint.extract",
    "fingerprint.evidence",
    "fingerprint.matching",
    "ledger.merkle",
    "ledger.notes",
    "ledger.receipts",
    "ledger.canonical",
    "ledger.packs",
    "ledger.verify",
    "ledger.supervisor",
    "ledger.embedded",
]


def judge(case: Case) -> Outcome:
    return policy.decide(case.claim, case.evidence, case.terms).outcome


def saying(*effects: Effect) -> rules.Rule:
    def rule(claim: Claim, evidence: Evidence, terms: Terms) -> Iterator[Finding]:
        yield from (Finding("saying", effect, f"It must be {effect}.", ()) for effect in effects)

    return rule


NOTHING, REFUSE, REVIEW = saying(), saying(Effect.REFUSE), saying(Effect.REVIEW)


def test_refuses_to_judge_by_no_rules() -> None:
    with pytest.raises(policy.NoRules):
        policy.decide(GOOD.claim, GOOD.evidence, GOOD.terms, ())


@pytest.mark.parametrize(
    ("by", "outcome"),
    [
        ([NOTHING], Outcome.CLEARED),
        ([NOTHING, NOTHING], Outcome.CLEARED),
        ([REVIEW], Outcome.REVIEW),
        ([NOTHING, REVIEW, NOTHING], Outcome.REVIEW),
        ([REFUSE], Outcome.REFUSED),
        ([REVIEW, REFUSE], Outcome.REFUSED),
        ([REFUSE, REVIEW, REVIEW], Outcome.REFUSED),
        ([saying(Effect.REVIEW, Effect.REFUSE)], Outcome.REFUSED),
    ],
)
def test_lets_any_refusal_win(by: list[rules.Rule], outcome: Outcome) -> None:
    verdict = policy.decide(GOOD.claim, GOOD.evidence, GOOD.terms, by)
    assert verdict.outcome is outcome
    assert verdict.is_cleared == (outcome is Outcome.CLEARED)
    # What a clearance rests on is named by a clearance and by nothing else.
    assert verdict.licenses == ((key("license"),) if verdict.is_cleared else ())


def test_keeps_every_finding_in_the_order_of_the_rules() -> None:
    case = GOOD.licensed().consented("writer").measuring().claiming(contributions=())
    verdict = policy.decide(case.claim, case.evidence, case.terms)
    order = [rule.__name__ for rule in rules.RULES]
    found = [finding.rule for finding in verdict.findings]
    assert found == sorted(found, key=order.index)
    assert set(found) == {
        "ingredients_are_heard",
        "ingredients_are_licensed",
        "holders_consent",
        "making_is_declared",
    }


def test_names_every_license_that_covers_in_the_order_of_their_ids() -> None:
    licenses = [license_of(SONG, name=f"license {number}") for number in range(5)]
    elsewhere = license_of(OTHER, name="of something else")
    ended = license_of(SONG, name="ended", active_to=DAY)
    rivals = license_of(SONG, name="a rival's", licensee_id=key("rival"))
    case = GOOD.licensed(*licenses, elsewhere, ended, rivals)
    verdict = policy.decide(case.claim, case.evidence, case.terms)
    assert verdict.licenses == tuple(sorted((one.id for one in licenses), key=str))


def test_clears_an_output_of_nobody_elses_material() -> None:
    case = GOOD.claiming(ingredients=()).measuring().knowing(materials=(), shares=(), consents=(), licenses=())
    verdict = policy.decide(case.claim, case.evidence, case.terms)
    assert verdict.is_cleared
    assert verdict.licenses == ()


def test_does_not_clear_an_ingredient_of_which_nothing_is_known() -> None:
    # Whoever reads the terms leaves out what was registered after the moment that is asked about, and clocks differ.
    unknown = DeclaredIngredient(key("registered a moment too late"))
    assert judge(GOOD.claiming(ingredients=(unknown,)).measuring()) is not Outcome.CLEARED


def test_gives_the_same_verdict_to_the_same_case() -> None:
    case = GOOD.licensed().consented("writer")
    verdicts = {policy.decide(case.claim, case.evidence, case.terms) for _ in range(3)}
    assert len(verdicts) == 1
    assert {verdict.policy_version for verdict in verdicts} == {policy.VERSION}


def test_refuses_audio_that_cannot_be_read() -> None:
    verdict = policy.unreadable("it breaks off after 0:12")
    assert verdict.outcome is Outcome.REFUSED
    assert verdict.licenses == ()
    assert "it breaks off after 0:12" in verdict.findings[0].sentence


def test_asks_somebody_to_look_at_a_file_that_cannot_be_signed() -> None:
    cleared = policy.decide(GOOD.claim, GOOD.evidence, GOOD.terms)
    verdict = policy.unsignable(cleared, "it carries a broken manifest")
    assert verdict.outcome is Outcome.REVIEW
    assert verdict.licenses == ()
    assert verdict.policy_version == cleared.policy_version


# --- deny by default is monotone: whoever loses a right never clears by it

PLACES = frozenset({"DE", "FR", "US"})
HOLDERS = ["label", "publisher", "writer"]
some_places = st.sampled_from([frozenset({"DE"}), frozenset({"FR"}), frozenset({"DE", "FR"}), PLACES])
days = st.integers(-2, 2).map(lambda number: DAY + timedelta(days=number))


@st.composite
def cases(draw: st.DrawFn) -> Case:
    """Draw a small trade in which everything is agreed, some of it twice, and no shares exceed the whole."""
    names = draw(st.sampled_from([["song"], ["song", "other"]]))
    materials = [material(name, works=draw(st.integers(1, 2))) for name in names]
    held = [
        (asset, holder, Fraction(1, number))
        for one in materials
        for asset in one.assets
        for number in (draw(st.integers(1, 3)),)
        for holder in HOLDERS[:number]
    ]
    return Case(
        claim=replace(
            GOOD.claim,
            uses=draw(st.sampled_from([USES, frozenset({"infer.input"})])),
            territories=draw(some_places),
            ingredients=tuple(DeclaredIngredient(one.recording.id) for one in materials),
        ),
        evidence=evidence(*(match(one) for one in materials)),
        terms=Terms(
            on=DAY,
            materials=tuple(materials),
            shares=tuple(share(asset, holder, str(part), where=PLACES) for asset, holder, part in held),
            consents=tuple(
                consent(asset, holder, name=str(number), territories=PLACES)
                for asset, holder, _ in held
                for number in range(draw(st.integers(1, 2)))
            ),
            licenses=tuple(
                license_of(*materials, name=f"license {number}", territories=PLACES)
                for number in range(draw(st.integers(1, 2)))
            ),
        ),
    )


@st.composite
def losses(draw: st.DrawFn, case: Case) -> tuple[str, Case]:
    """Draw one way in which somebody has less than before, or wants more."""
    kinds = [kind for kind in ("consents", "licenses", "shares") if getattr(case.terms, kind)]
    if not kinds or draw(st.integers(0, 4)) == 0:
        return draw(wants(case))
    kind = draw(st.sampled_from(kinds))
    rows = list(getattr(case.terms, kind))
    number = draw(st.integers(0, len(rows) - 1))
    row = rows[number]
    less = {
        "gone": None,
        "narrower": {"territories": row.territories & draw(some_places)},
        "fewer uses": {"uses": frozenset({"infer.input"})},
        "begins later": {"active_from": max(draw(days), getattr(row, "active_from", DAY))},
        "ends earlier": {"active_to": min(draw(days), getattr(row, "active_to", None) or date.max)},
        "withdrawn": {"withdrawn_on": min(draw(days), getattr(row, "withdrawn_on", None) or date.max)},
    }
    ways = {"shares": 2, "licenses": 5, "consents": 6}
    way = draw(st.sampled_from(list(less)[: ways[kind]]))
    changed = less[way]
    rows[number : number + 1] = [] if changed is None else [replace(row, **changed)]
    return f"{kind} {way}", case.knowing(**{kind: tuple(rows)})


@st.composite
def wants(draw: st.DrawFn, case: Case) -> tuple[str, Case]:
    """Draw a claim of more, or more material that must be cleared."""
    way = draw(st.sampled_from(["another work", "more uses", "more territories"]))
    if way == "another work":
        first, *rest = case.terms.materials
        more = replace(first, works=(*first.works, *material("found later").works))
        return way, case.knowing(materials=(more, *rest))
    if way == "more uses":
        return way, case.claiming(uses=case.claim.uses | {"distribute.outside"})
    return way, case.claiming(territories=case.claim.territories | draw(some_places))


@given(data=st.data())
@settings(max_examples=400, deadline=None, derandomize=True)
def test_never_clears_because_somebody_lost_a_right(data: st.DataObject) -> None:
    before = data.draw(cases())
    assert judge(before) is Outcome.CLEARED
    for _ in range(data.draw(st.integers(1, 4))):
        way, after = data.draw(losses(before))
        event(f"{way}: {judge(before)} to {judge(after)}")
        assert judge(before) is Outcome.CLEARED or judge(after) is not Outcome.CLEARED, way
        before = after


@given(cases())
@settings(max_examples=100, deadline=None, derandomize=True)
def test_clears_nothing_without_any_of_licenses_consents_or_shares(case: Case) -> None:
    for nothing in ("licenses", "consents", "shares"):
        assert judge(case.knowing(**{nothing: ()})) is Outcome.REFUSED


@given(cases(), st.randoms(use_true_random=False))
@settings(max_examples=100, deadline=None, derandomize=True)
def test_does_not_depend_on_the_order_in_which_terms_were_read(case: Case, chance: object) -> None:
    terms = case.terms
    shuffled = case.knowing(
        shares=_shuffled(terms.shares, chance),
        consents=_shuffled(terms.consents, chance),
        licenses=_shuffled(terms.licenses, chance),
        materials=_shuffled(terms.materials, chance),
    )
    verdict = policy.decide(case.claim, case.evidence, case.terms)
    again = policy.decide(shuffled.claim, shuffled.evidence, shuffled.terms)
    assert (again.outcome, again.licenses) == (verdict.outcome, verdict.licenses)
    assert {one.sentence for one in again.findings} == {one.sentence for one in verdict.findings}


def _shuffled(rows: tuple[object, ...], chance: object) -> tuple[object, ...]:
    listed = list(rows)
    chance.shuffle(listed)  # type: ignore[attr-defined]
    return tuple(listed)


# --- pure modules


def test_reaches_no_django_from_a_pure_module() -> None:
    probe = (
        f"import importlib, sys\nfor name in {PURE!r}:\n    importlib.import_module(name)\n"
        "    reached = [m for m in sorted(sys.modules) if m.split('.')[0] in ('django', 'rest_framework', 'celery')]\n"
        "    assert not reached, f'{name} reaches {reached[:3]}'\n"
    )
    told = subprocess.run([sys.executable, "-c", probe], capture_output=True, text=True, timeout=60, check=False)
    assert told.returncode == 0, told.stderr
