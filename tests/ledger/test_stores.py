"""Stores that lie elsewhere: what is said of them is taken as it stands, and what is wrong is named."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from django.core.exceptions import ImproperlyConfigured

from ledger import stores

NAMES = {"audio", "packs"}
S3 = {"BACKEND": "storages.backends.s3.S3Storage", "OPTIONS": {"bucket_name": "house"}}


def test_are_read_as_they_are_written(tmp_path: Path) -> None:
    file = tmp_path / "stores.json"
    file.write_text(json.dumps({"audio": S3, "packs": {"BACKEND": "a.B"}}))
    assert stores.read(file, names=NAMES) == {"audio": S3, "packs": {"BACKEND": "a.B"}}


@pytest.mark.parametrize(
    ("text", "said"),
    [
        (b"{", "it is not JSON"),
        (b"\xff", "it is not JSON"),
        (b"[]", "no object of stores"),
        (b'{"audoi": {"BACKEND": "a.B"}}', "there is no store audoi; stores are audio, packs"),
        (b'{"audio": "a.B"}', "audio has a BACKEND"),
        (b'{"audio": {"OPTIONS": {}}}', "audio has a BACKEND"),
        (b'{"audio": {"BACKEND": "a.B", "bucket": "x"}}', "audio has a BACKEND"),
        (b'{"audio": {"BACKEND": "a.B", "OPTIONS": []}}', "OPTIONS of audio are an object"),
        (b" " * (stores.MOST_BYTES + 1), "it has more than 1,048,576 bytes"),
    ],
)
def test_a_file_that_says_something_else_is_refused(tmp_path: Path, text: bytes, said: str) -> None:
    file = tmp_path / "stores.json"
    file.write_bytes(text)
    with pytest.raises(ImproperlyConfigured, match=f"LEDGER_STORES, {file}: .*{said}"):
        stores.read(file, names=NAMES)


def test_a_file_that_is_not_there_is_named(tmp_path: Path) -> None:
    with pytest.raises(ImproperlyConfigured, match=r"none\.json: No such file"):
        stores.read(tmp_path / "none.json", names=NAMES)
