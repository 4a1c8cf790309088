"""`ttp sandbox`: the three platforms on this machine, and how each thing that they can do is switched on."""

from __future__ import annotations

import json
from pathlib import Path
from types import ModuleType
from typing import Annotated, Any

import typer

from ttp.cli.context import Context
from ttp.cli.streams import print_out
from ttp.domain.errors import Busy, Hint, NotAllowed, UsageError


def sandbox(
    context: Context,
    port: Annotated[
        int, typer.Option("--port", metavar="N", help="0 takes a free one and prints it.", min=0, max=65535)
    ] = 8700,
    state: Annotated[
        str | None, typer.Option("--state", metavar="DIR", help="Keep accounts and posts in this folder.")
    ] = None,
    media: Annotated[
        str | None, typer.Option("--media", metavar="DIR", help="Serve this folder, for media that are fetched.")
    ] = None,
    settings: Annotated[
        list[str] | None, typer.Option("--set", metavar="NAME=VALUE", help="Switch something on, see above.")
    ] = None,
) -> None:
    """The three platforms on this machine, for rehearsals.

    Prints its address, and runs until Ctrl-C. In a browser the address shows the three feeds. What is added or
    connected while these are set is published there (with --media web for Instagram's media):

    \b
      export TTP_PLATFORMS__X__BASE_URL=http://127.0.0.1:8700
      export TTP_PLATFORMS__INSTAGRAM__BASE_URL=http://127.0.0.1:8700
      export TTP_PLATFORMS__TIKTOK__BASE_URL=http://127.0.0.1:8700
      export TTP_MEDIA_HOST__KIND=folder TTP_MEDIA_HOST__PATH="$PWD/web"
      export TTP_MEDIA_HOST__BASE_URL=http://127.0.0.1:8700/_sandbox/media

    Always on: login pages with a consent page, refresh tokens that work once, ends of tokens, rate limits for each
    token with the platforms' headers, quotas, checks of every field and of the media, both hosts of Instagram and its
    upload of bytes (rupload). Credentials: GET /_sandbox/accounts; apps and everything else: GET /_sandbox/help.

    Switch on for all accounts, with --set, or while it runs with a POST of {"NAME": VALUE} to /_sandbox/settings:

    \b
      auto_approve=true      logins say yes at once, without the consent page
      access_s=60            tokens that end after a minute
      flat_tokens=false      Instagram Login answers as documented, not as seen
      processing_s=30        videos are worked on for half a minute
      moderation_s=60        TikTok names a public post's id after a minute
      insights_lag_s=172800  Instagram's insights stay empty, and lag, two days
      lag_s=60               new posts are not in the platforms' lists at once
      ignore_unknown_fields=true    X leaves out fields that it does not know
      x_video_s=140          X: no longer videos without Premium
      clock_slack_s=5        X: how wrong the time of a signature may be
      verified_prefixes=[]   TikTok pulls media from no address
      limits={"instagram posts a day": 1}   names: GET /_sandbox/limits
      trouble={"x": "credits"}    a refusal; names: GET /_sandbox/troubles

    Switch on for one account, with a POST to /_sandbox/accounts while it runs:

    \b
      curl 127.0.0.1:8700/_sandbox/accounts --json '{"account": "tiktok/demo",
           "keepTokens": true, "unaudited": true}'
    \b
      unaudited     TikTok: the app is not audited, only SELF_ONLY is taken
      privacyLevels, switchedOff, maxVideoS    TikTok: what the creator may do
      hidesLikes    Instagram: likes are not told
      trialReels    Instagram: trial reels are allowed
      login         "facebook": Instagram by Facebook Login (graph.facebook.com)
      dead          463: tokens answer that subcode of 190; 0 ends it (Instagram)
      short         a token of an hour, not exchanged yet (Instagram)
      ageS          tokens as old as so many seconds
      accessExpired, expired    the access token has ended; the refresh token too
      scopes        what the user granted
      signed        answers with keys of OAuth 1.0a (X)
      confidential, premium     X: the app has a secret; long videos
      unlimited     no rate limits and quotas
      followers     how many see the posts
      trouble       a refusal, by its name in GET /_sandbox/troubles; "" ends it
      keepTokens    change this only: else the account gets new credentials

    Lost answers, cut connections, error pages: POST /_sandbox/faults, see docs/tutorial/sandbox.md.

    Example: ttp sandbox --media web --set auto_approve=true
    """
    server = load_sandbox()
    from ttp.sandbox.control import NoSetting

    folder, served = (None if name is None else Path(name) for name in (state, media))
    for given in filter(None, (state, media)):
        context.own_files.refuse(Path(given), given)
    try:
        server.serve(port, folder, lambda url: print_out(f"{url}\n"), served, dict(map(_setting, settings or ())))
    except NoSetting as wrong:
        raise UsageError(f"--set {wrong}", Hint("see what there is", "ttp sandbox --help")) from None
    except server.OldState as old:
        raise UsageError(str(old), Hint("keep it elsewhere", "ttp sandbox --state NEW_FOLDER")) from None
    except OSError as error:
        raise Busy(
            f"the sandbox cannot start on port {port}: {error.strerror or error}",
            Hint("take a free port", "ttp sandbox --port 0"),
        ) from None


def _setting(text: str) -> tuple[str, Any]:
    """`processing_s=30` as its name and its JSON value. UsageError."""
    name, _, value = text.partition("=")
    try:
        return name.strip(), json.loads(value)
    except ValueError:
        raise UsageError(
            f"--set {text}: the value is not JSON: true, 30, null, {{...}}",
            Hint("see what there is", "ttp sandbox --help"),
        ) from None


def load_sandbox() -> ModuleType:
    """The sandbox's server module. NotAllowed where its packages are not installed."""
    try:
        from ttp.sandbox import server
    except ImportError as error:
        raise NotAllowed(
            f"the sandbox needs packages that are not installed ({error.name})",
            Hint("install them", "pip install 'ttp-cli[sandbox]'"),
        ) from None
    return server
