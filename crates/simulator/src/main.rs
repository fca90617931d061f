//! `shouwang-simulator`: the platform as a program that a Prometheus can scrape, that serves traces and writes logs.

mod cli;
mod feed;

rust_i18n::i18n!("../../locales", fallback = "zh-CN");

#[tokio::main]
async fn main() -> std::process::ExitCode {
    cli::run().await
}
