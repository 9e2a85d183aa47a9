"""What every command shares: its arguments, its parameters, its progress, its last line and its exit code."""

import argparse
import inspect
import signal
import sys
import time
import traceback
import types
from collections.abc import Callable, Iterable, Iterator
from pathlib import Path
from typing import Annotated, Any, NoReturn, TypeVar

import msgspec
import yaml

from features import yaml_text
from features.errors import Failure, ResourceFailure, UsageFailure

T = TypeVar("T")
# What a parameter may be: at least one, or a share of a whole.
Count = Annotated[int, msgspec.Meta(ge=1)]
Share = Annotated[float, msgspec.Meta(gt=0, le=1)]
_SECONDS_BETWEEN_LINES = 10


def run(main: Callable[[argparse.Namespace], str], arguments: argparse.ArgumentParser) -> NoReturn:
    """Run `main` on the parsed command line, print the line it returns with the time taken, and exit by the contract.

    0 done, 2 usage, 3 all input refused, 4 integrity, 5 untrusted model, 6 resources, 130/143 interrupted.
    """
    arguments.add_argument("--debug", action="store_true", help="show the traceback of a failure")
    options = arguments.parse_args()
    signal.signal(signal.SIGTERM, _stop)
    started = time.monotonic()
    try:
        done = main(options)
    except KeyboardInterrupt:
        _fail("interrupted; nothing was half-written", 130, options.debug)
    except Failure as failure:
        _fail(str(failure), failure.exit_code, options.debug)
    except (FileNotFoundError, NotADirectoryError, IsADirectoryError, PermissionError) as error:
        _fail(f"{error.filename}: {error.strerror}", UsageFailure.exit_code, options.debug)
    except (MemoryError, OSError) as error:
        _fail(f"{error or 'out of memory'}", ResourceFailure.exit_code, options.debug)
    print(f"{done}, {time.monotonic() - started:.1f} s", flush=True)
    sys.exit(0)


def stage(description: str | None, *folders: str) -> argparse.ArgumentParser:
    """A command line of positional paths, in the order in which dvc.yaml names them; the last is what is written."""
    parser = argparse.ArgumentParser(description=description, formatter_class=argparse.RawDescriptionHelpFormatter)
    for name in folders:
        parser.add_argument(name, type=Path)
    parser.add_argument(
        "--params", type=Path, default=Path("params.yaml"), help="parameter file (default: params.yaml)"
    )
    return parser


def on_gold_file(description: str | None) -> argparse.ArgumentParser:
    """The command line of what measures on a gold file: GOLD, OUT and where the finished stages are."""
    parser = argparse.ArgumentParser(description=description, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("gold", type=Path, help="gold sentences, JSON lines")
    parser.add_argument("out", type=Path, help="where to write the results")
    parser.add_argument("--data", type=Path, default=Path("data"), help="folder of the stages (default: data)")
    parser.add_argument("--codebook", type=Path, default=Path("data/codebook.yaml"))
    parser.add_argument("--params", type=Path, default=Path("params.yaml"))
    return parser


def require_writable(out: Path, gold: Path) -> None:
    """Raise UsageFailure, before hours of work, where a result could not be written or would replace the gold file."""
    if out.resolve() == gold.resolve() or not out.resolve().parent.is_dir():
        raise UsageFailure(f"{out}: name a file in a folder that exists, and not the gold file itself")


def parameters(function: Callable[..., Any], path: Path) -> dict[str, Any]:
    """The section of `path` named after `function`, checked against its keyword-only arguments.

    Raises UsageFailure naming the file, the section and the key that is misspelt, missing or of the wrong type.
    """
    name = function.__name__
    section = read_yaml(path).get(name, {})
    signature = inspect.signature(function, eval_str=True)
    known = {key: p for key, p in signature.parameters.items() if p.kind is inspect.Parameter.KEYWORD_ONLY}
    for key in section:
        if key not in known:
            raise UsageFailure(f"{path}: {name}: unknown parameter '{key}'; it takes {', '.join(known)}")
    for key, parameter in known.items():
        if key not in section and parameter.default is inspect.Parameter.empty:
            raise UsageFailure(f"{path}: {name}: the parameter '{key}' is missing")
    return {key: _typed(value, known[key].annotation, f"{path}: {name}: {key}") for key, value in section.items()}


def experiment_names(path: Path) -> list[str]:
    """The list `experiments` of a parameter file; raises UsageFailure when it is missing or empty."""
    names = read_yaml(path).get("experiments")
    if not names or not isinstance(names, list):
        raise UsageFailure(f"{path}: `experiments` must list the experiments to run")
    return [str(name) for name in names]


def read_yaml(path: Path) -> dict[str, Any]:
    """One YAML mapping; raises UsageFailure naming the file and, for a syntax error, the line."""
    try:
        content = yaml_text.parse(path.read_text(encoding="utf-8"))
    except (OSError, UnicodeDecodeError) as error:
        raise UsageFailure(f"{path}: {error}") from error
    except yaml.YAMLError as error:
        raise UsageFailure(f"{path}: not valid YAML: {error}") from error
    if not isinstance(content, dict):
        raise UsageFailure(f"{path}: expected keys and values, found {type(content).__name__}")
    return content


def progress(
    items: Iterable[T], *, total: int | None, unit: str, size: Callable[[T], int] = lambda _: 1
) -> Iterator[T]:
    """Pass `items` on with rate and time left: a bar on a terminal, a plain line every ten seconds when piped.

    `size` says how many of `unit` an item is.
    """
    return (_bar if sys.stderr.isatty() else _lines)(items, total, unit, size)


def _bar(items: Iterable[T], total: int | None, unit: str, size: Callable[[T], int]) -> Iterator[T]:
    from tqdm import tqdm

    with tqdm(total=total, unit=f" {unit}", delay=1, leave=False) as bar:
        for item in items:
            yield item
            bar.update(size(item))


def _lines(items: Iterable[T], total: int | None, unit: str, size: Callable[[T], int]) -> Iterator[T]:
    started = told = time.monotonic()
    done = 0
    for item in items:
        yield item
        done += size(item)
        now = time.monotonic()
        if now - told >= _SECONDS_BETWEEN_LINES:
            told = now
            rate = done / (now - started)
            left = f" of {total:,} {unit}, {(total - done) / rate:,.0f} s left" if total else f" {unit}"
            print(f"{done:,}{left}, {rate:,.1f} a second", file=sys.stderr, flush=True)


def _typed(value: Any, annotation: Any, where: str) -> Any:
    try:
        return msgspec.convert(value, annotation)
    except msgspec.ValidationError as error:
        raise UsageFailure(f"{where}: {error}") from error


def _stop(_signal: int, _frame: types.FrameType | None) -> NoReturn:
    # Raised, not os._exit, so that temporary folders are removed on the way out.
    raise SystemExit(143)


def _fail(message: str, code: int, debug: bool) -> NoReturn:
    if debug:
        traceback.print_exc()
    print(f"error: {message}", file=sys.stderr, flush=True)
    sys.stdout.flush()
    sys.exit(code)
