//! What must hold for any bytes at all. The fuzz targets and `tests/any_bytes.rs` run the same functions.

use std::hash::{DefaultHasher, Hasher};
use std::io::Write;
use std::ops::Range;
use std::sync::OnceLock;

use artifact_scan::secrets::{Found, Scan, Scanner, read_foreign};
use artifact_scan::zip::{Directory, End, LONGEST_END, batches};
use artifact_scan::{Broken, Budget, Coverage, Finding, Limits, Nature, OVERLAP, Piece, Visitor, Walk};
use flate2::Compression;
use flate2::write::GzEncoder;
use zip::write::{SimpleFileOptions, ZipWriter};

/// So small that bytes of a few kilobytes reach them.
const LIMITS: Limits = Limits {
    entries: 200,
    directory: 64 << 10,
    entry: 256 << 10,
    artifact: 1 << 20,
    ratio: 50,
    free_of_ratio: 16 << 10,
    depth: 4,
    nested: 64 << 10,
};

/// Whatever is read as an artifact ends without a panic and within its limits, the pieces fit together, and neither the
/// size of the requests nor a second reading changes anything.
pub fn archives(bytes: &[u8]) {
    let (seen, coverage) = read(bytes, 8 << 20);
    for most in [1, 100, 8 << 20] {
        assert_eq!((&seen, &coverage), (&read(bytes, most).0, &read(bytes, most).1), "in batches of {most}");
    }
    let most = LIMITS.artifact + LIMITS.artifact / 100;
    assert!(coverage.unpacked <= most, "{} bytes were unpacked", coverage.unpacked);
}

/// What a visitor was handed.
#[derive(Debug, Default, PartialEq, Eq)]
struct Seen {
    /// Of all that came, in any order of the entries.
    sum: u64,
    /// Of this entry, so far.
    hash: u64,
    length: u64,
    is_open: bool,
}

impl Visitor for Seen {
    fn piece(&mut self, path: &[String], piece: &Piece<'_>) -> Nature {
        if piece.offset == 0 {
            (self.hash, self.length) = (0, 0);
            assert_eq!(piece.again, 0);
        } else {
            assert!(self.is_open, "{path:?}: a piece came after the last one");
        }
        assert!(piece.again <= OVERLAP && piece.again <= piece.bytes.len());
        assert_eq!(piece.offset + piece.again as u64, self.length, "{path:?}");
        assert!(piece.column_before <= piece.offset && piece.lines_before <= piece.offset);
        let mut hasher = DefaultHasher::new();
        hasher.write_u64(self.hash);
        path.iter().for_each(|name| hasher.write(name.as_bytes()));
        piece.bytes[piece.again..].iter().for_each(|byte| hasher.write_u8(*byte));
        self.hash = hasher.finish();
        self.length += (piece.bytes.len() - piece.again) as u64;
        self.is_open = !piece.is_last;
        if piece.is_last {
            self.sum = self.sum.wrapping_add(self.hash);
        }
        Nature::Text
    }
}

fn read(bytes: &[u8], most: u64) -> (Seen, Coverage) {
    let mut seen = Seen::default();
    let coverage = match read_zip(bytes, most, &mut seen) {
        Ok(coverage) => coverage,
        Err(Broken::NotAZip) => {
            let budget = Budget::new(&LIMITS, 0);
            let coverage = Walk::new(&LIMITS, &budget).file("artifact", bytes, &mut seen);
            coverage.expect("bytes in memory can be read")
        }
        Err(broken) => Coverage::unreadable(broken, bytes.len() as u64),
    };
    assert!(!seen.is_open, "an entry had no last piece");
    (seen, coverage)
}

