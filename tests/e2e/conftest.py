"""Fixtures: one demonstration county shared by tests that only add to it, and
a factory for tests that break things."""
import os
import shutil
import signal
import tempfile
import time

import pytest

from stack import Stack


def pytest_configure(config):
    """A folder for what all workers of this run copy (stack.migrated); and
    Ctrl-C means something, also to a run that a script began with &: a shell
    cannot trap a signal that is ignored when it starts."""
    if signal.getsignal(signal.SIGINT) is signal.SIG_IGN:
        signal.signal(signal.SIGINT, signal.default_int_handler)
    if "TAIZHANG_TEMPLATE" not in os.environ:
        config.template = tempfile.mkdtemp(prefix="tz-template-", dir="/tmp")
        os.environ["TAIZHANG_TEMPLATE"] = config.template


def pytest_unconfigure(config):
    if hasattr(config, "template"):
        shutil.rmtree(config.template, ignore_errors=True)


@pytest.fixture(scope="session")
def county():
    """The demonstration county with its API, without an agent."""
    s = Stack(demo=True, agent=False, env={"SANDBOX_TRACE": "yes"})
    s.start()
    yield s
    log = (s.var / "log/api.log").read_text()
    s.stop()
    assert "seccomp tracing enabled" in log
    assert not [x for x in log.splitlines() if "seccomp violation" in x]


@pytest.fixture
def stack():
    """Makes stacks of one's own: stack(demo=False, agent=False, …)."""
    made = []

    def make(**kw):
        made.append(Stack(**kw))
        return made[-1].start()
    yield make
    for s in made:
        s.stop()


def pytest_runtest_setup(item):
    """No day, of UTC or of Asia/Shanghai, ends within a test: what it sends
    and what it expects would be of two."""
    left = min(86400 - (time.time() + ahead) % 86400 for ahead in (0, 28800))
    if left < 60:
        time.sleep(left + 1)


@pytest.hookimpl(hookwrapper=True)
def pytest_runtest_makereport(item, call):
    """A failure shows the logs of the stacks the test used."""
    report = (yield).get_result()
    if report.when == "call" and report.failed:
        for value in item.funcargs.values():
            if isinstance(value, Stack):
                report.sections.append(("logs", value.logs()))
