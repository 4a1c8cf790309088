"""Links of posts: what `x.links` makes of them, and what that costs."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta
from pathlib import Path

import pytest

from tests import people
from tests.clock import START, FakeClock
from tests.platforms.factories import PLATFORMS
from ttp.domain.account import Account
from ttp.domain.errors import ContentRefused
from ttp.domain.post_edit import PostInput
from ttp.domain.pricing import price_of
from ttp.platforms.x.links import move_links_last
from ttp.services.posts import Posts, SavedPost
from ttp.store import accounts
from ttp.store.database import Database

IN_1H = START + timedelta(hours=1)
X, BLUESKY = "x/me", "bluesky/me.example"
A, B = "https://example.com/a", "example.org/b"
TEXT = f"New\n\n{A}\n\nold"


@pytest.fixture
def posts(tmp_path: Path) -> Posts:
    database = Database(tmp_path / "home")
    with database.writing() as db:
        for name in (X, BLUESKY):
            platform, _, handle = name.partition("/")
            accounts.save(db, Account(platform, handle), now=START)
    return people.posts_of(database, FakeClock())


def create(posts: Posts, **fields: object) -> SavedPost:
    wanted = {"text": TEXT, "to": (X, BLUESKY), **fields}
    return people.create(posts, PostInput(**wanted), IN_1H)  # type: ignore[arg-type]  # fields by name


def parts(saved: SavedPost, account: str = X) -> tuple[str, ...]:
    return next(d.planned_parts for d in saved.post.deliveries if d.account == account)


@pytest.mark.parametrize(
    ("texts", "arranged"),
    [
        ((TEXT,), ("New\n\nold", A)),
        ((f"New\n{A}\n{B}\nold",), ("New\nold", f"{A}\n{B}")),
        ((f"One\n{A}", f"  {B}  \n\nTwo"), ("One", "Two", f"{A}\n{B}")),
        ((f"One {A}\n{B}",), (f"One {A}", B)),
        ((f"One\n{A} {B}",), ("One", f"{A} {B}")),
        ((f"One\n{A}", B), ("One", f"{A}\n{B}")),
        ((f"One\n\n\n{A}",), ("One", A)),
        ((f"A\n\n\nB\n{A}\nC",), ("A\n\n\nB\nC", A)),
        ((A, "Two"), (A, "Two")),
        ((f"{A}\n{B}",), (f"{A}\n{B}",)),
        ((f"One {A}", "v1.2.\n"), (f"One {A}", "v1.2.\n")),
        (("",), ("",)),
    ],
)
def test_lines_of_links_move_into_a_last_part(texts: tuple[str, ...], arranged: tuple[str, ...]) -> None:
    assert move_links_last(texts) == arranged
    assert move_links_last(arranged) == arranged


def test_the_option_arranges_the_planned_parts_of_x_alone(posts: Posts) -> None:
    saved = create(posts, options={"x.links": "last-part"})
    assert (parts(saved), parts(saved, BLUESKY)) == (("New\n\nold", A), ())
    stored = posts.post(1)
    assert [price_of(stored, d, PLATFORMS) for d in stored.deliveries if d.account == X] == [215]
    kept = posts.edit(1, PostInput(options={"x.links": "keep"}), None)
    assert parts(kept) == ()
    again = posts.edit(1, PostInput(options={"x.links": "last-part"}, text=f"Newer {A}\n{B}"), None)
    assert parts(again) == (f"Newer {A}", B)
    assert [one.code for one in again.warnings if one.account == X and one.code != "not_connected"] == [
        "link_inside",
        "price",
    ]


def test_an_account_has_a_default_that_a_post_overrides_and_split_comes_after(posts: Posts) -> None:
    with posts.database.writing() as db:
        account = accounts.accounts(db)[-1]
        accounts.save(db, replace(account, options={"x.links": "last-part"}), now=START)
    long = f"{'word ' * 80}\n{A}"
    assert [
        len(parts(create(posts, text=long, to=(X,), **one))) for one in ({"split": True}, {"number_parts": True})
    ] == [3, 3]
    assert parts(create(posts, options={"x.links": "keep"})) == ()
    with pytest.raises(ContentRefused) as refused:
        create(posts, text=long, to=(X,))
    assert [one.code for one in refused.value.problems if not one.warning] == ["text_too_long"]


def test_refuse_names_the_ways_and_lets_texts_without_a_link_pass(posts: Posts) -> None:
    with pytest.raises(ContentRefused) as refused:
        create(posts, options={"x.links": "refuse"})
    assert [(one.code, one.account) for one in refused.value.problems if not one.warning] == [("link_refused", X)]
    assert refused.value.hints
    create(posts, options={"x.links": "refuse"}, variants={X: "No link"})
