//! Plays the plan through for days of commits, and checks the number of files and the bytes rewritten.

use std::collections::BTreeMap;

use proptest::collection::vec;
use proptest::prelude::*;

use super::*;

const TARGET: u64 = 192 << 20;
const DAY: u64 = 86_400;
/// Seconds between two plans.
const TICK: u64 = 5;

/// A table to which one writer commits, and which is compacted every few seconds.
struct Played {
    /// Files by day: bytes, sequence number, and the second of the commit.
    days: BTreeMap<u64, Vec<(u64, i64, u64)>>,
    sequence_number: i64,
    written: u64,
    rewritten: u64,
    rewrites: u64,
}

/// A load: how often is committed, how much, and how often a commit has late rows.
#[derive(Clone, Copy, Debug)]
struct Load {
    interval: u64,
    bytes: u64,
    days: u64,
    /// One commit of this many has a file with rows of an earlier day. None if 0.
    late: u64,
}

impl Played {
    fn commit(&mut self, day: u64, bytes: u64, now: u64) {
        self.sequence_number += 1;
        self.written += bytes;
        let file = (bytes, self.sequence_number, now);
        self.days.entry(day).or_default().push(file);
    }

    fn compact(&mut self, now: u64) {
        for (day, files) in &mut self.days {
            if files.len() < 2 {
                continue;
            }
            let small: Vec<Small> = files
                .iter()
                .map(|(bytes, sequence_number, at)| Small {
                    bytes: *bytes,
                    sequence_number: *sequence_number,
                    age: Duration::from_secs(now - at),
                })
                .collect();
            let bounds = Bounds {
                target_bytes: TARGET,
                closed: (day + 1) * DAY <= now,
            };
            let groups = plan(&small, bounds);
            let mut outputs = Vec::new();
            for group in &groups {
                let of_group = || group.iter().map(|index| files[*index]);
                let mut rest: u64 = of_group().map(|file| file.0).sum();
                self.rewritten += rest;
                self.rewrites += 1;
                let newest = of_group().max_by_key(|file| file.1).unwrap();
                while rest > 0 {
                    let bytes = if rest >= TARGET + bounds.done_bytes() {
                        TARGET
                    } else {
                        rest
                    };
                    outputs.push((bytes, newest.1, newest.2));
                    rest -= bytes;
                }
            }
            let gone: Vec<usize> = groups.concat();
            let mut index = 0;
            files.retain(|_| {
                index += 1;
                !gone.contains(&(index - 1))
            });
            files.extend(outputs);
        }
    }
}

/// Returns bytes rewritten per byte written, and rewrites per commit. Checks the number of files all along.
fn play(load: Load) -> (f64, f64) {
    let mut played = Played {
        days: BTreeMap::new(),
        sequence_number: 0,
        written: 0,
        rewritten: 0,
        rewrites: 0,
    };
    let done_bytes = Bounds {
        target_bytes: TARGET,
        closed: true,
    }
    .done_bytes();
    let beside_large = |files: &Vec<(u64, i64, u64)>| {
        let large = files.iter().map(|file| file.0).sum::<u64>() / done_bytes;
        files.len().saturating_sub(usize::try_from(large).unwrap())
    };
    let first = 40;
    let end = (first + load.days) * DAY;
    let mut most = 0;
    let mut commits = 0;
    for now in (first * DAY..end).step_by(usize::try_from(load.interval).unwrap()) {
        commits += 1;
        // The size varies from a half to one and a half.
        let bytes = load.bytes / 2 + load.bytes * (commits * 7919 % 1000) / 1000;
        played.commit(now / DAY, bytes, now);
        if load.late > 0 && commits % load.late == 0 {
            played.commit(now / DAY - 1 - commits % 7, bytes / 50, now);
        }
        if load.interval >= TICK || now % TICK == 0 {
            played.compact(now);
            for (day, files) in &played.days {
                most = most.max(beside_large(files));
                assert!(
                    beside_large(files) <= 40,
                    "{load:?}: {} files on day {day}",
                    files.len()
                );
            }
        }
    }
    // After the last commit, all days come to rest.
    for later in [QUIET.as_secs() + DAY, 2 * QUIET.as_secs() + DAY] {
        played.compact(end + later);
    }
    let at_rest = played.days.values().map(beside_large).max().unwrap();
    let amplification = played.rewritten as f64 / played.written as f64;
    let rewrites = played.rewrites as f64 / commits as f64;
    println!(
        "every {:>3} s, {:>9} bytes, {:>2} days, late {:>3}: at most {most} files beside the large ones, {at_rest} at \
         rest; {amplification:.2} bytes rewritten for each written, {rewrites:.3} rewrites a commit",
        load.interval, load.bytes, load.days, load.late
    );
    assert!(at_rest <= 6, "{load:?}: {at_rest} files of a finished day");
    (amplification, rewrites)
}

