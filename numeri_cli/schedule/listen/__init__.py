"""A service of the user that hears the webhook of a round.

PORT: where `numeri listen` listens, unless told otherwise
"""

from typing import Final

PORT: Final = 8017
