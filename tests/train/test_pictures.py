"""Bad pictures: one clear sentence each, or a listed skip where the user allowed it; nothing lost in good ones."""

import struct
import zlib
from pathlib import Path

import numpy as np
import pytest

pytest.importorskip("PIL", reason="pictures need Pillow (the extra `train`)")
from PIL import Image, ImageCms

from bitsapart.errors import AmbiguityError, DataError
from bitsapart.train.images import open_images
from bitsapart.train.pictures import Unusable, read_picture
from bitsapart.train.settings import TrainSettings

GREY = np.arange(64, dtype=np.uint8).reshape(8, 8)
COLOUR = np.arange(192, dtype=np.uint8).reshape(8, 8, 3)


def png_header(width, height):
    """A PNG that claims a size and holds nothing."""
    head = struct.pack(">IIBBBBB", width, height, 8, 0, 0, 0, 0)
    chunks = b""
    for kind, data in ((b"IHDR", head), (b"IDAT", zlib.compress(b"\0")), (b"IEND", b"")):
        chunks += struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data))
    return b"\x89PNG\r\n\x1a\n" + chunks


def make_bad(kind: str, path: Path) -> None:
    if kind == "empty":
        path.write_bytes(b"")
    elif kind == "text":
        path.write_text("this is no picture")
    elif kind == "truncated":
        Image.fromarray(np.random.default_rng(0).integers(0, 255, (64, 64, 3), dtype=np.uint8)).save(path)
        path.write_bytes(path.read_bytes()[:2000])
    elif kind == "damaged":
        Image.fromarray(COLOUR).save(path)
        content = bytearray(path.read_bytes())
        content[45:60] = b"\xff" * 15
        path.write_bytes(bytes(content))
    elif kind == "huge":
        path.write_bytes(png_header(60_000, 60_000))
    elif kind == "bomb":
        path.write_bytes(png_header(12_000, 12_000))
    elif kind == "animated":
        frames = [Image.fromarray(GREY), Image.fromarray(GREY[::-1].copy())]
        frames[0].save(path, format="GIF", save_all=True, append_images=frames[1:])
    elif kind == "float":
        Image.fromarray(GREY.astype(np.float32)).save(path, format="TIFF")
    elif kind == "whole":
        Image.fromarray(GREY.astype(np.int32) * 1000).save(path, format="TIFF")


BAD = {
    "empty": r"is empty \(0 bytes\)",
    "text": "is no picture in a format that Pillow reads",
    "truncated": "is damaged",
    "damaged": "is damaged",
    "huge": "has more pixels than --max-pixels 50,000,000",
    "bomb": "has more pixels than --max-pixels 50,000,000",
    "animated": "holds 2 pictures .* --frames first",
    "float": "has floating-point pixels, whose white is not known",
    "whole": "has 32-bit whole pixels, whose white is not known",
}


@pytest.mark.parametrize(("kind", "sentence"), BAD.items())
def test_a_bad_picture_is_one_clear_sentence_or_a_listed_skip(tmp_path, kind, sentence):
    for number in range(3):
        Image.fromarray(GREY).save(tmp_path / f"good{number}.png")
    make_bad(kind, tmp_path / "bad.png")
    source = open_images(tmp_path)
    with pytest.raises(DataError, match=f"1 of 4 pictures cannot be used: .*bad.png {sentence}.*--unreadable skip"):
        source.load(np.arange(4), TrainSettings())
    left = source.load(np.arange(4), TrainSettings(unreadable="skip"))
    assert left.kept.tolist() == [1, 2, 3]
    ((name, reason),) = left.skipped
    assert name.endswith("bad.png")
    assert reason
    assert (left.values[..., 0] == GREY).all()


def test_a_file_nobody_may_read_and_a_link_to_nothing(tmp_path):
    Image.fromarray(GREY).save(tmp_path / "a.png")
    (tmp_path / "gone.png").symlink_to(tmp_path / "nowhere.png")
    assert open_images(tmp_path).names == ["a.png"]
    (tmp_path / "a.png").chmod(0)
    try:
        (tmp_path / "a.png").open("rb").close()
    except PermissionError:
        with pytest.raises(Unusable, match="permission denied"):
            read_picture(tmp_path / "a.png")