fn read_zip(bytes: &[u8], most: u64, seen: &mut Seen) -> Result<Coverage, Broken> {
    let end = End::find(&bytes[bytes.len().saturating_sub(LONGEST_END)..], bytes.len() as u64)?;
    end.fits(&LIMITS)?;
    let of = |range: &Range<u64>| bytes.get(range.start as usize..range.end as usize).ok_or(Broken::Truncated);
    let directory = Directory::read(of(&end.directory)?, &end, &LIMITS)?;
    let (plan, budget) = (batches(&directory, most, |_| true), Budget::new(&LIMITS, 0));
    let mut walk = Walk::new(&LIMITS, &budget);
    let mut coverage = walk.directory(of(&end.directory)?, &bytes[end.directory.end as usize..], seen);
    for batch in &plan.batches {
        let part = walk.batch(&plan, batch, of(&batch.bytes)?, seen).expect("bytes in memory can be read");
        coverage = coverage.merge(part);
    }
    Ok(coverage)
}

/// Whatever is scanned, in itself and as UTF-16: each finding has a place in it.
pub fn decoders(bytes: &[u8]) {
    static SCANNER: OnceLock<Scanner> = OnceLock::new();
    let scanner = SCANNER.get_or_init(|| Scanner::built_in().expect("the rules are good"));
    let wide = bytes.iter().flat_map(|byte| [*byte, 0]).collect::<Vec<_>>();
    for bytes in [bytes, &wide] {
        let findings = scan(scanner, bytes);
        assert_eq!(findings, scan(scanner, bytes));
        findings.iter().flat_map(|finding| &finding.places).for_each(|place| is_in(bytes, place.line, place.column));
    }
}

fn is_in(bytes: &[u8], line: u64, column: u64) {
    let found = bytes.split(|byte| *byte == b'\n').nth(line as usize - 1).expect("the line is there");
    assert!((1..=found.len() as u64 + 1).contains(&column), "line {line} has no column {column}");
}

fn scan(scanner: &Scanner, bytes: &[u8]) -> Vec<Finding> {
    let mut scan = Scan::new(scanner, Found::new(b"key"));
    let piece = Piece { bytes, again: 0, offset: 0, lines_before: 0, column_before: 0, is_last: true };
    scan.piece(&["file".to_owned()], &piece);
    scan.take()
}

/// Whatever is loaded as rules is refused with words, or can be scanned with.
pub fn rules(bytes: &[u8]) {
    let Ok(text) = std::str::from_utf8(bytes) else { return };
    match read_foreign(text) {
        Err(problems) => assert!(!problems.is_empty() && problems.iter().all(|problem| !problem.is_empty())),
        Ok(foreign) => {
            let scanner = Scanner::new(foreign.rules).expect("keywords fit into an automaton");
            scan(&scanner, bytes);
            scan(&scanner, b"some_api_key = \"abcdef0123456789\"");
        }
    }
}

/// A target by name.
pub type Target = fn(&[u8]);

