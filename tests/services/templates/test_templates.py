"""Templates fill in the texts of posts: for each account, once, and kept."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests import people
from tests.clock import START, FakeClock
from tests.examples import examples
from tests.platforms.factories import PLATFORMS
from tests.rows import each
from ttp.domain.account import Account
from ttp.domain.errors import ContentRefused, NotFound, TtpError, UsageError
from ttp.domain.post import Post, PostFields
from ttp.domain.post_edit import PostInput, new_delivery
from ttp.domain.recurrence import Recurrence
from ttp.services.new_posts import copy_post
from ttp.services.posts import Posts
from ttp.services.repeats import Occurrences, Repeats
from ttp.services.templates.files import TemplateFiles, parse_template
from ttp.services.templates.rendering import render_post
from ttp.services.templates.samples import preview_template
from ttp.services.undo import Undo, UndoRequest
from ttp.store import accounts
from ttp.store.database import Database

IN_1H = START + timedelta(hours=1)
X, BLUESKY, MASTODON = "x/me", "bluesky/me.example", "mastodon/me@example.org"
RELEASE = """---
to: [x/me, bluesky/me.example]
tags: [release]
vars: {project: Kettle}
---

{{ vars.project }} {{ vars.version }}: {{ vars.notes | fit }}

https://example.org/{{ vars.version }}

## x

