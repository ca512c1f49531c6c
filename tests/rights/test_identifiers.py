"""Codes of the trade: one stored form, one shown form, and a refusal that helps for what is none."""

from __future__ import annotations

import time

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from stdnum.iso7064 import mod_37_36

from rights import identifiers
from rights.identifiers import BadCode, BadIsrc, BadIswc, CodeStatus, Scheme, display, read

# scheme, as written, as stored, as shown
GOOD = [
    (Scheme.ISRC, "US-S1Z-99-00001", "USS1Z9900001", "US-S1Z-99-00001"),  # the standard's own example
    (Scheme.ISRC, "USS1Z9900001", "USS1Z9900001", "US-S1Z-99-00001"),
    (Scheme.ISRC, "GBUV71200495", "GBUV71200495", "GB-UV7-12-00495"),
    (Scheme.ISRC, "DEC620900246", "DEC620900246", "DE-C62-09-00246"),
    (Scheme.ISRC, "JPTO09405080", "JPTO09405080", "JP-TO0-94-05080"),
    (Scheme.ISRC, "gb-aye-05-00001", "GBAYE0500001", "GB-AYE-05-00001"),
    (Scheme.ISRC, " FRZ039101231 ", "FRZ039101231", "FR-Z03-91-01231"),
    (Scheme.ISRC, "ISRC US-S1Z-99-00001", "USS1Z9900001", "US-S1Z-99-00001"),
    (Scheme.ISRC, "isrc:uss1z9900001", "USS1Z9900001", "US-S1Z-99-00001"),
    (Scheme.ISRC, "ISRC12600001", "ISRC12600001", "IS-RC1-26-00001"),  # Iceland, and not the word
    (Scheme.ISRC, "ISRC ISRC12600001", "ISRC12600001", "IS-RC1-26-00001"),
    (Scheme.ISRC, "QZES72600001", "QZES72600001", "QZ-ES7-26-00001"),  # a prefix that is no country
    (Scheme.ISRC, "XXABC2600001", "XXABC2600001", "XX-ABC-26-00001"),  # nor is any table of prefixes asked
    (Scheme.ISRC, "US\u2011S1Z\u201399\u201300001", "USS1Z9900001", "US-S1Z-99-00001"),  # dashes of a word processor
    (Scheme.ISRC, "US S1Z\u00a099 00001", "USS1Z9900001", "US-S1Z-99-00001"),
    (Scheme.ISWC, "T-034.524.680-1", "T0345246801", "T-034.524.680-1"),  # the standard's own example
    (Scheme.ISWC, "T-003.074.958-6", "T0030749586", "T-003.074.958-6"),  # DDEX, Digital Sales Report
    (Scheme.ISWC, "T0030749586", "T0030749586", "T-003.074.958-6"),
    (Scheme.ISWC, "T-000.000.001-0", "T0000000010", "T-000.000.001-0"),
    (Scheme.ISWC, "T-101.690.320-9", "T1016903209", "T-101.690.320-9"),
    (Scheme.ISWC, "t-034.524.680-1", "T0345246801", "T-034.524.680-1"),
    (Scheme.ISWC, " T 034 524 680 1 ", "T0345246801", "T-034.524.680-1"),
    (Scheme.ISWC, "T-034524680-1", "T0345246801", "T-034.524.680-1"),
    (Scheme.ISWC, "T.034.524.680.1", "T0345246801", "T-034.524.680-1"),
    (Scheme.ISWC, "034.524.680-1", "T0345246801", "T-034.524.680-1"),  # old files leave out the T
    (Scheme.ISWC, "0345246801", "T0345246801", "T-034.524.680-1"),
    (Scheme.ISWC, "ISWC T-034.524.680-1", "T0345246801", "T-034.524.680-1"),
    (Scheme.ISWC, "T0345246801\n", "T0345246801", "T-034.524.680-1"),
    (Scheme.ISWC, "T-000000000-9", "T0000000009", "T-000.000.000-9"),  # 1 + 0 needs a nine
    (Scheme.IPI_NAME, "00132688075", "00132688075", "00132688075"),
    (Scheme.IPI_NAME, "132688075", "00132688075", "00132688075"),  # a spreadsheet took the zeros
    (Scheme.IPI_NAME, "132.68.80.75", "00132688075", "00132688075"),
    (Scheme.IPI_NAME, "00000000199", "00000000199", "00000000199"),  # CWR samples
    (Scheme.IPI_NAME, "00000000297", "00000000297", "00000000297"),
    (Scheme.IPI_NAME, "00000000395", "00000000395", "00000000395"),
    (Scheme.IPI_NAME, "199", "00000000199", "00000000199"),
    (Scheme.IPI_NAME, "00014107338", "00014107338", "00014107338"),
    (Scheme.IPI_NAME, "00017798450", "00017798450", "00017798450"),
    (Scheme.IPI_NAME, "00045620792", "00045620792", "00045620792"),
    (Scheme.IPI_NAME, "IPI 00045620792", "00045620792", "00045620792"),
    (Scheme.IPI_BASE, "I-001068130-6", "I-001068130-6", "I-001068130-6"),
    (Scheme.IPI_BASE, "i0010681306", "I-001068130-6", "I-001068130-6"),
    (Scheme.IPI_BASE, "I-000000229-7", "I-000000229-7", "I-000000229-7"),
    (Scheme.IPI_BASE, "I-001631070-4", "I-001631070-4", "I-001631070-4"),
    (Scheme.IPI_BASE, "IPI I-001631070-4", "I-001631070-4", "I-001631070-4"),
    (Scheme.ISNI, "0000 0000 8126 6409", "0000000081266409", "0000 0000 8126 6409"),  # DDEX, Digital Sales Report
    (Scheme.ISNI, "0000 0001 2281 955X", "000000012281955X", "0000 0001 2281 955X"),
    (Scheme.ISNI, "0000-0001-2281-955x", "000000012281955X", "0000 0001 2281 955X"),
    (Scheme.ISNI, "ISNI 0000 0001 2103 2683", "0000000121032683", "0000 0001 2103 2683"),
    (Scheme.ISNI, "0000-0002-1825-0097", "0000000218250097", "0000 0002 1825 0097"),  # the range of ORCID
    (Scheme.GTIN, "4006381333931", "04006381333931", "4006381333931"),
    (Scheme.GTIN, "5901234123457", "05901234123457", "5901234123457"),
    (Scheme.GTIN, "036000291452", "00036000291452", "036000291452"),  # UPC-A
    (Scheme.GTIN, "0036000291452", "00036000291452", "036000291452"),  # the same product as an EAN
    (Scheme.GTIN, "00036000291452", "00036000291452", "036000291452"),
    (Scheme.GTIN, "0 36000 29145 2", "00036000291452", "036000291452"),
    (Scheme.GTIN, "73513537", "00000073513537", "73513537"),
    (Scheme.GTIN, "98412345678908", "98412345678908", "98412345678908"),
    (Scheme.GRID, "A1-2425G-ABC1234002-M", "A12425GABC1234002M", "A1-2425G-ABC1234002-M"),
    (Scheme.GRID, "GRid:A1-2425G-ABC1234002-M", "A12425GABC1234002M", "A1-2425G-ABC1234002-M"),
    (Scheme.GRID, "a10302b0003989564f", "A10302B0003989564F", "A1-0302B-0003989564-F"),  # DDEX sample
    (Scheme.DPID, "PADPIDA2008120501W", "PADPIDA2008120501W", "PA-DPIDA-2008120501-W"),  # DDEX's corrected example
    (Scheme.DPID, "PA-DPIDA-2008120501-W", "PADPIDA2008120501W", "PA-DPIDA-2008120501-W"),
    (Scheme.DPID, "PADPIDA2007050901U", "PADPIDA2007050901U", "PA-DPIDA-2007050901-U"),
    (Scheme.DPID, "PADPIDA2013020802I", "PADPIDA2013020802I", "PA-DPIDA-2013020802-I"),
    (Scheme.DPID, "PADPIDA2013042401U", "PADPIDA2013042401U", "PA-DPIDA-2013042401-U"),
    (Scheme.DPID, "PADPIDA2012031302R", "PADPIDA2012031302R", "PA-DPIDA-2012031302-R"),
    (Scheme.DPID, "PADPIDA2011072101T", "PADPIDA2011072101T", "PA-DPIDA-2011072101-T"),
    (Scheme.DPID, "padpida2007061301u", "PADPIDA2007061301U", "PA-DPIDA-2007061301-U"),
]

