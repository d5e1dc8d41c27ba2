"""What a pickle does in the sandbox, and the sentence that names what it does wrong."""

from __future__ import annotations

import os
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from numeri_cli.hosted.checks import PickleExamination, RoundFiles, run_checks
from numeri_cli.hosted.environments import Environment
from numeri_cli.hosted.memory_group import memory_group
from numeri_cli.hosted.processes import cut_network
from numeri_cli.hosted.sandbox import GIGABYTE, SandboxLimits
from numeri_cli.progress import SILENT
from tests.support.hosted_pickles import SmallRound, pickled_by, sound, unfit, warned, write_pickle

SECRET = "hosted-secret-of-nobody"


def tried(
    pickle: Path,
    bare: Environment,
    tried_on: SmallRound,
    limits: SandboxLimits | None = None,
) -> PickleExamination:
    """A pickle's run in the sandbox."""
    trial = RoundFiles(live=tried_on.live, benchmarks=tried_on.benchmarks)
    return run_checks(pickle, trial, environment=bare, listener=SILENT, limits=limits)


def reads_a_file(live_features: Any) -> Any:
    """Reads weights that lie on its owner's machine."""
    import numpy as np

    weights = np.loadtxt("/home/somebody/weights.txt")
    return sound(live_features) * weights


def needs_the_network(live_features: Any) -> Any:
    """Fetches something."""
    import urllib.request

    with urllib.request.urlopen("http://weights.example/weights.txt") as reply:
        return sound(live_features) * float(reply.read())


def takes_eleven_minutes(live_features: Any) -> Any:
    """Is asleep."""
    import time

    time.sleep(660)
    return sound(live_features)


def takes_five_gigabytes(live_features: Any) -> Any:
    """Holds much."""
    import numpy as np

    held = np.ones(5 * 2**27)
    return sound(live_features) * held[0]


def looks_around(live_features: Any) -> Any:
    """Prints what it can see of its owner, and goes on."""
    import os
    import socket
    import sys
    from pathlib import Path

    print(sorted(os.environ.values()), "numeri_cli" in sys.modules)
    for path in os.environ.get("PATH", "").split(":"):
        print(path)
    try:
        print(Path("~/.config/numeri/credentials.toml").expanduser().read_text())
    except OSError as error:
        print("refused", type(error).__name__)
    try:
        import numeri_cli

        print("numeri is here", numeri_cli)
    except ImportError:
        print("no numeri")
    try:
        socket.create_connection(("127.0.0.1", 9))
    except OSError as error:
        print("no network", error.errno)
    print("cores", len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else 1)
    return sound(live_features)


@pytest.mark.parametrize(
    ("function", "check", "said"),
    [
        (
            reads_a_file,
            "files",
            "it reads a file that is not on Numerai's machines (FileNotFoundError: /home/somebody",
        ),
        (
            needs_the_network,
            "network",
            "it needs the network, which Numerai's machines do not have: weights.example",
        ),
    ],
)
def test_what_a_pickle_needs_and_numerai_has_not_is_named(
    tmp_path: Path,
    bare: Environment,
    tried_on: SmallRound,
    function: Callable[..., Any],
    check: str,
    said: str,
) -> None:
    pickle = write_pickle(tmp_path / "model.pkl", function)
    found = unfit(tried(pickle, bare, tried_on).findings)
    assert list(found) == [check]
    assert found[check].startswith(said)


def test_a_pickle_that_takes_eleven_minutes_is_ended_and_told(
    tmp_path: Path, bare: Environment, tried_on: SmallRound
) -> None:
    pickle = write_pickle(tmp_path / "model.pkl", takes_eleven_minutes)
    found = tried(pickle, bare, tried_on, SandboxLimits(seconds=0.6))
    assert unfit(found.findings) == {
        "time": "it takes longer than the 0.01 minutes that Numerai gives on one core"
    }


