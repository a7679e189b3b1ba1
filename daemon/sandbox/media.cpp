// /api/v1/media, /api/v2/media: upload, look, describe; and the files themselves under /media.
#include "daemon/sandbox/media.hpp"

#include <algorithm>
#include <charconv>

#include <nlohmann/json.hpp>

#include "daemon/sandbox/routes.hpp"
#include "daemon/sandbox/values.hpp"

namespace halfmast::sandbox {

namespace {

int big_endian(std::string_view bytes, std::size_t at, int length)
{
    auto value = 0;
    for (auto index = 0; index < length; ++index)
        value = value << 8 | static_cast<unsigned char>(bytes[at + static_cast<std::size_t>(index)]);
    return value;
}

int little_endian(std::string_view bytes, std::size_t at)
{
    return static_cast<unsigned char>(bytes[at]) | static_cast<unsigned char>(bytes[at + 1]) << 8;
}

void size_of_jpeg(media& file, std::string_view bytes)
{
    auto at = std::size_t{2};
    while (at + 9 < bytes.size() && static_cast<unsigned char>(bytes[at]) == 0xff) {
        const auto marker = static_cast<unsigned char>(bytes[at + 1]);
        const auto frame = marker >= 0xc0 && marker <= 0xcf && marker != 0xc4 && marker != 0xc8 && marker != 0xcc;
        if (frame) {
            file.height = big_endian(bytes, at + 5, 2);
            file.width = big_endian(bytes, at + 7, 2);
            return;
        }
        at += 2 + static_cast<std::size_t>(big_endian(bytes, at + 2, 2));
    }
}

void set_kind(media& file, const char* type, const char* content_type, const char* extension)
{
    file.type = type;
    file.content_type = content_type;
    file.extension = extension;
}

// "0.5,-0.25"
void read_focus(const std::string& text, double& x, double& y)
{
    const auto comma = text.find(',');
    if (comma == std::string::npos)
        return;
    auto number = [](std::string_view part) {
        auto value = 0.0;
        std::from_chars(part.data(), part.data() + part.size(), value);
        return std::clamp(value, -1.0, 1.0);
    };
    x = number(std::string_view{text}.substr(0, comma));
    y = number(std::string_view{text}.substr(comma + 1));
}

reply take_upload(call& from, milliseconds processing)
{
    const auto* sent = from.params.file("file");
    if (sent == nullptr || sent->bytes.empty())
        return invalid({"File can't be blank"});
    auto file = media{};
    file.bytes = std::make_shared<const std::string>(sent->bytes);
    recognise(file, sent->content_type);
    if (file.type == "unknown")
        return invalid({"File content type is invalid"});
    file.description = from.params.text("description");
    read_focus(from.params.text("focus").value_or(""), file.focus_x, file.focus_y);
    file.uploaded = from.now;
    file.ready = from.now + processing;
    const auto& stored = from.state.upload(*from.who, std::move(file));
    return answer(media_entity(from.view(), stored), stored.ready > from.now ? 202 : 200);
}

reply upload_at_once(call& from) { return take_upload(from, milliseconds{0}); }

reply upload(call& from) { return take_upload(from, from.set.media_processing); }

media* own_file(call& from)
{
    auto* file = from.state.find_media(from.key());
    return file != nullptr && file->owner == from.who->key ? file : nullptr;
}

reply show_file(call& from)
{
    const auto* file = own_file(from);
    if (file == nullptr || file->published_status)
        return not_found();
    return answer(media_entity(from.view(), *file), file->ready > from.now ? 206 : 200);
}

reply change(call& from)
{
    auto* file = own_file(from);
    if (file == nullptr || file->published_status)
        return not_found();
    auto description = file->description;
    if (from.params.has("description"))
        description = from.params.text("description");
    auto x = file->focus_x;
    auto y = file->focus_y;
    read_focus(from.params.text("focus").value_or(""), x, y);
    from.state.describe(*file, std::move(description), x, y);
    return answer(media_entity(from.view(), *file));
}

reply remove_file(call& from)
{
    const auto* file = own_file(from);
    if (file == nullptr)
        return not_found();
    if (file->published_status)
        return refuse(422, "Media attachment is currently used by an existing status");
    from.state.discard(file->key);
    return answer(nlohmann::json::object());
}

reply download(call& from)
{
    const auto* file = from.state.find_media(from.key());
    if (file == nullptr) {
        auto gone = reply{404, "Not Found"};
        gone.content_type = "text/plain";
        return gone;
    }
    auto made = reply{200, *file->bytes};
    made.content_type = file->content_type;
    made.headers.emplace_back("Cache-Control", "public, max-age=315576000, immutable");
    return made;
}

}  // namespace

void recognise(media& file, std::string_view claimed)
{
    const auto bytes = std::string_view{*file.bytes};
    if (bytes.starts_with("\x89PNG\r\n\x1a\n") && bytes.size() >= 24) {
        set_kind(file, "image", "image/png", ".png");
        file.width = big_endian(bytes, 16, 4);
        file.height = big_endian(bytes, 20, 4);
    } else if (bytes.starts_with("\xff\xd8\xff")) {
        set_kind(file, "image", "image/jpeg", ".jpg");
        size_of_jpeg(file, bytes);
    } else if ((bytes.starts_with("GIF87a") || bytes.starts_with("GIF89a")) && bytes.size() >= 10) {
        set_kind(file, "gifv", "image/gif", ".gif");
        file.width = little_endian(bytes, 6);
        file.height = little_endian(bytes, 8);
    } else if (bytes.starts_with("RIFF") && bytes.substr(std::min<std::size_t>(8, bytes.size())).starts_with("WEBP")) {
        set_kind(file, "image", "image/webp", ".webp");
    } else if (claimed.starts_with("image/")) {
        set_kind(file, "image", "image/png", ".png");
        file.content_type = claimed;
    } else if (claimed.starts_with("video/")) {
        set_kind(file, "video", "video/mp4", ".mp4");
    } else if (claimed.starts_with("audio/")) {
        set_kind(file, "audio", "audio/mpeg", ".mp3");
    } else {
        set_kind(file, "unknown", "application/octet-stream", ".bin");
    }
}

void add_media_routes(std::vector<route>& table)
{
    table.push_back({"POST", "/api/v1/media", needs::user, upload_at_once});
    table.push_back({"POST", "/api/v2/media", needs::user, upload});
    table.push_back({"GET", "/api/v1/media/:id", needs::user, show_file});
    table.push_back({"PUT", "/api/v1/media/:id", needs::user, change});
    table.push_back({"DELETE", "/api/v1/media/:id", needs::user, remove_file});
    table.push_back({"GET", "/media/:id/:file", needs::nobody, download});
}

}  // namespace halfmast::sandbox