BAD = [
    (Scheme.ISRC, "US-S1Z-99-0001", "has 11 characters where there are 12"),
    (Scheme.ISRC, "USRC176078390", "has 13 characters where there are 12"),
    (Scheme.ISRC, "ISRC US-S1Z-99-0001", "has 11 characters where there are 12"),  # the word is not counted
    (Scheme.ISRC, "U1S1Z9900001", "characters are not two letters"),
    (Scheme.ISRC, "1SRC17607839", "characters are not two letters"),
    (Scheme.ISRC, "USRC1760783A", "characters are not two letters"),
    (Scheme.ISRC, "US.RC1760783", "characters are not two letters"),
    (Scheme.ISRC, "USS1Z99\x000001", "characters are not two letters"),
    (Scheme.ISRC, "USS1Z99٠٠٠٠١", "characters other than two letters"),
    (Scheme.ISRC, "USſ1Z9900001", "characters other than two letters"),  # its upper case would be an S
    (Scheme.ISRC, "US\u200bS1Z9900001", "characters other than two letters"),  # a space that nobody sees
    (Scheme.ISRC, "", "has 0 characters"),
    (Scheme.ISWC, "T0345246810", "wrong check digit"),  # two digits in each other's place
    (Scheme.ISWC, "T0345246802", "wrong check digit"),
    (Scheme.ISWC, "T0345264801", "wrong check digit"),
    (Scheme.ISWC, "0345246802", "wrong check digit"),
    (Scheme.ISWC, "T034524680", "has 10 characters where there are 11"),
    (Scheme.ISWC, "T03452468011", "has 12 characters where there are 11"),
    (Scheme.ISWC, "X0345246801", "characters are not T, then ten digits"),
    (Scheme.ISWC, "T03452468O1", "characters are not T, then ten digits"),
    (Scheme.ISWC, "T0345246801\x00", "has 12 characters"),
    (Scheme.ISWC, "T٠٣٤٥٢٤٦٨٠١", "characters other than T, then ten digits"),  # digits, but not ours
    (Scheme.ISWC, "T𝟎𝟑𝟒𝟓𝟐𝟒𝟔𝟖𝟎𝟏", "characters other than T, then ten digits"),
    (Scheme.ISWC, "", "has 0 characters"),
    (Scheme.IPI_NAME, "00014107383", "wrong check digit"),  # transposed
    (Scheme.IPI_NAME, "00000000000", "placeholder"),  # it passes the arithmetic
    (Scheme.IPI_NAME, "0", "placeholder"),
    (Scheme.IPI_NAME, "1", "wrong check digit"),
    (Scheme.IPI_NAME, "000132688075", "has 12 characters where there are 11"),
    (Scheme.IPI_NAME, "0013268807A", "characters are not digits only"),
    (Scheme.IPI_NAME, "+132688075", "characters are not digits only"),
    (Scheme.IPI_NAME, "", "has 0 characters"),
    (Scheme.IPI_BASE, "I-001068130-5", "wrong check digit"),
    (Scheme.IPI_BASE, "I-001086130-6", "wrong check digit"),
    (Scheme.IPI_BASE, "I-000000000-8", "placeholder"),
    (Scheme.IPI_BASE, "0010681306", "has 10 characters where there are 11"),
    (Scheme.IPI_BASE, "X-001068130-6", "characters are not I, then ten digits"),
    (Scheme.ISNI, "0000000081266490", "wrong check digit"),  # transposed
    (Scheme.ISNI, "0000000081266408", "wrong check digit"),
    (Scheme.ISNI, "0000000000000001", "placeholder"),
    (Scheme.ISNI, "0000 0000 8126 640", "has 15 characters where there are 16"),
    (Scheme.ISNI, "X000000081266409", "characters are not fifteen digits"),
    (Scheme.ISNI, "00000000812664O9", "characters are not fifteen digits"),
    (Scheme.GTIN, "4006381333913", "wrong check digit"),  # transposed
    (Scheme.GTIN, "036000291453", "wrong check digit"),
    (Scheme.GTIN, "0000000000000", "placeholder"),
    (Scheme.GTIN, "36000291452", "has 11 characters where there are 8 or 12 or 13 or 14"),  # it lost its zero
    (Scheme.GTIN, "400638133393X", "characters are not digits only"),
    (Scheme.GRID, "A1-2425G-ABC1234002-Q", "wrong check digit"),
    (Scheme.GRID, "A12425GABC1234020M", "wrong check digit"),
    (Scheme.GRID, "A1-2425G-ABC1234002", "has 17 characters where there are 18"),
    (Scheme.GRID, "B12425GABC1234002M", "characters are not A1"),
    (Scheme.GRID, "A12425GABC123400ÄM", "characters other than A1"),
    (Scheme.DPID, "PADPIDA2008120510W", "wrong check digit"),  # transposed
    (Scheme.DPID, "PADPIDA0000000001A", "wrong check digit"),  # a placeholder of public test code
    (Scheme.DPID, "DPIDA12345SDF", "has 13 characters where there are 18"),  # a bad example that DDEX still shows
    (Scheme.DPID, "PADPIDA20081205AAW", "characters are not PADPIDA, ten digits"),
]


