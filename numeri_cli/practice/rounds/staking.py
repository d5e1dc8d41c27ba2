"""The participant's stakes: from the wallet to a model and back, as far as no round holds them.

What a closed round risks stays with the model until the round is settled. Where more than the
rest is withdrawn, the remainder is on its way: it is not risked again, and goes back to the
wallet round by round as it comes free.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal

from numeri_cli.errors import PracticeSettings
from numeri_cli.practice.calendar import RoundTimes
from numeri_cli.practice.database.database import Connection, nmr_text
from numeri_cli.practice.participants import accounts
from numeri_cli.practice.participants.accounts import ParticipantModel
from numeri_cli.practice.rounds.settlement import PAYOUT_HORIZON_DAYS, move_stake, round_stake
from numeri_cli.practice.rounds.terms import NMR_UNIT
from numeri_cli.published import Published

PLACES = -int(NMR_UNIT.as_tuple().exponent)


@dataclass(frozen=True, kw_only=True)
class Stake(Published):
    """A model's stake and the wallet it comes from, in NMR.

    wanted_nmr: what the stake comes down to, None where nothing is on its way back
    locked_nmr: what closed rounds hold of the stake
    """

    model: str
    stake_nmr: Decimal
    wanted_nmr: Decimal | None
    locked_nmr: Decimal
    wallet_nmr: Decimal


def risked(connection: Connection, model: ParticipantModel, *, number: int) -> Decimal:
    """What a round risks of a model's stake: as it stood when the window ended.

    number: of the live round; the same before and after its entries are written
    """
    if model.closing_round == number and model.closing_nmr is not None:
        return model.closing_nmr
    stake = model.stake_nmr
    if model.wanted_nmr is not None:
        stake = min(stake, model.wanted_nmr)
    earlier = (nmr for held, nmr in _held(connection, model).items() if held != number)
    return round_stake(stake, free_nmr=model.stake_nmr - sum(earlier, start=Decimal(0)))


def locked(
    connection: Connection, model: ParticipantModel, *, closing: RoundTimes | None = None
) -> Decimal:
    """What closed rounds hold of a model's stake.

    closing: a round whose window is past; who closed it was killed, or nobody did yet
    """
    held = _held(connection, model)
    if closing is not None and _is_in(connection, model, number=closing.number):
        held[closing.number] = risked(connection, model, number=closing.number)
    return min(sum(held.values(), start=Decimal(0)), model.stake_nmr)


def _held(connection: Connection, model: ParticipantModel) -> dict[int, Decimal]:
    """NMR by round that is not settled."""
    rows = connection.execute(
        """SELECT round, at_risk_nmr FROM entries WHERE model_id = ? AND round NOT IN
           (SELECT round FROM settlements WHERE horizon_days = ?)""",
        (model.id, PAYOUT_HORIZON_DAYS),
    )
    return {row["round"]: Decimal(row["at_risk_nmr"]) for row in rows}


def _is_in(connection: Connection, model: ParticipantModel, *, number: int) -> bool:
    query = "SELECT 1 FROM submissions WHERE model_id = ? AND round = ? AND selected AND on_time"
    return connection.execute(query, (model.id, number)).fetchone() is not None


def set_stake(
    connection: Connection,
    model: ParticipantModel,
    *,
    stake_nmr: Decimal,
    times: RoundTimes,
    moment: datetime,
) -> Stake:
    """Let a model's stake be so much, from the wallet of its account or back to it.

    times: of the live round
    Raises PracticeSettings for an amount that cannot be.
    """
    wallet = accounts.account(connection, model.account_id).available_nmr
    wanted = _checked(stake_nmr, model, wallet_nmr=wallet)
    closing = times if moment >= times.closes_at else None
    held = locked(connection, model, closing=closing)
    if closing is not None:
        _fix(connection, model, number=times.number)
    goal = wanted if wanted >= model.stake_nmr else max(wanted, held)
    _transfer(connection, model, amount_nmr=goal - model.stake_nmr, moment=moment)
    _want(connection, model.id, wanted_nmr=wanted if goal > wanted else None)
    return stake_of(connection, model.id, locked_nmr=held)


def stake_of(connection: Connection, model_id: str, *, locked_nmr: Decimal) -> Stake:
    """A model's stake as it is in this transaction; the model must exist."""
    model = accounts.model(connection, model_id)
    if model is None:
        raise ValueError(f"there is no model {model_id}")
    wallet = accounts.account(connection, model.account_id).available_nmr
    return Stake(
        model=model.name,
        stake_nmr=model.stake_nmr,
        wanted_nmr=model.wanted_nmr,
        locked_nmr=locked_nmr,
        wallet_nmr=wallet,
    )


