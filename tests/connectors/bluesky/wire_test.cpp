// Bluesky's wire: what is asked, byte by byte where it matters, and what answers are taken for.
#include <algorithm>

#include <nlohmann/json.hpp>

#include "connectors/bluesky/wire.hpp"
#include "tests/support/catch.hpp"

using namespace halfmast;
using namespace halfmast::bluesky;
using nlohmann::json;

namespace wire_test {

namespace {

const std::string did = "did:plc:ewvi7nxzyoun6zhxrhs64oiz";
const std::string cid = "bafyreibhabnfhfcgbkovqc2wdmv6c6nr7cvvg2sfbcjwjymuytuf6xc6si";
const std::string rkey = "3n34554y52s2c";
const std::string uri = "at://" + did + "/app.bsky.feed.post/" + rkey;
const time_point now = *parse_rfc3339("2026-03-02T14:00:00Z");

settings sample()
{
    settings own;
    own.url = "https://pds.example";
    own.handle = "acme.example";
    own.password = "s3cr-et00-s3cr-et00";
    return own;
}

http_response reply(int status, const json& body, http_headers headers = {})
{
    http_response made;
    made.status = status;
    made.body = body.dump();
    made.headers = std::move(headers);
    return made;
}

json post_of(const std::string& text, const std::map<std::string, std::string>& mentioned = {}, const std::string& language = "en")
{
    auto request = wire::put_post(sample(), did, rkey, statement{language, text}, mentioned, now);
    CHECK(request.publishes);
    auto body = json::parse(request.body);
    CHECK(body.at("swapRecord").is_null());  // there must be none yet
    CHECK(body.at("rkey") == rkey);
    return body.at("record");
}

// What the facets cover, and what they say.
std::vector<std::string> covered(const json& record)
{
    std::vector<std::string> all;
    auto text = record.at("text").get<std::string>();
    for (const auto& facet : record.value("facets", json::array())) {
        auto begin = facet.at("index").at("byteStart").get<std::size_t>();
        auto end = facet.at("index").at("byteEnd").get<std::size_t>();
        auto feature = facet.at("features").at(0);
        for (const auto* name : {"uri", "tag", "did"})
            if (feature.contains(name))
                all.push_back(text.substr(begin, end - begin) + " -> " + feature[name].get<std::string>());
    }
    return all;
}

problem trouble(int status, const std::string& name, const std::string& message = "m", http_headers headers = {})
{
    return wire::trouble(sample(), "try", reply(status, {{"error", name}, {"message", message}}, std::move(headers)), now).value();
}

}  // namespace

TEST_CASE("a summary is a post with its language, its moment and its links in bytes", "[bluesky]")
{
    auto record = post_of("A fizetés nem működik 👩‍👩‍👧: https://status.example/é?a=1. #hiba, lásd @acme.example");
    CHECK(record.at("$type") == "app.bsky.feed.post");
    CHECK(record.at("createdAt") == "2026-03-02T14:00:00Z");
    CHECK(record.at("langs") == json::array({"en"}));
    CHECK(covered(record)
          == std::vector<std::string>{"https://status.example/é?a=1 -> https://status.example/é?a=1", "#hiba -> hiba"});
    CHECK_FALSE(post_of("Plain.").contains("facets"));
    CHECK_FALSE(post_of("Plain.", {}, "").contains("langs"));
}

TEST_CASE("who is mentioned is linked when it is known who that is", "[bluesky]")
{
    const std::string text =
        "(@acme.example, @nobody.test) me@mail.example @ @x @a..b https://social.example/@acme.example @acme.example.";
    CHECK(wire::handles_in(text) == std::vector<std::string>{"acme.example", "nobody.test"});
    auto record = post_of(text, {{"acme.example", did}});
    std::vector<std::string> expected{"@acme.example -> " + did,
                                      "https://social.example/@acme.example -> https://social.example/@acme.example",
                                      "@acme.example -> " + did};
    CHECK(covered(record) == expected);
    CHECK(wire::handles_in("@a.bc @b.bc @c.bc @d.bc @e.bc @f.bc").size() == 5);  // none of them may hold up a summary for long
}

TEST_CASE("a text that is no UTF-8 still has facets that fit", "[bluesky]")
{
    auto record = post_of("\xFF\xC3 #a1 https://x.example/\xFF tail");
    auto text = record.at("text").get<std::string>();
    for (const auto& facet : record.at("facets"))
        CHECK(facet.at("index").at("byteEnd").get<std::size_t>() <= text.size());
    CHECK(covered(record) == std::vector<std::string>{"#a1 -> a1", "https://x.example/ -> https://x.example/"});
}

TEST_CASE("facets do not overlap", "[bluesky]")
{
    CHECK(covered(post_of("#https://y.example #ok"))
          == std::vector<std::string>{"https://y.example -> https://y.example", "#ok -> ok"});
}

TEST_CASE("a tag that is too long for the platform stays text", "[bluesky]")
{
    CHECK(covered(post_of("#" + std::string(64, 'a'))).size() == 1);
    CHECK(covered(post_of("#" + std::string(65, 'a'))).empty());
}

TEST_CASE("characters are counted as the platform counts them", "[bluesky]")
{
    std::string family = "👩‍👩‍👧";
    std::string many;
    for (int number = 0; number < 100; ++number)
        many += family;
    CHECK(wire::too_long(many).empty());  // 500 code points, 100 characters
    CHECK(wire::too_long(std::string(300, 'x')).empty());
    CHECK(wire::too_long(std::string(301, 'x')).find("301 characters") != std::string::npos);
    for (int number = 0; number < 100; ++number)
        many += family;
    CHECK(wire::too_long(many).find("3600 bytes") != std::string::npos);
}

TEST_CASE("the record key of a summary follows from its key alone", "[bluesky]")
{
    auto made = wire::rkey_of("halfmast-c-1-acme-1772460000");
    CHECK(made == "3mg3g2evjf6a3");
    CHECK(made == wire::rkey_of("halfmast-c-1-acme-1772460000"));
    CHECK(made != wire::rkey_of("halfmast-c-2-acme-1772460000"));
    CHECK(made != wire::rkey_of("halfmast-c-1-acme-1772460001"));
    auto at = wire::time_in(made);
    REQUIRE(at.has_value());
    CHECK(*at >= now);
    CHECK(*at < now + seconds{1});
    // An edition and a reply have the second of the raise before their number.
    for (const auto* key : {"halfmast-c-1-acme-1772460000-e2", "halfmast-c-1-acme-1772460000-r1"}) {
        auto other = wire::rkey_of(key);
        CHECK(other != made);
        CHECK(*wire::time_in(other) >= now);
        CHECK(*wire::time_in(other) < now + seconds{1});
    }
    for (const auto* key : {"", "key", "-", "a-99999999999999999999", "a-12", "a--5"}) {
        auto other = wire::rkey_of(key);
        CHECK(other.size() == 13);
        CHECK(wire::time_in(other) > *parse_rfc3339("2023-01-01T00:00:00Z"));
        CHECK(wire::time_in(other) < *parse_rfc3339("2025-01-01T00:00:00Z"));
    }
    CHECK_FALSE(wire::time_in("self"));
    CHECK_FALSE(wire::time_in("z222222222222"));
    CHECK_FALSE(wire::time_in("3n34554y52s20"));
    CHECK(format_utc(std::chrono::floor<seconds>(wire::time_in(rkey).value())) == "2026-11-25T02:42:12Z");
}

TEST_CASE("an id carries what brings a pin back as it was", "[bluesky]")
{
    wire::record_ref own{uri, cid};
    CHECK(wire::id_of(did, own).value == rkey + "#" + cid);
    CHECK(wire::ref_of(did, wire::id_of(did, own)) == own);
    wire::record_ref theirs{"at://did:plc:other/app.bsky.feed.post/" + rkey, cid};
    CHECK(wire::ref_of(did, wire::id_of(did, theirs)) == theirs);
    wire::record_ref odd{"at://" + did + "/app.bsky.feed.generator/x", cid};
    CHECK(wire::ref_of(did, wire::id_of(did, odd)) == odd);
    wire::record_ref bare{uri, {}};
    CHECK(wire::id_of(did, bare).value == rkey);
    CHECK(wire::ref_of(did, post_id{rkey}) == bare);
    CHECK_FALSE(wire::ref_of(did, post_id{""}));
    CHECK_FALSE(wire::ref_of(did, post_id{"#" + cid}));
    CHECK_FALSE(wire::ref_of(did, post_id{"a/b"}));
    CHECK(wire::url_of(did, uri) == "https://bsky.app/profile/" + did + "/post/" + rkey);
    CHECK(wire::url_of(did, theirs.uri).empty());
}

TEST_CASE("everything of a profile but the pin is written back as it came", "[bluesky]")
{
    auto value = json::parse(
        R"({"$type":"app.bsky.actor.profile","displayName":"Ácme \u0000 \"q\"","avatar":{"$type":"blob","ref":{"$link":"bafk"},
        "size":9007199254740991},
        "pinnedPost":{"uri":"at://x/y/z","cid":"bafyold"},"labels":null,"org.example":[1,-2,{"deep":[true,{}]},1.5,"\ud83d\udc69"],"":{"a":""}})");
    auto before = wire::read_profile(sample(), "read", reply(200, {{"uri", "at://x"}, {"cid", cid}, {"value", value}}), now);
    REQUIRE(before.has_value());
    CHECK(before->pinned == wire::record_ref{"at://x/y/z", "bafyold"});
    auto body_of = [&](const std::optional<wire::record_ref>& pin) {
        return json::parse(wire::put_profile(sample(), did, *before, pin).value().body);
    };
    auto body = body_of(wire::record_ref{uri, cid});
    CHECK(body.at("swapRecord") == cid);
    CHECK(body.at("rkey") == "self");
    auto written = body.at("record");
    CHECK(written.at("pinnedPost") == json{{"uri", uri}, {"cid", cid}});
    written["pinnedPost"] = value["pinnedPost"];
    CHECK(written == value);
    auto without = body_of(std::nullopt).at("record");
    auto expected = value;
    expected.erase("pinnedPost");
    CHECK(without == expected);
}

