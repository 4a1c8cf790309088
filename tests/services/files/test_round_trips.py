"""Export and import: posts come back as they were, in every format, into the same store and into another one."""

from __future__ import annotations

import json
import shutil
from dataclasses import replace
from datetime import timedelta
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given
from hypothesis import strategies as st

from tests import people
from tests.clock import START, FakeClock
from tests.examples import examples
from tests.platforms.factories import PLATFORMS
from tests.store.stores import store_at
from ttp.domain.account import Account
from ttp.domain.post import Post
from ttp.domain.post_edit import new_delivery, with_derived_status
from ttp.domain.post_fields import PLAIN, content_of
from ttp.services.bulk_edit import ChangeKind
from ttp.services.files import json_file
from ttp.services.files.csv_file import COLUMNS
from ttp.services.files.export import Export
from ttp.services.files.import_plan import ImportRules
from ttp.services.files.import_source import open_source
from ttp.services.files.importer import Importer, ImportResult
from ttp.services.queries import view_of
from ttp.store import accounts, queries
from ttp.store import accounts as account_store
from ttp.store import posts as store_posts
from ttp.store.home import output_file
from ttp.store.home.files import OwnFiles
from ttp.store.home.media import MediaStore
from ttp.store.queries import PostFilter
from ttp.views import posts as views_posts

FORMATS = ("csv", "json", "jsonl", "md")
SIGNS = st.characters(blacklist_categories=["Cs"], blacklist_characters="\0")
TEXTS = st.text(SIGNS, min_size=1, max_size=30).filter(str.strip) | st.sampled_from(
    [
        "=1+1",
        "'=1",
        "''@x",
        "-",
        "+1",
        "\t=",
        '"a";b,c',
        "a\nb\r\nc",
        "\n\nx\n",
        "## x",
        "\\## y",
        "👩‍💻 ﷽",
        "[]",
        "{",
        "007",
    ]
)
WORDS = st.text(st.characters(categories=["L", "N"]), min_size=1, max_size=6)
PLAIN_VALUES = {
    "text": st.none() | st.sampled_from(["Ask Ann", " a: b\n#c ", "true"]),
    "flag": st.none() | st.booleans(),
    "seconds": st.none() | st.sampled_from([0.5, 60.0, 7200.0]),
}
MADE = st.builds(
    Post,
    content=TEXTS,
    scheduled_at=st.none() | st.integers(1, 10**7).map(lambda s: START + timedelta(seconds=s, milliseconds=s % 1000)),
    **{one.name: PLAIN_VALUES[one.kind] for one in PLAIN},
    variants=st.dictionaries(st.sampled_from(["x", "instagram", "x/me", "x/other"]), TEXTS, max_size=2),
    thread=st.lists(TEXTS, max_size=2).map(tuple),
    tags=st.lists(WORDS, max_size=3, unique=True).map(tuple),
    options=st.sampled_from([{}, {"x.reply_settings": "following"}]),
    key=st.none() | WORDS,
)


KEYED = st.builds(replace, MADE, key=st.none() | WORDS | WORDS.map("{}.md".format) | WORDS.map("content/{}.md".format))