def test_a_pickle_that_takes_five_gigabytes_is_ended_and_told(
    tmp_path: Path, bare: Environment, tried_on: SmallRound
) -> None:
    pickle = write_pickle(tmp_path / "model.pkl", takes_five_gigabytes)
    found = tried(pickle, bare, tried_on, SandboxLimits(memory_bytes=GIGABYTE // 2))
    assert unfit(found.findings) == {
        "memory": "it takes more memory than the 0.5 GB that Numerai gives"
    }
    assert found.run.peak_bytes < GIGABYTE


def test_a_pickle_of_another_python_is_told_so_whatever_comes_of_it(
    tmp_path: Path, bare: Environment, tried_on: SmallRound
) -> None:
    minor = "3.13" if sys.version_info[:2] != (3, 13) else "3.11"
    pickle = tmp_path / "model.pkl"
    pickle.write_bytes(pickled_by(minor))
    found = tried(pickle, bare, tried_on, SandboxLimits(seconds=120))
    assert found.contents.pythons == (minor,)
    [(check, said)] = unfit(found.findings).items()
    assert check == "python"
    assert said.startswith(f"it holds byte code of another Python (Python {minor}) than the image")


def test_a_pickle_of_another_cloudpickle_is_told_so(
    tmp_path: Path, bare: Environment, tried_on: SmallRound
) -> None:
    pickle = write_pickle(tmp_path / "model.pkl", sound)
    content = pickle.read_bytes()
    assert b"_function_setstate" in content
    pickle.write_bytes(content.replace(b"_function_setstate", b"_function_set_past"))
    found = unfit(tried(pickle, bare, tried_on).findings)
    assert found["opens"].startswith("it was pickled by another cloudpickle than the image's")


def test_a_module_that_is_pickled_by_its_name_is_named(
    tmp_path: Path, bare: Environment, tried_on: SmallRound
) -> None:
    content = write_pickle(tmp_path / "model.pkl", sound).read_bytes()
    pickle = tmp_path / "by_reference.pkl"
    pickle.write_bytes(b"cmy_own_features\npredict\n.")
    found = tried(pickle, bare, tried_on)
    assert found.by_reference == ("my_own_features",)
    assert "the module 'my_own_features' is pickled by its name only" in str(unfit(found.findings))
    pickle.write_bytes(content[: len(content) // 2])
    assert unfit(tried(pickle, bare, tried_on).findings)["opens"].startswith(
        "it is no whole pickle"
    )


def test_nothing_of_the_owner_is_within_reach_of_a_pickle(
    tmp_path: Path,
    bare: Environment,
    tried_on: SmallRound,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setenv("NUMERAI_SECRET_KEY", SECRET)
    found = tried(write_pickle(tmp_path / "model.pkl", looks_around), bare, tried_on)
    assert unfit(found.findings) == {}
    assert warned(found.findings)["network"].startswith("it looks for the network")
    for said in ("refused FileNotFoundError", "no numeri", "no network", "cores 1"):
        assert said in found.run.words
    assert SECRET not in found.run.words
    assert "numeri_cli" not in found.run.imported
    assert found.run.imported["pandas"]


def test_without_unshare_the_network_is_said_not_to_be_cut(
    tmp_path: Path,
    bare: Environment,
    tried_on: SmallRound,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setenv("PATH", str(tmp_path))
    found = tried(write_pickle(tmp_path / "model.pkl", sound), bare, tried_on)
    assert unfit(found.findings) == {}
    assert warned(found.findings)["network"].startswith("network not cut")
    assert not found.run.network_cut


@pytest.mark.skipif(not cut_network(), reason="this machine lets nobody cut the network")
def test_with_unshare_a_sound_pickle_is_fit_and_nothing_is_said_of_the_network(
    tmp_path: Path, bare: Environment, tried_on: SmallRound
) -> None:
    held = b"1" * (GIGABYTE // 2)  # what its caller has is not counted
    limits = SandboxLimits(memory_bytes=GIGABYTE // 2)
    found = tried(write_pickle(tmp_path / "model.pkl", sound), bare, tried_on, limits)
    assert 0 < found.run.peak_bytes < len(held)
    assert found.run.network_cut
    assert unfit(found.findings) == {}
    of_files = [] if found.run.confined else ["files"]
    assert list(warned(found.findings)) == ["environment", *of_files]


def test_memory_is_limited_by_a_cgroup_of_either_version_where_one_can_be_made(
    tmp_path: Path,
) -> None:
    own = tmp_path / "own"
    (tmp_path / "memory" / "jobs").mkdir(parents=True)
    own.write_text("4:memory:/jobs\n0::/user/shell\n", encoding="ascii")
    with memory_group(4096, root=tmp_path, own=own) as group:
        assert group is not None
        assert group.folder.parent == tmp_path / "memory" / "jobs"
        assert (group.folder / "memory.limit_in_bytes").read_text() == "4096\n"
        assert group.take(os.getpid())
        (group.folder / "memory.oom_control").write_text("under_oom 0\noom_kill 1\n")
        assert group.has_killed()
        (group.folder / "cgroup.procs").write_text("")
    own.write_text("0::/user/shell\n", encoding="ascii")
    (tmp_path / "user").mkdir()
    with memory_group(4096, root=tmp_path, own=own) as group:
        assert group is not None
        assert (group.folder / "memory.max").read_text() == "4096\n"
        assert not group.has_killed()
    with memory_group(4096, root=tmp_path / "nowhere", own=own) as group:
        assert group is None
