"""A page as headless Chromium sees it."""

from __future__ import annotations

import importlib.util
import json
import re
import subprocess
import tempfile
from dataclasses import dataclass
from html import unescape
from pathlib import Path
from typing import Any

from filelock import FileLock

FLAGS = (
    "--headless",
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
    "--disable-default-apps",
    "--disable-extensions",
    "--enable-logging=stderr",
    "--host-resolver-rules=MAP * ~NOTFOUND , EXCLUDE 127.0.0.1",
    "--virtual-time-budget=10000",
    "--allow-file-access-from-files",
)

GRAVE = {"serious", "critical"}  # as axe-core says how bad it is


def one_at_a_time() -> FileLock:
    """Held while Chromium is installed or at work: it takes every core and half a gigabyte."""
    return FileLock(Path(tempfile.gettempdir()) / "numeri-tests-chromium.lock")


_MEASURED = """<body style="margin: 0"><iframe src="{name}" width="{width}" height="30000"
style="border: 0"></iframe><script>
const frame = document.querySelector("iframe"), told = document.documentElement.dataset;
const timer = setInterval(() => {{
  const root = frame.contentDocument.documentElement;
  if (!root || !root.dataset.drawn) return;
  told.drawn = root.dataset.drawn;
  told.width = root.clientWidth;
  told.scroll = root.scrollWidth;
  told.ticks = [...frame.contentDocument.querySelectorAll(".main-svg")].slice(0, 1).flatMap(
    (one) => [...one.querySelectorAll(".xtick text")].map((text) => text.dataset.unformatted)
  ).join("|");
  clearInterval(timer);
}}, 50);
</script>"""


def with_its_width(page: Path, width: int) -> Path:
    """A page around this one, which shows it in so many pixels and tells its widths when drawn.

    data-width: what there is to show it in, without a scroll bar; data-scroll: what it takes
    data-ticks: what the first chart names on its axis of eras
    """
    around = page.with_name(f"around-{page.name}")
    around.write_text(_MEASURED.format(name=page.name, width=width), encoding="utf-8")
    return around


_AXE = """<script src="{axe}"></script><script>
addEventListener("load", () => setTimeout(() => {{
  for (const one of document.querySelectorAll("details")) one.open = one.open || {opened};
  axe.run(document, {{iframes: false}}).then((found) => {{
    const told = found.violations.map((one) => ({{
      id: one.id, impact: one.impact, help: one.help, nodes: one.nodes.length,
      first: one.nodes[0].html.slice(0, 200), why: one.nodes[0].failureSummary,
    }}));
    const said = {{version: axe.version, passes: found.passes.length, violations: told}};
    for (const root of [document.documentElement, parent.document.documentElement])
      root.dataset.axe = JSON.stringify(said);
  }});
}}, 500));
</script>"""


def axe_core() -> Path:
    """The file axe.min.js of the package that CI installs."""
    found = importlib.util.find_spec("axe_core_python")
    assert found is not None
    assert found.origin is not None
    return Path(found.origin).with_name("axe.min.js")


def with_axe(page: Path, axe: Path | None = None, *, opened: bool = False) -> Path:
    """The page with axe-core at its end, which tells in `data-axe` what it finds.

    axe: the file axe.min.js, by default CI's
    opened: every `details` of the page is open when it looks, which takes ten times as long
    """
    text, end, rest = page.read_text(encoding="utf-8").rpartition("</body>")
    looked = page.with_name(f"axe-{page.name}")
    address = (axe or axe_core()).resolve().as_uri()
    run = _AXE.format(axe=address, opened=str(opened).lower())
    looked.write_text(f"{text}{run}{end}{rest}", encoding="utf-8")
    return looked


def found_by_axe(dom: str) -> dict[str, Any]:
    """What axe-core told of a page that has it: its version, how many rules pass, violations."""
    found = re.search(r'data-axe="([^"]*)"', dom)
    assert found is not None, "axe-core said nothing"
    told: dict[str, Any] = json.loads(unescape(found[1]))
    return told


def grave(dom: str) -> list[str]:
    """The rules whose breaking axe-core calls serious or critical, each with its first place."""
    return [
        f"{one['id']}: {one['first']}"
        for one in found_by_axe(dom)["violations"]
        if one["impact"] in GRAVE
    ]


@dataclass(frozen=True)
class Seen:
    """dom: the document after the scripts ran; console: its lines; requests: beyond the files."""

    dom: str
    console: tuple[str, ...]
    requests: tuple[str, ...]


@dataclass(frozen=True)
class Browser:
    program: Path
    folder: Path

    def look(self, page: Path, *, width: int = 1200, dark: bool = False) -> Seen:
        """Open the page and tell what happened."""
        with tempfile.TemporaryDirectory(dir=self.folder) as profile:
            log = Path(profile) / "net.json"
            theme = f"--blink-settings=preferredColorScheme={0 if dark else 1}"
            command = [
                str(self.program),
                *FLAGS,
                theme,
                f"--user-data-dir={profile}/user",
                f"--log-net-log={log}",
                f"--window-size={width},1000",
                "--dump-dom",
                page.resolve().as_uri(),
            ]
            with one_at_a_time():
                done = subprocess.run(
                    command, capture_output=True, text=True, timeout=120, check=True
                )
            lines = [line for line in done.stderr.splitlines() if ":CONSOLE" in line]
            return Seen(done.stdout, tuple(lines), _requests(json.loads(log.read_text())))


def _requests(log: dict[str, Any]) -> tuple[str, ...]:
    """What a page asked for; what Chromium asks for by itself has no file as its initiator."""
    found = set()
    for event in log["events"]:
        params = event.get("params", {})
        if params.get("initiator") in ("null", "file://") and "url" in params:
            found.add(params["url"])
    return tuple(sorted(url for url in found if re.match(r"(https?|wss?|ftp):", url)))
