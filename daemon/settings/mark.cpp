#include "daemon/settings/mark.hpp"

#include <cstring>

namespace halfmast::settings {

namespace {

constexpr std::uint64_t fnv_start = 14695981039346656037u;
constexpr std::uint64_t fnv_factor = 1099511628211u;

// FNV-1a, 64 bits, over everything with its kind and its length: no two ways to write different settings give the same bytes.
class marker {
public:
    explicit marker(std::uint64_t start) : value_(start == 0 ? fnv_start : start) {}

    void add(const toml::table& table, std::string_view without = "\n")
    {
        word(table.size() - (table.contains(without) ? 1 : 0));
        for (const auto& [key, node] : table) {
            if (key.str() == without)
                continue;
            text(key.str());
            add(node);
        }
    }
    void add(const toml::node& node)
    {
        word(static_cast<std::uint64_t>(node.type()));
        if (const auto* table = node.as_table())
            add(*table);
        else if (const auto* list = node.as_array()) {
            word(list->size());
            for (const auto& one : *list)
                add(one);
        } else if (const auto* string = node.as_string())
            text(string->get());
        else if (const auto* number = node.as_integer())
            word(static_cast<std::uint64_t>(number->get()));
        else if (const auto* real = node.as_floating_point())
            bits(real->get());
        else if (const auto* flag = node.as_boolean())
            word(flag->get() ? 1 : 0);
        else if (const auto* day = node.as_date())
            add(day->get());
        else if (const auto* hour = node.as_time())
            add(hour->get());
        else if (const auto* moment = node.as_date_time()) {
            add(moment->get().date);
            add(moment->get().time);
            word(moment->get().offset ? static_cast<std::uint64_t>(moment->get().offset->minutes) + 1'000'000 : 0);
        }
    }
    [[nodiscard]] std::uint64_t value() const { return value_; }

private:
    void byte(unsigned char one) { value_ = (value_ ^ one) * fnv_factor; }
    void word(std::uint64_t number)
    {
        for (int i = 0; i < 8; ++i)
            byte(static_cast<unsigned char>(number >> (8 * i)));
    }
    void text(std::string_view bytes)
    {
        word(bytes.size());
        for (char c : bytes)
            byte(static_cast<unsigned char>(c));
    }
    void bits(double number)
    {
        std::uint64_t same = 0;
        static_assert(sizeof same == sizeof number);
        std::memcpy(&same, &number, sizeof same);
        word(same);
    }
    void add(const toml::date& day) { word((static_cast<std::uint64_t>(day.year) << 16) + (day.month << 8) + day.day); }
    void add(const toml::time& hour)
    {
        word((static_cast<std::uint64_t>(hour.hour) << 16) + (hour.minute << 8) + hour.second);
        word(hour.nanosecond);
    }

    std::uint64_t value_;
};

}  // namespace

void mark_settings(const toml::table& file, bool is_main, settings& made)
{
    if (!is_main) {
        marker more{made.mark};
        more.add(file);
        made.mark = more.value();
        return;
    }
    marker all{made.mark};
    all.add(file, "access");
    made.mark = all.value();
    marker access{0};
    if (const auto* table = file.get("access"))
        access.add(*table);
    made.access_mark = access.value();
}

}  // namespace halfmast::settings
