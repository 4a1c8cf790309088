"""What a person sees on a terminal: one file per noun, each a pure function from domain objects to lines of text.

Imported only when something is drawn. Nothing here writes to a stream or reads a clock; foreign text goes through
`ttp.cli.escape` before it is measured.
"""
