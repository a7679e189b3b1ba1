// The fault plan: which requests go wrong, how, and whether the act is carried out all the same. Pure; chance is seeded.
#pragma once

#include <cstdint>
#include <optional>
#include <random>
#include <string>
#include <string_view>
#include <vector>

#include "daemon/ports/http.hpp"
#include "daemon/ports/result.hpp"

namespace halfmast::sandbox {

// What somebody else does just before the call is looked at: a control endpoint and its body.
struct meanwhile_act {
    std::string endpoint;
    std::string body;  // JSON
};

struct fault {
    std::optional<int> status;  // answer this instead
    http_headers headers;
    std::optional<std::string> body;
    std::optional<std::size_t> cut_after;                             // bytes of the body, then the connection closes
    bool no_answer = false;                                           // the connection closes without a byte
    milliseconds delay{0};                                            // before the answer; of a late act: before the act
    bool lie = false;                                                 // 200 and the expected body, but nothing is done
    std::size_t huge = 0;                                             // the body is filled up to so many bytes
    enum class wrong { none, shape, page } wrong_type = wrong::none;  // JSON of another shape; an HTML page with 200
    bool late = false;                                                // the answer of a success at once, the act after `delay`
    std::vector<meanwhile_act> meanwhile;  // first of all; the call then goes on, or wrong in another way
};

struct fault_rule {
    std::string account = "*";  // a glob; "-" is a call without a known token
    std::string method = "*";
    std::string path = "*";              // a glob over the path, '*' goes over '/' too
    std::uint64_t after = 0;             // the first so many matching calls go well
    std::optional<std::uint64_t> count;  // how often it strikes; absent: for ever
    std::uint64_t every = 1;             // of the remaining, the first and then each n-th
    double probability = 1.0;
    fault what;
    std::optional<bool> effect;  // absent: what the kind of fault suggests

    std::uint64_t seen = 0;
    std::uint64_t struck = 0;
    std::string trouble;  // why the last `meanwhile` could not be done

    // Is the act carried out? A refusal and a missing answer: no; a broken answer: yes; a lie: never.
    [[nodiscard]] bool carried_out() const;
};

struct striking_fault {
    fault what;
    bool effect = true;
    std::size_t rule = 0;  // its place in the plan
};

class fault_plan {
public:
    // Names every fault of the text, not only the first.
    static result<fault_plan> parse(std::string_view text);

    void seed(std::uint64_t value) { chance_.seed(value); }
    void take_rules(fault_plan other) { rules_ = std::move(other.rules_); }  // the dice stay

    // The first rule that strikes; rules after it do not count this call.
    std::optional<striking_fault> strike(std::string_view account, std::string_view method, std::string_view path);

    // The rule's `meanwhile` did not work: shown with the plan.
    void note_trouble(std::size_t rule, std::string what);

    [[nodiscard]] std::string show() const;  // JSON, with how often each rule matched and struck
    [[nodiscard]] bool empty() const { return rules_.empty(); }

private:
    std::vector<fault_rule> rules_;
    std::mt19937_64 chance_{1};
};

}  // namespace halfmast::sandbox
