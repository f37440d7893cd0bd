# SPDX-License-Identifier: Apache-2.0
"""--where: the same conditions select what is listed, searched and removed."""

import json
from pathlib import Path

from program import SAMPLES, ProgramTest, main, records

FACTS = """file,seizure,package,kind,place,date,agency,size_mm
{0}/scene_1.jpg,S1,P1,logo,Rotterdam,2023-05-03,Douane,210
{0}/scene_2.jpg,S1,P2,logo,,,,150
{0}/scene_3.jpg,S2,P1,toolmark,Hamburg,2024,Zoll,
{0}/scene_4.jpg,,,logo,,,,
"""


class Where(ProgramTest):
    def setUp(self):
        super().setUp()
        scenes = SAMPLES / "scenes"
        self.create(self.write("facts.csv", FACTS.format(scenes)), options=())

    def where(self, *conditions):
        return [argument for condition in conditions for argument in ("--where", condition)]

    def listed_where(self, *conditions):
        result = self.check(0, "list", self.catalogue, "--jsonl", *self.where(*conditions))
        return [item["id"] for item in records(result.stdout)]

    def test_lists_what_fulfils_all_conditions(self):
        self.assertEqual(self.listed_where("place=Rotterdam"), [1, 2])
        self.assertEqual(self.listed_where("date >= 2023-06"), [3])
        self.assertEqual(self.listed_where("seizure!=S1"), [3, 4])
        self.assertEqual(self.listed_where("seizure=S1", "seizure=S2", "package=P1"), [1, 3])
        self.assertEqual(self.listed_where("metadata.size_mm>200"), [1])
        self.assertEqual(self.listed_where("agency~zoll"), [3])
        self.assertEqual(self.listed_where("seizure="), [4])
        self.assertEqual(self.listed_where("added>2000"), [1, 2, 3, 4])

    def test_options_are_conditions_too(self):
        result = self.check(0, "list", self.catalogue, "--jsonl", "--seizure", "S1", "--where",
                            "package=P2")
        self.assertEqual([item["id"] for item in records(result.stdout)], [2])
        result = self.check(0, "list", self.catalogue, "--jsonl", "--kind", "toolmark")
        self.assertEqual([item["id"] for item in records(result.stdout)], [3])

    def test_a_condition_that_cannot_be_read_is_wrong_usage(self):
        for verb in (("list",), ("match", SAMPLES / "views"), ("remove",)):
            with self.subTest(verb[0]):
                result = self.check(2, verb[0], self.catalogue, *verb[1:], "--where", "place<Bonn")
                self.assertIn("'place<Bonn', character 6: expected =, != or ~ for place",
                              result.stderr.decode())
                self.assertEqual(result.stdout, b"")
        self.check(2, "list", self.catalogue, "--seizure", "")
        self.check(2, "list", self.catalogue, "--seizures", "--where", "place=Bonn")

    def test_an_unknown_seizure_is_an_error(self):
        for verb in (("list",), ("match", SAMPLES / "views"), ("remove",)):
            result = self.check(1, verb[0], self.catalogue, *verb[1:], "--where", "seizure=S9")
            self.assertIn("unknown seizure 'S9'", result.stderr.decode())

    def test_what_fulfils_nothing_is_said_plainly(self):
        result = self.check(0, "list", self.catalogue, "--where", "place=Nowhere")
        self.assertEqual((result.stdout, result.stderr),
                         (b"", b"0 of 4 images fulfil the conditions\n"))
        result = self.check(0, "match", self.catalogue, SAMPLES / "views", "--jsonl", "--where",
                            "place=Nowhere")
        self.assertIn("0 of 4 images fulfil the conditions", result.stderr.decode())
        found = records(result.stdout)
        self.assertEqual({item["status"] for item in found if item["type"] == "query"},
                         {"no_match"})
        self.assertFalse([item for item in found if item["type"] == "hit"])

    def test_match_searches_what_is_selected_and_records_it(self):
        out = self.folder / "out"
        arguments = ("match", self.catalogue, SAMPLES / "views", "--jsonl", "--out", out)
        everywhere = records(self.check(0, *arguments).stdout)
        self.assertEqual((everywhere[0]["catalogue"]["searched"],
                          everywhere[0]["options"]["match"]["where"]), (4, []))
        result = self.check(0, *arguments, *self.where("place=Rotterdam", "metadata.size_mm<200"))
        self.assertIn("1 of 4 images fulfil the conditions", result.stderr.decode())
        found = records(result.stdout)
        hits = [item for item in found if item["type"] == "hit"]
        self.assertEqual([(hit["image"]["id"], Path(hit["query_file"]).stem[-1]) for hit in hits],
                         [(2, "2")])
        score = hits[0]["score"]
        self.assertAlmostEqual(hits[0]["expected_false_hits"] / 10 ** -score, 1)
        same = [item for item in everywhere if item["type"] == "hit" and item["image"]["id"] == 2]
        self.assertEqual(same[0]["score"], score)
        self.assertAlmostEqual(same[0]["expected_false_hits"] / 10 ** -score, 4)
        for run in (found[0], json.loads((out / "manifest.json").read_text())):
            self.assertEqual(run["catalogue"]["searched"], 1)
            self.assertEqual(run["catalogue"]["images"], 4)
            self.assertEqual(run["options"]["match"]["where"],
                             ["place=Rotterdam", "metadata.size_mm<200"])
        report = (out / "report.html").read_text()
        self.assertIn("place=Rotterdam and metadata.size_mm&lt;200", report)
        self.assertIn("None of the 1 images that were searched", report)

    def test_the_threshold_by_false_hits_counts_the_images_searched(self):
        result = self.check(0, "match", self.catalogue, SAMPLES / "views", "--jsonl",
                            "--max-false-hits", "0.0001", "--where", "seizure=S1")
        run = records(result.stdout)[0]
        self.assertAlmostEqual(run["options"]["match"]["min_score"], 4.30103, places=4)

    def test_remove_takes_what_fulfils_the_conditions_and_no_more(self):
        result = self.check(0, "remove", self.catalogue, "--where", "place=Nowhere")
        self.assertIn("0 removed", result.stderr.decode())
        self.check(2, "remove", self.catalogue, "1", "--where", "place=Rotterdam")
        self.check(2, "remove", self.catalogue)
        self.assertEqual(self.listed_where(), [1, 2, 3, 4])
        result = self.check(0, "remove", self.catalogue, "--where", "seizure=S1", "--where",
                            "metadata.size_mm>200")
        self.assertIn("1 removed", result.stderr.decode())
        self.assertEqual(self.listed_where(), [2, 3, 4])
        result = self.check(0, "match", self.catalogue, SAMPLES / "scenes/scene_1.jpg", "--jsonl",
                            "--where", "seizure=S1")
        self.assertFalse([item for item in records(result.stdout) if item["type"] == "hit"])


if __name__ == "__main__":
    main()
