//! Bars over time as SVG: whole coordinates, colours by class, and the numbers in a table behind.

use minijinja::{Value, context};

/// Units of a chart's width and height; the picture grows with its place.
const WIDTH: i64 = 440;
const HEIGHT: i64 = 150;
/// Room for the labels below and above.
const BELOW: i64 = 22;
const ABOVE: i64 = 20;
/// Labels below that fit beside each other.
const LABELS_MAX: usize = 8;

/// A bucket of a chart: what stands below it, and its parts from the bottom upward.
pub(super) struct Bar {
    /// What stands below.
    pub label: String,
    /// Amounts of its parts, in the order of the legend.
    pub parts: Vec<i64>,
}

/// A chart of bars whose parts stand on each other. `top` words the highest bar's amount; `classes`
/// are the parts' colours.
pub(super) fn bars(bars: &[Bar], classes: &[&str], top: impl Fn(i64) -> String) -> Value {
    let sum = |bar: &Bar| {
        bar.parts
            .iter()
            .fold(0i64, |sum, part| sum.saturating_add(*part))
    };
    let highest = bars.iter().map(sum).max().unwrap_or(0);
    let room = HEIGHT - BELOW - ABOVE;
    let count = i64::try_from(bars.len()).unwrap_or(1).max(1);
    let step = WIDTH / count;
    let width = (step - step / 4).clamp(2, 36);
    let every = bars.len().div_ceil(LABELS_MAX).max(1);
    let (mut rects, mut labels) = (Vec::new(), Vec::new());
    let mut x = (step - width) / 2;
    for (place, bar) in bars.iter().enumerate() {
        let mut y = HEIGHT - BELOW;
        for (part, class) in bar.parts.iter().zip(classes) {
            let height = scaled(*part, highest, room);
            y -= height;
            if height > 0 {
                rects.push(context! { x, y, width, height, class => *class });
            }
        }
        if place.is_multiple_of(every) {
            labels.push(context! { x => x + width / 2, text => &bar.label });
        }
        x += step;
    }
    context! {
        rects, labels, width => WIDTH, height => HEIGHT, base => HEIGHT - BELOW, above => ABOVE,
        top => top(highest), empty => highest == 0,
    }
}

/// `part` of `highest` on a scale of `room`: nothing is nothing, and something is seen.
fn scaled(part: i64, highest: i64, room: i64) -> i64 {
    if part <= 0 || highest <= 0 {
        return 0;
    }
    let scaled = i128::from(part) * i128::from(room) / i128::from(highest);
    i64::try_from(scaled).unwrap_or(room).max(1)
}

#[cfg(test)]
mod tests {
    use super::scaled;

    #[test]
    fn the_highest_fills_the_room_and_little_is_still_seen() {
        assert_eq!(scaled(i64::MAX, i64::MAX, 134), 134);
        assert_eq!(scaled(1, i64::MAX, 134), 1);
        assert_eq!(scaled(0, 10, 134), 0);
    }
}
