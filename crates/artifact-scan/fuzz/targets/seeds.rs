//! Writes what fuzzing begins with: `cargo run --bin seeds -- FOLDER` makes a folder in it for each target.

use std::path::PathBuf;
use std::{env, fs};

use artifact_scan::corpus;

fn main() -> std::io::Result<()> {
    let folder = PathBuf::from(env::args().nth(1).unwrap_or_else(|| "corpus".to_owned()));
    for (target, seeds) in artifact_scan_fuzz::seeds() {
        let folder = folder.join(target);
        fs::create_dir_all(&folder)?;
        for (number, seed) in seeds.iter().enumerate() {
            fs::write(folder.join(format!("seed-{number}")), seed)?;
        }
    }
    let leaks = corpus::cases("leaks").into_values().flatten().chain(corpus::cases("quiet").into_values().flatten());
    for (number, case) in leaks.enumerate() {
        fs::write(folder.join("decoders").join(format!("case-{number}")), case.fill("fuzz").bytes)?;
    }
    Ok(())
}
