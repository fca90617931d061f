//! The store from outside.

mod audit;
mod backup;
mod contract;
mod damage;
mod history;
mod more;
mod noisy;
mod random;
mod retain;
mod rota;
mod rota_book;
mod samples;
