# SPDX-License-Identifier: Apache-2.0
"""pressmark train: images and labelled photos in, a model out that the other verbs can use."""

import json

from program import SAMPLES, ProgramTest, environment, main, records

# As little as can be learned from.
SMALL = ("--warps", "5", "--words", "2", "--global-size", "4", "--long-side", "160",
         "--keypoints", "100")
IDENTITY = "1,0,0,0,1,0,0,0,1"


class Train(ProgramTest):
    def setUp(self):
        super().setUp()
        self.model = self.folder / "model"
        self.images = self.folder / "images"
        for scene in sorted((SAMPLES / "scenes").iterdir()):
            # JPEG files may carry data behind their end: the same picture, warped its own way.
            for copy in range(4):
                self.write(f"images/{copy}_{scene.name}", scene.read_bytes() + b"%d" % copy)

    def marks(self, *rows):
        for scene in sorted((SAMPLES / "scenes").iterdir()):
            self.copy(f"scenes/{scene.name}", f"marks/{scene.name}")
        header = "file,identity,h11,h12,h13,h21,h22,h23,h31,h32,h33"
        return self.write("marks/truth.csv", "\n".join([header, *rows]) + "\n")

    def card(self):
        return json.loads((self.model / "model.json").read_text("utf-8"))

    def test_the_model_is_used_by_the_other_verbs(self):
        result = self.check(0, "train", self.images, "--out", self.model, "--name", "small",
                            "--licence", "CC0-1.0", *SMALL)
        self.assertEqual(result.stdout, b"")
        self.assertIn(b"model small ", result.stderr)
        card = self.card()
        self.assertEqual((card["name"], card["licence"], card["format"]), ("small", "CC0-1.0", 2))
        self.assertEqual((card["images"], card["marks"]), (len(list(self.images.iterdir())), 0))
        self.assertGreater(card["compared_mates"], 0)
        trained = {"env": environment(PRESSMARK_MODEL=str(self.model))}
        self.check(0, "init", self.catalogue, **trained)
        self.check(0, "add", self.catalogue, SAMPLES / "scenes", **trained)
        found = records(self.check(0, "match", self.catalogue, SAMPLES / "scenes/scene_1.jpg",
                                   "--min-score", "0", "--jsonl", **trained).stdout)
        # The copies were taken for different marks, so that no score of theirs is rare.
        [query] = [item for item in found if item["type"] == "query"]
        self.assertEqual(query["status"], "hit")
        best = max((item for item in found if item["type"] == "hit"),
                   key=lambda hit: hit["inlier_count"])
        self.assertTrue(best["image"]["file"].endswith("scene_1.jpg"))

    def test_labelled_photos_take_part(self):
        truth = self.marks(f"scene_1.jpg,a,{IDENTITY}", f"scene_2.jpg,a,{IDENTITY}",
                           "scene_3.jpg,b,,,,,,,,,")
        result = self.check(0, "train", self.images, "--marks", truth, "--out", self.model, *SMALL)
        self.assertIn(b"3 labelled photos", result.stderr)
        self.assertEqual(self.card()["marks"], 3)
        # A set twice is two sets: its names are its own.
        self.check(0, "train", self.images, "--marks", truth, "--marks", truth, "--out",
                   self.model, *SMALL)
        self.assertEqual(self.card()["marks"], 6)

    def test_undecodable_photos_are_named(self):
        truth = self.marks(f"scene_1.jpg,a,{IDENTITY}", f"text.jpg,a,{IDENTITY}")
        self.copy("bad/text.jpg", "marks/text.jpg")
        self.copy("bad/text.jpg", "images/other.jpg")
        result = self.check(3, "train", self.images, "--marks", truth, "--out", self.model, *SMALL)
        lines = self.issue_lines(result)
        self.assertEqual(len(lines), 2, lines)
        self.assertIn("images/other.jpg: not an image", lines[0])
        self.assertIn("marks/text.jpg: not an image", lines[1])
        self.assertEqual(self.card()["marks"], 1)

    def test_a_bad_truth_file_stops_before_the_work(self):
        truth = self.marks("scene_1.jpg,a,1,0,0,0,1,0,0,0,", "scene_2.jpg,a,,,,,,,,,")
        result = self.check(1, "train", self.images, "--marks", truth, "--out", self.model, *SMALL)
        [line] = result.stderr.decode().splitlines()
        self.assertIn("truth.csv:2: h11 to h33 must be all nine", line)
        self.assertFalse(self.model.exists())

    def test_too_few_images_are_refused(self):
        result = self.check(1, "train", SAMPLES / "scenes/scene_1.jpg", "--out", self.model, *SMALL)
        [line] = result.stderr.decode().splitlines()
        self.assertIn("too little to learn from", line)
        self.assertFalse(self.model.exists())


if __name__ == "__main__":
    main()
