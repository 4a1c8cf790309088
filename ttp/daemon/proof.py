"""What the look-ups of one publishing call prove, by which clock: counted from their records alone.

Pure. The platform's clock decides, which nobody sets here; this machine's clocks are believed where they cannot harm.
"""

from __future__ import annotations

from datetime import datetime, timedelta

from ttp.domain.attempt import Attempt

CLOCKS_DIFFER_AT_MOST = timedelta(seconds=60)
"""Further apart, a Date header was wrong, and with it where the settle window ends and what the look-up asked for."""
DATE_WRONG_BY_MOST = timedelta(days=1)
"""A machine's clock that is further behind the platform's is not set."""
_SECOND = timedelta(seconds=1)


def made_since(intent: Attempt) -> datetime:
    """From when on what the call made may be listed: the earlier of both clocks.

    A Date header that is ahead of the clock by which a platform lists its posts (whatever stands between may write one)
    would have the look-up begin behind the post, and miss it. The platform's own where it is the earlier one, and where
    this machine's cannot be right.
    """
    if intent.platform_at is None:
        return intent.at
    early = intent.platform_at - intent.at
    return intent.at if timedelta(0) < early <= DATE_WRONG_BY_MOST else intent.platform_at


def clocks_agree(intent: Attempt, platform_at: datetime, now: datetime, boot: float) -> bool:
    """Whether as much time went by on the platform's clock since the intent as on one of this machine's.

    The clock since start-up cannot be set, but begins anew with the machine; the wall clock can be, and goes on.
    """
    assert intent.platform_at is not None
    theirs = platform_at - intent.platform_at
    ours = [now - intent.at]
    if intent.boot_s is not None and boot >= intent.boot_s:
        ours.append(timedelta(seconds=boot - intent.boot_s))
    return any(abs(theirs - each) <= CLOCKS_DIFFER_AT_MOST for each in ours)


def over_by(intent: Attempt, looks: list[Attempt], platform_at: datetime) -> datetime:
    """When the call was over for certain, by the platform's clock: the request may have left until then.

    It was when the first clean look was made; and it took as long as this machine's clock says, unless that was set
    back.
    """
    assert intent.platform_at is not None
    clean = (look.platform_at for look in looks if look.outcome == "absent")
    over = next((at for at in clean if at is not None), platform_at)
    under_way = (intent.ended_at or intent.at) - intent.at
    if under_way >= timedelta(0):
        over = min(over, intent.platform_at + under_way)
    return over + _SECOND  # a Date header tells whole seconds


def clean_looks(times: list[datetime], gap: timedelta) -> int:
    """How many of these looks are at least a gap apart from the one counted before."""
    count, last = 0, None
    for at in times:
        if last is None or at - last >= gap:
            count, last = count + 1, at
        elif at < last:  # the clock was set back between the two: how far apart they are is not known
            last = at
    return count


def unclear_since(looks: list[Attempt]) -> datetime:
    """When the present run of unclear looks began. The newest look is unclear."""
    since = looks[-1].at
    for look in reversed(looks):
        if look.outcome != "unclear":
            break
        since = min(since, look.at)  # the clock may have been set back
    return since
