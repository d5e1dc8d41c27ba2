"""A session: the commands as methods, with frames instead of files."""

from __future__ import annotations

import sys
import tempfile
from collections.abc import Iterator, Mapping, Sequence
from contextlib import AbstractContextManager, contextmanager, nullcontext
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal, overload

from numeri_cli.commands.context import Context
from numeri_cli.errors import NumeriError, SubmissionStands, UsageProblem
from numeri_cli.files import safe_name
from numeri_cli.home import Home
from numeri_cli.inert_text import inert
from numeri_cli.progress import SilentTask, Task

if TYPE_CHECKING:
    import pandas as pd
    import pyarrow as pa

    from numeri_cli.commands.run.outcomes import RunResult
    from numeri_cli.commands.status import RoundStanding
    from numeri_cli.commands.train import TrainedModels
    from numeri_cli.notebook.frames import Predictions
    from numeri_cli.notebook.results import FrameScores, LiveScores, WalkedForward

Words = str | Sequence[str] | None
_PRACTICE = '`numeri.open(tournament="practice")`'


class Spoken:
    """The listener of a session: sentences go to standard error, which a notebook shows in red."""

    def task(self, label: str, *, total: float | None, unit: str) -> AbstractContextManager[Task]:
        """Give a bar nobody looks at."""
        return nullcontext(SilentTask())

    def step(self, name: str) -> None:
        """Do nothing."""

    def say(self, text: str) -> None:
        """Say a sentence."""
        sys.stderr.write(f"{inert(text)}\n")


