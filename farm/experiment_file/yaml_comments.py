"""Comments of YAML that were meant as values: in `click: #stop` the selector is one. Pure.

Those are looked at that begin without a space behind their #.
"""

from __future__ import annotations

import re

import yaml

_COMMENT = re.compile(r"[ \t]*(#\S[^\r\n]*)")
_COMMENT_BELOW = re.compile(r"(?:[ \t]*\r?\n)+([ \t]*)(#\S[^\r\n]*)")
_QUOTED = re.compile(r"\"(?:[^\"\\]|\\.)*\"|'(?:[^']|'')*'")
_ANY_COMMENT = re.compile(r"(?:^|(?<=[\s{\[,]))#[^\r\n]*", re.MULTILINE)


def comment_behind(text: str, node: yaml.Node, indent: int | None) -> str | None:
    """A comment `#stop` behind an unquoted value; of an empty one also below it, if deeper."""
    if not isinstance(node, yaml.ScalarNode) or node.style is not None:
        return None
    behind = _COMMENT.match(text, node.end_mark.index)
    if behind is not None:
        return _without_comment(behind[1])
    below = None if node.value else _COMMENT_BELOW.match(text, node.end_mark.index)
    if below is None or indent is None or len(below[1]) <= indent:
        return None
    return _without_comment(below[2])


def comment_in_braces(text: str) -> tuple[int, str] | None:
    """Line and text of the last comment `#name: x}` that leaves braces or brackets open."""
    unquoted = _QUOTED.sub(lambda each: "_" * len(each[0]), text)
    depth, at, last = 0, 0, None
    for comment in _ANY_COMMENT.finditer(unquoted):
        code = unquoted[at : comment.start()]
        depth += sum(code.count(each) for each in "{[") - sum(code.count(each) for each in "}]")
        at = comment.end()
        if depth > 0 and re.match(r"#\S", comment[0]):
            last = comment
    if last is None:
        return None
    line = text.count("\n", 0, last.start()) + 1
    return line, _without_comment(text[last.start() : last.end()])


def _without_comment(text: str) -> str:
    """`#stop` of `#stop  # in the call`."""
    return re.split(r"\s#\s", text)[0].rstrip()
