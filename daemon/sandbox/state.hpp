// What the practice platform keeps: people, scheduled and published statuses, media, notifications. Plain values.
#pragma once

#include <cstdint>
#include <map>
#include <memory>
#include <optional>
#include <set>
#include <string>
#include <utility>
#include <vector>

#include "daemon/core/time.hpp"

namespace halfmast::sandbox {

using id = std::uint64_t;

struct poll_request {
    std::vector<std::string> options;
    std::int64_t expires_in = 86'400;  // seconds from publishing
    bool multiple = false;
    bool hide_totals = false;
    bool typed = true;  // came as JSON: shown with numbers; a form's values stay text, as the real server keeps them
};

// What a status is made of, as the client sent it; a scheduled status keeps it as its params.
struct draft {
    std::string text;
    std::optional<std::string> spoiler_text;
    std::optional<std::string> visibility;  // absent: the account's default at publishing time
    std::optional<std::string> language;
    std::optional<bool> sensitive;
    std::optional<id> in_reply_to;
    std::vector<id> media;
    std::optional<poll_request> poll;
};

struct scheduled {
    id key = 0;
    id owner = 0;
    time_point due;
    draft words;
};

struct revision {
    time_point at;
    std::string text;
    std::string spoiler_text;
};

struct status {
    id key = 0;
    id owner = 0;
    time_point at;
    draft words;
    std::string visibility = "public";
    bool pinned = false;
    std::optional<id> was_scheduled;        // came out of the queue
    std::optional<time_point> ignored_due;  // the job queue published it although it had been moved to this date
    std::optional<time_point> edited;
    std::vector<revision> history;  // what it said before each edit
};

struct media {
    id key = 0;
    id owner = 0;
    std::string type = "image";  // image, video, gifv, audio, unknown
    std::string content_type;
    std::string extension;
    std::shared_ptr<const std::string> bytes;
    std::optional<std::string> description;
    double focus_x = 0;
    double focus_y = 0;
    int width = 0;
    int height = 0;
    time_point uploaded;
    time_point ready;
    std::optional<id> scheduled_status;
    std::optional<id> published_status;
};

struct notification {
    id key = 0;
    std::string type = "mention";
    time_point at;
    id from = 0;
    id about = 0;  // the status
};

struct profile {
    std::string display_name;
    std::string note;
    std::vector<std::pair<std::string, std::string>> fields;
    std::string default_visibility = "public";
};

struct remembered_key {
    time_point at;
    id key = 0;
    bool of_scheduled = false;
};

struct person {
    id key = 0;
    std::string name;  // "alice"; "stranger@elsewhere.example" when not local
    std::string token;
    bool local = true;
    bool revoked = false;
    time_point created;
    profile shown;
    std::set<id> queue;                // scheduled
    std::map<std::int64_t, int> days;  // UTC day -> scheduled on it
    std::set<id> statuses;
    std::set<id> pinned;
    std::map<id, notification> notifications;
    std::map<std::string, remembered_key> keys;  // Idempotency-Key
    int vanished = 0;                            // scheduled posts whose publishing failed: the server tells nobody
    int late_jobs = 0;                           // went out at the old time although they had been moved
};

}  // namespace halfmast::sandbox
