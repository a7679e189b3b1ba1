#include <algorithm>
#include <sstream>

#include <sys/stat.h>

#include "daemon/audit/chain.hpp"
#include "daemon/audit/checkpoint.hpp"
#include "daemon/audit/export.hpp"
#include "daemon/audit/files.hpp"
#include "daemon/audit/verify.hpp"
#include "tests/store/support.hpp"
#include "tests/support/catch.hpp"

using namespace halfmast;
using namespace halfmast::test;

namespace {

mode_t mode_of(const std::string& path)
{
    struct stat known {};
    REQUIRE(::stat(path.c_str(), &known) == 0);
    return known.st_mode & 07777;
}

}  // namespace

TEST_CASE("the hash of a record is the documented one", "[chain]")
{
    // Computed with Python's hashlib from the description in the room's README.
    auto hash = audit::chain_hash(1, "2026-03-01T14:30:00Z", R"({"kind":"daemon_started"})", audit::genesis());
    CHECK(audit::to_hex(hash) == "8d0b98ec1f875f2473a6ed34e69b6aa556f46ae22316f525fbf840a6bb919746");
    CHECK(audit::to_hex(audit::sha256("abc")) == "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad");
    CHECK(audit::to_hex(audit::genesis()) == std::string(64, '0'));
}

TEST_CASE("no part of a record can move into its neighbour without another hash", "[chain]")
{
    auto prev = audit::genesis();
    auto hash = audit::chain_hash(1, "ab", "cd", prev);
    CHECK(audit::chain_hash(1, "abc", "d", prev) != hash);
    CHECK(audit::chain_hash(1, "a", "bcd", prev) != hash);
    CHECK(audit::chain_hash(1, "", "abcd", prev) != hash);
    CHECK(audit::chain_hash(2, "ab", "cd", prev) != hash);
    prev[31] = 1;
    CHECK(audit::chain_hash(1, "ab", "cd", prev) != hash);
}

TEST_CASE("a signed head holds until one member of it is changed", "[checkpoint]")
{
    temporary_directory state;
    auto key = audit::signing_key::open(state.path());
    REQUIRE(key.has_value());
    auto made = key->sign(7, "2026-03-01T14:30:00Z", audit::sha256("head"));
    CHECK(audit::signature_holds(made));
    CHECK(audit::signed_bytes(made)
          == "halfmast-checkpoint-1\n7\n2026-03-01T14:30:00Z\n" + audit::to_hex(audit::sha256("head")) + "\n");

    auto read = audit::parse_checkpoint(audit::to_json(made));
    REQUIRE(read.has_value());
    CHECK(read->seq == 7);
    CHECK(read->at == made.at);
    CHECK(read->head == made.head);
    CHECK(audit::signature_holds(*read));

    auto changed = made;
    changed.seq = 8;
    CHECK_FALSE(audit::signature_holds(changed));
    changed = made;
    changed.at = "2026-03-01T14:30:01Z";
    CHECK_FALSE(audit::signature_holds(changed));
    changed = made;
    changed.head = audit::sha256("other");
    CHECK_FALSE(audit::signature_holds(changed));
    changed = made;
    changed.signature[0] = changed.signature[0] == '0' ? '1' : '0';
    CHECK_FALSE(audit::signature_holds(changed));
    changed = made;
    changed.public_key = std::string(64, '0');
    CHECK_FALSE(audit::signature_holds(changed));
}

TEST_CASE("what is no checkpoint is refused with its reason", "[checkpoint]")
{
    auto good = std::string(R"("at":"x","head":")") + std::string(64, 'a') + R"(","public_key":")" + std::string(64, 'a')
                + R"(","signature":")" + std::string(128, 'a') + "\"";
    auto says = [](const std::string& text) {
        auto read = audit::parse_checkpoint(text);
        return read ? std::string{} : read.error().detail;
    };
    CHECK(says("{\"seq\":1," + good + "}").empty());
    CHECK(says("") == "not a checkpoint: no JSON object");
    CHECK(says("[1]") == "not a checkpoint: no JSON object");
    for (const char* seq : {"-1", "1.5", "\"1\"", "9223372036854775808", "null"})
        CHECK(says(std::string("{\"seq\":") + seq + "," + good + "}") == "not a checkpoint: \"seq\" is not a whole number from 0");
    CHECK(says(R"({"seq":1,"head":"abc"})") == "not a checkpoint: \"head\" is not 32 bytes in lower-case hex");
    CHECK(says(R"({"seq":1,"head":")" + std::string(64, 'A') + "\"}")
          == "not a checkpoint: \"head\" is not 32 bytes in lower-case hex");
    CHECK(says(R"({"seq":1,"head":")" + std::string(64, 'a') + "\"}")
          == "not a checkpoint: \"public_key\" or \"signature\" is not lower-case hex of the right length");
}

TEST_CASE("the key is made once, is nobody else's to read, and stays", "[checkpoint]")
{
    temporary_directory state;
    auto first = audit::signing_key::open(state.path());
    REQUIRE(first.has_value());
    CHECK(mode_of(state / "ledger.key") == 0600);
    CHECK(mode_of(state / "ledger.pub") == 0644);
    ::chmod((state / "ledger.key").c_str(), 0644);
    auto second = audit::signing_key::open(state.path());
    REQUIRE(second.has_value());
    CHECK(second->public_hex() == first->public_hex());
    CHECK(mode_of(state / "ledger.key") == 0600);
    auto known = audit::read_public_key(state / "ledger.pub");
    REQUIRE(known.has_value());
    CHECK(*known == first->public_hex());
    CHECK(read_file(state / "ledger.pub").starts_with("-----BEGIN PUBLIC KEY-----"));
}

