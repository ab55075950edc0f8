# ---
# jupyter:
#   jupytext:
#     text_representation:
#       extension: .py
#       format_name: percent
#   kernelspec:
#     display_name: Python 3
#     language: python
#     name: python3
# ---

# %% [markdown]
# # Tutorial: from images of digits to a report that you can trust
#
# You will look at the data, train a small network for a moment, and then learn to read every part of the report:
# what the accuracy's interval means, the confusion matrix, calibration, risk and coverage, suspected label errors,
# gates, and the comparison of two models. It takes about a minute on two cores and asks the network for nothing.
#
# The model of this tutorial is bad on purpose: it saw few images, few times. A report on a model without faults
# teaches little.

# %% [markdown]
# ## 1. The data
#
# MNIST comes with the package: 60,000 images to train on and 10,000 to test on, 28 x 28 pixels each, from 0
# (background) to 1 (ink).

# %%
import matplotlib.pyplot as plt
import numpy as np
import pandas as pd
from PIL import Image

from mnist_report import MNISTClassifier

# %matplotlib inline

# %%
classifier = MNISTClassifier(seed=42, verbose=False)
X_train, y_train, X_test, y_test = classifier.load_and_preprocess_data()
X_train.shape, X_test.shape

# %% [markdown]
# How many images has each class? Look at this first. A class that is rare in training is learnt badly, and a class that
# is rare in the test is measured badly.

# %%
counts = pd.DataFrame({"training": np.bincount(y_train), "test": np.bincount(y_test)})
shares = counts / counts.sum()
pd.concat([counts, shares.map("{:.1%}".format).add_suffix(" share")], axis=1).rename_axis("class")

# %%
axes = shares.plot.bar(figsize=(6.4, 2.4), rot=0, width=0.8, color=["#b9c0c9", "#0072b2"])
axes.set(xlabel="class", ylabel="share of the images", ylim=(0, 0.14))
axes.legend(ncols=2, loc="upper right", frameon=False)
axes.spines[["top", "right"]].set_visible(False)

# %% [markdown]
# The classes are nearly even: class 1 has the most images, class 5 the fewest. Training and test set agree. So a plain
# accuracy is a fair summary here; on uneven classes you would look at the balanced accuracy instead.
#
# And what do the images look like? Here are ten of each class, drawn by lot. The seed makes the draw the same each
# time.

# %%
rng = np.random.default_rng(42)
chosen = [rng.choice(np.flatnonzero(y_train == digit), 10, replace=False) for digit in range(10)]
sheet = np.vstack([np.hstack(X_train[row].squeeze()) for row in chosen])
Image.fromarray((255 * (1 - sheet)).astype(np.uint8)).resize((560, 560), Image.Resampling.NEAREST)

# %% [markdown]
# ## 2. Training, briefly
#
# `build_model()` makes the seed project's network. We train it on 6,000 of the 60,000 images, for three passes
# (epochs). The last tenth of them is *held out*: the weights are not fitted to it. After each epoch the loss on these
# held-out images is measured, and the weights of the best epoch are kept. The test set takes no part in any of this.

# %%
model = classifier.build_model()
print(f"{model.count_params():,} parameters")
history = classifier.train(X_train[:6000], y_train[:6000], epochs=3, batch_size=16)
history[["epoch", "loss", "accuracy", "val_loss", "val_accuracy", "learning_rate"]].round(4)

# %% [markdown]
# `loss` and `accuracy` are means over the epoch, with dropout, while the weights still change; `val_loss` and
# `val_accuracy` are those of the held-out images at its end. If the first goes on falling and the second begins to
# rise, the network learns its images by heart.
#
# After the first epoch the held-out loss may be far worse than the other one. That is no mistake: the network's batch
# normalisation uses running means when it is not trained, and these need some hundred steps to settle.
#
# On the command line, `mnist-report train` does the same with all images and writes a page about it beside the model.

# %% [markdown]
# ## 3. Evaluating
#
# Now the test set, all of it, once. `evaluate` predicts every image and computes every number of the report.

# %%
result = classifier.evaluate(X_test, y_test)
print(result)

# %% [markdown]
# ### What does the interval mean?
#
# The accuracy is that of *these* 10,000 images. Of other 10,000 images, written by other people of the same kind, it
# would be a little different. The 95 % interval says how different: it is made so that for 95 of 100 test sets it holds
# the accuracy that the model has on all images of this kind.
#
# You can see this without any formula. Draw 10,000 of the images at random, with repetition, and count again; do so
# 2,000 times:

