"""How long a consent to a voice may run, and what must back it."""

from __future__ import annotations

from datetime import date

import pytest

from rights import term_limits
from rights.consents import EvidenceKind
from rights.term_limits import DescriptionMissing, EvidenceMissing, TermTooLong
from rights.territories import countries
from rights.vocabulary import ProtectionKind

FROM = date(2026, 3, 1)
MINOR, WARD, DEAD = ProtectionKind.MINOR, ProtectionKind.GUARDIANSHIP, ProtectionKind.DECEASED


def check(
    where: set[str], protection: ProtectionKind | None, until: date | None, *, since: date = FROM, said: str = "Ads"
) -> None:
    term_limits.check_term(
        jurisdictions=where, protection=protection, active_from=since, active_to=until, description=said
    )


@pytest.mark.parametrize(
    ("where", "protection", "until"),
    [
        ({"US"}, None, date(2036, 3, 1)),  # the boundary: ten years to the day
        ({"US"}, None, date(2030, 1, 1)),
        ({"US", "DE"}, None, date(2036, 3, 1)),
        ({"DE"}, None, None),
        ({"DE"}, MINOR, None),
        ({"US"}, MINOR, date(2031, 3, 1)),
        ({"US"}, WARD, date(2031, 3, 1)),
        ({"US"}, DEAD, date(2036, 3, 1)),
        (set(), None, None),
    ],
)
def test_lets_a_term_run(where: set[str], protection: ProtectionKind | None, until: date | None) -> None:
    check(where, protection, until)


@pytest.mark.parametrize(
    ("where", "protection", "until", "years"),
    [
        ({"US"}, None, date(2036, 3, 2), 10),
        ({"US"}, None, None, 10),
        ({"DE", "US"}, None, None, 10),
        ({"US"}, MINOR, date(2031, 3, 2), 5),
        ({"US"}, MINOR, date(2036, 3, 1), 5),  # what an adult may
        ({"US"}, WARD, None, 5),
        ({"US"}, DEAD, date(2036, 3, 2), 10),
    ],
)
def test_names_the_limit_of_a_longer_term(
    where: set[str], protection: ProtectionKind | None, until: date | None, years: int
) -> None:
    with pytest.raises(TermTooLong, match=f"at most {years} years in United States"):
        check(where, protection, until)


def test_counts_years_from_a_leap_day() -> None:
    check({"US"}, None, date(2038, 3, 1), since=date(2028, 2, 29))
    with pytest.raises(TermTooLong):
        check({"US"}, None, date(2038, 3, 2), since=date(2028, 2, 29))


@pytest.mark.parametrize("said", ["", " ", "\n\t"])
def test_asks_for_the_uses_in_words(said: str) -> None:
    with pytest.raises(DescriptionMissing):
        check(set(), None, None, said=said)


@pytest.mark.parametrize(
    ("where", "protection", "evidence"),
    [
        ({"US"}, None, {"counsel"}),
        ({"US"}, None, {"union", "signed_text"}),
        ({"US"}, MINOR, {"counsel", "court_approval"}),
        ({"US"}, DEAD, {"estate_papers"}),
        ({"DE"}, None, set()),
    ],
)
def test_takes_what_a_jurisdiction_asks_for(
    where: set[str], protection: ProtectionKind | None, evidence: set[str]
) -> None:
    term_limits.check_evidence(jurisdictions=where, protection=protection, evidence=evidence)


@pytest.mark.parametrize(
    ("protection", "evidence", "wanted"),
    [
        (None, set(), "counsel or union"),
        (None, {"signed_text"}, "counsel or union"),
        (MINOR, {"counsel"}, "court approval"),
        (MINOR, {"court_approval"}, "counsel or union"),
        (DEAD, {"counsel"}, "estate papers"),
    ],
)
def test_names_the_evidence_that_is_missing(protection: ProtectionKind | None, evidence: set[str], wanted: str) -> None:
    with pytest.raises(EvidenceMissing, match=wanted):
        term_limits.check_evidence(jurisdictions={"US"}, protection=protection, evidence=evidence)


def test_every_rule_has_its_source_and_its_words() -> None:
    rules: list[term_limits.Limit | term_limits.Backing] = [*term_limits.LIMITS, *term_limits.BACKINGS]
    kinds = {kind.value for kind in ProtectionKind} | {term_limits.ADULT}
    known = countries(FROM)
    for rule in rules:
        assert rule.source in term_limits.sources(), rule
        assert rule.of in kinds, rule
        assert rule.jurisdiction in known, rule
    assert {kind for rule in term_limits.BACKINGS for kind in rule.any_of} <= {kind.value for kind in EvidenceKind}
    assert known >= term_limits.REVOCABLE
    assert all({"title", "status", "checked"} <= set(source) for source in term_limits.sources().values())
