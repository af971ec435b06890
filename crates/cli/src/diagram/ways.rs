//! The way of a line: down through the layers, sideways only between two of them, so that it never runs through a box. Knows places
//! alone.

use super::layout::Area;

/// The least distance from the corner of a box to a line.
const CORNER: f64 = 14.0;
/// Two layers are the same if their middles are as near as this.
const SAME: f64 = 1.0;

/// The layers of a drawing: the height of their middles, and half of the height of the highest box or label of each.
pub struct Layers(Vec<(f64, f64)>);

impl Layers {
    /// The layers that areas are in.
    pub fn of(areas: impl Iterator<Item = Area>) -> Self {
        let mut layers: Vec<(f64, f64)> = Vec::new();
        for area in areas {
            let (middle, half) = (area.y + area.h / 2.0, area.h / 2.0);
            match layers.iter_mut().find(|(known, _)| (known - middle).abs() < SAME) {
                Some((_, known)) => *known = known.max(half),
                None => layers.push((middle, half)),
            }
        }
        Self(layers)
    }

    /// Half of the height of the layer at this height.
    fn half(&self, y: f64) -> f64 {
        self.0.iter().find(|(middle, _)| (middle - y).abs() < SAME).map_or(0.0, |(_, half)| *half)
    }

    /// The points of a way from a box to another, straight up and down within each layer. `points` are the middles that it goes
    /// through, without its ends.
    pub fn way(&self, from: Area, to: Area, points: &[(f64, f64)]) -> Vec<(f64, f64)> {
        let middle = |area: Area| (area.x + area.w / 2.0, area.y + area.h / 2.0);
        let down = middle(to).1 >= middle(from).1;
        let first = points.first().copied().unwrap_or_else(|| middle(to));
        let last = points.last().copied().unwrap_or_else(|| middle(from));
        let at = |area: Area, x: f64, below: bool| {
            let y = if below { area.y + area.h } else { area.y };
            // The layer may be higher than this box.
            let edge = middle(area).1 + if below { 1.0 } else { -1.0 } * self.half(middle(area).1);
            let x = x.clamp(area.x + CORNER.min(area.w / 2.0), area.x + area.w - CORNER.min(area.w / 2.0));
            ((x, y), (x, edge))
        };
        let (start, leave) = at(from, first.0, down);
        let (end, arrive) = at(to, last.0, !down);
        let mut way = vec![start, leave];
        for (x, y) in points {
            let half = if down { self.half(*y) } else { -self.half(*y) };
            way.extend([(*x, y - half), (*x, y + half)]);
        }
        way.extend([arrive, end]);
        way.dedup_by(|a, b| (a.0 - b.0).abs() < 0.05 && (a.1 - b.1).abs() < 0.05);
        way
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_way_goes_sideways_between_layers_only() {
        let area = |x, y, w, h| Area { x, y, w, h };
        let (from, beside, to) =
            (area(0.0, 0.0, 100.0, 40.0), area(0.0, 80.0, 100.0, 60.0), area(0.0, 200.0, 100.0, 40.0));
        let layers = Layers::of([from, beside, to].into_iter());
        let way = layers.way(from, to, &[(160.0, 110.0)]);
        assert_eq!(way, [(86.0, 40.0), (160.0, 80.0), (160.0, 140.0), (86.0, 200.0)]);
        let back = layers.way(to, from, &[(160.0, 110.0)]);
        assert_eq!(back, [(86.0, 200.0), (160.0, 140.0), (160.0, 80.0), (86.0, 40.0)]);
        assert_eq!(layers.way(from, beside, &[]), [(50.0, 40.0), (50.0, 80.0)]);
    }
}
