"""Print the sizes that keep this code readable, and fail when one is over its budget."""

import ast
import io
import statistics
import sys
import tokenize
import tomllib
from collections.abc import Iterator
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
ROOMS = ("api", "casework", "clients", "sessions")
LONGEST_FUNCTION, LONGEST_FILE, FILE_P90, FUNCTION_P90, FUNCTION_MEDIAN = 60, 500, 250, 30, 8
TESTS_PER_CODE, DEPENDENCIES, SETTINGS = 1.3, 25, 250
LINES_PER_SUPPRESSION = 2000
AIM: list[str] = []  # in the place of where to look: shown, and not failed for


def sources(*folders: str) -> Iterator[Path]:
    for folder in folders:
        for path in sorted((ROOT / folder).rglob("*.py")):
            if "migrations" not in path.parts:
                yield path


def code_lines(path: Path) -> int:
    return sum(1 for line in path.read_text().splitlines() if line.strip())


def functions(path: Path) -> Iterator[tuple[str, int]]:
    for node in ast.walk(ast.parse(path.read_text())):
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef):
            yield f"{path.relative_to(ROOT)}:{node.lineno} {node.name}", body_lines(node)


def body_lines(node: ast.FunctionDef | ast.AsyncFunctionDef) -> int:
    """Return the lines of what a function does, its docstring and signature aside."""
    body = node.body[1:] if ast.get_docstring(node) else node.body
    return (node.end_lineno or 0) - body[0].lineno + 1 if body else 1


def inner_imports(path: Path) -> Iterator[str]:
    """Yield imports of our own rooms that stand inside a function: they hide an arrow."""
    for node in ast.walk(ast.parse(path.read_text())):
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef):
            for inner in ast.walk(node):
                names = [inner.module or ""] if isinstance(inner, ast.ImportFrom) else []
                names += [alias.name for alias in inner.names] if isinstance(inner, ast.Import) else []
                if any(name.split(".")[0] in ROOMS for name in names):
                    yield f"{path.relative_to(ROOT)}:{inner.lineno}"


def comments(path: Path) -> list[str]:
    tokens = tokenize.generate_tokens(io.StringIO(path.read_text()).readline)
    return [token.string for token in tokens if token.type == tokenize.COMMENT]


def p90(numbers: list[int]) -> int:
    return sorted(numbers)[int(len(numbers) * 0.9)]


def main() -> int:
    code, tests = list(sources(*ROOMS)), list(sources("tests"))
    files = {str(path.relative_to(ROOT)): code_lines(path) for path in code}
    bodies = dict(pair for path in code for pair in functions(path))
    lengths, sizes = list(bodies.values()), list(files.values())
    total, proof = sum(sizes), sum(code_lines(path) for path in tests)
    hushed = [text for path in code for text in comments(path) if "noqa" in text or "type: ignore" in text]
    merges = [str(path) for room in ROOMS for path in (ROOT / room).rglob("migrations/*_merge_*.py")]
    project = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]
    settings = files["casework/settings.py"]
    inner = [place for path in code for place in inner_imports(path)]
    # what, how much, how much at most (or at least, where the sign is ">="), and where to look
    rows = [
        ("function lines, median", statistics.median(lengths), "<=", FUNCTION_MEDIAN, []),
        ("function lines, nine in ten", p90(lengths), "<=", FUNCTION_P90, []),
        ("function lines, longest", max(lengths), "<=", LONGEST_FUNCTION, over(bodies, LONGEST_FUNCTION)),
        ("file lines, nine in ten", p90(sizes), "<=", FILE_P90, []),
        ("file lines, longest", max(sizes), "<=", LONGEST_FILE, over(files, LONGEST_FILE)),
        ("settings, lines", settings, "<=", SETTINGS, []),
        ("test lines a code line", round(proof / total, 2), ">=", TESTS_PER_CODE, AIM),
        ("imports of ours inside functions", len(inner), "<=", 0, inner),
        ("merge migrations", len(merges), "<=", 0, merges),
        ("suppressions", len(hushed), "<=", max(1, total // LINES_PER_SUPPRESSION), hushed),
        ("runtime dependencies", len(project["dependencies"]), "<=", DEPENDENCIES, []),
    ]
    failed = False
    for name, value, sign, limit, places in rows:
        kept = value <= limit if sign == "<=" else value >= limit
        failed |= not kept and places is not AIM
        print(
            f"  {'ok  ' if kept else 'aim ' if places is AIM else 'OVER'}  {name:<34} {value:>7} {sign} {limit}"
        )
        if not kept:
            print(*(f"          {place}" for place in places), sep="\n")
    return int(failed)


def over(sized: dict[str, int], limit: int) -> list[str]:
    return [
        f"{lines:>4}  {name}"
        for name, lines in sorted(sized.items(), key=lambda each: -each[1])
        if lines > limit
    ]


if __name__ == "__main__":
    sys.exit(main())
