"""Which modules of this project a module imports, directly or through others, wherever the import stands."""

import ast
from pathlib import Path

ROOT = Path(__file__).parent.parent
PACKAGES = ("features", "pipelines")


def import_closure(module: str) -> set[str]:
    """Files, relative to the project, that running `module` may read: it, what it imports, and package files."""
    found: set[str] = set()
    waiting = [module]
    while waiting:
        name = waiting.pop()
        path = _file(name)
        if path is None or path in found:
            continue
        found.add(path)
        waiting += _imports(ROOT / path)
        waiting += [name.rpartition(".")[0]] if "." in name else []
    return found


def _file(module: str) -> str | None:
    stem = Path(*module.split("."))
    for candidate in (stem.with_suffix(".py"), stem / "__init__.py"):
        if (ROOT / candidate).is_file():
            return candidate.as_posix()
    return None


def _imports(path: Path) -> list[str]:
    names: list[str] = []
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if isinstance(node, ast.Import):
            names += [alias.name for alias in node.names]
        elif isinstance(node, ast.ImportFrom) and node.module and node.level == 0:
            names += [node.module, *(f"{node.module}.{alias.name}" for alias in node.names)]
    return [name for name in names if name.split(".")[0] in PACKAGES]
