"""An attacker's view: files and ids alone, and what they must not tell.

Each probe is first shown to find what it seeks where the leak is planted. What is hidden in the
bytes of files is sought in test_file_leaks, what is to come in test_future_leaks, in answers of the
wire in test_wire_leaks; what can be found all the same is measured in test_leaks_by_nature.
"""

from __future__ import annotations

import shutil

import numpy as np
import pandas as pd
import pytest

from numeri_cli.practice.market.names import row_ids, row_order
from numeri_cli.practice.market.universe import WorldSettings
from numeri_cli.practice.world.eras import WorldDefinition
from numeri_cli.practice.world.world import World

SETTINGS = WorldSettings(seed=11, stocks=400, eras=48, features=48, rivals=3)


@pytest.fixture(scope="module")
def world(tmp_path_factory: pytest.TempPathFactory) -> World:
    return World.create(tmp_path_factory.mktemp("leaks") / "world", SETTINGS)


@pytest.fixture(scope="module")
def definition() -> WorldDefinition:
    return WorldDefinition.of(SETTINGS)


def in_order_of_stocks(values: np.ndarray, era: int) -> np.ndarray:
    """Rows of an era as only the store knows them."""
    order = row_order(SETTINGS.seed, era, count=SETTINGS.stocks)
    return values[..., np.argsort(order)]


def correlation(some: np.ndarray, others: np.ndarray) -> float:
    """Largest |correlation| of two sets of rows, in standard errors of chance."""
    some = (some - some.mean(axis=-1, keepdims=True)).reshape(-1, some.shape[-1])
    others = (others - others.mean(axis=-1, keepdims=True)).reshape(-1, others.shape[-1])
    size = np.linalg.norm(some, axis=1)[:, None] * np.linalg.norm(others, axis=1)
    largest = np.abs(some @ others.T / np.where(size, size, np.inf)).max()
    return float(largest * np.sqrt(some.shape[1]))


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
    world: World, definition: WorldDefinition
) -> None:
    stocks = definition.market.stocks
    known = np.stack([stocks.sector, stocks.country, stocks.beta, stocks.volatility])
    by_sector = np.argsort(stocks.sector, kind="stable")
    place = np.arange(SETTINGS.stocks, dtype=float)[None]
    assert correlation(known[:, by_sector], place) > 10  # rows sorted by sector would be found
    for era in (1, 40, 49):
        rows = known[:, row_order(SETTINGS.seed, era, count=SETTINGS.stocks)]
        assert correlation(rows, place) < 4.5
    assert correlation(world.target(30, "target_ender_20")[None], place) < 4.5


def test_an_id_tells_nothing_of_its_row(world: World, definition: WorldDefinition) -> None:
    stocks = definition.market.stocks
    for era in (1, 40, 49):
        order = row_order(SETTINGS.seed, era, count=SETTINGS.stocks)
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
    shown = later.to_numpy().T.astype(float)
    place = np.arange(SETTINGS.stocks, dtype=float)[None]
    sector = np.lexsort(shown[:3])  # as ids that were given out sector by sector would stand
    assert correlation(shown[:, sector], place) > 10
    assert correlation(shown[:, np.argsort(later.index.to_numpy())], place) < 5


def digits(numbers: list[int]) -> np.ndarray:
    """(15, rows) the hexadecimal digits of ids, the highest first."""
    return np.array(
        [[number >> 4 * place & 15 for number in numbers] for place in range(14, -1, -1)]
    )


def dependence(codes: np.ndarray, others: np.ndarray) -> float:
    """How far two rows of codes depend, in standard deviations of chance: chi squared."""
    counts = np.zeros((codes.max() + 1, others.max() + 1))
    np.add.at(counts, (codes, others), 1)
    counts = counts[counts.sum(axis=1) > 0][:, counts.sum(axis=0) > 0]
    expected = np.outer(counts.sum(axis=1), counts.sum(axis=0)) / counts.sum()
    freedom = (counts.shape[0] - 1) * (counts.shape[1] - 1)
    return float((((counts - expected) ** 2 / expected).sum() - freedom) / (2 * freedom) ** 0.5)


def secrets_of(definition: WorldDefinition, world: World, era: int) -> dict[str, np.ndarray]:
    """What nobody may read from an id or a place: codes of the rows of an era, by their meaning."""
    order = row_order(SETTINGS.seed, era, count=SETTINGS.stocks)
    stocks = definition.market.stocks
    known = {
        "sector": stocks.sector[order],
        "country": stocks.country[order],
        "block of stocks": order // 40,
        "every eighth stock": order % 8,
        "volatility": np.argsort(np.argsort(stocks.volatility[order])) // 100,
        "beta": np.argsort(np.argsort(stocks.beta[order])) // 100,
    }
    for name in ("target_ender_20", "target_ender_60"):
        known[name] = (4 * world.target(era, name)).astype(int)
    return known


@pytest.fixture(scope="module")
def later(world: World, tmp_path_factory: pytest.TempPathFactory) -> World:
    """The same world when the targets of the live era are known."""
    root = tmp_path_factory.mktemp("later") / "world"
    shutil.copytree(world.root, root)
    advanced = World.open(root)
    for _ in range(13):
        advanced.advance()
    return advanced


