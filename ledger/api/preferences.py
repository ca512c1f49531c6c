"""Preferences in public: what may be done with an asset, by its code, in our words and in those of others (CON-9)."""

from __future__ import annotations

from typing import Any
from uuid import UUID

from django.conf import settings
from django.http import HttpRequest, HttpResponse, JsonResponse
from django.shortcuts import get_object_or_404
from django.utils import timezone
from django.views.decorators.http import require_safe
from drf_spectacular.types import OpenApiTypes
from drf_spectacular.utils import OpenApiParameter, extend_schema
from rest_framework import serializers
from rest_framework.permissions import AllowAny
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.throttling import ScopedRateThrottle
from rest_framework.views import APIView

from rights import preferences, published
from rights.identifiers import BadCode
from rights.models import Recording
from rights.preferences import Location, Preference
from rights.published import BadIscc, Code, CodeKind, Published

MOST_CODES = 100
CACHED_S = 300


class TooManyCodes(Exception):
    """One request asks about at most 100 codes: ask in several."""


class NoCode(Exception):
    """Name at least one code: ?isrc=, ?iswc= or ?iscc=, and the same again for more."""


def policy() -> str:
    """Return the address where a machine reads what holders prefer, and where to ask for more."""
    return f"{settings.LEDGER_PUBLIC_URL.rstrip('/')}/v1/preferences"


class PreferencesOutput(serializers.Serializer[Any]):
    """What is published about one asset: ours, aipref, TDMRep, CAWG and DDEX."""

    version = serializers.CharField()
    at = serializers.CharField()
    asset = serializers.DictField(child=serializers.CharField())
    uses = serializers.DictField()
    policy = serializers.CharField(allow_null=True)
    aipref = serializers.DictField()
    tdmrep = serializers.DictField()
    cawg = serializers.DictField()
    ddex = serializers.DictField()
    sources = serializers.ListField(child=serializers.DictField())


class PreferenceAnswer(serializers.Serializer[Any]):
    """The answer to one code: 200 with preferences, 404 where the code names nothing here, 422 where it is no code."""

    asked = serializers.DictField(child=serializers.CharField())
    status = serializers.IntegerField()
    code = serializers.CharField(required=False)
    detail = serializers.CharField(required=False)
    preferences = PreferencesOutput(required=False)


class PreferenceAnswers(serializers.Serializer[Any]):
    """An answer to each code, in the order asked."""

    results = PreferenceAnswer(many=True)


def _parameter(kind: CodeKind, example: str) -> OpenApiParameter:
    return OpenApiParameter(
        kind.value,
        OpenApiTypes.STR,
        many=True,
        description=f"An {kind.name}, such as {example}; give it again for more",
    )


class Preferences(APIView):
    """What holders prefer, for everybody to read."""

    authentication_classes = []
    permission_classes = [AllowAny]
    throttle_classes = [ScopedRateThrottle]
    throttle_scope = "preferences"

    @extend_schema(
        operation_id="look_up_preferences",
        parameters=[
            _parameter(CodeKind.ISRC, "GBAYE0500001"),
            _parameter(CodeKind.ISWC, "T0345246801"),
            _parameter(CodeKind.ISCC, "ISCC:KACYPXW445FTYNJ3CYSXHAFJMA2HUWULUNRFE3BLHRSCXYH2M5AEGQY"),
        ],
        responses=PreferenceAnswers,
        auth=[],
        tags=["preferences"],
    )
    def get(self, request: Request) -> Response:
        """
        Look up what may be done with recordings and works, by their codes. Up to 100 codes; nobody needs to sign in.

        What was not granted to the public is ``not_allowed``. What somebody may do by agreement is ``constrained``: ask
        for a license. No name of a holder or a licensee is shown.
        """
        asked = [(kind, raw) for kind in CodeKind for raw in request.query_params.getlist(kind.value)]
        if not asked:
            raise NoCode
        if len(asked) > MOST_CODES:
            raise TooManyCodes
        at = timezone.now()
        read = [_read(kind, raw) for kind, raw in asked]
        found = published.of_codes({code for code in read if isinstance(code, Code)}, on=at.date(), known_at=at)
        results = [_answer(kind, raw, code, found, at) for (kind, raw), code in zip(asked, read, strict=True)]
        response = Response({"results": results})
        _expose(response)
        if len(results) == 1 and results[0]["status"] == 200:
            _say(response, found[read[0]].public.preferences)  # type: ignore[index] # a code, or it were not found
        return response


