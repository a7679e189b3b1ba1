// The parameters of a request as Rails would hand them to a controller: query, form, multipart or JSON, nested by brackets.
// Pure. JSON stays in forms.cpp.
#pragma once

#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include <nlohmann/json_fwd.hpp>

#include "daemon/net/http_server.hpp"

namespace halfmast::sandbox {

struct uploaded_file {
    std::string field;
    std::string file_name;
    std::string content_type;
    std::string bytes;
};

class parameters {
public:
    static parameters read(const net::server_request& request);

    [[nodiscard]] bool malformed() const { return malformed_; }  // a JSON body that is none
    [[nodiscard]] bool typed() const { return typed_; }          // came as JSON
    [[nodiscard]] bool has(std::string_view name) const;         // there and not null
    [[nodiscard]] std::optional<std::string> text(std::string_view name) const;
    [[nodiscard]] std::optional<std::int64_t> number(std::string_view name) const;
    [[nodiscard]] std::optional<bool> flag(std::string_view name) const;
    [[nodiscard]] std::vector<std::string> list(std::string_view name) const;  // a[]=1&a[]=2, a[0]=1, ["1"], or one value
    [[nodiscard]] parameters inside(std::string_view name) const;              // poll[...]; empty when there is none
    [[nodiscard]] std::vector<parameters> each_inside(std::string_view name) const;
    [[nodiscard]] const uploaded_file* file(std::string_view name) const;

private:
    parameters();
    [[nodiscard]] const nlohmann::json* find(std::string_view name) const;

    std::shared_ptr<const nlohmann::json> values_;
    std::shared_ptr<const std::vector<uploaded_file>> files_;
    bool typed_ = false;
    bool malformed_ = false;
};

}  // namespace halfmast::sandbox
