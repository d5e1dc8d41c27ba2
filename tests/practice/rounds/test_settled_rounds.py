"""What a tournament has settled, recomputed by numerai-tools from its stored rows."""

from __future__ import annotations

from decimal import ROUND_DOWN, Decimal

import numpy as np
import pandas as pd
import pytest
from numerai_tools import scoring

from numeri_cli.practice.rounds.settlement import scores_of
from numeri_cli.practice.tournament import Tournament
from tests.support.oracle import answer, column
from tests.support.wire import Wire

UNIT = Decimal("1e-18")
WEEKS_TO_RESOLVE = 14  # a 60-day target of the first round


def stored(tournament: Tournament, question: str, *values: object) -> list[dict[str, object]]:
    with tournament.store.reading() as connection:
        return [dict(row) for row in connection.execute(question, values)]


def predictions_of(tournament: Tournament, number: int) -> tuple[pd.DataFrame, pd.Series]:
    """What everybody had in a round, by id, and what each risked; from the store and the world."""
    entries = stored(
        tournament,
        """SELECT entries.*, models.name, submissions.filename FROM entries
           JOIN models ON models.id = entries.model_id
           LEFT JOIN submissions ON submissions.id = entries.submission_id
           WHERE entries.round = ? ORDER BY models.sequence""",
        number,
    )
    world = tournament.world()
    ids = world.live_ids(number)
    rivals = world.rival_predictions(number)
    columns = {}
    for entry in entries:
        if entry["submission_id"] is None:
            columns[entry["name"]] = pd.Series(rivals[str(entry["name"])], index=ids)
            continue
        file = tournament.folders.submission(str(entry["submission_id"]), str(entry["filename"]))
        columns[entry["name"]] = pd.read_csv(file).set_index("id")["prediction"].loc[list(ids)]
    risked = pd.Series({entry["name"]: Decimal(str(entry["at_risk_nmr"])) for entry in entries})
    return pd.DataFrame(columns).sort_index(), risked


def expected_scores(
    tournament: Tournament, number: int, table: pd.DataFrame, risked: pd.Series
) -> pd.DataFrame:
    """(models, scores) by the official library."""
    world, ids = tournament.world(), tournament.world().live_ids(number)
    gaussian = scoring.gaussian(scoring.tie_kept_rank(table))
    meta = scoring.stake_weight(gaussian, risked.astype(float)).rename("meta")
    found = {}
    for days, corr, mmc in ((20, "v2_corr20", "mmc"), (60, "corr60", "mmc60")):
        known = world.target(number, f"target_ender_{days}").astype(float)
        target = pd.Series(known, index=ids, name="target").sort_index()
        found[corr] = scoring.numerai_corr(table, target)
        found[mmc] = scoring.correlation_contribution(table, meta, target)
        if days == 20:
            found |= by_yardsticks(tournament, number, table, target)
    found["corr_w_meta_model"] = scoring.numerai_corr(table, meta, target_pow15=False)
    return pd.DataFrame(found)


def by_yardsticks(
    tournament: Tournament, number: int, table: pd.DataFrame, target: pd.Series
) -> dict[str, pd.Series]:
    """Scores that rest on what was published: features and the organiser's predictions."""
    world = tournament.world()
    ids = pd.Index(world.live_ids(number))
    features = pd.DataFrame(world.features(number).T, ids, world.feature_names)
    models = pd.DataFrame(world.benchmark_predictions(number), ids).sort_index()
    neutral_to = features[list(world.feature_sets["fncv3_features"])].sort_index().astype(float)
    like = pd.DataFrame(
        {
            name: scoring.numerai_corr(table, column.rename("model"), target_pow15=False)
            for name, column in models.items()
        }
    )
    benchmark = models["v53_lgbm_ender60"].rename("benchmark")
    return {
        "bmc": scoring.correlation_contribution(table, benchmark, target),
        "fnc_v3": scoring.feature_neutral_corr(table, neutral_to, target),
        "mcwnm": like.max(axis=1),
        "apcwnm": like.mean(axis=1),
    }


