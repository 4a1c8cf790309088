"""`ttp optimal backtest` on a terminal: what the recommendation would have brought, in sentences."""

from __future__ import annotations

from collections.abc import Iterator

from ttp.cli.pictures.marks import plural
from ttp.cli.pictures.page import Page
from ttp.cli.pictures.recommendation import head_of, no_posts, signed, wrapped
from ttp.domain.optimal.backtest import FEWEST_POSTS, Backtest, Lift


def backtest_picture(test: Backtest, page: Page, way: str) -> Iterator[str]:
    """One account's test. `way`: the command that gets numbers of its posts."""
    yield from head_of(test.account, test.data_points, (test.first_at, test.last_at), test.zone, page)
    if not test.data_points:
        yield no_posts(way)
        return
    yield ""
    if test.recommended is None:
        yield from wrapped(_too_few(test), page)
        return
    yield from wrapped(
        f"Tested on your last {plural(test.held_out, 'post')}, each with what was known before it; "
        f"{test.in_best_hours} of them were at a recommended hour.",
        page,
    )
    yield ""
    yield from _line("Recommended hours against the rest", test.recommended, page)
    yield from _line("Highest mean per hour, the usual way", test.mean_per_hour, page)
    yield from _line("The first against the second", test.difference, page)
    yield ""
    yield from wrapped(verdict(test.recommended), page)
    if test.difference is not None:
        yield from wrapped(_against_the_mean(test.difference), page)


def _line(words: str, lift: Lift | None, page: Page) -> Iterator[str]:
    said = "too few posts to tell" if lift is None else _lift(lift)
    if page.width < 70:
        yield from wrapped(f"{words}: {said}", page)
    else:
        yield f"  {words:<38}{said}"


def _lift(lift: Lift) -> str:
    return f"{signed(lift.lift) + ' %':>7}  ({signed(lift.low)} to {signed(lift.high)} with 80 %)"


def _too_few(test: Backtest) -> str:
    posts = plural(test.data_points, "post")
    if test.data_points < FEWEST_POSTS:
        few = "is" if test.data_points == 1 else "are"
        return f"{posts} {few} too few to test anything on. From {FEWEST_POSTS} on there is an answer."
    return (
        f"Of the last {plural(test.held_out, 'post')} {test.in_best_hours} went out at a recommended hour. "
        "Compared with others of their kind and time these are too few to tell."
    )


def verdict(lift: Lift) -> str:
    """What the interval allows to be said."""
    if lift.low > 0:
        return "It would have helped: the whole interval is above zero."
    if lift.high < 0:
        return "It would have done harm: the whole interval is below zero."
    return "Not decided: the interval has zero in it, so it may have helped or not."


def _against_the_mean(difference: Lift) -> str:
    if difference.low > 0:
        return "It did better than the mean per hour."
    if difference.high < 0:
        return "The mean per hour did better here."
    return "From the mean per hour it does not differ by more than chance."
