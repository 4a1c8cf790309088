"""Pictures line up at every width, say what a person needs, and let no foreign byte act on the terminal."""

import re
from collections.abc import Iterable
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.cli.render.test_heatmap_files import contrast
from tests.rows import each
from ttp.cli.commands.status import render_status
from ttp.cli.render.accounts import render_accounts
from ttp.cli.render.metrics import render_samples
from ttp.cli.render.names import joined_names, names_in, names_within, short_names
from ttp.cli.render.optimal import render_slots
from ttp.cli.render.page import Cell, Column, Page, Style, table
from ttp.cli.render.post import render_attempts, render_post
from ttp.cli.render.posts import render_posts
from ttp.cli.render.width import columns, cut, pad, widest, wrap, wrap_sentence
from ttp.domain.account import Account, Hold
from ttp.domain.action import action
from ttp.domain.delivery import LOOK, Delivery, DeliveryError, DeliveryState
from ttp.domain.health import ActionsNeeded, Health, PublisherInfo
from ttp.domain.media.item import MediaItem
from ttp.domain.metrics.sample import Sample
from ttp.domain.post import Metrics, PostStatus
from ttp.domain.post_history import HistoryEvent, PostHistory
from ttp.domain.publishing.outcome import Attempt, Kind, Phase
from ttp.domain.publishing.rate_limit import Limit
from ttp.services.queries import PostView
from ttp.views.number_answers import FreeHourAnswer, LaterHourAnswer

BERLIN = ZoneInfo("Europe/Berlin")
NOW = datetime(2026, 11, 24, 12, 46, tzinfo=UTC)
PAGE = Page(NOW, BERLIN)
WIDTHS = (40, 57, 72, 80, 100, 120, 160, 200)
ANSI = re.compile(r"\x1b\[[0-9;]+m")
FOREIGN = st.text(
    st.characters(exclude_categories=()) | st.sampled_from("\x1b\x9b\u202e\n\t\u200d\ufe0f\u0301日👩❤🏳🌈 "), max_size=60
)


def at(day: int, hour: int, minute: int = 0, second: int = 0) -> datetime:
    """An instant of November 2026 by Berlin's clocks."""
    return datetime(2026, 11, day, hour, minute, second, tzinfo=BERLIN)


def row(account: str, state: DeliveryState = DeliveryState.PENDING, error: DeliveryError | None = None) -> Delivery:
    return Delivery(account, account.partition("/")[0], state, error=error)


_S = DeliveryState
LOOKED = DeliveryError(Kind.UNKNOWN, "a person looked", hint=action("retry", 41, account="x/me"))
ENDED = DeliveryError(Kind.AUTH, "token ended on 21 Nov", "401", "ttp account connect x/roastery")
IMAGE = MediaItem("launch.jpg", "image/jpeg", 412331, "ab" * 32, 1080, 1350, alt="a cup")
VIDEO = MediaItem("clip.mp4", "video/mp4", 1_234_331, "cd" * 32, duration_ms=3400)
DUE = PostView(
    "Behind the scenes: how we roast on Mondays",
    (row("instagram/roastery"), row("x/roastery")),
    PostStatus.SCHEDULED,
    at(24, 18),
    id=41,
    media=(IMAGE,),
)
WEEKEND = PostView(
    "Weekend opening hours", (row("instagram/roastery"),), PostStatus.SCHEDULED, at(27, 18), id=43, media=(IMAGE, VIDEO)
)
DRAFT = PostView("Interview outtakes", id=44)
LAUNCH = PostView(
    "Launch day! 20% off until Sunday\nDoors 9:00",
    (
        Delivery(
            "instagram/roastery",
            "instagram",
            DeliveryState.PUBLISHED,
            published_at=at(23, 18, 0, 3),
            url="https://www.instagram.com/p/DEMO123",
        ),
        replace(row("x/roastery", DeliveryState.FAILED, ENDED), id=382),
    ),
    PostStatus.PARTIAL,
    at(23, 18),
    id=38,
    media=(IMAGE,),
)
ROAST = PostView(
    "Sunday roast is back", (row("x/roastery", DeliveryState.NEEDS_REVIEW),), PostStatus.PARTIAL, at(22, 12), id=36
)
POSTS = (DUE, WEEKEND, DRAFT, LAUNCH, ROAST)


def drawn(lines: Iterable[str]) -> str:
    return "\n".join(lines) + "\n"


def test_the_list_at_80_columns() -> None:
    assert drawn(render_posts(POSTS, PAGE)) == (
        "  ID  WHEN                    STATUS     ACCOUNTS  TEXT\n"
        "  41  today  18:00  in 4 h    scheduled  ig x      Behind the scenes: how we ro…\n"
        "  43  Fri 27 18:00  in 3 d    scheduled  ig        Weekend opening hours\n"
        "  44  -                       draft      -         Interview outtakes\n"
        "  38  Mon 23 18:00  19 h ago  PARTIAL    ig ✓ x !  Launch day! 20% off until Su…\n"
        "  36  Sun 22 12:00  2 d ago   REVIEW     x ?       Sunday roast is back\n"
        "\n"
        "Times in Europe/Berlin (UTC+01:00).   ! failed\n"
        "? may be live, look:  ttp show 36   Post 38 needs you:  ttp show 38\n"
    )


