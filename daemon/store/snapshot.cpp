#include "daemon/store/snapshot.hpp"

#include <array>
#include <exception>
#include <fstream>

#include "daemon/audit/chain.hpp"
#include "daemon/audit/files.hpp"
#include "daemon/store/packing.hpp"

namespace halfmast::store {

namespace {

constexpr std::size_t most_snapshot = std::size_t{4} << 30;
constexpr std::size_t digest_size = std::tuple_size_v<audit::digest>;

// Another version may fold the same records to another state, and another layout reads other members.
std::string first_line()
{
    auto layout = packing::layout_of<state, account_state, hold, summary, public_copy, public_act, halfmast::statement, edition,
                                     reply, task, crisis, scheduled_post, readiness, ability_state, page_book, open_page_state,
                                     page, page_group, page_delivery, proposal_book, proposal, release_order, post_remarks, ask>();
    return "halfmast-snapshot-1 " HALFMAST_VERSION " " + std::to_string(layout) + "\n";
}

std::string path_of(const std::string& state_dir) { return state_dir + "/snapshot"; }

struct file_parts {
    std::int64_t seq = 0;
    std::string hash;
    std::string_view body;
};

// What stands before the body: the line above, the number as text in a line of its own, the record's hash.
std::optional<file_parts> read_front(std::string_view bytes)
{
    auto line = first_line();
    if (!bytes.starts_with(line))
        return std::nullopt;
    bytes.remove_prefix(line.size());
    auto end = bytes.find('\n');
    if (end == bytes.npos || end > 19 || bytes.size() < end + 1 + digest_size)
        return std::nullopt;
    file_parts parts;
    for (char c : bytes.substr(0, end)) {
        if (c < '0' || c > '9')
            return std::nullopt;
        parts.seq = parts.seq * 10 + (c - '0');
    }
    parts.hash = bytes.substr(end + 1, digest_size);
    parts.body = bytes.substr(end + 1 + digest_size);
    return parts;
}

}  // namespace

std::string pack(const state& known)
{
    packing::packer to;
    packing::write(to, known);
    return to.take();
}

std::optional<state> unpack(std::string_view bytes)
{
    try {
        packing::unpacker from{bytes};
        state known;
        packing::read(from, known);
        if (from.at_end())
            return known;
    } catch (const std::exception&) {
        // A cache that cannot be read is as good as none.
    }
    return std::nullopt;
}

std::optional<snapshot> read_snapshot(const std::string& state_dir)
{
    auto bytes = audit::read_file(path_of(state_dir), most_snapshot);
    if (!bytes || bytes->size() < digest_size)
        return std::nullopt;
    std::string_view content{*bytes};
    auto sum = content.substr(content.size() - digest_size);
    content.remove_suffix(digest_size);
    if (audit::view(audit::sha256(content)) != sum)
        return std::nullopt;
    auto parts = read_front(content);
    if (!parts)
        return std::nullopt;
    auto known = unpack(parts->body);
    if (!known)
        return std::nullopt;
    return snapshot{std::move(*known), parts->seq, std::move(parts->hash)};
}

result<void> write_snapshot(const std::string& state_dir, const snapshot& made)
{
    packing::packer to{first_line() + std::to_string(made.seq) + "\n" + made.hash};  // in one piece: it may be large
    packing::write(to, made.known);
    auto bytes = to.take();
    bytes += audit::view(audit::sha256(bytes));
    return audit::replace_file(path_of(state_dir), bytes, 0600);
}

std::int64_t snapshot_seq(const std::string& state_dir)
{
    std::ifstream file(path_of(state_dir), std::ios::binary);
    std::array<char, 256> front{};
    file.read(front.data(), front.size());
    auto parts = read_front({front.data(), static_cast<std::size_t>(file.gcount())});
    return parts ? parts->seq : 0;
}

}  // namespace halfmast::store
