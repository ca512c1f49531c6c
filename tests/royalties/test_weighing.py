"""How a side is weighed: by the models of a plan, in exact parts, or by its fallback as a whole."""

from __future__ import annotations

from fractions import Fraction
from typing import Any
from uuid import UUID

import pytest
from hypothesis import given
from hypothesis import strategies as st

from royalties import weighing
from royalties.vocabulary import Basis, WeighingModel
from royalties.weighing import Attributed, Blend, Known, Model, NoFallback, NotABlend, weigh

R1, R2, R3 = (UUID(int=number) for number in (1, 2, 3))
PROVIDER, OTHER, REPORT = UUID(int=10), UUID(int=11), UUID(int=20)
EQUAL = Model(WeighingModel.TRAIN_EQUAL)
SECONDS = Model(WeighingModel.TRAIN_PRORATA, basis=Basis.SECONDS)
INFLUENCE = Model(WeighingModel.OUTPUT_INFLUENCE, provider_id=PROVIDER, threshold=Fraction(4, 5))
HEARD = Model(WeighingModel.OWN_SIMILARITY)


def part(model: Model, of: str) -> Model:
    return Model(model.model, Fraction(of), model.basis, model.provider_id, model.threshold)


def known(confidence: str = "9/10", provider: UUID = PROVIDER, **weights: str) -> Known:
    of = {"r1": R1, "r2": R2, "r3": R3}
    found = {of[name]: Fraction(weight) for name, weight in (weights or {"r1": "309/500", "r2": "191/500"}).items()}
    return Known(
        reports={provider: Attributed(REPORT, Fraction(confidence), found)},
        heard_ms={R1: 10_000, R2: 5_000},
        quantities={(Basis.SECONDS, R1): 120, (Basis.SECONDS, R2): 180},
    )


BY_INFLUENCE = Blend((INFLUENCE,), (SECONDS,))
HALF = Blend((part(INFLUENCE, "1/2"), part(EQUAL, "1/2")), (SECONDS,))


@pytest.mark.parametrize(
    ("blend", "what", "expected", "by"),
    [
        (Blend(), known(), ("1/2", "1/2"), ("train_equal", False)),
        (BY_INFLUENCE, known(), ("309/500", "191/500"), ("output_influence", False)),
        (HALF, known(), ("559/1000", "441/1000"), ("output_influence+train_equal", False)),
        (Blend((HEARD,), (EQUAL,)), known(), ("2/3", "1/3"), ("own_similarity", False)),
        (Blend((SECONDS,)), known(), ("2/5", "3/5"), ("train_prorata", False)),
        # The threshold, and one side of it.
        (BY_INFLUENCE, known("4/5"), ("309/500", "191/500"), ("output_influence", False)),
        (BY_INFLUENCE, known("799/1000"), ("2/5", "3/5"), ("train_prorata", True)),
        (HALF, known("799/1000"), ("2/5", "3/5"), ("train_prorata", True)),  # not in part
        # Nobody's report, another provider's, and one that weighs none of these.
        (BY_INFLUENCE, Known(quantities=known().quantities), ("2/5", "3/5"), ("train_prorata", True)),
        (BY_INFLUENCE, known(provider=OTHER), ("2/5", "3/5"), ("train_prorata", True)),
        (BY_INFLUENCE, known(r3="1"), ("2/5", "3/5"), ("train_prorata", True)),
        # One that weighs others too is put in proportion; one left out weighs nothing.
        (BY_INFLUENCE, known(r1="1/4", r2="1/4", r3="1/2"), ("1/2", "1/2"), ("output_influence", False)),
        (BY_INFLUENCE, known(r1="1"), ("1", "0"), ("output_influence", False)),
        # A fallback always has an answer.
        (Blend((HEARD,), (SECONDS,)), Known(), ("1/2", "1/2"), ("train_equal", True)),
        (Blend((SECONDS,)), Known(quantities={(Basis.SECONDS, R1): 120}), ("1/2", "1/2"), ("train_equal", True)),
        (Blend((SECONDS,)), Known(quantities={(Basis.TOKENS, R1): 1, (Basis.TOKENS, R2): 1}), ("1/2", "1/2"),
         ("train_equal", True)),
    ],
)  # fmt: skip
def test_weighs_by_the_plan_or_by_its_fallback(
    blend: Blend, what: Known, expected: tuple[str, str], by: tuple[str, bool]
) -> None:
    weighing.check(blend)
    found = weigh([R1, R2], blend, what)
    assert (found.weights[R1], found.weights[R2]) == tuple(map(Fraction, expected))
    assert (found.model, found.is_fallback) == by
    assert found.influence_id == (REPORT if "influence" in by[0] else None)


