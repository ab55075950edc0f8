"""Reports about bad models and many classes: within bounds of size, time and memory."""

import re
import subprocess
import sys

import numpy as np
import pytest
from test_html import Page

from mnist_report.data.sources import load_dataset

PEAK = """
import re, sys
from pathlib import Path
from mnist_report.cli import run_cli
run_cli(sys.argv[1:])
print(re.search(r"VmHWM:\\s+(\\d+)", Path("/proc/self/status").read_text())[1])
"""


def made_up(labels, classes, mistakes, seed=3):
    """Probabilities of a model that gets so many images wrong, in all pairs of classes alike."""
    generator = np.random.default_rng(seed)
    said = labels.copy()
    wrong = generator.choice(len(labels), mistakes, replace=False)
    said[wrong] = (labels[wrong] + generator.integers(1, classes, mistakes)) % classes
    rows = generator.dirichlet(np.full(classes, 0.05), len(labels))
    every, top = np.arange(len(labels)), rows.argmax(axis=1)
    rows[every, top], rows[every, said] = rows[every, said].copy(), rows[every, top].copy()
    return rows.astype(np.float32)


def reported(folder, *options):
    """The page, its size in bytes, and the peak memory in kB of the process that made it and the PDF."""
    command = [sys.executable, "-c", PEAK, "run", "-q", *options]
    answer = subprocess.run(command, cwd=folder, capture_output=True, text=True, check=True, timeout=120)
    html = (folder / "reports" / "latest" / "report.html").read_text("utf-8")
    return Page(html), len(html.encode()), int(answer.stdout.split()[-1])


def check_links(page):
    """Every cell of mistakes leads to an image that is there."""
    ids = {attributes["id"] for _, attributes in page.elements if "id" in attributes}
    targets = {link["href"][1:] for link in page.all("a") if (link.get("aria-label") or "").count(" taken for ")}
    assert targets <= ids
    return len(targets)


@pytest.mark.slow
def test_two_thousand_mistakes_stay_within_bounds(tmp_path):
    """2.5 MB, 800 MB of memory; what is left out is said, and every pair can be seen."""
    np.save(tmp_path / "bad.npy", made_up(load_dataset("mnist", "test").labels.copy(), 10, 2_000))
    page, size, peak = reported(tmp_path, "--predictions", "bad.npy")
    assert (size <= 2_500_000, peak <= 800_000) == (True, True), (size, peak)
    assert "300 of 2,000 are shown" in page.text("p")
    assert check_links(page) == 90


@pytest.mark.slow
def test_a_hundred_classes_stay_within_bounds(tmp_path):
    """The matrix gives way to the most confused pairs; each pair has its image all the same."""
    labels = np.arange(5_000) % 100
    names = np.array([f"class {k}" for k in range(100)])
    np.savez(tmp_path / "many.npz", probabilities=made_up(labels, 100, 1_000), labels=labels, class_names=names)
    page, size, peak = reported(tmp_path, "--predictions", "many.npz", "--data", "none")
    assert (size <= 2_500_000, peak <= 800_000) == (True, True), (size, peak)
    assert re.search(r"10 of \d+; frames/confused_pairs.csv has all", page.text("caption"))
