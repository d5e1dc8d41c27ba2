"""Whether what a model was trained with is what is installed now."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from importlib.metadata import PackageNotFoundError, version

from numeri_cli.commands.doctor.examination import Examination
from numeri_cli.commands.doctor.finding import Finding, fine, mend
from numeri_cli.errors import ArtifactDamaged, NumeriError
from numeri_cli.files import disk_errors
from numeri_cli.learning.contract import Contract

name = "packages"
own_errors: tuple[type[NumeriError], ...] = (ArtifactDamaged,)
# any version of these reads what another wrote
_NO_ENGINES = {
    "numeri",
    "python",
    "numpy",
    "pyarrow",
}


def look(examination: Examination) -> Iterator[Finding]:
    """The newest artifact of every model of the profile."""
    found = []
    for model in examination.context.profile.models:
        for library, then in _versions(examination, model).items():
            now = _installed(library)
            if library in _NO_ENGINES or now == then:
                continue
            found.append(
                mend(
                    name,
                    "engine_changed" if now else "engine_missing",
                    f"{model} was trained with {library} {then}, and {now or 'none'} is installed",
                    hint=f"`numeri train {model}`, or `pip install {library}=={then}`",
                )
            )
    yield from found or [fine(name, "every model has the engine that it was trained with")]


def _versions(examination: Examination, model: str) -> Mapping[str, str]:
    """Library → version of the newest artifact; empty where the model is not trained."""
    folder = examination.context.workspace.artifacts(model)
    with disk_errors(folder):
        found = sorted(path for path in folder.glob("[!.]*/model.json"))
        if not found:
            return {}
        text = found[-1].read_text(encoding="utf-8", errors="replace")
    return Contract.parse(text, source=found[-1]).versions


def _installed(library: str) -> str | None:
    try:
        return version(library)
    except PackageNotFoundError:
        return None
