// How Catch prints a result: its trouble, and of a value nothing, for it may hold a secret.
#pragma once

#include <string>

#include <boost/system/result.hpp>

#include "tests/support/catch.hpp"

namespace Catch {

template <class T, class E>
struct StringMaker<boost::system::result<T, E>> {
    static std::string convert(const boost::system::result<T, E>& given)
    {
        return given ? std::string{"a value"} : given.error().detail;
    }
};

}  // namespace Catch
