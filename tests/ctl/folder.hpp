// A folder of a test's own that goes away with it.
#pragma once

#include <filesystem>
#include <fstream>
#include <set>
#include <stdexcept>
#include <string>

#include <stdlib.h>

namespace halfmast::ctl::tests {

class folder {
public:
    folder()
    {
        auto name = (std::filesystem::temp_directory_path() / "ctl-XXXXXX").string();
        if (mkdtemp(name.data()) == nullptr)
            throw std::runtime_error("no folder for the test");
        path_ = name;
    }
    ~folder()
    {
        std::error_code ignored;
        std::filesystem::remove_all(path_, ignored);
    }
    folder(const folder&) = delete;
    folder& operator=(const folder&) = delete;

    const std::string& path() const { return path_; }
    std::string operator/(const std::string& name) const { return path_ + "/" + name; }

    void write(const std::string& name, const std::string& text) const { std::ofstream{path_ + "/" + name} << text; }

    std::string read(const std::string& name) const
    {
        std::ifstream file{path_ + "/" + name};
        return {std::istreambuf_iterator<char>{file}, {}};
    }

    std::set<std::string> names(const std::string& below) const
    {
        std::set<std::string> all;
        for (const auto& entry : std::filesystem::directory_iterator(path_ + "/" + below))
            all.insert(entry.path().filename().string());
        return all;
    }

private:
    std::string path_;
};

}  // namespace halfmast::ctl::tests
