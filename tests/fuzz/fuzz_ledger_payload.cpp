// A ledger that somebody else wrote: whatever stands in a payload, decode gives a record or a problem; and a record that was read
// once is written and read again as the same.
#include <cstdint>
#include <cstdlib>

#include "daemon/store/codec.hpp"
#include "daemon/store/history.hpp"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size)
{
    std::string_view payload{reinterpret_cast<const char*>(data), size};
    (void)halfmast::store::targets_of(payload);
    auto record = halfmast::store::decode(payload);
    if (!record)
        return 0;
    auto written = halfmast::store::encode(*record);
    auto again = halfmast::store::decode(written.payload);
    if (!again || halfmast::store::encode(*again).payload != written.payload)
        std::abort();
    return 0;
}