def test_a_wrong_name_does_not_matter_and_no_bit_is_lost(tmp_path):
    Image.fromarray(COLOUR).save(tmp_path / "a.jpg", format="PNG")
    Image.fromarray(GREY).save(tmp_path / "b.bmp", format="TIFF")
    Image.fromarray(COLOUR).save(tmp_path / "c", format="PNG")
    assert (read_picture(tmp_path / "a.jpg").pixels == COLOUR).all()
    assert (read_picture(tmp_path / "b.bmp").pixels[..., 0] == GREY).all()
    loaded = open_images(tmp_path).load(np.arange(3), TrainSettings())
    assert loaded.values.shape == (3, 8, 8, 3)
    assert (loaded.values[1] == GREY[..., None]).all()
    assert any("1 picture was grey among coloured ones" in note for note in loaded.notes)


def test_cmyk_16_bit_palette_alpha_and_turned_pictures_are_read_and_said(tmp_path):
    Image.fromarray(COLOUR).convert("CMYK").save(tmp_path / "cmyk.tif")
    assert read_picture(tmp_path / "cmyk.tif").notes == ("was CMYK and became RGB",)
    wide = (np.arange(64, dtype=np.uint16) * 1000).reshape(8, 8)
    Image.fromarray(wide).save(tmp_path / "wide.png")
    assert (read_picture(tmp_path / "wide.png").pixels[..., 0] == wide).all()
    Image.fromarray(GREY).convert("P").save(tmp_path / "palette.png")
    assert (read_picture(tmp_path / "palette.png").pixels[..., 0] == GREY).all()
    Image.fromarray(COLOUR).quantize(8).save(tmp_path / "colours.png")
    assert read_picture(tmp_path / "colours.png").pixels.shape == (8, 8, 3)
    Image.fromarray(GREY > 20).save(tmp_path / "bits.png")
    assert (read_picture(tmp_path / "bits.png").pixels[..., 0] == np.where(GREY > 20, 255, 0)).all()
    clear = np.dstack([COLOUR, np.full((8, 8), 255, np.uint8)])
    Image.fromarray(clear).save(tmp_path / "opaque.png")
    opaque = read_picture(tmp_path / "opaque.png")
    assert (opaque.pixels == COLOUR).all()
    assert opaque.notes == ()
    clear[..., 3] = 0
    Image.fromarray(clear).save(tmp_path / "clear.png")
    assert (read_picture(tmp_path / "clear.png").pixels == 255).all()
    assert read_picture(tmp_path / "clear.png").notes == ("is partly transparent and was put on white",)
    turned = Image.fromarray(COLOUR)
    exif = turned.getexif()
    exif[0x0112] = 3
    turned.save(tmp_path / "turned.png", exif=exif)
    assert (read_picture(tmp_path / "turned.png").pixels == COLOUR[::-1, ::-1]).all()
    assert read_picture(tmp_path / "turned.png").notes == ("was turned upright as its EXIF data say",)


def test_bytes_among_16_bit_pictures_keep_their_brightness(tmp_path):
    Image.fromarray(GREY).save(tmp_path / "a.png")
    Image.fromarray(GREY.astype(np.uint16) * 257).save(tmp_path / "b.png")
    loaded = open_images(tmp_path).load(np.arange(2), TrainSettings())
    assert loaded.form.scale == 65535
    assert (loaded.values[0] == loaded.values[1]).all()


def test_16_bit_colour_is_said_to_lose_bits(tmp_path):
    rows = b"".join(b"\0" + b"\x12\x34" * 24 for _ in range(8))
    head = struct.pack(">IIBBBBB", 8, 8, 16, 2, 0, 0, 0)
    chunks = b""
    for kind, data in ((b"IHDR", head), (b"IDAT", zlib.compress(rows)), (b"IEND", b"")):
        chunks += struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data))
    (tmp_path / "deep.png").write_bytes(b"\x89PNG\r\n\x1a\n" + chunks)
    assert read_picture(tmp_path / "deep.png").notes == ("has 16 bits per colour, of which 8 are used",)


def test_the_limit_of_pixels_can_be_moved_both_ways(tmp_path):
    Image.fromarray(GREY).save(tmp_path / "a.png")
    with pytest.raises(Unusable, match="more pixels than --max-pixels 63"):
        read_picture(tmp_path / "a.png", max_pixels=63)
    before = Image.MAX_IMAGE_PIXELS
    assert read_picture(tmp_path / "a.png", max_pixels=64).pixels.shape == (8, 8, 1)
    assert before == Image.MAX_IMAGE_PIXELS


