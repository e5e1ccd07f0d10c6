"""What the kernel's process may use, set before anything of the user's runs.

A limit is never above what the process was given: then it is lowered to that, and the session's log says so.
"""

import json
import os
import resource

LARGEST = (1 << 63) - 1
"""The largest limit that is not "none"."""

OOM_SCORE = 800
"""Of 1,000: when memory ends, the system kills the kernel, not the service that holds the book."""


def apply_limits(limits: str) -> list[str]:
    """Sets the limits in a JSON object, in which null means none; returns lines for the log."""
    given: dict[str, int | None] = json.loads(limits)
    lines = []
    memory, processes, open_files = given["memory"], given["processes"], given["open_files"]
    if memory is not None:
        lines += lower(resource.RLIMIT_DATA, memory, "bytes of memory")
    if processes is not None:
        lines += lower(resource.RLIMIT_NPROC, count_tasks(os.getuid()) + processes, "processes")
    if open_files is not None:
        lines += lower(resource.RLIMIT_NOFILE, open_files, "open files")
    elif (at_first := given["open_files_at_first"]) is not None:
        soften(resource.RLIMIT_NOFILE, at_first)
    return lines + prefer_as_victim()


def lower(kind: int, wanted: int, what: str) -> list[str]:
    """Sets one limit for good: what runs here cannot raise it again."""
    _, hard = resource.getrlimit(kind)
    possible = min(wanted, LARGEST if hard == resource.RLIM_INFINITY else hard)
    resource.setrlimit(kind, (possible, possible))
    if possible < wanted:
        return [f"the kernel's limit of {wanted} {what} is above the system's; it is {possible}"]
    return []


def soften(kind: int, wanted: int) -> None:
    """Lowers one limit so that what runs here can raise it again."""
    soft, hard = resource.getrlimit(kind)
    if soft == resource.RLIM_INFINITY or wanted < soft:
        resource.setrlimit(kind, (wanted, hard))


def prefer_as_victim() -> list[str]:
    """Makes the system choose this process when memory ends; one that it would choose before stays that."""
    path = "/proc/self/oom_score_adj"
    try:
        with open(path, "r+", encoding="ascii") as file:
            if int(file.read()) < OOM_SCORE:
                file.seek(0)
                file.write(str(OOM_SCORE))
    except OSError as error:
        return [f"the kernel is not preferred when memory ends: {path}: {error.strerror}"]
    return []


def count_tasks(user: int) -> int:
    """Returns how many processes and threads a user has: the system's limit counts them together."""
    tasks = 0
    for entry in os.scandir("/proc"):
        if not entry.name.isdigit():
            continue
        try:
            with open(os.path.join(entry.path, "status"), encoding="utf-8", errors="replace") as file:
                fields = dict(line.split(":\t", 1) for line in file if ":\t" in line)
        except OSError:  # It has ended.
            continue
        if int(fields["Uid"].split()[0]) == user:
            tasks += int(fields["Threads"])
    return tasks
