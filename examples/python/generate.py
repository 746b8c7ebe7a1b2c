#!/usr/bin/env python3
"""Text from a compiled model: tresse/runtime.h through ctypes.
    tresse-compile model.mlir --emit=so --entry=generate -o model.so
    generate.py libtresse_runtime.so ./model.so WEIGHTS "In the beginning" 100
"""
import ctypes as c
import sys


class Sampling(c.Structure):  # tresse_sampling
    _fields_ = [("temperature", c.c_double), ("top_p", c.c_double),
                ("min_p", c.c_double), ("top_k", c.c_int64),
                ("seed", c.c_uint64)]


def check(status):
    if status:
        sys.exit("error: " + runtime.tresse_last_error().decode())


if len(sys.argv) != 6:
    sys.exit(__doc__)
runtime = c.CDLL(sys.argv[1])
runtime.tresse_last_error.restype = c.c_char_p
model, weights, prompt = (word.encode() for word in sys.argv[2:5])
session, token = c.c_void_p(), c.c_int32()
check(runtime.tresse_session_open(model, 0, c.byref(session)))
check(runtime.tresse_session_load(session, weights))
tokens = (c.c_int32 * len(prompt))(*prompt)  # bytes are tokens
sampling = Sampling(temperature=0.8, top_p=0.95, seed=1)  # the others: off
check(runtime.tresse_session_prompt(
    session, tokens, c.c_size_t(len(prompt)), c.byref(sampling)))
for _ in range(int(sys.argv[5])):
    check(runtime.tresse_session_next(session, c.byref(token)))
    if token.value < 0:
        break  # the compiled context is full
    sys.stdout.buffer.write(bytes([token.value]))
    sys.stdout.flush()
print()
runtime.tresse_session_destroy(session)
