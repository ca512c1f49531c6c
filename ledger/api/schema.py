"""The OpenAPI document: summaries from the docstrings, the token endpoint, and how every error looks."""

from __future__ import annotations

from typing import Any

from django.conf import settings
from drf_spectacular.extensions import OpenApiAuthenticationExtension
from drf_spectacular.openapi import AutoSchema as Spectacular

PROBLEM = {
    "type": "object",
    "description": "What went wrong (RFC 9457). The code is a promise, the sentence is not.",
    "required": ["status", "code", "detail"],
    "properties": {
        "status": {"type": "integer", "example": 422},
        "code": {"type": "string", "example": "truncated_audio"},
        "detail": {"type": "string", "example": "The file ends before its audio does: send the whole file."},
        "fields": {"type": "object", "additionalProperties": True, "description": "Which fields, and what of them"},
    },
}


class AutoSchema(Spectacular):
    """A view's docstring: its first sentence is the summary, the whole is the description."""

    def get_description(self) -> str:  # type: ignore[override]  # the toolkit dropped the arguments itself
        """Return the docstring, with code marked as Markdown does."""
        return super().get_description().replace("``", "`")

    def get_summary(self) -> str | None:
        """Return the first sentence, which is shown as plain text."""
        first, dot, _ = self.get_description().replace("`", "").partition(". ")
        return f"{first}." if dot else first.strip() or None


class BearerScheme(OpenApiAuthenticationExtension):  # type: ignore[no-untyped-call]
    """How a client gets its token."""

    target_class = "ledger.api.access.BearerAuthentication"
    name = "oauth2"

    def get_security_requirement(self, auto_schema: Any) -> dict[str, list[str]]:
        """Return the scope that the operation asks for."""
        scope = getattr(auto_schema.view, "scopes", {}).get(auto_schema.method)
        return {self.name: [scope] if scope else []}

    def get_security_definition(self, auto_schema: Any) -> dict[str, Any]:  # noqa: ARG002
        """Return the flow."""
        return {
            "type": "oauth2",
            "flows": {"clientCredentials": {"tokenUrl": "/oauth/token", "scopes": dict(settings.API_SCOPES)}},
        }


def add_problems(result: dict[str, Any], generator: Any, request: Any, public: bool) -> dict[str, Any]:  # noqa: ARG001, FBT001
    """Say of every operation how it refuses."""
    result["components"]["schemas"]["Problem"] = PROBLEM
    answer = {
        "description": "Refused: the code says why, the sentence says what to do",
        "content": {"application/problem+json": {"schema": {"$ref": "#/components/schemas/Problem"}}},
    }
    for operations in result["paths"].values():
        for operation in operations.values():
            operation["responses"]["4XX"] = answer
    return result