def test_the_clocks_of_a_list_stand_below_each_other() -> None:
    days = [at(24, 9), at(30, 18), at(30, 9) + timedelta(days=1), at(24, 9) + timedelta(days=14)]
    later = at(24, 9) + timedelta(days=60)
    posts = [PostView("hi", (), PostStatus.SCHEDULED, day, id=1) for day in days]
    assert [line[6:18] for line in render_posts(posts, PAGE)][1:5] == [
        *("today  09:00", "Mon 30 18:00", "Tue  1 09:00", " 8 Dec 09:00")
    ]
    posts.append(PostView("hi", (), PostStatus.SCHEDULED, later, id=2))
    for width in (80, 120):
        lines = list(render_posts(posts, PAGE._replace(width=width)))[1:6]
        assert len({re.search(r"\d\d:\d\d", line).start() for line in lines}) == 1  # type: ignore[union-attr]


def test_the_list_at_120_columns_adds_utc_handles_and_media() -> None:
    posts = [replace(DUE, content="Roast on Monday"), DRAFT, replace(LAUNCH, content="Launch day!"), WEEKEND]
    assert drawn(render_posts(posts[:3], PAGE._replace(width=120))) == (
        "  ID  WHEN                        UTC    STATUS     ACCOUNTS                     MEDIA    TEXT\n"
        "  41  Tue 24 Nov 18:00  in 4 h    17:00  scheduled  ig/roastery  x/roastery      1 image  Roast on Monday\n"
        "  44  -                           -      draft      -                            -        Interview outtakes\n"
        "  38  Mon 23 Nov 18:00  19 h ago  17:00  PARTIAL    ig/roastery ✓  x/roastery !  1 image  Launch day!\n"
        "\n"
        "Times in Europe/Berlin (UTC+01:00).   ! failed   Post 38 needs you:  ttp show 38\n"
    )
    assert "  1 image, 1 video  Weekend" in drawn(render_posts(posts, PAGE._replace(width=120)))


def test_measured_posts_get_columns_of_numbers_on_a_wide_terminal() -> None:
    roast = PostView(
        "Fresh roast: beans from Huila, roasted this morning",
        (row("x/me", DeliveryState.PUBLISHED), row("bluesky/me.example", DeliveryState.PUBLISHED)),
        PostStatus.PUBLISHED,
        at(23, 18),
        id=39,
        metrics={"x/me": Metrics(12, 3, None, 12_900, NOW), "bluesky/me.example": Metrics(30, 0, None, None, NOW)},
    )

    def cells(width: int) -> list[list[str]]:
        lines = list(render_posts([roast, DRAFT], PAGE._replace(width=width)))
        return [line.split() for line in lines[:3]]

    head, first, draft = cells(160)
    assert head[-4:] == ["LIKES", "COMMENTS", "VIEWS", "TEXT"]  # no number of shares is known
    assert first[first.index("Fresh") - 3 : first.index("Fresh")] == ["42", "3", "12,900"]
    assert draft[draft.index("Interview") - 3 : draft.index("Interview")] == ["-"] * 3
    head, first, _ = cells(110)
    assert "LIKES" in head
    assert "COMMENTS" not in head
    assert "LIKES" not in cells(100)[0]
    assert "LIKES" not in drawn(render_posts([DRAFT], PAGE._replace(width=200)))


def test_the_handle_is_added_where_a_platform_has_several_accounts() -> None:
    shop = PostView("Sale", (row("x/shop"), row("tiktok/shop")), PostStatus.SCHEDULED, at(25, 9), id=45)
    text = drawn(render_posts((DUE, shop), PAGE))
    assert "ig x/roastery " in text
    assert "x/shop tiktok " in text


def test_a_narrow_terminal_loses_columns_and_never_the_id_the_time_the_status_or_the_text() -> None:
    head, first, *_ = render_posts(POSTS, PAGE._replace(width=50))
    assert head == "  ID  WHEN          STATUS     TEXT"
    assert first == "  41  today  18:00  scheduled  Behind the scenes:…"


def test_many_accounts_are_cut_and_the_text_keeps_some_room() -> None:
    many = replace(DUE, deliveries=tuple(row(f"x/shop{number}") for number in range(20)))
    _, line, *_ = render_posts([many], PAGE)
    assert "  x/shop0 x/shop1 +18  Behind the scenes" in line
    assert columns(line) == 80


