//! Which priorities rules with `priority: auto` get. A rule that has one keeps it as long as the order of the file allows; as few as
//! possible move. The others get free ones between their neighbours. Pure, and the same for the same input.

use std::collections::BTreeSet;
use std::ops::Bound::Excluded;

/// The highest priority that a rule can have.
const LAST: u32 = 50_000;
/// The distance between new ones: rules that come between them later move nothing.
const STEP: u32 = 10;

/// A rule of the file.
#[derive(Clone, Copy, Debug)]
pub(super) struct Slot {
    /// The priority that the file gives.
    pub fixed: Option<u32>,
    /// The one that the rule has now.
    pub has: Option<u32>,
}

/// The priority of each rule, in the order of the file; `None` if there is none left for one of them.
///
/// `taken` are those of others; `first` is where to begin where nothing else tells.
pub(super) fn number(slots: &[Slot], taken: &BTreeSet<u32>, first: u32) -> Option<Vec<u32>> {
    let mut barred = taken.clone();
    barred.extend(slots.iter().filter_map(|slot| slot.fixed));
    let mut keeps = kept(slots, &barred);
    loop {
        match fill(slots, &keeps, &barred, first) {
            Ok(numbers) => return Some(numbers),
            // No room before this one: it moves up.
            Err(Some(next)) => keeps[next] = None,
            Err(None) => return None,
        }
    }
}

/// The priorities that stay: the longest row of them that rises in the order of the file.
fn kept(slots: &[Slot], barred: &BTreeSet<u32>) -> Vec<Option<u32>> {
    let mut above = 0;
    let mut can: Vec<(usize, u32)> = Vec::new();
    for (at, slot) in slots.iter().enumerate() {
        if let Some(fixed) = slot.fixed {
            above = above.max(fixed);
        } else if let Some(has) = slot.has.filter(|has| *has > above && !barred.contains(has)) {
            can.push((at, has));
        }
    }
    // The length of the longest row that ends with each, and what is before it.
    let mut rows: Vec<(usize, Option<usize>)> = Vec::with_capacity(can.len());
    for (at, (_, has)) in can.iter().enumerate() {
        let lower = (0..at).filter(|before| can[*before].1 < *has);
        let best = lower.max_by_key(|before| (rows[*before].0, std::cmp::Reverse(*before)));
        rows.push((best.map_or(1, |before| rows[before].0 + 1), best));
    }
    let mut keeps = vec![None; slots.len()];
    let mut next = (0..can.len()).max_by_key(|at| (rows[*at].0, std::cmp::Reverse(*at)));
    while let Some(at) = next {
        keeps[can[at].0] = Some(can[at].1);
        next = rows[at].1;
    }
    keeps
}

/// Numbers for all; or which kept one leaves no room before it, if one does.
fn fill(slots: &[Slot], keeps: &[Option<u32>], barred: &BTreeSet<u32>, first: u32) -> Result<Vec<u32>, Option<usize>> {
    let mut used = barred.clone();
    used.extend(keeps.iter().flatten());
    let mut numbers = Vec::with_capacity(slots.len());
    let mut above = 0;
    for (at, slot) in slots.iter().enumerate() {
        if let Some(number) = slot.fixed.or(keeps[at]) {
            numbers.push(number);
            above = above.max(number);
            continue;
        }
        let next = (at + 1..slots.len()).find(|next| keeps[*next].is_some());
        let below = next.and_then(|next| keeps[next]);
        let open = (at..slots.len()).take_while(|it| Some(*it) != next).filter(|it| slots[*it].fixed.is_none()).count();
        let later = slots[at + 1..].iter().filter_map(|slot| slot.fixed).filter(|fixed| *fixed > above + 1).min();
        let number = below
            .is_none()
            .then(|| after(above, later, first, &used))
            .flatten()
            .or_else(|| between(above, below, later, open, &used))
            .or_else(|| between(above, below, None, open, &used))
            .ok_or(next)?;
        used.insert(number);
        numbers.push(number);
        above = number;
    }
    Ok(numbers)
}

/// A step after what is above, if nothing has to come later or there is room before it.
fn after(above: u32, later: Option<u32>, first: u32, used: &BTreeSet<u32>) -> Option<u32> {
    let mut number = if above == 0 { first } else { (above / STEP + 1) * STEP };
    while used.contains(&number) {
        number += STEP;
    }
    let room = later.unwrap_or(LAST + 1);
    (number < room).then_some(number)
}

/// A free one above `above` and below what is next, with room for `open` of them.
fn between(above: u32, below: Option<u32>, later: Option<u32>, open: usize, used: &BTreeSet<u32>) -> Option<u32> {
    let end = [below, later, Some(LAST + 1)].into_iter().flatten().min()?;
    if end <= above + 1 {
        return None;
    }
    let open_below = u32::try_from(open).ok()?;
    let share = (end - above) / (open_below + 1);
    // Before the first one it stays near: halfway to the top would jump over the rules of others.
    let near = end.checked_sub(STEP * open_below).filter(|near| above == 0 && end <= LAST && *near > 0);
    let wish = near.unwrap_or(above + share.max(1));
    let free = |number: &u32| !used.contains(number);
    let up = (wish..end).find(free);
    // Those after it need room as well.
    let down = || (above + 1..wish).rev().find(free);
    let fits = |number: u32| {
        let taken = used.range((Excluded(number), Excluded(end.max(number + 1)))).count();
        usize::try_from(end - number - 1).unwrap_or(usize::MAX) >= taken + open - 1
    };
    up.filter(|number| fits(*number)).or_else(down).or(up)
}

