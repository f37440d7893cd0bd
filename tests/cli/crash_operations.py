# SPDX-License-Identifier: Apache-2.0
"""The operations that tests kill or let fail, and what must hold of the catalogue afterwards.

An operation is a class with the command that is run and the states that may be found after it was cut off. All
photos are tiny, and the model is the smallest, so that a run takes hundredths of a second.
"""

import contextlib
import os
import pty
import shutil
import subprocess
import tempfile
import unittest
from pathlib import Path

from program import PROGRAM, SAMPLES, TIMEOUT_S, environment, records, run

FAULTS_LIBRARY = os.environ["PRESSMARK_FAULTS_LIBRARY"]
TEST_MODEL_WRITER = os.environ["PRESSMARK_TEST_MODEL_WRITER"]
OPTIONS = ("--long-side", "96", "--keypoints", "32")
SCENES = sorted((SAMPLES / "scenes").iterdir())
QUERIES = sorted((SAMPLES / "views").iterdir())[:2]


class Place:
    """A directory for one catalogue, always of the same name, with the photos and the model beside it."""

    def __init__(self):
        self.folder = Path(tempfile.mkdtemp(prefix="pressmark-crash-")).resolve()
        self.root = self.folder / "place"
        self.catalogue = self.root / "catalogue"
        self.model = self.folder / "model"
        self.root.mkdir()
        subprocess.run([TEST_MODEL_WRITER, self.model], check=True)

    def remove(self):
        shutil.rmtree(self.folder)

    def save(self, name):
        """Keeps a copy of everything, under a name."""
        shutil.copytree(self.root, self.folder / name)

    def restore(self, name):
        shutil.rmtree(self.root, ignore_errors=True)
        shutil.copytree(self.folder / name, self.root)

    def run(self, *arguments):
        """Runs the program undisturbed. What counts is not synced, which would take most of the time."""
        return run(*arguments, env=Shim(self).environment)

    def call(self, *arguments):
        """The same; it must succeed."""
        result = self.run(*arguments)
        if result.returncode != 0:
            raise AssertionError(f"{arguments}: {result.returncode}\n{result.stderr.decode()}")
        return result.stdout

    def init(self):
        self.call("init", self.catalogue, "--model", self.model, *OPTIONS)

    def state(self):
        """All that the program answers, without moments; None where there is no catalogue."""
        result = self.run("list", self.catalogue, "--jsonl")
        if result.returncode == 1 and (b"does not exist" in result.stderr or
                                       b"is not a catalogue" in result.stderr):
            return None
        if result.returncode != 0:
            raise AssertionError(f"list: {result.returncode}\n{result.stderr.decode()}")
        images = records(result.stdout)
        seizures = records(self.call("list", self.catalogue, "--seizures", "--jsonl"))
        found = records(self.call("match", self.catalogue, *QUERIES, "--jsonl", "--threads", "1"))
        answers = [item for item in found if item["type"] in ("query", "hit")]
        for image in images + [answer["image"] for answer in answers if "image" in answer]:
            del image["added_at"]
        return {"images": images, "seizures": seizures, "answers": answers}

    def files(self):
        """Names of all files, without records of runs, which each run adds, and without files of the index, whose
        numbers are never used twice. What a crash left of a creation may stay."""
        names = [path.relative_to(self.root).as_posix() for path in self.root.rglob("*") if path.is_file()]
        ours = (name for name in names if not name.startswith(".") and "/.creating-" not in name)
        return sorted(name for name in ours if "/runs/" not in name and not name.endswith(".pmidx"))

    def index_state(self):
        """How far the index covers the catalogue, and what is wrong with it."""
        info = records(self.call("info", self.catalogue, "--jsonl"))[0]
        return {name: info.get(name) for name in ("indexed_images", "unindexed_images", "index_problems")}


