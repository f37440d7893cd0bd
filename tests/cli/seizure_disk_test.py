# SPDX-License-Identifier: Apache-2.0
"""A disk that is full or broken from the n-th change of a file on, while a seizure is worked through: the program ends
with one clear line, and once the disk works again the run goes on to the same results.

By default a few points are tried; PRESSMARK_KILLS=200 tries all.
"""

import os

from program import SAMPLES, ProgramTest, environment, main
from seizure_test import results, without_command

POINTS = 5
ALL = "PRESSMARK_KILLS" in os.environ
FAULTS = ("ENOSPC", "EIO", "EROFS")


class SeizureDisk(ProgramTest):
    def setUp(self):
        super().setUp()
        self.create(SAMPLES / "scenes/scene_1.jpg", SAMPLES / "scenes/scene_2.jpg")
        self.out = self.folder / "place/run"
        self.out.parent.mkdir()

    def arguments(self, out):
        return ("seizure", self.catalogue, SAMPLES / "views/view_1.png", SAMPLES / "views/view_2.png",
                SAMPLES / "strangers", "--out", out, "--threads", "1", "--candidates", "2")

    def faults(self, **settings):
        return environment(LD_PRELOAD=os.environ["PRESSMARK_FAULTS_LIBRARY"],
                           ASAN_OPTIONS="verify_asan_link_order=0:" + os.environ.get("ASAN_OPTIONS", ""),
                           PRESSMARK_FAULTS_BELOW=str(self.out.parent),
                           **{f"PRESSMARK_FAULTS_{name.upper()}": str(value) for name, value in settings.items()})

    def remove_run(self):
        for path in sorted(self.out.parent.rglob("*"), reverse=True):
            path.rmdir() if path.is_dir() else path.unlink()

    def test_a_disk_that_fails_from_any_point_on_costs_no_result(self):
        trace = self.folder / "trace"
        self.check(0, *self.arguments(self.out), env=self.faults(trace=trace))
        whole = without_command(results(self.out))
        changes = len(trace.read_bytes().splitlines())
        self.assertGreater(changes, 100)
        points = range(1, changes + 1) if ALL else [1 + changes * n // POINTS for n in range(POINTS)]
        for number, at in enumerate(points):
            action = FAULTS[number % len(FAULTS)]
            with self.subTest(at=at, action=action):
                self.remove_run()
                result = self.check(1, *self.arguments(self.out),
                                    env=self.faults(at=at, action=action, onwards=1))
                [line] = self.issue_lines(result)
                self.assertIn(str(self.out), line)
                self.assertFalse((self.out / "manifest.json").exists())
                if (self.out / "plan.json").exists():
                    self.check(0, "seizure", "--resume", self.out)
                else:
                    # Nothing was laid down yet: it is begun again, in the same place once that is cleared.
                    self.remove_run()
                    self.check(0, *self.arguments(self.out))
                self.assertEqual(without_command(results(self.out)), whole)


if __name__ == "__main__":
    main()
