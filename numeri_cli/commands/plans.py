"""The profile's words → plans of training."""

from __future__ import annotations

from numeri_cli.config import ModelSettings, Names, Profile
from numeri_cli.dataset.eras import EraChoice
from numeri_cli.errors import TargetAlias
from numeri_cli.learning.plan import EraWeights, ModelPlan, Neutralization


def plan_of(profile: Profile, name: str) -> ModelPlan:
    """The plan of one model of the profile. Raises ModelUnknown, TargetAlias."""
    settings = profile.model(name)
    _refuse_alias(name, settings)
    neutralize = None
    if settings.neutralize is not None and settings.neutralize.proportion > 0:
        neutralize = Neutralization(
            _names(settings.neutralize.features), settings.neutralize.proportion
        )
    return ModelPlan(
        name=name,
        features=_names(settings.features),
        targets=tuple(settings.targets),
        seeds=tuple(settings.seeds),
        data=tuple(settings.data),
        data_version=profile.data_version,
        eras=EraChoice(stride=settings.era_stride),
        missing_twos=settings.missing_twos,
        estimator=settings.estimator.name,
        params=settings.estimator.params,
        neutralize=neutralize,
        weights=_weights(settings),
        early_stopping_eras=settings.early_stopping_eras,
    )


def _weights(settings: ModelSettings) -> EraWeights | None:
    asked = EraWeights(settings.era_weights.equal, settings.era_weights.half_life_eras)
    return None if asked == EraWeights() else asked


def _names(names: Names) -> str | tuple[str, ...]:
    return names if isinstance(names, str) else tuple(names)


def _refuse_alias(name: str, settings: ModelSettings) -> None:
    if "target" in settings.targets:
        raise TargetAlias(
            f"models.{name}.targets names the bare `target`, which changes its meaning "
            "between data versions",
            hint='name the target itself, such as "target_ender_60"',
        )
