//! Archives made in code, and what becomes of every byte of them.

mod between;
mod bombs;
mod differences;
mod hostile;
mod nested;
mod nothing;
mod peer;
mod plain;
mod stopped;
mod tarballs;
mod truncated;
