"""A `systemctl --user` for machines without a session: remembers what is enabled and active.

usage: stand_in_systemctl.py UNIT_FOLDER STATE_FOLDER VERB [--now] [UNIT]
A file STATE_FOLDER/refuse holds the verbs that fail, one a line. Files there: loaded (units as of
the last daemon-reload), active (timers).
"""

import sys
from pathlib import Path


def main() -> None:
    folder, state, verb = Path(sys.argv[1]), Path(sys.argv[2]), sys.argv[3]
    units = [word for word in sys.argv[4:] if not word.startswith("-")]
    with (state / "calls").open("a") as calls:
        calls.write(" ".join(sys.argv[3:]) + "\n")
    refused = state / "refuse"
    if refused.exists() and verb in refused.read_text().split():
        sys.exit(f"Failed to connect to bus: no medium found ({verb})")
    if verb == "daemon-reload":
        found = sorted(folder.glob("*.*")) if folder.is_dir() else []
        (state / "loaded").write_text("".join(f"{p.name}\n" for p in found if p.is_file()))
        return
    loaded = (state / "loaded").read_text().split()
    active = state / "active"
    timers = set(active.read_text().split()) if active.exists() else set()
    wants = folder / "timers.target.wants"
    for unit in units:
        if unit not in loaded or not (folder / unit).is_file():
            sys.exit(f"Failed to {verb} unit: Unit file {unit} does not exist.")
        if verb == "enable":
            wants.mkdir(exist_ok=True)
            (wants / unit).unlink(missing_ok=True)
            (wants / unit).symlink_to(folder / unit)
        elif verb == "disable":
            (wants / unit).unlink(missing_ok=True)
            timers.discard(unit)
        elif verb == "restart":
            timers.add(unit)
        else:
            sys.exit(f"Unknown command verb {verb}.")
    active.write_text("".join(f"{unit}\n" for unit in sorted(timers)))


main()
