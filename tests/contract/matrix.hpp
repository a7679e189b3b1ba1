// The table that the suite prints at its end: what every connector is held to, and where it is not possible. A test case says in one
// place which property of which platform it is about; whether that held is what Catch says of every assertion until the next such
// place. With HALFMAST_CONTRACT_MATRIX=FILE the table is written there too, as Markdown.
#pragma once

#include <string>
#include <string_view>

#include "tests/contract/platform.hpp"

namespace halfmast::contract {

// Each platform in turn, a run of the test case for each. From here on it is about this property there.
maker every_platform(const std::string& property);

// From here on it is about this property of this platform: where one test case shows several.
void about(const maker& which, const std::string& property);

// The present property is not possible there. The reason is the connector's own, declared for `what` (absence::what: "queue", a
// rung's word, ...); where it declares none, `otherwise`.
void not_possible(const maker& which, std::string_view what, std::string_view otherwise = {});

}  // namespace halfmast::contract
