"""Dividing an output: worked examples, and in any trade that can be drawn the parts are exactly the whole."""

from __future__ import annotations

import json
from dataclasses import replace
from fractions import Fraction
from hashlib import sha256
from pathlib import Path
from typing import Any
from uuid import UUID

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from rights.case import Claim, DeclaredIngredient, LicenseTerm, Material, ShareTerm, Side, Terms
from rights.claims import Hold
from royalties import apportion
from royalties.apportion import DoesNotAddUp, NothingToApportion, Part, PlanTerms, Splits, TooFine, Zone
from tests.rights.cases import GOOD, MASTER, OTHER, SONG, USES, WORK, contribution, key, license_of, material, share

VECTORS = json.loads((Path(__file__).parent.parent / "vectors" / "splits.json").read_text())
EVERYWHERE = frozenset({"DE", "FR", "US"})
HERE = ("DE", "FR")


def plan(license_id: UUID, commission: str = "3/20", creators: str = "3/10", masters: str = "1/2") -> PlanTerms:
    return PlanTerms(license_id, Fraction(commission), Fraction(creators), Fraction(masters))


def plans(*licenses: LicenseTerm, **parts: str) -> dict[UUID, PlanTerms]:
    return {license_.id: plan(license_.id, **parts) for license_ in licenses}


def divided(zone: Zone) -> dict[tuple[str, str], str]:
    """Return a zone's parts by what they are of and who gets them, in the names of the tests."""
    people = ("distributor", "singer", "drummer", "label", "publisher", "writer", "other label")
    names: dict[UUID | None, str] = {key(name): name for name in people}
    assets = {MASTER.id: "song", WORK.id: "work", OTHER.recording.id: "other", OTHER.works[0].id: "other work"}
    return {
        (
            assets[asset] if (asset := part.recording_id or part.work_id) else part.leaf.partition("/")[0],
            names[part.party_id],
        ): str(part.part)
        for part in zone.parts
    }


def split(claim: Claim = GOOD.claim, terms: Terms = GOOD.terms, **parts: str) -> Splits:
    return apportion.splits_of(claim, terms, plans(*terms.licenses, **parts))


def claiming(*materials: Material) -> Claim:
    return replace(GOOD.claim, ingredients=tuple(DeclaredIngredient(one.recording.id) for one in materials))


def test_divides_one_license_step_by_step() -> None:
    (zone,) = split().zones
    assert zone.territories == HERE
    # 15 % commission; 30 % of the remaining 17/20 to the singer; the remaining 119/200 half and half.
    assert divided(zone) == {
        ("COMM", "distributor"): "3/20",
        ("HC", "singer"): "51/200",
        ("song", "label"): "119/400",
        ("work", "publisher"): "119/600",
        ("work", "writer"): "119/1200",
    }


@pytest.mark.parametrize(
    ("parts", "expected"),
    [
        # The boundaries of every part of a plan: nobody gets a part of nothing.
        ({"commission": "0"}, {"HC": "3/10", "label": "7/20", "publisher": "7/30", "writer": "7/60"}),
        ({"commission": "1"}, {"COMM": "1"}),
        ({"creators": "0"}, {"COMM": "3/20", "label": "17/40", "publisher": "17/60", "writer": "17/120"}),
        ({"creators": "1"}, {"COMM": "3/20", "HC": "17/20"}),
        ({"masters": "0"}, {"COMM": "3/20", "HC": "51/200", "publisher": "119/300", "writer": "119/600"}),
        ({"masters": "1"}, {"COMM": "3/20", "HC": "51/200", "label": "119/200"}),
        (
            {"commission": "1/3", "creators": "1/7", "masters": "2/9"},
            {"COMM": "1/3", "HC": "2/21", "label": "8/63", "publisher": "8/27", "writer": "4/27"},
        ),
    ],
)
def test_divides_by_the_plan(parts: dict[str, str], expected: dict[str, str]) -> None:
    (zone,) = split(GOOD.claim, GOOD.terms, **parts).zones
    found = divided(zone)
    assert {kind if kind in {"COMM", "HC"} else party: part for (kind, party), part in found.items()} == expected


