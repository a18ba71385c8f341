"""A staff day with nothing but what a WeChat mini-program can send."""
import pathlib
import subprocess

import files

ROOT = pathlib.Path(__file__).resolve().parents[2]


def test_a_staff_day_in_a_mini_program(county, tmp_path):
    picture = tmp_path / "now.jpg"
    picture.write_bytes(files.jpeg())
    done = subprocess.run(
        ["node", ROOT / "tests/api/wechat/day.js",
         f"http://127.0.0.1:{county.port}", "huangmaozhou", county.password,
         picture], text=True, capture_output=True, timeout=120)
    assert done.returncode == 0 and "the day is over" in done.stdout, \
        done.stdout + done.stderr