@pytest.mark.parametrize(
    ("blend", "error"),
    [
        (Blend((part(EQUAL, "1/2"),)), NotABlend),
        (Blend((part(EQUAL, "2/3"), part(SECONDS, "2/3"))), NotABlend),
        (Blend((part(EQUAL, "3/2"), part(SECONDS, "-1/2"))), NotABlend),
        (Blend((part(EQUAL, "1/9"),) * 9), NotABlend),
        (Blend((Model(WeighingModel.TRAIN_PRORATA),)), NotABlend),
        (Blend((Model(WeighingModel.TRAIN_EQUAL, basis=Basis.SECONDS),)), NotABlend),
        (Blend((Model(WeighingModel.OUTPUT_INFLUENCE, provider_id=PROVIDER),), (EQUAL,)), NotABlend),
        (Blend((Model(WeighingModel.OUTPUT_INFLUENCE, threshold=Fraction(1)),), (EQUAL,)), NotABlend),
        (Blend((Model(WeighingModel.TRAIN_EQUAL, provider_id=PROVIDER),)), NotABlend),
        (
            Blend((Model(WeighingModel.OUTPUT_INFLUENCE, provider_id=PROVIDER, threshold=Fraction(3, 2)),), (EQUAL,)),
            NotABlend,
        ),
        (Blend((INFLUENCE,)), NoFallback),
        (Blend((HEARD,)), NoFallback),
        (Blend((INFLUENCE,), (HEARD,)), NoFallback),
        (Blend((INFLUENCE,), (INFLUENCE,)), NoFallback),
    ],
)
def test_refuses_what_could_not_be_used(blend: Blend, error: type[Exception]) -> None:
    with pytest.raises(error):
        weighing.check(blend)


counts = st.integers(0, 10**9)


@st.composite
def blends(draw: Any) -> Blend:
    models = draw(st.lists(st.sampled_from([EQUAL, SECONDS, INFLUENCE, HEARD]), min_size=1, max_size=4))
    sizes = draw(st.lists(st.integers(1, 1_000), min_size=len(models), max_size=len(models)))
    parts = [Fraction(size, sum(sizes)) for size in sizes]
    return Blend(
        tuple(part(model, str(of)) for model, of in zip(models, parts, strict=True)),
        (draw(st.sampled_from([EQUAL, SECONDS])),),
    )


@given(blends(), st.lists(counts, min_size=9, max_size=9), st.fractions(0, 1, max_denominator=20))
def test_is_the_blend_of_what_each_model_says_alone(blend: Blend, drawn: list[int], confidence: Fraction) -> None:
    assets = [R1, R2, R3]
    reported, heard, seconds = (dict(zip(assets, drawn[at : at + 3], strict=True)) for at in (0, 3, 6))
    total = sum(reported.values()) or 1
    what = Known(
        reports={PROVIDER: Attributed(REPORT, confidence, {one: Fraction(n, total) for one, n in reported.items()})},
        heard_ms=heard,
        quantities={(Basis.SECONDS, one): n for one, n in seconds.items()},
    )

    def alone(model: Model) -> dict[UUID, Fraction] | None:
        amounts = {
            WeighingModel.TRAIN_EQUAL: dict.fromkeys(assets, 1),
            WeighingModel.TRAIN_PRORATA: seconds,
            WeighingModel.OWN_SIMILARITY: heard,
            WeighingModel.OUTPUT_INFLUENCE: reported if confidence >= Fraction(4, 5) else {},
        }[model.model]
        whole = sum(amounts.values())
        return {one: Fraction(amounts[one], whole) for one in assets} if whole else None

    def blended(models: tuple[Model, ...]) -> dict[UUID, Fraction] | None:
        each = [(model.part, alone(model)) for model in models]
        if any(found is None for _, found in each):
            return None
        return {one: sum((of * found[one] for of, found in each if found), Fraction(0)) for one in assets}

    found = weigh(assets, blend, what)
    expected = blended(blend.models)
    assert found.is_fallback == (expected is None)
    if expected is None:
        expected = blended(blend.fallback) or dict.fromkeys(assets, Fraction(1, 3))
    assert found.weights == expected
    assert sum(found.weights.values()) == 1
