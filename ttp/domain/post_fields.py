"""The fields that people give a post, once: every way to write, compare or show them is made from this table.

A field of the kind `own` has its own code at each door. `text`, `flag` and `seconds` have none anywhere: they are a row
here, an attribute of `PostFields` and of `PostInput`, a key of the answer, and a column.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import replace
from datetime import timedelta
from typing import TYPE_CHECKING, Any, Literal, NamedTuple, TypeVar

if TYPE_CHECKING:
    from ttp.domain.post import PostFields

Kind = Literal["text", "flag", "seconds", "list", "words", "texts", "media", "own"]
"""`seconds` is a number in JSON, and a duration (`2h`) where people write; `words` is a list that commas part, too;
`texts` are by key: given ones are added, and an empty one removes its key. A flag may be None: not said.
`media` are texts of the media, one for each in order; `word` is then the attribute of an item."""


class PostField(NamedTuple):
    """`name`: in `PostInput`; `file`: in files, JSON and HTTP; `word`: in front matter, and with `-` or `_` as option
    and argument of tools. `attribute`: of `PostFields`; None for what is not content, such as the time. `others`: more
    names that files may have."""

    name: str
    file: str
    word: str
    kind: Kind = "own"
    attribute: str | None = None
    others: tuple[str, ...] = ()
    is_judged: bool = True
    """A change of it withdraws an approval."""
    is_private: bool = False
    """Only who may write posts sees it. Of a text, a flag or seconds."""
    help: str = ""
    """Of the option."""
    about: str = ""
    """Of the argument of tools, and of HTTP where the value is the same."""
    example: str = ""
    """A value for the editor's form, as YAML has it."""
    label: str = ""
    shown: str = "{}"
    """How its value is shown after the label."""

    @property
    def argument(self) -> str:
        return self.word.replace("-", "_")

    @property
    def duration(self) -> str | None:
        """The name in files under which seconds are a duration."""
        head, *rest = self.word.split("-")
        return head + "".join(map(str.title, rest)) if self.kind == "seconds" else None


FIELDS = (
    PostField("at", "scheduledAt", "at", others=("at", "time", "date", "when")),
    PostField("tz", "timezone", "tz", others=("tz", "zone")),
    PostField("to", "accounts", "to", others=("to", "account", "where", "platform", "channel")),
    PostField("text", "content", "content", attribute="content", others=("text", "message", "caption", "body")),
    PostField("media", "media", "media", attribute="media", others=("image", "images", "photo", "picture", "video")),
    PostField("alts", "alt", "alt", "media", others=("alts", "alt text")),
    PostField("thread", "thread", "thread", "list", "thread"),
    PostField("tags", "tags", "tags", "words", "tags", ("tag",), is_judged=False),
    PostField("variants", "variants", "variants", "texts", "variants", ("variant",)),
    PostField("options", "options", "set", "texts", "options", ("set", "option")),
    PostField(
        "max_lateness_s",
        "maxLatenessS",
        "max-late",
        "seconds",
        "max_lateness_s",
        help="Publish at most this late, such as 2h; else missed.",
        about="Do not publish it later than this after its time: 2h.",
        example="2h",
        label="At most",
        shown="{} late",
    ),
    PostField(
        "split",
        "split",
        "split",
        "flag",
        "split",
        help="Publish a text that is too long as a thread.",
        about="Whether a text that is too long for an account becomes a thread there; else it is refused.",
        example="true",
        label="Split",
    ),
    PostField(
        "number_parts",
        "numberParts",
        "number-parts",
        "flag",
        "number_parts",
        help="Like --split, and end each part with 1/3, 2/3, 3/3.",
        about="Like split, and each part ends with its number, such as 1/3.",
        example="true",
        label="Numbers",
    ),
    PostField(
        "utm",
        "utm",
        "utm",
        "flag",
        "utm",
        help="Add UTM parameters to links of hosts in links.own.",
        about="Whether links of the hosts in links.own get utm_source, utm_medium and utm_campaign (the first tag).",
        example="true",
        label="UTM",
    ),
    PostField(
        "focus",
        "focus",
        "focus",
        "media",
        help="Point of each --media that stays visible when it is cropped, from the top left: 0.5,0.3.",
        about="The point of each media item that stays visible when it is cropped, from the top left: 0.5,0.3.",
    ),
    PostField(
        "captions",
        "captions",
        "captions",
        "media",
        help="Captions of each --media in order: WebVTT files.",
        about="Captions of each video, in order: WebVTT as text.",
    ),
    PostField(
        "thumbnails",
        "thumbnail",
        "thumbnail",
        "media",
        others=("thumbnails",),
        help="Preview image of each --media (video or audio).",
        about="The image that stands for each video or audio, in order, named like media.",
    ),
    PostField(
        "comment",
        "comment",
        "comment",
        "text",
        "comment",
        others=("first comment",),
        help="First comment: your own reply to the post, once it is published.",
        about="The first comment: a reply of the account to its own post, sent once that is published.",
        example="More at https://example.com/new",
        label="Comment",
    ),
    PostField(
        "comment_after_s",
        "commentAfterS",
        "comment-after",
        "seconds",
        "comment_after_s",
        help="Time between the post and its --comment, such as 10m; else at once.",
        about="How long after the post the comment is sent: 10m. Else at once.",
        example="10m",
        label="Comment in",
    ),
    PostField("template", "template", "template"),
    PostField("vars", "vars", "vars", "texts", others=("var",)),
)
"""In the order of the columns of a sheet."""
CONTENT = {one.attribute: one for one in FIELDS if one.attribute}
"""What people write, by the attribute of the post: all but accounts and time."""
MEDIA = tuple(one for one in FIELDS if one.kind == "media")
"""What is said of each of the media."""
PLAIN = tuple(one for one in FIELDS if one.kind in ("text", "flag", "seconds"))
"""Made from the table everywhere."""
AnyPost = TypeVar("AnyPost", bound="PostFields")


def content_of(post: PostFields) -> dict[str, Any]:
    """Return what people wrote, by attribute."""
    return {name: getattr(post, name) for name in CONTENT}


def for_readers(post: AnyPost) -> AnyPost:
    """Return the post as those see it who may not write posts."""
    private: dict[str, Any] = {one.name: None for one in PLAIN if one.is_private}
    return replace(post, **private) if private else post


def shown_fields(post: PostFields) -> Iterator[tuple[str, str]]:
    """Yield the label and the value of each plain field that a post has, and of the template that made it."""
    for one in PLAIN:
        value = getattr(post, one.name)
        if one.kind == "seconds" and value is not None:
            from ttp.domain.time.durations import compact_duration

            value = compact_duration(timedelta(seconds=value))
        if value is not None:
            yield one.label, ("no", "yes")[value] if one.kind == "flag" else one.shown.format(value)
    if post.origin:
        values = post.origin.get("vars")
        pairs = [f"{name}={value}" for name, value in values.items()] if isinstance(values, Mapping) else []
        name = f"{post.origin.get('template')} (version {post.origin.get('version')})"
        yield "Template", " ".join([name, *pairs])