# %%
right = result.predictions.right
again = [rng.choice(right, len(right)).mean() for _ in range(2000)]
accuracy = result.evaluation.overall["accuracy"]
print(f"95 of 100 such draws lie between {np.quantile(again, 0.025):.2%} and {np.quantile(again, 0.975):.2%}")
print(f"the exact interval goes from {accuracy.ci_low:.2%} to {accuracy.ci_high:.2%}")

# %% [markdown]
# So digits beyond the interval mean nothing, and the report does not print them. Every metric comes with the number of
# images behind it, and where its kind has one, with its interval:

# %%
result.frames.overall.set_index("metric")[["value", "ci_low", "ci_high", "n", "interval"]].round(4)

# %% [markdown]
# A few of these names: `log_loss` is the mean of -ln(probability of the right class), lower is better; it also tells
# apart two models that are equally often right. `brier` is the mean squared distance of the probabilities from the
# truth. `ece` comes below.

# %% [markdown]
# ### The confusion matrix
#
# Which class is taken for which? Rows are the actual classes, columns what the model said. The numbers are percent of
# the row, and colour is for errors alone: what is right needs no attention.

# %%
figures = result.figures()
figures["confusion"]

# %% [markdown]
# The same as a list, the most frequent pair first. `examples` are the places of the worst images of each pair:

# %%
result.frames.confused_pairs.head(6)

# %% [markdown]
# Accuracy, class by class, each with its own interval. There are only about 1,000 images of a class, so these
# intervals are about three times as wide as that of the whole. Two classes whose intervals overlap widely may well be
# equally good.

# %%
figures["per_class"]

# %% [markdown]
# ### The mistakes
#
# Look at them. It takes a minute and tells more than any number. Here are the ten worst, by loss: those to whose actual
# class the model gave the least probability. Each has the actual class, what it was taken for, and how surely.


# %%
def show(images, titles):
    """Small pictures in a row, dark ink on white."""
    _, cells = plt.subplots(1, len(images), figsize=(7, 1))
    for cell, image, title in zip(cells, images, titles, strict=True):
        cell.imshow(image.squeeze(), cmap="gray_r", vmin=0, vmax=1)
        cell.set_title(title, fontsize=7)
        cell.axis("off")


worst = result.frames.mistakes.head(10)
show(
    X_test[worst["index"]],
    [f"{row.actual} as {row.predicted}\n{row.confidence:.0%}" for row in worst.itertuples()],
)

# %% [markdown]
# ### Calibration: do the probabilities mean what they say?
#
# With each answer the model gives a confidence, the probability of the class that it names. It is *calibrated* if of
# all answers with a confidence of 0.9, 90 % are right. The diagram puts the answers into bins by confidence; on the
# dashed line, the model deserves its trust. Below the line it is too sure of itself, above the line not sure enough.
# The small numbers are the images of a bin: a bin of five images says nothing, and its long interval shows it.

# %%
figures["reliability"]

# %% [markdown]
# The *calibration error* (ECE) is the mean distance from that line, weighted by the images. Even a perfect model shows
# some, by chance; the report prints that floor beside it.

# %%
overall = result.evaluation.overall
print(f"mean confidence {overall['mean_confidence'].value:.4f}, accuracy {overall['accuracy'].value:.4f}")
print(f"calibration error {overall['ece'].value:.4f}")

# %% [markdown]
# ### Risk and coverage: what if the model may pass?
#
# If the model answers only where it is sure, and a person does the rest, how many errors are left? Sort the answers by
# confidence and keep the surest. *Coverage* is the share that is kept, *risk* the error rate among these.

# %%
figures["risk_coverage"]

# %%
curve = result.frames.risk_coverage
for share in (1, 0.95, 0.9, 0.8, 0.5):
    row = curve.iloc[(curve["coverage"] - share).abs().argmin()]
    kept = f"keep {row['coverage']:6.1%} (confidence {row['threshold']:.3f} or more)"
    print(f"{kept}: {row['risk']:.2%} errors")

# %% [markdown]
# A model with the same accuracy but a curve that falls faster is worth more: it knows what it does not know.

# %% [markdown]
# ### Suspected label errors
#
# Sometimes the model is right and the label is wrong. Confident learning looks for images to which the model gives
# their own label a low probability and another class a high one. These are suspects, never verdicts: look at them.
# With a model as weak as ours most suspects are the model's own mistakes; a better model finds better suspects.

