"""The parts of a split text, against what Bluesky's own library counts and marks in them."""

from __future__ import annotations

import json
import subprocess

import pytest

from tests.domain.parts.test_split import EMOJI, MARKED, SCRIPTS, bluesky_spans, on_bluesky
from tests.real.install import Missing, node
from tests.real.network import SOURCE
from ttp.domain.parts.split import split_text

COUNT = """
const { RichText, UnicodeString } = require('@atproto/api')
const texts = JSON.parse(require('fs').readFileSync(0, 'utf8'))
const marked = (text) => {
  const rich = new RichText({ text })
  rich.detectFacetsWithoutResolution()
  return (rich.facets || []).map(({ index }) => rich.unicodeText.slice(index.byteStart, index.byteEnd))
}
console.log(JSON.stringify(texts.map((text) => [new UnicodeString(text).graphemeLength, marked(text)])))
"""


def test_parts_as_blueskys_library_reads_them() -> None:
    try:
        program = node()
        packages = program.packages(SOURCE)
    except Missing as missing:
        pytest.skip(f"no library of Bluesky: {missing}")
    texts = [text * 20 for text in SCRIPTS.values()]
    texts += ["".join(EMOJI) * 70, f" {' '.join(MARKED)} ".join(SCRIPTS.values())]
    splits = [split_text(text, on_bluesky, bluesky_spans) for text in texts]
    asked = [[text, *split.parts] for text, split in zip(texts, splits, strict=True)]
    output = subprocess.run(
        [program.program, "-e", COUNT],
        cwd=packages,
        input=json.dumps([one for group in asked for one in group]),
        capture_output=True,
        text=True,
        check=True,
    )
    counts = iter(json.loads(output.stdout))
    for group in asked:
        (_, whole), *parts = [next(counts) for _ in group]
        assert all(0 < length <= 300 for length, _ in parts)
        assert [one for _, marked in parts for one in marked] == whole
