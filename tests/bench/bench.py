"""What the benchmarks share: interleaved rounds, one line per figure."""
import os
import pathlib
import re
import statistics
import subprocess
import sys

ROOT = pathlib.Path(__file__).resolve().parents[2]
sys.path.insert(0, str(ROOT / "tests/e2e"))
BUILD = pathlib.Path(os.environ.get("TAIZHANG_BUILD", ROOT / "build"))
PGBENCH = "/usr/lib/postgresql/15/bin/pgbench"


def row(name, ours, other, ratio, goal, good, unit=""):
    """One figure: what it is, ours, the other side, their ratio, the goal; a
    goal of None is for comparison only."""
    verdict = "" if goal is None else \
        f"goal {goal:9} {'met' if good else 'MISSED'} {unit}"
    print(f"{name:44} {ours:>12} {other:>22} {ratio:>8} {verdict}".rstrip(),
          flush=True)


def wrk(port, token, script, seconds, connections=32):
    """Requests per second; any answer but 200 ends the benchmark."""
    out = subprocess.run(
        ["wrk", "-t1", f"-c{connections}", f"-d{seconds}s", "-s", script,
         f"http://127.0.0.1:{port}"], capture_output=True, text=True,
        env=dict(os.environ, TOKEN=token or ""), check=True).stdout
    bad = re.search(r"Non-2xx or 3xx responses: (\d+)", out)
    assert not bad, out
    return float(re.search(r"Requests/sec:\s+([\d.]+)", out).group(1))


def pgbench(socket, script, seconds, clients=8):
    """Transactions per second of a script, prepared."""
    out = subprocess.run(
        [PGBENCH, "-n", "-M", "prepared", "-h", socket, "-U", "taizhang_api",
         "-c", str(clients), "-j", "1", "-T", str(seconds), "-f", script,
         "taizhang"], capture_output=True, text=True)
    assert out.returncode == 0, out.stderr
    return float(re.search(r"tps = ([\d.]+)", out.stdout).group(1))


def rounds(runs):
    """Every function in turn, `ROUNDS` times, each time another one first;
    all figures of each by its name."""
    found = {name: [] for name in runs}
    names = list(runs)
    for i in range(int(os.environ.get("ROUNDS", "5"))):
        first = i % len(names)
        for name in names[first:] + names[:first]:
            found[name].append(runs[name]())
    return found


def compared(found, ours, other):
    """The medians of both, and of what was the ratio in each round: a
    machine's own speed changes by a quarter from minute to minute."""
    return (statistics.median(found[ours]), statistics.median(found[other]),
            statistics.median(a / b for a, b in zip(found[ours],
                                                    found[other])))