def test_a_post_with_its_past_has_a_line_of_history_and_the_time_of_what_failed() -> None:
    events = (
        HistoryEvent("created", at(22, 14, 2)),
        HistoryEvent("scheduled", at(23, 14, 3)),
        HistoryEvent("publishing", at(23, 18), by_publisher=True),
        HistoryEvent("partial", at(23, 18, 0, 7), by_publisher=True),
    )
    past = PostHistory(events, {382: at(23, 18, 0, 2)})
    text = drawn(render_post(replace(LAUNCH, created_at=at(22, 14, 2)), PAGE, past))
    assert "  x/roastery          failed     18:00:02  401 token ended on 21 Nov\n" in text
    assert (
        "\n\n  History  Sun 22 14:02 created  Mon 23 14:03 scheduled  18:00:00 publishing\n"
        "           18:00:07 partial\n\nNext:" in text
    )
    assert "Created" not in text


def test_a_post_that_was_only_made_keeps_its_line_and_has_no_history() -> None:
    made = replace(DRAFT, created_at=at(22, 14, 2))
    text = drawn(render_post(made, PAGE, PostHistory((HistoryEvent("created", at(22, 14, 2)),))))
    assert "  Created     Sun 22 Nov 2026 14:02\n" in text
    assert "History" not in text


def test_a_post_under_way_is_marked_and_the_mark_explained() -> None:
    text = drawn(render_posts([replace(DUE, deliveries=(row("x/me", DeliveryState.SENDING),))], PAGE))
    assert "  x ~  " in text
    assert "~ in progress" in text


def test_long_cells_shrink_where_no_column_can_be_left_out() -> None:
    heads = [Column("A"), Column("B"), Column("C")]
    cells = [Cell("a" * 30), Cell("b" * 20), Cell("c" * 30)]
    lines = list(table(heads, [cells], PAGE._replace(width=40)))
    assert lines == [
        f"  {'A':<15}  {'B':<15}  C",
        f"  {'a' * 14}…  {'b' * 14}…  ccc…",
    ]


def test_a_time_far_away_shows_its_date_and_another_year() -> None:
    far = [replace(DUE, scheduled_at=datetime(year, 12, 25, 9, tzinfo=UTC)) for year in (2026, 2027)]
    text = drawn(render_posts(far, PAGE))
    assert "25 Dec      10:00  in 30 d " in text
    assert "25 Dec 2027 10:00  in 395 d" in text


def test_utc_names_its_day_where_it_is_another_one() -> None:
    late = replace(DUE, scheduled_at=at(28, 0, 30))
    assert " Fri 23:30  scheduled" in drawn(render_posts([late], PAGE._replace(width=120)))


@given(st.lists(FOREIGN, min_size=1, max_size=4), st.sampled_from(WIDTHS))
def test_whatever_the_text_the_list_keeps_one_line_a_post_within_the_page(texts: list[str], width: int) -> None:
    posts = [replace(DUE, content=text, id=place) for place, text in enumerate(texts)]
    lines = list(render_posts(posts, PAGE._replace(width=width)))
    assert lines.index("") == len(texts) + 1
    assert all(columns(line) <= width for line in lines)
    assert not re.search(
        "[\x00-\x1f\x7f-\x9f\u061c\u200e\u200f\u2028-\u202e\u2066-\u2069\ud800-\udfff]", "".join(lines)
    )


@each("width", WIDTHS)
def test_colour_adds_nothing_but_codes(width: int) -> None:
    plain, coloured = (list(render_posts(POSTS, Page(NOW, BERLIN, width, color))) for color in (False, True))
    assert plain != coloured
    assert plain == [ANSI.sub("", line).rstrip() for line in coloured]
    assert not ANSI.search("".join(plain))


def test_everything_about_a_post_that_failed_in_part() -> None:
    assert drawn(render_post(LAUNCH, PAGE)) == (
        "Post 38   PARTIAL   1 of 2 accounts published\n"
        "  Scheduled   Mon 23 Nov 2026 18:00 Europe/Berlin   (17:00 UTC, 19 h ago)\n"
        "  Media       launch.jpg  1080x1350  412 kB  alt text: a cup\n"
        "  Text        Launch day! 20% off until Sunday\n"
        "              Doors 9:00                                        (2 lines, 43 ch)\n"
        "\n"
        "  ACCOUNT             RESULT     WHEN      DETAIL\n"
        "  instagram/roastery  published  18:00:03  instagram.com/p/DEMO123\n"
        "  x/roastery          failed     -         401 token ended on 21 Nov\n"
        "\n"
        "Next:  ttp account connect x/roastery && ttp retry 38\n"
        "       (publishes to x/roastery only, not to instagram/roastery again)\n"
    )


def test_a_delivery_that_waits_says_for_what_and_until_when() -> None:
    waiting = Delivery(
        "tiktok/me",
        "tiktok",
        DeliveryState.PROCESSING,
        next_at=at(24, 13, 50),
        waiting_for="TikTok is processing the video",
        waiting_until=at(24, 14, 30),
    )
    text = drawn(
        render_post(PostView("Clip", (waiting,), PostStatus.PUBLISHING, at(24, 13), id=7, media=(VIDEO,)), PAGE)
    )
    assert "clip.mp4  3.4 s  1.2 MB  no alt text" in text
    assert " ".join(text.split("DETAIL")[1].split()) == (
        "tiktok/me processing today 13:50 TikTok is processing the video, until today 14:30"
    )


