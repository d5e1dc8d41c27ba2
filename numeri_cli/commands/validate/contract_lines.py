"""The contract of a model in full, as lines of the report."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from numeri_cli.commands.artifacts import OpenModel
from numeri_cli.commands.blends import shares_of, words_of
from numeri_cli.commands.made_by import Maker
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
        parts = {part.name: part.artifact.contract for part in model.parts}
        yield from _blend(shares_of(model.context, model.name), parts)
    else:
        yield from _training(contract)
    wanted = model.asked_neutralization if neutral else None
    yield "neutralized", wanted.words if wanted else "no"
    if wanted and contract.neutralize_features:
        yield "neutralized against", f"{len(contract.neutralize_features):,} features"


def training_lines(maker: Maker) -> Iterator[Line]:
    """What is known of the training behind a file, its neutralization left out."""
    yield from _head(maker.contract)
    if maker.shares:
        yield from _blend(maker.shares, maker.parts)
    else:
        yield from _training(maker.contract)


def _blend(shares: Mapping[str, float], parts: Mapping[str, Contract]) -> Iterator[Line]:
    """How much each part counts, and of those whose contract is here the training."""
    yield "blend", words_of(shares)
    for part in shares:
        contract = parts.get(part)
        if contract is None:
            yield f"{part}: eras", "not known: it is used as it is"
            continue
        for name, value in (*_head(contract), *_training(contract)):
            yield f"{part}: {name}", value


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
