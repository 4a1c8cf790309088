"""Rows of the exports: what was written in an export's way is read back as the same samples."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.domain.metrics.ingest import exports
from tests.domain.metrics.ingest.exports import META, OLD_X, TIKTOK, X, code_of, tiktok_id, x_id
from tests.platforms.factories import PLATFORMS
from tests.rows import each
from ttp.domain.errors import UsageError
from ttp.domain.metrics.ingest.columns import read_header
from ttp.domain.metrics.ingest.export_rows import ExportReader, find_export_format, refuse_for_all, with_date_order
from ttp.domain.metrics.sample import Sample

NOW = datetime(2026, 11, 24, 12, 0, tzinfo=UTC)
BERLIN = ZoneInfo("Europe/Berlin")
AT = datetime(2026, 9, 16, 14, 5, tzinfo=UTC)
ONE = Sample(
    "instagram/shop", "17912345678901234", AT, NOW, 1234, 56, 7, 89012, 3, 4567, "video", "Hi, you", dated=False
)


def read(
    header: Sequence[str],
    rows: Sequence[list[str]],
    *,
    zone: ZoneInfo | None = None,
    account: str | None = None,
    delimiter: str = ",",
    order: str | None = None,
    **how: object,
) -> list[Sample | str]:
    """The samples, or the flaw of a row that is refused."""
    columns = read_header(header, PLATFORMS, account=account, **how)  # type: ignore[arg-type]  # as the test says
    manner = with_date_order(find_export_format(columns, rows, PLATFORMS, delimiter=delimiter, now=NOW), order)
    reader = ExportReader(columns, manner, PLATFORMS, now=NOW, zone=zone, account=account)
    told: list[Sample | str] = []
    for row in rows:
        try:
            told.append(reader.sample(row))
        except UsageError as error:
            told.append(error.flaw)
    return told


def local(one: Sample, zone: ZoneInfo = BERLIN) -> Sample:
    return replace(one, published_at=one.published_at.astimezone(zone))


_MOMENTS = st.datetimes(datetime.fromisoformat("2013-01-01"), datetime.fromisoformat("2026-11-23")).map(
    lambda at: at.replace(second=0, microsecond=0, tzinfo=UTC)
)
_COUNT = st.integers(0, 10**9)
_TEXTS = st.text(st.characters(codec="utf-8", exclude_categories=("Cc", "Cs")), max_size=20).map(
    lambda text: text or None
)


@st.composite
def samples(draw: st.DrawFn, platform: str) -> Sample:
    at = draw(_MOMENTS)
    more = draw(st.integers(0, 4_000_000))
    ids = {"x": x_id(at, more), "tiktok": tiktok_id(at, more), "instagram": str(17 * 10**15 + more)}
    likes, comments, shares, views = (draw(_COUNT) for _ in range(4))
    one = Sample(
        f"{platform}/{draw(st.sampled_from(['shop', 'a.b_c']))}".replace(".", "_"),
        ids[platform],
        at,
        NOW,
        likes,
        comments,
        shares,
        views,
    )
    return replace(one, text=draw(_TEXTS), dated=False)


_NUMBERS = st.sampled_from(
    [str, "{:,}".format, lambda n: f"{n:,}".replace(",", "\u202f"), lambda n: f"{n:,}".replace(",", "’")]
)


@given(
    st.lists(samples("instagram"), min_size=1, max_size=4),
    _NUMBERS,
    st.sampled_from(["%m/%d/%Y %H:%M", "%d/%m/%Y %H:%M", "%Y-%m-%d %H:%M"]),
)
def test_metas_rows_come_back(posts: list[Sample], number: exports.Number, time: str) -> None:
    posts = [replace(one, saves=5, reach=6, kind="carousel") for one in posts]
    rows = [exports.meta_row(one, time, number) for one in posts]
    assert read(META, rows, zone=ZoneInfo("UTC")) == posts


@given(st.lists(samples("tiktok"), min_size=1, max_size=4), _NUMBERS)
def test_tiktoks_rows_come_back(posts: list[Sample], number: exports.Number) -> None:
    posts = [replace(one, kind="video") for one in posts]
    rows = [exports.tiktok_row(one, number=number) for one in posts]
    assert read(TIKTOK, rows, zone=ZoneInfo("UTC")) == posts
    days = [exports.tiktok_row(one, "%B %d", number) for one in posts]
    assert read(TIKTOK, days) == posts


def test_the_29th_of_february_needs_no_year() -> None:
    at = datetime(2016, 2, 29, tzinfo=UTC)
    post = Sample("tiktok/shop", "6256496039952384000", at, NOW, likes=1, comments=2, shares=3, views=4, kind="video")
    assert read(TIKTOK, [exports.tiktok_row(post, "%B %d", str)]) == [post]


@given(st.lists(samples("x"), min_size=1, max_size=4), _NUMBERS)
def test_xs_rows_come_back(posts: list[Sample], number: exports.Number) -> None:
    posts = [replace(one, saves=5) for one in posts]
    assert read(X, [exports.x_row(one, number) for one in posts]) == posts
    old = [replace(one, saves=None) for one in posts]
    assert read(OLD_X, [exports.old_x_row(one) for one in old]) == old


def test_a_german_table_between_semicolons_has_points_in_its_numbers() -> None:
    row = exports.meta_row(local(ONE), "%d.%m.%Y %H:%M", lambda n: f"{n:,}".replace(",", "."))
    assert read(META, [row], zone=BERLIN, delimiter=";") == [ONE]


def test_a_number_that_may_be_two_is_refused() -> None:
    row = exports.meta_row(ONE)
    row[META.index("Views")] = "1.234"
    assert read(META, [row], zone=BERLIN) == ["two_numbers"]


def test_the_account_of_an_export_that_does_not_name_it_is_the_one_that_was_named() -> None:
    row = exports.x_row(replace(ONE, account="x/me", remote_id=x_id(AT)))
    row[X.index("Post Link")] = f"https://x.com/i/status/{x_id(AT)}"
    (found,) = read(X, [row], account="x/me")
    assert isinstance(found, Sample)
    assert found.account == "x/me"
    assert read(X, [row]) == ["no_account"]
    row[X.index("Post Link")] = f"https://x.com/you/status/{x_id(AT)}"
    assert read(X, [row], account="x/me") == ["other_account"]


def test_an_id_that_a_spreadsheet_rounded_is_taken_from_the_link() -> None:
    row = exports.x_row(replace(ONE, account="x/me", remote_id=x_id(AT)))
    row[0] = "1.9E+18"
    (found,) = read(X, [row])
    assert isinstance(found, Sample)
    assert found.remote_id == x_id(AT)
    row[0] = x_id(AT, 1)
    assert read(X, [row]) == ["two_ids"]


def test_a_day_that_is_not_that_of_the_id_is_refused() -> None:
    one = replace(ONE, account="x/me", remote_id=x_id(AT - timedelta(days=3)))
    assert read(X, [exports.x_row(one)]) == ["other_day"]
    tiktok = exports.tiktok_row(replace(one, account="tiktok/me", remote_id=tiktok_id(AT)), "February 30")
    assert read(TIKTOK, [tiktok]) == ["other_day"]


def test_a_day_alone_is_no_time_where_no_id_tells_it() -> None:
    assert read(META, [exports.meta_row(ONE, "%Y-%m-%d")]) == ["no_clock"]
    old = exports.x_row(replace(ONE, account="x/me", remote_id="20"))
    assert read(X, [old]) == ["no_clock"]


def test_what_is_no_time_keeps_the_reason_of_the_strict_reading() -> None:
    assert read(META, [exports.meta_row(ONE, "soon")]) == ["not_a_time"]
    assert read(META, [exports.meta_row(ONE, "")]) == ["empty"]


def test_a_date_that_may_be_two_is_refused_unless_the_link_or_an_option_tells() -> None:
    one = replace(ONE, published_at=datetime(2026, 3, 4, 10, tzinfo=UTC))
    row = exports.meta_row(one)
    assert read(META, [row], zone=ZoneInfo("UTC")) == [one]
    row[META.index("Permalink")] = "https://www.instagram.com/p/example/"
    assert read(META, [row], zone=ZoneInfo("UTC")) == ["two_dates"]
    assert read(META, [row], zone=ZoneInfo("UTC"), order="mdy") == [one]
    row[META.index("Permalink")] = ""
    assert read(META, [row], zone=ZoneInfo("UTC"), order="mdy") == [one]


def test_a_row_of_one_day_is_refused_and_a_file_of_them_as_a_whole() -> None:
    daily = exports.meta_row(ONE, day="09/17/2026")
    assert read(META, [daily], zone=BERLIN) == ["one_day"]
    with pytest.raises(UsageError):
        refuse_for_all(read_header(META, PLATFORMS), [daily, daily], BERLIN)
    refuse_for_all(read_header(META, PLATFORMS), [daily, exports.meta_row(ONE)], BERLIN)
    refuse_for_all(read_header(META, PLATFORMS), [], None)


def test_times_without_a_zone_are_refused_for_the_whole_file() -> None:
    with pytest.raises(UsageError) as refused:
        refuse_for_all(read_header(META, PLATFORMS), [exports.meta_row(ONE)], None)
    assert refused.value.flaw == "no_zone"
    refuse_for_all(read_header(X, PLATFORMS), [exports.x_row(ONE)], None)
    refuse_for_all(read_header(OLD_X, PLATFORMS), [exports.old_x_row(ONE)], None)


@each(
    ("words", "kind"),
    [
        ("IG image", "image"),
        ("IG reel", "video"),
        ("Reel do Instagram", "video"),
        ("Carrossel do Instagram", "carousel"),
        ("Instagram-Karussell", "carousel"),
        ("Imagen de Instagram", "image"),
        ("IG story", None),
        ("", None),
    ],
)
def test_kinds_are_told_from_the_words_of_the_export(words: str, kind: str | None) -> None:
    row = exports.meta_row(ONE)
    row[META.index("Post type")] = words
    assert read(META, [row], zone=ZoneInfo("UTC")) == [replace(ONE, kind=kind)]


def test_photos_of_tiktok_are_images_and_a_link_without_a_video_is_refused() -> None:
    row = exports.tiktok_row(replace(ONE, account="tiktok/me", remote_id=tiktok_id(AT)), "%B %d")
    photo = [cell.replace("/video/", "/photo/") for cell in row]
    (found,) = read(TIKTOK, [photo])
    assert isinstance(found, Sample)
    assert found.kind == "image"
    row[1] = "https://vm.tiktok.com/ZM8/"
    assert read(TIKTOK, [row], account="tiktok/me") == ["no_video"]


def test_mapped_columns_are_read_as_loosely_as_an_export() -> None:
    header = ["Who", "Id", "When", "Seen", "Hearts", "Kind"]
    mapped = {
        "Who": "account",
        "Id": "remoteId",
        "When": "publishedAt",
        "Seen": "observedAt",
        "Hearts": "likes",
        "Kind": "kind",
    }
    rows = [
        ["x/me", "1", "16.09.2026 16:05", "2026-09-17 10:00", "1.234", "video"],
        ["", "2", "16.09.2026", "", "5.678", ""],
    ]
    first, second = read(header, rows, zone=BERLIN, mapped=mapped)
    assert first == Sample("x/me", "1", AT, datetime(2026, 9, 17, 8, tzinfo=UTC), likes=1234, kind="video")
    assert second == "no_clock"
    rows[1][2] = rows[0][2]
    assert read(header, rows, zone=BERLIN, mapped=mapped)[1] == "empty"
    assert read(header, rows, zone=BERLIN, mapped=mapped, account="x/me")[1] == Sample("x/me", "2", AT, NOW, likes=5678)


def test_a_kind_that_was_mapped_is_that_of_an_export_too() -> None:
    row = [*exports.tiktok_row(replace(ONE, account="tiktok/me", remote_id=tiktok_id(AT)), "%B %d"), "image"]
    (found,) = read((*TIKTOK, "Sort"), [row], mapped={"Sort": "kind"})
    assert isinstance(found, Sample)
    assert found.kind == "image"


def test_an_export_may_have_a_column_of_accounts_that_was_mapped() -> None:
    row = [*exports.x_row(replace(ONE, account="x/you", remote_id=x_id(AT))), "x/me"]
    (found,) = read((*X, "Whose"), [row], mapped={"Whose": "account"})
    assert isinstance(found, Sample)
    assert found.account == "x/me"


def test_rows_are_refused_by_place_and_blank_ones_passed_over() -> None:
    columns = read_header(X, PLATFORMS)
    reader = ExportReader(
        columns,
        find_export_format(columns, [], PLATFORMS, delimiter=",", now=NOW),
        PLATFORMS,
        now=NOW,
        zone=None,
        account=None,
    )
    refused: list[tuple[int, str]] = []
    rows = [exports.x_row(replace(ONE, account="x/me", remote_id=x_id(AT))), [""] * len(X), ["short"]]
    groups = list(reader.read(rows, lambda place, reason: refused.append((place, reason))))
    assert [(name, dated, len(group)) for name, dated, group in groups] == [("x/me", False, 1)]
    assert [place for place, _ in refused] == [2]


def test_the_code_of_a_link_far_from_the_day_tells_nothing() -> None:
    row = exports.meta_row(replace(ONE, published_at=datetime(2026, 3, 4, 10, tzinfo=UTC)))
    row[META.index("Permalink")] = f"https://www.instagram.com/shop/reel/{code_of(datetime(2019, 1, 1, tzinfo=UTC))}/"
    assert read(META, [row], zone=BERLIN) == ["two_dates"]
