"""numeri tune: parameters searched by a purged backtest, and judged on eras that it never saw."""

from __future__ import annotations

import math
import time
from collections.abc import Callable, Sequence
from dataclasses import replace
from pathlib import Path

from numeri_cli.commands.blends import require_no_blend
from numeri_cli.commands.cluster import cluster_of, machines
from numeri_cli.commands.context import Context
from numeri_cli.commands.download import bring_for_training
from numeri_cli.commands.train import require_as_downloaded
from numeri_cli.commands.tune.at_once import (
    TrialOrder,
    require_at_once,
    run_at_once,
    trial_orders,
)
from numeri_cli.commands.tune.candidates import require_space
from numeri_cli.commands.tune.outcome import (
    HeldOutScores,
    count_looks,
    held_out_scores,
    model_of,
    outcomes,
    verdict,
)
from numeri_cli.commands.tune.preparation import (
    AS_USUAL,
    SearchSettings,
    by_aim,
    prepared,
    work_of,
)
from numeri_cli.commands.tune.record import AimOutcome, SearchTrial, Tuning, TuningPage
from numeri_cli.commands.tune.snippet import free_place, write_snippet
from numeri_cli.commands.tune.work import SearchWork
from numeri_cli.files import safe_name
from numeri_cli.learning.estimators.function import require_trainable
from numeri_cli.model_spec import Distribute
from numeri_cli.search.aims import aims_named
from numeri_cli.search.trial_facts import TrialFacts, chosen, front

PageWriter = Callable[[TuningPage, Path], object]


def tune(
    context: Context,
    name: str,
    *,
    trials: int,
    hours: float | None = None,
    settings: SearchSettings = AS_USUAL,
    seed: int | None = None,
    force: bool = False,
    cluster: str | None = None,
    distribute: Distribute | None = None,
    at_once: int = 1,
    write_page: PageWriter,
) -> Tuning:
    """Carry on a search until so many trials are done, then judge the best of them.

    trials: finished ones in the whole search, whoever did them; hours: after which none begins
    seed: of what is drawn; every process draws its own otherwise
    force: train even where memory or disk look too small
    cluster, distribute: whose machines train, and how; as the profile says where None
    at_once: so many trials go on together, each in a process of its own; more than one needs a
        cluster, whose workers train for all of them
    write_page: writes the HTML page
    Raises UsageProblem, ProfileInvalid, LibraryMissing, and what training and scoring raise.
    """
    begun = time.monotonic()
    require_no_blend(context, [name], verb="tune")
    spec = context.profile.model(name)
    require_space(name, spec)
    aims_named(settings.aims)
    require_at_once(at_once, cluster_of(context, cluster=cluster, distribute=distribute))
    require_trainable(spec.estimator.name, folder=context.workspace.module_folder)
    context.make_practice()
    bring_for_training(context, spec)
    require_as_downloaded(context, spec)
    preparation = prepared(context, name, settings)
    until = math.inf if hours is None else begun + hours * 3600
    with machines(context, cluster=cluster, distribute=distribute) as others:
        bench = preparation.bench(context, others, force=force)
        search = preparation.search(context, seed=seed)
        orders: tuple[TrialOrder, ...] = ()
        if others is not None and at_once > 1:
            orders = trial_orders(
                context,
                name,
                count=at_once,
                trials=trials,
                settings=settings,
                seed=seed,
                force=force,
                cluster=others.connection.address.text,
            )
        work = work_of(search, bench, listener=context.listener, until=until)
        return _searched(work, orders, wanted=trials, write_page=write_page)


def _searched(
    work: SearchWork,
    orders: tuple[TrialOrder, ...],
    *,
    wanted: int,
    write_page: PageWriter,
) -> Tuning:
    """Do the trials, in processes of their own where there are orders for some; then judge."""
    search = work.search
    with search.at_work():
        if orders:
            run_at_once(orders, listener=work.listener, finished=work.finished, until=work.until)
        else:
            work.walk_profile()
        work.carry_on(wanted)
        profile = work.of_profile()
        search.end_orphans()
        work.keep()
        found = search.trials()
        taken = chosen(found)
        others = any(one.state == "running" for one in found)
        scores = None if taken is None or others else held_out_scores(work, taken)
        made = () if taken is None else outcomes(work, found, taken, profile=profile, scores=scores)
        seen = 0 if taken is None or scores is None else count_looks(work, taken, made)
        tuning = _record(work, found, taken, wanted=wanted, made=made, looks=seen)
    return _written(work, tuning, taken, scores, write_page=write_page)


