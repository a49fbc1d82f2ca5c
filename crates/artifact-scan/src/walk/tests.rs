//! Archives made in code, and what becomes of every byte of them.

mod bombs;
mod differences;
mod hostile;
mod nested;
mod peer;
mod plain;
mod tarballs;
mod truncated;
