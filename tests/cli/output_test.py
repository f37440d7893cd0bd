# SPDX-License-Identifier: Apache-2.0
"""What is printed where: closed and full outputs, terminals, and JSON as docs/json.md has it."""

import json
import os
import pty
import re

from program import SAMPLES, TIMEOUT_S, ProgramTest, environment, main, records, run, start

DOCS = os.path.join(os.environ["PRESSMARK_SOURCE"], "docs/json.md")


class Broken(ProgramTest):
    VERBS = (("list",), ("list", "--json"), ("info",), ("info", "--jsonl"), ("show", "1"),
             ("match", SAMPLES / "good/rgb.png"), ("match", SAMPLES / "good/rgb.png", "--jsonl"))

    def check_output(self, open_output, message):
        self.create(SAMPLES / "good/rgb.png")
        commands = [(verb, self.catalogue, *rest) for verb, *rest in self.VERBS]
        commands += [("completion", "bash"),
                     ("compare", SAMPLES / "good/rgb.png", SAMPLES / "good/rgb.png")]
        for command in commands:
            with self.subTest(command[0]):
                with open_output() as output:
                    result = self.check(1, *command, stdout=output)
                lines = [line for line in result.stderr.splitlines() if b" queries: " not in line]
                self.assertEqual(lines, [b"pressmark: cannot write to stdout: " + message])

    @staticmethod
    def closed_pipe():
        read_end, write_end = os.pipe()
        os.close(read_end)
        return os.fdopen(write_end, "wb")

    @staticmethod
    def full_disk():
        return open("/dev/full", "wb")  # noqa: SIM115

    def test_closed_pipe(self):
        self.check_output(self.closed_pipe, b"Broken pipe")

    def test_full_disk(self):
        self.check_output(self.full_disk, b"No space left on device")

    def test_help_that_cannot_be_written(self):
        for option in ("--help", "--version"):
            with self.full_disk() as output:
                self.check(1, option, stdout=output)

    def test_add_into_a_closed_pipe_leaves_a_usable_catalogue(self):
        for arguments in ((), ("--jsonl",)):
            with self.subTest(arguments):
                self.catalogue = self.folder / f"catalogue{len(arguments)}"
                self.create()
                with self.closed_pipe() as output:
                    self.check(1, "add", self.catalogue, SAMPLES / "good", *arguments,
                               stdout=output)
                self.check(0, "add", self.catalogue, SAMPLES / "good")
                self.assertEqual(len(self.listed()), len(os.listdir(SAMPLES / "good")))

    def test_report_on_a_full_disk(self):
        self.create(SAMPLES / "good/rgb.png")
        result = self.check(1, "match", self.catalogue, SAMPLES / "good/rgb.png", "--out",
                            "/dev/full/out")
        self.assertEqual(len(result.stderr.splitlines()), 1, result.stderr)


class Terminal(ProgramTest):
    def read_terminal(self, *arguments, **changes):
        """stdout and stderr of the program on a terminal of their own each."""
        outputs = []
        out_master, out = pty.openpty()
        err_master, err = pty.openpty()
        process = start(*arguments, stdout=out, stderr=err,
                        env=environment(TERM="xterm", **changes))
        os.close(out)
        os.close(err)
        for master in (out_master, err_master):
            text = b""
            try:
                while block := os.read(master, 65536):
                    text += block
            except OSError:  # the end of a terminal
                pass
            os.close(master)
            outputs.append(text)
        self.assertEqual(process.wait(TIMEOUT_S), 0)
        return outputs

    def setUp(self):
        super().setUp()
        self.create(SAMPLES / "good/rgb.png")

    def test_colour_and_progress_on_a_terminal(self):
        out, err = self.read_terminal("match", self.catalogue, SAMPLES / "good/rgb.png")
        self.assertIn(b"\x1b[1m", out)
        self.assertIn(b"1/1", err)

    def test_no_color_is_honoured(self):
        out, _ = self.read_terminal("match", self.catalogue, SAMPLES / "good/rgb.png",
                                    NO_COLOR="1")
        self.assertNotIn(b"\x1b", out)

    def test_neither_in_a_pipe(self):
        result = self.check(3, "match", self.catalogue, SAMPLES / "good", SAMPLES / "bad",
                            env=environment(TERM="xterm"))
        self.assertNotIn(b"\x1b", result.stdout + result.stderr)
        self.assertNotIn(b"\r", result.stdout + result.stderr)
        self.assertIsNone(re.search(rb"\d/\d", result.stderr))


