"""Known attacks by data files, files of predictions and files of slices."""

import base64
import gzip
import io
import zipfile
import zlib
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pyarrow as pa  # noqa: TID253  nobody waits for these tests
from attack_keras import Evil
from data_files import png_bytes, write_image_parquet, write_picture_folder
from makers import digits, idx_header, npy_bytes, zip_bytes
from pyarrow import parquet  # noqa: TID253  nobody waits for these tests
from sandbox import Sandbox

# A function of a sandbox and of good files that writes a bad one and gives the options to call the command with.
Attack = Callable[[Sandbox, Path], list[str | Path]]
ATTACKS: dict[str, Attack] = {}
# Arrow ends its process over this one: two images whose column promises a histogram of another length.
ABORT = (
    b"c-obbu};G<5QZ=AHDq9DL1)=gh6pK9k<yAHrDBMLSeQCgOdVK4WkIE+4QYY5VeEi-5T1r-;2aW!fCcOBe74Wu$-ie8S7QR2(>$ggCoZ}E1O|uz"
    b"pwQvi?{g6Bop&319j9Hh+p?c)ro<G-gbhx4w!#kOH3>)<{IUDh3fnVi6GDBRfO0pBJ5ywYkO<XX7TK*KLGCo=k^~jz%gvSqkO+m^Gr1|uY8%Sw>!"
    b"Ej0L&77~&9fVmgGBA?I0B!94qeb^pR}6L-XxGc`RuSoUiwQF?UQ}0fb=-ReSK-gVYf)EkxeV6pnP%IqMeieOO0<WTpiWw$~Pe~@_2$lP-fNrgV_"
    b"!jWjV~MYW);EnrgFLuY%Lb=wvk3u@Aro=Zv56SAPIM0Xdu"
)


def attack(role: str, name: str) -> Callable[[Callable[[Path, Sandbox], None]], Callable[[Path, Sandbox], None]]:
    """Put a function that writes such a file on the list."""

    def put(write: Callable[[Path, Sandbox], None]) -> Callable[[Path, Sandbox], None]:
        def options(box: Sandbox, good: Path) -> list[str | Path]:
            path = box.root / "files" / f"attack{name}"
            write(path, box)
            others = {"data": good.parent / "data" / "idx", "predictions": good.parent / "said.npy"}
            return [word for key, value in (others | {role: path}).items() for word in (f"--{key}", value)]

        ATTACKS[f"{role}: {write.__name__.replace('_', ' ').strip()}"] = options
        return write

    return put


def header(shape: tuple[int, ...], kind: str) -> bytes:
    """The beginning of a .npy file."""
    file = io.BytesIO()
    np.lib.format.write_array_header_1_0(file, {"descr": kind, "fortran_order": False, "shape": shape})
    return file.getvalue()


def pickled(box: Sandbox) -> bytes:
    """A .npy file of an object that leaves a file when it is unpickled."""
    found = np.empty(3, object)
    found[:] = [Evil(box.canary)] * 3
    file = io.BytesIO()
    np.lib.format.write_array(file, found, allow_pickle=True)
    return file.getvalue()


def write_zeros(path: Path, members: dict[str, tuple[bytes, int]]) -> None:
    """A compressed archive; each member is some bytes and so many megabytes of zeros."""
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, (head, megabytes) in members.items():
            with archive.open(name, "w", force_zip64=True) as member:
                member.write(head)
                for _ in range(megabytes):
                    member.write(bytes(1 << 20))


@attack("data", ".npz")
def pickled_images(path: Path, box: Sandbox) -> None:
    """The oldest of all."""
    path.write_bytes(zip_bytes({"x_test.npy": pickled(box), "y_test.npy": npy_bytes(digits(3)[1])}))


@attack("data", ".npz")
def images_that_are_a_pickle_without_a_header(path: Path, box: Sandbox) -> None:
    """Numpy tells them by their first bytes."""
    content = pickled(box)
    path.write_bytes(content[content.index(b"\n") + 1 :])


@attack("data", ".npz")
def a_trillion_images(path: Path, box: Sandbox) -> None:  # noqa: ARG001  as the others
    """Promised in a hundred bytes."""
    path.write_bytes(zip_bytes({"x_test.npy": header((10**12, 28, 28), "|u1"), "y_test.npy": header((10**12,), "|u1")}))


@attack("data", ".npz")
def a_zip_bomb(path: Path, box: Sandbox) -> None:  # noqa: ARG001  as the others
    """A megabyte that becomes one gigabyte, which is allowed to those that have it."""
    n = (1 << 30) // 784 // 2
    images = header((n, 28, 28), "|u1"), n * 784 // (1 << 20) + 1
    write_zeros(path, {"x_test.npy": images, "y_test.npy": (header((n,), "|u1"), 1)})


