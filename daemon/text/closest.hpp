// "Did you mean": the candidate nearest to a mistyped word. Header only and without ICU: rooms that do not link this one use it too.
#pragma once

#include <algorithm>
#include <cstddef>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace halfmast::text {

// How many single edits (insert, drop, replace, swap of neighbours) lie between two words; gives `most` + 1 when there are more.
inline std::size_t edit_distance(std::string_view left, std::string_view right, std::size_t most)
{
    auto gap = left.size() > right.size() ? left.size() - right.size() : right.size() - left.size();
    if (gap > most)
        return most + 1;
    // Three rows are enough: a swap looks back two.
    std::vector<std::size_t> before_last(right.size() + 1), last(right.size() + 1), row(right.size() + 1);
    for (std::size_t j = 0; j <= right.size(); ++j)
        last[j] = j;
    for (std::size_t i = 1; i <= left.size(); ++i) {
        row[0] = i;
        auto smallest = row[0];
        for (std::size_t j = 1; j <= right.size(); ++j) {
            auto replaced = last[j - 1] + (left[i - 1] == right[j - 1] ? 0 : 1);
            row[j] = std::min({replaced, last[j] + 1, row[j - 1] + 1});
            if (i > 1 && j > 1 && left[i - 1] == right[j - 2] && left[i - 2] == right[j - 1])
                row[j] = std::min(row[j], before_last[j - 2] + 1);
            smallest = std::min(smallest, row[j]);
        }
        if (smallest > most)
            return most + 1;
        std::swap(before_last, last);
        std::swap(last, row);
    }
    return std::min(last[right.size()], most + 1);
}

// A third of the word may be wrong, never more than three letters: beyond that a suggestion only misleads.
inline std::size_t most_edits(std::string_view word) { return std::clamp<std::size_t>(word.size() / 3, 1, 3); }

// Keeps the nearest of the words offered to it, the first one among equals.
class nearest {
public:
    explicit nearest(std::string_view word) : word_(word), best_(most_edits(word) + 1) {}

    // The word itself is no suggestion.
    void offer(std::string_view candidate)
    {
        if (candidate == word_)
            return;
        if (auto distance = edit_distance(word_, candidate, best_ - 1); distance < best_) {
            best_ = distance;
            found_ = std::string{candidate};
        }
    }

    [[nodiscard]] const std::optional<std::string>& found() const { return found_; }

    // " Did you mean 'x'?", or nothing; to be put behind a sentence.
    [[nodiscard]] std::string question() const { return found_ ? " Did you mean '" + *found_ + "'?" : std::string{}; }

private:
    std::string word_;
    std::size_t best_;
    std::optional<std::string> found_;
};

template <class Range>
std::optional<std::string> closest(std::string_view word, const Range& candidates)
{
    nearest search{word};
    for (const auto& candidate : candidates)
        search.offer(candidate);
    return search.found();
}

}  // namespace halfmast::text
