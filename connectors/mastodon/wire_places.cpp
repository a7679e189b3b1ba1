// Pages, and scheduled posts as reading back needs them: without building the whole answer in memory.
#include "connectors/mastodon/wire.hpp"
#include "connectors/mastodon/wire_json.hpp"
#include "daemon/net/http_server.hpp"

namespace halfmast::mastodon::wire {

namespace {

// The query behind rel="next". Only the query is taken: the token goes to the address of the settings and nowhere else.
std::string next_in(const http_response& reply, std::string_view path)
{
    std::string_view links = find_header(reply.headers, "Link");
    while (!links.empty()) {
        auto open = links.find('<');
        auto close = links.find('>', open == std::string_view::npos ? 0 : open);
        if (open == std::string_view::npos || close == std::string_view::npos)
            return {};
        auto target = links.substr(open + 1, close - open - 1);
        links.remove_prefix(close + 1);
        auto relation = links.substr(0, links.find('<'));
        auto query = target.find('?');
        if (query != std::string_view::npos && target.substr(0, query).ends_with(path)
            && (relation.find("rel=\"next\"") != std::string_view::npos || relation.find("rel=next") != std::string_view::npos))
            return std::string{target.substr(query + 1)};
    }
    return {};
}

// Takes `id` and `scheduled_at` of the elements at one depth: 1 for a single post, 2 for the posts of a list.
class place_reader final : public nlohmann::json_sax<json> {
public:
    explicit place_reader(int depth) : wanted_depth_(depth) {}

    std::vector<queue_place> found;
    bool well_formed = true;  // each has an id, and a single one has params

    [[nodiscard]] bool is_list() const { return list_; }

    bool start_object(std::size_t) override
    {
        if (depth_ + 1 == wanted_depth_) {
            found.emplace_back();
            params_ = false;
        } else if (depth_ == wanted_depth_ && key_ == member_name::params) {
            params_ = true;
        }
        return deeper();
    }
    bool end_object() override
    {
        if (depth_-- == wanted_depth_)
            well_formed = well_formed && !found.back().id.empty() && (params_ || wanted_depth_ == 2);
        return true;
    }
    bool start_array(std::size_t) override
    {
        list_ = list_ || depth_ == 0;
        if (depth_ == 1 && wanted_depth_ == 2)
            well_formed = false;
        return deeper();
    }
    bool end_array() override { return --depth_ >= 0; }
    bool key(std::string& name) override
    {
        if (depth_ == wanted_depth_)
            key_ = name == "id"             ? member_name::id
                   : name == "scheduled_at" ? member_name::due
                   : name == "params"       ? member_name::params
                                            : member_name::other;
        return true;
    }
    bool string(std::string& value) override
    {
        if (is_member(member_name::id))
            found.back().id.value = std::move(value);
        else if (is_member(member_name::due))
            found.back().due = parse_rfc3339(value).value_or(time_point{});
        return plain();
    }
    bool number_integer(number_integer_t value) override { return number(std::to_string(value)); }
    bool number_unsigned(number_unsigned_t value) override { return number(std::to_string(value)); }
    bool number_float(number_float_t, const string_t&) override { return plain(); }
    bool null() override { return plain(); }
    bool boolean(bool) override { return plain(); }
    bool binary(binary_t&) override { return plain(); }
    bool parse_error(std::size_t, const std::string&, const nlohmann::detail::exception&) override { return false; }

private:
    enum class member_name { other, id, due, params };

    [[nodiscard]] bool is_member(member_name name) const { return depth_ == wanted_depth_ && key_ == name && !found.empty(); }
    bool deeper()
    {
        ++depth_;
        return depth_ <= deepest;
    }
    bool number(std::string written)
    {
        if (is_member(member_name::id))
            found.back().id.value = std::move(written);
        return plain();
    }
    // Where an element should stand there is something else: it has no id.
    bool plain()
    {
        if (depth_ + 1 == wanted_depth_)
            well_formed = false;
        return true;
    }

    int wanted_depth_;
    int depth_ = 0;
    bool list_ = false;
    bool params_ = false;
    member_name key_ = member_name::other;
};

problem wrong_answer(const settings& own, std::string_view what, const char* why)
{
    return {failure::bad_reply, own.name() + ": " + std::string{what} + ": " + why, {}};
}

}  // namespace

// Without a Link header (some proxy drops it) a full page is followed by its last id, for a post left unseen is one that escapes.
std::string next_after(const http_response& reply, std::string_view path, std::size_t count, const std::string& last,
                       std::string_view first)
{
    if (count == 0)
        return {};
    if (!find_header(reply.headers, "Link").empty())
        return next_in(reply, path);
    if (count < page_size || last.empty())
        return {};
    return std::string{first} + "limit=" + std::to_string(page_size) + "&max_id=" + net::percent_encode(last);
}

result<page<queue_place>> read_places(const settings& own, const http_response& reply, time_point now)
{
    constexpr std::string_view what = "list scheduled posts";
    if (auto wrong = trouble(own, what, reply, now))
        return *wrong;
    place_reader reader{2};
    if (!json::sax_parse(reply.body, &reader))
        return no_json(own, what, reply);
    if (!reader.is_list())
        return wrong_answer(own, what, "the answer is not a list");
    if (!reader.well_formed)
        return wrong_answer(own, what, "an entry has no id, so it could not be held");
    page<queue_place> made;
    made.next = next_after(reply, scheduled_list, reader.found.size(),
                           reader.found.empty() ? std::string{} : reader.found.back().id.value, "");
    made.items = std::move(reader.found);
    return made;
}

result<queue_place> read_place(const settings& own, std::string_view what, const http_response& reply, time_point now)
{
    if (auto wrong = trouble(own, what, reply, now))
        return *wrong;
    place_reader reader{1};
    if (!json::sax_parse(reply.body, &reader))
        return no_json(own, what, reply);
    if (reader.is_list() || reader.found.size() != 1 || !reader.well_formed)
        return wrong_answer(own, what, "the answer is not a scheduled post");
    return std::move(reader.found.front());
}

}  // namespace halfmast::mastodon::wire