@pytest.mark.parametrize(
    ("bought", "expected"),
    [
        ([(Side.MASTER, None)], {"COMM": "179/400", "HC": "51/200", "publisher": "119/600", "writer": "119/1200"}),
        (
            [(Side.PUBLISHING, key("writer"))],
            {"COMM": "299/1200", "HC": "51/200", "label": "119/400", "publisher": "119/600"},
        ),
        ([(None, None)], {"COMM": "149/200", "HC": "51/200"}),
        # Somebody else's fee, and one for the other side.
        (
            [(None, key("drummer")), (Side.MASTER, key("writer"))],
            {"COMM": "3/20", "HC": "51/200", "label": "119/400", "publisher": "119/600", "writer": "119/1200"},
        ),
    ],
)
def test_what_was_bought_out_stays_with_the_operator(bought: list[Any], expected: dict[str, str]) -> None:
    agreed = {id: replace(one, bought=frozenset(bought)) for id, one in plans(*GOOD.terms.licenses).items()}
    (zone,) = apportion.splits_of(GOOD.claim, GOOD.terms, agreed).zones
    found = divided(zone)
    assert {kind if kind in {"COMM", "HC"} else party: part for (kind, party), part in found.items()} == expected


@pytest.mark.parametrize(
    ("contributions", "expected"),
    [
        ([], {}),
        ([contribution()], {"singer": "51/200"}),
        ([contribution(), contribution(component="melody")], {"singer": "51/200"}),  # each person once
        (
            [contribution(), contribution(component="melody", actor_id=key("drummer"))],
            {"singer": "51/400", "drummer": "51/400"},
        ),
        ([contribution(ai_level="partly", tool="M")], {"singer": "51/200"}),
        ([contribution(ai_level="all", tool="M")], {}),  # who let a machine do all of it made nothing
        ([contribution(ai_level="all", tool="M", actor_id=None)], {}),
        (
            [contribution(ai_level="all", tool="M"), contribution(component="lyrics", ai_level="none")],
            {"singer": "51/200"},
        ),
        ([contribution(actor_id=None)], {}),
    ],
)
def test_pays_whoever_did_more_than_let_a_machine_do_it(contributions: list[Any], expected: dict[str, str]) -> None:
    (zone,) = split(replace(GOOD.claim, contributions=tuple(contributions))).zones
    found = divided(zone)
    assert {party: part for (kind, party), part in found.items() if kind == "HC"} == expected
    # What would be the creators' goes on to the owners: the commission stays what it is.
    assert found["COMM", "distributor"] == "3/20"


def test_gives_each_license_an_equal_part() -> None:
    two = (license_of(SONG), license_of(OTHER, name="second"))
    terms = replace(
        GOOD.terms,
        materials=(SONG, OTHER),
        licenses=two,
        shares=(*GOOD.terms.shares, share(OTHER.recording, "other label", "1"), share(OTHER.works[0], "writer", "1")),
    )
    (zone,) = apportion.splits_of(
        claiming(SONG, OTHER),
        terms,
        {two[0].id: plan(two[0].id), two[1].id: plan(two[1].id, commission="0", creators="0", masters="3/4")},
    ).zones
    assert divided(zone) == {
        ("COMM", "distributor"): "3/40",
        ("HC", "singer"): "51/400",
        ("song", "label"): "119/800",
        ("work", "publisher"): "119/1200",
        ("work", "writer"): "119/2400",
        ("other", "other label"): "3/8",
        ("other work", "writer"): "1/8",
    }


def test_divides_a_side_equally_over_its_assets() -> None:
    medley = material("song", works=3)
    terms = replace(
        GOOD.terms,
        materials=(medley,),
        licenses=(license_of(medley),),
        shares=(share(MASTER, "label", "1"), *(share(work, "writer", "1") for work in medley.works)),
    )
    (zone,) = split(GOOD.claim, terms).zones
    works = [part for part in zone.parts if part.work_id]
    assert [part.part for part in works] == [Fraction(119, 1200)] * 3
    assert {part.work_id for part in works} == {work.id for work in medley.works}


@pytest.mark.parametrize(("asset", "side"), [(MASTER, "song"), (WORK, "work")])
def test_gives_a_license_of_one_side_to_that_side(asset: Any, side: str) -> None:
    terms = replace(GOOD.terms, licenses=(license_of(SONG, asset_ids=frozenset({asset.id})),))
    for masters in ("0", "1/2", "1"):
        (zone,) = split(GOOD.claim, terms, masters=masters).zones
        owners = [Fraction(part) for (kind, _), part in divided(zone).items() if kind == side]
        assert sum(owners) == Fraction(119, 200)


