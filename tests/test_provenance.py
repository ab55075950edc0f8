"""What was run, as tables and terms."""

from tiny_run import epochs, tiny_card, tiny_predictions, tiny_provenance

from mnist_report.report import text
from mnist_report.report.provenance import data_name, doubts, history_table, layers_table, moment, provenance_rows


def test_the_layers_are_listed():
    """As the model's anatomy has them; a layer without one output shape shows a dash."""
    layers = [
        {"name": "a", "kind": "Dense", "output_shape": "128", "parameters": 401_536},
        {"name": "b", "kind": "Lambda", "output_shape": "", "parameters": 0},
    ]
    assert layers_table(layers).rows == (("a", "Dense", "128", "401,536"), ("b", "Lambda", text.DASH, "0"))


def test_the_epochs_are_listed():
    """Losses as numbers, accuracies in percent."""
    first = history_table(epochs()).rows[0]
    assert first == ("1", "1.0000", "70.00 %", "0.8000", "80.00 %", "0.001", "1.5 s")


def test_provenance_says_what_was_run():
    """Digests, device and versions."""
    rows = dict(provenance_rows(tiny_provenance(tiny_predictions())))
    assert rows["Model sha256"] == "a" * 64
    assert rows["Data sha256"] == "b" * 64
    assert rows["Parameters"] == "93, 90 trainable"
    assert rows["Versions"] == "mnist-report 0.1.0, python 3.11.7"
    assert rows["Git commit (of the folder it ran in)"] == text.DASH


def test_provenance_of_a_model_with_a_card_says_how_it_was_trained():
    """Recipe, data and what was held out."""
    trained = dict(provenance_rows(tiny_provenance(tiny_predictions(), card=tiny_card(epochs()))))["Trained with"]
    assert all(words in trained for words in ("batch size 32", "seed 7", "90 images of pets", "10 held out"))


def test_provenance_of_a_model_without_a_card_says_so():
    """Nothing is made up."""
    assert dict(provenance_rows(tiny_provenance(tiny_predictions())))["Trained with"] == "no model card"


def test_the_data_is_named_with_split_and_size():
    """One image is no plural."""
    assert data_name({"source": "pets", "split": "test", "n": 1}) == "pets, test split, 1 image"


def test_a_moment_is_written_out():
    """Day, month, year and time, in UTC."""
    assert moment("2026-01-02T03:04:05.678901+00:00") == "2 January 2026, 03:04 UTC"


def test_provenance_says_what_was_done_to_the_data():
    """Centred, transposed, or neither."""
    facts = tiny_provenance(tiny_predictions())
    assert dict(provenance_rows(facts))["Data"] == "pets, test split, 12 images"
    changed = facts | {"data": facts["data"] | {"centered": True, "transposed": True}}
    expected = "pets, test split, 12 images, centred as MNIST was made, rows and columns swapped"
    assert dict(provenance_rows(changed))["Data"] == expected


def test_provenance_says_how_the_model_was_asked():
    """Shape, scale and why; and what its numbers are."""
    facts = tiny_provenance(tiny_predictions())
    given = {"shape": [32, 32, 1], "way": "padded", "scale": "raw", "why": "log loss 0.1", "doubt": "Who knows?"}
    facts["model"] |= {"input": given, "output": "logits"}
    rows = dict(provenance_rows(facts))
    assert rows["Images as the model gets them"] == "32 x 32 x 1 (padded), pixels 0 to 255 (raw): log loss 0.1"
    assert rows["The model's numbers"] == "logits, of which the softmax was taken"
    assert doubts(facts) == ("Who knows?",)
    assert doubts(tiny_provenance(tiny_predictions())) == ()


def precision_row(**device):
    facts = tiny_provenance(tiny_predictions())
    facts["device"] |= device
    return dict(provenance_rows(facts)).get("Precision")


def test_provenance_says_the_precision_and_how_far_it_agrees():
    """Runs of before have none; a model that only names classes has no probabilities."""
    assert precision_row() is None
    assert precision_row(precision="float32", agreement=None) == "float32"
    agreement = {"n": 1000, "same": 998, "largest_difference": 0.01234}
    assert precision_row(precision="bfloat16", agreement=agreement) == (
        "bfloat16; of the first 1,000 images 998 get the same class in float32, and probabilities differ by 0.012 "
        "at most"
    )
    classes = {"n": 10, "same": 10, "largest_difference": None}
    assert precision_row(precision="bfloat16", agreement=classes) == (
        "bfloat16; of the first 10 images 10 get the same class in float32"
    )


def test_provenance_says_which_worse_images_there_were():
    """How they were made, and which were read."""
    made = {"seed": 7, "severities": {"noise": [0.1, 0.2], "blur": [1, 2]}}
    read = {"path": "mnist_c", "corruptions": ["fog"], "sha256": "d" * 64}
    facts = tiny_provenance(tiny_predictions())
    assert "Corrupted images" not in dict(provenance_rows(facts))
    both = dict(provenance_rows(facts | {"corruptions": {"made": made, "read": read}}))["Corrupted images"]
    assert both == f"noise, blur at 5 severities, seed 7; 1 set of mnist_c, sha256 {'d' * 64}"
    alone = provenance_rows(facts | {"corruptions": {"made": None, "read": read}})
    assert dict(alone)["Corrupted images"] == f"1 set of mnist_c, sha256 {'d' * 64}"
