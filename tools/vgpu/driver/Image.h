// Image.h: finds the PTX inside what an application passes as device code.
#pragma once

#include <cstddef>
#include <optional>
#include <string>

namespace vgpu::driver {

/// Why an image holds no PTX for this device.
enum class ImageError {
  none,
  malformed, ///< lengths or offsets that contradict each other
  noPtx,     ///< well formed, but only machine code
};

/// The PTX of `image`, chosen for compute capability `capability` (90 for
/// sm_90): the highest architecture not above it. Understood are
///   - PTX text ended by a zero byte,
///   - a fat binary, or the wrapper that nvcc puts around one, whose PTX entry
///     is stored plainly, with LZ4 or with zstd,
///   - a cubin that ptxas made with `-lineinfo`: it carries its PTX in the
///     section `.nv_debug_ptx_txt`.
/// `limit` is the number of readable bytes, or SIZE_MAX when the caller knows
/// only an address (then the image's own lengths are believed, as the real
/// driver does). On failure `error` says what was found and `kind` which class
/// of failure it is.
std::optional<std::string> findPtx(const void *image, size_t limit,
                                   int capability, ImageError &kind,
                                   std::string &error);

/// Decodes one LZ4 block of `size` bytes into exactly `decodedSize` bytes;
/// nothing when the block is malformed.
std::optional<std::string> decodeLz4(const char *block, size_t size,
                                     size_t decodedSize);

} // namespace vgpu::driver
