"""Prompts, with which a person begins a conversation."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass

from mcp_types import GetPromptResult, Prompt, PromptArgument, PromptMessage, TextContent

from ttp.domain.errors import Hint, NotFound, UsageError


@dataclass(frozen=True, slots=True)
class Template:
    """A prompt and the function that writes it for its arguments."""

    prompt: Prompt
    write: Callable[[Mapping[str, str]], str]


def _argument(name: str, description: str) -> PromptArgument:
    return PromptArgument(name=name, description=description, required=False)


def _week(arguments: Mapping[str, str]) -> str:
    accounts = f" for {arguments['accounts']}" if arguments.get("accounts") else ""
    topics = f" The topics: {arguments['topics']}." if arguments.get("topics") else ""
    return (
        f"Plan next week's posts{accounts}.{topics} First look at list_accounts, calendar (week, when next) and"
        " best_times. Propose what to post on which day, and wait for my answer. Then write the posts as drafts with"
        " create_posts and a key, check the texts, and show me plan_drafts with dryRun. Schedule nothing"
        " before I agree."
    )


def _variants(arguments: Mapping[str, str]) -> str:
    what = (
        f"post {arguments['post']} (get_post has it)"
        if arguments.get("post")
        else "this text:\n\n" + arguments.get("text", "")
    )
    accounts = f" The accounts: {arguments['accounts']}." if arguments.get("accounts") else ""
    return (
        "Write a variant for each platform, in the way people write there, within its limits (check_text has them), of"
        f" {what}{'' if what.endswith(')') else chr(10)}{accounts or ' Use the accounts of list_accounts.'} Keep facts,"
        " names and links unchanged. Show me the variants. When I agree, store them as `variants` with edit_post or"
        " create_post, as a draft."
    )


PROMPTS = {
    template.prompt.name: template
    for template in (
        Template(
            Prompt(
                name="plan_week",
                title="Plan a week",
                description="Plan and write the posts of next week, as drafts.",
                arguments=[
                    _argument("accounts", "The accounts, such as x/me; else all."),
                    _argument("topics", "What the posts are about."),
                ],
            ),
            _week,
        ),
        Template(
            Prompt(
                name="write_variants",
                title="Write variants for platforms",
                description="Write a text for each platform from one text or post.",
                arguments=[
                    _argument("text", "The text; or give post."),
                    _argument("post", "The id of a post; or give text."),
                    _argument("accounts", "The accounts, such as x/me; else all."),
                ],
            ),
            _variants,
        ),
    )
}


def get_prompt(name: str, arguments: Mapping[str, str]) -> GetPromptResult:
    """Return a prompt with its arguments filled in. Raise NotFound, UsageError."""
    if name not in PROMPTS:
        raise NotFound(f"there is no prompt {name}", Hint("see", ", ".join(PROMPTS)))
    template = PROMPTS[name]
    names = [argument.name for argument in template.prompt.arguments or ()]
    for unknown in arguments.keys() - set(names):
        raise UsageError(f"{name} has no argument {unknown}; it has {', '.join(names)}")
    if name == "write_variants" and bool(arguments.get("text")) == bool(arguments.get("post")):
        raise UsageError("give either text or post")
    message = PromptMessage(role="user", content=TextContent(type="text", text=template.write(arguments)))
    return GetPromptResult(description=template.prompt.description, messages=[message])
