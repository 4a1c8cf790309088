"""Posts of every shape for properties: hypothesis strategies, with accounts 1 to 3 of a store."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta

from hypothesis import strategies as st

from tests.clock import START
from ttp.domain.delivery import Delivery, DeliveryError, DeliveryState
from ttp.domain.media.item import MediaItem
from ttp.domain.post import ChosenBy, Post, Rejection
from ttp.domain.post_edit import with_derived_status
from ttp.domain.post_fields import PLAIN
from ttp.domain.publishing.outcome import Kind

ACCOUNTS = {1: "x/me", 2: "instagram/shop", 3: "x/other"}
TEXTS = st.text(st.characters(codec="utf-8", exclude_characters="\0"), max_size=12)
"""Without NUL, which PostgreSQL has in no text."""
NAMES = st.sampled_from(["launch", "Launch", "köln", "x.y"])
INSTANTS = st.integers(0, 10**9).map(lambda ms: START + timedelta(milliseconds=ms))
FEW_INSTANTS = st.integers(0, 4).map(lambda hours: START + timedelta(hours=hours))
COUNTS = st.integers(0, 2**40)


def maybe(values: st.SearchStrategy[object]) -> st.SearchStrategy[object]:
    return st.none() | values


ERRORS = st.builds(DeliveryError, st.sampled_from(Kind), TEXTS, maybe(TEXTS), maybe(TEXTS))
MEDIA = st.builds(
    MediaItem,
    name=TEXTS,
    mime=st.sampled_from(["image/jpeg", "video/mp4"]),
    bytes=COUNTS,
    sha256=TEXTS,
    width=maybe(COUNTS),
    height=maybe(COUNTS),
    duration_ms=maybe(COUNTS),
    alt=maybe(TEXTS),
    url=maybe(TEXTS),
    codec=maybe(TEXTS),
    fps=maybe(st.floats(0, 240)),
    moov_first=maybe(st.booleans()),
)


def _delivery(account_id: int) -> st.SearchStrategy[Delivery]:
    name = ACCOUNTS[account_id]
    return st.builds(
        Delivery,
        account=st.just(name),
        platform=st.just(name.partition("/")[0]),
        state=st.sampled_from(DeliveryState),
        due_at=maybe(INSTANTS),
        next_at=maybe(INSTANTS),
        remote_id=st.none(),
        url=maybe(TEXTS),
        published_at=maybe(INSTANTS),
        tries=st.integers(0, 9),
        attempts=st.integers(0, 99),
        waiting_for=maybe(TEXTS),
        waiting_until=maybe(INSTANTS),
        error=maybe(ERRORS),
        handle=st.dictionaries(TEXTS, TEXTS | COUNTS | st.lists(COUNTS, max_size=2), max_size=2),
        approved_at=maybe(INSTANTS),
        account_id=st.just(account_id),
    )


DELIVERIES = st.sets(st.sampled_from(sorted(ACCOUNTS))).flatmap(lambda ids: st.tuples(*map(_delivery, sorted(ids))))

PLAIN_VALUES = {"text": maybe(TEXTS), "flag": maybe(st.booleans()), "seconds": maybe(st.floats(0, 1e6))}
POSTS = st.builds(
    Post,
    content=TEXTS,
    deliveries=DELIVERIES,
    scheduled_at=maybe(INSTANTS),
    created_at=INSTANTS,
    updated_at=INSTANTS,
    deleted_at=maybe(INSTANTS),
    **{one.name: PLAIN_VALUES[one.kind] for one in PLAIN},
    media=st.lists(MEDIA, max_size=2).map(tuple),
    variants=st.dictionaries(TEXTS, TEXTS, max_size=2),
    thread=st.lists(TEXTS, max_size=2).map(tuple),
    tags=st.lists(NAMES, max_size=2).map(tuple),
    options=st.dictionaries(TEXTS, TEXTS, max_size=2),
    key_digest=maybe(TEXTS),
    chosen_by=maybe(st.sampled_from(ChosenBy)),
    rejection=maybe(st.builds(Rejection, INSTANTS, maybe(TEXTS))),
)
"""Whatever the columns can hold."""


@st.composite
def listed_posts(draw: st.DrawFn) -> Post:
    """Posts as the program makes them: the status follows from the deliveries; a draft may have kept a time."""
    at = draw(FEW_INSTANTS)
    timed = draw(st.booleans())
    deliveries = []
    for account_id in sorted(draw(st.sets(st.sampled_from(sorted(ACCOUNTS))))):
        name = ACCOUNTS[account_id]
        state = draw(st.sampled_from(DeliveryState)) if timed else DeliveryState.PENDING
        due = at if timed else None
        platform = name.partition("/")[0]
        approved_at = draw(st.sampled_from([None, START]))
        known = Delivery(name, platform, state, due_at=due, next_at=due, approved_at=approved_at)
        deliveries.append(replace(known, account_id=account_id))
    kept = at if draw(st.booleans()) else None
    post = Post(
        draw(st.sampled_from(["Launch day", "launch", "a b", ""])),
        tuple(deliveries),
        scheduled_at=at if timed else kept,
        created_at=START,
        deleted_at=draw(st.none() | st.just(START)) if draw(st.integers(0, 3)) == 0 else None,
        tags=tuple(draw(st.lists(NAMES, max_size=2, unique=True))),
    )
    return with_derived_status(post, START)
