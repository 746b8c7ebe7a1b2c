// Ptx.h - instructions that the test kernels use by name. Macros, so that a
// report names the line of the case, not of this file.
#pragma once

#define SHARED(pointer) unsigned(__cvta_generic_to_shared(pointer))

#define CP_ASYNC_16(target, source)                                            \
  asm volatile(                                                                \
      "cp.async.cg.shared.global [%0], [%1], 16;" ::"r"(SHARED(target)),       \
      "l"(source)                                                              \
      : "memory")
#define CP_ASYNC_COMMIT() asm volatile("cp.async.commit_group;" ::: "memory")
#define CP_ASYNC_WAIT(n)                                                       \
  asm volatile("cp.async.wait_group %0;" ::"n"(n) : "memory")

#define LDMATRIX_X4(r, address)                                                \
  asm volatile("ldmatrix.sync.aligned.m8n8.x4.shared.b16 {%0,%1,%2,%3}, "      \
               "[%4];"                                                         \
               : "=r"((r)[0]), "=r"((r)[1]), "=r"((r)[2]), "=r"((r)[3])        \
               : "r"(address)                                                  \
               : "memory")
#define LDMATRIX_X2(r, address)                                                \
  asm volatile("ldmatrix.sync.aligned.m8n8.x2.shared.b16 {%0,%1}, [%2];"       \
               : "=r"((r)[0]), "=r"((r)[1])                                    \
               : "r"(address)                                                  \
               : "memory")
#define LDMATRIX_X2_TRANS(r, address)                                          \
  asm volatile("ldmatrix.sync.aligned.m8n8.x2.trans.shared.b16 {%0,%1}, "      \
               "[%2];"                                                         \
               : "=r"((r)[0]), "=r"((r)[1])                                    \
               : "r"(address)                                                  \
               : "memory")
#define MMA_BF16_16816(d, a, b)                                                \
  asm volatile("mma.sync.aligned.m16n8k16.row.col.f32.bf16.bf16.f32 "          \
               "{%0,%1,%2,%3}, {%4,%5,%6,%7}, {%8,%9}, {%0,%1,%2,%3};"         \
               : "+f"((d)[0]), "+f"((d)[1]), "+f"((d)[2]), "+f"((d)[3])        \
               : "r"((a)[0]), "r"((a)[1]), "r"((a)[2]), "r"((a)[3]),           \
                 "r"((b)[0]), "r"((b)[1]))

#define MBARRIER_INIT(bar, count)                                              \
  asm volatile("mbarrier.init.shared::cta.b64 [%0], %1;" ::"r"(SHARED(bar)),   \
               "r"(count)                                                      \
               : "memory")
#define MBARRIER_EXPECT(bar, bytes)                                            \
  asm volatile("mbarrier.arrive.expect_tx.shared::cta.b64 _, [%0], %1;" ::"r"( \
                   SHARED(bar)),                                               \
               "r"(bytes)                                                      \
               : "memory")
#define MBARRIER_ARRIVE(bar)                                                   \
  asm volatile("mbarrier.arrive.shared::cta.b64 _, [%0];" ::"r"(SHARED(bar))   \
               : "memory")
#define MBARRIER_TRY(done, bar, parity)                                        \
  asm volatile("{\n.reg .pred p;\n"                                            \
               "mbarrier.try_wait.parity.shared::cta.b64 p, [%1], %2;\n"       \
               "selp.u32 %0, 1, 0, p;\n}"                                      \
               : "=r"(done)                                                    \
               : "r"(SHARED(bar)), "r"(parity)                                 \
               : "memory")
#define MBARRIER_WAIT(bar, parity)                                             \
  do {                                                                         \
    unsigned mbarrierDone = 0;                                                 \
    while (!mbarrierDone)                                                      \
      MBARRIER_TRY(mbarrierDone, bar, parity);                                 \
  } while (0)

#define FENCE_PROXY_ASYNC()                                                    \
  asm volatile("fence.proxy.async.shared::cta;" ::: "memory")
