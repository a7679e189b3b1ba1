#define CATCH_CONFIG_EXTERNAL_INTERFACES
#include "tests/support/catch.hpp"

#include "tests/contract/matrix.hpp"

#include <algorithm>
#include <cstdlib>
#include <fstream>
#include <iostream>

#include "connectors/registry.hpp"

namespace halfmast::contract {

namespace {

// What became of one property at one platform.
struct cell {
    int held = 0;  // assertions that held
    bool failed = false;
    std::string why;  // not possible there
};

struct row {
    std::string property;
    std::map<std::string, cell> cells;  // by the platform's name
};

class matrix {
public:
    void turn_to(const std::string& platform, const std::string& property)
    {
        auto found = std::ranges::find(rows_, property, &row::property);
        if (found == rows_.end())
            found = rows_.insert(rows_.end(), row{property, {}});
        now_ = static_cast<std::size_t>(found - rows_.begin());
        at_ = platform;
        rows_[*now_].cells[platform];
    }
    void leave() { now_.reset(); }
    void note(bool held)
    {
        auto* one = here();
        if (one != nullptr && held)
            ++one->held;
        else if (one != nullptr)
            one->failed = true;
    }
    void excuse(std::string why)
    {
        if (auto* one = here())
            one->why = std::move(why);
    }

    [[nodiscard]] bool empty() const { return rows_.empty(); }
    [[nodiscard]] std::string markdown(const std::vector<maker>& columns) const;

private:
    cell* here() { return now_ ? &rows_[*now_].cells[at_] : nullptr; }
    static std::string word(const row& one, const std::string& platform, std::vector<std::string>& reasons);

    std::vector<row> rows_;
    std::optional<std::size_t> now_;
    std::string at_;
};

std::string matrix::word(const row& one, const std::string& platform, std::vector<std::string>& reasons)
{
    auto found = one.cells.find(platform);
    if (found != one.cells.end() && found->second.failed)
        return "FAIL";
    if (found == one.cells.end() || (found->second.why.empty() && found->second.held == 0))
        return "not asked";
    if (found->second.why.empty())
        return "pass";
    auto reason = std::ranges::find(reasons, found->second.why);
    if (reason == reasons.end())
        reason = reasons.insert(reasons.end(), found->second.why);
    return "no (" + std::to_string(reason - reasons.begin() + 1) + ")";
}

std::string matrix::markdown(const std::vector<maker>& columns) const
{
    std::size_t wide = 8;
    for (const auto& one : rows_)
        wide = std::max(wide, one.property.size());
    auto fill = [](std::string text, std::size_t to) { return text + std::string(to > text.size() ? to - text.size() : 0, ' '); };
    auto head = "| " + fill("property", wide) + " |";
    auto rule = "| " + std::string(wide, '-') + " |";
    std::string legend;
    for (std::size_t index = 0; index < columns.size(); ++index) {
        auto letter = std::string(1, static_cast<char>('A' + index));
        head += " " + fill(letter, 9) + " |";
        rule += " " + std::string(9, '-') + " |";
        legend += "- " + letter + ": " + columns[index].name + "\n";
    }
    std::string body;
    std::vector<std::string> reasons;
    for (const auto& one : rows_) {
        body += "| " + fill(one.property, wide) + " |";
        for (const auto& column : columns)
            body += " " + fill(word(one, column.name, reasons), 9) + " |";
        body += "\n";
    }
    for (std::size_t index = 0; index < reasons.size(); ++index)
        legend += "- no (" + std::to_string(index + 1) + "): not possible there: " + reasons[index] + "\n";
    return head + "\n" + rule + "\n" + body + "\n" + legend;
}

matrix& all()
{
    static matrix one;
    return one;
}

// Hears what became of every assertion.
#if CATCH_VERSION_MAJOR >= 3
using listener_base = Catch::EventListenerBase;
#else
using listener_base = Catch::TestEventListenerBase;
#endif

class listener final : public listener_base {
public:
    using listener_base::listener_base;

    void testCaseStarting(const Catch::TestCaseInfo& info) override
    {
        listener_base::testCaseStarting(info);
        all().leave();
    }
#if CATCH_VERSION_MAJOR >= 3
    void assertionEnded(const Catch::AssertionStats& stats) override { all().note(stats.assertionResult.isOk()); }
#else
    bool assertionEnded(const Catch::AssertionStats& stats) override
    {
        all().note(stats.assertionResult.isOk());
        return true;
    }
#endif
    void testRunEnded(const Catch::TestRunStats& stats) override
    {
        listener_base::testRunEnded(stats);
        if (all().empty())
            return;
        auto table = all().markdown(platforms());
        std::cout << table << std::flush;
        if (const char* file = std::getenv("HALFMAST_CONTRACT_MATRIX"); file != nullptr && *file != '\0')
            if (!(std::ofstream(file) << table).flush())
                std::cerr << "HALFMAST_CONTRACT_MATRIX: " << file << " cannot be written\n";
    }
};

}  // namespace

maker every_platform(const std::string& property)
{
    auto which = GENERATE(from_range(platforms()));
    about(which, property);
    return which;
}

void about(const maker& which, const std::string& property) { all().turn_to(which.name, property); }

void not_possible(const maker& which, std::string_view what, std::string_view otherwise)
{
    const time_point some_day = std::chrono::sys_days{std::chrono::year{2026} / 3 / 2};
    const auto* room = find_connector(which.make(some_day)->connector());
    if (room == nullptr)
        throw std::logic_error(which.name + " names no connector");
    auto declared = std::ranges::find(room->notes.absences, what, &absence::what);
    if (declared != room->notes.absences.end())
        return all().excuse(std::string{declared->why});
    if (otherwise.empty())
        throw std::logic_error(which.name + " does not say why it has no " + std::string{what}
                               + ": an absence in its capabilities.hpp");
    all().excuse(std::string{otherwise});
}

CATCH_REGISTER_LISTENER(listener)

}  // namespace halfmast::contract
