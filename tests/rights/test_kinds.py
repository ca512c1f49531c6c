"""Rules about what is heard, kind by kind: by the bands, by what covers it, and by what an appeal taught."""

from __future__ import annotations

from dataclasses import replace
from datetime import date
from typing import Any

import pytest

from fingerprint.evidence import DRUM_MACHINE, EXACT_MATCH, VERSION_MATCH, VOICE_MATCH, Kind, Match
from rights import policy, rules
from rights.bands import BEFORE, NEVER, Band, Bands, ReferenceClass, Thresholds
from rights.case import (
    AllowanceTerm,
    Asset,
    DeclaredIngredient,
    Effect,
    EnrolledVoice,
    Finding,
    SaidByOthers,
    Side,
    Verdict,
)
from rights.policy import Waiver
from rights.vocabulary import ApprovalMode, MatchKind, Outcome, RightType
from tests.rights.cases import (
    AFTER,
    DAY,
    GOOD,
    OTHER,
    SONG,
    Case,
    consent,
    key,
    license_of,
    match,
    material,
    share,
)

BLOCK, LIKELY, UNLIKELY = 999_000, 500_000, 499_999
COVER = replace(material("cover"), works=SONG.works)  # another recording of the same work
VOICE = Asset(key("voice"), Side.VOICE, "")
ENROLLED = EnrolledVoice(key("enrollment"), VOICE, key("singer"))
VOICE_USES = frozenset({"voice.generate"})


def heard(one: Any, kind: Kind, probability: int | None = BLOCK, **more: Any) -> Match:
    return replace(match(one, **more), kind=kind, probability_millionths=probability)


def voice(probability: int | None = BLOCK, *, start_s: int = 0, seconds: int = 10) -> Match:
    found = match(SONG, start_s=start_s, seconds=seconds)
    return replace(found, kind=VOICE_MATCH, reference_id=ENROLLED.enrollment_id, probability_millionths=probability)


def singing(*matches: Match, **terms: Any) -> Case:
    """The good case with a voice over it, for which nothing is cleared."""
    return GOOD.measuring(match(SONG), *matches).knowing(voices=(ENROLLED,), **terms)


def of_voice(case: Case, *, uses: frozenset[str] = VOICE_USES, **consented: Any) -> Case:
    """Give the singer the whole of the voice, a consent and a license for it."""
    held = replace(share(VOICE, "singer", "1"), right_type=RightType.VOICE)
    return case.knowing(
        shares=(*case.terms.shares, held),
        consents=(*case.terms.consents, consent(VOICE, "singer", **({"uses": uses} | consented))),
        licenses=(
            *case.terms.licenses,
            license_of(name="of the voice", asset_ids=frozenset({VOICE.id}), uses=uses),
        ),
    )


def found_by(rule: rules.Rule, case: Case) -> list[tuple[Effect, tuple[int, ...]]]:
    return [(finding.effect, finding.matches) for finding in case.judged_by(rule)]


# --- copies, by the bands


@pytest.mark.parametrize(
    ("probability", "effect", "said"),
    [
        (None, Effect.REFUSE, "was not declared."),  # nobody calibrated it: refused as it always was
        (1_000_000, Effect.REFUSE, "was not declared."),
        (BLOCK, Effect.REFUSE, "was not declared."),
        (BLOCK - 1, Effect.REVIEW, "may be in the output"),
        (LIKELY, Effect.REVIEW, "with a probability of 50.0 %. Somebody must listen."),
        (UNLIKELY, Effect.PASS, "let pass by the bands in force"),
        (0, Effect.PASS, "Something like “Other”"),
    ],
)
def test_an_undeclared_copy_is_stopped_by_how_likely_it_is(probability: int | None, effect: Effect, said: str) -> None:
    case = GOOD.measuring(match(SONG), heard(OTHER, EXACT_MATCH, probability)).knowing(materials=(SONG, OTHER))
    (finding,) = case.judged_by(rules.matches_are_declared)
    assert (finding.effect, finding.matches, finding.rests_on) == (effect, (1,), (OTHER.recording.id,))
    assert said in finding.sentence
    outcome = policy.decide(case.claim, case.evidence, case.terms).outcome
    expected = {Effect.REFUSE: Outcome.REFUSED, Effect.REVIEW: Outcome.REVIEW, Effect.PASS: Outcome.CLEARED}
    assert outcome is expected[effect]


