"""What of a post needs a person: in words, with the buttons that repair it. Nothing is ever sent twice by one."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from types import MappingProxyType
from urllib.parse import urlencode

from ttp.domain.delivery import LOOK, Delivery, DeliveryState
from ttp.domain.publishing.attempt import Kind
from ttp.server.pages.rendering import network_name, web_address
from ttp.server.pages.visit import Visit
from ttp.services.queries import PostView

_NO_FIELDS: Mapping[str, str] = MappingProxyType({})
_UNSENT: Mapping[Kind, str] = {
    Kind.AUTH: "{} asks you to log in again",
    Kind.RATE_LIMIT: "{} takes no more posts now",
    Kind.QUOTA: "{} takes no more posts now",
    Kind.NETWORK: "{} could not be reached",
    Kind.SERVER: "{} did not work",
    Kind.BUDGET: "The budget for {} is used up",
    Kind.MISSED: "Too late for {}",
    Kind.ACCOUNT: "The account at {} cannot be used",
    Kind.UNKNOWN: "Not posted to {}",
}
"""What happened, by the kind of an error; other kinds are refusals of the content."""
_CONTENT, _COMMENT = "{} refused it", "The first comment is not on {}"
_STATUS = re.compile(r"\A[45]\d\d (?=[A-Z])")
"""The HTTP status before what a platform answered. `Technical details` has it."""


@dataclass(frozen=True, slots=True)
class RepairButton:
    """A button. `address`: a page; `action`: the change of this post that a form makes at once."""

    label: str
    address: str = ""
    action: str = ""
    fields: Mapping[str, str] = field(default_factory=lambda: _NO_FIELDS)


@dataclass(frozen=True, slots=True)
class DeliveryTrouble:
    """`state`: of the outline; `why`: whole sentences."""

    state: str
    title: str
    account: str
    why: Sequence[str] = ()
    repairs: Sequence[RepairButton] = ()


def form_name(delivery: Delivery) -> str:
    """Return how forms name a delivery: its account, and a word more for the comment there."""
    return f"{delivery.account} comment" if delivery.is_comment else delivery.account


def troubles_of(visit: Visit, post: PostView, actions: Sequence[str]) -> list[DeliveryTrouble]:
    """Return what a person must look at. `actions`: what they can do with the post now."""
    troubles = []
    for delivery in (one for d in post.active for one in (d, d.comment) if one is not None):
        if delivery.state is DeliveryState.NEEDS_REVIEW:
            troubles.append(_doubtful(post, delivery, actions))
        elif delivery.state is DeliveryState.FAILED:
            troubles.append(_failed(visit, post, delivery, actions))
    return troubles


def _doubtful(post: PostView, delivery: Delivery, actions: Sequence[str]) -> DeliveryTrouble:
    name, page = network_name(delivery.platform), f"/posts/{post.id}/resolve?"
    answers = {"It is live": "yes", "It is not there": "no"} if "resolve" in actions else {}
    repairs = [
        RepairButton(label, page + urlencode({"account": form_name(delivery), "found": answer}))
        for label, answer in answers.items()
    ]
    reason, _, place = delivery.error.message.partition(LOOK) if delivery.error else ("", "", "")
    if address := web_address(delivery.url) or web_address(place):
        repairs.insert(0, RepairButton(f"Look at {name}", address))
    why = [f"ttp sent it to {delivery.account}, and cannot find out whether it is live."]
    why += [_sentence(reason)] if reason else []
    return DeliveryTrouble(
        "needs_review",
        f"Is the {'comment' if delivery.is_comment else 'post'} live on {name}?",
        delivery.account,
        [*why, "ttp does not send it again by itself."],
        repairs,
    )


def _failed(visit: Visit, post: PostView, delivery: Delivery, actions: Sequence[str]) -> DeliveryTrouble:
    kind = delivery.error.kind if delivery.error else Kind.UNKNOWN
    title = _COMMENT if delivery.is_comment else _UNSENT.get(kind, _CONTENT)
    why = [_sentence(delivery.error.message)] if delivery.error else []
    if delivery.so_far:
        why.append(_sentence(delivery.so_far))
    live = [network_name(one.platform) for one in post.active if one.state is DeliveryState.PUBLISHED]
    if live:
        why.append(f"{'The post' if delivery.is_comment else 'It'} is live on {' and '.join(dict.fromkeys(live))}.")
    again = [RepairButton("Try again", action="retry")] if "retry" in actions else []
    edit = [RepairButton("Edit the post", f"/posts/{post.id}/edit")] if "edit" in actions else []
    if delivery.is_comment and "comment" in actions:
        edit = [RepairButton("Edit the comment", f"/posts/{post.id}/comment")]
    repairs = again if kind is Kind.AUTH else [*again, *edit] if kind in _UNSENT else [*edit, *again]
    if kind is Kind.AUTH and visit.may("sign-in at a platform"):
        name = urlencode({"name": delivery.account})
        repairs.insert(0, RepairButton(f"Connect {delivery.account} again", f"/accounts/connect?{name}"))
    if "edit" in actions and len(post.active) > 1 and not delivery.parts and not delivery.is_comment:
        repairs.append(RepairButton(f"Leave {delivery.account} out", "", "leave-out", {"account": delivery.account}))
    return DeliveryTrouble("failed", title.format(network_name(delivery.platform)), delivery.account, why, repairs)


def _sentence(text: str) -> str:
    text = _STATUS.sub("", text.strip())
    return text[:1].upper() + text[1:] + ("" if text.endswith((".", "!", "?")) else ".")
