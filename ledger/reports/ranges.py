"""Answering with a part of some bytes, as a player asks for them (RFC 9110 §14)."""

from __future__ import annotations

import re

from django.http import HttpRequest, HttpResponse

_ONE_RANGE = re.compile(r"bytes=(?:(\d{1,15})-(\d{0,15})|-(\d{1,15}))")


def answer(request: HttpRequest, content: bytes, *, content_type: str) -> HttpResponse:
    """
    Answer with all bytes, or with the one range that was asked for, which lets a browser seek.

    Several ranges at once, or a header that is no range, get everything, as the standard allows.
    """
    size = len(content)
    asked = _ONE_RANGE.fullmatch(request.headers.get("Range", ""))
    if asked is None:
        response = HttpResponse(content, content_type=content_type)
    else:
        first, last = _bounds(asked, size)
        if first >= size or first > last:
            response = HttpResponse(status=416, headers={"Content-Range": f"bytes */{size}"})
        else:
            response = HttpResponse(content[first : last + 1], content_type=content_type, status=206)
            response["Content-Range"] = f"bytes {first}-{last}/{size}"
    response["Accept-Ranges"] = "bytes"
    return response


def _bounds(asked: re.Match[str], size: int) -> tuple[int, int]:
    first, last, suffix = asked.groups()
    if suffix is not None:
        # The last so many bytes; of none there is no range.
        return (size, size) if int(suffix) == 0 else (max(0, size - int(suffix)), size - 1)
    return int(first), min(int(last), size - 1) if last else size - 1
