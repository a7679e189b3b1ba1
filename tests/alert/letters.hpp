// Letters and receivers for the tests of this room.
#pragma once

#include "daemon/core/pages.hpp"
#include "daemon/ports/receiver.hpp"

namespace halfmast::test {

inline time_point letter_time() { return *parse_rfc3339("2026-03-01T14:05:00Z"); }

inline page_letter make_letter(page_verb verb = page_verb::trigger)
{
    page_letter made;
    made.group = "hold-manual/c-1";
    made.receiver = "duty";
    made.dedup = "hold-manual/c-1-1772373600";
    made.number = verb == page_verb::trigger ? 1 : 2;
    made.id = made.dedup + "-" + std::to_string(made.number);
    made.verb = verb;
    made.level = page_level::critical;
    made.kind = "hold-manual";
    made.crisis = crisis_id{"c-1"};
    made.owner = actor_id{"ops"};
    made.what = "2 posts of acme-blog must be stopped by a person; the first, acme-blog/7, is due 2026-03-01T14:20:00Z";
    made.more = {"1 post of acme-news must be stopped by a person"};
    made.count = 3;
    made.todo = "open the link and stop it there";
    made.link = "https://blog.acme.example/?p=7";
    made.since = *parse_rfc3339("2026-03-01T14:00:00Z");
    if (verb == page_verb::acknowledge)
        made.acknowledged_by = actor_id{"ann"};
    if (verb == page_verb::resolve) {
        made.over_at = letter_time();
        made.over_why = "c-1 was lowered by ops";
    }
    return made;
}

inline receiver_settings make_receiver(const std::string& kind, const std::string& url = "https://pages.example")
{
    receiver_settings made;
    made.name = "duty";
    made.kind = kind;
    made.url = url;
    made.secret = "s3cret-canary";
    made.username = "";
    made.user = "user-canary";
    made.topic = "oncall";
    made.from = "halfmast@acme.example";
    made.to = {"oncall@acme.example", "boss@acme.example"};
    return made;
}

}  // namespace halfmast::test
