"""Roles, their verbs, and for whom they count: tables, no database."""

from __future__ import annotations

from uuid import UUID

import pytest

from ledger.access import NOBODY, PERMISSIONS, VERBS, Caller, Duty, NotYourParty, Verb
from ledger.models import Membership
from rights.visibility import EVERYTHING, Sight

A, B, SINGER = (UUID(int=number) for number in (1, 2, 3))
Role = Membership.Role
OPERATOR = Caller(EVERYTHING, ())


def member(*duties: tuple[UUID, Role, set[UUID]]) -> Caller:
    parties = frozenset().union(*(acting for _, _, acting in duties))
    return Caller(Sight(parties), tuple(Duty(home, VERBS[role], frozenset(acting)) for home, role, acting in duties))


def test_every_role_has_its_verbs_and_every_verb_its_permissions() -> None:
    assert set(VERBS) == set(Role)
    assert set(PERMISSIONS) == set(Verb)
    assert VERBS[Role.AUDITOR] == frozenset()


def test_whoever_enters_a_contract_settles_no_money() -> None:
    for role, verbs in VERBS.items():
        assert not {Verb.LICENSE, Verb.SETTLE} <= verbs, role


@pytest.mark.parametrize(
    ("role", "permission", "expected"),
    [
        (Role.RIGHTS_MANAGER, "rights.add_share", True),
        (Role.RIGHTS_MANAGER, "rights.add_license", True),
        (Role.RIGHTS_MANAGER, "ledger.change_job", False),
        (Role.RIGHTS_MANAGER, "rights.add_submission", False),
        (Role.REVIEWER, "ledger.change_job", True),
        (Role.REVIEWER, "rights.add_share", False),
        (Role.FINANCE, "rights.add_license", False),
        (Role.AUDITOR, "rights.add_work", False),
        (Role.AUDITOR, "rights.add_clearance", False),
        (Role.DISTRIBUTOR, "rights.add_submission", True),
        (Role.DISTRIBUTOR, "rights.add_consent", False),
        (Role.ARTIST, "rights.add_consentevent", True),
        (Role.ARTIST, "rights.add_license", False),
        (Role.RIGHTS_MANAGER, "ledger.add_membership", False),
        (Role.RIGHTS_MANAGER, "auth.view_user", False),
    ],
)
def test_a_role_gives_permissions(role: Role, permission: str, *, expected: bool) -> None:
    assert member((A, role, {A})).has_permission(permission) is expected


@pytest.mark.parametrize(
    ("caller", "party", "verb", "expected"),
    [
        (member((A, Role.RIGHTS_MANAGER, {A})), A, Verb.CONSENT, True),
        (member((A, Role.RIGHTS_MANAGER, {A})), B, Verb.CONSENT, False),
        (member((A, Role.RIGHTS_MANAGER, {A, SINGER})), SINGER, Verb.CONSENT, True),  # represented
        (member((A, Role.AUDITOR, {A})), A, Verb.CONSENT, False),
        # A manager here and an auditor there writes here only, though both are seen.
        (member((A, Role.RIGHTS_MANAGER, {A}), (B, Role.AUDITOR, {B})), B, Verb.CONSENT, False),
        (member((A, Role.RIGHTS_MANAGER, {A}), (B, Role.ARTIST, {B})), B, Verb.CONSENT, True),
        (member((A, Role.RIGHTS_MANAGER, {A}), (B, Role.ARTIST, {B})), B, Verb.LICENSE, False),
        (OPERATOR, B, Verb.LICENSE, True),
        (NOBODY, A, Verb.CONSENT, False),
    ],
)
def test_a_verb_counts_for_the_parties_of_its_organization(
    caller: Caller, party: UUID, verb: Verb, *, expected: bool
) -> None:
    assert caller.acts_for(party, verb) is expected
    if expected:
        caller.answer_for(party, verb)
    else:
        with pytest.raises(NotYourParty):
            caller.answer_for(party, verb)


@pytest.mark.parametrize(
    ("caller", "party", "expected"),
    [
        (member((A, Role.RIGHTS_MANAGER, {A})), None, A),
        (member((A, Role.RIGHTS_MANAGER, {A, SINGER})), SINGER, A),
        (member((A, Role.RIGHTS_MANAGER, {A}), (B, Role.RIGHTS_MANAGER, {B, SINGER})), SINGER, B),
        (member((A, Role.RIGHTS_MANAGER, {A}), (B, Role.RIGHTS_MANAGER, {B})), None, A),
        (member((A, Role.AUDITOR, {A}), (B, Role.RIGHTS_MANAGER, {B})), None, B),
        (OPERATOR, A, None),
    ],
)
def test_a_fact_is_registered_in_the_name_of_whoever_acts(
    caller: Caller, party: UUID | None, expected: UUID | None
) -> None:
    assert caller.registrar(Verb.REGISTER, party_id=party) == expected


def test_who_belongs_nowhere_is_nobody() -> None:
    assert not NOBODY.is_somebody
    assert not NOBODY.sight.is_whole
    assert OPERATOR.is_somebody