def test_a_post_published_on_a_later_day_than_planned_shows_the_day() -> None:
    late = Delivery("x/me", "x", DeliveryState.PUBLISHED, published_at=at(24, 9, 1, 2), url="https://x.com/i/1")
    text = drawn(render_post(PostView("Late", (late,), PostStatus.PUBLISHED, at(23, 18), at(24, 9, 1, 2), id=7), PAGE))
    assert "published  today 09:01:02  x.com/i/1" in text
    assert "Next" not in text


@each(
    ("post", "command"),
    [
        (DRAFT, "Next:  ttp edit 44 --to ACCOUNT"),
        (replace(DUE, status=PostStatus.DRAFT, scheduled_at=None), "Next:  ttp schedule 41 --at 'tomorrow 9am'"),
        (ROAST, "Next:  ttp resolve 36 --account x/roastery --published URL   (or --not-published)"),
        (
            replace(DUE, status=PostStatus.FAILED, deliveries=(row("x/me", DeliveryState.FAILED),)),
            "Next:  ttp retry 41",
        ),
        (replace(DUE, status=PostStatus.FAILED, deliveries=(row("x/me", _S.FAILED, LOOKED),)), "Next:  ttp retry 41"),
    ],
)
def test_show_ends_with_the_command_that_the_post_needs(post: PostView, command: str) -> None:
    assert list(render_post(post, PAGE))[-1] == command


def test_the_address_to_look_at_is_whole_before_the_command_that_needs_it() -> None:
    place = f"https://www.linkedin.com/in/me/{'recent-activity/' * 5}"
    doubt = DeliveryError(Kind.NETWORK, f"the connection was lost{LOOK}{place}")
    *_, look, resolve = render_post(replace(ROAST, deliveries=(row("x/me", _S.NEEDS_REVIEW, doubt),)), PAGE)
    assert look.endswith(f"  {place}")
    assert "ttp resolve 36" in resolve


def test_show_has_a_line_for_every_field_that_is_set() -> None:
    post = replace(
        DUE,
        created_at=at(20, 14, 2),
        thread=("second part",),
        variants={"x": "Short"},
        options={"tiktok.privacy_level": "SELF_ONLY"},
        tags=("a", "b"),
        key="k-1",
        max_lateness_s=90.0,
    )
    text = drawn(render_post(post, PAGE))
    for line in (
        "Created     Fri 20 Nov 2026 14:02",
        "Thread      2. second part",
        "Variants    x: Short",
        "Options     tiktok.privacy_level=SELF_ONLY",
        "Tags        a, b",
        "Key         k-1",
        "At most     1m30s late",
    ):
        assert f"  {line}\n" in text


@given(FOREIGN)
def test_no_foreign_text_of_a_post_acts_on_the_terminal(text: str) -> None:
    error = DeliveryError(Kind.UNKNOWN, text, text, text)
    failed = Delivery("x/me", "x", DeliveryState.FAILED, waiting_for=text, error=error)
    done = Delivery("x/you", "x", DeliveryState.PUBLISHED, url=text, published_at=NOW, note=text)
    media = replace(IMAGE, name=text, alt=text)
    post = PostView(
        text,
        (failed, done),
        PostStatus.PARTIAL,
        media=(media,),
        variants={text: text},
        thread=(text,),
        tags=(text,),
        options={text: text},
        key=text,
        id=1,
    )
    shown = "".join(render_post(post, PAGE))
    assert not re.search("[\x00-\x1f\x7f-\x9f\u061c\u200e\u200f\u2028-\u202e\u2066-\u2069\ud800-\udfff]", shown)


def test_the_accounts_and_what_is_to_be_done_about_them() -> None:
    accounts = [
        Account("x", "roastery", connected=True, needs_reconnect=True, timezone="Europe/Berlin"),
        Account("tiktok", "demo", connected=True, expires_at=NOW + timedelta(days=200, hours=1)),
        Account("instagram", "demo", connected=True, hold_until=at(24, 21, 10), hold_reason="quota"),
        Account("instagram", "over", connected=True, hold_until=at(24, 9)),
        Account("instagram", "new"),
        Account("instagram", "old", connected=True, enabled=False),
    ]
    assert drawn(render_accounts(accounts, PAGE)) == (
        "  ACCOUNT         STATE          ZONE           TOKEN UNTIL\n"
        "  x/roastery      RECONNECT      Europe/Berlin  -\n"
        "  tiktok/demo     connected      -              12 Jun 2027\n"
        "  instagram/demo  on hold        -              -\n"
        "  instagram/over  connected      -              -\n"
        "  instagram/new   not connected  -              -\n"
        "  instagram/old   disabled       -              -\n"
        "\n"
        "Reconnect:  ttp account connect x/roastery\n"
        "instagram/demo is on hold until today 21:10 (quota)\n"
        "instagram/old is disabled; its due posts fail:  ttp account enable instagram/old\n"
    )