def test_makes_a_zone_of_territories_with_the_same_owners() -> None:
    abroad = frozenset({"FR", "US"})
    claim = replace(GOOD.claim, territories=EVERYWHERE)
    terms = replace(
        GOOD.terms,
        licenses=(license_of(SONG, territories=EVERYWHERE),),
        shares=(
            share(MASTER, "label", "1", where=frozenset({"DE"})),
            share(MASTER, "other label", "1", where=abroad),
            share(WORK, "publisher", "2/3", where=EVERYWHERE),
            share(WORK, "writer", "1/3", where=EVERYWHERE),
        ),
    )
    german, foreign = split(claim, terms).zones
    assert (german.territories, foreign.territories) == (("DE",), ("FR", "US"))
    assert divided(german)["song", "label"] == divided(foreign)["song", "other label"] == "119/400"
    assert ("song", "other label") not in divided(german)


def test_makes_no_zone_of_territories_that_are_not_claimed() -> None:
    terms = replace(GOOD.terms, shares=tuple(replace(one, territories=EVERYWHERE) for one in GOOD.terms.shares))
    assert [zone.territories for zone in split(GOOD.claim, terms).zones] == [HERE]


@pytest.mark.parametrize(
    ("contributions", "expected"),
    [
        ([contribution()], {("HC", "singer"): "1"}),
        (
            [contribution(), contribution(component="melody", actor_id=key("drummer"))],
            {("HC", "singer"): "1/2", ("HC", "drummer"): "1/2"},
        ),
        ([contribution(ai_level="all", tool="M", actor_id=None)], {("COMM", "distributor"): "1"}),
    ],
)
def test_leaves_an_output_of_nobody_elses_material_to_its_makers(
    contributions: list[Any], expected: dict[tuple[str, str], str]
) -> None:
    claim = replace(GOOD.claim, ingredients=(), contributions=tuple(contributions))
    (zone,) = split(claim, replace(GOOD.terms, materials=(), shares=(), licenses=())).zones
    assert (divided(zone), zone.territories) == (expected, HERE)


def test_ignores_licenses_that_do_not_cover() -> None:
    ours = license_of(SONG)
    others = (
        license_of(SONG, name="a rival's", licensee_id=key("rival")),
        license_of(SONG, name="ended", active_to=GOOD.terms.on),
        license_of(SONG, name="inside only", uses=USES - {"distribute.outside"}),
        license_of(OTHER, name="of something else"),
    )
    terms = replace(GOOD.terms, licenses=(ours, *others))
    assert apportion.splits_of(GOOD.claim, terms, plans(ours, *others)) == split()


@pytest.mark.parametrize("licenses", [(), (license_of(OTHER),)])
def test_refuses_where_no_license_says_how_to_divide(licenses: tuple[LicenseTerm, ...]) -> None:
    with pytest.raises(NothingToApportion):
        split(GOOD.claim, replace(GOOD.terms, licenses=licenses))
    with pytest.raises(NothingToApportion):
        apportion.splits_of(GOOD.claim, GOOD.terms, {})


@pytest.mark.parametrize("part", ["1/2", "2/3"])
def test_refuses_shares_that_are_not_the_whole(part: str) -> None:
    shares = (share(MASTER, "label", part), *GOOD.terms.shares[1:])
    with pytest.raises(DoesNotAddUp, match="the parts of DE add up to"):
        split(GOOD.claim, replace(GOOD.terms, shares=shares))


def parts_of(*fractions: Fraction) -> tuple[Part, ...]:
    return tuple(Part(f"HC/{number}", key(str(number)), None, None, part) for number, part in enumerate(fractions))


@pytest.mark.parametrize(
    ("denominator", "fits"),
    [(2**63 - 1, True), (2**63, False), (2**64 + 1, False), (10**18, True)],
)
def test_refuses_what_no_column_can_hold(denominator: int, fits: bool) -> None:  # noqa: FBT001 - a table's column
    parts = parts_of(Fraction(1, denominator), Fraction(denominator - 1, denominator))
    if fits:
        assert Zone(HERE, parts).parts == parts
    else:
        with pytest.raises(TooFine):
            Zone(HERE, parts)


