"""The API says what it is: an OpenAPI document that holds, and a page that shows it without anybody else's server."""

from __future__ import annotations

import io
import json
import re
from typing import Any

import pytest
import yaml
from django.conf import settings
from django.core.management import call_command
from django.test import Client
from django.urls import URLPattern, URLResolver, get_resolver
from drf_spectacular.drainage import GENERATOR_STATS

from ledger.api import urls
from ledger.api.access import SEES_ALL
from tests.flows.conftest import body


@pytest.fixture(scope="module")
def schema(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Any]:
    """The document, validated by the generator's own validator; a warning is a failure."""
    file = tmp_path_factory.mktemp("schema") / "schema.yaml"
    with pytest.MonkeyPatch.context() as generator:
        # Each warning would name its line, for which each module is read again: half the time of all of it.
        generator.setattr(GENERATOR_STATS, "enable_trace_lineno", lambda: None)
        call_command("spectacular", "--validate", "--fail-on-warn", "--file", str(file), stderr=io.StringIO())
    found: dict[str, Any] = yaml.safe_load(file.read_text())
    return found


def operations(schema: dict[str, Any]) -> list[tuple[str, str, dict[str, Any]]]:
    return [
        (path, method, operation) for path, methods in schema["paths"].items() for method, operation in methods.items()
    ]


def test_the_document_is_of_version_3_1_and_has_every_address(schema: dict[str, Any]) -> None:
    assert schema["openapi"].startswith("3.1")
    told = {re.sub(r"<\w+:(\w+)>", r"{\1}", f"/v1/{pattern.pattern}") for pattern in urls.urlpatterns}
    assert told <= set(schema["paths"])


def test_no_fact_is_put_patched_or_deleted(schema: dict[str, Any]) -> None:
    assert {method for path, method, _ in operations(schema) if path.startswith("/v1/")} == {"get", "post"}


def test_every_operation_has_its_own_name_and_says_what_it_does(schema: dict[str, Any]) -> None:
    names = [operation["operationId"] for _, _, operation in operations(schema)]
    assert len(names) == len(set(names))
    for path, _, operation in operations(schema):
        assert operation.get("description", "").strip(), path
        assert operation.get("tags"), path


def test_every_operation_names_the_scope_it_needs(schema: dict[str, Any]) -> None:
    schemes = schema["components"]["securitySchemes"]
    assert any(scheme["type"] == "oauth2" for scheme in schemes.values())
    wanted = set()
    for path, method, operation in operations(schema):
        scopes = {scope for need in operation.get("security", []) for given in need.values() for scope in given}
        wanted |= scopes
        if path.startswith("/v1/log/") and not {"entries", "coverage", "coverage.csv", "streams"} & set(
            path.split("/")
        ):
            assert scopes == set(), path  # for everybody
        else:
            assert scopes <= set(settings.API_SCOPES), (path, method)
    assert wanted == set(settings.API_SCOPES) - {SEES_ALL}  # that one opens no address, it widens what is seen


def test_every_refusal_is_in_the_document(schema: dict[str, Any]) -> None:
    for path, method, operation in operations(schema):
        problems = {status for status in operation["responses"] if status[0] in "45"} | (
            {"default"} & set(operation["responses"])
        )
        assert problems, (path, method)
        for status in problems:
            assert "application/problem+json" in operation["responses"][status]["content"], (path, method)


def test_everything_referred_to_is_there(schema: dict[str, Any]) -> None:
    text = json.dumps(schema, default=str)
    for reference in set(re.findall(r'"#/([^"]+)"', text)):
        found: Any = schema
        for part in reference.split("/"):
            found = found[part]


def test_the_document_is_served_to_everybody(schema: dict[str, Any]) -> None:
    answer = Client().get("/api/schema")
    assert answer.status_code == 200
    assert yaml.safe_load(answer.content) == schema
    answer = Client().get("/api/schema", headers={"Accept": "application/vnd.oai.openapi+json"})
    assert json.loads(answer.content) == json.loads(json.dumps(schema, default=str))


def test_the_page_loads_from_this_server_alone() -> None:
    answer = Client().get("/api/docs")
    assert answer.status_code == 200
    page = answer.content.decode()
    addresses = re.findall(r"""(?:src|href)=["']([^"']+)["']""", page)
    assert addresses
    for address in addresses:
        assert address.startswith("/"), address
        assert not address.startswith("//"), address
    assert not re.findall(r"https?://(?!testserver|localhost)[^\s\"'<]*\.(?:js|css|woff2?|png|svg)", page)
    for address in {address.partition("?")[0] for address in addresses if address.startswith("/static/")}:
        served = Client().get(address)
        assert served.status_code == 200, address
        assert body(served)


def test_nothing_is_reachable_that_nobody_meant() -> None:
    """OAuth2's own pages for people (applications, authorization) are not mounted."""

    def flat(patterns: list[Any], before: str = "") -> list[str]:
        found: list[str] = []
        for pattern in patterns:
            if isinstance(pattern, URLResolver):
                found += flat(pattern.url_patterns, before + str(pattern.pattern))
            elif isinstance(pattern, URLPattern):
                found.append(before + str(pattern.pattern))
        return found

    addresses = flat(get_resolver().url_patterns)
    assert [address for address in addresses if address.startswith("oauth/")] == ["oauth/token", "oauth/revoke"]
    roots = {address.partition("/")[0] for address in addresses}
    known = {"", "admin", "reports", "artist", "status", "oauth", "v1", "api", "static", "health"}
    known |= {".well-known", "robots.txt", "verify", "payee", "healthz", "readyz", "metrics", "log"}
    assert roots <= known, roots
