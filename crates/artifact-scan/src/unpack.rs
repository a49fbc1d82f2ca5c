//! Unpacks what is stored or deflated: never more than our limits allow, and never believing what a header says.

use flate2::{Crc, Decompress, FlushDecompress, Status};

use crate::content::Stop;
use crate::input::Input;
use crate::{Broken, Budget, Limits};

/// How many bytes are unpacked at a time, so that they are still near when their checksum is made.
const STEP: usize = 128 << 10;

/// What may be unpacked.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Caps<'l> {
    pub(crate) limits: &'l Limits,
    pub(crate) budget: &'l Budget,
    /// The size its header says, if there is one before it.
    pub(crate) said: Option<u64>,
}

/// The state of one unpacking, to be used again for the next.
#[derive(Debug)]
pub(crate) struct Unpacker {
    inflate: Decompress,
    checksum: Crc,
    packed: u64,
    size: u64,
}

/// What one step came to.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Step {
    pub(crate) written: usize,
    pub(crate) is_end: bool,
}

impl Unpacker {
    pub(crate) fn new() -> Self {
        Self { inflate: Decompress::new(false), checksum: Crc::new(), packed: 0, size: 0 }
    }

    /// Begins anew.
    pub(crate) fn reset(&mut self) {
        self.restart();
        (self.packed, self.size) = (0, 0);
    }

    /// Begins with another stream of the same content: what was unpacked still counts.
    pub(crate) fn restart(&mut self) {
        self.inflate.reset(false);
        self.checksum.reset();
    }

    /// How many bytes came out since the last `reset`.
    pub(crate) fn size(&self) -> u64 {
        self.size
    }

    /// CRC-32 of what came out since the last `restart`.
    pub(crate) fn checksum(&self) -> u32 {
        self.checksum.sum()
    }

    /// Takes the next stored bytes.
    pub(crate) fn copy(&mut self, input: &mut impl Input, into: &mut [u8], caps: &Caps<'_>) -> Result<Step, Stop> {
        caps.budget.go_on().map_err(Stop::Source)?;
        let room = self.room(into.len(), caps);
        let bytes = input.next()?;
        let written = bytes.len().min(room);
        into[..written].copy_from_slice(&bytes[..written]);
        input.take(written);
        self.packed += written as u64;
        self.count(&into[..written], caps)?;
        Ok(Step { written, is_end: written == 0 })
    }

    /// Inflates the next bytes. Nothing written is no end, if it does not say so.
    pub(crate) fn inflate(&mut self, input: &mut impl Input, into: &mut [u8], caps: &Caps<'_>) -> Result<Step, Stop> {
        caps.budget.go_on().map_err(Stop::Source)?;
        let room = self.room(into.len(), caps);
        let bytes = input.next()?;
        let is_over = bytes.is_empty();
        let (read, wrote) = (self.inflate.total_in(), self.inflate.total_out());
        let status = self.inflate.decompress(bytes, &mut into[..room], FlushDecompress::None);
        let taken = usize::try_from(self.inflate.total_in() - read).unwrap_or_default();
        let written = usize::try_from(self.inflate.total_out() - wrote).unwrap_or_default();
        input.take(taken);
        self.packed += taken as u64;
        self.count(&into[..written], caps)?;
        match status {
            Ok(Status::StreamEnd) => Ok(Step { written, is_end: true }),
            // What came out before the error is content; the next call meets the same error again.
            Ok(_) | Err(_) if written > 0 => Ok(Step { written, is_end: false }),
            Ok(_) if is_over => Err(Broken::Truncated.into()),
            Ok(_) if taken > 0 => Ok(Step { written, is_end: false }),
            _ => Err(Broken::BadData.into()),
        }
    }

    /// How many bytes may come next: what the tightest limit leaves, and at the limit one more to see if it is broken.
    fn room(&self, most: usize, caps: &Caps<'_>) -> usize {
        let (limit, _) = self.limit(caps);
        let left = limit.saturating_sub(self.size).min(caps.budget.left()).max(1);
        usize::try_from(left).unwrap_or(usize::MAX).min(most).min(STEP)
    }

    fn count(&mut self, bytes: &[u8], caps: &Caps<'_>) -> Result<(), Stop> {
        self.size += bytes.len() as u64;
        let (limit, broken) = self.limit(caps);
        if self.size > limit {
            return Err(broken.into());
        }
        if !caps.budget.take(bytes.len() as u64) {
            return Err(Broken::ArtifactTooLong.into());
        }
        self.checksum.update(bytes);
        Ok(())
    }

