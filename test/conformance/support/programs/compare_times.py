"""
compare_times.py JSON: how many ms more the best run of one command takes than the best of another, taken in turn.

What a caller has to say is in its socket or pipe before the start, which stays open. A busy machine adds to any one run,
so more are made until the difference is below the limit, up to a number. A third command, if there is one, is a
reference: where that takes more than the limit, the machine is slow, and half as much again is the limit.
"""

import json
import os
import socket
import subprocess
import sys
import time

LEAST_TRIES = 4
MOST_TRIES = 80


def time_of(command, payload):
    if wanted["kind"] == "pipe":
        theirs, ours = os.pipe()
    else:
        theirs, ours = (end.detach() for end in socket.socketpair())
    os.write(ours, payload.encode())
    before = time.perf_counter()
    status = subprocess.Popen(command, stdin=theirs, stdout=subprocess.DEVNULL).wait()
    passed = time.perf_counter() - before
    os.close(theirs)
    os.close(ours)
    assert status == 0, status
    return passed * 1000


wanted = json.loads(sys.argv[1])
best = [float("inf")] * len(wanted["runs"])
limit = wanted["limit"]
for tries in range(MOST_TRIES):
    if len(best) > 2:
        limit = max(wanted["limit"], 1.5 * (best[2] - best[1]))
    if tries >= LEAST_TRIES and best[0] - best[1] < limit:
        break
    for which, (command, payload) in enumerate(wanted["runs"]):
        best[which] = min(best[which], time_of(command, payload))
print(json.dumps({"more": best[0] - best[1], "limit": limit}))