def test_options_of_accounts_get_a_column_where_there_are_some() -> None:
    text = drawn(render_accounts([Account("tiktok", "me", options={"tiktok.privacy_level": "SELF_ONLY"})], PAGE))
    assert "tiktok.privacy_level=SELF_ONLY" in text


def test_the_log_wraps_long_messages_and_marks_an_open_intent() -> None:
    attempts = [
        Attempt("x/me", 1, "upload", Phase.PREPARE, at(23, 18, 0, 1), outcome="done", http_status=200),
        Attempt("x/me", 1, "lookup", Phase.LOOK_UP, at(23, 18, 0, 2)),
        Attempt("x/me", 2, "create", Phase.PUBLISH, at(23, 18, 0, 3)),
        Attempt(
            "x/me",
            2,
            "create",
            Phase.PUBLISH,
            at(24, 9),
            outcome="not_done",
            kind=Kind.AUTH,
            http_status=401,
            message="the token ended on Saturday",
        ),
    ]
    assert drawn(render_attempts(attempts, PAGE)) == (
        "  WHEN             ACCOUNT  TRY  STEP    OUTCOME   HTTP  MESSAGE\n"
        "  Mon 23 18:00:01  x/me       1  upload  done       200\n"
        "  Mon 23 18:00:02  x/me       1  lookup  -\n"
        "  Mon 23 18:00:03  x/me       2  create  open\n"
        "  today 09:00:00   x/me       2  create  not done   401  auth: the token ended\n"
        "                                                         on Saturday\n"
        "\n"
        "Times in Europe/Berlin (UTC+01:00).\n"
    )
    narrow = list(render_attempts(attempts, PAGE._replace(width=50)))
    assert "STEP" not in narrow[0], "a message has at least room for its words"
    assert narrow[4].endswith("auth: the")


def test_status_says_first_what_needs_a_person() -> None:
    health = Health(
        PublisherInfo(running=True, pid=4127, mode="loop", since=at(23, 9, 12)),
        next_due_at=at(24, 18),
        next_post=DUE,
        waiting=3,
        needs=ActionsNeeded(review=(36,), reconnect=("x/roastery",)),
        holds=(Hold("instagram/demo", at(24, 21, 10), "quota"), Hold("x/me")),
        limits=(Limit("tiktok/me", "posts", 2, 15, at(24, 21, 10)), Limit("x/me", "posts", 90, 100)),
    )
    assert drawn(render_status(health, PAGE)) == (
        "! publishing is paused for x/me:  ttp resume\n"
        "! post 36 may be live:  ttp show 36\n"
        "! x/roastery must be reconnected:  ttp account connect x/roastery\n"
        "running  pid 4127, since Mon 23 09:12\n"
        "next     41  today 18:00 (in 4 h 14 min, 17:00 UTC)   ig/roastery x/roastery\n"
        "waiting  3 posts scheduled\n"
        "notify   nobody:  ttp notify add desktop\n"
        "holds    ig/demo until today 21:10 (quota); x/me\n"
        "limits   tiktok/me posts: 2 of 15 left until today 21:10\n"
    )


def test_status_tells_scarce_limits_only_and_those_without_a_number_too() -> None:
    limits = (
        Limit("x/me", "POST /2/tweets", 0, None, at(24, 14)),
        Limit("x/me", "GET /2/users/me", 14, 75),
        Limit("x/me", "GET /2/tweets", 15, 75, at(24, 14)),
    )
    assert list(render_status(Health(limits=limits), PAGE))[-2:] == [
        "limits   x/me POST /2/tweets: none left until today 14:00; x/me GET /2/users/me:",
        "         14 of 75 left",
    ]


def test_status_says_when_posts_are_overdue_and_nothing_publishes() -> None:
    assert drawn(render_status(Health(overdue=2, needs=ActionsNeeded(retry=(38, 39))), PAGE)) == (
        "! 2 posts (38, 39) failed:  ttp retry 38 39\n"
        "! 2 posts are overdue and no publisher runs:  ttp run\n"
        "stopped  no publisher runs:  ttp run\n"
        "next     nothing\n"
        "waiting  0 posts scheduled, 2 overdue\n"
        "notify   nobody:  ttp notify add desktop\n"
        "holds    none\n"
    )


def test_status_names_of_the_next_post_the_accounts_that_still_wait() -> None:
    waiting = replace(
        DUE, deliveries=(row("instagram/roastery", DeliveryState.PUBLISHED), row("x/roastery", DeliveryState.RETRYING))
    )
    (line,) = (one for one in render_status(Health(next_due_at=at(24, 18), next_post=waiting), PAGE) if "41" in one)
    assert line.endswith("   x/roastery")


def test_status_tells_the_next_time_even_without_its_post() -> None:
    lines = list(render_status(Health(next_due_at=at(24, 18)), PAGE))
    assert "next     today 18:00 (in 4 h 14 min, 17:00 UTC)" in lines


def test_status_under_cron_says_when_it_last_ran() -> None:
    publisher = PublisherInfo(mode="once", last_run_at=at(24, 13, 43))
    assert "cron     last run 3 min ago" in list(render_status(Health(publisher), PAGE))


