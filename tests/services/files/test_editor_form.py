"""The file that an editor opens: it describes the post, whatever its text, and its comments never become text."""

from __future__ import annotations

from dataclasses import replace

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from tests.platforms.factories import PLATFORMS
from tests.services.files.test_round_trips import MADE, SIGNS, TEXTS
from ttp.domain.delivery import Delivery
from ttp.domain.errors import UsageError
from ttp.domain.media.item import MediaItem
from ttp.domain.post import Post
from ttp.domain.post_edit import PostInput
from ttp.domain.post_fields import PLAIN
from ttp.services.files import editor_form
from ttp.services.files.fields import fields_of, media_name

ACCOUNTS = ["x/me", "x/no", "instagram/null", "tiktok/1e3", "x/0x1f", "instagram/a.b"]
ALTS = st.none() | st.text(SIGNS, min_size=1, max_size=9).filter(str.strip)
MEDIA = st.builds(
    lambda name, alt, url: MediaItem(name, "image/jpeg", 9, "0" * 64, alt=alt, url=url),
    st.text(SIGNS, min_size=1, max_size=9).filter(lambda name: name.strip() == name),
    ALTS,
    st.none() | st.just("https://a.example/b.jpg?c=d#e"),
)
HARD = st.sampled_from(
    [
        "---",
        "---\nto: x/me\n---\nHello",
        "\n---\n",
        "# ! a problem",
        "#",
        "'",
        '"',
        "a: b",
        "- a",
        "  leading",
        "trailing  ",
        "a\r\nb",
        "\r",
        "\u2028",
        "\x85",
        "\ufeff",
        "\x1b[1m",
        "☕\u200d👩",
        "{{x}} %s ${y} `z`",
        "\\## x",
        "## x",
        "##x",
        "~",
        "null",
        "...",
    ]
)
POSTS = st.builds(
    lambda post, names, media, content, variant: replace(
        post,
        content=content,
        deliveries=tuple(Delivery(name, name.partition("/")[0]) for name in names),
        media=tuple(media),
        variants={**post.variants, **({"x/no": variant} if variant else {})},
    ),
    MADE,
    st.lists(st.sampled_from(ACCOUNTS), max_size=3, unique=True),
    st.lists(MEDIA, max_size=2),
    TEXTS | HARD | st.just(""),
    st.none() | HARD,
)
LINES = st.lists(st.text(st.characters(categories=["L", "N", "P"]), max_size=20).map(lambda line: f"! {line}"))


def opened(post: Post) -> str:
    fields = fields_of(post, media_name)
    del fields["status"]
    return editor_form.format_form(fields, ACCOUNTS, new=True, timed=True)


@given(POSTS)
def test_a_post_comes_back_as_it_was(post: Post) -> None:
    said = editor_form.parse_form(opened(post), PLATFORMS)
    assert (said.text, said.to, said.tags, said.key) == (post.content, post.accounts, post.tags, post.key)
    assert (said.variants, said.options, said.thread) == (post.variants, post.options, post.thread)
    assert said.media == tuple(media_name(item) for item in post.media)
    assert [*(said.alts or ()), *[""] * len(post.media)][: len(post.media)] == [item.alt or "" for item in post.media]
    assert all(getattr(said, one.name) == getattr(post, one.name) for one in PLAIN)
    assert (said.at is None) == (post.scheduled_at is None)
    assert editor_form.is_empty_edit(editor_form.edit_between(said, said))


@given(POSTS)
def test_what_is_typed_is_what_the_file_says_of_it(post: Post) -> None:
    typed = editor_form.parse_form(opened(post), PLATFORMS)
    again = editor_form.parse_form(
        editor_form.format_form(editor_form.fields_of_input(typed), [], new=True, timed=False), PLATFORMS
    )
    assert editor_form.is_empty_edit(editor_form.edit_between(typed, again))


@example("\ufeff", [], [])
@given(TEXTS | HARD | POSTS.map(opened), LINES, LINES)
def test_errors_at_the_top_change_nothing_and_replace_earlier_ones(
    text: str, lines: list[str], more: list[str]
) -> None:
    shown = editor_form.with_errors(text, lines)
    assert all(f"# ! {line}" in shown.split("\n") for line in lines)
    assert _means(shown) == _means(text)
    assert editor_form.with_errors(shown, more) == editor_form.with_errors(text, more)


def test_a_text_without_front_matter_is_the_text() -> None:
    assert editor_form.parse_form("\ufeffHello\r\nyou\n\n## x\n\nHi", PLATFORMS) == replace(
        editor_form.parse_form("Hello\nyou", PLATFORMS), variants={"x": "Hi"}
    )
    assert editor_form.is_blank("\n \n", PLATFORMS)
    assert not editor_form.is_blank("## thread\nB", PLATFORMS)


def test_every_fault_is_told() -> None:
    with pytest.raises(UsageError) as refused:
        editor_form.parse_form("---\nmax-late: soon\nset: [a]\nat: [b]\n---\nHello", PLATFORMS)
    assert [problem.field for problem in refused.value.problems] == ["scheduledAt", "options", "maxLate"]


@given(POSTS, POSTS)
def test_a_change_is_what_makes_one_of_the_other(one: Post, other: Post) -> None:
    before, after = editor_form.parse_form(opened(one), PLATFORMS), editor_form.parse_form(opened(other), PLATFORMS)
    change = editor_form.edit_between(before, after)
    assert (before.text if change.text is None else change.text) == after.text
    assert {k: v for k, v in {**before.variants, **change.variants}.items() if v} == after.variants
    assert {k: v for k, v in {**before.options, **change.options}.items() if v} == after.options
    assert (before.thread if change.thread is None else change.thread) == after.thread
    assert ("at" in change.dropped) == (before.at is not None and after.at is None)
    for name in [one.name for one in PLAIN]:
        assert (name in change.dropped) == (getattr(before, name) is not None and getattr(after, name) is None)


def test_where_no_post_may_get_a_time_none_is_offered() -> None:
    assert "# at:" in editor_form.format_form({}, [], new=True, timed=True)
    shown = editor_form.format_form({}, [], new=False, timed=False)
    assert "# at:" not in shown
    assert "# key:" not in shown
    assert editor_form.parse_form(shown, PLATFORMS) == PostInput(
        text="", to=(), media=(), alts=(), focus=(), captions=(), thumbnails=(), thread=(), tags=()
    )


def _means(text: str) -> object:
    try:
        return editor_form.parse_form(text, PLATFORMS)
    except UsageError as error:
        return error.message
