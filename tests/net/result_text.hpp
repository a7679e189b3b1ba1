// How Catch prints a result: its problem, not its body.
#pragma once

#include "daemon/ports/http.hpp"
#include "tests/support/catch.hpp"

template <>
struct Catch::StringMaker<halfmast::result<halfmast::http_response>> {
    static std::string convert(const halfmast::result<halfmast::http_response>& given)
    {
        if (given)
            return "status " + std::to_string(given->status);
        return std::string{halfmast::to_string(given.error().kind)} + ": " + given.error().detail;
    }
};
