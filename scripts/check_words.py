"""Hold the rules on words: constants and arguments are explained, docstrings begin with a noun.

python scripts/check_words.py FOLDER_OR_FILE …

    constants   a module's UPPER_CASE constant, or a group of them without blank lines, has a
                docstring right below; aliases of types and type variables need none
    arguments   a public function of three or more parameters has a section `Args:`, or
                `Parameters` where it is a verb of the command line; `see …` in the docstring of a
                method refers to the one that it overrides
    beginnings  no docstring, and no entry of its sections, begins with a `FRAGMENT`
"""

import ast
import inspect
import re
import sys
from collections.abc import Iterator
from pathlib import Path

FEWEST_PARAMETERS = 3
"""Number of parameters from which on a public function lists them, `self` and `cls` not counted."""

FRAGMENT = re.compile(
    r"(?i:of|with|without|in|for|from|at|by|to|between|and|or|but|which|whose|what|how|see)\b"
    r"|(?i:as)\b(?! (in|for) `)|(Å[²³]?|eV|e|K|amu|fs|ps)\b"
)
"""Words with which no sentence about a thing begins: the noun was left out, or is only its unit."""

ENTRY = re.compile(r" {4}\*{0,2}\w+: +(?=\S)")
"""Name in front of an entry of a docstring's section."""

ALIASES = ("Literal", "ParamSpec", "TypeVar", "TypeVarTuple", "TypeAlias", "NewType")
"""Names in the value or annotation of an assignment that is no constant."""

Functions = ast.FunctionDef | ast.AsyncFunctionDef


def violations(path: Path) -> Iterator[str]:
    """Yield one line for everything that breaks a rule in a Python file."""
    tree = ast.parse(path.read_text(encoding="utf-8"))
    found = [*_constants(tree), *_arguments(tree.body), *_beginnings(tree)]
    for line, message in sorted(found):
        yield f"{path}:{line}: {message}"


def _constants(tree: ast.Module) -> Iterator[tuple[int, str]]:
    """Yield the constants of a module that no docstring explains."""
    group: list[tuple[int, str]] = []
    end = 0
    for node in tree.body:
        if node.lineno > end + 1 or not isinstance(node, ast.Assign | ast.AnnAssign):
            if not _string(node) or node.lineno > end + 1:
                yield from group
            group = []
        end = node.end_lineno or 0
        if isinstance(node, ast.Assign | ast.AnnAssign) and not _is_alias(node):
            targets = node.targets if isinstance(node, ast.Assign) else [node.target]
            names = [one.id for one in targets if isinstance(one, ast.Name) and one.id.isupper()]
            group += [(node.lineno, f"{name} has no docstring") for name in names]
    yield from group


def _is_alias(node: ast.Assign | ast.AnnAssign) -> bool:
    """Return whether an assignment names a type."""
    parts = [node.value, node.annotation] if isinstance(node, ast.AnnAssign) else [node.value]
    names = {
        one.id for part in parts if part for one in ast.walk(part) if isinstance(one, ast.Name)
    }
    return not names.isdisjoint(ALIASES)


def _arguments(body: list[ast.stmt], in_class: bool = False) -> Iterator[tuple[int, str]]:
    """Yield the public functions and methods that do not explain their parameters."""
    for node in body:
        if isinstance(node, ast.ClassDef) and not node.name.startswith("_"):
            yield from _arguments(node.body, in_class=True)
        if not isinstance(node, Functions) or node.name.startswith("_"):
            continue
        # Its last definition, which has the docstring, explains a function with overloads.
        if any(ast.unparse(one) == "overload" for one in node.decorator_list):
            continue
        given = node.args
        names = {one.arg for one in (*given.posonlyargs, *given.args, *given.kwonlyargs)}
        count = len(names - {"self", "cls"})
        words = ast.get_docstring(node) or ""
        refers = in_class and re.search(r"\bsee\b", words, re.IGNORECASE)
        explains = re.search(r"^(Args:|Parameters\n-+)$", words, re.MULTILINE)
        if count >= FEWEST_PARAMETERS and not (refers or explains):
            yield node.lineno, f"{node.name} has {count} parameters and no section `Args:`"


def _beginnings(tree: ast.Module) -> Iterator[tuple[int, str]]:
    """Yield the docstrings, and entries of their sections, that begin without their noun."""
    for node in ast.walk(tree):
        if not isinstance(node, ast.Module | ast.ClassDef | Functions):
            continue
        for line, words in filter(None, map(_string, node.body)):
            for k, text in enumerate(inspect.cleandoc(words).splitlines()):
                name = ENTRY.match(text)
                if (name or k == 0) and FRAGMENT.match(text, name.end() if name else 0):
                    yield line + k, f"begins without its noun: {text.strip()[:60]}"


def _string(node: ast.stmt) -> tuple[int, str] | None:
    """Return line and text of a statement that is a string alone."""
    if not (isinstance(node, ast.Expr) and isinstance(node.value, ast.Constant)):
        return None
    return (node.lineno, node.value.value) if isinstance(node.value.value, str) else None


def main() -> None:
    """Print violations and exit with 1 when there are any."""
    given = [Path(name) for name in sys.argv[1:]]
    files = [
        file for one in given for file in (sorted(one.rglob("*.py")) if one.is_dir() else [one])
    ]
    found = [line for file in files for line in violations(file)]
    print("\n".join(found) or "words: kept")
    sys.exit(bool(found))


if __name__ == "__main__":
    main()
