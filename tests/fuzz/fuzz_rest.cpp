// Descriptions of any bytes, and answers of any bytes to a sound one: no crash, a fault for every description that is not taken,
// words in every problem.
#include <cstdlib>

#include "connectors/rest/mentions.hpp"
#include "connectors/rest/wire.hpp"
#include "daemon/settings/document.hpp"

namespace rest = halfmast::rest;
namespace wire = halfmast::rest::wire;

namespace {

constexpr auto sound = R"toml(name = "Fuzz"
[auth]
kind = "bearer"
[fields]
id = "/id"
text = ["/t", "/l/*/x"]
text_is = "html"
due = "/due"
state = "/state"
link = "/link"
tags = "/l/*/x"
page = "https://x.example/{id}/{post:/id}"
[states]
queued = ["q"]
published = ["p"]
other = "parked"
[[list]]
url = "/posts"
items = "/d"
paging = { by = "cursor", parameter = "c", next = "/n", more = "/m", total = "/t" }
[read]
url = "/posts/{id}"
[mentions]
url = "/said"
items = "/d"
id = "/id"
at = "/due"
text = ["/t", "/l/*/x"]
author = "/a"
[mentions.me]
url = "/me"
item = "/id"
[errors]
message = "/message"
code = "/code"
[[errors.rule]]
at = "/e/*/k"
kind = "conflict"
)toml";

std::shared_ptr<const rest::description> described()
{
    auto read = halfmast::settings::parse_document(sound, "fuzz.toml");
    return rest::read_description(*read.value, "UTC", [](halfmast::document_place, const std::string&) { std::abort(); });
}

void fuzz_description(const std::string& text)
{
    auto read = halfmast::settings::parse_document(text, "fuzz.toml");
    if (!read.value)
        return;
    int faults = 0;
    auto what = rest::read_description(*read.value, "Europe/Budapest", [&](halfmast::document_place, const std::string& said) {
        ++faults;
        if (said.empty())
            std::abort();
    });
    if ((what == nullptr) != (faults > 0))
        std::abort();
}

void fuzz_answer(const rest::settings& own, int status, const std::string& body, const std::string& header)
{
    halfmast::http_response reply;
    reply.status = status;
    reply.body = body;
    for (const auto* name : {"Link", "Retry-After", "Date", "Location", "X-RateLimit-Reset"})
        reply.headers.emplace_back(name, header);
    if (auto refused = wire::refusal(own, "try", reply); refused && refused->detail.empty())
        std::abort();
    const auto& list = own.what->lists.front();
    if (auto page = wire::read_page(own, list, "list", reply)) {
        rest::pager next{list.pages};
        std::vector<std::size_t> fresh;
        next.take(page->facts, fresh);
        for (auto index : fresh)
            if (page->facts.ids.at(index).empty())
                std::abort();
        for (const auto& item : page->items) {
            auto post = wire::read_post(own, "", item);
            if (post && *post && ((*post)->id.empty() || !(*post)->raw))
                std::abort();
            wire::read_publication(own, list, item);
        }
    }
    if (auto page = wire::read_page(own, own.what->mentions->from, "mentions", reply))
        for (const auto& item : page->items)
            if (auto one = wire::read_said(own, item); one && one->said.id.empty())
                std::abort();
    if (auto me = wire::read_me(own, reply); me && me->empty())
        std::abort();
    wire::read_standing(own, "", *own.what->read_one, "look", reply);
    wire::read_standings(own, "", list.ask, "look", reply);
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size)
{
    static constexpr int statuses[] = {200, 204, 302, 400, 401, 404, 429, 503};
    if (size < 3)
        return 0;
    static const auto what = described();
    rest::settings own;
    own.url = "https://x.example";
    own.secret = "s3cret";
    own.what = what;
    std::string text(reinterpret_cast<const char*>(data + 2), size - 2);
    if (data[0] % 2 == 0)
        fuzz_description(text);
    else
        fuzz_answer(own, statuses[data[0] / 2 % std::size(statuses)], text, text.substr(0, data[1]));
    return 0;
}