def _record(
    work: SearchWork,
    found: tuple[TrialFacts, ...],
    taken: TrialFacts | None,
    *,
    wanted: int,
    made: tuple[AimOutcome, ...],
    looks: int,
) -> Tuning:
    bench, plan = work.bench, work.bench.plan
    best = {one.number for one in front(found)}
    judged = [one.within_noise for one in made if one.within_noise is not None]
    held_out = len(plan.held_out)
    return Tuning(
        model=work.name,
        target=plan.target,
        study=work.search.path,
        aims=tuple(aim.name for aim in bench.aims),
        space={name: dimension.words for name, dimension in work.spec.tune.items()},
        wanted=wanted,
        done=_count(found, "done"),
        pruned=_count(found, "pruned"),
        failed=_count(found, "failed"),
        running=_count(found, "running"),
        eras=len(plan.tested),
        windows=len(plan.windows),
        purge_eras=plan.purge,
        stride=plan.stride,
        held_out_eras=plan.held_out,
        trials=tuple(_row(work, one, on_front=one.number in best) for one in found),
        front=tuple(one.number for one in front(found)),
        chosen=None if taken is None else taken.number,
        outcomes=made,
        looks=looks,
        within_noise=all(judged) if judged else None,
        importances={
            aim.name: work.search.importances(place) for place, aim in enumerate(bench.aims)
        },
        verdict=_verdict(found, made, eras=held_out, looks=looks),
    )


def _count(found: Sequence[TrialFacts], state: str) -> int:
    return sum(one.state == state for one in found)


def _verdict(
    found: Sequence[TrialFacts], made: tuple[AimOutcome, ...], *, eras: int, looks: int
) -> str:
    if not made:
        return "No trial is done yet."
    if not looks:
        running = _count(found, "running")
        return (
            f"{running} trials are going on in other processes; the last one scores the {eras}"
            " held-out eras."
        )
    return verdict(made, eras=eras, seen=looks)


def _row(work: SearchWork, one: TrialFacts, *, on_front: bool) -> SearchTrial:
    figures = by_aim(work.bench, one.figures)
    return SearchTrial(
        number=one.number,
        state=one.state,
        values=one.values,
        figures={aim.name: figures.get(aim.name) for aim in work.bench.aims},
        windows=len(one.windows),
        seconds=one.seconds,
        began=one.began,
        on_front=on_front,
        note=one.note,
    )


def _written(
    work: SearchWork,
    tuning: Tuning,
    taken: TrialFacts | None,
    scores: HeldOutScores | None,
    *,
    write_page: PageWriter,
) -> Tuning:
    """The record with its snippet and its page, both written."""
    context = work.bench.context
    reports = context.home.reports(context.tournament)
    if taken is not None and scores is not None:
        beside = context.profile_path.parent if context.profile_path else reports
        snippet = free_place(beside, safe_name(work.name), in_use=context.profile_path)
        write_snippet(
            snippet,
            work.name,
            model_of(work, taken),
            tournament=context.asked_tournament or context.profile.tournament,
            data_version=context.data_version,
            comments=(
                f"trial {taken.number}, found by numeri tune {work.name}",
                tuning.verdict,
                f"numeri train {work.name} --profile {snippet.name}",
            ),
        )
        tuning = replace(tuning, snippet=snippet)
    page = reports / f"tune-{work.search.path.stem}.html"
    corr = None
    if scores is not None:
        ours, theirs = (one.scores["corr"] for one in (scores.taken, scores.profile))
        corr = (scores.taken.eras, tuple(map(float, ours)), tuple(map(float, theirs)))
    labels = tuple(aim.label for aim in work.bench.aims)
    write_page(TuningPage(tuning=tuning, labels=labels, held_out=corr), page)
    return replace(tuning, page=page)
