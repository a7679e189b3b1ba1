#include "connectors/rest/meanings.hpp"

namespace halfmast::rest {

void read_states(table& given, description& into)
{
    for (auto where : {whereabouts::queued, whereabouts::parked, whereabouts::published, whereabouts::absent})
        for (auto& word : given.texts(to_string(where)))
            if (!into.states.emplace(word, where).second)
                given.fault(given.find(to_string(where)), "'" + word + "' stands there twice");
    if (given.find("queued") == nullptr)
        given.missing("queued", "the words for a post that would go out");
    if (given.find("published") == nullptr)
        given.missing("published", "the words for a post that is out");
    auto other = given.one_of(
        "other", {{"queued", static_cast<int>(whereabouts::queued)}, {"parked", static_cast<int>(whereabouts::parked)}});
    if (other)
        into.other_states = static_cast<whereabouts>(*other);
}

void read_errors(table& given, description& into)
{
    into.message = given.ats("message");
    into.code = given.at("code");
    for (auto& one : given.each("rule")) {
        error_rule made;
        made.status = one.whole("status", 200, 599);
        made.at = one.at("at");
        made.is = one.text("is").value_or("");
        made.say = one.text("say").value_or("");
        auto kind = one.one_of("kind", {{"auth_expired", static_cast<int>(failure::auth_expired)},
                                        {"forbidden", static_cast<int>(failure::forbidden)},
                                        {"not_found", static_cast<int>(failure::not_found)},
                                        {"conflict", static_cast<int>(failure::conflict)},
                                        {"rejected", static_cast<int>(failure::rejected)},
                                        {"rate_limited", static_cast<int>(failure::rate_limited)},
                                        {"unknown_outcome", static_cast<int>(failure::unknown_outcome)},
                                        {"unsupported", static_cast<int>(failure::unsupported)}});
        if (!kind && one.find("kind") == nullptr)
            one.missing("kind",
                        "auth_expired, forbidden, not_found, conflict, rejected, rate_limited, unknown_outcome or unsupported");
        made.kind = static_cast<failure>(kind.value_or(static_cast<int>(failure::rejected)));
        if (one.find("status") == nullptr && one.find("at") == nullptr)
            one.fault(nullptr, "a rule without status and without at would be true of every answer");
        if (!made.is.empty() && one.find("at") == nullptr)
            one.missing("at", "where '" + made.is + "' stands in the answer");
        one.finish();
        into.errors.push_back(std::move(made));
    }
}

check_call read_check(table& one, const call_rules& rules)
{
    check_call made;
    made.what = one.required_text("what").value_or("");
    auto word = [](ability of) { return named_value{to_string(of), static_cast<int>(of)}; };
    if (auto of = one.one_of("ability", {word(ability::credential), word(ability::list), word(ability::hold),
                                         word(ability::publish), word(ability::pin), word(ability::read_feed)}))
        made.of = static_cast<ability>(*of);
    made.ask = read_call(one, rules);
    made.at = one.at("at");
    made.say = one.text("say").value_or("");
    if (const auto* is = one.find("is")) {
        if (const auto* text = is->as<std::string>())
            made.is = *text;
        else if (const auto* flag = is->as<bool>())
            made.is = *flag;
        else if (const auto* count = is->as<std::int64_t>())
            made.is = *count;
        else
            one.wrong_type("is", *is, "text, a number, true or false");
        if (!made.at && one.find("at") == nullptr)
            one.missing("at", "where that stands in the answer");
    }
    return made;
}

}  // namespace halfmast::rest
