"""`numeri` and `python -m numeri_cli`: one command, which Ctrl-C may also end as it loads."""

import sys


def main() -> int:
    """Run the command of this process's arguments; the exit code."""
    try:
        from numeri_cli.output.standard_streams import prepare_standard_streams

        prepare_standard_streams()
        from numeri_cli.cli.app import main as command

        return command()
    except KeyboardInterrupt:  # before there was a session that could say so, or after it
        from numeri_cli.cli.signals import interrupted

        sys.stderr.write(f"error: {interrupted().message}\nhint:  {interrupted().hint}\n")
        return int(interrupted().exit_code)


if __name__ == "__main__":
    sys.exit(main())
