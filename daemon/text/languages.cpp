// Language tags, and the locales behind them.
#include "daemon/text/text.hpp"

#include <algorithm>
#include <set>

#include <unicode/uloc.h>

#include "daemon/text/locales.hpp"

namespace halfmast::text {

namespace {

// Languages ICU has words for. For any other it would quietly take the machine's own, so English is taken instead.
bool is_known(const icu::Locale& locale)
{
    static const std::set<std::string> languages = [] {
        std::set<std::string> all;
        std::int32_t count = 0;
        const auto* available = icu::Locale::getAvailableLocales(count);
        for (std::int32_t i = 0; i < count; ++i)
            all.insert(available[i].getLanguage());
        return all;
    }();
    return languages.contains(locale.getLanguage());
}

}  // namespace

icu::Locale locale_of(const std::string& language)
{
    UErrorCode status = U_ZERO_ERROR;
    auto locale = icu::Locale::forLanguageTag(language, status);
    if (U_FAILURE(status) || locale.isBogus() || !is_known(locale))
        locale = icu::Locale("en");
    // Plain English is the international kind: "25 November", not "November 25".
    if (std::string_view(locale.getName()) == "en")
        locale = icu::Locale("en", "GB");
    return locale;
}

std::optional<std::string> language_tag(std::string_view tag)
{
    // ICU also takes its own old form, en_US, which nobody else understands.
    const bool sound = !tag.empty() && tag.size() <= 64 && std::ranges::all_of(tag, [](char c) {
        return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '-';
    });
    if (!sound)
        return std::nullopt;
    UErrorCode status = U_ZERO_ERROR;
    char locale[ULOC_FULLNAME_CAPACITY] = "";
    std::int32_t parsed = 0;
    uloc_forLanguageTag(std::string{tag}.c_str(), locale, sizeof locale, &parsed, &status);
    if (U_FAILURE(status) || status == U_STRING_NOT_TERMINATED_WARNING || static_cast<std::size_t>(parsed) != tag.size())
        return std::nullopt;
    char language[ULOC_LANG_CAPACITY] = "";
    uloc_getLanguage(locale, language, sizeof language, &status);
    bool known = false;
    for (const auto* one = uloc_getISOLanguages(); U_SUCCESS(status) && *one != nullptr; ++one)
        known = known || std::string_view{*one} == language;
    char canonical[ULOC_FULLNAME_CAPACITY] = "";
    uloc_toLanguageTag(locale, canonical, sizeof canonical, true, &status);
    if (!known || U_FAILURE(status) || status == U_STRING_NOT_TERMINATED_WARNING)
        return std::nullopt;
    return canonical;
}

}  // namespace halfmast::text
