"""What a person sees of a recommendation: bars, the week as a heat map, the way from posts to a score, the test."""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest

from tests.cli.recommended import BERLIN, NOTHING, advice, told
from tests.rows import each
from ttp.cli.render.backtest import render_backtest
from ttp.cli.render.heatmap import render_heatmap
from ttp.cli.render.optimal import render_explanation, render_recommendation, render_week
from ttp.cli.render.page import Page
from ttp.cli.render.width import columns
from ttp.cli.terminal import to_ascii
from ttp.domain.metrics.sample import OnlineFollowers
from ttp.domain.optimal.backtest import Backtest, Lift
from ttp.domain.optimal.estimate import Parts
from ttp.domain.optimal.explanation import Explanation, PostBehind
from ttp.domain.optimal.features import PostFeatures
from ttp.domain.optimal.free_hours import LaterHour, Week
from ttp.domain.optimal.recommendation import Evidence, Rating, week_schedule
from ttp.domain.time.formatting import DAYS_IN_FULL
from ttp.services.optimal import ExplainedRating
from ttp.views.heatmap import scale_of

NOW = datetime(2026, 11, 24, 12, 46, tzinfo=UTC)
TONIGHT = datetime(2026, 11, 24, 17, tzinfo=UTC)
PAGE = Page(NOW, ZoneInfo("UTC"))
WIDTHS = (40, 57, 60, 72, 80, 120)
WAY = "ttp metrics import FILE"
PAINT = re.compile("\x1b\\[[0-9;]*m")
GOOD, BAD, OPEN = Lift(0.24, 0.08, 0.42), Lift(-0.2, -0.3, -0.1), Lift(0.05, -0.1, 0.2)
TESTED = Backtest("x/me", BERLIN, 200, NOW, NOW, 100, 30, GOOD, OPEN, OPEN)


def drawn(lines: Iterable[str]) -> str:
    return "\n".join(lines) + "\n"


# ttp optimal


def test_optimal_draws_bars_and_says_what_they_mean() -> None:
    assert drawn(render_recommendation(advice(told(), TONIGHT, (44, 45)), PAGE)) == (
        "instagram/roastery   585 posts, 28 Aug to 23 Nov 2026   hours in Europe/Berlin\n"
        "  Post at 18:00: expect about 12 % more than your average (585 posts).\n"
        "\n"
        "  Best hours           chance to be in your top 5    posts      gain, 80 % range\n"
        "  18:00  ██████████████████▍   92 %    37 posts       +12 %  (+3 to +21)\n"
        "  17:00  ████████████████▊     84 %    37 posts       +10 %  (+1 to +19)\n"
        "  19:00  ████████████████▊     84 %    37 posts       +10 %  (+1 to +19)\n"
        "  16:00  ███████████████▏      75 %    37 posts        +8 %  (-1 to +17)\n"
        "  20:00  ███████████████▏      75 %    37 posts        +8 %  (-1 to +17)\n"
        "\n"
        "  Best days            chance to be in your top 3\n"
        "  Tue    ████████████▍         62 %    77 posts        +2 %  (-7 to +11)\n"
        "  Mon    ██████████▊           54 %    77 posts         0 %  (-9 to +9)\n"
        "  Wed    ██████████▊           54 %    77 posts         0 %  (-9 to +9)\n"
        "  Days make little difference for this account.\n"
        "\n"
        "  Strong evidence: the five hours beat your average with 94 % probability. On\n"
        "  real pages, two thirds of a predicted gain arrived.\n"
        "  Next good hour: today 18:00 (in 4 h 14 min, 17:00 UTC), +12 %\n"
        "  Use it:  ttp schedule 44 --at optimal      A week:  ttp plan --drafts --week\n"
    )


def test_the_next_slot_is_taken_by_the_only_draft_by_a_new_post_and_in_the_zone_that_was_asked_for() -> None:
    assert "A week" not in drawn(render_recommendation(advice(told(), TONIGHT, (44,)), PAGE))
    text = drawn(render_recommendation(advice(told(), TONIGHT), PAGE, tz="Asia/Tokyo"))
    assert "  Use it:  ttp create TEXT --to instagram/roastery --at optimal --tz Asia/Tokyo\n" in text


def test_optimal_says_so_when_the_data_are_thin() -> None:
    text = drawn(render_recommendation(advice(told(Evidence.THIN, days=0.2, posts=12)), PAGE))
    assert "Thin evidence: the five hours beat your average with 94 % probability; 12\n  posts are few" in text
    assert "Days make little difference" not in text
    assert "Next good hour" not in text
    assert "1 post is few" in drawn(render_recommendation(advice(told(Evidence.THIN, posts=1)), PAGE)).replace(
        "\n  ", " "
    )