def test_what_rests_on_a_drum_machine_is_listened_to_and_refuses_nothing() -> None:
    box = replace(match(OTHER), measures=((DRUM_MACHINE, 1),))
    case = GOOD.measuring(match(SONG), box).knowing(materials=(SONG, OTHER))
    (finding,) = case.judged_by(rules.matches_are_declared)
    assert (finding.effect, finding.matches) == (Effect.REVIEW, (1,))
    assert "all that they share is the pattern of a drum machine. Somebody must listen." in finding.sentence
    # More than that, elsewhere in it, is refused as ever, and the sentence is about that.
    both = GOOD.measuring(match(SONG), box, match(OTHER, start_s=20)).knowing(materials=(SONG, OTHER))
    (finding,) = both.judged_by(rules.matches_are_declared)
    assert finding.effect is Effect.REFUSE
    assert "from 0:20 to 0:30" in finding.sentence


def test_of_several_places_the_strongest_says_where() -> None:
    weak, strong = heard(OTHER, EXACT_MATCH, UNLIKELY, start_s=1), heard(OTHER, EXACT_MATCH, BLOCK, start_s=20)
    case = GOOD.measuring(match(SONG), weak, strong).knowing(materials=(SONG, OTHER))
    (finding,) = case.judged_by(rules.matches_are_declared)
    assert finding.effect is Effect.REFUSE
    assert "from 0:20 to 0:30" in finding.sentence
    assert finding.matches == (1, 2)


def test_a_band_for_the_submitters_own_catalogue_is_for_that_alone() -> None:
    lenient = Band(MatchKind.EXACT, ReferenceClass.OWN, Thresholds(0, NEVER), Thresholds(0, NEVER))
    bands = Bands((*BEFORE.rows, lenient))
    case = GOOD.measuring(match(SONG), match(OTHER)).knowing(materials=(SONG, OTHER), bands=bands)
    assert found_by(rules.matches_are_declared, case) == [(Effect.REFUSE, (1,))]
    own = case.owned(share(OTHER.recording, "distributor", "1"))
    assert found_by(rules.matches_are_declared, own) == [(Effect.REVIEW, (1,))]


# --- versions


@pytest.mark.parametrize(
    ("probability", "effect"),
    [
        (BLOCK, Effect.REFUSE),
        (BLOCK - 1, Effect.REVIEW),
        (None, Effect.REVIEW),  # nobody calibrated it: a machine accuses nobody alone
        (UNLIKELY, Effect.PASS),
    ],
)
def test_a_work_that_is_played_again_is_found_on_the_publishing_side(probability: int | None, effect: Effect) -> None:
    case = GOOD.measuring(match(SONG), heard(OTHER, VERSION_MATCH, probability)).knowing(materials=(SONG, OTHER))
    (finding,) = case.judged_by(rules.versions_are_declared)
    assert (finding.effect, finding.matches) == (effect, (1,))
    assert finding.rests_on == (OTHER.works[0].id, OTHER.recording.id)
    assert f"“{OTHER.works[0].title}”" in finding.sentence
    assert case.judged_by(rules.matches_are_declared) == []  # nothing was copied


def test_a_declared_recording_of_the_same_work_covers_a_version() -> None:
    case = GOOD.measuring(match(SONG), heard(COVER, VERSION_MATCH)).knowing(materials=(SONG, COVER))
    assert case.judged_by(rules.versions_are_declared) == []
    # And the declared one has to be licensed, or the work in it is not.
    assert policy.decide(case.claim, case.evidence, case.licensed().terms).outcome is Outcome.REFUSED


def test_a_declared_recording_covers_its_own_version() -> None:
    assert GOOD.measuring(heard(SONG, VERSION_MATCH)).judged_by(rules.versions_are_declared) == []


def test_a_recording_of_no_registered_work_is_covered_by_itself_only() -> None:
    bare = material("bare", works=0)
    case = GOOD.measuring(match(SONG), heard(bare, VERSION_MATCH)).knowing(materials=(SONG, bare))
    (finding,) = case.judged_by(rules.versions_are_declared)
    assert "An unregistered work" in finding.sentence
    declared = case.claiming(ingredients=(DeclaredIngredient(bare.recording.id),))
    assert declared.judged_by(rules.versions_are_declared) == []


def test_somebody_looks_at_a_version_of_what_belongs_to_no_recording() -> None:
    assert found_by(rules.versions_are_declared, GOOD.measuring(heard(None, VERSION_MATCH, 0))) == [
        (Effect.REVIEW, (0,))
    ]


