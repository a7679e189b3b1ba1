#include "daemon/api/marks.hpp"

#include <algorithm>
#include <array>

#include <nlohmann/json.hpp>

namespace halfmast::api {

namespace {

constexpr int looked_back = 50;  // records, for the last one of a person

// FNV-1a: the same on every machine and in every version, and cheap. It keeps nobody out.
class hasher {
public:
    hasher& add(std::string_view text)
    {
        for (unsigned char c : text)
            value_ = (value_ ^ c) * 0x100000001b3ull;
        value_ = (value_ ^ 0x1f) * 0x100000001b3ull;  // so that "ab","c" is not "a","bc"
        return *this;
    }
    hasher& add(std::uint64_t number) { return add(std::string_view{std::to_string(number)}); }
    hasher& add(time_point at) { return add(static_cast<std::uint64_t>(at.time_since_epoch().count())); }
    hasher& add(bool yes) { return add(std::string_view{yes ? "1" : "0"}); }

    [[nodiscard]] std::string mark(char kind) const
    {
        constexpr std::string_view digits = "0123456789abcdef";
        std::string text{kind, '-'};
        for (int shift = 60; shift >= 0; shift -= 4)
            text += digits[(value_ >> shift) & 0xf];
        return text;
    }

private:
    std::uint64_t value_ = 0xcbf29ce484222325ull;
};

struct marked_kind {
    std::string_view pattern;  // what stands before everything about one of them
    std::size_t parts;
};
constexpr std::array marked{marked_kind{"/posts/{account}/{post}", 2}, marked_kind{"/crises/{crisis}", 1},
                            marked_kind{"/tasks/{task}", 1}, marked_kind{"/replies/{reply}", 1}};

// Its place in `marked`, or its size.
std::size_t kind_of(std::string_view pattern)
{
    return static_cast<std::size_t>(std::ranges::find_if(marked,
                                                         [&](const auto& one) {
                                                             return pattern.starts_with(one.pattern)
                                                                    && (pattern.size() == one.pattern.size()
                                                                        || pattern[one.pattern.size()] == '/');
                                                         })
                                    - marked.begin());
}

}  // namespace

std::string mark_of(const listed_post& listed)
{
    hasher to;
    to.add(display_id(listed.account, listed.id)).add(listed.state_word()).add(listed.due).add(to_string(listed.judged->kind));
    if (listed.post)
        to.add(listed.post->text);
    if (listed.remarks != nullptr)
        to.add(std::uint64_t{listed.remarks->notes.size()}).add(listed.remarks->judged_at);
    if (const auto* one = listed.held; one != nullptr) {
        to.add(one->ask)
            .add(std::string_view{one->source_text ? "changed" : ""})
            .add(one->source_text ? std::string_view{*one->source_text} : std::string_view{});
        for (const auto& id : one->covered_by)
            to.add(id.value);
        if (one->order)
            to.add(one->order->by.value).add(one->order->at);
    }
    return to.mark('p');
}

std::string mark_of(const crisis& flag)
{
    hasher to;
    to.add(flag.id.value).add(to_string(flag.now)).add(flag.owner.value).add(flag.ask).add(flag.next_update_by).add(flag.late);
    for (const auto& one : flag.editions)
        to.add(std::uint64_t{one.number}).add(one.approved).add(one.undone);
    return to.mark('c');
}

std::string mark_of(const task& one)
{
    return hasher{}.add(one.id).add(to_string(one.state)).add(one.text).add(one.by.value).mark('t');
}

std::string mark_of(const reply& one)
{
    return hasher{}.add(one.id).add(to_string(one.state)).add(one.approved).add(one.approved_by.value).mark('r');
}

std::optional<std::string> mark_of(const state& known, std::string_view pattern, const std::vector<std::string>& parts)
{
    auto find = [&](const auto& map, const auto& key) -> std::optional<std::string> {
        auto found = map.find(key);
        return found == map.end() ? std::nullopt : std::optional{mark_of(found->second)};
    };
    switch (kind_of(pattern)) {
    case 0:
        if (auto listed = find_post(known, account_id{parts[0]}, post_id{parts[1]}))
            return mark_of(*listed);
        return std::nullopt;
    case 1: return find(known.crises, crisis_id{parts[0]});
    case 2: return find(known.tasks, parts[0]);
    case 3: return find(known.replies, parts[0]);
    default: return std::nullopt;
    }
}

std::string name_of(std::string_view pattern, const std::vector<std::string>& parts)
{
    auto kind = kind_of(pattern);
    if (kind == marked.size())
        return {};
    std::string name = parts[0];
    if (marked[kind].parts == 2)
        name += "/" + parts[1];
    return name;
}

bool matches(std::string_view header, const std::string& mark)
{
    while (!header.empty()) {
        auto comma = header.find(',');
        auto one = header.substr(0, comma);
        header.remove_prefix(comma == std::string_view::npos ? header.size() : comma + 1);
        while (!one.empty() && one.front() == ' ')
            one.remove_prefix(1);
        while (!one.empty() && one.back() == ' ')
            one.remove_suffix(1);
        if (one == "*" || one == '"' + mark + '"')
            return true;
    }
    return false;
}

asio::awaitable<trouble> stale(backend& daemon, std::string name, std::string mark)
{
    document now;
    now["etag"] = mark;
    now["by"] = nullptr;
    now["at"] = nullptr;
    now["action"] = nullptr;
    auto target = name;
    auto entries = co_await daemon.history(std::move(target), 0, looked_back);
    std::string who = "somebody";
    if (entries)
        for (const auto& entry : *entries) {  // the newest one first
            auto payload = document::parse(entry.payload, nullptr, false);
            auto by = payload.is_object() ? payload.value("actor", std::string{}) : std::string{};
            if (by.empty() || by == "halfmast" || payload.value("kind", std::string{}) == to_string(record_kind::request_refused))
                continue;
            now["by"] = by;
            now["at"] = entry.at;
            now["action"] = payload.value("kind", std::string{});
            who = by + " (" + payload.value("kind", std::string{}) + ", " + entry.at + ")";
            break;
        }
    trouble made{412, 9, "stale", "Somebody else changed it first",
                 name + " is not as you saw it: " + who + " changed it; nothing was done. Look again"};
    made.more["current"] = dump(now);
    co_return made;
}

}  // namespace halfmast::api
