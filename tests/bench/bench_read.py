"""Reading 100,000 rows × 14 columns against `unzip -p`, in the same run."""
import json
import os
import pathlib
import subprocess
import sys
import tempfile
import time

sys.path.insert(0, str(pathlib.Path(__file__).parent))
import big_ledger  # noqa: E402
from bench import BUILD, row  # noqa: E402

GOAL_RATIO, GOAL_RSS = 1.0, 32


def timed(args):
    began = time.perf_counter()
    done = subprocess.run(args, stdout=subprocess.PIPE if "count" in args
                          else subprocess.DEVNULL, check=True)
    return time.perf_counter() - began, done.stdout


def main():
    rounds = int(os.environ.get("ROUNDS", "5"))
    ours, floor, report = 9e9, 9e9, {}
    with tempfile.TemporaryDirectory() as tmp:
        path = f"{tmp}/ledger.xlsx"
        big_ledger.build(path)
        size = os.path.getsize(path)
        for _ in range(rounds):
            seconds, out = timed([BUILD / "tests/tool_xlsx", "count", path])
            ours = min(ours, seconds)
            report = json.loads(out)
            floor = min(floor, timed(["unzip", "-p", path])[0])
    assert report["rows"] == big_ledger.ROWS + 1, report
    rss = report["rss_kb"] / 1024
    print(f"{report['cells']} cells, {report['bytes']} bytes of text, "
          f"{size / 1e6:.2f} MB file")
    row("read 100,000 x 14", f"{ours:.3f} s", f"unzip -p {floor:.3f} s",
        f"{ours / floor:.2f}", f"<= {GOAL_RATIO}", ours / floor <= GOAL_RATIO)
    row("peak memory while reading", f"{rss:.1f} MB", "", "",
        f"<= {GOAL_RSS} MB", rss <= GOAL_RSS)


if __name__ == "__main__":
    main()
