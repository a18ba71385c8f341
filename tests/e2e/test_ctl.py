"""taizhangctl as an administrator types it: help, refusals, what it keeps."""
import json
import os
import stat
import subprocess

import pytest

from stack import BUILD, free_port

NAMES = ["init-admin", "login", "load", "user add", "binding add", "bindings",
         "sync status", "openapi", "get"]


def ctl(*args, stdin="", **env):
    return subprocess.run(
        [BUILD / "taizhangctl", *map(str, args)], text=True, input=stdin,
        capture_output=True, timeout=60, env={
            **{k: v for k, v in os.environ.items()
               if not k.startswith(("TAIZHANG_", "DATABASE_"))}, **env})


def one_sentence(done, code, zh, en):
    """Exit code and the only line on standard error, both languages."""
    assert done.returncode == code, done
    lines = done.stderr.strip().splitlines()
    assert len(lines) == 1 and zh in lines[0] and en in lines[0], done.stderr


@pytest.fixture(scope="module")
def desk(county, tmp_path_factory):
    """ctl() against the county, signed in as its administrator."""
    token = tmp_path_factory.mktemp("ctl") / "token"

    def run(*args, stdin=""):
        return ctl("--api", f"http://127.0.0.1:{county.port}",
                   "--token-file", token, *args, stdin=stdin)
    run.token = token
    done = run("login", "--login", "admin", stdin=county.password + "\n")
    assert done.returncode == 0, done
    return run


@pytest.fixture(scope="module")
def guard(county, tmp_path_factory):
    """The same, as the one who grants rights."""
    token = tmp_path_factory.mktemp("ctl-security") / "token"

    def run(*args, stdin=""):
        return ctl("--api", f"http://127.0.0.1:{county.port}",
                   "--token-file", token, *args, stdin=stdin)
    done = run("login", "--login", "security", stdin=county.password + "\n")
    assert done.returncode == 0, done
    return run


def test_help():
    done = ctl("--help")
    assert done.returncode == 0 and "usage" in done.stdout
    for name in NAMES:
        assert name in done.stdout, name
        one = ctl(*name.split(), "--help")
        assert one.returncode == 0 and name in one.stdout, name
        assert any("\u4e00" <= c <= "\u9fff" for c in one.stdout), name


def test_no_arguments_is_wrong_usage():
    done = ctl()
    assert done.returncode == 2 and "usage" in done.stderr


@pytest.mark.parametrize("args,zh,en", [
    (["dance"], "没有这个命令", "no such command"),
    (["user"], "没有这个命令", "no such command"),
    (["--speed", "9", "login"], "没有这个选项", "no such option"),
    (["login"], "缺少选项", "missing: --login"),
    (["login", "--login"], "选项缺少值", "needs a value"),
    (["login", "--login", "a", "b"], "多余的参数", "too many"),
    (["login", "--login", "a"], "令牌文件", "--token-file"),
    (["load"], "文件或目录", "files or folders"),
    (["load", "/no/such"], "无法读取", "No such file"),
    (["get", "me"], "路径", "path"),
    (["init-admin", "--login", "a"], "DATABASE_ADMIN_URL", "set"),
    (["binding", "add", "--unit", "1", "--action", "a", "--template", "X01",
      "--folder", "f", "--settle", "soon"], "选项的值", "does not fit"),
])
def test_wrong_usage(args, zh, en):
    one_sentence(ctl(*args), 2, zh, en)


def test_nobody_answers(tmp_path):
    done = ctl("--api", f"http://127.0.0.1:{free_port()}", "--token-file",
               tmp_path / "t", "login", "--login", "a", stdin="password\n")
    one_sentence(done, 3, "连接不上接口", "cannot be reached")
    assert not (tmp_path / "t").exists()


def test_only_http(tmp_path):
    secret = tmp_path / "secret.json"
    secret.write_text('{"items": "local"}')
    done = ctl("--api", f"file://{tmp_path}", "get", "/secret.json")
    assert done.returncode == 3 and "local" not in done.stdout


def test_login_keeps_the_token_to_itself(desk):
    mode = desk.token.stat().st_mode
    assert stat.S_IMODE(mode) == 0o600
    assert desk.token.read_text().startswith("tz_u_")
    me = json.loads(desk("get", "/v1/me").stdout)
    assert me["login"] == "admin" and me["role"] == "sysadmin"


def test_a_wrong_password_leaves_the_old_token(desk, county):
    before = desk.token.read_text()
    done = desk("login", "--login", "admin", stdin="not-the-password\n")
    assert done.returncode == 1 and "用户名或密码不正确" in done.stderr
    assert desk.token.read_text() == before
    assert desk("login", "--login", "admin", stdin="").returncode == 2


def test_without_signing_in(county, tmp_path):
    done = ctl("--api", f"http://127.0.0.1:{county.port}", "--token-file",
               tmp_path / "none", "bindings")
    assert done.returncode == 1 and "taizhangctl login" in done.stderr


