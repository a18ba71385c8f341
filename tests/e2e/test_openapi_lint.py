"""Two public linters find nothing in the committed document, which
test_contract.py holds to be the one that is served."""
import json
import os
import pathlib
import subprocess

ROOT = pathlib.Path(__file__).resolve().parents[2]
DOCUMENT = ROOT / "openapi/openapi.json"
API = ROOT / "tests/api"


def run(*command):
    env = dict(os.environ, REDOCLY_TELEMETRY="off", NO_COLOR="1",
               REDOCLY_SUPPRESS_UPDATE_NOTICE="true")
    done = subprocess.run([API / "node_modules/.bin" / command[0],
                           *map(str, command[1:])], cwd=API, env=env,
                          text=True, capture_output=True, timeout=900)
    return done.returncode, done.stdout + done.stderr


def spoilt(tmp_path):
    """The document with a mistake that a linter must see."""
    text = DOCUMENT.read_text()
    assert '"operationId": "getIssue"' in text
    bad = tmp_path / "bad.json"
    bad.write_text(text.replace('"operationId": "getIssue"',
                                '"operationId": "createIssue"'))
    return bad


def test_redocly(tmp_path):
    code, said = run("redocly", "lint", "--config", "redocly.yaml", DOCUMENT)
    assert code == 0 and "valid" in said and "warning" not in said, said
    code, said = run("redocly", "lint", "--config", "redocly.yaml",
                     spoilt(tmp_path))
    assert code != 0 and "operation-operationId-unique" in said, said


# Spectral follows every reference anew: the whole document takes minutes.
# All components are linted, and the operations of these and of every 20th
# address; what the model derives is alike. TAIZHANG_LINT=all lints the whole.
WRITTEN = {"issues", "sync", "conflicts", "requests", "findings", "bindings",
           "sessions", "me", "users", "divisions", "orgs", "actions",
           "attachments", "changes", "webhooks", "openapi.json", ""}


def part(tmp_path):
    """A document with fewer operations, and the rules without the one that
    then finds unused components (Redocly's looks at the whole)."""
    doc = json.loads(DOCUMENT.read_text())

    def segment(path):
        return path[4:].split("/")[0].split(":")[0] \
            if path.startswith("/v1/") else ""
    others = sorted({segment(p) for p in doc["paths"]} - WRITTEN)
    keep = WRITTEN | set(others[::20])
    doc["paths"] = {p: v for p, v in doc["paths"].items()
                    if segment(p) in keep and (
                        segment(p) != "issues" or len(p.split("/")) < 5)}
    file, rules = tmp_path / "part.json", tmp_path / "rules.yaml"
    file.write_text(json.dumps(doc))
    rules.write_text(f"extends: [{API}/spectral.yaml]\n"
                     "rules: {oas3-unused-component: off}\n")
    return file, rules


def test_spectral(tmp_path):
    rules, what = API / "spectral.yaml", DOCUMENT
    if os.environ.get("TAIZHANG_LINT") != "all":
        what, rules = part(tmp_path)
    code, said = run("spectral", "lint", "-r", rules, "--fail-severity",
                     "hint", what)
    assert code == 0 and "No results" in said, said
    bad = tmp_path / "bad.json"
    bad.write_text('{"openapi": "3.1.0", "info": {"title": "x"}, "paths": {}}')
    code, said = run("spectral", "lint", "-r", API / "spectral.yaml", bad)
    assert code != 0 and "version" in said, said
