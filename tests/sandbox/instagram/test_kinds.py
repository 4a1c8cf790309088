"""Instagram: the parameters of each kind of container, and the fields read back."""

from __future__ import annotations

import json
from typing import Any

import pytest

from tests.rows import each
from tests.sandbox.conftest import Host, Web
from tests.sandbox.instagram.test_containers import V, code_of, created, image, published, reel
from ttp.sandbox.instagram.records import TROUBLES, StoredContainer

TAG = {"username": "friend", "x": 0.5, "y": 1}


def tags(*found: object) -> str:
    return json.dumps(found)


@pytest.mark.parametrize(
    ("kind", "params"),
    [
        ("IMAGE", {"location_id": "110843418940484"}),
        ("IMAGE", {"user_tags": tags(TAG, {**TAG, "username": "other"})}),
        ("IMAGE", {"collaborators": '["one","two","three"]'}),
        ("IMAGE", {"collaborators": "one,two"}),
        ("REELS", {"audio_name": "A song", "thumb_offset": "4000"}),
        ("REELS", {"user_tags": tags({"username": "friend"}), "collaborators": '["one"]'}),
        ("REELS", {"thumb_offset": "999999", "cover_url": "PHOTO"}),
        ("STORIES", {"user_tags": tags({"username": "friend"})}),
    ],
)
def test_the_parameters_each_kind_accepts(instagram: Web, host: Host, kind: str, params: dict[str, str]) -> None:
    given = {k: v.replace("PHOTO", f"{host.url}/photo.jpg") for k, v in params.items()}
    source = {"video_url": f"{host.url}/clip.mp4"} if kind != "IMAGE" else {"image_url": f"{host.url}/photo.jpg"}
    answer = created(instagram, media_type=kind, **source, **given)
    assert answer.status_code == 200, answer.text


def test_a_trial_reel_is_for_accounts_that_have_them(instagram: Web, host: Host) -> None:
    given = {"video_url": f"{host.url}/clip.mp4", "trial_params": '{"graduation_strategy":"SS_PERFORMANCE"}'}
    assert code_of(created(instagram, media_type="REELS", **given)) == (400, 100, 2207081)
    instagram.account("instagram/demo", keepTokens=True, trialReels=True)
    assert created(instagram, media_type="REELS", **given).status_code == 200


@each(
    ("kind", "params", "code", "subcode"),
    [
        ("IMAGE", {"location_id": "Berlin"}, 100, None),
        ("IMAGE", {"user_tags": tags({"username": "friend"})}, 100, None),
        ("IMAGE", {"user_tags": tags({**TAG, "x": 1.1})}, 100, None),
        ("IMAGE", {"user_tags": tags({**TAG, "x": True})}, 100, None),
        ("IMAGE", {"user_tags": tags({**TAG, "username": "no name"})}, 100, None),
        ("IMAGE", {"user_tags": tags({**TAG, "z": 1})}, 100, None),
        ("IMAGE", {"user_tags": "friend"}, 100, None),
        ("IMAGE", {"user_tags": tags("friend")}, 100, None),
        ("IMAGE", {"user_tags": tags(*[TAG] * 21)}, 100, 2207040),
        ("IMAGE", {"collaborators": '["a","b","c","d"]'}, 100, None),
        ("IMAGE", {"collaborators": '["no name"]'}, 100, None),
        ("IMAGE", {"collaborators": '{"a":1}'}, 100, None),
        ("IMAGE", {"collaborators": "["}, 100, None),
        ("IMAGE", {"trial_params": "{}"}, 100, None),
        ("IMAGE", {"audio_name": "a"}, 100, None),
        ("IMAGE", {"caption": "@a " * 21}, 100, 2207040),
        ("IMAGE", {"upload_type": "resumable"}, 100, None),
        ("IMAGE", {"is_paid_partnership": "true"}, 100, None),
        ("IMAGE", {"is_carousel_item": "true", "collaborators": "one"}, 100, None),
        ("REELS", {"trial_params": '{"graduation_strategy":"MANUAL"}'}, 100, 2207081),
        ("REELS", {"trial_params": '{"graduation_strategy":"LATER"}'}, 100, None),
        ("REELS", {"trial_params": '{"graduation_strategy":["MANUAL"]}'}, 100, None),
        ("REELS", {"trial_params": "MANUAL"}, 100, None),
        ("REELS", {"user_tags": tags(TAG)}, 100, None),
        ("REELS", {"thumb_offset": "4025"}, 1, 2207057),
        ("REELS", {"thumb_offset": "soon"}, 1, 2207057),
        ("REELS", {"cover_url": "http://127.0.0.1:1/none.jpg"}, 9004, 2207052),
        ("REELS", {"is_carousel_item": "true"}, 100, None),
        ("STORIES", {"collaborators": "one"}, 100, None),
        ("STORIES", {"thumb_offset": "1"}, 100, None),
        ("CAROUSEL", {"user_tags": tags(TAG)}, 100, None),
    ],
)
def test_the_parameters_each_kind_refuses(
    instagram: Web, host: Host, kind: str, params: dict[str, str], code: int, subcode: int | None
) -> None:
    source = {"video_url": f"{host.url}/clip.mp4"} if kind in ("REELS", "STORIES") else {}
    source = {"image_url": f"{host.url}/photo.jpg"} if kind == "IMAGE" else source
    assert code_of(created(instagram, media_type=kind, **source, **params)) == (400, code, subcode)
    assert instagram.state.table(StoredContainer) == {}