def test_user_add(guard, county):
    args = ["user", "add", "--login", "fromctl", "--name", "方晓", "--unit",
            "430981107000", "--org", "xczxb", "--role"]
    done = guard(*args, "township_clerk", stdin="from-the-desk\n")
    assert done.returncode == 0, done
    me = county.login("fromctl", "from-the-desk").get("/v1/me").json
    assert (me["name"], me["role"], me["division"]) == \
        ("方晓", "township_clerk", "430981107000")
    done = guard(*args, "dept_clerk", stdin="from-the-desk\n")
    assert done.returncode == 1
    assert "/grants/0/line_code" in done.stderr


def test_binding_token_is_shown_once(desk, county, tmp_path):
    add = ["binding", "add", "--unit", "430981107000", "--action",
           "yuanjiang-2023", "--template", "X01", "--folder"]
    done = desk(*add, "shown")
    assert done.returncode == 0 and done.stdout.startswith("tz_a_")
    agent = county.client(done.stdout.strip())
    assert agent.get("/v1/sync/binding").json["name"] == "shown"

    share, token = tmp_path / "share", tmp_path / "token"
    done = desk(*add, "kept", "--settle", "3", "--write-back=7",
                "--token-out", token, "--marker", share)
    assert done.returncode == 0 and done.stdout == ""
    assert stat.S_IMODE(token.stat().st_mode) == 0o600
    agent = county.client(token.read_text().strip())
    info = agent.get("/v1/sync/binding").json
    assert (info["settle_s"], info["write_back_s"]) == (3, 7)
    assert (share / ".ledger-sync/id").read_text().strip() == info["id"]

    listed = desk("bindings").stdout.splitlines()
    assert {"shown", "kept"} <= {x.split("\t")[2] for x in listed}
    assert "tz_a_" not in "".join(listed)


def test_an_unknown_unit_is_named(desk):
    done = desk("binding", "add", "--unit", "430981777000", "--action",
                "yuanjiang-2023", "--template", "X01", "--folder", "x")
    assert done.returncode == 1 and "/divisions" in done.stderr


def test_sync_status(desk):
    done = desk("sync", "status")
    assert done.returncode == 0, done
    assert done.stdout.splitlines()[0].split("\t")[1] == "path"


def test_openapi_is_the_document(desk):
    done = desk("openapi")
    doc = json.loads(done.stdout)
    assert doc["openapi"].startswith("3.1")
    assert {"/v1/users", "/v1/actions/{code}"} <= set(doc["paths"])
    again = json.dumps(doc, ensure_ascii=False, indent=2, sort_keys=True)
    assert done.stdout == again + "\n"


@pytest.mark.parametrize("text,zh,en", [
    ("{", "不是有效的 JSON", "not a JSON file"),
    ('{"a": 1, "a": 2}', "不是有效的 JSON", "not a JSON file"),
    ('{"columnz": []}', "无法识别", "not recognised"),
    ("[]", "无法识别", "not recognised"),
])
def test_load_of_what_is_no_configuration(desk, tmp_path, text, zh, en):
    bad = tmp_path / "bad.json"
    bad.write_text(text)
    one_sentence(desk("load", tmp_path), 1, zh, en)
    assert "bad.json" in desk("load", bad).stderr


def test_load_names_what_is_wrong_with_its_path(desk, tmp_path):
    bad = tmp_path / "places.json"
    bad.write_text(json.dumps({"divisions": [
        {"code": "430981000000", "name": "沅江市", "level": 3,
         "parent_code": "430900000000", "colour": "red"}]}))
    done = desk("load", bad)
    assert done.returncode == 1
    assert "/divisions/0/colour" in done.stderr and str(bad) in done.stderr


def test_load_skips_what_is_not_json_in_folders(desk, tmp_path):
    (tmp_path / "notes.txt").write_text("not for the API")
    (tmp_path / ".hidden.json").write_text("{")
    assert desk("load", tmp_path).returncode == 0


# ---- the first administrator ---------------------------------------------------

def test_init_admin_twice(stack):
    s = stack(demo=False, agent=False)
    socket = subprocess.run(
        [s.root / "db/cluster.sh", "socket", s.var / "pg"], text=True,
        capture_output=True, check=True).stdout.strip()
    url = f"postgresql:///taizhang?host={socket}&user=postgres"

    def init(login, password="the-first-one", url=url):
        return ctl("init-admin", "--login", login, stdin=password + "\n",
                   DATABASE_ADMIN_URL=url)
    one_sentence(init("admin", "short"), 1, "密码", "weak")
    one_sentence(init("admin", ""), 2, "没有密码", "no password")
    one_sentence(init("Admin"), 1, "数据库拒绝", "app_user_login_check")
    one_sentence(init("a", url="host=/nowhere"), 3, "连接不上数据库",
                 "cannot be reached")
    assert s.psql("SELECT count(*) FROM app_user") == [["0"]]
    assert init("admin").returncode == 0
    assert s.login("admin", "the-first-one").get("/v1/me").json["role"] == \
        "sysadmin"
    one_sentence(init("admin"), 1, "这种管理员已存在", "user add")
    one_sentence(init("second"), 1, "这种管理员已存在", "user add")
    assert s.psql("SELECT login FROM app_user") == [["admin"]]