def documented_fields():
    """Type of record to its fields in order: the first table below each heading of docs/json.md."""
    fields, kind, done = {}, None, False
    with open(DOCS, encoding="utf-8") as file:
        for line in file:
            if heading := re.match(r"## (\w+)$", line):
                kind, done = heading[1], False
                fields[kind] = []
            elif kind and (row := re.match(r"\| `(\w+)` \|", line)) and not done:
                fields[kind].append(row[1])
            elif kind and fields[kind] and not line.startswith("|"):
                done = True
    return fields


class Json(ProgramTest):
    @classmethod
    def setUpClass(cls):
        cls.fields = documented_fields()

    def setUp(self):
        super().setUp()
        self.create(options=())
        self.check(0, "add", self.catalogue, SAMPLES / "scenes", "--seizure", "S-1", "--place",
                   "Köln")

    def check_record(self, record, nested=False):
        nested = nested or record["type"] != "query"
        expected = [name for name in self.fields[record["type"]] if nested or name != "hits"]
        self.assertEqual(list(record), expected)

    def records_of_exchange_and_repair(self):
        other = self.folder / "other.cat"
        self.check(0, "export", self.catalogue, other)
        self.check(0, "update", other, "--seizure", "S-1", "--place", "Bonn")
        yield from records(self.check(0, "import", self.catalogue, other, "--jsonl").stdout)
        segment = next((other / "segments").iterdir())
        contents = bytearray(segment.read_bytes())
        contents[-1] ^= 1
        segment.write_bytes(contents)
        yield from records(self.check(1, "check", other, "--jsonl").stdout)
        yield from records(self.check(0, "repair", other, "--drop-damaged", "--jsonl").stdout)

    def test_both_forms_of_every_verb_agree_with_the_docs(self):
        view = SAMPLES / "views/view_1.png"
        gone = self.folder / "gone.jpg"
        marked = self.write("marks.csv", f"file,mark\n{view},M\n")
        commands = {
            "add": (3, SAMPLES / "good/rgb.png", SAMPLES / "bad/text.jpg", gone),
            "match": (3, view, marked, SAMPLES / "bad/text.jpg", gone),
            "info": (0,),
            "list": (0,),
            "show": (0, "1"),
            "audit": (0,),
            "decisions": (0,),
            "check": (0,),
            "compact": (0,),
        }
        self.check(0, "confirm", self.catalogue, "1", "2", "--by", "K. Koch")
        seen = set()
        for verb, (code, *arguments) in commands.items():
            with self.subTest(verb):
                for item in records(self.check(code, verb, self.catalogue, *arguments,
                                               "--jsonl").stdout):
                    self.check_record(item)
                    seen.add(item["type"])
                for item in json.loads(self.check(code, verb, self.catalogue, *arguments,
                                                  "--json").stdout):
                    self.check_record(item, nested=True)
        for item in records(self.check(0, "list", self.catalogue, "--seizures", "--jsonl").stdout):
            self.check_record(item)
            seen.add(item["type"])
        compared = self.check(0, "compare", view, SAMPLES / "scenes/scene_1.jpg", "--jsonl")
        for item in records(compared.stdout):
            self.check_record(item)
            seen.add(item["type"])
        for item in self.records_of_exchange_and_repair():
            self.check_record(item)
            seen.add(item["type"])
        truth = self.write("set/truth.csv", "file,identity\na.jpg,m\nb.jpg,m\n")
        self.copy("scenes/scene_1.jpg", "set/a.jpg")
        self.copy("scenes/scene_2.jpg", "set/b.jpg")
        evaluated = self.check(0, "evaluate", self.folder / "set", "--truth", truth, "--json", "-")
        for item in json.loads(evaluated.stdout):
            self.check_record(item)
            seen.add(item["type"])
        self.assertEqual(seen, set(self.fields))

    def test_nothing_found_is_an_empty_array(self):
        empty = self.folder / "empty"
        self.check(0, "init", empty)
        self.assertEqual(json.loads(self.check(0, "list", empty, "--json").stdout), [])
        self.assertEqual(self.check(0, "list", empty, "--jsonl").stdout, b"")

    def test_runs_of_add_are_on_record(self):
        [file] = (self.catalogue / "runs").iterdir()
        manifest = json.loads(file.read_text("utf-8"))
        self.check_record(manifest)
        self.assertEqual(len(manifest["inputs"]), len(os.listdir(SAMPLES / "scenes")))

    def test_both_forms_at_once_are_wrong_usage(self):
        self.assertEqual(run("list", self.catalogue, "--json", "--jsonl").returncode, 2)


if __name__ == "__main__":
    main()
