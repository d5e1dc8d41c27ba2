"""Which clocks cron may go by."""

from __future__ import annotations

import shutil
from datetime import UTC, datetime, timedelta
from pathlib import Path
from zoneinfo import ZoneInfo

import pytest

from numeri_cli.schedule.calendar import offsets
from numeri_cli.schedule.zones import machine_zones, named_zone

START = datetime(2026, 11, 18, tzinfo=UTC)
BERLIN = (timedelta(hours=1), timedelta(hours=2))


def zone_file(name: str) -> Path:
    for folder in map(
        Path, ("/usr/share/zoneinfo", "/usr/lib/zoneinfo", "/usr/share/lib/zoneinfo")
    ):
        if (folder / name).is_file():
            return folder / name
    pytest.skip("no zone files on this machine")


@pytest.fixture
def nowhere(tmp_path: Path) -> Path:
    return tmp_path / "nothing"


@pytest.mark.parametrize(
    "text",
    ["Europe/Berlin", ":Europe/Berlin", " Europe/Berlin\n", "CET-1CEST,M3.5.0,M10.5.0/3"],
)
def test_tz_is_understood_in_each_of_its_spellings(text: str, nowhere: Path) -> None:
    zones = machine_zones({"TZ": text}, localtime=nowhere, timezone=nowhere)
    assert len(zones) == 1
    assert offsets(zones, start=START) == BERLIN


def test_tz_may_be_the_path_of_a_zone_file(nowhere: Path) -> None:
    zones = machine_zones(
        {"TZ": f":{zone_file('Europe/Berlin')}"}, localtime=nowhere, timezone=nowhere
    )
    assert [zone.key for zone in zones] == ["Europe/Berlin"]


def test_a_link_to_a_zone_file_gives_the_zone_its_name(tmp_path: Path, nowhere: Path) -> None:
    link = tmp_path / "localtime"
    link.symlink_to(zone_file("Pacific/Chatham"))
    (zone,) = machine_zones({}, localtime=link, timezone=nowhere)
    assert zone.key == "Pacific/Chatham"
    assert offsets([zone], start=START) == (timedelta(hours=12.75), timedelta(hours=13.75))


def test_a_copied_zone_file_has_the_name_beside_it(tmp_path: Path) -> None:
    copy, name = tmp_path / "localtime", tmp_path / "timezone"
    shutil.copy(zone_file("Europe/Berlin"), copy)
    name.write_text("Europe/Berlin\n")
    (zone,) = machine_zones({}, localtime=copy, timezone=name)
    assert zone.key == "Europe/Berlin"
    assert offsets([zone], start=START) == BERLIN


def test_a_name_alone_is_enough(tmp_path: Path, nowhere: Path) -> None:
    name = tmp_path / "timezone"
    name.write_text("Europe/Berlin\n")
    assert machine_zones({}, localtime=nowhere, timezone=name) == (ZoneInfo("Europe/Berlin"),)


def test_without_any_sign_the_clock_is_utc(nowhere: Path) -> None:
    zones = machine_zones({}, localtime=nowhere, timezone=nowhere)
    assert [zone.key for zone in zones] == ["UTC"]


def test_a_shell_with_another_zone_than_the_machine_counts_beside_it(
    tmp_path: Path, nowhere: Path
) -> None:
    link = tmp_path / "localtime"
    link.symlink_to(zone_file("Asia/Kolkata"))
    zones = machine_zones({"TZ": "Europe/Berlin"}, localtime=link, timezone=nowhere)
    assert [zone.key for zone in zones] == ["Europe/Berlin", "Asia/Kolkata"]


@pytest.mark.parametrize("text", ["Nowhere/Land", "../../etc/passwd", "x\ny", "ü", "/etc/passwd"])
def test_a_senseless_tz_is_passed_over_as_the_system_does(text: str, nowhere: Path) -> None:
    assert named_zone(text) is None
    zones = machine_zones({"TZ": text}, localtime=nowhere, timezone=nowhere)
    assert [zone.key for zone in zones] == ["UTC"]


def test_a_damaged_localtime_is_passed_over(tmp_path: Path, nowhere: Path) -> None:
    damaged = tmp_path / "localtime"
    damaged.write_bytes(b"TZif2 and no more")
    zones = machine_zones({}, localtime=damaged, timezone=nowhere)
    assert [zone.key for zone in zones] == ["UTC"]