@attack("data", ".npz")
def a_header_of_brackets(path: Path, box: Sandbox) -> None:  # noqa: ARG001  as the others
    """Numpy has Python parse it."""
    text = b"{'descr': " + b"(" * 9000 + b"}"
    content = b"\x93NUMPY\x01\x00" + len(text).to_bytes(2, "little") + text
    path.write_bytes(zip_bytes({"x_test.npy": content, "y_test.npy": content}))


def idx(path: Path, images: bytes, labels: bytes) -> None:
    """A folder of two files."""
    path.mkdir()
    for stem, content in (("images-idx3", images), ("labels-idx1", labels)):
        (path / f"t10k-{stem}-ubyte.gz").write_bytes(gzip.compress(content, 1))


@attack("data", "")
def sides_of_four_billion(path: Path, box: Sandbox) -> None:  # noqa: ARG001  as the others
    """Each."""
    idx(path, idx_header((2**32 - 1,) * 3), idx_header((2**32 - 1,)))


@attack("data", "")
def a_gzip_bomb(path: Path, box: Sandbox) -> None:  # noqa: ARG001  as the others
    """Half a gigabyte in two megabytes: within the limits, if it were real."""
    n = (1 << 29) // 784
    idx(path, idx_header((n, 28, 28)) + bytes(n * 784), idx_header((n,)) + bytes(n))


@attack("data", ".csv")
def a_line_without_end(path: Path, box: Sandbox) -> None:  # noqa: ARG001  as the others
    """A hundred megabytes of it."""
    path.write_bytes(b"1," * 50_000_000)


@attack("data", ".csv")
def a_row_without_end(path: Path, box: Sandbox) -> None:  # noqa: ARG001  as the others
    """After a head as it should be."""
    path.write_bytes(b"label,a,b,c,d\n" + b"1" * 100_000_000)


def folder(path: Path, content: bytes, suffix: str = "png") -> None:
    """A folder of two classes with a picture each."""
    for name in "ab":
        (path / name).mkdir(parents=True)
        (path / name / f"1.{suffix}").write_bytes(content)


def png(*chunks: tuple[bytes, bytes]) -> bytes:
    """A PNG file of these chunks."""
    parts = [
        len(c).to_bytes(4, "big") + n + c + zlib.crc32(n + c).to_bytes(4, "big") for n, c in (*chunks, (b"IEND", b""))
    ]
    return b"\x89PNG\r\n\x1a\n" + b"".join(parts)


def ihdr(width: int, height: int) -> tuple[bytes, bytes]:
    """Its first chunk: grey, 8 bits."""
    return b"IHDR", width.to_bytes(4, "big") + height.to_bytes(4, "big") + b"\x08\0\0\0\0"


@attack("data", "")
def a_picture_of_four_billion_pixels(path: Path, box: Sandbox) -> None:  # noqa: ARG001  as the others
    """A decompression bomb."""
    folder(path, png(ihdr(65_535, 65_535), (b"IDAT", zlib.compress(bytes(10 << 20), 9))))


@attack("data", "")
def a_picture_with_a_page_of_text(path: Path, box: Sandbox) -> None:  # noqa: ARG001  as the others
    """The pixels are few; what is said about them is not."""
    text = b"Comment\0\0" + zlib.compress(bytes(500 << 20), 9)
    folder(path, png(ihdr(28, 28), (b"zTXt", text), (b"IDAT", zlib.compress(bytes(29 * 28)))))


@attack("data", "")
def blank_pictures(path: Path, box: Sandbox) -> None:  # noqa: ARG001  as the others
    """A million pixels each in a kilobyte."""
    blank = png_bytes(np.zeros((1000, 1000), np.uint8))
    for name in "ab":
        (path / name).mkdir(parents=True)
        for k in range(100):
            (path / name / f"{k}.png").write_bytes(blank)


@attack("data", "")
def a_picture_of_another_format(path: Path, box: Sandbox) -> None:
    """Postscript is a program, and Pillow calls another one for it."""
    text = f"%!PS-Adobe-3.0 EPSF-3.0\n%%BoundingBox: 0 0 28 28\n({box.canary}) (w) file closefile showpage\n"
    folder(path, text.encode())


@attack("data", "")
def a_picture_that_links_to_a_device(path: Path, box: Sandbox) -> None:  # noqa: ARG001  as the others
    """It never ends."""
    write_picture_folder(path, *digits(10))
    (path / "0" / "x.png").symlink_to("/dev/zero")


