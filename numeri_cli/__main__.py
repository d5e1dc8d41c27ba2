"""`numeri` and `python -m numeri_cli`: one command, which Ctrl-C may also end as it loads."""

import os
import sys


def without_current_folder(path: list[str]) -> list[str]:
    """Where modules are looked for, without the folder one stands in, which `-m` puts first.

    A file there, called as a library, would run instead of it, or where it is not installed.
    """
    here = os.getcwd()  # noqa: PTH109 - pathlib would be one of the libraries
    return [place for place in path if place and os.path.realpath(place) != os.path.realpath(here)]


def main() -> int:
    """Run the command of this process's arguments; the exit code."""
    try:
        from numeri_cli.output.standard_streams import prepare_standard_streams, say_what_was_lost

        prepare_standard_streams()
        from numeri_cli.cli.app import main as command

        exit_code = command()
        say_what_was_lost()
        return exit_code
    except KeyboardInterrupt:  # before there was a session that could say so, or after it
        from numeri_cli.cli.signals import interrupted

        sys.stderr.write(f"error: {interrupted().message}\nhint:  {interrupted().hint}\n")
        return int(interrupted().exit_code)


if __name__ == "__main__":
    if not sys.flags.safe_path:
        sys.path[:1] = without_current_folder(sys.path[:1])
    sys.exit(main())
