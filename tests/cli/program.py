# SPDX-License-Identifier: Apache-2.0
"""What the tests of the command line share: the program as a process, sample photos, catalogues.

CTest sets PRESSMARK_PROGRAM (the program) and PRESSMARK_SAMPLES (what write_sample_images wrote).
"""

import json
import os
import shutil
import subprocess
import tempfile
import unittest
from pathlib import Path

PROGRAM = os.environ["PRESSMARK_PROGRAM"]
SAMPLES = Path(os.environ["PRESSMARK_SAMPLES"])
TIMEOUT_S = 120

# Photos are reduced to little: what is tested here is not how well they match.
QUICK = ("--long-side", "96", "--keypoints", "32")


def environment(**changes):
    values = {name: value for name, value in os.environ.items()
              if name not in ("NO_COLOR", "TERM", "LC_ALL", "LANG")}
    values.update(changes)
    return values


def run(*arguments, **options):
    """Runs the program to its end; stdout and stderr as bytes."""
    options.setdefault("stdout", subprocess.PIPE)
    options.setdefault("stderr", subprocess.PIPE)
    options.setdefault("env", environment())
    return subprocess.run([PROGRAM, *arguments], stdin=subprocess.DEVNULL, timeout=TIMEOUT_S,
                          check=False, **options)


def start(*arguments, **options):
    options.setdefault("env", environment())
    return subprocess.Popen([PROGRAM, *arguments], stdin=subprocess.DEVNULL, **options)


def records(output):
    """The records of JSON Lines output, which must be UTF-8."""
    return [json.loads(line) for line in output.decode("utf-8").splitlines()]


def snapshot(directory):
    """Name and bytes of everything below a directory."""
    found = {}
    for path in sorted(Path(directory).rglob("*")):
        found[str(path)] = path.read_bytes() if path.is_file() else None
    return found


def sample_index():
    return json.loads((SAMPLES / "index.json").read_text(encoding="utf-8"))


class ProgramTest(unittest.TestCase):
    maxDiff = None

    def setUp(self):
        self.folder = Path(tempfile.mkdtemp(prefix="pressmark-cli-"))
        self.addCleanup(shutil.rmtree, self.folder)
        # Also for the unprivileged user that some tests turn into.
        self.folder.chmod(0o755)
        self.catalogue = self.folder / "catalogue"

    def check(self, code, *arguments, **options):
        """Runs the program and expects this exit code."""
        result = run(*arguments, **options)
        self.assertEqual(result.returncode, code, f"{arguments}\n{result.stderr!r}")
        return result

    def create(self, *photos, options=QUICK):
        self.check(0, "init", self.catalogue, *options)
        if photos:
            self.check(0, "add", self.catalogue, *photos)

    def write(self, name, contents):
        path = self.folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(contents if isinstance(contents, bytes) else contents.encode("utf-8"))
        return path

    def copy(self, sample, name):
        """A copy of a sample under a name of its own, given as text or bytes."""
        target = os.path.join(os.fsencode(self.folder), os.fsencode(name))
        os.makedirs(os.path.dirname(target), exist_ok=True)
        shutil.copyfile(SAMPLES / sample, target)
        return target

    def many_photos(self, count):
        """A folder of photos that differ in bytes, though not in what they show: JPEG files may
        carry data behind their end."""
        photo = (SAMPLES / "good/baseline.jpg").read_bytes()
        for number in range(count):
            self.write(f"many/{number:04}.jpg", photo + b"trailer %d" % number)
        return self.folder / "many"

    def listed(self):
        return records(self.check(0, "list", self.catalogue, "--jsonl").stdout)

    def issue_lines(self, result):
        """Lines of stderr that name a problem; every other line is a summary or note."""
        return [line for line in result.stderr.decode("utf-8", "surrogateescape").splitlines()
                if line.startswith("pressmark: ")]

    def quality_lines(self, found):
        """What stderr says of the photos whose records name a problem of quality."""
        return [f"pressmark: {item['file']}: {item['quality']}" for item in found
                if item.get("quality")]

    def check_one_issue(self, arguments, name, reason, code, record="add", exit_code=3):
        """The run names the file and the reason on one line of stderr and in one record, and goes
        on: `arguments` must contain one good photo besides."""
        result = self.check(exit_code, *arguments, "--jsonl")
        found = records(result.stdout)
        qualities = self.quality_lines(found)
        lines = [line for line in self.issue_lines(result)
                 if "already in the catalogue" not in line and line not in qualities]
        self.assertEqual(len(lines), 1, lines)
        self.assertIn(name, lines[0])
        self.assertIn(reason, lines[0])
        failed = [item for item in found if item.get("status") == "failed"]
        self.assertEqual(len(failed), 1, found)
        self.assertEqual((failed[0]["type"], failed[0]["code"]), (record, code))
        self.assertIn(reason, failed[0]["reason"])
        self.assertTrue([item for item in found if item.get("status") in
                         ("added", "duplicate", "hit", "no_match", "unusable")],
                        "the run did not go on")
        return failed[0]


main = unittest.main
