#include "daemon/sandbox/forms.hpp"

#include <algorithm>
#include <charconv>

#include <nlohmann/json.hpp>

namespace halfmast::sandbox {

namespace {

using nlohmann::json;

std::string form_decode(std::string_view text)
{
    auto spaced = std::string{text};
    std::ranges::replace(spaced, '+', ' ');
    return net::percent_decode(spaced).value_or(spaced);
}

// "poll[options][]" -> poll, options, "" (an empty step appends).
std::vector<std::string> steps_of(std::string_view name)
{
    auto steps = std::vector<std::string>{};
    const auto first = name.find('[');
    steps.emplace_back(name.substr(0, first));
    auto rest = first == std::string_view::npos ? std::string_view{} : name.substr(first);
    while (rest.starts_with('[') && steps.size() < 8) {
        const auto end = rest.find(']');
        if (end == std::string_view::npos)
            break;
        steps.emplace_back(rest.substr(1, end - 1));
        rest.remove_prefix(end + 1);
    }
    return steps;
}

void insert(json& root, std::string_view name, std::string value)
{
    auto* at = &root;
    for (const auto& step : steps_of(name)) {
        if (step.empty()) {
            if (!at->is_array())
                *at = json::array();
            at->push_back(nullptr);
            at = &at->back();
        } else {
            if (!at->is_object())
                *at = json::object();
            at = &(*at)[step];
        }
    }
    *at = std::move(value);
}

void read_pairs(json& root, std::string_view text)
{
    while (!text.empty()) {
        const auto end = std::min(text.find('&'), text.size());
        const auto pair = text.substr(0, end);
        text.remove_prefix(std::min(end + 1, text.size()));
        if (pair.empty())
            continue;
        const auto equals = std::min(pair.find('='), pair.size());
        insert(root, form_decode(pair.substr(0, equals)), form_decode(pair.substr(std::min(equals + 1, pair.size()))));
    }
}

bool same_word(std::string_view a, std::string_view b)
{
    return std::ranges::equal(a, b, [](unsigned char x, unsigned char y) { return std::tolower(x) == std::tolower(y); });
}

// The value of `name` in `form-data; name="status"; filename="a.png"`.
std::string attribute(std::string_view header, std::string_view name)
{
    auto at = header.find(';');
    while (at != std::string_view::npos) {
        header.remove_prefix(at + 1);
        while (header.starts_with(' '))
            header.remove_prefix(1);
        if (header.size() > name.size() && same_word(header.substr(0, name.size()), name) && header[name.size()] == '=') {
            auto value = header.substr(name.size() + 1);
            if (value.starts_with('"')) {
                value.remove_prefix(1);
                return std::string{value.substr(0, value.find('"'))};
            }
            return std::string{value.substr(0, value.find(';'))};
        }
        at = header.find(';');
    }
    return {};
}

void read_part(json& root, std::vector<uploaded_file>& files, std::string_view part)
{
    const auto end = part.find("\r\n\r\n");
    if (end == std::string_view::npos)
        return;
    auto head = part.substr(0, end);
    auto file = uploaded_file{};
    auto is_file = false;
    while (!head.empty()) {
        const auto line = head.substr(0, head.find("\r\n"));
        head.remove_prefix(std::min(line.size() + 2, head.size()));
        const auto colon = line.find(':');
        if (colon == std::string_view::npos)
            continue;
        auto value = line.substr(colon + 1);
        while (value.starts_with(' '))
            value.remove_prefix(1);
        if (same_word(line.substr(0, colon), "content-disposition")) {
            file.field = attribute(value, "name");
            file.file_name = attribute(value, "filename");
            is_file = value.find("filename=") != std::string_view::npos;
        } else if (same_word(line.substr(0, colon), "content-type")) {
            file.content_type = value;
        }
    }
    auto body = std::string{part.substr(end + 4)};
    if (is_file) {
        file.bytes = std::move(body);
        files.push_back(std::move(file));
    } else if (!file.field.empty()) {
        insert(root, file.field, std::move(body));
    }
}

void read_multipart(json& root, std::vector<uploaded_file>& files, std::string_view body, const std::string& boundary)
{
    if (boundary.empty())
        return;
    const auto line = "--" + boundary;
    auto at = body.find(line);
    while (at != std::string_view::npos) {
        at += line.size();
        if (body.substr(at, 2) == "--")
            return;
        at += 2;
        const auto end = body.find("\r\n" + line, at);
        if (end == std::string_view::npos)
            return;
        read_part(root, files, body.substr(at, end - at));
        at = end + 2;
    }
}

std::optional<std::string> as_text(const json& value)
{
    if (value.is_string())
        return value.get<std::string>();
    if (value.is_boolean() || value.is_number())
        return value.dump();
    return std::nullopt;
}

std::optional<std::int64_t> as_number(const json& value)
{
    if (value.is_number_integer())
        return value.get<std::int64_t>();
    if (value.is_number_float())
        return static_cast<std::int64_t>(value.get<double>());
    if (!value.is_string())
        return std::nullopt;
    const auto& text = value.get_ref<const std::string&>();
    auto number = std::int64_t{0};
    const auto [end, fault] = std::from_chars(text.data(), text.data() + text.size(), number);
    return fault == std::errc{} && end == text.data() + text.size() ? std::optional{number} : std::nullopt;
}

}  // namespace

parameters::parameters() : values_(std::make_shared<const json>(json::object())) {}

parameters parameters::read(const net::server_request& request)
{
    auto result = parameters{};
    auto root = json::object();
    auto files = std::vector<uploaded_file>{};
    const auto question = request.target.find('?');
    if (question != std::string::npos)
        read_pairs(root, std::string_view{request.target}.substr(question + 1));
    const auto type = find_header(request.headers, "Content-Type");
    if (type.starts_with("application/json")) {
        result.typed_ = true;
        const auto body = json::parse(request.body, nullptr, false);
        if (body.is_object())
            root.update(body);
        else
            result.malformed_ = !request.body.empty();
    } else if (type.starts_with("multipart/form-data")) {
        read_multipart(root, files, request.body, attribute(type, "boundary"));
    } else {
        read_pairs(root, request.body);
    }
    result.values_ = std::make_shared<const json>(std::move(root));
    result.files_ = std::make_shared<const std::vector<uploaded_file>>(std::move(files));
    return result;
}

const json* parameters::find(std::string_view name) const
{
    if (!values_->is_object())
        return nullptr;
    const auto found = values_->find(std::string{name});
    return found == values_->end() || found->is_null() ? nullptr : &*found;
}

bool parameters::has(std::string_view name) const { return find(name) != nullptr; }

std::optional<std::string> parameters::text(std::string_view name) const
{
    const auto* value = find(name);
    return value == nullptr ? std::nullopt : as_text(*value);
}

std::optional<std::int64_t> parameters::number(std::string_view name) const
{
    const auto* value = find(name);
    return value == nullptr ? std::nullopt : as_number(*value);
}

std::optional<bool> parameters::flag(std::string_view name) const
{
    const auto written = text(name);
    if (!written || written->empty())
        return std::nullopt;
    // Rails' own list of what is false; everything else is true.
    static const std::vector<std::string> no{"0", "f", "F", "false", "FALSE", "off", "OFF"};
    return std::ranges::find(no, *written) == no.end();
}

std::vector<std::string> parameters::list(std::string_view name) const
{
    auto values = std::vector<std::string>{};
    auto add = [&](const json& value) {
        if (auto text = as_text(value))
            values.push_back(std::move(*text));
    };
    const auto* value = find(name);
    if (value == nullptr)
        return values;
    if (value->is_object()) {
        auto sorted = std::vector<std::pair<std::int64_t, const json*>>{};
        for (const auto& [key, member] : value->items())
            sorted.emplace_back(as_number(json(key)).value_or(0), &member);
        std::ranges::stable_sort(sorted, {}, [](const auto& each) { return each.first; });
        for (const auto& each : sorted)
            add(*each.second);
    } else if (value->is_array()) {
        for (const auto& member : *value)
            add(member);
    } else {
        add(*value);
    }
    return values;
}

parameters parameters::inside(std::string_view name) const
{
    auto result = parameters{};
    result.typed_ = typed_;
    if (const auto* value = find(name); value != nullptr && value->is_object())
        result.values_ = std::shared_ptr<const json>(values_, value);
    return result;
}

std::vector<parameters> parameters::each_inside(std::string_view name) const
{
    auto all = std::vector<parameters>{};
    const auto* value = find(name);
    if (value == nullptr || !value->is_structured())
        return all;
    for (const auto& member : *value) {
        auto one = parameters{};
        one.typed_ = typed_;
        if (member.is_object())
            one.values_ = std::shared_ptr<const json>(values_, &member);
        all.push_back(std::move(one));
    }
    return all;
}

const uploaded_file* parameters::file(std::string_view name) const
{
    if (!files_)
        return nullptr;
    const auto found = std::ranges::find(*files_, name, &uploaded_file::field);
    return found == files_->end() ? nullptr : &*found;
}

}  // namespace halfmast::sandbox
