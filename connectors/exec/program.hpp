// The account's program as something to ask: started when it is needed, one line out and one line in, each call with a time-out.
// What dies, hangs or talks nonsense is ended and started anew, less and less often. It knows no verbs.
#pragma once

#include <functional>
#include <memory>
#include <string>

#include <boost/asio/awaitable.hpp>
#include <nlohmann/json.hpp>

#include "connectors/exec/wire.hpp"
#include "daemon/ports/result.hpp"

namespace halfmast::exec {

namespace asio = boost::asio;

// "result" of an answer. A type of its own, for json takes anything for a value.
struct reply {
    nlohmann::json given;

    explicit reply(nlohmann::json given_) : given(std::move(given_)) {}
};

class program {
public:
    explicit program(std::shared_ptr<const settings> own);
    // Ends the program: asked first, made to after a second. Blocks so long at most.
    ~program();
    program(const program&) = delete;
    program& operator=(const program&) = delete;

    // The answer to one request. `unreachable` when it was never told; `unknown_outcome` when it was and nothing usable came
    // back. `doing` completes "cannot ...". Uses the executor of whoever asks, always the same.
    asio::awaitable<result<reply>> ask(std::string verb, nlohmann::json members, std::string doing);

    // Where its words on standard error go, and what became of it.
    void hear(std::function<void(std::string line)> to);

private:
    class inner;
    std::shared_ptr<inner> inner_;
};

}  // namespace halfmast::exec
