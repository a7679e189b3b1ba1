// The promise clock: every statement says when the next word comes. Kept: it is out somewhere by then. Missed: once, and the next
// ones of the route are told.
#include "daemon/core/step.hpp"

namespace halfmast {

void keep_promise(const step& now, const crisis_id& crisis, std::uint32_t number)
{
    auto found = now.known().crises.find(crisis);
    if (found == now.known().crises.end() || number <= found->second.promised_in || number < 2)
        return;  // what the first one says is the raise's own promise
    const auto& flag = found->second;
    if (flag.next_update_by == time_point{} || flag.late || now.now > flag.next_update_by)
        return;
    audit_record record{record_kind::promise_kept, now.now};
    record.crisis = crisis;
    record.number = number;
    record.due = flag.next_update_by;
    record.outcome = "done";
    record.why = "the word promised by " + format_utc(flag.next_update_by) + " is out";
    now.note(std::move(record));
}

void look_at_promises(const step& now)
{
    for (const auto& [id, flag] : now.known().crises) {
        bool promised = flag.now == phase::raised && flag.next_update_by > flag.raised_at;
        if (!promised || flag.late || now.now < flag.next_update_by)
            continue;
        audit_record record{record_kind::promise_missed, now.now};
        record.crisis = id;
        record.number = flag.promised_in;
        record.due = flag.next_update_by;
        record.outcome = "missed";
        record.why = "the word promised by " + format_utc(flag.next_update_by) + " did not come";
        now.note(std::move(record));
    }
}

}  // namespace halfmast
