"""What words of a command line mean as a time: a cron expression, a day, a step, or a moment."""

from __future__ import annotations

import re
from collections.abc import Sequence
from contextlib import suppress
from datetime import timedelta
from typing import Any

from ttp.domain.errors import TtpError, UsageError
from ttp.domain.time.durations import duration_parts
from ttp.domain.time.grammar import parse_time

ID = re.compile(r"[\d,-]+")
_CRON = re.compile(r"[\d*/,-]+( [\w*/,-]+){4}")
_NICKNAMES = {
    "@hourly": "0 * * * *",
    **dict.fromkeys(("@daily", "@midnight"), "0 0 * * *"),
    "@weekly": "0 0 * * 0",
    "@monthly": "0 0 1 * *",
    **dict.fromkeys(("weekly", "week"), "0 9 * * 1"),
    **dict.fromkeys(("monthly", "month"), "0 9 1 * *"),
}


def is_time(text: str) -> bool:
    """Return whether a text is a time, or a day that lacks its time."""
    return any(parse_time(one) is not None for one in (text, f"{text} 9am"))


def as_cron(text: str) -> str | None:
    """Return the cron expression of weekdays and a time, such as `mon 9:00`."""
    from ttp.domain.time.slot_parser import parse_slot_times

    if text in _NICKNAMES or _CRON.fullmatch(text):
        return _NICKNAMES.get(text, text)
    text = re.sub(r"^day\b", "daily", text)
    for times in (text, f"{text} 9am"):  # as for a day without a time of day
        with suppress(UsageError):
            expressions = parse_slot_times(times)
            return expressions[0] if len(expressions) == 1 else None
    return None


def as_shift(words: Sequence[str]) -> list[str] | None:
    """Return `edit --shift` for an id and a length of time, such as `2 by 3 hours`: from the post's own time, where
    `schedule 2 'in 3h'` is from now. `schedule` alone, for its help, if another thing may be meant."""
    number, *rest = words or [""]
    is_earlier = {"back", "backward", "earlier"} & {*rest}
    step = " ".join(
        "1" if word in ("a", "an", "one") else word
        for word in rest
        if word not in ("by", "for", "forward", "later", *is_earlier)
    )
    parts = duration_parts(step.lstrip("+-"))
    if parts and ID.fullmatch(number) and not (is_earlier and step[0] in "+-"):
        length = "".join(f"{count}{unit}" for count, unit in parts)
        return ["edit", number, "--shift", f"{'-' if is_earlier or step[0] == '-' else '+'}{length}"]
    return ["schedule"] if any(duration_parts(word.lstrip("+-")) for word in words) else None


def as_day(words: Sequence[str], context: Any) -> list[str] | None:
    """Return the filters of `list` for the posts of the day that words name, such as `on friday`."""
    from ttp.domain.time.resolve import parse_date

    words = words[words[0] in ("on", "for") :]
    try:
        day = None if words == ["today"] else parse_date(" ".join(words), context.clock.now(), context.zone)
    except TtpError:
        return None
    return None if day is None else ["--since", f"{day}", "--until", f"{day + timedelta(1)}"]
