//! The emoji short names messages of ours use, as the characters Slack draws for them.

/// The character for a short name, without its colons.
pub(super) fn character(name: &str) -> Option<&'static str> {
    NAMES.iter().find(|(known, _)| *known == name).map(|(_, character)| *character)
}

const NAMES: &[(&str, &str)] = &[
    ("arrow_forward", "▶️"),
    ("arrows_counterclockwise", "🔄"),
    ("black_circle", "⚫"),
    ("ballot_box_with_check", "☑️"),
    ("double_vertical_bar", "⏸️"),
    ("fast_forward", "⏩"),
    ("heavy_check_mark", "✔️"),
    ("hourglass", "⌛"),
    ("hourglass_flowing_sand", "⏳"),
    ("large_blue_circle", "🔵"),
    ("large_green_circle", "🟢"),
    ("large_yellow_circle", "🟡"),
    ("leftwards_arrow_with_hook", "↩️"),
    ("no_entry", "⛔"),
    ("no_entry_sign", "🚫"),
    ("octagonal_sign", "🛑"),
    ("raised_hand", "✋"),
    ("red_circle", "🔴"),
    ("rewind", "⏪"),
    ("rocket", "🚀"),
    ("rotating_light", "🚨"),
    ("stopwatch", "⏱️"),
    ("tada", "🎉"),
    ("warning", "⚠️"),
    ("white_check_mark", "✅"),
    ("white_circle", "⚪"),
    ("x", "❌"),
];