@pytest.mark.parametrize(("scheme", "raw", "stored", "shown"), GOOD)
def test_are_stored_in_one_form_and_shown_in_another(scheme: Scheme, raw: str, stored: str, shown: str) -> None:
    code = read(scheme, raw)
    assert (code.scheme, code.value, code.raw, code.namespace) == (scheme, stored, raw, "")
    assert code.status == (CodeStatus.WELL_FORMED if scheme is Scheme.ISRC else CodeStatus.CHECK_OK)
    assert display(scheme, stored) == shown
    assert read(scheme, stored).value == read(scheme, shown).value == stored


@pytest.mark.parametrize(("scheme", "raw", "why"), BAD)
def test_are_refused_with_what_is_wrong_and_an_example(scheme: Scheme, raw: str, why: str) -> None:
    with pytest.raises(BadCode) as refused:
        read(scheme, raw)
    sentence = str(refused.value)
    assert refused.value.scheme is scheme
    assert why in sentence
    assert f"{raw!r} is not {identifiers.FORMS[scheme].said}: " in sentence
    assert sentence.endswith(f"; a right one is {identifiers.FORMS[scheme].example}")
    assert "\x00" not in sentence  # PostgreSQL would refuse to store it


@pytest.mark.parametrize("scheme", identifiers.FORMS)
def test_are_explained_by_examples_that_are_right(scheme: Scheme) -> None:
    assert display(scheme, read(scheme, identifiers.FORMS[scheme].example).value).replace("-", "") == (
        identifiers.FORMS[scheme].example.replace("-", "")
    )


