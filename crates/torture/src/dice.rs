//! Chance that is the same on every machine and in every version: SplitMix64, so that what a run decides is named by
//! its seed alone.

/// A sequence of numbers.
pub(crate) struct Dice(u64);

impl Dice {
    /// The sequence `number` under `seed`: each has its own, whatever was drawn from the others.
    pub(crate) fn of(seed: u64, number: u64) -> Dice {
        let mut dice = Dice(seed ^ number.wrapping_mul(0xd6e8_feb8_6659_fd93));
        dice.next();
        dice
    }

    fn next(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut mixed = self.0;
        mixed = (mixed ^ (mixed >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        mixed ^ (mixed >> 31)
    }

    /// A number from `least` up to, and without, `end`; `least` when there is none.
    pub(crate) fn between(&mut self, least: i64, end: i64) -> i64 {
        let width = u64::try_from(end.saturating_sub(least)).unwrap_or(0);
        match width {
            0 => least,
            width => least.saturating_add(i64::try_from(self.next() % width).unwrap_or(0)),
        }
    }

    /// A number below `end`; 0 when there is none.
    pub(crate) fn below(&mut self, end: usize) -> usize {
        let end = i64::try_from(end).unwrap_or(i64::MAX);
        usize::try_from(self.between(0, end)).unwrap_or(0)
    }

    /// True in so many of a hundred.
    pub(crate) fn percent(&mut self, of_hundred: usize) -> bool {
        self.below(100) < of_hundred
    }

    /// One of these, which are not none.
    pub(crate) fn one_of<T: Copy>(&mut self, all: &[T]) -> T {
        all[self.below(all.len())]
    }
}
