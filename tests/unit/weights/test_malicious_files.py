"""Nothing in a model file is run, and nothing in it can hurt."""

import io
import os
import pickle
import struct
import zipfile

import numpy as np
import pytest
from foreign_models import (
    TORCH_SETTINGS,
    flax_arrays,
    flax_pickle,
    random_arrays,
    torch_archive,
    torch_arrays,
    zipped,
)

from sundog.errors import WeightsError
from sundog.weights.flax_pickle import read_flax_pickle
from sundog.weights.torch_archive import read_torch_archive


class Call:
    def __init__(self, function, *arguments):
        self.reduced = function, arguments

    def __reduce__(self):
        return self.reduced


def named(module: str, name: str, protocol: int = 4) -> bytes:
    """A pickle of what a name stands for."""
    if protocol == 2:
        return b"\x80\x02c" + f"{module}\n{name}\n".encode() + b"."
    text = b"".join(b"\x8c" + bytes([len(part)]) + part.encode() for part in (module, name))
    return b"\x80\x04" + text + b"\x93."


def flax_array(shape=(2,), code="f4", order="<", data=b"\0" * 8) -> bytes:
    """A `params.pkl` with one array, and with whatever is said about it."""
    array = np.zeros(2, np.float32)
    state = array.__reduce__()[2]
    dtype = Call(np.dtype, code)
    dtype.reduced = (*dtype.reduced, (3, order, None, None, None, -1, -1, 0))
    whole = Call(array.__reduce__()[0], np.ndarray, (0,), b"b")
    whole.reduced = (*whole.reduced, (state[0], shape, dtype, False, data))
    return pickle.dumps({"params": {"x": whole}}, 4)


def torch_with(data: bytes) -> bytes:
    return torch_archive(torch_arrays(random_arrays()), TORCH_SETTINGS, **{"data.pkl": data})


def test_the_stand_in_is_read_as_numpys_own():
    np.testing.assert_array_equal(read_flax_pickle(flax_array())["x"], np.zeros(2, np.float32))


def test_a_command_is_not_run(tmp_path):
    marker = tmp_path / "was run"
    attack = pickle.dumps({"params": {"x": Call(os.system, f"touch '{marker}'")}}, 4)
    with pytest.raises(WeightsError, match=r"asks to run code .*posix\.system"):
        read_flax_pickle(attack)
    attack = pickle.dumps(Call(os.system, f"touch '{marker}'"), 2)
    with pytest.raises(WeightsError, match=r"asks to run code .*posix\.system"):
        read_torch_archive(torch_with(attack))
    assert not marker.exists()


@pytest.mark.parametrize("protocol", [2, 4])
@pytest.mark.parametrize(
    ("module", "name"),
    [
        ("builtins", "eval"),
        ("builtins", "getattr"),
        ("__builtin__", "exec"),
        ("numpy", "load"),
        ("numpy", "ndarray.tofile"),
        ("numpy.core.multiarray", "fromfile"),
        ("numpy.core.multiarray", "_reconstruct.__globals__"),
        ("numpy.lib._utils_impl", "os.system"),
        ("importlib", "import_module"),
        ("torchx", "load"),
        ("collections", "OrderedDict.fromkeys"),
    ],
)
def test_no_other_name_is_looked_up(module, name, protocol):
    attack = named(module, name, protocol)
    with pytest.raises(WeightsError, match="asks to run code"):
        read_flax_pickle(attack)
    with pytest.raises(WeightsError, match="asks to run code"):
        read_torch_archive(torch_with(attack))


def test_names_of_torch_stay_inert():
    # torch.load would unpickle the argument: here it becomes an object that does nothing.
    attack = b"\x80\x02ctorch.serialization\nload\nU\x01x\x85R.".replace(b"U\x01x", b"X\1\0\0\0x")
    with pytest.raises(WeightsError, match="does not hold a model"):
        read_torch_archive(torch_with(attack))


@pytest.mark.parametrize(
    "admitted",
    ["torch\nModule", "torch._utils\n_rebuild_parameter", "collections\nOrderedDict"],
)
def test_attributes_of_what_torch_may_name_cannot_be_set(admitted):
    attack = b"\x80\x02c" + admitted.encode() + b"\nN}X\5\0\0\0stateK\1s\x86b."
    with pytest.raises(WeightsError, match="damaged"):
        read_torch_archive(torch_with(attack))


def test_attributes_of_what_flax_may_name_cannot_be_set():
    attack = b"\x80\x02cnumpy\ndtype\nN}X\5\0\0\0stateK\1s\x86b."
    with pytest.raises(WeightsError, match="damaged"):
        read_flax_pickle(attack)


@pytest.mark.parametrize(
    "attack",
    [
        b"\x80\x02(S'a'\n.",  # strings that are evaluated
        b"\x80\x02\x82\x01.",  # the extension registry
        b"\x80\x02ios\nsystem\n.",  # instantiation by name
        b"\x80\x02P1\n.",  # a persistent id as text
    ],
)
def test_operations_beyond_plain_data_are_refused(attack):
    with pytest.raises(WeightsError):
        read_flax_pickle(attack)


@pytest.mark.parametrize(
    "attack",
    [
        b"\x80\x04\x8e" + struct.pack("<Q", 2**62) + b"x.",  # more bytes than there is memory
        b"\x80\x04\x95" + struct.pack("<Q", 2**62) + b"N.",  # a frame of that length
        b"\x80\x02Nr" + struct.pack("<I", 2**31) + b".",  # a memo of that length
        b"\x80\x02" + b")" + b"\x85" * 300_000 + b".",  # nested deeper than the stack
    ],
)
def test_lengths_that_would_exhaust_the_machine_are_refused(attack):
    with pytest.raises(WeightsError):
        read_flax_pickle(attack)


