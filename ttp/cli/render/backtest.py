"""`ttp optimal backtest` on a terminal."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence

from ttp.cli.render.labels import plural
from ttp.cli.render.optimal import head_of, no_posts, wrap_indented
from ttp.cli.render.page import Page
from ttp.cli.render.spec import OutputSpec, separate
from ttp.domain.action import WayOut
from ttp.domain.optimal.backtest import FEWEST_POSTS as FEWEST_TESTED
from ttp.domain.optimal.backtest import Backtest, Lift
from ttp.domain.optimal.recommendation import signed_percent
from ttp.views import optimal as views
from ttp.views.factors import class_words


def render_backtest(test: Backtest, page: Page, way: WayOut) -> Iterator[str]:
    """Draw the backtest of an account. `way`: the command that gets its metrics."""
    yield from head_of(test.account, test.data_points, (test.first_at, test.last_at), test.zone, page)
    if not test.data_points:
        yield from no_posts(way, page)
        return
    yield ""
    if test.recommended is None:
        yield from wrap_indented(_too_few(test), page)
        return
    yield from wrap_indented(
        f"Tested on your last {plural(test.held_out, 'post')}, using only what was known before each; "
        f"{test.in_best_hours} of them were at a recommended hour.",
        page,
    )
    yield ""
    yield from _line("Recommended hours, against the rest", test.recommended, page)
    yield from _line("Simple hourly average", test.mean_per_hour, page)
    yield from _line("Difference of the two", test.difference, page)
    yield ""
    yield from wrap_indented(verdict(test.recommended), page)
    if test.difference is not None:
        yield from wrap_indented(_against_the_mean(test.difference), page)
    if test.factors:
        yield ""
        yield from wrap_indented("What your earlier posts said, and what the later half brought:", page)
        for one in test.factors:
            words = f"{class_words(one.line.place)}, {signed_percent(one.line.uplift)} % said"
            yield from _line(words[:1].upper() + words[1:], one.later, page)


def _line(words: str, lift: Lift | None, page: Page) -> Iterator[str]:
    result = "too few posts to tell" if lift is None else _lift(lift)
    if page.width < 76:
        yield from wrap_indented(f"{words}: {result}", page)
    else:
        yield f"  {words:<38}{result}"


def _lift(lift: Lift) -> str:
    low, high = signed_percent(lift.low), signed_percent(lift.high)
    return f"{signed_percent(lift.lift) + ' %':>7}  ({low} to {high}, 80 % range)"


def _too_few(test: Backtest) -> str:
    posts = plural(test.data_points, "post")
    if test.data_points < FEWEST_TESTED:
        few = "is" if test.data_points == 1 else "are"
        return f"{posts} {few} too few for a test; it needs {FEWEST_TESTED}."
    return (
        f"{test.in_best_hours} of your last {plural(test.held_out, 'post')} were at a recommended hour, "
        "too few to compare with the others."
    )


def verdict(lift: Lift) -> str:
    """Return what the interval allows to say."""
    if lift.low > 0:
        return "The recommendation would have helped: the whole range is above zero."
    if lift.high < 0:
        return "The recommendation would have done harm: the whole range is below zero."
    return "Undecided: the range includes zero, so it may or may not have helped."


def _against_the_mean(difference: Lift) -> str:
    if difference.low > 0:
        return "Better than the simple hourly average."
    if difference.high < 0:
        return "The simple hourly average did better here."
    return "Not clearly better or worse than the simple hourly average."


def backtests_spec(ways: Mapping[str, WayOut]) -> OutputSpec[Backtest]:
    """Return the spec of `ttp optimal backtest`. `ways`: the command that gets metrics, by account."""

    def render(tests: Sequence[Backtest], page: Page) -> Iterable[str]:
        yield from separate(render_backtest(one, page, ways[one.account]) for one in tests)

    return OutputSpec(
        views.BACKTEST_FIELDS,
        ("account", "what", "lift", "low", "high"),
        views.backtest_json,
        render,
        rows=views.backtest_rows,
        to_document=views.list_with_single("backtest"),
    )
