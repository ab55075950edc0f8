"""Tests of `mnist_report.model.keras_archive`: files that are refused before Keras sees them."""

import io
import json
import struct
import zipfile

import pytest
from makers import KERAS_PARTS, zip_bytes
from mutations import audited, mutations

from mnist_report.errors import ModelError
from mnist_report.model.keras_archive import check_archive
from mnist_report.model.store import shipped_model


def check(folder, content, *, trusted=False):
    """The message with which these bytes are refused, or None."""
    path = folder / "mine.keras"
    path.write_bytes(content)
    try:
        check_archive(path, "mine.keras", trusted=trusted)
    except ModelError as error:
        return str(error)
    return None


def test_the_shipped_model_is_taken():
    """The allow-list holds what we write ourselves."""
    check_archive(shipped_model(), "it", trusted=False)


def test_the_least_archive_is_taken(tmp_path):
    """Parts, and a configuration of a model."""
    assert check(tmp_path, zip_bytes(KERAS_PARTS)) is None


def test_assets_are_taken_and_anything_else_is_not(tmp_path):
    """Keras itself writes no other member; a path out of the folder is none of Keras's."""
    assert check(tmp_path, zip_bytes(KERAS_PARTS | {"assets/words.txt": b"a"})) is None
    assert "no part of a Keras model" in check(tmp_path, zip_bytes(KERAS_PARTS | {"assets/../../evil": b"a"}))
    assert "no part of a Keras model" in check(tmp_path, zip_bytes(KERAS_PARTS | {"run.pkl": b"a"}))


@pytest.mark.parametrize("config", [b"[]", b"{}", b"{", b"\xff", b'{"class_name": 3, "config": {}}', b"[" * 100_000])
def test_a_configuration_that_is_none_is_an_error(tmp_path, config):
    """Whatever JSON, or not, stands there."""
    assert "configuration is" in check(tmp_path, zip_bytes(KERAS_PARTS | {"config.json": config}))


def compressed(name, size):
    """An archive in which one member of zeros is compressed."""
    file = io.BytesIO(zip_bytes({part: content for part, content in KERAS_PARTS.items() if part != name}))
    with zipfile.ZipFile(file, "a", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr(name, bytes(size))
    return file.getvalue()


def test_a_bomb_is_an_error_that_says_how_it_would_grow(tmp_path):
    """Forty megabytes in forty kilobytes."""
    assert "model.weights.h5 would grow from" in check(tmp_path, compressed("model.weights.h5", 40 << 20))


def test_a_configuration_that_is_too_long_is_not_read(tmp_path):
    """Its length is in the list of members."""
    content = bytearray(zip_bytes(KERAS_PARTS))
    entry = content.index(b"PK\x01\x02")
    content[entry + 20 : entry + 28] = struct.pack("<II", 17 << 20, 17 << 20)
    assert "config.json is 17,825,792 bytes long" in check(tmp_path, bytes(content))


def test_sizes_that_add_up_to_too_much_are_an_error(tmp_path):
    """What the archive says is believed, as it is what would be read."""
    content = bytearray(zip_bytes(KERAS_PARTS))
    entry = content.rindex(b"PK\x01\x02")
    content[entry + 20 : entry + 28] = struct.pack("<II", 3 << 30, 3 << 30)
    assert "bytes once unpacked" in check(tmp_path, bytes(content))


def test_a_huge_list_of_members_is_not_read(tmp_path):
    """Python would keep half a kilobyte for each."""
    content = bytearray(zip_bytes(KERAS_PARTS))
    content[-10:-6] = struct.pack("<I", 1 << 29)
    assert "list of members is 536,870,912 bytes long" in check(tmp_path, bytes(content))


def test_two_lists_of_members_are_an_error(tmp_path):
    """One program would read the one, another the other."""
    archive = zip_bytes(KERAS_PARTS)
    assert "more than one list of members" in check(tmp_path, archive + archive)


def test_an_encrypted_part_is_an_error(tmp_path):
    """There is no password to ask for."""
    content = bytearray(zip_bytes(KERAS_PARTS))
    content[6] |= 1
    content[content.index(b"PK\x01\x02") + 8] |= 1
    assert "is encrypted" in check(tmp_path, bytes(content))


def test_a_member_that_is_there_twice_is_an_error(tmp_path):
    """Which one counts would be a matter of taste."""
    file = io.BytesIO(zip_bytes(KERAS_PARTS))
    with zipfile.ZipFile(file, "a") as archive, pytest.warns(UserWarning, match="Duplicate"):
        archive.writestr("config.json", b"{}")
    assert "has a member twice" in check(tmp_path, file.getvalue())


def test_code_is_refused_unless_it_is_trusted(tmp_path):
    """The way out stands in the message."""
    layer = {"module": "keras.layers", "class_name": "Lambda", "config": {"name": "twice"}, "registered_name": None}
    model = {"module": "keras", "class_name": "Sequential", "config": {"layers": [layer]}}
    content = zip_bytes(KERAS_PARTS | {"config.json": json.dumps(model).encode()})
    assert "layer 'twice' holds a Python function (Lambda)" in check(tmp_path, content)
    assert check(tmp_path, content).endswith("load it with --trust-model")
    assert check(tmp_path, content, trusted=True) is None


def test_a_hundred_and_fifty_mutated_files_are_refused_or_taken(tmp_path):
    """Never another exception; and no code of a file runs, no process starts, no other file is opened."""
    whole = shipped_model().read_bytes()
    with audited(tmp_path) as seen:
        answers = [check(tmp_path, content) for content in mutations(whole, 150)]
    assert seen == []
    assert 20 < sum(answer is not None for answer in answers) < 150