@pytest.mark.parametrize(
    ("kind", "probability", "is_heard"),
    [
        (EXACT_MATCH, None, True),
        (EXACT_MATCH, LIKELY, True),
        (EXACT_MATCH, UNLIKELY, False),
        (VERSION_MATCH, None, True),
        (VERSION_MATCH, LIKELY, True),
        (VERSION_MATCH, UNLIKELY, False),
    ],
)
def test_a_declared_ingredient_is_heard_as_a_copy_or_as_a_version(
    kind: Kind, probability: int | None, *, is_heard: bool
) -> None:
    case = GOOD.measuring(heard(SONG, kind, probability))
    assert found_by(rules.ingredients_are_heard, case) == ([] if is_heard else [(Effect.REVIEW, ())])


def test_a_voice_is_no_ingredient_that_is_heard() -> None:
    assert found_by(rules.ingredients_are_heard, singing(voice()).measuring(voice())) == [(Effect.REVIEW, ())]


# --- voices


@pytest.mark.parametrize(
    ("probability", "effect", "said"),
    [
        (BLOCK, Effect.REFUSE, "A registered voice is heard from 0:00 to 0:10, and nobody is registered"),
        (BLOCK - 1, Effect.REVIEW, "A registered voice may be heard"),
        (None, Effect.REVIEW, "of which nobody measured how often it is right"),
        (UNLIKELY, Effect.PASS, "let pass by the bands in force"),
    ],
)
def test_a_voice_without_consent_stops_a_release(probability: int | None, effect: Effect, said: str) -> None:
    (finding,) = singing(voice(probability)).judged_by(rules.voices_are_consented)
    assert (finding.effect, finding.matches) == (effect, (1,))
    assert finding.rests_on[:2] == (VOICE.id, ENROLLED.enrollment_id)
    assert said in finding.sentence


@pytest.mark.parametrize("use", ["voice.generate", "voice.convert"])
def test_either_use_of_the_voice_opens_the_gate(use: str) -> None:
    case = of_voice(singing(voice()), uses=frozenset({use}))
    assert case.judged_by(rules.voices_are_consented) == []
    verdict = policy.decide(case.claim, case.evidence, case.terms)
    assert verdict.is_cleared
    assert key("of the voice") in verdict.licenses  # so that its quota counts this output


@pytest.mark.parametrize(
    ("consented", "said"),
    [
        ({"uses": frozenset({"voice.train", "infer.input"})}, "does not cover this use"),
        ({"territories": frozenset({"DE"})}, "does not cover this use"),
        ({"active_to": DAY}, "does not cover this use"),
        ({"withdrawn_on": DAY}, "the consent to its use was withdrawn"),
        ({"licensee_id": key("rival")}, "nobody consented to its being generated or converted"),
    ],
)
def test_the_gate_stays_shut_unless_the_consent_is_for_this_use(consented: dict[str, Any], said: str) -> None:
    (finding,) = of_voice(singing(voice()), **consented).judged_by(rules.voices_are_consented)
    assert finding.effect is Effect.REFUSE
    assert said in finding.sentence


def test_a_singer_who_wants_to_be_asked_is_asked() -> None:
    case = of_voice(singing(voice()), approval_mode=ApprovalMode.OUTPUT)
    (finding,) = case.judged_by(rules.voices_are_consented)
    assert finding.effect is Effect.REVIEW
    assert "wants to be asked" in finding.sentence


def test_a_consent_without_a_license_does_not_open_the_gate() -> None:
    case = of_voice(singing(voice())).licensed(license_of(SONG))
    (finding,) = case.judged_by(rules.voices_are_consented)
    assert (finding.effect, "it is on no license of the submitter" in finding.sentence) == (Effect.REFUSE, True)


def test_somebody_looks_at_a_voice_that_nobody_knows() -> None:
    (finding,) = GOOD.measuring(match(SONG), voice(UNLIKELY)).judged_by(rules.voices_are_consented)
    assert (finding.effect, finding.rests_on) == (Effect.REVIEW, (ENROLLED.enrollment_id,))