def test_an_animation_gives_its_first_picture_when_asked(tmp_path):
    make_bad("animated", tmp_path / "a.gif")
    assert (read_picture(tmp_path / "a.gif", frames="first").pixels[..., 0] == GREY).all()


def test_other_sizes_stop_unless_one_size_is_asked_for(tmp_path):
    Image.fromarray(GREY).save(tmp_path / "a.png")
    Image.fromarray(GREY[:4]).save(tmp_path / "b.png")
    Image.fromarray(GREY).save(tmp_path / "c.png")
    source = open_images(tmp_path)
    with pytest.raises(DataError, match=r"1 of 3 pictures is not 8 × 8: b.png is 4 × 8. --size 8"):
        source.load(np.arange(3), TrainSettings())
    loaded = source.load(np.arange(3), TrainSettings(size=(4, 6)))
    assert loaded.values.shape == (3, 4, 6, 1)
    wide = Image.fromarray(GREY.astype(np.uint16) * 257)
    wide.save(tmp_path / "wide.png")
    small = read_picture(tmp_path / "wide.png", size=(4, 4)).pixels
    assert small.dtype == np.uint16
    assert small.shape == (4, 4, 1)


def test_profiles_and_hidden_files_do_not_matter(tmp_path):
    profile = ImageCms.ImageCmsProfile(ImageCms.createProfile("sRGB")).tobytes()
    Image.fromarray(COLOUR).save(tmp_path / "a.png", icc_profile=profile)
    (tmp_path / ".DS_Store").write_bytes(b"x")
    (tmp_path / "notes.txt").write_text("x")
    source = open_images(tmp_path)
    assert source.names == ["a.png"]
    assert source.notes == [f"{tmp_path}: 1 file not named like pictures (.txt) left alone"]


@pytest.mark.parametrize(
    ("values", "error", "sentence"),
    [
        (np.zeros((0, 4, 4)), DataError, "pictures are"),
        (np.zeros(5), DataError, r"has the shape \[5\]"),
        (np.zeros((5, 3, 32, 32)), AmbiguityError, r"looks like channels first.*transpose\(0, 2, 3, 1\)"),
        (np.full((2, 4, 4), np.nan), DataError, "picture 0 has a pixel that is NaN or infinite"),
        (np.full((2, 4, 4), "x"), DataError, "holds <U1"),
    ],
)
def test_an_array_that_holds_no_pictures_is_refused(values, error, sentence):
    with pytest.raises(error, match=sentence):
        open_images(values)


def test_files_that_are_no_pictures_are_refused(tmp_path):
    np.save(tmp_path / "objects.npy", np.array([{}], dtype=object), allow_pickle=True)
    np.savez(tmp_path / "other.npz", scores=np.zeros(3))
    np.savez(tmp_path / "ids.npz", images=np.zeros((3, 2, 2), np.uint8), ids=np.array(["a"]))
    (tmp_path / "broken.npz").write_bytes(b"PK\x03\x04")
    (tmp_path / "a.txt").write_text("x")
    (tmp_path / "nothing").mkdir()
    for name, sentence in {
        "objects.npy": "without pickle", "other.npz": "holds scores, but pictures are looked for as 'images'",
        "ids.npz": "holds 3 pictures and ids of shape", "broken.npz": "cannot be read as a NumPy file",
        "a.txt": "is a file", "nothing": "holds no picture files", "gone": "is not there",
    }.items():  # fmt: skip
        with pytest.raises(DataError, match=sentence):
            open_images(tmp_path / name)
    with pytest.raises(DataError, match="there is example:digits"):
        open_images("example:cats")


def test_arrays_say_how_their_pixels_are_scaled(tmp_path):
    for dtype, scale in ((np.uint8, 255), (np.uint16, 65535), (np.float32, 1), (np.bool_, 1), (np.int64, 1)):
        np.save(tmp_path / "a.npy", np.ones((3, 2, 2), dtype))
        source = open_images(tmp_path / "a.npy")
        assert source.load(np.arange(3), TrainSettings()).form.scale == scale
        assert bool(source.notes) == (scale == 1)
    assert open_images(np.ones((3, 7))).load(np.array([1]), TrainSettings()).values.shape == (1, 1, 7, 1)
    digits = open_images("example:digits")
    assert (len(digits), digits.names[3]) == (1797, "digit-0003")
    assert digits.load(np.arange(5), TrainSettings()).form.scale == 16
