// Threads of XLA's pool that work on one call.
#pragma once

#include <algorithm>
#include <atomic>
#include <memory>
#include <thread>

#include "team.hpp"
#include "xla/ffi/api/ffi.h"

namespace ffi = xla::ffi;

namespace sundog {

// Threads of the pool that help one call from its first stage to its last. They do not sleep
// between the stages: waking a thread for every stage often takes longer than the stage.
//
// Tasks are claimed one by one, by the caller as well, which never waits for a task that no thread
// has begun. A pool whose threads are all busy, even with callers like this one, therefore cannot
// deadlock, and a helper that comes late finds no task.
class Crew {
  public:
    static std::shared_ptr<Crew> hire(ffi::ThreadPool& pool, int64_t threads, int tasks) {
        auto crew = std::make_shared<Crew>();
        const int64_t helpers = std::min<int64_t>({threads, pool.num_threads(), tasks}) - 1;
        for (int64_t k = 0; k < helpers; ++k) pool.Schedule([crew] { crew->help(); });
        return crew;
    }

    void run(int count, void (*task)(const void*, int), const void* context) {
        task_ = task;
        context_ = context;
        done_.store(0, std::memory_order_relaxed);
        const uint64_t stage = ++stage_ << 32;
        ticket_.store(stage | uint64_t(count) << 16, std::memory_order_release);
        work(stage_);
        for (int spins = 0; done_.load(std::memory_order_acquire) < count; ++spins) pause(spins);
    }

    void dismiss() { ticket_.store(kOver, std::memory_order_release); }

  private:
    static constexpr uint64_t kOver = ~uint64_t(0);
    void (*task_)(const void*, int) = nullptr;
    const void* context_ = nullptr;
    uint64_t stage_ = 0;
    // Number of the stage, number of its tasks (16 bits), and number of claimed tasks (16 bits).
    std::atomic<uint64_t> ticket_{0};
    std::atomic<int> done_{0};

    static void pause(int spins) {
        if (spins > 4000) std::this_thread::yield();
    }

    // Claims tasks of a stage until none is left. The stage cannot end before a claimed task has.
    void work(uint64_t stage) {
        uint64_t ticket = ticket_.load(std::memory_order_acquire);
        while (ticket >> 32 == stage && (ticket & 0xffff) < (ticket >> 16 & 0xffff)) {
            if (!ticket_.compare_exchange_weak(ticket, ticket + 1, std::memory_order_acq_rel))
                continue;
            task_(context_, int(ticket & 0xffff));
            done_.fetch_add(1, std::memory_order_release);
            ticket = ticket_.load(std::memory_order_acquire);
        }
    }

    void help() {
        uint64_t seen = 0;
        for (int spins = 0;; ++spins) {
            const uint64_t ticket = ticket_.load(std::memory_order_acquire);
            if (ticket == kOver) return;
            if (ticket >> 32 != seen) {
                seen = ticket >> 32;
                work(seen);
                spins = 0;
            }
            pause(spins);
        }
    }
};

// Crew that is released at the end of a call.
class CrewOfCall {
  public:
    CrewOfCall(ffi::ThreadPool& pool, int64_t threads, int tasks)
        : crew_(Crew::hire(pool, threads, tasks)), team{crew_.get(), run} {}
    ~CrewOfCall() { crew_->dismiss(); }
    CrewOfCall(const CrewOfCall&) = delete;
    CrewOfCall& operator=(const CrewOfCall&) = delete;

  private:
    std::shared_ptr<Crew> crew_;

    static void run(const Team& team, int count, void (*task)(const void*, int),
                    const void* context) {
        static_cast<Crew*>(team.crew)->run(count, task, context);
    }

  public:
    const Team team;
};

}  // namespace sundog