@pytest.mark.parametrize(
    ("copied_s", "is_recorded"),
    [
        ((0, 10), True),  # the copy reaches over all of the voice
        ((0, 9), True),  # nine tenths are enough: the edges of two detectors never agree
        ((0, 8), False),
        ((10, 10), False),  # it is elsewhere
    ],
)
def test_the_recorded_voice_of_a_declared_ingredient_is_no_imitation(
    copied_s: tuple[int, int], *, is_recorded: bool
) -> None:
    sung = replace(SONG, voices=(VOICE,))
    copy = match(SONG, start_s=copied_s[0], seconds=copied_s[1])
    case = GOOD.measuring(copy, voice()).knowing(materials=(sung,), voices=(ENROLLED,))
    assert (case.judged_by(rules.voices_are_consented) == []) is is_recorded
    undeclared = case.claiming(ingredients=())
    assert found_by(rules.voices_are_consented, undeclared) == [(Effect.REFUSE, (1,))]
    another = case.knowing(materials=(SONG,))  # declared, and with nobody's voice on it
    assert found_by(rules.voices_are_consented, another) == [(Effect.REFUSE, (1,))]


def test_two_copies_cover_a_voice_together_and_count_once_where_they_overlap() -> None:
    sung = replace(SONG, voices=(VOICE,))
    case = GOOD.knowing(materials=(sung,), voices=(ENROLLED,))
    beside = case.measuring(match(SONG, start_s=0, seconds=5), match(SONG, start_s=5, seconds=5), voice())
    assert beside.judged_by(rules.voices_are_consented) == []
    over = case.measuring(match(SONG, start_s=0, seconds=6), match(SONG, start_s=1, seconds=5), voice())
    assert found_by(rules.voices_are_consented, over) == [(Effect.REFUSE, (2,))]


# --- what an appeal taught


def allowed(expires_on: date = AFTER, *, reference: Any = OTHER, licensee: str = "distributor") -> AllowanceTerm:
    return AllowanceTerm(key("allowance"), reference.reference_id, key(licensee), expires_on)


@pytest.mark.parametrize("kind", [EXACT_MATCH, VERSION_MATCH])
def test_an_allowed_pair_passes_and_is_named(kind: Kind) -> None:
    case = GOOD.measuring(match(SONG), heard(OTHER, kind)).knowing(materials=(SONG, OTHER), allowances=(allowed(),))
    verdict = policy.decide(case.claim, case.evidence, case.terms)
    assert verdict.is_cleared
    (finding,) = verdict.findings
    assert finding.effect is Effect.PASS
    assert key("allowance") in finding.rests_on
    assert f"until {AFTER}" in finding.sentence


@pytest.mark.parametrize(
    "allowance",
    [allowed(DAY), allowed(reference=SONG), allowed(licensee="rival")],
    ids=["expired on the day", "of another reference", "for another submitter"],
)
def test_an_allowance_is_for_its_pair_and_its_time(allowance: AllowanceTerm) -> None:
    case = GOOD.measuring(match(SONG), match(OTHER)).knowing(materials=(SONG, OTHER), allowances=(allowance,))
    assert policy.decide(case.claim, case.evidence, case.terms).outcome is Outcome.REFUSED


def test_an_allowance_says_nothing_about_the_rights_in_what_is_declared() -> None:
    case = GOOD.knowing(allowances=(allowed(reference=SONG),)).licensed()
    assert policy.decide(case.claim, case.evidence, case.terms).outcome is Outcome.REFUSED


def test_no_allowance_opens_the_voice_gate() -> None:
    by_enrollment = AllowanceTerm(key("allowance"), ENROLLED.enrollment_id, key("distributor"), AFTER)
    case = singing(voice(), allowances=(by_enrollment, allowed(reference=SONG)))
    assert policy.decide(case.claim, case.evidence, case.terms).outcome is Outcome.REFUSED


# --- deciding again as a release of before did


def test_decides_as_the_release_before_bands_did() -> None:
    case = GOOD.measuring(match(SONG), heard(OTHER, EXACT_MATCH, UNLIKELY)).knowing(materials=(SONG, OTHER))
    verdict = policy.decide_as("policy/2", case.claim, case.evidence, case.terms)
    assert verdict.outcome is Outcome.REFUSED
    assert (verdict.policy_version, verdict.bands_id) == ("policy/2", None)
    assert policy.decide_as(policy.VERSION, case.claim, case.evidence, case.terms).is_cleared
    with pytest.raises(policy.NoSuchPolicy):
        policy.decide_as("policy/1", case.claim, case.evidence, case.terms)


def test_decides_as_the_release_before_claims_by_others_did() -> None:
    others = SaidByOthers(key("claims"), is_readable=True, is_broken=True, machines=("trainedAlgorithmicMedia",))
    case = GOOD.knowing(others=others)
    verdict = policy.decide_as("policy/3", case.claim, case.evidence, case.terms)
    assert verdict.is_cleared
    assert (verdict.policy_version, verdict.bands_id) == ("policy/3", case.terms.bands.id)
    assert policy.decide_as(policy.VERSION, case.claim, case.evidence, case.terms).outcome is Outcome.REVIEW


