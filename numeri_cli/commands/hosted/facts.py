"""What is known here of a pickle: what it predicts, when it was trained; kept, and told Numerai.

The ledger keeps it, and the label that the uploaded model is given at the server tells it to other
machines of the same account.
"""

from __future__ import annotations

import pickletools
import re
from collections.abc import Mapping
from datetime import UTC, datetime

from numeri_cli.api.hosted import calls
from numeri_cli.api.hosted.answers import HostedPickle
from numeri_cli.commands.context import Context
from numeri_cli.errors import ApiError
from numeri_cli.ledger.hosted_uploads import HostedFacts

TARGET = re.compile(r"target_[a-z0-9]+(?:_[a-z0-9]+)*_(\d{1,3})(?![a-z0-9_])")
_TRAINED = re.compile(r"trained (\d{4}-\d{2}-\d{2})")
_LONGEST_NAME = 100  # characters of a target's name
_MOST_TARGETS = 5  # of what a model predicts; a file that names more of them lists all there are


def facts_of_bytes(content: bytes) -> HostedFacts:
    """The targets that a pickle names; it is read operation by operation, never executed."""
    found: dict[str, None] = {}
    try:
        for _, argument, _ in pickletools.genops(content):
            if not isinstance(argument, str) or len(argument) > _LONGEST_NAME:
                continue
            if TARGET.fullmatch(argument):
                found[argument] = None
    except (ValueError, UnicodeDecodeError, OverflowError, IndexError):
        return HostedFacts()  # no pickle: the server says so
    return HostedFacts(targets=tuple(found) if len(found) <= _MOST_TARGETS else ())


def targets_of(pickle: HostedPickle, known: Mapping[str, HostedFacts]) -> tuple[str, ...]:
    """What an uploaded model predicts: as the ledger knows, else as its label says.

    known: by the name of the uploaded file
    """
    facts = known.get(pickle.filename)
    if facts is not None and facts.targets:
        return facts.targets
    return tuple(dict.fromkeys(one.group() for one in TARGET.finditer(pickle.label or "")))


def trained_at(pickle: HostedPickle, known: Mapping[str, HostedFacts]) -> datetime | None:
    """When an uploaded model was trained, as the ledger or its label says."""
    facts = known.get(pickle.filename)
    text = facts.trained_at if facts is not None else ""
    if not text and (found := _TRAINED.search(pickle.label or "")):
        text = found[1]
    try:
        moment = datetime.fromisoformat(text)
    except ValueError:
        return None
    return moment if moment.tzinfo else moment.replace(tzinfo=UTC)


def label_of(facts: HostedFacts) -> str:
    """What a pickle is called at the server; empty where nothing is known of it."""
    parts = [facts.model, *facts.targets]
    if facts.trained_at:
        parts.append(f"trained {facts.trained_at[:10]}")
    return " ".join(filter(None, parts))


def set_label(context: Context, pickle_id: str, facts: HostedFacts) -> None:
    """Call an uploaded model by what it predicts, where that is known.

    Nothing of the API's is raised: a name that cannot be given changes nothing else.
    """
    label = label_of(facts)
    if not label:
        return
    try:
        calls.set_label(context.client, pickle_id, label)
    except ApiError as error:
        context.listener.say(f"going on without a label: {error.message}")
