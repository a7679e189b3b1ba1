#include "daemon/ctl/interrupt.hpp"

#include <algorithm>
#include <csignal>
#include <ctime>

namespace halfmast::ctl {

namespace {

volatile std::sig_atomic_t interrupted = 0;

void mark(int) { interrupted = 1; }

void mask(int how)
{
    sigset_t both;
    sigemptyset(&both);
    sigaddset(&both, SIGINT);
    sigaddset(&both, SIGTERM);
    sigprocmask(how, &both, nullptr);
}

}  // namespace

void watch_interrupt()
{
    struct sigaction act {};
    act.sa_handler = mark;
    sigemptyset(&act.sa_mask);
    act.sa_flags = 0;  // no SA_RESTART: a wait ends at once
    sigaction(SIGINT, &act, nullptr);
    sigaction(SIGTERM, &act, nullptr);
}

bool was_interrupted() { return interrupted != 0; }

void forget_interrupt() { interrupted = 0; }

interrupt_later::interrupt_later() { mask(SIG_BLOCK); }
interrupt_later::~interrupt_later() { mask(SIG_UNBLOCK); }

bool wait_for(milliseconds length)
{
    // In short pieces: a signal between the question and the wait costs one piece, not the whole.
    constexpr milliseconds piece{50};
    while (length.count() > 0 && !was_interrupted()) {
        auto part = std::min(length, piece);
        timespec wait{0, part.count() * 1'000'000};
        nanosleep(&wait, nullptr);
        length -= part;
    }
    return !was_interrupted();
}

}  // namespace halfmast::ctl
