// A description from text, and the faults it has.
#pragma once

#include <string>
#include <vector>

#include "connectors/rest/settings.hpp"
#include "connectors/rest/wire.hpp"
#include "daemon/settings/document.hpp"
#include "tests/support/catch.hpp"

namespace halfmast::rest_test {

struct described {
    std::shared_ptr<const rest::description> what;
    std::vector<std::string> faults;  // "3:1: [times]: ..."
};

inline described describe(const std::string& toml, const std::string& zone = "UTC")
{
    described made;
    auto read = halfmast::settings::parse_document(toml, "x.toml");
    INFO(read.why);
    REQUIRE(read.value != nullptr);
    made.what = rest::read_description(*read.value, zone, [&](document_place at, std::string text) {
        made.faults.push_back(std::to_string(at.line) + ":" + std::to_string(at.column) + ": " + text);
    });
    return made;
}

// The least that can hold: every section once, all on one line each.
inline const std::string small = R"toml(name = "Small"
[auth]
kind = "bearer"
[fields]
id = "/id"
text = "/text"
due = "/due"
state = "/state"
link = "/link"
[states]
queued = ["queued"]
parked = ["draft"]
published = ["sent"]
[[list]]
url = "/posts"
items = "/data"
[read]
url = "/posts/{id}"
[[hold]]
rung = "draft"
url = "/posts/{id}/draft"
body = { status = "draft" }
[release]
url = "/posts/{id}/schedule"
body = { at = "{at}" }
)toml";

inline rest::settings account_of(std::shared_ptr<const rest::description> what)
{
    rest::settings own;
    own.url = "https://api.example/v1";
    own.username = "halfmast";
    own.secret = "s3cret";
    own.what = std::move(what);
    return own;
}

}  // namespace halfmast::rest_test
