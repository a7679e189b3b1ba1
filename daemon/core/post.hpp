// A scheduled post as any scheduler or network has it, and what we think of it.
#pragma once

#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "daemon/core/ids.hpp"
#include "daemon/core/time.hpp"

namespace halfmast {

enum class post_class {
    promotional,  // sells, advertises, campaigns
    essential,    // people need it: outage, recall, safety
    neutral,      // neither
    unknown,      // no rule spoke; treated as promotional by every shipped playbook
};

std::string_view to_string(post_class kind);
std::optional<post_class> parse_post_class(std::string_view text);

// One reason for a verdict: the rule, and what in the post made it speak.
struct reason {
    std::string rule;   // "judgement.promotional.tags", "words.en.promotional", "link.utm"
    std::string match;  // "promo", "20% off"

    bool operator==(const reason&) const = default;
};

struct verdict {
    post_class kind = post_class::unknown;
    std::vector<reason> why;

    bool operator==(const verdict&) const = default;
};

// Immutable once seen; shared between the mirror, a hold and the calls about it.
struct scheduled_post {
    post_id id;                           // the platform's
    time_point due;                       // UTC; may lie in the past ("missed schedule": goes out at any moment)
    std::string text;                     // plain text as a reader would see it, title first
    std::string folded;                   // text after Unicode case folding (room text); the shell fills it in, rules read it
    std::string language;                 // BCP 47, empty when the platform does not say
    std::vector<std::string> tags;        // hashtags and the scheduler's tags, without '#'
    std::vector<std::string> categories;  // names or slugs, not numbers
    std::vector<std::string> labels;      // scheduler labels or campaigns
    std::vector<std::string> links;       // absolute URLs
    std::string url;                      // where a person can open it
    std::string kind;                     // the platform's type of post where it has several ("page"); read by its connector only
    std::string author;                   // as the platform names the person who scheduled it; may be empty
    std::string version;                  // changes whenever the post is edited at its source; empty when the platform has none
    bool has_media = false;
    std::shared_ptr<const std::string> raw;  // the platform's own answer, byte for byte; may be null for a hold
};

using post_ptr = std::shared_ptr<const scheduled_post>;

// A post that is out in public, as the account's feed shows it.
struct publication {
    post_id id;
    time_point at;  // when it went out
    std::string text;
    std::string folded;
    std::vector<std::string> links;
    std::string url;
};

}  // namespace halfmast
