"""A TypeScript client generated from the document type-checks strictly and
works a day against the live server."""
import os
import pathlib
import re
import shutil
import subprocess

import pytest

ROOT = pathlib.Path(__file__).resolve().parents[2]
API = ROOT / "tests/api"
BIN = API / "node_modules/.bin"


def run(*command, cwd):
    done = subprocess.run(list(map(str, command)), cwd=cwd, text=True,
                          capture_output=True, timeout=300,
                          env=dict(os.environ, NO_COLOR="1"))
    return done.returncode, done.stdout + done.stderr


@pytest.fixture(scope="module")
def client(tmp_path_factory):
    """The program with its generated types, where node finds its modules."""
    at = tmp_path_factory.mktemp("client")
    for f in (API / "client").iterdir():
        shutil.copy(f, at)
    shutil.copy(API / "package.json", at)
    (at / "node_modules").symlink_to(API / "node_modules")
    code, said = run(BIN / "openapi-typescript", ROOT / "openapi/openapi.json",
                     "-o", at / "schema.ts", cwd=at)
    assert code == 0, said
    return at


def test_the_client_works_a_day(client, county):
    code, said = run(BIN / "tsc", "-p", client, cwd=client)
    assert code == 0, said
    code, said = run("node", client / "day.js",
                     f"http://127.0.0.1:{county.port}", "huangmaozhou",
                     county.password, cwd=client)
    assert code == 0 and "the day is over" in said, said


def test_the_compiler_sees_what_the_document_forbids(client):
    """Or the types would say nothing."""
    text = (client / "day.ts").read_text()
    wrong = [
        ('sort: "-created_at"', 'sort: "goal"'),
        ('"If-Match": tag', '"If-None-Match": tag'),
        ('category: "Y-5",\n    description: "某',
         'categorie: "Y-5",\n    description: "某'),
        ('"/v1/issues/{id}/assign"', '"/v1/issues/{id}/asign"')]
    for n, (good, bad) in enumerate(wrong):
        assert good in text, good
        (client / f"bad{n}.ts").write_text(text.replace(good, bad))
    code, said = run(BIN / "tsc", "--noEmit", "-p", client, cwd=client)
    assert code != 0
    assert {int(n) for n in re.findall(r"bad(\d)\.ts\(\d+", said)} == \
        set(range(len(wrong))), said
    assert "day.ts" not in said
