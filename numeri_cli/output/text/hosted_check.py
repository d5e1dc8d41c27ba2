"""What was found about a hosted model, a line each."""

from __future__ import annotations

from typing import TYPE_CHECKING

from rich.console import Group, RenderableType
from rich.text import Text

from numeri_cli.inert_text import visible
from numeri_cli.output.text.tables import grid

if TYPE_CHECKING:
    from numeri_cli.commands.hosted.check import HostedCheck

_COLOURS = {"fine": "green", "mend": "red", "warning": "yellow"}


def hosted_check(record: HostedCheck) -> RenderableType:
    """The pickle and where it was tried, a row for each finding, then what it imports."""
    rows = grid(11, 18, 0)
    for one in record.findings:
        told = f"{one.message}; {one.hint}" if one.hint else one.message
        level = Text(one.level, style=_COLOURS[one.level])
        rows.add_row(level, Text(one.check), Text(visible(told)))
    imports = ", ".join(f"{name} {version}".strip() for name, version in record.imports.items())
    end = [Text(f"imports: {visible(imports)}")] if imports else []
    if record.by_value:
        end.append(Text(f"in the pickle: {visible(', '.join(record.by_value))}"))
    end.append(Text(_verdict(record)))
    return Group(Text(_head(record)), rows, *end)


def _head(record: HostedCheck) -> str:
    where = "Numerai's versions" if record.environment == "image" else "this machine's packages"
    network = "network cut" if record.network_cut else "network not cut"
    return visible(
        f"{record.file}: {record.size_bytes:,} bytes, Python {record.python}, {where}, {network},"
        f" memory by {'cgroup' if record.memory_by == 'cgroup' else 'watching'}"
    )


def _verdict(record: HostedCheck) -> str:
    unfit = sum(one.level == "mend" for one in record.findings)
    if unfit:
        return f"not fit to be uploaded: {unfit} to mend"
    return f"fit to be uploaded, for {visible(record.image)} and {visible(record.data_version)}"
