"""Having the server score a file: the wait for its figures, and where they part from ours."""

from __future__ import annotations

import io
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field, replace

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from numeri_cli.api.client import Client
from numeri_cli.commands.diagnostics.comparison import TOLERANCE, DiagnosticsComparison, compare
from numeri_cli.commands.diagnostics.diagnostics import diagnose
from numeri_cli.dataset.prediction_files import IdColumn
from numeri_cli.errors import ApiChanged, DiagnosticsFailed, DiagnosticsPending, TransferRefused
from numeri_cli.progress import Silent
from numeri_cli.records import Diagnostics, DiagnosticsEra
from numeri_cli.scoring.era import Era
from numeri_cli.scoring.scorecard import Scorecard, collect, score_era
from numeri_cli.scoring.summary import summarize
from tests.support.scripted_server import KEYS, QUICK, Asked, Reply, Server, data

ERA = {
    "era": "0053", "validationCorr": 0.02, "validationMmc": None, "validationBmc": 0.01,
    "validationFeatureNeutralCorrV3": 0.015, "validationFeatureCorrMax": 0.3,
}  # fmt: skip
WAITING = {
    "id": "d1", "status": "queued", "message": None, "filename": "p-1.parquet",
    "erasAcceptedCount": None, "validationCorrMean": None, "validationCorrStd": None,
    "validationCorrSharpe": None, "validationMaxDrawdown": None, "validationMmcMean": None,
    "validationMmcStd": None, "validationMmcSharpe": None, "validationBmcMean": None,
    "validationFeatureNeutralCorrV3Mean": None, "validationFeatureCorrMax": None,
    "perEraDiagnostics": None,
}  # fmt: skip
SCORED = {
    **WAITING, "status": "done", "erasAcceptedCount": 1, "validationCorrMean": 0.02,
    "validationMaxDrawdown": 0.0, "perEraDiagnostics": [ERA],
}  # fmt: skip
ERA_OF_SERVER = DiagnosticsEra(
    era="0053", corr=0.02, mmc=None, bmc=0.01, fnc=0.015, max_exposure=0.3
)
PREDICTIONS = IdColumn("p", pa.array(["n1", "n2"]), np.array([0.25, 0.75]))


@dataclass
class Service:
    """A server that scores what was put, and shows one state after the other."""

    url: str
    shows: list[Mapping[str, object] | None]
    lose_reply: bool = False
    expired: int = 0
    put: list[bytes] = field(default_factory=list)
    created: list[str] = field(default_factory=list)
    models: list[object] = field(default_factory=list)

    def __call__(self, asked: Asked) -> Reply:
        if asked.method == "PUT":
            if self.expired:
                self.expired -= 1
                return Reply(403, b"<Error><Code>AccessDenied</Code></Error>")
            self.put.append(asked.body)
            return Reply()
        self.models.append(asked.variables["modelId"])
        if "diagnosticsUploadAuth" in asked.query:
            leave = {"filename": "p-1.parquet", "url": f"{self.url}put/p-1.parquet?signed"}
            return data(diagnosticsUploadAuth=leave)
        if "createDiagnostics" in asked.query:
            self.created.append(str(asked.variables["filename"]))
            return Reply(500) if self.lose_reply else data(createDiagnostics={"id": "d1"})
        if "status" not in asked.query:
            known = [{"id": "d1", "filename": name} for name in self.created]
            return data(diagnostics=[{"id": "d0", "filename": "other.csv"}, *known])
        state = self.shows.pop(0) if len(self.shows) > 1 else self.shows[0]
        return data(diagnostics=[] if state is None else [state])


class Heard(Silent):
    """Keeps what is said."""

    def __init__(self) -> None:
        self.said: list[str] = []

    def say(self, text: str) -> None:
        self.said.append(text)


@pytest.fixture
def server() -> Iterator[Server]:
    running = Server()
    yield running
    running.close()


@pytest.fixture
def client(server: Server) -> Iterator[Client]:
    with Client(server.url, keys=KEYS, limits=replace(QUICK, settle_seconds=60.0)) as made:
        yield made


@pytest.fixture
def hasty_client(server: Server) -> Iterator[Client]:
    """One that soon stops waiting."""
    with Client(server.url, keys=KEYS, limits=QUICK) as made:
        yield made


def service(server: Server, *shows: Mapping[str, object] | None) -> Service:
    made = Service(server.url, list(shows))
    server.answer = made
    return made


def test_it_uploads_ids_and_predictions_and_reads_the_figures(
    server: Server, client: Client
) -> None:
    running = service(server, SCORED)
    found = diagnose(client, PREDICTIONS, model_id="7")
    assert (found.status, found.corr_mean, found.mmc_mean) == ("done", 0.02, None)
    assert found.eras == (ERA_OF_SERVER,)
    table = pq.read_table(io.BytesIO(running.put[0]))
    assert table.to_pydict() == {"id": ["n1", "n2"], "prediction": [0.25, 0.75]}
    assert set(running.models) == {"7"}


def test_unknown_words_are_waited_for_and_said(server: Server, client: Client) -> None:
    service(server, None, WAITING, {**WAITING, "status": "scoring!"}, SCORED)
    heard = Heard()
    assert diagnose(client, PREDICTIONS, listener=heard).done
    waits = [text.rpartition(": ")[2] for text in heard.said]
    assert waits == ["not shown yet", "queued", "scoring!"]


def test_a_failure_is_told_in_the_servers_words(server: Server, client: Client) -> None:
    service(server, WAITING, {**WAITING, "status": "failed", "message": "Incomplete eras: 0053"})
    with pytest.raises(DiagnosticsFailed, match="Incomplete eras: 0053"):
        diagnose(client, PREDICTIONS)


