"""The text of a form: its parts, own texts of accounts, and how much of each network's limit it uses."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

from ttp.domain.account import Account
from ttp.domain.errors import TtpError
from ttp.platforms.registry import Registry
from ttp.server.pages.compose.composition import Composition
from ttp.server.services import RequestServices
from ttp.services.preview import AccountVersion, PostPreview, preview_post

NEARLY_FULL = 0.95
_JOINED = "\n\n"


@dataclass(frozen=True, slots=True)
class Counter:
    """The longest part of an account, or the strictest account of a part, as its network counts. `own`: the name of
    the own text that it counts."""

    length: int
    limit: int
    account: str = ""
    title: str = ""
    own: str = ""

    @property
    def platform(self) -> str:
        return self.account.partition("/")[0]

    @property
    def use(self) -> float:
        return self.length / self.limit if self.limit else float(self.length)

    @property
    def level(self) -> str:
        """`too` long, `near` the limit, or empty."""
        return "too" if self.use > 1 else "near" if self.use >= NEARLY_FULL else ""


@dataclass(frozen=True, slots=True)
class Split:
    """How a text that is too long becomes parts. `only`: on the accounts where it is too long; the others get it whole,
    as one of them takes no threads."""

    count: int
    starts: tuple[int, ...]
    """The place of the first part of each text."""
    parts: tuple[str, ...]
    only: bool = False


@dataclass(frozen=True, slots=True)
class TextUse:
    """What the text of a form uses: by network, and by part. `split`: what would repair a text that is too long."""

    counters: tuple[Counter, ...] = ()
    parts: tuple[Counter, ...] = ()
    split: Split | None = None

    @property
    def too_long(self) -> list[Counter]:
        return [one for one in self.counters if one.level == "too"]


def empty_use(accounts: Sequence[Account], platforms: Registry) -> TextUse:
    """Return what a form without a text uses, with the limit of each network."""
    counters: dict[str, Counter] = {}
    for one in accounts:
        if one.platform in platforms.names():
            length, limit = platforms.rules(one.platform).text_use("", (), one.server_info)
            title = platforms.facts(one.platform).title
            counters.setdefault(one.platform, Counter(length, limit, one.name, title))
    return TextUse(tuple(counters.values()))


def count_text(typed: Composition, preview: PostPreview, services: RequestServices, platforms: Registry) -> TextUse:
    """Count the text as the networks of its accounts do."""
    counters: dict[str, Counter] = {}
    for version in preview.versions:
        own = own_text_of(typed, version.account)
        part = max(version.parts, key=lambda part: part.length / (part.limit or 1))
        counter = Counter(part.length, part.limit, version.account, version.title, own)
        first = counters.setdefault(counter.platform, counter)
        if counter.use > first.use:
            counters[counter.platform] = counter
    common = [one for one in preview.versions if not own_text_of(typed, one.account)]
    use = TextUse(tuple(counters.values()), _count_parts(len(typed.full_parts), common, preview.versions))
    if any(counter.level == "too" and not counter.own for counter in use.counters):
        use = replace(use, split=_plan_split(typed, services, platforms))
    return use


def _count_parts(count: int, common: Sequence[AccountVersion], every: Sequence[AccountVersion]) -> tuple[Counter, ...]:
    """Return the counter of each part, by the account that allows it least. `common`: those without an own text, which
    replaces the first part."""
    counters = []
    for place in range(count):
        versions = [one for one in (every if place else common or every) if len(one.parts) == count]
        parts = ((one, one.parts[place]) for one in versions)
        uses = [Counter(part.length, part.limit, one.account, one.title) for one, part in parts]
        if not uses:
            return ()
        counters.append(max(uses, key=lambda counter: counter.use))
    return tuple(counters)


def own_text_of(typed: Composition, account: str) -> str:
    """Return the name under which an account has its own text: its own, or its platform's; empty without one."""
    return next((name for name in (account, account.partition("/")[0]) if typed.variant(name).strip()), "")


