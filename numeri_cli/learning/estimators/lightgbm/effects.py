"""LightGBM parameters that the library would take and that do nothing here.

Those of its command line (files, networks, predictions) are refused: whoever sets them expects
something. Those that act only beside another one are told.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from numeri_cli.errors import ParameterUnknown
from numeri_cli.learning.estimators.lightgbm.parameters import canonical, value_of

_DATA = "`data`, `features`, `targets` and `era_weights` of the model say what it is trained on"
_GOES_ON = "a killed training goes on by itself; finished models are kept as artifacts"
_ALONE = "trainings run on this machine alone; `n_jobs` says on how many cores"
_PREDICTS = "predictions are made with all trees, as they are"
_JUDGED = "`early_stopping_eras` of the model holds eras out, judged by their mean CORR"
_WITHOUT_EFFECT: Mapping[str, str] = {
    **dict.fromkeys(
        ("config", "task", "data", "valid", "header", "two_round", "pre_partition"), _DATA
    ),
    **dict.fromkeys(("label_column", "weight_column", "group_column"), _DATA),
    **dict.fromkeys(("parser_config_file", "precise_float_parser"), _DATA),
    **dict.fromkeys(("input_model", "output_model", "snapshot_freq", "save_binary"), _GOES_ON),
    **dict.fromkeys(
        ("convert_model", "convert_model_language", "saved_feature_importance_type"), _GOES_ON
    ),
    **dict.fromkeys(("machines", "machine_list_filename", "num_machines"), _ALONE),
    **dict.fromkeys(("local_listen_port", "time_out", "tree_learner", "top_k"), _ALONE),
    **dict.fromkeys(("output_result", "predict_raw_score", "predict_leaf_index"), _PREDICTS),
    **dict.fromkeys(("predict_contrib", "predict_disable_shape_check"), _PREDICTS),
    **dict.fromkeys(("num_iteration_predict", "start_iteration_predict"), _PREDICTS),
    **dict.fromkeys(
        ("pred_early_stop", "pred_early_stop_freq", "pred_early_stop_margin", "refit_decay_rate"),
        _PREDICTS,
    ),
    **dict.fromkeys(("early_stopping_min_delta", "first_metric_only", "eval_at"), _JUDGED),
}
_NOTHING = (None, "", False, 0, -1, "train", "serial")  # what switches such a parameter off


@dataclass(frozen=True)
class _Need:
    """What a parameter acts beside.

    words: what has to be given; name, values: LightGBM's own name of it and what does
    """

    words: str
    name: str = ""
    values: tuple[object, ...] = ()

    def is_met(self, params: Mapping[str, Any]) -> bool:
        """Whether it is given."""
        return bool(self.name) and value_of(params, self.name, None) in self.values


_CLASSES = _Need("an objective of classes or of rankings")
_CATEGORIES = _Need("categorical features")
_METRIC = _Need("a metric: what is held out is judged by the mean CORR of its eras")
_DART = _Need('boosting = "dart"', "boosting", ("dart",))
_QUANTIZED = _Need("use_quantized_grad = true", "use_quantized_grad", (True,))
_GOSS = _Need('data_sample_strategy = "goss"', "data_sample_strategy", ("goss",))
_LINEAR = _Need("linear_tree = true", "linear_tree", (True,))
# What acts only beside something else, and beside what
_NEEDS: Mapping[str, _Need] = {
    **dict.fromkeys(("metric", "metric_freq", "is_provide_training_metric"), _METRIC),
    "alpha": _Need('objective = "huber" or "quantile"', "objective", ("huber", "quantile")),
    "fair_c": _Need('objective = "fair"', "objective", ("fair",)),
    "poisson_max_delta_step": _Need('objective = "poisson"', "objective", ("poisson",)),
    "tweedie_variance_power": _Need('objective = "tweedie"', "objective", ("tweedie",)),
    **dict.fromkeys(("sigmoid", "is_unbalance", "scale_pos_weight", "bagging_by_query"), _CLASSES),
    **dict.fromkeys(("lambdarank_truncation_level", "lambdarank_norm", "label_gain"), _CLASSES),
    **dict.fromkeys(("objective_seed", "multi_error_top_k", "auc_mu_weights"), _CLASSES),
    **dict.fromkeys(("pos_bagging_fraction", "neg_bagging_fraction"), _CLASSES),
    **dict.fromkeys(("drop_rate", "max_drop", "skip_drop"), _DART),
    **dict.fromkeys(("xgboost_dart_mode", "uniform_drop", "drop_seed"), _DART),
    **dict.fromkeys(("top_rate", "other_rate"), _GOSS),
    "linear_lambda": _LINEAR,
    **dict.fromkeys(("num_grad_quant_bins", "quant_train_renew_leaf"), _QUANTIZED),
    "stochastic_rounding": _QUANTIZED,
    **dict.fromkeys(("cat_l2", "cat_smooth", "max_cat_threshold"), _CATEGORIES),
    **dict.fromkeys(("max_cat_to_onehot", "min_data_per_group"), _CATEGORIES),
}


def refuse_without_effect(params: Mapping[str, Any]) -> None:
    """Raise ParameterUnknown for what LightGBM's command line knows and a training here does not.

    A parameter that is switched off passes.
    """
    for name, value in params.items():
        cure = _WITHOUT_EFFECT.get(canonical(name) or "")
        if cure is None or any(value is one or value == one for one in _NOTHING):
            continue
        if canonical(name) == "num_machines" and value == 1:
            continue
        raise ParameterUnknown(
            f"{name} = {value!r} has no effect here", hint=f"take it out of params; {cure}"
        )


def ineffective(params: Mapping[str, Any]) -> tuple[str, ...]:
    """A sentence for each parameter that does nothing without another one."""
    return tuple(_sentences(params))


def without_frequency(params: Mapping[str, Any]) -> Iterator[tuple[str, Any]]:
    """What asks for a share of the rows, where none is ever drawn."""
    if int(value_of(params, "bagging_freq", 0)) > 0:
        return
    for name, value in params.items():
        if canonical(name) == "bagging_fraction" and float(value) < 1:
            yield name, value


def _sentences(params: Mapping[str, Any]) -> Iterator[str]:
    found = [f"{name} = {value!r}" for name, value in without_frequency(params)]
    if found:
        yield f"{', '.join(found)} has no effect without subsample_freq"
    for name, value in params.items():
        need = _NEEDS.get(canonical(name) or "")
        if need is not None and not need.is_met(params):
            yield f"{name} = {value!r} has no effect without {need.words}"
