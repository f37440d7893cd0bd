# SPDX-License-Identifier: Apache-2.0
"""Where kernels run: the CUDA backend, its kernels run by the CPU, gives the hits of the CPU backend."""

import json
import os
import unittest

import program
from program import QUICK, SAMPLES, ProgramTest, main, records

CUDA_HOST_PROGRAM = os.environ["PRESSMARK_CUDA_HOST_PROGRAM"]


class Devices(ProgramTest):
    def tearDown(self):
        program.PROGRAM = os.environ["PRESSMARK_PROGRAM"]
        super().tearDown()

    def on(self, device):
        """Options for a device; what runs from now on is the program that has it."""
        program.PROGRAM = CUDA_HOST_PROGRAM
        return ("--device", device)

    def answers(self, device):
        """All records of add, match and evaluate on a device, without what must differ."""
        folder = self.folder / device
        folder.mkdir()
        catalogue = folder / "catalogue"
        self.check(0, "init", catalogue, *QUICK)
        options = self.on(device)
        added = self.check(0, "add", catalogue, SAMPLES / "scenes", "--jsonl", *options)
        matched = self.check(0, "match", catalogue, SAMPLES / "views", SAMPLES / "strangers",
                             "--jsonl", "--query-keypoints", "48", "--out", folder / "out", *options)
        manifest = json.loads((folder / "out" / "manifest.json").read_text())
        truth = folder / "truth.csv"
        scenes = sorted(item.name for item in (SAMPLES / "scenes").iterdir())[:2]
        rows = [f"scenes/{name},{number}" for number, name in enumerate(scenes)]
        rows += [f"views/{name.replace('scene', 'view').replace('jpg', 'png')},{number}"
                 for number, name in enumerate(scenes)]
        truth.write_text("\n".join(["file,identity", *rows]) + "\n")
        evaluated = self.check(0, "evaluate", SAMPLES, "--truth", truth, "--json", "-", *QUICK,
                               "--query-keypoints", "48", *options)
        found = (records(added.stdout) + records(matched.stdout)[1:] +
                 json.loads(evaluated.stdout)[1:])
        for record in found:
            record.pop("timings", None)
            record.get("image", {}).pop("added_at", None)
        return manifest["device"], found

    def test_cuda_on_the_cpu_gives_the_answers_of_the_cpu(self):
        device, expected = self.answers("cpu")
        self.assertEqual(device, "cpu")
        device, found = self.answers("cuda-host")
        self.assertTrue(device.startswith("cuda:0"), device)
        self.assertEqual(len(found), len(expected))
        for one, other in zip(found, expected):
            self.assertEqual(one, other)

    def test_the_device_is_named(self):
        self.create()
        result = self.check(0, "add", self.catalogue, SAMPLES / "scenes", "--device", "auto")
        self.assertRegex(result.stderr.decode(), "device: (cpu|cuda:0 )")

    def test_a_device_that_does_not_exist_is_an_error(self):
        self.create()
        for device, reason in (("tpu", "no such device: 'tpu'"), ("cuda:x", "no such device"),
                               ("cuda:99", "no CUDA")):
            with self.subTest(device):
                result = self.check(1, "add", self.catalogue, SAMPLES / "scenes", "--device", device)
                self.assertIn(reason, result.stderr.decode())
        self.assertEqual(self.listed(), [])


if __name__ == "__main__":
    main()
