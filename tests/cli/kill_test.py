# SPDX-License-Identifier: Apache-2.0
"""Every operation on a catalogue is killed at its operations on files, and the power cut there.

For each point: the process ends by SIGKILL before the n-th change of a file, or in the middle of it where it
writes. What is left is examined as the kernel has it, and again as a disk would have it that lost all that was
not synced, or any part of it. By default a few points are tried. PRESSMARK_KILLS=200 tries all of them, and
moments by chance until there were that many kills of each operation.
"""

import hashlib
import os
import random
import shutil
import signal
import time
import unittest

from crash_disk import Disk
from crash_operations import OPERATIONS, CrashTest, Shim, run_on_terminal

KILLS = int(os.environ.get("PRESSMARK_KILLS", "0"))
POINTS_OF_SHORT_FORM = 4
EVERYTHING_LOST = None


def contents_digest(directory):
    """Of names and bytes of all files but the lock, which holds the number of a process."""
    digest = hashlib.sha256()
    for path in sorted(directory.rglob("*")):
        digest.update(os.fsencode(path) + b"\0")
        if path.is_file() and path.name != "writer.lock":
            digest.update(hashlib.sha256(path.read_bytes()).digest())
    return digest.digest()


class Killed(CrashTest):
    def check_kill(self, *, action=None, at=None, after_s=None, killed=True, seeds=()):
        """One kill: what it leaves, where `killed`, and what power cuts at its moment leave."""
        self.place.restore("before")
        disk = Disk(self.place.root)
        trace = self.place.folder / "trace"
        trace.write_bytes(b"")
        shim = Shim(self.place, trace, at=at, action=action)
        code, output = run_on_terminal(self.operation.command(), shim.environment, after_s)
        if at is not None:
            self.assertEqual(code, -signal.SIGKILL, output)
        if killed:
            self.check_recovered(output)
        disk.replay(trace)
        for seed in seeds:
            with self.subTest("power cut", seed=seed):
                shutil.rmtree(self.place.root)
                disk.write_lost(self.place.root, seed)
                # Between two syncs all power cuts leave the same.
                left = (contents_digest(self.place.root), self.operation.is_acknowledged(output))
                if left not in self.examined:
                    self.check_recovered(output)
                    self.examined.add(left)

    def check_operation(self, operation_class):
        self.begin(operation_class)
        self.examined = set()
        if KILLS == 0:
            for number, at in enumerate(self.points(POINTS_OF_SHORT_FORM)):
                action = ("kill", "tear")[number % 2]
                # Early and late ones of both: what is stored is indexed in the second half.
                is_cut = number % 2 == 1
                with self.subTest(self.operation.name, action=action, at=at):
                    self.check_kill(action=action, at=at, killed=not is_cut,
                                    seeds=(EVERYTHING_LOST,) if is_cut else ())
            return
        kills = 0
        for at in self.points(None):
            for action in ("kill", "tear") if self.steps_names[at - 1] == b"write" else ("kill",):
                with self.subTest(self.operation.name, action=action, at=at):
                    self.check_kill(action=action, at=at, seeds=(EVERYTHING_LOST, at))
                    kills += 1
        chance = random.Random(1)
        started = time.monotonic()
        self.place.restore("before")
        run_on_terminal(self.operation.command(), Shim(self.place).environment)
        length_s = time.monotonic() - started
        while kills < KILLS:
            after_s = chance.uniform(0, length_s)
            with self.subTest(self.operation.name, after_s=after_s):
                self.check_kill(after_s=after_s, seeds=(EVERYTHING_LOST, kills))
                kills += 1
        print(f"{operation_class.__name__}: {self.steps} operations on files, {kills} kills")


def test_of(operation_class):
    return lambda self: self.check_operation(operation_class)


for _class in OPERATIONS:
    setattr(Killed, f"test_{_class.__name__.lower()}", test_of(_class))

if __name__ == "__main__":
    unittest.main()
