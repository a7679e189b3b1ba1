// The web console as bytes: its built files in one table inside the program, and the handler that serves them in front of the API's.
// Knows no route, no session and no crisis: what the pages show and change, they ask the API for, like everybody else.
#pragma once

#include <optional>
#include <span>
#include <string_view>

#include "daemon/net/http_server.hpp"

namespace halfmast::console {

// One built file. Points into the program itself, so it lives as long as that runs.
struct asset {
    std::string_view path;  // "/index.html", "/assets/main-Dk3x.js"
    std::string_view type;  // Content-Type
    std::string_view etag;  // of the plain bytes, without quotes
    std::string_view plain;
    std::string_view gzip;  // the same, compressed; empty where that saves nothing
    bool hashed = false;    // its name holds a hash of its content: it never changes
};

// Made by the build (embed.mjs); empty in a program that was built without the console.
std::span<const asset> assets();

// `path` is that of the request, still percent-encoded. The console's own pages ("/", "/queue", "/queue/acme-blog") all give index.html:
// which page it is, the script finds out. nullopt: not the console's.
std::optional<asset> find_asset(std::string_view path);

// Answers what is the console's (GET and HEAD, with ETag, gzip where the client takes it, and the headers that let the page load from
// here alone) and hands everything else on, unchanged. Without a console everything is handed on. Any thread.
net::request_handler in_front_of(net::request_handler others);

}  // namespace halfmast::console
