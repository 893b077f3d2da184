// Distribution of tasks among threads.
#pragma once

#include "shape.hpp"

namespace sundog {

// `run` executes task(context, 0 … count − 1), each exactly once, and returns when all are
// done. Any thread may run a task, so that the result of a task must not depend on the thread.
struct Team {
    void* crew;
    void (*run)(const Team&, int count, void (*task)(const void*, int), const void* context);

    template <class F>
    SUNDOG_INLINE void each(int count, const F& f) const {
        run(*this, count, [](const void* f, int k) { (*static_cast<const F*>(f))(k); }, &f);
    }
};

}  // namespace sundog
