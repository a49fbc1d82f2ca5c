//! How random a text looks.

/// Shannon entropy in bits per byte.
pub(crate) fn entropy(text: &[u8]) -> f64 {
    let mut counts = [0_u32; 256];
    text.iter().for_each(|byte| counts[usize::from(*byte)] += 1);
    let length = text.len() as f64;
    let bits = |count: u32| {
        let share = f64::from(count) / length;
        -share * share.log2()
    };
    counts.into_iter().filter(|count| *count > 0).map(bits).sum()
}

/// Which letters follow each letter often in the words of English and of programs; one row for each letter from `a`.
const FOLLOWERS: [&str; 26] = [
    "bcdgilmnprstuvy",
    "aeilouy",
    "aehiklotu",
    "aeirou",
    "acdelmnprstvwx",
    "aefiloru",
    "aehiloru",
    "aeiot",
    "acdeglmnoprstvz",
    "aou",
    "ey",
    "adefilopsty",
    "abemops",
    "acdegiknosty",
    "bcdflmnoprstuvw",
    "aehloprtu",
    "u",
    "acdeimnorstuy",
    "aceghioprstuw",
    "aehiorstuy",
    "abcegilmnprst",
    "aei",
    "aeino",
    "pt",
    "psto",
    "ae",
];

/// The share of pairs of letters that words would have: about 0.25 of random letters, about 0.8 of words. None when there
/// are too few pairs to tell.
pub(crate) fn wordiness(text: &[u8]) -> Option<f64> {
    let (mut pairs, mut usual) = (0_u32, 0_u32);
    for pair in text.windows(2).filter(|pair| pair.iter().all(u8::is_ascii_alphabetic)) {
        let [first, second] = [pair[0].to_ascii_lowercase(), pair[1].to_ascii_lowercase()];
        pairs += 1;
        usual += u32::from(FOLLOWERS[usize::from(first - b'a')].as_bytes().contains(&second));
    }
    (pairs >= 6).then(|| f64::from(usual) / f64::from(pairs))
}

/// The share of neighbours of different kinds: lower case, capital, digit, other. Words have few.
pub(crate) fn changes(text: &[u8]) -> f64 {
    let kind = |byte: u8| match byte {
        b'a'..=b'z' => 0,
        b'A'..=b'Z' => 1,
        b'0'..=b'9' => 2,
        _ => 3,
    };
    let changes = text.windows(2).filter(|pair| kind(pair[0]) != kind(pair[1])).count();
    changes as f64 / text.len().max(2) as f64
}

/// Whether it counts up, counts down, stays, or comes again and again.
pub(crate) fn is_patterned(text: &[u8]) -> bool {
    let steps = text.windows(2).filter(|pair| pair[0].abs_diff(pair[1]) <= 1).count();
    let repeats = (1..=text.len() / 2).any(|period| text[period..].iter().zip(text).all(|(one, other)| one == other));
    let run = text.chunk_by(|one, other| one == other).map(<[u8]>::len).max().unwrap_or(0);
    let rising = text.chunk_by(|one, other| one.checked_add(1) == Some(*other)).map(<[u8]>::len).max().unwrap_or(0);
    steps * 2 > text.len() || repeats || run >= 5 || rising >= 6
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn words_are_wordier_than_random_letters() {
        for words in
            ["AccessTokenProvider", "correct-horse-battery-staple", "client_secret_expires_at", "DatabaseConnection"]
        {
            assert!(wordiness(words.as_bytes()).is_some_and(|share| share > 0.6), "{words}");
        }
        for random in ["kqzvbtwmxpfjhg", "xK9vQzRw2mTbYp8LcNfHj4Gs", "wJalrXUtnFEMIKMDENGbPxRfiCY"] {
            assert!(
                wordiness(random.as_bytes()).is_some_and(|share| share < 0.5),
                "{random}: {:?}",
                wordiness(random.as_bytes())
            );
        }
    }

    #[test]
    fn patterns_are_seen() {
        for patterned in ["0123456789abcdef", "aaaaaaaa", "abcabcabcabc", "deadbeefdeadbeef", "x1234567y", "zyxwvutsrq"]
        {
            assert!(is_patterned(patterned.as_bytes()), "{patterned}");
        }
        assert!(!is_patterned(b"9f3kQz81LmVbR2"));
    }

    #[test]
    fn entropy_is_zero_of_one_letter_and_four_of_sixteen() {
        assert!(entropy(b"aaaa") < 0.01);
        assert!((entropy(b"0123456789abcdef") - 4.0).abs() < 0.01);
    }
}