#define FENCE_BARRIER_INIT()                                                   \
  asm volatile("fence.mbarrier_init.release.cluster;" ::: "memory")

#define TMA_LOAD_2D(target, map, x, y, bar)                                    \
  asm volatile(                                                                \
      "cp.async.bulk.tensor.2d.shared::cluster.global.mbarrier::"              \
      "complete_tx::bytes [%0], [%1, {%2, %3}], [%4];" ::"r"(SHARED(target)),  \
      "l"(&(map)), "r"(x), "r"(y), "r"(SHARED(bar))                            \
      : "memory")
#define TMA_LOAD_3D(target, map, x, y, z, bar)                                 \
  asm volatile("cp.async.bulk.tensor.3d.shared::cluster.global.mbarrier::"     \
               "complete_tx::bytes [%0], [%1, {%2, %3, %4}], [%5];" ::"r"(     \
                   SHARED(target)),                                            \
               "l"(&(map)), "r"(x), "r"(y), "r"(z), "r"(SHARED(bar))           \
               : "memory")
#define TMA_MULTICAST_2D(target, map, x, y, bar, mask)                         \
  asm volatile("cp.async.bulk.tensor.2d.shared::cluster.global.mbarrier::"     \
               "complete_tx::bytes.multicast::cluster [%0], [%1, {%2, %3}], "  \
               "[%4], %5;" ::"r"(SHARED(target)),                              \
               "l"(&(map)), "r"(x), "r"(y), "r"(SHARED(bar)), "h"(mask)        \
               : "memory")
#define TMA_STORE_2D(map, x, y, source)                                        \
  asm volatile("cp.async.bulk.tensor.2d.global.shared::cta.bulk_group "        \
               "[%0, {%1, %2}], [%3];" ::"l"(&(map)),                          \
               "r"(x), "r"(y), "r"(SHARED(source))                             \
               : "memory")
#define TMA_REDUCE_ADD_2D(map, x, y, source)                                   \
  asm volatile("cp.reduce.async.bulk.tensor.2d.global.shared::cta.add."        \
               "bulk_group [%0, {%1, %2}], [%3];" ::"l"(&(map)),               \
               "r"(x), "r"(y), "r"(SHARED(source))                             \
               : "memory")
#define BULK_LOAD(target, source, bytes, bar)                                  \
  asm volatile("cp.async.bulk.shared::cluster.global.mbarrier::complete_tx::"  \
               "bytes [%0], [%1], %2, [%3];" ::"r"(SHARED(target)),            \
               "l"(source), "r"(bytes), "r"(SHARED(bar))                       \
               : "memory")
#define BULK_STORE(target, source, bytes)                                      \
  asm volatile("cp.async.bulk.global.shared::cta.bulk_group [%0], [%1], "      \
               "%2;" ::"l"(target),                                            \
               "r"(SHARED(source)), "r"(bytes)                                 \
               : "memory")
#define BULK_COMMIT() asm volatile("cp.async.bulk.commit_group;" ::: "memory")
#define BULK_WAIT_READ(n)                                                      \
  asm volatile("cp.async.bulk.wait_group.read %0;" ::"n"(n) : "memory")
#define BULK_WAIT(n)                                                           \
  asm volatile("cp.async.bulk.wait_group %0;" ::"n"(n) : "memory")

#define WGMMA_FENCE() asm volatile("wgmma.fence.sync.aligned;" ::: "memory")
#define WGMMA_COMMIT()                                                         \
  asm volatile("wgmma.commit_group.sync.aligned;" ::: "memory")
#define WGMMA_WAIT(n)                                                          \
  asm volatile("wgmma.wait_group.sync.aligned %0;" ::"n"(n) : "memory")

