"""TIME options of commands: from what was typed, for some accounts, to an instant, and the echo of it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import TYPE_CHECKING

from ttp.cli.context import context
from ttp.cli.hints import quote_command
from ttp.cli.output import Output
from ttp.domain.errors import Hint, UsageError
from ttp.domain.time.formatting import format_instant

if TYPE_CHECKING:
    from ttp.domain.account import Account
    from ttp.domain.post import Post
    from ttp.domain.time.resolve import ResolvedTime


ALL_FORMS = Hint("see", "ttp help time")


@dataclass
class Times:
    """Reads one command's `--at`. `words`, `text` and `options` are the rest of what was typed."""

    words: Sequence[str]
    tz: str | None = None
    text: str | None = None
    options: Sequence[str] = ()
    first: bool = False
    """In front of the posts that stand in the next slot."""
    moment: ResolvedTime | None = field(default=None, init=False)
    """What was read last, for the echo."""
    _said: dict[str, None] = field(default_factory=dict, init=False)
    """What there is to say of the times that were read."""

    def read(
        self, text: str, accounts: Sequence[Account], draft: int | None = None, post: int | None = None
    ) -> datetime:
        """The instant that `text` means for these accounts: the `When` of the services."""
        from zoneinfo import ZoneInfo

        from ttp.cli.recommending import zone_for
        from ttp.domain.time.grammar import NextFreeSlot, OptimalTime, parse_time
        from ttp.domain.time.resolve import ResolvedTime, resolve_time
        from ttp.domain.time.zones import ZoneConflict

        here = context()
        zone = here.choose_zone(accounts, self.tz, lambda name: self.retype(text, name, draft))
        if self.first and not isinstance(parse_time(text), NextFreeSlot):
            ways = Hint("in the next slot", self.retype("next-slot", self.tz, draft))
            raise UsageError("--first is for the slots of an account", ways)
        match resolve_time(
            text,
            now=here.now(),
            zone=zone,
            retype=lambda other: self.retype(other, self.tz, draft),
            forms=ALL_FORMS,
        ):
            case NextFreeSlot():
                place = here.slots.next_free(accounts, post=post, first=self.first)
                self.moment = ResolvedTime(place.at, ZoneInfo(place.slot.timezone), text)
            case OptimalTime():
                zones = [zone_for(one, self.tz) for one in accounts]
                best = here.optimal.one_next(accounts, zones)
                shown = zone.shown if isinstance(zone, ZoneConflict) else zone
                self.moment = ResolvedTime(best.at, shown, text)
                self._said[f"took {best.why}: {self.echo(best.at)}, score {best.score:.2f}"] = None
            case ResolvedTime() as moment:
                self.moment = moment
                if moment.note:
                    more = f"\n{moment.note_hint.say}:  {moment.note_hint.type}" if moment.note_hint else ""
                    self._said[moment.note + more] = None
        return self.moment.at

    def suggested(self, accounts: Sequence[str]) -> str | None:
        """The slot that `--at optimal` would take for a post to these accounts, in words; None where none is known."""
        from ttp.cli.recommending import zone_for

        here = context()
        known = here.look.named(accounts)
        zones = [zone_for(one, self.tz) for one in known]
        slots = here.optimal.next(known, zones)
        return f"{format_instant(slots[0].at, zones[0])}, score {slots[0].score:.2f}" if slots else None

    def retype(self, at: str, tz: str | None, draft: int | None) -> str:
        """The whole command with another time or zone in it; on a draft that the text is kept as, an edit of that."""
        words, text = (self.words, self.text) if draft is None else (("ttp", "edit", str(draft)), None)
        time = ["--at", at, *(["--first"] if self.first else []), *(["--tz", tz] if tz else [])]
        dashed = text is not None and text.startswith("-") and text != "-"
        plain = [text] if text is not None and not dashed else []
        return quote_command(*words, *plain, *self.options, *time, *(["--", text or ""] if dashed else []))

    def echo(self, at: datetime) -> str:
        """`Sun 31 Oct 2027 02:30 Europe/Berlin (00:30 UTC)`."""
        return format_instant(at, self.moment.zone if self.moment else context().zone)

    def notes(self, out: Output) -> None:
        """Say what the person should know of the times: an hour that comes twice, the slots that were chosen."""
        for said in self._said:
            out.note(said)

    def made_room(self, out: Output, moved: Sequence[Post]) -> list[str]:
        """Say which posts moved along; the same for JSON's `warnings`."""
        said = [f"post {post.id} moved to {self.echo(post.scheduled_at)}" for post in moved if post.scheduled_at]
        for line in said:
            out.note(line)
        return said


def scheduled(post: Post, times: Times) -> str:
    """`Scheduled post 44 for … `."""
    assert post.scheduled_at is not None
    return f"Scheduled post {post.id} for {times.echo(post.scheduled_at)}"
