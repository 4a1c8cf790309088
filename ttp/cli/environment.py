"""The environment variables that are no setting's, once: for `ttp help environment` and docs/config.md."""

from __future__ import annotations

from textwrap import wrap

VARIABLES = (
    (
        "TTP_HOME",
        "the folder of posts, media, credentials and settings; by default your system's folder for data"
        " (~/.local/share/ttp on Linux)",
    ),
    ("TTP_CONFIG", "the config file; by default config.toml in TTP_HOME, else in your system's folder for settings"),
    ("TTP_TZ", "the zone of times without an offset; the same as the setting timezone"),
    ("TTP_CAPABILITY", "read, draft or publish: what may be done here (ttp help capability)"),
    ("TTP_NO_INPUT", "any value: never ask, fail where a question would be needed"),
    ("TTP_EDITOR", "the program that opens texts and settings; else VISUAL, else EDITOR, else what there is"),
    ("TTP_PAGER", "the program that shows tables on a terminal, such as less; without it they are just printed"),
    (
        "TTP_DEBUG",
        "http: tell on stderr each request to a platform and its answer, without secrets; any value: show the whole"
        " traceback of a bug",
    ),
    (
        "NO_COLOR, CLICOLOR, CLICOLOR_FORCE, FORCE_COLOR",
        "colour or none, as elsewhere; TERM=dumb has none; --color is stronger than all",
    ),
    ("COLUMNS", "how wide tables are; else as wide as the terminal"),
)


def environment_help() -> str:
    """The topic `environment`."""
    lines = ["A flag is stronger than a variable, a variable than the config file.", ""]
    for name, meaning in VARIABLES:
        lines += [name, *wrap(meaning, 80, initial_indent="    ", subsequent_indent="    ")]
    lines += [
        "",
        "Every setting has a variable too: TTP_ and its name in capitals, __ for each",
        "dot, so that publish.poll_s is TTP_PUBLISH__POLL_S. `ttp config show --origin`",
        "lists the settings, and where each comes from.",
        "",
        "The address of a platform may come from the environment only where it is the",
        "usual one or this machine's.",
    ]
    return "\n".join(lines) + "\n"
