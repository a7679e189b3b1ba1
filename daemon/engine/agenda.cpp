#include "daemon/engine/agenda.hpp"

#include <algorithm>
#include <utility>

namespace halfmast::engine {

agenda::agenda(asio::any_io_executor executor, std::size_t room, milliseconds patience, admitted_function admitted,
               put_off_function put_off)
    : gate_(room, patience, [admitted = std::move(admitted)](turnstile::visitor& who) { admitted(static_cast<visitor&>(who)); }),
      put_off_(std::move(put_off)),
      alarm_(executor)
{
}

void agenda::meet(visitor& who, moment at)
{
    who.due = at;
    all_.push({at, &who});
    set_alarm();
}

void agenda::leave(visitor& who)
{
    gate_.leave(who, moment::clock::now());
    set_alarm();
}

void agenda::stop()
{
    stopping_ = true;
    alarm_.cancel();
}

void agenda::set_alarm()
{
    auto next = all_.empty() ? moment::max() : all_.top().at;
    if (auto slow = gate_.next_look())
        next = std::min(next, *slow);
    if (stopping_ || next >= alarm_at_)
        return;
    alarm_at_ = next;
    alarm_.expires_at(next);
    alarm_.async_wait([this](boost::system::error_code set_anew) {
        if (!set_anew)
            on_alarm();
    });
}

void agenda::on_alarm()
{
    alarm_at_ = moment::max();
    auto now = moment::clock::now();
    while (!stopping_ && !all_.empty() && all_.top().at <= now) {
        auto [at, who] = all_.top();
        all_.pop();
        if (who->due != at)
            continue;
        if (auto later = put_off_ ? put_off_(*who, now) : std::nullopt) {
            meet(*who, *later);
            continue;
        }
        who->due = moment::max();
        gate_.enter(*who, now);
    }
    gate_.look(now);
    set_alarm();
}

}  // namespace halfmast::engine
