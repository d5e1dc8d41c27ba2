"""The notebook runs from its first cell to its last, and is the code of the guide's page."""

from __future__ import annotations

import ast
import json
import re
import subprocess
import sys
from pathlib import Path

from tests.benchmarks import quick_start
from tests.benchmarks.quick_start import OURS, PEER
from tests.support.runner import Numeri
from tests.support.sources import PACKAGE

NOTEBOOK = Path(__file__).with_name("quick_start.ipynb")
PAGE = (PACKAGE / "guide" / "notebook.md").read_text(encoding="utf-8")
TEN_LINES = 10


def code_cells() -> list[str]:
    """The source of each cell of code, as a kernel is given it."""
    content = json.loads(NOTEBOOK.read_text(encoding="utf-8"))
    assert content["nbformat"] == 4
    return ["".join(one["source"]) for one in content["cells"] if one["cell_type"] == "code"]


def test_the_notebook_is_the_code_of_the_page_and_ours_takes_ten_lines() -> None:
    shown = re.findall(r"^```python\n(.*?)^```$", PAGE, re.MULTILINE | re.DOTALL)
    assert ast.dump(ast.parse("\n".join(code_cells()))) == ast.dump(ast.parse("\n".join(shown)))
    lines = [line for line in shown[0].splitlines() if line and not line.startswith("import ")]
    assert len(lines) == TEN_LINES - 1


def test_the_page_shows_both_quick_starts_and_their_figures_as_they_were_measured() -> None:
    shown = re.findall(r"^```py\n(.*?)^```$", PAGE, re.MULTILINE | re.DOTALL)
    assert [one.replace("\n\n", "\n") for one in shown] == [OURS, PEER]
    told = json.loads(Path(quick_start.__file__).with_suffix(".json").read_text(encoding="utf-8"))
    for side, name, code in (("ours", "ours", OURS), ("peer", "numerapi", PEER)):
        assert told["lines"][side] == code.count("\n")
        took = told[side]
        row = f"| {name} | {told['lines'][side]} | {took['cpu_s']} | {took['wall_s']:.0f} |"
        assert row in PAGE


def test_the_notebook_runs_in_a_fresh_process(trained: Path, numeri: Numeri) -> None:
    """The small world has no era yet whose 60 days have passed, so that 20 are scored there."""
    profile = Path("numeri.toml")
    text = profile.read_text(encoding="utf-8").replace("= 20,", "= 5,")
    window = 'features = "medium"\ntrain_window = "0001-0040"'
    profile.write_text(text.replace('features = "medium"', window), encoding="utf-8")
    cells = [
        cell.replace("n_estimators=100", "n_estimators=5").replace("_ender_60", "_ender_20")
        for cell in code_cells()
    ]
    script = (
        "import json, sys\nscope = {}\nfor cell in json.load(sys.stdin):\n"
        "    exec(compile(cell, 'cell', 'exec'), scope)\n"
        "print('mine', scope['mine'].summary.loc[('frame', 'corr'), 'mean'])"
    )
    done = subprocess.run(
        [sys.executable, "-W", "error::FutureWarning", "-c", script],
        input=json.dumps(cells),
        capture_output=True,
        text=True,
        timeout=300,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    assert re.search(r"^lighthouse +corr +-?0\.\d+", done.stdout, re.MULTILINE), done.stdout
    assert re.search(r"^mine -?0\.\d+$", done.stdout, re.MULTILINE), done.stdout
    assert numeri("status").code == 0
