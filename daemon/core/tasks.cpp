// What only a person can do: opened where a platform has no call for it, done by a word, confirmed where it can be read back.
#include <algorithm>

#include "daemon/core/step.hpp"

namespace halfmast {

void finish_task(const step& now, const task_done& what)
{
    audit_record record{record_kind::task_done, now.now, what.by};
    record.why = what.why;
    record.task.emplace();
    record.task->id = what.task;
    auto found = now.known().tasks.find(what.task);
    if (found == now.known().tasks.end())
        return now.refuse(refusal::cause::unknown_target,
                          "task " + what.task + ": there is none under that name; 'halfmast tasks list' shows those that are open", record);
    const auto& one = found->second;
    record.crisis = one.crisis;
    record.account = one.account;
    record.outcome = "done";
    now.made.crisis = one.crisis;
    now.made.made = one.id;
    if (one.state == task_state::done || one.state == task_state::confirmed) {
        now.made.repeated = true;
        return;
    }
    if (one.state == task_state::dropped)
        return now.refuse(refusal::cause::wrong_state, "task " + one.id + ": it is not wanted any more: " + one.why, record);
    now.note(std::move(record));
}

}  // namespace halfmast
