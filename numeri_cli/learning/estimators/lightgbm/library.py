"""The LightGBM library: what it says, what it refuses."""

from __future__ import annotations

import os
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager, nullcontext

from numeri_cli.errors import ParameterUnknown
from numeri_cli.lightgbm_library import lgb
from numeri_cli.progress import SILENT, Listener

__all__ = ["lgb", "refusal_of", "refusals", "warnings_to", "without_fatal_lines"]

_FATAL = b"[LightGBM] [Fatal] "


class _WarningLogger:
    """Hands the library's warnings to a listener, each once; the rest is dropped."""

    def __init__(self, listener: Listener) -> None:
        self._listener = listener
        self._said: set[str] = set()

    def info(self, message: str) -> None:
        if "[Warning]" in message:
            self.warning(message)

    def warning(self, message: str) -> None:
        text = message.strip().removeprefix("[LightGBM] [Warning] ")
        if text and text not in self._said:
            self._said.add(text)
            self._listener.say(f"LightGBM: {text}")


@contextmanager
def warnings_to(listener: Listener) -> Iterator[None]:
    """Route what LightGBM says to the listener while the block runs; silence before and after."""
    lgb.register_logger(_WarningLogger(listener))
    try:
        yield
    finally:
        lgb.register_logger(_WarningLogger(SILENT))


@contextmanager
def refusals(*, quiet: bool = True) -> Iterator[None]:
    """Turn LightGBM's refusal of a parameter's value into ours.

    quiet: without the line that it writes itself; not for what takes long, see without_fatal_lines
    """
    try:
        with without_fatal_lines() if quiet else nullcontext():
            yield
    except lgb.basic.LightGBMError as error:
        raise ParameterUnknown(
            f"LightGBM refuses: {refusal_of(error)[:300]}",
            hint="mend `params` of the model's estimator",
        ) from error


def refusal_of(error: lgb.basic.LightGBMError) -> str:
    """The library's words in one line, without its place in the source and the full stop."""
    return " ".join(str(error).partition(" at /")[0].split()).rstrip(" .")


@contextmanager
def without_fatal_lines() -> Iterator[None]:
    """Keep the line that LightGBM itself writes of an error from standard error, for a moment.

    The library writes it past the registered logger. Meanwhile standard error is a temporary file,
    which takes whatever others write; that comes out afterwards.
    """
    try:
        standard = os.dup(2)
    except OSError:  # a process without standard error
        yield
        return
    refusal = b""
    with tempfile.TemporaryFile() as file:
        os.dup2(file.fileno(), 2)
        try:
            yield
        except lgb.basic.LightGBMError as error:
            refusal = _FATAL + str(error).encode() + b"\n"
            raise
        finally:
            os.dup2(standard, 2)
            os.close(standard)
            file.seek(0)
            written = file.read()
            if refusal:
                written = written.replace(refusal, b"")
            while written:
                written = written[os.write(2, written) :]