@pytest.fixture(scope="module")
def empty(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The home of a store with two accounts."""
    home = tmp_path_factory.mktemp("empty") / "home"
    database = store_at(home)
    with database.writing() as db:
        for name in ("x/me", "x/other"):
            platform, _, handle = name.partition("/")
            account_store.save(db, Account(platform, handle, connected=True), now=START)
    return home


NO_OWN = OwnFiles(())


class Store:
    """A store, a copy of the empty one under another id."""

    def __init__(self, empty: Path, home: Path, name: str) -> None:
        shutil.copytree(empty, home)
        self.database = store_at(home)
        self.clock = FakeClock()
        self.service = people.posts_of(self.database, self.clock)
        self.media = MediaStore(home / "media")
        self.times = people.times_of(self.service)
        with self.database.writing() as db:
            db.execute("UPDATE store SET store_id = ?", (name * 32,))

    def put(self, made: list[Post]) -> None:
        with self.database.writing() as db:
            known = accounts.accounts(db)
            ready = []
            for number, post in enumerate(made):
                chosen = known if number % 3 else known[:1]
                deliveries = tuple(new_delivery(account, post.scheduled_at) for account in chosen)
                ready.append(with_derived_status(replace(post, deliveries=deliveries, created_at=START), START))
            store_posts.save(db, ready, None)

    def export(self, form: str, target: Path) -> None:
        out = Export(self.database, self.media, NO_OWN, PLATFORMS, people.OWNER)
        told = out.posts(PostFilter())
        if form == "md":
            out.folder(told, target, self.times)
        elif form == "csv":
            output_file.write(target, out.csv(told), NO_OWN, over=True)
        else:
            shaped = (views_posts.post_json(view_of(one.post)) for one in told)
            output_file.write(target, json_file.json_lines(shaped, lines=form == "jsonl"), NO_OWN, over=True)

    def take(self, target: Path) -> ImportResult:
        taken = Importer(self.service, self.media, self.times)
        with open_source(str(target), None, {}, PLATFORMS) as source:
            return taken.run(
                source,
                ImportRules(),
                dry_run=False,
                partial=False,
                report=lambda read: None,
            )

    def posts(self) -> list[tuple[object, ...]]:
        """What the store's posts say, whatever their ids, keys and instants of making are."""
        with self.database.reading() as db:
            assert db is not None
            found = list(queries.posts(db, PostFilter()))
        return sorted((_said(post) for post in found), key=repr)


def _said(post: Post) -> tuple[object, ...]:
    own = [sorted(value.items()) if isinstance(value, dict) else value for value in content_of(post).values()]
    return (*own, post.status, post.scheduled_at, post.accounts)


@pytest.mark.sqlite("it copies the file of an empty store")
@pytest.mark.parametrize("form", FORMATS)
@given(made=st.lists(MADE, min_size=1, max_size=4, unique_by=lambda post: post.key or id(post)))
@examples(12, suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow])
def test_posts_come_back_as_they_were(
    form: str, made: list[Post], empty: Path, tmp_path_factory: pytest.TempPathFactory
) -> None:
    folder = tmp_path_factory.mktemp("trip")
    first, second = Store(empty, folder / "a", "a"), Store(empty, folder / "b", "b")
    first.put(made)
    target = folder / ("content" if form == "md" else f"posts.{form}")
    first.export(form, target)

    same = first.take(target)
    assert (same.faults, dict(same.counts)) == ([], {"same": len(made)})

    other = second.take(target)
    assert (other.faults, dict(other.counts)) == ([], {"add": len(made)})
    assert second.posts() == first.posts()

    again = second.take(target)
    assert dict(again.counts) == {"same": len(made)}
    if form == "md":
        before = {path: path.read_bytes() for path in target.rglob("*.md")}
        second.export(form, target)
        assert {path: path.read_bytes() for path in target.rglob("*.md")} == before


@pytest.mark.sqlite("it copies the file of an empty store")
@given(
    made=st.lists(KEYED, min_size=1, max_size=4, unique_by=lambda post: post.key or id(post)),
    order=st.permutations(["content", "later", "posts.json", "posts.csv"]),
)
@examples(15, suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow])
def test_exports_of_one_store_are_the_same_posts_in_every_order_and_under_another_folder(
    made: list[Post], order: list[str], empty: Path, tmp_path_factory: pytest.TempPathFactory
) -> None:
    folder = tmp_path_factory.mktemp("orders")
    first, second = Store(empty, folder / "a", "a"), Store(empty, folder / "b", "b")
    first.put(made)
    for form in ("md", "json", "csv"):
        first.export(form, folder / ("content" if form == "md" else f"posts.{form}"))
    shutil.copytree(folder / "content", folder / "later")
    assert dict(second.take(folder / order[0]).counts) == {"add": len(made)}
    for name in order[1:]:
        assert (name, dict(second.take(folder / name).counts)) == (name, {"same": len(made)})
    assert second.posts() == first.posts()
    for name in order:  # and the store that they are of
        assert dict(first.take(folder / name).counts) == {"same": len(made)}