def test_refuses_a_trade_of_too_fine_shares() -> None:
    tiny = Fraction(1, 10**18)
    shares = (
        ShareTerm(key("a"), MASTER.id, key("label"), tiny, GOOD.claim.territories),
        ShareTerm(key("b"), MASTER.id, key("writer"), 1 - tiny, GOOD.claim.territories),
        *GOOD.terms.shares[1:],
    )
    with pytest.raises(TooFine):
        split(GOOD.claim, replace(GOOD.terms, shares=shares))


@pytest.mark.parametrize("parts", [(), (Fraction(1, 2),), (Fraction(1), Fraction(1, 10**15))])
def test_makes_no_zone_that_is_not_whole(parts: tuple[Fraction, ...]) -> None:
    with pytest.raises(DoesNotAddUp):
        Zone(HERE, parts_of(*parts))


# --- the canonical form, which the signed file and the log name by its digest


@pytest.mark.parametrize("vector", VECTORS, ids=[vector["name"] for vector in VECTORS])
def test_keeps_the_digest_that_was_promised(vector: dict[str, Any]) -> None:
    found = Splits(
        tuple(
            Zone(
                tuple(zone["territories"]),
                tuple(
                    Part(part["leaf"], key(part["leaf"]), None, None, Fraction(part["part"])) for part in zone["parts"]
                ),
            )
            for zone in vector["zones"]
        )
    )
    assert found.canonical.decode() == vector["canonical"]
    assert vector["canonical"] == json.dumps(vector["zones"], sort_keys=True, separators=(",", ":"))
    assert found.digest == vector["digest"] == sha256(vector["canonical"].encode()).hexdigest()


def test_keeps_the_digest_of_the_worked_example() -> None:
    (vector,) = (vector for vector in VECTORS if vector["name"] == "one license, one zone")
    assert split().canonical.decode() == vector["canonical"]


# --- any trade

fractions = st.builds(Fraction, st.integers(0, 12), st.just(12))


@st.composite
def trades(draw: st.DrawFn) -> tuple[Claim, Terms, dict[UUID, PlanTerms]]:
    """Draw a trade of up to three recordings in which every asset is owned whole in every territory."""
    materials = [material(f"song {number}", works=draw(st.integers(1, 2))) for number in range(draw(st.integers(1, 3)))]
    places = sorted(draw(st.sets(st.sampled_from(["DE", "FR", "US", "JP"]), min_size=1)))
    shares = []
    for asset in (asset for one in materials for asset in one.assets):
        cut = draw(st.integers(0, len(places)))
        for where in (places[:cut], places[cut:]):
            holders = draw(st.lists(st.sampled_from("abcde"), min_size=1, max_size=4, unique=True))
            weights = [draw(st.integers(1, 30)) for _ in holders]
            shares += [
                share(asset, holder, str(Fraction(weight, sum(weights))), where=frozenset(where))
                for holder, weight in zip(holders, weights, strict=True)
                if where
            ]
    licenses = [license_of(*materials, name="whole", territories=EVERYWHERE | {"JP"})]
    for number in range(draw(st.integers(0, 2))):
        some = draw(st.sets(st.sampled_from([asset.id for one in materials for asset in one.assets]), min_size=1))
        licenses.append(license_of(name=f"some {number}", asset_ids=frozenset(some), territories=EVERYWHERE | {"JP"}))
    contributions = draw(
        st.lists(
            st.builds(
                contribution,
                ai_level=st.sampled_from(["none", "partly", "all"]),
                actor_id=st.sampled_from([None, key("a"), key("singer"), key("drummer")]),
            ),
            max_size=4,
        )
    )
    claim = replace(
        claiming(*materials),
        territories=frozenset(places),
        contributions=tuple(contributions),
    )
    terms = replace(GOOD.terms, materials=tuple(materials), shares=tuple(shares), licenses=tuple(licenses))
    said = {one.id: PlanTerms(one.id, draw(fractions), draw(fractions), draw(fractions)) for one in licenses}
    return claim, terms, said


