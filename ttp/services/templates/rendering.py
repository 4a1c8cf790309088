"""Make the texts of a post by a template: for each account, as its network counts."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace

from ttp.domain.account import Account, find_account
from ttp.domain.action import other_options
from ttp.domain.delivery import Delivery, DeliveryState
from ttp.domain.errors import Hint, UsageError
from ttp.domain.parts.fit import fit_text
from ttp.domain.parts.links import NO_RULES, LinkRules
from ttp.domain.parts.split import Length
from ttp.domain.post import Post
from ttp.domain.rules import Platforms, text_length
from ttp.domain.template import Filling, TemplateText
from ttp.services.templates.engine import render


def render_post(
    post: Post,
    filling: Filling,
    variants: Mapping[str, str],
    accounts: Sequence[Account],
    platforms: Platforms,
    links: LinkRules = NO_RULES,
    *,
    keeps_thread: bool,
    keeps_comment: bool = False,
) -> Post:
    """Return the post with the texts of its template, each as one text where the accounts may have the same. Typed
    `variants`, thread and comment stay. Raise UsageError, NotFound, Ambiguous."""
    by_name = {account.name: account for account in accounts}
    sources = _spelled(filling, post, accounts, platforms)
    to_come = [d for d in post.active if d.state is not DeliveryState.PUBLISHED]
    bare = replace(post, content="", variants={}, thread=())
    lengths = {d.account: text_length(bare, d, by_name.get(d.account), platforms, links) for d in to_come}
    texts: dict[str, str] = {}
    for d in to_come:
        if not variants.keys() & {d.account, d.platform}:
            source = sources.get(d.account) or sources.get(d.platform) or filling.content
            texts[d.account] = _text_for(source, filling, d, lengths[d.account])
    main = [texts[d.account] for d in to_come if d.account in texts and not sources.keys() & {d.account, d.platform}]
    if to_come and not main and filling.content.text:
        main = [_text_for(filling.content, filling, to_come[0], lengths[to_come[0].account])]
    content = max(main, key=len) if main else next(iter(texts.values()), "") or _text(filling.content, filling, ())
    for name, text in texts.items():
        if not text.strip() and (content.strip() or not post.media):
            raise UsageError(f"template {filling.content.template} makes no text for {name}", flaw="template")
    if to_come:
        rendered = _as_variants(content, texts, to_come)
    else:
        rendered = {name: _text(source, filling, ()) for name, source in sources.items()}
    thread = tuple(
        _text(part, filling, [lengths[d.account] for d in to_come if platforms.facts(d.platform).max_parts > 1])
        for part in filling.thread
    )
    comment = post.comment
    if filling.comment.text and not keeps_comment:
        takers = [d for d in to_come if platforms.facts(d.platform).comments]
        comment = _text(filling.comment, filling, [lengths[d.account] for d in takers])
    return replace(
        post,
        content=content,
        comment=comment,
        variants={**rendered, **{name: text for name, text in variants.items() if text}},
        thread=post.thread if keeps_thread else thread,
        origin=filling.origin,
    )


def _spelled(
    filling: Filling, post: Post, accounts: Sequence[Account], platforms: Platforms
) -> Mapping[str, TemplateText]:
    """Return the template's own texts by full names. Raise UsageError for an account that the post does not go to."""
    sources: dict[str, TemplateText] = {}
    for key, source in filling.variants.items():
        name = find_account(key, accounts, platforms).name if "/" in key else platforms.find(key).name
        if "/" in key and post.accounts and name not in post.accounts:
            message = f"template {source.template} has a text for {name}, which is not among the accounts"
            hint = Hint("try", other_options(to=",".join([*post.accounts, name])))
            raise UsageError(message, hint, flaw="template")
        sources[name] = source
    return sources


def _text_for(source: TemplateText, filling: Filling, delivery: Delivery, length: Length) -> str:
    account = {"platform": delivery.platform, "name": delivery.account}
    values = {**filling.values, "account": account, "limit": length("")[1]}
    return _text(source, replace(filling, values=values), [length])


def _text(source: TemplateText, filling: Filling, lengths: Sequence[Length]) -> str:
    """Return a rendered text that fits all of these limits, if values that are to fit can make it."""

    def fits(text: str) -> bool:
        return all(count <= limit for count, limit in (length(text) for length in lengths))

    return fit_text(*render(source, filling.values), fits)


def _as_variants(content: str, texts: Mapping[str, str], deliveries: Sequence[Delivery]) -> dict[str, str]:
    """Return the texts that differ from the content: by platform where its accounts have the same one."""
    variants = {}
    for d in deliveries:
        same = {texts.get(one.account) for one in deliveries if one.platform == d.platform}
        if (text := texts.get(d.account, content)) != content:
            variants[d.platform if len(same) == 1 else d.account] = text
    return variants
