"""No mangled text of a model reaches the library, which would believe it."""

from __future__ import annotations

import hashlib
import random
import re
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest

from numeri_cli.booster_text import Unsound, check_structure
from numeri_cli.errors import ArtifactDamaged
from numeri_cli.learning.estimators.lightgbm.estimator import LightGBM
from numeri_cli.learning.estimators.lightgbm.library import lgb
from numeri_cli.learning.estimators.lightgbm.model_text import merge_models
from tests.support.booster_texts import FEATURES, grown

MANGLED = 400


@pytest.fixture(scope="module")
def text() -> str:
    return grown()


@pytest.mark.parametrize(
    "params",
    [
        {},
        {"min_data_in_leaf": 900},
        {"linear_tree": True},
        {"categorical_feature": [0, 2], "min_data_per_group": 5, "max_cat_to_onehot": 1},
        {"boosting": "dart"},
        {"boosting": "rf", "bagging_freq": 1, "bagging_fraction": 0.5},
    ],
    ids=str,
)
def test_what_the_library_writes_is_sound(params: dict[str, object]) -> None:
    check_structure(grown(**params))


def test_what_is_merged_of_segments_is_sound(text: str) -> None:
    check_structure(merge_models([text, grown(seed=2)]))
    check_structure(merge_models([text, grown(seed=2)], trees=4))


@pytest.mark.parametrize(
    "params", [{}, {"boosting": "rf", "bagging_freq": 1, "bagging_fraction": 0.5}]
)
def test_parameters_of_the_training_are_not_read_again(params: dict[str, object]) -> None:
    whole = grown(**params)
    spoilt = whole.replace("[seed: 1]", "[seed] 1]")
    assert spoilt != whole
    rows = np.random.default_rng(2).integers(0, 5, (50, 4)).astype(float)
    expected = lgb.Booster(model_str=whole).predict(rows)
    for digest in (None, hashlib.sha256(spoilt.encode()).hexdigest()):
        model = LightGBM({}).load(
            spoilt.encode(), features=FEATURES, source=Path("model.txt"), digest=digest
        )
        assert np.array_equal(model.predict(rows), expected)


MANGLINGS: dict[str, Callable[[str], str]] = {
    "a split out of range": lambda text: text.replace("split_feature=", "split_feature=9", 1),
    "a circle": lambda text: text.replace("left_child=", "left_child=0 ", 1),
    "a leaf beyond the last": lambda text: text.replace("-6\n", "-60\n", 1),
    "more leaves": lambda text: text.replace("num_leaves=6", "num_leaves=60000", 1),
    "fewer sizes": lambda text: text.replace("tree_sizes=", "tree_sizes=9", 1),
    "many classes": lambda text: text.replace("num_class=1", "num_class=1000000000", 1),
    "an index that is large": lambda text: text.replace("max_feature_idx=3", "max_feature_idx=9"),
    "categories from nowhere": lambda text: text.replace("decision_type=2", "decision_type=3", 1),
    "a blank that is none to the library": lambda text: text.replace("-2 -3", "-2\x1f-3", 1),
    "no ranges of the features": lambda text: re.sub(
        "feature_names=.*\nfeature_infos=.*\n", "feature_names=a\n", text
    ).replace("max_feature_idx=3", "max_feature_idx=0"),
    "cut off": lambda text: text[: len(text) // 4],
    "empty": lambda _: "",
}


@pytest.mark.parametrize("mangling", MANGLINGS)
def test_what_would_lead_the_library_astray_is_refused(text: str, mangling: str) -> None:
    mangled = MANGLINGS[mangling](text)
    assert mangled != text
    with pytest.raises(Unsound):
        check_structure(mangled)
    with pytest.raises(ArtifactDamaged, match="no sound LightGBM model"):
        LightGBM({}).load(mangled.encode(), features=FEATURES, source=Path("model.txt"))


def mangle(text: str, chance: random.Random) -> str:
    letters = list(text[: text.index("end of trees") + 20])
    for _ in range(chance.choice([1, 1, 2, 8])):
        place = chance.randrange(len(letters))
        letters[place] = chance.choice("0123456789-. \n=e")
    return "".join(letters)


def test_whatever_is_mangled_ends_in_an_error_of_ours_or_a_model_that_predicts(
    text: str, tmp_path: Path
) -> None:
    kept = tmp_path / "model.txt"
    kept.write_text(text)
    done = subprocess.run(
        [sys.executable, "-m", "tests.test_booster_text", str(kept)],
        capture_output=True,
        text=True,
        timeout=120,
        check=False,
        cwd=Path(__file__).parents[1],
    )
    assert done.returncode == 0, done.stderr[-2000:]
    refused, passed = map(int, done.stdout.split())
    assert refused + passed == MANGLED
    assert refused > MANGLED // 4
    assert passed > 0


def main(path: Path) -> None:
    """Load and predict with many mangled models in this process, which must live on."""
    text, chance, refused = path.read_text(), random.Random(7), 0
    rows = np.full((3, 4), 2.0)
    for _ in range(MANGLED):
        content = mangle(text, chance).encode()
        try:
            LightGBM({}).load(content, features=FEATURES, source=path).predict(rows)
        except ArtifactDamaged:
            refused += 1
    sys.stdout.write(f"{refused} {MANGLED - refused}\n")


if __name__ == "__main__":
    main(Path(sys.argv[1]))
