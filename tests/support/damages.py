"""What disks and networks do to a file."""

from __future__ import annotations

from pathlib import Path


def cut(path: Path) -> None:
    """Leave the first half."""
    path.write_bytes(path.read_bytes()[: path.stat().st_size // 2])


def emptied(path: Path) -> None:
    """Leave nothing."""
    path.write_bytes(b"")


def replaced(path: Path) -> None:
    """What a captive portal hands out."""
    path.write_text("<html>please log in</html>\n" * 40)


def altered(path: Path) -> None:
    """One byte in the middle, the size as before."""
    content = bytearray(path.read_bytes())
    content[len(content) // 2] ^= 0xFF
    path.write_bytes(bytes(content))
