#include "daemon/ctl/verdicts.hpp"

#include <algorithm>

#include <nlohmann/json.hpp>

#include "daemon/ctl/print.hpp"

namespace halfmast::ctl {

const decision hold_decision{"hold", "hold", "held", {"held", "gone"}, {"planned", "saving", "stopping", "unconfirmed", "queued"}};
const decision release_decision{"release", "release", "released", {"released", "rescheduled"}, {"releasing"}};
const decision reschedule_decision{"reschedule", "release", "rescheduled", {"released", "rescheduled"}, {"releasing"}};
const decision keep_decision{"keep", "keep", "kept", {"kept"}, {}};

namespace {

bool contains(const std::vector<std::string>& words, const std::string& word)
{
    return std::ranges::find(words, word) != words.end();
}

}  // namespace

void take_answer(const decision& kind, const document& post, decided& one)
{
    one.state = text_of(post, "state");
    one.detail = text_of(post, "detail");
    // The order is what the daemon read back; the list's time may still be that of the last poll.
    one.due = text_of(member_of(post, "order"), "at");
    if (one.due.empty())
        one.due = text_of(post, "due");
    one.post = post.dump(-1, ' ', false, document::error_handler_t::replace);
    one.open = contains(kind.open, one.state);
    if (contains(kind.good, one.state))
        one.code = exit_code::done;
    else if (one.open || one.state == "escaped" || one.state == "manual" || one.state == "failed")
        one.code = exit_code::partly;
    else
        one.code = exit_code::failed;  // it is as it was before
}

int code_of(const std::vector<decided>& all)
{
    if (all.empty())
        return exit_code::done;
    bool alike = std::ranges::all_of(all, [&](const decided& one) { return one.code == all.front().code; });
    return alike ? all.front().code : exit_code::partly;
}

std::string sentence_of(const decision& kind, const decided& one)
{
    auto text = one.id + ": ";
    if (!one.type.empty())
        return text + "NOT " + kind.done_word + ": " + safe(one.detail);
    if (one.code == exit_code::done) {
        text += one.state;
        bool goes_out = one.state == "released" || one.state == "rescheduled";
        auto due = parse_rfc3339(one.due);
        return goes_out && due ? text + ", goes out " + clock(*due, now()) : text;
    }
    text += "NOT " + std::string{kind.done_word} + (one.open ? " yet: it is " : ": it is ") + one.state;
    return one.detail.empty() ? text : text + " (" + safe(one.detail) + ")";
}

document decisions_message(const decision& kind, const std::vector<decided>& all, int code)
{
    auto list = document::array();
    for (const auto& one : all) {
        document entry;
        entry["id"] = one.id;
        entry["ok"] = !one.open && one.code == exit_code::done;
        entry["state"] = one.state.empty() ? document(nullptr) : document(one.state);
        entry["detail"] = one.detail;
        entry["exit_code"] = one.code;
        if (!one.type.empty())
            entry["type"] = one.type;
        if (!one.post.empty())
            entry["post"] = document::parse(one.post, nullptr, false);
        list.push_back(std::move(entry));
    }
    document message;
    message["schema"] = std::string{"halfmast.queue-"} + kind.name + "/1";
    message["results"] = std::move(list);
    message["exit_code"] = code;
    return message;
}

}  // namespace halfmast::ctl
