//! Numbers that look random and are the same in every run, on every machine.

pub(crate) struct Random(u64);

impl Random {
    pub(crate) fn new(seed: u64) -> Self {
        Self(seed)
    }

    pub(crate) fn next(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut mixed = self.0;
        mixed = (mixed ^ mixed >> 30).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        mixed = (mixed ^ mixed >> 27).wrapping_mul(0x94d0_49bb_1331_11eb);
        mixed ^ mixed >> 31
    }

    pub(crate) fn below(&mut self, most: usize) -> usize {
        (self.next() % most.max(1) as u64) as usize
    }

    /// From 0 up to 1.
    pub(crate) fn share(&mut self) -> f64 {
        (self.next() >> 11) as f64 / (1_u64 << 53) as f64
    }

    pub(crate) fn pick<'p, T: ?Sized>(&mut self, parts: &'p [&'p T]) -> &'p T {
        parts[self.below(parts.len())]
    }

    /// The first ones by far the most often, as words are in a language.
    pub(crate) fn pick_common<'p, T: AsRef<str>>(&mut self, parts: &'p [T]) -> &'p str {
        let share = self.share();
        parts[(share * share * share * parts.len() as f64) as usize].as_ref()
    }

    /// Around this on average, from nearly nothing to three times as much.
    pub(crate) fn around(&mut self, average: usize) -> usize {
        let share = self.share();
        16 + (3.0 * share * share * average as f64) as usize
    }

    pub(crate) fn bytes(&mut self, length: usize) -> Vec<u8> {
        let mut bytes: Vec<u8> = (0..length.div_ceil(8)).flat_map(|_| self.next().to_le_bytes()).collect();
        bytes.truncate(length);
        bytes
    }

    pub(crate) fn characters(&mut self, alphabet: &str, length: usize) -> String {
        let alphabet = alphabet.as_bytes();
        (0..length).map(|_| char::from(alphabet[self.below(alphabet.len())])).collect()
    }
}
