"""first_process.py COUNT COMMAND [ARG...]: runs COMMAND COUNT times and reaps only those; prints how many zombies are left."""

import os
import sys
import time

count, command = int(sys.argv[1]), sys.argv[2:]
for _ in range(count):
    child = os.fork()
    if child == 0:
        os.execvp(command[0], command)
    os.waitpid(child, 0)


def states():
    for name in filter(str.isdigit, os.listdir("/proc")):
        try:
            with open(f"/proc/{name}/stat", encoding="latin-1") as stat:
                yield int(name), stat.read().rpartition(")")[2].split()[0]
        except OSError:
            pass


# Waits for processes that are about to end, so that they count.
end = time.monotonic() + 5
while time.monotonic() < end and any(pid != 1 and state not in "ZX" for pid, state in states()):
    time.sleep(0.01)
print(sum(state == "Z" for _, state in states()))
