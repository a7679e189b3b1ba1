// The description of the API beside the table of routes: neither has anything that the other has not.
#include <algorithm>
#include <cctype>

#include "daemon/api/openapi.hpp"
#include "tests/api/window.hpp"

using namespace halfmast;
using namespace halfmast::test;

TEST_CASE("every route is described, with its right, its parts and its body, and nothing else is", "[api][openapi]")
{
    auto described = json::parse(api::openapi_document());
    CHECK(described.at("openapi") == "3.1.0");
    std::size_t operations = 0;
    for (const auto& [path, item] : described.at("paths").items())
        for (const auto& [method, operation] : item.items())
            operations += method == "parameters" ? 0 : 1;
    CHECK(operations == api::routes().size());
    for (const auto& route : api::routes()) {
        INFO(route.method << " " << route.pattern);
        std::string method{route.method};
        std::ranges::transform(method, method.begin(), [](unsigned char c) { return static_cast<char>(std::tolower(c)); });
        auto path = described.at("paths").find(std::string{route.pattern});
        REQUIRE(path != described.at("paths").end());
        REQUIRE(path->contains(method));
        const auto& operation = path->at(method);
        CHECK(operation.at("x-needs") == to_string(route.needs));
        CHECK_FALSE(operation.at("summary").get<std::string>().empty());
        CHECK_FALSE(operation.at("responses").empty());
        CHECK(operation.contains("requestBody")
              == (route.method == "POST" && route.pattern != "/pages/test" && route.pattern != "/audit/verify"
                  && route.pattern != "/login/{secret}"));
        auto parts = static_cast<std::size_t>(std::ranges::count(route.pattern, '{'));
        CHECK((path->contains("parameters") ? path->at("parameters").size() : 0) == parts);
    }
}