class Session:
    """One tournament and one profile; each method does what the command of its name does.

    Every call reads the profile anew and leaves nothing open behind it, so that the command line
    can be used meanwhile. What goes wrong is raised as a NumeriError, whose note is the cure.
    """

    def __init__(self, *, profile: str | Path | None, tournament: str | None) -> None:
        """Look at once whether there is such a profile and such a tournament.

        Raises ProfileMissing, ProfileInvalid, UsageProblem.
        """
        self._home, self._tournament = Home.find(), tournament
        self._profile = Path(profile).absolute() if profile is not None else None
        with self._context() as context:
            self._profile = context.profile_path
            self.tournament = context.tournament

    def __repr__(self) -> str:
        profile = self._profile or "none"
        return f"<numeri: tournament {self.tournament}, profile {profile}>"

    @contextmanager
    def _context(self) -> Iterator[Context]:
        context = Context(
            home=self._home,
            asked_tournament=self._tournament,
            asked_profile=self._profile,
            listener=Spoken(),
        )
        try:
            yield context
        except NumeriError as error:
            if error.hint:
                error.hint = error.hint.replace("`--tournament practice`", _PRACTICE)
                error.add_note(f"hint: {error.hint}")
            raise
        finally:
            context.close()

    @overload
    def load(
        self,
        data: str = ...,
        *,
        columns: Words = ...,
        eras: Words = ...,
        arrow: Literal[False] = ...,
    ) -> pd.DataFrame: ...

    @overload
    def load(
        self, data: str = ..., *, columns: Words = ..., eras: Words = ..., arrow: Literal[True]
    ) -> pa.Table: ...

    def load(
        self,
        data: str = "validation",
        *,
        columns: Words = None,
        eras: Words = None,
        arrow: bool = False,
    ) -> pd.DataFrame | pa.Table:
        """Rows of a data file, which is downloaded where it is not here.

        data: live, train, validation, another file such as meta_model, or the path of one
        columns: names of columns and of feature sets, such as ["small", "target_ender_60"]; all
        where None. `era` always stands there.
        eras: names, or ranges such as "0900-0950"; all where None
        arrow: an Arrow table with a column `id`, instead of a frame whose index that is
        Raises FileForeign, MemoryShort, UsageProblem and what downloading raises.
        """
        from numeri_cli.commands.load import load
        from numeri_cli.notebook.frames import frame_of

        with self._context() as context:
            table = load(context, data, columns=columns, eras=eras)
        return table if arrow else frame_of(table)

    def score(
        self,
        predictions: str | Predictions | Mapping[str, Predictions],
        *,
        data: str = "validation",
        target: str | None = None,
        features: str | None = None,
        benchmark: str | None = None,
        eras: Words = None,
    ) -> FrameScores:
        """The official scores of predictions, per era and summed up, as `numeri validate` has them.

        predictions: a frame with ids and a column `prediction`, several by name, or a word of
        `numeri validate`: a model, the path of a file, MODEL@backtest
        target: the profile's first where None; features: the set for FNC and exposures
        Raises PredictionsError, TargetMissing and what downloading raises.
        """
        from numeri_cli.commands.validate.validate import score
        from numeri_cli.notebook.frames import given
        from numeri_cli.notebook.results import FrameScores

        is_word = isinstance(predictions, str)
        with self._context() as context:
            validation = score(
                context,
                [predictions] if isinstance(predictions, str) else [],
                given=[] if is_word else given(predictions),
                data=data,
                target=target,
                features=features,
                benchmark=benchmark,
                eras=[eras] if isinstance(eras, str) else eras or (),
            )
            for warning in validation.warnings:
                context.listener.say(warning)
        return FrameScores(validation)

    def train(self, *models: str, force: bool = False) -> TrainedModels:
        """Train models of the profile, all where none is named, as `numeri train` does.

        force: even where memory or disk look too small
        Raises ModelError where one model is named; of several the failed are in the record.
        """
        from numeri_cli.commands.train import train

        with self._context() as context:
            trained = train(context, models, force=force)
            for problem in trained.failed:
                context.listener.say(f"{problem.message}: {problem.hint}")
        return trained

    def backtest(
        self,
        *models: str,
        window: int = 156,
        purge: int | None = None,
        stride: int = 1,
        force: bool = False,
    ) -> WalkedForward:
        """Predict every era by a training on earlier ones, and score it, as `numeri backtest` does.

        models: of the profile, all where none is named; may take hours
        window: eras predicted by one training; purge: eras left out before it, by the target if
        None; stride: every so many eras of the data alone
        Raises ModelUnknown, MemoryShort and what downloading and training raise.
        """
        from numeri_cli.commands.backtest import scored_where_known, walk, words_of
        from numeri_cli.commands.validate.validate import score
        from numeri_cli.notebook.results import FrameScores, WalkedForward

        with self._context() as context:
            rows = walk(context, models, window=window, purge=purge, stride=stride, force=force)
            found = scored_where_known(context, lambda: score(context, words_of(rows)))
            for warning in found.warnings if found else ():
                context.listener.say(warning)
        return WalkedForward(rows, FrameScores(found) if found else None)

    def predict(
        self, model: str, *, data: str = "live", artifact: str | None = None, raw: bool = False
    ) -> pd.DataFrame:
        """A trained model's predictions by id, as `numeri predict` writes them.

        data: live, train, validation, or the path of a data file; `era` stands beside all but live
        artifact: an older one of the model; raw: without its neutralization
        Raises ModelUnknown, ModelUntrained and what reading the data raises.
        """
        from numeri_cli.commands.predict import predict
        from numeri_cli.dataset.prediction_files import read_table
        from numeri_cli.notebook.frames import ARTIFACT, MODEL, frame_of

        with self._context() as context, tempfile.TemporaryDirectory() as folder:
            path = Path(folder) / "predictions.parquet"
            [written] = predict(
                context, [model], data=data, output=path, artifact=artifact, raw=raw
            ).files
            frame = frame_of(read_table(path))
        if written.artifact is not None:
            frame.attrs.update({MODEL: written.model, ARTIFACT: written.artifact})
        return frame

    def submit(
        self,
        predictions: str | Predictions,
        *,
        model: str | None = None,
        replace: bool = False,
        late: bool = False,
        dry_run: bool = False,
    ) -> RunResult:
        """Check predictions, send them into the open round and wait until they are accepted.

        predictions: a frame of live ids, a model of the profile, or the path of a file
        model: whom a frame or file is for; replace: it takes the place of what is accepted
        Raises PredictionsError, SubmissionStands, NoRoundOpen, KeysMissing, ModelUnknown …
        """
        from numeri_cli.commands.submit import submit

        with self._context() as context:
            word = predictions if isinstance(predictions, str) else None
            if word is None:
                if model is None:
                    raise UsageProblem("a frame is for a model", hint='say it: model="lighthouse"')
                word = str(_written(context, predictions, model=model))
            try:
                return submit(
                    context,
                    [word],
                    model=model,
                    late=late,
                    dry_run=dry_run,
                    agreed=lambda question: replace,
                )
            except SubmissionStands as stands:
                raise SubmissionStands(
                    stands.message, hint="submit(…, replace=True) puts this in its place"
                ) from None

    def status(self) -> RoundStanding:
        """Where every model stands in the newest round, as `numeri status` has it.

        Raises ProfileMissing, KeysMissing, NoRoundOpen. Where the server cannot be asked the
        record's source is "ledger", and its problem says why.
        """
        from numeri_cli.commands.status import status

        with self._context() as context:
            return status(context)

    def scores(self, *models: str, of: str | None = None) -> LiveScores:
        """How models did in rounds so far, and in the mean of a year, as `numeri scores` has it.

        of: somebody's model instead, for which no keys are needed
        Raises UsageProblem, KeysMissing, ModelUnknown.
        """
        from numeri_cli.commands.scores import scores
        from numeri_cli.notebook.results import LiveScores

        with self._context() as context:
            return LiveScores.of(scores(context, models, of=of))


def _written(context: Context, predictions: Any, *, model: str) -> Path:
    """The frame as a file among the round's predictions."""
    from numeri_cli.commands.round import newest_round
    from numeri_cli.notebook.frames import write

    context.require_keys()
    folder = context.home.predictions(context.tournament)
    number = newest_round(context.client).number
    path = folder / f"{number:04d}" / f"{safe_name(model)}-frame.parquet"
    write(predictions, path)
    return path
