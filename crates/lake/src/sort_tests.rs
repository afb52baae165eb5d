use std::sync::Arc;

use arrow_array::{Int64Array, StringArray};
use proptest::prelude::*;

use super::*;

fn columns(names: Vec<String>, numbers: Vec<i64>) -> Vec<ArrayRef> {
    vec![
        Arc::new(StringArray::from(names)),
        Arc::new(Int64Array::from(numbers)),
    ]
}

#[test]
fn rows_in_order_need_no_order() {
    let columns = columns(vec!["a".into(), "a".into(), "b".into()], vec![1, 2, 0]);
    assert_eq!(order(&columns).unwrap(), None);
}

#[test]
fn no_rows_are_in_order() {
    assert_eq!(order(&columns(vec![], vec![])).unwrap(), None);
}

proptest! {
    /// The keys of narrow numbers fit 64 bits, those of wide ones 128.
    #[test]
    fn packed_order_is_the_stable_order(
        rows in prop::collection::vec(("[a-c]{0,2}", prop_oneof![0..5i64, any::<i64>()]), 0..200)
    ) {
        let (names, numbers): (Vec<String>, Vec<i64>) = rows.iter().cloned().unzip();
        let mut expected: Vec<u32> = (0..rows.len() as u32).collect();
        expected.sort_by_key(|row| rows[*row as usize].clone());
        let order = order(&columns(names, numbers)).unwrap();
        prop_assert_eq!(order.unwrap_or_else(|| (0..rows.len() as u32).collect()), expected);
    }
}