def test_facebook_login_knows_more_parameters(host: Host, web: Web) -> None:
    shop = web.account("instagram/shop", login="facebook")
    source = {"image_url": f"{host.url}/photo.jpg"}
    assert created(shop, **source, is_paid_partnership="true").status_code == 200
    assert code_of(created(shop, **source, is_paid_partnership="1")) == (400, 100, None)


def test_a_carousel_shows_its_items(instagram: Web, host: Host) -> None:
    items = [image(instagram, host, is_carousel_item="true", alt_text=alt) for alt in ("one", "two")]
    parent = created(instagram, media_type="CAROUSEL", children=",".join(items)).json()["id"]
    assert code_of(created(instagram, media_type="CAROUSEL", children=",".join(items[:1] * 2))) == (400, 24, 2207006)
    instagram.clock.tick(seconds=1)
    media = published(instagram, parent).json()["id"]
    fields = "children{media_type,alt_text},media_type,owner"
    answer = instagram.get(f"{V}/{media}", params={"fields": fields}).json()
    shown = answer["children"]["data"]
    assert [(item["media_type"], item["alt_text"]) for item in shown] == [("IMAGE", "one"), ("IMAGE", "two")]
    assert answer["owner"] == {"id": instagram.user_id}
    ids = instagram.get(f"{V}/{media}?fields=children").json()["children"]["data"]
    assert ids == [{"id": item["id"]} for item in shown]
    assert instagram.get(f"{V}/{media}/children").json()["data"] == ids
    assert instagram.get(f"{V}/{ids[0]['id']}?fields=media_type").json()["media_type"] == "IMAGE"
    assert code_of(instagram.get(f"{V}/{ids[0]['id']}/insights?metric=views")) == (400, 100, 33)


def test_an_expired_item_cannot_be_in_a_carousel(instagram: Web, host: Host) -> None:
    items = [image(instagram, host, is_carousel_item="true") for _ in range(2)]
    instagram.clock.tick(hours=24)
    answer = created(instagram, media_type="CAROUSEL", children=json.dumps(items))
    assert code_of(answer) == (400, 24, 2207008)


@pytest.mark.parametrize("fields", ["children{media_type", "children{nothing}", "id}", "caption{", "", "[1"])
def test_an_invalid_field_list_is_refused_or_empty(instagram: Web, host: Host, fields: str) -> None:
    items = [image(instagram, host, is_carousel_item="true") for _ in range(2)]
    parent = created(instagram, media_type="CAROUSEL", children=",".join(items)).json()["id"]
    instagram.clock.tick(seconds=1)
    media = published(instagram, parent).json()["id"]
    answer = instagram.get(f"{V}/{media}", params={"fields": fields})
    assert (answer.json() == {"id": media}) if not fields else code_of(answer)[:2] == (400, 100)


def test_fields_may_be_a_json_array(instagram: Web) -> None:
    answer = instagram.get("/me", params={"fields": '["username","user_id"]'}).json()
    assert answer["username"] == "demo"


def test_stories_have_their_own_list_for_a_day(instagram: Web, host: Host) -> None:
    story = created(instagram, media_type="STORIES", image_url=f"{host.url}/photo.jpg").json()["id"]
    instagram.clock.tick(seconds=1)
    media = published(instagram, story).json()["id"]
    path = f"{V}/{instagram.user_id}/stories?fields=id,media_product_type"
    assert instagram.get(path).json() == {"data": [{"id": media, "media_product_type": "STORY"}]}
    instagram.clock.tick(hours=24)
    assert instagram.get(path).json() == {"data": []}


