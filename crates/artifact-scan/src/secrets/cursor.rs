//! A place in bytes that moves on.

/// Reads forward; never beyond the end.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Cursor<'b> {
    /// All of the bytes.
    pub(crate) bytes: &'b [u8],
    /// The next one.
    pub(crate) at: usize,
}

impl<'b> Cursor<'b> {
    /// The next byte.
    pub(crate) fn peek(&self) -> Option<u8> {
        self.bytes.get(self.at).copied()
    }

    /// What is left.
    pub(crate) fn rest(&self) -> &'b [u8] {
        self.bytes.get(self.at..).unwrap_or_default()
    }

    /// Goes over at most `most` bytes for which `is` holds, and says how many there were.
    pub(crate) fn skip(&mut self, most: usize, is: impl Fn(u8) -> bool) -> usize {
        let count = self.rest().iter().take(most).take_while(|byte| is(**byte)).count();
        self.at += count;
        count
    }

    /// Goes over spaces and tabs.
    pub(crate) fn blanks(&mut self) -> usize {
        self.skip(32, |byte| byte == b' ' || byte == b'\t')
    }

    /// Goes over these bytes, in any case, if they are next.
    pub(crate) fn take(&mut self, expected: &str) -> bool {
        let is_next =
            self.rest().get(..expected.len()).is_some_and(|next| next.eq_ignore_ascii_case(expected.as_bytes()));
        self.at += if is_next { expected.len() } else { 0 };
        is_next
    }

    /// Goes over the first of these that is next, in any case.
    pub(crate) fn take_any(&mut self, expected: &[&'static str]) -> Option<&'static str> {
        expected.iter().copied().find(|expected| self.take(expected))
    }
}
