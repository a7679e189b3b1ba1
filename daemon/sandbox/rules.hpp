// The numbers and traps of the practice platform: what a server's administrator sets, as values.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "daemon/core/time.hpp"

namespace halfmast::sandbox {

// Ways in which the real server surprises its clients. Each can be switched off to see what a kinder server would do.
struct traps {
    bool sweep = true;          // posts due soon are handed to a job queue that never looks at the date again
    bool past = true;           // a date in the past publishes at once; off: 422
    bool too_soon = true;       // a date less than five minutes ahead is 422; off: taken
    bool caps = true;           // 25 a day, 300 in all; a PUT counts the post itself
    bool media = true;          // unlinked media vanish
    bool pins = true;           // at most five, one's own, not direct
    bool unknown_media = true;  // 422; off: posted silently without the picture, as older servers do
    bool idempotency = true;    // a repeated key for a scheduled post is 404; off: the same post again
};

// nullptr for an unknown name: "sweep", "past", "too-soon", "caps", "media", "pins", "unknown-media", "idempotency".
bool* find_trap(traps& all, std::string_view name);
const std::vector<std::string>& trap_names();

struct rules {
    traps on;
    milliseconds min_schedule{std::chrono::minutes{5}};
    int most_a_day = 25;
    int most_in_all = 300;
    int most_pins = 5;
    int most_characters = 500;
    int most_media = 4;
    milliseconds sweep_interval{std::chrono::minutes{5}};
    milliseconds sweep_window{std::chrono::minutes{5}};
    milliseconds media_life{std::chrono::hours{24}};    // of unlinked media, counted from the upload
    milliseconds vacuum_every{std::chrono::hours{24}};  // 24 h: at 03:00 UTC
    milliseconds media_processing{0};                   // POST /api/v2/media answers 202 so long
    milliseconds idempotency_life{std::chrono::hours{1}};
    std::string version = "4.4.0";
};

// One counter of calls. `burst` above zero makes it a token bucket of that size, else it is a window as Mastodon has it.
struct rate_rule {
    enum class counts {
        all,      // every call
        paged,    // calls with max_id, min_id, since_id or page
        media,    // uploads
        deletes,  // DELETE of a published status
        posts,    // POST /api/v1/statuses
    };
    counts what = counts::all;
    int calls = 300;
    milliseconds per{std::chrono::minutes{5}};
    int burst = 0;
};

// What a Mastodon server comes with.
std::vector<rate_rule> default_rate_rules();

// "300/300" (calls per seconds), "10/1s", "0" for none; nullopt for anything else.
std::optional<std::vector<rate_rule>> parse_rate_rules(std::string_view text, int burst);

}  // namespace halfmast::sandbox
