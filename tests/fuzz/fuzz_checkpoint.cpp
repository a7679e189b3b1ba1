// A signed head from anywhere: it is read or refused, and what was read is written and read again as the same.
#include <cstdint>
#include <cstdlib>

#include "daemon/audit/checkpoint.hpp"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size)
{
    auto read = halfmast::audit::parse_checkpoint({reinterpret_cast<const char*>(data), size});
    if (!read)
        return 0;
    (void)halfmast::audit::signature_holds(*read);
    auto again = halfmast::audit::parse_checkpoint(halfmast::audit::to_json(*read));
    if (!again || halfmast::audit::signed_bytes(*again) != halfmast::audit::signed_bytes(*read))
        std::abort();
    return 0;
}
