#include "daemon/api/playbooks.hpp"

#include "daemon/text/closest.hpp"

namespace halfmast::api {

result<const playbook*> choose_playbook(const policy& rules, std::string_view name)
{
    const auto& books = rules.playbooks;
    if (name.empty() && books.size() == 1)
        return &books.begin()->second;
    std::string wanted{name.empty() ? std::string_view{"outage"} : name};
    if (auto found = books.find(wanted); found != books.end())
        return &found->second;

    std::string names;
    text::nearest search{wanted};
    for (const auto& [other, book] : books) {
        names += (names.empty() ? "" : ", ") + other;
        search.offer(other);
    }
    problem missing;
    missing.kind = failure::not_found;
    if (books.empty())
        missing.detail = "the settings have no playbook; add a [[playbook]] to them";
    else if (name.empty())
        missing.detail = "which playbook? There are " + names;
    else
        missing.detail = "there is no playbook '" + wanted + "'; there are " + names + "." + search.question();
    return missing;
}

}  // namespace halfmast::api
