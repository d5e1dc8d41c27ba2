"""axe-core on pages of Numeri, as headless Chromium draws them.

    npm pack axe-core && tar xzf axe-core-*.tgz
    python -m tests.studies.axe package/axe.min.js PAGE.html … [--json FILE]

Each page is looked at in light and dark at 1,400 and at 390 pixels, every `details` open. What
axe-core finds is printed by its severity; the script ends with 1 where anything is serious or
critical. axe-core is not part of the repository: it is under the MPL, and 650 kB.
"""

from __future__ import annotations

import argparse
import json
import shutil
import tempfile
from pathlib import Path
from typing import Any

from tests.support.browser import GRAVE, Browser, found_by_axe, with_axe, with_its_width


def findings(browser: Browser, page: Path, axe: Path, *, width: int, dark: bool) -> dict[str, Any]:
    """What axe-core finds on one page at one width, and how many of its rules the page passes."""
    looked = with_axe(page, axe, opened=True)
    seen = browser.look(with_its_width(looked, width), width=1400, dark=dark)
    return {"page": page.name, "width": width, "dark": dark, **found_by_axe(seen.dom)}


def main() -> None:
    """Look at every page, print, write down."""
    parser = argparse.ArgumentParser()
    parser.add_argument("axe", type=Path)
    parser.add_argument("pages", type=Path, nargs="+")
    parser.add_argument("--json", type=Path)
    options = parser.parse_args()
    chromium = shutil.which("chromium") or shutil.which("google-chrome")
    if chromium is None:
        raise SystemExit("there is no Chromium")
    looks = []
    with tempfile.TemporaryDirectory() as folder:
        browser = Browser(Path(chromium), Path(folder))
        for page in options.pages:
            for width, dark in ((1400, False), (1400, True), (390, False), (390, True)):
                look = findings(browser, page, options.axe, width=width, dark=dark)
                looks.append(look)
                told = [
                    f"{one['impact']} {one['id']} ×{one['nodes']}" for one in look["violations"]
                ]
                theme = "dark" if dark else "light"
                print(
                    page.name, width, theme, f"{look['passes']} pass", told or "nothing", flush=True
                )
    grave = [one for look in looks for one in look["violations"] if one["impact"] in GRAVE]
    if options.json:
        version = looks[0]["version"]
        report = {"study": "axe", "axe_core": version, "grave": len(grave), "looks": looks}
        options.json.write_text(json.dumps(report, indent=1, ensure_ascii=False) + "\n")
    raise SystemExit(bool(grave))


if __name__ == "__main__":
    main()
