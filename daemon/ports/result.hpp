// result<T>: a value or a problem. Expected trouble travels in it; exceptions stop at a room's door.
#pragma once

#include <exception>

#include <boost/system/result.hpp>

#include "daemon/core/problem.hpp"

namespace halfmast {

template <class T>
using result = boost::system::result<T, problem>;  // our std::expected until C++23

// Needed by boost::system::result when value() is called on an error: that is a bug, so it is an exception.
struct problem_exception : std::exception {
    explicit problem_exception(problem what) : what_(std::move(what)) {}
    [[nodiscard]] const char* what() const noexcept override { return what_.detail.c_str(); }

private:
    problem what_;
};

[[noreturn]] inline void throw_exception_from_error(const problem& error, const boost::source_location&)
{
    throw problem_exception(error);
}

}  // namespace halfmast
