"""What a program that we start gets to see of the environment."""

from __future__ import annotations

from numeri_cli.children import child_environment


def test_a_child_finds_its_way_and_sees_no_key() -> None:
    environment = {
        "PATH": "/bin", "HOME": "/home/me", "LANG": "de_DE.UTF-8", "TZ": "UTC",
        "XDG_RUNTIME_DIR": "/run/user/1", "DBUS_SESSION_BUS_ADDRESS": "unix:x",
        "NUMERAI_SECRET_KEY": "planted", "NUMERAI_MCP_AUTH": "planted", "MY_TOKEN": "planted",
        "HTTPS_PROXY": "http://me:planted@proxy", "LD_PRELOAD": "planted.so",
    }  # fmt: skip
    given = child_environment(environment, LC_ALL="C")
    assert "planted" not in " ".join(given.values())
    assert given["LC_ALL"] == "C"
    assert set(given) == {
        "PATH", "HOME", "LANG", "TZ", "XDG_RUNTIME_DIR", "DBUS_SESSION_BUS_ADDRESS", "LC_ALL",
    }  # fmt: skip