TEST_CASE("a key that was replaced or spoilt is refused", "[checkpoint]")
{
    temporary_directory state;
    temporary_directory other;
    REQUIRE(audit::signing_key::open(state.path()).has_value());
    REQUIRE(audit::signing_key::open(other.path()).has_value());
    SECTION("replaced")
    {
        fs::copy_file(other / "ledger.key", state / "ledger.key", fs::copy_options::overwrite_existing);
        auto opened = audit::signing_key::open(state.path());
        REQUIRE_FALSE(opened.has_value());
        CHECK(opened.error().detail.find("does not belong to ledger.key") != std::string::npos);
    }
    SECTION("spoilt")
    {
        write_file(state / "ledger.key", "-----BEGIN PRIVATE KEY-----\n");
        auto opened = audit::signing_key::open(state.path());
        REQUIRE_FALSE(opened.has_value());
        CHECK(opened.error().detail.find("is not the PEM file of an Ed25519 key") != std::string::npos);
    }
    SECTION("the public half spoilt")
    {
        write_file(state / "ledger.pub", "hello");
        auto opened = audit::signing_key::open(state.path());
        REQUIRE_FALSE(opened.has_value());
        CHECK(opened.error().detail.find("is not the PEM file of an Ed25519 public key") != std::string::npos);
    }
}

TEST_CASE("small files are written whole or not at all", "[files]")
{
    temporary_directory folder;
    auto path = folder / "file";
    REQUIRE(audit::replace_file(path, "one", 0640).has_value());
    REQUIRE(audit::replace_file(path, "two", 0600).has_value());
    CHECK(*audit::read_file(path) == "two");
    CHECK(mode_of(path) == 0600);
    CHECK_FALSE(*audit::create_file(path, "three", 0600));
    CHECK(*audit::create_file(folder / "new", "three", 0600));
    CHECK(*audit::read_file(path) == "two");
    CHECK(audit::read_file(folder / "absent").error().kind == failure::not_found);
    CHECK(audit::read_file(path, 2).error().kind == failure::local);
    CHECK(audit::replace_file(folder / "no/such", "x", 0600).error().detail.find("No such file or directory") != std::string::npos);
    CHECK(audit::sync_directory(folder / "absent").error().kind == failure::not_found);
    std::size_t left = 0;
    for (const auto& entry : fs::directory_iterator(folder.path()))
        left += entry.is_regular_file() ? 1 : 0;
    CHECK(left == 2);  // no half-written ones
}

TEST_CASE("a directory without a ledger can be neither verified nor exported, and says so", "[files]")
{
    temporary_directory state;
    auto found = audit::verify(state.path());
    REQUIRE_FALSE(found.has_value());
    CHECK(found.error().detail == "cannot read " + (state / "ledger.db") + ": No such file or directory");
    std::ostringstream out;
    CHECK_FALSE(audit::export_jsonl(state.path(), out).has_value());
    write_file(state / "ledger.db", "no database at all, but some bytes");
    found = audit::verify(state.path());
    REQUIRE_FALSE(found.has_value());
    CHECK(found.error().detail.find("file is not a database") != std::string::npos);
}

TEST_CASE("a durable file has no name until it is given one, and takes nobody's place unasked", "[files]")
{
    temporary_directory state;
    auto names = [&] {
        std::vector<std::string> all;
        for (const auto& entry : fs::directory_iterator{state.path()})
            all.push_back(entry.path().filename().string());
        std::ranges::sort(all);
        return all;
    };
    {
        auto unnamed = audit::durable_file::write(state / "never", "x", 0600);
        REQUIRE(unnamed.has_value());
        CHECK(names().size() == 1);
    }
    CHECK(names().empty());

    auto one = audit::durable_file::write(state / "one", "first", 0640);
    REQUIRE(one.has_value());
    CHECK(one->become(state / "one").value());
    auto two = audit::durable_file::write(state / "one", "second", 0640);
    REQUIRE(two.has_value());
    CHECK_FALSE(two->become(state / "one").value());
    CHECK(*audit::read_file(state / "one") == "first");
    CHECK(two->become(state / "two").value());
    CHECK(names() == std::vector<std::string>{"one", "two"});
    CHECK(mode_of(state / "two") == 0640);
    REQUIRE(audit::replace_file(state / "one", "third", 0600).has_value());
    CHECK(*audit::read_file(state / "one") == "third");
    CHECK_FALSE(audit::durable_file::write(state / "nowhere/x", "", 0600).has_value());
}

TEST_CASE("a file is read whole whatever its size, and one that is too large is not", "[files]")
{
    temporary_directory state;
    for (std::size_t size : {std::size_t{0}, std::size_t{1}, std::size_t{4096}, std::size_t{100'000}}) {
        std::string bytes(size, 'x');
        write_file(state / "file", bytes);
        CHECK(*audit::read_file(state / "file", 100'000) == bytes);
    }
    CHECK_FALSE(audit::read_file(state / "file", 99'999).has_value());
    CHECK(audit::read_file("/proc/self/status")->find("Name:") == 0);  // says it has no size
}
