#include "daemon/sandbox/faults.hpp"

#include <algorithm>
#include <array>

#include <nlohmann/json.hpp>

#include "daemon/sandbox/values.hpp"

namespace halfmast::sandbox {

namespace {

using nlohmann::json;

// Collects what is wrong with a plan: "rules[2].fault.status: not a number".
struct reader {
    std::vector<std::string> faults;
    std::string at;

    void wrong(const std::string& name, const char* why) { faults.push_back(at + name + ": " + why); }

    void known(const json& object, std::initializer_list<std::string_view> names)
    {
        for (const auto& [name, value] : object.items())
            if (std::find(names.begin(), names.end(), name) == names.end())
                wrong(name, "unknown key");
    }
    void text(const json& object, const char* name, std::string& into)
    {
        if (!object.contains(name))
            return;
        if (object[name].is_string())
            into = object[name].get<std::string>();
        else
            wrong(name, "not a text");
    }
    bool flag(const json& object, const char* name)
    {
        if (!object.contains(name))
            return false;
        if (!object[name].is_boolean())
            wrong(name, "neither true nor false");
        return object[name].is_boolean() && object[name].get<bool>();
    }
    std::optional<std::uint64_t> number(const json& object, const char* name)
    {
        if (!object.contains(name))
            return std::nullopt;
        if (object[name].is_number_unsigned())
            return object[name].get<std::uint64_t>();
        wrong(name, "not a whole number from zero up");
        return std::nullopt;
    }
    milliseconds duration(const json& object, const char* name)
    {
        auto written = std::string{"0s"};
        text(object, name, written);
        const auto length = parse_duration(written);
        if (!length)
            wrong(name, "not a duration such as 3s or 500ms");
        return length.value_or(milliseconds{0});
    }
};

// [{"edit":{...}}, {"revoke":{...}}]: endpoints that change something, each with its body.
void read_meanwhile(reader& from, const json& object, fault& what)
{
    if (!object.contains("meanwhile"))
        return;
    constexpr auto endpoints =
        std::array<std::string_view, 9>{"seed", "published", "mention", "edit", "clock", "revoke", "rules", "sweep", "vacuum"};
    const auto& acts = object["meanwhile"];
    if (!acts.is_array())
        return from.wrong("meanwhile", "not a list of {\"edit\":{...}} and the like");
    for (const auto& each : acts) {
        if (!each.is_object() || each.size() != 1 || std::ranges::find(endpoints, each.begin().key()) == endpoints.end())
            from.wrong("meanwhile", "each is one control endpoint that changes the platform, and its body");
        else
            what.meanwhile.push_back({each.begin().key(), each.begin().value().dump()});
    }
}

fault read_fault(reader& from, const json& object)
{
    auto what = fault{};
    from.known(object, {"status", "headers", "body", "cut_after", "no_answer", "delay", "lie", "huge", "wrong_type", "late",
                        "meanwhile", "effect"});
    read_meanwhile(from, object, what);
    if (const auto status = from.number(object, "status")) {
        if (*status < 200 || *status > 599)
            from.wrong("status", "not between 200 and 599");
        what.status = static_cast<int>(*status);
    }
    if (object.contains("headers")) {
        if (!object["headers"].is_object())
            from.wrong("headers", "not an object");
        else
            for (const auto& [name, value] : object["headers"].items())
                what.headers.emplace_back(name, value.is_string() ? value.get<std::string>() : value.dump());
    }
    if (object.contains("body"))
        what.body = object["body"].is_string() ? object["body"].get<std::string>() : to_string(object["body"]);
    if (const auto bytes = from.number(object, "cut_after"))
        what.cut_after = *bytes;
    what.no_answer = from.flag(object, "no_answer");
    what.delay = from.duration(object, "delay");
    what.lie = from.flag(object, "lie");
    what.late = from.flag(object, "late");
    what.huge = from.number(object, "huge").value_or(0);
    if (what.huge > (256u << 20))
        from.wrong("huge", "more than 256 MiB");
    if (object.contains("wrong_type")) {
        const auto& kind = object["wrong_type"];
        if (kind == "html")
            what.wrong_type = fault::wrong::page;
        else if (kind == true)
            what.wrong_type = fault::wrong::shape;
        else if (kind != false)
            from.wrong("wrong_type", "neither true nor \"html\"");
    }
    return what;
}

fault_rule read_rule(reader& from, const json& object)
{
    auto rule = fault_rule{};
    from.known(object, {"account", "method", "path", "after", "count", "every", "probability", "fault", "effect", "seen", "struck",
                        "trouble"});
    from.text(object, "account", rule.account);
    from.text(object, "method", rule.method);
    from.text(object, "path", rule.path);
    rule.after = from.number(object, "after").value_or(0);
    rule.count = from.number(object, "count");
    rule.every = from.number(object, "every").value_or(1);
    if (rule.every == 0)
        from.wrong("every", "must be at least 1");
    if (object.contains("probability")) {
        const auto& chance = object["probability"];
        if (!chance.is_number() || chance.get<double>() < 0 || chance.get<double>() > 1)
            from.wrong("probability", "not between 0 and 1");
        else
            rule.probability = chance.get<double>();
    }
    if (object.contains("effect"))
        rule.effect = from.flag(object, "effect");
    if (!object.contains("fault") || !object["fault"].is_object()) {
        from.wrong("fault", "missing, or not an object");
        return rule;
    }
    // People put `effect` on either level; both are understood.
    if (object["fault"].contains("effect"))
        rule.effect = from.flag(object["fault"], "effect");
    const auto outer = from.at;
    from.at += "fault.";
    rule.what = read_fault(from, object["fault"]);
    from.at = outer;
    return rule;
}

json show_fault(const fault& what)
{
    auto shown = json::object();
    if (what.status)
        shown["status"] = *what.status;
    for (const auto& [name, value] : what.headers)
        shown["headers"][name] = value;
    if (what.body)
        shown["body"] = *what.body;
    if (what.cut_after)
        shown["cut_after"] = *what.cut_after;
    if (what.no_answer)
        shown["no_answer"] = true;
    if (what.delay.count() > 0)
        shown["delay"] = format_duration(what.delay);
    if (what.lie)
        shown["lie"] = true;
    if (what.late)
        shown["late"] = true;
    for (const auto& each : what.meanwhile)
        shown["meanwhile"].push_back({{each.endpoint, json::parse(each.body)}});
    if (what.huge > 0)
        shown["huge"] = what.huge;
    if (what.wrong_type != fault::wrong::none)
        shown["wrong_type"] = what.wrong_type == fault::wrong::page ? json("html") : json(true);
    return shown;
}

}  // namespace

bool fault_rule::carried_out() const
{
    if (what.lie)
        return false;
    return effect.value_or(!what.status && !what.no_answer);
}

result<fault_plan> fault_plan::parse(std::string_view text)
{
    const auto root = json::parse(text, nullptr, false);
    if (root.is_discarded() || !root.is_object())
        return problem{failure::rejected, "fault plan: not a JSON object", std::nullopt};
    auto from = reader{};
    from.known(root, {"rules", "seed"});
    auto plan = fault_plan{};
    if (const auto seed = from.number(root, "seed"))
        plan.seed(*seed);
    const auto rules = root.value("rules", json::array());
    if (!rules.is_array())
        from.wrong("rules", "not a list");
    auto index = 0;
    for (const auto& each : rules) {
        from.at = "rules[" + std::to_string(index++) + "].";
        if (each.is_object())
            plan.rules_.push_back(read_rule(from, each));
        else
            from.wrong("", "not an object");
    }
    if (from.faults.empty())
        return plan;
    auto all = std::string{"fault plan: "};
    for (const auto& each : from.faults)
        all += (all.ends_with(": ") && &each == &from.faults.front() ? "" : "; ") + each;
    return problem{failure::rejected, all, std::nullopt};
}

std::optional<striking_fault> fault_plan::strike(std::string_view account, std::string_view method, std::string_view path)
{
    for (auto index = std::size_t{0}; index < rules_.size(); ++index) {
        auto& rule = rules_[index];
        if (!glob_matches(rule.account, account) || !glob_matches(rule.method, method) || !glob_matches(rule.path, path))
            continue;
        const auto turn = rule.seen++;
        if (turn < rule.after || (turn - rule.after) % rule.every != 0 || (rule.count && rule.struck >= *rule.count))
            continue;
        if (rule.probability < 1.0 && std::uniform_real_distribution<double>{0, 1}(chance_) >= rule.probability)
            continue;
        ++rule.struck;
        return striking_fault{rule.what, rule.carried_out(), index};
    }
    return std::nullopt;
}

void fault_plan::note_trouble(std::size_t rule, std::string what) { rules_.at(rule).trouble = std::move(what); }

std::string fault_plan::show() const
{
    auto list = json::array();
    for (const auto& rule : rules_) {
        auto shown = json{{"account", rule.account},
                          {"method", rule.method},
                          {"path", rule.path},
                          {"after", rule.after},
                          {"every", rule.every},
                          {"probability", rule.probability},
                          {"fault", show_fault(rule.what)},
                          {"effect", rule.carried_out()},
                          {"seen", rule.seen},
                          {"struck", rule.struck}};
        if (rule.count)
            shown["count"] = *rule.count;
        if (!rule.trouble.empty())
            shown["trouble"] = rule.trouble;
        list.push_back(std::move(shown));
    }
    return json{{"rules", std::move(list)}}.dump(-1, ' ', false, json::error_handler_t::replace);
}

}  // namespace halfmast::sandbox
