"""Secrets: files that others may read are refused, processes leave no dump."""
import pathlib

import pytest
from stack import wait_for


def test_no_part_leaves_a_dump_or_lets_others_look(stack):
    s = stack(demo=False, agent=False)
    # The jobs begin beside the API, which is what start() waits for.
    jobs = wait_for(lambda: s.pids("taizhang-jobs"), 5, why="job runner")
    pids = s.pids("kore") + jobs
    assert len(pids) >= 4

    def core(proc):
        return [line.split()[4:6] for line in
                (proc / "limits").read_text().splitlines()
                if line.startswith("Max core file size")]

    for pid in pids:
        proc = pathlib.Path(f"/proc/{pid}")
        wait_for(lambda p=proc: core(p) == [["0", "0"]], 5, why=f"{proc}")
        # What may not be dumped belongs to root here, whoever runs it.
        wait_for(lambda p=proc: (p / "environ").stat().st_uid == 0, 5,
                 why=f"{proc} is nobody's to look into")
        assert (proc / "stat").exists()


def test_a_key_that_others_may_read_is_refused(stack):
    s = stack(demo=False, agent=False)
    s.stop(keep=True)
    for key, mode in (("row", 0o644), ("cursor", 0o660)):
        path = s.var / "secrets" / key
        path.chmod(mode)
        with pytest.raises(AssertionError, match="run.sh ended"):
            s.start()
        said = [x for x in s.logs().splitlines() if str(path) in x]
        assert said and "chmod 0600" in said[-1], said
        path.chmod(0o640)
