"""`python -m tests.mutation [module …]`: does a test fail when the rules are changed?

mutmut changes `rules/<module>.py` in one small place at a time and runs
`tests/rules/test_<module>.py`, in a copy of the tree, one child at a time. It picks the tests by
the functions they were seen to call, which tells nothing of what runs at import or was kept from
an earlier test, and it stops by the clock on the wall. Whatever no test has plainly killed is
therefore tried once more, alone, against every plain test of the module (the laws have been).
Prints a table and the change of each survivor.
"""

import json
import os
import resource
import shutil
import subprocess
import sys
from dataclasses import dataclass
from importlib import import_module
from io import StringIO
from pathlib import Path
from tempfile import TemporaryDirectory
from time import perf_counter

import pytest

HOUSE = Path(__file__).parents[1]
MODULES = (
    *("worktime", "limits", "chain", "routing", "relevance", "retry", "acceptance"),
    *("plain_yaml", "explanation", "duplicates", "classify", "ladder", "requests", "look_back"),
    *("duty", "addressees", "history", "digest", "proposals", "counted", "lifecycle", "agenda"),
    "policy",
)
COPIED = ("rules", "models", "docs", "deploy/policy", "deploy/reference", "tests/rules")
HEAVY = (
    *("pytest", "hypothesis", "yaml", "opencc", "rapidfuzz"),
    *("models.case", "models.category", "models.finding", "models.delivery", "models.person"),
)
"""What no mutant changes is loaded once; the rules are loaded afresh for each."""
PATIENCE = 60
"""Seconds of processor after which a mutant tried alone is taken to hang, and so to be found."""
ENVIRONMENT = {"HYPOTHESIS_PROFILE": "mutation", "PYTHONDONTWRITEBYTECODE": ""}
"""Without compiled files every mutant would compile all of them again."""
KILLED = 1
"""How a child of mutmut ends when a test failed."""

SETTINGS = """\
[tool.mutmut]
source_paths = ["rules"]
only_mutate = ["rules/{module}.py"]
also_copy = ["models", "deploy", "docs"]
pytest_add_cli_args = ["-p", "no:xdist", "-p", "no:cacheprovider"]
pytest_add_cli_args_test_selection = ["tests/rules/test_{module}.py"]
process_isolation = "forkserver"
forkserver_warmup = "import"
preload_modules_file = "heavy.txt"
timeout_multiplier = 10.0
use_git_change_detection = false
"""


@dataclass(frozen=True, slots=True)
class Tried:
    """A module, its mutants, those that lived, and the minutes it took."""

    module: str
    mutants: tuple[str, ...]
    survivors: tuple[str, ...]
    minutes: float

    @property
    def row(self) -> str:
        total, alive = len(self.mutants), len(self.survivors)
        share = 100 * (total - alive) / total
        return (
            f"| {self.module} | {total} | {total - alive} | {alive} | {share:.1f} % "
            f"| {self.minutes:.0f} min |"
        )


def main(modules: list[str]) -> int:
    """Try the modules named, or all."""
    if unknown := set(modules) - set(MODULES):
        print(f"no such module: {', '.join(sorted(unknown))}; known: {', '.join(MODULES)}")
        return 2
    os.nice(10)
    for library in HEAVY:
        import_module(library)
    results = []
    for module in modules or MODULES:
        with TemporaryDirectory(prefix=f"mutation-{module}-") as directory:
            place = Path(directory)
            _lay_out(place, module)
            results.append(_try(place, module))
            for name in results[-1].survivors:
                print(_change(place, name), flush=True)
    print("| module | mutants | killed | survived | share | took |")
    print("|---|---:|---:|---:|---:|---:|")
    for result in results:
        print(result.row)
    return 0


def _lay_out(place: Path, module: str) -> None:
    """A copy of what the tests of the rules need, with settings for one module."""
    for name in COPIED:
        skip = shutil.ignore_patterns("__pycache__")
        shutil.copytree(HOUSE / name, place / name, ignore=skip)
    (place / "pyproject.toml").write_text(SETTINGS.format(module=module), "utf-8")
    (place / "heavy.txt").write_text("\n".join(HEAVY), "utf-8")


def _try(place: Path, module: str) -> Tried:
    start = perf_counter()
    _mutmut(place, "run", "--max-children", "1")
    meta = json.loads((place / f"mutants/rules/{module}.py.meta").read_text("utf-8"))
    ended: dict[str, int] = meta["exit_code_by_key"]
    if not _lives(place, module, ""):
        raise SystemExit(f"the tests of {module} fail on the rules as they are")
    left = [name for name, code in ended.items() if code != KILLED]
    survivors = tuple(name for name in left if _lives(place, module, name))
    return Tried(module, tuple(ended), survivors, (perf_counter() - start) / 60)


def _lives(place: Path, module: str, name: str) -> bool:
    """Does the mutant pass every plain test of the module?"""
    child = os.fork()
    if not child:
        os.chdir(place / "mutants")
        os.environ |= ENVIRONMENT | {"MUTANT_UNDER_TEST": name}
        sys.path.insert(0, str(Path.cwd()))
        sys.dont_write_bytecode = False
        resource.setrlimit(resource.RLIMIT_CPU, (PATIENCE, PATIENCE))
        sys.stdout = sys.stderr = StringIO()
        plain = ["-x", "-q", "-m", "not hypothesis", "-p", "no:xdist", "-p", "no:cacheprovider"]
        os._exit(pytest.main([*plain, f"tests/rules/test_{module}.py"]))
    return os.waitpid(child, 0)[1] == 0


def _change(place: Path, name: str) -> str:
    """The mutant as a difference."""
    return _mutmut(place, "show", name)


def _mutmut(place: Path, *arguments: str) -> str:
    command = [str(Path(sys.executable).with_name("mutmut")), *arguments]
    done = subprocess.run(
        command,
        cwd=place,
        env=os.environ | ENVIRONMENT,
        capture_output=True,
        text=True,
        check=False,
    )
    if done.returncode:
        raise SystemExit(f"{' '.join(command)} failed:\n{done.stdout[-4000:]}{done.stderr[-4000:]}")
    return done.stdout


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
