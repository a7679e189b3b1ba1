#include "daemon/net/base64.hpp"

#include "tests/support/catch.hpp"

using namespace halfmast;

TEST_CASE("bytes as base64, with and without padding, and as digits", "[net]")
{
    // The vectors of RFC 4648.
    CHECK(net::base64("") == "");
    CHECK(net::base64("f") == "Zg==");
    CHECK(net::base64("fo") == "Zm8=");
    CHECK(net::base64("foo") == "Zm9v");
    CHECK(net::base64("foob") == "Zm9vYg==");
    CHECK(net::base64("fooba") == "Zm9vYmE=");
    CHECK(net::base64("foobar") == "Zm9vYmFy");
    CHECK(net::base64("\xFB\xFF\xFE") == "+//+");
    CHECK(net::base64url("\xFB\xFF\xFE") == "-__-");
    CHECK(net::base64url("f") == "Zg");
    CHECK(net::base64url("") == "");
    CHECK(net::hex(std::string_view{"\x00\x0f\xA9", 3}) == "000fa9");

    std::string large((3u << 20) + 1, 'a');  // more than one piece
    auto text = net::base64(large);
    CHECK(text.size() == (large.size() + 2) / 3 * 4);
    CHECK(text.ends_with("YWFhYQ=="));
    CHECK(text.find('=') == text.size() - 2);
}
