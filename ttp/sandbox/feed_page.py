"""The page at `/`: the feeds of all platforms as their followers would see them. It refreshes itself. Everything that
comes from a post is put into the page as text, never as markup. Nothing is loaded from outside."""

from __future__ import annotations

import base64
import hashlib
from typing import Any

from starlette.requests import Request
from starlette.responses import HTMLResponse, Response
from starlette.routing import Route

from ttp.sandbox.engagement import count_engagement
from ttp.sandbox.records import SandboxPost, iso
from ttp.sandbox.stand_in import find_stand_ins, stand_in
from ttp.sandbox.state import State

MOST = 300
"""How many posts are on the page: the newest."""
_STYLE = """
:root { color-scheme: light dark; --line: color-mix(in srgb, currentColor 18%, transparent) }
body { font: 1rem/1.5 system-ui, sans-serif; margin: 0 auto; max-width: 90rem; padding: 1rem 1.5rem }
h1 { font-size: 1.25rem; margin: 0 0 1rem; font-weight: 600 }
h2 { font-size: 1rem; margin: 0; padding-bottom: .5rem; border-bottom: 2px solid }
main { display: grid; grid-template-columns: repeat(auto-fit, minmax(18rem, 1fr)); gap: 2rem }
ol { list-style: none; margin: 0; padding: 0 }
li { padding: .8rem 0; border-bottom: 1px solid var(--line); overflow-wrap: anywhere }
li:has(+ li.reply) { border-bottom-color: transparent }
li.reply { margin-left: 1.25rem; padding-left: .75rem; border-left: 2px solid var(--line) }
.head { display: flex; justify-content: space-between; gap: 1rem }
.who { font-weight: 600 }
.text { margin: .2rem 0; white-space: pre-wrap }
.media { display: flex; flex-wrap: wrap; gap: .4rem; margin: .4rem 0 }
.media img { height: 7rem; max-width: 100%; object-fit: cover; border-radius: .4rem }
.media span { display: grid; place-items: center; height: 7rem; min-width: 5rem; padding: 0 .8rem;
  border: 1px solid var(--line); border-radius: .4rem }
.none, .head time, .facts { opacity: .72; font-size: .875rem }
.none { padding: .8rem 0 }
#state:empty { display: none }
"""
_SCRIPT = """
let seen = '';

function add(parent, tag, className, text) {
  const made = document.createElement(tag);
  if (className) made.className = className;
  if (text !== undefined) made.textContent = text;
  parent.append(made);
  return made;
}

function media(parent, item) {
  if (item.picture) {
    const image = add(parent, 'img');
    image.src = item.picture;
    image.alt = item.alt || 'image without description';
  } else {
    const sign = item.shape === 'video' ? '\\u25b6 ' : '';
    add(parent, 'span', '', sign + item.shape + (item.alt ? ': ' + item.alt : ''));
  }
}

function entry(list, post) {
  const item = add(list, 'li', post.parent ? 'reply' : '');
  const head = add(item, 'div', 'head');
  add(head, 'span', 'who', '@' + post.handle);
  const time = add(head, 'time', '', new Date(post.at).toLocaleString([], { dateStyle: 'medium', timeStyle: 'short' }));
  time.dateTime = post.at;
  if (post.text) add(item, 'p', 'text', post.text);
  if (post.media.length) {
    const row = add(item, 'div', 'media');
    for (const one of post.media) media(row, one);
  }
  add(item, 'div', 'facts', post.facts.join(' \\u00b7 '));
}

function threads(posts) {
  const children = new Map();
  for (const post of posts) children.set(post.parent, [...(children.get(post.parent) || []), post]);
  const known = new Set(posts.map(post => post.id));
  const whole = post => [post, ...(children.get(post.id) || []).flatMap(whole)];
  return posts.filter(post => !known.has(post.parent)).reverse().map(whole);
}

function thread(list, posts) {
  posts.forEach((post, at) => {
    if (posts.length > 1) post.facts.unshift((at + 1) + ' of ' + posts.length);
    entry(list, post);
  });
}

async function refresh() {
  try {
    const answer = await (await fetch('/_sandbox/posts?view=page')).text();
    if (answer === seen) return;
    seen = answer;
    const posts = JSON.parse(answer);
    for (const section of document.querySelectorAll('section')) {
      const own = posts.filter(post => post.platform === section.id);
      const name = section.getAttribute('aria-label');
      section.replaceChildren();
      add(section, 'h2', '', name + (own.length ? ' (' + own.length + ')' : '')).id = 'feed-' + section.id;
      const list = own.length ? add(section, 'ol') : add(section, 'p', 'none', 'Nothing has been posted yet.');
      if (own.length) threads(own).forEach(posts => thread(list, posts));
    }
    document.getElementById('state').textContent = '';
  } catch (error) {
    document.getElementById('state').textContent = 'The sandbox does not answer.';
  }
}

refresh();
setInterval(refresh, 1000);
"""


