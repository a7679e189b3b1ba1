// What this room asks libical for, with what libical leaves to its callers: kinds are checked before a value is taken, and rules
// that would be worked out for ever are refused. Internal to the reading of calendars.
#pragma once

#include <initializer_list>
#include <stdexcept>
#include <string>
#include <string_view>
#include <vector>

#include <libical/ical.h>

#include "daemon/core/time.hpp"

namespace halfmast::alert {

// Leaves the reading of one calendar; what() is the problem's text.
struct not_understood : std::runtime_error {
    using std::runtime_error::runtime_error;
};

struct free_component {
    void operator()(icalcomponent* one) const { icalcomponent_free(one); }
};

struct free_iterator {
    void operator()(icalrecur_iterator* one) const { icalrecur_iterator_free(one); }
};

// At most eighty bytes on one line, as it may stand in a sentence.
std::string short_name(std::string_view text);

// libical hands out a value as whatever is asked for, whatever it is.
bool holds(icalproperty* property, std::initializer_list<icalvalue_kind> kinds);
// Of a text or an address; empty for anything else.
std::string text_in(icalproperty* property);

icalproperty* first_of(icalcomponent* owner, icalproperty_kind kind);
std::vector<icalproperty*> all_of(icalcomponent* owner, icalproperty_kind kind);
std::vector<icalcomponent*> all_inside(icalcomponent* owner, icalcomponent_kind kind);

// "'Ann'", for a problem's text.
std::string name_of(icalcomponent* event);
int sequence_of(icalcomponent* event);
bool is_cancelled(icalcomponent* event);

bool is_sound(const icaltimetype& time);
// As if its clocks showed UTC; a day is its midnight.
time_point naive(const icaltimetype& time);
icaltimetype shown_at(time_point at, bool whole_day);

// Throw not_understood.
void check_zone(icalcomponent* zone);
void check_rule(icalcomponent* event, const icalrecurrencetype& rule);

}  // namespace halfmast::alert
