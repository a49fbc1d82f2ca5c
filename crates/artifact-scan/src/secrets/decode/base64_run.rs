//! Base64, its form for URLs, and hex: long runs of their characters that decode to text.

use std::ops::Range;

use base64::Engine as _;

use super::super::cursor::Cursor;
use super::{Decoded, LENIENT, is_text};

/// Characters of the shortest run.
const SHORTEST: usize = 32;
/// Characters of a run that are decoded to see whether it is text.
const SAMPLE: usize = 24;
/// Characters of a line that may go on in the next one.
const LINE: usize = 60;

/// Bytes that are looked at together. Wherever a run begins, it holds a whole block.
const BLOCK: usize = SHORTEST / 2;

/// Which bytes a run holds.
const IN_RUN: [bool; 256] = {
    let mut table = [false; 256];
    let mut at = 0;
    while at < 256 {
        let byte = at as u8;
        table[at] = byte.is_ascii_alphanumeric() || matches!(byte, b'+' | b'/' | b'-' | b'_');
        at += 1;
    }
    table
};

/// Hands over what long runs hold.
pub(super) fn each(bytes: &[u8], take: &mut impl FnMut(&Decoded)) {
    let (blocks, _) = bytes.as_chunks::<BLOCK>();
    let mut from = 0;
    for (number, block) in blocks.iter().enumerate() {
        let start = number * BLOCK;
        if start < from || !is_whole(block) {
            continue;
        }
        let before = bytes[from..start].iter().rev().take_while(|byte| is_in_run(**byte)).count();
        let length = bytes[start..].iter().take_while(|byte| is_in_run(**byte)).count();
        let run = start - before..start + length;
        from = if run.len() < SHORTEST { run.end } else { decode_run(bytes, run.clone(), take).max(run.end) + 1 };
    }
}

/// Whether a run holds all of it. What comes after the first other byte is looked at too, because words end anywhere, and a
/// branch that cannot be foreseen costs more.
fn is_whole(block: &[u8; BLOCK]) -> bool {
    block.iter().fold(true, |is_whole, byte| is_whole & is_in_run(*byte))
}

fn is_in_run(byte: u8) -> bool {
    IN_RUN[usize::from(byte)]
}

/// Decodes a run, and says where it ended when it went over several lines.
fn decode_run(bytes: &[u8], run: Range<usize>, take: &mut impl FnMut(&Decoded)) -> usize {
    let hexadecimal = hexadecimal_part(bytes, &run);
    if bytes[hexadecimal.clone()].iter().all(u8::is_ascii_hexdigit) && decode_hexadecimal(bytes, hexadecimal, take) {
        return run.end;
    }
    let mut until = run.end;
    let is_for_urls = bytes[run.clone()].iter().any(|byte| b"-_".contains(byte))
        && !bytes[run.clone()].iter().any(|byte| b"+/".contains(byte));
    for for_urls in [false, true] {
        if is_for_urls && !for_urls {
            continue;
        }
        let belongs = |byte: &u8| byte.is_ascii_alphanumeric() || if for_urls { b"-_" } else { b"+/" }.contains(byte);
        for part in parts(bytes, &run, belongs) {
            let is_of_kind = !for_urls || bytes[part.clone()].iter().any(|byte| b"-_".contains(byte));
            // The front of a run that was cut off may stand anywhere in its group of four.
            let fronts = if part.start == 0 { 4 } else { 1 };
            let front = (0..fronts)
                .map(|skipped| part.start + skipped)
                .find(|start| is_of_kind && sample(bytes, *start..part.end));
            if let Some(start) = front {
                until = until.max(decode_base64(bytes, start..part.end, take));
            }
        }
    }
    until
}

fn parts(bytes: &[u8], run: &Range<usize>, belongs: impl Fn(&u8) -> bool) -> Vec<Range<usize>> {
    let (mut parts, mut start) = (Vec::new(), run.start);
    for part in bytes[run.clone()].split(|byte| !belongs(byte)) {
        if part.len() >= SHORTEST {
            parts.push(start..start + part.len());
        }
        start += part.len() + 1;
    }
    parts
}

fn sample(bytes: &[u8], run: Range<usize>) -> bool {
    let sample = &bytes[run.start..run.end.min(run.start + SAMPLE)];
    let mut decoded = [0; SAMPLE];
    let length = LENIENT.decode_slice(standard(sample), &mut decoded);
    length.is_ok_and(|length| is_text(&decoded[..length]))
}

fn standard(characters: &[u8]) -> Vec<u8> {
    let standard = |byte: &u8| match byte {
        b'-' => b'+',
        b'_' => b'/',
        other => *other,
    };
    characters.iter().map(standard).collect()
}

fn decode_base64(bytes: &[u8], run: Range<usize>, take: &mut impl FnMut(&Decoded)) -> usize {
    let (mut characters, mut origins) = (standard(&bytes[run.clone()]), run.clone().collect::<Vec<_>>());
    let mut line = run.clone();
    while line.len() >= LINE && characters.len() % 4 == 0 {
        let Some(next) = next_line(bytes, line.end) else { break };
        characters.extend(standard(&bytes[next.clone()]));
        origins.extend(next.clone());
        line = next;
    }
    characters.truncate(characters.len() - usize::from(characters.len() % 4 == 1));
    if let Ok(content) = LENIENT.decode(&characters) {
        let mut decoded = Decoded::new(content.len());
        content.iter().enumerate().for_each(|(at, byte)| decoded.push(*byte, origins[at * 4 / 3]));
        take(&decoded.ended(line.end));
    }
    line.end
}

/// The run on the next line, which may be one of a string in code or of escaped JSON.
fn next_line(bytes: &[u8], end: usize) -> Option<Range<usize>> {
    let mut cursor = Cursor { bytes, at: end };
    cursor.take_any(&["\r\n", "\n", "\\r\\n", "\\n"])?;
    cursor.blanks();
    let start = cursor.at;
    let length = cursor.skip(bytes.len(), |byte| byte.is_ascii_alphanumeric() || matches!(byte, b'+' | b'/'));
    (length >= 4).then_some(start..start + length)
}

fn hexadecimal_part(bytes: &[u8], run: &Range<usize>) -> Range<usize> {
    let prefix = if bytes[run.clone()].starts_with(b"0x") { 2 } else { 0 };
    run.start + prefix..run.end
}

fn decode_hexadecimal(bytes: &[u8], run: Range<usize>, take: &mut impl FnMut(&Decoded)) -> bool {
    let digit = |byte: u8| char::from(byte).to_digit(16).unwrap_or(0) as u8;
    let value = |at: usize| digit(bytes[at]) << 4 | digit(bytes[at + 1]);
    let fronts = if run.start == 0 { 2 } else { 1 };
    let is_sample = |start: &usize| {
        let sample: Vec<u8> = (*start..run.end - 1).step_by(2).take(SAMPLE / 2).map(value).collect();
        sample.len() >= SHORTEST / 4 && is_text(&sample)
    };
    let Some(start) = (run.start..run.start + fronts).find(is_sample) else { return false };
    let mut decoded = Decoded::new(run.len() / 2);
    (start..run.end - 1).step_by(2).for_each(|at| decoded.push(value(at), at));
    take(&decoded.ended(run.end));
    true
}
