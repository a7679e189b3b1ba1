// A calendar from which a rota is filled, as the settings name it: values only. The settings read it, the room alert fetches and
// reads the calendar itself.
#pragma once

#include <map>
#include <string>

#include "daemon/core/time.hpp"

namespace halfmast {

struct duty_calendar {
    std::string rota;
    std::string url;                            // may be a secret itself, as private calendar addresses are: never logged
    std::string zone = "UTC";                   // of times and whole days in it that name none
    std::map<std::string, std::string> people;  // what stands in the calendar, folded -> receiver; every receiver's own name too
    milliseconds every{5 * 60'000};
    milliseconds timeout{20'000};

    duty_calendar() {}
};

}  // namespace halfmast