def _plan_split(typed: Composition, services: RequestServices, platforms: Registry) -> Split | None:
    """Return the parts in which the network that allows least takes the text; None where it cannot be split."""
    whole = replace(typed.without_empty_parts, split="yes", utm="no")
    try:
        preview = preview_post(services.posts, whole.as_input(platforms), None, with_cards=False)
    except TtpError:
        return None
    common = [one for one in preview.versions if not own_text_of(typed, one.account)]
    # Of several with as many parts, the one with the shorter ones: they fit in more networks.
    shortest = sorted(common, key=lambda one: max(len(part.text) for part in one.parts))
    version = max(shortest, key=lambda one: len(one.parts), default=None)
    if version is None or len(version.parts) <= len(whole.parts):
        return None
    delivery = next(one for one in preview.post.active if one.account == version.account)
    single = any(platforms.facts(one.account.partition("/")[0]).max_parts == 1 for one in common)
    parts = tuple(part.text for part in version.parts)
    return Split(len(parts), delivery.part_starts or (0,), parts, only=single)


def split(typed: Composition, plan: Split) -> Composition:
    """Return it with the parts of a plan. What was cut is remembered, so that they can be joined again."""
    if plan.only:
        return replace(typed, split="yes")
    typed = typed.without_empty_parts
    places = {str(number): plan.starts[number - 1] + 1 for number in range(1, len(plan.starts) + 1)}
    media = tuple(
        replace(item, part="" if places.get(item.part or "1") == 1 else str(places.get(item.part, item.part)))
        for item in typed.media
    )
    gaps: list[str | None] = []
    for place in range(1, len(plan.parts)):
        is_cut = place not in plan.starts
        gaps.append(_gap(typed.parts, plan.parts[place - 1 : place + 1]) if is_cut else None)
    return replace(typed, content=plan.parts[0], thread=plan.parts[1:], media=media, gaps=tuple(gaps), split="")


def _gap(texts: Sequence[str], pair: Sequence[str]) -> str:
    """Return the white space that was between two parts of one of the texts."""
    before, after = pair
    for text in texts:
        end = text.find(before) + len(before)
        gap = text[end : text.find(after, end)] if before in text and after in text[end:] else "x"
        if not gap.strip():
            return gap
    return _JOINED


def join(typed: Composition) -> Composition:
    """Return it with the parts of a split as one text again, edits included."""
    gaps = typed.gaps if len(typed.gaps) == len(typed.thread) else (_JOINED,) * len(typed.thread)
    texts = [typed.content]
    places = {"1": 1}
    for number, (gap, part) in enumerate(zip(gaps, typed.thread, strict=True), 2):
        if gap is None:
            texts.append(part)
        else:
            texts[-1] = f"{texts[-1]}{gap}{part}".strip() if part.strip() else texts[-1]
        places[str(number)] = len(texts)
    media = tuple(
        replace(item, part="" if (place := places.get(item.part or "1", item.part)) in (1, "") else str(place))
        for item in typed.media
    )
    return replace(typed, content=texts[0], thread=tuple(texts[1:]), media=media, gaps=())


def changed_text(typed: Composition, action: str, name: str) -> Composition | None:
    """Return the form after an action on its text; None for any other action. `name`: a number of a part, or whose own
    text it is."""
    parts = list(range(1, len(typed.parts) + 1))
    number = int(name) if name.isdecimal() and len(name) < 4 else 0
    match action:
        case "part":
            return replace(typed, thread=(*typed.thread, ""), gaps=())
        case "up" if number in parts[1:]:
            parts[number - 2 : number] = number, number - 1
            return typed.with_parts(parts)
        case "remove" if number in parts and len(parts) > 1:
            return typed.with_parts([one for one in parts if one != number])
        case "join":
            return join(typed)
        case "own":
            return replace(typed, variants=(*_others(typed, name), (name, typed.variant(name) or typed.content)))
        case "common":
            return replace(typed, variants=(*_others(typed, name), (name, "")))
        case "without":
            return replace(
                typed, accounts=tuple(one for one in typed.accounts if name not in (one, one.partition("/")[0]))
            )
        case _:
            return None


def _others(typed: Composition, name: str) -> tuple[tuple[str, str], ...]:
    return tuple(one for one in typed.variants if one[0] != name)
