"""What the control API can order: accounts in a certain condition, apps, posts of the past, other settings."""

from __future__ import annotations

import re
import secrets
from collections.abc import Mapping
from dataclasses import replace
from datetime import datetime
from typing import Any

from ttp.sandbox import trouble
from ttp.sandbox.answers import Key
from ttp.sandbox.apps import X_CONFIDENTIAL, X_PUBLIC
from ttp.sandbox.credentials import SCOPES, logged_in, new_account, renewed, with_keys
from ttp.sandbox.instagram_front import DEAD
from ttp.sandbox.limits import MOST
from ttp.sandbox.settings import SWITCHES, is_open, kind_of
from ttp.sandbox.state import State
from ttp.sandbox.things import Account, App, Post
from ttp.sandbox.tiktok_rules import LEVELS, PUBLIC

_NAME = re.compile(r"(instagram|tiktok|x)/[A-Za-z0-9_][A-Za-z0-9._-]{0,63}")
_TROUBLES = {"", *(name for names in trouble.NAMES.values() for name in names)}


def _is_name(text: str) -> bool:
    return bool(_NAME.fullmatch(text))


def _are_texts(values: list[Any]) -> bool:
    return all(isinstance(value, str) for value in values)


def _are_of(allowed: tuple[str, ...]) -> Any:
    return lambda values: _are_texts(values) and set(values) <= set(allowed)


ACCOUNT = (
    Key("account", str, required=True, fits=_is_name),
    Key("keepTokens", bool),
    Key("expired", bool),
    Key("accessExpired", bool),
    Key("ageS", int, fits=lambda n: n >= 0),
    Key("short", bool),
    Key("unaudited", bool),
    Key("unlimited", bool),
    Key("confidential", bool),
    Key("signed", bool),
    Key("scopes", list, fits=_are_texts),
    Key("login", str, fits=("instagram", "facebook").__contains__),
    Key("dead", int, fits=lambda code: code == 0 or code in DEAD),
    Key("trouble", str, fits=_TROUBLES.__contains__),
    Key("premium", bool),
    Key("hidesLikes", bool),
    Key("trialReels", bool),
    Key("followers", int, fits=lambda n: n >= 0),
    Key("privacyLevels", list, fits=_are_of(LEVELS)),
    Key("switchedOff", list, fits=_are_of(("comment", "duet", "stitch"))),
    Key("maxVideoS", int, fits=lambda n: n > 0),
)
APP = (
    Key("platform", str, required=True, fits=("x", "instagram", "tiktok").__contains__),
    Key("clientId", str, required=True, fits=bool),
    Key("clientSecret", str),
    Key("login", str, fits=("instagram", "facebook").__contains__),
    Key("redirects", list, fits=_are_texts),
)
POST = (
    Key("account", str, required=True, fits=_is_name),
    Key("text", str, required=True),
    Key("at", str, required=True),
    Key("kind", str, fits=("IMAGE", "REELS", "STORIES", "CAROUSEL", *LEVELS).__contains__),
    Key("parent", str),
)


def ordered_account(state: State, order: dict[str, Any]) -> Account:
    """The account an order describes. One that exists gets new credentials; what the order leaves out stays."""
    name = order["account"]
    account = state.accounts.get(name) or new_account(state, name)
    account = logged_in(account, order.get("login", account.login))
    if account.platform == "x" and "confidential" in order:
        app = X_CONFIDENTIAL if order["confidential"] else X_PUBLIC
        account = replace(account, client_id=app.id, client_secret=app.secret)
    login = account.login if account.platform == "instagram" else account.platform
    account = replace(
        account,
        audited=not order.get("unaudited", not account.audited),
        limited=not order.get("unlimited", not account.limited),
        scopes=tuple(order.get("scopes", account.scopes or SCOPES[login])),
        trouble=order.get("trouble", account.trouble),
        premium=order.get("premium", account.premium),
        hides_likes=order.get("hidesLikes", account.hides_likes),
        trial_reels=order.get("trialReels", account.trial_reels),
        followers=order.get("followers", account.followers),
        privacy_levels=tuple(order.get("privacyLevels", account.privacy_levels)),
        switched_off=tuple(order.get("switchedOff", account.switched_off)),
        max_video_s=order.get("maxVideoS", account.max_video_s),
    )
    if not order.get("keepTokens") or not account.access_token:
        issued = state.now_ms() - order.get("ageS", 0) * 1000
        account = renewed(state, account, issued_ms=issued, short=order.get("short", False))
    if order.get("signed"):
        account = with_keys(account)
    ended = state.now_ms() - 1000
    if order.get("expired") or order.get("accessExpired"):
        account = replace(account, expires_ms=min(account.expires_ms, ended))
    if order.get("expired"):
        account = replace(account, refresh_expires_ms=min(account.refresh_expires_ms, ended))
    return replace(account, dead=order.get("dead", account.dead))


def ordered_app(order: dict[str, Any]) -> App:
    """A registered app; one of the same client id is replaced."""
    return App(
        order["clientId"],
        order["platform"],
        order.get("clientSecret"),
        order.get("login", "instagram"),
        tuple(order.get("redirects", ())),
    )


def ordered_post(state: State, order: dict[str, Any]) -> Post:
    """A post as if it had been published at `at`, which has passed. ValueError for a time or account that is none."""
    account = state.accounts.get(order["account"])
    at = datetime.fromisoformat(order["at"])
    if account is None or at.tzinfo is None:
        raise ValueError("account: does not exist" if account is None else "at: needs an offset")
    at_ms = int(at.timestamp() * 1000)
    if at_ms > state.now_ms():
        raise ValueError("at: is yet to come")
    match account.platform:
        case "x":
            made = Post(state.snowflake(at_ms), account.id, order["text"], (), at_ms, parent=order.get("parent"))
        case "instagram":
            kind = order.get("kind", "IMAGE")
            shape = "video" if kind == "REELS" else "image"
            code = secrets.token_urlsafe(8)
            made = Post(state.seventeen_digits(), account.id, order["text"], (), at_ms, kind=kind, shortcode=code)
            made = replace(made, shapes=(shape,), alts=(None,))
        case _:
            kind = order.get("kind", PUBLIC)
            made = Post(state.int64(at_ms), account.id, order["text"], (), at_ms, kind=kind, shapes=("video",))
    return made


class NoSetting(ValueError):
    """A setting that there is not, or a value that it cannot have."""


def change_settings(state: State, order: Mapping[str, Any]) -> None:
    """Set the switches an order names. NoSetting, and nothing set, for a name or value that is none."""
    for name, value in order.items():
        if name not in SWITCHES:
            raise NoSetting(f"{name}: is none of {', '.join(SWITCHES)}")
        kind = kind_of(name)
        is_number = isinstance(value, int | float) and not isinstance(value, bool) and value >= 0
        if not (is_number if kind is float else type(value) is kind) and not (value is None and is_open(name)):
            raise NoSetting(f"{name}: must be {'a number' if kind is float else kind.__name__}")
        if name == "limits" and not all(key in MOST and type(n) is int and n >= 0 for key, n in value.items()):
            raise NoSetting("limits: names are those of GET /_sandbox/limits, values whole numbers")
        if name == "trouble" and not all(found in trouble.NAMES.get(key, ()) for key, found in value.items()):
            raise NoSetting("trouble: a platform, and a name of GET /_sandbox/troubles")
        if name == "verified_prefixes" and not _are_texts(value):
            raise NoSetting("verified_prefixes: must be texts")
    for name, value in order.items():
        setattr(state, name, tuple(value) if isinstance(value, list) else value)
