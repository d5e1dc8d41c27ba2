"""The guard: a model held against the round before it is submitted.

Does it predict what is paid? Is its data version still the newest? How old is its training? Was it
trained as the profile says? What cannot be known raises no alarm.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

from numeri_cli.commands.artifacts import OpenModel
from numeri_cli.commands.context import Context
from numeri_cli.errors import ApiError, GuardRefused
from numeri_cli.notify.message import GuardFinding
from numeri_cli.records import Round

_ASK_SECONDS = 5.0  # of tries: what is only told must not cost a round its window
_VERSION = re.compile(r"v(\d+(?:\.\d+)*)/")
_HORIZON = re.compile(r"_(\d+)$")


@dataclass(frozen=True, kw_only=True)
class RoundFacts:
    """What models are held against.

    paid_days: how far the paid scores look ahead; None where that cannot be known
    versions: data versions that are listed, and when this home first saw each; empty where unknown
    """

    number: int
    paid_days: frozenset[int] | None
    versions: Mapping[str, datetime]
    now: datetime


def round_facts(context: Context, round_: Round) -> RoundFacts:
    """What the server tells of a round, as far as it tells it within seconds; asked once for all.

    Raises nothing of the API's: a guard that cannot know stops no submission.
    """
    guard, client = context.profile.guard, context.client
    now = client.now()
    paid: frozenset[int] | None = None
    if guard.target != "off":
        try:
            with client.within(_ASK_SECONDS):
                rules = client.round_rules(round_.number)
            paid = rules.paid_days if rules else None
        except ApiError as error:
            context.listener.say(f"what is paid cannot be asked: {error.message}")
    versions: Mapping[str, datetime] = {}
    if guard.data_version != "off":
        try:
            with client.within(_ASK_SECONDS):
                names = client.list_datasets()
        except ApiError as error:
            context.listener.say(f"data versions cannot be asked: {error.message}")
        else:
            listed = listed_versions(names)
            known = context.ledger.see_data_versions(context.tournament, listed, time=now)
            versions = {version: known[version] for version in listed}
    return RoundFacts(number=round_.number, paid_days=paid, versions=versions, now=now)


def let_through(model: OpenModel, facts: RoundFacts) -> tuple[GuardFinding, ...]:
    """What speaks against submitting a model. Raises GuardRefused where the profile refuses it."""
    found = findings(model, facts)
    refusing = [one for one in found if one.level == "refuse"]
    if refusing:
        raise GuardRefused(
            "; ".join(one.message for one in refusing),
            hint="; ".join(dict.fromkeys(one.hint for one in refusing)),
            findings=found,
        )
    return found


def findings(model: OpenModel, facts: RoundFacts) -> tuple[GuardFinding, ...]:
    """All that speaks against submitting a model to a round; what is "off" is not looked at."""
    told = (*_of_target(model, facts), *_of_data_version(model, facts), *_of_age(model, facts))
    profile = model.profile_finding()
    return (*told, profile) if profile is not None else told


def _of_target(model: OpenModel, facts: RoundFacts) -> Iterator[GuardFinding]:
    level = model.context.profile.guard.target
    targets = model.artifact.contract.spec.targets
    horizons = [found.group(1) if (found := _HORIZON.search(one)) else None for one in targets]
    days = {int(one) for one in horizons if one is not None}
    named = "targets" in model.artifact.contract.spec.model_fields_set
    if model.function is not None and not named:
        return  # what it predicts is known to its owner alone
    if level == "off" or facts.paid_days is None or None in horizons or days & facts.paid_days:
        return
    paid = " and ".join(str(one) for one in sorted(facts.paid_days))
    yield GuardFinding(
        model=model.name,
        code="guard_target",
        message=f"round {facts.number} pays for {paid} days, but {model.name} predicts"
        f" {', '.join(targets)}",
        hint=f"name a target whose name ends with _{max(facts.paid_days)} in the profile, then"
        f" `numeri train {model.name}`",
        check="target",
        level=level,
    )


def _of_data_version(model: OpenModel, facts: RoundFacts) -> Iterator[GuardFinding]:
    level = model.context.profile.guard.data_version
    trained_on = model.artifact.contract.data_version
    newer = [one for one in facts.versions if version_order(one) > version_order(trained_on)]
    if level == "off" or not newer:
        return
    newest = max(newer, key=version_order)
    since = min(facts.versions[one] for one in newer)
    yield GuardFinding(
        model=model.name,
        code="guard_data_version",
        message=f"{model.name} was trained on {trained_on}, and {newest} is listed; this machine"
        f" saw a newer version first on {since:%Y-%m-%d}",
        hint=f'write data_version = "{newest}" in the profile, then `numeri train {model.name}`',
        check="data_version",
        level=level,
    )


def _of_age(model: OpenModel, facts: RoundFacts) -> Iterator[GuardFinding]:
    guard = model.context.profile.guard
    trained = _trained_at(model)
    if guard.age == "off" or trained is None:
        return
    weeks = (facts.now - trained) // timedelta(weeks=1)
    if facts.now - trained <= timedelta(weeks=guard.max_age_weeks):
        return
    yield GuardFinding(
        model=model.name,
        code="guard_age",
        message=f"{model.name} was trained {weeks} weeks ago, on {trained:%Y-%m-%d}:"
        f" more than {guard.max_age_weeks} weeks",
        hint=f"`numeri train {model.name}`, or raise max_age_weeks under [guard]",
        check="age",
        level=guard.age,
    )


def _trained_at(model: OpenModel) -> datetime | None:
    """When a model was trained, by the tournament's clock where the ledger knows the model."""
    contract, context = model.artifact.contract, model.context
    for row in context.ledger.models(context.tournament, model=model.name):
        if (row.artifact, row.digest) == (contract.artifact_id, model.artifact.digest):
            return row.time
    try:
        trained = datetime.fromisoformat(contract.trained_at)
    except ValueError:
        return None
    return trained if trained.tzinfo else trained.replace(tzinfo=UTC)


def listed_versions(names: Iterable[str]) -> set[str]:
    """The data versions of files such as "v5.3/live.parquet"."""
    return {found.group()[:-1] for name in names if (found := _VERSION.match(name))}


def version_order(version: str) -> tuple[int, ...]:
    """The numbers of a data version, to compare by; "v5" and "v5.0" are the same."""
    numbers = [int(part) for part in re.findall(r"\d+", version)]
    while numbers and numbers[-1] == 0:
        numbers.pop()
    return tuple(numbers)
