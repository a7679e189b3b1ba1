// What checks say of an account, and a desk that hears it: for the tests of readiness.
#pragma once

#include "tests/support/catch.hpp"
#include "tests/support/desk.hpp"

namespace halfmast::test {

inline const account_id blog_id{"blog"};

inline check_line well(ability of) { return {of, std::string{to_string(of)}, true, ""}; }
inline check_line no(ability of, const std::string& why) { return {of, std::string{to_string(of)}, false, why}; }
inline check_line silent(ability of, failure kind = failure::unreachable)
{
    return {of, std::string{to_string(of)}, problem{kind, "no route", {}}};
}

inline std::vector<check_line> all_well()
{
    return {well(ability::credential), well(ability::list), well(ability::hold),
            well(ability::publish),    well(ability::pin),  well(ability::read_feed)};
}

// The same answers but one.
inline std::vector<check_line> all_but(check_line other)
{
    auto lines = all_well();
    std::erase_if(lines, [&](const auto& line) { return line.of == other.of; });
    lines.push_back(std::move(other));
    return lines;
}

inline std::vector<check_line> credential_until(time_point end)
{
    auto lines = all_well();
    lines.front().ends = end;
    return lines;
}

class room : public desk {
public:
    explicit room(account declared = make_account("blog")) : desk(make_policy({std::move(declared)})) { sees({}); }

    void checks(std::vector<check_line> lines) { happen(readiness_checked{blog_id, std::move(lines)}); }
    [[nodiscard]] const readiness& ready() const { return known.accounts.at(blog_id).ready; }
    [[nodiscard]] bool pages(const std::string& kind) const { return known.pages.open.contains(kind + "/blog"); }
    [[nodiscard]] const page& page_of(const std::string& kind) const { return known.pages.open.at(kind + "/blog").said; }
};

}  // namespace halfmast::test
