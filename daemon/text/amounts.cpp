// Lengths of time in words, with the plural forms and cases of each language.
#include "daemon/text/text.hpp"

#include <algorithm>
#include <memory>

#include <unicode/measfmt.h>
#include <unicode/measunit.h>
#include <unicode/measure.h>
#include <unicode/reldatefmt.h>

#include "daemon/text/locales.hpp"

namespace halfmast::text {

namespace {

constexpr std::int64_t minutes_of_hour = 60;
constexpr std::int64_t minutes_of_day = 24 * minutes_of_hour;

std::int64_t whole_minutes(seconds length) { return std::max<std::int64_t>(1, length.count() / 60); }

void add_amount(std::vector<icu::Measure>& all, std::int64_t amount, icu::MeasureUnit* unit)
{
    std::unique_ptr<icu::MeasureUnit> owned(unit);
    UErrorCode status = U_ZERO_ERROR;
    if (amount > 0 && owned != nullptr)
        all.emplace_back(icu::Formattable(amount), owned.release(), status);
}

}  // namespace

std::string duration(seconds length, const std::string& language)
{
    const auto minutes = whole_minutes(length);
    UErrorCode status = U_ZERO_ERROR;
    std::vector<icu::Measure> parts;
    add_amount(parts, minutes / minutes_of_day, icu::MeasureUnit::createDay(status));
    add_amount(parts, minutes % minutes_of_day / minutes_of_hour, icu::MeasureUnit::createHour(status));
    if (minutes < minutes_of_day)
        add_amount(parts, minutes % minutes_of_hour, icu::MeasureUnit::createMinute(status));
    icu::MeasureFormat format(locale_of(language), UMEASFMT_WIDTH_WIDE, status);
    icu::UnicodeString out;
    icu::FieldPosition nowhere(icu::FieldPosition::DONT_CARE);
    if (U_SUCCESS(status))
        format.formatMeasures(parts.data(), static_cast<std::int32_t>(parts.size()), out, nowhere, status);
    if (U_FAILURE(status) || out.isEmpty())
        return format_duration(std::chrono::minutes{minutes});  // ICU's data is not there: still right, if less kind
    std::string text;
    return out.toUTF8String(text);
}

std::string time_ahead(seconds from_now, const std::string& language)
{
    auto amount = whole_minutes(from_now);
    auto unit = UDAT_RELATIVE_MINUTES;
    if (amount % minutes_of_day == 0) {
        amount /= minutes_of_day;
        unit = UDAT_RELATIVE_DAYS;
    } else if (amount % minutes_of_hour == 0) {
        amount /= minutes_of_hour;
        unit = UDAT_RELATIVE_HOURS;
    }
    UErrorCode status = U_ZERO_ERROR;
    icu::RelativeDateTimeFormatter format(locale_of(language), status);
    icu::UnicodeString out;
    if (U_SUCCESS(status))
        format.format(static_cast<double>(amount), UDAT_DIRECTION_NEXT, unit, out, status);
    if (U_FAILURE(status) || out.isEmpty())
        return format_duration(std::chrono::minutes{whole_minutes(from_now)});
    std::string text;
    return out.toUTF8String(text);
}

}  // namespace halfmast::text
