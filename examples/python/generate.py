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


def main(library, model, weights, prompt, count):
    runtime = c.CDLL(library)
    runtime.tresse_last_error.restype = c.c_char_p

    def check(status):
        if status:
            sys.exit("error: " + runtime.tresse_last_error().decode())

    session = c.c_void_p()
    check(runtime.tresse_session_open(model.encode(), 0, c.byref(session)))
    check(runtime.tresse_session_load(session, weights.encode()))
    data = prompt.encode()  # bytes are tokens
    tokens = (c.c_int32 * len(data))(*data)
    sampling = Sampling(temperature=0.8, top_p=0.95, min_p=0, top_k=0, seed=1)
    check(runtime.tresse_session_prompt(session, tokens,
                                        c.c_size_t(len(data)),
                                        c.byref(sampling)))
    token = c.c_int32()
    for _ in range(int(count)):
        check(runtime.tresse_session_next(session, c.byref(token)))
        if token.value < 0:
            break  # the compiled context is full
        sys.stdout.buffer.write(bytes([token.value]))
        sys.stdout.flush()
    print()
    runtime.tresse_session_destroy(session)


if __name__ == "__main__":
    if len(sys.argv) != 6:
        sys.exit(__doc__)
    main(*sys.argv[1:])
