# SPDX-License-Identifier: Apache-2.0
"""Catalogues that earlier versions wrote (tests/data/catalogues) are opened, matched and added to."""

import json
import os
import shutil
import unittest
from pathlib import Path

from program import ProgramTest, records, snapshot

FIXTURES = Path(os.environ["PRESSMARK_SOURCE"]) / "tests/data/catalogues"

# Of a hit's score, which rests on what is computed of the query anew.
TOLERANCE = 0.25


class OldFormat(ProgramTest):
    def test_fixtures_exist(self):
        for name in ("format-2", "format-3"):
            self.assertTrue((FIXTURES / name / "expected.json").is_file(), name)

    def open(self, name):
        fixture = FIXTURES / name
        shutil.copytree(fixture / "catalogue", self.catalogue)
        self.photos = fixture / "photos"
        self.expected = json.loads((fixture / "expected.json").read_text(encoding="utf-8"))

    def check_answers(self):
        self.assertEqual(self.listed(), self.expected["images"])
        seizures = records(self.check(0, "list", self.catalogue, "--seizures", "--jsonl").stdout)
        self.assertEqual(seizures, self.expected["seizures"])
        info = json.loads(self.check(0, "info", self.catalogue, "--json").stdout)[0]
        for name, value in self.expected["info"].items():
            self.assertEqual(info[name], value, name)
        names = list(dict.fromkeys(hit["query_file"] for hit in self.expected["hits"]))
        queries = [self.photos.parent / name for name in names]
        found = records(self.check(0, "match", self.catalogue, *queries, "--jsonl").stdout)
        hits = [item for item in found if item["type"] == "hit"]
        self.assertEqual([(hit["query_file"], hit["image"]["id"]) for hit in hits],
                         [(str(self.photos.parent / hit["query_file"]), hit["image"])
                          for hit in self.expected["hits"]])
        for hit, expected in zip(hits, self.expected["hits"]):
            self.assertAlmostEqual(hit["score"], expected["score"], delta=TOLERANCE)

    def check_readable_and_writable(self, name):
        self.open(name)
        before = snapshot(self.catalogue)
        self.check_answers()
        self.assertEqual(snapshot(self.catalogue), before)
        # Removed there, and added again here.
        self.check(0, "add", self.catalogue, self.photos / "tiny_3.jpg", "--new-seizures", "--seizure", "Vigo-7")
        present = self.listed()
        self.assertEqual(present[:-1], self.expected["images"])
        self.assertEqual((present[-1]["id"], present[-1]["seizure"]), (4, "Vigo-7"))


def test_of(name):
    return lambda self: self.check_readable_and_writable(name)


for _fixture in sorted(FIXTURES.glob("format-*")):
    setattr(OldFormat, f"test_{_fixture.name.replace('-', '_')}", test_of(_fixture.name))

if __name__ == "__main__":
    unittest.main()
