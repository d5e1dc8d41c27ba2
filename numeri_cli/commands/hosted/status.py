"""numeri hosted status: what each slot runs, how it went, and whether it is still what is paid."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from numeri_cli.api.hosted import calls
from numeri_cli.api.hosted.answers import HostedPickle, HostedSlot
from numeri_cli.commands.context import Context
from numeri_cli.commands.guard import listed_versions, version_order
from numeri_cli.commands.hosted.facts import TARGET, targets_of, trained_at
from numeri_cli.commands.hosted.slots import account_slots, shown_webhook, slot_named
from numeri_cli.config import GuardSettings
from numeri_cli.errors import ApiError
from numeri_cli.ledger.hosted_uploads import HostedFacts, hosted_uploads
from numeri_cli.notify.message import GuardFinding
from numeri_cli.published import Published
from numeri_cli.tournaments import CLASSIC

SILENT_AFTER = timedelta(hours=1)


@dataclass(frozen=True, kw_only=True)
class HostedRow(Published):
    """A slot, or an uploaded model that no slot runs (model is None then); words of the server.

    pickle_id: None where the slot runs nothing; targets: what it predicts, as far as is known
    status: of its validation; run_status: of its newest run
    webhook: of the slot, without what makes it hard to guess
    findings: what speaks against it: the target, the data version, its age; what went wrong
    """

    model: str | None
    pickle_id: str | None
    filename: str | None
    status: str | None
    run_status: str | None
    diagnostics_status: str | None
    image: str | None
    data_version: str | None
    targets: tuple[str, ...]
    uploaded_at: datetime | None
    webhook: str | None
    findings: tuple[GuardFinding, ...]


@dataclass(frozen=True, kw_only=True)
class HostedStatus(Published):
    """Every slot asked for, then uploaded models that no slot runs.

    paid_days: how far the paid scores of the newest round look ahead; empty where unknown
    sound: whether all that is assigned was validated, its newest run did not fail, and no webhook
    keeps it from running
    """

    round_number: int | None
    paid_days: tuple[int, ...]
    models: tuple[HostedRow, ...]
    unassigned: tuple[HostedRow, ...]
    sound: bool


@dataclass(frozen=True, kw_only=True)
class _Facts:
    """What hosted models are held against; what cannot be known raises no alarm."""

    round_number: int | None
    paid_days: frozenset[int]
    newest_version: str | None
    now: datetime
    guard: GuardSettings
    known: Mapping[str, HostedFacts]  # by the name of the uploaded file


def status(context: Context, models: Sequence[str] = ()) -> HostedStatus:
    """What slots run. models: by default all of the account's in Classic.

    Raises ModelUnknown, SlotUnfit and what the client raises.
    """
    known = account_slots(context)
    chosen = [slot_named(known, name) for name in dict.fromkeys(models)] or [
        one for one in known if one.tournament == CLASSIC.number
    ]
    pickles = calls.pickles(context.client)
    facts = _facts(context)
    by_id = {one.id: one for one in pickles}
    rows = tuple(_row(slot, by_id.get(slot.pickle_id or ""), facts) for slot in chosen)
    assigned = {one.pickle_id for one in known}
    ids = {one.id for one in chosen}
    free = [
        one for one in pickles if one.id not in assigned and (not models or one.uploaded_for in ids)
    ]
    return HostedStatus(
        round_number=facts.round_number,
        paid_days=tuple(sorted(facts.paid_days)),
        models=rows,
        unassigned=tuple(_row(None, one, facts) for one in free),
        sound=not any(one.check == "run" for row in rows for one in row.findings),
    )


def _facts(context: Context) -> _Facts:
    client, paid, newest, number = context.client, frozenset[int](), None, None
    try:
        rounds = client.rounds(limit=1)
        number = rounds[0].number if rounds else None
        rules = client.round_rules(number) if number is not None else None
        paid = (rules.paid_days if rules else None) or frozenset()
        versions = listed_versions(client.list_datasets())
        newest = max(versions, key=version_order, default=None)
    except ApiError as error:
        context.listener.say(f"what is paid cannot be asked: {error.message}")
    has_profile = context.profile_path is not None or context.uses_starter
    return _Facts(
        round_number=number,
        paid_days=paid,
        newest_version=newest,
        now=client.now(),
        guard=context.profile.guard if has_profile else GuardSettings(),
        known={
            one.filename: one.facts
            for one in reversed(hosted_uploads(context.ledger, context.tournament))
            if one.filename is not None
        },
    )


def _row(slot: HostedSlot | None, pickle: HostedPickle | None, facts: _Facts) -> HostedRow:
    webhook = slot.webhook if slot else None
    if pickle is None:
        return HostedRow(
            model=slot.name if slot else None,
            pickle_id=slot.pickle_id if slot else None,
            filename=None,
            status=None,
            run_status=None,
            diagnostics_status=None,
            image=None,
            data_version=None,
            targets=(),
            uploaded_at=None,
            webhook=shown_webhook(webhook) if webhook else None,
            findings=(),
        )
    name = slot.name if slot else pickle.filename
    targets = targets_of(pickle, facts.known)
    found = [*_of_silence(name, pickle, facts)]
    if slot is not None:
        found += [
            *_of_run(name, pickle),
            *_of_webhook(slot),
            *_of_target(name, targets, facts),
            *_of_data_version(name, pickle, facts),
            *_of_age(name, pickle, facts),
        ]
    return HostedRow(
        model=slot.name if slot else None,
        pickle_id=pickle.id,
        filename=pickle.filename,
        status=pickle.status,
        run_status=pickle.run_status,
        diagnostics_status=pickle.diagnostics_status,
        image=pickle.image,
        data_version=pickle.data_version,
        targets=targets,
        uploaded_at=pickle.time,
        webhook=shown_webhook(webhook) if webhook else None,
        findings=tuple(found),
    )


def _of_silence(name: str, pickle: HostedPickle, facts: _Facts) -> Iterator[GuardFinding]:
    since = facts.now - pickle.time if pickle.time else timedelta(0)
    if not pickle.refused and not pickle.validated and since > SILENT_AFTER:
        told = f"the validation of {name} has said {pickle.status!r} for {_spoken(since)}"
        yield _finding(name, "run", told, "ask in Numerai's chat, or upload it again")


def _of_run(name: str, pickle: HostedPickle) -> Iterator[GuardFinding]:
    newest = pickle.triggers[0] if pickle.triggers else None
    logs = f"`numeri hosted logs {name}` shows why"
    if pickle.refused:
        yield _finding(name, "run", f"the validation of {name} failed", logs)
    elif pickle.validated and newest is not None and newest.refused:
        told = f"the newest run of {name} ended with {newest.status!r}"
        yield _finding(name, "run", told, logs)


def _of_webhook(slot: HostedSlot) -> Iterator[GuardFinding]:
    if slot.webhook is not None:
        yield _finding(
            slot.name,
            "run",
            f"{slot.name} has a webhook, and Numerai runs an uploaded model only where there is"
            " none",
            f"`numeri hosted webhook off {slot.name}`",
        )


def _of_target(name: str, targets: tuple[str, ...], facts: _Facts) -> Iterator[GuardFinding]:
    horizons = [found.group(1) if (found := TARGET.fullmatch(one)) else None for one in targets]
    days = {int(one) for one in horizons if one is not None}
    guard = facts.guard.target
    if guard == "off" or not targets or not facts.paid_days or None in horizons:
        return
    if days & facts.paid_days:
        return
    paid = " and ".join(str(one) for one in sorted(facts.paid_days))
    yield GuardFinding(
        model=name,
        code="guard_target",
        message=f"round {facts.round_number} pays for {paid} days, but what Numerai runs for"
        f" {name} predicts {', '.join(targets)}",
        hint=f"train a model on a target whose name ends with _{max(facts.paid_days)}, then"
        f" `numeri hosted upload {name} --assign`",
        check="target",
        level=guard,
    )


def _of_data_version(name: str, pickle: HostedPickle, facts: _Facts) -> Iterator[GuardFinding]:
    guard, own, newest = facts.guard.data_version, pickle.data_version, facts.newest_version
    if guard == "off" or own is None or newest is None:
        return
    if version_order(newest) > version_order(own):
        yield GuardFinding(
            model=name,
            code="guard_data_version",
            message=f"what Numerai runs for {name} is given {own} data, and {newest} is listed",
            hint=f"train on {newest}, then `numeri hosted upload {name} --assign`",
            check="data_version",
            level=guard,
        )


def _of_age(name: str, pickle: HostedPickle, facts: _Facts) -> Iterator[GuardFinding]:
    made, verb = trained_at(pickle, facts.known), "trained"
    if made is None:
        made, verb = pickle.time, "uploaded"
    guard = facts.guard.age
    if guard == "off" or made is None:
        return
    age = facts.now - made
    if age > timedelta(weeks=facts.guard.max_age_weeks):
        yield GuardFinding(
            model=name,
            code="guard_age",
            message=f"what Numerai runs for {name} was {verb} {age // timedelta(weeks=1)} weeks"
            f" ago, on {made:%Y-%m-%d}: more than {facts.guard.max_age_weeks} weeks",
            hint=f"train it again, then `numeri hosted upload {name} --assign`",
            check="age",
            level=guard,
        )


def _finding(name: str, check: str, message: str, hint: str) -> GuardFinding:
    return GuardFinding(model=name, code=f"hosted_{check}", message=message, hint=hint, check=check)


def _spoken(since: timedelta) -> str:
    hours = since / timedelta(hours=1)
    return f"{round(hours * 60)} minutes" if hours < 2 else f"{round(hours)} hours"