def test_facebook_login_deletes_posts_and_no_stories(web: Web, host: Host) -> None:
    shop = web.account("instagram/shop", login="facebook")
    media = published(shop, image(shop, host)).json()["id"]
    story = created(shop, media_type="STORIES", image_url=f"{host.url}/photo.jpg").json()["id"]
    shop.clock.tick(seconds=1)
    story = published(shop, story).json()["id"]
    assert code_of(shop.call("DELETE", f"{V}/{story}")) == (400, -1, 2207073)
    assert shop.call("DELETE", f"{V}/{media}").json() == {"success": True, "deleted_id": media}
    assert code_of(shop.call("DELETE", f"{V}/{media}")) == (400, 100, 33)
    weak = web.account("instagram/shop", scopes=["instagram_basic", "instagram_content_publish"])
    again = published(weak, image(weak, host)).json()["id"]
    assert code_of(weak.call("DELETE", f"{V}/{again}")) == (400, 10, None)


def test_me_is_the_user_on_facebook_login(web: Web) -> None:
    shop = web.account("instagram/shop", login="facebook")
    me = shop.get(f"{V}/me").json()
    assert set(me) == {"id", "name"}
    assert me["id"] != shop.user_id
    assert code_of(shop.get(f"{V}/me/media")) == (400, 100, 33)
    assert shop.get(f"{V}/{shop.user_id}?fields=id").json() == {"id": shop.user_id}
    assert shop.get(f"{V}/{shop.user_id}/?fields=username").json()["username"] == "shop"
    (page,) = shop.get(f"{V}/me/accounts").json()["data"]
    linked = shop.get(f"{V}/{page['id']}?fields=instagram_business_account").json()
    assert linked["instagram_business_account"] == {"id": shop.user_id}


def test_an_account_may_change_its_login(web: Web) -> None:
    shop = web.account("instagram/shop", login="facebook")
    assert shop.token.startswith("EAA")
    back = web.account("instagram/shop", login="instagram")
    assert back.token.startswith("IGAA")
    assert back.user_id == shop.user_id
    assert back.get("/me?fields=user_id").json()["user_id"] == back.user_id


@pytest.mark.parametrize("name", [n for n, t in TROUBLES.items() if t.step != "all"])
def test_every_ordered_refusal_is_answered_at_its_step(instagram: Web, host: Host, name: str) -> None:
    known = TROUBLES[name]
    container = image(instagram, host)
    instagram.account("instagram/demo", keepTokens=True, trouble=name)
    create = created(instagram, image_url=f"{host.url}/photo.jpg")
    publish = published(instagram, container)
    refused, fine = (create, publish) if known.step == "create" else (publish, create)
    assert code_of(refused) == (400, known.code, known.subcode)
    assert fine.status_code == 200


def test_a_transient_refusal_is_marked(instagram: Web, host: Host) -> None:
    container = image(instagram, host)
    instagram.state.trouble = {"instagram": "server_error"}
    assert published(instagram, container).json()["error"]["is_transient"] is True


def test_usage_is_in_headers_and_ends_in_throttling(instagram: Web) -> None:
    instagram.state.limits = {"instagram calls a day": 4}
    answers = [instagram.get("/me") for _ in range(4)]
    told = [json.loads(a.headers["x-business-use-case-usage"])[instagram.user_id][0] for a in answers]
    assert [entry["call_count"] for entry in told] == [25, 50, 75, 100]
    assert [a.status_code for a in answers] == [200, 200, 200, 400]
    assert code_of(answers[3]) == (400, 80002, None)
    assert told[3]["estimated_time_to_regain_access"] == 60
    assert json.loads(answers[0].headers["x-app-usage"])["call_count"] == 25
    assert instagram.account("instagram/other").get("/me").status_code == 200


def test_throttling_may_be_ordered(instagram: Web) -> None:
    instagram.state.trouble = {"instagram": "throttled"}
    answer: Any = instagram.get("/me")
    assert code_of(answer) == (400, 80002, None)
    assert "estimated_time_to_regain_access" in answer.headers["x-business-use-case-usage"]


def test_quotas_may_be_lower_and_are_read_live(instagram: Web, host: Host) -> None:
    instagram.state.limits = {"instagram posts a day": 1, "instagram containers a day": 2}
    first, second = image(instagram, host), image(instagram, host)
    assert code_of(reel(instagram, host)) == (400, 4, None)
    assert published(instagram, first).status_code == 200
    assert code_of(published(instagram, second)) == (400, 9, 2207042)
    limit = instagram.get(f"{V}/{instagram.user_id}/content_publishing_limit?fields=config").json()
    assert limit["data"][0]["config"]["quota_total"] == 1
