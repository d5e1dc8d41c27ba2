"""A function or pickle that exists: `run`, `submit`, `validate` and `predict` use it as it is."""

from __future__ import annotations

import hashlib
import pickle
import sys
from collections.abc import Iterator
from pathlib import Path

import cloudpickle
import pandas as pd
import pytest

from tests.support.runner import Numeri

MODULE = "existing_model_of_this_test"
ONE = """
def predict(live_features):
    features = [name for name in live_features.columns if name.startswith("feature")]
    return live_features[features].mean(axis=1).div(4).to_frame("prediction")
"""
TWO = """
def predict(live_features, live_benchmark_models):
    assert list(live_features.index) == list(live_benchmark_models.index)
    assert live_features.index.name == "id"
    benchmark = live_benchmark_models.select_dtypes("number").iloc[:, 0]
    return benchmark.rename("prediction").to_frame().sample(frac=1.0, random_state=1)
"""
PROFILE = """\
tournament = "practice"

[models.lighthouse.estimator]
name = "{name}"
"""


@pytest.fixture
def fresh_modules() -> Iterator[None]:
    """A module of this name is read anew by each test."""
    sys.modules.pop(MODULE, None)
    yield
    sys.modules.pop(MODULE, None)


def profile_with(name: str, *, more: str = "") -> None:
    Path("numeri.toml").write_text(PROFILE.format(name=name) + more, encoding="utf-8")


def function_of(text: str) -> object:
    """The function of a text, of no module, so that cloudpickle writes it out."""
    namespace: dict[str, object] = {}
    exec(text, namespace)  # noqa: S102 - our own words
    return namespace["predict"]


def write_pickle(path: Path, text: str) -> None:
    path.write_bytes(cloudpickle.dumps(function_of(text)))


@pytest.mark.usefixtures("practice", "fresh_modules")
def test_a_function_of_two_arguments_goes_through_run_to_an_accepted_submission(
    numeri: Numeri,
) -> None:
    """It gives its rows in another order: they are known by their ids."""
    Path(f"{MODULE}.py").write_text(TWO, encoding="utf-8")
    profile_with(f"{MODULE}:predict")
    said = numeri("run", "--tournament", "practice", "--json")
    assert said.code == 0, said.out
    [model] = said.data["models"]
    assert (model["model"], model["state"], model["findings"]) == ("lighthouse", "accepted", [])
    ours = pd.read_parquet(model["predictions"]).set_index("id")["prediction"]
    folder = next(Path(model["predictions"]).parents[3].glob("datasets/practice/v*"))
    benchmark = pd.read_parquet(folder / "live_benchmark_models.parquet")
    expected = benchmark.set_index("id") if "id" in benchmark else benchmark
    first = expected.select_dtypes("number").iloc[:, 0].reindex(ours.index)
    assert ours.rank().tolist() == first.rank().tolist()
    again = numeri("run", "--tournament", "practice", "--json")
    assert again.data["models"][0]["state"] == "already accepted"


@pytest.mark.core
@pytest.mark.usefixtures("practice")
def test_an_existing_cloudpickle_is_accepted_once_it_is_trusted(numeri: Numeri) -> None:
    write_pickle(Path("model.pkl"), ONE)
    profile_with("model.pkl")
    said = numeri("run", "--tournament", "practice", "--json")
    assert said.code == 1
    [model] = said.data["models"]
    assert model["problem"]["code"] == "pickle_untrusted"
    assert "a pickle can run any code" in model["problem"]["message"]
    assert f"`numeri models trust {Path('model.pkl').absolute()}`" in model["problem"]["hint"]
    told = numeri("models", "trust", "model.pkl", "--json")
    digest = hashlib.sha256(Path("model.pkl").read_bytes()).hexdigest()
    assert (told.data["digest"], told.data["known"]) == (digest, False)
    said = numeri("run", "--tournament", "practice", "--json")
    assert said.code == 0, said.out
    assert said.data["models"][0]["state"] == "accepted"


class Planted:
    """Writes a file where it is opened."""

    def __init__(self, place: Path) -> None:
        self.place = place

    def __reduce__(self) -> tuple[object, tuple[object, ...]]:
        return Path.write_text, (self.place, "opened")


@pytest.mark.usefixtures("practice")
@pytest.mark.parametrize("words", ["run", "submit", "predict", "validate", "doctor", "train"])
def test_an_untrusted_pickle_is_never_opened(numeri: Numeri, words: str, tmp_path: Path) -> None:
    """A planted one would write a file; the same bytes, trusted, do."""
    mark = tmp_path / "opened"
    planted = pickle.dumps(Planted(mark))
    Path("model.pkl").write_bytes(planted)
    profile_with("model.pkl")
    assert numeri(words, "--tournament", "practice").code == (0 if words == "train" else 1)
    assert not mark.exists()
    if words == "predict":
        numeri("models", "trust", "model.pkl")
        assert numeri(words, "--tournament", "practice").code == 1  # it holds no function
        assert mark.read_text() == "opened"


