// One question to the daemon over its control socket, and its answer. Blocks: the command has nothing else to do.
#pragma once

#include <memory>
#include <string>
#include <string_view>

#include "daemon/ctl/session.hpp"

namespace halfmast::ctl {

// How often the daemon is asked again while something is under way.
inline constexpr milliseconds look_every{200};

struct reply {
    int status = 0;
    std::string text;

    // The text as JSON; throws command_error when it is none.
    [[nodiscard]] document body() const;
};

// Could not be reached at all; nothing was asked. `raise` spools on this and on nothing else.
class daemon_down : public command_error {
public:
    using command_error::command_error;
};

// Connected, and then no whole answer: what came of the request is unknown.
class no_answer : public command_error {
public:
    using command_error::command_error;
};

class client {
public:
    explicit client(std::string socket);
    ~client();
    client(client&&) noexcept;

    // `path` is below /api/v1, query included. Any answer below 400 is given back; a problem document is thrown as command_error.
    reply get(const std::string& path);
    reply post(const std::string& path, const document& body);
    reply remove(const std::string& path);  // DELETE

    // From now on: the mark (etag) of what is changed, as it was seen; a change of anything newer is refused. Empty: whatever it is.
    void if_match(std::string mark);

    // Until the next call of this: how long an answer may take. A daemon that hangs must not hold up a raise.
    void answer_within(milliseconds length);

    [[nodiscard]] const std::string& socket() const;

private:
    reply ask(const std::string& path, const std::string* body, const char* method = nullptr);

    class impl;
    std::unique_ptr<impl> impl_;
};

// "acme-blog/a b" -> "/posts/acme-blog/a%20b"; throws command_error when it is no id.
std::string post_path(std::string_view id);

// Unreserved characters stay, every other byte is %XX.
std::string percent_encode(std::string_view text);

// Joins name=value pairs whose value is not empty: "?state=held&limit=5", or "".
std::string query_string(std::initializer_list<std::pair<const char*, std::string>> members);

}  // namespace halfmast::ctl
