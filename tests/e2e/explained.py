"""The plans of an API's statements, as auto_explain writes them to the log."""
import json
import re

from stack import wait_for


def begin(stack):
    """From now on every plan is logged."""
    conf = stack.psql("SHOW config_file")[0][0]
    with open(conf, "a") as f:
        f.write("session_preload_libraries = 'auto_explain'\n"
                "auto_explain.log_min_duration = 0\n"
                "auto_explain.log_analyze = on\n"
                "auto_explain.log_timing = off\n"
                "auto_explain.log_format = 'json'\n")
    stack.psql("SELECT pg_reload_conf()")
    old = stack.psql("SELECT string_agg(pid::text, ', ') FROM pg_stat_activity"
                     " WHERE usename = 'taizhang_api'")[0][0]
    stack.psql(f"SELECT pg_terminate_backend(pid) FROM unnest(ARRAY[{old}])"
               " pid")
    wait_for(lambda: stack.psql("SELECT count(*) FROM pg_stat_activity WHERE"
                                f" pid IN ({old})") == [["0"]], why="old ends")
    wait_for(lambda: stack.client().get("/readyz").status == 200)


def plans(stack, ask, table, least=1, said=" FROM {} AS t"):
    """What ask() answers, and the plans of its statements that list the
    table, `least` of them or more; or that say something else of it."""
    log = stack.var / "log/postgres.log"
    begin = log.stat().st_size
    answer = ask()

    def found():
        text = log.read_bytes()[begin:].decode(errors="replace")
        # The last may stand there by half: its other half comes.
        made = [json.loads(t) for t in
                re.findall(r"plan:\n((?:\t.*\n)+?\t\}\n)", text)]
        made = [m["Plan"] for m in made
                if said.format(table) in m["Query Text"]]
        return len(made) >= least and made
    return answer, wait_for(found, why="a plan in the log")


def nodes(plan):
    yield plan
    for child in plan.get("Plans", []):
        yield from nodes(child)


def check(plan, table, little, what):
    """Never the whole table, and a sort only where all there is is little: a
    village, or what is left."""
    for node in nodes(plan):
        assert node["Node Type"] != "Seq Scan" or \
            node["Relation Name"] != table, (what, plan)
        if node["Node Type"] == "Sort":
            assert node["Plans"][0]["Actual Rows"] <= little, (
                what, json.dumps(plan, indent=1))
