// Case folding and counting.
#include "daemon/text/text.hpp"

#include <algorithm>
#include <memory>

#include <unicode/brkiter.h>
#include <unicode/bytestream.h>
#include <unicode/normalizer2.h>
#include <unicode/stringpiece.h>
#include <unicode/uchar.h>

#include "daemon/text/utf8.hpp"

namespace halfmast::text {

namespace {

// One shared immutable instance; ICU owns it.
const icu::Normalizer2* case_folder()
{
    static const icu::Normalizer2* instance = [] {
        UErrorCode status = U_ZERO_ERROR;
        const auto* found = icu::Normalizer2::getNFKCCasefoldInstance(status);
        return U_SUCCESS(status) ? found : nullptr;
    }();
    return instance;
}

bool is_ascii(std::string_view bytes)
{
    return std::all_of(bytes.begin(), bytes.end(), [](char c) { return static_cast<unsigned char>(c) < 0x80; });
}

bool is_valid(std::string_view utf8)
{
    for (std::size_t at = 0; at < utf8.size();) {
        const auto* bytes = reinterpret_cast<const std::uint8_t*>(utf8.data());
        if (bytes[at] < 0x80) {
            ++at;
            continue;
        }
        UChar32 c = 0;
        auto here = static_cast<std::int64_t>(at);
        U8_NEXT(bytes, here, static_cast<std::int64_t>(utf8.size()), c);
        if (c < 0)
            return false;
        at = static_cast<std::size_t>(here);
    }
    return true;
}

bool is_ascii_blank(unsigned char c) { return c == ' ' || (c >= '\t' && c <= '\r') || (c >= 0x1C && c <= 0x1F); }

// Most posts of most schedulers are mostly ASCII: no tables needed for those.
std::string fold_ascii(std::string_view ascii)
{
    std::string out;
    out.reserve(ascii.size());
    bool blank = false;
    for (const char c : ascii) {
        if (is_ascii_blank(static_cast<unsigned char>(c))) {
            blank = !out.empty();
            continue;
        }
        if (blank)
            out.push_back(' ');
        blank = false;
        out.push_back(c >= 'A' && c <= 'Z' ? static_cast<char>(c - 'A' + 'a') : c);
    }
    return out;
}

std::string collapse_blanks(std::string_view valid)
{
    std::string out;
    out.reserve(valid.size());
    bool blank = false;
    for (std::size_t at = 0; at < valid.size();) {
        const auto start = at;
        const auto c = next(valid, at);
        if (c < 0x80 ? is_ascii_blank(static_cast<unsigned char>(c)) : u_isUWhiteSpace(static_cast<UChar32>(c)) != 0) {
            blank = !out.empty();
            continue;
        }
        if (blank)
            out.push_back(' ');
        blank = false;
        out.append(valid, start, at - start);
    }
    return out;
}

}  // namespace

std::string repaired(std::string_view utf8)
{
    if (is_valid(utf8))
        return std::string(utf8);
    std::string out;
    out.reserve(utf8.size() + 16);
    for (std::size_t at = 0; at < utf8.size();)
        append(out, next(utf8, at));
    return out;
}

std::string fold(std::string_view utf8)
{
    if (is_ascii(utf8))
        return fold_ascii(utf8);
    const auto* folder = case_folder();
    const auto sound = repaired(utf8);
    if (folder == nullptr || sound.size() > static_cast<std::size_t>(INT32_MAX))
        return collapse_blanks(sound);  // ICU's data is not there or cannot count so far: better unfolded than nothing
    std::string folded;
    folded.reserve(sound.size());
    icu::StringByteSink<std::string> sink(&folded);
    UErrorCode status = U_ZERO_ERROR;
    folder->normalizeUTF8(0, icu::StringPiece(sound.data(), static_cast<std::int32_t>(sound.size())), sink, nullptr, status);
    return collapse_blanks(U_SUCCESS(status) ? folded : sound);
}

std::size_t length(std::string_view utf8)
{
    std::size_t count = 0;
    for (std::size_t at = 0; at < utf8.size(); ++count)
        next(utf8, at);
    return count;
}

std::size_t graphemes(std::string_view utf8)
{
    const auto sound = repaired(utf8);
    UErrorCode status = U_ZERO_ERROR;
    const std::unique_ptr<icu::BreakIterator> breaks(icu::BreakIterator::createCharacterInstance(icu::Locale::getRoot(), status));
    UText view = UTEXT_INITIALIZER;
    utext_openUTF8(&view, sound.data(), static_cast<std::int64_t>(sound.size()), &status);
    std::size_t count = 0;
    if (U_SUCCESS(status))
        breaks->setText(&view, status);
    if (U_FAILURE(status))
        count = length(sound);  // ICU's data is not there: never fewer than there are
    else
        while (breaks->next() != icu::BreakIterator::DONE)
            ++count;
    utext_close(&view);
    return count;
}

}  // namespace halfmast::text
