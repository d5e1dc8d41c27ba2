"""Installing into a crontab and removing again: stand-ins that know cron's rules, and the real."""

from __future__ import annotations

import subprocess
import tempfile
from collections.abc import Callable
from pathlib import Path

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from numeri_cli.errors import DiskError, KeysMissing, ScheduleError
from numeri_cli.schedule.base import identify, install, remove
from numeri_cli.schedule.cron.crontab import Crontab
from numeri_cli.schedule.cron.scheduler import CronScheduler
from tests.support.schedules import Planner

Cron = Callable[..., Crontab]

CONTENTS = [
    pytest.param(None, id="none"),
    pytest.param(b"", id="empty"),
    pytest.param(b"0 1 * * * true\n", id="one line"),
    pytest.param(b"#\n#\n#\n#\n", id="comments on top"),
    pytest.param(b"0 1 * * * printf 'a\\r\\n'\n# \r\r\n", id="carriage returns"),
]
ODD = (
    b"# m h  dom mon dow   command\n"
    b"\n\t\n"
    b"   MAILTO = somebody@example.org\n"
    b"  0\t3 *   * 1-5\tcd / && /bin/true   \n"
    b"# Gr\xf6\xdfe, latin-1\r\n"
    b"# >>> other-tool >>>\n"
    b"*/10 * * * * /opt/other/tool --date $(date +\\%F) % some input\n"
    b"# <<< other-tool <<<\n"
    b"@reboot /bin/true\n"
    b"\n\n"
)

LENIENT = """#!/bin/sh
cd "$1" || exit 2
case "$2" in
  -l) [ -f crontab ] && exec cat crontab; echo "no crontab for somebody" >&2; exit 1 ;;
  -e) exec "$EDITOR" crontab ;;
  -r) exec rm crontab ;;
  -) exec cat > crontab ;;
esac
"""


def roundtrip(crontab: Crontab, planned: Planner, tmp_path: Path) -> bytes:
    """Install weekly, again, then daily; remove. Returns what cron held in between."""
    for cadence in ("weekly", "weekly", "daily"):
        standing = install(planned(cadence), CronScheduler(crontab), keys_stored=True)
        assert standing.state == "current"
    held = crontab.read()
    assert held is not None
    removed = remove(tmp_path / "numeri.toml", schedulers=[CronScheduler(crontab)], environment={})
    assert [entry.system for entry in removed] == ["cron"]
    return held


@pytest.mark.parametrize("content", [pytest.param(ODD, id="odd"), *CONTENTS])
@pytest.mark.parametrize("rules", ["debian", "any"])
def test_install_and_remove_leave_the_crontab_as_it_was(
    rules: str, content: bytes | None, cron: Cron, planned: Planner, tmp_path: Path
) -> None:
    crontab = cron(rules, content=content)
    held = roundtrip(crontab, planned, tmp_path)
    assert held.count(b"# >>> numeri ") == 1
    assert planned("daily").text.encode() in held
    assert held.startswith(content or b"")
    assert crontab.read() == content


@pytest.mark.parametrize("content", [pytest.param(ODD, id="odd"), *CONTENTS])
def test_the_real_cron_holds_the_same_bytes_after_install_and_remove(
    content: bytes | None, real_cron: Crontab, planned: Planner, tmp_path: Path
) -> None:
    if content is not None:
        subprocess.run([*real_cron.command, "-"], input=content, check=True)
    assert real_cron.read() == content
    held = roundtrip(real_cron, planned, tmp_path)
    assert planned("daily").text.encode() in held
    assert real_cron.read() == content


def test_the_real_cron_takes_every_line_we_can_make(real_cron: Crontab, planned: Planner) -> None:
    zones = ["UTC", "Pacific/Chatham", "Asia/Kolkata", "America/Los_Angeles", "Australia/Lord_Howe"]
    for zone in zones:
        schedule = planned("daily", zone=zone, name=f"100% {zone[:3]}.toml")
        install(schedule, CronScheduler(real_cron), keys_stored=True)
        assert CronScheduler(real_cron).show(schedule).state == "current"


@pytest.mark.parametrize("real_cron", ["cron"], indirect=True)  # busybox's takes anything
@pytest.mark.parametrize(
    "bad",
    [
        b"61 1 * * * true\n",
        b"0 24 * * * true\n",
        b"0 1 * * 8 true\n",
        b"0 1 * * x true\n",
        b"0 1 * *\n",
        b"@weird true\n",
        b"* * * * * " + b"x" * 999 + b"\n",
    ],
)
def test_the_stand_in_refuses_what_the_real_cron_refuses(
    bad: bytes, real_cron: Crontab, cron: Cron
) -> None:
    for crontab in (real_cron, cron("debian")):
        with pytest.raises(ScheduleError, match="refused"):
            crontab.replace(bad, before=None)
        assert crontab.read() is None


