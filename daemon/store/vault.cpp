#include "daemon/store/vault.hpp"

#include <utility>

#include <boost/asio/post.hpp>
#include <boost/asio/thread_pool.hpp>

#include "daemon/store/question.hpp"
#include "daemon/store/vault_files.hpp"

namespace halfmast::store {

static_assert(vault::key_size == vault_files::key_size);

class vault::impl : public std::enable_shared_from_this<impl> {
public:
    impl(asio::any_io_executor executor, std::string state_dir, secret key)
        : executor_(std::move(executor)),
          files_(std::move(state_dir), std::move(key))
    {
        asio::post(thread_, [this] { files_.remove_halves(); });
    }

    // One after the other, in the order they were asked for; exceptions become a problem.
    template <class T>
    asio::awaitable<result<T>> ask(std::function<result<T>(const vault_files&)> what)
    {
        if (ended_)
            co_return problem{failure::local, "the vault is closed: the daemon ends", {}};
        auto asked = std::make_shared<question<T>>(executor_);
        asio::post(thread_, [this, what = std::move(what), waiting = asked]() mutable {
            result<T> answer = problem{};
            try {
                answer = what(files_);
            } catch (const std::exception& error) {
                answer = problem{failure::local, std::string{"the vault's thread failed: "} + error.what(), {}};
            }
            question<T>::give(std::move(waiting), std::move(answer));
        });
        auto answer = co_await asked->wait();
        co_return answer;
    }

    std::shared_ptr<void> stay()
    {
        ++staying_;
        return {nullptr, [mine = shared_from_this()](void*) { mine->leave(); }};
    }

    void when_left(std::function<void()> done)
    {
        left_ = std::move(done);
        tell_if_left();
    }

    void end()
    {
        ended_ = true;
        left_ = {};
        thread_.join();  // what is queued is done first
    }

private:
    void leave()
    {
        --staying_;
        tell_if_left();
    }

    void tell_if_left()
    {
        if (staying_ == 0 && left_)
            asio::post(executor_, std::exchange(left_, {}));
    }

    asio::any_io_executor executor_;
    vault_files files_;
    bool ended_ = false;
    int staying_ = 0;
    std::function<void()> left_;
    asio::thread_pool thread_{1};  // last: it ends before what it works on
};

class vault::part final : public vault_port {
public:
    part(std::shared_ptr<impl> in, account_id account) : in_(std::move(in)), account_(std::move(account)) {}

    [[nodiscard]] bool keeps() const override { return true; }

    asio::awaitable<result<std::optional<secret>>> read(std::string name) override
    {
        std::function<result<std::optional<secret>>(const vault_files&)> look =
            [account = account_, name = std::move(name)](const vault_files& files) { return files.read(account, name); };
        auto answer = co_await in_->ask(std::move(look));
        co_return answer;
    }

    asio::awaitable<std::optional<problem>> write(std::string name, secret value) override
    {
        std::function<result<bool>(const vault_files&)> put = [account = account_, name = std::move(name),
                                                               value = std::move(value)](const vault_files& files) -> result<bool> {
            if (auto wrong = files.write(account, name, value))
                return *wrong;
            return true;
        };
        auto answer = co_await in_->ask(std::move(put));
        co_return answer ? std::nullopt : std::optional{answer.error()};
    }

    [[nodiscard]] std::shared_ptr<void> stay() override { return in_->stay(); }

private:
    std::shared_ptr<impl> in_;
    account_id account_;
};

vault::vault(asio::any_io_executor executor, std::string state_dir, secret key)
    : impl_(std::make_shared<impl>(std::move(executor), std::move(state_dir), std::move(key)))
{
}

vault::~vault() { impl_->end(); }

std::unique_ptr<vault_port> vault::of(const account_id& account) { return std::make_unique<part>(impl_, account); }

void vault::when_left(std::function<void()> done) { impl_->when_left(std::move(done)); }

}  // namespace halfmast::store
