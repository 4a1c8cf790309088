"""Instagram: comments on own posts."""

from __future__ import annotations

from typing import Any

import pytest

from tests.sandbox.conftest import Host, Web
from tests.sandbox.instagram.test_containers import V, code_of, created, image, published
from ttp.sandbox.instagram.records import SCOPES


def posted(web: Web, host: Host) -> str:
    """An image with a caption."""
    return str(published(web, image(web, host, caption="Hi")).json()["id"])


def commented(web: Web, media: str, text: str = "More in the bio", **params: Any) -> Any:
    return web.post(f"{V}/{media}/comments", data={"message": text, **params})


def listed(web: Web, media: str, **params: Any) -> Any:
    return web.get(f"{V}/{media}/comments", params=params)


def test_a_comment_is_listed_newest_first_with_its_author(instagram: Web, host: Host) -> None:
    media = posted(instagram, host)
    first = commented(instagram, media, " One ").json()["id"]
    instagram.clock.tick(seconds=1)
    second = commented(instagram, media, "Two").json()["id"]
    answer = listed(instagram, media).json()
    assert answer["data"] == [
        {"id": second, "text": "Two", "timestamp": "2026-11-24T12:00:02+0000"},
        {"id": first, "text": "One", "timestamp": "2026-11-24T12:00:01+0000"},
    ]
    author = {"id": instagram.state.accounts["instagram/demo"].user_id, "username": "demo"}
    (only,) = listed(instagram, media, fields="text,from{id,username},username,media", limit="1").json()["data"]
    assert only == {"id": second, "text": "Two", "from": author, "username": "demo", "media": {"id": media}}
    assert instagram.get(f"{V}/{first}?fields=text,parent_id").json() == {"id": first, "text": "One"}
    assert [(one["text"], one["parent"]) for one in instagram.posts()] == [("Hi", None), ("One", media), ("Two", media)]


def test_the_page_of_the_sandbox_shows_a_comment(instagram: Web, host: Host) -> None:
    media = posted(instagram, host)
    commented(instagram, media, "More in the bio")
    shown = instagram.get("/_sandbox/posts?view=page", signed=False)
    assert "More in the bio" in shown.text


def test_a_page_of_comments_has_at_most_fifty(instagram: Web, host: Host) -> None:
    media = posted(instagram, host)
    for number in range(3):
        commented(instagram, media, str(number))
        instagram.clock.tick(seconds=1)
    first = listed(instagram, media, limit="2").json()
    rest = listed(instagram, media, limit="2", after=first["paging"]["cursors"]["after"]).json()
    assert [one["text"] for page in (first, rest) for one in page["data"]] == ["2", "1", "0"]
    assert code_of(listed(instagram, media, limit="51")) == (400, 100, None)


def test_a_comment_is_no_post(instagram: Web, host: Host) -> None:
    media = posted(instagram, host)
    instagram.set(limits={"instagram posts a day": 2})
    comment = commented(instagram, media).json()["id"]
    node = instagram.user_id
    assert [one["id"] for one in instagram.get(f"{V}/{node}/media").json()["data"]] == [media]
    assert instagram.get(f"{V}/{node}?fields=media_count").json()["media_count"] == 1
    assert code_of(instagram.get(f"{V}/{comment}/insights?metric=reach")) == (400, 100, 33)
    assert code_of(commented(instagram, comment)) == (400, 100, 33)
    assert published(instagram, image(instagram, host)).status_code == 200


def test_what_is_refused(instagram: Web, host: Host) -> None:
    media = posted(instagram, host)
    assert code_of(commented(instagram, media, "")) == (400, 100, None)
    assert code_of(commented(instagram, media, "\N{SEEDLING}" * 1100 + "x")) == (400, 100, None)
    assert commented(instagram, media, "\N{SEEDLING}" * 1100).status_code == 200
    assert code_of(commented(instagram, media, attachment="1")) == (400, 100, None)
    assert code_of(commented(instagram, "17900000000000000")) == (400, 100, 33)
    assert code_of(commented(instagram.account("instagram/other"), media)) == (400, 100, 33)
    story = created(instagram, media_type="STORIES", image_url=f"{host.url}/photo.jpg").json()["id"]
    instagram.clock.tick(seconds=1)
    assert code_of(commented(instagram, published(instagram, story).json()["id"])) == (400, 100, None)
    instagram.account("instagram/demo", keepTokens=True, commentsOff=True)
    assert code_of(commented(instagram, media)) == (400, 100, None)
    assert instagram.get(f"{V}/{media}?fields=is_comment_enabled").json()["is_comment_enabled"] is False


@pytest.mark.parametrize(
    ("order", "code", "subcode"),
    [
        ({"trouble": "throttled"}, 80002, None),
        ({"trouble": "blocked"}, 368, None),
        ({"dead": 460}, 190, 460),
        ({"scopes": SCOPES["instagram"][:-1]}, 10, None),
    ],
)
def test_an_account_that_may_not_comment(
    instagram: Web, host: Host, order: dict[str, Any], code: int, subcode: int | None
) -> None:
    media = posted(instagram, host)
    instagram.account("instagram/demo", keepTokens=True, **order)
    assert code_of(commented(instagram, media)) == (400, code, subcode)


def test_a_comment_is_deleted_by_itself(instagram: Web, host: Host) -> None:
    media = posted(instagram, host)
    comment = commented(instagram, media).json()["id"]
    instagram.account("instagram/demo", keepTokens=True, scopes=SCOPES["instagram"][:-1])
    assert code_of(instagram.call("DELETE", f"{V}/{comment}")) == (400, 10, None)
    instagram.account("instagram/demo", keepTokens=True, scopes=SCOPES["instagram"])
    assert instagram.call("DELETE", f"{V}/{comment}").json() == {"success": True}
    assert code_of(instagram.call("DELETE", f"{V}/{comment}")) == (400, 100, 33)
    assert [one["text"] for one in instagram.posts()] == ["Hi"]


def test_comments_go_with_their_post(web: Web, host: Host) -> None:
    facebook = web.account("instagram/page", login="facebook")
    media = posted(facebook, host)
    assert commented(facebook, media).status_code == 200
    assert facebook.call("DELETE", f"{V}/{media}").status_code == 200
    assert facebook.posts() == []