/// What is valid, and what valid things are near to, by target.
pub fn seeds() -> [(&'static str, Vec<Vec<u8>>); 3] {
    [("archives", archive_seeds()), ("decoders", text_seeds()), ("rules", rule_seeds())]
}

/// The targets by name.
pub const TARGETS: [(&str, Target); 3] = [("archives", archives), ("decoders", decoders), ("rules", rules)];

fn archive_seeds() -> Vec<Vec<u8>> {
    let plain = zip_of(&[("a.txt", b"password = one"), ("src/b.rs", &b"let key = 1;\n".repeat(40))], false);
    let stored = zip_of(&[("stored.bin", &[0, 1, 2, 3, 255])], true);
    let packed = gzipped(&tar_of(&[("in.txt", b"token"), ("zip", &stored)]));
    let inner: [(&str, &[u8]); 3] = [("inner.jar", &plain), ("inner.tgz", &packed), ("stored.zip", &stored)];
    let bomb = zip_of(&[("zeros", &[0; 300_000])], false);
    vec![zip_of(&inner, false), zip_of(&inner, true), tar_of(&inner), zip_of(&[], false), plain, packed, bomb]
}

fn zip_of(entries: &[(&str, &[u8])], is_stored: bool) -> Vec<u8> {
    let method = if is_stored { zip::CompressionMethod::Stored } else { zip::CompressionMethod::Deflated };
    let mut writer = ZipWriter::new(std::io::Cursor::new(Vec::new()));
    for (name, content) in entries {
        writer.start_file(*name, SimpleFileOptions::default().compression_method(method)).expect("a name");
        writer.write_all(content).expect("content");
    }
    writer.finish().expect("an end").into_inner()
}

fn gzipped(bytes: &[u8]) -> Vec<u8> {
    let mut encoder = GzEncoder::new(Vec::new(), Compression::default());
    encoder.write_all(bytes).expect("content");
    encoder.finish().expect("an end")
}

fn tar_of(entries: &[(&str, &[u8])]) -> Vec<u8> {
    let mut tar = Vec::new();
    for (name, content) in entries {
        let mut header = [0_u8; 512];
        header[..name.len()].copy_from_slice(name.as_bytes());
        header[100..107].copy_from_slice(b"0000644");
        header[124..135].copy_from_slice(format!("{:011o}", content.len()).as_bytes());
        header[148..156].fill(b' ');
        header[156] = b'0';
        header[257..265].copy_from_slice(b"ustar\x0000");
        let sum: u64 = header.iter().map(|byte| u64::from(*byte)).sum();
        header[148..155].copy_from_slice(format!("{sum:06o}\0").as_bytes());
        tar.extend(header);
        tar.extend(*content);
        tar.resize(tar.len().next_multiple_of(512), 0);
    }
    tar.extend([0; 1024]);
    tar
}

/// Encoded, nested and quoted in the ways the scanner looks through. The secrets are made up here.
fn text_seeds() -> Vec<Vec<u8>> {
    let token = format!("gh{}_{}", "p", "a1B2".repeat(9));
    let key = format!("-----BEGIN {0}-----\nMIIB{1}\n-----END {0}-----\n", "PRIVATE KEY", "Ab3+".repeat(20));
    let word = ["Zk3", "!x9"].concat();
    let plain = format!("password = \"k#9xQ2w{token}\"\nurl: https://user:{word}@host/?api_key={token}\n{key}");
    let hex: String = plain.bytes().map(|byte| format!("{byte:02x}")).collect();
    let percent: String = plain.bytes().map(|byte| format!("%{byte:02X}")).collect();
    let unicode: String = plain.bytes().map(|byte| format!("\\u{byte:04x}")).collect();
    let base64 = base64(plain.as_bytes());
    let twice = self::base64(format!("data: {base64}").as_bytes());
    let json = format!("{{\"body\":\"{{\\\"client_secret\\\":\\\"{token}\\\"}}\"}}");
    let xml = format!("<add key=\"Token\" value=\"{token}\"/><password>{token}</password>");
    [plain, hex, percent, unicode, base64, twice, json, xml].into_iter().map(String::into_bytes).collect()
}

fn base64(bytes: &[u8]) -> String {
    const DIGITS: &[u8; 64] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
    let group = |group: &[u8]| {
        let bits = group.iter().fold(0_u32, |bits, byte| bits << 8 | u32::from(*byte)) << (8 * (3 - group.len()));
        let digits: Vec<u8> = (0..=group.len()).map(|at| DIGITS[(bits >> (18 - 6 * at) & 63) as usize]).collect();
        String::from_utf8_lossy(&digits).into_owned() + &"=".repeat(3 - group.len())
    };
    bytes.chunks(3).map(group).collect()
}

fn rule_seeds() -> Vec<Vec<u8>> {
    let rule = "[[rules]]\nid = \"own-key\"\ndescription = \"Own\"\nregex = '''own_(key|token)_([0-9a-z]{8,16})'''\n\
                secretGroup = 2\nentropy = 2.5\nkeywords = [\"own_\"]\npath = '''.*\\.env'''\ntags = [\"a\"]\n";
    let allow = "[[rules.allowlists]]\ncondition = \"AND\"\nregexes = ['''own_key_0+''']\nstopwords = [\"example\"]\n";
    let head = "title = \"own\"\n[extend]\nuseDefault = true\n[allowlist]\npaths = ['''vendor''']\n";
    [rule.to_owned(), format!("{head}{rule}{allow}"), format!("{rule}{rule}"), "x = [".to_owned()]
        .into_iter()
        .map(String::into_bytes)
        .collect()
}
