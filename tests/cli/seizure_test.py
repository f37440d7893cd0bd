# SPDX-License-Identifier: Apache-2.0
"""A seizure as a whole, and examiners' decisions about its links (docs/seizure.md)."""

import csv
import json
import os
import pty
import re
import signal
import xml.etree.ElementTree
from html.parser import HTMLParser
from pathlib import Path

from program import SAMPLES, TIMEOUT_S, ProgramTest, main, records, start


def results(run):
    """All that a run found: name and bytes, without the working catalogue and the clock."""
    left_out = ("plan.json", "history.jsonl")
    return {str(path.relative_to(run)): path.read_bytes() for path in sorted(run.rglob("*"))
            if path.is_file() and path.relative_to(run).parts[0] != "photos"
            and path.name not in left_out}


def without_command(found):
    """The manifest names the directories as they were typed."""
    manifest = json.loads(found["manifest.json"])
    del manifest["command"]
    return {**found, "manifest.json": manifest}


class Page(HTMLParser):
    """References of a page, and whether its elements are closed in order."""

    VOID = {"meta", "link", "img", "input", "br"}

    def __init__(self, text):
        super().__init__()
        self.references, self.open = [], []
        self.feed(text)
        self.close()

    def handle_starttag(self, tag, attributes):
        self.references += [value for name, value in attributes if name in ("href", "src")]
        if tag not in self.VOID:
            self.open.append(tag)

    def handle_startendtag(self, tag, attributes):
        self.references += [value for name, value in attributes if name in ("href", "src")]

    def handle_endtag(self, tag):
        assert self.open and self.open[-1] == tag, (tag, self.open)
        self.open.pop()