def test_the_first_sentence_says_what_to_do_and_how_sure_it_is() -> None:
    some, thin = (drawn(render_recommendation(advice(told(one)), PAGE)) for one in (Evidence.SOME, Evidence.THIN))
    assert "Post around 18:00: about 12 % more than your average is likely" in some
    assert "Some evidence: the five hours" in some
    assert "Your best hours are not known yet: 18:00" in thin


@pytest.mark.parametrize(("drafts", "use"), [((44,), "schedule 44"), ((), "create TEXT --to instagram/roastery")])
def test_a_later_hour_has_the_command_that_takes_it(drafts: tuple[int, ...], use: str) -> None:
    found = advice(told(), TONIGHT, drafts)
    assert found.next is not None
    thursday = replace(found.next, at=TONIGHT + timedelta(days=2), uplift=0.24)
    found = replace(found, next=replace(found.next, later=LaterHour(thursday, timedelta(days=3))))
    assert drawn(render_recommendation(found, PAGE, tz="UTC")).endswith(
        f"  Use it:  ttp {use} --at optimal --tz UTC\n"
        "  Thu 18:00 would be +24 %:\n"
        f"  ttp {use} --at optimal --within 3d --tz UTC\n"
    )


def test_a_narrow_page_cuts_no_range() -> None:
    wide = replace(told(), hours=tuple(replace(hour, low=-0.25, high=0.48) for hour in told().hours))
    for width in (60, 72):
        rows = [one for one in render_recommendation(advice(wide), PAGE._replace(width=width)) if "(-25" in one]
        assert len(rows) == 5
        assert all(one.endswith("(-25 to +48)") for one in rows)


def test_no_probability_is_called_certain() -> None:
    sure = replace(told(), confidence=1.0, hours=tuple(replace(hour, score=1.0) for hour in told().hours[18:]))
    text = drawn(render_recommendation(advice(sure), PAGE))
    assert "  18:00  ████████████████████ >99 %    37 posts" in text
    assert "with >99 % probability" in text
    assert "100 %" not in text


def test_optimal_says_which_zone_was_taken_where_nobody_named_one() -> None:
    text = drawn(render_recommendation(advice(told()), PAGE, zone_known=False))
    assert "  No zone is set for instagram/roastery: Europe/Berlin is the zone of this\n  machine.\n" in text
    assert "  Set it:  ttp account set instagram/roastery --tz ZONE\n" in text


def test_a_period_of_one_day_or_none_is_no_range() -> None:
    day = replace(told(), first_at=NOW, last_at=NOW)
    assert "585 posts, 24 Nov 2026   hours" in drawn(render_recommendation(advice(day), PAGE))
    assert "585 posts   hours" in drawn(render_recommendation(advice(replace(day, first_at=None)), PAGE))
    years = replace(day, first_at=NOW - timedelta(days=365))
    assert "24 Nov 2025 to 24 Nov 2026" in drawn(render_recommendation(advice(years), PAGE))


def test_without_data_the_command_that_would_get_some_is_named() -> None:
    for picture in (render_recommendation, render_heatmap):
        assert drawn(picture(advice(NOTHING), PAGE)) == f"x/none\n  No measured posts yet.  Get some:  {WAY}\n"


# ttp optimal heatmap


def test_the_heat_map_has_a_row_per_day_with_marks_in_its_cells() -> None:
    lines = list(render_heatmap(advice(told()), PAGE))
    assert lines[2] == "      00    03    06    09    12    15    18    21"
    rows = lines[3:10]
    assert [row[:6] for row in rows] == [f"  {day[:3]} " for day in DAYS_IN_FULL]
    assert rows[1] == "  Tue  ·     ·░░░░░·░░▒▒▒·▒▒▓▓▓·▓▓▓▓█·███★█★█████·▓▓▓▓"
    assert "".join(rows).count("★") == 10
    assert "     under -17 %   ░░ -17 %   ▒▒ -10 %   ▓▓ -2 %   ██ +5 %" in lines
    assert "★ the ten best   · no post yet   (smoothed estimates)" in drawn(lines)
    assert "Strong evidence" in drawn(lines)


@pytest.mark.parametrize("width", WIDTHS)
@pytest.mark.parametrize("color", [True, False], ids=["colour", "shades"])
def test_the_heat_map_fits_every_width(width: int, color: bool) -> None:
    lines = list(render_heatmap(advice(told()), PAGE._replace(width=width, color=color), zone_known=False))
    assert all(columns(PAINT.sub("", line)) <= width for line in lines if "ttp " not in line)
    assert any(PAINT.search(line) for line in lines) is color


