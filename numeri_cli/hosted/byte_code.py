"""Which Python compiled a piece of byte code, by the codes in it; nothing is executed.

A function that is pickled by value holds byte code, which another minor version of Python does not
understand, or understands as something else.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass


@dataclass(frozen=True)
class Instructions:
    """The codes of one version of Python: bit n is set where n is one.

    resume: what every function has near its beginning; None where the version has no such code
    """

    known: int
    resume: int | None


# As `opcode.opmap` of each has them
VERSIONS: dict[str, Instructions] = {
    "3.10": Instructions(0x3F3D1FE7BE76FFFFFFFEFCFFFFFBDE0007FFDB9E7E, None),
    "3.11": Instructions(0x1F87D39BF5FFF7DFDFFFFFFFC0CF0307E003BC2009E07, 151),
    "3.12": Instructions(0x7FFFE000000000000001F83C39EFFFFFFFFC7FFFFEA80CB030FE003BCE029A3F, 151),
    "3.13": Instructions(0x7FFFF000000000000000000000200000007FFFFFFFFFFFFFFFFFFFFFFFFFFFF7, 149),
}


def versions_of(pieces: Iterable[bytes]) -> tuple[str, ...]:
    """The versions of Python, of those that are known, that all pieces can be of."""
    possible = dict(VERSIONS)
    for piece in pieces:
        codes = set(piece[::2])
        possible = {
            version: one
            for version, one in possible.items()
            if all(one.known >> code & 1 for code in codes)
            and (one.resume is None or one.resume in codes)
        }
    return tuple(possible)