TEST_CASE("no profile is an empty one that must not be there when it is written", "[bluesky]")
{
    auto none = wire::read_profile(sample(), "read", reply(400, {{"error", "RecordNotFound"}}), now);
    REQUIRE(none.has_value());
    CHECK_FALSE(none->pinned);
    auto body = json::parse(wire::put_profile(sample(), did, *none, wire::record_ref{uri, cid}).value().body);
    CHECK(body.at("swapRecord").is_null());
    CHECK(body.at("record").at("$type") == "app.bsky.actor.profile");
}

TEST_CASE("a profile that is not understood is not written over", "[bluesky]")
{
    for (const auto& odd : {json{{"cid", cid}, {"value", "text"}}, json{{"value", json::object()}, {"x", 1}},
                            json{{"cid", ""}, {"value", json::object()}}, json::array()}) {
        auto read = wire::read_profile(sample(), "read", reply(200, odd), now);
        REQUIRE_FALSE(read.has_value());
        CHECK(read.error().kind == failure::bad_reply);
    }
    CHECK_FALSE(wire::put_profile(sample(), did, {cid, "half {", {}}, std::nullopt).has_value());
}

TEST_CASE("pins of other programs: a plain text has no hash, nonsense is no pin", "[bluesky]")
{
    auto pin_in = [](const json& pinned) {
        return wire::read_profile(sample(), "read", reply(200, {{"cid", cid}, {"value", {{"pinnedPost", pinned}}}}), now)
            .value()
            .pinned;
    };
    CHECK(pin_in(uri) == wire::record_ref{uri, {}});
    CHECK(pin_in({{"uri", uri}}) == wire::record_ref{uri, {}});
    CHECK(pin_in({{"uri", uri}, {"cid", "not a hash"}}) == wire::record_ref{uri, {}});
    for (const auto& odd : {json("hello"), json(5), json::object(), json::array({uri}), json()})
        CHECK_FALSE(pin_in(odd).has_value());
}

