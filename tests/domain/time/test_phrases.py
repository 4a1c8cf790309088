"""What people type for a time, as one table: accepted with one meaning, or refused with the same moment suggested."""

from __future__ import annotations

from datetime import UTC, datetime
from pathlib import Path

from tests.domain.time.test_repair import BERLIN
from ttp.domain.errors import TimeRefused
from ttp.domain.time.resolve import ResolvedTime, resolve_time
from ttp.domain.time.words import plain_text

NOW = datetime(2026, 11, 25, 13, tzinfo=UTC)
TABLE = Path(__file__).with_name("phrases.txt").read_text(encoding="utf-8").splitlines()[1:]


def outcome(phrase: str) -> str:
    try:
        found = resolve_time(phrase, now=NOW, zone=BERLIN)
    except TimeRefused as refused:
        return f"{phrase} ? {' | '.join(str(hint.way) for hint in refused.hints)}".rstrip()
    means = f"{found.at.astimezone(BERLIN):%a %Y-%m-%d %H:%M}" if isinstance(found, ResolvedTime) else found
    return f"{phrase} = {means}"


def test_each_phrase_means_one_moment_or_is_refused_with_that_moment() -> None:
    lines = [line for line in TABLE if line]
    phrases = [line.partition(" = " if " = " in line else " ?")[0] for line in lines]
    assert [outcome(phrase) for phrase in phrases] == lines
    assert len(lines) >= 150
    assert sum(" = " in line for line in lines) * 2 >= len(lines)


def test_plain_text_is_in_plain_words_already() -> None:
    for line in TABLE:
        plain = plain_text(line.partition(" = " if " = " in line else " ?")[0])
        assert plain_text(plain) == plain