@pytest.mark.parametrize("scheme", Scheme)
@pytest.mark.parametrize("raw", ["0" * 10_000_000, "٠" * 1_000_000, "-" * 65, " " * 1_000_000, "A1" * 500_000])
def test_are_refused_at_once_when_they_are_huge(scheme: Scheme, raw: str) -> None:
    began = time.process_time()
    with pytest.raises(BadCode) as refused:
        read(scheme, raw, "NS" if scheme is Scheme.PROPRIETARY and len(raw) > 120 else "")
    assert time.process_time() - began < 0.1
    assert len(str(refused.value)) < 1000


def test_have_two_schemes_with_a_refusal_of_their_own() -> None:
    with pytest.raises(BadIsrc, match="is not an ISRC"):
        identifiers.isrc("nonsense")
    with pytest.raises(BadIswc, match="is not an ISWC"):
        identifiers.iswc("nonsense")
    assert identifiers.isrc("us-s1z-99-00001") == "USS1Z9900001"
    assert identifiers.iswc("034.524.680-1") == "T0345246801"
    with pytest.raises(BadCode) as refused:
        read(Scheme.GRID, "nonsense")
    assert type(refused.value) is BadCode


def test_of_a_namespace_are_kept_as_their_owner_writes_them() -> None:
    code = read(Scheme.PROPRIETARY, "  Cat–001/b ", " PADPIDA2008120501W ")
    assert (code.value, code.namespace, code.raw) == ("Cat–001/b", "PADPIDA2008120501W", "  Cat–001/b ")
    assert code.status is CodeStatus.WELL_FORMED
    assert display(Scheme.PROPRIETARY, code.value) == "Cat–001/b"
    assert read(Scheme.PROPRIETARY, "e\u0301", "N").value == read(Scheme.PROPRIETARY, "é", "N").value
    assert read(Scheme.PROPRIETARY, "x" * 120, "N" * 80).value == "x" * 120