def test_the_stand_in_refuses_without_a_real_cron_too(cron: Cron) -> None:
    for bad in (b"61 1 * * * true\n", b"0 1 * *\n", b"* * * * * " + b"x" * 999 + b"\n"):
        with pytest.raises(ScheduleError, match="refused"):
            cron("debian").replace(bad, before=None)
        assert cron("debian").read() is None


ANY_BYTES = st.binary(max_size=60) | st.lists(
    st.sampled_from([b"0 1 * * * a\n", b"\r\n", b" \t\n", b"# \xff\n", b"CRON_TZ=UTC\n", b"x"])
).map(b"".join)


def test_any_crontab_survives_install_and_remove(planned: Planner, tmp_path: Path) -> None:
    script = tmp_path / "crontab"
    script.write_text(LENIENT)
    script.chmod(0o755)
    schedule = planned()

    @settings(max_examples=25, deadline=None)
    @given(st.none() | ANY_BYTES)
    @example(rb"\r")  # the letters, as Debian's cron lists a carriage return
    def survives(content: bytes | None) -> None:
        with tempfile.TemporaryDirectory(dir=tmp_path) as folder:
            crontab = Crontab((str(script), folder))
            if content is not None:
                (Path(folder) / "crontab").write_bytes(content)
            install(schedule, CronScheduler(crontab), keys_stored=True)
            assert crontab.read() != content
            remove(tmp_path / "numeri.toml", schedulers=[CronScheduler(crontab)], environment={})
            assert crontab.read() == content

    survives()


def test_installing_what_is_installed_writes_nothing(
    cron: Cron, planned: Planner, tmp_path: Path
) -> None:
    crontab = cron(content=ODD)
    assert install(planned(), CronScheduler(crontab), keys_stored=True).changed
    kept = tmp_path / "cron-debian" / "crontab"
    written = kept.stat().st_mtime_ns
    assert not install(planned(), CronScheduler(crontab), keys_stored=True).changed
    assert kept.stat().st_mtime_ns == written


def test_show_tells_absent_current_and_outdated_apart(cron: Cron, planned: Planner) -> None:
    crontab = cron(content=ODD)
    assert CronScheduler(crontab).show(planned()).state == "absent"
    install(planned(), CronScheduler(crontab), keys_stored=True)
    assert CronScheduler(crontab).show(planned()).state == "current"
    assert CronScheduler(crontab).show(planned("daily")).state == "outdated"
    assert CronScheduler(crontab).show(planned(zone="Asia/Kolkata")).state == "outdated"


def test_two_profiles_live_side_by_side(cron: Cron, planned: Planner, tmp_path: Path) -> None:
    crontab = cron(content=ODD)
    first, second = planned(name="one.toml"), planned("daily", name="two.toml")
    install(first, CronScheduler(crontab), keys_stored=True)
    install(second, CronScheduler(crontab), keys_stored=True)
    assert CronScheduler(crontab).show(first).state == "current"
    assert CronScheduler(crontab).show(second).state == "current"
    assert remove(tmp_path / "one.toml", schedulers=[CronScheduler(crontab)], environment={})
    assert CronScheduler(crontab).show(second).state == "current"
    assert remove(tmp_path / "two.toml", schedulers=[CronScheduler(crontab)], environment={})
    assert crontab.read() == ODD


def test_the_same_profile_under_two_homes_has_two_schedules(
    cron: Cron, planned: Planner, tmp_path: Path
) -> None:
    crontab = cron()
    other = {"NUMERI_HOME": str(tmp_path / "other")}
    install(planned(), CronScheduler(crontab), keys_stored=True)
    install(planned(environment=other), CronScheduler(crontab), keys_stored=True)
    held = CronScheduler(crontab).installed(identify(tmp_path / "numeri.toml", environment={}))
    assert held is not None
    assert held.text == planned().text
    assert remove(tmp_path / "numeri.toml", schedulers=[CronScheduler(crontab)], environment=other)
    assert CronScheduler(crontab).show(planned()).state == "current"


def test_removing_what_is_not_there_changes_nothing(cron: Cron, tmp_path: Path) -> None:
    crontab = cron(content=ODD)
    removed = remove(tmp_path / "numeri.toml", schedulers=[CronScheduler(crontab)], environment={})
    assert removed == ()
    assert crontab.read() == ODD


def test_keys_that_only_the_shell_has_are_refused_before_anything_is_touched(
    cron: Cron, planned: Planner
) -> None:
    crontab = cron(content=ODD)
    with pytest.raises(KeysMissing) as caught:
        install(planned(), CronScheduler(crontab), keys_stored=False)
    assert "`numeri login`" in caught.value.hint
    assert crontab.read() == ODD
    assert not planned().log.parent.exists()


