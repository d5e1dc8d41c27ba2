"""A page as headless Chromium sees it."""

from __future__ import annotations

import json
import re
import subprocess
import tempfile
from dataclasses import dataclass
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


def one_at_a_time() -> FileLock:
    """Held while Chromium is installed or at work: it takes every core and half a gigabyte."""
    return FileLock(Path(tempfile.gettempdir()) / "numeri-tests-chromium.lock")


_MEASURED = """<body style="margin: 0"><iframe src="{name}" width="{width}" height="30000"
style="border: 0"></iframe><script>
const frame = document.querySelector("iframe"), told = document.documentElement.dataset;
setInterval(() => {{
  const root = frame.contentDocument.documentElement;
  if (!root || !root.dataset.drawn) return;
  told.drawn = root.dataset.drawn;
  told.width = root.clientWidth;
  told.scroll = root.scrollWidth;
}}, 50);
</script>"""


def with_its_width(page: Path, width: int) -> Path:
    """A page around this one, which shows it in so many pixels and tells its widths when drawn.

    data-width: what there is to show it in, without a scroll bar; data-scroll: what it takes
    """
    around = page.with_name(f"around-{page.name}")
    around.write_text(_MEASURED.format(name=page.name, width=width), encoding="utf-8")
    return around


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
