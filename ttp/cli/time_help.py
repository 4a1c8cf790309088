"""`ttp help time`: every form of TIME, by examples that the grammar reads."""

from __future__ import annotations

EXAMPLES: tuple[tuple[tuple[str, ...], str], ...] = (
    (("9am", "9:30pm", "18:00"), "today, if still to come"),
    (("today 18:00",), "the same"),
    (("tomorrow 9am",), "the next day"),
    (("fri 18:00", "friday 6pm"), "the first one after now"),
    (("next mon 9:00",), "the Monday of next week"),
    (("in 45m", "in 2h30m"), "so much later (s m h d w)"),
    (("in 3 days 9am", "in 2 weeks 9am"), "that day, at that hour"),
    (("2027-12-01 09:00",), "a date, year first"),
    (("2027-12-01T09:00Z",), "UTC"),
    (("2027-12-01T09:00+01:00",), "with its own offset"),
    (("now",), "at once"),
    (("optimal",), "the next of the account's best hours"),
    (("next-slot",), "the next free one of its slots"),
)
"""Texts that can be typed, and what they mean."""

_INDENT = 36
_LINES = "\n".join(f"  {'   '.join(forms):<{_INDENT - 2}}{meaning}" for forms, meaning in EXAMPLES)

TIME_HELP = f"""\
How to write a TIME. Quote it where it has a space:

  ttp schedule 44 --at 'tomorrow 9am'

{_LINES}

Upper or lower case, and seconds where you need them (18:00:30).

The zone of a time without an offset is the first of these: --tz, the zone of
the account, the setting timezone, the zone of the system. For accounts in
different zones such a time is refused; write the offset, or give --tz.

A time that has passed, that the clocks jump over in spring, or that could be
read in two ways is refused, with a command that works. Where an hour comes
twice in autumn, the first one is taken, and the answer says so. Every answer
shows the full date, the zone and UTC.

Lengths of time (--max-late and others): 90s 45m 2h30m 3d 1w.
Ends of a range (--since, --until): 7d is seven days ago; 2027-12-01, today and
yesterday are the start of that day; or any TIME but optimal and next-slot.
"""
