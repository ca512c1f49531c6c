"""
How the assets of one side weigh against each other: by the models of a plan, blended in exact parts. Pure.

A blend that needs what is not there (no report of the provider that the plan names, or one below the confidence that it
takes; nothing heard; no quantity) is not used in part: the whole side goes by the plan's fallback, and that is said
(ROY-14). A fallback always has an answer: where even its quantities are missing, all assets weigh alike.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from fractions import Fraction
from uuid import UUID

from royalties.vocabulary import Basis, WeighingModel

MOST_MODELS = 8  # in a blend


class NotABlend(Exception):
    """The models of a side add up to exactly 1, at most eight of them, and each has what it needs and nothing else."""


class NoFallback(Exception):
    """A side that is weighed by influence or by what is heard names what counts where that is missing."""


@dataclass(frozen=True)
class Model:
    """One model of a blend."""

    model: WeighingModel
    part: Fraction = Fraction(1)
    basis: Basis | None = None
    provider_id: UUID | None = None
    threshold: Fraction | None = None  # of the provider's confidence

    @property
    def is_estimated(self) -> bool:
        """Whether it rests on what somebody, or we, say of one output, which may be missing."""
        return self.model in {WeighingModel.OUTPUT_INFLUENCE, WeighingModel.OWN_SIMILARITY}


@dataclass(frozen=True)
class Blend:
    """How a side is weighed, and what counts where that has no answer. Empty: all assets alike."""

    models: tuple[Model, ...] = ()
    fallback: tuple[Model, ...] = ()


@dataclass(frozen=True)
class Attributed:
    """A provider's newest report about an output: what it says of assets, and how sure it is."""

    id: UUID
    confidence: Fraction
    weights: Mapping[UUID, Fraction]


@dataclass(frozen=True)
class Known:
    """What is known about one output and about what was trained on; nothing of it is money."""

    reports: Mapping[UUID, Attributed] = field(default_factory=dict)  # by provider
    heard_ms: Mapping[UUID, int] = field(default_factory=dict)  # by asset: how much of the output is like it
    quantities: Mapping[tuple[Basis, UUID], int] = field(default_factory=dict)


@dataclass(frozen=True)
class Weighed:
    """Weights that add up to one, and by what."""

    weights: Mapping[UUID, Fraction]
    model: str  # codes, joined by +
    is_fallback: bool
    influence_id: UUID | None


EQUALLY = Blend()
NOTHING_KNOWN = Known()


def check(blend: Blend) -> None:
    """
    Refuse a blend that could not be used.

    :raises NotABlend: parts, or what a model needs
    :raises NoFallback: there is none, or one that may itself be missing
    """
    for models in (blend.models, blend.fallback):
        if models and sum((model.part for model in models), Fraction(0)) != 1:
            raise NotABlend(f"{NotABlend.__doc__} They add up to {sum((one.part for one in models), Fraction(0))}.")
        if len(models) > MOST_MODELS or any(not 0 < model.part <= 1 for model in models):
            raise NotABlend(NotABlend.__doc__)
        for model in models:
            _check_model(model)
    if any(model.is_estimated for model in blend.models) and not blend.fallback:
        raise NoFallback(NoFallback.__doc__)
    if any(model.is_estimated for model in blend.fallback):
        raise NoFallback("A fallback is for where influence is missing: it goes by equal parts or pro rata.")


def _check_model(model: Model) -> None:
    is_influence = model.model is WeighingModel.OUTPUT_INFLUENCE
    if (model.provider_id is not None, model.threshold is not None) != (is_influence, is_influence):
        raise NotABlend("A model of influence names its provider and the confidence that it takes; no other does.")
    if model.threshold is not None and not 0 <= model.threshold <= 1:
        raise NotABlend("A confidence is a part from 0 to 1.")
    if (model.basis is not None) != (model.model is WeighingModel.TRAIN_PRORATA):
        raise NotABlend("What is trained pro rata names its basis: seconds, tokens or tracks; nothing else does.")


def weigh(assets: Sequence[UUID], blend: Blend, known: Known = NOTHING_KNOWN) -> Weighed:
    """
    Weigh the assets of a side; nobody is left out of the sum, though some may weigh nothing.

    :param assets: at least one, each once
    """
    models = blend.models or (Model(WeighingModel.TRAIN_EQUAL),)
    if (found := _blended(assets, models, known)) is not None:
        return Weighed(found, _named(models), is_fallback=False, influence_id=_report_of(models, known))
    models = blend.fallback or (Model(WeighingModel.TRAIN_EQUAL),)
    if (found := _blended(assets, models, known)) is None:
        models = (Model(WeighingModel.TRAIN_EQUAL),)
        found = _equally(assets)
    return Weighed(found, _named(models), is_fallback=True, influence_id=None)


def _blended(assets: Sequence[UUID], models: Iterable[Model], known: Known) -> dict[UUID, Fraction] | None:
    sums = dict.fromkeys(assets, Fraction(0))
    for model in models:
        weights = _weights(assets, model, known)
        if weights is None:
            return None
        for asset, weight in weights.items():
            sums[asset] += model.part * weight
    return sums


def _weights(assets: Sequence[UUID], model: Model, known: Known) -> dict[UUID, Fraction] | None:
    match model.model:
        case WeighingModel.TRAIN_EQUAL:
            return _equally(assets)
        case WeighingModel.TRAIN_PRORATA:
            if any((model.basis, asset) not in known.quantities for asset in assets):
                return None
            return _in_proportion({asset: Fraction(known.quantities[model.basis, asset]) for asset in assets})  # type: ignore[index]
        case WeighingModel.OWN_SIMILARITY:
            return _in_proportion({asset: Fraction(known.heard_ms.get(asset, 0)) for asset in assets})
        case WeighingModel.OUTPUT_INFLUENCE:
            report = known.reports.get(model.provider_id) if model.provider_id else None
            if report is None or model.threshold is None or report.confidence < model.threshold:
                return None
            # A report weighs all that it knows; here its weights are those of the assets that this plan pays.
            return _in_proportion({asset: report.weights.get(asset, Fraction(0)) for asset in assets})


def _equally(assets: Sequence[UUID]) -> dict[UUID, Fraction]:
    return dict.fromkeys(assets, Fraction(1, len(assets)))


def _in_proportion(amounts: Mapping[UUID, Fraction]) -> dict[UUID, Fraction] | None:
    total = sum(amounts.values(), Fraction(0))
    if not total:
        return None
    return {asset: Fraction(amount, total) for asset, amount in amounts.items()}


def _named(models: Iterable[Model]) -> str:
    return "+".join(model.model.value for model in models)


def _report_of(models: Iterable[Model], known: Known) -> UUID | None:
    named = (known.reports.get(model.provider_id) for model in models if model.provider_id is not None)
    return next((report.id for report in named if report is not None), None)
