// The platforms the contract suite runs for; a new connector adds its fake here.
#include "tests/contract/mastodon_fake.hpp"

namespace halfmast::contract {

std::vector<maker> platforms()
{
    return {
        {"mastodon", make_mastodon},
    };
}

}  // namespace halfmast::contract
