"""Media where the writer put them: on a part of the thread, on its end, on one network or account alone."""

from __future__ import annotations

from contextlib import closing, nullcontext
from dataclasses import replace
from datetime import timedelta
from functools import partial
from http.server import SimpleHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from threading import Thread

import pytest

from tests import people
from tests.clock import START, FakeClock
from tests.media_bytes import jpeg
from tests.store.stores import new_store
from ttp.domain.account import Account
from ttp.domain.action import action
from ttp.domain.errors import ContentRefused, Hint, NotFound, StateRefused, TtpError, UsageError
from ttp.domain.media.item import LAST
from ttp.domain.post_edit import PostInput
from ttp.services.drafts import Drafts
from ttp.services.new_posts import copy_post
from ttp.services.posts import Posts
from ttp.services.preview import preview_post
from ttp.services.request_keys import fingerprint
from ttp.services.undo import Undo, UndoRequest
from ttp.store import accounts
from ttp.store.dialect import Connection
from ttp.views.posts import post_json

IN_1H = START + timedelta(hours=1)
TEXT = ("word " * 96).strip()  # two parts on X and on Bluesky, one on Mastodon
X, BLUESKY, MASTODON, IG = "x/me", "bluesky/me.example", "mastodon/me@example.org", "instagram/me"


