"""Several LightGBM models in text, one after the other, as one model whose trees add up."""

from __future__ import annotations

import re
from collections.abc import Sequence

from numeri_cli.booster_text import END_OF_TREES, FIRST_TREE


def merge_models(texts: Sequence[str], *, trees: int | None = None) -> str:
    """One model of all the trees in order, renumbered; the first `trees` where given.

    The raw score of the result is the sum of the models' raw scores. Trees stay as they are,
    digit for digit; the importances at the file's end are left out, as LightGBM recounts them.
    """
    header, footer = _frame(texts[0])
    bodies = [body for text in texts for body in _trees(text)]
    kept = bodies if trees is None else bodies[:trees]
    if len(texts) == 1 and len(kept) == len(bodies):
        return texts[0]
    numbered = [f"Tree={number}\n{body}" for number, body in enumerate(kept)]
    sizes = " ".join(str(len(tree.encode())) for tree in numbered)
    header = re.sub(r"^tree_sizes=.*$", f"tree_sizes={sizes}", header, flags=re.MULTILINE)
    return header + "".join(numbered) + END_OF_TREES + footer


def trees_of(text: str) -> str:
    """The part of a model's text that holds its trees, to compare two models by."""
    return text[text.index(FIRST_TREE) : text.index(END_OF_TREES)]


def _frame(text: str) -> tuple[str, str]:
    """What stands before the first tree and after the last, without the importances."""
    header = text[: text.index(FIRST_TREE)]
    footer = text[text.index(END_OF_TREES) + len(END_OF_TREES) :]
    footer = re.sub(r"feature_importances:\n.*?\n\n", "", footer, flags=re.DOTALL)
    return header, footer


def _trees(text: str) -> list[str]:
    """Each tree without its number, white space included."""
    return re.split(r"^Tree=\d+\n", trees_of(text), flags=re.MULTILINE)[1:]