def test_a_verdict_names_the_bands_it_was_measured_on() -> None:
    case = GOOD.knowing(bands=BEFORE)
    assert policy.decide(case.claim, case.evidence, case.terms).bands_id == BEFORE.id


# --- what people may let pass


def finding(rule: str, effect: Effect = Effect.REVIEW, **more: Any) -> Finding:
    return Finding(rule, effect, f"About {rule}.", **more)


@pytest.mark.parametrize(
    ("one", "waiver"),
    [
        (finding("matches_are_declared"), Waiver.JUDGMENT),
        (finding("versions_are_declared"), Waiver.JUDGMENT),
        (finding("ingredients_are_heard"), Waiver.JUDGMENT),
        (finding("audio_can_be_compared"), Waiver.JUDGMENT),
        (finding("making_is_declared"), Waiver.JUDGMENT),
        (finding("voices_are_consented"), Waiver.JUDGMENT),
        (finding("holders_consent"), Waiver.EVIDENCE),
        (finding("voices_are_consented", Effect.REFUSE), Waiver.VOUCHING),
        (finding("matches_are_declared", Effect.REFUSE), Waiver.NEVER),
        (finding("holders_consent", Effect.REFUSE), Waiver.NEVER),
        (finding("ingredients_are_licensed", Effect.REFUSE), Waiver.NEVER),
        (finding("output_can_be_signed"), Waiver.NEVER),
        (finding("output_can_be_split"), Waiver.NEVER),
        (finding("a rule of tomorrow"), Waiver.NEVER),
    ],
)
def test_what_it_takes_to_let_a_finding_pass(one: Finding, waiver: Waiver) -> None:
    assert policy.waiver_of(one) is waiver


@pytest.mark.parametrize(
    ("has_evidence", "vouches", "standing"),
    [
        (False, False, ["holders_consent", "voices_are_consented", "ingredients_are_licensed"]),
        (True, False, ["voices_are_consented", "ingredients_are_licensed"]),
        (False, True, ["holders_consent", "voices_are_consented", "ingredients_are_licensed"]),
        (True, True, ["ingredients_are_licensed"]),
    ],
)
def test_lets_pass_what_the_reviewers_may_and_no_more(
    *, has_evidence: bool, vouches: bool, standing: list[str]
) -> None:
    seen = [
        finding("matches_are_declared", rests_on=(key("x"),)),
        finding("holders_consent"),
        finding("voices_are_consented", Effect.REFUSE),
        finding("ingredients_are_licensed", Effect.REFUSE),
        finding("matches_are_declared", Effect.PASS),
    ]
    verdict = Verdict(tuple(seen), (), policy.VERSION)
    found = policy.let_pass(verdict, seen, [key("review")], has_evidence=has_evidence, vouches=vouches)
    assert [one.rule for one in found.standing] == standing
    first = found.verdict.findings[0]
    assert (first.effect, first.rests_on) == (Effect.PASS, (key("x"), key("review")))
    assert first.sentence == "Let pass on review: About matches_are_declared."
    assert len(found.verdict.findings) == len(seen)


def test_what_came_up_since_was_seen_by_nobody_and_stands() -> None:
    seen = [finding("matches_are_declared", rests_on=(key("x"),), matches=(0,))]
    since = finding("matches_are_declared", rests_on=(key("y"),), matches=(1,))
    found = policy.let_pass(
        Verdict((*seen, since), (), policy.VERSION), seen, [key("review")], has_evidence=True, vouches=True
    )
    assert found.standing == (since,)


def test_a_refusal_on_review_keeps_what_was_found() -> None:
    seen = (finding("matches_are_declared"),)
    verdict = policy.refused_on_review(Verdict(seen, (), policy.VERSION), [key("review")], "it is the same material")
    assert verdict.outcome is Outcome.REFUSED
    assert verdict.findings[0] == seen[0]
    assert verdict.findings[1].rests_on == (key("review"),)


def test_the_longest_sentence_is_cut_to_what_is_stored() -> None:
    long = Finding("matches_are_declared", Effect.REVIEW, "x" * 600)
    found = policy.let_pass(
        Verdict((long,), (), policy.VERSION), [long], [key("review")], has_evidence=False, vouches=False
    )
    assert len(found.verdict.findings[0].sentence) == policy.LONGEST_SENTENCE
