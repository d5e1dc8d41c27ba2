"""`numeri hosted upload model.pkl --assign` in a process that kills itself at a named step.

python -m tests.faults.hosted_driver STEP; the step "none" only lists what is passed.
"""

from __future__ import annotations

import sys

from numeri_cli.commands.context import Context
from numeri_cli.commands.hosted.sources import Making
from numeri_cli.commands.hosted.upload import UploadWishes, upload
from numeri_cli.errors import NumeriError
from numeri_cli.home import Home
from tests.faults.driver import Killer


def main(step: str) -> int:
    """The exit code of an upload that came to its end."""
    context = Context(home=Home.find(), listener=Killer(step, count=1))
    try:
        upload(
            context,
            "model.pkl",
            wishes=UploadWishes(assign=True, making=Making(check=False, python="3.12")),
        )
    except NumeriError as error:
        print(f"error: {error.message}", file=sys.stderr)
        return int(error.exit_code)
    finally:
        context.close()
    return 0


if __name__ == "__main__":
    sys.exit(main(*sys.argv[1:]))
