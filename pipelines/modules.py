"""For each verb, the modules it may import and the SHA-256 of each: what a stage depends on in place of all code.

In the format of `sha256sum`. DVC pays for every dependency of every stage each time it looks whether anything changed,
so one file that changes when any of forty modules does is worth forty dependencies.
"""

import argparse
import ast
from collections.abc import Iterator, Mapping
from pathlib import Path

from features import manifest
from pipelines import store
from pipelines.command import run, stage

VERBS = "pipelines"


def modules(packages: Mapping[str, Path]) -> dict[str, list[Path]]:
    """The files that running `pipelines.<verb>` may import, for each verb: it, what it imports, and package files.

    Directly or through others, wherever the import stands. `packages` maps the name of a package to its folder.
    """
    paths = {name: path for package, folder in packages.items() for name, path in _modules(package, folder)}
    imported = {name: [found for found in _imports(path) if found in paths] for name, path in paths.items()}
    verbs = [name for name in paths if name.rpartition(".")[0] == VERBS and name not in packages]
    return {
        verb.rpartition(".")[2]: sorted(paths[name] for name in _closure(verb, imported))
        for verb in verbs
        if paths[verb].name != "__init__.py"
    }


def _modules(package: str, folder: Path) -> Iterator[tuple[str, Path]]:
    for path in sorted(folder.rglob("*.py")):
        parts = path.relative_to(folder).with_suffix("").parts
        yield ".".join([package, *(part for part in parts if part != "__init__")]), path


def _imports(path: Path) -> Iterator[str]:
    """Every name that may be a module: `from a import b` names the module `a`, and `a.b` if there is one."""
    for node in ast.walk(ast.parse(path.read_bytes())):
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom) and node.module and node.level == 0:
            yield from (node.module, *(f"{node.module}.{alias.name}" for alias in node.names))


def _closure(module: str, imported: Mapping[str, list[str]]) -> set[str]:
    found: set[str] = set()
    waiting = [module]
    while waiting:
        name = waiting.pop()
        if name not in found:
            found.add(name)
            # Python runs the files of the packages around a module too.
            waiting += [*imported[name], *([name.rpartition(".")[0]] if "." in name else [])]
    return found


def main(options: argparse.Namespace) -> str:
    """Write `<verb>.sha256` for every verb."""
    packages = {"features": options.features, VERBS: options.pipelines}
    found = modules(packages)
    with store.writing(options.out) as folder:
        for verb, paths in found.items():
            lines = [f"{manifest.sha256(path)}  {path.as_posix()}\n" for path in paths]
            (folder / f"{verb}.sha256").write_text("".join(lines), encoding="utf-8")
    return f"{len(found)} verbs, {len({path for paths in found.values() for path in paths})} modules"


if __name__ == "__main__":
    run(main, stage(__doc__, "features", "pipelines", "out"))
