#include "daemon/engine/turnstile.hpp"

namespace halfmast::engine {

void turnstile::enter(visitor& who, moment now)
{
    who.waits = true;
    line_.push_back(&who);
    call_next(now);
}

void turnstile::leave(visitor& who, moment now)
{
    if (who.inside)
        --taken_;
    who.inside = false;
    while (!inside_.empty() && inside_.front().is_over())
        inside_.pop_front();
    call_next(now);
}

void turnstile::call_next(moment now)
{
    while (taken_ < room_ && !line_.empty()) {
        auto* next = line_.front();
        line_.pop_front();
        next->waits = false;
        next->inside = true;
        next->entered = now;
        ++taken_;
        inside_.push_back({next, now});
        admitted_(*next);
    }
}

std::optional<turnstile::moment> turnstile::next_look() const
{
    if (line_.empty() || inside_.empty())
        return std::nullopt;
    return inside_.front().entered + patience_;
}

// Whoever has been inside for too long goes on there, and is not counted any more.
void turnstile::look(moment now)
{
    for (; !inside_.empty() && (inside_.front().is_over() || now - inside_.front().entered >= patience_); inside_.pop_front())
        if (!inside_.front().is_over()) {
            inside_.front().who->inside = false;
            --taken_;
        }
    call_next(now);
}

}  // namespace halfmast::engine
