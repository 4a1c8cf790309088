"""What a shell that may not do everything may change; and approval, for one text, its accounts and one time."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta

import pytest

from tests.clock import START
from tests.rows import each
from tests.settings import Config
from ttp.domain import permissions
from ttp.domain.delivery import IN_FLIGHT, Delivery, DeliveryState
from ttp.domain.errors import NotAllowed
from ttp.domain.media.item import MediaItem
from ttp.domain.permissions import Caller, Capability, refuse_forbidden_change
from ttp.domain.post import Post, PostStatus, Rejection

S = DeliveryState
LATER = START + timedelta(hours=1)
PICTURE = MediaItem("a.jpg", "image/jpeg", 1, "1" * 64)


def to(name: str = "x/me", state: S = S.PENDING, at: object = LATER, **fields: object) -> Delivery:
    known = Delivery(name, "x", state, due_at=LATER, next_at=LATER if at else None)
    return replace(known, **fields)  # type: ignore[arg-type]  # fields by name


POST = Post("hi", (to(), to("x/other")), PostStatus.SCHEDULED, scheduled_at=LATER)
YES = permissions.approve(POST, START)
NO = permissions.reject(POST, START, "too loud")


def test_it_is_needed_where_a_setting_says_so_and_else_not() -> None:
    assert not Config().requires_approval
    assert Config({"publish.require_approval": True}).requires_approval


def test_a_yes_is_for_all_that_may_still_go_out() -> None:
    post = Post("hi", tuple(to(f"x/{state}", state) for state in S))
    said = {d.state for d in permissions.approve(post, START).deliveries if d.approved_at == START}
    assert said == set(S) - {S.PUBLISHED, S.CANCELLED, S.NEEDS_REVIEW}


def test_a_second_yes_changes_nothing_and_one_after_a_no_takes_that_back() -> None:
    assert permissions.approve(YES, LATER) == YES
    assert permissions.approve(NO, LATER).rejection is None


def test_a_no_takes_the_yes_back_and_says_why() -> None:
    no = permissions.reject(YES, LATER, None)
    assert (no.approved_at, no.rejection) == (None, Rejection(LATER, None))


def test_a_post_is_approved_when_all_of_it_that_counts_is() -> None:
    new = replace(YES, deliveries=(*YES.deliveries, to("x/new")))
    gone = replace(YES, deliveries=(*YES.deliveries, to("x/gone", S.CANCELLED)))
    assert (POST.approved_at, YES.approved_at, new.approved_at, gone.approved_at) == (None, START, None, START)
    assert Post("no accounts").approved_at is None


CHANGES: dict[str, dict[str, object]] = {
    "text": {"content": "Hi"},
    "variant": {"variants": {"x": "Hi"}},
    "thread": {"thread": ("and more",)},
    "media": {"media": (PICTURE,)},
    "options": {"options": {"x.reply_settings": "following"}},
    "another time": {"scheduled_at": START},
    "no time": {"scheduled_at": None},
    "how late": {"max_lateness_s": 60.0},
    "fewer accounts": {"deliveries": YES.deliveries[:1]},
    "other accounts": {"deliveries": (YES.deliveries[0], to("x/new", approved_at=START))},
    "brought back": {"deleted_at": START},
}


@each("name", CHANGES)
def test_whatever_followers_would_see_or_when_takes_both_back(name: str) -> None:
    for said in (YES, NO):
        after = permissions.keep_approval(said, replace(said, **CHANGES[name]))  # type: ignore[arg-type]  # fields by name
        assert (after.approved_at, after.rejection) == (None, None)
        assert all(d.approved_at is None for d in after.deliveries)


def test_the_alt_text_of_a_picture_is_seen_by_followers_too() -> None:
    before = replace(YES, media=(PICTURE,))
    assert permissions.keep_approval(before, replace(before, media=(replace(PICTURE, alt="a"),))).approved_at is None


def test_tags_and_keys_are_nobody_s_business() -> None:
    after = replace(YES, tags=("launch",), key="k", updated_at=LATER)
    assert permissions.keep_approval(YES, after) == after


def test_what_is_out_or_in_hand_keeps_what_was_said_of_it() -> None:
    states = [S.PUBLISHED, *sorted(IN_FLIGHT)]
    before = Post("hi", tuple(to(f"x/{state}", state, approved_at=START) for state in states))
    after = permissions.keep_approval(before, replace(before, content="Hi"))
    assert [d.approved_at for d in after.deliveries] == [START] * len(states)


@each("state", S)
def test_what_would_go_out_by_itself_waits(state: S) -> None:
    waits = state in (S.PENDING, S.RETRYING)
    assert permissions.waits_for_approval(to(state=state)) is waits
    assert not permissions.waits_for_approval(to(state=state, approved_at=START))
    assert not permissions.waits_for_approval(to(state=state, at=None)), "a draft goes nowhere"


def test_what_waits_is_shown_as_such_and_needs_a_person() -> None:
    mixed = replace(POST, deliveries=(to(approved_at=START), to("x/b", waiting_for="x", waiting_until=LATER)))
    shown = permissions.show_approval_waits(mixed)
    assert [(d.waiting_for, d.waiting_until) for d in shown.deliveries] == [(None, None), ("approval", None)]
    assert (shown.needs(), POST.needs()) == (("approve",), ())


def test_who_may_publish_may_change_every_post() -> None:
    scheduled = Post("Hello", id=1, status=PostStatus.SCHEDULED)
    refuse_forbidden_change(Caller("ann", Capability.PUBLISH), scheduled, replace(scheduled, content="Changed"), ())


def test_who_may_write_drafts_changes_drafts_alone() -> None:
    draft = Post("Hello", id=1)
    refuse_forbidden_change(Caller("ann", Capability.DRAFT), draft, replace(draft, content="Changed"), ())
    scheduled = replace(draft, status=PostStatus.SCHEDULED)
    with pytest.raises(NotAllowed):
        refuse_forbidden_change(Caller("ann", Capability.DRAFT), scheduled, replace(scheduled, content="Changed"), ())
