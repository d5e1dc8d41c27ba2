"""A world: made, opened, advanced, killed, made again: always the same."""

from __future__ import annotations

import json
import os
import re
import shutil
import subprocess
import sys
from collections.abc import Callable
from dataclasses import asdict, replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from numeri_cli.errors import (
    NumeriError,
    PracticeDamaged,
    PracticeExists,
    PracticeMissing,
    TargetUnknown,
)
from numeri_cli.practice.rivals.archetypes import ARCHETYPES
from numeri_cli.practice.world.dataset_files import is_of_field
from numeri_cli.practice.world.world import World
from tests.support.small_worlds import SMALL, digests, own_world, small_world, small_world_root

CREATE = """
import sys
from pathlib import Path
from numeri_cli.practice.market.universe import WorldSettings
from numeri_cli.practice.world.world import World
world = World.create(Path(sys.argv[1]), WorldSettings({settings}))
for _ in range(2):
    world.advance()
world.publish()
"""
# A child per step, forked before anything runs in threads, kills itself when it hears the step.
KILL = """
import os, signal, sys
from pathlib import Path
import lightgbm, pandas
from numeri_cli.practice.market.universe import WorldSettings
from numeri_cli.practice.world.world import World
from numeri_cli.progress import Silent

class Killer(Silent):
    def __init__(self, step):
        self.at = step
    def step(self, name):
        if name == self.at:
            os.kill(os.getpid(), signal.SIGKILL)

for step in sys.argv[2:]:
    child = os.fork()
    if not child:
        root = Path(sys.argv[1]) / step
        killer = Killer(step)
        if (root / "world.json").exists():
            world = World.open(root)
            {work}
        else:
            World.create(root, WorldSettings({settings}), listener=killer)
        os._exit(0)
    _, status = os.waitpid(child, 0)
    print(step, os.WTERMSIG(status) == signal.SIGKILL)
"""
SETTINGS_TEXT = ", ".join(f"{name}={value!r}" for name, value in asdict(SMALL).items())
ADVANCE_STEPS = (
    "returns_drawn",
    "targets_resolved",
    "live_era_made",
    "week_start_written",
    "week_in_force",
    "files_written",
    "files_in_force",
)


ADVANCE = KILL.replace("{work}", "world.advance(listener=killer); world.publish(listener=killer)")
GATHER = KILL.replace("{work}", "world.train_field(listener=killer)")


def run_python(text: str, *arguments: str, **environment: str) -> str:
    """What a fresh interpreter prints."""
    return subprocess.run(
        [sys.executable, "-c", text.format(settings=SETTINGS_TEXT), *arguments],
        env={**os.environ, **environment},
        check=True,
        capture_output=True,
        text=True,
    ).stdout


GATHER_STEPS = ("rivals_trained", "rivals_asked", "field_files_written", "field_in_force")