TEST_CASE("errors are told apart by name, for the protocol says most things with 400", "[bluesky]")
{
    CHECK(trouble(400, "ExpiredToken").kind == failure::auth_expired);
    CHECK(trouble(400, "InvalidToken").kind == failure::auth_expired);
    CHECK(trouble(400, "InvalidSwap").kind == failure::conflict);
    CHECK(trouble(400, "RecordNotFound").kind == failure::not_found);
    CHECK(trouble(400, "InvalidRequest").kind == failure::rejected);
    CHECK(trouble(400, "InvalidRequest", "Could not find repo: did:plc:x").kind == failure::forbidden);
    CHECK(trouble(400, "InvalidRequest", "Profile not found").kind == failure::not_found);
    CHECK(trouble(401, "AccountTakedown").kind == failure::forbidden);
    CHECK(trouble(401, "AccountTakedown").detail.find("taken down") != std::string::npos);
    CHECK(trouble(401, "AccountDeactivated").detail.find("deactivated") != std::string::npos);
    CHECK(trouble(401, "AuthFactorTokenRequired").detail.find("app password") != std::string::npos);
    CHECK(trouble(413, "").kind == failure::rejected);
    CHECK(trouble(501, "MethodNotImplemented").kind == failure::unsupported);
    CHECK(trouble(502, "UpstreamFailure").kind == failure::unknown_outcome);
    CHECK(trouble(500, "ExpiredToken").kind == failure::unknown_outcome);  // an outage says nothing about a token
    auto text = trouble(400, "InvalidRequest", "grapheme too big\n(maximum 300)").detail;
    CHECK(text == "bluesky/acme.example: try: refused (400): InvalidRequest: grapheme too big (maximum 300)");
}

