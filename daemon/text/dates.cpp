// Times of day as people of a language and a place write them.
#include "daemon/text/text.hpp"

#include <array>
#include <memory>
#include <set>

#include <unicode/dtptngen.h>
#include <unicode/gregocal.h>
#include <unicode/simpleformatter.h>
#include <unicode/smpdtfmt.h>
#include <unicode/timezone.h>

#include "daemon/text/locales.hpp"

namespace halfmast::text {

namespace {

std::unique_ptr<icu::TimeZone> zone_of(const std::string& zone)
{
    return std::unique_ptr<icu::TimeZone>(is_time_zone(zone) ? icu::TimeZone::createTimeZone(icu::UnicodeString::fromUTF8(zone))
                                                             : icu::TimeZone::getGMT()->clone());
}

UDate to_icu(time_point at) { return static_cast<UDate>(at.time_since_epoch().count()); }

std::string utf8(const icu::UnicodeString& text)
{
    std::string out;
    text.toUTF8String(out);
    return out;
}

// By a skeleton ("Hm"), which the locale turns into its own order of fields; empty when ICU cannot.
icu::UnicodeString by_skeleton(const char* skeleton, const icu::Locale& locale, const icu::TimeZone& zone, time_point at)
{
    UErrorCode status = U_ZERO_ERROR;
    std::unique_ptr<icu::DateTimePatternGenerator> generator(icu::DateTimePatternGenerator::createInstance(locale, status));
    if (U_FAILURE(status))
        return {};
    const auto pattern = generator->getBestPattern(icu::UnicodeString(skeleton, -1, US_INV), status);
    icu::SimpleDateFormat format(pattern, locale, status);
    if (U_FAILURE(status))
        return {};
    format.setTimeZone(zone);
    icu::UnicodeString out;
    return format.format(to_icu(at), out);
}

bool is_offset(const icu::UnicodeString& name) { return name.startsWith(u"GMT+") || name.startsWith(u"GMT-"); }

// "CET". English of one country has no names for the zones of another: ask its neighbours before giving an offset.
icu::UnicodeString zone_name(const icu::Locale& locale, const icu::TimeZone& zone, time_point at)
{
    static constexpr auto neighbours = std::to_array<const char*>({"en_150", "en_US", "en_AU", "en_NZ", "en_IN", "en_ZA", "en_SG"});
    if (zone == *icu::TimeZone::getGMT() || utf8(by_skeleton("z", icu::Locale("en", "GB"), zone, at)) == "UTC")
        return u"UTC";
    auto name = by_skeleton("z", locale, zone, at);
    if (std::string_view(locale.getLanguage()) != "en")
        return name;
    for (const auto* other : neighbours) {
        if (!is_offset(name))
            break;
        name = by_skeleton("z", icu::Locale(other), zone, at);
    }
    return name;
}

struct day {
    std::int32_t year = 0;
    std::int32_t number = 0;
};

day day_of(time_point at, const icu::TimeZone& zone)
{
    UErrorCode status = U_ZERO_ERROR;
    icu::GregorianCalendar calendar(zone, icu::Locale::getRoot(), status);
    calendar.setTime(to_icu(at), status);
    return {calendar.get(UCAL_EXTENDED_YEAR, status), calendar.get(UCAL_DAY_OF_YEAR, status)};
}

// "DATE, TIME" as the language joins the two.
icu::UnicodeString joined(const icu::UnicodeString& date, const icu::UnicodeString& time, const icu::Locale& locale)
{
    UErrorCode status = U_ZERO_ERROR;
    std::unique_ptr<icu::DateTimePatternGenerator> generator(icu::DateTimePatternGenerator::createInstance(locale, status));
    icu::UnicodeString out;
    if (U_SUCCESS(status)) {
        const icu::SimpleFormatter join(generator->getDateTimeFormat(UDAT_MEDIUM, status), 2, 2, status);
        join.format(time, date, out, status);
    }
    return U_SUCCESS(status) ? out : date + u", " + time;
}

}  // namespace

std::string local_time(time_point at, time_point now, const std::string& language, const std::string& zone_id)
{
    const auto locale = locale_of(language);
    const auto zone = zone_of(zone_id);
    auto time = by_skeleton("Hm", locale, *zone, at);
    if (time.isEmpty())
        return format_utc(at);  // ICU's data is not there: still right, if less kind
    const auto then = day_of(at, *zone);
    const auto today = day_of(now, *zone);
    if (then.year != today.year || then.number != today.number)
        time = joined(by_skeleton(then.year == today.year ? "MMMMd" : "yMMMMd", locale, *zone, at), time, locale);
    const auto name = zone_name(locale, *zone, at);
    return utf8(time + (name.isEmpty() ? u"" : u" ") + name);
}

std::optional<seconds> zone_offset(time_point at, const std::string& zone_id)
{
    if (!is_time_zone(zone_id))
        return std::nullopt;
    std::int32_t raw = 0;
    std::int32_t summer = 0;
    UErrorCode status = U_ZERO_ERROR;
    zone_of(zone_id)->getOffset(to_icu(at), 0, raw, summer, status);
    return U_SUCCESS(status) ? std::optional{seconds{(raw + summer) / 1000}} : std::nullopt;
}

bool is_time_zone(const std::string& zone)
{
    // ICU's own three-letter names from old Java. They are not IANA's and mislead: its "BST" is Bangladesh.
    static const std::set<std::string> misleading = {"ACT", "AET", "AGT", "ART", "AST", "BET", "BST", "CAT", "CNT",
                                                     "CST", "CTT", "EAT", "ECT", "IET", "IST", "JST", "MIT", "NET",
                                                     "NST", "PLT", "PNT", "PRT", "PST", "SST", "VST"};
    if (zone.empty() || zone.size() > 64 || zone == "Etc/Unknown" || misleading.contains(zone))
        return false;
    UErrorCode status = U_ZERO_ERROR;
    UBool from_table = false;
    icu::UnicodeString canonical;
    icu::TimeZone::getCanonicalID(icu::UnicodeString::fromUTF8(zone), canonical, from_table, status);
    return U_SUCCESS(status) && from_table;
}

}  // namespace halfmast::text