def release(connection: Connection, *, moment: datetime) -> None:
    """Send back what has come free of the stakes that are on their way to a wallet."""
    for model in accounts.all_models(connection):
        if model.wanted_nmr is None:
            continue
        goal = max(model.wanted_nmr, locked(connection, model))
        _transfer(
            connection, model, amount_nmr=min(goal - model.stake_nmr, Decimal(0)), moment=moment
        )
        if goal <= model.wanted_nmr:
            _want(connection, model.id, wanted_nmr=None)


def parsed_nmr(text: str) -> Decimal:
    """An amount as a person writes it. Raises PracticeSettings for what is none."""
    try:
        amount = Decimal(text.strip())
    except ArithmeticError:
        amount = Decimal("NaN")
    if not amount.is_finite():
        raise PracticeSettings(
            f"{text[:40]!r} is no amount of NMR", hint="write it as 12.5; 0 withdraws all"
        )
    return amount


def _checked(stake_nmr: Decimal, model: ParticipantModel, *, wallet_nmr: Decimal) -> Decimal:
    """The amount with 18 places."""
    most = model.stake_nmr + wallet_nmr
    if stake_nmr < 0:
        raise PracticeSettings(
            f"a stake cannot be negative: {stake_nmr} NMR",
            hint="stake less to withdraw a part; 0 withdraws all",
        )
    if stake_nmr > most:
        raise PracticeSettings(
            f"cannot stake {stake_nmr} NMR on {model.name}: {wallet_nmr.normalize():f} are in the"
            f" wallet and {model.stake_nmr.normalize():f} on the model",
            hint=f"stake at most {most.normalize():f}",
        )
    exact = stake_nmr.quantize(NMR_UNIT)
    if exact != stake_nmr:
        raise PracticeSettings(
            f"{stake_nmr} NMR has more than {PLACES} decimals",
            hint=f"NMR has {PLACES} decimals: write fewer",
        )
    return exact


def _transfer(
    connection: Connection, model: ParticipantModel, *, amount_nmr: Decimal, moment: datetime
) -> None:
    """From the wallet to the stake, or back where negative."""
    if not amount_nmr:
        return
    accounts.change_balance(connection, model.account_id, amount_nmr=-amount_nmr)
    kind = "increase" if amount_nmr > 0 else "decrease"
    move_stake(connection, model.id, amount_nmr=amount_nmr, kind=kind, number=None, moment=moment)


def _fix(connection: Connection, model: ParticipantModel, *, number: int) -> None:
    """Write down what a round whose window is past risks, before the stake changes."""
    amount = nmr_text(risked(connection, model, number=number))
    connection.execute(
        "UPDATE models SET closing_round = ?, closing_nmr = ? WHERE id = ?",
        (number, amount, model.id),
    )


def _want(connection: Connection, model_id: str, *, wanted_nmr: Decimal | None) -> None:
    text = None if wanted_nmr is None else nmr_text(wanted_nmr)
    connection.execute("UPDATE models SET wanted_nmr = ? WHERE id = ?", (text, model_id))
