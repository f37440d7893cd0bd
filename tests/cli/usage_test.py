# SPDX-License-Identifier: Apache-2.0
"""Help, version, wrong usage and shell completion."""

import re
import shutil
import subprocess
import unittest

from program import SAMPLES, TIMEOUT_S, ProgramTest, main

VERBS = ("init", "add", "match", "compare", "info", "list", "show", "remove", "update",
         "compact", "reindex", "audit", "check", "repair", "export", "import", "merge",
         "seizure", "replay", "confirm", "reject", "note", "decisions", "train", "evaluate",
         "completion")


class Usage(ProgramTest):
    def test_version(self):
        output = self.check(0, "--version").stdout.decode()
        self.assertRegex(output, r"^pressmark \d+\.\d+\.\d+ \(.*\)\n$")

    def test_help(self):
        output = self.check(0, "--help").stdout.decode()
        for verb in VERBS:
            self.assertRegex(output, rf"(?m)^ +{verb} ")
            self.assertIn("Usage: pressmark " + verb,
                          self.check(0, verb, "--help").stdout.decode())

    def test_wrong_usage(self):
        for arguments in ((), ("frobnicate",), ("match",), ("match", "catalogue"), ("add", "c"),
                          ("list", "c", "--nonsense"), ("list", "c", "--kind", "photo"),
                          ("match", "c", "p", "--threads", "many"),
                          ("match", "c", "p", "--threads", "-1"), ("remove", "c"),
                          ("add", "c", "p", "--package", "P-1"), ("completion", "csh"),
                          ("compare", "only_one"), ("evaluate", "photos"),
                          ("evaluate", "--truth", "truth.csv")):
            with self.subTest(arguments):
                result = self.check(2, *arguments)
                self.assertEqual(result.stdout, b"")
                self.assertNotEqual(result.stderr, b"")

    def test_values_out_of_range_are_named(self):
        self.create(SAMPLES / "good/rgb.png")
        for option, value in (("--ratio", "2"), ("--threshold", "0"), ("--min-inliers", "1"),
                              ("--candidates", "0"), ("--max-hits", "0"), ("--max-pixels", "0")):
            with self.subTest(option):
                result = self.check(1, "match", self.catalogue, SAMPLES / "good/rgb.png", option,
                                    value)
                self.assertEqual(len(result.stderr.splitlines()), 1, result.stderr)
        for option, value in (("--long-side", "10"), ("--keypoints", "0")):
            result = self.check(1, "init", self.folder / "other", option, value)
            self.assertEqual(len(result.stderr.splitlines()), 1, result.stderr)
            self.assertFalse((self.folder / "other").exists())


class Completion(ProgramTest):
    def script(self, shell):
        return self.check(0, "completion", shell).stdout.decode()

    def complete(self, *words):
        """What bash would offer for the last word."""
        script = self.write("completion.bash", self.script("bash"))
        command = (f"source {script}; COMP_WORDS=({' '.join(words)}); "
                   f"COMP_CWORD={len(words) - 1}; _pressmark; printf '%s\\n' \"${{COMPREPLY[@]}}\"")
        # compopt complains where no real completion is under way.
        result = subprocess.run(["bash", "--norc", "-c", command], capture_output=True, text=True,
                                cwd=self.folder, timeout=TIMEOUT_S, check=True)
        return result.stdout.split("\n")[:-1]

    def test_bash_parses_the_script(self):
        script = self.write("completion.bash", self.script("bash"))
        subprocess.run(["bash", "-n", script], timeout=TIMEOUT_S, check=True)

    def test_bash_completes(self):
        self.assertEqual(self.complete("pressmark", "ma"), ["match"])
        self.assertEqual(sorted(self.complete("pressmark", "''")),
                         sorted([*VERBS, "--help", "--version"]))
        self.assertEqual(self.complete("pressmark", "match", "--thr"), ["--threads", "--threshold"])
        self.assertEqual(self.complete("pressmark", "add", "--new"), ["--new-seizures"])
        self.write("photos.csv", "file\n")
        self.assertEqual(self.complete("pressmark", "add", "pho"), ["photos.csv"])

    def test_every_option_of_the_help_is_offered(self):
        for verb in VERBS:
            shown = set(re.findall(r"(?m)^ +(?:-\w,)?(--[\w-]+)",
                                   self.check(0, verb, "--help").stdout.decode()))
            self.assertEqual(set(self.complete("pressmark", verb, "--")), shown)

    def check_parsed_by(self, shell, *arguments):
        program = shutil.which(shell)
        if program is None:
            raise unittest.SkipTest(f"no {shell} here")
        script = self.write(f"completion.{shell}", self.script(shell))
        subprocess.run([program, *arguments, script], timeout=TIMEOUT_S, check=True)

    def test_zsh_parses_the_script(self):
        self.check_parsed_by("zsh", "-n")

    def test_fish_parses_the_script(self):
        self.check_parsed_by("fish", "--no-execute")


if __name__ == "__main__":
    main()
