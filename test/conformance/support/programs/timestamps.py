"""timestamps.py COUNT: prints the time in ms on COUNT lines, 20 ms apart and unbuffered."""

import sys
import time

for _ in range(int(sys.argv[1])):
    print(f"{time.time() * 1000:.3f}", flush=True)
    time.sleep(0.02)
