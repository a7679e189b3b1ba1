// The platforms the contract suite runs for; a new connector adds its fake here.
#include "tests/contract/ghost_fake.hpp"
#include "tests/contract/bluesky_fake.hpp"
#include "tests/contract/exec_fake.hpp"
#include "tests/contract/mastodon_fake.hpp"
#include "tests/contract/rest_fake.hpp"
#include "tests/contract/wordpress_fake.hpp"

namespace halfmast::contract {

std::vector<maker> platforms()
{
    return {
        {"ghost", make_ghost},
        {"ghost, a theme without featured posts", make_plain_ghost},
        {"bluesky", make_bluesky},
        {"bluesky, without AppView", make_bluesky_alone},
        {"mastodon", make_mastodon},
        {"wordpress", make_wordpress},
        {"wordpress, plain permalinks", make_plain_wordpress},
        {"rest, the description of WordPress", make_rest_wordpress},
        {"exec, the folder of dated files", make_exec_folder},
    };
}

}  // namespace halfmast::contract
