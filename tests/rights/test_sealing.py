"""Sealed values and wrapped keys open with their own key, in their own place, unchanged; names are found by tokens."""

from __future__ import annotations

import json
import unicodedata
from pathlib import Path
from typing import Any

import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st

from rights import sealing
from rights.sealing import (
    NoKek,
    NotADataKey,
    NothingToSearch,
    NowhereInParticular,
    SecretKek,
    UnknownKek,
    Unreadable,
    Unsealable,
)

VECTORS = json.loads((Path(__file__).parents[1] / "vectors" / "sealing.json").read_text())
KEY = bytes(range(32))
OTHER_KEY = bytes(range(1, 33))
OLD, NEW = SecretKek(b"\x01" * 32), SecretKek(b"\x02" * 32)
HERE = sealing.place(table="rights_partyidentity", column="name", id=7)
INDEX = b"\x03" * 32


# --- Vectors ---


@pytest.mark.parametrize("vector", VECTORS["sealed"], ids=lambda vector: vector["context"])
def test_open_what_earlier_releases_sealed(vector: dict[str, str]) -> None:
    opened = sealing.open_sealed(
        bytes.fromhex(vector["key"]), bytes.fromhex(vector["sealed"]), context=vector["context"]
    )
    assert opened == vector["plaintext"].encode()


@pytest.mark.parametrize("vector", VECTORS["wrapped"], ids=lambda vector: vector["id"])
def test_unwrap_what_earlier_releases_wrapped(vector: dict[str, str]) -> None:
    kek = SecretKek(bytes.fromhex(vector["kek"]))
    assert kek.id.hex() == vector["id"]
    assert sealing.unwrap(bytes.fromhex(vector["wrapped"]), [kek]).hex() == vector["key"]


@pytest.mark.parametrize("vector", VECTORS["tokens"], ids=lambda vector: vector["name"])
def test_name_tokens_as_earlier_releases_did(vector: dict[str, Any]) -> None:
    index_key = bytes.fromhex(VECTORS["index_key"])
    assert [token.hex() for token in sealing.tokens(vector["name"], index_key)] == vector["tokens"]


# --- Values ---


@given(st.binary(max_size=200), st.text(min_size=1, max_size=40).filter(lambda text: text.isprintable()))
@settings(max_examples=100, deadline=None, derandomize=True)
def test_open_to_what_was_sealed(plaintext: bytes, context: str) -> None:
    assert sealing.open_sealed(KEY, sealing.seal(KEY, plaintext, context=context), context=context) == plaintext


def test_hide_the_plaintext_and_that_two_are_the_same() -> None:
    plaintext = b"Writer A, who lives in a street of this town"
    one, two = (sealing.seal(KEY, plaintext, context=HERE) for _ in range(2))
    assert one != two
    assert all(plaintext[at : at + 4] not in one for at in range(len(plaintext) - 3))
    assert KEY not in one
    assert len(one) == 1 + 12 + len(plaintext) + 16


def test_open_with_their_own_key_only() -> None:
    with pytest.raises(Unreadable):
        sealing.open_sealed(OTHER_KEY, sealing.seal(KEY, b"Writer A", context=HERE), context=HERE)


@pytest.mark.parametrize(
    "elsewhere",
    [
        sealing.place(table="rights_partyidentity", column="name", id=8),
        sealing.place(table="rights_partyidentity", column="salt", id=7),
        sealing.place(table="rights_party", column="name", id=7),
        HERE + " ",
    ],
)
def test_open_in_their_own_place_only(elsewhere: str) -> None:
    with pytest.raises(Unreadable):
        sealing.open_sealed(KEY, sealing.seal(KEY, b"Writer A", context=HERE), context=elsewhere)


def test_refuse_every_changed_byte() -> None:
    blob = sealing.seal(KEY, b"Writer A", context=HERE)
    for at in range(len(blob)):
        for bit in (1, 0x80):
            changed = bytearray(blob)
            changed[at] ^= bit
            with pytest.raises(Unreadable):
                sealing.open_sealed(KEY, bytes(changed), context=HERE)


def test_refuse_every_shorter_and_a_longer_value() -> None:
    blob = sealing.seal(KEY, b"Writer A", context=HERE)
    for wrong in [blob[:length] for length in range(len(blob))] + [blob + b"\x00"]:
        with pytest.raises(Unreadable):
            sealing.open_sealed(KEY, wrong, context=HERE)


@pytest.mark.parametrize("key", [b"", b"\x00" * 16, b"\x00" * 31, b"\x00" * 33])
def test_refuse_a_key_of_another_length(key: bytes) -> None:
    for attempt in (
        lambda: sealing.seal(key, b"", context=HERE),
        lambda: sealing.open_sealed(key, b"\x01" * 40, context=HERE),
        lambda: sealing.wrap(key, NEW),
        lambda: SecretKek(key),
        lambda: sealing.tokens("Writer A", key),
        lambda: sealing.query_tokens("Writer A", key),
    ):
        with pytest.raises(NotADataKey):
            attempt()


