"""Hold the size budget: files of at most 400 lines, functions of at most 60 without docstring.

python scripts/size_budget.py FOLDER …
"""

import ast
import sys
from collections.abc import Iterator
from pathlib import Path

LINES_OF_A_FILE = 400
LINES_OF_A_FUNCTION = 60
"""Largest numbers of lines: of a file, and of a function without signature and docstring."""


def violations(folder: Path) -> Iterator[str]:
    """Yield one line for everything too long below `folder`."""
    for path in sorted(folder.rglob("*.py")):
        source = path.read_text(encoding="utf-8")
        lines = len(source.splitlines())
        if lines > LINES_OF_A_FILE:
            yield f"{path}: {lines} lines; split it by meaning (limit {LINES_OF_A_FILE})"
        for node in ast.walk(ast.parse(source)):
            if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef):
                length = _body_lines(node)
                if length > LINES_OF_A_FUNCTION:
                    yield (
                        f"{path}:{node.lineno}: {node.name} has {length} lines "
                        f"(limit {LINES_OF_A_FUNCTION})"
                    )


def _body_lines(node: ast.FunctionDef | ast.AsyncFunctionDef) -> int:
    """Return the lines of a function, less its signature and docstring."""
    body = node.body[1:] if ast.get_docstring(node) is not None else node.body
    return 0 if not body else (body[-1].end_lineno or 0) - body[0].lineno + 1


def main() -> None:
    """Print violations and exit with 1 when there are any."""
    found = [line for folder in sys.argv[1:] for line in violations(Path(folder))]
    print("\n".join(found) or "size budget: kept")
    sys.exit(bool(found))


if __name__ == "__main__":
    main()
