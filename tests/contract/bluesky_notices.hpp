// What the AppView of the fake Bluesky tells an account: likes and all, in the order and with the pages of the real one.
#pragma once

#include <map>
#include <string>
#include <vector>

#include <nlohmann/json.hpp>

#include "daemon/core/ids.hpp"
#include "daemon/ports/http.hpp"

namespace halfmast::contract {

class bluesky_notices {
public:
    // By turns a mention, a reply and a quote, and with each a like; now and then one more by somebody whom the account has muted.
    post_id say(const std::string& text, const std::string& by, time_point at);
    post_id add(const std::string& reason, const std::string& did, const std::string& by, const std::string& text, time_point at);
    // The record changes, its address does not.
    void edit(const post_id& id, const std::string& text);
    void remove(const post_id& id);
    // A post of somebody's as app.bsky.feed.getPosts gives it; null when there is none.
    [[nodiscard]] nlohmann::json view(const std::string& uri) const;

    // app.bsky.notification.listNotifications, as a server answers that does not know `reasons` yet: the newest first, and for equal times
    // by hash. Whoever is muted is taken out afterwards, so a page may be short; only the last one, an empty one, has no cursor.
    [[nodiscard]] http_response page(const std::map<std::string, std::string>& query) const;

private:
    struct notice {
        std::string uri;
        std::string reason;
        std::string did;
        std::string handle;
        nlohmann::json record;
        time_point at;
    };

    std::vector<notice>::iterator find(const post_id& id);

    std::vector<notice> all_;
    int said_ = 0;
    unsigned keys_ = 0;
};

}  // namespace halfmast::contract