def test_in_colour_every_cell_says_its_level_by_its_ground() -> None:
    lines = list(render_heatmap(advice(told()), PAGE._replace(color=True)))
    assert lines[4].count("\x1b[48;5;") == 24
    assert "█" not in drawn(lines)


def test_in_ascii_the_map_keeps_its_columns() -> None:
    lines = list(render_heatmap(advice(told()), PAGE))
    assert all(to_ascii(line).isascii() and len(to_ascii(line)) == len(line) for line in lines)
    assert len({to_ascii(sign) for sign in " ░▒▓█★·"}) == 7


def test_small_differences_do_not_look_like_a_summit_and_a_valley() -> None:
    flat = [Rating(0, hour, 0.1, 0.001 * (hour % 2), 0, 0, 1) for hour in range(24)]
    scale = scale_of(flat, 5)
    assert {scale.level(slot.uplift) for slot in flat} == {2}
    assert scale.high - scale.low == pytest.approx(0.05)


# ttp optimal week


def test_the_week_has_the_best_hours_of_each_day() -> None:
    found = Week(("instagram/roastery",), BERLIN, tuple(week_schedule(told())))
    lines = list(render_week(found, PAGE))
    assert lines[0] == "instagram/roastery   hours in Europe/Berlin"
    assert lines[3] == "  Tue  18:00  80 %    17:00  60 %    19:00  60 %    20:00  40 %"
    assert drawn(render_week(Week((), None, ()), PAGE)) == f"No metrics yet.  Import some:  {WAY}\n"


# ttp optimal explain


def explained(posts: int = 3, *, evidence: Evidence = Evidence.STRONG, nearby: int = 86) -> ExplainedRating:
    behind = tuple(
        PostBehind(
            PostFeatures(NOW - timedelta(days=n), 18, 1, "video" if n else "", 6.0, str(n)),
            Parts(5.0, 0.1 if n else 0.0, 0.5 if n == 1 else 0.0, 0.8 - n / 10),
        )
        for n in range(posts)
    )
    found = told(evidence)
    rating = replace(found.hours[18], data_points=posts)
    some = 0.3 if posts else None
    return ExplainedRating(Explanation(found, rating, 1, behind, some, some, nearby), {"1": "A cup\nof \x1b[31mcoffee"})


def test_an_explanation_shows_the_posts_and_the_way_to_the_score() -> None:
    assert drawn(render_explanation(explained(), PAGE)) == (
        "instagram/roastery   18:00   of 585 posts   hours in Europe/Berlin\n"
        "\n"
        "  PUBLISHED         COUNTED  USUAL          KIND  OUTLIER    LEFT  TEXT\n"
        "  Tue 24 Nov 13:46      402    147             -        -  +123 %  0\n"
        "  Mon 23 Nov 13:46      402    147  video  +11 %    +65 %  +101 %  A cup of \\x1…\n"
        "  Sun 22 Nov 13:46      402    147  video  +11 %        -   +82 %  2\n"
        "\n"
        "  Counted   30 % above your average, from 3 posts\n"
        "  Adjusted  30 % above your average, without trend, kind and outliers\n"
        "  Expected  +12 % (+3 to +21): the estimate from 3 posts and 86 posts within 2\n"
        "            hours\n"
        "  Score     92 % chance to be one of the best 5 hours; rank 1\n"
    )


def test_more_posts_than_are_shown_are_counted() -> None:
    assert "  And 3 more:  --limit 13\n" in drawn(render_explanation(explained(13), PAGE))
    assert "  And 12 more:  --limit 13\n" in drawn(render_explanation(explained(13), PAGE, 1))
    assert "PUBLISHED" not in drawn(render_explanation(explained(13), PAGE, 0))


def test_a_place_without_posts_is_explained_by_its_neighbours() -> None:
    text = drawn(render_explanation(explained(0, evidence=Evidence.THIN), PAGE))
    assert "  Counted   no post at 18:00, 86 posts within 2 hours\n" in text
    assert "the estimate from 86 posts within 2 hours" in text
    assert "Thin evidence" in text
    alone = drawn(render_explanation(explained(0, nearby=0), PAGE))
    assert "no post at 18:00, and none near it" in alone
    assert "the estimate from the rest of the week" in alone


def test_days_and_slots_are_explained_among_their_kind() -> None:
    one = explained()
    for rating, words in ((told().days[1], "one of the best 3 days"), (told().slots[42], "one of the best 10 slots")):
        other = ExplainedRating(replace(one.explanation, rating=rating), {})
        assert words in drawn(render_explanation(other, PAGE))


