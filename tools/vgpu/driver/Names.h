// Names.h: every name that the driver library exports.
#pragma once

extern "C" {

/// One exported function.
struct tresse_vgpu_exported {
  const char *name;
  void *address;
};

/// All exported functions in order of name, generated from the toolkit's stub
/// library. Names without code of their own answer CUDA_ERROR_NOT_SUPPORTED.
extern const struct tresse_vgpu_exported tresse_vgpu_exported_names[];
extern const unsigned tresse_vgpu_exported_count;

/// Notes that `name` was called, and answers CUDA_ERROR_NOT_SUPPORTED.
int tresse_vgpu_unsupported(const char *name);
/// The call that follows on this thread means the per-thread default stream by
/// a null stream; the `_ptsz` and `_ptds` names begin with it.
void tresse_vgpu_per_thread(void);
}