def test_waiting_ends_with_the_servers_last_word(server: Server, hasty_client: Client) -> None:
    service(server, {**WAITING, "status": "asleep"})
    with pytest.raises(DiagnosticsPending, match="d1: 'asleep'"):
        diagnose(hasty_client, PREDICTIONS)


def test_figures_under_an_unknown_word_are_taken_when_waiting_ends(
    server: Server, hasty_client: Client
) -> None:
    service(server, {**SCORED, "status": "complete"})
    found = diagnose(hasty_client, PREDICTIONS)
    assert (found.status, found.corr_mean) == ("complete", 0.02)


def test_a_lost_reply_makes_no_second_diagnostics(server: Server, client: Client) -> None:
    running = service(server, SCORED)
    running.lose_reply = True
    assert diagnose(client, PREDICTIONS).done
    assert running.created == ["p-1.parquet"]


def test_an_expired_address_is_asked_for_once_more(server: Server, client: Client) -> None:
    running = service(server, SCORED)
    running.expired = 1
    assert diagnose(client, PREDICTIONS).done
    assert len(running.put) == 1
    running.expired = 2
    with pytest.raises(TransferRefused):
        diagnose(client, PREDICTIONS)


@pytest.mark.parametrize("field", sorted(set(SCORED) - {"id"}))
def test_a_field_that_is_gone_is_named(server: Server, client: Client, field: str) -> None:
    service(server, {name: value for name, value in SCORED.items() if name != field})
    with pytest.raises(ApiChanged, match=f"field {field} of V2Diagnostics is missing"):
        diagnose(client, PREDICTIONS)


def a_card(eras: int = 6) -> Scorecard:
    random = np.random.default_rng(3)
    made = [
        Era(
            name=f"{number:04d}",
            predictions=random.normal(size=(200, 1)),
            target=random.integers(0, 5, 200) / 4,
            meta_model=random.normal(size=200) if number > 2 else None,
            benchmark=random.normal(size=200),
            features=random.integers(0, 5, (200, 7)).astype(np.float64),
        )
        for number in range(1, eras + 1)
    ]
    return collect([score_era(one) for one in made], names=["mine"])[0]


def plain(value: float) -> float | None:
    return None if np.isnan(value) else float(value)


def as_server(card: Scorecard) -> Diagnostics:
    """What a server that agrees with the card says."""
    corr, mmc = card.summary("corr"), card.summary("mmc")
    names = ("corr", "mmc", "bmc", "fnc", "max_exposure")
    eras = [
        DiagnosticsEra(era=era, **{name: plain(card.score(name)[place]) for name in names})
        for place, era in enumerate(card.eras)
    ]
    return Diagnostics(
        id="d1", status="done", message=None, filename="p", eras_accepted=len(eras),
        corr_mean=corr.mean, corr_std=corr.std, corr_sharpe=corr.sharpe,
        corr_drawdown=-corr.drawdown, mmc_mean=mmc.mean, mmc_std=mmc.std, mmc_sharpe=mmc.sharpe,
        bmc_mean=card.summary("bmc").mean, fnc_mean=card.summary("fnc").mean,
        max_exposure=float(card.score("max_exposure").max()), eras=tuple(eras),
    )  # fmt: skip


def differing(compared: DiagnosticsComparison) -> set[str]:
    return {pair.name for pair in compared.figures if pair.differs} | {
        pair.score for pair in compared.eras if pair.differing
    }


def test_a_server_that_agrees_differs_in_nothing() -> None:
    card = a_card()
    compared = compare(as_server(card), card)
    assert not compared.differ
    assert {pair.score: pair.eras for pair in compared.eras} == {
        "corr": 6, "mmc": 4, "bmc": 6, "fnc": 6, "max_exposure": 6,
    }  # fmt: skip
    assert all(pair.difference is not None for pair in compared.figures)


@pytest.mark.parametrize("times", [0.9, 1.1])
def test_a_difference_is_named_from_one_ten_thousandth_on(times: float) -> None:
    card = a_card()
    server = as_server(card)
    assert server.fnc_mean is not None
    apart = replace(server, fnc_mean=server.fnc_mean + times * TOLERANCE)
    assert differing(compare(apart, card)) == ({"fnc_mean"} if times > 1 else set())
    era = server.eras[4]
    assert era.mmc is not None
    moved = replace(era, mmc=era.mmc - times * TOLERANCE)
    apart = replace(server, eras=(*server.eras[:4], moved, server.eras[5]))
    compared = compare(apart, card)
    assert differing(compared) == ({"mmc"} if times > 1 else set())
    mmc = next(pair for pair in compared.eras if pair.score == "mmc")
    assert mmc.largest_era == "0005"
    assert mmc.largest == pytest.approx(times * TOLERANCE)


def test_only_eras_that_both_have_scored_are_compared() -> None:
    card = a_card()
    server = as_server(card)
    corr_mean = float(np.mean([era.corr for era in server.eras[2:]]))
    other = DiagnosticsEra(era="0099", corr=0.5, mmc=None, bmc=None, fnc=None, max_exposure=None)
    shown = replace(server, eras=(*server.eras[2:], other))
    compared = compare(shown, card)
    assert (compared.shared_eras, compared.only_server) == (4, ("0099",))
    assert compared.only_here == ("0001", "0002")
    here = next(pair.here for pair in compared.figures if pair.name == "corr_mean")
    assert here == pytest.approx(corr_mean)
    assert here != pytest.approx(summarize(card.score("corr")).mean)


def test_what_only_one_side_has_is_shown_and_is_no_difference() -> None:
    card = a_card()
    server = replace(as_server(card), bmc_mean=None)
    pair = next(one for one in compare(server, card).figures if one.name == "bmc_mean")
    assert (pair.server, pair.difference, pair.differs) == (None, None, False)
    assert pair.here is not None
