"""Languages of posts: chosen once for an account, stored with each new post, and sent as they were then."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from tests.conftest import Program
from tests.server.conftest import server_of
from tests.server.pages.conftest import Person
from ttp.cli.commands import account as account_module
from ttp.sandbox.bluesky.records import APP_PASSWORD, StoredRecord
from ttp.sandbox.server import RunningSandbox

NAME = "bluesky/demo"
CONNECT = ("account", "connect", NAME, "--password-file", "-")


@pytest.fixture
def sandbox(ttp: Program, monkeypatch: pytest.MonkeyPatch, shared_sandbox: RunningSandbox) -> RunningSandbox:
    ttp.rehearse(monkeypatch, shared_sandbox)
    monkeypatch.setenv("TTP_PLATFORMS__BLUESKY__BASE_URL", shared_sandbox.url)
    monkeypatch.setenv("LANG", "fr_FR.UTF-8")
    return shared_sandbox


def connect(ttp: Program, *words: str) -> dict[str, str]:
    options: dict[str, str] = ttp.ok(*CONNECT, *words, "--json", stdin=APP_PASSWORD).json["options"]
    return options


def langs(ttp: Program, post: int) -> Any:
    return ttp.shown(post)["deliveries"][0]["langs"]


def sent(sandbox: RunningSandbox) -> Iterator[tuple[str, Any]]:
    for record in sandbox.state.table(StoredRecord).values():
        value = json.loads(record.value)
        yield value["text"], value.get("langs")


def test_a_post_keeps_the_languages_that_it_was_created_with(ttp: Program, sandbox: RunningSandbox) -> None:
    assert connect(ttp) == {}
    ttp.ok("create", "none", "--to", NAME)
    assert connect(ttp, "--langs", "EN, de") == {"bluesky.langs": "en,de"}
    assert connect(ttp) == {"bluesky.langs": "en,de"}  # again, without the option
    ttp.ok("create", "two", "--to", NAME)
    ttp.ok("create", "own", "--to", NAME, "--set", "bluesky.langs=ja")
    ttp.ok("create", "later", "--to", "")
    ttp.ok("copy", "1")
    Path(ttp.home, "rows.csv").write_text(f"accounts,content\n{NAME},row\n")
    ttp.ok("import", str(ttp.home / "rows.csv"))
    ttp.ok("account", "set", NAME, "--langs", "pt-BR")
    ttp.ok("edit", "4", "--to", NAME)
    ttp.ok("edit", "2", "--to", "")
    ttp.ok("edit", "2", "--to", NAME)
    expected = {1: [], 2: ["en", "de"], 3: ["en", "de"], 4: ["pt-BR"], 5: ["en", "de"], 6: ["en", "de"]}
    assert {post: langs(ttp, post) for post in expected} == expected
    ttp.ok("account", "set", NAME, "--langs", "")
    for post in (1, 2, 3, 4):
        ttp.ok("publish", str(post), "--yes")
    assert dict(sent(sandbox)) == {"none": None, "two": ["en", "de"], "own": ["ja"], "later": ["pt-BR"]}


def test_a_post_of_an_older_store_is_published_with_those_of_the_account(ttp: Program, sandbox: RunningSandbox) -> None:
    connect(ttp, "--langs", "de")
    ttp.ok("create", "old", "--to", NAME)
    ttp.sql("UPDATE delivery SET langs = NULL")
    ttp.ok("account", "set", NAME, "--langs", "en")
    assert langs(ttp, 1) is None
    ttp.ok("publish", "1", "--yes")
    assert dict(sent(sandbox)) == {"old": ["en"]}


def test_other_languages_withdraw_no_approval_of_a_post_that_has_its_own(ttp: Program, sandbox: RunningSandbox) -> None:
    ttp.ok("config", "set", "publish.require_approval", "true")
    connect(ttp, "--langs", "de")
    for text in ("new", "old"):
        ttp.ok("create", text, "--to", NAME, "--at", "2098-01-01 09:00")
    ttp.sql("UPDATE delivery SET langs = NULL WHERE post_id = 2")
    ttp.ok("approve", "1", "2")
    ttp.ok("account", "set", NAME, "--langs", "en")
    assert [ttp.shown(post)["approvedAt"] is not None for post in (1, 2)] == [True, False]
    page = Person(server_of(ttp)).log_in("bob", "approve").sees("/approvals")
    assert "bluesky.langs=en" in page  # what the old one will be published with


def test_a_person_is_asked_once(ttp: Program, sandbox: RunningSandbox, monkeypatch: pytest.MonkeyPatch) -> None:
    answers = ["English", "de"]
    monkeypatch.setattr(account_module, "is_interactive", lambda: True)
    monkeypatch.setattr(account_module, "read_line", lambda prompt: answers.pop(0))
    ran = ttp.ok(*CONNECT, "--format", "table", stdin=APP_PASSWORD)
    assert (answers, "English" in ran.err) == ([], True)
    assert ttp.ok("account", "show", NAME, "--json").json["options"] == {"bluesky.langs": "de"}
    ttp.ok(*CONNECT, "--format", "table", stdin=APP_PASSWORD)


@pytest.mark.parametrize(
    ("name", "text"),
    [(NAME, "English"), (NAME, "xx-yy-zz"), (NAME, "en,de,fr,it"), ("mastodon/me@a.example", "en,de"), ("x/me", "en")],
)
def test_what_is_no_language_there_is_refused_before_the_login(
    ttp: Program, monkeypatch: pytest.MonkeyPatch, name: str, text: str
) -> None:
    monkeypatch.setenv(f"TTP_PLATFORMS__{name.partition('/')[0].upper()}__BASE_URL", "http://127.0.0.1:9")
    assert ttp("account", "connect", name, "--password-file", "-", "--langs", text).code == 2
    ttp.account(name)
    assert ttp("account", "set", name, "--langs", text).code == 2
    assert ttp.ok("account", "show", name, "--json").json["options"] == {}