/// Where the rules of a stack begin on a listener that it shares: stacks that are applied at the same time choose different ones.
pub(super) fn beginning(stack: &str) -> u32 {
    // FNV-1a: the same on every machine and in every version.
    let hash = stack.bytes().fold(0x811c_9dc5_u32, |hash, byte| (hash ^ u32::from(byte)).wrapping_mul(0x0100_0193));
    1000 + hash % 400 * 100
}

#[cfg(test)]
mod tests {
    use super::*;

    const NEW: Slot = Slot { fixed: None, has: None };

    fn has(number: u32) -> Slot {
        Slot { has: Some(number), ..NEW }
    }

    fn fixed(number: u32) -> Slot {
        Slot { fixed: Some(number), ..NEW }
    }

    fn set(numbers: &[u32]) -> BTreeSet<u32> {
        numbers.iter().copied().collect()
    }

    fn numbers(slots: &[Slot], taken: &[u32]) -> Vec<u32> {
        let found = number(slots, &set(taken), 10).expect("there is room");
        let again: Vec<Slot> = slots.iter().zip(&found).map(|(slot, has)| Slot { has: Some(*has), ..*slot }).collect();
        assert_eq!(number(&again, &set(taken), 10).as_ref(), Some(&found), "what is there stays: {slots:?}");
        found
    }

    #[test]
    fn new_rules_follow_each_other_in_steps() {
        assert_eq!(numbers(&[NEW, NEW, NEW], &[]), [10, 20, 30]);
        assert_eq!(numbers(&[NEW, NEW], &[10, 30]), [20, 40]);
        assert_eq!(numbers(&[fixed(20), NEW], &[]), [20, 30]);
        assert_eq!(numbers(&[NEW, fixed(50_000)], &[]), [10, 50_000]);
    }

    #[test]
    fn what_is_there_stays_and_new_ones_go_between() {
        assert_eq!(numbers(&[has(10), NEW, has(20)], &[]), [10, 15, 20]);
        assert_eq!(numbers(&[NEW, has(10)], &[]), [5, 10]);
        assert_eq!(numbers(&[has(510), NEW], &[]), [510, 520]);
        assert_eq!(numbers(&[has(10), NEW, has(11)], &[]), [10, 20, 30], "there is no room, so the next one moves");
        // One that changed its place moves, and the others stay.
        assert_eq!(numbers(&[has(20), has(30), has(10)], &[]), [20, 30, 40]);
        assert_eq!(numbers(&[has(500), has(10), has(20)], &[]), [5, 10, 20]);
    }

    #[test]
    fn numbers_of_the_file_and_of_others_are_left_to_them() {
        assert_eq!(numbers(&[NEW, fixed(10)], &[]), [5, 10], "before what the file has after it");
        assert_eq!(numbers(&[NEW, fixed(1)], &[]), [10, 1], "where there is room");
        assert_eq!(numbers(&[has(10)], &[10]), [20], "another one has it: it is given up");
        assert_eq!(numbers(&[has(30), fixed(30)], &[]).first(), Some(&10));
        assert_eq!(number(&[fixed(49_999), NEW], &set(&[50_000]), 10), None);
        assert_eq!(number(&[fixed(49_999), NEW, NEW], &set(&[]), 10), None);
        assert_eq!(number(&[fixed(49_999), NEW], &set(&[]), 10), Some(vec![49_999, 50_000]));
    }

    #[test]
    fn every_listener_with_room_gets_numbers_that_rise() {
        let mut state = 7_u32;
        let mut draw = |limit: u32| {
            state = state.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
            state / 65_536 % limit
        };
        for round in 0..2000 {
            let taken: BTreeSet<u32> = (0..draw(12)).map(|_| 1 + draw(40)).collect();
            let mut seen = BTreeSet::new();
            let slots: Vec<Slot> = (0..1 + draw(9))
                .map(|_| Slot { fixed: None, has: (draw(3) > 0).then(|| 1 + draw(60)).filter(|has| seen.insert(*has)) })
                .collect();
            let found = number(&slots, &taken, 10).expect("there is room");
            assert!(found.windows(2).all(|pair| pair[0] < pair[1]), "round {round}: {slots:?} {taken:?} {found:?}");
            assert!(found.iter().all(|number| !taken.contains(number)), "round {round}");
            let again: Vec<Slot> = found.iter().map(|has| Slot { fixed: None, has: Some(*has) }).collect();
            assert_eq!(number(&again, &taken, 10), Some(found), "round {round}");
        }
    }

    #[test]
    fn stacks_begin_apart() {
        let all: BTreeSet<u32> = ["alpha", "beta", "gamma", "shop", "api"].map(beginning).into();
        assert_eq!(all.len(), 5);
        assert!(all.iter().all(|number| (1000..=40_900).contains(number)));
    }
}