class Seizure(ProgramTest):
    def setUp(self):
        super().setUp()
        self.check(0, "init", self.catalogue)
        self.check(0, "add", self.catalogue, SAMPLES / "scenes", "--seizure", "2020-1", "--package",
                   "P-7", "--place", "Köln", "--date", "2020-05")
        self.out = self.folder / "run"

    def seizure(self, code, *arguments):
        return self.check(code, "seizure", self.catalogue, *arguments)

    def links(self, kind):
        found = records((self.out / "links.jsonl").read_bytes())
        return [link for link in found if link["type"] == kind]

    def table(self, name):
        with open(self.out / name, encoding="utf-8", newline="") as file:
            return list(csv.DictReader(file))

    def check_pages(self):
        """Every page is whole and refers to what is there, and to nothing else."""
        pages = sorted((self.out / "report").rglob("*.html"))
        for path in pages:
            page = Page(path.read_text("utf-8"))
            self.assertEqual(page.open, [], path)
            for reference in page.references:
                if reference.startswith(("#", "data:,")):
                    continue
                target = (path.parent / reference.split("#")[0]).resolve()
                self.assertTrue(target.is_file(), f"{path}: {reference}")
        return [path.name for path in pages]

    def test_a_whole_run(self):
        odd = [self.copy("bad/text.jpg", "odd/text.jpg"), self.write("odd/empty.png", b"")]
        result = self.seizure(3, SAMPLES / "views", SAMPLES / "strangers", self.folder / "odd",
                              "--out", self.out, "--seizure", "own", "--date", "2024-03-01")
        text = result.stdout.decode()
        self.assertRegex(text, r"links +6 marks, to 1 catalogued seizures")
        self.assertRegex(text, r"photos +8 \(0 unusable, 0 duplicates, 2 failed\)")
        self.assertEqual(len(self.issue_lines(result)), 0)
        photos = self.table("photos.csv")
        self.assertEqual(len(photos), 10)
        failed = {Path(row["file"]).name: row["reason"] for row in photos
                  if row["status"] == "failed"}
        self.assertEqual(sorted(failed), ["empty.png", "text.jpg"])
        self.assertIn("not an image", failed["text.jpg"])
        marks = self.table("marks.csv")
        self.assertEqual(len(marks), 8)
        self.assertEqual(sum(row["catalogued_seizures"] == "2020-1" for row in marks), 6)
        for link in self.links("catalogue_link"):
            self.assertTrue(link["holds"])
            number = re.search(r"\d+", Path(link["photos"][0]["file"]).name)[0]
            self.assertEqual(Path(link["image"]["file"]).name, f"scene_{number}.jpg")
            self.assertEqual(link["seizure"]["place"], "Köln")
        graph = xml.etree.ElementTree.parse(self.out / "graph.graphml").getroot()
        name = "{http://graphml.graphdrawing.org/xmlns}"
        self.assertEqual(len(graph.findall(f".//{name}node")), 1 + 8 + 1)
        self.assertEqual(len(graph.findall(f".//{name}edge")), 8 + 6)
        self.assertFalse((self.out / "map.geojson").exists())  # no coordinates are known
        manifest = json.loads((self.out / "manifest.json").read_text("utf-8"))
        self.assertEqual(manifest["counts"]["linked_marks"], 6)
        self.assertEqual(len(manifest["inputs"]), 10)
        pages = self.check_pages()
        self.assertEqual(len(pages), 9)
        del odd

    def test_packages_and_names_of_the_manifest(self):
        rows = ["file,seizure,package,mark,latitude,longitude"]
        for number in (1, 2):
            rows.append(f"{SAMPLES}/views/view_{number}.png,own,A<{number}>,eagle & co,53.5,10")
        self.write("facts.csv", "\n".join(rows) + "\n")
        self.seizure(0, self.folder / "facts.csv", "--out", self.out)
        [mark] = self.table("marks.csv")
        self.assertEqual((mark["photos"], mark["packages"], mark["manifest_marks"]),
                         ("2", "2", "eagle & co"))
        self.check_pages()
        page = (self.out / "report/marks/M001.html").read_text("utf-8")
        self.assertIn("A&lt;1&gt;, A&lt;2&gt;", page)
        places = json.loads((self.out / "map.geojson").read_text("utf-8"))["features"]
        self.assertEqual(places[0]["geometry"]["coordinates"], [10, 53.5])

    def test_a_killed_run_is_resumed_to_the_same_bytes(self):
        whole = self.folder / "whole"
        self.seizure(0, SAMPLES / "views", "--out", whole)
        for sign in (b"describing photos", b"comparing photos", b"writing results"):
            with self.subTest(sign):
                self.out = self.folder / sign.split()[0].decode()
                master, terminal = pty.openpty()
                process = start("seizure", self.catalogue, SAMPLES / "views", "--out", self.out,
                                stdout=terminal, stderr=terminal)
                os.close(terminal)
                output = b""
                while sign not in output:
                    output += os.read(master, 65536)
                process.send_signal(signal.SIGKILL)
                process.wait(TIMEOUT_S)
                os.close(master)
                self.check(0, "seizure", "--resume", self.out, "--threads", "1")
                self.assertEqual(without_command(results(self.out)),
                                 without_command(results(whole)))

    def test_replay(self):
        self.seizure(0, SAMPLES / "views/view_1.png", "--out", self.out)
        result = self.check(0, "replay", self.out, "--out", self.folder / "again", "--threads", "2")
        self.assertIn(b"the same, byte for byte", result.stderr)
        (self.out / "marks.csv").write_text("forged")
        result = self.check(1, "replay", self.out, "--out", self.folder / "third")
        self.assertEqual(result.stdout, b"differs  marks.csv\n")

    def test_conditions_choose_among_catalogued_images(self):
        result = self.seizure(0, SAMPLES / "views/view_1.png", SAMPLES / "views/view_2.png", "--out", self.out,
                              "--where", "file~scene_1")
        self.assertIn(b"1 of 6 images", result.stderr)
        [link] = self.links("catalogue_link")
        self.assertEqual(Path(link["image"]["file"]).name, "scene_1.jpg")
        manifest = json.loads((self.out / "manifest.json").read_text("utf-8"))
        self.assertEqual(manifest["options"]["match"]["where"], ["file~scene_1"])
        self.assertEqual(manifest["catalogue"]["searched"], 1)
        self.assertIn("file~scene_1", (self.out / "report/index.html").read_text("utf-8"))
        self.check_pages()
        self.check(0, "seizure", "--resume", self.out)
        self.check(0, "replay", self.out, "--out", self.folder / "again")
        nowhere = self.folder / "nowhere"
        self.seizure(1, SAMPLES / "views", "--out", nowhere, "--where", "seizure=unknown")
        self.seizure(2, SAMPLES / "views", "--out", nowhere, "--where", "colour=red")
        self.check(2, "seizure", "--resume", self.out, "--where", "id=1")
        self.assertFalse(nowhere.exists())

    def test_nothing_known(self):
        result = self.seizure(0, SAMPLES / "strangers", "--out", self.out)
        self.assertIn(b"nothing known", result.stdout)
        self.assertIn("<strong>Nothing known.</strong>",
                      (self.out / "report/index.html").read_text("utf-8"))

    def test_wrong_usage(self):
        for arguments in ((), (self.catalogue,), (self.catalogue, SAMPLES / "views"),
                          (self.catalogue, "--out", self.out),
                          ("--resume", self.out, "--min-score", "5"),
                          ("--resume", self.out, "--out", self.out)):
            self.check(2, "seizure", *arguments)
        self.assertFalse(self.out.exists())

    def test_directories_that_cannot_be_used(self):
        self.write("full/mine.txt", "mine")
        result = self.seizure(1, SAMPLES / "views", "--out", self.folder / "full")
        self.assertIn(b"is not an empty directory", result.stderr)
        self.seizure(0, SAMPLES / "views/view_1.png", "--out", self.out)
        result = self.seizure(1, SAMPLES / "views", "--out", self.out)
        self.assertIn(b"holds a run already", result.stderr)
        result = self.check(1, "seizure", "--resume", self.folder / "full")
        self.assertIn(b"holds no run", result.stderr)
        blocked = self.write("file", "") / "run"
        result = self.seizure(1, SAMPLES / "views", "--out", blocked)
        self.assertIn(b"cannot create", result.stderr)

    def test_a_full_disk_is_an_error_and_the_run_goes_on_later(self):
        self.seizure(0, SAMPLES / "views", "--out", self.folder / "whole")
        # A limit of file size stands for a full disk: every write beyond it fails.
        result = self.check(1, "seizure", self.catalogue, SAMPLES / "views", "--out", self.out,
                            preexec_fn=limit_file_size)
        self.assertRegex(result.stderr, rb"pressmark: .*")
        self.check(0, "seizure", "--resume", self.out)
        self.assertEqual(without_command(results(self.out)),
                         without_command(results(self.folder / "whole")))


