"""A trained model as one file: taken to a second home, it predicts the same there."""

from __future__ import annotations

import json
import shutil
import sys
import zipfile
from pathlib import Path

import pytest

from tests.support.runner import Numeri

CLASS = """
class Mean:
    def fit(self, X, y):
        self.weights = X.T @ y
        return self

    def predict(self, X):
        return X @ self.weights
"""


@pytest.fixture
def second_home(trained: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Another machine: the same tournament and files, nothing trained, an empty ledger."""
    other = tmp_path / "second"
    shutil.copytree(trained, other)
    shutil.rmtree(other / "data" / "models")
    (other / "data" / "ledger.sqlite").unlink()
    return other


def elsewhere(home: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("NUMERI_HOME", str(home))


def exported(numeri: Numeri, *words: object) -> Path:
    said = numeri("models", "export", "lighthouse", *words, "--json")
    assert said.code == 0, said.out
    return Path(said.data["file"])


def predictions(numeri: Numeri, name: str) -> bytes:
    said = numeri("predict", "--data", "validation", "--output", name, "--json")
    assert said.code == 0, said.out
    return Path(name).read_bytes()


def test_an_exported_model_predicts_the_same_in_a_second_home(
    numeri: Numeri, second_home: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    archive = exported(numeri)
    assert archive.name.startswith("lighthouse-2")
    assert archive.suffix == ".numeri"
    ours = predictions(numeri, "ours.csv")
    elsewhere(second_home, monkeypatch)
    said = numeri("models", "import", archive, "--json")
    assert said.code == 0, said.out
    facts = {key: said.data[key] for key in ("model", "known", "newest", "holds_pickle")}
    assert facts == {"model": "lighthouse", "known": False, "newest": True, "holds_pickle": False}
    assert predictions(numeri, "theirs.csv") == ours
    again = numeri("models", "import", archive, "--json")
    assert (again.code, again.data["known"]) == (0, True)
    [row] = numeri("models", "--local", "--json").data["artifacts"]
    assert row["artifact"] == said.data["artifact"]


def test_the_same_artifact_gives_the_same_bytes(numeri: Numeri, trained: Path) -> None:
    first = exported(numeri, "--output", "one.numeri").read_bytes()
    assert exported(numeri, "--output", "two.numeri").read_bytes() == first


def test_what_holds_a_pickle_is_unpacked_only_where_it_is_trusted(
    numeri: Numeri, second_home: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    sys.modules.pop("class_of_this_test", None)
    Path("class_of_this_test.py").write_text(CLASS, encoding="utf-8")
    profile = Path("numeri.toml")
    text = profile.read_text()
    start = text.index("[models.lighthouse.estimator]")
    profile.write_text(
        f'{text[:start]}[models.lighthouse.estimator]\nname = "class_of_this_test:Mean"\n'
    )
    assert numeri("train").code == 0
    archive = exported(numeri)
    ours = predictions(numeri, "ours.csv")
    elsewhere(second_home, monkeypatch)
    said = numeri("models", "import", archive, "--json")
    assert said.json["error"]["code"] == "pickle_untrusted"
    assert "which can run any code" in said.json["error"]["message"]
    models = second_home / "data" / "models"
    assert not [path for path in models.rglob("*") if path.is_file()]
    assert numeri("models", "trust", archive).code == 0
    said = numeri("models", "import", archive, "--json")
    assert (said.code, said.data["holds_pickle"]) == (0, True)
    assert predictions(numeri, "theirs.csv") == ours


def rewritten(archive: Path, **changes: bytes | None) -> Path:
    """The archive with other content under some names; None leaves one out."""
    place = Path("changed.numeri")
    with zipfile.ZipFile(archive) as source, zipfile.ZipFile(place, "w") as target:
        for name in source.namelist():
            content = changes.get(name, source.read(name))
            if content is not None:
                target.writestr(name, content)
        for name in changes.keys() - set(source.namelist()):
            content = changes[name]
            assert content is not None
            target.writestr(name, content)
    return place


def manifest_with(archive: Path, name: str, **values: object) -> bytes:
    """The manifest with other values for a file, or another file in it."""
    with zipfile.ZipFile(archive) as source:
        manifest = json.loads(source.read("numeri.json"))
    manifest["files"][name] = manifest["files"].get(name, {}) | values
    return json.dumps(manifest).encode()


@pytest.mark.parametrize(
    ("kind", "code"),
    [
        ("member", "artifact_damaged"),
        ("outside", "file_foreign"),
        ("absolute", "file_foreign"),
        ("unnamed", "file_foreign"),
        ("missing", "file_foreign"),
        ("bomb", "artifact_damaged"),
        ("other model", "artifact_foreign"),
        ("cut", "file_foreign"),
        ("text", "file_foreign"),
    ],
)
def test_an_archive_that_was_changed_is_refused_and_leaves_nothing(
    numeri: Numeri, second_home: Path, monkeypatch: pytest.MonkeyPatch, kind: str, code: str
) -> None:
    archive = exported(numeri)
    with zipfile.ZipFile(archive) as source:
        [member] = [name for name in source.namelist() if name.endswith(".txt")]
        manifest = source.read("numeri.json")
        content = source.read(member)
    facts = {"bytes": 4, "sha256": "0" * 64}
    escaped = manifest_with(archive, "../escaped.txt", **facts)
    rooted = manifest_with(archive, "/tmp/escaped.txt", **facts)  # noqa: S108 - nothing lies there
    changed = {
        "member": lambda: rewritten(archive, **{member: content.replace(b"leaf", b"fael", 1)}),
        "outside": lambda: rewritten(
            archive, **{"../escaped.txt": b"here", "numeri.json": escaped}
        ),
        "absolute": lambda: rewritten(
            archive,
            **{"/tmp/escaped.txt": b"here", "numeri.json": rooted},  # noqa: S108
        ),
        "unnamed": lambda: rewritten(archive, **{"more.txt": b"more"}),
        "missing": lambda: rewritten(archive, **{member: None}),
        "bomb": lambda: rewritten(archive, **{member: bytes(50_000_000)}),
        "other model": lambda: rewritten(
            archive, **{"numeri.json": manifest.replace(b'"lighthouse"', b'"beacon"')}
        ),
        "cut": lambda: cut(archive),
        "text": lambda: Path("numeri.toml"),
    }[kind]()
    elsewhere(second_home, monkeypatch)
    before = sorted(second_home.rglob("*"))
    said = numeri("models", "import", changed, "--json")
    assert said.code == 1, said.out
    assert said.json["error"]["code"] == code
    left = set(second_home.rglob("*")) - set(before)
    assert not [path for path in left if path.is_file() and "/log/" not in str(path)]
    assert not (second_home / "data" / "models" / "practice" / "escaped.txt").exists()


def cut(archive: Path) -> Path:
    place = Path("cut.numeri")
    place.write_bytes(archive.read_bytes()[:-200])
    return place


def test_a_model_of_another_tournament_is_refused(
    numeri: Numeri, trained: Path, tmp_path: Path
) -> None:
    archive = exported(numeri)
    said = numeri("models", "import", archive, "--tournament", "numerai", "--json")
    assert said.json["error"]["code"] == "artifact_foreign"


def test_a_model_that_was_never_trained_cannot_be_exported(numeri: Numeri, trained: Path) -> None:
    said = numeri("models", "export", "beacon", "--json")
    assert said.json["error"]["code"] == "model_untrained"
    assert "lighthouse" in said.json["error"]["hint"]


def test_models_alone_still_lists_and_options_stand_behind_what_they_belong_to(
    numeri: Numeri, trained: Path
) -> None:
    listed = numeri("models", "--json")
    assert (listed.code, listed.json["command"]) == (0, "models")
    said = numeri("models", "--json", "export", "lighthouse")
    assert said.code == 2
    assert "options of export stand behind it" in said.out + said.err
    assert numeri("models", "exprot", "lighthouse").code == 2


def test_a_damaged_model_is_told_where_models_are_listed(numeri: Numeri, trained: Path) -> None:
    [contract] = (trained / "data" / "models").rglob("model.json")
    contract.write_text(contract.read_text() + "}")
    said = numeri("models", "--local")
    assert said.code == 0
    assert "no trained model is here" in said.out
    assert "model.json is no contract of a model" in " ".join(said.err.split())
    assert "numeri train" in said.err
