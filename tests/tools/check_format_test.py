#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Runs tools/check-format on a small repository."""

import os
import shutil
import subprocess
import tempfile
import unittest
from pathlib import Path

CHECK_FORMAT = Path(__file__).resolve().parents[2] / "tools" / "check-format"
CLANG_FORMAT = os.environ.get("CLANG_FORMAT", "clang-format")


@unittest.skipUnless(shutil.which("git") and shutil.which(CLANG_FORMAT), "needs git and clang-format")
class CheckFormat(unittest.TestCase):
    def setUp(self):
        temporary = tempfile.TemporaryDirectory()
        self.addCleanup(temporary.cleanup)
        self.root = Path(temporary.name)
        (self.root / ".clang-format").write_text("BasedOnStyle: Google\n")
        self.git("init", "--quiet")
        self.add("good.cpp", "int one() { return 1; }\n")

    def git(self, *arguments):
        subprocess.run(["git", "-C", self.root, *arguments], check=True)

    def add(self, name, text):
        (self.root / name).write_text(text)
        self.git("add", name)

    def check(self, **environment):
        result = subprocess.run([CHECK_FORMAT, self.root], capture_output=True, text=True, check=False,
                                env={**os.environ, **environment})
        return result.returncode, result.stdout.splitlines()

    def test_accepts_formatted_files(self):
        self.assertEqual(self.check(), (0, []))

    def test_names_tracked_files_that_would_change(self):
        self.add("bad file.cpp", "int  two( ){return 2;}\n")
        self.add("bad.hpp", "int  two( ){return 2;}\n")
        self.assertEqual(self.check(), (1, ["bad file.cpp", "bad.hpp"]))

    def test_passes_over_untracked_and_deleted_files(self):
        (self.root / "untracked.cpp").write_text("int  two( ){return 2;}\n")
        (self.root / "good.cpp").unlink()
        self.assertEqual(self.check(), (0, []))

    def test_fails_where_it_cannot_check(self):
        self.assertEqual(self.check(CLANG_FORMAT="no-such-program"), (2, []))


if __name__ == "__main__":
    unittest.main()
