"""The pictures of `ttp doctor` and `ttp account show`."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import UTC, datetime, timedelta

from tests.rows import each
from ttp.cli.render.accounts import render_account
from ttp.cli.render.doctor import render_checks
from ttp.cli.render.page import Page
from ttp.cli.render.width import columns
from ttp.domain.account import Account
from ttp.domain.diagnostics import Check, Grade

NOW = datetime(2026, 11, 24, 12, 46, tzinfo=UTC)
PAGE = Page(NOW)
CHECKS = (
    Check("store", Grade.OK, "/home/me/.local/share/ttp/ttp.db, 1.2 MB, intact, schema 3"),
    Check("publisher", Grade.WARN, "nothing publishes (never run); 3 posts are scheduled", "ttp run"),
    Check(
        "account.x/roastery",
        Grade.FAIL,
        "must be connected again: X answered invalid_grant: the token is spent",
        "ttp account connect x/roastery",
    ),
)


def drawn(lines: Iterable[str]) -> str:
    return "".join(f"{line}\n" for line in lines)


def test_each_check_has_its_line_and_the_command_under_it() -> None:
    assert drawn(render_checks(CHECKS, PAGE)) == (
        "  ok    store               /home/me/.local/share/ttp/ttp.db, 1.2 MB, intact,\n"
        "                            schema 3\n"
        "  WARN  publisher           nothing publishes (never run); 3 posts are scheduled\n"
        "                            fix: ttp run\n"
        "  FAIL  account.x/roastery  must be connected again: X answered invalid_grant:\n"
        "                            the token is spent\n"
        "                            fix: ttp account connect x/roastery\n"
        "\n"
        "1 ok, 1 warning, 1 failure\n"
    )


@each("width", [40, 57, 120])
def test_lines_fit_but_for_commands_which_stay_whole(width: int) -> None:
    lines = list(render_checks(CHECKS, Page(NOW, width=width)))
    assert all(columns(line) <= width for line in lines if "fix:" not in line)
    assert any(line.endswith("fix: ttp account connect x/roastery") for line in lines)


def test_the_status_alone_is_painted() -> None:
    first = next(iter(render_checks(CHECKS[2:], Page(NOW, color=True))))
    assert first.startswith("  \x1b[31mFAIL\x1b[0m  account.x/roastery  must")


def test_foreign_words_do_nothing_to_the_terminal() -> None:
    shown = drawn(render_checks([Check("a\x1b[2J", Grade.FAIL, "b\x1b[2J\nc", "d\x1b[2J")], PAGE))
    assert "\x1b" not in shown
    assert "b\\x1b[2J c" in shown


def test_everything_about_an_account() -> None:
    account = Account(
        "tiktok",
        "me",
        user_id="-000a",
        connected=True,
        enabled=False,
        timezone="Asia/Tokyo",
        expires_at=NOW + timedelta(days=60),
        scopes=("user.info.basic", "user.info.profile", "user.info.stats", "video.publish", "video.upload"),
        hold_until=NOW + timedelta(hours=2),
        hold_reason="quota",
        options={"tiktok.privacy_level": "SELF_ONLY"},
    )
    assert drawn(render_account(account, PAGE)) == (
        "tiktok/me   disabled\n"
        "  User id      -000a\n"
        "  Zone         Asia/Tokyo\n"
        "  Token until  23 Jan 2027 12:46\n"
        "  Permissions  user.info.basic user.info.profile user.info.stats video.publish\n"
        "               video.upload\n"
        "  Options      tiktok.privacy_level=SELF_ONLY\n"
        "\n"
        "tiktok/me is disabled; its due posts fail:  ttp account enable tiktok/me\n"
        "tiktok/me is on hold until today 14:46 (quota)\n"
    )


def test_an_account_that_is_not_connected_says_how() -> None:
    assert drawn(render_account(Account("x", "me"), PAGE)) == (
        "x/me   not connected\n"
        "  Zone         not set (UTC)\n"
        "\n"
        "x/me is for analytics only (not connected):  ttp account connect x/me\n"
    )