def test_need_a_place() -> None:
    with pytest.raises(NowhereInParticular):
        sealing.seal(KEY, b"Writer A", context="")
    with pytest.raises(NowhereInParticular):
        sealing.open_sealed(KEY, sealing.seal(KEY, b"Writer A", context=HERE), context="")


JSON = st.recursive(
    st.none() | st.booleans() | st.integers(-(2**53) + 1, 2**53 - 1) | st.text(st.characters(codec="utf-8")),
    lambda inner: (
        st.lists(inner, max_size=3) | st.dictionaries(st.text(st.characters(codec="utf-8")), inner, max_size=3)
    ),
    max_leaves=8,
)


@given(JSON)
@settings(max_examples=100, deadline=None, derandomize=True)
def test_open_to_the_json_that_was_sealed(value: Any) -> None:
    assert sealing.open_json(KEY, sealing.seal_json(KEY, value, context=HERE), context=HERE) == value


def test_seal_json_in_canonical_form() -> None:
    blob = sealing.seal_json(KEY, {"name": "Writer Ä", "kind": "person"}, context=HERE)
    assert sealing.open_sealed(KEY, blob, context=HERE) == '{"kind":"person","name":"Writer Ä"}'.encode()


@pytest.mark.parametrize("value", [2**53, float("nan"), {1: "a"}, "\ud800", {"secret name"}, b"secret name"])
def test_refuse_what_json_cannot_say_and_do_not_repeat_it(value: object) -> None:
    with pytest.raises(Unsealable) as refused:
        sealing.seal_json(KEY, value, context=HERE)
    assert "secret name" not in str(refused.value)
    assert refused.value.__suppress_context__


@pytest.mark.parametrize("plaintext", [b"", b"{", b"\xff", b"Writer A"])
def test_do_not_take_other_plaintext_for_json(plaintext: bytes) -> None:
    with pytest.raises(Unreadable) as refused:
        sealing.open_json(KEY, sealing.seal(KEY, plaintext, context=HERE), context=HERE)
    assert refused.value.__suppress_context__


# --- Keys ---


def test_make_keys_that_differ() -> None:
    assert len({sealing.fresh_key() for _ in range(20)}) == 20
    assert len(sealing.fresh_key()) == 32


def test_unwrap_with_the_key_that_wrapped_wherever_it_stands() -> None:
    blob = sealing.wrap(KEY, OLD)
    assert sealing.unwrap(blob, [OLD]) == KEY
    assert sealing.unwrap(blob, [NEW, OLD]) == KEY
    assert KEY not in blob
    assert sealing.kek_id(blob) == OLD.id != NEW.id


def test_say_which_key_is_missing() -> None:
    with pytest.raises(UnknownKek, match=OLD.id.hex()):
        sealing.unwrap(sealing.wrap(KEY, OLD), [NEW])
    with pytest.raises(UnknownKek):
        sealing.unwrap(sealing.wrap(KEY, OLD), [])


def test_wrap_anew_under_the_current_key() -> None:
    blob = sealing.wrap(KEY, OLD)
    moved = sealing.rewrap(blob, [NEW, OLD])
    assert sealing.kek_id(moved) == NEW.id
    assert sealing.unwrap(moved, [NEW]) == KEY
    assert sealing.rewrap(moved, [NEW, OLD]) == moved  # nothing to do, so nothing changes
    with pytest.raises(UnknownKek):
        sealing.rewrap(blob, [NEW])
    with pytest.raises(NoKek):
        sealing.rewrap(blob, [])


def test_keep_values_readable_through_a_rotation() -> None:
    key = sealing.fresh_key()
    value = sealing.seal(key, b"Writer A", context=HERE)
    wrapped = sealing.rewrap(sealing.wrap(key, OLD), [NEW, OLD])
    assert sealing.open_sealed(sealing.unwrap(wrapped, [NEW]), value, context=HERE) == b"Writer A"


def test_refuse_every_changed_byte_of_a_wrapped_key() -> None:
    blob = sealing.wrap(KEY, OLD)
    for at in range(len(blob)):
        changed = bytearray(blob)
        changed[at] ^= 1
        # A changed id is a key that is not known; everything else does not open.
        with pytest.raises(UnknownKek if 1 <= at < 9 else Unreadable):
            sealing.unwrap(bytes(changed), [OLD, NEW])


def test_refuse_a_wrapped_key_that_claims_another_id() -> None:
    blob = sealing.wrap(KEY, OLD)
    with pytest.raises(Unreadable):
        sealing.unwrap(blob[:1] + NEW.id + blob[9:], [OLD, NEW])


def test_refuse_a_shorter_wrapped_key() -> None:
    blob = sealing.wrap(KEY, OLD)
    for length in range(len(blob)):
        with pytest.raises(Unreadable):
            sealing.unwrap(blob[:length], [OLD])


def test_do_not_show_a_secret_when_printed() -> None:
    assert str(OLD.secret) not in repr(OLD)
    assert OLD.secret.hex() not in repr(OLD)


# --- Finding names ---