def limit_file_size():
    import resource
    signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
    resource.setrlimit(resource.RLIMIT_FSIZE, (100_000, 100_000))


class Decisions(ProgramTest):
    def setUp(self):
        super().setUp()
        self.create(SAMPLES / "scenes", options=())
        self.view = SAMPLES / "views/view_3.png"
        self.hits = ("match", self.catalogue, self.view, "--jsonl")
        [self.hit] = self.found()

    def found(self, *arguments):
        output = self.check(0, *self.hits, *arguments).stdout
        return [item for item in records(output) if item["type"] == "hit"]

    def decide(self, verb, *arguments, code=0):
        return self.check(code, verb, self.catalogue, self.hit["query_sha256"],
                          str(self.hit["image"]["id"]), *arguments)

    def test_a_rejected_hit_stays_away_until_it_is_confirmed(self):
        self.assertIsNone(self.hit["decision"])
        self.decide("reject", "--by", "A. Examiner", "--note", "other press")
        self.assertEqual(self.found(), [])
        [shown] = self.found("--show-rejected")
        self.assertEqual(shown["decision"], "rejected")
        table = self.check(0, "match", self.catalogue, self.view, "--show-rejected").stdout
        self.assertIn(b"[rejected]", table)
        self.decide("note", "--by", "B. Examiner", "--note", "look again")
        self.assertEqual(self.found(), [])
        self.decide("confirm", "--by", "B. Examiner")
        [shown] = self.found()
        self.assertEqual(shown["decision"], "confirmed")
        listed = records(self.check(0, "decisions", self.catalogue, "--jsonl").stdout)
        self.assertEqual([item["verdict"] for item in listed], ["rejected", "note", "confirmed"])
        self.assertEqual((listed[0]["who"], listed[0]["note"]), ("A. Examiner", "other press"))
        current = records(self.check(0, "decisions", self.catalogue, "--current", "--jsonl").stdout)
        self.assertEqual([item["verdict"] for item in current], ["confirmed"])
        table = self.check(0, "decisions", self.catalogue).stdout.decode()
        self.assertIn("A. Examiner: other press", table)

    def test_wrong_usage(self):
        self.decide("reject", code=2)  # by whom?
        self.decide("note", "--by", "A", code=2)  # what?
        self.check(1, "confirm", self.catalogue, "1", "1", "--by", "A")
        self.check(1, "confirm", self.catalogue, "1", "99", "--by", "A")

    def test_decisions_become_a_truth_file(self):
        self.check(0, "add", self.catalogue, SAMPLES / "views")
        images = {Path(item["file"]).name: item for item in self.listed()}
        for number in (1, 2):
            self.check(0, "confirm", self.catalogue, str(images[f"view_{number}.png"]["id"]),
                       str(images[f"scene_{number}.jpg"]["id"]), "--by", "A")
        self.check(0, "reject", self.catalogue, str(images["view_3.png"]["id"]),
                   str(images["scene_1.jpg"]["id"]), "--by", "A")
        truth = SAMPLES.parent / f"truth-{os.getpid()}.csv"
        self.addCleanup(truth.unlink)
        self.check(0, "decisions", self.catalogue, "--truth", truth)
        with open(truth, encoding="utf-8", newline="") as file:
            rows = {row["file"]: row["identity"] for row in csv.DictReader(file)}
        self.assertEqual(len(rows), 5)
        name = SAMPLES.name
        self.assertEqual(rows[f"{name}/views/view_1.png"], rows[f"{name}/scenes/scene_1.jpg"])
        self.assertNotEqual(rows[f"{name}/views/view_3.png"], rows[f"{name}/scenes/scene_1.jpg"])
        figures = self.folder / "figures.json"
        self.check(0, "evaluate", SAMPLES.parent, "--truth", truth, "--json", figures)
        self.assertTrue(figures.exists())


if __name__ == "__main__":
    main()
