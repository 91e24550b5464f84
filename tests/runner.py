# SPDX-License-Identifier: LGPL-2.1-or-later
"""The program behind tests/run: finds tests and cases, runs them, and counts the results."""

import argparse
import contextlib
import fnmatch
import importlib
import os
import pathlib
import re
import subprocess
import sys
import time
import traceback

HERE = pathlib.Path(__file__).resolve().parent
SOURCE = HERE.parent
ISOLATED = HERE / "e2e" / "isolated"
PASSED, FAILED, NONE_CHOSEN, CANNOT_RUN = 0, 1, 3, 77

HELP = """\
Runs tests of the tree and prints a line for each case: `ok NAME`, `not ok NAME: why` or
`skip NAME: why`. The last line counts them.

TEST is a file or a folder: tests/cli/test_codes.py, tests/meta/man.sh, tests/stack, or
tests/unit/test_text, which `make check TESTS=` builds. Without TEST: all of them. The tests
of daemon/, e2e/ and some others need root, and make a private machine out of namespaces.
"""
EPILOG = """\
environment:
  top_builddir          the folder of the build (default: the tree, or the current folder)
  TOTPGROUP_LONG=1      random tests and sweeps run for minutes instead of seconds
  TOTPGROUP_TEST_SEED   the seed of random tests, which each of them prints
  TOTPGROUP_SSHD        another sshd than the installed one

exit status: 0 all passed; 1 one failed; 2 a wrong call; 3 no case matches; 77 none can run here
"""

RESULT = re.compile(r"(ok|not ok|skip)\b(.*)")


def main():
    """Returns the exit status."""
    arguments = parse_arguments()
    build = os.environ.setdefault("top_builddir", default_build())
    os.environ.setdefault("top_srcdir", str(SOURCE))
    os.environ["CMOCKA_MESSAGE_OUTPUT"] = "TAP"
    files = [file for name in arguments.tests or [HERE] for file in find(name, build)]
    if len(files) == 1:
        return run_file(files[0], arguments)
    return run_files(files, arguments)


def parse_arguments():
    parser = argparse.ArgumentParser(
        prog="tests/run", description=HELP, epilog=EPILOG, allow_abbrev=False,
        formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("tests", metavar="TEST", nargs="*")
    parser.add_argument("--list", action="store_true", help="print the names: FILE:CASE")
    parser.add_argument("--only", metavar="PATTERN",
                        help="run the cases that match: a part of FILE:CASE, which may have * and ?")
    return parser.parse_args()


def default_build():
    """The folder that was built in, for those who do not run this from make."""
    return str(SOURCE if (SOURCE / "config.status").exists() else pathlib.Path.cwd())


# Files


def find(name, build):
    """The files of tests that a word on the command line means."""
    path = pathlib.Path(name)
    if not path.exists() and (pathlib.Path(build) / name).exists():
        path = pathlib.Path(build) / name
    if path.is_file():
        return [path.resolve()]
    if not path.is_dir():
        sys.exit(f"tests/run: there is no {name}. Programs are built by: make check TESTS=")
    path = path.resolve()
    found = {file for file in path.rglob("*") if is_test(file)}
    with contextlib.suppress(ValueError):
        # The programs of a build in another folder than the sources.
        built = pathlib.Path(build).resolve() / path.relative_to(SOURCE)
        found |= {file for file in built.rglob("test_*") if is_test(file)}
    return sorted(found)


def is_test(file):
    """Whether a file has tests, by its name and folder."""
    if file.suffix == ".sh":
        return file.parent.name in ("meta", "library") and file.name not in (
            "lib.sh", "installed.sh") or file.name == "all.sh"
    return (file.name.startswith("test_") and file.is_file() and file.parent.name != ".libs"
            and (file.suffix == ".py" or file.suffix == "" and os.access(file, os.X_OK)))


def label(file):
    """The name of a file from the top of the tree."""
    for top in (SOURCE, pathlib.Path(os.environ["top_builddir"]).resolve()):
        with contextlib.suppress(ValueError):
            return str(file.relative_to(top))
    return str(file)


def matches(pattern, file, case):
    """Whether a case is one of those that were asked for."""
    return pattern is None or fnmatch.fnmatchcase(f"{label(file)}:{case}", f"*{pattern}*")


# Several files: each in a process of its own, which may need namespaces of its own.


def run_files(files, arguments):
    counts, start = {"ok": 0, "not ok": 0, "skip": 0}, time.monotonic()
    for file in files:
        options = ["--list"] * arguments.list
        options += [] if arguments.only is None else [f"--only={arguments.only}"]
        run_and_count([sys.executable, "-B", str(HERE / "runner.py"), *options, str(file)],
                      None if arguments.list else label(file), counts)
    if arguments.list:
        return PASSED
    return summary(counts, start)


def run_and_count(command, title, counts):
    """Shows what a command prints, and counts its results. Returns its exit status."""
    seen = dict(counts)
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True, errors="replace") as child:
        for line in child.stdout:
            if title is not None:
                print(f"# {title}", flush=True)
                title = None
            print(line, end="", flush=True)
            count(line, counts)
    if child.returncode not in (PASSED, NONE_CHOSEN, CANNOT_RUN) and counts["not ok"] == seen["not ok"]:
        print(f"not ok {' '.join(command)}: exit status {child.returncode}")
        counts["not ok"] += 1
    return child.returncode