def _html() -> str:
    sections = "\n".join(
        f'<section id="{one.name}" aria-label="{one.title}"><h2>{one.title}</h2></section>'
        for one in sorted(find_stand_ins(), key=lambda one: one.name)
    )
    return f"""<!DOCTYPE html>
<html lang="en"><head><meta charset="utf-8"><meta name="viewport" content="width=device-width">
<title>ttp sandbox</title><link rel="icon" href="data:,"><style>{_STYLE}</style></head>
<body><h1>ttp sandbox</h1><p id="state" role="status" class="none"></p>
<main>
{sections}
</main>
<noscript><p>The feeds need JavaScript; their content is at /_sandbox/posts</p></noscript>
<script>{_SCRIPT}</script></body></html>
"""


def _csp_hash(text: str) -> str:
    return "'sha256-" + base64.b64encode(hashlib.sha256(text.encode()).digest()).decode() + "'"


HEADERS = {
    "Content-Security-Policy": f"default-src 'none'; script-src {_csp_hash(_SCRIPT)}; style-src {_csp_hash(_STYLE)};"
    " img-src 'self' data:; connect-src 'self'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'",
    "X-Content-Type-Options": "nosniff",
    "Cache-Control": "no-store",
}


def routes(state: State) -> list[Route]:
    """Return the routes of the page and of the images that are still in memory."""
    page = _html()

    async def show(request: Request) -> Response:
        return HTMLResponse(page, headers=HEADERS)

    async def picture(request: Request) -> Response:
        found = state.pictures.get(request.path_params["sha256"])
        if found is None:
            return Response(status_code=404)
        data, mime = found
        headers = {"X-Content-Type-Options": "nosniff", "Content-Security-Policy": "default-src 'none'; sandbox"}
        return Response(data, media_type=mime, headers=headers)

    return [Route("/", show, methods=["GET"]), Route("/_sandbox/pictures/{sha256}", picture, methods=["GET"])]


def render_entry(state: State, post: SandboxPost) -> dict[str, Any]:
    """Return a post as the page shows it."""
    account = state.accounts[post.account]
    shapes = post.shapes or ("media",) * len(post.media)
    alts = [*post.alts, *(None for _ in post.media)]
    media = [
        {
            "shape": shape,
            "alt": alt,
            "picture": f"/_sandbox/pictures/{sha256}" if sha256 in state.pictures.kept else None,
        }
        for sha256, shape, alt in zip(post.media, shapes, alts, strict=False)
    ]
    return {
        "platform": post.platform,
        "handle": account.handle,
        "id": post.id,
        "text": post.text,
        "media": media,
        "at": iso(post.at_ms),
        "parent": post.parent,
        "facts": _render_facts(state, post),
    }


def _render_facts(state: State, post: SandboxPost) -> list[str]:
    """Return short notes under a post: its kind, what was declared, its numbers."""
    facts = list(filter(None, [stand_in(post.platform).post_kinds.get(post.kind)]))
    facts += [label.replace("_", " ") for label in post.labels]
    if post.duration_s:
        facts.append(f"{post.duration_s} s")
    if post.reply_settings != "everyone":
        facts.append(f"replies: {post.reply_settings}")
    now = count_engagement(state.accounts[post.account], post, state.now_ms())
    return [*facts, _format_count(now.views, "view"), _format_count(now.likes, "like")]


def _format_count(number: int, what: str) -> str:
    return f"{number:,} {what}{'' if number == 1 else 's'}"