TEST_CASE("a refused token is worth a renewal, a refused account is not", "[bluesky]")
{
    auto refused = [](int status, const std::string& name) { return wire::is_token_refused(reply(status, {{"error", name}})); };
    CHECK(refused(400, "ExpiredToken"));
    CHECK(refused(400, "InvalidToken"));
    CHECK(refused(401, "AuthMissing"));
    CHECK(refused(401, "whatever"));
    CHECK_FALSE(refused(400, "InvalidRequest"));
    CHECK_FALSE(refused(401, "AccountTakedown"));
    CHECK_FALSE(refused(401, "AccountDeactivated"));
    CHECK_FALSE(refused(500, "ExpiredToken"));
    CHECK_FALSE(refused(200, "ExpiredToken"));
}

TEST_CASE("a limit is waited for by the server's own clock", "[bluesky]")
{
    auto late = "Mon, 02 Mar 2026 14:10:00 GMT";  // ten minutes ahead of ours
    auto ends = std::to_string(std::chrono::duration_cast<seconds>(now.time_since_epoch()).count() + 630);
    CHECK(trouble(429, "RateLimitExceeded", "m", {{"ratelimit-reset", ends}, {"Date", late}}).retry_after == milliseconds{30'000});
    CHECK(trouble(429, "RateLimitExceeded", "m", {{"RateLimit-Reset", ends}}).retry_after == milliseconds{630'000});
    CHECK_FALSE(trouble(429, "RateLimitExceeded").retry_after);
    CHECK_FALSE(trouble(400, "InvalidRequest", "m", {{"RateLimit-Reset", ends}}).retry_after);
}

TEST_CASE("a session has an account and two tokens that fit into a header", "[bluesky]")
{
    json other{{"type", "Other"}, {"serviceEndpoint", "x"}};
    json home{{"type", "AtprotoPersonalDataServer"}, {"serviceEndpoint", "https://pds.example"}};
    json good{{"did", did}, {"handle", "acme.example"}, {"accessJwt", "a.b.c"}, {"refreshJwt", "d.e.f"}, {"active", true}};
    good["didDoc"]["service"] = json::array({other, home});
    auto made = wire::read_session(sample(), "log in", reply(200, good), now);
    REQUIRE(made.has_value());
    CHECK(made->server == "https://pds.example");
    CHECK_FALSE(wire::inactive(sample(), *made));
    std::vector<std::pair<std::string, json>> wrong{
        {"did", "x"}, {"accessJwt", ""}, {"accessJwt", "a\r\nX: y"}, {"refreshJwt", nullptr}};
    for (const auto& [key, value] : wrong) {
        auto bad = good;
        bad[key] = value;
        CHECK_FALSE(wire::read_session(sample(), "log in", reply(200, bad), now).has_value());
    }
    good["active"] = false;
    std::map<std::string, std::string> words{
        {"deactivated", "deactivated"}, {"takendown", "taken down"}, {"suspended", "suspended"}, {"zz\n", "zz"}};
    for (const auto& [status, word] : words) {
        good["status"] = status;
        auto why = wire::inactive(sample(), wire::read_session(sample(), "log in", reply(200, good), now).value());
        REQUIRE(why.has_value());
        CHECK(why->kind == failure::forbidden);
        CHECK(why->detail.find(word) != std::string::npos);
        CHECK(why->detail.find('\n') == std::string::npos);
    }
}

TEST_CASE("the feed shows the account's own posts with whole links, and not what it passed on", "[bluesky]")
{
    auto entry = [](const std::string& at, const json& record, const std::string& indexed) {
        auto with = record;
        with["createdAt"] = at;
        return json{{"post", {{"uri", uri}, {"cid", cid}, {"record", with}, {"indexedAt", indexed}}}};
    };
    json feature{{"$type", "app.bsky.richtext.facet#link"}, {"uri", "https://shop.example/long"}};
    json facet{{"index", {{"byteStart", 0}, {"byteEnd", 4}}}, {"features", json::array({feature})}};
    json card{{"uri", "https://card.example/"}, {"title", "x"}};
    json record{{"text", "shop.example/lo... https://b.example"},
                {"facets", json::array({facet})},
                {"embed", {{"$type", "x"}, {"external", card}}}};
    auto theirs = entry("2026-03-02T13:00:00Z", {{"text", "theirs"}}, "2026-03-02T13:00:00Z");
    theirs["post"]["uri"] = "at://did:plc:other/app.bsky.feed.post/" + rkey;
    theirs["reason"] = {{"$type", "app.bsky.feed.defs#reasonRepost"}, {"indexedAt", "2026-03-02T13:30:00Z"}};
    auto read = [](const json& entries) {
        return wire::read_feed(sample(), did, reply(200, {{"cursor", "c"}, {"feed", entries}}), now);
    };
    auto page = read(json::array({entry("2026-03-02T13:59:59.123456Z", record, "2026-03-02T14:00:05Z"), theirs}));
    REQUIRE(page.has_value());
    REQUIRE(page->items.size() == 2);
    CHECK(page->next == "c");
    const auto& shown = page->items[0].shown;
    CHECK(page->items[0].ours);
    CHECK(shown.links == std::vector<std::string>{"https://shop.example/long", "https://card.example/", "https://b.example"});
    CHECK(format_utc(shown.at) == "2026-03-02T13:59:59.123Z");
    CHECK(shown.id.value == rkey + "#" + cid);
    CHECK_FALSE(page->items[1].ours);
    CHECK(format_utc(page->items[1].sorted_by) == "2026-03-02T13:30:00Z");
    // A post cannot date itself ahead.
    auto ahead = read(json::array({entry("2030-01-01T00:00:00Z", record, "2026-03-02T14:00:05Z")}));
    CHECK(format_utc(ahead.value().items[0].shown.at) == "2026-03-02T14:00:05Z");
    CHECK(read(json::array()).value().next.empty());  // an empty page is the last one, whatever it says
    CHECK_FALSE(read(json::array({json{{"post", card}, {"x", 1}}})).has_value());
    CHECK_FALSE(wire::read_feed(sample(), did, reply(200, json::object()), now).has_value());
}

TEST_CASE("the repository's own list is dated by the author, never ahead of now", "[bluesky]")
{
    auto at = [](const json& value) {
        json entry{{"uri", uri}, {"cid", cid}, {"value", value}};
        auto given = reply(200, {{"cursor", rkey}, {"records", json::array({entry})}});
        auto page = wire::read_posts(sample(), did, given, *parse_rfc3339("2026-12-01T00:00:00Z"));
        return format_utc(std::chrono::floor<seconds>(page.value().items.at(0).shown.at));
    };
    CHECK(at({{"createdAt", "2026-03-02T13:00:00Z"}}) == "2026-03-02T13:00:00Z");
    CHECK(at({{"createdAt", "2030-03-02T13:00:00Z"}}) == "2026-12-01T00:00:00Z");
    CHECK(at({{"createdAt", 5}}) == "2026-11-25T02:42:12Z");  // the time in its key
}

TEST_CASE("settings: a handle is a domain or a DID, and the website is no server", "[bluesky]")
{
    class values final : public account_values {
    public:
        std::map<std::string, std::string> all;
        std::vector<std::string> faults;
        std::string text(std::string_view key) override { return all[std::string{key}]; }
        std::optional<std::string> optional_text(std::string_view) override { return std::nullopt; }
        std::optional<bool> flag(std::string_view) override { return std::nullopt; }
        std::optional<std::int64_t> whole(std::string_view) override { return std::nullopt; }
        std::string base_url(std::string_view key) override { return text(key); }
        std::string secret(std::string_view key) override { return text(key); }
        using account_values::fault;
        void fault(std::string_view key, std::string text) override { faults.push_back(std::string{key} + " " + text); }
    };
    auto faults_of = [](const std::string& url, const std::string& handle) {
        values given;
        given.all = {{"url", url}, {"handle", handle}, {"password", "p"}};
        auto made = parse(given);
        CHECK((made != nullptr) == given.faults.empty());
        return given.faults.size();
    };
    for (const auto* good : {"acme.example", "a-b.bsky.social", "did:plc:ewvi7nxzyoun6zhxrhs64oiz", "did:web:acme.example"})
        CHECK(faults_of("https://pds.example", good) == 0);
    for (const auto* bad : {"@acme.example", "me@acme.example", "acme", "acme .example", ".acme.example", "acme..example",
                            "did:plc:a b", "\xC3\xA1.example"})
        CHECK(faults_of("https://pds.example", bad) == 1);
    CHECK(faults_of("https://bsky.app", "acme.example") == 1);

    account declared;
    declare(sample(), declared);
    CHECK(declared.rungs.empty());
    CHECK_FALSE(declared.has_queue);
    CHECK(declared.most_pins == 1);
    CHECK(declared.counting == text_counting::graphemes);
}

TEST_CASE("a reply hangs in the thread that the answered record names", "[bluesky]")
{
    const std::string theirs = "at://did:plc:44ybard66vv44zksje25o7dz/app.bsky.feed.post/3jzfcijpj2z2a";
    json root{{"uri", uri}, {"cid", cid}};
    json record{{"text", "Again?"}, {"reply", {{"root", root}, {"parent", root}}}};
    auto asked = wire::view_post(sample(), theirs);
    CHECK(asked.url == "https://pds.example/xrpc/app.bsky.feed.getPosts?uris=at%3A%2F%2Fdid%3Aplc%3A44ybard66vv44zksje25o7dz%2Fapp.bsky.feed.post%2F3jzfcijpj2z2a");
    auto viewed = wire::read_thread(sample(), "answer",
                                    reply(200, {{"posts", json::array({json{{"uri", theirs}, {"cid", cid}, {"record", record}}})}}),
                                    now, true);
    REQUIRE(viewed.has_value());
    REQUIRE(viewed->has_value());
    CHECK(**viewed == wire::thread{{uri, cid}, {theirs, cid}});
    // A post that answers nothing is the first of its own thread.
    auto kept =
        wire::read_thread(sample(), "answer", reply(200, {{"uri", uri}, {"cid", cid}, {"value", {{"text", "Hello"}}}}), now, false);
    REQUIRE(kept.has_value());
    CHECK(kept->value() == wire::thread{{uri, cid}, {uri, cid}});
    CHECK_FALSE(wire::read_thread(sample(), "answer", reply(200, {{"posts", json::array()}}), now, true).value().has_value());
    CHECK_FALSE(wire::read_thread(sample(), "answer", reply(400, {{"error", "RecordNotFound"}}), now, false).value().has_value());
    json without_hash{{"uri", uri}, {"cid", ""}, {"record", record}};
    for (const auto& posts : {json(nullptr), json("x"), json::array({7}), json::array({without_hash})})
        CHECK(wire::read_thread(sample(), "answer", reply(200, {{"posts", posts}}), now, true).error().kind == failure::bad_reply);
    auto put = wire::put_post(sample(), did, rkey, statement{"en", "Sorry"}, {}, now, **viewed);
    CHECK(json::parse(put.body).at("record").at("reply") == json{{"root", root}, {"parent", {{"uri", theirs}, {"cid", cid}}}});
    CHECK_FALSE(post_of("Sorry").contains("reply"));
}

}  // namespace wire_test
