"""Every score of every era as a table on disk."""

from __future__ import annotations

from pathlib import Path

import pyarrow as pa
import pyarrow.csv as pa_csv
import pyarrow.parquet as pq

from numeri_cli.commands.validate.validation import Validation
from numeri_cli.files import atomic_path, disk_errors
from numeri_cli.scoring.scorecard import Scorecard


def per_era_table(validation: Validation) -> pa.Table:
    """A row for each source and era: era, source, ids, one column for each score, and the payout.

    ids: rows with a prediction and a target; a score that an era does not have is empty
    """
    rule = validation.payout
    names = [score.name for score in validation.cards[0].table]
    parts = []
    for card in _cards(validation):
        columns: dict[str, object] = {
            "era": list(card.eras),
            "source": [card.name] * len(card.eras),
            "ids": card.rows,
        }
        columns |= {name: pa.array(card.score(name), from_pandas=True) for name in names}
        if rule is not None:
            columns["payout"] = pa.array(card.payout(rule), from_pandas=True)
        parts.append(pa.table(columns))
    return pa.concat_tables(parts)


def _cards(validation: Validation) -> tuple[Scorecard, ...]:
    """The sources', and the benchmark's own."""
    bench = validation.benchmark_card
    return validation.cards if bench is None else (*validation.cards, bench)


def write_per_era(validation: Validation, path: Path) -> None:
    """Write the table, whole or not at all; .csv or .parquet. Raises DiskError."""
    table = per_era_table(validation)
    with disk_errors(path), atomic_path(path) as temporary:
        if path.suffix.lower() == ".csv":
            pa_csv.write_csv(table, temporary)
        else:
            pq.write_table(table, temporary)
