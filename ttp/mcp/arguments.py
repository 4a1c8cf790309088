"""The arguments of tools: models that refuse unknown names and wrong types, and their JSON Schemas."""

from __future__ import annotations

import json
from collections.abc import Mapping
from difflib import get_close_matches
from functools import cache
from typing import Annotated, Any, TypeVar

from pydantic import BaseModel, ConfigDict, Field, TypeAdapter, ValidationError
from pydantic.alias_generators import to_camel

from ttp.domain.errors import Hint, Problem, UsageError
from ttp.views.answers import ActionAnswer
from ttp.views.errors import MOST_PROBLEMS

_LARGEST_NUMBER = 10**15
_ACTION = {"$ref": f"#/$defs/{ActionAnswer.__name__}"}


class Arguments(BaseModel):
    """The arguments of a tool. null is the same as leaving one out."""

    model_config = ConfigDict(extra="forbid", strict=True, frozen=True, alias_generator=to_camel)


class Write(Arguments):
    """The arguments that every tool that writes has."""

    key: str | None = Field(
        None,
        description="A text of your choice that names this request. The same request with the same key again answers"
        " what it answered first, and does nothing.",
    )
    dry_run: bool = Field(False, description="Answer what would be, and change nothing.")


PostId = Annotated[int, Field(ge=1, description="The id of the post.")]
T = TypeVar("T", bound=Arguments)


def parse(model: type[T], tool: str, arguments: Mapping[str, Any]) -> T:
    """Return the arguments of a tool. UsageError that names each wrong one."""
    for name, value in arguments.items():
        _refuse_unstorable(name, value)
    try:
        text = json.dumps({name: value for name, value in arguments.items() if value is not None}, ensure_ascii=False)
        text.encode()
        return model.model_validate_json(text)
    except UnicodeEncodeError:
        raise UsageError("the arguments are not UTF-8") from None
    except ValidationError as refused:
        raise _usage_error(model, tool, refused) from None


def _refuse_unstorable(name: str, value: object) -> None:
    """Raise UsageError for a text or a number, also inside a list or an object, that no store has."""
    match value:
        case str() if "\0" in value:
            raise UsageError(f"{name}: a text has no null characters")
        case int() if abs(value) > _LARGEST_NUMBER:
            raise UsageError(f"{name}: numbers are at most {_LARGEST_NUMBER}")
        case Mapping():
            for part in (*value.keys(), *value.values()):
                _refuse_unstorable(name, part)
        case list():
            for part in value:
                _refuse_unstorable(name, part)


def _usage_error(model: type[Arguments], tool: str, refused: ValidationError) -> UsageError:
    names = argument_names(model)
    problems: list[Problem] = []
    hints: list[Hint] = []
    for fault in refused.errors(include_url=False, include_context=False, include_input=False):
        field = ".".join(map(str, fault["loc"]))
        match fault["type"]:
            case "extra_forbidden":
                few = len(problems) < MOST_PROBLEMS  # a name is looked for among all
                near = get_close_matches(field.lower(), [name.lower() for name in names], 1) if few else []
                hints += [Hint("try", name, (field, name)) for name in names if name.lower() in near]
                problem = Problem(
                    field, "unknown", f"{tool} has no argument {field}; it has {', '.join(names) or 'none'}"
                )
            case "missing":
                problem = Problem(field, "missing", f"{tool} needs the argument {field}")
            case _:
                problem = Problem(field, "invalid", f"{field}: {fault['msg'][:1].lower()}{fault['msg'][1:]}")
        problems.append(problem)
    return UsageError(problems[0].message, *hints, problems=problems)


def argument_names(model: type[Arguments]) -> list[str]:
    """Return the names of a tool's arguments."""
    return [field.alias or name for name, field in model.model_fields.items()]


@cache
def input_schema(model: type[Arguments]) -> dict[str, Any]:
    """Return the JSON Schema of a tool's arguments. It is shared: do not change it."""
    return dict(_tidy(model.model_json_schema()))


@cache
def output_schema(answer: Any) -> dict[str, Any]:
    """Return the JSON Schema of a tool's structured answer, which is an object: a list is its `result`. Actions are
    text in it. It is shared: do not change it."""
    schema = TypeAdapter(answer).json_schema()
    schema.get("$defs", {}).pop(ActionAnswer.__name__, None)
    if schema.get("type") == "array":
        definitions = {"$defs": schema.pop("$defs")} if "$defs" in schema else {}
        schema = {"type": "object", "properties": {"result": schema}, "required": ["result"], **definitions}
    return dict(_tidy(schema))


def _tidy(schema: Any) -> Any:
    """Return a schema without generated titles, the null of an optional argument, and actions, which tools answer as
    text."""
    if isinstance(schema, list):
        return [_tidy(part) for part in schema if part != _ACTION]
    if not isinstance(schema, dict):
        return schema
    tidy = {
        name: {key: _tidy(part) for key, part in value.items()} if name in ("properties", "$defs") else _tidy(value)
        for name, value in schema.items()
        if not (name == "title" and isinstance(value, str)) and not (name == "default" and value is None)
    }
    choices = tidy.get("anyOf", [])
    if "default" in schema and schema["default"] is None and {"type": "null"} in choices:
        kept = [choice for choice in choices if choice != {"type": "null"}]
        del tidy["anyOf"]
        tidy = {**kept[0], **tidy} if len(kept) == 1 else {"anyOf": kept, **tidy}
    if (choices := tidy.get("anyOf")) and all(choice.keys() == {"type"} for choice in choices):
        del tidy["anyOf"]
        tidy = {"type": [choice["type"] for choice in choices], **tidy}
    return tidy