@pytest.fixture
def settled(tournament: Tournament) -> Tournament:
    """One round, settled: tied predictions, two values only, and a file with a missing one."""
    with Wire.inside(tournament) as wire:
        for name, stake in (("lighthouse", "65"), ("beacon", "0.000000000000000007")):
            tournament.set_stake(name, Decimal(stake))
        table = wire.predictions(seed=1)
        tied = table.assign(prediction=table["prediction"].round(1).clip(0.1, 0.9))
        two = table.assign(prediction=np.where(table["prediction"] > 0.9, 0.8, 0.2))
        foreign = pd.DataFrame({"id": ["n0"], "prediction": [0.5]})
        assert wire.submit(tied, model=wire.model("lighthouse"))["selected"]
        both = pd.concat([foreign, two.sample(frac=1, random_state=2)])
        assert wire.submit(both, model=wire.model("beacon"))["selected"]
        table.iloc[4, 1] = np.nan
        refused = wire.submit(table, model=wire.model("harbour"))
        assert "missing" in refused["errorInfo"]
    tournament.advance(WEEKS_TO_RESOLVE)
    return tournament


def test_scores_and_payouts_are_those_of_numerai_tools_on_the_stored_rows(
    settled: Tournament,
) -> None:
    number = 61
    table, risked = predictions_of(settled, number)
    assert {"lighthouse", "beacon"} < set(table.columns)
    assert "harbour" not in table.columns  # its only file had a missing prediction
    assert table["lighthouse"].nunique() == 9
    assert table["beacon"].nunique() == 2
    expected = expected_scores(settled, number, table, risked)
    rows = stored(
        settled,
        """SELECT models.name AS model, scores.name, scores.value FROM scores
           JOIN models ON models.id = scores.model_id WHERE scores.round = ?""",
        number,
    )
    kept = pd.DataFrame(rows).pivot_table(index="model", columns="name", values="value")
    assert set(kept.columns) == set(expected.columns)
    difference = (kept - expected.loc[kept.index, kept.columns]).abs().to_numpy()
    assert len(kept) == table.shape[1]
    assert difference.max() < 1e-9

    moves = stored(
        settled,
        """SELECT models.name, stake_moves.amount_nmr FROM stake_moves
           JOIN models ON models.id = stake_moves.model_id
           WHERE stake_moves.round = ? AND kind IN ('payout', 'burn')""",
        number,
    )
    paid = {str(move["name"]): Decimal(str(move["amount_nmr"])) for move in moves}
    for model in table.columns:
        corr60, mmc60 = (float(kept[name].to_dict()[model]) for name in ("corr60", "mmc60"))
        share = 3 * Decimal(repr(corr60)) + 15 * Decimal(repr(mmc60))
        clipped = max(Decimal(-1), min(Decimal(1), share))
        amount = (risked[model] * clipped).quantize(UNIT, rounding=ROUND_DOWN)
        assert paid.get(model, Decimal(0)) == amount, model
    assert risked["lighthouse"] == Decimal(5)  # 65 over 13 rounds
    assert paid["lighthouse"] != 0
    assert risked["beacon"] == 0  # too little to be spread
    assert "beacon" not in paid


@pytest.mark.parametrize("horizon_days", [20, 60])
def test_awkward_columns_score_as_in_numerai_tools_and_nothing_where_it_raises(
    horizon_days: int,
) -> None:
    random = np.random.default_rng(horizon_days)
    count = 300
    index = [f"n{row:04}" for row in range(count)]
    target = np.searchsorted([0.05, 0.25, 0.75, 0.95], random.random(count)) / 4
    kinds = ("random", "tied", "binary", "constant", "missing", "half_missing")
    predictions = np.column_stack([column(kind, count, random) for kind in kinds])
    meta = random.normal(size=count)
    found = scores_of(predictions, meta, target=target, horizon_days=horizon_days)
    aim = pd.Series(target, index=index, name="target")
    other = pd.Series(meta, index=index, name="meta")
    names = {20: ("v2_corr20", "mmc"), 60: ("corr60", "mmc60")}[horizon_days]
    for at, kind in enumerate(kinds):
        mine = pd.Series(predictions[:, at], index=index, name="p").dropna().to_frame()
        expected = (
            answer(lambda m=mine: scoring.numerai_corr(m, aim)["p"]),
            answer(lambda m=mine: scoring.correlation_contribution(m, other, aim)["p"]),
        )
        got = [found[name][at] for name in names]
        np.testing.assert_allclose(got, expected, atol=1e-9, err_msg=kind)
        if kind in ("random", "tied", "binary", "missing"):
            assert np.isfinite(expected).all()
    assert np.isnan(found[names[0]][kinds.index("constant")])
    assert np.isnan(found[names[0]][kinds.index("half_missing")])
