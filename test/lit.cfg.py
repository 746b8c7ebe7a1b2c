# lit configuration: every .mlir and .test below test/ is a test.
import ctypes
import os
import lit.formats

config.name = "tresse"
config.test_format = lit.formats.ShTest(execute_external=False)
config.suffixes = [".mlir", ".test"]
config.excludes = ["Inputs", "golden", "corpus"]
config.test_source_root = os.path.dirname(__file__)
config.environment["PATH"] = os.pathsep.join(
    [config.tresse_bin, config.llvm_bin, os.environ["PATH"]])
config.environment["FILECHECK_OPTS"] = "--enable-var-scope"
config.substitutions += [
    ("%source", config.tresse_source),
    ("%build", config.tresse_build),
    ("%lib", config.tresse_lib),
    ("%python", "/usr/bin/python3"),
]
for target in ("reference", "cpu"):
    folder = os.path.join(config.tresse_source, "codegen", target)
    if os.path.isdir(folder):
        config.available_features.add(target)
if os.path.exists(config.tresse_ptxas):
    config.available_features.add("ptxas")
    if os.path.exists(os.path.join(config.tresse_lib, "libcublasLt.so.13")):
        config.available_features.add("vgpu")
try:
    ctypes.CDLL("libcuda.so.1")
except OSError:
    config.available_features.add("no-driver")
if lit_config.params.get("more"):
    config.available_features.add("more")
config.substitutions.append(("%ptxas", config.tresse_ptxas))
config.substitutions.append(
    ("%compare", f"/usr/bin/python3 -B {config.tresse_source}/test/e2e/"
     f"run_config.py --bin {config.tresse_bin}"))
venv = os.path.join(config.tresse_build, "transformers-venv")
if os.path.exists(os.path.join(venv, "bin", "python")):
    config.available_features.add("transformers")
if os.environ.get("TRESSE_ROUNDTRIP"):
    config.substitutions.append(
        ("tresse-opt", "tresse-opt --verify-roundtrip"))