{{ vars.project }} {{ vars.version }} https://example.org/{{ vars.version }}
"""
NOTES = ("word " * 90).strip()


@pytest.fixture
def posts(tmp_path: Path) -> Posts:
    database = Database(tmp_path / "home")
    with database.writing() as db:
        for name in (X, "x/other", BLUESKY, MASTODON):
            platform, _, handle = name.partition("/")
            accounts.save(db, Account(platform, handle), now=START)
    write(database.home, "release", RELEASE)
    write(database.home, "sign-off", "Follow {us}.\n")
    return people.posts_of(database, FakeClock())


def write(home: Path, name: str, text: str) -> None:
    (home / "templates").mkdir(exist_ok=True)
    (home / "templates" / f"{name}.md").write_text(text)


def create(posts: Posts, text: str | None = None, /, **fields: object) -> PostFields:
    """Create a post of a template: `text`, or the one that is there."""
    if text is not None:
        write(posts.database.home, "release", text)
    wanted = PostInput(**{"template": "release", **fields})  # type: ignore[arg-type]  # fields by name
    return people.create(posts, posts.templates.fill_in(wanted, spare=())).post


def texts_of(post: PostFields) -> dict[str, str]:
    return {d.account: post.text_for(d.account, d.platform) for d in post.deliveries}


def test_a_template_makes_the_first_comment_unless_one_is_typed(posts: Posts) -> None:
    text = "---\nto: x/me\ncomment-after: 10m\n---\n\nOut\n\n## comment\n\nNotes: {{ vars.url }}\n"
    made = create(posts, text, vars={"url": "https://example.org"})
    assert (made.comment, made.comment_after_s) == ("Notes: https://example.org", 600)
    typed = create(posts, vars={"url": "u"}, comment="My own", comment_after_s=60.0)
    assert (typed.comment, typed.comment_after_s) == ("My own", 60)
    bare = create(posts, "---\nto: x/me\n---\n\n{{ vars.a }}\n", vars={"a": "1"}, comment="Kept")
    assert people.edit(posts, bare.id or 0, PostInput(vars={"a": "2"})).post.comment == "Kept"


def test_a_template_makes_the_texts_once_and_the_post_keeps_where_they_are_from(posts: Posts) -> None:
    post = create(posts, vars={"version": "2.1", "notes": NOTES})
    texts = texts_of(post)
    assert texts[X] == "Kettle 2.1 https://example.org/2.1"
    assert texts[BLUESKY].endswith("word…\n\nhttps://example.org/2.1")
    assert 290 < len(texts[BLUESKY]) <= 300
    assert (post.tags, post.variants) == (("release",), {"x": texts[X]})
    version = posts.templates.files.find("release").version
    given = {"project": "Kettle", "version": "2.1", "notes": NOTES}
    assert post.origin == {"template": "release", "version": version, "vars": given}
    write(posts.database.home, "release", RELEASE.replace(": {{ vars.notes | fit }}", "!"))
    assert posts.post(1).content == post.content
    edited = people.edit(posts, 1, PostInput(template="release")).post
    assert (edited.content, edited.origin["version"] == version) == ("Kettle 2.1!\n\nhttps://example.org/2.1", False)
    edited = people.edit(posts, 1, PostInput(vars={"version": "2.2"})).post
    assert texts_of(edited)[X] == "Kettle 2.2 https://example.org/2.2"
    Undo(posts).revert(UndoRequest())
    assert posts.post(1).origin["vars"] == given


@pytest.mark.parametrize(
    ("text", "expected", "variants"),
    [
        ("Hi {{ account.name }}", "Hi bluesky/me.example", {"x/me": "Hi x/me", "x/other": "Hi x/other"}),
        ("Hi {{ account.platform }} {{ limit }}", "Hi bluesky 300", {"x": "Hi x 280"}),
        ("Hi {{ 'same' | fit }}", "Hi same", {}),
        ("Hi\n\n## x/me\nMe", "Hi", {"x/me": "Me"}),
        ("## bluesky\nB\n\n## x\nX", "X", {"bluesky": "B"}),
    ],
)
def test_texts_that_are_the_same_are_one(posts: Posts, text: str, expected: str, variants: dict[str, str]) -> None:
    post = create(posts, text, to=(X, "x/other", BLUESKY))
    assert (post.content, post.variants) == (expected, variants)


def test_a_draft_without_accounts_has_whole_texts(posts: Posts) -> None:
    post = create(posts, "{{ vars.a | fit }}\n\n## x\nX {{ vars.a }}\n\n## thread\nEnd", vars={"a": NOTES})
    assert (post.content, post.variants, post.thread) == (NOTES, {"x": f"X {NOTES}"}, ("End",))


def test_what_is_typed_comes_before_what_the_template_says(posts: Posts) -> None:
    text = "---\nto: [x/me]\ntags: [a]\nutm: yes\nsplit: yes\n---\n{{ vars.a }}\n\n## x/me\nMe\n\n## thread\nTwo"
    typed = {
        "variants": {"x": "{{ typed }}"},
        "thread": ("{{ three }}",),
        "to": (X, BLUESKY),
        "tags": ("b",),
        "split": False,
    }
    post = create(posts, text, vars={"a": "1"}, **typed)
    assert (post.content, post.variants, post.thread) == ("1", {"x": "{{ typed }}"}, ("{{ three }}",))
    assert ({*post.accounts}, post.tags, post.utm, post.split) == ({X, BLUESKY}, ("b",), True, False)


def test_values_are_never_code(posts: Posts) -> None:
    value = "{{ 7*7 }}{% raw %}{{ vars.a }} \u202bRTL 👨\u200d👩\u200d👧\r\nend"
    post = create(posts, "{{ vars.a }} {{ text }}", vars={"a": value}, text="{% for %}")
    assert post.content == f"{value} {{% for %}}".replace("\r\n", "\n")
    plain = people.create(posts, PostInput(text="{{ vars.a }} {% raw %}")).post
    assert (plain.content, plain.origin) == ("{{ vars.a }} {% raw %}", {})


def test_after_fit_a_text_is_split_or_refused(posts: Posts) -> None:
    text = f"{NOTES} {{{{ vars.a | fit }}}}"
    write(posts.database.home, "release", text)
    wanted = PostInput(template="release", to=(X,), vars={"a": "end"})
    with pytest.raises(ContentRefused) as refused:
        people.create(posts, posts.templates.fill_in(wanted), IN_1H)
    assert [problem.code for problem in refused.value.problems] == ["text_too_long"]
    post = create(posts, text, to=(X,), vars={"a": "end"}, split=True)
    assert " ".join(post.deliveries[0].planned_parts) == f"{NOTES} end"


def test_snippets_are_appended_and_named(posts: Posts) -> None:
    assert create(posts, "A {{ snippets.sign_off }}").content == "A Follow {us}."
    assert create(posts, "A\n\n## x\nX", to=(X, BLUESKY), snippets=("sign-off",)).variants == {"x": "X\n\nFollow {us}."}
    plain = create(posts, template=None, text="{{ a }}", variants={"x": "X"}, snippets=("sign-off",))
    assert (plain.content, plain.variants) == ("{{ a }}\n\nFollow {us}.", {"x": "X\n\nFollow {us}."})
    assert people.edit(posts, 1, PostInput(snippets=("sign-off",))).post.content == "A Follow {us}.\n\nFollow {us}."
    with pytest.raises(NotFound):
        create(posts, template=None, text="a", snippets=("nope",))


@each(
    ("text", "fields"),
    [
        ("{{ vars.nope }}", {}),
        ("{{ nope }}", {}),
        ("{{ vars.a | nope }}", {"vars": {"a": "1"}}),
        (
            "{% for a in vars.a | split %}{% for b in vars.a | split %}x{% endfor %}{% endfor %}",
            {"vars": {"a": "b " * 999}},
        ),
        ("{% include 'release' %}", {}),
        ("{{ 'x' * 60000000 }}", {}),
        ("{{ vars.a }}\n\n## x/other\nO", {"to": (X,), "vars": {"a": "1"}}),
        ("{{ vars.a }}\n\n## x/nobody\nO", {"to": (X,), "vars": {"a": "1"}}),
        ("{{ vars.a }}", {"text": "lost", "vars": {"a": "1"}}),
        ("Hi\n\n## x\n{% if vars.a %}X{% endif %}", {"to": (X, BLUESKY)}),
        ("{% if vars.a %}X{% endif %}", {"to": (X, BLUESKY)}),
        ("---\nmedia: a.jpg\n---\nHi", {}),
        ("---\ncaptions: a.vtt\n---\nHi", {}),
        ("Hi", {"template": "", "text": "Hi"}),
        ("---\nnope: a\n---\nHi", {}),
        ("x" * 8_001, {}),
        ("Hi", {"template": "nope"}),
        ("Hi", {"template": "../templates/release"}),
        ("Hi", {"template": None, "text": "Hi", "vars": {"a": "1"}}),
        ("{{ vars.version | default('') }} Hi", {"vars": {"verison": "1"}}),
    ],
)
def test_bad_input_is_one_line_and_nothing_is_stored(posts: Posts, text: str, fields: dict[str, object]) -> None:
    with pytest.raises(TtpError) as refused:
        create(posts, text, **fields)
    assert refused.value.code in ("usage", "not_found")
    assert "\n" not in refused.value.message
    assert posts.database.connect().execute("SELECT count(*) FROM post").fetchone()[0] == 0


def test_a_template_that_names_all_variables_uses_any(posts: Posts) -> None:
    post = create(posts, "{% for name in vars %}{{ name }} {{ vars[name] }}{% endfor %}", vars={"a": "1"})
    assert post.content == "a 1"


def test_a_key_names_the_request_whatever_became_of_the_template(posts: Posts) -> None:
    wanted = PostInput(template="release", vars={"version": "1", "notes": "n"}, key="k")
    times = people.times_of(posts)
    first = posts.create_once(wanted, times)
    (posts.database.home / "templates" / "release.md").unlink()
    assert posts.create_once(wanted, times).post.id == first.post.id
    with pytest.raises(TtpError) as refused:
        posts.create_once(replace(wanted, vars={"version": "2"}), times)
    assert refused.value.code == "conflict"


def test_copies_and_repeats_have_the_same_texts_and_origin(posts: Posts) -> None:
    first = create(posts, vars={"version": "1", "notes": "n"})
    write(posts.database.home, "release", "Other")
    repeats = Repeats(posts, Occurrences(posts.database, posts.clock, posts.config, PLATFORMS))
    (made, *_) = repeats.begin(Recurrence("0 9 * * *", "UTC", post_id=first.id)).made
    for post in (copy_post(posts, first.id or 0).post, made):
        assert (post.content, post.variants, post.origin) == (first.content, first.variants, first.origin)


def test_templates_of_the_working_folder_come_first_and_only_on_the_command_line(
    posts: Posts, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    (tmp_path / ".ttp").mkdir()
    (tmp_path / ".ttp" / "release.md").write_text("Mine")
    (tmp_path / ".ttp" / "broken.md").write_text("---\n")
    (tmp_path / ".ttp" / "mistyped.md").write_text("{{ vars.a | fitt }}")
    now = posts.clock.now
    here = TemplateFiles(posts.database.home, PLATFORMS, now, is_command_line=True)
    assert here.find("release").text == here.find(".ttp/release.md").text == "Mine"
    assert [(one.name, bool(one.problem), one.is_snippet) for one in here.all()] == [
        ("broken", True, False),
        ("mistyped", True, False),
        ("release", False, True),
        ("sign-off", False, True),
    ]
    assert posts.templates.files.find("release").text == RELEASE
    with pytest.raises(NotFound):
        posts.templates.files.find(".ttp/release.md")


def test_samples_have_every_variable_and_none_that_can_be_missing(posts: Posts) -> None:
    text = "{{ vars.version }}{% if vars.notes %} {{ vars.notes | words(2) }}{% endif %} {{ vars.date | date('%Y') }}"
    write(posts.database.home, "sample", text)
    whole, least = preview_template(posts, PostInput(template="sample", to=(X,)))
    assert [one.preview.versions[0].parts[0].text for one in (whole, least)] == ["2.1.0 Sample of 2026", "2.1.0 2026"]
    assert ([*whole.vars], [*least.vars]) == (["date", "notes", "version"], ["version", "date"])
    (one, _) = preview_template(posts, PostInput(template="sample", vars={"version": "9"}))
    assert {version.account for version in one.preview.versions} == {X, "x/other", BLUESKY, MASTODON}
    write(posts.database.home, "sample", "{{ vars.a | nope }}")
    with pytest.raises(UsageError):
        preview_template(posts, PostInput(template="sample"))


WORDS = st.one_of(
    st.text(max_size=30), st.sampled_from(["https://example.org/a", "日本語" * 40, "x" * 400, "👨\u200d👩\u200d👧"])
)


@given(st.lists(WORDS, max_size=60).map(" ".join), st.sampled_from([X, BLUESKY, MASTODON]))
@examples(150)
def test_what_fits_is_within_the_limit_of_any_account_and_keeps_its_links(value: str, name: str) -> None:
    platform, _, handle = name.partition("/")
    account = Account(platform, handle, id=1)
    post = Post("", (new_delivery(account, None),))
    templates = TemplateFiles(Path("/nowhere"), PLATFORMS, FakeClock().now, is_command_line=False)
    whole = "Out: {{ vars.a | fit }} https://example.org/a"
    filling = templates.filling(parse_template("t", Path(), whole, PLATFORMS), {"a": value})
    text = render_post(post, filling, {}, [account], PLATFORMS, keeps_thread=False, keeps_comment=False).content
    links = value.count("https://example.org/a") + 1
    used, limit = PLATFORMS.rules(platform).text_use(text, (), {})
    assert text.count("https://example.org/a") >= links
    assert used <= limit or links > 10
