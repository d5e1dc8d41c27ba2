"""An attacker's view: files and ids alone, and what they must not tell.

Each probe is first shown to find what it seeks where the leak is planted.
"""

from __future__ import annotations

import numpy as np
import pandas as pd
import pyarrow.parquet as pq
import pytest

from numeri_cli.practice.chronicle import Laws
from numeri_cli.practice.naming import row_order
from numeri_cli.practice.world import World, WorldSettings

SETTINGS = WorldSettings(seed=11, stocks=400, eras=48, features=48, rivals=3)


@pytest.fixture(scope="module")
def world(tmp_path_factory: pytest.TempPathFactory) -> World:
    return World.create(tmp_path_factory.mktemp("leaks") / "world", SETTINGS)


@pytest.fixture(scope="module")
def laws() -> Laws:
    return Laws.of(SETTINGS)


def in_order_of_stocks(values: np.ndarray, era: int) -> np.ndarray:
    """Rows of an era as only the store knows them."""
    order = row_order(SETTINGS.seed, era, SETTINGS.stocks)
    return values[..., np.argsort(order)]


def correlation(some: np.ndarray, others: np.ndarray) -> float:
    """Largest |correlation| of two sets of rows, in standard errors of chance."""
    some = (some - some.mean(axis=-1, keepdims=True)).reshape(-1, some.shape[-1])
    others = (others - others.mean(axis=-1, keepdims=True)).reshape(-1, others.shape[-1])
    size = np.linalg.norm(some, axis=1)[:, None] * np.linalg.norm(others, axis=1)
    return (
        float(np.abs(some @ others.T / np.where(size, size, np.inf)).max()) * some.shape[1] ** 0.5
    )


def id_numbers(world: World, era: int) -> np.ndarray:
    """Ids as numbers between 0 and 1."""
    return np.array([int(row[1:], 16) for row in world.live_ids(era).tolist()]) / 16.0**15


def test_the_place_of_a_row_does_not_tell_its_stock(world: World) -> None:
    first, second = world.features(40).astype(float), world.features(41).astype(float)

    def same_place(some: np.ndarray, others: np.ndarray) -> float:
        return max(correlation(a[None], b[None]) for a, b in zip(some, others, strict=True))

    planted = same_place(in_order_of_stocks(first, 40), in_order_of_stocks(second, 41))
    assert planted > 10
    assert same_place(first, second) < 4.5


def test_the_place_of_a_row_does_not_tell_sector_country_volatility_or_target(
    world: World, laws: Laws
) -> None:
    stocks = laws.market.stocks
    known = np.stack([stocks.sector, stocks.country, stocks.beta, stocks.volatility])
    by_sector = np.argsort(stocks.sector, kind="stable")
    place = np.arange(SETTINGS.stocks, dtype=float)[None]
    assert correlation(known[:, by_sector], place) > 10  # rows sorted by sector would be found
    for era in (1, 40, 49):
        rows = known[:, row_order(SETTINGS.seed, era, SETTINGS.stocks)]
        assert correlation(rows, place) < 4.5
    assert correlation(world.target(30, "target_ender_20")[None], place) < 4.5


def test_an_id_tells_nothing_of_its_row(world: World, laws: Laws) -> None:
    stocks = laws.market.stocks
    for era in (1, 40, 49):
        order = row_order(SETTINGS.seed, era, SETTINGS.stocks)
        numbers = id_numbers(world, era)
        secrets = np.stack([stocks.sector[order], stocks.country[order], stocks.beta[order], order])
        planted = (numbers + order) / 2 / SETTINGS.stocks
        assert correlation(secrets.astype(float), planted[None]) > 10
        assert correlation(secrets.astype(float), numbers[None]) < 4.5
        assert correlation(world.features(era).astype(float), numbers[None]) < 5


def test_ids_of_two_eras_have_nothing_in_common(world: World) -> None:
    seen = [set(world.live_ids(era).tolist()) for era in range(1, 50)]
    assert len(set().union(*seen)) == 49 * SETTINGS.stocks
    first = in_order_of_stocks(id_numbers(world, 40), 40)
    second = in_order_of_stocks(id_numbers(world, 41), 41)
    assert correlation(first[None], first[None] + 0.2 * second[None]) > 10
    assert correlation(first[None], second[None]) < 4.5


