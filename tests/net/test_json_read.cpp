#include "daemon/net/json_read.hpp"

#include <nlohmann/json.hpp>

#include "tests/support/catch.hpp"

using namespace halfmast;

TEST_CASE("JSON from outside is read without trust", "[net]")
{
    auto read = net::parse_json(R"({"text":"a","number":7,"large":9007199254740993,"half":1.5,"yes":true,"list":[1]})");
    REQUIRE(read.has_value());
    CHECK(net::text_at(*read, "text") == "a");
    CHECK(net::text_at(*read, "number").empty());
    CHECK(net::text_at(*read, "nothing").empty());
    CHECK(net::number_at(*read, "large") == 9'007'199'254'740'993);
    CHECK(net::number_at(*read, "half") == 0);
    CHECK(net::number_at(*read, "text") == 0);
    CHECK(net::flag_at(*read, "yes"));
    CHECK_FALSE(net::flag_at(*read, "number"));
    CHECK(net::member(*read, "list") != nullptr);
    CHECK(net::member(*net::member(*read, "list"), "text") == nullptr);

    CHECK(net::member_or_null(*read, "list").is_array());
    CHECK(net::member_or_null(net::member_or_null(*read, "nothing"), "text").is_null());
    auto dated = net::parse_json(R"({"at":"2026-03-02T14:00:00Z","then":"soon"})");
    REQUIRE(dated.has_value());
    CHECK(net::time_at(*dated, "at") == parse_rfc3339("2026-03-02T14:00:00Z"));
    CHECK_FALSE(net::time_at(*dated, "then").has_value());
    CHECK(net::dump(nlohmann::json{{"text", "a\xFF"}}) == "{\"text\":\"a�\"}");

    CHECK_FALSE(net::parse_json("{\"a\":").has_value());
    CHECK_FALSE(net::parse_json("").has_value());
    CHECK_FALSE(net::parse_json("<html>").has_value());
    CHECK(net::parse_json(std::string(64, '[') + std::string(64, ']')).has_value());
    CHECK_FALSE(net::parse_json(std::string(65, '[') + std::string(65, ']')).has_value());
    CHECK(net::parse_json("[\"" + std::string(500, '[') + "\\\"[\"]").has_value());  // in a text they are none
    CHECK_FALSE(net::parse_json(std::string(1'000'000, '[')).has_value());
}