@pytest.fixture
def posts(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Posts:
    monkeypatch.chdir(tmp_path)
    for name in "abcd":
        Path(f"{name}.jpg").write_bytes(jpeg(800, 800) + name.encode())
    database = new_store(tmp_path / "home")
    with database.writing() as db:
        for name in (X, "x/other", BLUESKY, MASTODON, IG):
            platform, _, handle = name.partition("/")
            accounts.save(db, Account(platform, handle), now=START)
    return people.posts_of(database, FakeClock())


def wanted(*media: str, **fields: object) -> PostInput:
    usual = {"text": TEXT, "to": (X, BLUESKY, MASTODON), "split": True, "thread": ("Two",)}
    return PostInput(media=media, **{**usual, **fields})  # type: ignore[arg-type]  # fields by name


def shown(posts: Posts, post_input: PostInput) -> dict[str, list[str]]:
    """The media of each part of each account, as a dry run shows them: `a`, `bc`, or `` for none."""
    versions = preview_post(posts, post_input, None).versions
    return {one.account: ["".join(item.item.name[0] for item in part.media) for part in one.parts] for one in versions}


def test_parts_count_as_they_were_written_and_last_is_the_last_piece(posts: Posts) -> None:
    media = ("last=a.jpg", "2=b.jpg", "c.jpg", "2=x=d.jpg")
    everywhere = {X: ["c", "", "bda"], BLUESKY: ["c", "", "ba"], MASTODON: ["c", "ba"]}
    assert shown(posts, wanted(*media)) == everywhere
    post = people.create(posts, wanted(*media), IN_1H).post
    assert [(item.name[0], item.part, item.only) for item in post.media] == [
        ("c", None, None),
        ("b", 2, None),
        ("d", 2, "x"),
        ("a", LAST, None),
    ]
    assert {d.account: d.part_starts for d in posts.post(1).deliveries} == {X: (0, 2), BLUESKY: (0, 2), MASTODON: ()}
    planned = {d["account"]: d["plannedParts"] for d in post_json(posts.post(1))["deliveries"]}
    assert [["".join(name[0] for name in part["media"]) for part in planned[name]] for name in (X, MASTODON)] == [
        everywhere[X],
        [],
    ]
    copied = copy_post(posts, 1).post
    assert copied.media == posts.post(1).media


def test_alt_texts_go_by_the_order_in_which_media_were_named(posts: Posts) -> None:
    post = people.create(posts, wanted("last=a.jpg", "b.jpg", alts=("end", "begin"))).post
    assert [(item.name, item.alt) for item in post.media] == [("b.jpg", "begin"), ("a.jpg", "end")]


@pytest.mark.parametrize(
    ("typed", "place"),
    [
        ("1=a.jpg", (None, None)),
        ("0000000002=a.jpg", (2, None)),
        ("LAST=a.jpg", (LAST, None)),
        ("twitter=a.jpg", (None, "x")),
        ("X/Me=2=a.jpg", (2, "x/me")),
        ("bluesky/me.example=a.jpg", (None, BLUESKY)),
        ("./2=a.jpg", (None, None)),
        ("folder=a.jpg", (None, None)),
    ],
)
def test_what_is_in_front_of_a_file_says_where_it_goes(posts: Posts, typed: str, place: tuple[object, ...]) -> None:
    for name in ("2=a.jpg", "folder=a.jpg"):
        Path(name).write_bytes(Path("a.jpg").read_bytes())
    (item,) = people.create(posts, wanted(typed)).post.media
    assert (item.part, item.only) == place


@pytest.mark.parametrize(
    ("typed", "kind", "hint"),
    [
        ("3=a.jpg", UsageError, None),
        ("0=a.jpg", UsageError, None),
        ("999999999999=a.jpg", UsageError, None),
        (f"nobody=sha256:{64 * '0'}/../a.jpg", UsageError, None),
        ("2=nobody=https://example.org/a.jpg", UsageError, None),
        ("x=bluesky=https://example.org/a.jpg", UsageError, None),
        ("x/nobody=a.jpg", NotFound, None),
        ("2=gone.jpg", NotFound, "./2=gone.jpg"),
        ("2=c..jpg", NotFound, None),
    ],
)
def test_a_place_or_a_file_that_is_not_there_is_refused(
    posts: Posts, typed: str, kind: type[TtpError], hint: str | None
) -> None:
    Path("2=gone.jpg").write_bytes(b"x")
    with pytest.raises(kind) as refused:
        people.create(posts, wanted(typed))
    assert len(str(refused.value.hints)) < 1000  # not one TEXT for each of the missing parts
    if hint:
        assert [one.replaces for one in refused.value.hints] == [(typed, hint)]
    with closing(posts.database.connect()) as db:
        assert db.execute("SELECT count(*) FROM post").fetchone()[0] == 0


@pytest.mark.parametrize(
    ("wrong", "stays"),
    [
        ({"media": ("4=a.jpg",)}, (X,)),
        ({"media": ("gone.jpg",), "to": ("x/nobody",)}, ()),
        ({"to": ("x/nobody",), "variants": {"x/nobody": "n"}}, ()),
    ],
)
def test_all_texts_of_a_refused_post_are_kept(posts: Posts, wrong: dict[str, object], stays: tuple[str, ...]) -> None:
    long = ("thread " * 20).strip()
    typed = replace(wanted(thread=(long,), to=(X,)), **wrong)  # type: ignore[arg-type]  # fields by name
    with pytest.raises(TtpError) as refused, Drafts(posts).keep_on_error(typed):
        people.create(posts, typed)
    draft = posts.post(1)
    assert (draft.content, draft.thread, draft.accounts) == (TEXT, (long,), stays)
    assert long not in str(refused.value.hints)


def test_an_edit_that_drops_the_part_of_a_medium_is_refused(posts: Posts) -> None:
    people.create(posts, wanted("2=a.jpg"), IN_1H)
    with pytest.raises(UsageError) as refused:
        people.edit(posts, 1, PostInput(thread=()))
    assert refused.value.flaw == "part"
    people.edit(posts, 1, PostInput(thread=(), media=()))
    assert posts.post(1).media == ()


def test_a_network_without_threads_gets_the_media_of_the_first_part_and_the_end(posts: Posts) -> None:
    media = ("a.jpg", "2=b.jpg", "last=c.jpg")
    preview = preview_post(posts, wanted(*media, text="One", to=(X, IG)), None)
    assert {one.account: [len(part.media) for part in one.parts] for one in preview.versions} == {X: [1, 2], IG: [2]}
    assert [one.account for one in preview.warnings if one.code == "media_elsewhere"] == [IG]


def test_a_medium_for_a_network_that_the_post_does_not_go_to_is_warned_of(posts: Posts) -> None:
    preview = preview_post(posts, wanted("bluesky=a.jpg", to=(X,)), None)
    assert "media_nowhere" in [one.code for one in preview.warnings]


def test_each_part_has_the_limits_of_a_post(posts: Posts) -> None:
    five = tuple(f"{name}.jpg" for name in "abcda")
    people.create(posts, wanted(*five[:4], *(f"2={name}" for name in five[:4])), IN_1H)
    with pytest.raises(ContentRefused) as refused:
        people.create(posts, wanted(*(f"2={name}" for name in five)), IN_1H)
    found = [(one.account, one.code) for one in refused.value.problems if not one.warning]
    assert found == [(X, "media_count"), (MASTODON, "media_count")]  # Bluesky makes a gallery of them
    people.create(posts, wanted("2=a.jpg", text="One", thread=("",)), IN_1H)  # a part may be a picture alone
    people.create(posts, wanted(*["2=x=a.jpg"] * 24))  # a draft may have more than any network takes


def test_an_approval_covers_where_media_go(posts: Posts) -> None:
    people.create(posts, wanted("a.jpg"), IN_1H)
    people.approvals_of(posts).approve([1])
    people.edit(posts, 1, PostInput(media=("last=a.jpg",)))
    assert posts.post(1).approved_at is None
    Undo(posts).revert(UndoRequest())
    assert [item.part for item in posts.post(1).media] == [None]


def test_a_key_is_of_one_place(posts: Posts) -> None:
    one, other = (wanted(name, key="k") for name in ("a.jpg", "2=a.jpg"))
    assert fingerprint(one, posts.platforms) != fingerprint(other, posts.platforms)
    assert fingerprint(one, posts.platforms) == fingerprint(wanted("1=a.jpg", key="k"), posts.platforms)


def test_media_for_an_account_follow_its_new_handle(posts: Posts) -> None:
    people.create(posts, wanted("2=x/me=a.jpg", "x/other=b.jpg", "bluesky=c.jpg"))
    with posts.database.writing() as db:
        before = accounts.account(db, "x", "me")
        assert before is not None
        accounts.rename(db, before, replace(before, handle="new"))
    assert [item.only for item in posts.post(1).media] == ["x/other", "bluesky", "x/new"]


def half_out(db: Connection) -> None:
    """X has begun: its first piece is published, and the rest failed."""
    db.execute(
        "UPDATE delivery SET state = 'failed', parts_frozen = ?, handle = ? WHERE account_id ="
        " (SELECT id FROM account WHERE platform = 'x' AND handle = 'me')",
        (True, '{"parts": ["1"], "of": 3}'),
    )


def test_an_edit_is_refused_where_it_changes_what_a_frozen_delivery_is_yet_to_get(posts: Posts) -> None:
    people.create(posts, wanted("a.jpg", "2=b.jpg", to=(X, BLUESKY)), IN_1H)
    with posts.database.writing() as db:
        half_out(db)
    for media in (("a.jpg",), ("a.jpg", "2=b.jpg", "last=c.jpg"), ("a.jpg", "2=bluesky=b.jpg")):
        with pytest.raises(StateRefused) as refused:
            people.edit(posts, 1, PostInput(media=media))
        assert refused.value.hints[0] == Hint("try", action("retry", 1))
    for media in (("c.jpg", "2=b.jpg"), ("bluesky=d.jpg", "2=x=b.jpg", "2=bluesky=c.jpg")):
        saved = people.edit(posts, 1, PostInput(media=media))
        assert [one.account for one in saved.warnings if one.code == "parts_frozen"] == [X]


def test_what_was_planned_before_there_were_places_has_its_media_on_the_first_part(posts: Posts) -> None:
    people.create(posts, wanted("a.jpg"), IN_1H)
    post = posts.post(1)
    old = next(replace(d, part_starts=()) for d in post.deliveries if d.account == X)
    assert [len(items) for items in post.media_in(old, len(old.planned_parts))] == [1, 0, 0, 0]


def test_a_published_part_of_a_thread_is_warned_of(posts: Posts) -> None:
    people.create(posts, wanted("a.jpg", text="One", split=None, to=(X,)), IN_1H)
    with posts.database.writing() as db:
        half_out(db)
        db.execute("UPDATE delivery SET parts_frozen = NULL")
    changed = people.edit(posts, 1, PostInput(media=("b.jpg",)))
    assert "published" in [one.code for one in changed.warnings]
    unchanged = people.edit(posts, 1, PostInput(media=("b.jpg", "2=c.jpg")))
    assert "published" not in [one.code for one in unchanged.warnings]


@pytest.mark.parametrize(
    ("elsewhere", "to"),
    [(None, "mastodon/me@127.0.0.1"), (None, ""), ("mastodon/me@example.org", "mastodon/me@127.0.0.1"), ("x/me", "")],
)
def test_a_file_on_this_machine_is_fetched_for_a_network_whose_accounts_are_all_here(
    tmp_path: Path, elsewhere: str | None, to: str
) -> None:
    (tmp_path / "a.jpg").write_bytes(jpeg(800, 800))
    handler = partial(SimpleHTTPRequestHandler, directory=str(tmp_path))
    database = new_store(tmp_path / "home")
    with ThreadingHTTPServer(("127.0.0.1", 0), handler) as web:
        Thread(target=web.serve_forever, args=(0.01,), daemon=True).start()
        url = f"http://127.0.0.1:{web.server_port}"
        with database.writing() as db:
            accounts.save(db, Account("mastodon", "me@127.0.0.1", server=url), now=START)
            if elsewhere:
                platform, _, handle = elsewhere.partition("/")
                server = "https://example.org" if "@" in handle else None
                accounts.save(db, Account(platform, handle, server=server), now=START)
        typed = PostInput(text="Hi", to=(to,), media=(f"{url}/a.jpg",))
        with pytest.raises(UsageError) if elsewhere else nullcontext():
            preview = preview_post(people.posts_of(database, FakeClock()), typed, None)
            assert [one.name for one in preview.post.media] == ["a.jpg"]
        web.shutdown()