def test_an_export_has_one_column_for_each_field() -> None:
    assert {"commentAfterS", "maxLatenessS"} <= {*COLUMNS}
    assert not {one.duration for one in PLAIN} & {*COLUMNS}


DIFFERENCES: dict[str, dict[str, object]] = {
    "text": {"content": "Other"},
    "time": {"scheduledAt": "2027-01-02T09:00:00Z"},
    "accounts": {"accounts": ["x/other"]},
    "thread": {"thread": ["more"]},
    "tags": {"tags": ["b"]},
}


@pytest.mark.sqlite("it copies the file of an empty store")
@pytest.mark.parametrize("difference", DIFFERENCES.values(), ids=DIFFERENCES)
@pytest.mark.parametrize("key", ["launch", "old/launch"])
def test_a_post_that_differs_is_another_one_although_its_key_ends_alike(
    difference: dict[str, object], key: str, empty: Path, tmp_path: Path
) -> None:
    store = Store(empty, tmp_path / "home", "a")
    row = {"content": "Hi", "accounts": ["x/me"], "scheduledAt": "2027-01-01T09:00:00Z", "tags": ["a"], "key": key}
    (tmp_path / "content").mkdir()
    front = "to: [x/me]\nat: 2027-01-01T09:00:00Z\ntags: [a]\nkey: launch"
    (tmp_path / "content" / "1.md").write_text(f"---\n{front}\n---\nHi\n")
    (tmp_path / "rows.json").write_text(json.dumps([row | difference]))
    (tmp_path / "same.json").write_text(json.dumps([row]))
    counts = [dict(store.take(tmp_path / name).counts) for name in ("content", "same.json", "rows.json")]
    assert counts == [{"add": 1}, {"same": 1}, {"add": 1}]


@pytest.mark.sqlite("it copies the file of an empty store")
def test_an_edited_post_keeps_a_key_that_ttp_made_under_every_folder(empty: Path, tmp_path: Path) -> None:
    first, second = Store(empty, tmp_path / "a", "a"), Store(empty, tmp_path / "b", "b")
    first.put([Post("Before")])
    first.export("md", tmp_path / "content")
    first.export("json", tmp_path / "posts.json")
    second.take(tmp_path / "content")
    text = (tmp_path / "posts.json").read_text()
    (tmp_path / "posts.json").write_text(text.replace("Before", "After"))
    assert dict(second.take(tmp_path / "posts.json").counts) == {"change": 1}
    assert second.posts()[0][0] == "After"


@pytest.mark.sqlite("it copies the file of an empty store")
@pytest.mark.parametrize(
    "change",
    [
        "UPDATE delivery SET state = 'published', remote_id = '1'; UPDATE post SET status = 'published'",
        "UPDATE post SET deleted_at = 1",
    ],
    ids=["published", "deleted"],
)
@pytest.mark.parametrize("key", [None, "launch", "old/launch.md"])
def test_a_post_that_was_published_or_deleted_is_not_made_again_from_another_export(
    change: str, key: str | None, empty: Path, tmp_path: Path
) -> None:
    first, second = Store(empty, tmp_path / "a", "a"), Store(empty, tmp_path / "b", "b")
    first.put([Post("Hi", scheduled_at=START + timedelta(days=1), key=key)])
    first.export("md", tmp_path / "content")
    first.export("json", tmp_path / "posts.json")
    second.take(tmp_path / "content")
    with second.database.writing() as db:
        for statement in change.split("; "):
            db.execute(statement)
    done = second.take(tmp_path / "posts.json")
    assert (done.faults, done.counts[ChangeKind.ADD]) == ([], 0)


def test_json_is_read_a_piece_at_a_time(tmp_path: Path) -> None:
    many = [{"content": f"post {number} " + "x" * 900} for number in range(300)]
    for text in (json.dumps(many), json.dumps(many, indent=3), "\n".join(json.dumps(one) for one in many)):
        file = tmp_path / "posts.json"
        file.write_text(text)
        with file.open() as stream:
            assert [one.typed.text for one in json_file.entries(stream, PLATFORMS)] == [one["content"] for one in many]
