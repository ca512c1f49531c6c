"""Terms of a consent that cannot be: each refused with its code, and nothing is left behind."""

from __future__ import annotations

from typing import Any
from uuid import UUID

import pytest

from tests.flows.conftest import World, key
from tests.flows.test_bad_input import is_problem, leaves_nothing
from tests.flows.test_consents import PROOF, terms

__all__ = ["leaves_nothing"]  # the fixture

pytestmark = pytest.mark.usefixtures("leaves_nothing")

BAD: dict[str, tuple[dict[str, Any], int, str]] = {
    "no asset": ({"recording": None}, 422, "not_one_asset"),
    "an asset and a list": ({"assets": [{"recording": key("country")}]}, 422, "not_one_asset"),
    "a list and a query": ({"recording": None, "assets": [], "find": {"holder": key("label")}}, 422, "not_one_asset"),
    "an empty list": ({"recording": None, "assets": []}, 422, "nothing_listed"),
    "the same twice": ({"recording": None, "assets": [{"recording": key("country")}] * 2}, 422, "listed_twice"),
    "half an asset": ({"recording": None, "assets": [{}]}, 422, "not_one_asset"),
    "unknown list": ({"recording": None, "assets": [{"work": str(UUID(int=9))}]}, 422, "unknown_reference"),
    "a licensee and a role": ({"licensee": key("rival"), "licensee_role": "label"}, 422, "one_licensee_or_a_role"),
    "too much influence": ({"influence_cap": "3/2"}, 422, "not_an_influence"),
    "no influence": ({"influence_cap": "0"}, 422, "not_an_influence"),
    "unknown purpose": ({"barred": ["war"]}, 400, "malformed"),
    "unknown evidence": ({"evidence": [{"kind": "gossip", "digest": PROOF}]}, 400, "malformed"),
    "evidence twice": ({"evidence": [{"kind": "counsel", "digest": PROOF}] * 2}, 422, "listed_twice"),
    "negative notice": ({"notice_days": -1}, 400, "malformed"),
    "unknown model": ({"model": str(UUID(int=9))}, 422, "unknown_reference"),
    "unknown reservation": ({"overrides": [str(UUID(int=9))]}, 422, "unknown_reference"),
    "nobody": ({"actor": str(UUID(int=9))}, 422, "unknown_reference"),
    "a language that is none": ({"language": "é"}, 400, "malformed"),
}


@pytest.mark.parametrize("path", ["/v1/consents", "/v1/consents/offers"])
@pytest.mark.parametrize("name", BAD)
def test_terms_that_cannot_be_are_refused(name: str, path: str, standing: World) -> None:
    changes, status, code = BAD[name]
    is_problem(standing.label.post(path, terms("bad", **changes)), status, code)
