"""Foreign text is made safe, and nothing of it is lost where a script reads it."""

import json
import os
import re
import sys
import termios
import unicodedata
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.drift.terminal import on_a_terminal
from tests.rows import each
from ttp.cli import terminal as escape_module

REORDERING = set("\u061c\u200e\u200f\u202a\u202b\u202c\u202d\u202e\u2066\u2067\u2068\u2069")
EVIL = st.sampled_from(
    sorted({"\x1b", "\x9b", "\x07", "\x7f", "\x85", "\r", "\n", "\t", "\\", "\ud800", "\u2028"} | REORDERING)
)
ANY_TEXT = st.lists(st.characters(exclude_categories=()) | EVIL | st.sampled_from(["n", "x1b", "\\\\", " "])).map(
    "".join
)


def is_unsafe(char: str) -> bool:
    """Computed from Unicode's categories, not from the pattern under test."""
    return unicodedata.category(char) in ("Cc", "Cs", "Zl", "Zp") or char in REORDERING


def unescaped(cell: str) -> str:
    """What the module promises of a TSV cell: each escape is replaced by what it names, from left to right."""
    short = {"n": "\n", "t": "\t", "\\": "\\"}
    escape = re.compile(r"\\(?:([nt\\])|x([0-9a-f]{2})|u([0-9a-f]{4}))")
    return escape.sub(lambda match: short.get(match[1]) or chr(int(match[2] or match[3], 16)), cell)


@given(ANY_TEXT)
def test_nothing_unsafe_survives_in_a_sentence_a_line_or_a_cell(text: str) -> None:
    shown = [
        escape_module.escape_text(text),
        escape_module.escape_line(text),
        escape_module.escape_tsv(text),
        *escape_module.lines(text),
    ]
    assert not [char for one in shown for char in one if is_unsafe(char)]


@given(ANY_TEXT)
def test_a_tsv_cell_gives_the_text_back_exactly(text: str) -> None:
    assert unescaped(escape_module.escape_tsv(text)) == text


@given(ANY_TEXT)
def test_json_stays_equal_and_shows_nothing_unsafe(text: str) -> None:
    line = escape_module.json_line(json.dumps({text: [text]}, ensure_ascii=False))
    assert json.loads(line) == {text: [text]}
    assert not [char for char in line if is_unsafe(char)]


@each("text", ["", "plain", "Grüße aus Köln", "日本語", "👩‍❤️‍👨 🏳️‍🌈", "e\u0301", "مرحبا", "two  blanks"])
def test_ordinary_text_of_every_script_is_left_alone(text: str) -> None:
    assert escape_module.escape_text(text) == escape_module.escape_tsv(text) == text


@each(
    ("text", "cell"),
    [
        ("a\nb", r"a\nb"),
        ("a\tb", r"a\tb"),
        ("a\r\nb", r"a\x0d\nb"),
        (r"C:\new", r"C:\\new"),
        ("\x1b[31mred", r"\x1b[31mred"),
        ("\x9b31m", r"\x9b31m"),
        ("abc\u202edef", r"abc\u202edef"),
        ("\udcff", r"\udcff"),
    ],
)
def test_a_tsv_cell_escapes_as_documented(text: str, cell: str) -> None:
    assert escape_module.escape_tsv(text) == cell


def test_one_line_joins_lines_and_shows_an_escape_sequence_instead_of_obeying_it() -> None:
    assert (
        escape_module.escape_line("  Launch day!\r\n\tDoors\x1b]0;title\x07 9:00\n")
        == r"Launch day! Doors\x1b]0;title\x07 9:00"
    )


def test_lines_keeps_line_breaks_and_indentation_and_widens_tabs() -> None:
    assert escape_module.lines("a\r\n\tb\n  c\x07") == ["a", "    b", r"  c\x07"]


@pytest.mark.parametrize("reading", ["read_line", "read_secret", "ask"])
def test_control_c_just_before_a_line_is_read_ends_the_reading(tmp_path: Path, reading: str) -> None:
    # A signal that arrives before a read does not end it; so does interrupt_main, which ends no call of the system.
    fifo = tmp_path / "fifo"
    os.mkfifo(fifo)
    program = f"""
import _thread, threading
from ttp.cli import terminal

def interrupt():
    open({str(fifo)!r}).read()
    _thread.interrupt_main()

threading.Thread(target=interrupt, daemon=True).start()
try:
    terminal.{reading}("handle? ")
except KeyboardInterrupt:
    raise SystemExit(130)
"""
    with on_a_terminal([sys.executable, "-c", program], cwd=tmp_path, env=os.environ) as terminal:
        terminal.until("handle? ")
        fifo.write_text("now")
        terminal.rest()
        assert terminal.code() == 130


def test_a_secret_is_not_shown_and_what_follows_is(tmp_path: Path) -> None:
    program = """
from ttp.cli.terminal import read_line, read_secret

print(f"<{read_secret('secret: ')}>", f"<{read_line('handle: ')}>", read_secret("again: "))
"""
    with on_a_terminal([sys.executable, "-c", program], cwd=tmp_path, env=os.environ) as terminal:
        terminal.until("secret: ")
        terminal.type(" hush \n")
        seen = terminal.until("handle: ")
        terminal.type("me\n")
        seen += terminal.until("again: ")
        terminal.type("\x04")
        assert "me" in seen
        assert "hush" not in seen
        assert "<hush> <me> None" in terminal.rest()
        assert terminal.code() == 0


def test_a_yes_typed_before_the_question_appeared_is_no_answer_to_it(tmp_path: Path) -> None:
    program = """
import select, sys
from ttp.cli.terminal import ask

print("working", flush=True)
select.select([sys.stdin], [], [])
print(f"<{ask('Publish now?')}>")
"""
    with on_a_terminal([sys.executable, "-c", program], cwd=tmp_path, env=os.environ) as terminal:
        terminal.until("working")
        terminal.type("y\n")
        terminal.until("[y/N]")
        terminal.type("n\n")
        assert "<False>" in terminal.rest()


def test_the_answers_to_a_question_are_not_broken_at_the_edge(monkeypatch: pytest.MonkeyPatch) -> None:
    prompts: list[str] = []
    monkeypatch.setattr(escape_module, "read_line", prompts.append)
    monkeypatch.setattr(escape_module, "drop_typed_ahead", lambda: None)
    monkeypatch.setattr(sys.stderr, "isatty", lambda: True, raising=False)
    monkeypatch.setattr(escape_module, "terminal_width", lambda *_: 80)
    for length in range(60, 90):
        escape_module.ask("First line\n" + "a " * (length // 2))
    assert max(len(line.rstrip()) for prompt in prompts for line in prompt.split("\n")) <= 80


def test_control_c_while_a_terminal_is_told_to_show_nothing_leaves_it_as_it_was(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    ours, theirs = os.openpty()
    change, changes = termios.tcsetattr, []

    def interrupt_first(file: int, when: int, attributes: Any) -> None:
        change(file, when, attributes)
        changes.append(attributes)
        if len(changes) == 1:
            raise KeyboardInterrupt

    monkeypatch.setattr(termios, "tcsetattr", interrupt_first)
    with os.fdopen(ours), os.fdopen(theirs) as stdin:
        monkeypatch.setattr(sys, "stdin", stdin)
        before = termios.tcgetattr(stdin)
        with pytest.raises(KeyboardInterrupt):
            escape_module.read_secret("secret: ")
        assert termios.tcgetattr(stdin) == before
    assert len(changes) == 2
