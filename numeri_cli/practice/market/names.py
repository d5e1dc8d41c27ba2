"""Names that say nothing: of features, of their sets, of rows."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from numeri_cli.practice.market.random_streams import Purpose, stream

ADJECTIVES = """
    ample amber angular arctic arid ashen autumnal azure balmy bashful blunt bold brackish breezy
    brisk bronze buoyant candid chalky charred chilly coastal cobalt coral crimson crooked curly
    dappled daring dense drowsy dusky eager earthen eastern elastic faint feathered festive flinty
    foggy fragrant frosty frugal gaunt gentle gilded glassy granite grassy hardy hazel hollow
    humble icy indigo ivory jagged jolly keen knotted lavish leafy limber lofty lucid lunar mellow
    merry milky minted misty mossy murky narrow nimble northern oaken oblong opal pallid patient
    pebbled placid plucky polished prickly proud quiet ragged rapid reedy ripe robust rosy rugged
    russet rustic sandy scarlet secluded serene shady silken slender sloping snowy solemn sombre
    southern spare speckled spiral steady stony stormy stout sturdy sunlit supple tawny tender
    thorny tidal timid twilit uneven upland velvet vivid wandering watchful waxen western wild
    windy winding wiry witty wooden woven zealous
    """.split()  # noqa: SIM905 -- a list of words reads best as words
NOUNS = """
    acorn alcove anchor anvil apron arbour archer awning badger bakery balcony barley barrel basin
    beacon beaver bellows bobbin bramble brook bucket burrow cabin candle canyon carriage cedar
    cellar chapel chestnut clover cobbler compass copper cottage crane cricket cushion cypress
    dairy dolphin drummer dune easel ember estuary falcon ferry fiddle finch flagon flint fountain
    furrow gable garden glacier goblet gravel grove gull hamlet hammock harvest heron hillock
    hinge inlet island jetty juniper kettle kiln kitchen ladder lagoon lantern larder lichen lilac
    linen loom magpie mallet mantle maple marsh meadow mill mirror mitten moor mortar needle nettle
    oasis orchard otter oyster paddle pantry parlour pasture pebble pigeon pillow plough pond poplar
    prairie puffin quarry quilt rafter raven reef ribbon ridge rudder saddle salmon saucer shepherd
    shovel sickle spindle spruce stable starling steeple summit swallow teapot thicket thimble
    thistle timber trellis trout tunic turnip valley violin wagon walnut weaver willow window wren
    """.split()  # noqa: SIM905 -- reads better than a list
THEME_SETS = (
    "intelligence",
    "charisma",
    "strength",
    "dexterity",
    "constitution",
    "wisdom",
    "agility",
    "serenity",
)


def feature_names(seed: int, count: int) -> tuple[str, ...]:
    """Different names of two adjectives and a noun, in alphabetical order."""
    adjectives, nouns = len(ADJECTIVES), len(NOUNS)
    random = stream(seed, Purpose.feature_names)
    drawn: set[str] = set()
    while len(drawn) < count:
        first, second = random.integers(0, adjectives, 2)
        noun = random.integers(0, nouns)
        if first != second:
            drawn.add(f"feature_{ADJECTIVES[first]}_{ADJECTIVES[second]}_{NOUNS[noun]}")
    return tuple(sorted(drawn))


def row_ids(seed: int, era: int, *, count: int) -> npt.NDArray[np.str_]:
    """(count,) ids of an era's rows, in the order of the files: "n" and 15 hex digits."""
    numbers = stream(seed, Purpose.identifiers, era).integers(0, 2**60, count, dtype=np.uint64)
    return np.array([f"n{number:015x}" for number in numbers.tolist()])


def row_order(seed: int, era: int, *, count: int) -> npt.NDArray[np.int64]:
    """(count,) which stock stands in each row of an era's files."""
    return stream(seed, Purpose.order, era).permutation(count)