def test_a_loop_that_ended_is_stopped_not_cron() -> None:
    publisher = PublisherInfo(mode="loop", last_run_at=at(24, 13, 43))
    assert "stopped  no publisher runs, last run 3 min ago:  ttp run" in list(render_status(Health(publisher), PAGE))


def test_samples_line_up_and_an_untold_count_is_not_zero() -> None:
    samples = [
        Sample("x/me", "1890", at(1, 9), at(3, 9), likes=1200, comments=0, shares=7, views=90500),
        Sample("instagram/roastery", "17900", at(20, 18), at(22, 18), likes=3),
    ]
    assert drawn(render_samples(samples, PAGE._replace(width=100))) == (
        "  PUBLISHED     READ    ACCOUNT             LIKES  COMMENTS  SHARES   VIEWS  POST\n"
        "  1 Nov 09:00   3 Nov   x/me                1,200         0       7  90,500  1890\n"
        "  20 Nov 18:00  22 Nov  instagram/roastery      3         -       -       -  17900\n"
        "\n"
        "Times in Europe/Berlin (UTC+01:00).\n"
    )


SLOT: FreeHourAnswer = {"at": f"{at(24, 18)}", "day": "Tuesday", "hour": 18, "score": 0.9, "uplift": 0.19}


def test_a_next_slot_shows_its_date_zone_utc_and_gain_and_a_later_one() -> None:
    later: LaterHourAnswer = {**SLOT, "at": f"{at(26, 19)}", "uplift": 0.24, "within": "3d"}
    assert list(render_slots([{**SLOT, "later": later}], PAGE._replace(width=100))) == [
        "Tue 24 Nov 2026 18:00 Europe/Berlin   (17:00 UTC, in 4 h 14 min)   +19 %",
        "Thu 19:00 would be +24 %:  --within 3d",
    ]


def test_an_empty_answer_names_the_command_that_fills_it() -> None:
    for lines in (
        render_posts([], PAGE),
        render_accounts([], PAGE),
        render_samples([], PAGE),
        render_slots([], PAGE),
    ):
        (line,) = lines
        assert ":  ttp " in line
    assert list(render_attempts([], PAGE)) == ["No attempts yet."]


@each(
    ("text", "taken"),
    [
        ("", 0),
        ("abc", 3),
        ("Grüße", 5),
        ("e\u0301", 1),
        ("日本語", 6),
        ("한국", 4),
        ("\u1112\u1161\u11ab", 2),
        ("❤", 1),
        ("❤\ufe0f", 2),
        ("1\ufe0f\u20e3", 2),
        ("a\ufe0f", 1),
        ("👍🏽", 2),
        ("👩\u200d❤\ufe0f\u200d👨", 2),
        ("🏳\ufe0f\u200d🌈", 2),
        ("ക\u200dക", 2),
        ("🇩🇪", 2),
        ("…", 1),
    ],
)
def test_the_columns_of_a_text_are_what_a_terminal_takes(text: str, taken: int) -> None:
    assert columns(text) == taken


@given(FOREIGN, st.integers(1, 50))
def test_a_cut_text_fits_and_a_fitting_one_is_whole(text: str, most: int) -> None:
    short = cut(text, most)
    assert columns(short) <= most
    assert widest(short) <= most
    assert short == text if widest(text) <= most else short.endswith("…")


def test_a_cut_never_parts_a_character_from_its_marks() -> None:
    assert cut("ae\u0301iou", 3) == "ae\u0301…"
    assert cut("日本語", 4) == "日…"
    assert cut("👩\u200d❤\ufe0f\u200d👨 ok or not", 8) == "👩\u200d❤\ufe0f\u200d👨 o…"
    assert cut("👩\u200d❤\ufe0f\u200d👨 ok", 3) == "…", "a terminal that draws three emoji would break the line"


@given(FOREIGN, st.integers(2, 40))
def test_wrapping_fits_and_loses_nothing_but_blanks(text: str, most: int) -> None:
    lines = wrap(text, most)
    assert lines
    assert all(columns(line) <= most for line in lines)
    assert "".join(lines).replace(" ", "") == text.replace(" ", "")


def test_padding_counts_columns_not_characters() -> None:
    assert pad("日本", 6) + "|" == "日本  |"
    assert pad("e\u0301", 3) == "e\u0301  "


@each(
    ("seconds", "short", "long"),
    [
        (0, "now", "now"),
        (30, "in 30 s", "in 30 s"),
        (-840, "14 min ago", "14 min ago"),
        (15_240, "in 4 h", "in 4 h 14 min"),
        (-71_160, "19 h ago", "19 h 46 min ago"),
        (86_400 * 3, "in 3 d", "in 3 d"),
    ],
)
def test_how_far_away_an_instant_is(seconds: int, short: str, long: str) -> None:
    then = NOW + timedelta(seconds=seconds)
    assert (PAGE.ago(then), PAGE.ago_long(then)) == (short, long)


def test_a_page_in_utc_says_only_that() -> None:
    assert Page(NOW).footer() == "Times in UTC."


