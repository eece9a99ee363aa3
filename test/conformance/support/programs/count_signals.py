"""count_signals.py FILE: writes a line to FILE for each signal delivered; prints `ready`; answers each line of input; ends with its input."""

import os
import select
import signal
import sys

log = os.open(sys.argv[1], os.O_WRONLY | os.O_CREAT | os.O_APPEND, 0o600)
# Python runs a handler between two of its own steps: a signal just before a read would wait until the read ends.
woken, wakes = os.pipe()
os.set_blocking(wakes, False)
signal.set_wakeup_fd(wakes)
for number in (1, 2, 3, 10, 12, 14, 15, 18, 28):
    signal.signal(number, lambda seen, _: os.write(log, signal.Signals(seen).name.encode() + b"\n"))
os.write(1, b"ready\n")
while True:
    ready, _, _ = select.select([0, woken], [], [])
    if woken in ready:
        os.read(woken, 4096)
    if 0 in ready:
        if not os.read(0, 4096):
            break
        os.write(1, b"answer\n")
