// Lines of a program, of any bytes: what is no answer is nothing, and what is one has a result or a problem with words.
#include <cstdlib>

#include "connectors/exec/wire.hpp"

namespace wire = halfmast::exec::wire;

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size)
{
    halfmast::exec::settings own;
    own.account = "fuzz";
    own.secret = "s3cret";
    own.rungs = {{halfmast::rung::draft}};
    std::string_view line(reinterpret_cast<const char*>(data), size);
    if (wire::shown(own, line).find("s3cret") != std::string::npos)
        std::abort();
    auto answer = wire::read_line(own, line);
    if (!answer)
        return 0;
    if (answer->trouble && answer->trouble->detail.empty())
        std::abort();
    halfmast::read_posts asked;
    asked.wanted.push_back({halfmast::post_id{"a"}, halfmast::post_id{"a"}, halfmast::rung::draft, nullptr});
    if (auto offer = wire::read_offer(own, answer->given))
        wire::missing_in(*offer, own);
    if (auto list = wire::read_list(own, answer->given))
        for (const auto& post : list->items)
            if (post.id.empty() || !post.raw)
                std::abort();
    wire::read_readings(own, asked, answer->given);
    wire::read_receipt(own, "try", answer->given);
    wire::read_text(halfmast::post_id{"7"}, answer->given);
    wire::read_pins(own, answer->given);
    wire::read_feed(own, answer->given);
    if (auto seen = wire::read_mentions(own, answer->given); seen && seen->cursor.empty())
        std::abort();
    wire::read_checks(answer->given);
    return 0;
}
