// Certificates for tests, made on the spot: an authority, and what it signs.
#pragma once

#include <fstream>
#include <memory>
#include <stdexcept>
#include <string>

#include <openssl/evp.h>
#include <openssl/pem.h>
#include <openssl/x509v3.h>

namespace halfmast::net::testing {

class certificate {
public:
    // Signed by `issuer`, or by itself.
    explicit certificate(const std::string& name, const certificate* issuer = nullptr)
        : key_(::EVP_EC_gen("P-256"), &::EVP_PKEY_free),
          own_(::X509_new(), &::X509_free)
    {
        static long serial = 1;
        ::X509_set_version(own_.get(), 2);
        ::ASN1_INTEGER_set(::X509_get_serialNumber(own_.get()), serial++);
        ::X509_gmtime_adj(::X509_getm_notBefore(own_.get()), -3600);
        ::X509_gmtime_adj(::X509_getm_notAfter(own_.get()), 3600);
        ::X509_set_pubkey(own_.get(), key_.get());
        auto* subject = ::X509_get_subject_name(own_.get());
        ::X509_NAME_add_entry_by_txt(subject, "CN", MBSTRING_UTF8, reinterpret_cast<const unsigned char*>(name.c_str()), -1, -1, 0);
        ::X509_set_issuer_name(own_.get(), issuer == nullptr ? subject : ::X509_get_subject_name(issuer->own_.get()));
        add(NID_basic_constraints, issuer == nullptr ? "critical,CA:TRUE" : "critical,CA:FALSE");
        add(NID_subject_alt_name, "DNS:localhost,IP:127.0.0.1");
        if (::X509_sign(own_.get(), (issuer == nullptr ? *this : *issuer).key_.get(), ::EVP_sha256()) == 0)
            throw std::runtime_error("cannot sign a certificate");
    }

    void write(const std::string& certificate_file, const std::string& key_file) const
    {
        std::unique_ptr<BIO, decltype(&::BIO_free)> out{::BIO_new_file(certificate_file.c_str(), "w"), &::BIO_free};
        ::PEM_write_bio_X509(out.get(), own_.get());
        std::unique_ptr<BIO, decltype(&::BIO_free)> keys{::BIO_new_file(key_file.c_str(), "w"), &::BIO_free};
        ::PEM_write_bio_PrivateKey(keys.get(), key_.get(), nullptr, nullptr, 0, nullptr, nullptr);
    }

private:
    void add(int what, const char* value)
    {
        auto* extension = ::X509V3_EXT_conf_nid(nullptr, nullptr, what, value);
        ::X509_add_ext(own_.get(), extension, -1);
        ::X509_EXTENSION_free(extension);
    }

    std::unique_ptr<EVP_PKEY, decltype(&::EVP_PKEY_free)> key_;
    std::unique_ptr<X509, decltype(&::X509_free)> own_;
};

}  // namespace halfmast::net::testing
