"""Credentials in the store's database: encrypted, bound to their place, and moved from one key to the next."""

from __future__ import annotations

import json
import shlex
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager, nullcontext
from pathlib import Path

import pytest

from tests.clock import START
from tests.store.backends import KEY, OTHER_KEY
from ttp.domain.account import Credentials
from ttp.domain.errors import UsageError
from ttp.store.credentials import BackendUnavailable, BrokenEntry, KeyMissing
from ttp.store.credentials.keys import Keys, parse_keys
from ttp.store.credentials.table import CredentialsTable
from ttp.store.database import Database
from ttp.store.dialect import Connection

OLD, NEW = KEY, OTHER_KEY
OLD_ID, NEW_ID = (parse_keys(key, "")[0].id for key in (OLD, NEW))
HELD = Credentials("s3cret-a", "api.x.com", "s3cret-r", START, "12", "app", "s3cret-c")
NAMES = ("x/me", "x/other", "webhook/3")


def table(database: Database, *keys: str) -> CredentialsTable:
    """The entries as a process with these keys has them."""
    return CredentialsTable(database, Keys(" ".join(keys) or None, (), database.home))


def rows(database: Database) -> dict[str, tuple[str, dict[str, str]]]:
    with database.reading() as db:
        assert db is not None
        return {
            row["name"]: (row["key_id"], json.loads(row["fields"])) for row in db.execute("SELECT * FROM credential")
        }


def change(database: Database, sql: str, *values: str) -> None:
    with database.writing() as db:
        db.execute(sql, values)


def unlocked(name: str) -> nullcontext[None]:
    return nullcontext()


def test_no_secret_is_in_the_store_and_equal_texts_do_not_look_equal(database: Database) -> None:
    for name in NAMES:
        table(database, OLD).put(name, HELD)
    found = rows(database)
    assert {key_id for key_id, _ in found.values()} == {OLD_ID}
    texts = [text for _, fields in found.values() for text in fields.values()]
    assert len(set(texts)) == len(texts) == 3 * 7
    assert not any("s3cret" in text or "api.x.com" in text for text in texts)


@pytest.mark.parametrize(
    "move",
    [
        "UPDATE credential SET fields = (SELECT fields FROM credential WHERE name = 'x/other') WHERE name = 'x/me'",
        "UPDATE credential SET fields = replace(fields, 'accessToken', 'clientSecret') WHERE name = 'x/me'",
        "UPDATE store SET store_id = 'another'",
        "UPDATE credential SET fields = '7' WHERE name = 'x/me'",
        """UPDATE credential SET fields = '{"accessToken": "AAAA"}' WHERE name = 'x/me'""",
        """UPDATE credential SET fields = '{"accessToken": "*"}' WHERE name = 'x/me'""",
    ],
    ids=["another entry", "another field", "another store", "no object", "too short", "no base64"],
)
def test_what_was_moved_or_changed_decrypts_nowhere(database: Database, move: str) -> None:
    store = table(database, OLD)
    store.put("x/me", HELD)
    store.put("x/other", HELD)
    change(database, move)
    with pytest.raises(BrokenEntry, match="x/me") as broken:
        store.get("x/me")
    assert "s3cret" not in repr(broken.value)


def test_without_a_key_nothing_is_read_or_written_and_the_fix_is_said(database: Database) -> None:
    table(database, OLD).put("x/me", HELD)
    keyless = table(database)
    for act in (lambda: keyless.get("x/me"), lambda: keyless.put("x/me", HELD), keyless.check):
        with pytest.raises(KeyMissing) as missing:
            act()
        assert "TTP_CREDENTIALS_KEY" in str(missing.value.hints[0].way)
    assert table(database).get("x/nobody") is None
    table(database).remove("x/me")
    assert rows(database) == {}


def test_with_a_wrong_key_nothing_is_read_or_overwritten_and_no_key_is_shown(database: Database) -> None:
    table(database, OLD).put("x/me", HELD)
    before = rows(database)
    wrong = table(database, NEW)
    for act in (
        lambda: wrong.get("x/me"),
        lambda: wrong.put("x/me", HELD),
        lambda: wrong.put("x/third", HELD),
        wrong.check,
        lambda: wrong.rekey(unlocked),
    ):
        with pytest.raises(KeyMissing) as missing:
            act()
        assert OLD_ID in missing.value.message
        assert not any(key in repr((missing.value, missing.value.hints)) for key in (OLD, NEW))
    assert rows(database) == before
    assert table(database, OLD).get("x/me") == HELD


@pytest.mark.parametrize("text", ["short", "é" * 43, OLD[:-1], OLD + "AA", f"{OLD},{NEW}"], ids=range(5))
def test_what_is_not_a_key_is_refused_and_not_shown(database: Database, text: str) -> None:
    with pytest.raises(KeyMissing) as refused:
        table(database, text).put("x/me", HELD)
    assert text not in repr(refused.value)


def test_a_key_in_the_other_alphabet_is_the_same_key() -> None:
    (key,) = parse_keys(OLD, "")
    assert parse_keys(OLD.replace("-", "+").replace("_", "/") + "=", "") == (key,)
    assert repr(key.secret) not in repr(key)


