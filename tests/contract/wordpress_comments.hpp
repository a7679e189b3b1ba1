// The comments of the fake WordPress, as its people write them and its API lists them.
#pragma once

#include <cstdint>
#include <map>
#include <string>

#include <nlohmann/json_fwd.hpp>

#include "daemon/core/ids.hpp"
#include "daemon/ports/http.hpp"
#include "tests/contract/platform.hpp"

namespace halfmast::contract {

class wordpress_comments {
public:
    // Every third one waits for a moderator. `author`: of the site; 0 is a visitor.
    post_id write(const std::string& text, const std::string& name, std::int64_t author, time_point at);
    void edit(const post_id& id, const std::string& text);
    void remove(const post_id& id);

    // A page: by date, and for equal dates as they came. `after` is compared in whole seconds, and lets its own second out. A visitor is
    // not told of those that wait.
    [[nodiscard]] http_response answer(const std::map<std::string, std::string>& query, bool known) const;
    [[nodiscard]] http_response one(std::int64_t id, bool known) const;
    // A user of the site writes one; the same words at the same place a second time are refused, as WordPress does.
    http_response create(const nlohmann::json& body, std::int64_t author, time_point at);
    [[nodiscard]] std::vector<public_post> answers(const post_id& to, std::int64_t author) const;

private:
    struct comment {
        std::int64_t id = 0;
        std::int64_t author = 0;
        std::string name;
        std::string content;
        time_point date;
        bool held = false;
        std::int64_t post = 1;
        std::int64_t parent = 0;
    };
    static nlohmann::json shown(const comment& one);

    std::map<std::int64_t, comment> all_;
    std::int64_t next_ = 5001;
};

}  // namespace halfmast::contract
