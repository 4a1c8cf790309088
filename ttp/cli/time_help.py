"""`ttp help time`: every form of TIME, by examples that the grammar reads."""

from __future__ import annotations

from ttp.domain.time.grammar import EXAMPLES

_INDENT = 44
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
