//! Finding a number in a sorted list whose numbers are spread about evenly.

/// The first of so many sorted numbers that is not below a value; how many there are, where all
/// are.
///
/// Every second look is where the value would be if the numbers were spread evenly: of rows by the
/// codes of their cards that is near, and each look is an access to memory that nobody has read
/// lately. The other looks halve what is left, so that no list takes more than twice the looks of a
/// bisection.
pub(super) fn first_not_below(count: usize, value: u32, number: impl Fn(usize) -> u32) -> usize {
    let Some(last) = count.checked_sub(1) else { return 0 };
    let (mut low, mut high) = (number(0), number(last));
    if low >= value {
        return 0;
    }
    if high < value {
        return count;
    }
    // The number before `from` is `low`, which is below the value, and that at `to` is `high`.
    let (mut from, mut to) = (1, last);
    let mut is_guess = true;
    while from < to {
        let middle = if is_guess {
            let share = u64::from(value - low) * (to - from) as u64 / (u64::from(high - low) + 1);
            from + usize::try_from(share).unwrap_or(0)
        } else {
            usize::midpoint(from, to)
        };
        let found = number(middle);
        if found < value {
            (from, low) = (middle + 1, found);
        } else {
            (to, high) = (middle, found);
        }
        is_guess = !is_guess;
    }
    from
}

#[cfg(test)]
mod tests {
    use std::cell::Cell;

    use proptest::prelude::*;

    use super::*;

    proptest! {
        #[test]
        fn it_is_where_a_bisection_finds_it(
            mut numbers in proptest::collection::vec(prop_oneof![0..40_u32, any::<u32>()], 0..200),
            value in prop_oneof![0..40_u32, any::<u32>()],
        ) {
            numbers.sort_unstable();
            let found = first_not_below(numbers.len(), value, |index| numbers[index]);
            prop_assert_eq!(found, numbers.partition_point(|number| *number < value));
        }
    }

    #[test]
    fn evenly_spread_numbers_take_few_looks_and_no_numbers_many() {
        let looks = |numbers: &[u32]| {
            let count = Cell::new(0);
            let of = |value| {
                count.set(0);
                let number = |index: usize| {
                    count.set(count.get() + 1);
                    numbers[index]
                };
                assert_eq!(
                    first_not_below(numbers.len(), value, number),
                    numbers.partition_point(|number| *number < value)
                );
                count.get()
            };
            (0..1_000).map(of).max()
        };
        let even: Vec<u32> = (0..14_000).map(|index| index / 14).collect();
        let most = looks(&even);
        assert!(most <= Some(14), "{most:?}");
        let uneven: Vec<u32> = (0..14_000_u32).map(|index| index.saturating_sub(13_000)).collect();
        let most = looks(&uneven);
        assert!(most <= Some(32), "{most:?}");
    }
}
