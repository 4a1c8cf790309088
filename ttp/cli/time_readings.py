"""What words of a command line mean as a time: times of a repeat, a day, a step, or a moment."""

from __future__ import annotations

import re
from collections.abc import Sequence
from contextlib import suppress
from datetime import datetime, timedelta
from typing import TYPE_CHECKING, Any

from ttp.cli import settings
from ttp.domain.errors import TtpError, UsageError
from ttp.domain.time.durations import duration_parts
from ttp.domain.time.grammar import parse_time

if TYPE_CHECKING:
    from ttp.services.queries import PostView

ID = re.compile(r"[\d,-]+")
_NICKNAMES = {
    **dict.fromkeys(("@hourly", "hourly", "hour"), "0 * * * *"),
    **dict.fromkeys(("@daily", "@midnight"), "daily 00:00"),
    "@weekly": "sun 00:00",
    "@monthly": "monthly on the 1st at 00:00",
}


def is_time(text: str) -> bool:
    """Return whether a text is a time, or a day that lacks its time."""
    return any(parse_time(one) is not None for one in (text, f"{text} 9am"))


def as_times(text: str, own: datetime | None = None) -> str | None:
    """Return the times of a repeat as `ttp repeat` shows them: for `every friday at 9am`, `weekly`, `@daily`,
    `0 9 * * 1`. None for other texts.

    `own`: the time of what is repeated, on the clock of the repeat. It gives the day and the clock that the text lacks;
    without it a week has Monday, a month its first day, and a day 9:00.
    """
    from ttp.domain.time.formatting import DAYS
    from ttp.domain.time.slot_parser import format_slot_times, parse_rule

    text = _NICKNAMES.get(text, text)
    clock, day, date = (f"{own:%H:%M}", DAYS[own.weekday()], own.day) if own else ("09:00", "mon", 1)
    rests = ("", clock, f"on {day} {clock}", f"on {day}", f"on the {date}th {clock}", f"on the {date}th")
    phrases = [f"{text} {more}" for more in rests] if text not in ("every", "each", "on", "at", "") else []
    for phrase in [f"daily {text}", *phrases] if text[:1].isdigit() else phrases:
        with suppress(UsageError):
            rule = parse_rule(phrase)
            return format_slot_times(rule.cron, rule.rule, rule.anchor)
    return None


def stored_post(number: str, context: Any) -> PostView | None:
    """Return the post of an id in the store of this machine; None without one."""
    if not number.isdecimal() or settings.names_server():
        return None
    with suppress(TtpError):
        return next(iter(context.queries.posts_by_id([int(number)])), None)
    return None


def own_time(number: str, context: Any) -> datetime | None:
    """Return when a post of this store is due, on the clock of its accounts; None for a draft."""
    post = stored_post(number, context)
    if post is None or post.scheduled_at is None:
        return None
    with suppress(TtpError):
        return post.scheduled_at.astimezone(context.times.weekly_zone(context.queries.accounts_of(post.id)))
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
