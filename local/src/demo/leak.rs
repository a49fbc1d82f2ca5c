//! The key that leaks with the first release: made anew for each run, obviously worth nothing, and known to be looked for.

use std::iter::repeat_with;

/// So many characters of it in a row are a part of it, and no coincidence.
const PART: usize = 8;

/// A key of a payment provider's form that opens nothing.
#[derive(Debug)]
pub(crate) struct Leak {
    random: String,
}

impl Leak {
    /// In the story, where the key is to stand.
    const PLACE: &str = "LEAKED_KEY";
    /// The rule that knows it, and what it says.
    pub(crate) const RULE: &str = "stripe-live-secret-key";
    pub(crate) const TITLE: &str = "Stripe live secret key";
    /// Where the story puts it, and the line.
    pub(crate) const PATH: [&str; 2] = ["lib/vat-rates.jar", "config/stripe.properties"];
    pub(crate) const LINE: u64 = 3;

    /// Another one each time.
    pub(crate) fn new() -> Self {
        Self { random: repeat_with(fastrand::alphanumeric).take(24).collect() }
    }

    /// The story with the key in it.
    pub(crate) fn put_into(&self, story: &str) -> String {
        // Put together here, so that no scanner takes the source for a leak.
        story.replace(Self::PLACE, &["sk", "live", &self.random].join("_"))
    }

    /// Whether any part of it stands there.
    pub(crate) fn shows_in(&self, text: &str) -> bool {
        (0..=self.random.len() - PART).any(|at| text.contains(&self.random[at..at + PART]))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const STORY: &str = include_str!("../../demo/story.yaml");

    #[test]
    fn the_story_holds_the_key_once_and_where_it_is_said_to_be() {
        let leak = Leak::new();
        assert_eq!(STORY.matches(Leak::PLACE).count(), 1);
        assert!(!leak.shows_in(STORY) && leak.shows_in(&leak.put_into(STORY)));
        assert!(Leak::PATH.iter().all(|name| STORY.contains(name)));
    }

    #[test]
    fn a_part_of_it_is_recognised_wherever_it_begins() {
        let leak = Leak::new();
        for at in [0, 7, 16] {
            assert!(leak.shows_in(&format!("log: {} and more", &leak.random[at..at + PART])));
        }
        assert!(!leak.shows_in(&leak.random[..PART - 1]));
    }
}
