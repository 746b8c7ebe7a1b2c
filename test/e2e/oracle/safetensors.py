"""A small reader and writer of safetensors files and checkpoints."""

import json
import os

import numpy as np

_PLAIN = {
    "F64": np.float64,
    "F32": np.float32,
    "F16": np.float16,
    "I64": np.int64,
    "I32": np.int32,
    "I8": np.int8,
    "U8": np.uint8,
    "F8_E4M3": np.uint8,  # as bytes; fp8.unpack makes numbers of them
}


def to_bf16(x):
    """Bits of the nearest bfloat16 (ties to even) of finite numbers."""
    bits = np.asarray(x, np.float32).view(np.uint32).astype(np.uint64)
    bits += 0x7FFF + ((bits >> np.uint64(16)) & np.uint64(1))
    return (bits >> np.uint64(16)).astype(np.uint16)


def from_bf16(bits):
    """float32 of bfloat16 bits."""
    return (bits.astype(np.uint32) << np.uint32(16)).view(np.float32)


def encode(x, dtype):
    """Little-endian bytes of an array in a file's dtype."""
    if dtype == "BF16":
        return to_bf16(x).astype("<u2").tobytes()
    return np.ascontiguousarray(x, _PLAIN[dtype]).tobytes()


def decode(data, dtype, shape):
    """The array that `data` holds."""
    if dtype == "BF16":
        return from_bf16(np.frombuffer(data, "<u2")).reshape(shape)
    return np.frombuffer(data, _PLAIN[dtype]).reshape(shape)


def write(path, arrays, dtype):
    """One file; dtype is a name, or a function from tensor name to one."""
    pick = dtype if callable(dtype) else lambda name: dtype
    header, parts, offset = {"__metadata__": {"format": "pt"}}, [], 0
    for name, array in arrays.items():
        data = encode(array, pick(name))
        header[name] = {
            "dtype": pick(name),
            "shape": list(np.shape(array)),
            "data_offsets": [offset, offset + len(data)],
        }
        offset += len(data)
        parts.append(data)
    text = json.dumps(header).encode()
    text += b" " * (-len(text) % 8)
    with open(path, "wb") as file:
        file.write(len(text).to_bytes(8, "little") + text)
        for data in parts:
            file.write(data)


def read_header(path):
    """(header without metadata, metadata, offset of the data)."""
    size = os.path.getsize(path)
    with open(path, "rb") as file:
        length = int.from_bytes(file.read(8), "little")
        if size < 8 or length > size - 8:
            raise ValueError(f"{path}: header of {length} bytes in {size}")
        header = json.loads(file.read(length))
    return header, header.pop("__metadata__", {}), 8 + length


def check_layout(path, header, room):
    """The tensors' ranges must cover the data without holes."""
    end = 0
    for name, entry in sorted(
        header.items(), key=lambda item: item[1]["data_offsets"]
    ):
        begin, stop = entry["data_offsets"]
        if begin != end or stop < begin:
            raise ValueError(
                f"{path}: {name} begins at {begin}, expected {end}"
            )
        end = stop
    if end != room:
        raise ValueError(f"{path}: {room} bytes of data, expected {end}")


def read(path):
    """All tensors of one file: name -> array in its own dtype."""
    header, _, start = read_header(path)
    check_layout(path, header, os.path.getsize(path) - start)
    result = {}
    with open(path, "rb") as file:
        for name, entry in header.items():
            begin, end = entry["data_offsets"]
            file.seek(start + begin)
            data = file.read(end - begin)
            result[name] = decode(data, entry["dtype"], entry["shape"])
    return result


def read_checkpoint(folder):
    """All tensors of a model directory, whole or in shards."""
    index = os.path.join(folder, "model.safetensors.index.json")
    if not os.path.exists(index):
        return read(os.path.join(folder, "model.safetensors"))
    with open(index, encoding="utf-8") as file:
        places = json.load(file)["weight_map"]
    result = {}
    for shard in sorted(set(places.values())):
        found = read(os.path.join(folder, shard))
        expected = {n for n, place in places.items() if place == shard}
        if set(found) != expected:
            raise ValueError(f"{shard}: tensors differ from the index")
        result.update(found)
    return result


def write_checkpoint(folder, arrays, dtype, shards=1):
    """model.safetensors, or `shards` files and their index."""
    if shards == 1:
        write(os.path.join(folder, "model.safetensors"), arrays, dtype)
        return
    names, places, total = list(arrays), {}, 0
    for i, part in enumerate(np.array_split(np.arange(len(names)), shards)):
        file = f"model-{i + 1:05}-of-{shards:05}.safetensors"
        piece = {names[k]: arrays[names[k]] for k in part}
        write(os.path.join(folder, file), piece, dtype)
        places.update({name: file for name in piece})
        total += os.path.getsize(os.path.join(folder, file))
    index = {"metadata": {"total_size": total}, "weight_map": places}
    path = os.path.join(folder, "model.safetensors.index.json")
    with open(path, "w", encoding="utf-8") as file:
        json.dump(index, file, indent=1)
