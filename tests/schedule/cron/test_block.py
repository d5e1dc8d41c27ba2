"""Our block among bytes that are not ours."""

from __future__ import annotations

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from numeri_cli.errors import ScheduleError
from numeri_cli.schedule.cron.block import (
    find_block,
    insert_block,
    remove_block,
)

OURS, OTHERS = "0a1b2c3d", "ffffffff"
BODY = b"0 12 * * 6 /usr/bin/numeri run\n"

ODD_LINES = st.sampled_from(
    [
        b"  0 3 * * 1\t/bin/true  \n",
        b"# caf\xe9 \r\n",
        b"\r\n",
        b"\n",
        b"\t\n",
        b"a\rb\n",
        b"CRON_TZ=America/New_York\n",
        b' "SHELL" = "/usr/bin/fish"\n',
        b"SHELL=/bin/bash\n",
        b"MAILTO=somebody\n",
        b"# >>> conda initialize >>>\n",
        b"# <<< conda initialize <<<\n",
        b"# >>> numeri ffffffff >>>\n",
        b"# <<< numeri ffffffff <<<\n",
        b"# >>> numeri >>>\n",
        b"@reboot true % stdin",
        b"\x00\xff",
    ]
)
CRONTABS = st.none() | st.binary() | st.lists(ODD_LINES | st.binary(max_size=9)).map(b"".join)


@settings(max_examples=100)
@given(CRONTABS)
@example(None)
@example(b"")
@example(b"0 1 * * * true")
def test_taking_the_block_out_again_leaves_every_byte_as_it_was(content: bytes | None) -> None:
    put_in = insert_block(content, identity=OURS, body=BODY)
    assert find_block(put_in, identity=OURS) == BODY
    assert remove_block(put_in, identity=OURS) == content


@settings(max_examples=100)
@given(CRONTABS)
def test_every_line_of_the_crontab_stays_in_its_order(content: bytes | None) -> None:
    put_in = insert_block(content, identity=OURS, body=BODY)
    start = put_in.index(b"# >>> numeri " + OURS.encode())
    closing = b"# <<< numeri " + OURS.encode() + b" <<<\n"
    end = put_in.index(closing) + len(closing)
    before, after = put_in[:start], put_in[end:]
    assert before + after in {content or b"", (content or b"") + b"\n"}
    assert not before or before.endswith(b"\n")


@settings(max_examples=100)
@given(CRONTABS)
def test_putting_the_block_in_twice_changes_it_where_it_stands(content: bytes | None) -> None:
    once = insert_block(content, identity=OURS, body=BODY)
    assert insert_block(once, identity=OURS, body=BODY) == once
    changed = insert_block(once, identity=OURS, body=b"# other\n")
    assert changed == once.replace(BODY, b"# other\n")
    assert remove_block(changed, identity=OURS) == content


@settings(max_examples=100)
@given(CRONTABS.filter(lambda text: b"numeri ffffffff" not in (text or b"")), st.booleans())
def test_two_profiles_come_and_go_in_any_order(content: bytes | None, first: bool) -> None:
    both = insert_block(content, identity=OURS, body=BODY)
    both = insert_block(both, identity=OTHERS, body=b"# the other\n")
    assert find_block(both, identity=OURS) == BODY
    assert find_block(both, identity=OTHERS) == b"# the other\n"
    order = (OURS, OTHERS) if first else (OTHERS, OURS)
    rest = remove_block(both, identity=order[0])
    assert find_block(rest, identity=order[0]) is None
    assert find_block(rest, identity=order[1]) is not None
    assert remove_block(rest, identity=order[1]) == content


@given(CRONTABS)
def test_a_crontab_without_the_block_is_left_alone(content: bytes | None) -> None:
    assert remove_block(content, identity=OURS) == content
    assert find_block(content, identity=OURS) is None


def test_lines_added_below_the_block_stay_lines_of_their_own() -> None:
    put_in = insert_block(b"0 1 * * * true", identity=OURS, body=BODY)
    assert remove_block(put_in + b"0 2 * * * false\n", identity=OURS) == (
        b"0 1 * * * true\n0 2 * * * false\n"
    )


def test_lines_added_around_a_block_that_made_the_crontab_stay() -> None:
    put_in = insert_block(None, identity=OURS, body=BODY)
    assert remove_block(b"# above\n" + put_in + b"# below\n", identity=OURS) == (
        b"# above\n# below\n"
    )


def test_the_block_goes_to_the_end_where_the_variables_above_hold() -> None:
    content = b"SHELL=/bin/bash\nHTTPS_PROXY=http://proxy:3128\n0 1 * * * true\n"
    assert insert_block(content, identity=OURS, body=BODY).startswith(content)


@pytest.mark.parametrize("line", [b"CRON_TZ=Asia/Tokyo\n", b"SHELL = '/usr/bin/fish'\n"])
def test_the_block_goes_above_a_line_that_would_change_how_it_is_read(line: bytes) -> None:
    content = b"MAILTO=a\n" + line + b"0 1 * * * true\n"
    put_in = insert_block(content, identity=OURS, body=BODY)
    assert put_in.startswith(b"MAILTO=a\n# >>> numeri")
    assert put_in.endswith(b"<<<\n" + line + b"0 1 * * * true\n")


def test_a_block_moves_up_when_such_a_line_was_added_above_it() -> None:
    put_in = insert_block(b"MAILTO=a\n", identity=OURS, body=BODY)
    again = insert_block(b"CRON_TZ=Asia/Tokyo\n" + put_in, identity=OURS, body=BODY)
    assert again.startswith(b"# >>> numeri")
    assert remove_block(again, identity=OURS) == b"CRON_TZ=Asia/Tokyo\nMAILTO=a\n"


def test_a_block_whose_line_ends_an_editor_changed_is_still_found() -> None:
    put_in = insert_block(b"MAILTO=a\r\n", identity=OURS, body=BODY)
    edited = put_in.replace(b"\r\n", b"\n").replace(b"\n", b"\r\n")
    assert remove_block(edited, identity=OURS) == b"MAILTO=a\r\n"


@pytest.mark.parametrize(
    "damage",
    [
        lambda text: text.replace(b"# <<< numeri 0a1b2c3d <<<\n", b""),
        lambda text: text.replace(b"# >>> numeri 0a1b2c3d >>>\n", b""),
        lambda text: text + text,
        lambda text: text.replace(BODY, b"# >>> numeri ffffffff >>>\n"),
    ],
    ids=["no end", "no beginning", "twice", "another block inside"],
)
@pytest.mark.parametrize("act", [find_block, remove_block])
def test_half_a_block_is_refused_and_named_by_its_line(damage, act) -> None:  # type: ignore[no-untyped-def] # two unlike functions
    whole = insert_block(b"MAILTO=a\n", identity=OURS, body=BODY)
    with pytest.raises(ScheduleError, match=r"line [23] of the crontab"):
        act(damage(whole), identity=OURS)