class RecordingPreferences(APIView):
    """What is published about one recording, for whoever may read the catalogue."""

    scopes = {"GET": "catalogue:read"}
    sees = {"id": Recording}

    @extend_schema(operation_id="read_recording_preferences", responses=PreferencesOutput, tags=["preferences"])
    def get(self, request: Request, id: UUID) -> Response:  # noqa: ARG002 - DRF's signature
        """Read what the public is told about a recording, also where it has no code yet."""
        recording = get_object_or_404(Recording, pk=id)
        at = timezone.now()
        found = published.of_recording(recording, on=at.date(), known_at=at)
        response = Response(_document(found, at))
        _say(response, found.public.preferences)
        return response


def _read(kind: CodeKind, raw: str) -> Code | BadCode | BadIscc:
    try:
        return published.read_code(kind, raw)
    except (BadCode, BadIscc) as error:
        return error


def _answer(
    kind: CodeKind, raw: str, code: Code | BadCode | BadIscc, found: dict[Code, Published], at: Any
) -> dict[str, Any]:
    asked = {kind.value: raw[:80]}
    if not isinstance(code, Code):
        said = str(code) or " ".join((type(code).__doc__ or "").split())
        return {"asked": asked, "status": 422, "code": f"bad_{kind.value}", "detail": said}
    if code not in found:
        said = f"No {'work' if kind is CodeKind.ISWC else 'asset'} with this {kind.name} is registered here."
        return {"asked": asked, "status": 404, "code": "no_such_asset", "detail": said}
    return {"asked": asked, "status": 200, "preferences": _document(found[code], at)}


def _document(found: Published, at: Any) -> dict[str, Any]:
    said = found.public.preferences
    deals = preferences.ddex_deal_terms(
        said,
        territories=["2136"],
        active_from=at.date(),
        active_to=found.public.ends_on,
        default_stance="not_allowed",
    )
    return preferences.document(
        codes=found.codes, preferences=said, at=at, default_stance="not_allowed", policy=policy(), deals=deals
    )


def _say(response: HttpResponse, said: tuple[Preference, ...]) -> None:
    """Put the preference into the header fields, where crawlers look for it."""
    response["Content-Usage"] = preferences.content_usage(said, default_stance="not_allowed")
    for name, value in preferences.tdm_headers(said, policy=policy(), default_stance="not_allowed").items():
        response[name] = value


def _expose(response: HttpResponse) -> None:
    """Let any page and any cache have it: it is public."""
    response["Access-Control-Allow-Origin"] = "*"
    response["Cache-Control"] = f"public, max-age={CACHED_S}"


# --- What is said about this site itself: nothing here is free to be mined.

_RESERVED = tuple(Preference(use, "not_allowed") for use in ("tdm", "train.nongen", "train.gen", "finetune.artist"))


@require_safe
def tdmrep(request: HttpRequest) -> JsonResponse:  # noqa: ARG001 - Django's signature
    """Serve ``/.well-known/tdmrep.json``."""
    rules = preferences.tdmrep([Location("/", _RESERVED, policy())])
    response = JsonResponse(rules, safe=False)
    _expose(response)
    return response


@require_safe
def robots(request: HttpRequest) -> HttpResponse:  # noqa: ARG001 - Django's signature
    """Serve ``/robots.txt``: preferences for whoever reads, and which addresses are nobody's business."""
    lines = [
        "User-agent: *",
        "Disallow: /artist/",
        "Disallow: /payee/",
        "Disallow: /admin/",
        "Disallow: /reports/",
        *preferences.robots_lines("/", _RESERVED),
        "",
    ]
    response = HttpResponse("\n".join(lines), content_type="text/plain; charset=utf-8")
    _expose(response)
    return response
