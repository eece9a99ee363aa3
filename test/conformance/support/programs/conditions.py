"""conditions.py JSON COMMAND [ARG...]: puts this process into the state that the JSON asks for, then becomes COMMAND."""

import json
import os
import resource
import signal
import sys

wanted = json.loads(sys.argv[1])
command = [os.fsencode(word) for word in sys.argv[2:]]
command += [bytes.fromhex(word) for word in wanted.get("rawArguments", [])]
environment = dict(os.environb)
for name in wanted.get("unset", []):
    environment.pop(name.encode(), None)
for name, value in wanted.get("rawEnvironment", {}).items():
    environment[name.encode()] = bytes.fromhex(value)

# Python ignores these two for itself; whoever it becomes should find them as they were.
signal.signal(signal.SIGPIPE, signal.SIG_DFL)
signal.signal(signal.SIGXFSZ, signal.SIG_DFL)
for name in wanted.get("ignore", []):
    signal.signal(getattr(signal, name), signal.SIG_IGN)
signal.pthread_sigmask(signal.SIG_BLOCK, [getattr(signal, name) for name in wanted.get("block", [])])

for name, (soft, hard) in wanted.get("limits", {}).items():
    kind = getattr(resource, "RLIMIT_" + name)
    most = resource.getrlimit(kind)[1] if hard is None else hard
    resource.setrlimit(kind, (most if soft is None else soft, most))
if "umask" in wanted:
    os.umask(wanted["umask"])
if "nice" in wanted:
    os.nice(wanted["nice"])
if "deletedDirectory" in wanted:
    os.mkdir(wanted["deletedDirectory"])
    os.chdir(wanted["deletedDirectory"])
    os.rmdir(wanted["deletedDirectory"])
for descriptor in wanted.get("close", []):
    os.close(descriptor)
os.execvpe(command[0], command, environment)
