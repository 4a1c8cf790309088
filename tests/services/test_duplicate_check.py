"""What an account says when: held equal to a plain list, however posts come in."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from ttp.services.duplicate_check import PostIndex

POSTS = st.lists(st.tuples(st.integers(0, 30), st.integers(0, 9), st.sampled_from(["", "a", "b", "Ä"])), max_size=20)


@given(POSTS, st.integers(0, 30), st.integers(0, 10), st.sampled_from(["", "a", "Ä", "none"]))
def test_what_is_near_and_what_says_the_same_is_found(
    posts: list[tuple[int, int, str]], at: int, span: int, text: str
) -> None:
    told = PostIndex()
    for post in posts:
        told.add(*post)

    near = [(then, who) for then, who, _ in posts if abs(then - at) < span]
    same = [(then, who) for then, who, said in posts if text and said == text and abs(then - at) < span]
    assert sorted(told.near(at, span)) == sorted(near)
    assert sorted(told.same(text, at, span)) == sorted(same)
