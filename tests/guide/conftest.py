"""The program for tests of the pages."""

from tests.support.program import numeri

__all__ = ["numeri"]
