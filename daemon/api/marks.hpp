// The mark (ETag) of what a person can change: two people who saw the same thing have the same mark, and who acts on an older one is told
// so. Pure but for the look into the ledger that says who changed it.
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "daemon/api/messages.hpp"
#include "daemon/api/problem_json.hpp"

namespace halfmast::api {

// Without quotation marks: "p-9f86d081884c7d65". It changes with what people decide on, not with every look at the platform.
std::string mark_of(const listed_post&);
std::string mark_of(const crisis&);
std::string mark_of(const task&);
std::string mark_of(const reply&);

// Of what a path names, by its pattern and parts; nullopt: such a thing has none, or there is none.
std::optional<std::string> mark_of(const state&, std::string_view pattern, const std::vector<std::string>& parts);
// The same as one text, for one change at a time: "/posts/acme/1"; "" for what has no mark.
std::string name_of(std::string_view pattern, const std::vector<std::string>& parts);

// Is the mark among those of an If-Match header? "*" stands for any.
bool matches(std::string_view header, const std::string& mark);

// 412: who changed it last, and when.
asio::awaitable<trouble> stale(backend& daemon, std::string name, std::string mark);

}  // namespace halfmast::api
