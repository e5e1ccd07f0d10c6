"""The limits of the kernel's process, tried in a process of their own."""

import json
import os
import subprocess
import sys

from qubx_strategy.limits import count_tasks

PROGRAM = """
import json, os, resource, sys
from qubx_strategy.limits import apply_limits
resource.setrlimit(resource.RLIMIT_NOFILE, (50, 100))
tasks = apply_limits.__globals__["count_tasks"](os.getuid())
lines = apply_limits(sys.argv[1])
kinds = (resource.RLIMIT_DATA, resource.RLIMIT_NPROC, resource.RLIMIT_NOFILE)
limits = [resource.getrlimit(kind) for kind in kinds]
print(json.dumps([lines, limits, tasks, open("/proc/self/oom_score_adj").read().strip()]))
"""


def run(**limits: int | None) -> tuple[list[str], list[list[int]], int, str]:
    given = json.dumps(
        {"memory": None, "processes": None, "open_files": None, "open_files_at_first": None, **limits}
    )
    output = subprocess.run(
        [sys.executable, "-c", PROGRAM, given], check=True, capture_output=True, timeout=60
    ).stdout
    lines, values, tasks, score = json.loads(output)
    return lines, values, tasks, score


def test_limits_are_set_and_lowered_to_what_is_possible() -> None:
    lines, (memory, processes, open_files), tasks, score = run(
        memory=1 << 33, processes=1000, open_files=5000
    )
    assert memory == [1 << 33, 1 << 33]
    assert abs(processes[0] - tasks - 1000) < 500  # Others start and end meanwhile.
    assert open_files == [100, 100]
    assert lines == ["the kernel's limit of 5000 open files is above the system's; it is 100"]
    assert score == "800"


def test_without_limits_all_stays_as_it_was() -> None:
    lines, (memory, _, open_files), _, score = run()
    assert (lines, open_files, score) == ([], [50, 100], "800")
    assert memory[0] == -1 or memory[0] > 0


def test_a_soft_limit_is_lowered_only_and_leaves_the_hard_one() -> None:
    assert run(open_files_at_first=40)[1][2] == [40, 100]
    assert run(open_files_at_first=60)[1][2] == [50, 100]
    assert run(open_files_at_first=40, open_files=70)[1][2] == [70, 70]


def test_the_users_tasks_are_counted_with_their_threads() -> None:
    alone = subprocess.run(["ps", "-eLo", "uid="], check=True, capture_output=True, text=True, timeout=60)
    counted = alone.stdout.split().count(str(os.getuid()))
    assert abs(count_tasks(os.getuid()) - counted) < 200
    assert count_tasks(4_294_000_000) == 0