def test_no_stock_of_the_churn_pair_is_in_any_other_file(world: World) -> None:
    """Ids that last belong to outsiders: no row of theirs is like any row of an era but by chance.

    The likest of 400 rows agrees with a row in 0.68 of the features where it is the same stock a
    week later, and in 0.42 where it is another one.
    """
    names = list(world.feature_names)
    files = [world.files()[f"v5.3/churn_{week}.parquet"] for week in ("earlier", "later")]
    earlier, later = (pd.read_parquet(path)[names] for path in files)
    ordinary = set().union(*(world.live_ids(era).tolist() for era in range(1, 50)))
    assert not ordinary & set(earlier.index)

    def best_agreement(rows: np.ndarray, others: np.ndarray) -> float:
        return float(np.mean([(others == row).mean(axis=1).max() for row in rows]))

    era = world.features(48).T
    assert best_agreement(world.features(47).T, era) > 0.55  # a stock in two eras is found
    assert best_agreement(earlier.to_numpy(), later.to_numpy()) > 0.55  # as ids say, of the pair
    chance = best_agreement(world.features(1).T, era)  # a year apart stocks are strangers
    for rows in (earlier, later):
        for number in (47, 48, 49):
            assert best_agreement(rows.to_numpy(), world.features(number).T) < chance + 0.03
    order = np.argsort(later.index.to_numpy())
    place = np.arange(SETTINGS.stocks, dtype=float)[None]
    assert correlation(later.to_numpy()[order].T.astype(float), place) < 5


def test_neither_names_nor_places_of_features_tell_families(laws: Laws) -> None:
    def neighbours(families: np.ndarray) -> float:
        return float((families[1:] == families[:-1]).mean())

    families = laws.features.characteristic
    assert neighbours(np.sort(families)) > 0.5
    assert neighbours(families) < 0.25
    words = [name.split("_")[1:] for name in laws.features.names]

    def shared_words(families: np.ndarray) -> float:
        kin = np.triu(families[:, None] == families, 1)
        shared = np.array([[len(set(a) & set(b)) > 0 for b in words] for a in words])
        return float(shared[kin].mean() - shared[~kin & np.triu(np.ones_like(kin), 1)].mean())

    by_noun = np.unique([word[2] for word in words], return_inverse=True)[1]
    assert shared_words(by_noun) > 0.5
    assert abs(shared_words(families)) < 0.1


def test_files_hold_bins_and_ranks_and_no_noise_of_floating_point(world: World) -> None:
    allowed = {0.0, 0.25, 0.5, 0.75, 1.0}

    def finest(values: np.ndarray, steps: int) -> float:
        return float(np.abs(values * steps - np.rint(values * steps)).max())

    assert finest(np.array([0.5, 0.5 + 1e-9]), 2 * SETTINGS.stocks) > 1e-7  # it would be seen
    for name, path in world.files().items():
        if not name.endswith(".parquet"):
            continue
        for column, values in pd.read_parquet(path).items():
            kind = str(column)
            if kind.startswith("feature_"):
                assert set(values.unique()) <= {0, 1, 2, 3, 4}
            elif kind.startswith("target"):
                assert set(values.dropna().unique()) <= allowed
            elif kind not in ("era", "data_type"):
                assert finest(values.to_numpy(), 2 * SETTINGS.stocks) < 1e-9, (name, kind)


def test_metadata_of_files_tell_nothing_but_the_layout(world: World) -> None:
    for name, path in world.files().items():
        if name.endswith(".parquet"):
            file = pq.ParquetFile(path)
            assert set(file.schema_arrow.metadata) == {b"pandas"}
            assert set(file.metadata.metadata or {}) <= {b"pandas", b"ARROW:schema"}
            assert file.schema_arrow.names[-1] == "id"


def test_nothing_of_the_live_week_is_in_any_file_of_the_world(world: World) -> None:
    """Who could read the store would still find no return of a day to come."""
    base = np.load(world.root / "base" / "returns.npy", mmap_mode="r")
    assert base.shape == (SETTINGS.eras, 5, SETTINGS.stocks)
    assert not list(world.root.rglob("weeks/*/returns.npy"))
    assert len(np.load(world.root / "base" / "targets_20.npy", mmap_mode="r")) == 44
    assert len(np.load(world.root / "base" / "targets_60.npy", mmap_mode="r")) == 36


def test_what_leaks_by_nature_is_that_features_persist(world: World) -> None:
    """A patient attacker can follow stocks by the likeness of their rows; so one could in reality.

    Nearest rows of consecutive eras are mostly the same stock here; after a year hardly any.
    """

    def matched(era: int, later: int) -> float:
        first = in_order_of_stocks(world.features(era), era).T.astype(float) - 2
        second = in_order_of_stocks(world.features(later), later).T.astype(float) - 2
        distance = (second**2).sum(axis=1)[None] - 2 * first @ second.T
        return float((distance.argmin(axis=1) == np.arange(SETTINGS.stocks)).mean())

    assert matched(40, 41) > 0.5
    assert matched(1, 48) < 0.1
