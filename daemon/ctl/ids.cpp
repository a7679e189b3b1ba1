#include "daemon/ctl/ids.hpp"

#include <iostream>
#include <set>

#include "daemon/ctl/client.hpp"

namespace halfmast::ctl {

namespace {

std::string trimmed(const std::string& line)
{
    constexpr const char* blanks = " \t\r\n";
    auto begin = line.find_first_not_of(blanks);
    return begin == std::string::npos ? std::string{} : line.substr(begin, line.find_last_not_of(blanks) - begin + 1);
}

class gatherer {
public:
    void take(const std::string& id)
    {
        post_path(id);  // throws when it is none
        if (seen_.insert(id).second)
            ids.push_back(id);
    }

    std::vector<std::string> ids;

private:
    std::set<std::string> seen_;
};

}  // namespace

std::vector<std::string> read_ids(const std::vector<std::string>& given)
{
    gatherer gather;
    for (const auto& word : given) {
        if (word != "-") {
            gather.take(word);
            continue;
        }
        for (std::string line; std::getline(std::cin, line);)
            if (auto id = trimmed(line); !id.empty())
                gather.take(id);
    }
    // An empty list from a pipe is a mistake somewhere before it; silence would hide that.
    if (gather.ids.empty())
        throw command_error{exit_code::usage, "usage",
                            "no post was named on standard input; an id is ACCOUNT/POST, one on each line"};
    return std::move(gather.ids);
}

}  // namespace halfmast::ctl
