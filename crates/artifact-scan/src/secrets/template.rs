//! Examples whose random parts are made when the tests run, so that no scanner trips over the source.

use super::checksum::crc32_base62;

/// Numbers that look random and are the same every time.
pub(crate) struct Random(u64);

impl Random {
    pub(crate) fn new(seed: &str) -> Self {
        Self(
            seed.bytes()
                .fold(0xcbf2_9ce4_8422_2325, |hash, byte| (hash ^ u64::from(byte)).wrapping_mul(0x0100_0000_01b3)),
        )
    }

    fn next(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut mixed = self.0;
        mixed = (mixed ^ mixed >> 30).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        mixed = (mixed ^ mixed >> 27).wrapping_mul(0x94d0_49bb_1331_11eb);
        mixed ^ mixed >> 31
    }

    /// A number below that.
    #[cfg(test)]
    pub(crate) fn below(&mut self, limit: usize) -> usize {
        (self.next() % limit as u64) as usize
    }

    fn text(&mut self, alphabet: &str, length: usize) -> String {
        let alphabet = alphabet.as_bytes();
        (0..length).map(|_| char::from(alphabet[(self.next() % alphabet.len() as u64) as usize])).collect()
    }
}

const DIGITS: &str = "0123456789";
const LOWER: &str = "abcdefghijklmnopqrstuvwxyz";
const UPPER: &str = "ABCDEFGHIJKLMNOPQRSTUVWXYZ";

/// Fills the placeholders of `/rules`: `{alnum 32}`, `{uuid}`, `{}` and the others.
pub(crate) fn expand(template: &str, seed: &str) -> String {
    let mut random = Random::new(seed);
    let (mut text, mut rest) = (String::new(), template);
    while let Some(at) = rest.find('{') {
        text.push_str(&rest[..at]);
        let filled =
            rest[at..].find('}').and_then(|end| Some((fill(&rest[at + 1..at + end], &mut random)?, at + end + 1)));
        let (part, next) = filled.unwrap_or_else(|| ("{".to_owned(), at + 1));
        text.push_str(&part);
        rest = &rest[next..];
    }
    text + rest
}

fn fill(placeholder: &str, random: &mut Random) -> Option<String> {
    let (kind, length) = match placeholder.split_once(' ') {
        Some((kind, length)) => (kind, length.parse().ok()?),
        None if matches!(placeholder, "" | "uuid") => (placeholder, 0),
        None => return None,
    };
    let alphabet = match kind {
        "" => return Some(String::new()),
        "uuid" => return Some(uuid(random)),
        "github-checksum" => {
            let body = random.text(&[DIGITS, LOWER, UPPER].concat(), length);
            let sum = crc32_base62(body.as_bytes());
            return Some(body + &String::from_utf8_lossy(&sum));
        }
        "alnum" => [DIGITS, LOWER, UPPER].concat(),
        "lower" => LOWER.to_owned(),
        "upper" => UPPER.to_owned(),
        "digits" => DIGITS.to_owned(),
        "hex" => [DIGITS, "abcdef"].concat(),
        "HEX" => [DIGITS, "ABCDEF"].concat(),
        "base32" => [UPPER, "234567"].concat(),
        "loweralnum" => [DIGITS, LOWER].concat(),
        "upperalnum" => [DIGITS, UPPER].concat(),
        "base64" => [DIGITS, LOWER, UPPER, "+/"].concat(),
        "base64url" => [DIGITS, LOWER, UPPER, "_-"].concat(),
        _ => return None,
    };
    Some(random.text(&alphabet, length))
}

fn uuid(random: &mut Random) -> String {
    let hex = random.text("0123456789abcdef", 30);
    format!("{}-{}-4{}-a{}-{}", &hex[..8], &hex[8..12], &hex[12..15], &hex[15..18], &hex[18..30])
}