class Operation:
    name = ""
    arguments = ()
    changes_answers = True

    def __init__(self, place):
        self.place = place

    def prepare(self):
        """Makes the state before."""
        self.place.init()
        self.place.call("add", self.place.catalogue, *SCENES[:3])

    def command(self):
        return (self.name, self.place.catalogue, *self.arguments)

    def is_acknowledged(self, output):
        """Whether the program has said that the whole operation is done."""
        return False

    def states_between(self, before, after):
        """States beside these two that a cut may leave."""
        del before, after
        return []


class Init(Operation):
    name = "init"

    def prepare(self):
        pass

    def command(self):
        return ("init", self.place.catalogue, "--model", self.place.model, *OPTIONS)

    def is_acknowledged(self, output):
        return b"created catalogue" in output


class InitInside(Init):
    """In an empty directory that exists."""

    def prepare(self):
        self.place.catalogue.mkdir()


class Add(Operation):
    """Photos of a new seizure, which is a transaction of its own before them."""
    name = "add"
    arguments = (*SCENES[3:6], "--seizure", "S-2", "--place", "Porto", "--threads", "1", "--jsonl")

    def is_acknowledged(self, output):
        return b'"status":"added"' in output

    def states_between(self, before, after):
        seizure = dict(after["seizures"][-1], images=0, packages=0)
        return [dict(before, seizures=[seizure])]


class Remove(Operation):
    name = "remove"
    arguments = ("1", "3")

    def is_acknowledged(self, output):
        return b"2 removed" in output


class Reindex(Operation):
    name = "reindex"
    changes_answers = False

    def is_acknowledged(self, output):
        return b"3 images indexed" in output


class Compact(Operation):
    """Two segments, an image of one of them removed, become one."""
    name = "compact"
    arguments = ("--removed-share", "0")
    changes_answers = False

    def prepare(self):
        super().prepare()
        self.place.call("add", self.place.catalogue, *SCENES[3:5])
        self.place.call("remove", self.place.catalogue, "2")

    def is_acknowledged(self, output):
        return b"1 removed images reclaimed" in output


class Update(Operation):
    name = "update"
    arguments = ("1", "3", "--kind", "toolmark")

    def is_acknowledged(self, output):
        return b"2 updated" in output


class Import(Operation):
    """Photos of a seizure that only the other catalogue knows, which is a transaction of its own before them."""
    name = "import"

    def prepare(self):
        super().prepare()
        self.other = self.place.folder / "other"
        self.place.call("init", self.other, "--model", self.place.model, *OPTIONS)
        self.place.call("add", self.other, *SCENES[3:6], "--seizure", "S-2", "--place", "Porto")

    def command(self):
        return ("import", self.place.catalogue, self.other)

    def is_acknowledged(self, output):
        return b"3 added" in output

    def states_between(self, before, after):
        seizure = dict(after["seizures"][-1], images=0, packages=0)
        return [dict(before, seizures=[seizure])]


class Merge(Operation):
    """Two catalogues, each with a seizure that only it knows: one import after the other."""
    name = "merge"

    def prepare(self):
        super().prepare()
        self.others = [self.place.folder / "other-1", self.place.folder / "other-2"]
        for number, other in enumerate(self.others):
            self.place.call("init", other, "--model", self.place.model, *OPTIONS)
            self.place.call("add", other, SCENES[3 + number], "--seizure", f"S-{2 + number}", "--place",
                            "Porto")

    def command(self):
        return ("merge", self.place.catalogue, *self.others)

    def is_acknowledged(self, output):
        return output.count(b"1 added") == 2

    def states_between(self, before, after):
        self.place.restore("before")
        self.place.call("import", self.place.catalogue, self.others[0])
        first = self.place.state()

        def declared(state, seizure):
            return dict(state, seizures=state["seizures"] + [dict(seizure, images=0, packages=0)])

        return [declared(before, after["seizures"][-2]), first, declared(first, after["seizures"][-1])]


class Export(Operation):
    """The catalogue that is made is the one that is looked at."""
    name = "export"

    def prepare(self):
        super().prepare()
        self.source = self.place.folder / "source"
        self.place.catalogue.rename(self.source)

    def command(self):
        return ("export", self.source, self.place.catalogue)

    def is_acknowledged(self, output):
        return b"3 images" in output


