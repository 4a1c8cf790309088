"""Platform options of a post or an account, kept as `platform.option` and the text of a canonical spelling.

One table that the parser, the content rules, the clients, the documents and `ttp help PLATFORM` share.
"""

from ttp.domain.options.reading import Chosen, options_help, parse_option
from ttp.domain.options.table import OPTIONS, PRIVACY, PRIVATE, PUBLIC, Option, choices_hint, tiktok_choices
from ttp.domain.options.values import Sort, Tag

__all__ = [
    "OPTIONS",
    "PRIVACY",
    "PRIVATE",
    "PUBLIC",
    "Chosen",
    "Option",
    "Sort",
    "Tag",
    "choices_hint",
    "options_help",
    "parse_option",
    "tiktok_choices",
]
