// A post of a Ghost in memory, and how the API shows it. Only for ghost_fake.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "tests/contract/ghost_fake_wire.hpp"

namespace halfmast::contract {

struct ghost_post {
    std::string id;
    std::string resource = "posts";
    std::string status = "draft";
    std::string title;
    std::string html;
    std::string slug;
    std::string visibility = "public";
    std::optional<time_point> published;
    time_point updated;
    bool featured = false;
    bool email_only = false;
    std::string newsletter;
    std::string segment = "all";
    bool mailed = false;
    std::vector<std::string> tags;

    [[nodiscard]] bool is_out() const { return status == "published" || status == "sent"; }
    // What a reader sees of its newest words.
    [[nodiscard]] std::string shown() const;
    // As the editor leaves it: the first line is the title, the rest are paragraphs.
    void write(const std::string& text);
};

std::string in_ghost_html(const std::string& plain);

// As an element of an answer. `now`: when its author was seen last.
nlohmann::json ghost_element(const ghost_post& post, bool html, time_point now);

// What a term of a filter says is true of it.
bool ghost_fits(const ghost_post& post, const ghost_term& one);

}  // namespace halfmast::contract