OPERATIONS = (Init, InitInside, Add, Remove, Reindex, Compact, Update, Import, Merge, Export)


class Shim:
    """Settings of tests/support/file_faults.hpp for one run."""

    def __init__(self, place, trace=None, **settings):
        values = {"BELOW": place.root, "TRACE": trace, **{k.upper(): v for k, v in settings.items()}}
        self.environment = environment(
            LD_PRELOAD=FAULTS_LIBRARY,
            # Where the program itself is built with AddressSanitizer, its library is not the first.
            ASAN_OPTIONS="verify_asan_link_order=0:" + os.environ.get("ASAN_OPTIONS", ""),
            **{f"PRESSMARK_FAULTS_{name}": str(value) for name, value in values.items()
               if value is not None})


def run_on_terminal(command, env, kill_after_s=None):
    """Exit status and output. On a terminal the program writes what it acknowledges at once."""
    master, terminal = pty.openpty()
    with contextlib.closing(os.fdopen(master, "rb", buffering=0)) as reader:
        process = subprocess.Popen([PROGRAM, *command], env=env, stdin=subprocess.DEVNULL,
                                   stdout=terminal, stderr=terminal)
        os.close(terminal)
        if kill_after_s is not None:
            with contextlib.suppress(subprocess.TimeoutExpired):
                process.wait(kill_after_s)
            process.kill()
        output = b""
        with contextlib.suppress(OSError):  # the terminal's other end is closed
            while block := reader.read(65536):
                output += block
        return process.wait(TIMEOUT_S), output


class CrashTest(unittest.TestCase):
    """One operation, its states before and after, and the number of operations on files that it takes."""
    maxDiff = None

    def begin(self, operation_class):
        self.place = Place()
        self.addCleanup(self.place.remove)
        self.operation = operation_class(self.place)
        verbs = [line.split()[0] for line in run("--help").stdout.decode().splitlines() if line.strip()]
        if operation_class.name not in verbs:
            self.skipTest(f"this program has no {operation_class.name}")
        self.operation.prepare()
        self.place.save("before")
        self.before = self.place.state()
        self.place.restore("before")
        trace = self.place.folder / "trace"
        code, output = run_on_terminal(self.operation.command(), Shim(self.place, trace).environment)
        self.assertEqual(code, 0, output)
        self.assertTrue(self.operation.is_acknowledged(output), output)
        self.steps_names = [line.split(b"\t")[0] for line in trace.read_bytes().splitlines()]
        self.steps = len(self.steps_names)
        self.assertGreater(self.steps, 0)
        self.files = self.place.files()
        self.index = self.place.index_state()
        self.after = self.place.state()
        self.assertEqual(self.before != self.after, self.operation.changes_answers)
        self.allowed = [self.before, self.after]
        self.allowed += self.operation.states_between(self.before, self.after)

    def points(self, count):
        """So many of the operations on files, evenly spread, the last among them; all where None."""
        if count is None or count >= self.steps:
            return list(range(1, self.steps + 1))
        return sorted({(i + 1) * self.steps // count for i in range(count)})

    def check_recovered(self, output):
        """Opens without a manual step, has all that was acknowledged and nothing half, and the operation repeated
        leads where it leads undisturbed."""
        state = self.place.state()
        self.assertTrue(state in self.allowed, state)
        if self.operation.is_acknowledged(output):
            self.assertEqual(state, self.after)
        self.check_repeated(state)

    def check_repeated(self, state):
        result = self.place.run(*self.operation.command())
        if state == self.after:
            # There is nothing left to do, which some operations call a failure.
            self.assertIn(result.returncode, (0, 1, 3), result.stderr)
        else:
            self.assertEqual(result.returncode, 0, result.stderr)
        self.assertEqual(self.place.state(), self.after)
        self.assertEqual(self.place.files(), self.files)
        self.assertEqual(self.place.index_state(), self.index)
