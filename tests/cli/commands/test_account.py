"""`ttp account add, list, set, remove`: names, credentials that are never shown, and posts that name an account."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from tests.conftest import Program
from tests.rows import each
from ttp.cli import terminal
from ttp.cli.errors import BY_CODE
from ttp.domain.platform import LOST_ANSWER

SECRET = "s3cr3t-token"


def stored(ttp: Program) -> dict[str, dict[str, str]]:
    """The accounts of the credentials file."""
    path = ttp.home / "credentials.json"
    return dict(json.loads(path.read_text())["accounts"]) if path.exists() else {}


# Add.


def test_credentials_connect_an_account_and_are_kept_for_their_host(ttp: Program, tmp_path: Path) -> None:
    file = tmp_path / "token.json"
    file.write_text(json.dumps({"accessToken": SECRET, "refreshToken": "r", "expiresAt": "2027-01-31T01:00:00+01:00"}))
    ran = ttp("account", "add", "twitter/@Me", "--credentials", str(file), "--json")
    assert ran.code == 0
    assert ran.json == {
        **{"account": "x/Me", "platform": "x", "handle": "Me", "connected": True, "needsReconnect": False},
        **{"enabled": True, "timezone": None, "expiresAt": "2027-01-31T00:00:00Z", "scopes": []},
        **{"holdUntil": None, "holdReason": None, "options": {}, "server": None, "split": None, "utm": None},
    }
    assert stored(ttp)["x/me"]["accessToken"] == SECRET
    assert stored(ttp)["x/me"]["host"] == "api.x.com"
    assert (ttp.home / "credentials.json").stat().st_mode & 0o777 == 0o600


def test_new_credentials_replace_the_old_and_clear_the_reconnecting(ttp: Program) -> None:
    ttp.account("x/me")
    ttp.ok("account", "set", "x/me", "--tz", "Europe/Berlin")
    ttp.sql("UPDATE account SET needs_reconnect = true")
    ran = ttp("account", "add", "x/ME", "--credentials", "-", "--json", stdin=json.dumps({"accessToken": SECRET}))
    assert (ran.json["account"], ran.json["needsReconnect"]) == ("x/me", False)
    assert ran.json["timezone"] == "Europe/Berlin"
    assert {name: held["accessToken"] for name, held in stored(ttp).items()} == {"x/me": SECRET}
    assert ttp.count("account") == 1


@each(
    ("text", "field"),
    [
        ("", ""),
        ("{", ""),
        ("[" * 60_000, ""),
        ('["s3cr3t-token"]', ""),
        ("{}", '"accessToken"'),
        ('{"accessToken": 7}', '"accessToken"'),
        ('{"accessToken": ""}', '"accessToken"'),
        ('{"accessToken": "s3cr3t-token two"}', '"accessToken"'),
        ('{"accessToken": "s3cr3t-token\\u0000"}', '"accessToken"'),
        ('{"accessToken": "s3cr3t-token\\r\\nX-Header: 1"}', '"accessToken"'),
        ('{"accessToken": "s3cr3t-token", "refreshToken": ["s3cr3t-token"]}', '"refreshToken"'),
        ('{"accessToken": "s3cr3t-token", "refreshToken": "\\ud800"}', '"refreshToken"'),
        ('{"accessToken": "s3cr3t-token", "clientSecret": "a\\nb"}', '"clientSecret"'),
        ('{"accessToken": "s3cr3t-token", "userId": 12}', '"userId"'),
        ('{"accessToken": "s3cr3t-token", "expiresAt": "soon"}', '"expiresAt"'),
        ('{"accessToken": "s3cr3t-token", "expiresAt": "2027-01-31"}', '"expiresAt"'),
        ('{"accessToken": "s3cr3t-token", "expiresAt": "0001-01-01T00:00:00+14:00"}', '"expiresAt"'),
        ('{"accessToken": "s3cr3t-token", "expiresAt": 1798675200}', '"expiresAt"'),
        ('{"apiKey": "s3cr3t-token", "apiSecret": "x"}', ""),
        (b"\xff\xfe", ""),
    ],
)
def test_credentials_that_cannot_be_used_are_refused_and_never_shown(
    ttp: Program, text: str | bytes, field: str
) -> None:
    for more in ([], ["--json"]):
        ran = ttp("account", "add", "x/me", "--credentials", "-", *more, stdin=text)
        assert (ran.code, ran.out) == (2, "")
        assert field in (ran.error["message"] if more else ran.err)
        assert SECRET not in ran.err
    assert not ttp.home.exists()


def test_no_answer_and_no_error_shows_a_token(ttp: Program) -> None:
    ttp.ok("account", "add", "x/me", "--credentials", "-", stdin=json.dumps({"accessToken": SECRET}))
    ttp.post("Hello", "--to", "x", "--at", "in 1h")
    for argv in (["account", "list"], ["account", "set", "x/me", "--tz", "UTC"], ["show", "1"], ["status"]):
        for format in ("table", "tsv", "json", "jsonl"):
            ran = ttp(*argv, "--format", format)
            assert SECRET not in ran.out + ran.err
    assert all(SECRET.encode() not in path.read_bytes() for path in ttp.home.glob("ttp.db*"))


@pytest.mark.parametrize(
    ("argv", "code"),
    [
        *((["me"], "usage"), (["fb/me"], "usage"), (["x/"], "usage"), (["x/a b"], "usage"), (["x/\x1b[31m"], "usage")),
        *((["x/me", "--credentials", "missing.json"], "not_found"), (["x/me", "--credentials", "."], "usage")),
        ([], "usage"),
    ],
)
def test_a_name_or_file_that_means_nothing_is_refused(
    ttp: Program, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, argv: list[str], code: str
) -> None:
    monkeypatch.chdir(tmp_path)
    ran = ttp("account", "add", *argv)
    assert (ran.code, ran.out) == (BY_CODE[code], "")
    assert "\x1b" not in ran.err
    assert ttp("account", "add", *argv, "--json").error["code"] == code
    assert not ttp.home.exists()


# List and set.


def test_the_list_has_the_columns_of_the_contract(ttp: Program) -> None:
    ttp.account("x/me", expiresAt="2027-01-31T00:00:00Z")
    ttp.ok("account", "set", "x/me", "--tz", "Europe/Berlin")
    ttp.ok("account", "add", "ig/shop")
    assert ttp("account", "list", "--header").rows == [
        ["account", "connected", "zone", "expiresAt"],
        ["instagram/shop", "false", "", ""],
        ["x/me", "true", "Europe/Berlin", "2027-01-31T00:00:00Z"],
    ]
    assert [one["account"] for one in ttp("account", "list", "--json").json] == ["instagram/shop", "x/me"]


def test_people_read_what_happens_to_a_lost_answer(ttp: Program, tmp_path: Path) -> None:
    program = tmp_path / "box.py"
    program.write_text("#!/bin/sh\n")
    program.chmod(0o700)
    ttp.account("x/me")
    ttp.ok("account", "add", "command/box", "--program", str(program))
    rows = ttp.ok("account", "list", "--format", "table").out.splitlines()
    wish = ("create", "Hello", "--to", "x/me,command/box", "--dry-run")
    proofs = {one["account"]: one["lostAnswer"] for one in ttp.ok(*wish, "--json").json["versions"]}
    assert proofs == {"x/me": "look_up", "command/box": "none"}
    for name, proof in proofs.items():
        words = LOST_ANSWER[proof]
        assert words in next(line for line in rows if name in line)
        assert words in ttp.ok("account", "show", name, "--format", "table").out
        assert words in ttp.ok("help", name.partition("/")[0]).out
        assert words in ttp.ok(*wish, "--format", "table").out


@pytest.mark.parametrize(("token", "until"), [({"refreshToken": "r"}, "renewed"), ({}, "31 Jan 2027")])
def test_the_end_of_a_token_is_shown_where_ttp_does_not_renew_it(
    ttp: Program, token: dict[str, str], until: str
) -> None:
    ttp.account("x/me", expiresAt="2027-01-31T00:00:00Z", **token)
    row = next(line for line in ttp.ok("account", "list", "--format", "table").out.splitlines() if "x/me" in line)
    assert until in row


def test_a_zone_and_options_are_set_and_the_zone_taken_away(ttp: Program) -> None:
    ttp.account("tt/me")
    after = ttp(
        "account", "set", "tiktok/me", "--set", "tt.privacy_level=self_only", "--tz", "Asia/Tokyo", "--json"
    ).json
    assert (after["options"], after["timezone"]) == ({"tiktok.privacy_level": "SELF_ONLY"}, "Asia/Tokyo")
    assert ttp("account", "set", "tiktok/me", "--tz", "", "--json").json["timezone"] is None


@pytest.mark.parametrize(
    ("argv", "code", "hint"),
    [
        (["x/me"], "usage", "ttp account set --help"),
        (["x/me", "--tz", "Mars"], "time", "ttp account set x/me --tz Europe/Berlin --json"),
        (["x/me", "--set", "tiktok.is_aigc=true"], "usage", None),
        (["x/me", "--set", "x.nonsense=1"], "usage", None),
        (["x/nobody", "--tz", "UTC"], "not_found", "ttp account list"),
    ],
)
def test_a_setting_that_means_nothing_is_refused(ttp: Program, argv: list[str], code: str, hint: str | None) -> None:
    ttp.account("x/me")
    ran = ttp("account", "set", *argv, "--json")
    assert (ran.code, ran.out, ran.error["code"]) == (BY_CODE[code], "", code)
    assert hint in (None, *ran.error["hints"])


# Remove.


def test_an_account_without_posts_is_removed_with_its_credentials(ttp: Program) -> None:
    ttp.account("x/me")
    assert ttp("account", "remove", "x/me", "--json").json["connected"] is False
    assert ttp("account", "list").out == ""
    assert stored(ttp) == {}
    assert ttp("account", "remove", "x/me").code == 3


def test_an_account_that_posts_name_stays_until_yes_cancels_those(ttp: Program) -> None:
    ttp.account("x/me")
    ttp.account("x/shop")
    for text in ("a", "b"):
        ttp.post(text, "--to", "x/me,x/shop", "--at", "in 1h")
    ran = ttp("account", "remove", "x/me")
    assert ran.code == 2
    assert "ttp account remove x/me --yes" in ran.err
    ttp.ok("account", "remove", "x/me", "--yes")
    assert [d["state"] for d in ttp.shown(1)["deliveries"]] == ["cancelled", "pending"]
    assert ttp.shown(2)["accounts"] == ["x/shop"]


def test_yes_never_cancels_what_is_being_published(ttp: Program) -> None:
    ttp.account("x/me")
    ttp.post("a", "--to", "x/me", "--at", "in 1h")
    for state in ("sending", "needs_review"):
        ttp.bring(1, state)
        ran = ttp("account", "remove", "x/me", "--yes", "--json")
        assert (ran.code, ran.error["code"], ran.error["hint"]) == (2, "state", "ttp show 1")
    assert stored(ttp) != {}


def test_a_removed_account_comes_back_with_its_history(ttp: Program) -> None:
    ttp.account("x/me")
    ttp.post("a", "--to", "x/me", "--at", "in 1h")
    ttp.ok("account", "remove", "x/me", "--yes")
    ttp.account("x/me")
    assert ttp.count("account") == 1
    assert ttp("edit", "1", "--to", "x/me", "--at", "in 2h", "--json").json["status"] == "scheduled"


# Show, enable and disable.


def test_show_is_the_account_of_the_list_and_a_picture_of_its_own(ttp: Program) -> None:
    ttp.account("x/me", expiresAt="2027-01-31T00:00:00Z", userId="42")
    assert ttp("account", "show", "twitter/ME", "--json").json == ttp("account", "list", "--json").json[0]
    assert ttp("account", "show", "x/me").rows == [["x/me", "true", "", "2027-01-31T00:00:00Z"]]
    shown = ttp("account", "show", "x/me", "--format", "table").out
    assert shown.splitlines()[:2] == ["x/me   connected", "  User id      42"]
    assert "token-of" not in shown


def test_a_disabled_account_fails_what_is_due_and_leaves_the_rest(ttp: Program) -> None:
    ttp.account("x/me")
    ttp.post("soon", "--to", "x/me", "--at", "in 1h")
    ttp.post("later", "--to", "x/me", "--at", "in 3h")
    ran = ttp("account", "disable", "x/me", "--json")
    assert (ran.code, ran.json["enabled"]) == (0, False)
    assert "ttp list --account x/me" in ran.err
    ttp.clock.advance(hours=1)
    assert ttp("run", "--once").code == 6
    assert [ttp.shown(post)["deliveries"][0]["state"] for post in (1, 2)] == ["failed", "pending"]
    error = ttp.shown(1)["deliveries"][0]["error"]
    assert (error["kind"], error["hint"]) == ("account", "ttp account enable x/me")


def test_a_platform_whose_accounts_are_all_disabled_says_which_to_enable(ttp: Program) -> None:
    ttp.account("x/me")
    ttp.ok("account", "disable", "x/me")
    ran = ttp("create", "soon", "--to", "x", "--json")
    assert (ran.code, ran.error["code"], ran.error["hint"]) == (2, "usage", "ttp account enable x/me")


def test_enabling_says_how_to_retry_what_failed_meanwhile(ttp: Program) -> None:
    ttp.account("x/me")
    ttp.post("soon", "--to", "x/me", "--at", "in 1h")
    ttp.ok("account", "disable", "x/me")
    ttp.clock.advance(hours=1)
    ttp("run", "--once")
    ran = ttp("account", "enable", "x/me", "--json")
    assert (ran.code, ran.json["enabled"]) == (0, True)
    assert "ttp retry --failed --account x/me" in ran.err
    assert ttp.shown(1)["status"] == "failed"


def test_enabling_ends_a_hold_at_once(ttp: Program) -> None:
    ttp.account("x/me")
    ttp.sql("UPDATE account SET hold_until = 1900000000000, hold_reason = 'no credit'")
    assert ttp("account", "show", "x/me", "--json").json["holdReason"] == "no credit"
    after = ttp.ok("account", "enable", "x/me", "--json").json
    assert (after["holdUntil"], after["holdReason"]) == (None, None)


@pytest.mark.parametrize("what", ["enable", "disable"])
def test_an_account_is_switched_as_often_as_one_likes_and_a_missing_one_never(ttp: Program, what: str) -> None:
    assert ttp("account", what, "x/me").code == 3
    assert not ttp.home.exists()
    ttp.account("x/me")
    for _ in range(2):
        assert ttp.ok("account", what, "x/me", "--json").json["enabled"] is (what == "enable")


@pytest.mark.parametrize(
    ("state", "fix"),
    [("enabled = false", "ttp account enable x/me"), ("needs_reconnect = true", "ttp account connect x/me")],
)
def test_scheduling_to_an_account_that_cannot_publish_warns(ttp: Program, state: str, fix: str) -> None:
    ttp.account("x/me")
    ttp.sql(f"UPDATE account SET {state}")
    ran = ttp.ok("create", "Hello", "--to", "x/me", "--at", "in 1h", "--json")
    assert fix in ran.err
    assert ran.json["status"] == "scheduled"
    assert ran.json["warnings"]


def test_the_list_on_a_terminal_says_what_ends_each_state(ttp: Program) -> None:
    ttp.account("x/me")
    ttp.sql("UPDATE account SET enabled = false, needs_reconnect = true")
    shown = ttp("account", "list", "--format", "table").out
    assert "ttp account enable x/me" in shown
    assert "ttp account connect x/me" in shown


@pytest.mark.parametrize(("typed", "left", "code"), [("y\n", [], 0), ("n\n", ["x/me"], 1)])
def test_a_person_who_does_not_want_to_remove_an_account_gets_exit_1(
    ttp: Program, monkeypatch: pytest.MonkeyPatch, typed: str, left: list[str], code: int
) -> None:
    ttp.ok("account", "add", "x/me")
    monkeypatch.setattr(terminal, "is_interactive", lambda: True)
    assert ttp("account", "remove", "x/me", stdin=typed).code == code
    assert [one["account"] for one in ttp.ok("account", "list", "--json").json] == left