@given(trades())
@settings(max_examples=150, deadline=None, derandomize=True)
def test_gives_out_exactly_the_whole(trade: tuple[Claim, Terms, dict[UUID, PlanTerms]]) -> None:
    claim, terms, said = trade
    found = apportion.splits_of(claim, terms, said)
    for zone in found.zones:
        assert sum((part.part for part in zone.parts), Fraction(0)) == 1
        assert all(0 < part.part <= 1 for part in zone.parts)
        leaves = [part.leaf for part in zone.parts]
        assert leaves == sorted(set(leaves), key=str.encode)
        for part in zone.parts:
            assert part.party_id == claim.licensee_id or str(part.party_id) in part.leaf
    # Every territory of the claim is in one zone, and no other is in any.
    listed = [country for zone in found.zones for country in zone.territories]
    assert sorted(listed) == sorted(claim.territories)
    assert [zone.territories for zone in found.zones] == sorted(zone.territories for zone in found.zones)


@given(trades(), st.randoms(use_true_random=False))
@settings(max_examples=100, deadline=None, derandomize=True)
def test_does_not_depend_on_the_order_in_which_it_is_told(
    trade: tuple[Claim, Terms, dict[UUID, PlanTerms]], chance: Any
) -> None:
    claim, terms, said = trade

    def shuffled(rows: Any) -> Any:
        return tuple(chance.sample(rows, len(rows)))

    again = apportion.splits_of(
        replace(claim, contributions=shuffled(claim.contributions), ingredients=shuffled(claim.ingredients)),
        replace(
            terms,
            materials=shuffled(terms.materials),
            shares=shuffled(terms.shares),
            licenses=shuffled(terms.licenses),
        ),
        dict(shuffled(list(said.items()))),
    )
    assert again.canonical == apportion.splits_of(claim, terms, said).canonical


@given(trades())
@settings(max_examples=100, deadline=None, derandomize=True)
def test_pays_owners_by_their_shares(trade: tuple[Claim, Terms, dict[UUID, PlanTerms]]) -> None:
    claim, terms, said = trade
    for zone in apportion.splits_of(claim, terms, said).zones:
        paid = {(part.recording_id or part.work_id, part.party_id): part.part for part in zone.parts}
        for asset in {one.asset_id for one in terms.shares}:
            held = [one for one in terms.shares if one.asset_id == asset and zone.territories[0] in one.territories]
            rates = {paid.get((asset, one.party_id), Fraction(0)) / one.part for one in held}
            assert len(rates) == 1  # twice the share, twice the money


# --- divided again


@given(
    st.lists(st.fractions(Fraction(1, 50), 1, max_denominator=60), min_size=1, max_size=5),
    st.sampled_from(list(Hold)),
)
def test_holds_what_is_in_dispute_and_pays_the_undisputed_minimum(parts: list[Fraction], hold: Hold) -> None:
    shares = tuple(share(MASTER, f"holder {place}", str(part)) for place, part in enumerate(parts))
    terms = replace(GOOD.terms, shares=(*shares, *(one for one in GOOD.terms.shares if one.asset_id == WORK.id)))
    agreed = plans(*terms.licenses)
    if sum(parts) != 1:
        with pytest.raises(DoesNotAddUp):
            apportion.splits_of(GOOD.claim, terms, agreed)
    (zone,) = apportion.splits_of(GOOD.claim, terms, agreed, holds={Side.MASTER: hold, Side.PUBLISHING: hold}).zones
    of_master = Fraction(119, 400)
    found = {leaf.party_id: leaf.part / of_master for leaf in zone.parts if leaf.recording_id == MASTER.id}
    expected: dict[UUID | None, Fraction] = {}
    for place, part in enumerate(parts):
        others = sum(parts) - part
        minimum = part if sum(parts) <= 1 else max(Fraction(0), 1 - others) if hold is Hold.EXCESS else Fraction(0)
        expected[key(f"holder {place}")] = min(part, minimum)
    expected[None] = 1 - sum(expected.values(), Fraction(0))
    assert found == {party: part for party, part in expected.items() if part}
    for leaf in zone.parts:
        assert sum(source.part for source in leaf.sources) == leaf.part
        assert leaf.leaf.endswith("/HOLD") == (leaf.party_id is None)
    if sum(parts) == 1:
        (whole,) = apportion.splits_of(GOOD.claim, terms, agreed).zones
        assert whole == zone  # where ownership is whole, dividing again changes nothing
