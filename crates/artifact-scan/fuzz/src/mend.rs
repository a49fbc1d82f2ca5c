//! Makes changed archives agree with themselves again, so that what was changed is read and not only refused.

use std::ops::Range;

use flate2::Crc;

/// The places of zips, and the sums of tar headers.
pub fn mend(bytes: &mut [u8]) {
    let ends = places(bytes, b"PK\x05\x06").filter(|end| end + 22 <= bytes.len()).collect::<Vec<_>>();
    for end in ends {
        // What is no zip stays as it is.
        let _ = mend_zip(bytes, end);
    }
    for mark in places(bytes, b"ustar").collect::<Vec<_>>() {
        if let Some(header) = mark.checked_sub(257).and_then(|from| bytes.get_mut(from..from + 512)) {
            sum(header);
        }
    }
}

fn places<'b>(bytes: &'b [u8], mark: &'b [u8]) -> impl Iterator<Item = usize> + 'b {
    bytes.windows(mark.len()).enumerate().filter(move |(_, window)| *window == mark).map(|(at, _)| at)
}

/// Writes a tar header's checksum.
pub fn sum(header: &mut [u8]) {
    header[148..156].fill(b' ');
    let sum: u64 = header.iter().map(|byte| u64::from(*byte)).sum();
    header[148..155].copy_from_slice(format!("{sum:06o}\0").as_bytes());
}

/// Lets the end before which a directory stands, and all records of it, tell where things are.
fn mend_zip(bytes: &mut [u8], end: usize) -> Option<()> {
    let until = if bytes.get(end.checked_sub(76)?..)?.starts_with(b"PK\x06\x06") { end - 76 } else { end };
    let (first, records) = places(&bytes[..until], b"PK\x01\x02").find_map(|first| {
        let (mut records, mut next) = (Vec::new(), first);
        while next < until {
            let name = next + 46..next + 46 + number(bytes, next + 28, 2)?;
            let rest = number(bytes, next + 30, 2)? + number(bytes, next + 32, 2)?;
            records.push((next, name.clone()));
            next = name.end + rest;
        }
        (next == until).then_some((first, records))
    })?;
    let headers: Vec<Option<usize>> = records.iter().map(|(_, name)| header(bytes, first, name)).collect();
    let base = *headers.iter().flatten().min()?;
    for ((record, _), header) in records.iter().zip(&headers) {
        let Some(header) = *header else { continue };
        let next = headers.iter().flatten().filter(|other| **other > header).min().copied().unwrap_or(first);
        contents(bytes, *record, header, next);
        write(bytes, record + 42, header - base);
    }
    write(bytes, end + 12, until - first);
    write(bytes, end + 16, first - base);
    if bytes[end + 8..end + 12] != [0xFF; 4] {
        let count = (records.len() as u16).to_le_bytes();
        bytes[end + 8..end + 12].copy_from_slice(&[count, count].concat());
    }
    if until < end {
        let told =
            [(24, records.len()), (32, records.len()), (40, until - first), (48, first - base), (64, until - base)];
        told.into_iter().for_each(|(at, value)| write(bytes, until + at, value));
    }
    Some(())
}

/// The last header before `first` with the name that stands there: one of the same name in another archive stands before it.
fn header(bytes: &[u8], first: usize, name: &Range<usize>) -> Option<usize> {
    let name = &bytes[name.clone()];
    let is_it = |at: &usize| number(bytes, at + 26, 2) == Some(name.len()) && bytes[at + 30..first].starts_with(name);
    places(&bytes[..first], b"PK\x03\x04").filter(|at| at + 30 <= first).filter(is_it).last()
}

/// Writes what is known of content in a section: its size, and if it is stored its checksum.
fn contents(bytes: &mut [u8], record: usize, header: usize, next: usize) -> Option<()> {
    let data = header + 30 + number(bytes, header + 26, 2)? + number(bytes, header + 28, 2)?;
    let flags = number(bytes, header + 6, 2)?;
    if flags & 8 != 0 || data > next {
        return None;
    }
    let is_stored = number(bytes, header + 8, 2)? == 0;
    for sizes in [header + 18, record + 20] {
        write(bytes, sizes, next - data);
        if is_stored {
            write(bytes, sizes + 4, next - data);
        }
    }
    if is_stored {
        let mut checksum = Crc::new();
        checksum.update(&bytes[data..next]);
        [header + 14, record + 16]
            .into_iter()
            .for_each(|at| bytes[at..at + 4].copy_from_slice(&checksum.sum().to_le_bytes()));
    }
    Some(())
}

fn number(bytes: &[u8], at: usize, length: usize) -> Option<usize> {
    Some(bytes.get(at..at + length)?.iter().rev().fold(0, |number, byte| number << 8 | usize::from(*byte)))
}

/// Writes four bytes, unless they say that something else tells.
fn write(bytes: &mut [u8], at: usize, value: usize) {
    if let Some(field) = bytes.get_mut(at..at + 4).filter(|field| *field != [0xFF; 4]) {
        field.copy_from_slice(&(value as u32).to_le_bytes());
    }
}