def test_status_draws_the_next_posts_on_a_line_where_there_are_several() -> None:
    def due(number: int, day: int, hour: int, *rows: Delivery) -> PostView:
        return replace(DUE, id=number, scheduled_at=at(day, hour), deliveries=rows)

    x, tiktok = (row(name) for name in ("x/roastery", "tiktok/roastery"))
    coming = (due(41, 24, 18, x, tiktok), due(42, 24, 21, tiktok), due(43, 27, 18, x))
    health = Health(coming=coming)
    assert drawn(render_status(health, PAGE)) == (
        "stopped  no publisher runs:  ttp run\n"
        "next     nothing\n"
        "waiting  0 posts scheduled\n"
        "\n"
        "now 13:46    today 18:00           today 21:00           Fri 27 18:00\n"
        " ├───────────●─────────────────────●─────────────────────●─────────────────────▸\n"
        "             41 x tiktok           42 tiktok             43 x\n"
        "notify   nobody:  ttp notify add desktop\n"
        "holds    none\n"
    )
    assert drawn(render_status(Health(coming=coming[:1]), PAGE)).count("\n") == 5
    for width in range(40, 200):
        lines = list(render_status(Health(coming=coming * 2), PAGE._replace(width=width)))
        assert max(map(columns, lines)) <= width


LONG = ("mastodon/demo@mastodon.example.org", "mastodon/roastery@127.0.0.1:8700", "bluesky/the-roastery.bsky.social")


@each("accounts", [LONG, LONG[1:], (LONG[0], "mastodon/demo@other.example.org")])
def test_a_log_of_long_account_names_has_every_step_and_message_at_80_columns(accounts: tuple[str, ...]) -> None:
    steps = ("POST /api/v2/media", "POST /api/v1/statuses")
    attempts = [
        Attempt(name, 1, step, Phase.PREPARE, at(23, 18, 0, 1), outcome="not_done", http_status=503, message="503 busy")
        for name in accounts
        for step in steps
    ]
    page = drawn(render_attempts(attempts, PAGE))
    assert all(page.count(step[:19]) == len(accounts) for step in steps)
    assert page.count("503 busy") == len(attempts)
    assert {*page.split("\n")[0].split()} >= {"ACCOUNT", "STEP", "OUTCOME", "MESSAGE"}


@each(
    ("accounts", "short"),
    [
        (("instagram/shop", "x/me"), ("ig", "x")),
        (LONG, ("masto/demo", "masto/roastery", "bluesky")),
        ((LONG[0], "mastodon/demo@b.example"), ("masto/demo@mastodon.example.org", "masto/demo@b.example")),
        (("x/me", "x/you", "other/me"), ("x/me", "x/you", "other")),
    ],
)
def test_an_account_has_the_shortest_name_that_means_no_other(
    accounts: tuple[str, ...], short: tuple[str, ...]
) -> None:
    assert tuple(short_names(accounts).values()) == short
    assert len({*short_names(accounts, with_handle=True).values()}) == len(accounts)
    assert [*names_within(accounts, 80).values()] == [*accounts]


def test_names_that_are_too_long_for_their_column_are_shortened_in_every_table() -> None:
    columns = [Column("ACCOUNT", most=20), Column("TEXT")]
    rows = [[Cell(name), Cell("hi")] for name in LONG[:2]]
    narrow = PAGE._replace(width=36)
    assert [line.split()[0] for line in table(columns, rows, narrow)][1:] == ["masto/demo", "masto/roastery"]
    assert [line.split()[0] for line in table(columns, rows, PAGE)][1:] == [*LONG[:2]]
    assert [row[0].text for row in rows] == [*LONG[:2]]


SHOPS = ("x/shop_of_mugs_in_berlin", "x/shop_of_maps_in_berlin", "x/a_house_of_coffee")


def test_names_without_room_are_cut_where_they_still_mean_no_other_account() -> None:
    wide, post = replace(DUE, deliveries=tuple(map(row, SHOPS))), replace(DUE, deliveries=(row(SHOPS[0]),))
    assert [*names_within(SHOPS, 8).values()] == ["x/shop_of_mu…", "x/shop_of_ma…", "x/a_hou…"]
    assert [*names_in([post], 8).values()] == ["x"]
    assert [*names_within(("x/shop", "x/shops_of_all_kinds"), 6).values()] == ["x/shop", "x/shops…"]
    assert [*names_within(("  comment", "mastodon/shop@a.example"), 12).values()] == ["  comment", "masto/shop"]
    _, first, second, *_ = render_posts([post, wide], PAGE)
    assert "  x/shop_of_mu…  " in first
    assert "  x/shop_of_mu… +2  Behind" in second
    networks = ("bluesky", "instagram", "linkedin", "mastodon", "threads", "x")
    every = replace(DUE, deliveries=tuple(row(f"{name}/me") for name in networks))
    assert joined_names([*names_in([every, post], 26).values()], 26) == "bluesky ig linkedin +4"
    assert joined_names(["x/a", "x/b", "x/c"], 11) == "x/a x/b x/c"
    assert joined_names(["x/a", "x/b", "x/c"], 10) == "x/a x/b +1"


