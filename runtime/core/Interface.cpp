//===- Interface.cpp - the C interface (tresse/runtime.h) -----------------===//
#include "tresse/runtime.h"

#include "runtime/core/base/File.h"
#include "runtime/core/command/CommandLine.h"
#include "runtime/core/generate/Generator.h"
#include "runtime/core/weights/Weights.h"

#include <dlfcn.h>
#include <memory>
#include <new>

using namespace tresse::runtime;

/// The library is closed after everything that points into it.
struct LibraryCloser {
  void operator()(void *library) const { ::dlclose(library); }
};

struct tresse_session {
  std::unique_ptr<void, LibraryCloser> library; // null: in this process
  std::unique_ptr<Session> session;
  std::unique_ptr<Generator> generator; // made by the first prompt
  bool full = false;                    // the continuation has ended
};

namespace {

// The last failure of each thread; the interface has nowhere else to keep it.
thread_local std::string lastError;

/// Runs `body` and turns what it throws into a status.
template <typename Body> tresse_status guarded(Body body) {
  try {
    body();
    return TRESSE_OK;
  } catch (const Failure &failure) {
    lastError = failure.what();
    return failure.remedy == Remedy::System ? TRESSE_SYSTEM_ERROR
                                            : TRESSE_WRONG_INPUT;
  } catch (const std::bad_alloc &) {
    lastError = "out of memory";
  } catch (const std::exception &error) {
    lastError = error.what();
  }
  return TRESSE_SYSTEM_ERROR;
}

template <typename... Pointers> void expectPointers(Pointers... pointers) {
  if ((!pointers || ...))
    fail("expected a pointer, but got null");
}

tresse_view viewOf(const TensorView &tensor) {
  return {tensor.data, static_cast<uint64_t>(tensor.elements()), tensor.dtype,
          static_cast<uint32_t>(tensor.shape.size()), tensor.shape.data()};
}

using QueryFunction = const tresse_model *(*)(uint32_t);

const tresse_model *queryLibrary(void *library, const char *path) {
  auto query =
      reinterpret_cast<QueryFunction>(::dlsym(library, "tresse_model_query"));
  if (!query)
    fail(inQuotes(path), ": expected a compiled model, but it has no symbol ",
         "'tresse_model_query'");
  const tresse_model *model = query(TRESSE_PLAN_VERSION);
  if (!model)
    fail(inQuotes(path), ": it needs a newer runtime than version ",
         TRESSE_PLAN_VERSION);
  return model;
}

} // namespace

uint32_t tresse_runtime_version(void) { return TRESSE_PLAN_VERSION; }

const char *tresse_last_error(void) { return lastError.c_str(); }

tresse_status tresse_session_open(const char *path, int threads,
                                  tresse_session **out_session) {
  return guarded([&] {
    expectPointers(path, out_session);
    auto made = std::make_unique<tresse_session>();
    made->library.reset(::dlopen(path, RTLD_NOW | RTLD_LOCAL));
    if (!made->library)
      fail(inQuotes(path), ": cannot be loaded: ", ::dlerror());
    const tresse_model *model = queryLibrary(made->library.get(), path);
    made->session = std::make_unique<Session>(*model, threads);
    *out_session = made.release();
  });
}

tresse_status tresse_session_create(const tresse_model *model, int threads,
                                    tresse_session **out_session) {
  return guarded([&] {
    expectPointers(model, out_session);
    auto made = std::make_unique<tresse_session>();
    made->session = std::make_unique<Session>(*model, threads);
    *out_session = made.release();
  });
}

void tresse_session_destroy(tresse_session *session) { delete session; }

tresse_status tresse_session_load(tresse_session *session,
                                  const char *directory) {
  return guarded([&] {
    expectPointers(session, directory);
    loadWeights(*session->session, directory);
  });
}

tresse_status tresse_session_initialize(tresse_session *session,
                                        uint64_t seed) {
  return guarded([&] {
    expectPointers(session);
    initializeWeights(*session->session, seed);
  });
}

tresse_status tresse_session_save(tresse_session *session,
                                  const char *directory) {
  return guarded([&] {
    expectPointers(session, directory);
    makeDirectories(directory);
    writeTensors(*session->session, storedWeights(session->session->plan()),
                 std::string(directory) + "/model.safetensors");
  });
}

const char *tresse_session_record(tresse_session *session, const char *name) {
  const char *value = nullptr;
  guarded([&] {
    expectPointers(session, name);
    if (auto found = session->session->plan().record(name))
      value = found->data();
  });
  return value;
}

tresse_status tresse_session_input(tresse_session *session, const char *entry,
                                   const char *name, tresse_view *out_view) {
  return guarded([&] {
    expectPointers(session, entry, name, out_view);
    *out_view = viewOf(session->session->input(entry, name));
  });
}

tresse_status tresse_session_output(tresse_session *session, const char *entry,
                                    const char *name, tresse_view *out_view) {
  return guarded([&] {
    expectPointers(session, entry, name, out_view);
    *out_view = viewOf(session->session->output(entry, name));
  });
}

tresse_status tresse_session_global(tresse_session *session, const char *name,
                                    tresse_view *out_view) {
  return guarded([&] {
    expectPointers(session, name, out_view);
    const Plan &plan = session->session->plan();
    for (uint32_t g = 0; g < plan.globals.size(); ++g)
      if (plan.string(plan.globals[g].name) == name) {
        *out_view = viewOf(session->session->global(g));
        return;
      }
    fail("model: expected a global ", inQuotes(name), ", but it has none");
  });
}

tresse_status tresse_session_weights_changed(tresse_session *session) {
  return guarded([&] {
    expectPointers(session);
    session->session->weightsChanged();
  });
}

tresse_status tresse_session_run(tresse_session *session, const char *entry) {
  return guarded([&] {
    expectPointers(session, entry);
    session->session->run(entry);
  });
}

tresse_status tresse_session_prompt(tresse_session *session,
                                    const int32_t *tokens, size_t count,
                                    const tresse_sampling *sampling) {
  return guarded([&] {
    expectPointers(session, tokens);
    if (!session->generator)
      session->generator = std::make_unique<Generator>(*session->session);
    Request request;
    request.prompt.assign(tokens, tokens + count);
    request.newTokens = INT64_MAX;
    if (sampling)
      request.sampling = {sampling->temperature, sampling->top_k,
                          sampling->top_p, sampling->min_p, sampling->seed};
    session->generator->stop(0);
    session->generator->start(0, std::move(request));
    session->full = false;
  });
}

tresse_status tresse_session_next(tresse_session *session, int32_t *out_token) {
  return guarded([&] {
    expectPointers(session, out_token);
    if (!session->generator)
      fail("expected tresse_session_prompt before tresse_session_next");
    int32_t token = -1;
    while (token < 0 && !session->full && !session->generator->idle())
      for (const Yield &yield : session->generator->step()) {
        token = yield.token;
        session->full = yield.ending != Ending::None;
      }
    *out_token = token;
  });
}

int tresse_run_command_line(const tresse_model *model, int argc, char **argv) {
  return runCommandLine(model, argc, argv);
}
