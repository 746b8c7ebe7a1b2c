// RUN: tresse-opt %s --tresse-add-latent-cache | FileCheck %s
// RUN: tresse-opt %s --tresse-add-latent-cache --tresse-absorb-attention | FileCheck %s --check-prefix=ABSORB

// Two layers, two caches each; the cache holds latents, not expanded keys.
// CHECK-DAG: lm.global cache @cache.0 : tensor<1x16x3xf32>
// CHECK-DAG: lm.global cache @cache.1 : tensor<1x16x2xf32>
// CHECK-DAG: lm.global cache @cache.2 : tensor<1x16x3xf32>
// CHECK-DAG: lm.global cache @cache.3 : tensor<1x16x2xf32>

// CHECK-LABEL: func.func private @layer(
// CHECK-SAME: tensor<1x16x3xf32>, %{{.*}}: tensor<1x16x2xf32>) -> (tensor<1x4x2x7xf32>, tensor<1x16x3xf32>, tensor<1x16x2xf32>)
// CHECK: %[[C:.*]] = lm.cache_write %{{.*}} -> tensor<1x16x3xf32>
// CHECK: %[[K:.*]] = lm.cache_write %{{.*}} -> tensor<1x16x2xf32>
// CHECK: lm.linear %[[C]], %{{.*}} -> tensor<1x16x26xf32>
// CHECK: %[[KV:.*]] = tensor.expand_shape %{{.*}} into tensor<1x16x2x13xf32>
// CHECK: lm.attention %{{.*}}, %[[KV]], %[[K]], %{{.*}}

// ABSORB-LABEL: func.func private @layer(
// ABSORB: %[[C:.*]] = lm.cache_write %{{.*}} -> tensor<1x16x3xf32>
// ABSORB: %[[K:.*]] = lm.cache_write %{{.*}} -> tensor<1x16x2xf32>
// ABSORB-NOT: lm.attention
// ABSORB: %[[Q:.*]]:2 = lm.split %{{.*}} -> (tensor<1x4x2x6xf32>, tensor<1x4x2x2xf32>)
// ABSORB: %[[U:.*]] = tensor.extract_slice %{{.*}}[0, 0, 0] [2, 6, 3]
// ABSORB: %[[V:.*]] = tensor.extract_slice %{{.*}}[0, 6, 0] [2, 7, 3]
// ABSORB: %[[QA:.*]] = lm.head_linear %[[Q]]#0, %[[U]] {transposed = true}
// ABSORB: %[[O:.*]] = lm.latent_attention %[[QA]], %[[Q]]#1, %[[C]], %[[K]], %{{.*}}
// ABSORB: lm.head_linear %[[O]], %[[V]]
func.func private @layer(%q: tensor<1x4x2x8xf32>, %c: tensor<1x4x3xf32>, %k: tensor<1x4x2xf32>, %w: tensor<26x3xf32>, %p: tensor<1x4xi32>) -> tensor<1x4x2x7xf32> {
  %0 = lm.linear %c, %w : (tensor<1x4x3xf32>, tensor<26x3xf32>) -> tensor<1x4x26xf32>
  %kv = tensor.expand_shape %0 [[0], [1], [2, 3]] output_shape [1, 4, 2, 13] : tensor<1x4x26xf32> into tensor<1x4x2x13xf32>
  %out, %lse = lm.attention %q, %kv, %k, %p {scale = 0.5} : (tensor<1x4x2x8xf32>, tensor<1x4x2x13xf32>, tensor<1x4x2xf32>, tensor<1x4xi32>) -> (tensor<1x4x2x7xf32>, tensor<1x4x2xf32>)
  return %out : tensor<1x4x2x7xf32>
}

// CHECK-LABEL: func.func @prefill
// CHECK: lm.store %{{.*}}, @cache.0
// CHECK: lm.store %{{.*}}, @cache.3
func.func @prefill(%q: tensor<1x4x2x8xf32>, %c: tensor<1x4x3xf32>, %k: tensor<1x4x2xf32>, %w: tensor<26x3xf32>, %p: tensor<1x4xi32>) -> (tensor<1x4x2x7xf32>, tensor<1x4x2x7xf32>) attributes {lm.entry = "prefill", lm.context = 16} {
  %0 = call @layer(%q, %c, %k, %w, %p) : (tensor<1x4x2x8xf32>, tensor<1x4x3xf32>, tensor<1x4x2xf32>, tensor<26x3xf32>, tensor<1x4xi32>) -> tensor<1x4x2x7xf32>
  %1 = call @layer(%q, %c, %k, %w, %p) : (tensor<1x4x2x8xf32>, tensor<1x4x3xf32>, tensor<1x4x2xf32>, tensor<26x3xf32>, tensor<1x4xi32>) -> tensor<1x4x2x7xf32>
  return %0, %1 : tensor<1x4x2x7xf32>, tensor<1x4x2x7xf32>
}
