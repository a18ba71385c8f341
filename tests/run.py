#!/usr/bin/python3
"""Runs the unit programs and the end-to-end tests; last line: N passed, N failed."""
import argparse
import os
import pathlib
import re
import subprocess
import sys
import time
import xml.etree.ElementTree as ET

ROOT = pathlib.Path(__file__).resolve().parent.parent


def unit(build, only):
    """Every build/tests/test_*; a program that dies counts as one failure."""
    passed = failed = 0
    env = dict(os.environ, CMOCKA_MESSAGE_OUTPUT="STDOUT")
    for src in sorted((ROOT / "tests/unit").glob("test_*.c")):
        if only and only not in src.stem:
            continue
        began = time.monotonic()
        done = subprocess.run([build / "tests" / src.stem], env=env, text=True,
                              errors="replace", stdin=subprocess.DEVNULL,
                              stdout=subprocess.PIPE, stderr=subprocess.STDOUT)
        ok = re.findall(r"^\[       OK \]", done.stdout, re.M)
        bad = re.findall(r"^\[  FAILED  \] \S+$", done.stdout, re.M)
        nbad = len(set(bad))
        if done.returncode != 0 and nbad == 0:
            nbad = 1
        if not ok and nbad == 0:
            nbad = 1    # a program that tests nothing has failed
        passed += len(ok)
        failed += nbad
        print(f"{src.stem:32} {len(ok):4} ok {nbad:3} failed"
              f" {time.monotonic() - began:6.1f} s", flush=True)
        if nbad:
            print(done.stdout[-6000:], f"(exit {done.returncode})", flush=True)
    return passed, failed


def e2e(build, only):
    """pytest over tests/e2e; skipped tests count as failed: nothing may skip."""
    report = build / "tests" / "e2e.xml"
    report.parent.mkdir(parents=True, exist_ok=True)
    report.unlink(missing_ok=True)
    args = [sys.executable, "-m", "pytest", "-q", "-p", "no:cacheprovider",
            "-n", "3", "--dist", "loadfile",
            "--durations=15", f"--junitxml={report}", "tests/lint",
            "tests/e2e"]
    if only:
        args += ["-k", only]
    code = subprocess.run(args, cwd=ROOT, stdin=subprocess.DEVNULL,
                          env=dict(os.environ, TAIZHANG_BUILD=str(build),
                                   PYTHONDONTWRITEBYTECODE="1")).returncode
    if not report.exists():
        return 0, 1
    suite = ET.parse(report).getroot().find("testsuite")
    total, bad = int(suite.get("tests")), sum(
        int(suite.get(k)) for k in ("errors", "failures", "skipped"))
    if code not in (0, 1) or (code == 1 and bad == 0):
        bad = max(bad, 1)
    return total - bad, bad


def main():
    ap = argparse.ArgumentParser(description=__doc__)
    ap.add_argument("--build", default="build", help="build directory")
    ap.add_argument("-k", dest="only", help="only names containing this")
    ap.add_argument("parts", nargs="*", metavar="unit|e2e",
                    help="both, unless one is named")
    opts = ap.parse_args()
    if set(opts.parts) - {"unit", "e2e"}:
        ap.error("parts are: unit, e2e")
    build = (ROOT / opts.build).resolve()
    passed = failed = 0
    for part in opts.parts or ["unit", "e2e"]:
        p, f = {"unit": unit, "e2e": e2e}[part](build, opts.only)
        passed, failed = passed + p, failed + f
    print(f"{passed} passed, {failed} failed", flush=True)
    return 1 if failed or not passed else 0


if __name__ == "__main__":
    sys.exit(main())
