//! How tokens behave, seen from the services that use them. Tests named `security_N` hold item N of the security bar.

mod bearer;
mod classic;
mod es256;
mod fixtures;
mod foreign;
mod foreign_algorithms;
mod foreign_keys;
mod form;
mod issuing;
mod judgement;
mod key_loading;
mod key_server;
mod logging;
mod properties;
mod providers;
mod refusals;
mod remembering;
mod remote_keys;
mod remote_keys_entries;
mod remote_keys_faults;
mod remote_keys_slow;
mod roles;
mod times;
mod types;