@pytest.fixture(scope="module")
def advanced(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The world two weeks later, advanced in this process."""
    root = tmp_path_factory.mktemp("advanced") / "world"
    world = own_world(root)
    world.advance()
    world.advance()
    world.publish()
    return root


@pytest.fixture(scope="module")
def a_week_later(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The world a week later, published."""
    root = tmp_path_factory.mktemp("later") / "world"
    world = own_world(root)
    world.advance()
    world.publish()
    return root


def test_a_new_world_stands_at_the_era_after_its_history() -> None:
    world = small_world()
    assert world.live_era == world.published_era == 61
    assert world.settings == SMALL
    assert len(world.live_ids(61)) == SMALL.stocks
    assert world.features(61).shape == (24, 150)


def test_the_same_settings_make_the_same_files_in_another_process_with_other_threads(
    advanced: Path, tmp_path: Path
) -> None:
    threads = {"OMP_NUM_THREADS": "1", "OPENBLAS_NUM_THREADS": "1", "PYTHONHASHSEED": "77"}
    run_python(CREATE, str(tmp_path / "world"), **threads)
    assert digests(tmp_path / "world") == digests(advanced)


def test_another_seed_makes_other_files(tmp_path: Path) -> None:
    World.create(tmp_path / "world", replace(SMALL, seed=6))
    for folder in ("base", "published"):
        other = digests(tmp_path / "world" / folder)
        here = digests(small_world_root() / folder)
        assert set(other) == set(here)
        assert not {name for name in here if other[name] == here[name]}


def test_publishing_between_the_weeks_changes_nothing(advanced: Path, tmp_path: Path) -> None:
    world = own_world(tmp_path / "world")
    for _ in range(2):
        world.advance()
        world.publish()
        world = World.open(tmp_path / "world")
    assert digests(tmp_path / "world") == digests(advanced)


def test_publishing_again_changes_nothing_and_mends_a_lost_file(
    a_week_later: Path, tmp_path: Path
) -> None:
    shutil.copytree(a_week_later, tmp_path / "world")
    world = World.open(tmp_path / "world")
    before = digests(tmp_path / "world")
    world.publish()
    assert digests(tmp_path / "world") == before
    world.files()["v5.3/live.parquet"].unlink()
    assert world.files()["v5.3/live.parquet"].is_file()
    assert digests(tmp_path / "world") == before


def test_killed_at_any_step_of_advancing_it_is_whole_and_goes_on_alike(
    a_week_later: Path, tmp_path: Path
) -> None:
    for step in (*ADVANCE_STEPS, "no_such_step"):
        shutil.copytree(small_world_root(), tmp_path / step)
    told = run_python(ADVANCE, str(tmp_path), *ADVANCE_STEPS, "no_such_step").splitlines()
    assert told == [*(f"{step} True" for step in ADVANCE_STEPS), "no_such_step False"]
    assert digests(tmp_path / "no_such_step") == digests(a_week_later)
    for step in ADVANCE_STEPS:
        world = World.open(tmp_path / step)
        is_past = ADVANCE_STEPS.index(step) >= ADVANCE_STEPS.index("week_in_force")
        assert world.live_era == (62 if is_past else 61)
        assert world.target(56, "target_ender_20").shape == (150,)
        assert np.isnan(world.target(57, "target_ender_20")).all() == (not is_past)
        if not is_past:
            world.advance()
        world.publish()
        assert not list((tmp_path / step).rglob(".*.part"))
        assert digests(tmp_path / step) == digests(a_week_later), step


def test_the_field_may_wait_and_comes_out_alike(tmp_path: Path) -> None:
    world = World.create(tmp_path / "world", SMALL, field=False)
    assert not world.has_field
    names = {path.name for path in (tmp_path / "world" / "published").rglob("*.*")}
    assert {"train.parquet", "validation.parquet", "live.parquet"} < names
    assert not {name for name in names if is_of_field(name)}
    assert not (tmp_path / "world" / "models").exists()
    world.train_field()
    assert world.has_field
    assert digests(tmp_path / "world") == digests(small_world_root())
    World.open(tmp_path / "world").train_field()
    assert digests(tmp_path / "world") == digests(small_world_root())


def test_advancing_gathers_the_field_first(advanced: Path, tmp_path: Path) -> None:
    world = World.create(tmp_path / "world", SMALL, field=False)
    world.advance()
    world.advance()
    world.publish()
    assert digests(tmp_path / "world") == digests(advanced)


def test_killed_while_the_field_is_gathered_it_is_gathered_again_alike(tmp_path: Path) -> None:
    World.create(tmp_path / "bare", SMALL, field=False)
    for step in GATHER_STEPS:
        shutil.copytree(tmp_path / "bare", tmp_path / step)
    told = run_python(GATHER, str(tmp_path), *GATHER_STEPS).splitlines()
    assert told == [f"{step} True" for step in GATHER_STEPS]
    for step in GATHER_STEPS:
        world = World.open(tmp_path / step)
        assert world.has_field == (step == "field_in_force")
        world.train_field()
        world.publish()
        assert digests(tmp_path / step) == digests(small_world_root()), step


def test_killed_while_it_is_made_it_is_not_there_and_is_made_anew(tmp_path: Path) -> None:
    run_python(ADVANCE, str(tmp_path), "market_run", "files_written")
    for step in ("market_run", "files_written"):
        assert any((tmp_path / step).rglob("*.npy"))
        with pytest.raises(PracticeMissing):
            World.open(tmp_path / step)
    (tmp_path / "market_run" / "base" / "foreign.txt").write_text("left over")
    World.create(tmp_path / "market_run", SMALL)
    assert digests(tmp_path / "market_run") == digests(small_world_root())


def test_old_files_go_only_when_the_new_ones_are_in_force(tmp_path: Path) -> None:
    world = own_world(tmp_path / "world")
    old = set(world.files().values())
    world.advance()
    assert all(path.is_file() for path in old)
    world.publish()
    new = set(world.files().values())
    assert {path.name for path in old & new} == {
        "features.json",
        "train.parquet",
        "train_benchmark_models.parquet",
        "churn_earlier.parquet",
        "churn_later.parquet",
    }
    assert not any(path.exists() for path in old - new)


def test_what_is_said_of_an_era_never_changes_but_for_targets_that_become_known(
    advanced: Path,
) -> None:
    before, after = small_world(), World.open(advanced)
    assert (after.live_era, before.live_era) == (63, 61)
    for era in (1, 48, 60, 61):
        assert before.live_ids(era).tolist() == after.live_ids(era).tolist()
        assert (before.features(era) == after.features(era)).all()
        for name in before.targets:
            old, new = before.target(era, name), after.target(era, name)
            assert (np.isnan(old) | (old == new)).all()
    assert before.rival_predictions(61).keys() == after.rival_predictions(61).keys()
    for name, values in before.rival_predictions(61).items():
        assert (values == after.rival_predictions(61)[name]).all()


def test_no_target_is_reachable_before_its_round_resolves(tmp_path: Path) -> None:
    world = own_world(tmp_path / "world")
    for _ in range(3):
        for era in range(40, world.live_era + 1):
            for name in world.targets:
                weeks = 5 if name.endswith("20") else 13
                is_known = not np.isnan(world.target(era, name)).any()
                assert is_known == (era + weeks <= world.live_era), (era, name)
                assert is_known or np.isnan(world.target(era, name)).all()
        # nor are the returns it would be made of: they have not been drawn
        drawn = {path.parent.name for path in (tmp_path / "world").rglob("weeks/*/returns.npy")}
        assert drawn == {f"{era:04d}" for era in range(61, world.live_era)}
        for reach in (world.live_ids, world.features, world.rival_predictions):
            with pytest.raises(ValueError, match="not between"):
                reach(world.live_era + 1)
        world.advance()


def test_an_unknown_target_is_named() -> None:
    with pytest.raises(TargetUnknown, match="target_nobody_20") as caught:
        small_world().target(1, "target_nobody_20")
    assert "target_ender_60" in caught.value.hint


def test_a_world_is_not_made_over_another(tmp_path: Path) -> None:
    own_world(tmp_path / "world")
    with pytest.raises(PracticeExists, match="already"):
        World.create(tmp_path / "world", SMALL)


def test_where_no_world_is_none_is_opened(tmp_path: Path) -> None:
    with pytest.raises(PracticeMissing) as caught:
        World.open(tmp_path / "nothing")
    assert "practice" in caught.value.hint


def write_json(root: Path, **changes: object) -> None:
    path = root / "world.json"
    path.write_text(json.dumps({**json.loads(path.read_text()), **changes}))


def kept_field(root: Path) -> list[dict[str, Any]]:
    """The archetypes that a world keeps."""
    field: list[dict[str, Any]] = json.loads((root / "world.json").read_text())["field"]
    return field


def respell(path: Path, found: bytes, instead: bytes) -> None:
    """Change the first such bytes of a file."""
    changed, count = re.subn(found, instead, path.read_bytes(), count=1)
    assert count == 1
    path.write_bytes(changed)


def flip(path: Path) -> None:
    """Change one bit of the last byte: numbers stay numbers."""
    content = bytearray(path.read_bytes())
    content[-1] ^= 1
    path.write_bytes(bytes(content))


DAMAGES: dict[str, Callable[[Path], object]] = {
    "world.json is cut off": lambda root: (root / "world.json").write_text('{"format": 1, '),
    "world.json is a list": lambda root: (root / "world.json").write_text("[]"),
    "world.json is binary": lambda root: (root / "world.json").write_bytes(b"\xff\xfe\x00"),
    "world.json is deep": lambda root: (root / "world.json").write_text("[" * 200_000),
    "world.json has a number without end": lambda root: write_json(root, live_era=float("inf")),
    "another format": lambda root: write_json(root, format=99),
    "impossible settings": lambda root: write_json(root, settings={"stocks": 3}),
    "unknown settings": lambda root: write_json(root, settings={"planets": 9}),
    "live era of another world": lambda root: write_json(root, live_era=70),
    "an archetype nobody knows": lambda root: write_json(
        root, field=[{**row, "builder": "oracle"} for row in kept_field(root)]
    ),
    "no archetype": lambda root: write_json(root, field=[]),
    "an archetype whose name is a number": lambda root: write_json(
        root, field=[{**row, "name": 1.5} for row in kept_field(root)]
    ),
    "an archetype that cannot be built": lambda root: write_json(
        root, field=[{**row, "parameters": {"height": 3}} for row in kept_field(root)]
    ),
    "a live era that is no number": lambda root: write_json(root, live_era="61"),
    "world.json is nested without end": lambda root: (root / "world.json").write_text("[" * 50_000),
    "features are gone": lambda root: (root / "base" / "features.npy").unlink(),
    "features are cut off": lambda root: os.truncate(root / "base" / "features.npy", 1000),
    "no start of the week": lambda root: (root / "state" / "0061.npz").unlink(),
    "the start of the week is cut off": lambda root: os.truncate(root / "state" / "0061.npz", 500),
    "a rival's trees go in a circle": lambda root: respell(
        root / "models" / "rivals" / "old_oak", rb"left_child=[1-9]", b"left_child=0"
    ),
    "the organiser's trees have a leaf too many": lambda root: respell(
        max((root / "models" / "benchmarks").glob("*ender20")),  # the newest one is read
        rb"num_leaves=[0-9]+",
        b"num_leaves=77",
    ),
    "a rival's file was cut off": lambda root: os.truncate(
        root / "models" / "rivals" / "old_oak", 500
    ),
    "a rival's weights are others": lambda root: flip(
        next(one for one in (root / "models" / "rivals").iterdir() if 99 < one.stat().st_size < 999)
    ),
    "an array calls itself another": lambda root: respell(
        root / "base" / "returns.npy", rb"'descr'", b"'d\"scr'"
    ),
    "a rival has forgotten": lambda root: (root / "models" / "rivals" / "old_oak").unlink(),
}


@pytest.mark.parametrize("damage", DAMAGES)
def test_a_damaged_world_is_called_so_and_how_to_begin_again(damage: str, tmp_path: Path) -> None:
    root = tmp_path / "world"
    own_world(root)
    DAMAGES[damage](root)
    with pytest.raises(PracticeDamaged) as caught:
        World.open(root).advance()
    assert isinstance(caught.value, NumeriError)
    assert "practice reset" in caught.value.hint
    assert "\n" not in caught.value.message


def test_a_world_of_another_version_is_not_called_damaged(tmp_path: Path) -> None:
    root = tmp_path / "world"
    own_world(root)
    write_json(root, format=1)
    with pytest.raises(PracticeDamaged, match="made by another version of numeri"):
        World.open(root)


def test_a_world_keeps_the_archetypes_it_was_made_with_whatever_the_table_says_later(
    tmp_path: Path,
) -> None:
    others = (
        replace(ARCHETYPES[0], name="early_bird", description="shallow trees", late=1.0),
        replace(ARCHETYPES[2], name="plumb_line", parameters={"share": 0.9, "penalty": 2.0}),
    )
    settings = replace(SMALL, rivals=3)
    made = World.create(tmp_path / "world", settings, field=False, archetypes=others)
    opened = World.open(tmp_path / "world")
    names = [one.name for one in opened.participants()]
    assert names == ["early_bird", "plumb_line", "early_bird_2"]
    assert opened.participants() == made.participants()
    assert {one.value for one in opened.attendance(61).values()} >= {"late"}
    World.open(tmp_path / "world").advance()
    after = World.open(tmp_path / "world")
    assert after.participants() == made.participants()
    assert set(after.rival_predictions(62)) == set(names)


def test_an_old_world_that_kept_no_archetypes_opens_and_keeps_them_from_its_next_week_on(
    tmp_path: Path,
) -> None:
    world = own_world(tmp_path / "world")
    path = tmp_path / "world" / "world.json"
    content = json.loads(path.read_text())
    assert [row["name"] for row in content.pop("field")] == [one.name for one in ARCHETYPES]
    path.write_text(json.dumps(content))
    old = World.open(tmp_path / "world")
    assert old.participants() == world.participants()
    old.advance()
    assert len(kept_field(tmp_path / "world")) == len(ARCHETYPES)
    assert World.open(tmp_path / "world").participants() == world.participants()
