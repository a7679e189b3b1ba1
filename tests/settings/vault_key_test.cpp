// The key of the vault, which accounts need it, and the end of a credential as a person writes it down.
#include "tests/settings/support.hpp"

using namespace halfmast;
using halfmast::tests::folder;
using halfmast::tests::lines;

namespace {

const std::string hex_key = "000102030405060708090a0b0c0d0e0f101112131415161718191a1b1c1d1e1f";
const std::string not_a_key =
    " is no key of 32 random bytes. Make one with 'openssl rand -hex 32'; base64 and the bytes themselves do too";

std::string counted_bytes()
{
    std::string bytes;
    for (char c = 0; c < 32; ++c)
        bytes += c;
    return bytes;
}

std::string with_key(const std::string& value) { return "[daemon]\nvault_key = " + value + "\n"; }

std::string with_end(const std::string& value)
{
    return "[[account]]\nid = \"a\"\nconnector = \"fake\"\nurl = \"https://a.example\"\ntoken = { file = \"t\" }\ncredential_ends "
           "= "
           + value + "\n";
}

std::shared_ptr<const connector_settings> parse_renewing(account_values& values)
{
    auto made = std::make_shared<tests::fake_settings>();
    made->url = values.base_url("url");
    values.needs_vault("its refresh token changes");
    return made;
}

}  // namespace

TEST_CASE("the key of the vault is read in each of its forms", "[settings][vault]")
{
    folder here;
    auto form = GENERATE(as<std::string>{}, "hex", "HEX", "hex, a line", "base64", "base64url", "base64 without padding", "bytes");
    CAPTURE(form);
    auto upper = hex_key;
    for (auto& c : upper)
        c = c >= 'a' && c <= 'f' ? static_cast<char>(c - 'a' + 'A') : c;
    // Bytes whose base64 has a '/' and a '+'.
    auto bytes = form.starts_with("base64") ? std::string(16, '\xfb') + std::string(16, '\xff') : counted_bytes();
    const std::string base64 = "+/v7+/v7+/v7+/v7+/v7+/////////////////////8=";
    std::string text = form == "hex"                      ? hex_key
                       : form == "HEX"                    ? upper
                       : form == "hex, a line"            ? hex_key + "\n"
                       : form == "base64"                 ? base64 + "\n"
                       : form == "base64 without padding" ? base64.substr(0, 43)
                       : form == "bytes"                  ? bytes
                                                          : "-_v7-_v7-_v7-_v7-_v7-_____________________8";
    here.write("key", text);
    auto got = here.load(with_key("{ file = \"key\" }"));
    CHECK(here.shown(got) == lines{});
    CHECK(got.value.has_vault);
    CHECK(got.value.vault_key.text() == bytes);
}

TEST_CASE("what is no key of 32 random bytes is refused, and not shown", "[settings][vault]")
{
    folder here;
    auto text =
        GENERATE_COPY(as<std::string>{}, "hunter2", std::string(32, 'a'), std::string(64, 'g'), hex_key.substr(1), hex_key + "0",
                      "", "correct horse battery staple 1234", counted_bytes() + "\x01", hex_key.substr(0, 32));
    CAPTURE(text);
    here.write("key", text);
    CHECK(here.faults(with_key("{ file = \"key\" }")) == lines{"main.toml:2:22: daemon: vault_key: file key" + not_a_key});
}

TEST_CASE("the key of the vault has the sources of every secret", "[settings][vault]")
{
    folder here;
    ::setenv("HALFMAST_TEST_KEY", hex_key.c_str(), 1);
    CHECK(here.load(with_key("{ env = \"HALFMAST_TEST_KEY\" }")).value.vault_key.text() == counted_bytes());
    CHECK(here.faults(with_key("\"" + hex_key + "\"")).at(0).find(hex_key) == std::string::npos);
    CHECK(here.faults(with_key("{ file = \"none\" }"))
          == lines{"main.toml:2:22: daemon: vault_key: file none cannot be read: No such file or directory"});
    auto unread = here.load(with_key("{ file = \"none\" }"), false);
    CHECK(here.shown(unread) == lines{});
    CHECK(unread.value.has_vault);
    CHECK(unread.value.vault_key.empty());
    CHECK_FALSE(here.load("[daemon]\n").value.has_vault);
}

TEST_CASE("an account that needs the vault says so, when there is no key for it", "[settings][vault]")
{
    folder here;
    const std::vector<connector_room> rooms{{"fake", parse_renewing, tests::declare_fake, tests::connect_fake, {}}};
    const std::string account = "[[account]]\nid = \"a\"\nconnector = \"fake\"\nurl = \"https://a.example\"\n";
    auto bare = settings::load(here.write("main.toml", account), rooms);
    CHECK(
        here.shown(bare)
        == lines{
            "main.toml:1:1: account a: its refresh token changes, so [daemon] needs a vault_key: 'openssl rand -hex 32 > FILE', and"
            " vault_key = { file = \"FILE\" }"});
    CHECK_FALSE(bare.usable());
    here.write("key", hex_key);
    CHECK(here.shown(settings::load(here.write("main.toml", with_key("{ file = \"key\" }") + account), rooms)) == lines{});
    // A key that is wrong is one fault, and not one for each account.
    here.write("key", "hunter2");
    CHECK(here.shown(settings::load(here.write("main.toml", with_key("{ file = \"key\" }") + account), rooms)).size() == 1);
}

TEST_CASE("a person may write down when a credential ends", "[settings]")
{
    folder here;
    here.write("t", "s3cret");
    auto end_of = [&](const std::string& value) {
        auto got = here.load(with_end(value));
        CHECK(here.shown(got) == lines{});
        return got.value.accounts.at(0).credential_ends.value();
    };
    CHECK(format_utc(end_of("\"2027-01-31\"")) == "2027-01-31T00:00:00Z");
    CHECK(format_utc(end_of("2027-01-31")) == "2027-01-31T00:00:00Z");
    CHECK(format_utc(end_of("\"2027-01-31T12:00:00+01:00\"")) == "2027-01-31T11:00:00Z");
    for (const std::string wrong : {"\"soon\"", "\"2027-02-30\"", "\"\"", "7", "true", "2027-01-31T00:00:00Z"})
        CHECK(here.faults(with_end(wrong))
              == lines{"main.toml:6:19: account a: credential_ends is no date; write it as \"2027-01-31\""});
    CHECK_FALSE(here.load("[[account]]\nid = \"a\"\nconnector = \"fake\"\nurl = \"https://a.example\"\ntoken = { file = \"t\" }\n")
                    .value.accounts.at(0)
                    .credential_ends);
}