# %%
suspects = result.frames.label_issues.head(10)
show(
    X_test[suspects["index"]],
    [f"label {row.label}\nperhaps {row.alternative}" for row in suspects.itertuples()],
)

# %% [markdown]
# The report also shows the accuracy without the suspects, and never uses it for anything: otherwise a model could pass
# by doubting its labels.

# %% [markdown]
# ## 4. On the command line
#
# All of this, in one HTML and one PDF file, is one command: `mnist-report run --model FILE`. It loads the model in a
# process of its own, predicts, writes a folder with the report and every number, and decides by *gates*.
#
# Here we save what our model said, and let `run` report on that; it needs no TensorFlow then. Any other program could
# have written this file.

# %%
from pathlib import Path

folder = Path("output")
folder.mkdir(exist_ok=True)
np.savez(folder / "brief.npz", probabilities=result.predictions.probabilities, labels=y_test)

# !mnist-report run -q --format html --predictions output/brief.npz --reports output/brief
print("exit status", _exit_code)

# %% [markdown]
# It prints the run's folder, and the exit status is 1: a gate failed. That is what stops a CI job. Which one?

# %%
# !mnist-report check -q output/brief/latest

# %% [markdown]
# ### Gates
#
# A gate is a rule: a metric and a threshold. Without rules of yours there are two, accuracy at least 0.99 and each
# class at least 0.96. A gate does not just compare two numbers. It says
#
# - PASS where the images *show* that the threshold holds,
# - FAIL where they show that it does not,
# - INCONCLUSIVE where so many images cannot tell, with the number that could.
#
# So the verdict does not flip with the noise from one night to the next. Your own rules stand in a TOML file:

# %%
(folder / "gates.toml").write_text("""\
[[gates]]
metric = "accuracy"
min = 0.9

[[gates]]
metric = "ece"
max = 0.05
decide = "point"        # it has no interval

[[gates]]
metric = "recall"
class = "each"
min = 0.8
severity = "warning"    # is told, and fails nothing
""")

# !mnist-report check -q output/brief/latest --gates output/gates.toml

# %% [markdown]
# ## 5. Which of two models is better?
#
# The package comes with a model that was trained on ten times as many images, and longer. What does it say about the
# same test set?

# %%
shipped = MNISTClassifier(verbose=False)
shipped.load_model()
better = shipped.evaluate(X_test, y_test)
print(better)
np.savez(folder / "shipped.npz", probabilities=better.predictions.probabilities, labels=y_test)

# !mnist-report run -q --format html --predictions output/shipped.npz --reports output/shipped
print("exit status", _exit_code)

# %% [markdown]
# Here nobody doubts which one is better. But with 99.5 % and 99.6 % it is not so clear: the intervals overlap. Both
# models saw *the same* images, though, and agree on nearly all of them. What decides is the few on which only one is
# right: that is the *paired* comparison, and it sees much smaller differences. McNemar's test asks how often chance
# alone would split these images so unevenly.

# %%
# !mnist-report compare -q output/brief/latest output/shipped/latest

# %% [markdown]
# The first of the two is the candidate, the second the baseline. *Regressed* are the images that only the baseline gets
# right, *fixed* those that only the candidate does. With `--baseline` a run makes this comparison itself, and a gate
# such as `max_drop = 0.003` decides on the interval of the difference.

# %% [markdown]
# ## 6. Every night, and for every change
#
# What `run` leaves is a folder with the report, the numbers unrounded (`metrics.json`), every table (`frames/`), every
# image's answer (`predictions.parquet`), and files for machines:

# %%
sorted(path.name for path in (folder / "brief" / "latest").iterdir())

# %% [markdown]
# In CI these lines are enough:
#
# ```sh
# pip install mnist-report
# mnist-report run --model models/mine.keras --baseline baseline --gates gates.toml
# ```
#
# | exit status | meaning |
# |---|---|
# | 0 | every gate passed, or only warned |
# | 1 | a gate failed |
# | 2, 3 | something else is wrong: the command, the data, the model file or the machine |
#
# `junit.xml`, `summary.md` and `metrics.prom` are what CI servers, pull requests and monitoring read. Ready workflows
# for GitHub and GitLab stand in `docs/ci`, and how to let it run every night stands in `docs/operating.md`. To train
# the real thing, which takes a while:
#
# ```sh
# mnist-report train --recipe strong --output models/mine.keras
# ```
#
# Beside the model lies then `mine.training.html`: the curves, the recipe, the data, and how long each epoch took.
