"""Content rules: what each platform would refuse, found before anything is saved as scheduled.

Pure: every problem of a post at once, never the first one only; nothing is changed, cut or converted to fit.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
from dataclasses import replace
from types import MappingProxyType

from ttp.domain.account import Account, Platform
from ttp.domain.delivery import Delivery, DeliveryState
from ttp.domain.errors import Problem
from ttp.domain.image_fit import NO_FITS, Fit, Fits
from ttp.domain.kinds import tiktok_kind
from ttp.domain.media import MediaHostProblem, MediaItem
from ttp.domain.post import Post
from ttp.domain.rules import instagram, tiktok, x
from ttp.domain.rules.case import Case
from ttp.domain.text import utf16_length
from ttp.domain.text_length import X_LIMIT, x_length

__all__ = ["check", "text_use"]

_HALVES = re.compile("[\ud800-\udfff]")
MOST_ALT = 1000
"""Characters of alt text that X and Instagram take (platforms' metadata and container calls)."""
_MOST_TEXT: Mapping[Platform, int] = MappingProxyType(
    {Platform.INSTAGRAM: instagram.MOST_TEXT, Platform.TIKTOK: tiktok.MOST_TEXT}
)
_RULES: Mapping[Platform, Callable[[Case], Iterator[Problem]]] = MappingProxyType(
    {Platform.X: x.problems, Platform.INSTAGRAM: instagram.problems, Platform.TIKTOK: tiktok.problems}
)


def check(
    post: Post,
    accounts: Mapping[str, Account],
    *,
    no_host: MediaHostProblem | None,
    video_upload: bool = False,
    fits: Fits = NO_FITS,
    rehearsed: Collection[str] = (),
) -> tuple[Problem, ...]:
    """Every problem of `post` with the accounts that it has still to go to; warnings among them, marked as such.

    `accounts` by name; one that is missing has no options of its own. `no_host`: why local files get no public URL
    (None: they do). `video_upload`: Instagram takes the bytes of videos (Facebook Login). `fits`: how the platforms
    get the images; `rehearsed`: those that are on this machine, and fetch from it. Asks nothing of the accounts but
    their options: whether they can publish at all is not content.
    """
    to_come = [d for d in post.active if d.state is not DeliveryState.PUBLISHED]
    problems = list(_post_problems(post))
    if any(problem.code == "empty" for problem in problems):
        return tuple(problems)  # every account would only say the same
    for delivery in to_come:
        account = accounts.get(delivery.account)
        media = [_sent(item, delivery.platform, fits, rehearsed) for item in post.media]
        case = Case(
            account=delivery.account,
            text=post.text_for(delivery.account, delivery.platform),
            media=tuple(item for item, _ in media),
            options={**(account.options if account else {}), **post.options},
            no_host=no_host,
            video_upload=video_upload,
            own=frozenset(post.options),
            post_id=post.id,
            thread=post.parts_for(delivery.account, delivery.platform)[1:],
            out=len(delivery.parts),
            fits={item.sha256: fit for item, fit in media},
        )
        problems += case.wrong_options()
        problems += _RULES[delivery.platform](case)
    return (*problems, *_thread_problems(post, to_come))


def _sent(item: MediaItem, platform: Platform, fits: Fits, rehearsed: Collection[str]) -> tuple[MediaItem, Fit]:
    """An item as a platform gets it. An address on this machine is none for a platform that is elsewhere."""
    fit = fits.get((platform, item.sha256)) or Fit()
    sent = fit.sent(item)
    local = sent.url is not None and not sent.url.startswith("https://") and platform not in rehearsed
    return (replace(sent, url=None) if local else sent), fit


def text_use(platform: Platform, text: str, media: Sequence[MediaItem] = ()) -> tuple[int, int]:
    """How much of a platform's text limit a text with such media uses: `(241, 280)`, in the platform's own unit."""
    if platform is Platform.X:
        return x_length(text), X_LIMIT
    if platform is Platform.TIKTOK and tiktok_kind(None, media).is_photos:
        return utf16_length(text), tiktok.MOST_DESCRIPTION
    return utf16_length(text), _MOST_TEXT[platform]


def _post_problems(post: Post) -> Iterator[Problem]:
    """What is wrong with the post wherever it goes."""
    texts = (post.content, *post.variants.values())
    halves = any(map(_HALVES.search, (*texts, *post.thread)))
    edit = None if post.id is None else f"ttp edit {post.id} -"
    if not post.media and not any(text.strip() for text in texts):
        yield Problem("content", "empty", "the post has neither text nor media", hint=edit)
    if halves:
        yield Problem(
            "content", "text_characters", "the text is not valid Unicode: it holds halves of characters", hint=edit
        )
    for item in post.media:
        if item.alt is not None and (length := utf16_length(item.alt)) > MOST_ALT:
            yield Problem("media", "alt_too_long", f"the alt text of {item.name} is {length} of {MOST_ALT}")


def _thread_problems(post: Post, to_come: Sequence[Delivery]) -> Iterator[Problem]:
    """What becomes of the thread on other platforms than X: nothing."""
    others = ", ".join(d.account for d in to_come if d.platform is not Platform.X)
    if not post.thread or not others:
        return
    if any(d.platform is Platform.X for d in post.active):
        message = f"only X gets the thread: to {others} goes the first part alone"
        yield Problem("thread", "thread_elsewhere", message, warning=True)
    else:
        message = f"only X gets threads, and the post goes to {others} alone"
        hint = None if post.id is None else f"ttp edit {post.id} --thread ''"
        yield Problem("thread", "thread_nowhere", message, hint=hint)