def test_a_tree_that_grows_without_end_is_refused():
    node: dict = {}
    for _ in range(60):
        node = {"a": node, "b": node}
    with pytest.raises(WeightsError, match="more arrays than any model"):
        read_flax_pickle(pickle.dumps({"params": node}, 4))


def test_a_tree_that_contains_itself_is_refused():
    node: dict = {}
    node["a"] = node
    with pytest.raises(WeightsError, match="unlike any model's"):
        read_flax_pickle(pickle.dumps({"params": node}, 4))


def test_names_with_control_characters_are_refused():
    with pytest.raises(WeightsError, match="unlike any model's"):
        read_flax_pickle(pickle.dumps({"params": {"\x1b[2J": 1}}, 4))


@pytest.mark.parametrize(
    ("described", "message"),
    [
        ({"shape": (3,)}, "does not fit"),
        ({"shape": (-1, -2)}, "does not fit"),
        ({"shape": (2**62, 0)}, "does not fit"),
        ({"shape": (2**600,)}, "does not fit"),
        ({"shape": (1,) * 9 + (2,)}, "does not fit"),
        ({"shape": [2]}, "does not fit"),
        ({"shape": (2.0,)}, "does not fit"),
        ({"data": [1, 2]}, "does not fit"),
        ({"data": "\0" * 8}, "does not fit"),
        ({"order": ">"}, "of a type that sundog does not read"),
        ({"code": "O8"}, "of a type that sundog does not read"),
        ({"code": "V4"}, "of a type that sundog does not read"),
    ],
)
def test_arrays_that_lie_about_themselves_are_refused(described, message):
    code = described.pop("code", "f4")
    attack = flax_array(**described).replace(b"\x8c\x02f4", b"\x8c\x02" + code.encode())
    with pytest.raises(WeightsError, match=f"array `x` .*{message}|`x` is {message}"):
        read_flax_pickle(attack)


def test_what_is_no_array_is_refused():
    with pytest.raises(WeightsError, match="`a/b` in the file is not a numpy array"):
        read_flax_pickle(pickle.dumps({"params": {"a": {"b": [1.0, 2.0]}}}, 4))


def test_what_is_no_flax_model_is_refused():
    with pytest.raises(WeightsError, match="not a flax model"):
        read_flax_pickle(pickle.dumps([1, 2], 4))


def test_a_truncated_pickle_is_refused():
    data = flax_pickle(flax_arrays(random_arrays()))
    with pytest.raises(WeightsError, match="damaged"):
        read_flax_pickle(data[: len(data) // 2])


def test_a_truncated_torch_archive_is_refused():
    data = torch_archive(torch_arrays(random_arrays()), TORCH_SETTINGS)
    with pytest.raises(WeightsError, match="truncated or damaged"):
        read_torch_archive(data[: len(data) // 2])


def test_a_torch_archive_with_flipped_bits_is_refused():
    data = bytearray(torch_archive(torch_arrays(random_arrays()), TORCH_SETTINGS))
    data[len(data) // 2] ^= 0xFF
    with pytest.raises(WeightsError, match="truncated or damaged"):
        read_torch_archive(bytes(data))


def test_big_endian_tensors_are_refused():
    data = torch_archive(torch_arrays(random_arrays()), TORCH_SETTINGS, byteorder=b"big")
    with pytest.raises(WeightsError, match="little-endian"):
        read_torch_archive(data)


def test_a_storage_of_the_wrong_size_is_refused():
    data = torch_archive(torch_arrays(random_arrays()), TORCH_SETTINGS, **{"data/3": b"\0" * 4})
    with pytest.raises(WeightsError, match="does not fit the bytes"):
        read_torch_archive(data)


def test_a_tensor_at_an_offset_is_refused():
    attack = _with_tensor_argument(b"K\x01")
    with pytest.raises(WeightsError, match="not stored as torch stores"):
        read_torch_archive(torch_with(attack))


def test_a_tensor_at_a_negative_offset_is_refused():
    attack = _with_tensor_argument(b"J" + struct.pack("<i", -4))
    with pytest.raises(WeightsError, match="not stored as torch stores"):
        read_torch_archive(torch_with(attack))


def _with_tensor_argument(offset: bytes) -> bytes:
    archive = torch_archive(torch_arrays(random_arrays()), TORCH_SETTINGS)
    with zipfile.ZipFile(io.BytesIO(archive)) as members:
        data = members.read("model/data.pkl")
    # The offset 0 follows the first storage, which a persistent id stands for.
    assert b"QK\x00" in data
    return data.replace(b"QK\x00", b"Q" + offset, 1)


def test_a_compressed_archive_is_refused():
    bomb = zipped({"model/data.pkl": b"\0" * 10**6}, zipfile.ZIP_DEFLATED)
    with pytest.raises(WeightsError, match="not one that torch wrote"):
        read_torch_archive(bomb)


def test_a_declared_size_beyond_the_file_is_refused():
    data = bytearray(zipped({"model/data.pkl": b"N."}))
    entry = data.index(b"PK\x01\x02")
    data[entry + 24 : entry + 28] = struct.pack("<I", 2**31)
    with pytest.raises(WeightsError, match="not one that torch wrote"):
        read_torch_archive(bytes(data))


def test_an_archive_without_a_model_is_refused():
    with pytest.raises(WeightsError, match="not one that torch wrote"):
        read_torch_archive(zipped({"readme.txt": b""}))


def test_a_state_dict_alone_is_refused():
    with pytest.raises(WeightsError, match="does not hold a model"):
        read_torch_archive(zipped({"model/data.pkl": pickle.dumps({}, 2)}))