/// The number of files of a day is bounded for any interval, and a byte is rewritten less than six times.
#[test]
fn days_stay_within_bounds() {
    for (interval, days) in [(1, 1), (10, 3), (60, 10), (600, 30)] {
        for bytes in [12_000, 400_000, 20_000_000] {
            for late in [0, 40] {
                let load = Load {
                    interval,
                    bytes,
                    days,
                    late,
                };
                let (amplification, rewrites) = play(load);
                assert!(amplification < 6.0, "{load:?}: {amplification}");
                assert!(rewrites < 0.15, "{load:?}: {rewrites}");
            }
        }
    }
}

#[test]
fn a_cheap_day_ends_as_one_file_and_a_large_one_is_not_rewritten_for_a_late_row() {
    let planned = |large: u64, closed| {
        let file = |bytes, sequence_number| Small {
            bytes,
            sequence_number,
            age: 2 * QUIET,
        };
        let bounds = Bounds {
            target_bytes: TARGET,
            closed,
        };
        plan(&[file(large, 1), file(1_000, 2)], bounds)
    };
    let cheap = CHEAP_BYTES - 1_000;
    assert_eq!(planned(cheap, true), [vec![0, 1]]);
    assert_eq!(planned(cheap + 1, true), [] as [Vec<usize>; 0]);
    assert_eq!(planned(cheap, false), [] as [Vec<usize>; 0]);
}

/// A process that ends after each rewrite gets a day of many thousand files done, by rewrites of a bounded size.
#[test]
fn a_process_that_restarts_after_each_rewrite_comes_to_an_end() {
    let file = |number: usize, bytes: u64| Small {
        bytes,
        sequence_number: i64::try_from(number).unwrap(),
        age: 2 * QUIET,
    };
    for (count, bytes) in [(20_000, 4_000), (600, 20 << 20)] {
        for closed in [false, true] {
            let bounds = Bounds {
                target_bytes: TARGET,
                closed,
            };
            let mut files: Vec<Small> = (0..count).map(|number| file(number, bytes)).collect();
            let mut rewrites = 0;
            while let Some(group) = plan(&files, bounds).into_iter().next() {
                rewrites += 1;
                assert!(rewrites < 300, "{} files are left", files.len());
                let sum: u64 = group.iter().map(|index| files[*index].bytes).sum();
                assert!(group.len() <= 256, "{} files at once", group.len());
                assert!(sum < TARGET / 3 * 7, "{sum} bytes at once");
                let newest = group
                    .iter()
                    .map(|index| files[*index].sequence_number)
                    .max()
                    .unwrap();
                let outputs = usize::try_from(sum / TARGET).unwrap().max(1);
                for index in group
                    .into_iter()
                    .collect::<std::collections::BTreeSet<_>>()
                    .into_iter()
                    .rev()
                {
                    files.remove(index);
                }
                for _ in 0..outputs {
                    files.push(file(usize::try_from(newest).unwrap(), sum / outputs as u64));
                }
            }
            let small = files
                .iter()
                .filter(|file| file.bytes < bounds.done_bytes())
                .count();
            assert!(small <= MOST_SMALL, "{small} small files of {count}");
        }
    }
}

proptest! {
    /// A plan names each file once, at least two at a time, and neither done nor fresh ones. Repeated, it comes to an
    /// end.
    #[test]
    fn a_plan_is_sound_and_ends(
        files in vec((1..TARGET * 2, 0..7200_u64), 0..200),
        closed in any::<bool>(),
    ) {
        let bounds = Bounds { target_bytes: TARGET, closed };
        let mut small: Vec<Small> = files
            .iter()
            .map(|(bytes, age)| Small {
                bytes: *bytes,
                sequence_number: -i64::try_from(*age).unwrap(),
                age: Duration::from_secs(*age),
            })
            .collect();
        for round in 0.. {
            prop_assert!(round < 20, "no end");
            let groups = plan(&small, bounds);
            let mut named: Vec<usize> = groups.concat();
            named.sort_unstable();
            let mut once = named.clone();
            once.dedup();
            prop_assert_eq!(&named, &once);
            prop_assert!(groups.iter().all(|group| group.len() > 1));
            prop_assert!(named.iter().all(|index| small[*index].bytes < bounds.done_bytes()));
            let fresh = named.iter().filter(|index| small[**index].age < FRESH).count();
            let all_fresh = small.iter().filter(|file| file.age < FRESH).count();
            prop_assert!(fresh <= all_fresh.saturating_sub(MOST_FRESH.min(all_fresh)));
            if groups.is_empty() {
                break;
            }
            let outputs: Vec<Small> = groups
                .iter()
                .flat_map(|group| {
                    let newest = group.iter().map(|index| small[*index]).min_by_key(|file| file.age).unwrap();
                    let sum: u64 = group.iter().map(|index| small[*index].bytes).sum();
                    let count = (sum / TARGET).max(1);
                    (0..count).map(move |_| Small { bytes: sum / count, ..newest })
                })
                .collect();
            small = (0..small.len()).filter(|index| once.binary_search(index).is_err()).map(|index| small[index]).collect();
            small.extend(outputs);
        }
    }
}
