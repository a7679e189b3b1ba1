// TLS of the server on OpenSSL: 1.2 and 1.3, its files, and who showed a certificate. Internal to this room.
#pragma once

#include <memory>
#include <string>

#include <boost/asio/generic/stream_protocol.hpp>
#include <boost/asio/ssl/context.hpp>
#include <boost/asio/ssl/stream.hpp>

#include "daemon/net/http_server.hpp"

namespace halfmast::net {

using tls_context = asio::ssl::context;
using tls_stream = asio::ssl::stream<asio::generic::stream_protocol::socket&>;

// Throws std::runtime_error with the file and what is wrong with it.
std::shared_ptr<tls_context> make_tls_context(const tls_files& files);

// The common name of the peer's certificate, which was verified; "" when it showed none.
std::string name_of_peer(tls_stream& stream);

}  // namespace halfmast::net
