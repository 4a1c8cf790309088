"""The page of `ttp help time`: every form of TIME by example."""

from __future__ import annotations

from ttp.domain.time.grammar import EXAMPLES

_INDENT = 44
_LINES = "\n".join(f"  {'   '.join(forms):<{_INDENT - 2}}{meaning}" for forms, meaning in EXAMPLES)

TIME_HELP = f"""\
How to write a TIME. Quote it where it has a space:

  ttp schedule 44 --at 'tomorrow 9am'

{_LINES}

Upper or lower case, and seconds where you need them (18:00:30). The clock may
come before or after the day, and "at" and "on" may stand in front of them. A
date can also be 2027/12/01 or December 1st, 2027, with its weekday before it.

The zone of a time is the first of these: the offset or zone in the text, --tz,
the zone of the account, the setting timezone, the zone of the system. A time
without a zone of its own is refused for accounts in different zones.
Abbreviations in capitals (UTC, CET, PST) are read while they are in use:
9am CET is refused in summer, with both readings.

A time is refused if it has passed, if clocks skip it in spring, or if it has
two readings. A date without a year is in this year. The command that ttp
suggests keeps all that you typed; without one there is no suggestion. Where an
hour comes twice in autumn, ttp takes the first one and says so. Every answer
shows the full date, the zone and UTC.

Lengths of time (--max-late and others): 90s 45m 2h30m 3d 1w.
Ends of a range (--since, --until): 7d is seven days ago; 2027-12-01, today and
yesterday are the start of that day; or any TIME but optimal and next-slot.
"""
