"""Everything that a store holds, written at once: in memory that does not grow with it, and as it was at one moment."""

from __future__ import annotations

import csv
import io
import tracemalloc
from collections.abc import Callable
from datetime import UTC
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.clock import START
from tests.conftest import Program
from ttp.cli.context import Context
from ttp.cli.output import Output
from ttp.cli.render import posts as posts_module
from ttp.services.files.ics import _fold
from ttp.store.queries import PostFilter

FEW, MANY = 1_000, 10_000
POSTS = """
WITH RECURSIVE number(n) AS (SELECT {first} UNION ALL SELECT n + 1 FROM number WHERE n < {last})
INSERT INTO post (id, content, status, scheduled_at, created_at, updated_at, variants, thread, options)
SELECT n, 'Fresh beans, lot ' || n, 'scheduled', 1900000000000 + n * 60000, 0, 0, '{{}}', '[]', '{{}}' FROM number
"""
DELIVERIES = """
INSERT INTO delivery (post_id, account_id, state, due_at, next_at, tries, attempts, handle)
SELECT id, 1, 'pending', scheduled_at, scheduled_at, 0, 0, '{}' FROM post WHERE id NOT IN (SELECT post_id FROM delivery)
"""


def fill(ttp: Program, last: int) -> None:
    first = ttp.count("post") + 1
    ttp.sql(POSTS.format(first=first, last=last))
    ttp.sql(DELIVERIES)


def peak(run: Callable[[], object]) -> int:
    """The most bytes that Python holds at once while something runs."""
    tracemalloc.start()
    try:
        run()
        return tracemalloc.get_traced_memory()[1]
    finally:
        tracemalloc.stop()


def listed(format: str) -> None:
    with Path("/dev/null").open("w") as nowhere:
        out = Output(nowhere, nowhere, format=format, now=lambda: START, zone=lambda: UTC)
        out.write_list(posts_module.POSTS_SPEC, Context().queries.views(PostFilter()))


@pytest.mark.slow
@pytest.mark.parametrize(
    "what", ["csv", *(pytest.param(it, marks=pytest.mark.slow) for it in ("json", "ics", "list json", "list tsv"))]
)
def test_ten_times_the_posts_take_no_more_memory(ttp: Program, tmp_path: Path, what: str) -> None:
    ttp.account()

    def run() -> None:
        if what.startswith("list"):
            listed(what.split()[1])
        else:
            ttp.ok("export", str(tmp_path / f"out.{what}"), "--force")

    run()  # what is imported and cached is not counted
    peaks = []
    for posts in (FEW, MANY):
        fill(ttp, posts)
        peaks.append(peak(run))
    assert peaks[1] < peaks[0] + 1_000_000


@pytest.mark.slow
def test_a_dry_run_of_an_import_holds_a_little_of_each_row(ttp: Program, tmp_path: Path) -> None:
    ttp.account()
    peaks = []
    for rows in (200, 200, 1_200):
        lines = (f"x/me,2099-01-01T00:00Z,Lot {n} https://example.com/{n}\n" for n in range(rows))
        (tmp_path / "posts.csv").write_text("accounts,at,text\n" + "".join(lines))
        peaks.append(peak(lambda: ttp.ok("import", str(tmp_path / "posts.csv"), "--dry-run", "-q")))
    assert peaks[2] < peaks[1] + 1_000 * 1_000


@pytest.mark.parametrize("asked", ["export", "list"])
def test_a_post_that_is_published_meanwhile_is_told_once_as_it_was(ttp: Program, asked: str) -> None:
    ttp.account()
    fill(ttp, 500)
    ttp.ok("status")  # a call whose context is of this store
    wanted = PostFilter()
    posts = Context().queries.views(wanted) if asked == "list" else (t.post for t in Context().export.posts(wanted))
    read = [next(posts)]
    ttp.sql("UPDATE post SET status = 'published', published_at = 0 WHERE id IN (1, 400)")
    read += posts
    assert sorted(post.id or 0 for post in read) == list(range(1, 501))
    assert {post.status for post in read} == {"scheduled"}


def test_a_reader_of_all_keeps_no_writer_waiting(ttp: Program) -> None:
    ttp.account()
    fill(ttp, 500)
    ttp.ok("status")
    posts = Context().export.posts(PostFilter())
    next(posts)
    with Context().database.writing() as db:
        db.execute("UPDATE post SET content = 'Changed' WHERE id = 500")
    assert [told.post.content for told in posts][-1] == "Fresh beans, lot 500"


def test_cells_of_numbers_and_lists_read_back(ttp: Program) -> None:
    ttp.account()
    ttp.post('A "quoted"; text,\nof two lines', "--to", "x", "--tag", "a,b", "--max-late", "0s", "--thread", "Next")
    (row,) = csv.DictReader(io.StringIO(ttp.ok("export").out))
    assert (row["content"], row["tags"], row["maxLatenessS"], row["thread"], row["media"]) == (
        *('A "quoted"; text,\nof two lines', "a,b", "0", "Next", ""),
    )


@given(st.text(st.sampled_from("aä漢🫘\ud800 "), max_size=200) | st.text("a", min_size=70, max_size=160))
def test_a_line_of_a_calendar_is_folded_at_75_octets(line: str) -> None:
    rows = _fold(line).removesuffix("\r\n").split("\r\n")
    assert rows[0] + "".join(row[1:] for row in rows[1:]) == line
    assert all(row[0] == " " for row in rows[1:])
    sizes = [len(row.encode("utf-8", "replace")) for row in rows]
    assert max(sizes) <= 75
    assert all(size > 75 - 4 for size in sizes[:-1]), "no row ends before it must"
