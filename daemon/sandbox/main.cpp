#include "daemon/sandbox/options.hpp"
#include "daemon/sandbox/service.hpp"

int main(int count, char** words)
{
    auto read = halfmast::sandbox::read_command_line(count, words);
    if (const auto* code = std::get_if<int>(&read))
        return *code;
    return halfmast::sandbox::run(std::move(std::get<halfmast::sandbox::command_line>(read)));
}
