# SPDX-License-Identifier: Apache-2.0
"""Disks that are full, read-only or broken from the n-th change of a file on, for every operation.

The program ends by itself with one clear line, the catalogue is as before or as after, and once the disk works
again the operation succeeds. By default a few points are tried; PRESSMARK_KILLS=200 tries all.
"""

import os
import unittest

from crash_operations import OPERATIONS, CrashTest, Shim, run_on_terminal

ALL = "PRESSMARK_KILLS" in os.environ
POINTS_OF_SHORT_FORM = 2

# What fails: the action, and whether it goes on.
FAULTS = (("ENOSPC", 1), ("EIO", 0), ("EROFS", 1), ("EIO", 1), ("short", 0))
FAULTS_OF_SHORT_FORM = 3


class DiskFault(CrashTest):
    def check_fault(self, action, onwards, at):
        self.place.restore("before")
        shim = Shim(self.place, action=action, onwards=onwards, at=at)
        code, output = run_on_terminal(self.operation.command(), shim.environment)
        # Progress, which a terminal shows, is wiped out by an escape sequence before a line is written.
        lines = [line.rsplit(b"\x1b[K", 1)[-1] for line in output.splitlines()]
        issues = [line for line in lines if line.startswith(b"pressmark: ")]
        if action == "short":
            self.assertEqual((code, issues), (0, []), output)
        self.assertIn(code, (0, 1), output)
        # What is written beside the catalogue itself (the owner of the lock) may fail without a word.
        self.assertEqual(len(issues), code, output)
        for line in issues:
            self.assertIn(os.fsencode(self.place.root), line)
        if code == 0:
            self.assertTrue(self.operation.is_acknowledged(output), output)
        self.check_recovered(output)

    def check_operation(self, operation_class):
        self.begin(operation_class)
        for number, (action, onwards) in enumerate(FAULTS if ALL else FAULTS[:FAULTS_OF_SHORT_FORM]):
            points = self.points(None if ALL else POINTS_OF_SHORT_FORM)
            for at in points if ALL else points[number % 2:][:1]:
                with self.subTest(self.operation.name, action=action, onwards=onwards, at=at):
                    self.check_fault(action, onwards, at)


def test_of(operation_class):
    return lambda self: self.check_operation(operation_class)


for _class in OPERATIONS:
    setattr(DiskFault, f"test_{_class.__name__.lower()}", test_of(_class))

if __name__ == "__main__":
    unittest.main()
