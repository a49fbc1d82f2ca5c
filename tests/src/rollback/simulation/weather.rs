//! What a seed decides before anything happens: what goes wrong, and what is allowed.

use fastrand::Rng;
use jiff::SignedDuration;
use rollback_plans::{Limits, Mode};

/// How likely things go wrong, each between 0 and 1; times in milliseconds.
#[derive(Debug, Clone, Copy, Default)]
pub(super) struct Weather {
    /// Only duplicates, delays and any order.
    pub(super) is_calm: bool,
    /// A process dies at a call, before or after its effect.
    pub(super) crash: f64,
    /// A call is throttled, or its answer is lost.
    pub(super) failure: f64,
    /// The answer to a step is lost, and perhaps it takes effect only seconds later.
    pub(super) unclear: f64,
    /// A call takes up to half a minute.
    pub(super) stall: f64,
    /// CloudWatch answers as an alarm was seconds ago.
    pub(super) behind: f64,
    /// An event or a message comes twice.
    pub(super) twice: f64,
    /// How wrong the clock of a process may be.
    pub(super) skew: i64,
    /// How long an event may be under way.
    pub(super) delay: i64,
    /// Even the last try of an event may fail.
    pub(super) is_hopeless: bool,
}

impl Weather {
    pub(super) fn of(seed: u64) -> Self {
        let calm = Self { is_calm: true, twice: 0.2, delay: 60_000, ..Self::default() };
        let slow = Self { is_calm: false, stall: 0.03, behind: 0.2, skew: 4_000, delay: 600_000, ..calm };
        let rough = Self { crash: 0.01, failure: 0.02, unclear: 0.15, ..slow };
        match seed % 8 {
            0 | 1 => calm,
            2 => slow,
            3 | 4 => Self { delay: 3_000, ..rough },
            5 => rough,
            6 => Self { crash: 0.05, failure: 0.04, unclear: 0.4, delay: 3_000, ..rough },
            _ => Self { crash: 0.06, failure: 0.06, is_hopeless: true, ..rough },
        }
    }
}

/// What people have asked for.
#[derive(Debug, Clone)]
pub(super) struct Policy {
    pub(super) mode: Mode,
    pub(super) limits: Limits,
}

impl Policy {
    pub(super) fn of(rng: &mut Rng) -> Self {
        let minutes = |rng: &mut Rng, choices: &[i64]| SignedDuration::from_mins(choices[rng.usize(..choices.len())]);
        let limits = Limits {
            watch: minutes(rng, &[30, 60, 60, 120]),
            cooldown: minutes(rng, &[0, 20, 60, 60, 180]),
            closes_transition: rng.u8(..4) == 0,
            ..Limits::default()
        };
        let mode = if rng.u8(..16) == 0 { Mode::Observe } else { Mode::Act };
        Self { mode, limits: limits.with_per_day(rng.u8(1..=3)).unwrap() }
    }
}
