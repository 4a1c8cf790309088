"""Making the posts of recurrences ahead, before a command lists what is planned."""

from __future__ import annotations

from contextlib import suppress
from datetime import timedelta

from ttp.cli import settings
from ttp.cli.context import context
from ttp.cli.output import Output
from ttp.domain.errors import TtpError
from ttp.domain.permissions import Capability


def make_ahead(out: Output) -> None:
    """Make what is to be made by now, and say what was missed. Where the store takes nothing it is left: a publisher
    makes it, and a list is a list. So it is where posts are not to be scheduled from. Costs one look where there is
    nothing to make."""
    from ttp.store import repeats

    if settings.capability() is not Capability.PUBLISH:
        return
    here = context()
    now = here.now()
    horizon = now + timedelta(seconds=here.config.seconds("repeat.ahead_s"))
    with suppress(TtpError):
        with here.database.reading() as db:
            if db is None or not repeats.due(db, now=now, horizon=horizon):
                return
        for line in here.occurrences.make_due():
            out.note(line)
