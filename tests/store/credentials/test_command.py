"""A program that keeps tokens: how it is called, what its ends mean, and what is never waited for or shown."""

from __future__ import annotations

import os
import re
import shlex
from pathlib import Path

import pytest

from tests.last_words import last_words
from tests.store.backends import keeping_program
from ttp.domain.account import Credentials
from ttp.domain.errors import NotFound, UsageError
from ttp.store.credentials import BackendUnavailable
from ttp.store.credentials.command import CredentialsCommand
from ttp.store.home.user_program import CAP

PASS = """#!/bin/sh
# As pass does: entries are files below its store, prompts go to stdout, a missing entry is an error.
store=$PASSWORD_STORE_DIR
for name; do :; done
case $1 in
show) cat "$store/$name.gpg" ;;
insert) echo "Enter contents of $name"; mkdir -p "$(dirname "$store/$name")"; cat >"$store/$name.gpg" ;;
rm) rm "$store/$name.gpg"; echo "removed" ;;
esac
"""

HELD = Credentials("s3cret-a", "api.x.com", "s3cret-r")


def said_by(tmp_path: Path, script: str, *, limit_s: float = 20.0) -> CredentialsCommand:
    """A store whose program is these lines of shell."""
    program = tmp_path / "vault"
    program.write_text(f"#!/bin/sh\n{script}\n")
    program.chmod(0o700)
    return CredentialsCommand(tmp_path / "home", (str(program), "--vault", "a b"), limit_s=limit_s)


def test_it_is_called_by_verb_and_name_and_told_whose_tokens_are_meant(tmp_path: Path) -> None:
    store = CredentialsCommand(tmp_path / "home", keeping_program(tmp_path / "kept"))
    store.put("x/Me", HELD)
    store.get("X/me")
    store.remove("x/me")
    assert store.check() == f"{Path(keeping_program(tmp_path / 'kept')[0]).name}, 0 entries"
    calls = (tmp_path / "kept" / "calls").read_text().splitlines()
    assert calls == [f"{what} {tmp_path / 'home'}" for what in ("put x/me", "get x/me", "remove x/me", "list")]


def test_no_shell_reads_the_words(tmp_path: Path) -> None:
    store = said_by(tmp_path, f'printf "%s|" "$@" >{shlex.quote(str(tmp_path / "words"))}; exit 1')
    assert store.get("x/me") is None
    assert (tmp_path / "words").read_text() == "--vault|a b|get|x/me|"


def test_no_program_is_refused_with_the_line_to_write(tmp_path: Path) -> None:
    with pytest.raises(UsageError, match=r"credentials\.command") as refused:
        CredentialsCommand(tmp_path, ())
    assert str(refused.value.hints[0].way).startswith("credentials.command = [")


@pytest.mark.parametrize("argv", ["/nowhere/vault", "/", "a\0b"])
def test_a_program_that_cannot_be_started_is_told(tmp_path: Path, argv: str) -> None:
    with pytest.raises(NotFound, match=r"credentials\.command"):
        CredentialsCommand(tmp_path, (argv,)).get("x/me")


def test_a_failure_is_told_by_its_first_line_and_cleaned(tmp_path: Path) -> None:
    store = said_by(tmp_path, r'printf "\n\033[31mlocked\n more\n" >&2; exit 2')
    with pytest.raises(BackendUnavailable, match=r"^vault get x/me .*\b2: \\u001b\[31mlocked$"):
        store.get("x/me")
    with pytest.raises(BackendUnavailable, match=r"^vault remove x/me .*\b2: "):
        store.remove("x/me")
    with pytest.raises(BackendUnavailable, match=r"^vault list .*\b2: "):
        store.check()


def test_a_failure_that_looks_like_nothing_there_is_a_failure_where_a_word_was_said(tmp_path: Path) -> None:
    with pytest.raises(BackendUnavailable, match=r"^vault get x/me .*\b1: Traceback$"):
        said_by(tmp_path, "echo Traceback >&2; exit 1").get("x/me")
    with pytest.raises(BackendUnavailable, match=r"^vault get x/me .*\b1$"):
        said_by(tmp_path, "echo '{}'; exit 1").get("x/me")
    with pytest.raises(BackendUnavailable, match=r"^vault put x/me .*\b1$"):
        said_by(tmp_path, "cat >/dev/null; exit 1").put("x/me", HELD)
    with pytest.raises(BackendUnavailable, match=r"^vault remove x/me .*\b9$"):
        said_by(tmp_path, "kill -9 $$").remove("x/me")


def test_a_secret_that_the_program_quotes_is_not_shown(tmp_path: Path) -> None:
    with pytest.raises(BackendUnavailable, match=r"^vault put x/me .*\b3: no room for .*\[secret\]") as told:
        said_by(tmp_path, 'echo "no room for $(cat)" >&2; exit 3').put("x/me", HELD)
    assert "s3cret" not in str(told.value)


def test_a_program_that_does_not_read_what_it_is_given_harms_nothing(tmp_path: Path) -> None:
    long = Credentials("t" * 60_000, "api.x.com", refresh_token="r" * 60_000)
    with pytest.raises(BackendUnavailable, match=r"^vault put x/me .*\b4$"):
        said_by(tmp_path, "exec <&-; exit 4").put("x/me", long)


def test_a_program_that_does_not_end_is_ended_with_its_children(tmp_path: Path) -> None:
    with last_words(tmp_path) as left:
        store = said_by(tmp_path, f"({left.shell}) & sleep 600", limit_s=0.2)
        with pytest.raises(BackendUnavailable, match=r"^vault .*\b0\.2\b"):
            store.get("x/me")
        assert left.read() == b""
    silent = said_by(tmp_path, "exec >&- 2>&-; sleep 600", limit_s=0.2)
    with pytest.raises(BackendUnavailable, match=r"^vault .*\b0\.2\b"):
        silent.get("x/me")


def test_a_program_that_prints_without_end_is_ended(tmp_path: Path) -> None:
    with pytest.raises(BackendUnavailable, match=f"^vault .*{CAP}"):
        said_by(tmp_path, "exec yes").get("x/me")


def test_the_script_of_the_documents_keeps_entries_in_pass(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    page = (Path(__file__).parents[3] / "docs" / "how-to" / "credentials.md").read_text()
    script = re.search(r"^```sh\n(#!/bin/sh\n.*?)^```$", page, re.MULTILINE | re.DOTALL)
    assert script is not None
    for name, text in (("pass", PASS), ("ttp-pass", script[1])):
        (tmp_path / name).write_text(text)
        (tmp_path / name).chmod(0o700)
    monkeypatch.setenv("PASSWORD_STORE_DIR", str(tmp_path / "store"))
    monkeypatch.setenv("PATH", f"{tmp_path}:{os.environ['PATH']}")
    store = CredentialsCommand(tmp_path / "home", (str(tmp_path / "ttp-pass"),))
    assert (store.get("x/me"), store.check()) == (None, "ttp-pass, 0 entries")
    store.put("x/Me", HELD)
    store.put("tiktok/me", HELD)
    assert (store.get("x/me"), store.check()) == (HELD, "ttp-pass, 2 entries")
    assert (tmp_path / "store" / "ttp" / "x" / "me.gpg").exists()
    store.remove("x/me")
    store.remove("x/me")
    assert (store.get("x/me"), store.get("tiktok/me")) == (None, HELD)