# ttp optimal backtest


def test_a_backtest_says_what_was_tested_and_what_follows() -> None:
    assert drawn(render_backtest(TESTED, PAGE, WAY)) == (
        "x/me   200 posts, 24 Nov 2026   hours in Europe/Berlin\n"
        "\n"
        "  Tested on your last 100 posts, using only what was known before each; 30 of\n"
        "  them were at a recommended hour.\n"
        "\n"
        "  Recommended hours, against the rest     +24 %  (+8 to +42, 80 % range)\n"
        "  Simple hourly average                    +5 %  (-10 to +20, 80 % range)\n"
        "  Difference of the two                    +5 %  (-10 to +20, 80 % range)\n"
        "\n"
        "  The recommendation would have helped: the whole range is above zero.\n"
        "  Not clearly better or worse than the simple hourly average.\n"
    )


@each(
    ("test", "words"),
    [
        (replace(TESTED, recommended=BAD), "would have done harm"),
        (replace(TESTED, recommended=OPEN), "Undecided: the range includes zero"),
        (replace(TESTED, difference=GOOD), "Better than the simple hourly average."),
        (replace(TESTED, difference=BAD), "The simple hourly average did better here."),
        (replace(TESTED, mean_per_hour=None, difference=None), "too few posts to tell"),
        (replace(TESTED, recommended=None, in_best_hours=1), "1 of your last 100 posts were at a recommended hour"),
        (Backtest("x/me", BERLIN, 12), "12 posts are too few for a test; it needs 40."),
        (Backtest("x/me", BERLIN, 1), "1 post is too few"),
        (Backtest("x/me", BERLIN, 0), f"No measured posts yet.  Get some:  {WAY}"),
    ],
)
def test_a_backtest_is_honest(test: Backtest, words: str) -> None:
    assert words in drawn(render_backtest(test, PAGE, WAY))


@each("width", WIDTHS)
def test_every_picture_fits_every_width(width: int) -> None:
    page = PAGE._replace(width=width)
    week = Week(("x/me",), BERLIN, tuple(week_schedule(told())))
    for picture in (
        render_recommendation(advice(told(Evidence.THIN), TONIGHT), page),
        render_week(week, page),
        render_explanation(explained(13), page),
        render_backtest(TESTED, page, WAY),
    ):
        assert all(columns(line) <= width for line in picture if "ttp " not in line)


def test_a_comparison_by_views_is_named() -> None:
    assert "compared by views" in drawn(render_recommendation(advice(replace(told(), by_views=True)), PAGE))
    assert "compared by views" not in drawn(render_recommendation(advice(told()), PAGE))


def test_the_hours_of_online_followers_are_named_as_the_platform_counts_them() -> None:
    online = OnlineFollowers(12, "a", "b", (("9", 1204.4), ("10", 3.0), ("11", 2000.0), ("12", 1.0)))
    text = drawn(render_recommendation(replace(advice(told()), online=online), PAGE, platform="Instagram"))
    assert "11 (2,000), 9 (1,204), 10 (3); average of 12 days" in text.replace("\n  ", " ")
    assert "Instagram counts them" in text.replace("\n  ", " ")
    assert "online" not in drawn(render_recommendation(advice(told()), PAGE))


def test_the_days_come_first_where_they_alone_tell_something() -> None:
    found = told(Evidence.THIN, days=0.2)
    days = tuple(replace(day, low=0.01 if day.day == 1 else -0.1) for day in found.days)
    found = replace(found, days=days, hours=tuple(replace(hour, low=-0.1) for hour in found.hours))
    text = drawn(render_recommendation(advice(found), PAGE))
    assert "Post on Tue: about 20 % more" in text
    assert text.index("Best days") < text.index("Best hours")


def test_an_hour_that_nobody_tried_is_marked() -> None:
    hours = tuple(replace(hour, data_points=0) if hour.hour == 18 else hour for hour in told().hours)
    text = drawn(render_recommendation(advice(replace(told(), hours=hours)), PAGE))
    assert "Post at 18:00 (not tried yet): expect" in text
    assert "92 %    not tried" in text


def test_posts_that_were_left_out_are_counted() -> None:
    assert "1 post without any like, comment and share is left out" in drawn(
        render_recommendation(advice(replace(told(), left_out=1)), PAGE)
    )
    assert "left out" not in drawn(render_recommendation(advice(told()), PAGE))


def test_less_than_the_average_is_below_it() -> None:
    found = explained()
    text = drawn(render_explanation(replace(found, explanation=replace(found.explanation, raw=-0.47)), PAGE))
    assert "47 % below your average" in text
