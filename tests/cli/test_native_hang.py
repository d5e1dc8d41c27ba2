"""SIGTERM ends a command within seconds, whatever native code is under way."""

from __future__ import annotations

import signal
import subprocess
import sys
import time
from pathlib import Path

ROOT = Path(__file__).parents[2]
PROGRAM = """
import hashlib, sys, time
from numeri_cli.cli.app import main

def busy(call):
    sys.stderr.write("at work\\n")
    sys.stderr.flush()
    {work}

from numeri_cli.cli.command import Invocation
busy.__annotations__ = {{"call": Invocation, "return": None}}
sys.exit(main(["status"], commands={{"status": busy}}))
"""
NATIVE = "hashlib.pbkdf2_hmac('sha256', b'x', b'y', 2_000_000_000)"


def stopped_after(work: str) -> tuple[float, int, str]:
    """Seconds from SIGTERM to the end, the exit code, what was said."""
    words = [sys.executable, "-c", PROGRAM.format(work=work)]
    with subprocess.Popen(words, cwd=ROOT, stderr=subprocess.PIPE, text=True) as process:
        assert process.stderr is not None
        assert process.stderr.readline() == "at work\n"
        time.sleep(0.3)
        began = time.monotonic()
        process.send_signal(signal.SIGTERM)
        try:
            _, said = process.communicate(timeout=300)
        finally:
            process.kill()
        return time.monotonic() - began, process.returncode, said


def test_native_code_that_does_not_return_is_ended_within_five_seconds() -> None:
    seconds, code, said = stopped_after(NATIVE)
    assert code == 143
    assert seconds < 30  # five, and a slow machine
    assert "terminated" in said


def test_python_code_ends_at_once_and_tidies_up() -> None:
    seconds, code, said = stopped_after("time.sleep(600)")
    assert code == 143
    assert seconds < 30
    assert "terminated" in said
