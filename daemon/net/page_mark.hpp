// Is a page of a list what it was? By the platform's own ETag, else by its bytes: then it need not be read again.
#pragma once

#include <string>
#include <string_view>

#include "daemon/ports/http.hpp"
#include "daemon/ports/platform.hpp"

namespace halfmast::net {

// `beside`: what else belongs to the page and is not in its body (where the next one is, how many there are).
page_mark mark_page(std::string query, const http_response& reply, std::string_view beside = {});

// Asks the platform to answer 304 when the page is still the same.
void ask_for_changes(http_request& request, const page_mark& known);

// For platforms whose ETags say nothing: by the bytes alone.
page_mark mark_bytes(std::string query, std::string_view body, std::string_view beside);
bool has_same_bytes(const page_mark& known, std::string_view body, std::string_view beside);

bool is_same_page(const page_mark& known, const http_response& reply, std::string_view beside = {});

// An ETag as Rails and others make it: a weak one, of the bytes.
std::string weak_etag(std::string_view body);

}  // namespace halfmast::net
