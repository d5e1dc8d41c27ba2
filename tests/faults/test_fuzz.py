"""What is mangled at random ends in success or in an error of our tree, in nothing else."""

from __future__ import annotations

import json
import random
from collections.abc import Callable
from pathlib import Path
from typing import Any, TypeVar

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from numeri_cli.commands.submission.check import check_predictions
from numeri_cli.config import read_profile
from numeri_cli.dataset.features import FeatureFile, features_digest
from numeri_cli.errors import NumeriError
from tests.faults.mangling import (
    FEATURES,
    LIVE_IDS,
    PROFILE,
    feature_files,
    prediction_files,
    profile_bytes,
    profiles,
)
from tests.support.bench import Bench, numeri
from tests.support.json_places import places
from tests.support.steps import Request

# 2,600 examples here beside 30 runs; of answers in tests/api/test_mangled_answers.py;
# tests/fuzz feeds the command line
Example = TypeVar("Example")
Recorder = Callable[[str, object], None]


def accepted_share(
    examples: st.SearchStrategy[Example], accepts: Callable[[Example], bool], *, count: int
) -> float:
    """Of so many examples, the share that was accepted."""
    verdicts: list[bool] = []

    @settings(
        max_examples=count,
        deadline=None,
        database=None,
        suppress_health_check=list(HealthCheck),
    )
    @given(example=examples)
    def judged(example: Example) -> None:
        verdicts.append(accepts(example))

    judged()
    assert len(verdicts) >= count * 0.9
    return sum(verdicts) / len(verdicts)


def ends_well(work: Callable[[], object]) -> bool:
    """Whether it succeeded; any error but ours passes through, and ours can be shown."""
    try:
        work()
    except NumeriError as error:
        shown = error
    else:
        return True
    assert 0 < len(shown.message) < 1000
    assert f"error: {shown.message}\nhint: {shown.hint}".encode()
    return False


def models_of(path: Path) -> object:
    """What is made of a profile before anything is trained."""
    profile = read_profile(path)
    return [profile.model(name) for name in profile.models]


def test_a_mangled_profile(tmp_path: Path, record_property: Recorder) -> None:
    path = tmp_path / "numeri.toml"

    def accepts(content: bytes) -> bool:
        path.write_bytes(content)
        return ends_well(lambda: models_of(path))

    share = accepted_share(profiles(), accepts, count=2000)
    record_property("note", f"of 2,000 mangled profiles {share:.0%} were accepted")
    assert 0.05 < share < 0.9


def test_a_mangled_features_json(tmp_path: Path, record_property: Recorder) -> None:
    path = tmp_path / "features.json"

    def digest() -> object:
        known = FeatureFile.read(path)
        return known, features_digest(known.features("small")), known.features(["feature_b"])

    def accepts(content: bytes) -> bool:
        path.write_bytes(content)
        return ends_well(digest)

    share = accepted_share(feature_files(), accepts, count=300)
    record_property("note", f"of 300 mangled features.json {share:.0%} were accepted")
    assert 0.02 < share < 0.9


def test_a_mangled_prediction_file(tmp_path: Path, record_property: Recorder) -> None:
    def accepts(content: tuple[str, bytes]) -> bool:
        suffix, data = content
        path = tmp_path / f"mine{suffix}"
        path.write_bytes(data)
        if not ends_well(lambda: check_predictions(path, LIVE_IDS)):
            return False
        checked = check_predictions(path, LIVE_IDS)
        assert sorted(checked.ids) == sorted(LIVE_IDS)
        assert ((checked.values >= 0) & (checked.values <= 1)).all()
        return True

    share = accepted_share(prediction_files(), accepts, count=300)
    record_property("note", f"of 300 mangled prediction files {share:.0%} were accepted")
    assert 0.02 < share < 0.9


def test_what_is_not_mangled_is_understood(tmp_path: Path) -> None:
    features = tmp_path / "features.json"
    features.write_text(json.dumps(FEATURES))
    assert ends_well(lambda: FeatureFile.read(features).features("small"))
    mine = tmp_path / "mine.csv"
    rows = (f"{name},0.{place + 1}" for place, name in enumerate(LIVE_IDS))
    mine.write_text("\n".join(["id,prediction", *rows]))
    assert ends_well(lambda: check_predictions(mine, LIVE_IDS))
    profile = tmp_path / "numeri.toml"
    profile.write_bytes(profile_bytes(PROFILE))
    assert ends_well(lambda: models_of(profile))
    assert read_profile(profile).model_dump(mode="json", exclude_unset=True) == PROFILE


@pytest.mark.parametrize("seed", range(30))
def test_a_run_whose_answers_are_mangled(bench: Bench, home: Path, seed: int) -> None:
    """Of every answer of the API one field or another is changed, sometimes."""
    chance = random.Random(seed)

    def mangle(request: Request, reply: bytes) -> bytes:
        head, _, body = reply.partition(b"\r\n\r\n")
        if request.method != "POST" or chance.random() > 0.2:
            return reply
        changed = json.dumps(_mangled(json.loads(body), chance), allow_nan=True).encode()
        date = next(line for line in head.split(b"\r\n") if line.startswith(b"Date"))
        size = f"Content-Length: {len(changed)}".encode()
        return b"\r\n".join([b"HTTP/1.1 200 OK", date, size, b"", changed])

    bench.proxy.rewrite = mangle
    said = numeri("run", "--json")
    assert said.code in (0, 1, 3, 4, 6)
    assert said.json["error"] or said.model
    bench.require_no_halves(home)
    bench.proxy.lift()
    again = numeri("run", "--json")
    assert again.code == 0, again.out
    assert len(bench.held()) == 1


def _mangled(answer: object, chance: random.Random) -> object:
    values: list[Any] = [
        None,
        True,
        -1,
        2**70,
        "",
        "x",
        "\ud800",
        [],
        {},
        float("nan"),
        [None],
        "2026-99-99",
    ]
    *above, last = chance.choice([place for place in places(answer) if place] or [("data",)])
    holder: object = answer
    for step in above:
        holder = holder[step]  # type: ignore[index]  # a path into this very tree
    if isinstance(holder, dict) and chance.random() < 0.3:
        del holder[last]
    else:
        holder[last] = chance.choice(values)  # type: ignore[index]  # a path into this very tree
    return answer
