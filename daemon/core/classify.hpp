// Is this post promotional? Labels, categories and tags first, then links, then words; every verdict names its reasons.
// A first honest version: a learned part may come behind the same function.
#pragma once

#include <map>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "daemon/core/post.hpp"

namespace halfmast {

// The scheduler's own marks, written by people: they win over words. '*' matches the rest: "campaign:*".
struct mark_rules {
    std::vector<std::string> tags;
    std::vector<std::string> categories;
    std::vector<std::string> labels;
};

// A phrase to look for in folded text. Phrases of scripts with spaces match from a word's start ("akcio*" = stem).
struct word_rule {
    std::string phrase;  // folded by the shell; no '*'
    post_class kind;
    double weight = 1.0;  // > 0; essential and neutral count from a sum of 1, promotional from any
    std::string rule;     // its name in a verdict: "words.en.promotional"
    bool stem = false;    // matches longer words that begin so
};

class phrase_finder;  // all phrases at once (Aho-Corasick)

// Built once, shared, immutable.
class judgement {
public:
    // Matching ignores case through `folded` values: the shell folds marks and phrases before they come here.
    judgement(std::map<post_class, mark_rules> marks, std::vector<word_rule> words, bool campaign_links = true);
    ~judgement();

    [[nodiscard]] verdict judge(const scheduled_post& post) const;

private:
    std::map<post_class, mark_rules> marks_;
    std::vector<word_rule> words_;
    bool campaign_links_;
    std::unique_ptr<const phrase_finder> finder_;
};

}  // namespace halfmast