def is_found(name: str, by: str) -> bool:
    return set(sealing.query_tokens(by, INDEX)) <= set(sealing.tokens(name, INDEX))


@pytest.mark.parametrize(
    ("name", "by"),
    [
        ("North Label", "north"),
        ("North Label", "LABEL"),
        ("North Label", "no"),
        ("North Label", "la nor"),  # any order, any beginnings
        ("Écrivain É", "ecrivain"),
        ("Ecrivain", "ÉCRIVAIN"),
        ("Écrivain", unicodedata.normalize("NFD", "écri")),
        ("Straße Verlag", "strasse"),
        ("Søster Łabel", "soster label"),
        ("Ærø Forlag", "aero"),
        ("İçerik Işık", "icerik isik"),
        ("Writer-Singer A", "writer"),
        ("Writer-Singer A", "singer"),
        ("Writer-Singer A", "writersinger"),
        ("Writer-Singer A", "writer-singer"),
        ("Writer-Singer A", "writer singer a"),
        ("Writer\u2010Singer", "writer-singer"),  # a hyphen that is not the keyboard's
        ("O'Writer", "owriter"),
        ("O'Writer", "O’Writer"),
        ("O'Writer", "writer"),
        ("W.R.T.", "wrt"),
        ("W.R.T.", "w.r.t."),
        ("Label 9", "9"),
        ("Автор Ёлка", "автор"),
        ("Автор Ёлка", "АВТ елка"),
        ("Συγγραφέας", "συγγραφεας"),
        ("作曲家甲", "作"),
        ("作曲家甲", "曲家"),
        ("作曲家甲", "作曲家甲"),
        ("作曲家 甲", "甲 作曲"),
        ("ライター", "ライター"),
        ("ﾗｲﾀｰ", "ライター"),  # half width
        ("작곡가", "작곡"),
        ("작곡가", "곡가"),
        ("North作曲", "north 作曲"),
        ("लेखक", "लेख"),
        ("Ｎｏｒｔｈ", "north"),
        ("Extraordinarily Long", "extraordinarily"),
    ],
)
def test_find_a_name(name: str, by: str) -> None:
    assert is_found(name, by)


@pytest.mark.parametrize(
    ("name", "by"),
    [
        ("North Label", "orth"),  # not a beginning
        ("North Label", "n"),  # one letter is a whole word
        ("North Label", "north south"),
        ("North Label", "northlabel"),
        ("Writer A", "writer b"),
        ("Автор", "abtop"),  # letters that only look alike
        ("क्तक", "कतक"),  # the sign that joins consonants is no accent
        ("作曲家", "家曲"),
        ("作曲家", "作家"),
        ("작곡가", "가곡"),
    ],
)
def test_do_not_find_another_name(name: str, by: str) -> None:
    assert not is_found(name, by)


def test_take_words_alike_after_ten_letters() -> None:
    assert is_found("Extraordinarily", "extraordinal")
    assert not is_found("Extraordinarily", "extraordin ally")


@pytest.mark.parametrize("text", ["", " ", "-", "…!?", "\u0301", "\t\n"])
def test_refuse_to_search_for_nothing(text: str) -> None:
    with pytest.raises(NothingToSearch):
        sealing.query_tokens(text, INDEX)
    assert sealing.tokens(text, INDEX) == ()


@pytest.mark.parametrize(
    ("name", "count"),
    [
        ("A", 1),
        ("Ab", 1),
        ("Abc", 2),
        ("Abcdefghij", 9),
        ("Abcdefghijklmnop", 9),
        ("Abc Abc", 2),
        ("Ab-Cd", 2 + 3 - 1),  # ab, cd, and abcd by ab, abc, abcd
        ("作", 1),
        ("作曲", 3),
        ("作曲家甲", 4 + 3),
    ],
)
def test_make_as_many_tokens_as_there_are_beginnings(name: str, count: int) -> None:
    found = sealing.tokens(name, INDEX)
    assert len(found) == count
    assert {len(token) for token in found} == {8}
    assert list(found) == sorted(set(found))


def test_say_nothing_without_the_index_key() -> None:
    assert not set(sealing.tokens("North Label", INDEX)) & set(sealing.tokens("North Label", KEY))


NAMES = st.text(alphabet="abyzÄéßøŁСтЁ作曲가라 -'.", min_size=1, max_size=14)


@given(NAMES)
@settings(max_examples=300, deadline=None, derandomize=True)
def test_find_every_name_by_itself_however_it_is_typed(name: str) -> None:
    assume(any(letter.isalpha() for letter in name))
    for typed in (name, name.upper(), name.lower(), unicodedata.normalize("NFD", name), f"  {name} "):
        assert is_found(name, typed)


@given(st.text(max_size=30))
@settings(max_examples=300, deadline=None, derandomize=True)
def test_take_any_text(name: str) -> None:
    try:
        wanted = sealing.query_tokens(name, INDEX)
    except NothingToSearch:
        assert sealing.tokens(name, INDEX) == ()
    else:
        assert set(wanted) <= set(sealing.tokens(name, INDEX))