/// 16 accumulators of m64n32, as operands and as a list in the instruction.
#define WGMMA_D16(d)                                                           \
  "+f"((d)[0]), "+f"((d)[1]), "+f"((d)[2]), "+f"((d)[3]), "+f"((d)[4]),        \
      "+f"((d)[5]), "+f"((d)[6]), "+f"((d)[7]), "+f"((d)[8]), "+f"((d)[9]),    \
      "+f"((d)[10]), "+f"((d)[11]), "+f"((d)[12]), "+f"((d)[13]),              \
      "+f"((d)[14]), "+f"((d)[15])
#define WGMMA_LIST16 "{%0,%1,%2,%3,%4,%5,%6,%7,%8,%9,%10,%11,%12,%13,%14,%15}"

/// d[64, 32] += A[64, 16] * B[32, 16]^T, both from shared memory, k innermost.
#define WGMMA_M64N32K16_BF16(d, descriptorA, descriptorB, accumulate)          \
  asm volatile(                                                                \
      "{\n.reg .pred p;\nsetp.ne.b32 p, %18, 0;\n"                             \
      "wgmma.mma_async.sync.aligned.m64n32k16.f32.bf16.bf16 " WGMMA_LIST16     \
      ", %16, %17, p, 1, 1, 0, 0;\n}"                                          \
      : WGMMA_D16(d)                                                           \
      : "l"(descriptorA), "l"(descriptorB), "r"(int(accumulate)))
#define WGMMA_M64N32K16_BF16_RS(d, a, descriptorB, accumulate)                 \
  asm volatile(                                                                \
      "{\n.reg .pred p;\nsetp.ne.b32 p, %21, 0;\n"                             \
      "wgmma.mma_async.sync.aligned.m64n32k16.f32.bf16.bf16 " WGMMA_LIST16     \
      ", {%16,%17,%18,%19}, %20, p, 1, 1, 0;\n}"                               \
      : WGMMA_D16(d)                                                           \
      : "r"((a)[0]), "r"((a)[1]), "r"((a)[2]), "r"((a)[3]), "l"(descriptorB),  \
        "r"(int(accumulate)))
#define WGMMA_M64N32K32_E4M3(d, descriptorA, descriptorB, accumulate)          \
  asm volatile(                                                                \
      "{\n.reg .pred p;\nsetp.ne.b32 p, %18, 0;\n"                             \
      "wgmma.mma_async.sync.aligned.m64n32k32.f32.e4m3.e4m3 " WGMMA_LIST16     \
      ", %16, %17, p, 1, 1;\n}"                                                \
      : WGMMA_D16(d)                                                           \
      : "l"(descriptorA), "l"(descriptorB), "r"(int(accumulate)))

/// A shared-memory descriptor with k innermost: rows of 128 bytes in the
/// 128-byte swizzle, groups of eight rows 1024 bytes apart.
#define WGMMA_DESCRIPTOR(address)                                              \
  ((unsigned long long)((SHARED(address) & 0x3ffff) >> 4) |                    \
   (unsigned long long)(16 >> 4) << 16 |                                       \
   (unsigned long long)(1024 >> 4) << 32 | 1ull << 62)

#define CLUSTER_ARRIVE()                                                       \
  asm volatile("barrier.cluster.arrive.release.aligned;" ::: "memory")
#define CLUSTER_WAIT()                                                         \
  asm volatile("barrier.cluster.wait.acquire.aligned;" ::: "memory")
#define CLUSTER_SYNC()                                                         \
  do {                                                                         \
    CLUSTER_ARRIVE();                                                          \
    CLUSTER_WAIT();                                                            \
  } while (0)
#define CLUSTER_RANK(rank)                                                     \
  asm volatile("mov.u32 %0, %%cluster_ctarank;" : "=r"(rank))
#define MAPA(remote, address, rank)                                            \
  asm volatile("mapa.shared::cluster.u32 %0, %1, %2;"                          \
               : "=r"(remote)                                                  \
               : "r"(SHARED(address)), "r"(rank))
#define LOAD_REMOTE(value, remote)                                             \
  asm volatile("ld.shared::cluster.f32 %0, [%1];"                              \
               : "=f"(value)                                                   \
               : "r"(remote)                                                   \
               : "memory")
