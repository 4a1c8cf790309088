"""`ttp optimal` on a terminal: bars of how likely an hour is among the best, and what it brought so far."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace
from datetime import datetime
from typing import TYPE_CHECKING, TypeAlias
from zoneinfo import ZoneInfo

from ttp.cli.clean import safe
from ttp.cli.pictures.cells import cut, pad, wrap
from ttp.cli.pictures.marks import plural
from ttp.cli.pictures.page import Page
from ttp.domain.optimal import DAYS, Evidence, Rating, Recommendation
from ttp.domain.optimal.recommendation import FEWEST_POSTS

if TYPE_CHECKING:
    from ttp.services.optimal import Advice

Row: TypeAlias = Mapping[str, object]
Lines: TypeAlias = Iterator[str]
Period: TypeAlias = tuple[datetime | None, datetime | None]

_BAR = 20
"""Columns of a bar that stands for 100 %."""
_REST = 52
"""Columns of a line beside its bar."""
_SMALL = 0.03
_EIGHTHS = " ▏▎▍▌▋▊▉"


def recommendation_picture(advice: Advice, page: Page, *, zone_known: bool = True, tz: str | None = None) -> Lines:
    """What one account is told. `zone_known`: somebody said in which zone its hours are; `tz`: this command did."""
    told = advice.recommendation
    page = replace(page, zone=told.zone)
    yield from head(told, page)
    if not told.hours:
        yield no_posts(advice.way)
        return
    yield from wrapped(_in_short(told), page)
    yield ""
    yield from _bars("Best hours", "among your true best five", "in your past posts", told.best_hours, page)
    yield ""
    yield from _bars("Best days", "among your true best three", "", told.best_days, page)
    if all(abs(day.uplift) < _SMALL for day in told.best_days):
        yield from wrapped("Days make little difference for this account.", page)
    yield ""
    yield from wrapped(signal_words(told), page)
    if advice.next_at is not None:
        yield from wrapped(_next_slot(advice.next_at, page, advice.why), page)
        yield from page.flow(_ways_on(advice, tz), gap=" " * 4)
    if not zone_known:
        yield from zone_words(told, page)


def head(told: Recommendation, page: Page) -> Lines:
    """`instagram/roastery   585 posts, 28 Aug to 23 Nov 2026   hours in Europe/Berlin`"""
    return head_of(told.account, told.data_points, (told.first_at, told.last_at), told.zone, page)


def head_of(account: str, posts: int, period: Period, zone: ZoneInfo, page: Page) -> Lines:
    """The same of an answer that is no recommendation."""
    pieces = [page.paint(safe(account), "bold")]
    if posts:
        pieces += [plural(posts, "post") + _span(period, replace(page, zone=zone)), f"hours in {safe(zone.key)}"]
    yield from page.flow(pieces)


def no_posts(way: str) -> str:
    """What is said instead of numbers where there are none; `way` is the command that gets some."""
    return f"  No measured posts yet.  Get some:  {safe(way)}"


def _in_short(told: Recommendation) -> str:
    """What to do, in one sentence."""
    best = told.best_hours[0]
    posts = plural(told.data_points, "post")
    more = f"about {signed(best.uplift).lstrip('+')} % more than your average"
    match told.evidence:
        case Evidence.STRONG:
            return f"Post at {place_name(best)}: expect {more} ({posts})."
        case Evidence.SOME:
            return f"Post around {place_name(best)}: {more} is likely, not certain ({posts})."
        case _:
            return f"Your best hours are not known yet: {place_name(best)} is a first guess ({posts})."


def signal_words(told: Recommendation) -> str:
    """How far the best hours can be believed."""
    share = percent(told.confidence)
    if told.evidence is Evidence.STRONG:
        return f"Strong evidence: the five hours beat your average with {share} probability."
    if told.evidence is Evidence.SOME:
        return f"Some evidence: the five hours beat your average with {share} probability; the best one alone may not."
    few = ""
    if told.data_points < FEWEST_POSTS:
        few = f"{plural(told.data_points, 'post')} {'is' if told.data_points == 1 else 'are'} few, and "
    return (
        f"Thin evidence: the five hours beat your average with {share} probability; {few}much of this order is chance."
    )


def zone_words(told: Recommendation, page: Page) -> Lines:
    """That nobody said which zone the account lives in, and how to say it."""
    account = safe(told.account)
    yield from wrapped(f"No zone is set for {account}: {safe(told.zone.key)} is this machine's.", page)
    yield f"  Set it:  ttp account set {account} --tz ZONE"


def _ways_on(advice: Advice, tz: str | None) -> Lines:
    """The commands that take the next slot, or a week of them."""
    zone = f" --tz {safe(tz)}" if tz else ""
    if advice.drafts:
        yield f"  Take it:  ttp schedule {advice.drafts[0]} --at optimal{zone}"
    else:
        yield f"  Take it:  ttp create TEXT --to {safe(advice.recommendation.account)} --at optimal{zone}"
    if len(advice.drafts) > 1:
        yield "  A week:  ttp plan --drafts --week"


def slots_picture(slots: Sequence[Row], page: Page) -> Iterator[str]:
    """`ttp optimal next`: the slots with the probability of each."""
    if not slots:
        yield "No slot to recommend: nothing is measured yet.  Import some:  ttp metrics import FILE"
    for slot in slots:
        at = _instant(slot["at"])
        when = f"{page.full_day(at)} {page.time(at)} {page.zone_name()}"
        score = percent(_number(slot["score"]))
        yield from page.flow(
            [when, f"({page.utc(at)} UTC, {page.ago_long(at)})", f"{score} among your true best ten", *_reason(slot)]
        )


def _reason(slot: Row) -> Lines:
    if slot.get("why"):
        yield safe(str(slot["why"]))


def _bars(title: str, among: str, past: str, ratings: Sequence[Rating], page: Page) -> Lines:
    """A heading and a bar per rating. The bar gives way where the page is narrow."""
    bar = max(0, min(_BAR, page.width - _REST))
    indent = max(bar + 3, 14)
    yield cut(pad(pad(f"  {title}", indent) + among, bar + 33) + past, page.width).rstrip()
    for rating in ratings:
        start = f"  {place_name(rating):<5}  {_bar(rating.score, bar)} {percent(rating.score):>5}"
        posts = plural(rating.data_points, "post")
        yield cut(f"{start}    {posts:<10}     {signed(rating.uplift) + ' %':>5}  {interval(rating)}", page.width)


def _bar(share: float, width: int) -> str:
    """A bar of `width` columns, filled by eighths."""
    eighths = round(max(0.0, min(share, 1.0)) * width * 8)
    return f"{'█' * (eighths // 8) + _EIGHTHS[eighths % 8].strip():<{width}}"


def place_name(rating: Rating) -> str:
    """`18:00`, `Tue`, `Tue 18:00`."""
    day = "" if rating.day is None else DAYS[rating.day][:3]
    hour = "" if rating.hour is None else f"{rating.hour:02}:00"
    return f"{day} {hour}".strip()


def percent(share: float) -> str:
    """`92 %` of 0.92; a probability is never called certain."""
    return ">99 %" if share > 0.995 else f"{round(share * 100)} %"


def signed(share: float) -> str:
    """`+12`, `-1`, `0` of 0.12, -0.01, 0.0."""
    number = round(share * 100)
    return f"{number:+d}" if number else "0"


def interval(rating: Rating) -> str:
    """`(+3 to +21)`, in percent."""
    return f"({signed(rating.low)} to {signed(rating.high)})"


def _span(period: Period, page: Page) -> str:
    """`, 28 Aug to 23 Nov 2026`, in the page's zone."""
    if period[0] is None or period[1] is None:
        return ""
    first, last = map(page.local, (period[0], period[1]))
    if first.date() == last.date():
        return f", {page.month_day(last)} {last.year}"
    first_year = "" if first.year == last.year else f" {first.year}"
    return f", {page.month_day(first)}{first_year} to {page.month_day(last)} {last.year}"


def _next_slot(at: datetime, page: Page, why: str) -> str:
    reason = f": {why}" if why else ""
    return f"Next good hour: {page.day(at)} {page.time(at)} ({page.ago_long(at)}, {page.utc(at)} UTC){reason}"


def wrapped(sentence: str, page: Page) -> Lines:
    """A sentence in as many lines as it needs, indented as everything here."""
    for line in wrap(sentence, page.width - 2):
        yield f"  {line}"


def _instant(value: object) -> datetime:
    return value if isinstance(value, datetime) else datetime.fromisoformat(str(value))


def _number(value: object) -> float:
    assert isinstance(value, int | float)
    return float(value)
