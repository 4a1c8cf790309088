"""What a creator may post, read before every direct post, and checking a post against it. Pure. Never chooses for a
person; options that the creator's settings disable stay disabled."""

from __future__ import annotations

import re
from dataclasses import dataclass

from ttp.domain.options import Option
from ttp.domain.publishing.outcome import Kind, NotDone
from ttp.domain.text import clean_text
from ttp.platforms.client import PublishRequest
from ttp.platforms.reply import Reply, list_at
from ttp.platforms.tiktok.options import PRIVACY, choices_hint, first_choices, needed_choices
from ttp.platforms.tiktok.request_body import kind_of

_USERNAME = re.compile(r"[A-Za-z0-9._]{1,64}")
_CLOSED_BY = {
    "comment_disabled": "disable_comment",
    "duet_disabled": "disable_duet",
    "stitch_disabled": "disable_stitch",
}


@dataclass(frozen=True, slots=True)
class Creator:
    """Data of creator_info; None if missing. `closed`: options that the account's settings force to true."""

    username: str | None
    levels: tuple[str, ...] | None
    longest_s: int | None
    closed: frozenset[str]


def read_creator(answer: Reply) -> Creator:
    """Return the creator in an answer; empty or malformed fields count as missing."""
    username = answer.value_at("data", "creator_username")
    longest = answer.value_at("data", "max_video_post_duration_sec")
    return Creator(
        username if isinstance(username, str) and _USERNAME.fullmatch(username) else None,
        tuple(map(str, list_at(answer.data, "data", "privacy_level_options"))) or None,
        longest if isinstance(longest, int) and not isinstance(longest, bool) and longest > 0 else None,
        frozenset(option for flag, option in _CLOSED_BY.items() if answer.value_at("data", flag) is True),
    )


def settings_of(answer: Reply) -> dict[str, object]:
    """Return the fields of an answer that tell a person what to choose; None if missing or malformed."""
    able = read_creator(answer)
    nickname = answer.value_at("data", "creator_nickname")
    return {
        "creator_nickname": clean_text(nickname) if isinstance(nickname, str) else None,
        "creator_username": able.username,
        "privacy_level_options": [clean_text(one) for one in able.levels or ()],
        **{flag: option in able.closed for flag, option in _CLOSED_BY.items()},
        "max_video_post_duration_sec": able.longest_s,
    }


def check_creator(request: PublishRequest, creator: Creator) -> NotDone | None:
    """Return why this creator cannot publish the post, all reasons at once; None if nothing prevents it."""
    return _choices(request, creator) or _too_long(request, creator)


def _choices(request: PublishRequest, creator: Creator) -> NotDone | None:
    chosen = request.options.get("privacy_level")
    missing = first_choices(
        [
            option
            for option in needed_choices(kind_of(request), chosen)
            if option.name not in request.options and option.name not in creator.closed
        ]
    )
    wrong = chosen is not None and creator.levels is not None and chosen not in creator.levels
    problems = []
    if wrong:
        problems.append(f"TikTok does not offer {chosen} to this account. Choose one of: {_offered(PRIVACY, creator)}")
    if missing:
        named = ", ".join(f"tiktok.{option.name} ({_offered(option, creator)})" for option in missing)
        problems.append(f"TikTok requires you to choose: {named}")
    if not problems:
        return None
    code = "privacy_level_option_mismatch" if wrong else "option_missing"
    hint = choices_hint(request.account.name, [PRIVACY] if wrong else missing)
    return NotDone(Kind.CONTENT, "; ".join(problems), code=code, hint=hint)


def _offered(option: Option, creator: Creator) -> str:
    if option is PRIVACY and creator.levels is not None:
        return clean_text(", ".join(creator.levels))
    return option.accepts


def _too_long(request: PublishRequest, creator: Creator) -> NotDone | None:
    item = request.media[0].item
    if creator.longest_s is None or item.duration_ms is None or item.duration_ms <= creator.longest_s * 1000:
        return None
    message = f"{item.name} is {item.duration_ms / 1000:.0f} s long; this account may post {creator.longest_s} s"
    return NotDone(Kind.MEDIA, message, code="duration_check_failed")
