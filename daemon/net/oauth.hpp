// OAuth 2 (RFC 6749) as values: what a token server is asked, and what its answer means. Pure: no sockets, no clock. Takes any bytes
// as an answer and never throws; no text it makes holds a secret. oauth_http keeps the tokens and sends.
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "daemon/ports/http.hpp"
#include "daemon/ports/secret.hpp"

namespace halfmast::net {

enum class oauth_grant {
    refresh_token,       // a person has authorized the application once; each use may give the next token
    client_credentials,  // the application itself is the user
};

// How the application proves who it is.
enum class oauth_proof {
    basic,  // Authorization: Basic
    body,   // client_id and client_secret in the form
};

struct oauth_account {
    std::string name;  // for texts: "Scheduler (rest)"
    std::string token_url;
    oauth_grant grant = oauth_grant::refresh_token;
    oauth_proof proof = oauth_proof::basic;
    std::string client_id;
    secret client_secret;             // empty: a public client, which has none
    std::vector<std::string> scopes;  // needed; asked for where the grant asks
    secret seed;                      // the refresh token as a person put it into the settings
};

struct oauth_tokens {
    secret access;
    secret refresh;                         // empty: the server gave none
    std::optional<time_point> access_ends;  // by our clock; unknown where the server does not say
    std::optional<time_point> refresh_ends;
    std::optional<std::vector<std::string>> scopes;  // granted; nothing: the server did not say, so as asked
};

http_request token_request(const oauth_account& own, const secret& refresh);

// `came` is the moment of the answer. Wipes the answer's body. Problems:
//   auth_expired   refused: the text says what a person has to do
//   rate_limited, rejected (there is no such call)
//   unknown_outcome, bad_reply   the answer is lost, and with it maybe the token that was shown
result<oauth_tokens> read_tokens(const oauth_account& own, const secret& shown, http_response& reply, time_point came);

// The scopes of `wanted` that were not granted. A wide one covers its parts: "write" covers "write:statuses".
std::vector<std::string> missing_scopes(const std::vector<std::string>& wanted, const std::vector<std::string>& granted);

// A 401 that says that the token was looked at and the request was not: it may be sent again whatever it does.
bool refused_for_token(const http_response& reply);

// What is kept over a restart, as one text.
struct oauth_kept {
    oauth_tokens tokens;
    std::string seed_print;         // of the seed these tokens come from: another one in the settings is newer than all of this
    std::optional<bool> end_moves;  // each renewal moved refresh_ends on, or it stayed; unknown after the first one
};

std::string print_of_secret(const secret& text);  // SHA-256 in hex
secret dump_kept(const oauth_kept& what);
// Nothing when it is not what dump_kept makes.
std::optional<oauth_kept> parse_kept(const secret& text);

}  // namespace halfmast::net