@attack("data", ".parquet")
def a_file_that_ends_arrow(path: Path, box: Sandbox) -> None:  # noqa: ARG001  as the others
    """By SIGABRT."""
    path.write_bytes(zlib.decompress(base64.b85decode(ABORT)))


@attack("data", ".parquet")
def one_picture_many_times(path: Path, box: Sandbox) -> None:  # noqa: ARG001  as the others
    """A dictionary holds it once."""
    blank = np.zeros((900, 900), np.uint8)
    write_image_parquet(path, [blank] * 700, np.arange(700) % 10, form="bytes")


@attack("data", ".parquet")
def a_picture_of_four_billion_pixels_in_a_table(path: Path, box: Sandbox) -> None:  # noqa: ARG001  as the others
    """As above."""
    bomb = png(ihdr(65_535, 65_535), (b"IDAT", zlib.compress(bytes(10 << 20), 9)))
    parquet.write_table(pa.table({"image": [bomb] * 2, "label": [0, 1]}), path)


@attack("predictions", ".npy")
def pickled_predictions(path: Path, box: Sandbox) -> None:
    """Where arrays are expected."""
    path.write_bytes(pickled(box))


@attack("predictions", ".npz")
def pickled_predictions_in_an_archive(path: Path, box: Sandbox) -> None:
    """Under each name."""
    path.write_bytes(zip_bytes({"probabilities.npy": pickled(box), "class_names.npy": pickled(box)}))


@attack("predictions", ".npy")
def a_trillion_rows(path: Path, box: Sandbox) -> None:  # noqa: ARG001  as the others
    """Promised in a hundred bytes."""
    path.write_bytes(header((10**12, 10), "<f4"))


@attack("predictions", ".npz")
def a_trillion_rows_in_an_archive(path: Path, box: Sandbox) -> None:  # noqa: ARG001  as the others
    """Promised in a hundred bytes."""
    path.write_bytes(zip_bytes({"probabilities.npy": header((10**12, 10), "<f4")}))


@attack("predictions", ".npz")
def a_zip_bomb_(path: Path, box: Sandbox) -> None:  # noqa: ARG001  as the others
    """Three quarters of a gigabyte of int8, which would take four times that as floats."""
    write_zeros(path, {"probabilities.npy": (header((78_643_200, 10), "|i1"), 750)})


@attack("predictions", ".parquet")
def millions_of_equal_rows(path: Path, box: Sandbox) -> None:  # noqa: ARG001  as the others
    """Each column is one number, and how often it is there."""
    write_equal_rows(path, {f"p{k}": pa.scalar(float(k == 0)) for k in range(10)} | {"label": pa.scalar(0)}, 5 * 10**6)


@attack("predictions", ".parquet")
def a_file_that_ends_arrow_(path: Path, box: Sandbox) -> None:  # noqa: ARG001  as the others
    """If anybody asks for its columns."""
    path.write_bytes(zlib.decompress(base64.b85decode(ABORT)))


@attack("slices", ".parquet")
def a_hundred_million_equal_rows(path: Path, box: Sandbox) -> None:  # noqa: ARG001  as the others
    """As Python's own text they would take ten gigabytes."""
    write_equal_rows(path, {"index": pa.scalar(0), "pen": pa.scalar("x" * 100)}, 10**8)


@attack("slices", ".parquet")
def a_file_that_ends_arrow__(path: Path, box: Sandbox) -> None:  # noqa: ARG001  as the others
    """If anybody asks for its columns."""
    path.write_bytes(zlib.decompress(base64.b85decode(ABORT)))


@attack("slices", ".parquet")
def a_value_of_a_gigabyte(path: Path, box: Sandbox) -> None:  # noqa: ARG001  as the others
    """In a megabyte."""
    column = pa.array(["x" * (1 << 30)], pa.large_string())
    parquet.write_table(pa.table({"index": [0], "pen": column}), path, compression="zstd")


@attack("slices", ".csv")
def a_head_of_ten_million_columns(path: Path, box: Sandbox) -> None:  # noqa: ARG001  as the others
    """Each of them slices the images."""
    path.write_text("index," + ",".join(f"c{k}" for k in range(10**7)) + "\n", "utf-8")


def write_equal_rows(path: Path, cells: dict[str, pa.Scalar], n: int) -> None:
    """Each row is the same; a million at a time, so that nobody holds them all."""
    step = 10**6
    part = pa.table({name: pa.repeat(value, step) for name, value in cells.items()})
    with parquet.ParquetWriter(path, part.schema, compression="zstd") as writer:
        for _ in range(n // step):
            writer.write_table(part, row_group_size=step)