@pytest.mark.parametrize(
    ("raw", "namespace", "why"),
    [
        ("", "NS", "the value of a proprietary code has 0 characters"),
        ("   ", "NS", "the value of a proprietary code has 0 characters"),
        ("x" * 121, "NS", "value of a proprietary code has 121 characters where there are 1 to 120"),
        ("a", "N" * 81, "namespace of a proprietary code has 81 characters where there are 1 to 80"),
        ("a\x00b", "NS", "characters that do not show"),
        ("a\tb", "NS", "characters that do not show"),
        ("a\u202eb", "NS", "characters that do not show"),  # it would turn the line around
        ("a\ud800", "NS", "characters that do not show"),
        ("a", "", "the namespace of a proprietary code has 0 characters"),
        ("a", "N\nS", "the namespace of a proprietary code holds characters"),
    ],
)
def test_of_a_namespace_are_refused_where_nobody_could_read_them(raw: str, namespace: str, why: str) -> None:
    with pytest.raises(BadCode, match=why):
        read(Scheme.PROPRIETARY, raw, namespace)


def test_of_a_public_scheme_have_no_namespace() -> None:
    with pytest.raises(BadIsrc, match="an ISRC has no namespace"):
        read(Scheme.ISRC, "USS1Z9900001", "NS")


@given(st.integers(0, 999_999_999), st.integers(0, 9))
@settings(max_examples=200, deadline=None, derandomize=True)
def test_accept_one_check_digit_of_ten(number: int, check: int) -> None:
    # ISO 15707 Annex A, computed the other way round; the IPI base number begins the sum with 2.
    digits = f"{number:09d}"
    total = sum(i * int(d) for i, d in enumerate(digits, 1))
    for scheme, letter, start in ((Scheme.ISWC, "T", 1), (Scheme.IPI_BASE, "I", 2)):
        right = (10 - (start + total) % 10) % 10
        code = f"{letter}{digits}{check}"
        if check == right and (number or scheme is Scheme.ISWC):
            assert read(scheme, code).value.replace("-", "") == code
        else:
            with pytest.raises(BadCode):
                read(scheme, code)


@given(st.integers(1, 999_999_999), st.integers(0, 7))
@settings(max_examples=200, deadline=None, derandomize=True)
def test_notice_two_neighboring_digits_in_each_others_place(number: int, position: int) -> None:
    digits = f"{number:09d}"
    rest = sum((10 - i) * int(d) for i, d in enumerate(digits)) % 101
    right = read(Scheme.IPI_NAME, f"{digits}{(101 - rest) % 100 if rest else 0:02d}").value
    wrong = right[:position] + right[position + 1] + right[position] + right[position + 2 :]
    if wrong != right:
        with pytest.raises(BadCode, match="wrong check digit"):
            read(Scheme.IPI_NAME, wrong)


@given(st.text("0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZ", min_size=15, max_size=15), st.integers(2, 17))
@settings(max_examples=200, deadline=None, derandomize=True)
def test_notice_one_wrong_character_of_a_grid(body: str, position: int) -> None:
    right = "A1" + body + mod_37_36.calc_check_digit("A1" + body)
    assert read(Scheme.GRID, right).value == right
    wrong = right[:position] + ("0" if right[position] != "0" else "Z") + right[position + 1 :]
    with pytest.raises(BadCode):
        read(Scheme.GRID, wrong)


@given(st.sampled_from(list(identifiers.FORMS)), st.text(max_size=20))
@settings(max_examples=500, deadline=None, derandomize=True)
def test_answer_every_text_with_a_code_or_a_refusal(scheme: Scheme, text: str) -> None:
    try:
        code = read(scheme, text)
    except BadCode:
        return
    assert code.value.isascii()
    assert read(scheme, code.value).value == code.value