def test_without_cron_the_error_gives_the_lines_to_paste(planned: Planner, tmp_path: Path) -> None:
    missing = Crontab((str(tmp_path / "no-crontab"),))
    schedule = planned()
    assert CronScheduler(missing).show(schedule).state == "absent"
    with pytest.raises(ScheduleError, match="no `crontab`") as caught:
        install(schedule, CronScheduler(missing), keys_stored=True)
    assert schedule.lines[1] in caught.value.hint
    assert "--system systemd" in caught.value.hint
    removed = remove(tmp_path / "numeri.toml", schedulers=[CronScheduler(missing)], environment={})
    assert removed == ()


def test_a_cron_that_refuses_is_quoted_and_nothing_changes(cron: Cron, planned: Planner) -> None:
    crontab = cron(content=b"61 1 * * * true\n")  # as if a newer cron had become stricter
    with pytest.raises(ScheduleError, match="bad minute"):
        install(planned(), CronScheduler(crontab), keys_stored=True)
    assert crontab.read() == b"61 1 * * * true\n"


def test_a_crontab_that_cannot_be_read_is_never_replaced(planned: Planner, tmp_path: Path) -> None:
    script = tmp_path / "crontab"
    script.write_text(
        '#!/bin/sh\necho "$1" >> "$0.calls"\necho "can\'t open: Permission denied" >&2\nexit 1\n'
    )
    script.chmod(0o755)
    with pytest.raises(ScheduleError, match="Permission denied"):
        install(planned(), CronScheduler(Crontab((str(script),))), keys_stored=True)
    assert (tmp_path / "crontab.calls").read_text().split() == ["-l"]


def test_a_carriage_return_that_cannot_be_told_from_its_letters_is_refused(
    planned: Planner, tmp_path: Path
) -> None:
    script = tmp_path / "crontab"
    script.write_text(LENIENT.replace('exec "$EDITOR" crontab', "exit 0"))
    script.chmod(0o755)
    (tmp_path / "spool").mkdir()
    kept = tmp_path / "spool" / "crontab"
    kept.write_bytes(rb"0 1 * * * printf '\r'" + b"\n")
    with pytest.raises(ScheduleError, match="cannot be read exactly"):
        install(
            planned(), CronScheduler(Crontab((str(script), str(kept.parent)))), keys_stored=True
        )
    assert kept.read_bytes() == rb"0 1 * * * printf '\r'" + b"\n"


def test_a_cron_that_alters_what_it_gets_has_the_old_crontab_put_back(
    planned: Planner, tmp_path: Path
) -> None:
    script = tmp_path / "crontab"
    script.write_text(LENIENT.replace("exec cat >", "exec sed s/numeri/numero/g >"))
    script.chmod(0o755)
    (tmp_path / "spool").mkdir()
    crontab = Crontab((str(script), str(tmp_path / "spool")))
    crontab.replace(b"0 1 * * * true\n", before=None)
    with pytest.raises(ScheduleError, match="put back"):
        install(planned(), CronScheduler(crontab), keys_stored=True)
    assert crontab.read() == b"0 1 * * * true\n"


def test_a_cron_that_lists_its_own_header_does_not_pile_it_up(
    cron: Cron, planned: Planner, tmp_path: Path
) -> None:
    crontab = cron("header")
    crontab.replace(ODD, before=None)
    shown = crontab.read()
    assert shown is not None
    assert shown.startswith(b"# DO NOT EDIT")
    held = roundtrip(crontab, planned, tmp_path)
    assert held.count(b"# DO NOT EDIT") == 1
    assert crontab.read() == shown


def test_a_last_line_without_an_end_gets_one_where_cron_insists(
    cron: Cron, planned: Planner, tmp_path: Path
) -> None:
    crontab = cron("debian", content=b"0 1 * * * true")  # written past cron, by hand
    roundtrip(crontab, planned, tmp_path)
    assert crontab.read() == b"0 1 * * * true\n"


def test_half_a_block_stops_install_remove_and_show(
    cron: Cron, planned: Planner, tmp_path: Path
) -> None:
    opening = f"# >>> numeri {planned().identity} >>>\n".encode()
    crontab = cron(content=ODD + opening)
    with pytest.raises(ScheduleError, match="not whole"):
        install(planned(), CronScheduler(crontab), keys_stored=True)
    with pytest.raises(ScheduleError, match="not whole"):
        remove(tmp_path / "numeri.toml", schedulers=[CronScheduler(crontab)], environment={})
    assert crontab.read() == ODD + opening


def test_a_log_folder_that_cannot_be_made_is_told_before_the_crontab_is_touched(
    cron: Cron, planned: Planner, tmp_path: Path
) -> None:
    crontab = cron(content=ODD)
    (tmp_path / "log").write_text("a file in the way")
    with pytest.raises(DiskError, match="log"):
        install(planned(), CronScheduler(crontab), keys_stored=True)
    assert crontab.read() == ODD