def count(line, counts):
    """Counts a line where it is a result."""
    result = RESULT.match(line)
    if result is not None:
        counts["skip" if "# SKIP" in result[2] else result[1]] += 1


def summary(counts, start):
    """Prints the last line. Returns the exit status."""
    print(f"# {counts['ok']} passed, {counts['not ok']} failed, {counts['skip']} skipped "
          f"in {time.monotonic() - start:.1f} s")
    if counts["not ok"]:
        return FAILED
    if counts["ok"]:
        return PASSED
    return CANNOT_RUN if counts["skip"] else NONE_CHOSEN


# One file


def run_file(file, arguments):
    if file.suffix == ".py":
        return run_python(file, arguments)
    if file.suffix == ".sh":
        return run_script(file, arguments)
    return run_program(file, arguments)


def run_script(file, arguments):
    """A test in shell is one case as far as it can be chosen."""
    if not matches(arguments.only, file, ""):
        return NONE_CHOSEN
    if arguments.list:
        print(f"{label(file)}:")
        return PASSED
    return subprocess.run([file], check=False).returncode


def run_program(file, arguments):
    """A test in C chooses its own cases: see tests/unit/test_support.h."""
    names = subprocess.run([file], env={**os.environ, "TOTPGROUP_TEST_LIST": "1"}, check=True,
                           capture_output=True, text=True).stdout.split()
    chosen = [name for name in names if matches(arguments.only, file, name)]
    if arguments.list:
        print("".join(f"{label(file)}:{name}\n" for name in chosen), end="")
        return PASSED
    if not chosen:
        return NONE_CHOSEN
    if chosen == names:
        return subprocess.run([file], check=False).returncode
    counts, start = {"ok": 0, "not ok": 0, "skip": 0}, time.monotonic()
    for name in chosen:
        os.environ["TOTPGROUP_TEST_ONLY"] = name
        run_and_count([str(file)], None, counts)
    return summary(counts, start)


def run_python(file, arguments):
    """A test in Python: its functions, each with what its fixture makes."""
    # Modules of the test's own folder come first, then those that folders share.
    sys.path[:0] = [str(HERE / name) for name in (file.parent, "cli", "e2e", "compat")]
    import case  # pylint: disable=import-outside-toplevel
    module = importlib.import_module(file.stem)
    cases = [one for one in case.CASES if one.function.__module__ == module.__name__
             and matches(arguments.only, file, one.function.__name__)]
    if arguments.list:
        print("".join(f"{label(file)}:{one.function.__name__}\n" for one in cases), end="")
        return PASSED
    if not cases:
        return NONE_CHOSEN
    counts, start = {"ok": 0, "not ok": 0, "skip": 0}, time.monotonic()
    begun = set()
    for one in cases:
        if one.fixture not in begun:
            prepare(one.fixture, file)
            begun.add(one.fixture)
        counts[run_case(one, case.Skip)] += 1
    return summary(counts, start)


def prepare(fixture, file):
    """Everything that the tests of a fixture have in common. Ends the process where they
    cannot run here, and begins anew in namespaces where they need some."""
    isolate = fixture.isolated and os.getpid() != 1
    why = fixture.missing()
    if why is None and isolate:
        tried = subprocess.run([ISOLATED, "true"], capture_output=True, text=True, check=False)
        why = tried.stderr.strip() if tried.returncode != 0 else None
    if why is not None:
        print(f"skip {label(file)}: {why}", flush=True)
        sys.exit(CANNOT_RUN)
    if isolate:
        os.execv(ISOLATED, [str(ISOLATED), sys.executable, "-B", *sys.argv])
    fixture.begin()


def run_case(one, skip):
    """Runs one function and prints its line. Returns the first word or two of that."""
    name, start, why = one.function.__name__, time.monotonic(), ""
    try:
        with one.fixture.argument() as argument:
            one.function(argument)
        result = "ok"
    except skip as reason:
        result, why = "skip", f": {reason}"
    except Exception as problem:  # pylint: disable=broad-except
        lines = str(problem).strip().splitlines() or [repr(problem)]
        result, why = "not ok", f": {lines[0]}"
        traceback.print_exc()
    seconds = time.monotonic() - start
    print(f"{result} {name}{why}" + (f"  # {seconds:.1f} s" if seconds >= 1 else ""), flush=True)
    return result


if __name__ == "__main__":
    sys.exit(main())