def test_no_digit_of_an_id_tells_anything_of_its_row_nor_of_targets_to_come(
    world: World, later: World, definition: WorldDefinition
) -> None:
    for era in (1, 40, world.live_era):
        shown = digits([int(row[1:], 16) for row in world.live_ids(era).tolist()])
        for name, secret in secrets_of(definition, later, era).items():
            planted = shown.copy()
            planted[9] = (planted[9] & 8) | (secret & 7)  # three of four bits of one digit
            assert max(dependence(row, secret) for row in planted) > 20, name
            assert max(dependence(row, secret) for row in shown) < 6, name


def affine_rank(bits: np.ndarray) -> int:
    """How many of the rows of bits are no sum of others and of a constant one, modulo 2."""
    basis = [int("1" * bits.shape[1], 2)]
    for row in bits.tolist():
        left = int("".join(map(str, row)), 2)
        for known in basis:
            left = min(left, left ^ known)
        if left:
            basis = sorted([*basis, left], reverse=True)
    return len(basis) - 1


def test_ids_are_no_scrambling_of_stocks_that_a_counter_or_shift_register_makes() -> None:
    """Ids of two eras and the number of the stock have as many independent bits as they could."""

    def bits(numbers: np.ndarray, width: int) -> np.ndarray:
        return np.array([[int(one) >> place & 1 for one in numbers] for place in range(width)])

    def independent(first: np.ndarray, second: np.ndarray) -> int:
        stock = bits(np.arange(SETTINGS.stocks), 8)
        return affine_rank(np.concatenate([bits(first, 60), bits(second, 60), stock]))

    def ids(era: int) -> np.ndarray:
        names = row_ids(SETTINGS.seed, era, count=SETTINGS.stocks)
        numbers = np.array([int(name[1:], 16) for name in names.tolist()], dtype=object)
        return numbers[np.argsort(row_order(SETTINGS.seed, era, count=SETTINGS.stocks))]

    shifted = np.array([one ^ (one >> 7) ^ 0x123456789ABCDEF for one in ids(40)], dtype=object)
    assert independent(ids(40), shifted) == 68
    assert independent(ids(40), ids(41)) == 128


def echo(codes: np.ndarray) -> float:
    """How much likelier rows at any one distance share a code than chance, in its deviations."""
    hot = (codes == np.unique(codes)[:, None]).astype(float)
    hot -= hot.mean(axis=1, keepdims=True)
    power = np.abs(np.fft.rfft(hot, 2 * len(codes), axis=1)) ** 2
    alike = np.fft.irfft(power.sum(axis=0))[: len(codes) // 2]
    pairs = np.arange(len(codes), len(codes) // 2, -1)
    chance = np.sqrt((np.cov(hot) ** 2).sum() * pairs)
    return float((np.abs(alike) / chance)[1:].max())


def test_rows_that_are_near_or_at_any_distance_are_not_alike(
    world: World, later: World, definition: WorldDefinition
) -> None:
    """Neither blocks of a sector nor sectors by turns, nor stocks by targets to come."""
    for era in (1, 40, world.live_era):
        for name, secret in secrets_of(definition, later, era).items():
            blocks = np.sort(secret)
            by_turns = secret[np.argsort(_rank_within(secret), kind="stable")]
            assert min(echo(blocks), echo(by_turns)) > 8, name
            assert echo(secret) < 5.5, name


def _rank_within(codes: np.ndarray) -> np.ndarray:
    """The first of each code, then the second of each."""
    return np.array([(codes[:place] == code).sum() for place, code in enumerate(codes)])


def test_neither_names_nor_places_of_features_tell_what_they_measure(
    definition: WorldDefinition,
) -> None:
    """Not theme, sign, loading, persistence, style or premium: by order, by any word."""
    made, plan = definition.features, definition.market.plan
    family = made.characteristic
    facts = {
        "theme": plan.theme[family],
        "style": (family < plan.styles).astype(int),
        "sign": (made.loading > 0).astype(int),
        "loading": _quarters(np.abs(made.loading)),
        "persistence": _quarters(made.persistence),
        "late": (made.first_era > 1).astype(int),
        "premium": _quarters(plan.linear[family]),
        "variant": made.variant,
    }
    words = np.array([name.split("_")[1:] for name in made.names])
    initials = np.array([[ord(word[0]) - ord("a") for word in row] for row in words]) // 7
    lengths = np.array([[len(word) for word in row] for row in words]) // 3
    place = np.arange(len(made.names)) // 12
    names = [place, *initials.T, *lengths.T]
    for meaning, fact in facts.items():
        assert dependence(place, np.sort(fact)) > 5, meaning  # were they sorted by it
        assert max(dependence(row, fact) for row in names) < 4.5, meaning


def _quarters(values: np.ndarray) -> np.ndarray:
    return np.argsort(np.argsort(values)) * 4 // len(values)


def test_neither_names_nor_places_of_features_tell_families(definition: WorldDefinition) -> None:
    def neighbours(families: np.ndarray) -> float:
        return float((families[1:] == families[:-1]).mean())

    families = definition.features.characteristic
    assert neighbours(np.sort(families)) > 0.5
    assert neighbours(families) < 0.25
    words = [name.split("_")[1:] for name in definition.features.names]

    def shared_words(families: np.ndarray) -> float:
        kin = np.triu(families[:, None] == families, 1)
        shared = np.array([[len(set(a) & set(b)) > 0 for b in words] for a in words])
        return float(shared[kin].mean() - shared[~kin & np.triu(np.ones_like(kin), 1)].mean())

    by_noun = np.unique([word[2] for word in words], return_inverse=True)[1]
    assert shared_words(by_noun) > 0.5
    assert abs(shared_words(families)) < 0.1