def test_rekey_moves_every_entry_and_the_old_key_decrypts_nothing(database: Database) -> None:
    for name in NAMES:
        table(database, OLD).put(name, HELD)
    both = table(database, NEW, OLD)
    both.put("x/late", HELD)
    assert rows(database)["x/late"][0] == OLD_ID, "a host with the old key alone can still read it"
    done = both.rekey(unlocked)
    assert (done.key_id, done.changed, done.total, done.left) == (NEW_ID, 4, 4, ())
    assert {key_id for key_id, _ in rows(database).values()} == {NEW_ID}
    new = table(database, NEW)
    assert [new.get(name) for name in NAMES] == [HELD] * 3
    with pytest.raises(KeyMissing):
        table(database, OLD).get("x/me")
    with pytest.raises(KeyMissing):
        table(database, OLD).put("x/me", HELD)
    assert new.rekey(unlocked).changed == 0


class Killed(BaseException):
    """The process ends here."""


@pytest.mark.parametrize("commits", range(5))
def test_a_rekey_that_is_killed_after_any_commit_continues(
    database: Database, monkeypatch: pytest.MonkeyPatch, commits: int
) -> None:
    for name in NAMES:
        table(database, OLD).put(name, HELD)
    left, writing = commits, database.writing

    @contextmanager
    def killed() -> Iterator[Connection]:
        nonlocal left
        if left == 0:
            raise Killed
        with writing() as db:
            yield db
        left -= 1

    with monkeypatch.context() as patch:
        patch.setattr(database, "writing", killed)
        if commits < 4:
            with pytest.raises(Killed):
                table(database, NEW, OLD).rekey(unlocked)
        else:
            table(database, NEW, OLD).rekey(unlocked)
    both = table(database, NEW, OLD)
    assert [both.get(name) for name in NAMES] == [HELD] * 3
    assert both.rekey(unlocked).changed == 3 - max(0, commits - 1)
    assert [table(database, NEW).get(name) for name in NAMES] == [HELD] * 3


def test_a_host_with_the_old_key_alone_loses_no_refresh_that_is_under_way(database: Database) -> None:
    for name in NAMES:
        table(database, OLD).put(name, HELD)
    old, fresh = table(database, OLD), Credentials("s3cret-fresh")

    @contextmanager
    def refreshing(name: str) -> Iterator[None]:
        if name == "x/me":
            old.put("x/me", fresh)  # it had the token when `rekey` asked for it
        yield

    table(database, NEW, OLD).rekey(refreshing)
    assert table(database, NEW).get("x/me") == fresh
    with pytest.raises(KeyMissing):
        old.put("x/me", HELD)
    with pytest.raises(KeyMissing):
        old.put("x/new", HELD)


def test_while_a_rekey_is_unfinished_a_host_without_the_old_key_says_which_is_missing(database: Database) -> None:
    table(database, OLD).put("x/me", HELD)
    change(database, "UPDATE store SET credentials_key = ?", NEW_ID)
    with pytest.raises(KeyMissing, match=OLD_ID):
        table(database, NEW).get("x/me")
    table(database, NEW).put("x/other", HELD)
    assert "1 still have another key" in table(database, NEW).check()


def test_a_lost_key_is_replaced_by_dropping_what_it_encrypted(database: Database) -> None:
    table(database, OLD).put("x/me", HELD)
    new = table(database, NEW)
    assert new.rekey(unlocked, discard=True).changed == 1
    assert new.get("x/me") is None
    new.put("x/me", HELD)
    assert new.get("x/me") == HELD


def test_a_damaged_entry_holds_no_other_up(database: Database) -> None:
    for name in NAMES:
        table(database, OLD).put(name, HELD)
    change(database, "UPDATE credential SET fields = '{}' WHERE name = 'x/me'")
    change(database, """UPDATE credential SET fields = '{"accessToken": "AAAA"}' WHERE name = 'x/other'""")
    done = table(database, NEW, OLD).rekey(unlocked)
    assert (done.changed, done.left) == (2, ("x/other",))
    assert table(database, NEW).get("webhook/3") == HELD


def program(tmp_path: Path, says: Callable[[Path], str]) -> tuple[Keys, Path]:
    """Keys from a program that prints a file."""
    file = tmp_path / "keys"
    file.write_text(OLD)
    return Keys(None, tuple(shlex.split(says(file))), tmp_path), file


def test_a_key_program_is_asked_once_and_again_for_a_key_that_it_did_not_have(
    database: Database, tmp_path: Path
) -> None:
    keys, file = program(tmp_path, lambda file: f"cat {shlex.quote(str(file))}")
    running = CredentialsTable(database, keys)
    running.put("x/me", HELD)
    file.write_text(f"{NEW}\n{OLD}\n")
    assert running.get("x/me") == HELD
    table(database, NEW, OLD).rekey(unlocked)
    assert running.get("x/me") == HELD
    file.unlink()
    assert running.get("x/me") == HELD


@pytest.mark.parametrize(
    ("argv", "error"),
    [
        ((sys.executable, "-c", "import sys; sys.exit('no agent')"), BackendUnavailable),
        ((sys.executable, "-c", "print()"), KeyMissing),
        ((sys.executable, "-c", "print('s3cret')"), KeyMissing),
        ((sys.executable, "-c", "import os; os.kill(os.getpid(), 9)"), BackendUnavailable),
    ],
    ids=["fails", "prints nothing", "prints no key", "is killed"],
)
def test_a_key_program_that_gives_no_key_is_reported_without_its_output(
    database: Database, argv: tuple[str, ...], error: type[Exception]
) -> None:
    with pytest.raises(error) as refused:
        CredentialsTable(database, Keys(None, argv, database.home)).put("x/me", HELD)
    assert "s3cret" not in str(refused.value)


def test_without_the_package_the_extra_is_named(database: Database, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("ttp.store.credentials.keys.find_spec", lambda name: None)
    with pytest.raises(UsageError) as refused:
        table(database, OLD)
    assert "ttp-cli[team]" in str(refused.value.hints[0].way)