    /// The tightest limit on the size.
    fn limit(&self, caps: &Caps<'_>) -> (u64, Broken) {
        let limits = caps.limits;
        let grown = limits.free_of_ratio.max(self.packed.saturating_mul(limits.ratio));
        let all = [
            (caps.said.unwrap_or(u64::MAX), Broken::OtherSize),
            (limits.entry, Broken::EntryTooLong),
            (grown, Broken::RatioTooHigh),
        ];
        all.into_iter().min_by_key(|(limit, _)| *limit).unwrap_or((0, Broken::EntryTooLong))
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;
    use crate::input::Buffered;
    use crate::testing::deflated;

    /// What came out, how it ended, and how much was counted.
    fn unpack(packed: &[u8], limits: &Limits, said: Option<u64>, step: usize) -> (Vec<u8>, Option<Broken>, u64) {
        let budget = Budget::new(limits, 0);
        let caps = Caps { limits, budget: &budget, said };
        let (mut content, mut unpacker, mut out) = (packed, Unpacker::new(), Vec::new());
        let mut input = Buffered::new(&mut content, 0);
        let mut buffer = vec![0; step];
        let broken = loop {
            match unpacker.inflate(&mut input, &mut buffer, &caps) {
                Ok(step) => {
                    out.extend(&buffer[..step.written]);
                    if step.is_end {
                        break None;
                    }
                }
                Err(Stop::Broken(broken)) => break Some(broken),
                Err(Stop::Source(error)) => panic!("{error}"),
            }
        };
        (out, broken, unpacker.size())
    }

    #[test]
    fn a_bomb_ends_at_the_limit_for_an_entry() {
        let limits = Limits { entry: 1 << 20, ..Limits::default() };
        let (out, broken, size) = unpack(&deflated(&vec![0; 20 << 20]), &limits, None, 1 << 16);
        assert_eq!((out.len(), broken, size), (1 << 20, Some(Broken::EntryTooLong), (1 << 20) + 1));
    }

    #[test]
    fn a_bomb_ends_at_the_limit_for_its_ratio() {
        let limits = Limits { free_of_ratio: 1 << 16, ratio: 10, ..Limits::default() };
        let packed = deflated(&vec![0; 20 << 20]);
        let (out, broken, _) = unpack(&packed, &limits, None, 1 << 20);
        assert_eq!(broken, Some(Broken::RatioTooHigh));
        assert!(out.len() <= (1 << 16).max(packed.len() * 10), "{}", out.len());
    }

    #[test]
    fn a_bomb_ends_at_the_size_it_says() {
        let (out, broken, _) = unpack(&deflated(&vec![0; 20 << 20]), &Limits::default(), Some(1000), 1 << 20);
        assert_eq!((out.len(), broken), (1000, Some(Broken::OtherSize)));
    }

    #[test]
    fn a_bomb_ends_at_the_limit_for_the_artifact() {
        let limits = Limits { artifact: 5000, ..Limits::default() };
        let (out, broken, _) = unpack(&deflated(&vec![0; 20 << 20]), &limits, None, 1 << 20);
        assert_eq!((out.len(), broken), (5000, Some(Broken::ArtifactTooLong)));
    }

    proptest! {
        #[test]
        fn whatever_the_steps_the_same_comes_out(text in prop::collection::vec(0..4_u8, 0..5000), step in 1..600_usize) {
            let (out, broken, _) = unpack(&deflated(&text), &Limits::default(), None, step);
            prop_assert_eq!((out, broken), (text, None));
        }

        #[test]
        fn a_part_of_a_stream_is_never_whole(text in prop::collection::vec(any::<u8>(), 1..500), cut in any::<prop::sample::Index>()) {
            let packed = deflated(&text);
            let (out, broken, _) = unpack(&packed[..cut.index(packed.len())], &Limits::default(), None, 100);
            prop_assert_eq!(broken, Some(Broken::Truncated));
            prop_assert!(text.starts_with(&out));
        }

        #[test]
        fn noise_ends_without_a_panic(noise in prop::collection::vec(any::<u8>(), 0..500)) {
            let limits = Limits { entry: 1 << 16, ..Limits::default() };
            unpack(&noise, &limits, None, 1000);
        }
    }
}
