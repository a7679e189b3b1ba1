#include "daemon/net/tls.hpp"

#include <stdexcept>

#include <boost/asio/ssl/impl/src.hpp>

#include <openssl/ssl.h>
#include <openssl/x509.h>

namespace halfmast::net {

namespace {

using boost::system::error_code;

[[noreturn]] void refuse_file(const std::string& what, const std::string& path, const error_code& error)
{
    throw std::runtime_error(what + " " + path + " cannot be used: " + error.message());
}

}  // namespace

std::shared_ptr<tls_context> make_tls_context(const tls_files& files)
{
    auto made = std::make_shared<tls_context>(asio::ssl::context::tls_server);
    auto* raw = made->native_handle();
    ::SSL_CTX_set_min_proto_version(raw, TLS1_2_VERSION);
    ::SSL_CTX_set_options(raw, SSL_OP_NO_RENEGOTIATION | SSL_OP_CIPHER_SERVER_PREFERENCE | SSL_OP_NO_COMPRESSION);
    // Of 1.2 only what keeps old traffic secret when the key gets out; 1.3 has nothing else.
    if (::SSL_CTX_set_cipher_list(raw, "ECDHE+AESGCM:ECDHE+CHACHA20") != 1)
        throw std::runtime_error("this OpenSSL has none of the ciphers that are used here");
    ::SSL_CTX_set_session_cache_mode(raw, SSL_SESS_CACHE_OFF);
    error_code error;
    made->use_certificate_chain_file(files.certificate, error);
    if (error)
        refuse_file("certificate", files.certificate, error);
    made->use_private_key_file(files.key, asio::ssl::context::pem, error);
    if (error)
        refuse_file("with certificate " + files.certificate + " key", files.key, error);  // also when it is another one's
    if (files.client_ca.empty())
        return made;
    made->load_verify_file(files.client_ca, error);
    if (error)
        refuse_file("client_ca", files.client_ca, error);
    if (auto* names = ::SSL_load_client_CA_file(files.client_ca.c_str()))
        ::SSL_CTX_set_client_CA_list(raw, names);
    static constexpr unsigned char id[] = "halfmast";
    ::SSL_CTX_set_session_id_context(raw, id, sizeof id - 1);
    made->set_verify_mode(asio::ssl::verify_peer, error);  // one is not required, but what is shown must be good
    return made;
}

std::string name_of_peer(tls_stream& stream)
{
    auto* shown = ::SSL_get1_peer_certificate(stream.native_handle());
    if (shown == nullptr)
        return {};
    std::string name;
    if (::SSL_get_verify_result(stream.native_handle()) == X509_V_OK) {
        auto* subject = ::X509_get_subject_name(shown);
        int at = ::X509_NAME_get_index_by_NID(subject, NID_commonName, -1);
        unsigned char* text = nullptr;
        if (at >= 0)
            if (int size = ::ASN1_STRING_to_UTF8(&text, ::X509_NAME_ENTRY_get_data(::X509_NAME_get_entry(subject, at))); size > 0)
                name.assign(reinterpret_cast<char*>(text), static_cast<std::size_t>(size));
        ::OPENSSL_free(text);
    }
    ::X509_free(shown);
    return name;
}

}  // namespace halfmast::net
