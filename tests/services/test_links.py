"""Links of posts: UTM parameters, shorteners, and what `x.links` makes of them."""

from __future__ import annotations

import re
import sys
from dataclasses import replace
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests import people
from tests.clock import START, FakeClock
from tests.platforms.factories import PLATFORMS
from tests.rows import each
from tests.settings import Config
from ttp.domain.account import Account
from ttp.domain.errors import ContentRefused, UsageError
from ttp.domain.parts.links import LinkRules, plain_link, tag_link, tag_text, utm_of
from ttp.domain.post_edit import PostInput
from ttp.domain.pricing import price_of
from ttp.platforms.x.links import move_links_last
from ttp.services.links import MOST
from ttp.services.post_changes import SavedPost
from ttp.services.posts import Posts
from ttp.services.preview import preview_post
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


@each(
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


def tagging(posts: Posts, **settings: Any) -> Posts:
    """The service of the same store, with `links.own` set."""
    values = {"links.own": ("example.com",), **{f"links.{name}": value for name, value in settings.items()}}
    return people.posts_of(posts.database, FakeClock(), Config(values))


UTM = "utm_source={}&utm_medium=social"
OWN = LinkRules(("example.com", "xn--mnchen-3ya.example"))


@each(
    ("text", "tagged"),
    [
        ("https://example.com", "https://example.com?{}"),
        ("See https://www.Example.com/a.", "See https://www.Example.com/a?{}."),
        ("(https://example.com/a_(b))", "(https://example.com/a_(b)?{})"),
        ("[a](https://example.com/a)", "[a](https://example.com/a?{})"),
        ("<https://example.com/a>", "<https://example.com/a?{}>"),
        ("https://example.com/?B=%C3%A4&a#c?d", "https://example.com/?B=%C3%A4&a&{}#c?d"),
        ("https://münchen.example/weg", "https://münchen.example/weg?{}"),
        ("https://example.com/über", "https://example.com/über?{}"),
        ("https://example.com/a?utm_campaign=mine", "https://example.com/a?utm_campaign=mine&utm_source=x&utm_medium=social"),
        ("https://example.com/a?utm_source=mail", None),
        ("https://example.com/a?X-Amz-Date=1&b=2", None),
        ("https://example.com/a?x=1&Signature=2", None),
        ("https://example.com/a?sig=2", None),
        ("mailto:me@example.com example.com/a", None),
        ("https://notexample.com https://example.com.evil.org", None),
        ("https://example.com/記事", None),
        ("https://example.comをご覧", None),
        ("https:// https://[ https://... http://é", None),
    ],
)  # fmt: skip
def test_own_links_get_what_they_lack(text: str, tagged: str | None) -> None:
    utm = utm_of("x", ["発売", "Größe & Ziel", "other"])
    assert utm["utm_campaign"] == "grosse-ziel"
    expected = text if tagged is None else tagged.format(f"{UTM.format('x')}&utm_campaign=grosse-ziel")
    assert tag_text(text, OWN, utm)[0] == expected
    assert plain_link(tag_link("https://example.com/?a=b&c#d", OWN.own, utm)) == "https://example.com/?a=b&c#d"


PIECES = ("https://example.com", "http://a.example.com/b", "?utm_medium=a", "&", "#", "/", ")", "(", ". ", " ")


@given(st.lists(st.one_of(st.sampled_from(PIECES), st.text(max_size=5))), st.text())
def test_tagging_is_idempotent_and_only_adds(pieces: list[str], tag: str) -> None:
    text, utm = "".join(pieces), utm_of("x", [tag])
    tagged, links = tag_text(text, OWN, utm)
    assert tag_text(tagged, OWN, utm) == (tagged, ())
    assert len(tagged) >= len(text)
    assert bool(links) == (tagged != text)
    for value in utm.values():
        assert re.fullmatch("[a-z0-9._-]{1,100}", value)


def test_planned_parts_are_tagged_and_the_post_stays_as_written(posts: Posts) -> None:
    posts = tagging(posts)
    saved = create(posts, utm=True, tags=("launch",), options={"x.links": "last-part"})
    assert posts.post(1).content == TEXT
    expected = f"{A}?{UTM}&utm_campaign=launch"
    assert parts(saved) == ("New\n\nold", expected.format("x"))
    assert parts(saved, BLUESKY) == (TEXT.replace(A, expected.format("bluesky")),)
    edited = posts.edit(1, PostInput(tags=("later",)), None)
    assert parts(edited)[1] == f"{A}?{UTM}&utm_campaign=later".format("x")
    assert parts(posts.edit(1, PostInput(utm=False), None), BLUESKY) == ()


def test_an_account_tags_by_default_and_the_preview_counts(posts: Posts) -> None:
    posts = tagging(posts)
    with posts.database.writing() as db:
        for account in accounts.accounts(db):
            accounts.save(db, replace(account, utm=account.platform == "x"), now=START)
    wanted = PostInput(text=f"{A} {A}#b https://other.org", to=(X, BLUESKY))
    preview = preview_post(posts, wanted, None)
    assert {one.account: (one.tagged, one.unshortened) for one in preview.versions} == {X: (2, 0), BLUESKY: (0, 0)}
    assert preview.versions[0].parts[0].text.count("utm_source=x") == (2 if preview.versions[0].account == X else 0)
    assert parts(create(posts, utm=False)) == ()


def test_without_own_hosts_or_links_of_them_the_post_says_why(posts: Posts) -> None:
    with pytest.raises(ContentRefused) as refused:
        create(posts, utm=True)
    assert ("links_own", "utm") in [(one.code, one.field) for one in refused.value.problems if not one.warning]
    warned = create(tagging(posts), text="https://other.org", utm=True)
    assert "links_none" in [one.code for one in warned.warnings]


def test_what_fits_and_what_a_split_would_make_count_the_parameters(posts: Posts) -> None:
    posts = tagging(posts)
    (posts.database.home / "templates").mkdir()
    (posts.database.home / "templates" / "own.md").write_text(f"{{{{ vars.a | fit }}}}\n{A}")
    wanted = PostInput(template="own", vars={"a": "word " * 90}, to=(BLUESKY,), utm=True)
    (text,) = parts(people.create(posts, posts.templates.fill_in(wanted), IN_1H), BLUESKY)
    assert 280 < len(text) <= 300
    with pytest.raises(ContentRefused) as refused:
        create(posts, text=f"{'word ' * 54}\n{A}", to=(BLUESKY,), utm=True)
    assert len(refused.value.details) == 1


def program(folder: Path, body: str) -> tuple[str, ...]:
    """A shortener that notes its calls, and what runs it."""
    path = folder / "shorten.py"
    path.write_text(
        f"import sys\nlink = sys.argv[-1]\nopen({str(folder / 'calls')!r}, 'a').write(link + '\\n')\n{body}\n"
    )
    return sys.executable, str(path), "--short"


def test_a_shortener_is_asked_once_for_each_tagged_link(posts: Posts, tmp_path: Path) -> None:
    shorten = program(tmp_path, "print('https://s.example/' + str(len(link)))")
    posts = tagging(posts, shorten=shorten)
    preview = preview_post(posts, PostInput(text=TEXT, to=(X, BLUESKY), utm=True), None)
    assert [(one.tagged, one.unshortened) for one in preview.versions] == [(1, 1), (1, 1)]
    assert not (tmp_path / "calls").exists()
    saved = create(posts, utm=True, text=f"{TEXT} {A} https://other.org")
    assert [parts(saved, name)[0].count("https://s.example/") for name in (X, BLUESKY)] == [2, 2]
    create(tagging(posts, shorten=shorten), utm=True, thread=(A,))
    assert len((tmp_path / "calls").read_text().splitlines()) == 2
    tagging(posts, shorten=shorten).edit(2, PostInput(tags=("new",)), None)
    assert len((tmp_path / "calls").read_text().splitlines()) == 4
    assert posts.post(2).content == TEXT


@pytest.mark.parametrize(
    "body", ["sys.exit(3)", "print('no link')", "print(link + 'a')", "print('https://a.b\\nhttps://c.d')", None]
)
def test_a_shortener_that_fails_refuses_the_post_and_nothing_is_stored(
    posts: Posts, tmp_path: Path, body: str | None
) -> None:
    shorten = (str(tmp_path / "missing"),) if body is None else program(tmp_path, body)
    with pytest.raises(UsageError) as refused:
        create(tagging(posts, shorten=shorten), utm=True)
    assert refused.value.hints
    with posts.database.reading() as db:
        assert db is not None
        assert db.execute("SELECT (SELECT count(*) FROM post), (SELECT count(*) FROM short_link)").fetchone()[:] == (
            0,
            0,
        )


def test_a_post_runs_the_shortener_for_few_links(posts: Posts, tmp_path: Path) -> None:
    many = " ".join(f"{A}{number}" for number in range(MOST + 1))
    with pytest.raises(UsageError):
        create(tagging(posts, shorten=program(tmp_path, "print('https://s.example/')")), utm=True, text=many, to=(X,))
    assert not (tmp_path / "calls").exists()
