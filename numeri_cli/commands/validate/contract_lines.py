"""The contract of a model in full, as lines of the report."""

from __future__ import annotations

from collections.abc import Iterator

from numeri_cli.commands.artifacts import OpenModel
from numeri_cli.commands.blends import shares_of, words_of
from numeri_cli.learning.contract import Contract
from numeri_cli.model_spec import ModelSpec

Line = tuple[str, str]


def contract_lines(model: OpenModel, *, neutral: bool) -> Iterator[Line]:
    """(name, value) of everything that decides a model's predictions.

    neutral: whether its neutralization is in them
    """
    contract = model.artifact.contract
    yield from _head(contract)
    if model.parts:
        yield "blend", words_of(shares_of(model.context, model.name))
        for part in model.parts:
            for name, value in training_lines(part.artifact.contract):
                yield f"{part.name}: {name}", value
    else:
        yield from _training(contract)
    wanted = model.asked_neutralization if neutral else None
    yield "neutralized", wanted.words if wanted else "no"
    if wanted and contract.neutralize_features:
        yield "neutralized against", f"{len(contract.neutralize_features):,} features"


def training_lines(contract: Contract) -> Iterator[Line]:
    """What an artifact says of its training, its neutralization left out."""
    yield from _head(contract)
    yield from _training(contract)


def _head(contract: Contract) -> Iterator[Line]:
    yield "model", contract.model
    yield "artifact", contract.artifact_id


def _training(contract: Contract) -> Iterator[Line]:
    spec = contract.spec
    yield "data version", contract.data_version
    yield from spec_lines(spec)
    yield "features", f"{len(contract.features):,}, digest {contract.features_digest}"
    yield "eras", _span(contract)
    if contract.held_out_eras:
        out = contract.held_out_eras
        yield "eras held out", f"{out[0]}–{out[-1]}, {len(out)}"
    yield "purge", f"{contract.purge_eras} eras"
    if contract.params:
        told = ", ".join(f"{name} = {value}" for name, value in sorted(contract.params.items()))
        yield "parameters", told
    if contract.scale is not None:
        yield "scale of features", contract.scale.words
    for member in contract.members:
        rows = f"{member.rows:,} rows, {member.dropped_rows:,} dropped, {member.trees:,} trees"
        yield f"member {member.file}", f"{member.target}, seed {member.seed}, {rows}"
        yield f"digest of {member.file}", member.digest
    for name, digest in sorted(contract.sources.items()):
        yield f"digest of {name}", digest
    yield "versions", ", ".join(f"{name} {one}" for name, one in sorted(contract.versions.items()))
    if contract.trained_at:
        yield "trained", f"{contract.trained_at}, {contract.training_seconds:.0f} s"
    if contract.profile_git:
        yield "profile in git", contract.profile_git


def spec_lines(spec: ModelSpec) -> Iterator[Line]:
    """What the profile says of a model's training."""
    features = (spec.features,) if isinstance(spec.features, str) else spec.features
    yield "targets", ", ".join(spec.targets)
    yield "feature sets", ", ".join(features[:6]) + (", …" if features[6:] else "")
    yield "seeds", ", ".join(map(str, spec.seeds))
    yield "data", " and ".join(spec.data)
    if spec.train_window is not None:
        window = spec.train_window
        yield "train window", window if isinstance(window, str) else ", ".join(window)
    if spec.era_stride > 1:
        yield "era stride", f"every {spec.era_stride}th era"
    if spec.missing_twos == "nan":
        yield "missing twos", "a feature that is 2 throughout an era counts as missing there"
    if spec.early_stopping_eras:
        yield "early stopping", f"{spec.early_stopping_eras} eras"
    if spec.residual_to is not None:
        yield "learned", f"what {spec.residual_to} leaves of the target"
    yield "estimator", spec.estimator.name
    yield from _weights(spec)


def _weights(spec: ModelSpec) -> Iterator[Line]:
    weights = spec.era_weights
    told = ["every era the same"] if weights.equal else []
    if weights.half_life_eras is not None:
        told.append(f"half for {weights.half_life_eras:g} eras of age")
    if weights.file is not None:
        told.append(f"by {weights.file}")
    if told:
        yield "weights of eras", "; ".join(told)


def _span(contract: Contract) -> str:
    """The first and last era of a training, and how many; of a model that exists, nobody knows."""
    if not contract.eras:
        return "not known: it is used as it is"
    return f"{contract.eras[0]}–{contract.eras[-1]}, {len(contract.eras)}"