@pytest.mark.usefixtures("practice")
def test_a_changed_pickle_has_to_be_trusted_again(numeri: Numeri) -> None:
    write_pickle(Path("model.pkl"), ONE)
    profile_with("model.pkl")
    assert numeri("models", "trust", "model.pkl").code == 0
    assert numeri("predict", "--tournament", "practice").code == 0
    write_pickle(Path("model.pkl"), ONE.replace("div(4)", "div(5)"))
    said = numeri("predict", "--tournament", "practice", "--json")
    assert said.json["error"]["code"] == "pickle_untrusted"


@pytest.mark.usefixtures("practice", "fresh_modules")
def test_validate_scores_it_and_says_that_its_training_is_not_known(numeri: Numeri) -> None:
    Path(f"{MODULE}.py").write_text(TWO, encoding="utf-8")
    profile_with(f"{MODULE}:predict")
    said = numeri("validate", "--tournament", "practice", "--target", "target_ender_20", "--json")
    assert said.code == 0, said.out
    assert any("on which eras it was trained is not known" in x for x in said.data["warnings"])
    first = numeri("predict", "--data", "validation", "--output", "p.csv", "--json")
    assert first.code == 0, first.out
    frame = pd.read_csv("p.csv", index_col="id")
    assert frame["era"].nunique() > 5
    assert frame["prediction"].between(0, 1, inclusive="neither").all()


@pytest.mark.usefixtures("practice", "fresh_modules")
def test_its_predictions_are_left_as_they_are_unless_the_profile_neutralizes_them(
    numeri: Numeri,
) -> None:
    Path(f"{MODULE}.py").write_text(ONE, encoding="utf-8")
    found = {}
    for more in ("", "\n[models.lighthouse.neutralize]\nproportion = 0.5\n"):
        profile_with(f"{MODULE}:predict", more=more)
        said = numeri("predict", "--tournament", "practice", "--output", "p.csv", "--json")
        assert said.code == 0, said.out
        found[bool(more)] = pd.read_csv("p.csv", index_col="id")["prediction"]
    folder = next(Path(said.data["files"][0]["path"]).parent.rglob("live.parquet"), None)
    assert found[False].corr(found[True]) < 0.99
    assert folder is None or folder.is_file()


@pytest.mark.usefixtures("practice", "fresh_modules")
@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("def predict(a, b, c):\n    return a", "takes a, b, c"),
        ("def predict(rows):\n    return rows.iloc[:, -1].to_numpy()", "a ndarray instead of"),
        ("def predict(rows):\n    return rows.head(3).iloc[:, -1:]", "3 rows for"),
        (
            "def predict(rows):\n    return rows.iloc[:, -1:].astype(float) * float('nan')",
            "that are no number",
        ),
        ("def predict(rows):\n    raise KeyError('feature_x')", "KeyError: 'feature_x'"),
    ],
)
def test_what_does_not_keep_the_contract_is_told_in_a_sentence(
    numeri: Numeri, text: str, said: str
) -> None:
    Path(f"{MODULE}.py").write_text(text, encoding="utf-8")
    profile_with(f"{MODULE}:predict")
    told = numeri("predict", "--tournament", "practice", "--json")
    assert told.code == 1
    assert told.json["error"]["code"] == "estimator_invalid"
    assert said in told.json["error"]["message"]


@pytest.mark.usefixtures("practice", "fresh_modules")
def test_there_is_nothing_to_train_and_keys_that_say_how_are_refused(numeri: Numeri) -> None:
    Path(f"{MODULE}.py").write_text(ONE, encoding="utf-8")
    profile_with(f"{MODULE}:predict")
    for words in ("train", "backtest"):
        said = numeri(words, "lighthouse", "--tournament", "practice", "--json")
        assert said.code == 1
        assert "there is nothing to train" in str(said.json)
    more = "params = { depth = 3 }\n\n[models.lighthouse.era_weights]\nequal = true\n"
    profile_with(f"{MODULE}:predict", more=more)
    said = numeri("predict", "--tournament", "practice", "--json")
    assert said.json["error"]["code"] == "parameter_unknown"
    assert "era_weights, estimator.params of lighthouse" in said.json["error"]["message"]


@pytest.mark.usefixtures("practice")
def test_a_pickle_that_was_written_with_what_is_not_here_names_what_brings_it(
    numeri: Numeri, monkeypatch: pytest.MonkeyPatch
) -> None:
    write_pickle(Path("model.pkl"), ONE)
    profile_with("model.pkl")
    numeri("models", "trust", "model.pkl")
    for module in [one for one in sys.modules if one.split(".")[0] == "cloudpickle"]:
        monkeypatch.delitem(sys.modules, module)
    monkeypatch.setitem(sys.modules, "cloudpickle", None)
    said = numeri("predict", "--tournament", "practice", "--json")
    assert said.json["error"]["code"] == "library_missing"
    assert "numeri[upload]" in said.json["error"]["hint"]