def test_status_with_long_account_names_keeps_what_matters_at_80_columns() -> None:
    due = replace(DUE, deliveries=tuple(row(name) for name in LONG))
    later = replace(due, id=42, scheduled_at=at(25, 18))
    limit = Limit(LONG[0], "posts", 2, 15, at(24, 21, 10))
    needs = ActionsNeeded(reconnect=LONG[1:2])
    health = Health(
        next_due_at=at(24, 18), next_post=due, waiting=2, coming=(due, later), needs=needs, limits=(limit,),
        holds=(Hold(LONG[0], at(24, 21, 10), "quota"), Hold(LONG[1])),
    )  # fmt: skip
    page = drawn(render_status(health, PAGE))
    assert f"ttp account connect {LONG[1]}" in page
    assert page.count("masto/demo") == 3
    assert page.count("3 accounts") == 2
    assert "…" not in page
    assert max(map(len, page.split("\n"))) <= 80


@pytest.mark.parametrize("style", ["dim", "green"])
def test_the_fixed_colours_are_read_on_black_and_on_white(style: Style) -> None:
    number = int(PAGE._replace(color=True).paint("x", style).partition("38;5;")[2].partition("m")[0])
    steps = (0, 95, 135, 175, 215, 255)
    cube = number - 16
    parts = [8 + 10 * (number - 232)] * 3
    if number < 232:
        parts = [steps[cube // 36], steps[cube // 6 % 6], steps[cube % 6]]
    color = "#" + "".join(f"{part:02x}" for part in parts)
    assert min(contrast(color, ground) for ground in ("#000000", "#ffffff")) > 4.4


def test_a_row_that_wraps_keeps_its_columns_and_its_command() -> None:
    row = "  3    scheduledAt  a file needs a full date, and this one has none of it"
    lines = wrap_sentence(row, 50)
    assert lines[0].startswith("  3    scheduledAt  a file")
    assert {len(line) - len(line.lstrip()) for line in lines[1:]} == {len("  3    scheduledAt  ")}
    command = "  fix: ttp import posts.csv --partial --tz Europe/Berlin --strict"
    assert wrap_sentence(command, 40)[-1].endswith("ttp import posts.csv --partial --tz Europe/Berlin --strict")


PUBLISHES = "ttp publish is not allowed in this shell, because it was opened for somebody who writes drafts"


@each(
    "prose",
    [
        f"ttp: error: {PUBLISHES}",
        f"note: {PUBLISHES}",
        PUBLISHES,
        "ttp: error: post 7 waits (ttp approve 7) and the publisher, which is at work, does not see it before that",
    ],
)
def test_a_sentence_about_a_command_is_wrapped(prose: str) -> None:
    lines = wrap_sentence(prose, 50)
    assert max(map(columns, lines)) <= 50
    assert len(lines) <= 3
    assert " ".join(line.strip() for line in lines) == prose


@each(
    "before",
    [
        "  try: ",
        "      fix: ",
        "  draft: ",
        "; see: ",
        "Two posts failed and can be tried again:  ",
        "  ",
        "Wait (",
        "Get it (or: ",
    ],
)
def test_a_command_to_copy_is_never_broken(before: str) -> None:
    command = "ttp retry --failed --account mastodon/somebody@example.org --since 7d"
    lines = wrap_sentence(f"{before}{command}{')' * before.count('(')}", 40)
    assert [line for line in lines if command in line]


def test_the_commands_of_two_hints_in_a_line_are_separate() -> None:
    first, second = "ttp run --once --max-time 600 --quiet", "ttp doctor --online --format json"
    lines = wrap_sentence(f"it is late; try: {first}; see: {second}", 40)
    assert [[command in line for command in (first, second)] for line in lines if "ttp" in line] == [
        [True, False],
        [False, True],
    ]


@each(
    ("state", "word", "next_line"),
    [
        (DeliveryState.FAILED, "COMMENT", "ttp retry 38"),
        (DeliveryState.NEEDS_REVIEW, "REVIEW", "ttp resolve 38 --account instagram/roastery --comment --published URL"),
        (DeliveryState.PENDING, "published", None),
    ],
)
def test_a_comment_is_shown_under_its_post(state: DeliveryState, word: str, next_line: str | None) -> None:
    comment = Delivery("instagram/roastery", "instagram", state, parent_id=1, planned_parts=("Links",))
    only = replace(LAUNCH.deliveries[0], comment=comment)
    post = replace(LAUNCH, deliveries=(only,), status=PostStatus.PUBLISHED)
    shown = drawn(render_post(post, PAGE))
    assert shown.startswith(f"Post 38   {word}   1 of 1 account published\n")
    assert re.search(r"^  instagram/roastery +published .*\n    comment ", shown, re.MULTILINE)
    assert (next_line or "Next:") in shown if next_line else "Next:" not in shown
    assert word in drawn(render_posts([post], PAGE))
