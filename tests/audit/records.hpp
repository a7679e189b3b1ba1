// What a ledger is filled with here. Its texts have characters of one, two and three bytes; its raw answer becomes a blob.
#pragma once

#include <memory>
#include <string>

#include "daemon/core/record.hpp"

namespace halfmast::test {

inline audit_record planned_hold(std::int64_t number)
{
    scheduled_post post;
    post.id = post_id{std::to_string(number)};
    post.text = "20% off, скидка, 大减价";
    post.raw = std::make_shared<const std::string>("{\"id\":" + post.id.value + "}");
    audit_record record{record_kind::hold_planned, time_point{seconds{1'772'375'400 + number}}};
    record.account = account_id{"acme-blog"};
    record.crisis = crisis_id{"c-1"};
    record.post = post.id;
    record.snapshot = std::make_shared<const scheduled_post>(std::move(post));
    return record;
}

}  // namespace halfmast::test
