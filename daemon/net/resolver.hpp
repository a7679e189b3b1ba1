// Host names to addresses, off everybody's thread: libcurl's own look-ups block whoever removes a transfer. A name that does not
// answer holds one thread and nobody else.
#pragma once

#include <functional>
#include <memory>
#include <string>
#include <vector>

namespace halfmast::net {

struct addresses {
    std::vector<std::string> found;  // "192.0.2.1", "[2001:db8::1]"; the one that worked last comes first
    std::string error;               // why there is none
};

class resolver {
public:
    using answer = std::function<void(addresses)>;

    resolver();
    ~resolver();  // does not wait for look-ups under way; their answers are dropped

    // What is known already, not older than a minute (five seconds for a failure).
    [[nodiscard]] const addresses* known(const std::string& host);

    // Looks the name up once, however many ask meanwhile. `done` runs on a thread of the resolver.
    void look_up(const std::string& host, answer done);

    // Connecting to this address worked: it comes first from now on.
    void worked(const std::string& host, const std::string& address);

    // None of the addresses could be reached: the next one asks anew.
    void forget(const std::string& host);

    // An address, or a name that is answered without a look-up.
    static bool needs_none(const std::string& host);

private:
    struct shared;
    std::shared_ptr<shared> shared_;
};

}  // namespace halfmast::net
