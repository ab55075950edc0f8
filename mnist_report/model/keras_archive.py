"""A `.keras` file, looked into without Keras and before anything large is read."""

import struct
import zipfile
import zlib
from pathlib import Path
from typing import Any

from mnist_report.errors import ModelError
from mnist_report.model.keras_config import MOST_CONFIG_BYTES, check_config, read_config

WEIGHTS = "model.weights.h5"
PARTS = ("config.json", "metadata.json", WEIGHTS)
MOST_BYTES = 1 << 30
# Deflate cannot do better than 1032; weights that shrink so are not weights.
MOST_RATIO = 200
RATIO_MATTERS = 10 << 20
MOST_DIRECTORY_BYTES = 1 << 20

_END = b"PK\x05\x06"
_END_64 = b"PK\x06\x07"
_LONGEST_END = 22 + 0xFFFF


def check_archive(path: Path, where: str, *, trusted: bool) -> None:
    """See that a file is a Keras archive of sane sizes whose layers only compute.

    Args:
        path: the file.
        where: what to call it in messages.
        trusted: whether its configuration may bring code along.

    Raises:
        ModelError: it is not.
    """
    try:
        _check_directory(path, where)
        with zipfile.ZipFile(path) as archive:
            _check_members(archive.infolist(), where)
            config, metadata = (archive.read(part) for part in PARTS[:2])
    except (zipfile.BadZipFile, NotImplementedError, struct.error) as error:
        raise ModelError(
            f"{where}: not a zip archive, so not a .keras file, or a damaged one; save it again with model.save()"
        ) from error
    except (OSError, ValueError, EOFError, RuntimeError, LookupError, zlib.error) as error:
        raise ModelError(f"{where}: cannot be read ({error})") from error
    read_config(metadata, where)
    check_config(_model(read_config(config, where), where), where, trusted=trusted)


def archive_config(path: Path, where: str) -> dict[str, Any]:
    """The configuration of a Keras archive that `check_archive` took."""
    with zipfile.ZipFile(path) as archive:
        return read_config(archive.read(PARTS[0]), where)


def _model(config: dict[str, Any], where: str) -> dict[str, Any]:
    if not isinstance(config.get("config"), dict) or not isinstance(config.get("class_name"), str):
        raise ModelError(f"{where}: its configuration is not that of a model: no class_name with a config")
    return config


def _check_directory(path: Path, where: str) -> None:
    """See that the list of members is small: zipfile reads all of it at once."""
    with path.open("rb") as file:
        size = file.seek(0, 2)
        file.seek(max(0, size - _LONGEST_END - 20))
        tail = file.read()
    at = tail.rfind(_END)
    if at < 0:
        raise zipfile.BadZipFile
    # Two ends, or a second one in the 64-bit form, could show others another list than the one measured here.
    if tail.count(_END) > 1 or _END_64 in tail[max(0, at - 20) : at]:
        raise ModelError(f"{where}: the zip archive has more than one list of members; save it again with model.save()")
    length = struct.unpack_from("<I", tail, at + 12)[0]
    if length > MOST_DIRECTORY_BYTES:
        raise ModelError(f"{where}: the zip archive's list of members is {length:,} bytes long, expected a few hundred")


def _check_members(members: list[zipfile.ZipInfo], where: str) -> None:
    names = [member.filename for member in members]
    missing = [part for part in PARTS if part not in names]
    if missing:
        raise ModelError(f"{where}: the archive has no {missing[0]}; save the whole model with model.save()")
    if len(set(names)) < len(names):
        raise ModelError(f"{where}: the archive has a member twice; save it again with model.save()")
    for member in members:
        name = member.filename
        if name not in PARTS and (not name.startswith("assets/") or ".." in name):
            raise ModelError(f"{where}: the archive has {name[:80]!r}, which is no part of a Keras model")
        if member.flag_bits & 1:
            raise ModelError(f"{where}: {name} is encrypted")
        if member.file_size > MOST_RATIO * member.compress_size and member.file_size > RATIO_MATTERS:
            raise ModelError(
                f"{where}: {name} would grow from {member.compress_size:,} to {member.file_size:,} bytes; "
                "save it again with model.save()"
            )
        if name in PARTS[:2] and member.file_size > MOST_CONFIG_BYTES:
            raise ModelError(
                f"{where}: {name} is {member.file_size:,} bytes long, at most {MOST_CONFIG_BYTES:,} are read"
            )
    total = sum(member.file_size for member in members)
    if total > MOST_BYTES:
        raise ModelError(f"{where}: {total:,} bytes once unpacked, at most {MOST_BYTES:,} are taken")
